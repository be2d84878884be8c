//! U U^H for U with orthonormal columns.

use crate::data::MatrixData;
use crate::dsl::IsLowRank;
use crate::error::{Error, Result, check};
use crate::facts::{Facts, Known, NonNegative, PsdFacts, SelfAdjointFacts};
use crate::functions::{
    CholeskyRule, DetRule, DiagonalRule, EighRule, ExpRule, InverseRule, LogRule, PinvRule, Power, PowerRule, SvdRule,
};
use crate::operator::short::{Re, Sc};
use crate::operator::{LinearOperator, Update, operator};
use crate::ops::low_rank::{LowRankBasis, LowRankFactors, Regular, low_rank_diagonal, low_rank_plan, outer, rank_plan};
use crate::ops::{Dense, Identity, Isometric, LowRankShift, RangeBasis, Scaled, Spectral, SvdFactors};
use crate::parameters::tree_node;
use crate::plan::{Explain, Plan, Question};
use crate::scalar::{Real, Scalar};
use crate::space::{Shape, Space, demand};
use crate::view::{View, ViewMut};
use num_traits::{One, Zero};

/// U U^H, the orthogonal projection on the range of U: a promise that the columns of U are orthonormal; [`projection_checked`] verifies
/// it.
///
/// Idempotent: P^p = P for p > 0, e^P = I + (e - 1) P. Apply: O(n r).
///
/// ```
/// # use cola_core::prelude::*;
/// let p = Projection::new(nalgebra::matrix![0.6; 0.8]);
/// assert_eq!(p.trace()?, 1.0);
/// assert!((p.apply(&[1.0, 0.0])[1] - 0.48).abs() < 1e-15);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Projection<U>(pub U);
impl<U: MatrixData> Projection<U> {
    /// U U^H.
    ///
    /// # Panics
    /// Where U has more columns than rows; static sizes do not compile.
    pub fn new(u: U) -> Self {
        const { Self::CHECK };
        Self::try_new(u).unwrap_or_else(|e| crate::dsl::shape_panic(&e))
    }
    pub(crate) const CHECK: () = {
        let u = Shape { rows: U::Rows::EXTENT, cols: U::Cols::EXTENT };
        demand("projection(U), U^H U = I", u, u, u.cols.or(0) <= u.rows.or(usize::MAX))
    };
    /// U U^H.
    ///
    /// # Errors
    /// `ShapeMismatch` where U has more columns than rows.
    pub fn try_new(u: U) -> Result<Self> {
        let v = u.view();
        if v.cols <= v.rows {
            return Ok(Projection(u));
        }
        Err(Error::ShapeMismatch { op: "projection(U), U^H U = I", left: (v.cols, v.rows), right: (v.rows, v.cols) })
    }
}
/// U U^H for U with orthonormal columns.
///
/// # Panics
/// Where U has more columns than rows; `try_linop!` returns the error.
pub fn projection<U: MatrixData>(u: U) -> Projection<U> {
    let () = Projection::<U>::CHECK;
    Projection::try_new(u).unwrap_or_else(|e| crate::dsl::shape_panic(&e))
}
/// U U^H for U with orthonormal columns.
///
/// # Errors
/// `ShapeMismatch` where U has more columns than rows.
pub fn try_projection<U: MatrixData>(u: U) -> Result<Projection<U>> {
    let () = Projection::<U>::CHECK;
    Projection::try_new(u)
}
/// `projection(U)` after one check: |U^H U - I| <= 10 n eps in every entry. Cost: n r^2.
///
/// # Errors
/// `InvalidArgument` that says how far U^H U is from I, `NonFinite`, `ShapeMismatch`.
pub fn projection_checked<U: MatrixData>(u: U) -> Result<Projection<U>> {
    let p = try_projection(u)?;
    let v = p.0.view();
    check::<U::Scalar>(v.finite(), |_| Error::non_finite("the columns of a projection"))?;
    let mut worst = <U::Scalar as Scalar>::Re::zero();
    for j in 0..v.cols {
        for i in 0..=j {
            let eye = if i == j { U::Scalar::one() } else { U::Scalar::zero() };
            let dot = (0..v.rows).fold(U::Scalar::zero(), |s, k| s.add_mul(v.at(k, i).conj(), v.at(k, j)));
            worst = worst.max((dot - eye).abs());
        }
    }
    let tol = <U::Scalar as Scalar>::Re::epsilon() * <U::Scalar as Scalar>::Re::real(10.0 * v.rows as f64);
    check::<U::Scalar>(!tol.lt(worst), |lane| {
        let (worst, tol) = (worst.lane_f64(lane), tol.lane_f64(lane));
        Error::invalid(format!(
            "projection: U^H U differs from I by {worst:.3e} (allowed {tol:.1e}); orthonormalise the columns, or write `U * U.H`"
        ))
    })?;
    Ok(p)
}
operator!([U: MatrixData] Projection<U> {
    scalar U::Scalar; facts PsdFacts; rows U::Rows; cols U::Rows; nrows |s| s.0.view().rows; ncols s.0.view().rows;
    class IsLowRank;
});
crate::interop::saved!([U: MatrixData] Projection<U>, "Projection", [] { u: U = |k| k.0 } Projection::try_new(u));
tree_node!([U] Projection<U> { "u" => 0 });
impl<U: MatrixData> LinearOperator for Projection<U> {
    fn act(&self, how: Update<Sc<Self>>, x: View<'_, Sc<Self>>, y: ViewMut<'_, Sc<Self>>, s: &mut [Sc<Self>]) {
        let u = self.0.view();
        outer(how, u, u, x, y, s)
    }
    fn scratch_len(&self, columns: usize) -> usize {
        self.0.view().cols * columns
    }
}
impl<U: MatrixData> LowRankFactors for Projection<U> {
    type Rank = U::Cols;
    type Balanced = Known;
    fn rank(&self) -> usize {
        self.0.view().cols
    }
    fn weight(&self) -> Sc<Self> {
        Sc::<Self>::one()
    }
    fn is_thin(&self) -> bool {
        true
    }
    fn with_factors<O>(&self, f: impl FnOnce(View<'_, Sc<Self>>, View<'_, Sc<Self>>) -> O) -> O {
        f(self.0.view(), self.0.view())
    }
}
impl<K: Facts, U: MatrixData> InverseRule<K> for Projection<U>
where
    Projection<U>: Regular,
{
    type Output = Identity<U::Scalar, U::Rows>;
    fn inverse_rule(&self) -> Result<Self::Output> {
        Err(Error::Singular { index: self.rank() })
    }
}
impl<K: Facts, U: MatrixData> CholeskyRule<K> for Projection<U>
where
    Projection<U>: Regular,
{
    type Factor = Identity<U::Scalar, U::Rows>;
    fn cholesky_rule(&self) -> Result<Self::Factor> {
        Err(Error::Singular { index: self.rank() })
    }
}
impl<K: Facts, U: MatrixData> LogRule<K> for Projection<U>
where
    Projection<U>: Regular,
{
    type Output = Identity<U::Scalar, U::Rows>;
    fn log_rule(&self) -> Result<Self::Output> {
        Err(Error::Singular { index: self.rank() })
    }
}
// eigenvalues 1 and 0: the determinant is 0 unless P = I
impl<K: Facts, U: MatrixData> DetRule<K> for Projection<U> {
    fn slogdet_rule(&self) -> Result<(Sc<Self>, Re<Self>)> {
        let u = self.0.view();
        check::<U::Scalar>(u.finite(), |_| Error::non_finite("the columns of a projection"))?;
        match u.cols < u.rows {
            true => Ok((Sc::<Self>::zero(), Re::<Self>::of(f64::NEG_INFINITY))),
            false => Ok((Sc::<Self>::one(), Re::<Self>::zero())),
        }
    }
}
// U is half of an eigenvector basis: r times 1, then 0
impl<K: Facts, U: MatrixData> EighRule<K> for Projection<U> {
    type Basis = LowRankBasis<Self>;
    fn eigh_rule(&self) -> Result<Spectral<Self::Basis, SelfAdjointFacts>> {
        let u = self.0.view();
        check::<U::Scalar>(u.finite(), |_| Error::non_finite("the columns of a projection"))?;
        let (basis, _) = RangeBasis::range(u);
        let mut w = crate::data::Column::filled(u.rows, Re::<Self>::zero());
        w[..u.cols].fill(Re::<Self>::one());
        Ok(Spectral::from_parts(basis, w))
    }
}
// P^p = P
impl<K: Facts, U: MatrixData + Clone> PowerRule<K> for Projection<U> {
    type Output = Self;
    fn power_rule(&self, p: Power) -> Result<Self> {
        let (exponent, u) = (p.checked()?.exponent(), self.0.view());
        check::<U::Scalar>(u.finite(), |_| Error::non_finite("the columns of a projection"))?;
        match (u.cols < u.rows, exponent) {
            (true, p) if p < 0.0 => Err(Error::Singular { index: u.cols }),
            (true, 0.0) => Err(Error::invalid("pow: the power 0 of a projection is `I`; write that")),
            _ => Ok(self.clone()),
        }
    }
}
// e^P = I + (e - 1) P
impl<K: Facts, U: MatrixData + Clone> ExpRule<K> for Projection<U> {
    type Output = LowRankShift<Scaled<Self, U::Scalar, NonNegative>, NonNegative>;
    fn exp_rule(&self) -> Result<Self::Output> {
        check::<U::Scalar>(self.0.view().finite(), |_| Error::non_finite("the columns of a projection"))?;
        let c = U::Scalar::of(core::f64::consts::E - 1.0);
        Ok(LowRankShift::of(Scaled::signed(c, self.clone()), U::Scalar::one()))
    }
}
crate::base_lu!([U: MatrixData] Projection<U>);
crate::base_spectrum!([U: MatrixData] Projection<U>);
crate::spectral_eig!([U: MatrixData] Projection<U>);
// U 1 U^H
impl<K: Facts, U: MatrixData + Clone> SvdRule<K> for Projection<U> {
    type Left = Isometric<Dense<U>>;
    type Right = Isometric<Dense<U>>;
    fn svd_rule(&self) -> Result<SvdFactors<Self::Left, Self::Right>> {
        let u = self.0.view();
        check::<U::Scalar>(u.finite(), |_| Error::non_finite("the columns of a projection"))?;
        let (basis, s) = (Isometric(Dense(self.0.clone())), crate::data::Column::filled(u.cols, Re::<Self>::one()));
        Ok(SvdFactors::from_parts(basis.clone(), s, basis))
    }
}
// P^+ = P
impl<K: Facts, U: MatrixData + Clone> PinvRule<K> for Projection<U> {
    type Output = Self;
    fn pinv_rule(&self) -> Result<Self> {
        check::<U::Scalar>(self.0.view().finite(), |_| Error::non_finite("the columns of a projection"))?;
        Ok(self.clone())
    }
}
impl<U: MatrixData> DiagonalRule for Projection<U> {
    fn diagonal_rule(&self, k: isize, d: &mut [Sc<Self>]) -> Result<()> {
        low_rank_diagonal(self, k, d);
        Ok(())
    }
    // the rank
    fn trace_rule(&self) -> Result<Sc<Self>> {
        Ok(Sc::<Self>::of(self.rank() as f64))
    }
}
impl<U: MatrixData> Explain for Projection<U> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        let plan = |rule, cost| rank_plan(rule, cost, self.0.view().rows, self.0.view().cols);
        match question {
            Question::Trace => plan("the rank", "1"),
            Question::Diagonal => plan("row norms", "2nr"),
            Question::Power | Question::Pinv => plan("itself", "1"),
            Question::Svd => plan("ones, its columns", "1"),
            Question::Exp => plan("I + (e - 1) P", "1"),
            Question::Eigh | Question::Eig => plan("ones and zeros, reflections", "2nr^2"),
            Question::Slogdet => plan("zero, or one of full rank", "1"),
            _ => low_rank_plan::<K, Self>(self, question),
        }
    }
}
// u^T U U^H v: U sees (u, U^H v), conj(U) sees (v, U^T u)
impl<U> crate::gradient::Differentiable for Projection<U>
where
    U: MatrixData + crate::parameters::Parameters<Number = <U as MatrixData>::Scalar>,
{
    fn parameters(&self) -> usize {
        let u = self.0.view();
        u.rows * u.cols
    }
    fn accumulate_bilinear(&self, u: View<'_, Sc<Self>>, v: View<'_, Sc<Self>>, scale: Sc<Self>, g: &mut [Sc<Self>]) {
        let a = self.0.view();
        for k in 0..a.cols {
            let right = (0..a.rows).fold(Sc::<Self>::zero(), |s, i| s + a.at(i, k).conj() * v.at(i, 0));
            let left = (0..a.rows).fold(Sc::<Self>::zero(), |s, i| s + a.at(i, k) * u.at(i, 0));
            (0..a.rows).for_each(|i| g[i + a.rows * k] += scale * (u.at(i, 0) * right + left * v.at(i, 0)));
        }
    }
}
