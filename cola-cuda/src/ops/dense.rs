//! A stored matrix on a device, and its factors by cuSOLVER.

use super::solver::{Factors, eigh};
use super::span::{product, scaled};
use super::{DeviceAction, Span, SpanMut};
use crate::device::Cuda;
use crate::vector::{DeviceScalar, DeviceVector};
use cola_core::functions::{DetRule, EighRule, ExpRule, InverseRule, LogRule, Power, PowerRule};
use cola_core::space::Dyn;
use cola_core::{
    Error, Fact, FactSet, Facts, InverseFacts, Known, NoFacts, Operator, PsdFacts, Real, Result, RootOf,
    SelfAdjointFacts, SelfAdjointOf, Spectral, Unitary, Unknown, Update,
};
use std::marker::PhantomData;
use std::sync::Arc;

/// A matrix whose every entry is stored on a device, column-major.
#[derive(Clone, Debug)]
pub struct CudaDense<T: DeviceScalar> {
    pub(super) data: Arc<DeviceVector<T>>,
    shape: (usize, usize),
}
impl<T: DeviceScalar> CudaDense<T> {
    /// From its entries, column-major.
    ///
    /// # Errors
    /// `ShapeMismatch` where there are not rows x cols of them; `Device`.
    pub fn new(gpu: &Cuda, entries: &[T], rows: usize, cols: usize) -> Result<Self> {
        if rows.checked_mul(cols) != Some(entries.len()) {
            let (left, right) = ((rows, cols), (entries.len(), 1));
            return Err(Error::ShapeMismatch { op: "a matrix on a device", left, right });
        }
        Ok(Self::of(gpu.upload(entries)?, rows, cols))
    }
    pub(super) fn of(data: DeviceVector<T>, rows: usize, cols: usize) -> Self {
        CudaDense { data: Arc::new(data), shape: (rows, cols) }
    }
    fn span(&self) -> Result<Span<'_, T>> {
        Span::new(&self.data, self.shape.0, self.shape.1)
    }
    /// A copy to be factored in place, with its size.
    fn square(&self, op: &'static str) -> Result<(DeviceVector<T>, usize)> {
        let (m, n) = self.shape;
        if m != n {
            return Err(Error::ShapeMismatch { op, left: (m, n), right: (n, m) });
        }
        Ok((self.data.duplicate()?, n))
    }
}
impl<T: DeviceScalar + Real> Operator for CudaDense<T> {
    type Scalar = T;
    type Facts = NoFacts;
    type Class = cola_core::General;
    type Rows = Dyn;
    type Cols = Dyn;
    const HOLDS_DENSE: bool = true;
    fn nrows(&self) -> usize {
        self.shape.0
    }
    fn ncols(&self) -> usize {
        self.shape.1
    }
}
impl<T: DeviceScalar + Real> DeviceAction for CudaDense<T> {
    fn act_on(&self, gpu: &Cuda, how: Update<T>, x: Span<'_, T>, y: SpanMut<'_, T>) -> Result<()> {
        product(gpu, how, self.span()?, x, y)
    }
}

