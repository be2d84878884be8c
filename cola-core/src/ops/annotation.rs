//! psd(A), self_adjoint(A), unitary(A), isometric(A): promises. They add facts and change nothing else.

use crate::data::Column;
use crate::error::{Error, Result, check};
use crate::facts::{Fact, Facts, SelfAdjointFacts, WithIsometric, WithPsd, WithSelfAdjoint, WithUnitary};
use crate::functions::base::materialize;
use crate::functions::dense::{ByLdl, FactorMethod};
use crate::functions::{
    CholeskyRule, Det, DetRule, DiagonalRule, EigFactors, EigRule, EighRule, ExpRule, InverseRule, LogRule, LuFactors,
    LuRule, NormalParts, PinvRule, Power, PowerRule, SpectrumRule, SvdRule,
};
use crate::operator::short::{Co, Fa, Re, Ro, Sc};
use crate::operator::{LinearOperator, Operator, Update};
use crate::ops::{Adjoint, AsPermutation, Banded, Bands, DiagonalEntries, Identity, Multiple, Spectral, SvdFactors};
use crate::parameters::tree_node;
use crate::plan::{Explain, Plan, Question, Tree, part, part_with};
use crate::scalar::{Real, Scalar};
use crate::view::{View, ViewMut};
use core::marker::PhantomData;
use num_traits::Zero;

