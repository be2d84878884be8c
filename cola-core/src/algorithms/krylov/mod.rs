//! Krylov methods for A x = b with a matrix-free A, and [`Lsmr`], [`Lsqr`], [`Craig`] for systems of any shape.
//!
//! | A | method | vectors of n numbers besides b and x |
//! |---|---|---|
//! | psd | [`Cg`] | 3, with a preconditioner 4 |
//! | self-adjoint | [`Minres`] | 7 |
//! | self-adjoint, nearly singular or singular | [`Symmlq`] | 6 |
//! | general | [`Gmres`], restart m | m + 2, with a preconditioner m + 3, a flexible one 2 m + 2 |
//! | general | [`BiCgStab`], degree l | 2 l + 5, with a preconditioner 2 l + 7 |
//! | general | [`Tfqmr`] | 7, with a preconditioner 9 |
//! | held densely | [`MixedPrecision`]: factors in half the digits | 2 k after k refinements, at most 50 |
//! | rectangular m x n | [`Lsmr`], [`Lsqr`], of least norm [`Craig`] | 1 of m and 4 of n, with a preconditioner 6 of n |
//!
//! What they share is here: options, reports, and the outer loop (`refine`) that believes no recurrence. A method runs in cycles.
//! Before and after each, the residual b - A x is computed by a fresh product; a cycle works on A d = r / |r| and adds |r| d to x, so
//! it neither overflows nor underflows, and a recurrence that claimed too much is caught and resumed from the true residual
//! (van der Vorst & Ye, Residual replacement strategies for Krylov subspace iterative methods, SISC 22, 2000). It ends with an
//! error when that no longer helps.
//!
//! The number type must be one plain number (f32, f64, their complex numbers): stopping rules see values only, so lanes would
//! disturb each other and derivatives of dual numbers would be wrong. Both are refused.

mod bicgstab;
mod cg;
mod cg_columns;
mod craig;
mod gmres;
mod least_squares;
mod lsmr;
mod lsqr;
mod minres;
mod outer;
mod refinement;
mod symmlq;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod tfqmr;

pub use bicgstab::{BiCgStab, bicgstab};
#[doc(hidden)]
pub use bicgstab::{bicgstab_on, vectors as bicgstab_vectors};
pub use cg::{Cg, cg, cg_on};
pub use cg_columns::{cg_columns, cg_columns_on};
pub use craig::{Craig, craig, craig_on};
pub use gmres::{Gmres, gmres, gmres_on};
pub use least_squares::LeastSquares;
#[doc(hidden)]
pub use least_squares::Sides;
pub use lsmr::{Lsmr, lsmr, lsmr_on};
pub use lsqr::{Lsqr, lsqr, lsqr_on};
pub use minres::{Minres, minres, minres_on};
pub use refinement::MixedPrecision;
pub use symmlq::{Symmlq, symmlq, symmlq_on};
pub use tfqmr::{Tfqmr, tfqmr, tfqmr_on};

#[doc(hidden)]
pub use outer::Products;
pub(crate) use outer::{End, Monitor, refine};
use outer::{host, split};
pub(crate) use outer::{hypot, non_finite_product, plain_numbers, slack, tolerance};

pub use super::watch::{Callback, Control, Iteration, NoCallback, Observer};
use crate::error::{Error, Result};

use super::watch::Options;
use crate::operator::{DynOperator, LinearOperator};
use crate::scalar::Scalar;
use crate::view::{View, ViewMut};

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

/// What the loops that are compiled once are told.
#[derive(Default)]
pub struct Params<'a> {
    /// Wanted |b - A x| / |b|; 1e-10, and 1e-5 in single precision, if not given.
    pub tol: Option<f64>,
    /// `tol` is met or missed: ten times as much is no success, as it is where rounding lets a recurrence claim too much of the default.
    pub strict: bool,
    /// Most iterations; 10 n, at least 100, if not given.
    pub max_iters: Option<usize>,
    /// GMRES: vectors kept before it starts again, 50 if not given; BiCGStab(l): l, 2 if not given.
    pub restart: Option<usize>,
    /// GMRES: P may change from product to product.
    pub flexible: bool,
    /// Solve A^H x = b.
    pub adjoint: bool,
    /// Draw a progress bar (feature `progress`, on a terminal only).
    pub progress: bool,
    /// Called after each iteration.
    pub on_iteration: Option<Observer<'a>>,
}
impl<'a> Params<'a> {
    fn from_options(options: Options, observer: Observer<'a>) -> Self {
        let Options { tol, max_iters, restart, flexible, progress, .. } = options;
        let (strict, adjoint) = (tol.is_some(), false);
        Params { tol, strict, max_iters, restart, flexible, adjoint, progress, on_iteration: Some(observer) }
    }
}

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
    x: ViewMut<'_, T>,
) -> Result<Report> {
    solve_by_default(kind, adjoint, None, a, b, x)
}
/// The same to another tolerance.
///
/// # Errors
/// As [`SolveAlgorithm::solve`].
pub(crate) fn default_solve_with<T: Scalar>(
    kind: Kind,
    adjoint: bool,
    tol: f64,
    a: &dyn DynOperator<T>,
    b: View<'_, T>,
    x: ViewMut<'_, T>,
) -> Result<Report> {
    solve_by_default(kind, adjoint, Some(tol), a, b, x)
}
fn solve_by_default<T: Scalar>(
    kind: Kind,
    adjoint: bool,
    tol: Option<f64>,
    a: &dyn DynOperator<T>,
    b: View<'_, T>,
    mut x: ViewMut<'_, T>,
) -> Result<Report> {
    for j in 0..x.cols {
        for i in 0..x.rows {
            *x.at(i, j) = T::zero();
        }
    }
    let params = &mut Params { adjoint, tol, ..Params::default() };
    match kind {
        Kind::Psd => cg_columns(cg::NAME, a, None, b, x, params),
        Kind::SelfAdjoint => columns(minres::NAME, minres, a, None, b, x, params),
        Kind::General => columns(gmres::NAME, gmres, a, None, b, x, params),
    }
}

