//! Dual numbers of `num_dual` as scalars: a kernel over them gives derivatives together with values.
//!
//! A comparison looks at the value alone, so a pivot search runs as it does without derivatives. So do `==` and `is_zero` of
//! num_dual: a dual number "equal" to zero may have a derivative, and code that skips zeros would lose it.
//!
//! The elementary functions are our own. Those of num_dual divide by the argument and so have NaN as derivative of `sqrt(x)`
//! and of `x^p` at 0 and of `atan2(y, x)` at x = 0; and here a constant stays one: where the derivative of the argument is zero,
//! that of the result is zero, though the function has no derivative there (`sqrt` of a constant 0).

use crate::algorithms::dense::Engine;
use crate::dsl::{IntoTerm, IsScalar};
use crate::lanes::{InstructionSet, LaneElement, Lanes, OneByOne};
use crate::scalar::{Complex, Element, Real, Scalar, one_lane, real_scalar, scalar_term};
use num_dual::{Dual, Dual2, HyperDual};

/// f(x) from the value and the first two derivatives of f at the value of x.
trait Chain: Sized {
    type Value;
    fn chain(self, f0: Self::Value, f1: Self::Value, f2: Self::Value) -> Self;
}

/// `part * slope`; a part of zero wins over an infinite slope.
#[inline(always)]
fn times<F: Real>(part: F, slope: F) -> F {
    if part.is_zero() { part } else { part * slope }
}

macro_rules! dual {
    ($T:ident $F:ident [$($part:ident),*] |$x:ident, $f1:ident, $f2:ident| $($chain:expr),*) => {
        impl Chain for $T<$F> {
            type Value = $F;
            #[inline]
            fn chain(self, f0: $F, $f1: $F, $f2: $F) -> Self {
                let $x = self;
                $T::new(f0, $($chain),*)
            }
        }
        impl Scalar for $T<$F> {
            one_lane!();
            real_scalar!();
            const NAME: &'static str = "dual";
            // by the sign: the derivative of sqrt(x^2) at 0 is NaN; a zero goes with the positive numbers, as in `lt`
            #[inline(always)]
            fn abs(self) -> Self {
                let positive = if self.re < 0.0 { -self } else { self };
                $T { re: self.re.abs(), ..positive }
            }
            #[inline]
            fn sqrt(self) -> Self {
                let r = self.re.sqrt();
                self.chain(r, 0.5 / r, -0.25 / (r * self.re))
            }
            #[inline]
            fn exp(self) -> Self {
                let e = self.re.exp();
                self.chain(e, e, e)
            }
            #[inline]
            fn ln(self) -> Self {
                let slope = self.re.recip();
                self.chain(self.re.ln(), slope, -slope * slope)
            }
            #[inline]
            fn powf(self, p: f64) -> Self {
                // x^p is no factor of its derivatives here: that would be 0 * infinity at 0
                let power = |factor: f64, p: f64| times(factor as $F, Scalar::powf(self.re, p));
                self.chain(power(1.0, p), power(p, p - 1.0), power(p * (p - 1.0), p - 2.0))
            }
            #[inline(always)]
            fn finite(self) -> bool {
                self.re.is_finite() $(&& self.$part.is_finite())*
            }
        }
        impl Real for $T<$F> {
            #[inline(always)]
            fn real(x: f64) -> Self {
                $T::from_re(x as $F)
            }
            #[inline(always)]
            fn epsilon() -> Self {
                $T::from_re($F::EPSILON)
            }
            #[inline(always)]
            fn lt(self, o: Self) -> bool {
                self.re < o.re
            }
            #[inline]
            fn sin_cos(self) -> (Self, Self) {
                let (sin, cos) = self.re.sin_cos();
                (self.chain(sin, cos, -sin), self.chain(cos, -sin, -cos))
            }
            #[inline]
            fn atan2(self, x: Self) -> Self {
                let (angle, radius) = (self.re.atan2(x.re), self.re.hypot(x.re));
                if radius == 0.0 {
                    // no derivative here, unless both are constants
                    let nan = $F::NAN;
                    return self.chain(angle, nan, nan) + x.chain(0.0, nan, nan);
                }
                // The point is turned to (1, 0), where the angle is atan(y / x) and x is not small.
                let (sin, cos) = angle.sin_cos();
                let (y, x) = (self / radius, x / radius);
                let t = (y * cos - x * sin) / (x * cos + y * sin);
                let slope = 1.0 / (1.0 + t.re * t.re);
                t.chain(angle, slope, -2.0 * t.re * slope * slope)
            }
            #[inline(always)]
            fn lane_f64(self, _: usize) -> f64 {
                self.re as f64
            }
        }
        impl LaneElement for $T<$F> {
            type Vectors = OneByOne;
            type Wide = OneByOne;
        }
        impl Element for $T<$F> {
            type Wide<const B: usize> = Lanes<$T<$F>, B>;
            type On<const B: usize, I: InstructionSet> = Lanes<$T<$F>, B, I>;
        }
        impl Element for Complex<$T<$F>> {
            type Wide<const B: usize> = Complex<Lanes<$T<$F>, B>>;
            type On<const B: usize, I: InstructionSet> = Complex<Lanes<$T<$F>, B, I>>;
        }
        scalar_term!([] $T<$F>);
        impl Engine for $T<$F> {}
        impl Engine for Complex<$T<$F>> {}
    };
}
dual!(Dual f64 [eps] |x, f1, _f2| times(x.eps, f1));
dual!(Dual f32 [eps] |x, f1, _f2| times(x.eps, f1));
dual!(Dual2 f64 [v1, v2] |x, f1, f2| times(x.v1, f1), times(x.v2, f1) + times(x.v1 * x.v1, f2));
dual!(HyperDual f64 [eps1, eps2, eps1eps2] |x, f1, f2|
    times(x.eps1, f1), times(x.eps2, f1), times(x.eps1eps2, f1) + times(x.eps1 * x.eps2, f2));

