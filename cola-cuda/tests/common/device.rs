//! Checks of everything that runs on a device against the host: on a real GPU by `gpu.rs`, on stand-ins by `on_cpu.rs`.

use super::market::Rng;
use cola_core::vector::Vector;
use cola_core::*;
use cola_cuda::fuse::Layout;
use cola_cuda::{Cuda, DeviceAction, DeviceScalar, DeviceVector, Iterate, OnDevice, ToDevice, ToDeviceExt};
use nalgebra::{SMatrix, SVector};
use nalgebra_sparse::{CooMatrix, CscMatrix, CsrMatrix};

fn close<T: Real>(have: &[T], want: &[T], tol: f64) {
    assert_eq!(have.len(), want.len());
    let scale = want.iter().fold(1e-300, |m, x| x.lane_f64(0).abs().max(m));
    for (i, (h, w)) in have.iter().zip(want).enumerate() {
        let error = (h.lane_f64(0) - w.lane_f64(0)).abs();
        assert!(error <= tol * scale * T::epsilon().lane_f64(0), "number {i}: {h:?} for {w:?}");
    }
}

pub fn fused(gpu: &Cuda) -> Result<()> {
    type K = Kron<Psd<Dense<SMatrix<f64, 2, 2>>>, Diagonal<SVector<f64, 3>>>;
    let mut r = Rng(3);
    let ks: Vec<K> = (0..300).map(|_| Kron::new(r.spd::<f64, 2>(), r.positive::<f64, 3>())).collect();
    let vs: Vec<SVector<f64, 6>> = (0..300).map(|_| r.matrix::<f64, 6, 1>()).collect();
    let fused = gpu.fuse::<K>()?;
    let all = |ys: &[SVector<f64, 6>], f: &dyn Fn(&K, &SVector<f64, 6>) -> SVector<f64, 6>| {
        for ((k, v), y) in ks.iter().zip(&vs).zip(ys) {
            close(y.as_slice(), f(k, v).as_slice(), 100.0);
        }
    };
    all(&fused.apply(&ks, &vs)?, &|k, v| k.apply(v));
    all(&fused.solve(&ks, &vs)?, &|k, v| k.solve(v).unwrap());
    all(&fused.sqrt_apply(&ks, &vs)?, &|k, v| k.sqrt().unwrap().apply(v));
    all(&fused.isqrt_apply(&ks, &vs)?, &|k, v| k.isqrt().unwrap().apply(v));
    all(&fused.pow_apply(0.3, &ks, &vs)?, &|k, v| k.pow(0.3).unwrap().apply(v));
    all(&fused.pow_apply(2.0, &ks, &vs)?, &|k, v| k.apply(&k.apply(v)));
    all(&fused.exp_apply(&ks, &vs)?, &|k, v| k.exp().unwrap().apply(v));
    let (logdet, quad, inv_quad) = (fused.logdet(&ks)?, fused.quad(&ks, &vs)?, fused.inv_quad(&ks, &vs)?);
    for (b, (k, v)) in ks.iter().zip(&vs).enumerate() {
        close(&[logdet[b], quad[b], inv_quad[b]], &[k.logdet()?, v.dot(&k.apply(v)), k.inv_quad(v)?], 1000.0);
    }
    // on the device, from arrays and from lanes, in both layouts
    let (dk, dv) = (fused.upload(&ks)?, fused.upload_vectors(&vs)?);
    assert_eq!((dk.len(), dk.size(), dk.layout()), (300, 7, Layout::Interleaved));
    let y = fused.sqrt_apply(&dk, &dv)?;
    let turned = dk.in_layout(Layout::Contiguous)?.into_owned();
    assert_eq!(turned.download()?, ks.iter().flat_map(|k| k.flatten()).collect::<Vec<_>>());
    assert_eq!(fused.sqrt_apply(&turned, &dv)?.download()?, y.download()?);
    let lanes: Vec<_> = ks.chunks(4).map(|c| cola_core::stack::<K, 4>([c[0], c[1], c[2], c[3]]).unwrap()).collect();
    let dl = fused.upload_lanes::<4>(&lanes)?;
    assert_eq!(fused.sqrt_apply(&dl, &dv)?.download()?, y.download()?);
    // larger types: by warps and by blocks
    let big: Vec<_> = (0..5).map(|_| r.spd::<f64, 40>()).collect();
    let xs: Vec<SVector<f64, 40>> = (0..5).map(|_| r.matrix::<f64, 40, 1>()).collect();
    let ys = gpu.fuse::<Psd<Dense<SMatrix<f64, 40, 40>>>>()?.sqrt_apply(&big, &xs)?;
    (0..5).for_each(|b| close(ys[b].as_slice(), big[b].sqrt().unwrap().apply(&xs[b]).as_slice(), 1000.0));
    // bad elements, bad arguments, nothing at all
    let mut bad = ks.clone();
    bad[7].1.0[1] = -1.0;
    bad[130].0.0.0[(0, 0)] = f64::NAN;
    let Err(Error::Lanes { failed }) = fused.sqrt_apply(&bad, &vs) else { panic!("two elements have no root") };
    assert!(
        matches!(&failed[..], [(7, Error::NegativeEigenvalue { .. }), (130, Error::NonFinite { .. })]),
        "{failed:?}"
    );
    assert!(matches!(fused.apply(&ks, &vs[1..]), Err(Error::ShapeMismatch { .. })));
    assert!(matches!(fused.apply(&dk, &dk), Err(Error::ShapeMismatch { .. })));
    assert!(matches!(fused.pow_apply(f64::NAN, &ks, &vs), Err(Error::NonFinite { .. })));
    assert!(fused.sqrt_apply(&ks[..0], &vs[..0])?.is_empty());
    assert!(fused.logdet(&ks[..0])?.is_empty());
    Ok(())
}

