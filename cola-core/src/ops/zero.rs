//! 0: everything closed.

use crate::data::{Column, Panel};
use crate::error::{Error, Result};
use crate::facts::{Facts, NoFacts, NonNegative, PsdFacts, SelfAdjointFacts};
use crate::functions::base::square;
use crate::functions::svd::DenseColumns;
use crate::functions::{
    CholeskyRule, DetRule, DiagonalRule, EigFactors, EigRule, EighRule, ExpRule, InverseRule, LogRule, LuFactors,
    LuRule, PinvRule, Power, PowerRule, SpectrumRule, SvdRule,
};
use crate::operator::{LinearOperator, Operator, Update};
use crate::ops::{Dense, Identity, Isometric, ScaledIdentity, Spectral, SvdFactors};
use crate::parameters::{LeafFn, Parameters, Path};
use crate::plan::{Explain, Plan, Question, base};
use crate::scalar::Scalar;
use crate::space::{Dyn, Space};
use crate::view::{View, ViewMut};
use core::marker::PhantomData;
use num_traits::Zero as _;
use std::borrow::Cow;

/// The m x n matrix of zeros; `F`: its facts, because only a square one is positive semidefinite.
///
/// ```
/// # use cola_core::{Dyn, prelude::*};
/// let z = Zero::<f64, _, _>::new(2, 3);
/// assert_eq!(z.apply_as::<Vec<f64>>(&[1.0, 2.0, 3.0]), [0.0, 0.0]);
/// assert_eq!(Zero::<f64, Dyn, Dyn, _>::square(3).exp()?.trace()?, 3.0);
/// # Ok::<(), Error>(())
/// ```
pub struct Zero<T, R, C, F = NoFacts> {
    shape: (usize, usize),
    marker: PhantomData<fn() -> (T, R, C, F)>,
}
impl<T, R, C, F> Copy for Zero<T, R, C, F> {}
impl<T, R, C, F> Clone for Zero<T, R, C, F> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T, R, C, F> core::fmt::Debug for Zero<T, R, C, F> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Zero({} x {})", self.shape.0, self.shape.1)
    }
}
impl<T: Scalar, R: Space, C: Space, F> Zero<T, R, C, F> {
    /// Of size m x n; a static space has its own size.
    pub fn of_size(m: usize, n: usize) -> Self {
        Zero { shape: (R::EXTENT.or(m), C::EXTENT.or(n)), marker: PhantomData }
    }
}
impl<T: Scalar> Zero<T, Dyn, Dyn> {
    /// m x n zeros.
    pub fn new(m: usize, n: usize) -> Self {
        Self::of_size(m, n)
    }
}
impl<T: Scalar, S: Space> Zero<T, S, S, PsdFacts> {
    /// n x n zeros, known to be self-adjoint and positive semidefinite; a static space has its own size.
    pub fn square(n: usize) -> Self {
        Self::of_size(n, n)
    }
}
/// m x n zeros: `zero(m, n)` in `linop!`.
pub fn zero<T: Scalar>(m: usize, n: usize) -> Zero<T, Dyn, Dyn> {
    Zero::new(m, n)
}
impl<T: Scalar, R: Space, C: Space, F: Facts> Operator for Zero<T, R, C, F> {
    type Scalar = T;
    type Facts = F;
    type Class = crate::dsl::General;
    type Rows = R;
    type Cols = C;
    const IS_ZERO: bool = true;
    fn nrows(&self) -> usize {
        self.shape.0
    }
    fn ncols(&self) -> usize {
        self.shape.1
    }
}
crate::interop::saved!([T: Scalar, R: Space, C: Space, F: Facts] Zero<T, R, C, F>, "Zero", [] { shape: (usize, usize) = |k| k.shape } {
    Ok(Zero { shape: (R::EXTENT.or(shape.0), C::EXTENT.or(shape.1)), marker: PhantomData })
});
impl<T: Scalar, R: Space, C: Space, F: Facts> Parameters for Zero<T, R, C, F> {
    type Number = T;
    type With<X: Scalar> = Zero<X, R, C, F>;
    type Owned = Self;
    fn visit<'a>(&'a self, _: &mut Path, _: &mut dyn FnMut(&str, Cow<'a, [T]>)) {}
    fn traverse<X: Scalar>(&self, _: &mut Path, _: LeafFn<'_, T, X>) -> Zero<X, R, C, F> {
        Zero::of_size(self.shape.0, self.shape.1)
    }
    fn rebuild(&self, _: &mut Path, _: LeafFn<'_, T, T>) -> Self {
        *self
    }
}
impl<T: Scalar, R: Space, C: Space, F: Facts> LinearOperator for Zero<T, R, C, F> {
    #[inline]
    fn act(&self, how: Update<T>, x: View<'_, T>, mut y: ViewMut<'_, T>, _: &mut [T]) {
        if how.add {
            return;
        }
        for c in 0..x.cols {
            (0..y.rows).for_each(|i| *y.at(i, c) = T::zero());
        }
    }
    #[inline(always)]
    fn scratch_len(&self, _: usize) -> usize {
        0
    }
}
impl<T: Scalar, R: Space, C: Space, F: Facts> Zero<T, R, C, F> {
    fn empty_or<X>(&self, op: &'static str, value: X, error: Error) -> Result<X> {
        square(op, self)?;
        if self.shape.0 == 0 { Ok(value) } else { Err(error) }
    }
}
// singular, unless it is 0 x 0
impl<K: Facts, T: Scalar, R: Space, C: Space, F: Facts> InverseRule<K> for Zero<T, R, C, F> {
    type Output = Self;
    fn inverse_rule(&self) -> Result<Self> {
        self.empty_or("inverse", *self, Error::Singular { index: 0 })
    }
}
impl<K: Facts, T: Scalar, R: Space, C: Space, F: Facts> DetRule<K> for Zero<T, R, C, F> {
    fn slogdet_rule(&self) -> Result<(T, T::Re)> {
        square("slogdet", self)?;
        Ok(match self.shape.0 {
            0 => (T::one(), T::Re::zero()),
            _ => (T::zero(), T::Re::of(f64::NEG_INFINITY)),
        })
    }
}
// 0^p = 0 for p > 0, 0^0 = I
impl<K: Facts, T: Scalar, R: Space, C: Space, F: Facts> PowerRule<K> for Zero<T, R, C, F> {
    type Output = ScaledIdentity<T, R, NonNegative>;
    fn power_rule(&self, p: Power) -> Result<Self::Output> {
        square("power", self)?;
        let p = p.checked()?.exponent();
        if p < 0.0 {
            return self.empty_or("power", ScaledIdentity::of_size(T::one(), 0), Error::Singular { index: 0 });
        }
        Ok(ScaledIdentity::of_size(if p == 0.0 { T::one() } else { T::zero() }, self.shape.0))
    }
}
// e^0 = I
impl<K: Facts, T: Scalar, R: Space, C: Space, F: Facts> ExpRule<K> for Zero<T, R, C, F> {
    type Output = Identity<T, R>;
    fn exp_rule(&self) -> Result<Self::Output> {
        square("exp", self)?;
        Ok(Identity::of_size(self.shape.0))
    }
}
impl<K: Facts, T: Scalar, R: Space, C: Space, F: Facts> LogRule<K> for Zero<T, R, C, F> {
    type Output = Self;
    fn log_rule(&self) -> Result<Self> {
        self.empty_or("log", *self, Error::Singular { index: 0 })
    }
}
// V = I, w = 0
impl<K: Facts, T: Scalar, R: Space, C: Space, F: Facts> EighRule<K> for Zero<T, R, C, F> {
    type Basis = Identity<T, R>;
    fn eigh_rule(&self) -> Result<Spectral<Self::Basis, SelfAdjointFacts>> {
        square("eigh", self)?;
        Ok(Spectral::from_parts(Identity::of_size(self.shape.0), Column::filled(self.shape.0, T::Re::zero())))
    }
}
impl<K: Facts, T: Scalar, R: Space, C: Space, F: Facts> SpectrumRule<K> for Zero<T, R, C, F> {
    type Vectors = Identity<T, R>;
    const STRUCTURED: bool = true;
    fn has_spectrum(&self) -> bool {
        self.shape.0 == self.shape.1
    }
    fn spectrum_rule(&self) -> Result<Spectral<Self::Vectors, SelfAdjointFacts>> {
        <Self as EighRule<K>>::eigh_rule(self)
    }
}
impl<T: Scalar, R: Space, C: Space, F: Facts> DiagonalRule for Zero<T, R, C, F> {
    fn diagonal_rule(&self, _: isize, d: &mut [T]) -> Result<()> {
        d.fill(T::zero());
        Ok(())
    }
    fn trace_rule(&self) -> Result<T> {
        Ok(T::zero())
    }
}
impl<K: Facts<Psd: crate::facts::PsdOf<Self>>, T: Scalar, R: Space, C: Space, F: Facts> CholeskyRule<K>
    for Zero<T, R, C, F>
{
    type Factor = Self;
    fn cholesky_rule(&self) -> Result<Self> {
        self.empty_or("cholesky", *self, Error::NotPositiveDefinite { index: 0, pivot: 0.0 })
    }
}
// I 0 = I 0
impl<T: Scalar, R: Space, C: Space, F: Facts> LuRule for Zero<T, R, C, F> {
    type P = Identity<T, R>;
    type L = Identity<T, R>;
    type U = Self;
    fn lu_rule(&self) -> Result<LuFactors<Self::P, Self::L, Self>> {
        square("lu", self)?;
        let n = self.shape.0;
        Ok(LuFactors { p: Identity::of_size(n), l: Identity::of_size(n), u: *self })
    }
}
impl<K: Facts, T: Scalar, R: Space, C: Space, F: Facts> EigRule<K> for Zero<T, R, C, F> {
    type Vectors = Identity<T::Complex, R>;
    fn eig_rule(&self) -> Result<EigFactors<Self::Vectors>> {
        square("eig", self)?;
        let n = self.shape.0;
        Ok(EigFactors::from_parts(Identity::of_size(n), Column::filled(n, T::Complex::zero())))
    }
    fn left_eig_rule(&self) -> Option<Result<EigFactors<Self::Vectors>>> {
        Some(EigRule::<K>::eig_rule(self).map(EigFactors::conjugated))
    }
}
// no singular value that is not zero
impl<K: Facts, T: Scalar, R: Space, C: Space, F: Facts> SvdRule<K> for Zero<T, R, C, F> {
    type Left = DenseColumns<T, R>;
    type Right = DenseColumns<T, C>;
    fn svd_rule(&self) -> Result<SvdFactors<Self::Left, Self::Right>> {
        let (u, v) = (Panel::filled(self.shape.0, 0, T::zero()), Panel::filled(self.shape.1, 0, T::zero()));
        Ok(SvdFactors::from_parts(Isometric(Dense(u)), Column::filled(0, T::Re::zero()), Isometric(Dense(v))))
    }
}
// 0^+ = 0^T
impl<K: Facts, T: Scalar, R: Space, C: Space, F: Facts> PinvRule<K> for Zero<T, R, C, F> {
    type Output = Zero<T, C, R, F>;
    fn pinv_rule(&self) -> Result<Self::Output> {
        Ok(Zero { shape: (self.shape.1, self.shape.0), marker: PhantomData })
    }
}
impl<T: Scalar, R: Space, C: Space, F: Facts> Explain for Zero<T, R, C, F> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        match question {
            Question::Cholesky if !<K::Psd as crate::facts::Fact>::KNOWN => base::<K, Self>(self, question),
            Question::Solve | Question::Log | Question::Cholesky if self.shape.0 > 0 => Plan::error("error: singular"),
            _ => Plan::rule(self, "closed", "n"),
        }
    }
}
// no parameters
impl<T: Scalar, R: Space, C: Space, F: Facts> crate::gradient::Differentiable for Zero<T, R, C, F> {
    fn parameters(&self) -> usize {
        0
    }
    fn accumulate_bilinear(&self, _: View<'_, T>, _: View<'_, T>, _: T, _: &mut [T]) {}
    fn accumulate_trace(&self, _: T, _: &mut [T]) {}
}
impl<K: Facts, T: Scalar, R: Space, C: Space, F: Facts> crate::gradient::LogdetGradient<K> for Zero<T, R, C, F> {
    fn accumulate_logdet(&self, _: &Self, _: T, _: &mut [T]) {}
}

