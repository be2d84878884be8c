//! A x I + I x B, the Kronecker sum: Laplacians on grids, Sylvester and Lyapunov equations. More terms by nesting.

use crate::algorithms::sylvester::{KronSumFactor, Pairing, has_schur_forms};
use crate::data::{Column, Held};
use crate::dsl::{IntoOperator, shape_panic};
use crate::error::{Error, Result, check};
use crate::facts::{Both, FactSet, Facts, InverseFacts, SelfAdjointFacts, Unknown};
use crate::functions::base::{BaseInverse, materialize};
use crate::functions::dense::{DenseBasis, FactorMethod, MethodOf, dense_eigh};
use crate::functions::diagonal::{Entries, diagonal_start, main_diagonal};
use crate::functions::{
    Cx, DetRule, DiagonalRule, EigFactors, EigRule, EighRule, Exp, ExpRule, HasEig, HasExp, InverseRule, MaySpectrum,
    SpectrumRule, Vectors,
};
use crate::gradient::{Differentiable, LogdetGradient, SpectrumGradient};
use crate::operator::short::{Fa, Re, Ro, Sc};
use crate::operator::{ByRows, DynOperator, LinearOperator, Operator, SameScalar, Update, operator, with_scratch};
use crate::ops::grid_lines::GridLines;
use crate::ops::kron::{marginals, pairs};
use crate::ops::shifted::inverted;
use crate::ops::{Either, Kron, Normal, Spectral, SylvesterInverse};
use crate::parameters::tree_node;
use crate::plan::{Explain, Plan, Question, Tree, base, part, part_with, trees};
use crate::scalar::{Mask, Real, Scalar};
use crate::space::{Space, demand_square};
use crate::view::{View, ViewMut};
use num_traits::{One, Zero};
use std::sync::Arc;

