//! Thick-restart Lanczos for self-adjoint operators and Krylov-Schur for general ones: one loop.
//!
//! Wu & Simon, Thick-restart Lanczos method for large symmetric eigenvalue problems, SIMAX 22, 2000; Stewart, A Krylov-Schur algorithm
//! for large eigenproblems, SIMAX 23, 2002. Deviations: the basis grows in blocks (band Arnoldi: column j is A v_j, orthogonalised against
//! all vectors, and becomes v_(j+p)), so that a block size p finds p-fold eigenvalues at once; Gram-Schmidt is classical and repeated;
//! the restart of a real operator keeps a real basis of the wanted invariant subspace in place of a real Schur form; converged
//! self-adjoint problems are restarted once with a random vector orthogonal to what was found, which finds further copies of multiple
//! eigenvalues; a pair counts when |A v - s v| was computed.

use super::small::{Schur, eigh};
use super::{
    EigenvaluesOf, Eigs, EigsAlgorithm, Found, SpectralNumber, Vectors, Verify, Which, arguments, small, starts,
    threshold,
};
use crate::algorithms::blocks::{Action, multiply, orthonormalise, project, rotate};
use crate::algorithms::krylov::{NoPreconditioner, Preconditioner, tolerance};
use crate::algorithms::random::Stream;
use crate::algorithms::watch::{Callback, NoCallback, Observer, Options, Watcher, default_tol, watched};
use crate::error::{Error, Result};
use crate::facts::{Facts, Known, SelfAdjointOf, Unknown};
use crate::operator::{DynOperator, LinearOperator, Operator};
use crate::scalar::{Real, Scalar};
use crate::vector::{Vector, normalise};
use crate::view::View;
use num_traits::Zero;

pub(super) const LANCZOS: &str = "thick-restart Lanczos";
pub(super) const KRYLOV_SCHUR: &str = "Krylov-Schur";

macro_rules! subspace {
    ($Name:ident, $doc:literal) => {
        impl Default for $Name {
            fn default() -> Self {
                $Name { options: Options::default(), inverse: NoPreconditioner, callback: NoCallback }
            }
        }
        impl<P, F> $Name<P, F> {
            #[doc = $doc]
            pub fn tol(mut self, tol: f64) -> Self {
                self.options.tol = Some(tol);
                self
            }
            /// Most iterations: restarts for eigenvalues (default 1000), steps for f(A) b (default: n, at most 2000).
            pub fn max_iters(mut self, max_iters: usize) -> Self {
                self.options.max_iters = Some(max_iters);
                self
            }
            /// Vectors that are kept for eigenvalues before a restart. More converge faster and cost more per iteration. Default:
            /// 2 k + 2 p + 8, at least 24.
            pub fn subspace(mut self, m: usize) -> Self {
                self.options.restart = Some(m);
                self
            }
            /// Block size p: eigenvalues of multiplicity p are found at once. Default: 1, which finds them one after the other.
            pub fn block(mut self, p: usize) -> Self {
                self.options.block = Some(p);
                self
            }
            /// Seed of the random starting vectors. Default: 0.
            pub fn seed(mut self, seed: u64) -> Self {
                self.options.seed = seed;
                self
            }
            /// (A - x I)^-1 for `Which::NearestTo(x)`, A^-1 for `Which::SmallestMagnitude`: the iteration then runs with the inverse, of
            /// which the wanted eigenvalues are the dominant ones. By value or by reference.
            pub fn inverse<Q>(self, inverse: Q) -> $Name<Q, F> {
                $Name { options: self.options, inverse, callback: self.callback }
            }
        }
        watched!($Name<P> inverse);
    };
}

