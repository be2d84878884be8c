//! Operators on a device. A type is mapped leaf by leaf: `Kron<Psd<Dense>, Diagonal>` on the host becomes
//! `Kron<Psd<CudaDense>, CudaDiagonal>`, so that the same rules pick the same algorithms; what differs is the leaves' action.

mod composite;
mod dense;
mod diagonal;
mod index;
mod on_device;
mod solver;
mod span;
mod to_device;

pub use dense::{CudaDense, CudaFactored};
pub use diagonal::CudaDiagonal;
pub use index::{CudaPermutation, CudaSparse};
pub use on_device::{Iterate, OnDevice};
pub(crate) use solver::Handle;
pub use span::{Span, SpanMut};
pub use to_device::{ToDevice, ToDeviceExt};

use crate::device::Cuda;
use crate::vector::DeviceScalar;
use cola_core::{Operator, Real, Result, Update};

/// How an operator meets vectors on a device: the counterpart of `LinearOperator`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be applied to vectors on a device",
    label = "no action on a device",
    note = "device operators are made by `k.to_device(&gpu)?`"
)]
pub trait DeviceAction: Operator<Scalar: DeviceScalar + Real> {
    /// y = \[y +\] alpha op(A) x. Sizes were compared by the caller; `x` and `y` do not overlap.
    ///
    /// # Errors
    /// `Device`, `InvalidArgument` where sizes are above what a kernel covers.
    fn act_on(
        &self,
        gpu: &Cuda,
        how: Update<Self::Scalar>,
        x: Span<'_, Self::Scalar>,
        y: SpanMut<'_, Self::Scalar>,
    ) -> Result<()>;
}
