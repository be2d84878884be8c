//! Sparse matrices by rows, as the preconditioners keep them.

use crate::algorithms::sparse::Compressed;
use crate::error::{Error, Result};
use crate::operator::Update;
use crate::scalar::{Mask, Scalar};
use crate::view::{View, ViewMut};

/// A sparse matrix by rows; the places of a row ascend.
#[derive(Clone, Debug)]
pub(super) struct Rows<T> {
    pub offsets: Vec<usize>,
    pub indices: Vec<usize>,
    pub values: Vec<T>,
}
impl<T: Scalar> Rows<T> {
    pub fn empty() -> Self {
        Rows { offsets: vec![0], indices: Vec::new(), values: Vec::new() }
    }
    /// The entries that `keep` wants, by rows, ascending; every diagonal entry is there.
    pub fn new(a: Compressed<'_, T>, keep: impl Fn(usize, usize) -> bool) -> Self {
        let n = a.rows;
        let mut rows: Vec<Vec<(usize, T)>> = (0..n).map(|i| vec![(i, T::zero())]).collect();
        for k in 0..a.lines() {
            let (places, values) = a.line(k);
            for (&p, &v) in places.iter().zip(values) {
                let (i, j) = if a.by_rows { (k, p) } else { (p, k) };
                if i == j {
                    rows[i][0].1 = v;
                } else if keep(i, j) {
                    rows[i].push((j, v));
                }
            }
        }
        let mut out = Rows::empty();
        for mut row in rows {
            row.sort_by_key(|e| e.0);
            out.push(row);
        }
        out
    }
    /// One more row.
    pub fn push(&mut self, row: impl IntoIterator<Item = (usize, T)>) {
        for (j, v) in row {
            self.indices.push(j);
            self.values.push(v);
        }
        self.offsets.push(self.indices.len());
    }
    pub fn n(&self) -> usize {
        self.offsets.len() - 1
    }
    pub fn row(&self, i: usize) -> core::ops::Range<usize> {
        self.offsets[i]..self.offsets[i + 1]
    }
    /// (place, number) of row i.
    pub fn entries(&self, i: usize) -> impl Iterator<Item = (usize, T)> + '_ {
        self.row(i).map(|at| (self.indices[at], self.values[at]))
    }
    /// A^H, of `columns` columns before.
    pub fn adjoint(&self, columns: usize) -> Self {
        let mut offsets = vec![0; columns + 1];
        self.indices.iter().for_each(|&j| offsets[j + 1] += 1);
        (0..columns).for_each(|j| offsets[j + 1] += offsets[j]);
        let (mut at, nnz) = (offsets.clone(), self.values.len());
        let (mut indices, mut values) = (vec![0; nnz], vec![T::zero(); nnz]);
        for i in 0..self.n() {
            for (j, v) in self.entries(i) {
                (indices[at[j]], values[at[j]]) = (i, v.conj());
                at[j] += 1;
            }
        }
        Rows { offsets, indices, values }
    }
    /// A B, B of `columns` columns, row by row. (Gustavson, TOMS 4, 1978.)
    pub fn times(&self, b: &Self, columns: usize) -> Self {
        let (mut sums, mut seen) = (vec![T::zero(); columns], vec![usize::MAX; columns]);
        let (mut out, mut places) = (Rows::empty(), Vec::new());
        for i in 0..self.n() {
            places.clear();
            for (k, v) in self.entries(i) {
                for (j, w) in b.entries(k) {
                    if seen[j] != i {
                        (seen[j], sums[j]) = (i, T::zero());
                        places.push(j);
                    }
                    sums[j] = sums[j].add_mul(v, w);
                }
            }
            places.sort_unstable();
            out.push(places.iter().map(|&j| (j, sums[j])));
        }
        out
    }
    /// y <- y + alpha A x.
    pub fn add_product(&self, alpha: T, x: &[T], y: &mut [T]) {
        for (i, y) in y.iter_mut().enumerate() {
            let sum = self.entries(i).fold(T::zero(), |s, (j, v)| s.add_mul(v, x[j]));
            *y = y.add_mul(alpha, sum);
        }
    }
    pub fn check(&self) -> Result<()> {
        match self.values.iter().all(|v| v.finite().all()) {
            true => Ok(()),
            false => Err(Error::non_finite("the matrix, or an overflow in its incomplete factorisation")),
        }
    }
}
/// y = [y +] alpha (what `solve` makes of a column in place).
pub(super) fn apply<T: Scalar>(
    how: Update<T>,
    x: View<'_, T>,
    mut y: ViewMut<'_, T>,
    s: &mut [T],
    mut solve: impl FnMut(&mut [T]),
) {
    for c in 0..x.cols {
        let column = &mut s[..x.rows];
        (0..x.rows).for_each(|i| column[i] = x.at(i, c));
        solve(column);
        (0..x.rows).for_each(|i| how.write(y.at(i, c), column[i]));
    }
}
