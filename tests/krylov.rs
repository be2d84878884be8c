//! Every method for linear systems on problem families with known spectra: it reaches its tolerance, checked here by nalgebra's own
//! product, or says with the facts that it has not.
use cola::prelude::*;
use cola::{Error, Solution, read_matrix_market};
use families::{
    C64, Number, clement, frank, geometric, graded, grcar, hilbert, jordan, laplacian, noise, with_spectrum,
};
use nalgebra::{DMatrix, DVector};

mod families;

const TOL: f64 = 1e-9;

/// What is known of a family.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Definite,
    Indefinite,
    General,
}
/// What one method makes of A x = b.
fn judge<T: Number>(
    what: &str,
    a: &DMatrix<T>,
    b: &DVector<T>,
    must: bool,
    result: cola::Result<Solution<DVector<T>>>,
) -> bool {
    let residual = |x: &DVector<T>| (b - a * x).norm() / b.norm();
    // two products with a large x differ by the rounding of either
    let rounding = |x: &DVector<T>| 1e-13 + 4e-15 * a.norm() * x.norm() / b.norm();
    match result {
        Ok(s) => {
            let r = residual(&s.x);
            assert!(r <= 10.5 * TOL + rounding(&s.x), "{what}: {r:e} claimed as {:e}", s.report.residual);
            assert!(
                (r - s.report.residual).abs() <= 1e-2 * r + rounding(&s.x),
                "{what}: {r:e} is not {:e}",
                s.report.residual
            );
            assert_eq!(s.report.history.len(), s.report.iterations, "{what}");
            true
        }
        Err(e) => {
            assert!(!must, "{what}: {e}");
            match &e {
                Error::NotConverged { iterations, residual: r, tol, .. } => {
                    assert!(*iterations > 0 && r > tol, "{what}: {e}");
                    // the iterate is inside, and it is what the error says of it
                    let x = e.iterate::<T>().expect("the iterate").column(0).into_owned();
                    let truth = residual(&x);
                    assert!((truth - r).abs() <= 1e-2 * r + rounding(&x), "{what}: {truth:e} is not {r:e}");
                }
                Error::Breakdown { .. } | Error::NotPositiveDefinite { .. } => {}
                _ => panic!("{what}: {e}"),
            }
            false
        }
    }
}
/// All methods that may serve; those that `must` (by number of iterations: most) have to. Returns how many did.
fn all<T: Number>(name: &str, kind: Kind, a: &DMatrix<T>, must: bool) -> usize {
    let n = a.nrows();
    let b = DVector::from_fn(n, |i, _| T::some(i));
    let op = Psd::new(Dense::new(a));
    let most = 40 * n + 200;
    let mut served = 0;
    let mut see = |method: &str, must: bool, result| {
        served += usize::from(judge(&format!("{name} by {method}"), a, &b, must, result));
    };
    if kind == Kind::Definite {
        see("CG", must, op.solve_with(Cg::default().tol(TOL).max_iters(most), &b));
    }
    if kind != Kind::General {
        see("MINRES", must, op.solve_with(Minres::default().tol(TOL).max_iters(most), &b));
        see("SYMMLQ", must, op.solve_with(Symmlq::default().tol(TOL).max_iters(most), &b));
    }
    see("GMRES", must, op.solve_with(Gmres::default().tol(TOL).restart(n).max_iters(most), &b));
    // no promise of convergence
    see("GMRES(10)", false, op.solve_with(Gmres::default().tol(TOL).restart(10).max_iters(most), &b));
    see("BiCGStab(2)", false, op.solve_with(BiCgStab::default().tol(TOL).max_iters(most), &b));
    see("BiCGStab(4)", false, op.solve_with(BiCgStab::default().tol(TOL).degree(4).max_iters(most), &b));
    see("TFQMR", false, op.solve_with(Tfqmr::default().tol(TOL).max_iters(most), &b));
    // the normal equations square the condition
    see("CRAIG", false, op.solve_with(Craig::default().tol(TOL).max_iters(most), &b));
    served
}

