//! Operators on a device. A type is mapped leaf by leaf: `Kron<Psd<Dense>, Diagonal>` on the host becomes
//! `Kron<Psd<CudaDense>, CudaDiagonal>`, so that the same rules pick the same algorithms; what differs is the leaves' action.

/// `Operator` for a structure whose sizes are known when it runs. By example, because it removes twelve lines of the same words from every
/// file.
macro_rules! device_operator {
    ([$($p:tt)*] $S:ty { scalar $T:ty; facts $F:ty; shape |$s:ident| $shape:expr }) => {
        impl<$($p)*> cola_core::Operator for $S {
            type Scalar = $T;
            type Facts = $F;
            type Class = cola_core::General;
            type Rows = cola_core::space::Dyn;
            type Cols = cola_core::space::Dyn;
            fn nrows(&self) -> usize {
                let $s = self;
                let shape: (usize, usize) = $shape;
                shape.0
            }
            fn ncols(&self) -> usize {
                let $s = self;
                let shape: (usize, usize) = $shape;
                shape.1
            }
        }
    };
}

mod banded;
mod composite;
mod convolution;
mod dense;
mod diagonal;
mod fourier;
mod function;
mod half;
mod index;
mod low_rank;
mod matfun;
mod on_device;
mod on_host;
pub(crate) mod span;
mod spiked;
mod steps;
mod subspaces;
mod to_device;
mod triangular;

pub use banded::CudaBanded;
pub use convolution::{CudaCirculant, CudaToeplitz};
pub use dense::{CudaDense, CudaFactored, CudaSvd};
pub use diagonal::CudaDiagonal;
pub use fourier::CudaFourier;
pub use function::CudaFunction;
pub use half::{CudaHalf, HalfFormat};
pub use index::{CudaPermutation, CudaSparse};
pub use low_rank::{CudaLowRankUpdate, CudaWoodbury};
pub use on_device::{Iterate, OnDevice};
pub use on_host::Offloaded;
pub use span::{Span, SpanMut};
pub use spiked::CudaSpiked;
pub use to_device::{ToDevice, ToDeviceExt};
pub use triangular::{CudaTriangular, CudaTriangularInverse};

use crate::device::Cuda;
use crate::vector::DeviceNumber;
use cola_core::{Operator, Result, Update};

/// How an operator meets vectors on a device: the counterpart of `LinearOperator`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be applied to vectors on a device",
    label = "no action on a device",
    note = "device operators are made by `k.to_device(&gpu)?`"
)]
pub trait DeviceAction: Operator<Scalar: DeviceNumber> {
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
    /// The three diagonals of a tridiagonal matrix, as [`CudaBanded`] keeps them: a Kronecker sum of two has a kernel of its own.
    #[doc(hidden)]
    fn tridiagonal(&self) -> Option<Span<'_, Self::Scalar>> {
        None
    }
}