/// Solves A x = b for a PSD A by conjugate gradients with the preconditioner P and default parameters. `x` may hold anything.
///
/// # Errors
/// As [`SolveAlgorithm::solve`].
pub(crate) fn cg_with<T: Scalar>(
    a: &dyn DynOperator<T>,
    p: &dyn DynOperator<T>,
    b: View<'_, T>,
    mut x: ViewMut<'_, T>,
) -> Result<Report> {
    for j in 0..x.cols {
        (0..x.rows).for_each(|i| *x.at(i, j) = T::zero());
    }
    cg_columns(cg::NAME, a, Some(p), b, x, &mut Params::default())
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
    x: ViewMut<'_, T>,
    params: &mut Params<'_>,
) -> Result<Report> {
    columns_by(algorithm, b.rows, b, x, |b, x| run(a, m, b, x, params))
}
/// The same of any solver, with solutions of n numbers.
pub(crate) fn columns_by<T: Scalar>(
    algorithm: &'static str,
    n: usize,
    b: View<'_, T>,
    mut x: ViewMut<'_, T>,
    mut run: impl FnMut(&[T], &mut [T]) -> Result<Report>,
) -> Result<Report> {
    if (n, b.cols) != (x.rows, x.cols) {
        let (left, right) = ((b.rows, b.cols), (x.rows, x.cols));
        return Err(Error::ShapeMismatch { op: algorithm, left, right });
    }
    let mut worst = Report { algorithm, iterations: 0, residual: 0.0, history: Vec::new() };
    let (mut bj, mut xj) = (vec![T::zero(); b.rows], vec![T::zero(); n]);
    for j in 0..b.cols {
        (0..b.rows).for_each(|i| bj[i] = b.at(i, j));
        (0..n).for_each(|i| xj[i] = *x.at(i, j));
        let result = run(&bj, &mut xj);
        for (i, &v) in xj.iter().enumerate() {
            *x.at(i, j) = v;
        }
        let report = result.map_err(|e| e.with_iterate(x.as_view()))?;
        let iterations = worst.iterations.max(report.iterations);
        if j == 0 || report.residual > worst.residual {
            worst = report;
        }
        worst.iterations = iterations;
    }
    Ok(worst)
}

/// The type, the options and [`SolveAlgorithm`] of a builder whose loop is `$run`; `where` says the fact that it needs.
macro_rules! solver {
    // column by column, or all columns at once
    (@columns $run:ident; $($arg:expr),*) => { $crate::algorithms::krylov::columns(NAME, $run, $($arg),*) };
    (@columns $run:ident $blocks:ident; $($arg:expr),*) => { $blocks(NAME, $($arg),*) };
    ($(#[$doc:meta])* $Name:ident by $run:ident $(in blocks by $blocks:ident)? $(where $Fact:ident: $Demand:ident)?) => {
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
            /// Wanted |b - A x| / |b|, as a fresh product at the end has it: it is met, or the solve is a `NotConverged` with what is
            /// reached. Default: 1e-10, in single precision 1e-5; of the default up to ten times as much passes where rounding lets
            /// the iteration come no nearer (condition numbers beyond 1e5). `report.residual` is the truth.
            pub fn tol(mut self, tol: f64) -> Self {
                self.options.tol = Some(tol);
                self
            }
            /// Most iterations. Default: 10 n, at least 100.
            pub fn max_iters(mut self, max_iters: usize) -> Self {
                self.options.max_iters = Some(max_iters);
                self
            }
        }
        $crate::algorithms::watch::watched!($Name<P> preconditioner);
        $crate::algorithms::krylov::preconditioned!($Name);
        impl<A, P, F> $crate::algorithms::krylov::SolveAlgorithm<A> for $Name<P, F>
        where
            A: $crate::operator::LinearOperator,
            $(<A::Facts as $crate::facts::Facts>::$Fact: $crate::facts::$Demand<A>,)?
            P: $crate::algorithms::krylov::Preconditioner<A::Scalar>,
            F: $crate::algorithms::Callback,
        {
            fn solve(
                &mut self,
                a: &A,
                b: $crate::view::View<'_, A::Scalar>,
                x: $crate::view::ViewMut<'_, A::Scalar>,
            ) -> $crate::Result<$crate::algorithms::krylov::Report> {
                let callback = &mut self.callback;
                let mut observer = |i: &$crate::algorithms::Iteration| $crate::algorithms::Callback::observe(callback, i);
                let params = &mut $crate::algorithms::krylov::Params::from_options(self.options, &mut observer);
                let m = $crate::algorithms::krylov::Preconditioner::operator(&self.preconditioner);
                $crate::algorithms::krylov::solver!(@columns $run $($blocks)?; a, m, b, x, params)
            }
        }
    };
}
/// The option `preconditioner` of a builder.
macro_rules! preconditioned {
    ($Name:ident) => {
        impl<P, F> $Name<P, F> {
            /// An operator P near the inverse of A, such as `diag(1 / a_ii)`, by value or by reference. Default: none.
            pub fn preconditioner<Q>(self, p: Q) -> $Name<Q, F> {
                $Name { options: self.options, preconditioner: p, callback: self.callback }
            }
        }
    };
}
pub(crate) use preconditioned;
use solver;
