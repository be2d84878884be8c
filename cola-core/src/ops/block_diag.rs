//! diag(A, B), A and B of any structure, and Repeat: the same block M times. Everything blockwise.

use crate::data::Column;
use crate::error::{Error, Result};
use crate::facts::{Both, Facts, SelfAdjointFacts};
use crate::functions::base::square;
use crate::functions::det::Det;
pub(crate) use crate::functions::diagonal::block_part;
use crate::functions::{
    CholeskyRule, Cx, DetRule, DiagonalRule, EigFactors, EigRule, EighRule, Exp, ExpRule, HasCholesky, HasDet, HasEig,
    HasEigh, HasExp, HasLog, HasLu, HasPinv, HasPower, HasSvd, Inv, InverseRule, Invertible, Log, LogRule, LuFactors,
    LuRule, MaySpectrum, NormalParts, Pinv, PinvRule, Pow, Power, PowerRule, SpectrumRule, SvdRule, Vectors,
};
use crate::operator::short::{Co, Fa, Re, Ro, Sc};
use crate::operator::{LinearOperator, Operator, Update, operator};
use crate::ops::{Spectral, SvdFactors};
use crate::parameters::tree_node;
use crate::plan::{Explain, Plan, Question, Tree, part, trees};
use crate::scalar::Scalar;
use crate::space::{Const, Space};
use crate::view::{View, ViewMut};
use num_traits::Zero;

