//! MINRES for self-adjoint operators, indefinite ones too.
//!
//! Paige & Saunders, Solution of sparse indefinite systems of linear equations, SIAM J. Numer. Anal. 12, 1975; letters of their code
//! (SOL, Stanford). Deviations: the system is scaled by the residual at the start; with a preconditioner the residual itself is
//! updated, so that |r|_2 is what stops and not the norm of P; the outer loop [`refine`] verifies the result.

use super::{End, Monitor, Params, Products, Report, host, hypot, refine, solver, split};
use crate::error::Result;
use crate::operator::DynOperator;
use crate::scalar::{Real, Scalar};
use crate::vector::{Vector, VectorRe};
use num_traits::{One, Zero};

/// Name in reports and errors.
pub(super) const NAME: &str = "MINRES";

solver! {
    /// Minimal residuals: solves A x = b for a self-adjoint A, definite or not, by products with A alone.
    ///
    /// Its iterates minimise |b - A x|_2 over the Krylov space (in the norm of P with a preconditioner P). A singular A is fine if b is
    /// in its range; if it is not, that is found and reported as `Breakdown`.
    ///
    /// # Input
    /// A with the fact self-adjoint; P, if given, positive definite, also where A is not.
    /// # Cost
    /// Per iteration one product with A (and with P) and about 18 n operations (24 n with P); 7 vectors, nothing allocated per
    /// iteration. One product to verify.
    /// # Errors
    /// `NotConverged` with the true residual; `Breakdown` if A is singular and b not in its range; `NonFinite`; `ShapeMismatch`;
    /// `InvalidArgument` for lanes, dual numbers and an indefinite P.
    /// # Example
    /// ```
    /// use cola_core::prelude::*;
    /// use nalgebra::{matrix, vector};
    ///
    /// let saddle = SelfAdjoint::new(Dense::new(matrix![1.0, 1.0; 1.0, 0.0]));
    /// let s = saddle.solve_with(Minres::default().max_iters(10), &vector![3.0, 2.0])?;
    /// assert!((s.x - vector![2.0, 1.0]).norm() < 1e-9);
    /// # Ok::<(), Error>(())
    /// ```
    /// # Reference
    /// Paige & Saunders, SIAM J. Numer. Anal. 12, 1975, 617-629.
    Minres by minres where SelfAdjoint: SelfAdjointOf
}

/// [`Minres`], compiled once per number type: solves A x = b from the starting point `x`; `m` is near the inverse of A (or of its
/// absolute value).
///
/// Workspace: r, r1, r2, y, v, w1, w2.
///
/// # Errors
/// As [`Minres`].
pub fn minres<T: Scalar>(
    a: &dyn DynOperator<T>,
    m: Option<&dyn DynOperator<T>>,
    b: &[T],
    x: &mut [T],
    params: &mut Params<'_>,
) -> Result<Report> {
    let mut products = host(NAME, a, m, (b, x), params)?;
    let n = b.len();
    let mut work = vec![T::zero(); 7 * n];
    minres_on(&mut products, n, b, x, split(&mut work, n), params)
}
/// [`minres`] on vectors of n numbers of any kind.
///
/// # Errors
/// As [`Minres`].
#[doc(hidden)]
pub fn minres_on<V: Vector + ?Sized>(
    products: &mut dyn Products<V>,
    n: usize,
    b: &V,
    x: &mut V,
    [r, r1, r2, y, v, w1, w2]: [&mut V; 7],
    params: &mut Params<'_>,
) -> Result<Report> {
    refine(NAME, n, products, b, x, r, params, &mut |products, x, r, s, monitor| {
        let work = [&mut *r1, &mut *r2, &mut *y, &mut *v, &mut *w1, &mut *w2];
        cycle(products, x, r, s, monitor, work)
    })
}

