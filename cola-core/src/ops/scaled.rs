//! c A.

use crate::error::{Error, Result, check};
use crate::facts::{Fact, Facts, SelfAdjointFacts, Sign};
use crate::functions::base::square;
use crate::functions::det::{power, slog_product, times};
use crate::functions::{
    CholeskyRule, DetRule, DiagonalRule, EigFactors, EigRule, EighRule, HasCholesky, HasDet, HasEig, HasEigh, HasLu,
    HasPinv, HasPower, HasSvd, Inv, InverseRule, Invertible, LuFactors, LuRule, MaySpectrum, NormalParts, Pinv,
    PinvRule, Pow, Power, PowerRule, SpectrumRule, SvdRule, Vectors,
};
use crate::operator::short::{Co, Fa, Re, Ro, Sc};
use crate::operator::{DynOperator, LinearOperator, Operator, Pivots, Update, operator};
use crate::ops::arranged::Arranged;
use crate::ops::{Diagonal, Isometric, Spectral, SvdFactors};
use crate::parameters::{LeafFn, Parameters, Path};
use crate::plan::{Explain, Plan, Question, Tree, base, part};
use crate::scalar::{Real, Scalar};
use crate::view::{View, ViewMut};
use core::marker::PhantomData;
use num_traits::{One, Zero};
use std::borrow::Cow;

