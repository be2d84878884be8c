//! One of two operators of the same size: results whose kind is known only when the numbers are.

use crate::error::Result;
use crate::facts::{Both, Fact, Facts, SelfAdjointFacts};
use crate::functions::svd::renamed;
use crate::functions::{
    Cx, DetRule, DiagonalRule, EigFactors, EigRule, EighRule, ExpRule, HasDet, HasPower, Inv, InverseRule, Invertible,
    LogRule, PinvRule, Pow, Power, PowerRule, SvdRule,
};
use crate::operator::short::{Co, Fa, Re, Sc};
use crate::operator::{LinearOperator, Operator, Update};
use crate::ops::{Spectral, SvdFactors};
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
    #[inline]
    fn entries(&self) -> Option<View<'_, Sc<A>>> {
        each!(self, a => a.entries())
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
/// Rules that hand the facts down: what is promised of the whole is true of whichever it is.
macro_rules! each_rule {
    ($($Rule:ident $rule:ident $({ $($more:tt)* })?;)*) => { $(
        impl<K: Facts, A: $Rule<K>, B: $Rule<K, Scalar = A::Scalar>> $Rule<K> for Either<A, B>
        where
            Either<A::Output, B::Output>: Operator<Scalar = A::Scalar>,
        {
            type Output = Either<A::Output, B::Output>;
            fn $rule(&self) -> Result<Self::Output> {
                Ok(match self {
                    Either::First(a) => Either::First(a.$rule()?),
                    Either::Second(b) => Either::Second(b.$rule()?),
                })
            }
            $($($more)*)?
        } )* };
}
each_rule! {
    ExpRule exp_rule;
    LogRule log_rule;
    PinvRule pinv_rule {
        fn lstsq_alone(&self, adjoint: bool, b: View<'_, Sc<A>>, x: ViewMut<'_, Sc<A>>) -> Option<Result<()>> {
            each!(self, a => a.lstsq_alone(adjoint, b, x))
        }
    };
}
impl<K: Facts, A: EighRule<K>, B: EighRule<K, Scalar = A::Scalar>> EighRule<K> for Either<A, B>
where
    Either<A::Basis, B::Basis>: Operator<Scalar = A::Scalar, Cols = Co<A::Basis>>,
{
    type Basis = Either<A::Basis, B::Basis>;
    fn eigh_rule(&self) -> Result<Spectral<Self::Basis, SelfAdjointFacts>> {
        Ok(match self {
            Either::First(a) => {
                let (v, w) = a.eigh_rule()?.into_parts();
                Spectral::from_parts(Either::First(v), renamed(&w))
            }
            Either::Second(b) => {
                let (v, w) = b.eigh_rule()?.into_parts();
                Spectral::from_parts(Either::Second(v), renamed(&w))
            }
        })
    }
}
crate::base_spectrum!([A: Operator, B: Operator<Scalar = A::Scalar>] Either<A, B>);
impl<K: Facts, A: EigRule<K>, B: EigRule<K, Scalar = A::Scalar>> EigRule<K> for Either<A, B>
where
    Either<A::Vectors, B::Vectors>: Operator<Scalar = Cx<A>>,
{
    type Vectors = Either<A::Vectors, B::Vectors>;
    fn eig_rule(&self) -> Result<EigFactors<Self::Vectors>> {
        Ok(match self {
            Either::First(a) => {
                let (v, w) = a.eig_rule()?.into_parts();
                EigFactors::from_parts(Either::First(v), renamed(&w))
            }
            Either::Second(b) => {
                let (v, w) = b.eig_rule()?.into_parts();
                EigFactors::from_parts(Either::Second(v), renamed(&w))
            }
        })
    }
    fn left_eig_rule(&self) -> Option<Result<EigFactors<Self::Vectors>>> {
        Some(match self {
            Either::First(a) => a.left_eig_rule()?.map(|e| {
                let (v, w) = e.into_parts();
                EigFactors::from_parts(Either::First(v), renamed(&w))
            }),
            Either::Second(b) => b.left_eig_rule()?.map(|e| {
                let (v, w) = e.into_parts();
                EigFactors::from_parts(Either::Second(v), renamed(&w))
            }),
        })
    }
}
impl<K: Facts, A: SvdRule<K>, B: SvdRule<K, Scalar = A::Scalar>> SvdRule<K> for Either<A, B>
where
    Either<A::Left, B::Left>: Operator<Scalar = A::Scalar>,
    Either<A::Right, B::Right>: Operator<Scalar = A::Scalar>,
{
    type Left = Either<A::Left, B::Left>;
    type Right = Either<A::Right, B::Right>;
    fn svd_rule(&self) -> Result<SvdFactors<Self::Left, Self::Right>> {
        Ok(match self {
            Either::First(a) => {
                let (u, s, v) = a.svd_rule()?.into_parts();
                SvdFactors { s: renamed(&s), u: Either::First(u), v: Either::First(v) }
            }
            Either::Second(b) => {
                let (u, s, v) = b.svd_rule()?.into_parts();
                SvdFactors { s: renamed(&s), u: Either::Second(u), v: Either::Second(v) }
            }
        })
    }
}
crate::base_factors!([A: Operator, B: Operator<Scalar = A::Scalar>] Either<A, B>);
impl<A: Explain, B: Explain<Scalar = A::Scalar>> Explain for Either<A, B> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        match question {
            Question::Cholesky | Question::Lu => base::<K, Self>(self, question),
            // both have to have it, and the base cases do where they are self-adjoint
            Question::Power if !<Fa<B> as Facts>::SelfAdjoint::KNOWN => {
                base::<<Self as Operator>::Facts, Self>(self, question)
            }
            Question::Log if !K::SelfAdjoint::KNOWN => base::<K, Self>(self, question),
            Question::Apply | Question::Solve | Question::Slogdet | Question::Power => {
                each!(self, a => part(a, question))
            }
            _ => each!(self, a => a.plan::<K>(question)),
        }
    }
    fn tree<K: Facts>(&self) -> Tree {
        each!(self, a => a.tree::<K>())
    }
}
crate::parameters::tree_choice!(Either { First, Second });