/// diag(A, B).
///
/// ```
/// # use cola_core::prelude::*;
/// let b = BlockDiag::new(Dense::new(nalgebra::matrix![1.0, 2.0; 3.0, 4.0]), Diagonal::new([5.0]));
/// assert_eq!(b.apply(&[1.0, 1.0, 1.0]), [3.0, 7.0, 5.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BlockDiag<A, B>(pub A, pub B);
impl<A: Operator, B: Operator<Scalar = A::Scalar>> BlockDiag<A, B> {
    /// diag(A, B).
    #[inline(always)]
    pub fn new(a: impl crate::dsl::IntoOperator<Op = A>, b: impl crate::dsl::IntoOperator<Op = B>) -> Self {
        BlockDiag(a.into_operator(), b.into_operator())
    }
}
operator!([A: Operator, B: Operator<Scalar = A::Scalar>] BlockDiag<A, B> {
    scalar A::Scalar; facts Both<Fa<A>, Fa<B>>; rows <Ro<A> as Space>::Plus<Ro<B>>; cols <Co<A> as Space>::Plus<Co<B>>;
    nrows |s| s.0.nrows() + s.1.nrows(); ncols s.0.ncols() + s.1.ncols(); iterative A::ITERATIVE || B::ITERATIVE; class crate::classes::HasSpectrum;
});
crate::interop::saved!([A: Operator, B: Operator<Scalar = A::Scalar>] BlockDiag<A, B>, "BlockDiag", [] { left: A = |k| k.0, right: B = |k| k.1 } Ok(BlockDiag(left, right)));
tree_node!([A, B] BlockDiag<A, B> { "0" => 0, "1" => 1 });
impl<A: LinearOperator, B: LinearOperator<Scalar = A::Scalar>> LinearOperator for BlockDiag<A, B> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn act(&self, how: Update<Sc<A>>, x: View<'_, Sc<A>>, mut y: ViewMut<'_, Sc<A>>, s: &mut [Sc<A>]) {
        let ((ma, na), (mb, nb)) = ((self.0.nrows(), self.0.ncols()), (self.1.nrows(), self.1.ncols()));
        let ((ma, na), (mb, nb)) = if how.adjoint { ((na, ma), (nb, mb)) } else { ((ma, na), (mb, nb)) };
        self.0.act(how, x.rows(0, na), y.rows(0, ma), s);
        self.1.act(how, x.rows(na, nb), y.rows(ma, mb), s);
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn scratch_len(&self, columns: usize) -> usize {
        self.0.scratch_len(columns).max(self.1.scratch_len(columns))
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn write(&self, alpha: Sc<A>, add: bool, mut y: ViewMut<'_, Sc<A>>) {
        let ((ma, na), (mb, nb)) = ((self.0.nrows(), self.0.ncols()), (self.1.nrows(), self.1.ncols()));
        if !add {
            zero(y.block((0, ma), (na, nb)));
            zero(y.block((ma, mb), (0, na)));
        }
        self.0.write(alpha, add, y.block((0, ma), (0, na)));
        self.1.write(alpha, add, y.block((ma, mb), (na, nb)));
    }
}
#[cfg_attr(not(debug_assertions), inline(always))]
fn zero<T: Scalar>(mut y: ViewMut<'_, T>) {
    for j in 0..y.cols {
        for i in 0..y.rows {
            *y.at(i, j) = T::zero();
        }
    }
}
impl<A: Operator, B: Operator<Scalar = A::Scalar>> BlockDiag<A, B> {
    /// Rectangular blocks make a square operator at times; it is singular.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn square_blocks(&self, op: &'static str) -> Result<bool> {
        square(op, self)?;
        Ok(self.0.nrows() == self.0.ncols())
    }
}
impl<K: Facts, A: Invertible, B: Invertible<Scalar = A::Scalar>> InverseRule<K> for BlockDiag<A, B> {
    type Output = BlockDiag<Inv<A>, Inv<B>>;
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn inverse_rule(&self) -> Result<Self::Output> {
        match self.square_blocks("inverse")? {
            true => Ok(BlockDiag(self.0.inverse_rule()?, self.1.inverse_rule()?)),
            false => Err(Error::Singular { index: 0 }),
        }
    }
}
impl<K: Facts, A: HasDet, B: HasDet<Scalar = A::Scalar>> DetRule<K> for BlockDiag<A, B> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn slogdet_rule(&self) -> Result<(Sc<A>, Re<A>)> {
        Ok(DetRule::<K>::det_rule(self)?.slog())
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn det_rule(&self) -> Result<Det<Sc<A>>> {
        if !self.square_blocks("slogdet")? {
            return Ok(Det::of(Sc::<A>::zero(), Re::<A>::of(f64::NEG_INFINITY)));
        }
        Ok(self.0.det_rule()?.and(self.1.det_rule()?))
    }
}
impl<K: Facts, A: HasPower, B: HasPower<Scalar = A::Scalar>> PowerRule<K> for BlockDiag<A, B> {
    type Output = BlockDiag<Pow<A>, Pow<B>>;
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn power_rule(&self, p: Power) -> Result<Self::Output> {
        Ok(BlockDiag(self.0.power_rule(p)?, self.1.power_rule(p)?))
    }
}
impl<K: Facts, A: HasExp, B: HasExp<Scalar = A::Scalar>> ExpRule<K> for BlockDiag<A, B> {
    type Output = BlockDiag<Exp<A>, Exp<B>>;
    fn exp_rule(&self) -> Result<Self::Output> {
        Ok(BlockDiag(self.0.exp_rule()?, self.1.exp_rule()?))
    }
}
impl<K: Facts, A: HasLog, B: HasLog<Scalar = A::Scalar>> LogRule<K> for BlockDiag<A, B> {
    type Output = BlockDiag<Log<A>, Log<B>>;
    fn log_rule(&self) -> Result<Self::Output> {
        Ok(BlockDiag(self.0.log_rule()?, self.1.log_rule()?))
    }
}
impl<K: Facts, A: HasEigh, B: HasEigh<Scalar = A::Scalar>> EighRule<K> for BlockDiag<A, B>
where
    BlockDiag<A::Basis, B::Basis>: Operator<Scalar = A::Scalar>,
{
    type Basis = BlockDiag<A::Basis, B::Basis>;
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn eigh_rule(&self) -> Result<Spectral<Self::Basis, SelfAdjointFacts>> {
        let ((va, wa), (vb, wb)) = (self.0.eigh_rule()?.into_parts(), self.1.eigh_rule()?.into_parts());
        Ok(Spectral::from_parts(BlockDiag(va, vb), joined(&wa, &wb)))
    }
}
impl<K: Facts, A: MaySpectrum, B: MaySpectrum<Scalar = A::Scalar>> SpectrumRule<K> for BlockDiag<A, B> {
    type Vectors = BlockDiag<Vectors<A>, Vectors<B>>;
    const STRUCTURED: bool = true;
    fn has_spectrum(&self) -> bool {
        self.0.has_spectrum() && self.1.has_spectrum()
    }
    fn spectrum_rule(&self) -> Result<Spectral<Self::Vectors, SelfAdjointFacts>> {
        let ((va, wa), (vb, wb)) = (self.0.spectrum_rule()?.into_parts(), self.1.spectrum_rule()?.into_parts());
        let mut w = Column::filled(wa.len() + wb.len(), Re::<A>::zero());
        w[..wa.len()].copy_from_slice(&wa);
        w[wa.len()..].copy_from_slice(&wb);
        Ok(Spectral::from_parts(BlockDiag(va, vb), w))
    }
    fn is_normal(&self) -> bool {
        self.0.is_normal() && self.1.is_normal()
    }
    fn normal_rule(&self) -> Result<NormalParts<Self::Vectors>> {
        let ((va, za), (vb, zb)) = (self.0.normal_rule()?, self.1.normal_rule()?);
        let mut z = Column::filled(za.len() + zb.len(), Sc::<A>::zero());
        z[..za.len()].copy_from_slice(&za);
        z[za.len()..].copy_from_slice(&zb);
        Ok((BlockDiag(va, vb), z))
    }
}
impl<A: DiagonalRule, B: DiagonalRule<Scalar = A::Scalar>> DiagonalRule for BlockDiag<A, B> {
    const READS: bool = A::READS && B::READS;
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn diagonal_rule(&self, k: isize, d: &mut [Sc<A>]) -> Result<()> {
        if k == 0 && self.0.nrows() == self.0.ncols() {
            let (a, b) = d.split_at_mut(self.0.nrows());
            self.0.diagonal_rule(0, a)?;
            return self.1.diagonal_rule(0, b);
        }
        d.fill(Sc::<A>::zero());
        block_part(&self.0, (0, 0), k, d)?;
        block_part(&self.1, (self.0.nrows(), self.0.ncols()), k, d)
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn trace_rule(&self) -> Result<Sc<A>> {
        match self.0.nrows() == self.0.ncols() {
            true => Ok(self.0.trace_rule()? + self.1.trace_rule()?),
            false => Ok(crate::functions::diagonal::main_diagonal(self)?.sum()),
        }
    }
}
impl<K: Facts, A: HasCholesky, B: HasCholesky<Scalar = A::Scalar>> CholeskyRule<K> for BlockDiag<A, B>
where
    BlockDiag<A::Factor, B::Factor>: Operator<Scalar = A::Scalar>,
{
    type Factor = BlockDiag<A::Factor, B::Factor>;
    fn cholesky_rule(&self) -> Result<Self::Factor> {
        Ok(BlockDiag(self.0.cholesky_rule()?, self.1.cholesky_rule()?))
    }
}
impl<A: HasLu, B: HasLu<Scalar = A::Scalar>> LuRule for BlockDiag<A, B> {
    type P = BlockDiag<A::P, B::P>;
    type L = BlockDiag<A::L, B::L>;
    type U = BlockDiag<A::U, B::U>;
    fn lu_rule(&self) -> Result<LuFactors<Self::P, Self::L, Self::U>> {
        let (a, b) = (self.0.lu_rule()?, self.1.lu_rule()?);
        Ok(LuFactors { p: BlockDiag(a.p, b.p), l: BlockDiag(a.l, b.l), u: BlockDiag(a.u, b.u) })
    }
}
impl<K: Facts, A: HasEig, B: HasEig<Scalar = A::Scalar>> EigRule<K> for BlockDiag<A, B>
where
    BlockDiag<A::Vectors, B::Vectors>: Operator<Scalar = Cx<A>>,
{
    type Vectors = BlockDiag<A::Vectors, B::Vectors>;
    fn eig_rule(&self) -> Result<EigFactors<Self::Vectors>> {
        if !self.square_blocks("eig")? {
            return Err(Error::invalid(
                "eig: the blocks of `block_diag` are not square; make it dense: `linop!({ k.to_dense() })`",
            ));
        }
        let ((va, wa), (vb, wb)) = (self.0.eig_rule()?.into_parts(), self.1.eig_rule()?.into_parts());
        Ok(EigFactors::from_parts(BlockDiag(va, vb), joined(&wa, &wb)))
    }
    fn left_eig_rule(&self) -> Option<Result<EigFactors<Self::Vectors>>> {
        if !matches!(self.square_blocks("eig"), Ok(true)) {
            return None;
        }
        let (a, b) = (self.0.left_eig_rule()?, self.1.left_eig_rule()?);
        Some(a.and_then(|a| {
            let ((va, wa), (vb, wb)) = (a.into_parts(), b?.into_parts());
            Ok(EigFactors::from_parts(BlockDiag(va, vb), joined(&wa, &wb)))
        }))
    }
}
impl<K: Facts, A: HasSvd, B: HasSvd<Scalar = A::Scalar>> SvdRule<K> for BlockDiag<A, B>
where
    BlockDiag<A::Left, B::Left>: Operator<Scalar = A::Scalar>,
    BlockDiag<A::Right, B::Right>: Operator<Scalar = A::Scalar>,
{
    type Left = BlockDiag<A::Left, B::Left>;
    type Right = BlockDiag<A::Right, B::Right>;
    fn svd_rule(&self) -> Result<SvdFactors<Self::Left, Self::Right>> {
        let (a, b) = (self.0.svd_rule()?, self.1.svd_rule()?);
        Ok(SvdFactors { s: joined(&a.s, &b.s), u: BlockDiag(a.u, b.u), v: BlockDiag(a.v, b.v) })
    }
}
impl<K: Facts, A: HasPinv, B: HasPinv<Scalar = A::Scalar>> PinvRule<K> for BlockDiag<A, B> {
    type Output = BlockDiag<Pinv<A>, Pinv<B>>;
    fn pinv_rule(&self) -> Result<Self::Output> {
        Ok(BlockDiag(self.0.pinv_rule()?, self.1.pinv_rule()?))
    }
}
/// One after the other.
fn joined<T: Scalar, S: Space>(a: &[T], b: &[T]) -> Column<T, S> {
    let mut w = Column::filled(a.len() + b.len(), T::zero());
    w[..a.len()].copy_from_slice(a);
    w[a.len()..].copy_from_slice(b);
    w
}

/// I_M x A: the same block M times, stored and factored once.
///
/// ```
/// # use cola_core::prelude::*;
/// let r = Repeat::<_, 2>::new(Diagonal::new([1.0, 2.0]));
/// assert_eq!(r.apply(&[1.0, 1.0, 1.0, 1.0]), [1.0, 2.0, 1.0, 2.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Repeat<A, const M: usize>(pub A);
impl<A: Operator, const M: usize> Repeat<A, M> {
    /// The block M times.
    #[inline(always)]
    pub fn new(a: impl crate::dsl::IntoOperator<Op = A>) -> Self {
        Repeat(a.into_operator())
    }
}
operator!([A: Operator, const M: usize] Repeat<A, M> {
    scalar A::Scalar; facts Fa<A>; rows <Const<M> as Space>::Times<Ro<A>>; cols <Const<M> as Space>::Times<Co<A>>;
    nrows |s| M * s.0.nrows(); ncols M * s.0.ncols(); iterative A::ITERATIVE; class crate::classes::HasSpectrum;
});
crate::interop::saved!([A: Operator, const M: usize] Repeat<A, M>, "Repeat", [] { block: A = |k| k.0 } Ok(Repeat(block)));
tree_node!([A; const M: usize] Repeat<A, M> { "0" => 0 });
impl<A: LinearOperator, const M: usize> LinearOperator for Repeat<A, M> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn act(&self, how: Update<Sc<A>>, x: View<'_, Sc<A>>, mut y: ViewMut<'_, Sc<A>>, s: &mut [Sc<A>]) {
        let (m, n) = (self.0.nrows(), self.0.ncols());
        let (m, n) = if how.adjoint { (n, m) } else { (m, n) };
        // the parts of a vector as columns: a factored block solves them in pairs
        for c in 0..x.cols {
            let (x, y) = (x.column(c), y.column(c));
            self.0.act(how, View::new(x.data, n, M, x.rs, n * x.rs), ViewMut::new(y.data, m, M, y.rs, m * y.rs), s);
        }
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn scratch_len(&self, _: usize) -> usize {
        self.0.scratch_len(M)
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn write(&self, alpha: Sc<A>, add: bool, mut y: ViewMut<'_, Sc<A>>) {
        let (m, n) = (self.0.nrows(), self.0.ncols());
        for b in 0..M {
            if !add {
                zero(y.block((0, b * m), (b * n, n)));
                zero(y.block(((b + 1) * m, (M - 1 - b) * m), (b * n, n)));
            }
            if add || b == 0 {
                self.0.write(alpha, add, y.block((b * m, m), (b * n, n)));
                continue;
            }
            for j in 0..n {
                for i in 0..m {
                    *y.at(b * m + i, b * n + j) = *y.at(i, j);
                }
            }
        }
    }
}
impl<K: Facts, A: Invertible, const M: usize> InverseRule<K> for Repeat<A, M> {
    type Output = Repeat<Inv<A>, M>;
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn inverse_rule(&self) -> Result<Self::Output> {
        Ok(Repeat(self.0.inverse_rule()?))
    }
}
impl<K: Facts, A: HasDet, const M: usize> DetRule<K> for Repeat<A, M> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn slogdet_rule(&self) -> Result<(Sc<A>, Re<A>)> {
        Ok(DetRule::<K>::det_rule(self)?.slog())
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn det_rule(&self) -> Result<Det<Sc<A>>> {
        Ok(self.0.det_rule()?.to_the(M))
    }
}
impl<K: Facts, A: HasPower, const M: usize> PowerRule<K> for Repeat<A, M> {
    type Output = Repeat<Pow<A>, M>;
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn power_rule(&self, p: Power) -> Result<Self::Output> {
        Ok(Repeat(self.0.power_rule(p)?))
    }
}
impl<K: Facts, A: HasExp, const M: usize> ExpRule<K> for Repeat<A, M> {
    type Output = Repeat<Exp<A>, M>;
    fn exp_rule(&self) -> Result<Self::Output> {
        Ok(Repeat(self.0.exp_rule()?))
    }
}
impl<K: Facts, A: HasLog, const M: usize> LogRule<K> for Repeat<A, M> {
    type Output = Repeat<Log<A>, M>;
    fn log_rule(&self) -> Result<Self::Output> {
        Ok(Repeat(self.0.log_rule()?))
    }
}
impl<K: Facts, A: HasEigh, const M: usize> EighRule<K> for Repeat<A, M> {
    type Basis = Repeat<A::Basis, M>;
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn eigh_rule(&self) -> Result<Spectral<Self::Basis, SelfAdjointFacts>> {
        let (v, w) = self.0.eigh_rule()?.into_parts();
        Ok(Spectral::from_parts(Repeat(v), repeated(M, &w)))
    }
}
impl<K: Facts, A: MaySpectrum, const M: usize> SpectrumRule<K> for Repeat<A, M> {
    type Vectors = Repeat<Vectors<A>, M>;
    const STRUCTURED: bool = true;
    fn has_spectrum(&self) -> bool {
        self.0.has_spectrum()
    }
    fn spectrum_rule(&self) -> Result<Spectral<Self::Vectors, SelfAdjointFacts>> {
        let (v, w) = self.0.spectrum_rule()?.into_parts();
        let mut all = Column::filled(M * w.len(), Re::<A>::zero());
        all.chunks_mut(w.len().max(1)).for_each(|block| block.copy_from_slice(&w));
        Ok(Spectral::from_parts(Repeat(v), all))
    }
}
impl<A: DiagonalRule, const M: usize> DiagonalRule for Repeat<A, M> {
    const READS: bool = A::READS;
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn diagonal_rule(&self, k: isize, d: &mut [Sc<A>]) -> Result<()> {
        let (m, n) = (self.0.nrows(), self.0.ncols());
        if k == 0 && m == n && M > 0 && n > 0 {
            let (first, rest) = d.split_at_mut(n);
            self.0.diagonal_rule(0, first)?;
            // entry by entry: what is in registers stays there
            for k in 0..rest.len() {
                rest[k] = first[k % n];
            }
            return Ok(());
        }
        d.fill(Sc::<A>::zero());
        (0..M).try_for_each(|b| block_part(&self.0, (b * m, b * n), k, d))
    }
}
impl<K: Facts, A: HasCholesky, const M: usize> CholeskyRule<K> for Repeat<A, M> {
    type Factor = Repeat<A::Factor, M>;
    fn cholesky_rule(&self) -> Result<Self::Factor> {
        Ok(Repeat(self.0.cholesky_rule()?))
    }
}
impl<A: HasLu, const M: usize> LuRule for Repeat<A, M> {
    type P = Repeat<A::P, M>;
    type L = Repeat<A::L, M>;
    type U = Repeat<A::U, M>;
    fn lu_rule(&self) -> Result<LuFactors<Self::P, Self::L, Self::U>> {
        let a = self.0.lu_rule()?;
        Ok(LuFactors { p: Repeat(a.p), l: Repeat(a.l), u: Repeat(a.u) })
    }
}
impl<K: Facts, A: HasEig, const M: usize> EigRule<K> for Repeat<A, M> {
    type Vectors = Repeat<A::Vectors, M>;
    fn eig_rule(&self) -> Result<EigFactors<Self::Vectors>> {
        let (v, w) = self.0.eig_rule()?.into_parts();
        Ok(EigFactors::from_parts(Repeat(v), repeated(M, &w)))
    }
    fn left_eig_rule(&self) -> Option<Result<EigFactors<Self::Vectors>>> {
        Some(self.0.left_eig_rule()?.map(|e| {
            let (v, w) = e.into_parts();
            EigFactors::from_parts(Repeat(v), repeated(M, &w))
        }))
    }
}
impl<K: Facts, A: HasSvd, const M: usize> SvdRule<K> for Repeat<A, M> {
    type Left = Repeat<A::Left, M>;
    type Right = Repeat<A::Right, M>;
    fn svd_rule(&self) -> Result<SvdFactors<Self::Left, Self::Right>> {
        let a = self.0.svd_rule()?;
        Ok(SvdFactors { s: repeated(M, &a.s), u: Repeat(a.u), v: Repeat(a.v) })
    }
}
impl<K: Facts, A: HasPinv, const M: usize> PinvRule<K> for Repeat<A, M> {
    type Output = Repeat<Pinv<A>, M>;
    fn pinv_rule(&self) -> Result<Self::Output> {
        Ok(Repeat(self.0.pinv_rule()?))
    }
}
/// M times the same numbers.
fn repeated<T: Scalar, S: Space>(m: usize, w: &[T]) -> Column<T, S> {
    let mut all = Column::filled(m * w.len(), T::zero());
    all.chunks_mut(w.len().max(1)).for_each(|block| block.copy_from_slice(w));
    all
}
impl<A: Explain, B: Explain<Scalar = A::Scalar>> Explain for BlockDiag<A, B> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        Plan::by_parts("blockwise", [part(&self.0, question), part(&self.1, question)])
    }
    fn tree<K: Facts>(&self) -> Tree {
        Tree::node::<K, Self>(self, trees(&self.0, &self.1))
    }
}
impl<A: Explain, const M: usize> Explain for Repeat<A, M> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        let times = if question == Question::Apply { M } else { 1 };
        Plan::weighted("blockwise, one block for all", [(times, part(&self.0, question))])
    }
    fn tree<K: Facts>(&self) -> Tree {
        Tree::node::<K, Self>(self, vec![self.0.tree::<Fa<A>>()])
    }
}

