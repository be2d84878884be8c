//! Estimates against exact values: within four standard errors, standard errors of the right size, repeatable.
use super::*;
use crate::algorithms::direct::DetAlgorithm;
use crate::algorithms::krylov::testing::*;
use crate::ext::OperatorExt;
use crate::ext_iterative::IterativeExt;
use crate::facts::{NoFacts, PsdFacts};
use crate::ops::Dense;
use nalgebra::DMatrix;

/// Symmetric, eigenvalues falling like (i + 1)^-p, in a basis of Householder reflections.
fn decaying(n: usize, p: f64) -> DMatrix<f64> {
    let v = DVector::from_fn(n, |i, _| 1.0 + noise(i));
    let h = DMatrix::identity(n, n) - &v * v.transpose() * (2.0 / v.norm_squared());
    let w = DVector::from_fn(n, |i, _| 1.0 + noise(i + 777));
    let g = DMatrix::identity(n, n) - &w * w.transpose() * (2.0 / w.norm_squared());
    let q = h * g;
    &q * DMatrix::from_diagonal(&DVector::from_fn(n, |i, _| ((i + 1) as f64).powf(-p))) * q.transpose()
}
/// Runs many seeds; returns the share outside of four standard errors, and the mean reported error over the true one.
fn seeds(count: u64, exact: f64, run: impl Fn(u64) -> Estimate<f64>) -> (f64, f64) {
    let (mut outside, mut squares, mut said) = (0.0, 0.0, 0.0);
    for seed in 0..count {
        let e = run(seed);
        outside += f64::from(u8::from((e.value - exact).abs() > 4.0 * e.std_error + 1e-12 * exact.abs()));
        squares += (e.value - exact).powi(2);
        said += e.std_error.powi(2);
    }
    (outside / count as f64, (said / squares).sqrt())
}
/// Shares and ratios that `count` seeds allow: of four standard errors one in a thousand, of the ratio a fifth.
fn judge(name: &str, count: u64, got: (f64, f64), outside: f64, ratio: f64) {
    // seen with `--nocapture`
    println!("{name}: {} outside of four standard errors, reported / true {}", got.0, got.1);
    assert!(got.0 <= outside + 1.0 / count as f64, "{name}: {} outside of four standard errors", got.0);
    let room = 1.0 + ratio + 3.0 / (2.0 * count as f64).sqrt();
    assert!(got.1 < room && got.1 > 1.0 / room, "{name}: reported / true error {}", got.1);
}
fn all_estimators(count: u64) {
    let n = 100;
    for p in [0.0, 0.5, 2.0] {
        // p = 0 is the identity in exact arithmetic: a flat spectrum with an off-diagonal part instead
        let m = if p == 0.0 {
            DMatrix::from_fn(n, n, |i, j| noise(i.min(j) * n + i.max(j)) + 3.0 * f64::from(i == j))
        } else {
            decaying(n, p)
        };
        let a = Dense::new(m.clone());
        let exact = m.trace();
        judge(
            "Hutchinson",
            count,
            seeds(count, exact, |s| a.trace_with(Hutchinson::default().probes(40).seed(s)).unwrap()),
            0.001,
            0.2,
        );
        judge(
            "Hutch++",
            count,
            seeds(count, exact, |s| a.trace_with(HutchPlusPlus::default().probes(60).seed(s)).unwrap()),
            0.005,
            0.25,
        );
        judge(
            "XTrace",
            count,
            seeds(count, exact, |s| a.trace_with(XTrace::default().probes(60).seed(s)).unwrap()),
            0.005,
            0.25,
        );
        if p > 0.0 {
            let psd = crate::ops::Psd::new(a.clone());
            judge(
                "XNysTrace",
                count,
                seeds(count, exact, |s| psd.trace_with(XNysTrace::default().probes(40).seed(s)).unwrap()),
                0.01,
                0.3,
            );
        }
    }
    let d: Vec<f64> = (0..n).map(|i| 1.0 + (i % 10) as f64).collect();
    let q = decaying(n, 0.0);
    let m = &q * DMatrix::from_diagonal(&DVector::from_vec(d.clone())) * q.transpose() + decaying(n, 1.0);
    let exact = m.clone().symmetric_eigenvalues().iter().map(|w| w.ln()).sum();
    let a = crate::ops::Psd::new(Dense::new(m));
    judge(
        "SLQ",
        count,
        seeds(count, exact, |s| a.logdet_with(Slq::default().probes(15).rel_tol(1e-3).seed(s)).unwrap()),
        0.005,
        0.2,
    );
}
#[test]
fn standard_errors_of_a_few_seeds() {
    all_estimators(40);
}
#[test]
#[ignore = "1000 seeds of every estimator: half a minute with optimisation"]
fn standard_errors_of_a_thousand_seeds() {
    all_estimators(1000);
}

