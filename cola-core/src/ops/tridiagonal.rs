//! Tridiagonal matrices: three vectors.

use crate::data::VectorData;
use crate::error::{Error, Result};
use crate::facts::{FactSet, Facts, Unknown};
use crate::functions::DiagonalRule;
use crate::operator::short::Sc;
use crate::operator::{LinearOperator, Operator, Update, operator};
use crate::ops::banded::band_rules;
use crate::ops::{Banded, Bands};
use crate::parameters::{LeafFn, Parameters, Path};
use crate::scalar::Scalar;
use crate::view::{View, ViewMut};
use num_traits::Zero;
use std::borrow::Cow;

/// A tridiagonal matrix: the main diagonal, the one below, the one above; or [`Mirrored`] in place of the last, for one that is the
/// conjugate of the one below.
///
/// Solve and determinant in O(n) by elimination with pivoting, under `psd(..)` by L D L^H; eigenvalues of self-adjoint ones by QL.
///
/// ```
/// # use cola_core::prelude::*;
/// let a = Tridiagonal::new([-1.0, -1.0], [2.0, 2.0, 2.0], [-1.0, -1.0]);
/// assert_eq!(a.apply(&[1.0, 2.0, 3.0]), [0.0, 0.0, 4.0]);
/// let same = Tridiagonal::symmetric([2.0f64, 2.0, 2.0], [-1.0, -1.0]);   // known to be self-adjoint
/// assert!((same.eigh()?.eigenvalues()[1] - 2.0f64).abs() < 1e-15);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tridiagonal<D, L, U = Mirrored> {
    diag: D,
    lower: L,
    upper: U,
}
/// The diagonal above is the conjugate of the one below.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Mirrored;
/// The diagonal above the main one: a vector, or [`Mirrored`].
pub trait UpperBand<T: Scalar> {
    /// `Known` if A is self-adjoint for real numbers.
    type Symmetric: crate::facts::Fact;
    /// Its length, unless it follows the one below.
    fn upper_len(&self) -> Option<usize>;
    /// Entry (i, i + 1); `below`: entry (i + 1, i).
    fn upper_entry(&self, i: usize, below: T) -> T;
}
impl<T: Scalar> UpperBand<T> for Mirrored {
    type Symmetric = T::IsReal;
    fn upper_len(&self) -> Option<usize> {
        None
    }
    #[inline(always)]
    fn upper_entry(&self, _: usize, below: T) -> T {
        below.conj()
    }
}
impl<T: Scalar, V: VectorData<Scalar = T>> UpperBand<T> for V {
    type Symmetric = Unknown;
    fn upper_len(&self) -> Option<usize> {
        Some(self.view().rows)
    }
    #[inline(always)]
    fn upper_entry(&self, i: usize, _: T) -> T {
        self.view().at(i, 0)
    }
}
impl<D: VectorData, L: VectorData<Scalar = D::Scalar>, U: UpperBand<D::Scalar>> Tridiagonal<D, L, U> {
    fn checked(diag: D, lower: L, upper: U) -> Result<Self> {
        let (n, below) = (diag.view().rows, lower.view().rows);
        let wrong = |side: &str, len: usize| {
            let need = n.saturating_sub(1);
            Err(Error::invalid(format!(
                "tridiag: {n} entries on the diagonal need {need} {side} it, not {len}; the order is (lower, diag, upper)"
            )))
        };
        match upper.upper_len() {
            _ if below + 1 != n.max(1) => wrong("below", below),
            Some(len) if len + 1 != n.max(1) => wrong("above", len),
            _ => Ok(Tridiagonal { diag, lower, upper }),
        }
    }
}
impl<D: VectorData, L: VectorData<Scalar = D::Scalar>, U: VectorData<Scalar = D::Scalar>> Tridiagonal<D, L, U> {
    /// From the diagonals below, on and above the main one, in this order.
    ///
    /// # Panics
    /// Where the lengths are not n - 1, n, n - 1: use [`try_new`](Self::try_new).
    pub fn new(lower: L, diag: D, upper: U) -> Self {
        Self::try_new(lower, diag, upper).unwrap_or_else(|e| crate::dsl::shape_panic(&e))
    }
    /// From the diagonals below, on and above the main one, in this order.
    ///
    /// # Errors
    /// `InvalidArgument` where the lengths are not n - 1, n, n - 1.
    pub fn try_new(lower: L, diag: D, upper: U) -> Result<Self> {
        Self::checked(diag, lower, upper)
    }
}
impl<D: VectorData, L: VectorData<Scalar = D::Scalar>> Tridiagonal<D, L, Mirrored> {
    /// Symmetric (Hermitian where `diag` is real): from the main diagonal and the one below.
    ///
    /// # Panics
    /// Where the lengths are not n and n - 1: use [`try_symmetric`](Self::try_symmetric).
    pub fn symmetric(diag: D, lower: L) -> Self {
        Self::try_symmetric(diag, lower).unwrap_or_else(|e| crate::dsl::shape_panic(&e))
    }
    /// Symmetric (Hermitian where `diag` is real): from the main diagonal and the one below.
    ///
    /// # Errors
    /// `InvalidArgument` where the lengths are not n and n - 1.
    pub fn try_symmetric(diag: D, lower: L) -> Result<Self> {
        Self::checked(diag, lower, Mirrored)
    }
}
/// The tridiagonal matrix of three vectors: `tridiag(lower, diag, upper)` in `linop!`.
///
/// # Panics
/// Where the lengths are not n - 1, n, n - 1; `try_linop!` returns the error.
pub fn tridiag<D: VectorData, L: VectorData<Scalar = D::Scalar>, U: VectorData<Scalar = D::Scalar>>(
    lower: L,
    diag: D,
    upper: U,
) -> Tridiagonal<D, L, U> {
    Tridiagonal::new(lower, diag, upper)
}
/// The tridiagonal matrix of three vectors.
///
/// # Errors
/// `InvalidArgument` where the lengths are not n - 1, n, n - 1.
pub fn try_tridiag<D: VectorData, L: VectorData<Scalar = D::Scalar>, U: VectorData<Scalar = D::Scalar>>(
    lower: L,
    diag: D,
    upper: U,
) -> Result<Tridiagonal<D, L, U>> {
    Tridiagonal::try_new(lower, diag, upper)
}
/// The symmetric tridiagonal matrix of two vectors: `tridiag_sym(diag, lower)` in `linop!`.
///
/// # Panics
/// Where the lengths are not n and n - 1; `try_linop!` returns the error.
pub fn tridiag_sym<D: VectorData, L: VectorData<Scalar = D::Scalar>>(diag: D, lower: L) -> Tridiagonal<D, L> {
    Tridiagonal::symmetric(diag, lower)
}
/// The symmetric tridiagonal matrix of two vectors.
///
/// # Errors
/// `InvalidArgument` where the lengths are not n and n - 1.
pub fn try_tridiag_sym<D: VectorData, L: VectorData<Scalar = D::Scalar>>(
    diag: D,
    lower: L,
) -> Result<Tridiagonal<D, L>> {
    Tridiagonal::try_symmetric(diag, lower)
}
crate::interop::saved!([D: VectorData, L: VectorData<Scalar = D::Scalar>, U: UpperBand<D::Scalar>] Tridiagonal<D, L, U>, "Tridiagonal", [] {
    lower: L = |k| k.lower, diag: D = |k| k.diag, upper: U = |k| k.upper
} {
    Tridiagonal::checked(diag, lower, upper)
});
operator!([D: VectorData, L: VectorData<Scalar = D::Scalar>, U: UpperBand<D::Scalar>] Tridiagonal<D, L, U> {
    scalar D::Scalar; facts FactSet<U::Symmetric, Unknown, Unknown, Unknown>; rows D::Len; cols D::Len;
    nrows |s| s.diag.view().rows; ncols s.diag.view().rows; class crate::classes::IsBanded;
});
/// Leaves: `diag`, `lower`, and `upper` where it is a vector.
macro_rules! leaves {
    ([$($p:tt)*] $U:ty, $WithU:ty, $OwnedU:ty, |$u:ident, $path:ident, $f:ident| $visit:expr, $traverse:expr, $rebuild:expr) => {
        impl<D: Parameters, L: Parameters<Number = D::Number>, $($p)*> Parameters for Tridiagonal<D, L, $U> {
            type Number = D::Number;
            type With<X: Scalar> = Tridiagonal<D::With<X>, L::With<X>, $WithU>;
            type Owned = Tridiagonal<D::Owned, L::Owned, $OwnedU>;
            fn visit<'a>(&'a self, $path: &mut Path, $f: &mut dyn FnMut(&str, Cow<'a, [D::Number]>)) {
                $path.enter("diag", |p| self.diag.visit(p, $f));
                $path.enter("lower", |p| self.lower.visit(p, $f));
                let $u = &self.upper;
                $visit
            }
            fn traverse<X: Scalar>(&self, $path: &mut Path, $f: LeafFn<'_, D::Number, X>) -> Self::With<X> {
                let diag = $path.enter("diag", |p| self.diag.traverse(p, $f));
                let lower = $path.enter("lower", |p| self.lower.traverse(p, $f));
                let $u = &self.upper;
                Tridiagonal { diag, lower, upper: $traverse }
            }
            fn rebuild(&self, $path: &mut Path, $f: LeafFn<'_, D::Number, D::Number>) -> Self::Owned {
                let diag = $path.enter("diag", |p| self.diag.rebuild(p, $f));
                let lower = $path.enter("lower", |p| self.lower.rebuild(p, $f));
                let $u = &self.upper;
                Tridiagonal { diag, lower, upper: $rebuild }
            }
        }
    };
}
leaves!([] Mirrored, Mirrored, Mirrored, |u, path, f| { let _ = u; }, *u, *u);
leaves!([V: Parameters<Number = D::Number>] V, V::With<X>, V::Owned, |u, path, f|
    path.enter("upper", |p| u.visit(p, f)),
    path.enter("upper", |p| u.traverse(p, f)),
    path.enter("upper", |p| u.rebuild(p, f)));