/// A x I + I x B. Self-adjoint and PSD if both are; then with A = V diag(a) V^H, B = W diag(b) W^H it is
/// (V x W) diag(a_i + b_j) (V x W)^H: solve, determinant, roots, logarithm by the eigen-decompositions of the factors. Of other factors
/// the inverse is that of Bartels and Stewart, by the Schur forms. e^(A x I + I x B) = e^A x e^B always.
///
/// ```
/// # use cola_core::prelude::*;
/// let k = KronSum::new(nalgebra::matrix![1.0, 2.0; 3.0, 4.0], Diagonal::new([1.0, 10.0]));
/// assert_eq!(k.apply(&[1.0, 1.0, 0.0, 0.0]), [2.0, 11.0, 3.0, 3.0]);
/// assert_eq!(k.trace()?, 2.0 * 5.0 + 2.0 * 11.0);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KronSum<A, B>(pub A, pub B);
impl<A: Operator, B: Operator<Scalar = A::Scalar>> KronSum<A, B> {
    /// The static half of the check.
    pub(crate) const CHECK: () = {
        demand_square("kron_sum", A::SHAPE);
        demand_square("kron_sum", B::SHAPE);
    };
    /// A x I + I x B.
    ///
    /// # Panics
    /// Where a factor is not square; static ones do not compile.
    #[inline(always)]
    pub fn new(a: impl IntoOperator<Op = A>, b: impl IntoOperator<Op = B>) -> Self {
        const { Self::CHECK };
        Self::try_new(a, b).unwrap_or_else(|e| shape_panic(&e))
    }
    /// A x I + I x B.
    ///
    /// # Errors
    /// `ShapeMismatch` where a factor is not square.
    #[inline(always)]
    pub fn try_new(a: impl IntoOperator<Op = A>, b: impl IntoOperator<Op = B>) -> Result<Self> {
        let (a, b) = (a.into_operator(), b.into_operator());
        crate::functions::base::square("kron_sum", &a)?;
        crate::functions::base::square("kron_sum", &b)?;
        Ok(KronSum(a, b))
    }
}
/// A x I + I x B.
///
/// # Panics
/// Where a factor is not square.
#[inline(always)]
pub fn kron_sum<A: Operator, B: SameScalar<A>>(
    a: impl IntoOperator<Op = A>,
    b: impl IntoOperator<Op = B>,
) -> KronSum<A, B> {
    let () = KronSum::<A, B>::CHECK;
    KronSum::try_new(a, b).unwrap_or_else(|e| shape_panic(&e))
}
/// A x I + I x B.
///
/// # Errors
/// `ShapeMismatch` where a factor is not square.
#[inline(always)]
pub fn try_kron_sum<A: Operator, B: SameScalar<A>>(
    a: impl IntoOperator<Op = A>,
    b: impl IntoOperator<Op = B>,
) -> Result<KronSum<A, B>> {
    let () = KronSum::<A, B>::CHECK;
    KronSum::try_new(a, b)
}
/// Self-adjoint and PSD if both are; never unitary.
type SumOf<K, L> = FactSet<<Both<K, L> as Facts>::SelfAdjoint, <Both<K, L> as Facts>::Psd, Unknown, Unknown>;
operator!([A: Operator, B: Operator<Scalar = A::Scalar>] KronSum<A, B> {
    scalar A::Scalar; facts SumOf<Fa<A>, Fa<B>>;
    rows <Ro<A> as Space>::Times<Ro<B>>; cols <Ro<A> as Space>::Times<Ro<B>>;
    nrows |s| s.0.nrows() * s.1.nrows(); ncols s.0.nrows() * s.1.nrows(); iterative A::ITERATIVE || B::ITERATIVE; class crate::classes::HasSpectrum;
});
crate::interop::saved!([A: Operator, B: Operator<Scalar = A::Scalar>] KronSum<A, B>, "KronSum", [] { left: A = |k| k.0, right: B = |k| k.1 } KronSum::try_new(left, right));
tree_node!([A, B] KronSum<A, B> { "0" => 0, "1" => 1 });
/// vec(B X + X A^T): B on the fast mode, then A added on the slow mode, by strides, without a buffer.
impl<A: LinearOperator, B: LinearOperator<Scalar = A::Scalar>> LinearOperator for KronSum<A, B> {
    #[inline]
    fn act(&self, how: Update<Sc<A>>, x: View<'_, Sc<A>>, y: ViewMut<'_, Sc<A>>, s: &mut [Sc<A>]) {
        let (na, nb, (yrs, ycs)) = (self.0.nrows(), self.1.nrows(), (y.rs, y.cs));
        if na * nb >= BLOCK && !how.adjoint && self.by_rows().is_some() {
            // both terms while a block of y is in the cache
            let block = nb * (BLOCK / nb.max(1)).max(1);
            let mut y = y;
            for first in (0..na * nb).step_by(block) {
                self.rows(how, first, x, y.rows(first, block.min(na * nb - first)));
            }
            return;
        }
        for c in 0..x.cols {
            let x = x.column(c);
            let start = (c * ycs).min(y.data.len());
            let y = &mut y.data[start..];
            let grid = View::new(x.data, nb, na, x.rs, nb * x.rs);
            self.1.act(how, grid, ViewMut::new(y, nb, na, yrs, nb * yrs), s);
            self.0.act(how.add(), grid.transposed(), ViewMut::new(y, na, nb, nb * yrs, yrs), s);
        }
    }
    #[inline]
    fn scratch_len(&self, _: usize) -> usize {
        self.0.scratch_len(self.1.nrows()).max(self.1.scratch_len(self.0.nrows()))
    }
    #[inline]
    fn by_rows(&self) -> Option<&dyn ByRows<Sc<A>>> {
        let strides = |rows: Option<&dyn ByRows<Sc<A>>>| rows.is_some_and(|rows| rows.strides());
        (strides(self.0.by_rows()) && strides(self.1.by_rows())).then_some(self)
    }
    const ARRANGES: bool = !Self::SHAPE.rows.is_static();
    fn arranged(&self) -> Option<Box<dyn DynOperator<Sc<A>> + '_>> {
        GridLines::laid_out(self, [self.0.by_rows()?, self.1.by_rows()?], (self.0.nrows(), self.1.nrows()))
    }
}
/// Numbers of y that both terms are added to while they are in the cache.
const BLOCK: usize = 4096;
impl<A: LinearOperator, B: LinearOperator<Scalar = A::Scalar>> ByRows<A::Scalar> for KronSum<A, B> {
    fn reach(&self) -> usize {
        let reach = |r: Option<&dyn ByRows<A::Scalar>>| r.map_or(0, |r| r.reach());
        (reach(self.0.by_rows()) * self.1.nrows()).max(reach(self.1.by_rows()))
    }
    /// The rows as rectangles of the grid: the rest of a column, whole columns, the beginning of one.
    fn rows(&self, how: Update<A::Scalar>, first: usize, x: View<'_, A::Scalar>, y: ViewMut<'_, A::Scalar>) {
        let (Some(a), Some(b)) = (self.0.by_rows(), self.1.by_rows()) else { return };
        let (na, nb, rows, (yrs, ycs)) = (self.0.nrows(), self.1.nrows(), y.rows, (y.rs, y.cs));
        for c in 0..x.cols {
            let x = x.column(c);
            let start = (c * ycs).min(y.data.len());
            let mut done = 0;
            while done < rows {
                let (k, r, left) = ((first + done) / nb, (first + done) % nb, rows - done);
                let y = &mut y.data[start + done * yrs..];
                // a line of the grid in one pass with the lines beside it, where the factors know how
                let height = left.min(nb - r);
                if let (Some(all), true, Some(of_line)) = (x.contiguous(), yrs == 1, a.three(k)) {
                    let beside = [k.saturating_sub(1), (k + 1).min(na - 1)].map(|k| &all[k * nb + r..][..height]);
                    if b.rows_in_grid(how, r, &all[k * nb..][..nb], &mut y[..height], of_line, beside) {
                        done += height;
                        continue;
                    }
                }
                let (height, width) = if r == 0 && left >= nb { (nb, left / nb) } else { (height, 1) };
                let grid = View::new(x.data, nb, na, x.rs, nb * x.rs);
                b.rows(how, r, grid.columns(k, width), ViewMut::new(y, height, width, yrs, nb * yrs));
                let lines = grid.rows(r, height).transposed();
                a.rows(how.add(), k, lines, ViewMut::new(y, width, height, nb * yrs, yrs));
                done += height * width;
            }
        }
    }
}
/// The eigenvectors of a Kronecker sum: V x W, or those of the dense matrix.
type Basis<A, B> = Either<Kron<Vectors<A>, Vectors<B>>, DenseBasis<Sc<A>, Ro<KronSum<A, B>>>>;
impl<A: MaySpectrum, B: MaySpectrum<Scalar = A::Scalar>> KronSum<A, B> {
    fn by_spectrum(&self) -> bool {
        self.0.has_spectrum() && self.1.has_spectrum()
    }
    /// V x W and a_i + b_j.
    fn parts(&self) -> Result<Parts<A, B>> {
        let ((va, wa), (vb, wb)) = (self.0.spectrum_rule()?.into_parts(), self.1.spectrum_rule()?.into_parts());
        Ok((Kron(va, vb), pairs(&wa, &wb, |a, b| a + b)))
    }
}
type Parts<A, B> = (Kron<Vectors<A>, Vectors<B>>, Column<Re<A>, <Kron<Vectors<A>, Vectors<B>> as Operator>::Cols>);
impl<A: LinearOperator, B: LinearOperator<Scalar = A::Scalar>> KronSum<A, B> {
    /// A x I + I x B + c I by the Schur forms of the factors, for numbers that have them.
    fn schur(&self, op: &'static str, c: Sc<A>) -> Result<Option<Arc<dyn KronSumFactor<Sc<A>>>>> {
        if !has_schur_forms::<Self>() {
            return Ok(None);
        }
        let (a, b): (Held<_, Ro<A>>, Held<_, Ro<B>>) = (materialize(op, &self.0)?, materialize(op, &self.1)?);
        <Sc<A> as crate::algorithms::dense::Engine>::engine_kron_sum(
            Pairing::Sum(c),
            (a.n, a.as_slice()),
            (b.n, b.as_slice()),
        )
    }
}
/// The inverse by the eigen-decompositions, by the Schur forms, or (lanes of static sizes, numbers with derivatives) by the base case.
type Inverse<A, B, K> = Either<
    Normal<Kron<Vectors<A>, Vectors<B>>, InverseFacts<K>>,
    Either<SylvesterInverse<Sc<A>, Ro<KronSum<A, B>>, InverseFacts<K>>, BaseInverse<KronSum<A, B>, MethodOf<K>>>,
