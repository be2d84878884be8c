//! Hutchinson's estimator.
//!
//! Girard, BIT 27, 1987; Hutchinson, A stochastic estimator of the trace of the influence matrix, Comm. Statist. Simulation 18, 1989; of
//! diagonals: Bekas, Kokiopoulou & Saad, An estimator for the diagonal of a matrix, Appl. Numer. Math. 57, 2007. Vectors of signs (fourth
//! roots of unity for complex numbers), which have the smallest variance of all vectors with independent entries.

use super::{Estimate, Moments, diagonal_by, estimator, exact, for_signs, for_units, square, trace_by, watcher};
use crate::algorithms::columns::{BlockProducts, Columns};
use crate::algorithms::watch::{NoCallback, Observer, Options};
use crate::error::Result;
use crate::scalar::{Real, Scalar};
use nalgebra::DVector;
use num_traits::Zero;

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

diagonal_by!(Hutchinson, NAME, diagonal);

/// diag A by [`Hutchinson`], compiled once per type of vectors.
fn diagonal<V: Columns + ?Sized>(
    a: &mut dyn BlockProducts<V>,
    options: Options,
    observer: Observer<'_>,
) -> Result<Estimate<DVector<V::Scalar>, DVector<f64>>> {
    let none = a.zeros(0)?;
    diagonal_beside(a, &none, (NAME, 0), options, observer)
}
/// diag A as diag(Q Q^H A) + the mean of conj(x) * (I - Q Q^H) A x, for an orthonormal Q that may be empty; `spent` products were needed
/// for Q. The products of entries are the host's, where the result is: each block comes there.
pub(super) fn diagonal_beside<V: Columns + ?Sized>(
    a: &mut dyn BlockProducts<V>,
    q: &V,
    (name, spent): (&'static str, usize),
    options: Options,
    observer: Observer<'_>,
) -> Result<Estimate<DVector<V::Scalar>, DVector<f64>>> {
    let n = square::<V::Scalar>(name, a.shape(), options)?;
    let mut watcher = watcher(name, options, observer);
    let rank = q.size() / n.max(1);
    // diag(Q (A^H Q)^H)
    let mut b = a.zeros(n)?;
    let mut base = vec![V::Scalar::zero(); n];
    for j in 0..rank {
        let q = q.part(j * n..(j + 1) * n);
        a.adjoint(&q, &mut b, 1)?;
        for ((d, &q), &b) in base.iter_mut().zip(&*q.to_host()).zip(&*b.to_host()) {
            *d += q * b.conj();
        }
    }
    let mut moments = vec![Moments::<V::Scalar>::new(); n];
    let mut c = vec![V::Scalar::zero(); rank];
    let spent = spent + rank;
    let most = options.max_iters.unwrap_or(n);
    let mut next = options.restart.map_or(FIRST.min(most).max(1), |m| m.saturating_sub(spent).max(1));
    let mut from = 0;
    loop {
        if options.restart.is_none() && next + spent >= n {
            let mut value = DVector::from_element(n, V::Scalar::zero());
            for_units(a, |i, y| value[i] = y[i])?;
            return Ok(Estimate { value, std_error: DVector::zeros(n), probes: n });
        }
        let seed = options.seed ^ 0xd1a6;
        for_signs(
            a,
            (seed, from, next - from),
            |_| {},
            |_, x, y| {
                V::remove(n, q, y, &mut c);
                let (x, y) = (x.to_host(), y.to_host());
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
