//! Symmetric indefinite factorisation P A P^T = L B L^H with 1 x 1 and 2 x 2 diagonal blocks, for single numbers.
//!
//! Bunch & Kaufman, Math. Comp. 31 (1977); Higham, Accuracy and Stability, section 11.1. Deviation: the exchanges are applied
//! to the columns of L that are already finished, so that P stands outside.

use super::eigen::normalise;
use super::small::{permute, rounding};
use super::trisolve;
use crate::error::Outcome;
use crate::scalar::{Mask, Real, Scalar};
use crate::view::{View, ViewMut};
use num_traits::{One, Zero};

/// P A P^T = L B L^H of a Hermitian matrix, in place: reads the lower triangle; leaves the unit lower triangular L strictly
/// below the diagonal, the diagonal of B in `d`, its subdiagonal in `subdiag` (B_{i+1,i}; 0 where no 2 x 2 block starts) and the
/// order in `perm` (row i of P A is row `perm[i]` of A). For single numbers.
///
/// A pivot is bad (`A` is singular to working precision) when it is no larger than n eps times the sum of magnitudes it came
/// out of, |a_jj| + sum |l_jk|^2 |b_kk| ..; the test does not change when A is scaled symmetrically.
///
/// Cost: n^3 / 3. Allocates 2 n numbers, and what faer needs above its threshold.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn ldlt<T: Scalar>(n: usize, a: &mut [T], subdiag: &mut [T], d: &mut [T::Re], perm: &mut [T::Re]) -> Outcome<T> {
    debug_assert!(T::LANES == 1, "lanes cannot choose pivots of different sizes");
    let mut out = Outcome::fine();
    let finite = (0..n).all(|j| a[j * n + j..(j + 1) * n].iter().all(|x| x.finite().all()));
    if !finite {
        out.pivot(0, T::Re::real(f64::NAN), T::Mask::splat(false));
        return out;
    }
    let scale = normalise(n, a);
    let diagonal: Vec<_> = (0..n).map(|j| a[j + j * n].re()).collect();
    T::engine_ldlt(n, a, subdiag, d, perm);
    judge(n, a, subdiag, d, perm, &diagonal, &mut out);
    for j in 0..n {
        d[j] *= scale;
        subdiag[j] = subdiag[j].scale(scale);
    }
    out
}
/// The test of the pivots described at [`ldlt`].
fn judge<T: Scalar>(
    n: usize,
    l: &[T],
    subdiag: &[T],
    d: &[T::Re],
    perm: &[T::Re],
    diagonal: &[T::Re],
    out: &mut Outcome<T>,
) {
    let mut sum: Vec<_> = (0..n).map(|i| diagonal[perm[i].lane_f64(0) as usize].abs()).collect();
    let tol = rounding::<T>(n);
    let mut k = 0;
    while k < n {
        let e = subdiag[k].abs();
        if k + 1 < n && T::Re::zero().lt(e).any() {
            // within a 2 x 2 block |e| is the largest entry and the determinant is of the size |e|^2
            out.pivot(k, e, (sum[k] * sum[k + 1] * tol * tol).lt(e * e));
            for i in k + 2..n {
                let (x, y) = (l[i + k * n].abs(), l[i + (k + 1) * n].abs());
                sum[i] += x * x * d[k].abs() + y * y * d[k + 1].abs() + (x * y + x * y) * e;
            }
            k += 2;
        } else {
            out.pivot(k, d[k], (sum[k] * tol).lt(d[k].abs()));
            for i in k + 1..n {
                sum[i] += l[i + k * n].abs_sq() * d[k].abs();
            }
            k += 1;
        }
    }
}

/// x <- A^-1 x for `columns` contiguous columns, from the factors of [`ldlt`]; `scratch` has n numbers.
///
/// Cost: 2 n^2 per column.
#[cfg_attr(not(debug_assertions), inline(always))]
#[allow(clippy::too_many_arguments, reason = "the factors and their sizes, as LAPACK has them")]
pub fn ldlt_solve<T: Scalar>(
    n: usize,
    l: &[T],
    subdiag: &[T],
    d: &[T::Re],
    perm: &[T::Re],
    x: &mut [T],
    columns: usize,
    scratch: &mut [T],
) {
    for x in x.chunks_exact_mut(n.max(1)).take(columns) {
        permute(n, false, perm, false, x, scratch);
    }
    let view = View::matrix(&l[..n * n], n, n);
    trisolve(n, false, true, true, false, view, ViewMut::matrix(&mut x[..n * columns], n, columns));
    for x in x.chunks_exact_mut(n.max(1)).take(columns) {
        let mut k = 0;
        while k < n {
            let t = subdiag[k].abs();
            if T::Re::zero().lt(t).any() {
                // [[p, conj u], [u, q]] t with |u| = 1: nothing overflows
                let (p, q, u) = (d[k] / t, d[k + 1] / t, subdiag[k].scale(T::Re::one() / t));
                let s = T::Re::one() / ((p * q - T::Re::one()) * t);
                let (y, z) = (x[k], x[k + 1]);
                x[k] = (y.scale(q) - u.conj() * z).scale(s);
                x[k + 1] = (z.scale(p) - u * y).scale(s);
                k += 2;
            } else {
                x[k] = x[k].scale(T::Re::one() / d[k]);
                k += 1;
            }
        }
    }
    trisolve(n, false, true, true, true, view, ViewMut::matrix(&mut x[..n * columns], n, columns));
    for x in x.chunks_exact_mut(n.max(1)).take(columns) {
        permute(n, false, perm, true, x, scratch);
    }
}

