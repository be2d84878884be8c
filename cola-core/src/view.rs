//! Strided views of vectors and matrices: what every action and every kernel works on.

use crate::scalar::Scalar;

/// A strided `rows x cols` matrix that is read: entry (i, j) is `data[i * rs + j * cs]`.
#[derive(Clone, Copy, Debug)]
pub struct View<'a, T> {
    /// The numbers, entry (0, 0) first.
    pub data: &'a [T],
    /// Number of rows.
    pub rows: usize,
    /// Number of columns.
    pub cols: usize,
    /// Distance between rows.
    pub rs: usize,
    /// Distance between columns.
    pub cs: usize,
}

/// A strided `rows x cols` matrix that is written.
#[derive(Debug)]
pub struct ViewMut<'a, T> {
    /// The numbers, entry (0, 0) first.
    pub data: &'a mut [T],
    /// Number of rows.
    pub rows: usize,
    /// Number of columns.
    pub cols: usize,
    /// Distance between rows.
    pub rs: usize,
    /// Distance between columns.
    pub cs: usize,
}

impl<'a, T: Copy> View<'a, T> {
    /// A view of `data`; entry (i, j) is `data[i * rs + j * cs]`.
    #[inline(always)]
    pub fn new(data: &'a [T], rows: usize, cols: usize, rs: usize, cs: usize) -> Self {
        View { data, rows, cols, rs, cs }
    }
    /// One column.
    #[inline(always)]
    pub fn vector(data: &'a [T]) -> Self {
        View { data, rows: data.len(), cols: 1, rs: 1, cs: data.len() }
    }
    /// A column-major matrix without gaps.
    #[inline(always)]
    pub fn matrix(data: &'a [T], rows: usize, cols: usize) -> Self {
        View { data, rows, cols, rs: 1, cs: rows }
    }
    /// Entry (i, j).
    #[inline(always)]
    pub fn at(&self, i: usize, j: usize) -> T {
        self.data[i * self.rs + j * self.cs]
    }
    /// Rows `r..r + n`.
    #[inline(always)]
    pub fn rows(&self, r: usize, n: usize) -> View<'a, T> {
        View { data: &self.data[(r * self.rs).min(self.data.len())..], rows: n, ..*self }
    }
    /// Column j.
    #[inline(always)]
    pub fn column(&self, j: usize) -> View<'a, T> {
        self.columns(j, 1)
    }
    /// Columns `j..j + n`.
    #[inline(always)]
    pub fn columns(&self, j: usize, n: usize) -> View<'a, T> {
        View { data: &self.data[(j * self.cs).min(self.data.len())..], cols: n, ..*self }
    }
    /// Rows and columns exchanged; no number moves.
    #[inline(always)]
    pub fn transposed(&self) -> View<'a, T> {
        View { data: self.data, rows: self.cols, cols: self.rows, rs: self.cs, cs: self.rs }
    }
    /// The numbers as one slice, if they lie column after column without gaps.
    #[inline(always)]
    pub fn contiguous(&self) -> Option<&'a [T]> {
        let packed = self.rs == 1 && (self.cs == self.rows || self.cols <= 1);
        if packed { self.data.get(..self.rows * self.cols) } else { None }
    }
}
impl<T: Scalar> View<'_, T> {
    /// True in the lanes where the entries have a finite sum: none of them is NaN or infinite.
    #[inline(always)]
    pub(crate) fn sum_finite(&self) -> T::Mask {
        match self.contiguous() {
            Some(x) => crate::scalar::sum_finite(x),
            None => self.finite(),
        }
    }
    /// True in the lanes where every entry is finite.
    #[inline(always)]
    pub fn finite(&self) -> T::Mask {
        if let Some(x) = self.contiguous() {
            return crate::scalar::all_finite(x);
        }
        let mut ok = <T::Mask as crate::scalar::Mask>::splat(true);
        for j in 0..self.cols {
            for i in 0..self.rows {
                ok = ok & self.at(i, j).finite();
            }
        }
        ok
    }
}
impl<'a, T: Copy> ViewMut<'a, T> {
    /// A view of `data`; entry (i, j) is `data[i * rs + j * cs]`.
    #[inline(always)]
    pub fn new(data: &'a mut [T], rows: usize, cols: usize, rs: usize, cs: usize) -> Self {
        ViewMut { data, rows, cols, rs, cs }
    }
    /// One column.
    #[inline(always)]
    pub fn vector(data: &'a mut [T]) -> Self {
        let n = data.len();
        ViewMut { data, rows: n, cols: 1, rs: 1, cs: n }
    }
    /// A column-major matrix without gaps.
    #[inline(always)]
    pub fn matrix(data: &'a mut [T], rows: usize, cols: usize) -> Self {
        ViewMut { data, rows, cols, rs: 1, cs: rows }
    }
    /// Entry (i, j), to be written.
    #[inline(always)]
    pub fn at(&mut self, i: usize, j: usize) -> &mut T {
        &mut self.data[i * self.rs + j * self.cs]
    }
    /// The same view for a shorter time.
    #[inline(always)]
    pub fn reborrow(&mut self) -> ViewMut<'_, T> {
        ViewMut { data: self.data, rows: self.rows, cols: self.cols, rs: self.rs, cs: self.cs }
    }
    /// The same view, read only.
    #[inline(always)]
    pub fn as_view(&self) -> View<'_, T> {
        View { data: self.data, rows: self.rows, cols: self.cols, rs: self.rs, cs: self.cs }
    }
    /// Takes the entries of `x`, a view of the same shape, in the order in which they lie.
    pub fn copy_from(&mut self, x: View<'_, T>) {
        if let (Some(x), true) = (x.contiguous(), self.rs == 1 && (self.cs == self.rows || self.cols <= 1)) {
            return self.data[..x.len()].copy_from_slice(x);
        }
        if self.rs <= self.cs {
            (0..self.cols).for_each(|c| (0..self.rows).for_each(|i| *self.at(i, c) = x.at(i, c)));
        } else {
            (0..self.rows).for_each(|i| (0..self.cols).for_each(|c| *self.at(i, c) = x.at(i, c)));
        }
    }
    /// Rows `r..r + n`.
    #[inline(always)]
    pub fn rows(&mut self, r: usize, n: usize) -> ViewMut<'_, T> {
        let start = (r * self.rs).min(self.data.len());
        ViewMut { data: &mut self.data[start..], rows: n, cols: self.cols, rs: self.rs, cs: self.cs }
    }
    /// Columns j, j + 1, .., j + n - 1.
    #[inline(always)]
    pub fn columns(&mut self, j: usize, n: usize) -> ViewMut<'_, T> {
        let start = (j * self.cs).min(self.data.len());
        ViewMut { data: &mut self.data[start..], rows: self.rows, cols: n, rs: self.rs, cs: self.cs }
    }
    /// The m x n entries from (r, c) on.
    #[inline(always)]
    pub(crate) fn block(&mut self, (r, m): (usize, usize), (c, n): (usize, usize)) -> ViewMut<'_, T> {
        let start = (r * self.rs + c * self.cs).min(self.data.len());
        ViewMut { data: &mut self.data[start..], rows: m, cols: n, rs: self.rs, cs: self.cs }
    }
    /// Column j.
    #[inline(always)]
    pub fn column(&mut self, j: usize) -> ViewMut<'_, T> {
        let start = (j * self.cs).min(self.data.len());
        ViewMut { data: &mut self.data[start..], rows: self.rows, cols: 1, rs: self.rs, cs: self.cs }
    }
}
