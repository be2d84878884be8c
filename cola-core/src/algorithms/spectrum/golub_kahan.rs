//! Thick-restart Golub-Kahan-Lanczos for the largest singular values.
//!
//! Golub & Kahan, SIAM J. Numer. Anal. 2, 1965; Baglama & Reichel, Augmented implicitly restarted Lanczos bidiagonalization methods, SISC
//! 27, 2005, in the form with Ritz vectors. Deviations: both bases are orthogonalised fully and the small matrix is read off the
//! coefficients; as for eigenvalues a restart with a random vector looks for further copies of multiple singular values.

use super::svds::{self, Svds, SvdsAlgorithm, SvdsOn, Triplets, arguments};
use super::{SpectralNumber, Trials, starts, threshold};
use crate::algorithms::blocks::{Action, jacobi_svd_in, orthonormalise, project};
use crate::algorithms::columns::{BlockProducts, Columns};
use crate::algorithms::krylov::slack;
use crate::algorithms::random::Stream;
use crate::algorithms::watch::{Callback, NoCallback, Observer, Options, Watcher, default_tol, watched};
use crate::error::{Error, Result};
use crate::operator::{DynOperator, LinearOperator};
use crate::scalar::{Real, Scalar};
use crate::vector::{VectorRe, normalise};
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
        SvdsOn::<[A::Scalar]>::svds_on(self, &mut Action::new(NAME, a, 16), k, start)
    }
}
impl<V: Columns<Scalar: SpectralNumber> + ?Sized, F: Callback> SvdsOn<V> for GolubKahan<F> {
    fn svds_on(
        &mut self,
        a: &mut dyn BlockProducts<V>,
        k: usize,
        start: View<'_, V::Scalar>,
    ) -> Result<Svds<V::Scalar, VectorRe<V>>> {
        let callback = &mut self.callback;
        let mut observer = |i: &crate::algorithms::Iteration| callback.observe(i);
        let start: Vec<_> = (0..start.cols).flat_map(|j| (0..start.rows).map(move |i| start.at(i, j))).collect();
        golub_kahan(a, k, &start, self.options, Some(&mut observer))
    }
}

