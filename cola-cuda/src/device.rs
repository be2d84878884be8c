//! A GPU in use.

use crate::availability::{Availability, DeviceInfo, bytes};
use crate::driver::{self, failed};
use crate::kernel::Modules;
use crate::libraries::Libraries;
use crate::vector::{DeviceNumber, DeviceVector, raw_slice, raw_slice_mut};
use cola_core::{Error, Operand, Result};
use cudarc::driver::{CudaContext, CudaGraph, CudaStream};
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// A GPU, ready for use. Cheap to clone; the clones share one queue of work, from any thread.
#[derive(Clone)]
pub struct Cuda(Arc<Shared>);
/// What the clones share: every vector holds one.
#[doc(hidden)]
pub struct Shared {
    /// Before the queue, so that they are destroyed before it.
    pub(crate) libraries: Libraries,
    pub(crate) stream: Arc<CudaStream>,
    info: DeviceInfo,
    pub(crate) modules: Modules,
    /// The first failure of an operation that could not return it.
    noted: Mutex<Option<Error>>,
    graphs: AtomicUsize,
}
impl std::ops::Deref for Cuda {
    type Target = Shared;
    fn deref(&self) -> &Shared {
        &self.0
    }
}

/// Memory of a device, in bytes, all processes counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Memory {
    /// What is left.
    pub free: usize,
    /// All of it.
    pub total: usize,
}

impl Cuda {
    /// What GPUs there are. Prints nothing, panics nowhere, and takes no memory on any GPU.
    ///
    /// ```
    /// let found = cola_cuda::Cuda::probe();
    /// println!("{found}"); // e.g. driver for CUDA 13.0; device 0: NVIDIA H200, 139.8 GiB, compute capability 9.0
    /// assert_eq!(found.is_usable(), found.devices().len() > 0);
    /// ```
    pub fn probe() -> Availability {
        driver::probe()
    }

    /// The GPU number `ordinal`, counted from 0 in the driver's order; [`Error::Device`] says what is missing and how to get it.
    ///
    /// ```
    /// use cola_core::Error;
    /// use cola_cuda::Cuda;
    ///
    /// match Cuda::new(0) {
    ///     Ok(gpu) => println!("{} with {:?} bytes", gpu.device_name(), gpu.memory()?),
    ///     Err(Error::Device { message }) => println!("{message}"),
    ///     Err(_) => unreachable!(),
    /// }
    /// # Ok::<(), Error>(())
    /// ```
    pub fn new(ordinal: usize) -> Result<Cuda> {
        let count = driver::start()?;
        if ordinal >= count {
            let message = format!(
                "there is no GPU {ordinal}: the driver shows {count}, counted from 0 (CUDA_VISIBLE_DEVICES can hide some)"
            );
            return Err(Error::Device { message });
        }
        let context =
            CudaContext::new(ordinal).map_err(|e| failed("cuDevicePrimaryCtxRetain", "the use of the GPU", e))?;
        // SAFETY: every vector lives and is used on the one stream below, so there is no order between streams to keep.
        unsafe { context.disable_event_tracking() };
        if context.has_async_alloc() {
            driver::keep_memory(ordinal).map_err(|e| failed("cuMemPoolSetAttribute", "the use of the GPU", e))?;
        }
        let stream = context.new_stream().map_err(|e| failed("cuStreamCreate", "a new stream on the GPU", e))?;
        let info = driver::info(ordinal).map_err(|e| failed("cuDeviceGetAttribute", "a question about the GPU", e))?;
        Ok(Cuda(Arc::new(Shared {
            libraries: Libraries::default(),
            stream,
            info,
            modules: Modules::default(),
            noted: Mutex::default(),
            graphs: AtomicUsize::default(),
        })))
    }

    /// The number it was made with.
    pub fn ordinal(&self) -> usize {
        self.info.ordinal
    }

    /// The product's name.
    pub fn device_name(&self) -> &str {
        &self.info.name
    }

    /// Its queue of work as the driver's `CUstream`, for calls of other libraries beside this one. It lives as long as the last clone of
    /// this value and the last vector on it.
    pub fn stream(&self) -> *mut std::ffi::c_void {
        self.stream.cu_stream().cast()
    }

    /// Waits until all that is queued is done.
    ///
    /// # Errors
    /// `Device`, also for what failed before.
    pub fn synchronize(&self) -> Result<()> {
        self.stream.synchronize().map_err(|e| failed("cuStreamSynchronize", "the queued work", e))
    }

