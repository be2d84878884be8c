//! The factorisations for any size: lanes (in line), dual numbers, and floats below faer's thresholds. Column-oriented, so
//! that the innermost loop walks along memory.

use super::small::{FEW, real_pivot, recip, rounding, size};
use crate::error::Outcome;
use crate::scalar::{Mask, Real, Scalar};
use num_traits::One;

/// y <- y - s x.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn sub_scaled<T: Scalar>(y: &mut [T], x: &[T], s: T) {
    for (y, x) in y.iter_mut().zip(x) {
        *y = y.sub_mul(*x, s);
    }
}
/// sum conj(x_i) y_i in four partial sums, because LLVM may not reorder one.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn dot<T: Scalar>(x: &[T], y: &[T]) -> T {
    let n = x.len().min(y.len());
    let (x, y) = (&x[..n], &y[..n]);
    let mut s = [T::zero(); 4];
    let (mut cx, mut cy) = (x.chunks_exact(4), y.chunks_exact(4));
    for (x, y) in (&mut cx).zip(&mut cy) {
        for l in 0..4 {
            s[l] = s[l].add_mul(x[l].conj(), y[l]);
        }
    }
    let mut rest = T::zero();
    for (x, y) in cx.remainder().iter().zip(cy.remainder()) {
        rest = rest.add_mul(x.conj(), *y);
    }
    (s[0] + s[1]) + (s[2] + s[3]) + rest
}

/// One column of a left-looking L D L^H (`d` given) or L L^H: subtracts what the columns before contribute. Returns the pivot
/// and the original diagonal entry.
#[cfg_attr(not(debug_assertions), inline(always))]
fn reduce_column<T: Scalar>(n: usize, j: usize, a: &mut [T], d: Option<&[T::Re]>) -> (T::Re, T::Re) {
    let (before, rest) = a.split_at_mut(j * n);
    let column = &mut rest[j..n];
    let diagonal = real_pivot(column[0]);
    column[0] = T::from_re(diagonal);
    for k in 0..j {
        let l = &before[k * n + j..(k + 1) * n];
        let w = l[0].conj();
        sub_scaled(column, l, d.map_or(w, |d| w.scale(d[k])));
    }
    (column[0].re(), diagonal)
}
/// See [`super::ldl`].
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn ldl<T: Scalar>(n: usize, a: &mut [T], d: &mut [T::Re]) -> Outcome<T> {
    let mut out = Outcome::fine();
    for j in 0..n {
        let (p, diagonal) = reduce_column(n, j, a, Some(d));
        let good = (diagonal * rounding::<T>(n)).lt(p);
        out.pivot(j, p, good);
        d[j] = T::Re::select(good, p, T::Re::one());
        let inverse = T::Re::one() / d[j];
        for x in &mut a[j * n + j + 1..(j + 1) * n] {
            *x = x.scale(inverse);
        }
    }
    out
}
/// See [`super::ldl_solve`].
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn ldl_solve<T: Scalar>(n: usize, l: &[T], d: &[T::Re], x: &mut [T], columns: usize) {
    for c in 0..columns {
        let x = &mut x[c * n..(c + 1) * n];
        for k in 0..n {
            let (head, tail) = x.split_at_mut(k + 1);
            sub_scaled(tail, &l[k * n + k + 1..(k + 1) * n], head[k]);
        }
        for i in (0..n).rev() {
            let s = dot(&l[i * n + i + 1..(i + 1) * n], &x[i + 1..]);
            x[i] = x[i].scale(T::Re::one() / d[i]) - s;
        }
    }
}
/// See [`super::cholesky`].
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn cholesky<T: Scalar>(n: usize, a: &mut [T]) -> Outcome<T> {
    let mut out = Outcome::fine();
    for j in 0..n {
        let (p, diagonal) = reduce_column(n, j, a, None);
        let good = (diagonal * rounding::<T>(n)).lt(p);
        out.pivot(j, p, good);
        let root = T::Re::select(good, p, T::Re::one()).sqrt();
        let inverse = T::Re::one() / root;
        let column = &mut a[j * n..(j + 1) * n];
        column[..j].fill(T::zero());
        column[j] = T::from_re(root);
        for x in &mut column[j + 1..] {
            *x = x.scale(inverse);
        }
    }
    out
}

