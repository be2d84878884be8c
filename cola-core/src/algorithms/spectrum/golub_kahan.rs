//! Thick-restart Golub-Kahan-Lanczos for the largest singular values.
//!
//! Golub & Kahan, SIAM J. Numer. Anal. 2, 1965; Baglama & Reichel, Augmented implicitly restarted Lanczos bidiagonalization methods, SISC
//! 27, 2005, in the form with Ritz vectors. Deviations: both bases are orthogonalised fully and the small matrix is read off the
//! coefficients; as for eigenvalues a restart with a random vector looks for further copies of multiple singular values.

use super::svds::{self, Svds, SvdsAlgorithm, Triplets, arguments};
use super::{SpectralNumber, Trials, starts, threshold};
use crate::algorithms::blocks::{Action, add_product, jacobi_svd_in, orthonormalise, project, rotate};
use crate::algorithms::krylov::slack;
use crate::algorithms::random::Stream;
use crate::algorithms::watch::{Callback, NoCallback, Observer, Options, Watcher, default_tol, watched};
use crate::error::{Error, Result};
use crate::operator::{DynOperator, LinearOperator};
use crate::scalar::{Real, Scalar};
use crate::vector::{Vector, normalise};
use crate::view::View;
use num_traits::Zero;

pub(super) const NAME: &str = "Golub-Kahan-Lanczos";

/// The largest singular values of an operator of any shape, to full accuracy: A^H A is never formed.
///
/// # Cost
/// Per restart about m - k products with A and with A^H, and 4 (rows + cols) m (m - k) operations; m vectors of each side.
/// A restart allocates nothing. k products of each kind to verify.
/// # Errors
/// `NotConverged` with the largest residual and the right singular vectors that were reached; `NonFinite`; `InvalidArgument`.
/// # Example
/// ```
/// use cola_core::prelude::*;
/// let d: Vec<f64> = (1..=500).map(|i| i as f64).collect();
/// let s = Diagonal::new(d).svds_with(GolubKahan::default(), 2)?;
/// assert!((s.singular_values[0] - 500.0).abs() < 1e-9 && (s.singular_values[1] - 499.0).abs() < 1e-9);
/// # Ok::<(), Error>(())
/// ```
/// # Reference
/// Baglama & Reichel, SIAM J. Sci. Comput. 27, 2005, 19-42.
#[derive(Clone, Copy, Debug)]
pub struct GolubKahan<F = NoCallback> {
    options: Options,
    callback: F,
}
impl<F> GolubKahan<F> {
    /// Wanted |A^H u - s v| / s, where singular values below 100 eps |A| / tol count as that large. Default: 1e-10, in single
    /// precision 1e-5. It is met by fresh products, or the method is a `NotConverged`; of the
    /// default, up to ten times as much passes where rounding lets it come no nearer.
    pub fn tol(mut self, tol: f64) -> Self {
        self.options.tol = Some(tol);
        self
    }
    /// Most restarts. Default: 1000.
    pub fn max_iters(mut self, max_iters: usize) -> Self {
        self.options.max_iters = Some(max_iters);
        self
    }
    /// Vectors that are kept of each side. Default: 2 k + 8, at least 24.
    pub fn subspace(mut self, m: usize) -> Self {
        self.options.restart = Some(m);
        self
    }
    /// Seed of the random starting vector. Default: 0.
    pub fn seed(mut self, seed: u64) -> Self {
        self.options.seed = seed;
        self
    }
}
watched!(GolubKahan);
impl<A: LinearOperator<Scalar: SpectralNumber>, F: Callback> SvdsAlgorithm<A> for GolubKahan<F> {
    fn svds(&mut self, a: &A, k: usize) -> Result<Svds<A::Scalar, <A::Scalar as Scalar>::Re>> {
        self.svds_from(a, k, View::matrix(&[], a.ncols(), 0))
    }
    fn svds_from(
        &mut self,
        a: &A,
        k: usize,
        start: View<'_, A::Scalar>,
    ) -> Result<Svds<A::Scalar, <A::Scalar as Scalar>::Re>> {
        let callback = &mut self.callback;
        let mut observer = |i: &crate::algorithms::Iteration| callback.observe(i);
        let start: Vec<_> = (0..start.cols).flat_map(|j| (0..start.rows).map(move |i| start.at(i, j))).collect();
        golub_kahan(a, k, &start, self.options, Some(&mut observer))
    }
}

