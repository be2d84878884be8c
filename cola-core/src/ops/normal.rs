//! V diag(z) V^H with V unitary: a normal operator by its eigenvalues, which may be complex.

use crate::data::Column;
use crate::error::Result;
use crate::facts::{Fact, FactSet, Facts, InverseFacts, NoFacts, SelfAdjointFacts, SelfAdjointOf, Unknown};
use crate::functions::diagonal::diagonal_of_spectrum;
use crate::functions::eig::{complex_column, polar};
use crate::functions::{
    DetRule, DiagonalRule, EigFactors, EigRule, EighRule, ExpRule, InverseRule, LogRule, NormalParts, PinvRule, Power,
    PowerRule, SpectrumRule, SvdRule,
};
use crate::gradient::{Differentiable, LogdetGradient, SpectrumGradient, product};
use crate::operator::short::{Co, Re, Ro, Sc};
use crate::operator::{LinearOperator, Operator, Update, operator};
use crate::ops::{Complexified, Diagonal, Product, Spectral, SvdFactors, Unitary};
use crate::plan::{Explain, Plan, Question, Tree, base, part};
use crate::scalar::{Real, Scalar};
use crate::view::{View, ViewMut};
use core::marker::PhantomData;
use num_traits::Zero;

/// V diag(z) V^H with V unitary: what functions of a sum of commuting parts are. Where the eigenvalues are real by type it is
/// [`Spectral`](crate::Spectral). `F`: its facts.
pub type Normal<V, F = NoFacts> = form::Normal<V, Diagonal<Column<Sc<V>, Co<V>>>, F>;

