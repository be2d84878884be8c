//! Thick-restart Golub-Kahan-Lanczos for the largest singular values.
//!
//! Golub & Kahan, SIAM J. Numer. Anal. 2, 1965; Baglama & Reichel, Augmented implicitly restarted Lanczos bidiagonalization methods, SISC
//! 27, 2005, in the form with Ritz vectors. Deviations: both bases are orthogonalised fully and the small matrix is read off the
//! coefficients; as for eigenvalues a restart with a random vector looks for further copies of multiple singular values.

use super::svds::{self, Svds, SvdsAlgorithm, Triplets, arguments};
use super::{SpectralNumber, threshold};
use crate::algorithms::blocks::{Action, jacobi_svd, project, rotate};
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
/// k products of each kind to verify.
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
    /// precision 1e-5.
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
        let callback = &mut self.callback;
        let mut observer = |i: &crate::algorithms::Iteration| callback.observe(i);
        golub_kahan(a, k, self.options, Some(&mut observer))
    }
}

/// [`GolubKahan`], compiled once per number type. Workspace: m + 1 vectors v, m vectors u.
pub(super) fn golub_kahan<T: SpectralNumber>(
    a: &dyn DynOperator<T>,
    k: usize,
    options: Options,
    observer: Option<Observer<'_>>,
) -> Result<Svds<T, T::Re>> {
    let (rows, cols) = arguments(NAME, a, k, options.tol)?;
    let m = options.restart.unwrap_or((2 * k + 8).max(24)).max(k + 3);
    let mut act = Action::new(NAME, a, 16);
    if m + 1 >= rows.min(cols) {
        return svds::dense(&mut act, k);
    }
    let tol = options.tol.unwrap_or(default_tol::<T>());
    let max_iters = options.max_iters.unwrap_or(1000);
    let mut watcher = Watcher::new(NAME, tol, max_iters, options.progress, observer);
    let mut space = Space::new(&mut act, rows, cols, m, options.seed)?;
    // copies of multiple singular values are looked for once everything has converged, until a search finds none
    let (mut before, mut search_from) = (None::<Vec<f64>>, None);
    loop {
        space.expand()?;
        let (s, p, q) = space.small()?;
        let top = s[0].lane_f64(0);
        let (mut worst, mut converged) = (0.0_f64, 0);
        let residual = |i: usize| (space.beta * p[m - 1 + i * m].abs()).lane_f64(0);
        for i in 0..k {
            let wanted = threshold::<T>(tol, s[i].lane_f64(0), top);
            let r = residual(i);
            worst = worst.max(if r == 0.0 { 0.0 } else { tol * r / wanted });
            converged += usize::from(r <= 0.5 * wanted);
        }
        let next = residual(k);
        let tired = search_from.is_some_and(|from: usize| watcher.iterations - from >= from.max(20));
        let settled = k == 0 || tired || (s[k - 1] - s[k]).lane_f64(0) > next || next <= threshold::<T>(tol, top, top);
        let stop = watcher.note(worst);
        let grown = |old: &Vec<f64>| (0..k).any(|i| s[i].lane_f64(0) > old[i] + 2.0 * threshold::<T>(tol, top, top));
        let searched = before.as_ref().is_some_and(|old| !settled || tired || !grown(old));
        if converged == k && searched && settled {
            let triplets = space.finish(&s, &p, &q, k);
            return triplets.finish(&mut act, Some(tol), watcher, None);
        }
        if stop || watcher.iterations >= max_iters {
            let e = watcher.not_converged(worst);
            let v = space.finish(&s, &p, &q, k).v;
            return Err(e.with_iterate(View::matrix(&v, cols, k)));
        }
        if converged == k && !searched {
            before = Some(s[..k].iter().map(|s| s.lane_f64(0)).collect());
            search_from = Some(watcher.iterations);
            space.restart(&s, &p, &q, k);
            space.random_v(k)?;
        } else {
            space.restart(&s, &p, &q, (k + converged / 2 + (m - k) * 2 / 5).min(m - 2));
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
    let mut space = Space::new(&mut act, rows, cols, m, seed)?;
    let mut before = 0.0_f64;
    for _ in 0..20 {
        space.expand()?;
        let (s, p, q) = space.small()?;
        let (top, residual) = (s[0].lane_f64(0), (space.beta * p[m - 1].abs()).lane_f64(0));
        if residual <= 1e-3 * top || top - before <= 1e-7 * top {
            return Ok(top);
        }
        before = top;
        space.restart(&s, &p, &q, 8);
    }
    Ok(before)
}

/// A V = U B, A^H U = V B^H + beta v_m e_m^T.
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
    c: Vec<T>,
    h: Vec<T>,
    seed: u64,
    streams: u64,
}
impl<'s, 'a, T: Scalar> Space<'s, 'a, T> {
    fn new(a: &'s mut Action<'a, T>, rows: usize, cols: usize, m: usize, seed: u64) -> Result<Self> {
        let (v, u, b) = (vec![T::zero(); cols * (m + 1)], vec![T::zero(); rows * m], vec![T::zero(); m * m]);
        let (c, h) = (vec![T::zero(); m + 1], vec![T::zero(); m + 1]);
        let mut space = Space { a, rows, cols, m, done: 0, v, u, b, beta: T::Re::zero(), c, h, seed, streams: 0 };
        space.random_v(0)?;
        Ok(space)
    }
    fn random_v(&mut self, j: usize) -> Result<()> {
        self.streams += 8;
        fresh(self.cols, &mut self.v, j, self.seed, self.streams, &mut self.c)
    }
    fn expand(&mut self) -> Result<()> {
        let (rows, cols, m) = (self.rows, self.cols, self.m);
        let tiny = 10.0 * T::Re::epsilon().lane_f64(0);
        for j in self.done..m {
            let (old, rest) = self.u.split_at_mut(j * rows);
            let w = &mut rest[..rows];
            self.a.apply(&self.v[j * cols..][..cols], w, 1)?;
            let column = &mut self.b[j * m..][..m];
            column.fill(T::zero());
            let (before, after) = project(old, w, &mut column[..j], &mut self.c);
            if after.lane_f64(0) <= tiny * before.lane_f64(0) {
                self.streams += 8;
                fresh(rows, &mut self.u, j, self.seed, self.streams, &mut self.c)?;
            } else {
                column[j] = T::from_re(after);
                normalise(w, after);
            }
            let (old, rest) = self.v.split_at_mut((j + 1) * cols);
            let w = &mut rest[..cols];
            self.a.adjoint(&self.u[j * rows..][..rows], w, 1)?;
            self.h.fill(T::zero());
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
    /// (s, P, Q) with B = P diag(s) Q^H.
    fn small(&self) -> Result<(Vec<T::Re>, Vec<T>, Vec<T>)> {
        let mut p = self.b.clone();
        let (s, q) = jacobi_svd(self.m, self.m, &mut p)?;
        let mut full = p;
        svds::complete(self.m, &mut full, self.m);
        Ok((s, full, q))
    }
    fn restart(&mut self, s: &[T::Re], p: &[T], q: &[T], keep: usize) {
        let (rows, cols, m) = (self.rows, self.cols, self.m);
        rotate(cols, &mut self.v, m, &q[..m * keep]);
        rotate(rows, &mut self.u, m, &p[..m * keep]);
        self.v.copy_within(m * cols..(m + 1) * cols, keep * cols);
        self.b.fill(T::zero());
        (0..keep).for_each(|i| self.b[i + i * m] = T::from_re(s[i]));
        self.done = keep;
    }
    fn finish(mut self, s: &[T::Re], p: &[T], q: &[T], k: usize) -> Triplets<T> {
        rotate(self.cols, &mut self.v, self.m, &q[..self.m * k]);
        rotate(self.rows, &mut self.u, self.m, &p[..self.m * k]);
        self.v.truncate(k * self.cols);
        self.u.truncate(k * self.rows);
        Triplets { u: self.u, s: s[..k].to_vec(), v: self.v }
    }
}
/// Column j <- a random vector orthogonal to those before it.
fn fresh<T: Scalar>(n: usize, v: &mut [T], j: usize, seed: u64, stream: u64, c: &mut [T]) -> Result<()> {
    let (old, rest) = v.split_at_mut(j * n);
    let w = &mut rest[..n];
    let mut h = vec![T::zero(); j];
    for attempt in 0..4 {
        Stream::new(seed, stream + attempt).normal(w);
        let norm = w.norm();
        normalise(w, norm);
        let (_, after) = project(old, w, &mut h, c);
        if after.lane_f64(0) > 1e-3 {
            normalise(w, after);
            let (_, after) = project(old, w, &mut h, c);
            normalise(w, after);
            return Ok(());
        }
    }
    Err(Error::Breakdown { algorithm: NAME, iteration: j })
}
