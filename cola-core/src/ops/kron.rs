//! A x B, the Kronecker product: the last factor varies fastest. More factors by nesting.

use crate::algorithms::dense::Engine;
use crate::algorithms::sylvester::{KronSumFactor, Pairing, has_schur_forms};
use crate::data::{Column, Held};
use crate::error::{Error, Result};
use crate::facts::{Both, Fact, Facts, SelfAdjointFacts};
use crate::functions::base::{is_direct, materialize, square};
use crate::functions::det::Det;
use crate::functions::diagonal::{Entries, diagonal_start, main_diagonal};
use crate::functions::eig::products;
use crate::functions::{
    CholeskyRule, Cx, DetRule, DiagonalRule, EigFactors, EigRule, EighRule, HasCholesky, HasDet, HasEig, HasEigh,
    HasLu, HasPinv, HasPower, HasSvd, Inv, InverseRule, Invertible, LuFactors, LuRule, MaySpectrum, NormalParts, Pinv,
    PinvRule, Pow, Power, PowerRule, SpectrumRule, SvdRule, Vectors,
};
use crate::operator::short::{Co, Fa, Re, Ro, Sc};
use crate::operator::{LinearOperator, Operator, Update, operator};
use crate::ops::kron_exp::has_factors;
use crate::ops::{Isometric, Psd, SelfAdjoint, Spectral, SvdFactors, Unitary, WithFacts};
use crate::parameters::tree_node;
use crate::plan::{Explain, Plan, Question, Tree, base, part, trees};
use crate::scalar::Scalar;
use crate::space::Space;
use crate::view::{View, ViewMut};
use num_traits::Zero;
use std::sync::Arc;

