//! A + B.

use crate::error::{Error, Result};
use crate::facts::{Facts, SumFacts};
use crate::functions::DiagonalRule;
use crate::operator::short::{Co, Fa, Ro, Sc};
use crate::operator::{DynOperator, LinearOperator, Operator, Pivots, Update, operator};
use crate::ops::arranged::Arranged;
use crate::parameters::tree_node;
use crate::plan::{Explain, Plan, Question, Tree, base, part, trees};
use crate::space::{Space, demand};
use crate::view::{View, ViewMut};
use num_traits::Zero;

/// A + B. Self-adjoint and PSD if both are.
///
/// ```
/// # use cola_core::prelude::*;
/// let s = Sum::new(Diagonal::new([1.0, 2.0]), Dense::new(nalgebra::matrix![0.0, 1.0; 1.0, 0.0]));
/// assert_eq!(s.apply(&[1.0, 1.0]), [2.0, 3.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sum<A, B>(pub A, pub B);
impl<A: Operator, B: Operator<Scalar = A::Scalar>> Sum<A, B> {
    /// A + B. Needs no more than `Operator`, so that generic code can build sums.
    ///
    /// # Panics
    /// Where dynamic shapes differ; static ones that differ do not compile.
    #[inline(always)]
    pub fn new(a: impl crate::dsl::IntoOperator<Op = A>, b: impl crate::dsl::IntoOperator<Op = B>) -> Self {
        const { Self::CHECK };
        Self::joined(a.into_operator(), b.into_operator())
    }
    /// The static half of the check, evaluated where the user's line is known.
    pub(crate) const CHECK: () = demand("A + B", A::SHAPE, B::SHAPE, A::SHAPE.may_equal(B::SHAPE));
    /// A + B.
    ///
    /// # Errors
    /// `ShapeMismatch`.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn try_new(a: A, b: B) -> Result<Self> {
        let (left, right) = ((a.nrows(), a.ncols()), (b.nrows(), b.ncols()));
        if left == right { Ok(Sum(a, b)) } else { Err(Error::ShapeMismatch { op: "A + B", left, right }) }
    }
    /// The run-time half alone: `dsl::add` has made the static half.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn joined(a: A, b: B) -> Self {
        Self::try_new(a, b).unwrap_or_else(|e| crate::dsl::shape_panic(&e))
    }
}
operator!([A: Operator, B: Operator<Scalar = A::Scalar>] Sum<A, B> {
    scalar A::Scalar; facts SumFacts<Fa<A>, Fa<B>>; rows <Ro<A> as Space>::Or<Ro<B>>; cols <Co<A> as Space>::Or<Co<B>>;
    nrows |s| s.0.nrows(); ncols s.0.ncols(); dense A::HOLDS_DENSE || B::HOLDS_DENSE; iterative A::ITERATIVE || B::ITERATIVE;
    class <A::Class as crate::dsl::Class>::Plus<B::Class>; pivots (s.0.pivots().is_some() && s.1.pivots().is_some()).then_some(s as _);
});
crate::interop::saved!([A: Operator, B: Operator<Scalar = A::Scalar>] Sum<A, B>, "Sum", [] { left: A = |k| k.0, right: B = |k| k.1 } Sum::try_new(left, right));
tree_node!([A, B] Sum<A, B> { "0" => 0, "1" => 1 });
// K + c I + L + d I = (K + L) + (c + d) I
impl<A: Operator, B: Operator<Scalar = A::Scalar>> Pivots<Sc<A>> for Sum<A, B> {
    fn shift(&self) -> Sc<A> {
        self.pivoted().fold(Sc::<A>::zero(), |c, p| c + p.shift())
    }
    fn is_psd(&self) -> bool {
        self.pivoted().all(|p| p.is_psd())
    }
    fn add_diagonal(&self, scale: Sc<A>, d: &mut [Sc<A>]) {
        self.pivoted().for_each(|p| p.add_diagonal(scale, d))
    }
    fn add_column(&self, j: usize, scale: Sc<A>, y: &mut [Sc<A>]) {
        self.pivoted().for_each(|p| p.add_column(j, scale, y))
    }
}
impl<A: Operator, B: Operator<Scalar = A::Scalar>> Sum<A, B> {
    /// The parts; both have columns where the sum has.
    fn pivoted(&self) -> impl Iterator<Item = &dyn Pivots<Sc<A>>> {
        self.0.pivots().into_iter().chain(self.1.pivots())
    }
}
impl<A: LinearOperator, B: LinearOperator<Scalar = A::Scalar>> LinearOperator for Sum<A, B> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn act(&self, how: Update<Sc<A>>, x: View<'_, Sc<A>>, mut y: ViewMut<'_, Sc<A>>, s: &mut [Sc<A>]) {
        self.0.act(how, x, y.reborrow(), s);
        self.1.act(how.add(), x, y, s);
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn scratch_len(&self, columns: usize) -> usize {
        self.0.scratch_len(columns).max(self.1.scratch_len(columns))
    }
    const ARRANGES: bool = A::ARRANGES || B::ARRANGES;
    fn arranged(&self) -> Option<Box<dyn DynOperator<Sc<A>> + '_>> {
        if Self::ARRANGES { Arranged::sum(&self.0, &self.1) } else { None }
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn write(&self, alpha: Sc<A>, add: bool, mut y: ViewMut<'_, Sc<A>>) {
        self.0.write(alpha, add, y.reborrow());
        self.1.write(alpha, true, y)
    }
}
crate::base_inverse!([A: Operator, B: Operator<Scalar = A::Scalar>] Sum<A, B>);
crate::base_det!([A: Operator, B: Operator<Scalar = A::Scalar>] Sum<A, B>);
crate::base_eigh!([A: Operator, B: Operator<Scalar = A::Scalar>] Sum<A, B>);
crate::spectral_power!([A: Operator, B: Operator<Scalar = A::Scalar>] Sum<A, B>);
crate::base_exp!([A: Operator, B: Operator<Scalar = A::Scalar>] Sum<A, B>);
crate::spectral_log!([A: Operator, B: Operator<Scalar = A::Scalar>] Sum<A, B>);
crate::base_factors!([A: Operator, B: Operator<Scalar = A::Scalar>] Sum<A, B>);
crate::base_decompositions!([A: Operator, B: Operator<Scalar = A::Scalar>] Sum<A, B>);
// sum of the diagonals
impl<A: DiagonalRule, B: DiagonalRule<Scalar = A::Scalar>> DiagonalRule for Sum<A, B> {
    const READS: bool = A::READS && B::READS;
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn diagonal_rule(&self, k: isize, d: &mut [Sc<A>]) -> Result<()> {
        self.0.diagonal_rule(k, d)?;
        crate::operator::with_scratch(
            d.len(),
            #[inline(always)]
            |other| {
                self.1.diagonal_rule(k, other)?;
                for (d, other) in d.iter_mut().zip(other) {
                    *d += *other;
                }
                Ok(())
            },
        )
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn trace_rule(&self) -> Result<Sc<A>> {
        Ok(self.0.trace_rule()? + self.1.trace_rule()?)
    }
}
impl<A: Explain, B: Explain<Scalar = A::Scalar>> Explain for Sum<A, B> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        let rule = match question {
            Question::Apply => "sum of the applications",
            Question::Trace => "sum of the traces",
            Question::Diagonal => "sum of the diagonals",
            _ => return base::<K, Self>(self, question),
        };
        Plan::by_parts(rule, [part(&self.0, question), part(&self.1, question)])
    }
    fn tree<K: Facts>(&self) -> Tree {
        Tree::node::<K, Self>(self, trees(&self.0, &self.1))
    }
}

