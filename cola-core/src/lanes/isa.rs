//! The vector instructions under `Lanes`, and all `unsafe` of it.
//!
//! An instruction set is a type with an impl of [`Isa`] for each element it can move. [`Baseline`] is what every machine of the target
//! can run. [`Avx2`] is crate-private: only the batch driver names it, inside functions that are compiled for it, after it asked the
//! machine. User code is generic over an [`InstructionSet`] and cannot name a wide one.

use super::{LaneElement, Lanes};
use crate::scalar::Real;
use core::fmt::Debug;
use core::marker::PhantomData;

/// Vector instructions that move [`WIDTH`](Isa::WIDTH) numbers of type `T` at a time.
///
/// # Safety
/// `load` and `load_mask` read `WIDTH` elements and no more, `store` and `store_mask` write `WIDTH` elements and no more. Every
/// instruction exists on the machine: a set above the baseline of the target has to stay crate-private, and be used only inside
/// functions that are compiled for it.
#[doc(hidden)]
pub unsafe trait Isa<T>: 'static {
    /// How many numbers fit a register.
    const WIDTH: usize;
    /// A register of them.
    type Vector: Copy;
    /// A register of truth values.
    type Mask: Copy;
    /// A truth value in memory.
    type Bit: Copy + Debug + PartialEq + Send + Sync + 'static;

    /// A truth value as it lies in memory.
    fn bit(b: bool) -> Self::Bit;
    /// And back.
    fn is_set(b: Self::Bit) -> bool;
    /// # Safety
    /// `p` is good for reading `WIDTH` numbers.
    unsafe fn load(p: *const T) -> Self::Vector;
    /// # Safety
    /// `p` is good for writing `WIDTH` numbers.
    unsafe fn store(p: *mut T, v: Self::Vector);
    /// # Safety
    /// `p` is good for reading `WIDTH` truth values.
    unsafe fn load_mask(p: *const Self::Bit) -> Self::Mask;
    /// # Safety
    /// `p` is good for writing `WIDTH` truth values.
    unsafe fn store_mask(p: *mut Self::Bit, m: Self::Mask);

    /// Vector i gets the entries i of all `WIDTH` vectors.
    fn transpose(v: &mut [Self::Vector]);

    fn splat(x: T) -> Self::Vector;
    fn add(a: Self::Vector, b: Self::Vector) -> Self::Vector;
    fn sub(a: Self::Vector, b: Self::Vector) -> Self::Vector;
    fn mul(a: Self::Vector, b: Self::Vector) -> Self::Vector;
    fn div(a: Self::Vector, b: Self::Vector) -> Self::Vector;
    fn neg(a: Self::Vector) -> Self::Vector;
    fn abs(a: Self::Vector) -> Self::Vector;
    fn sqrt(a: Self::Vector) -> Self::Vector;
    /// `c + a * b`
    #[inline(always)]
    fn add_mul(c: Self::Vector, a: Self::Vector, b: Self::Vector) -> Self::Vector {
        Self::add(c, Self::mul(a, b))
    }
    /// `c - a * b`
    #[inline(always)]
    fn sub_mul(c: Self::Vector, a: Self::Vector, b: Self::Vector) -> Self::Vector {
        Self::sub(c, Self::mul(a, b))
    }
    /// `a < b`
    fn lt(a: Self::Vector, b: Self::Vector) -> Self::Mask;
    /// Neither NaN nor infinite.
    fn finite(a: Self::Vector) -> Self::Mask;
    fn select(m: Self::Mask, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// `if a < b { b } else { a }`
    #[inline(always)]
    fn max(a: Self::Vector, b: Self::Vector) -> Self::Vector {
        Self::select(Self::lt(a, b), b, a)
    }
    /// `if b < a { b } else { a }`
    #[inline(always)]
    fn min(a: Self::Vector, b: Self::Vector) -> Self::Vector {
        Self::select(Self::lt(b, a), b, a)
    }
    fn splat_mask(b: bool) -> Self::Mask;
    fn and(a: Self::Mask, b: Self::Mask) -> Self::Mask;
    fn or(a: Self::Mask, b: Self::Mask) -> Self::Mask;
    fn not(a: Self::Mask) -> Self::Mask;
    fn any(m: Self::Mask) -> bool;
    fn all(m: Self::Mask) -> bool;
}

