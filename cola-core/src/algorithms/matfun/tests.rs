//! f(A) b against the function of the eigenvalues, where they are known, and against dense functions.
use super::*;
use crate::Dyn;
use crate::algorithms::krylov::testing::*;
use crate::ext::OperatorExt;
use crate::ext_iterative::IterativeExt;
use crate::facts::{NoFacts, PsdFacts, SelfAdjointFacts};
use crate::operator::{Operator, Update};
use crate::ops::Dense;
use core::f64::consts::PI;
use nalgebra::DMatrix;

/// f(tridiag(-1, 2, -1)) b by its sine basis.
pub(super) fn on_a_line(n: usize, b: &[f64], f: impl Fn(f64) -> f64) -> Vec<f64> {
    let sine =
        |i: usize, k: usize| (2.0 / (n + 1) as f64).sqrt() * (PI * ((i + 1) * (k + 1)) as f64 / (n + 1) as f64).sin();
    let mut x = vec![0.0; n];
    for k in 0..n {
        let w = 2.0 - 2.0 * (PI * (k + 1) as f64 / (n + 1) as f64).cos();
        let c: f64 = (0..n).map(|i| sine(i, k) * b[i]).sum::<f64>() * f(w);
        (0..n).for_each(|i| x[i] += sine(i, k) * c);
    }
    x
}
pub(super) fn error(x: &[f64], want: &[f64]) -> f64 {
    let d: Vec<f64> = x.iter().zip(want).map(|(x, w)| x - w).collect();
    crate::vector::norm(&d) / crate::vector::norm(want)
}

#[test]
fn functions_of_a_laplacian() {
    let n = 120;
    let (a, b) = (laplacian::<PsdFacts, f64>(n), noisy::<f64>(n));
    let check = |f: Function<'_, f64>, exact: &dyn Fn(f64) -> f64| {
        let want = on_a_line(n, &b, exact);
        for self_adjoint in [true, false] {
            if matches!(f, Function::Map(_)) && !self_adjoint {
                continue;
            }
            let job = krylov::Job { self_adjoint, adjoint: false, options: Options::default() };
            let mut x = vec![f64::NAN; n];
            let report = by_columns(&job, f, &a, View::vector(&b), ViewMut::vector(&mut x), None).unwrap();
            let e = error(&x, &want);
            assert!(e <= 1e-9, "{f:?} {self_adjoint}: {e:e} {:?}", report.iterations);
        }
    };
    check(Function::Exp, &|x| x.exp());
    check(Function::Log, &|x| x.ln());
    check(Function::Power(Power::Sqrt), &|x| x.sqrt());
    check(Function::Power(Power::InvSqrt), &|x| 1.0 / x.sqrt());
    check(Function::Power(Power::Real(0.3)), &|x| x.powf(0.3));
    check(Function::Map(&|x: f64| (3.0 * x).sin()), &|x| (3.0 * x).sin());
}

/// What is said of the error is true within a factor of ten, and tolerances are met.
#[test]
fn the_estimate_is_honest() {
    let n = 160;
    let d: Vec<f64> = (0..n).map(|i| 10f64.powf(-3.0 * i as f64 / n as f64)).collect();
    let a = diagonal::<PsdFacts, f64>(d.clone());
    let b: Vec<f64> = noisy(n);
    for tol in [1e-3, 1e-6, 1e-9] {
        for (f, exact) in [
            (Function::Power(Power::InvSqrt), &(|x: f64| 1.0 / x.sqrt()) as &dyn Fn(f64) -> f64),
            (Function::Log, &|x: f64| x.ln()),
            (Function::Exp, &|x: f64| x.exp()),
        ] {
            let want: Vec<f64> = d.iter().zip(&b).map(|(&d, b)| exact(d) * b).collect();
            let mut x = vec![0.0; n];
            let report =
                Lanczos::default().tol(tol).apply_function(f, &a, View::vector(&b), ViewMut::vector(&mut x)).unwrap();
            let e = error(&x, &want);
            assert!(e <= tol && report.residual <= tol, "{f:?} to {tol:e}: {e:e}, said {:e}", report.residual);
        }
    }
}

