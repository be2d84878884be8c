//! CUDA devices for `cola`: what there is on this machine, and vectors on it.
//!
//! Nothing of CUDA is needed to build this crate: the driver's library is opened when it is first asked for. A machine without a GPU,
//! or without a driver, is an ordinary answer ([`Cuda::probe`]) or an ordinary error ([`Cuda::new`]), never a panic.
//!
//! ```
//! use cola_cuda::Cuda;
//!
//! fn doubled(x: &[f64]) -> cola_core::Result<Vec<f64>> {
//!     let gpu = Cuda::new(0)?; // Err, not panic, where there is no driver
//!     let on_device = gpu.upload(x)?;
//!     Ok(gpu.download(&on_device)?.iter().map(|v| 2.0 * v).collect())
//! }
//!
//! match doubled(&[1.0, 2.0]) {
//!     Ok(y) => assert_eq!(y, [2.0, 4.0]),
//!     Err(e) => println!("{e}"), // device: no NVIDIA driver (libcuda.so.1) was found: install ..
//! }
//! ```

mod availability;
mod device;
mod driver;
pub mod fuse;
mod kernel;
pub mod nvrtc;
mod vector;

pub use availability::{Availability, DeviceInfo};
pub use device::{Cuda, Memory};
pub use vector::{DeviceScalar, DeviceVector};
