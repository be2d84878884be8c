//! CUDA devices for `cola`.
//!
//! - [`Cuda`]: what there is on this machine, and vectors on it.
//! - [`fuse`]: one kernel for a whole batch of a static operator type, written from the type: `gpu.fuse::<K>()?.sqrt_apply(&ks, &vs)?`.
//! - [`ToDeviceExt::to_device`]: an operator on the device, its type mapped leaf by leaf, so that the same rules pick the same
//!   algorithms; [`OnDevice`] has `apply`, `solve`, `sqrt`, `logdet`, `eigh`, `svd` and their kin, and CG, MINRES, GMRES, BiCGStab and LSMR
//!   on device vectors, by the loops of the host. Numbers are `f32`, `f64` and their complex numbers; [`CudaHalf`] stores 16 bits.
//! - [`value_and_grad`]: gradients of `inv_quad`, `logdet` and `quad` with respect to the leaves on the device.
//! - [`OnDevice::eigs_with`], [`trace_with`](OnDevice::trace_with), [`diagonal_with`](OnDevice::diagonal_with),
//!   [`logdet_with`](OnDevice::logdet_with), [`spectral_density_with`](OnDevice::spectral_density_with): thick-restart Lanczos, Krylov-Schur,
//!   Hutchinson, Hutch++, XTrace and its kin, and SLQ by the loops of the host, with their bases on the device.
//! - [`CudaFunction`]: closures on device vectors as an operator, for what has no other form on a device.
//! - [`OnDevice::offloaded`]: every other algorithm of the host, its products on the device.
//! - [`nvrtc`]: the compiler, which needs no GPU.
//!
//! Products of stored matrices are cuBLAS's, factorisations cuSOLVER's, sparse products cuSPARSE's, circulant and Toeplitz matrices cuFFT's
//! ([`Cuda::libraries`] says what is found); the rest are kernels of this crate, which also serve where cuBLAS or cuSPARSE is missing.
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
mod columns;
mod device;
mod driver;
pub mod fuse;
mod gradient;
mod kernel;
mod libraries;
pub mod nvrtc;
mod ops;
mod vector;

pub use availability::{Availability, DeviceInfo};
#[doc(hidden)]
pub use columns::DeviceBlock;
pub use device::{Cuda, Memory};
pub use fuse::{DeviceBatch, Fused};
pub use gradient::{DeviceDifferentiable, DeviceGradient, DeviceLogdetGradient, Loss, TrackedOnDevice, value_and_grad};
pub use ops::{
    CudaBanded, CudaCirculant, CudaDense, CudaDiagonal, CudaFactored, CudaFourier, CudaFunction, CudaHalf,
    CudaLowRankUpdate, CudaPermutation, CudaSparse, CudaSpiked, CudaSvd, CudaToeplitz, CudaTriangular,
    CudaTriangularInverse, CudaWoodbury, DeviceAction, HalfFormat, Iterate, Offloaded, OnDevice, Span, SpanMut,
    ToDevice, ToDeviceExt,
};
pub use vector::{DeviceNumber, DeviceScalar, DeviceVector};
