//! cuSPARSE: products of compressed matrices with vectors and matrices.

use super::{Factor, Handle, Library, judged, kept, library};
use crate::device::Cuda;
use crate::ops::{Span, SpanMut};
use crate::vector::DeviceNumber;
use cola_core::{Fact, Result, Update};
use cudarc::cusparse::sys::{
    self, cudaDataType_t as Type, cusparseIndexBase_t as Base, cusparseIndexType_t as Index, cusparseOperation_t as Op,
    cusparseOrder_t as Order, cusparseSpMMAlg_t as ManyAlgorithm, cusparseSpMVAlg_t as OneAlgorithm,
    cusparseStatus_t as Status,
};
use cudarc::driver::DevicePtr;
use std::ffi::c_void;
use std::sync::{Arc, OnceLock};

pub(crate) const LIBRARY: Library = library!(
    cudarc::cusparse::sys, "cuSPARSE", "libcusparse.so.12", "nvidia-cusparse",
    "cusparseCreate" "cusparseDestroy" "cusparseSetStream" "cusparseCreateCsr" "cusparseDestroySpMat" "cusparseCreateDnVec"
    "cusparseDestroyDnVec" "cusparseCreateDnMat" "cusparseDestroyDnMat" "cusparseSpMV_bufferSize" "cusparseSpMV"
    "cusparseSpMM_bufferSize" "cusparseSpMM"
);
type Sparse = Handle<sys::cusparseHandle_t>;

