//! Eigenvalues, traces and log-determinants of an operator on a device, by the loops of the host on blocks in the device's memory.

use super::{DeviceAction, OnDevice, Span, SpanMut};
use crate::columns::DeviceBlock;
use crate::vector::{DeviceNumber, DeviceVector};
use cola_core::algorithms::Callback;
use cola_core::algorithms::columns::{BlockProducts, Columns};
use cola_core::algorithms::krylov::NoPreconditioner;
use cola_core::algorithms::spectrum::{EigsOn, InverseOn, Svds, SvdsOn};
use cola_core::algorithms::stochastic::{DiagonalOn, SplitOn, TraceOn};
use cola_core::functions::{HasDet, HasPower, Pow};
use cola_core::{
    Eigs, Error, Estimate, Facts, Operator, PsdOf, Real, Result, Scalar, SelfAdjointOf, Slq, SpectralDensity,
    SpectralNumber, Update, View, Which,
};
use nalgebra::{DMatrix, DVector};
use std::ops::Deref;

/// The products of a method, counted for its errors.
pub(super) struct Blocks<D> {
    op: D,
    products: usize,
}
impl<T, A, D> BlockProducts<DeviceVector<T>> for Blocks<D>
where
    T: DeviceNumber,
    A: DeviceAction<Scalar = T>,
    D: Deref<Target = OnDevice<A>>,
{
    fn shape(&self) -> (usize, usize) {
        self.op.shape()
    }
    fn zeros(&self, numbers: usize) -> Result<DeviceBlock<'static, T>> {
        self.op.gpu().zeros(numbers).map(DeviceBlock::from)
    }
    fn there<'x>(&self, x: &'x [T]) -> Result<DeviceBlock<'x, T>>
    where
        DeviceVector<T>: 'x,
    {
        self.op.gpu().upload(x).map(DeviceBlock::from)
    }
    fn update(&mut self, how: Update<T>, x: &DeviceVector<T>, y: &mut DeviceVector<T>, columns: usize) -> Result<()> {
        let ((m, n), gpu) = (self.shape(), self.op.gpu());
        let (rows, cols) = if how.adjoint { (n, m) } else { (m, n) };
        gpu.same_device(x.device())?;
        self.op.operator().act_on(gpu, how, Span::new(x, cols, columns)?, SpanMut::new(y, rows, columns)?)?;
        self.products += columns;
        match y.largest()?.lane_f64(0).is_finite() {
            true => Ok(()),
            false => {
                let what = format!("a product with the operator on the GPU, at product {}", self.products);
                Err(Error::non_finite(what))
            }
        }
    }
}
impl<T: DeviceNumber, A: DeviceAction<Scalar = T>> InverseOn<DeviceVector<T>> for OnDevice<A> {
    fn products(&self) -> Option<Box<dyn BlockProducts<DeviceVector<T>> + '_>> {
        Some(Box::new(self.blocks()))
    }
}
impl<T: DeviceNumber, A: DeviceAction<Scalar = T>> InverseOn<DeviceVector<T>> for &OnDevice<A> {
    fn products(&self) -> Option<Box<dyn BlockProducts<DeviceVector<T>> + '_>> {
        Some(Box::new(self.blocks()))
    }
}
/// By the square root of the rule, as on the host.
impl<T, P> SplitOn<DeviceVector<T>> for OnDevice<P>
where
    T: DeviceNumber,
    P: HasPower + HasDet + Operator<Scalar = T>,
    Pow<P>: DeviceAction<Scalar = T>,
{
    fn split_on(&self) -> Result<Option<(Box<dyn BlockProducts<DeviceVector<T>> + '_>, f64)>> {
        let root = Blocks { op: Box::new(self.sqrt()?), products: 0 };
        Ok(Some((Box::new(root), self.logdet()?.lane_f64(0))))
    }
}
impl<V: Columns + ?Sized, P> SplitOn<V> for &OnDevice<P>
where
    OnDevice<P>: SplitOn<V>,
{
    fn split_on(&self) -> Result<Option<(Box<dyn BlockProducts<V> + '_>, f64)>> {
        (**self).split_on()
    }
}