#[cfg(test)]
mod tests {
    use super::*;
    use num_dual::{Dual2_64, Dual32, Dual64, HyperDual64};
    use num_traits::{NumAssign, One, Zero};

    fn close(a: f64, b: f64, tol: f64) {
        assert!((a - b).abs() <= tol * b.abs().max(1.0), "{a} is not {b}");
    }
    fn seed(re: f64) -> Dual64 {
        Dual64::new(re, 1.0)
    }
    fn parts(x: Dual64) -> (f64, f64) {
        (x.re, x.eps)
    }

    #[test]
    fn are_scalars_and_elements() {
        fn check<T: Element + Real<Mask = bool> + NumAssign>() {
            assert_eq!(T::LANES, 1);
            assert_eq!(T::NAME, "dual");
            assert!(T::real(1.0).finite());
        }
        check::<Dual64>();
        check::<Dual32>();
        check::<Dual2_64>();
        check::<HyperDual64>();
        fn complex<T: Element>() {}
        complex::<Complex<Dual64>>();
    }

    /// Each function with its first and second derivative at a few points.
    #[test]
    #[allow(clippy::type_complexity, reason = "a function and its derivatives")]
    fn derivatives_of_functions() {
        type F<T> = fn(T) -> T;
        type D = fn(f64) -> [f64; 3];
        let cases: [(F<Dual64>, F<Dual2_64>, F<HyperDual64>, D, &[f64]); 9] = [
            (
                Scalar::sqrt,
                Scalar::sqrt,
                Scalar::sqrt,
                |x| [x.sqrt(), 0.5 / x.sqrt(), -0.25 * x.powf(-1.5)],
                &[0.3, 4.0],
            ),
            (Scalar::exp, Scalar::exp, Scalar::exp, |x| [x.exp(); 3], &[-2.0, 0.0, 1.5]),
            (Scalar::ln, Scalar::ln, Scalar::ln, |x| [x.ln(), 1.0 / x, -1.0 / (x * x)], &[0.1, 7.0]),
            (
                |x| Scalar::powf(x, 2.5),
                |x| Scalar::powf(x, 2.5),
                |x| Scalar::powf(x, 2.5),
                |x| [x.powf(2.5), 2.5 * x.powf(1.5), 3.75 * x.powf(0.5)],
                &[0.0, 0.2, 3.0],
            ),
            (
                |x| Scalar::powf(x, -1.0),
                |x| Scalar::powf(x, -1.0),
                |x| Scalar::powf(x, -1.0),
                |x| [1.0 / x, -1.0 / (x * x), 2.0 / (x * x * x)],
                &[-2.0, 0.2, 3.0],
            ),
            (
                |x| Scalar::powf(x, 1.0),
                |x| Scalar::powf(x, 1.0),
                |x| Scalar::powf(x, 1.0),
                |x| [x, 1.0, 0.0],
                &[-2.0, 0.0, 3.0],
            ),
            (
                |x| x.sin_cos().0,
                |x| x.sin_cos().0,
                |x| x.sin_cos().0,
                |x| [x.sin(), x.cos(), -x.sin()],
                &[-2.0, 0.0, 3.0],
            ),
            (
                |x| x.sin_cos().1,
                |x| x.sin_cos().1,
                |x| x.sin_cos().1,
                |x| [x.cos(), -x.sin(), -x.cos()],
                &[-2.0, 0.0, 3.0],
            ),
            (Scalar::abs, Scalar::abs, Scalar::abs, |x| [x.abs(), x.signum(), 0.0], &[-2.0, 0.0, 3.0]),
        ];
        for (f, f2, fh, expected, points) in cases {
            for &x in points {
                let [e0, e1, e2] = expected(x);
                let y = f(seed(x));
                close(y.re, e0, 1e-14);
                close(y.eps, e1, 1e-14);
                let y = f2(Dual2_64::new(x, 1.0, 0.0));
                close(y.re, e0, 1e-14);
                close(y.v1, e1, 1e-14);
                close(y.v2, e2, 1e-14);
                // inner function x(s, t) = x + 2 s + 3 t + 5 s t
                let y = fh(HyperDual64::new(x, 2.0, 3.0, 5.0));
                close(y.re, e0, 1e-14);
                close(y.eps1, 2.0 * e1, 1e-14);
                close(y.eps2, 3.0 * e1, 1e-14);
                close(y.eps1eps2, 5.0 * e1 + 6.0 * e2, 1e-14);
            }
        }
    }

