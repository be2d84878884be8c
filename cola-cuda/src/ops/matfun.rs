//! f(A) b and shifted systems of an operator on a device, by the loops of the host with their bases in the device's memory.

use super::{DeviceAction, OnDevice};
use crate::vector::{DeviceNumber, DeviceVector};
use cola_core::algorithms::Callback;
use cola_core::algorithms::krylov::Solution;
use cola_core::algorithms::matfun::{ApplyOn, Function, ShiftedCg};
use cola_core::{Facts, Power, PsdOf, Result, Scalar};

/// The algorithms are those of the host, with the options that they have there: [`Lanczos`](cola_core::Lanczos),
/// [`Arnoldi`](cola_core::Arnoldi), `TwoPassLanczos`, `RestartedArnoldi`, `RationalKrylov` with inverses on the same device, `ChebyshevSeries`,
/// `Taylor` (e^A) and `ContourIntegral` (roots). Of a step only coefficients come to the host, where f of the small matrix is computed.
impl<T: DeviceNumber, A: DeviceAction<Scalar = T>> OnDevice<A> {
    /// e^A b without forming the function, with what the algorithm learned: `report.residual` is its estimate of the relative error. Several
    /// vectors lie one after another.
    ///
    /// # Cost
    /// As of the algorithm on the host, with its vectors in the device's memory; a basis doubles there where it grows.
    /// # Errors
    /// `NotConverged` with the result so far, `NonFinite`, `ShapeMismatch`, `InvalidArgument`, `Device`.
    ///
    /// ```
    /// # fn main() -> cola_core::Result<()> {
    /// # if !cola_cuda::Cuda::probe().is_usable() { return Ok(()) }
    /// use cola_core::prelude::*;
    /// use cola_cuda::{Cuda, ToDeviceExt};
    ///
    /// let gpu = Cuda::new(0)?;
    /// let a = SelfAdjoint::new(Diagonal::new([-3.0, 0.5])).to_device(&gpu)?;
    /// let s = a.exp_apply_with(Lanczos::default(), &gpu.upload(&[1.0, 2.0])?)?;
    /// let x = gpu.download(&s.x)?;
    /// assert!((x[0] - (-3.0f64).exp()).abs() < 1e-12 && (x[1] - 2.0 * 0.5f64.exp()).abs() < 1e-12);
    /// # Ok(())
    /// # }
    /// ```
    pub fn exp_apply_with<M: ApplyOn<A, DeviceVector<T>>>(
        &self,
        algorithm: M,
        b: &DeviceVector<T>,
    ) -> Result<Solution<DeviceVector<T>>> {
        self.function_apply_with(Function::Exp, algorithm, b)
    }
    /// log(A) b, principal.
    ///
    /// # Errors
    /// As [`exp_apply_with`](OnDevice::exp_apply_with), `NegativeEigenvalue` and `Singular`.
    pub fn log_apply_with<M: ApplyOn<A, DeviceVector<T>>>(
        &self,
        algorithm: M,
        b: &DeviceVector<T>,
    ) -> Result<Solution<DeviceVector<T>>> {
        self.function_apply_with(Function::Log, algorithm, b)
    }
    /// A^(1/2) b, principal.
    ///
    /// # Errors
    /// As [`exp_apply_with`](OnDevice::exp_apply_with), and `NegativeEigenvalue`.
    pub fn sqrt_apply_with<M: ApplyOn<A, DeviceVector<T>>>(
        &self,
        algorithm: M,
        b: &DeviceVector<T>,
    ) -> Result<Solution<DeviceVector<T>>> {
        self.function_apply_with(Function::Power(Power::Sqrt), algorithm, b)
    }
    /// A^(-1/2) b, principal.
    ///
    /// # Errors
    /// As [`log_apply_with`](OnDevice::log_apply_with).
    pub fn isqrt_apply_with<M: ApplyOn<A, DeviceVector<T>>>(
        &self,
        algorithm: M,
        b: &DeviceVector<T>,
    ) -> Result<Solution<DeviceVector<T>>> {
        self.function_apply_with(Function::Power(Power::InvSqrt), algorithm, b)
    }
    /// A^p b, principal.
    ///
    /// # Errors
    /// As [`log_apply_with`](OnDevice::log_apply_with).
    pub fn pow_apply_with<M: ApplyOn<A, DeviceVector<T>>>(
        &self,
        p: f64,
        algorithm: M,
        b: &DeviceVector<T>,
    ) -> Result<Solution<DeviceVector<T>>> {
        self.function_apply_with(Function::Power(Power::Real(p)), algorithm, b)
    }
    /// f(A) b of a self-adjoint A, f given on its eigenvalues.
    ///
    /// # Errors
    /// As [`exp_apply_with`](OnDevice::exp_apply_with); `InvalidArgument` if the algorithm does not serve such functions.
    pub fn map_apply_with<M: ApplyOn<A, DeviceVector<T>>>(
        &self,
        f: impl Fn(<T as Scalar>::Re) -> <T as Scalar>::Re,
        algorithm: M,
        b: &DeviceVector<T>,
    ) -> Result<Solution<DeviceVector<T>>> {
        self.function_apply_with(Function::Map(&f), algorithm, b)
    }
    fn function_apply_with<M: ApplyOn<A, DeviceVector<T>>>(
        &self,
        f: Function<'_, <T as Scalar>::Re>,
        mut algorithm: M,
        b: &DeviceVector<T>,
    ) -> Result<Solution<DeviceVector<T>>> {
        self.gpu().same_device(b.device())?;
        let mut x = self.gpu().zeros::<T>(b.len())?;
        let report = self.gpu().with_notes(|| algorithm.apply_on(f, &mut self.blocks(), b, &mut x))?;
        Ok(Solution { x, report })
    }
    /// (A + s_j I)^-1 b for many shifts s_j >= 0 of a positive definite A in one Krylov space, by [`ShiftedCg`] with the options that it has on
    /// the host: one solution after another.
    ///
    /// # Cost
    /// As on the host, with two vectors per shift and four more on the device; two numbers come to the host in each iteration.
    /// # Errors
    /// `NotConverged` with the solutions so far, `NotPositiveDefinite`, `NonFinite`, `ShapeMismatch`, `InvalidArgument`, `Device`.
    pub fn solve_shifted_with<F: Callback>(
        &self,
        mut algorithm: ShiftedCg<F>,
        shifts: &[f64],
        b: &DeviceVector<T>,
    ) -> Result<Solution<DeviceVector<T>>>
    where
        <A::Facts as Facts>::Psd: PsdOf<A>,
    {
        self.gpu().same_device(b.device())?;
        let mut x = self.gpu().zeros::<T>(b.len().saturating_mul(shifts.len()))?;
        let report = self.gpu().with_notes(|| algorithm.solve_on(&mut self.blocks(), shifts, b, &mut x))?;
        Ok(Solution { x, report })
    }
}
