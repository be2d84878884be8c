//! Permutations and sparse matrices on a device: indices of 32 bits.

use super::span::{compressed, permutation};
use super::{DeviceAction, Span, SpanMut};
use crate::device::Cuda;
use crate::driver::failed;
use crate::libraries::address;
use crate::vector::{DeviceNumber, DeviceVector};
use cola_core::functions::{DetRule, InverseRule};
use cola_core::{Adjoint, Error, Facts, NoFacts, Real, Result, UnitaryFacts, Update};
use cudarc::driver::{CudaSlice, DevicePtr};
use std::marker::PhantomData;
use std::sync::Arc;

/// Indices on a device.
#[derive(Debug)]
struct Indices {
    data: Option<CudaSlice<i32>>,
    gpu: Cuda,
}
impl Indices {
    fn new(gpu: &Cuda, indices: &[usize]) -> Result<Self> {
        let small = |&i: &usize| i32::try_from(i);
        let indices: Vec<i32> = indices.iter().map(small).collect::<Result<_, _>>().map_err(|_| {
            Error::invalid(
                "an index above 2^31 - 1: sparse matrices and permutations on a device have indices of 32 bits",
            )
        })?;
        let sent =
            |i: &[i32]| gpu.stream.clone_htod(i).map_err(|e| failed("cuMemcpyHtoDAsync", "the upload of indices", e));
        let data = if indices.is_empty() { None } else { Some(sent(&indices)?) };
        gpu.stream.synchronize().map_err(|e| failed("cuStreamSynchronize", "the upload of indices", e))?;
        Ok(Indices { data, gpu: gpu.clone() })
    }
    fn address(&self) -> u64 {
        self.data.as_ref().map_or(0, |d| d.device_ptr(&self.gpu.stream).0)
    }
}
/// (P x)\[i\] = x\[p\[i\]\] on a device.
#[derive(Clone, Debug)]
pub struct CudaPermutation<T> {
    order: Arc<Indices>,
    n: usize,
    sign: f64,
    scalar: PhantomData<fn() -> T>,
}
impl<T: DeviceNumber> CudaPermutation<T> {
    /// From a permutation of the host.
    ///
    /// # Errors
    /// `Device`; `InvalidArgument` above 2^31 - 1 entries.
    pub fn new<S: cola_core::Space>(gpu: &Cuda, p: &cola_core::Permutation<T, S>) -> Result<Self>
    where
        T: cola_core::Scalar,
    {
        let odd = p.cycles().iter().filter(|c| c.len() % 2 == 0).count() % 2 == 1;
        let order = Arc::new(Indices::new(gpu, p.order())?);
        Ok(CudaPermutation { order, n: p.order().len(), sign: if odd { -1.0 } else { 1.0 }, scalar: PhantomData })
    }
}
device_operator!([T: DeviceNumber] CudaPermutation<T> { scalar T; facts UnitaryFacts; shape |s| (s.n, s.n) });
impl<T: DeviceNumber> DeviceAction for CudaPermutation<T> {
    fn act_on(&self, gpu: &Cuda, how: Update<T>, x: Span<'_, T>, y: SpanMut<'_, T>) -> Result<()> {
        permutation(gpu, how, self.order.address(), x, y)
    }
}
// P^-1 = P^T
impl<K: Facts, T: DeviceNumber> InverseRule<K> for CudaPermutation<T> {
    type Output = Adjoint<Self>;
    fn inverse_rule(&self) -> Result<Self::Output> {
        Ok(Adjoint(self.clone()))
    }
}
impl<K: Facts, T: DeviceNumber> DetRule<K> for CudaPermutation<T> {
    fn slogdet_rule(&self) -> Result<(T, T::Re)> {
        Ok((T::of(self.sign), T::Re::real(0.0)))
    }
}

/// The lines of a compressed matrix on a device.
#[derive(Debug)]
struct Lines<T: DeviceNumber> {
    start: Indices,
    index: Indices,
    values: DeviceVector<T>,
}
impl<T: DeviceNumber> Lines<T> {
    /// Addresses, and how many numbers there are.
    fn lines(&self) -> ([u64; 3], usize) {
        ([self.start.address(), self.index.address(), address(&self.values)], self.values.len())
    }
}
/// A sparse matrix on a device, by rows and by columns, so that neither side of it needs atomics.
#[derive(Clone, Debug)]
pub struct CudaSparse<T: DeviceNumber> {
    rows: Arc<Lines<T>>,
    columns: Arc<Lines<T>>,
    shape: (usize, usize),
}
impl<T: DeviceNumber> CudaSparse<T> {
    /// From a compressed matrix of the host.
    ///
    /// # Errors
    /// `Device`; `InvalidArgument` above 2^31 - 1 nonzeros.
    pub fn new(gpu: &Cuda, a: cola_core::algorithms::sparse::Compressed<'_, T>) -> Result<Self> {
        let (lines, places) = if a.by_rows { (a.rows, a.cols) } else { (a.cols, a.rows) };
        let sent = |start: &[usize], index: &[usize], values: &[T]| -> Result<Arc<Lines<T>>> {
            let (start, index) = (Indices::new(gpu, start)?, Indices::new(gpu, index)?);
            Ok(Arc::new(Lines { start, index, values: gpu.upload(values)? }))
        };
        let shaped = a.offsets.len() == lines + 1 && a.indices.len() == a.values.len();
        if !shaped || a.offsets[lines] != a.values.len() || a.offsets.windows(2).any(|w| w[0] > w[1]) {
            return Err(Error::invalid("a sparse matrix on a device: the offsets do not fit the numbers"));
        }
        if let Some(i) = a.indices.iter().find(|&&i| i >= places) {
            return Err(Error::invalid(format!("a sparse matrix on a device: index {i} is outside of 0..{places}")));
        }
        // the other order, by counting
        let mut start = vec![0usize; places + 1];
        a.indices.iter().for_each(|&i| start[i + 1] += 1);
        (0..places).for_each(|i| start[i + 1] += start[i]);
        let (mut next, mut index, mut values) = (start.clone(), vec![0; a.values.len()], a.values.to_vec());
        for line in 0..lines {
            for k in a.offsets[line]..a.offsets[line + 1] {
                let to = &mut next[a.indices[k]];
                (index[*to], values[*to]) = (line, a.values[k]);
                *to += 1;
            }
        }
        let (own, other) = (sent(a.offsets, a.indices, a.values)?, sent(&start, &index, &values)?);
        let (rows, columns) = if a.by_rows { (own, other) } else { (other, own) };
        Ok(CudaSparse { rows, columns, shape: (a.rows, a.cols) })
    }
}
device_operator!([T: DeviceNumber] CudaSparse<T> { scalar T; facts NoFacts; shape |s| s.shape });
impl<T: DeviceNumber> DeviceAction for CudaSparse<T> {
    fn act_on(&self, gpu: &Cuda, how: Update<T>, x: Span<'_, T>, y: SpanMut<'_, T>) -> Result<()> {
        let lines = if how.adjoint { &self.columns } else { &self.rows };
        compressed(gpu, how, lines.lines(), x, y)
    }
}