/// The struct has no bounds, so that its tree over another number is the same struct: W is the type of the eigenvalues.
pub mod form {
    /// See [`Normal`](super::Normal).
    #[derive(Debug)]
    pub struct Normal<V, W, F> {
        pub(super) basis: V,
        pub(super) values: W,
        pub(super) facts: core::marker::PhantomData<fn() -> F>,
    }
    impl<V: Clone, W: Clone, F> Clone for Normal<V, W, F> {
        fn clone(&self) -> Self {
            Normal { basis: self.basis.clone(), values: self.values.clone(), facts: core::marker::PhantomData }
        }
    }
    crate::parameters::tree_node!([V, W; F] Normal<V, W, F> { "vectors" => basis, "values" => values; facts });
}
// p = V^T u, q = V^T v: d(u^T V diag(z) V^T v) = sum p_i q_i dz_i + u^T dV (z q) + v^T dV (z p)
impl<V: Differentiable<Scalar: Real>, F: Facts> Differentiable for Normal<V, F> {
    fn parameters(&self) -> usize {
        self.basis.parameters() + self.values.0.len()
    }
    fn accumulate_bilinear(&self, u: View<'_, Sc<V>>, v: View<'_, Sc<V>>, scale: Sc<V>, g: &mut [Sc<V>]) {
        let (of_basis, of_values) = g.split_at_mut(self.basis.parameters());
        let (mut p, mut q) = (product(&self.basis, true, u), product(&self.basis, true, v));
        for (i, g) in of_values.iter_mut().enumerate() {
            *g += scale * p[i] * q[i];
            (p[i], q[i]) = (p[i] * self.values.0[i], q[i] * self.values.0[i]);
        }
        self.basis.accumulate_bilinear(u, View::vector(&q), scale, of_basis);
        self.basis.accumulate_bilinear(v, View::vector(&p), scale, of_basis);
    }
}
impl<K: Facts, V: Differentiable<Scalar: Real> + Clone, F: Facts> LogdetGradient<K> for Normal<V, F> {}
impl<K: Facts, V: Differentiable<Scalar: Real> + Clone, F: Facts> SpectrumGradient<K> for Normal<V, F> {}
operator!([V: Operator, F: Facts] Normal<V, F> {
    scalar V::Scalar; facts F; rows Ro<V>; cols Ro<V>; nrows |s| s.basis.nrows(); ncols s.basis.nrows(); dense V::HOLDS_DENSE;
    class crate::classes::HasSpectrum;
});
impl<V: Operator, F> Normal<V, F> {
    /// From eigenvectors and eigenvalues; the caller answers for V being unitary.
    pub fn from_parts(basis: V, values: Column<Sc<V>, Co<V>>) -> Self {
        form::Normal { basis, values: Diagonal(values), facts: PhantomData }
    }
    /// The eigenvalues, in the order of the columns of the eigenvectors.
    pub fn eigenvalues(&self) -> &Column<Sc<V>, Co<V>> {
        &self.values.0
    }
    /// The eigenvectors: a unitary operator.
    pub fn eigenvectors(&self) -> &V {
        &self.basis
    }
    /// The same with other eigenvalues.
    fn with<G>(&self, values: Column<Sc<V>, Co<V>>) -> Normal<V, G>
    where
        V: Clone,
    {
        Normal::from_parts(self.basis.clone(), values)
    }
}
impl<V: LinearOperator, F: Facts> LinearOperator for Normal<V, F> {
    #[inline]
    fn act(&self, how: Update<Sc<V>>, x: View<'_, Sc<V>>, y: ViewMut<'_, Sc<V>>, s: &mut [Sc<V>]) {
        let n = self.basis.ncols();
        let (buf, rest) = s.split_at_mut(n * x.cols);
        self.basis.act(Update::replace().flip(), x, ViewMut::matrix(buf, n, x.cols), rest);
        for column in buf.chunks_mut(n.max(1)) {
            for (b, &z) in column.iter_mut().zip(&self.values.0) {
                *b *= if how.adjoint { z.conj() } else { z };
            }
        }
        self.basis.act(how.plain(), View::matrix(buf, n, x.cols), y, rest);
    }
    #[inline(always)]
    fn scratch_len(&self, columns: usize) -> usize {
        self.basis.ncols() * columns + self.basis.scratch_len(columns)
    }
}
// z^-1
impl<K: Facts, V: Operator + Clone, F: Facts> InverseRule<K> for Normal<V, F> {
    type Output = Normal<V, InverseFacts<F>>;
    fn inverse_rule(&self) -> Result<Self::Output> {
        Ok(self.with(InverseRule::<NoFacts>::inverse_rule(&self.values)?.0))
    }
}
// sum of log |z|
impl<K: Facts, V: Operator, F: Facts> DetRule<K> for Normal<V, F> {
    fn slogdet_rule(&self) -> Result<(Sc<V>, Re<V>)> {
        DetRule::<NoFacts>::slogdet_rule(&self.values)
    }
}
impl<K: Facts, V: Operator + Clone, F: Facts> PowerRule<K> for Normal<V, F> {
    type Output = Normal<V, RootFacts<F>>;
    fn power_rule(&self, p: Power) -> Result<Self::Output> {
        Ok(self.with(PowerRule::<NoFacts>::power_rule(&self.values, p)?.into_inner().0))
    }
}
/// What a power of a normal operator keeps: PSD ones are PSD.
pub type RootFacts<F> = FactSet<<F as Facts>::Psd, <F as Facts>::Psd, Unknown, Unknown>;
impl<K: Facts, V: Operator + Clone, F: Facts> ExpRule<K> for Normal<V, F> {
    type Output = Normal<V, ExpFacts<F>>;
    fn exp_rule(&self) -> Result<Self::Output> {
        Ok(self.with(ExpRule::<NoFacts>::exp_rule(&self.values)?.into_inner().0))
    }
}
/// The exponential of a self-adjoint operator is PSD.
pub type ExpFacts<F> = FactSet<<F as Facts>::SelfAdjoint, <F as Facts>::SelfAdjoint, Unknown, Unknown>;
impl<K: Facts, V: Operator + Clone, F: Facts> LogRule<K> for Normal<V, F> {
    type Output = Normal<V, NoFacts>;
    fn log_rule(&self) -> Result<Self::Output> {
        Ok(self.with(LogRule::<NoFacts>::log_rule(&self.values)?.0))
    }
}
// V, re z
impl<K: Facts<SelfAdjoint: SelfAdjointOf<Self>>, V: Operator + Clone, F: Facts> EighRule<K> for Normal<V, F> {
    type Basis = V;
    fn eigh_rule(&self) -> Result<Spectral<V, SelfAdjointFacts>> {
        let z = &self.values.0;
        crate::functions::dense::finite(z, "the eigenvalues")?;
        let mut w = Column::filled(z.len(), Re::<V>::zero());
        w.iter_mut().zip(z).for_each(|(w, z)| *w = z.re());
        Ok(Spectral::from_parts(self.basis.clone(), w))
    }
}
impl<K: Facts, V: LinearOperator + Clone, F: Facts> SpectrumRule<K> for Normal<V, F> {
    type Vectors = V;
    const STRUCTURED: bool = true;
    fn has_spectrum(&self) -> bool {
        K::SelfAdjoint::KNOWN
    }
    fn spectrum_rule(&self) -> Result<Spectral<V, SelfAdjointFacts>> {
        EighRule::<SelfAdjointFacts>::eigh_rule(self)
    }
    fn is_normal(&self) -> bool {
        true
    }
    fn normal_rule(&self) -> Result<NormalParts<V>> {
        Ok((self.basis.clone(), self.values.0.clone()))
    }
}
// V, z
impl<K: Facts, V: Operator + Clone, F: Facts> EigRule<K> for Normal<V, F> {
    type Vectors = Complexified<V>;
    fn eig_rule(&self) -> Result<EigFactors<Self::Vectors>> {
        crate::functions::dense::finite(&self.values.0, "the eigenvalues")?;
        Ok(EigFactors::from_parts(Complexified(self.basis.clone()), complex_column(self.values.0.iter().copied())))
    }
    fn left_eig_rule(&self) -> Option<Result<EigFactors<Self::Vectors>>> {
        Some(EigRule::<K>::eig_rule(self).map(EigFactors::conjugated))
    }
}
// V diag(z / |z|) diag|z| V^H
impl<K: Facts, V: Operator + Clone, F: Facts> SvdRule<K> for Normal<V, F>
where
    Product<V, Unitary<Diagonal<Column<Sc<V>, Co<V>>>>>: Operator<Scalar = Sc<V>, Cols = Co<V>>,
{
    type Left = Product<V, Unitary<Diagonal<Column<Sc<V>, Co<V>>>>>;
    type Right = V;
    fn svd_rule(&self) -> Result<SvdFactors<Self::Left, V>> {
        let z = &self.values.0;
        crate::functions::dense::finite(z, "the eigenvalues")?;
        let (mut phase, mut s) = (Column::filled(z.len(), Sc::<V>::zero()), Column::filled(z.len(), Re::<V>::zero()));
        (0..z.len()).for_each(|i| (phase[i], s[i]) = polar(z[i]));
        Ok(SvdFactors { u: Product::joined(self.basis.clone(), Unitary(Diagonal(phase))), s, v: self.basis.clone() })
    }
}
// 1 / z, 0 within rounding of 0
impl<K: Facts, V: Operator + Clone, F: Facts> PinvRule<K> for Normal<V, F> {
    type Output = Normal<V, InverseFacts<F>>;
    fn pinv_rule(&self) -> Result<Self::Output> {
        let mut z = self.values.0.clone();
        crate::functions::dense::finite(&z, "the eigenvalues")?;
        crate::functions::pinv::reciprocals_of(&mut z);
        crate::functions::dense::finite(&z, "the pseudo-inverse: it overflowed")?;
        Ok(self.with(z))
    }
}
// by rows of V; tr A = sum of z
impl<V: LinearOperator, F: Facts> DiagonalRule for Normal<V, F> {
    fn diagonal_rule(&self, k: isize, d: &mut [Sc<V>]) -> Result<()> {
        let z = &self.values.0;
        diagonal_of_spectrum(&self.basis, |j, x| x * z[j], k, d);
        Ok(())
    }
    fn trace_rule(&self) -> Result<Sc<V>> {
        Ok(self.values.0.iter().fold(Sc::<V>::zero(), |s, z| s + *z))
    }
}
crate::base_factors!([V: Operator, F: Facts] Normal<V, F>);
impl<V: Explain, F: Facts> Explain for Normal<V, F> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        match question {
            Question::Apply => Plan::weighted("V^H, the eigenvalues, V", [(2, part(&self.basis, question))]),
            Question::Slogdet => Plan::rule(self, "from the eigenvalues", "n"),
            Question::Trace => Plan::rule(self, "sum of the eigenvalues", "n"),
            Question::Diagonal => crate::ops::spectral::rows_plan(self, &self.basis),
            Question::Eig => Plan::rule(self, "itself", "n"),
            Question::Eigh if K::SelfAdjoint::KNOWN => Plan::rule(self, "itself", "n"),
            Question::Svd => Plan::rule(self, "absolute values, the phases in U", "n"),
            Question::Solve | Question::Power | Question::Exp | Question::Log | Question::Pinv => {
                Plan::rule(self, "elementwise on the eigenvalues", "n")
            }
            _ => base::<K, Self>(self, question),
        }
    }
    fn tree<K: Facts>(&self) -> Tree {
        Tree::node::<K, Self>(self, vec![self.basis.tree::<V::Facts>()])
    }
}
