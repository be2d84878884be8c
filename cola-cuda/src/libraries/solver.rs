//! cuSOLVER: Cholesky, LU, eigenvalues and singular values of stored matrices, through its dense interface of 32-bit sizes.

use super::{Handle, Info, Library, address, judged, kept, library};
use crate::device::Cuda;
use crate::driver::failed;
use crate::ops::{Span, SpanMut, span};
use crate::vector::{DeviceNumber, DeviceVector};
use cola_core::{Error, Fact, Real, Result, Scalar};
use cudarc::cusolver::sys::{
    self, cublasFillMode_t as Fill, cublasOperation_t as Turn, cusolverEigMode_t as Vectors, cusolverStatus_t as Status,
};
use cudarc::driver::{CudaSlice, DevicePtr};
use std::sync::Arc;

pub(crate) const LIBRARY: Library = library!(
    cudarc::cusolver::sys, "cuSOLVER", "libcusolver.so.12", "nvidia-cusolver",
    "cusolverDnCreate" "cusolverDnDestroy" "cusolverDnSetStream"
    "cusolverDnSpotrf_bufferSize" "cusolverDnDpotrf_bufferSize" "cusolverDnCpotrf_bufferSize" "cusolverDnZpotrf_bufferSize"
    "cusolverDnSpotrf" "cusolverDnDpotrf" "cusolverDnCpotrf" "cusolverDnZpotrf"
    "cusolverDnSpotrs" "cusolverDnDpotrs" "cusolverDnCpotrs" "cusolverDnZpotrs"
    "cusolverDnSgetrf_bufferSize" "cusolverDnDgetrf_bufferSize" "cusolverDnCgetrf_bufferSize" "cusolverDnZgetrf_bufferSize"
    "cusolverDnSgetrf" "cusolverDnDgetrf" "cusolverDnCgetrf" "cusolverDnZgetrf"
    "cusolverDnSgetrs" "cusolverDnDgetrs" "cusolverDnCgetrs" "cusolverDnZgetrs"
    "cusolverDnSsyevd_bufferSize" "cusolverDnDsyevd_bufferSize" "cusolverDnCheevd_bufferSize" "cusolverDnZheevd_bufferSize"
    "cusolverDnSsyevd" "cusolverDnDsyevd" "cusolverDnCheevd" "cusolverDnZheevd"
    "cusolverDnSgesvd_bufferSize" "cusolverDnDgesvd_bufferSize" "cusolverDnCgesvd_bufferSize" "cusolverDnZgesvd_bufferSize"
    "cusolverDnSgesvd" "cusolverDnDgesvd" "cusolverDnCgesvd" "cusolverDnZgesvd"
);
type Solver = Handle<sys::cusolverDnHandle_t>;

