//! Number types. Every kernel is written once over [`Scalar`]: one number or many lanes, real or complex, with or without a
//! derivative. There is no `PartialOrd`: a comparison gives a [`Mask`], so generic code cannot branch on data by accident.

use crate::algorithms::dense::Engine;
use crate::dsl::{IntoTerm, IsScalar};
use crate::facts::{Fact, Known, Unknown};
use crate::lanes::InstructionSet;
use core::fmt::Debug;
use core::ops::{AddAssign, BitAnd, BitOr, Div, DivAssign, MulAssign, Neg, Not, Sub, SubAssign};
pub use num_complex::Complex;
use num_traits::{NumAssign, One, Zero};

/// The arithmetic every scalar has. A blanket impl makes it an alias: one bound instead of a dozen.
#[rustfmt::skip]
pub trait Arithmetic:
    nalgebra::Scalar + Copy + Send + Sync + Zero + One + Neg<Output = Self> + Sub<Output = Self> + Div<Output = Self>
    + AddAssign + SubAssign + MulAssign + DivAssign
{
}
#[rustfmt::skip]
impl<T> Arithmetic for T where
    T: nalgebra::Scalar + Copy + Send + Sync + Zero + One + Neg<Output = T> + Sub<Output = T> + Div<Output = T>
    + AddAssign + SubAssign + MulAssign + DivAssign
{
}

/// A truth value per lane; `bool` for ordinary scalars.
pub trait Mask:
    Copy + Debug + Send + Sync + 'static + BitAnd<Output = Self> + BitOr<Output = Self> + Not<Output = Self>
{
    /// The same truth value in every lane.
    fn splat(b: bool) -> Self;
    /// True in at least one lane.
    fn any(self) -> bool;
    /// The truth value of lane `i`.
    fn lane(self, i: usize) -> bool;
    /// True in every lane.
    #[inline(always)]
    fn all(self) -> bool {
        !(!self).any()
    }
}
impl Mask for bool {
    #[inline(always)]
    fn splat(b: bool) -> Self {
        b
    }
    #[inline(always)]
    fn any(self) -> bool {
        self
    }
    #[inline(always)]
    fn lane(self, _: usize) -> bool {
        self
    }
}

/// A number that operators are made of: `f32`, `f64`, their complex numbers, `Lanes` of them, dual numbers.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a number type of cola",
    label = "expected `f32`, `f64`, `Complex<..>`, `Lanes<..>` or a dual number"
)]
pub trait Scalar: Arithmetic + Engine + IntoTerm<Kind = IsScalar, Term = Self> {
    /// The real numbers it is made of.
    type Re: Real<Mask = Self::Mask, IsReal = Known>;
    /// One truth value per lane.
    type Mask: Mask;
    /// The complex numbers over it: itself if it is complex. Eigenvalues of general matrices are of this type.
    type Complex: Scalar<Re = Self::Re, Mask = Self::Mask>;
    /// One lane of it: itself for ordinary scalars. (Bound by `Scalar` it would send the compiler round in circles for
    /// `Complex`, E0275.)
    type Lane: nalgebra::Scalar + Copy + Send + Sync;
    /// `Known` for real numbers: the transpose is the adjoint.
    type IsReal: Fact;
    /// How many numbers travel together.
    const LANES: usize;
    /// A failed lane is an error of all that travel together, and nothing goes on after it: lanes inside the batch driver. (Elsewhere a
    /// failed lane is noted and the others go on.)
    #[doc(hidden)]
    const ALL_OR_NONE: bool = false;
    /// Number k of slice l becomes lane l of `out[k]`.
    #[doc(hidden)]
    #[inline(always)]
    fn gather<const L: usize>(lanes: [&[Self::Lane]; L], out: &mut [Self]) {
        for (k, x) in out.iter_mut().enumerate() {
            *x = Self::from_lanes(
                #[inline(always)]
                |lane| lanes[lane][k],
            );
        }
    }
    /// Short name for messages and plans: "f64", "c64", "f64 x 8".
    const NAME: &'static str;

