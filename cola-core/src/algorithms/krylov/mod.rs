//! Krylov methods for A x = b with a matrix-free A: [`Cg`], [`Minres`], [`Gmres`].
//!
//! | A | method | vectors of n numbers besides b and x |
//! |---|---|---|
//! | psd | [`Cg`] | 3, with a preconditioner 4 |
//! | self-adjoint | [`Minres`] | 7 |
//! | general | [`Gmres`], restart m | m + 2, with a preconditioner m + 3 |
//!
//! What they share is here: options, reports, and the outer loop ([`refine`]) that believes no recurrence. A method runs in cycles.
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

pub use cg::{Cg, cg};
pub use gmres::{Gmres, gmres};
pub use minres::{Minres, minres};

use crate::error::{Error, Result, collect_faults};
use crate::operator::{DynOperator, LinearOperator, Update};
use crate::scalar::{Real, Scalar};
use crate::vector::{Vector, normalise};
use crate::view::{View, ViewMut};
use core::ops::ControlFlow;
use num_traits::Zero;

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

/// A x and P x as the loops see them, so that a device needs no second solver.
pub(crate) trait Products<V: Vector + ?Sized> {
    /// y <- A x.
    ///
    /// # Errors
    /// What an operator that iterates inside reports.
    fn apply(&mut self, x: &V, y: &mut V) -> Result<()>;
    /// y <- P x; called only if there is a preconditioner.
    ///
    /// # Errors
    /// As `apply`.
    fn precondition(&mut self, x: &V, y: &mut V) -> Result<()>;
    /// True if there is a preconditioner.
    fn preconditioned(&self) -> bool;
}
/// The products on the host.
struct Host<'a, T> {
    a: &'a dyn DynOperator<T>,
    m: Option<&'a dyn DynOperator<T>>,
    adjoint: bool,
    scratch: Vec<T>,
}
impl<T: Scalar> Host<'_, T> {
    fn product(&mut self, op: &dyn DynOperator<T>, x: &[T], y: &mut [T]) -> Result<()> {
        let how = Update { adjoint: self.adjoint, ..Update::replace() };
        let run = || op.dyn_act(how, View::vector(x), ViewMut::vector(y), &mut self.scratch);
        match collect_faults(run).1.into_iter().next() {
            Some((_, fault)) => Err(fault),
            None => Ok(()),
        }
    }
}
impl<T: Scalar> Products<[T]> for Host<'_, T> {
    fn apply(&mut self, x: &[T], y: &mut [T]) -> Result<()> {
        self.product(self.a, x, y)
    }
    fn precondition(&mut self, x: &[T], y: &mut [T]) -> Result<()> {
        match self.m {
            Some(m) => self.product(m, x, y),
            None => {
                y.copy(x);
                Ok(())
            }
        }
    }
    fn preconditioned(&self) -> bool {
        self.m.is_some()
    }
}

/// Checks the arguments of a solve on the host.
fn host<'a, T: Scalar>(
    algorithm: &'static str,
    a: &'a dyn DynOperator<T>,
    m: Option<&'a dyn DynOperator<T>>,
    (b, x): (&[T], &[T]),
    params: &Params<'_>,
) -> Result<Host<'a, T>> {
    if T::LANES != 1 {
        return Err(Error::invalid(format!(
            "{algorithm} does not take lanes: they would stop at different iterations; use a static or small operator, which is \
             solved directly, or solve lane by lane"
        )));
    }
    if !T::PLAIN {
        return Err(Error::invalid(format!(
            "{algorithm} does not take `{}`: its stopping rule would not see the derivatives; use a small operator, which is \
             solved directly",
            T::NAME
        )));
    }
    let shape = a.dyn_shape();
    let mismatch = |right| Err(Error::ShapeMismatch { op: algorithm, left: shape, right });
    if shape.0 != shape.1 {
        let (left, right) = (shape, (shape.1, shape.1));
        return Err(Error::ShapeMismatch { op: "a solve that needs a square operator", left, right });
    }
    if b.len() != shape.0 {
        return mismatch((b.len(), 1));
    }
    if x.len() != shape.1 {
        return mismatch((x.len(), 1));
    }
    let mut scratch = a.dyn_scratch(1);
    if let Some(m) = m {
        if m.dyn_shape() != shape {
            let right = m.dyn_shape();
            return Err(Error::ShapeMismatch { op: "preconditioner", left: shape, right });
        }
        scratch = scratch.max(m.dyn_scratch(1));
    }
    if let Some(tol) = params.tol.filter(|tol| !(tol.is_finite() && *tol >= 0.0)) {
        return Err(Error::invalid(format!("{algorithm}: the tolerance is {tol}; give a number like 1e-8")));
    }
    Ok(Host { a, m, adjoint: params.adjoint, scratch: vec![T::zero(); scratch] })
}