>;
// (V x W) diag(1 / (a_i + b_j)) (V x W)^H, else by Schur forms
impl<K: Facts, A: MaySpectrum, B: MaySpectrum<Scalar = A::Scalar>> InverseRule<K> for KronSum<A, B>
where
    A: LinearOperator + Clone,
    B: LinearOperator + Clone,
{
    type Output = Inverse<A, B, K>;
    fn inverse_rule(&self) -> Result<Self::Output> {
        if self.by_spectrum() {
            let (v, w) = self.parts()?;
            let mut z = Column::filled(w.len(), Sc::<A>::zero());
            z.iter_mut().zip(&w).for_each(|(z, &w)| *z = Sc::<A>::from_re(w));
            inverted(&mut z)?;
            return Ok(Either::First(Normal::from_parts(v, z)));
        }
        Ok(Either::Second(match self.schur("inverse", Sc::<A>::zero())? {
            Some(factor) => Either::First(SylvesterInverse::of(factor, self.nrows())?),
            None => Either::Second(BaseInverse::new(self)?),
        }))
    }
    fn solve_rule(&self, b: View<'_, Sc<A>>, x: ViewMut<'_, Sc<A>>) -> Result<()>
    where
        Self::Output: LinearOperator<Scalar = Sc<A>>,
    {
        if self.by_spectrum() {
            return self.fast_diagonalisation(b, x);
        }
        crate::functions::inverse::apply_checked(&InverseRule::<K>::inverse_rule(self)?, b, x)
    }
}
impl<A: MaySpectrum, B: MaySpectrum<Scalar = A::Scalar>> KronSum<A, B> {
    /// x = (V x W) diag(1 / (a_i + b_j)) (V x W)^H b, all of it in x: neither the n_A n_B eigenvalues nor a second vector are held.
    /// (Lynch, Rice & Thomas, Direct solution of partial difference equations by tensor product methods, 1964.)
    fn fast_diagonalisation(&self, b: View<'_, Sc<A>>, x: ViewMut<'_, Sc<A>>) -> Result<()> {
        let ((v, a), (w, b_)) = (self.0.spectrum_rule()?.into_parts(), self.1.spectrum_rule()?.into_parts());
        let (na, nb) = (a.len(), b_.len());
        // the largest |a_i + b_j| is at the ends
        let ends = |w: &[Re<A>]| {
            let first = w.first().copied().unwrap_or(Re::<A>::zero());
            w.iter().fold((first, first), |(low, high), &w| (low.min(w), high.max(w)))
        };
        let ((la, ha), (lb, hb)) = (ends(&a), ends(&b_));
        let tol = (la + lb).abs().max((ha + hb).abs()) * Re::<A>::epsilon() * Re::<A>::of((na * nb) as f64);
        let need = v.in_place_scratch_len(nb).max(w.in_place_scratch_len(na)).max(w.scratch_len(na));
        with_scratch(need, |s| {
            for c in 0..b.cols {
                let (rs, start) = (x.rs, (c * x.cs).min(x.data.len()));
                let x = &mut x.data[start..];
                // the first factor reads b and writes x: no copy of b
                let grid = View::new(b.column(c).data, nb, na, b.rs, nb * b.rs);
                w.act(Update::replace().flip(), grid, ViewMut::new(x, nb, na, rs, nb * rs), s);
                v.act_in_place(true, ViewMut::new(x, na, nb, nb * rs, rs), s);
                for (i, &a) in a.iter().enumerate() {
                    let mut good = <Sc<A> as Scalar>::Mask::splat(true);
                    let mut divide = |x: &mut Sc<A>, b: Re<A>| {
                        let z = a + b;
                        good = good & tol.lt(z.abs());
                        *x = x.scale(Re::<A>::one() / z);
                    };
                    match rs {
                        1 => x[i * nb..].iter_mut().zip(&*b_).for_each(|(x, &b)| divide(x, b)),
                        _ => b_.iter().enumerate().for_each(|(j, &b)| divide(&mut x[(i * nb + j) * rs], b)),
                    }
                    if !good.all() {
                        let singular = |j: usize| {
                            check::<Sc<A>>(tol.lt((a + b_[j]).abs()), |_| Error::Singular { index: i * nb + j })
                        };
                        (0..nb).try_for_each(singular)?;
                    }
                }
                w.act_in_place(false, ViewMut::new(x, nb, na, rs, nb * rs), s);
                v.act_in_place(false, ViewMut::new(x, na, nb, nb * rs, rs), s);
            }
            Ok(())
        })
    }
}
// sum of log |a_i + b_j|
impl<K: Facts, A: MaySpectrum, B: MaySpectrum<Scalar = A::Scalar>> DetRule<K> for KronSum<A, B>
where
    A: LinearOperator,
    B: LinearOperator,
{
    fn slogdet_rule(&self) -> Result<(Sc<A>, Re<A>)> {
        if self.by_spectrum() {
            let w = self.parts()?.1;
            crate::functions::dense::finite(&w, "the eigenvalues")?;
            return Ok(crate::functions::det::slog_product(w.iter().map(|&w| Sc::<A>::from_re(w))));
        }
        match self.schur("slogdet", Sc::<A>::zero())? {
            Some(factor) => Ok(factor.slogdet()),
            None => MethodOf::<K>::slogdet_of(materialize("slogdet", self)?),
        }
    }
}
impl<A: MaySpectrum, B: MaySpectrum<Scalar = A::Scalar>> KronSum<A, B>
where
    A: LinearOperator,
    B: LinearOperator,
{
    fn spectral(&self) -> Result<Spectral<Basis<A, B>, SelfAdjointFacts>> {
        if self.by_spectrum() {
            let (v, w) = self.parts()?;
            let mut all = Column::filled(w.len(), Re::<A>::zero());
            all.copy_from_slice(&w);
            return Ok(Spectral::from_parts(Either::First(v), all));
        }
        let (v, w) = dense_eigh(materialize("eigh", self)?)?.into_parts();
        let mut all = Column::filled(w.len(), Re::<A>::zero());
        all.copy_from_slice(&w);
        Ok(Spectral::from_parts(Either::Second(v), all))
    }
}
// (V x W) diag(a_i + b_j) (V x W)^H
impl<K: Facts<SelfAdjoint: crate::facts::SelfAdjointOf<Self>>, A: MaySpectrum, B: MaySpectrum<Scalar = A::Scalar>>
    EighRule<K> for KronSum<A, B>
