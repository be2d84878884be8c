//! Circulants near a Toeplitz matrix.
//!
//! Strang, A proposal for Toeplitz matrix calculations, Stud. Appl. Math. 74, 1986; T. Chan, An optimal circulant preconditioner for
//! Toeplitz systems, SISC 9, 1988.

use crate::data::VectorData;
use crate::error::{Error, Result};
use crate::facts::NoFacts;
use crate::functions::InverseRule;
use crate::ops::{Circulant, RowSpace, Toeplitz, UpperBand};
use crate::scalar::Scalar;
use crate::space::Dyn;

/// The inverse of a circulant near a Toeplitz matrix: a [`Circulant`], with all its rules.
#[derive(Clone, Copy, Debug)]
pub struct CirculantPreconditioner;
impl CirculantPreconditioner {
    /// Strang's: the central diagonals of T, copied around. CG converges superlinearly where the symbol is smooth and positive; it may be
    /// indefinite where T is not.
    ///
    /// ```
    /// # use cola_core::prelude::*;
    /// let n = 512;
    /// let t = Psd::new(Toeplitz::symmetric((0..n).map(|k| 1.0 / (1 + k * k) as f64).collect::<Vec<_>>()));
    /// let b = vec![1.0; n];
    /// let plain = t.solve_with(Cg::default(), &b)?.report.iterations;
    /// for p in [CirculantPreconditioner::strang(&t.0)?, CirculantPreconditioner::chan(&t.0)?] {
    ///     let with = t.solve_with(Cg::default().preconditioner(&p), &b)?.report.iterations;
    ///     assert!(2 * with < plain, "{with} {plain}");
    /// }
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// `Singular` if the circulant is, `NonFinite`, `ShapeMismatch`.
    pub fn strang<C, R>(t: &Toeplitz<C, R>) -> Result<Circulant<C::Scalar, Dyn>>
    where
        C: VectorData,
        R: UpperBand<C::Scalar> + RowSpace<C>,
    {
        let n = size(t)?;
        let column = (0..n).map(|j| {
            let (low, high) = (t.at(j as isize), if j > 0 { t.at(j as isize - n as isize) } else { t.at(0) });
            match (2 * j).cmp(&n) {
                core::cmp::Ordering::Less => low,
                // the mean, so that a Hermitian T has a Hermitian circulant
                core::cmp::Ordering::Equal => (low + high) * C::Scalar::of(0.5),
                core::cmp::Ordering::Greater => high,
            }
        });
        inverse(Circulant::new(column.collect::<Vec<_>>()))
    }
    /// T. Chan's: the circulant nearest to T in the Frobenius norm, positive definite where T is.
    ///
    /// # Errors
    /// As `strang`.
    pub fn chan<C, R>(t: &Toeplitz<C, R>) -> Result<Circulant<C::Scalar, Dyn>>
    where
        C: VectorData,
        R: UpperBand<C::Scalar> + RowSpace<C>,
    {
        size(t)?;
        inverse(t.optimal_circulant())
    }
}
fn size<C: VectorData, R: UpperBand<C::Scalar> + RowSpace<C>>(t: &Toeplitz<C, R>) -> Result<usize> {
    use crate::operator::Operator;
    crate::functions::base::square("circulant preconditioner", t)?;
    match t.nrows() {
        0 => Err(Error::invalid("circulant preconditioner: the matrix is empty")),
        n => Ok(n),
    }
}
fn inverse<T: Scalar>(c: Circulant<T, Dyn>) -> Result<Circulant<T, Dyn>> {
    Ok(InverseRule::<NoFacts>::inverse_rule(&c)?.into_inner())
}