/// Exponentials of large self-adjoint operators by the recurrence alone: growing and falling ones, with eigenvalues far outside of
/// the others, which the recurrence finds again and again, and with a right-hand side that hardly sees them.
#[test]
fn exponentials_by_the_recurrence() {
    let n = 5000;
    let mut b: Vec<f64> = noisy(n);
    for faint in [1.0, 1e-3, 1e-9] {
        b[n - 3..].fill(faint);
        for (t, far) in [(1.0, 60.0), (-1.0, 60.0), (20.0, 3.0), (-20.0, 30.0)] {
            let mut d: Vec<f64> = (0..n).map(|i| t * i as f64 / n as f64).collect();
            (1..4).for_each(|k| d[n - k] = t.signum() * far / k as f64);
            let a = diagonal::<SelfAdjointFacts, f64>(d.clone());
            let want: Vec<f64> = d.iter().zip(&b).map(|(d, b)| d.exp() * b).collect();
            let mut x = vec![f64::NAN; n];
            let (b, x_view) = (View::vector(&b), ViewMut::vector(&mut x));
            let run = TwoPassLanczos::default().basis(20 * n).tol(1e-10).apply_function(Function::Exp, &a, b, x_view);
            // rounding of what b hardly sees is multiplied by e^60
            if faint < 1e-3 && matches!(run, Err(Error::NotConverged { .. })) {
                continue;
            }
            let (report, e) = (run.unwrap(), error(&x, &want));
            assert!(e <= 1e-10 && report.iterations < 120, "{t} {far} {faint}: {e:e}, {report:?}");
        }
    }
    // nothing is left after three steps
    let a = diagonal::<SelfAdjointFacts, f64>((0..n).map(|i| (i % 3) as f64).collect());
    let want: Vec<f64> = (0..n).map(|i| f64::exp((i % 3) as f64) * b[i]).collect();
    let mut x = vec![0.0; n];
    let (b, x_view) = (View::vector(&b), ViewMut::vector(&mut x));
    let report = TwoPassLanczos::default().apply_function(Function::Exp, &a, b, x_view).unwrap();
    assert!(error(&x, &want) < 1e-13 && report.iterations <= 4, "{report:?}");
}

#[test]
fn general_matrices_against_dense() {
    let n = 60;
    let m = nalgebra::DMatrix::from_fn(n, n, |i, j| {
        c(noise(i + n * j) + 9.0 * f64::from(i == j), noise(3 + i * n + j)).scale(0.3)
    });
    let (a, b) = (Dense::new(m.clone()), nalgebra::DVector::from_vec(complex(n)));
    let near = |x: &nalgebra::DVector<C64>, want: &nalgebra::DVector<C64>| {
        let e = (x - want).norm() / want.norm();
        assert!(e < 1e-8, "{e:e}");
    };
    near(&a.exp_apply(&b).unwrap(), &a.exp().unwrap().apply(&b));
    near(&a.exp_apply_with(Taylor::default(), &b).unwrap().x, &a.exp().unwrap().apply(&b));
    near(&a.sqrt_apply(&b).unwrap(), &a.sqrt_with(crate::Schur).unwrap().apply(&b));
    near(&a.log_apply_with(Arnoldi::default(), &b).unwrap().x, &a.log_with(crate::Schur).unwrap().apply(&b));
    near(&a.pow_apply(-0.7, &b).unwrap(), &a.pow_with(-0.7, crate::Schur).unwrap().apply(&b));
    // as an operator, and its adjoint
    let lazy = a.sqrt_with(Arnoldi::default()).unwrap();
    let dense = a.sqrt_with(crate::Schur).unwrap();
    near(&lazy.try_apply(&b).unwrap(), &dense.apply(&b));
    near(&lazy.apply_adjoint(&b), &dense.apply_adjoint(&b));
    // a map has no meaning there
    let e = a.map_apply_with(|x| x, Arnoldi::default(), &b);
    assert!(matches!(e, Err(Error::InvalidArgument { .. })));
}

