//! A polynomial of A near its inverse: Chebyshev iteration as a preconditioner.
//!
//! Saad, Iterative Methods for Sparse Linear Systems, 2nd ed., 2003, algorithm 12.1.

use crate::error::{Error, Result};
use crate::facts::{Facts, PsdFacts, PsdOf};
use crate::operator::short::{Ro, Sc};
use crate::operator::{LinearOperator, Operator, Update, operator};
use crate::scalar::Scalar;
use crate::vector::Vector;
use crate::view::{View, ViewMut};
use num_traits::Zero;

/// p(A) with A p(A) near I on the interval [low, high] of eigenvalues, p of degree k - 1: k - 1 products with A, no inner products.
///
/// ```
/// # use cola_core::prelude::*;
/// let d: Vec<f64> = (1..=500).map(f64::from).collect();
/// let a = Psd::new(Diagonal::new(d));
/// let p = Chebyshev::new(&a, 5.0, 500.0, 8)?;
/// let plain = a.solve_with(Cg::default(), &vec![1.0; 500])?.report.iterations;
/// let with = a.solve_with(Cg::default().preconditioner(&p), &vec![1.0; 500])?.report.iterations;
/// assert!(3 * with < plain);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Chebyshev<A> {
    a: A,
    low: f64,
    high: f64,
    degree: usize,
}
impl<A: LinearOperator> Chebyshev<A>
where
    <A::Facts as Facts>::Psd: PsdOf<A>,
{
    /// For eigenvalues up to `high`; those below `low` are left to the solver. `high` must not be too small: p is positive on
    /// (0, high] alone.
    ///
    /// # Errors
    /// `InvalidArgument` unless 0 < low < high and degree > 0; `ShapeMismatch`.
    pub fn new(a: A, low: f64, high: f64, degree: usize) -> Result<Self> {
        crate::functions::base::square("Chebyshev", &a)?;
        if !(low > 0.0 && high > low && high.is_finite() && degree > 0) {
            return Err(Error::invalid(format!(
                "Chebyshev: bounds {low} and {high}, degree {degree}; give 0 < low < high and a degree of 1 at least"
            )));
        }
        Ok(Chebyshev { a, low, high, degree })
    }
}
operator!([A: Operator] Chebyshev<A> {
    scalar Sc<A>; facts PsdFacts; rows Ro<A>; cols Ro<A>; nrows |s| s.a.nrows(); ncols s.a.nrows(); iterative A::ITERATIVE;
});
impl<A: LinearOperator> LinearOperator for Chebyshev<A> {
    fn act(&self, how: Update<Sc<A>>, x: View<'_, Sc<A>>, mut y: ViewMut<'_, Sc<A>>, s: &mut [Sc<A>]) {
        let n = x.rows;
        let of = <Sc<A> as Scalar>::of;
        let (theta, delta) = (0.5 * (self.high + self.low), 0.5 * (self.high - self.low));
        let (r, rest) = s.split_at_mut(n);
        let (d, rest) = rest.split_at_mut(n);
        let (z, rest) = rest.split_at_mut(n);
        for c in 0..x.cols {
            (0..n).for_each(|i| r[i] = x.at(i, c));
            d.copy(r);
            d.scale(of(1.0 / theta));
            z.fill(Sc::<A>::zero());
            let mut rho = delta / theta;
            for k in 0..self.degree {
                z.axpy(of(1.0), d);
                if k + 1 == self.degree {
                    break;
                }
                // r <- r - A d;  d <- rho' rho d + (2 rho' / delta) r
                let minus = Update { alpha: of(-1.0), ..Update::replace() }.add();
                self.a.act(minus, View::vector(d), ViewMut::vector(r), rest);
                let next = 1.0 / (2.0 * theta / delta - rho);
                d.axpby(of(2.0 * next / delta), r, of(next * rho));
                rho = next;
            }
            (0..n).for_each(|i| how.write(y.at(i, c), z[i]));
        }
    }
    fn scratch_len(&self, _: usize) -> usize {
        3 * self.a.nrows() + self.a.scratch_len(1)
    }
}
crate::base_rules!([A: LinearOperator] Chebyshev<A>);
impl<A: Operator> crate::plan::Explain for Chebyshev<A> {}