/// The inverse of a stored matrix by its factors: Cholesky if PSD is known, LU with partial pivoting else.
#[derive(Debug)]
pub struct CudaFactored<T: DeviceScalar, K> {
    factors: Arc<Factors<T>>,
    facts: PhantomData<fn() -> K>,
}
impl<T: DeviceScalar, K> Clone for CudaFactored<T, K> {
    fn clone(&self) -> Self {
        CudaFactored { factors: self.factors.clone(), facts: PhantomData }
    }
}
impl<T: DeviceScalar + Real, K: Facts> Operator for CudaFactored<T, K> {
    type Scalar = T;
    type Facts = InverseFacts<K>;
    type Class = cola_core::General;
    type Rows = Dyn;
    type Cols = Dyn;
    const HOLDS_DENSE: bool = true;
    fn nrows(&self) -> usize {
        self.factors.n
    }
    fn ncols(&self) -> usize {
        self.factors.n
    }
}
impl<T: DeviceScalar + Real, K: Facts> DeviceAction for CudaFactored<T, K> {
    fn act_on(&self, gpu: &Cuda, how: Update<T>, x: Span<'_, T>, y: SpanMut<'_, T>) -> Result<()> {
        // the library solves in place, without gaps
        let mut b = gpu.reserve::<T>(x.rows * x.cols)?;
        let mut to = SpanMut::new(&mut b, x.rows, x.cols)?;
        scaled(gpu, how.first(), x, to.reborrow())?;
        self.factors.solve(gpu, how.adjoint, to.address(), x.cols)?;
        scaled(gpu, how, Span::new(&b, x.rows, x.cols)?, y)
    }
}
// A^-1 by Cholesky if PSD, LU else
impl<K: Facts, T: DeviceScalar + Real> InverseRule<K> for CudaDense<T> {
    type Output = CudaFactored<T, K>;
    fn inverse_rule(&self) -> Result<Self::Output> {
        let (a, n) = self.square("inverse")?;
        Ok(CudaFactored { factors: Arc::new(Factors::new(a, n, K::Psd::KNOWN)?), facts: PhantomData })
    }
}
// det A from the same factors
impl<K: Facts, T: DeviceScalar + Real> DetRule<K> for CudaDense<T> {
    fn slogdet_rule(&self) -> Result<(T, T::Re)> {
        let (a, n) = self.square("slogdet")?;
        let minus_infinity = T::Re::real(f64::NEG_INFINITY);
        match Factors::new(a, n, K::Psd::KNOWN) {
            Ok(f) => f.slogdet(),
            Err(Error::Singular { .. }) => Ok((T::of(0.0), minus_infinity)),
            Err(e) => Err(e),
        }
    }
}
// A = V diag(w) V^T
impl<K: Facts<SelfAdjoint: SelfAdjointOf<CudaDense<T>>>, T: DeviceScalar + Real> EighRule<K> for CudaDense<T> {
    type Basis = Unitary<CudaDense<T>>;
    fn eigh_rule(&self) -> Result<Spectral<Self::Basis, SelfAdjointFacts>> {
        let (a, n) = self.square("eigh")?;
        let (v, w) = eigh(a, n)?;
        let mut values = cola_core::Column::filled(n, T::Re::real(0.0));
        values.iter_mut().zip(&w).for_each(|(v, w)| *v = w.re());
        Ok(Spectral::from_parts(Unitary(CudaDense::of(v, n, n)), values))
    }
}
type Root<T, K> = Spectral<Unitary<CudaDense<T>>, FactSet<Known, <K as Facts>::Psd, Unknown, Unknown>>;
/// The eigenvalues where a root or a logarithm is known to exist: self-adjoint, or PSD, which implies it.
fn spectrum<T: DeviceScalar + Real>(a: &CudaDense<T>) -> Result<Spectral<Unitary<CudaDense<T>>, SelfAdjointFacts>> {
    EighRule::<SelfAdjointFacts>::eigh_rule(a)
}
// A^p = V diag(w^p) V^T
impl<K: Facts<SelfAdjoint: RootOf<CudaDense<T>>>, T: DeviceScalar + Real> PowerRule<K> for CudaDense<T> {
    type Output = Root<T, K>;
    fn power_rule(&self, p: Power) -> Result<Self::Output> {
        spectrum(self)?.power(p)
    }
}
// e^A = V diag(e^w) V^T
impl<K: Facts<SelfAdjoint: SelfAdjointOf<CudaDense<T>>>, T: DeviceScalar + Real> ExpRule<K> for CudaDense<T> {
    type Output = Spectral<Unitary<CudaDense<T>>, PsdFacts>;
    fn exp_rule(&self) -> Result<Self::Output> {
        spectrum(self)?.exp()
    }
}
// log A = V diag(log w) V^T
impl<K: Facts<SelfAdjoint: RootOf<CudaDense<T>>>, T: DeviceScalar + Real> LogRule<K> for CudaDense<T> {
    type Output = Spectral<Unitary<CudaDense<T>>, SelfAdjointFacts>;
    fn log_rule(&self) -> Result<Self::Output> {
        spectrum(self)?.log()
    }
}
