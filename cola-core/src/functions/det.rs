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
    /// The same with the logarithm still open: small factors of a structure share one. By default it is taken.
    ///
    /// # Errors
    /// As `slogdet_rule`.
    #[doc(hidden)]
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn det_rule(&self) -> Result<Det<Self::Scalar>> {
        let (sign, log) = self.slogdet_rule()?;
        Ok(Det::of(sign, log))
    }
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
/// Partial products between these keep their digits; with `room` 2, so does the product of two of them.
#[cfg_attr(not(debug_assertions), inline(always))]
fn digits<R: Real>(room: usize) -> (R, R) {
    let (low, high) = match (R::epsilon().lane_f64(0) > 1e-10, room) {
        (true, 2) => (1e-15, 1e15),
        (true, _) => (1e-30, 1e30),
        (false, 2) => (1e-140, 1e140),
        (false, _) => (1e-280, 1e280),
    };
    (R::real(low), R::real(high))
}
/// Sum of log x of nonnegative numbers: one logarithm of their product where no partial product leaves the range (the 4 pivots of a
/// static 4 x 4: 6 ns in place of 24).
#[cfg_attr(not(debug_assertions), inline(always))]
pub(crate) fn log_product<R: Real, S: Space>(xs: &Column<R, S>) -> R {
    let (p, fits) = product(
        1,
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
fn product<R: Real>(room: usize, mut xs: impl Iterator<Item = R>, abs: impl Fn(R) -> R) -> (R, R::Mask) {
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
    let (low, high) = digits::<R>(room);
    (p, low.lt(least.unwrap_or(abs(p))) & abs(p).lt(high))
}
/// det = sign product^times e^log, the product positive. The small parts of a structure share one logarithm, which takes as long as the
/// factorisation of a 3 x 3 matrix. `times` and `room` are constants after inlining.
#[derive(Clone, Copy)]
pub struct Det<T: Scalar> {
    product: T::Re,
    sign: T,
    log: T::Re,
    times: usize,
    /// See [`digits`].
    room: usize,
}
impl<T: Scalar> Det<T> {
    /// The logarithm is taken.
    #[inline(always)]
    pub fn of(sign: T, log: T::Re) -> Self {
        Det { product: T::Re::one(), sign, log, times: 0, room: 2 }
    }
    /// -0 + x is x, to the compiler too.
    #[inline(always)]
    fn open(sign: T, product: T::Re) -> Self {
        Det { product, sign, log: -T::Re::zero(), times: 1, room: 2 }
    }
    /// Of positive pivots.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn of_pivots<S: Space>(xs: &Column<T::Re, S>) -> Self {
        let (p, fits) = product(
            2,
            xs.iter().copied(),
            #[inline(always)]
            |p| p,
        );
        match fits.all() {
            true => Self::open(T::one(), p),
            false => Det { log: log_sum_of(xs.clone()), ..Self::open(T::one(), T::Re::one()) },
        }
    }
    /// Of real numbers whose product keeps its digits. `positive`: what is not positive is left to the other.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn at_once(xs: impl Iterator<Item = T>, positive: bool) -> Option<Self> {
        if !<T::IsReal as Fact>::KNOWN {
            return None;
        }
        let (p, fits) = product(
            2,
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
        let one = T::Re::one();
        Some(match positive {
            true => Self::open(T::one(), p),
            false => Self::open(T::from_re(T::Re::select(p.lt(T::Re::zero()), -one, one)), p.abs()),
        })
    }
    /// Of A x I_n.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn to_the(self, n: usize) -> Self {
        match n {
            0 => Self::of(T::one(), T::Re::zero()),
            _ => Det { times: self.times * n, sign: power(self.sign, n), log: times(n, self.log), ..self },
        }
    }
    /// Of diag(A, B).
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn and(self, o: Self) -> Self {
        let (sign, log) = (self.sign * o.sign, self.log + o.log);
        if self.times == 0 || o.times == 0 {
            return Det { sign, log, ..if self.times == 0 { o } else { self } };
        }
        let Some((x, y)) = powers(self.times, o.times) else {
            return Det::of(sign, log + apart(self.product, self.times, o.product, o.times));
        };
        let (a, b) = (power(self.product, x), power(o.product, y));
        let (p, (low, high)) = (a * b, digits::<T::Re>(1));
        let out = Det { product: p, sign, log, times: self.times / x, room: 1 };
        if x + y == 2 && self.room + o.room == 4 {
            return out;
        }
        let least = if x > 1 { a.min(p) } else { p };
        let least = if y > 1 { b.min(least) } else { least };
        match (low.lt(least) & p.lt(high)).all() {
            true => out,
            false => {
                let log = log + apart(self.product, self.times, o.product, o.times);
                Det { product: T::Re::one(), log, ..out }
            }
        }
    }
    /// (sign, log|det|).
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn slog(self) -> (T, T::Re) {
        match self.times {
            0 => (self.sign, self.log),
            n => (self.sign, self.log + times(n, self.product.ln())),
        }
    }
}
/// A logarithm each. Number by number: a reference to a structure would keep it in memory on the good path too.
#[cold]
#[inline(never)]
fn apart<R: Real>(a: R, m: usize, b: R, n: usize) -> R {
    times(m, a.ln()) + times(n, b.ln())
}
/// (x, y) with a : b = x : y, where both are small.
#[cfg_attr(not(debug_assertions), inline(always))]
fn powers(a: usize, b: usize) -> Option<(usize, usize)> {
    // no loop: the compiler knows a and b, and finds the answer
    match () {
        _ if a == b => Some((1, 1)),
        _ if a == 2 * b => Some((2, 1)),
        _ if 2 * a == b => Some((1, 2)),
        _ if a == 3 * b => Some((3, 1)),
        _ if 3 * a == b => Some((1, 3)),
        _ if 2 * a == 3 * b => Some((3, 2)),
        _ if 3 * a == 2 * b => Some((2, 3)),
        _ => None,
    }
}
/// Product of the signs and sum of the logarithms of (|x|, sign) by as few logarithms as the range allows.
#[cold]
#[inline(never)]
fn log_sum<R: Real, T: Scalar<Re = R>>(xs: &mut dyn Iterator<Item = (R, T)>) -> (T, R) {
    let ((low, high), mut sign, mut sum, mut held) = (digits::<R>(1), T::one(), R::zero(), R::one());
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
/// Sign and log|x| of a product of numbers.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(crate) fn slog_product<T: Scalar>(xs: impl Iterator<Item = T> + Clone) -> (T, T::Re) {
    if let Some(out) = Det::at_once(xs.clone(), false) {
        return out.slog();
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

#[cfg(test)]
mod tests {
    use crate::dsl::{block_diag, diag, kron, psd, repeat};
    use crate::error::Error;
    use crate::ext::OperatorExt;
    use nalgebra::{SMatrix, SVector, Vector2, Vector3, matrix};

    /// A logarithm for all against one for each, where products stay in the range of f64 and where they leave it.
    #[test]
    fn parts_share_a_logarithm() {
        let y: SMatrix<f64, 3, 3> = matrix![2.0, 0.5, 0.25; 0.5, 3.0, 1.0; 0.25, 1.0, 4.0];
        let ly = y.determinant().ln();
        for s in [1f64, 1e-20, 1e-46, 1e-48, 1e-95, 1e-200, 1e46, 1e48, 1e95, 1e200] {
            for t in [1f64, 1e-60, 1e70, 1e-150, 1e150] {
                let (a, d, e) = (y * s, Vector3::new(3.0, 0.2, 1.0) * t, Vector2::new(2.0, -5.0) * t);
                let (la, ld, le) = (ly + 3.0 * s.ln(), 0.6f64.ln() + 3.0 * t.ln(), 10f64.ln() + 2.0 * t.ln());
                let near = |what: &str, (sign, log): (f64, f64), (want_sign, want): (f64, f64)| {
                    assert!(
                        sign == want_sign && (log - want).abs() <= 1e-12 * want.abs().max(1.0),
                        "{what} {s} {t} {log} {want}"
                    )
                };
                near("3 : 3", kron(psd(&a), diag(&d)).slogdet().unwrap(), (1.0, 3.0 * la + 3.0 * ld));
                near("2 : 3", kron(psd(&a), diag(&e)).slogdet().unwrap(), (-1.0, 2.0 * la + 3.0 * le));
                near("2 : 3, even", kron(diag(&e), psd(&kron_two(&a))).slogdet().unwrap(), (1.0, 4.0 * la + 6.0 * le));
                let r = block_diag(repeat::<2, _>(psd(&a)), diag(&e));
                near("2 : 1", r.slogdet().unwrap(), (-1.0, 2.0 * la + le));
                near(
                    "7 : 1",
                    block_diag(repeat::<7, _>(psd(&a)), psd(diag(&d))).slogdet().unwrap(),
                    (1.0, 7.0 * la + ld),
                );
                let deep = kron(block_diag(psd(&a), psd(diag(&d))), psd(&a));
                near("deep", deep.slogdet().unwrap(), (1.0, 3.0 * (la + ld) + 6.0 * la));
            }
        }
    }
    /// A x I_2 of 3 x 3 as numbers.
    fn kron_two(a: &SMatrix<f64, 3, 3>) -> SMatrix<f64, 6, 6> {
        a.kronecker(&SMatrix::<f64, 2, 2>::identity())
    }
    /// Zeros and what is not finite, beside parts that are in order.
    #[test]
    fn a_bad_part_is_named() {
        let y: SMatrix<f64, 2, 2> = matrix![2.0, 0.5; 0.5, 3.0];
        let d = SVector::<f64, 3>::new(1.0, 0.0, 2.0);
        assert_eq!(kron(psd(&y), diag(&d)).slogdet(), Ok((0.0, f64::NEG_INFINITY)));
        assert_eq!(kron(psd(&y), diag(&d)).logdet(), Err(Error::Singular { index: 0 }));
        for (at, bad) in [((0, 1), f64::NAN), ((0, 1), f64::INFINITY), ((1, 0), f64::NAN), ((1, 1), f64::INFINITY)] {
            let mut z = y;
            z[at] = bad;
            let k = block_diag(psd(&y), psd(&z));
            assert!(matches!(k.logdet(), Err(Error::NonFinite { .. })), "{at:?} {bad}");
            assert!(matches!(k.solve(&SVector::<f64, 4>::repeat(1.0)), Err(Error::NonFinite { .. })), "{at:?} {bad}");
        }
        let indefinite: SMatrix<f64, 2, 2> = matrix![1.0, 2.0; 2.0, 1.0];
        let k = kron(psd(&y), psd(&indefinite));
        assert_eq!(k.logdet(), Err(Error::NotPositiveDefinite { index: 1, pivot: -3.0 }));
        assert_eq!(k.inv().err(), Some(Error::NotPositiveDefinite { index: 1, pivot: -3.0 }));
    }
    /// The sum above the diagonal overflows, no entry does.
    #[test]
    fn a_sum_that_overflows_is_no_entry() {
        let a: SMatrix<f64, 3, 3> = matrix![1.7e308, 1e308, 1e308; 1e308, 1.7e308, 1e308; 1e308, 1e308, 1.7e308];
        let b = SVector::<f64, 3>::new(1e300, 2e300, 3e300);
        let x = psd(&a).solve(&b).unwrap();
        assert!((a * 1e-300 * x - b * 1e-300).amax() < 1e-8, "{x}");
        let want = (a * 1e-308).determinant().ln() + 3.0 * 1e308f64.ln();
        assert!((psd(&a).logdet().unwrap() - want).abs() < 1e-11 * want);
    }
}