/// Why a cycle ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The recurrence says that the tolerance is met.
    Claimed,
    /// The memory is full: start again from here.
    Restart,
    /// The callback wants no more.
    Stopped,
    /// All iterations are used.
    Exhausted,
    /// The recurrence cannot go on.
    Breakdown,
}

/// Counts, remembers and shows the iterations, and says when a cycle is over.
pub(crate) struct Monitor<'m, 'p> {
    algorithm: &'static str,
    tol: f64,
    max_iters: usize,
    iterations: usize,
    history: Vec<f64>,
    /// |r| / |b| at the start of the cycle.
    ratio: f64,
    /// The cycle is over when its residual, which starts at 1, is not larger.
    target: f64,
    params: &'m mut Params<'p>,
    bar: bar::Bar,
}

/// History that is reserved; beyond, it grows.
const HISTORY: usize = 1 << 14;

impl<'m, 'p> Monitor<'m, 'p> {
    fn new<T: Scalar>(algorithm: &'static str, n: usize, params: &'m mut Params<'p>) -> Self {
        let single = T::Re::epsilon().lane_f64(0) > 1e-10;
        let tol = params.tol.unwrap_or(if single { 1e-5 } else { 1e-10 });
        let max_iters = params.max_iters.unwrap_or(n.saturating_mul(10).max(100));
        let bar = bar::Bar::new(params.progress, algorithm, tol);
        let history = Vec::with_capacity(max_iters.min(HISTORY));
        Monitor { algorithm, tol, max_iters, iterations: 0, history, ratio: 1.0, target: tol, params, bar }
    }
    /// Notes an iteration after which the residual of the cycle is `norm` times what it was at its start.
    pub(crate) fn watch<R: Real>(&mut self, norm: R) -> Result<Option<End>> {
        let norm = norm.lane_f64(0);
        self.iterations += 1;
        if !norm.is_finite() {
            return Err(self.non_finite());
        }
        let residual = norm * self.ratio;
        self.history.push(residual);
        let seen = Iteration { iteration: self.iterations, residual };
        self.bar.show(&seen);
        let flow = match &mut self.params.on_iteration {
            Some(f) => f(&seen),
            None => ControlFlow::Continue(()),
        };
        Ok(if norm <= self.target {
            Some(End::Claimed)
        } else if flow.is_break() {
            Some(End::Stopped)
        } else if self.iterations >= self.max_iters {
            Some(End::Exhausted)
        } else {
            None
        })
    }
    /// Iterations done.
    pub(crate) fn iterations(&self) -> usize {
        self.iterations
    }
    /// NaN or infinity, seen now.
    #[cold]
    pub(crate) fn non_finite(&self) -> Error {
        Error::non_finite(format!(
            "a product with the operator or the preconditioner, at iteration {} of {}",
            self.iterations, self.algorithm
        ))
    }
    /// The preconditioner has r^H P r < 0.
    #[cold]
    pub(crate) fn bad_preconditioner(&self, value: f64) -> Error {
        Error::invalid(format!(
            "the preconditioner of {} must be positive definite, but r^H P r = {value:.3e} |r|^2 at iteration {}",
            self.algorithm, self.iterations
        ))
    }
    #[cold]
    fn not_converged(&self, residual: f64) -> Error {
        let (algorithm, iterations, tol) = (self.algorithm, self.iterations, self.tol);
        Error::NotConverged { algorithm, iterations, residual, tol }
    }
}

