//! What the methods on the Golub-Kahan process share: products with A and A^H, and the outer loop that believes no recurrence.
//!
//! Golub & Kahan, Calculating the singular values and pseudo-inverse of a matrix, SIAM J. Numer. Anal. 2, 1965. The system is scaled by
//! |b|, the claim of a recurrence is checked by two fresh products, and the iteration is started again from the true residual where it
//! claimed too much. Damping is that of the stacked operator [A; damp I], so that a method needs no second recurrence for it.

use super::outer::{non_finite_product, plain_numbers, slack, tolerance, worthwhile};
use super::{Params, Report, hypot, split};
use crate::algorithms::watch::{Watcher, default_tol};
use crate::error::{Error, Result, collect_faults};
use crate::operator::{DynOperator, LinearOperator, Update};
use crate::scalar::{Real, Scalar};
use crate::vector::{Vector, VectorRe, normalise};
use crate::view::{View, ViewMut};
use num_traits::Zero;

/// An algorithm for least-squares problems.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no algorithm for least-squares problems",
    label = "no least squares by this"
)]
pub trait LeastSquares<A: LinearOperator> {
    /// Minimises |b - A x|, each column by itself. `x` holds the starting point (zeros if in doubt), then the solution, or on failure the
    /// last iterate.
    ///
    /// # Errors
    /// As [`SolveAlgorithm::solve`](super::SolveAlgorithm::solve).
    fn least_squares(&mut self, a: &A, b: View<'_, A::Scalar>, x: ViewMut<'_, A::Scalar>) -> Result<Report>;
}
/// The type and the options of a builder whose loop is `$run`, with `damp` if said.
macro_rules! least_squares {
    ($(#[$doc:meta])* $Name:ident by $run:ident $(with $damp:ident)?) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $Name<P = $crate::algorithms::krylov::NoPreconditioner, F = $crate::algorithms::NoCallback> {
            options: $crate::algorithms::watch::Options,
            preconditioner: P,
            callback: F,
        }
        impl Default for $Name {
            fn default() -> Self {
                $Name {
                    options: Default::default(),
                    preconditioner: $crate::algorithms::krylov::NoPreconditioner,
                    callback: $crate::algorithms::NoCallback,
                }
            }
        }
        impl<P, F> $Name<P, F> {
            /// Wanted |b - A x| / |b|, or of least squares |A^H r| / (|A| |r|), as fresh products at the end have it: it is met, or the
            /// solve is a `NotConverged`. Default: 1e-10, in single precision 1e-5; of the default up to ten times as much passes where
            /// rounding lets the iteration come no nearer.
            pub fn tol(mut self, tol: f64) -> Self {
                self.options.tol = Some(tol);
                self
            }
            /// Most iterations. Default: 10 min(m, n), at least 100.
            pub fn max_iters(mut self, max_iters: usize) -> Self {
                self.options.max_iters = Some(max_iters);
                self
            }
            $(
            /// Minimise |b - A x|^2 + |damp x|^2 (with P: |damp P^-1 x|^2; from a starting point: of the correction). Default: 0.
            pub fn $damp(mut self, damp: f64) -> Self {
                self.options.damp = damp;
                self
            })?
        }
        $crate::algorithms::watch::watched!($Name<P> preconditioner);
        $crate::algorithms::krylov::preconditioned!($Name);
        impl<A, P, F> $crate::algorithms::krylov::LeastSquares<A> for $Name<P, F>
        where
            A: $crate::operator::LinearOperator,
            P: $crate::algorithms::krylov::Preconditioner<A::Scalar>,
            F: $crate::algorithms::Callback,
        {
            fn least_squares(
                &mut self,
                a: &A,
                b: $crate::view::View<'_, A::Scalar>,
                x: $crate::view::ViewMut<'_, A::Scalar>,
            ) -> $crate::Result<$crate::algorithms::krylov::Report> {
                let callback = &mut self.callback;
                let mut observer = |i: &$crate::algorithms::Iteration| $crate::algorithms::Callback::observe(callback, i);
                let params = &mut $crate::algorithms::krylov::Params::from_options(self.options, &mut observer);
                let m = $crate::algorithms::krylov::Preconditioner::operator(&self.preconditioner);
                let damp = self.options.damp;
                let n = $crate::operator::Operator::ncols(a);
                $crate::algorithms::krylov::columns_by(NAME, n, b, x, |b, x| $run(a, m, damp, b, x, params))
            }
        }
        impl<A, P, F> $crate::algorithms::krylov::SolveAlgorithm<A> for $Name<P, F>
        where
            A: $crate::operator::LinearOperator,
            P: $crate::algorithms::krylov::Preconditioner<A::Scalar>,
            F: $crate::algorithms::Callback,
        {
            fn solve(
                &mut self,
                a: &A,
                b: $crate::view::View<'_, A::Scalar>,
                x: $crate::view::ViewMut<'_, A::Scalar>,
            ) -> $crate::Result<$crate::algorithms::krylov::Report> {
                $crate::algorithms::krylov::LeastSquares::least_squares(self, a, b, x)
            }
        }
    };
}
pub(super) use least_squares;

