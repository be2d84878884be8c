//! `Lanes<T, B>`: B numbers that travel together, as a scalar. A batch of operators is the same operator type over this scalar,
//! and every rule and kernel works on it unchanged.
//!
//! The storage is `[T; B]`, the arithmetic explicit vector instructions: with plain loops over the array LLVM takes the arrays
//! apart and does not find the vectors again.
//!
//! Measured, LDL^T solve of 3x3 systems (release, SSE2 only, AMD EPYC shared with others, best of 4 runs of 15 rounds): 9.6 ns
//! a system for `f64`, 3.9 for `Lanes<f64, 8>`, 7.6 for the same lanes through `OneByOne`, 1.7 for `Lanes<f32, 16>`. By
//! `objdump -d` the 8-lane kernel is 68 mulpd, 40 subpd, 20 divpd, 12 cmpltpd, one movmskpd, without a scalar floating-point
//! instruction, branch or call. 16 lanes of `f64` do not fit the registers of SSE2 and took 12 ns.

mod isa;
#[cfg(test)]
mod tests;

use crate::algorithms::dense::Engine;
use crate::dsl::{IntoTerm, IsScalar};
use crate::scalar::{Complex, Mask, Real, Scalar, real_scalar, scalar_term};
use core::fmt::{self, Debug, Formatter};
use core::ops::{
    Add, AddAssign, BitAnd, BitOr, Div, DivAssign, Mul, MulAssign, Neg, Not, Rem, RemAssign, Sub, SubAssign,
};
pub use isa::OneByOne;
use isa::{Bit, Isa, Slot, Vector, VectorMask, each};
use num_traits::{Num, NumAssign, One, Zero};

/// A number that [`Lanes`] can hold: real, with one truth value. Complex lanes are `Complex<Lanes<..>>`.
pub trait LaneElement: Real<Mask = bool, Lane = Self> + NumAssign {
    /// The vector instructions that move it; [`OneByOne`] for a number that has none.
    type Vectors: Isa<Self>;
}
macro_rules! element {
    ($t:ident) => {
        impl LaneElement for $t {
            #[cfg(any(
                all(target_arch = "x86_64", target_feature = "sse2"),
                all(target_arch = "aarch64", target_feature = "neon")
            ))]
            type Vectors = isa::Baseline;
            #[cfg(not(any(
                all(target_arch = "x86_64", target_feature = "sse2"),
                all(target_arch = "aarch64", target_feature = "neon")
            )))]
            type Vectors = OneByOne;
        }
    };
}
element!(f32);
element!(f64);

/// `B` independent numbers that travel together: each operation is done in every lane.
///
/// Any `B` works; a multiple of the register width is fast (8 for `f64`, 16 for `f32` fill one cache line and are fast on every
/// instruction set). It starts at a cache line, so that the widest registers do not straddle two: fewer bytes than 64 are padded.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C, align(64))]
pub struct Lanes<T, const B: usize>(
    /// The number of each lane.
    pub [T; B],
);

impl<T, const B: usize> Lanes<T, B> {
    /// From the number of each lane.
    #[inline(always)]
    pub const fn new(x: [T; B]) -> Self {
        Lanes(x)
    }
}
impl<T: LaneElement, const B: usize> Lanes<T, B> {
    /// The same number in every lane.
    #[inline(always)]
    pub fn splat(x: T) -> Self {
        Lanes([x; B]).fill(
            #[inline(always)]
            |_| T::Vectors::splat(x),
            #[inline(always)]
            |_| x,
        )
    }
    /// Writes every lane anew; what `self` holds is not kept.
    #[inline(always)]
    fn fill(mut self, vector: impl Fn(&Slot<T, B>) -> Vector<T>, one: impl Fn(usize) -> T) -> Self {
        each::<T, B, _>(
            &mut self.0,
            #[inline(always)]
            |out, slot| slot.store(out, vector(&slot)),
            #[inline(always)]
            |out, i| out[i] = one(i),
        );
        self
    }
    /// One function for all lanes, where there is no instruction for it.
    #[inline(always)]
    fn map(self, f: impl FnMut(T) -> T) -> Self {
        Lanes(self.0.map(f))
    }
}
impl<T: Default + Copy, const B: usize> Default for Lanes<T, B> {
    #[inline(always)]
    fn default() -> Self {
        Lanes([T::default(); B])
    }
}
impl<T, const B: usize> From<[T; B]> for Lanes<T, B> {
    #[inline(always)]
    fn from(x: [T; B]) -> Self {
        Lanes(x)
    }
}

