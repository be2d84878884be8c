//! The inverse of A x I + I x B, or of A x B + c I, by the Schur forms of A and B, and its inverse.

use crate::algorithms::sylvester::KronSumFactor;
use crate::error::Result;
use crate::facts::{Facts, InverseFacts};
use crate::functions::{DetRule, InverseRule};
use crate::operator::{LinearOperator, Update, operator};
use crate::plan::{Explain, Plan, Question, base};
use crate::scalar::Scalar;
use crate::space::Space;
use crate::view::{View, ViewMut};
use core::marker::PhantomData;
use std::sync::Arc;

macro_rules! by_schur_forms {
    ($(#[$doc:meta])* $S:ident, $act:ident, |$factor:ident| $slogdet:expr, $Inverse:ident $undone:literal) => {
        $(#[$doc])*
        pub struct $S<T: Scalar, S, F> {
            factor: Arc<dyn KronSumFactor<T>>,
            n: usize,
            marker: PhantomData<fn() -> (S, F)>,
        }
        impl<T: Scalar, S, F> Clone for $S<T, S, F> {
            fn clone(&self) -> Self {
                $S { factor: self.factor.clone(), n: self.n, marker: PhantomData }
            }
        }
        operator!([T: Scalar, S: Space, F: Facts] $S<T, S, F> {
            scalar T; facts F; rows S; cols S; nrows |s| s.n; ncols s.n;
        });
        impl<T: Scalar, S: Space, F: Facts> LinearOperator for $S<T, S, F> {
            fn act(&self, how: Update<T>, x: View<'_, T>, mut y: ViewMut<'_, T>, s: &mut [T]) {
                let buf = &mut s[..self.n];
                for c in 0..x.cols {
                    buf.iter_mut().enumerate().for_each(|(i, b)| *b = x.at(i, c));
                    self.factor.$act(how.adjoint, buf);
                    buf.iter().enumerate().for_each(|(i, &b)| how.write(y.at(i, c), b));
                }
            }
            fn scratch_len(&self, _: usize) -> usize {
                self.n
            }
        }
        // each is the other's inverse, by the same factors
        impl<K: Facts, T: Scalar, S: Space, F: Facts> InverseRule<K> for $S<T, S, F> {
            type Output = $Inverse<T, S, InverseFacts<K>>;
            fn inverse_rule(&self) -> Result<Self::Output> {
                $Inverse::of(self.factor.clone(), self.n)
            }
        }
        impl<K: Facts, T: Scalar, S: Space, F: Facts> DetRule<K> for $S<T, S, F> {
            fn slogdet_rule(&self) -> Result<(T, T::Re)> {
                let $factor = self.factor.slogdet();
                Ok($slogdet)
            }
        }
        by_schur_forms!(@rules $S: base_eigh spectral_power base_exp spectral_log base_diagonal base_factors base_eig base_svd
            inverse_pinv);
        impl<T: Scalar, S: Space, F: Facts> Explain for $S<T, S, F> {
            fn plan<K: Facts>(&self, question: Question) -> Plan {
                match question {
                    Question::Slogdet => Plan::rule(self, "from the Schur forms", "n"),
                    Question::Solve | Question::Pinv => Plan::rule(self, $undone, "n"),
                    _ => base::<K, Self>(self, question),
                }
            }
        }
    };
    (@rules $S:ident: $($rule:ident)*) => { $( crate::$rule!([T: Scalar, S: Space, F: Facts] $S<T, S, F>); )* };
}
by_schur_forms!(
    /// The inverse of A x I + I x B (Bartels and Stewart), or of A x B + c I, by the Schur forms of A and B.
    SylvesterInverse, solve, |det| (T::one() / det.0, -det.1), SchurPair "undone: back from the Schur forms"
);
by_schur_forms!(
    /// A x I + I x B, or A x B + c I, by the Schur forms of A and B: the inverse of a [`SylvesterInverse`], with its factors.
    SchurPair, apply, |det| det, SylvesterInverse "the Schur forms it has"
);
impl<T: Scalar, S, F> SylvesterInverse<T, S, F> {
    /// From Schur forms with eigenvalues that are not zero.
    ///
    /// # Errors
    /// `Singular`.
    pub(crate) fn of(factor: Arc<dyn KronSumFactor<T>>, n: usize) -> Result<Self> {
        factor.regular()?;
        Ok(SylvesterInverse { factor, n, marker: PhantomData })
    }
}
impl<T: Scalar, S, F> SchurPair<T, S, F> {
    fn of(factor: Arc<dyn KronSumFactor<T>>, n: usize) -> Result<Self> {
        Ok(SchurPair { factor, n, marker: PhantomData })
    }
}
