//! Symmetric successive over-relaxation as a preconditioner.
//!
//! Axelsson, A generalized SSOR method, BIT 13, 1972; Saad, Iterative Methods for Sparse Linear Systems, 2nd ed., 2003, section 10.2.

use super::IncompleteCholesky;
use super::rows::Rows;
use crate::error::{Error, Result};
use crate::ops::{Sparse, SparseData};
use crate::scalar::{Real, Scalar};

/// M^-1 with M = (D + w E) D^-1 (D + w E)^H / (w (2 - w)), D the diagonal and E the strict lower triangle of A.
#[derive(Clone, Copy, Debug)]
pub struct Ssor;
impl Ssor {
    /// For a sparse A with a positive diagonal, Hermitian by promise: its lower triangle is read. 0 < w < 2; 1 is symmetric Gauss-Seidel.
    ///
    /// M = C C^H with the lower triangular C = (D + w E) D^(-1/2) / sqrt(w (2 - w)), so that it is an [`IncompleteCholesky`] with that
    /// factor: inverse, determinant and [`root`](IncompleteCholesky::root) are closed (the principal square root is dense). Nothing is factored: nnz operations.
    ///
    /// ```
    /// # use cola_core::prelude::*;
    /// let (m, mut entries) = (30, Vec::new());
    /// for i in 0..m * m {
    ///     entries.push((i, i, 4.0));
    ///     for j in [i + 1, i + m] {
    ///         if j < m * m && (j != i + 1 || j % m != 0) {
    ///             entries.extend([(i, j, -1.0), (j, i, -1.0)]);
    ///         }
    ///     }
    /// }
    /// let a = Sparse::from_triplets(m * m, m * m, entries)?;
    /// let p = Ssor::of(&a, 1.7)?;
    /// let a = Psd::new(a);
    /// let plain = a.solve_with(Cg::default(), &vec![1.0; m * m])?.report.iterations;
    /// let with = a.solve_with(Cg::default().preconditioner(&p), &vec![1.0; m * m])?.report.iterations;
    /// assert!(3 * with < 2 * plain, "{with} {plain}");
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// `InvalidArgument` unless 0 < w < 2, and as [`IncompleteCholesky::new`].
    pub fn of<M: SparseData>(a: &Sparse<M>, omega: f64) -> Result<IncompleteCholesky<M::Scalar>> {
        if !(omega > 0.0 && omega < 2.0) {
            return Err(Error::invalid(format!("SSOR: w is {omega}; give 0 < w < 2, and 1 if in doubt")));
        }
        let a = IncompleteCholesky::lower(a)?;
        let roots: Vec<f64> = (0..a.n()).map(|i| a.values[a.offsets[i + 1] - 1].re().lane_f64(0).sqrt()).collect();
        let scale = 1.0 / (omega * (2.0 - omega)).sqrt();
        let of = <M::Scalar as Scalar>::of;
        let mut c = Rows::empty();
        for i in 0..a.n() {
            c.push(a.entries(i).map(|(j, v)| match j < i {
                true => (j, v * of(scale * omega / roots[j])),
                false => (i, of(scale * roots[i])),
            }));
        }
        IncompleteCholesky::from_factor(c)
    }
}
