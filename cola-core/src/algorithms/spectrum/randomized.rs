//! Randomised singular value decomposition.
//!
//! Halko, Martinsson & Tropp, Finding structure with randomness, SIAM Rev. 53, 2011: algorithms 4.4 and 5.1, error estimate (4.3).
//! Deviation: the range of A^H Q is orthonormalised before the small decomposition, so that small singular values keep their digits.
//! In a single pass A^H Q is found from a second sketch by least squares: Tropp, Yurtsever, Udell & Cevher, Practical sketching algorithms
//! for low-rank matrix approximation, SIMAX 38, 2017, algorithm 4.

use super::SpectralNumber;
use super::svds::{Svds, SvdsAlgorithm, SvdsOn, Triplets, arguments, complete};
use crate::algorithms::blocks::{Action, jacobi_svd, orthonormalise};
use crate::algorithms::columns::{BlockProducts, Columns};
use crate::algorithms::random::Stream;
use crate::algorithms::watch::{Callback, NoCallback, Observer, Options, Watcher, default_tol, watched};
use crate::error::Result;
use crate::operator::LinearOperator;
use crate::scalar::{Real, Scalar};
use crate::vector::{Vector, VectorRe};
use crate::view::View;
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
        let shape = arguments::<A::Scalar>(NAME, (a.nrows(), a.ncols()), k, None)?;
        let mut action = Action::new(NAME, a, Widths::new(shape, k, self.options).most());
        SvdsOn::<[A::Scalar]>::svds_on(self, &mut action, k, View::matrix(&[], shape.1, 0))
    }
}
impl<V: Columns<Scalar: SpectralNumber> + ?Sized, F: Callback> SvdsOn<V> for RandomizedSvd<F> {
    /// There is nothing to start from.
    fn svds_on(
        &mut self,
        a: &mut dyn BlockProducts<V>,
        k: usize,
        _: View<'_, V::Scalar>,
    ) -> Result<Svds<V::Scalar, VectorRe<V>>> {
        let callback = &mut self.callback;
        let mut observer = |i: &crate::algorithms::Iteration| callback.observe(i);
        randomized(a, k, self.options, &mut observer)
    }
}

/// How many vectors the sketches have.
struct Widths {
    range: usize,
    /// Of the second sketch of a single pass, which has twice the columns, so that its least squares are well-conditioned.
    second: usize,
}
impl Widths {
    fn new((m, n): (usize, usize), k: usize, options: Options) -> Self {
        let range = (k + options.block.unwrap_or(OVERSAMPLE)).min(m.min(n));
        Widths { range, second: if options.single_pass { (2 * range + 1).min(m) } else { 0 } }
    }
    /// Of one product.
    fn most(&self) -> usize {
        (self.range + TESTS).max(self.second)
    }
}

