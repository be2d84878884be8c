//! NVIDIA's libraries: cuBLAS, cuSOLVER, cuSPARSE and cuFFT, each opened when it is first needed. `cudarc` panics where a library or one
//! of its functions is missing, so both are looked for before the first call.
//!
//! All calls of a [`Cuda`] go to its one queue of work. A handle belongs to a context: it is made, used and destroyed with the context
//! bound to the calling thread, and destroyed before the queue is.

pub(crate) mod blas;
pub(crate) mod fft;
pub(crate) mod solver;
pub(crate) mod sparse;

use crate::device::Cuda;
use crate::driver::failed;
use crate::vector::{DeviceNumber, DeviceVector};
use cola_core::{Error, Result};
use cudarc::driver::{CudaSlice, CudaStream, DevicePtr, DevicePtrMut};
use std::sync::{Arc, Mutex, MutexGuard};

/// The handles of one [`Cuda`], made when they are first needed.
#[derive(Default)]
pub(crate) struct Libraries {
    blas: Slot<cudarc::cublas::sys::cublasHandle_t>,
    solver: Slot<cudarc::cusolver::sys::cusolverDnHandle_t>,
    sparse: Slot<cudarc::cusparse::sys::cusparseHandle_t>,
}
type Slot<H> = Mutex<Option<Arc<Handle<H>>>>;

/// What a library is called and what is called of it.
pub(crate) struct Library {
    /// As its makers call it.
    pub name: &'static str,
    /// The file, and the Python package that has it.
    pub file: &'static str,
    pub package: &'static str,
    /// Every function that is called here.
    pub functions: &'static [&'static str],
    pub present: fn() -> bool,
    /// True if it has a function; called after `present` only.
    pub has: fn(&str) -> bool,
}
impl Library {
    /// That it can be used, or what is missing.
    pub fn check(&self) -> Result<()> {
        let Library { name, file, package, .. } = self;
        if !(self.present)() {
            let message = format!(
                "{name} ({file}) was not found: install the CUDA toolkit, or `pip install {package}` and put its folder \
                 nvidia/cu13/lib on the library path"
            );
            return Err(Error::Device { message });
        }
        match self.functions.iter().find(|f| !(self.has)(f)) {
            Some(f) => Err(Error::Device { message: format!("{name} ({file}) lacks {f}: update it to CUDA 13") }),
            None => Ok(()),
        }
    }
}
/// A [`Library`] of a module of `cudarc`.
macro_rules! library {
    ($sys:path, $name:literal, $file:literal, $package:literal, $($function:literal)*) => {{
        use $sys as sys;
        $crate::libraries::Library {
            name: $name,
            file: $file,
            package: $package,
            functions: &[$($function),*],
            // SAFETY: opening the library runs its initialisers, as every use of it does.
            present: || unsafe { sys::is_culib_present() },
            // SAFETY: the library is there; symbols are looked up and not used.
            has: |f| unsafe { sys::culib().get::<*const ()>(f.as_bytes()) }.is_ok(),
        }
    }};
}
pub(crate) use library;

/// A library's state for one queue of work.
pub(crate) struct Handle<H: Copy> {
    raw: Mutex<H>,
    stream: Arc<CudaStream>,
    destroy: fn(H),
}
// SAFETY: the handle is used behind its lock, one thread at a time, as the libraries ask.
unsafe impl<H: Copy> Send for Handle<H> {}
// SAFETY: as above.
unsafe impl<H: Copy> Sync for Handle<H> {}
impl<H: Copy> Handle<H> {
    /// The handle, for calls from this thread.
    pub fn lock(&self) -> Result<MutexGuard<'_, H>> {
        bind(&self.stream)?;
        Ok(self.raw.lock().unwrap_or_else(|e| e.into_inner()))
    }
}
impl<H: Copy> Drop for Handle<H> {
    fn drop(&mut self) {
        if bind(&self.stream).is_ok() {
            (self.destroy)(*self.raw.get_mut().unwrap_or_else(|e| e.into_inner()));
        }
    }
}
fn bind(stream: &CudaStream) -> Result<()> {
    stream.context().bind_to_thread().map_err(|e| failed("cuCtxSetCurrent", "the use of the GPU", e))
}
/// The handle in the slot, made by `make` where there is none.
fn kept<H: Copy>(
    gpu: &Cuda,
    slot: &Slot<H>,
    library: &Library,
    make: impl FnOnce() -> Result<H>,
    destroy: fn(H),
) -> Result<Arc<Handle<H>>> {
    let mut slot = slot.lock().unwrap_or_else(|e| e.into_inner());
    if let Some(handle) = &*slot {
        return Ok(handle.clone());
    }
    library.check()?;
    bind(&gpu.stream)?;
    let made = Arc::new(Handle { raw: Mutex::new(make()?), stream: gpu.stream.clone(), destroy });
    *slot = Some(made.clone());
    Ok(made)
}
/// The result of a call, by its status.
pub(crate) fn judged<S: std::fmt::Debug + PartialEq>(call: &str, status: S, success: S) -> Result<()> {
    if status == success {
        return Ok(());
    }
    Err(Error::Device { message: format!("{call} failed: {status:?}") })
}
/// A factor as the libraries read it: complex numbers on a multiple of their size, where Rust aligns them by their parts alone (cuSPARSE
/// loads the whole number at once).
#[repr(C, align(16))]
pub(crate) struct Factor<T>(T);
impl<T> Factor<T> {
    pub fn new(c: T) -> Self {
        Factor(c)
    }
    /// Where it lies.
    pub fn at(&self) -> *const std::ffi::c_void {
        std::ptr::from_ref(&self.0).cast()
    }
}
/// The address of a buffer; 0 for none.
pub(crate) fn address<T: DeviceNumber>(v: &DeviceVector<T>) -> u64 {
    v.data.as_ref().map_or(0, |d| d.device_ptr(&v.device.stream).0)
}
/// A library's verdict on the device, and memory for it.
pub(crate) struct Info(CudaSlice<i32>);
impl Info {
    pub fn new(gpu: &Cuda) -> Result<Info> {
        let memory = gpu.stream.alloc_zeros::<i32>(1);
        Ok(Info(memory.map_err(|e| failed("cuMemAllocAsync", "memory for a verdict", e))?))
    }
    pub fn at(&mut self, gpu: &Cuda) -> *mut i32 {
        self.0.device_ptr_mut(&gpu.stream).0 as *mut i32
    }
    /// Waits for the queue and reads it.
    pub fn read(&self, gpu: &Cuda) -> Result<i32> {
        let what = "a dense factorisation";
        let read = gpu.stream.clone_dtoh(&self.0).map_err(|e| failed("cuMemcpyDtoHAsync", what, e))?;
        gpu.stream.synchronize().map_err(|e| failed("cuStreamSynchronize", what, e))?;
        Ok(read[0])
    }
}
impl Cuda {
    /// The libraries that operators use, each with what is missing of it. Without cuBLAS and cuSPARSE the kernels of this crate do their
    /// work; factorisations need cuSOLVER (and cuBLAS for triangles), circulant and Toeplitz matrices cuFFT.
    ///
    /// ```
    /// for (name, found) in cola_cuda::Cuda::libraries() {
    ///     println!("{name}: {}", found.map_or_else(|e| e.to_string(), |()| "found".into()));
    /// }
    /// ```
    pub fn libraries() -> Vec<(&'static str, Result<()>)> {
        [&blas::LIBRARY, &solver::LIBRARY, &sparse::LIBRARY, &fft::LIBRARY].map(|l| (l.name, l.check())).into()
    }
}
