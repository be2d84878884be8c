//! X A X^H, one node: self-adjoint and PSD where A is.

use crate::algorithms::dense as kernels;
use crate::data::{Held, MatrixData, Panel};
use crate::dsl::{IntoOperator, IntoTerm, IsLiteral, IsLowRank, IsOperator, IsScalar, Scale};
use crate::error::{Error, Result};
use crate::facts::{And, Fact, FactSet, Facts, SelfAdjointFacts, SelfAdjointOf, Unknown};
use crate::functions::base::{is_direct, materialize};
use crate::functions::dense::{FactorMethod, MethodOf};
use crate::functions::{DetRule, DiagonalRule, EighRule, ExpRule};
use crate::operator::short::{Co, Fa, Re, Ro, Sc};
use crate::operator::{LinearOperator, Operator, SameScalar, Update, operator, with_scratch};
use crate::ops::gram::{ExpBy, GramKind, held, may_hold};
use crate::ops::low_rank::{LowRankBasis, LowRankFactors, low_rank_diagonal, low_rank_eigh, panel, rank_plan};
use crate::ops::{ByAdjoint, ByTranspose, Conj, Gram, Scaled, Spectral, Transpose};
use crate::plan::{Explain, Plan, Question, Tree, base, part, trees};
use crate::scalar::Scalar;
use crate::space::{Shape, demand};
use crate::view::{View, ViewMut};
use core::marker::PhantomData;
use num_traits::{One, Zero};

