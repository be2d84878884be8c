//! Every method for f(A) b against the function of the eigenvalues, on families where it is known.
use super::tests::{error, on_a_line};
use super::*;
use crate::algorithms::krylov::testing::*;
use crate::ext::OperatorExt;
use crate::ext_iterative::IterativeExt;
use crate::facts::{NoFacts, PsdFacts, SelfAdjointFacts};
use crate::ops::{Dense, Psd, Tridiagonal};
use core::f64::consts::PI;
use nalgebra::DMatrix;

type Line = Psd<Tridiagonal<Vec<f64>, Vec<f64>, Vec<f64>>>;
fn line(n: usize) -> Line {
    Psd::new(Tridiagonal::new(vec![-1.0; n - 1], vec![2.0; n], vec![-1.0; n - 1]))
}
fn run<A: LinearOperator>(
    mut algorithm: impl ApplyAlgorithm<A>,
    f: Function<'_, <A::Scalar as Scalar>::Re>,
    a: &A,
    b: &[A::Scalar],
) -> Result<(Vec<A::Scalar>, Report)> {
    let columns = b.len() / a.nrows().max(1);
    let mut x = vec![<A::Scalar as Scalar>::of(f64::NAN); b.len()];
    let (b, view) = (View::matrix(b, a.nrows(), columns), ViewMut::matrix(&mut x, a.nrows(), columns));
    let report = algorithm.apply_function(f, a, b, view)?;
    Ok((x, report))
}

/// The 1-D Laplacian, two columns at once, to the tolerance that is asked for; what is said of the error is true.
#[test]
fn of_the_laplacian() {
    let n = 110;
    let (a, b) = (line(n), noisy::<f64>(2 * n));
    let low = 2.0 - 2.0 * (PI / (n + 1) as f64).cos();
    for (f, exact) in [
        (Function::Exp, &(|x: f64| x.exp()) as &dyn Fn(f64) -> f64),
        (Function::Power(Power::Sqrt), &|x: f64| x.sqrt()),
        (Function::Power(Power::InvSqrt), &|x: f64| 1.0 / x.sqrt()),
        (Function::Log, &|x: f64| x.ln()),
        (Function::Map(&|x: f64| (2.0 * x).cos()), &|x: f64| (2.0 * x).cos()),
    ] {
        for tol in [1e-4, 1e-9] {
            let check = |name: &str, got: Result<(Vec<f64>, Report)>| {
                let (x, report) = got.unwrap_or_else(|e| panic!("{name} {f:?} to {tol:e}: {e}"));
                for c in 0..2 {
                    let e = error(&x[c * n..][..n], &on_a_line(n, &b[c * n..][..n], exact));
                    assert!(e <= tol, "{name} {f:?} to {tol:e}: {e:e}, said {:e}", report.residual);
                }
                assert!(report.residual <= tol && report.iterations > 0, "{name}: {report:?}");
            };
            check("two-pass", run(TwoPassLanczos::default().tol(tol), f, &a, &b));
            check("basis kept", run(TwoPassLanczos::default().tol(tol).basis(1 << 20), f, &a, &b));
            check("series", run(ChebyshevSeries::new(low, 4.0).tol(tol), f, &a, &b));
            check("extended", run(RationalKrylov::of(&a).unwrap().tol(tol), f, &a, &b));
            // of roots it takes many cycles here, and the small function costs the cube of all steps
            if matches!(f, Function::Exp) {
                check("restarted", run(RestartedArnoldi::default().restart(8).tol(tol), f, &a, &b));
            }
        }
    }
    // one inverse: the exponential of a wide spectrum in a few steps, where products alone would need all n
    let c = 1e3;
    let wide = Tridiagonal::new(vec![c; n - 1], vec![-2.0 * c; n], vec![c; n - 1]);
    let shifted = Tridiagonal::new(vec![c; n - 1], vec![-2.0 * c - 10.0; n], vec![c; n - 1]);
    let (wide, shifted) = (crate::ops::SelfAdjoint::new(wide), crate::ops::SelfAdjoint::new(shifted));
    let (x, report) =
        run(RationalKrylov::new([shifted.inv().unwrap()]).tol(1e-7), Function::Exp, &wide, &b[..n]).unwrap();
    let e = error(&x, &on_a_line(n, &b[..n], |x| (-c * x).exp()));
    assert!(e <= 1e-6 && report.iterations < 40, "{e:e} after {}", report.iterations);
}