/// Until the recurrence claims convergence. r = (b - A x) / s; x <- x + s d with A d = r.
///
/// Lanczos: r2 / beta is the newest vector, r1 the one before, v = P r2 / beta. T = Q R by reflections [c s; s -c].
fn cycle<V: Vector + ?Sized>(
    products: &mut dyn Products<V>,
    x: &mut V,
    r: &mut V,
    scale: VectorRe<V>,
    monitor: &mut Monitor<'_>,
    [mut r1, mut r2, mut y, v, mut w1, mut w2]: [&mut V; 6],
) -> Result<End> {
    let preconditioned = products.preconditioned();
    let from_re = <V::Scalar as Scalar>::from_re;
    let (zero, one) = (VectorRe::<V>::zero(), VectorRe::<V>::one());
    let epsilon = VectorRe::<V>::epsilon().lane_f64(0);

    r1.fill(V::Scalar::zero());
    w1.fill(V::Scalar::zero());
    w2.fill(V::Scalar::zero());
    r2.copy(r);
    let mut beta = precondition(products, r2, y, monitor)?;
    if beta.lane_f64(0) == 0.0 {
        return Err(monitor.bad_preconditioner(0.0));
    }
    let (mut old_beta, mut phi_bar) = (one, beta);
    let (mut c, mut s) = (-one, zero);
    let (mut delta_bar, mut eps) = (zero, zero);
    // largest entry of T so far: |A| from below
    let mut norm_a = 0.0_f64;
    loop {
        // v_k = P r2 / beta;  y = A v - (beta / old beta) r1 - (alpha / beta) r2
        v.axpby(from_re(one / beta), y, V::Scalar::zero());
        products.apply(v, y)?;
        y.axpy(from_re(-(beta / old_beta)), r1);
        let alpha = v.dot(y).re();
        y.axpy(from_re(-(alpha / beta)), r2);
        // r1, r2 = r2, y; what was r1 is free
        (r1, r2, y) = (r2, y, r1);
        old_beta = beta;
        beta = precondition(products, r2, y, monitor)?;

        // the last reflection on column k, then the new one
        let old_eps = eps;
        let delta = c * delta_bar + s * alpha;
        let gamma_bar = s * delta_bar - c * alpha;
        eps = s * beta;
        delta_bar = -(c * beta);
        for entry in [alpha, beta] {
            norm_a = norm_a.max(entry.abs().lane_f64(0));
        }
        // |A r| / |r| of the step before: zero at a least-squares solution
        let root = hypot(gamma_bar, delta_bar).lane_f64(0);
        let gamma = hypot(gamma_bar, beta);
        if !(root > 10.0 * epsilon * norm_a && gamma.lane_f64(0) > epsilon * norm_a) {
            return Ok(End::Breakdown);
        }
        c = gamma_bar / gamma;
        s = beta / gamma;
        let phi = c * phi_bar;
        phi_bar = s * phi_bar;

        // w = (v - old eps w1 - delta w2) / gamma, in the place of w1
        w1.axpby(from_re(one / gamma), v, from_re(-(old_eps / gamma)));
        w1.axpy(from_re(-(delta / gamma)), w2);
        (w1, w2) = (w2, w1);
        x.axpy(from_re(scale * phi), w2);

        let mut norm_r = phi_bar.abs();
        if preconditioned {
            // r_k = s^2 r_(k-1) - phi_bar c (r2 / beta)
            let nonzero = beta.lane_f64(0) > 0.0;
            let b = if nonzero { -(phi_bar * c / beta) } else { zero };
            r.axpby(from_re(b), r2, from_re(s * s));
            norm_r = r.norm();
        }
        if let Some(end) = monitor.watch(norm_r)? {
            return Ok(end);
        }
    }
}