/// No vector instructions: one number after the other, with its own operators. For dual numbers, and for targets whose vector
/// instructions nobody has written down here.
#[derive(Clone, Copy, Debug)]
pub struct OneByOne;

// SAFETY: one element is read or written through each pointer, and no special instruction is used.
unsafe impl<T: Real<Mask = bool>> Isa<T> for OneByOne {
    const WIDTH: usize = 1;
    type Vector = T;
    type Mask = bool;
    type Bit = bool;
    #[inline(always)]
    fn bit(b: bool) -> bool {
        b
    }
    #[inline(always)]
    fn is_set(b: bool) -> bool {
        b
    }
    #[inline(always)]
    unsafe fn load(p: *const T) -> T {
        // SAFETY: see the trait
        unsafe { *p }
    }
    #[inline(always)]
    unsafe fn store(p: *mut T, v: T) {
        // SAFETY: see the trait
        unsafe { *p = v }
    }
    #[inline(always)]
    unsafe fn load_mask(p: *const bool) -> bool {
        // SAFETY: see the trait
        unsafe { *p }
    }
    #[inline(always)]
    unsafe fn store_mask(p: *mut bool, m: bool) {
        // SAFETY: see the trait
        unsafe { *p = m }
    }
    #[inline(always)]
    fn transpose(_: &mut [T]) {}
    #[inline(always)]
    fn splat(x: T) -> T {
        x
    }
    #[inline(always)]
    fn add(a: T, b: T) -> T {
        a + b
    }
    #[inline(always)]
    fn sub(a: T, b: T) -> T {
        a - b
    }
    #[inline(always)]
    fn mul(a: T, b: T) -> T {
        a * b
    }
    #[inline(always)]
    fn div(a: T, b: T) -> T {
        a / b
    }
    #[inline(always)]
    fn neg(a: T) -> T {
        -a
    }
    #[inline(always)]
    fn abs(a: T) -> T {
        a.abs()
    }
    #[inline(always)]
    fn sqrt(a: T) -> T {
        a.sqrt()
    }
    #[inline(always)]
    fn add_mul(c: T, a: T, b: T) -> T {
        c.add_mul(a, b)
    }
    #[inline(always)]
    fn sub_mul(c: T, a: T, b: T) -> T {
        c.sub_mul(a, b)
    }
    #[inline(always)]
    fn lt(a: T, b: T) -> bool {
        a.lt(b)
    }
    #[inline(always)]
    fn finite(a: T) -> bool {
        a.finite()
    }
    #[inline(always)]
    fn select(m: bool, a: T, b: T) -> T {
        T::select(m, a, b)
    }
    #[inline(always)]
    fn splat_mask(b: bool) -> bool {
        b
    }
    #[inline(always)]
    fn and(a: bool, b: bool) -> bool {
        a & b
    }
    #[inline(always)]
    fn or(a: bool, b: bool) -> bool {
        a | b
    }
    #[inline(always)]
    fn not(a: bool) -> bool {
        !a
    }
    #[inline(always)]
    fn any(m: bool) -> bool {
        m
    }
    #[inline(always)]
    fn all(m: bool) -> bool {
        m
    }
}

/// Which instructions move the lanes of each element. Sealed: code outside is generic over it and never names a wide set.
#[doc(hidden)]
pub trait InstructionSet: Copy + Debug + PartialEq + Send + Sync + 'static {
    /// The instructions for `T`.
    type Of<T: LaneElement>: Isa<T>;
    /// A failed lane is an error of all: see [`Scalar::ALL_OR_NONE`](crate::Scalar::ALL_OR_NONE).
    const ALL_OR_NONE: bool = true;
}
/// What any machine of the target can run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Native;
impl InstructionSet for Native {
    type Of<T: LaneElement> = T::Vectors;
    const ALL_OR_NONE: bool = false;
}
/// Those of the batch driver, which runs the elements of a failed chunk one by one: AVX2 and FMA in a release build for x86-64, where it
/// looks whether the machine has them, else what every machine of the target can run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Chunked;
impl InstructionSet for Chunked {
    #[cfg(all(target_arch = "x86_64", not(debug_assertions)))]
    type Of<T: LaneElement> = T::Wide;
    #[cfg(not(all(target_arch = "x86_64", not(debug_assertions))))]
    type Of<T: LaneElement> = T::Vectors;
}

