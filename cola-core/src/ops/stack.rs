//! [A, B] and [A; B].

use crate::error::{Error, Result};
use crate::facts::{Facts, NoFacts};
use crate::functions::DiagonalRule;
use crate::functions::diagonal::block_part;
use crate::operator::short::{Co, Ro, Sc};
use crate::operator::{LinearOperator, Operator, Update, operator};
use crate::parameters::tree_node;
use crate::plan::{Explain, Plan, Question, Tree, base, part, trees};
use crate::space::{Space, demand};
use crate::view::{View, ViewMut};

/// [A, B]: side by side.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HStack<A, B>(pub A, pub B);
/// [A; B]: one above the other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VStack<A, B>(pub A, pub B);
macro_rules! constructors {
    ($S:ident, $op:literal, $extent:ident, $len:ident) => {
        impl<A: Operator, B: Operator<Scalar = A::Scalar>> $S<A, B> {
            /// Stacks two operators.
            ///
            /// # Panics
            /// Where dynamic sizes differ; static ones that differ do not compile.
            pub fn new(a: impl crate::dsl::IntoOperator<Op = A>, b: impl crate::dsl::IntoOperator<Op = B>) -> Self {
                const { Self::CHECK };
                Self::joined(a.into_operator(), b.into_operator())
            }
            pub(crate) const CHECK: () = demand($op, A::SHAPE, B::SHAPE, A::SHAPE.$extent.may_equal(B::SHAPE.$extent));
            /// Stacks two operators.
            ///
            /// # Errors
            /// `ShapeMismatch`.
            pub fn try_new(a: A, b: B) -> Result<Self> {
                let (left, right) = ((a.nrows(), a.ncols()), (b.nrows(), b.ncols()));
                if a.$len() == b.$len() { Ok($S(a, b)) } else { Err(Error::ShapeMismatch { op: $op, left, right }) }
            }
            pub(crate) fn joined(a: A, b: B) -> Self {
                Self::try_new(a, b).unwrap_or_else(|e| crate::dsl::shape_panic(&e))
            }
        }
        crate::interop::saved!([A: Operator, B: Operator<Scalar = A::Scalar>] $S<A, B>, "Stack", [] { first: A = |k| k.0, second: B = |k| k.1 } $S::try_new(first, second));
        tree_node!([A, B] $S<A, B> { "0" => 0, "1" => 1 });
    };
}
constructors!(HStack, "[A, B]", rows, nrows);
constructors!(VStack, "[A; B]", cols, ncols);
operator!([A: Operator, B: Operator<Scalar = A::Scalar>] HStack<A, B> {
    scalar A::Scalar; facts NoFacts; rows <Ro<A> as Space>::Or<Ro<B>>; cols <Co<A> as Space>::Plus<Co<B>>;
    nrows |s| s.0.nrows(); ncols s.0.ncols() + s.1.ncols(); dense A::HOLDS_DENSE && B::HOLDS_DENSE;
    iterative A::ITERATIVE || B::ITERATIVE;
});
operator!([A: Operator, B: Operator<Scalar = A::Scalar>] VStack<A, B> {
    scalar A::Scalar; facts NoFacts; rows <Ro<A> as Space>::Plus<Ro<B>>; cols <Co<A> as Space>::Or<Co<B>>;
    nrows |s| s.0.nrows() + s.1.nrows(); ncols s.0.ncols(); dense A::HOLDS_DENSE && B::HOLDS_DENSE;
    iterative A::ITERATIVE || B::ITERATIVE;
});
/// y1 = A x, y2 = B x (`split` of y).
fn fork<A: LinearOperator, B: LinearOperator<Scalar = A::Scalar>>(
    (a, b): (&A, &B),
    split: usize,
    how: Update<Sc<A>>,
    x: View<'_, Sc<A>>,
    mut y: ViewMut<'_, Sc<A>>,
    s: &mut [Sc<A>],
) {
    let rest = y.rows - split;
    a.act(how, x, y.rows(0, split), s);
    b.act(how, x, y.rows(split, rest), s);
}
/// y = A x1 + B x2 (`split` of x).
fn join<A: LinearOperator, B: LinearOperator<Scalar = A::Scalar>>(
    (a, b): (&A, &B),
    split: usize,
    how: Update<Sc<A>>,
    x: View<'_, Sc<A>>,
    mut y: ViewMut<'_, Sc<A>>,
    s: &mut [Sc<A>],
) {
    a.act(how, x.rows(0, split), y.reborrow(), s);
    b.act(how.add(), x.rows(split, x.rows - split), y, s);
}
impl<A: LinearOperator, B: LinearOperator<Scalar = A::Scalar>> LinearOperator for HStack<A, B> {
    fn act(&self, how: Update<Sc<A>>, x: View<'_, Sc<A>>, y: ViewMut<'_, Sc<A>>, s: &mut [Sc<A>]) {
        let parts = (&self.0, &self.1);
        match how.adjoint {
            false => join(parts, self.0.ncols(), how, x, y, s),
            true => fork(parts, self.0.ncols(), how, x, y, s),
        }
    }
    fn scratch_len(&self, columns: usize) -> usize {
        self.0.scratch_len(columns).max(self.1.scratch_len(columns))
    }
}
impl<A: LinearOperator, B: LinearOperator<Scalar = A::Scalar>> LinearOperator for VStack<A, B> {
    fn act(&self, how: Update<Sc<A>>, x: View<'_, Sc<A>>, y: ViewMut<'_, Sc<A>>, s: &mut [Sc<A>]) {
        let parts = (&self.0, &self.1);
        match how.adjoint {
            false => fork(parts, self.0.nrows(), how, x, y, s),
            true => join(parts, self.0.nrows(), how, x, y, s),
        }
    }
    fn scratch_len(&self, columns: usize) -> usize {
        self.0.scratch_len(columns).max(self.1.scratch_len(columns))
    }
}
macro_rules! rules {
    ($($rule:ident)*) => { $(
        crate::$rule!([A: Operator, B: Operator<Scalar = A::Scalar>] HStack<A, B>);
        crate::$rule!([A: Operator, B: Operator<Scalar = A::Scalar>] VStack<A, B>); )* };
}
rules!(base_inverse base_det base_eigh spectral_power base_exp spectral_log base_factors base_decompositions);
// blockwise: B starts where A ends
impl<A: DiagonalRule, B: DiagonalRule<Scalar = A::Scalar>> DiagonalRule for HStack<A, B> {
    const READS: bool = A::READS && B::READS;
    fn diagonal_rule(&self, k: isize, d: &mut [Sc<A>]) -> Result<()> {
        block_part(&self.0, (0, 0), k, d)?;
        block_part(&self.1, (0, self.0.ncols()), k, d)
    }
}
impl<A: DiagonalRule, B: DiagonalRule<Scalar = A::Scalar>> DiagonalRule for VStack<A, B> {
    const READS: bool = A::READS && B::READS;
    fn diagonal_rule(&self, k: isize, d: &mut [Sc<A>]) -> Result<()> {
        block_part(&self.0, (0, 0), k, d)?;
        block_part(&self.1, (self.0.nrows(), 0), k, d)
    }
}
macro_rules! explain {
    ($($S:ident)*) => { $(
        impl<A: Explain, B: Explain<Scalar = A::Scalar>> Explain for $S<A, B> {
            fn plan<K: Facts>(&self, question: Question) -> Plan {
                match question {
                    Question::Apply => Plan::by_parts("block by block", [part(&self.0, question), part(&self.1, question)]),
                    Question::Trace | Question::Diagonal => {
                        let parts = [part(&self.0, Question::Diagonal), part(&self.1, Question::Diagonal)];
                        Plan::by_parts("blockwise", parts)
                    }
                    _ => base::<K, Self>(self, question),
                }
            }
            fn tree<K: Facts>(&self) -> Tree {
                Tree::node::<K, Self>(self, trees(&self.0, &self.1))
            }
        }
    )* };
}
explain!(HStack VStack);