/// z <- P u; returns the norm (u^H P u)^(1/2).
pub(super) fn precondition<V: Vector + ?Sized>(
    products: &mut dyn Products<V>,
    u: &V,
    z: &mut V,
    monitor: &Monitor<'_>,
) -> Result<VectorRe<V>> {
    let beta = if products.preconditioned() {
        products.precondition(u, z)?;
        let square = u.dot(z).re();
        if square.lane_f64(0) < 0.0 {
            let norm = u.norm().lane_f64(0);
            return Err(monitor.bad_preconditioner(square.lane_f64(0) / norm / norm));
        }
        square.sqrt()
    } else {
        z.copy(u);
        u.norm()
    };
    if beta.lane_f64(0).is_finite() { Ok(beta) } else { Err(monitor.non_finite()) }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::Error;
    use crate::facts::{NoFacts, SelfAdjointFacts};
    use crate::scalar::Complex;

    #[test]
    fn manners() {
        check_manners(minres::<f64>);
        check_manners(minres::<f32>);
        check_manners(minres::<C64>);
        check_manners(minres::<Complex<f32>>);
    }

    #[test]
    fn as_many_iterations_as_distinct_eigenvalues() {
        let d: Vec<f64> = (0..300).map(|i| [-1.0, 2.5, 7.0, -3.0][i % 4]).collect();
        let s = solve(Minres::default(), &diagonal::<SelfAdjointFacts, _>(d), &noisy(300)).unwrap();
        assert_eq!(s.report.iterations, 4);
    }

    #[test]
    fn indefinite_helmholtz() {
        let s = solve(Minres::default(), &grid::<SelfAdjointFacts>(20, 1.0), &noisy(400)).unwrap();
        assert!(s.report.iterations < 400 && s.report.residual <= 1e-10, "{:?}", s.report.iterations);
        // the residual never grows
        assert!(s.report.history.windows(2).all(|w| w[1] <= w[0]));
    }

    #[test]
    fn saddle_point() {
        // [1 1; 1 0] x = (3, 2): x = (2, 1)
        let a = matrix::<SelfAdjointFacts, f64>((2, 2), |i, j| f64::from(i + j < 2));
        let s = solve(Minres::default(), &a, &[3.0, 2.0]).unwrap();
        assert!((s.x[0] - 2.0).abs() < 1e-12 && (s.x[1] - 1.0).abs() < 1e-12);
        // [0 1; 1 0] e_1: CG breaks down here
        let swap = matrix::<SelfAdjointFacts, f64>((2, 2), |i, j| f64::from(i != j));
        let s = solve(Minres::default(), &swap, &[1.0, 0.0]).unwrap();
        assert!(s.x[0].abs() < 1e-14 && (s.x[1] - 1.0).abs() < 1e-14);
    }

    #[test]
    fn complex_hermitian_indefinite() {
        let a = matrix::<SelfAdjointFacts, C64>((30, 30), |i, j| match j as isize - i as isize {
            0 => c(0.3 * (i as f64 - 14.2), 0.0),
            1 => c(0.5, 1.0),
            -1 => c(0.5, -1.0),
            _ => c(0.0, 0.0),
        });
        let s = solve(Minres::default(), &a, &complex(30)).unwrap();
        assert!(s.report.iterations <= 60, "{}", s.report.iterations);
    }

    #[test]
    fn single_precision() {
        let d: Vec<f32> = (0..50).map(|i| i as f32 - 20.5).collect();
        let s = solve(Minres::default(), &diagonal::<SelfAdjointFacts, _>(d), &noisy(50)).unwrap();
        assert!(s.report.residual <= 1e-4);
    }

    #[test]
    fn jacobi_helps_a_badly_scaled_operator() {
        let n = 200;
        let d: Vec<f64> = (0..n).map(|i| 10f64.powf(6.0 * i as f64 / n as f64)).collect();
        let sign = |i: usize| if i.is_multiple_of(5) { -2.0 } else { 2.0 };
        let a = matrix::<SelfAdjointFacts, f64>((n, n), |i, j| {
            (d[i] * d[j]).sqrt() * [sign(i), -0.5, 0.0][i.abs_diff(j).min(2)]
        });
        let p = diagonal::<SelfAdjointFacts, f64>(d.iter().map(|d| 1.0 / d).collect());
        let b: Vec<f64> = noisy(n);
        let with = solve(Minres::default().preconditioner(&p), &a, &b).unwrap().report;
        assert!(with.iterations < 80, "{}", with.iterations);
        // the estimates are those of |r|_2: the last one is the true residual
        let last = with.history[with.iterations - 1];
        assert!((last / with.residual - 1.0).abs() < 1e-2, "{last:e} {:e}", with.residual);
        let plain = solve(Minres::default().max_iters(4 * with.iterations), &a, &b);
        assert!(matches!(plain, Err(Error::NotConverged { .. })), "{plain:?}");
    }

    #[test]
    fn complex_with_a_preconditioner() {
        let a = matrix::<SelfAdjointFacts, C64>((25, 25), |i, j| match j as isize - i as isize {
            0 => c((i as f64 - 12.3) * 3.0, 0.0),
            1 => c(0.5, 1.0),
            -1 => c(0.5, -1.0),
            _ => c(0.0, 0.0),
        });
        let d = (0..25).map(|i| c(1.0 / ((i as f64 - 12.3) * 3.0).abs(), 0.0)).collect();
        let p = diagonal::<SelfAdjointFacts, C64>(d);
        let s = solve(Minres::default().preconditioner(&p), &a, &complex(25)).unwrap();
        let last = s.report.history[s.report.iterations - 1];
        assert!((last / s.report.residual - 1.0).abs() < 1e-2);
    }

    #[test]
    fn singular() {
        let d: Vec<f64> = (0..30).map(|i| (i % 6) as f64 - 2.0).collect();
        let a = diagonal::<SelfAdjointFacts, f64>(d.clone());
        let b: Vec<f64> = (0..30).map(|i| if d[i] != 0.0 { noise(i) } else { 0.0 }).collect();
        assert_eq!(solve(Minres::default(), &a, &b).unwrap().report.iterations, 5);
        let e = solve(Minres::default(), &a, &noisy(30)).unwrap_err();
        assert!(matches!(e, Error::Breakdown { algorithm: "MINRES", .. }), "{e}");
        let zero = diagonal::<SelfAdjointFacts, f64>(vec![0.0; 4]);
        let e = solve(Minres::default(), &zero, &noisy(4)).unwrap_err();
        assert!(matches!(e, Error::Breakdown { iteration: 0, .. }), "{e}");
    }

    #[test]
    fn an_indefinite_preconditioner_is_named() {
        let a = laplacian::<SelfAdjointFacts, f64>(8);
        for d in [-1.0, 0.0] {
            let p = diagonal::<NoFacts, f64>(vec![d; 8]);
            let e = solve(Minres::default().preconditioner(&p), &a, &noisy(8)).unwrap_err();
            assert!(e.to_string().contains("preconditioner"), "{e}");
        }
    }
}
