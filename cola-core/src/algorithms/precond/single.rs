//! The inverse in single precision, as a preconditioner in double precision: iterative refinement in mixed precision.
//!
//! Carson & Higham, Accelerating the solution of linear systems by iterative refinement in three precisions, SISC 40, 2018: with GMRES
//! as the refinement it serves condition numbers far beyond 1 / eps of single precision.

use crate::algorithms::blocks::finite;
use crate::algorithms::dense as kernels;
use crate::error::{Error, Result};
use crate::facts::NoFacts;
use crate::functions::base::{entries, square};
use crate::operator::{LinearOperator, Update, operator};
use crate::scalar::{Complex, Real, Scalar};
use crate::space::Dyn;
use crate::vector::Vector;
use crate::view::{View, ViewMut};
use num_traits::Zero;

/// A number with a counterpart of half the size: f64 and its complex numbers.
pub trait Double: Scalar {
    /// The counterpart.
    type Single: Scalar;
    /// Rounded.
    fn down(self) -> Self::Single;
    /// Exactly.
    fn up(x: Self::Single) -> Self;
}
impl Double for f64 {
    type Single = f32;
    fn down(self) -> f32 {
        self as f32
    }
    fn up(x: f32) -> f64 {
        f64::from(x)
    }
}
impl Double for Complex<f64> {
    type Single = Complex<f32>;
    fn down(self) -> Complex<f32> {
        Complex::new(self.re as f32, self.im as f32)
    }
    fn up(x: Complex<f32>) -> Complex<f64> {
        Complex::new(f64::from(x.re), f64::from(x.im))
    }
}

/// A^-1 by LU factors of the dense matrix in single precision: half the memory and about twice the speed of the factorisation, and with
/// GMRES the answer has the accuracy of double precision.
///
/// ```
/// # use cola_core::prelude::*;
/// let n = 60;
/// let a = Dense::new(nalgebra::DMatrix::from_fn(n, n, |i, j| 1.0 / (1 + i.abs_diff(j)) as f64));
/// let p = SinglePrecision::of(&a)?;
/// let s = a.solve_with(Gmres::default().tol(1e-14).preconditioner(&p), &vec![1.0; n])?;
/// assert!(s.report.iterations <= 6 && s.report.residual <= 1e-13);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct SinglePrecision<T: Double> {
    n: usize,
    lu: Vec<T::Single>,
    perm: Vec<<T::Single as Scalar>::Re>,
    /// The matrix was divided by it, so that its entries are numbers in single precision.
    unit: f64,
}
impl<T: Double> SinglePrecision<T> {
    /// Makes A dense and factors it. 2 n^3 / 3 operations in single precision.
    ///
    /// # Errors
    /// `Singular` if it is in single precision, `NonFinite`, `ShapeMismatch`.
    pub fn of<A: LinearOperator<Scalar = T>>(a: &A) -> Result<Self> {
        Self::factored(a.nrows(), entries(a).as_slice(), &[0.0])
    }
    /// The same, where A is singular in single precision with a little added to its diagonal; and |A|_F.
    pub(crate) fn regular<A: LinearOperator<Scalar = T>>(a: &A) -> Result<(Self, f64)> {
        square("SinglePrecision", a)?;
        let dense = entries(a);
        Ok((
            Self::factored(a.nrows(), dense.as_slice(), &[0.0, 4.0, 64.0, 1024.0, 16384.0, 262144.0])?,
            dense.as_slice().norm().lane_f64(0),
        ))
    }
    /// With the first of the additions, in units of eps of single precision times the largest entry times n^(1/2), that leaves pivots.
    fn factored(n: usize, dense: &[T], additions: &[f64]) -> Result<Self> {
        if !finite(dense) {
            return Err(Error::non_finite("the matrix"));
        }
        let largest = dense.iter().fold(0.0, |m: f64, x| m.max(x.abs().lane_f64(0)));
        let unit = if largest > 0.0 { largest } else { 1.0 };
        let rounding = <T::Single as Scalar>::Re::epsilon().lane_f64(0) * (n as f64).sqrt();
        let (mut lu, mut perm) = (vec![T::Single::zero(); n * n], vec![Zero::zero(); n]);
        let mut result = Ok(());
        for addition in additions.iter().filter(|&&a| a == 0.0 || largest > 0.0) {
            lu.iter_mut().zip(dense).for_each(|(l, &x)| *l = scaled(x, 1.0 / unit, unit).down());
            (0..n).for_each(|i| lu[i * (n + 1)] += T::of(addition * rounding).down());
            result = kernels::lu(n, false, &mut lu, &mut perm).0.result(|index, _| Error::Singular { index });
            if result.is_ok() {
                break;
            }
        }
        result?;
        Ok(SinglePrecision { n, lu, perm, unit })
    }
}
/// x / unit, also where 1 / unit overflows.
fn scaled<T: Scalar>(x: T, inverse: f64, unit: f64) -> T {
    if inverse.is_finite() { x.scale(T::Re::real(inverse)) } else { x / T::of(unit) }
}
operator!([T: Double] SinglePrecision<T> {
    scalar T; facts NoFacts; rows Dyn; cols Dyn; nrows |s| s.n; ncols s.n;
});
impl<T: Double> LinearOperator for SinglePrecision<T> {
    fn act(&self, how: Update<T>, x: View<'_, T>, mut y: ViewMut<'_, T>, _: &mut [T]) {
        let n = self.n;
        let (mut single, mut scratch) = (vec![T::Single::zero(); n], vec![T::Single::zero(); n]);
        for c in 0..x.cols {
            // in units of the largest entry, as single precision has a short range
            let size = (0..n).fold(0.0, |m: f64, i| m.max(x.at(i, c).abs().lane_f64(0)));
            let size = if size > 0.0 { size } else { 1.0 };
            (0..n).for_each(|i| single[i] = scaled(x.at(i, c), 1.0 / size, size).down());
            kernels::lu_solve(n, false, &self.lu, &self.perm, how.adjoint, &mut single, 1, &mut scratch);
            for (i, &v) in single.iter().enumerate() {
                how.write(y.at(i, c), scaled(T::up(v), 1.0 / self.unit, self.unit).scale(T::Re::real(size)));
            }
        }
    }
    fn scratch_len(&self, _: usize) -> usize {
        0
    }
}
crate::base_rules!([T: Double] SinglePrecision<T>);
impl<T: Double> crate::plan::Explain for SinglePrecision<T> {}
