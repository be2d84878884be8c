//! Randomised singular value decomposition.
//!
//! Halko, Martinsson & Tropp, Finding structure with randomness, SIAM Rev. 53, 2011: algorithms 4.4 and 5.1, error estimate (4.3).
//! Deviation: the range of A^H Q is orthonormalised before the small decomposition, so that small singular values keep their digits.
//! In a single pass A^H Q is found from a second sketch by least squares: Tropp, Yurtsever, Udell & Cevher, Practical sketching algorithms
//! for low-rank matrix approximation, SIMAX 38, 2017, algorithm 4.

use super::SpectralNumber;
use super::svds::{Svds, SvdsAlgorithm, Triplets, arguments, complete};
use crate::algorithms::blocks::{Action, inner, jacobi_svd, multiply, orthonormalise};
use crate::algorithms::random::Stream;
use crate::algorithms::watch::{Callback, NoCallback, Observer, Options, Watcher, default_tol, watched};
use crate::error::Result;
use crate::operator::{DynOperator, LinearOperator};
use crate::scalar::{Real, Scalar};
use crate::vector::Vector;
use num_traits::Zero;

const NAME: &str = "randomised SVD";
/// Vectors more than asked for.
const OVERSAMPLE: usize = 10;
/// Power iterations: two sharpen the spectrum to its fifth power.
const POWERS: usize = 2;
/// Test vectors of the error bound: it fails with probability 1e-10.
const TESTS: usize = 10;

/// A nearly best approximation of rank k in a fixed number of products: for spectra that decay.
///
/// |A - U diag(s) V^H|_2 is bounded afterwards by ten random vectors: `error_bound` holds with probability 1 - 1e-10 and is about 10 to 20
/// times too large. The singular vectors are those of the approximation; `residuals` say how near they are to those of A.
///
/// # Cost
/// (2 q + 2) (k + p) products, half of them with A^H, for q power iterations and oversampling p; 10 more for the bound, 2 k to verify. In a
/// single pass k + p + 10 with A and 2 (k + p) + 1 with A^H.
/// # Errors
/// `NonFinite`, `InvalidArgument`.
/// # Example
/// ```
/// use cola_core::prelude::*;
/// let d: Vec<f64> = (0..300).map(|i| 0.5f64.powi(i)).collect();
/// let s = Diagonal::new(d).svds_with(RandomizedSvd::default().seed(1), 5)?;
/// assert!((s.singular_values[4] - 0.0625).abs() < 1e-6);
/// assert!(s.error_bound.unwrap() > 0.03 && s.error_bound.unwrap() < 1.0);
/// # Ok::<(), Error>(())
/// ```
/// # Reference
/// Halko, Martinsson & Tropp, SIAM Review 53, 2011, 217-288.
#[derive(Clone, Copy, Debug)]
pub struct RandomizedSvd<F = NoCallback> {
    options: Options,
    callback: F,
}
impl<F> RandomizedSvd<F> {
    /// Vectors more than asked for. Default: 10.
    pub fn oversample(mut self, p: usize) -> Self {
        self.options.block = Some(p);
        self
    }
    /// Power iterations q: the error falls to that of the (2 q + 1)-th power of the spectrum. Default: 2.
    pub fn power_iterations(mut self, q: usize) -> Self {
        self.options.max_iters = Some(q);
        self
    }
    /// Sees A once: one block product with A and one with A^H that does not depend on it, so that both can be taken while the entries
    /// stream by. No power iterations, and no products to verify (`residuals` is empty); the error is that of the range finder times
    /// about two, and `error_bound` says what it is.
    ///
    /// ```
    /// # use cola_core::prelude::*;
    /// let d: Vec<f64> = (0..300).map(|i| 0.5f64.powi(i)).collect();
    /// let s = Diagonal::new(d).svds_with(RandomizedSvd::default().single_pass(), 5)?;
    /// assert!((s.singular_values[4] - 0.0625).abs() < 1e-3 && s.error_bound.unwrap() < 1.0);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn single_pass(mut self) -> Self {
        self.options.single_pass = true;
        self
    }
    /// Seed of the random vectors. Default: 0.
    pub fn seed(mut self, seed: u64) -> Self {
        self.options.seed = seed;
        self
    }
}
watched!(RandomizedSvd);
impl<A: LinearOperator<Scalar: SpectralNumber>, F: Callback> SvdsAlgorithm<A> for RandomizedSvd<F> {
    fn svds(&mut self, a: &A, k: usize) -> Result<Svds<A::Scalar, <A::Scalar as Scalar>::Re>> {
        let callback = &mut self.callback;
        let mut observer = |i: &crate::algorithms::Iteration| callback.observe(i);
        randomized(a, k, self.options, Some(&mut observer))
    }
}

