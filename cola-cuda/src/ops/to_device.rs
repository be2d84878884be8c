//! From the host to a device, leaf by leaf.

use super::on_device::OnDevice;
use super::{
    CudaBanded, CudaCirculant, CudaDense, CudaDiagonal, CudaFourier, CudaLowRankUpdate, CudaPermutation, CudaSparse,
    CudaSpiked, CudaToeplitz, CudaTriangular,
};
use crate::device::Cuda;
use crate::vector::DeviceNumber;
use cola_core::algorithms::sparse::Compressed;
use cola_core::data::{MatrixData, VectorData};
use cola_core::functions::DiagonalRule;
use cola_core::functions::base::entries;
use cola_core::space::Dyn;
use cola_core::{
    Adjoint, Banded, BlockDiag, BlockDiagOf, Blocks, Circulant, Congruence, Conj, Dense, Diagonal, Fact, FoldedShift,
    Fourier, Gram, GramKind, HStack, Hadamard, Householder, Identity, IndexSet, Interpolation, Isometric, Kernel, Kron,
    KronOf, KronProduct, KronSum, LinearOperator, LowRank, LowRankUpdate, Operator, Parts, Permutation, Powi, Product,
    ProductOf, Projection, Psd, Real, Repeat, Result, Scalar, Scaled, ScaledIdentity, SelfAdjoint, Shifted, Side, Sign,
    Sliced, Space, Sparse, SparseData, SpikedIdentity, Sum, SumOf, Toeplitz, Transpose, Triangular, Tridiagonal,
    Trigonometric, Unitary, UpperBand, VStack, WithFacts, Zero,
};

/// An operator whose leaves can be copied to a device.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no form on a device",
    label = "one of its leaves cannot be copied to a device",
    note = "an operator that is a function on the host (`Function`, `Jacobian`, `Boxed`) has none: write it as a `CudaFunction`; numbers \
            are `f32`, `f64` and their complex numbers"
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

impl<T: DeviceNumber, M: MatrixData<Scalar = T>> ToDevice for Dense<M> {
    type Device = CudaDense<T>;
    fn copied(&self, gpu: &Cuda) -> Result<CudaDense<T>> {
        let v = self.0.view();
        let entries: Vec<T> = (0..v.cols).flat_map(|j| (0..v.rows).map(move |i| v.at(i, j))).collect();
        CudaDense::new(gpu, &entries, v.rows, v.cols)
    }
}
impl<T: DeviceNumber, M: MatrixData<Scalar = T>, U: Side> ToDevice for Triangular<M, U>
where
    Triangular<M, U>: LinearOperator<Scalar = T>,
{
    type Device = CudaTriangular<T, U>;
    fn copied(&self, gpu: &Cuda) -> Result<Self::Device> {
        CudaTriangular::new(gpu, entries(self).as_slice(), self.nrows())
    }
}
/// Whose entries are a formula of the host: all of them.
macro_rules! as_dense {
    ($([$($p:tt)*] $S:ty;)*) => { $(
        impl<$($p)*> ToDevice for $S where Self: LinearOperator<Scalar: DeviceNumber> {
            type Device = WithFacts<CudaDense<Self::Scalar>, Self::Facts>;
            fn copied(&self, gpu: &Cuda) -> Result<Self::Device> {
                let a = entries(self);
                Ok(WithFacts::promised(CudaDense::new(gpu, a.as_slice(), self.nrows(), self.ncols())?))
            }
        }
    )* };
}
as_dense! {
    [A, B] Hadamard<A, B>;
    [K, X, Z] Kernel<K, X, Z>;
    [T: Scalar, S] Trigonometric<T, S>;
}
macro_rules! as_bands {
    ($([$($p:tt)*] $S:ty, |$s:ident| $width:expr;)*) => { $(
        impl<$($p)*> ToDevice for $S where Self: LinearOperator<Scalar: DeviceNumber> + DiagonalRule {
            type Device = CudaBanded<Self::Scalar, Self::Facts>;
            fn copied(&self, gpu: &Cuda) -> Result<Self::Device> {
                let $s = self;
                CudaBanded::new(gpu, self, $width)
            }
        }
    )* };
}
as_bands! {
    [D, L, U] Tridiagonal<D, L, U>, |_s| (1, 1);
    [T: Scalar, S: Space] Banded<T, S>, |s| s.width();
}
impl<T: DeviceNumber, S: Space> ToDevice for Circulant<T, S> {
    type Device = CudaCirculant<T>;
    fn copied(&self, gpu: &Cuda) -> Result<Self::Device> {
        CudaCirculant::new(gpu, self)
    }
}
impl<C: VectorData<Scalar: DeviceNumber>, R: UpperBand<C::Scalar>> ToDevice for Toeplitz<C, R>
where
    Toeplitz<C, R>: Operator<Scalar = C::Scalar>,
{
    type Device = CudaToeplitz<C::Scalar, <Self as Operator>::Facts>;
    fn copied(&self, gpu: &Cuda) -> Result<Self::Device> {
        let (column, row) = self.vectors();
        CudaToeplitz::new(gpu, &column, &row)
    }
}
fn dense<T: DeviceNumber, M: MatrixData<Scalar = T>>(gpu: &Cuda, a: &M) -> Result<CudaDense<T>> {
    let v = a.view();
    let all: Vec<T> = (0..v.cols).flat_map(|j| (0..v.rows).map(move |i| v.at(i, j))).collect();
    CudaDense::new(gpu, &all, v.rows, v.cols)
}
// U V^H as a product
impl<U: MatrixData<Scalar: DeviceNumber>, V: MatrixData<Scalar = U::Scalar>> ToDevice for LowRank<U, V> {
    type Device = Product<CudaDense<U::Scalar>, Adjoint<CudaDense<U::Scalar>>>;
    fn copied(&self, gpu: &Cuda) -> Result<Self::Device> {
        Ok(Product(dense(gpu, &self.0)?, Adjoint(dense(gpu, &self.1)?)))
    }
}
impl<A: ToDevice, U: MatrixData<Scalar = A::Scalar>, V: MatrixData<Scalar = A::Scalar>> ToDevice
    for LowRankUpdate<A, LowRank<U, V>>