impl<A, B> crate::gradient::Differentiable for BlockDiag<A, B>
where
    A: crate::gradient::Differentiable,
    B: crate::gradient::Differentiable<Scalar = A::Scalar>,
{
    fn parameters(&self) -> usize {
        self.0.parameters() + self.1.parameters()
    }
    fn accumulate_bilinear(&self, u: View<'_, Sc<A>>, v: View<'_, Sc<A>>, scale: Sc<A>, g: &mut [Sc<A>]) {
        let (ga, gb) = g.split_at_mut(self.0.parameters());
        let ((ma, na), (mb, nb)) = ((self.0.nrows(), self.0.ncols()), (self.1.nrows(), self.1.ncols()));
        self.0.accumulate_bilinear(u.rows(0, ma), v.rows(0, na), scale, ga);
        self.1.accumulate_bilinear(u.rows(ma, mb), v.rows(na, nb), scale, gb);
    }
}
impl<K: Facts, A, B> crate::gradient::LogdetGradient<K> for BlockDiag<A, B>
where
    A: crate::gradient::LogdetGradient<Fa<A>>,
    B: crate::gradient::LogdetGradient<Fa<B>, Scalar = A::Scalar>,
{
    fn accumulate_logdet(&self, inverse: &Self::Output, scale: Sc<A>, g: &mut [Sc<A>]) {
        let (ga, gb) = g.split_at_mut(self.0.parameters());
        self.0.accumulate_logdet(&inverse.0, scale, ga);
        self.1.accumulate_logdet(&inverse.1, scale, gb);
    }
}
// every copy adds to the same numbers
impl<A: crate::gradient::Differentiable, const M: usize> crate::gradient::Differentiable for Repeat<A, M> {
    fn parameters(&self) -> usize {
        self.0.parameters()
    }
    fn accumulate_bilinear(&self, u: View<'_, Sc<A>>, v: View<'_, Sc<A>>, scale: Sc<A>, g: &mut [Sc<A>]) {
        let (m, n) = (self.0.nrows(), self.0.ncols());
        (0..M).for_each(|k| self.0.accumulate_bilinear(u.rows(k * m, m), v.rows(k * n, n), scale, g));
    }
}
impl<K: Facts, A: crate::gradient::LogdetGradient<Fa<A>>, const M: usize> crate::gradient::LogdetGradient<K>
    for Repeat<A, M>
{
    fn accumulate_logdet(&self, inverse: &Self::Output, scale: Sc<A>, g: &mut [Sc<A>]) {
        self.0.accumulate_logdet(&inverse.0, scale * Sc::<A>::of(M as f64), g)
    }
}
impl<K: Facts, A, B> crate::gradient::SpectrumGradient<K> for BlockDiag<A, B>
where
    A: crate::gradient::SpectrumGradient<Fa<A>>,
    B: crate::gradient::SpectrumGradient<Fa<B>, Scalar = A::Scalar>,
{
    fn accumulate_spectrum(&self, vectors: &Self::Vectors, weights: &[Sc<A>], scale: Sc<A>, g: &mut [Sc<A>]) {
        let ((ga, gb), (wa, wb)) = (g.split_at_mut(self.0.parameters()), weights.split_at(self.0.nrows()));
        self.0.accumulate_spectrum(&vectors.0, wa, scale, ga);
        self.1.accumulate_spectrum(&vectors.1, wb, scale, gb);
    }
}
impl<K: Facts, A, const M: usize> crate::gradient::SpectrumGradient<K> for Repeat<A, M>
where
    A: crate::gradient::SpectrumGradient<Fa<A>>,
{
    fn accumulate_spectrum(&self, vectors: &Self::Vectors, weights: &[Sc<A>], scale: Sc<A>, g: &mut [Sc<A>]) {
        for w in weights.chunks(self.0.nrows().max(1)) {
            self.0.accumulate_spectrum(&vectors.0, w, scale, g);
        }
    }
}
