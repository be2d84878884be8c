//! LSMR for rectangular operators: least squares and least norm.
//!
//! Fong & Saunders, LSMR: an iterative algorithm for sparse least-squares problems, SISC 33, 2011; letters of their code (SOL, Stanford).
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
const NAME: &str = "LSMR";

least_squares! {
    /// Least squares: the x that minimises |b - A x|_2 (and |damp x|_2), of all of them the shortest one, for an A of any shape and rank.
    ///
    /// It is MINRES on A^H A x = A^H b without forming the squared operator, so that both |b - A x| and |A^H (b - A x)| fall from iteration
    /// to iteration. It stops when one of them is small: |b - A x| <= tol |b| (a system that has a solution), or
    /// |A^H r| <= tol |A| |r| (one that has none), with |A| the largest |A v| / |v| seen, at most |A|_2. `report.residual` is the smaller
    /// one of the two ratios, computed by fresh products.
    ///
    /// # Input
    /// A of any shape; P, if given, an n x n operator such that A P is better conditioned (a near inverse of the root of A^H A); then the
    /// shortest solution is that of P^-1 x.
    /// # Cost
    /// Per iteration one product with A and one with A^H (and with P and P^H), 3 m + 9 n operations; 1 vector of m numbers and 4 of n (5 with P; with damping n more in each),
    /// nothing allocated per iteration. About as many iterations as conjugate gradients on A^H A.
    /// # Errors
    /// `NotConverged` with the true ratio; `NonFinite`; `ShapeMismatch`; `InvalidArgument` for lanes and dual numbers.
    /// # Example
    /// ```
    /// use cola_core::prelude::*;
    /// // the line through (0, 1), (1, 2), (2, 4): 0.8333 + 1.5 t
    /// let a = Dense::new(nalgebra::dmatrix![1.0, 0.0; 1.0, 1.0; 1.0, 2.0]);
    /// let s = a.lstsq_with(Lsmr::default().tol(1e-12), &vec![1.0, 2.0, 4.0])?;
    /// assert!((s.x[0] - 5.0 / 6.0).abs() < 1e-10 && (s.x[1] - 1.5).abs() < 1e-10);
    /// # Ok::<(), Error>(())
    /// ```
    /// # Reference
    /// Fong & Saunders, SIAM J. Sci. Comput. 33, 2011, 2950-2971.
    Lsmr by lsmr with damp
}

/// [`Lsmr`], compiled once per number type: minimises |b - A x|^2 + |damp d|^2 over x = `x` + P d.
///
/// Workspace: u of m numbers; v, h, h-bar and d of n; P v with a preconditioner; with damping u has n more and the sum of the d is kept.
///
/// # Errors
/// As [`Lsmr`].
pub fn lsmr<T: Scalar>(
    a: &dyn DynOperator<T>,
    p: Option<&dyn DynOperator<T>>,
    damp: f64,
    b: &[T],
    x: &mut [T],
    params: &mut Params<'_>,
) -> Result<Report> {
    minimise(Method { name: NAME, consistent: false, cycle }, a, p, damp, b, x, params)
}

