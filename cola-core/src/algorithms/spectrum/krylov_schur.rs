//! Thick-restart Lanczos for self-adjoint operators and Krylov-Schur for general ones: one loop.
//!
//! Wu & Simon, Thick-restart Lanczos method for large symmetric eigenvalue problems, SIMAX 22, 2000; Stewart, A Krylov-Schur algorithm
//! for large eigenproblems, SIMAX 23, 2002. Deviations: the basis grows in blocks (band Arnoldi: column j is A v_j, orthogonalised against
//! all vectors, and becomes v_(j+p)), so that a block size p finds p-fold eigenvalues at once; Gram-Schmidt is classical and repeated;
//! the restart of a real operator keeps a real basis of the wanted invariant subspace in place of a real Schur form; converged
//! self-adjoint problems are restarted once with a random vector orthogonal to what was found, which finds further copies of multiple
//! eigenvalues; a pair counts when |A v - s v| was computed.

use super::space::{Ritz, Space, Start, from_inverse};
use super::{
    EigenvaluesOf, Eigs, EigsAlgorithm, Found, SpectralNumber, Trials, Vectors, Verify, Which, arguments, small,
    starts, threshold,
};
use crate::algorithms::blocks::Action;
use crate::algorithms::columns::{BlockProducts, Columns};
use crate::algorithms::krylov::{NoPreconditioner, Preconditioner, slack, tolerance};
use crate::algorithms::random::Stream;
use crate::algorithms::watch::{Callback, NoCallback, Observer, Options, Watcher, default_tol, watched};
use crate::error::{Error, Result};
use crate::facts::{Facts, Known, SelfAdjointOf, Unknown};
use crate::operator::{DynOperator, LinearOperator, Operator};
use crate::scalar::{Real, Scalar};
use crate::vector::normalise;
use crate::view::View;

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
            /// Block size p: eigenvalues of multiplicity p are found at once; of f(A) B p columns at a time share a Krylov space, with
            /// products of p vectors. Default: 1, which finds them one after the other.
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
/// m + p vectors; a restart allocates nothing (from m = 48 on the workspace of the small problem). k products to verify.
/// # Errors
/// `NotConverged` with the largest true residual (of f(A) b with an estimate of the relative error, also where rounding in the products leaves
/// more than the tolerance: then the result is the iterate, and no more steps help); `NonFinite`; `ShapeMismatch`; `InvalidArgument`.
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
/// Per restart about m - k products with A and 4 n m (m - k) operations; m + p vectors; a restart allocates nothing.
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

