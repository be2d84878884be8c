//! diag(d): everything elementwise.

use crate::data::{Column, Produce, VectorData};
use crate::error::{Error, Result, check, failure};
use crate::facts::{And, Fact, FactSet, Facts, SelfAdjointFacts, Unknown};
use crate::functions::det::{Det, slog_product};
use crate::functions::eig::polar;
use crate::functions::{
    CholeskyRule, Cx, DetRule, DiagonalRule, EigFactors, EigRule, EighRule, ExpRule, InverseRule, LogRule, LuFactors,
    LuRule, NormalParts, PinvRule, Power, PowerRule, SpectrumRule, SvdRule,
};
use crate::operator::short::{Re, Sc};
use crate::operator::{LinearOperator, Operator, Update, operator};
use crate::ops::{Identity, Spectral, SvdFactors, Unitary, WithFacts};
use crate::parameters::tree_node;
use crate::plan::{Explain, Plan, Question, base};
use crate::scalar::{Mask, Real, Scalar, mark};
use crate::view::{View, ViewMut};
use num_traits::{One, Zero};

/// diag(d): self-adjoint if real; `psd(diag(d))` if d >= 0.
///
/// ```
/// # use cola_core::prelude::*;
/// let d = Diagonal::new([3.0, 0.2, 1.0]);
/// assert_eq!(d.apply(&[1.0, 1.0, 2.0]), [3.0, 0.2, 2.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Diagonal<V>(pub V);
impl<V: VectorData> Diagonal<V> {
    /// The diagonal matrix of a vector.
    #[inline(always)]
    pub fn new(diagonal: V) -> Self {
        Diagonal(diagonal)
    }
}
operator!([V: VectorData] Diagonal<V> {
    scalar V::Scalar; facts FactSet<<V::Scalar as Scalar>::IsReal, Unknown, Unknown, Unknown>; rows V::Len; cols V::Len;
    nrows |s| s.0.view().rows; ncols s.0.view().rows; class crate::classes::IsDiagonal;
});
crate::interop::saved!([V: VectorData] Diagonal<V>, "Diagonal", [] { diag: V = |k| k.0 } Ok(Diagonal(diag)));
tree_node!([V] Diagonal<V> { "diag" => 0 });
impl<V: VectorData> LinearOperator for Diagonal<V> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn act(&self, how: Update<Sc<Self>>, x: View<'_, Sc<Self>>, mut y: ViewMut<'_, Sc<Self>>, _: &mut [Sc<Self>]) {
        let d = self.0.view();
        for c in 0..x.cols {
            for i in 0..d.rows {
                let a = if how.adjoint { d.at(i, 0).conj() } else { d.at(i, 0) };
                how.write(y.at(i, c), a * x.at(i, c));
            }
        }
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn scratch_len(&self, _: usize) -> usize {
        0
    }
    #[inline(always)]
    fn only_diagonal(&self) -> Option<View<'_, Sc<Self>>> {
        Some(self.0.view())
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn write(&self, alpha: Sc<Self>, add: bool, y: ViewMut<'_, Sc<Self>>) {
        let d = self.0.view();
        write_diagonal(
            Update::entries(alpha, add),
            y,
            #[inline(always)]
            |i| d.at(i, 0),
        )
    }
}
/// y = [y +] alpha diag(d).
#[cfg_attr(not(debug_assertions), inline(always))]
pub(crate) fn write_diagonal<T: Scalar>(how: Update<T>, mut y: ViewMut<'_, T>, d: impl Fn(usize) -> T) {
    if !how.add {
        for j in 0..y.cols {
            for i in 0..y.rows {
                *y.at(i, j) = T::zero();
            }
        }
    }
    for i in 0..y.rows {
        how.add().write(y.at(i, i), d(i));
    }
}
impl<V: VectorData> Diagonal<V> {
    /// The entries, if all are finite.
    fn finite(&self) -> Result<View<'_, V::Scalar>> {
        let d = self.0.view();
        for i in 0..d.rows {
            check::<V::Scalar>(d.at(i, 0).finite(), |_| Error::non_finite(format!("entry {i} of the diagonal")))?;
        }
        Ok(d)
    }
    /// f of each entry, all entries tested at once. `shows`: f is NaN or infinite where `good` does not hold, so that nothing else is asked;
    /// `carries`: f of NaN and infinity is NaN or infinite, so that they are not looked for themselves.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn each(
        &self,
        shows: bool,
        carries: bool,
        f: impl Fn(V::Scalar) -> V::Scalar,
        good: impl Fn(V::Scalar) -> <V::Scalar as Scalar>::Mask,
        error: impl Fn(usize, f64) -> Error,
    ) -> Result<V::Owned> {
        let d = self.0.view();
        let mut out = V::Owned::produce(d.rows, 1);
        let mut o = out.view_mut();
        let mut ok = always::<V::Scalar>();
        // NaN and infinity reach the sums; so does an overflow of theirs, which is then found to be none of the entries.
        // (-0 + x is x, to the compiler too.)
        let zero = V::Scalar::from_re(-Re::<Self>::zero());
        let (mut xs, mut ys) = (zero, zero);
        for i in 0..d.rows {
            let x = d.at(i, 0);
            let y = f(x);
            ok = if shows { ok } else { ok & good(x) };
            xs += x;
            ys += y;
            *o.at(i, 0) = y;
        }
        let finite = if carries { ys.finite() } else { (mark(xs) + mark(ys)).finite() };
        if !(ok & finite).all() {
            return failure::<V::Scalar, _>(
                #[inline(always)]
                || self.copied().each_tested(f, good, error),
            );
        }
        Ok(out)
    }
    /// A copy for a cold path: a reference would keep the entries in memory on the good path too.
    #[inline(always)]
    fn copied(&self) -> Diagonal<V::Owned> {
        Diagonal(self.0.map(
            #[inline(always)]
            |x| x,
        ))
    }
    /// The determinant where its product does not serve.
    #[cold]
    #[inline(never)]
    fn slog_by_entries(self) -> Result<(V::Scalar, Re<Self>)> {
        let d = self.0.view();
        let out = slog_product((0..d.rows).map(|i| d.at(i, 0)));
        // NaN and infinity reach the sum
        if !out.1.finite().all() {
            self.each_tested(|x| x, |_| always::<V::Scalar>(), |_, _| Error::Singular { index: 0 })?;
        }
        Ok(out)
    }
    /// Which entry was bad. A failed lane goes on with 1, so that it raises no second error.
    #[cold]
    #[inline(never)]
    fn each_tested(
        self,
        f: impl Fn(V::Scalar) -> V::Scalar,
        good: impl Fn(V::Scalar) -> <V::Scalar as Scalar>::Mask,
        error: impl Fn(usize, f64) -> Error,
    ) -> Result<V::Owned> {
        let d = self.0.view();
        let mut out = V::Owned::produce(d.rows, 1);
        let mut o = out.view_mut();
        let one = V::Scalar::one();
        for i in 0..d.rows {
            let x = d.at(i, 0);
            check::<V::Scalar>(x.finite(), |_| Error::non_finite(format!("entry {i} of the diagonal")))?;
            let ok = good(x);
            check::<V::Scalar>(ok, |lane| error(i, x.re().lane_f64(lane)))?;
            let y = f(V::Scalar::select(ok & x.finite(), x, one));
            check::<V::Scalar>(y.finite(), |_| {
                Error::non_finite(format!("the function of entry {i} of the diagonal: it overflowed"))
            })?;
            *o.at(i, 0) = V::Scalar::select(y.finite(), y, one);
        }
        Ok(out)
    }
}
#[inline(always)]
fn nonzero<T: Scalar>(x: T) -> T::Mask {
    T::Re::zero().lt(x.abs())
}
#[inline(always)]
fn always<T: Scalar>() -> T::Mask {
    T::Mask::splat(true)
}
// 1 / d_i
impl<K: Facts, V: VectorData> InverseRule<K> for Diagonal<V> {
    type Output = Diagonal<V::Owned>;
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn inverse_rule(&self) -> Result<Self::Output> {
        Ok(Diagonal(self.each(
            true,
            false,
            #[inline(always)]
            |x| x.reciprocal(),
            // as a closure: the function's name would be a call that is not in line (batch of step 3: 480 ns an element)
            #[inline(always)]
            |x: V::Scalar| nonzero::<V::Scalar>(x),
            |index, _| Error::Singular { index },
        )?))
    }
}
// sum of logs, product of signs
impl<K: Facts, V: VectorData> DetRule<K> for Diagonal<V> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn slogdet_rule(&self) -> Result<(V::Scalar, Re<Self>)> {
        Ok(DetRule::<K>::det_rule(self)?.slog())
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn det_rule(&self) -> Result<Det<V::Scalar>> {
        let d = self.0.view();
        let entries = (0..d.rows).map(
            #[inline(always)]
            |i| d.at(i, 0),
        );
        match Det::at_once(entries, <K::Psd as Fact>::KNOWN) {
            Some(out) => Ok(out),
            None => self.copied().slog_by_entries().map(|(sign, log)| Det::of(sign, log)),
        }
    }
}
// d_i^p; a real root needs d_i >= 0
impl<K: Facts, V: VectorData> PowerRule<K> for Diagonal<V> {
    type Output = PoweredDiagonal<V, K>;
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn power_rule(&self, p: Power) -> Result<Self::Output> {
        let integer = p.exponent() == p.exponent().trunc();
        let inverse = p.exponent() < 0.0;
        let p = p.checked()?;
        // a complex number has a principal root; a negative real one has none
        let rooted = integer || !<<V::Scalar as Scalar>::IsReal as crate::facts::Fact>::KNOWN;
        let d = self.each(
            true,
            0.0 < p.exponent() && <<V::Scalar as Scalar>::IsReal as crate::facts::Fact>::KNOWN,
            #[inline(always)]
            |x| p.of(x),
            #[inline(always)]
            |x| {
                let root = if rooted { always::<V::Scalar>() } else { !x.re().lt(Re::<Self>::zero()) };
                if inverse { root & nonzero(x) } else { root }
            },
            |index, value| match value < 0.0 && !rooted {
                true => Error::NegativeEigenvalue { value, tol: 0.0 },
                false => Error::Singular { index },
            },
        )?;
        Ok(crate::ops::WithFacts::new(Diagonal(d)))
    }
}
/// d^p with what is known of it.
pub type PoweredDiagonal<V, K> = crate::ops::WithFacts<
    Diagonal<<V as VectorData>::Owned>,
    FactSet<
        <<V as VectorData>::Scalar as Scalar>::IsReal,
        And<<<V as VectorData>::Scalar as Scalar>::IsReal, <K as Facts>::Psd>,
        Unknown,
        Unknown,
    >,
