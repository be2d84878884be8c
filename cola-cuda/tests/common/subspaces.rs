//! Eigenvalues, traces and log-determinants with all vectors on the device, against closed forms and the host.

use super::device::{close, laplacian};
use super::market::Rng;
use cola_core::*;
use cola_cuda::{Cuda, ToDeviceExt};
use nalgebra::{DMatrix, DVector};

/// n x n numbers, each with a part for each that the type has.
fn matrix<T: Scalar + nalgebra::Scalar>(n: usize, r: &mut Rng) -> DMatrix<T> {
    DMatrix::from_fn(n, n, |_, _| super::device::number(r))
}
fn self_adjoint<T: Scalar + nalgebra::Scalar>(n: usize, r: &mut Rng) -> DMatrix<T> {
    let a = matrix::<T>(n, r);
    DMatrix::from_fn(n, n, |i, j| a[(i, j)] + a[(j, i)].conj())
}
/// The closed form of the second difference's eigenvalue k = 1, .., n.
fn eigenvalue(n: usize, k: usize) -> f64 {
    2.0 - 2.0 * (k as f64 * std::f64::consts::PI / (n + 1) as f64).cos()
}
/// Lanczos and Krylov-Schur of one type of numbers, values and vectors.
macro_rules! spectra {
    ($gpu:ident, $r:ident, $T:ty, $W:ty, $tol:expr) => {{
        let n = 50;
        let a = SelfAdjoint::new(Dense::new(self_adjoint::<$T>(n, &mut $r)));
        let (on, whole) = (a.to_device($gpu)?, a.eigh()?);
        let mut all: Vec<_> = whole.eigenvalues().to_vec();
        all.sort_by(|a, b| b.total_cmp(a));
        for block in [1, 3] {
            for which in [Which::LargestAlgebraic, Which::BothEnds] {
                let e = on.eigs_with(Lanczos::default().block(block), 4, which)?;
                let want = [all[0], if which == Which::BothEnds { all[n - 1] } else { all[1] }];
                close(&e.eigenvalues().as_slice()[..2], &want, $tol);
                for (k, &s) in e.eigenvalues().iter().enumerate() {
                    let v = e.eigenvectors().column(k).into_owned();
                    let av: DVector<$T> = a.apply_as(&v);
                    close(av.as_slice(), (v * <$T>::from_re(s)).as_slice(), $tol);
                }
            }
        }
        let a = Dense::new(matrix::<$T>(n, &mut $r));
        let on = a.to_device($gpu)?;
        // of a pair of which only one is wanted it may be either
        let upper = |e: &Eigs<$W, $W>| e.eigenvalues().map(|z| <$W>::new(z.re, z.im.abs()));
        for which in [Which::LargestMagnitude, Which::SmallestReal] {
            let (e, want) =
                (on.eigs_with(KrylovSchur::default(), 4, which)?, a.eigs_with(KrylovSchur::default(), 4, which)?);
            close(upper(&e).as_slice(), upper(&want).as_slice(), $tol);
            let wide = Dense::new(a.0.map(|x| x.widen()));
            for (k, &s) in e.eigenvalues().iter().enumerate() {
                let v = e.eigenvectors().column(k).into_owned();
                let av: DVector<$W> = wide.apply_as(&v);
                close(av.as_slice(), (v * s).as_slice(), $tol);
            }
        }
        let (e, want) = (
            on.eigs_with(Arnoldi::default(), 2, Which::LargestReal)?,
            a.eigs_with(Arnoldi::default(), 2, Which::LargestReal)?,
        );
        close(upper(&e).as_slice(), upper(&want).as_slice(), $tol);
    }};
}
pub fn subspaces(gpu: &Cuda) -> Result<()> {
    let (mut r, n) = (Rng(31), 120);
    let host = Psd::new(laplacian(n));
    let a = host.to_device(gpu)?;
    // closed forms: an end of the spectrum, a second copy of which there is none, and next to 0 by an inverse on the device
    let e = a.eigs_with(Lanczos::default(), 3, Which::LargestAlgebraic)?;
    (0..3).for_each(|k| close(&[e.eigenvalues()[k]], &[eigenvalue(n, n - k)], 1e6));
    assert!(e.residuals.iter().all(|r| *r < 1e-8) && e.report.iterations > 1, "{:?}", e.report);
    let inverse = a.to_dense()?.inv()?;
    let e = a.eigs_with(Lanczos::default().inverse(&inverse), 2, Which::SmallestMagnitude)?;
    (0..2).for_each(|k| close(&[e.eigenvalues()[k]], &[eigenvalue(n, 1 + k)], 1e6));
    let e = a.eigs_with(KrylovSchur::default().inverse(inverse.clone()), 1, Which::NearestTo(0.0))?;
    close(&[e.eigenvalues()[0].re], &[eigenvalue(n, 1)], 1e7);
    // all numbers, real and complex
    spectra!(gpu, r, f64, Complex<f64>, 1e8);
    spectra!(gpu, r, f32, Complex<f32>, 1e4);
    spectra!(gpu, r, Complex<f64>, Complex<f64>, 1e8);
    spectra!(gpu, r, Complex<f32>, Complex<f32>, 1e4);
    // small ones are made dense, as on the host
    let small = Psd::new(laplacian(5)).to_device(gpu)?;
    close(
        small.eigs_with(Lanczos::default(), 5, Which::SmallestAlgebraic)?.eigenvalues().as_slice(),
        &[1, 2, 3, 4, 5].map(|k| eigenvalue(5, k)),
        1e4,
    );
    assert_eq!(small.eigs_with(Lanczos::default(), 0, Which::LargestAlgebraic)?.eigenvalues().len(), 0);
    // stopped, and gone on from where it was
    let stopped =
        a.eigs_with(Lanczos::default().on_iteration(|i| i.iteration < 3), 2, Which::LargestAlgebraic).unwrap_err();
    let start = stopped.iterate::<f64>().expect("the vectors so far");
    let e = a.eigs_from(Lanczos::default(), 2, Which::LargestAlgebraic, start)?;
    close(&[e.eigenvalues()[0]], &[eigenvalue(n, n)], 1e6);
    estimates(gpu)?;
    refusals(gpu)
}
/// Traces and log-determinants: the host's estimates with the same seed.
fn estimates(gpu: &Cuda) -> Result<()> {
    macro_rules! same {
        ($T:ty, $have:expr, $want:expr, $tol:expr) => {{
            let (have, want) = ($have, $want);
            assert_eq!(have.probes, want.probes);
            close(&[have.value], &[want.value], $tol);
            close(&[<$T>::of(have.std_error)], &[<$T>::of(want.std_error)], 10.0 * $tol);
        }};
    }
    let (mut r, n) = (Rng(33), 90);
    macro_rules! of {
        ($T:ty, $tol:expr) => {{
            let a = Dense::new(matrix::<$T>(n, &mut r));
            let on = a.to_device(gpu)?;
            let t = Hutchinson::default().probes(37).seed(5);
            same!($T, on.trace_with(t)?, a.trace_with(t)?, $tol);
            let t = HutchPlusPlus::default().probes(60).seed(5);
            same!($T, on.trace_with(t)?, a.trace_with(t)?, $tol);
            let t = XTrace::default().probes(50).seed(5);
            same!($T, on.trace_with(t)?, a.trace_with(t)?, $tol);
            // as many products as rows: exact
            let t = XTrace::default().rel_tol(1e-9);
            same!($T, on.trace_with(t)?, a.trace_with(t)?, $tol);
            let half = self_adjoint::<$T>(n, &mut r);
            let a = Psd::new(Dense::new(&half * half.adjoint() + DMatrix::identity(n, n)));
            let l = Slq::default().probes(12).seed(9);
            same!($T, a.to_device(gpu)?.logdet_with(l)?, a.logdet_with(l)?, $tol);
        }};
    }
    of!(f64, 1e6);
    of!(Complex<f64>, 1e6);
    of!(f32, 1e4);
    // adaptive
    let d: Vec<f64> = (1..=200).map(|i| 1.0 + i as f64 / 50.0).collect();
    let want: f64 = d.iter().map(|d| d.ln()).sum();
    let l = Psd::new(Diagonal::new(d)).to_device(gpu)?.logdet_with(Slq::default().rel_tol(0.1).seed(2))?;
    assert!((l.value - want).abs() <= 5.0 * l.std_error + 1e-2, "{l:?}");
    let t = laplacian(200).to_device(gpu)?.trace_with(Hutchinson::default().rel_tol(0.05))?;
    assert!((t.value - 400.0).abs() <= 5.0 * t.std_error, "{t:?}");
    Ok(())
}
/// What cannot be done is an error that says so, and the device works on.
fn refusals(gpu: &Cuda) -> Result<()> {
    let n = 50;
    let invalid = |e: Error| assert!(matches!(e, Error::InvalidArgument { .. }), "{e:?}");
    let non_finite = |e: Error| assert!(matches!(e, Error::NonFinite { .. }), "{e:?}");
    let a = Psd::new(laplacian(n)).to_device(gpu)?;
    invalid(a.eigs_with(Lanczos::default(), n + 1, Which::LargestAlgebraic).unwrap_err());
    invalid(a.eigs_with(Lanczos::default().tol(f64::NAN), 2, Which::LargestAlgebraic).unwrap_err());
    invalid(a.eigs_with(Lanczos::default(), 2, Which::NearestTo(f64::INFINITY)).unwrap_err());
    invalid(a.trace_with(Hutchinson::default().probes(0)).unwrap_err());
    invalid(a.eigs_with(Lanczos::default().inverse(&a), 2, Which::LargestAlgebraic).unwrap_err());
    let wrong = Psd::new(laplacian(n + 1)).to_device(gpu)?;
    let e = a.eigs_with(Lanczos::default().inverse(&wrong), 2, Which::SmallestMagnitude).unwrap_err();
    assert!(matches!(e, Error::ShapeMismatch { .. }), "{e:?}");
    let tall = Dense::new(DMatrix::from_element(4, 3, 1.0)).to_device(gpu)?;
    assert!(matches!(tall.trace_with(XTrace::default()), Err(Error::ShapeMismatch { .. })));
    assert!(matches!(tall.eigs_with(KrylovSchur::default(), 1, Which::LargestReal), Err(Error::ShapeMismatch { .. })));
    // few iterations, few probes
    let few = a.eigs_with(Lanczos::default().max_iters(1).tol(1e-14), 6, Which::SmallestAlgebraic);
    assert!(matches!(few, Err(Error::NotConverged { .. })), "{few:?}");
    let few = a.trace_with(Hutchinson::default().rel_tol(1e-6).max_probes(20));
    assert!(matches!(few, Err(Error::NotConverged { .. })), "{few:?}");
    // one NaN, seen by a product
    let mut entries = DMatrix::from_fn(n, n, |i, j| if i == j { 2.0 } else { 0.1 / (1 + i + j) as f64 });
    entries[(7, 7)] = f64::NAN;
    let bad = Psd::new(Dense::new(entries)).to_device(gpu)?;
    non_finite(bad.eigs_with(Lanczos::default(), 2, Which::LargestAlgebraic).unwrap_err());
    non_finite(bad.eigs_with(KrylovSchur::default(), 2, Which::LargestMagnitude).unwrap_err());
    non_finite(bad.trace_with(Hutchinson::default()).unwrap_err());
    non_finite(bad.trace_with(HutchPlusPlus::default().probes(30)).unwrap_err());
    non_finite(bad.trace_with(XTrace::default().probes(20)).unwrap_err());
    non_finite(bad.logdet_with(Slq::default()).unwrap_err());
    // an inverse on another queue
    let there = Psd::new(Dense::new(DMatrix::<f64>::identity(n, n))).to_device(&Cuda::new(0)?)?;
    let e = a.eigs_with(Lanczos::default().inverse(&there), 2, Which::SmallestMagnitude).unwrap_err();
    assert!(matches!(e, Error::Device { .. }), "{e:?}");
    // a negative eigenvalue where none was promised
    let signs = Psd::new(Diagonal::new((0..n).map(|i| i as f64 - 3.5).collect::<Vec<_>>())).to_device(gpu)?;
    let e = signs.logdet_with(Slq::default()).unwrap_err();
    assert!(matches!(e, Error::NegativeEigenvalue { .. }), "{e:?}");
    gpu.synchronize()?;
    close(&[a.trace_with(XTrace::default().probes(30))?.value], &[2.0 * n as f64], 1e15);
    Ok(())
}
