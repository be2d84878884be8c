//! Krylov methods for A x = b with a matrix-free A: [`Cg`], [`Minres`], [`Gmres`].
//!
//! | A | method | vectors of n numbers besides b and x |
//! |---|---|---|
//! | psd | [`Cg`] | 3, with a preconditioner 4 |
//! | self-adjoint | [`Minres`] | 7 |
//! | general | [`Gmres`], restart m | m + 2, with a preconditioner m + 3 |
//!
//! What they share is here: options, reports, and the outer loop (`refine`) that believes no recurrence. A method runs in cycles.
//! Before and after each, the residual b - A x is computed by a fresh product; a cycle works on A d = r / |r| and adds |r| d to x, so
//! it neither overflows nor underflows, and a recurrence that claimed too much is caught and resumed from the true residual
//! (van der Vorst & Ye, Residual replacement strategies for Krylov subspace iterative methods, SISC 22, 2000). It ends with an
//! error when that no longer helps.
//!
//! The number type must be one plain number (f32, f64, their complex numbers): stopping rules see values only, so lanes would
//! disturb each other and derivatives of dual numbers would be wrong. Both are refused.

mod cg;
mod gmres;
mod minres;
mod outer;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use cg::{Cg, cg};
pub use gmres::{Gmres, gmres};
pub use minres::{Minres, minres};

pub(crate) use outer::{End, Monitor, Products, refine};
use outer::{host, hypot, split};

use crate::error::{Error, Result};
use crate::operator::{DynOperator, LinearOperator};
use crate::scalar::Scalar;
use crate::view::{View, ViewMut};
use core::ops::ControlFlow;

/// What an iterative solve has learned.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The method.
    pub algorithm: &'static str,
    /// Iterations done; of several columns the largest number.
    pub iterations: usize,
    /// The true relative residual |b - A x| / |b|, computed at the end by a fresh product; of several columns the largest.
    pub residual: f64,
    /// The relative residual after each iteration, as the recurrence estimates it; of several columns the worst one's.
    pub history: Vec<f64>,
}

/// A solution, and what was learned on the way.
#[derive(Clone, Debug, PartialEq)]
pub struct Solution<X> {
    /// The solution.
    pub x: X,
    /// What was learned.
    pub report: Report,
}

/// An algorithm that solves A x = b.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no algorithm for linear systems",
    label = "cannot solve with this"
)]
pub trait SolveAlgorithm<A: LinearOperator> {
    /// Solves A x = b, each column by itself. `x` holds the starting point (zeros if in doubt), then the solution, or on failure the
    /// last iterate.
    ///
    /// # Errors
    /// `ShapeMismatch`, `NonFinite`, `NotConverged`, `Breakdown`, and what the operator itself reports.
    fn solve(&mut self, a: &A, b: View<'_, A::Scalar>, x: ViewMut<'_, A::Scalar>) -> Result<Report>;
}

/// The state that a callback sees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Iteration {
    /// Number of the iteration, from 1.
    pub iteration: usize,
    /// Relative residual, as the recurrence estimates it.
    pub residual: f64,
}

/// What a callback may return: nothing, a `bool` (false stops), or a [`ControlFlow`].
#[diagnostic::on_unimplemented(
    message = "a callback of an iteration cannot return `{Self}`",
    label = "expected nothing, a `bool` (false stops) or `ControlFlow<()>`"
)]
pub trait Control {
    /// Go on or stop.
    fn flow(self) -> ControlFlow<()>;
}
impl Control for () {
    fn flow(self) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}
impl Control for bool {
    fn flow(self) -> ControlFlow<()> {
        if self { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }
}
impl Control for ControlFlow<()> {
    fn flow(self) -> ControlFlow<()> {
        self
    }
}

/// What watches an iteration: a closure, or nothing.
pub trait Callback {
    /// Called after each iteration.
    fn observe(&mut self, i: &Iteration) -> ControlFlow<()>;
}
/// No callback.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoCallback;
impl Callback for NoCallback {
    fn observe(&mut self, _: &Iteration) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}
impl<R: Control, F: FnMut(&Iteration) -> R> Callback for F {
    fn observe(&mut self, i: &Iteration) -> ControlFlow<()> {
        self(i).flow()
    }
}

/// An operator P, near the inverse of A, or nothing.
pub trait Preconditioner<T: Scalar> {
    /// The operator.
    fn operator(&self) -> Option<&dyn DynOperator<T>>;
}
/// No preconditioner.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoPreconditioner;
impl<T: Scalar> Preconditioner<T> for NoPreconditioner {
    fn operator(&self) -> Option<&dyn DynOperator<T>> {
        None
    }
}
impl<P: LinearOperator> Preconditioner<P::Scalar> for P {
    fn operator(&self) -> Option<&dyn DynOperator<P::Scalar>> {
        Some(self)
    }
}

/// The options of a builder.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
struct Options {
    tol: Option<f64>,
    max_iters: Option<usize>,
    restart: Option<usize>,
    progress: bool,
}

/// What the loops that are compiled once are told.
#[derive(Default)]
pub struct Params<'a> {
    /// Wanted |b - A x| / |b|; 1e-10, and 1e-5 in single precision, if not given.
    pub tol: Option<f64>,
    /// Most iterations; 10 n, at least 100, if not given.
    pub max_iters: Option<usize>,
    /// GMRES: vectors kept before it starts again; 50 if not given.
    pub restart: Option<usize>,
    /// Solve A^H x = b.
    pub adjoint: bool,
    /// Draw a progress bar (feature `progress`, on a terminal only).
    pub progress: bool,
    /// Called after each iteration.
    pub on_iteration: Option<Observer<'a>>,
}
/// A callback behind a pointer.
pub type Observer<'a> = &'a mut dyn FnMut(&Iteration) -> ControlFlow<()>;