/// [`GolubKahan`], compiled once per type of vectors. Workspace: m + 1 vectors v, m vectors u; once what has converged is verified, k of
/// each, of which the host gets a copy.
pub(super) fn golub_kahan<T: SpectralNumber, V: Columns<Scalar = T> + ?Sized>(
    a: &mut dyn BlockProducts<V>,
    k: usize,
    start: &[T],
    options: Options,
    observer: Option<Observer<'_>>,
) -> Result<Svds<T, T::Re>> {
    let (rows, cols) = arguments::<T>(NAME, a.shape(), k, options.tol)?;
    let started = starts(NAME, cols, start)?;
    let m = options.restart.unwrap_or((2 * k + 8).max(24)).max(k + 3).max(started + 2);
    if m + 1 >= rows.min(cols) {
        return svds::dense(a, k);
    }
    let (tol, strict) = (options.tol.unwrap_or(default_tol::<T>()), options.tol.is_some());
    let max_iters = options.max_iters.unwrap_or(1000);
    let mut watcher = Watcher::new(NAME, tol, max_iters, options.progress, observer);
    watcher.begin(max_iters)?;
    let mut space = Space::new(a, rows, cols, m, options.seed)?;
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
            let triplets = space.triplets(k)?;
            let (residuals, relative, of_top) = triplets.residuals(&mut *space.a, tol)?;
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
            return Err(e.with_iterate(View::matrix(&space.triplets(k)?.v, cols, k)));
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
    let (rows, cols) = arguments::<T>(NAME, a.dyn_shape(), 0, None)?;
    let m = 24;
    let mut act = Action::new(NAME, a, 16);
    if rows.min(cols) == 0 {
        return Ok(0.0);
    }
    if m + 1 >= rows.min(cols) {
        return Ok(svds::dense::<T, [T]>(&mut act, 1)?.singular_values[0].lane_f64(0));
    }
    let mut space = Space::<[T]>::new(&mut act, rows, cols, m, seed)?;
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
struct Space<'s, V: Columns + ?Sized> {
    a: &'s mut dyn BlockProducts<V>,
    rows: usize,
    cols: usize,
    m: usize,
    done: usize,
    v: V::Owned,
    u: V::Owned,
    /// m x m, upper triangular.
    b: Vec<V::Scalar>,
    beta: VectorRe<V>,
    s: Vec<VectorRe<V>>,
    p: Vec<V::Scalar>,
    q: Vec<V::Scalar>,
    c: Vec<V::Scalar>,
    h: Vec<V::Scalar>,
    /// Rows of a basis that is rotated.
    strip: V::Owned,
    seed: u64,
    streams: u64,
}
impl<'s, T: Scalar, V: Columns<Scalar = T> + ?Sized> Space<'s, V> {
    /// Without a first vector.
    fn new(a: &'s mut dyn BlockProducts<V>, rows: usize, cols: usize, m: usize, seed: u64) -> Result<Self> {
        let zeros = |len: usize| vec![T::zero(); len];
        Ok(Space {
            rows,
            cols,
            m,
            done: 0,
            v: a.zeros(cols * (m + 1))?,
            u: a.zeros(rows * m)?,
            b: zeros(m * m),
            beta: T::Re::zero(),
            s: vec![T::Re::zero(); m],
            p: zeros(m * m),
            q: zeros(m * m),
            c: zeros(m + 1),
            h: zeros(m + 1),
            strip: a.zeros(0)?,
            a,
            seed,
            streams: 0,
        })
    }
    fn random_v(&mut self, j: usize) -> Result<()> {
        self.streams += 8;
        fresh::<V>(self.cols, &mut self.v, j, self.seed, self.streams, (&mut self.h, &mut self.c))
    }
    /// From right singular vectors, by columns. With U B = A V, those that a stopped iteration has left have an A^H U - V B^H of one
    /// direction, and the iteration goes on as if it had not been stopped (but for what it had kept beyond them). Of other vectors the sum
    /// is the first one.
    fn start(&mut self, start: &[T]) -> Result<()> {
        let (rows, cols, m) = (self.rows, self.cols, self.m);
        let mut v = self.a.zeros(start.len())?;
        v.write(|v| v.copy_from_slice(start));
        let none = self.a.zeros(0)?;
        let k = orthonormalise(cols, &*none, &mut *v, 1e-8).min(m - 2);
        if k == 0 {
            return self.random_v(0);
        }
        let v = v.part(0..k * cols);
        self.v.part_mut(0..k * cols).copy(&v);
        for j in 0..k {
            self.left(j)?;
        }
        // what passes as rounding, as in `threshold`
        let top = self.b.iter().fold(0.0_f64, |s, b| s.max(b.abs().lane_f64(0)));
        let tiny = 50.0 * T::Re::epsilon().lane_f64(0) * top;
        let mut rest = self.a.zeros(k * cols)?;
        let mut longest = (0, 0.0_f64);
        for j in 0..k {
            let mut r = rest.part_mut(j * cols..(j + 1) * cols);
            self.a.adjoint(&self.u.part(j * rows..(j + 1) * rows), &mut r, 1)?;
            let (_, after) = project(&*v, &mut *r, &mut self.h[..k], &mut self.c);
            if after.lane_f64(0) > longest.1 {
                longest = (j, after.lane_f64(0));
            }
        }
        if longest.1 <= tiny {
            // an invariant space: any vector goes on
            self.done = k;
            return self.random_v(k);
        }
        let mut w = self.a.copied(&rest.part(longest.0 * cols..(longest.0 + 1) * cols))?;
        let norm = w.norm();
        normalise(&mut *w, norm);
        let mut one_direction = true;
        for j in 0..k {
            let mut r = rest.part_mut(j * cols..(j + 1) * cols);
            let c = w.dot(&r);
            r.axpy(-c, &w);
            one_direction &= r.norm().lane_f64(0) <= tiny;
        }
        if one_direction {
            self.v.part_mut(k * cols..(k + 1) * cols).copy(&w);
            self.done = k;
            return Ok(());
        }
        let sum = vec![T::one(); k];
        w.fill(T::zero());
        V::add_product(cols, T::one(), &v, &sum, &mut w);
        let norm = w.norm();
        normalise(&mut *w, norm);
        self.v.part_mut(0..cols).copy(&w);
        Ok(())
    }
    /// u_j and column j of B from A v_j.
    fn left(&mut self, j: usize) -> Result<()> {
        let (rows, cols, m) = (self.rows, self.cols, self.m);
        let (old, mut w) = self.u.before(rows, j);
        self.a.apply(&self.v.part(j * cols..(j + 1) * cols), &mut w, 1)?;
        let column = &mut self.b[j * m..][..m];
        column.fill(T::zero());
        let (before, after) = project(&*old, &mut *w, &mut column[..j], &mut self.c);
        if after.lane_f64(0) <= 10.0 * T::Re::epsilon().lane_f64(0) * before.lane_f64(0) {
            self.streams += 8;
            drop((old, w));
            return fresh::<V>(rows, &mut self.u, j, self.seed, self.streams, (&mut self.h, &mut self.c));
        }
        column[j] = T::from_re(after);
        normalise(&mut *w, after);
        Ok(())
    }
    fn expand(&mut self) -> Result<()> {
        let (rows, cols, m) = (self.rows, self.cols, self.m);
        let tiny = 10.0 * T::Re::epsilon().lane_f64(0);
        for j in self.done..m {
            self.left(j)?;
            let (old, mut w) = self.v.before(cols, j + 1);
            self.a.adjoint(&self.u.part(j * rows..(j + 1) * rows), &mut w, 1)?;
            let (before, after) = project(&*old, &mut *w, &mut self.h[..j + 1], &mut self.c);
            if after.lane_f64(0) <= tiny * before.lane_f64(0) {
                self.beta = T::Re::zero();
                drop((old, w));
                self.random_v(j + 1)?;
            } else {
                self.beta = after;
                normalise(&mut *w, after);
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
        V::rotate(cols, &mut self.v, m, &self.q[..m * keep], &mut self.strip);
        V::rotate(rows, &mut self.u, m, &self.p[..m * keep], &mut self.strip);
        self.v.copy_within(m * cols..(m + 1) * cols, keep * cols);
        self.b.fill(T::zero());
        (0..keep).for_each(|i| self.b[i + i * m] = T::from_re(self.s[i]));
        self.done = keep;
    }
    fn triplets(&self, k: usize) -> Result<Triplets<T>> {
        let (rows, cols, m) = (self.rows, self.cols, self.m);
        let (mut u, mut v) = (self.a.zeros(rows * k)?, self.a.zeros(cols * k)?);
        V::add_product(rows, T::one(), &self.u, &self.p[..m * k], &mut u);
        V::add_product(cols, T::one(), &self.v.part(0..m * cols), &self.q[..m * k], &mut v);
        Ok(Triplets { u: V::into_host(u), s: self.s[..k].to_vec(), v: V::into_host(v) })
    }
}
/// Column j <- a random vector orthogonal to those before it.
fn fresh<V: Columns + ?Sized>(
    n: usize,
    v: &mut V,
    j: usize,
    seed: u64,
    stream: u64,
    (h, c): (&mut [V::Scalar], &mut [V::Scalar]),
) -> Result<()> {
    let (old, mut w) = v.before(n, j);
    let w = &mut *w;
    for attempt in 0..4 {
        w.write(|w| Stream::new(seed, stream + attempt).normal(w));
        let norm = w.norm();
        normalise(w, norm);
        let (_, after) = project(&*old, w, &mut h[..j], c);
        if after.lane_f64(0) > 1e-3 {
            normalise(w, after);
            let (_, after) = project(&*old, w, &mut h[..j], c);
            normalise(w, after);
            return Ok(());
        }
    }
    Err(Error::Breakdown { algorithm: NAME, iteration: j })
}