/// A rectangular A as the loops see it, so that a device needs no second one: vectors of its rows and of its columns. With damping the former
/// are those of the stack of A and damp I.
#[doc(hidden)]
pub trait Sides<V: Vector + ?Sized> {
    /// y <- A x + c y.
    ///
    /// # Errors
    /// What an operator that iterates inside reports.
    fn forward(&mut self, x: &V, c: VectorRe<V>, y: &mut V) -> Result<()>;
    /// y <- A^H x + c y.
    ///
    /// # Errors
    /// As `forward`.
    fn backward(&mut self, x: &V, c: VectorRe<V>, y: &mut V) -> Result<()>;
    /// u <- b - A x.
    ///
    /// # Errors
    /// As `forward`.
    fn residual(&mut self, b: &V, x: &V, u: &mut V) -> Result<()>;
    /// x <- x + r d.
    ///
    /// # Errors
    /// As `forward`.
    fn update(&mut self, r: VectorRe<V>, d: &V, x: &mut V) -> Result<()>;
}
/// Products with the stack of A P and damp I, and with its adjoint.
struct Both<'a, T> {
    a: &'a dyn DynOperator<T>,
    p: Option<&'a dyn DynOperator<T>>,
    damp: T,
    /// The sum of the d, with damping.
    sum: Vec<T>,
    /// P x, n numbers.
    z: Vec<T>,
    scratch: Vec<T>,
}
impl<T: Scalar> Sides<[T]> for Both<'_, T> {
    /// y <- [A P; damp I] x + c y.
    fn forward(&mut self, x: &[T], c: T::Re, y: &mut [T]) -> Result<()> {
        y.scale(T::from_re(c));
        let (y, rest) = y.split_at_mut(self.a.dyn_shape().0);
        if !rest.is_empty() {
            rest.axpy(self.damp, x);
        }
        let how = Update::replace().add();
        match self.p {
            None => act(self.a, how, x, y, &mut self.scratch),
            Some(p) => {
                act(p, Update::replace(), x, &mut self.z, &mut self.scratch)?;
                act(self.a, how, &self.z, y, &mut self.scratch)
            }
        }
    }
    /// y <- [A P; damp I]^H x + c y.
    fn backward(&mut self, x: &[T], c: T::Re, y: &mut [T]) -> Result<()> {
        y.scale(T::from_re(c));
        let (x, rest) = x.split_at(self.a.dyn_shape().0);
        if !rest.is_empty() {
            y.axpy(self.damp, rest);
        }
        let how = Update::replace().flip().add();
        match self.p {
            None => act(self.a, how, x, y, &mut self.scratch),
            Some(p) => {
                act(self.a, Update::replace().flip(), x, &mut self.z, &mut self.scratch)?;
                act(p, how, &self.z, y, &mut self.scratch)
            }
        }
    }
    /// u <- (b - A x, -damp times the sum of the d).
    fn residual(&mut self, b: &[T], x: &[T], u: &mut [T]) -> Result<()> {
        let (u, rest) = u.split_at_mut(b.len());
        u.copy(b);
        if !rest.is_empty() {
            rest.copy(&self.sum);
            rest.scale(-self.damp);
        }
        act(self.a, Update { alpha: -T::one(), ..Update::replace() }.add(), x, u, &mut self.scratch)
    }
    /// x <- x + r P d.
    fn update(&mut self, r: T::Re, d: &[T], x: &mut [T]) -> Result<()> {
        if !self.sum.is_empty() {
            self.sum[..].axpy(T::from_re(r), d);
        }
        match self.p {
            None => {
                x.axpy(T::from_re(r), d);
                Ok(())
            }
            Some(p) => act(p, Update { alpha: T::from_re(r), ..Update::replace() }.add(), d, x, &mut self.scratch),
        }
    }
}
fn act<T: Scalar>(op: &dyn DynOperator<T>, how: Update<T>, x: &[T], y: &mut [T], scratch: &mut [T]) -> Result<()> {
    let run = || op.dyn_act(how, View::vector(x), ViewMut::vector(y), scratch);
    collect_faults(run).1.into_iter().next().map_or(Ok(()), |(_, fault)| Err(fault))
}

