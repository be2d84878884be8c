//! Entries: diagonals and trace.

use crate::data::Column;
use crate::error::{Error, Result};
use crate::operator::Operator;
use crate::space::Dyn;

/// How the diagonals of a structure are read. The rule needs no facts.
#[diagnostic::on_unimplemented(
    message = "no diagonal rule for `{Self}`",
    label = "`{Self}` has no rule for `diagonal` and `trace`",
    note = "an operator of your own gets all base cases by `cola::base_rules! {{ [] Mine }}`"
)]
pub trait DiagonalRule: Operator {
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
