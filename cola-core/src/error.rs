//! What can go wrong, with the numbers that matter and what to do next.

use crate::scalar::{Mask, Real, Scalar};
use crate::view::View;
use core::any::Any;
use nalgebra::DMatrix;
use std::cell::{Cell, RefCell};
use std::sync::Arc;

/// Result of everything that can fail.
pub type Result<T, E = Error> = core::result::Result<T, E>;

/// Every failure of this library; the text says what to do.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Two sizes that must agree do not.
    #[error("{op}: {}x{} meets {}x{}", left.0, left.1, right.0, right.1)]
    ShapeMismatch {
        /// The operation that was asked for.
        op: &'static str,
        /// Rows and columns of the left side.
        left: (usize, usize),
        /// Rows and columns of the right side.
        right: (usize, usize),
    },
    /// A matrix promised positive (semi)definite has a pivot that is not positive.
    #[error(
        "not positive definite: pivot (or v^H A v at iteration) {index} is {pivot:.3e}; if the matrix is only semidefinite add a multiple of `I`, \
         if it is indefinite promise `self_adjoint(..)` in place of `psd(..)`"
    )]
    NotPositiveDefinite {
        /// Row of the pivot, or the iteration whose direction v showed it.
        index: usize,
        /// Its value, or v^H A v / v^H v.
        pivot: f64,
    },
    /// A matrix promised self-adjoint is not.
    #[error("not self-adjoint: the relative asymmetry is {asymmetry:.3e}; symmetrise it or drop the promise")]
    NotSelfAdjoint {
        /// max |A - A^H| / max |A|.
        asymmetry: f64,
    },
    /// A function that needs nonnegative eigenvalues met a negative one.
    #[error("eigenvalue {value:.3e} is negative beyond rounding ({tol:.1e}): this function has no real value there")]
    NegativeEigenvalue {
        /// The eigenvalue.
        value: f64,
        /// What would have passed as rounding.
        tol: f64,
    },
    /// The matrix is singular to working precision.
    #[error("singular to working precision at index {index}; use a least-squares solution or add a multiple of `I`")]
    Singular {
        /// Row of the pivot, or index of the entry.
        index: usize,
    },
    /// An iteration ended before it met its tolerance.
    #[error(
        "{algorithm} has not converged: relative residual {residual:.3e} after {iterations} iterations, wanted {tol:.1e}; \
         give a preconditioner, more iterations or a larger tolerance"
    )]
    NotConverged {
        /// Its name.
        algorithm: &'static str,
        /// Iterations done.
        iterations: usize,
        /// True relative residual of the best iterate.
        residual: f64,
        /// The relative residual that was wanted.
        tol: f64,
        /// What had been reached; [`Error::iterate`] shows it.
        best: Iterate,
    },
    /// An iteration cannot go on.
    #[error(
        "{algorithm} broke down at iteration {iteration}: the operator does not have the promised structure, or is singular"
    )]
    Breakdown {
        /// Its name.
        algorithm: &'static str,
        /// The iteration.
        iteration: usize,
    },
    /// NaN or infinity.
    #[error("NaN or infinity in {place}")]
    NonFinite {
        /// Where it was seen.
        place: String,
    },
    /// An argument that makes no sense.
    #[error("{what}")]
    InvalidArgument {
        /// What is wrong and what would be right.
        what: String,
    },
    /// Some lanes of a batch failed; the others are not disturbed.
    #[error("lane {} of the batch: {}{}", failed[0].0, failed[0].1, if failed.len() > 1 { format!(" (and {} more lanes)", failed.len() - 1) } else { String::new() })]
    Lanes {
        /// Index and failure of each failed lane, by index.
        failed: Vec<(usize, Error)>,
    },
    /// Reading or writing a file.
    #[error("{path}: {message}")]
    Io {
        /// The file.
        path: String,
        /// What the system or the parser says.
        message: String,
    },
    /// A device, its driver or a library of it.
    #[error("device: {message}")]
    Device {
        /// What is missing and how to get it.
        message: String,
    },
}

