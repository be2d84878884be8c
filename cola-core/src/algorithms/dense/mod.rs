//! Dense kernels on column-major slices and strided views: what every dense operator and every base case ends in.
//!
//! Four layers, chosen by the caller's `fixed` flag and by the number type:
//! - `small`: written out in line for compile-time sizes up to [`UNROLL`], branch-free, one number or many lanes;
//! - `loops`: the same mathematics for any size, for lanes and dual numbers, and for floats below the measured thresholds;
//! - `engine`: faer for f32, f64 and their complex numbers above the thresholds (feature `faer`; without it our loops at any size), reached
//!   through [`Engine`];
//! - `schur`, `expm`, `functions`: functions of general matrices.
//!
//! A kernel never fails loudly: it returns an [`Outcome`] (a mask), so that lanes fail one by one.

mod eig;
mod eigen;
mod engine;
mod expm;
#[cfg(feature = "faer")]
mod faer;
mod functions;
mod jacobi;
pub(crate) mod lanes;
mod ldlt;
mod loops;
#[cfg(any(test, not(feature = "faer")))]
#[cfg_attr(
    feature = "faer",
    allow(dead_code, unused_imports, reason = "only its singular values are tested beside faer's")
)]
mod plain;
mod plane;
mod products;
mod qr;
mod reflect;
mod schur;
mod small;
mod svd;
mod triangular;
mod tridiagonal;

pub use eig::{eig, eig_upper};
pub use eigen::{eigh, spectrum, spectrum_of_two};
pub use expm::{EXP_SQUARES, exp_upper, exp_upper_in, expm, expm_in};
pub use functions::{
    LOG_SQUARES, MatrixFunction, POW_SQUARES, log_upper, log_upper_in, logm, pow_upper, pow_upper_in, powm, sqrt_upper,
    sqrtm,
};
pub use ldlt::{ldlt, ldlt_det, ldlt_solve};
pub use plane::{Plane, plane, plane_root};
pub use products::{gemm, gemv};
pub use qr::lstsq;
pub use reflect::{apply_blocks, apply_reflections, reflect};
pub use schur::{schur, schur_in};
pub use small::{ldl as ldl_small, ldl_outcome};
pub use svd::svd;
pub use triangular::trisolve;
pub use tridiagonal::{gauss, hermitian_tridiagonal};

use crate::error::{Outcome, Result};
use crate::scalar::Scalar;
use crate::view::{View, ViewMut};

/// Largest static size for which the kernels are written out in line.
pub const UNROLL: usize = 8;

/// Hooks by which f32, f64, c32, c64 reach faer. The default bodies are our loops, so that `impl Engine for MyNumber {}` is
/// all that any other number type needs.
///
/// The arguments are those of the function of the same name in [this module](self).
pub trait Engine: Sized {
    /// True for numbers that are nothing but their value: f32, f64 and their complex numbers. Of any other single number the
    /// eigenvectors are found for its value and its derivatives by a refinement step.
    const PLAIN: bool = false;