macro_rules! operator {
    ($Op:ident $op:ident $OpAssign:ident $op_assign:ident) => {
        impl<T: LaneElement, const B: usize> $Op for Lanes<T, B> {
            type Output = Self;
            #[inline(always)]
            fn $op(self, o: Self) -> Self {
                self.fill(
                    #[inline(always)]
                    |slot| T::Vectors::$op(slot.load(&self.0), slot.load(&o.0)),
                    #[inline(always)]
                    |i| self.0[i].$op(o.0[i]),
                )
            }
        }
        impl<T: LaneElement, const B: usize> $OpAssign for Lanes<T, B> {
            #[inline(always)]
            fn $op_assign(&mut self, o: Self) {
                *self = self.$op(o);
            }
        }
    };
}
operator!(Add add AddAssign add_assign);
operator!(Sub sub SubAssign sub_assign);
operator!(Mul mul MulAssign mul_assign);
operator!(Div div DivAssign div_assign);
impl<T: LaneElement, const B: usize> Neg for Lanes<T, B> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        self.fill(
            #[inline(always)]
            |slot| T::Vectors::neg(slot.load(&self.0)),
            #[inline(always)]
            |i| -self.0[i],
        )
    }
}
impl<T: LaneElement, const B: usize> Zero for Lanes<T, B> {
    #[inline(always)]
    fn zero() -> Self {
        Self::splat(T::zero())
    }
    #[inline(always)]
    fn is_zero(&self) -> bool {
        self.0.iter().all(T::is_zero)
    }
}
impl<T: LaneElement, const B: usize> One for Lanes<T, B> {
    #[inline(always)]
    fn one() -> Self {
        Self::splat(T::one())
    }
}
// Remainder and parsing are here only because num_complex asks for them.
impl<T: LaneElement, const B: usize> Rem for Lanes<T, B> {
    type Output = Self;
    #[inline]
    fn rem(self, o: Self) -> Self {
        Lanes(core::array::from_fn(|i| self.0[i] % o.0[i]))
    }
}
impl<T: LaneElement, const B: usize> RemAssign for Lanes<T, B> {
    #[inline]
    fn rem_assign(&mut self, o: Self) {
        *self = *self % o;
    }
}
impl<T: LaneElement, const B: usize> Num for Lanes<T, B> {
    type FromStrRadixErr = T::FromStrRadixErr;
    fn from_str_radix(s: &str, radix: u32) -> Result<Self, Self::FromStrRadixErr> {
        T::from_str_radix(s, radix).map(Self::splat)
    }
}

/// One truth value per lane of a [`Lanes<T, B>`](Lanes).
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub struct LaneMask<T: LaneElement, const B: usize>([Bit<T>; B]);

