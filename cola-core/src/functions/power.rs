//! A^p: square root, inverse square root, real powers.
//!
//! | structure | rule |
//! |---|---|
//! | Kron, Scaled | factor by factor (homogeneous) |
//! | BlockDiag, Repeat, Transpose, Adjoint | blockwise |
//! | Diagonal, ScaledIdentity, Spectral | elementwise |
//! | Triangular | Bjorck-Hammarling recurrence, inverse scaling and squaring |
//! | Dense and the rest | by the spectrum, if PSD or self-adjoint is known |

use crate::error::{Error, Result, check};
use crate::facts::Facts;
use crate::operator::{LinearOperator, Operator};
use crate::scalar::{Mask, Real, Scalar};
use crate::space::Square;

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
            Power::InvSqrt => T::one() / x.sqrt(),
            Power::Real(p) if p == p.trunc() && p.abs() <= 64.0 => {
                let y = crate::functions::det::power(x, p.abs() as usize);
                if p < 0.0 { T::one() / y } else { y }
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
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn of_spectrum<R: Real>(self, w: &mut [R]) -> Result<()> {
        self.of_values(w, true)
    }
    /// As `of_spectrum`; `rounded`: the values are results of an eigensolver, else exact entries of a diagonal.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn of_values<R: Real>(self, w: &mut [R], rounded: bool) -> Result<()> {
        let zero = R::zero();
        let (root, inverse) = (!self.is_integer(), self.exponent() < 0.0);
        let mut tol = zero;
        if rounded && (root || inverse) {
            let largest = w.iter().fold(zero, |m, x| m.max(x.abs()));
            tol = largest * R::epsilon() * R::real(w.len() as f64);
        }
        let good = |x: R| {
            let mut good = x.finite();
            if root {
                good = good & !x.lt(-tol);
            }
            if inverse {
                good = good & tol.lt(x.abs());
            }
            good
        };
        let fine = w.iter().fold(R::Mask::splat(true), |ok, &x| ok & good(x));
        if !fine.all() {
            crate::error::failure::<R, _>(
                #[inline(always)]
                || self.complain(w, tol),
            )?;
        }
        let mut ok = R::Mask::splat(true);
        for x in w.iter_mut() {
            // A failed lane goes on with 1, so that it raises no second error.
            let safe = R::select(good(*x), *x, R::one());
            *x = self.of(if root { safe.max(zero) } else { safe });
            ok = ok & x.finite();
        }
        check::<R>(ok, |_| Error::non_finite("the power of an eigenvalue: it overflowed"))
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