/// (sign, log|det A|) from the factors of [`ldlt`]; the sign is 0 and the logarithm -inf when det A = 0.
pub fn ldlt_det<T: Scalar>(n: usize, subdiag: &[T], d: &[T::Re]) -> (T, T::Re) {
    let (zero, one) = (T::Re::zero(), T::Re::one());
    let (mut sign, mut log) = (one, zero);
    let mut k = 0;
    while k < n {
        let t = subdiag[k].abs();
        let det = if zero.lt(t).any() {
            log += t.ln() + t.ln();
            k += 2;
            (d[k - 2] / t) * (d[k - 1] / t) - one
        } else {
            k += 1;
            d[k - 1]
        };
        let factor = T::Re::select(det.lt(zero), -one, T::Re::select(zero.lt(det), one, zero));
        sign *= factor;
        log += det.abs().ln();
    }
    (T::from_re(sign), log)
}

/// Exchanges rows and columns p < q of a Hermitian matrix kept in its lower triangle, and rows p and q of what is left of
/// column p.
fn exchange<T: Scalar>(n: usize, a: &mut [T], p: usize, q: usize) {
    a.swap(p + p * n, q + q * n);
    for j in 0..p {
        a.swap(p + j * n, q + j * n);
    }
    for i in p + 1..q {
        (a[i + p * n], a[q + i * n]) = (a[q + i * n].conj(), a[i + p * n].conj());
    }
    a[q + p * n] = a[q + p * n].conj();
    for i in q + 1..n {
        a.swap(i + p * n, i + q * n);
    }
}
/// The unblocked algorithm; see [`ldlt`] for the storage.
pub(super) fn bunch_kaufman<T: Scalar>(n: usize, a: &mut [T], subdiag: &mut [T], d: &mut [T::Re], perm: &mut [T::Re]) {
    let zero = T::Re::zero();
    let alpha = T::Re::real((1.0 + 17f64.sqrt()) / 8.0);
    let less = |x: T::Re, y: T::Re| x.lt(y).any();
    for (j, p) in perm[..n].iter_mut().enumerate() {
        *p = T::Re::real(j as f64);
    }
    subdiag[..n].fill(T::zero());
    let mut k = 0;
    while k < n {
        let own = a[k + k * n].re().abs();
        let (mut column, mut at) = (zero, k);
        for i in k + 1..n {
            let x = a[i + k * n].abs();
            if less(column, x) {
                (column, at) = (x, i);
            }
        }
        let (mut other, mut two) = (k, false);
        if less(own, alpha * column) {
            let mut row = (k..at).fold(zero, |m, j| m.max(a[at + j * n].abs()));
            row = (at + 1..n).fold(row, |m, i| m.max(a[i + at * n].abs()));
            if less(own * (row / column), alpha * column) {
                other = at;
                two = less(a[at + at * n].re().abs(), alpha * row);
            }
        }
        let last = if two { k + 1 } else { k };
        if other != last {
            exchange(n, a, last, other);
            perm.swap(last, other);
        }
        if two {
            eliminate_two(n, k, a, subdiag, d);
        } else {
            eliminate_one(n, k, a, d);
        }
        k = last + 1;
    }
}
fn eliminate_one<T: Scalar>(n: usize, k: usize, a: &mut [T], d: &mut [T::Re]) {
    d[k] = a[k + k * n].re();
    let zero = !T::Re::zero().lt(d[k].abs()).any();
    // a zero pivot has a zero column below it: L is that of the identity
    let inverse = if zero { T::Re::zero() } else { T::Re::one() / d[k] };
    let (left, right) = a.split_at_mut((k + 1) * n);
    let column = &mut left[k * n + k + 1..];
    for (j, target) in right.chunks_exact_mut(n).enumerate() {
        let l = column[j].scale(inverse);
        super::loops::sub_scaled(&mut target[k + 1 + j..], &column[j..], l.conj());
        column[j] = l;
    }
}
fn eliminate_two<T: Scalar>(n: usize, k: usize, a: &mut [T], subdiag: &mut [T], d: &mut [T::Re]) {
    let e = a[k + 1 + k * n];
    (d[k], d[k + 1]) = (a[k + k * n].re(), a[k + 1 + (k + 1) * n].re());
    let t = e.abs();
    let (p, q, u) = (d[k] / t, d[k + 1] / t, e.scale(T::Re::one() / t));
    let s = T::Re::one() / ((p * q - T::Re::one()) * t);
    let (left, right) = a.split_at_mut((k + 2) * n);
    let (first, second) = left[k * n..].split_at_mut(n);
    for (j, target) in right.chunks_exact_mut(n).enumerate() {
        let i = k + 2 + j;
        let (x, y) = (first[i], second[i]);
        let l = ((x.scale(q) - y * u).scale(s), (y.scale(p) - x * u.conj()).scale(s));
        super::loops::sub_scaled(&mut target[i..], &first[i..], l.0.conj());
        super::loops::sub_scaled(&mut target[i..], &second[i..], l.1.conj());
        (first[i], second[i]) = l;
    }
    subdiag[k] = e;
    first[k + 1] = T::zero();
}
