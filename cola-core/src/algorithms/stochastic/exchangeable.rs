//! XTrace and XNysTrace: every test vector serves the low-rank part and the residual, by leaving one out.
//!
//! Epperly, Tropp & Webber, XTrace: making the most of every sample in stochastic trace estimation, SIMAX 45, 2024, with the normalised
//! test vectors of section 2.4. Letters of the paper. Deviation: the leave-one-out estimates are written out per vector; a sketch that
//! is rank-deficient has caught the whole range of A, and the exact trace is returned.

use super::{BLOCK, Estimate, Moments, adaptive, estimator, square, trace_by};
use crate::algorithms::blocks::{inner, multiply, project};
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

/// tr A by the exchangeable estimator: all vectors but one approximate A, the last one estimates the rest, by turns.
///
/// The error falls as fast as the spectrum decays. The variance that is said is unbiased: the leave-one-out values t_i share their vectors, but
/// given all vectors but i and j the values t_ij and t_ji with both left out of the basis are independent, so that
/// cov(t_i, t_j) = E (t_i - t_ij)(t_j - t_ji), and to their spread the mean of these products is added (where it is positive). Within a fifth of
/// the true error on all families of `tests/estimates.rs`; of few vectors and eigenvalues that fall fast it is known badly itself (60 products,
/// condition number 1e6 and more with n = 100: 0.6 % of the results outside of four of them).
///
/// # Cost
/// m products, half with random vectors and half with their orthonormal basis; 3 m / 2 vectors and 4 n m^2 + 3 m^3 operations.
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
/// The reported error is made as [`XTrace`](crate::XTrace) says, and 8 % larger, as the values are skewed.
///
/// # Cost
/// m products; 3 m vectors and 3 n m^2 operations.
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
        let mut all = Vec::with_capacity(k * k);
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
            all.extend(s);
        }
        let small = Sketch { n, k, h: &h, r: &r, w: &w, t: &t, s: &all, squares: &squares };
        let std_error = together(k, moments.std_error(), small.covariance());
        Ok(Estimate { value: moments.mean, std_error, probes: 2 * k })
    })
}
/// The standard error of the mean of k exchangeable values from that of independent ones and their covariance. That is known badly: where it
/// comes out negative, it counts as none. As wide as Student's distribution, the spread being known from k values only.
fn together(k: usize, std_error: f64, covariance: f64) -> f64 {
    (student(k) * (std_error * std_error + covariance.max(0.0))).sqrt()
}
/// The variance of Student's distribution with k - 1 degrees of freedom; of three values and fewer, which have none, 4.
pub(super) fn student(k: usize) -> f64 {
    if k > 3 { (k - 1) as f64 / (k - 3) as f64 } else { 4.0 }
}
/// How much more is said than is estimated where the values are skewed: measured, `tests/estimates.rs`.
pub(super) const SKEWED: f64 = 1.08;
/// The mean over pairs i != j of (t_i - t_ij) conj(t_j - t_ji), for values by index.
fn mean_product<T: Scalar>(k: usize, differences: &[T]) -> f64 {
    let mut sum = T::Re::zero();
    for i in 0..k {
        for j in 0..i {
            sum += (differences[i * k + j] * differences[j * k + i].conj()).re();
        }
    }
    2.0 * sum.lane_f64(0) / (k * (k - 1)) as f64
}
/// The small matrices of [`XTrace`]: A Omega = Q R, H = Q^H A Q, W = Q^H Omega, T = (A Q)^H Omega, S the directions that are left out, and
/// the squares of the lengths of Omega.
struct Sketch<'a, T> {
    n: usize,
    k: usize,
    h: &'a [T],
    r: &'a [T],
    w: &'a [T],
    t: &'a [T],
    s: &'a [T],
    squares: &'a [T],
}
impl<T: Scalar> Sketch<'_, T> {
    /// cov(t_i, t_j).
    fn covariance(&self) -> f64 {
        let k = self.k;
        let (hs, hw) = (multiply((k, k, k), self.h, self.s), multiply((k, k, k), self.h, self.w));
        let column = |a: &'_ [T], i: usize| -> Vec<T> { a[i * k..][..k].to_vec() };
        let mut differences = vec![T::zero(); k * k];
        let (mut v, mut hv) = (vec![T::zero(); k], vec![T::zero(); k]);
        let (mut c2, mut hc2) = (vec![T::zero(); k], vec![T::zero(); k]);
        for i in 0..k {
            // without i: c = (I - s s^H) w, H c, and what the trace loses
            let (s, hs_i, w) = (column(self.s, i), column(&hs, i), column(self.w, i));
            let (mut c, mut hc, a) = (w.clone(), column(&hw, i), s[..].dot(&w[..]));
            c[..].axpy(-a, &s);
            hc[..].axpy(-a, &hs_i);
            let lost = s[..].dot(&hs_i[..]);
            let one = self.value(i, &c, &hc, k - 1) - lost;
            for j in (0..k).filter(|&j| j != i) {
                // without j too: the part of s_j that is orthogonal to s_i
                let (s_j, hs_j) = (&self.s[j * k..][..k], &hs[j * k..][..k]);
                let b = s[..].dot(s_j);
                v.copy_from_slice(s_j);
                v[..].axpy(-b, &s);
                hv.copy_from_slice(hs_j);
                hv[..].axpy(-b, &hs_i);
                let size = v[..].norm();
                if !(size.lane_f64(0) > T::Re::epsilon().lane_f64(0).sqrt()) {
                    continue;
                }
                let unit = T::from_re(T::Re::real(1.0) / size);
                v[..].scale(unit);
                hv[..].scale(unit);
                let a = v[..].dot(&w[..]);
                c2.copy_from_slice(&c);
                c2[..].axpy(-a, &v);
                hc2.copy_from_slice(&hc);
                hc2[..].axpy(-a, &hv);
                let two = self.value(i, &c2, &hc2, k - 2) - lost - v[..].dot(&hv[..]);
                differences[i * k + j] = one - two;
            }
        }
        mean_product(k, &differences)
    }
    /// What vector i says of the trace behind a basis of `rank` vectors, in which it is c: (n - rank) x^H A x / |x|^2 with x = omega - Q c.
    fn value(&self, i: usize, c: &[T], hc: &[T], rank: usize) -> T {
        let k = self.k;
        let (w, t, r) = (&self.w[i * k..][..k], &self.t[i * k..][..k], &self.r[i * k..][..k]);
        let rest = w.dot(r) - t.dot(c) - c.dot(r) + c.dot(hc);
        let length = self.squares[i].re() - c.dot(c).re();
        rest.scale(T::Re::real((self.n - rank) as f64) / length)
    }
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
    s[i] = T::one() / r[i * k + i].conj();
    for j in i + 1..k {
        let sum = (i..j).fold(T::zero(), |sum, l| sum + r[j * k + l].conj() * s[l]);
        s[j] = -(sum / r[j * k + j].conj());
    }
    let size = s[..].norm();
    normalise(&mut s[..], size);
    s
}

