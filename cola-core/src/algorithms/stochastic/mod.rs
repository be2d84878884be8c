//! Traces, diagonals and log-determinants from products with random vectors, each with its standard error.
//!
//! | asked | A | method | error after m products |
//! |---|---|---|---|
//! | tr A, diag A | any | [`Hutchinson`] | m^(-1/2) |
//! | tr A, diag A | any, better where eigenvalues decay | [`HutchPlusPlus`] | m^(-1) at worst |
//! | tr A | any, best where they decay fast | [`XTrace`] | as Hutch++, with a smaller constant |
//! | tr A | PSD | [`XNysTrace`] | smaller again |
//! | diag A | any, best where eigenvalues decay fast | [`XDiag`] | as XTrace |
//! | log det A, tr f(A) | PSD | [`Slq`] | m^(-1/2), small with a preconditioner |
//! | how many eigenvalues where | self-adjoint | [`Slq`] | m^(-1/2) |
//!
//! A result depends on the seed and on nothing else: the same bits at any number of threads. With `rel_tol` products are added until the
//! standard error is that small; when n products are used up the unit vectors, which cost no more, give the exact value with error 0.

mod density;
mod exchangeable;
mod hutchinson;
mod hutchpp;
mod slq;
mod split;
#[cfg(test)]
mod tests;
mod xdiag;

pub use density::SpectralDensity;
pub use exchangeable::{XNysTrace, XTrace};
pub use hutchinson::Hutchinson;
pub use hutchpp::HutchPlusPlus;
pub use slq::Slq;
pub use split::{Split, SplitOn, SplitPreconditioner};
pub(crate) use split::{by_root, split_by_root};
pub use xdiag::XDiag;

use super::columns::{BlockProducts, Columns};
use super::krylov::{plain_numbers, tolerance};
use super::random::Stream;
use super::watch::{Observer, Options, Watcher};
use crate::error::{Error, Result};
use crate::operator::{LinearOperator, Operator};
use crate::scalar::{Real, Scalar};
use crate::view::View;
use nalgebra::DVector;
use num_traits::{One, Zero};

/// An estimate from random vectors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate<V, E = f64> {
    /// The mean.
    pub value: V,
    /// Its standard error, estimated from the same samples; 0 if the value is exact up to rounding.
    pub std_error: E,
    /// Random vectors used, as products with A (for [`Slq`] starting vectors).
    pub probes: usize,
}

/// An algorithm for traces.
#[diagnostic::on_unimplemented(message = "`{Self}` is no algorithm for traces", label = "no trace by this")]
pub trait TraceAlgorithm<A: LinearOperator> {
    /// tr A.
    ///
    /// # Errors
    /// `ShapeMismatch`, `NonFinite`, `NotConverged` if the standard error is too large after all probes, with the
    /// estimate inside: the value, then its standard error.
    fn trace(&mut self, a: &A) -> Result<Estimate<A::Scalar>>;
}
/// An algorithm for diagonals.
#[diagnostic::on_unimplemented(message = "`{Self}` is no algorithm for diagonals", label = "no diagonal by this")]
pub trait DiagonalAlgorithm<A: LinearOperator> {
    /// The main diagonal, with the standard error of each entry.
    ///
    /// # Errors
    /// As [`TraceAlgorithm::trace`].
    fn diagonal(&mut self, a: &A) -> Result<Estimate<DVector<A::Scalar>, DVector<f64>>>;
}

/// An algorithm for traces of operators whose vectors live anywhere: what `trace_with` of such an operator takes. `A` is where the facts
/// are from.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no algorithm for traces of this operator on a device",
    label = "no trace by this",
    note = "`Hutchinson`, `HutchPlusPlus` and `XTrace` are for all operators, `XNysTrace` is for positive semidefinite ones"
)]
pub trait TraceOn<A: Operator, V: Columns + ?Sized> {
    /// tr A.
    ///
    /// # Errors
    /// As [`TraceAlgorithm::trace`].
    #[doc(hidden)]
    fn trace_on(&mut self, a: &mut dyn BlockProducts<V>) -> Result<Estimate<V::Scalar>>;
}