    /// Compute capability as (major, minor), e.g. (9, 0).
    pub fn compute_capability(&self) -> (u32, u32) {
        self.info.compute_capability
    }

    /// Its memory now.
    pub fn memory(&self) -> Result<Memory> {
        let (free, total) = self
            .stream
            .context()
            .mem_get_info()
            .map_err(|e| failed("cuMemGetInfo", "a question about the GPU's memory", e))?;
        Ok(Memory { free, total })
    }

    /// Gives back to the system what dropped vectors have left: it is kept for the next ones, and counts as used in
    /// [`memory`](Cuda::memory).
    ///
    /// # Errors
    /// `Device`.
    pub fn release_unused(&self) -> Result<()> {
        self.synchronize()?;
        if !self.stream.context().has_async_alloc() {
            return Ok(());
        }
        let call = |e| failed("cuMemPoolTrimTo", "the return of memory", e);
        let pool = driver::pool(self.ordinal()).map_err(call)?;
        // SAFETY: the pool is the device's.
        unsafe { cudarc::driver::result::mem_pool::trim_to(pool, 0) }.map_err(call)
    }

    /// Copies the numbers of a vector to the device, or of a matrix column by column. They are there, and `x` is free for other use,
    /// when this returns.
    ///
    /// ```
    /// # fn main() -> cola_core::Result<()> {
    /// # if !cola_cuda::Cuda::probe().is_usable() { return Ok(()) }
    /// let gpu = cola_cuda::Cuda::new(0)?;
    /// let v = gpu.upload(&[1.0, 2.0, 3.0])?;
    /// assert_eq!(v.len(), 3);
    /// assert_eq!(gpu.download(&v)?, [1.0, 2.0, 3.0]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn upload<T: DeviceNumber, V: Operand<T> + ?Sized>(&self, x: &V) -> Result<DeviceVector<T>> {
        let v = x.view();
        if v.rs == 1 && (v.cols <= 1 || v.cs == v.rows) {
            return self.upload_slice(&v.data[..v.rows * v.cols]);
        }
        let numbers: Vec<T> = (0..v.cols).flat_map(|j| (0..v.rows).map(move |i| v.at(i, j))).collect();
        self.upload_slice(&numbers)
    }
    fn upload_slice<T: DeviceNumber>(&self, x: &[T]) -> Result<DeviceVector<T>> {
        let what = || format!("the upload of {}", bytes(size_of_val(x)));
        let mut v = self.reserved::<T>(x.len(), &what)?;
        self.write(&mut v, x, &what)?;
        Ok(v)
    }
    /// v <- as many numbers of the host, which are free for other use when this returns.
    pub(crate) fn write<T: DeviceNumber>(
        &self,
        v: &mut DeviceVector<T>,
        x: &[T],
        what: &dyn Fn() -> String,
    ) -> Result<()> {
        if let Some(data) = &mut v.data {
            self.stream.memcpy_htod(raw_slice(x), data).map_err(|e| failed("cuMemcpyHtoDAsync", &what(), e))?;
        }
        self.stream.synchronize().map_err(|e| failed("cuStreamSynchronize", &what(), e))
    }
    /// n zeros.
    ///
    /// # Errors
    /// `Device`.
    pub fn zeros<T: DeviceNumber>(&self, n: usize) -> Result<DeviceVector<T>> {
        let mut v = self.reserve::<T>(n)?;
        v.try_fill(T::default())?;
        Ok(v)
    }
    /// Memory for `n` numbers whose values are not defined: for results that are written before they are read.
    pub(crate) fn reserve<T: DeviceNumber>(&self, n: usize) -> Result<DeviceVector<T>> {
        self.reserved(n, &|| format!("the demand for {}", bytes(n.saturating_mul(size_of::<T>()))))
    }
    fn reserved<T: DeviceNumber>(&self, n: usize, what: &dyn Fn() -> String) -> Result<DeviceVector<T>> {
        if n.checked_mul(size_of::<T>()).is_none_or(|bytes| bytes > isize::MAX as usize) {
            return Err(Error::invalid(format!("{n} numbers are more than any memory holds")));
        }
        // SAFETY: what gets this memory writes all of it before it is read.
        let memory = || unsafe { self.stream.alloc::<T::Raw>(n) }.map_err(|e| failed("cuMemAllocAsync", &what(), e));
        // The driver has no allocation of no bytes.
        let data = if n == 0 { None } else { Some(memory()?) };
        Ok(DeviceVector { data, device: self.clone() })
    }
    /// Runs `f` and measures what it queues on the device, in milliseconds by the device's clock.
    ///
    /// # Errors
    /// Those of `f`; `Device`.
    pub fn timed(&self, f: impl FnOnce() -> Result<()>) -> Result<f64> {
        let events =
            ["cuEventCreate", "cuEventRecord", "cuEventSynchronize", "cuEventElapsedTime_v2", "cuEventDestroy_v2"];
        driver::require(&events)?;
        let flags = Some(cudarc::driver::sys::CUevent_flags::CU_EVENT_DEFAULT);
        let mark = || self.stream.record_event(flags).map_err(|e| failed("cuEventRecord", "a measurement", e));
        let start = mark()?;
        f()?;
        let end = mark()?;
        start.elapsed_ms(&end).map(f64::from).map_err(|e| failed("cuEventElapsedTime", "a measurement", e))
    }
    /// Records what `f` queues as a CUDA graph without doing it; `None` where the driver has no graphs, or `f` does what cannot be recorded.
    /// What other threads queue meanwhile is recorded too.
    pub(crate) fn record(&self, f: impl FnOnce() -> Result<()>) -> Option<CudaGraph> {
        let functions = [
            "cuStreamBeginCapture_v2",
            "cuStreamEndCapture",
            "cuGraphInstantiateWithFlags",
            "cuGraphLaunch",
            "cuGraphExecDestroy",
            "cuGraphDestroy",
        ];
        driver::require(&functions).ok()?;
        let mode = cudarc::driver::sys::CUstreamCaptureMode::CU_STREAM_CAPTURE_MODE_RELAXED;
        self.stream.begin_capture(mode).ok()?;
        let queued = f();
        let graph = self.stream.end_capture(cudarc::driver::sys::CUgraphInstantiate_flags(0));
        match (queued, graph) {
            (Ok(()), Ok(Some(graph))) => {
                self.graphs.fetch_add(1, Ordering::Relaxed);
                Some(graph)
            }
            // what could not be recorded may have left an error behind, which is no one else's
            _ => {
                let _ = self.stream.context().check_err();
                None
            }
        }
    }
    /// Graphs recorded so far.
    #[doc(hidden)]
    pub fn graphs(&self) -> usize {
        self.graphs.load(Ordering::Relaxed)
    }
    /// Notes a failure; the first one is kept.
    pub(crate) fn note(&self, e: Error) {
        self.noted.lock().unwrap_or_else(|e| e.into_inner()).get_or_insert(e);
    }
    /// Runs an iteration; what was noted meanwhile is its failure.
    pub(crate) fn with_notes<R>(&self, run: impl FnOnce() -> Result<R>) -> Result<R> {
        let noted = |gpu: &Cuda| gpu.noted.lock().unwrap_or_else(|e| e.into_inner()).take();
        noted(self);
        let done = run();
        noted(self).map_or(done, Err)
    }
    /// Refuses memory of another device or another queue of work.
    pub(crate) fn same_device(&self, other: &Cuda) -> Result<()> {
        if Arc::ptr_eq(&self.stream, &other.stream) {
            return Ok(());
        }
        let message = format!(
            "memory of {other:?} meets {self:?} or another queue of it: use one `Cuda` and its clones, or copy through the host"
        );
        Err(Error::Device { message })
    }

    /// Copies a vector back, once all work queued on it is done. It may be on another device than this one.
    pub fn download<T: DeviceNumber>(&self, v: &DeviceVector<T>) -> Result<Vec<T>> {
        let mut out = vec![T::default(); v.len()];
        self.download_into(v, &mut out)?;
        Ok(out)
    }

    /// As [`download`](Cuda::download), into numbers that are there already, of the same length.
    pub fn download_into<T: DeviceNumber>(&self, v: &DeviceVector<T>, out: &mut [T]) -> Result<()> {
        if v.len() != out.len() {
            return Err(Error::ShapeMismatch { op: "download", left: (v.len(), 1), right: (out.len(), 1) });
        }
        let what = format!("the download of {}", bytes(size_of_val(out)));
        // On the vector's own stream: behind the work that writes it.
        let stream = &v.device.stream;
        let copied = match &v.data {
            Some(data) => stream.memcpy_dtoh(data, raw_slice_mut(out)),
            None => Ok(()),
        };
        copied.map_err(|e| failed("cuMemcpyDtoHAsync", &what, e))?;
        stream.synchronize().map_err(|e| failed("cuStreamSynchronize", &what, e))
    }
}

impl fmt::Debug for Cuda {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cuda({})", self.info)
    }
}
