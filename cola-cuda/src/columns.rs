//! Blocks of vectors in a device's memory, as the subspace and stochastic methods of the host ask for them. Products of blocks are
//! cuBLAS's where it is there; what comes to the host are coefficients, one transfer for all that an operation computes.

use crate::device::Cuda;
use crate::kernel::launched;
use crate::libraries::{address, blas};
use crate::ops::span::{product, scaled};
use crate::ops::{Span, SpanMut};
use crate::vector::{DeviceNumber, DeviceVector, reducing};
use cola_core::algorithms::columns::Columns;
use cola_core::vector::Vector;
use cola_core::{Fact, Result, Scalar, SpectralNumber, Update};
use cudarc::driver::PushKernelArg;
use std::borrow::Cow;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut, Range};

/// Rows of a basis that are rotated at once.
const ROWS: usize = 1 << 16;

/// A block with memory of its own, or a part of one that is borrowed. The vector of a part is not to be exchanged with another one, which
/// would free what it does not own.
#[derive(Debug)]
pub struct DeviceBlock<'a, T: DeviceNumber> {
    vector: DeviceVector<T>,
    owned: bool,
    memory: PhantomData<&'a mut T>,
}
impl<T: DeviceNumber> From<DeviceVector<T>> for DeviceBlock<'_, T> {
    fn from(vector: DeviceVector<T>) -> Self {
        DeviceBlock { vector, owned: true, memory: PhantomData }
    }
}
impl<T: DeviceNumber> Drop for DeviceBlock<'_, T> {
    fn drop(&mut self) {
        if !self.owned {
            // the block that it is a part of frees the memory
            self.vector.data.take().map(cudarc::driver::CudaSlice::leak);
        }
    }
}
impl<T: DeviceNumber> Deref for DeviceBlock<'_, T> {
    type Target = DeviceVector<T>;
    fn deref(&self) -> &DeviceVector<T> {
        &self.vector
    }
}
impl<T: DeviceNumber> DerefMut for DeviceBlock<'_, T> {
    fn deref_mut(&mut self) -> &mut DeviceVector<T> {
        &mut self.vector
    }
}