/// [`RandomizedSvd`], compiled once per type of vectors. Workspace: three blocks of k + p vectors.
fn randomized<T: SpectralNumber, V: Columns<Scalar = T> + ?Sized>(
    a: &mut dyn BlockProducts<V>,
    k: usize,
    options: Options,
    observer: Observer<'_>,
) -> Result<Svds<T, T::Re>> {
    let (m, n) = arguments::<T>(NAME, a.shape(), k, None)?;
    let Widths { range: l, second } = Widths::new((m, n), k, options);
    let single = options.single_pass;
    let powers = if single { 0 } else { options.max_iters.unwrap_or(POWERS) };
    let mut watcher = Watcher::new(NAME, default_tol::<T>(), powers + 1, options.progress, Some(observer));
    // the test vectors travel with the first block
    let (mut q, mut w, none) = (a.zeros(m * (l + TESTS))?, a.zeros(n * (l + TESTS))?, a.zeros(0)?);
    w.write(|w| {
        for (j, w) in w.chunks_exact_mut(n.max(1)).enumerate() {
            Stream::new(options.seed, j as u64).normal(w);
        }
    });
    let tests = a.copied(&w.part(n * l..n * (l + TESTS)))?;
    // the range of (A A^H)^q A Omega; what is dropped is rounding of a lower rank
    let drop = T::Re::epsilon().lane_f64(0);
    let (mut rank, mut in_w, mut images) = (0, l, a.zeros(0)?);
    for power in 0..=powers {
        let columns = if power == 0 { l + TESTS } else { in_w };
        a.apply(&w.part(0..n * columns), &mut q.part_mut(0..m * columns), columns)?;
        if power == 0 {
            images = a.copied(&q.part(m * l..m * (l + TESTS)))?;
        }
        rank = orthonormalise(m, &*none, &mut *q.part_mut(0..m * in_w), drop);
        let (q, mut w) = (q.part(0..m * rank), w.part_mut(0..n * rank));
        if single {
            sketched(a, &*q, &mut *w, second, options.seed)?;
        } else {
            a.adjoint(&q, &mut w, rank)?;
        }
        if power == powers {
            break;
        }
        in_w = orthonormalise(n, &*none, &mut *w, drop);
        watcher.note(0.0);
    }
    // A^H Q = W R, R = X S Y^H: A ~ (Q Y) S (W X)^H
    let b = a.copied(&w.part(0..n * rank))?;
    let in_w = orthonormalise(n, &*none, &mut *w.part_mut(0..n * rank), drop);
    let (q, w) = (q.part(0..m * rank), w.part(0..n * in_w));
    let mut r = vec![T::zero(); in_w.max(rank) * rank];
    let mut coefficients = vec![T::zero(); in_w * rank];
    V::inner(n, &w, &b, &mut coefficients);
    // a square with rows of zeros below, where W has fewer columns
    for j in 0..rank {
        r[j * rank..][..in_w].copy_from_slice(&coefficients[j * in_w..][..in_w]);
    }
    r.truncate(rank * rank);
    let (s, y) = jacobi_svd(rank, rank, &mut r)?;
    let keep = k.min(rank);
    let x: Vec<T> = (0..keep).flat_map(|j| r[j * rank..][..in_w].to_vec()).collect();
    let (mut u, mut v) = (a.zeros(m * keep)?, a.zeros(n * keep)?);
    V::add_product(m, T::one(), &q, &y[..rank * keep], &mut u);
    V::add_product(n, T::one(), &w, &x, &mut v);
    // |A - U S V^H|_2 <= 10 sqrt(2 / pi) max |(A - U S V^H) x_i|
    let mut c = vec![T::zero(); keep * TESTS];
    V::inner(n, &v, &tests, &mut c);
    c.chunks_exact_mut(keep.max(1)).for_each(|c| c.iter_mut().zip(&s).for_each(|(c, &s)| *c = c.scale(s)));
    V::add_product(m, -T::one(), &u, &c, &mut images);
    let largest =
        (0..TESTS).map(|j| images.part(j * m..(j + 1) * m).norm().lane_f64(0)).fold(0.0_f64, |most, z| most.max(z));
    let bound = 10.0 * core::f64::consts::FRAC_2_PI.sqrt() * largest;
    let mut values = s[..keep].to_vec();
    values.resize(k, T::Re::zero());
    let (mut u, mut v) = (V::into_host(u), V::into_host(v));
    complete(m, &mut u, k);
    complete(n, &mut v, k);
    watcher.note(bound / values.first().map_or(1.0, |s| s.lane_f64(0)).max(f64::MIN_POSITIVE));
    let found = Triplets { u, s: values, v };
    if single { Ok(found.unverified((m, n), watcher, bound)) } else { found.finish(a, None, watcher, Some(bound)) }
}
/// W <- A^H Q from A^H G for random G alone: (G^H Q) (A^H Q)^H = (A^H G)^H in the sense of least squares.
fn sketched<T: SpectralNumber, V: Columns<Scalar = T> + ?Sized>(
    a: &mut dyn BlockProducts<V>,
    q: &V,
    w: &mut V,
    second: usize,
    seed: u64,
) -> Result<()> {
    let (m, n) = a.shape();
    let rank = q.size() / m.max(1);
    if rank == 0 {
        return Ok(());
    }
    let (mut g, mut image) = (a.zeros(m * second)?, a.zeros(n * second)?);
    g.write(|g| {
        for (j, g) in g.chunks_exact_mut(m).enumerate() {
            // streams of their own
            Stream::new(seed, u64::MAX / 2 + j as u64).normal(g);
        }
    });
    a.adjoint(&g, &mut image, second)?;
    let mut small = vec![T::zero(); second * rank];
    V::inner(m, &g, q, &mut small);
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
    w.fill(T::zero());
    V::add_product(n, T::one(), &image, &inverse, w);
    Ok(())
}