    /// See [`ldl`].
    #[inline(never)]
    fn engine_ldl(n: usize, a: &mut [Self], d: &mut [Self::Re]) -> Outcome<Self>
    where
        Self: Scalar,
    {
        loops::ldl(n, a, d)
    }
    /// See [`ldl_solve`].
    #[inline(never)]
    fn engine_ldl_solve(n: usize, l: &[Self], d: &[Self::Re], x: &mut [Self], columns: usize)
    where
        Self: Scalar,
    {
        loops::ldl_solve(n, l, d, x, columns)
    }
    /// See [`ldl_solve`], of a static size up to [`UNROLL`]; in line.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn engine_ldl_solve_small(n: usize, l: &[Self], d: &[Self::Re], x: &mut [Self], columns: usize)
    where
        Self: Scalar,
    {
        for c in 0..columns {
            small::ldl_solve(n, l, d, &mut x[c * n..(c + 1) * n]);
        }
    }
    /// See [`ldl_pivots`].
    #[inline(never)]
    fn engine_ldl_pivots(n: usize, a: &mut [Self], d: &mut [Self::Re]) -> Outcome<Self>
    where
        Self: Scalar,
    {
        loops::ldl(n, a, d)
    }
    /// See [`ldl_solve_view`]; true where it is done.
    #[inline(never)]
    fn engine_ldl_solve_view(_: usize, _: &[Self], _: &[Self::Re], _: ViewMut<Self>)
    where
        Self: Scalar,
    {
    }
    /// See [`solves_views`].
    fn engine_solves_views(_: usize, _: usize) -> bool {
        false
    }
    /// See [`cholesky`].
    #[inline(never)]
    fn engine_cholesky(n: usize, a: &mut [Self]) -> Outcome<Self>
    where
        Self: Scalar,
    {
        loops::cholesky(n, a)
    }
    /// See [`lu`].
    #[inline(never)]
    fn engine_lu(n: usize, a: &mut [Self], perm: &mut [Self::Re]) -> (Outcome<Self>, Self)
    where
        Self: Scalar,
    {
        loops::lu(n, a, perm)
    }
    /// See [`lu_solve`]; the right-hand sides are already in the order of the rows of L U (or, adjoint, will be brought back
    /// by the caller).
    #[inline(never)]
    fn engine_lu_solve(n: usize, lu: &[Self], adjoint: bool, x: &mut [Self], columns: usize)
    where
        Self: Scalar,
    {
        loops::lu_solve(n, lu, adjoint, x, columns)
    }
    /// See [`ldlt`].
    #[inline(never)]
    fn engine_ldlt(n: usize, a: &mut [Self], subdiag: &mut [Self], d: &mut [Self::Re], perm: &mut [Self::Re])
    where
        Self: Scalar,
    {
        ldlt::bunch_kaufman(n, a, subdiag, d, perm)
    }
    /// See [`eigh`].
    #[inline(never)]
    fn engine_eigh(n: usize, a: &mut [Self], w: &mut [Self::Re], v: &mut [Self]) -> Outcome<Self>
    where
        Self: Scalar,
    {
        eigen::differentiated(n, a, w, v)
    }
    /// See [`eig`].
    fn engine_eig(n: usize, a: &[Self], w: &mut [Self::Complex], v: &mut [Self::Complex]) -> Result<()>
    where
        Self: Scalar,
    {
        lanes::eig(n, a, w, v)
    }
    /// See [`svd`].
    fn engine_svd(a: View<Self>, s: &mut [Self::Re], u: &mut [Self], v: &mut [Self]) -> Result<()>
    where
        Self: Scalar,
    {
        lanes::svd(a, s, u, v)
    }
    /// See [`gemm`].
    #[inline(never)]
    fn engine_gemm(how: (Self, bool), conj_a: bool, a: View<Self>, b: View<Self>, c: ViewMut<Self>)
    where
        Self: Scalar,
    {
        products::gemm_loops(how, conj_a, a, b, c)
    }
    /// See [`gemv`].
    #[inline(never)]
    fn engine_gemv(how: (Self, bool), conj_a: bool, a: View<Self>, x: View<Self>, y: ViewMut<Self>)
    where
        Self: Scalar,
    {
        products::gemv_loops(how, conj_a, a, x, y)
    }
    /// See [`trisolve`].
    #[inline(never)]
    fn engine_trisolve(n: usize, lower: bool, unit: bool, adjoint: bool, a: View<Self>, x: ViewMut<Self>)
    where
        Self: Scalar,
    {
        triangular::trisolve_loops(n, false, lower, unit, adjoint, a, x)
    }
    /// See [`lstsq`].
    #[inline(never)]
    fn engine_lstsq(a: View<Self>, b: ViewMut<Self>) -> Result<()>
    where
        Self: Scalar,
    {
        qr::householder(a, b)
    }
    /// The Schur forms of A (m x m) and B (n x n), for the inverse of A x I + I x B or A x B + c I; of lanes those of each lane; `None`
    /// for numbers that carry derivatives.
    fn engine_kron_sum(
        pairing: crate::algorithms::sylvester::Pairing<Self>,
        a: (usize, &[Self]),
        b: (usize, &[Self]),
    ) -> Result<Option<std::sync::Arc<dyn crate::algorithms::sylvester::KronSumFactor<Self>>>>
    where
        Self: Scalar,
    {
        if Self::LANES == 1 { Ok(None) } else { lanes::kron_sum(pairing, a, b).map(Some) }
    }
    /// The Fourier transform of n complex numbers; `None`: by its definition.
    #[cfg(feature = "fft")]
    fn engine_dft(_: usize) -> Option<std::sync::Arc<dyn crate::algorithms::fft::Dft<Self>>>
    where
        Self: Scalar,
    {
        None
    }
    /// Products with real circulants by half spectra; `None`: by complex transforms.
    #[cfg(feature = "fft")]
    fn engine_real_dft(_: usize) -> Option<std::sync::Arc<dyn crate::algorithms::fft::RealDft<Self>>>
    where
        Self: Scalar,
    {
        None
    }
    /// Scratch as complex numbers: half as many for real ones.
    #[cfg(feature = "fft")]
    fn with_complex(scratch: &mut [Self], f: &mut dyn FnMut(&mut [Self::Complex]))
    where
        Self: Scalar,
    {
        crate::algorithms::fft::complex_buffer(scratch, f)
    }
    /// A function of a general matrix; see [`sqrtm`], [`logm`], [`powm`]. For numbers that are not [`PLAIN`](Self::PLAIN) only
    /// upper triangular matrices are supported.
    fn engine_function(f: MatrixFunction, n: usize, a: &mut [Self]) -> Result<()>
    where
        Self: Scalar,
    {
        functions::triangular_only(f, n, a)
    }
}