/// What every machine of the target can run.
#[cfg(any(
    all(target_arch = "x86_64", target_feature = "sse2"),
    all(target_arch = "aarch64", target_feature = "neon")
))]
#[derive(Clone, Copy, Debug)]
pub struct Baseline;

/// An impl of `Isa` by vector instructions, one expression each. Masks in registers and in memory have all bits of a lane set, or
/// none, as the comparisons leave them.
///
/// SAFETY of what it makes: the modules that use it exist only where the target has the instructions; `$width` elements are what
/// one register holds and the loads and stores move, and they ask for no alignment.
#[cfg(any(
    all(target_arch = "x86_64", target_feature = "sse2"),
    all(target_arch = "aarch64", target_feature = "neon")
))]
macro_rules! vectors {
    ($Set:ident, $T:ident, $width:literal, $Vector:ty, $Mask:ty, $Bit:ident;
     load($lp:ident) = $load:expr; store($sp:ident, $sv:ident) = $store:expr;
     load_mask($lmp:ident) = $load_mask:expr; store_mask($smp:ident, $smv:ident) = $store_mask:expr;
     transpose($tv:ident) = $transpose:expr;
     $($name:ident($($a:ident: $A:ty),*) -> $R:ty = $e:expr;)*) => {
        // SAFETY: see the macro
        #[allow(unused_unsafe, reason = "some intrinsics are safe where the instruction set is on, others are not")]
        unsafe impl Isa<$T> for $Set {
            const WIDTH: usize = $width;
            type Vector = $Vector;
            type Mask = $Mask;
            type Bit = $Bit;
            #[inline(always)]
            fn bit(b: bool) -> $Bit {
                if b { $Bit::MAX } else { 0 }
            }
            #[inline(always)]
            fn is_set(b: $Bit) -> bool {
                b != 0
            }
            #[inline(always)]
            unsafe fn load($lp: *const $T) -> $Vector {
                // SAFETY: the caller's
                unsafe { $load }
            }
            #[inline(always)]
            unsafe fn store($sp: *mut $T, $sv: $Vector) {
                // SAFETY: the caller's
                unsafe { $store }
            }
            #[inline(always)]
            unsafe fn load_mask($lmp: *const $Bit) -> $Mask {
                // SAFETY: the caller's
                unsafe { $load_mask }
            }
            #[inline(always)]
            unsafe fn store_mask($smp: *mut $Bit, $smv: $Mask) {
                // SAFETY: the caller's
                unsafe { $store_mask }
            }
            #[inline(always)]
            fn transpose($tv: &mut [$Vector]) {
                let $tv = &mut $tv[..$width];
                // SAFETY: the target has the instructions
                unsafe { $transpose }
            }
            $(#[inline(always)]
            fn $name($($a: $A),*) -> $R {
                // SAFETY: the target has the instruction
                unsafe { $e }
            })*
        }
    };
}

// SSE2 belongs to x86-64. (The condition keeps out kernels of operating systems, which are compiled without it.)
#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
mod sse2 {
    use super::{Baseline, Isa};
    use core::arch::x86_64::*;