    /// The real number `re` as a scalar.
    fn from_re(re: Self::Re) -> Self;
    /// re + i im.
    fn complex(re: Self::Re, im: Self::Re) -> Self::Complex;
    /// Real part.
    fn re(self) -> Self::Re;
    /// Imaginary part; zero for real scalars.
    fn im(self) -> Self::Re;
    /// Complex conjugate.
    fn conj(self) -> Self;
    /// `self * s`, without the multiplications by zero of a complex product.
    fn scale(self, s: Self::Re) -> Self;
    /// |x|^2, not protected against overflow.
    fn abs_sq(self) -> Self::Re;
    /// |x|, protected against overflow and underflow.
    fn abs(self) -> Self::Re;
    /// Principal square root.
    fn sqrt(self) -> Self;
    /// e^x.
    fn exp(self) -> Self;
    /// Principal natural logarithm.
    fn ln(self) -> Self;
    /// x^p, principal branch.
    fn powf(self, p: f64) -> Self;
    /// `if mask { a } else { b }` in every lane; never a branch.
    fn select(mask: Self::Mask, a: Self, b: Self) -> Self;
    /// Builds a scalar lane by lane.
    fn from_lanes(f: impl FnMut(usize) -> Self::Lane) -> Self;
    /// Lane `i`.
    fn lane(self, i: usize) -> Self::Lane;
    /// True in the lanes that are neither NaN nor infinite.
    fn finite(self) -> Self::Mask;
    /// The real number `x`: literals in code that is generic over the scalar.
    #[inline(always)]
    fn of(x: f64) -> Self {
        Self::from_re(<Self::Re as Real>::real(x))
    }
    /// The same number, complex.
    #[inline(always)]
    fn to_complex(self) -> Self::Complex {
        Self::complex(self.re(), self.im())
    }
    /// 1 / x, protected against the overflow and underflow of |x|^2, which complex division forms: `1.0 / z` of z = 1e200 is 0 there.
    #[inline(always)]
    fn reciprocal(self) -> Self {
        if <Self::IsReal as Fact>::KNOWN {
            return Self::one() / self;
        }
        let inverse = Self::Re::one() / (self.re().abs() + self.im().abs());
        let y = self.scale(inverse);
        y.conj().scale(inverse / y.abs_sq())
    }
    /// self / d, protected as [`reciprocal`](Self::reciprocal) is.
    #[inline(always)]
    fn divided_by(self, d: Self) -> Self {
        if <Self::IsReal as Fact>::KNOWN {
            return self / d;
        }
        let inverse = Self::Re::one() / (d.re().abs() + d.im().abs());
        let y = d.scale(inverse);
        (self.scale(inverse) * y.conj()).scale(Self::Re::one() / y.abs_sq())
    }
    /// `self - a * b`, fused where the instruction exists.
    #[inline(always)]
    fn sub_mul(self, a: Self, b: Self) -> Self {
        self - a * b
    }
    /// `self + a * b`, fused where the instruction exists.
    #[inline(always)]
    fn add_mul(self, a: Self, b: Self) -> Self {
        self + a * b
    }
}

/// An ordered scalar. A comparison gives a mask.
pub trait Real: Scalar<Re = Self, IsReal = Known> {
    /// Nearest number to `x`.
    fn real(x: f64) -> Self;
    /// Distance from 1 to the next number.
    fn epsilon() -> Self;
    /// `self < o` in each lane.
    fn lt(self, o: Self) -> Self::Mask;
    /// (sin x, cos x).
    fn sin_cos(self) -> (Self, Self);
    /// The angle of the point (x, y) with y = self.
    fn atan2(self, x: Self) -> Self;
    /// Lane `i` as an f64, for messages and stopping rules.
    fn lane_f64(self, i: usize) -> f64;
    /// |self| with the sign of `o`; that of a zero is either.
    #[inline(always)]
    fn copysign(self, o: Self) -> Self {
        let size = self.abs();
        Self::select(o.lt(Self::zero()), -size, size)
    }
    /// The larger one in each lane.
    #[inline(always)]
    fn max(self, o: Self) -> Self {
        Self::select(self.lt(o), o, self)
    }
    /// The smaller one in each lane.
    #[inline(always)]
    fn min(self, o: Self) -> Self {
        Self::select(o.lt(self), o, self)
    }
}