/// X A X^H; with `C` = [`ByTranspose`] X A X^T, which keeps the facts of A where the numbers are real. `X * A * X.H` and `X * A * X.T` in
/// `linop!`, where both X are one name.
///
/// ```
/// # use cola_core::prelude::*;
/// let x = nalgebra::matrix![1.0f64, 1.0; 0.0, 2.0; 1.0, 0.0];
/// let k = Congruence::new(Dense::new(x), Psd::new(Diagonal::new([1.0, 3.0])));
/// assert_eq!(*k.diagonal()?, [4.0, 12.0, 1.0]);
/// assert!(k.eigh()?.eigenvalues()[0].abs() < 1e-14);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Congruence<X, A, C = ByAdjoint>(pub X, pub A, PhantomData<fn() -> C>);
impl<X: Operator, A: Operator<Scalar = X::Scalar>> Congruence<X, A> {
    /// X A X^H.
    ///
    /// # Panics
    /// Where A is not square of the size of X's columns; static sizes do not compile.
    pub fn new(x: impl crate::dsl::IntoOperator<Op = X>, a: impl crate::dsl::IntoOperator<Op = A>) -> Self {
        const { Self::CHECK };
        Self::try_new(x.into_operator(), a.into_operator()).unwrap_or_else(|e| crate::dsl::shape_panic(&e))
    }
}
impl<X: Operator, A: Operator<Scalar = X::Scalar>, C: GramKind> Congruence<X, A, C> {
    const CHECK: () = demand("X * A * X.H", X::SHAPE, A::SHAPE, fits(X::SHAPE, A::SHAPE));
    /// X A X^H or X A X^T, by the kind `C`.
    ///
    /// # Errors
    /// `ShapeMismatch`.
    pub fn try_new(x: X, a: A) -> Result<Self> {
        let (left, right) = ((x.nrows(), x.ncols()), (a.nrows(), a.ncols()));
        match right == (left.1, left.1) {
            true => Ok(Congruence(x, a, PhantomData)),
            false => Err(Error::ShapeMismatch { op: "X * A * X.H", left, right }),
        }
    }
}
/// Whether A may be square of the size of X's columns.
const fn fits(x: Shape, a: Shape) -> bool {
    x.cols.may_equal(a.rows) && x.cols.may_equal(a.cols)
}
/// What X A X^H is, by what A is: a number makes c X X^H.
#[diagnostic::on_unimplemented(
    message = "`{A}` cannot stand between `{X}` and its adjoint",
    label = "expected an operator or a number"
)]
pub trait CongruenceRule<X, A, C> {
    /// The node.
    type Output;
    /// Evaluated in the word itself, so that rustc quotes the user's line.
    const CHECK: () = ();
    /// X A X^H.
    ///
    /// # Errors
    /// `ShapeMismatch` of dynamic sizes.
    fn congruence(x: X, a: A) -> Result<Self::Output>;
}
impl<X: Operator, A: SameScalar<X>, C: GramKind, D> CongruenceRule<X, A, C> for IsOperator<D> {
    type Output = Congruence<X, A, C>;
    const CHECK: () = demand("X * A * X.H", X::SHAPE, A::SHAPE, fits(X::SHAPE, A::SHAPE));
    fn congruence(x: X, a: A) -> Result<Self::Output> {
        Congruence::try_new(x, a)
    }
}
macro_rules! by_number {
    ($($K:ty)*) => { $(
        #[diagnostic::do_not_recommend]
        impl<X: Operator, L: Scale<X::Scalar>, C: GramKind> CongruenceRule<X, L, C> for $K {
            type Output = Scaled<Gram<X, C>, X::Scalar, L::Sign>;
            fn congruence(x: X, l: L) -> Result<Self::Output> {
                Ok(Scaled::signed(l.number(), Gram::of_kind(x)))
            }
        } )* };
}
by_number!(IsScalar IsLiteral);
// Written out: a message about sizes would quote a macro's text too.
/// X A X^H.
///
/// # Panics
/// Where dynamic sizes do not fit; `try_linop!` returns the error.
pub fn congruence<X: Operator, A: IntoTerm, Out>(x: impl IntoOperator<Op = X>, a: A) -> Out
where
    A::Kind: CongruenceRule<X, A::Term, ByAdjoint, Output = Out>,
{
    let () = <A::Kind as CongruenceRule<X, A::Term, ByAdjoint>>::CHECK;
    try_congruence(x, a).unwrap_or_else(|e| crate::dsl::shape_panic(&e))
}
/// X A X^H.
///
/// # Errors
/// `ShapeMismatch`.
pub fn try_congruence<X: Operator, A: IntoTerm, Out>(x: impl IntoOperator<Op = X>, a: A) -> Result<Out>
where
    A::Kind: CongruenceRule<X, A::Term, ByAdjoint, Output = Out>,
{
    let () = <A::Kind as CongruenceRule<X, A::Term, ByAdjoint>>::CHECK;
    <A::Kind as CongruenceRule<X, A::Term, ByAdjoint>>::congruence(x.into_operator(), a.into_term())
}
/// X A X^T.
///
/// # Panics
/// Where dynamic sizes do not fit; `try_linop!` returns the error.
pub fn congruence_transpose<X: Operator, A: IntoTerm, Out>(x: impl IntoOperator<Op = X>, a: A) -> Out
where
    A::Kind: CongruenceRule<X, A::Term, ByTranspose, Output = Out>,
{
    let () = <A::Kind as CongruenceRule<X, A::Term, ByTranspose>>::CHECK;
    try_congruence_transpose(x, a).unwrap_or_else(|e| crate::dsl::shape_panic(&e))
}
/// X A X^T.
///
/// # Errors
/// `ShapeMismatch`.
pub fn try_congruence_transpose<X: Operator, A: IntoTerm, Out>(x: impl IntoOperator<Op = X>, a: A) -> Result<Out>
where
    A::Kind: CongruenceRule<X, A::Term, ByTranspose, Output = Out>,
{
    let () = <A::Kind as CongruenceRule<X, A::Term, ByTranspose>>::CHECK;
    <A::Kind as CongruenceRule<X, A::Term, ByTranspose>>::congruence(x.into_operator(), a.into_term())
}
/// The type of `congruence(x, a)`.
pub type CongruenceOf<X, A, C> = <<A as IntoTerm>::Kind as CongruenceRule<X, <A as IntoTerm>::Term, C>>::Output;
/// `Known` if the kind keeps facts: X A X^T does for real numbers.
type Keeps<X, C> = <C as GramKind>::Psd<<Sc<X> as Scalar>::IsReal>;
type CongruenceFacts<X, A, C> =
    FactSet<And<<Fa<A> as Facts>::SelfAdjoint, Keeps<X, C>>, And<<Fa<A> as Facts>::Psd, Keeps<X, C>>, Unknown, Unknown>;