#[test]
fn better_where_eigenvalues_decay() {
    let m = decaying(200, 2.0);
    let (a, exact) = (Dense::new(m.clone()), m.trace());
    let error = |e: Estimate<f64>| ((e.value - exact) / exact).abs();
    let hutchinson = a.trace_with(Hutchinson::default().probes(60)).unwrap();
    let (pp, x) = (
        a.trace_with(HutchPlusPlus::default().probes(60)).unwrap(),
        a.trace_with(XTrace::default().probes(60)).unwrap(),
    );
    assert!(pp.std_error < hutchinson.std_error / 20.0 && error(pp) < 1e-2);
    assert!(x.std_error < hutchinson.std_error / 20.0 && error(x) < 1e-2, "{x:?} {hutchinson:?}");
    let nys = crate::ops::Psd::new(a.clone()).trace_with(XNysTrace::default().probes(60)).unwrap();
    assert!(nys.std_error < x.std_error && error(nys) < 1e-3);
    assert_eq!((pp.probes, x.probes, nys.probes), (60, 60, 60));
}

#[test]
fn tolerances_are_met_or_the_value_is_exact() {
    let m = decaying(300, 1.0);
    let (a, exact) = (Dense::new(m.clone()), m.trace());
    for tol in [1e-1, 1e-2] {
        for e in [
            a.trace_with(Hutchinson::default().rel_tol(tol)).unwrap(),
            a.trace_with(HutchPlusPlus::default().rel_tol(tol)).unwrap(),
            a.trace_with(XTrace::default().rel_tol(tol)).unwrap(),
        ] {
            assert!(e.std_error <= tol * exact * 1.5 && (e.value - exact).abs() <= 5.0 * e.std_error + 1e-10, "{e:?}");
        }
    }
    // finer than n products can: exact
    let e = a.trace_with(Hutchinson::default().rel_tol(1e-6)).unwrap();
    assert!(e.std_error == 0.0 && e.probes == 300 && (e.value - exact).abs() < 1e-10);
    // not allowed so many
    let e = a.trace_with(Hutchinson::default().rel_tol(1e-6).max_probes(50));
    assert!(matches!(e, Err(Error::NotConverged { .. })), "{e:?}");
    // low rank: caught whole
    let low = matrix::<NoFacts, f64>((80, 80), |i, j| noise(i) * noise(j + 5) + noise(i + 100) * noise(j + 300));
    let exact: f64 = (0..80).map(|i| noise(i) * noise(i + 5) + noise(i + 100) * noise(i + 300)).sum();
    for e in [XTrace::default().trace(&low).unwrap(), HutchPlusPlus::default().trace(&low).unwrap()] {
        assert!((e.value - exact).abs() < 1e-9, "{e:?} {exact}");
    }
}

#[test]
fn the_same_bits_for_a_seed() {
    let a = Dense::new(decaying(60, 0.5));
    let run = |s: u64| a.trace_with(XTrace::default().probes(20).seed(s)).unwrap();
    assert_eq!(run(5), run(5));
    assert!(run(5) != run(6));
    // the same numbers as ever: a change of the generator is a change of every user's result
    let e = crate::ops::Diagonal::new([1.0, 2.0, 3.0]).trace_with(Hutchinson::default().probes(2)).unwrap();
    assert_eq!((e.value, e.std_error), (6.0, 0.0));
}

#[test]
fn complex_numbers() {
    let n = 70;
    let m = DMatrix::from_fn(n, n, |i, j| {
        c(noise(i + n * j), noise(5000 + i * n + j)).scale(1.0 / (1.0 + i.abs_diff(j) as f64))
    });
    let (a, exact) = (Dense::new(m.clone()), m.trace());
    for e in [
        a.trace_with(Hutchinson::default().probes(40).seed(2)).unwrap(),
        a.trace_with(HutchPlusPlus::default().probes(42).seed(2)).unwrap(),
        a.trace_with(XTrace::default().probes(40).seed(2)).unwrap(),
    ] {
        assert!((e.value - exact).norm() < 5.0 * e.std_error && e.std_error < 10.0, "{e:?}");
    }
}

