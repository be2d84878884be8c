//! Least squares by Householder QR, for single numbers.

use super::loops::{dot, sub_scaled};
use super::small::recip;
use crate::error::{Error, Result};
use crate::scalar::{Mask, Real, Scalar};
use crate::view::{View, ViewMut};
use num_traits::{One, Zero};

/// X = argmin ||A X - B||_F for A of full column rank with rows >= cols; X is left in the first `a.cols` rows of `b`, and below
/// them Q^H B, whose norm is that of the residual. For single numbers.
///
/// Errors: [`Error::NonFinite`]; [`Error::Singular`] when |r_jj| <= rows eps ||a_j||; [`Error::InvalidArgument`] when
/// rows < cols.
///
/// Cost: 2 n^2 (m - n / 3), and 4 m n per column of B. Golub & Van Loan, section 5.3.
pub fn lstsq<T: Scalar>(a: View<T>, b: ViewMut<T>) -> Result<()> {
    if a.rows < a.cols || b.rows != a.rows {
        return Err(Error::invalid(format!(
            "least squares needs at least as many rows as columns, and a right side with as many rows: A is {}x{}, B has {} rows",
            a.rows, a.cols, b.rows
        )));
    }
    if !(a.finite() & b.as_view().finite()).all() {
        return Err(Error::non_finite("the least-squares problem"));
    }
    T::engine_lstsq(a, b)
}
/// |r_jj| against the norm of column j of A.
pub(super) fn rank_check<T: Scalar>(a: View<T>, r: impl Fn(usize) -> T) -> Result<()> {
    for j in 0..a.cols {
        // in units of the largest entry: no square overflows
        let most = (0..a.rows).fold(T::Re::zero(), |m, i| m.max(a.at(i, j).abs()));
        let unit = T::Re::select(T::Re::zero().lt(most), most, T::Re::one());
        let root = T::Re::one() / unit.sqrt();
        let sum = (0..a.rows).fold(T::Re::zero(), |s, i| s + a.at(i, j).scale(root).scale(root).abs_sq());
        let norm = unit * T::Re::select(T::Re::zero().lt(sum), sum, T::Re::one()).sqrt();
        if !(norm * T::Re::epsilon() * T::Re::real(a.rows as f64)).lt(r(j).abs()).any() {
            return Err(Error::Singular { index: j });
        }
    }
    Ok(())
}

/// The unblocked algorithm, on a copy of A whose columns are scaled by their largest entry.
pub(super) fn householder<T: Scalar>(a: View<T>, mut b: ViewMut<T>) -> Result<()> {
    let (m, n) = (a.rows, a.cols);
    let (zero, one) = (T::Re::zero(), T::Re::one());
    let unit: Vec<_> = (0..n).map(|j| (0..m).fold(zero, |s, i| s.max(a.at(i, j).abs()))).collect();
    if let Some(index) = unit.iter().position(|u| !zero.lt(*u).any()) {
        return Err(Error::Singular { index });
    }
    let root: Vec<_> = unit.iter().map(|u| one / u.sqrt()).collect(); // applied twice: 1 / unit may overflow
    let mut q: Vec<T> = (0..m * n).map(|k| a.at(k % m, k / m).scale(root[k / m]).scale(root[k / m])).collect();
    let mut y: Vec<T> = (0..m * b.cols).map(|k| *b.at(k % m, k / m)).collect();
    let mut r = vec![T::zero(); n];
    for j in 0..n {
        let (left, right) = q.split_at_mut((j + 1) * m);
        let x = &mut left[j * m + j..];
        let sq = x.iter().fold(zero, |s, x| s + x.abs_sq());
        if !zero.lt(sq).any() {
            return Err(Error::Singular { index: j });
        }
        let norm = sq.sqrt();
        let some = zero.lt(x[0].abs());
        let direction = T::select(some, x[0].scale(one / T::Re::select(some, x[0].abs(), one)), T::one());
        // H = I - v v^H, |v|^2 = 2
        let head = (direction.conj() * x[0]).re();
        let s = one / (norm * (norm + head)).sqrt();
        x[0] = direction.scale(norm + head);
        for x in x.iter_mut() {
            *x = x.scale(s);
        }
        r[j] = -direction.scale(norm);
        for column in right.chunks_exact_mut(m).chain(y.chunks_exact_mut(m)) {
            let t = dot(x, &column[j..]);
            sub_scaled(&mut column[j..], x, t);
        }
    }
    rank_check(a, |j| r[j].scale(unit[j]))?;
    for (c, y) in y.chunks_exact_mut(m.max(1)).enumerate() {
        for j in (0..n).rev() {
            let (head, tail) = y.split_at_mut(j);
            tail[0] *= recip(r[j]);
            sub_scaled(head, &q[j * m..j * m + j], tail[0]);
        }
        for i in 0..m {
            *b.at(i, c) = if i < n { y[i].scale(root[i]).scale(root[i]) } else { y[i] };
        }
    }
    Ok(())
}