/// Lanczos' method for self-adjoint operators: eigenvalues with thick restarts, and f(A) b (see
/// [`exp_apply_with`](crate::IterativeExt::exp_apply_with)).
///
/// # Input
/// A with the fact self-adjoint.
/// # Cost
/// Of eigenvalues, per restart about m - k products with A and 4 n m (m - k) operations for an orthogonal basis of m vectors;
/// m + p vectors, nothing of length n allocated per iteration. k products to verify.
/// # Errors
/// `NotConverged` with the largest true residual; `NonFinite`; `ShapeMismatch`; `InvalidArgument`.
/// # Example
/// ```
/// use cola_core::prelude::*;
/// let n = 1000;
/// let a = Function::psd(n, |x: &[f64], y: &mut [f64]| {
///     for i in 0..x.len() {
///         y[i] = 2.0 * x[i] - if i > 0 { x[i - 1] } else { 0.0 } - x.get(i + 1).unwrap_or(&0.0);
///     }
/// });
/// let e = a.eigs_with(Lanczos::default(), 3, Which::LargestAlgebraic)?;
/// let exact = 2.0 - 2.0 * (std::f64::consts::PI * 1000.0 / 1001.0).cos();
/// assert!((e.eigenvalues[0] - exact).abs() < 1e-12 && e.residuals[0] < 1e-9);
/// # Ok::<(), Error>(())
/// ```
/// # Reference
/// Wu & Simon, SIAM J. Matrix Anal. Appl. 22, 2000, 602-616; Lanczos, J. Res. NBS 45, 1950.
#[derive(Clone, Copy, Debug)]
pub struct Lanczos<P = NoPreconditioner, F = NoCallback> {
    pub(crate) options: Options,
    inverse: P,
    pub(crate) callback: F,
}
subspace!(
    Lanczos,
    "Wanted |A v - s v| / |s|, where eigenvalues below 100 eps |A| / tol count as that large; of f(A) b the wanted relative error. \
     Default: 1e-10, in single precision 1e-5."
);

/// The Krylov-Schur method for general operators: complex eigenvalues, also of real operators.
///
/// # Input
/// A square A.
/// # Cost
/// Per restart about m - k products with A and 4 n m (m - k) operations; m + p vectors, nothing of length n allocated per iteration.
/// k products to verify (2 k where A is real).
/// # Errors
/// As [`Lanczos`].
/// # Example
/// ```
/// use cola_core::prelude::*;
/// // a plane rotation: eigenvalues e^(+-i t)
/// let (s, c) = 0.3f64.sin_cos();
/// let e = Dense::new(nalgebra::dmatrix![c, -s; s, c]).eigs_with(KrylovSchur::default(), 2, Which::LargestMagnitude)?;
/// assert!((e.eigenvalues[0] - Complex::new(c, s)).norm() < 1e-14);
/// # Ok::<(), Error>(())
/// ```
/// # Reference
/// Stewart, SIAM J. Matrix Anal. Appl. 23, 2002, 601-614.
#[derive(Clone, Copy, Debug)]
pub struct KrylovSchur<P = NoPreconditioner, F = NoCallback> {
    options: Options,
    inverse: P,
    callback: F,
}
subspace!(
    KrylovSchur,
    "Wanted |A v - s v| / |s|, where eigenvalues below 100 eps |A| / tol count as that large. Default: 1e-10, in single precision 1e-5."
);

/// Arnoldi's method for general operators: f(A) b (see [`exp_apply_with`](crate::IterativeExt::exp_apply_with)); for eigenvalues it is
/// restarted as [`KrylovSchur`].
///
/// # Reference
/// Arnoldi, The principle of minimized iterations in the solution of the matrix eigenvalue problem, Quart. Appl. Math. 9, 1951.
#[derive(Clone, Copy, Debug)]
pub struct Arnoldi<P = NoPreconditioner, F = NoCallback> {
    pub(crate) options: Options,
    inverse: P,
    pub(crate) callback: F,
}
subspace!(
    Arnoldi,
    "Of f(A) b the wanted relative error; of eigenvalues as in [`KrylovSchur`]. Default: 1e-10, in single precision 1e-5."
);

