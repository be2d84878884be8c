//! C = [C +] alpha op(A) B on strided views.

use crate::scalar::Scalar;
use crate::view::{View, ViewMut};

/// rows * inner * cols up to which the loops run in line: f64 ours / faer 121 / 117 ns at n = 4, 663 / 166 at
/// n = 8 (sizes not known to the compiler; each with 30 ns of clock), and 120 ns in line at a static 8 x 8.
const PRODUCT: usize = 125;
/// rows * cols up to which they do for one column: 96 / 109 ns at n = 8, 185 / 166 ns at n = 16.
const VECTOR: usize = 64;

/// C <- \[C +\] alpha A B, with conj(A) for A if asked; `how` = (alpha, whether C is added to). Arbitrary strides, so that a
/// transpose costs nothing. C is not read unless it is added to, so it may hold NaN.
///
/// Cost: 2 rows inner cols. Panics unless the shapes agree.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn gemm<T: Scalar>(how: (T, bool), conj_a: bool, a: View<T>, b: View<T>, c: ViewMut<T>) {
    assert!(a.rows == c.rows && b.cols == c.cols && a.cols == b.rows, "gemm: the shapes do not agree");
    if T::LANES > 1 || a.rows * a.cols * b.cols <= PRODUCT {
        gemm_loops(how, conj_a, a, b, c)
    } else if c.cols == 1 {
        T::engine_gemv(how, conj_a, a, b, c)
    } else {
        T::engine_gemm(how, conj_a, a, b, c)
    }
}
/// y <- \[y +\] alpha A x (conj(A) if asked): [`gemm`] for one column, along the columns or the rows of A, whichever lie in
/// memory.
///
/// Cost: 2 rows cols; bound by reading A once.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn gemv<T: Scalar>(how: (T, bool), conj_a: bool, a: View<T>, x: View<T>, y: ViewMut<T>) {
    assert!(a.rows == y.rows && a.cols == x.rows && x.cols == 1 && y.cols == 1, "gemv: the shapes do not agree");
    if T::LANES > 1 || a.rows * a.cols <= VECTOR {
        gemm_loops(how, conj_a, a, x, y)
    } else {
        T::engine_gemv(how, conj_a, a, x, y)
    }
}

/// Plain loops; each sum starts with its first term, as 0 + x is not free in lanes.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn gemm_loops<T: Scalar>(how: (T, bool), conj_a: bool, a: View<T>, b: View<T>, mut c: ViewMut<T>) {
    let (alpha, add) = how;
    let plain = T::PLAIN && alpha == T::one(); // of a dual number, == sees the value only
    for j in 0..c.cols {
        for i in 0..c.rows {
            let entry = |k: usize| if conj_a { a.at(i, k).conj() } else { a.at(i, k) };
            let mut s = if a.cols == 0 { T::zero() } else { entry(0) * b.at(0, j) };
            for k in 1..a.cols {
                s = s.add_mul(entry(k), b.at(k, j));
            }
            let s = if plain { s } else { s * alpha };
            let y = c.at(i, j);
            *y = if add { *y + s } else { s };
        }
    }
}

/// Sweep along the direction of A that is contiguous.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn gemv_loops<T: Scalar>(how: (T, bool), conj_a: bool, a: View<T>, x: View<T>, y: ViewMut<T>) {
    let (alpha, add) = how;
    if a.rs != 1 || y.rs != 1 || a.rows <= 1 {
        return gemm_loops(how, conj_a, a, x, y);
    }
    let y = &mut y.data[..a.rows];
    if !add {
        y.fill(T::zero());
    }
    // four columns at a time: a quarter of the traffic on y
    let column = |k: usize| &a.data[k * a.cs..k * a.cs + a.rows];
    let op = |x: T| if conj_a { x.conj() } else { x };
    let mut k = 0;
    while k + 4 <= a.cols {
        let (c0, c1, c2, c3) = (column(k), column(k + 1), column(k + 2), column(k + 3));
        let s = [0, 1, 2, 3].map(|l| x.at(k + l, 0) * alpha);
        for i in 0..y.len() {
            let t = y[i].add_mul(op(c0[i]), s[0]).add_mul(op(c1[i]), s[1]);
            y[i] = t.add_mul(op(c2[i]), s[2]).add_mul(op(c3[i]), s[3]);
        }
        k += 4;
    }
    for k in k..a.cols {
        let s = x.at(k, 0) * alpha;
        for (y, c) in y.iter_mut().zip(column(k)) {
            *y = y.add_mul(op(*c), s);
        }
    }
}
