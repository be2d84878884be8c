//! LOBPCG for the ends of the spectrum of self-adjoint operators, with a preconditioner.
//!
//! Knyazev, Toward the optimal preconditioned eigensolver: locally optimal block preconditioned conjugate gradient method, SISC 23, 2001.
//! Deviations: the trial basis [X P W] is kept orthonormal, P in coordinates (Hetmaniuk & Lehoucq, J. Comput. Phys. 218, 2006), so that
//! the small problem is an ordinary one; pairs that have converged no longer contribute to W but stay in X; a few more vectors than asked
//! for are carried along; where the residuals stop falling, A W, A^2 W, .. join the basis. That happens inside of a cluster that is narrow
//! beside |A|: the residuals there are so short that W holds eps |A| / |R| of the rest of the spectrum, each turn within the cluster brings
//! as much into X, and the next W must take it away again. A well-conditioned basis (Duersch, Shao, Yang & Gu, SISC 40, 2018) is no help, as
//! it is in W itself; more powers tell the two apart.

use super::small::{eigh, eigh_in};
use super::{
    EigenvaluesOf, Eigs, EigsAlgorithm, Found, SpectralNumber, Trials, Vectors, Verify, Which, arguments, small,
    starts, threshold,
};
use crate::algorithms::blocks::{Action, add_product, inner, orthonormalise, orthonormalise_in};
use crate::algorithms::krylov::{NoPreconditioner, Preconditioner, slack, tolerance};
use crate::algorithms::random::Stream;
use crate::algorithms::watch::{Callback, Control, Iteration, NoCallback, Observer, Options, Watcher, default_tol};
use crate::error::{Error, Result};
use crate::facts::{Facts, Known, SelfAdjointOf};
use crate::operator::{DynOperator, LinearOperator, Update};
use crate::scalar::{Real, Scalar};
use crate::vector::Vector;
use crate::view::{View, ViewMut};

const NAME: &str = "LOBPCG";

