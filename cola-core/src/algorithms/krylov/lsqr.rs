//! LSQR for rectangular operators: least squares and least norm.
//!
//! Paige & Saunders, LSQR: an algorithm for sparse linear equations and sparse least squares, TOMS 8, 1982; letters of the paper.
//! Deviation: the outer loop of `least_squares.rs` scales the system and verifies the result.

use super::least_squares::{Goal, Method, Sides, Stop, bidiagonalise, least_squares, minimise, minimise_on, rotation};
use super::outer::non_finite_product;
use super::{Params, Report, hypot};
use crate::algorithms::watch::Watcher;
use crate::error::Result;
use crate::operator::DynOperator;
use crate::scalar::{Real, Scalar};
use crate::vector::{Vector, VectorRe, normalise};
use num_traits::{One, Zero};

/// Name in reports and errors.
const NAME: &str = "LSQR";

least_squares! {
    /// Least squares: the x that minimises |b - A x|_2 (and |damp x|_2), of all of them the shortest one, for an A of any shape and rank.
    ///
    /// In exact arithmetic conjugate gradients on A^H A x = A^H b: |b - A x| is the smallest of the Krylov space and falls from iteration to
    /// iteration, while |A^H (b - A x)|, which says when least squares are done, does not: [`Lsmr`](super::Lsmr) often stops earlier.
    /// It stops when |b - A x| <= tol |b| (a system that has a solution) or |A^H r| <= tol |A| |r| (one that has none), with |A| the
    /// largest |A v| / |v| seen, at most |A|_2. `report.residual` is the smaller one of the two ratios, computed by fresh products.
    ///
    /// # Input
    /// A of any shape; P, if given, an n x n operator such that A P is better conditioned (a near inverse of the root of A^H A); then the
    /// shortest solution is that of P^-1 x.
    /// # Cost
    /// Per iteration one product with A and one with A^H (and with P and P^H), 3 m + 5 n operations; 1 vector of m numbers and 4 of n (5
    /// with P; with damping n more in each), nothing allocated per iteration.
    /// # Errors
    /// `NotConverged` with the true ratio; `NonFinite`; `ShapeMismatch`; `InvalidArgument` for lanes and dual numbers.
    /// # Example
    /// ```
    /// use cola_core::prelude::*;
    /// // the line through (0, 1), (1, 2), (2, 4): 0.8333 + 1.5 t
    /// let a = Dense::new(nalgebra::dmatrix![1.0, 0.0; 1.0, 1.0; 1.0, 2.0]);
    /// let s = a.lstsq_with(Lsqr::default().tol(1e-12), &vec![1.0, 2.0, 4.0])?;
    /// assert!((s.x[0] - 5.0 / 6.0).abs() < 1e-10 && (s.x[1] - 1.5).abs() < 1e-10);
    /// # Ok::<(), Error>(())
    /// ```
    /// # Reference
    /// Paige & Saunders, ACM Trans. Math. Softw. 8, 1982, 43-71.
    Lsqr by lsqr with damp
}

/// [`Lsqr`], compiled once per number type: minimises |b - A x|^2 + |damp d|^2 over x = `x` + P d.
///
/// Workspace: as [`lsmr`](super::lsmr), of which one vector lies idle.
///
/// # Errors
/// As [`Lsqr`].
pub fn lsqr<T: Scalar>(
    a: &dyn DynOperator<T>,
    p: Option<&dyn DynOperator<T>>,
    damp: f64,
    b: &[T],
    x: &mut [T],
    params: &mut Params<'_>,
) -> Result<Report> {
    minimise(Method { name: NAME, consistent: false, cycle }, a, p, damp, b, x, params)
}

/// [`lsqr`] without damping on vectors of any kind: `u` of m numbers, the others of n.
///
/// # Errors
/// As [`Lsqr`].
#[doc(hidden)]
pub fn lsqr_on<V: Vector + ?Sized>(
    by: &mut dyn Sides<V>,
    shape: (usize, usize),
    b: &V,
    x: &mut V,
    u: &mut V,
    work: [&mut V; 4],
    params: &mut Params<'_>,
) -> Result<Report> {
    minimise_on(Method { name: NAME, consistent: false, cycle }, by, shape, (b, x), u, work, params)
}