/// Type, facts, action of a wrapper that acts as its part does.
macro_rules! acts_as {
    ([$($p:tt)*] $S:ty, $A:ident, $F:ty, |$s:ident| $inner:expr) => {
        impl<$($p)*> Operator for $S {
            type Scalar = $A::Scalar;
            type Facts = $F;
            type Class = $A::Class;
            type Rows = Ro<$A>;
            type Cols = Co<$A>;
            const HOLDS_DENSE: bool = $A::HOLDS_DENSE;
            const ITERATIVE: bool = $A::ITERATIVE;
            const IS_ZERO: bool = $A::IS_ZERO;
            #[inline(always)]
            fn nrows(&self) -> usize {
                let $s = self;
                $inner.nrows()
            }
            #[inline(always)]
            fn ncols(&self) -> usize {
                let $s = self;
                $inner.ncols()
            }
            #[inline]
            fn pivots(&self) -> Option<&dyn crate::operator::Pivots<Sc<$A>>> {
                let $s = self;
                $inner.pivots().map(|_| self as _)
            }
        }
        // its part's; of K + 0 I the promise is one of K
        impl<$($p)*> crate::operator::Pivots<Sc<$A>> for $S {
            fn shift(&self) -> Sc<$A> {
                let $s = self;
                $inner.pivots().map_or(Sc::<$A>::zero(), |p| p.shift())
            }
            fn is_psd(&self) -> bool {
                let $s = self;
                let promised = <$F as Facts>::Psd::KNOWN;
                $inner.pivots().is_some_and(|p| p.is_psd() || promised && p.shift().abs().lane_f64(0) == 0.0)
            }
            fn add_diagonal(&self, scale: Sc<$A>, d: &mut [Sc<$A>]) {
                let $s = self;
                $inner.pivots().into_iter().for_each(|p| p.add_diagonal(scale, d))
            }
            fn add_column(&self, j: usize, scale: Sc<$A>, y: &mut [Sc<$A>]) {
                let $s = self;
                $inner.pivots().into_iter().for_each(|p| p.add_column(j, scale, y))
            }
        }
        impl<$($p)*> LinearOperator for $S where $A: LinearOperator {
            #[cfg_attr(not(debug_assertions), inline(always))]
            fn act(&self, how: Update<Sc<$A>>, x: View<'_, Sc<$A>>, y: ViewMut<'_, Sc<$A>>, s: &mut [Sc<$A>]) {
                let $s = self;
                $inner.act(how, x, y, s)
            }
            #[cfg_attr(not(debug_assertions), inline(always))]
            fn scratch_len(&self, columns: usize) -> usize {
                let $s = self;
                $inner.scratch_len(columns)
            }
            fn act_in_place(&self, adjoint: bool, y: ViewMut<'_, Sc<$A>>, s: &mut [Sc<$A>]) {
                let $s = self;
                $inner.act_in_place(adjoint, y, s)
            }
            fn in_place_scratch_len(&self, columns: usize) -> usize {
                let $s = self;
                $inner.in_place_scratch_len(columns)
            }
            #[inline(always)]
            fn by_rows(&self) -> Option<&dyn crate::operator::ByRows<Sc<$A>>> {
                let $s = self;
                $inner.by_rows()
            }
            const ARRANGES: bool = <$A as LinearOperator>::ARRANGES;
            #[inline(always)]
            fn arranged(&self) -> Option<Box<dyn crate::operator::DynOperator<Sc<$A>> + '_>> {
                let $s = self;
                $inner.arranged()
            }
            #[inline(always)]
            fn entries(&self) -> Option<View<'_, Sc<$A>>> {
                let $s = self;
                $inner.entries()
            }
            #[inline(always)]
            fn only_diagonal(&self) -> Option<View<'_, Sc<$A>>> {
                let $s = self;
                $inner.only_diagonal()
            }
            #[cfg_attr(not(debug_assertions), inline(always))]
            fn write(&self, alpha: Sc<$A>, add: bool, y: ViewMut<'_, Sc<$A>>) {
                let $s = self;
                $inner.write(alpha, add, y)
            }
        }
    };
}
/// The rules of a wrapper: those of its part, which is told the facts `$With`.
macro_rules! rules_as {
    ([$($p:tt)*] $S:ty, $A:ident, $With:ty, |$s:ident| $inner:expr) => {
        impl<K: Facts, $($p)*> DetRule<K> for $S where $A: DetRule<$With> {
            #[cfg_attr(not(debug_assertions), inline(always))]
            fn slogdet_rule(&self) -> Result<(Sc<$A>, Re<$A>)> {
                let $s = self;
                $inner.slogdet_rule()
            }
            #[cfg_attr(not(debug_assertions), inline(always))]
            fn det_rule(&self) -> Result<Det<Sc<$A>>> {
                let $s = self;
                $inner.det_rule()
            }
        }
        impl<K: Facts, $($p)*> PowerRule<K> for $S where $A: PowerRule<$With> {
            type Output = <$A as PowerRule<$With>>::Output;
            #[cfg_attr(not(debug_assertions), inline(always))]
            fn power_rule(&self, p: Power) -> Result<Self::Output> {
                let $s = self;
                $inner.power_rule(p)
            }
        }
        impl<K: Facts, $($p)*> ExpRule<K> for $S where $A: ExpRule<$With> {
            type Output = <$A as ExpRule<$With>>::Output;
            #[cfg_attr(not(debug_assertions), inline(always))]
            fn exp_rule(&self) -> Result<Self::Output> {
                let $s = self;
                $inner.exp_rule()
            }
        }
        impl<K: Facts, $($p)*> LogRule<K> for $S where $A: LogRule<$With> {
            type Output = <$A as LogRule<$With>>::Output;
            #[cfg_attr(not(debug_assertions), inline(always))]
            fn log_rule(&self) -> Result<Self::Output> {
                let $s = self;
                $inner.log_rule()
            }
        }
        impl<K: Facts, $($p)*> EighRule<K> for $S where $A: EighRule<$With> {
            type Basis = <$A as EighRule<$With>>::Basis;
            #[cfg_attr(not(debug_assertions), inline(always))]
            fn eigh_rule(&self) -> Result<Spectral<Self::Basis, SelfAdjointFacts>> {
                let $s = self;
                $inner.eigh_rule()
            }
        }
        impl<K: Facts, $($p)*> SpectrumRule<K> for $S where $A: SpectrumRule<$With> {
            type Vectors = <$A as SpectrumRule<$With>>::Vectors;
            const STRUCTURED: bool = <$A as SpectrumRule<$With>>::STRUCTURED;
            #[inline]
            fn has_spectrum(&self) -> bool {
                let $s = self;
                $inner.has_spectrum()
            }
            #[inline]
            fn spectrum_rule(&self) -> Result<Spectral<Self::Vectors, SelfAdjointFacts>> {
                let $s = self;
                $inner.spectrum_rule()
            }
            #[inline]
            fn is_normal(&self) -> bool {
                let $s = self;
                $inner.is_normal()
            }
            #[inline]
            fn normal_rule(&self) -> Result<NormalParts<Self::Vectors>> {
                let $s = self;
                $inner.normal_rule()
            }
            fn has_shifted_factor(&self) -> bool {
                let $s = self;
                $inner.has_shifted_factor()
            }
            fn shifted_factor(
                &self,
                c: <$A as Operator>::Scalar,
            ) -> Result<Option<std::sync::Arc<dyn crate::algorithms::sylvester::KronSumFactor<<$A as Operator>::Scalar>>>> {
                let $s = self;
                $inner.shifted_factor(c)
            }
        }
        impl<$($p)*> DiagonalEntries for $S where $A: DiagonalEntries {
            type Vector = $A::Vector;
            #[inline(always)]
            fn diagonal_entry(&self, i: usize) -> Sc<$A> {
                let $s = self;
                $inner.diagonal_entry(i)
            }
        }
        impl<$($p)*> crate::ops::AsDense for $S where $A: crate::ops::AsDense {
            #[inline(always)]
            fn dense_view(&self) -> View<'_, Sc<$A>> {
                let $s = self;
                $inner.dense_view()
            }
        }
        impl<$($p)*> Bands for $S where $A: Bands {
            fn band_width(&self) -> (usize, usize) {
                let $s = self;
                $inner.band_width()
            }
            fn add_bands_to(&self, c: Sc<$A>, to: &mut Banded<Sc<$A>, Ro<$A>>) {
                let $s = self;
                $inner.add_bands_to(c, to)
            }
        }
        impl<$($p)*> AsPermutation for $S where $A: AsPermutation {
            fn permutation_order(&self) -> &[usize] {
                let $s = self;
                $inner.permutation_order()
            }
        }
        impl<$($p)*> crate::ops::AsTriangle for $S where $A: crate::ops::AsTriangle {
            type Side = $A::Side;
            fn to_triangle(&self) -> crate::ops::Triangular<crate::ops::TrianglePanel<Self>, $A::Side> {
                let $s = self;
                $inner.to_triangle()
            }
        }
        impl<$($p)*> crate::ops::Folding for $S where $A: crate::ops::Folding {
            type Whole = <$A as crate::ops::Folding>::Whole;
            fn folded(&self, scale: Sc<$A>, shift: Sc<$A>) -> Self::Whole {
                let $s = self;
                $inner.folded(scale, shift)
            }
        }
        #[cfg(feature = "fft")]
        impl<$($p)*> crate::ops::AsToeplitz for $S where $A: crate::ops::AsToeplitz {
            fn toeplitz_entry(&self, k: isize) -> Sc<$A> {
                let $s = self;
                $inner.toeplitz_entry(k)
            }
        }
        #[cfg(feature = "fft")]
        impl<$($p)*> crate::ops::AsCirculant for $S where $A: crate::ops::AsCirculant {
            fn to_circulant(&self) -> crate::ops::Circulant<Sc<$A>, Ro<$A>> {
                let $s = self;
                $inner.to_circulant()
            }
        }
        impl<$($p)*> Multiple for $S where $A: Multiple {
            #[inline(always)]
            fn identity_factor(&self) -> Sc<$A> {
                let $s = self;
                $inner.identity_factor()
            }
        }
        impl<K: Facts, $($p)*> CholeskyRule<K> for $S where $A: CholeskyRule<$With> {
            type Factor = <$A as CholeskyRule<$With>>::Factor;
            #[cfg_attr(not(debug_assertions), inline(always))]
            fn cholesky_rule(&self) -> Result<Self::Factor> {
                let $s = self;
                $inner.cholesky_rule()
            }
        }
        impl<K: Facts, $($p)*> EigRule<K> for $S where $A: EigRule<$With> {
            type Vectors = <$A as EigRule<$With>>::Vectors;
            fn eig_rule(&self) -> Result<EigFactors<Self::Vectors>> {
                let $s = self;
                $inner.eig_rule()
            }
            fn left_eig_rule(&self) -> Option<Result<EigFactors<Self::Vectors>>> {
                let $s = self;
                $inner.left_eig_rule()
            }
        }
        impl<$($p)*> LuRule for $S where $A: LuRule {
            type P = $A::P;
            type L = $A::L;
            type U = $A::U;
            fn lu_rule(&self) -> Result<LuFactors<Self::P, Self::L, Self::U>> {
                let $s = self;
                $inner.lu_rule()
            }
        }
        impl<$($p)*> DiagonalRule for $S where $A: DiagonalRule {
            const READS: bool = $A::READS;
            #[cfg_attr(not(debug_assertions), inline(always))]
            fn diagonal_rule(&self, k: isize, d: &mut [Sc<$A>]) -> Result<()> {
                let $s = self;
                $inner.diagonal_rule(k, d)
            }
            #[cfg_attr(not(debug_assertions), inline(always))]
            fn trace_rule(&self) -> Result<Sc<$A>> {
                let $s = self;
                $inner.trace_rule()
            }
        }
    };
}
macro_rules! inverse_as {
    ([$($p:tt)*] $S:ty, $A:ident, $With:ty, |$s:ident| $inner:expr) => {
        impl<K: Facts, $($p)*> InverseRule<K> for $S where $A: InverseRule<$With> {
            type Output = <$A as InverseRule<$With>>::Output;
            #[cfg_attr(not(debug_assertions), inline(always))]
            fn inverse_rule(&self) -> Result<Self::Output> {
                let $s = self;
                $inner.inverse_rule()
            }
            #[cfg_attr(not(debug_assertions), inline(always))]
            fn solve_rule(&self, b: View<'_, Sc<$A>>, x: ViewMut<'_, Sc<$A>>) -> Result<()>
            where Self::Output: LinearOperator<Scalar = Sc<$A>> {
                let $s = self;
                $inner.solve_rule(b, x)
            }
        }
    };
}
/// Singular values and pseudo-inverse of a wrapper: those of its part.
macro_rules! singular_as {
    ([$($p:tt)*] $S:ty, $A:ident, $With:ty, |$s:ident| $inner:expr) => {
        impl<K: Facts, $($p)*> SvdRule<K> for $S where $A: SvdRule<$With> {
            type Left = <$A as SvdRule<$With>>::Left;
            type Right = <$A as SvdRule<$With>>::Right;
            fn svd_rule(&self) -> Result<SvdFactors<Self::Left, Self::Right>> {
                let $s = self;
                $inner.svd_rule()
            }
        }
        impl<K: Facts, $($p)*> PinvRule<K> for $S where $A: PinvRule<$With> {
            type Output = <$A as PinvRule<$With>>::Output;
            fn pinv_rule(&self) -> Result<Self::Output> {
                let $s = self;
                $inner.pinv_rule()
            }
            fn lstsq_rule(&self, b: View<'_, Sc<$A>>, x: ViewMut<'_, Sc<$A>>) -> Result<()>
            where Self::Output: LinearOperator<Scalar = Sc<$A>> {
                let $s = self;
                $inner.lstsq_rule(b, x)
            }
            fn lstsq_alone(&self, adjoint: bool, b: View<'_, Sc<$A>>, x: ViewMut<'_, Sc<$A>>) -> Option<Result<()>> {
                let $s = self;
                $inner.lstsq_alone(adjoint, b, x)
            }
        }
    };
}
rules_as!([A: Operator + ?Sized] &A, A, K, |s| (**s));
singular_as!([A: Operator + ?Sized] &A, A, K, |s| (**s));
inverse_as!([A: Operator + ?Sized] &A, A, K, |s| (**s));

