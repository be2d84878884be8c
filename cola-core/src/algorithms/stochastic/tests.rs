//! Estimates against exact values: within four standard errors, standard errors of the right size, repeatable.
use super::*;
use crate::algorithms::direct::DetAlgorithm;
use crate::algorithms::krylov::testing::*;
use crate::ext::OperatorExt;
use crate::ext_iterative::IterativeExt;
use crate::ext_norms::NormExt;
use crate::facts::{NoFacts, PsdFacts};
use crate::ops::{Dense, Psd, SelfAdjoint};
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
    assert!(error(nys) < 1e-3, "{nys:?}");
    // what is said of one run is itself random: of several
    let psd = crate::ops::Psd::new(a.clone());
    let rms = |run: &dyn Fn(u64) -> f64| (0..8).map(|seed| run(seed).powi(2)).sum::<f64>().sqrt();
    let by_nys = rms(&|seed| psd.trace_with(XNysTrace::default().probes(60).seed(seed)).unwrap().std_error);
    let by_x = rms(&|seed| a.trace_with(XTrace::default().probes(60).seed(seed)).unwrap().std_error);
    assert!(by_nys < by_x, "{by_nys} {by_x}");
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

/// The same bits, whatever else runs beside: results depend on the seed alone.
#[test]
fn the_same_bits_on_any_thread() {
    let a = crate::ops::Psd::new(Dense::new(decaying(60, 0.5)));
    let run = || {
        (
            a.trace_with(XTrace::default().probes(20).seed(5)).unwrap(),
            a.trace_with(HutchPlusPlus::default().probes(24).seed(5)).unwrap(),
            a.diagonal_with(XDiag::default().probes(20).seed(5)).unwrap(),
            a.logdet_with(Slq::default().probes(19).seed(5)).unwrap(),
        )
    };
    let alone = run();
    for threads in [1, 2, 4] {
        let all = std::thread::scope(|s| {
            let running: Vec<_> = (0..threads).map(|_| s.spawn(run)).collect();
            running.into_iter().map(|r| r.join().unwrap()).collect::<Vec<_>>()
        });
        assert!(all.iter().all(|r| *r == alone));
    }
    // an operator that takes threads of its own, against the same rows by one: what estimators sum up is the same bits
    let (n, rows) = (1100, 64);
    let points = DMatrix::from_fn(n, 2, |i, j| noise(i + n * j));
    let k = crate::ops::Rbf::new(0.7);
    let v = DMatrix::from_fn(n, 3, |i, j| noise(i * 5 + j));
    let threaded = crate::ops::Kernel::new(k, &points).apply(&v);
    for first in (0..n).step_by(rows) {
        let some = points.rows(first, rows.min(n - first)).into_owned();
        let alone = crate::ops::Kernel::cross(k, &some, &points).apply(&v);
        assert_eq!(threaded.rows(first, some.nrows()), alone, "rows from {first}");
    }
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
    let x = a.diagonal_with(XDiag::default().probes(60).seed(4)).unwrap();
    let inside = (0..90).filter(|&i| (x.value[i] - m[(i, i)]).abs() <= 4.0 * x.std_error[i]).count();
    assert!(inside >= 88 && x.probes == 60, "{inside}");
    // where eigenvalues fall fast it has the smaller error
    let steep = Dense::new(decaying(90, 2.0));
    let plain = steep.diagonal_with(Hutchinson::default().probes(60).seed(4)).unwrap();
    let x = steep.diagonal_with(XDiag::default().probes(60).seed(4)).unwrap();
    assert!(x.std_error.norm() < 0.5 * plain.std_error.norm(), "{} {}", x.std_error.norm(), plain.std_error.norm());
    let exact = a.diagonal_with(XDiag::default().rel_tol(1e-9)).unwrap();
    assert!((0..90).all(|i| exact.value[i] == m[(i, i)]) && exact.probes == 90);
    // complex and not Hermitian; of low rank it is exact
    let z = DMatrix::from_fn(70, 70, |i, j| c(noise(i) * noise(j + 9), noise(i + 3) * noise(2 * j)));
    let x = Dense::new(z.clone()).diagonal_with(XDiag::default().probes(20)).unwrap();
    assert!((0..70).all(|i| (x.value[i] - z[(i, i)]).norm() < 1e-12), "{:?}", x.probes);
    let z = DMatrix::from_fn(70, 70, |i, j| c(noise(i + 70 * j), noise(5000 + i * 70 + j)));
    let x = Dense::new(z.clone()).diagonal_with(XDiag::default().probes(60)).unwrap();
    let inside = (0..70).filter(|&i| (x.value[i] - z[(i, i)]).norm() <= 4.0 * x.std_error[i]).count();
    assert!(inside >= 68, "{inside}");
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

/// Every kind of preconditioner that has a root: the same value, and a smaller error.
#[cfg(feature = "faer")]
#[test]
fn log_determinants_with_a_preconditioner() {
    use crate::ops::{Psd, Sparse};
    let n = 150;
    // a diagonal over three decades, and weak links
    let entry = |i: usize, j: usize| match i.abs_diff(j) {
        0 => 10f64.powf(3.0 * i as f64 / n as f64),
        1 | 7 => -0.2,
        _ => 0.0,
    };
    let m = DMatrix::from_fn(n, n, entry);
    let exact: f64 = m.clone().symmetric_eigenvalues().iter().map(|w| w.ln()).sum();
    let e = (0..n * n).map(|k| (k / n, k % n, entry(k / n, k % n))).filter(|e| e.2 != 0.0);
    let sparse = Sparse::from_triplets(n, n, e.collect::<Vec<_>>()).unwrap();
    let (jacobi, block) = (crate::Jacobi::of(&sparse).unwrap(), crate::BlockJacobi::of(&Psd::new(&sparse), 5).unwrap());
    let (ic, ssor) = (crate::IncompleteCholesky::new(&sparse).unwrap(), crate::Ssor::of(&sparse, 1.0).unwrap());
    let a = Psd::new(&sparse);
    let plain = a.logdet_with(Slq::default().probes(24).rel_tol(1e-4)).unwrap();
    assert!((plain.value - exact).abs() < 4.0 * plain.std_error, "{plain:?} {exact}");
    let check = |name: &str, e: Estimate<f64>, gain: f64| {
        assert!((e.value - exact).abs() < 4.0 * e.std_error + 1e-6, "{name}: {e:?} {exact}");
        assert!(e.std_error < plain.std_error / gain, "{name}: {e:?} {plain:?}");
    };
    let slq = || Slq::default().probes(24).rel_tol(1e-4);
    // sign vectors do not see a diagonal: to scale it saves steps, and no variance
    check("Jacobi", a.logdet_with(slq().preconditioner(&jacobi)).unwrap(), 0.5);
    check("block Jacobi", a.logdet_with(slq().preconditioner(&block)).unwrap(), 0.5);
    check("IC", a.logdet_with(slq().preconditioner(&ic)).unwrap(), 2.5);
    check("SSOR", a.logdet_with(slq().preconditioner(&ssor)).unwrap(), 2.0);
    // fewer vectors for the same error
    let fewer = a.logdet_with(Slq::default().rel_tol(1e-4).preconditioner(&ic)).unwrap();
    assert!(fewer.probes < 100, "{fewer:?}");
    let small = crate::Jacobi::of(&crate::ops::Diagonal([1.0; 3])).unwrap();
    assert!(matches!(a.logdet_with(slq().preconditioner(&small)), Err(Error::ShapeMismatch { .. })));
}

#[test]
fn densities() {
    let n = 400;
    let line = laplacian::<PsdFacts, f64>(n);
    let density = Slq::default().probes(16).steps(80).density_of(&line).unwrap();
    let exact = |x: f64| (1..=n).filter(|k| 2.0 - 2.0 * (core::f64::consts::PI * *k as f64 / 401.0).cos() <= x).count();
    for x in [0.5, 1.0, 2.0, 3.5] {
        let e = density.count(-1.0, x);
        // a node carries about n / 80 eigenvalues
        assert!((e.value - exact(x) as f64).abs() < 4.0 * e.std_error + 5.0, "{x}: {e:?} {}", exact(x));
    }
    assert!((density.count(-1.0, 5.0).value - n as f64).abs() < 1e-9);
    let e = density.trace(|w| w * w);
    assert!((e.value - (6 * n - 2) as f64).abs() < 4.0 * e.std_error + 1e-6);
    // the density itself: n / (pi sqrt(x (4 - x))), at the middle n / (2 pi)
    assert!((density.at(2.0, 0.2).value / (n as f64 / core::f64::consts::TAU) - 1.0).abs() < 0.1);
    assert!(density.quadratures().iter().all(|q| (q.iter().map(|q| q.1).sum::<f64>() - n as f64).abs() < 1e-9));
}

#[test]
fn condition_numbers() {
    // Hilbert of order 5: |A|_1 |A^-1|_1 = 943656
    let hilbert = Dense::new(DMatrix::from_fn(5, 5, |i, j| 1.0 / (i + j + 1) as f64));
    assert!((hilbert.cond1_estimate().unwrap() / 943_656.0 - 1.0).abs() < 1e-9);
    let singular = Dense::new(DMatrix::from_element(3, 3, 1.0));
    assert_eq!(singular.cond1_estimate().unwrap(), f64::INFINITY);
    assert_eq!(Dense::new(DMatrix::<f64>::zeros(0, 0)).cond1_estimate().unwrap(), 1.0);
    // with products alone: the inverse of a large operator is an iteration
    let n = 30;
    let line = laplacian::<PsdFacts, f64>(n);
    assert_eq!(line.norm1_estimate().unwrap(), 4.0);
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

/// What was estimated before the probes ran out is in the error: values, and their standard errors.
#[test]
fn an_estimate_that_is_not_good_enough_is_kept() {
    let n = 300;
    let a = SelfAdjoint::new(Dense::new(DMatrix::from_fn(n, n, |i, j| {
        if i == j { 2.0 } else { ((i.min(j) * 31 + i.max(j) * 17) as f64).sin() * 0.3 }
    })));
    let kept = |e: Error, shape: (usize, usize)| {
        assert!(matches!(e, Error::NotConverged { .. }), "{e}");
        let iterate = e.iterate::<f64>().expect("the estimate").clone();
        assert_eq!(iterate.shape(), shape);
        iterate
    };
    let near = |e: Error| {
        let found = kept(e, (1, 2));
        assert!((found[0] - 600.0).abs() < 5.0 * found[1] && found[1] > 0.0, "{found}");
    };
    near(a.trace_with(Hutchinson::default().rel_tol(1e-9).max_probes(40)).unwrap_err());
    near(a.trace_with(HutchPlusPlus::default().rel_tol(1e-9).max_probes(40)).unwrap_err());
    near(a.trace_with(XTrace::default().rel_tol(1e-9).max_probes(40)).unwrap_err());
    for e in [
        a.diagonal_with(Hutchinson::default().rel_tol(1e-9).max_probes(40)).unwrap_err(),
        a.diagonal_with(XDiag::default().rel_tol(1e-9).max_probes(40)).unwrap_err(),
    ] {
        let found = kept(e, (n, 2));
        let far = (0..n).filter(|&i| (found[(i, 0)] - 2.0).abs() > 5.0 * found[(i, 1)]).count();
        assert!(far < n / 20, "{far}");
    }
    let m = decaying(n, 1.0) + DMatrix::identity(n, n);
    let want: f64 = m.clone().symmetric_eigenvalues().iter().map(|w| w.ln()).sum();
    let psd = Psd::new(Dense::new(m));
    let found = kept(psd.logdet_with(Slq::default().rel_tol(1e-12).max_probes(20).steps(40)).unwrap_err(), (1, 2));
    assert!((found[0] - want).abs() < 5.0 * found[1], "{found} {want}");
}