#[test]
fn definite_families() {
    assert!(all("1-D Laplacian", Kind::Definite, &laplacian(1, 60, 0.0), true) >= 6);
    assert!(all("2-D Laplacian", Kind::Definite, &laplacian(2, 8, 0.0), true) >= 7);
    assert!(all("3-D Laplacian", Kind::Definite, &laplacian(3, 4, 0.0), true) >= 7);
    for cond in [1e2, 1e4, 1e6, 1e8, 1e10, 1e12, 1e14] {
        let a = with_spectrum::<f64>(&geometric(40, cond));
        all(&format!("condition {cond:e}"), Kind::Definite, &a, cond <= 1e4);
    }
    let clustered: Vec<f64> = (0..60).map(|i| [1.0, 10.0, 1e3][i % 3] * (1.0 + 1e-9 * i as f64)).collect();
    assert!(all("clustered", Kind::Definite, &with_spectrum::<f64>(&clustered), true) >= 5);
    all("graded", Kind::Definite, &graded(40), false);
    for n in [4, 8, 12] {
        all("Hilbert", Kind::Definite, &hilbert(n), false);
    }
    let hermitian = with_spectrum::<C64>(&geometric(30, 1e3));
    assert!(all("complex Hermitian", Kind::Definite, &hermitian, true) >= 5);
}

#[test]
fn indefinite_and_general_families() {
    assert!(all("Helmholtz", Kind::Indefinite, &laplacian(2, 8, 1.0), true) >= 3);
    let both: Vec<f64> = (0..40).map(|i| (1.0 + i as f64) * [1.0, -1.0][i % 2]).collect();
    assert!(all("complex indefinite", Kind::Indefinite, &with_spectrum::<C64>(&both), true) >= 3);
    all("Frank", Kind::General, &frank(10), true);
    all("Frank", Kind::General, &frank(16), false);
    assert!(all("Grcar", Kind::General, &grcar(60), true) >= 2);
    all("Clement", Kind::General, &clement(30), true);
    assert!(all("Jordan", Kind::General, &jordan(40), true) >= 2);
    let random = DMatrix::from_fn(40, 40, |i, j| C64::some(i * 40 + j) + C64::new(6.0 * f64::from(i == j), 0.0));
    assert!(all("complex random", Kind::General, &random, true) >= 3);
}

/// Rectangular and rank-deficient: LSQR, LSMR and CRAIG against nalgebra's SVD.
#[test]
fn least_squares_families() {
    for (m, n) in [(50, 20), (20, 50), (30, 30)] {
        for cond in [1e1, 1e3, 1e5] {
            let r = m.min(n);
            let basis = |k: usize, seed: usize| {
                DMatrix::from_fn(k, r, |i, j| noise(seed + i * r + j)).qr().q().columns(0, r).into_owned()
            };
            let a = basis(m, 5)
                * DMatrix::from_diagonal(&DVector::from_vec(geometric(r, cond)))
                * basis(n, 999).transpose();
            let b = DVector::from_fn(m, |i, _| noise(i));
            let want = a.clone().svd(true, true).solve(&b, 1e-13).unwrap();
            let op = Dense::new(&a);
            let gradient = |x: &DVector<f64>| (a.transpose() * (&b - &a * x)).norm() / b.norm();
            for (name, s) in [
                ("LSQR", op.lstsq_with(Lsqr::default().tol(1e-10).max_iters(20_000), &b)),
                ("LSMR", op.lstsq_with(Lsmr::default().tol(1e-10).max_iters(20_000), &b)),
            ] {
                let s = s.unwrap_or_else(|e| panic!("{name}, {m} x {n}, {cond:e}: {e}"));
                assert!(gradient(&s.x) <= 1e-8, "{name}, {m} x {n}, {cond:e}: {:e}", gradient(&s.x));
                // an error of the gradient is one of x times the square of the condition
                assert!((&s.x - &want).norm() <= 1e-9 * cond * cond * want.norm(), "{name}, {m} x {n}, {cond:e}");
            }
            if m <= n {
                let s = op.lstsq_with(Craig::default().tol(1e-10).max_iters(20_000), &b).unwrap();
                assert!((&s.x - &want).norm() <= 1e-8 * cond * want.norm(), "CRAIG, {m} x {n}, {cond:e}");
            }
        }
    }
}