    #[test]
    fn angle_in_every_direction() {
        for r in [1e-200, 1e-3, 1.0, 1e200] {
            for i in 0..16 {
                let a = i as f64 * core::f64::consts::PI / 8.0;
                let (y, x) = (r * a.sin(), r * a.cos());
                // d atan2 = (x dy - y dx) / r^2
                let (dy, dx) = (0.3 * r, -0.7 * r);
                let got = Dual64::new(y, dy).atan2(Dual64::new(x, dx));
                assert_eq!(got.re, y.atan2(x));
                close(got.eps, (x / r) * (dy / r) - (y / r) * (dx / r), 1e-14);
            }
        }
        for (y, x) in [(3.0, 0.0), (-3.0, 0.0), (0.0, 2.0), (0.0, -2.0)] {
            let got = Real::atan2(seed(y), Dual64::real(x));
            close(got.eps, x / (x * x + y * y), 1e-15);
        }
        // second derivatives: f(s) = atan2(sin(s), cos(s)) = s
        let s = Dual2_64::new(2.5, 1.0, 0.0);
        let (sin, cos) = Real::sin_cos(s);
        let a = Real::atan2(sin, cos);
        close(a.re, 2.5, 1e-15);
        close(a.v1, 1.0, 1e-14);
        close(a.v2, 0.0, 1e-14);
        assert_eq!(parts(Real::atan2(Dual64::zero(), Dual64::zero())), (0.0, 0.0));
        assert!(Real::atan2(seed(0.0), Dual64::zero()).eps.is_nan());
    }