fn status(call: &str, s: Status) -> Result<()> {
    judged(call, s, Status::CUSPARSE_STATUS_SUCCESS)
}
impl Cuda {
    /// cuSPARSE where it is installed; looked for once.
    fn sparse_if_there(&self) -> Result<Option<Arc<Sparse>>> {
        static THERE: OnceLock<bool> = OnceLock::new();
        if !*THERE.get_or_init(|| LIBRARY.check().is_ok()) {
            return Ok(None);
        }
        let make = || {
            let mut handle = std::ptr::null_mut();
            // SAFETY: the pointer is to a live handle.
            status("cusparseCreate", unsafe { sys::cusparseCreate(&mut handle) })?;
            // SAFETY: the stream lives as long as the handle, which keeps it.
            status("cusparseSetStream", unsafe { sys::cusparseSetStream(handle, self.stream.cu_stream().cast()) })?;
            Ok(handle)
        };
        // SAFETY: made by `cusparseCreate`, and not used again.
        kept(self, &self.libraries.sparse, &LIBRARY, make, |h| {
            let _ = unsafe { sys::cusparseDestroy(h) };
        })
        .map(Some)
    }
}
fn kind<T: DeviceNumber>() -> Type {
    match (size_of::<T::Re>(), T::IsReal::KNOWN) {
        (4, true) => Type::CUDA_R_32F,
        (4, false) => Type::CUDA_C_32F,
        (_, true) => Type::CUDA_R_64F,
        (_, false) => Type::CUDA_C_64F,
    }
}
/// A description that the library holds, given back when dropped.
struct Described<D: Copy>(D, fn(D));
impl<D: Copy> Drop for Described<D> {
    fn drop(&mut self) {
        (self.1)(self.0);
    }
}
type Matrix = Described<sys::cusparseDnMatDescr_t>;
/// Order and leading dimension of a dense matrix, where rows or columns lie without gaps.
fn order<T: DeviceNumber>(x: Span<'_, T>) -> Option<(Order, usize)> {
    match () {
        () if x.rs == 1 && x.cs >= x.rows => Some((Order::CUSPARSE_ORDER_COL, x.cs)),
        () if x.cs == 1 && x.rs >= x.cols => Some((Order::CUSPARSE_ORDER_ROW, x.rs)),
        () => None,
    }
}
fn dense<T: DeviceNumber>(x: Span<'_, T>, (order, ld): (Order, usize)) -> Result<Matrix> {
    let mut d = std::ptr::null_mut();
    let (rows, cols, at) = (x.rows as i64, x.cols as i64, x.address() as *mut c_void);
    // SAFETY: the numbers lie in the memory of the span, which outlives the description.
    status("cusparseCreateDnMat", unsafe {
        sys::cusparseCreateDnMat(&mut d, rows, cols, ld as i64, at, kind::<T>(), order)
    })?;
    // SAFETY: made above, and not used again.
    Ok(Described(d, |d| {
        let _ = unsafe { sys::cusparseDestroyDnMat(d.cast_const()) };
    }))
}
fn vector<T: DeviceNumber>(x: Span<'_, T>) -> Result<Described<sys::cusparseDnVecDescr_t>> {
    let mut d = std::ptr::null_mut();
    // SAFETY: as in `dense`.
    let made = unsafe { sys::cusparseCreateDnVec(&mut d, x.rows as i64, x.address() as *mut c_void, kind::<T>()) };
    status("cusparseCreateDnVec", made)?;
    // SAFETY: made above, and not used again.
    Ok(Described(d, |d| {
        let _ = unsafe { sys::cusparseDestroyDnVec(d.cast_const()) };
    }))
}
/// y = \[y +\] alpha A x for A of `nonzeros` numbers by rows: offsets, indices and values at these addresses. False where it was not
/// done: no library, or strides that it does not know.
pub(crate) fn product<T: DeviceNumber>(
    gpu: &Cuda,
    how: Update<T>,
    [start, index, values]: [u64; 3],
    nonzeros: usize,
    x: Span<'_, T>,
    mut y: SpanMut<'_, T>,
) -> Result<bool> {
    let to = y.address();
    let y = y.as_span();
    if x.layers != 1 || x.cols == 0 || x.rows == 0 || y.rows == 0 || nonzeros == 0 {
        return Ok(false);
    }
    let one = x.cols == 1 && x.rs == 1 && y.rs == 1;
    let orders = (order(x), order(y));
    // one order for both, which every algorithm of the library knows
    let many = match orders {
        (Some(a), Some(b)) if a.0 == b.0 => Some((a, b)),
        _ => None,
    };
    if !one && many.is_none() {
        return Ok(false);
    }
    let Some(sparse) = gpu.sparse_if_there()? else { return Ok(false) };
    let handle = sparse.lock()?;
    let (h, kind, turn) = (*handle, kind::<T>(), Op::CUSPARSE_OPERATION_NON_TRANSPOSE);
    let mut a = std::ptr::null_mut();
    // SAFETY: the three arrays have the lengths of a checked pattern and outlive the description.
    let made = unsafe {
        let (start, index, values) = (start as *mut c_void, index as *mut c_void, values as *mut c_void);
        let (small, base) = (Index::CUSPARSE_INDEX_32I, Base::CUSPARSE_INDEX_BASE_ZERO);
        let (rows, cols) = (y.rows as i64, x.rows as i64);
        sys::cusparseCreateCsr(&mut a, rows, cols, nonzeros as i64, start, index, values, small, small, base, kind)
    };
    status("cusparseCreateCsr", made)?;
    // SAFETY: made above, and not used again.
    let a = Described(a, |d: sys::cusparseSpMatDescr_t| {
        let _ = unsafe { sys::cusparseDestroySpMat(d.cast_const()) };
    });
    let beta = if how.add { T::of(1.0) } else { T::of(0.0) };
    let (alpha, beta) = (Factor::new(how.alpha), Factor::new(beta));
    let (alpha, beta) = (alpha.at(), beta.at());
    let mut bytes = 0usize;
    // the library may ask for nothing; a buffer of bytes is one of f32
    let scratch = |bytes: usize| gpu.reserve::<f32>(bytes.div_ceil(4).max(1));
    let at = |b: &crate::DeviceVector<f32>| {
        b.data.as_ref().map_or(std::ptr::null_mut(), |d| d.device_ptr(&gpu.stream).0 as *mut c_void)
    };
    debug_assert_eq!(to, y.address());
    if one {
        let (vx, vy, algorithm) = (vector(x)?, vector(y)?, OneAlgorithm::CUSPARSE_SPMV_ALG_DEFAULT);
        // SAFETY: the descriptions are alive, and of fitting sizes.
        let size = unsafe {
            sys::cusparseSpMV_bufferSize(
                h,
                turn,
                alpha,
                a.0.cast_const(),
                vx.0.cast_const(),
                beta,
                vy.0,
                kind,
                algorithm,
                &mut bytes,
            )
        };
        status("cusparseSpMV_bufferSize", size)?;
        let buffer = scratch(bytes)?;
        // SAFETY: as above; the buffer has the size that was asked for, and is given back in the order of the queue.
        let done = unsafe {
            sys::cusparseSpMV(
                h,
                turn,
                alpha,
                a.0.cast_const(),
                vx.0.cast_const(),
                beta,
                vy.0,
                kind,
                algorithm,
                at(&buffer),
            )
        };
        return status("cusparseSpMV", done).map(|()| true);
    }
    let Some((ox, oy)) = many else { return Ok(false) };
    let (mx, my, algorithm) = (dense(x, ox)?, dense(y, oy)?, ManyAlgorithm::CUSPARSE_SPMM_ALG_DEFAULT);
    // SAFETY: as above.
    let size = unsafe {
        let (a, x) = (a.0.cast_const(), mx.0.cast_const());
        sys::cusparseSpMM_bufferSize(h, turn, turn, alpha, a, x, beta, my.0, kind, algorithm, &mut bytes)
    };
    status("cusparseSpMM_bufferSize", size)?;
    let buffer = scratch(bytes)?;
    // SAFETY: as above.
    let done = unsafe {
        let (a, x) = (a.0.cast_const(), mx.0.cast_const());
        sys::cusparseSpMM(h, turn, turn, alpha, a, x, beta, my.0, kind, algorithm, at(&buffer))
    };
    status("cusparseSpMM", done).map(|()| true)
}
