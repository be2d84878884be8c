//! Power iteration, in blocks.
//!
//! Von Mises & Pollaczek-Geiringer, ZAMM 9, 1929; with several vectors orthogonal iteration with Rayleigh-Ritz projection (Golub & Van
//! Loan, section 8.2.4 and 7.3.2; Saad, Numerical Methods for Large Eigenvalue Problems, 2nd ed., algorithm 5.3). Deviation: the residual
//! and not the change of the eigenvalue stops, so that a negative or a complex dominant eigenvalue is found as well.

use super::krylov_schur::{EigsOn, InverseOn, Job, largest, looped};
use super::small::{Schur, eigh_in};
use super::space::from_inverse;
use super::{
    EigenvaluesOf, Eigs, EigsAlgorithm, Found, SpectralNumber, Trials, Vectors, Verify, Which, arguments, small,
    starts, threshold,
};
use crate::algorithms::blocks::{Action, orthonormalise_in};
use crate::algorithms::columns::{BlockProducts, Columns};
use crate::algorithms::krylov::{NoPreconditioner, Preconditioner, hypot, slack, tolerance};
use crate::algorithms::random::Stream;
use crate::algorithms::watch::{Callback, NoCallback, Observer, Options, Watcher, default_tol, watched};
use crate::error::{Error, Result};
use crate::facts::{Fact, Facts};
use crate::operator::{LinearOperator, Operator};
use crate::scalar::{Real, Scalar};
use crate::view::View;
use num_traits::Zero;

const NAME: &str = "power iteration";

/// The dominant eigenvalues by repeated products; with an inverse, inverse iteration: those next to a number.
///
/// The error falls by |s_(b+1) / s_k| per iteration for a block of b: [`Lanczos`](crate::Lanczos) needs the square root of the
/// iterations. Of a real operator with a complex dominant pair both must be in the block, which has one vector more than asked for.
///
/// # Input
/// A square A; `Which::LargestMagnitude`, or `SmallestMagnitude` or `NearestTo` with an inverse.
/// # Cost
/// Per iteration b products with A and 10 n b^2 operations; 3 b vectors.
/// # Errors
/// `NotConverged` with the true residual; `NonFinite`; `ShapeMismatch`; `InvalidArgument` for another `Which`.
/// # Example
/// ```
/// use cola_core::prelude::*;
/// // the dominant eigenvalue is negative
/// let a = SelfAdjoint::new(Dense::new(nalgebra::dmatrix![1.0f64, 0.0; 0.0, -2.0]));
/// let e = a.eigs_with(PowerIteration::default(), 1, Which::LargestMagnitude)?;
/// assert!((e.eigenvalues[0] + 2.0).abs() < 1e-12);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct PowerIteration<P = NoPreconditioner, F = NoCallback> {
    options: Options,
    inverse: P,
    callback: F,
}
impl Default for PowerIteration {
    fn default() -> Self {
        PowerIteration { options: Options::default(), inverse: NoPreconditioner, callback: NoCallback }
    }
}
impl<P, F> PowerIteration<P, F> {
    /// Wanted |A v - s v| / |s|. Default: 1e-10, in single precision 1e-5. It is met by fresh products, or the method is a `NotConverged`; of the
    /// default, up to ten times as much passes where rounding lets it come no nearer.
    pub fn tol(mut self, tol: f64) -> Self {
        self.options.tol = Some(tol);
        self
    }
    /// Most iterations. Default: 10000.
    pub fn max_iters(mut self, max_iters: usize) -> Self {
        self.options.max_iters = Some(max_iters);
        self
    }
    /// Vectors in the block, at least k. Default: k + 1.
    pub fn block(mut self, b: usize) -> Self {
        self.options.block = Some(b);
        self
    }
    /// Seed of the random starting vectors. Default: 0.
    pub fn seed(mut self, seed: u64) -> Self {
        self.options.seed = seed;
        self
    }
    /// (A - x I)^-1 for `Which::NearestTo(x)`, A^-1 for `SmallestMagnitude`: inverse iteration.
    pub fn inverse<Q>(self, inverse: Q) -> PowerIteration<Q, F> {
        PowerIteration { options: self.options, inverse, callback: self.callback }
    }
}
watched!(PowerIteration<P> inverse);

