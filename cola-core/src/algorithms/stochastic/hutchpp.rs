//! Hutch++.
//!
//! Meyer, Musco, Musco & Woodruff, Hutch++: optimal stochastic trace estimation, SOSA 2021; of diagonals: Baston & Nakatsukasa,
//! Stochastic diagonal estimation: probabilistic bounds and an improved algorithm, arXiv:2201.10684, 2022.

use super::{Estimate, Moments, adaptive, diagonal_by, estimator, for_signs, square, trace_by};
use crate::algorithms::blocks::orthonormalise;
use crate::algorithms::columns::{BlockProducts, Columns};
use crate::algorithms::watch::{NoCallback, Observer, Options};
use crate::error::Result;
use crate::scalar::Real;
use crate::vector::VectorRe;
use nalgebra::DVector;
use num_traits::Zero;

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
trace_by!(HutchPlusPlus, NAME, hutchpp);

/// An orthonormal basis of A times `k` sign vectors: the block that holds it, and how many columns of it.
fn sketch<V: Columns + ?Sized>(a: &mut dyn BlockProducts<V>, k: usize, seed: u64) -> Result<(V::Owned, usize)> {
    let (n, mut filled) = (a.shape().0, 0);
    let mut q = a.zeros(n * k)?;
    for_signs(
        a,
        (seed ^ 0x5ce7c4, 0, k),
        |_| {},
        |_, _, y: &mut V| {
            q.part_mut(filled..filled + y.size()).copy(y);
            filled += y.size();
        },
    )?;
    let rank = orthonormalise(n, &*a.zeros(0)?, &mut *q, 10.0 * VectorRe::<V>::epsilon().lane_f64(0));
    Ok((q, rank))
}
/// [`HutchPlusPlus`], compiled once per type of vectors.
fn hutchpp<V: Columns + ?Sized>(
    a: &mut dyn BlockProducts<V>,
    options: Options,
    observer: Observer<'_>,
) -> Result<Estimate<V::Scalar>> {
    let n = square::<V::Scalar>(NAME, a.shape(), options)?;
    adaptive((NAME, n, 48), options, observer, a, |a, m| {
        let k = (m / 3).min(n);
        let (q, rank) = sketch(a, k, options.seed)?;
        let (mut value, mut y) = (V::Scalar::zero(), a.zeros(n)?);
        for j in 0..rank {
            let q = q.part(j * n..(j + 1) * n);
            a.apply(&q, &mut y, 1)?;
            value += q.dot(&y);
        }
        let q = q.part(0..n * rank);
        let count = (m - 2 * k).max(1);
        let (mut moments, mut c) = (Moments::new(), vec![V::Scalar::zero(); rank]);
        let project = |x: &mut V| V::remove(n, &q, x, &mut c);
        for_signs(a, (options.seed, 0, count), project, |k, x, y| moments.add_dots(n, k, x, y))?;
        Ok(Estimate { value: value + moments.mean, std_error: moments.said_error(), probes: 2 * k + count })
    })
}
diagonal_by!(HutchPlusPlus, NAME, diagonal);

/// diag A by [`HutchPlusPlus`], compiled once per type of vectors.
fn diagonal<V: Columns + ?Sized>(
    a: &mut dyn BlockProducts<V>,
    options: Options,
    observer: Observer<'_>,
) -> Result<Estimate<DVector<V::Scalar>, DVector<f64>>> {
    let n = square::<V::Scalar>(NAME, a.shape(), options)?;
    let k = options.restart.map_or(16, |m| m / 3).min(n);
    let (q, rank) = sketch(a, k, options.seed)?;
    super::hutchinson::diagonal_beside(a, &q.part(0..n * rank), (NAME, k), options, observer)
}
