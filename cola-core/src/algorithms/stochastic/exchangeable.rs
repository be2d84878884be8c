//! XTrace and XNysTrace: every test vector serves the low-rank part and the residual, by leaving one out.
//!
//! Epperly, Tropp & Webber, XTrace: making the most of every sample in stochastic trace estimation, SIMAX 45, 2024, with the normalised
//! test vectors of section 2.4. Letters of the paper. Deviation: the leave-one-out estimates are written out per vector; a sketch that
//! is rank-deficient has caught the whole range of A, and the exact trace is returned.

use super::{BLOCK, Estimate, Moments, adaptive, estimator, square, trace_by};
use crate::algorithms::blocks::{Action, inner, multiply, project};
use crate::algorithms::columns::{BlockProducts, Columns};
use crate::algorithms::dense as kernels;
use crate::algorithms::random::Stream;
use crate::algorithms::watch::{NoCallback, Observer, Options};
use crate::error::{Error, Result};
use crate::scalar::{Real, Scalar};
use crate::vector::{Vector, VectorRe, normalise};
use num_traits::Zero;

const XTRACE: &str = "XTrace";
const XNYSTRACE: &str = "XNysTrace";
/// The true error over the spread of leave-one-out values, which share their vectors; measured, see [`XTrace`].
const SHARED: f64 = core::f64::consts::SQRT_2;

/// tr A by the exchangeable estimator: all vectors but one approximate A, the last one estimates the rest, by turns.
///
/// The error falls as fast as the spectrum decays. Its estimate is sqrt(2) times the spread of the leave-one-out values: they share their
/// vectors, and the spread alone is too small by that factor (0.65 to 0.75 of the true error on spectra i^-p, p from 1/4 to 1, n = 100, 20
/// to 60 products, 150 seeds each). On other spectra it is off by more (60 products, n = 100, 1000 seeds): up to 1.4 times the true error
/// for matrices far from normal, 0.6 times it for eigenvalues in clusters, where 5 % of the results lie outside of four of them.
///
/// # Cost
/// m products, half with random vectors and half with their orthonormal basis; 3 m / 2 vectors and 4 n m^2 operations.
/// # Errors
/// As [`Hutchinson`](crate::Hutchinson).
/// # Example
/// ```
/// use cola_core::prelude::*;
/// let d: Vec<f64> = (0..300).map(|i| 0.8f64.powi(i)).collect();
/// let t = Diagonal::new(d).trace_with(XTrace::default().rel_tol(1e-2).seed(7))?;
/// assert!((t.value / 5.0 - 1.0).abs() < 4e-2 && t.std_error < 5e-2 && t.probes < 300);
/// # Ok::<(), Error>(())
/// ```
/// # Reference
/// Epperly, Tropp & Webber, SIAM J. Matrix Anal. Appl. 45, 2024, 1-23.
#[derive(Clone, Copy, Debug)]
pub struct XTrace<F = NoCallback> {
    options: Options,
    callback: F,
}
estimator!(XTrace);
trace_by!(XTrace, XTRACE, xtrace);

/// tr A of a positive semidefinite A by the exchangeable estimator with Nystrom approximations.
///
/// The reported error is the geometric mean of two estimates: the spread of the leave-one-out values, which is too small, as they share
/// their vectors, and the jackknife (Efron & Stein, Ann. Statist. 9, 1981), which compares the estimates without one of the vectors and is
/// too large on average. Together they are 1.02 to 1.19 times the true error, on spectra i^-p, p from 1/4 to 3, n = 100 and 400, 10 to 80
/// products, 3000 seeds each; the spread alone needs factors from 1 to 3 there.
///
/// # Cost
/// m products; 3 m vectors and 4 n m^2 operations.
/// # Errors
/// As [`Hutchinson`](crate::Hutchinson), and `NotPositiveDefinite` if A is found to be indefinite.
/// # Example
/// ```
/// use cola_core::prelude::*;
/// let d: Vec<f64> = (0..300).map(|i| 0.8f64.powi(i)).collect();
/// let t = Psd::new(Diagonal::new(d)).trace_with(XNysTrace::default().probes(40))?;
/// assert!((t.value / 5.0 - 1.0).abs() < 1e-2);
/// # Ok::<(), Error>(())
/// ```
/// # Reference
/// Epperly, Tropp & Webber, SIAM J. Matrix Anal. Appl. 45, 2024, section 2.2.
#[derive(Clone, Copy, Debug)]
pub struct XNysTrace<F = NoCallback> {
    options: Options,
    callback: F,
}
estimator!(XNysTrace);
trace_by!(XNysTrace, XNYSTRACE, xnystrace, Psd: PsdOf);

