//! cuSOLVER: Cholesky, LU and symmetric eigenvalues, through its dense interface of 32-bit sizes.

use crate::device::Cuda;
use crate::driver::failed;
use crate::vector::{DeviceScalar, DeviceVector};
use cola_core::{Error, Real, Result};
use cudarc::cusolver::sys::{self, cublasFillMode_t as Fill, cublasOperation_t as Turn, cusolverEigMode_t as Vectors};
use cudarc::driver::{CudaSlice, DevicePtr, DevicePtrMut};
use std::sync::{Arc, Mutex, OnceLock};

/// Every function of the library that is called here: `cudarc` panics where one is missing.
const FUNCTIONS: &[&str] = &[
    "cusolverDnCreate",
    "cusolverDnDestroy",
    "cusolverDnSetStream",
    "cusolverDnSpotrf_bufferSize",
    "cusolverDnDpotrf_bufferSize",
    "cusolverDnSpotrf",
    "cusolverDnDpotrf",
    "cusolverDnSpotrs",
    "cusolverDnDpotrs",
    "cusolverDnSgetrf_bufferSize",
    "cusolverDnDgetrf_bufferSize",
    "cusolverDnSgetrf",
    "cusolverDnDgetrf",
    "cusolverDnSgetrs",
    "cusolverDnDgetrs",
    "cusolverDnSsyevd_bufferSize",
    "cusolverDnDsyevd_bufferSize",
    "cusolverDnSsyevd",
    "cusolverDnDsyevd",
];
/// The library's state for one queue of work.
#[derive(Debug)]
pub(crate) struct Handle(Mutex<sys::cusolverDnHandle_t>);
// SAFETY: the handle is used behind its lock, one thread at a time, as the library asks.
unsafe impl Send for Handle {}
// SAFETY: as above.
unsafe impl Sync for Handle {}
impl Drop for Handle {
    fn drop(&mut self) {
        let handle = *self.0.get_mut().unwrap_or_else(|e| e.into_inner());
        // SAFETY: made by `cusolverDnCreate`, and not used again.
        let _ = unsafe { sys::cusolverDnDestroy(handle) };
    }
}
fn missing() -> Option<&'static str> {
    static MISSING: OnceLock<Option<&'static str>> = OnceLock::new();
    *MISSING.get_or_init(|| {
        // SAFETY: the library is there; symbols are looked up and not used.
        let library = unsafe { sys::culib() };
        FUNCTIONS.iter().copied().find(|f| unsafe { library.get::<*const ()>(f.as_bytes()) }.is_err())
    })
}
fn status(call: &str, s: sys::cusolverStatus_t) -> Result<()> {
    match s {
        sys::cusolverStatus_t::CUSOLVER_STATUS_SUCCESS => Ok(()),
        s => Err(Error::Device { message: format!("{call} failed: {s:?}") }),
    }
}
impl Cuda {
    fn solver(&self) -> Result<Arc<Handle>> {
        let mut kept = self.solver.lock().unwrap_or_else(|e| e.into_inner());
        if let Some(handle) = &*kept {
            return Ok(handle.clone());
        }
        // SAFETY: opening the library runs its initialisers.
        if !unsafe { sys::is_culib_present() } {
            let message = "the library of dense factorisations (libcusolver.so.12) was not found: install the CUDA toolkit, or `pip \
                           install nvidia-cusolver` and put its folder on the library path; matrix-free methods, `solve_with(Cg ..)`, \
                           need none";
            return Err(Error::Device { message: message.into() });
        }
        if let Some(function) = missing() {
            let message = format!("the library of dense factorisations (libcusolver) lacks {function}: update it");
            return Err(Error::Device { message });
        }
        self.stream.context().bind_to_thread().map_err(|e| failed("the use of the GPU", e))?;
        let mut handle = std::ptr::null_mut();
        // SAFETY: the pointer is to a live handle; the stream lives as long as `self`, which keeps the handle.
        status("cusolverDnCreate", unsafe { sys::cusolverDnCreate(&mut handle) })?;
        let made = Arc::new(Handle(Mutex::new(handle)));
        status("cusolverDnSetStream", unsafe { sys::cusolverDnSetStream(handle, self.stream.cu_stream().cast()) })?;
        *kept = Some(made.clone());
        Ok(made)
    }
}
/// The address of a buffer; 0 for none.
fn address<T>(gpu: &Cuda, d: &Option<CudaSlice<T>>) -> u64 {
    d.as_ref().map_or(0, |d| d.device_ptr(&gpu.stream).0)
}
/// A size for the library.
fn size(n: usize) -> Result<i32> {
    i32::try_from(n).ok().filter(|_| n.checked_mul(n).is_some_and(|m| m <= isize::MAX as usize / 8)).ok_or_else(|| {
        Error::invalid(format!("a dense factorisation on a device serves sizes up to 2^31 - 1, not {n}"))
    })
}
/// One call in single or double precision; pointers are cast to the number's type.
macro_rules! call {
    ($T:ty, $name:literal, $s:ident, $d:ident ( $($arg:expr),* ; $cast:ident )) => {
        status($name, if size_of::<$T>() == 4 {
            macro_rules! $cast { ($p:expr) => { $p as *mut f32 } }
            // SAFETY: the buffers hold numbers of this type and have the sizes that the library documents.
            unsafe { sys::$s($($arg),*) }
        } else {
            macro_rules! $cast { ($p:expr) => { $p as *mut f64 } }
            // SAFETY: as above.
            unsafe { sys::$d($($arg),*) }
        })
    };
}
/// Cholesky or LU factors of an n x n matrix.
#[derive(Debug)]
pub(super) struct Factors<T: DeviceScalar> {
    data: DeviceVector<T>,
    /// Rows exchanged by LU; none for Cholesky.
    pivots: Option<CudaSlice<i32>>,
    cholesky: bool,
    pub(super) n: usize,
}
/// The library's verdict, and memory for it.
struct Info(CudaSlice<i32>);
impl Info {
    fn new(gpu: &Cuda) -> Result<Info> {
        Ok(Info(gpu.stream.alloc_zeros::<i32>(1).map_err(|e| failed("memory for a verdict", e))?))
    }
    fn at(&mut self, gpu: &Cuda) -> *mut i32 {
        self.0.device_ptr_mut(&gpu.stream).0 as *mut i32
    }
    fn read(&self, gpu: &Cuda) -> Result<i32> {
        let read = gpu.stream.clone_dtoh(&self.0).map_err(|e| failed("a dense factorisation", e))?;
        gpu.stream.synchronize().map_err(|e| failed("a dense factorisation", e))?;
        Ok(read[0])
    }
}
impl<T: DeviceScalar + Real> Factors<T> {
    /// Factors in place.
    ///
    /// # Errors
    /// `NotPositiveDefinite`, `Singular`, `NonFinite`, `Device`.
    pub(super) fn new(data: DeviceVector<T>, n: usize, cholesky: bool) -> Result<Self> {
        let gpu = data.device().clone();
        finite(&data, "the matrix")?;
        let (ni, solver) = (size(n)?, gpu.solver()?);
        let handle = solver.0.lock().unwrap_or_else(|e| e.into_inner());
        let (h, a, fill) = (*handle, address(&gpu, &data.data), Fill::CUBLAS_FILL_MODE_LOWER);
        let (mut info, mut length) = (Info::new(&gpu)?, 0);
        let verdict = info.at(&gpu);
        let mut pivots = None;
        if n > 0 && cholesky {
            call!(T, "cusolverDnpotrf_bufferSize", cusolverDnSpotrf_bufferSize, cusolverDnDpotrf_bufferSize(h, fill, ni, num!(a), ni, &mut length; num))?;
            let buffer = gpu.reserve::<T>(length.max(1) as usize)?;
            let work = address(&gpu, &buffer.data);
            call!(T, "cusolverDnpotrf", cusolverDnSpotrf, cusolverDnDpotrf(h, fill, ni, num!(a), ni, num!(work), length, verdict; num))?;
        } else if n > 0 {
            let rows = gpu.stream.alloc_zeros::<i32>(n).map_err(|e| failed("memory for row exchanges", e))?;
            let p = rows.device_ptr(&gpu.stream).0 as *mut i32;
            call!(T, "cusolverDngetrf_bufferSize", cusolverDnSgetrf_bufferSize, cusolverDnDgetrf_bufferSize(h, ni, ni, num!(a), ni, &mut length; num))?;
            let buffer = gpu.reserve::<T>(length.max(1) as usize)?;
            let work = address(&gpu, &buffer.data);
            call!(T, "cusolverDngetrf", cusolverDnSgetrf, cusolverDnDgetrf(h, ni, ni, num!(a), ni, num!(work), p, verdict; num))?;
            pivots = Some(rows);
        }
        drop(handle);
        let said = info.read(&gpu)?;
        let f = Factors { data, pivots, cholesky, n };
        match (said, cholesky) {
            (0, _) => f.judged(),
            (i, true) if i > 0 => {
                Err(Error::NotPositiveDefinite { index: i as usize - 1, pivot: f.pivot(i as usize - 1)? })
            }
            (i, false) if i > 0 => Err(Error::Singular { index: i as usize - 1 }),
            (i, _) => Err(Error::Device { message: format!("a dense factorisation refused its argument {}", -i) }),
        }
    }
    /// The diagonal of the factors.
    fn diagonal(&self) -> Result<Vec<T>> {
        let gpu = self.data.device();
        let mut d = gpu.reserve::<T>(self.n)?;
        let to = super::SpanMut::new(&mut d, self.n, 1)?;
        let from = super::Span::new(&self.data, self.n, self.n)?.seen(self.n, 1, self.n + 1, 1);
        super::span::scaled(gpu, cola_core::Update::replace(), from, to)?;
        gpu.download(&d)
    }
    fn pivot(&self, i: usize) -> Result<f64> {
        Ok(self.diagonal()?[i].lane_f64(0))
    }
    /// Refuses factors that are singular to working precision: a pivot no larger than n eps times the largest.
    fn judged(self) -> Result<Self> {
        let d: Vec<f64> = self.diagonal()?.iter().map(|x| x.lane_f64(0).abs()).collect();
        let d: Vec<f64> = if self.cholesky { d.iter().map(|x| x * x).collect() } else { d };
        let largest = d.iter().fold(0.0, |m: f64, &x| m.max(x));
        let tol = largest * self.n as f64 * T::epsilon().lane_f64(0);
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
    pub(super) fn solve(&self, gpu: &Cuda, adjoint: bool, x: u64, columns: usize) -> Result<()> {
        if self.n == 0 || columns == 0 {
            return Ok(());
        }
        let (n, k, solver) = (size(self.n)?, size(columns)?, gpu.solver()?);
        let handle = solver.0.lock().unwrap_or_else(|e| e.into_inner());
        let (h, a, mut info) = (*handle, address(gpu, &self.data.data), Info::new(gpu)?);
        let verdict = info.at(gpu);
        match &self.pivots {
            None => {
                let fill = Fill::CUBLAS_FILL_MODE_LOWER;
                call!(T, "cusolverDnpotrs", cusolverDnSpotrs, cusolverDnDpotrs(h, fill, n, k, num!(a), n, num!(x), n, verdict; num))
            }
            Some(p) => {
                let turn = if adjoint { Turn::CUBLAS_OP_T } else { Turn::CUBLAS_OP_N };
                let p = p.device_ptr(&gpu.stream).0 as *const i32;
                call!(T, "cusolverDngetrs", cusolverDnSgetrs, cusolverDnDgetrs(h, turn, n, k, num!(a), n, p, num!(x), n, verdict; num))
            }
        }
    }
    /// Sign and log|det A|.
    ///
    /// # Errors
    /// `Device`.
    pub(super) fn slogdet(&self) -> Result<(T, T::Re)> {
        let (mut sign, mut log) = (1.0, 0.0);
        for d in self.diagonal()? {
            let d = d.lane_f64(0);
            sign *= d.signum();
            log += d.abs().ln();
        }
        if self.cholesky {
            return Ok((T::of(1.0), T::Re::real(2.0 * log)));
        }
        if let Some(p) = &self.pivots {
            let gpu = self.data.device();
            let rows = gpu.stream.clone_dtoh(p).map_err(|e| failed("the download of row exchanges", e))?;
            gpu.stream.synchronize().map_err(|e| failed("the download of row exchanges", e))?;
            let exchanged = rows.iter().enumerate().filter(|&(i, &p)| p as usize != i + 1).count();
            sign *= if exchanged % 2 == 1 { -1.0 } else { 1.0 };
        }
        Ok((T::of(sign), T::Re::real(log)))
    }
}
fn finite<T: DeviceScalar + Real>(x: &DeviceVector<T>, place: &str) -> Result<()> {
    match x.try_norm()?.lane_f64(0).is_finite() {
        true => Ok(()),
        false => Err(Error::non_finite(place)),
    }
}
/// A = V diag(w) V^T: V in the place of A, w on the host.
///
/// # Errors
/// `NotConverged`, `NonFinite`, `Device`.
pub(super) fn eigh<T: DeviceScalar + Real>(a: DeviceVector<T>, n: usize) -> Result<(DeviceVector<T>, Vec<T>)> {
    let gpu = a.device().clone();
    finite(&a, "the matrix")?;
    if n == 0 {
        return Ok((a, Vec::new()));
    }
    let (ni, solver, w) = (size(n)?, gpu.solver()?, gpu.reserve::<T>(n)?);
    let handle = solver.0.lock().unwrap_or_else(|e| e.into_inner());
    let (h, at, wp) = (*handle, address(&gpu, &a.data), address(&gpu, &w.data));
    let (mode, fill) = (Vectors::CUSOLVER_EIG_MODE_VECTOR, Fill::CUBLAS_FILL_MODE_LOWER);
    let (mut info, mut length) = (Info::new(&gpu)?, 0);
    let verdict = info.at(&gpu);
    call!(T, "cusolverDnsyevd_bufferSize", cusolverDnSsyevd_bufferSize, cusolverDnDsyevd_bufferSize(h, mode, fill, ni, num!(at), ni, num!(wp), &mut length; num))?;
    let buffer = gpu.reserve::<T>(length.max(1) as usize)?;
    let work = address(&gpu, &buffer.data);
    call!(T, "cusolverDnsyevd", cusolverDnSsyevd, cusolverDnDsyevd(h, mode, fill, ni, num!(at), ni, num!(wp), num!(work), length, verdict; num))?;
    drop(handle);
    match info.read(&gpu)? {
        0 => Ok((a, gpu.download(&w)?)),
        i if i > 0 => Err(Error::not_converged("eigh", i as usize, f64::INFINITY, 0.0)),
        i => Err(Error::Device { message: format!("cusolverDnsyevd refused its argument {}", -i) }),
    }
}