#[test]
fn taylor_of_small_and_large_norms() {
    for scale in [1e-12, 0.1, 1.0, 30.0] {
        let n = 80;
        let a = free::<NoFacts, f64, _>(n, move |_, x: &[f64], y: &mut [f64]| {
            for i in 0..n {
                let at = |i: Option<usize>| i.and_then(|i| x.get(i)).map_or(0.0, |&x| x);
                y[i] = -scale * (2.0 * x[i] - at(i.checked_sub(1)) - at(Some(i + 1)));
            }
        });
        let b: Vec<f64> = noisy(n);
        let mut x = vec![0.0; n];
        let report =
            Taylor::default().apply_function(Function::Exp, &a, View::vector(&b), ViewMut::vector(&mut x)).unwrap();
        let e = error(&x, &on_a_line(n, &b, |w| (-scale * w).exp()));
        assert!(e <= 1e-12, "{scale}: {e:e} in {} steps", report.iterations);
    }
    // the nilpotent shift: far from normal, and exact by a short series
    let n = 30;
    let shift = matrix::<NoFacts, f64>((n, n), |i, j| 100.0 * f64::from(j == i + 1));
    let mut b = vec![0.0; n];
    b[3] = 1.0;
    let mut x = vec![0.0; n];
    Taylor::default().apply_function(Function::Exp, &shift, View::vector(&b), ViewMut::vector(&mut x)).unwrap();
    let want = [1e6 / 6.0, 1e4 / 2.0, 100.0, 1.0];
    assert!((0..4).all(|i| (x[i] / want[i] - 1.0).abs() < 1e-12) && x[4..].iter().all(|&x| x == 0.0), "{x:?}");
    // what is not an exponential, and what overflows
    let e = Taylor::default().apply_function(Function::Log, &shift, View::vector(&b), ViewMut::vector(&mut x));
    assert!(matches!(e, Err(Error::InvalidArgument { .. })));
    let big = diagonal::<PsdFacts, f64>(vec![800.0; 3]);
    let e =
        Taylor::default().apply_function(Function::Exp, &big, View::vector(&[1.0; 3]), ViewMut::vector(&mut [0.0; 3]));
    assert!(matches!(e, Err(Error::NonFinite { .. })), "{e:?}");
}

#[test]
fn roots_by_a_contour() {
    let n = 150;
    let d: Vec<f64> = (0..n).map(|i| 10f64.powf(-5.0 * i as f64 / n as f64)).collect();
    let a = diagonal::<PsdFacts, f64>(d.clone());
    let b: Vec<f64> = noisy(n);
    for (p, exponent) in [(Power::Sqrt, 0.5), (Power::InvSqrt, -0.5)] {
        let mut x = vec![0.0; n];
        let report = ContourIntegral::default()
            .apply_function(Function::Power(p), &a, View::vector(&b), ViewMut::vector(&mut x))
            .unwrap();
        let want: Vec<f64> = d.iter().zip(&b).map(|(d, b)| d.powf(exponent) * b).collect();
        let e = error(&x, &want);
        assert!(e <= 1e-9 && report.residual <= 1e-9, "{e:e} {:e}", report.residual);
    }
    let e = ContourIntegral::default().apply_function(
        Function::Exp,
        &a,
        View::vector(&b),
        ViewMut::vector(&mut vec![0.0; n]),
    );
    assert!(matches!(e, Err(Error::InvalidArgument { .. })));
    // an eigenvalue that is not positive is found, or the check fails; no answer
    let bad = diagonal::<PsdFacts, f64>((0..n).map(|i| i as f64 - 3.0).collect());
    let e = ContourIntegral::default().apply_function(
        Function::Power(Power::Sqrt),
        &bad,
        View::vector(&b),
        ViewMut::vector(&mut vec![0.0; n]),
    );
    assert!(matches!(e, Err(Error::NotPositiveDefinite { .. } | Error::NotConverged { .. })), "{e:?}");
}

