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
use core::marker::PhantomData;
use core::ops::{
    Add, AddAssign, BitAnd, BitOr, Div, DivAssign, Mul, MulAssign, Neg, Not, Rem, RemAssign, Sub, SubAssign,
};
pub(crate) use isa::Chunked;
use isa::{Bit, In, Isa, Slot, Vector, VectorMask, each};
pub use isa::{InstructionSet, Native, OneByOne};
use num_traits::{Num, NumAssign, One, Zero};

/// A number that [`Lanes`] can hold: real, with one truth value. Complex lanes are `Complex<Lanes<..>>`.
pub trait LaneElement: Real<Mask = bool, Lane = Self> + NumAssign {
    /// The vector instructions that move it; [`OneByOne`] for a number that has none.
    type Vectors: Isa<Self>;
    /// The same on a machine with AVX2 and FMA.
    #[doc(hidden)]
    type Wide: Isa<Self>;
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
            #[cfg(target_arch = "x86_64")]
            type Wide = isa::Avx2;
            #[cfg(not(target_arch = "x86_64"))]
            type Wide = Self::Vectors;
        }
    };
}
element!(f32);
element!(f64);

/// `B` independent numbers that travel together: each operation is done in every lane.
///
/// Any `B` works; a multiple of the register width is fast (8 for `f64`, 16 for `f32` fill one cache line and are fast on every
/// instruction set). It starts at a cache line, so that the widest registers do not straddle two: fewer bytes than 64 are padded.
///
/// `I` is the instruction set that moves them; what a user names is the default, which any machine of the target can run. The batch
/// functions compute with wider sets where the machine has them.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C, align(64))]
pub struct Lanes<T, const B: usize, I = Native>(
    /// The number of each lane.
    pub [T; B],
    PhantomData<I>,
);