impl<A, B> crate::gradient::Differentiable for Sum<A, B>
where
    A: crate::gradient::Differentiable,
    B: crate::gradient::Differentiable<Scalar = A::Scalar>,
{
    fn parameters(&self) -> usize {
        self.0.parameters() + self.1.parameters()
    }
    fn accumulate_bilinear(&self, u: View<'_, Sc<A>>, v: View<'_, Sc<A>>, scale: Sc<A>, g: &mut [Sc<A>]) {
        let (a, b) = g.split_at_mut(self.0.parameters());
        self.0.accumulate_bilinear(u, v, scale, a);
        self.1.accumulate_bilinear(u, v, scale, b);
    }
    fn accumulate_trace(&self, scale: Sc<A>, g: &mut [Sc<A>]) {
        let (a, b) = g.split_at_mut(self.0.parameters());
        self.0.accumulate_trace(scale, a);
        self.1.accumulate_trace(scale, b);
    }
}
impl<K: crate::facts::Facts, A, B> crate::gradient::LogdetGradient<K> for Sum<A, B>
where
    A: crate::gradient::Differentiable,
    B: crate::gradient::Differentiable<Scalar = A::Scalar>,
    Sum<A, B>: Clone,
{
}
impl<K: Facts, A, B> crate::gradient::SpectrumGradient<K> for Sum<A, B>
where
    A: crate::gradient::Differentiable,
    B: crate::gradient::Differentiable<Scalar = A::Scalar>,
{
}
