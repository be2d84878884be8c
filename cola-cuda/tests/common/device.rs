//! Checks of everything that runs on a device against the host: on a real GPU by `gpu.rs`, on stand-ins by `on_cpu.rs`.

use super::market::Rng;
use cola_core::vector::Vector;
use cola_core::{Dense, Diagonal, Error, Kron, OperatorExt, ParametersExt, Psd, Real, Result};
use cola_cuda::fuse::Layout;
use cola_cuda::{Cuda, DeviceScalar, DeviceVector};
use nalgebra::{SMatrix, SVector};

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
    for n in [0, 1, 5, 256, 257, 1000, 300_001] {
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
        (dy.axpy(a, &dx), hy[..].axpy(a, &x[..]));
        same(&dy, &hy, 4.0)?;
        (dy.axpby(a, &dx, b), hy[..].axpby(a, &x[..], b));
        same(&dy, &hy, 4.0)?;
        (dy.xpby(&dx, b), hy[..].xpby(&x[..], b));
        (dy.scale(a), Vector::scale(&mut hy[..], a));
        same(&dy, &hy, 8.0)?;
        close(&[dx.dot(&dy)], &[x[..].dot(&hy[..])], tol * 1e3);
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