/// An algorithm for some eigenvalues of operators whose vectors live anywhere: what `eigs_with` of such an operator takes. `A` is where the
/// facts are from.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no algorithm for some eigenvalues of this operator on a device",
    label = "no eigenvalues by this",
    note = "`Lanczos` and `Lobpcg` are for self-adjoint operators, `KrylovSchur`, `Arnoldi` and `PowerIteration` for all"
)]
pub trait EigsOn<A: Operator, V: Columns<Scalar: SpectralNumber> + ?Sized> {
    /// The type of the eigenvalues.
    type Value;
    /// The type of the entries of the eigenvectors.
    type Entry: Copy;
    /// k eigenvalues and their vectors, from vectors that are near the wanted ones, or none.
    ///
    /// # Errors
    /// As [`EigsAlgorithm::eigs`].
    #[doc(hidden)]
    fn eigs_on(
        &mut self,
        a: &mut dyn BlockProducts<V>,
        k: usize,
        which: Which,
        start: View<'_, Self::Entry>,
    ) -> Result<Eigs<Self::Value, Self::Entry>>;
}
/// An operator that a method takes as the inverse, where its vectors live; or nothing.
pub trait InverseOn<V: Columns + ?Sized> {
    /// Its products.
    #[doc(hidden)]
    fn products(&self) -> Option<Box<dyn BlockProducts<V> + '_>>;
}
impl<V: Columns + ?Sized> InverseOn<V> for NoPreconditioner {
    fn products(&self) -> Option<Box<dyn BlockProducts<V> + '_>> {
        None
    }
}

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
        impl<A, V, P, F> EigsOn<A, V> for $Name<P, F>
        where
            A: Operator<Scalar: SpectralNumber>,
            $(<A::Facts as Facts>::$Fact: $Demand<A>,)?
            V: Columns<Scalar = A::Scalar> + ?Sized,
            P: InverseOn<V>,
            F: Callback,
        {
            type Value = $Value;
            type Entry = $Entry;
            fn eigs_on(
                &mut self,
                a: &mut dyn BlockProducts<V>,
                k: usize,
                which: Which,
                start: View<'_, Self::Entry>,
            ) -> Result<Eigs<Self::Value, Self::Entry>> {
                let job = Job::new($name, $self_adjoint, k, which, self.options);
                let start = <$Choice as EigenvaluesOf<Number<A>>>::start(start);
                let callback = &mut self.callback;
                let mut observer = |i: &crate::algorithms::Iteration| callback.observe(i);
                let mut inverse = self.inverse.products();
                let inverse = inverse.as_mut().map(|inverse| &mut **inverse as &mut dyn BlockProducts<V>);
                let found = restarted_on(&job, a, inverse, &start, Some(&mut observer))?;
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
    pub name: &'static str,
    pub self_adjoint: bool,
    pub k: usize,
    pub which: Which,
    pub options: Options,
}
impl Job {
    pub fn new(name: &'static str, self_adjoint: bool, k: usize, which: Which, options: Options) -> Self {
        Job { name, self_adjoint, k, which, options }
    }
}

/// The loop for operators of the host: see [`restarted_on`].
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
    let mut inverse = inverse.map(|inverse| Action::new(job.name, inverse, 1));
    let inverse = inverse.as_mut().map(|inverse| inverse as &mut dyn BlockProducts<[T]>);
    restarted_on(job, &mut Action::new(job.name, a, 16), inverse, start, observer)
}
/// The operator whose Krylov space is built: A, or its inverse.
pub(super) fn looped<'s, V: Columns + ?Sized>(
    a: &'s mut dyn BlockProducts<V>,
    inverse: &'s mut Option<&mut dyn BlockProducts<V>>,
) -> &'s mut dyn BlockProducts<V> {
    match inverse {
        Some(inverse) => &mut **inverse,
        None => a,
    }
}
/// The loop, compiled once per type of vectors. With `inverse` = (A - s I)^-1 it runs with that and returns eigenvalues of A. The block is as
/// wide as there are vectors in `start`.
///
/// Workspace: m + p vectors v; w; once what has converged is verified, k vectors, of which the host gets a copy.
///
/// # Errors
/// As [`Lanczos`].
fn restarted_on<T: SpectralNumber, V: Columns<Scalar = T> + ?Sized>(
    job: &Job,
    a: &mut dyn BlockProducts<V>,
    mut inverse: Option<&mut dyn BlockProducts<V>>,
    start: &[T],
    observer: Option<Observer<'_>>,
) -> Result<Found<T>> {
    let n = arguments::<T>(job.name, a.shape(), job.k, job.which)?;
    let started = starts(job.name, n, start)?;
    tolerance(job.name, job.options.tol)?;
    if let Some(inverse) = &inverse {
        if inverse.shape() != (n, n) {
            return Err(Error::ShapeMismatch { op: "inverse", left: (n, n), right: inverse.shape() });
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
        true => Start::new(looped(a, &mut inverse), &start[..started * n])?,
        false => Start::block(a, &start[..started * n])?,
    };
    let p = block.max(start.width);
    let least = (k + p + 2).max(start.given + 2);
    let m = job.options.restart.unwrap_or((2 * k + 2 * p + 8).max(24)).max(least);
    if m + p >= n {
        return small::dense(a, job.self_adjoint, k, job.which);
    }
    let (tol, strict) = (job.options.tol.unwrap_or(default_tol::<T>()), job.options.tol.is_some());
    let max_iters = job.options.max_iters.unwrap_or(1000);
    let mut watcher = Watcher::new(job.name, tol, max_iters, job.options.progress, observer);
    if k == 0 {
        let verify_with = Verify { self_adjoint: job.self_adjoint, norm: 0.0, tol, strict };
        return verify_with.finish(a, Vec::new(), Vectors::Same(Vec::new()), watcher);
    }
    watcher.begin(max_iters)?;
    // the place that an inverse is taken at
    let shift = job.which.shift().filter(|_| inverse.is_some());
    let which = if shift.is_some() { Which::LargestMagnitude } else { job.which };
    let mut space = Space::new(job, a, n, m, p, start)?;
    let mut ritz = Ritz::new(job.self_adjoint, m, k);
    // copies of multiple eigenvalues are looked for once everything has converged, until a search finds none
    let searches = job.self_adjoint && block == 1;
    let (mut before, mut search_from) = (Vec::<f64>::with_capacity(k), None);
    // |A|, and that of the operator in the loop, from below: an inverse shows nothing of the first
    let mut norm = if shift.is_some() { largest(a, n, job.options.seed)? } else { 0.0 };
    let mut top = 0.0_f64;
    let mut trials = Trials::new();
    loop {
        space.expand(looped(a, &mut inverse), m)?;
        ritz.update(which, &space)?;
        (0..m).for_each(|i| top = top.max(ritz.value(i).abs().lane_f64(0)));
        norm = if shift.is_some() { norm } else { top };
        // what a search is about to drop of the residuals, or has dropped, comes back enlarged by A - s I; else it is a part of the pairs
        let enlarged = match shift.filter(|_| searches) {
            Some(s) => space.enlarged(a, s)?,
            None => 0.0,
        };
        let (mut worst, mut converged) = (0.0_f64, 0);
        for i in 0..k {
            let (r, size) = (space.residual(&ritz, i), ritz.value(i).abs().lane_f64(0));
            let mut part = r / threshold::<T>(tol, size, top);
            if let Some(s) = shift {
                // the residual of A itself: see `Space::pairs`
                let value = from_inverse(s, ritz.value(i)).abs().lane_f64(0);
                part = part.max(r * enlarged.max(1.0 / size) / (size * threshold::<T>(tol, value, norm.max(value))));
            }
            // r is 0 where the space is invariant
            let part = if r == 0.0 { 0.0 } else { part };
            worst = worst.max(tol * part);
            converged += usize::from(part <= trials.claim);
        }
        let stop = watcher.note(worst);
        // nothing that is still moving can pass the last one; the search takes no longer than what came before it
        let last_chance = stop || watcher.iterations >= max_iters;
        let tired = search_from.is_some_and(|from: usize| last_chance || watcher.iterations - from >= from.max(20));
        let looked = !searches || search_from.is_some();
        let behind = |last: usize, candidate: usize, which: Which| {
            let next = space.residual(&ritz, candidate);
            let value = |i: usize| ritz.value(i).re().lane_f64(0);
            which.lead(value(last), value(candidate)) > next || next <= threshold::<T>(tol, top, top)
        };
        let settled = looked
            && (!job.self_adjoint || tired || {
                match which {
                    // by turns from above and from below: the last but one is of the other end
                    Which::BothEnds => (k.max(2)..k + 2).all(|c| {
                        let end = if c % 2 == 0 { Which::LargestAlgebraic } else { Which::SmallestAlgebraic };
                        behind(c - 2, c, end)
                    }),
                    which => behind(k - 1, k, which),
                }
            });
        // a search that found a copy has moved a value
        let moved = (0..before.len())
            .any(|i| (ritz.value(i).re().lane_f64(0) - before[i]).abs() > 2.0 * threshold::<T>(tol, top, top));
        let again = searches && settled && !tired && moved;
        let mut residual = worst;
        let met = converged == k || last_chance && worst <= tol;
        if met && settled && !again {
            let (values, vectors) = space.pairs(a, &ritz, k, shift)?;
            let verify_with = Verify { self_adjoint: job.self_adjoint, norm, tol, strict };
            let (found, true_residual) = verify_with.judge(a, values, vectors)?;
            if true_residual <= slack(strict) * tol {
                return Ok(sorted(found, job.which).reported(true_residual, watcher));
            }
            residual = true_residual;
            if last_chance || !trials.failed(true_residual) {
                return Err(found.vectors.kept_in(n, watcher.not_converged(true_residual)));
            }
        }
        if last_chance {
            let e = watcher.not_converged(residual);
            // Ritz vectors of the operator in the loop: of these `Start` makes the space again
            return Err(space.pairs(a, &ritz, k, None)?.1.kept_in(n, e));
        }
        if converged == k && (searches && search_from.is_none() || again) {
            before.clear();
            before.extend((0..k).map(|i| ritz.value(i).re().lane_f64(0)));
            search_from = Some(watcher.iterations);
            space.restart(&mut ritz, k, false);
            space.refresh(k)?;
        } else {
            // Stathopoulos, Saad & Wu (SISC 19, 1998): more than k vectors kept converge faster
            space.restart(&mut ritz, (k + converged / 2 + (m - k) * 2 / 5).min(m - 2), true);
        }
    }
}
/// |A| from below by two products, for the rounding of residuals.
pub(super) fn largest<V: Columns + ?Sized>(a: &mut dyn BlockProducts<V>, n: usize, seed: u64) -> Result<f64> {
    let (mut x, mut y) = (a.zeros(n)?, a.zeros(n)?);
    x.write(|x| Stream::new(seed, u64::MAX).normal(x));
    let mut size = 0.0;
    for _ in 0..2 {
        let norm = x.norm();
        normalise(&mut *x, norm);
        a.apply(&x, &mut y, 1)?;
        size = y.norm().lane_f64(0);
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