    macro_rules! sse2 {
        ($T:ident $width:literal $V:ident $U:ident $full:literal $cast:ident
         $load:ident $store:ident $splat:ident $add:ident $sub:ident $mul:ident $div:ident $sqrt:ident
         $lt:ident $max:ident $min:ident $and:ident $or:ident $xor:ident $andnot:ident $movemask:ident $transpose:ident) => {
            vectors! { Baseline, $T, $width, $V, $V, $U;
            load(p) = $load(p);
            store(p, v) = $store(p, v);
            load_mask(p) = $load(p.cast());
            store_mask(p, m) = $store(p.cast(), m);
            transpose(v) = $transpose(v);
            splat(x: $T) -> $V = $splat(x);
            add(a: $V, b: $V) -> $V = $add(a, b);
            sub(a: $V, b: $V) -> $V = $sub(a, b);
            mul(a: $V, b: $V) -> $V = $mul(a, b);
            div(a: $V, b: $V) -> $V = $div(a, b);
            neg(a: $V) -> $V = $xor(a, $splat(-0.0));
            abs(a: $V) -> $V = $andnot($splat(-0.0), a);
            sqrt(a: $V) -> $V = $sqrt(a);
            lt(a: $V, b: $V) -> $V = $lt(a, b);
            finite(a: $V) -> $V = $lt($andnot($splat(-0.0), a), $splat($T::INFINITY));
            select(m: $V, a: $V, b: $V) -> $V = $or($and(m, a), $andnot(m, b));
            // both give their second operand for NaN and for equal numbers
            max(a: $V, b: $V) -> $V = $max(b, a);
            min(a: $V, b: $V) -> $V = $min(b, a);
            splat_mask(b: bool) -> $V = $cast(_mm_set1_epi32(-(b as i32)));
            and(a: $V, b: $V) -> $V = $and(a, b);
            or(a: $V, b: $V) -> $V = $or(a, b);
            not(a: $V) -> $V = $xor(a, $cast(_mm_set1_epi32(-1)));
            any(m: $V) -> bool = $movemask(m) != 0;
            all(m: $V) -> bool = $movemask(m) == $full; }
        };
    }
    sse2! { f64 2 __m128d u64 0b11 _mm_castsi128_pd
    _mm_loadu_pd _mm_storeu_pd _mm_set1_pd _mm_add_pd _mm_sub_pd _mm_mul_pd _mm_div_pd _mm_sqrt_pd
    _mm_cmplt_pd _mm_max_pd _mm_min_pd _mm_and_pd _mm_or_pd _mm_xor_pd _mm_andnot_pd _mm_movemask_pd
    two }
    sse2! { f32 4 __m128 u32 0b1111 _mm_castsi128_ps
    _mm_loadu_ps _mm_storeu_ps _mm_set1_ps _mm_add_ps _mm_sub_ps _mm_mul_ps _mm_div_ps _mm_sqrt_ps
    _mm_cmplt_ps _mm_max_ps _mm_min_ps _mm_and_ps _mm_or_ps _mm_xor_ps _mm_andnot_ps _mm_movemask_ps
    four }

    #[inline(always)]
    fn two(v: &mut [__m128d]) {
        // SAFETY: SSE2
        unsafe { (v[0], v[1]) = (_mm_unpacklo_pd(v[0], v[1]), _mm_unpackhi_pd(v[0], v[1])) }
    }
    #[inline(always)]
    fn four(v: &mut [__m128]) {
        // SAFETY: SSE
        unsafe {
            let (a, b) = (_mm_unpacklo_ps(v[0], v[1]), _mm_unpacklo_ps(v[2], v[3]));
            let (c, d) = (_mm_unpackhi_ps(v[0], v[1]), _mm_unpackhi_ps(v[2], v[3]));
            (v[0], v[1]) = (_mm_movelh_ps(a, b), _mm_movehl_ps(b, a));
            (v[2], v[3]) = (_mm_movelh_ps(c, d), _mm_movehl_ps(d, c));
        }
    }
}

/// 256-bit registers, with fused multiply-add: the last bits of a sum may differ from those of the baseline.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy, Debug)]
pub struct Avx2;
#[cfg(target_arch = "x86_64")]
mod avx2 {
    use super::{Avx2, Isa};
    use core::arch::x86_64::*;