#[test]
fn shifted_systems() {
    let n = 90;
    let (a, b) = (laplacian::<PsdFacts, f64>(n), noisy::<f64>(2 * n));
    let shifts = [0.5, 0.0, 10.0, 0.01];
    let mut x = vec![f64::NAN; 8 * n];
    let mut seen = Vec::new();
    let watched = ShiftedCg::default().tol(1e-11).on_iteration(|i| seen.push((i.iteration, i.residual)));
    let report = { watched }.solve(&a, &shifts, View::matrix(&b, n, 2), false, &mut x).unwrap();
    for (k, x) in x.chunks_exact(n).enumerate() {
        let want = on_a_line(n, &b[k % 2 * n..][..n], |w| 1.0 / (w + shifts[k / 2]));
        assert!(error(x, &want) < 1e-7, "{}", shifts[k / 2]);
    }
    // the history is that of the worse column, and all of both was seen
    assert!(report.residual <= 1e-10 && seen.len() >= report.iterations && report.history.len() <= report.iterations);
    assert!(report.history.windows(2).any(|w| w[1] < w[0]) && report.history.last() <= Some(&1e-11));
    let run = |a: &dyn DynOperator<f64>, shifts: &[f64], b: &[f64], g: ShiftedCg| {
        let mut x = vec![0.0; shifts.len() * b.len()];
        { g }.solve(a, shifts, View::vector(b), false, &mut x).map(|_| x)
    };
    let e = run(&a, &[-1.0], &b[..n], ShiftedCg::default());
    assert!(matches!(e, Err(Error::InvalidArgument { .. })));
    let e = run(&a, &[0.0], &b[..n], ShiftedCg::default().tol(f64::NAN));
    assert!(matches!(e, Err(Error::InvalidArgument { .. })));
    let minus = diagonal::<PsdFacts, f64>(vec![-1.0; 4]);
    let e = run(&minus, &[0.0], &[1.0; 4], ShiftedCg::default());
    assert!(matches!(e, Err(Error::NotPositiveDefinite { .. })));
    assert_eq!(run(&a, &shifts, &vec![0.0; n], ShiftedCg::default()).unwrap(), vec![0.0; 4 * n]);
    assert_eq!(run(&a, &[], &b[..n], ShiftedCg::default()).unwrap(), Vec::<f64>::new());
    // stopped: all solutions so far come back
    let two = DMatrix::from_fn(n, 2, |i, j| b[i + j * n]);
    let stopped = ShiftedCg::default().on_iteration(|i| i.iteration < 7);
    let e = a.solve_shifted_with(stopped, &shifts, &two).unwrap_err();
    assert!(matches!(e, Error::NotConverged { iterations: 7, .. }), "{e}");
    let near = e.iterate::<f64>().unwrap();
    assert_eq!(near.shape(), (n, 8));
    // the column of the largest shift has converged before the others
    let want = on_a_line(n, &b[..n], |w| 1.0 / (w + 10.0));
    assert!(error(near.column(4).as_slice(), &want) < 1e-3);
    let e = a.solve_shifted_with(ShiftedCg::default().max_iters(3), &shifts, &two).unwrap_err();
    assert!(matches!(e, Error::NotConverged { iterations: 3, .. }), "{e}");
    let s = a.solve_shifted_with(ShiftedCg::default(), &shifts, &two).unwrap();
    assert!(s.x.len() == 4 && s.x[1].shape() == (n, 2) && s.report.residual < 1e-9);
}

