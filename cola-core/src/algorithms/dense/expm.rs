//! The matrix exponential.

use super::small::size;
use crate::error::{Error, Result, check};
use crate::operator::with_scratch;
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

/// Squares of n x n numbers that [`expm_in`] and [`exp_upper_in`] work in.
pub const EXP_SQUARES: usize = 6;

/// A <- e^A for any square matrix, column-major: scaling and squaring with the \[m/m\] Pade approximant, m in 3, 5, 7, 9, 13.
///
/// Degree and scaling are chosen on the values (the worst lane), so derivatives pass through. Known weakness: a matrix that is
/// far from normal may be scaled more than it needs and lose some digits.
///
/// Errors: [`Error::NonFinite`] for NaN, infinities and overflow. Cost: 6 to 8 products, one LU, log2 ||A|| products.
/// Higham, SIAM J. Matrix Anal. Appl. 26 (2005) 1179-1193.
pub fn expm<T: Scalar>(n: usize, a: &mut [T]) -> Result<()> {
    expm_in(n, a, &mut vec![T::zero(); EXP_SQUARES * n * n])
}
/// [`expm`] in a workspace of [`EXP_SQUARES`] n^2 numbers; allocates nothing below 40 x 40 where n numbers are at most 8 KiB.
///
/// Errors: as for [`expm`]; A is then arbitrary.
pub fn expm_in<T: Scalar>(n: usize, a: &mut [T], work: &mut [T]) -> Result<()> {
    scaling_and_squaring(n, &mut a[..n * n], work, |_, _| {})
}
/// T <- e^T for an upper triangular matrix; the lower triangle is taken and left as zero. The diagonal is made exact in
/// every squaring (Al-Mohy & Higham, SIAM J. Matrix Anal. Appl. 31 (2009), code fragment 2.1).
///
/// Errors and cost as for [`expm`].
pub fn exp_upper<T: Scalar>(n: usize, t: &mut [T]) -> Result<()> {
    exp_upper_in(n, t, &mut vec![T::zero(); EXP_SQUARES * n * n])
}
/// [`exp_upper`] in a workspace, as [`expm_in`].
///
/// Errors: as for [`expm`]; T is then arbitrary.
pub fn exp_upper_in<T: Scalar>(n: usize, t: &mut [T], work: &mut [T]) -> Result<()> {
    super::functions::clear_lower(n, t);
    with_scratch(n, |diagonal: &mut [T]| {
        (0..n).for_each(|i| diagonal[i] = t[i * (n + 1)]);
        scaling_and_squaring(n, &mut t[..n * n], work, |e, left| {
            for (i, d) in diagonal.iter().enumerate() {
                e[i * (n + 1)] = d.scale(T::Re::real(0.5f64.powi(left))).exp();
            }
        })
    })
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
    mul_into(n, a, b, &mut c);
    c
}
/// c <- a b.
pub(super) fn mul_into<T: Scalar>(n: usize, a: &[T], b: &[T], c: &mut [T]) {
    let (a, b) = (View::matrix(a, n, n), View::matrix(b, n, n));
    super::gemm((T::one(), false), false, a, b, ViewMut::matrix(c, n, n));
}
/// `K` squares of n x n of a workspace.
pub(super) fn squares<T, const K: usize>(n: usize, work: &mut [T]) -> [&mut [T]; K] {
    let mut rest = work;
    core::array::from_fn(|_| {
        let (square, more) = core::mem::take(&mut rest).split_at_mut(n * n);
        rest = more;
        square
    })
}
/// A <- e^A; `fix(e, k)` sees e^(A / 2^k) after each squaring.
fn scaling_and_squaring<T: Scalar>(n: usize, a: &mut [T], work: &mut [T], fix: impl Fn(&mut [T], i32)) -> Result<()> {
    let finite = a.iter().fold(T::Mask::splat(true), |ok, x| ok & x.finite());
    check::<T>(finite, |_| Error::non_finite("the matrix"))?;
    // bad lanes go on as zero
    a.iter_mut().for_each(|x| *x = T::select(finite, *x, T::zero()));
    let norm = norm1(n, a);
    let degree = DEGREES.iter().find(|d| norm <= d.1).map_or(13, |d| d.0);
    let mut squarings = 0;
    if norm > DEGREES[4].1 {
        squarings = ((norm / DEGREES[4].1).log2().ceil() as i32).clamp(0, MAX_SQUARINGS);
        let s = T::Re::real(0.5f64.powi(squarings));
        a.iter_mut().for_each(|x| *x = x.scale(s));
    }
    let (mut e, mut square) = pade(n, a, degree, work)?;
    fix(e, squarings);
    for k in (0..squarings).rev() {
        mul_into(n, e, e, square);
        core::mem::swap(&mut e, &mut square);
        fix(e, k);
    }
    let finite = e.iter().fold(T::Mask::splat(true), |ok, x| ok & x.finite());
    check::<T>(finite, |_| Error::non_finite("the exponential: it overflows"))?;
    a.copy_from_slice(e);
    Ok(())
}
/// s <- sum of the multiples + constant I.
fn combine<T: Scalar>(n: usize, s: &mut [T], terms: &[(f64, &[T])], constant: f64) {
    s.fill(T::zero());
    for (c, x) in terms {
        let c = T::Re::real(*c);
        s.iter_mut().zip(*x).for_each(|(s, x)| *s += x.scale(c));
    }
    for i in 0..n {
        s[i * (n + 1)] += T::of(constant);
    }
}
/// The \[m/m\] approximant (V - U)^-1 (V + U): U the odd, V the even part of sum b_k A^k. Returns it and a square to work in; leaves `a`
/// arbitrary.
fn pade<'w, T: Scalar>(n: usize, a: &mut [T], m: usize, work: &'w mut [T]) -> Result<(&'w mut [T], &'w mut [T])> {
    // b_k = (2m - k)! m! / ((2m)! k! (m - k)!), b_0 = 1
    let mut b = [1.0f64; 14];
    for k in 0..m {
        b[k + 1] = b[k] * (m - k) as f64 / ((2 * m - k) * (k + 1)) as f64;
    }
    let [a2, a4, a6, w, t, u] = squares(n, work);
    mul_into(n, a, a, a2);
    if m > 3 {
        mul_into(n, a2, a2, a4);
    }
    if m > 5 {
        mul_into(n, a4, a2, a6);
    }
    // w <- the odd part without its factor A (k = 1, first), or the even part (k = 0)
    let part = |k: usize, w: &mut [T], t: &mut [T]| {
        if m == 13 {
            combine(n, w, &[(b[8 + k], a2), (b[10 + k], a4), (b[12 + k], a6)], 0.0);
            mul_into(n, a6, w, t);
            combine(n, w, &[(1.0, t), (b[2 + k], a2), (b[4 + k], a4), (b[6 + k], a6)], b[k]);
            return;
        }
        if m == 9 && k == 1 {
            // A^8: still there for the even part
            mul_into(n, a6, a2, t);
        }
        let powers = [(b[2 + k], &*a2), (b[4 + k], a4), (b[6 + k], a6), (b[8 + k], t)];
        combine(n, w, &powers[..m / 2], b[k]);
    };
    part(1, w, t);
    mul_into(n, a, w, u);
    part(0, w, t);
    for ((w, t), u) in w.iter_mut().zip(&mut *t).zip(&*u) {
        (*t, *w) = (*w - *u, *w + *u);
    }
    with_scratch(n, |perm: &mut [T::Re]| {
        let (out, _) = super::lu(n, false, t, perm);
        out.result(|index, _| Error::Singular { index })?;
        super::lu_solve(n, false, t, perm, false, w, n, &mut a[..n]);
        Ok((w, t))
    })
}