/// The iterate that an iteration had reached when it ended, of any number type: [`Error::iterate`] shows it. Errors are compared without it.
#[derive(Clone, Default)]
pub struct Iterate(Option<Arc<dyn Any + Send + Sync>>);
impl Iterate {
    /// Nothing was reached.
    pub const NONE: Iterate = Iterate(None);
    /// A copy of these columns.
    pub fn of<T: Scalar>(x: View<'_, T>) -> Self {
        Iterate(Some(Arc::new(crate::data::to_dmatrix(x))))
    }
}
impl core::fmt::Debug for Iterate {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(if self.0.is_some() { "Iterate(..)" } else { "Iterate(none)" })
    }
}
impl PartialEq for Iterate {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Error {
    /// `NotConverged` without an iterate.
    pub fn not_converged(algorithm: &'static str, iterations: usize, residual: f64, tol: f64) -> Error {
        Error::NotConverged { algorithm, iterations, residual, tol, best: Iterate::NONE }
    }
    /// The best iterate of a `NotConverged`, one column per right-hand side or per eigenvector, so that the work is not lost: a solve
    /// goes on from it by [`solve_into`](crate::IterativeExt::solve_into), eigenvalues by [`eigs_from`](crate::IterativeExt::eigs_from).
    /// None where there is none, or where its numbers are not of type `T`.
    ///
    /// ```
    /// # use cola_core::prelude::*;
    /// let a = Function::psd(50, |x: &[f64], y: &mut [f64]| (0..50).for_each(|i| y[i] = (i + 1) as f64 * x[i]));
    /// let b = nalgebra::DMatrix::from_element(50, 1, 1.0);
    /// let stopped = a.solve_with(Cg::default().on_iteration(|i| i.iteration < 10), &b).unwrap_err();
    /// let mut x = stopped.iterate::<f64>().unwrap().clone();
    /// let rest = a.solve_into(Cg::default(), &b, &mut x)?;
    /// assert!(rest.history[0] < 1e-1 && (x[49] - 0.02).abs() < 1e-9);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn iterate<T: Scalar>(&self) -> Option<&DMatrix<T>> {
        match self {
            Error::NotConverged { best, .. } => best.0.as_ref()?.downcast_ref(),
            _ => None,
        }
    }
    /// A `NotConverged` gets a copy of these columns as its iterate, unless it has one; other errors stay as they are.
    #[cold]
    pub(crate) fn with_iterate<T: Scalar>(mut self, x: View<'_, T>) -> Error {
        if let Error::NotConverged { best, .. } = &mut self
            && best.0.is_none()
        {
            *best = Iterate::of(x);
        }
        self
    }
    /// `InvalidArgument` from words.
    pub fn invalid(what: impl Into<String>) -> Error {
        Error::InvalidArgument { what: what.into() }
    }
    /// `NonFinite` from the place.
    pub fn non_finite(place: impl Into<String>) -> Error {
        Error::NonFinite { place: place.into() }
    }
}

thread_local! {
    /// Failures that cannot travel in a return value: of single lanes, and of lazy inverses inside an application.
    static FAULTS: RefCell<Option<Vec<(usize, Error)>>> = const { RefCell::new(None) };
    /// How many of them there are, for the batch driver, which asks after every few elements: a plain number is read in line.
    static NOTED: Cell<usize> = const { Cell::new(0) };
}

/// Runs `f` and returns what it returned together with the failures reported meanwhile by lane. While it runs, a failed lane is
/// noted and the other lanes go on; outside of it, a failed lane is an [`Error::Lanes`] of the function that met it.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn collect_faults<R>(f: impl FnOnce() -> R) -> (R, Vec<(usize, Error)>) {
    let notes = Notes::new();
    let out = f();
    (out, first_of_each_lane(notes.take()))
}
/// The first failure of a lane is its cause; what follows is a consequence.
#[inline(never)]
fn first_of_each_lane(mut faults: Vec<(usize, Error)>) -> Vec<(usize, Error)> {
    faults.sort_by_key(|fault| fault.0);
    faults.dedup_by_key(|fault| fault.0);
    faults
}
/// While it lives, failures without a return value are noted; those of the code around it are put back in the end, after a panic too.
pub(crate) struct Notes(Option<Vec<(usize, Error)>>);
impl Notes {
    #[inline(always)]
    pub(crate) fn new() -> Self {
        Notes(swap_faults(Some(Vec::new())))
    }
    /// Something was noted.
    #[inline(always)]
    pub(crate) fn any(&self) -> bool {
        NOTED.get() > 0
    }
    /// What was noted since the last time.
    #[inline(always)]
    pub(crate) fn take(&self) -> Vec<(usize, Error)> {
        swap_faults(Some(Vec::new())).unwrap_or_default()
    }
}
impl Drop for Notes {
    #[inline(always)]
    fn drop(&mut self) {
        swap_faults(self.0.take());
    }
}
#[inline(never)]
fn swap_faults(new: Option<Vec<(usize, Error)>>) -> Option<Vec<(usize, Error)>> {
    NOTED.set(new.as_ref().map_or(0, Vec::len));
    FAULTS.replace(new)
}
/// Runs a closure: `try_linop!` gives `?` a function to return from. (A closure that is called where it stands cannot be marked to be
/// inlined.)
#[doc(hidden)]
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn attempt<R>(f: impl FnOnce() -> R) -> R {
    f()
}
/// Notes a failure for the innermost [`collect_faults`]; false if there is none.
#[doc(hidden)]
pub fn note_fault(lane: usize, e: Error) -> bool {
    FAULTS.with_borrow_mut(|f| {
        let Some(f) = f else { return false };
        f.push((lane, e));
        NOTED.set(f.len());
        true
    })
}