/// A recurrence may claim this much too much, if more iterations do not help: rounding in b - A x.
const SLACK: f64 = 10.0;

/// The outer loop of all methods. `cycle(products, x, r, s, monitor)` gets r = (b - A x) / s with s = |b - A x|, works on A d = r
/// and adds s d to x; it may overwrite r.
#[allow(clippy::too_many_arguments, clippy::type_complexity)]
pub(crate) fn refine<V: Vector + ?Sized>(
    algorithm: &'static str,
    n: usize,
    products: &mut dyn Products<V>,
    b: &V,
    x: &mut V,
    r: &mut V,
    params: &mut Params<'_>,
    cycle: &mut dyn FnMut(
        &mut dyn Products<V>,
        &mut V,
        &mut V,
        <V::Scalar as Scalar>::Re,
        &mut Monitor<'_, '_>,
    ) -> Result<End>,
) -> Result<Report> {
    let mut monitor = Monitor::new::<V::Scalar>(algorithm, n, params);
    let b_norm = b.norm().lane_f64(0);
    if !b_norm.is_finite() {
        return Err(Error::non_finite("the right-hand side"));
    }
    if b_norm == 0.0 {
        x.fill(V::Scalar::zero());
        return Ok(Report { algorithm, iterations: 0, residual: 0.0, history: Vec::new() });
    }
    let start = x.norm().lane_f64(0);
    if !start.is_finite() {
        return Err(Error::non_finite("the starting point"));
    }
    // the end of the last cycle, and the true residual before it
    let mut last: Option<(End, f64)> = None;
    loop {
        if last.is_none() && start == 0.0 {
            r.copy(b);
        } else {
            if !x.norm().lane_f64(0).is_finite() {
                return Err(Error::non_finite(format!("an iterate of {algorithm}: it overflows")));
            }
            products.apply(x, r)?;
            r.axpby(V::Scalar::of(1.0), b, V::Scalar::of(-1.0));
        }
        let s = r.norm();
        let residual = s.lane_f64(0) / b_norm;
        if !s.lane_f64(0).is_finite() {
            return Err(monitor.non_finite());
        }
        let helped = |factor: f64| last.is_none_or(|(_, before)| residual < factor * before);
        let go_on = monitor.iterations < monitor.max_iters
            && match last {
                _ if residual <= monitor.tol => false,
                None => true,
                Some((End::Restart, _)) => helped(1.0 - 1e-12),
                Some((End::Claimed | End::Breakdown, _)) => helped(0.5),
                Some((End::Stopped | End::Exhausted, _)) => false,
            };
        if !go_on {
            let iterations = monitor.iterations;
            let slack = if matches!(last, Some((End::Claimed, _))) { SLACK } else { 1.0 };
            return if residual <= slack * monitor.tol {
                Ok(Report { algorithm, iterations, residual, history: monitor.history })
            } else if matches!(last, Some((End::Breakdown, _))) {
                Err(Error::Breakdown { algorithm, iteration: iterations })
            } else {
                Err(monitor.not_converged(residual))
            };
        }
        // A cycle after a wrong claim aims lower. Below epsilon no recurrence means anything.
        let aim = if last.is_none() { 1.0 } else { 0.5 };
        let epsilon = <V::Scalar as Scalar>::Re::epsilon().lane_f64(0);
        monitor.target = (aim * monitor.tol / residual).max(epsilon);
        monitor.ratio = residual;
        normalise(r, s);
        last = Some((cycle(products, x, r, s, &mut monitor)?, residual));
    }
}

