//! Strided matrices in device memory, and the kernels that work on them.

use crate::device::Cuda;
use crate::kernel::{THREADS, covering, launched, tiled};
use crate::libraries::{blas, sparse};
use crate::vector::{DeviceNumber, DeviceVector};
use cola_core::{Error, Fact, Result, Update};
use cudarc::driver::{DevicePtr, DeviceRepr, LaunchConfig, PushKernelArg};
use std::marker::PhantomData;

/// Strided rows x cols matrices, `layers` of them, on a device that are read: entry (i, j) of layer l lies at i * rs + j * cs + l * ls.
#[derive(Clone, Copy, Debug)]
pub struct Span<'a, T> {
    /// Address of entry (0, 0); not followed where there are no numbers.
    at: u64,
    /// Number of rows.
    pub rows: usize,
    /// Number of columns.
    pub cols: usize,
    /// Number of matrices.
    pub layers: usize,
    /// Distance between rows.
    pub rs: usize,
    /// Distance between columns.
    pub cs: usize,
    /// Distance between layers.
    pub ls: usize,
    memory: PhantomData<&'a T>,
}
/// Strided matrices on a device that are written.
#[derive(Debug)]
pub struct SpanMut<'a, T> {
    span: Span<'a, T>,
    memory: PhantomData<&'a mut T>,
}
impl<'a, T: DeviceNumber> Span<'a, T> {
    /// The numbers of a vector as a matrix without gaps.
    ///
    /// # Errors
    /// `ShapeMismatch` where it has not rows x cols numbers.
    pub fn new(v: &'a DeviceVector<T>, rows: usize, cols: usize) -> Result<Self> {
        if rows.checked_mul(cols) != Some(v.len()) {
            return Err(Error::ShapeMismatch { op: "a matrix on a device", left: (rows, cols), right: (v.len(), 1) });
        }
        let at = v.data.as_ref().map_or(0, |d| d.device_ptr(&v.device.stream).0);
        Ok(Span { at, rows, cols, layers: 1, rs: 1, cs: rows, ls: 0, memory: PhantomData })
    }
    /// The numbers of a vector as matrices without gaps, one after another.
    ///
    /// # Errors
    /// As [`Span::new`].
    pub(super) fn packed(v: &'a DeviceVector<T>, rows: usize, cols: usize, layers: usize) -> Result<Self> {
        Ok(Span { cols, layers, ls: rows * cols, ..Span::new(v, rows, cols * layers)? })
    }
    /// Of matrices with one column each: the rows cut into `pieces` columns of `rows`, the layers as they were.
    pub(super) fn cut(self, pieces: usize, rows: usize) -> Self {
        Span { rows, cols: pieces, cs: rows * self.rs, ..self }
    }
    /// No memory: for what looks at sizes and strides only.
    #[cfg(test)]
    pub(crate) fn somewhere(rows: usize, cols: usize, rs: usize, cs: usize) -> Self {
        Span { at: 0, rows, cols, layers: 1, rs, cs, ls: 0, memory: PhantomData }
    }
    fn shifted(self, numbers: usize) -> Self {
        Span { at: self.at + (numbers * size_of::<T>()) as u64, ..self }
    }
    /// Rows r .. r + n.
    pub fn rows(self, r: usize, n: usize) -> Self {
        assert!(r + n <= self.rows, "rows {r}..{} of {}", r + n, self.rows);
        Span { rows: n, ..self.shifted(r * self.rs) }
    }
    /// Column c of layer l.
    pub(crate) fn column(self, c: usize, l: usize) -> Self {
        assert!(c < self.cols && l < self.layers, "column {c} of {}, layer {l} of {}", self.cols, self.layers);
        Span { cols: 1, layers: 1, ..self.shifted(c * self.cs + l * self.ls) }
    }
    /// The same numbers, seen as one other matrix; the caller answers for every entry lying in the memory.
    pub(crate) fn seen(self, rows: usize, cols: usize, rs: usize, cs: usize) -> Self {
        Span { rows, cols, layers: 1, rs, cs, ls: 0, ..self }
    }
    /// The same numbers with other columns and layers, each (how many, their distance).
    fn of(self, (rows, rs): (usize, usize), (cols, cs): (usize, usize), (layers, ls): (usize, usize)) -> Self {
        Span { rows, rs, cols, cs, layers, ls, ..self }
    }
    /// Layers as columns and columns as layers.
    pub(crate) fn swapped(self) -> Self {
        Span { cols: self.layers, cs: self.ls, layers: self.cols, ls: self.cs, ..self }
    }
    /// One column without gaps.
    pub(crate) fn is_packed_column(&self) -> bool {
        self.rs == 1 && self.cols == 1 && self.layers == 1
    }
    /// Its address, for libraries.
    pub(crate) fn address(&self) -> u64 {
        self.at
    }
    /// All numbers.
    fn numbers(&self) -> usize {
        self.rows * self.cols * self.layers
    }
}
impl<'a, T: DeviceNumber> SpanMut<'a, T> {
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
    pub(super) fn column(self, c: usize, l: usize) -> Self {
        SpanMut { span: self.span.column(c, l), ..self }
    }
    /// As [`Span::packed`].
    pub(super) fn packed(v: &'a mut DeviceVector<T>, rows: usize, cols: usize, layers: usize) -> Result<Self> {
        Ok(SpanMut { span: Span::packed(v, rows, cols, layers)?, memory: PhantomData })
    }
    pub(super) fn swapped(self) -> Self {
        SpanMut { span: self.span.swapped(), ..self }
    }
    pub(super) fn cut(self, pieces: usize, rows: usize) -> Self {
        SpanMut { span: self.span.cut(pieces, rows), ..self }
    }
    /// Seen as another matrix: see [`Span::seen`].
    pub(crate) fn seen(self, rows: usize, cols: usize, rs: usize, cs: usize) -> Self {
        SpanMut { span: self.span.seen(rows, cols, rs, cs), ..self }
    }
    /// To be read.
    pub fn as_span(&self) -> Span<'_, T> {
        self.span
    }
    /// Its address, for libraries.
    pub(crate) fn address(&mut self) -> u64 {
        self.span.at
    }
}