/// Smallest or largest eigenvalues of a self-adjoint operator, in blocks, with a preconditioner near the inverse of A.
///
/// # Input
/// A with the fact self-adjoint; P positive definite; `Which::SmallestAlgebraic` or `LargestAlgebraic`.
/// # Cost
/// Per iteration one product with A and P per pair that has not converged, and about 36 n b^2 operations for a block of b; 9 b vectors
/// (c more for c constraints). Where the residuals stop falling, two to four products each, and up to 18 b vectors. k products to verify.
/// # Errors
/// `NotConverged` with the largest true residual; `NonFinite`; `ShapeMismatch`; `InvalidArgument` for another `Which`.
/// # Example
/// ```
/// use cola_core::prelude::*;
/// let n = 400;
/// let d: Vec<f64> = (0..n).map(|i| 1.0 + (i * i) as f64).collect();
/// let a = Psd::new(Diagonal::new(d.clone()));
/// let p = Diagonal::new(d.iter().map(|d| 1.0 / (d + 0.1)).collect::<Vec<_>>());
/// let e = a.eigs_with(Lobpcg::default().preconditioner(&p), 2, Which::SmallestAlgebraic)?;
/// assert!((e.eigenvalues[0] - 1.0).abs() < 1e-9 && (e.eigenvalues[1] - 2.0).abs() < 1e-9);
/// # Ok::<(), Error>(())
/// ```
/// # Reference
/// Knyazev, SIAM J. Sci. Comput. 23, 2001, 517-541.
#[derive(Clone, Copy, Debug)]
pub struct Lobpcg<P = NoPreconditioner, F = NoCallback, Y = NoPreconditioner> {
    options: Options,
    preconditioner: P,
    callback: F,
    constraints: Y,
}
impl Default for Lobpcg {
    fn default() -> Self {
        Lobpcg {
            options: Options::default(),
            preconditioner: NoPreconditioner,
            callback: NoCallback,
            constraints: NoPreconditioner,
        }
    }
}
impl<P, F, Y> Lobpcg<P, F, Y> {
    /// Wanted |A v - s v| / |s|, where eigenvalues below 100 eps |A| / tol count as that large. Default: 1e-10, in single
    /// precision 1e-5. It is met by fresh products, or the method is a `NotConverged`; of the
    /// default, up to ten times as much passes where rounding lets it come no nearer.
    pub fn tol(mut self, tol: f64) -> Self {
        self.options.tol = Some(tol);
        self
    }
    /// Most iterations. Default: 1000.
    pub fn max_iters(mut self, max_iters: usize) -> Self {
        self.options.max_iters = Some(max_iters);
        self
    }
    /// Vectors in the block, at least k. Default: k + 2 + k / 4.
    pub fn block(mut self, b: usize) -> Self {
        self.options.block = Some(b);
        self
    }
    /// Seed of the random starting vectors. Default: 0.
    pub fn seed(mut self, seed: u64) -> Self {
        self.options.seed = seed;
        self
    }
}
impl<P, F, Y> Lobpcg<P, F, Y> {
    /// Calls `f` after each iteration. It may return nothing, a `bool` (false stops) or a `ControlFlow<()>`; a stopped iteration that has
    /// not met its tolerance is a `NotConverged`.
    pub fn on_iteration<R: Control, G: FnMut(&Iteration) -> R>(self, f: G) -> Lobpcg<P, G, Y> {
        let Lobpcg { options, preconditioner, constraints, .. } = self;
        Lobpcg { options, preconditioner, callback: f, constraints }
    }
    /// Draws a progress bar on the terminal; without the feature `progress`, or where stderr is no terminal, nothing.
    pub fn progress(mut self) -> Self {
        self.options.progress = true;
        self
    }
    /// An operator P near the inverse of A, such as `diag(1 / a_ii)`, by value or by reference. Default: none.
    pub fn preconditioner<Q>(self, p: Q) -> Lobpcg<Q, F, Y> {
        let Lobpcg { options, callback, constraints, .. } = self;
        Lobpcg { options, preconditioner: p, callback, constraints }
    }
    /// An n x c operator Y, by value or by reference, whose columns the eigenvectors are orthogonal to: the pairs are those of A restricted
    /// to the complement, (I - Q Q^H) A (I - Q Q^H) with Q a basis of the columns. If they are eigenvectors that are known already (then
    /// these are the other eigenpairs of A), or a null space. Default: none.
    ///
    /// ```
    /// # use cola_core::prelude::*;
    /// // a ring of 60 springs: the null space is the constants, and all other eigenvalues are double
    /// let ring = Function::psd(60, |x: &[f64], y: &mut [f64]| {
    ///     (0..60).for_each(|i| y[i] = 2.0 * x[i] - x[(i + 1) % 60] - x[(i + 59) % 60]);
    /// });
    /// let constants = Dense::new(nalgebra::DMatrix::from_element(60, 1, 1.0));
    /// let e = ring.eigs_with(Lobpcg::default().constraints(&constants), 2, Which::SmallestAlgebraic)?;
    /// let first = 2.0 - 2.0 * (std::f64::consts::PI / 30.0).cos();
    /// assert!(e.eigenvalues.iter().all(|w| (w - first).abs() < 1e-10));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn constraints<Z>(self, y: Z) -> Lobpcg<P, F, Z> {
        let Lobpcg { options, preconditioner, callback, .. } = self;
        Lobpcg { options, preconditioner, callback, constraints: y }
    }
}