impl<A, P, F> EigsAlgorithm<A> for PowerIteration<P, F>
where
    A: LinearOperator<Scalar: SpectralNumber>,
    <A::Facts as Facts>::SelfAdjoint: EigenvaluesOf<A::Scalar>,
    P: Preconditioner<A::Scalar>,
    F: Callback,
{
    type Value = <<A::Facts as Facts>::SelfAdjoint as EigenvaluesOf<A::Scalar>>::Value;
    type Entry = <<A::Facts as Facts>::SelfAdjoint as EigenvaluesOf<A::Scalar>>::Entry;
    fn eigs(&mut self, a: &A, k: usize, which: Which) -> Result<Eigs<Self::Value, Self::Entry>> {
        self.eigs_from(a, k, which, View { data: &[], rows: a.nrows(), cols: 0, rs: 1, cs: 0 })
    }
    fn eigs_from(
        &mut self,
        a: &A,
        k: usize,
        which: Which,
        start: View<'_, Self::Entry>,
    ) -> Result<Eigs<Self::Value, Self::Entry>> {
        let callback = &mut self.callback;
        let mut observer = |i: &crate::algorithms::Iteration| callback.observe(i);
        let self_adjoint = <Choice<A> as EigenvaluesOf<A::Scalar>>::SELF_ADJOINT;
        let job = Job::new(NAME, self_adjoint, k, which, self.options);
        let start = <Choice<A> as EigenvaluesOf<A::Scalar>>::start(start);
        let b = width(&job, a.nrows());
        let mut inverse = self.inverse.operator().map(|inverse| Action::new(NAME, inverse, b));
        let inverse = inverse.as_mut().map(|inverse| inverse as &mut dyn BlockProducts<[A::Scalar]>);
        let found = power_iteration(&job, &mut Action::new(NAME, a, b.max(16)), inverse, &start, &mut observer)?;
        Ok(<Choice<A> as EigenvaluesOf<A::Scalar>>::finish(found))
    }
}
type Choice<A> = <<A as Operator>::Facts as Facts>::SelfAdjoint;
impl<A, V, P, F> EigsOn<A, V> for PowerIteration<P, F>
where
    A: Operator<Scalar: SpectralNumber>,
    <A::Facts as Facts>::SelfAdjoint: EigenvaluesOf<A::Scalar, Entry: Copy>,
    V: Columns<Scalar = A::Scalar> + ?Sized,
    P: InverseOn<V>,
    F: Callback,
{
    type Value = <<A::Facts as Facts>::SelfAdjoint as EigenvaluesOf<A::Scalar>>::Value;
    type Entry = <<A::Facts as Facts>::SelfAdjoint as EigenvaluesOf<A::Scalar>>::Entry;
    fn eigs_on(
        &mut self,
        a: &mut dyn BlockProducts<V>,
        k: usize,
        which: Which,
        start: View<'_, Self::Entry>,
    ) -> Result<Eigs<Self::Value, Self::Entry>> {
        let callback = &mut self.callback;
        let mut observer = |i: &crate::algorithms::Iteration| callback.observe(i);
        let self_adjoint = <Choice<A> as EigenvaluesOf<A::Scalar>>::SELF_ADJOINT;
        let job = Job::new(NAME, self_adjoint, k, which, self.options);
        let start = <Choice<A> as EigenvaluesOf<A::Scalar>>::start(start);
        let mut inverse = self.inverse.products();
        let inverse = inverse.as_mut().map(|inverse| &mut **inverse as &mut dyn BlockProducts<V>);
        let found = power_iteration(&job, a, inverse, &start, &mut observer)?;
        Ok(<Choice<A> as EigenvaluesOf<A::Scalar>>::finish(found))
    }
}