impl<T, const B: usize> Lanes<T, B> {
    /// From the number of each lane.
    #[inline(always)]
    pub const fn new(x: [T; B]) -> Self {
        Lanes(x, PhantomData)
    }
}
impl<T: LaneElement, const B: usize, I: InstructionSet> Lanes<T, B, I> {
    #[inline(always)]
    const fn of_lanes(x: [T; B]) -> Self {
        Lanes(x, PhantomData)
    }
    /// The same number in every lane.
    #[inline(always)]
    pub fn splat(x: T) -> Self {
        Self::of_lanes([x; B]).fill(
            #[inline(always)]
            |_| In::<T, I>::splat(x),
            #[inline(always)]
            |_| x,
        )
    }
    /// Writes every lane anew; what `self` holds is not kept.
    #[inline(always)]
    fn fill(mut self, vector: impl Fn(&Slot<T, B, I>) -> Vector<T, I>, one: impl Fn(usize) -> T) -> Self {
        each::<T, B, I, _>(
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
        Self::of_lanes(self.0.map(f))
    }
}
impl<T: Default + Copy, const B: usize> Default for Lanes<T, B> {
    #[inline(always)]
    fn default() -> Self {
        Lanes::new([T::default(); B])
    }
}
impl<T, const B: usize> From<[T; B]> for Lanes<T, B> {
    #[inline(always)]
    fn from(x: [T; B]) -> Self {
        Lanes::new(x)
    }
}

macro_rules! operator {
    ($Op:ident $op:ident $OpAssign:ident $op_assign:ident) => {
        impl<T: LaneElement, const B: usize, I: InstructionSet> $Op for Lanes<T, B, I> {
            type Output = Self;
            #[inline(always)]
            fn $op(self, o: Self) -> Self {
                self.fill(
                    #[inline(always)]
                    |slot| In::<T, I>::$op(slot.load(&self.0), slot.load(&o.0)),
                    #[inline(always)]
                    |i| self.0[i].$op(o.0[i]),
                )
            }
        }
        impl<T: LaneElement, const B: usize, I: InstructionSet> $OpAssign for Lanes<T, B, I> {
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
impl<T: LaneElement, const B: usize, I: InstructionSet> Neg for Lanes<T, B, I> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        self.fill(
            #[inline(always)]
            |slot| In::<T, I>::neg(slot.load(&self.0)),
            #[inline(always)]
            |i| -self.0[i],
        )
    }
}
impl<T: LaneElement, const B: usize, I: InstructionSet> Zero for Lanes<T, B, I> {
    #[inline(always)]
    fn zero() -> Self {
        Self::splat(T::zero())
    }
    #[inline(always)]
    fn is_zero(&self) -> bool {
        self.0.iter().all(T::is_zero)
    }
}
impl<T: LaneElement, const B: usize, I: InstructionSet> One for Lanes<T, B, I> {
    #[inline(always)]
    fn one() -> Self {
        Self::splat(T::one())
    }
}
// Remainder and parsing are here only because num_complex asks for them.
impl<T: LaneElement, const B: usize, I: InstructionSet> Rem for Lanes<T, B, I> {
    type Output = Self;
    #[inline]
    fn rem(self, o: Self) -> Self {
        Self::of_lanes(core::array::from_fn(|i| self.0[i] % o.0[i]))
    }
}
impl<T: LaneElement, const B: usize, I: InstructionSet> RemAssign for Lanes<T, B, I> {
    #[inline]
    fn rem_assign(&mut self, o: Self) {
        *self = *self % o;
    }
}
impl<T: LaneElement, const B: usize, I: InstructionSet> Num for Lanes<T, B, I> {
    type FromStrRadixErr = T::FromStrRadixErr;
    fn from_str_radix(s: &str, radix: u32) -> Result<Self, Self::FromStrRadixErr> {
        T::from_str_radix(s, radix).map(Self::splat)
    }
}

/// One truth value per lane of a [`Lanes<T, B>`](Lanes).
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub struct LaneMask<T: LaneElement, const B: usize, I: InstructionSet = Native>([Bit<T, I>; B]);

impl<T: LaneElement, const B: usize, I: InstructionSet> LaneMask<T, B, I> {
    /// Writes every lane anew, like `Lanes::fill`.
    #[inline(always)]
    fn fill(mut self, vector: impl Fn(&Slot<T, B, I>) -> VectorMask<T, I>, one: impl Fn(usize) -> bool) -> Self {
        each::<T, B, I, _>(
            &mut self.0,
            #[inline(always)]
            |out, slot| slot.store_mask(out, vector(&slot)),
            #[inline(always)]
            |out, i| out[i] = In::<T, I>::bit(one(i)),
        );
        self
    }
    #[inline(always)]
    fn get(&self, i: usize) -> bool {
        In::<T, I>::is_set(self.0[i])
    }
    /// `f` of all its registers and of its remaining truth values, starting from `start`.
    #[inline(always)]
    fn fold(
        self,
        start: bool,
        vector: impl Fn(VectorMask<T, I>, VectorMask<T, I>) -> VectorMask<T, I>,
        reduce: impl Fn(VectorMask<T, I>) -> bool,
        one: impl Fn(bool, bool) -> bool,
    ) -> bool {
        let mut state = (In::<T, I>::splat_mask(start), start);
        each::<T, B, I, _>(
            &mut state,
            #[inline(always)]
            |state, slot| state.0 = vector(state.0, slot.load_mask(&self.0)),
            #[inline(always)]
            |state, i| state.1 = one(state.1, self.get(i)),
        );
        one(reduce(state.0), state.1)
    }
}
/// Lane l of `numbers[k]` becomes number k of `lanes[l]`: by transpositions in registers as far as whole ones go.
#[inline(always)]
pub(crate) fn scatter<T: LaneElement, const B: usize, I: InstructionSet, const L: usize>(
    numbers: &[Lanes<T, B, I>],
    lanes: &mut [&mut [T]; L],
) {
    let (n, w) = (numbers.len(), In::<T, I>::WIDTH);
    let whole = if L == B && B.is_multiple_of(w) { n - n % w } else { 0 };
    for at in (0..whole).step_by(w) {
        each::<T, B, I, _>(
            lanes,
            #[inline(always)]
            |lanes, slot| isa::scatter(numbers, at, lanes, &slot),
            #[inline(always)]
            |_, _| {},
        );
    }
    for k in whole..n {
        for l in 0..L {
            lanes[l][k] = numbers[k].0[l];
        }
    }
}
impl<T: LaneElement, const B: usize, I: InstructionSet> Debug for LaneMask<T, B, I> {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        f.write_str("LaneMask")?;
        f.debug_list().entries((0..B).map(|i| self.get(i))).finish()
    }
}
impl<T: LaneElement, const B: usize, I: InstructionSet> PartialEq for LaneMask<T, B, I> {
    fn eq(&self, o: &Self) -> bool {
        self.0 == o.0
    }
}
macro_rules! mask_operator {
    ($Op:ident $op:ident $instruction:ident) => {
        impl<T: LaneElement, const B: usize, I: InstructionSet> $Op for LaneMask<T, B, I> {
            type Output = Self;
            #[inline(always)]
            fn $op(self, o: Self) -> Self {
                self.fill(
                    #[inline(always)]
                    |slot| In::<T, I>::$instruction(slot.load_mask(&self.0), slot.load_mask(&o.0)),
                    #[inline(always)]
                    |i| self.get(i).$op(o.get(i)),
                )
            }
        }
    };
}
mask_operator!(BitAnd bitand and);
mask_operator!(BitOr bitor or);
impl<T: LaneElement, const B: usize, I: InstructionSet> Not for LaneMask<T, B, I> {
    type Output = Self;
    #[inline(always)]
    fn not(self) -> Self {
        self.fill(
            #[inline(always)]
            |slot| In::<T, I>::not(slot.load_mask(&self.0)),
            #[inline(always)]
            |i| !self.get(i),
        )
    }
}
impl<T: LaneElement, const B: usize, I: InstructionSet> Mask for LaneMask<T, B, I> {
    #[inline(always)]
    fn splat(b: bool) -> Self {
        LaneMask([In::<T, I>::bit(b); B]).fill(
            #[inline(always)]
            |_| In::<T, I>::splat_mask(b),
            #[inline(always)]
            |_| b,
        )
    }
    #[inline(always)]
    fn any(self) -> bool {
        self.fold(
            false,
            #[inline(always)]
            |a, b| In::<T, I>::or(a, b),
            #[inline(always)]
            |m| In::<T, I>::any(m),
            #[inline(always)]
            |a, b| a | b,
        )
    }
    #[inline(always)]
    fn all(self) -> bool {
        self.fold(
            true,
            #[inline(always)]
            |a, b| In::<T, I>::and(a, b),
            #[inline(always)]
            |m| In::<T, I>::all(m),
            #[inline(always)]
            |a, b| a & b,
        )
    }
    #[inline(always)]
    fn lane(self, i: usize) -> bool {
        self.get(i)
    }
}

impl<T: LaneElement, const B: usize, I: InstructionSet> Scalar for Lanes<T, B, I> {
    real_scalar!();
    type Mask = LaneMask<T, B, I>;
    type Lane = T;
    const LANES: usize = B;
    const NAME: &'static str = "lanes";
    const ALL_OR_NONE: bool = I::ALL_OR_NONE;
    #[inline(always)]
    fn gather<const L: usize>(lanes: [&[T]; L], out: &mut [Self]) {
        let (n, w) = (out.len(), In::<T, I>::WIDTH);
        let Ok(lanes) = <&[&[T]; B]>::try_from(&lanes[..]) else { unreachable!("as many trees as lanes") };
        // a scalar insert a number and lane, against a shuffle for two of them
        let whole = if B.is_multiple_of(w) { n - n % w } else { 0 };
        for at in (0..whole).step_by(w) {
            each::<T, B, I, _>(
                out,
                #[inline(always)]
                |out, slot| isa::gather(lanes, at, out, &slot),
                #[inline(always)]
                |_, _| {},
            );
        }
        for k in whole..n {
            out[k] = Self::from_lanes(
                #[inline(always)]
                |lane| lanes[lane][k],
            );
        }
    }
    #[inline(always)]
    fn abs(self) -> Self {
        self.fill(
            #[inline(always)]
            |slot| In::<T, I>::abs(slot.load(&self.0)),
            #[inline(always)]
            |i| self.0[i].abs(),
        )
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        self.fill(
            #[inline(always)]
            |slot| In::<T, I>::sqrt(slot.load(&self.0)),
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
    fn select(m: LaneMask<T, B, I>, a: Self, b: Self) -> Self {
        a.fill(
            #[inline(always)]
            |slot| In::<T, I>::select(slot.load_mask(&m.0), slot.load(&a.0), slot.load(&b.0)),
            #[inline(always)]
            |i| T::select(m.get(i), a.0[i], b.0[i]),
        )
    }
    #[inline(always)]
    fn from_lanes(mut f: impl FnMut(usize) -> T) -> Self {
        // a loop of our own: `array::from_fn` is not sure to be inlined into a function of another instruction set
        let mut x = if B > 0 { [f(0); B] } else { [T::zero(); B] };
        for i in 1..B {
            x[i] = f(i);
        }
        Self::of_lanes(x)
    }
    #[inline(always)]
    fn lane(self, i: usize) -> T {
        self.0[i]
    }
    #[inline(always)]
    fn finite(self) -> LaneMask<T, B, I> {
        LaneMask::splat(false).fill(
            #[inline(always)]
            |slot| In::<T, I>::finite(slot.load(&self.0)),
            #[inline(always)]
            |i| self.0[i].finite(),
        )
    }
    #[inline(always)]
    fn sub_mul(self, a: Self, b: Self) -> Self {
        self.fill(
            #[inline(always)]
            |slot| In::<T, I>::sub_mul(slot.load(&self.0), slot.load(&a.0), slot.load(&b.0)),
            #[inline(always)]
            |i| self.0[i].sub_mul(a.0[i], b.0[i]),
        )
    }
    #[inline(always)]
    fn add_mul(self, a: Self, b: Self) -> Self {
        self.fill(
            #[inline(always)]
            |slot| In::<T, I>::add_mul(slot.load(&self.0), slot.load(&a.0), slot.load(&b.0)),
            #[inline(always)]
            |i| self.0[i].add_mul(a.0[i], b.0[i]),
        )
    }
}
impl<T: LaneElement, const B: usize, I: InstructionSet> Real for Lanes<T, B, I> {
    #[inline(always)]
    fn real(x: f64) -> Self {
        Self::splat(T::real(x))
    }
    #[inline(always)]
    fn epsilon() -> Self {
        Self::splat(T::epsilon())
    }
    #[inline(always)]
    fn lt(self, o: Self) -> LaneMask<T, B, I> {
        LaneMask::splat(false).fill(
            #[inline(always)]
            |slot| In::<T, I>::lt(slot.load(&self.0), slot.load(&o.0)),
            #[inline(always)]
            |i| self.0[i].lt(o.0[i]),
        )
    }
    #[inline]
    fn sin_cos(self) -> (Self, Self) {
        let both = self.0.map(T::sin_cos);
        (Self::of_lanes(both.map(|x| x.0)), Self::of_lanes(both.map(|x| x.1)))
    }
    #[inline]
    fn atan2(self, x: Self) -> Self {
        Self::of_lanes(core::array::from_fn(|i| self.0[i].atan2(x.0[i])))
    }
    #[inline(always)]
    fn max(self, o: Self) -> Self {
        self.fill(
            #[inline(always)]
            |slot| In::<T, I>::max(slot.load(&self.0), slot.load(&o.0)),
            #[inline(always)]
            |i| self.0[i].max(o.0[i]),
        )
    }
    #[inline(always)]
    fn min(self, o: Self) -> Self {
        self.fill(
            #[inline(always)]
            |slot| In::<T, I>::min(slot.load(&self.0), slot.load(&o.0)),
            #[inline(always)]
            |i| self.0[i].min(o.0[i]),
        )
    }
    #[inline(always)]
    fn lane_f64(self, i: usize) -> f64 {
        self.0[i].lane_f64(0)
    }
}
scalar_term!([T: LaneElement, const B: usize, I: InstructionSet] Lanes<T, B, I>);
impl<T: LaneElement, const B: usize, I: InstructionSet> Engine for Lanes<T, B, I> {}
impl<T: LaneElement, const B: usize, I: InstructionSet> Engine for Complex<Lanes<T, B, I>> {}