macro_rules! eigs_by {
    ($Name:ident, $name:expr, $self_adjoint:literal, $Value:ty, $Entry:ty, $Choice:ty $(, $Fact:ident: $Demand:ident)?) => {
        impl<A, P, F> EigsAlgorithm<A> for $Name<P, F>
        where
            A: LinearOperator<Scalar: SpectralNumber>,
            $(<A::Facts as Facts>::$Fact: $Demand<A>,)?
            P: Preconditioner<A::Scalar>,
            F: Callback,
        {
            type Value = $Value;
            type Entry = $Entry;
            fn eigs(&mut self, a: &A, k: usize, which: Which) -> Result<Eigs<Self::Value, Self::Entry>> {
                self.eigs_from(a, k, which, View::matrix(&[], a.nrows(), 0))
            }
            fn eigs_from(
                &mut self,
                a: &A,
                k: usize,
                which: Which,
                start: View<'_, Self::Entry>,
            ) -> Result<Eigs<Self::Value, Self::Entry>> {
                let job = Job::new($name, $self_adjoint, k, which, self.options);
                let start = <$Choice as EigenvaluesOf<Number<A>>>::start(start);
                let callback = &mut self.callback;
                let mut observer = |i: &crate::algorithms::Iteration| callback.observe(i);
                let found = restarted(&job, a, self.inverse.operator(), &start, Some(&mut observer))?;
                Ok(<$Choice as EigenvaluesOf<Number<A>>>::finish(found))
            }
        }
    };
}
type Number<A> = <A as Operator>::Scalar;
type Wide<A> = <Number<A> as SpectralNumber>::Wide;
eigs_by!(Lanczos, LANCZOS, true, <Number<A> as Scalar>::Re, Number<A>, Known, SelfAdjoint: SelfAdjointOf);
eigs_by!(KrylovSchur, KRYLOV_SCHUR, false, Wide<A>, Wide<A>, Unknown);
eigs_by!(Arnoldi, KRYLOV_SCHUR, false, Wide<A>, Wide<A>, Unknown);

/// What the loop is told.
pub(crate) struct Job {
    name: &'static str,
    self_adjoint: bool,
    k: usize,
    which: Which,
    options: Options,
}
impl Job {
    pub fn new(name: &'static str, self_adjoint: bool, k: usize, which: Which, options: Options) -> Self {
        Job { name, self_adjoint, k, which, options }
    }
}

/// The small problem H y = s y of a cycle, the most wanted first.
enum Ritz<T: SpectralNumber> {
    Hermitian { values: Vec<T::Re>, vectors: Vec<T> },
    General { schur: Schur<T>, vectors: Vec<Vec<T::Wide>> },
}
impl<T: SpectralNumber> Ritz<T> {
    fn new(job: &Job, which: Which, m: usize, h: &[T]) -> Result<Self> {
        if job.self_adjoint {
            let (w, v) = eigh(m, h)?;
            let order = which.order(&w.iter().map(|w| (w.lane_f64(0), 0.0)).collect::<Vec<_>>());
            let values = order.iter().map(|&i| w[i]).collect();
            let vectors = order.iter().flat_map(|&i| v[i * m..][..m].iter().copied()).collect();
            return Ok(Ritz::Hermitian { values, vectors });
        }
        let schur = Schur::new(m, h, which)?;
        let vectors = (0..(job.k + 1).min(m)).map(|k| schur.vector(k)).collect();
        Ok(Ritz::General { schur, vectors })
    }
    fn value(&self, k: usize) -> T::Wide {
        match self {
            Ritz::Hermitian { values, .. } => T::from_re(values[k]).widen(),
            Ritz::General { schur, .. } => schur.t[k * (schur.n + 1)],
        }
    }
    /// |B y_k| for the p x m coupling B.
    fn residual(&self, m: usize, p: usize, b: &[T], k: usize) -> f64 {
        let norm = match self {
            Ritz::Hermitian { vectors, .. } => multiply((p, m, 1), b, &vectors[k * m..][..m])[..].norm(),
            Ritz::General { vectors, .. } => {
                let b: Vec<T::Wide> = b.iter().map(|&b| b.widen()).collect();
                multiply((p, m, 1), &b, &vectors[k])[..].norm()
            }
        };
        norm.lane_f64(0)
    }
}