/// A x B: A's entries times blocks of B.
///
/// ```
/// # use cola_core::prelude::*;
/// let k = Kron::new(Dense::new(nalgebra::matrix![1.0, 2.0; 3.0, 4.0]), Diagonal::new([1.0, 10.0]));
/// assert_eq!(k.apply(&[1.0, 1.0, 0.0, 0.0]), [1.0, 10.0, 3.0, 30.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Kron<A, B>(pub A, pub B);
impl<A: Operator, B: Operator<Scalar = A::Scalar>> Kron<A, B> {
    /// A x B.
    #[inline(always)]
    pub fn new(a: impl crate::dsl::IntoOperator<Op = A>, b: impl crate::dsl::IntoOperator<Op = B>) -> Self {
        Kron(a.into_operator(), b.into_operator())
    }
}
operator!([A: Operator, B: Operator<Scalar = A::Scalar>] Kron<A, B> {
    scalar A::Scalar; facts Both<Fa<A>, Fa<B>>; rows <Ro<A> as Space>::Times<Ro<B>>; cols <Co<A> as Space>::Times<Co<B>>;
    nrows |s| s.0.nrows() * s.1.nrows(); ncols s.0.ncols() * s.1.ncols(); iterative A::ITERATIVE || B::ITERATIVE; class crate::classes::IsKron;
    factors A::FACTORS + B::FACTORS;
});
crate::interop::saved!([A: Operator, B: Operator<Scalar = A::Scalar>] Kron<A, B>, "Kron", [] { left: A = |k| k.0, right: B = |k| k.1 } Ok(Kron(left, right)));
tree_node!([A, B] Kron<A, B> { "0" => 0, "1" => 1 });
/// Rows and columns of both factors.
pub type Split = [(usize, usize); 2];
/// A structure that is a Kronecker product, of whatever is promised of it too: what its folded products take apart.
pub trait IntoKron: Operator + Sized {
    /// The slow factor.
    type First: Operator<Scalar = Self::Scalar>;
    /// The fast factor.
    type Second: Operator<Scalar = Self::Scalar>;
    /// Rows and columns of both; `None` where it is a product of Kronecker products that split differently, which is none.
    fn split(&self) -> Option<Split>;
    /// Both factors, where `split` gives their sizes.
    fn into_factors(self) -> Option<(Self::First, Self::Second)>;
}
impl<A: Operator, B: Operator<Scalar = A::Scalar>> IntoKron for Kron<A, B> {
    type First = A;
    type Second = B;
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn split(&self) -> Option<Split> {
        Some([(self.0.nrows(), self.0.ncols()), (self.1.nrows(), self.1.ncols())])
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn into_factors(self) -> Option<(A, B)> {
        Some((self.0, self.1))
    }
}
impl<'a, A: Operator, B: Operator<Scalar = A::Scalar>> IntoKron for &'a Kron<A, B> {
    type First = &'a A;
    type Second = &'a B;
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn split(&self) -> Option<Split> {
        (**self).split()
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn into_factors(self) -> Option<(&'a A, &'a B)> {
        Some((&self.0, &self.1))
    }
}
macro_rules! into_kron_as {
    ($([$($p:tt)*] $S:ty, $place:tt;)*) => { $(
        impl<K: IntoKron, $($p)*> IntoKron for $S {
            type First = K::First;
            type Second = K::Second;
            fn split(&self) -> Option<Split> {
                self.$place.split()
            }
            fn into_factors(self) -> Option<(K::First, K::Second)> {
                self.$place.into_factors()
            }
        }
        impl<'a, K: Operator, $($p)*> IntoKron for &'a $S
        where
            &'a K: IntoKron<Scalar = Sc<K>>,
        {
            type First = <&'a K as IntoKron>::First;
            type Second = <&'a K as IntoKron>::Second;
            fn split(&self) -> Option<Split> {
                (&self.$place).split()
            }
            fn into_factors(self) -> Option<(Self::First, Self::Second)> {
                (&self.$place).into_factors()
            }
        } )* };
}
into_kron_as! {
    [] Psd<K>, 0;
    [] SelfAdjoint<K>, 0;
    [] Unitary<K>, 0;
    [] Isometric<K>, 0;
    [F: Facts] WithFacts<K, F>, a;
}
/// (A x B) vec(X) = vec(B X A^T): B on the fast mode, then A on the slow mode, by strides; nothing is transposed.
impl<A: LinearOperator, B: LinearOperator<Scalar = A::Scalar>> LinearOperator for Kron<A, B> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn act(&self, how: Update<Sc<A>>, x: View<'_, Sc<A>>, y: ViewMut<'_, Sc<A>>, s: &mut [Sc<A>]) {
        if Self::LARGE { self.act_apart(how, x, y, s) } else { self.act_here(how, x, y, s) }
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn scratch_len(&self, _: usize) -> usize {
        let na = self.0.ncols().max(self.0.nrows());
        let mb = self.1.nrows().max(self.1.ncols());
        na * mb + self.0.scratch_len(mb).max(self.1.scratch_len(na))
    }
    // each factor along its mode: no buffer of the product's size. Rectangular factors of a square product change the sizes on the way
    fn act_in_place(&self, adjoint: bool, y: ViewMut<'_, Sc<A>>, s: &mut [Sc<A>]) {
        let (na, nb) = (self.0.nrows(), self.1.nrows());
        if na != self.0.ncols() || nb != self.1.ncols() {
            let n = y.rows;
            let (copy, rest) = s.split_at_mut(n * y.cols);
            (0..y.cols).for_each(|c| (0..n).for_each(|i| copy[i + n * c] = y.data[i * y.rs + c * y.cs]));
            return self.act(Update { adjoint, ..Update::replace() }, View::matrix(copy, n, y.cols), y, rest);
        }
        for c in 0..y.cols {
            let start = (c * y.cs).min(y.data.len());
            let column = &mut y.data[start..];
            self.1.act_in_place(adjoint, ViewMut::new(column, nb, na, y.rs, nb * y.rs), s);
            self.0.act_in_place(adjoint, ViewMut::new(column, na, nb, nb * y.rs, y.rs), s);
        }
    }
    fn in_place_scratch_len(&self, columns: usize) -> usize {
        let (na, nb) = (self.0.nrows(), self.1.nrows());
        match na == self.0.ncols() && nb == self.1.ncols() {
            true => self.0.in_place_scratch_len(nb).max(self.1.in_place_scratch_len(na)),
            false => na * nb * columns + self.scratch_len(columns),
        }
    }
}
/// As many factors are inlined into one function: 64 factors of 1 and 2 take LLVM 0.9 s, without this 2.0 (`cargo xtask compile-times`).
const INLINED: usize = 8;
impl<A: LinearOperator, B: LinearOperator<Scalar = A::Scalar>> Kron<A, B> {
    #[inline(never)]
    fn act_apart(&self, how: Update<Sc<A>>, x: View<'_, Sc<A>>, y: ViewMut<'_, Sc<A>>, s: &mut [Sc<A>]) {
        self.act_here(how, x, y, s)
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn act_here(&self, how: Update<Sc<A>>, x: View<'_, Sc<A>>, y: ViewMut<'_, Sc<A>>, s: &mut [Sc<A>]) {
        let (mut ma, mut na) = (self.0.nrows(), self.0.ncols());
        let (mut mb, mut nb) = (self.1.nrows(), self.1.ncols());
        if how.adjoint {
            (ma, na, mb, nb) = (na, ma, nb, mb);
        }
        let (buf, rest) = s.split_at_mut(na * mb);
        for c in 0..x.cols {
            let (x, (yrs, ycs)) = (x.column(c), (y.rs, y.cs));
            let grid = View::new(x.data, nb, na, x.rs, nb * x.rs);
            self.1.act(how.first(), grid, ViewMut::new(buf, mb, na, 1, mb), rest);
            let start = (c * ycs).min(y.data.len());
            let out = ViewMut::new(&mut y.data[start..], ma, mb, mb * yrs, yrs);
            self.0.act(how, View::new(buf, na, mb, mb, 1), out, rest);
        }
    }
}
impl<A: Operator, B: Operator<Scalar = A::Scalar>> Kron<A, B> {
    const LARGE: bool = A::FACTORS + B::FACTORS >= INLINED;
    /// A product of rectangular factors is square at times, and then singular: rank A rank B < n.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn square_factors(&self, op: &'static str) -> Result<bool> {
        square(op, self)?;
        Ok(self.0.nrows() == self.0.ncols() && self.1.nrows() == self.1.ncols())
    }
}
#[inline(never)]
fn inverse_apart<A: Invertible, B: Invertible<Scalar = A::Scalar>>(k: &Kron<A, B>) -> Result<Kron<Inv<A>, Inv<B>>> {
    inverse_here(k)
}
#[cfg_attr(not(debug_assertions), inline(always))]
fn inverse_here<A: Invertible, B: Invertible<Scalar = A::Scalar>>(k: &Kron<A, B>) -> Result<Kron<Inv<A>, Inv<B>>> {
    match k.square_factors("inverse")? {
        true => Ok(Kron(k.0.inverse_rule()?, k.1.inverse_rule()?)),
        false => Err(Error::Singular { index: 0 }),
    }
}
// (A x B)^-1 = A^-1 x B^-1
impl<K: Facts, A: Invertible, B: Invertible<Scalar = A::Scalar>> InverseRule<K> for Kron<A, B> {
    type Output = Kron<Inv<A>, Inv<B>>;
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn inverse_rule(&self) -> Result<Self::Output> {
        if Self::LARGE { inverse_apart(self) } else { inverse_here(self) }
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn solve_rule(&self, b: View<'_, Sc<A>>, mut x: ViewMut<'_, Sc<A>>) -> Result<()>
    where
        Self::Output: LinearOperator<Scalar = Sc<A>>,
    {
        let inverse = <Self as InverseRule<K>>::inverse_rule(self)?;
        // a constant, so that what follows is not compiled for static products
        if const { Self::SHAPE.rows.is_static() || <Self::Output as Operator>::ITERATIVE } {
            return crate::functions::inverse::apply_checked(&inverse, b, x);
        }
        // in the solution itself: a second vector costs its pages (n = 512: 17.9 ms, by hand 15.5)
        x.copy_from(b);
        crate::operator::with_scratch(inverse.in_place_scratch_len(b.cols), |s| inverse.act_in_place(false, x, s));
        Ok(())
    }
}
// log|det| = n_B log|det A| + n_A log|det B|; signs to the same powers
impl<K: Facts, A: HasDet, B: HasDet<Scalar = A::Scalar>> DetRule<K> for Kron<A, B> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn slogdet_rule(&self) -> Result<(Sc<A>, Re<A>)> {
        Ok(DetRule::<K>::det_rule(self)?.slog())
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn det_rule(&self) -> Result<Det<Sc<A>>> {
        if !self.square_factors("slogdet")? {
            return Ok(Det::of(Sc::<A>::zero(), Re::<A>::of(f64::NEG_INFINITY)));
        }
        let (na, nb) = (self.0.nrows(), self.1.nrows());
        Ok(self.0.det_rule()?.to_the(nb).and(self.1.det_rule()?.to_the(na)))
    }
}
// (A x B)^p = A^p x B^p for PSD factors
impl<K: Facts, A: HasPower, B: HasPower<Scalar = A::Scalar>> PowerRule<K> for Kron<A, B> {
    type Output = Kron<Pow<A>, Pow<B>>;
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn power_rule(&self, p: Power) -> Result<Self::Output> {
        // (a b)^p = a^p b^p on the principal branch needs one of a, b >= 0; a self-adjoint factor with a root has that
        let real = <Fa<A> as Facts>::SelfAdjoint::KNOWN || <Fa<B> as Facts>::SelfAdjoint::KNOWN;
        if !real && !p.is_integer() {
            return Err(Error::invalid(
                "power: neither factor of `kron` is known to be self-adjoint, so the product of the principal roots may be another \
                 root; say psd(..) of one, or ask for `.sqrt_with(Schur::default())`",
            ));
        }
        Ok(Kron(self.0.power_rule(p)?, self.1.power_rule(p)?))
    }
}
// (V_A x V_B) diag(w_A x w_B) (V_A x V_B)^H
impl<K: Facts, A: HasEigh, B: HasEigh<Scalar = A::Scalar>> EighRule<K> for Kron<A, B>
where
    Kron<A::Basis, B::Basis>: Operator<Scalar = A::Scalar>,
{
    type Basis = Kron<A::Basis, B::Basis>;
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn eigh_rule(&self) -> Result<Spectral<Self::Basis, SelfAdjointFacts>> {
        let ((va, wa), (vb, wb)) = (self.0.eigh_rule()?.into_parts(), self.1.eigh_rule()?.into_parts());
        Ok(Spectral::from_parts(Kron(va, vb), pairs(&wa, &wb, |a, b| a * b)))
    }
}
/// f(a_i, b_j), the last index fastest.
pub(crate) fn pairs<T: Scalar, S: Space>(a: &[T], b: &[T], f: impl Fn(T, T) -> T) -> Column<T, S> {
    let mut w = Column::filled(a.len() * b.len(), T::zero());
    for (row, &a) in w.chunks_mut(b.len().max(1)).zip(a) {
        row.iter_mut().zip(b).for_each(|(w, &b)| *w = f(a, b));
    }
    w
}
impl<K: Facts, A, B> SpectrumRule<K> for Kron<A, B>
where
    A: MaySpectrum + LinearOperator,
    B: MaySpectrum<Scalar = A::Scalar> + LinearOperator,
{
    type Vectors = Kron<Vectors<A>, Vectors<B>>;
    const STRUCTURED: bool = true;
    fn has_spectrum(&self) -> bool {
        self.0.has_spectrum() && self.1.has_spectrum()
    }
    fn spectrum_rule(&self) -> Result<Spectral<Self::Vectors, SelfAdjointFacts>> {
        let ((va, wa), (vb, wb)) = (self.0.spectrum_rule()?.into_parts(), self.1.spectrum_rule()?.into_parts());
        Ok(Spectral::from_parts(Kron(va, vb), pairs(&wa, &wb, |a, b| a * b)))
    }
    fn is_normal(&self) -> bool {
        self.0.is_normal() && self.1.is_normal()
    }
    fn normal_rule(&self) -> Result<NormalParts<Self::Vectors>> {
        let ((va, za), (vb, zb)) = (self.0.normal_rule()?, self.1.normal_rule()?);
        Ok((Kron(va, vb), pairs(&za, &zb, |a, b| a * b)))
    }
    fn has_shifted_factor(&self) -> bool {
        let direct = is_direct(&self.0) && is_direct(&self.1);
        direct && matches!(self.square_factors("solve"), Ok(true)) && has_schur_forms::<Self>()
    }
    // Stein's equation B X A^T + c X = C
    fn shifted_factor(&self, c: Sc<A>) -> Result<Option<Arc<dyn KronSumFactor<Sc<A>>>>> {
        if !SpectrumRule::<K>::has_shifted_factor(self) {
            return Ok(None);
        }
        let (a, b): (Held<_, Ro<A>>, Held<_, Ro<B>>) = (materialize("solve", &self.0)?, materialize("solve", &self.1)?);
        <Sc<A> as Engine>::engine_kron_sum(Pairing::Product(c), (a.n, a.as_slice()), (b.n, b.as_slice()))
    }
}
crate::spectral_log!([A: HasEigh, B: HasEigh<Scalar = A::Scalar>] Kron<A, B>);
// diag(A x B) = diag A x diag B; diagonal k of the product meets at most two diagonals of A: entry (i, i + k) lies in block
// (i / n_B, (i + k) / n_B)
impl<A: DiagonalRule, B: DiagonalRule<Scalar = A::Scalar>> DiagonalRule for Kron<A, B> {
    const READS: bool = A::READS && B::READS;
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn diagonal_rule(&self, k: isize, d: &mut [Sc<A>]) -> Result<()> {
        let ((mb, nb), (row, col)) = ((self.1.nrows(), self.1.ncols()), diagonal_start(k));
        if k == 0 && mb == nb {
            let (da, db) = (main_diagonal(&self.0)?, main_diagonal(&self.1)?);
            for (i, d) in d.iter_mut().enumerate() {
                *d = da[i / nb] * db[i % nb];
            }
            return Ok(());
        }
        let (mut a, mut b) = (Entries::of(&self.0), Entries::of(&self.1));
        for (i, d) in d.iter_mut().enumerate() {
            let (r, c) = (row + i, col + i);
            *d = a.at(r / mb, c / nb)? * b.at(r % mb, c % nb)?;
        }
        Ok(())
    }
    // tr(A x B) = tr A tr B for square factors
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn trace_rule(&self) -> Result<Sc<A>> {
        match self.0.nrows() == self.0.ncols() && self.1.nrows() == self.1.ncols() {
            true => Ok(self.0.trace_rule()? * self.1.trace_rule()?),
            false => Ok(main_diagonal(self)?.sum()),
        }
    }
}
// L = L_A x L_B
impl<K: Facts, A: HasCholesky, B: HasCholesky<Scalar = A::Scalar>> CholeskyRule<K> for Kron<A, B>
where
    Kron<A::Factor, B::Factor>: Operator<Scalar = A::Scalar>,
{
    type Factor = Kron<A::Factor, B::Factor>;
    fn cholesky_rule(&self) -> Result<Self::Factor> {
        Ok(Kron(self.0.cholesky_rule()?, self.1.cholesky_rule()?))
    }
}
// (P_A x P_B) (A x B) = (L_A x L_B) (U_A x U_B)
impl<A: HasLu, B: HasLu<Scalar = A::Scalar>> LuRule for Kron<A, B> {
    type P = Kron<A::P, B::P>;
    type L = Kron<A::L, B::L>;
    type U = Kron<A::U, B::U>;
    fn lu_rule(&self) -> Result<LuFactors<Self::P, Self::L, Self::U>> {
        let (a, b) = (self.0.lu_rule()?, self.1.lu_rule()?);
        Ok(LuFactors { p: Kron(a.p, b.p), l: Kron(a.l, b.l), u: Kron(a.u, b.u) })
    }
}
// (V_A x V_B) diag(w_A x w_B) = (A x B) (V_A x V_B)
impl<K: Facts, A: HasEig, B: HasEig<Scalar = A::Scalar>> EigRule<K> for Kron<A, B>
where
    Kron<A::Vectors, B::Vectors>: Operator<Scalar = Cx<A>>,
{
    type Vectors = Kron<A::Vectors, B::Vectors>;
    fn eig_rule(&self) -> Result<EigFactors<Self::Vectors>> {
        square("eig", self)?;
        // a square product of rectangular factors has no eigenvectors of this form
        if !self.square_factors("eig")? {
            return Err(Error::invalid(
                "eig: the factors of `kron` are not square; make it dense: `linop!({ k.to_dense() })`",
            ));
        }
        let ((va, wa), (vb, wb)) = (self.0.eig_rule()?.into_parts(), self.1.eig_rule()?.into_parts());
        Ok(EigFactors::from_parts(Kron(va, vb), products(&wa, &wb)))
    }
    fn left_eig_rule(&self) -> Option<Result<EigFactors<Self::Vectors>>> {
        if !matches!(self.square_factors("eig"), Ok(true)) {
            return None;
        }
        let (a, b) = (self.0.left_eig_rule()?, self.1.left_eig_rule()?);
        Some(a.and_then(|a| {
            let ((va, wa), (vb, wb)) = (a.into_parts(), b?.into_parts());
            Ok(EigFactors::from_parts(Kron(va, vb), products(&wa, &wb)))
        }))
    }
}
// (U_A x U_B) diag(s_A x s_B) (V_A x V_B)^H
impl<K: Facts, A: HasSvd, B: HasSvd<Scalar = A::Scalar>> SvdRule<K> for Kron<A, B>
where
    Kron<A::Left, B::Left>: Operator<Scalar = A::Scalar>,
    Kron<A::Right, B::Right>: Operator<Scalar = A::Scalar>,
{
    type Left = Kron<A::Left, B::Left>;
    type Right = Kron<A::Right, B::Right>;
    fn svd_rule(&self) -> Result<SvdFactors<Self::Left, Self::Right>> {
        let (a, b) = (self.0.svd_rule()?, self.1.svd_rule()?);
        Ok(SvdFactors { s: products(&a.s, &b.s), u: Kron(a.u, b.u), v: Kron(a.v, b.v) })
    }
}
// (A x B)^+ = A^+ x B^+
impl<K: Facts, A: HasPinv, B: HasPinv<Scalar = A::Scalar>> PinvRule<K> for Kron<A, B> {
    type Output = Kron<Pinv<A>, Pinv<B>>;
    fn pinv_rule(&self) -> Result<Self::Output> {
        Ok(Kron(self.0.pinv_rule()?, self.1.pinv_rule()?))
    }
}
impl<A: Explain, B: Explain<Scalar = A::Scalar>> Explain for Kron<A, B> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        let parts = || [part(&self.0, question), part(&self.1, question)];
        match question {
            Question::Apply => {
                let [a, b] = parts();
                Plan::weighted("factors in turn", [(self.1.nrows(), a), (self.0.ncols(), b)])
            }
            Question::Solve => Plan::by_parts("factor by factor", parts()),
            Question::Slogdet => Plan::by_parts("powers n/n_i of the determinants", parts()),
            Question::Trace => Plan::by_parts("product of the traces", parts()),
            Question::Diagonal => Plan::by_parts("kron of the diagonals", parts()),
            Question::Exp if !K::SelfAdjoint::KNOWN => match has_factors(&self.0, &self.1) {
                true => crate::ops::kron_exp::plan(self),
                false => base::<K, Self>(self, question),
            },
            Question::Exp | Question::Log => self.plan::<K>(Question::Eigh).spectral(),
            Question::Eigh | Question::Power | Question::Cholesky | Question::Lu => {
                Plan::by_parts("factor by factor", parts())
            }
            Question::Eig | Question::Svd | Question::Pinv => Plan::by_parts("factor by factor", parts()),
        }
    }
    fn tree<K: Facts>(&self) -> Tree {
        Tree::node::<K, Self>(self, trees(&self.0, &self.1))
    }
}

// u^T (A x B) v = sum over columns of the grids U, V (n_B x n_A): A sees the rows of (U, B V), B the columns of (U, V A^T)
impl<A, B> crate::gradient::Differentiable for Kron<A, B>
where
    A: crate::gradient::Differentiable,
    B: crate::gradient::Differentiable<Scalar = A::Scalar>,
{
    fn parameters(&self) -> usize {
        self.0.parameters() + self.1.parameters()
    }
    fn accumulate_bilinear(&self, u: View<'_, Sc<A>>, v: View<'_, Sc<A>>, scale: Sc<A>, g: &mut [Sc<A>]) {
        let (ga, gb) = g.split_at_mut(self.0.parameters());
        let (ma, na, mb, nb) = (self.0.nrows(), self.0.ncols(), self.1.nrows(), self.1.ncols());
        let bv = crate::gradient::product(&Kron(crate::ops::Identity::<Sc<A>, Co<A>>::of_size(na), &self.1), false, v);
        let av = crate::gradient::product(&Kron(&self.0, crate::ops::Identity::<Sc<A>, Co<B>>::of_size(nb)), false, v);
        for j in 0..mb {
            let row = |x: &View<'_, Sc<A>>, rows: usize| (0..rows).map(|i| x.at(j + mb * i, 0)).collect::<Vec<_>>();
            let (uj, vj) = (row(&u, ma), row(&View::vector(&bv), na));
            self.0.accumulate_bilinear(View::vector(&uj), View::vector(&vj), scale, ga);
        }
        for i in 0..ma {
            let ui: Vec<_> = (0..mb).map(|j| u.at(j + mb * i, 0)).collect();
            self.1.accumulate_bilinear(View::vector(&ui), View::vector(&av[nb * i..][..nb]), scale, gb);
        }
    }
    // d(tr A tr B)
    fn accumulate_trace(&self, scale: Sc<A>, g: &mut [Sc<A>]) {
        let (ga, gb) = g.split_at_mut(self.0.parameters());
        let trace = |d: Result<Sc<A>>| d.unwrap_or_else(|_| Sc::<A>::of(f64::NAN));
        let ta = trace(crate::functions::base::trace(&self.0));
        let tb = trace(crate::functions::base::trace(&self.1));
        self.0.accumulate_trace(scale * tb, ga);
        self.1.accumulate_trace(scale * ta, gb);
    }
}
// n_B d log|det A| + n_A d log|det B|
impl<K: Facts, A, B> crate::gradient::LogdetGradient<K> for Kron<A, B>
where
    A: crate::gradient::LogdetGradient<Fa<A>>,
    B: crate::gradient::LogdetGradient<Fa<B>, Scalar = A::Scalar>,
{
    fn accumulate_logdet(&self, inverse: &Self::Output, scale: Sc<A>, g: &mut [Sc<A>]) {
        let (ga, gb) = g.split_at_mut(self.0.parameters());
        self.0.accumulate_logdet(&inverse.0, scale * Sc::<A>::of(self.1.nrows() as f64), ga);
        self.1.accumulate_logdet(&inverse.1, scale * Sc::<A>::of(self.0.nrows() as f64), gb);
    }
}
// weights on pairs of eigenvectors: A sees w_i = sum_j w_ij b_j, B sees sum_i w_ij a_i
impl<K: Facts, A, B> crate::gradient::SpectrumGradient<K> for Kron<A, B>
where
    A: crate::gradient::SpectrumGradient<Fa<A>>,
    B: crate::gradient::SpectrumGradient<Fa<B>, Scalar = A::Scalar>,
{
    fn accumulate_spectrum(&self, vectors: &Self::Vectors, weights: &[Sc<A>], scale: Sc<A>, g: &mut [Sc<A>]) {
        let (ga, gb) = g.split_at_mut(self.0.parameters());
        let (a, b) = (crate::gradient::rayleigh(&self.0, &vectors.0), crate::gradient::rayleigh(&self.1, &vectors.1));
        let (wa, wb) = marginals(weights, &a, &b);
        self.0.accumulate_spectrum(&vectors.0, &wa, scale, ga);
        self.1.accumulate_spectrum(&vectors.1, &wb, scale, gb);
    }
}
/// sum_j w_ij b_j for each i, sum_i w_ij a_i for each j.
pub(crate) fn marginals<T: Scalar>(w: &[T], a: &[T], b: &[T]) -> (Vec<T>, Vec<T>) {
    let (mut wa, mut wb) = (vec![T::zero(); a.len()], vec![T::zero(); b.len()]);
    for (i, row) in w.chunks(b.len().max(1)).enumerate() {
        for (j, &w) in row.iter().enumerate() {
            wa[i] += w * b[j];
            wb[j] += w * a[i];
        }
    }
    (wa, wb)
}