#[test]
fn diagonals() {
    let m = decaying(90, 1.0);
    let a = Dense::new(m.clone());
    let plain = a.diagonal_with(Hutchinson::default().probes(60).seed(4)).unwrap();
    let pp = a.diagonal_with(HutchPlusPlus::default().probes(60).seed(4)).unwrap();
    for e in [&plain, &pp] {
        let inside = (0..90).filter(|&i| (e.value[i] - m[(i, i)]).abs() <= 4.0 * e.std_error[i]).count();
        assert!(inside >= 88, "{inside}");
    }
    assert!(pp.std_error.norm() < plain.std_error.norm() && pp.probes == 60);
    let exact = a.diagonal_with(Hutchinson::default().rel_tol(1e-9)).unwrap();
    assert!((0..90).all(|i| exact.value[i] == m[(i, i)]) && exact.probes == 90);
}

#[test]
fn log_determinants() {
    let n = 120;
    let line = |k: usize| 4.0 - 2.0 * (core::f64::consts::PI * k as f64 / (n + 1) as f64).cos();
    let a = matrix::<PsdFacts, f64>((n, n), |i, j| [4.0, -1.0, 0.0][i.abs_diff(j).min(2)]);
    let exact: f64 = (1..=n).map(|k| line(k).ln()).sum();
    let e = Slq::default().rel_tol(0.003).trace_of(&a, crate::algorithms::matfun::Function::Log).unwrap();
    assert!((e.value - exact).abs() < 5.0 * e.std_error && e.std_error <= 0.003 * e.value, "{e:?} {exact}");
    // no spread: the quadrature alone, exact
    let d = diagonal::<PsdFacts, f64>((0..n).map(|i| 1.0 + (i % 4) as f64).collect());
    let e = Slq::default().trace_of(&d, crate::algorithms::matfun::Function::Log).unwrap();
    let exact: f64 = (0..n).map(|i| (1.0 + (i % 4) as f64).ln()).sum();
    assert!((e.value - exact).abs() < 1e-9 * exact && e.std_error < 1e-9 * exact);
    // indefinite and singular
    let bad = diagonal::<PsdFacts, f64>((0..20).map(|i| i as f64 - 3.0).collect());
    assert!(matches!(Slq::default().logdet(&bad), Err(Error::NegativeEigenvalue { .. })));
    let zero = diagonal::<PsdFacts, f64>((0..20).map(f64::from).collect());
    assert!(matches!(Slq::default().logdet(&zero), Err(Error::Singular { .. })));
}

#[test]
fn odd_arguments() {
    let empty = matrix::<NoFacts, f64>((0, 0), |_, _| 1.0);
    assert_eq!(XTrace::default().trace(&empty).unwrap().value, 0.0);
    assert_eq!(Hutchinson::default().trace(&empty).unwrap().value, 0.0);
    let one = diagonal::<PsdFacts, f64>(vec![3.0]);
    assert_eq!(XTrace::default().trace(&one).unwrap(), Estimate { value: 3.0, std_error: 0.0, probes: 1 });
    assert_eq!(XNysTrace::default().trace(&one).unwrap().value, 3.0);
    assert_eq!(XTrace::default().probes(8).trace(&one).unwrap().value, 3.0);
    let wide = matrix::<NoFacts, f64>((2, 3), |_, _| 1.0);
    assert!(matches!(Hutchinson::default().trace(&wide), Err(Error::ShapeMismatch { .. })));
    assert!(matches!(Hutchinson::default().probes(0).trace(&one), Err(Error::InvalidArgument { .. })));
    assert!(matches!(Hutchinson::default().rel_tol(f64::NAN).trace(&one), Err(Error::InvalidArgument { .. })));
    let nan = free::<PsdFacts, f64, _>(50, |_, _: &[f64], y: &mut [f64]| y.fill(f64::NAN));
    assert!(matches!(XTrace::default().trace(&nan), Err(Error::NonFinite { .. })));
    assert!(matches!(Slq::default().logdet(&nan), Err(Error::NonFinite { .. })));
    let zero = diagonal::<PsdFacts, f64>(vec![0.0; 50]);
    assert_eq!(XTrace::default().trace(&zero).unwrap().value, 0.0);
    assert_eq!(XNysTrace::default().trace(&zero).unwrap().value, 0.0);
    assert_eq!(HutchPlusPlus::default().trace(&zero).unwrap().value, 0.0);
    assert_eq!(Hutchinson::default().trace(&zero).unwrap().value, 0.0);
    let mut seen = 0;
    let e = {
        Hutchinson::default().rel_tol(1e-9).on_iteration(|i| {
            seen = i.iteration;
            false
        })
    }
    .trace(&Dense::new(decaying(90, 1.0)));
    assert!(matches!(e, Err(Error::NotConverged { iterations: 1, .. })) && seen == 1, "{e:?}");
}
