//! Determinants: sign and logarithm of the absolute value, so that nothing overflows.

use crate::data::Column;
use crate::error::{Error, Result, check, failure};
use crate::facts::{Fact, Facts};
use crate::operator::Operator;
use crate::operator::short::Re;
use crate::scalar::{Mask, Real, Scalar};
use crate::space::Space;
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
#[cfg_attr(not(debug_assertions), inline(always))]
pub(crate) fn logdet_of<T: Scalar>((sign, log): (T, T::Re)) -> Result<T::Re> {
    // a Hermitian determinant is real; a product of rounded phases may be off by a few units in the last place
    let positive = T::Re::real(0.5).lt(sign.re());
    let positive = match <T::IsReal as Fact>::KNOWN {
        true => positive,
        false => positive & sign.im().abs().lt(T::Re::real(1e-4)),
    };
    if !positive.all() {
        failure::<T, _>(
            #[inline(always)]
            || not_positive::<T>(sign, positive),
        )?;
    }
    Ok(log)
}
#[cold]
#[inline(never)]
fn not_positive<T: Scalar>(sign: T, positive: T::Mask) -> Result<()> {
    check::<T>(T::Re::zero().lt(sign.abs()), |_| Error::Singular { index: 0 })?;
    check::<T>(positive, |_| Error::InvalidArgument {
        what: "logdet: the determinant is not positive; `slogdet` returns its sign and log|det|".into(),
    })
}
/// x^n for signs.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(crate) fn power<T: Scalar>(x: T, n: usize) -> T {
    (0..usize::BITS - n.leading_zeros()).rev().fold(T::one(), |s, bit| {
        let s = s * s;
        if n >> bit & 1 == 1 { s * x } else { s }
    })
}
/// Partial products between these keep their digits.
#[cfg_attr(not(debug_assertions), inline(always))]
fn digits<R: Real>() -> (R, R) {
    let (low, high) = if R::epsilon().lane_f64(0) > 1e-10 { (1e-30, 1e30) } else { (1e-280, 1e280) };
    (R::real(low), R::real(high))
}
/// Sum of log x of nonnegative numbers: one logarithm of their product where no partial product leaves the range (the 4 pivots of a
/// static 4 x 4: 6 ns in place of 24).
#[cfg_attr(not(debug_assertions), inline(always))]
pub(crate) fn log_product<R: Real, S: Space>(xs: &Column<R, S>) -> R {
    let (p, fits) = product(
        xs.iter().copied(),
        #[inline(always)]
        |p| p,
    );
    // a copy: a reference would keep the numbers in memory on the good path too
    if fits.all() { p.ln() } else { log_sum_of(xs.clone()) }
}
#[cold]
#[inline(never)]
fn log_sum_of<R: Real, S: Space>(xs: Column<R, S>) -> R {
    log_sum(&mut xs.iter().map(|&x| (x, R::one()))).1
}
/// The product, and whether it kept its digits: a partial product may not underflow; one that overflows stays infinite. `abs` of a number
/// that is known not to be negative is the number.
#[cfg_attr(not(debug_assertions), inline(always))]
fn product<R: Real>(mut xs: impl Iterator<Item = R>, abs: impl Fn(R) -> R) -> (R, R::Mask) {
    let mut p = xs.next().unwrap_or(R::one());
    // the first factor is no product: it has all its digits
    let mut least = None;
    for x in xs {
        p *= x;
        least = Some(match least {
            Some(least) => abs(p).min(least),
            None => abs(p),
        });
    }
    let (low, high) = digits::<R>();
    (p, low.lt(least.unwrap_or(abs(p))) & abs(p).lt(high))
}
/// Product of the signs and sum of the logarithms of (|x|, sign) by as few logarithms as the range allows.
#[cold]
#[inline(never)]
fn log_sum<R: Real, T: Scalar<Re = R>>(xs: &mut dyn Iterator<Item = (R, T)>) -> (T, R) {
    let ((low, high), mut sign, mut sum, mut held) = (digits::<R>(), T::one(), R::zero(), R::one());
    for (x, s) in xs {
        sign *= s;
        let p = held * x;
        if (low.lt(p) & p.lt(high)).all() {
            held = p;
        } else {
            sum += held.ln() + x.ln();
            held = R::one();
        }
    }
    (sign, sum + held.ln())
}
/// [`slog_product`] of real numbers where it is one logarithm: the product keeps its digits. `positive`: what is not positive is left to
/// the other.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(crate) fn slog_at_once<T: Scalar>(xs: impl Iterator<Item = T>, positive: bool) -> Option<(T, T::Re)> {
    if !<T::IsReal as Fact>::KNOWN {
        return None;
    }
    let (p, fits) = product(
        xs.map(
            #[inline(always)]
            |x| x.re(),
        ),
        #[inline(always)]
        |p| if positive { p } else { p.abs() },
    );
    if !fits.all() {
        return None;
    }
    if positive {
        return Some((T::one(), p.ln()));
    }
    let (zero, one) = (T::Re::zero(), T::Re::one());
    Some((T::from_re(T::Re::select(p.lt(zero), -one, one)), p.abs().ln()))
}
/// Sign and log|x| of a product of numbers.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(crate) fn slog_product<T: Scalar>(xs: impl Iterator<Item = T> + Clone) -> (T, T::Re) {
    if let Some(out) = slog_at_once(xs.clone(), false) {
        return out;
    }
    let (zero, one) = (T::Re::zero(), T::Re::one());
    // the sign of a real number is exactly 1 or -1: x / |x|, not x times the rounded 1 / |x|
    log_sum(&mut xs.map(|x| {
        let a = x.abs();
        let nonzero = zero.lt(a);
        let sign = match <T::IsReal as Fact>::KNOWN {
            true => T::select(x.re().lt(zero), -T::one(), T::one()),
            false => x.scale(one / T::Re::select(nonzero, a, one)),
        };
        (a, T::select(nonzero, sign, T::zero()))
    }))
}
/// n * x where 0 * (-inf) is 0.
#[inline(always)]
pub(crate) fn times<R: Real>(n: usize, x: R) -> R {
    if n == 0 { R::zero() } else { x * R::real(n as f64) }
}
