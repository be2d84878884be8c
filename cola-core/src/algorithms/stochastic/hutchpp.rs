//! Hutch++.
//!
//! Meyer, Musco, Musco & Woodruff, Hutch++: optimal stochastic trace estimation, SOSA 2021; of diagonals: Baston & Nakatsukasa,
//! Stochastic diagonal estimation: probabilistic bounds and an improved algorithm, arXiv:2201.10684, 2022.

use super::{DiagonalAlgorithm, Estimate, Moments, adaptive, estimator, for_signs, square, trace_by};
use crate::algorithms::blocks::{Action, add_product, inner, orthonormalise};
use crate::algorithms::watch::{Callback, NoCallback, Observer, Options};
use crate::error::Result;
use crate::operator::{DynOperator, LinearOperator};
use crate::scalar::{Real, Scalar};
use crate::vector::Vector;
use nalgebra::DVector;

const NAME: &str = "Hutch++";

/// tr A with the dominant part taken out: tr(Q^H A Q) exactly, Q a basis of A times a third of the probes, and the rest by
/// [`Hutchinson`](crate::Hutchinson)'s samples, whose spread is the standard error.
///
/// # Cost
/// m products, two thirds of them kept apart; m / 3 vectors of Q and as many of A Q.
/// # Errors
/// As [`Hutchinson`](crate::Hutchinson).
/// # Example
/// ```
/// use cola_core::prelude::*;
/// // a few large eigenvalues and small noise
/// let a = Dense::new(nalgebra::DMatrix::from_fn(200, 200, |i, j| {
///     let (i, j) = (i as f64, j as f64);
///     (-(i - j).powi(2) / 500.0).exp() + 1e-3 * (7.0 * i * j).sin()
/// }));
/// let t = a.trace_with(HutchPlusPlus::default().probes(60))?;
/// assert!((t.value - a.trace()?).abs() < 5.0 * t.std_error && t.std_error < 1.0);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct HutchPlusPlus<F = NoCallback> {
    options: Options,
    callback: F,
}
estimator!(HutchPlusPlus);
trace_by!(HutchPlusPlus, hutchpp);

/// An orthonormal basis of A times `k` sign vectors.
fn sketch<T: Scalar>(action: &mut Action<'_, T>, k: usize, seed: u64) -> Result<Vec<T>> {
    let n = action.shape().0;
    let mut q = Vec::with_capacity(n * k);
    for_signs(action, (seed ^ 0x5ce7c4, 0, k), |_| {}, |_, y| q.extend_from_slice(y))?;
    let rank = orthonormalise(n, &[], &mut q, 10.0 * T::Re::epsilon().lane_f64(0));
    q.truncate(n * rank);
    Ok(q)
}
/// [`HutchPlusPlus`], compiled once per number type.
fn hutchpp<T: Scalar>(a: &dyn DynOperator<T>, options: Options, observer: Observer<'_>) -> Result<Estimate<T>> {
    let n = square(NAME, a, options)?;
    let mut action = Action::new(NAME, a, 16);
    adaptive((NAME, n, 48), options, observer, &mut action, |action, m| {
        let k = (m / 3).min(n);
        let q = sketch(action, k, options.seed)?;
        let (mut value, mut y) = (T::zero(), vec![T::zero(); n]);
        for q in q.chunks_exact(n.max(1)) {
            action.apply(q, &mut y, 1)?;
            value += q.dot(&y[..]);
        }
        let rank = q.len() / n.max(1);
        let count = (m - 2 * k).max(1);
        let (mut moments, mut c) = (Moments::new(), vec![T::zero(); rank]);
        let project = |x: &mut [T]| {
            inner(n, &q, x, &mut c);
            add_product(n, -T::one(), &q, &c, x);
        };
        for_signs(action, (options.seed, 0, count), project, |x, y| moments.add(x.dot(y)))?;
        Ok(Estimate { value: value + moments.mean, std_error: moments.std_error(), probes: 2 * k + count })
    })
}
impl<A: LinearOperator, F: Callback> DiagonalAlgorithm<A> for HutchPlusPlus<F> {
    fn diagonal(&mut self, a: &A) -> Result<Estimate<DVector<A::Scalar>, DVector<f64>>> {
        let callback = &mut self.callback;
        let mut observer = |i: &crate::algorithms::Iteration| callback.observe(i);
        let n = square::<A::Scalar>(NAME, a, self.options)?;
        let k = self.options.restart.map_or(16, |m| m / 3).min(n);
        let q = sketch(&mut Action::new(NAME, a, 16), k, self.options.seed)?;
        super::hutchinson::diagonal(a, &q, (NAME, k), self.options, &mut observer)
    }
}
