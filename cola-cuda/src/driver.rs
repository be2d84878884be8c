//! The driver's library: opened and checked before any call, since `cudarc` panics where it or one of its functions is missing.

use crate::availability::{Availability, DeviceInfo, LIBRARY};
use cola_core::Error;
use cudarc::driver::{
    DriverError,
    result::{device, mem_pool},
    sys::{self, CUdevice_attribute as Attribute, CUresult as Code},
};
use std::sync::OnceLock;

/// Every driver function that this crate reaches, through `cudarc` or not. A call into `cudarc`
/// that reaches another one must name it here; `tests/stand_in.c` has just these.
#[rustfmt::skip]
const FUNCTIONS: &[&str] = &[
    "cuInit", "cuDriverGetVersion", "cuGetErrorName", "cuGetErrorString",
    "cuDeviceGetCount", "cuDeviceGet", "cuDeviceGetName", "cuDeviceGetAttribute", "cuDeviceTotalMem_v2",
    "cuDevicePrimaryCtxRetain", "cuDevicePrimaryCtxRelease_v2", "cuCtxGetCurrent", "cuCtxSetCurrent",
    "cuStreamCreate", "cuStreamSynchronize", "cuStreamDestroy_v2",
    "cuMemGetInfo_v2", "cuMemAlloc_v2", "cuMemFree_v2", "cuMemAllocAsync", "cuMemFreeAsync", "cuMemcpyHtoDAsync_v2", "cuMemcpyDtoHAsync_v2",
    "cuDeviceGetDefaultMemPool", "cuMemPoolSetAttribute", "cuMemPoolTrimTo", "cuMemcpyDtoDAsync_v2", "cuMemsetD8Async", "cuModuleLoadData", "cuModuleUnload", "cuModuleGetFunction",
    "cuFuncSetAttribute", "cuLaunchKernel",
];

/// Opens the library and looks every function up; calls none.
fn open() -> Result<(), Availability> {
    static MISSING: OnceLock<Vec<&str>> = OnceLock::new();
    // Only presence is remembered: a library that is not there yet may be loaded later.
    // SAFETY: opening the driver's library runs its initialisers, as every use of it does.
    if MISSING.get().is_none() && !unsafe { sys::is_culib_present() } {
        return Err(Availability::NoDriver);
    }
    let missing = MISSING.get_or_init(|| {
        // SAFETY: as above; the symbols are looked up and not used.
        let library = unsafe { sys::culib() };
        let there = |name: &str| unsafe { library.get::<*const ()>(name.as_bytes()) }.is_ok();
        FUNCTIONS.iter().copied().filter(|name| !there(name)).collect()
    });
    match missing.first() {
        None => Ok(()),
        Some(first) => Err(Availability::BrokenDriver {
            message: format!(
                "the NVIDIA driver's library ({LIBRARY}) lacks {first}{}: update the NVIDIA driver (CUDA 12 or later), or run without \
                 the feature `cuda`",
                if missing.len() > 1 { format!(" and {} more functions", missing.len() - 1) } else { String::new() }
            ),
        }),
    }
}

/// Refuses a driver without these functions: what is asked for by few needs not be in every driver.
pub(crate) fn require(functions: &[&str]) -> Result<(), Error> {
    open()?;
    // SAFETY: as in `open`.
    let library = unsafe { sys::culib() };
    // SAFETY: as in `open`.
    let missing = functions.iter().find(|name| unsafe { library.get::<*const ()>(name.as_bytes()) }.is_err());
    missing.map_or(Ok(()), |name| {
        let message = format!(
            "the NVIDIA driver's library ({LIBRARY}) lacks {name}: update the NVIDIA driver (CUDA 12.8 or later)"
        );
        Err(Error::Device { message })
    })
}

/// Makes the driver ready and counts its GPUs: at least one, or why there is none. After `Ok` the functions above may be called.
pub(crate) fn start() -> Result<usize, Availability> {
    open()?;
    let count = cudarc::driver::result::init().and_then(|()| device::get_count());
    match count {
        Ok(n) if n > 0 => Ok(n as usize),
        Ok(_) | Err(DriverError(Code::CUDA_ERROR_NO_DEVICE)) => Err(Availability::NoDevice),
        Err(e) => Err(Availability::BrokenDriver { message: text("cuInit", "the start of the NVIDIA driver", e) }),
    }
}

/// What there is, without a context on any device.
pub(crate) fn probe() -> Availability {
    let found = || {
        let count = start()?;
        let describe = |call, what, e| Availability::BrokenDriver { message: text(call, what, e) };
        let devices = (0..count)
            .map(info)
            .collect::<Result<_, _>>()
            .map_err(|e| describe("cuDeviceGetAttribute", "a question about a GPU", e))?;
        Ok(Availability::Devices {
            driver: version().map_err(|e| describe("cuDriverGetVersion", "a question about the driver", e))?,
            devices,
        })
    };
    found().unwrap_or_else(|why_not| why_not)
}

