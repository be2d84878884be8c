//! cuBLAS: products of stored matrices, and triangular solves. Its matrices are column-major; a matrix whose rows lie without gaps is the
//! transpose of one, so that every product of a Kronecker product is one call, in strided batches, without a transposition.

use super::{Factor, Handle, Library, judged, kept, library};
use crate::device::Cuda;
use crate::ops::{Span, SpanMut};
use crate::vector::DeviceNumber;
use cola_core::{Fact, Result, Scalar, Update};
use cudarc::cublas::sys::{
    self, cublasComputeType_t as Compute, cublasDiagType_t as Diag, cublasFillMode_t as Fill, cublasOperation_t as Op,
    cublasSideMode_t as Side, cublasStatus_t as Status, cudaDataType_t as Type,
};
use std::ffi::c_void;
use std::sync::{Arc, OnceLock};

pub(crate) const LIBRARY: Library = library!(
    cudarc::cublas::sys, "cuBLAS", "libcublas.so.13", "nvidia-cublas",
    "cublasCreate_v2" "cublasDestroy_v2" "cublasSetStream_v2" "cublasGemmEx_64" "cublasGemmStridedBatchedEx_64"
    "cublasSgemv_v2_64" "cublasDgemv_v2_64" "cublasCgemv_v2_64" "cublasZgemv_v2_64"
    "cublasStrsm_v2_64" "cublasDtrsm_v2_64" "cublasCtrsm_v2_64" "cublasZtrsm_v2_64"
);
type Blas = Handle<sys::cublasHandle_t>;