/// Brings the largest number of column j, from row j on, to row j: by select in lanes, by search and one exchange otherwise.
#[cfg_attr(not(debug_assertions), inline(always))]
fn pivot<T: Scalar>(n: usize, j: usize, a: &mut [T], perm: &mut [T::Re], sign: &mut T) -> T::Re {
    let mut best = size(a[j + j * n]);
    if T::LANES == 1 {
        let mut at = j;
        for i in j + 1..n {
            let here = size(a[i + j * n]);
            if best.lt(here).any() {
                (best, at) = (here, i);
            }
        }
        if at != j {
            for k in 0..n {
                a.swap(j + k * n, at + k * n);
            }
            perm.swap(j, at);
            *sign = -*sign;
        }
        return best;
    }
    for i in j + 1..n {
        let here = size(a[i + j * n]);
        let swap = best.lt(here);
        best = T::Re::select(swap, here, best);
        for k in 0..n {
            let (p, q) = (a[j + k * n], a[i + k * n]);
            a[j + k * n] = T::select(swap, q, p);
            a[i + k * n] = T::select(swap, p, q);
        }
        (perm[j], perm[i]) = (T::Re::select(swap, perm[i], perm[j]), T::Re::select(swap, perm[j], perm[i]));
        *sign = T::select(swap, -*sign, *sign);
    }
    best
}
/// See [`super::lu`]. Right-looking.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn lu<T: Scalar>(n: usize, a: &mut [T], perm: &mut [T::Re]) -> (Outcome<T>, T) {
    let mut out = Outcome::fine();
    let mut sign = T::one();
    for (j, p) in perm[..n].iter_mut().enumerate() {
        *p = T::Re::real(j as f64);
    }
    for j in 0..n {
        let best = pivot(n, j, a, perm, &mut sign);
        let sum = (0..j).fold(best, |s, k| s.add_mul(size(a[j + k * n]), size(a[k + j * n])));
        let finite = best.finite();
        let good = (sum * rounding::<T>(n.max(FEW))).lt(best) & finite;
        out.pivot(j, best, good);
        let (before, after) = a.split_at_mut((j + 1) * n);
        let l = &mut before[j * n + j..];
        let inverse = recip(T::select(good, l[0], T::one()));
        l[0] = T::select(finite & !good, T::zero(), l[0]);
        for x in &mut l[1..] {
            *x *= inverse;
        }
        for column in after.chunks_exact_mut(n) {
            let u = column[j];
            sub_scaled(&mut column[j + 1..], &l[1..], u);
        }
    }
    (out, sign)
}
/// See [`super::lu_solve`], without the permutation.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn lu_solve<T: Scalar>(n: usize, lu: &[T], adjoint: bool, x: &mut [T], columns: usize) {
    for c in 0..columns {
        let x = &mut x[c * n..(c + 1) * n];
        if adjoint {
            for i in 0..n {
                let s = dot(&lu[i * n..i * n + i], &x[..i]);
                x[i] = (x[i] - s) * recip(lu[i + i * n].conj());
            }
            for i in (0..n).rev() {
                let s = dot(&lu[i * n + i + 1..(i + 1) * n], &x[i + 1..]);
                x[i] -= s;
            }
        } else {
            for k in 0..n {
                let (head, tail) = x.split_at_mut(k + 1);
                sub_scaled(tail, &lu[k * n + k + 1..(k + 1) * n], head[k]);
            }
            for k in (0..n).rev() {
                let (head, tail) = x.split_at_mut(k);
                tail[0] *= recip(lu[k + k * n]);
                sub_scaled(head, &lu[k * n..k * n + k], tail[0]);
            }
        }
    }
}