impl<T: DeviceNumber> DeviceVector<T> {
    /// Columns of n numbers.
    fn columns(&self, n: usize) -> usize {
        self.len() / n.max(1)
    }
    /// The address of column j.
    fn column_at(&self, n: usize, j: usize) -> u64 {
        address(self) + (j * n * size_of::<T>()) as u64
    }
    /// The numbers of this range. What is written there must not be read elsewhere meanwhile.
    fn piece(&self, range: Range<usize>) -> DeviceBlock<'_, T> {
        assert!(range.end <= self.len(), "numbers {range:?} of {}", self.len());
        let data = self.data.as_ref().filter(|_| !range.is_empty()).map(|_| {
            let at = address(self) + (range.start * size_of::<T>()) as u64;
            // SAFETY: the numbers lie in this block, which outlives the piece; the piece gives the memory up without freeing it.
            unsafe { self.device.stream.upgrade_device_ptr::<T::Raw>(at, range.len()) }
        });
        let vector = DeviceVector { data, device: self.device.clone() };
        DeviceBlock { vector, owned: false, memory: PhantomData }
    }
    /// x^H y of n numbers at each pair of addresses: a reduction after another, and one transfer of all partial sums.
    fn pairs(gpu: &Cuda, n: usize, pairs: &[(u64, u64)], d: &mut [T]) -> Result<()> {
        let (config, count, one) = (reducing(n), n as i64, T::Re::of(1.0).raw());
        let parts = config.grid_dim.0 as usize;
        let (sums, kernel) = (gpu.reserve::<T>(parts * pairs.len())?, gpu.own::<T>("dot")?);
        for (i, (x, y)) in pairs.iter().enumerate() {
            let at = address(&sums) + (i * parts * size_of::<T>()) as u64;
            let mut l = gpu.stream.launch_builder(&kernel);
            l.arg(&at).arg(x).arg(y).arg(&one).arg(&count);
            // SAFETY: there are n numbers at both addresses, and one partial sum per block and pair.
            launched("dot", unsafe { l.launch(config) })?;
        }
        let sums = gpu.download(&sums)?;
        for (d, sums) in d.iter_mut().zip(sums.chunks_exact(parts)) {
            *d = sums.iter().fold(T::default(), |s, &x| s + x);
        }
        Ok(())
    }
    fn try_dots(n: usize, x: &Self, y: &Self, d: &mut [T]) -> Result<()> {
        x.device.same_device(&y.device)?;
        if n == 0 || d.is_empty() {
            d.fill(T::default());
            return Ok(());
        }
        assert!(d.len() <= x.columns(n).min(y.columns(n)), "as many columns as numbers");
        let pairs: Vec<_> = (0..d.len()).map(|j| (x.column_at(n, j), y.column_at(n, j))).collect();
        Self::pairs(&x.device, n, &pairs, d)
    }
    fn try_inner(n: usize, a: &Self, b: &Self, c: &mut [T]) -> Result<()> {
        let (gpu, k, l) = (&a.device, a.columns(n), b.columns(n));
        gpu.same_device(&b.device)?;
        let c = &mut c[..k * l];
        if c.is_empty() {
            return Ok(());
        }
        let mut out = gpu.reserve::<T>(k * l)?;
        let (b_of, how) = (Span::new(b, n, l)?, Update { adjoint: true, ..Update::replace() });
        if blas::product(gpu, how, (address(a), n, k), b_of, SpanMut::new(&mut out, k, l)?)? {
            return gpu.download_into(&out, c);
        }
        // a tile of this crate's product would go over all n numbers by itself: reductions use the whole device
        let pairs: Vec<_> = (0..k * l).map(|t| (a.column_at(n, t % k), b.column_at(n, t / k))).collect();
        Self::pairs(gpu, n, &pairs, c)
    }
    fn try_add_product(n: usize, alpha: T, a: &Self, c: &[T], b: &mut Self) -> Result<()> {
        let (gpu, k, l) = (a.device.clone(), a.columns(n), b.columns(n));
        gpu.same_device(&b.device)?;
        if n * k * l == 0 {
            return Ok(());
        }
        let c = gpu.upload(&c[..k * l])?;
        let how = Update { alpha, ..Update::replace() }.add();
        product(&gpu, how, (address(a), n, k), Span::new(&c, k, l)?, SpanMut::new(b, n, l)?)
    }
    fn try_rotate(n: usize, v: &mut Self, m: usize, z: &[T], strip: &mut DeviceBlock<'static, T>) -> Result<()> {
        let (gpu, k, most) = (v.device.clone(), z.len() / m.max(1), ROWS.min(n));
        if n * k == 0 {
            return Ok(());
        }
        if strip.len() < most * m {
            *strip = gpu.reserve(most * m)?.into();
        }
        // of rows R of V the transpose of R Z is Z^T R^T = (conj Z)^H R^T, with strides for the transposes
        let z = gpu.upload(&z.iter().map(|z| z.conj()).collect::<Vec<T>>())?;
        let how = Update { adjoint: true, ..Update::replace() };
        for first in (0..n).step_by(ROWS) {
            let rows = ROWS.min(n - first);
            let of_v = v.piece(0..n * m);
            let from = Span::new(&of_v, n, m)?.rows(first, rows).seen(m, rows, n, 1);
            let mut turned = strip.piece(0..rows * k);
            product(&gpu, how, (address(&z), m, k), from, SpanMut::new(&mut turned, k, rows)?)?;
            let back = Span::new(&turned, k, rows)?.seen(rows, k, k, 1);
            let mut of_v = v.piece(0..n * k);
            scaled(&gpu, Update::replace(), back, SpanMut::new(&mut of_v, n, k)?.rows(first, rows))?;
        }
        Ok(())
    }
    fn try_add_wide(
        n: usize,
        v: &Self,
        y: &[<T as SpectralNumber>::Wide],
        x: &mut [<T as SpectralNumber>::Wide],
    ) -> Result<()>
    where
        T: SpectralNumber,
    {
        let mut add = |part: &dyn Fn(&<T as SpectralNumber>::Wide) -> T, imaginary: bool| -> Result<()> {
            let mut to = v.device.zeros::<T>(x.len())?;
            Self::try_add_product(n, T::of(1.0), v, &y.iter().map(part).collect::<Vec<T>>(), &mut to)?;
            for (x, y) in x.iter_mut().zip(v.device.download(&to)?) {
                *x += if imaginary { T::wide(T::Re::default(), y.re()) } else { y.widen() };
            }
            Ok(())
        };
        add(&|&y| T::narrow(y), false)?;
        // of real numbers in two products
        if T::IsReal::KNOWN { add(&|y| T::from_re(y.im()), true) } else { Ok(()) }
    }
    /// Notes a failure of an operation whose results are these numbers, which become NaN.
    fn noted_in(gpu: &Cuda, c: &mut [T], done: Result<()>) {
        if let Err(e) = done {
            gpu.note(e);
            c.fill(T::of(f64::NAN));
        }
    }
}

