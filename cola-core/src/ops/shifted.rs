//! A + c I where A has an eigen-decomposition: everything by shifting the spectrum.

use crate::algorithms::sylvester::KronSumFactor;
use crate::data::{Column, Held};
use crate::error::{Error, Result, check};
use crate::facts::{AnyPhase, Fact, Facts, InverseFacts, SelfAdjointFacts, SumFacts};
use crate::functions::base::{BaseInverse, materialize};
use crate::functions::dense::{DenseBasis, FactorMethod, MethodOf, dense_eigh};
use crate::functions::{
    DetRule, DiagonalRule, EigFactors, EigRule, EighRule, Exp, ExpRule, HasEig, HasExp, InverseRule, MaySpectrum,
    SpectrumRule, Vectors,
};
use crate::gradient::{Differentiable, LogdetGradient, SpectrumGradient};
use crate::operator::short::{Co, Fa, Re, Ro, Sc};
use crate::operator::{DynOperator, LinearOperator, Operator, Update, operator};
use crate::ops::arranged::Arranged;
use crate::ops::{Either, ExpFacts, Multiple, Normal, Scaled, Spectral, SylvesterInverse, WithFacts};
use crate::parameters::tree_node;
use crate::plan::{Cost, Explain, Plan, Question, Tree, base, part, trees};
use crate::scalar::{Real, Scalar};
use crate::space::demand;
use crate::view::{View, ViewMut};
use num_traits::Zero;
use std::sync::Arc;

