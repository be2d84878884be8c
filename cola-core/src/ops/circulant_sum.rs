//! C + c I of a circulant: a circulant.

use crate::error::{Error, Result};
use crate::facts::{Facts, InverseFacts, SumFacts};
use crate::functions::{
    Cx, DetRule, DiagonalRule, EigFactors, EigRule, EighRule, ExpRule, InverseRule, LogRule, PinvRule, Power,
    PowerRule, SpectrumRule, SvdRule,
};
use crate::gradient::{Differentiable, LogdetGradient, SpectrumGradient};
use crate::operator::short::{Co, Fa, Re, Ro, Sc};
use crate::operator::{LinearOperator, Operator, Update, operator};
use crate::ops::circulant::circulant_plan;
use crate::ops::{AsCirculant, Circulant, CirculantBasis, Multiple, Spectral, Sum, SvdFactors, WithFacts};
use crate::parameters::tree_node;
use crate::plan::{Explain, Plan, Question};
use crate::space::demand;
use crate::view::{View, ViewMut};

/// C + c I of a circulant C: its parts stay apart, its rules are those of the circulant that it is.
///
/// ```
/// # use cola_core::prelude::*;
/// let c = Circulant::new([2.0, -1.0, 0.0, -1.0]);
/// let k = CirculantSum::try_new(c, ScaledIdentity::<f64, _, _>::new(0.5, 4))?;
/// assert!((k.apply(&k.solve(&[1.0, 2.0, 3.0, 4.0])?)[2] - 3.0).abs() < 1e-14);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct CirculantSum<A, E>(pub A, pub E);
impl<A: Operator, E: Operator<Scalar = A::Scalar>> CirculantSum<A, E> {
    const CHECK: () = demand("A + c * I", A::SHAPE, E::SHAPE, A::SHAPE.may_equal(E::SHAPE));
    /// C + c I.
    ///
    /// # Errors
    /// `ShapeMismatch`.
    pub fn try_new(a: A, e: E) -> Result<Self> {
        let () = Self::CHECK;
        let (left, right) = ((a.nrows(), a.ncols()), (e.nrows(), e.ncols()));
        if left == right { Ok(CirculantSum(a, e)) } else { Err(Error::ShapeMismatch { op: "A + c * I", left, right }) }
    }
}
operator!([A: Operator, E: Operator<Scalar = A::Scalar>] CirculantSum<A, E> {
    scalar A::Scalar; facts SumFacts<Fa<A>, Fa<E>>; rows Ro<A>; cols Co<A>; nrows |s| s.0.nrows(); ncols s.0.ncols();
    class crate::classes::IsCirculant;
});
crate::interop::saved!([A: Operator, E: Operator<Scalar = A::Scalar>] CirculantSum<A, E>, "CirculantSum", [] { left: A = |k| k.0, right: E = |k| k.1 } CirculantSum::try_new(left, right));
tree_node!([A, E] CirculantSum<A, E> { "0" => 0, "1" => 1 });
impl<A: LinearOperator, E: LinearOperator<Scalar = A::Scalar>> LinearOperator for CirculantSum<A, E> {
    #[inline]
    fn act(&self, how: Update<Sc<A>>, x: View<'_, Sc<A>>, mut y: ViewMut<'_, Sc<A>>, s: &mut [Sc<A>]) {
        self.0.act(how, x, y.reborrow(), s);
        self.1.act(how.add(), x, y, s);
    }
    #[inline]
    fn scratch_len(&self, columns: usize) -> usize {
        self.0.scratch_len(columns).max(self.1.scratch_len(columns))
    }
}
impl<A: AsCirculant, E: Multiple<Scalar = A::Scalar>> AsCirculant for CirculantSum<A, E> {
    fn to_circulant(&self) -> Circulant<Sc<A>, Ro<A>> {
        self.0.to_circulant().plus(self.1.identity_factor())
    }
}
impl<K: Facts, A: AsCirculant, E: Multiple<Scalar = A::Scalar>> InverseRule<K> for CirculantSum<A, E> {
    type Output = WithFacts<Circulant<Sc<A>, Ro<A>>, InverseFacts<K>>;
    fn inverse_rule(&self) -> Result<Self::Output> {
        InverseRule::<K>::inverse_rule(&self.to_circulant())
    }
}
/// The circulant that the sum is.
type Whole<A> = Circulant<Sc<A>, Ro<A>>;
macro_rules! as_circulant {
    ($($Rule:ident $rule:ident($($arg:ident: $Arg:ty)?), $Type:ident;)*) => { $(
        impl<K: Facts, A: AsCirculant, E: Multiple<Scalar = A::Scalar>> $Rule<K> for CirculantSum<A, E> {
            type $Type = <Whole<A> as $Rule<K>>::$Type;
            fn $rule(&self, $($arg: $Arg)?) -> Result<Self::$Type> {
                <Whole<A> as $Rule<K>>::$rule(&self.to_circulant(), $($arg)?)
            }
        } )* };
}
as_circulant! {
    PowerRule power_rule(p: Power), Output;
    ExpRule exp_rule(), Output;
    LogRule log_rule(), Output;
    PinvRule pinv_rule(), Output;
}
impl<K: Facts, A: AsCirculant, E: Multiple<Scalar = A::Scalar>> DetRule<K> for CirculantSum<A, E> {
    fn slogdet_rule(&self) -> Result<(Sc<A>, Re<A>)> {
        <Whole<A> as DetRule<K>>::slogdet_rule(&self.to_circulant())
    }
}
impl<K: Facts<SelfAdjoint: crate::facts::SelfAdjointOf<Self>>, A: AsCirculant, E: Multiple<Scalar = A::Scalar>>
    EighRule<K> for CirculantSum<A, E>
{
    type Basis = CirculantBasis<Sc<A>, Ro<A>>;
    fn eigh_rule(&self) -> Result<Spectral<Self::Basis, crate::facts::SelfAdjointFacts>> {
        <Whole<A> as SpectrumRule<K>>::spectrum_rule(&self.to_circulant())
    }
}
impl<K: Facts, A: AsCirculant, E: Multiple<Scalar = A::Scalar>> SpectrumRule<K> for CirculantSum<A, E> {
    type Vectors = CirculantBasis<Sc<A>, Ro<A>>;
    const STRUCTURED: bool = true;
    fn has_spectrum(&self) -> bool {
        <K::SelfAdjoint as crate::facts::Fact>::KNOWN
    }
    fn spectrum_rule(&self) -> Result<Spectral<Self::Vectors, crate::facts::SelfAdjointFacts>> {
        <Whole<A> as SpectrumRule<K>>::spectrum_rule(&self.to_circulant())
    }
}
impl<K: Facts, A: AsCirculant, E: Multiple<Scalar = A::Scalar>> EigRule<K> for CirculantSum<A, E> {
    type Vectors = CirculantBasis<Cx<A>, Ro<A>>;
    fn eig_rule(&self) -> Result<EigFactors<Self::Vectors>> {
        <Whole<A> as EigRule<K>>::eig_rule(&self.to_circulant())
    }
    fn left_eig_rule(&self) -> Option<Result<EigFactors<Self::Vectors>>> {
        Some(EigRule::<K>::eig_rule(self).map(EigFactors::conjugated))
    }
}
crate::base_factors!([A: Operator, E: Operator<Scalar = A::Scalar>] CirculantSum<A, E>);
impl<K: Facts, A: AsCirculant, E: Multiple<Scalar = A::Scalar>> SvdRule<K> for CirculantSum<A, E> {
    type Left = <Whole<A> as SvdRule<K>>::Left;
    type Right = <Whole<A> as SvdRule<K>>::Right;
    fn svd_rule(&self) -> Result<SvdFactors<Self::Left, Self::Right>> {
        <Whole<A> as SvdRule<K>>::svd_rule(&self.to_circulant())
    }
}
impl<A: DiagonalRule, E: DiagonalRule<Scalar = A::Scalar>> DiagonalRule for CirculantSum<A, E> {
    fn diagonal_rule(&self, k: isize, d: &mut [Sc<A>]) -> Result<()> {
        Sum(&self.0, &self.1).diagonal_rule(k, d)
    }
}
impl<A: AsCirculant, E: Multiple<Scalar = A::Scalar>> Explain for CirculantSum<A, E> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        circulant_plan::<K, Self>(self, question)
    }
}
impl<A: Differentiable, E: Differentiable<Scalar = A::Scalar>> Differentiable for CirculantSum<A, E> {
    fn parameters(&self) -> usize {
        self.0.parameters() + self.1.parameters()
    }
    fn accumulate_bilinear(&self, u: View<'_, Sc<A>>, v: View<'_, Sc<A>>, scale: Sc<A>, g: &mut [Sc<A>]) {
        Sum(&self.0, &self.1).accumulate_bilinear(u, v, scale, g)
    }
    fn accumulate_trace(&self, scale: Sc<A>, g: &mut [Sc<A>]) {
        Sum(&self.0, &self.1).accumulate_trace(scale, g)
    }
}
impl<K: Facts, A, E> LogdetGradient<K> for CirculantSum<A, E>
where
    A: AsCirculant + Differentiable,
    E: Multiple + Differentiable<Scalar = A::Scalar>,
{
}
impl<K: Facts, A, E> SpectrumGradient<K> for CirculantSum<A, E>
where
    A: AsCirculant + Differentiable,
    E: Multiple + Differentiable<Scalar = A::Scalar>,
{
}
