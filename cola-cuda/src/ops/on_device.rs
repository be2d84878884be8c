//! An operator on a device, with what every operator has.

use super::{DeviceAction, Span, SpanMut};
use crate::device::Cuda;
use crate::vector::{DeviceScalar, DeviceVector};
use cola_core::algorithms::krylov::{Params, Products, Report, Solution, cg_on, gmres_on, minres_on};
use cola_core::functions::{Exp, HasDet, HasExp, HasPower, Inv, Invertible, Pow, Power};
use cola_core::{Error, Facts, Operator, PsdOf, Real, Result, Scalar, SelfAdjointOf, Update};

/// An operator on a device, made by [`to_device`](super::ToDeviceExt::to_device). Its vectors are [`DeviceVector`]s; `A` is the
/// structure with leaves on the device, and its facts choose the algorithms as on the host.
#[derive(Clone, Debug)]
pub struct OnDevice<A> {
    gpu: Cuda,
    a: A,
}
/// Options of iterative solves on a device.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Iterate {
    /// Wanted |b - A x| / |b|; 1e-10, and 1e-5 in single precision, if not given.
    pub tol: Option<f64>,
    /// Most iterations; 10 n, at least 100, if not given.
    pub max_iters: Option<usize>,
    /// GMRES: vectors kept before it starts again; 50 if not given.
    pub restart: Option<usize>,
}
impl<A> OnDevice<A> {
    pub(super) fn new(gpu: &Cuda, a: A) -> Self {
        OnDevice { gpu: gpu.clone(), a }
    }
    /// The structure.
    pub fn operator(&self) -> &A {
        &self.a
    }
    /// The structure alone.
    pub fn into_inner(self) -> A {
        self.a
    }
    fn with<B>(&self, b: B) -> OnDevice<B> {
        OnDevice::new(&self.gpu, b)
    }
}
impl<T: DeviceScalar + Real, A: Operator<Scalar = T>> OnDevice<A> {
    /// (rows, columns).
    pub fn shape(&self) -> (usize, usize) {
        (self.a.nrows(), self.a.ncols())
    }
    /// op(A) x for one vector, or several one after another without gaps.
    fn applied<B: DeviceAction<Scalar = T>>(
        &self,
        op: &'static str,
        b: &B,
        adjoint: bool,
        x: &DeviceVector<T>,
    ) -> Result<DeviceVector<T>> {
        let (rows, cols) = if adjoint { (b.ncols(), b.nrows()) } else { (b.nrows(), b.ncols()) };
        let k = x.len().checked_div(cols).unwrap_or(1);
        if k == 0 || cols * k != x.len() {
            return Err(Error::ShapeMismatch { op, left: (rows, cols), right: (x.len(), 1) });
        }
        self.gpu.same_device(x.device())?;
        let mut y = self.gpu.reserve::<T>(rows * k)?;
        let how = Update { adjoint, ..Update::replace() };
        b.act_on(&self.gpu, how, Span::new(x, cols, k)?, SpanMut::new(&mut y, rows, k)?)?;
        Ok(y)
    }
    /// A x; several vectors lie one after another.
    ///
    /// # Errors
    /// `ShapeMismatch`, `Device`.
    pub fn apply(&self, x: &DeviceVector<T>) -> Result<DeviceVector<T>>
    where
        A: DeviceAction,
    {
        self.applied("apply", &self.a, false, x)
    }
    /// A^T x.
    ///
    /// # Errors
    /// As [`apply`](OnDevice::apply).
    pub fn apply_adjoint(&self, x: &DeviceVector<T>) -> Result<DeviceVector<T>>
    where
        A: DeviceAction,
    {
        self.applied("apply_adjoint", &self.a, true, x)
    }
    /// A^-1, factored once.
    ///
    /// # Errors
    /// `Singular`, `NotPositiveDefinite`, `NonFinite`, `Device`.
    pub fn inv(&self) -> Result<OnDevice<Inv<A>>>
    where
        A: Invertible,
    {
        Ok(self.with(self.a.inverse_rule()?))
    }
    /// A^-1 b by the rule of the structure.
    ///
    /// # Errors
    /// As [`inv`](OnDevice::inv) and [`apply`](OnDevice::apply).
    pub fn solve(&self, b: &DeviceVector<T>) -> Result<DeviceVector<T>>
    where
        A: Invertible,
        Inv<A>: DeviceAction<Scalar = T>,
    {
        let n = self.a.nrows();
        if b.is_empty() && n > 0 {
            return Err(Error::ShapeMismatch { op: "solve", left: self.shape(), right: (0, 1) });
        }
        if !b.try_norm()?.lane_f64(0).is_finite() {
            return Err(Error::non_finite("the right-hand side"));
        }
        self.applied("solve", &self.a.inverse_rule()?, false, b)
    }
    /// A^(1/2).
    ///
    /// # Errors
    /// `NegativeEigenvalue`, `NonFinite`, `Device`.
    pub fn sqrt(&self) -> Result<OnDevice<Pow<A>>>
    where
        A: HasPower,
    {
        Ok(self.with(self.a.power_rule(Power::Sqrt)?))
    }
    /// A^(-1/2).
    ///
    /// # Errors
    /// As [`sqrt`](OnDevice::sqrt), and `Singular`.
    pub fn isqrt(&self) -> Result<OnDevice<Pow<A>>>
    where
        A: HasPower,
    {
        Ok(self.with(self.a.power_rule(Power::InvSqrt)?))
    }
    /// A^p.
    ///
    /// # Errors
    /// As [`isqrt`](OnDevice::isqrt).
    pub fn pow(&self, p: f64) -> Result<OnDevice<Pow<A>>>
    where
        A: HasPower,
    {
        Ok(self.with(self.a.power_rule(Power::Real(p))?))
    }
    /// e^A.
    ///
    /// # Errors
    /// `NonFinite`, `Device`.
    pub fn exp(&self) -> Result<OnDevice<Exp<A>>>
    where
        A: HasExp,
    {
        Ok(self.with(self.a.exp_rule()?))
    }
    /// (sign, log|det A|).
    ///
    /// # Errors
    /// `NotPositiveDefinite` where PSD was promised, `NonFinite`, `Device`.
    pub fn slogdet(&self) -> Result<(T, <T as Scalar>::Re)>
    where
        A: HasDet,
    {
        self.a.slogdet_rule()
    }
    /// log det A.
    ///
    /// # Errors
    /// As [`slogdet`](OnDevice::slogdet); `Singular`, and `InvalidArgument` where the determinant is negative.
    pub fn logdet(&self) -> Result<<T as Scalar>::Re>
    where
        A: HasDet,
    {
        let (sign, log) = self.a.slogdet_rule()?;
        match sign.lane_f64(0) {
            s if s > 0.0 => Ok(log),
            0.0 => Err(Error::Singular { index: 0 }),
            _ => Err(Error::invalid("logdet: the determinant is negative; `slogdet` returns its sign and log|det|")),
        }
    }
    /// b^T A^-1 b.
    ///
    /// # Errors
    /// As [`solve`](OnDevice::solve).
    pub fn inv_quad(&self, b: &DeviceVector<T>) -> Result<T>
    where
        A: Invertible,
        Inv<A>: DeviceAction<Scalar = T>,
    {
        b.try_dot(&self.solve(b)?)
    }
    /// A^-1 b by conjugate gradients on the device: 4 vectors, and two numbers come to the host in each iteration.
    ///
    /// # Errors
    /// `NotPositiveDefinite`, `NotConverged`, `Breakdown`, `NonFinite`, `ShapeMismatch`, `Device`.
    pub fn cg(&self, options: Iterate, b: &DeviceVector<T>) -> Result<Solution<DeviceVector<T>>>
    where
        A: DeviceAction,
        <A::Facts as Facts>::Psd: PsdOf<A>,
    {
        self.iterated("CG", b, 3, |products, n, b, x, work| {
            let [r, p, q, z] = <[_; 4]>::try_from(work).map_err(|_| Error::invalid("four vectors"))?;
            cg_on(products, n, b, x, [r, p, q, z], &mut options.params())
        })
    }
    /// A^-1 b by MINRES on the device: 8 vectors.
    ///
    /// # Errors
    /// As [`cg`](OnDevice::cg).
    pub fn minres(&self, options: Iterate, b: &DeviceVector<T>) -> Result<Solution<DeviceVector<T>>>
    where
        A: DeviceAction,
        <A::Facts as Facts>::SelfAdjoint: SelfAdjointOf<A>,
    {
        self.iterated("MINRES", b, 6, |products, n, b, x, work| {
            let work = <[_; 7]>::try_from(work).map_err(|_| Error::invalid("seven vectors"))?;
            minres_on(products, n, b, x, work, &mut options.params())
        })
    }
    /// A^-1 b by restarted GMRES on the device: as many vectors as the restart says, and 4.
    ///
    /// # Errors
    /// As [`cg`](OnDevice::cg).
    pub fn gmres(&self, options: Iterate, b: &DeviceVector<T>) -> Result<Solution<DeviceVector<T>>>
    where
        A: DeviceAction,
    {
        let most = options.max_iters.unwrap_or(usize::MAX);
        let steps = options.restart.unwrap_or(50).min(b.len()).min(most).max(1);
        self.iterated("GMRES", b, steps + 1, |products, n, b, x, work| {
            let mut work = work.into_iter();
            let Some(r) = work.next() else { return Err(Error::invalid("a vector")) };
            let mut basis: Vec<&mut DeviceVector<T>> = work.collect();
            gmres_on(products, n, b, x, r, &mut basis, &mut [], &mut options.params())
        })
    }
    /// Runs an iteration with `extra` + 1 vectors of scratch; failures of the device that it could not return are its failure.
    fn iterated(
        &self,
        op: &'static str,
        b: &DeviceVector<T>,
        extra: usize,
        run: impl FnOnce(
            &mut dyn Products<DeviceVector<T>>,
            usize,
            &DeviceVector<T>,
            &mut DeviceVector<T>,
            Vec<&mut DeviceVector<T>>,
        ) -> Result<Report>,
    ) -> Result<Solution<DeviceVector<T>>>
    where
        A: DeviceAction,
    {
        let (rows, n) = self.shape();
        if rows != n || b.len() != n {
            return Err(Error::ShapeMismatch { op, left: self.shape(), right: (b.len(), 1) });
        }
        self.gpu.same_device(b.device())?;
        let mut x = self.gpu.reserve::<T>(n)?;
        x.try_fill(T::default())?;
        let mut work = (0..=extra).map(|_| self.gpu.reserve::<T>(n)).collect::<Result<Vec<_>>>()?;
        let mut products = OfOperator { gpu: &self.gpu, a: &self.a };
        let report = self.gpu.with_notes(|| run(&mut products, n, b, &mut x, work.iter_mut().collect()))?;
        Ok(Solution { x, report })
    }
}
impl Iterate {
    /// With this tolerance.
    pub fn tol(self, tol: f64) -> Self {
        Iterate { tol: Some(tol), ..self }
    }
    /// With at most so many iterations.
    pub fn max_iters(self, n: usize) -> Self {
        Iterate { max_iters: Some(n), ..self }
    }
    fn params(self) -> Params<'static> {
        Params { tol: self.tol, max_iters: self.max_iters, restart: self.restart, ..Params::default() }
    }
}
/// The products of an iteration.
struct OfOperator<'a, A> {
    gpu: &'a Cuda,
    a: &'a A,
}
impl<T: DeviceScalar + Real, A: DeviceAction<Scalar = T>> Products<DeviceVector<T>> for OfOperator<'_, A> {
    fn apply(&mut self, x: &DeviceVector<T>, y: &mut DeviceVector<T>) -> Result<()> {
        let n = x.len();
        self.a.act_on(self.gpu, Update::replace(), Span::new(x, n, 1)?, SpanMut::new(y, n, 1)?)
    }
    fn precondition(&mut self, x: &DeviceVector<T>, y: &mut DeviceVector<T>) -> Result<()> {
        y.try_axpby(T::of(1.0), x, T::default())
    }
    fn preconditioned(&self) -> bool {
        false
    }
}
