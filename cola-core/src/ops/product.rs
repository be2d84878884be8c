//! A B, and A^n by repeated application.

use crate::error::{Error, Result};
use crate::facts::{Fact, FactSet, Facts, ProductFacts, SelfAdjointFacts};
use crate::functions::base::{BaseInverse, square};
use crate::functions::dense::MethodOf;
use crate::functions::det::{power, times};
use crate::functions::diagonal::{diagonal_len, diagonal_start};
use crate::functions::{
    DetRule, DiagonalRule, EigFactors, EigRule, EighRule, HasDet, HasEig, HasEigh, Inv, InverseRule, Invertible, Power,
};
use crate::operator::short::{Co, Fa, Re, Ro, Sc};
use crate::operator::{LinearOperator, Operator, Update, operator, with_scratch};
use crate::ops::{Either, Spectral};
use crate::parameters::{tree_choice, tree_node};
use crate::plan::{Explain, Plan, Question, Tree, base, part, trees};
use crate::scalar::Scalar;
use crate::space::{demand, demand_square};
use crate::view::{View, ViewMut};
use num_traits::Zero;

/// A B. Unitary if both are; nothing else is known.
///
/// ```
/// # use cola_core::prelude::*;
/// let p = Product::new(Diagonal::new([1.0, 2.0]), Dense::new(nalgebra::matrix![0.0, 1.0; 1.0, 0.0]));
/// assert_eq!(p.apply(&[1.0, 3.0]), [3.0, 2.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Product<A, B>(pub A, pub B);
impl<A: Operator, B: Operator<Scalar = A::Scalar>> Product<A, B> {
    /// A B.
    ///
    /// # Panics
    /// Where dynamic inner sizes differ; static ones that differ do not compile.
    #[inline(always)]
    pub fn new(a: impl crate::dsl::IntoOperator<Op = A>, b: impl crate::dsl::IntoOperator<Op = B>) -> Self {
        const { Self::CHECK };
        Self::joined(a.into_operator(), b.into_operator())
    }
    pub(crate) const CHECK: () = demand("A * B", A::SHAPE, B::SHAPE, A::SHAPE.cols.may_equal(B::SHAPE.rows));
    /// A B.
    ///
    /// # Errors
    /// `ShapeMismatch`.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn try_new(a: A, b: B) -> Result<Self> {
        let (left, right) = ((a.nrows(), a.ncols()), (b.nrows(), b.ncols()));
        if left.1 == right.0 { Ok(Product(a, b)) } else { Err(Error::ShapeMismatch { op: "A * B", left, right }) }
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn joined(a: A, b: B) -> Self {
        Self::try_new(a, b).unwrap_or_else(|e| crate::dsl::shape_panic(&e))
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn square_factors(&self) -> bool {
        self.0.nrows() == self.0.ncols() && self.1.nrows() == self.1.ncols()
    }
}
operator!([A: Operator, B: Operator<Scalar = A::Scalar>] Product<A, B> {
    scalar A::Scalar; facts ProductFacts<Fa<A>, Fa<B>>; rows Ro<A>; cols Co<B>; nrows |s| s.0.nrows(); ncols s.1.ncols();
    dense A::HOLDS_DENSE && B::HOLDS_DENSE; iterative A::ITERATIVE || B::ITERATIVE;
});
crate::interop::saved!([A: Operator, B: Operator<Scalar = A::Scalar>] Product<A, B>, "Product", [] { left: A = |k| k.0, right: B = |k| k.1 } Product::try_new(left, right));
tree_node!([A, B] Product<A, B> { "0" => 0, "1" => 1 });
/// y = P (Q x): shared by all that act in two steps.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(crate) fn two_steps<A: LinearOperator, B: LinearOperator<Scalar = A::Scalar>>(
    (a, ha): (&A, Update<Sc<A>>),
    (b, hb): (&B, Update<Sc<A>>),
    mid: usize,
    x: View<'_, Sc<A>>,
    y: ViewMut<'_, Sc<A>>,
    s: &mut [Sc<A>],
) {
    let (buf, rest) = s.split_at_mut(mid * x.cols);
    b.act(hb, x, ViewMut::matrix(buf, mid, x.cols), rest);
    a.act(ha, View::matrix(buf, mid, x.cols), y, rest);
}
impl<A: LinearOperator, B: LinearOperator<Scalar = A::Scalar>> LinearOperator for Product<A, B> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn act(&self, how: Update<Sc<A>>, x: View<'_, Sc<A>>, y: ViewMut<'_, Sc<A>>, s: &mut [Sc<A>]) {
        match how.adjoint {
            false => two_steps((&self.0, how), (&self.1, how.first()), self.1.nrows(), x, y, s),
            true => self.act_adjoint(how, x, y, s),
        }
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn scratch_len(&self, columns: usize) -> usize {
        self.1.nrows() * columns + self.0.scratch_len(columns).max(self.1.scratch_len(columns))
    }
}
impl<A: LinearOperator, B: LinearOperator<Scalar = A::Scalar>> Product<A, B> {
    /// A function of its own: both orders in line, nested, would double the text at each level.
    fn act_adjoint(&self, how: Update<Sc<A>>, x: View<'_, Sc<A>>, y: ViewMut<'_, Sc<A>>, s: &mut [Sc<A>]) {
        two_steps((&self.1, how), (&self.0, how.first()), self.0.ncols(), x, y, s)
    }
}
/// What the base case of a [`ProductInverse`] knows: whether it can come up.
pub trait Fallback: Operator {
    /// False where the types say that both factors are square: then no code is made for it.
    const NEEDED: bool;
}
impl<A: LinearOperator, B: LinearOperator<Scalar = A::Scalar>, M: crate::functions::dense::FactorMethod> Fallback
    for BaseInverse<Product<A, B>, M>
{
    const NEEDED: bool = !(is_square(A::SHAPE) && is_square(B::SHAPE));
}
/// Square by its type.
const fn is_square(shape: crate::space::Shape) -> bool {
    shape.rows.is_static() && shape.cols.is_static() && shape.may_equal(shape.flip())
}
/// The inverse of a product: of square factors B^-1 A^-1; of rectangular ones by the base case.
#[derive(Clone)]
pub enum ProductInverse<F, D> {
    /// Both factors are square.
    Factors(F),
    /// They are not.
    Base(D),
}
tree_choice!(ProductInverse { Factors, Base });
impl<K: Facts, F, D> crate::gradient::LogdetGradient<K> for ProductInverse<F, D>
where
    F: crate::gradient::Differentiable + InverseRule<K>,
    D: Fallback + crate::gradient::Differentiable<Scalar = F::Scalar> + InverseRule<K>,
    Either<<F as InverseRule<K>>::Output, <D as InverseRule<K>>::Output>: LinearOperator<Scalar = F::Scalar>,
{
}
impl<F: Operator, D: Operator<Scalar = F::Scalar>> Operator for ProductInverse<F, D> {
    type Scalar = F::Scalar;
    type Facts = Fa<F>;
    type Class = crate::dsl::General;
    type Rows = Ro<D>;
    type Cols = Co<D>;
    const ITERATIVE: bool = F::ITERATIVE || D::ITERATIVE;
    #[inline(always)]
    fn nrows(&self) -> usize {
        match self {
            ProductInverse::Factors(f) => f.nrows(),
            ProductInverse::Base(d) => d.nrows(),
        }
    }
    #[inline(always)]
    fn ncols(&self) -> usize {
        self.nrows()
    }
}
impl<F: LinearOperator, D: Fallback + LinearOperator<Scalar = F::Scalar>> LinearOperator for ProductInverse<F, D> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn act(&self, how: Update<Sc<F>>, x: View<'_, Sc<F>>, y: ViewMut<'_, Sc<F>>, s: &mut [Sc<F>]) {
        match self {
            ProductInverse::Factors(f) => f.act(how, x, y, s),
            ProductInverse::Base(d) => {
                if D::NEEDED {
                    d.act(how, x, y, s)
                }
            }
        }
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn scratch_len(&self, columns: usize) -> usize {
        match self {
            ProductInverse::Factors(f) => f.scratch_len(columns),
            ProductInverse::Base(d) => {
                if D::NEEDED {
                    d.scratch_len(columns)
                } else {
                    0
                }
            }
        }
    }
}
// (B^-1 A^-1)^-1 = A B; what was factored whole is undone whole
impl<K: Facts, F: InverseRule<K>, D: Fallback + InverseRule<K, Scalar = F::Scalar>> InverseRule<K>
    for ProductInverse<F, D>
