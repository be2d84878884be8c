//! A^p: square root, inverse square root, real powers.
//!
//! | structure | rule |
//! |---|---|
//! | Kron, Scaled | factor by factor (homogeneous) |
//! | BlockDiag, Repeat, Transpose, Adjoint | blockwise |
//! | Diagonal, ScaledIdentity, Spectral | elementwise |
//! | Triangular | Bjorck-Hammarling recurrence, inverse scaling and squaring |
//! | Dense and the rest | by the spectrum, if PSD or self-adjoint is known |

use crate::data::Column;
use crate::error::{Error, Result, check};
use crate::facts::{Fact, Facts};
use crate::operator::{LinearOperator, Operator};
use crate::scalar::{Mask, Real, Scalar, mark};
use crate::space::{Space, Square};

/// The exponent. One type for all, so that a structure has one rule and one result type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Power {
    /// 1/2.
    Sqrt,
    /// -1/2.
    InvSqrt,
    /// Any real number.
    Real(f64),
}
impl Power {
    /// As a number.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn exponent(self) -> f64 {
        match self {
            Power::Sqrt => 0.5,
            Power::InvSqrt => -0.5,
            Power::Real(p) => p,
        }
    }
    /// x^p.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn of<T: Scalar>(self, x: T) -> T {
        match self {
            Power::Sqrt => x.sqrt(),
            Power::InvSqrt => x.sqrt().reciprocal(),
            Power::Real(p) if p == p.trunc() && p.abs() <= 64.0 => {
                let y = crate::functions::det::power(x, p.abs() as usize);
                if p < 0.0 { y.reciprocal() } else { y }
            }
            Power::Real(p) => x.powf(p),
        }
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn checked(self) -> Result<Self> {
        if self.exponent().is_finite() { Ok(self) } else { Err(Error::non_finite("the exponent")) }
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn is_integer(self) -> bool {
        self.exponent() == self.exponent().trunc()
    }
    /// x^p of eigenvalues in place. What is negative by rounding alone counts as zero.
    ///
    /// # Errors
    /// `NegativeEigenvalue`, `Singular` where p < 0.
    pub(crate) fn of_spectrum<R: Real>(self, w: &mut [R]) -> Result<()> {
        let (ok, tol) = self.accepts(w);
        if !ok.all() {
            crate::error::failure::<R, _>(|| self.complain(w, tol))?;
        }
        self.raise(w, tol)
    }
    /// As [`of_spectrum`](Self::of_spectrum), for numbers that stay in registers: the cold path has a copy.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn of_column<R: Real, S: Space>(self, w: &mut Column<R, S>) -> Result<()> {
        if R::LANES == 1 && S::EXTENT.is_static() && !self.is_integer() && 0.0 < self.exponent() {
            // NaN of a negative value, infinite of an infinite one: nothing need be compared
            let (mut y, mut sum) = (w.clone(), -R::zero());
            for x in y.iter_mut() {
                *x = self.of(*x);
                sum += *x;
            }
            *w = if sum.finite().all() { y } else { self.of_each(w.clone())? };
            return Ok(());
        }
        let (ok, tol) = self.accepts(w);
        if !ok.all() {
            crate::error::failure::<R, _>(
                #[inline(always)]
                || self.complain_of(w.clone(), tol),
            )?;
        }
        self.raise(w, tol)
    }
    #[cold]
    #[inline(never)]
    fn of_each<R: Real, S: Space>(self, mut w: Column<R, S>) -> Result<Column<R, S>> {
        self.of_spectrum(&mut w)?;
        Ok(w)
    }
    /// Whether all values have the power, and what counts as zero. NaN and infinity reach the sum; where only the sum overflows, there is
    /// nothing to complain of.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn accepts<R: Real>(self, w: &[R]) -> (R::Mask, R) {
        let (root, inverse) = (!self.is_integer(), self.exponent() < 0.0);
        let mut tol = R::zero();
        if root || inverse {
            let largest = w.iter().fold(
                R::zero(),
                #[inline(always)]
                |m, x| m.max(x.abs()),
            );
            tol = largest * R::epsilon() * R::real(w.len() as f64);
        }
        let (mut ok, mut sum) = (R::Mask::splat(true), -R::zero());
        for &x in w {
            sum += x;
            if root {
                ok = ok & !x.lt(-tol);
            }
            if inverse {
                ok = ok & tol.lt(x.abs());
            }
        }
        (ok & sum.finite(), tol)
    }
    /// z^p of one eigenvalue of an operator over T, where `tol` counts as zero; C is T, or its complex numbers. What is negative by
    /// rounding alone has no power of real numbers, and of complex ones that of the principal branch.
    ///
    /// # Errors
    /// `NegativeEigenvalue` of real operators, `Singular` where p < 0, `NonFinite`.
    pub(crate) fn of_eigenvalue<T: Scalar, C: Scalar<Re = T::Re, Mask = T::Mask>>(self, z: C, tol: C::Re) -> Result<C> {
        check::<C>(z.finite(), |_| Error::non_finite("the eigenvalues"))?;
        let some = tol.lt(z.abs());
        if self.exponent() < 0.0 {
            check::<C>(some, |_| Error::Singular { index: 0 })?;
        }
        let safe = C::select(some, z, C::one());
        let y = self.of(if self.is_integer() { safe } else { on_branch::<T, C>(safe, tol)? });
        check::<C>(y.finite(), |_| Error::non_finite("the power of an eigenvalue: it overflowed"))?;
        Ok(if self.exponent() == 0.0 { C::one() } else { C::select(some, y, C::zero()) })
    }
    /// The powers in place.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn raise<R: Real>(self, w: &mut [R], tol: R) -> Result<()> {
        let (root, inverse) = (!self.is_integer(), self.exponent() < 0.0);
        let mut marks = -R::zero();
        for x in w.iter_mut() {
            let mut safe = *x;
            if R::LANES > 1 && !R::ALL_OR_NONE {
                // a failed lane goes on with 1, so that it raises no second error
                let bad = !x.finite() | (if root { x.lt(-tol) } else { R::Mask::splat(false) });
                let bad = bad | (if inverse { !tol.lt(x.abs()) } else { R::Mask::splat(false) });
                safe = R::select(bad, R::one(), *x);
            }
            *x = self.of(if root { safe.max(R::zero()) } else { safe });
            marks += mark(*x);
        }
        if 0.0 <= self.exponent() && self.exponent() <= 1.0 {
            return Ok(()); // none is larger than 1 and what it came from
        }
        check::<R>(marks.finite(), |_| Error::non_finite("the power of an eigenvalue: it overflowed"))
    }
    /// Which eigenvalue it was.
    #[cold]
    #[inline(never)]
    fn complain<R: Real>(self, w: &[R], tol: R) -> Result<()> {
        crate::functions::dense::finite(w, "the eigenvalues")?;
        for (index, &x) in w.iter().enumerate() {
            if !self.is_integer() {
                check::<R>(!x.lt(-tol), |l| Error::NegativeEigenvalue { value: x.lane_f64(l), tol: tol.lane_f64(l) })?;
            }
            if self.exponent() < 0.0 {
                check::<R>(tol.lt(x.abs()), |_| Error::Singular { index })?;
            }
        }
        Ok(())
    }
    #[cold]
    #[inline(never)]
    fn complain_of<R: Real, S: Space>(self, w: Column<R, S>, tol: R) -> Result<()> {
        self.complain(&w, tol)
    }
}