/// Y = A Omega for k normal vectors: (Omega, Y).
fn sketch<V: Columns + ?Sized>(a: &mut dyn BlockProducts<V>, k: usize, seed: u64) -> Result<(V::Owned, V::Owned)> {
    let n = a.shape().0;
    let (mut omega, mut y) = (a.zeros(n * k)?, a.zeros(n * k)?);
    omega.write(|omega| {
        for (j, x) in omega.chunks_exact_mut(n).enumerate() {
            Stream::new(seed, j as u64).normal(x);
        }
    });
    apply_all(a, &omega, &mut y)?;
    Ok((omega, y))
}
/// Y <- A X, a block of columns after another.
fn apply_all<V: Columns + ?Sized>(a: &mut dyn BlockProducts<V>, x: &V, y: &mut V) -> Result<()> {
    let n = a.shape().0;
    for first in (0..x.size()).step_by(BLOCK * n) {
        let block = first..x.size().min(first + BLOCK * n);
        a.apply(&x.part(block.clone()), &mut y.part_mut(block.clone()), block.len() / n)?;
    }
    Ok(())
}

/// [`XTrace`], compiled once per type of vectors. Workspace: Omega, Q and A Q, and k x k matrices.
fn xtrace<V: Columns + ?Sized>(
    a: &mut dyn BlockProducts<V>,
    options: Options,
    observer: Observer<'_>,
) -> Result<Estimate<V::Scalar>> {
    let n = square::<V::Scalar>(XTRACE, a.shape(), options)?;
    let zeros = |numbers: usize| vec![V::Scalar::zero(); numbers];
    adaptive((XTRACE, n, 32), options, observer, a, |a, m| {
        let k = (m / 2).max(2);
        if k > n {
            return super::exact(a);
        }
        let (omega, mut q) = sketch(a, k, options.seed)?;
        let (r, rank) = qr(n, &mut *q);
        let q = q.part(0..n * rank);
        let mut z = a.zeros(n * rank)?;
        apply_all(a, &q, &mut z)?;
        let mut h = zeros(rank * rank);
        V::inner(n, &q, &z, &mut h);
        let trace_h = (0..rank).fold(V::Scalar::zero(), |s, i| s + h[i * (rank + 1)]);
        if rank < k {
            return Ok(Estimate { value: trace_h, std_error: 0.0, probes: k + rank });
        }
        let (mut w, mut t, mut squares) = (zeros(k * k), zeros(k * k), zeros(k));
        V::inner(n, &q, &omega, &mut w);
        V::inner(n, &z, &omega, &mut t);
        V::dots(n, &omega, &omega, &mut squares);
        let mut moments = Moments::new();
        let (mut hs, mut hw, mut hhw) = (zeros(k), zeros(k), zeros(k));
        for i in 0..k {
            let (w, t, r_i) = (&w[i * k..][..k], &t[i * k..][..k], &r[i * k..][..k]);
            let s = left_out(k, &r, i);
            hs.copy_from_slice(&multiply((k, k, 1), &h, &s));
            hw.copy_from_slice(&multiply((k, k, 1), &h, w));
            inner(k, &h, w, &mut hhw);
            let (sw, shs) = (s[..].dot(w), s[..].dot(&hs));
            let sr = s[..].dot(r_i) - s[..].dot(&hw);
            // omega^H (I - P) A (I - P) omega
            let rest = w.dot(&hw[..]) - t.dot(w)
                + sw.conj() * sr
                + shs.scale(sw.abs_sq())
                + sw * (t.dot(&s[..]) - hhw[..].dot(&s));
            // the direction of (I - P) omega is uniform on a sphere: only its length is taken out
            let length = squares[i].re() - w.dot(w).re() + sw.abs_sq();
            let scale = VectorRe::<V>::real((n - k + 1) as f64) / length;
            moments.add(trace_h - shs + rest.scale(scale));
        }
        Ok(Estimate { value: moments.mean, std_error: SHARED * moments.std_error(), probes: 2 * k })
    })
}
/// Y = Q R in place, by Gram-Schmidt twice; stops where a column depends on those before it: (R, columns of Q).
pub(super) fn qr<V: Columns + ?Sized>(n: usize, y: &mut V) -> (Vec<V::Scalar>, usize) {
    let k = y.size() / n.max(1);
    let (mut r, mut c) = (vec![V::Scalar::zero(); k * k], vec![V::Scalar::zero(); k]);
    let tiny = 1e3 * VectorRe::<V>::epsilon().lane_f64(0);
    for j in 0..k {
        let (old, mut x) = y.before(n, j);
        let before = x.norm().lane_f64(0);
        let mut after = VectorRe::<V>::zero();
        for _ in 0..2 {
            after = project(&*old, &mut *x, &mut r[j * k..][..j], &mut c).1;
        }
        if !(after.lane_f64(0) > tiny * before) {
            return (r, j);
        }
        normalise(&mut *x, after);
        r[j * k + j] = V::Scalar::from_re(after);
    }
    (r, k)
}
/// The unit vector orthogonal to all columns of R but column i: R^-H e_i, normalised.
pub(super) fn left_out<T: Scalar>(k: usize, r: &[T], i: usize) -> Vec<T> {
    let mut s = vec![T::zero(); k];
    s[i] = r[i * k + i].conj().reciprocal();
    for j in i + 1..k {
        let sum = (i..j).fold(T::zero(), |sum, l| sum + r[j * k + l].conj() * s[l]);
        s[j] = -sum.divided_by(r[j * k + j].conj());
    }
    let size = s[..].norm();
    normalise(&mut s[..], size);
    s
}

