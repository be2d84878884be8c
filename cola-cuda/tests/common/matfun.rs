//! Methods of the host that came to device vectors: f(A) b, shifted systems, more solvers, eigenvalues in blocks, singular values; each
//! against the host's answer or a closed form.

use super::device::{close, laplacian, number};
use super::market::Rng;
use cola_core::algorithms::krylov::Solution;
use cola_core::algorithms::matfun::RationalKrylov;
use cola_core::*;
use cola_cuda::{Cuda, DeviceNumber, DeviceVector, Iterate, ToDeviceExt};
use nalgebra::{DMatrix, DVector};

pub fn applied(gpu: &Cuda) -> Result<()> {
    functions(gpu)?;
    other_numbers(gpu)?;
    systems(gpu)?;
    spectra(gpu)?;
    refusals(gpu)
}
/// Every algorithm for f(A) b, of two vectors at once.
fn functions(gpu: &Cuda) -> Result<()> {
    let n = 40;
    let host = Psd::new(Sum::new(laplacian(n), ScaledIdentity::<f64, Dyn, AnySign>::of_size(0.5, n)));
    let general = Tridiagonal::new(vec![1.5; n - 1], vec![-2.0; n], vec![0.5; n - 1]);
    let (a, g) = (host.to_device(gpu)?, general.to_device(gpu)?);
    let b = DMatrix::from_fn(n, 2, |i, j| ((7 * i + 3 * j) % 11) as f64 - 4.5);
    let db = gpu.upload(b.as_slice())?;
    let same = |have: Solution<DeviceVector<f64>>, want: Solution<DMatrix<f64>>| -> Result<()> {
        close(&gpu.download(&have.x)?, want.x.as_slice(), 1e7);
        assert!(have.report.iterations.abs_diff(want.report.iterations) <= 1 + want.report.iterations / 5);
        assert_eq!(have.report.algorithm, want.report.algorithm);
        Ok(())
    };
    macro_rules! both {
        ($on:ident $host:ident $f:ident $by:expr) => {
            same($on.$f($by, &db)?, $host.$f($by, &b)?)?
        };
    }
    both!(a host exp_apply_with Lanczos::default());
    both!(a host log_apply_with Lanczos::default().block(2));
    both!(a host sqrt_apply_with TwoPassLanczos::default());
    both!(a host log_apply_with TwoPassLanczos::default().basis(1 << 20));
    both!(a host isqrt_apply_with ChebyshevSeries::new(0.5, 4.5));
    both!(a host sqrt_apply_with ContourIntegral::default());
    both!(g general exp_apply_with Arnoldi::default());
    both!(g general exp_apply_with RestartedArnoldi::default().restart(8));
    both!(g general exp_apply_with Taylor::default());
    same(a.pow_apply_with(0.3, Lanczos::default(), &db)?, host.pow_apply_with(0.3, Lanczos::default(), &b)?)?;
    let cosine = |x: f64| x.cos();
    same(a.map_apply_with(cosine, Lanczos::default(), &db)?, host.map_apply_with(cosine, Lanczos::default(), &b)?)?;
    // inverses where the vectors are
    let (inverse, there) = (Psd::new(Dense::new(host.to_dense())).inv()?, a.to_dense()?.inv()?);
    let here = RationalKrylov::new([&inverse]).extended();
    same(a.isqrt_apply_with(RationalKrylov::new([&there]).extended(), &db)?, host.isqrt_apply_with(here, &b)?)
}
/// Lanczos and Arnoldi over the other types of numbers.
fn other_numbers(gpu: &Cuda) -> Result<()> {
    fn check<T: DeviceNumber + SpectralNumber + nalgebra::Scalar>(gpu: &Cuda, tol: f64) -> Result<()> {
        let (mut r, n) = (Rng(51), 24);
        let a = DMatrix::from_fn(n, n, |_, _| number::<T>(&mut r));
        let hermitian = DMatrix::from_fn(n, n, |i, j| a[(i, j)] + a[(j, i)].conj());
        let b = DVector::from_fn(n, |_, _| number::<T>(&mut r));
        let db = gpu.upload(b.as_slice())?;
        let a = Dense::new(a);
        let have = a.to_device(gpu)?.exp_apply_with(Arnoldi::default(), &db)?;
        close(&gpu.download(&have.x)?, a.exp_apply_with(Arnoldi::default(), &b)?.x.as_slice(), tol);
        let a = SelfAdjoint::new(Dense::new(hermitian));
        let have = a.to_device(gpu)?.exp_apply_with(Lanczos::default(), &db)?;
        close(&gpu.download(&have.x)?, a.exp_apply_with(Lanczos::default(), &b)?.x.as_slice(), tol);
        Ok(())
    }
    check::<Complex<f64>>(gpu, 1e6)?;
    check::<f32>(gpu, 1e4)
}
/// Solvers for systems of every kind, and shifted ones.
fn systems(gpu: &Cuda) -> Result<()> {
    let n = 60;
    let a = Psd::new(laplacian(n)).to_device(gpu)?;
    // u_i = i (n + 1 - i), by hand
    let (b, want) = (gpu.upload(&vec![2.0; n])?, (1..=n).map(|i| (i * (n + 1 - i)) as f64).collect::<Vec<_>>());
    let options = || Iterate::default().tol(1e-11);
    close(&gpu.download(&a.symmlq(options(), &b)?.x)?, &want, 1e8);
    close(&gpu.download(&a.tfqmr(options(), &b)?.x)?, &want, 1e9);
    // three at once, of which one is zero and one an eigenvector
    let wave = |i: usize| (i as f64 * std::f64::consts::PI / (n + 1) as f64).sin();
    let waves: Vec<f64> = (1..=n).map(wave).collect();
    let s = a.cg_columns(options(), &gpu.upload(&[vec![2.0; n], vec![0.0; n], waves.clone()].concat())?)?;
    let eigenvalue = 2.0 - 2.0 * (std::f64::consts::PI / (n + 1) as f64).cos();
    let solved: Vec<f64> = waves.iter().map(|w| w / eigenvalue).collect();
    close(&gpu.download(&s.x)?, &[want.clone(), vec![0.0; n], solved].concat(), 1e8);
    assert!(s.report.iterations <= n / 2 + 3 && s.report.residual <= 1e-11, "{:?}", s.report.iterations);
    // of x + y = 2 the shortest solution
    let singular = SelfAdjoint::new(Dense::new(nalgebra::dmatrix![1.0, 1.0; 1.0, 1.0])).to_device(gpu)?;
    close(&gpu.download(&singular.symmlq(options(), &gpu.upload(&[2.0, 2.0])?)?.x)?, &[1.0, 1.0], 1e4);
    let mut r = Rng(53);
    for (rows, cols) in [(30, 12), (12, 30)] {
        let host = Dense::new(DMatrix::from_fn(rows, cols, |i, j| r.next() + if i == j { 3.0 } else { 0.0 }));
        let on = host.to_device(gpu)?;
        let rhs: Vec<f64> = (0..rows).map(|i| (i % 5) as f64 - 2.0).collect();
        let drhs = gpu.upload(&rhs)?;
        let want = host.lstsq_with(Lsqr::default().tol(1e-12), &rhs)?.x;
        close(&gpu.download(&on.lsqr(options(), &drhs)?.x)?, &want, 1e8);
        match rows < cols {
            true => close(&gpu.download(&on.craig(options(), &drhs)?.x)?, &want, 1e8),
            false => assert!(on.craig(options(), &drhs).is_err(), "there is no solution"),
        }
        assert!(matches!(on.lsqr(options(), &gpu.upload(&[1.0])?), Err(Error::ShapeMismatch { .. })));
    }
    let (shifts, host) = ([1.0, 0.01, 7.0], Psd::new(laplacian(n)));
    let have = a.solve_shifted_with(ShiftedCg::default(), &shifts, &b)?;
    let want = host.solve_shifted_with(ShiftedCg::default(), &shifts, &vec![2.0; n])?;
    assert!(have.report.iterations.abs_diff(want.report.iterations) <= 1);
    close(&gpu.download(&have.x)?, &want.x.concat(), 1e8);
    Ok(())
}
/// Eigenvalues by blocks and by powers, singular values.
fn spectra(gpu: &Cuda) -> Result<()> {
    let n = 120;
    let a = Psd::new(laplacian(n)).to_device(gpu)?;
    let eigenvalue = |k: usize| 2.0 - 2.0 * (k as f64 * std::f64::consts::PI / (n + 1) as f64).cos();
    let inverse = a.to_dense()?.inv()?;
    let e = a.eigs_with(Lobpcg::default().preconditioner(&inverse), 3, Which::SmallestAlgebraic)?;
    (0..3).for_each(|k| close(&[e.eigenvalues()[k]], &[eigenvalue(1 + k)], 1e6));
    // without the first eigenvector
    let first = Dense::new(e.eigenvectors().columns(0, 1).into_owned()).to_device(gpu)?;
    let rest = Lobpcg::default().preconditioner(&inverse).constraints(&first);
    let e = a.eigs_with(rest, 2, Which::SmallestAlgebraic)?;
    (0..2).for_each(|k| close(&[e.eigenvalues()[k]], &[eigenvalue(2 + k)], 1e6));
    let e = a.eigs_with(PowerIteration::default().inverse(&inverse), 1, Which::SmallestMagnitude)?;
    close(&[e.eigenvalues()[0]], &[eigenvalue(1)], 1e6);
    let host = Diagonal::new((0..n).map(|i| 0.8f64.powi(i as i32)).collect::<Vec<_>>());
    let on = host.to_device(gpu)?;
    let s = on.svds_with(GolubKahan::default(), 3)?;
    close(s.singular_values.as_slice(), &[1.0, 0.8, 0.64], 1e5);
    assert!(s.residuals.iter().all(|r| *r < 1e-9) && s.u.shape() == (n, 3) && s.v_t.shape() == (3, n));
    let stopped = on.svds_with(GolubKahan::default().subspace(6).max_iters(1), 3).unwrap_err();
    let start = stopped.iterate::<f64>().expect("the vectors so far");
    close(on.svds_from(GolubKahan::default(), 3, start)?.singular_values.as_slice(), &[1.0, 0.8, 0.64], 1e5);
    for by in [RandomizedSvd::default().seed(3), RandomizedSvd::default().seed(3).single_pass()] {
        let (have, want) = (on.svds_with(by, 4)?, host.svds_with(by, 4)?);
        close(have.singular_values.as_slice(), want.singular_values.as_slice(), 1e6);
        let (have, want) = (have.error_bound.expect("a bound"), want.error_bound.expect("a bound"));
        assert!((have / want - 1.0).abs() < 1e-6, "{have:e} {want:e}");
    }
    Ok(())
}
/// What cannot be done is an error that says so, and the device works on.
fn refusals(gpu: &Cuda) -> Result<()> {
    let n = 30;
    let a = Psd::new(laplacian(n)).to_device(gpu)?;
    let b = gpu.upload(&vec![1.0; n])?;
    let other = Cuda::new(0)?;
    let shape = |e: Error| assert!(matches!(e, Error::ShapeMismatch { .. }), "{e:?}");
    let invalid = |e: Error| assert!(matches!(e, Error::InvalidArgument { .. }), "{e:?}");
    let device = |e: Error| assert!(matches!(e, Error::Device { .. }), "{e:?}");
    let short = gpu.upload(&vec![1.0; n + 1])?;
    shape(a.exp_apply_with(Lanczos::default(), &short).unwrap_err());
    shape(a.exp_apply_with(Taylor::default(), &short).unwrap_err());
    shape(a.solve_shifted_with(ShiftedCg::default(), &[1.0], &short).unwrap_err());
    shape(a.symmlq(Iterate::default(), &short).unwrap_err());
    shape(a.cg_columns(Iterate::default(), &short).unwrap_err());
    let wrong = Psd::new(laplacian(n + 1)).to_device(gpu)?;
    shape(a.exp_apply_with(RationalKrylov::new([&wrong]), &b).unwrap_err());
    shape(a.eigs_with(Lobpcg::default().preconditioner(&wrong), 2, Which::SmallestAlgebraic).unwrap_err());
    shape(a.svds_from(GolubKahan::default(), 1, &DMatrix::from_element(n + 1, 1, 1.0)).unwrap_err());
    invalid(a.sqrt_apply_with(Taylor::default(), &b).unwrap_err());
    invalid(a.log_apply_with(ContourIntegral::default(), &b).unwrap_err());
    invalid(a.exp_apply_with(ChebyshevSeries::new(0.0, 1.0), &b).unwrap_err());
    invalid(a.solve_shifted_with(ShiftedCg::default(), &[-1.0], &b).unwrap_err());
    invalid(a.svds_with(GolubKahan::default(), n + 1).unwrap_err());
    let there = other.upload(&vec![1.0; n])?;
    device(a.exp_apply_with(Lanczos::default(), &there).unwrap_err());
    device(a.solve_shifted_with(ShiftedCg::default(), &[1.0], &there).unwrap_err());
    // NaN in b, NaN in A
    let mut bad = vec![1.0; n];
    bad[3] = f64::NAN;
    let bad = gpu.upload(&bad)?;
    let non_finite = |e: Error| assert!(matches!(e, Error::NonFinite { .. }), "{e:?}");
    non_finite(a.exp_apply_with(Lanczos::default(), &bad).unwrap_err());
    non_finite(a.exp_apply_with(Taylor::default(), &bad).unwrap_err());
    non_finite(a.exp_apply_with(ChebyshevSeries::new(0.0, 4.0), &bad).unwrap_err());
    non_finite(a.solve_shifted_with(ShiftedCg::default(), &[1.0], &bad).unwrap_err());
    let mut entries = DMatrix::<f64>::identity(n, n);
    entries[(7, 7)] = f64::NAN;
    let broken = Psd::new(Dense::new(entries)).to_device(gpu)?;
    non_finite(broken.exp_apply_with(TwoPassLanczos::default(), &b).unwrap_err());
    non_finite(broken.sqrt_apply_with(ContourIntegral::default(), &b).unwrap_err());
    non_finite(broken.svds_with(RandomizedSvd::default(), 3).unwrap_err());
    non_finite(broken.eigs_with(Lobpcg::default(), 1, Which::LargestAlgebraic).unwrap_err());
    // stopped with what is there
    let few = a.exp_apply_with(Lanczos::default().max_iters(3), &b).unwrap_err();
    assert!(few.iterate::<f64>().is_some_and(|x| x.shape() == (n, 1)), "{few:?}");
    // more than the device has
    let wide = Psd::new(Identity::<f64, Dyn>::new(1 << 40)).to_device(gpu)?;
    device(wide.svds_with(GolubKahan::default(), 2).unwrap_err());
    gpu.synchronize()?;
    close(&gpu.download(&a.tfqmr(Iterate::default().tol(1e-11), &b)?.x)?[..1], &[n as f64 / 2.0], 1e9);
    Ok(())
}