/// c A; `S` says what is known of the sign of c.
///
/// ```
/// # use cola_core::prelude::*;
/// let s = Scaled::new(2.0, Diagonal::new([1.0, 2.0]));
/// assert_eq!(s.apply(&[1.0, 1.0]), [2.0, 4.0]);
/// ```
#[derive(Debug)]
pub struct Scaled<A, T, S> {
    /// The factor.
    pub c: T,
    /// The operator.
    pub a: A,
    sign: PhantomData<fn() -> S>,
}
impl<A: Copy, T: Copy, S> Copy for Scaled<A, T, S> {}
impl<A: Clone, T: Copy, S> Clone for Scaled<A, T, S> {
    fn clone(&self) -> Self {
        Scaled { c: self.c, a: self.a.clone(), sign: PhantomData }
    }
}
impl<A: Operator> Scaled<A, Sc<A>, crate::ops::RealNonNegative<Sc<A>>> {
    /// c A, of c nothing known but its type.
    #[inline(always)]
    pub fn new(c: A::Scalar, a: impl crate::dsl::IntoOperator<Op = A>) -> Self {
        Scaled::signed(c, a.into_operator())
    }
}
impl<A: Operator, S: Sign> Scaled<A, Sc<A>, S> {
    /// c A with what the caller knows of the sign.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn signed(c: A::Scalar, a: A) -> Self {
        Scaled { c, a, sign: PhantomData }
    }
}
operator!([A: Operator, S: Sign] Scaled<A, Sc<A>, S> {
    scalar A::Scalar; facts S::Keep<Fa<A>>; rows Ro<A>; cols Co<A>; nrows |s| s.a.nrows(); ncols s.a.ncols();
    dense A::HOLDS_DENSE; iterative A::ITERATIVE; class <A::Class as crate::dsl::Class>::Scaled;
    pivots s.a.pivots().filter(|_| s.keeps_psd()).map(|_| s as _);
});
// c K + c d I, for c >= 0
impl<A: Operator, S: Sign> Pivots<Sc<A>> for Scaled<A, Sc<A>, S> {
    fn shift(&self) -> Sc<A> {
        self.a.pivots().map_or(Sc::<A>::zero(), |p| self.c * p.shift())
    }
    fn is_psd(&self) -> bool {
        self.a.pivots().is_some_and(|p| p.is_psd())
    }
    fn add_diagonal(&self, scale: Sc<A>, d: &mut [Sc<A>]) {
        self.a.pivots().into_iter().for_each(|p| p.add_diagonal(scale * self.c, d))
    }
    fn add_column(&self, j: usize, scale: Sc<A>, y: &mut [Sc<A>]) {
        self.a.pivots().into_iter().for_each(|p| p.add_column(j, scale * self.c, y))
    }
}
crate::interop::saved!([A: Operator, S: Sign] Scaled<A, A::Scalar, S>, "Scaled", [] { c: A::Scalar = |k| k.c, a: A = |k| k.a } {
    crate::facts::keep_sign::<A::Scalar, S>(c).map(|c| Scaled::signed(c, a))
});
impl<T: Scalar, A: Parameters<Number = T>, S: Sign> Parameters for Scaled<A, T, S> {
    type Number = T;
    type With<X: Scalar> = Scaled<A::With<X>, X, S>;
    type Owned = Scaled<A::Owned, T, S>;
    fn visit<'a>(&'a self, path: &mut Path, f: &mut dyn FnMut(&str, Cow<'a, [T]>)) {
        path.enter("c", |p| f(p.as_str(), Cow::Borrowed(core::slice::from_ref(&self.c))));
        path.enter("0", |p| self.a.visit(p, f));
    }
    fn traverse<X: Scalar>(&self, path: &mut Path, f: LeafFn<'_, T, X>) -> Self::With<X> {
        let mut c = [X::zero()];
        path.enter("c", |p| f(p.as_str(), &[self.c], &mut c));
        Scaled { c: c[0], a: path.enter("0", |p| self.a.traverse(p, f)), sign: PhantomData }
    }
    fn frame(&self, f: &mut dyn FnMut(crate::parameters::Frame)) {
        self.a.frame(f)
    }
    fn rebuild(&self, path: &mut Path, f: LeafFn<'_, T, T>) -> Self::Owned {
        let mut c = [T::zero()];
        path.enter("c", |p| f(p.as_str(), &[self.c], &mut c));
        Scaled { c: c[0], a: path.enter("0", |p| self.a.rebuild(p, f)), sign: PhantomData }
    }
}
impl<A: LinearOperator, S: Sign> LinearOperator for Scaled<A, Sc<A>, S> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn act(&self, how: Update<Sc<A>>, x: View<'_, Sc<A>>, y: ViewMut<'_, Sc<A>>, s: &mut [Sc<A>]) {
        self.a.act(how.times(self.c), x, y, s)
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn scratch_len(&self, columns: usize) -> usize {
        self.a.scratch_len(columns)
    }
    const ARRANGES: bool = A::ARRANGES;
    fn arranged(&self) -> Option<Box<dyn DynOperator<Sc<A>> + '_>> {
        if Self::ARRANGES { Arranged::multiple(self.c, &self.a) } else { None }
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn write(&self, alpha: Sc<A>, add: bool, y: ViewMut<'_, Sc<A>>) {
        self.a.write(alpha * self.c, add, y)
    }
}
impl<A: Operator, S: Sign> Scaled<A, Sc<A>, S> {
    fn keeps_psd(&self) -> bool {
        self.c.re().lane_f64(0) >= 0.0 && self.c.im().lane_f64(0) == 0.0
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn finite(&self) -> Result<()> {
        check::<Sc<A>>(self.c.finite(), |_| Error::non_finite("the factor of a scaled operator"))
    }
    /// c^-1 or c^p by the rules of the 1 x 1 diagonal, so that errors and lanes are treated once.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn powered(&self, p: Power) -> Result<Sc<A>> {
        Ok(PowerRule::<crate::facts::NoFacts>::power_rule(&Diagonal([self.c]), p)?.into_inner().0[0])
    }
}
// (c A)^-1 = c^-1 A^-1
impl<K: Facts, A: Invertible, S: Sign> InverseRule<K> for Scaled<A, Sc<A>, S> {
    type Output = Scaled<Inv<A>, Sc<A>, S>;
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn inverse_rule(&self) -> Result<Self::Output> {
        Ok(Scaled::signed(self.powered(Power::Real(-1.0))?, self.a.inverse_rule()?))
    }
}
// log|det c A| = n log|c| + log|det A|
impl<K: Facts, A: HasDet, S: Sign> DetRule<K> for Scaled<A, Sc<A>, S> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn slogdet_rule(&self) -> Result<(Sc<A>, Re<A>)> {
        square("slogdet", self)?;
        self.finite()?;
        let (n, (sc, lc)) = (self.nrows(), slog_product(core::iter::once(self.c)));
        let (sa, la) = self.a.slogdet_rule()?;
        Ok((power(sc, n) * sa, times(n, lc) + la))
    }
}
// (c A)^p = c^p A^p for c >= 0
impl<K: Facts, A: HasPower, S: Sign> PowerRule<K> for Scaled<A, Sc<A>, S> {
    type Output = Scaled<Pow<A>, Sc<A>, S>;
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn power_rule(&self, p: Power) -> Result<Self::Output> {
        // (c a)^p = c^p a^p on the principal branch needs c >= 0
        let positive = !Re::<A>::zero().lt(self.c.im().abs()) & !self.c.re().lt(Re::<A>::zero());
        if !p.is_integer() {
            check::<Sc<A>>(positive, |lane| Error::NegativeEigenvalue { value: self.c.re().lane_f64(lane), tol: 0.0 })?;
        }
        Ok(Scaled::signed(self.powered(p)?, self.a.power_rule(p)?))
    }
}
// V diag(c w) V^H
impl<K: Facts<SelfAdjoint: crate::facts::SelfAdjointOf<Self>>, A: HasEigh, S: Sign> EighRule<K>
    for Scaled<A, Sc<A>, S>
{
    type Basis = A::Basis;
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn eigh_rule(&self) -> Result<Spectral<A::Basis, SelfAdjointFacts>> {
        self.finite()?;
        self.a.eigh_rule()?.map(|w| w * self.c.re())
    }
}
impl<K: Facts, A: MaySpectrum, S: Sign> SpectrumRule<K> for Scaled<A, Sc<A>, S> {
    type Vectors = Vectors<A>;
    const STRUCTURED: bool = <A as SpectrumRule<Fa<A>>>::STRUCTURED;
    fn has_spectrum(&self) -> bool {
        <Fa<Self> as Facts>::SelfAdjoint::KNOWN && self.a.has_spectrum()
    }
    fn spectrum_rule(&self) -> Result<Spectral<Vectors<A>, SelfAdjointFacts>> {
        self.finite()?;
        self.a.spectrum_rule()?.map(|w| w * self.c.re())
    }
    fn is_normal(&self) -> bool {
        self.a.is_normal()
    }
    fn normal_rule(&self) -> Result<NormalParts<Self::Vectors>> {
        self.finite()?;
        let (v, mut z) = self.a.normal_rule()?;
        z.iter_mut().for_each(|z| *z *= self.c);
        Ok((v, z))
    }
}
crate::spectral_exp!([A: Operator, S: Sign] Scaled<A, Sc<A>, S>);
crate::spectral_log!([A: HasEigh, S: Sign] Scaled<A, Sc<A>, S>);
impl<A: DiagonalRule, S: Sign> DiagonalRule for Scaled<A, Sc<A>, S> {
    const READS: bool = A::READS;
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn diagonal_rule(&self, k: isize, d: &mut [Sc<A>]) -> Result<()> {
        self.a.diagonal_rule(k, d)?;
        for d in d {
            *d *= self.c;
        }
        Ok(())
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn trace_rule(&self) -> Result<Sc<A>> {
        Ok(self.c * self.a.trace_rule()?)
    }
}
// sqrt(c) L
impl<K: Facts<Psd: crate::facts::PsdOf<Self>>, A: HasCholesky, S: Sign> CholeskyRule<K> for Scaled<A, Sc<A>, S> {
    type Factor = Scaled<A::Factor, Sc<A>, S>;
    fn cholesky_rule(&self) -> Result<Self::Factor> {
        self.finite()?;
        let good = Re::<A>::zero().lt(self.c.re()) & self.c.finite();
        check::<Sc<A>>(good, |lane| Error::NotPositiveDefinite { index: 0, pivot: self.c.re().lane_f64(lane) })?;
        let c = Sc::<A>::select(good, self.c, Sc::<A>::one());
        Ok(Scaled::signed(c.sqrt(), self.a.cholesky_rule()?))
    }
}
// P (c A) = L (c U)
impl<A: HasLu, S: Sign> LuRule for Scaled<A, Sc<A>, S> {
    type P = A::P;
    type L = A::L;
    type U = Scaled<A::U, Sc<A>, S>;
    fn lu_rule(&self) -> Result<LuFactors<A::P, A::L, Self::U>> {
        self.finite()?;
        let f = self.a.lu_rule()?;
        Ok(LuFactors { p: f.p, l: f.l, u: Scaled::signed(self.c, f.u) })
    }
}
// V diag(c w) V^-1
impl<K: Facts, A: HasEig, S: Sign> EigRule<K> for Scaled<A, Sc<A>, S> {
    type Vectors = A::Vectors;
    fn eig_rule(&self) -> Result<EigFactors<A::Vectors>> {
        self.finite()?;
        let (v, mut w) = self.a.eig_rule()?.into_parts();
        w.iter_mut().for_each(|w| *w *= self.c.to_complex());
        Ok(EigFactors::from_parts(v, w))
    }
    fn left_eig_rule(&self) -> Option<Result<EigFactors<Self::Vectors>>> {
        let c = self.c.to_complex().conj();
        Some(self.finite().and(self.a.left_eig_rule()?).map(|e| e.map(|w| w * c)))
    }
}
// c / |c| U diag(|c| s) V^H
impl<K: Facts, A: HasSvd, S: Sign> SvdRule<K> for Scaled<A, Sc<A>, S> {
    type Left = Unitarily<A::Left>;
    type Right = A::Right;
    fn svd_rule(&self) -> Result<SvdFactors<Self::Left, Self::Right>> {
        self.finite()?;
        let (sign, size) = crate::functions::eig::polar(self.c);
        let mut a = self.a.svd_rule()?;
        a.s.iter_mut().for_each(|s| *s *= size);
        Ok(SvdFactors { u: Isometric(Scaled::signed(sign, a.u)), s: crate::functions::svd::renamed(&a.s), v: a.v })
    }
}
/// Orthonormal columns times a number of modulus 1.
pub type Unitarily<U> = Isometric<Scaled<U, Sc<U>, crate::ops::RealNonNegative<Sc<U>>>>;
// (c A)^+ = c^+ A^+, 0^+ = 0
impl<K: Facts, A: HasPinv, S: Sign> PinvRule<K> for Scaled<A, Sc<A>, S> {
    type Output = Scaled<Pinv<A>, Sc<A>, S>;
    fn pinv_rule(&self) -> Result<Self::Output> {
        Ok(Scaled::signed(self.reciprocal()?, self.a.pinv_rule()?))
    }
    fn lstsq_alone(&self, adjoint: bool, b: View<'_, Sc<A>>, mut x: ViewMut<'_, Sc<A>>) -> Option<Result<()>> {
        let solved = self.a.lstsq_alone(adjoint, b, x.reborrow())?;
        Some(solved.and_then(|()| self.reciprocal()).map(|c| {
            let c = if adjoint { c.conj() } else { c };
            for j in 0..x.cols {
                (0..x.rows).for_each(|i| *x.at(i, j) *= c);
            }
        }))
    }
}
impl<A: Operator, S> Scaled<A, Sc<A>, S> {
    /// c^+.
    fn reciprocal(&self) -> Result<Sc<A>> {
        Ok(PinvRule::<crate::NoFacts>::pinv_rule(&Diagonal([self.c]))?.into_inner().0[0])
    }
}
impl<A: Explain, S: Sign> Explain for Scaled<A, Sc<A>, S> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        let one = || [part(&self.a, question)];
        match question {
            Question::Apply => Plan::by_parts("times c", one()),
            Question::Solve => Plan::by_parts("1/c times", one()),
            Question::Slogdet => Plan::by_parts("c^n times", one()),
            Question::Trace | Question::Diagonal | Question::Lu => Plan::by_parts("c times", one()),
            Question::Power => Plan::by_parts("c^p times", one()),
            Question::Eig => Plan::by_parts("c w", one()),
            Question::Svd => Plan::by_parts("|c| s", one()),
            Question::Pinv => Plan::least_squares("1/c times", part(&self.a, question)),
            Question::Exp if K::SelfAdjoint::KNOWN => self.plan::<K>(Question::Eigh).spectral(),
            Question::Log if K::SelfAdjoint::KNOWN => self.plan::<K>(Question::Eigh).spectral(),
            Question::Eigh if K::SelfAdjoint::KNOWN => Plan::by_parts("c w", one()),
            Question::Cholesky if K::Psd::KNOWN => Plan::by_parts("sqrt(c) times", one()),
            Question::Exp | Question::Log | Question::Eigh | Question::Cholesky => base::<K, Self>(self, question),
        }
    }
    fn tree<K: Facts>(&self) -> Tree {
        Tree::node::<K, Self>(self, vec![self.a.tree::<Fa<A>>()]).called(S::NAME)
    }
}