#[test]
fn odd_arguments() {
    fn run<A: LinearOperator<Scalar = f64, Facts = SelfAdjointFacts, Rows = Dyn, Cols = Dyn>>(
        a: &A,
        f: Function<'_, f64>,
        b: &[f64],
    ) -> Result<Vec<f64>> {
        let mut x = vec![0.0; b.len()];
        Lanczos::default().apply_function(f, a, View::vector(b), ViewMut::vector(&mut x)).map(|_| x)
    }
    let d = |v: Vec<f64>| diagonal::<SelfAdjointFacts, f64>(v);
    let a = d(vec![1.0, 2.0, -3.0]);
    assert_eq!(run(&a, Function::Exp, &[0.0; 3]).unwrap(), [0.0; 3]);
    assert!(matches!(run(&a, Function::Log, &[1.0; 3]), Err(Error::NegativeEigenvalue { .. })));
    assert!(matches!(run(&d(vec![0.0, 1.0]), Function::Power(Power::InvSqrt), &[1.0; 2]), Err(Error::Singular { .. })));
    assert!(matches!(run(&a, Function::Exp, &[1.0, f64::NAN, 0.0]), Err(Error::NonFinite { .. })));
    assert!(matches!(run(&a, Function::Map(&|_| f64::NAN), &[1.0; 3]), Err(Error::NonFinite { .. })));
    assert!(matches!(run(&d(vec![1e4; 3]), Function::Exp, &[1.0; 3]), Err(Error::NonFinite { .. })));
    // the null space stays: e^0 = 1
    let x = run(&d(vec![0.0, 0.0, 1.0, 2.0]), Function::Exp, &[1.0, 2.0, 1.0, 1.0]).unwrap();
    assert!((x[0] - 1.0).abs() < 1e-14 && (x[1] - 2.0).abs() < 1e-14 && (x[3] - 2f64.exp()).abs() < 1e-13);
    assert_eq!(run(&d(vec![]), Function::Exp, &[]).unwrap(), [0.0; 0]);
    // an eigenvector, an invariant space after one step
    assert!((run(&a, Function::Exp, &[0.0, 0.0, 2.0]).unwrap()[2] - 2.0 * (-3f64).exp()).abs() < 1e-15);
    // too few steps, and a callback that stops
    let line = laplacian::<PsdFacts, f64>(300);
    let b: Vec<f64> = noisy(300);
    let mut x = vec![0.0; 300];
    let f = Function::Power(Power::InvSqrt);
    let e = Lanczos::default().max_iters(9).apply_function(f, &line, View::vector(&b), ViewMut::vector(&mut x));
    assert!(matches!(e, Err(Error::NotConverged { .. })), "{e:?}");
    let e = { Lanczos::default().on_iteration(|i| i.iteration < 3) }.apply_function(
        f,
        &line,
        View::vector(&b),
        ViewMut::vector(&mut x),
    );
    assert!(matches!(e, Err(Error::NotConverged { iterations: 3, .. })), "{e:?}");
    // the 1-norm of families where it is known
    assert_eq!(norm1::<f64>(&laplacian::<PsdFacts, f64>(50)).unwrap(), 4.0);
    let skew = matrix::<NoFacts, f64>((40, 30), |i, j| noise(i + 40 * j) * (1.0 + j as f64));
    let exact =
        (0..30).map(|j| (0..40).map(|i| (noise(i + 40 * j) * (1.0 + j as f64)).abs()).sum::<f64>()).fold(0.0, f64::max);
    let got = norm1::<f64>(&skew).unwrap();
    assert!(got <= exact * (1.0 + 1e-12) && got > exact / 2.0);
    assert_eq!(Operator::nrows(&line), 300);
}

/// Shifted CG goes on where it stopped, in one Krylov space; other starting points are solved for too, shift by shift.
#[test]
fn shifted_cg_goes_on() {
    let n = 200;
    let a = laplacian::<PsdFacts, f64>(n);
    let (shifts, b) = ([0.3, 0.01, 2.0], nalgebra::DMatrix::from_fn(n, 2, |i, j| noise(i + 1000 * j)));
    let whole = a.solve_shifted_with(ShiftedCg::default().tol(1e-11), &shifts, &b).unwrap();
    let e = a.solve_shifted_with(ShiftedCg::default().tol(1e-11).max_iters(40), &shifts, &b).unwrap_err();
    let start = e.iterate::<f64>().unwrap().clone();
    assert_eq!(start.shape(), (n, 6));
    // the second right-hand side was not begun: from zero it takes as long as ever, the first one goes on
    let (mut first, mut seen) = (b.column(0).into_owned(), 0);
    let begun = nalgebra::DMatrix::from_fn(n, 3, |i, j| start[(i, 2 * j)]);
    let alone = a.solve_shifted_with(ShiftedCg::default().tol(1e-11), &shifts, &first).unwrap();
    let rest = a
        .solve_shifted_from(
            ShiftedCg::default().tol(1e-11).on_iteration(|i| seen = i.iteration),
            &shifts,
            &first,
            &begun,
        )
        .unwrap();
    assert!(seen == rest.report.iterations && seen < alone.report.iterations, "{seen}");
    for (x, want) in rest.x.iter().zip(&alone.x) {
        assert!((x - want).norm() < 1e-9 * want.norm());
    }
    let all = a.solve_shifted_from(ShiftedCg::default().tol(1e-11), &shifts, &b, &start).unwrap();
    for (x, want) in all.x.iter().zip(&whole.x) {
        assert!((x - want).norm() < 1e-9 * want.norm());
    }
    // solutions already; anything else; zero; a wrong shape
    let done = nalgebra::DMatrix::from_fn(n, 3, |i, j| alone.x[j][i]);
    assert_eq!(
        a.solve_shifted_from(ShiftedCg::default().tol(1e-9), &shifts, &first, &done).unwrap().report.iterations,
        0
    );
    let anything = nalgebra::DMatrix::from_fn(n, 3, |i, j| noise(i * 7 + j));
    let s = a.solve_shifted_from(ShiftedCg::default().tol(1e-11), &shifts, &first, &anything).unwrap();
    assert!(s.x.iter().zip(&alone.x).all(|(x, want)| (x - want).norm() < 1e-9 * want.norm()));
    first.fill(0.0);
    let s = a.solve_shifted_from(ShiftedCg::default(), &shifts, &first, &anything).unwrap();
    assert!(s.x.iter().all(|x| x.norm() == 0.0));
    let e = a.solve_shifted_from(ShiftedCg::default(), &shifts, &b, &anything);
    assert!(matches!(e, Err(Error::ShapeMismatch { .. })), "{e:?}");
}

