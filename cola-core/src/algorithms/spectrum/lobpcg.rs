//! LOBPCG for the ends of the spectrum of self-adjoint operators, with a preconditioner.
//!
//! Knyazev, Toward the optimal preconditioned eigensolver: locally optimal block preconditioned conjugate gradient method, SISC 23, 2001.
//! Deviations: the trial basis [X P W] is kept orthonormal, P in coordinates (Hetmaniuk & Lehoucq, J. Comput. Phys. 218, 2006), so that
//! the small problem is an ordinary one; pairs that have converged no longer contribute to W but stay in X; a few more vectors than asked
//! for are carried along.

use super::small::eigh;
use super::{Eigs, EigsAlgorithm, Found, SpectralNumber, Vectors, Verify, Which, arguments, small, threshold};
use crate::algorithms::blocks::{Action, add_product, inner, orthonormalise};
use crate::algorithms::krylov::{NoPreconditioner, Preconditioner, preconditioned, tolerance};
use crate::algorithms::random::Stream;
use crate::algorithms::watch::{Callback, NoCallback, Observer, Options, Watcher, default_tol, watched};
use crate::error::{Error, Result};
use crate::facts::{Facts, SelfAdjointOf};
use crate::operator::{DynOperator, LinearOperator};
use crate::scalar::{Real, Scalar};
use crate::vector::Vector;

const NAME: &str = "LOBPCG";

/// Smallest or largest eigenvalues of a self-adjoint operator, in blocks, with a preconditioner near the inverse of A.
///
/// # Input
/// A with the fact self-adjoint; P positive definite; `Which::SmallestAlgebraic` or `LargestAlgebraic`.
/// # Cost
/// Per iteration one product with A and P per pair that has not converged, and about 36 n b^2 operations for a block of b; 6 b
/// vectors, and b more at the start of an iteration. k products to verify.
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
pub struct Lobpcg<P = NoPreconditioner, F = NoCallback> {
    options: Options,
    preconditioner: P,
    callback: F,
}
impl Default for Lobpcg {
    fn default() -> Self {
        Lobpcg { options: Options::default(), preconditioner: NoPreconditioner, callback: NoCallback }
    }
}
impl<P, F> Lobpcg<P, F> {
    /// Wanted |A v - s v| / |s|, where eigenvalues below 100 eps |A| / tol count as that large. Default: 1e-10, in single
    /// precision 1e-5.
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
watched!(Lobpcg<P> preconditioner);
preconditioned!(Lobpcg);

impl<A, P, F> EigsAlgorithm<A> for Lobpcg<P, F>
where
    A: LinearOperator<Scalar: SpectralNumber>,
    <A::Facts as Facts>::SelfAdjoint: SelfAdjointOf<A>,
    P: Preconditioner<A::Scalar>,
    F: Callback,
{
    type Value = <A::Scalar as Scalar>::Re;
    type Entry = A::Scalar;
    fn eigs(&mut self, a: &A, k: usize, which: Which) -> Result<Eigs<Self::Value, Self::Entry>> {
        let callback = &mut self.callback;
        let mut observer = |i: &crate::algorithms::Iteration| callback.observe(i);
        Ok(lobpcg(a, self.preconditioner.operator(), k, which, self.options, Some(&mut observer))?.real())
    }
}

/// [`Lobpcg`], compiled once per number type.
///
/// Workspace: S = [X P W] and A S, 3 b vectors each, and as many for their update.
fn lobpcg<T: SpectralNumber>(
    a: &dyn DynOperator<T>,
    p: Option<&dyn DynOperator<T>>,
    k: usize,
    which: Which,
    options: Options,
    observer: Option<Observer<'_>>,
) -> Result<Found<T>> {
    let n = arguments(NAME, a, k, which)?;
    tolerance(NAME, options.tol)?;
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
    let mut act = Action::new(NAME, a, block.max(16));
    if 3 * block >= n {
        return small::dense(&mut act, true, k, which);
    }
    let mut precondition = p.map(|p| Action::new(NAME, p, block));
    let tol = options.tol.unwrap_or(default_tol::<T>());
    let max_iters = options.max_iters.unwrap_or(1000);
    let mut watcher = Watcher::new(NAME, tol, max_iters, options.progress, observer);
    let mut s = vec![T::zero(); 3 * block * n];
    let mut a_s = vec![T::zero(); 3 * block * n];
    let mut next = vec![T::zero(); 3 * block * n];
    for j in 0..block {
        Stream::new(options.seed, j as u64).normal(&mut s[j * n..][..n]);
    }
    let b = orthonormalise(n, &[], &mut s[..block * n], 1e-8);
    act.apply(&s[..b * n], &mut a_s[..b * n], b)?;
    // columns of X, P, W
    let (mut in_p, mut in_w) = (0, 0);
    let mut norm = 0.0_f64;
    loop {
        // Rayleigh-Ritz on [X P W]
        let d = b + in_p + in_w;
        let mut g = vec![T::zero(); d * d];
        inner(n, &s[..d * n], &a_s[..d * n], &mut g);
        let symmetric: Vec<T> =
            (0..d * d).map(|i| (g[i] + g[i / d + i % d * d].conj()).scale(T::Re::real(0.5 * sign))).collect();
        let (w, c) = eigh(d, &symmetric)?;
        w.iter().for_each(|w| norm = norm.max(w.abs().lane_f64(0)));
        // P: the part of the new X that is not in the old one, made orthogonal to the new X in coordinates
        let mut c_p = c[..b * d].to_vec();
        c_p.chunks_exact_mut(d).for_each(|c| c[..b].fill(T::zero()));
        in_p = if d > b { orthonormalise(d, &c[..b * d], &mut c_p, 1e-8) } else { 0 };
        for x in [&mut s, &mut a_s] {
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
            let done = size <= 0.5 * wanted;
            if j < k {
                worst = worst.max(tol * size / wanted);
                converged += usize::from(done);
            }
            in_w += usize::from(!done);
        }
        let stop = watcher.note(worst);
        if converged == k {
            let values = (0..k).map(|j| T::from_re(w[j]).scale(T::Re::real(sign)).widen()).collect();
            s.truncate(k * n);
            return Verify { self_adjoint: true, norm, tol, watcher }.finish(&mut act, values, Vectors::Same(s));
        }
        if stop || watcher.iterations >= max_iters {
            return Err(watcher.not_converged(worst));
        }
        if let Some(p) = &mut precondition {
            p.apply(&rest[..in_w * n], &mut next[..in_w * n], in_w)?;
            rest[..in_w * n].copy_from_slice(&next[..in_w * n]);
        }
        in_w = orthonormalise(n, x, &mut rest[..in_w * n], 1e-10);
        if in_w == 0 {
            return Err(watcher.not_converged(worst));
        }
        let first = (b + in_p) * n;
        act.apply(&s[first..first + in_w * n], &mut a_s[first..first + in_w * n], in_w)?;
    }
}
/// Iterations between fresh products of A X.
const REFRESH: usize = 20;