impl<D: VectorData, L: VectorData<Scalar = D::Scalar>, U: UpperBand<D::Scalar>> LinearOperator
    for Tridiagonal<D, L, U>
{
    #[inline]
    fn act(&self, how: Update<D::Scalar>, x: View<'_, D::Scalar>, mut y: ViewMut<'_, D::Scalar>, _: &mut [D::Scalar]) {
        let (d, l) = (self.diag.view(), self.lower.view());
        for c in 0..x.cols {
            for i in 0..d.rows {
                let mut sum = d.at(i, 0);
                if how.adjoint {
                    sum = sum.conj();
                }
                sum *= x.at(i, c);
                // entry (i, i - 1) of A or A^H, then (i, i + 1)
                if i > 0 {
                    let below = l.at(i - 1, 0);
                    let e = if how.adjoint { self.upper.upper_entry(i - 1, below).conj() } else { below };
                    sum = sum.add_mul(e, x.at(i - 1, c));
                }
                if i + 1 < d.rows {
                    let below = l.at(i, 0);
                    let e = if how.adjoint { below.conj() } else { self.upper.upper_entry(i, below) };
                    sum = sum.add_mul(e, x.at(i + 1, c));
                }
                how.write(y.at(i, c), sum);
            }
        }
    }
    #[inline(always)]
    fn scratch_len(&self, _: usize) -> usize {
        0
    }
}
impl<D: VectorData, L: VectorData<Scalar = D::Scalar>, U: UpperBand<D::Scalar>> Bands for Tridiagonal<D, L, U> {
    fn band_width(&self) -> (usize, usize) {
        (1, 1)
    }
    fn add_bands_to(&self, c: Sc<Self>, to: &mut Banded<Sc<Self>, D::Len>) {
        let (d, l) = (self.diag.view(), self.lower.view());
        for i in 0..d.rows {
            *to.at_mut(i, i) += c * d.at(i, 0);
            if i + 1 < d.rows {
                let below = l.at(i, 0);
                *to.at_mut(i + 1, i) += c * below;
                *to.at_mut(i, i + 1) += c * self.upper.upper_entry(i, below);
            }
        }
    }
}
band_rules!([D: VectorData, L: VectorData<Scalar = D::Scalar>, U: UpperBand<D::Scalar>] Tridiagonal<D, L, U>);
impl<D: VectorData, L: VectorData<Scalar = D::Scalar>, U: UpperBand<D::Scalar>> DiagonalRule for Tridiagonal<D, L, U> {
    fn diagonal_rule(&self, k: isize, out: &mut [Sc<Self>]) -> Result<()> {
        let (d, l) = (self.diag.view(), self.lower.view());
        for (i, out) in out.iter_mut().enumerate() {
            *out = match k {
                0 => d.at(i, 0),
                -1 => l.at(i, 0),
                1 => self.upper.upper_entry(i, l.at(i, 0)),
                _ => Sc::<Self>::zero(),
            };
        }
        Ok(())
    }
}

