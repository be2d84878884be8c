//! Triangular solves on strided views.

use super::UNROLL;
use super::small::{recip, unroll};
use crate::scalar::Scalar;
use crate::view::{View, ViewMut};

/// X <- A^-1 X, or A^-H X, for triangular A: the lower or upper triangle of the n x n view `a` is read, its diagonal taken as
/// 1 if `unit`. The diagonal is not checked: a zero gives infinities.
///
/// Cost: n^2 per column. Golub & Van Loan, section 3.1.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn trisolve<T: Scalar>(n: usize, fixed: bool, lower: bool, unit: bool, adjoint: bool, a: View<T>, x: ViewMut<T>) {
    assert!(a.rows == n && a.cols == n && x.rows == n, "trisolve: the shapes do not agree");
    let fixed = fixed && n <= UNROLL;
    if fixed || T::LANES > 1 {
        trisolve_loops(n, fixed, lower, unit, adjoint, a, x)
    } else {
        T::engine_trisolve(n, lower, unit, adjoint, a, x)
    }
}

/// x_i <- (x_i - sum_k m_ik x_k) / m_ii for one i and all columns of x, m = A or A^H.
#[cfg_attr(not(debug_assertions), inline(always))]
fn row<T: Scalar>(i: usize, done: core::ops::Range<usize>, unit: bool, adjoint: bool, a: &View<T>, x: &mut ViewMut<T>) {
    let m = |i: usize, k: usize| if adjoint { a.at(k, i).conj() } else { a.at(i, k) };
    let inverse = if unit { T::one() } else { recip(m(i, i)) };
    for c in 0..x.cols {
        let mut s = *x.at(i, c);
        for k in done.clone() {
            s = s.sub_mul(m(i, k), *x.at(k, c));
        }
        *x.at(i, c) = if unit { s } else { s * inverse };
    }
}
/// Forward or backward substitution, rows written out when `fixed`.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn trisolve_loops<T: Scalar>(
    n: usize,
    fixed: bool,
    lower: bool,
    unit: bool,
    adjoint: bool,
    a: View<T>,
    mut x: ViewMut<T>,
) {
    let forward = lower != adjoint;
    if fixed {
        unroll!(j in 0..n {
            let i = if forward { j } else { n - 1 - j };
            row(i, if forward { 0..i } else { i + 1..n }, unit, adjoint, &a, &mut x);
        });
    } else {
        for j in 0..n {
            let i = if forward { j } else { n - 1 - j };
            row(i, if forward { 0..i } else { i + 1..n }, unit, adjoint, &a, &mut x);
        }
    }
}