/// [`GolubKahan`], compiled once per number type. Workspace: m + 1 vectors v, m vectors u; once what has converged is verified, k of
/// each.
pub(super) fn golub_kahan<T: SpectralNumber>(
    a: &dyn DynOperator<T>,
    k: usize,
    start: &[T],
    options: Options,
    observer: Option<Observer<'_>>,
) -> Result<Svds<T, T::Re>> {
    let (rows, cols) = arguments(NAME, a, k, options.tol)?;
    let started = starts(NAME, cols, start)?;
    let m = options.restart.unwrap_or((2 * k + 8).max(24)).max(k + 3).max(started + 2);
    let mut act = Action::new(NAME, a, 16);
    if m + 1 >= rows.min(cols) {
        return svds::dense(&mut act, k);
    }
    let (tol, strict) = (options.tol.unwrap_or(default_tol::<T>()), options.tol.is_some());
    let max_iters = options.max_iters.unwrap_or(1000);
    let mut watcher = Watcher::new(NAME, tol, max_iters, options.progress, observer);
    watcher.begin(max_iters)?;
    let mut verify = Action::new(NAME, a, 1);
    let mut space = Space::new(&mut act, rows, cols, m, options.seed);
    space.start(start)?;
    // copies of multiple singular values are looked for once everything has converged, until a search finds none
    let (mut before, mut search_from) = (Vec::<f64>::with_capacity(k), None);
    let mut trials = Trials::new();
    loop {
        space.expand()?;
        space.small()?;
        let s = |i: usize| space.s[i].lane_f64(0);
        let top = s(0);
        let (mut worst, mut converged) = (0.0_f64, 0);
        let residual = |i: usize| (space.beta * space.p[m - 1 + i * m].abs()).lane_f64(0);
        for i in 0..k {
            let part = residual(i) / threshold::<T>(tol, s(i), top);
            let part = if residual(i) == 0.0 { 0.0 } else { part };
            worst = worst.max(tol * part);
            converged += usize::from(part <= trials.claim);
        }
        let next = residual(k);
        let stop = watcher.note(worst);
        let last_chance = stop || watcher.iterations >= max_iters;
        let tired = search_from.is_some_and(|from: usize| watcher.iterations - from >= from.max(20));
        let settled = k == 0 || tired || s(k - 1) - s(k) > next || next <= threshold::<T>(tol, top, top);
        let grown = (0..before.len()).any(|i| s(i) > before[i] + 2.0 * threshold::<T>(tol, top, top));
        let searched = search_from.is_some() && (!settled || tired || !grown);
        let mut true_residual = worst;
        let met = converged == k || last_chance && worst <= tol;
        if met && searched && settled {
            let triplets = space.triplets(k);
            let (residuals, relative, of_top) = triplets.residuals(&mut verify, tol)?;
            if relative <= slack(strict) * tol {
                return Ok(triplets.into_svds((rows, cols), residuals, of_top, None, watcher));
            }
            true_residual = relative;
            if last_chance || !trials.failed(relative) {
                let e = watcher.not_converged(relative);
                return Err(e.with_iterate(View::matrix(&triplets.v, cols, k)));
            }
        }
        if last_chance {
            let e = watcher.not_converged(true_residual);
            return Err(e.with_iterate(View::matrix(&space.triplets(k).v, cols, k)));
        }
        if converged == k && !searched {
            before.clear();
            before.extend((0..k).map(s));
            search_from = Some(watcher.iterations);
            space.restart(k);
            space.random_v(k)?;
        } else {
            space.restart((k + converged / 2 + (m - k) * 2 / 5).min(m - 2));
        }
    }
}

/// |A|_2 from below, to about 1e-6 unless singular values crowd at the top (then 1e-3): one singular value to a residual of 1e-3.
///
/// # Errors
/// `NonFinite`, and what the operator reports.
pub(crate) fn two_norm<T: SpectralNumber>(a: &dyn DynOperator<T>, seed: u64) -> Result<f64> {
    let (rows, cols) = arguments(NAME, a, 0, None)?;
    let m = 24;
    let mut act = Action::new(NAME, a, 16);
    if rows.min(cols) == 0 {
        return Ok(0.0);
    }
    if m + 1 >= rows.min(cols) {
        return Ok(svds::dense(&mut act, 1)?.singular_values[0].lane_f64(0));
    }
    let mut space = Space::new(&mut act, rows, cols, m, seed);
    space.random_v(0)?;
    let mut before = 0.0_f64;
    for _ in 0..20 {
        space.expand()?;
        space.small()?;
        let (top, residual) = (space.s[0].lane_f64(0), (space.beta * space.p[m - 1].abs()).lane_f64(0));
        if residual <= 1e-3 * top || top - before <= 1e-7 * top {
            return Ok(top);
        }
        before = top;
        space.restart(8);
    }
    Ok(before)
}