fn vectors_of<T: DeviceScalar + Real>(gpu: &Cuda) -> Result<()> {
    let mut r = Rng(5);
    for n in [0, 1, 5, 256, 257, 3001] {
        let host = |r: &mut Rng| (0..n).map(|_| T::of(r.next())).collect::<Vec<T>>();
        let (x, y, p, q) = (host(&mut r), host(&mut r), host(&mut r), host(&mut r));
        let (dx, mut dy) = (gpu.upload(&x)?, gpu.upload(&y)?);
        let (a, b) = (T::of(0.7), T::of(-1.3));
        let tol = 4.0 + (n as f64).sqrt();
        let mut hy = y.clone();
        let same = |d: &DeviceVector<T>, h: &[T], tol: f64| -> Result<()> {
            close(&gpu.download(d)?, h, tol);
            Ok(())
        };
        dy.axpy(a, &dx);
        hy[..].axpy(a, &x[..]);
        same(&dy, &hy, 4.0)?;
        dy.axpby(a, &dx, b);
        hy[..].axpby(a, &x[..], b);
        same(&dy, &hy, 4.0)?;
        dy.xpby(&dx, b);
        hy[..].xpby(&x[..], b);
        dy.scale(a);
        Vector::scale(&mut hy[..], a);
        same(&dy, &hy, 8.0)?;
        // relative to |x| |y|, as the terms cancel; the cosine is in -1..1, so that 2 + it is never small
        let size = x[..].norm() * hy[..].norm() + T::of(1e-30);
        close(&[T::of(2.0) + dx.dot(&dy) / size], &[T::of(2.0) + x[..].dot(&hy[..]) / size], tol);
        close(&[dx.norm()], &[x[..].norm()], tol);
        let (mut dr, mut hr) = (gpu.upload(&q)?, q.clone());
        let dp = gpu.upload(&p)?;
        let (d2, h2) = (Vector::step(&mut dy, a, &dx, &mut dr, b, &dp), <[T]>::step(&mut hy, a, &x, &mut hr, b, &p));
        close(&[d2], &[h2], tol);
        same(&dy, &hy, 8.0)?;
        same(&dr, &hr, 8.0)?;
        close(&[dr.sub_norm_sq(a, &dx)], &[hr[..].sub_norm_sq(a, &x[..])], tol);
        dy.copy(&dx);
        same(&dy, &x, 0.0)?;
        dy.fill(b);
        assert!(gpu.download(&dy)?.iter().all(|v| *v == b));
        if n > 0 {
            // what `y` held does not matter where it is replaced
            dy.fill(T::of(f64::NAN));
            dy.axpby(a, &dx, T::of(0.0));
            assert!(dy.norm().lane_f64(0).is_finite());
            // neither overflow nor underflow, and NaN is seen
            for (top, sub) in [
                (if size_of::<T>() == 4 { 1e38 } else { 1e300 }, false),
                (if size_of::<T>() == 4 { 1e-42 } else { 1e-310 }, true),
            ] {
                let v = gpu.upload(&vec![T::of(top); n])?;
                let want = T::of(top).lane_f64(0) * (n as f64).sqrt();
                let have = v.norm().lane_f64(0);
                let fine = if T::of(want).lane_f64(0).is_finite() {
                    (have / want - 1.0).abs() < if sub { 1e-2 } else { 1e-4 }
                } else {
                    have.is_infinite()
                };
                assert!(fine, "{top:e} {n}: {have:e} for {want:e}");
            }
            let mut bad = x.clone();
            bad[n / 2] = T::of(f64::NAN);
            assert!(gpu.upload(&bad)?.norm().lane_f64(0).is_nan());
        }
    }
    let (x, y) = (gpu.upload(&[T::of(1.0)])?, gpu.upload(&[T::of(1.0), T::of(2.0)])?);
    assert!(matches!(x.try_dot(&y), Err(Error::ShapeMismatch { .. })));
    let elsewhere = Cuda::new(0)?.upload(&[T::of(1.0)])?;
    assert!(matches!(x.try_dot(&elsewhere), Err(Error::Device { .. })), "another queue of work");
    Ok(())
}
pub fn vectors(gpu: &Cuda) -> Result<()> {
    // before anything else: a failure is an error here, and NaN in an iteration
    gpu.upload(&[1.0])?.try_dot(&gpu.upload(&[1.0])?)?;
    vectors_of::<f32>(gpu)?;
    vectors_of::<f64>(gpu)
}

