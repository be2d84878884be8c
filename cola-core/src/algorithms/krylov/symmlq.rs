//! SYMMLQ for self-adjoint operators, indefinite and singular ones too.
//!
//! Paige & Saunders, Solution of sparse indefinite systems of linear equations, SIAM J. Numer. Anal. 12, 1975; letters of their code
//! (SOL, Stanford). Deviations: the system is scaled by the residual at the start; the point of conjugate gradients is taken at the end
//! where it is the better one; the outer loop [`refine`] verifies the result.

use super::minres::precondition;
use super::{End, Monitor, Params, Products, Report, host, hypot, refine, solver, split};
use crate::error::Result;
use crate::operator::DynOperator;
use crate::scalar::{Real, Scalar};
use crate::vector::{Vector, VectorRe};
use num_traits::{One, Zero};

/// Name in reports and errors.
pub(super) const NAME: &str = "SYMMLQ";

solver! {
    /// SYMMLQ: solves A x = b for a self-adjoint A, definite or not, by products with A alone.
    ///
    /// Its iterates minimise |x - x*|_2 over A times the Krylov space, so the error falls from iteration to iteration (the residual may
    /// jump). Of a singular A with b in its range it finds the shortest solution, and being built on an orthogonal factorisation it loses
    /// less than [`Minres`](super::Minres) where A is nearly singular; `Minres` has the smaller residual at every iteration.
    ///
    /// # Input
    /// A with the fact self-adjoint, b in its range; P, if given, positive definite, also where A is not.
    /// # Cost
    /// Per iteration one product with A (and with P) and about 18 n operations; 6 vectors, nothing allocated per iteration. One product to
    /// verify.
    /// # Errors
    /// `NotConverged` with the true residual, also where b is not in the range of a singular A; `Breakdown`; `NonFinite`; `ShapeMismatch`;
    /// `InvalidArgument` for lanes, dual numbers and an indefinite P.
    /// # Example
    /// ```
    /// use cola_core::prelude::*;
    /// use nalgebra::{matrix, vector};
    ///
    /// // singular: of all solutions of x + y = 2 the shortest
    /// let a = SelfAdjoint::new(Dense::new(matrix![1.0, 1.0; 1.0, 1.0]));
    /// let s = a.solve_with(Symmlq::default(), &vector![2.0, 2.0])?;
    /// assert!((s.x - vector![1.0, 1.0]).norm() < 1e-12);
    /// # Ok::<(), Error>(())
    /// ```
    /// # Reference
    /// Paige & Saunders, SIAM J. Numer. Anal. 12, 1975, 617-629.
    Symmlq by symmlq where SelfAdjoint: SelfAdjointOf
}

/// [`Symmlq`], compiled once per number type: solves A x = b from the starting point `x`; `m` is near the inverse of A (or of its
/// absolute value).
///
/// Workspace: r, r1, r2, y, v, w.
///
/// # Errors
/// As [`Symmlq`].
pub fn symmlq<T: Scalar>(
    a: &dyn DynOperator<T>,
    m: Option<&dyn DynOperator<T>>,
    b: &[T],
    x: &mut [T],
    params: &mut Params<'_>,
) -> Result<Report> {
    let mut products = host(NAME, a, m, (b, x), params)?;
    let n = b.len();
    let mut work = vec![T::zero(); 6 * n];
    symmlq_on(&mut products, n, b, x, split(&mut work, n), params)
}
/// [`symmlq`] on vectors of n numbers of any kind.
///
/// # Errors
/// As [`Symmlq`].
#[doc(hidden)]
pub fn symmlq_on<V: Vector + ?Sized>(
    products: &mut dyn Products<V>,
    n: usize,
    b: &V,
    x: &mut V,
    [r, r1, r2, y, v, w]: [&mut V; 6],
    params: &mut Params<'_>,
) -> Result<Report> {
    refine(NAME, n, products, b, x, r, params, &mut |products, x, r, s, monitor| {
        cycle(products, x, r, s, monitor, [&mut *r1, &mut *r2, &mut *y, &mut *v, &mut *w])
    })
}