fn status(call: &str, s: Status) -> Result<()> {
    judged(call, s, Status::CUSOLVER_STATUS_SUCCESS)
}
impl Cuda {
    fn solver(&self) -> Result<Arc<Solver>> {
        let make = || {
            let mut handle = std::ptr::null_mut();
            // SAFETY: the pointer is to a live handle.
            status("cusolverDnCreate", unsafe { sys::cusolverDnCreate(&mut handle) })?;
            // SAFETY: the stream lives as long as the handle, which keeps it.
            let set = unsafe { sys::cusolverDnSetStream(handle, self.stream.cu_stream().cast()) };
            status("cusolverDnSetStream", set)?;
            Ok(handle)
        };
        // SAFETY: made by `cusolverDnCreate`, and not used again.
        kept(self, &self.libraries.solver, &LIBRARY, make, |h| {
            let _ = unsafe { sys::cusolverDnDestroy(h) };
        })
    }
}
/// A size for the library.
fn size(n: usize) -> Result<i32> {
    i32::try_from(n).ok().filter(|_| n.checked_mul(n).is_some_and(|m| m <= isize::MAX as usize / 16)).ok_or_else(|| {
        Error::invalid(format!("a dense factorisation on a device serves sizes up to 2^31 - 1, not {n}"))
    })
}
/// One call of the function for this type of numbers: `p!` casts a pointer to it, `r!` to its real numbers.
macro_rules! call {
    ($T:ty, $name:literal, $s:ident $d:ident $c:ident $z:ident, |$p:ident, $r:ident| ($($arg:expr),* $(,)?)) => {
        status($name, match (size_of::<<$T as Scalar>::Re>(), <$T as Scalar>::IsReal::KNOWN) {
            // SAFETY: the buffers hold numbers of this type and have the sizes that the library documents.
            (4, true) => call!(@ $s, $p f32, $r f32, $($arg),*),
            (_, true) => call!(@ $d, $p f64, $r f64, $($arg),*),
            (4, false) => call!(@ $c, $p sys::float2, $r f32, $($arg),*),
            (_, false) => call!(@ $z, $p sys::double2, $r f64, $($arg),*),
        })
    };
    (@ $f:ident, $p:ident $P:ty, $r:ident $R:ty, $($arg:expr),*) => {{
        #[allow(unused_macros, reason = "not every function takes real numbers")]
        macro_rules! $p { ($x:expr) => { $x as *mut $P } }
        #[allow(unused_macros, reason = "as above")]
        macro_rules! $r { ($x:expr) => { $x as *mut $R } }
        // SAFETY: the buffers hold numbers of this type and have the sizes that the library documents.
        unsafe { sys::$f($($arg),*) }
    }};
}
/// Cholesky or LU factors of an n x n matrix.
#[derive(Debug)]
pub(crate) struct Factors<T: DeviceNumber> {
    data: DeviceVector<T>,
    /// Rows exchanged by LU; none for Cholesky.
    pivots: Option<CudaSlice<i32>>,
    cholesky: bool,
    pub(crate) n: usize,
}
impl<T: DeviceNumber> Factors<T> {
    /// Factors in place.
    ///
    /// # Errors
    /// `NotPositiveDefinite`, `Singular`, `NonFinite`, `Device`.
    pub(crate) fn new(data: DeviceVector<T>, n: usize, cholesky: bool) -> Result<Self> {
        let gpu = data.device().clone();
        finite(&data, "the matrix")?;
        if n == 0 {
            return Ok(Factors { data, pivots: None, cholesky: true, n });
        }
        let (ni, solver) = (size(n)?, gpu.solver()?);
        let (mut info, mut length, mut pivots) = (Info::new(&gpu)?, 0, None);
        let verdict = info.at(&gpu);
        {
            let handle = solver.lock()?;
            let h = *handle;
            let (a, fill) = (address(&data), Fill::CUBLAS_FILL_MODE_LOWER);
            if cholesky {
                call!(T, "cusolverDnpotrf_bufferSize", cusolverDnSpotrf_bufferSize cusolverDnDpotrf_bufferSize
                    cusolverDnCpotrf_bufferSize cusolverDnZpotrf_bufferSize, |p, r| (h, fill, ni, p!(a), ni, &mut length))?;
                let buffer = gpu.reserve::<T>(length.max(1) as usize)?;
                let work = address(&buffer);
                call!(T, "cusolverDnpotrf", cusolverDnSpotrf cusolverDnDpotrf cusolverDnCpotrf cusolverDnZpotrf,
                    |p, r| (h, fill, ni, p!(a), ni, p!(work), length, verdict))?;
            } else {
                let rows = gpu.stream.alloc_zeros::<i32>(n);
                let rows = rows.map_err(|e| failed("cuMemAllocAsync", "memory for row exchanges", e))?;
                let order = rows.device_ptr(&gpu.stream).0 as *mut i32;
                call!(T, "cusolverDngetrf_bufferSize", cusolverDnSgetrf_bufferSize cusolverDnDgetrf_bufferSize
                    cusolverDnCgetrf_bufferSize cusolverDnZgetrf_bufferSize, |p, r| (h, ni, ni, p!(a), ni, &mut length))?;
                let buffer = gpu.reserve::<T>(length.max(1) as usize)?;
                let work = address(&buffer);
                call!(T, "cusolverDngetrf", cusolverDnSgetrf cusolverDnDgetrf cusolverDnCgetrf cusolverDnZgetrf,
                    |p, r| (h, ni, ni, p!(a), ni, p!(work), order, verdict))?;
                pivots = Some(rows);
            }
        }
        let said = info.read(&gpu)?;
        let f = Factors { data, pivots, cholesky, n };
        match (said, cholesky) {
            (0, _) => f.judged(),
            (i, true) if i > 0 => Err(Error::NotPositiveDefinite {
                index: i as usize - 1,
                pivot: f.diagonal()?[i as usize - 1].re().lane_f64(0),
            }),
            (i, false) if i > 0 => Err(Error::Singular { index: i as usize - 1 }),
            (i, _) => Err(refused("a dense factorisation", i)),
        }
    }
    /// The diagonal of the factors.
    fn diagonal(&self) -> Result<Vec<T>> {
        diagonal(&self.data, self.n)
    }
    /// Refuses factors that are singular to working precision: a pivot no larger than n eps times the largest.
    fn judged(self) -> Result<Self> {
        let d: Vec<f64> = self.diagonal()?.iter().map(|x| x.abs().lane_f64(0)).collect();
        let d: Vec<f64> = if self.cholesky { d.iter().map(|x| x * x).collect() } else { d };
        let largest = d.iter().fold(0.0, |m: f64, &x| m.max(x));
        let tol = largest * self.n as f64 * T::Re::epsilon().lane_f64(0);
        match d.iter().position(|&x| !(x > tol) || !x.is_finite()) {
            Some(i) if !d[i].is_finite() => Err(Error::non_finite("the factorisation: it overflowed")),
            Some(index) if self.cholesky => Err(Error::NotPositiveDefinite { index, pivot: d[index] }),
            Some(index) => Err(Error::Singular { index }),
            None => Ok(self),
        }
    }
    /// x <- op(A)^-1 x for `columns` columns without gaps at `x`.
    ///
    /// # Errors
    /// `Device`.
    pub(crate) fn solve(&self, gpu: &Cuda, adjoint: bool, x: u64, columns: usize) -> Result<()> {
        if self.n == 0 || columns == 0 {
            return Ok(());
        }
        let (n, k, solver, a) = (size(self.n)?, size(columns)?, gpu.solver()?, address(&self.data));
        let mut info = Info::new(gpu)?;
        let verdict = info.at(gpu);
        let handle = solver.lock()?;
        let h = *handle;
        match &self.pivots {
            None => {
                let fill = Fill::CUBLAS_FILL_MODE_LOWER;
                call!(T, "cusolverDnpotrs", cusolverDnSpotrs cusolverDnDpotrs cusolverDnCpotrs cusolverDnZpotrs,
                    |p, r| (h, fill, n, k, p!(a), n, p!(x), n, verdict))
            }
            Some(order) => {
                let turn = match (adjoint, T::IsReal::KNOWN) {
                    (false, _) => Turn::CUBLAS_OP_N,
                    (true, true) => Turn::CUBLAS_OP_T,
                    (true, false) => Turn::CUBLAS_OP_C,
                };
                let order = order.device_ptr(&gpu.stream).0 as *const i32;
                call!(T, "cusolverDngetrs", cusolverDnSgetrs cusolverDnDgetrs cusolverDnCgetrs cusolverDnZgetrs,
                    |p, r| (h, turn, n, k, p!(a), n, order, p!(x), n, verdict))
            }
        }
    }
    /// Sign (a number of magnitude 1) and log|det A|.
    ///
    /// # Errors
    /// `Device`.
    pub(crate) fn slogdet(&self) -> Result<(T, T::Re)> {
        let (mut sign, mut log) = (T::of(1.0), 0.0);
        for d in self.diagonal()? {
            sign *= d / T::from_re(d.abs());
            log += d.abs().lane_f64(0).ln();
        }
        if self.cholesky {
            return Ok((T::of(1.0), T::Re::of(2.0 * log)));
        }
        if let Some(p) = &self.pivots {
            let (gpu, what) = (self.data.device(), "the download of row exchanges");
            let rows = gpu.stream.clone_dtoh(p).map_err(|e| failed("cuMemcpyDtoHAsync", what, e))?;
            gpu.stream.synchronize().map_err(|e| failed("cuStreamSynchronize", what, e))?;
            let exchanged = rows.iter().enumerate().filter(|&(i, &p)| p as usize != i + 1).count();
            sign = if exchanged % 2 == 1 { -sign } else { sign };
        }
        Ok((sign, T::Re::of(log)))
    }
}
fn refused(call: &str, info: i32) -> Error {
    Error::Device { message: format!("{call} refused its argument {}", -info) }
}
/// The diagonal of a column-major n x n matrix.
pub(crate) fn diagonal<T: DeviceNumber>(a: &DeviceVector<T>, n: usize) -> Result<Vec<T>> {
    let gpu = a.device();
    let mut d = gpu.reserve::<T>(n)?;
    let to = SpanMut::new(&mut d, n, 1)?;
    let from = Span::new(a, n, n)?.seen(n, 1, n + 1, 1);
    span::scaled(gpu, cola_core::Update::replace(), from, to)?;
    gpu.download(&d)
}
pub(crate) fn finite<T: DeviceNumber>(x: &DeviceVector<T>, place: &str) -> Result<()> {
    match x.try_norm()?.lane_f64(0).is_finite() {
        true => Ok(()),
        false => Err(Error::non_finite(place)),
    }
}
/// A = V diag(w) V^H: V in the place of A, w on the host. The lower triangle is read.
///
/// # Errors
/// `NotConverged`, `NonFinite`, `Device`.
pub(crate) fn eigh<T: DeviceNumber>(a: DeviceVector<T>, n: usize) -> Result<(DeviceVector<T>, Vec<T::Re>)> {
    let gpu = a.device().clone();
    finite(&a, "the matrix")?;
    if n == 0 {
        return Ok((a, Vec::new()));
    }
    let (ni, solver, w) = (size(n)?, gpu.solver()?, gpu.reserve::<T::Re>(n)?);
    let (mut info, mut length) = (Info::new(&gpu)?, 0);
    let verdict = info.at(&gpu);
    {
        let handle = solver.lock()?;
        let h = *handle;
        let (at, wp) = (address(&a), address(&w));
        let (mode, fill) = (Vectors::CUSOLVER_EIG_MODE_VECTOR, Fill::CUBLAS_FILL_MODE_LOWER);
        call!(T, "cusolverDnsyevd_bufferSize", cusolverDnSsyevd_bufferSize cusolverDnDsyevd_bufferSize
            cusolverDnCheevd_bufferSize cusolverDnZheevd_bufferSize, |p, r| (h, mode, fill, ni, p!(at), ni, r!(wp), &mut length))?;
        let buffer = gpu.reserve::<T>(length.max(1) as usize)?;
        let work = address(&buffer);
        call!(T, "cusolverDnsyevd", cusolverDnSsyevd cusolverDnDsyevd cusolverDnCheevd cusolverDnZheevd,
            |p, r| (h, mode, fill, ni, p!(at), ni, r!(wp), p!(work), length, verdict))?;
    }
    match info.read(&gpu)? {
        0 => Ok((a, gpu.download(&w)?)),
        i if i > 0 => Err(unfinished("eigh", i)),
        i => Err(refused("cusolverDnsyevd", i)),
    }
}
fn unfinished(algorithm: &'static str, left: i32) -> Error {
    Error::not_converged(algorithm, left as usize, f64::INFINITY, 0.0)
}
/// A = U diag(s) V^H of an m x n matrix with m >= n, which is destroyed: (U of m x n, s on the host in descending order, V^H of n x n).
///
/// # Errors
/// `NotConverged`, `NonFinite`, `Device`.
#[allow(clippy::type_complexity, reason = "the three factors")]
pub(crate) fn svd<T: DeviceNumber>(
    a: DeviceVector<T>,
    (m, n): (usize, usize),
) -> Result<(DeviceVector<T>, Vec<T::Re>, DeviceVector<T>)> {
    let gpu = a.device().clone();
    finite(&a, "the matrix")?;
    let (u, s, vh) = (gpu.reserve::<T>(m * n)?, gpu.reserve::<T::Re>(n)?, gpu.reserve::<T>(n * n)?);
    if n == 0 {
        return Ok((u, Vec::new(), vh));
    }
    let (mi, ni, solver) = (size(m)?, size(n)?, gpu.solver()?);
    let (mut info, mut length) = (Info::new(&gpu)?, 0);
    let verdict = info.at(&gpu);
    {
        let handle = solver.lock()?;
        let h = *handle;
        let (at, up, sp, vp) = (address(&a), address(&u), address(&s), address(&vh));
        call!(T, "cusolverDngesvd_bufferSize", cusolverDnSgesvd_bufferSize cusolverDnDgesvd_bufferSize
            cusolverDnCgesvd_bufferSize cusolverDnZgesvd_bufferSize, |p, r| (h, mi, ni, &mut length))?;
        // what LAPACK asks of complex numbers; the library documents min(m, n) - 1
        let (buffer, superdiagonal) = (gpu.reserve::<T>(length.max(1) as usize)?, gpu.reserve::<T::Re>(5 * n)?);
        let (work, rwork, job) = (address(&buffer), address(&superdiagonal), b'S' as std::ffi::c_schar);
        call!(T, "cusolverDngesvd", cusolverDnSgesvd cusolverDnDgesvd cusolverDnCgesvd cusolverDnZgesvd, |p, r| (
            h, job, job, mi, ni, p!(at), mi, r!(sp), p!(up), mi, p!(vp), ni, p!(work), length, r!(rwork), verdict,
        ))?;
    }
    match info.read(&gpu)? {
        0 => Ok((u, gpu.download(&s)?, vh)),
        i if i > 0 => Err(unfinished("svd", i)),
        i => Err(refused("cusolverDngesvd", i)),
    }
}