/// The action of `k` and of its transpose, on one vector and on three.
fn acts<K: ToDevice<Scalar = f64> + LinearOperator>(gpu: &Cuda, name: &str, k: &K) -> Result<OnDevice<K::Device>>
where
    K::Device: DeviceAction<Scalar = f64>,
{
    let (kd, mut r) = (k.to_device(gpu)?, Rng(9));
    assert_eq!(kd.shape(), k.shape(), "{name}");
    let a = functions::base::entries(k);
    for columns in [1, 3] {
        for adjoint in [false, true] {
            let a = if adjoint { a.transpose() } else { a.clone() };
            let x = nalgebra::DMatrix::from_fn(a.ncols(), columns, |_, _| r.next());
            let dx = gpu.upload(x.as_slice())?;
            let y = if adjoint { kd.apply_adjoint(&dx)? } else { kd.apply(&dx)? };
            println!("{name}, {columns} columns, adjoint {adjoint}");
            close(&gpu.download(&y)?, (a * x).as_slice(), 200.0);
        }
    }
    let wrong = gpu.upload(&vec![0.0; k.ncols() + 1])?;
    assert!(k.ncols() == 1 || matches!(kd.apply(&wrong), Err(Error::ShapeMismatch { .. })), "{name}");
    Ok(kd)
}
/// Solves, inverses and determinants against the host's.
macro_rules! solves {
    ($gpu:ident $name:literal $k:expr) => {{
        let (k, x) = ($k, $gpu);
        let (kd, mut r) = (acts(x, $name, &k)?, Rng(10));
        let b: Vec<f64> = (0..k.nrows()).map(|_| r.next()).collect();
        let db = x.upload(&b)?;
        close(&x.download(&kd.solve(&db)?)?, &k.solve(&b)?, 1e4);
        close(&x.download(&kd.inv()?.apply(&db)?)?, &k.solve(&b)?, 1e4);
        close(&x.download(&kd.inv()?.apply_adjoint(&db)?)?, &k.transpose().solve(&b)?, 1e4);
        close(&[kd.inv_quad(&db)?], &[k.inv_quad(&b)?], 1e5);
        let (have, want) = (kd.slogdet()?, k.slogdet()?);
        assert_eq!(have.0, want.0, $name);
        close(&[1.0 + have.1], &[1.0 + want.1], 1e3);
        (k, kd, b, db)
    }};
}
/// Roots, powers and exponentials too.
macro_rules! roots {
    ($gpu:ident $name:literal $k:expr) => {{
        let (k, kd, b, db) = solves!($gpu $name $k);
        close(&$gpu.download(&kd.sqrt()?.apply(&db)?)?, &k.sqrt()?.apply(&b), 1e4);
        close(&$gpu.download(&kd.isqrt()?.apply(&db)?)?, &k.isqrt()?.apply(&b), 1e4);
        close(&$gpu.download(&kd.pow(0.3)?.apply_adjoint(&db)?)?, &k.pow(0.3)?.apply(&b), 1e4);
        close(&$gpu.download(&kd.exp()?.apply(&db)?)?, &k.exp()?.apply(&b), 1e4);
    }};
}
fn sparse_matrix(m: usize, n: usize) -> CsrMatrix<f64> {
    let mut coo = CooMatrix::new(m, n);
    for i in 0..m {
        for d in [0, 1, 7, 40] {
            coo.push(i, (i * 3 + d * d) % n, 1.0 / (1.0 + i as f64 + d as f64));
        }
    }
    CsrMatrix::from(&coo)
}
pub fn operators(gpu: &Cuda) -> Result<()> {
    let mut r = Rng(6);
    roots!(gpu "psd 5" r.spd::<f64, 5>());
    roots!(gpu "diag 4" Psd::new(r.positive::<f64, 4>()));
    solves!(gpu "dense 6" r.general::<f64, 6>());
    solves!(gpu "self_adjoint 5" r.symmetric::<f64, 5>());
    roots!(gpu "kron(psd 3, diag 4)" Kron::new(r.spd::<f64, 3>(), r.positive::<f64, 4>()));
    solves!(gpu "kron(dense 3, dense 2)" Kron::new(r.general::<f64, 3>(), r.general::<f64, 2>()));
    roots!(gpu "block_diag(psd 2, psd 3)" BlockDiag::new(r.spd::<f64, 2>(), r.spd::<f64, 3>()));
    roots!(gpu "repeat 3 psd 2" Repeat::<_, 3>::new(r.spd::<f64, 2>()));
    acts(gpu, "dense 4 * diag 4", &Product::new(r.general::<f64, 4>(), r.positive::<f64, 4>()))?;
    solves!(gpu "transpose dense 4" Transpose::new(r.general::<f64, 4>()));
    solves!(gpu "scaled psd 4" Scaled::<_, f64, NonNegative>::signed(2.5, r.spd::<f64, 4>()));
    solves!(gpu "lower 5" r.lower::<f64, 5>());
    solves!(gpu "permutation 5" Permutation::<f64, _>::new([2, 0, 1, 4, 3]));
    solves!(gpu "unitary 4" r.reflection::<f64, 4>());
    solves!(gpu "identity 3" Identity::<f64, Const<3>>::fixed());
    acts(gpu, "dense 17x33", &Dense::new(r.matrix::<f64, 17, 33>()))?;
    acts(gpu, "dense 40x2", &Dense::new(r.matrix::<f64, 40, 2>()))?;
    acts(gpu, "kron 2x3, 4x2", &Kron::new(Dense::new(r.matrix::<f64, 2, 3>()), Dense::new(r.matrix::<f64, 4, 2>())))?;
    acts(
        gpu,
        "kron(perm, kron(dense, diag))",
        &Kron::new(Permutation::<f64, _>::new([1, 2, 0]), Kron::new(r.general::<f64, 3>(), r.positive::<f64, 2>())),
    )?;
    acts(gpu, "sum", &Sum::new(r.spd::<f64, 6>(), ScaledIdentity::<f64, Const<6>, AnySign>::of_size(0.5, 6)))?;
    acts(gpu, "power", &Powi::<_, 3>::new(r.symmetric::<f64, 4>()))?;
    acts(gpu, "csr 50x30", &Sparse::new(sparse_matrix(50, 30)))?;
    acts(gpu, "csc 30x50", &Sparse::new(CscMatrix::from(&sparse_matrix(30, 50))))?;
    acts(gpu, "kron(csr, dense)", &Kron::new(Sparse::new(sparse_matrix(7, 5)), r.general::<f64, 2>()))?;
    // failures are the host's
    let zero = gpu.upload(&[1.0, 1.0])?;
    let singular = Dense::new(nalgebra::matrix![1.0, 2.0; 2.0, 4.0]);
    assert!(matches!(singular.to_device(gpu)?.solve(&zero), Err(Error::Singular { .. })));
    assert!(matches!(Psd::new(singular).to_device(gpu)?.solve(&zero), Err(Error::NotPositiveDefinite { .. })));
    let indefinite = Psd::new(nalgebra::matrix![1.0, 2.0; 2.0, 1.0]).to_device(gpu)?;
    assert!(matches!(indefinite.solve(&zero), Err(Error::NotPositiveDefinite { index: 1, .. })));
    assert!(matches!(indefinite.sqrt(), Err(Error::NegativeEigenvalue { .. })));
    let nan = Dense::new(nalgebra::matrix![1.0, f64::NAN; 2.0, 1.0]).to_device(gpu)?;
    assert!(matches!(nan.solve(&zero), Err(Error::NonFinite { .. })));
    assert!(matches!(indefinite.solve(&gpu.upload(&[f64::NAN, 1.0])?), Err(Error::NonFinite { .. })));
    assert!(matches!(Diagonal::new([1.0, 0.0]).to_device(gpu)?.inv(), Err(Error::Singular { index: 1 })));
    assert!(matches!(
        Dense::new(r.matrix::<f64, 2, 2>()).to_device(gpu)?.solve(&gpu.upload(&[])?),
        Err(Error::ShapeMismatch { .. })
    ));
    Ok(())
}