/// Grcar's matrix and a complex one, far from normal, against dense functions.
#[test]
fn of_general_matrices() {
    let n = 50;
    let grcar = DMatrix::from_fn(n, n, |i, j| match j as isize - i as isize {
        -1 => -1.0,
        0..=3 => 1.0,
        _ => 0.0,
    });
    let (a, b) = (Dense::new(grcar), nalgebra::DVector::from_vec(noisy::<f64>(n)));
    let near = |name: &str, x: &nalgebra::DVector<f64>, want: &nalgebra::DVector<f64>| {
        let e = (x - want).norm() / want.norm();
        assert!(e < 1e-8, "{name}: {e:e}");
    };
    let restarted = || RestartedArnoldi::default().restart(12);
    let exp = a.exp().unwrap().apply(&b);
    near("exp", &a.exp_apply_with(restarted(), &b).unwrap().x, &exp);
    near("exp", &a.exp_apply_with(RationalKrylov::new([a.inv().unwrap()]).extended(), &b).unwrap().x, &exp);
    let root = a.sqrt_with(crate::Schur).unwrap().apply(&b);
    near("sqrt", &a.sqrt_apply_with(RationalKrylov::of(&a).unwrap(), &b).unwrap().x, &root);
    let m = DMatrix::from_fn(n, n, |i, j| {
        c(noise(i + n * j), noise(3 + i * n + j)).scale(0.2) + c(5.0 * f64::from(i == j), 0.0)
    });
    let (a, b) = (Dense::new(m), nalgebra::DVector::from_vec(complex(n)));
    let want = a.log_with(crate::Schur).unwrap().apply(&b);
    for x in
        [a.log_apply_with(restarted(), &b).unwrap().x, a.log_apply_with(RationalKrylov::of(&a).unwrap(), &b).unwrap().x]
    {
        assert!((&x - &want).norm() < 1e-8 * want.norm());
    }
    // Taylor takes columns of very different size at once, each to its own accuracy
    let two = DMatrix::from_columns(&[b.clone(), &b * c(1e-12, 0.0)]);
    let x = a.exp_apply_with(Taylor::default(), &two).unwrap().x;
    let want = a.exp().unwrap().apply(&b);
    assert!((x.column(0) - &want).norm() < 1e-13 * want.norm());
    assert!((x.column(1) - &want * c(1e-12, 0.0)).norm() < 1e-25 * want.norm());
}

/// Complex Hermitian, and single precision.
#[test]
fn of_other_numbers() {
    let n = 60;
    let h = DMatrix::from_fn(n, n, |i, j| match j as isize - i as isize {
        0 => c(2.5, 0.0),
        1 => c(0.3, 1.0),
        -1 => c(0.3, -1.0),
        _ => c(0.0, 0.0),
    });
    let (a, b) = (Psd::new(Dense::new(h)), nalgebra::DVector::from_vec(complex(n)));
    let want = a.sqrt().unwrap().apply(&b);
    let bounds = ChebyshevSeries::new(0.4, 4.6);
    for x in [
        a.sqrt_apply_with(TwoPassLanczos::default(), &b).unwrap().x,
        a.sqrt_apply_with(bounds, &b).unwrap().x,
        a.sqrt_apply_with(RationalKrylov::of(&a).unwrap(), &b).unwrap().x,
        a.sqrt_apply_with(RestartedArnoldi::default(), &b).unwrap().x,
    ] {
        assert!((&x - &want).norm() < 1e-9 * want.norm(), "{:e}", (&x - &want).norm());
    }
    let single = Tridiagonal::new(vec![-1.0f32; 49], vec![2.0; 50], vec![-1.0; 49]);
    let single = crate::ops::SelfAdjoint::new(single);
    let b: Vec<f32> = noisy(50);
    let double: Vec<f64> = b.iter().map(|&b| f64::from(b)).collect();
    let want = on_a_line(50, &double, |x| x.exp());
    for x in [
        single.exp_apply_with(TwoPassLanczos::default(), &b).unwrap().x,
        single.exp_apply_with(ChebyshevSeries::new(0.0, 4.0), &b).unwrap().x,
    ] {
        let x: Vec<f64> = x.iter().map(|&x| f64::from(x)).collect();
        assert!(error(&x, &want) < 1e-5);
    }
}

/// What is chosen for a large operator where nothing is said, with its basis and without.
#[test]
fn large_operators_by_default() {
    let n = 2200;
    let d: Vec<f64> = (0..n).map(|i| 1.0 + 99.0 * i as f64 / n as f64).collect();
    let (a, b) = (diagonal::<PsdFacts, f64>(d.clone()), noisy::<f64>(n));
    let want: Vec<f64> = d.iter().zip(&b).map(|(d, b)| d.sqrt() * b).collect();
    let mut x = vec![0.0; n];
    let f = Function::Power(Power::Sqrt);
    let report = default_apply::<f64, crate::facts::Known>(f, &a, View::vector(&b), ViewMut::vector(&mut x)).unwrap();
    assert_eq!(report.algorithm, two_pass::NAME);
    assert!(error(&x, &want) < 1e-9);
    // a basis too small to keep is made twice: the same result to rounding
    let (once, _) = run(TwoPassLanczos::default().basis(n * 1000), f, &a, &b).unwrap();
    let (twice, _) = run(TwoPassLanczos::default().basis(n * 5), f, &a, &b).unwrap();
    assert!(error(&once, &twice) < 1e-13);
}