/// The loop, compiled once per number type. With `inverse` = (A - s I)^-1 it runs with that and returns eigenvalues of A. The block is as
/// wide as there are vectors in `start`.
///
/// Workspace: m + p vectors v; w.
///
/// # Errors
/// As [`Lanczos`].
pub(crate) fn restarted<T: SpectralNumber>(
    job: &Job,
    a: &dyn DynOperator<T>,
    inverse: Option<&dyn DynOperator<T>>,
    start: &[T],
    observer: Option<Observer<'_>>,
) -> Result<Found<T>> {
    let n = arguments(job.name, a, job.k, job.which)?;
    let started = starts(job.name, n, start)?;
    tolerance(job.name, job.options.tol)?;
    if let Some(inverse) = inverse {
        if inverse.dyn_shape() != (n, n) {
            return Err(Error::ShapeMismatch { op: "inverse", left: (n, n), right: inverse.dyn_shape() });
        }
        if job.which.shift().is_none() {
            return Err(Error::invalid(format!(
                "eigs: an inverse serves NearestTo and SmallestMagnitude, not {:?}",
                job.which
            )));
        }
    }
    let (k, block) = (job.k, job.options.block.unwrap_or(1).max(1));
    let start = match started > 0 && block == 1 && started + k < n {
        true => Start::new(job.name, inverse.unwrap_or(a), &start[..started * n])?,
        false => Start { v: start[..started * n].to_vec(), h: Vec::new(), width: started },
    };
    let p = block.max(start.width);
    let least = (k + p + 2).max(start.v.len() / n.max(1) + 2);
    let m = job.options.restart.unwrap_or((2 * k + 2 * p + 8).max(24)).max(least);
    let mut verify = Action::new(job.name, a, 16);
    if m + p >= n {
        return small::dense(&mut verify, job.self_adjoint, k, job.which);
    }
    let tol = job.options.tol.unwrap_or(default_tol::<T>());
    let max_iters = job.options.max_iters.unwrap_or(1000);
    let mut watcher = Watcher::new(job.name, tol, max_iters, job.options.progress, observer);
    if k == 0 {
        let verify_with = Verify { self_adjoint: job.self_adjoint, norm: 0.0, tol, watcher };
        return verify_with.finish(&mut verify, Vec::new(), Vectors::Same(Vec::new()));
    }
    let which = if inverse.is_some() { Which::LargestMagnitude } else { job.which };
    let mut space = Space::new(job, inverse.unwrap_or(a), n, m, p, start)?;
    // copies of multiple eigenvalues are looked for once everything has converged, until a search finds none
    let searches = job.self_adjoint && block == 1 && which != Which::BothEnds;
    let mut before: Option<Vec<f64>> = None;
    let mut search_from = None;
    let mut norm = 0.0_f64;
    loop {
        space.expand(m)?;
        let (h, b) = space.small();
        let ritz = Ritz::<T>::new(job, which, m, &h)?;
        (0..m.min(k + 1)).for_each(|i| norm = norm.max(ritz.value(i).abs().lane_f64(0)));
        // a tenth of what is wanted: rounding may add to it
        let (mut worst, mut converged) = (0.0_f64, 0);
        for i in 0..k {
            let wanted = threshold::<T>(tol, ritz.value(i).abs().lane_f64(0), norm);
            let r = ritz.residual(m, p, &b, i);
            worst = worst.max(tol * r / wanted);
            converged += usize::from(r <= 0.5 * wanted);
        }
        let stop = watcher.note(worst);
        let next = ritz.residual(m, p, &b, k);
        // nothing that is still moving can pass the last one; the search takes no longer than what came before it
        let last_chance = stop || watcher.iterations >= max_iters;
        let tired = search_from.is_some_and(|from: usize| last_chance || watcher.iterations - from >= from.max(20));
        let looked = !searches || before.is_some();
        let settled = looked && {
            let (last, candidate) = (ritz.value(k - 1), ritz.value(k));
            !job.self_adjoint
                || tired
                || which.lead(last.re().lane_f64(0), candidate.re().lane_f64(0)) > next
                || next <= threshold::<T>(tol, norm, norm)
        };
        // a search that found a copy has moved a value
        let moved = |old: &Vec<f64>| {
            (0..k).any(|i| (ritz.value(i).re().lane_f64(0) - old[i]).abs() > 2.0 * threshold::<T>(tol, norm, norm))
        };
        let again = searches && settled && !tired && before.as_ref().is_some_and(moved);
        if converged == k && settled && !again {
            let (values, vectors) = space.finish(&ritz, k);
            let values = match job.which.shift().filter(|_| inverse.is_some()) {
                // s + 1 / theta
                Some(s) => values.iter().map(|&t| T::of(s).widen() + T::of(1.0).widen() / t).collect(),
                None => values,
            };
            // with an inverse nothing is known about |A| but what the wanted eigenvalues say
            let norm = if inverse.is_some() { largest(&mut verify, n, job.options.seed)? } else { norm };
            let found =
                Verify { self_adjoint: job.self_adjoint, norm, tol, watcher }.finish(&mut verify, values, vectors)?;
            return Ok(sorted(found, job.which));
        }
        if last_chance {
            let e = watcher.not_converged(worst);
            return Err(space.finish(&ritz, k).1.kept_in(n, e));
        }
        if converged == k && (searches && before.is_none() || again) {
            before = Some((0..k).map(|i| ritz.value(i).re().lane_f64(0)).collect());
            search_from = Some(watcher.iterations);
            space.restart(&ritz, k, false)?;
            space.refresh(k)?;
        } else {
            // Stathopoulos, Saad & Wu (SISC 19, 1998): more than k vectors kept converge faster
            space.restart(&ritz, (k + converged / 2 + (m - k) * 2 / 5).min(m - 2), true)?;
        }
    }
}
/// |A| from below by two products, for the rounding of residuals.
pub(super) fn largest<T: SpectralNumber>(a: &mut Action<'_, T>, n: usize, seed: u64) -> Result<f64> {
    let (mut x, mut y) = (vec![T::zero(); n], vec![T::zero(); n]);
    Stream::new(seed, u64::MAX).normal(&mut x);
    let mut size = 0.0;
    for _ in 0..2 {
        let norm = x[..].norm();
        normalise(&mut x[..], norm);
        a.apply(&x, &mut y, 1)?;
        size = y[..].norm().lane_f64(0);
        core::mem::swap(&mut x, &mut y);
        if size == 0.0 {
            break;
        }
    }
    Ok(size)
}
/// In the order that was asked for: Rayleigh quotients and transformed values may have changed it by rounding.
fn sorted<T: SpectralNumber>(mut found: Found<T>, which: Which) -> Found<T> {
    let values: Vec<_> = found.values.iter().map(|z| (z.re().lane_f64(0), z.im().lane_f64(0))).collect();
    let order = which.order(&values);
    let n = found.n;
    found.values = order.iter().map(|&i| found.values[i]).collect();
    found.residuals = order.iter().map(|&i| found.residuals[i]).collect();
    found.vectors = match &found.vectors {
        Vectors::Same(v) => Vectors::Same(order.iter().flat_map(|&i| v[i * n..][..n].to_vec()).collect()),
        Vectors::Complex(v) => Vectors::Complex(order.iter().flat_map(|&i| v[i * n..][..n].to_vec()).collect()),
    };
    found
}

