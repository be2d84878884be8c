//! The methods of every operator that estimate norms and condition numbers.

use crate::algorithms::matfun::{self, OneNorm};
use crate::algorithms::spectrum::{self, SpectralNumber, SvdsAlgorithm};
use crate::error::{Error, Result};
use crate::functions::{Inv, Invertible};
use crate::operator::{LinearOperator, Operator};
use crate::scalar::Real;
use crate::space::{Square, demand_square};

/// Norms and condition numbers of every operator, from products with it and with its inverse.
pub trait NormExt: Operator {
    /// |A|_2 from below, to about 1e-6 (1e-3 where singular values crowd at the top), by Golub-Kahan steps.
    ///
    /// # Errors
    /// `NonFinite`, and what an iterative action reports.
    fn norm_estimate(&self) -> Result<f64>
    where
        Self: LinearOperator<Scalar: SpectralNumber> + Sized,
    {
        spectrum::two_norm(self, 0)
    }
    /// |A|_2 as the largest singular value by the given algorithm, to its tolerance: [`GolubKahan`](crate::GolubKahan) to full accuracy, or
    /// [`RandomizedSvd`](crate::RandomizedSvd) from a few products.
    ///
    /// ```
    /// # use cola_core::prelude::*;
    /// let a = Diagonal::new((1..=300).map(f64::from).collect::<Vec<_>>());
    /// assert!((a.norm_estimate_with(GolubKahan::default().seed(3))? - 300.0).abs() < 1e-9);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of the algorithm.
    fn norm_estimate_with(&self, mut algorithm: impl SvdsAlgorithm<Self>) -> Result<f64>
    where
        Self: LinearOperator + Sized,
    {
        largest(self, &mut algorithm)
    }
    /// The condition number |A|_2 |A^-1|_2, each to about 1e-6 from below; infinite for a singular operator.
    ///
    /// ```
    /// # use cola_core::prelude::*;
    /// let a = Diagonal::new([1e-3, 2.0, 5.0]);
    /// assert!((a.cond_estimate()? / 5e3 - 1.0).abs() < 1e-6);
    /// assert_eq!(Diagonal::new([0.0, 1.0]).cond_estimate()?, f64::INFINITY);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of the inverse but `Singular`, and as `norm_estimate`.
    fn cond_estimate(&self) -> Result<f64>
    where
        Self: LinearOperator<Scalar: SpectralNumber> + Square + Invertible + Sized,
        Inv<Self>: LinearOperator<Scalar = Self::Scalar>,
    {
        const { demand_square("cond_estimate", Self::SHAPE) }
        let norm = self.norm_estimate()?;
        condition(self, norm, |inverse| spectrum::two_norm(inverse, 0))
    }
    /// The condition number |A|_2 |A^-1|_2, each as a largest singular value by the given algorithm; infinite for a singular operator.
    ///
    /// ```
    /// # use cola_core::prelude::*;
    /// let a = Diagonal::new((1..=300).map(f64::from).collect::<Vec<_>>());
    /// assert!((a.cond_estimate_with(GolubKahan::default().seed(3))? - 300.0).abs() < 1e-9);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of the inverse but `Singular`, and those of the algorithm.
    fn cond_estimate_with<G>(&self, mut algorithm: G) -> Result<f64>
    where
        Self: LinearOperator + Square + Invertible + Sized,
        Inv<Self>: LinearOperator<Scalar = Self::Scalar>,
        G: SvdsAlgorithm<Self> + SvdsAlgorithm<Inv<Self>>,
    {
        const { demand_square("cond_estimate_with", Self::SHAPE) }
        let norm = largest(self, &mut algorithm)?;
        condition(self, norm, |inverse| largest(inverse, &mut algorithm))
    }
    /// The largest column sum |A|_1 from below, mostly exact and nearly always within a factor 2: most often 9 products, at most 21. (Higham
    /// & Tisseur, SIMAX 21, 2000.)
    ///
    /// ```
    /// # use cola_core::prelude::*;
    /// let a = Dense::new(nalgebra::dmatrix![1.0, -2.0; 3.0, 4.0]);
    /// assert_eq!(a.norm1_estimate()?, 6.0);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// `NonFinite`, and what an iterative action reports.
    fn norm1_estimate(&self) -> Result<f64>
    where
        Self: LinearOperator + Sized,
    {
        matfun::norm1(self)
    }
    /// The same by a [`OneNorm`] of other width, length or seed.
    ///
    /// ```
    /// # use cola_core::prelude::*;
    /// let a = Dense::new(nalgebra::DMatrix::from_fn(90, 90, |i, j| ((i * 31 + j * 17) % 23) as f64 - 11.0));
    /// let exact = (0..90).map(|j| a.0.column(j).lp_norm(1)).fold(0.0, f64::max);
    /// let wide = a.norm1_estimate_with(OneNorm::default().columns(8).seed(5))?;
    /// assert!(wide <= exact && wide >= 0.9 * exact);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As `norm1_estimate`, and `InvalidArgument` for no columns.
    fn norm1_estimate_with(&self, algorithm: OneNorm) -> Result<f64>
    where
        Self: LinearOperator + Sized,
    {
        algorithm.of(self)
    }
    /// The condition number |A|_1 |A^-1|_1 from below, each nearly always within a factor 2 and mostly exact; infinite for a singular operator.
    /// One factorisation, and about 9 products with A and with its inverse. (Higham & Tisseur, SIMAX 21, 2000.)
    ///
    /// ```
    /// # use cola_core::prelude::*;
    /// let a = Dense::new(nalgebra::dmatrix![4.0, 1.0; 2.0, 1.0]);
    /// assert!((a.cond1_estimate()? - 6.0 * 2.5).abs() < 1e-13);
    /// assert_eq!(Dense::new(nalgebra::dmatrix![1.0, 1.0; 1.0, 1.0]).cond1_estimate()?, f64::INFINITY);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of the inverse but `Singular`, and as `norm1_estimate`.
    fn cond1_estimate(&self) -> Result<f64>
    where
        Self: LinearOperator + Square + Invertible + Sized,
        Inv<Self>: LinearOperator<Scalar = Self::Scalar>,
    {
        const { demand_square("cond1_estimate", Self::SHAPE) }
        let norm = matfun::norm1(self)?;
        condition(self, norm, |inverse| matfun::norm1(inverse))
    }
    /// The same by a [`OneNorm`] of other width, length or seed.
    ///
    /// ```
    /// # use cola_core::prelude::*;
    /// let a = Dense::new(nalgebra::dmatrix![4.0, 1.0; 2.0, 1.0]);
    /// assert!((a.cond1_estimate_with(OneNorm::default().columns(1))? - 6.0 * 2.5).abs() < 1e-13);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As `cond1_estimate`, and `InvalidArgument` for no columns.
    fn cond1_estimate_with(&self, algorithm: OneNorm) -> Result<f64>
    where
        Self: LinearOperator + Square + Invertible + Sized,
        Inv<Self>: LinearOperator<Scalar = Self::Scalar>,
    {
        const { demand_square("cond1_estimate_with", Self::SHAPE) }
        let norm = algorithm.of(self)?;
        condition(self, norm, |inverse| algorithm.of(inverse))
    }
}
impl<A: Operator + ?Sized> NormExt for A {}

/// The largest singular value.
fn largest<A: LinearOperator>(a: &A, algorithm: &mut impl SvdsAlgorithm<A>) -> Result<f64> {
    match a.nrows().min(a.ncols()) {
        0 => Ok(0.0),
        _ => Ok(algorithm.svds(a, 1)?.singular_values[0].lane_f64(0)),
    }
}
/// `norm` times that of the inverse; infinite where there is none.
fn condition<A>(a: &A, norm: f64, of_inverse: impl FnOnce(&Inv<A>) -> Result<f64>) -> Result<f64>
where
    A: LinearOperator + Invertible,
    Inv<A>: LinearOperator<Scalar = A::Scalar>,
{
    match a.inverse_rule().and_then(|inverse| of_inverse(&inverse)) {
        Ok(inverse) => Ok(if a.nrows() == 0 { 1.0 } else { norm * inverse }),
        Err(Error::Singular { .. }) => Ok(f64::INFINITY),
        Err(e) => Err(e),
    }
}