// d(u^T A v): u_i v_i on the diagonal, u_(i+1) v_i below, u_i v_(i+1) above (real numbers)
impl<D, L, U> crate::gradient::Differentiable for Tridiagonal<D, L, U>
where
    D: VectorData + Parameters<Number = <D as VectorData>::Scalar>,
    L: VectorData<Scalar = <D as VectorData>::Scalar> + Parameters<Number = <D as VectorData>::Scalar>,
    U: UpperBand<<D as VectorData>::Scalar>,
    Self: Parameters<Number = <D as VectorData>::Scalar>,
{
    fn parameters(&self) -> usize {
        let (n, m) = (self.nrows(), self.lower.view().rows);
        n + m + self.upper.upper_len().unwrap_or(0)
    }
    fn accumulate_bilinear(&self, u: View<'_, Sc<Self>>, v: View<'_, Sc<Self>>, scale: Sc<Self>, g: &mut [Sc<Self>]) {
        let (diag, rest) = g.split_at_mut(self.nrows());
        let (lower, upper) = rest.split_at_mut(self.lower.view().rows);
        diag.iter_mut().enumerate().for_each(|(i, g)| *g += scale * u.at(i, 0) * v.at(i, 0));
        for i in 0..lower.len() {
            lower[i] += scale * u.at(i + 1, 0) * v.at(i, 0);
            let above = scale * u.at(i, 0) * v.at(i + 1, 0);
            if upper.is_empty() { lower[i] += above } else { upper[i] += above }
        }
    }
    fn accumulate_trace(&self, scale: Sc<Self>, g: &mut [Sc<Self>]) {
        g[..self.nrows()].iter_mut().for_each(|g| *g += scale);
    }
}
impl<K: Facts, D: VectorData, L: VectorData<Scalar = D::Scalar>, U: UpperBand<D::Scalar>>
    crate::gradient::LogdetGradient<K> for Tridiagonal<D, L, U>
where
    Self: crate::gradient::Differentiable,
{
}
impl<K: Facts, D: VectorData, L: VectorData<Scalar = D::Scalar>, U: UpperBand<D::Scalar>>
    crate::gradient::SpectrumGradient<K> for Tridiagonal<D, L, U>
where
    Self: crate::gradient::Differentiable,
{
}
