//! Craig's method for the shortest solution of a system that has one.
//!
//! Craig, The N-step iteration procedures, J. Math. Phys. 34, 1955; in the form on the Golub-Kahan process, section 7 of Paige & Saunders,
//! LSQR: an algorithm for sparse linear equations and sparse least squares, TOMS 8, 1982. Deviation: the outer loop of `least_squares.rs`
//! scales the system and verifies the result.

use super::least_squares::{Goal, Method, Sides, Stop, bidiagonalise, least_squares, minimise, minimise_on};
use super::outer::non_finite_product;
use super::{Params, Report, hypot};
use crate::algorithms::watch::Watcher;
use crate::error::{Error, Result};
use crate::operator::DynOperator;
use crate::scalar::{Real, Scalar};
use crate::vector::{Vector, VectorRe, normalise};
use num_traits::{One, Zero};

/// Name in reports and errors.
const NAME: &str = "CRAIG";

least_squares! {
    /// Least norm: of all x with A x = b the shortest one, for an A of any shape and rank with b in its range.
    ///
    /// Conjugate gradients on A A^H y = b, x = A^H y, without the squared operator: |x - x*| is the smallest of the Krylov space and falls
    /// from iteration to iteration (the residual may jump on the way). Of a system without a solution it reports `Breakdown` or
    /// `NotConverged`: ask [`Lsqr`](super::Lsqr) or [`Lsmr`](super::Lsmr) for least squares. It stops when |b - A x| <= tol |b|.
    ///
    /// # Input
    /// A of any shape, b in its range; P, if given, an n x n operator such that A P is better conditioned; then P^-1 x is the shortest.
    /// # Cost
    /// Per iteration one product with A and one with A^H (and with P and P^H), 3 m + 3 n operations; 1 vector of m numbers and 4 of n, of
    /// which two lie idle (5 with P), nothing allocated per iteration.
    /// # Errors
    /// `Breakdown` if b is not in the range; `NotConverged` with the true residual; `NonFinite`; `ShapeMismatch`; `InvalidArgument` for
    /// lanes and dual numbers.
    /// # Example
    /// ```
    /// use cola_core::prelude::*;
    /// // of all (x, y) with x + 2 y = 5 the one nearest to zero: (1, 2)
    /// let a = Dense::new(nalgebra::dmatrix![1.0, 2.0]);
    /// let s = a.lstsq_with(Craig::default(), &vec![5.0])?;
    /// assert!((s.x[0] - 1.0).abs() < 1e-12 && (s.x[1] - 2.0).abs() < 1e-12);
    /// # Ok::<(), Error>(())
    /// ```
    /// # Reference
    /// Paige & Saunders, ACM Trans. Math. Softw. 8, 1982, section 7.
    Craig by craig
}

/// [`Craig`], compiled once per number type: x = `x` + P d with A x = b and the shortest d; `damp` must be 0.
///
/// Workspace: as [`lsmr`](super::lsmr), of which two vectors lie idle.
///
/// # Errors
/// As [`Craig`].
pub fn craig<T: Scalar>(
    a: &dyn DynOperator<T>,
    p: Option<&dyn DynOperator<T>>,
    damp: f64,
    b: &[T],
    x: &mut [T],
    params: &mut Params<'_>,
) -> Result<Report> {
    if damp != 0.0 {
        return Err(Error::invalid("CRAIG solves A x = b as it is: damping makes it least squares, ask LSQR or LSMR"));
    }
    minimise(Method { name: NAME, consistent: true, cycle }, a, p, damp, b, x, params)
}

/// [`craig`] on vectors of any kind: `u` of m numbers, the others of n.
///
/// # Errors
/// As [`Craig`].
#[doc(hidden)]
pub fn craig_on<V: Vector + ?Sized>(
    by: &mut dyn Sides<V>,
    shape: (usize, usize),
    b: &V,
    x: &mut V,
    u: &mut V,
    work: [&mut V; 4],
    params: &mut Params<'_>,
) -> Result<Report> {
    minimise_on(Method { name: NAME, consistent: true, cycle }, by, shape, (b, x), u, work, params)
}