    #[test]
    fn comparisons_see_the_value() {
        let (a, b) = (Dual64::new(1.0, 9.0), Dual64::new(2.0, -9.0));
        assert!(a.lt(b) && !b.lt(a) && !a.lt(a));
        assert_eq!(parts(Real::max(a, b)), parts(b));
        assert_eq!(parts(Real::min(a, b)), parts(a));
        assert_eq!(parts(Scalar::select(false, a, b)), parts(b));
        assert_eq!(parts(Scalar::abs(Dual64::new(-3.0, 2.0))), (3.0, -2.0));
        assert_eq!(parts(Scalar::abs(Dual64::new(0.0, 2.0))), (0.0, 2.0));
        assert!(Scalar::abs(Dual64::new(-0.0, 2.0)).re.is_sign_positive());
    }

    #[test]
    fn constants_stay_constant() {
        let zero = Dual64::zero();
        assert_eq!(parts(Scalar::sqrt(zero)), (0.0, 0.0));
        assert_eq!(parts(Scalar::powf(zero, 0.5)), (0.0, 0.0));
        assert_eq!(parts(Scalar::powf(seed(0.0), 0.0)), (1.0, 0.0));
        assert_eq!(parts(Scalar::powf(seed(0.0), 1.5)), (0.0, 0.0));
        assert_eq!(parts(Scalar::sqrt(seed(0.0))), (0.0, f64::INFINITY));
    }

    #[test]
    fn finite_looks_at_all_parts() {
        assert!(seed(1.0).finite());
        assert!(!seed(f64::NAN).finite());
        assert!(!Dual64::new(1.0, f64::INFINITY).finite());
        assert!(!Dual2_64::new(1.0, 1.0, f64::NAN).finite());
        assert!(!HyperDual64::new(1.0, 1.0, 1.0, f64::NAN).finite());
        assert!(Dual32::new(1.0, 1.0).finite());
    }

    /// Holomorphic functions along z(t) = z + t w have the derivative f'(z) w.
    #[test]
    fn complex_dual() {
        type C = Complex<Dual64>;
        for z in [Complex::new(1.0, 2.0), Complex::new(-3.0, 0.5), Complex::new(-3.0, -0.5), Complex::new(4.0, 0.0)] {
            let w = Complex::new(0.3, -0.8);
            let x = C::new(Dual64::new(z.re, w.re), Dual64::new(z.im, w.im));
            let check = |y: C, f0: Complex<f64>, f1: Complex<f64>| {
                let d = f1 * w;
                close(y.re.re, f0.re, 1e-14);
                close(y.im.re, f0.im, 1e-14);
                close(y.re.eps, d.re, 1e-13);
                close(y.im.eps, d.im, 1e-13);
            };
            check(Scalar::sqrt(x), z.sqrt(), 0.5 / z.sqrt());
            check(Scalar::exp(x), z.exp(), z.exp());
            check(Scalar::ln(x), z.ln(), 1.0 / z);
            check(Scalar::powf(x, 2.5), z.powf(2.5), 2.5 * z.powf(1.5));
            check(x * x, z * z, 2.0 * z);
            check(C::one() / x, 1.0 / z, -1.0 / (z * z));
            close(Scalar::abs(x).eps, (z.re * w.re + z.im * w.im) / z.norm(), 1e-14);
        }
    }

    #[test]
    fn lanes_of_duals() {
        let x = Lanes::<Dual64, 3>::from_lanes(|i| seed(i as f64 + 1.0));
        let y = x * x / Lanes::splat(Dual64::real(2.0)) - Scalar::sqrt(x);
        for i in 0..3 {
            let v = i as f64 + 1.0;
            close(y.lane(i).re, v * v / 2.0 - v.sqrt(), 1e-15);
            close(y.lane(i).eps, v - 0.5 / v.sqrt(), 1e-15);
        }
    }
}