/// An algorithm for diagonals of operators whose vectors live anywhere: what `diagonal_with` of such an operator takes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no algorithm for diagonals of operators on a device",
    label = "no diagonal by this",
    note = "`Hutchinson`, `HutchPlusPlus` and `XDiag` are"
)]
pub trait DiagonalOn<V: Columns + ?Sized> {
    /// The main diagonal on the host, with the standard error of each entry.
    ///
    /// # Errors
    /// As [`TraceAlgorithm::trace`].
    #[doc(hidden)]
    fn diagonal_on(&mut self, a: &mut dyn BlockProducts<V>) -> Result<Estimate<DVector<V::Scalar>, DVector<f64>>>;
}

/// The standard error that is wanted where nothing is said.
const REL_TOL: f64 = 1e-2;
/// Columns that go through A at once.
const BLOCK: usize = 16;

/// The options that all estimators have.
macro_rules! estimator {
    ($Name:ident) => {
        impl<F> $Name<F> {
            /// Exactly so many products with A, whatever error they leave. Default: as many as `rel_tol` needs.
            pub fn probes(mut self, m: usize) -> Self {
                self.options.restart = Some(m);
                self
            }
            /// Wanted standard error, relative to the value. Default: 1e-2.
            pub fn rel_tol(mut self, tol: f64) -> Self {
                self.options.tol = Some(tol);
                self
            }
            /// Most products where `rel_tol` decides; beyond, `NotConverged`. Default: n, at which the exact value costs no more.
            pub fn max_probes(mut self, m: usize) -> Self {
                self.options.max_iters = Some(m);
                self
            }
            /// Seed of the random vectors. Default: 0.
            pub fn seed(mut self, seed: u64) -> Self {
                self.options.seed = seed;
                self
            }
        }
        $crate::algorithms::watch::watched!($Name);
    };
}
use estimator;
/// The impls of [`TraceAlgorithm`], and of [`TraceOn`], by a function that is compiled once per place of vectors, where the operator has a
/// fact, or any.
macro_rules! trace_by {
    ($Name:ident, $name:ident, $run:ident $(, $Fact:ident: $Demand:ident)?) => {
        impl<A, F> $crate::algorithms::stochastic::TraceAlgorithm<A> for $Name<F>
        where
            A: $crate::operator::LinearOperator,
            $(<A::Facts as $crate::facts::Facts>::$Fact: $crate::facts::$Demand<A>,)?
            F: $crate::algorithms::Callback,
        {
            fn trace(&mut self, a: &A) -> $crate::Result<$crate::algorithms::stochastic::Estimate<A::Scalar>> {
                let action =
                    &mut $crate::algorithms::blocks::Action::new($name, a, $crate::algorithms::stochastic::BLOCK);
                $crate::algorithms::stochastic::TraceOn::<A, [A::Scalar]>::trace_on(self, action)
            }
        }
        impl<A, V, F> $crate::algorithms::stochastic::TraceOn<A, V> for $Name<F>
        where
            A: $crate::operator::Operator,
            $(<A::Facts as $crate::facts::Facts>::$Fact: $crate::facts::$Demand<A>,)?
            V: $crate::algorithms::columns::Columns<Scalar = A::Scalar> + ?Sized,
            F: $crate::algorithms::Callback,
        {
            fn trace_on(
                &mut self,
                a: &mut dyn $crate::algorithms::columns::BlockProducts<V>,
            ) -> $crate::Result<$crate::algorithms::stochastic::Estimate<V::Scalar>> {
                let callback = &mut self.callback;
                let mut observer =
                    |i: &$crate::algorithms::Iteration| $crate::algorithms::Callback::observe(callback, i);
                $run(a, self.options, &mut observer)
            }
        }
    };
}
use trace_by;
/// The impls of [`DiagonalAlgorithm`], and of [`DiagonalOn`], by a function that is compiled once per place of vectors.
macro_rules! diagonal_by {
    ($Name:ident, $name:ident, $run:ident) => {
        impl<A: $crate::operator::LinearOperator, F: $crate::algorithms::Callback>
            $crate::algorithms::stochastic::DiagonalAlgorithm<A> for $Name<F>
        {
            fn diagonal(&mut self, a: &A) -> $crate::Result<Estimate<DVector<A::Scalar>, DVector<f64>>> {
                let action =
                    &mut $crate::algorithms::blocks::Action::new($name, a, $crate::algorithms::stochastic::BLOCK);
                $crate::algorithms::stochastic::DiagonalOn::<[A::Scalar]>::diagonal_on(self, action)
            }
        }
        impl<V: $crate::algorithms::columns::Columns + ?Sized, F: $crate::algorithms::Callback>
            $crate::algorithms::stochastic::DiagonalOn<V> for $Name<F>
        {
            fn diagonal_on(
                &mut self,
                a: &mut dyn $crate::algorithms::columns::BlockProducts<V>,
            ) -> $crate::Result<Estimate<DVector<V::Scalar>, DVector<f64>>> {
                let callback = &mut self.callback;
                let mut observer =
                    |i: &$crate::algorithms::Iteration| $crate::algorithms::Callback::observe(callback, i);
                $run(a, self.options, &mut observer)
            }
        }
    };
}
use diagonal_by;