/// Root-free Cholesky factorisation A = L D L^H of a positive definite matrix, in place: reads the lower triangle, leaves the
/// unit lower triangular L strictly below the diagonal (the rest of `a` is arbitrary) and D > 0 in `d`.
///
/// A pivot is bad unless d_j > n eps a_jj (the original a_jj) and finite: what is left of a_jj is then more than the rounding
/// of the subtractions. The test does not change when rows and columns are scaled. A bad lane goes on with pivot 1.
///
/// Cost: n^3 / 3. Golub & Van Loan, Matrix Computations, 4th ed., section 4.1.2; Higham, Accuracy and Stability, section 10.1.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn ldl<T: Scalar>(n: usize, fixed: bool, a: &mut [T], d: &mut [T::Re]) -> Outcome<T> {
    if fixed && n <= UNROLL {
        let ok = small::ldl(n, a, d, num_traits::Zero::zero());
        if crate::scalar::Mask::all(ok) {
            Outcome::fine()
        } else {
            ldl_outcome(n, a, d, ok, crate::scalar::Mask::splat(true))
        }
    } else if T::LANES > 1 {
        loops::ldl(n, a, d)
    } else {
        T::engine_ldl(n, a, d)
    }
}

/// x <- A^-1 x for `columns` contiguous columns of n numbers, from the factors of [`ldl`].
///
/// Cost: 2 n^2 per column.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn ldl_solve<T: Scalar>(n: usize, fixed: bool, l: &[T], d: &[T::Re], x: &mut [T], columns: usize) {
    if fixed && n <= UNROLL {
        T::engine_ldl_solve_small(n, l, d, x, columns)
    } else if T::LANES > 1 {
        loops::ldl_solve(n, l, d, x, columns)
    } else {
        T::engine_ldl_solve(n, l, d, x, columns)
    }
}