/// Zero, or NaN where x is NaN or infinite: what sums of numbers are tested by.
#[inline(always)]
pub(crate) fn mark<T: Scalar>(x: T) -> T::Re {
    let zero = T::Re::zero();
    match <T::IsReal as Fact>::KNOWN {
        true => x.re() * zero,
        false => x.re() * zero + x.im() * zero,
    }
}
/// True in the lanes where all numbers are neither NaN nor infinite: zero times each is summed, which gives 0 or NaN, of many numbers only
/// where their plain sum is not finite (a test for each of 16 numbers took 9 ns, this 3). The batch driver takes the plain sum's word.
#[inline(always)]
pub(crate) fn all_finite<T: Scalar>(x: &[T]) -> T::Mask {
    if x.len() <= 16 {
        // as they lie side by side in registers: four sums are shuffled together
        let mut s = [-T::Re::zero(); 2];
        for i in 0..x.len() {
            s[i % 2] += mark(x[i]);
        }
        return (s[0] + s[1]).finite();
    }
    let sum = sum_finite(x);
    if sum.all() || T::ALL_OR_NONE {
        return sum;
    }
    // an overflow of the sum is none of the numbers
    x.iter().fold(-T::Re::zero(), |s, &x| s + mark(x)).finite()
}
/// False in the lanes where a number is NaN or infinite, and at times where all are finite but their sum overflows: then [`all_finite`]
/// tells. Without a product for each number (solve of kron(4 x 4, 4 x 4): 58 ns, so 51).
#[inline(always)]
pub(crate) fn sum_finite<T: Scalar>(x: &[T]) -> T::Mask {
    let mut s = [-T::zero(); 4];
    let mut rest = x;
    if x.len() > 64 && T::LANES == 1 {
        // sums enough that no addition waits for another (128 x 128 by four of them: 20 us)
        let mut many = [-T::zero(); 16];
        let (chunks, end) = x.as_chunks::<16>();
        for chunk in chunks {
            for l in 0..16 {
                many[l] += chunk[l];
            }
        }
        for l in 0..16 {
            s[l % 4] += many[l];
        }
        rest = end;
    }
    for i in 0..rest.len() {
        s[i % 4] += rest[i];
    }
    ((s[0] + s[2]) + (s[1] + s[3])).finite()
}

/// One ordinary number (`LANES == 1`) whose lanes can be widened: what `stack` takes.
pub trait Element: Scalar<Lane = Self> {
    /// B of them side by side.
    type Wide<const B: usize>: Scalar<Lane = Self>;
    /// The same, moved by the instructions `I`.
    #[doc(hidden)]
    type On<const B: usize, I: InstructionSet>: Scalar<Lane = Self>;
}

