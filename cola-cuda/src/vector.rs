//! Numbers on a device.

use crate::device::Cuda;
use crate::driver::failed;
use cola_core::Result;
use cudarc::driver::CudaSlice;
use std::fmt;

mod sealed {
    pub trait Sealed: cudarc::driver::DeviceRepr {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// A number that devices work with: `f32` or `f64`.
pub trait DeviceScalar: sealed::Sealed + Copy + Default + Send + Sync + fmt::Debug + 'static {}
impl DeviceScalar for f32 {}
impl DeviceScalar for f64 {}

/// A vector in the memory of a GPU, made by [`Cuda::upload`]; its memory is given back when it is dropped.
pub struct DeviceVector<T: DeviceScalar> {
    /// `None` where there are no numbers.
    pub(crate) data: Option<CudaSlice<T>>,
    pub(crate) device: Cuda,
}

impl<T: DeviceScalar> DeviceVector<T> {
    /// How many numbers.
    pub fn len(&self) -> usize {
        self.data.as_ref().map_or(0, CudaSlice::len)
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.data.is_none()
    }

    /// A copy on the same device.
    pub(crate) fn duplicate(&self) -> Result<Self> {
        let copy = |d: &CudaSlice<T>| self.device.stream.clone_dtod(d).map_err(|e| failed("a copy on the GPU", e));
        Ok(DeviceVector { data: self.data.as_ref().map(copy).transpose()?, device: self.device.clone() })
    }
    /// The device it is on.
    pub fn device(&self) -> &Cuda {
        &self.device
    }
}

impl<T: DeviceScalar> fmt::Debug for DeviceVector<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeviceVector<{}>({} on device {})", std::any::type_name::<T>(), self.len(), self.device.ordinal())
    }
}