/// Turns a mask into a result: an error of its own for one number; for lanes, each failed lane is noted (or named).
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn check<T: Scalar>(ok: T::Mask, error: impl Fn(usize) -> Error) -> Result<()> {
    if ok.all() {
        Ok(())
    } else {
        failure::<T, _>(
            #[inline(always)]
            || failed_with::<T>(ok, error),
        )
    }
}
/// What a cold path finds out about a failure. Lanes in the batch driver ([`Scalar::ALL_OR_NONE`]) do not ask: their elements are run again
/// one by one, and nothing that the good path holds has to lie in memory for the bad one (batch of step 3: 33 ns an element, so 26).
#[cfg_attr(not(debug_assertions), inline(always))]
pub(crate) fn failure<T: Scalar, R>(cold: impl FnOnce() -> Result<R>) -> Result<R> {
    if T::ALL_OR_NONE { Err(Error::Lanes { failed: Vec::new() }) } else { cold() }
}
/// Takes the words by value: a reference to them would keep everything that they mention in memory on the good path too (solve of
/// kron(2 x 2, diag 3): 42 ns, by value 10).
#[cold]
#[inline(never)]
fn failed_with<T: Scalar>(ok: T::Mask, error: impl Fn(usize) -> Error) -> Result<()> {
    failed::<T>(ok, &error)
}
#[inline(never)]
fn failed<T: Scalar>(ok: T::Mask, error: &dyn Fn(usize) -> Error) -> Result<()> {
    if T::LANES == 1 {
        return Err(error(0));
    }
    let failed: Vec<_> = (0..T::LANES).filter(|&l| !ok.lane(l)).map(|l| (l, error(l))).collect();
    if failed.iter().all(|(lane, e)| note_fault(*lane, e.clone())) { Ok(()) } else { Err(Error::Lanes { failed }) }
}

/// What a factorisation kernel reports: which lanes are fine, and index and value of the first pivot that was not.
#[derive(Clone, Copy, Debug)]
pub struct Outcome<T: Scalar> {
    /// True in the lanes that are fine.
    pub ok: T::Mask,
    /// Index of the first bad pivot, as a number per lane.
    pub index: T::Re,
    /// Its value.
    pub value: T::Re,
}
impl<T: Scalar> Outcome<T> {
    /// Nothing has failed yet.
    #[inline(always)]
    pub fn fine() -> Self {
        let zero = <T::Re as num_traits::Zero>::zero();
        Outcome { ok: T::Mask::splat(true), index: zero, value: zero }
    }
    /// Notes pivot `index` with its `value`, good or not.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn pivot(&mut self, index: usize, value: T::Re, good: T::Mask) {
        let first = self.ok & !good;
        self.index = T::Re::select(first, T::Re::real(index as f64), self.index);
        self.value = T::Re::select(first, value, self.value);
        self.ok = self.ok & good;
    }
    /// From all pivots at once: `good` says which are.
    #[cold]
    #[inline(never)]
    pub(crate) fn bad<const N: usize>(n: usize, pivots: [T::Re; N], good: [T::Mask; N]) -> Self {
        let mut out = Outcome::fine();
        for j in 0..n {
            out.pivot(j, pivots[j], good[j]);
        }
        out
    }
    /// The result: `error` gets index and value of the first bad pivot.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn result(self, error: impl Fn(usize, f64) -> Error) -> Result<()> {
        check::<T>(self.ok, move |lane| {
            let value = self.value.lane_f64(lane);
            if value.is_finite() {
                error(self.index.lane_f64(lane) as usize, value)
            } else {
                Error::non_finite("the matrix, or an overflow in its factorisation")
            }
        })
    }
}
