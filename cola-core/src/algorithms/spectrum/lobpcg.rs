//! LOBPCG for the ends of the spectrum of self-adjoint operators, with a preconditioner.
//!
//! Knyazev, Toward the optimal preconditioned eigensolver: locally optimal block preconditioned conjugate gradient method, SISC 23, 2001.
//! Deviations: the trial basis [X P W] is kept orthonormal, P in coordinates (Hetmaniuk & Lehoucq, J. Comput. Phys. 218, 2006), so that
//! the small problem is an ordinary one; pairs that have converged no longer contribute to W but stay in X; a few more vectors than asked
//! for are carried along; where the residuals stop falling, A W, A^2 W, .. join the basis. That happens inside of a cluster that is narrow
//! beside |A|: the residuals there are so short that W holds eps |A| / |R| of the rest of the spectrum, each turn within the cluster brings
//! as much into X, and the next W must take it away again. A well-conditioned basis (Duersch, Shao, Yang & Gu, SISC 40, 2018) is no help, as
//! it is in W itself; more powers tell the two apart.

use super::krylov_schur::{EigsOn, InverseOn};
use super::small::{eigh, eigh_in};
use super::{
    EigenvaluesOf, Eigs, EigsAlgorithm, Found, SpectralNumber, Trials, Vectors, Verify, Which, arguments, small,
    starts, threshold,
};
use crate::algorithms::blocks::{Action, orthonormalise, orthonormalise_in};
use crate::algorithms::columns::{BlockProducts, Columns};
use crate::algorithms::krylov::{NoPreconditioner, Preconditioner, slack, tolerance};
use crate::algorithms::random::Stream;
use crate::algorithms::watch::{Callback, Control, Iteration, NoCallback, Observer, Options, Watcher, default_tol};
use crate::error::{Error, Result};
use crate::facts::{Facts, Known, SelfAdjointOf};
use crate::operator::{LinearOperator, Operator, Update};
use crate::scalar::{Real, Scalar};
use crate::view::View;
use core::ops::Range;

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
        let block = width(k, self.options);
        let mut p = self.preconditioner.operator().map(|p| Action::new(NAME, p, block));
        let mut y = self.constraints.operator().map(|y| Action::new(NAME, y, y.dyn_shape().1.max(1)));
        let callback = &mut self.callback;
        let mut observer = |i: &Iteration| callback.observe(i);
        let with = With {
            p: p.as_mut().map(|p| p as &mut dyn BlockProducts<[A::Scalar]>),
            y: y.as_mut().map(|y| y as &mut dyn BlockProducts<[A::Scalar]>),
            start: &start,
            options: self.options,
        };
        Ok(lobpcg(&mut Action::new(NAME, a, block.max(16)), with, k, which, &mut observer)?.real())
    }
}
impl<A, V, P, F, Y> EigsOn<A, V> for Lobpcg<P, F, Y>
where
    A: Operator<Scalar: SpectralNumber>,
    <A::Facts as Facts>::SelfAdjoint: SelfAdjointOf<A>,
    V: Columns<Scalar = A::Scalar> + ?Sized,
    P: InverseOn<V>,
    F: Callback,
    Y: InverseOn<V>,
{
    type Value = <A::Scalar as Scalar>::Re;
    type Entry = A::Scalar;
    fn eigs_on(
        &mut self,
        a: &mut dyn BlockProducts<V>,
        k: usize,
        which: Which,
        start: View<'_, A::Scalar>,
    ) -> Result<Eigs<Self::Value, Self::Entry>> {
        let start = <Known as EigenvaluesOf<A::Scalar>>::start(start);
        let (mut p, mut y) = (self.preconditioner.products(), self.constraints.products());
        let callback = &mut self.callback;
        let mut observer = |i: &Iteration| callback.observe(i);
        let with = With {
            p: p.as_mut().map(|p| &mut **p as &mut dyn BlockProducts<V>),
            y: y.as_mut().map(|y| &mut **y as &mut dyn BlockProducts<V>),
            start: &start,
            options: self.options,
        };
        Ok(lobpcg(a, with, k, which, &mut observer)?.real())
    }
}

