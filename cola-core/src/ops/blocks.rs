//! [A, B; C, D] with A and D square: the Schur complement of the block with the cheap inverse.

use crate::algorithms::dense as kernels;
use crate::algorithms::schur_solve::{Eliminated, complement, complement_alone};
use crate::data::{MatrixData, Panel};
use crate::error::{Error, Result};
use crate::facts::{Fact, Facts, InverseFacts, NoFacts};
use crate::functions::base::{BaseInverse, Undone, is_direct, materialize, right_hand_side, square};
use crate::functions::dense::{FactorMethod, Factored, MethodOf};
use crate::functions::inverse::apply_checked;
use crate::functions::{DetRule, DiagonalRule, HasDet, Inv, InverseRule};
use crate::operator::short::{Co, Fa, Re, Ro, Sc};
use crate::operator::{LinearOperator, Operator, SameScalar, Update, with_scratch};
use crate::ops::low_rank::panel;
use crate::parameters::tree_node;
use crate::plan::{Cost, Explain, Plan, Question, Tree, base, part};
use crate::scalar::Scalar;
use crate::space::{Space, demand};
use crate::view::{View, ViewMut};
use num_traits::{One, Zero};

/// [A, B; C, D]: `[A, B; C, D]` in `linop!`.
///
/// Where A (or D) has a cheap inverse: by the Schur complement D - C A^-1 B, dense of the size of D; where B or C is zero by block
/// substitution; else the dense base case. `psd([A, B; B.H, D])` factors the complement by LDL^H.
///
/// ```
/// # use cola_core::prelude::*;
/// let b = nalgebra::matrix![1.0f64; 1.0];
/// let k = Blocks::new(Diagonal::new([2.0, 4.0]), b, b.transpose(), nalgebra::matrix![0.0]); // a saddle point
/// let x: [f64; 3] = k.solve(&[3.0, 5.0, 2.0])?;
/// assert!((x[0] - 1.0).abs() < 1e-15 && (x[1] - 1.0).abs() < 1e-15 && (x[2] - 1.0).abs() < 1e-15);
/// assert_eq!(*k.diagonal_k(2)?, [1.0]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Blocks<A, B, C, D>(pub A, pub B, pub C, pub D);
impl<A, B, C, D> Blocks<A, B, C, D>
where
    A: Operator,
    B: Operator<Scalar = A::Scalar>,
    C: Operator<Scalar = A::Scalar>,
    D: Operator<Scalar = A::Scalar>,
{
    /// [A, B; C, D].
    ///
    /// # Panics
    /// Where dynamic sizes differ; static ones that differ do not compile.
    pub fn new(
        a: impl crate::dsl::IntoOperator<Op = A>,
        b: impl crate::dsl::IntoOperator<Op = B>,
        c: impl crate::dsl::IntoOperator<Op = C>,
        d: impl crate::dsl::IntoOperator<Op = D>,
    ) -> Self {
        const { Self::CHECK };
        Self::try_new(a.into_operator(), b.into_operator(), c.into_operator(), d.into_operator())
            .unwrap_or_else(|e| crate::dsl::shape_panic(&e))
    }
    pub(crate) const CHECK: () = {
        demand("[A, B]", A::SHAPE, B::SHAPE, A::SHAPE.rows.may_equal(B::SHAPE.rows));
        demand("[C, D]", C::SHAPE, D::SHAPE, C::SHAPE.rows.may_equal(D::SHAPE.rows));
        demand("[A; C]", A::SHAPE, C::SHAPE, A::SHAPE.cols.may_equal(C::SHAPE.cols));
        demand("[B; D]", B::SHAPE, D::SHAPE, B::SHAPE.cols.may_equal(D::SHAPE.cols))
    };
    /// [A, B; C, D].
    ///
    /// # Errors
    /// `ShapeMismatch`.
    pub fn try_new(a: A, b: B, c: C, d: D) -> Result<Self> {
        let (sa, sb) = ((a.nrows(), a.ncols()), (b.nrows(), b.ncols()));
        let (sc, sd) = ((c.nrows(), c.ncols()), (d.nrows(), d.ncols()));
        let wrong = |op, left, right| Err(Error::ShapeMismatch { op, left, right });
        match () {
            () if sa.0 != sb.0 => wrong("[A, B]", sa, sb),
            () if sc.0 != sd.0 => wrong("[C, D]", sc, sd),
            () if sa.1 != sc.1 => wrong("[A; C]", sa, sc),
            () if sb.1 != sd.1 => wrong("[B; D]", sb, sd),
            () => Ok(Blocks(a, b, c, d)),
        }
    }
}
/// [A, B; C, D].
///
/// # Panics
/// Where dynamic sizes differ; `try_linop!` returns the error.
pub fn blocks<A: Operator, B: SameScalar<A>, C: SameScalar<A>, D: SameScalar<A>>(
    a: impl crate::dsl::IntoOperator<Op = A>,
    b: impl crate::dsl::IntoOperator<Op = B>,
    c: impl crate::dsl::IntoOperator<Op = C>,
    d: impl crate::dsl::IntoOperator<Op = D>,
) -> Blocks<A, B, C, D> {
    let () = Blocks::<A, B, C, D>::CHECK;
    try_blocks(a, b, c, d).unwrap_or_else(|e| crate::dsl::shape_panic(&e))
}
/// [A, B; C, D].
///
/// # Errors
/// `ShapeMismatch`.
pub fn try_blocks<A: Operator, B: SameScalar<A>, C: SameScalar<A>, D: SameScalar<A>>(
    a: impl crate::dsl::IntoOperator<Op = A>,
    b: impl crate::dsl::IntoOperator<Op = B>,
    c: impl crate::dsl::IntoOperator<Op = C>,
    d: impl crate::dsl::IntoOperator<Op = D>,
) -> Result<Blocks<A, B, C, D>> {
    let () = Blocks::<A, B, C, D>::CHECK;
    Blocks::try_new(a.into_operator(), b.into_operator(), c.into_operator(), d.into_operator())
}
impl<A, B, C, D> Operator for Blocks<A, B, C, D>
where
    A: Operator,
    B: Operator<Scalar = A::Scalar>,
    C: Operator<Scalar = A::Scalar>,
    D: Operator<Scalar = A::Scalar>,
{
    type Scalar = A::Scalar;
    type Facts = NoFacts;
    type Class = crate::dsl::General;
    type Rows = <<Ro<A> as Space>::Or<Ro<B>> as Space>::Plus<<Ro<C> as Space>::Or<Ro<D>>>;
    type Cols = <<Co<A> as Space>::Or<Co<C>> as Space>::Plus<<Co<B> as Space>::Or<Co<D>>>;
    const HOLDS_DENSE: bool = A::HOLDS_DENSE && B::HOLDS_DENSE && C::HOLDS_DENSE && D::HOLDS_DENSE;
    const ITERATIVE: bool = A::ITERATIVE || B::ITERATIVE || C::ITERATIVE || D::ITERATIVE;
    fn nrows(&self) -> usize {
        self.0.nrows() + self.2.nrows()
    }
    fn ncols(&self) -> usize {
        self.0.ncols() + self.1.ncols()
    }
}
crate::interop::saved!([A: Operator, B: Operator<Scalar = A::Scalar>, C: Operator<Scalar = A::Scalar>, D: Operator<Scalar = A::Scalar>]
    Blocks<A, B, C, D>, "Blocks", [] { a: A = |k| k.0, b: B = |k| k.1, c: C = |k| k.2, d: D = |k| k.3 } Blocks::try_new(a, b, c, d));
