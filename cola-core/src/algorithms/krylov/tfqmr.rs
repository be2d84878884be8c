//! TFQMR for general operators: quasi-minimal residuals without products with the adjoint.
//!
//! Freund, A transpose-free quasi-minimal residual algorithm for non-Hermitian linear systems, SISC 14, 1993; letters of Saad, Iterative
//! Methods for Sparse Linear Systems, 2nd ed., algorithm 7.8. Deviations: the preconditioner stands on the right, so that the bound is
//! one of the true residual; a breakdown starts again from the true residual, with it as the new shadow; the outer loop [`refine`]
//! verifies the result.

use super::{End, Monitor, Params, Products, Report, host, hypot, refine, solver};
use crate::error::Result;
use crate::operator::DynOperator;
use crate::scalar::{Real, Scalar};
use crate::vector::{Vector, VectorRe};
use num_traits::{One, Zero};

/// Name in reports and errors.
pub(super) const NAME: &str = "TFQMR";

solver! {
    /// Transpose-free quasi-minimal residuals: solves A x = b for any square A in a fixed number of vectors.
    ///
    /// The polynomials of bi-conjugate gradients squared, combined so that a weighted residual is minimal: where
    /// [`BiCgStab`](super::BiCgStab) jumps, this falls smoothly, at about the same cost. What is watched is a bound of the residual, sqrt(2 k)
    /// times the weighted one after k iterations; convergence is not assured.
    ///
    /// # Input
    /// A square A; P, if given, any operator near the inverse of A.
    /// # Cost
    /// Per iteration 2 products with A (and with P) and about 26 n operations; 7 vectors (9 with P), nothing allocated per iteration. One
    /// product to verify.
    /// # Errors
    /// `NotConverged` with the true residual; `Breakdown` if the recurrences cannot go on and starting again does not help;
    /// `NonFinite`; `ShapeMismatch`; `InvalidArgument` for lanes and dual numbers.
    /// # Example
    /// ```
    /// use cola_core::prelude::*;
    /// use nalgebra::{matrix, vector};
    ///
    /// let a = Dense::new(matrix![1.0, 2.0; -3.0, 1.0]);
    /// let s = a.solve_with(Tfqmr::default().tol(1e-12), &vector![5.0, -1.0])?;
    /// assert!((s.x - vector![1.0, 2.0]).norm() < 1e-10);
    /// # Ok::<(), Error>(())
    /// ```
    /// # Reference
    /// Freund, SIAM J. Sci. Comput. 14, 1993, 470-482.
    Tfqmr by tfqmr
}

/// [`Tfqmr`], compiled once per number type: solves A x = b from the starting point `x`; `m` is near the inverse of A.
///
/// Workspace: one for the outer residual; the shadow, w, u, v, A u, d; with a preconditioner the sum of the updates and a product.
///
/// # Errors
/// As [`Tfqmr`].
pub fn tfqmr<T: Scalar>(
    a: &dyn DynOperator<T>,
    m: Option<&dyn DynOperator<T>>,
    b: &[T],
    x: &mut [T],
    params: &mut Params<'_>,
) -> Result<Report> {
    let mut products = host(NAME, a, m, (b, x), params)?;
    let n = b.len();
    let mut work = vec![T::zero(); 7 * n];
    let mut more = vec![T::zero(); if m.is_some() { 2 * n } else { 0 }];
    let more = super::split(&mut more, if m.is_some() { n } else { 0 });
    tfqmr_on(&mut products, n, b, x, super::split(&mut work, n), more, params)
}
/// [`tfqmr`] on vectors of n numbers of any kind; the last two are used with a preconditioner only.
///
/// # Errors
/// As [`Tfqmr`].
#[doc(hidden)]
pub fn tfqmr_on<V: Vector + ?Sized>(
    products: &mut dyn Products<V>,
    n: usize,
    b: &V,
    x: &mut V,
    [r, shadow, w, u, v, au, d]: [&mut V; 7],
    [y, z]: [&mut V; 2],
    params: &mut Params<'_>,
) -> Result<Report> {
    refine(NAME, n, products, b, x, r, params, &mut |products, x, r, s, monitor| {
        let work = [&mut *shadow, &mut *w, &mut *u, &mut *v, &mut *au, &mut *d];
        if !products.preconditioned() {
            return cycle(products, x, r, s, monitor, work, None);
        }
        // the updates are summed in y, and x <- x + s P y at the end
        y.fill(V::Scalar::zero());
        let end = cycle(products, y, r, VectorRe::<V>::one(), monitor, work, Some(&mut *z))?;
        products.precondition(y, z)?;
        x.axpy(V::Scalar::from_re(s), z);
        Ok(end)
    })
}