/// A step of the Golub-Kahan process: beta u <- A v - alpha u, alpha v <- A^H u - beta v with |u| = |v| = 1. Returns beta; where it is zero,
/// so is alpha.
pub(super) fn bidiagonalise<V: Vector + ?Sized>(
    by: &mut dyn Sides<V>,
    alpha: &mut VectorRe<V>,
    u: &mut V,
    v: &mut V,
) -> Result<VectorRe<V>> {
    by.forward(v, -*alpha, u)?;
    let beta = u.norm();
    *alpha = VectorRe::<V>::zero();
    if beta.lane_f64(0) > 0.0 {
        normalise(u, beta);
        by.backward(u, -beta, v)?;
        *alpha = v.norm();
        if alpha.lane_f64(0) > 0.0 {
            normalise(v, *alpha);
        }
    }
    Ok(beta)
}

/// One of the methods.
pub(super) struct Method<V: Vector + ?Sized> {
    pub name: &'static str,
    /// It solves systems that have a solution and no others.
    pub consistent: bool,
    pub cycle: Cycle<V>,
}
/// Works on A d = u until the recurrence claims it: |u| = 1, v = A^H u on entry, d on exit, two more vectors like v; the largest |A v| that
/// was seen.
type Cycle<V> = fn(&mut dyn Sides<V>, &mut V, [&mut V; 4], &Goal, &mut f64, &mut Watcher<'_>) -> Result<Stop>;

/// Minimises |b - A x|^2 + |damp d|^2 over x = `x` + P d by a method, on the host.
///
/// Workspace: u of m numbers; d and three more of n; P v with a preconditioner; with damping u has n more and the sum of the d is kept.
///
/// # Errors
/// As [`Lsmr`](super::Lsmr).
pub(super) fn minimise<T: Scalar>(
    method: Method<[T]>,
    a: &dyn DynOperator<T>,
    p: Option<&dyn DynOperator<T>>,
    damp: f64,
    b: &[T],
    x: &mut [T],
    params: &mut Params<'_>,
) -> Result<Report> {
    plain_numbers::<T>(method.name)?;
    tolerance(method.name, params.tol)?;
    if !(damp.is_finite() && damp >= 0.0) {
        return Err(Error::invalid(format!(
            "{}: the damping is {damp}; give a number that is not negative",
            method.name
        )));
    }
    let (m, n) = a.dyn_shape();
    let mismatch = |right| Err(Error::ShapeMismatch { op: method.name, left: (m, n), right });
    if b.len() != m {
        return mismatch((b.len(), 1));
    }
    if x.len() != n {
        return mismatch((x.len(), 1));
    }
    let mut scratch = a.dyn_scratch(1);
    if let Some(p) = p {
        if p.dyn_shape() != (n, n) {
            return Err(Error::ShapeMismatch { op: "preconditioner", left: (m, n), right: p.dyn_shape() });
        }
        scratch = scratch.max(p.dyn_scratch(1));
    }
    let (z, scratch) = (vec![T::zero(); if p.is_some() { n } else { 0 }], vec![T::zero(); scratch]);
    let damped = damp > 0.0;
    let mut by = Both { a, p, damp: T::of(damp), sum: vec![T::zero(); if damped { n } else { 0 }], z, scratch };
    let mut u = vec![T::zero(); if damped { m + n } else { m }];
    let mut work = vec![T::zero(); 4 * n];
    minimise_on(method, &mut by, (m, n), (b, x), &mut u[..], split(&mut work, n), params)
}
/// The outer loop, on vectors of any kind (`u` of m numbers, the others of n): cycles of a method, each from the true residual.
pub(super) fn minimise_on<V: Vector + ?Sized>(
    method: Method<V>,
    by: &mut dyn Sides<V>,
    (m, n): (usize, usize),
    (b, x): (&V, &mut V),
    u: &mut V,
    [v, h, hbar, d]: [&mut V; 4],
    params: &mut Params<'_>,
) -> Result<Report> {
    let Method { name, consistent, cycle } = method;
    let (tol, strict) = (params.tol.unwrap_or(default_tol::<V::Scalar>()), params.strict);
    let max_iters = params.max_iters.unwrap_or(m.min(n).saturating_mul(10).max(100));
    let observer: Option<super::Observer<'_>> = match &mut params.on_iteration {
        Some(f) => Some(&mut **f),
        None => None,
    };
    let mut watcher = Watcher::new(name, tol, max_iters, params.progress, observer);
    let b_norm = b.norm().lane_f64(0);
    if !b_norm.is_finite() {
        return Err(Error::non_finite("the right-hand side"));
    }
    if !x.norm().lane_f64(0).is_finite() {
        return Err(Error::non_finite("the starting point"));
    }
    if b_norm == 0.0 {
        x.fill(V::Scalar::zero());
        return Ok(Report { algorithm: name, iterations: 0, residual: 0.0, history: Vec::new() });
    }
    // the largest |A v| seen: |A| from below; what the last cycle ended with, and the ratio before it
    let (mut norm_a, mut last) = (0.0_f64, None);
    loop {
        // u = (b - A x, -damp d) by a fresh product; v = [A P; damp I]^H u
        by.residual(b, x, u)?;
        let r = u.norm();
        let mut ratio = r.lane_f64(0) / b_norm;
        if !ratio.is_finite() {
            return Err(non_finite_product(name, watcher.iterations));
        }
        if ratio > 0.0 {
            normalise(u, r);
            v.fill(V::Scalar::zero());
            by.backward(u, VectorRe::<V>::zero(), v)?;
            let gradient = v.norm().lane_f64(0);
            if !gradient.is_finite() {
                return Err(non_finite_product(name, watcher.iterations));
            }
            if consistent {
                // the residual alone counts
            } else if gradient == 0.0 {
                ratio = 0.0;
            } else if norm_a > 0.0 {
                ratio = ratio.min(gradient / norm_a);
            }
        }
        let iterations = watcher.iterations;
        let go_on = iterations < max_iters
            && ratio > tol
            && match last {
                None => true,
                Some((Stop::Claimed, before)) => ratio < worthwhile(strict, ratio, tol) * before,
                Some((Stop::Other | Stop::Breakdown, _)) => false,
            };
        if !go_on {
            let slack = slack(strict || !matches!(last, Some((Stop::Claimed, _))));
            return match (ratio <= slack * tol, last) {
                (true, _) => Ok(Report { algorithm: name, iterations, residual: ratio, history: watcher.history }),
                (false, Some((Stop::Breakdown, _))) => Err(Error::Breakdown { algorithm: name, iteration: iterations }),
                (false, _) => Err(watcher.not_converged(ratio)),
            };
        }
        let aim = if last.is_none() { tol } else { 0.5 * tol };
        let goal = Goal { scale: r.lane_f64(0) / b_norm, aim, max_iters };
        let stop = cycle(by, u, [&mut *v, &mut *h, &mut *hbar, &mut *d], &goal, &mut norm_a, &mut watcher)?;
        last = Some((stop, ratio));
        by.update(r, d, x)?;
        if !x.norm().lane_f64(0).is_finite() {
            return Err(Error::non_finite(format!("an iterate of {name}: it overflows")));
        }
    }
}
#[derive(Clone, Copy)]
pub(super) enum Stop {
    /// The recurrence says that the tolerance is met.
    Claimed,
    /// The callback, or all iterations are used.
    Other,
    /// The recurrence cannot go on: b is not in the range of A.
    Breakdown,
}
pub(super) struct Goal {
    /// |b - A x| / |b| at the start.
    pub scale: f64,
    /// What the recurrence has to reach.
    pub aim: f64,
    pub max_iters: usize,
}