/// How the two steps of (A x B) x = y see their matrices: B on the fast index of x into memory without gaps, then A on the slow index.
///
/// x is \[outer\]\[A's columns\]\[B's columns\]\[inner\], the memory between \[outer\]\[A's columns\]\[B's rows\]\[inner\], y \[outer\]\[A's rows\]\[B's
/// rows\]\[inner\], where inner and outer are what the columns and layers of x and y are: nothing is ever transposed.
pub(super) struct Steps<'x, 'y, T> {
    /// x for B.
    pub from: Span<'x, T>,
    /// (rows, columns, layers) of B's result, with their strides.
    mid: [(usize, usize); 3],
    /// The same numbers for A.
    back: [(usize, usize); 3],
    /// y for A.
    pub to: SpanMut<'y, T>,
    /// Numbers of the memory between.
    pub numbers: usize,
}
impl<'x, 'y, T: DeviceNumber> Steps<'x, 'y, T> {
    /// For A of ma x na and B of mb x nb. `None` where columns and layers lie so that more than three strides would be needed: then
    /// column by column.
    pub fn new((ma, na): (usize, usize), (mb, nb): (usize, usize), x: Span<'x, T>, y: SpanMut<'y, T>) -> Option<Self> {
        let view = y.span;
        // (how many, distance in x, distance in y) of columns and layers
        let (mut inner, mut outer) = ((1, 0, 0), (1, 0, 0));
        for d in [(x.cols, x.cs, view.cs), (x.layers, x.ls, view.ls)].into_iter().filter(|d| d.0 != 1) {
            let place = if d.2 < view.rs || d.1 < x.rs { &mut inner } else { &mut outer };
            if place.0 != 1 {
                return None;
            }
            *place = d;
        }
        // B sees (A's columns, outer) as one: neighbours in x
        let joined = outer.0 == 1 || outer.1 == na * nb * x.rs;
        // A sees (inner, B's rows) as one: neighbours in y
        let whole = inner.0 == 1 || inner.2 * inner.0 == view.rs;
        if !(joined && whole) {
            return None;
        }
        let (w, lines) = (inner.0, na * outer.0);
        let fast = if inner.0 == 1 { view.rs } else { inner.2 };
        Some(Steps {
            from: x.of((nb, x.rs), (w, inner.1), (lines, nb * x.rs)),
            mid: [(mb, w), (w, 1), (lines, mb * w)],
            back: [(na, mb * w), (mb * w, 1), (outer.0, na * mb * w)],
            to: SpanMut { span: view.of((ma, mb * view.rs), (mb * w, fast), (outer.0, outer.2)), memory: PhantomData },
            numbers: lines * mb * w,
        })
    }
    /// The memory between, as B writes it.
    pub fn mid<'m>(&self, memory: &'m mut DeviceVector<T>) -> Result<SpanMut<'m, T>> {
        let [rows, cols, layers] = self.mid;
        let n = memory.len();
        Ok(SpanMut { span: Span::new(memory, n, 1)?.of(rows, cols, layers), memory: PhantomData })
    }
    /// The memory between, as A reads it.
    pub fn back<'m>(&self, memory: &'m DeviceVector<T>) -> Result<Span<'m, T>> {
        let [rows, cols, layers] = self.back;
        Ok(Span::new(memory, memory.len(), 1)?.of(rows, cols, layers))
    }
}