/// What Taylor had when it was stopped is a state of the system: the rest of the interval leads from it to the end.
#[test]
fn taylor_goes_on() {
    let n = 60;
    let a = free::<NoFacts, f64, _>(n, move |_, x: &[f64], y: &mut [f64]| {
        for i in 0..n {
            y[i] = 40.0 * (x[(i + 1) % n] - 2.0 * x[i] + 0.5 * x[(i + n - 1) % n]);
        }
    });
    let b: Vec<f64> = noisy(n);
    let want = a.exp_apply_with(Taylor::default(), &b).unwrap().x;
    for at in [1, 3] {
        let stop = |i: &crate::algorithms::Iteration| i.iteration < at;
        let e = a.exp_apply_with(Taylor::default().on_iteration(stop), &b).unwrap_err();
        let Error::NotConverged { residual: left, .. } = e else { panic!("{e}") };
        assert!(0.0 < left && left < 1.0, "{left}");
        let state = e.iterate::<f64>().unwrap().column(0).into_owned();
        let x = crate::ops::Scaled::new(left, &a).exp_apply_with(Taylor::default(), &state).unwrap().x;
        assert!(x.iter().zip(&want).all(|(x, w)| (x - w).abs() < 1e-11 * (1.0 + w.abs())));
    }
    // no products left: the state is b itself
    let e = a.exp_apply_with(Taylor::default().max_iters(1), &b).unwrap_err();
    assert!(e.iterate::<f64>().unwrap().as_slice() == b && matches!(e, Error::NotConverged { residual: 1.0, .. }));
}

/// An iteration is a step of the method, whether or not it was looked at.
#[test]
fn iterations_are_steps() {
    fn stopped(name: &str, most: usize, r: Result<crate::Solution<Vec<f64>>>) {
        match r {
            Err(Error::NotConverged { iterations, .. }) => assert_eq!(iterations, most, "{name}"),
            other => panic!("{name}: {:?}", other.map(|s| s.report)),
        }
    }
    let n = 3000;
    let (sym, general) = (laplacian::<PsdFacts, f64>(n), laplacian::<NoFacts, f64>(n));
    let (b, most) = (noisy(n), 37);
    let scaled = |c: f64| crate::ops::Scaled::new(c, &sym);
    stopped("Lanczos", most, scaled(-500.0).exp_apply_with(Lanczos::default().max_iters(most), &b));
    let far = crate::ops::Scaled::new(-500.0, &general);
    stopped("Arnoldi", most, far.exp_apply_with(Arnoldi::default().max_iters(most), &b));
    stopped("two passes", most, scaled(-500.0).exp_apply_with(TwoPassLanczos::default().max_iters(most), &b));
    let series = ChebyshevSeries::new(-2000.0, 0.0).tol(1e-10);
    let whole = scaled(-500.0).exp_apply_with(series, &b).unwrap().report;
    assert!(whole.iterations > 100 && whole.history.len() < whole.iterations, "{whole:?}");
    let seen = core::cell::RefCell::new(Vec::new());
    let s = sym.exp_apply_with(Lanczos::default().on_iteration(|i| seen.borrow_mut().push(i.iteration)), &b).unwrap();
    let seen = seen.into_inner();
    assert!(seen.windows(2).all(|w| w[0] < w[1]) && seen.last() == Some(&s.report.iterations), "{seen:?}");
    assert_eq!(seen.len(), s.report.history.len());
}

