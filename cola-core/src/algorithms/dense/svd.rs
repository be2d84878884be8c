//! Singular values and vectors.

use super::eigen::range;
use super::small::size;
use crate::error::{Error, Result};
use crate::scalar::{Mask, Real, Scalar};
use crate::view::View;
use num_traits::{One, Zero};

/// A = U diag(s) V^H with s >= 0 descending; U is m x k and V n x k, column-major, k = min(m, n), their columns orthonormal. Lanes are
/// treated one by one.
///
/// Errors: [`Error::NonFinite`]; [`Error::NotConverged`]; [`Error::InvalidArgument`] for numbers that carry derivatives.
/// Cost: about 6 m n^2 + 20 n^3 for m >= n. Golub & Van Loan, 4th ed., 8.6.
pub fn svd<T: Scalar>(a: View<T>, s: &mut [T::Re], u: &mut [T], v: &mut [T]) -> Result<()> {
    crate::error::check::<T>(a.finite(), |_| Error::non_finite("the matrix"))?;
    T::engine_svd(a, s, u, v)
}
/// A copy of A, or of A^H where A is wide, in units of the number that is returned: 1, or the largest entry where squares would
/// overflow or vanish.
pub(super) fn tall_copy<T: Scalar>(a: View<T>) -> (Vec<T>, T::Re) {
    let (m, n) = (a.rows, a.cols);
    let mut copy: Vec<T> = match m >= n {
        true => (0..m * n).map(|i| a.at(i % m, i / m)).collect(),
        false => (0..m * n).map(|i| a.at(i / n, i % n).conj()).collect(),
    };
    let (zero, one) = (T::Re::zero(), T::Re::one());
    let most = copy.iter().fold(zero, |s, x| s.max(size(*x)));
    let (low, high) = range::<T>();
    let fits = !most.lt(T::Re::real(low)).any() && !T::Re::real(high).lt(most).any();
    if fits || !zero.lt(most).any() {
        return (copy, one);
    }
    let root = one / most.sqrt();
    copy.iter_mut().for_each(|x| *x = x.scale(root).scale(root));
    (copy, most)
}