/// Vectors to start from.
struct Start<T> {
    /// By columns; orthonormal where H is known.
    v: Vec<T>,
    /// A V_k = V_(k+1) H, by columns; nothing where V is no part of a Krylov space.
    h: Vec<T>,
    /// How many vectors of the block they take.
    width: usize,
}
impl<T: SpectralNumber> Start<T> {
    /// Vectors that a stopped iteration has left span part of a Krylov space: what A adds to them has one direction, and the iteration
    /// goes on as if it had not been stopped (but for what it had kept beyond them). Other vectors become a block.
    fn new(name: &'static str, a: &dyn DynOperator<T>, start: &[T]) -> Result<Self> {
        let n = a.dyn_shape().0;
        let mut v = start.to_vec();
        let k = orthonormalise(n, &[], &mut v, 1e-8);
        let block = |v: Vec<T>| Ok(Start { v, h: Vec::new(), width: k });
        v.truncate(k * n);
        if k == 0 {
            return block(v);
        }
        let (mut act, mut r) = (Action::new(name, a, 1), vec![T::zero(); k * n]);
        let (mut h, mut c) = (vec![T::zero(); k * (k + 1)], vec![T::zero(); k]);
        // what passes as rounding, as in `threshold`
        let tiny = 50.0 * T::Re::epsilon().lane_f64(0) * largest(&mut act, n, 0)?;
        let mut longest = (0, 0.0_f64);
        for (j, r) in r.chunks_exact_mut(n).enumerate() {
            act.apply(&v[j * n..][..n], r, 1)?;
            let (_, after) = project(&v, r, &mut h[j * (k + 1)..][..k], &mut c);
            if after.lane_f64(0) > longest.1 {
                longest = (j, after.lane_f64(0));
            }
        }
        // an invariant space
        if longest.1 <= tiny {
            return block(v);
        }
        let mut u = r[longest.0 * n..][..n].to_vec();
        let norm = u[..].norm();
        normalise(&mut u[..], norm);
        for (j, r) in r.chunks_exact_mut(n).enumerate() {
            let b = u[..].dot(r);
            r.axpy(-b, &u);
            if r.norm().lane_f64(0) > tiny {
                return block(v);
            }
            h[j * (k + 1) + k] = b;
        }
        v.extend(u);
        Ok(Start { v, h, width: 1 })
    }
}