// d(c u^T A v) / dc = u^T A v; the part of A is scaled by c
impl<A: crate::gradient::Differentiable, S: Sign> crate::gradient::Differentiable for Scaled<A, Sc<A>, S> {
    fn parameters(&self) -> usize {
        1 + self.a.parameters()
    }
    fn accumulate_bilinear(&self, u: View<'_, Sc<A>>, v: View<'_, Sc<A>>, scale: Sc<A>, g: &mut [Sc<A>]) {
        let av = crate::gradient::product(&self.a, false, v);
        g[0] += scale * av.iter().enumerate().fold(Sc::<A>::zero(), |s, (i, x)| s + u.at(i, 0) * *x);
        self.a.accumulate_bilinear(u, v, scale * self.c, &mut g[1..]);
    }
}
// d log|det c A| / dc = n / c
impl<K: Facts, A, S: Sign> crate::gradient::LogdetGradient<K> for Scaled<A, Sc<A>, S>
where
    A: crate::gradient::LogdetGradient<Fa<A>>,
{
    fn accumulate_logdet(&self, inverse: &Self::Output, scale: Sc<A>, g: &mut [Sc<A>]) {
        g[0] += scale * inverse.c.scale(Re::<A>::real(self.nrows() as f64));
        self.a.accumulate_logdet(&inverse.a, scale, &mut g[1..]);
    }
}
// v^T A v of each eigenvector for c, c times the weights for A
impl<K: Facts, A, S: Sign> crate::gradient::SpectrumGradient<K> for Scaled<A, Sc<A>, S>
where
    A: crate::gradient::SpectrumGradient<Fa<A>>,
{
    fn accumulate_spectrum(&self, vectors: &Self::Vectors, weights: &[Sc<A>], scale: Sc<A>, g: &mut [Sc<A>]) {
        let values = crate::gradient::rayleigh(&self.a, vectors);
        g[0] += scale * values.iter().zip(weights).fold(Sc::<A>::zero(), |s, (v, w)| s + *v * *w);
        self.a.accumulate_spectrum(vectors, weights, scale * self.c, &mut g[1..]);
    }
}