/// A + c I of a structure whose eigen-decomposition A = V diag(w) V^H is cheap: kron, kron_sum, a function of a self-adjoint operator.
/// Found by `+` through the classes. With e = V diag(w + c) V^H the inverse, determinant, roots, exponential and logarithm cost what
/// the decomposition of A costs and the n x n matrix is never formed; c may be complex. Where A turns out to have no
/// eigen-decomposition (factors that nobody said are self-adjoint) A x B + c I is solved through the Schur forms of A and B, and the
/// base cases serve the rest, as for any sum.
///
/// ```
/// # use cola_core::prelude::*;
/// # use cola_core::{Dyn, dsl};
/// let a = Psd::new(nalgebra::matrix![2.0, 1.0; 1.0, 2.0]);
/// let k = dsl::add(Kron::new(a, Diagonal::new([1.0, 2.0])), ScaledIdentity::<f64, Dyn, _>::new(0.5, 4));
/// let x = k.solve(&[1.0, 2.0, 3.0, 4.0])?;
/// assert!((k.apply(&x)[2] - 3.0f64).abs() < 1e-14);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shifted<A, E>(pub A, pub E);
impl<A: Operator, E: Operator<Scalar = A::Scalar>> Shifted<A, E> {
    /// The static half of the check.
    const CHECK: () = demand("A + c * I", A::SHAPE, E::SHAPE, A::SHAPE.may_equal(E::SHAPE));
    /// A + c I; the second part is an [`Identity`](crate::Identity) or a [`ScaledIdentity`](crate::ScaledIdentity).
    ///
    /// # Errors
    /// `ShapeMismatch`.
    #[inline(always)]
    pub fn try_new(a: A, e: E) -> Result<Self> {
        let () = Self::CHECK;
        let (left, right) = ((a.nrows(), a.ncols()), (e.nrows(), e.ncols()));
        if left == right { Ok(Shifted(a, e)) } else { Err(Error::ShapeMismatch { op: "A + c * I", left, right }) }
    }
}
operator!([A: Operator, E: Operator<Scalar = A::Scalar>] Shifted<A, E> {
    scalar A::Scalar; facts SumFacts<Fa<A>, Fa<E>>; rows Ro<A>; cols Co<A>;
    nrows |s| s.0.nrows(); ncols s.0.ncols(); dense A::HOLDS_DENSE; iterative A::ITERATIVE; class crate::classes::HasSpectrum;
});
crate::interop::saved!([A: Operator, E: Operator<Scalar = A::Scalar>] Shifted<A, E>, "Shifted", [] { left: A = |k| k.0, right: E = |k| k.1 } Shifted::try_new(left, right));
tree_node!([A, E] Shifted<A, E> { "0" => 0, "1" => 1 });
impl<A: LinearOperator, E: LinearOperator<Scalar = A::Scalar>> LinearOperator for Shifted<A, E> {
    #[inline]
    fn act(&self, how: Update<Sc<A>>, x: View<'_, Sc<A>>, mut y: ViewMut<'_, Sc<A>>, s: &mut [Sc<A>]) {
        self.0.act(how, x, y.reborrow(), s);
        self.1.act(how.add(), x, y, s);
    }
    #[inline]
    fn scratch_len(&self, columns: usize) -> usize {
        self.0.scratch_len(columns).max(self.1.scratch_len(columns))
    }
    const ARRANGES: bool = A::ARRANGES || E::ARRANGES;
    fn arranged(&self) -> Option<Box<dyn DynOperator<Sc<A>> + '_>> {
        if Self::ARRANGES { Arranged::sum(&self.0, &self.1) } else { None }
    }
}
/// The eigenvectors of A + c I: those of A, or of the dense matrix.
pub type ShiftedBasis<A> = Either<Vectors<A>, DenseBasis<Sc<A>, Ro<A>>>;
impl<A: MaySpectrum, E: Multiple<Scalar = A::Scalar>> Shifted<A, E> {
    fn shift(&self) -> Result<Sc<A>> {
        let c = self.1.identity_factor();
        check::<Sc<A>>(c.finite(), |_| Error::non_finite("the factor of the identity"))?;
        Ok(c)
    }
    /// V and w + c.
    fn values(&self) -> Result<(Vectors<A>, Column<Sc<A>, Co<Vectors<A>>>)> {
        let (c, (v, mut z)) = (self.shift()?, self.0.normal_rule()?);
        z.iter_mut().for_each(|z| *z += c);
        crate::functions::dense::finite(&z, "the eigenvalues")?;
        Ok((v, z))
    }
    /// A + c I by the Schur forms of the parts of A, where it has no spectrum.
    fn schur(&self) -> Result<Option<Arc<dyn KronSumFactor<Sc<A>>>>> {
        match self.0.has_shifted_factor() {
            true => self.0.shifted_factor(self.shift()?),
            false => Ok(None),
        }
    }
    /// True where the spectrum is cheaper than a dense factorisation.
    fn by_spectrum(&self) -> bool {
        <A as SpectrumRule<Fa<A>>>::STRUCTURED && self.0.is_normal()
    }
}
/// The inverse by the eigen-decomposition, by the Schur forms of two factors, or by the base case.
type Inverse<A, E, K> = Either<
    Normal<Vectors<A>, InverseFacts<K>>,
    Either<SylvesterInverse<Sc<A>, Ro<A>, InverseFacts<K>>, BaseInverse<Shifted<A, E>, MethodOf<K>>>,