/// -u'' on n points.
fn laplacian(n: usize) -> Sparse<CsrMatrix<f64>> {
    let mut coo = CooMatrix::new(n, n);
    for i in 0..n {
        coo.push(i, i, 2.0);
        if i > 0 {
            coo.push(i, i - 1, -1.0);
            coo.push(i - 1, i, -1.0);
        }
    }
    Sparse::new(CsrMatrix::from(&coo))
}
pub fn krylov(gpu: &Cuda) -> Result<()> {
    let n = 100;
    let a = Psd::new(laplacian(n)).to_device(gpu)?;
    let b = gpu.upload(&vec![2.0; n])?;
    // u_i = i (n + 1 - i), by hand
    let want: Vec<f64> = (1..=n).map(|i| (i * (n + 1 - i)) as f64).collect();
    let cg = a.cg(Iterate::default().tol(1e-12), &b)?;
    close(&gpu.download(&cg.x)?, &want, 1e7);
    assert!(
        (n / 2..=n / 2 + 1).contains(&cg.report.iterations) && cg.report.residual <= 1e-11,
        "{:?}",
        cg.report.iterations
    );
    let minres = a.minres(Iterate::default().tol(1e-12), &b)?;
    close(&gpu.download(&minres.x)?, &want, 1e7);
    let gmres = a.gmres(Iterate::default().tol(1e-10), &b)?;
    close(&gpu.download(&gmres.x)?, &want, 1e9);
    // the same iterations as on the host
    let host = Psd::new(laplacian(n)).solve_with(Cg::default().tol(1e-12), &vec![2.0; n])?;
    assert!(host.report.iterations.abs_diff(cg.report.iterations) <= 1);
    let few = a.cg(Iterate::default().max_iters(3), &b);
    assert!(matches!(few, Err(Error::NotConverged { algorithm: "CG", iterations: 3, .. })), "{few:?}");
    let indefinite = Psd::new(Diagonal::new([1.0, -1.0])).to_device(gpu)?;
    assert!(matches!(
        indefinite.cg(Iterate::default(), &gpu.upload(&[1.0, 2.0])?),
        Err(Error::NotPositiveDefinite { .. })
    ));
    assert!(matches!(a.cg(Iterate::default(), &gpu.upload(&[1.0])?), Err(Error::ShapeMismatch { .. })));
    let mut bad = vec![1.0; n];
    bad[3] = f64::INFINITY;
    assert!(matches!(a.cg(Iterate::default(), &gpu.upload(&bad)?), Err(Error::NonFinite { .. })));
    Ok(())
}