/// The Krylov space: A V_m = V_(m+p) H, V orthonormal.
struct Space<'a, T: Scalar> {
    a: Action<'a, T>,
    n: usize,
    m: usize,
    p: usize,
    /// Columns whose product is known.
    done: usize,
    v: Vec<T>,
    /// (m + p) x m.
    h: Vec<T>,
    c: Vec<T>,
    seed: u64,
    streams: u64,
}
impl<'a, T: SpectralNumber> Space<'a, T> {
    fn new(job: &Job, a: &'a dyn DynOperator<T>, n: usize, m: usize, p: usize, start: Start<T>) -> Result<Self> {
        let action = Action::new(job.name, a, 1);
        let (v, h, c) = (vec![T::zero(); n * (m + p)], vec![T::zero(); (m + p) * m], vec![T::zero(); m + p]);
        let mut space = Space { a: action, n, m, p, done: 0, v, h, c, seed: job.options.seed, streams: 0 };
        let given = start.v.len() / n.max(1);
        space.v[..start.v.len()].copy_from_slice(&start.v);
        if start.h.is_empty() {
            let kept = orthonormalise(n, &[], &mut space.v[..start.v.len()], 1e-8);
            (kept..p).try_for_each(|j| space.random(j))?;
        } else {
            // the columns of H are known but for the last vector's
            space.done = given - 1;
            for (j, h) in start.h.chunks_exact(given).enumerate() {
                space.h[j * (m + p)..][..given].copy_from_slice(h);
            }
        }
        Ok(space)
    }
    /// v_j <- a random vector orthogonal to those before it.
    fn random(&mut self, j: usize) -> Result<()> {
        let (old, new) = self.v.split_at_mut(j * self.n);
        let w = &mut new[..self.n];
        for _ in 0..4 {
            Stream::new(self.seed, self.streams).normal(w);
            self.streams += 1;
            let norm = w.norm();
            normalise(w, norm);
            let mut h = vec![T::zero(); j];
            let (_, after) = project(old, w, &mut h, &mut self.c);
            if after.lane_f64(0) > 1e-3 {
                normalise(w, after);
                // once more, as a short rest has lost digits
                let (_, after) = project(old, w, &mut h, &mut self.c);
                normalise(w, after);
                return Ok(());
            }
        }
        Err(Error::Breakdown { algorithm: "Krylov space", iteration: j })
    }
    /// Products with the vectors up to m.
    fn expand(&mut self, m: usize) -> Result<()> {
        let (n, rows) = (self.n, self.m + self.p);
        let epsilon = T::Re::epsilon().lane_f64(0);
        for j in self.done..m {
            let new = j + self.p;
            let (old, rest) = self.v.split_at_mut(new * n);
            let w = &mut rest[..n];
            self.a.apply(&old[j * n..][..n], w, 1)?;
            let h = &mut self.h[j * rows..][..rows];
            h.fill(T::zero());
            let (before, after) = project(old, w, &mut h[..new], &mut self.c);
            // what is left is rounding: the space is invariant
            if after.lane_f64(0) <= 10.0 * epsilon * before.lane_f64(0) {
                self.random(new)?;
            } else {
                h[new] = T::from_re(after);
                normalise(w, after);
            }
        }
        self.done = m;
        Ok(())
    }
    /// V^H A V (m x m) and the coupling to the last p vectors (p x m).
    fn small(&self) -> (Vec<T>, Vec<T>) {
        let (m, p, rows) = (self.m, self.p, self.m + self.p);
        let h = (0..m * m).map(|i| self.h[i % m + i / m * rows]).collect();
        let b = (0..p * m).map(|i| self.h[m + i % p + i / p * rows]).collect();
        (h, b)
    }
    /// Keeps the space of the `keep` most wanted vectors; with the vectors that continue it if `coupled`.
    fn restart(&mut self, ritz: &Ritz<T>, keep: usize, coupled: bool) -> Result<()> {
        let (n, m, p, rows) = (self.n, self.m, self.p, self.m + self.p);
        let (h, b) = self.small();
        let (keep, z) = match ritz {
            Ritz::Hermitian { vectors, .. } => (keep, vectors[..m * keep].to_vec()),
            Ritz::General { schur, .. } => {
                let keep = schur.uncut(keep).min(m - 1);
                (keep, schur.basis(keep))
            }
        };
        rotate(n, &mut self.v, m, &z);
        let t = match ritz {
            Ritz::Hermitian { values, .. } => (0..keep * keep)
                .map(|i| if i % (keep + 1) == 0 { T::from_re(values[i % keep]) } else { T::zero() })
                .collect(),
            Ritz::General { .. } => {
                let hz = multiply((m, m, keep), &h, &z);
                let mut t = vec![T::zero(); keep * keep];
                crate::algorithms::blocks::inner(m, &z, &hz, &mut t);
                t
            }
        };
        let bz = multiply((p, m, keep), &b, &z);
        self.h.fill(T::zero());
        for j in 0..keep {
            self.h[j * rows..][..keep].copy_from_slice(&t[j * keep..][..keep]);
            if coupled {
                self.h[j * rows + keep..][..p].copy_from_slice(&bz[j * p..][..p]);
            }
        }
        if coupled {
            self.v.copy_within(m * n..(m + p) * n, keep * n);
        }
        self.done = keep;
        Ok(())
    }
    /// Continues with random vectors.
    fn refresh(&mut self, keep: usize) -> Result<()> {
        (0..self.p).try_for_each(|j| self.random(keep + j))
    }
    /// The k most wanted pairs.
    fn finish(&mut self, ritz: &Ritz<T>, k: usize) -> (Vec<T::Wide>, Vectors<T>) {
        let (n, m) = (self.n, self.m);
        let values = (0..k).map(|i| ritz.value(i)).collect();
        let vectors = match ritz {
            Ritz::Hermitian { vectors, .. } => {
                rotate(n, &mut self.v, m, &vectors[..m * k]);
                let mut v = core::mem::take(&mut self.v);
                v.truncate(n * k);
                Vectors::Same(v)
            }
            Ritz::General { vectors, .. } => {
                let mut x = vec![T::Wide::zero(); n * k];
                for (x, y) in x.chunks_exact_mut(n).zip(vectors) {
                    for (v, &y) in self.v.chunks_exact(n).zip(y) {
                        x.iter_mut().zip(v).for_each(|(x, &v)| *x += v.widen() * y);
                    }
                    let size = x.norm();
                    normalise(x, size);
                }
                Vectors::Complex(x)
            }
        };
        (values, vectors)
    }
}