/// A V = U B, A^H U = V B^H + beta v_m e_m^T, and B = P diag(s) Q^H. A restart allocates nothing.
struct Space<'s, 'a, T: Scalar> {
    a: &'s mut Action<'a, T>,
    rows: usize,
    cols: usize,
    m: usize,
    done: usize,
    v: Vec<T>,
    u: Vec<T>,
    /// m x m, upper triangular.
    b: Vec<T>,
    beta: T::Re,
    s: Vec<T::Re>,
    p: Vec<T>,
    q: Vec<T>,
    c: Vec<T>,
    h: Vec<T>,
    /// Rows of a basis that is rotated.
    strip: Vec<T>,
    seed: u64,
    streams: u64,
}
impl<'s, 'a, T: Scalar> Space<'s, 'a, T> {
    /// Without a first vector.
    fn new(a: &'s mut Action<'a, T>, rows: usize, cols: usize, m: usize, seed: u64) -> Self {
        let zeros = |len: usize| vec![T::zero(); len];
        Space {
            a,
            rows,
            cols,
            m,
            done: 0,
            v: zeros(cols * (m + 1)),
            u: zeros(rows * m),
            b: zeros(m * m),
            beta: T::Re::zero(),
            s: vec![T::Re::zero(); m],
            p: zeros(m * m),
            q: zeros(m * m),
            c: zeros(m + 1),
            h: zeros(m + 1),
            strip: Vec::new(),
            seed,
            streams: 0,
        }
    }
    fn random_v(&mut self, j: usize) -> Result<()> {
        self.streams += 8;
        fresh(self.cols, &mut self.v, j, self.seed, self.streams, (&mut self.h, &mut self.c))
    }
    /// From right singular vectors, by columns. With U B = A V, those that a stopped iteration has left have an A^H U - V B^H of one
    /// direction, and the iteration goes on as if it had not been stopped (but for what it had kept beyond them). Of other vectors the sum
    /// is the first one.
    fn start(&mut self, start: &[T]) -> Result<()> {
        let (rows, cols, m) = (self.rows, self.cols, self.m);
        let mut v = start.to_vec();
        let k = orthonormalise::<[T]>(cols, &[], &mut v, 1e-8).min(m - 2);
        v.truncate(k * cols);
        if k == 0 {
            return self.random_v(0);
        }
        self.v[..k * cols].copy_from_slice(&v);
        for j in 0..k {
            self.left(j)?;
        }
        // what passes as rounding, as in `threshold`
        let top = self.b.iter().fold(0.0_f64, |s, b| s.max(b.abs().lane_f64(0)));
        let tiny = 50.0 * T::Re::epsilon().lane_f64(0) * top;
        let mut r = vec![T::zero(); k * cols];
        let mut longest = (0, 0.0_f64);
        for (j, r) in r.chunks_exact_mut(cols).enumerate() {
            self.a.adjoint(&self.u[j * rows..][..rows], r, 1)?;
            let (_, after) = project(&v[..], r, &mut self.h[..k], &mut self.c);
            if after.lane_f64(0) > longest.1 {
                longest = (j, after.lane_f64(0));
            }
        }
        if longest.1 <= tiny {
            // an invariant space: any vector goes on
            self.done = k;
            return self.random_v(k);
        }
        let mut w = r[longest.0 * cols..][..cols].to_vec();
        let norm = w[..].norm();
        normalise(&mut w[..], norm);
        let mut one_direction = true;
        for r in r.chunks_exact_mut(cols) {
            let c = w[..].dot(r);
            r.axpy(-c, &w);
            one_direction &= r.norm().lane_f64(0) <= tiny;
        }
        if one_direction {
            self.v[k * cols..][..cols].copy_from_slice(&w);
            self.done = k;
            return Ok(());
        }
        let sum = vec![T::one(); k];
        w.fill(T::zero());
        add_product(cols, T::one(), &v, &sum, &mut w);
        let norm = w[..].norm();
        normalise(&mut w[..], norm);
        self.v[..cols].copy_from_slice(&w);
        Ok(())
    }
    /// u_j and column j of B from A v_j.
    fn left(&mut self, j: usize) -> Result<()> {
        let (rows, cols, m) = (self.rows, self.cols, self.m);
        let (old, rest) = self.u.split_at_mut(j * rows);
        let w = &mut rest[..rows];
        self.a.apply(&self.v[j * cols..][..cols], w, 1)?;
        let column = &mut self.b[j * m..][..m];
        column.fill(T::zero());
        let (before, after) = project(old, w, &mut column[..j], &mut self.c);
        if after.lane_f64(0) <= 10.0 * T::Re::epsilon().lane_f64(0) * before.lane_f64(0) {
            self.streams += 8;
            return fresh(rows, &mut self.u, j, self.seed, self.streams, (&mut self.h, &mut self.c));
        }
        column[j] = T::from_re(after);
        normalise(w, after);
        Ok(())
    }
    fn expand(&mut self) -> Result<()> {
        let (rows, cols, m) = (self.rows, self.cols, self.m);
        let tiny = 10.0 * T::Re::epsilon().lane_f64(0);
        for j in self.done..m {
            self.left(j)?;
            let (old, rest) = self.v.split_at_mut((j + 1) * cols);
            let w = &mut rest[..cols];
            self.a.adjoint(&self.u[j * rows..][..rows], w, 1)?;
            let (before, after) = project(old, w, &mut self.h[..j + 1], &mut self.c);
            if after.lane_f64(0) <= tiny * before.lane_f64(0) {
                self.beta = T::Re::zero();
                self.random_v(j + 1)?;
            } else {
                self.beta = after;
                normalise(w, after);
            }
        }
        self.done = m;
        Ok(())
    }
    /// B = P diag(s) Q^H.
    fn small(&mut self) -> Result<()> {
        self.p.copy_from_slice(&self.b);
        jacobi_svd_in(self.m, self.m, &mut self.p, &mut self.s, &mut self.q)?;
        svds::complete(self.m, &mut self.p, self.m);
        Ok(())
    }
    /// Keeps the `keep` largest triplets of the small matrix.
    fn restart(&mut self, keep: usize) {
        let (rows, cols, m) = (self.rows, self.cols, self.m);
        rotate(cols, &mut self.v, m, &self.q[..m * keep], &mut self.strip);
        rotate(rows, &mut self.u, m, &self.p[..m * keep], &mut self.strip);
        self.v.copy_within(m * cols..(m + 1) * cols, keep * cols);
        self.b.fill(T::zero());
        (0..keep).for_each(|i| self.b[i + i * m] = T::from_re(self.s[i]));
        self.done = keep;
    }
    fn triplets(&self, k: usize) -> Triplets<T> {
        let (rows, cols, m) = (self.rows, self.cols, self.m);
        let (mut u, mut v) = (vec![T::zero(); rows * k], vec![T::zero(); cols * k]);
        add_product(rows, T::one(), &self.u, &self.p[..m * k], &mut u);
        add_product(cols, T::one(), &self.v[..m * cols], &self.q[..m * k], &mut v);
        Triplets { u, s: self.s[..k].to_vec(), v }
    }
}
/// Column j <- a random vector orthogonal to those before it.
fn fresh<T: Scalar>(
    n: usize,
    v: &mut [T],
    j: usize,
    seed: u64,
    stream: u64,
    (h, c): (&mut [T], &mut [T]),
) -> Result<()> {
    let (old, rest) = v.split_at_mut(j * n);
    let w = &mut rest[..n];
    for attempt in 0..4 {
        Stream::new(seed, stream + attempt).normal(w);
        let norm = w.norm();
        normalise(w, norm);
        let (_, after) = project(old, w, &mut h[..j], c);
        if after.lane_f64(0) > 1e-3 {
            normalise(w, after);
            let (_, after) = project(old, w, &mut h[..j], c);
            normalise(w, after);
            return Ok(());
        }
    }
    Err(Error::Breakdown { algorithm: NAME, iteration: j })
}
