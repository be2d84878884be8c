//! Iterative refinement in mixed precision: factors in single precision, answers in double precision.
//!
//! Carson & Higham, Accelerating the solution of linear systems by iterative refinement in three precisions, SISC 40, 2018: the correction is
//! found by GMRES with the factors as its preconditioner, which converges near 1 / eps of single precision too, where Wilkinson's
//! refinement (J. H. Wilkinson, Rounding errors in algebraic processes, 1963) diverges. Deviation: two precisions; the
//! preconditioner stands on the right.

use super::{Gmres, Report, SolveAlgorithm};
use crate::algorithms::precond::{Double, SinglePrecision};
use crate::algorithms::watch::{Callback, Options, watched};
use crate::algorithms::{Iteration, NoCallback};
use crate::error::{Error, Result};
use crate::operator::LinearOperator;
use crate::view::{View, ViewMut};

/// Factors A in half the digits, answers in all of them: [`SinglePrecision`] as the preconditioner of [`Gmres`], refined until the true
/// residual is small.
///
/// The factorisation, 2 n^3 / 3 operations, takes half the memory and about half the time of one in double precision; each refinement costs
/// n^2. A condition number below 1e5 needs 2 to 4 refinements to 1e-14; beyond some 1e6 the factorisation may find the matrix singular in
/// single precision and say so.
///
/// # Input
/// A square A over f64 or its complex numbers; it is made dense.
/// # Errors
/// `Singular` if A is in single precision; `NotConverged` with the true residual; `NonFinite`; `ShapeMismatch`.
/// # Example
/// ```
/// use cola_core::prelude::*;
/// let n = 40;
/// let a = Dense::new(nalgebra::DMatrix::from_fn(n, n, |i, j| 1.0 / (1 + i.abs_diff(j)) as f64));
/// let s = a.solve_with(MixedPrecision::default().tol(1e-14), &vec![1.0; n])?;
/// assert!(s.report.residual <= 1e-13 && s.report.iterations <= 6);
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
    /// Wanted |b - A x| / |b|. Default: 1e-14.
    pub fn tol(mut self, tol: f64) -> Self {
        self.options.tol = Some(tol);
        self
    }
    /// Most refinements, each a product with A and a solve with the factors. Default: 100.
    pub fn max_iters(mut self, max_iters: usize) -> Self {
        self.options.max_iters = Some(max_iters);
        self
    }
}
/// 45 times the rounding of double precision: what a product of a hundred terms leaves.
const TOL: f64 = 1e-14;
/// Refinements; more mean that the factors are of no use.
const REFINEMENTS: usize = 100;

impl<A: LinearOperator<Scalar: Double>, F: Callback> SolveAlgorithm<A> for MixedPrecision<F> {
    fn solve(&mut self, a: &A, b: View<'_, A::Scalar>, x: ViewMut<'_, A::Scalar>) -> Result<Report> {
        let factors = SinglePrecision::of(a)?;
        let callback = &mut self.callback;
        let gmres = Gmres::default()
            .tol(self.options.tol.unwrap_or(TOL))
            .max_iters(self.options.max_iters.unwrap_or(REFINEMENTS))
            .preconditioner(&factors)
            // single precision is no linear operator to double precision: P (V y) is not the sum of y_j P v_j
            .flexible()
            .on_iteration(|i: &Iteration| callback.observe(i));
        let mut gmres = if self.options.progress { gmres.progress() } else { gmres };
        match gmres.solve(a, b, x) {
            Ok(report) => Ok(Report { algorithm: NAME, ..report }),
            Err(Error::NotConverged { iterations, residual, tol, best, .. }) => {
                Err(Error::NotConverged { algorithm: NAME, iterations, residual, tol, best })
            }
            Err(e) => Err(e),
        }
    }
}
const NAME: &str = "mixed-precision refinement";

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
        for (cond, most) in [(1e2, 4), (1e5, 6), (1e8, 50), (1e12, 50)] {
            let a = Dense::new(conditioned(n, cond));
            match solve(MixedPrecision::default().tol(1e-13), &a, &b) {
                Ok(s) => {
                    assert!(s.report.residual <= 1e-12 && s.report.iterations <= most, "{cond:e}: {:?}", s.report)
                }
                Err(Error::Singular { .. }) => assert!(cond > 1e6, "{cond:e}"),
                Err(e) => panic!("{cond:e}: {e}"),
            }
        }
        let complex =
            matrix::<crate::NoFacts, C64>((9, 9), |i, j| c(noise(i + 9 * j) + f64::from(i == j), noise(i * j)));
        assert!(solve(MixedPrecision::default(), &complex, &self::complex(9)).unwrap().report.residual <= 1e-13);
        let singular = Dense::new(DMatrix::from_element(3, 3, 1.0));
        assert!(matches!(solve(MixedPrecision::default(), &singular, &[1.0; 3]), Err(Error::Singular { .. })));
        let mut seen = 0;
        let a = Dense::new(conditioned(n, 1e5));
        let watched = MixedPrecision::default().on_iteration(|i| {
            seen = i.iteration;
            i.iteration < 2
        });
        let e = solve(watched, &a, &b).unwrap_err();
        assert!(matches!(e, Error::NotConverged { iterations: 2, .. }) && seen == 2, "{e}");
    }
}
