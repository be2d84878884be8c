//! Factorisations of band matrices, O(n b^2): L D L^H for positive definite ones, LU with partial pivoting else.
//!
//! Golub & Van Loan, Matrix Computations, 4th ed., 4.3; LAPACK's `gbtrf` for the storage. Deviations: rows are exchanged by select, one
//! candidate after the other, so that each lane has an order of its own; a pivot is judged by the rounding of the terms it came from.

use crate::error::Outcome;
use crate::scalar::{Mask, Real, Scalar};
use num_traits::{One, Zero};

/// A Hermitian matrix of half bandwidth b (n x n, column-major, both triangles) becomes a tridiagonal one, A = Q T Q^H; `q` is n x n.
///
/// Diagonal after diagonal from the outermost, by rotations of neighbouring rows and columns; each fill-in is chased down along the band.
/// (Schwarz, Tridiagonalization of a symmetric band matrix, 1968; Golub & Van Loan 8.3.)
///
/// Cost: 6 n^2 b for T, 6 n^3 times 1/2 + .. + 1/b for Q.
pub fn tridiagonalise<T: Scalar>(n: usize, b: usize, a: &mut [T], q: &mut [T]) {
    let (zero, one) = (T::Re::zero(), T::Re::one());
    q.fill(T::zero());
    (0..n).for_each(|i| q[i * (n + 1)] = T::one());
    for d in (2..=b).rev() {
        for first in 0..n.saturating_sub(d) {
            // entry (i, c) is outside of the band of d - 1
            let (mut i, mut c) = (first + d, first);
            while i < n {
                let (x, y) = (a[i - 1 + c * n], a[i + c * n]);
                let most = x.abs().max(y.abs());
                if !zero.lt(y.abs()).any() {
                    break;
                }
                let (u, v) = (x.scale(one / most), y.scale(one / most));
                let r = one / (u.abs_sq() + v.abs_sq()).sqrt();
                let (cs, sn) = (u.scale(r), v.scale(r));
                let (low, high) = ((i - 1).saturating_sub(d + 1), (i + d + 1).min(n));
                for j in low..high {
                    let (p, o) = (a[i - 1 + j * n], a[i + j * n]);
                    a[i - 1 + j * n] = cs.conj() * p + sn.conj() * o;
                    a[i + j * n] = cs * o - sn * p;
                }
                let columns = |m: &mut [T], rows: core::ops::Range<usize>| {
                    for k in rows {
                        let (p, o) = (m[k + (i - 1) * n], m[k + i * n]);
                        m[k + (i - 1) * n] = cs * p + sn * o;
                        m[k + i * n] = cs.conj() * o - sn.conj() * p;
                    }
                };
                columns(a, low..high);
                columns(q, 0..n);
                (a[i + c * n], a[c + i * n]) = (T::zero(), T::zero());
                (i, c) = (i + d, i - 1);
            }
        }
    }
}
/// |re| + |im|.
#[inline(always)]
fn size<T: Scalar>(x: T) -> T::Re {
    x.re().abs() + x.im().abs()
}
fn rounding<T: Scalar>(width: usize) -> T::Re {
    T::Re::epsilon() * T::Re::of(width.max(6) as f64)
}

