//! cuFFT: convolutions on grids, which circulant and Toeplitz matrices are.

use super::{Library, address, bind, judged, library};
use crate::device::Cuda;
use crate::vector::{DeviceNumber, DeviceVector};
use cola_core::{Error, Fact, Result};
use cudarc::cufft::sys::{self, cufftResult_t as Status, cufftType_t as Type};
use cudarc::driver::CudaStream;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

pub(crate) const LIBRARY: Library = library!(
    cudarc::cufft::sys, "cuFFT", "libcufft.so.12", "nvidia-cufft",
    "cufftCreate" "cufftDestroy" "cufftSetStream" "cufftMakePlanMany64" "cufftExecR2C" "cufftExecD2Z" "cufftExecC2R" "cufftExecZ2D"
    "cufftExecC2C" "cufftExecZ2Z"
);
fn status(call: &str, s: Status) -> Result<()> {
    judged(call, s, Status::CUFFT_SUCCESS)
}
/// Transforms of `batch` grids of `T`, there and back. Real numbers have half of a spectrum: the last index runs to n / 2 + 1.
pub(crate) struct Plan {
    forward: Owned,
    backward: Owned,
    stream: Arc<CudaStream>,
    /// A plan serves one thread at a time.
    turn: Mutex<()>,
}
struct Owned(sys::cufftHandle);
impl Drop for Plan {
    fn drop(&mut self) {
        if bind(&self.stream).is_ok() {
            // SAFETY: made by `cufftCreate`, and not used again.
            for plan in [self.forward.0, self.backward.0] {
                let _ = unsafe { sys::cufftDestroy(plan) };
            }
        }
    }
}
/// Points of a spectrum on this grid.
pub(crate) fn spectrum_len<T: DeviceNumber>(grid: &[usize]) -> usize {
    match (grid.split_last(), T::IsReal::KNOWN) {
        (Some((last, rest)), true) => rest.iter().product::<usize>() * (last / 2 + 1),
        _ => grid.iter().product(),
    }
}
/// Plans of one grid by the number of transforms at once; each holds memory of the library.
pub(crate) struct Plans {
    pub(crate) grid: Vec<usize>,
    made: Mutex<HashMap<usize, Arc<Plan>>>,
}
/// Plans that are kept; with one more all are dropped.
const KEPT: usize = 8;
impl Plans {
    pub(crate) fn new(grid: &[usize]) -> Self {
        Plans { grid: grid.to_vec(), made: Mutex::default() }
    }
    /// Points of the grid.
    pub(crate) fn points(&self) -> usize {
        self.grid.iter().product()
    }
    /// # Errors
    /// As [`Plan::new`].
    pub(crate) fn get<T: DeviceNumber>(&self, gpu: &Cuda, batch: usize) -> Result<Arc<Plan>> {
        let mut made = self.made.lock().unwrap_or_else(|e| e.into_inner());
        if let Some(plan) = made.get(&batch) {
            return Ok(plan.clone());
        }
        if made.len() >= KEPT {
            made.clear();
        }
        let plan = Arc::new(Plan::new::<T>(gpu, &self.grid, batch)?);
        made.insert(batch, plan.clone());
        Ok(plan)
    }
}
impl Plan {
    /// # Errors
    /// `Device`; `InvalidArgument` for grids of more than three dimensions, which the library does not have.
    pub(crate) fn new<T: DeviceNumber>(gpu: &Cuda, grid: &[usize], batch: usize) -> Result<Plan> {
        LIBRARY.check()?;
        if grid.is_empty() || grid.len() > 3 || grid.contains(&0) {
            return Err(Error::invalid(format!(
                "transforms on a device are of 1 to 3 dimensions without a zero, not {grid:?}: write a product of grids as a Kronecker product"
            )));
        }
        bind(&gpu.stream)?;
        let (there, back) = match (size_of::<T::Re>(), T::IsReal::KNOWN) {
            (4, true) => (Type::CUFFT_R2C, Type::CUFFT_C2R),
            (_, true) => (Type::CUFFT_D2Z, Type::CUFFT_Z2D),
            (4, false) => (Type::CUFFT_C2C, Type::CUFFT_C2C),
            (_, false) => (Type::CUFFT_Z2Z, Type::CUFFT_Z2Z),
        };
        let made = |kind| -> Result<Owned> {
            let (mut plan, mut bytes) = (0, 0usize);
            // SAFETY: the pointer is to a live handle.
            status("cufftCreate", unsafe { sys::cufftCreate(&mut plan) })?;
            let mut n: Vec<std::ffi::c_longlong> = grid.iter().map(|&n| n as _).collect();
            // no embedding: grids without gaps one after another, the last index fastest, as ours
            let (none, rank) = (std::ptr::null_mut(), n.len() as i32);
            // SAFETY: `n` has `rank` numbers; without embeddings strides and distances are not read.
            let done = unsafe {
                sys::cufftMakePlanMany64(
                    plan,
                    rank,
                    n.as_mut_ptr(),
                    none,
                    1,
                    0,
                    none,
                    1,
                    0,
                    kind,
                    batch as _,
                    &mut bytes,
                )
            };
            // SAFETY: the stream is kept by the plan.
            let done = status("cufftMakePlanMany64", done).and_then(|()| {
                status("cufftSetStream", unsafe { sys::cufftSetStream(plan, gpu.stream.cu_stream().cast()) })
            });
            if done.is_err() {
                // SAFETY: made above, and not used again.
                let _ = unsafe { sys::cufftDestroy(plan) };
            }
            done.map(|()| Owned(plan))
        };
        let forward = made(there)?;
        let backward = match made(back) {
            Ok(b) => b,
            Err(e) => {
                // SAFETY: made above, and not used again.
                let _ = unsafe { sys::cufftDestroy(forward.0) };
                return Err(e);
            }
        };
        Ok(Plan { forward, backward, stream: gpu.stream.clone(), turn: Mutex::default() })
    }
    /// y <- the transform of x.
    pub(crate) fn forward<T: DeviceNumber>(&self, x: &DeviceVector<T>, y: &mut DeviceVector<T::Complex>) -> Result<()> {
        bind(&self.stream)?;
        let _turn = self.turn.lock().unwrap_or_else(|e| e.into_inner());
        let (p, x, y) = (self.forward.0, address(x), address(y));
        match (size_of::<T::Re>(), T::IsReal::KNOWN) {
            // SAFETY: the buffers hold the grids that the plan was made for.
            (4, true) => status("cufftExecR2C", unsafe { sys::cufftExecR2C(p, x as *mut f32, y as *mut sys::float2) }),
            // SAFETY: the buffers hold the grids that the plan was made for.
            (_, true) => status("cufftExecD2Z", unsafe { sys::cufftExecD2Z(p, x as *mut f64, y as *mut sys::double2) }),
            // SAFETY: the buffers hold the grids that the plan was made for.
            (4, false) => status("cufftExecC2C", unsafe {
                sys::cufftExecC2C(p, x as *mut sys::float2, y as *mut sys::float2, -1)
            }),
            // SAFETY: the buffers hold the grids that the plan was made for.
            (_, false) => status("cufftExecZ2Z", unsafe {
                sys::cufftExecZ2Z(p, x as *mut sys::double2, y as *mut sys::double2, -1)
            }),
        }
    }
    /// y <- the inverse transform of x times the number of points; x is spoiled.
    pub(crate) fn backward<T: DeviceNumber>(
        &self,
        x: &mut DeviceVector<T::Complex>,
        y: &mut DeviceVector<T>,
    ) -> Result<()> {
        bind(&self.stream)?;
        let _turn = self.turn.lock().unwrap_or_else(|e| e.into_inner());
        let (p, x, y) = (self.backward.0, address(x), address(y));
        match (size_of::<T::Re>(), T::IsReal::KNOWN) {
            // SAFETY: the buffers hold the grids that the plan was made for.
            (4, true) => status("cufftExecC2R", unsafe { sys::cufftExecC2R(p, x as *mut sys::float2, y as *mut f32) }),
            // SAFETY: the buffers hold the grids that the plan was made for.
            (_, true) => status("cufftExecZ2D", unsafe { sys::cufftExecZ2D(p, x as *mut sys::double2, y as *mut f64) }),
            // SAFETY: the buffers hold the grids that the plan was made for.
            (4, false) => {
                status("cufftExecC2C", unsafe { sys::cufftExecC2C(p, x as *mut sys::float2, y as *mut sys::float2, 1) })
            }
            // SAFETY: the buffers hold the grids that the plan was made for.
            (_, false) => status("cufftExecZ2Z", unsafe {
                sys::cufftExecZ2Z(p, x as *mut sys::double2, y as *mut sys::double2, 1)
            }),
        }
    }
}