>;
// V diag(1 / (w + c)) V^H; of two factors that are not self-adjoint by their Schur forms
impl<K: Facts, A: MaySpectrum, E: Multiple<Scalar = A::Scalar>> InverseRule<K> for Shifted<A, E>
where
    Shifted<A, E>: LinearOperator<Scalar = A::Scalar, Rows = Ro<A>> + Clone,
{
    type Output = Inverse<A, E, K>;
    fn inverse_rule(&self) -> Result<Self::Output> {
        if !self.by_spectrum() {
            return Ok(Either::Second(match self.schur()? {
                Some(factor) => Either::First(SylvesterInverse::of(factor, self.nrows())?),
                None => Either::Second(BaseInverse::new(self)?),
            }));
        }
        let (v, mut z) = self.values()?;
        inverted(&mut z)?;
        Ok(Either::First(Normal::from_parts(v, z)))
    }
    fn solve_rule(&self, b: View<'_, Sc<A>>, x: ViewMut<'_, Sc<A>>) -> Result<()>
    where
        Self::Output: LinearOperator<Scalar = Sc<A>>,
    {
        match self.by_spectrum() || self.0.has_shifted_factor() {
            true => crate::functions::inverse::apply_checked(&InverseRule::<K>::inverse_rule(self)?, b, x),
            false => BaseInverse::<Self, MethodOf<K>>::solve(self, b, x),
        }
    }
}
/// 1 / z in place. An eigenvalue that is rounding beside the largest one counts as zero.
///
/// # Errors
/// `Singular`.
pub(crate) fn inverted<T: Scalar>(z: &mut [T]) -> Result<()> {
    let tol = rounding(z);
    for (index, z) in z.iter_mut().enumerate() {
        let good = tol.lt(z.abs());
        check::<T>(good, |_| Error::Singular { index })?;
        *z = T::select(good, *z, T::one()).reciprocal();
        check::<T>(z.finite(), |_| Error::non_finite("the inverse of an eigenvalue: it overflowed"))?;
    }
    Ok(())
}
fn rounding<T: Scalar>(z: &[T]) -> T::Re {
    let largest = z.iter().fold(T::Re::zero(), |m, z| m.max(z.abs()));
    largest * T::Re::epsilon() * T::Re::of(z.len() as f64)
}
// sum of log |w + c|
impl<K: Facts, A: MaySpectrum, E: Multiple<Scalar = A::Scalar>> DetRule<K> for Shifted<A, E>
where
    Shifted<A, E>: LinearOperator<Scalar = A::Scalar>,
{
    fn slogdet_rule(&self) -> Result<(Sc<A>, Re<A>)> {
        match self.by_spectrum() {
            true => Ok(crate::functions::det::slog_product(self.values()?.1.iter().copied())),
            false => match self.schur()? {
                Some(factor) => Ok(factor.slogdet()),
                None => MethodOf::<K>::slogdet_of(materialize("slogdet", self)?),
            },
        }
    }
}
impl<A: MaySpectrum, E: Multiple<Scalar = A::Scalar>> Shifted<A, E>
where
    Shifted<A, E>: LinearOperator<Scalar = A::Scalar, Rows = Ro<A>>,
{
    /// V diag(w + c) V^H where c is real.
    fn real_spectrum(&self) -> Result<Spectral<ShiftedBasis<A>, SelfAdjointFacts>> {
        if self.0.has_spectrum() {
            let (c, (v, w)) = (self.shift()?.re(), self.0.spectrum_rule()?.into_parts());
            let mut shifted = Column::filled(w.len(), c);
            shifted.iter_mut().zip(&w).for_each(|(s, &w)| *s += w);
            return Ok(Spectral::from_parts(Either::First(v), shifted));
        }
        let dense: Held<Sc<A>, Ro<A>> = materialize("eigh", self)?;
        let (v, w) = dense_eigh(dense)?.into_parts();
        let mut all = Column::filled(w.len(), Re::<A>::zero());
        all.copy_from_slice(&w);
        Ok(Spectral::from_parts(Either::Second(v), all))
    }
}
// V diag(w + c) V^H
impl<K: Facts<SelfAdjoint: crate::facts::SelfAdjointOf<Self>>, A: MaySpectrum, E: Multiple<Scalar = A::Scalar>>
    EighRule<K> for Shifted<A, E>
