//! Eigenvalues and right eigenvectors of general and of triangular matrices.
//!
//! Golub & Van Loan, 4th ed., 7.5 (QR iteration), 7.6.4 (eigenvectors by back substitution). A defective matrix has fewer independent
//! eigenvectors than columns: those that are missing come out nearly parallel to others, each with a small residual all the same.

use super::Engine;
use super::eigen::range;
use super::schur::schur;
use super::small::{recip, size};
use crate::error::Result;
use crate::scalar::{Complex, Mask, Real, Scalar};
use num_traits::{NumAssign, One, Zero};

/// A V = V diag(w) for a general matrix of n x n finite numbers, column-major; the columns of V have norm 1. Eigenvalues of a real
/// matrix come in conjugate pairs, to rounding. Lanes are treated one by one.
///
/// Errors: [`Error::NotConverged`](crate::Error::NotConverged); [`Error::InvalidArgument`](crate::Error::InvalidArgument) for numbers
/// that carry derivatives. Cost: about 25 n^3.
pub fn eig<T: Scalar>(n: usize, a: &[T], w: &mut [T::Complex], v: &mut [T::Complex]) -> Result<()> {
    T::engine_eig(n, a, w, v)
}

/// By our own Schur form.
pub(super) fn by_schur<T, R>(n: usize, a: &[T], w: &mut [Complex<R>], v: &mut [Complex<R>]) -> Result<()>
where
    T: Scalar<Re = R>,
    R: Real + NumAssign,
    Complex<R>: Engine,
{
    let (t, q) = schur(n, a)?;
    let mut y = vec![Complex::zero(); n * n];
    eig_upper(n, &t, &mut y);
    let product = super::expm::mul(n, &q, &y);
    v[..n * n].copy_from_slice(&product);
    unit_columns(n, v);
    (0..n).for_each(|i| w[i] = t[i * (n + 1)]);
    Ok(())
}
/// |A v_j - w_j v_j| <= 20 n eps |A|_F for all j, and everything finite.
#[cfg(feature = "faer")]
pub(super) fn holds<T, R>(n: usize, a: &[T], w: &[Complex<R>], v: &[Complex<R>]) -> bool
where
    T: Scalar<Re = R>,
    R: Real + NumAssign,
    Complex<R>: Engine,
{
    let complex: Vec<_> = a[..n * n].iter().map(|x| Complex::new(x.re(), x.im())).collect();
    let product = super::expm::mul(n, &complex, v);
    let sum = complex.iter().fold(R::zero(), |s, x| s + x.abs_sq());
    let tol = R::epsilon() * R::real(20.0 * n as f64);
    (0..n).all(|j| {
        let residual = (0..n).fold(R::zero(), |s, i| s + (product[i + j * n] - v[i + j * n] * w[j]).abs_sq());
        !(sum * tol * tol).lt(residual).any() && residual.finite().all()
    })
}
/// Each column divided by its norm.
pub(super) fn unit_columns<T: Scalar>(n: usize, v: &mut [T]) {
    for column in v.chunks_exact_mut(n.max(1)) {
        let most = column.iter().fold(T::Re::zero(), |m, x| m.max(size(*x)));
        let most = T::Re::select(T::Re::zero().lt(most), most, T::Re::one());
        let inverse = T::Re::one() / most;
        let sum = column.iter().fold(T::Re::zero(), |s, x| s + x.scale(inverse).abs_sq());
        let sum = T::Re::select(T::Re::zero().lt(sum), sum, T::Re::one());
        let inverse = T::Re::one() / sum.sqrt() / most;
        column.iter_mut().for_each(|x| *x = x.scale(inverse));
    }
}

/// The eigenvectors of an upper triangular matrix: T Y = Y diag(t_11, .., t_nn) with Y upper triangular, its columns of norm 1. The
/// lower triangle is not read. One number or many lanes.
///
/// Column j solves (T_11 - t_jj I) y = -t_1j. A difference of eigenvalues below the rounding of t_jj counts as that rounding: a
/// repeated eigenvalue without a second eigenvector yields the first one again. Columns are rescaled before they overflow.
///
/// Cost: n^3 / 3.
pub fn eig_upper<T: Scalar>(n: usize, t: &[T], y: &mut [T]) {
    let (zero, one) = (T::Re::zero(), T::Re::one());
    let most = (0..n).fold(zero, |m, j| t[j * n..j * n + j + 1].iter().fold(m, |m, x| m.max(size(*x))));
    // in units of the largest entry
    let unit = one / T::Re::select(zero.lt(most), most, one).sqrt();
    let at = |i: usize, j: usize| t[i + j * n].scale(unit).scale(unit);
    let (_, high) = range::<T>();
    let (tiny, limit) = (T::Re::real(1.0 / high / high.sqrt()), T::Re::real(high.sqrt()));
    for j in 0..n {
        let column = &mut y[j * n..(j + 1) * n];
        column.fill(T::zero());
        column[j] = T::one();
        (0..j).for_each(|i| column[i] = -at(i, j));
        let w = at(j, j);
        let least = (size(w) * T::Re::epsilon()).max(tiny);
        for i in (0..j).rev() {
            let den = at(i, i) - w;
            let close = size(den).lt(least);
            column[i] *= recip(T::select(close, T::from_re(least), den));
            let x = column[i];
            (0..i).for_each(|k| column[k] = column[k].sub_mul(at(k, i), x));
            let large = column[..=i].iter().fold(size(column[j]), |m, x| m.max(size(*x)));
            if limit.lt(large).any() {
                let shrink = T::Re::select(limit.lt(large), one / large, one);
                column[..=j].iter_mut().for_each(|x| *x = x.scale(shrink));
            }
        }
    }
    unit_columns(n, y);
}
