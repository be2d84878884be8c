//! From the host to a device, leaf by leaf.

use super::on_device::OnDevice;
use super::{CudaDense, CudaDiagonal, CudaPermutation, CudaSparse};
use crate::device::Cuda;
use crate::vector::DeviceScalar;
use cola_core::data::{MatrixData, VectorData};
use cola_core::space::Dyn;
use cola_core::{
    Adjoint, BlockDiag, Conj, Dense, Diagonal, Identity, Isometric, Kron, Operator, Permutation, Powi, Product, Psd,
    Real, Repeat, Result, Scaled, ScaledIdentity, SelfAdjoint, Side, Sign, Space, Sparse, SparseData, Sum, Transpose,
    Triangular, Unitary,
};

/// An operator whose leaves can be copied to a device.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no form on a device",
    label = "one of its leaves cannot be copied to a device",
    note = "leaves are dense, diagonal, triangular, sparse, permutation and identity, with numbers `f32` or `f64`"
)]
pub trait ToDevice: Operator {
    /// The same structure with leaves on a device.
    type Device: Operator<Scalar = Self::Scalar>;
    /// Copies the leaves.
    ///
    /// # Errors
    /// `Device`, `ShapeMismatch`; `InvalidArgument` for indices above 31 bits.
    fn copied(&self, gpu: &Cuda) -> Result<Self::Device>;
}
/// `k.to_device(&gpu)?`
pub trait ToDeviceExt: ToDevice {
    /// The operator on a device: the same structure, facts and rules.
    ///
    /// ```
    /// # fn main() -> cola_core::Result<()> {
    /// use cola_core::prelude::*;
    /// use cola_cuda::{Cuda, ToDeviceExt};
    ///
    /// # if !Cuda::probe().is_usable() { return Ok(()) }
    /// let gpu = Cuda::new(0)?;
    /// let k = Kron::new(Psd::new(nalgebra::matrix![2.0, 1.0; 1.0, 3.0]), Diagonal::new([3.0, 0.2, 1.0]));
    /// let kd = k.to_device(&gpu)?; // Kron<Psd<CudaDense>, CudaDiagonal>
    /// let y = gpu.download(&kd.apply(&gpu.upload(&[1.0; 6])?)?)?;
    /// assert_eq!(y, k.apply(&[1.0; 6]));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`ToDevice::copied`].
    fn to_device(&self, gpu: &Cuda) -> Result<OnDevice<Self::Device>> {
        Ok(OnDevice::new(gpu, self.copied(gpu)?))
    }
}
impl<A: ToDevice + ?Sized> ToDeviceExt for A {}

impl<T: DeviceScalar + Real, M: MatrixData<Scalar = T>> ToDevice for Dense<M> {
    type Device = CudaDense<T>;
    fn copied(&self, gpu: &Cuda) -> Result<CudaDense<T>> {
        let v = self.0.view();
        let entries: Vec<T> = (0..v.cols).flat_map(|j| (0..v.rows).map(move |i| v.at(i, j))).collect();
        CudaDense::new(gpu, &entries, v.rows, v.cols)
    }
}
/// A triangle is a matrix with zeros on the other side.
impl<T: DeviceScalar + Real, M: MatrixData<Scalar = T>, U: Side> ToDevice for Triangular<M, U>
where
    Triangular<M, U>: cola_core::LinearOperator<Scalar = T>,
{
    type Device = CudaDense<T>;
    fn copied(&self, gpu: &Cuda) -> Result<CudaDense<T>> {
        let a = cola_core::functions::base::entries(self);
        CudaDense::new(gpu, a.as_slice(), self.nrows(), self.ncols())
    }
}
impl<T: DeviceScalar + Real, V: VectorData<Scalar = T>> ToDevice for Diagonal<V> {
    type Device = CudaDiagonal<T>;
    fn copied(&self, gpu: &Cuda) -> Result<CudaDiagonal<T>> {
        let v = self.0.view();
        CudaDiagonal::new(gpu, &(0..v.rows).map(|i| v.at(i, 0)).collect::<Vec<_>>())
    }
}
impl<T: DeviceScalar + Real, S: Space> ToDevice for Permutation<T, S> {
    type Device = CudaPermutation<T>;
    fn copied(&self, gpu: &Cuda) -> Result<CudaPermutation<T>> {
        CudaPermutation::new(gpu, self)
    }
}
impl<T: DeviceScalar + Real, M: SparseData<Scalar = T>> ToDevice for Sparse<M> {
    type Device = CudaSparse<T>;
    fn copied(&self, gpu: &Cuda) -> Result<CudaSparse<T>> {
        CudaSparse::new(gpu, self.0.compressed())
    }
}
impl<T: DeviceScalar + Real, S: Space> ToDevice for Identity<T, S> {
    type Device = Identity<T, Dyn>;
    fn copied(&self, _: &Cuda) -> Result<Self::Device> {
        Ok(Identity::new(self.nrows()))
    }
}
impl<T: DeviceScalar + Real, S: Space, G: Sign> ToDevice for ScaledIdentity<T, S, G> {
    type Device = ScaledIdentity<T, Dyn, G>;
    fn copied(&self, _: &Cuda) -> Result<Self::Device> {
        Ok(ScaledIdentity::of_size(self.c, self.nrows()))
    }
}
macro_rules! one {
    ($($S:ident)*) => { $(
        impl<A: ToDevice> ToDevice for $S<A> where $S<A::Device>: Operator<Scalar = A::Scalar> {
            type Device = $S<A::Device>;
            fn copied(&self, gpu: &Cuda) -> Result<Self::Device> {
                Ok($S(self.0.copied(gpu)?))
            }
        }
    )* };
}
one!(Psd SelfAdjoint Unitary Isometric Transpose Adjoint Conj);
macro_rules! two {
    ($($S:ident)*) => { $(
        impl<A: ToDevice, B: ToDevice<Scalar = A::Scalar>> ToDevice for $S<A, B>
        where $S<A::Device, B::Device>: Operator<Scalar = A::Scalar> {
            type Device = $S<A::Device, B::Device>;
            fn copied(&self, gpu: &Cuda) -> Result<Self::Device> {
                Ok($S(self.0.copied(gpu)?, self.1.copied(gpu)?))
            }
        }
    )* };
}
two!(Kron BlockDiag Sum Product);
impl<A: ToDevice, const M: usize> ToDevice for Repeat<A, M> {
    type Device = Repeat<A::Device, M>;
    fn copied(&self, gpu: &Cuda) -> Result<Self::Device> {
        Ok(Repeat(self.0.copied(gpu)?))
    }
}
impl<A: ToDevice, const N: usize> ToDevice for Powi<A, N> {
    type Device = Powi<A::Device, N>;
    fn copied(&self, gpu: &Cuda) -> Result<Self::Device> {
        Ok(Powi(self.0.copied(gpu)?))
    }
}
impl<A: ToDevice, S: Sign> ToDevice for Scaled<A, A::Scalar, S> {
    type Device = Scaled<A::Device, A::Scalar, S>;
    fn copied(&self, gpu: &Cuda) -> Result<Self::Device> {
        Ok(Scaled::signed(self.c, self.a.copied(gpu)?))
    }
}
impl<A: ToDevice> ToDevice for &A {
    type Device = A::Device;
    fn copied(&self, gpu: &Cuda) -> Result<Self::Device> {
        (**self).copied(gpu)
    }
}