/// A method of this module, chosen by what is known of A.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Conjugate gradients.
    Psd,
    /// MINRES.
    SelfAdjoint,
    /// GMRES.
    General,
}
impl Kind {
    /// The iteration's name, for plans and errors.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Psd => cg::NAME,
            Kind::SelfAdjoint => minres::NAME,
            Kind::General => gmres::NAME,
        }
    }
}

/// Solves A x = b, or A^H x = b, with default parameters: what base cases of large operators do. `x` may hold anything.
///
/// # Errors
/// As [`SolveAlgorithm::solve`].
pub fn default_solve<T: Scalar>(
    kind: Kind,
    adjoint: bool,
    a: &dyn DynOperator<T>,
    b: View<'_, T>,
    mut x: ViewMut<'_, T>,
) -> Result<Report> {
    for j in 0..x.cols {
        for i in 0..x.rows {
            *x.at(i, j) = T::zero();
        }
    }
    let (name, run): (_, Run<T>) = match kind {
        Kind::Psd => (cg::NAME, cg),
        Kind::SelfAdjoint => (minres::NAME, minres),
        Kind::General => (gmres::NAME, gmres),
    };
    columns(name, run, a, None, b, x, &mut Params { adjoint, ..Params::default() })
}

/// The type of [`cg`], [`minres`] and [`gmres`].
type Run<T> = fn(&dyn DynOperator<T>, Option<&dyn DynOperator<T>>, &[T], &mut [T], &mut Params<'_>) -> Result<Report>;

/// Column by column; the report is the worst column's.
fn columns<T: Scalar>(
    algorithm: &'static str,
    run: Run<T>,
    a: &dyn DynOperator<T>,
    m: Option<&dyn DynOperator<T>>,
    b: View<'_, T>,
    mut x: ViewMut<'_, T>,
    params: &mut Params<'_>,
) -> Result<Report> {
    if (b.rows, b.cols) != (x.rows, x.cols) {
        let (left, right) = ((b.rows, b.cols), (x.rows, x.cols));
        return Err(Error::ShapeMismatch { op: algorithm, left, right });
    }
    let mut worst = Report { algorithm, iterations: 0, residual: 0.0, history: Vec::new() };
    let (mut bj, mut xj) = (vec![T::zero(); b.rows], vec![T::zero(); b.rows]);
    for j in 0..b.cols {
        for i in 0..b.rows {
            (bj[i], xj[i]) = (b.at(i, j), *x.at(i, j));
        }
        let result = run(a, m, &bj, &mut xj, params);
        for (i, &v) in xj.iter().enumerate() {
            *x.at(i, j) = v;
        }
        let report = result?;
        let iterations = worst.iterations.max(report.iterations);
        if j == 0 || report.residual > worst.residual {
            worst = report;
        }
        worst.iterations = iterations;
    }
    Ok(worst)
}

/// Default, and the methods that all builders have.
macro_rules! builder {
    ($Name:ident) => {
        impl Default for $Name {
            fn default() -> Self {
                let options = crate::algorithms::krylov::Options::default();
                $Name { options, preconditioner: NoPreconditioner, callback: NoCallback }
            }
        }
        impl<P, F> $Name<P, F> {
            /// Wanted |b - A x| / |b|. Default: 1e-10, in single precision 1e-5.
            ///
            /// The true residual is computed at the end. Where rounding lets it come no nearer, up to ten times `tol` is accepted;
            /// `report.residual` is the truth.
            pub fn tol(mut self, tol: f64) -> Self {
                self.options.tol = Some(tol);
                self
            }
            /// Most iterations. Default: 10 n, at least 100.
            pub fn max_iters(mut self, max_iters: usize) -> Self {
                self.options.max_iters = Some(max_iters);
                self
            }
            /// An operator P near the inverse of A, such as `diag(1 / a_ii)`, by value or by reference. Default: none.
            pub fn preconditioner<Q>(self, p: Q) -> $Name<Q, F> {
                $Name { options: self.options, preconditioner: p, callback: self.callback }
            }
            /// Calls `f` after each iteration. It may return nothing, a `bool` (false stops) or a `ControlFlow<()>`; a stopped
            /// iteration that has not met its tolerance is a `NotConverged`.
            pub fn on_iteration<R, G>(self, f: G) -> $Name<P, G>
            where
                R: crate::algorithms::krylov::Control,
                G: FnMut(&crate::algorithms::krylov::Iteration) -> R,
            {
                $Name { options: self.options, preconditioner: self.preconditioner, callback: f }
            }
            /// Draws a progress bar on the terminal; without the feature `progress`, or where stderr is no terminal, nothing.
            pub fn progress(mut self) -> Self {
                self.options.progress = true;
                self
            }
        }
    };
}
/// The body of [`SolveAlgorithm::solve`] of a builder.
macro_rules! solve_by {
    ($run:ident, $me:ident, $a:ident, $b:ident, $x:ident) => {{
        let crate::algorithms::krylov::Options { tol, max_iters, restart, progress } = $me.options;
        let callback = &mut $me.callback;
        let params = &mut Params {
            tol,
            max_iters,
            restart,
            adjoint: false,
            progress,
            on_iteration: Some(&mut |i| callback.observe(i)),
        };
        let m = $me.preconditioner.operator();
        crate::algorithms::krylov::columns(NAME, $run, $a, m, $b, $x, params)
    }};
}
use {builder, solve_by};
