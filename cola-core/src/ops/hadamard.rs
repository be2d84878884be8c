//! A o B, entry by entry.

use crate::algorithms::dense as kernels;
use crate::error::{Error, Result};
use crate::facts::{And, FactSet, Facts, Unknown};
use crate::functions::DiagonalRule;
use crate::operator::short::{Co, Fa, Ro, Sc};
use crate::operator::{LinearOperator, Operator, SameScalar, Update, operator, with_scratch};
use crate::parameters::tree_node;
use crate::plan::{Cost, Explain, Plan, Question, Tree, base, part, trees};
use crate::space::{Fits, Space, demand};
use crate::view::{View, ViewMut};
use num_traits::{One, Zero};

/// The entrywise product A o B: self-adjoint if both are, and positive semidefinite if both are (Schur's product theorem).
///
/// Apply: where both hold their entries, m n products. Else, column by column, from the columns of the factors: as much as making
/// both dense, 16 columns at a time, so that nothing of m x n is held. Diagonals are products of the diagonals.
///
/// ```
/// # use cola_core::prelude::*;
/// let h = Hadamard::new(nalgebra::matrix![1.0, 2.0; 3.0, 4.0], nalgebra::matrix![1.0, 0.5; 2.0, -1.0]);
/// assert_eq!(h.apply(&[1.0, 1.0]), [2.0, 2.0]);
/// assert_eq!(h.trace()?, -3.0);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hadamard<A, B>(pub A, pub B);
impl<A: Operator, B: Operator<Scalar = A::Scalar>> Hadamard<A, B> {
    /// A o B.
    ///
    /// # Panics
    /// Where dynamic shapes differ; static ones that differ do not compile.
    pub fn new(a: impl crate::dsl::IntoOperator<Op = A>, b: impl crate::dsl::IntoOperator<Op = B>) -> Self {
        const { Self::CHECK };
        Self::try_new(a.into_operator(), b.into_operator()).unwrap_or_else(|e| crate::dsl::shape_panic(&e))
    }
    pub(crate) const CHECK: () = demand("hadamard(A, B)", A::SHAPE, B::SHAPE, A::SHAPE.may_equal(B::SHAPE));
    /// A o B.
    ///
    /// # Errors
    /// `ShapeMismatch`.
    pub fn try_new(a: A, b: B) -> Result<Self> {
        let (left, right) = ((a.nrows(), a.ncols()), (b.nrows(), b.ncols()));
        if left == right { Ok(Hadamard(a, b)) } else { Err(Error::ShapeMismatch { op: "hadamard(A, B)", left, right }) }
    }
}
/// A o B.
///
/// # Panics
/// Where dynamic shapes differ; `try_linop!` returns the error.
pub fn hadamard<A: Operator<Rows: Fits<B::Rows>, Cols: Fits<B::Cols>>, B: SameScalar<A>>(
    a: impl crate::dsl::IntoOperator<Op = A>,
    b: impl crate::dsl::IntoOperator<Op = B>,
) -> Hadamard<A, B> {
    let () = Hadamard::<A, B>::CHECK;
    try_hadamard(a, b).unwrap_or_else(|e| crate::dsl::shape_panic(&e))
}
/// A o B.
///
/// # Errors
/// `ShapeMismatch`.
pub fn try_hadamard<A: Operator<Rows: Fits<B::Rows>, Cols: Fits<B::Cols>>, B: SameScalar<A>>(
    a: impl crate::dsl::IntoOperator<Op = A>,
    b: impl crate::dsl::IntoOperator<Op = B>,
) -> Result<Hadamard<A, B>> {
    let () = Hadamard::<A, B>::CHECK;
    Hadamard::try_new(a.into_operator(), b.into_operator())
}
type HadamardFacts<A, B> = FactSet<
    And<<Fa<A> as Facts>::SelfAdjoint, <Fa<B> as Facts>::SelfAdjoint>,
    And<<Fa<A> as Facts>::Psd, <Fa<B> as Facts>::Psd>,
    Unknown,
    Unknown,