/// z, exactly real where it is negative but for rounding.
fn on_branch<T: Scalar, C: Scalar<Re = T::Re, Mask = T::Mask>>(z: C, tol: C::Re) -> Result<C> {
    let negative = z.re().lt(-tol) & !tol.lt(z.im().abs());
    if <T::IsReal as Fact>::KNOWN {
        let error = |l| Error::NegativeEigenvalue { value: z.re().lane_f64(l), tol: tol.lane_f64(l) };
        check::<C>(!negative, error)?;
    }
    Ok(C::select(negative, C::from_re(z.re()), z))
}
/// log z of one eigenvalue of an operator over T, as [`Power::of_eigenvalue`].
///
/// # Errors
/// `NegativeEigenvalue` of real operators, `Singular`, `NonFinite`.
pub(crate) fn log_of_eigenvalue<T: Scalar, C: Scalar<Re = T::Re, Mask = T::Mask>>(z: C, tol: C::Re) -> Result<C> {
    check::<C>(z.finite(), |_| Error::non_finite("the eigenvalues"))?;
    let some = tol.lt(z.abs());
    check::<C>(some, |_| Error::Singular { index: 0 })?;
    Ok(on_branch::<T, C>(C::select(some, z, C::one()), tol)?.ln())
}

/// How a structure is raised to a power, given the facts `K`.
#[diagnostic::on_unimplemented(
    message = "no rule for roots and powers of `{Self}`",
    label = "`{Self}` has no square root or power rule",
    note = "an operator of your own gets all base cases by `cola::base_rules! {{ [] Mine }}`; generic code states the bound `A: Rootable`"
)]
pub trait PowerRule<K: Facts>: Operator {
    /// A^p.
    type Output: Operator<Scalar = Self::Scalar>;
    /// A^p.
    ///
    /// # Errors
    /// `NegativeEigenvalue`, `Singular` for negative p, `NonFinite`, `ShapeMismatch`.
    fn power_rule(&self, p: Power) -> Result<Self::Output>;
}
/// Has a power rule for the facts it has.
#[diagnostic::on_unimplemented(
    message = "no rule for roots and powers of `{Self}`",
    label = "`{Self}` has no square root or power rule",
    note = "say what is known of it: `psd(..)` or `self_adjoint(..)`; a general matrix has `.sqrt_with(Schur::default())?`"
)]
pub trait HasPower: PowerRule<<Self as Operator>::Facts> {}
#[diagnostic::do_not_recommend]
impl<A: PowerRule<<A as Operator>::Facts>> HasPower for A {}
/// All that `sqrt`, `isqrt` and `pow` need, with a result that can be applied: one bound for generic code.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no roots and powers",
    label = "not square, or without a power rule",
    note = "`Rootable` is a square operator with a power rule; one of your own gets the rule by `cola::base_rules! {{ [] Mine }}`"
)]
pub trait Rootable:
    Square + PowerRule<<Self as Operator>::Facts, Output: LinearOperator<Scalar = Self::Scalar>>
{
}
impl<A> Rootable for A where
    A: Square + PowerRule<<A as Operator>::Facts, Output: LinearOperator<Scalar = <A as Operator>::Scalar>>
{
}
/// The type of the powers of `A`.
pub type Pow<A> = <A as PowerRule<<A as Operator>::Facts>>::Output;
/// The type of the square root of `A`.
pub type Sqrt<A> = Pow<A>;