impl<T: DeviceNumber, A: DeviceAction<Scalar = T>> OnDevice<A> {
    pub(super) fn blocks(&self) -> Blocks<&Self> {
        Blocks { op: self, products: 0 }
    }
    /// k eigenvalues s and vectors v with A v = s v, by [`Lanczos`](cola_core::Lanczos) or [`Lobpcg`](cola_core::Lobpcg) where A is known to be
    /// self-adjoint, else by [`KrylovSchur`](cola_core::KrylovSchur), [`Arnoldi`](cola_core::Arnoldi) or
    /// [`PowerIteration`](cola_core::PowerIteration), with the options that they have on the host. Eigenvalues and vectors come back on the
    /// host. The algorithm's `inverse`, `preconditioner` or `constraints` are on the same device, such as [`inv`](OnDevice::inv).
    ///
    /// # Cost
    /// As on the host, with the basis in the device's memory: m + p vectors there (see [`Lanczos`](cola_core::Lanczos)). Of a step only
    /// coefficients come to the host, of a restart the small problem, of the end k vectors.
    /// # Errors
    /// `NotConverged` with the vectors so far, `NonFinite`, `ShapeMismatch`, `InvalidArgument`, `Device`.
    ///
    /// ```
    /// # fn main() -> cola_core::Result<()> {
    /// # if !cola_cuda::Cuda::probe().is_usable() { return Ok(()) }
    /// use cola_core::prelude::*;
    /// use cola_cuda::{Cuda, ToDeviceExt};
    ///
    /// let a = Psd::new(Diagonal::new((1..=500).map(f64::from).collect::<Vec<_>>())).to_device(&Cuda::new(0)?)?;
    /// let largest = a.eigs_with(Lanczos::default(), 2, Which::LargestAlgebraic)?;
    /// assert!((largest.eigenvalues()[0] - 500.0).abs() < 1e-6);
    /// let smallest = a.eigs_with(Lanczos::default().inverse(a.inv()?), 1, Which::SmallestMagnitude)?;
    /// assert!((smallest.eigenvalues()[0] - 1.0).abs() < 1e-9);
    /// # Ok(())
    /// # }
    /// ```
    pub fn eigs_with<M: EigsOn<A, DeviceVector<T>>>(
        &self,
        algorithm: M,
        k: usize,
        which: Which,
    ) -> Result<Eigs<M::Value, M::Entry>>
    where
        T: SpectralNumber,
    {
        self.eigs_near(algorithm, k, which, View::matrix(&[], self.shape().0, 0))
    }
    /// The same from vectors of the host that are near the wanted ones, such as those of a `NotConverged`.
    ///
    /// # Errors
    /// As [`eigs_with`](OnDevice::eigs_with).
    pub fn eigs_from<M: EigsOn<A, DeviceVector<T>, Entry: nalgebra::Scalar>>(
        &self,
        algorithm: M,
        k: usize,
        which: Which,
        start: &DMatrix<M::Entry>,
    ) -> Result<Eigs<M::Value, M::Entry>>
    where
        T: SpectralNumber,
    {
        let (rows, columns) = start.shape();
        if rows != self.shape().0 {
            return Err(Error::ShapeMismatch { op: "eigs_from", left: self.shape(), right: (rows, columns) });
        }
        self.eigs_near(algorithm, k, which, View::matrix(start.as_slice(), rows, columns))
    }
    fn eigs_near<M: EigsOn<A, DeviceVector<T>>>(
        &self,
        mut algorithm: M,
        k: usize,
        which: Which,
        start: View<'_, M::Entry>,
    ) -> Result<Eigs<M::Value, M::Entry>>
    where
        T: SpectralNumber,
    {
        self.gpu().with_notes(|| algorithm.eigs_on(&mut self.blocks(), k, which, start))
    }
    /// The k largest singular values and their vectors by [`GolubKahan`](cola_core::GolubKahan) or
    /// [`RandomizedSvd`](cola_core::RandomizedSvd), with the options that they have on the host; they come back on the host. A seed gives the
    /// vectors that it gives there.
    ///
    /// # Cost
    /// As on the host, with both bases in the device's memory. Of a step only coefficients come to the host, of the end k vectors of each side.
    /// # Errors
    /// `NotConverged` with the right singular vectors so far, `NonFinite`, `InvalidArgument`, `Device`.
    ///
    /// ```
    /// # fn main() -> cola_core::Result<()> {
    /// # if !cola_cuda::Cuda::probe().is_usable() { return Ok(()) }
    /// use cola_core::prelude::*;
    /// use cola_cuda::{Cuda, ToDeviceExt};
    ///
    /// let a = Diagonal::new((1..=500).map(f64::from).collect::<Vec<_>>()).to_device(&Cuda::new(0)?)?;
    /// let s = a.svds_with(GolubKahan::default(), 2)?;
    /// assert!((s.singular_values[0] - 500.0).abs() < 1e-6);
    /// # Ok(())
    /// # }
    /// ```
    pub fn svds_with<M: SvdsOn<DeviceVector<T>>>(&self, algorithm: M, k: usize) -> Result<Svds<T, <T as Scalar>::Re>>
    where
        T: SpectralNumber,
    {
        self.svds_near(algorithm, k, View::matrix(&[], self.shape().1, 0))
    }
    /// The same from right singular vectors of the host that are near the wanted ones, such as those of a `NotConverged`.
    ///
    /// # Errors
    /// As [`svds_with`](OnDevice::svds_with), and `ShapeMismatch`.
    pub fn svds_from<M: SvdsOn<DeviceVector<T>>>(
        &self,
        algorithm: M,
        k: usize,
        start: &DMatrix<T>,
    ) -> Result<Svds<T, <T as Scalar>::Re>>
    where
        T: SpectralNumber + nalgebra::Scalar,
    {
        let (rows, columns) = start.shape();
        if rows != self.shape().1 {
            return Err(Error::ShapeMismatch { op: "svds_from", left: self.shape(), right: (rows, columns) });
        }
        self.svds_near(algorithm, k, View::matrix(start.as_slice(), rows, columns))
    }
    fn svds_near<M: SvdsOn<DeviceVector<T>>>(
        &self,
        mut algorithm: M,
        k: usize,
        start: View<'_, T>,
    ) -> Result<Svds<T, <T as Scalar>::Re>>
    where
        T: SpectralNumber,
    {
        self.gpu().with_notes(|| algorithm.svds_on(&mut self.blocks(), k, start))
    }
    /// tr A from products with random vectors, by [`Hutchinson`](cola_core::Hutchinson), [`HutchPlusPlus`](cola_core::HutchPlusPlus),
    /// [`XTrace`](cola_core::XTrace) or, of a positive semidefinite A, [`XNysTrace`](cola_core::XNysTrace), with the options that they have
    /// on the host. A seed gives the vectors that it gives there.
    ///
    /// # Cost
    /// As on the host, with all vectors in the device's memory. The random ones are drawn on the host and sent once; numbers come back.
    /// # Errors
    /// `NotConverged`, `NonFinite`, `ShapeMismatch`, `InvalidArgument`, `NotPositiveDefinite`, `Device`.
    ///
    /// ```
    /// # fn main() -> cola_core::Result<()> {
    /// # if !cola_cuda::Cuda::probe().is_usable() { return Ok(()) }
    /// use cola_core::prelude::*;
    /// use cola_cuda::{Cuda, ToDeviceExt};
    ///
    /// let a = Diagonal::new((0..300).map(|i| 0.8f64.powi(i)).collect::<Vec<_>>()).to_device(&Cuda::new(0)?)?;
    /// let t = a.trace_with(XTrace::default().seed(7))?;
    /// assert!((t.value / 5.0 - 1.0).abs() < 4e-2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn trace_with<M: TraceOn<A, DeviceVector<T>>>(&self, mut algorithm: M) -> Result<Estimate<T>> {
        self.gpu().with_notes(|| algorithm.trace_on(&mut self.blocks()))
    }
    /// The main diagonal from products with random vectors, with the standard error of each entry, by [`Hutchinson`](cola_core::Hutchinson),
    /// [`HutchPlusPlus`](cola_core::HutchPlusPlus) or [`XDiag`](cola_core::XDiag), with the options that they have on the host, where the
    /// diagonal comes back. A seed gives the vectors that it gives there.
    ///
    /// # Cost
    /// As on the host: products and orthogonalisation on the device; its vectors come to the host, where entries are multiplied.
    /// # Errors
    /// As [`trace_with`](OnDevice::trace_with).
    ///
    /// ```
    /// # fn main() -> cola_core::Result<()> {
    /// # if !cola_cuda::Cuda::probe().is_usable() { return Ok(()) }
    /// use cola_core::prelude::*;
    /// use cola_cuda::{Cuda, ToDeviceExt};
    ///
    /// let a = Dense::new(nalgebra::DMatrix::from_fn(200, 200, |i, j| (-(i as f64 - j as f64).powi(2) / 900.0).exp()));
    /// let d = a.to_device(&Cuda::new(0)?)?.diagonal_with(XDiag::default().probes(60).seed(7))?;
    /// assert!(d.value.iter().all(|d| (d - 1.0).abs() < 1e-3));
    /// # Ok(())
    /// # }
    /// ```
    pub fn diagonal_with<M: DiagonalOn<DeviceVector<T>>>(
        &self,
        mut algorithm: M,
    ) -> Result<Estimate<DVector<T>, DVector<f64>>> {
        self.gpu().with_notes(|| algorithm.diagonal_on(&mut self.blocks()))
    }
    /// log det A of a positive definite A by stochastic Lanczos quadrature, with the options that [`Slq`] has on the host; a preconditioner
    /// near A^-1 is an operator on the same device with rules for its square root and determinant, such as a diagonal or circulant one, or
    /// that of [`PivotedCholesky`](cola_core::PivotedCholesky). A seed gives the vectors that it gives there.
    ///
    /// # Cost
    /// As on the host, with all vectors in the device's memory: three for each of the 8 probes that go through A at once, with a
    /// preconditioner five. The random ones are drawn on the host and sent once; per step and probe two numbers come back.
    /// # Errors
    /// `NotConverged`, `NegativeEigenvalue`, `Singular`, `NonFinite`, `ShapeMismatch`, `InvalidArgument`, `Device`.
    ///
    /// ```
    /// # fn main() -> cola_core::Result<()> {
    /// # if !cola_cuda::Cuda::probe().is_usable() { return Ok(()) }
    /// use cola_core::prelude::*;
    /// use cola_cuda::{Cuda, ToDeviceExt};
    ///
    /// let d: Vec<f64> = (1..=400).map(|i| 1.0 + i as f64 / 100.0).collect();
    /// let exact: f64 = d.iter().map(|d| d.ln()).sum();
    /// let a = Psd::new(Diagonal::new(d)).to_device(&Cuda::new(0)?)?;
    /// let e = a.logdet_with(Slq::default().probes(20).seed(1))?;
    /// assert!((e.value - exact).abs() <= 4.0 * e.std_error + 1e-3);
    /// # Ok(())
    /// # }
    /// ```
    pub fn logdet_with<P: SplitOn<DeviceVector<T>>, F: Callback>(&self, mut algorithm: Slq<P, F>) -> Result<Estimate<T>>
    where
        <A::Facts as Facts>::Psd: PsdOf<A>,
    {
        self.gpu().with_notes(|| algorithm.logdet_on(&mut self.blocks()))
    }
    /// tr f(A) of a self-adjoint A by stochastic Lanczos quadrature, with its standard error. A seed gives the vectors that it gives on the
    /// host.
    ///
    /// # Cost
    /// As [`logdet_with`](OnDevice::logdet_with); f is evaluated on the host, at the eigenvalues of the small problems.
    /// # Errors
    /// `NotConverged`, `NonFinite` where f is not at an eigenvalue of the Krylov space, `ShapeMismatch`, `InvalidArgument`, `Device`.
    ///
    /// ```
    /// # fn main() -> cola_core::Result<()> {
    /// # if !cola_cuda::Cuda::probe().is_usable() { return Ok(()) }
    /// use cola_core::prelude::*;
    /// use cola_cuda::{Cuda, ToDeviceExt};
    ///
    /// let d: Vec<f64> = (1..=200).map(|i| i as f64 / 100.0).collect();
    /// let exact: f64 = d.iter().map(|d| (-d).exp()).sum();
    /// let a = SelfAdjoint::new(Diagonal::new(d)).to_device(&Cuda::new(0)?)?;
    /// let e = a.trace_map_with(Slq::default().probes(8), |x| (-x).exp())?;
    /// assert!((e.value - exact).abs() < 1e-6 + 4.0 * e.std_error);
    /// # Ok(())
    /// # }
    /// ```
    pub fn trace_map_with<F: Callback>(
        &self,
        mut algorithm: Slq<NoPreconditioner, F>,
        f: impl Fn(<T as Scalar>::Re) -> <T as Scalar>::Re,
    ) -> Result<Estimate<T>>
    where
        <A::Facts as Facts>::SelfAdjoint: SelfAdjointOf<A>,
    {
        self.gpu().with_notes(|| algorithm.trace_map_on(&mut self.blocks(), &f))
    }
    /// How many eigenvalues of a self-adjoint A lie where, from `probes` (default 16) of `steps` (default 100) Lanczos steps on random
    /// vectors. A seed gives the vectors that it gives on the host.
    ///
    /// # Cost
    /// As [`logdet_with`](OnDevice::logdet_with).
    /// # Errors
    /// `NotConverged` where the callback stops ([`SpectralDensity::reached`] is what there is by then), `NonFinite`, `ShapeMismatch`,
    /// `InvalidArgument`, `Device`.
    ///
    /// ```
    /// # fn main() -> cola_core::Result<()> {
    /// # if !cola_cuda::Cuda::probe().is_usable() { return Ok(()) }
    /// use cola_core::prelude::*;
    /// use cola_cuda::{Cuda, ToDeviceExt};
    ///
    /// let a = SelfAdjoint::new(Diagonal::new((1..=300).map(f64::from).collect::<Vec<_>>())).to_device(&Cuda::new(0)?)?;
    /// let density = a.spectral_density_with(Slq::default().probes(20).seed(4))?;
    /// let below = density.count(f64::NEG_INFINITY, 100.5);
    /// assert!((below.value - 100.0).abs() < 4.0 * below.std_error + 2.0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn spectral_density_with<F: Callback>(&self, mut algorithm: Slq<NoPreconditioner, F>) -> Result<SpectralDensity>
    where
        <A::Facts as Facts>::SelfAdjoint: SelfAdjointOf<A>,
    {
        self.gpu().with_notes(|| algorithm.density_on(&mut self.blocks()))
    }
}