where
    Shifted<A, E>: LinearOperator<Scalar = A::Scalar, Rows = Ro<A>>,
{
    type Basis = ShiftedBasis<A>;
    fn eigh_rule(&self) -> Result<Spectral<Self::Basis, SelfAdjointFacts>> {
        self.real_spectrum()
    }
}
impl<K: Facts, A: MaySpectrum + Clone, E: Multiple<Scalar = A::Scalar>> SpectrumRule<K> for Shifted<A, E>
where
    Shifted<A, E>: LinearOperator<Scalar = A::Scalar, Rows = Ro<A>>,
{
    type Vectors = ShiftedBasis<A>;
    const STRUCTURED: bool = <A as SpectrumRule<Fa<A>>>::STRUCTURED;
    fn has_spectrum(&self) -> bool {
        <Fa<E> as Facts>::SelfAdjoint::KNOWN && self.0.has_spectrum()
    }
    fn spectrum_rule(&self) -> Result<Spectral<Self::Vectors, SelfAdjointFacts>> {
        self.real_spectrum()
    }
}
crate::spectral_power!([A: Operator, E: Operator<Scalar = A::Scalar>] Shifted<A, E>);
crate::spectral_log!([A: Operator, E: Operator<Scalar = A::Scalar>] Shifted<A, E>);
// V diag(e^(w + c)) V^H, else e^c e^A
impl<K: Facts, A: MaySpectrum + HasExp, E: Multiple<Scalar = A::Scalar>> ExpRule<K> for Shifted<A, E> {
    type Output = Either<Normal<Vectors<A>, ExpFacts<K>>, WithFacts<Scaled<Exp<A>, Sc<A>, AnyPhase>, ExpFacts<K>>>;
    fn exp_rule(&self) -> Result<Self::Output> {
        if !self.0.is_normal() {
            // c I commutes with any A
            let scale = self.shift()?.exp();
            check::<Sc<A>>(scale.finite(), |_| Error::non_finite("the exponential: it overflowed"))?;
            return Ok(Either::Second(WithFacts::new(Scaled::signed(scale, self.0.exp_rule()?))));
        }
        let (v, mut z) = self.values()?;
        z.iter_mut().for_each(|z| *z = z.exp());
        crate::functions::dense::finite(&z, "the exponential: it overflowed")?;
        Ok(Either::First(Normal::from_parts(v, z)))
    }
}
crate::base_factors!([A: Operator, E: Operator<Scalar = A::Scalar>] Shifted<A, E>);
crate::spectral_svd!([A: Operator, E: Operator<Scalar = A::Scalar>] Shifted<A, E>);
crate::spectral_pinv!([A: Operator, E: Operator<Scalar = A::Scalar>] Shifted<A, E>);
// V, w + c
impl<K: Facts, A: HasEig, E: Multiple<Scalar = A::Scalar>> EigRule<K> for Shifted<A, E> {
    type Vectors = A::Vectors;
    fn eig_rule(&self) -> Result<EigFactors<A::Vectors>> {
        let c = self.1.identity_factor();
        check::<Sc<A>>(c.finite(), |_| Error::non_finite("the factor of the identity"))?;
        let (v, mut w) = self.0.eig_rule()?.into_parts();
        w.iter_mut().for_each(|w| *w += c.to_complex());
        Ok(EigFactors::from_parts(v, w))
    }
    fn left_eig_rule(&self) -> Option<Result<EigFactors<Self::Vectors>>> {
        let (c, left) = (self.1.identity_factor(), self.0.left_eig_rule()?);
        let good = check::<Sc<A>>(c.finite(), |_| Error::non_finite("the factor of the identity"));
        Some(good.and(left).map(|e| e.map(|w| w + c.to_complex().conj())))
    }
}
// sum of the diagonals
impl<A: DiagonalRule, E: DiagonalRule<Scalar = A::Scalar> + Multiple> DiagonalRule for Shifted<A, E> {
    fn diagonal_rule(&self, k: isize, d: &mut [Sc<A>]) -> Result<()> {
        self.0.diagonal_rule(k, d)?;
        if k == 0 {
            for d in d {
                *d += self.1.identity_factor();
            }
        }
        Ok(())
    }
    fn trace_rule(&self) -> Result<Sc<A>> {
        Ok(self.0.trace_rule()? + self.1.trace_rule()?)
    }
}
impl<A: Explain + MaySpectrum, E: Explain<Scalar = A::Scalar> + Multiple> Explain for Shifted<A, E> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        let shifted = |rule| match self.0.has_spectrum() {
            true => Plan::by_parts(rule, [crate::plan::part_with::<SelfAdjointFacts, A>(&self.0, Question::Eigh)]),
            false => Plan::by_parts(rule, [part(&self.0, Question::Eig)]),
        };
        let known = K::SelfAdjoint::KNOWN && self.0.has_spectrum();
        match question {
            Question::Apply => {
                Plan::by_parts("sum of the applications", [part(&self.0, question), part(&self.1, question)])
            }
            Question::Trace => Plan::by_parts("sum of the traces", [part(&self.0, question), part(&self.1, question)]),
            Question::Diagonal => {
                Plan::by_parts("sum of the diagonals", [part(&self.0, question), part(&self.1, question)])
            }
            Question::Eig => Plan::by_parts("w + c", [part(&self.0, question)]),
            Question::Solve | Question::Slogdet if self.by_spectrum() => shifted("shifted spectrum"),
            Question::Solve | Question::Slogdet if self.0.has_shifted_factor() => {
                Plan { cost: Cost::unknown("25 (m^3 + n^3)"), ..Plan::rule(self, "Schur forms of the factors", "n") }
            }
            Question::Exp if self.0.is_normal() => shifted("shifted spectrum"),
            Question::Exp => {
                let inner = part(&self.0, question);
                let base = inner.base;
                Plan { base, ..Plan::by_parts("e^c times", [inner]) }
            }
            Question::Eigh | Question::Power | Question::Log | Question::Svd | Question::Pinv if known => {
                shifted("shifted spectrum")
            }
            _ => base::<K, Self>(self, question),
        }
    }
    fn tree<K: Facts>(&self) -> Tree {
        Tree::node::<K, Self>(self, trees(&self.0, &self.1))
    }
}

