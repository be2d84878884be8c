//! Conjugate gradients for positive (semi)definite operators.
//!
//! Hestenes & Stiefel, Methods of conjugate gradients for solving linear systems, J. Res. NBS 49, 1952; letters of Golub & Van
//! Loan, Matrix Computations, 4th ed., algorithms 11.3.3 and 11.5.1. Deviations: the system is scaled by the residual at the start, the
//! curvature p^H A p is judged, |r|_2 is what stops also with a preconditioner, and the outer loop [`refine`] verifies the result.

use super::{End, Monitor, Params, Products, Report, cg_columns, host, refine, solver, split};
use crate::error::{Error, Result};
use crate::operator::DynOperator;
use crate::scalar::{Real, Scalar};
use crate::vector::{Vector, VectorRe};

/// Name in reports and errors.
pub(super) const NAME: &str = "CG";

solver! {
    /// Conjugate gradients: solves A x = b for a positive (semi)definite A by products with A alone.
    ///
    /// Its iterates minimise the energy norm of the error over the Krylov space: after k iterations it is at most
    /// 2 ((sqrt(c) - 1) / (sqrt(c) + 1))^k of what it was, c being the condition number of A (of P A with a preconditioner P), and zero
    /// after as many iterations as A has distinct eigenvalues, up to rounding. A singular A is fine if b is in its range. Several
    /// right-hand sides share the products; each has its own recurrence, and leaves the block when it has converged.
    ///
    /// # Input
    /// A with the fact PSD; P, if given, positive definite.
    /// # Cost
    /// Per iteration one product with A (and with P) and 10 n operations (12 n with P); 3 vectors (4 with P), nothing allocated per
    /// iteration. One product to verify.
    /// # Errors
    /// `NotPositiveDefinite` with the iteration and p^H A p / p^H p if that is negative; `Breakdown` if it is zero; `NotConverged` with
    /// the true residual; `NonFinite`; `ShapeMismatch`; `InvalidArgument` for lanes, dual numbers and an indefinite P.
    /// # Example
    /// ```
    /// use cola_core::prelude::*;
    /// use nalgebra::{matrix, vector};
    ///
    /// let a = Psd::new(Dense::new(matrix![4.0, 1.0; 1.0, 3.0]));
    /// let jacobi = Diagonal::new([1.0 / 4.0, 1.0 / 3.0]);
    /// let s = a.solve_with(Cg::default().tol(1e-12).preconditioner(&jacobi), &vector![1.0, 2.0])?;
    /// assert!((s.x - vector![1.0 / 11.0, 7.0 / 11.0]).norm() < 1e-12);
    /// assert!(s.report.iterations <= 2 && s.report.residual <= 1e-12);
    /// # Ok::<(), Error>(())
    /// ```
    /// # Reference
    /// Hestenes & Stiefel, J. Res. NBS 49, 1952; Golub & Van Loan, Matrix Computations, 4th ed., section 11.3.
    Cg by cg in blocks by cg_columns where Psd: PsdOf
}

/// [`Cg`], compiled once per number type: solves A x = b from the starting point `x`; `m` is near the inverse of A.
///
/// Workspace: r, p, q; z with a preconditioner.
///
/// # Errors
/// As [`Cg`].
pub fn cg<T: Scalar>(
    a: &dyn DynOperator<T>,
    m: Option<&dyn DynOperator<T>>,
    b: &[T],
    x: &mut [T],
    params: &mut Params<'_>,
) -> Result<Report> {
    let mut products = host(NAME, a, m, (b, x), params)?;
    let n = b.len();
    let mut work = vec![T::zero(); 3 * n];
    let mut work_z = vec![T::zero(); if m.is_some() { n } else { 0 }];
    let [r, p, q] = split(&mut work, n);
    cg_on(&mut products, n, b, x, [r, p, q, &mut work_z], params)
}
/// [`cg`] on vectors of n numbers of any kind; `z` is used with a preconditioner only.
///
/// # Errors
/// As [`Cg`].
#[doc(hidden)]
pub fn cg_on<V: Vector + ?Sized>(
    products: &mut dyn Products<V>,
    n: usize,
    b: &V,
    x: &mut V,
    [r, p, q, z]: [&mut V; 4],
    params: &mut Params<'_>,
) -> Result<Report> {
    refine(NAME, n, products, b, x, r, params, &mut |products, x, r, s, monitor| {
        cycle(products, x, r, s, monitor, [&mut *p, &mut *q, &mut *z])
    })
}

