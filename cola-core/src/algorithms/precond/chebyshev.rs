//! A polynomial of A near its inverse: Chebyshev iteration as a preconditioner.
//!
//! Saad, Iterative Methods for Sparse Linear Systems, 2nd ed., 2003, algorithm 12.1.

use crate::error::{Error, Result};
use crate::facts::{Facts, PsdFacts, PsdOf, SelfAdjointFacts};
use crate::functions::base::{BaseInverse, materialize};
use crate::functions::dense::{FactorMethod, MethodOf};
use crate::functions::det::slog_product;
use crate::functions::{DetRule, EighRule, HasEigh, InverseRule, MaySpectrum, Power, SpectrumRule, Vectors};
use crate::operator::short::{Fa, Re, Ro, Sc};
use crate::operator::{LinearOperator, Operator, Update, operator};
use crate::ops::{Either, Spectral};
use crate::plan::{Explain, Plan, Question, base};
use crate::scalar::{Real, Scalar};
use crate::vector::Vector;
use crate::view::{View, ViewMut};
use num_traits::Zero;

/// p(A) with A p(A) near I on the interval [low, high] of eigenvalues, p of degree k - 1: k - 1 products with A, no inner products. Its
/// eigenvalues are p of those of A, on the same eigenvectors, where the structure of A gives these.
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
impl<A: Operator> Chebyshev<A> {
    /// p(w), by the steps of the product.
    fn polynomial(&self, w: Re<A>) -> Re<A> {
        let real = Re::<A>::real;
        let (theta, delta) = (0.5 * (self.high + self.low), 0.5 * (self.high - self.low));
        let (mut r, mut d, mut z, mut rho) = (real(1.0), real(1.0 / theta), real(0.0), delta / theta);
        for _ in 0..self.degree {
            z += d;
            r -= w * d;
            let next = 1.0 / (2.0 * theta / delta - rho);
            d = r * real(2.0 * next / delta) + d * real(next * rho);
            rho = next;
        }
        z
    }
}
impl<A: MaySpectrum + LinearOperator> Chebyshev<A> {
    /// p(A) by the eigen-decomposition of A, if that is cheaper than a factorisation.
    fn structured(&self) -> Option<Result<Spectral<Vectors<A>, SelfAdjointFacts>>> {
        let cheap = <A as SpectrumRule<Fa<A>>>::STRUCTURED && self.a.has_spectrum();
        cheap.then(|| self.a.spectrum_rule()?.map(|w| self.polynomial(w)))
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
// with A = V diag(w) V^H, p(A) = V diag(p(w)) V^H
impl<K: Facts, A: HasEigh + LinearOperator> EighRule<K> for Chebyshev<A> {
    type Basis = A::Basis;
    fn eigh_rule(&self) -> Result<Spectral<A::Basis, SelfAdjointFacts>> {
        self.a.eigh_rule()?.map(|w| self.polynomial(w))
    }
}
impl<K: Facts, A: MaySpectrum + LinearOperator> SpectrumRule<K> for Chebyshev<A> {
    type Vectors = Vectors<A>;
    const STRUCTURED: bool = <A as SpectrumRule<Fa<A>>>::STRUCTURED;
    fn has_spectrum(&self) -> bool {
        self.a.has_spectrum()
    }
    fn spectrum_rule(&self) -> Result<Spectral<Vectors<A>, SelfAdjointFacts>> {
        self.a.spectrum_rule()?.map(|w| self.polynomial(w))
    }
}
// by the eigenvalues of A where its structure gives them, else by the base case
impl<K: Facts, A: MaySpectrum + LinearOperator + Clone> InverseRule<K> for Chebyshev<A> {
    type Output = Either<Spectral<Vectors<A>, PsdFacts>, BaseInverse<Self, MethodOf<K>>>;
    fn inverse_rule(&self) -> Result<Self::Output> {
        Ok(match self.structured() {
            Some(p) => Either::First(p?.power(Power::Real(-1.0))?),
            None => Either::Second(BaseInverse::new(self)?),
        })
    }
}
impl<K: Facts, A: MaySpectrum + LinearOperator> DetRule<K> for Chebyshev<A> {
    fn slogdet_rule(&self) -> Result<(Sc<A>, Re<A>)> {
        match self.structured() {
            Some(p) => Ok(slog_product(p?.eigenvalues().iter().map(|&w| Sc::<A>::from_re(w)))),
            None => MethodOf::<K>::slogdet_of(materialize("slogdet", self)?),
        }
    }
}
crate::spectral_power!([A: LinearOperator] Chebyshev<A>);
crate::spectral_exp!([A: LinearOperator] Chebyshev<A>);
crate::spectral_log!([A: LinearOperator] Chebyshev<A>);
crate::base_diagonal!([A: LinearOperator] Chebyshev<A>);
crate::base_factors!([A: LinearOperator] Chebyshev<A>);
crate::base_eig!([A: LinearOperator] Chebyshev<A>);
crate::base_svd!([A: LinearOperator] Chebyshev<A>);
crate::inverse_pinv!([A: LinearOperator] Chebyshev<A>);
impl<A: MaySpectrum + LinearOperator> Explain for Chebyshev<A> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        let structured = <A as SpectrumRule<Fa<A>>>::STRUCTURED && self.a.has_spectrum();
        match question {
            Question::Apply => Plan::rule(self, "a polynomial of A", "degree products"),
            Question::Solve | Question::Slogdet if structured => {
                Plan::rule(self, "p of the eigenvalues of A", "eigh(A)")
            }
            Question::Eigh | Question::Power => Plan::rule(self, "p of the eigenvalues of A", "eigh(A)"),
            _ => base::<K, Self>(self, question),
        }
    }
}