where
    A: LinearOperator,
    B: LinearOperator,
{
    type Basis = Basis<A, B>;
    fn eigh_rule(&self) -> Result<Spectral<Self::Basis, SelfAdjointFacts>> {
        self.spectral()
    }
}
impl<K: Facts, A: MaySpectrum, B: MaySpectrum<Scalar = A::Scalar>> SpectrumRule<K> for KronSum<A, B>
where
    A: LinearOperator,
    B: LinearOperator,
{
    type Vectors = Basis<A, B>;
    const STRUCTURED: bool = true;
    fn has_spectrum(&self) -> bool {
        self.by_spectrum()
    }
    fn spectrum_rule(&self) -> Result<Spectral<Self::Vectors, SelfAdjointFacts>> {
        self.spectral()
    }
    fn has_shifted_factor(&self) -> bool {
        let direct = crate::functions::base::is_direct(&self.0) && crate::functions::base::is_direct(&self.1);
        direct && has_schur_forms::<Self>()
    }
    fn shifted_factor(&self, c: Sc<A>) -> Result<Option<Arc<dyn KronSumFactor<Sc<A>>>>> {
        self.schur("solve", c)
    }
}
crate::spectral_power!([A: Operator, B: Operator<Scalar = A::Scalar>] KronSum<A, B>);
crate::spectral_log!([A: Operator, B: Operator<Scalar = A::Scalar>] KronSum<A, B>);
// e^(A x I + I x B) = e^A x e^B
impl<K: Facts, A: HasExp, B: HasExp<Scalar = A::Scalar>> ExpRule<K> for KronSum<A, B> {
    type Output = Kron<Exp<A>, Exp<B>>;
    fn exp_rule(&self) -> Result<Self::Output> {
        Ok(Kron(self.0.exp_rule()?, self.1.exp_rule()?))
    }
}
crate::base_factors!([A: Operator, B: Operator<Scalar = A::Scalar>] KronSum<A, B>);
crate::spectral_svd!([A: Operator, B: Operator<Scalar = A::Scalar>] KronSum<A, B>);
crate::spectral_pinv!([A: Operator, B: Operator<Scalar = A::Scalar>] KronSum<A, B>);
// (V_A x V_B), a_i + b_j
impl<K: Facts, A: HasEig, B: HasEig<Scalar = A::Scalar>> EigRule<K> for KronSum<A, B>
where
    Kron<A::Vectors, B::Vectors>: Operator<Scalar = Cx<A>>,
{
    type Vectors = Kron<A::Vectors, B::Vectors>;
    fn eig_rule(&self) -> Result<EigFactors<Self::Vectors>> {
        let ((va, wa), (vb, wb)) = (self.0.eig_rule()?.into_parts(), self.1.eig_rule()?.into_parts());
        Ok(EigFactors::from_parts(Kron(va, vb), pairs(&wa, &wb, |a, b| a + b)))
    }
    fn left_eig_rule(&self) -> Option<Result<EigFactors<Self::Vectors>>> {
        let (a, b) = (self.0.left_eig_rule()?, self.1.left_eig_rule()?);
        Some(a.and_then(|a| {
            let ((va, wa), (vb, wb)) = (a.into_parts(), b?.into_parts());
            Ok(EigFactors::from_parts(Kron(va, vb), pairs(&wa, &wb, |a, b| a + b)))
        }))
    }
}
// entry (i, j) of block (k, l) is A_kl where i = j, B_ij where k = l
impl<A: DiagonalRule, B: DiagonalRule<Scalar = A::Scalar>> DiagonalRule for KronSum<A, B> {
    fn diagonal_rule(&self, k: isize, d: &mut [Sc<A>]) -> Result<()> {
        let (nb, (row, col)) = (self.1.nrows(), diagonal_start(k));
        if k == 0 {
            let (da, db) = (main_diagonal(&self.0)?, main_diagonal(&self.1)?);
            d.iter_mut().enumerate().for_each(|(i, d)| *d = da[i / nb] + db[i % nb]);
            return Ok(());
        }
        let (mut a, mut b) = (Entries::of(&self.0), Entries::of(&self.1));
        for (i, d) in d.iter_mut().enumerate() {
            let (r, c) = (row + i, col + i);
            *d = Sc::<A>::zero();
            if r % nb == c % nb {
                *d += a.at(r / nb, c / nb)?;
            }
            if r / nb == c / nb {
                *d += b.at(r % nb, c % nb)?;
            }
        }
        Ok(())
    }
    // n_B tr A + n_A tr B
    fn trace_rule(&self) -> Result<Sc<A>> {
        let (na, nb) = (Sc::<A>::of(self.0.nrows() as f64), Sc::<A>::of(self.1.nrows() as f64));
        Ok(nb * self.0.trace_rule()? + na * self.1.trace_rule()?)
    }
}
impl<A: Explain + MaySpectrum, B: Explain<Scalar = A::Scalar> + MaySpectrum> Explain for KronSum<A, B> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        let parts = || [part(&self.0, question), part(&self.1, question)];
        let spectra = || {
            [
                part_with::<SelfAdjointFacts, A>(&self.0, Question::Eigh),
                part_with::<SelfAdjointFacts, B>(&self.1, Question::Eigh),
            ]
        };
        let schur = has_schur_forms::<Self>();
        match question {
            Question::Apply => {
                let [a, b] = parts();
                Plan::weighted("factors in turn", [(self.1.nrows(), a), (self.0.nrows(), b)])
            }
            Question::Trace => Plan::by_parts("sum of the traces", parts()),
            Question::Diagonal => Plan::by_parts("sums of the diagonals", parts()),
            Question::Exp => Plan::by_parts("kron of the exponentials", parts()),
            Question::Solve if self.by_spectrum() => Plan::by_parts("fast diagonalisation", spectra()),
            Question::Slogdet if self.by_spectrum() => Plan::by_parts("sums of the eigenvalues", spectra()),
            Question::Eig => Plan::by_parts("sums of the factors' eigenvalues", parts()),
            Question::Eigh if self.by_spectrum() => Plan::by_parts("factor by factor", spectra()),
            Question::Power | Question::Log | Question::Svd | Question::Pinv if self.by_spectrum() => {
                self.plan::<K>(Question::Eigh).spectral()
            }
            Question::Solve if schur => Plan::rule(self, "Bartels-Stewart by Schur forms", "n"),
            Question::Slogdet if schur => Plan::rule(self, "sums of the eigenvalues by Schur forms", "n"),
            _ => base::<K, Self>(self, question),
        }
    }
    fn tree<K: Facts>(&self) -> Tree {
        Tree::node::<K, Self>(self, trees(&self.0, &self.1))
    }
}

