//! Strided matrices in device memory, and the kernels that work on them.

use crate::device::Cuda;
use crate::kernel::{covering, launched, tiled};
use crate::vector::{DeviceScalar, DeviceVector};
use cola_core::{Error, Result, Update};
use cudarc::driver::{DevicePtr, PushKernelArg};
use std::marker::PhantomData;

/// A strided rows x cols matrix on a device that is read: entry (i, j) lies at i * rs + j * cs.
#[derive(Clone, Copy, Debug)]
pub struct Span<'a, T> {
    /// Address of entry (0, 0); not followed where there are no numbers.
    at: u64,
    /// Number of rows.
    pub rows: usize,
    /// Number of columns.
    pub cols: usize,
    /// Distance between rows.
    pub rs: usize,
    /// Distance between columns.
    pub cs: usize,
    memory: PhantomData<&'a T>,
}
/// A strided matrix on a device that is written.
#[derive(Debug)]
pub struct SpanMut<'a, T> {
    span: Span<'a, T>,
    memory: PhantomData<&'a mut T>,
}
impl<'a, T: DeviceScalar> Span<'a, T> {
    /// The numbers of a vector as a matrix without gaps.
    ///
    /// # Errors
    /// `ShapeMismatch` where it has not rows x cols numbers.
    pub fn new(v: &'a DeviceVector<T>, rows: usize, cols: usize) -> Result<Self> {
        if rows.checked_mul(cols) != Some(v.len()) {
            return Err(Error::ShapeMismatch { op: "a matrix on a device", left: (rows, cols), right: (v.len(), 1) });
        }
        let at = v.data.as_ref().map_or(0, |d| d.device_ptr(&v.device.stream).0);
        Ok(Span { at, rows, cols, rs: 1, cs: rows, memory: PhantomData })
    }
    /// Rows r .. r + n.
    pub fn rows(self, r: usize, n: usize) -> Self {
        assert!(r + n <= self.rows, "rows {r}..{} of {}", r + n, self.rows);
        Span { at: self.at + (r * self.rs * size_of::<T>()) as u64, rows: n, ..self }
    }
    /// Column c.
    pub(super) fn column(self, c: usize) -> Self {
        assert!(c < self.cols, "column {c} of {}", self.cols);
        Span { at: self.at + (c * self.cs * size_of::<T>()) as u64, cols: 1, ..self }
    }
    /// The same numbers, seen as another matrix; the caller answers for every entry lying in the memory.
    pub(super) fn seen(self, rows: usize, cols: usize, rs: usize, cs: usize) -> Self {
        Span { rows, cols, rs, cs, ..self }
    }
    fn numbers(&self) -> usize {
        self.rows * self.cols
    }
    /// rows, cols and strides for a kernel.
    fn strides(&self) -> [i64; 2] {
        [self.rs as i64, self.cs as i64]
    }
}
impl<'a, T: DeviceScalar> SpanMut<'a, T> {
    /// The numbers of a vector as a matrix without gaps.
    ///
    /// # Errors
    /// As [`Span::new`].
    pub fn new(v: &'a mut DeviceVector<T>, rows: usize, cols: usize) -> Result<Self> {
        Ok(SpanMut { span: Span::new(v, rows, cols)?, memory: PhantomData })
    }
    /// Another use of the same memory, after which this one is used again.
    pub fn reborrow(&mut self) -> SpanMut<'_, T> {
        SpanMut { span: self.span, memory: PhantomData }
    }
    /// Rows r .. r + n.
    pub fn rows(self, r: usize, n: usize) -> Self {
        SpanMut { span: self.span.rows(r, n), ..self }
    }
    pub(super) fn column(self, c: usize) -> Self {
        SpanMut { span: self.span.column(c), ..self }
    }
    pub(super) fn seen(self, rows: usize, cols: usize, rs: usize, cs: usize) -> Self {
        SpanMut { span: self.span.seen(rows, cols, rs, cs), ..self }
    }
    /// To be read.
    pub fn as_span(&self) -> Span<'_, T> {
        self.span
    }
    /// Its address, for libraries.
    pub(super) fn address(&self) -> u64 {
        self.span.at
    }
}
/// (alpha, add) as kernels take them.
fn update<T: DeviceScalar>(how: Update<T>) -> (T, i32) {
    (how.alpha, how.add as i32)
}
/// y = \[y +\] alpha x.
pub(super) fn scaled<T: DeviceScalar>(gpu: &Cuda, how: Update<T>, x: Span<'_, T>, y: SpanMut<'_, T>) -> Result<()> {
    let Some(config) = covering(x.numbers()) else { return Ok(()) };
    let (kernel, (a, add)) = (gpu.own::<T>("scaled")?, update(how));
    let ([n, k], [xr, xc], [yr, yc]) = ([x.rows as i64, x.cols as i64], x.strides(), y.span.strides());
    let mut l = gpu.stream.launch_builder(&kernel);
    l.arg(&y.span.at).arg(&x.at).arg(&a).arg(&add).arg(&n).arg(&k).arg(&xr).arg(&xc).arg(&yr).arg(&yc);
    // SAFETY: both matrices lie in their memory, as spans promise; y is not read elsewhere meanwhile.
    launched("scaled", unsafe { l.launch(config) }).map(|_| ())
}
/// y = \[y +\] alpha diag(d) x; the transpose is the same.
pub(super) fn diagonal<T: DeviceScalar>(
    gpu: &Cuda,
    how: Update<T>,
    d: Span<'_, T>,
    x: Span<'_, T>,
    y: SpanMut<'_, T>,
) -> Result<()> {
    let Some(config) = covering(x.numbers()) else { return Ok(()) };
    let (kernel, (a, add)) = (gpu.own::<T>("diagonal")?, update(how));
    let ([n, k], [xr, xc], [yr, yc]) = ([x.rows as i64, x.cols as i64], x.strides(), y.span.strides());
    let mut l = gpu.stream.launch_builder(&kernel);
    l.arg(&y.span.at).arg(&d.at).arg(&x.at).arg(&a).arg(&add);
    l.arg(&n).arg(&k).arg(&xr).arg(&xc).arg(&yr).arg(&yc);
    // SAFETY: as above; d has as many numbers as x has rows.
    launched("diagonal", unsafe { l.launch(config) }).map(|_| ())
}
/// y = alpha diag(d) y: each number is read and written by one thread.
pub(super) fn diagonal_in_place<T: DeviceScalar>(
    gpu: &Cuda,
    how: Update<T>,
    d: Span<'_, T>,
    y: SpanMut<'_, T>,
) -> Result<()> {
    let x = y.span;
    diagonal(gpu, how, d, x, y)
}
/// y\[i\] = \[y\[i\] +\] alpha x\[p\[i\]\], or its transpose.
pub(super) fn permutation<T: DeviceScalar>(
    gpu: &Cuda,
    how: Update<T>,
    order: u64,
    x: Span<'_, T>,
    y: SpanMut<'_, T>,
) -> Result<()> {
    let Some(config) = covering(x.numbers()) else { return Ok(()) };
    let (kernel, (a, add), back) = (gpu.own::<T>("permutation")?, update(how), how.adjoint as i32);
    let ([n, k], [xr, xc], [yr, yc]) = ([x.rows as i64, x.cols as i64], x.strides(), y.span.strides());
    let mut l = gpu.stream.launch_builder(&kernel);
    l.arg(&y.span.at).arg(&order).arg(&x.at).arg(&a).arg(&add).arg(&back);
    l.arg(&n).arg(&k).arg(&xr).arg(&xc).arg(&yr).arg(&yc);
    // SAFETY: as above; the order is a permutation of the rows, checked on the host.
    launched("permutation", unsafe { l.launch(config) }).map(|_| ())
}
/// y = \[y +\] alpha op(A) x for a stored A.
pub(super) fn product<T: DeviceScalar>(
    gpu: &Cuda,
    how: Update<T>,
    a: Span<'_, T>,
    x: Span<'_, T>,
    y: SpanMut<'_, T>,
) -> Result<()> {
    let a = if how.adjoint { a.seen(a.cols, a.rows, a.cs, a.rs) } else { a };
    let Some(config) = tiled(a.rows, x.cols, 16, (16, 16))? else { return Ok(()) };
    let (kernel, (alpha, add)) = (gpu.own::<T>("product")?, update(how));
    let [m, n, k] = [a.rows as i64, a.cols as i64, x.cols as i64];
    let ([ar, ac], [xr, xc], [yr, yc]) = (a.strides(), x.strides(), y.span.strides());
    let mut l = gpu.stream.launch_builder(&kernel);
    l.arg(&y.span.at).arg(&a.at).arg(&x.at).arg(&alpha).arg(&add).arg(&m).arg(&n).arg(&k);
    l.arg(&ar).arg(&ac).arg(&xr).arg(&xc).arg(&yr).arg(&yc);
    // SAFETY: as above; A is m x n, x n x k, y m x k.
    launched("product", unsafe { l.launch(config) }).map(|_| ())
}
/// y = \[y +\] alpha A x for A by lines: offsets, indices and values at these addresses.
pub(super) fn compressed<T: DeviceScalar>(
    gpu: &Cuda,
    how: Update<T>,
    [start, index, values]: [u64; 3],
    x: Span<'_, T>,
    y: SpanMut<'_, T>,
) -> Result<()> {
    let warps = y.span.numbers();
    let Some(config) = covering(warps.saturating_mul(32)) else { return Ok(()) };
    let (kernel, (a, add)) = (gpu.own::<T>("compressed")?, update(how));
    let ([n, k], [xr, xc], [yr, yc]) = ([y.span.rows as i64, x.cols as i64], x.strides(), y.span.strides());
    let mut l = gpu.stream.launch_builder(&kernel);
    l.arg(&y.span.at).arg(&start).arg(&index).arg(&values).arg(&x.at).arg(&a).arg(&add);
    l.arg(&n).arg(&k).arg(&xr).arg(&xc).arg(&yr).arg(&yc);
    // SAFETY: as above; the pattern was checked on the host.
    launched("compressed", unsafe { l.launch(config) }).map(|_| ())
}
