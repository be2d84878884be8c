//! One of two operators of the same size: results whose kind is known only when the numbers are.

use crate::error::Result;
use crate::facts::{Both, Facts};
use crate::functions::{DetRule, DiagonalRule, HasDet, HasPower, Inv, InverseRule, Invertible, Pow, Power, PowerRule};
use crate::operator::short::{Fa, Re, Sc};
use crate::operator::{LinearOperator, Operator, Update};
use crate::plan::{Explain, Plan, Question, Tree, base, part};
use crate::view::{View, ViewMut};

/// By the structure, or by the base case. Its facts are those that both have.
#[derive(Clone, Debug)]
pub enum Either<A, B> {
    /// By the structure.
    First(A),
    /// By the base case.
    Second(B),
}
/// The same of whichever it is.
macro_rules! each {
    ($e:expr, $x:ident => $f:expr) => {
        match $e {
            Either::First($x) => $f,
            Either::Second($x) => $f,
        }
    };
}
impl<A: Operator, B: Operator<Scalar = A::Scalar>> Operator for Either<A, B> {
    type Scalar = A::Scalar;
    type Facts = Both<Fa<A>, Fa<B>>;
    type Class = crate::dsl::General;
    type Rows = A::Rows;
    type Cols = A::Cols;
    const HOLDS_DENSE: bool = A::HOLDS_DENSE && B::HOLDS_DENSE;
    const ITERATIVE: bool = A::ITERATIVE || B::ITERATIVE;
    #[inline(always)]
    fn nrows(&self) -> usize {
        each!(self, x => x.nrows())
    }
    #[inline(always)]
    fn ncols(&self) -> usize {
        each!(self, x => x.ncols())
    }
}
impl<A: LinearOperator, B: LinearOperator<Scalar = A::Scalar>> LinearOperator for Either<A, B> {
    #[inline]
    fn act(&self, how: Update<Sc<A>>, x: View<'_, Sc<A>>, y: ViewMut<'_, Sc<A>>, s: &mut [Sc<A>]) {
        each!(self, a => a.act(how, x, y, s))
    }
    #[inline]
    fn scratch_len(&self, columns: usize) -> usize {
        each!(self, a => a.scratch_len(columns))
    }
    fn act_in_place(&self, adjoint: bool, y: ViewMut<'_, Sc<A>>, s: &mut [Sc<A>]) {
        each!(self, a => a.act_in_place(adjoint, y, s))
    }
    fn in_place_scratch_len(&self, columns: usize) -> usize {
        each!(self, a => a.in_place_scratch_len(columns))
    }
}
impl<K: Facts, A: Invertible, B: Invertible<Scalar = A::Scalar>> InverseRule<K> for Either<A, B> {
    type Output = Either<Inv<A>, Inv<B>>;
    fn inverse_rule(&self) -> Result<Self::Output> {
        Ok(match self {
            Either::First(a) => Either::First(a.inverse_rule()?),
            Either::Second(b) => Either::Second(b.inverse_rule()?),
        })
    }
}
impl<K: Facts, A: HasDet, B: HasDet<Scalar = A::Scalar>> DetRule<K> for Either<A, B> {
    fn slogdet_rule(&self) -> Result<(Sc<A>, Re<A>)> {
        each!(self, a => a.slogdet_rule())
    }
}
impl<K: Facts, A: HasPower, B: HasPower<Scalar = A::Scalar>> PowerRule<K> for Either<A, B> {
    type Output = Either<Pow<A>, Pow<B>>;
    fn power_rule(&self, p: Power) -> Result<Self::Output> {
        Ok(match self {
            Either::First(a) => Either::First(a.power_rule(p)?),
            Either::Second(b) => Either::Second(b.power_rule(p)?),
        })
    }
}
impl<A: DiagonalRule, B: DiagonalRule<Scalar = A::Scalar>> DiagonalRule for Either<A, B> {
    fn diagonal_rule(&self, k: isize, d: &mut [Sc<A>]) -> Result<()> {
        each!(self, a => a.diagonal_rule(k, d))
    }
    fn trace_rule(&self) -> Result<Sc<A>> {
        each!(self, a => a.trace_rule())
    }
}
crate::base_eigh!([A: Operator, B: Operator<Scalar = A::Scalar>] Either<A, B>);
crate::base_exp!([A: Operator, B: Operator<Scalar = A::Scalar>] Either<A, B>);
crate::spectral_log!([A: Operator, B: Operator<Scalar = A::Scalar>] Either<A, B>);
crate::base_factors!([A: Operator, B: Operator<Scalar = A::Scalar>] Either<A, B>);
crate::base_decompositions!([A: Operator, B: Operator<Scalar = A::Scalar>] Either<A, B>);
impl<A: Explain, B: Explain<Scalar = A::Scalar>> Explain for Either<A, B> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        match question {
            Question::Exp | Question::Log | Question::Eigh | Question::Cholesky | Question::Lu => {
                base::<K, Self>(self, question)
            }
            _ => each!(self, a => part(a, question)),
        }
    }
    fn tree<K: Facts>(&self) -> Tree {
        each!(self, a => a.tree::<K>())
    }
}
