//! Householder QR that keeps its reflections, for any number type: lanes too.

use super::loops::{dot, sub_scaled};
use crate::scalar::{Real, Scalar};
use crate::view::{View, ViewMut};
use num_traits::{One, Zero};

/// Columns that are reflected at once: their product I - V T V^H is applied to the others by two matrix products.
const BLOCK: usize = 32;

/// A = H_1 .. H_k R for an m x k matrix with k <= m, column-major, in place: column j of `a` becomes v_j with H_j = I - v_j v_j^H,
/// zero above row j; R is left in `r`, k x k with zeros below the diagonal.
///
/// H_j is unitary also where a column is zero (then H_j = I): nothing fails, and the rank can be read off R.
///
/// Cost: 2 k^2 (m - k / 3). Golub & Van Loan, section 5.2.
pub fn reflect<T: Scalar>(m: usize, k: usize, a: &mut [T], r: &mut [T]) {
    r[..k * k].fill(T::zero());
    let mut t = [T::zero(); BLOCK * BLOCK];
    let mut small = Vec::new();
    for first in (0..k).step_by(BLOCK) {
        let b = BLOCK.min(k - first);
        let (left, right) = a.split_at_mut((first + b) * m);
        let v = &mut left[first * m..];
        block(m, first, b, v, &mut r[k * first..], k);
        let rest = k - first - b;
        if rest == 0 {
            return;
        }
        compact(m, b, v, &mut t);
        small.clear();
        small.resize(b * rest, T::zero());
        let (one, v) = (T::one(), View::matrix(v, m, b));
        let trailing = View::matrix(right, m, rest);
        super::gemm((one, false), true, v.transposed(), trailing, ViewMut::matrix(&mut small, b, rest));
        // T^H from below: row j needs the rows above
        for y in small.chunks_exact_mut(b) {
            for j in (0..b).rev() {
                y[j] = (0..j).fold(y[j], |s, i| s.add_mul(t[i + b * j].conj(), y[i]));
            }
        }
        super::gemm((-one, true), false, v, View::matrix(&small, b, rest), ViewMut::matrix(right, m, rest));
    }
}
/// T of H_1 .. H_b = I - V T V^H, upper triangular with ones on the diagonal that are not stored.
fn compact<T: Scalar>(m: usize, b: usize, v: &[T], t: &mut [T]) {
    for j in 0..b {
        for i in 0..j {
            t[i + b * j] = dot(&v[i * m..(i + 1) * m], &v[j * m..(j + 1) * m]);
        }
        for i in 0..j {
            let s =
                (i..j).fold(T::zero(), |s, l| s.add_mul(if l == i { T::one() } else { t[i + b * l] }, t[l + b * j]));
            t[i + b * j] = -s;
        }
    }
}
/// Columns first .. first + b, each from its own row on; `r` starts with column `first` of R.
fn block<T: Scalar>(m: usize, first: usize, b: usize, a: &mut [T], r: &mut [T], k: usize) {
    let (zero, one) = (T::Re::zero(), T::Re::one());
    for c in 0..b {
        let j = first + c;
        let (left, right) = a.split_at_mut((c + 1) * m);
        let column = &mut left[c * m..];
        for i in 0..j {
            r[i + k * c] = column[i];
            column[i] = T::zero();
        }
        let x = &mut column[j..];
        let most = x.iter().fold(zero, |s, x| s.max(x.abs()));
        let some = zero.lt(most);
        // by the root twice: 1 / most may overflow
        let root = one / T::Re::select(some, most, one).sqrt();
        x.iter_mut().for_each(|x| *x = x.scale(root).scale(root));
        let sq = x.iter().fold(zero, |s, x| s + x.abs_sq());
        let norm = T::Re::select(some, sq, one).sqrt();
        let head = x[0].abs();
        let turned = zero.lt(head);
        let direction = T::select(turned, x[0].scale(one / T::Re::select(turned, head, one)), T::one());
        // |v|^2 = 2
        let s = T::Re::select(some, one / (norm * (norm + head)).sqrt(), zero);
        x[0] = direction.scale(norm + head);
        x.iter_mut().for_each(|x| *x = x.scale(s));
        r[j + k * c] = T::select(some, -direction.scale(norm).scale(most), T::zero());
        for y in right.chunks_exact_mut(m) {
            let t = dot(x, &y[j..]);
            sub_scaled(&mut y[j..], x, t);
        }
    }
}
/// X <- H_1 .. H_k X for many columns of m numbers, by matrix products.
///
/// Cost: 4 m k columns.
pub fn apply_blocks<T: Scalar>(m: usize, k: usize, v: &[T], x: &mut [T]) {
    let (cols, mut t) = (x.len() / m.max(1), [T::zero(); BLOCK * BLOCK]);
    let mut small = Vec::new();
    for first in (0..k).step_by(BLOCK).rev() {
        let b = BLOCK.min(k - first);
        let v = &v[first * m..(first + b) * m];
        compact(m, b, v, &mut t);
        small.clear();
        small.resize(b * cols, T::zero());
        let (one, vv) = (T::one(), View::matrix(v, m, b));
        super::gemm(
            (one, false),
            true,
            vv.transposed(),
            View::matrix(x, m, cols),
            ViewMut::matrix(&mut small, b, cols),
        );
        // T from above: row j needs the rows below
        for y in small.chunks_exact_mut(b) {
            for j in 0..b {
                y[j] = (j + 1..b).fold(y[j], |s, i| s.add_mul(t[j + b * i], y[i]));
            }
        }
        super::gemm((-one, true), false, vv, View::matrix(&small, b, cols), ViewMut::matrix(x, m, cols));
    }
}
/// x <- H_1 .. H_k x, or its adjoint H_k .. H_1 x, for one column of m numbers.
pub fn apply_reflections<T: Scalar>(m: usize, k: usize, v: &[T], adjoint: bool, x: &mut [T]) {
    for i in 0..k {
        let j = if adjoint { i } else { k - 1 - i };
        let v = &v[j * m + j..(j + 1) * m];
        let t = dot(v, &x[j..m]);
        sub_scaled(&mut x[j..m], v, t);
    }
}