/// (c, s, r) with [c s; s -c] (a, b) = (r, 0).
pub(super) fn rotation<R: Real>(a: R, b: R) -> (R, R, R) {
    let r = hypot(a, b);
    if r.lane_f64(0) > 0.0 { (a / r, b / r, r) } else { (R::one(), R::zero(), R::zero()) }
}

/// Problems of all shapes and ranks.
#[cfg(test)]
pub(super) mod testing {
    use super::super::testing::*;
    use super::*;
    use crate::facts::NoFacts;

    /// As [`lsqr`](super::super::lsqr).
    type Run = fn(
        &dyn DynOperator<f64>,
        Option<&dyn DynOperator<f64>>,
        f64,
        &[f64],
        &mut [f64],
        &mut Params<'_>,
    ) -> Result<Report>;
    pub fn tight<'a>() -> Params<'a> {
        Params { tol: Some(1e-12), ..Params::default() }
    }
    pub fn least<A: LinearOperator<Scalar = f64>>(
        a: &A,
        run: impl Fn(&[f64], &mut [f64]) -> Result<Report>,
        b: &[f64],
    ) -> Result<(Vec<f64>, Report)> {
        let mut x = vec![0.0; a.ncols()];
        let report = run(b, &mut x)?;
        assert_eq!(report.history.len(), report.iterations);
        Ok((x, report))
    }
    fn entry(i: usize, j: usize) -> f64 {
        noise(i * 31 + j * 7)
    }
    fn gradient(a: &impl LinearOperator<Scalar = f64>, b: &[f64], x: &[f64]) -> f64 {
        use crate::ext::OperatorExt;
        let r: Vec<f64> = a.apply(x).iter().zip(b).map(|(y, b)| b - y).collect();
        a.apply_adjoint(&r).norm()
    }
    trait Norm {
        fn norm(&self) -> f64;
    }
    impl Norm for Vec<f64> {
        fn norm(&self) -> f64 {
            self[..].norm()
        }
    }
    /// Systems without a solution: A^H (b - A x) = 0, of full rank and of less, with P, from a starting point; what is refused.
    pub fn check_least_squares(run: Run) {
        let b: Vec<f64> = noisy(60);
        let full = matrix::<NoFacts, f64>((60, 20), entry);
        let (x, report) = least(&full, |b, x| run(&full, None, 0.0, b, x, &mut tight()), &b).unwrap();
        assert!(gradient(&full, &b, &x) < 1e-9 && report.iterations <= 45, "{report:?}");
        let low = |i: usize, j: usize| (0..5).map(|k| noise(i + 50 * k) * noise(1000 + j + 50 * k)).sum::<f64>();
        let low = matrix::<NoFacts, f64>((60, 12), low);
        let (x, _) = least(&low, |b, x| run(&low, None, 0.0, b, x, &mut tight()), &b).unwrap();
        assert!(gradient(&low, &b, &x) < 1e-9);
        // columns of very different length, and P that evens them
        let d: Vec<f64> = (0..15).map(|j| 10f64.powf(4.0 * j as f64 / 15.0)).collect();
        let graded = matrix::<NoFacts, f64>((60, 15), |i, j| entry(i, j) * d[j]);
        let p = diagonal::<NoFacts, f64>(d.iter().map(|d| 1.0 / d).collect());
        let (x, report) = least(&graded, |b, x| run(&graded, Some(&p), 0.0, b, x, &mut tight()), &b).unwrap();
        assert!(gradient(&graded, &b, &x) < 1e-5 && report.iterations <= 40, "{}", report.iterations);
        let mut x = vec![1.0; 20];
        run(&full, None, 0.0, &b, &mut x, &mut tight()).unwrap();
        assert!(gradient(&full, &b, &x) < 1e-9);
        assert!(run(&full, None, -1.0, &b, &mut x, &mut tight()).is_err());
    }
    /// Wide systems: x = A^H y, so it has no part in the null space; zero, no iterations, NaN from A and from b.
    pub fn check_minimum_norm(run: Run) {
        let (m, n) = (15, 50);
        let a = matrix::<NoFacts, f64>((m, n), entry);
        let b: Vec<f64> = noisy(m);
        let go = |b: &[f64], x: &mut [f64]| run(&a, None, 0.0, b, x, &mut tight());
        let (x, report) = least(&a, go, &b).unwrap();
        assert!(report.residual <= 1e-11 && true_residual(&a, false, &b, &x) <= 1e-11);
        // the shortest: orthogonal to the null space, that is in the range of A^H
        let tall = matrix::<NoFacts, f64>((n, m), |i, j| entry(j, i));
        let (y, _) = least(&tall, |b, x| super::super::lsmr(&tall, None, 0.0, b, x, &mut tight()), &x).unwrap();
        assert!(true_residual(&tall, false, &x, &y) <= 1e-9);

        let mut x = vec![1.0; n];
        assert_eq!(go(&vec![0.0; m], &mut x).unwrap().iterations, 0);
        assert!(x.iter().all(|&x| x == 0.0));
        let none = &mut Params { max_iters: Some(0), ..tight() };
        let e = run(&a, None, 0.0, &b, &mut x, none).unwrap_err();
        assert!(matches!(e, Error::NotConverged { iterations: 0, residual: 1.0, .. }), "{e}");
        let mut bad = b.clone();
        bad[3] = f64::NAN;
        assert!(matches!(go(&bad, &mut x), Err(Error::NonFinite { .. })));
        assert!(matches!(go(&b[1..], &mut x), Err(Error::ShapeMismatch { .. })));
        // NaN midway: the iteration is named
        let calls = core::cell::Cell::new(0);
        let late = free::<NoFacts, f64, _>(9, |_, x: &[f64], y: &mut [f64]| {
            calls.set(calls.get() + 1);
            (0..9).for_each(|i| y[i] = x[i] * if calls.get() == 6 { f64::NAN } else { 1.0 + i as f64 });
        });
        let e = run(&late, None, 0.0, &noisy::<f64>(9), &mut [0.0; 9], &mut tight()).unwrap_err();
        assert!(e.to_string().contains("at iteration 2 of"), "{e}");
        for size in [1e-300, 1e300] {
            let b: Vec<f64> = b.iter().map(|b| b * size).collect();
            let mut x = vec![0.0; n];
            go(&b, &mut x).unwrap();
            assert!(true_residual(&a, false, &b, &x) < 1e-8);
        }
    }
}