/// What is the same for every real scalar, one lane or many.
macro_rules! real_scalar {
    () => {
        type Re = Self;
        type Complex = $crate::scalar::Complex<Self>;
        type IsReal = $crate::facts::Known;
        #[inline(always)]
        fn complex(re: Self, im: Self) -> $crate::scalar::Complex<Self> {
            $crate::scalar::Complex { re, im }
        }
        #[inline(always)]
        fn from_re(re: Self) -> Self {
            re
        }
        #[inline(always)]
        fn re(self) -> Self {
            self
        }
        #[inline(always)]
        fn im(self) -> Self {
            <Self as num_traits::Zero>::zero()
        }
        #[inline(always)]
        fn conj(self) -> Self {
            self
        }
        #[inline(always)]
        fn scale(self, s: Self) -> Self {
            self * s
        }
        #[inline(always)]
        fn abs_sq(self) -> Self {
            self * self
        }
    };
}
macro_rules! one_lane {
    () => {
        type Mask = bool;
        type Lane = Self;
        const LANES: usize = 1;
        #[inline(always)]
        fn select(mask: bool, a: Self, b: Self) -> Self {
            if mask { a } else { b }
        }
        #[inline(always)]
        fn from_lanes(mut f: impl FnMut(usize) -> Self) -> Self {
            f(0)
        }
        #[inline(always)]
        fn lane(self, _: usize) -> Self {
            self
        }
    };
}
macro_rules! scalar_term {
    ([$($p:tt)*] $T:ty) => {
        impl<$($p)*> IntoTerm for $T {
            type Kind = IsScalar;
            type Term = Self;
            #[inline(always)]
            fn into_term(self) -> Self {
                self
            }
        }
    };
}
pub(crate) use {one_lane, real_scalar, scalar_term};

macro_rules! float {
    ($t:ident) => {
        impl Scalar for $t {
            one_lane!();
            real_scalar!();
            const NAME: &'static str = stringify!($t);
            #[inline(always)]
            fn abs(self) -> Self {
                $t::abs(self)
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                $t::sqrt(self)
            }
            #[inline]
            fn exp(self) -> Self {
                $t::exp(self)
            }
            #[inline]
            fn ln(self) -> Self {
                $t::ln(self)
            }
            #[inline]
            fn powf(self, p: f64) -> Self {
                // through f64, so that an exponent such as 1/3 is not rounded before it is used
                (self as f64).powf(p) as $t
            }
            #[inline(always)]
            fn finite(self) -> bool {
                self.is_finite()
            }
        }
        impl Real for $t {
            #[inline(always)]
            fn real(x: f64) -> Self {
                x as $t
            }
            #[inline(always)]
            fn epsilon() -> Self {
                $t::EPSILON
            }
            #[inline(always)]
            fn lt(self, o: Self) -> bool {
                self < o
            }
            #[inline(always)]
            fn copysign(self, o: Self) -> Self {
                <$t>::copysign(self, o)
            }
            #[inline]
            fn sin_cos(self) -> (Self, Self) {
                $t::sin_cos(self)
            }
            #[inline]
            fn atan2(self, x: Self) -> Self {
                $t::atan2(self, x)
            }
            #[inline(always)]
            fn lane_f64(self, _: usize) -> f64 {
                self as f64
            }
        }
        impl Element for $t {
            type Wide<const B: usize> = crate::Lanes<$t, B>;
            type On<const B: usize, I: InstructionSet> = crate::Lanes<$t, B, I>;
        }
        impl Element for Complex<$t> {
            type Wide<const B: usize> = Complex<crate::Lanes<$t, B>>;
            type On<const B: usize, I: InstructionSet> = Complex<crate::Lanes<$t, B, I>>;
        }
        scalar_term!([] $t);
    };
}
float!(f32);
float!(f64);

