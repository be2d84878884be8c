//! The discrete Fourier transform on a device, by cuFFT.

use super::span::{nothing, scaled};
use super::{DeviceAction, Span, SpanMut};
use crate::device::Cuda;
use crate::libraries::fft::Plans;
use crate::vector::DeviceNumber;
use cola_core::functions::{DetRule, InverseRule};
use cola_core::space::Dyn;
use cola_core::{Adjoint, Facts, Fourier, Result, Scalar, UnitaryFacts, Update};
use std::fmt;
use std::sync::Arc;

/// The unitary discrete Fourier transform on a device: entry (j, k) is e^(-2 pi i jk/n) / sqrt(n). 5 n log n operations a column, and a copy
/// of it there and back, as x and y may lie in any strides.
#[derive(Clone)]
pub struct CudaFourier<T: Scalar> {
    host: Fourier<T, Dyn>,
    plans: Arc<Plans>,
}
impl<T: Scalar> fmt::Debug for CudaFourier<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CudaFourier({})", self.plans.points())
    }
}
impl<T: DeviceNumber<Wide = T>> CudaFourier<T> {
    /// n x n.
    pub fn new(n: usize) -> Self {
        CudaFourier { host: Fourier::new(n), plans: Arc::new(Plans::new(&[n])) }
    }
}
device_operator!([T: DeviceNumber<Wide = T>] CudaFourier<T> {
    scalar T; facts UnitaryFacts;
    shape |s| (s.plans.points(), s.plans.points())
});
impl<T: DeviceNumber<Wide = T>> DeviceAction for CudaFourier<T> {
    fn act_on(&self, gpu: &Cuda, how: Update<T>, x: Span<'_, T>, y: SpanMut<'_, T>) -> Result<()> {
        let (n, batch) = (self.plans.points(), x.cols * x.layers);
        if n == 0 || batch == 0 {
            return nothing(gpu, how, x, y);
        }
        let plan = self.plans.get::<T>(gpu, batch)?;
        let (mut from, mut to) = (gpu.reserve::<T>(n * batch)?, gpu.reserve::<T>(n * batch)?);
        scaled(gpu, Update::replace(), x, SpanMut::packed(&mut from, n, x.cols, x.layers)?)?;
        match how.adjoint {
            false => plan.forward::<T>(&from, &mut to)?,
            true => plan.backward::<T>(&mut from, &mut to)?,
        }
        let unit = how.times(T::of(1.0 / (n as f64).sqrt())).plain();
        scaled(gpu, unit, Span::packed(&to, n, x.cols, x.layers)?, y)
    }
}
// F^-1 = F^H
impl<K: Facts, T: DeviceNumber<Wide = T>> InverseRule<K> for CudaFourier<T> {
    type Output = Adjoint<Self>;
    fn inverse_rule(&self) -> Result<Self::Output> {
        Ok(Adjoint(self.clone()))
    }
}
// the product of the eigenvalues, which are known
impl<K: Facts, T: DeviceNumber<Wide = T>> DetRule<K> for CudaFourier<T> {
    fn slogdet_rule(&self) -> Result<(T, T::Re)> {
        DetRule::<K>::slogdet_rule(&self.host)
    }
}