/// Until the recurrence claims convergence. r = (b - A x) / s; x <- x + s d with A d = r.
fn cycle<V: Vector + ?Sized>(
    products: &mut dyn Products<V>,
    x: &mut V,
    r: &mut V,
    s: VectorRe<V>,
    monitor: &mut Monitor<'_>,
    [p, q, z]: [&mut V; 3],
) -> Result<End> {
    let preconditioned = products.preconditioned();
    let from_re = <V::Scalar as Scalar>::from_re;
    let rr = r.dot(r).re();
    let mut rho = rr;
    if preconditioned {
        products.precondition(r, z)?;
        rho = r.dot(z).re();
        judge_preconditioner(rho, rr, monitor)?;
        p.copy(z);
    } else {
        p.copy(r);
    }
    let mut state = State { rho, pp: rho, norm_a: 0.0 };
    // where that saves passes over memory, x follows one step behind, together with p; then p^H A p is known when the next step begins
    let fuses = products.fuses();
    let mut known = None;
    loop {
        let mu = if let Some(mu) = known {
            mu
        } else {
            let several = if fuses || preconditioned {
                None
            } else {
                let (limit, left) = (monitor.limit::<VectorRe<V>>(), monitor.left());
                products.cg_steps([&mut *x, &mut *p, &mut *r, &mut *q], s, state.rho, limit, left)?
            };
            if let Some(steps) = several {
                match state.follow(&steps, p, r, monitor)? {
                    Some(end) => return Ok(end),
                    None => continue,
                }
            }
            products.apply(p, q)?;
            p.dot(q).re()
        };
        if !state.curvature(mu, p, monitor)? {
            return Ok(End::Breakdown);
        }
        let alpha = state.rho / mu;
        // x <- x + s alpha p;  r <- r - alpha A p
        let step = from_re(s * alpha);
        let rr = match fuses {
            true => r.sub_norm_sq(from_re(alpha), q),
            false => V::step(x, step, p, r, from_re(alpha), q),
        };
        if let Some(end) = after_step(rr, monitor)? {
            if fuses {
                x.axpy(step, p);
            }
            return Ok(end);
        }
        let rho = if preconditioned {
            products.precondition(r, z)?;
            let rho = r.dot(z).re();
            judge_preconditioner(rho, rr, monitor)?;
            rho
        } else {
            rr
        };
        let beta = from_re(state.turn(rho));
        let new = if preconditioned { &*z } else { &*r };
        known = match fuses {
            true => Some(products.direction(x, step, p, new, beta, q)?.re()),
            false => {
                p.xpby(new, beta);
                None
            }
        };
    }
}