macro_rules! annotation {
    ($(#[$doc:meta])* $S:ident, $With:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub struct $S<A>(pub A);
        impl<A: Operator> $S<A> {
            /// Makes the promise.
            #[inline(always)]
            pub fn new(a: impl crate::dsl::IntoOperator<Op = A>) -> Self {
                $S(a.into_operator())
            }
            /// The operator without the promise.
            pub fn into_inner(self) -> A {
                self.0
            }
        }
        acts_as!([A: Operator] $S<A>, A, $With<Fa<A>>, |s| s.0);
        rules_as!([A: Operator] $S<A>, A, $With<K>, |s| s.0);
        crate::interop::saved!([A: Operator] $S<A>, "Promise", [] { a: A = |k| k.0 } Ok($S(a)));
        tree_node!([A] $S<A> { "" => 0 });
    };
}
annotation!(
    /// A promise: positive semidefinite. `psd(A)` in `linop!`; [`psd_checked`] verifies it.
    Psd, WithPsd
);
annotation!(
    /// A promise: self-adjoint. `self_adjoint(A)` in `linop!`; [`self_adjoint_checked`] verifies it.
    SelfAdjoint, WithSelfAdjoint
);
annotation!(
    /// A promise: unitary. `unitary(A)` in `linop!`; [`unitary_checked`] verifies it.
    Unitary, WithUnitary
);
annotation!(
    /// A promise: orthonormal columns. `isometric(A)` in `linop!`.
    Isometric, WithIsometric
);
inverse_as!([A: Operator] Psd<A>, A, WithPsd<K>, |s| s.0);
inverse_as!([A: Operator] SelfAdjoint<A>, A, WithSelfAdjoint<K>, |s| s.0);
inverse_as!([A: Operator] Isometric<A>, A, WithIsometric<K>, |s| s.0);
singular_as!([A: Operator] Psd<A>, A, WithPsd<K>, |s| s.0);
singular_as!([A: Operator] SelfAdjoint<A>, A, WithSelfAdjoint<K>, |s| s.0);
singular_as!([A: Operator, F: Facts] WithFacts<A, F>, A, K, |s| s.a);
/// U = A I I^H and A^+ = A^H, for orthonormal columns.
macro_rules! orthonormal {
    ($S:ident) => {
        impl<K: Facts, A: Operator + Clone> SvdRule<K> for $S<A> {
            type Left = Self;
            type Right = Identity<Sc<A>, Co<A>>;
            fn svd_rule(&self) -> Result<SvdFactors<Self, Self::Right>> {
                let n = self.ncols();
                Ok(SvdFactors { u: self.clone(), s: Column::filled(n, Re::<A>::of(1.0)), v: Identity::of_size(n) })
            }
        }
        impl<K: Facts, A: Operator + Clone> PinvRule<K> for $S<A> {
            type Output = Adjoint<Self>;
            fn pinv_rule(&self) -> Result<Self::Output> {
                Ok(Adjoint(self.clone()))
            }
            fn lstsq_rule(&self, b: View<'_, Sc<A>>, x: ViewMut<'_, Sc<A>>) -> Result<()>
            where
                Self::Output: LinearOperator<Scalar = Sc<A>>,
            {
                crate::functions::inverse::apply_checked(&Adjoint(self.clone()), b, x)
            }
        }
    };
}
orthonormal!(Unitary);
orthonormal!(Isometric);
// U^-1 = U^H
impl<K: Facts, A: Operator + Clone> InverseRule<K> for Unitary<A> {
    type Output = Adjoint<Unitary<A>>;
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn inverse_rule(&self) -> Result<Self::Output> {
        crate::functions::base::square("inverse", self)?;
        Ok(Adjoint(self.clone()))
    }
}

/// Facts that a rule has found: not a promise of the user's.
#[derive(Debug)]
pub struct WithFacts<A, F> {
    pub(crate) a: A,
    pub(crate) facts: PhantomData<fn() -> F>,
}
impl<A: Copy, F> Copy for WithFacts<A, F> {}
impl<A: Clone, F> Clone for WithFacts<A, F> {
    fn clone(&self) -> Self {
        WithFacts { a: self.a.clone(), facts: PhantomData }
    }
}
impl<A, F> WithFacts<A, F> {
    pub(crate) fn new(a: A) -> Self {
        WithFacts { a, facts: PhantomData }
    }
    /// For operators of other crates that make facts: whoever calls it answers for them.
    #[doc(hidden)]
    pub fn promised(a: A) -> Self {
        Self::new(a)
    }
    /// The operator alone.
    pub fn into_inner(self) -> A {
        self.a
    }
    /// The operator alone, borrowed.
    pub fn inner(&self) -> &A {
        &self.a
    }
}
acts_as!([A: Operator, F: Facts] WithFacts<A, F>, A, F, |s| s.a);
rules_as!([A: Operator, F: Facts] WithFacts<A, F>, A, K, |s| s.a);
inverse_as!([A: Operator, F: Facts] WithFacts<A, F>, A, K, |s| s.a);
crate::interop::saved!([A: Operator, F: Facts] WithFacts<A, F>, "WithFacts", [] { a: A = |k| k.a } Ok(WithFacts { a, facts: PhantomData }));
tree_node!([A; F: Facts] WithFacts<A, F> { "" => a; facts });

/// `psd(A)` after one check: symmetric to rounding, and a Cholesky factorisation of A + n eps |A| I exists.
///
/// # Errors
/// `NotSelfAdjoint`, `NotPositiveDefinite`, `NonFinite`, `ShapeMismatch`.
pub fn psd_checked<A: LinearOperator>(a: impl crate::dsl::IntoOperator<Op = A>) -> Result<Psd<A>> {
    let a = self_adjoint_checked(a)?.0;
    let mut m = materialize("psd_checked", &a)?;
    let n = m.n;
    // a semidefinite matrix passes: it is shifted by what rounding can do to its smallest eigenvalue (the zero matrix by 1)
    let largest = m.as_slice().iter().fold(Re::<A>::zero(), |s, x| s.max(x.abs()));
    let shift = largest * Re::<A>::epsilon() * Re::<A>::real(10.0 * n as f64);
    let shift = Sc::<A>::from_re(Re::<A>::select(Re::<A>::zero().lt(shift), shift, Re::<A>::of(1.0)));
    (0..n).for_each(|i| m.set(i, i, m.at(i, i) + shift));
    ByLdl::factor(m)?;
    Ok(Psd(a))
}
/// `self_adjoint(A)` after one check: max |A - A^H| <= 100 eps max |A|.
///
/// # Errors
/// `NotSelfAdjoint`, `NonFinite`, `ShapeMismatch`.
pub fn self_adjoint_checked<A: LinearOperator>(a: impl crate::dsl::IntoOperator<Op = A>) -> Result<SelfAdjoint<A>> {
    let a = a.into_operator();
    let m = materialize("self_adjoint_checked", &a)?;
    crate::functions::dense::finite(m.as_slice(), "the matrix")?;
    let (mut largest, mut difference) = (Re::<A>::zero(), Re::<A>::zero());
    for j in 0..m.n {
        for i in 0..m.n {
            largest = largest.max(m.at(i, j).abs());
            difference = difference.max((m.at(i, j) - m.at(j, i).conj()).abs());
        }
    }
    let small = !(largest * Re::<A>::epsilon() * Re::<A>::real(100.0)).lt(difference);
    check::<Sc<A>>(small, |lane| Error::NotSelfAdjoint {
        asymmetry: difference.lane_f64(lane) / largest.lane_f64(lane),
    })?;
    Ok(SelfAdjoint(a))
}
/// `unitary(A)` after one check: max |A^H A - I| <= 100 n eps.
///
/// # Errors
/// `InvalidArgument`, `NonFinite`, `ShapeMismatch`.
pub fn unitary_checked<A: LinearOperator>(a: impl crate::dsl::IntoOperator<Op = A>) -> Result<Unitary<A>> {
    let a = a.into_operator();
    let m = materialize("unitary_checked", &a)?;
    crate::functions::dense::finite(m.as_slice(), "the matrix")?;
    let mut worst = Re::<A>::zero();
    for j in 0..m.n {
        for i in 0..m.n {
            let dot = (0..m.n).fold(Sc::<A>::zero(), |s, k| s + m.at(k, i).conj() * m.at(k, j));
            let want = if i == j { Sc::<A>::of(1.0) } else { Sc::<A>::zero() };
            worst = worst.max((dot - want).abs());
        }
    }
    let small = !(Re::<A>::epsilon() * Re::<A>::real(100.0 * m.n as f64)).lt(worst);
    check::<Sc<A>>(small, |lane| {
        Error::invalid(format!("not unitary: max |A^H A - I| is {:.3e}", worst.lane_f64(lane)))
    })?;
    Ok(Unitary(a))
}
/// Plans of a wrapper: those of its part, which is told the facts `$With`. In the tree the part alone is seen, with those facts.
macro_rules! explain_as {
    ([$($p:tt)*] $S:ty, $With:ty, |$s:ident| $inner:expr) => {
        impl<$($p)*> Explain for $S {
            fn plan<K: Facts>(&self, question: Question) -> Plan {
                let $s = self;
                part_with::<$With, _>(&$inner, question)
            }
            fn tree<K: Facts>(&self) -> Tree {
                let $s = self;
                $inner.tree::<$With>()
            }
        }
    };
}
explain_as!([A: Explain + ?Sized] &A, K, |s| **s);
explain_as!([A: Explain] Psd<A>, WithPsd<K>, |s| s.0);
explain_as!([A: Explain] SelfAdjoint<A>, WithSelfAdjoint<K>, |s| s.0);
explain_as!([A: Explain, F: Facts] WithFacts<A, F>, K, |s| s.a);
impl<A: Explain> Explain for Isometric<A> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        match question {
            Question::Svd => Plan::rule(self, "U = A, s = 1, V = I", "n"),
            Question::Pinv => Plan::by_parts("A^H, an application", [part(&self.0, Question::Apply)]),
            _ => part_with::<WithIsometric<K>, A>(&self.0, question),
        }
    }
    fn tree<K: Facts>(&self) -> Tree {
        self.0.tree::<WithIsometric<K>>()
    }
}
impl<A: Explain> Explain for Unitary<A> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        match question {
            Question::Svd => Plan::rule(self, "U = A, s = 1, V = I", "n"),
            Question::Solve | Question::Pinv => Plan::by_parts("U^H, an application", [part(&self.0, Question::Apply)]),
            _ => part_with::<WithUnitary<K>, A>(&self.0, question),
        }
    }
    fn tree<K: Facts>(&self) -> Tree {
        self.0.tree::<WithUnitary<K>>()
    }
}