// u^T (A x I + I x B) v: A sees the rows of the grids U and V, B their columns
impl<A: Differentiable, B: Differentiable<Scalar = A::Scalar>> Differentiable for KronSum<A, B> {
    fn parameters(&self) -> usize {
        self.0.parameters() + self.1.parameters()
    }
    fn accumulate_bilinear(&self, u: View<'_, Sc<A>>, v: View<'_, Sc<A>>, scale: Sc<A>, g: &mut [Sc<A>]) {
        let (ga, gb) = g.split_at_mut(self.0.parameters());
        let (na, nb) = (self.0.nrows(), self.1.nrows());
        let grid = |x: View<'_, Sc<A>>| (0..na * nb).map(|i| x.at(i, 0)).collect::<Vec<_>>();
        let (u, v) = (grid(u), grid(v));
        let (rows_u, rows_v) = (View::new(&u, na, nb, nb, 1), View::new(&v, na, nb, nb, 1));
        for j in 0..nb {
            self.0.accumulate_bilinear(rows_u.column(j), rows_v.column(j), scale, ga);
        }
        for (u, v) in u.chunks(nb.max(1)).zip(v.chunks(nb.max(1))) {
            self.1.accumulate_bilinear(View::vector(u), View::vector(v), scale, gb);
        }
    }
    fn accumulate_trace(&self, scale: Sc<A>, g: &mut [Sc<A>]) {
        let (ga, gb) = g.split_at_mut(self.0.parameters());
        self.0.accumulate_trace(scale * Sc::<A>::of(self.1.nrows() as f64), ga);
        self.1.accumulate_trace(scale * Sc::<A>::of(self.0.nrows() as f64), gb);
    }
}
impl<K: Facts, A, B> SpectrumGradient<K> for KronSum<A, B>
where
    A: SpectrumGradient<Fa<A>>,
    B: SpectrumGradient<Fa<B>, Scalar = A::Scalar>,
{
    fn accumulate_spectrum(&self, vectors: &Self::Vectors, weights: &[Sc<A>], scale: Sc<A>, g: &mut [Sc<A>]) {
        match vectors {
            Either::First(v) => self.accumulate_sums(v, weights, scale, g),
            Either::Second(v) => crate::gradient::spectrum_by_columns(self, v, weights, scale, g),
        }
    }
}
impl<A, B> KronSum<A, B>
where
    A: SpectrumGradient<Fa<A>>,
    B: SpectrumGradient<Fa<B>, Scalar = A::Scalar>,
{
    /// Weights on pairs: A sees their sums over j, B their sums over i.
    fn accumulate_sums(&self, v: &Kron<Vectors<A>, Vectors<B>>, weights: &[Sc<A>], scale: Sc<A>, g: &mut [Sc<A>]) {
        let (ga, gb) = g.split_at_mut(self.0.parameters());
        let ones = |n: usize| vec![Sc::<A>::one(); n];
        let (wa, wb) = marginals(weights, &ones(self.0.nrows()), &ones(self.1.nrows()));
        self.0.accumulate_spectrum(&v.0, &wa, scale, ga);
        self.1.accumulate_spectrum(&v.1, &wb, scale, gb);
    }
}
// tr(K^-1 dK) = sum over i, j of v_ij^T dK v_ij / (a_i + b_j)
impl<K: Facts, A, B> LogdetGradient<K> for KronSum<A, B>
where
    A: SpectrumGradient<Fa<A>> + Clone,
    B: SpectrumGradient<Fa<B>, Scalar = A::Scalar> + Clone,
{
    fn accumulate_logdet(&self, inverse: &Self::Output, scale: Sc<A>, g: &mut [Sc<A>]) {
        match inverse {
            Either::First(f) => self.accumulate_sums(f.eigenvectors(), f.eigenvalues(), scale, g),
            Either::Second(_) => crate::gradient::logdet_by_columns(self, inverse, scale, g),
        }
    }
}

#[cfg(test)]
mod tests;