/// Vectors of n numbers, allocated at once.
fn split<T, const K: usize>(work: &mut [T], n: usize) -> [&mut [T]; K] {
    let mut rest = work;
    core::array::from_fn(|_| {
        let (head, tail) = core::mem::take(&mut rest).split_at_mut(n);
        rest = tail;
        head
    })
}

/// (a^2 + b^2)^(1/2), protected against overflow.
fn hypot<R: Real>(a: R, b: R) -> R {
    let (a, b) = (a.abs(), b.abs());
    let (big, small) = (a.max(b), a.min(b));
    if big.lane_f64(0) == 0.0 {
        return big;
    }
    let q = small / big;
    big * (R::one() + q * q).sqrt()
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

/// A bar that fills as the residual falls, on a scale of digits.
#[cfg(feature = "progress")]
mod bar {
    use super::Iteration;
    use std::io::IsTerminal;

    pub struct Bar(Option<(indicatif::ProgressBar, f64)>);
    impl Bar {
        pub fn new(wanted: bool, algorithm: &'static str, tol: f64) -> Self {
            let seen = wanted && std::io::stderr().is_terminal();
            Bar(seen.then(|| {
                let bar = indicatif::ProgressBar::new(100).with_prefix(algorithm);
                let template = "{prefix} [{bar:40}] {msg} ({elapsed})";
                if let Ok(style) = indicatif::ProgressStyle::with_template(template) {
                    bar.set_style(style);
                }
                (bar, tol.clamp(1e-300, 0.9).ln())
            }))
        }
        pub fn show(&self, i: &Iteration) {
            if let Some((bar, goal)) = &self.0 {
                let part = (i.residual.max(1e-300).ln() / goal).clamp(0.0, 1.0);
                bar.set_position((100.0 * part) as u64);
                bar.set_message(format!("iteration {}, residual {:.2e}", i.iteration, i.residual));
            }
        }
    }
    impl Drop for Bar {
        fn drop(&mut self) {
            if let Some((bar, _)) = &self.0 {
                bar.abandon();
            }
        }
    }
}
/// No bar.
#[cfg(not(feature = "progress"))]
mod bar {
    pub struct Bar;
    impl Bar {
        pub fn new(_: bool, _: &'static str, _: f64) -> Self {
            Bar
        }
        pub fn show(&self, _: &super::Iteration) {}
    }
}

/// Operators and right-hand sides of the tests.
#[cfg(test)]
mod testing {
    use super::*;
    use crate::facts::{Facts, NoFacts, PsdFacts};
    use crate::operator::Operator;
    use crate::scalar::Complex;
    use crate::space::Dyn;
    use core::marker::PhantomData;

    /// y = f(adjoint, x), with the facts K.
    pub struct Free<T, K, F>(pub (usize, usize), F, PhantomData<fn() -> (T, K)>);
    impl<T: Scalar, K: Facts, F> Operator for Free<T, K, F> {
        type Scalar = T;
        type Facts = K;
        type Class = ();
        type Rows = Dyn;
        type Cols = Dyn;
        fn nrows(&self) -> usize {
            self.0.0
        }
        fn ncols(&self) -> usize {
            self.0.1
        }
    }
    impl<T: Scalar, K: Facts, F: Fn(bool, &[T], &mut [T])> LinearOperator for Free<T, K, F> {
        fn act(&self, how: Update<T>, x: View<'_, T>, mut y: ViewMut<'_, T>, scratch: &mut [T]) {
            let scratch = &mut scratch[..y.rows];
            for j in 0..x.cols {
                (self.1)(how.adjoint, x.column(j).contiguous().unwrap(), scratch);
                for (i, &v) in scratch.iter().enumerate() {
                    how.write(y.at(i, j), v);
                }
            }
        }
        fn scratch_len(&self, _: usize) -> usize {
            self.0.0.max(self.0.1)
        }
    }
    pub fn free<K: Facts, T: Scalar, F: Fn(bool, &[T], &mut [T])>(n: usize, f: F) -> Free<T, K, F> {
        Free((n, n), f, PhantomData)
    }
    pub fn matrix<K: Facts, T: Scalar>(
        (rows, cols): (usize, usize),
        entry: impl Fn(usize, usize) -> T,
    ) -> Free<T, K, impl Fn(bool, &[T], &mut [T])> {
        let a: Vec<Vec<T>> = (0..rows).map(|i| (0..cols).map(|j| entry(i, j)).collect()).collect();
        let f = move |adjoint, x: &[T], y: &mut [T]| {
            y.fill(T::zero());
            for i in 0..rows {
                for j in 0..cols {
                    if adjoint { y[j] += a[i][j].conj() * x[i] } else { y[i] += a[i][j] * x[j] }
                }
            }
        };
        Free((rows, cols), f, PhantomData)
    }
    pub fn diagonal<K: Facts, T: Scalar>(d: Vec<T>) -> Free<T, K, impl Fn(bool, &[T], &mut [T])> {
        free(d.len(), move |adjoint, x: &[T], y: &mut [T]| {
            for i in 0..x.len() {
                y[i] = if adjoint { d[i].conj() } else { d[i] } * x[i];
            }
        })
    }
    /// tridiag(-1, 2, -1): eigenvalues 2 - 2 cos(k pi / (n + 1)).
    pub fn laplacian<K: Facts, T: Scalar>(n: usize) -> Free<T, K, impl Fn(bool, &[T], &mut [T])> {
        free(n, move |_, x: &[T], y: &mut [T]| {
            for i in 0..n {
                let at = |i: Option<usize>| i.and_then(|i| x.get(i)).map_or(T::zero(), |&x| x);
                y[i] = T::of(2.0) * x[i] - at(i.checked_sub(1)) - at(Some(i + 1));
            }
        })
    }
    /// The five-point Laplacian of an m x m grid, minus `shift`.
    pub fn grid<K: Facts>(m: usize, shift: f64) -> Free<f64, K, impl Fn(bool, &[f64], &mut [f64])> {
        free(m * m, move |_, x: &[f64], y: &mut [f64]| {
            for i in 0..m {
                for j in 0..m {
                    let at = |i: usize, j: usize| if i < m && j < m { x[i * m + j] } else { 0.0 };
                    let (up, left) = (i.wrapping_sub(1), j.wrapping_sub(1));
                    let near = at(up, j) + at(i + 1, j) + at(i, left) + at(i, j + 1);
                    y[i * m + j] = (4.0 - shift) * x[i * m + j] - near;
                }
            }
        })
    }
    pub type C64 = Complex<f64>;
    pub fn c(re: f64, im: f64) -> C64 {
        Complex::new(re, im)
    }
    /// Numbers in (-1, 1) without a pattern.
    pub fn noise(i: usize) -> f64 {
        let x = ((i as f64 + 1.0) * 12.9898).sin() * 43758.5453;
        2.0 * (x - x.floor()) - 1.0
    }
    pub fn noisy<T: Scalar>(n: usize) -> Vec<T> {
        (0..n).map(|i| T::of(noise(i))).collect()
    }
    pub fn complex(n: usize) -> Vec<C64> {
        (0..n).map(|i| c(noise(i), noise(i + 1000))).collect()
    }
    pub fn solve<A: LinearOperator>(
        mut algorithm: impl SolveAlgorithm<A>,
        a: &A,
        b: &[A::Scalar],
    ) -> Result<Solution<Vec<A::Scalar>>> {
        let mut x = vec![A::Scalar::zero(); b.len()];
        let report = algorithm.solve(a, View::vector(b), ViewMut::vector(&mut x))?;
        // what is reported is true
        let residual = true_residual(a, false, b, &x);
        let close = (report.residual - residual).abs() <= 1e-3 * residual + 1e-15;
        assert!(close, "{} is not {residual}", report.residual);
        assert_eq!(report.history.len(), report.iterations);
        Ok(Solution { x, report })
    }
    pub fn true_residual<A: LinearOperator>(a: &A, adjoint: bool, b: &[A::Scalar], x: &[A::Scalar]) -> f64 {
        let (mut y, mut s) = (b.to_vec(), b.to_vec());
        s.resize(a.scratch_len(1), A::Scalar::zero());
        let how = Update { adjoint, ..Update::replace() };
        a.act(how, View::vector(x), ViewMut::vector(&mut y), &mut s);
        y[..].axpby(A::Scalar::of(1.0), b, A::Scalar::of(-1.0));
        let norm = b.norm().lane_f64(0);
        if norm == 0.0 { y[..].norm().lane_f64(0) } else { y[..].norm().lane_f64(0) / norm }
    }

    /// What every method must refuse, and what it must do for free.
    pub fn check_manners<T: Scalar>(run: Run<T>) {
        let a = laplacian::<PsdFacts, T>(6);
        let b = noisy::<T>(6);
        let go = |a: &dyn DynOperator<T>, m: Option<&dyn DynOperator<T>>, b: &[T], x: &mut [T]| {
            run(a, m, b, x, &mut Params::default())
        };
        let zeros = || vec![T::zero(); 6];

        // b = 0: x = 0 whatever it was
        let mut x = b.clone();
        let report = go(&a, None, &zeros(), &mut x).unwrap();
        assert_eq!((report.iterations, report.residual, x), (0, 0.0, zeros()));
        // nothing at all
        let empty = matrix::<NoFacts, T>((0, 0), |_, _| T::zero());
        assert_eq!(go(&empty, None, &[], &mut []).unwrap().iterations, 0);
        // a starting point that is the solution
        let mut x = zeros();
        go(&a, None, &b, &mut x).unwrap();
        let again = go(&a, None, &b, &mut x).unwrap();
        assert_eq!((again.iterations, again.history.len()), (0, 0));
        // any other starting point
        let mut x: Vec<T> = (0..6).map(|i| T::of(1e3 * noise(i + 9))).collect();
        go(&a, None, &b, &mut x).unwrap();

        // no iterations allowed
        let none = || Params { max_iters: Some(0), ..Params::default() };
        let e = run(&a, None, &b, &mut zeros(), &mut none()).unwrap_err();
        assert!(matches!(e, Error::NotConverged { iterations: 0, residual: 1.0, .. }), "{e}");
        assert!(run(&a, None, &zeros(), &mut zeros(), &mut none()).is_ok());
        // too few
        let mut one = Params { max_iters: Some(1), ..Params::default() };
        let e = run(&a, None, &b, &mut zeros(), &mut one).unwrap_err();
        assert!(matches!(e, Error::NotConverged { iterations: 1, .. }), "{e}");

        // shapes
        let shape = |r: Result<Report>| matches!(r, Err(Error::ShapeMismatch { .. }));
        let wide = matrix::<NoFacts, T>((6, 5), |_, _| T::one());
        assert!(shape(go(&wide, None, &b, &mut zeros()[..5])));
        assert!(shape(go(&a, None, &b[..5], &mut zeros())));
        assert!(shape(go(&a, None, &b, &mut zeros()[..5])));
        assert!(shape(go(&a, Some(&laplacian::<PsdFacts, T>(5)), &b, &mut zeros())));
        // tolerances
        for tol in [f64::NAN, -1.0, f64::INFINITY] {
            let mut params = Params { tol: Some(tol), ..Params::default() };
            let e = run(&a, None, &b, &mut zeros(), &mut params).unwrap_err();
            assert!(matches!(e, Error::InvalidArgument { .. }), "{e}");
        }

        // NaN and infinity: in b, in x, from A, from P
        for bad in [f64::NAN, f64::INFINITY] {
            let non_finite = |r: Result<Report>| matches!(r, Err(Error::NonFinite { .. }));
            let mut b_bad = b.clone();
            b_bad[3] = T::of(bad);
            assert!(non_finite(go(&a, None, &b_bad, &mut zeros())));
            assert!(non_finite(go(&a, None, &b, &mut b_bad)));
            let d = |_, x: &[T], y: &mut [T]| {
                y.copy_from_slice(x);
                y[2] = T::of(bad);
            };
            assert!(non_finite(go(&free::<PsdFacts, T, _>(6, d), None, &b, &mut zeros())));
            assert!(non_finite(go(&a, Some(&free::<PsdFacts, T, _>(6, d)), &b, &mut zeros())));
        }
        // NaN later on: the iteration is named
        let calls = core::cell::Cell::new(0);
        let late = free::<PsdFacts, T, _>(6, |_, x: &[T], y: &mut [T]| {
            calls.set(calls.get() + 1);
            for i in 0..6 {
                y[i] = x[i] * T::of(if calls.get() == 3 { f64::NAN } else { 1.0 + i as f64 });
            }
        });
        let e = go(&late, None, &b, &mut zeros()).unwrap_err();
        assert!(e.to_string().contains("iteration 2"), "{e}");

        // a callback that stops, or that does not
        let mut seen = 0;
        let mut stop = |i: &Iteration| {
            seen = i.iteration;
            (i.iteration < 2).flow()
        };
        let mut params = Params { on_iteration: Some(&mut stop), ..Params::default() };
        let e = run(&a, None, &b, &mut zeros(), &mut params).unwrap_err();
        assert!(matches!(e, Error::NotConverged { iterations: 2, .. }), "{e}");
        assert_eq!(seen, 2);

        // the smallest and the largest numbers
        let single = T::Re::epsilon().lane_f64(0) > 1e-10;
        for size in if single { [1e-36, 1e36] } else { [1e-300, 1e300] } {
            let b: Vec<T> = b.iter().map(|&b| b * T::of(size)).collect();
            let mut x = zeros();
            go(&a, None, &b, &mut x).unwrap_or_else(|e| panic!("{size:e}: {e}"));
            assert!(true_residual(&a, false, &b, &x) < 1e-4);
        }
        // a tolerance below rounding ends, and with the truth; 1 / 3 is not a number
        let a = diagonal::<PsdFacts, T>((1..7).map(|i| T::of(i as f64 / 3.0)).collect());
        let mut params = Params { tol: Some(1e-40), ..Params::default() };
        match run(&a, None, &b, &mut zeros(), &mut params) {
            Err(Error::NotConverged { residual, .. }) => {
                assert!(residual > 0.0 && residual < 1e-6, "{residual}")
            }
            Ok(report) => assert!(report.residual <= 1e-39, "{}", report.residual),
            Err(e) => panic!("{e}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::testing::*;
    use super::*;
    use crate::facts::{NoFacts, PsdFacts};

    #[test]
    fn several_columns_one_after_the_other() {
        let a = laplacian::<PsdFacts, f64>(20);
        let mut b: Vec<f64> = noisy(60);
        b[20..40].fill(0.0);
        let mut x = vec![f64::NAN; 60];
        let (bv, xv) = (View::matrix(&b, 20, 3), ViewMut::matrix(&mut x, 20, 3));
        let report = default_solve(Kind::Psd, false, &a, bv, xv).unwrap();
        assert!(report.iterations >= 10 && report.residual <= 1e-10);
        assert!(x[20..40].iter().all(|&x| x == 0.0));
        for j in 0..3 {
            assert!(true_residual(&a, false, &b[j * 20..][..20], &x[j * 20..][..20]) <= 1e-10);
        }
        let mut short = vec![0.0; 40];
        let e = default_solve(Kind::Psd, false, &a, bv, ViewMut::matrix(&mut short, 20, 2));
        assert!(matches!(e, Err(Error::ShapeMismatch { .. })));
    }

    #[test]
    fn strided_views() {
        let a = laplacian::<PsdFacts, f64>(7);
        let b: Vec<f64> = noisy(14);
        let mut x = vec![0.0; 14];
        // rows of a row-major 7 x 2 matrix
        let (bv, xv) = (View::new(&b, 7, 2, 2, 1), ViewMut::new(&mut x, 7, 2, 2, 1));
        default_solve(Kind::SelfAdjoint, false, &a, bv, xv).unwrap();
        for j in 0..2 {
            let pick = |v: &[f64]| -> Vec<f64> { v.iter().skip(j).step_by(2).copied().collect() };
            assert!(true_residual(&a, false, &pick(&b), &pick(&x)) <= 1e-10);
        }
    }

    #[test]
    fn default_solve_of_the_adjoint() {
        let a = matrix::<NoFacts, C64>((9, 9), |i, j| {
            c(noise(i + 9 * j) + 4.0 * f64::from(i == j), noise(100 + i + 9 * j))
        });
        let b = complex(9);
        for adjoint in [false, true] {
            let mut x = vec![c(0.0, 0.0); 9];
            let (bv, xv) = (View::vector(&b), ViewMut::vector(&mut x));
            default_solve(Kind::General, adjoint, &a, bv, xv).unwrap();
            assert!(true_residual(&a, adjoint, &b, &x) <= 1e-10);
        }
    }

    #[test]
    fn lanes_are_refused() {
        type L = crate::Lanes<f64, 4>;
        let a = diagonal::<PsdFacts, L>(vec![L::of(2.0); 3]);
        let (b, mut x) = ([L::of(1.0); 3], [L::of(0.0); 3]);
        for kind in [Kind::Psd, Kind::SelfAdjoint, Kind::General] {
            let (bv, xv) = (View::vector(&b), ViewMut::vector(&mut x));
            let e = default_solve(kind, false, &a, bv, xv).unwrap_err();
            assert!(e.to_string().contains("lanes"), "{e}");
        }
    }

    /// All three return types of a callback; the options reach the loop.
    #[test]
    fn builders() {
        let a = laplacian::<PsdFacts, f64>(40);
        let b: Vec<f64> = noisy(40);
        let mut residuals = Vec::new();
        let s = solve(Cg::default().on_iteration(|i| residuals.push(i.residual)), &a, &b).unwrap();
        assert_eq!(residuals, s.report.history);
        let loose = solve(Cg::default().tol(1e-2).progress(), &a, &b).unwrap();
        assert!(loose.report.iterations < s.report.iterations);
        let stop = |e: Result<Solution<Vec<f64>>>| match e {
            Err(Error::NotConverged { iterations, .. }) => iterations,
            other => panic!("{other:?}"),
        };
        assert_eq!(stop(solve(Minres::default().on_iteration(|i| i.iteration < 3), &a, &b)), 3);
        let flow = |i: &Iteration| match i.iteration {
            4 => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        };
        assert_eq!(stop(solve(Gmres::default().on_iteration(flow), &a, &b)), 4);
        assert_eq!(stop(solve(Cg::default().max_iters(5), &a, &b)), 5);
        let identity = diagonal::<PsdFacts, f64>(vec![1.0; 40]);
        let p = Cg::default().preconditioner(&identity).on_iteration(|_| true);
        assert_eq!(solve(p, &a, &b).unwrap().report.iterations, s.report.iterations);
    }

    /// A fault inside of an operator that iterates is the solve's.
    #[test]
    fn faults_of_the_operator_are_returned() {
        let a = free::<PsdFacts, f64, _>(3, |_, x: &[f64], y: &mut [f64]| {
            y.copy_from_slice(x);
            crate::error::note_fault(0, Error::Singular { index: 7 });
        });
        for run in [cg::<f64>, minres::<f64>, gmres::<f64>] as [Run<f64>; 3] {
            let e = run(&a, None, &[1.0, 2.0, 3.0], &mut [0.0; 3], &mut Params::default());
            assert_eq!(e.unwrap_err(), Error::Singular { index: 7 });
        }
    }
}