    macro_rules! avx2 {
        ($T:ident $width:literal $V:ident $U:ident $full:literal $cast:ident
         $load:ident $store:ident $splat:ident $add:ident $sub:ident $mul:ident $div:ident $sqrt:ident $fmadd:ident $fnmadd:ident
         $cmp:ident $max:ident $min:ident $and:ident $or:ident $xor:ident $andnot:ident $blend:ident $movemask:ident $transpose:ident) => {
            vectors! { Avx2, $T, $width, $V, $V, $U;
            load(p) = $load(p);
            store(p, v) = $store(p, v);
            load_mask(p) = $load(p.cast());
            store_mask(p, m) = $store(p.cast(), m);
            transpose(v) = $transpose(v);
            splat(x: $T) -> $V = $splat(x);
            add(a: $V, b: $V) -> $V = $add(a, b);
            sub(a: $V, b: $V) -> $V = $sub(a, b);
            mul(a: $V, b: $V) -> $V = $mul(a, b);
            div(a: $V, b: $V) -> $V = $div(a, b);
            add_mul(c: $V, a: $V, b: $V) -> $V = $fmadd(a, b, c);
            sub_mul(c: $V, a: $V, b: $V) -> $V = $fnmadd(a, b, c);
            neg(a: $V) -> $V = $xor(a, $splat(-0.0));
            abs(a: $V) -> $V = $andnot($splat(-0.0), a);
            sqrt(a: $V) -> $V = $sqrt(a);
            lt(a: $V, b: $V) -> $V = $cmp::<_CMP_LT_OQ>(a, b);
            finite(a: $V) -> $V = $cmp::<_CMP_LT_OQ>($andnot($splat(-0.0), a), $splat($T::INFINITY));
            select(m: $V, a: $V, b: $V) -> $V = $blend(b, a, m);
            // both give their second operand for NaN and for equal numbers
            max(a: $V, b: $V) -> $V = $max(b, a);
            min(a: $V, b: $V) -> $V = $min(b, a);
            splat_mask(b: bool) -> $V = $cast(_mm256_set1_epi32(-(b as i32)));
            and(a: $V, b: $V) -> $V = $and(a, b);
            or(a: $V, b: $V) -> $V = $or(a, b);
            not(a: $V) -> $V = $xor(a, $cast(_mm256_set1_epi32(-1)));
            any(m: $V) -> bool = $movemask(m) != 0;
            all(m: $V) -> bool = $movemask(m) == $full; }
        };
    }
    avx2! { f64 4 __m256d u64 0b1111 _mm256_castsi256_pd
    _mm256_loadu_pd _mm256_storeu_pd _mm256_set1_pd _mm256_add_pd _mm256_sub_pd _mm256_mul_pd _mm256_div_pd _mm256_sqrt_pd
    _mm256_fmadd_pd _mm256_fnmadd_pd _mm256_cmp_pd _mm256_max_pd _mm256_min_pd _mm256_and_pd _mm256_or_pd _mm256_xor_pd
    _mm256_andnot_pd _mm256_blendv_pd _mm256_movemask_pd four }
    avx2! { f32 8 __m256 u32 0b1111_1111 _mm256_castsi256_ps
    _mm256_loadu_ps _mm256_storeu_ps _mm256_set1_ps _mm256_add_ps _mm256_sub_ps _mm256_mul_ps _mm256_div_ps _mm256_sqrt_ps
    _mm256_fmadd_ps _mm256_fnmadd_ps _mm256_cmp_ps _mm256_max_ps _mm256_min_ps _mm256_and_ps _mm256_or_ps _mm256_xor_ps
    _mm256_andnot_ps _mm256_blendv_ps _mm256_movemask_ps eight }

    #[inline(always)]
    fn four(v: &mut [__m256d]) {
        // SAFETY: AVX
        unsafe {
            let (a, b) = (_mm256_unpacklo_pd(v[0], v[1]), _mm256_unpackhi_pd(v[0], v[1]));
            let (c, d) = (_mm256_unpacklo_pd(v[2], v[3]), _mm256_unpackhi_pd(v[2], v[3]));
            (v[0], v[1]) = (_mm256_permute2f128_pd::<0x20>(a, c), _mm256_permute2f128_pd::<0x20>(b, d));
            (v[2], v[3]) = (_mm256_permute2f128_pd::<0x31>(a, c), _mm256_permute2f128_pd::<0x31>(b, d));
        }
    }
    /// Pairs, fours, halves.
    #[inline(always)]
    fn eight(v: &mut [__m256]) {
        // SAFETY: AVX
        unsafe {
            let mut fours = [_mm256_setzero_ps(); 8];
            for k in [0, 4] {
                let (a, b) = (_mm256_unpacklo_ps(v[k], v[k + 1]), _mm256_unpackhi_ps(v[k], v[k + 1]));
                let (c, d) = (_mm256_unpacklo_ps(v[k + 2], v[k + 3]), _mm256_unpackhi_ps(v[k + 2], v[k + 3]));
                fours[k] = _mm256_shuffle_ps::<0x44>(a, c);
                fours[k + 1] = _mm256_shuffle_ps::<0xee>(a, c);
                fours[k + 2] = _mm256_shuffle_ps::<0x44>(b, d);
                fours[k + 3] = _mm256_shuffle_ps::<0xee>(b, d);
            }
            for k in 0..4 {
                v[k] = _mm256_permute2f128_ps::<0x20>(fours[k], fours[k + 4]);
                v[k + 4] = _mm256_permute2f128_ps::<0x31>(fours[k], fours[k + 4]);
            }
        }
    }
}