/// Numbers \[outer\]\[na\]\[nb\]\[inner\] as an operator on the fast index sees them, and one on the slow index; and whether the columns
/// are the inner ones. `None` as in [`Steps`].
fn grouped<T: DeviceNumber>(
    (na, nb): (usize, usize),
    x: Span<'_, T>,
) -> Option<(Span<'_, T>, Span<'_, T>, [usize; 2])> {
    let (mut inner, mut outer) = ((1, 0), (1, 0));
    // which of columns (1) and layers (2) is where
    let mut which = [0, 0];
    for (i, d) in [(1, (x.cols, x.cs)), (2, (x.layers, x.ls))].into_iter().filter(|(_, d)| d.0 != 1) {
        let (place, mark) = if d.1 < x.rs { (&mut inner, 0) } else { (&mut outer, 1) };
        if place.0 != 1 {
            return None;
        }
        (*place, which[mark]) = (d, i);
    }
    let joined = outer.0 == 1 || outer.1 == na * nb * x.rs;
    let whole = inner.0 == 1 || inner.1 * inner.0 == x.rs;
    let fast = if inner.0 == 1 { x.rs } else { inner.1 };
    (joined && whole).then(|| {
        let for_b = x.of((nb, x.rs), inner, (na * outer.0, nb * x.rs));
        (for_b, x.of((na, nb * x.rs), (nb * inner.0, fast), outer), which)
    })
}
/// (x, y) as B sees them in A x I + I x B, and as A sees them: both square, of these sizes.
#[allow(clippy::type_complexity, reason = "two pairs")]
pub(super) fn modes<'x, 'y, T: DeviceNumber>(
    sizes: (usize, usize),
    x: Span<'x, T>,
    y: SpanMut<'y, T>,
) -> Option<[(Span<'x, T>, SpanMut<'y, T>); 2]> {
    let ((xb, xa, of_x), (yb, ya, of_y)) = (grouped(sizes, x)?, grouped(sizes, y.span)?);
    let to = |span| SpanMut { span, memory: PhantomData };
    // used one after the other
    (of_x == of_y).then(|| [(xb, to(yb)), (xa, to(ya))])
}

