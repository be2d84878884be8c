//! A stored matrix on a device, and its factors by cuSOLVER.

use super::span::{product, scaled};
use super::{DeviceAction, Span, SpanMut};
use crate::device::Cuda;
use crate::libraries::address;
use crate::libraries::solver::{Factors, eigh, svd};
use crate::vector::{DeviceNumber, DeviceVector};
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
pub struct CudaDense<T: DeviceNumber> {
    pub(super) data: Arc<DeviceVector<T>>,
    shape: (usize, usize),
}
impl<T: DeviceNumber> CudaDense<T> {
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
    /// The entries, column-major.
    pub fn entries(&self) -> &DeviceVector<T> {
        &self.data
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
impl<T: DeviceNumber> Operator for CudaDense<T> {
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
impl<T: DeviceNumber> DeviceAction for CudaDense<T> {
    fn act_on(&self, gpu: &Cuda, how: Update<T>, x: Span<'_, T>, y: SpanMut<'_, T>) -> Result<()> {
        product(gpu, how, (address(&self.data), self.shape.0, self.shape.1), x, y)
    }
}

/// The inverse of a stored matrix by its factors: Cholesky if PSD is known, LU with partial pivoting else.
pub struct CudaFactored<T: DeviceNumber, K> {
    factors: Arc<Factors<T>>,
    facts: PhantomData<fn() -> K>,
}
impl<T: DeviceNumber, K> std::fmt::Debug for CudaFactored<T, K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CudaFactored({:?})", self.factors)
    }
}
impl<T: DeviceNumber, K> Clone for CudaFactored<T, K> {
    fn clone(&self) -> Self {
        CudaFactored { factors: self.factors.clone(), facts: PhantomData }
    }
}
impl<T: DeviceNumber, K: Facts> Operator for CudaFactored<T, K> {
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
impl<T: DeviceNumber, K: Facts> DeviceAction for CudaFactored<T, K> {
    fn act_on(&self, gpu: &Cuda, how: Update<T>, x: Span<'_, T>, y: SpanMut<'_, T>) -> Result<()> {
        // the library solves in place, without gaps
        let columns = x.cols * x.layers;
        let mut b = gpu.reserve::<T>(x.rows * columns)?;
        scaled(gpu, how.first(), x, SpanMut::packed(&mut b, x.rows, x.cols, x.layers)?)?;
        self.factors.solve(gpu, how.adjoint, address(&b), columns)?;
        scaled(gpu, how, Span::packed(&b, x.rows, x.cols, x.layers)?, y)
    }
}
// A^-1 by Cholesky if PSD, LU else
impl<K: Facts, T: DeviceNumber> InverseRule<K> for CudaDense<T> {
    type Output = CudaFactored<T, K>;
    fn inverse_rule(&self) -> Result<Self::Output> {
        let (a, n) = self.square("inverse")?;
        Ok(CudaFactored { factors: Arc::new(Factors::new(a, n, K::Psd::KNOWN)?), facts: PhantomData })
    }
}
// det A from the same factors
impl<K: Facts, T: DeviceNumber> DetRule<K> for CudaDense<T> {
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
impl<K: Facts<SelfAdjoint: SelfAdjointOf<CudaDense<T>>>, T: DeviceNumber> EighRule<K> for CudaDense<T> {
    type Basis = Unitary<CudaDense<T>>;
    fn eigh_rule(&self) -> Result<Spectral<Self::Basis, SelfAdjointFacts>> {
        let (a, n) = self.square("eigh")?;
        let (v, w) = eigh(a, n)?;
        let mut values = cola_core::Column::filled(n, T::Re::real(0.0));
        values.copy_from_slice(&w);
        Ok(Spectral::from_parts(Unitary(CudaDense::of(v, n, n)), values))
    }
}
type Root<T, K> = Spectral<Unitary<CudaDense<T>>, FactSet<Known, <K as Facts>::Psd, Unknown, Unknown>>;
/// The eigenvalues where a root or a logarithm is known to exist: self-adjoint, or PSD, which implies it.
fn spectrum<T: DeviceNumber>(a: &CudaDense<T>) -> Result<Spectral<Unitary<CudaDense<T>>, SelfAdjointFacts>> {
    EighRule::<SelfAdjointFacts>::eigh_rule(a)
}
// A^p = V diag(w^p) V^T
impl<K: Facts<SelfAdjoint: RootOf<CudaDense<T>>>, T: DeviceNumber> PowerRule<K> for CudaDense<T> {
    type Output = Root<T, K>;
    fn power_rule(&self, p: Power) -> Result<Self::Output> {
        spectrum(self)?.power(p)
    }
}
// e^A = V diag(e^w) V^T
impl<K: Facts<SelfAdjoint: SelfAdjointOf<CudaDense<T>>>, T: DeviceNumber> ExpRule<K> for CudaDense<T> {
    type Output = Spectral<Unitary<CudaDense<T>>, PsdFacts>;
    fn exp_rule(&self) -> Result<Self::Output> {
        spectrum(self)?.exp()
    }
}
// log A = V diag(log w) V^T
impl<K: Facts<SelfAdjoint: RootOf<CudaDense<T>>>, T: DeviceNumber> LogRule<K> for CudaDense<T> {
    type Output = Spectral<Unitary<CudaDense<T>>, SelfAdjointFacts>;
    fn log_rule(&self) -> Result<Self::Output> {
        spectrum(self)?.log()
    }
}

/// A = U diag(s) V^H of a matrix on a device: U and V have orthonormal columns, the s descend.
#[derive(Clone, Debug)]
pub struct CudaSvd<T: DeviceNumber> {
    /// m x k, k the smaller size.
    pub u: CudaDense<T>,
    /// On the host.
    pub s: Vec<T::Re>,
    /// V^H, k x n.
    pub vh: CudaDense<T>,
}
impl<T: DeviceNumber> CudaDense<T> {
    /// A = U diag(s) V^H by cuSOLVER (QR iteration); a wide matrix through its adjoint.
    ///
    /// # Errors
    /// `NonFinite`, `NotConverged`, `Device`.
    pub fn svd(&self) -> Result<CudaSvd<T>> {
        let (m, n) = self.shape;
        if m >= n {
            let (u, s, vh) = svd(self.data.duplicate()?, (m, n))?;
            return Ok(CudaSvd { u: CudaDense::of(u, m, n), s, vh: CudaDense::of(vh, n, n) });
        }
        // A^H = U' s V'^H: A = V' s U'^H
        let (u, s, vh) = svd(self.adjoint_entries()?, (n, m))?;
        let (u, vh) = (CudaDense::of(u, n, m), CudaDense::of(vh, m, m));
        Ok(CudaSvd { u: CudaDense::of(vh.adjoint_entries()?, m, m), s, vh: CudaDense::of(u.adjoint_entries()?, m, n) })
    }
    /// The entries of A^H, column-major.
    fn adjoint_entries(&self) -> Result<DeviceVector<T>> {
        let ((m, n), gpu) = (self.shape, self.data.device());
        let mut out = gpu.reserve::<T>(m * n)?;
        let from = Span::new(&self.data, m, n)?.seen(n, m, m, 1);
        super::span::conjugated(gpu, Update::replace(), from, SpanMut::new(&mut out, n, m)?)?;
        Ok(out)
    }
}
impl<T: DeviceNumber> CudaSvd<T> {
    /// The x that minimises |b - A x|, of all of them the shortest one: V diag(1 / s) U^H b over the singular values above `cut` times the
    /// largest; the machine precision times the larger size if not given. Several b lie one after another.
    ///
    /// # Errors
    /// `ShapeMismatch`, `Device`.
    pub fn least_squares(&self, b: &DeviceVector<T>, cut: Option<f64>) -> Result<DeviceVector<T>> {
        let ((m, k), n, gpu) = (self.u.shape, self.vh.shape.1, b.device());
        let columns = b.len().checked_div(m).unwrap_or(1);
        if columns * m != b.len() {
            return Err(Error::ShapeMismatch { op: "lstsq", left: (m, n), right: (b.len(), 1) });
        }
        gpu.same_device(self.u.data.device())?;
        let cut = cut.unwrap_or(m.max(n) as f64 * T::Re::epsilon().lane_f64(0));
        let largest = self.s.first().map_or(0.0, |s| s.lane_f64(0));
        let inverse = |s: &T::Re| T::of(if s.lane_f64(0) > cut * largest { 1.0 / s.lane_f64(0) } else { 0.0 });
        let w = gpu.upload(&self.s.iter().map(inverse).collect::<Vec<T>>())?;
        let (mut c, mut x) = (gpu.reserve::<T>(k * columns)?, gpu.reserve::<T>(n * columns)?);
        let (how, flip) = (Update::replace(), Update::replace().flip());
        self.u.act_on(gpu, flip, Span::new(b, m, columns)?, SpanMut::new(&mut c, k, columns)?)?;
        super::span::diagonal_in_place(gpu, how, Span::new(&w, k, 1)?, SpanMut::new(&mut c, k, columns)?)?;
        self.vh.act_on(gpu, flip, Span::new(&c, k, columns)?, SpanMut::new(&mut x, n, columns)?)?;
        Ok(x)
    }
}
