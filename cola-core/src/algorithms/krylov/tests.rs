//! What all methods have in common.
use super::testing::*;
use super::*;
use crate::facts::{NoFacts, PsdFacts};
use core::ops::ControlFlow;

#[test]
fn several_columns_one_after_the_other() {
    let a = laplacian::<PsdFacts, f64>(20);
    let mut b: Vec<f64> = noisy(60);
    b[20..40].fill(0.0);
    let mut x = vec![f64::NAN; 60];
    let (bv, xv) = (View::matrix(&b, 20, 3), ViewMut::matrix(&mut x, 20, 3));
    let report = default_solve(Kind::Psd, false, &a, bv, xv).unwrap();
    assert!(report.iterations >= 10 && report.residual <= 1e-10);
    assert!(x[20..40].iter().all(|&x| x == 0.0));
    for j in 0..3 {
        assert!(true_residual(&a, false, &b[j * 20..][..20], &x[j * 20..][..20]) <= 1e-10);
    }
    let mut short = vec![0.0; 40];
    let e = default_solve(Kind::Psd, false, &a, bv, ViewMut::matrix(&mut short, 20, 2));
    assert!(matches!(e, Err(Error::ShapeMismatch { .. })));
}

#[test]
fn strided_views() {
    let a = laplacian::<PsdFacts, f64>(7);
    let b: Vec<f64> = noisy(14);
    let mut x = vec![0.0; 14];
    // rows of a row-major 7 x 2 matrix
    let (bv, xv) = (View::new(&b, 7, 2, 2, 1), ViewMut::new(&mut x, 7, 2, 2, 1));
    default_solve(Kind::SelfAdjoint, false, &a, bv, xv).unwrap();
    for j in 0..2 {
        let pick = |v: &[f64]| -> Vec<f64> { v.iter().skip(j).step_by(2).copied().collect() };
        assert!(true_residual(&a, false, &pick(&b), &pick(&x)) <= 1e-10);
    }
}

#[test]
fn default_solve_of_the_adjoint() {
    let a =
        matrix::<NoFacts, C64>((9, 9), |i, j| c(noise(i + 9 * j) + 4.0 * f64::from(i == j), noise(100 + i + 9 * j)));
    let b = complex(9);
    for adjoint in [false, true] {
        let mut x = vec![c(0.0, 0.0); 9];
        let (bv, xv) = (View::vector(&b), ViewMut::vector(&mut x));
        default_solve(Kind::General, adjoint, &a, bv, xv).unwrap();
        assert!(true_residual(&a, adjoint, &b, &x) <= 1e-10);
    }
}

#[test]
fn lanes_are_refused() {
    type L = crate::Lanes<f64, 4>;
    let a = diagonal::<PsdFacts, L>(vec![L::of(2.0); 3]);
    let (b, mut x) = ([L::of(1.0); 3], [L::of(0.0); 3]);
    for kind in [Kind::Psd, Kind::SelfAdjoint, Kind::General] {
        let (bv, xv) = (View::vector(&b), ViewMut::vector(&mut x));
        let e = default_solve(kind, false, &a, bv, xv).unwrap_err();
        assert!(e.to_string().contains("lanes"), "{e}");
    }
}

/// All three return types of a callback; the options reach the loop.
#[test]
fn builders() {
    let a = laplacian::<PsdFacts, f64>(40);
    let b: Vec<f64> = noisy(40);
    let mut residuals = Vec::new();
    let s = solve(Cg::default().on_iteration(|i| residuals.push(i.residual)), &a, &b).unwrap();
    assert_eq!(residuals, s.report.history);
    let loose = solve(Cg::default().tol(1e-2).progress(), &a, &b).unwrap();
    assert!(loose.report.iterations < s.report.iterations);
    let stop = |e: Result<Solution<Vec<f64>>>| match e {
        Err(Error::NotConverged { iterations, .. }) => iterations,
        other => panic!("{other:?}"),
    };
    assert_eq!(stop(solve(Minres::default().on_iteration(|i| i.iteration < 3), &a, &b)), 3);
    let flow = |i: &Iteration| match i.iteration {
        4 => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    };
    assert_eq!(stop(solve(Gmres::default().on_iteration(flow), &a, &b)), 4);
    assert_eq!(stop(solve(Cg::default().max_iters(5), &a, &b)), 5);
    let identity = diagonal::<PsdFacts, f64>(vec![1.0; 40]);
    let p = Cg::default().preconditioner(&identity).on_iteration(|_| true);
    assert_eq!(solve(p, &a, &b).unwrap().report.iterations, s.report.iterations);
}

/// A fault inside of an operator that iterates is the solve's.
#[test]
fn faults_of_the_operator_are_returned() {
    let a = free::<PsdFacts, f64, _>(3, |_, x: &[f64], y: &mut [f64]| {
        y.copy_from_slice(x);
        crate::error::note_fault(0, Error::Singular { index: 7 });
    });
    for run in [cg::<f64>, minres::<f64>, gmres::<f64>] as [Run<f64>; 3] {
        let e = run(&a, None, &[1.0, 2.0, 3.0], &mut [0.0; 3], &mut Params::default());
        assert_eq!(e.unwrap_err(), Error::Singular { index: 7 });
    }
}