/// The newest CUDA version of the driver; after [`start`].
fn version() -> Result<(u32, u32), DriverError> {
    let mut v = 0;
    // SAFETY: the pointer is to a live integer.
    unsafe { sys::cuDriverGetVersion(&mut v) }.result()?;
    Ok((v as u32 / 1000, v as u32 % 1000 / 10))
}

/// Describes one device; after [`start`], with an ordinal below its answer.
pub(crate) fn info(ordinal: usize) -> Result<DeviceInfo, DriverError> {
    let handle = device::get(ordinal as i32)?;
    // SAFETY: the handle is from `device::get`.
    let attribute = |a| unsafe { device::get_attribute(handle, a) }.map(|v| v as u32);
    Ok(DeviceInfo {
        ordinal,
        name: device::get_name(handle)?,
        // SAFETY: as above.
        memory: unsafe { device::total_mem(handle) }?,
        compute_capability: (
            attribute(Attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)?,
            attribute(Attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR)?,
        ),
    })
}

/// The pool that asynchronous allocations of a device come from; after [`start`], with an ordinal below its answer.
pub(crate) fn pool(ordinal: usize) -> Result<sys::CUmemoryPool, DriverError> {
    // SAFETY: the handle is from `device::get`.
    device::get(ordinal as i32).and_then(|d| unsafe { device::get_default_mem_pool(d) })
}
/// Lets the pool keep what is given back to it. By default it returns all memory to the system at each synchronisation, so that the
/// next vector has to be mapped anew.
pub(crate) fn keep_memory(ordinal: usize) -> Result<(), DriverError> {
    let (pool, mut most) = (pool(ordinal)?, u64::MAX);
    let threshold = sys::CUmemPool_attribute::CU_MEMPOOL_ATTR_RELEASE_THRESHOLD;
    // SAFETY: the pool is the device's; the attribute is a number of 64 bits.
    unsafe { mem_pool::set_attribute(pool, threshold, std::ptr::from_mut(&mut most).cast()) }
}

/// The error of a driver call that failed. There are such errors only after [`start`], so the driver can be asked for its words.
pub(crate) fn failed(call: &str, what: &str, e: DriverError) -> Error {
    Error::Device { message: text(call, what, e) }
}

/// True for the failures after which a context cannot be used again.
fn lost(code: Code) -> bool {
    matches!(
        code,
        Code::CUDA_ERROR_ILLEGAL_ADDRESS
            | Code::CUDA_ERROR_LAUNCH_FAILED
            | Code::CUDA_ERROR_LAUNCH_TIMEOUT
            | Code::CUDA_ERROR_ILLEGAL_INSTRUCTION
            | Code::CUDA_ERROR_MISALIGNED_ADDRESS
            | Code::CUDA_ERROR_INVALID_ADDRESS_SPACE
            | Code::CUDA_ERROR_INVALID_PC
            | Code::CUDA_ERROR_HARDWARE_STACK_ERROR
            | Code::CUDA_ERROR_ASSERT
            | Code::CUDA_ERROR_ECC_UNCORRECTABLE
            | Code::CUDA_ERROR_CONTEXT_IS_DESTROYED
            | Code::CUDA_ERROR_DEINITIALIZED
    )
}
fn text(call: &str, what: &str, e: DriverError) -> String {
    let advice = match e.0 {
        Code::CUDA_ERROR_STUB_LIBRARY => {
            "; the library found is the toolkit's stub: take its folder (`stubs`) off the library path, the driver's own must come first"
        }
        Code::CUDA_ERROR_SYSTEM_DRIVER_MISMATCH | Code::CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE => {
            "; the driver's library and its kernel module differ in version: restart the machine, or install the driver anew"
        }
        Code::CUDA_ERROR_SYSTEM_NOT_READY => "; a service of the driver is not up: start nvidia-fabricmanager",
        Code::CUDA_ERROR_DEVICE_UNAVAILABLE => {
            "; another process holds the GPU for itself: end it, or choose another GPU"
        }
        Code::CUDA_ERROR_OUT_OF_MEMORY => {
            "; free some vectors, or end other processes on this GPU (`nvidia-smi` names them)"
        }
        Code::CUDA_ERROR_UNKNOWN => {
            "; see whether `nvidia-smi` works; loading the kernel module nvidia_uvm or a restart often helps"
        }
        Code::CUDA_ERROR_NO_BINARY_FOR_GPU | Code::CUDA_ERROR_UNSUPPORTED_PTX_VERSION => {
            "; the compiler is newer than the driver knows: install `nvidia-cuda-nvrtc==13.0.88`, or update the driver"
        }
        Code::CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES => {
            "; the kernel asks for more than this GPU has: use a smaller type or batch"
        }
        code if lost(code) => {
            "; the GPU's context is lost and every further call fails: what is in host memory is intact, start the process again \
             (`compute-sanitizer` finds a wrong access)"
        }
        _ => "",
    };
    let words = e.error_string().map(|s| s.to_string_lossy().into_owned()).unwrap_or_else(|_| "no words for it".into());
    format!("{what} failed in {call}: {words} ({:?}){advice}", e.0)
}