/// [`XNysTrace`], compiled once per type of vectors. Workspace: Omega, Y, Z = Y H^-1, and k x k matrices.
///
/// With H = Omega^H A Omega and M = H^-1 the Nystrom approximation without vector i is Y M Y^H - z_i z_i^H / M_ii, z_i = Y M e_i, and
/// omega_i^H (A - that) omega_i = 1 / M_ii.
fn xnystrace<V: Columns + ?Sized>(
    a: &mut dyn BlockProducts<V>,
    options: Options,
    observer: Observer<'_>,
) -> Result<Estimate<V::Scalar>> {
    let n = square::<V::Scalar>(XNYSTRACE, a.shape(), options)?;
    let zeros = |numbers: usize| vec![V::Scalar::zero(); numbers];
    adaptive((XNYSTRACE, n, 16), options, observer, a, |a, probes| {
        let k = probes.max(2);
        if k > n {
            return super::exact(a);
        }
        let (omega, mut y) = sketch(a, k, options.seed)?;
        // A + nu I, so that rounding leaves H positive definite; tr(nu I) is taken off at the end
        let nu = VectorRe::<V>::epsilon().lane_f64(0) * (n as f64).sqrt() * y.norm().lane_f64(0);
        if nu == 0.0 {
            return Ok(Estimate { value: V::Scalar::zero(), std_error: 0.0, probes: k });
        }
        y.axpy(V::Scalar::of(nu), &omega);
        let (l, d) = factors(k, gram::<V>(n, &omega, &y))?;
        let m = inverse(k, &l, &d);
        let mut z = a.copied(&y)?;
        V::divide(n, &mut z, &l, &d, &mut *a.zeros(n)?);
        let (l, d) = factors(k, gram::<V>(n, &omega, &omega))?;
        let g = inverse(k, &l, &d);
        let (mut yz, mut squares, mut zz) = (zeros(k), zeros(k), zeros(k * k));
        V::dots(n, &y, &z, &mut yz);
        V::dots(n, &z, &z, &mut squares);
        V::inner(n, &z, &z, &mut zz);
        let whole = yz.iter().fold(V::Scalar::zero(), |s, &yz| s + yz);
        let mut moments = Moments::new();
        for i in 0..k {
            let rest = VectorRe::<V>::real(1.0) / m[i * (k + 1)].re();
            // |(I - P) omega|^2 = 1 / (G^-1)_ii
            let scale = VectorRe::<V>::real((n - k + 1) as f64) * g[i * (k + 1)].re();
            let out = whole.re() - squares[i].re() * rest + scale * rest - VectorRe::<V>::real(nu * n as f64);
            moments.add(V::Scalar::from_re(out));
        }
        let mut differences = zeros(k * k);
        for i in 0..k {
            for j in (0..k).filter(|&j| j != i) {
                differences[i * k + j] = V::Scalar::from_re(without_two((n, k), (i, j), &m, &g, &zz));
            }
        }
        // the values are skewed where eigenvalues fall fast
        let std_error = SKEWED * together(k, moments.std_error(), mean_product(k, &differences));
        Ok(Estimate { value: moments.mean, std_error, probes: k })
    })
}
/// t_i - t_ij of [`XNysTrace`]: with i and j left out the approximation loses Z_ij (M_ij)^-1 Z_ij^H of the two columns, and of the inverses
/// without j, M_ii - |M_ij|^2 / M_jj is what M_ii was.
fn without_two<T: Scalar>((n, k): (usize, usize), (i, j): (usize, usize), m: &[T], g: &[T], zz: &[T]) -> T::Re {
    let at = |a: &[T], i: usize, j: usize| a[i + j * k];
    let re = |a: &[T], i: usize| a[i * (k + 1)].re();
    let less = |a: &[T]| re(a, i) - at(a, i, j).abs_sq() / re(a, j);
    let dimension = |rank: usize| T::Re::real((n - rank) as f64);
    // tr of the inverse of [M_ii M_ij; M_ji M_jj] times [zz_ii zz_ij; zz_ji zz_jj]
    let cross = (at(m, i, j) * at(zz, j, i)).re();
    let lost = (re(m, j) * re(zz, i) + re(m, i) * re(zz, j) - cross - cross) / (less(m) * re(m, j));
    let one = dimension(k - 1) * re(g, i) / re(m, i) - re(zz, i) / re(m, i);
    one - (dimension(k - 2) * less(g) / less(m) - lost)
}
/// The Hermitian part of X^H Y.
fn gram<V: Columns + ?Sized>(n: usize, x: &V, y: &V) -> Vec<V::Scalar> {
    let k = x.size() / n;
    let mut g = vec![V::Scalar::zero(); k * k];
    V::inner(n, x, y, &mut g);
    (0..k * k).map(|i| (g[i] + g[i / k + i % k * k].conj()).scale(VectorRe::<V>::real(0.5))).collect()
}
/// H = L D L^H.
fn factors<T: Scalar>(k: usize, mut h: Vec<T>) -> Result<(Vec<T>, Vec<T::Re>)> {
    let mut d = vec![T::Re::zero(); k];
    kernels::ldl(k, false, &mut h, &mut d).result(|index, pivot| Error::NotPositiveDefinite { index, pivot })?;
    Ok((h, d))
}
/// H^-1.
fn inverse<T: Scalar>(k: usize, l: &[T], d: &[T::Re]) -> Vec<T> {
    let mut eye = vec![T::zero(); k * k];
    (0..k).for_each(|i| eye[i * (k + 1)] = T::one());
    kernels::ldl_solve(k, false, l, d, &mut eye, k);
    eye
}
