//! An operator on a device, with what every operator has.

use super::steps::OfOperator;
use super::{CudaDense, CudaSvd, Offloaded};
use super::{DeviceAction, Span, SpanMut};
use crate::device::Cuda;
use crate::vector::{DeviceNumber, DeviceVector};
use cola_core::algorithms::krylov::{
    Params, Products, Report, Sides, Solution, bicgstab_on, bicgstab_vectors, cg_columns_on, cg_on, craig_on, gmres_on,
    lsmr_on, lsqr_on, minres_on, symmlq_on, tfqmr_on,
};
use cola_core::functions::{Exp, HasDet, HasEigh, HasExp, HasLog, HasPower, Inv, Invertible, Log, Pow, Power};
use cola_core::{Error, Facts, Operator, PsdOf, Real, Result, Scalar, SelfAdjointOf, Spectral, Update, WithFacts};

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
    /// GMRES: vectors kept before it starts again, 50 if not given; BiCGStab: the degree, 2 if not given.
    pub restart: Option<usize>,
    /// Conjugate gradients: the host waits for the device after so many iterations, whose scalars stay on the device; 1 if not given.
    pub check: Option<usize>,
    /// Conjugate gradients: see [`graph`](Iterate::graph).
    pub graph: bool,
}
impl<A> OnDevice<A> {
    /// An operator whose leaves are on `gpu` already.
    pub fn new(gpu: &Cuda, a: A) -> Self {
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
    /// Its device.
    pub fn gpu(&self) -> &Cuda {
        &self.gpu
    }
    fn with<B>(&self, b: B) -> OnDevice<B> {
        OnDevice::new(&self.gpu, b)
    }
}
impl<T: DeviceNumber, A: Operator<Scalar = T>> OnDevice<A> {
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
    /// y <- A x, into memory that is there; several vectors lie one after another.
    ///
    /// # Errors
    /// As [`apply`](OnDevice::apply).
    pub fn apply_into(&self, x: &DeviceVector<T>, y: &mut DeviceVector<T>) -> Result<()>
    where
        A: DeviceAction,
    {
        let (rows, cols) = self.shape();
        let k = x.len().checked_div(cols).unwrap_or(1);
        if k == 0 || cols * k != x.len() || rows * k != y.len() {
            return Err(Error::ShapeMismatch { op: "apply_into", left: (rows, cols), right: (x.len(), y.len()) });
        }
        self.gpu.same_device(x.device())?;
        self.gpu.same_device(y.device())?;
        self.a.act_on(&self.gpu, Update::replace(), Span::new(x, cols, k)?, SpanMut::new(y, rows, k)?)
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
    /// log A.
    ///
    /// # Errors
    /// `NegativeEigenvalue`, `Singular`, `NonFinite`, `Device`.
    pub fn log(&self) -> Result<OnDevice<Log<A>>>
    where
        A: HasLog,
    {
        Ok(self.with(self.a.log_rule()?))
    }
    /// A = V diag(w) V^H: the eigenvalues on the host, the eigenvectors on the device.
    ///
    /// # Errors
    /// `NonFinite`, `NotConverged`, `Device`.
    pub fn eigh(&self) -> Result<OnDevice<Spectral<A::Basis>>>
    where
        A: HasEigh,
    {
        Ok(self.with(self.a.eigh_rule()?))
    }
    /// All entries on the device, with what is known of A: A applied to the identity. It then has the functions of a stored matrix, which
    /// is the base case where a structure has no rule of its own.
    ///
    /// # Errors
    /// `Device`, where there is no memory for m x n numbers.
    pub fn to_dense(&self) -> Result<OnDevice<WithFacts<CudaDense<T>, A::Facts>>>
    where
        A: DeviceAction,
    {
        let (m, n) = self.shape();
        let size = n.checked_mul(n).filter(|&k| k <= isize::MAX as usize / 16);
        let Some(size) = size else {
            return Err(Error::invalid(format!("{m} x {n} entries are more than any memory holds")));
        };
        let mut eye = self.gpu.reserve::<T>(size)?;
        eye.try_fill(T::default())?;
        let ones = self.gpu.upload(&vec![T::of(1.0); n])?;
        // the diagonal is every (n + 1)-th number
        let to = SpanMut::new(&mut eye, n, n)?.seen(n, 1, n + 1, 1);
        super::span::scaled(&self.gpu, Update::replace(), Span::new(&ones, n, 1)?, to)?;
        let mut y = self.gpu.reserve::<T>(m * n)?;
        self.a.act_on(&self.gpu, Update::replace(), Span::new(&eye, n, n)?, SpanMut::new(&mut y, m, n)?)?;
        Ok(self.with(WithFacts::promised(CudaDense::of(y, m, n))))
    }
    /// A = U diag(s) V^H by cuSOLVER, from all entries.
    ///
    /// # Errors
    /// `NonFinite`, `NotConverged`, `Device`.
    pub fn svd(&self) -> Result<CudaSvd<T>>
    where
        A: DeviceAction,
    {
        self.to_dense()?.a.inner().svd()
    }
    /// The x that minimises |b - A x|, of all of them the shortest one, by singular values.
    ///
    /// # Errors
    /// As [`svd`](OnDevice::svd), and `ShapeMismatch`.
    pub fn lstsq(&self, b: &DeviceVector<T>) -> Result<DeviceVector<T>>
    where
        A: DeviceAction,
    {
        crate::libraries::solver::finite(b, "the right-hand side")?;
        self.svd()?.least_squares(b, None)
    }
    /// The operator as one of the host, whose products run on the device: for algorithms of the host that have no form on device vectors.
    ///
    /// ```
    /// # fn main() -> cola_core::Result<()> {
    /// # if !cola_cuda::Cuda::probe().is_usable() { return Ok(()) }
    /// use cola_core::prelude::*;
    /// use cola_cuda::{Cuda, ToDeviceExt};
    ///
    /// let gpu = Cuda::new(0)?;
    /// let a = Psd::new(Diagonal::new((1..=500).map(f64::from).collect::<Vec<_>>())).to_device(&gpu)?;
    /// let largest = a.offloaded().eigs_with(Lobpcg::default(), 2, Which::LargestAlgebraic)?;
    /// assert!((largest.eigenvalues()[0] - 500.0).abs() < 1e-6);
    /// # Ok(())
    /// # }
    /// ```
    pub fn offloaded(&self) -> Offloaded<A>
    where
        A: DeviceAction + Clone,
    {
        Offloaded(self.clone())
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
        match sign.re().lane_f64(0) {
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
    /// A^-1 b by conjugate gradients on the device: 4 vectors. Two numbers come to the host in each iteration, or with
    /// [`check`](Iterate::check) three for each of several iterations at once.
    ///
    /// # Errors
    /// `NotPositiveDefinite`, `NotConverged`, `Breakdown`, `NonFinite`, `ShapeMismatch`, `Device`.
    pub fn cg(&self, options: Iterate, b: &DeviceVector<T>) -> Result<Solution<DeviceVector<T>>>
    where
        A: DeviceAction,
        <A::Facts as Facts>::Psd: PsdOf<A>,
    {
        let run = |gpu: &Cuda, x: &DeviceVector<T>, y: &mut DeviceVector<T>| self.product(gpu, false, x, y);
        self.iterated("CG", b, 4, &mut OfOperator::new(&self.gpu, run, None).in_steps(options), |by, n, b, x, work| {
            let [r, p, q, z] = exactly(work)?;
            cg_on(by, n, b, x, [r, p, q, z], &mut options.params())
        })
    }
    /// The same with a preconditioner: an operator near the inverse of A.
    ///
    /// # Errors
    /// As [`cg`](OnDevice::cg); `InvalidArgument` where the preconditioner is not positive definite.
    pub fn cg_with<P: DeviceAction<Scalar = T>>(
        &self,
        preconditioner: &OnDevice<P>,
        options: Iterate,
        b: &DeviceVector<T>,
    ) -> Result<Solution<DeviceVector<T>>>
    where
        A: DeviceAction,
        <A::Facts as Facts>::Psd: PsdOf<A>,
    {
        if preconditioner.shape() != self.shape() {
            let (left, right) = (self.shape(), preconditioner.shape());
            return Err(Error::ShapeMismatch { op: "preconditioner", left, right });
        }
        self.gpu.same_device(&preconditioner.gpu)?;
        let run = |gpu: &Cuda, x: &DeviceVector<T>, y: &mut DeviceVector<T>| self.product(gpu, false, x, y);
        let m = |gpu: &Cuda, x: &DeviceVector<T>, y: &mut DeviceVector<T>| preconditioner.product(gpu, false, x, y);
        self.iterated("CG", b, 4, &mut OfOperator::new(&self.gpu, run, Some(&m)), |by, n, b, x, work| {
            let [r, p, q, z] = exactly(work)?;
            cg_on(by, n, b, x, [r, p, q, z], &mut options.params())
        })
    }
    /// A^-1 B for right-hand sides one after another, by conjugate gradients of each with products of all that have not converged: 4 vectors for
    /// each and one more.
    ///
    /// # Errors
    /// As [`cg`](OnDevice::cg): of all columns the first that cannot go on at once; `NotConverged` and `Breakdown` after the others are done.
    pub fn cg_columns(&self, options: Iterate, b: &DeviceVector<T>) -> Result<Solution<DeviceVector<T>>>
    where
        A: DeviceAction,
        <A::Facts as Facts>::Psd: PsdOf<A>,
    {
        self.gpu.same_device(b.device())?;
        let mut x = self.gpu.zeros::<T>(b.len())?;
        let mut by = self.blocks();
        let report = self.gpu.with_notes(|| cg_columns_on(&mut by, None, b, &mut x, &mut options.params()))?;
        Ok(Solution { x, report })
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
        let run = |gpu: &Cuda, x: &DeviceVector<T>, y: &mut DeviceVector<T>| self.product(gpu, false, x, y);
        self.iterated("MINRES", b, 7, &mut OfOperator::new(&self.gpu, run, None), |by, n, b, x, work| {
            minres_on(by, n, b, x, exactly(work)?, &mut options.params())
        })
    }
    /// A^-1 b by SYMMLQ on the device, of a singular A the shortest solution: 7 vectors.
    ///
    /// # Errors
    /// As [`cg`](OnDevice::cg).
    pub fn symmlq(&self, options: Iterate, b: &DeviceVector<T>) -> Result<Solution<DeviceVector<T>>>
    where
        A: DeviceAction,
        <A::Facts as Facts>::SelfAdjoint: SelfAdjointOf<A>,
    {
        let run = |gpu: &Cuda, x: &DeviceVector<T>, y: &mut DeviceVector<T>| self.product(gpu, false, x, y);
        self.iterated("SYMMLQ", b, 6, &mut OfOperator::new(&self.gpu, run, None), |by, n, b, x, work| {
            symmlq_on(by, n, b, x, exactly(work)?, &mut options.params())
        })
    }
    /// A^-1 b by TFQMR on the device: 8 vectors.
    ///
    /// # Errors
    /// As [`cg`](OnDevice::cg).
    pub fn tfqmr(&self, options: Iterate, b: &DeviceVector<T>) -> Result<Solution<DeviceVector<T>>>
    where
        A: DeviceAction,
    {
        let run = |gpu: &Cuda, x: &DeviceVector<T>, y: &mut DeviceVector<T>| self.product(gpu, false, x, y);
        let more = &mut [self.gpu.zeros::<T>(0)?, self.gpu.zeros::<T>(0)?];
        self.iterated("TFQMR", b, 7, &mut OfOperator::new(&self.gpu, run, None), |by, n, b, x, work| {
            tfqmr_on(by, n, b, x, exactly(work)?, more.each_mut(), &mut options.params())
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
        let run = |gpu: &Cuda, x: &DeviceVector<T>, y: &mut DeviceVector<T>| self.product(gpu, false, x, y);
        let by = &mut OfOperator::new(&self.gpu, run, None);
        self.iterated("GMRES", b, steps + 2, by, |by, n, b, x, work| {
            let mut work = work.into_iter();
            let Some(r) = work.next() else { return Err(Error::invalid("a vector")) };
            let mut basis: Vec<&mut DeviceVector<T>> = work.collect();
            gmres_on(by, n, b, x, r, &mut basis, &mut [], &mut options.params())
        })
    }
    /// A^-1 b by BiCGStab(l) on the device: 2 l + 6 vectors.
    ///
    /// # Errors
    /// As [`cg`](OnDevice::cg).
    pub fn bicgstab(&self, options: Iterate, b: &DeviceVector<T>) -> Result<Solution<DeviceVector<T>>>
    where
        A: DeviceAction,
    {
        let vectors = bicgstab_vectors(&options.params(), false);
        let run = |gpu: &Cuda, x: &DeviceVector<T>, y: &mut DeviceVector<T>| self.product(gpu, false, x, y);
        let by = &mut OfOperator::new(&self.gpu, run, None);
        self.iterated("BiCGStab", b, vectors, by, |by, n, b, x, work| {
            let mut work = work.into_iter();
            let Some(outer) = work.next() else { return Err(Error::invalid("a vector")) };
            let mut rest: Vec<&mut DeviceVector<T>> = work.collect();
            bicgstab_on(by, n, b, x, outer, &mut rest, &mut options.params())
        })
    }
    /// The x that minimises |b - A x| for an A of any shape, by LSMR on the device: one vector of m numbers and 5 of n.
    ///
    /// # Errors
    /// `NotConverged`, `NonFinite`, `ShapeMismatch`, `Device`.
    pub fn lsmr(&self, options: Iterate, b: &DeviceVector<T>) -> Result<Solution<DeviceVector<T>>>
    where
        A: DeviceAction,
    {
        self.least_squares("LSMR", options, b, lsmr_on)
    }
    /// The same by LSQR.
    ///
    /// # Errors
    /// As [`lsmr`](OnDevice::lsmr).
    pub fn lsqr(&self, options: Iterate, b: &DeviceVector<T>) -> Result<Solution<DeviceVector<T>>>
    where
        A: DeviceAction,
    {
        self.least_squares("LSQR", options, b, lsqr_on)
    }
    /// The shortest x with A x = b, for b in the range of an A of any shape, by Craig's method on the device.
    ///
    /// # Errors
    /// As [`lsmr`](OnDevice::lsmr), and `Breakdown` where b is not in the range.
    pub fn craig(&self, options: Iterate, b: &DeviceVector<T>) -> Result<Solution<DeviceVector<T>>>
    where
        A: DeviceAction,
    {
        self.least_squares("CRAIG", options, b, craig_on)
    }
    fn least_squares(
        &self,
        op: &'static str,
        options: Iterate,
        b: &DeviceVector<T>,
        run: LeastSquaresOn<T>,
    ) -> Result<Solution<DeviceVector<T>>>
    where
        A: DeviceAction,
    {
        let (m, n) = self.shape();
        if b.len() != m {
            return Err(Error::ShapeMismatch { op, left: (m, n), right: (b.len(), 1) });
        }
        self.gpu.same_device(b.device())?;
        let new = |n: usize| -> Result<DeviceVector<T>> {
            let mut v = self.gpu.reserve::<T>(n)?;
            v.try_fill(T::default())?;
            Ok(v)
        };
        let (mut x, mut u, mut work) = (new(n)?, new(m)?, (0..4).map(|_| new(n)).collect::<Result<Vec<_>>>()?);
        let mut by = OfRectangle(self);
        let report = self.gpu.with_notes(|| {
            run(&mut by, (m, n), b, &mut x, &mut u, exactly(work.iter_mut().collect())?, &mut options.params())
        })?;
        Ok(Solution { x, report })
    }
    /// y <- op(A) x for one vector.
    fn product(&self, gpu: &Cuda, adjoint: bool, x: &DeviceVector<T>, y: &mut DeviceVector<T>) -> Result<()>
    where
        A: DeviceAction,
    {
        let (m, n) = (y.len(), x.len());
        let how = Update { adjoint, ..Update::replace() };
        self.a.act_on(gpu, how, Span::new(x, n, 1)?, SpanMut::new(y, m, 1)?)
    }
    /// Runs an iteration with so many vectors of scratch; failures of the device that it could not return are its failure.
    fn iterated(
        &self,
        op: &'static str,
        b: &DeviceVector<T>,
        vectors: usize,
        by: &mut dyn Products<DeviceVector<T>>,
        run: impl FnOnce(
            &mut dyn Products<DeviceVector<T>>,
            usize,
            &DeviceVector<T>,
            &mut DeviceVector<T>,
            Vec<&mut DeviceVector<T>>,
        ) -> Result<Report>,
    ) -> Result<Solution<DeviceVector<T>>> {
        let (rows, n) = self.shape();
        if rows != n || b.len() != n {
            return Err(Error::ShapeMismatch { op, left: self.shape(), right: (b.len(), 1) });
        }
        self.gpu.same_device(b.device())?;
        let mut x = self.gpu.reserve::<T>(n)?;
        x.try_fill(T::default())?;
        let mut work = (0..vectors).map(|_| self.gpu.reserve::<T>(n)).collect::<Result<Vec<_>>>()?;
        let report = self.gpu.with_notes(|| run(by, n, b, &mut x, work.iter_mut().collect()))?;
        Ok(Solution { x, report })
    }
}
impl<T, A, B> OnDevice<cola_core::KronSum<A, B>>
where
    T: DeviceNumber,
    A: HasEigh<Scalar = T>,
    B: HasEigh<Scalar = T>,
{
    /// A x I + I x B = (V x W) diag(a_i + b_j) (V x W)^H by the eigenvectors of self-adjoint factors (Lynch, Rice & Thomas, Numer. Math. 6,
    /// 1964): the result has `solve`, `sqrt`, `logdet` and all other functions, at the cost of the factors' eigenproblems.
    ///
    /// # Errors
    /// As [`eigh`](OnDevice::eigh).
    pub fn fast_diagonalisation(&self) -> Result<OnDevice<Spectral<cola_core::Kron<A::Basis, B::Basis>>>> {
        let ((v, a), (w, b)) = (self.a.0.eigh_rule()?.into_parts(), self.a.1.eigh_rule()?.into_parts());
        let mut sums = cola_core::Column::filled(a.len() * b.len(), T::Re::default());
        for (i, s) in sums.iter_mut().enumerate() {
            *s = a[i / b.len()] + b[i % b.len()];
        }
        Ok(self.with(Spectral::from_parts(cola_core::Kron(v, w), sums)))
    }
}
/// One of the methods for systems of any shape.
type LeastSquaresOn<T> = fn(
    &mut dyn Sides<DeviceVector<T>>,
    (usize, usize),
    &DeviceVector<T>,
    &mut DeviceVector<T>,
    &mut DeviceVector<T>,
    [&mut DeviceVector<T>; 4],
    &mut Params<'_>,
) -> Result<Report>;
fn exactly<V, const K: usize>(work: Vec<V>) -> Result<[V; K]> {
    <[V; K]>::try_from(work).map_err(|_| Error::invalid(format!("an iteration wants {K} vectors")))
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
    /// With this restart, or degree.
    pub fn restart(self, n: usize) -> Self {
        Iterate { restart: Some(n), ..self }
    }
    /// With so many iterations between two looks of the host at them.
    pub fn check(self, n: usize) -> Self {
        Iterate { check: Some(n), ..self }
    }
    /// With the iterations between two looks of the host recorded once as a CUDA graph and replayed: one launch an iteration instead of six,
    /// which small systems wait for. A product that cannot be recorded (one that waits for the device) runs as without.
    ///
    /// While it records, whatever other threads queue by clones of this [`Cuda`] would be recorded and not run: they must wait.
    pub fn graph(self) -> Self {
        Iterate { graph: true, ..self }
    }
    pub(super) fn params(self) -> Params<'static> {
        Params {
            tol: self.tol,
            strict: self.tol.is_some(),
            max_iters: self.max_iters,
            restart: self.restart,
            ..Params::default()
        }
    }
}
/// The products of least squares.
struct OfRectangle<'a, A>(&'a OnDevice<A>);
impl<A: DeviceAction> OfRectangle<'_, A> {
    fn act(&self, how: Update<A::Scalar>, x: &DeviceVector<A::Scalar>, y: &mut DeviceVector<A::Scalar>) -> Result<()> {
        let (m, n) = (y.len(), x.len());
        self.0.a.act_on(&self.0.gpu, how, Span::new(x, n, 1)?, SpanMut::new(y, m, 1)?)
    }
}
type Re<A> = <<A as Operator>::Scalar as Scalar>::Re;
impl<A: DeviceAction> Sides<DeviceVector<A::Scalar>> for OfRectangle<'_, A> {
    fn forward(&mut self, x: &DeviceVector<A::Scalar>, c: Re<A>, y: &mut DeviceVector<A::Scalar>) -> Result<()> {
        y.try_scale(A::Scalar::from_re(c))?;
        self.act(Update::replace().add(), x, y)
    }
    fn backward(&mut self, x: &DeviceVector<A::Scalar>, c: Re<A>, y: &mut DeviceVector<A::Scalar>) -> Result<()> {
        y.try_scale(A::Scalar::from_re(c))?;
        self.act(Update::replace().flip().add(), x, y)
    }
    fn residual(
        &mut self,
        b: &DeviceVector<A::Scalar>,
        x: &DeviceVector<A::Scalar>,
        u: &mut DeviceVector<A::Scalar>,
    ) -> Result<()> {
        u.try_axpby(A::Scalar::of(1.0), b, A::Scalar::default())?;
        self.act(Update { alpha: A::Scalar::of(-1.0), ..Update::replace() }.add(), x, u)
    }
    fn update(&mut self, r: Re<A>, d: &DeviceVector<A::Scalar>, x: &mut DeviceVector<A::Scalar>) -> Result<()> {
        x.try_axpby(A::Scalar::from_re(r), d, A::Scalar::of(1.0))
    }
}