>;
operator!([A: Operator, B: Operator<Scalar = A::Scalar>] Hadamard<A, B> {
    scalar A::Scalar; facts HadamardFacts<A, B>; rows <Ro<A> as Space>::Or<Ro<B>>; cols <Co<A> as Space>::Or<Co<B>>;
    nrows |s| s.0.nrows(); ncols s.0.ncols(); dense A::HOLDS_DENSE && B::HOLDS_DENSE; iterative A::ITERATIVE || B::ITERATIVE;
});
crate::interop::saved!([A: Operator, B: Operator<Scalar = A::Scalar>] Hadamard<A, B>, "Hadamard", [] { left: A = |k| k.0, right: B = |k| k.1 } Hadamard::try_new(left, right));
tree_node!([A, B] Hadamard<A, B> { "0" => 0, "1" => 1 });
/// Columns of the factors that are made at once: 16 n numbers of each.
const BLOCK: usize = 16;
/// The columns `first ..` of an operator, `cols` of them, in `out`; `unit` has room for as many unit vectors.
fn columns<A: LinearOperator>(
    a: &A,
    (first, cols): (usize, usize),
    unit: &mut [Sc<A>],
    out: &mut [Sc<A>],
    s: &mut [Sc<A>],
) {
    let (m, n) = (a.nrows(), a.ncols());
    unit[..n * cols].fill(Sc::<A>::zero());
    (0..cols).for_each(|c| unit[first + c + n * c] = Sc::<A>::one());
    a.act(
        Update::replace(),
        View::matrix(&unit[..n * cols], n, cols),
        ViewMut::matrix(&mut out[..m * cols], m, cols),
        s,
    );
}
impl<A: LinearOperator, B: LinearOperator<Scalar = A::Scalar>> LinearOperator for Hadamard<A, B> {
    fn act(&self, how: Update<Sc<A>>, x: View<'_, Sc<A>>, mut y: ViewMut<'_, Sc<A>>, s: &mut [Sc<A>]) {
        let (m, n) = (self.0.nrows(), self.0.ncols());
        if !how.add {
            (0..y.cols).for_each(|c| (0..y.rows).for_each(|i| *y.at(i, c) = Sc::<A>::zero()));
        }
        if x.cols == 0 {
            return;
        }
        let (a, rest) = s.split_at_mut(BLOCK * m);
        let (b, rest) = rest.split_at_mut(BLOCK * m);
        let (unit, rest) = rest.split_at_mut(BLOCK * n);
        for first in (0..n).step_by(BLOCK) {
            let cols = BLOCK.min(n - first);
            match (self.0.entries(), self.1.entries()) {
                (Some(p), Some(q)) => {
                    for c in 0..cols {
                        (0..m).for_each(|i| a[i + m * c] = p.at(i, first + c) * q.at(i, first + c));
                    }
                }
                _ => {
                    columns(&self.0, (first, cols), unit, a, rest);
                    columns(&self.1, (first, cols), unit, b, rest);
                    a.iter_mut().zip(b.iter()).for_each(|(a, b)| *a *= *b);
                }
            }
            let block = View::matrix(&a[..m * cols], m, cols);
            match how.adjoint {
                false => kernels::gemm((how.alpha, true), false, block, x.rows(first, cols), y.reborrow()),
                true => kernels::gemm((how.alpha, true), true, block.transposed(), x, y.rows(first, cols)),
            }
        }
    }
    fn scratch_len(&self, columns: usize) -> usize {
        let inner = self.0.scratch_len(BLOCK).max(self.1.scratch_len(BLOCK));
        if columns == 0 { 0 } else { BLOCK * (2 * self.0.nrows() + self.0.ncols()) + inner }
    }
}
crate::base_inverse!([A: Operator, B: Operator<Scalar = A::Scalar>] Hadamard<A, B>);
crate::base_det!([A: Operator, B: Operator<Scalar = A::Scalar>] Hadamard<A, B>);
crate::base_eigh!([A: Operator, B: Operator<Scalar = A::Scalar>] Hadamard<A, B>);
crate::spectral_power!([A: Operator, B: Operator<Scalar = A::Scalar>] Hadamard<A, B>);
crate::base_exp!([A: Operator, B: Operator<Scalar = A::Scalar>] Hadamard<A, B>);
crate::spectral_log!([A: Operator, B: Operator<Scalar = A::Scalar>] Hadamard<A, B>);
crate::base_factors!([A: Operator, B: Operator<Scalar = A::Scalar>] Hadamard<A, B>);
crate::base_decompositions!([A: Operator, B: Operator<Scalar = A::Scalar>] Hadamard<A, B>);
// products of the diagonals
impl<A: DiagonalRule, B: DiagonalRule<Scalar = A::Scalar>> DiagonalRule for Hadamard<A, B> {
    fn diagonal_rule(&self, k: isize, d: &mut [Sc<A>]) -> Result<()> {
        self.0.diagonal_rule(k, d)?;
        with_scratch(d.len(), |other| {
            self.1.diagonal_rule(k, other)?;
            d.iter_mut().zip(other).for_each(|(d, o)| *d *= *o);
            Ok(())
        })
    }
}
impl<A: Explain + LinearOperator, B: Explain<Scalar = A::Scalar> + LinearOperator> Explain for Hadamard<A, B> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        let n = self.ncols();
        let parts = || [part(&self.0, question), part(&self.1, question)];
        match question {
            Question::Apply if self.0.entries().is_some() && self.1.entries().is_some() => {
                Plan::rule(self, "every entry", "3mn")
            }
            Question::Apply => {
                let [a, b] = parts();
                let flops = a.cost.flops.zip(b.cost.flops).map(|(a, b)| n as f64 * (a + b + 3.0 * self.nrows() as f64));
                let cost = Cost { flops, ..Cost::unknown("columns of both, n applications each") };
                Plan { rule: "column by column".into(), cost, parts: vec![a, b], refused: false, base: false }
            }
            Question::Trace | Question::Diagonal => Plan::by_parts("product of the diagonals", parts()),
            _ => base::<K, Self>(self, question),
        }
    }
    fn tree<K: Facts>(&self) -> Tree {
        Tree::node::<K, Self>(self, trees(&self.0, &self.1))
    }
}
// u^T (A o B) v = sum_j (u o B e_j v_j)^T A e_j: one bilinear form of A for each column of B, and the other way round
impl<A, B> crate::gradient::Differentiable for Hadamard<A, B>
where
    A: crate::gradient::Differentiable,
    B: crate::gradient::Differentiable<Scalar = A::Scalar>,
{
    fn parameters(&self) -> usize {
        self.0.parameters() + self.1.parameters()
    }
    fn accumulate_bilinear(&self, u: View<'_, Sc<A>>, v: View<'_, Sc<A>>, scale: Sc<A>, g: &mut [Sc<A>]) {
        use crate::gradient::product;
        let (ga, gb) = g.split_at_mut(self.0.parameters());
        let mut e = vec![Sc::<A>::zero(); self.ncols()];
        for j in 0..e.len() {
            e[j] = Sc::<A>::one();
            let weighted = |column: Vec<Sc<A>>| -> Vec<_> {
                column.iter().enumerate().map(|(i, c)| u.at(i, 0) * *c * v.at(j, 0)).collect()
            };
            let ub = weighted(product(&self.1, false, View::vector(&e)));
            let ua = weighted(product(&self.0, false, View::vector(&e)));
            self.0.accumulate_bilinear(View::vector(&ub), View::vector(&e), scale, ga);
            self.1.accumulate_bilinear(View::vector(&ua), View::vector(&e), scale, gb);
            e[j] = Sc::<A>::zero();
        }
    }
}
impl<K: Facts, A, B> crate::gradient::LogdetGradient<K> for Hadamard<A, B>
where
    A: crate::gradient::Differentiable,
    B: crate::gradient::Differentiable<Scalar = A::Scalar>,
    Hadamard<A, B>: Clone,
{
}
