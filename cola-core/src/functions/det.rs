//! Determinants: sign and logarithm of the absolute value, so that nothing overflows.

use crate::error::{Error, Result, check};
use crate::facts::{Fact, Facts};
use crate::operator::Operator;
use crate::operator::short::Re;
use crate::scalar::{Real, Scalar};
use num_traits::{One, Zero};

/// How the determinant of a structure is found, given the facts `K`.
#[diagnostic::on_unimplemented(
    message = "no determinant rule for `{Self}`",
    label = "`{Self}` has no determinant rule",
    note = "an operator of your own gets all base cases by `cola::base_rules! {{ [] Mine }}`"
)]
pub trait DetRule<K: Facts>: Operator {
    /// (sign, log|det A|): the sign has modulus 1, or is 0 with logarithm -inf where A is singular.
    ///
    /// # Errors
    /// `NotPositiveDefinite` where PSD was promised, `NonFinite`, `ShapeMismatch`.
    fn slogdet_rule(&self) -> Result<(Self::Scalar, Re<Self>)>;
}
/// Has a determinant rule for the facts it has.
#[diagnostic::on_unimplemented(
    message = "no determinant rule for `{Self}`",
    label = "`{Self}` has no determinant rule",
    note = "an operator of your own gets all base cases by `cola::base_rules! {{ [] Mine }}`"
)]
pub trait HasDet: DetRule<<Self as Operator>::Facts> {}
#[diagnostic::do_not_recommend]
impl<A: DetRule<<A as Operator>::Facts>> HasDet for A {}

/// log det from sign and log|det|: an error where the determinant is not positive.
pub(crate) fn logdet_of<T: Scalar>((sign, log): (T, T::Re)) -> Result<T::Re> {
    let half = T::Re::real(0.5);
    let zero = !T::Re::zero().lt(sign.abs());
    check::<T>(!zero, |_| Error::Singular { index: 0 })?;
    // a Hermitian determinant is real; a product of rounded phases may be off by a few units in the last place
    let positive = half.lt(sign.re()) & sign.im().abs().lt(T::Re::real(1e-4));
    check::<T>(positive, |_| Error::InvalidArgument {
        what: "logdet: the determinant is not positive; `slogdet` returns its sign and log|det|".into(),
    })?;
    Ok(log)
}
/// x^n for signs.
pub(crate) fn power<T: Scalar>(x: T, n: usize) -> T {
    (0..usize::BITS - n.leading_zeros()).rev().fold(T::one(), |s, bit| {
        let s = s * s;
        if n >> bit & 1 == 1 { s * x } else { s }
    })
}
/// Sign and log|x| of a product of numbers, each by its own logarithm.
#[inline]
pub(crate) fn slog_product<T: Scalar>(xs: impl Iterator<Item = T>) -> (T, T::Re) {
    let mut out = (T::one(), T::Re::zero());
    for x in xs {
        let a = x.abs();
        let nonzero = T::Re::zero().lt(a);
        // a real sign is exactly 1 or -1: x / |x|, not x times the rounded 1 / |x|
        let phase = match <T::IsReal as Fact>::KNOWN {
            true => T::select(x.re().lt(T::Re::zero()), -T::one(), T::one()),
            false => x.scale(T::Re::one() / T::Re::select(nonzero, a, T::Re::one())),
        };
        out.0 *= T::select(nonzero, phase, T::zero());
        out.1 += a.ln();
    }
    out
}
/// n * x where 0 * (-inf) is 0.
pub(crate) fn times<R: Real>(n: usize, x: R) -> R {
    if n == 0 { R::zero() } else { x * R::real(n as f64) }
}