#[test]
fn bad_input() {
    let n = 40;
    let (a, b) = (line(n), noisy::<f64>(n));
    let root = Function::Power(Power::Sqrt);
    macro_rules! refused {
        ($want:pat, $run:expr) => {
            let e = $run;
            assert!(matches!(e, Err($want)), "{e:?}");
        };
    }
    // bounds that are none, too narrow, or outside of where f is defined
    for (low, high) in [(1.0, 0.0), (f64::NAN, 1.0), (0.0, f64::INFINITY)] {
        refused!(Error::InvalidArgument { .. }, run(ChebyshevSeries::new(low, high), Function::Exp, &a, &b));
    }
    refused!(Error::InvalidArgument { .. }, run(ChebyshevSeries::new(1.0, 2.0), Function::Exp, &a, &b));
    refused!(Error::NegativeEigenvalue { .. }, run(ChebyshevSeries::new(-1.0, 4.0), root, &a, &b));
    // a root down to 0 falls too slowly: said, with the bound of the error
    refused!(Error::NotConverged { .. }, run(ChebyshevSeries::new(0.0, 4.0).max_iters(64), root, &a, &b));
    refused!(Error::InvalidArgument { .. }, run(RestartedArnoldi::default().restart(0), Function::Exp, &a, &b));
    refused!(Error::InvalidArgument { .. }, run(RestartedArnoldi::default(), Function::Map(&|x: f64| x.sin()), &a, &b));
    let none: [crate::functions::Inv<Line>; 0] = [];
    refused!(Error::InvalidArgument { .. }, run(RationalKrylov::new(none), Function::Exp, &a, &b));
    refused!(Error::ShapeMismatch { .. }, run(RationalKrylov::new([line(3).inv().unwrap()]), Function::Exp, &a, &b));
    refused!(Error::InvalidArgument { .. }, run(TwoPassLanczos::default().tol(f64::NAN), Function::Exp, &a, &b));
    // too few steps, a callback that stops
    refused!(Error::NotConverged { .. }, run(TwoPassLanczos::default().max_iters(5), root, &a, &b));
    refused!(Error::NotConverged { .. }, run(RestartedArnoldi::default().restart(5).max_iters(12), root, &a, &b));
    refused!(Error::NotConverged { .. }, run(RationalKrylov::of(&a).unwrap().max_iters(2), root, &a, &b));
    refused!(
        Error::NotConverged { iterations: 2, .. },
        run(TwoPassLanczos::default().on_iteration(|i| i.iteration < 2), root, &a, &b)
    );
    let stopped = ChebyshevSeries::new(0.0, 4.0).on_iteration(|_| false);
    // at the first look, after seven products
    refused!(Error::NotConverged { iterations: 7, .. }, run(stopped, Function::Exp, &a, &b));
    // NaN from the operator, from b, and an indefinite matrix under a root
    let nan = free::<SelfAdjointFacts, f64, _>(n, |_, _: &[f64], y: &mut [f64]| y.fill(f64::NAN));
    refused!(Error::NonFinite { .. }, run(TwoPassLanczos::default(), Function::Exp, &nan, &b));
    refused!(Error::NonFinite { .. }, run(RestartedArnoldi::default(), Function::Exp, &nan, &b));
    refused!(Error::NonFinite { .. }, run(ChebyshevSeries::new(0.0, 1.0), Function::Exp, &nan, &b));
    let mut bad = b.clone();
    bad[3] = f64::INFINITY;
    refused!(Error::NonFinite { .. }, run(TwoPassLanczos::default(), Function::Exp, &a, &bad));
    refused!(Error::NonFinite { .. }, run(ChebyshevSeries::new(0.0, 4.0), Function::Exp, &a, &bad));
    refused!(Error::NonFinite { .. }, run(RationalKrylov::of(&a).unwrap(), Function::Exp, &a, &bad));
    let indefinite = diagonal::<SelfAdjointFacts, f64>((0..n).map(|i| i as f64 - 3.5).collect());
    refused!(Error::NegativeEigenvalue { .. }, run(TwoPassLanczos::default(), root, &indefinite, &b));
    // nothing to do, an eigenvector, an empty operator
    for x in [
        run(TwoPassLanczos::default(), root, &a, &vec![0.0; n]).unwrap().0,
        run(RestartedArnoldi::default(), root, &a, &vec![0.0; n]).unwrap().0,
        run(RationalKrylov::of(&a).unwrap(), root, &a, &vec![0.0; n]).unwrap().0,
        run(ChebyshevSeries::new(0.1, 4.0), root, &a, &vec![0.0; n]).unwrap().0,
    ] {
        assert!(x.iter().all(|&x| x == 0.0));
    }
    let (x, report) = {
        let d = diagonal::<PsdFacts, f64>(vec![4.0; 6]);
        run(TwoPassLanczos::default(), root, &d, &[1.0; 6]).unwrap()
    };
    assert!(x.iter().all(|x| (x - 2.0).abs() < 1e-15) && report.residual < 1e-14);
    let empty = matrix::<NoFacts, f64>((0, 0), |_, _| 1.0);
    assert_eq!(run(RestartedArnoldi::default(), Function::Exp, &empty, &[]).unwrap().0, [0.0; 0]);
}