/// Vectors in the block.
fn width(job: &Job, n: usize) -> usize {
    job.options.block.unwrap_or(job.k + 1).max(job.k).min(n)
}
/// [`PowerIteration`], compiled once per type of vectors. Workspace: Q, A Q and one vector; of what is verified the host gets a copy.
fn power_iteration<T: SpectralNumber, V: Columns<Scalar = T> + ?Sized>(
    job: &Job,
    a: &mut dyn BlockProducts<V>,
    mut inverse: Option<&mut dyn BlockProducts<V>>,
    start: &[T],
    observer: Observer<'_>,
) -> Result<Found<T>> {
    let &Job { self_adjoint, k, which, options, .. } = job;
    let n = arguments::<T>(NAME, a.shape(), k, which)?;
    tolerance(NAME, options.tol)?;
    let started = starts(NAME, n, start)?;
    match (&inverse, which.shift()) {
        (None, None) if which == Which::LargestMagnitude => {}
        (Some(inverse), Some(_)) if inverse.shape() == (n, n) => {}
        (Some(inverse), Some(_)) => {
            return Err(Error::ShapeMismatch { op: "inverse", left: (n, n), right: inverse.shape() });
        }
        _ => {
            return Err(Error::invalid(format!(
                "power iteration finds LargestMagnitude, and with an inverse NearestTo or SmallestMagnitude, not {which:?}"
            )));
        }
    }
    let b = width(job, n);
    if k == 0 || b == n {
        return small::dense(a, self_adjoint, k, which);
    }
    let (tol, strict) = (options.tol.unwrap_or(default_tol::<T>()), options.tol.is_some());
    let max_iters = options.max_iters.unwrap_or(10_000);
    let mut watcher = Watcher::new(NAME, tol, max_iters, options.progress, Some(observer));
    watcher.begin(max_iters)?;
    let (mut q, mut y, mut r, none) = (a.zeros(n * b)?, a.zeros(n * b)?, a.zeros(n)?, a.zeros(0)?);
    q.write(|q| {
        let given = started.min(b) * n;
        q[..given].copy_from_slice(&start[..given]);
        for (j, q) in q.chunks_exact_mut(n).enumerate().skip(started) {
            Stream::new(options.seed, j as u64).normal(q);
        }
    });
    let (mut h, mut streams) = (vec![T::zero(); b * b], b as u64);
    // |A|, of which an inverse shows nothing
    let shift = which.shift();
    let norm_a = if inverse.is_some() { largest(a, n, options.seed)? } else { 0.0 };
    let mut trials = Trials::new();
    // the small problem, made where the last one was
    let (mut w, mut v, mut room) = (vec![T::Re::zero(); b], vec![T::zero(); b * b], Vec::with_capacity(2 * b));
    let (mut values, mut vectors) = (vec![T::Wide::zero(); b], vec![T::Wide::zero(); b * b]);
    let mut coefficients = Vec::with_capacity(b);
    let (mut order, mut schur): (Vec<usize>, _) = ((0..b).collect(), Schur::<T>::empty(b));
    loop {
        let kept = orthonormalise_in(n, &*none, &mut *q, 1e-12, &mut room);
        // directions that A maps to nothing are replaced by random ones
        if kept < b {
            for j in kept..b {
                q.part_mut(j * n..(j + 1) * n).write(|q| Stream::new(options.seed, streams).normal(q));
                streams += 1;
            }
            orthonormalise_in(n, &*none, &mut *q, 1e-12, &mut room);
        }
        looped(a, &mut inverse).apply(&q, &mut y, b)?;
        V::inner(n, &q, &y, &mut h);
        // Ritz pairs, the dominant ones first
        if self_adjoint {
            eigh_in(b, &mut h, &mut w, &mut v)?;
            order.sort_unstable_by(|&i, &j| w[j].abs().lane_f64(0).total_cmp(&w[i].abs().lane_f64(0)).then(i.cmp(&j)));
            for (to, &from) in order.iter().enumerate() {
                values[to] = T::from_re(w[from]).widen();
                vectors[to * b..][..b].iter_mut().zip(&v[from * b..]).for_each(|(z, &v)| *z = v.widen());
            }
        } else {
            schur.update(&h, Which::LargestMagnitude)?;
            (0..b).for_each(|i| values[i] = schur.t[i * (b + 1)]);
            vectors.chunks_exact_mut(b).enumerate().for_each(|(k, z)| schur.vector(k, z));
        }
        let norm = values[0].abs().lane_f64(0);
        let (mut worst, mut converged) = (0.0_f64, 0);
        for i in 0..k {
            let length = residual(n, (&*y, &*q), &vectors[i * b..][..b], values[i], &mut coefficients, &mut *r);
            let size = values[i].abs().lane_f64(0);
            let mut part = length / threshold::<T>(tol, size, norm);
            if let Some(s) = shift {
                // the residual of A, of vectors that the inverse was applied to: see `Space::pairs`
                let value = from_inverse(s, values[i]).abs().lane_f64(0);
                part = part.max(length / (size * size * threshold::<T>(tol, value, norm_a.max(value))));
            }
            let part = if length == 0.0 { 0.0 } else { part };
            worst = worst.max(tol * part);
            converged += usize::from(part <= trials.claim);
        }
        let stop = watcher.note(worst);
        let over = stop || watcher.iterations >= max_iters;
        if converged == k || over {
            let from = if shift.is_some() { &y } else { &q };
            let mut found = if self_adjoint {
                let z: Vec<T> = vectors[..k * b].iter().map(|&z| T::narrow(z)).collect();
                let mut x = a.zeros(n * k)?;
                V::add_product(n, T::one(), from, &z, &mut x);
                Vectors::Same(V::into_host(x))
            } else {
                let mut x = vec![T::Wide::zero(); n * k];
                V::add_wide(n, from, &vectors[..k * b], &mut x);
                Vectors::Complex(x)
            };
            if shift.is_some() {
                found.normalise(n);
            }
            if converged < k && worst > tol {
                return Err(found.kept_in(n, watcher.not_converged(worst)));
            }
            let values = values[..k].iter().map(|&t| shift.map_or(t, |s| from_inverse(s, t))).collect();
            let norm = if shift.is_some() { norm_a } else { norm };
            let (found, true_residual) = Verify { self_adjoint, norm, tol, strict }.judge(a, values, found)?;
            if true_residual <= slack(strict) * tol {
                return Ok(found.reported(true_residual, watcher));
            }
            if over || !trials.failed(true_residual) {
                return Err(found.vectors.kept_in(n, watcher.not_converged(true_residual)));
            }
        }
        core::mem::swap(&mut q, &mut y);
    }
}
/// |A Q c - s Q c| where Y is A Q, in the place of r; with real vectors in two parts.
fn residual<T: SpectralNumber, V: Columns<Scalar = T> + ?Sized>(
    n: usize,
    (y, q): (&V, &V),
    c: &[T::Wide],
    s: T::Wide,
    room: &mut Vec<T>,
    r: &mut V,
) -> f64 {
    let mut part = |of: fn(T::Wide) -> T| {
        r.fill(T::zero());
        for (block, factor) in [(y, T::of(1.0).widen()), (q, -s)] {
            room.clear();
            room.extend(c.iter().map(|&c| of(factor * c)));
            V::add_product(n, T::one(), block, room, r);
        }
        r.norm()
    };
    let re = part(T::narrow);
    let whole = match <T::IsReal as Fact>::KNOWN && (!s.im().is_zero() || c.iter().any(|c| !c.im().is_zero())) {
        true => hypot(re, part(|z| T::from_re(z.im()))),
        false => re,
    };
    whole.lane_f64(0)
}