impl<T: LaneElement, const B: usize> LaneMask<T, B> {
    /// Writes every lane anew, like `Lanes::fill`.
    #[inline(always)]
    fn fill(mut self, vector: impl Fn(&Slot<T, B>) -> VectorMask<T>, one: impl Fn(usize) -> bool) -> Self {
        each::<T, B, _>(
            &mut self.0,
            #[inline(always)]
            |out, slot| slot.store_mask(out, vector(&slot)),
            #[inline(always)]
            |out, i| out[i] = T::Vectors::bit(one(i)),
        );
        self
    }
    #[inline(always)]
    fn get(&self, i: usize) -> bool {
        T::Vectors::is_set(self.0[i])
    }
    /// `f` of all its registers and of its remaining truth values, starting from `start`.
    #[inline(always)]
    fn fold(
        self,
        start: bool,
        vector: impl Fn(VectorMask<T>, VectorMask<T>) -> VectorMask<T>,
        reduce: impl Fn(VectorMask<T>) -> bool,
        one: impl Fn(bool, bool) -> bool,
    ) -> bool {
        let mut state = (T::Vectors::splat_mask(start), start);
        each::<T, B, _>(
            &mut state,
            #[inline(always)]
            |state, slot| state.0 = vector(state.0, slot.load_mask(&self.0)),
            #[inline(always)]
            |state, i| state.1 = one(state.1, self.get(i)),
        );
        one(reduce(state.0), state.1)
    }
}
impl<T: LaneElement, const B: usize> Debug for LaneMask<T, B> {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        f.write_str("LaneMask")?;
        f.debug_list().entries((0..B).map(|i| self.get(i))).finish()
    }
}
impl<T: LaneElement, const B: usize> PartialEq for LaneMask<T, B> {
    fn eq(&self, o: &Self) -> bool {
        self.0 == o.0
    }
}
macro_rules! mask_operator {
    ($Op:ident $op:ident $instruction:ident) => {
        impl<T: LaneElement, const B: usize> $Op for LaneMask<T, B> {
            type Output = Self;
            #[inline(always)]
            fn $op(self, o: Self) -> Self {
                self.fill(
                    #[inline(always)]
                    |slot| T::Vectors::$instruction(slot.load_mask(&self.0), slot.load_mask(&o.0)),
                    #[inline(always)]
                    |i| self.get(i).$op(o.get(i)),
                )
            }
        }
    };
}
mask_operator!(BitAnd bitand and);
mask_operator!(BitOr bitor or);
impl<T: LaneElement, const B: usize> Not for LaneMask<T, B> {
    type Output = Self;
    #[inline(always)]
    fn not(self) -> Self {
        self.fill(
            #[inline(always)]
            |slot| T::Vectors::not(slot.load_mask(&self.0)),
            #[inline(always)]
            |i| !self.get(i),
        )
    }
}
impl<T: LaneElement, const B: usize> Mask for LaneMask<T, B> {
    #[inline(always)]
    fn splat(b: bool) -> Self {
        LaneMask([T::Vectors::bit(b); B]).fill(
            #[inline(always)]
            |_| T::Vectors::splat_mask(b),
            #[inline(always)]
            |_| b,
        )
    }
    #[inline(always)]
    fn any(self) -> bool {
        self.fold(
            false,
            #[inline(always)]
            |a, b| T::Vectors::or(a, b),
            #[inline(always)]
            |m| T::Vectors::any(m),
            #[inline(always)]
            |a, b| a | b,
        )
    }
    #[inline(always)]
    fn all(self) -> bool {
        self.fold(
            true,
            #[inline(always)]
            |a, b| T::Vectors::and(a, b),
            #[inline(always)]
            |m| T::Vectors::all(m),
            #[inline(always)]
            |a, b| a & b,
        )
    }
    #[inline(always)]
    fn lane(self, i: usize) -> bool {
        self.get(i)
    }
}