/// The pivots of [`ldl`] alone: for a determinant. Leaves `a` arbitrary.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn ldl_pivots<T: Scalar>(n: usize, fixed: bool, a: &mut [T], d: &mut [T::Re]) -> Outcome<T> {
    if (fixed && n <= UNROLL) || T::LANES > 1 { ldl(n, fixed, a, d) } else { T::engine_ldl_pivots(n, a, d) }
}
/// True where [`ldl_solve_view`] serves: columns of any strides are then solved where they lie.
#[inline(always)]
pub fn solves_views<T: Scalar>(n: usize, fixed: bool, columns: usize) -> bool {
    !(fixed && n <= UNROLL) && T::LANES == 1 && T::engine_solves_views(n, columns)
}
/// [`ldl_solve`] in place of a strided view, where [`solves_views`] says so. (kron(psd, psd) of 512 x 512 factors, whose second solve is
/// along the rows: 18.3 ms through a copy of the columns, 13.3 ms by faer in place.)
pub fn ldl_solve_view<T: Scalar>(n: usize, l: &[T], d: &[T::Re], x: ViewMut<T>) {
    T::engine_ldl_solve_view(n, l, d, x)
}

/// Cholesky factorisation L L^H = A, in place: reads the lower triangle, leaves L with zeros above the diagonal.
///
/// Pivots are judged as in [`ldl`]; the value reported for a bad one is l_jj^2. Cost: n^3 / 3 and n square roots.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn cholesky<T: Scalar>(n: usize, fixed: bool, a: &mut [T]) -> Outcome<T> {
    if fixed && n <= UNROLL {
        small::cholesky(n, a)
    } else if T::LANES > 1 {
        loops::cholesky(n, a)
    } else {
        T::engine_cholesky(n, a)
    }
}

/// P A = L U with partial pivoting, in place: U on and above the diagonal, the unit lower triangular L below. Row i of P A is
/// row `perm[i]` of A; lanes exchange by select, so each has an order of its own. Also returns det P = +-1.
///
/// A pivot is bad unless |u_jj| > max(n, 6) eps sum_{k<=j} |l_jk| |u_kj| and finite, with |z| = |re| + |im|: the sum is what u_jj
/// came out of, n eps times it bounds the rounding of u_jj (Higham, theorem 9.3), and scaled rows or columns scale both sides. In a
/// bad lane elimination goes on with pivot 1, and 0 is stored, so that the determinant is 0.
///
/// Cost: 2 n^3 / 3. Golub & Van Loan, section 3.4; Higham, Accuracy and Stability, section 9.3.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn lu<T: Scalar>(n: usize, fixed: bool, a: &mut [T], perm: &mut [T::Re]) -> (Outcome<T>, T) {
    if fixed && n <= UNROLL {
        small::lu(n, a, perm)
    } else if T::LANES > 1 {
        loops::lu(n, a, perm)
    } else {
        T::engine_lu(n, a, perm)
    }
}

/// x <- A^-1 x, or A^-H x, for `columns` contiguous columns of n numbers, from the factors of [`lu`]; `scratch` has n numbers.
///
/// Cost: 2 n^2 per column.
#[cfg_attr(not(debug_assertions), inline(always))]
#[allow(clippy::too_many_arguments, reason = "the factors and their sizes, as LAPACK has them")]
pub fn lu_solve<T: Scalar>(
    n: usize,
    fixed: bool,
    lu: &[T],
    perm: &[T::Re],
    adjoint: bool,
    x: &mut [T],
    columns: usize,
    scratch: &mut [T],
) {
    let fixed = fixed && n <= UNROLL;
    if !adjoint {
        for c in 0..columns {
            small::permute(n, fixed, perm, false, &mut x[c * n..(c + 1) * n], scratch);
        }
    }
    if fixed {
        for c in 0..columns {
            small::lu_solve(n, lu, adjoint, &mut x[c * n..(c + 1) * n]);
        }
    } else if T::LANES > 1 {
        loops::lu_solve(n, lu, adjoint, x, columns)
    } else {
        T::engine_lu_solve(n, lu, adjoint, x, columns)
    }
    if adjoint {
        for c in 0..columns {
            small::permute(n, fixed, perm, true, &mut x[c * n..(c + 1) * n], scratch);
        }
    }
}

#[cfg(test)]
mod tests;