/// Sizes and strides of x and y for a kernel; `Places` in `kernels/vector.cu`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
struct Places([i64; 9]);
// SAFETY: nine numbers, as the C++ struct.
unsafe impl DeviceRepr for Places {}
/// As [`Places`] for `Sizes`: m, n, k, layers, and the strides of A, x and y.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
struct Sizes([i64; 12]);
// SAFETY: twelve numbers, as the C++ struct.
unsafe impl DeviceRepr for Sizes {}
/// `rows` is how many rows the kernel goes over: those of x, or of y.
fn places<T: DeviceNumber>(rows: usize, x: Span<'_, T>, y: &SpanMut<'_, T>) -> Places {
    let y = y.span;
    Places([rows, x.cols, x.layers, x.rs, x.cs, x.ls, y.rs, y.cs, y.ls].map(|n| n as i64))
}
/// Launches one of the kernels over `$rows` x columns x layers of x: arguments before and after the factor.
macro_rules! over {
    ($T:ty, $gpu:ident, $name:literal, $how:ident, $rows:expr, $x:ident, $y:ident, [$($before:expr),*], [$($after:expr),*]) => {{
        let rows = $rows;
        let Some(config) = covering(rows.saturating_mul($x.cols).saturating_mul($x.layers)) else { return Ok(()) };
        let (kernel, alpha, add, s) = ($gpu.own::<$T>($name)?, $how.alpha.raw(), $how.add as i32, places(rows, $x, &$y));
        let (before, after): (&[u64], &[i32]) = (&[$($before),*], &[$($after),*]);
        let mut l = $gpu.stream.launch_builder(&kernel);
        l.arg(&$y.span.at);
        for a in before {
            l.arg(a);
        }
        l.arg(&$x.at).arg(&alpha).arg(&add);
        for a in after {
            l.arg(a);
        }
        l.arg(&s);
        // SAFETY: all matrices lie in their memory, as spans promise; y is not read elsewhere meanwhile.
        launched($name, unsafe { l.launch(config) }).map(|_| ())
    }};
}
/// y = \[y +\] alpha x.
pub(crate) fn scaled<T: DeviceNumber>(gpu: &Cuda, how: Update<T>, x: Span<'_, T>, y: SpanMut<'_, T>) -> Result<()> {
    over!(T, gpu, "scaled", how, x.rows, x, y, [], [0i32])
}
/// y = \[y +\] alpha conj(x).
pub(super) fn conjugated<T: DeviceNumber>(gpu: &Cuda, how: Update<T>, x: Span<'_, T>, y: SpanMut<'_, T>) -> Result<()> {
    over!(T, gpu, "scaled", how, x.rows, x, y, [], [1i32])
}
/// y = \[y +\] alpha diag(d) x, or with conj(d) for the adjoint.
pub(crate) fn diagonal<T: DeviceNumber>(
    gpu: &Cuda,
    how: Update<T>,
    d: Span<'_, T>,
    x: Span<'_, T>,
    y: SpanMut<'_, T>,
) -> Result<()> {
    over!(T, gpu, "diagonal", how, x.rows, x, y, [d.at], [how.adjoint as i32])
}
/// y = alpha diag(d) y: each number is read and written by one thread.
pub(super) fn diagonal_in_place<T: DeviceNumber>(
    gpu: &Cuda,
    how: Update<T>,
    d: Span<'_, T>,
    y: SpanMut<'_, T>,
) -> Result<()> {
    let x = y.span;
    diagonal(gpu, how, d, x, y)
}
/// y\[i\] = \[y\[i\] +\] alpha x\[p\[i\]\], or its transpose.
pub(super) fn permutation<T: DeviceNumber>(
    gpu: &Cuda,
    how: Update<T>,
    order: u64,
    x: Span<'_, T>,
    y: SpanMut<'_, T>,
) -> Result<()> {
    over!(T, gpu, "permutation", how, x.rows, x, y, [order], [how.adjoint as i32])
}
/// y = \[y +\] alpha op(A) x for a band matrix with (below, above) diagonals next to the main one.
pub(super) fn banded<T: DeviceNumber>(
    gpu: &Cuda,
    how: Update<T>,
    bands: Span<'_, T>,
    (low, high): (i32, i32),
    x: Span<'_, T>,
    y: SpanMut<'_, T>,
) -> Result<()> {
    over!(T, gpu, "banded", how, x.rows, x, y, [bands.at], [how.adjoint as i32, low, high])
}
/// y = \[y +\] alpha op(A x I + I x B) x for tridiagonal A and B of these sizes, in one pass over x and y, which are columns without gaps.
pub(super) fn tridiagonals<T: DeviceNumber>(
    gpu: &Cuda,
    how: Update<T>,
    (m, n): (usize, usize),
    (a, b): (Span<'_, T>, Span<'_, T>),
    x: Span<'_, T>,
    y: SpanMut<'_, T>,
) -> Result<()> {
    let tiles = m.div_ceil(16).checked_mul(n.div_ceil(THREADS as usize)).filter(|&t| t <= i32::MAX as usize);
    let Some(tiles) = tiles else {
        return Err(Error::invalid(format!("a Kronecker sum of {m} and {n} rows is more than one launch can cover")));
    };
    if tiles == 0 {
        return Ok(());
    }
    let (kernel, alpha, add) = (gpu.own::<T>("tridiagonals")?, how.alpha.raw(), how.add as i32);
    let (back, m, n) = (how.adjoint as i32, m as i64, n as i64);
    let mut l = gpu.stream.launch_builder(&kernel);
    l.arg(&y.span.at).arg(&a.at).arg(&b.at).arg(&x.at).arg(&alpha).arg(&add).arg(&back).arg(&m).arg(&n);
    let config = LaunchConfig { grid_dim: (tiles as u32, 1, 1), block_dim: (THREADS, 1, 1), shared_mem_bytes: 0 };
    // SAFETY: x and y have m n numbers, A and B three diagonals of m and n each.
    launched("tridiagonals", unsafe { l.launch(config) }).map(|_| ())
}
/// y = \[y +\] 0.
pub(super) fn nothing<T: DeviceNumber>(gpu: &Cuda, how: Update<T>, x: Span<'_, T>, y: SpanMut<'_, T>) -> Result<()> {
    if how.add {
        return Ok(());
    }
    // a product over no columns, which reads neither A nor x
    let (m, none) = (y.span.rows, Span { rows: 0, ..x });
    own_product(gpu, Update::replace(), ((0, m, 0), Stored::Plain), none, y)
}
/// The formats of a stored matrix: the numbers themselves, or 16 bits for `f32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stored {
    Plain,
    Half,
    Brain,
}
/// y = \[y +\] alpha op(A) x for a stored A of (m, n) numbers, column-major: by cuBLAS where it is there and knows the strides.
pub(crate) fn product<T: DeviceNumber>(
    gpu: &Cuda,
    how: Update<T>,
    a: (u64, usize, usize),
    x: Span<'_, T>,
    mut y: SpanMut<'_, T>,
) -> Result<()> {
    if blas::product(gpu, how, a, x, y.reborrow())? {
        return Ok(());
    }
    own_product(gpu, how, (a, Stored::Plain), x, y)
}
/// The same by the kernel of this crate: any strides, any format.
pub(super) fn own_product<T: DeviceNumber>(
    gpu: &Cuda,
    how: Update<T>,
    ((at, m, n), stored): ((u64, usize, usize), Stored),
    x: Span<'_, T>,
    y: SpanMut<'_, T>,
) -> Result<()> {
    let (m, n, ar, ac) = if how.adjoint { (n, m, m, 1) } else { (m, n, 1, m) };
    let (x, y) = if x.cols == 1 { (x.swapped(), y.swapped()) } else { (x, y) };
    let Some(config) = tiled(m, x.cols, x.layers, 16, (16, 16))? else { return Ok(()) };
    let kernel = match stored {
        Stored::Plain => gpu.own::<T>("product")?,
        Stored::Half => gpu.own_mixed("product_half")?,
        Stored::Brain => gpu.own_mixed("product_brain")?,
    };
    let (alpha, add, conjugate) = (how.alpha.raw(), how.add as i32, (how.adjoint && !T::IsReal::KNOWN) as i32);
    let s = [m, n, x.cols, x.layers, ar, ac, x.rs, x.cs, x.ls, y.span.rs, y.span.cs, y.span.ls];
    let s = Sizes(s.map(|n| n as i64));
    let mut l = gpu.stream.launch_builder(&kernel);
    l.arg(&y.span.at).arg(&at).arg(&x.at).arg(&alpha).arg(&add).arg(&conjugate).arg(&s);
    // SAFETY: as above; A is m x n, x n x k, y m x k.
    launched("product", unsafe { l.launch(config) }).map(|_| ())
}
/// y = \[y +\] alpha A x, or conj(A) x, for A by lines: offsets, indices and values at these addresses. By cuSPARSE where it is there and
/// knows the strides.
pub(super) fn compressed<T: DeviceNumber>(
    gpu: &Cuda,
    how: Update<T>,
    (lines, nonzeros): ([u64; 3], usize),
    x: Span<'_, T>,
    mut y: SpanMut<'_, T>,
) -> Result<()> {
    let conjugate = (how.adjoint && !T::IsReal::KNOWN) as i32;
    if conjugate == 0 && sparse::product(gpu, how, lines, nonzeros, x, y.reborrow())? {
        return Ok(());
    }
    let warps = y.span.numbers();
    let Some(config) = covering(warps.saturating_mul(32)) else { return Ok(()) };
    let (kernel, alpha, add) = (gpu.own::<T>("compressed")?, how.alpha.raw(), how.add as i32);
    let (s, [start, index, values]) = (places(y.span.rows, x, &y), lines);
    let mut l = gpu.stream.launch_builder(&kernel);
    l.arg(&y.span.at).arg(&start).arg(&index).arg(&values).arg(&x.at).arg(&alpha).arg(&add).arg(&conjugate).arg(&s);
    // SAFETY: as above; the pattern was checked on the host.
    launched("compressed", unsafe { l.launch(config) }).map(|_| ())
}
/// A += alpha U V^H for U of m x k, V of n x k and A of m x n, all column-major without gaps.
pub(crate) fn outer<T: DeviceNumber>(
    gpu: &Cuda,
    alpha: T,
    u: &DeviceVector<T>,
    v: &DeviceVector<T>,
    k: usize,
    a: &mut DeviceVector<T>,
) -> Result<()> {
    let (m, n) = (u.len() / k.max(1), v.len() / k.max(1));
    if m * k != u.len() || n * k != v.len() || m * n != a.len() {
        return Err(Error::ShapeMismatch { op: "an outer product", left: (u.len(), v.len()), right: (a.len(), k) });
    }
    let (Some(config), Some(u), Some(v), Some(a)) = (covering(m * n), &u.data, &v.data, &mut a.data) else {
        return Ok(());
    };
    let (kernel, alpha, m, n, k) = (gpu.own::<T>("outer")?, alpha.raw(), m as i64, n as i64, k as i64);
    let mut l = gpu.stream.launch_builder(&kernel);
    l.arg(a).arg(u).arg(v).arg(&alpha).arg(&m).arg(&n).arg(&k);
    // SAFETY: the sizes were compared above.
    launched("outer", unsafe { l.launch(config) }).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(x: [usize; 7], y: [usize; 7]) -> Option<Steps<'static, 'static, f64>> {
        let span = |s: [usize; 7]| Span::somewhere(0, 0, 0, 0).of((s[0], s[1]), (s[2], s[3]), (s[4], s[5]));
        let to = SpanMut { span: span(y), memory: PhantomData };
        Steps::new((2, 3), (4, 5), span(x), to)
    }
    fn of(s: Span<'_, f64>) -> [usize; 6] {
        [s.rows, s.rs, s.cols, s.cs, s.layers, s.ls]
    }
    /// A 2 x 3, B 4 x 5: x of 15 rows, y of 8.
    #[test]
    fn kron_by_strides() {
        // seven columns without gaps: B on 21 columns of 5, A on rows at a distance of 4, in seven layers
        let s = steps([15, 1, 7, 15, 1, 0, 0], [8, 1, 7, 8, 1, 0, 0]).unwrap();
        assert_eq!(of(s.from), [5, 1, 1, 0, 21, 5]);
        assert_eq!((s.mid, s.back, s.numbers), ([(4, 1), (1, 1), (21, 4)], [(3, 4), (4, 1), (7, 12)], 84));
        assert_eq!(of(s.to.span), [2, 4, 4, 1, 7, 8]);
        // one column that is a row of a matrix of 9 columns: inner
        let s = steps([15, 9, 9, 1, 1, 0, 0], [8, 9, 9, 1, 1, 0, 0]).unwrap();
        assert_eq!(of(s.from), [5, 9, 9, 1, 3, 45]);
        assert_eq!((s.mid, s.back), ([(4, 9), (9, 1), (3, 36)], [(3, 36), (36, 1), (1, 108)]));
        assert_eq!(of(s.to.span), [2, 36, 36, 1, 1, 0]);
        // gaps between the columns of x: no
        assert!(steps([15, 1, 7, 16, 1, 0, 0], [8, 1, 7, 8, 1, 0, 0]).is_none());
        assert!(steps([15, 1, 7, 15, 2, 200, 0], [8, 1, 7, 8, 2, 200, 0]).is_none());
    }
}