tree_node!([A, B, C, D] Blocks<A, B, C, D> { "0" => 0, "1" => 1, "2" => 2, "3" => 3 });
impl<A, B, C, D> LinearOperator for Blocks<A, B, C, D>
where
    A: LinearOperator,
    B: LinearOperator<Scalar = A::Scalar>,
    C: LinearOperator<Scalar = A::Scalar>,
    D: LinearOperator<Scalar = A::Scalar>,
{
    fn act(&self, how: Update<Sc<A>>, x: View<'_, Sc<A>>, mut y: ViewMut<'_, Sc<A>>, s: &mut [Sc<A>]) {
        let ((m, n), add) = ((self.0.nrows(), self.0.ncols()), how.add());
        let (split, cut) = if how.adjoint { (m, n) } else { (n, m) };
        let (top, bottom) = (x.rows(0, split), x.rows(split, x.rows - split));
        let rest = y.rows - cut;
        self.0.act(how, top, y.rows(0, cut), s);
        match how.adjoint {
            false => {
                self.1.act(add, bottom, y.rows(0, cut), s);
                self.2.act(how, top, y.rows(cut, rest), s);
            }
            true => {
                self.2.act(add, bottom, y.rows(0, cut), s);
                self.1.act(how, top, y.rows(cut, rest), s);
            }
        }
        self.3.act(add, bottom, y.rows(cut, rest), s);
    }
    fn scratch_len(&self, columns: usize) -> usize {
        let (a, b) = (self.0.scratch_len(columns), self.1.scratch_len(columns));
        a.max(b).max(self.2.scratch_len(columns)).max(self.3.scratch_len(columns))
    }
}
/// Which block is eliminated.
#[derive(Clone, Copy, PartialEq)]
enum Pivot {
    First,
    Last,
    /// B or C is zero: nothing is eliminated.
    Triangular,
    Neither,
}
fn cheap<A: InverseRule<Fa<A>>>() -> bool {
    !A::IS_ZERO && !A::HOLDS_DENSE && !Inv::<A>::HOLDS_DENSE && !Inv::<A>::ITERATIVE
}
impl<A, B, C, D> Blocks<A, B, C, D>
where
    A: InverseRule<Fa<A>>,
    B: Operator<Scalar = A::Scalar>,
    C: Operator<Scalar = A::Scalar>,
    D: InverseRule<Fa<D>, Scalar = A::Scalar>,
{
    fn pivot(&self) -> Pivot {
        let (na, nd) = (self.0.nrows(), self.3.nrows());
        if na != self.0.ncols() || nd != self.3.ncols() {
            return Pivot::Neither;
        }
        if (B::IS_ZERO || C::IS_ZERO) && !A::IS_ZERO && !D::IS_ZERO {
            return Pivot::Triangular;
        }
        // the complement is made dense
        let (first, last) = (cheap::<A>() && is_direct(&self.3), cheap::<D>() && is_direct(&self.0));
        match (first, last) {
            (true, true) if na >= nd => Pivot::First,
            (_, true) => Pivot::Last,
            (true, false) => Pivot::First,
            (false, false) => Pivot::Neither,
        }
    }
}
/// With F = A^-1, W = A^-1 B, Z = A^-H C^H and the factors of S = D - C A^-1 B: x = F f - W y, y = S^-1 (g - Z^H f).
pub struct Schur2<F: Operator, N: Space, M: FactorMethod> {
    f: F,
    w: Panel<Sc<F>, Ro<F>, N>,
    z: Panel<Sc<F>, Ro<F>, N>,
    s: Factored<Sc<F>, N, M>,
}
impl<F: Operator + Clone, N: Space, M: FactorMethod> Clone for Schur2<F, N, M> {
    fn clone(&self) -> Self {
        Schur2 { f: self.f.clone(), w: self.w.clone(), z: self.z.clone(), s: self.s.clone() }
    }
}
impl<F: LinearOperator, N: Space, M: FactorMethod> Schur2<F, N, M> {
    fn new(
        f: F,
        b: &impl LinearOperator<Scalar = Sc<F>>,
        c: &impl LinearOperator<Scalar = Sc<F>>,
        d: &impl LinearOperator<Scalar = Sc<F>>,
    ) -> Result<Self> {
        let (w, s) = complement::<_, Ro<F>, N>(&f, b, c, d)?;
        let mut z = Panel::filled(f.nrows(), d.nrows(), Sc::<F>::zero());
        let room = f.scratch_len(d.nrows());
        let mut turn = |ch| with_scratch(room, |s| f.act(Update::replace().flip(), ch, z.view_mut(), s));
        match c.entries() {
            Some(c) if <<Sc<F> as Scalar>::IsReal as Fact>::KNOWN => turn(c.transposed()),
            _ => turn(panel(&crate::ops::Adjoint(c)).view()),
        }
        Ok(Schur2 { s: Factored::new(s)?, f, w, z })
    }
    /// (x, y) from (f, g), where the eliminated block is first or last.
    fn act(&self, last: bool, how: Update<Sc<F>>, x: View<'_, Sc<F>>, mut y: ViewMut<'_, Sc<F>>, s: &mut [Sc<F>]) {
        let (na, nd, k) = (self.f.nrows(), self.s.n, x.cols);
        let (ia, id) = if last { (nd, 0) } else { (0, na) };
        let (w, z) = (self.w.view(), self.z.view());
        let (w, z) = if how.adjoint { (z, w) } else { (w, z) };
        let (f, g) = (x.rows(ia, na), x.rows(id, nd));
        let (t, rest) = s.split_at_mut(nd * k);
        let (u, rest) = rest.split_at_mut(nd * k);
        for c in 0..k {
            (0..nd).for_each(|i| t[i + nd * c] = g.at(i, c));
        }
        let one = Sc::<F>::one();
        kernels::gemm((-one, true), true, z.transposed(), f, ViewMut::matrix(t, nd, k));
        self.s.act(how.first(), View::matrix(t, nd, k), ViewMut::matrix(u, nd, k), rest);
        self.f.act(how, f, y.rows(ia, na), rest);
        kernels::gemm((-how.alpha, true), false, w, View::matrix(u, nd, k), y.rows(ia, na));
        let mut out = y.rows(id, nd);
        for c in 0..k {
            (0..nd).for_each(|i| how.write(out.at(i, c), u[i + nd * c]));
        }
    }
    fn scratch_len(&self, columns: usize) -> usize {
        2 * self.s.n * columns + self.f.scratch_len(columns).max(self.s.scratch_len(columns))
    }
}
/// A^-1 and D^-1 with the off-diagonal blocks, one of which is zero.
#[derive(Clone)]
pub struct TriangularBlocks<FA, B, C, FD> {
    a: FA,
    b: B,
    c: C,
    d: FD,
}
impl<FA, B, C, FD> TriangularBlocks<FA, B, C, FD>
where
    FA: LinearOperator,
    B: LinearOperator<Scalar = FA::Scalar>,
    C: LinearOperator<Scalar = FA::Scalar>,
    FD: LinearOperator<Scalar = FA::Scalar>,
{
    /// x = A^-1 (f - B y), y = D^-1 (g - C x): the one whose off-diagonal block is zero first. The adjoint has C^H for B.
    fn act(&self, how: Update<Sc<FA>>, x: View<'_, Sc<FA>>, mut y: ViewMut<'_, Sc<FA>>, s: &mut [Sc<FA>]) {
        let (na, nd, k) = (self.a.nrows(), self.d.nrows(), x.cols);
        let (v, rest) = s.split_at_mut((na + nd) * k);
        let (w, rest) = rest.split_at_mut((na + nd) * k);
        for c in 0..k {
            (0..na).for_each(|i| v[i + na * c] = x.at(i, c));
            (0..nd).for_each(|i| v[na * k + i + nd * c] = x.at(na + i, c));
        }
        let ((vf, vg), (wx, wy)) = (v.split_at_mut(na * k), w.split_at_mut(na * k));
        let (first, minus) = (how.first(), Update { alpha: -Sc::<FA>::one(), add: true, ..how });
        // A first: lower triangular, or the adjoint of an upper one
        let a_first = B::IS_ZERO != how.adjoint;
        if a_first {
            self.a.act(first, View::matrix(vf, na, k), ViewMut::matrix(wx, na, k), rest);
            match how.adjoint {
                false => self.c.act(minus, View::matrix(wx, na, k), ViewMut::matrix(vg, nd, k), rest),
                true => self.b.act(minus, View::matrix(wx, na, k), ViewMut::matrix(vg, nd, k), rest),
            }
            self.d.act(first, View::matrix(vg, nd, k), ViewMut::matrix(wy, nd, k), rest);
        } else {
            self.d.act(first, View::matrix(vg, nd, k), ViewMut::matrix(wy, nd, k), rest);
            match how.adjoint {
                false => self.b.act(minus, View::matrix(wy, nd, k), ViewMut::matrix(vf, na, k), rest),
                true => self.c.act(minus, View::matrix(wy, nd, k), ViewMut::matrix(vf, na, k), rest),
            }
            self.a.act(first, View::matrix(vf, na, k), ViewMut::matrix(wx, na, k), rest);
        }
        for c in 0..k {
            (0..na).for_each(|i| how.write(y.at(i, c), wx[i + na * c]));
            (0..nd).for_each(|i| how.write(y.at(na + i, c), wy[i + nd * c]));
        }
    }
    fn scratch_len(&self, columns: usize) -> usize {
        let (a, b) = (self.a.scratch_len(columns), self.b.scratch_len(columns));
        let inner = a.max(b).max(self.c.scratch_len(columns)).max(self.d.scratch_len(columns));
        2 * (self.a.nrows() + self.d.nrows()) * columns + inner
    }
}
/// The inverse of the block matrix W; M factors the Schur complement. It keeps W, its inverse: beside the n_A x n_D numbers of A^-1 B
/// and A^-H C^H another copy of the blocks, none where they are borrowed.
#[derive(Clone)]
pub enum BlocksInverse<FA: Operator, B, C, FD: Operator<Scalar = Sc<FA>>, M: FactorMethod, W: Operator> {
    /// A eliminated.
    First(Box<Schur2<FA, Ro<FD>, M>>, Box<W>),
    /// D eliminated.
    Last(Box<Schur2<FD, Ro<FA>, M>>, Box<W>),
    /// Block substitution.
    Triangular(Box<TriangularBlocks<FA, B, C, FD>>, Box<W>),
    /// The base case.
    Base(BaseInverse<W, M>),
}
impl<FA, B, C, FD, M, W> Operator for BlocksInverse<FA, B, C, FD, M, W>
where
    FA: Operator,
    FD: Operator<Scalar = FA::Scalar>,
    M: FactorMethod,
    W: Operator<Scalar = FA::Scalar>,
{
    type Scalar = FA::Scalar;
    type Facts = InverseFacts<M::Facts>;
    type Class = crate::dsl::General;
    type Rows = Ro<W>;
    type Cols = Ro<W>;
    const ITERATIVE: bool = FA::ITERATIVE || FD::ITERATIVE || BaseInverse::<W, M>::ITERATIVE;
    fn nrows(&self) -> usize {
        match self {
            BlocksInverse::First(s, _) => s.f.nrows() + s.s.n,
            BlocksInverse::Last(s, _) => s.f.nrows() + s.s.n,
            BlocksInverse::Triangular(t, _) => t.a.nrows() + t.d.nrows(),
            BlocksInverse::Base(e) => e.nrows(),
        }
    }
    fn ncols(&self) -> usize {
        self.nrows()
    }
}
impl<FA, B, C, FD, M, W> LinearOperator for BlocksInverse<FA, B, C, FD, M, W>
where
    FA: LinearOperator,
    B: LinearOperator<Scalar = FA::Scalar>,
    C: LinearOperator<Scalar = FA::Scalar>,
    FD: LinearOperator<Scalar = FA::Scalar>,
    M: FactorMethod,
    W: LinearOperator<Scalar = FA::Scalar>,
{
    fn act(&self, how: Update<Sc<FA>>, x: View<'_, Sc<FA>>, y: ViewMut<'_, Sc<FA>>, s: &mut [Sc<FA>]) {
        match self {
            BlocksInverse::First(b, _) => b.act(false, how, x, y, s),
            BlocksInverse::Last(b, _) => b.act(true, how, x, y, s),
            BlocksInverse::Triangular(t, _) => t.act(how, x, y, s),
            BlocksInverse::Base(e) => e.act(how, x, y, s),
        }
    }
    fn scratch_len(&self, columns: usize) -> usize {
        match self {
            BlocksInverse::First(b, _) => b.scratch_len(columns),
            BlocksInverse::Last(b, _) => b.scratch_len(columns),
            BlocksInverse::Triangular(t, _) => t.scratch_len(columns),
            BlocksInverse::Base(e) => e.scratch_len(columns),
        }
    }
}
// (W^-1)^-1 = W
impl<K: Facts, FA, B, C, FD, M, W> InverseRule<K> for BlocksInverse<FA, B, C, FD, M, W>
where
    FA: Operator,
    FD: Operator<Scalar = FA::Scalar>,
    M: FactorMethod,
    W: LinearOperator<Scalar = FA::Scalar> + Clone,
{
    type Output = Undone<W>;
    fn inverse_rule(&self) -> Result<Self::Output> {
        match self {
            BlocksInverse::First(_, w) | BlocksInverse::Last(_, w) | BlocksInverse::Triangular(_, w) => {
                Ok(Undone::Same(W::clone(w)))
            }
            BlocksInverse::Base(e) => InverseRule::<K>::inverse_rule(e),
        }
    }
}
// det A^-1 / det S, or det A^-1 det D^-1
impl<K: Facts, FA, B, C, FD, M, W> DetRule<K> for BlocksInverse<FA, B, C, FD, M, W>
where
    FA: HasDet,
    FD: HasDet<Scalar = FA::Scalar>,
    M: FactorMethod,
    W: LinearOperator<Scalar = FA::Scalar>,
{
    fn slogdet_rule(&self) -> Result<(Sc<FA>, Re<FA>)> {
        let times = |(s, l): (Sc<FA>, Re<FA>), (t, k): (Sc<FA>, Re<FA>)| (s * t, l + k);
        Ok(match self {
            BlocksInverse::First(b, _) => times(b.f.slogdet_rule()?, DetRule::<NoFacts>::slogdet_rule(&b.s)?),
            BlocksInverse::Last(b, _) => times(b.f.slogdet_rule()?, DetRule::<NoFacts>::slogdet_rule(&b.s)?),
            BlocksInverse::Triangular(t, _) => times(t.a.slogdet_rule()?, t.d.slogdet_rule()?),
            BlocksInverse::Base(e) => DetRule::<K>::slogdet_rule(e)?,
        })
    }
}
macro_rules! inverse_rules {
    ($($rule:ident)*) => { $(
        crate::$rule!([
            FA: Operator, B, C, FD: Operator<Scalar = Sc<FA>>, M: FactorMethod, W: Operator<Scalar = Sc<FA>>
        ] BlocksInverse<FA, B, C, FD, M, W>); )* };
}
inverse_rules!(base_eigh spectral_power base_exp spectral_log base_diagonal base_factors base_eig base_svd inverse_pinv);
impl<FA, B, C, FD, M, W> Explain for BlocksInverse<FA, B, C, FD, M, W>
where
    FA: Explain,
    FD: Explain<Scalar = FA::Scalar>,
    M: FactorMethod,
    W: Explain<Scalar = FA::Scalar>,
{
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        let parts = || match self {
            BlocksInverse::First(s, _) => vec![part(&s.f, question)],
            BlocksInverse::Last(s, _) => vec![part(&s.f, question)],
            BlocksInverse::Triangular(t, _) => vec![part(&t.a, question), part(&t.d, question)],
            BlocksInverse::Base(_) => Vec::new(),
        };
        let rule = match self {
            BlocksInverse::Triangular(..) => "block substitution",
            _ => "Schur complement",
        };
        match (self, question) {
            (BlocksInverse::Base(e), _) => e.plan::<K>(question),
            (_, Question::Apply) => Plan::by_parts(rule, parts()),
            (_, Question::Slogdet) => Plan::by_parts("from the blocks and the complement", parts()),
            (_, Question::Solve | Question::Pinv) => Plan::rule(self, "undone: the blocks", "n"),
            _ => base::<K, Self>(self, question),
        }
    }
}
/// A failure that the dense base case may not share: a block that is singular, or an ill-conditioned elimination.
fn may_be_served(e: &Error) -> bool {
    !matches!(e, Error::NonFinite { .. } | Error::ShapeMismatch { .. } | Error::InvalidArgument { .. })
}
/// The type of the inverse of [A, B; C, D].
pub type InverseOfBlocks<A, B, C, D, W, K> = BlocksInverse<Inv<A>, B, C, Inv<D>, MethodOf<K>, W>;
// by the Schur complement S of the block with the cheap inverse (Golub & Van Loan, 3.2.11)
impl<K: Facts, A, B, C, D> InverseRule<K> for Blocks<A, B, C, D>
where
    A: LinearOperator + InverseRule<Fa<A>, Output: LinearOperator<Scalar = Sc<A>>>,
    B: LinearOperator<Scalar = Sc<A>> + Clone,
    C: LinearOperator<Scalar = Sc<A>> + Clone,
    D: LinearOperator<Scalar = Sc<A>> + InverseRule<Fa<D>, Output: LinearOperator<Scalar = Sc<A>>>,
    Blocks<A, B, C, D>: Clone,
{
    type Output = InverseOfBlocks<A, B, C, D, Self, K>;
    fn inverse_rule(&self) -> Result<Self::Output> {
        square("inverse", self)?;
        let formula = match self.pivot() {
            Pivot::Neither => return Ok(BlocksInverse::Base(BaseInverse::new(self)?)),
            Pivot::First => self
                .0
                .inverse_rule()
                .and_then(|f| Schur2::new(f, &self.1, &self.2, &self.3))
                .map(|s| BlocksInverse::First(Box::new(s), Box::new(self.clone()))),
            Pivot::Last => self
                .3
                .inverse_rule()
                .and_then(|f| Schur2::new(f, &self.2, &self.1, &self.0))
                .map(|s| BlocksInverse::Last(Box::new(s), Box::new(self.clone()))),
            Pivot::Triangular => {
                let (a, d) = (self.0.inverse_rule()?, self.3.inverse_rule()?);
                let (b, c) = (self.1.clone(), self.2.clone());
                let blocks = Box::new(TriangularBlocks { a, b, c, d });
                return Ok(BlocksInverse::Triangular(blocks, Box::new(self.clone())));
            }
        };
        match formula.and_then(|f| crate::ops::low_rank_update::probe(self, &f).map(|()| f)) {
            Err(e) if !may_be_served(&e) => Err(e),
            Err(_) if Sc::<A>::LANES == 1 => Ok(BlocksInverse::Base(BaseInverse::new(self)?)),
            done => done,
        }
    }
    fn solve_rule(&self, b: View<'_, Sc<A>>, mut x: ViewMut<'_, Sc<A>>) -> Result<()> {
        right_hand_side("solve", (self.nrows(), self.ncols()), b)?;
        let solved = match self.pivot() {
            Pivot::Neither => return BaseInverse::<Self, MethodOf<K>>::solve(self, b, x),
            Pivot::Triangular => Ok(false),
            Pivot::First => self.0.inverse_rule().and_then(|f| {
                let parts = (&self.0, &self.1, &self.2, &self.3);
                Eliminated { f: &f, parts, last: false }.solve::<MethodOf<K>>(b, x.reborrow())
            }),
            Pivot::Last => self.3.inverse_rule().and_then(|f| {
                let parts = (&self.3, &self.2, &self.1, &self.0);
                Eliminated { f: &f, parts, last: true }.solve::<MethodOf<K>>(b, x.reborrow())
            }),
        };
        match solved {
            Ok(true) => Ok(()),
            Err(e) if !may_be_served(&e) => Err(e),
            // the inverse falls back on the base case
            _ => apply_checked(&<Self as InverseRule<K>>::inverse_rule(self)?, b, x),
        }
    }
}
// det A det(D - C A^-1 B)
impl<K: Facts, A, B, C, D> DetRule<K> for Blocks<A, B, C, D>
where
    A: LinearOperator + HasDet + InverseRule<Fa<A>, Output: LinearOperator<Scalar = Sc<A>>>,
    B: LinearOperator<Scalar = Sc<A>>,
    C: LinearOperator<Scalar = Sc<A>>,
    D: LinearOperator<Scalar = Sc<A>> + HasDet + InverseRule<Fa<D>, Output: LinearOperator<Scalar = Sc<A>>>,
{
    fn slogdet_rule(&self) -> Result<(Sc<A>, Re<A>)> {
        square("slogdet", self)?;
        let times = |(sa, la): (Sc<A>, Re<A>), (sd, ld): (Sc<A>, Re<A>)| (sa * sd, la + ld);
        let formula = match self.pivot() {
            Pivot::Neither => return MethodOf::<K>::slogdet_of(materialize("slogdet", self)?),
            Pivot::Triangular => return Ok(times(self.0.slogdet_rule()?, self.3.slogdet_rule()?)),
            Pivot::First => self.0.inverse_rule().and_then(|f| {
                let s = complement_alone::<_, Ro<Inv<A>>, Ro<D>>(&f, &self.1, &self.2, &self.3)?;
                Ok(times(self.0.slogdet_rule()?, MethodOf::<K>::slogdet_of(s)?))
            }),
            Pivot::Last => self.3.inverse_rule().and_then(|f| {
                let s = complement_alone::<_, Ro<Inv<D>>, Ro<A>>(&f, &self.2, &self.1, &self.0)?;
                Ok(times(self.3.slogdet_rule()?, MethodOf::<K>::slogdet_of(s)?))
            }),
        };
        match formula {
            Err(e) if !may_be_served(&e) => Err(e),
            Err(_) if Sc::<A>::LANES == 1 => MethodOf::<K>::slogdet_of(materialize("slogdet", self)?),
            done => done,
        }
    }
}
macro_rules! block_rules {
    ($($rule:ident)*) => { $(
        crate::$rule!([
            A: Operator, B: Operator<Scalar = A::Scalar>, C: Operator<Scalar = A::Scalar>, D: Operator<Scalar = A::Scalar>
        ] Blocks<A, B, C, D>); )* };
}
block_rules!(base_eigh spectral_power base_exp spectral_log base_factors base_decompositions);
// each block gives its part of diagonal k
impl<A, B, C, D> DiagonalRule for Blocks<A, B, C, D>
where
    A: DiagonalRule,
    B: DiagonalRule<Scalar = A::Scalar>,
    C: DiagonalRule<Scalar = A::Scalar>,
    D: DiagonalRule<Scalar = A::Scalar>,
{
    fn diagonal_rule(&self, k: isize, d: &mut [Sc<A>]) -> Result<()> {
        use crate::ops::block_diag::block_part;
        let (m, n) = (self.0.nrows(), self.0.ncols());
        d.fill(Sc::<A>::zero());
        block_part(&self.0, (0, 0), k, d)?;
        block_part(&self.1, (0, n), k, d)?;
        block_part(&self.2, (m, 0), k, d)?;
        block_part(&self.3, (m, n), k, d)
    }
    fn trace_rule(&self) -> Result<Sc<A>> {
        match self.0.nrows() == self.0.ncols() {
            true => Ok(self.0.trace_rule()? + self.3.trace_rule()?),
            false => Ok(crate::functions::diagonal::main_diagonal(self)?.sum()),
        }
    }
}
impl<A, B, C, D> Explain for Blocks<A, B, C, D>
where
    A: Explain + InverseRule<Fa<A>>,
    B: Explain<Scalar = A::Scalar>,
    C: Explain<Scalar = A::Scalar>,
    D: Explain<Scalar = A::Scalar> + InverseRule<Fa<D>>,
{
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        let all = |q| [part(&self.0, q), part(&self.1, q), part(&self.2, q), part(&self.3, q)];
        let ends = |q| [part(&self.0, q), part(&self.3, q)];
        let schur = |inner: Plan, na: usize, nd: usize| {
            if inner.refused {
                return inner;
            }
            let own = Cost::of("2m^2n + n^3/3 + m^3/3", (na, nd)).flops;
            let flops = inner.cost.flops.zip(own).map(|(a, b)| nd as f64 * a + b);
            let cost = Cost { flops, ..Cost::unknown("solves with the block + n_A n_D^2 + n_D^3/3") };
            Plan { rule: "Schur complement".into(), parts: vec![inner], cost, refused: false, base: false }
        };
        match (question, self.pivot()) {
            (Question::Apply, _) => Plan::by_parts("block by block", all(question)),
            (Question::Trace, _) if self.0.nrows() == self.0.ncols() => {
                Plan::by_parts("sum of the traces", ends(question))
            }
            (Question::Trace | Question::Diagonal, _) => Plan::by_parts("blockwise", all(Question::Diagonal)),
            (Question::Solve | Question::Slogdet, Pivot::Triangular) => {
                Plan::by_parts("block substitution", ends(question))
            }
            (Question::Solve | Question::Slogdet, Pivot::First) => {
                schur(part(&self.0, question), self.0.nrows(), self.3.nrows())
            }
            (Question::Solve | Question::Slogdet, Pivot::Last) => {
                schur(part(&self.3, question), self.3.nrows(), self.0.nrows())
            }
            _ => base::<K, Self>(self, question),
        }
    }
    fn tree<K: Facts>(&self) -> Tree {
        let parts =
            vec![self.0.tree::<Fa<A>>(), self.1.tree::<Fa<B>>(), self.2.tree::<Fa<C>>(), self.3.tree::<Fa<D>>()];
        Tree::node::<K, Self>(self, parts)
    }
}
impl<A, B, C, D> crate::gradient::Differentiable for Blocks<A, B, C, D>
where
    A: crate::gradient::Differentiable,
    B: crate::gradient::Differentiable<Scalar = A::Scalar>,
    C: crate::gradient::Differentiable<Scalar = A::Scalar>,
    D: crate::gradient::Differentiable<Scalar = A::Scalar>,
{
    fn parameters(&self) -> usize {
        self.0.parameters() + self.1.parameters() + self.2.parameters() + self.3.parameters()
    }
    fn accumulate_bilinear(&self, u: View<'_, Sc<A>>, v: View<'_, Sc<A>>, scale: Sc<A>, g: &mut [Sc<A>]) {
        let (m, n) = (self.0.nrows(), self.0.ncols());
        let (u, v) = ((u.rows(0, m), u.rows(m, u.rows - m)), (v.rows(0, n), v.rows(n, v.rows - n)));
        let (ga, g) = g.split_at_mut(self.0.parameters());
        let (gb, g) = g.split_at_mut(self.1.parameters());
        let (gc, gd) = g.split_at_mut(self.2.parameters());
        self.0.accumulate_bilinear(u.0, v.0, scale, ga);
        self.1.accumulate_bilinear(u.0, v.1, scale, gb);
        self.2.accumulate_bilinear(u.1, v.0, scale, gc);
        self.3.accumulate_bilinear(u.1, v.1, scale, gd);
    }
}
impl<K: Facts, A, B, C, D> crate::gradient::LogdetGradient<K> for Blocks<A, B, C, D>
where
    A: crate::gradient::Differentiable + InverseRule<Fa<A>, Output: LinearOperator<Scalar = Sc<A>>>,
    B: crate::gradient::Differentiable<Scalar = Sc<A>> + Clone,
    C: crate::gradient::Differentiable<Scalar = Sc<A>> + Clone,
    D: crate::gradient::Differentiable<Scalar = Sc<A>> + InverseRule<Fa<D>, Output: LinearOperator<Scalar = Sc<A>>>,
    Blocks<A, B, C, D>: Clone,
{
}
