//! Entries: diagonals and trace.

use crate::data::Column;
use crate::error::{Error, Result};
use crate::operator::{LinearOperator, Operator, Update, columns_on_stack, with_scratch};
use crate::scalar::Scalar;
use crate::space::{Dyn, Space};
use crate::view::{View, ViewMut};

/// How the diagonals of a structure are read. The rule needs no facts.
#[diagnostic::on_unimplemented(
    message = "no diagonal rule for `{Self}`",
    label = "`{Self}` has no rule for `diagonal` and `trace`",
    note = "an operator of your own gets all base cases by `cola::base_rules! {{ [] Mine }}`"
)]
pub trait DiagonalRule: Operator {
    /// True if any diagonal costs of the order of its length: entries are read, not computed.
    const READS: bool = false;
    /// Entry by entry: d\[i\] = A\[i + max(-k, 0), i + max(k, 0)\] for i in 0..d.len().
    ///
    /// # Errors
    /// None in exact rules; kept for iterative ones.
    fn diagonal_rule(&self, k: isize, d: &mut [Self::Scalar]) -> Result<()>;
    /// Sum of the main diagonal.
    ///
    /// # Errors
    /// As `diagonal_rule`.
    fn trace_rule(&self) -> Result<Self::Scalar> {
        Ok(main_diagonal(self)?.sum())
    }
}
/// Entries of an operator by its diagonals, each asked for once.
pub(crate) struct Entries<'a, A: Operator> {
    a: &'a A,
    known: Vec<(isize, Column<A::Scalar, Dyn>)>,
}
impl<'a, A: DiagonalRule> Entries<'a, A> {
    pub(crate) fn of(a: &'a A) -> Self {
        Entries { a, known: Vec::new() }
    }
    pub(crate) fn at(&mut self, row: usize, col: usize) -> Result<A::Scalar> {
        let k = col as isize - row as isize;
        if A::READS && A::Rows::EXTENT.is_static() {
            // read again rather than kept on the heap
            let len = diagonal_len(self.a.nrows(), self.a.ncols(), k)?;
            return with_scratch(len, |d| self.a.diagonal_rule(k, d).map(|()| d[row.min(col)]));
        }
        let at = match self.known.iter().position(|d| d.0 == k) {
            Some(at) => at,
            None => {
                self.known.push((k, any_diagonal(self.a, k)?));
                self.known.len() - 1
            }
        };
        Ok(self.known[at].1[row.min(col)])
    }
}
/// Length of diagonal k of an m x n matrix, if it has one.
pub fn diagonal_len(m: usize, n: usize, k: isize) -> Result<usize> {
    let (row, col) = (k.min(0).unsigned_abs(), k.max(0) as usize);
    let inside = row < m && col < n || k == 0;
    match inside {
        true => Ok((m - row).min(n - col)),
        false => Err(Error::invalid(format!("diagonal_k: a {m} x {n} operator has no diagonal {k}"))),
    }
}
/// The main diagonal in static storage where the size is static.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(crate) fn main_diagonal<A: DiagonalRule + ?Sized>(a: &A) -> Result<Column<A::Scalar, A::Rows>> {
    let n = a.nrows().min(a.ncols());
    let mut d = Column::filled(n, num_traits::Zero::zero());
    a.diagonal_rule(0, &mut d)?;
    Ok(d)
}
/// Diagonal k.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(crate) fn any_diagonal<A: DiagonalRule + ?Sized>(a: &A, k: isize) -> Result<Column<A::Scalar, Dyn>> {
    let mut d = Column::filled(diagonal_len(a.nrows(), a.ncols(), k)?, num_traits::Zero::zero());
    a.diagonal_rule(k, &mut d)?;
    Ok(d)
}
/// First row and first column of diagonal k.
#[inline(always)]
pub(crate) fn diagonal_start(k: isize) -> (usize, usize) {
    (k.min(0).unsigned_abs(), k.max(0) as usize)
}
/// Copies what a block at (r0, c0) has of diagonal k into `d`.
pub(crate) fn block_part<A: DiagonalRule>(
    a: &A,
    (r0, c0): (usize, usize),
    k: isize,
    d: &mut [A::Scalar],
) -> Result<()> {
    let inner = k - (c0 as isize - r0 as isize);
    let (row, col) = diagonal_start(inner);
    if row >= a.nrows() || col >= a.ncols() {
        return Ok(());
    }
    let first = r0 + row - diagonal_start(k).0;
    with_scratch(diagonal_len(a.nrows(), a.ncols(), inner)?, |part: &mut [A::Scalar]| {
        a.diagonal_rule(inner, part)?;
        d[first..first + part.len()].copy_from_slice(part);
        Ok(())
    })
}
/// Diagonal k of V diag(w) V^H by rows of V: sum_j w_j v_ij conj(v_lj), `weighted` of j and x being w_j x. 3 m operations an entry where
/// the entries of V (n x m) lie in memory; else a product with V^H, two off the main diagonal.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(crate) fn diagonal_of_spectrum<V: LinearOperator>(
    v: &V,
    weighted: impl Fn(usize, V::Scalar) -> V::Scalar,
    k: isize,
    d: &mut [V::Scalar],
) {
    let ((row, col), zero) = (diagonal_start(k), <V::Scalar as num_traits::Zero>::zero());
    if let Some(v) = v.entries() {
        // by columns, as they lie
        d.fill(zero);
        for j in 0..v.cols {
            for (i, d) in d.iter_mut().enumerate() {
                *d += weighted(j, v.at(row + i, j) * v.at(col + i, j).conj());
            }
        }
        return;
    }
    const BLOCK: usize = 16; // rows at a time, as in the base case
    let (n, m) = (v.nrows(), v.ncols());
    let most = BLOCK.min(d.len().max(1));
    let block = columns_on_stack::<V::Scalar, V::Rows>(n + 2 * m, v.scratch_len(most), most);
    let rest = v.scratch_len(block);
    with_scratch((n + 2 * m) * block + rest, |s| {
        let (unit, s) = s.split_at_mut(n * block);
        let (left, s) = s.split_at_mut(m * block);
        let (right, s) = s.split_at_mut(m * block);
        for first in (0..d.len()).step_by(block) {
            let here = block.min(d.len() - first);
            // V^H e_i: the conjugate of row i
            let mut rows = |start: usize, out: &mut [V::Scalar]| {
                unit.fill(zero);
                (0..here).for_each(|c| unit[start + first + c + n * c] = V::Scalar::of(1.0));
                let (x, y) = (View::matrix(&unit[..n * here], n, here), ViewMut::matrix(&mut out[..m * here], m, here));
                v.act(Update::replace().flip(), x, y, s);
            };
            rows(row, left);
            if k != 0 {
                rows(col, right);
            }
            let right = if k == 0 { &*left } else { &*right };
            for c in 0..here {
                d[first + c] = (0..m).fold(zero, |sum, j| sum + weighted(j, left[j + m * c].conj() * right[j + m * c]));
            }
        }
    })
}