/// Until the recurrence claims convergence. r = (b - A x) / s; x <- x + s d with A d = r.
///
/// Lanczos: r2 / beta is the newest vector, r1 the one before, v = P r2 / beta. T = L Q by rotations [c s; s -c] from the right.
fn cycle<V: Vector + ?Sized>(
    products: &mut dyn Products<V>,
    x: &mut V,
    r: &mut V,
    scale: VectorRe<V>,
    monitor: &mut Monitor<'_>,
    [mut r1, mut r2, mut y, v, w]: [&mut V; 5],
) -> Result<End> {
    let from_re = <V::Scalar as Scalar>::from_re;
    let (zero, one) = (VectorRe::<V>::zero(), VectorRe::<V>::one());
    let epsilon = VectorRe::<V>::epsilon().lane_f64(0);

    r1.fill(V::Scalar::zero());
    r2.copy(r);
    let beta_1 = precondition(products, r2, y, monitor)?;
    if beta_1.lane_f64(0) == 0.0 {
        return Err(monitor.bad_preconditioner(0.0));
    }
    let (mut beta, mut old_beta) = (beta_1, one);
    // row k of L: eps, delta, gamma-bar; the rest of the right-hand side of L z = beta_1 e_1
    let (mut gamma_bar, mut delta_bar) = (zero, zero);
    let (mut rhs_1, mut rhs_2, mut sines) = (beta_1, zero, one);
    // largest entry of T so far: |A| from below
    let (mut norm_a, mut first) = (0.0_f64, true);
    // |u|_2 of the vectors u = r1 / old beta and r2 / beta, whose length by P is 1: 1 without P
    let preconditioned = products.preconditioned();
    let mut length = if preconditioned { one / beta_1 } else { one };
    loop {
        // v_k = P r2 / beta;  y = A v - (beta / old beta) r1 - (alpha / beta) r2
        v.axpby(from_re(one / beta), y, V::Scalar::zero());
        products.apply(v, y)?;
        if !first {
            y.axpy(from_re(-(beta / old_beta)), r1);
        }
        let alpha = v.dot(y).re();
        y.axpy(from_re(-(alpha / beta)), r2);
        (r1, r2, y) = (r2, y, r1);
        old_beta = beta;
        beta = precondition(products, r2, y, monitor)?;
        if !alpha.lane_f64(0).is_finite() {
            return Err(monitor.non_finite());
        }
        for entry in [alpha, beta] {
            norm_a = norm_a.max(entry.abs().lane_f64(0));
        }

        if first {
            (gamma_bar, delta_bar) = (alpha, beta);
            w.copy(v);
            first = false;
        } else {
            // the rotation that takes old beta out of row k, on columns k and k + 1
            let gamma = hypot(gamma_bar, old_beta);
            let (c, s) = (gamma_bar / gamma, old_beta / gamma);
            let delta = c * delta_bar + s * alpha;
            gamma_bar = s * delta_bar - c * alpha;
            let eps = s * beta;
            delta_bar = -(c * beta);
            // x <- x + z (c w + s v);  w <- s w - c v
            let z = rhs_1 / gamma;
            if !(z.abs().lane_f64(0) * norm_a <= 1.0 / epsilon) {
                return Ok(End::Breakdown);
            }
            x.axpy(from_re(scale * z * c), w);
            x.axpy(from_re(scale * z * s), v);
            w.axpby(from_re(-c), v, from_re(s));
            rhs_1 = rhs_2 - delta * z;
            rhs_2 = -(eps * z);
            sines *= s;
        }
        let old_length = length;
        if preconditioned {
            length = if beta.lane_f64(0) > 0.0 { r2.norm() / beta } else { zero };
        }
        // residuals of this point, which is not longer than the sum of its parts, and of that of conjugate gradients
        let lq = match preconditioned {
            true => (rhs_1 * old_length).abs() + (rhs_2 * length).abs(),
            false => hypot(rhs_1, rhs_2),
        };
        let exhausted = beta.lane_f64(0) <= 10.0 * epsilon * norm_a;
        let regular = gamma_bar.abs().lane_f64(0) > 10.0 * epsilon * norm_a;
        let cg = match regular {
            true if exhausted => zero,
            true => (sines * beta_1 * beta / gamma_bar * length).abs(),
            false => lq,
        };
        let better = regular && cg.lane_f64(0) < lq.lane_f64(0);
        let mut end = monitor.watch(if better { cg } else { lq })?;
        if end.is_none() && exhausted {
            end = Some(if better { End::Claimed } else { End::Breakdown });
        }
        if let Some(end) = end {
            if better {
                x.axpy(from_re(scale * (rhs_1 / gamma_bar)), w);
            }
            return Ok(end);
        }
    }
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
        check_manners(symmlq::<f64>);
        check_manners(symmlq::<f32>);
        check_manners(symmlq::<C64>);
        check_manners(symmlq::<Complex<f32>>);
    }

    #[test]
    fn indefinite() {
        let d: Vec<f64> = (0..300).map(|i| [-1.0, 2.5, 7.0, -3.0][i % 4]).collect();
        let s = solve(Symmlq::default(), &diagonal::<SelfAdjointFacts, _>(d), &noisy(300)).unwrap();
        assert_eq!(s.report.iterations, 4);
        let s = solve(Symmlq::default(), &grid::<SelfAdjointFacts>(20, 1.0), &noisy(400)).unwrap();
        assert!(s.report.iterations < 450, "{}", s.report.iterations);
        // [0 1; 1 0] e_1: CG breaks down here
        let swap = matrix::<SelfAdjointFacts, f64>((2, 2), |i, j| f64::from(i != j));
        let s = solve(Symmlq::default(), &swap, &[1.0, 0.0]).unwrap();
        assert!(s.x[0].abs() < 1e-14 && (s.x[1] - 1.0).abs() < 1e-14);
        let a = matrix::<SelfAdjointFacts, C64>((30, 30), |i, j| match j as isize - i as isize {
            0 => c(0.3 * (i as f64 - 14.2), 0.0),
            1 => c(0.5, 1.0),
            -1 => c(0.5, -1.0),
            _ => c(0.0, 0.0),
        });
        assert!(solve(Symmlq::default(), &a, &complex(30)).unwrap().report.iterations <= 70);
    }

    /// Consistent: solved, and by the shortest solution; not consistent: an error.
    #[test]
    fn singular() {
        let d: Vec<f64> = (0..30).map(|i| (i % 6) as f64 - 2.0).collect();
        let a = diagonal::<SelfAdjointFacts, f64>(d.clone());
        let b: Vec<f64> = (0..30).map(|i| if d[i] != 0.0 { noise(i) } else { 0.0 }).collect();
        let s = solve(Symmlq::default(), &a, &b).unwrap();
        assert_eq!(s.report.iterations, 5);
        assert!((0..30).all(|i| d[i] != 0.0 || s.x[i].abs() < 1e-12));
        let e = solve(Symmlq::default().max_iters(100), &a, &noisy(30)).unwrap_err();
        assert!(matches!(e, Error::NotConverged { .. } | Error::Breakdown { .. }), "{e}");
        let zero = diagonal::<SelfAdjointFacts, f64>(vec![0.0; 4]);
        let e = solve(Symmlq::default(), &zero, &noisy(4)).unwrap_err();
        assert!(matches!(e, Error::Breakdown { .. }), "{e}");
        // the periodic Laplacian, with the constants as its null space
        let n = 40;
        let ring = free::<SelfAdjointFacts, f64, _>(n, |_, x: &[f64], y: &mut [f64]| {
            (0..n).for_each(|i| y[i] = 2.0 * x[i] - x[(i + 1) % n] - x[(i + n - 1) % n]);
        });
        let mut b: Vec<f64> = noisy(n);
        let mean = b.iter().sum::<f64>() / n as f64;
        b.iter_mut().for_each(|b| *b -= mean);
        let s = solve(Symmlq::default(), &ring, &b).unwrap();
        assert!(s.x.iter().sum::<f64>().abs() < 1e-8);
    }

    #[test]
    fn preconditioned() {
        let n = 200;
        let d: Vec<f64> = (0..n).map(|i| 10f64.powf(6.0 * i as f64 / n as f64)).collect();
        let sign = |i: usize| if i.is_multiple_of(5) { -2.0 } else { 2.0 };
        let a = matrix::<SelfAdjointFacts, f64>((n, n), |i, j| {
            (d[i] * d[j]).sqrt() * [sign(i), -0.5, 0.0][i.abs_diff(j).min(2)]
        });
        let p = diagonal::<SelfAdjointFacts, f64>(d.iter().map(|d| 1.0 / d).collect());
        let with = solve(Symmlq::default().preconditioner(&p), &a, &noisy(n)).unwrap().report;
        assert!(with.iterations < 150, "{}", with.iterations);
        let bad = diagonal::<NoFacts, f64>(vec![-1.0; n]);
        let e = solve(Symmlq::default().preconditioner(&bad), &a, &noisy(n)).unwrap_err();
        assert!(e.to_string().contains("preconditioner"), "{e}");
    }
}
