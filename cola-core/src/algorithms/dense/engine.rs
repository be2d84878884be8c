//! f32, f64 and their complex numbers: above the measured sizes by faer, or, without the feature `faer`, by our loops at any size.

#[cfg(feature = "faer")]
use super::faer as kernels;
#[cfg(not(feature = "faer"))]
use super::plain as kernels;
use super::{Engine, MatrixFunction, functions, qr, small};
use crate::error::{Outcome, Result};
use crate::scalar::Complex;
use crate::view::{View, ViewMut};

macro_rules! engine {
    ($($T:ty, $R:ty, $eig:ident, $back:expr, { $($fft:item)* };)*) => {$(
        impl Engine for $T {
            const PLAIN: bool = true;
            $($fft)*
            #[inline(never)]
            fn engine_ldl(n: usize, a: &mut [$T], d: &mut [$R]) -> Outcome<$T> {
                kernels::ldl(n, a, d)
            }
            #[inline(never)]
            fn engine_ldl_solve(n: usize, l: &[$T], d: &[$R], x: &mut [$T], columns: usize) {
                kernels::ldl_solve(n, l, d, x, columns)
            }
            #[inline(never)]
            fn engine_ldl_pivots(n: usize, a: &mut [$T], d: &mut [$R]) -> Outcome<$T> {
                kernels::ldl_pivots(n, a, d)
            }
            #[inline(never)]
            fn engine_ldl_solve_view(n: usize, l: &[$T], d: &[$R], x: ViewMut<$T>) {
                kernels::ldl_solve_view(n, l, d, x)
            }
            fn engine_solves_views(n: usize, columns: usize) -> bool {
                !kernels::few(n, columns)
            }
            #[inline(never)]
            fn engine_cholesky(n: usize, a: &mut [$T]) -> Outcome<$T> {
                kernels::cholesky(n, a)
            }
            #[inline(never)]
            fn engine_lu(n: usize, a: &mut [$T], perm: &mut [$R]) -> (Outcome<$T>, $T) {
                kernels::lu(n, a, perm)
            }
            #[inline(never)]
            fn engine_lu_solve(n: usize, f: &[$T], adjoint: bool, x: &mut [$T], columns: usize) {
                kernels::lu_solve(n, f, adjoint, x, columns)
            }
            #[inline(never)]
            fn engine_ldlt(n: usize, a: &mut [$T], subdiag: &mut [$T], d: &mut [$R], perm: &mut [$R]) {
                kernels::indefinite(n, a, subdiag, d, perm)
            }
            #[inline(never)]
            fn engine_eigh(n: usize, a: &mut [$T], w: &mut [$R], v: &mut [$T]) -> Outcome<$T> {
                kernels::eigh(n, a, w, v)
            }
            #[inline(never)]
            fn engine_eig(n: usize, a: &[$T], w: &mut [Complex<$R>], v: &mut [Complex<$R>]) -> Result<()> {
                kernels::$eig(n, a, w, v)
            }
            #[inline(never)]
            fn engine_svd(a: View<$T>, s: &mut [$R], u: &mut [$T], v: &mut [$T]) -> Result<()> {
                kernels::svd(a, s, u, v)
            }
            #[inline(never)]
            fn engine_gemm(how: ($T, bool), conj_a: bool, a: View<$T>, b: View<$T>, c: ViewMut<$T>) {
                kernels::gemm(how, conj_a, a, b, c)
            }
            #[inline(never)]
            fn engine_gemv(how: ($T, bool), conj_a: bool, a: View<$T>, x: View<$T>, y: ViewMut<$T>) {
                kernels::gemv(how, conj_a, a, x, y)
            }
            #[inline(never)]
            fn engine_trisolve(n: usize, lower: bool, unit: bool, adjoint: bool, a: View<$T>, x: ViewMut<$T>) {
                kernels::trisolve(n, lower, unit, adjoint, a, x)
            }
            #[inline(never)]
            fn engine_lstsq(a: View<$T>, b: ViewMut<$T>) -> Result<()> {
                qr::householder(a, b)
            }
            fn engine_kron_sum(
                pairing: crate::algorithms::sylvester::Pairing<$T>,
                a: (usize, &[$T]),
                b: (usize, &[$T]),
            ) -> Result<Option<std::sync::Arc<dyn crate::algorithms::sylvester::KronSumFactor<$T>>>> {
                crate::algorithms::sylvester::kron_sum_factor(pairing, a, b, $back).map(Some)
            }
            fn engine_function(f: MatrixFunction, n: usize, a: &mut [$T]) -> Result<()> {
                functions::through_schur(f, n, a, $back)
            }
        }
    )*};
}
engine! {
    f32, f32, eig_real, |z| z.re, {
        #[cfg(feature = "fft")]
        fn engine_real_dft(n: usize) -> Option<std::sync::Arc<dyn crate::algorithms::fft::RealDft<f32>>> {
            Some(crate::algorithms::fft::real32(n))
        }
        #[cfg(feature = "fft")]
        fn with_complex(scratch: &mut [f32], f: &mut dyn FnMut(&mut [Complex<f32>])) {
            let even = scratch.len() / 2 * 2;
            f(bytemuck::cast_slice_mut(&mut scratch[..even]))
        }
    };
    f64, f64, eig_real, |z| z.re, {
        #[cfg_attr(not(debug_assertions), inline(always))]
        fn engine_ldl_solve_small(n: usize, l: &[f64], d: &[f64], x: &mut [f64], columns: usize) {
            small::ldl_solve_pairs(n, l, d, x, columns)
        }
        #[cfg(feature = "fft")]
        fn engine_real_dft(n: usize) -> Option<std::sync::Arc<dyn crate::algorithms::fft::RealDft<f64>>> {
            Some(crate::algorithms::fft::real64(n))
        }
        #[cfg(feature = "fft")]
        fn with_complex(scratch: &mut [f64], f: &mut dyn FnMut(&mut [Complex<f64>])) {
            let even = scratch.len() / 2 * 2;
            f(bytemuck::cast_slice_mut(&mut scratch[..even]))
        }
    };
    Complex<f32>, f32, eig_complex, |z| z, {
        #[cfg(feature = "fft")]
        fn engine_dft(n: usize) -> Option<std::sync::Arc<dyn crate::algorithms::fft::Dft<Complex<f32>>>> {
            Some(crate::algorithms::fft::complex32(n))
        }
        #[cfg(feature = "fft")]
        fn with_complex(scratch: &mut [Complex<f32>], f: &mut dyn FnMut(&mut [Complex<f32>])) {
            f(scratch)
        }
    };
    Complex<f64>, f64, eig_complex, |z| z, {
        #[cfg(feature = "fft")]
        fn engine_dft(n: usize) -> Option<std::sync::Arc<dyn crate::algorithms::fft::Dft<Complex<f64>>>> {
            Some(crate::algorithms::fft::complex64(n))
        }
        #[cfg(feature = "fft")]
        fn with_complex(scratch: &mut [Complex<f64>], f: &mut dyn FnMut(&mut [Complex<f64>])) {
            f(scratch)
        }
    };
}