/// What the loop is told beside the problem.
struct With<'a, V: Columns + ?Sized> {
    p: Option<&'a mut dyn BlockProducts<V>>,
    y: Option<&'a mut dyn BlockProducts<V>>,
    start: &'a [V::Scalar],
    options: Options,
}
/// (I - Q Q^H) A for vectors that are orthogonal to Q.
struct Restricted<'a, V: Columns + ?Sized> {
    a: &'a mut dyn BlockProducts<V>,
    q: &'a V,
    c: Vec<V::Scalar>,
}
impl<V: Columns + ?Sized> BlockProducts<V> for Restricted<'_, V> {
    fn shape(&self) -> (usize, usize) {
        self.a.shape()
    }
    fn zeros(&self, numbers: usize) -> Result<V::Owned> {
        self.a.zeros(numbers)
    }
    fn there<'x>(&self, x: &'x [V::Scalar]) -> Result<V::Part<'x>>
    where
        V: 'x,
    {
        self.a.there(x)
    }
    /// Only plain products are asked for.
    fn update(&mut self, how: Update<V::Scalar>, x: &V, y: &mut V, columns: usize) -> Result<()> {
        self.a.update(how, x, y, columns)?;
        V::remove(self.a.shape().0, self.q, y, &mut self.c);
        Ok(())
    }
}