// NEON belongs to AArch64. Its fused multiply-add is not used, so that a lane has the bits of the same number alone.
// Compiled, but not run, by the author: no such machine was at hand.
#[cfg(all(target_arch = "aarch64", target_feature = "neon"))]
mod neon {
    use super::{Baseline, Isa};
    use core::arch::aarch64::*;

    macro_rules! neon {
        ($T:ident $width:literal $V:ident $M:ident $U:ident $words:ident $from_words:ident
         $load:ident $store:ident $load_mask:ident $store_mask:ident $splat:ident $splat_mask:ident
         $add:ident $sub:ident $mul:ident $div:ident $neg:ident $abs:ident $sqrt:ident
         $lt:ident $select:ident $and:ident $or:ident $transpose:ident) => {
            vectors! { Baseline, $T, $width, $V, $M, $U;
            load(p) = $load(p);
            store(p, v) = $store(p, v);
            load_mask(p) = $load_mask(p);
            store_mask(p, m) = $store_mask(p, m);
            transpose(v) = $transpose(v);
            splat(x: $T) -> $V = $splat(x);
            add(a: $V, b: $V) -> $V = $add(a, b);
            sub(a: $V, b: $V) -> $V = $sub(a, b);
            mul(a: $V, b: $V) -> $V = $mul(a, b);
            div(a: $V, b: $V) -> $V = $div(a, b);
            neg(a: $V) -> $V = $neg(a);
            abs(a: $V) -> $V = $abs(a);
            sqrt(a: $V) -> $V = $sqrt(a);
            lt(a: $V, b: $V) -> $M = $lt(a, b);
            finite(a: $V) -> $M = $lt($abs(a), $splat($T::INFINITY));
            select(m: $M, a: $V, b: $V) -> $V = $select(m, a, b);
            splat_mask(b: bool) -> $M = $splat_mask(<Self as Isa<$T>>::bit(b));
            and(a: $M, b: $M) -> $M = $and(a, b);
            or(a: $M, b: $M) -> $M = $or(a, b);
            not(a: $M) -> $M = $from_words(vmvnq_u32($words(a)));
            any(m: $M) -> bool = vmaxvq_u32($words(m)) != 0;
            all(m: $M) -> bool = vminvq_u32($words(m)) != 0; }
        };
    }
    neon! { f64 2 float64x2_t uint64x2_t u64 vreinterpretq_u32_u64 vreinterpretq_u64_u32
    vld1q_f64 vst1q_f64 vld1q_u64 vst1q_u64 vdupq_n_f64 vdupq_n_u64
    vaddq_f64 vsubq_f64 vmulq_f64 vdivq_f64 vnegq_f64 vabsq_f64 vsqrtq_f64
    vcltq_f64 vbslq_f64 vandq_u64 vorrq_u64 two }
    neon! { f32 4 float32x4_t uint32x4_t u32 identity identity
    vld1q_f32 vst1q_f32 vld1q_u32 vst1q_u32 vdupq_n_f32 vdupq_n_u32
    vaddq_f32 vsubq_f32 vmulq_f32 vdivq_f32 vnegq_f32 vabsq_f32 vsqrtq_f32
    vcltq_f32 vbslq_f32 vandq_u32 vorrq_u32 four }

    #[inline(always)]
    fn two(v: &mut [float64x2_t]) {
        // SAFETY: NEON
        unsafe { (v[0], v[1]) = (vtrn1q_f64(v[0], v[1]), vtrn2q_f64(v[0], v[1])) }
    }
    #[inline(always)]
    fn four(v: &mut [float32x4_t]) {
        // SAFETY: NEON
        unsafe {
            let (a, b) = (vzip1q_f32(v[0], v[2]), vzip2q_f32(v[0], v[2]));
            let (c, d) = (vzip1q_f32(v[1], v[3]), vzip2q_f32(v[1], v[3]));
            (v[0], v[1]) = (vzip1q_f32(a, c), vzip2q_f32(a, c));
            (v[2], v[3]) = (vzip1q_f32(b, d), vzip2q_f32(b, d));
        }
    }
    #[inline(always)]
    fn identity(m: uint32x4_t) -> uint32x4_t {
        m
    }
}

