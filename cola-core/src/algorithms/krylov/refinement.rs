//! Iterative refinement in mixed precision: factors in single precision, answers in double precision.
//!
//! Carson & Higham, Accelerating the solution of linear systems by iterative refinement in three precisions, SISC 40, 2018 (GMRES-IR): each
//! correction is found by GMRES with the factors as its preconditioner, which converges near and beyond 1 / eps of single precision too,
//! where Wilkinson's refinement (J. H. Wilkinson, Rounding errors in algebraic processes, 1963) diverges. Deviations: two precisions; the
//! preconditioner stands on the right, and GMRES is flexible, as a solve in single precision is no linear operator to double precision; a
//! matrix that is singular in single precision is factored with a little added to its diagonal.

use super::gmres::gmres;
use super::{Params, Report, SolveAlgorithm, columns_by, tolerance};
use crate::algorithms::blocks::Action;
use crate::algorithms::precond::{Double, SinglePrecision};
use crate::algorithms::watch::{Callback, Observer, Options, Watcher, watched};
use crate::algorithms::{Iteration, NoCallback};
use crate::error::{Error, Result};
use crate::operator::{DynOperator, LinearOperator};
use crate::scalar::Real;
use crate::vector::Vector;
use crate::view::{View, ViewMut};
use core::ops::ControlFlow;

/// Factors A in half the digits, answers in all of them: [`SinglePrecision`] as the preconditioner of GMRES, which finds corrections until the
/// backward error of the answer is small.
///
/// That is |b - A x| / (|A|_F |x| + |b|) (Rigal & Gaches, J. ACM 14, 1967): x solves a system whose matrix and right-hand side are so little
/// off, as of a direct solver in double precision; the error of x is at most about the condition number times as large. `report.residual`
/// is |b - A x| / |b| as of all solvers; where x is large beside |b| / |A|, as it mostly is at condition numbers beyond 1e5, that is larger,
/// by whatever method, so that a [`tol`](MixedPrecision::tol) may be out of reach. The history, callbacks and a `NotConverged` tell the one that is
/// wanted.
///
/// The factorisation, 2 n^3 / 3 operations, takes half the memory and about half the time of one in double precision; each iteration costs
/// 4 n^2. A condition number below 1e7 needs 3 to 5; beyond that each of a few corrections takes up to one for each singular value below
/// about 1e-6 |A|.
///
/// # Input
/// A square A over f64 or its complex numbers; it is made dense.
/// # Errors
/// `NotConverged` with the backward error, or with |b - A x| / |b| where that is wanted, as for a singular A with b out of its range;
/// `Singular` where single precision finds no pivots whatever is added; `NonFinite`; `ShapeMismatch`.
/// # Example
/// ```
/// use cola_core::prelude::*;
/// let n = 40;
/// let a = Dense::new(nalgebra::DMatrix::from_fn(n, n, |i, j| 1.0 / (1 + i.abs_diff(j)) as f64));
/// let s = a.solve_with(MixedPrecision::default(), &vec![1.0; n])?;
/// assert!(s.report.residual <= 1e-14 && s.report.iterations <= 6);
/// // Hilbert's matrix, of condition 1e13
/// let h = Dense::new(nalgebra::DMatrix::from_fn(10, 10, |i, j| 1.0 / (i + j + 1) as f64));
/// let s = h.solve_with(MixedPrecision::default(), &vec![1.0; 10])?;
/// let (x, b) = (nalgebra::DVector::from_vec(s.x).norm(), 10f64.sqrt());
/// assert!(s.report.residual * b <= 1e-15 * (1.8 * x + b));
/// # Ok::<(), Error>(())
/// ```
/// # Reference
/// Carson & Higham, SIAM J. Sci. Comput. 40, 2018, A817-A847.
#[derive(Clone, Copy, Debug)]
pub struct MixedPrecision<F = NoCallback> {
    options: Options,
    callback: F,
}
watched!(MixedPrecision);
impl<F> MixedPrecision<F> {
    /// Wanted |b - A x| / |b|, as of other solvers. Default: none, but a backward error of 1e-15.
    pub fn tol(mut self, tol: f64) -> Self {
        self.options.tol = Some(tol);
        self
    }
    /// Most iterations of GMRES in all, each a product with A and a solve with the factors. Default: 10 n, at least 100.
    pub fn max_iters(mut self, max_iters: usize) -> Self {
        self.options.max_iters = Some(max_iters);
        self
    }
}
/// 4.5 times the rounding of double precision.
const TOL: f64 = 1e-15;
/// What GMRES is asked for in a correction: more is lost in the addition, or out of its reach at high condition.
const CORRECTION: f64 = 1e-4;