/// The gradient of a wrapper: `$u`, `$v` and the scale as the part sees them, once or, for what is symmetric, twice.
macro_rules! gradient_as {
    ([$($p:tt)*] $S:ty, $A:ident, $symmetric:expr, |$s:ident| $inner:expr) => {
        impl<$($p)*> crate::gradient::Differentiable for $S where $A: crate::gradient::Differentiable {
            fn parameters(&self) -> usize {
                let $s = self;
                $inner.parameters()
            }
            fn accumulate_bilinear(&self, u: View<'_, Sc<$A>>, v: View<'_, Sc<$A>>, scale: Sc<$A>, g: &mut [Sc<$A>]) {
                let $s = self;
                if !$symmetric {
                    return $inner.accumulate_bilinear(u, v, scale, g);
                }
                // of a symmetric matrix only the symmetric part of the cotangent means anything
                let half = scale * Sc::<$A>::of(0.5);
                $inner.accumulate_bilinear(u, v, half, g);
                $inner.accumulate_bilinear(v, u, half, g);
            }
            fn accumulate_trace(&self, scale: Sc<$A>, g: &mut [Sc<$A>]) {
                let $s = self;
                $inner.accumulate_trace(scale, g)
            }
        }
    };
}
macro_rules! logdet_gradient_as {
    ([$($p:tt)*] $S:ty, $A:ident, $With:ty, |$s:ident| $inner:expr) => {
        impl<K: Facts, $($p)*> crate::gradient::LogdetGradient<K> for $S
        where $A: crate::gradient::LogdetGradient<$With> {
            fn accumulate_logdet(&self, inverse: &Self::Output, scale: Sc<$A>, g: &mut [Sc<$A>]) {
                let $s = self;
                $inner.accumulate_logdet(inverse, scale, g)
            }
        }
    };
}
gradient_as!([A: Operator] &A, A, false, |s| (**s));
gradient_as!([A: Operator] Psd<A>, A, true, |s| s.0);
gradient_as!([A: Operator] SelfAdjoint<A>, A, true, |s| s.0);
gradient_as!([A: Operator] Unitary<A>, A, false, |s| s.0);
gradient_as!([A: Operator] Isometric<A>, A, false, |s| s.0);
gradient_as!([A: Operator, F: Facts] WithFacts<A, F>, A, false, |s| s.a);
logdet_gradient_as!([A: Operator] &A, A, K, |s| (**s));
logdet_gradient_as!([A: Operator] Psd<A>, A, WithPsd<K>, |s| s.0);
logdet_gradient_as!([A: Operator] SelfAdjoint<A>, A, WithSelfAdjoint<K>, |s| s.0);
logdet_gradient_as!([A: Operator] Isometric<A>, A, WithIsometric<K>, |s| s.0);
logdet_gradient_as!([A: Operator, F: Facts] WithFacts<A, F>, A, K, |s| s.a);
impl<K: Facts, A: crate::gradient::Differentiable + Clone> crate::gradient::LogdetGradient<K> for Unitary<A> {
    // |det U| = 1
    fn accumulate_logdet(&self, _: &Self::Output, _: Sc<A>, _: &mut [Sc<A>]) {}
}
macro_rules! spectrum_gradient_as {
    ([$($p:tt)*] $S:ty, $A:ident, $With:ty, |$s:ident| $inner:expr) => {
        impl<K: Facts, $($p)*> crate::gradient::SpectrumGradient<K> for $S
        where $A: crate::gradient::SpectrumGradient<$With> {
            fn accumulate_spectrum(&self, v: &Self::Vectors, weights: &[Sc<$A>], scale: Sc<$A>, g: &mut [Sc<$A>]) {
                let $s = self;
                $inner.accumulate_spectrum(v, weights, scale, g)
            }
        }
    };
}
spectrum_gradient_as!([A: Operator] &A, A, K, |s| (**s));
spectrum_gradient_as!([A: Operator] Psd<A>, A, WithPsd<K>, |s| s.0);
spectrum_gradient_as!([A: Operator] SelfAdjoint<A>, A, WithSelfAdjoint<K>, |s| s.0);
spectrum_gradient_as!([A: Operator] Unitary<A>, A, WithUnitary<K>, |s| s.0);
spectrum_gradient_as!([A: Operator] Isometric<A>, A, WithIsometric<K>, |s| s.0);
spectrum_gradient_as!([A: Operator, F: Facts] WithFacts<A, F>, A, K, |s| s.a);