impl<A, B> crate::gradient::Differentiable for HStack<A, B>
where
    A: crate::gradient::Differentiable,
    B: crate::gradient::Differentiable<Scalar = A::Scalar>,
{
    fn parameters(&self) -> usize {
        self.0.parameters() + self.1.parameters()
    }
    fn accumulate_bilinear(&self, u: View<'_, Sc<A>>, v: View<'_, Sc<A>>, scale: Sc<A>, g: &mut [Sc<A>]) {
        let ((ga, gb), n) = (g.split_at_mut(self.0.parameters()), self.0.ncols());
        self.0.accumulate_bilinear(u, v.rows(0, n), scale, ga);
        self.1.accumulate_bilinear(u, v.rows(n, v.rows - n), scale, gb);
    }
}
impl<A, B> crate::gradient::Differentiable for VStack<A, B>
where
    A: crate::gradient::Differentiable,
    B: crate::gradient::Differentiable<Scalar = A::Scalar>,
{
    fn parameters(&self) -> usize {
        self.0.parameters() + self.1.parameters()
    }
    fn accumulate_bilinear(&self, u: View<'_, Sc<A>>, v: View<'_, Sc<A>>, scale: Sc<A>, g: &mut [Sc<A>]) {
        let ((ga, gb), n) = (g.split_at_mut(self.0.parameters()), self.0.nrows());
        self.0.accumulate_bilinear(u.rows(0, n), v, scale, ga);
        self.1.accumulate_bilinear(u.rows(n, u.rows - n), v, scale, gb);
    }
}