>;
// e^(d_i)
impl<K: Facts, V: VectorData> ExpRule<K> for Diagonal<V> {
    type Output = crate::ops::WithFacts<Diagonal<V::Owned>, RealPsd<V::Scalar>>;
    fn exp_rule(&self) -> Result<Self::Output> {
        let e = self.each(true, false, |x| x.exp(), |_| always::<V::Scalar>(), |_, _| Error::Singular { index: 0 })?;
        Ok(crate::ops::WithFacts::new(Diagonal(e)))
    }
}
/// PSD if the numbers are real.
pub type RealPsd<T> = FactSet<<T as Scalar>::IsReal, <T as Scalar>::IsReal, Unknown, Unknown>;
// log d_i
impl<K: Facts, V: VectorData> LogRule<K> for Diagonal<V> {
    type Output = Diagonal<V::Owned>;
    fn log_rule(&self) -> Result<Self::Output> {
        let real = <<V::Scalar as Scalar>::IsReal as crate::facts::Fact>::KNOWN;
        let rooted = |x: V::Scalar| if real { !x.re().lt(Re::<Self>::zero()) } else { V::Scalar::one().finite() };
        let d = self.each(false, true, |x| x, rooted, |_, value| Error::NegativeEigenvalue { value, tol: 0.0 })?;
        Ok(Diagonal(Diagonal(d).each(true, false, |x| x.ln(), nonzero, |index, _| Error::Singular { index })?))
    }
}
// V = I, w = d
impl<K: Facts<SelfAdjoint: crate::facts::SelfAdjointOf<Diagonal<V>>>, V: VectorData> EighRule<K> for Diagonal<V> {
    type Basis = Identity<V::Scalar, V::Len>;
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn eigh_rule(&self) -> Result<Spectral<Self::Basis, SelfAdjointFacts>> {
        let d = self.finite()?;
        let mut w = Column::filled(d.rows, Re::<Self>::zero());
        (0..d.rows).for_each(|i| w[i] = d.at(i, 0).re());
        Ok(Spectral::from_parts(Identity::of_size(d.rows), w))
    }
}
impl<K: Facts, V: VectorData> SpectrumRule<K> for Diagonal<V> {
    type Vectors = Identity<V::Scalar, V::Len>;
    const STRUCTURED: bool = true;
    fn has_spectrum(&self) -> bool {
        K::SelfAdjoint::KNOWN || <V::Scalar as Scalar>::IsReal::KNOWN
    }
    fn spectrum_rule(&self) -> Result<Spectral<Self::Vectors, SelfAdjointFacts>> {
        <Self as EighRule<SelfAdjointFacts>>::eigh_rule(self)
    }
    // of complex entries, too
    fn is_normal(&self) -> bool {
        true
    }
    fn normal_rule(&self) -> Result<NormalParts<Self::Vectors>> {
        let d = self.0.view();
        let mut z = Column::filled(d.rows, V::Scalar::zero());
        z.iter_mut().enumerate().for_each(|(i, z)| *z = d.at(i, 0));
        Ok((Identity::of_size(d.rows), z))
    }
}
/// The entries of a diagonal matrix, of whatever is promised of it too: what its folded sums and products read.
pub trait DiagonalEntries: Operator {
    /// The kind of the vector.
    type Vector: VectorData<Scalar = Self::Scalar>;
    /// Entry (i, i).
    fn diagonal_entry(&self, i: usize) -> Self::Scalar;
}
impl<A: DiagonalEntries, G: crate::facts::Sign> DiagonalEntries for crate::ops::Scaled<A, A::Scalar, G> {
    type Vector = A::Vector;
    #[inline(always)]
    fn diagonal_entry(&self, i: usize) -> A::Scalar {
        self.c * self.a.diagonal_entry(i)
    }
}
impl<V: VectorData> DiagonalEntries for Diagonal<V> {
    type Vector = V;
    #[inline(always)]
    fn diagonal_entry(&self, i: usize) -> V::Scalar {
        self.0.view().at(i, 0)
    }
}
impl<V: VectorData> DiagonalRule for Diagonal<V> {
    const READS: bool = true;
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn diagonal_rule(&self, k: isize, out: &mut [V::Scalar]) -> Result<()> {
        let d = self.0.view();
        for (i, o) in out.iter_mut().enumerate() {
            *o = if k == 0 { d.at(i, 0) } else { V::Scalar::zero() };
        }
        Ok(())
    }
}
// L = diag(sqrt d)
impl<K: Facts<Psd: crate::facts::PsdOf<Diagonal<V>>>, V: VectorData> CholeskyRule<K> for Diagonal<V> {
    type Factor = Diagonal<V::Owned>;
    fn cholesky_rule(&self) -> Result<Self::Factor> {
        let positive = |x: V::Scalar| Re::<Self>::zero().lt(x.re());
        Ok(Diagonal(self.each(
            false,
            false,
            |x| x.sqrt(),
            positive,
            |index, pivot| Error::NotPositiveDefinite { index, pivot },
        )?))
    }
}
// P = L = I, U = diag(d)
impl<V: VectorData> LuRule for Diagonal<V> {
    type P = Identity<V::Scalar, V::Len>;
    type L = Identity<V::Scalar, V::Len>;
    type U = Diagonal<V::Owned>;
    fn lu_rule(&self) -> Result<LuFactors<Self::P, Self::L, Self::U>> {
        let u =
            Diagonal(self.each(true, true, |x| x, |_| always::<V::Scalar>(), |_, _| Error::Singular { index: 0 })?);
        let n = self.nrows();
        Ok(LuFactors { p: Identity::of_size(n), l: Identity::of_size(n), u })
    }
}
// V = I, w = d
impl<K: Facts, V: VectorData> EigRule<K> for Diagonal<V> {
    type Vectors = Identity<Cx<Self>, V::Len>;
    fn eig_rule(&self) -> Result<EigFactors<Self::Vectors>> {
        let d = self.finite()?;
        let w = crate::functions::eig::complex_column((0..d.rows).map(|i| d.at(i, 0)));
        Ok(EigFactors::from_parts(Identity::of_size(d.rows), w))
    }
    fn left_eig_rule(&self) -> Option<Result<EigFactors<Self::Vectors>>> {
        Some(EigRule::<K>::eig_rule(self).map(EigFactors::conjugated))
    }
}
// U = diag(d / |d|), s = |d|, V = I
impl<K: Facts, V: VectorData> SvdRule<K> for Diagonal<V> {
    type Left = Unitary<Diagonal<Column<V::Scalar, V::Len>>>;
    type Right = Identity<V::Scalar, V::Len>;
    fn svd_rule(&self) -> Result<SvdFactors<Self::Left, Self::Right>> {
        let d = self.finite()?;
        let (mut s, mut u) = (Column::filled(d.rows, Re::<Self>::zero()), Column::filled(d.rows, V::Scalar::zero()));
        (0..d.rows).for_each(|i| (u[i], s[i]) = polar(d.at(i, 0)));
        Ok(SvdFactors { u: Unitary(Diagonal(u)), s, v: Identity::of_size(d.rows) })
    }
}
// 1 / d_i, 0 for 0
impl<K: Facts, V: VectorData> PinvRule<K> for Diagonal<V> {
    type Output = WithFacts<Diagonal<V::Owned>, PinvFacts<V::Scalar, K>>;
    fn pinv_rule(&self) -> Result<Self::Output> {
        let invert = |x: V::Scalar| {
            let some = nonzero(x);
            V::Scalar::select(some, V::Scalar::select(some, x, V::Scalar::one()).reciprocal(), V::Scalar::zero())
        };
        Ok(WithFacts::new(Diagonal(self.each(
            true,
            false,
            invert,
            |_| always::<V::Scalar>(),
            |index, _| Error::Singular { index },
        )?)))
    }
}
/// What the pseudo-inverse of a diagonal with the facts `K` is.
pub type PinvFacts<T, K> =
    FactSet<<T as Scalar>::IsReal, And<<T as Scalar>::IsReal, <K as Facts>::Psd>, Unknown, Unknown>;
