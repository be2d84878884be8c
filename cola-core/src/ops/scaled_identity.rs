//! I and c I: everything closed.

use crate::data::Column;
use crate::error::{Error, Result, check};
use crate::facts::{Fact, Facts, IdentityFacts, SelfAdjointFacts, Sign};
use crate::functions::det::{slog_product, times};
use crate::functions::{
    CholeskyRule, DetRule, DiagonalRule, EigFactors, EigRule, EighRule, ExpRule, InverseRule, LogRule, LuFactors,
    LuRule, NormalParts, PinvRule, Power, PowerRule, SpectrumRule, SvdRule,
};
use crate::operator::short::Re;
use crate::operator::{LinearOperator, Update, operator};
use crate::ops::{Diagonal, Spectral, SvdFactors, Unitary};
use crate::parameters::{Frame, LeafFn, Parameters, Path};
use crate::plan::{Explain, Plan, Question, Tree, base};
use crate::scalar::{Real, Scalar};
use crate::space::{Const, Dyn, Space};
use crate::view::{View, ViewMut};
use core::marker::PhantomData;
use num_traits::{One, Zero};
use std::borrow::Cow;

/// The identity on the index set `S`.
pub struct Identity<T, S> {
    n: usize,
    marker: PhantomData<fn() -> (T, S)>,
}
/// c I; `G` says what is known of the sign of c.
pub struct ScaledIdentity<T, S, G> {
    /// The factor.
    pub c: T,
    n: usize,
    marker: PhantomData<fn() -> (S, G)>,
}
// By hand: `derive` would demand `S: Clone` of marker types.
impl<T, S> Copy for Identity<T, S> {}
impl<T, S> Clone for Identity<T, S> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T: Copy, S, G> Copy for ScaledIdentity<T, S, G> {}
impl<T: Copy, S, G> Clone for ScaledIdentity<T, S, G> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T, S> core::fmt::Debug for Identity<T, S> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Identity({})", self.n)
    }
}
impl<T: core::fmt::Debug, S, G> core::fmt::Debug for ScaledIdentity<T, S, G> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{:?} * Identity({})", self.c, self.n)
    }
}
impl<T: Scalar, S: Space> Identity<T, S> {
    /// The identity of size `n`; a static space has its own size.
    #[inline(always)]
    pub fn of_size(n: usize) -> Self {
        Identity { n: S::EXTENT.or(n), marker: PhantomData }
    }
}
impl<T: Scalar> Identity<T, Dyn> {
    /// The n x n identity.
    pub fn new(n: usize) -> Self {
        Self::of_size(n)
    }
}
impl<T: Scalar, const N: usize> Identity<T, Const<N>> {
    /// The identity of a static size.
    pub fn fixed() -> Self {
        Self::of_size(N)
    }
}
impl<T: Scalar, S: Space, G: Sign> ScaledIdentity<T, S, G> {
    /// c times the identity of size `n`; a static space has its own size.
    #[inline(always)]
    pub fn of_size(c: T, n: usize) -> Self {
        ScaledIdentity { c, n: S::EXTENT.or(n), marker: PhantomData }
    }
}
impl<T: Scalar> ScaledIdentity<T, Dyn, <T::IsReal as crate::functions::dense::FactChoice>::ScaleSign> {
    /// c times the n x n identity.
    pub fn new(c: T, n: usize) -> Self {
        Self::of_size(c, n)
    }
}
operator!([T: Scalar, S: Space] Identity<T, S> {
    scalar T; facts IdentityFacts; rows S; cols S; nrows |s| s.n; ncols s.n; class crate::classes::IsIdentity; pivots Some(s);
});
operator!([T: Scalar, S: Space, G: Sign] ScaledIdentity<T, S, G> {
    scalar T; facts G::Keep<IdentityFacts>; rows S; cols S; nrows |s| s.n; ncols s.n; class crate::classes::IsIdentity; pivots Some(s);
});
crate::interop::saved!([T: Scalar, S: Space] Identity<T, S>, "Identity", [] { n: usize = |k| k.n } Ok(Identity::of_size(n)));
impl<T: Scalar, S: Space> Parameters for Identity<T, S> {
    type Number = T;
    type With<X: Scalar> = Identity<X, S>;
    type Owned = Self;
    fn visit<'a>(&'a self, _: &mut Path, _: &mut dyn FnMut(&str, Cow<'a, [T]>)) {}
    fn traverse<X: Scalar>(&self, _: &mut Path, _: LeafFn<'_, T, X>) -> Identity<X, S> {
        Identity::of_size(self.n)
    }
    fn rebuild(&self, _: &mut Path, _: LeafFn<'_, T, T>) -> Self {
        *self
    }
    fn frame(&self, f: &mut dyn FnMut(Frame)) {
        f(Frame::Shape(self.n, self.n))
    }
}
crate::interop::saved!([T: Scalar, S: Space, G: Sign] ScaledIdentity<T, S, G>, "ScaledIdentity", [] { c: T = |k| k.c, n: usize = |k| k.n } {
    crate::facts::keep_sign::<T, G>(c).map(|c| ScaledIdentity::of_size(c, n))
});
impl<T: Scalar, S: Space, G: Sign> Parameters for ScaledIdentity<T, S, G> {
    type Number = T;
    type With<X: Scalar> = ScaledIdentity<X, S, G>;
    type Owned = Self;
    fn visit<'a>(&'a self, path: &mut Path, f: &mut dyn FnMut(&str, Cow<'a, [T]>)) {
        path.enter("c", |p| f(p.as_str(), Cow::Borrowed(core::slice::from_ref(&self.c))))
    }
    fn traverse<X: Scalar>(&self, path: &mut Path, f: LeafFn<'_, T, X>) -> ScaledIdentity<X, S, G> {
        let mut c = [X::zero()];
        path.enter("c", |p| f(p.as_str(), &[self.c], &mut c));
        ScaledIdentity::of_size(c[0], self.n)
    }
    fn rebuild(&self, path: &mut Path, f: LeafFn<'_, T, T>) -> Self {
        self.traverse(path, f)
    }
    fn frame(&self, f: &mut dyn FnMut(Frame)) {
        f(Frame::Shape(self.n, self.n))
    }
}
/// y = [y +] c x.
#[cfg_attr(not(debug_assertions), inline(always))]
fn scale<T: Scalar>(how: Update<T>, x: View<'_, T>, mut y: ViewMut<'_, T>) {
    for c in 0..x.cols {
        for i in 0..x.rows {
            how.write(y.at(i, c), x.at(i, c));
        }
    }
}
impl<T: Scalar, S: Space> LinearOperator for Identity<T, S> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn act(&self, how: Update<T>, x: View<'_, T>, y: ViewMut<'_, T>, _: &mut [T]) {
        scale(how, x, y)
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn scratch_len(&self, _: usize) -> usize {
        0
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn write(&self, alpha: T, add: bool, y: ViewMut<'_, T>) {
        crate::ops::write_diagonal(
            Update::entries(alpha, add),
            y,
            #[inline(always)]
            |_| T::one(),
        )
    }
}
impl<T: Scalar, S: Space, G: Sign> LinearOperator for ScaledIdentity<T, S, G> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn act(&self, how: Update<T>, x: View<'_, T>, y: ViewMut<'_, T>, _: &mut [T]) {
        scale(how.times(self.c), x, y)
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn scratch_len(&self, _: usize) -> usize {
        0
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn write(&self, alpha: T, add: bool, y: ViewMut<'_, T>) {
        crate::ops::write_diagonal(
            Update::entries(alpha * self.c, add),
            y,
            #[inline(always)]
            |_| T::one(),
        )
    }
}
impl<T: Scalar, S: Space, G: Sign> ScaledIdentity<T, S, G> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn map(&self, f: impl FnOnce(&Diagonal<[T; 1]>) -> Result<[T; 1]>) -> Result<Self> {
        Ok(Self::of_size(f(&self.entry())?[0], self.n))
    }
    /// c; an empty identity has no entry that could be singular.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn entry(&self) -> Diagonal<[T; 1]> {
        Diagonal([if self.n == 0 { T::one() } else { self.c }])
    }
}
// I^-1 = I^p = I, det I = 1, exp I = e I, log I = 0
impl<K: Facts, T: Scalar, S: Space> InverseRule<K> for Identity<T, S> {
    type Output = Self;
    fn inverse_rule(&self) -> Result<Self> {
        Ok(*self)
    }
}
impl<K: Facts, T: Scalar, S: Space> DetRule<K> for Identity<T, S> {
    fn slogdet_rule(&self) -> Result<(T, T::Re)> {
        Ok((T::one(), T::Re::zero()))
    }
}
impl<K: Facts, T: Scalar, S: Space> PowerRule<K> for Identity<T, S> {
    type Output = Self;
    fn power_rule(&self, p: Power) -> Result<Self> {
        p.checked().map(|_| *self)
    }
}
impl<K: Facts, T: Scalar, S: Space> ExpRule<K> for Identity<T, S> {
    type Output = ScaledIdentity<T, S, crate::facts::NonNegative>;
    fn exp_rule(&self) -> Result<Self::Output> {
        Ok(ScaledIdentity::of_size(T::of(core::f64::consts::E), self.n))
    }
}
impl<K: Facts, T: Scalar, S: Space> LogRule<K> for Identity<T, S> {
    type Output = ScaledIdentity<T, S, crate::facts::NonNegative>;
    fn log_rule(&self) -> Result<Self::Output> {
        Ok(ScaledIdentity::of_size(T::zero(), self.n))
    }
}
impl<K: Facts, T: Scalar, S: Space> EighRule<K> for Identity<T, S> {
    type Basis = Self;
    fn eigh_rule(&self) -> Result<Spectral<Self, SelfAdjointFacts>> {
        Ok(Spectral::from_parts(*self, Column::filled(self.n, T::Re::one())))
    }
}
impl<K: Facts, T: Scalar, S: Space> CholeskyRule<K> for Identity<T, S> {
    type Factor = Self;
    fn cholesky_rule(&self) -> Result<Self> {
        Ok(*self)
    }
}
impl<T: Scalar, S: Space> LuRule for Identity<T, S> {
    type P = Self;
    type L = Self;
    type U = Self;
    fn lu_rule(&self) -> Result<LuFactors<Self, Self, Self>> {
        Ok(LuFactors { p: *self, l: *self, u: *self })
    }
}
impl<T: Scalar, S: Space> DiagonalRule for Identity<T, S> {
    const READS: bool = true;
    fn diagonal_rule(&self, k: isize, d: &mut [T]) -> Result<()> {
        d.fill(if k == 0 { T::one() } else { T::zero() });
        Ok(())
    }
}
// (c I)^-1 = c^-1 I: through the rules of the 1 x 1 diagonal, so that errors and lanes are treated once
impl<K: Facts, T: Scalar, S: Space, G: Sign> InverseRule<K> for ScaledIdentity<T, S, G> {
    type Output = Self;
    fn inverse_rule(&self) -> Result<Self> {
        self.map(|c| Ok(InverseRule::<K>::inverse_rule(c)?.0))
    }
}
// det(c I) = c^n
impl<K: Facts, T: Scalar, S: Space, G: Sign> DetRule<K> for ScaledIdentity<T, S, G> {
    fn slogdet_rule(&self) -> Result<(T, T::Re)> {
        check::<T>(self.c.finite(), |_| Error::non_finite("the factor of the identity"))?;
        let (sign, log) = slog_product(core::iter::once(self.c));
        Ok((crate::functions::det::power(sign, self.n), times(self.n, log)))
    }
}
impl<K: Facts, T: Scalar, S: Space, G: Sign> PowerRule<K> for ScaledIdentity<T, S, G> {
    type Output = Self;
    fn power_rule(&self, p: Power) -> Result<Self> {
        self.map(|c| Ok(PowerRule::<K>::power_rule(c, p)?.into_inner().0))
    }
}
impl<K: Facts, T: Scalar, S: Space, G: Sign> ExpRule<K> for ScaledIdentity<T, S, G> {
    type Output = ScaledIdentity<T, S, RealNonNegative<T>>;
    fn exp_rule(&self) -> Result<Self::Output> {
        let e = ExpRule::<K>::exp_rule(&self.entry())?.into_inner().0;
        Ok(ScaledIdentity::of_size(e[0], self.n))
    }
}
/// `AnySign` for real numbers: what is known of a computed factor.
pub type RealNonNegative<T> = <<T as Scalar>::IsReal as crate::functions::dense::FactChoice>::ScaleSign;
impl<K: Facts, T: Scalar, S: Space, G: Sign> LogRule<K> for ScaledIdentity<T, S, G> {
    type Output = ScaledIdentity<T, S, RealNonNegative<T>>;
    fn log_rule(&self) -> Result<Self::Output> {
        let l = LogRule::<K>::log_rule(&self.entry())?.0;
        Ok(ScaledIdentity::of_size(l[0], self.n))
    }
}
impl<K: Facts<SelfAdjoint: crate::facts::SelfAdjointOf<Self>>, T: Scalar, S: Space, G: Sign> EighRule<K>
    for ScaledIdentity<T, S, G>
{
    type Basis = Identity<T, S>;
    fn eigh_rule(&self) -> Result<Spectral<Identity<T, S>, SelfAdjointFacts>> {
        check::<T>(self.c.finite(), |_| Error::non_finite("the factor of the identity"))?;
        Ok(Spectral::from_parts(Identity::of_size(self.n), Column::filled(self.n, self.c.re())))
    }
}
impl<K: Facts, T: Scalar, S: Space> SpectrumRule<K> for Identity<T, S> {
    type Vectors = Self;
    const STRUCTURED: bool = true;
    fn has_spectrum(&self) -> bool {
        true
    }
    fn spectrum_rule(&self) -> Result<Spectral<Self, SelfAdjointFacts>> {
        <Self as EighRule<K>>::eigh_rule(self)
    }
}
impl<K: Facts, T: Scalar, S: Space, G: Sign> SpectrumRule<K> for ScaledIdentity<T, S, G> {
    type Vectors = Identity<T, S>;
    const STRUCTURED: bool = true;
    fn has_spectrum(&self) -> bool {
        K::SelfAdjoint::KNOWN || <<Self as crate::operator::Operator>::Facts as Facts>::SelfAdjoint::KNOWN
    }
    fn spectrum_rule(&self) -> Result<Spectral<Identity<T, S>, SelfAdjointFacts>> {
        <Self as EighRule<SelfAdjointFacts>>::eigh_rule(self)
    }
    // of complex c, too
    fn is_normal(&self) -> bool {
        true
    }
    fn normal_rule(&self) -> Result<NormalParts<Self::Vectors>> {
        Ok((Identity::of_size(self.n), Column::filled(self.n, self.c)))
    }
}
/// 0 + c I.
macro_rules! shift_alone {
    ([$($p:tt)*] $S:ty) => {
        impl<$($p)*> crate::operator::Pivots<T> for $S {
            fn shift(&self) -> T {
                self.identity_factor()
            }
            fn is_psd(&self) -> bool {
                true
            }
            fn add_diagonal(&self, _: T, _: &mut [T]) {}
            fn add_column(&self, _: usize, _: T, _: &mut [T]) {}
        }
    };
}
shift_alone!([T: Scalar, S: Space] Identity<T, S>);
shift_alone!([T: Scalar, S: Space, G: Sign] ScaledIdentity<T, S, G>);
/// c I, of whatever is promised of it too.
pub trait Multiple: crate::operator::Operator {
    /// c.
    fn identity_factor(&self) -> Self::Scalar;
}
impl<T: Scalar, S: Space> Multiple for Identity<T, S> {
    #[inline(always)]
    fn identity_factor(&self) -> T {
        T::one()
    }
}
impl<A: Multiple, G: Sign> Multiple for crate::ops::Scaled<A, A::Scalar, G> {
    #[inline(always)]
    fn identity_factor(&self) -> A::Scalar {
        self.c * self.a.identity_factor()
    }
}
impl<T: Scalar, S: Space, G: Sign> Multiple for ScaledIdentity<T, S, G> {
    #[inline(always)]
    fn identity_factor(&self) -> T {
        self.c
    }
}
impl<K: Facts<Psd: crate::facts::PsdOf<Self>>, T: Scalar, S: Space, G: Sign> CholeskyRule<K>
    for ScaledIdentity<T, S, G>
{
    type Factor = Self;
    fn cholesky_rule(&self) -> Result<Self> {
        let Diagonal([c]) = self.entry();
        check::<T>(c.finite(), |_| Error::non_finite("the factor of the identity"))?;
        let good = Re::<Self>::zero().lt(c.re()) & c.finite();
        check::<T>(good, |lane| Error::NotPositiveDefinite { index: 0, pivot: c.re().lane_f64(lane) })?;
        Ok(Self::of_size(T::select(good, c, T::one()).sqrt(), self.n))
    }
}
impl<T: Scalar, S: Space, G: Sign> LuRule for ScaledIdentity<T, S, G> {
    type P = Identity<T, S>;
    type L = Identity<T, S>;
    type U = Self;
    fn lu_rule(&self) -> Result<LuFactors<Self::P, Self::L, Self>> {
        check::<T>(self.c.finite(), |_| Error::non_finite("the factor of the identity"))?;
        Ok(LuFactors { p: Identity::of_size(self.n), l: Identity::of_size(self.n), u: *self })
    }
}
impl<T: Scalar, S: Space, G: Sign> DiagonalRule for ScaledIdentity<T, S, G> {
    const READS: bool = true;
    fn diagonal_rule(&self, k: isize, d: &mut [T]) -> Result<()> {
        d.fill(if k == 0 { self.c } else { T::zero() });
        Ok(())
    }
    // n c
    fn trace_rule(&self) -> Result<T> {
        Ok(self.c.scale(T::Re::real(self.n as f64)))
    }
}
// V = U = I
impl<K: Facts, T: Scalar, S: Space> EigRule<K> for Identity<T, S> {
    type Vectors = Identity<T::Complex, S>;
    fn eig_rule(&self) -> Result<EigFactors<Self::Vectors>> {
        Ok(EigFactors::from_parts(Identity::of_size(self.n), Column::filled(self.n, T::Complex::one())))
    }
    fn left_eig_rule(&self) -> Option<Result<EigFactors<Self::Vectors>>> {
        Some(EigRule::<K>::eig_rule(self).map(EigFactors::conjugated))
    }
}
impl<K: Facts, T: Scalar, S: Space> SvdRule<K> for Identity<T, S> {
    type Left = Self;
    type Right = Self;
    fn svd_rule(&self) -> Result<SvdFactors<Self, Self>> {
        Ok(SvdFactors { u: *self, s: Column::filled(self.n, T::Re::one()), v: *self })
    }
}
crate::inverse_pinv!([T: Scalar, S: Space] Identity<T, S>);
// w = c; s = |c| with the sign in U; c^+ = 1 / c, 0 for 0
impl<K: Facts, T: Scalar, S: Space, G: Sign> EigRule<K> for ScaledIdentity<T, S, G> {
    type Vectors = Identity<T::Complex, S>;
    fn eig_rule(&self) -> Result<EigFactors<Self::Vectors>> {
        check::<T>(self.c.finite(), |_| Error::non_finite("the factor of the identity"))?;
        Ok(EigFactors::from_parts(Identity::of_size(self.n), Column::filled(self.n, self.c.to_complex())))
    }
    fn left_eig_rule(&self) -> Option<Result<EigFactors<Self::Vectors>>> {
        Some(EigRule::<K>::eig_rule(self).map(EigFactors::conjugated))
    }
}
impl<K: Facts, T: Scalar, S: Space, G: Sign> SvdRule<K> for ScaledIdentity<T, S, G> {
    type Left = Unitary<ScaledIdentity<T, S, RealNonNegative<T>>>;
    type Right = Identity<T, S>;
    fn svd_rule(&self) -> Result<SvdFactors<Self::Left, Self::Right>> {
        check::<T>(self.c.finite(), |_| Error::non_finite("the factor of the identity"))?;
        let (sign, size) = crate::functions::eig::polar(self.c);
        let u = Unitary(ScaledIdentity::of_size(sign, self.n));
        Ok(SvdFactors { u, s: Column::filled(self.n, size), v: Identity::of_size(self.n) })
    }
}
impl<K: Facts, T: Scalar, S: Space, G: Sign> PinvRule<K> for ScaledIdentity<T, S, G> {
    type Output = Self;
    fn pinv_rule(&self) -> Result<Self> {
        self.map(|c| Ok(PinvRule::<K>::pinv_rule(c)?.into_inner().0))
    }
}
impl<T: Scalar, S: Space> Explain for Identity<T, S> {
    fn plan<K: Facts>(&self, _: Question) -> Plan {
        Plan::rule(self, "closed", "n")
    }
}
impl<T: Scalar, S: Space, G: Sign> Explain for ScaledIdentity<T, S, G> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        match question {
            Question::Eigh if !K::SelfAdjoint::KNOWN => base::<K, Self>(self, question),
            Question::Cholesky if !K::Psd::KNOWN => base::<K, Self>(self, question),
            _ => Plan::rule(self, "closed", "n"),
        }
    }
    fn tree<K: Facts>(&self) -> Tree {
        Tree::node::<K, Self>(self, Vec::new()).called(G::NAME)
    }
}