where
    Either<F::Output, D::Output>: Operator<Scalar = F::Scalar>,
{
    type Output = Either<F::Output, D::Output>;
    fn inverse_rule(&self) -> Result<Self::Output> {
        Ok(match self {
            ProductInverse::Factors(f) => Either::First(f.inverse_rule()?),
            ProductInverse::Base(d) => Either::Second(d.inverse_rule()?),
        })
    }
}
impl<K: Facts, F: DetRule<K>, D: Fallback + DetRule<K, Scalar = F::Scalar>> DetRule<K> for ProductInverse<F, D> {
    fn slogdet_rule(&self) -> Result<(Sc<F>, Re<F>)> {
        match self {
            ProductInverse::Factors(f) => f.slogdet_rule(),
            ProductInverse::Base(d) => d.slogdet_rule(),
        }
    }
}
impl<F: DiagonalRule, D: Fallback + DiagonalRule<Scalar = F::Scalar>> DiagonalRule for ProductInverse<F, D> {
    fn diagonal_rule(&self, k: isize, d: &mut [Sc<F>]) -> Result<()> {
        match self {
            ProductInverse::Factors(f) => f.diagonal_rule(k, d),
            ProductInverse::Base(b) => b.diagonal_rule(k, d),
        }
    }
    fn trace_rule(&self) -> Result<Sc<F>> {
        match self {
            ProductInverse::Factors(f) => f.trace_rule(),
            ProductInverse::Base(b) => b.trace_rule(),
        }
    }
}
crate::base_eigh!([F: Operator, D: Fallback + Operator<Scalar = F::Scalar>] ProductInverse<F, D>);
crate::spectral_power!([F: Operator, D: Fallback + Operator<Scalar = F::Scalar>] ProductInverse<F, D>);
crate::base_exp!([F: Operator, D: Fallback + Operator<Scalar = F::Scalar>] ProductInverse<F, D>);
crate::spectral_log!([F: Operator, D: Fallback + Operator<Scalar = F::Scalar>] ProductInverse<F, D>);
crate::base_factors!([F: Operator, D: Fallback + Operator<Scalar = F::Scalar>] ProductInverse<F, D>);
crate::base_decompositions!([F: Operator, D: Fallback + Operator<Scalar = F::Scalar>] ProductInverse<F, D>);
// (A B)^-1 = B^-1 A^-1
impl<K: Facts, A: Invertible, B: Invertible<Scalar = A::Scalar>> InverseRule<K> for Product<A, B>
where
    Product<A, B>: LinearOperator<Scalar = A::Scalar> + Clone,
{
    type Output = ProductInverse<Product<Inv<B>, Inv<A>>, BaseInverse<Product<A, B>, MethodOf<K>>>;
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn inverse_rule(&self) -> Result<Self::Output> {
        square("inverse", self)?;
        // the first half is known to the compiler, so that no code is made for what cannot come up
        let may_differ = !(is_square(A::SHAPE) && is_square(B::SHAPE));
        if may_differ && !self.square_factors() {
            return Ok(ProductInverse::Base(BaseInverse::new(self)?));
        }
        Ok(ProductInverse::Factors(Product(self.1.inverse_rule()?, self.0.inverse_rule()?)))
    }
}
// det(A B) = det A det B
impl<K: Facts, A: HasDet, B: HasDet<Scalar = A::Scalar>> DetRule<K> for Product<A, B>
where
    Product<A, B>: LinearOperator<Scalar = A::Scalar>,
{
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn slogdet_rule(&self) -> Result<(Sc<A>, Re<A>)> {
        square("slogdet", self)?;
        if !self.square_factors() {
            let dense = crate::functions::base::materialize("slogdet", self)?;
            return <MethodOf<K> as crate::functions::dense::FactorMethod>::slogdet_of(dense);
        }
        let ((sa, la), (sb, lb)) = (self.0.slogdet_rule()?, self.1.slogdet_rule()?);
        Ok((sa * sb, la + lb))
    }
}
crate::base_eigh!([A: Operator, B: Operator<Scalar = A::Scalar>] Product<A, B>);
crate::spectral_power!([A: Operator, B: Operator<Scalar = A::Scalar>] Product<A, B>);
crate::base_exp!([A: Operator, B: Operator<Scalar = A::Scalar>] Product<A, B>);
crate::spectral_log!([A: Operator, B: Operator<Scalar = A::Scalar>] Product<A, B>);
// (A B)[i, i + k] = sum over p of A[i, i + p] B[i + p, i + k]: where diagonals are read, n^2 for one, and tr(A B) is the Frobenius product
impl<A: LinearOperator + DiagonalRule, B: LinearOperator<Scalar = A::Scalar> + DiagonalRule> DiagonalRule
    for Product<A, B>
{
    fn diagonal_rule(&self, k: isize, d: &mut [Sc<A>]) -> Result<()> {
        if !(A::READS && B::READS) {
            return crate::functions::base::diagonal(self, k, d);
        }
        if let (Some(a), Some(b)) = (self.0.entries(), self.1.entries()) {
            product_diagonal(a, b, k, d);
            return Ok(());
        }
        let (m, l, n) = (self.0.nrows() as isize, self.0.ncols() as isize, self.1.ncols() as isize);
        let (row, col) = diagonal_start(k);
        d.fill(Sc::<A>::zero());
        with_scratch((m.min(l) + l.min(n)) as usize, |scratch| {
            for p in 1 - m..l {
                let q = k - p;
                if q <= -l || q >= n {
                    continue;
                }
                let len = |a: usize, b: usize, k| diagonal_len(a, b, k);
                let (la, lb) = (len(m as usize, l as usize, p)?, len(l as usize, n as usize, q)?);
                let (a, b) = scratch.split_at_mut(la);
                self.0.diagonal_rule(p, a)?;
                self.1.diagonal_rule(q, &mut b[..lb])?;
                for (s, d) in d.iter_mut().enumerate() {
                    let (i, c) = (row + s, col + s);
                    let j = i as isize + p;
                    if j >= 0 && j < l {
                        *d += a[i.min(j as usize)] * b[c.min(j as usize)];
                    }
                }
            }
            Ok(())
        })
    }
}
/// Diagonal k of A B from the entries, one pass over both in rectangles: of column-major matrices one is read along its columns and the
/// other across.
fn product_diagonal<T: Scalar>(a: View<'_, T>, b: View<'_, T>, k: isize, d: &mut [T]) {
    /// Columns of B that are read across: eight rows of them stay in the first-level cache also where they differ by a power of two.
    const ACROSS: usize = 32;
    /// Rows of B at a time: 1 KiB of each column, for the prefetcher. (n = 2800: 20 ms with 32, 105 ms diagonal by diagonal.)
    const ALONG: usize = 128;
    let (row, col) = diagonal_start(k);
    d.fill(T::zero());
    for inner in (0..a.cols).step_by(ALONG) {
        let last = (inner + ALONG).min(a.cols);
        for (s, d) in d.chunks_mut(ACROSS).enumerate() {
            let (row, col) = (row + s * ACROSS, col + s * ACROSS);
            for j in inner..last {
                for (i, d) in d.iter_mut().enumerate() {
                    *d = d.add_mul(a.at(row + i, j), b.at(j, col + i));
                }
            }
        }
    }
}
crate::base_factors!([A: Operator, B: Operator<Scalar = A::Scalar>] Product<A, B>);
crate::base_decompositions!([A: Operator, B: Operator<Scalar = A::Scalar>] Product<A, B>);

