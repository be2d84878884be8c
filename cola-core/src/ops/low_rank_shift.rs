//! c I + P Q^H: every function closed.

use crate::algorithms::dense::Engine;
use crate::error::{Error, Result, check};
use crate::facts::{
    Fact, FactSet, Facts, Known, SelfAdjointFacts, SelfAdjointOf, Sign, SumFacts, Unknown, WithSelfAdjoint,
};
use crate::functions::base::square;
use crate::functions::{
    DetRule, DiagonalRule, EigFactors, EigRule, EighRule, ExpRule, HasEig, InverseRule, LogRule, Power, PowerRule,
};
use crate::operator::short::{Co, Fa, Re, Ro, Sc};
use crate::operator::{LinearOperator, Operator, Update, operator};
use crate::ops::low_rank::{ExpFacts, LowRankExp, LowRankFactors, low_rank_exp, low_rank_function, rank_plan};
use crate::ops::low_rank_update::{UpdateInverseOf, update_det, update_inverse, update_plan, update_solve};
use crate::ops::{ScaledIdentity, Spectral, WithFacts};
use crate::parameters::tree_node;
use crate::plan::{Explain, Plan, Question, Tree, part, part_with, trees};
use crate::scalar::{Real, Scalar};
use crate::view::{View, ViewMut};
use num_traits::Zero;

