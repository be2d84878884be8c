#![doc = include_str!("../README.md")]

pub use cola_core::*;
pub use cola_macros::{Parameters, linop, linop_type, try_linop, vmap};

/// Operators on CUDA devices (feature `cuda`).
#[cfg(feature = "cuda")]
pub use cola_cuda as cuda;

/// What a program needs, by one `use`.
pub mod prelude {
    pub use cola_core::prelude::*;
    #[cfg(feature = "cuda")]
    pub use cola_cuda::{Cuda, DeviceVector, Fused, OnDevice, ToDeviceExt};
    pub use cola_macros::{Parameters, linop, linop_type, try_linop, vmap};
}