// Complex of anything real: `Complex<Lanes<f64, 8>>` keeps real and imaginary parts in registers of their own.
// `NumAssign` is what num_complex asks for its own arithmetic.
impl<R: Real + NumAssign> Scalar for Complex<R>
where
    Complex<R>: Engine,
{
    type Re = R;
    type Complex = Self;
    type Mask = R::Mask;
    type Lane = Complex<R::Lane>;
    type IsReal = Unknown;
    const LANES: usize = R::LANES;
    const ALL_OR_NONE: bool = R::ALL_OR_NONE;
    const NAME: &'static str = "complex";
    #[inline(always)]
    fn complex(re: R, im: R) -> Self {
        Complex { re, im }
    }
    #[inline(always)]
    fn from_re(re: R) -> Self {
        Complex { re, im: R::zero() }
    }
    #[inline(always)]
    fn re(self) -> R {
        self.re
    }
    #[inline(always)]
    fn im(self) -> R {
        self.im
    }
    #[inline(always)]
    fn conj(self) -> Self {
        Complex { re: self.re, im: -self.im }
    }
    #[inline(always)]
    fn scale(self, s: R) -> Self {
        Complex { re: self.re * s, im: self.im * s }
    }
    #[inline(always)]
    fn abs_sq(self) -> R {
        self.re * self.re + self.im * self.im
    }
    /// The larger part is taken out first, as hypot does; no branch.
    #[inline(always)]
    fn abs(self) -> R {
        let (a, b) = (self.re.abs(), self.im.abs());
        let swap = a.lt(b); // by select and not by max, which loses a NaN
        let (big, small) = (R::select(swap, b, a), R::select(swap, a, b));
        let nonzero = R::zero().lt(big);
        let q = small / R::select(nonzero, big, R::one());
        R::select(nonzero, big * (R::one() + q * q).sqrt(), big)
    }
    /// Principal root by the half-angle form, no branch: (u, v) with u = sqrt((|z| + |x|) / 2), v = |y| / 2u.
    #[inline(always)]
    fn sqrt(self) -> Self {
        let (zero, half) = (R::zero(), R::real(0.5));
        let u = (self.abs() * half + self.re.abs() * half).sqrt();
        let positive = zero.lt(u);
        let v = R::select(positive, self.im.abs() * half / R::select(positive, u, R::one()), zero);
        let left = self.re.lt(zero);
        let (re, im) = (R::select(left, v, u), R::select(left, u, v));
        Complex { re, im: R::select(self.im.lt(zero), -im, im) }
    }
    fn exp(self) -> Self {
        let (r, (sin, cos)) = (self.re.exp(), self.im.sin_cos());
        Complex { re: r * cos, im: r * sin }
    }
    fn ln(self) -> Self {
        Complex { re: self.abs().ln(), im: self.im.atan2(self.re) }
    }
    fn powf(self, p: f64) -> Self {
        if p == 0.0 {
            return Self::one();
        }
        let nonzero = R::zero().lt(self.abs());
        let root = Self::select(nonzero, self, Self::one()).ln().scale(R::real(p)).exp();
        let at_zero = if p > 0.0 { R::zero() } else { R::real(f64::INFINITY) };
        Self::select(nonzero, root, Self::from_re(at_zero))
    }
    #[inline(always)]
    fn select(m: R::Mask, a: Self, b: Self) -> Self {
        Complex { re: R::select(m, a.re, b.re), im: R::select(m, a.im, b.im) }
    }
    #[inline(always)]
    fn from_lanes(mut f: impl FnMut(usize) -> Self::Lane) -> Self {
        Complex { re: R::from_lanes(|i| f(i).re), im: R::from_lanes(|i| f(i).im) }
    }
    #[inline(always)]
    fn lane(self, i: usize) -> Self::Lane {
        Complex { re: self.re.lane(i), im: self.im.lane(i) }
    }
    #[inline(always)]
    fn finite(self) -> R::Mask {
        self.re.finite() & self.im.finite()
    }
    #[inline(always)]
    fn sub_mul(self, a: Self, b: Self) -> Self {
        let (re, im) = (self.re.sub_mul(a.re, b.re), self.im.sub_mul(a.re, b.im));
        Complex { re: re.add_mul(a.im, b.im), im: im.sub_mul(a.im, b.re) }
    }
    #[inline(always)]
    fn add_mul(self, a: Self, b: Self) -> Self {
        let (re, im) = (self.re.add_mul(a.re, b.re), self.im.add_mul(a.re, b.im));
        Complex { re: re.sub_mul(a.im, b.im), im: im.add_mul(a.im, b.re) }
    }
}
scalar_term!([R: Real + NumAssign] Complex<R>);