impl<A, P, F, Y> EigsAlgorithm<A> for Lobpcg<P, F, Y>
where
    Y: Preconditioner<A::Scalar>,
    A: LinearOperator<Scalar: SpectralNumber>,
    <A::Facts as Facts>::SelfAdjoint: SelfAdjointOf<A>,
    P: Preconditioner<A::Scalar>,
    F: Callback,
{
    type Value = <A::Scalar as Scalar>::Re;
    type Entry = A::Scalar;
    fn eigs(&mut self, a: &A, k: usize, which: Which) -> Result<Eigs<Self::Value, Self::Entry>> {
        self.eigs_from(a, k, which, View::matrix(&[], a.nrows(), 0))
    }
    fn eigs_from(
        &mut self,
        a: &A,
        k: usize,
        which: Which,
        start: View<'_, A::Scalar>,
    ) -> Result<Eigs<Self::Value, Self::Entry>> {
        let start = <Known as EigenvaluesOf<A::Scalar>>::start(start);
        let callback = &mut self.callback;
        let mut observer = |i: &Iteration| callback.observe(i);
        let with = With {
            p: self.preconditioner.operator(),
            y: self.constraints.operator(),
            start: &start,
            options: self.options,
        };
        Ok(lobpcg(a, &with, k, which, Some(&mut observer))?.real())
    }
}

/// What the loop is told beside the problem.
struct With<'a, T: Scalar> {
    p: Option<&'a dyn DynOperator<T>>,
    y: Option<&'a dyn DynOperator<T>>,
    start: &'a [T],
    options: Options,
}
/// (I - Q Q^H) A for vectors that are orthogonal to Q.
struct Restricted<'a, T> {
    a: &'a dyn DynOperator<T>,
    q: &'a [T],
}
impl<T: Scalar> Restricted<'_, T> {
    fn constraints(&self) -> usize {
        self.q.len() / self.a.dyn_shape().0.max(1)
    }
}
impl<T: Scalar> DynOperator<T> for Restricted<'_, T> {
    fn dyn_shape(&self) -> (usize, usize) {
        self.a.dyn_shape()
    }
    /// Only plain products on columns without gaps are asked for.
    fn dyn_act(&self, how: Update<T>, x: View<'_, T>, mut y: ViewMut<'_, T>, s: &mut [T]) {
        let n = x.rows;
        let (c, s) = s.split_at_mut(self.constraints());
        self.a.dyn_act(how, x, y.reborrow(), s);
        for j in 0..x.cols {
            let y = &mut y.column(j).data[..n];
            inner(n, self.q, y, c);
            add_product(n, -T::one(), self.q, c, y);
        }
    }
    fn dyn_scratch(&self, columns: usize) -> usize {
        self.a.dyn_scratch(columns) + self.constraints()
    }
}