/// The numbers of the recurrence.
struct State<R> {
    /// r^H P r.
    rho: R,
    /// p^H P^-1 p, by its recurrence.
    pp: R,
    /// The largest |p^H A p| / p^H P^-1 p so far: |A| (or |P A|) from below.
    norm_a: f64,
}
impl<R: Real> State<R> {
    /// Whether mu = p^H A p is positive.
    fn curvature<V>(&mut self, mu: R, p: &V, monitor: &Monitor<'_>) -> Result<bool>
    where
        V: Vector + ?Sized,
        V::Scalar: Scalar<Re = R>,
    {
        if !mu.lane_f64(0).is_finite() {
            return Err(monitor.non_finite());
        }
        judge_curvature(mu, self.pp, &mut self.norm_a, || p.norm().lane_f64(0), monitor.iterations())
    }
    /// Notes the new r^H P r; returns beta.
    fn turn(&mut self, rho: R) -> R {
        let beta = rho / self.rho;
        self.rho = rho;
        self.pp = rho + beta * beta * self.pp;
        beta
    }
    /// Judges the steps that [`Products::cg_steps`] took, as if each had been looked at. Where one ends the cycle, those after it have
    /// changed x too, which only the true residual has to account for.
    fn follow<V>(&mut self, steps: &[[R; 2]], p: &mut V, r: &V, monitor: &mut Monitor<'_>) -> Result<Option<End>>
    where
        V: Vector + ?Sized,
        V::Scalar: Scalar<Re = R>,
    {
        if steps.is_empty() {
            return Ok(Some(End::Breakdown));
        }
        for &[mu, rr] in steps {
            if !self.curvature(mu, p, monitor)? {
                return Ok(Some(End::Breakdown));
            }
            if let Some(end) = after_step(rr, monitor)? {
                return Ok(Some(end));
            }
            let beta = self.turn(rr);
            // where the steps ended, p is not changed yet
            if rr.lane_f64(0) <= monitor.limit::<R>() {
                p.xpby(r, V::Scalar::from_re(beta));
            }
        }
        Ok(None)
    }
}

/// Notes a step after which |r|^2 is `rr`, and whether the cycle is over.
fn after_step<R: Real>(rr: R, monitor: &mut Monitor<'_>) -> Result<Option<End>> {
    let norm = rr.sqrt();
    // a definite A lets |r| grow by the root of its condition number, no more
    let growth = norm.lane_f64(0);
    match growth.is_finite() && growth <= 1.0 / R::epsilon().lane_f64(0) {
        true => monitor.watch(norm),
        false => Ok(Some(End::Breakdown)),
    }
}

/// Whether the curvature mu = p^H A p is positive; `norm_a` is the largest |mu| / p^H P^-1 p so far, |A| (or |P A|) from below.
///
/// # Errors
/// `NotPositiveDefinite` where it is negative beyond the rounding of a product.
pub(super) fn judge_curvature<R: Real>(
    mu: R,
    pp: R,
    norm_a: &mut f64,
    norm_p: impl Fn() -> f64,
    index: usize,
) -> Result<bool> {
    let quotient = (mu / pp).lane_f64(0);
    *norm_a = norm_a.max(quotient.abs());
    if mu.lane_f64(0) > 0.0 {
        return Ok(true);
    }
    if quotient < -1e3 * R::epsilon().lane_f64(0) * *norm_a {
        let p = norm_p();
        return Err(Error::NotPositiveDefinite { index, pivot: mu.lane_f64(0) / p / p });
    }
    Ok(false)
}

/// r^H P r > 0 for a positive definite P.
fn judge_preconditioner<R: Real>(rho: R, rr: R, monitor: &Monitor<'_>) -> Result<()> {
    let (rho, rr) = (rho.lane_f64(0), rr.lane_f64(0));
    if !rho.is_finite() {
        return Err(monitor.non_finite());
    }
    if rho <= 0.0 { Err(monitor.bad_preconditioner(rho / rr)) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::facts::{NoFacts, PsdFacts};
    use crate::scalar::Complex;

    #[test]
    fn manners() {
        check_manners(cg::<f64>);
        check_manners(cg::<f32>);
        check_manners(cg::<C64>);
        check_manners(cg::<Complex<f32>>);
    }

    #[test]
    fn as_many_iterations_as_distinct_eigenvalues() {
        let d: Vec<f64> = (0..300).map(|i| [1.0, 2.5, 7.0][i % 3]).collect();
        let s = solve(Cg::default(), &diagonal::<PsdFacts, _>(d), &noisy(300)).unwrap();
        assert_eq!(s.report.iterations, 3);
    }

    /// The known solution of -u'' = 2: u_i = i (n + 1 - i), by hand; symmetric, so half of the iterations.
    #[test]
    fn laplacian_of_a_line() {
        let n = 100;
        let s = solve(Cg::default(), &laplacian::<PsdFacts, f64>(n), &vec![2.0; n]).unwrap();
        for (i, x) in s.x.iter().enumerate() {
            let want = ((i + 1) * (n - i)) as f64;
            assert!((x / want - 1.0).abs() < 1e-8);
        }
        assert!((n / 2..=n / 2 + 1).contains(&s.report.iterations), "{}", s.report.iterations);
    }

    #[test]
    fn laplacian_of_a_grid() {
        let b: Vec<f64> = noisy(900);
        let s = solve(Cg::default(), &grid::<PsdFacts>(30, 0.0), &b).unwrap();
        assert!(s.report.iterations < 130, "{}", s.report.iterations);
        assert!(s.report.residual <= 1e-10);
    }

    #[test]
    fn single_precision() {
        let b: Vec<f32> = noisy(60);
        let s = solve(Cg::default(), &laplacian::<PsdFacts, f32>(60), &b).unwrap();
        assert!(s.report.residual <= 1e-4 && s.report.iterations <= 70, "{:?}", s.report);
    }

    /// tridiag(-i, 2, i) is Hermitian with the spectrum of the Laplacian; the adjoint is the same.
    #[test]
    fn complex_hermitian() {
        let a = matrix::<PsdFacts, C64>((40, 40), |i, j| match j as isize - i as isize {
            0 => c(2.1, 0.0),
            1 => c(0.0, 1.0),
            -1 => c(0.0, -1.0),
            _ => c(0.0, 0.0),
        });
        let s = solve(Cg::default(), &a, &complex(40)).unwrap();
        assert!(s.report.iterations <= 42);
    }

    #[test]
    fn jacobi_helps_a_badly_scaled_operator() {
        let n = 200;
        let d: Vec<f64> = (0..n).map(|i| 10f64.powf(6.0 * i as f64 / n as f64)).collect();
        let a = matrix::<PsdFacts, f64>((n, n), |i, j| (d[i] * d[j]).sqrt() * [2.0, -0.5, 0.0][i.abs_diff(j).min(2)]);
        let p = diagonal::<PsdFacts, f64>(d.iter().map(|d| 1.0 / d).collect());
        let b: Vec<f64> = noisy(n);
        let with = solve(Cg::default().preconditioner(&p), &a, &b).unwrap().report;
        assert!(with.iterations < 60, "{}", with.iterations);
        let plain = solve(Cg::default().max_iters(4 * with.iterations), &a, &b);
        assert!(matches!(plain, Err(Error::NotConverged { .. })), "{plain:?}");
    }

    #[test]
    fn an_indefinite_operator_is_named() {
        let a = diagonal::<PsdFacts, f64>((0..9).map(|i| i as f64 - 3.5).collect());
        match solve(Cg::default(), &a, &noisy(9)) {
            Err(Error::NotPositiveDefinite { pivot, .. }) => assert!((-3.5..0.0).contains(&pivot)),
            other => panic!("{other:?}"),
        }
        let minus = diagonal::<PsdFacts, f64>(vec![-2.0; 4]);
        match solve(Cg::default(), &minus, &noisy(4)) {
            Err(Error::NotPositiveDefinite { index: 0, pivot }) => {
                assert!((pivot + 2.0).abs() < 1e-12)
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn zero_curvature_is_a_breakdown() {
        let zero = diagonal::<PsdFacts, f64>(vec![0.0; 4]);
        let e = solve(Cg::default(), &zero, &noisy(4)).unwrap_err();
        assert_eq!(e, Error::Breakdown { algorithm: "CG", iteration: 0 });
        // [0 1; 1 0] and e_1
        let swap = matrix::<PsdFacts, f64>((2, 2), |i, j| f64::from(i != j));
        let e = solve(Cg::default(), &swap, &[1.0, 0.0]).unwrap_err();
        assert!(matches!(e, Error::Breakdown { .. }), "{e}");
    }

    /// Semidefinite, b in the range: solved; b not in the range: an error.
    #[test]
    fn semidefinite() {
        let n = 30;
        let d: Vec<f64> = (0..n).map(|i| (i % 6) as f64).collect();
        let a = diagonal::<PsdFacts, f64>(d.clone());
        let b: Vec<f64> = (0..n).map(|i| if d[i] > 0.0 { noise(i) } else { 0.0 }).collect();
        assert_eq!(solve(Cg::default(), &a, &b).unwrap().report.iterations, 5);
        let e = solve(Cg::default(), &a, &noisy(n)).unwrap_err();
        assert!(matches!(e, Error::Breakdown { .. }), "{e}");
        // ones is the null space of the periodic Laplacian
        let ring = free::<PsdFacts, f64, _>(n, |_, x: &[f64], y: &mut [f64]| {
            for i in 0..n {
                y[i] = 2.0 * x[i] - x[(i + 1) % n] - x[(i + n - 1) % n];
            }
        });
        let mut b: Vec<f64> = noisy(n);
        let mean = b.iter().sum::<f64>() / n as f64;
        b.iter_mut().for_each(|b| *b -= mean);
        assert!(solve(Cg::default(), &ring, &b).is_ok());
    }

    #[test]
    fn an_indefinite_preconditioner_is_named() {
        let a = laplacian::<PsdFacts, f64>(8);
        for d in [-1.0, 0.0] {
            let p = diagonal::<NoFacts, f64>(vec![d; 8]);
            let e = solve(Cg::default().preconditioner(&p), &a, &noisy(8)).unwrap_err();
            assert!(e.to_string().contains("preconditioner"), "{e}");
        }
    }

    /// Condition 1e12: the recurrence claims what the true residual may not confirm; whatever is returned is true.
    #[test]
    fn ill_conditioned() {
        let n = 12;
        let a = matrix::<PsdFacts, f64>((n, n), |i, j| 1.0 / (i + j + 1) as f64);
        for tol in [1e-6, 1e-10, 1e-14, 1e-17] {
            match solve(Cg::default().tol(tol).max_iters(2000), &a, &noisy(n)) {
                Ok(s) => assert!(s.report.residual <= 10.0 * tol),
                Err(Error::NotConverged { residual, .. }) => assert!(residual > tol),
                // Hilbert's matrix is not positive definite to working precision
                Err(Error::NotPositiveDefinite { .. } | Error::Breakdown { .. }) => {}
                Err(e) => panic!("{e}"),
            }
        }
    }
}