crate::interop::saved!([X: Operator, A: Operator<Scalar = X::Scalar>, C: GramKind] Congruence<X, A, C>, "Congruence", [] { x: X = |k| k.0, a: A = |k| k.1 } {
    Congruence::try_new(x, a)
});
operator!([X: Operator, A: Operator<Scalar = X::Scalar>, C: GramKind] Congruence<X, A, C> {
    scalar X::Scalar; facts CongruenceFacts<X, A, C>; rows Ro<X>; cols Ro<X>; nrows |s| s.0.nrows(); ncols s.0.nrows();
    iterative X::ITERATIVE || A::ITERATIVE; class IsLowRank;
});
impl<X, A, C> crate::parameters::Parameters for Congruence<X, A, C>
where
    X: crate::parameters::Parameters,
    A: crate::parameters::Parameters<Number = X::Number>,
    C: GramKind,
{
    type Number = X::Number;
    type With<Z: Scalar> = Congruence<X::With<Z>, A::With<Z>, C>;
    type Owned = Congruence<X::Owned, A::Owned, C>;
    fn visit<'v>(
        &'v self,
        path: &mut crate::parameters::Path,
        f: &mut dyn FnMut(&str, std::borrow::Cow<'v, [X::Number]>),
    ) {
        path.enter("0", |p| self.0.visit(p, f));
        path.enter("1", |p| self.1.visit(p, f));
    }
    fn traverse<Z: Scalar>(
        &self,
        path: &mut crate::parameters::Path,
        f: crate::parameters::LeafFn<'_, X::Number, Z>,
    ) -> Self::With<Z> {
        let x = path.enter("0", |p| self.0.traverse(p, f));
        Congruence(x, path.enter("1", |p| self.1.traverse(p, f)), PhantomData)
    }
    fn rebuild(
        &self,
        path: &mut crate::parameters::Path,
        f: crate::parameters::LeafFn<'_, X::Number, X::Number>,
    ) -> Self::Owned {
        let x = path.enter("0", |p| self.0.rebuild(p, f));
        Congruence(x, path.enter("1", |p| self.1.rebuild(p, f)), PhantomData)
    }
    fn frame(&self, f: &mut dyn FnMut(crate::parameters::Frame)) {
        self.0.frame(f);
        self.1.frame(f);
    }
}
/// y = L (A (R x)).
fn three_steps<T: Scalar>(
    (l, hl): (&impl LinearOperator<Scalar = T>, Update<T>),
    (a, ha): (&impl LinearOperator<Scalar = T>, Update<T>),
    (r, hr): (&impl LinearOperator<Scalar = T>, Update<T>),
    x: View<'_, T>,
    y: ViewMut<'_, T>,
    s: &mut [T],
) {
    let (n, k) = (a.nrows(), x.cols);
    let (first, rest) = s.split_at_mut(n * k);
    let (second, rest) = rest.split_at_mut(n * k);
    r.act(hr, x, ViewMut::matrix(first, n, k), rest);
    a.act(ha, View::matrix(first, n, k), ViewMut::matrix(second, n, k), rest);
    l.act(hl, View::matrix(second, n, k), y, rest);
}
impl<X: LinearOperator, A: LinearOperator<Scalar = X::Scalar>, C: GramKind> LinearOperator for Congruence<X, A, C> {
    fn act(&self, how: Update<Sc<X>>, x: View<'_, Sc<X>>, y: ViewMut<'_, Sc<X>>, s: &mut [Sc<X>]) {
        let (plain, first) = (how.plain(), how.first());
        if C::CONJUGATE || <Sc<X> as Scalar>::IsReal::KNOWN {
            return three_steps((&self.0, plain), (&self.1, first), (&self.0, first.plain().flip()), x, y, s);
        }
        // (X A X^T)^H = conj(X) A^H X^H
        match how.adjoint {
            false => three_steps((&self.0, plain), (&self.1, first), (&Transpose(&self.0), first), x, y, s),
            true => three_steps((&Conj(&self.0), plain), (&self.1, first), (&self.0, first), x, y, s),
        }
    }
    fn scratch_len(&self, columns: usize) -> usize {
        let conj = if C::CONJUGATE || <Sc<X> as Scalar>::IsReal::KNOWN { 0 } else { self.0.nrows() + self.0.ncols() };
        let inner = self.0.scratch_len(columns).max(self.1.scratch_len(columns));
        (2 * self.0.ncols() + conj) * columns + inner
    }
}
/// P = X A, Q = X: r applications of A.
impl<X: LinearOperator, A: LinearOperator<Scalar = X::Scalar>, C: GramKind> LowRankFactors for Congruence<X, A, C> {
    type Rank = Co<X>;
    type Balanced = Unknown;
    fn rank(&self) -> usize {
        self.0.ncols()
    }
    fn weight(&self) -> Sc<X> {
        Sc::<X>::one()
    }
    fn is_thin(&self) -> bool {
        may_hold(&self.0)
    }
    fn with_factors<O>(&self, f: impl FnOnce(View<'_, Sc<X>>, View<'_, Sc<X>>) -> O) -> O {
        let made;
        let x = match self.0.entries() {
            Some(x) => x,
            None => {
                made = panel(&self.0);
                made.view()
            }
        };
        let (n, r) = (self.0.nrows(), self.0.ncols());
        let mut a = Held::<Sc<X>, Co<X>>::filled(r, Sc::<X>::zero());
        let eye = Held::<Sc<X>, Co<X>>::identity(r);
        with_scratch(self.1.scratch_len(r), |s| {
            let a = ViewMut::matrix(a.as_mut_slice(), r, r);
            self.1.act(Update::replace(), eye.view(), a, s)
        });
        let mut p = Panel::<Sc<X>, Ro<X>, Co<X>>::filled(n, r, Sc::<X>::zero());
        kernels::gemm((Sc::<X>::one(), false), false, x, a.view(), p.view_mut());
        if C::CONJUGATE || <Sc<X> as Scalar>::IsReal::KNOWN {
            return f(p.view(), x);
        }
        let mut conj = Panel::<Sc<X>, Ro<X>, Co<X>>::copy(x);
        conj.as_mut_slice().iter_mut().for_each(|x| *x = x.conj());
        f(p.view(), conj.view())
    }
}
crate::base_inverse!([X: Operator, A: Operator<Scalar = X::Scalar>, C: GramKind] Congruence<X, A, C>);
// zero where X is tall, of the dense matrix else
impl<K: Facts, X: LinearOperator, A: LinearOperator<Scalar = X::Scalar>, C: GramKind> DetRule<K>
    for Congruence<X, A, C>
{
    fn slogdet_rule(&self) -> Result<(Sc<X>, Re<X>)> {
        match self.0.ncols() < self.0.nrows() {
            true => Ok((Sc::<X>::zero(), Re::<X>::of(f64::NEG_INFINITY))),
            false => MethodOf::<K>::slogdet_of(materialize("slogdet", self)?),
        }
    }
}
// X = Q R: by the eigenvectors of R A R^H in the range of X where X is tall
impl<K, X, A, C> EighRule<K> for Congruence<X, A, C>
where
    K: Facts<SelfAdjoint: SelfAdjointOf<Self>>,
    X: LinearOperator,
    A: LinearOperator<Scalar = X::Scalar>,
    C: GramKind,
{
    type Basis = LowRankBasis<Self>;
    fn eigh_rule(&self) -> Result<Spectral<Self::Basis, SelfAdjointFacts>> {
        held("eigh", self)?;
        low_rank_eigh(self)
    }
}
crate::spectral_power!([X: Operator, A: Operator<Scalar = X::Scalar>, C: GramKind] Congruence<X, A, C>);
crate::spectral_log!([X: Operator, A: Operator<Scalar = X::Scalar>, C: GramKind] Congruence<X, A, C>);
impl<K, X, A, C> ExpRule<K> for Congruence<X, A, C>
where
    K: Facts<SelfAdjoint: ExpBy<Self, K>>,
    X: LinearOperator,
    A: LinearOperator<Scalar = X::Scalar>,
    C: GramKind,
{
    type Output = <K::SelfAdjoint as ExpBy<Self, K>>::Output;
    fn exp_rule(&self) -> Result<Self::Output> {
        K::SelfAdjoint::exp_by(self)
    }
}
crate::base_factors!([X: Operator, A: Operator<Scalar = X::Scalar>, C: GramKind] Congruence<X, A, C>);
crate::base_spectrum!([X: Operator, A: Operator<Scalar = X::Scalar>, C: GramKind] Congruence<X, A, C>);
crate::spectral_decompositions!([X: Operator, A: Operator<Scalar = X::Scalar>, C: GramKind] Congruence<X, A, C>);
// rows of X A times rows of X
impl<X: LinearOperator, A: LinearOperator<Scalar = X::Scalar>, C: GramKind> DiagonalRule for Congruence<X, A, C> {
    fn diagonal_rule(&self, k: isize, d: &mut [Sc<X>]) -> Result<()> {
        match X::SHAPE.rows.is_static() || may_hold(&self.0) {
            true => low_rank_diagonal(self, k, d),
            false => crate::functions::base::diagonal(self, k, d)?,
        }
        Ok(())
    }
}
impl<X: Explain + LinearOperator, A: Explain + LinearOperator<Scalar = X::Scalar>, C: GramKind> Explain
    for Congruence<X, A, C>
{
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        let plan = |rule, cost| rank_plan(rule, cost, self.nrows(), self.rank());
        let tall = self.0.ncols() < self.0.nrows();
        match question {
            Question::Apply => {
                let parts = [(2, part(&self.0, question)), (1, part(&self.1, question))];
                Plan::weighted("the adjoint of the factor, the core, the factor", parts)
            }
            Question::Solve | Question::Cholesky if tall => {
                Plan::error("error: rank-deficient, the factor has fewer columns than rows; add a multiple of I")
            }
            Question::Slogdet if tall => plan("zero: the factor is tall", "1"),
            Question::Trace | Question::Diagonal if may_hold(&self.0) => plan("rows of the factors", "2nr^2"),
            Question::Eigh if K::SelfAdjoint::KNOWN && (self.is_thin() || is_direct(&self)) => match tall {
                true => plan("r x r core in the range of the factor", "6nr^2 + 9r^3"),
                false => plan("Hermitian eigh of the product", "n^2r + 9n^3"),
            },
            Question::Power | Question::Log | Question::Exp if K::SelfAdjoint::KNOWN => {
                self.plan::<K>(Question::Eigh).spectral()
            }
            Question::Eig | Question::Svd | Question::Pinv if K::SelfAdjoint::KNOWN => {
                self.plan::<K>(Question::Eigh).decomposed(question)
            }
            _ => base::<K, Self>(self, question),
        }
    }
    fn tree<K: Facts>(&self) -> Tree {
        Tree::node::<K, Self>(self, trees(&self.0, &self.1))
    }
}
// u^T X A X^T v: X sees (u, A X^T v) and (v, A^T X^T u), A sees (X^T u, X^T v)
impl<X, A, C: GramKind> crate::gradient::Differentiable for Congruence<X, A, C>
where
    X: crate::gradient::Differentiable,
    A: crate::gradient::Differentiable<Scalar = X::Scalar>,
{
    fn parameters(&self) -> usize {
        self.0.parameters() + self.1.parameters()
    }
    fn accumulate_bilinear(&self, u: View<'_, Sc<X>>, v: View<'_, Sc<X>>, scale: Sc<X>, g: &mut [Sc<X>]) {
        use crate::gradient::product;
        let (gx, ga) = g.split_at_mut(self.0.parameters());
        let (xu, xv) = (product(&self.0, true, u), product(&self.0, true, v));
        let (left, right) = (product(&self.1, true, View::vector(&xu)), product(&self.1, false, View::vector(&xv)));
        self.0.accumulate_bilinear(u, View::vector(&right), scale, gx);
        self.0.accumulate_bilinear(v, View::vector(&left), scale, gx);
        self.1.accumulate_bilinear(View::vector(&xu), View::vector(&xv), scale, ga);
    }
}
impl<K: Facts, X, A, C: GramKind> crate::gradient::LogdetGradient<K> for Congruence<X, A, C>
where
    X: crate::gradient::Differentiable + Clone,
    A: crate::gradient::Differentiable<Scalar = X::Scalar> + Clone,
{
}
