//! Hutchinson's estimator.
//!
//! Girard, BIT 27, 1987; Hutchinson, A stochastic estimator of the trace of the influence matrix, Comm. Statist. Simulation 18, 1989; of
//! diagonals: Bekas, Kokiopoulou & Saad, An estimator for the diagonal of a matrix, Appl. Numer. Math. 57, 2007. Vectors of signs (fourth
//! roots of unity for complex numbers), which have the smallest variance of all vectors with independent entries.

use super::{DiagonalAlgorithm, Estimate, Moments, estimator, exact, for_signs, for_units, square, trace_by, watcher};
use crate::algorithms::blocks::Action;
use crate::algorithms::columns::{BlockProducts, Columns};
use crate::algorithms::watch::{Callback, NoCallback, Observer, Options};
use crate::error::Result;
use crate::operator::{DynOperator, LinearOperator};
use crate::scalar::{Real, Scalar};
use nalgebra::DVector;

const NAME: &str = "Hutchinson";
/// Samples before a standard error is believed.
const FIRST: usize = 16;

/// tr A as the mean of x^H A x over sign vectors x, diag A as the mean of conj(x) * A x.
///
/// Of a real symmetric A the variance of one sample is 2 (|A|_F^2 - |diag A|^2): a nearly diagonal A needs few. For all others see
/// [`XTrace`](crate::XTrace).
///
/// # Cost
/// One product per probe; two blocks of 16 vectors.
/// # Errors
/// `NotConverged` if the standard error is too large after all probes; `NonFinite`; `ShapeMismatch`; `InvalidArgument`.
/// # Example
/// ```
/// use cola_core::prelude::*;
/// let a = Dense::new(nalgebra::DMatrix::from_fn(50, 50, |i, j| 1.0 / (1 + i + 5 * i.abs_diff(j)) as f64));
/// let t = a.trace_with(Hutchinson::default().probes(30).seed(7))?;
/// assert!((t.value - a.trace()?).abs() < 4.0 * t.std_error && t.probes == 30);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Hutchinson<F = NoCallback> {
    options: Options,
    callback: F,
}
estimator!(Hutchinson);
trace_by!(Hutchinson, NAME, hutchinson);

/// [`Hutchinson`], compiled once per type of vectors.
fn hutchinson<V: Columns + ?Sized>(
    a: &mut dyn BlockProducts<V>,
    options: Options,
    observer: Observer<'_>,
) -> Result<Estimate<V::Scalar>> {
    let n = square::<V::Scalar>(NAME, a.shape(), options)?;
    let mut watcher = watcher(NAME, options, observer);
    let mut moments = Moments::new();
    let most = options.max_iters.unwrap_or(n);
    let mut next = options.restart.unwrap_or(FIRST.min(most).max(1));
    loop {
        if options.restart.is_none() && next >= n {
            return exact(a);
        }
        let from = moments.count;
        for_signs(a, (options.seed, from, next - from), |_| {}, |k, x, y| moments.add_dots(n, k, x, y))?;
        let done = Estimate { value: moments.mean, std_error: moments.said_error(), probes: moments.count };
        let error = super::relative(&done);
        let stop = watcher.note(error);
        if options.restart.is_some() || error <= watcher.tol {
            return Ok(done);
        }
        if stop || next >= most {
            return Err(super::unfinished(&watcher, error, &[done.value], &[done.std_error]));
        }
        // what the error needs by its law, at most four times as many
        let wanted = next as f64 * (error / watcher.tol).powi(2) * 1.1;
        next = (wanted.min(4.0 * next as f64) as usize).max(next + 1).min(most);
    }
}

impl<A: LinearOperator, F: Callback> DiagonalAlgorithm<A> for Hutchinson<F> {
    fn diagonal(&mut self, a: &A) -> Result<Estimate<DVector<A::Scalar>, DVector<f64>>> {
        let callback = &mut self.callback;
        let mut observer = |i: &crate::algorithms::Iteration| callback.observe(i);
        diagonal(a, &[], (NAME, 0), self.options, &mut observer)
    }
}
/// diag A as diag(Q Q^H A) + the mean of conj(x) * (I - Q Q^H) A x, for an orthonormal Q that may be empty; `spent` products were needed
/// for Q.
pub(super) fn diagonal<T: Scalar>(
    a: &dyn DynOperator<T>,
    q: &[T],
    (name, spent): (&'static str, usize),
    options: Options,
    observer: Observer<'_>,
) -> Result<Estimate<DVector<T>, DVector<f64>>> {
    let n = square::<T>(name, a.dyn_shape(), options)?;
    let mut action = Action::new(name, a, 16);
    let mut watcher = watcher(name, options, observer);
    let rank = q.len() / n.max(1);
    // diag(Q (A^H Q)^H)
    let mut base = vec![T::zero(); n];
    let mut b = vec![T::zero(); n];
    for q in q.chunks_exact(n.max(1)) {
        action.adjoint(q, &mut b, 1)?;
        for ((d, &q), &b) in base.iter_mut().zip(q).zip(&b) {
            *d += q * b.conj();
        }
    }
    let mut moments = vec![Moments::<T>::new(); n];
    let mut c = vec![T::zero(); rank];
    let spent = spent + rank;
    let most = options.max_iters.unwrap_or(n);
    let mut next = options.restart.map_or(FIRST.min(most).max(1), |m| m.saturating_sub(spent).max(1));
    let mut from = 0;
    loop {
        if options.restart.is_none() && next + spent >= n {
            let mut value = DVector::from_element(n, T::zero());
            for_units(&mut action, |i, y| value[i] = y[i])?;
            return Ok(Estimate { value, std_error: DVector::zeros(n), probes: n });
        }
        let seed = options.seed ^ 0xd1a6;
        for_signs(
            &mut action,
            (seed, from, next - from),
            |_| {},
            |_, x, y| {
                <[T]>::remove(n, q, y, &mut c);
                for (x, y) in x.chunks_exact(n.max(1)).zip(y.chunks_exact(n.max(1))) {
                    for ((m, &x), &y) in moments.iter_mut().zip(x).zip(y) {
                        m.add(x.conj() * y);
                    }
                }
            },
        )?;
        from = next;
        let value = DVector::from_fn(n, |i, _| base[i] + moments[i].mean);
        let std_error = DVector::from_fn(n, |i, _| moments[i].said_error());
        // in the 2-norm of the whole diagonal
        let size = value.iter().fold(0.0, |s: f64, v| s.hypot(v.abs().lane_f64(0)));
        let error = std_error.norm();
        let error = if error == 0.0 { 0.0 } else { error / size };
        let stop = watcher.note(error);
        if options.restart.is_some() || error <= watcher.tol {
            return Ok(Estimate { value, std_error, probes: spent + next });
        }
        if stop || next + spent >= most {
            return Err(super::unfinished(&watcher, error, value.as_slice(), std_error.as_slice()));
        }
        let wanted = next as f64 * (error / watcher.tol).powi(2) * 1.1;
        next = (wanted.min(4.0 * next as f64) as usize).max(next + 1).min(most.saturating_sub(spent).max(next + 1));
    }
}
