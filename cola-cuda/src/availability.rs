//! What a machine offers, as a value.

use cola_core::Error;
use std::fmt;

/// What [`Cuda::probe`](crate::Cuda::probe) found.
///
/// ```
/// use cola_cuda::{Availability, Cuda};
///
/// match Cuda::probe() {
///     Availability::Devices { devices, .. } => println!("the first GPU is a {}", devices[0].name),
///     other => println!("on the CPU then: {other}"),
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Availability {
    /// The driver's library could not be opened.
    NoDriver,
    /// The driver's library is there but does not work.
    BrokenDriver {
        /// What is wrong and what to do.
        message: String,
    },
    /// The driver works and shows no GPU.
    NoDevice,
    /// At least one GPU.
    Devices {
        /// The newest CUDA version that the driver supports, as (major, minor).
        driver: (u32, u32),
        /// The GPUs by ordinal; not empty.
        devices: Vec<DeviceInfo>,
    },
}

/// One GPU, as the driver describes it before it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeviceInfo {
    /// What [`Cuda::new`](crate::Cuda::new) takes.
    pub ordinal: usize,
    /// The product's name.
    pub name: String,
    /// All its memory, in bytes.
    pub memory: usize,
    /// Compute capability as (major, minor), e.g. (9, 0).
    pub compute_capability: (u32, u32),
}

impl Availability {
    /// True if there is a GPU to use.
    pub fn is_usable(&self) -> bool {
        !self.devices().is_empty()
    }

    /// The GPUs, none where there is no driver.
    pub fn devices(&self) -> &[DeviceInfo] {
        match self {
            Availability::Devices { devices, .. } => devices,
            _ => &[],
        }
    }
}

impl fmt::Display for Availability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Availability::NoDriver => {
                write!(f, "no NVIDIA driver ({LIBRARY}) was found: install the NVIDIA driver, or run without the feature `cuda`")
            }
            Availability::BrokenDriver { message } => f.write_str(message),
            Availability::NoDevice => f.write_str(
                "the NVIDIA driver shows no GPU: look at `nvidia-smi` and CUDA_VISIBLE_DEVICES (a container must be started with its \
                 GPUs), or run without the feature `cuda`",
            ),
            Availability::Devices { driver: (major, minor), devices } => {
                write!(f, "driver for CUDA {major}.{minor}")?;
                devices.iter().try_for_each(|d| write!(f, "; {d}"))
            }
        }
    }
}

impl fmt::Display for DeviceInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (major, minor) = self.compute_capability;
        write!(f, "device {}: {}, {}, compute capability {major}.{minor}", self.ordinal, self.name, bytes(self.memory))
    }
}

/// The driver's library, as messages name it.
pub(crate) const LIBRARY: &str = if cfg!(windows) { "nvcuda.dll" } else { "libcuda.so.1" };

/// A number of bytes for reading.
pub(crate) fn bytes(n: usize) -> String {
    let (mut x, mut unit) = (n as f64, "B");
    for next in ["KiB", "MiB", "GiB", "TiB"] {
        if x < 1024.0 {
            break;
        }
        (x, unit) = (x / 1024.0, next);
    }
    if unit == "B" { format!("{n} B") } else { format!("{x:.1} {unit}") }
}

/// The error of somebody who needs a device and has none.
impl From<Availability> for Error {
    fn from(found: Availability) -> Error {
        Error::Device { message: found.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_well() {
        assert_eq!([bytes(0), bytes(1023), bytes(1024), bytes(3 << 29)], ["0 B", "1023 B", "1.0 KiB", "1.5 GiB"]);
        let d = DeviceInfo { ordinal: 1, name: "H200".into(), memory: 141 << 30, compute_capability: (9, 0) };
        let found = Availability::Devices { driver: (13, 0), devices: vec![d] };
        assert_eq!(found.to_string(), "driver for CUDA 13.0; device 1: H200, 141.0 GiB, compute capability 9.0");
        assert!(found.is_usable() && !Availability::NoDriver.is_usable() && !Availability::NoDevice.is_usable());
    }
}
