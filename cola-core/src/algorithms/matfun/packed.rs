//! The columns of a growing small matrix, one after another in one vector: a step of a Krylov space allocates nothing but when that doubles.

use crate::scalar::Scalar;

/// Columns of any length; what lies below one is zero.
pub(super) struct Packed<T> {
    numbers: Vec<T>,
    /// Where each ends.
    ends: Vec<usize>,
}
impl<T: Scalar> Packed<T> {
    pub fn new() -> Self {
        Packed { numbers: Vec::new(), ends: Vec::new() }
    }
    /// Room for `columns` of `rows` numbers.
    pub fn with_room(rows: usize, columns: usize) -> Self {
        Packed { numbers: Vec::with_capacity(rows * columns), ends: Vec::with_capacity(columns) }
    }
    /// The number of columns.
    pub fn len(&self) -> usize {
        self.ends.len()
    }
    pub fn column(&self, j: usize) -> &[T] {
        let first = if j == 0 { 0 } else { self.ends[j - 1] };
        &self.numbers[first..self.ends[j]]
    }
    /// One more column of zeros.
    pub fn push(&mut self, rows: usize) -> &mut [T] {
        let first = self.numbers.len();
        self.numbers.resize(first + rows, T::zero());
        self.ends.push(first + rows);
        &mut self.numbers[first..]
    }
    /// The last column without its last number.
    pub fn shorten(&mut self) {
        self.numbers.pop();
        if let Some(end) = self.ends.last_mut() {
            *end -= 1;
        }
    }
    /// The leading m columns.
    pub fn columns(&self, m: usize) -> impl Iterator<Item = &[T]> {
        (0..m).map(|j| self.column(j))
    }
}

/// A square matrix that grows by a column and a row at a time.
pub(super) struct Bordered<T> {
    /// Column k down to its diagonal entry.
    columns: Packed<T>,
    /// Row k up to what is before the diagonal.
    rows: Packed<T>,
}
impl<T: Scalar> Bordered<T> {
    pub fn new() -> Self {
        Bordered { columns: Packed::new(), rows: Packed::new() }
    }
    pub fn len(&self) -> usize {
        self.columns.len()
    }
    /// The next column, with its diagonal entry, and row, without it.
    pub fn push(&mut self) -> (&mut [T], &mut [T]) {
        let m = self.len();
        (self.columns.push(m + 1), self.rows.push(m))
    }
    /// By columns.
    pub fn whole(&self) -> Packed<T> {
        let m = self.len();
        let mut all = Packed::with_room(m, m);
        for j in 0..m {
            let h = all.push(m);
            h[..=j].copy_from_slice(self.columns.column(j));
            (j + 1..m).for_each(|i| h[i] = self.rows.column(i)[j]);
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_and_borders() {
        let mut p = Packed::new();
        p.push(2).copy_from_slice(&[1.0, 2.0]);
        p.push(3).copy_from_slice(&[3.0, 4.0, 5.0]);
        p.shorten();
        p.push(1)[0] = 6.0;
        assert_eq!(p.columns(3).collect::<Vec<_>>(), [&[1.0, 2.0][..], &[3.0, 4.0], &[6.0]]);
        let (mut b, entry) = (Bordered::new(), |i: usize, j: usize| (10 * i + j) as f64);
        for k in 0..4 {
            let (column, row) = b.push();
            (0..=k).for_each(|i| column[i] = entry(i, k));
            (0..k).for_each(|j| row[j] = entry(k, j));
        }
        let whole = b.whole();
        assert!((0..4).all(|j| (0..4).all(|i| whole.column(j)[i] == entry(i, j))));
    }
}
