//! diag(d) on a device. Functions of the entries go through the host: they are n numbers, and their failures are the host's.

use super::span::diagonal;
use super::{DeviceAction, Span, SpanMut};
use crate::device::Cuda;
use crate::vector::{DeviceNumber, DeviceVector};
use cola_core::functions::{DetRule, EighRule, ExpRule, InverseRule, LogRule, Power, PowerRule};
use cola_core::space::Dyn;
use cola_core::{Diagonal, Facts, Identity, Real, Result, SelfAdjointFacts, Spectral, Update};
use std::sync::Arc;

/// diag(d) on a device.
#[derive(Clone, Debug)]
pub struct CudaDiagonal<T: DeviceNumber> {
    pub(super) data: Arc<DeviceVector<T>>,
}
impl<T: DeviceNumber> CudaDiagonal<T> {
    /// From its entries.
    ///
    /// # Errors
    /// `Device`.
    pub fn new(gpu: &Cuda, entries: &[T]) -> Result<Self> {
        Ok(CudaDiagonal { data: Arc::new(gpu.upload(entries)?) })
    }
    fn host(&self) -> Result<Diagonal<Vec<T>>> {
        Ok(Diagonal(self.data.device().download(&self.data)?))
    }
    fn device(&self, d: &[T]) -> Result<Self> {
        Self::new(self.data.device(), d)
    }
}
device_operator!([T: DeviceNumber] CudaDiagonal<T> {
    scalar T; facts SelfAdjointFacts;
    shape |s| (s.data.len(), s.data.len())
});
impl<T: DeviceNumber> DeviceAction for CudaDiagonal<T> {
    fn act_on(&self, gpu: &Cuda, how: Update<T>, x: Span<'_, T>, y: SpanMut<'_, T>) -> Result<()> {
        diagonal(gpu, how, Span::new(&self.data, self.data.len(), 1)?, x, y)
    }
}
// 1 / d_i
impl<K: Facts, T: DeviceNumber> InverseRule<K> for CudaDiagonal<T> {
    type Output = Self;
    fn inverse_rule(&self) -> Result<Self> {
        self.device(&InverseRule::<K>::inverse_rule(&self.host()?)?.0)
    }
}
// sum of logs, product of signs
impl<K: Facts, T: DeviceNumber> DetRule<K> for CudaDiagonal<T> {
    fn slogdet_rule(&self) -> Result<(T, T::Re)> {
        DetRule::<K>::slogdet_rule(&self.host()?)
    }
}
// d_i^p
impl<K: Facts, T: DeviceNumber> PowerRule<K> for CudaDiagonal<T> {
    type Output = Self;
    fn power_rule(&self, p: Power) -> Result<Self> {
        self.device(&PowerRule::<K>::power_rule(&self.host()?, p)?.into_inner().0)
    }
}
// e^d_i
impl<K: Facts, T: DeviceNumber> ExpRule<K> for CudaDiagonal<T> {
    type Output = Self;
    fn exp_rule(&self) -> Result<Self> {
        self.device(&ExpRule::<K>::exp_rule(&self.host()?)?.into_inner().0)
    }
}
// log d_i
impl<K: Facts, T: DeviceNumber> LogRule<K> for CudaDiagonal<T> {
    type Output = Self;
    fn log_rule(&self) -> Result<Self> {
        self.device(&LogRule::<K>::log_rule(&self.host()?)?.0)
    }
}
impl<K: Facts, T: DeviceNumber> EighRule<K> for CudaDiagonal<T> {
    type Basis = Identity<T, Dyn>;
    fn eigh_rule(&self) -> Result<Spectral<Identity<T, Dyn>, SelfAdjointFacts>> {
        let d = self.host()?.0;
        let mut w = cola_core::Column::filled(d.len(), T::Re::real(0.0));
        w.iter_mut().zip(&d).for_each(|(w, d)| *w = d.re());
        Spectral::<_, SelfAdjointFacts>::from_parts(Identity::new(d.len()), w).map(|w| w)
    }
}