/// The instructions of the set `I` for the elements `T`.
pub(super) type In<T, I> = <I as InstructionSet>::Of<T>;
/// A register of elements `T`.
pub(super) type Vector<T, I> = <In<T, I> as Isa<T>>::Vector;
/// A register of truth values about elements `T`.
pub(super) type VectorMask<T, I> = <In<T, I> as Isa<T>>::Mask;
/// A truth value in memory.
pub(super) type Bit<T, I> = <In<T, I> as Isa<T>>::Bit;

/// The place of one register in an array of `B` lanes. Only [`each`] makes them: `first + WIDTH <= B` always.
pub(super) struct Slot<T, const B: usize, I> {
    first: usize,
    element: PhantomData<(T, I)>,
}
impl<T: LaneElement, const B: usize, I: InstructionSet> Slot<T, B, I> {
    #[inline(always)]
    pub(super) fn load(&self, x: &[T; B]) -> Vector<T, I> {
        // SAFETY: first + WIDTH <= B
        unsafe { In::<T, I>::load(x.as_ptr().add(self.first)) }
    }
    #[inline(always)]
    pub(super) fn store(&self, x: &mut [T; B], v: Vector<T, I>) {
        // SAFETY: first + WIDTH <= B
        unsafe { In::<T, I>::store(x.as_mut_ptr().add(self.first), v) }
    }
    #[inline(always)]
    pub(super) fn load_mask(&self, x: &[Bit<T, I>; B]) -> VectorMask<T, I> {
        // SAFETY: first + WIDTH <= B
        unsafe { In::<T, I>::load_mask(x.as_ptr().add(self.first)) }
    }
    #[inline(always)]
    pub(super) fn store_mask(&self, x: &mut [Bit<T, I>; B], m: VectorMask<T, I>) {
        // SAFETY: first + WIDTH <= B
        unsafe { In::<T, I>::store_mask(x.as_mut_ptr().add(self.first), m) }
    }
}

/// Goes through `B` lanes by registers, then one by one through those that fill no register. A plain loop: eight steps written
/// out gave the same arithmetic instructions and times in release, and 1.3 times slower ones at opt-level 1.
#[inline(always)]
pub(super) fn each<T: LaneElement, const B: usize, I: InstructionSet, S: ?Sized>(
    state: &mut S,
    vector: impl Fn(&mut S, Slot<T, B, I>),
    one: impl Fn(&mut S, usize),
) {
    let mut i = 0;
    while i + In::<T, I>::WIDTH <= B {
        vector(state, Slot { first: i, element: PhantomData });
        i += In::<T, I>::WIDTH;
    }
    while i < B {
        one(state, i);
        i += 1;
    }
}

/// The way back of [`gather`]: lane l of `numbers[at..at + WIDTH]` becomes numbers `at..` of `lanes[l]`.
#[inline(always)]
pub(super) fn scatter<T: LaneElement, const B: usize, I: InstructionSet, const L: usize>(
    numbers: &[Lanes<T, B, I>],
    at: usize,
    lanes: &mut [&mut [T]; L],
    slot: &Slot<T, B, I>,
) {
    let w = In::<T, I>::WIDTH;
    let mut v = [In::<T, I>::splat(T::zero()); MOST];
    for i in 0..w {
        v[i] = slot.load(&numbers[at + i].0);
    }
    In::<T, I>::transpose(&mut v[..w]);
    for i in 0..w {
        // SAFETY: the slice has WIDTH numbers
        unsafe { In::<T, I>::store(lanes[slot.first + i][at..at + w].as_mut_ptr(), v[i]) };
    }
}

/// Vectors of one block of a transposition at most.
const MOST: usize = 8;
/// Numbers `at..at + WIDTH` of `lanes[first..first + WIDTH]`, taken over: number k of lane l becomes lane l of `out[k]`.
#[inline(always)]
pub(super) fn gather<T: LaneElement, const B: usize, I: InstructionSet>(
    lanes: &[&[T]; B],
    at: usize,
    out: &mut [Lanes<T, B, I>],
    slot: &Slot<T, B, I>,
) {
    let w = In::<T, I>::WIDTH;
    let mut v = [In::<T, I>::splat(T::zero()); MOST];
    for i in 0..w {
        // SAFETY: the slice has WIDTH numbers
        v[i] = unsafe { In::<T, I>::load(lanes[slot.first + i][at..at + w].as_ptr()) };
    }
    In::<T, I>::transpose(&mut v[..w]);
    for i in 0..w {
        slot.store(&mut out[at + i].0, v[i]);
    }
}