/// [`Lobpcg`], compiled once per number type.
///
/// Workspace: S = [X P W] and A S, 3 b vectors each (up to 6 b where X stalls), and as many for their update.
fn lobpcg<T: SpectralNumber>(
    a: &dyn DynOperator<T>,
    with: &With<'_, T>,
    k: usize,
    which: Which,
    observer: Option<Observer<'_>>,
) -> Result<Found<T>> {
    let With { p, y, start, options } = *with;
    let n = arguments::<T>(NAME, a.dyn_shape(), k, which)?;
    tolerance(NAME, options.tol)?;
    let started = starts(NAME, n, start)?;
    // an orthonormal basis of the constraints
    let mut q = Vec::new();
    if let Some(y) = y {
        let (rows, c) = y.dyn_shape();
        if rows != n {
            return Err(Error::ShapeMismatch { op: "constraints", left: (n, n), right: (rows, c) });
        }
        let mut eye = vec![T::zero(); c * c];
        (0..c).for_each(|i| eye[i * (c + 1)] = T::one());
        q = vec![T::zero(); n * c];
        Action::new(NAME, y, c.max(1)).apply(&eye, &mut q, c)?;
        let kept = orthonormalise::<[T]>(n, &[], &mut q, 1e-12);
        q.truncate(kept * n);
        if kept + k > n {
            return Err(Error::invalid(format!("LOBPCG: {kept} constraints leave no {k} eigenvalues of {n}")));
        }
    }
    let restricted = Restricted { a, q: &q };
    let a: &dyn DynOperator<T> = if q.is_empty() { a } else { &restricted };
    let fixed = q.len();
    // the smallest ones of sign * A
    let sign = match which {
        Which::SmallestAlgebraic | Which::SmallestReal => 1.0,
        Which::LargestAlgebraic | Which::LargestReal => -1.0,
        _ => {
            let what =
                format!("LOBPCG finds SmallestAlgebraic or LargestAlgebraic eigenvalues, not {which:?}; ask Lanczos");
            return Err(Error::invalid(what));
        }
    };
    if let Some(p) = p.filter(|p| p.dyn_shape() != (n, n)) {
        return Err(Error::ShapeMismatch { op: "preconditioner", left: (n, n), right: p.dyn_shape() });
    }
    let block = options.block.unwrap_or(k + 2 + k / 4).max(k);
    let most = n - fixed / n.max(1);
    let mut act = Action::new(NAME, a, block.max(16));
    if 3 * block >= most {
        return match fixed {
            0 => small::dense(&mut act, true, k, which),
            _ => complement(&mut act, &q, k, which),
        };
    }
    let mut precondition = p.map(|p| Action::new(NAME, p, block));
    let (tol, strict) = (options.tol.unwrap_or(default_tol::<T>()), options.tol.is_some());
    let max_iters = options.max_iters.unwrap_or(1000);
    let mut watcher = Watcher::new(NAME, tol, max_iters, options.progress, observer);
    watcher.begin(max_iters)?;
    // the constraints, then [X P W]
    let mut all = vec![T::zero(); fixed + 3 * block * n];
    all[..fixed].copy_from_slice(&q);
    let mut a_s = vec![T::zero(); 3 * block * n];
    let mut next = vec![T::zero(); 3 * block * n];
    let (_, s) = all.split_at_mut(fixed);
    let given = started.min(block);
    s[..given * n].copy_from_slice(&start[..given * n]);
    for j in given..block {
        Stream::new(options.seed, j as u64).normal(&mut s[j * n..][..n]);
    }
    let b = orthonormalise::<[T]>(n, &q, &mut s[..block * n], 1e-8);
    if b < k {
        return Err(Error::invalid("LOBPCG: the vectors to start from depend on each other or on the constraints"));
    }
    act.apply(&s[..b * n], &mut a_s[..b * n], b)?;
    // columns of X, P, W
    let (mut in_p, mut in_w) = (0, 0);
    let mut norm = 0.0_f64;
    let mut trials = Trials::new();
    let mut small = Small::new((2 + DEPTH) * block);
    let (mut progress, mut depth) = (Progress { best: f64::INFINITY, since: 0 }, 1);
    loop {
        // Rayleigh-Ritz on [X P W]
        let s = &mut all[fixed..];
        let d = b + in_p + in_w;
        let (w, c, c_p, room) = small.ritz(n, &s[..d * n], &a_s[..d * n], sign)?;
        w.iter().for_each(|w| norm = norm.max(w.abs().lane_f64(0)));
        // P: the part of the new X that is not in the old one, made orthogonal to the new X in coordinates
        c_p.clear();
        c_p.extend_from_slice(&c[..b * d]);
        c_p.chunks_exact_mut(d).for_each(|c| c[..b].fill(T::zero()));
        in_p = if d > b { orthonormalise_in::<[T]>(d, &c[..b * d], c_p, 1e-8, room) } else { 0 };
        for x in [&mut *s, &mut a_s[..]] {
            next[..(b + in_p) * n].fill(T::zero());
            add_product(n, T::one(), &x[..d * n], &c[..b * d], &mut next[..b * n]);
            add_product(n, T::one(), &x[..d * n], &c_p[..in_p * d], &mut next[b * n..(b + in_p) * n]);
            x[..(b + in_p) * n].copy_from_slice(&next[..(b + in_p) * n]);
        }
        if watcher.iterations % REFRESH == REFRESH - 1 {
            // A X and A P by fresh products: rounding of the updates adds up
            for j in 0..b + in_p {
                act.apply(&s[j * n..][..n], &mut a_s[j * n..][..n], 1)?;
            }
        }
        // residuals of X behind P; those that have converged are left out
        let (x, rest) = s.split_at_mut((b + in_p) * n);
        in_w = 0;
        let (mut worst, mut converged) = (0.0_f64, 0);
        for j in 0..b {
            let r = &mut rest[in_w * n..][..n];
            r.copy(&a_s[j * n..][..n]);
            r.axpy(-T::from_re(w[j]).scale(T::Re::real(sign)), &x[j * n..][..n]);
            let size = r.norm().lane_f64(0);
            let wanted = threshold::<T>(tol, w[j].abs().lane_f64(0), norm);
            let done = size <= trials.claim * wanted;
            if j < k {
                worst = worst.max(tol * size / wanted);
                converged += usize::from(done);
            }
            in_w += usize::from(!done);
        }
        let stop = watcher.note(worst);
        let last_chance = stop || watcher.iterations >= max_iters;
        if converged == k || last_chance && worst <= tol {
            let values = (0..k).map(|j| T::from_re(w[j]).scale(T::Re::real(sign)).widen()).collect();
            let verify = Verify { self_adjoint: true, norm, tol, strict };
            let (found, residual) = verify.judge(&mut act, values, Vectors::Same(s[..k * n].to_vec()))?;
            if residual <= slack(strict) * tol {
                return Ok(found.reported(residual, watcher));
            }
            if last_chance || !trials.failed(residual) {
                return Err(found.vectors.kept_in(n, watcher.not_converged(residual)));
            }
            // what is known of A X is wrong: the residuals once more, from fresh products
            (0..b + in_p).try_for_each(|j| act.apply(&s[j * n..][..n], &mut a_s[j * n..][..n], 1))?;
            in_w = 0;
            continue;
        }
        if last_chance {
            return Err(watcher.not_converged(worst).with_iterate(View::matrix(&s[..k * n], n, k)));
        }
        if let Some(p) = &mut precondition {
            p.apply(&rest[..in_w * n], &mut next[..in_w * n], in_w)?;
            rest[..in_w * n].copy_from_slice(&next[..in_w * n]);
        }
        let (before, w) = all.split_at_mut(fixed + (b + in_p) * n);
        in_w = orthonormalise_in::<[T]>(n, before, &mut w[..in_w * n], 1e-10, &mut small.room);
        let s = &mut all[fixed..];
        if in_w == 0 {
            return Err(watcher.not_converged(worst).with_iterate(View::matrix(&s[..k * n], n, k)));
        }
        let first = (b + in_p) * n;
        act.apply(&s[first..first + in_w * n], &mut a_s[first..first + in_w * n], in_w)?;
        // what is left of A W, A^2 W, .. once X stalls
        depth += usize::from(progress.stalls(worst) && (3 + depth) * block < most && depth < DEPTH);
        let room = (2 + depth) * block * n;
        if a_s.len() < room {
            all.resize(fixed + room, T::zero());
            a_s.resize(room, T::zero());
            next.resize(room, T::zero());
        }
        let mut last = in_w;
        for _ in 1..depth {
            let end = (b + in_p + in_w) * n;
            let (before, y) = all.split_at_mut(fixed + end);
            let y = &mut y[..last * n];
            match &mut precondition {
                Some(p) => p.apply(&a_s[end - last * n..end], y, last)?,
                None => y.copy_from_slice(&a_s[end - last * n..end]),
            }
            last = orthonormalise_in::<[T]>(n, before, y, 1e-10, &mut small.room);
            act.apply(&y[..last * n], &mut a_s[end..end + last * n], last)?;
            in_w += last;
        }
    }
}
/// The Rayleigh-Ritz problems, made where the last one was.
struct Small<T: SpectralNumber> {
    g: Vec<T>,
    w: Vec<T::Re>,
    c: Vec<T>,
    c_p: Vec<T>,
    room: Vec<T>,
}
impl<T: SpectralNumber> Small<T> {
    /// Room for bases of d vectors.
    fn new(d: usize) -> Self {
        let room = |len: usize| Vec::with_capacity(len);
        Small { g: room(d * d), w: Vec::with_capacity(d), c: room(d * d), c_p: room(d * d), room: room(2 * d) }
    }
    /// Ritz values, ascending, and coordinates of Ritz vectors of `sign` A in the basis S, by which A times it is `a_s`; then room.
    #[allow(clippy::type_complexity, reason = "four pieces of the workspace")]
    fn ritz(&mut self, n: usize, s: &[T], a_s: &[T], sign: f64) -> Result<(&[T::Re], &[T], &mut Vec<T>, &mut Vec<T>)> {
        let d = s.len() / n;
        self.g.resize(d * d, T::zero());
        self.w.resize(d, T::Re::real(0.0));
        self.c.resize(d * d, T::zero());
        inner(n, s, a_s, &mut self.g);
        for j in 0..d {
            for i in 0..=j {
                let mean = (self.g[i + j * d] + self.g[j + i * d].conj()).scale(T::Re::real(0.5 * sign));
                (self.g[i + j * d], self.g[j + i * d]) = (mean, mean.conj());
            }
        }
        eigh_in(d, &mut self.g, &mut self.w, &mut self.c)?;
        Ok((&self.w, &self.c, &mut self.c_p, &mut self.room))
    }
}
/// Whether the residual still falls.
struct Progress {
    best: f64,
    /// Iterations since it last fell to half of its best, or since it was said to stall.
    since: usize,
}
impl Progress {
    fn stalls(&mut self, residual: f64) -> bool {
        self.since += 1;
        if residual <= 0.5 * self.best {
            (self.best, self.since) = (residual, 0);
        }
        let stalls = self.since >= STALL;
        self.since *= usize::from(!stalls);
        stalls
    }
}
/// Iterations without progress after which the basis gets one more power of A.
const STALL: usize = 20;
/// Most powers: W, A W, A^2 W, A^3 W. Three clusters of 15 take 50 iterations to 1e-9 with up to three, 500 with two, and with W alone they
/// are not there after 1000.
const DEPTH: usize = 4;

