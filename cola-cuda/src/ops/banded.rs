//! Band matrices on a device: y_i = sum over d of A(i, i + d) x_(i + d), one thread a number.

use super::span::banded;
use super::{DeviceAction, Span, SpanMut};
use crate::device::Cuda;
use crate::vector::{DeviceNumber, DeviceVector};
use cola_core::functions::DiagonalRule;
use cola_core::{Error, Facts, LinearOperator, NoFacts, Result, Update};
use std::marker::PhantomData;
use std::sync::Arc;

/// A band matrix on a device, diagonal by diagonal; tridiagonal ones too. `F` is what the host's structure knew.
pub struct CudaBanded<T: DeviceNumber, F = NoFacts> {
    /// Entry (i, i + d) at (d + below) * n + i; zeros outside of the matrix.
    bands: Arc<DeviceVector<T>>,
    n: usize,
    width: (i32, i32),
    facts: PhantomData<fn() -> F>,
}
impl<T: DeviceNumber, F> std::fmt::Debug for CudaBanded<T, F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CudaBanded({} x {}, {:?} diagonals)", self.n, self.n, self.width)
    }
}
impl<T: DeviceNumber, F> Clone for CudaBanded<T, F> {
    fn clone(&self) -> Self {
        CudaBanded { bands: self.bands.clone(), n: self.n, width: self.width, facts: PhantomData }
    }
}
impl<T: DeviceNumber, F: Facts> CudaBanded<T, F> {
    /// The diagonals from `below` under the main one to `above` over it, of a square operator of the host that is zero elsewhere.
    ///
    /// # Errors
    /// `Device`, `ShapeMismatch`; `InvalidArgument` above 2^31 - 1 diagonals.
    pub fn new<A>(gpu: &Cuda, a: &A, (below, above): (usize, usize)) -> Result<Self>
    where
        A: LinearOperator<Scalar = T, Facts = F> + DiagonalRule,
    {
        let n = a.nrows();
        if n != a.ncols() {
            return Err(Error::ShapeMismatch { op: "a band matrix", left: (n, a.ncols()), right: (n, n) });
        }
        let (below, above) = (below.min(n.saturating_sub(1)), above.min(n.saturating_sub(1)));
        let (Ok(low), Ok(high)) = (i32::try_from(below), i32::try_from(above)) else {
            return Err(Error::invalid("a band matrix on a device has up to 2^31 - 1 diagonals"));
        };
        let mut bands = vec![T::default(); (below + above + 1) * n];
        for (k, band) in bands.chunks_mut(n.max(1)).enumerate() {
            let d = k as isize - below as isize;
            let (first, length) = ((-d).max(0) as usize, n.saturating_sub(d.unsigned_abs()));
            a.diagonal_rule(d, &mut band[first..first + length])?;
        }
        Ok(CudaBanded { bands: Arc::new(gpu.upload(&bands)?), n, width: (low, high), facts: PhantomData })
    }
}
device_operator!([T: DeviceNumber, F: Facts] CudaBanded<T, F> { scalar T; facts F; shape |s| (s.n, s.n) });
impl<T: DeviceNumber, F: Facts> DeviceAction for CudaBanded<T, F> {
    fn act_on(&self, gpu: &Cuda, how: Update<T>, x: Span<'_, T>, y: SpanMut<'_, T>) -> Result<()> {
        banded(gpu, how, Span::new(&self.bands, self.bands.len(), 1)?, self.width, x, y)
    }
    fn tridiagonal(&self) -> Option<Span<'_, T>> {
        Span::new(&self.bands, self.bands.len(), 1).ok().filter(|_| self.width == (1, 1))
    }
}