/// L + E with L of low rank and E = c I: what `low_rank(U, V) + c * I` is. See [`LowRankShift`].
#[derive(Clone, Copy, Debug)]
pub struct ShiftedLowRank<L, E> {
    /// Of low rank.
    pub low: L,
    /// c I.
    pub shift: E,
}
/// L + c I: inverse and determinant through the r x r capacitance, f(A) = f(c) I + P g(Q^H P) Q^H or through the spectrum of L. `S` says
/// what is known of the sign of c.
///
/// ```
/// # use cola_core::prelude::*;
/// # use cola_core::dsl;
/// let u = nalgebra::matrix![1.0; 2.0; 2.0];
/// let a = dsl::add(dsl::gram(u), dsl::I); // u u^T + I, eigenvalues 10, 1, 1
/// assert!((a.logdet()? - 10f64.ln()).abs() < 1e-14);
/// assert!((a.sqrt()?.trace()? - (10f64.sqrt() + 2.0)).abs() < 1e-14);
/// # Ok::<(), Error>(())
/// ```
pub type LowRankShift<L, S> = ShiftedLowRank<L, ScaledIdentity<Sc<L>, Ro<L>, S>>;
impl<L: Operator, S: Sign> LowRankShift<L, S> {
    /// L + c I.
    ///
    /// # Errors
    /// `ShapeMismatch` where L is not square.
    pub fn try_new(low: L, c: L::Scalar) -> Result<Self> {
        square("A + c * I", &low)?;
        Ok(Self::of(low, c))
    }
    pub(crate) fn of(low: L, c: L::Scalar) -> Self {
        let shift = ScaledIdentity::of_size(c, low.nrows());
        ShiftedLowRank { low, shift }
    }
}
crate::interop::saved!([L: Operator, E: Operator<Scalar = L::Scalar>] ShiftedLowRank<L, E>, "ShiftedLowRank", [] { low: L = |k| k.low, shift: E = |k| k.shift } {
    let (left, right) = ((low.nrows(), low.ncols()), (shift.nrows(), shift.ncols()));
    match left == right {
        true => Ok(ShiftedLowRank { low, shift }),
        false => Err(crate::error::Error::ShapeMismatch { op: "A + c * I", left, right }),
    }
});
operator!([L: Operator, E: Operator<Scalar = L::Scalar>] ShiftedLowRank<L, E> {
    scalar L::Scalar; facts SumFacts<Fa<L>, Fa<E>>; rows Ro<L>; cols Co<L>; nrows |s| s.low.nrows(); ncols s.low.ncols();
    dense L::HOLDS_DENSE; iterative L::ITERATIVE;
});
tree_node!([L, E] ShiftedLowRank<L, E> { "0" => low, "1" => shift });
impl<L: LinearOperator, E: LinearOperator<Scalar = L::Scalar>> LinearOperator for ShiftedLowRank<L, E> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn act(&self, how: Update<Sc<L>>, x: View<'_, Sc<L>>, mut y: ViewMut<'_, Sc<L>>, s: &mut [Sc<L>]) {
        self.low.act(how, x, y.reborrow(), s);
        self.shift.act(how.add(), x, y, s);
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn scratch_len(&self, columns: usize) -> usize {
        self.low.scratch_len(columns).max(self.shift.scratch_len(columns))
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn write(&self, alpha: Sc<L>, add: bool, mut y: ViewMut<'_, Sc<L>>) {
        self.low.write(alpha, add, y.reborrow());
        self.shift.write(alpha, true, y);
    }
}
// c^-1 I - c^-2 P (I + c^-1 Q^H P)^-1 Q^H
impl<K: Facts, L, S: Sign> InverseRule<K> for LowRankShift<L, S>
where
    L: LowRankFactors + Clone,
{
    type Output = UpdateInverseOf<ScaledIdentity<Sc<L>, Ro<L>, S>, L, Self, K>;
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn inverse_rule(&self) -> Result<Self::Output> {
        update_inverse::<K, _, _, _>(self, &self.shift, &self.low)
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn solve_rule(&self, b: View<'_, Sc<L>>, x: ViewMut<'_, Sc<L>>) -> Result<()> {
        update_solve::<K, _, _, _>((self, &self.shift, &self.low), b, x)
    }
}
// c^n det(I + c^-1 Q^H P)
impl<K: Facts, L: LowRankFactors, S: Sign> DetRule<K> for LowRankShift<L, S> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn slogdet_rule(&self) -> Result<(Sc<L>, Re<L>)> {
        update_det::<K, _, _, _>(self, &self.shift, &self.low)
    }
}
// V diag(c + w) V^H, V and w of L
impl<K: Facts<SelfAdjoint: SelfAdjointOf<Self>>, L, S: Sign> EighRule<K> for LowRankShift<L, S>
where
    L: EighRule<WithSelfAdjoint<Fa<L>>>,
{
    type Basis = L::Basis;
    fn eigh_rule(&self) -> Result<Spectral<L::Basis, SelfAdjointFacts>> {
        let c = self.shift.c;
        let real = !Re::<L>::zero().lt(c.im().abs());
        check::<Sc<L>>(c.finite(), |_| Error::non_finite("the factor of the identity"))?;
        check::<Sc<L>>(real, |lane| Error::NotSelfAdjoint { asymmetry: c.im().abs().lane_f64(lane) })?;
        self.low.eigh_rule()?.map(|w| w + c.re())
    }
}
/// For "is self-adjoint": how the powers and the logarithm of c I + P Q^H are made.
#[diagnostic::on_unimplemented(
    message = "no rule for powers of `{A}`",
    label = "`{A}` has no `sqrt`, `pow` and `log` rule",
    note = "an operator of low rank gives its factors: `LowRank`, `Gram`, `Projection`"
)]
pub trait ShiftFunction<A: Operator, K: Facts> {
    /// f(A), a power.
    type Power: Operator<Scalar = A::Scalar>;
    /// log A.
    type Log: Operator<Scalar = A::Scalar>;
    /// A^p.
    ///
    /// # Errors
    /// As [`PowerRule`].
    fn power_of(a: &A, p: Power) -> Result<Self::Power>;
    /// log A.
    ///
    /// # Errors
    /// As [`LogRule`].
    fn log_of(a: &A) -> Result<Self::Log>;
}
#[diagnostic::do_not_recommend]
impl<K: Facts, A: EighRule<K>> ShiftFunction<A, K> for Known {
    type Power = Spectral<A::Basis, FactSet<Known, K::Psd, Unknown, Unknown>>;
    type Log = Spectral<A::Basis, SelfAdjointFacts>;
    fn power_of(a: &A, p: Power) -> Result<Self::Power> {
        a.eigh_rule()?.power(p)
    }
    fn log_of(a: &A) -> Result<Self::Log> {
        a.eigh_rule()?.log()
    }
}
// f(c) I + P g(Q^H P) Q^H, through the Schur form of 2r x 2r numbers
#[diagnostic::do_not_recommend]
impl<K: Facts, L: LowRankFactors, S: Sign> ShiftFunction<LowRankShift<L, S>, K> for Unknown {
    type Power = LowRankExp<L>;
    type Log = LowRankExp<L>;
    fn power_of(a: &LowRankShift<L, S>, p: Power) -> Result<Self::Power> {
        let p = p.checked()?.exponent();
        let negative = p < 0.0;
        low_rank_function(&a.low, a.shift.c, &|n, m| {
            // one number alone by the principal branch
            if n == 1 {
                return one_number(m, negative, p == p.trunc(), |z| Power::Real(p).of(z));
            }
            crate::algorithms::dense::powm(n, m, p)
        })
    }
    fn log_of(a: &LowRankShift<L, S>) -> Result<Self::Log> {
        low_rank_function(&a.low, a.shift.c, &|n, m| {
            if n == 1 {
                return one_number(m, true, false, |z| z.ln());
            }
            crate::algorithms::dense::logm(n, m)
        })
    }
}
/// f of one number, in place: of 0 where `regular` is demanded `Singular`, of a negative real one without an image `NegativeEigenvalue`.
fn one_number<T: Scalar>(z: &mut [T], regular: bool, everywhere: bool, f: impl Fn(T) -> T) -> Result<()> {
    let (x, zero) = (z[0], T::Re::zero());
    if regular {
        check::<T>(zero.lt(x.abs()), |_| Error::Singular { index: 0 })?;
    }
    if <T::IsReal as Fact>::KNOWN && !everywhere {
        check::<T>(!x.re().lt(zero), |lane| Error::NegativeEigenvalue { value: x.re().lane_f64(lane), tol: 0.0 })?;
    }
    z[0] = f(x);
    check::<T>(z[0].finite(), |_| Error::non_finite("the function of the factor of the identity: it overflowed"))
}
impl<K: Facts, L: Operator, S: Sign> PowerRule<K> for LowRankShift<L, S>
where
    K::SelfAdjoint: ShiftFunction<LowRankShift<L, S>, K>,
{
    type Output = <K::SelfAdjoint as ShiftFunction<LowRankShift<L, S>, K>>::Power;
    fn power_rule(&self, p: Power) -> Result<Self::Output> {
        <K::SelfAdjoint as ShiftFunction<Self, K>>::power_of(self, p)
    }
}
impl<K: Facts, L: Operator, S: Sign> LogRule<K> for LowRankShift<L, S>
where
    K::SelfAdjoint: ShiftFunction<LowRankShift<L, S>, K>,
{
    type Output = <K::SelfAdjoint as ShiftFunction<LowRankShift<L, S>, K>>::Log;
    fn log_rule(&self) -> Result<Self::Output> {
        <K::SelfAdjoint as ShiftFunction<Self, K>>::log_of(self)
    }
}
// e^c (I + P phi(Q^H P) Q^H)
impl<K: Facts, L: LowRankFactors, S: Sign> ExpRule<K> for LowRankShift<L, S> {
    type Output = WithFacts<LowRankExp<L>, ExpFacts<K>>;
    fn exp_rule(&self) -> Result<Self::Output> {
        Ok(WithFacts::new(low_rank_exp(&self.low, self.shift.c)?))
    }
}
impl<L: DiagonalRule, S: Sign> DiagonalRule for LowRankShift<L, S> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn diagonal_rule(&self, k: isize, d: &mut [Sc<L>]) -> Result<()> {
        self.low.diagonal_rule(k, d)?;
        let c = if k == 0 { self.shift.c } else { Sc::<L>::zero() };
        for d in d {
            *d += c;
        }
        Ok(())
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn trace_rule(&self) -> Result<Sc<L>> {
        Ok(self.low.trace_rule()? + self.shift.trace_rule()?)
    }
}
crate::base_factors!([L: Operator, S: Sign] LowRankShift<L, S>);
crate::base_spectrum!([L: Operator, S: Sign] LowRankShift<L, S>);
crate::spectral_svd!([L: Operator, S: Sign] LowRankShift<L, S>);
crate::spectral_pinv!([L: Operator, S: Sign] LowRankShift<L, S>);
// V, w + c
impl<K: Facts, L: HasEig, S: Sign> EigRule<K> for LowRankShift<L, S> {
    type Vectors = L::Vectors;
    fn eig_rule(&self) -> Result<EigFactors<L::Vectors>> {
        let c = self.shift.c;
        check::<Sc<L>>(c.finite(), |_| Error::non_finite("the factor of the identity"))?;
        let (v, mut w) = self.low.eig_rule()?.into_parts();
        w.iter_mut().for_each(|w| *w += c.to_complex());
        Ok(EigFactors::from_parts(v, w))
    }
    fn left_eig_rule(&self) -> Option<Result<EigFactors<Self::Vectors>>> {
        let (c, left) = (self.shift.c, self.low.left_eig_rule()?);
        let good = check::<Sc<L>>(c.finite(), |_| Error::non_finite("the factor of the identity"));
        Some(good.and(left).map(|e| e.map(|w| w + c.to_complex().conj())))
    }
}
impl<L: LowRankFactors + Explain, S: Sign> Explain for LowRankShift<L, S> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        let known = K::SelfAdjoint::KNOWN;
        match question {
            Question::Eigh if known => {
                Plan::by_parts("c + that of the low rank", [part_with::<SelfAdjointFacts, L>(&self.low, question)])
            }
            Question::Power | Question::Log | Question::Svd | Question::Pinv if known => {
                self.plan::<K>(Question::Eigh).spectral()
            }
            Question::Eig => Plan::by_parts("c + that of the low rank", [part(&self.low, question)]),
            Question::Power | Question::Log if !<Sc<L> as Engine>::PLAIN => {
                Plan::error("error: lanes and numbers that carry derivatives have no Schur form")
            }
            Question::Power | Question::Log => {
                rank_plan("f(c) I + P g(Q^H P) Q^H", "6nr^2 + 400r^3", self.low.nrows(), self.low.rank())
            }
            Question::Exp => {
                rank_plan("e^c (I + P phi(Q^H P) Q^H)", "6nr^2 + 184r^3", self.low.nrows(), self.low.rank())
            }
            _ => update_plan::<K, _, _, _>(self, &self.shift, &self.low, question),
        }
    }
    fn tree<K: Facts>(&self) -> Tree {
        Tree::node::<K, Self>(self, trees(&self.low, &self.shift))
    }
}

impl<L: crate::gradient::Differentiable, S: Sign> crate::gradient::Differentiable for LowRankShift<L, S> {
    fn parameters(&self) -> usize {
        self.low.parameters() + 1
    }
    fn accumulate_bilinear(&self, u: View<'_, Sc<L>>, v: View<'_, Sc<L>>, scale: Sc<L>, g: &mut [Sc<L>]) {
        let (a, b) = g.split_at_mut(self.low.parameters());
        self.low.accumulate_bilinear(u, v, scale, a);
        self.shift.accumulate_bilinear(u, v, scale, b);
    }
    fn accumulate_trace(&self, scale: Sc<L>, g: &mut [Sc<L>]) {
        let (a, b) = g.split_at_mut(self.low.parameters());
        self.low.accumulate_trace(scale, a);
        self.shift.accumulate_trace(scale, b);
    }
}
impl<K: Facts, L, S: Sign> crate::gradient::LogdetGradient<K> for LowRankShift<L, S> where
    L: crate::gradient::Differentiable + LowRankFactors + Clone
{
}