/// All eigenvalues of A in the complement of Q, densely: a problem that is hardly larger than the block.
fn complement<T: SpectralNumber>(a: &mut Action<'_, T>, q: &[T], k: usize, which: Which) -> Result<Found<T>> {
    let n = a.shape().0;
    let d = n - q.len() / n.max(1);
    // a basis of the complement: the unit vectors, less what they have in Q
    let mut s = vec![T::zero(); n * n];
    (0..n).for_each(|i| s[i * (n + 1)] = T::one());
    let kept = orthonormalise::<[T]>(n, q, &mut s, 1e-8);
    if kept != d {
        return Err(Error::Breakdown { algorithm: NAME, iteration: 0 });
    }
    let (mut a_s, mut g) = (vec![T::zero(); n * d], vec![T::zero(); d * d]);
    (0..d).try_for_each(|j| a.apply(&s[j * n..][..n], &mut a_s[j * n..][..n], 1))?;
    inner(n, &s[..n * d], &a_s, &mut g);
    let (w, c) = eigh(d, &g)?;
    let order = which.order(&w.iter().map(|w| (w.lane_f64(0), 0.0)).collect::<Vec<_>>());
    let values = order[..k].iter().map(|&i| T::from_re(w[i]).widen()).collect();
    let mut v = vec![T::zero(); n * k];
    for (v, &i) in v.chunks_exact_mut(n).zip(&order) {
        add_product(n, T::one(), &s[..n * d], &c[i * d..][..d], v);
    }
    let norm = w.iter().fold(0.0, |m: f64, w| m.max(w.abs().lane_f64(0)));
    let tol = default_tol::<T>();
    let watcher = Watcher::new(NAME, tol, 0, false, None);
    let verify = Verify { self_adjoint: true, norm: norm * (1.0 + n as f64 / 10.0), tol, strict: false };
    verify.finish(a, values, Vectors::Same(v), watcher)
}
/// Iterations between fresh products of A X.
const REFRESH: usize = 20;
