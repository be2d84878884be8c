//! Inverses as operators: by factors, and the base case.

use crate::data::Held;
use crate::error::Result;
use crate::facts::Facts;
use crate::functions::base::{BaseInverse, Undone};
use crate::functions::dense::{FactorMethod, Factored};
use crate::functions::{DetRule, DiagonalRule, HasDet, Inv, InverseRule, Invertible};
use crate::operator::short::{Fa, Re, Ro, Sc};
use crate::operator::{LinearOperator, Operator, Update, operator};
use crate::ops::{Dense, Either};
use crate::plan::{Explain, Plan, Question, Tree, base, part};
use crate::scalar::Scalar;
use crate::space::Space;
use crate::view::{View, ViewMut};
use num_traits::One;

operator!([T: Scalar, S: Space, M: FactorMethod] Factored<T, S, M> {
    scalar T; facts M::Facts; rows S; cols S; nrows |s| s.n; ncols s.n; dense true;
});
impl<T: Scalar, S: Space, M: FactorMethod> LinearOperator for Factored<T, S, M> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn act(&self, how: Update<T>, x: View<'_, T>, mut y: ViewMut<'_, T>, s: &mut [T]) {
        let n = self.nrows();
        if !how.add && how.alpha == T::one() && M::solves_views::<T, S>(n, x.cols) {
            y.copy_from(x);
            return M::solve_view(&self.factor, how.adjoint, y);
        }
        let (buf, rest) = s.split_at_mut(n * x.cols);
        for c in 0..x.cols {
            for i in 0..n {
                buf[i + n * c] = x.at(i, c);
            }
        }
        M::solve(&self.factor, how.adjoint, buf, x.cols, rest);
        for c in 0..x.cols {
            for i in 0..n {
                how.write(y.at(i, c), buf[i + n * c]);
            }
        }
    }
    fn act_in_place(&self, adjoint: bool, y: ViewMut<'_, T>, s: &mut [T]) {
        let (n, block) = (self.nrows(), y.cols.clamp(1, 64));
        if M::solves_views::<T, S>(n, y.cols) {
            return M::solve_view(&self.factor, adjoint, y);
        }
        for first in (0..y.cols).step_by(block) {
            let here = block.min(y.cols - first);
            let (buf, rest) = s.split_at_mut(n * here);
            for c in 0..here {
                (0..n).for_each(|i| buf[i + n * c] = y.data[i * y.rs + (first + c) * y.cs]);
            }
            M::solve(&self.factor, adjoint, buf, here, rest);
            for c in 0..here {
                (0..n).for_each(|i| y.data[i * y.rs + (first + c) * y.cs] = buf[i + n * c]);
            }
        }
    }
    fn in_place_scratch_len(&self, columns: usize) -> usize {
        self.scratch_len(columns.min(64))
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn scratch_len(&self, columns: usize) -> usize {
        // the solve of a dynamic size wants n numbers of its own; a static one has them on the stack
        self.nrows() * columns + if S::EXTENT.is_static() { 0 } else { self.n }
    }
}
// (A^-1)^-1 = A, rebuilt from its factors
impl<K: Facts, T: Scalar, S: Space, M: FactorMethod> InverseRule<K> for Factored<T, S, M> {
    type Output = Dense<Held<T, S>>;
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn inverse_rule(&self) -> Result<Self::Output> {
        Ok(Dense(M::rebuild(&self.factor)))
    }
}
// det A^-1 = 1 / det A
impl<K: Facts, T: Scalar, S: Space, M: FactorMethod> DetRule<K> for Factored<T, S, M> {
    #[cfg_attr(not(debug_assertions), inline(always))]
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
crate::inverse_pinv!([T: Scalar, S: Space, M: FactorMethod] Factored<T, S, M>);
crate::base_svd!([T: Scalar, S: Space, M: FactorMethod] Factored<T, S, M>);
crate::base_eig!([T: Scalar, S: Space, M: FactorMethod] Factored<T, S, M>);

// (A^-1)^-1 = A itself where it was kept
impl<K: Facts, A: LinearOperator + Clone, M: FactorMethod> InverseRule<K> for BaseInverse<A, M> {
    type Output = Undone<A>;
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn inverse_rule(&self) -> Result<Self::Output> {
        Ok(match self {
            BaseInverse::Lazy(l) => Undone::Same(l.a.clone()),
            BaseInverse::Factored(f) => Undone::Dense(Dense(M::rebuild(&f.factor))),
        })
    }
}
impl<K: Facts, A: LinearOperator, M: FactorMethod> DetRule<K> for BaseInverse<A, M> {
    #[cfg_attr(not(debug_assertions), inline(always))]
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
crate::inverse_pinv!([A: LinearOperator, M: FactorMethod] BaseInverse<A, M>);
crate::base_svd!([A: LinearOperator, M: FactorMethod] BaseInverse<A, M>);
crate::base_eig!([A: LinearOperator, M: FactorMethod] BaseInverse<A, M>);
// that of A again
impl<K: Facts, A: Invertible> InverseRule<K> for Undone<A>
where
    Dense<Held<Sc<A>, Ro<A>>>: InverseRule<Fa<A>, Output: Operator<Scalar = Sc<A>>> + Operator<Scalar = Sc<A>>,
{
    type Output = Either<Inv<A>, <Dense<Held<Sc<A>, Ro<A>>> as InverseRule<Fa<A>>>::Output>;
    fn inverse_rule(&self) -> Result<Self::Output> {
        Ok(match self {
            Undone::Same(a) => Either::First(a.inverse_rule()?),
            Undone::Dense(d) => Either::Second(InverseRule::<Fa<A>>::inverse_rule(d)?),
        })
    }
}
impl<K: Facts, A: HasDet> DetRule<K> for Undone<A> {
    fn slogdet_rule(&self) -> Result<(Sc<A>, Re<A>)> {
        match self {
            Undone::Same(a) => a.slogdet_rule(),
            Undone::Dense(d) => DetRule::<Fa<A>>::slogdet_rule(d),
        }
    }
}
impl<A: DiagonalRule> DiagonalRule for Undone<A> {
    fn diagonal_rule(&self, k: isize, d: &mut [Sc<A>]) -> Result<()> {
        match self {
            Undone::Same(a) => a.diagonal_rule(k, d),
            Undone::Dense(dense) => dense.diagonal_rule(k, d),
        }
    }
    fn trace_rule(&self) -> Result<Sc<A>> {
        match self {
            Undone::Same(a) => a.trace_rule(),
            Undone::Dense(dense) => dense.trace_rule(),
        }
    }
}
macro_rules! undone_rules {
    ($($rule:ident)*) => { $( crate::$rule!([A: Operator] Undone<A>); )* };
}
undone_rules!(base_eigh spectral_power base_exp spectral_log base_factors base_decompositions);
impl<T: Scalar, S: Space, M: FactorMethod> Explain for Factored<T, S, M> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        match question {
            Question::Apply => Plan::rule(self, format!("substitution with {}", M::NAME), "2n^2"),
            Question::Solve | Question::Pinv => Plan::rule(self, "undone: rebuilt from the factors", "2n^3/3"),
            Question::Slogdet => Plan::rule(self, format!("from {}", M::NAME), "n"),
            _ => base::<K, Self>(self, question),
        }
    }
    fn tree<K: Facts>(&self) -> Tree {
        Tree::node::<K, Self>(self, Vec::new()).called(M::NAME)
    }
}
impl<A: Explain, M: FactorMethod> Explain for BaseInverse<A, M> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        match (self, question) {
            (BaseInverse::Factored(f), Question::Apply | Question::Solve | Question::Pinv | Question::Slogdet) => {
                f.plan::<K>(question)
            }
            (BaseInverse::Lazy(l), Question::Apply) => part(&l.a, Question::Solve),
            (BaseInverse::Lazy(l), Question::Solve | Question::Pinv) => {
                Plan::by_parts("undone", [part(&l.a, Question::Apply)])
            }
            (BaseInverse::Lazy(l), Question::Slogdet) => part(&l.a, question),
            _ => base::<K, Self>(self, question),
        }
    }
    fn tree<K: Facts>(&self) -> Tree {
        let tree = Tree::node::<K, Self>(self, Vec::new());
        match self {
            BaseInverse::Factored(_) => tree.called(M::NAME),
            BaseInverse::Lazy(l) => {
                let method = crate::plan::iteration_name(M::KRYLOV, &l.a);
                Tree { parts: vec![l.a.tree::<A::Facts>()], ..tree.called(method) }
            }
        }
    }
}
impl<A: Explain> Explain for Undone<A> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        use Question::{Apply, Diagonal, Slogdet, Solve, Trace};
        match (self, question) {
            (Undone::Same(a), Apply | Solve | Slogdet | Trace | Diagonal) => part(a, question),
            (Undone::Dense(d), Apply | Solve | Slogdet | Trace | Diagonal) => {
                crate::plan::part_with::<Fa<A>, _>(d, question)
            }
            _ => base::<K, Self>(self, question),
        }
    }
}
