//! Checks of everything that runs on a device against the host: on a real GPU by `gpu.rs`, on stand-ins by `on_cpu.rs`.

pub use super::functions::functions;
use super::market::Rng;
pub use super::matfun::applied;
pub use super::subspaces::{blocks, subspaces};
use cola_core::vector::Vector;
use cola_core::*;
use cola_cuda::fuse::Layout;
use cola_cuda::{
    Cuda, CudaHalf, DeviceAction, DeviceNumber, DeviceVector, HalfFormat, Iterate, OnDevice, ToDevice, ToDeviceExt,
};
use nalgebra::{SMatrix, SVector};
use nalgebra_sparse::{CooMatrix, CscMatrix, CsrMatrix};

pub fn close<T: Scalar>(have: &[T], want: &[T], tol: f64) {
    assert_eq!(have.len(), want.len());
    let scale = want.iter().fold(1e-300, |m, x| x.abs().lane_f64(0).max(m));
    for (i, (h, w)) in have.iter().zip(want).enumerate() {
        let error = (*h - *w).abs().lane_f64(0);
        assert!(error <= tol * scale * T::Re::epsilon().lane_f64(0), "number {i}: {h:?} for {w:?}");
    }
}
/// A number with a part for each that the type has.
pub fn number<T: Scalar>(r: &mut Rng) -> T {
    let (re, im) = (T::of(r.next()), r.next());
    if T::IsReal::KNOWN { re } else { re + T::of(im) * T::of(-1.0).sqrt() }
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

fn vectors_of<T: DeviceNumber>(gpu: &Cuda) -> Result<()> {
    let mut r = Rng(5);
    for n in [0, 1, 5, 256, 257, 3001] {
        let host = |r: &mut Rng| (0..n).map(|_| number(r)).collect::<Vec<T>>();
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
        // relative to |x| |y|, as the terms cancel; the cosine is in the unit disc, so that 2 + it is never small
        let unit = T::Re::of(1.0) / (x[..].norm() * hy[..].norm() + T::Re::of(1e-30));
        close(&[T::of(2.0) + dx.dot(&dy).scale(unit)], &[T::of(2.0) + x[..].dot(&hy[..]).scale(unit)], tol);
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
                (if size_of::<T::Re>() == 4 { 1e38 } else { 1e300 }, false),
                (if size_of::<T::Re>() == 4 { 1e-42 } else { 1e-310 }, true),
            ] {
                let v = gpu.upload(&vec![T::of(top); n])?;
                let want = T::Re::of(top).lane_f64(0) * (n as f64).sqrt();
                let have = v.norm().lane_f64(0);
                let fine = if T::Re::of(want).lane_f64(0).is_finite() {
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
    vectors_of::<Complex<f32>>(gpu)?;
    vectors_of::<Complex<f64>>(gpu)?;
    vectors_of::<f64>(gpu)
}

/// The action of `k` and of its adjoint, on one vector and on three.
fn acts<T: DeviceNumber, K: ToDevice<Scalar = T> + LinearOperator>(
    gpu: &Cuda,
    name: &str,
    k: &K,
) -> Result<OnDevice<K::Device>>
where
    K::Device: DeviceAction<Scalar = T>,
{
    let (kd, mut r) = (k.to_device(gpu)?, Rng(9));
    assert_eq!(kd.shape(), k.shape(), "{name}");
    let a = functions::base::entries(k);
    for columns in [1, 3] {
        for adjoint in [false, true] {
            let (m, n) = if adjoint { (a.ncols(), a.nrows()) } else { (a.nrows(), a.ncols()) };
            let entry = |i: usize, j: usize| if adjoint { a[(j, i)].conj() } else { a[(i, j)] };
            let x: Vec<T> = (0..n * columns).map(|_| number(&mut r)).collect();
            let sum = |i: usize, c: usize| (0..n).fold(T::zero(), |s, j| s + entry(i, j) * x[j + c * n]);
            let want: Vec<T> = (0..m * columns).map(|t| sum(t % m, t / m)).collect();
            let dx = gpu.upload(&x)?;
            let y = if adjoint { kd.apply_adjoint(&dx)? } else { kd.apply(&dx)? };
            println!("{name}, {columns} columns, adjoint {adjoint}");
            close(&gpu.download(&y)?, &want, 200.0);
        }
    }
    let wrong = gpu.upload(&vec![T::zero(); k.ncols() + 1])?;
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
/// Every check, whatever became of those before it: time on a GPU is short, so one run names all that fails.
macro_rules! each {
    ($($check:expr;)*) => {{
        let mut failed = Vec::new();
        $( attempt(&mut failed, stringify!($check), || { let _ = $check; Ok(()) }); )*
        assert!(failed.is_empty(), "{failed:#?}");
    }};
}
pub fn attempt(failed: &mut Vec<String>, name: &str, check: impl FnOnce() -> Result<()>) {
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(check)) {
        Ok(Ok(())) => {}
        Ok(Err(e)) => failed.push(format!("{name}: {e}")),
        Err(_) => failed.push(format!("{name}: see above")),
    }
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
    each! {
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
    }
    if Cuda::libraries()[0].1.is_ok() {
        solves!(gpu "lower 5" r.lower::<f64, 5>());
        solves!(gpu "kron(upper 3, lower 2)" Kron::new(r.upper::<f64, 3>(), r.lower::<f64, 2>()));
    }
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
pub fn laplacian(n: usize) -> Sparse<CsrMatrix<f64>> {
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
    let bicgstab = a.bicgstab(Iterate::default().tol(1e-10), &b)?;
    close(&gpu.download(&bicgstab.x)?, &want, 1e9);
    // the same numbers whatever the interval at which the host looks
    for interval in [2, 7, 1000] {
        let s = a.cg(Iterate::default().tol(1e-12).check(interval), &b)?;
        close(&gpu.download(&s.x)?, &want, 1e7);
        assert!(s.report.iterations.abs_diff(cg.report.iterations) <= 1, "{interval}: {}", s.report.iterations);
        assert_eq!(s.report.history.len(), s.report.iterations);
    }
    // and where the steps are replayed as a graph, if the driver has graphs
    let before = gpu.graphs();
    let s = a.cg(Iterate::default().tol(1e-12).check(20).graph(), &b)?;
    close(&gpu.download(&s.x)?, &want, 1e7);
    assert!(s.report.iterations.abs_diff(cg.report.iterations) <= 1, "{}", s.report.iterations);
    assert!(gpu.graphs() == before + 1 || std::env::var_os("COLA_REQUIRE_GPU").is_none(), "recorded");
    let few = a.cg(Iterate::default().max_iters(5).check(3), &b);
    assert!(matches!(few, Err(Error::NotConverged { iterations: 5, .. })), "{few:?}");
    let p = Psd::new(ScaledIdentity::<f64, Dyn, AnySign>::of_size(0.5, n)).to_device(gpu)?;
    let with = a.cg_with(&p, Iterate::default().tol(1e-12), &b)?;
    close(&gpu.download(&with.x)?, &want, 1e7);
    assert!(matches!(a.cg_with(&p, Iterate::default(), &gpu.upload(&[1.0])?), Err(Error::ShapeMismatch { .. })));
    // least squares, tall and wide
    for (m, k) in [(50, 30), (30, 50)] {
        let host = Sparse::new(sparse_matrix(m, k));
        let rhs: Vec<f64> = (0..m).map(|i| (i % 5) as f64 - 2.0).collect();
        let s = host.to_device(gpu)?.lsmr(Iterate::default().tol(1e-12).max_iters(2000), &gpu.upload(&rhs)?)?;
        let at = host.apply_adjoint(&nalgebra::DVector::from_vec(rhs.clone()));
        let ax: nalgebra::DVector<f64> = host.apply_as(&nalgebra::DVector::from_vec(gpu.download(&s.x)?));
        let gradient = host.apply_adjoint(&(ax - nalgebra::DVector::from_vec(rhs)));
        assert!(gradient.norm() <= 1e-8 * at.norm(), "{}", gradient.norm());
    }
    // the same iterations as on the host
    let host = Psd::new(laplacian(n)).solve_with(Cg::default().tol(1e-12), &vec![2.0; n])?;
    assert!(host.report.iterations.abs_diff(cg.report.iterations) <= 1);
    let few = a.cg(Iterate::default().max_iters(3), &b);
    assert!(matches!(few, Err(Error::NotConverged { algorithm: "CG", iterations: 3, .. })), "{few:?}");
    let indefinite = Psd::new(Diagonal::new([1.0, -1.0])).to_device(gpu)?;
    for options in [Iterate::default(), Iterate::default().check(10)] {
        assert!(matches!(indefinite.cg(options, &gpu.upload(&[1.0, 2.0])?), Err(Error::NotPositiveDefinite { .. })));
    }
    assert!(matches!(a.cg(Iterate::default(), &gpu.upload(&[1.0])?), Err(Error::ShapeMismatch { .. })));
    let mut bad = vec![1.0; n];
    bad[3] = f64::INFINITY;
    assert!(matches!(a.cg(Iterate::default(), &gpu.upload(&bad)?), Err(Error::NonFinite { .. })));
    Ok(())
}

/// The structures beyond dense, diagonal and their products.
pub fn structures(gpu: &Cuda) -> Result<()> {
    let mut r = Rng(12);
    // by the factors' eigenvalues
    let k = KronSum::new(r.spd::<f64, 3>(), r.spd::<f64, 2>());
    let (kd, b) = (acts(gpu, "kron_sum(psd 3, psd 2)", &k)?, [1.0, -2.0, 3.0, 0.5, -1.5, 2.5]);
    let (e, db) = (kd.fast_diagonalisation()?, gpu.upload(&b)?);
    close(&gpu.download(&e.solve(&db)?)?, &k.solve(&b)?, 1e4);
    close(&gpu.download(&e.sqrt()?.apply(&db)?)?, &k.sqrt()?.apply(&b), 1e4);
    close(&[e.logdet()?], &[k.logdet()?], 1e4);
    close(&gpu.download(&kd.exp()?.apply(&db)?)?, &k.exp()?.apply(&b), 1e4);
    let bands = [(-2, vec![1.0, 2.0, 3.0]), (0, vec![4.0, 5.0, 6.0, 7.0, 8.0]), (1, vec![-1.0, 0.5, -0.5, 1.5])];
    let lr = || {
        LowRank::new(
            SMatrix::<f64, 5, 2>::from_fn(|i, j| (i + 2 * j) as f64 / 7.0),
            SMatrix::<f64, 5, 2>::from_fn(|i, j| 1.0 / (1 + i + j) as f64),
        )
    };
    let q = SMatrix::<f64, 3, 1>::new(0.6, 0.0, 0.8);
    each! {
        acts(gpu, "kron(diag 2, kron_sum)", &{
            let inner = KronSum::new(r.general::<f64, 3>(), Tridiagonal::symmetric([2.0, 2.5, 3.0], [-1.0, -0.5]));
            Kron::new(r.positive::<f64, 2>(), inner)
        })?;
        acts(gpu, "kron_sum(tridiagonal, tridiagonal)", &{
            let slow = Tridiagonal::new([1.0, -1.0, 0.5], [2.0, 3.0, 4.0, 5.0], [0.1, 0.2, 0.3]);
            KronSum::new(slow, Tridiagonal::new([0.5, -2.0], [1.0, 3.0, -1.0], [0.3, 0.7]))
        })?;
        acts(gpu, "kron_sum(tridiagonal, tridiagonal), larger", &{
            let line = |n: usize| Psd::new(Tridiagonal::symmetric(vec![2.0; n], vec![-1.0; n - 1]));
            KronSum::new(line(37), line(9))
        })?;
        acts(gpu, "kron(kron_sum, kron(dense 2, dense 3))", &{
            let inner = KronSum::new(r.general::<f64, 2>(), r.general::<f64, 2>());
            Kron::new(inner, Kron::new(r.general::<f64, 2>(), Dense::new(r.matrix::<f64, 3, 2>())))
        })?;
        acts(gpu, "kron(repeat, block_diag)", &{
            let right = BlockDiag::new(Dense::new(r.matrix::<f64, 2, 3>()), r.general::<f64, 2>());
            Kron::new(Repeat::<_, 2>::new(Dense::new(r.matrix::<f64, 3, 2>())), right)
        })?;
        acts(
            gpu,
            "shifted",
            &Shifted::try_new(r.spd::<f64, 4>(), ScaledIdentity::<f64, Const<4>, AnySign>::of_size(0.5, 4))?,
        )?;
        acts(gpu, "gram 4x6", &Gram::new(Dense::new(r.matrix::<f64, 4, 6>())))?;
        acts(gpu, "congruence", &Congruence::new(Dense::new(r.matrix::<f64, 4, 3>()), r.positive::<f64, 3>()))?;
        acts(gpu, "hstack", &HStack::new(Dense::new(r.matrix::<f64, 3, 2>()), r.positive::<f64, 3>()))?;
        acts(gpu, "vstack", &VStack::new(Dense::new(r.matrix::<f64, 2, 3>()), r.positive::<f64, 3>()))?;
        acts(gpu, "blocks", &{
            let zero = Zero::<f64, Const<2>, Const<3>>::of_size(2, 3);
            Blocks::new(r.general::<f64, 3>(), Dense::new(r.matrix::<f64, 3, 2>()), zero, r.positive::<f64, 2>())
        })?;
        acts(gpu, "sum_of", &SumOf::new([r.general::<f64, 4>(), r.general::<f64, 4>(), r.general::<f64, 4>()]))?;
        acts(
            gpu,
            "product_of",
            &ProductOf::new(vec![r.general::<f64, 4>(), r.general::<f64, 4>(), r.general::<f64, 4>()]),
        )?;
        solves!(gpu "kron_of" KronOf::new(vec![r.general::<f64, 2>(), r.general::<f64, 2>(), r.general::<f64, 2>()]));
        solves!(gpu "block_diag_of" BlockDiagOf::new([r.general::<f64, 2>(), r.general::<f64, 2>()]));
        acts(gpu, "tridiagonal", &Tridiagonal::new([1.0, -1.0, 0.5], [2.0, 3.0, 4.0, 5.0], [0.1, 0.2, 0.3]))?;
        acts(gpu, "banded", &Banded::from_diagonals(bands.clone()))?;
        acts(gpu, "kron(banded, tridiagonal)", &{
            Kron::new(Banded::from_diagonals(bands), Tridiagonal::symmetric([2.0, 2.0, 2.0], [-1.0, -1.0]))
        })?;
        acts(gpu, "low_rank", &lr())?;
        solves!(gpu "diag + low_rank" LowRankUpdate::new(r.positive::<f64, 5>(), lr()));
        acts(gpu, "projection", &Projection::new(q))?;
        acts(gpu, "slice", &r.general::<f64, 5>().slice(1..4, [0usize, 4, 4, 2]))?;
        acts(gpu, "zero", &Zero::<f64, Const<3>, Const<2>>::of_size(3, 2))?;
        acts(gpu, "hadamard", &Hadamard::new(r.general::<f64, 4>(), r.spd::<f64, 4>()))?;
    }
    let grid = Grid::between(0.0, 5.0, 6)?;
    acts(gpu, "interpolation", &Interpolation::<f64>::cubic(grid, &[0.5, 1.25, 3.0, 4.9])?)?;
    acts(gpu, "dct 2 of 7", &Dct::new::<f64>(2, 7))?;
    let reflection = Householder::new(SVector::<f64, 4>::new(1.0, -2.0, 0.5, 3.0));
    let d = acts(gpu, "householder", &reflection)?;
    let b = [1.0, 2.0, 3.0, 4.0];
    close(&gpu.download(&d.solve(&gpu.upload(&b)?)?)?, &reflection.solve(&b)?, 100.0);
    if Cuda::libraries()[3].1.is_ok() {
        let column = vec![4.0, 1.0, 0.5, 0.0, 0.0, 0.5, 1.0];
        roots!(gpu "circulant 7" Psd::new(Circulant::new(column)));
        acts(gpu, "circulant 6", &Circulant::new(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]))?;
        acts(gpu, "circulant 3x4", &Circulant::nd(&[3, 4], (0..12).map(|i| (i * i % 7) as f64).collect::<Vec<_>>())?)?;
        acts(gpu, "toeplitz 5x3", &Toeplitz::new(vec![1.0, 2.0, 3.0, 4.0, 5.0], vec![1.0, -1.0, 0.5]))?;
        acts(
            gpu,
            "kron(toeplitz, dense)",
            &Kron::new(Toeplitz::symmetric(vec![2.0, -1.0, 0.5]), r.general::<f64, 2>()),
        )?;
        type C = Complex<f64>;
        let c = |i: usize| C::new(i as f64, 1.0 - i as f64 / 2.0);
        acts(gpu, "complex circulant", &Circulant::new((0..5).map(c).collect::<Vec<C>>()))?;
        let f = acts(gpu, "fourier 6", &Fourier::<C>::new(6))?;
        let b: Vec<C> = (0..6).map(c).collect();
        close(&gpu.download(&f.solve(&gpu.upload(&b)?)?)?, &Fourier::new(6).solve(&b)?, 100.0);
        assert_eq!(f.slogdet()?, Fourier::<C>::new(6).slogdet()?);
        acts(gpu, "fourier 5, single", &Fourier::<Complex<f32>>::new(5))?;
        acts(
            gpu,
            "kron(fourier, dense)",
            &Kron::new(Fourier::<C>::new(3), Dense::new(nalgebra::DMatrix::from_fn(2, 2, |i, j| c(i + 3 * j)))),
        )?;
        acts(gpu, "complex toeplitz", &Toeplitz::new((0..3).map(c).collect::<Vec<C>>(), vec![c(0), c(7)]))?;
    }
    Ok(())
}
/// Complex numbers: Hermitian is not symmetric, the adjoint not the transpose.
pub fn complex(gpu: &Cuda) -> Result<()> {
    type C = Complex<f64>;
    let mut r = Rng(13);
    let mut matrix = |m: usize, n: usize| nalgebra::DMatrix::<C>::from_fn(m, n, |_, _| number(&mut r));
    let shift = |a: nalgebra::DMatrix<C>, by: f64| {
        let n = a.nrows();
        a + nalgebra::DMatrix::identity(n, n) * C::new(by, 0.0)
    };
    let general = shift(matrix(5, 5), 4.0);
    let b: Vec<C> = matrix(5, 1).as_slice().to_vec();
    let db = gpu.upload(&b)?;
    let d = acts(gpu, "dense", &Dense::new(general.clone()))?;
    let solves = |name: &str, have: DeviceVector<C>, want: Vec<C>| -> Result<()> {
        println!("{name}");
        close(&gpu.download(&have)?, &want, 1e4);
        Ok(())
    };
    let k = Dense::new(general.clone());
    solves("LU", d.solve(&db)?, k.solve(&b)?)?;
    solves("LU, adjoint", d.inv()?.apply_adjoint(&db)?, k.adjoint().solve(&b)?)?;
    let (have, want) = (d.slogdet()?, k.slogdet()?);
    close(&[have.0, C::new(have.1, 0.0)], &[want.0, C::new(want.1, 0.0)], 1e4);
    let g = matrix(5, 5);
    let k = Psd::new(Dense::new(shift(&g * g.adjoint(), 1.0)));
    let d = k.to_device(gpu)?;
    solves("Cholesky", d.solve(&db)?, k.solve(&b)?)?;
    solves("root", d.sqrt()?.apply(&db)?, k.sqrt()?.apply(&b))?;
    close(&[d.logdet()?], &[k.logdet()?.re], 1e3);
    let cg = d.cg(Iterate::default().tol(1e-12), &db)?;
    solves("CG", cg.x, k.solve(&b)?)?;
    let cg = d.cg(Iterate::default().tol(1e-12).check(3), &db)?;
    solves("CG, three at a time", cg.x, k.solve(&b)?)?;
    solves(
        "GMRES",
        acts(gpu, "dense", &Dense::new(general.clone()))?.gmres(Iterate::default(), &db)?.x,
        Dense::new(general.clone()).solve(&b)?,
    )?;
    acts(gpu, "transpose", &Transpose::new(Dense::new(matrix(4, 3))))?;
    acts(gpu, "conj", &Conj::new(Dense::new(matrix(4, 3))))?;
    acts(gpu, "adjoint", &Adjoint::new(Dense::new(matrix(4, 3))))?;
    acts(
        gpu,
        "kron",
        &Kron::new(Dense::new(matrix(2, 3)), Kron::new(Dense::new(matrix(2, 2)), Dense::new(matrix(3, 2)))),
    )?;
    acts(gpu, "gram", &Gram::new(Dense::new(matrix(4, 3))))?;
    acts(gpu, "gram by transpose", &Gram::<_, ByTranspose>::of_kind(Dense::new(matrix(4, 3))))?;
    acts(gpu, "diagonal", &Diagonal::new(b.clone()))?;
    acts(gpu, "tridiagonal", &Tridiagonal::new(vec![b[0], b[1]], vec![b[2], b[3], b[4]], vec![b[1], b[0]]))?;
    let mut coo = CooMatrix::new(4, 3);
    [(0, 0), (1, 2), (2, 1), (3, 0), (3, 2)].into_iter().enumerate().for_each(|(i, (a, c))| coo.push(a, c, b[i]));
    acts(gpu, "sparse", &Sparse::new(CsrMatrix::from(&coo)))?;
    // single precision
    let single = general.map(|z| Complex::new(z.re as f32, z.im as f32));
    let x: Vec<Complex<f32>> = b.iter().map(|z| Complex::new(z.re as f32, z.im as f32)).collect();
    let d = acts(gpu, "single", &Dense::new(single.clone()))?;
    close(&gpu.download(&d.solve(&gpu.upload(&x)?)?)?, &Dense::new(single).solve(&x)?, 1e4);
    // singular values: A = U diag(s) V^H, tall and wide
    for (m, n) in [(6, 4), (3, 5), (4, 4)] {
        let a = matrix(m, n);
        let d = Dense::new(a.clone()).to_device(gpu)?;
        let svd = d.svd()?;
        let (u, vh) = (gpu.download(svd.u.entries())?, gpu.download(svd.vh.entries())?);
        let rank = m.min(n);
        let entry = |t: usize| (0..rank).map(|l| u[t % m + l * m] * vh[l + t / m * rank] * svd.s[l]).sum::<C>();
        close(&(0..m * n).map(entry).collect::<Vec<C>>(), a.as_slice(), 1e3);
        assert!(svd.s.windows(2).all(|s| s[0] >= s[1]));
        let b = matrix(m, 1);
        let x = d.lstsq(&gpu.upload(b.as_slice())?)?;
        close(&gpu.download(&x)?, Dense::new(a).lstsq(&b.as_slice().to_vec())?.as_slice(), 1e5);
    }
    Ok(())
}
/// Stored numbers of 16 bits, and what a structure without rules of its own has through its entries.
pub fn dense(gpu: &Cuda) -> Result<()> {
    let mut r = Rng(14);
    let (a, b) = (r.matrix::<f32, 19, 7>(), r.matrix::<f32, 3, 5>());
    for format in [HalfFormat::Half, HalfFormat::Brain] {
        let rounded = |x: f32| format.number(format.bits(x));
        let (ha, hb) = (CudaHalf::new(gpu, &Dense::new(a), format)?, CudaHalf::new(gpu, &Dense::new(b), format)?);
        let k = Kron::new(Dense::new(a.map(rounded)), Dense::new(b.map(rounded)));
        let kd = OnDevice::new(gpu, Kron::new(ha, hb));
        let x: Vec<f32> = (0..35).map(|_| r.next() as f32).collect();
        let want: Vec<f32> =
            k.apply_as::<nalgebra::DVector<f32>>(&nalgebra::DVector::from_vec(x.clone())).as_slice().to_vec();
        close(&gpu.download(&kd.apply(&gpu.upload(&x)?)?)?, &want, 100.0);
        let y: Vec<f32> = (0..57).map(|_| r.next() as f32).collect();
        let want: Vec<f32> = k.apply_adjoint(&nalgebra::DVector::from_vec(y.clone())).as_slice().to_vec();
        close(&gpu.download(&kd.apply_adjoint(&gpu.upload(&y)?)?)?, &want, 100.0);
    }
    let far = Dense::new(nalgebra::matrix![1.0f32, 1e6]);
    assert!(matches!(CudaHalf::new(gpu, &far, HalfFormat::Half), Err(Error::NonFinite { .. })));
    assert!(CudaHalf::new(gpu, &far, HalfFormat::Brain).is_ok());
    // a sum has no rule: by its entries, PSD still known
    let sum = Sum::new(r.spd::<f64, 4>(), Psd::new(r.positive::<f64, 4>()));
    let (d, b) = (sum.to_device(gpu)?.to_dense()?, [1.0, 2.0, 3.0, 4.0]);
    let db = gpu.upload(&b)?;
    close(&gpu.download(&d.solve(&db)?)?, &sum.solve(&b)?, 1e3);
    close(&gpu.download(&d.sqrt()?.apply(&db)?)?, &sum.sqrt()?.apply(&b), 1e3);
    close(&gpu.download(&d.log()?.apply(&db)?)?, &sum.log()?.apply(&b), 1e4);
    let (e, host) = (d.eigh()?, sum.eigh()?);
    close(e.operator().eigenvalues(), host.eigenvalues(), 1e3);
    close(&gpu.download(&e.apply(&db)?)?, &sum.apply(&b), 1e3);
    Ok(())
}
/// Algorithms of the host with products on the device, and gradients.
pub fn offloaded(gpu: &Cuda) -> Result<()> {
    let n = 60;
    let host = Psd::new(laplacian(n));
    let a = host.to_device(gpu)?.offloaded();
    let eigenvalue = |k: usize| 2.0 - 2.0 * (k as f64 * std::f64::consts::PI / (n + 1) as f64).cos();
    let e = a.eigs_with(Lanczos::default(), 3, Which::LargestAlgebraic)?;
    (0..3).for_each(|k| close(&[e.eigenvalues()[k]], &[eigenvalue(n - k)], 1e7));
    let e = a.eigs_with(Arnoldi::default(), 2, Which::LargestMagnitude)?;
    close(&[e.eigenvalues()[0].re], &[eigenvalue(n)], 1e7);
    let t = a.trace_with(HutchPlusPlus::default().probes(30).seed(3))?;
    assert!((t.value - 2.0 * n as f64).abs() <= 6.0 * t.std_error + 1e-9);
    let t = a.trace_with(XTrace::default().probes(30).seed(3))?;
    assert!((t.value - 2.0 * n as f64).abs() <= 6.0 * t.std_error + 1e-9);
    // det of the second difference is n + 1
    let l = a.logdet_with(Slq::default().probes(20).seed(1))?;
    assert!((l.value - (n as f64 + 1.0).ln()).abs() <= 5.0 * l.std_error + 1e-2, "{l:?}");
    Ok(())
}
/// inv_quad + logdet and its gradient against the host's.
pub fn gradients(gpu: &Cuda) -> Result<()> {
    macro_rules! same {
        ($name:literal $k:expr) => {{
            let k = $k;
            let b: Vec<f64> = (0..k.nrows()).map(|i| ((3 * i + 1) % 7) as f64 - 2.5).collect();
            let (kd, db) = (k.to_device(gpu)?, gpu.upload(&b)?);
            let (loss, g) = cola_cuda::value_and_grad(&kd, |k| Ok(k.inv_quad(&db)? * 0.5 + k.logdet()?))?;
            let (want, h) = value_and_grad(&k, |k| Ok(k.inv_quad(&b)? * 0.5 + k.logdet()?))?;
            println!($name);
            close(&[loss], &[want], 1e4);
            close(&g.download()?, &h.flatten(), 1e4);
        }};
    }
    let mut r = Rng(21);
    same!("psd 4" r.spd::<f64, 4>());
    same!("kron(psd 2, diag 3)" Kron::new(r.spd::<f64, 2>(), r.positive::<f64, 3>()));
    same!("kron(psd 3, kron(psd 2, psd 2))" Kron::new(r.spd::<f64, 3>(), Kron::new(r.spd::<f64, 2>(), r.spd::<f64, 2>())));
    same!("block_diag(psd 2, diag 3)" BlockDiag::new(r.spd::<f64, 2>(), r.positive::<f64, 3>()));
    same!("repeat 3 psd 2" Repeat::<_, 3>::new(r.spd::<f64, 2>()));
    same!("scaled psd 3" Scaled::<_, f64, NonNegative>::signed(1.5, r.spd::<f64, 3>()));
    // chain and product rules, by differences
    let k = r.spd::<f64, 3>();
    let b = [1.0, -2.0, 0.5];
    let f = |k: &Psd<Dense<SMatrix<f64, 3, 3>>>| -> Result<f64> {
        let (q, l, s) = (k.inv_quad(&b)?, k.logdet()?, SVector::<f64, 3>::from(b).dot(&k.apply(&SVector::from(b))));
        Ok(q * l - s.ln() + q.sqrt())
    };
    let (kd, db) = (k.to_device(gpu)?, gpu.upload(&b)?);
    let (loss, g) = cola_cuda::value_and_grad(&kd, |k| {
        let q = k.inv_quad(&db)?;
        Ok(q.clone() * k.logdet()? - k.quad(&db)?.ln() + q.sqrt())
    })?;
    close(&[loss], &[f(&k)?], 1e4);
    let g = gpu.download(&g.leaves()[0])?;
    let (mut up, mut down) = (k, k);
    // both entries of the pair, as the matrix stays symmetric
    for (i, j) in [(0, 2), (2, 0)] {
        up.0.0[(i, j)] += 1e-5;
        down.0.0[(i, j)] -= 1e-5;
    }
    let slope = (f(&up)? - f(&down)?) / 2e-5;
    assert!((g[2] + g[6] - slope).abs() < 1e-6 * (1.0 + slope.abs()), "{} for {slope}", g[2] + g[6]);
    Ok(())
}
/// Too much, too large, the wrong device, no numbers: each an error that names itself, after which the device works on.
pub fn limits(gpu: &Cuda) -> Result<()> {
    let device = |r: Result<()>, words: &[&str]| {
        let Err(Error::Device { message }) = r else { panic!("{r:?} where the device should refuse") };
        words.iter().for_each(|w| assert!(message.contains(w), "{message}"));
    };
    let invalid = |r: Result<()>| assert!(matches!(r, Err(Error::InvalidArgument { .. })), "{r:?}");
    let host = vec![1.0, 2.0, 3.0];
    let v = gpu.upload(&host)?;
    device(gpu.zeros::<f64>(1 << 45).map(drop), &["cuMemAllocAsync", "OUT_OF_MEMORY", "free some vectors"]);
    invalid(gpu.zeros::<f64>(usize::MAX).map(drop));
    invalid(gpu.zeros::<Complex<f64>>(usize::MAX / 16 + 1).map(drop));
    // more entries than a matrix can have; a triangle with numbers on the wrong side
    let wide = Identity::<f64, Dyn>::new(1 << 40).to_device(gpu)?;
    invalid(wide.to_dense().map(drop));
    assert!(matches!(cola_cuda::CudaDense::new(gpu, &host, 2, 2), Err(Error::ShapeMismatch { .. })));
    assert!(matches!(cola_cuda::CudaDense::new(gpu, &host, usize::MAX, 2), Err(Error::ShapeMismatch { .. })));
    invalid(cola_cuda::CudaTriangular::<f64, Lower>::new(gpu, &[1.0, 2.0, 3.0, 4.0], 2).map(drop));
    assert!(matches!(cola_cuda::CudaTriangular::<f64, Upper>::new(gpu, &host, 2), Err(Error::ShapeMismatch { .. })));
    invalid(cola_cuda::CudaToeplitz::<f64>::new(gpu, &[], &host).map(drop));
    // another queue of the same device, and another device
    let mut others = vec![Cuda::new(0)?];
    others.extend(Cuda::new(1));
    for other in others {
        let there = other.upload(&host)?;
        device(v.try_dot(&there).map(drop), &["another queue", "use one `Cuda`"]);
        let d = Diagonal::new([1.0, 2.0, 3.0]).to_device(gpu)?;
        device(d.apply(&there).map(drop), &["another queue"]);
        device(
            Psd::new(Diagonal::new([1.0, 2.0, 3.0])).to_device(gpu)?.cg(Iterate::default(), &there).map(drop),
            &["another"],
        );
        assert_eq!(gpu.download(&there)?, host);
    }
    // nothing at all
    let none = gpu.upload(&[0.0f64; 0])?;
    assert_eq!((none.try_dot(&none)?, none.try_norm()?, none.len()), (0.0, 0.0, 0));
    assert!(gpu.download(&none)?.is_empty());
    // and it still works
    assert_eq!((gpu.download(&v)?, v.try_dot(&v)?), (host, 14.0));
    gpu.synchronize()
}
