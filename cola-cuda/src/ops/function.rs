//! A matrix that is known by what it does to vectors on a device.

use super::span::scaled;
use super::{DeviceAction, Span, SpanMut};
use crate::device::Cuda;
use crate::vector::{DeviceNumber, DeviceVector};
use cola_core::{Facts, NoFacts, PsdFacts, Result, SelfAdjointFacts, Update};
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

type Map<T> = Arc<dyn Fn(&DeviceVector<T>, &mut DeviceVector<T>) -> Result<()> + Send + Sync>;
/// A matrix-free operator on a device: `forward(x, y)` writes all of y = A x, `adjoint(x, y)` all of y = A^H x; both see one column at a
/// time, without gaps, and queue their work on the device's [`stream`](Cuda::stream): by operators on the device, by the operations of
/// [`DeviceVector`], or by kernels of their own at its [`address`](DeviceVector::address). `K`: what the user knows of it.
///
/// Of several columns, or of one with gaps, each is copied there and back.
///
/// ```
/// # fn main() -> cola_core::Result<()> {
/// # if !cola_cuda::Cuda::probe().is_usable() { return Ok(()) }
/// use cola_core::prelude::*;
/// use cola_cuda::{Cuda, CudaFunction, Iterate, OnDevice, ToDeviceExt};
///
/// let gpu = Cuda::new(0)?;
/// let d = Diagonal::new((1..=100).map(f64::from).collect::<Vec<_>>()).to_device(&gpu)?;
/// // D + 2 I
/// let a = OnDevice::new(&gpu, CudaFunction::psd(100, move |x, y| {
///     d.apply_into(x, y)?;
///     y.try_axpby(2.0, x, 1.0)
/// }));
/// let s = a.cg(Iterate::default(), &gpu.upload(&vec![3.0; 100])?)?;
/// assert!((gpu.download(&s.x)?[0] - 1.0).abs() < 1e-8);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct CudaFunction<T: DeviceNumber, K = NoFacts> {
    forward: Map<T>,
    /// `None` where it is the same.
    adjoint: Option<Map<T>>,
    shape: (usize, usize),
    facts: PhantomData<fn() -> K>,
}
impl<T: DeviceNumber, K> fmt::Debug for CudaFunction<T, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CudaFunction({} x {})", self.shape.0, self.shape.1)
    }
}
impl<T: DeviceNumber, K> CudaFunction<T, K> {
    /// Its own adjoint.
    fn of(n: usize, forward: Map<T>) -> Self {
        CudaFunction { forward, adjoint: None, shape: (n, n), facts: PhantomData }
    }
}
impl<T: DeviceNumber> CudaFunction<T, NoFacts> {
    /// A rows x cols operator with its adjoint.
    pub fn new(
        rows: usize,
        cols: usize,
        forward: impl Fn(&DeviceVector<T>, &mut DeviceVector<T>) -> Result<()> + Send + Sync + 'static,
        adjoint: impl Fn(&DeviceVector<T>, &mut DeviceVector<T>) -> Result<()> + Send + Sync + 'static,
    ) -> Self {
        let adjoint: Map<T> = Arc::new(adjoint);
        CudaFunction { forward: Arc::new(forward), adjoint: Some(adjoint), shape: (rows, cols), facts: PhantomData }
    }
}
impl<T: DeviceNumber> CudaFunction<T, SelfAdjointFacts> {
    /// A self-adjoint n x n operator.
    pub fn self_adjoint(
        n: usize,
        forward: impl Fn(&DeviceVector<T>, &mut DeviceVector<T>) -> Result<()> + Send + Sync + 'static,
    ) -> Self {
        Self::of(n, Arc::new(forward))
    }
}
impl<T: DeviceNumber> CudaFunction<T, PsdFacts> {
    /// A positive semidefinite n x n operator.
    pub fn psd(
        n: usize,
        forward: impl Fn(&DeviceVector<T>, &mut DeviceVector<T>) -> Result<()> + Send + Sync + 'static,
    ) -> Self {
        Self::of(n, Arc::new(forward))
    }
}
device_operator!([T: DeviceNumber, K: Facts] CudaFunction<T, K> { scalar T; facts K; shape |s| s.shape });
impl<T: DeviceNumber, K: Facts> DeviceAction for CudaFunction<T, K> {
    fn act_on(&self, gpu: &Cuda, how: Update<T>, x: Span<'_, T>, mut y: SpanMut<'_, T>) -> Result<()> {
        let map = self.adjoint.as_ref().filter(|_| how.adjoint).unwrap_or(&self.forward);
        let (mut from, mut to) = (gpu.reserve::<T>(x.rows)?, gpu.reserve::<T>(y.as_span().rows)?);
        let rows = to.len();
        for (c, l) in (0..x.layers).flat_map(|l| (0..x.cols).map(move |c| (c, l))) {
            scaled(gpu, Update::replace(), x.column(c, l), SpanMut::new(&mut from, x.rows, 1)?)?;
            map(&from, &mut to)?;
            // a closure may have put another vector in its place
            gpu.same_device(to.device())?;
            scaled(gpu, how.plain(), Span::new(&to, rows, 1)?, y.reborrow().column(c, l))?;
        }
        Ok(())
    }
}
