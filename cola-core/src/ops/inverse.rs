//! Inverses as operators: by factors, and the base case.

use crate::data::Held;
use crate::error::Result;
use crate::facts::Facts;
use crate::functions::base::{BaseInverse, Undone};
use crate::functions::dense::{FactorMethod, Factored};
use crate::functions::{DetRule, InverseRule};
use crate::operator::short::{Re, Ro, Sc};
use crate::operator::{LinearOperator, Operator, Update, operator};
use crate::ops::Dense;
use crate::scalar::Scalar;
use crate::space::Space;
use crate::view::{View, ViewMut};
use num_traits::One;

operator!([T: Scalar, S: Space, M: FactorMethod] Factored<T, S, M> {
    scalar T; facts M::Facts; rows S; cols S; nrows |s| s.n; ncols s.n; dense true;
});
impl<T: Scalar, S: Space, M: FactorMethod> LinearOperator for Factored<T, S, M> {
    #[inline]
    fn act(&self, how: Update<T>, x: View<'_, T>, mut y: ViewMut<'_, T>, s: &mut [T]) {
        let n = self.n;
        let buf = &mut s[..n * x.cols];
        for c in 0..x.cols {
            for i in 0..n {
                buf[i + n * c] = x.at(i, c);
            }
        }
        M::solve(&self.factor, how.adjoint, buf, x.cols);
        for c in 0..x.cols {
            for i in 0..n {
                how.write(y.at(i, c), buf[i + n * c]);
            }
        }
    }
    #[inline(always)]
    fn scratch_len(&self, columns: usize) -> usize {
        self.n * columns
    }
}
// (A^-1)^-1 = A, rebuilt from its factors
impl<K: Facts, T: Scalar, S: Space, M: FactorMethod> InverseRule<K> for Factored<T, S, M> {
    type Output = Dense<Held<T, S>>;
    fn inverse_rule(&self) -> Result<Self::Output> {
        Ok(Dense(M::rebuild(&self.factor)))
    }
}
// det A^-1 = 1 / det A
impl<K: Facts, T: Scalar, S: Space, M: FactorMethod> DetRule<K> for Factored<T, S, M> {
    fn slogdet_rule(&self) -> Result<(T, T::Re)> {
        let (sign, log) = M::slogdet(&self.factor);
        Ok((T::one() / sign, -log))
    }
}
crate::base_eigh!([T: Scalar, S: Space, M: FactorMethod] Factored<T, S, M>);
crate::spectral_power!([T: Scalar, S: Space, M: FactorMethod] Factored<T, S, M>);
crate::base_exp!([T: Scalar, S: Space, M: FactorMethod] Factored<T, S, M>);
crate::spectral_log!([T: Scalar, S: Space, M: FactorMethod] Factored<T, S, M>);
crate::base_diagonal!([T: Scalar, S: Space, M: FactorMethod] Factored<T, S, M>);
crate::base_factors!([T: Scalar, S: Space, M: FactorMethod] Factored<T, S, M>);

// (A^-1)^-1 = A itself where it was kept
impl<K: Facts, A: LinearOperator + Clone, M: FactorMethod> InverseRule<K> for BaseInverse<A, M> {
    type Output = Undone<A>;
    fn inverse_rule(&self) -> Result<Self::Output> {
        Ok(match self {
            BaseInverse::Lazy(l) => Undone::Same(l.a.clone()),
            BaseInverse::Factored(f) => Undone::Dense(Dense(M::rebuild(&f.factor))),
        })
    }
}
impl<K: Facts, A: LinearOperator, M: FactorMethod> DetRule<K> for BaseInverse<A, M> {
    fn slogdet_rule(&self) -> Result<(Sc<A>, Re<A>)> {
        match self {
            BaseInverse::Factored(f) => <Factored<Sc<A>, Ro<A>, M> as DetRule<K>>::slogdet_rule(f),
            BaseInverse::Lazy(l) => {
                let dense = crate::functions::base::materialize("slogdet", &l.a)?;
                let (sign, log) = M::slogdet_of(dense)?;
                Ok((Sc::<A>::one() / sign, -log))
            }
        }
    }
}
crate::base_eigh!([A: LinearOperator, M: FactorMethod] BaseInverse<A, M>);
crate::spectral_power!([A: LinearOperator, M: FactorMethod] BaseInverse<A, M>);
crate::base_exp!([A: LinearOperator, M: FactorMethod] BaseInverse<A, M>);
crate::spectral_log!([A: LinearOperator, M: FactorMethod] BaseInverse<A, M>);
crate::base_diagonal!([A: LinearOperator, M: FactorMethod] BaseInverse<A, M>);
crate::base_factors!([A: LinearOperator, M: FactorMethod] BaseInverse<A, M>);
crate::base_rules!([A: Operator] Undone<A>);