/// The matrices from applications, with the methods that `tests/algorithms.rs` does not try.
#[test]
fn matrices_from_applications() {
    for name in ["unit_square", "bar", "1138_bus", "recirc_flow"] {
        let path = format!("{}/data/{name}.mtx", env!("CARGO_MANIFEST_DIR"));
        let mut a: nalgebra_sparse::CsrMatrix<f64> = read_matrix_market(path).unwrap();
        if name == "unit_square" {
            a.triplet_iter_mut().filter(|e| e.0 == e.1).for_each(|e| *e.2 += 0.1);
        }
        let n = a.nrows();
        let b = DVector::from_fn(n, |i, _| noise(i));
        let (op, general) = (Psd::new(Sparse::new(&a)), Sparse::new(&a));
        let residual = |x: &DVector<f64>| (&b - &a * x).norm() / b.norm();
        let see = |what: &str, must: bool, s: cola::Result<Solution<DVector<f64>>>| match s {
            Ok(s) => assert!(residual(&s.x) <= 10.5e-8, "{name} by {what}: {:e}", residual(&s.x)),
            Err(e) => {
                assert!(!must, "{name} by {what}: {e}");
                assert!(matches!(e, Error::NotConverged { .. } | Error::Breakdown { .. }), "{name} by {what}: {e}");
            }
        };
        if name != "recirc_flow" {
            let ic = IncompleteCholesky::new(&general).unwrap();
            see("SYMMLQ", true, op.solve_with(Symmlq::default().tol(1e-8).preconditioner(&ic), &b));
            // three right-hand sides, one of them zero
            let wide = DMatrix::from_fn(n, 3, |i, j| if j == 1 { 0.0 } else { noise(i + 17 * j) });
            let s = op.solve_with(Cg::default().tol(1e-8).preconditioner(&ic), &wide).unwrap();
            for j in 0..3 {
                let r = (wide.column(j) - &a * s.x.column(j)).norm();
                assert!(r <= 1.05e-7 * wide.column(j).norm(), "{name}, column {j}: {r:e}");
            }
        }
        let ilu = IncompleteLu::new(&general).unwrap();
        let must = n < 300;
        see("TFQMR", must, general.solve_with(Tfqmr::default().tol(1e-8).max_iters(2000).preconditioner(&ilu), &b));
        // (the dense factorisation of the larger ones takes too long in a debug build)
        if n < 300 {
            see("mixed precision", true, general.solve_with(MixedPrecision::default().tol(1e-8), &b));
        }
        see("LSQR", false, general.solve_with(Lsqr::default().tol(1e-8).max_iters(300).preconditioner(&ilu), &b));
    }
}

/// Singular with a solution: MINRES, SYMMLQ, LSQR and CRAIG find the shortest one.
#[test]
fn singular_systems() {
    let s: Vec<f64> = (0..40).map(|i| if i % 5 == 0 { 0.0 } else { (i as f64 - 17.5) / 4.0 }).collect();
    let a = with_spectrum::<f64>(&s);
    let b = &a * DVector::from_fn(40, |i, _| noise(i));
    let want = a.clone().svd(true, true).solve(&b, 1e-10).unwrap();
    let op = SelfAdjoint::new(Dense::new(&a));
    for (name, x) in [
        ("MINRES", op.solve_with(Minres::default(), &b).unwrap().x),
        ("SYMMLQ", op.solve_with(Symmlq::default(), &b).unwrap().x),
        ("LSQR", op.lstsq_with(Lsqr::default(), &b).unwrap().x),
        ("CRAIG", op.lstsq_with(Craig::default(), &b).unwrap().x),
    ] {
        assert!((&x - &want).norm() <= 1e-7 * want.norm(), "{name}: {:e}", (&x - &want).norm());
    }
}

/// Stopped by a callback: the iterate is inside the error, and each method goes on from it.
#[test]
fn interrupted_and_resumed() {
    let a = laplacian(2, 12, 0.0);
    let op = Psd::new(Dense::new(&a));
    let b = DMatrix::from_fn(144, 1, |i, _| noise(i));
    macro_rules! resumes {
        ($($Method:ident)*) => { $({
            let name = stringify!($Method);
            let stop = |i: &cola::algorithms::Iteration| i.residual > 1e-2;
            let e = op.solve_with($Method::default().on_iteration(stop), &b).unwrap_err();
            let Error::NotConverged { residual, .. } = e else { panic!("{name}: {e}") };
            let mut x = e.iterate::<f64>().expect(name).clone();
            let truth = (&b - &a * &x).norm() / b.norm();
            assert!((truth - residual).abs() <= 1e-6 * truth && truth < 0.1, "{name}: {truth:e} {residual:e}");
            let rest = op.solve_into($Method::default(), &b, &mut x).unwrap();
            let whole = op.solve_with($Method::default(), &b).unwrap().report;
            assert!((&b - &a * &x).norm() <= 1.01e-9 * b.norm(), "{name}");
            assert!(rest.iterations <= whole.iterations + 5, "{name}: {} of {}", rest.iterations, whole.iterations);
        })* };
    }
    resumes!(Cg Minres Symmlq Gmres BiCgStab Tfqmr);
}
