//! The inverse in single precision, as a preconditioner in double precision: iterative refinement in mixed precision.
//!
//! Carson & Higham, Accelerating the solution of linear systems by iterative refinement in three precisions, SISC 40, 2018: with GMRES
//! as the refinement it serves condition numbers far beyond 1 / eps of single precision.

use crate::algorithms::blocks::finite;
use crate::algorithms::dense as kernels;
use crate::error::{Error, Result};
use crate::facts::{Facts, NoFacts};
use crate::functions::base::materialize;
use crate::functions::det::slog_product;
use crate::functions::{DetRule, InverseRule};
use crate::operator::{LinearOperator, Update, operator};
use crate::plan::{Explain, Plan, Question, base};
use crate::scalar::{Complex, Real, Scalar};
use crate::space::Dyn;
use crate::vector::Vector;
use crate::view::{View, ViewMut};
use num_traits::{One, Zero};

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
/// GMRES the answer has the accuracy of double precision. Its inverse is the product of the factors, its determinant that of the pivots.
///
/// ```
/// # use cola_core::prelude::*;
/// let n = 60;
/// let a = Dense::new(nalgebra::DMatrix::from_fn(n, n, |i, j| 1.0 / (1 + i.abs_diff(j)) as f64));
/// let p = SinglePrecision::of(&a)?;
/// let s = a.solve_with(Gmres::default().tol(1e-14).preconditioner(&p), &vec![1.0; n])?;
/// assert!(s.report.iterations <= 6 && s.report.residual <= 1e-13);
/// // to the digits of single precision
/// assert!((p.slogdet()?.1 + a.slogdet()?.1).abs() < 1e-4);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct SinglePrecision<T: Double> {
    n: usize,
    lu: Vec<T::Single>,
    perm: Vec<<T::Single as Scalar>::Re>,
    /// The determinant of the permutation, +-1.
    sign: T::Single,
    /// L U in place of its inverse.
    undone: bool,
    /// The matrix was divided by it, so that its entries are numbers in single precision.
    unit: f64,
}
impl<T: Double> SinglePrecision<T> {
    /// Makes A dense and factors it. 2 n^3 / 3 operations in single precision.
    ///
    /// # Errors
    /// `Singular` if it is in single precision, `NonFinite`, `ShapeMismatch`; `InvalidArgument` for an operator that is not dense and too large
    /// to be made so.
    pub fn of<A: LinearOperator<Scalar = T>>(a: &A) -> Result<Self> {
        Self::factored(a.nrows(), materialize("SinglePrecision", a)?.as_slice(), &[0.0])
    }
    /// The same, where A is singular in single precision with a little added to its diagonal; and |A|_F.
    pub(crate) fn regular<A: LinearOperator<Scalar = T>>(a: &A) -> Result<(Self, f64)> {
        let dense = materialize("MixedPrecision", a)?;
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
        let (mut result, mut sign) = (Ok(()), T::Single::one());
        for addition in additions.iter().filter(|&&a| a == 0.0 || largest > 0.0) {
            lu.iter_mut().zip(dense).for_each(|(l, &x)| *l = scaled(x, 1.0 / unit, unit).down());
            (0..n).for_each(|i| lu[i * (n + 1)] += T::of(addition * rounding).down());
            let outcome;
            (outcome, sign) = kernels::lu(n, false, &mut lu, &mut perm);
            result = outcome.result(|index, _| Error::Singular { index });
            if result.is_ok() {
                break;
            }
        }
        result?;
        Ok(SinglePrecision { n, lu, perm, sign, undone: false, unit })
    }
    /// v <- P^T L U v, or U^H L^H P v; row i of P A is row `perm[i]` of A.
    fn multiply(&self, adjoint: bool, v: &mut [T::Single], scratch: &mut [T::Single]) {
        let n = self.n;
        let column = |j: usize| self.lu[j * n..(j + 1) * n].split_at(j);
        let at = |i: usize| self.perm[i].lane_f64(0) as usize;
        if adjoint {
            (0..n).for_each(|i| scratch[i] = v[at(i)]);
            // what is above is still old, as entry j takes those below it, and then those above
            for j in 0..n {
                let (_, low) = column(j);
                scratch[j] = (1..n - j).fold(scratch[j], |s, i| s.add_mul(low[i].conj(), scratch[j + i]));
            }
            for j in (0..n).rev() {
                let (up, low) = column(j);
                v[j] = (0..j).fold(low[0].conj() * scratch[j], |s, i| s.add_mul(up[i].conj(), scratch[i]));
            }
            return;
        }
        for j in 0..n {
            let (x, (up, low)) = (v[j], column(j));
            v[..j].iter_mut().zip(up).for_each(|(v, &u)| *v = v.add_mul(u, x));
            v[j] = low[0] * x;
        }
        for j in (0..n).rev() {
            let (x, (_, low)) = (v[j], column(j));
            v[j + 1..].iter_mut().zip(&low[1..]).for_each(|(v, &l)| *v = v.add_mul(l, x));
        }
        scratch.copy(v);
        (0..n).for_each(|i| v[at(i)] = scratch[i]);
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
            match self.undone {
                false => kernels::lu_solve(n, false, &self.lu, &self.perm, how.adjoint, &mut single, 1, &mut scratch),
                true => self.multiply(how.adjoint, &mut single, &mut scratch),
            }
            for (i, &v) in single.iter().enumerate() {
                let v = match self.undone {
                    false => scaled(T::up(v), 1.0 / self.unit, self.unit),
                    true => T::up(v).scale(T::Re::real(self.unit)),
                };
                how.write(y.at(i, c), v.scale(T::Re::real(size)));
            }
        }
    }
    fn scratch_len(&self, _: usize) -> usize {
        0
    }
}
// ((L U)^-1)^-1 = L U
impl<T: Double, K: Facts> InverseRule<K> for SinglePrecision<T> {
    type Output = Self;
    fn inverse_rule(&self) -> Result<Self> {
        Ok(SinglePrecision { undone: !self.undone, ..self.clone() })
    }
}
// 1 / (det P prod u_ii), in units
impl<T: Double, K: Facts> DetRule<K> for SinglePrecision<T> {
    fn slogdet_rule(&self) -> Result<(T, T::Re)> {
        let pivots = (0..self.n).map(|i| T::up(self.lu[i * (self.n + 1)]));
        let (phase, log) = slog_product(pivots);
        let (phase, log) = (T::up(self.sign) * phase, log + T::Re::real(self.n as f64 * self.unit.ln()));
        // of modulus 1: its reciprocal is its conjugate
        Ok(if self.undone { (phase, log) } else { (phase.conj(), -log) })
    }
}
crate::base_eigh!([T: Double] SinglePrecision<T>);
crate::spectral_power!([T: Double] SinglePrecision<T>);
crate::base_exp!([T: Double] SinglePrecision<T>);
crate::spectral_log!([T: Double] SinglePrecision<T>);
crate::base_diagonal!([T: Double] SinglePrecision<T>);
crate::base_factors!([T: Double] SinglePrecision<T>);
crate::base_eig!([T: Double] SinglePrecision<T>);
crate::base_svd!([T: Double] SinglePrecision<T>);
crate::inverse_pinv!([T: Double] SinglePrecision<T>);
impl<T: Double> Explain for SinglePrecision<T> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        match question {
            Question::Apply | Question::Solve => Plan::rule(self, "L and U in single precision", "n^2"),
            Question::Slogdet => Plan::rule(self, "product of the pivots", "n"),
            _ => base::<K, Self>(self, question),
        }
    }
}
