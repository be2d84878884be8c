//! The matrix exponential.

use super::small::size;
use crate::error::{Error, Result, check};
use crate::scalar::{Mask, Real, Scalar};
use crate::view::{View, ViewMut};
use num_traits::Zero;

/// (degree, largest 1-norm for which the diagonal Pade approximant has backward error below 2^-53): Higham 2005, table 2.3.
const DEGREES: [(usize, f64); 5] = [
    (3, 1.495585217958292e-2),
    (5, 2.539398330063230e-1),
    (7, 9.504178996162932e-1),
    (9, 2.097847961257068),
    (13, 5.371920351148152),
];
/// The largest power of two that A is divided by: beyond it e^A overflows or A is not a number.
const MAX_SQUARINGS: i32 = 1100;

/// A <- e^A for any square matrix, column-major: scaling and squaring with the \[m/m\] Pade approximant, m in 3, 5, 7, 9, 13.
///
/// Degree and scaling are chosen on the values (the worst lane), so derivatives pass through. Known weakness: a matrix that is
/// far from normal may be scaled more than it needs and lose some digits.
///
/// Errors: [`Error::NonFinite`] for NaN, infinities and overflow. Cost: 6 to 8 products, one LU, log2 ||A|| products.
/// Higham, SIAM J. Matrix Anal. Appl. 26 (2005) 1179-1193.
pub fn expm<T: Scalar>(n: usize, a: &mut [T]) -> Result<()> {
    let e = scaling_and_squaring(n, &a[..n * n], |_, _| {})?;
    a[..n * n].copy_from_slice(&e);
    Ok(())
}
/// T <- e^T for an upper triangular matrix; the lower triangle is taken and left as zero. The diagonal is made exact in
/// every squaring (Al-Mohy & Higham, SIAM J. Matrix Anal. Appl. 31 (2009), code fragment 2.1).
///
/// Errors and cost as for [`expm`].
pub fn exp_upper<T: Scalar>(n: usize, t: &mut [T]) -> Result<()> {
    super::functions::clear_lower(n, t);
    let diagonal: Vec<T> = (0..n).map(|i| t[i * (n + 1)]).collect();
    let e = scaling_and_squaring(n, &t[..n * n], |e, left| {
        for (i, d) in diagonal.iter().enumerate() {
            e[i * (n + 1)] = d.scale(T::Re::real(0.5f64.powi(left))).exp();
        }
    })?;
    t[..n * n].copy_from_slice(&e);
    Ok(())
}

/// Largest column sum over all lanes, as a value.
pub(super) fn norm1<T: Scalar>(n: usize, a: &[T]) -> f64 {
    let mut most = 0.0;
    for column in a.chunks_exact(n.max(1)) {
        let sum = column.iter().fold(T::Re::zero(), |s, x| s + size(*x));
        for l in 0..T::LANES {
            let s = sum.lane_f64(l);
            most = if s > most { s } else { most };
        }
    }
    most
}
/// a b by faer where it pays.
pub(super) fn mul<T: Scalar>(n: usize, a: &[T], b: &[T]) -> Vec<T> {
    let mut c = vec![T::zero(); n * n];
    let (a, b) = (View::matrix(a, n, n), View::matrix(b, n, n));
    super::gemm((T::one(), false), false, a, b, ViewMut::matrix(&mut c, n, n));
    c
}
/// `fix(e, k)` sees e^(A / 2^k) after each squaring.
fn scaling_and_squaring<T: Scalar>(n: usize, a: &[T], fix: impl Fn(&mut [T], i32)) -> Result<Vec<T>> {
    let finite = a.iter().fold(T::Mask::splat(true), |ok, x| ok & x.finite());
    check::<T>(finite, |_| Error::non_finite("the matrix"))?;
    // bad lanes go on as zero
    let mut a: Vec<T> = a.iter().map(|x| T::select(finite, *x, T::zero())).collect();
    let norm = norm1(n, &a);
    let degree = DEGREES.iter().find(|d| norm <= d.1).map_or(13, |d| d.0);
    let mut squarings = 0;
    if norm > DEGREES[4].1 {
        squarings = ((norm / DEGREES[4].1).log2().ceil() as i32).clamp(0, MAX_SQUARINGS);
        let s = T::Re::real(0.5f64.powi(squarings));
        a.iter_mut().for_each(|x| *x = x.scale(s));
    }
    let mut e = pade(n, &a, degree)?;
    fix(&mut e, squarings);
    for k in (0..squarings).rev() {
        e = mul(n, &e, &e);
        fix(&mut e, k);
    }
    let finite = e.iter().fold(T::Mask::splat(true), |ok, x| ok & x.finite());
    check::<T>(finite, |_| Error::non_finite("the exponential: it overflows"))?;
    Ok(e)
}
/// The \[m/m\] approximant (V - U)^-1 (V + U): U the odd, V the even part of sum b_k A^k.
fn pade<T: Scalar>(n: usize, a: &[T], m: usize) -> Result<Vec<T>> {
    // b_k = (2m - k)! m! / ((2m)! k! (m - k)!), b_0 = 1
    let mut b = vec![1.0f64];
    for k in 0..m {
        b.push(b[k] * (m - k) as f64 / ((2 * m - k) * (k + 1)) as f64);
    }
    let a2 = mul(n, a, a);
    let sum = |terms: &[(f64, &[T])], constant: f64| -> Vec<T> {
        let mut s = vec![T::zero(); n * n];
        for (c, x) in terms {
            let c = T::Re::real(*c);
            s.iter_mut().zip(*x).for_each(|(s, x)| *s += x.scale(c));
        }
        for i in 0..n {
            s[i * (n + 1)] += T::of(constant);
        }
        s
    };
    let (odd, v) = if m == 13 {
        let a4 = mul(n, &a2, &a2);
        let a6 = mul(n, &a4, &a2);
        let high = |k: usize| mul(n, &a6, &sum(&[(b[8 + k], &a2), (b[10 + k], &a4), (b[12 + k], &a6)], 0.0));
        let low = |k: usize, h: &[T]| sum(&[(1.0, h), (b[2 + k], &a2), (b[4 + k], &a4), (b[6 + k], &a6)], b[k]);
        (low(1, &high(1)), low(0, &high(0)))
    } else {
        let mut powers = vec![a2.clone()];
        while powers.len() < m / 2 {
            powers.push(mul(n, &powers[powers.len() - 1], &a2));
        }
        let part = |k: usize| {
            let terms: Vec<_> = powers.iter().enumerate().map(|(p, x)| (b[2 * p + 2 + k], &x[..])).collect();
            sum(&terms, b[k])
        };
        (part(1), part(0))
    };
    let u = mul(n, a, &odd);
    let mut den: Vec<T> = v.iter().zip(&u).map(|(v, u)| *v - *u).collect();
    let mut x: Vec<T> = v.iter().zip(&u).map(|(v, u)| *v + *u).collect();
    let (mut perm, mut scratch) = (vec![T::Re::zero(); n], vec![T::zero(); n]);
    let (out, _) = super::lu(n, false, &mut den, &mut perm);
    out.result(|index, _| Error::Singular { index })?;
    super::lu_solve(n, false, &den, &perm, false, &mut x, n, &mut scratch);
    Ok(x)
}