/// Vectors in the block.
fn width(k: usize, options: Options) -> usize {
    options.block.unwrap_or(k + 2 + k / 4).max(k)
}
/// [`Lobpcg`], compiled once per type of vectors.
///
/// Workspace: S = [X P W] and A S, 3 b vectors each (up to 6 b where X stalls), and as many for their update.
fn lobpcg<T: SpectralNumber, V: Columns<Scalar = T> + ?Sized>(
    a: &mut dyn BlockProducts<V>,
    with: With<'_, V>,
    k: usize,
    which: Which,
    observer: Observer<'_>,
) -> Result<Found<T>> {
    let With { mut p, y, start, options } = with;
    let n = arguments::<T>(NAME, a.shape(), k, which)?;
    tolerance(NAME, options.tol)?;
    let started = starts(NAME, n, start)?;
    let none = a.zeros(0)?;
    // an orthonormal basis of the constraints
    let (mut q, mut fixed) = (a.zeros(0)?, 0);
    if let Some(y) = y {
        let (rows, c) = y.shape();
        if rows != n {
            return Err(Error::ShapeMismatch { op: "constraints", left: (n, n), right: (rows, c) });
        }
        let mut eye = vec![T::zero(); c * c];
        (0..c).for_each(|i| eye[i * (c + 1)] = T::one());
        q = a.zeros(n * c)?;
        y.apply(&*y.there(&eye)?, &mut q, c)?;
        let kept = orthonormalise(n, &*none, &mut *q, 1e-12);
        fixed = kept * n;
        if kept + k > n {
            return Err(Error::invalid(format!("LOBPCG: {kept} constraints leave no {k} eigenvalues of {n}")));
        }
    }
    let q = q.part(0..fixed);
    let mut restricted;
    let act: &mut dyn BlockProducts<V> = match fixed {
        0 => a,
        _ => {
            restricted = Restricted { c: vec![T::zero(); fixed / n], a, q: &*q };
            &mut restricted
        }
    };
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
    if let Some(p) = p.as_ref().filter(|p| p.shape() != (n, n)) {
        return Err(Error::ShapeMismatch { op: "preconditioner", left: (n, n), right: p.shape() });
    }
    let block = width(k, options);
    let most = n - fixed / n.max(1);
    if 3 * block >= most {
        return match fixed {
            0 => small::dense(act, true, k, which),
            _ => complement(act, &*q, k, which),
        };
    }
    let (tol, strict) = (options.tol.unwrap_or(default_tol::<T>()), options.tol.is_some());
    let max_iters = options.max_iters.unwrap_or(1000);
    let mut watcher = Watcher::new(NAME, tol, max_iters, options.progress, Some(observer));
    watcher.begin(max_iters)?;
    // the constraints, then [X P W]
    let mut all = act.zeros(fixed + 3 * block * n)?;
    all.part_mut(0..fixed).copy(&q);
    let (mut a_s, mut next) = (act.zeros(3 * block * n)?, act.zeros(3 * block * n)?);
    // columns of S in `all`, and of the other blocks
    let in_s = |columns: Range<usize>| fixed + columns.start * n..fixed + columns.end * n;
    let of = |columns: Range<usize>| columns.start * n..columns.end * n;
    let given = started.min(block);
    let mut first = all.part_mut(in_s(0..block));
    first.write(|x| {
        x[..given * n].copy_from_slice(&start[..given * n]);
        for j in given..block {
            Stream::new(options.seed, j as u64).normal(&mut x[j * n..][..n]);
        }
    });
    let b = orthonormalise(n, &*q, &mut *first, 1e-8);
    drop(first);
    if b < k {
        return Err(Error::invalid("LOBPCG: the vectors to start from depend on each other or on the constraints"));
    }
    act.apply(&all.part(in_s(0..b)), &mut a_s.part_mut(of(0..b)), b)?;
    // columns of X, P, W
    let (mut in_p, mut in_w) = (0, 0);
    let mut norm = 0.0_f64;
    let mut trials = Trials::new();
    let mut small = Small::new((2 + DEPTH) * block);
    let (mut progress, mut depth) = (Progress { best: f64::INFINITY, since: 0 }, 1);
    loop {
        // Rayleigh-Ritz on [X P W]
        let d = b + in_p + in_w;
        let (w, c, c_p, room) = small.ritz(n, &*all.part(in_s(0..d)), &*a_s.part(of(0..d)), sign)?;
        w.iter().for_each(|w| norm = norm.max(w.abs().lane_f64(0)));
        // P: the part of the new X that is not in the old one, made orthogonal to the new X in coordinates
        c_p.clear();
        c_p.extend_from_slice(&c[..b * d]);
        c_p.chunks_exact_mut(d).for_each(|c| c[..b].fill(T::zero()));
        in_p = if d > b { orthonormalise_in::<[T]>(d, &c[..b * d], c_p, 1e-8, room) } else { 0 };
        for (x, first) in [(&mut *all, fixed), (&mut *a_s, 0)] {
            let mut x = x.part_mut(first..first + d * n);
            next.part_mut(of(0..b + in_p)).fill(T::zero());
            V::add_product(n, T::one(), &x, &c[..b * d], &mut next.part_mut(of(0..b)));
            V::add_product(n, T::one(), &x, &c_p[..in_p * d], &mut next.part_mut(of(b..b + in_p)));
            x.part_mut(of(0..b + in_p)).copy(&next.part(of(0..b + in_p)));
        }
        if watcher.iterations % REFRESH == REFRESH - 1 {
            // A X and A P by fresh products: rounding of the updates adds up
            for j in 0..b + in_p {
                act.apply(&all.part(in_s(j..j + 1)), &mut a_s.part_mut(of(j..j + 1)), 1)?;
            }
        }
        // residuals of X behind P; those that have converged are left out
        in_w = 0;
        let (mut worst, mut converged) = (0.0_f64, 0);
        for j in 0..b {
            let (x, mut r) = all.before(n, fixed / n + b + in_p + in_w);
            r.copy(&a_s.part(of(j..j + 1)));
            r.axpy(-T::from_re(w[j]).scale(T::Re::real(sign)), &x.part(in_s(j..j + 1)));
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
            let (found, residual) =
                verify.judge(act, values, Vectors::Same(all.part(in_s(0..k)).to_host().into_owned()))?;
            if residual <= slack(strict) * tol {
                return Ok(found.reported(residual, watcher));
            }
            if last_chance || !trials.failed(residual) {
                return Err(found.vectors.kept_in(n, watcher.not_converged(residual)));
            }
            // what is known of A X is wrong: the residuals once more, from fresh products
            for j in 0..b + in_p {
                act.apply(&all.part(in_s(j..j + 1)), &mut a_s.part_mut(of(j..j + 1)), 1)?;
            }
            in_w = 0;
            continue;
        }
        if last_chance {
            let e = watcher.not_converged(worst);
            return Err(e.with_iterate(View::matrix(&all.part(in_s(0..k)).to_host(), n, k)));
        }
        let first = b + in_p;
        if let Some(p) = &mut p {
            p.apply(&all.part(in_s(first..first + in_w)), &mut next.part_mut(of(0..in_w)), in_w)?;
            all.part_mut(in_s(first..first + in_w)).copy(&next.part(of(0..in_w)));
        }
        let (before, mut w) = all.split(fixed + first * n);
        in_w = orthonormalise_in(n, &*before, &mut *w.part_mut(of(0..in_w)), 1e-10, &mut small.room);
        drop((before, w));
        if in_w == 0 {
            let e = watcher.not_converged(worst);
            return Err(e.with_iterate(View::matrix(&all.part(in_s(0..k)).to_host(), n, k)));
        }
        let columns = first..first + in_w;
        act.apply(&all.part(in_s(columns.clone())), &mut a_s.part_mut(of(columns)), in_w)?;
        // what is left of A W, A^2 W, .. once X stalls
        depth += usize::from(progress.stalls(worst) && (3 + depth) * block < most && depth < DEPTH);
        let room = (2 + depth) * block * n;
        V::grow(act, &mut all, fixed + room)?;
        V::grow(act, &mut a_s, room)?;
        V::grow(act, &mut next, room)?;
        let mut last = in_w;
        for _ in 1..depth {
            let end = b + in_p + in_w;
            let (before, mut y) = all.split(fixed + end * n);
            let mut y = y.part_mut(of(0..last));
            match &mut p {
                Some(p) => p.apply(&a_s.part(of(end - last..end)), &mut y, last)?,
                None => y.copy(&a_s.part(of(end - last..end))),
            }
            last = orthonormalise_in(n, &*before, &mut *y, 1e-10, &mut small.room);
            act.apply(&y.part(of(0..last)), &mut a_s.part_mut(of(end..end + last)), last)?;
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
    fn ritz<V: Columns<Scalar = T> + ?Sized>(
        &mut self,
        n: usize,
        s: &V,
        a_s: &V,
        sign: f64,
    ) -> Result<(&[T::Re], &[T], &mut Vec<T>, &mut Vec<T>)> {
        let d = s.size() / n;
        self.g.resize(d * d, T::zero());
        self.w.resize(d, T::Re::real(0.0));
        self.c.resize(d * d, T::zero());
        V::inner(n, s, a_s, &mut self.g);
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
fn complement<T: SpectralNumber, V: Columns<Scalar = T> + ?Sized>(
    a: &mut dyn BlockProducts<V>,
    q: &V,
    k: usize,
    which: Which,
) -> Result<Found<T>> {
    let n = a.shape().0;
    let d = n - q.size() / n.max(1);
    // a basis of the complement: the unit vectors, less what they have in Q
    let mut s = a.zeros(n * n)?;
    s.write(|s| {
        s.fill(T::zero());
        (0..n).for_each(|i| s[i * (n + 1)] = T::one());
    });
    let kept = orthonormalise(n, q, &mut *s, 1e-8);
    if kept != d {
        return Err(Error::Breakdown { algorithm: NAME, iteration: 0 });
    }
    let (s, mut a_s, mut g) = (s.part(0..n * d), a.zeros(n * d)?, vec![T::zero(); d * d]);
    for j in 0..d {
        a.apply(&s.part(j * n..(j + 1) * n), &mut a_s.part_mut(j * n..(j + 1) * n), 1)?;
    }
    V::inner(n, &s, &a_s, &mut g);
    let (w, c) = eigh(d, &g)?;
    let order = which.order(&w.iter().map(|w| (w.lane_f64(0), 0.0)).collect::<Vec<_>>());
    let values = order[..k].iter().map(|&i| T::from_re(w[i]).widen()).collect();
    let mut v = a.zeros(n * k)?;
    for (j, &i) in order[..k].iter().enumerate() {
        V::add_product(n, T::one(), &s, &c[i * d..][..d], &mut v.part_mut(j * n..(j + 1) * n));
    }
    let norm = w.iter().fold(0.0, |m: f64, w| m.max(w.abs().lane_f64(0)));
    let tol = default_tol::<T>();
    let watcher = Watcher::new(NAME, tol, 0, false, None);
    let verify = Verify { self_adjoint: true, norm: norm * (1.0 + n as f64 / 10.0), tol, strict: false };
    verify.finish(a, values, Vectors::Same(V::into_host(v)), watcher)
}
/// Iterations between fresh products of A X.
const REFRESH: usize = 20;