// no parameters
impl<T: Scalar, S: Space> crate::gradient::Differentiable for Identity<T, S> {
    fn parameters(&self) -> usize {
        0
    }
    fn accumulate_bilinear(&self, _: View<'_, T>, _: View<'_, T>, _: T, _: &mut [T]) {}
    fn accumulate_trace(&self, _: T, _: &mut [T]) {}
}
impl<K: Facts, T: Scalar, S: Space> crate::gradient::LogdetGradient<K> for Identity<T, S> {
    fn accumulate_logdet(&self, _: &Self, _: T, _: &mut [T]) {}
}
// d(c u^T v) / dc = u^T v
impl<T: Scalar, S: Space, G: Sign> crate::gradient::Differentiable for ScaledIdentity<T, S, G> {
    fn parameters(&self) -> usize {
        1
    }
    fn accumulate_bilinear(&self, u: View<'_, T>, v: View<'_, T>, scale: T, g: &mut [T]) {
        let dot = (0..u.rows).fold(T::zero(), |s, i| s + u.at(i, 0) * v.at(i, 0));
        g[0] += scale * dot;
    }
    fn accumulate_trace(&self, scale: T, g: &mut [T]) {
        g[0] += scale.scale(T::Re::real(self.n as f64));
    }
}
// d log|c^n| / dc = n / c
impl<K: Facts, T: Scalar, S: Space, G: Sign> crate::gradient::LogdetGradient<K> for ScaledIdentity<T, S, G> {
    fn accumulate_logdet(&self, inverse: &Self, scale: T, g: &mut [T]) {
        g[0] += scale * inverse.c.scale(T::Re::real(self.n as f64));
    }
}
impl<K: Facts, T: Scalar, S: Space> crate::gradient::SpectrumGradient<K> for Identity<T, S> {}
impl<K: Facts, T: Scalar, S: Space, G: Sign> crate::gradient::SpectrumGradient<K> for ScaledIdentity<T, S, G> {}