/// The shortest d with A d = u until the recurrence claims it: L z = e_1 by forward substitution, d = V z. |u| = 1, v = A^H u on entry.
fn cycle<V: Vector + ?Sized>(
    by: &mut dyn Sides<V>,
    u: &mut V,
    [v, _, _, d]: [&mut V; 4],
    goal: &Goal,
    norm_a: &mut f64,
    watcher: &mut Watcher<'_>,
) -> Result<Stop> {
    let epsilon = VectorRe::<V>::epsilon().lane_f64(0);
    d.fill(V::Scalar::zero());
    let mut alpha = v.norm();
    if alpha.lane_f64(0) <= epsilon * *norm_a {
        return Ok(Stop::Breakdown);
    }
    normalise(v, alpha);
    let mut zeta = VectorRe::<V>::one() / alpha;
    loop {
        d.axpy(V::Scalar::from_re(zeta), v);
        let old_alpha = alpha;
        let beta = bidiagonalise(by, &mut alpha, u, v)?;
        if !(alpha.lane_f64(0).is_finite() && beta.lane_f64(0).is_finite()) {
            return Err(non_finite_product(NAME, watcher.iterations + 1));
        }
        *norm_a = norm_a.max(hypot(old_alpha, beta).lane_f64(0));
        // |u - A d|
        let residual = (zeta * beta).abs().lane_f64(0) * goal.scale;
        if !residual.is_finite() {
            return Ok(Stop::Breakdown);
        }
        let stop = watcher.note(residual);
        if residual <= goal.aim {
            return Ok(Stop::Claimed);
        }
        if stop || watcher.iterations >= goal.max_iters {
            return Ok(Stop::Other);
        }
        // u is in the null space of A^H: what is left of b is not in the range
        if alpha.lane_f64(0) <= 10.0 * epsilon * *norm_a {
            return Ok(Stop::Breakdown);
        }
        zeta = -(beta / alpha * zeta);
    }
}

#[cfg(test)]
mod tests {
    use super::super::least_squares::testing::*;
    use super::*;
    use crate::algorithms::krylov::testing::*;
    use crate::facts::NoFacts;

    #[test]
    fn shortest_solutions() {
        check_minimum_norm(craig::<f64>);
        let s = solve(Craig::default().tol(1e-11), &laplacian::<NoFacts, f64>(30), &noisy(30)).unwrap();
        assert!(s.report.residual <= 1e-10);
    }

    /// The error, not the residual, falls from iteration to iteration.
    #[test]
    fn the_error_falls() {
        let (m, n) = (12, 30);
        let entry = |i: usize, j: usize| noise(i * 31 + j * 7) * (1.0 + i as f64);
        let a = matrix::<NoFacts, f64>((m, n), entry);
        let b: Vec<f64> = noisy(m);
        let (want, _) = least(&a, |b, x| craig(&a, None, 0.0, b, x, &mut tight()), &b).unwrap();
        let mut last = f64::INFINITY;
        for k in 1..10 {
            let mut x = vec![0.0; n];
            let mut few = Params { max_iters: Some(k), ..tight() };
            craig(&a, None, 0.0, &b, &mut x, &mut few).unwrap_err();
            let error: f64 = x.iter().zip(&want).map(|(x, w)| (x - w).powi(2)).sum::<f64>().sqrt();
            assert!(error < last, "{k}: {error} {last}");
            last = error;
        }
    }

    #[test]
    fn no_solution_is_an_error() {
        // rank 1, and b outside of its range
        let a = matrix::<NoFacts, f64>((3, 2), |i, j| ((i + 1) * (j + 1)) as f64);
        let e = craig(&a, None, 0.0, &[1.0, 0.0, 0.0], &mut [0.0; 2], &mut tight()).unwrap_err();
        assert!(matches!(e, Error::Breakdown { algorithm: "CRAIG", .. } | Error::NotConverged { .. }), "{e}");
        let zero = matrix::<NoFacts, f64>((3, 2), |_, _| 0.0);
        let e = craig(&zero, None, 0.0, &[1.0; 3], &mut [0.0; 2], &mut tight()).unwrap_err();
        assert_eq!(e, Error::Breakdown { algorithm: "CRAIG", iteration: 0 });
        assert!(craig(&a, None, 0.1, &[1.0; 3], &mut [0.0; 2], &mut tight()).is_err());
    }
}