impl<T: LaneElement, const B: usize> Scalar for Lanes<T, B> {
    real_scalar!();
    type Mask = LaneMask<T, B>;
    type Lane = T;
    const LANES: usize = B;
    const NAME: &'static str = "lanes";
    #[inline(always)]
    fn abs(self) -> Self {
        self.fill(
            #[inline(always)]
            |slot| T::Vectors::abs(slot.load(&self.0)),
            #[inline(always)]
            |i| self.0[i].abs(),
        )
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        self.fill(
            #[inline(always)]
            |slot| T::Vectors::sqrt(slot.load(&self.0)),
            #[inline(always)]
            |i| self.0[i].sqrt(),
        )
    }
    #[inline]
    fn exp(self) -> Self {
        self.map(T::exp)
    }
    #[inline]
    fn ln(self) -> Self {
        self.map(T::ln)
    }
    #[inline]
    fn powf(self, p: f64) -> Self {
        self.map(|x| x.powf(p))
    }
    #[inline(always)]
    fn select(m: LaneMask<T, B>, a: Self, b: Self) -> Self {
        a.fill(
            #[inline(always)]
            |slot| T::Vectors::select(slot.load_mask(&m.0), slot.load(&a.0), slot.load(&b.0)),
            #[inline(always)]
            |i| T::select(m.get(i), a.0[i], b.0[i]),
        )
    }
    #[inline(always)]
    fn from_lanes(f: impl FnMut(usize) -> T) -> Self {
        Lanes(core::array::from_fn(f))
    }
    #[inline(always)]
    fn lane(self, i: usize) -> T {
        self.0[i]
    }
    #[inline(always)]
    fn finite(self) -> LaneMask<T, B> {
        LaneMask::splat(false).fill(
            #[inline(always)]
            |slot| T::Vectors::finite(slot.load(&self.0)),
            #[inline(always)]
            |i| self.0[i].finite(),
        )
    }
    #[inline(always)]
    fn sub_mul(self, a: Self, b: Self) -> Self {
        self.fill(
            #[inline(always)]
            |slot| T::Vectors::sub_mul(slot.load(&self.0), slot.load(&a.0), slot.load(&b.0)),
            #[inline(always)]
            |i| self.0[i].sub_mul(a.0[i], b.0[i]),
        )
    }
    #[inline(always)]
    fn add_mul(self, a: Self, b: Self) -> Self {
        self.fill(
            #[inline(always)]
            |slot| T::Vectors::add_mul(slot.load(&self.0), slot.load(&a.0), slot.load(&b.0)),
            #[inline(always)]
            |i| self.0[i].add_mul(a.0[i], b.0[i]),
        )
    }
}
impl<T: LaneElement, const B: usize> Real for Lanes<T, B> {
    #[inline(always)]
    fn real(x: f64) -> Self {
        Self::splat(T::real(x))
    }
    #[inline(always)]
    fn epsilon() -> Self {
        Self::splat(T::epsilon())
    }
    #[inline(always)]
    fn lt(self, o: Self) -> LaneMask<T, B> {
        LaneMask::splat(false).fill(
            #[inline(always)]
            |slot| T::Vectors::lt(slot.load(&self.0), slot.load(&o.0)),
            #[inline(always)]
            |i| self.0[i].lt(o.0[i]),
        )
    }
    #[inline]
    fn sin_cos(self) -> (Self, Self) {
        let both = self.0.map(T::sin_cos);
        (Lanes(both.map(|x| x.0)), Lanes(both.map(|x| x.1)))
    }
    #[inline]
    fn atan2(self, x: Self) -> Self {
        Lanes(core::array::from_fn(|i| self.0[i].atan2(x.0[i])))
    }
    #[inline(always)]
    fn max(self, o: Self) -> Self {
        self.fill(
            #[inline(always)]
            |slot| T::Vectors::max(slot.load(&self.0), slot.load(&o.0)),
            #[inline(always)]
            |i| self.0[i].max(o.0[i]),
        )
    }
    #[inline(always)]
    fn min(self, o: Self) -> Self {
        self.fill(
            #[inline(always)]
            |slot| T::Vectors::min(slot.load(&self.0), slot.load(&o.0)),
            #[inline(always)]
            |i| self.0[i].min(o.0[i]),
        )
    }
    #[inline(always)]
    fn lane_f64(self, i: usize) -> f64 {
        self.0[i].lane_f64(0)
    }
}
scalar_term!([T: LaneElement, const B: usize] Lanes<T, B>);
impl<T: LaneElement, const B: usize> Engine for Lanes<T, B> {}
impl<T: LaneElement, const B: usize> Engine for Complex<Lanes<T, B>> {}