fn status(call: &str, s: Status) -> Result<()> {
    judged(call, s, Status::CUBLAS_STATUS_SUCCESS)
}
impl Cuda {
    fn blas(&self) -> Result<Arc<Blas>> {
        let make = || {
            let mut handle = std::ptr::null_mut();
            // SAFETY: the pointer is to a live handle.
            status("cublasCreate_v2", unsafe { sys::cublasCreate_v2(&mut handle) })?;
            // SAFETY: the stream lives as long as the handle, which keeps it.
            status("cublasSetStream_v2", unsafe { sys::cublasSetStream_v2(handle, self.stream.cu_stream().cast()) })?;
            Ok(handle)
        };
        // SAFETY: made by `cublasCreate_v2`, and not used again.
        kept(self, &self.libraries.blas, &LIBRARY, make, |h| {
            let _ = unsafe { sys::cublasDestroy_v2(h) };
        })
    }
    /// cuBLAS where it is installed; looked for once.
    fn blas_if_there(&self) -> Result<Option<Arc<Blas>>> {
        static THERE: OnceLock<bool> = OnceLock::new();
        if *THERE.get_or_init(|| LIBRARY.check().is_ok()) { self.blas().map(Some) } else { Ok(None) }
    }
}
/// The number type as the library names it, and what it computes in.
fn kind<T: DeviceNumber>() -> (Type, Compute) {
    match (size_of::<T::Re>(), T::IsReal::KNOWN) {
        (4, true) => (Type::CUDA_R_32F, Compute::CUBLAS_COMPUTE_32F),
        (4, false) => (Type::CUDA_C_32F, Compute::CUBLAS_COMPUTE_32F),
        (_, true) => (Type::CUDA_R_64F, Compute::CUBLAS_COMPUTE_64F),
        (_, false) => (Type::CUDA_C_64F, Compute::CUBLAS_COMPUTE_64F),
    }
}
/// One call of the function for this type of numbers; pointers are cast to it.
macro_rules! by_type {
    ($T:ty, $s:ident $d:ident $c:ident $z:ident, |$p:ident| ($($arg:expr),*)) => {
        match (size_of::<<$T as Scalar>::Re>(), <$T as Scalar>::IsReal::KNOWN) {
            // SAFETY: the buffers hold numbers of this type and have the sizes that the caller compared.
            (4, true) => { macro_rules! $p { ($x:expr) => { $x as *mut f32 } } unsafe { sys::$s($($arg),*) } }
            // SAFETY: as above.
            (_, true) => { macro_rules! $p { ($x:expr) => { $x as *mut f64 } } unsafe { sys::$d($($arg),*) } }
            // SAFETY: as above.
            (4, false) => { macro_rules! $p { ($x:expr) => { $x as *mut sys::float2 } } unsafe { sys::$c($($arg),*) } }
            // SAFETY: as above.
            (_, false) => { macro_rules! $p { ($x:expr) => { $x as *mut sys::double2 } } unsafe { sys::$z($($arg),*) } }
        }
    };
}
/// One operand of a product as the library sees it: a column-major matrix, or the transpose of one, with its leading dimension.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Side2 {
    turned: bool,
    ld: usize,
}
/// How rows x cols numbers with these strides are seen; `None` where neither rows nor columns lie without gaps.
fn seen(rows: usize, cols: usize, rs: usize, cs: usize) -> Option<Side2> {
    let fits = |ld: usize, least: usize, lines: usize| lines <= 1 || ld >= least;
    match () {
        () if (rs == 1 || rows <= 1) && fits(cs, rows, cols) => Some(Side2 { turned: false, ld: cs.max(rows).max(1) }),
        () if (cs == 1 || cols <= 1) && fits(rs, cols, rows) => Some(Side2 { turned: true, ld: rs.max(cols).max(1) }),
        () => None,
    }
}
fn op<T: DeviceNumber>(transposed: bool, adjoint: bool) -> Op {
    match (transposed, adjoint && !T::IsReal::KNOWN) {
        (false, _) => Op::CUBLAS_OP_N,
        (true, false) => Op::CUBLAS_OP_T,
        (true, true) => Op::CUBLAS_OP_C,
    }
}
/// What a product becomes: which operand comes first, and how.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Form {
    /// y^T = x^T op(A)^T is computed, since y lies by rows.
    swapped: bool,
    a: Op,
    x: Op,
    ld: [usize; 3],
}
/// The form of y = op(A) x, for a column-major A; `None` where the library has none (then the kernels of this crate do).
fn form<T: DeviceNumber>(adjoint: bool, lda: usize, x: Span<'_, T>, y: Span<'_, T>) -> Option<Form> {
    let (sx, sy) = (seen(x.rows, x.cols, x.rs, x.cs)?, seen(y.rows, y.cols, y.rs, y.cs)?);
    let ld = [lda, sx.ld, sy.ld];
    if !sy.turned {
        return Some(Form { swapped: false, a: op::<T>(adjoint, true), x: op::<T>(sx.turned, false), ld });
    }
    // conj(A) without a transposition is no operation of the library
    if adjoint && !T::IsReal::KNOWN {
        return None;
    }
    Some(Form { swapped: true, a: op::<T>(!adjoint, false), x: op::<T>(!sx.turned, false), ld })
}
/// y = \[y +\] alpha op(A) x for a column-major A of m x n numbers at `a`. False where it was not done: no library, or strides that it
/// does not know.
pub(crate) fn product<T: DeviceNumber>(
    gpu: &Cuda,
    how: Update<T>,
    (a, m, n): (u64, usize, usize),
    x: Span<'_, T>,
    mut y: SpanMut<'_, T>,
) -> Result<bool> {
    let to = y.address();
    // one layer of many columns rather than many layers of one column
    let (x, view) = if x.cols == 1 { (x.swapped(), y.as_span().swapped()) } else { (x, y.as_span()) };
    if m == 0 || n == 0 || x.cols == 0 || x.layers == 0 {
        return Ok(false);
    }
    let Some(f) = form(how.adjoint, m, x, view) else { return Ok(false) };
    let Some(blas) = gpu.blas_if_there()? else { return Ok(false) };
    let handle = blas.lock()?;
    let h = *handle;
    let ([lda, ldx, ldy], beta) = (f.ld.map(|l| l as i64), if how.add { T::of(1.0) } else { T::of(0.0) });
    let (alpha, beta) = (Factor::new(how.alpha), Factor::new(beta));
    let (alpha, beta) = (alpha.at(), beta.at());
    if x.cols == 1 && x.layers == 1 {
        let turn = op::<T>(how.adjoint, true);
        let (m, n, incx, incy) = (m as i64, n as i64, x.rs.max(1) as i64, view.rs.max(1) as i64);
        let done = by_type!(T, cublasSgemv_v2_64 cublasDgemv_v2_64 cublasCgemv_v2_64 cublasZgemv_v2_64, |p| (
            h, turn, m, n, p!(alpha.cast_mut()), p!(a), lda, p!(x.address()), incx, p!(beta.cast_mut()), p!(to), incy
        ));
        return status("cublasgemv_v2_64", done).map(|()| true);
    }
    let ((kind, compute), algorithm) = (kind::<T>(), sys::cublasGemmAlgo_t::CUBLAS_GEMM_DFALT);
    let (rows, inner, cols) = (view.rows as i64, x.rows as i64, view.cols as i64);
    let (at, from, to) = (a as *const c_void, x.address() as *const c_void, to as *mut c_void);
    let (xl, yl, layers) = (x.ls as i64, view.ls as i64, x.layers as i64);
    // the first operand's operation, its data, leading dimension and step, then the second's; result rows x columns
    let first = (f.a, at, lda, 0i64);
    let second = (f.x, from, ldx, xl);
    let ((o1, p1, l1, s1), (o2, p2, l2, s2), (m, n)) =
        if f.swapped { (second, first, (cols, rows)) } else { (first, second, (rows, cols)) };
    let done = if layers == 1 {
        // SAFETY: the matrices have the sizes and strides that the spans promise, and the caller compared.
        let done = unsafe {
            sys::cublasGemmEx_64(
                h, o1, o2, m, n, inner, alpha, p1, kind, l1, p2, kind, l2, beta, to, kind, ldy, compute, algorithm,
            )
        };
        status("cublasGemmEx_64", done)
    } else {
        // SAFETY: as above; A is the same in every layer.
        let done = unsafe {
            sys::cublasGemmStridedBatchedEx_64(
                h, o1, o2, m, n, inner, alpha, p1, kind, l1, s1, p2, kind, l2, s2, beta, to, kind, ldy, yl, layers,
                compute, algorithm,
            )
        };
        status("cublasGemmStridedBatchedEx_64", done)
    };
    done.map(|()| true)
}
/// x <- op(A)^-1 x for a triangle of the column-major n x n matrix at `a`, and `columns` columns without gaps at `x`.
pub(crate) fn triangle<T: DeviceNumber>(
    gpu: &Cuda,
    (lower, adjoint): (bool, bool),
    (a, n): (u64, usize),
    x: u64,
    columns: usize,
) -> Result<()> {
    if n == 0 || columns == 0 {
        return Ok(());
    }
    let (blas, one) = (gpu.blas()?, Factor::new(T::of(1.0)));
    let handle = blas.lock()?;
    let h = *handle;
    let fill = if lower { Fill::CUBLAS_FILL_MODE_LOWER } else { Fill::CUBLAS_FILL_MODE_UPPER };
    let (side, diag, turn) = (Side::CUBLAS_SIDE_LEFT, Diag::CUBLAS_DIAG_NON_UNIT, op::<T>(adjoint, true));
    let (n, k, alpha) = (n as i64, columns as i64, one.at().cast_mut());
    let done = by_type!(T, cublasStrsm_v2_64 cublasDtrsm_v2_64 cublasCtrsm_v2_64 cublasZtrsm_v2_64, |p| (
        h, side, fill, turn, diag, n, k, p!(alpha), p!(a), n, p!(x), n
    ));
    status("cublastrsm_v2_64", done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cola_core::Complex;

    fn form_of<T: DeviceNumber>(adjoint: bool, m: usize, x: [usize; 4], y: [usize; 4]) -> Option<Form> {
        let span = |s: [usize; 4]| Span::<T>::somewhere(s[0], s[1], s[2], s[3]);
        form(adjoint, m, span(x), span(y))
    }
    /// The forms by hand: a 3 x 2 matrix A, x of 2 x 5.
    #[test]
    fn forms() {
        let plain = form_of::<f64>(false, 3, [2, 5, 1, 2], [3, 5, 1, 3]).unwrap();
        assert_eq!(plain, Form { swapped: false, a: Op::CUBLAS_OP_N, x: Op::CUBLAS_OP_N, ld: [3, 2, 3] });
        // both by rows: y^T = x^T A^T
        let rows = form_of::<f64>(false, 3, [2, 5, 5, 1], [3, 5, 5, 1]).unwrap();
        assert_eq!(rows, Form { swapped: true, a: Op::CUBLAS_OP_T, x: Op::CUBLAS_OP_N, ld: [3, 5, 5] });
        // x by rows, y by columns, A^T of a 2 x 3 matrix
        let mixed = form_of::<f64>(true, 2, [2, 5, 5, 1], [3, 5, 1, 3]).unwrap();
        assert_eq!(mixed, Form { swapped: false, a: Op::CUBLAS_OP_T, x: Op::CUBLAS_OP_T, ld: [2, 5, 3] });
        type C = Complex<f64>;
        let complex = form_of::<C>(true, 2, [2, 5, 1, 2], [3, 5, 1, 3]).unwrap();
        assert_eq!(complex.a, Op::CUBLAS_OP_C);
        assert_eq!(form_of::<C>(true, 2, [2, 5, 1, 2], [3, 5, 5, 1]), None);
        // gaps in both directions; overlapping columns
        assert_eq!(form_of::<f64>(false, 3, [2, 5, 2, 7], [3, 5, 1, 3]), None);
        assert_eq!(form_of::<f64>(false, 3, [2, 5, 1, 1], [3, 5, 1, 3]), None);
        // one row: any stride of it
        assert_eq!(form_of::<f64>(false, 1, [2, 5, 1, 2], [1, 5, 9, 1]).unwrap().ld, [1, 2, 1]);
    }
}