/// Until the recurrence claims convergence or breaks down. r = (b - A x) / s; x <- x + s d with A P d = r.
fn cycle<V: Vector + ?Sized>(
    products: &mut dyn Products<V>,
    x: &mut V,
    r: &mut V,
    scale: VectorRe<V>,
    monitor: &mut Monitor<'_>,
    [shadow, w, u, v, au, d]: [&mut V; 6],
    mut z: Option<&mut V>,
) -> Result<End> {
    let (zero, one) = (VectorRe::<V>::zero(), VectorRe::<V>::one());
    let epsilon = VectorRe::<V>::epsilon().lane_f64(0);
    let size = |x: V::Scalar| x.abs().lane_f64(0);
    let mut product = |products: &mut dyn Products<V>, x: &V, y: &mut V| match &mut z {
        Some(z) => {
            products.precondition(x, z)?;
            products.apply(z, y)
        }
        None => products.apply(x, y),
    };
    shadow.copy(r);
    w.copy(r);
    u.copy(r);
    d.fill(V::Scalar::zero());
    product(products, u, v)?;
    au.copy(v);
    let (mut tau, mut theta, mut eta) = (r.norm(), zero, V::Scalar::zero());
    let mut rho = shadow.dot(r);
    let mut halves = 0_usize;
    loop {
        let sigma = shadow.dot(v);
        if !size(sigma).is_finite() {
            return Err(monitor.non_finite());
        }
        if size(sigma) <= epsilon * epsilon * size(rho) || size(rho) == 0.0 {
            return Ok(End::Breakdown);
        }
        let alpha = rho / sigma;
        for half in 0..2 {
            if half == 1 {
                // u_(k+1) = u_k - alpha v
                u.axpy(-alpha, v);
                product(products, u, au)?;
            }
            // w <- w - alpha A u;  d <- u + (theta^2 eta / alpha) d
            w.axpy(-alpha, au);
            d.xpby(u, eta.scale(theta * theta) / alpha);
            let norm_w = w.norm();
            if !norm_w.lane_f64(0).is_finite() {
                return Err(monitor.non_finite());
            }
            // beyond, the recurrence has lost every digit
            if norm_w.lane_f64(0) > 1.0 / epsilon {
                return Ok(End::Breakdown);
            }
            theta = norm_w / tau;
            let c = one / hypot(one, theta);
            tau = tau * theta * c;
            eta = alpha.scale(c * c);
            x.axpy(eta.scale(scale), d);
            halves += 1;
        }
        // |r| <= sqrt(halves + 1) tau
        let bound = tau * VectorRe::<V>::real(((halves + 1) as f64).sqrt());
        if let Some(end) = monitor.watch(bound)? {
            return Ok(end);
        }
        let new = shadow.dot(w);
        if !(size(new) > epsilon * epsilon * w.norm().lane_f64(0)) {
            return Ok(End::Breakdown);
        }
        let beta = new / rho;
        rho = new;
        // u <- w + beta u;  v <- A u_new + beta (A u_old + beta v)
        u.xpby(w, beta);
        v.xpby(au, beta);
        product(products, u, au)?;
        v.xpby(au, beta);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::Error;
    use crate::facts::NoFacts;
    use crate::scalar::Complex;

    #[test]
    fn manners() {
        check_manners(tfqmr::<f64>);
        check_manners(tfqmr::<f32>);
        check_manners(tfqmr::<C64>);
        check_manners(tfqmr::<Complex<f32>>);
    }

    /// Upwind convection and diffusion on a line.
    #[test]
    fn convection_and_diffusion() {
        let n = 120;
        let a = matrix::<NoFacts, f64>((n, n), |i, j| match j as isize - i as isize {
            0 => 3.0,
            -1 => -2.0,
            1 => -1.0,
            _ => 0.0,
        });
        let b: Vec<f64> = noisy(n);
        let s = solve(Tfqmr::default(), &a, &b).unwrap();
        assert!(s.report.iterations < 150, "{}", s.report.iterations);
        let p = diagonal::<NoFacts, f64>((0..n).map(|i| if i % 3 == 0 { 0.5 } else { 0.3 }).collect());
        assert!(solve(Tfqmr::default().preconditioner(&p), &a, &b).unwrap().report.residual <= 1e-10);
        let complex = matrix::<NoFacts, C64>((60, 60), |i, j| match j as isize - i as isize {
            0 => c(3.0, 0.5),
            -1 => c(-1.0, 1.0),
            1 => c(-1.0, 0.0),
            _ => c(0.0, 0.0),
        });
        assert!(solve(Tfqmr::default(), &complex, &self::complex(60)).unwrap().report.iterations < 90);
        // what is watched bounds the true residual
        let mut seen = Vec::new();
        for k in [3, 10, 20] {
            let mut x = vec![0.0; n];
            let mut few = Params { max_iters: Some(k), ..Params::default() };
            let Err(Error::NotConverged { residual, .. }) = tfqmr(&a, None, &b, &mut x, &mut few) else { panic!() };
            seen.push(residual);
            assert!(residual <= s.report.history[k - 1] * (1.0 + 1e-6), "{residual} {}", s.report.history[k - 1]);
        }
        assert!(seen[2] < seen[0]);
    }

    #[test]
    fn rotation_by_a_right_angle_is_a_breakdown() {
        // r^H A r = 0 at the start, as for all methods of two-sided Lanczos
        let a = matrix::<NoFacts, f64>((2, 2), |i, j| if i == j { 0.0 } else { 1.0 - 2.0 * i as f64 });
        let e = solve(Tfqmr::default(), &a, &[1.0, 2.0]).unwrap_err();
        assert!(matches!(e, Error::Breakdown { algorithm: "TFQMR", .. }), "{e}");
    }
}
