//! Preconditioners: operators near the inverse of another one.
//!
//! | for | preconditioner | is |
//! |---|---|---|
//! | any with a diagonal | [`Jacobi`] | a [`Diagonal`], with all its rules |
//! | unknowns in groups | [`BlockJacobi`] | a [`BlockDiagOf`](crate::BlockDiagOf), with all its rules |
//! | sparse, PSD | [`IncompleteCholesky`] | (L L^H)^-1 with the pattern of A, levels of fill or a threshold; inverse and determinant closed |
//! | sparse, PSD | [`Ssor`] | the same with a factor that costs nothing |
//! | sparse | [`IncompleteLu`] | (L U)^-1 with the pattern of A, levels of fill or a threshold; inverse and determinant closed |
//! | sparse M-matrices, PSD | [`SmoothedAggregation`] | a multigrid cycle: iterations hardly grow with the size |
//! | Toeplitz | `CirculantPreconditioner` (feature `fft`) | a `Circulant`, with all its rules |
//! | low rank + c I, PSD | [`PivotedCholesky`], [`Nystrom`] | a [`SpikedIdentity`]: inverse, powers and determinant are closed |
//! | dense | [`SinglePrecision`] | LU factors in half the digits: refinement in mixed precision |
//! | PSD with known bounds | [`Chebyshev`] | a polynomial of A: no inner products, nothing factored |
//!
//! Each goes into a solver by `.preconditioner(&p)`.

#[cfg(feature = "faer")]
mod aggregation;
mod block_jacobi;
mod chebyshev;
#[cfg(feature = "fft")]
mod circulant;
#[cfg(feature = "faer")]
mod fill;
#[cfg(feature = "faer")]
mod incomplete;
mod low_rank;
#[cfg(feature = "faer")]
mod rows;
mod single;
mod spiked;
#[cfg(feature = "faer")]
mod ssor;
#[cfg(all(test, feature = "faer"))]
mod tests;

#[cfg(feature = "faer")]
pub use aggregation::SmoothedAggregation;
pub use block_jacobi::{BlockJacobi, Blocks, PsdBlocks};
pub use chebyshev::Chebyshev;
#[cfg(feature = "fft")]
pub use circulant::CirculantPreconditioner;
#[cfg(feature = "faer")]
pub use incomplete::{IncompleteCholesky, IncompleteLu, IncompleteRoot};
pub use low_rank::{Nystrom, PivotedCholesky};
pub use single::{Double, SinglePrecision};
pub use spiked::SpikedIdentity;
#[cfg(feature = "faer")]
pub use ssor::Ssor;

use crate::error::{Error, Result};
use crate::functions::DiagonalRule;
use crate::functions::diagonal::main_diagonal;
use crate::ops::Diagonal;
use crate::scalar::{Real, Scalar};

/// The inverse of the diagonal.
#[derive(Clone, Copy, Debug)]
pub struct Jacobi;
impl Jacobi {
    /// diag(1 / a_ii), for an operator with large differences on its diagonal.
    ///
    /// ```
    /// # use cola_core::prelude::*;
    /// let a = Psd::new(Dense::new(nalgebra::dmatrix![1e6, 1.0; 1.0, 1e-3]));
    /// let p = Jacobi::of(&a)?;
    /// let s = a.solve_with(Cg::default().preconditioner(&p), &vec![1.0, 1.0])?;
    /// assert!(s.report.iterations <= 2);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// `Singular` where an entry is 0, `NonFinite`, `ShapeMismatch`.
    pub fn of<A: DiagonalRule>(a: &A) -> Result<Diagonal<Vec<A::Scalar>>> {
        crate::functions::base::square("Jacobi", a)?;
        let d = main_diagonal(a)?;
        crate::functions::dense::finite(&d, "the diagonal")?;
        let inverse = d.iter().enumerate().map(|(index, &d)| match d.abs().lane_f64(0) > 0.0 {
            true => Ok(d.reciprocal()),
            false => Err(Error::Singular { index }),
        });
        Ok(Diagonal(inverse.collect::<Result<Vec<_>>>()?))
    }
}