/// [`RandomizedSvd`], compiled once per number type. Workspace: two blocks of k + p vectors.
fn randomized<T: SpectralNumber>(
    a: &dyn DynOperator<T>,
    k: usize,
    options: Options,
    observer: Option<Observer<'_>>,
) -> Result<Svds<T, T::Re>> {
    let (m, n) = arguments(NAME, a, k, None)?;
    let l = (k + options.block.unwrap_or(OVERSAMPLE)).min(m.min(n));
    let powers = options.max_iters.unwrap_or(POWERS);
    let single = options.single_pass;
    let powers = if single { 0 } else { powers };
    // the second sketch of a single pass has twice the columns, so that its least squares are well-conditioned
    let second = if single { (2 * l + 1).min(m) } else { 0 };
    let mut act = Action::new(NAME, a, (l + TESTS).max(second));
    let mut watcher = Watcher::new(NAME, default_tol::<T>(), powers + 1, options.progress, observer);
    // the test vectors travel with the first block
    let (mut q, mut w) = (vec![T::zero(); m * (l + TESTS)], vec![T::zero(); n * (l + TESTS)]);
    for (j, w) in w.chunks_exact_mut(n.max(1)).enumerate() {
        Stream::new(options.seed, j as u64).normal(w);
    }
    let tests = w[n * l..].to_vec();
    // the range of (A A^H)^q A Omega; what is dropped is rounding of a lower rank
    let drop = T::Re::epsilon().lane_f64(0);
    let (mut rank, mut in_w, mut images) = (0, l, Vec::new());
    for power in 0..=powers {
        let columns = if power == 0 { l + TESTS } else { in_w };
        act.apply(&w[..n * columns], &mut q[..m * columns], columns)?;
        if power == 0 {
            images = q[m * l..].to_vec();
        }
        rank = orthonormalise::<[T]>(m, &[], &mut q[..m * in_w], drop);
        if single {
            sketched(&mut act, &q[..m * rank], &mut w[..n * rank], second, options.seed)?;
        } else {
            act.adjoint(&q[..m * rank], &mut w[..n * rank], rank)?;
        }
        if power == powers {
            break;
        }
        in_w = orthonormalise::<[T]>(n, &[], &mut w[..n * rank], drop);
        watcher.note(0.0);
    }
    // A^H Q = W R, R = X S Y^H: A ~ (Q Y) S (W X)^H
    let b = w[..n * rank].to_vec();
    let in_w = orthonormalise::<[T]>(n, &[], &mut w[..n * rank], drop);
    let mut r = vec![T::zero(); in_w.max(rank) * rank];
    let mut coefficients = vec![T::zero(); in_w * rank];
    inner(n, &w[..n * in_w], &b, &mut coefficients);
    // a square with rows of zeros below, where W has fewer columns
    for j in 0..rank {
        r[j * rank..][..in_w].copy_from_slice(&coefficients[j * in_w..][..in_w]);
    }
    r.truncate(rank * rank);
    let (s, y) = jacobi_svd(rank, rank, &mut r)?;
    let keep = k.min(rank);
    let mut u = multiply((m, rank, keep), &q[..m * rank], &y[..rank * keep]);
    let x: Vec<T> = (0..keep).flat_map(|j| r[j * rank..][..in_w].to_vec()).collect();
    let mut v = multiply((n, in_w, keep), &w[..n * in_w], &x);
    let mut values = s[..keep].to_vec();
    values.resize(k, T::Re::zero());
    complete(m, &mut u, k);
    complete(n, &mut v, k);
    // |A - U S V^H|_2 <= 10 sqrt(2 / pi) max |(A - U S V^H) x_i|
    let mut largest = 0.0_f64;
    for (x, z) in tests.chunks_exact(n.max(1)).zip(images.chunks_exact_mut(m.max(1))) {
        for j in 0..k {
            let c = v[j * n..][..n].dot(x).scale(values[j]);
            z.axpy(-c, &u[j * m..][..m]);
        }
        largest = largest.max(z.norm().lane_f64(0));
    }
    let bound = 10.0 * core::f64::consts::FRAC_2_PI.sqrt() * largest;
    watcher.note(bound / values.first().map_or(1.0, |s| s.lane_f64(0)).max(f64::MIN_POSITIVE));
    let found = Triplets { u, s: values, v };
    if single {
        Ok(found.unverified((m, n), watcher, bound))
    } else {
        found.finish(&mut act, None, watcher, Some(bound))
    }
}
/// W <- A^H Q from A^H G for random G alone: (G^H Q) (A^H Q)^H = (A^H G)^H in the sense of least squares.
fn sketched<T: Scalar>(a: &mut Action<'_, T>, q: &[T], w: &mut [T], second: usize, seed: u64) -> Result<()> {
    let (m, n) = a.shape();
    let rank = q.len() / m.max(1);
    if rank == 0 {
        return Ok(());
    }
    let (mut g, mut image) = (vec![T::zero(); m * second], vec![T::zero(); n * second]);
    for (j, g) in g.chunks_exact_mut(m).enumerate() {
        // streams of their own
        Stream::new(seed, u64::MAX / 2 + j as u64).normal(g);
    }
    a.adjoint(&g, &mut image, second)?;
    let mut small = vec![T::zero(); second * rank];
    inner(m, &g, q, &mut small);
    // G^H Q = U S V^H: A^H Q = (A^H G) U S^-1 V^H
    let (s, v) = jacobi_svd(second, rank, &mut small)?;
    let least = T::Re::epsilon().lane_f64(0) * second as f64 * s[0].lane_f64(0);
    let mut inverse = vec![T::zero(); second * rank];
    for (k, &s) in s.iter().enumerate().filter(|(_, s)| s.lane_f64(0) > least) {
        let u = &small[k * second..][..second];
        for j in 0..rank {
            let c = v[j + k * rank].conj().scale(T::Re::real(1.0) / s);
            inverse[j * second..][..second].axpy(c, u);
        }
    }
    w.copy_from_slice(&multiply((n, second, rank), &image, &inverse));
    Ok(())
}
