//! Inverses of the diagonal blocks.

use crate::algorithms::dense as kernels;
use crate::algorithms::krylov::plain_numbers;
use crate::error::{Error, Result};
use crate::facts::{Facts, PsdOf};
use crate::functions::DiagonalRule;
use crate::functions::diagonal::any_diagonal;
use crate::ops::{BlockDiagOf, Dense, Psd};
use crate::scalar::Scalar;
use nalgebra::DMatrix;
use num_traits::Zero;

/// Inverses of blocks, dense and positive definite.
pub type PsdBlocks<T> = BlockDiagOf<Vec<Psd<Dense<DMatrix<T>>>>>;
/// Inverses of blocks, dense.
pub type Blocks<T> = BlockDiagOf<Vec<Dense<DMatrix<T>>>>;

/// The inverses of the diagonal blocks of an operator: for unknowns that come in groups.
#[derive(Clone, Copy, Debug)]
pub struct BlockJacobi;
impl BlockJacobi {
    /// Blocks of `size` rows (the last one may be smaller) of a positive definite operator, inverted. The result is a [`BlockDiagOf`] with
    /// all its rules: inverse, roots, determinant. 2 size - 1 diagonals of A are read; n size^2 operations.
    ///
    /// ```
    /// # use cola_core::prelude::*;
    /// // pairs of unknowns, strongly coupled, weak links between them
    /// let n = 100;
    /// let a = Psd::new(Dense::new(nalgebra::DMatrix::from_fn(n, n, |i, j| match i.abs_diff(j) {
    ///     0 => 1.0 + i as f64,
    ///     1 if i / 2 == j / 2 => 0.9 * (1 + i.min(j)) as f64,
    ///     1 => -0.01,
    ///     _ => 0.0,
    /// })));
    /// let b = vec![1.0; n];
    /// let point = a.solve_with(Cg::default().preconditioner(&Jacobi::of(&a)?), &b)?.report.iterations;
    /// let block = a.solve_with(Cg::default().preconditioner(&BlockJacobi::of(&a, 2)?), &b)?.report.iterations;
    /// assert!(2 * block < point, "{block} {point}");
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// `NotPositiveDefinite` with the row, `NonFinite`, `ShapeMismatch`, `InvalidArgument` for blocks of size 0.
    pub fn of<A: DiagonalRule>(a: &A, size: usize) -> Result<PsdBlocks<A::Scalar>>
    where
        <A::Facts as Facts>::Psd: PsdOf<A>,
    {
        let blocks = blocks(a, size, |first, k, mut block| {
            let (mut d, mut inverse) = (vec![Zero::zero(); k], identity(k));
            kernels::ldl(k, false, &mut block, &mut d)
                .result(|index, pivot| Error::NotPositiveDefinite { index: first + index, pivot })?;
            kernels::ldl_solve(k, false, &block, &d, &mut inverse, k);
            // rounding leaves it nearly Hermitian, which the promise means exactly
            for j in 0..k {
                for i in 0..j {
                    inverse[i + j * k] = inverse[j + i * k].conj();
                }
                inverse[j * (k + 1)] = A::Scalar::from_re(inverse[j * (k + 1)].re());
            }
            Ok(Psd::new(Dense::new(DMatrix::from_vec(k, k, inverse))))
        })?;
        BlockDiagOf::try_new(blocks)
    }
    /// The same of any square operator: blocks by LU.
    ///
    /// # Errors
    /// `Singular` with the row, `NonFinite`, `ShapeMismatch`, `InvalidArgument` for blocks of size 0.
    pub fn of_general<A: DiagonalRule>(a: &A, size: usize) -> Result<Blocks<A::Scalar>> {
        let blocks = blocks(a, size, |first, k, mut block| {
            let (mut perm, mut inverse, mut scratch) = (vec![Zero::zero(); k], identity(k), identity(k));
            kernels::lu(k, false, &mut block, &mut perm)
                .0
                .result(|index, _| Error::Singular { index: first + index })?;
            kernels::lu_solve(k, false, &block, &perm, false, &mut inverse, k, &mut scratch);
            Ok(Dense::new(DMatrix::from_vec(k, k, inverse)))
        })?;
        BlockDiagOf::try_new(blocks)
    }
}
crate::algorithms::stochastic::split_by_root!([T: Scalar] PsdBlocks<T>);

fn identity<T: Scalar>(k: usize) -> Vec<T> {
    (0..k * k).map(|i| if i % (k + 1) == 0 { T::one() } else { T::zero() }).collect()
}
/// `invert(first row, size, entries)` of every block.
fn blocks<A: DiagonalRule, B>(
    a: &A,
    size: usize,
    invert: impl Fn(usize, usize, Vec<A::Scalar>) -> Result<B>,
) -> Result<Vec<B>> {
    crate::functions::base::square("BlockJacobi", a)?;
    plain_numbers::<A::Scalar>("BlockJacobi")?;
    let n = a.nrows();
    if size == 0 {
        return Err(Error::invalid("BlockJacobi: blocks of 0 rows; give 1 at least"));
    }
    let reach = size.min(n) as isize;
    let mut entries: Vec<Vec<A::Scalar>> =
        (0..n).step_by(size).map(|first| vec![A::Scalar::zero(); size.min(n - first).pow(2)]).collect();
    for k in 1 - reach..reach {
        let d = any_diagonal(a, k)?;
        crate::functions::dense::finite(&d, "the diagonal")?;
        for (at, &v) in d.iter().enumerate() {
            let (i, j) = (at + k.min(0).unsigned_abs(), at + k.max(0) as usize);
            if i / size == j / size {
                let first = i / size * size;
                entries[i / size][i - first + (j - first) * size.min(n - first)] = v;
            }
        }
    }
    entries.into_iter().enumerate().map(|(b, e)| invert(b * size, size.min(n - b * size), e)).collect()
}
