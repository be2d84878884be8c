//! c I + U diag(w - c) U^H with orthonormal U on a device. Functions of the eigenvalues are the host's, with its failures: they are few.

use super::{CudaDense, CudaLowRankUpdate, DeviceAction, Span, SpanMut};
use crate::device::Cuda;
use crate::vector::DeviceNumber;
use cola_core::functions::{DetRule, ExpRule, InverseRule, LogRule, Power, PowerRule};
use cola_core::space::Dyn;
use cola_core::{AnySign, Facts, Result, ScaledIdentity, SelfAdjointFacts, SpikedIdentity, Update};

/// The self-adjoint operator with eigenvalues w_i on the orthonormal columns of U and c elsewhere, such as a preconditioner of
/// [`PivotedCholesky`](cola_core::PivotedCholesky) or [`Nystrom`](cola_core::Nystrom), on a device.
#[derive(Clone, Debug)]
pub struct CudaSpiked<T: DeviceNumber> {
    host: SpikedIdentity<T>,
    update: CudaLowRankUpdate<ScaledIdentity<T, Dyn, AnySign>, T>,
}
impl<T: DeviceNumber> CudaSpiked<T> {
    /// From the operator of the host, which is kept.
    ///
    /// # Errors
    /// `Device`.
    pub fn new(gpu: &Cuda, host: &SpikedIdentity<T>) -> Result<Self> {
        let (n, k) = host.vectors().shape();
        Self::beside(gpu, host.clone(), CudaDense::new(gpu, host.vectors().as_slice(), n, k)?)
    }
    /// With U on the device already.
    fn beside(gpu: &Cuda, host: SpikedIdentity<T>, u: CudaDense<T>) -> Result<Self> {
        let ((n, k), c) = (host.vectors().shape(), host.rest());
        // U diag(w - c)
        let mut scaled = host.vectors().as_slice().to_vec();
        for (u, &w) in scaled.chunks_exact_mut(n.max(1)).zip(host.spikes()) {
            u.iter_mut().for_each(|u| *u = u.scale(w - c));
        }
        let base = ScaledIdentity::of_size(T::from_re(c), n);
        let update = CudaLowRankUpdate::new(base, CudaDense::new(gpu, &scaled, n, k)?, u)?;
        Ok(CudaSpiked { host, update })
    }
    fn with(&self, host: SpikedIdentity<T>) -> Result<Self> {
        let u = self.update.right().clone();
        let gpu = u.entries().device().clone();
        Self::beside(&gpu, host, u)
    }
}
device_operator!([T: DeviceNumber] CudaSpiked<T> {
    scalar T; facts SelfAdjointFacts;
    shape |s| (s.host.nrows(), s.host.ncols())
});
impl<T: DeviceNumber> DeviceAction for CudaSpiked<T> {
    fn act_on(&self, gpu: &Cuda, how: Update<T>, x: Span<'_, T>, y: SpanMut<'_, T>) -> Result<()> {
        self.update.act_on(gpu, how, x, y)
    }
}
// 1 / w and 1 / c
impl<K: Facts, T: DeviceNumber> InverseRule<K> for CudaSpiked<T> {
    type Output = Self;
    fn inverse_rule(&self) -> Result<Self> {
        self.with(InverseRule::<K>::inverse_rule(&self.host)?)
    }
}
// prod w c^(n - k)
impl<K: Facts, T: DeviceNumber> DetRule<K> for CudaSpiked<T> {
    fn slogdet_rule(&self) -> Result<(T, T::Re)> {
        DetRule::<K>::slogdet_rule(&self.host)
    }
}
// w^p and c^p
impl<K: Facts, T: DeviceNumber> PowerRule<K> for CudaSpiked<T> {
    type Output = Self;
    fn power_rule(&self, p: Power) -> Result<Self> {
        self.with(PowerRule::<K>::power_rule(&self.host, p)?)
    }
}
// e^w and e^c
impl<K: Facts, T: DeviceNumber> ExpRule<K> for CudaSpiked<T> {
    type Output = Self;
    fn exp_rule(&self) -> Result<Self> {
        self.with(ExpRule::<K>::exp_rule(&self.host)?)
    }
}
// log w and log c
impl<K: Facts, T: DeviceNumber> LogRule<K> for CudaSpiked<T> {
    type Output = Self;
    fn log_rule(&self) -> Result<Self> {
        self.with(LogRule::<K>::log_rule(&self.host)?)
    }
}
