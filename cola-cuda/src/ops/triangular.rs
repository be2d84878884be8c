//! Triangular matrices on a device: products as of any stored matrix, solves by cuBLAS's substitution.

use super::span::{product, scaled};
use super::{DeviceAction, Span, SpanMut};
use crate::device::Cuda;
use crate::libraries::solver::{diagonal, finite};
use crate::libraries::{address, blas};
use crate::vector::{DeviceNumber, DeviceVector};
use cola_core::functions::{DetRule, InverseRule};
use cola_core::space::Dyn;
use cola_core::{Error, Facts, NoFacts, Operator, Real, Result, Scalar, Side, Update};
use std::marker::PhantomData;
use std::sync::Arc;

/// A triangle on a device, with zeros on the other side.
#[derive(Debug)]
pub struct CudaTriangular<T: DeviceNumber, U> {
    data: Arc<DeviceVector<T>>,
    n: usize,
    side: PhantomData<fn() -> U>,
}
/// The inverse of a triangle on a device, applied by substitution.
#[derive(Debug)]
pub struct CudaTriangularInverse<T: DeviceNumber, U>(CudaTriangular<T, U>);
impl<T: DeviceNumber, U> Clone for CudaTriangular<T, U> {
    fn clone(&self) -> Self {
        CudaTriangular { data: self.data.clone(), n: self.n, side: PhantomData }
    }
}
impl<T: DeviceNumber, U> Clone for CudaTriangularInverse<T, U> {
    fn clone(&self) -> Self {
        CudaTriangularInverse(self.0.clone())
    }
}
impl<T: DeviceNumber, U: Side> CudaTriangular<T, U> {
    /// From n x n entries, column-major; those of the other triangle must be zero.
    ///
    /// # Errors
    /// `ShapeMismatch` where there are not n x n of them; `InvalidArgument` where one of the other triangle is not zero; `Device`.
    pub fn new(gpu: &Cuda, entries: &[T], n: usize) -> Result<Self> {
        if n.checked_mul(n) != Some(entries.len()) {
            return Err(Error::ShapeMismatch { op: "a triangle on a device", left: (n, n), right: (entries.len(), 1) });
        }
        let outside = |k: usize| if U::LOWER { k % n < k / n } else { k % n > k / n };
        if let Some(k) = (0..n * n).find(|&k| outside(k) && entries[k] != T::default()) {
            return Err(Error::invalid(format!("a triangle on a device: entry ({}, {}) is not zero", k % n, k / n)));
        }
        Ok(CudaTriangular { data: Arc::new(gpu.upload(entries)?), n, side: PhantomData })
    }
}
macro_rules! square {
    ($($S:ident, |$s:ident| $n:expr;)*) => { $(
        impl<T: DeviceNumber, U: Side> Operator for $S<T, U> {
            type Scalar = T;
            type Facts = NoFacts;
            type Class = cola_core::General;
            type Rows = Dyn;
            type Cols = Dyn;
            const HOLDS_DENSE: bool = true;
            fn nrows(&self) -> usize {
                let $s = self;
                $n
            }
            fn ncols(&self) -> usize {
                self.nrows()
            }
        }
    )* };
}
square! {
    CudaTriangular, |s| s.n;
    CudaTriangularInverse, |s| s.0.n;
}
impl<T: DeviceNumber, U: Side> DeviceAction for CudaTriangular<T, U> {
    fn act_on(&self, gpu: &Cuda, how: Update<T>, x: Span<'_, T>, y: SpanMut<'_, T>) -> Result<()> {
        product(gpu, how, (address(&self.data), self.n, self.n), x, y)
    }
}
impl<T: DeviceNumber, U: Side> DeviceAction for CudaTriangularInverse<T, U> {
    fn act_on(&self, gpu: &Cuda, how: Update<T>, x: Span<'_, T>, y: SpanMut<'_, T>) -> Result<()> {
        let (t, columns) = (&self.0, x.cols * x.layers);
        // the library solves in place, without gaps
        let mut b = gpu.reserve::<T>(t.n * columns)?;
        scaled(gpu, how.first(), x, SpanMut::packed(&mut b, t.n, x.cols, x.layers)?)?;
        blas::triangle::<T>(gpu, (U::LOWER, how.adjoint), (address(&t.data), t.n), address(&b), columns)?;
        scaled(gpu, how, Span::packed(&b, t.n, x.cols, x.layers)?, y)
    }
}
// substitution; a zero on the diagonal is found first
impl<K: Facts, T: DeviceNumber, U: Side> InverseRule<K> for CudaTriangular<T, U> {
    type Output = CudaTriangularInverse<T, U>;
    fn inverse_rule(&self) -> Result<Self::Output> {
        finite(&self.data, "the triangle")?;
        match diagonal(&self.data, self.n)?.iter().position(|d| *d == T::default()) {
            Some(index) => Err(Error::Singular { index }),
            None => Ok(CudaTriangularInverse(self.clone())),
        }
    }
}
// product of the diagonal
impl<K: Facts, T: DeviceNumber, U: Side> DetRule<K> for CudaTriangular<T, U> {
    fn slogdet_rule(&self) -> Result<(T, T::Re)> {
        finite(&self.data, "the triangle")?;
        let (mut sign, mut log) = (T::of(1.0), 0.0);
        for d in diagonal(&self.data, self.n)? {
            let size = d.abs();
            if size.lane_f64(0) == 0.0 {
                return Ok((T::of(0.0), T::Re::real(f64::NEG_INFINITY)));
            }
            sign *= d / T::from_re(size);
            log += size.lane_f64(0).ln();
        }
        Ok((sign, T::Re::of(log)))
    }
}