/// A^N, N >= 1: N applications, nothing formed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Powi<A, const N: usize>(pub A);
impl<A: Operator, const N: usize> Powi<A, N> {
    /// A^N.
    #[inline(always)]
    pub fn new(a: impl crate::dsl::IntoOperator<Op = A>) -> Self {
        const {
            assert!(N >= 1, "an exponent of `powi` is at least 1; A^0 is `I`, A^-1 is `inv`");
            demand_square("A^n", A::SHAPE)
        };
        let a = a.into_operator();
        crate::functions::base::square("A^n", &a).unwrap_or_else(|e| crate::dsl::shape_panic(&e));
        Powi(a)
    }
}
type PowiFacts<K> =
    FactSet<<K as Facts>::SelfAdjoint, <K as Facts>::Psd, <K as Facts>::Unitary, <K as Facts>::Isometric>;
operator!([A: Operator, const N: usize] Powi<A, N> {
    scalar A::Scalar; facts PowiFacts<Fa<A>>; rows Ro<A>; cols Ro<A>; nrows |s| s.0.nrows(); ncols s.0.nrows();
    dense A::HOLDS_DENSE; iterative A::ITERATIVE;
});
crate::interop::saved!([A: Operator, const N: usize] Powi<A, N>, "Powi", [] { base: A = |k| k.0 } {
    crate::functions::base::square("power", &base).map(|()| Powi(base))
});
tree_node!([A; const N: usize] Powi<A, N> { "0" => 0 });
impl<A: LinearOperator, const N: usize> LinearOperator for Powi<A, N> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn act(&self, how: Update<Sc<A>>, x: View<'_, Sc<A>>, y: ViewMut<'_, Sc<A>>, s: &mut [Sc<A>]) {
        if N == 1 {
            return self.0.act(how, x, y, s);
        }
        let (n, k) = (self.0.nrows(), x.cols);
        let (mut from, rest) = s.split_at_mut(n * k);
        let (mut to, rest) = rest.split_at_mut(n * k);
        self.0.act(how.first(), x, ViewMut::matrix(from, n, k), rest);
        for _ in 2..N {
            self.0.act(how.first(), View::matrix(from, n, k), ViewMut::matrix(to, n, k), rest);
            core::mem::swap(&mut from, &mut to);
        }
        self.0.act(how, View::matrix(from, n, k), y, rest);
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn scratch_len(&self, columns: usize) -> usize {
        2 * self.0.nrows() * columns + self.0.scratch_len(columns)
    }
}
// (A^N)^-1 = (A^-1)^N
impl<K: Facts, A: Invertible, const N: usize> InverseRule<K> for Powi<A, N> {
    type Output = Powi<Inv<A>, N>;
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn inverse_rule(&self) -> Result<Self::Output> {
        Ok(Powi(self.0.inverse_rule()?))
    }
}
impl<K: Facts, A: HasDet, const N: usize> DetRule<K> for Powi<A, N> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn slogdet_rule(&self) -> Result<(Sc<A>, Re<A>)> {
        let (sign, log) = self.0.slogdet_rule()?;
        Ok((power(sign, N), times(N, log)))
    }
}
impl<K: Facts, A: HasEigh, const N: usize> EighRule<K> for Powi<A, N> {
    type Basis = A::Basis;
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn eigh_rule(&self) -> Result<Spectral<A::Basis, SelfAdjointFacts>> {
        self.0.eigh_rule()?.power(Power::Real(N as f64))
    }
}
crate::base_spectrum!([A: Operator, const N: usize] Powi<A, N>);
crate::spectral_power!([A: Operator, const N: usize] Powi<A, N>);
crate::base_exp!([A: Operator, const N: usize] Powi<A, N>);
crate::spectral_log!([A: Operator, const N: usize] Powi<A, N>);
crate::base_factors!([A: Operator, const N: usize] Powi<A, N>);
// A^N V = V diag(w^N)
impl<K: Facts, A: HasEig, const N: usize> EigRule<K> for Powi<A, N> {
    type Vectors = A::Vectors;
    fn eig_rule(&self) -> Result<EigFactors<A::Vectors>> {
        let (v, mut w) = self.0.eig_rule()?.into_parts();
        w.iter_mut().for_each(|w| *w = power(*w, N));
        Ok(EigFactors::from_parts(v, w))
    }
    fn left_eig_rule(&self) -> Option<Result<EigFactors<Self::Vectors>>> {
        Some(self.0.left_eig_rule()?.map(|e| e.map(|w| power(w, N))))
    }
}
crate::spectral_svd!([A: Operator, const N: usize] Powi<A, N>);
crate::spectral_pinv!([A: Operator, const N: usize] Powi<A, N>);
impl<A: LinearOperator + DiagonalRule, const N: usize> DiagonalRule for Powi<A, N> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn diagonal_rule(&self, k: isize, d: &mut [Sc<A>]) -> Result<()> {
        if N == 1 { self.0.diagonal_rule(k, d) } else { crate::functions::base::diagonal(self, k, d) }
    }
}
impl<A: Explain + DiagonalRule, B: Explain<Scalar = A::Scalar> + DiagonalRule> Explain for Product<A, B> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        let rule = match question {
            Question::Apply => "factors in turn",
            Question::Solve if self.square_factors() => "factor by factor, reversed",
            Question::Slogdet if self.square_factors() => "product of the determinants",
            Question::Trace | Question::Diagonal if A::READS && B::READS => {
                return Plan::rule(self, "sums of products of diagonals", "2n^2");
            }
            _ => return base::<K, Self>(self, question),
        };
        Plan::by_parts(rule, [part(&self.0, question), part(&self.1, question)])
    }
    fn tree<K: Facts>(&self) -> Tree {
        Tree::node::<K, Self>(self, trees(&self.0, &self.1))
    }
}
impl<F: Explain, D: Explain<Scalar = F::Scalar>> Explain for ProductInverse<F, D> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        match (question, self) {
            (Question::Apply, ProductInverse::Factors(f)) => part(f, question),
            (Question::Apply, ProductInverse::Base(d)) => part(d, question),
            (
                Question::Solve | Question::Slogdet | Question::Trace | Question::Diagonal,
                ProductInverse::Factors(f),
            ) => f.plan::<K>(question),
            (Question::Solve | Question::Slogdet | Question::Trace | Question::Diagonal, ProductInverse::Base(d)) => {
                d.plan::<K>(question)
            }
            _ => base::<K, Self>(self, question),
        }
    }
    fn tree<K: Facts>(&self) -> Tree {
        let inner = match self {
            ProductInverse::Factors(f) => f.tree::<Fa<F>>(),
            ProductInverse::Base(d) => d.tree::<Fa<D>>(),
        };
        Tree::node::<K, Self>(self, vec![inner])
    }
}
impl<A: Explain, const N: usize> Explain for Powi<A, N> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        match question {
            Question::Apply => Plan::weighted("N applications", [(N, part(&self.0, question))]),
            Question::Solve => Plan::by_parts("N solves with the base", [part(&self.0, question)]),
            Question::Slogdet => Plan::by_parts("N times that of the base", [part(&self.0, question)]),
            Question::Eigh | Question::Eig => Plan::by_parts("w^N of the base", [part(&self.0, question)]),
            Question::Trace | Question::Diagonal if N == 1 => part(&self.0, question),
            Question::Svd | Question::Pinv if K::SelfAdjoint::KNOWN => self.plan::<K>(Question::Eigh).spectral(),
            _ => base::<K, Self>(self, question),
        }
    }
    fn tree<K: Facts>(&self) -> Tree {
        Tree::node::<K, Self>(self, vec![self.0.tree::<Fa<A>>()]).called(&format!("N = {N}"))
    }
}

