//! Loops over long vectors, compiled for the baseline of the target and for AVX2; the machine decides.
//!
//! Nothing is fused or reordered by it: results are the same bits. Functions, not closures: what a closure captures lies behind its
//! pointer, where the compiler can no longer tell that slices do not overlap.

/// Defines functions of which there are two copies.
macro_rules! widest {
    ($(
        $(#[$doc:meta])*
        $vis:vis fn $name:ident<$T:ident: $Bound:ident $(, const $C:ident: $K:ty)*>($($arg:ident: $A:ty),* $(,)?) $(-> $R:ty)? $body:block
    )*) => { $(
        $(#[$doc])*
        #[allow(clippy::too_many_arguments, reason = "slices that are parameters are known not to overlap")]
        $vis fn $name<$T: $Bound $(, const $C: $K)*>($($arg: $A),*) $(-> $R)? {
            #[inline(always)]
            fn baseline<$T: $Bound $(, const $C: $K)*>($($arg: $A),*) $(-> $R)? $body
            #[cfg(all(target_arch = "x86_64", not(debug_assertions)))]
            {
                #[target_feature(enable = "avx2")]
                fn avx2<$T: $Bound $(, const $C: $K)*>($($arg: $A),*) $(-> $R)? {
                    baseline::<$T $(, $C)*>($($arg),*)
                }
                if is_x86_feature_detected!("avx2") {
                    // SAFETY: the machine has the instructions
                    return unsafe { avx2::<$T $(, $C)*>($($arg),*) };
                }
            }
            baseline::<$T $(, $C)*>($($arg),*)
        }
    )* };
}
pub(crate) use widest;