impl<K: Facts, T: Scalar, R: Space, C: Space, F: Facts> crate::gradient::SpectrumGradient<K> for Zero<T, R, C, F> {}

#[cfg(test)]
mod tests {
    use crate::prelude::*;
    use crate::{Const, Dyn, Result, testing::check_operator};

    #[test]
    fn all_is_closed() -> Result<()> {
        check_operator(&Zero::<f64, _, _>::new(2, 3)).unwrap();
        check_operator(&Zero::<Complex<f64>, Const<3>, Const<3>, _>::square(3)).unwrap();
        let z = Zero::<f64, Dyn, Dyn, _>::square(3);
        assert_eq!(z.inv().map(|_| ()), Err(Error::Singular { index: 0 }));
        assert_eq!(z.slogdet()?, (0.0, f64::NEG_INFINITY));
        assert_eq!(z.sqrt()?.trace()? + z.pow(0.0)?.trace()?, 3.0);
        assert_eq!(z.pow(-1.0).map(|_| ()), Err(Error::Singular { index: 0 }));
        assert_eq!(z.log().map(|_| ()), Err(Error::Singular { index: 0 }));
        assert_eq!(z.cholesky().map(|_| ()), Err(Error::NotPositiveDefinite { index: 0, pivot: 0.0 }));
        assert_eq!(z.eigh()?.eigenvalues()[..], [0.0; 3]);
        let none = Zero::<f64, Dyn, Dyn, _>::square(0);
        assert_eq!(none.slogdet()?, (1.0, 0.0));
        assert!(none.inv().is_ok() && none.log().is_ok());
        assert!(matches!(Zero::<f64, _, _>::new(2, 3).inv(), Err(Error::ShapeMismatch { .. })));
        Ok(())
    }
}