// u^T (A B) v: A sees (u, B v), B sees (A^T u, v)
impl<A, B> crate::gradient::Differentiable for Product<A, B>
where
    A: crate::gradient::Differentiable,
    B: crate::gradient::Differentiable<Scalar = A::Scalar>,
{
    fn parameters(&self) -> usize {
        self.0.parameters() + self.1.parameters()
    }
    fn accumulate_bilinear(&self, u: View<'_, Sc<A>>, v: View<'_, Sc<A>>, scale: Sc<A>, g: &mut [Sc<A>]) {
        let (ga, gb) = g.split_at_mut(self.0.parameters());
        let (bv, au) = (crate::gradient::product(&self.1, false, v), crate::gradient::product(&self.0, true, u));
        self.0.accumulate_bilinear(u, View::vector(&bv), scale, ga);
        self.1.accumulate_bilinear(View::vector(&au), v, scale, gb);
    }
}
// d log|det A B| = d log|det A| + d log|det B| for square factors
impl<K: Facts, A, B> crate::gradient::LogdetGradient<K> for Product<A, B>
where
    A: crate::gradient::LogdetGradient<Fa<A>>,
    B: crate::gradient::LogdetGradient<Fa<B>, Scalar = A::Scalar>,
    Product<A, B>: Clone,
{
    fn accumulate_logdet(&self, inverse: &Self::Output, scale: Sc<A>, g: &mut [Sc<A>]) {
        if let ProductInverse::Factors(f) = inverse {
            let (ga, gb) = g.split_at_mut(self.0.parameters());
            self.0.accumulate_logdet(&f.1, scale, ga);
            self.1.accumulate_logdet(&f.0, scale, gb);
            return;
        }
        let n = self.nrows();
        let inverse = crate::functions::base::entries(inverse);
        let mut e = vec![<Sc<A> as num_traits::Zero>::zero(); n];
        for i in 0..n {
            e[i] = num_traits::One::one();
            let u: Vec<_> = (0..n).map(|j| inverse[(i, j)]).collect();
            crate::gradient::Differentiable::accumulate_bilinear(self, View::vector(&u), View::vector(&e), scale, g);
            e[i] = num_traits::Zero::zero();
        }
    }
}
// u^T A^N v = sum_k ((A^T)^k u)^T dA (A^(N-1-k) v)
impl<A: crate::gradient::Differentiable, const N: usize> crate::gradient::Differentiable for Powi<A, N> {
    fn parameters(&self) -> usize {
        self.0.parameters()
    }
    fn accumulate_bilinear(&self, u: View<'_, Sc<A>>, v: View<'_, Sc<A>>, scale: Sc<A>, g: &mut [Sc<A>]) {
        let column = |x: View<'_, Sc<A>>| (0..x.rows).map(|i| x.at(i, 0)).collect::<Vec<_>>();
        let mut powers = vec![column(v)];
        for k in 1..N {
            powers.push(crate::gradient::product(&self.0, false, View::vector(&powers[k - 1])));
        }
        let mut left = column(u);
        for v in powers.iter().rev() {
            self.0.accumulate_bilinear(View::vector(&left), View::vector(v), scale, g);
            left = crate::gradient::product(&self.0, true, View::vector(&left));
        }
    }
}
impl<K: Facts, A, const N: usize> crate::gradient::LogdetGradient<K> for Powi<A, N>
where
    A: crate::gradient::LogdetGradient<Fa<A>>,
{
    // d log|det A^N| = N d log|det A|
    fn accumulate_logdet(&self, inverse: &Self::Output, scale: Sc<A>, g: &mut [Sc<A>]) {
        self.0.accumulate_logdet(&inverse.0, scale * Sc::<A>::of(N as f64), g)
    }
}
impl<K: Facts, A, B> crate::gradient::SpectrumGradient<K> for Product<A, B>
where
    A: crate::gradient::Differentiable,
    B: crate::gradient::Differentiable<Scalar = A::Scalar>,
{
}
impl<K: Facts, A: crate::gradient::Differentiable, const N: usize> crate::gradient::SpectrumGradient<K> for Powi<A, N> {}