/// Checks the operator and the options; returns n.
fn square<T: Scalar>(name: &'static str, (m, n): (usize, usize), options: Options) -> Result<usize> {
    plain_numbers::<T>(name)?;
    tolerance(name, options.tol)?;
    if m != n {
        return Err(Error::ShapeMismatch { op: name, left: (m, n), right: (n, n) });
    }
    if options.restart == Some(0) {
        return Err(Error::invalid(format!("{name}: no probes, no estimate; ask for one at least")));
    }
    Ok(n)
}
fn watcher<'m>(name: &'static str, options: Options, observer: Observer<'m>) -> Watcher<'m> {
    let tol = options.tol.unwrap_or(REL_TOL);
    Watcher::new(name, tol, 64, options.progress, Some(observer))
}

/// Runs `attempt(m)` with more and more products until the standard error is small, or `exact` where that costs no more.
fn adaptive<V: Columns + ?Sized>(
    (name, n, first): (&'static str, usize, usize),
    options: Options,
    observer: Observer<'_>,
    action: &mut dyn BlockProducts<V>,
    mut attempt: impl FnMut(&mut dyn BlockProducts<V>, usize) -> Result<Estimate<V::Scalar>>,
) -> Result<Estimate<V::Scalar>> {
    let mut watcher = watcher(name, options, observer);
    if let Some(m) = options.restart {
        let done = attempt(action, m)?;
        watcher.note(relative(&done));
        return Ok(done);
    }
    let most = options.max_iters.unwrap_or(n);
    let mut m = first.min(most).max(1);
    loop {
        if m >= n {
            return exact(action);
        }
        let done = attempt(action, m)?;
        let error = relative(&done);
        let stop = watcher.note(error);
        if error <= watcher.tol {
            return Ok(done);
        }
        if stop || m >= most {
            return Err(unfinished(&watcher, error, &[done.value], &[done.std_error]));
        }
        // the error falls like m^(-1/2) at worst: what that needs, but no more than twice as many at once
        m = (2 * m).min(most);
    }
}
/// The estimate so far inside of the error: the value in the first column, its standard error in the second.
#[cold]
fn unfinished<T: Scalar>(watcher: &Watcher<'_>, error: f64, value: &[T], std_error: &[f64]) -> Error {
    let both: Vec<T> = value.iter().copied().chain(std_error.iter().map(|&e| T::of(e))).collect();
    watcher.not_converged(error).with_iterate(View::matrix(&both, value.len(), 2))
}
fn relative<T: Scalar>(e: &Estimate<T>) -> f64 {
    let size = e.value.abs().lane_f64(0);
    if e.std_error == 0.0 { 0.0 } else { e.std_error / size }
}
/// tr A by the unit vectors.
fn exact<V: Columns + ?Sized>(a: &mut dyn BlockProducts<V>) -> Result<Estimate<V::Scalar>> {
    let n = a.shape().0;
    let mut value = V::Scalar::zero();
    for_units(a, |i, y| value += y[i])?;
    Ok(Estimate { value, std_error: 0.0, probes: n })
}
/// Shows A e_i for all i.
fn for_units<V: Columns + ?Sized>(a: &mut dyn BlockProducts<V>, mut f: impl FnMut(usize, &[V::Scalar])) -> Result<()> {
    let n = a.shape().0;
    let (mut x, mut y) = (a.zeros(n * BLOCK.min(n))?, a.zeros(n * BLOCK.min(n))?);
    for first in (0..n).step_by(BLOCK) {
        let columns = BLOCK.min(n - first);
        x.write(|x| {
            x.fill(V::Scalar::zero());
            (0..columns).for_each(|j| x[j * n + first + j] = V::Scalar::one());
        });
        a.apply(&x.part(0..n * columns), &mut y.part_mut(0..n * columns), columns)?;
        let y = y.part(0..n * columns);
        let y = y.to_host();
        (0..columns).for_each(|j| f(first + j, &y[j * n..][..n]));
    }
    Ok(())
}
/// Shows `f` the products A x of `count` sign vectors x, streams `first..`, in blocks of as many columns as it is told; `prepare` may
/// change x before.
fn for_signs<V: Columns + ?Sized>(
    a: &mut dyn BlockProducts<V>,
    (seed, first, count): (u64, usize, usize),
    mut prepare: impl FnMut(&mut V),
    mut f: impl FnMut(usize, &V, &mut V),
) -> Result<()> {
    let n = a.shape().0;
    let block = BLOCK.min(count);
    let (mut x, mut y) = (a.zeros(n * block)?, a.zeros(n * block)?);
    for start in (0..count).step_by(BLOCK) {
        let columns = BLOCK.min(count - start);
        let (mut x, mut y) = (x.part_mut(0..n * columns), y.part_mut(0..n * columns));
        x.write(|x| {
            for (j, x) in x.chunks_exact_mut(n.max(1)).enumerate() {
                Stream::new(seed, (first + start + j) as u64).signs(x);
            }
        });
        prepare(&mut x);
        a.apply(&x, &mut y, columns)?;
        f(columns, &x, &mut y);
    }
    Ok(())
}

/// How much more is said than is estimated of quadratic forms of signs: of one eigenvalue far above the others they are squares of a normal
/// variable, and of those a mean that is low comes with a spread that is low. Measured: `tests/estimates.rs`.
const SKEWED_FORMS: f64 = 1.04;
/// Mean and variance of numbers that come one by one (Welford, Technometrics 4, 1962).
#[derive(Clone, Copy)]
struct Moments<T: Scalar> {
    count: usize,
    mean: T,
    /// Sum of |x - mean|^2.
    spread: f64,
}
impl<T: Scalar> Moments<T> {
    fn new() -> Self {
        Moments { count: 0, mean: T::zero(), spread: 0.0 }
    }
    fn add(&mut self, x: T) {
        self.count += 1;
        let before = x - self.mean;
        self.mean += before.scale(T::Re::real(1.0 / self.count as f64));
        let after = x - self.mean;
        self.spread += (before.conj() * after).re().lane_f64(0).max(0.0);
    }
    /// Adds x_j^H y_j of the k columns of X and Y, at most a block.
    fn add_dots<V: Columns<Scalar = T> + ?Sized>(&mut self, n: usize, k: usize, x: &V, y: &V) {
        let mut d = [T::zero(); BLOCK];
        V::dots(n, x, y, &mut d[..k]);
        d[..k].iter().for_each(|&d| self.add(d));
    }
    /// Standard error of the mean; infinite of one sample alone.
    fn std_error(&self) -> f64 {
        match self.count {
            0 => 0.0,
            1 => f64::INFINITY,
            n => (self.spread / (n as f64 * (n - 1) as f64)).sqrt(),
        }
    }
    /// What is said of the mean: as wide as Student's distribution, the spread being known from these samples only, and [`SKEWED_FORMS`].
    fn said_error(&self) -> f64 {
        SKEWED_FORMS * exchangeable::student(self.count).sqrt() * self.std_error()
    }
}