/// P A = L U in place. Entry (i, j) of A is `ab[(kl + ku + i - j) + (2 kl + ku + 1) j]`; the first kl rows of `ab` are room for fill.
/// `swaps[kl k + r]` is 1 where rows k and k + 1 + r were exchanged in step k, else 0. Also returns det P.
///
/// Cost: 2 n kl (kl + ku).
pub fn lu<T: Scalar>(n: usize, (kl, ku): (usize, usize), ab: &mut [T], swaps: &mut [T::Re]) -> (Outcome<T>, T) {
    let at = |i: usize, j: usize| (kl + ku + i - j) + (2 * kl + ku + 1) * j;
    // the sum of the moduli of all terms of an entry: its rounding is eps times that
    let mut terms: Vec<T::Re> = ab.iter().map(|&x| size(x)).collect();
    let (mut out, mut sign, tol) = (Outcome::fine(), T::one(), rounding::<T>(kl + ku + 1));
    for k in 0..n {
        let (rows, cols) = ((k + kl).min(n - 1), (k + kl + ku).min(n - 1));
        for r in k + 1..=rows {
            let swap = size(ab[at(k, k)]).lt(size(ab[at(r, k)]));
            swaps[kl * k + r - k - 1] = T::Re::select(swap, T::Re::one(), T::Re::zero());
            if !swap.any() {
                continue;
            }
            sign = T::select(swap, -sign, sign);
            for j in k..=cols {
                let (a, b) = (at(k, j), at(r, j));
                (ab[a], ab[b]) = (T::select(swap, ab[b], ab[a]), T::select(swap, ab[a], ab[b]));
                let (x, y) = (terms[a], terms[b]);
                (terms[a], terms[b]) = (T::Re::select(swap, y, x), T::Re::select(swap, x, y));
            }
        }
        let pivot = ab[at(k, k)];
        let good = (terms[at(k, k)] * tol).lt(size(pivot)) & pivot.finite();
        out.pivot(k, pivot.abs(), good);
        ab[at(k, k)] = T::select(good, pivot, T::zero());
        let inverse = T::select(good, pivot, T::one()).reciprocal();
        for r in k + 1..=rows {
            let l = ab[at(r, k)] * inverse;
            ab[at(r, k)] = l;
            let modulus = size(l);
            for j in k + 1..=cols {
                let u = ab[at(k, j)];
                ab[at(r, j)] = ab[at(r, j)].sub_mul(l, u);
                terms[at(r, j)] += modulus * size(u);
            }
        }
    }
    (out, sign)
}
/// x <- A^-1 x or A^-H x from the factors of [`lu`].
///
/// Cost: 2 n (2 kl + ku).
pub fn lu_solve<T: Scalar>(n: usize, (kl, ku): (usize, usize), ab: &[T], swaps: &[T::Re], adjoint: bool, x: &mut [T]) {
    let at = |i: usize, j: usize| (kl + ku + i - j) + (2 * kl + ku + 1) * j;
    let half = T::Re::of(0.5);
    let exchange = |x: &mut [T], k: usize, r: usize| {
        let swap = half.lt(swaps[kl * k + r - k - 1]);
        if swap.any() {
            (x[k], x[r]) = (T::select(swap, x[r], x[k]), T::select(swap, x[k], x[r]));
        }
    };
    if !adjoint {
        for k in 0..n {
            let rows = (k + kl).min(n - 1);
            (k + 1..=rows).for_each(|r| exchange(x, k, r));
            (k + 1..=rows).for_each(|r| x[r] = x[r].sub_mul(ab[at(r, k)], x[k]));
        }
        for k in (0..n).rev() {
            x[k] = x[k].divided_by(ab[at(k, k)]);
            (k.saturating_sub(kl + ku)..k).for_each(|i| x[i] = x[i].sub_mul(ab[at(i, k)], x[k]));
        }
        return;
    }
    for k in 0..n {
        let sum = (k.saturating_sub(kl + ku)..k).fold(x[k], |s, i| s.sub_mul(ab[at(i, k)].conj(), x[i]));
        x[k] = sum.divided_by(ab[at(k, k)].conj());
    }
    for k in (0..n).rev() {
        let rows = (k + kl).min(n - 1);
        x[k] = (k + 1..=rows).fold(x[k], |s, r| s.sub_mul(ab[at(r, k)].conj(), x[r]));
        (k + 1..=rows).rev().for_each(|r| exchange(x, k, r));
    }
}
/// A = L D L^H in place of the lower triangle: entry (i, j), i >= j, is `l[(i - j) + (b + 1) j]`; D > 0 goes to `d`.
///
/// Cost: n b^2.
pub fn ldl<T: Scalar>(n: usize, b: usize, l: &mut [T], d: &mut [T::Re]) -> Outcome<T> {
    let at = |i: usize, j: usize| (i - j) + (b + 1) * j;
    let (mut out, tol) = (Outcome::fine(), rounding::<T>(b + 1));
    let diagonal: Vec<T::Re> = (0..n).map(|j| l[at(j, j)].re()).collect();
    for j in 0..n {
        let pivot = l[at(j, j)].re();
        let good = (diagonal[j].abs() * tol).lt(pivot) & pivot.finite();
        out.pivot(j, pivot, good);
        d[j] = T::Re::select(good, pivot, T::Re::one());
        let (inverse, last) = (T::Re::one() / d[j], (j + b).min(n - 1));
        for c in j + 1..=last {
            let w = l[at(c, j)].conj().scale(inverse);
            for i in c..=last {
                l[at(i, c)] = l[at(i, c)].sub_mul(l[at(i, j)], w);
            }
        }
        (j + 1..=last).for_each(|i| l[at(i, j)] = l[at(i, j)].scale(inverse));
    }
    out
}
/// x <- A^-1 x from the factors of [`ldl`].
///
/// Cost: 4 n b.
pub fn ldl_solve<T: Scalar>(n: usize, b: usize, l: &[T], d: &[T::Re], x: &mut [T]) {
    let at = |i: usize, j: usize| (i - j) + (b + 1) * j;
    for j in 0..n {
        (j + 1..=(j + b).min(n - 1)).for_each(|i| x[i] = x[i].sub_mul(l[at(i, j)], x[j]));
    }
    for j in (0..n).rev() {
        let own = x[j].scale(T::Re::one() / d[j]);
        x[j] = (j + 1..=(j + b).min(n - 1)).fold(own, |s, i| s.sub_mul(l[at(i, j)].conj(), x[i]));
    }
}