/// Columns side by side are what each is alone, whether they end early, are zero, or need the most steps; a product serves all of them.
#[test]
fn two_passes_side_by_side() {
    let n = 60;
    let products = core::cell::Cell::new(0);
    let d: Vec<f64> = (0..n).map(|i| 1.0 + i as f64 / 7.0).collect();
    struct Counted<'a>(&'a core::cell::Cell<usize>, &'a [f64]);
    impl DynOperator<f64> for Counted<'_> {
        fn dyn_shape(&self) -> (usize, usize) {
            (self.1.len(), self.1.len())
        }
        fn dyn_act(&self, how: Update<f64>, x: View<'_, f64>, mut y: ViewMut<'_, f64>, _: &mut [f64]) {
            self.0.set(self.0.get() + 1);
            (0..x.cols).for_each(|j| (0..x.rows).for_each(|i| how.write(y.at(i, j), self.1[i] * x.at(i, j))));
        }
        fn dyn_scratch(&self, _: usize) -> usize {
            0
        }
    }
    let a = Counted(&products, &d);
    // two eigenvectors, nothing, all of them, one, all of them again
    let k = 5;
    let mut b = vec![0.0; k * n];
    (b[3], b[40]) = (2.0, -1.0);
    (0..n).for_each(|i| (b[2 * n + i], b[4 * n + i]) = (noise(i), noise(i + 500)));
    b[3 * n + 7] = 3.0;
    for basis in [0, 1 << 20, 600] {
        let options = Options { block: Some(basis), ..Options::default() };
        let f = Function::Power(Power::Sqrt);
        let run = |b: &[f64], x: &mut [f64]| {
            let mut action = Action::new("test", &a, b.len() / n);
            super::two_pass::two_pass(f, &mut action, b, x, options, None).unwrap()
        };
        let (mut all, mut one, mut most) = (vec![9.0; k * n], vec![9.0; n], 0);
        products.set(0);
        let report = run(&b, &mut all);
        let together = products.get();
        for j in 0..k {
            let alone = run(&b[j * n..][..n], &mut one);
            most = most.max(alone.iterations);
            // a kept basis is added up in another order
            assert!((0..n).all(|i| (one[i] - all[j * n + i]).abs() < 1e-14), "column {j} with {basis}");
            assert!((0..n).all(|i| (one[i] - d[i].sqrt() * b[j * n + i]).abs() < 1e-9));
        }
        assert_eq!(report.iterations, most);
        assert!(together <= 2 * most && (basis < 1 << 20 || together == most), "{together} for {most}");
    }
    // the one that is not done says so, and what there is of all is kept
    let options = Options { max_iters: Some(4), ..Options::default() };
    let (mut x, mut action) = (vec![0.0; k * n], Action::new("test", &a, k));
    let e = super::two_pass::two_pass(Function::Exp, &mut action, &b[..], &mut x[..], options, None).unwrap_err();
    assert!(matches!(e, Error::NotConverged { iterations: 4, .. }), "{e}");
    assert!((x[3] - 2.0 * d[3].exp()).abs() < 1e-9 && x[2 * n] != 0.0 && x[n..2 * n].iter().all(|&x| x == 0.0));
    // what f is not defined at is the whole's error
    let negative: Vec<f64> = d.iter().map(|d| d - 3.0).collect();
    let a = Counted(&products, &negative);
    let mut action = Action::new("test", &a, k);
    let e = super::two_pass::two_pass(Function::Log, &mut action, &b[..], &mut x[..], options, None).unwrap_err();
    assert!(matches!(e, Error::NegativeEigenvalue { .. }), "{e}");
}