impl<T: DeviceNumber> Columns for DeviceVector<T> {
    type Owned = DeviceBlock<'static, T>;
    type Part<'a> = DeviceBlock<'a, T>;
    type PartMut<'a> = DeviceBlock<'a, T>;

    fn size(&self) -> usize {
        self.len()
    }
    fn part(&self, range: Range<usize>) -> DeviceBlock<'_, T> {
        self.piece(range)
    }
    fn part_mut(&mut self, range: Range<usize>) -> DeviceBlock<'_, T> {
        self.piece(range)
    }
    fn before(&mut self, n: usize, j: usize) -> (DeviceBlock<'_, T>, DeviceBlock<'_, T>) {
        (self.piece(0..j * n), self.piece(j * n..(j + 1) * n))
    }
    fn split(&mut self, at: usize) -> (DeviceBlock<'_, T>, DeviceBlock<'_, T>) {
        (self.piece(0..at), self.piece(at..self.len()))
    }
    fn write(&mut self, f: impl FnOnce(&mut [T])) {
        let mut x = vec![T::default(); self.len()];
        f(&mut x);
        let gpu = self.device.clone();
        let done = gpu.write(self, &x, &|| "numbers for a vector on the GPU".into());
        Self::noted_in(&gpu, &mut [], done);
    }
    fn to_host(&self) -> Cow<'_, [T]> {
        let mut x = vec![T::default(); self.len()];
        let done = self.device.download_into(self, &mut x);
        Self::noted_in(&self.device, &mut x, done);
        Cow::Owned(x)
    }
    fn into_host(block: DeviceBlock<'static, T>) -> Vec<T> {
        block.to_host().into_owned()
    }
    fn copy_within(&mut self, range: Range<usize>, to: usize) {
        let (from, len) = (range.start, range.len());
        let gap = from.abs_diff(to);
        if gap == 0 {
            return;
        }
        // pieces that do not overlap, from the end on where the numbers move up
        let pieces = len.div_ceil(gap);
        for i in 0..pieces {
            let i = if to < from { i } else { pieces - 1 - i };
            let (first, end) = (i * gap, len.min((i + 1) * gap));
            let x = self.piece(from + first..from + end);
            self.piece(to + first..to + end).copy(&x);
        }
    }
    fn inner(n: usize, a: &Self, b: &Self, c: &mut [T]) {
        let done = Self::try_inner(n, a, b, c);
        Self::noted_in(&a.device, c, done);
    }
    fn add_product(n: usize, alpha: T, a: &Self, c: &[T], b: &mut Self) {
        let done = Self::try_add_product(n, alpha, a, c, b);
        Self::noted_in(&a.device, &mut [], done);
    }
    fn rotate(n: usize, v: &mut Self, m: usize, z: &[T], strip: &mut DeviceBlock<'static, T>) {
        let done = Self::try_rotate(n, v, m, z, strip);
        Self::noted_in(&v.device, &mut [], done);
    }
    fn add_wide(n: usize, v: &Self, y: &[<T as SpectralNumber>::Wide], x: &mut [<T as SpectralNumber>::Wide])
    where
        T: SpectralNumber,
    {
        let done = Self::try_add_wide(n, v, y, x);
        Self::noted_in(&v.device, &mut [], done);
    }
    fn dots(n: usize, x: &Self, y: &Self, d: &mut [T]) {
        let done = Self::try_dots(n, x, y, d);
        Self::noted_in(&x.device, d, done);
    }
    fn three_term(n: usize, v: &Self, w: &mut Self, mut f: impl FnMut(usize, T::Re, T::Re, &mut Self)) {
        let k = w.columns(n);
        let (mut alphas, mut squares) = (vec![T::default(); k], vec![T::default(); k]);
        Self::dots(n, v, w, &mut alphas);
        let column = |j: usize| j * n..(j + 1) * n;
        for (j, alpha) in alphas.iter().enumerate() {
            w.piece(column(j)).axpy(-T::from_re(alpha.re()), &v.piece(column(j)));
        }
        Self::dots(n, w, w, &mut squares);
        for j in 0..k {
            f(j, alphas[j].re(), squares[j].re(), &mut w.piece(column(j)));
        }
    }
    fn remove(n: usize, q: &Self, x: &mut Self, c: &mut Vec<T>) {
        c.resize(q.columns(n) * x.columns(n), T::default());
        Self::inner(n, q, x, c);
        Self::add_product(n, -T::of(1.0), q, c, x);
    }
}