impl<A: LinearOperator<Scalar: Double>, F: Callback> SolveAlgorithm<A> for MixedPrecision<F> {
    fn solve(&mut self, a: &A, b: View<'_, A::Scalar>, x: ViewMut<'_, A::Scalar>) -> Result<Report> {
        let (factors, size) = SinglePrecision::regular(a)?;
        let (callback, options) = (&mut self.callback, self.options);
        let mut observer = |i: &Iteration| callback.observe(i);
        columns_by(NAME, a.ncols(), b, x, |b, x| refine(a, (&factors, size), b, x, options, &mut observer))
    }
}
const NAME: &str = "mixed-precision refinement";

/// Corrections by GMRES until the backward error is small. Workspace: the residual, the correction, and what GMRES needs.
fn refine<T: Double>(
    a: &dyn DynOperator<T>,
    (factors, size): (&SinglePrecision<T>, f64),
    b: &[T],
    x: &mut [T],
    options: Options,
    observer: Observer<'_>,
) -> Result<Report> {
    tolerance(NAME, options.tol)?;
    let (n, tol) = (b.len(), options.tol.unwrap_or(TOL));
    let most = options.max_iters.unwrap_or(n.saturating_mul(10).max(100));
    let length = b.norm().lane_f64(0);
    if !(length.is_finite() && x.norm().lane_f64(0).is_finite()) {
        return Err(Error::non_finite("the right-hand side or the starting point"));
    }
    if length == 0.0 {
        x.fill(T::of(0.0));
        return Ok(Report { algorithm: NAME, iterations: 0, residual: 0.0, history: Vec::new() });
    }
    let mut watcher = Watcher::new(NAME, tol, most, options.progress, Some(observer));
    let mut act = Action::new(NAME, a, 1);
    let (mut r, mut d) = (vec![T::zero(); n], vec![T::zero(); n]);
    let (mut before, mut idle, mut stopped) = (f64::INFINITY, 0, false);
    loop {
        act.apply(x, &mut r, 1)?;
        r[..].axpby(T::of(1.0), b, T::of(-1.0));
        let scale = if options.tol.is_some() { length } else { size * x.norm().lane_f64(0) + length };
        let short = r[..].norm().lane_f64(0);
        let error = if short == 0.0 { 0.0 } else { short / scale };
        if !error.is_finite() {
            return Err(Error::non_finite(format!("an iterate of {NAME}: it overflows")));
        }
        if error <= tol {
            let (iterations, history) = (watcher.iterations, watcher.history);
            return Ok(Report { algorithm: NAME, iterations, residual: short / length, history });
        }
        idle = if error < 0.5 * before { 0 } else { idle + 1 };
        before = before.min(error);
        if idle == 3 || stopped || watcher.iterations >= most {
            return Err(watcher.not_converged(error));
        }
        d.fill(T::zero());
        let left = most - watcher.iterations;
        let mut seen = |i: &Iteration| {
            stopped |= watcher.note(i.residual * error);
            if stopped { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let mut inner = Params {
            tol: Some(CORRECTION),
            max_iters: Some(left),
            // single precision is no linear operator to double precision: P (V y) is not the sum of y_j P v_j
            flexible: true,
            on_iteration: Some(&mut seen),
            ..Params::default()
        };
        match gmres(a, Some(factors), &r, &mut d, &mut inner) {
            // what it has found of the correction is worth its addition
            Ok(_) | Err(Error::NotConverged { .. } | Error::Breakdown { .. }) => {}
            Err(e) => return Err(e),
        }
        x.axpy(T::of(1.0), &d);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::ops::Dense;
    use nalgebra::DMatrix;

    /// U diag(s) V^T with singular values from 1 down to 1 / cond, U and V by reflections.
    fn conditioned(n: usize, cond: f64) -> DMatrix<f64> {
        let reflection = |seed: usize| {
            let v = nalgebra::DVector::from_fn(n, |i, _| noise(i + seed));
            DMatrix::identity(n, n) - &v * v.transpose() * (2.0 / v.norm_squared())
        };
        let s = nalgebra::DVector::from_fn(n, |i, _| cond.powf(-(i as f64) / (n - 1) as f64));
        reflection(1) * DMatrix::from_diagonal(&s) * reflection(99)
    }

    #[test]
    fn conditions() {
        let n = 50;
        let b: Vec<f64> = noisy(n);
        for (cond, most) in [(1e2, 5), (1e5, 10), (1e7, 30), (1e8, 100), (1e10, 200), (1e12, 300), (1e14, 450)] {
            let m = conditioned(n, cond);
            let a = Dense::new(m.clone());
            let s = solve(MixedPrecision::default(), &a, &b).unwrap_or_else(|e| panic!("{cond:e}: {e}"));
            let x = nalgebra::DVector::from_vec(s.x);
            let r = (nalgebra::DVector::from_vec(b.clone()) - &m * &x).norm();
            let error = r / (m.norm() * x.norm() + crate::vector::norm(&b));
            assert!(error <= 1.1e-15, "{cond:e}: {error:e} {:?}", s.report);
            assert!(s.report.iterations <= most, "{cond:e}: {:?}", s.report.iterations);
            // as good as factors in double precision
            let direct = m.clone().lu().solve(&nalgebra::DVector::from_vec(b.clone())).unwrap();
            assert!(
                (&x - &direct).norm() <= 1e-14 * cond * x.norm(),
                "{cond:e}: {:e}",
                (&x - &direct).norm() / x.norm()
            );
        }
        let z = matrix::<crate::NoFacts, C64>((9, 9), |i, j| c(noise(i + 9 * j) + f64::from(i == j), noise(i * j)));
        assert!(solve(MixedPrecision::default(), &z, &self::complex(9)).unwrap().report.residual <= 1e-14);
        // |b - A x| / |b| where it is asked for, if rounding allows it
        let a = Dense::new(conditioned(n, 1e5));
        let s = solve(MixedPrecision::default().tol(1e-9), &a, &b).unwrap();
        assert!(s.report.residual <= 1e-9 && s.report.iterations <= 6, "{:?}", s.report);
        let e = solve(MixedPrecision::default().tol(1e-15), &a, &b).unwrap_err();
        assert!(matches!(e, Error::NotConverged { residual, .. } if residual < 1e-9), "{e}");
        // singular: a solution where there is one, else what is reached
        let singular = Dense::new(DMatrix::from_element(3, 3, 1.0));
        let x = solve(MixedPrecision::default(), &singular, &[1.0; 3]).unwrap().x;
        assert!((x.iter().sum::<f64>() - 1.0).abs() < 1e-14, "{x:?}");
        let e = solve(MixedPrecision::default(), &singular, &[1.0, 2.0, 3.0]).unwrap_err();
        assert!(matches!(e, Error::NotConverged { residual, .. } if residual > 1e-9), "{e}");
        let zero = Dense::new(DMatrix::from_element(3, 3, 0.0));
        assert!(matches!(solve(MixedPrecision::default(), &zero, &[1.0; 3]), Err(Error::Singular { .. })));
        assert_eq!(
            solve(MixedPrecision::default(), &Dense::new(DMatrix::identity(4, 4)), &[0.0; 4]).unwrap().x,
            [0.0; 4]
        );
        let mut seen = 0;
        let a = Dense::new(conditioned(n, 1e5));
        let watched = MixedPrecision::default().on_iteration(|i| {
            seen = i.iteration;
            i.iteration < 2
        });
        let e = solve(watched, &a, &b).unwrap_err();
        assert!(matches!(e, Error::NotConverged { iterations: 2, .. }) && seen == 2, "{e}");
        let e = solve(MixedPrecision::default().max_iters(1), &a, &b).unwrap_err();
        assert!(matches!(e, Error::NotConverged { iterations: 1, .. }), "{e}");
    }
}