/// [`lsmr`] without damping on vectors of any kind: `u` of m numbers, the others of n.
///
/// # Errors
/// As [`Lsmr`].
#[doc(hidden)]
pub fn lsmr_on<V: Vector + ?Sized>(
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
    [v, h, hbar, d]: [&mut V; 4],
    goal: &Goal,
    norm_a: &mut f64,
    watcher: &mut Watcher<'_>,
) -> Result<Stop> {
    let (zero, one) = (VectorRe::<V>::zero(), VectorRe::<V>::one());
    let from_re = <V::Scalar as Scalar>::from_re;
    d.fill(V::Scalar::zero());
    hbar.fill(V::Scalar::zero());
    let mut alpha = v.norm();
    if alpha.lane_f64(0) == 0.0 {
        return Ok(Stop::Claimed);
    }
    normalise(v, alpha);
    h.copy(v);
    let (mut zeta_bar, mut alpha_bar, mut rho, mut rho_bar, mut c_bar, mut s_bar) = (alpha, alpha, one, one, one, zero);
    let (mut beta_dd, mut beta_d, mut rho_d_old, mut tau_tilde_old, mut theta_tilde, mut zeta) =
        (one, zero, one, zero, zero, zero);
    loop {
        // bidiagonalisation: beta u = A v - alpha u;  alpha v = A^H u - beta v
        let old_alpha = alpha;
        let beta = bidiagonalise(by, &mut alpha, u, v)?;
        if !(alpha.lane_f64(0).is_finite() && beta.lane_f64(0).is_finite()) {
            return Err(non_finite_product(NAME, watcher.iterations + 1));
        }
        // rotations P_k and P-bar_k
        let rho_old = rho;
        let (c, s, new) = rotation(alpha_bar, beta);
        rho = new;
        let theta_new = s * alpha;
        alpha_bar = c * alpha;
        let (rho_bar_old, zeta_old) = (rho_bar, zeta);
        let theta_bar = s_bar * rho;
        let (c_new, s_new, new) = rotation(c_bar * rho, theta_new);
        (c_bar, s_bar, rho_bar) = (c_new, s_new, new);
        zeta = c_bar * zeta_bar;
        zeta_bar = -(s_bar * zeta_bar);
        if !(rho.lane_f64(0) > 0.0 && rho_bar.lane_f64(0) > 0.0) {
            return Ok(Stop::Claimed);
        }
        // hbar <- h - (theta_bar rho / (rho_old rho_bar_old)) hbar;  d <- d + (zeta / (rho rho_bar)) hbar;  h <- v - (theta / rho) h
        hbar.xpby(h, from_re(-(theta_bar * rho / (rho_old * rho_bar_old))));
        d.axpy(from_re(zeta / (rho * rho_bar)), hbar);
        h.xpby(v, from_re(-(theta_new / rho)));

        // |r|
        let beta_hat = c * beta_dd;
        beta_dd = -(s * beta_dd);
        let theta_tilde_old = theta_tilde;
        let (c_tilde, s_tilde, rho_tilde_old) = rotation(rho_d_old, theta_bar);
        theta_tilde = s_tilde * rho_bar;
        rho_d_old = c_tilde * rho_bar;
        beta_d = c_tilde * beta_hat - s_tilde * beta_d;
        tau_tilde_old = (zeta_old - theta_tilde_old * tau_tilde_old) / rho_tilde_old;
        let tau_d = (zeta - theta_tilde * tau_tilde_old) / rho_d_old;
        let norm_r = hypot(beta_d - tau_d, beta_dd).lane_f64(0);
        // |A v| and |A^H r|
        *norm_a = norm_a.max(hypot(old_alpha, beta).lane_f64(0));
        let norm_ar = zeta_bar.abs().lane_f64(0);
        let optimal = if norm_ar == 0.0 { 0.0 } else { norm_ar / (*norm_a * norm_r) };
        let residual = optimal.min(norm_r * goal.scale);
        if !residual.is_finite() {
            return Err(non_finite_product(NAME, watcher.iterations + 1));
        }
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
    use super::super::testing::*;
    use super::super::{Error, LeastSquares};
    use super::*;
    use crate::facts::NoFacts;
    use crate::operator::LinearOperator;
    use crate::view::{View, ViewMut};

    /// min |b - A x| by the dense kernel.
    fn reference(m: usize, n: usize, entry: impl Fn(usize, usize) -> f64, b: &[f64]) -> Vec<f64> {
        let a: Vec<f64> = (0..m * n).map(|k| entry(k % m, k / m)).collect();
        let mut x = b.to_vec();
        crate::algorithms::dense::lstsq(View::matrix(&a, m, n), ViewMut::matrix(&mut x, m, 1)).unwrap();
        x.truncate(n);
        x
    }
    fn run<A: LinearOperator>(mut l: impl LeastSquares<A>, a: &A, b: &[A::Scalar]) -> Result<(Vec<A::Scalar>, Report)> {
        let mut x = vec![A::Scalar::zero(); a.ncols()];
        let report = l.least_squares(a, View::vector(b), ViewMut::vector(&mut x))?;
        assert_eq!(report.history.len(), report.iterations);
        Ok((x, report))
    }
    fn entry(i: usize, j: usize) -> f64 {
        noise(i * 31 + j * 7) + 2.0 * f64::from(i == j)
    }

    #[test]
    fn manners() {
        let a = laplacian::<NoFacts, f64>(30);
        let go = |b: &[f64], x: &mut [f64], max_iters| {
            lsmr(&a, None, 0.0, b, x, &mut Params { max_iters, ..Params::default() })
        };
        let b: Vec<f64> = noisy(30);
        assert!(matches!(go(&b[1..], &mut [0.0; 30], None), Err(Error::ShapeMismatch { .. })));
        assert!(matches!(go(&b, &mut [0.0; 29], None), Err(Error::ShapeMismatch { .. })));
        assert!(matches!(go(&[f64::NAN; 30], &mut [0.0; 30], None), Err(Error::NonFinite { .. })));
        assert!(matches!(go(&b, &mut [f64::INFINITY; 30], None), Err(Error::NonFinite { .. })));
        let e = go(&b, &mut [0.0; 30], Some(2));
        assert!(matches!(e, Err(Error::NotConverged { iterations: 2, .. })), "{e:?}");
        let mut x = vec![1.0; 30];
        assert_eq!(go(&[0.0; 30], &mut x, None).unwrap().iterations, 0);
        assert_eq!(x, [0.0; 30]);
        go(&b, &mut x, None).unwrap();
        assert_eq!(go(&b, &mut x, None).unwrap().iterations, 0);
        for size in [1e-300, 1e300] {
            let b: Vec<f64> = b.iter().map(|b| b * size).collect();
            let mut x = vec![0.0; 30];
            go(&b, &mut x, None).unwrap();
            assert!(true_residual(&a, false, &b, &x) < 1e-8);
        }
        let bad = free::<NoFacts, f64, _>(3, |_, _: &[f64], y: &mut [f64]| y.fill(f64::NAN));
        let e = lsmr(&bad, None, 0.0, &[1.0; 3], &mut [0.0; 3], &mut Params::default());
        assert!(matches!(e, Err(Error::NonFinite { .. })), "{e:?}");
        for (m, n) in [(0, 0), (3, 0), (0, 3)] {
            let a = matrix::<NoFacts, f64>((m, n), |_, _| 1.0);
            let report = lsmr(&a, None, 0.0, &vec![1.0; m], &mut vec![0.0; n], &mut Params::default()).unwrap();
            assert_eq!(report.iterations, 0);
        }
    }

    #[test]
    fn tall_without_a_solution() {
        let (m, n) = (60, 20);
        let a = matrix::<NoFacts, f64>((m, n), entry);
        let b: Vec<f64> = noisy(m);
        let (x, report) = run(Lsmr::default().tol(1e-12), &a, &b).unwrap();
        let want = reference(m, n, entry, &b);
        assert!(x.iter().zip(&want).all(|(x, w)| (x - w).abs() < 1e-9), "{x:?} {want:?}");
        assert!(report.residual <= 1e-11 && report.iterations <= 40, "{report:?}");
    }

    /// Of all solutions of a wide system the shortest: x = A^H (A A^H)^-1 b.
    #[test]
    fn wide_gives_the_shortest() {
        let (m, n) = (15, 50);
        let a = matrix::<NoFacts, f64>((m, n), entry);
        let b: Vec<f64> = noisy(m);
        let (x, report) = run(Lsmr::default().tol(1e-12), &a, &b).unwrap();
        assert!(report.residual <= 1e-11);
        let mut gram = vec![0.0; m * m];
        for i in 0..m {
            for j in 0..m {
                gram[i + j * m] = (0..n).map(|k| entry(i, k) * entry(j, k)).sum();
            }
        }
        let y = reference(m, m, |i, j| gram[i + j * m], &b);
        for k in 0..n {
            let want: f64 = (0..m).map(|i| entry(i, k) * y[i]).sum();
            assert!((x[k] - want).abs() < 1e-9);
        }
    }

    /// Rank 5 of 12: minimum norm, and the residual is orthogonal to the range.
    #[test]
    fn rank_deficient() {
        let (m, n) = (20, 12);
        let low = |i: usize, j: usize| (0..5).map(|k| noise(i + 50 * k) * noise(1000 + j + 50 * k)).sum::<f64>();
        let a = matrix::<NoFacts, f64>((m, n), low);
        let (x, _) = run(Lsmr::default().tol(1e-12), &a, &noisy(m)).unwrap();
        // no part in the null space: x = A^H y has a residual of 0 in least squares with A^H
        let y = reference(n, 5, |j, k| noise(1000 + j + 50 * k), &x);
        for j in 0..n {
            let fit: f64 = (0..5).map(|k| noise(1000 + j + 50 * k) * y[k]).sum();
            assert!((fit - x[j]).abs() < 1e-9);
        }
    }

    #[test]
    fn damping_is_the_stacked_problem() {
        let (m, n, damp) = (30, 12, 0.7);
        let a = matrix::<NoFacts, f64>((m, n), entry);
        let b: Vec<f64> = noisy(m);
        let (x, _) = run(Lsmr::default().tol(1e-12).damp(damp), &a, &b).unwrap();
        let mut long = b.clone();
        long.resize(m + n, 0.0);
        let stacked = |i: usize, j: usize| if i < m { entry(i, j) } else { damp * f64::from(i - m == j) };
        let want = reference(m + n, n, stacked, &long);
        assert!(x.iter().zip(&want).all(|(x, w)| (x - w).abs() < 1e-9));
        assert!(run(Lsmr::default().damp(-1.0), &a, &b).is_err());
    }

    #[test]
    fn complex_with_column_scaling() {
        let (m, n) = (40, 15);
        let d: Vec<f64> = (0..n).map(|j| 10f64.powf(4.0 * j as f64 / n as f64)).collect();
        let entry = |i: usize, j: usize| c(noise(i * 31 + j * 7) * d[j], noise(i * 17 + j * 3 + 5) * d[j]);
        let a = matrix::<NoFacts, C64>((m, n), entry);
        let p = diagonal::<NoFacts, C64>(d.iter().map(|d| c(1.0 / d, 0.0)).collect());
        let (x, report) = run(Lsmr::default().tol(1e-12).preconditioner(&p), &a, &complex(m)).unwrap();
        assert!(report.iterations <= 40, "{}", report.iterations);
        // A^H (b - A x) = 0
        let b = complex(m);
        for j in 0..n {
            let g = (0..m).fold(c(0.0, 0.0), |g, i| {
                let r = (0..n).fold(b[i], |r, k| r - entry(i, k) * x[k]);
                g + entry(i, j).conj() * r
            });
            assert!(g.abs() < 1e-8 * d[j], "{g}");
        }
    }

    #[test]
    fn zero_and_square() {
        let zero = matrix::<NoFacts, f64>((4, 3), |_, _| 0.0);
        assert_eq!(run(Lsmr::default(), &zero, &noisy(4)).unwrap().0, [0.0; 3]);
        let s = solve(Lsmr::default().tol(1e-11), &laplacian::<NoFacts, f64>(30), &noisy(30)).unwrap();
        assert!(s.report.residual <= 1e-10);
    }
}