where
    A::Scalar: DeviceNumber,
{
    type Device = CudaLowRankUpdate<A::Device, A::Scalar>;
    fn copied(&self, gpu: &Cuda) -> Result<Self::Device> {
        CudaLowRankUpdate::new(self.0.copied(gpu)?, dense(gpu, &self.1.0)?, dense(gpu, &self.1.1)?)
    }
}
impl<T: DeviceNumber> ToDevice for SpikedIdentity<T> {
    type Device = CudaSpiked<T>;
    fn copied(&self, gpu: &Cuda) -> Result<CudaSpiked<T>> {
        CudaSpiked::new(gpu, self)
    }
}
// U U^H
impl<U: MatrixData<Scalar: DeviceNumber>> ToDevice for Projection<U> {
    type Device = Gram<CudaDense<U::Scalar>>;
    fn copied(&self, gpu: &Cuda) -> Result<Self::Device> {
        Ok(Gram::of_kind(dense(gpu, &self.0)?))
    }
}
/// I - beta v v^H with its factor.
type Reflection<T> = Sum<Identity<T, Dyn>, Scaled<Product<CudaDense<T>, Adjoint<CudaDense<T>>>, T, cola_core::AnySign>>;
impl<V: VectorData<Scalar: DeviceNumber>> ToDevice for Householder<V>
where
    Householder<V>: Operator<Scalar = V::Scalar>,
{
    type Device = Unitary<SelfAdjoint<Reflection<V::Scalar>>>;
    fn copied(&self, gpu: &Cuda) -> Result<Self::Device> {
        let v = self.vector().view();
        // of length 1, so that beta = 2
        let largest = (0..v.rows).fold(0.0f64, |m, i| m.max(v.at(i, 0).abs().lane_f64(0)));
        let unit = <V::Scalar as Scalar>::Re::of(1.0 / largest);
        let some: Vec<V::Scalar> = (0..v.rows).map(|i| v.at(i, 0).scale(unit)).collect();
        let norm = cola_core::vector::norm(&some);
        let one = <V::Scalar as Scalar>::Re::of(1.0) / norm;
        let some: Vec<V::Scalar> = some.iter().map(|x| x.scale(one)).collect();
        let v = CudaDense::new(gpu, &some, some.len(), 1)?;
        let outer = Product(v.clone(), Adjoint(v));
        let minus = Scaled::signed(V::Scalar::of(-2.0), outer);
        Ok(Unitary(SelfAdjoint(Sum(Identity::new(some.len()), minus))))
    }
}
/// S A S'^T with the rows that S and S' take.
type Selection<A, T> = Product<Product<CudaSparse<T>, A>, Adjoint<CudaSparse<T>>>;
impl<A: ToDevice<Scalar: DeviceNumber>, R: IndexSet, C: IndexSet, Same: Fact> ToDevice for Sliced<A, R, C, Same>
where
    Sliced<A, R, C, Same>: Operator<Scalar = A::Scalar>,
{
    type Device = WithFacts<Selection<A::Device, A::Scalar>, <Self as Operator>::Facts>;
    fn copied(&self, gpu: &Cuda) -> Result<Self::Device> {
        fn taken<T: DeviceNumber>(gpu: &Cuda, set: &impl IndexSet, n: usize) -> Result<CudaSparse<T>> {
            let indices: Vec<usize> = (0..set.len()).map(|i| set.get(i)).collect();
            let offsets: Vec<usize> = (0..=indices.len()).collect();
            let values = vec![T::of(1.0); indices.len()];
            let (rows, by_rows) = (indices.len(), true);
            CudaSparse::new(
                gpu,
                Compressed { rows, cols: n, by_rows, offsets: &offsets, indices: &indices, values: &values },
            )
        }
        let (a, (r, c)) = (self.whole(), self.index_sets());
        let (rows, cols) = (taken(gpu, r, a.nrows())?, taken(gpu, c, a.ncols())?);
        Ok(WithFacts::promised(Product(Product(rows, a.copied(gpu)?), Adjoint(cols))))
    }
}
impl<T: DeviceNumber, R: Space, C: Space, F: cola_core::Facts> ToDevice for Zero<T, R, C, F> {
    type Device = Zero<T, Dyn, Dyn, F>;
    fn copied(&self, _: &Cuda) -> Result<Self::Device> {
        Ok(Zero::of_size(self.nrows(), self.ncols()))
    }
}
impl<T: DeviceNumber, V: VectorData<Scalar = T>> ToDevice for Diagonal<V> {
    type Device = CudaDiagonal<T>;
    fn copied(&self, gpu: &Cuda) -> Result<CudaDiagonal<T>> {
        let v = self.0.view();
        CudaDiagonal::new(gpu, &(0..v.rows).map(|i| v.at(i, 0)).collect::<Vec<_>>())
    }
}
impl<T: DeviceNumber, S: Space> ToDevice for Permutation<T, S> {
    type Device = CudaPermutation<T>;
    fn copied(&self, gpu: &Cuda) -> Result<CudaPermutation<T>> {
        CudaPermutation::new(gpu, self)
    }
}
impl<T: DeviceNumber, M: SparseData<Scalar = T>> ToDevice for Sparse<M> {
    type Device = CudaSparse<T>;
    fn copied(&self, gpu: &Cuda) -> Result<CudaSparse<T>> {
        CudaSparse::new(gpu, self.0.compressed())
    }
}
// a few weights a row
impl<T: DeviceNumber> ToDevice for Interpolation<T> {
    type Device = CudaSparse<T>;
    fn copied(&self, gpu: &Cuda) -> Result<CudaSparse<T>> {
        let ((rows, cols), (indices, values)) = ((self.nrows(), self.ncols()), self.rows());
        let width = indices.len().checked_div(rows).unwrap_or(0);
        let offsets: Vec<usize> = (0..=rows).map(|i| i * width).collect();
        CudaSparse::new(gpu, Compressed { rows, cols, by_rows: true, offsets: &offsets, indices, values })
    }
}
impl<T: DeviceNumber<Wide = T>, S: Space> ToDevice for Fourier<T, S> {
    type Device = CudaFourier<T>;
    fn copied(&self, _: &Cuda) -> Result<CudaFourier<T>> {
        Ok(CudaFourier::new(self.nrows()))
    }
}
impl<T: DeviceNumber, S: Space> ToDevice for Identity<T, S> {
    type Device = Identity<T, Dyn>;
    fn copied(&self, _: &Cuda) -> Result<Self::Device> {
        Ok(Identity::new(self.nrows()))
    }
}
impl<T: DeviceNumber, S: Space, G: Sign> ToDevice for ScaledIdentity<T, S, G> {
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
two!(Kron BlockDiag Sum Product KronSum);
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
impl<A: ToDevice, B: ToDevice<Scalar = A::Scalar>> ToDevice for Shifted<A, B>
where
    Shifted<A::Device, B::Device>: Operator<Scalar = A::Scalar>,
{
    type Device = Shifted<A::Device, B::Device>;
    fn copied(&self, gpu: &Cuda) -> Result<Self::Device> {
        Shifted::try_new(self.0.copied(gpu)?, self.1.copied(gpu)?)
    }
}
// device memory holds what adds, not what folds
impl<A: ToDevice, B: ToDevice<Scalar = A::Scalar>> ToDevice for FoldedShift<A, B>
where
    Sum<A::Device, B::Device>: Operator<Scalar = A::Scalar>,
{
    type Device = Sum<A::Device, B::Device>;
    fn copied(&self, gpu: &Cuda) -> Result<Self::Device> {
        Sum::try_new(self.0.copied(gpu)?, self.1.copied(gpu)?)
    }
}
impl<F: ToDevice, P: ToDevice<Scalar = F::Scalar>> ToDevice for KronProduct<F, P>
where
    KronProduct<F::Device, P::Device>: Operator<Scalar = F::Scalar>,
{
    type Device = KronProduct<F::Device, P::Device>;
    fn copied(&self, gpu: &Cuda) -> Result<Self::Device> {
        Ok(match self {
            KronProduct::Whole(f) => KronProduct::Whole(f.copied(gpu)?),
            KronProduct::Parts(p) => KronProduct::Parts(p.copied(gpu)?),
        })
    }
}
macro_rules! stacks {
    ($($S:ident)*) => { $(
        impl<A: ToDevice, B: ToDevice<Scalar = A::Scalar>> ToDevice for $S<A, B> {
            type Device = $S<A::Device, B::Device>;
            fn copied(&self, gpu: &Cuda) -> Result<Self::Device> {
                $S::try_new(self.0.copied(gpu)?, self.1.copied(gpu)?)
            }
        }
    )* };
}
stacks!(HStack VStack);
impl<A, B, C, D> ToDevice for Blocks<A, B, C, D>
where
    A: ToDevice,
    B: ToDevice<Scalar = A::Scalar>,
    C: ToDevice<Scalar = A::Scalar>,
    D: ToDevice<Scalar = A::Scalar>,
{
    type Device = Blocks<A::Device, B::Device, C::Device, D::Device>;
    fn copied(&self, gpu: &Cuda) -> Result<Self::Device> {
        Blocks::try_new(self.0.copied(gpu)?, self.1.copied(gpu)?, self.2.copied(gpu)?, self.3.copied(gpu)?)
    }
}
impl<X: ToDevice, C: GramKind> ToDevice for Gram<X, C> {
    type Device = Gram<X::Device, C>;
    fn copied(&self, gpu: &Cuda) -> Result<Self::Device> {
        Ok(Gram::of_kind(self.0.copied(gpu)?))
    }
}
impl<X: ToDevice, A: ToDevice<Scalar = X::Scalar>, C: GramKind> ToDevice for Congruence<X, A, C> {
    type Device = Congruence<X::Device, A::Device, C>;
    fn copied(&self, gpu: &Cuda) -> Result<Self::Device> {
        Congruence::try_new(self.0.copied(gpu)?, self.1.copied(gpu)?)
    }
}
macro_rules! lists {
    ($($S:ident)*) => { $(
        impl<P: Parts<Item: ToDevice>> ToDevice for $S<P>
        where
            $S<P::Of<<P::Item as ToDevice>::Device>>: Operator<Scalar = <P::Item as Operator>::Scalar>,
        {
            type Device = $S<P::Of<<P::Item as ToDevice>::Device>>;
            fn copied(&self, gpu: &Cuda) -> Result<Self::Device> {
                let list = self.parts();
                $S::try_new(P::of(list.len(), |i| list[i].copied(gpu))?)
            }
        }
    )* };
}
lists!(SumOf ProductOf KronOf BlockDiagOf);
impl<A: ToDevice, F: cola_core::Facts> ToDevice for WithFacts<A, F> {
    type Device = WithFacts<A::Device, F>;
    fn copied(&self, gpu: &Cuda) -> Result<Self::Device> {
        Ok(WithFacts::promised(self.inner().copied(gpu)?))
    }
}