/// [`XNysTrace`], compiled once per number type. Workspace: Omega, Y, Z = Y H^-1, and k x k matrices.
///
/// With H = Omega^H A Omega and M = H^-1 the Nystrom approximation without vector i is Y M Y^H - z_i z_i^H / M_ii, z_i = Y M e_i, and
/// omega_i^H (A - that) omega_i = 1 / M_ii.
fn xnystrace<T: Scalar>(a: &mut Action<'_, T>, options: Options, observer: Observer<'_>) -> Result<Estimate<T>> {
    let n = square::<T>(XNYSTRACE, a.shape(), options)?;
    adaptive((XNYSTRACE, n, 16), options, observer, a, |a, m| {
        let k = m.max(2);
        if k > n {
            return super::exact(a);
        }
        let (omega, mut y) = sketch::<[T]>(a, k, options.seed)?;
        // A + nu I, so that rounding leaves H positive definite; tr(nu I) is taken off at the end
        let nu = T::Re::epsilon().lane_f64(0) * (n as f64).sqrt() * y[..].norm().lane_f64(0);
        if nu == 0.0 {
            return Ok(Estimate { value: T::zero(), std_error: 0.0, probes: k });
        }
        y[..].axpy(T::of(nu), &omega);
        let h = gram(n, &omega, &y);
        let (z, m) = solved(n, k, &h, &y)?;
        let (_, g) = solved(n, k, &gram(n, &omega, &omega), &[])?;
        let diagonal = |a: &[T], i: usize| a[i * (k + 1)].re();
        let whole = y.chunks_exact(n).zip(z.chunks_exact(n)).fold(T::zero(), |s, (y, z)| s + y.dot(z));
        let mut moments = Moments::new();
        for i in 0..k {
            let z = &z[i * n..][..n];
            let rest = T::Re::real(1.0) / diagonal(&m, i);
            // |(I - P) omega|^2 = 1 / (G^-1)_ii
            let scale = T::Re::real((n - k + 1) as f64) * diagonal(&g, i);
            let out = whole.re() - z.dot(z).re() * rest + scale * rest - T::Re::real(nu * n as f64);
            moments.add(T::from_re(out));
        }
        let jackknife = jackknife((n, k), &m, &g, &gram(n, &z, &z));
        let std_error = (moments.std_error() * jackknife).sqrt();
        Ok(Estimate { value: moments.mean, std_error, probes: k })
    })
}
/// The jackknife's standard error of [`XNysTrace`], from M = H^-1, the inverse of Omega^H Omega and Z^H Z: as in [`xnystrace`], with the
/// blocks of two vectors i and j in the place of the numbers of one.
fn jackknife<T: Scalar>((n, k): (usize, usize), m: &[T], g: &[T], z: &[T]) -> f64 {
    let epsilon = T::Re::epsilon().lane_f64(0);
    let real = |a: &[T], i: usize| a[i * (k + 1)].re().lane_f64(0);
    // of the block of i and j; positive but for rounding
    let determinant = |a: &[T], i: usize, j: usize| {
        let product = real(a, i) * real(a, j);
        (product - a[i + k * j].abs_sq().lane_f64(0)).max(epsilon * product)
    };
    let mut without = Moments::<f64>::new();
    for i in 0..k {
        let mut mean = 0.0;
        for j in (0..k).filter(|&j| j != i) {
            let of_m = determinant(m, i, j);
            let both = 2.0 * (m[i + k * j] * z[i + k * j].conj()).re().lane_f64(0);
            let trace = (real(m, j) * real(z, i) + real(m, i) * real(z, j) - both) / of_m;
            let outside = real(g, i) / determinant(g, i, j);
            mean += (n - k + 2) as f64 * real(m, i) / (of_m * outside) - trace;
        }
        without.add(mean / (k - 1) as f64);
    }
    // (k - 1) / k times the sum of squares
    without.std_error() * (k - 1) as f64
}
/// The Hermitian part of X^H Y.
fn gram<T: Scalar>(n: usize, x: &[T], y: &[T]) -> Vec<T> {
    let k = x.len() / n;
    let mut g = vec![T::zero(); k * k];
    inner(n, x, y, &mut g);
    (0..k * k).map(|i| (g[i] + g[i / k + i % k * k].conj()).scale(T::Re::real(0.5))).collect()
}
/// Y H^-1 of n x k, and H^-1.
fn solved<T: Scalar>(n: usize, k: usize, h: &[T], y: &[T]) -> Result<(Vec<T>, Vec<T>)> {
    let (mut l, mut d) = (h.to_vec(), vec![T::Re::zero(); k]);
    kernels::ldl(k, false, &mut l, &mut d).result(|index, pivot| Error::NotPositiveDefinite { index, pivot })?;
    let mut inverse = vec![T::zero(); k * k];
    (0..k).for_each(|i| inverse[i * (k + 1)] = T::one());
    kernels::ldl_solve(k, false, &l, &d, &mut inverse, k);
    if y.is_empty() {
        return Ok((Vec::new(), inverse));
    }
    // by rows: H (row of Z)^H = (row of Y)^H
    let mut rows: Vec<T> = (0..n * k).map(|i| y[i / k + i % k * n].conj()).collect();
    kernels::ldl_solve(k, false, &l, &d, &mut rows, n);
    Ok(((0..n * k).map(|i| rows[i / n + i % n * k].conj()).collect(), inverse))
}