impl<A: Differentiable, E: Differentiable<Scalar = A::Scalar>> Differentiable for Shifted<A, E> {
    fn parameters(&self) -> usize {
        self.0.parameters() + self.1.parameters()
    }
    fn accumulate_bilinear(&self, u: View<'_, Sc<A>>, v: View<'_, Sc<A>>, scale: Sc<A>, g: &mut [Sc<A>]) {
        let (a, e) = g.split_at_mut(self.0.parameters());
        self.0.accumulate_bilinear(u, v, scale, a);
        self.1.accumulate_bilinear(u, v, scale, e);
    }
    fn accumulate_trace(&self, scale: Sc<A>, g: &mut [Sc<A>]) {
        let (a, e) = g.split_at_mut(self.0.parameters());
        self.0.accumulate_trace(scale, a);
        self.1.accumulate_trace(scale, e);
    }
}
/// g += scale sum_k w_k: d(w + c) / dc = 1 for each eigenvalue.
fn accumulate_shift<T: Scalar, E: Differentiable<Scalar = T>>(e: &E, weights: &[T], scale: T, g: &mut [T]) {
    let n = weights.len().max(1) as f64;
    let mean = weights.iter().fold(T::zero(), |s, w| s + *w) * scale / T::of(n);
    e.accumulate_trace(mean, g)
}
// tr((A + c I)^-1 dA) = sum over k of v_k^H dA v_k / (w_k + c), by the structure of A
impl<K: Facts, A, E> LogdetGradient<K> for Shifted<A, E>
where
    A: SpectrumGradient<Fa<A>> + Clone,
    E: Differentiable<Scalar = A::Scalar> + Multiple + Clone,
{
    fn accumulate_logdet(&self, inverse: &Self::Output, scale: Sc<A>, g: &mut [Sc<A>]) {
        match inverse {
            Either::First(f) => {
                let (a, e) = g.split_at_mut(self.0.parameters());
                self.0.accumulate_spectrum(f.eigenvectors(), f.eigenvalues(), scale, a);
                accumulate_shift(&self.1, f.eigenvalues(), scale, e);
            }
            Either::Second(_) => crate::gradient::logdet_by_columns(self, inverse, scale, g),
        }
    }
}
impl<K: Facts, A, E> SpectrumGradient<K> for Shifted<A, E>
where
    A: SpectrumGradient<Fa<A>> + Clone,
    E: Differentiable<Scalar = A::Scalar> + Multiple + Clone,
{
    fn accumulate_spectrum(&self, vectors: &Self::Vectors, weights: &[Sc<A>], scale: Sc<A>, g: &mut [Sc<A>]) {
        match vectors {
            Either::First(v) => {
                let (a, e) = g.split_at_mut(self.0.parameters());
                self.0.accumulate_spectrum(v, weights, scale, a);
                accumulate_shift(&self.1, weights, scale, e);
            }
            Either::Second(v) => crate::gradient::spectrum_by_columns(self, v, weights, scale, g),
        }
    }
}