impl<V: VectorData> Explain for Diagonal<V> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        match question {
            Question::Slogdet => Plan::rule(self, "sum of logarithms", "n"),
            Question::Trace | Question::Diagonal => Plan::rule(self, "read off", "n"),
            Question::Eigh if !K::SelfAdjoint::KNOWN => base::<K, Self>(self, question),
            Question::Eigh => Plan::rule(self, "the entries, V = I", "n"),
            Question::Cholesky if !K::Psd::KNOWN => base::<K, Self>(self, question),
            Question::Lu => Plan::rule(self, "itself", "n"),
            Question::Eig => Plan::rule(self, "the entries, V = I", "n"),
            Question::Svd => Plan::rule(self, "absolute values, the signs in U", "n"),
            _ => Plan::rule(self, "elementwise", "n"),
        }
    }
}

// d(u^T D v) / dd_i = u_i v_i
impl<V: VectorData + crate::parameters::Parameters<Number = <V as VectorData>::Scalar>> crate::gradient::Differentiable
    for Diagonal<V>
{
    fn parameters(&self) -> usize {
        self.nrows()
    }
    fn accumulate_bilinear(&self, u: View<'_, Sc<Self>>, v: View<'_, Sc<Self>>, scale: Sc<Self>, g: &mut [Sc<Self>]) {
        g.iter_mut().enumerate().for_each(|(i, g)| *g += scale * u.at(i, 0) * v.at(i, 0));
    }
    fn accumulate_trace(&self, scale: Sc<Self>, g: &mut [Sc<Self>]) {
        g.iter_mut().for_each(|g| *g += scale);
    }
}
// d log|det D| / dd_i = 1 / d_i
impl<K: Facts, V> crate::gradient::LogdetGradient<K> for Diagonal<V>
where
    V: VectorData + crate::parameters::Parameters<Number = <V as VectorData>::Scalar>,
{
    fn accumulate_logdet(&self, inverse: &Self::Output, scale: Sc<Self>, g: &mut [Sc<Self>]) {
        let d = inverse.0.view();
        g.iter_mut().enumerate().for_each(|(i, g)| *g += scale * d.at(i, 0));
    }
}
impl<K: Facts, V> crate::gradient::SpectrumGradient<K> for Diagonal<V>
where
    V: VectorData + crate::parameters::Parameters<Number = <V as VectorData>::Scalar>,
{
    fn accumulate_spectrum(&self, _: &Self::Vectors, weights: &[Sc<Self>], scale: Sc<Self>, g: &mut [Sc<Self>]) {
        g.iter_mut().zip(weights).for_each(|(g, w)| *g += scale * *w);
    }
}