/// Minimises |u - A d| until the recurrence claims it. |u| = 1 and v = A^H u on entry.
fn cycle<V: Vector + ?Sized>(
    by: &mut dyn Sides<V>,
    u: &mut V,
    [v, w, _, d]: [&mut V; 4],
    goal: &Goal,
    norm_a: &mut f64,
    watcher: &mut Watcher<'_>,
) -> Result<Stop> {
    let from_re = <V::Scalar as Scalar>::from_re;
    d.fill(V::Scalar::zero());
    let mut alpha = v.norm();
    if alpha.lane_f64(0) == 0.0 {
        return Ok(Stop::Claimed);
    }
    normalise(v, alpha);
    w.copy(v);
    let (mut phi_bar, mut rho_bar) = (VectorRe::<V>::one(), alpha);
    loop {
        // bidiagonalisation: beta u = A v - alpha u;  alpha v = A^H u - beta v
        let old_alpha = alpha;
        let beta = bidiagonalise(by, &mut alpha, u, v)?;
        if !(alpha.lane_f64(0).is_finite() && beta.lane_f64(0).is_finite()) {
            return Err(non_finite_product(NAME, watcher.iterations + 1));
        }
        let (c, s, rho) = rotation(rho_bar, beta);
        let (theta, phi) = (s * alpha, c * phi_bar);
        rho_bar = -(c * alpha);
        phi_bar = s * phi_bar;
        if !(rho.lane_f64(0) > 0.0) {
            return Ok(Stop::Claimed);
        }
        // d <- d + (phi / rho) w;  w <- v - (theta / rho) w
        d.axpy(from_re(phi / rho), w);
        w.xpby(v, from_re(-(theta / rho)));

        // |A v|, also where v has lost its orthogonality to those before: their sum of squares would outgrow any norm of A
        *norm_a = norm_a.max(hypot(old_alpha, beta).lane_f64(0));
        // |A^H r| / |r| = alpha |c|
        let norm_r = phi_bar.abs().lane_f64(0);
        let optimal = (alpha * c).abs().lane_f64(0) / *norm_a;
        let residual = optimal.min(norm_r * goal.scale);
        let stop = watcher.note(residual);
        if residual <= goal.aim || alpha.lane_f64(0) == 0.0 {
            return Ok(Stop::Claimed);
        }
        if stop || watcher.iterations >= goal.max_iters {
            return Ok(Stop::Other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::least_squares::testing::*;
    use super::*;
    use crate::algorithms::krylov::testing::*;
    use crate::facts::NoFacts;

    #[test]
    fn families() {
        check_least_squares(lsqr::<f64>);
        check_minimum_norm(lsqr::<f64>);
    }

    /// The residual never grows; damping is that of the stacked problem.
    #[test]
    fn monotone_and_damped() {
        let a = matrix::<NoFacts, f64>((40, 15), |i, j| noise(i * 31 + j * 7));
        let b: Vec<f64> = noisy(40);
        let (x, report) = least(&a, |b, x| lsqr(&a, None, 0.7, b, x, &mut tight()), &b).unwrap();
        assert!(report.residual <= 1e-11);
        // (A^H A + damp^2 I) x = A^H b
        for j in 0..15 {
            let g = (0..40).fold(-0.49 * x[j], |g, i| {
                g + noise(i * 31 + j * 7) * (0..15).fold(b[i], |r, k| r - noise(i * 31 + k * 7) * x[k])
            });
            assert!(g.abs() < 1e-9, "{g}");
        }
        let s = solve(Lsqr::default().tol(1e-11), &laplacian::<NoFacts, f64>(30), &noisy(30)).unwrap();
        assert!(s.report.residual <= 1e-10);
    }
}
