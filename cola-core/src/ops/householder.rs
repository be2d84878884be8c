//! I - 2 v v^H / v^H v, a reflection.

use crate::data::{Column, Produce, VectorData};
use crate::error::{Error, Result, check};
use crate::facts::{FactSet, Facts, InverseFacts, Known, NoFacts, SelfAdjointFacts, Unknown};
use crate::functions::det::slog_product;
use crate::functions::diagonal::diagonal_start;
use crate::functions::{
    DetRule, DiagonalRule, EighRule, ExpRule, InverseRule, LogRule, Power, PowerRule, SpectrumRule,
};
use crate::operator::short::{Re, Sc};
use crate::operator::{LinearOperator, Operator, Update, operator};
use crate::ops::{RangeBasis, Spectral};
use crate::parameters::{Frame, LeafFn, Parameters, Path, converted, function_frame, tree_node};
use crate::plan::{Explain, Plan, Question, base};
use crate::scalar::{Mask, Real, Scalar};
use crate::space::Const;
use crate::view::{View, ViewMut};
use core::marker::PhantomData;
use num_traits::{One, Zero};
use std::borrow::Cow;

/// H = I - 2 v v^H / v^H v: unitary and self-adjoint, its own inverse; eigenvalue -1 once, 1 else. A function of it is
/// f(1) I + (f(-1) - f(1)) v v^H / v^H v.
///
/// ```
/// # use cola_core::prelude::*;
/// let h = Householder::try_new([3.0, 4.0])?;
/// assert!((h.apply(&[3.0, 4.0])[0] + 3.0f64).abs() < 1e-15);
/// assert_eq!(h.slogdet()?, (-1.0, 0.0));
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Householder<V>(V);
impl<V: VectorData> Householder<V> {
    /// The reflection at the hyperplane orthogonal to v.
    ///
    /// # Panics
    /// Where v is zero or not finite: use [`try_new`](Self::try_new).
    pub fn new(v: V) -> Self {
        Self::try_new(v).unwrap_or_else(|e| crate::dsl::shape_panic(&e))
    }
    /// The reflection at the hyperplane orthogonal to v.
    ///
    /// # Errors
    /// `InvalidArgument` where v is zero or empty, `NonFinite`.
    pub fn try_new(v: V) -> Result<Self> {
        check::<V::Scalar>(v.view().finite(), |_| Error::non_finite("the vector of `householder`"))?;
        let (some, _) = norm(&v);
        check::<V::Scalar>(some, |_| Error::invalid("householder: the vector is zero and reflects nothing"))?;
        Ok(Householder(v))
    }
    /// v.
    pub fn vector(&self) -> &V {
        &self.0
    }
}
/// Whether |v| > 0, and |v|, protected against overflow.
fn norm<V: VectorData>(v: &V) -> (<V::Scalar as Scalar>::Mask, <V::Scalar as Scalar>::Re) {
    type R<V> = <<V as VectorData>::Scalar as Scalar>::Re;
    let d = v.view();
    let largest = (0..d.rows).fold(R::<V>::zero(), |m, i| m.max(d.at(i, 0).abs()));
    let some = R::<V>::zero().lt(largest);
    let unit = R::<V>::select(some, largest, R::<V>::one());
    let sum = (0..d.rows).fold(R::<V>::zero(), |s, i| {
        let x = d.at(i, 0).abs() / unit;
        s + x * x
    });
    (some, unit * sum.sqrt())
}
/// The reflection of a vector: `householder(v)` in `linop!`.
///
/// # Panics
/// Where v is zero or not finite; `try_linop!` returns the error.
pub fn householder<V: VectorData>(v: V) -> Householder<V> {
    Householder::new(v)
}
/// The reflection of a vector.
///
/// # Errors
/// `InvalidArgument` where v is zero or empty, `NonFinite`.
pub fn try_householder<V: VectorData>(v: V) -> Result<Householder<V>> {
    Householder::try_new(v)
}
operator!([V: VectorData] Householder<V> {
    scalar V::Scalar; facts FactSet<Known, Unknown, Known, Known>; rows V::Len; cols V::Len;
    nrows |s| s.0.view().rows; ncols s.0.view().rows; class crate::classes::HasSpectrum;
});
crate::interop::saved!([V: VectorData] Householder<V>, "Householder", [] { v: V = |k| k.0 } Householder::try_new(v));
tree_node!([V] Householder<V> { "v" => 0 });
/// y = [y +] alpha (x + c v v^H x / v^H v).
fn reflect<V: VectorData>(
    v: &V,
    c: V::Scalar,
    eye: V::Scalar,
    (how, x, mut y): (Update<V::Scalar>, View<'_, V::Scalar>, ViewMut<'_, V::Scalar>),
) {
    let d = v.view();
    let (some, norm) = norm(v);
    // a lane whose v became zero reflects nothing
    let unit = Re::<crate::ops::Diagonal<V>>::one() / <V::Scalar as Scalar>::Re::select(some, norm, One::one());
    for k in 0..x.cols {
        let dot = (0..d.rows).fold(V::Scalar::zero(), |s, i| s.add_mul(d.at(i, 0).conj().scale(unit), x.at(i, k)));
        for i in 0..d.rows {
            how.write(y.at(i, k), eye * x.at(i, k) + d.at(i, 0).scale(unit) * (c * dot));
        }
    }
}
impl<V: VectorData> LinearOperator for Householder<V> {
    #[inline]
    fn act(&self, how: Update<Sc<Self>>, x: View<'_, Sc<Self>>, y: ViewMut<'_, Sc<Self>>, _: &mut [Sc<Self>]) {
        reflect(&self.0, Sc::<Self>::of(-2.0), Sc::<Self>::one(), (how, x, y))
    }
    #[inline(always)]
    fn scratch_len(&self, _: usize) -> usize {
        0
    }
}
// H^-1 = H
impl<K: Facts, V: VectorData> InverseRule<K> for Householder<V> {
    type Output = Householder<V::Owned>;
    fn inverse_rule(&self) -> Result<Self::Output> {
        Ok(Householder(self.0.map(|x| x)))
    }
}
// det H = -1
impl<K: Facts, V: VectorData> DetRule<K> for Householder<V> {
    fn slogdet_rule(&self) -> Result<(Sc<Self>, Re<Self>)> {
        Ok((-Sc::<Self>::one(), Re::<Self>::zero()))
    }
}
/// f(1) I + (f(-1) - f(1)) v v^H / v^H v: a function of a reflection. `F`: its facts.
#[derive(Debug)]
pub struct ReflectionFunction<V: VectorData, F> {
    v: V,
    one: V::Scalar,
    minus: V::Scalar,
    facts: PhantomData<fn() -> F>,
}
impl<V: VectorData + Clone, F> Clone for ReflectionFunction<V, F> {
    fn clone(&self) -> Self {
        ReflectionFunction { v: self.v.clone(), one: self.one, minus: self.minus, facts: PhantomData }
    }
}
operator!([V: VectorData, F: Facts] ReflectionFunction<V, F> {
    scalar V::Scalar; facts F; rows V::Len; cols V::Len; nrows |s| s.v.view().rows; ncols s.v.view().rows;
});
impl<V: VectorData, F: Facts> LinearOperator for ReflectionFunction<V, F> {
    #[inline]
    fn act(&self, how: Update<Sc<Self>>, x: View<'_, Sc<Self>>, y: ViewMut<'_, Sc<Self>>, _: &mut [Sc<Self>]) {
        let side = |c: V::Scalar| if how.adjoint { c.conj() } else { c };
        reflect(&self.v, side(self.minus - self.one), side(self.one), (how, x, y))
    }
    #[inline(always)]
    fn scratch_len(&self, _: usize) -> usize {
        0
    }
}
impl<V: VectorData, F: Facts> ReflectionFunction<V, F> {
    /// g of both eigenvalues; of one dimension there is no vector orthogonal to v.
    fn map<G>(&self, mut g: impl FnMut(V::Scalar) -> Result<V::Scalar>) -> Result<ReflectionFunction<V::Owned, G>> {
        let minus = g(self.minus)?;
        let one = if self.nrows() > 1 { g(self.one)? } else { minus };
        Ok(ReflectionFunction { v: self.v.map(|x| x), one, minus, facts: PhantomData })
    }
}
// 1 / f on the same vectors
impl<K: Facts, V: VectorData, F: Facts> InverseRule<K> for ReflectionFunction<V, F> {
    type Output = ReflectionFunction<V::Owned, InverseFacts<K>>;
    fn inverse_rule(&self) -> Result<Self::Output> {
        self.map(|z| {
            check::<V::Scalar>(Re::<Self>::zero().lt(z.abs()), |_| Error::Singular { index: 0 })?;
            Ok(z.reciprocal())
        })
    }
}
// f(-1) f(1)^(n-1)
impl<K: Facts, V: VectorData, F: Facts> DetRule<K> for ReflectionFunction<V, F> {
    fn slogdet_rule(&self) -> Result<(Sc<Self>, Re<Self>)> {
        let n = self.nrows();
        Ok(slog_product((0..n).map(|i| if i == 0 { self.minus } else { self.one })))
    }
}
impl<K: Facts, V: VectorData, F: Facts> ExpRule<K> for ReflectionFunction<V, F> {
    type Output = ReflectionFunction<V::Owned, crate::ops::ExpFacts<K>>;
    fn exp_rule(&self) -> Result<Self::Output> {
        self.map(|z| {
            let y = z.exp();
            check::<V::Scalar>(y.finite(), |_| Error::non_finite("the exponential: it overflowed"))?;
            Ok(y)
        })
    }
}
impl<V: VectorData, F: Facts> DiagonalRule for ReflectionFunction<V, F> {
    fn diagonal_rule(&self, k: isize, d: &mut [Sc<Self>]) -> Result<()> {
        let (v, (row, col), (some, norm)) = (self.v.view(), diagonal_start(k), norm(&self.v));
        let unit = Re::<Self>::one() / Re::<Self>::select(some, norm, One::one());
        for (i, d) in d.iter_mut().enumerate() {
            let eye = if k == 0 { self.one } else { Sc::<Self>::zero() };
            let (a, b) = (v.at(row + i, 0).scale(unit), v.at(col + i, 0).scale(unit));
            *d = eye + (self.minus - self.one) * a * b.conj();
        }
        Ok(())
    }
    // (n - 1) f(1) + f(-1)
    fn trace_rule(&self) -> Result<Sc<Self>> {
        Ok(self.minus + Sc::<Self>::of(self.nrows() as f64 - 1.0) * self.one)
    }
}
crate::base_eigh!([V: VectorData, F: Facts] ReflectionFunction<V, F>);
crate::spectral_power!([V: VectorData, F: Facts] ReflectionFunction<V, F>);
crate::spectral_log!([V: VectorData, F: Facts] ReflectionFunction<V, F>);
crate::base_factors!([V: VectorData, F: Facts] ReflectionFunction<V, F>);
crate::base_decompositions!([V: VectorData, F: Facts] ReflectionFunction<V, F>);
impl<V: VectorData, F: Facts> Explain for ReflectionFunction<V, F> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        match question {
            Question::Apply => Plan::rule(self, "reflection", "4n"),
            Question::Solve => Plan::rule(self, "1/f of both eigenvalues", "4n"),
            Question::Slogdet | Question::Trace => Plan::rule(self, "closed", "n"),
            Question::Diagonal => Plan::rule(self, "read off", "n"),
            Question::Exp => Plan::rule(self, "by the projection on v", "n"),
            _ => base::<K, Self>(self, question),
        }
    }
}
impl<V: VectorData> Householder<V> {
    fn function<F>(&self, one: Sc<Self>, minus: Sc<Self>) -> ReflectionFunction<V::Owned, F> {
        ReflectionFunction { v: self.0.map(|x| x), one, minus, facts: PhantomData }
    }
    /// -1 has no real root and no real logarithm.
    fn complex(&self) -> Result<()> {
        let real = <<V::Scalar as Scalar>::IsReal as crate::facts::Fact>::KNOWN;
        check::<V::Scalar>(Mask::splat(!real), |_| Error::NegativeEigenvalue { value: -1.0, tol: 0.0 })
    }
}
// 1^p = 1, (-1)^p
impl<K: Facts, V: VectorData> PowerRule<K> for Householder<V> {
    type Output = ReflectionFunction<V::Owned, NoFacts>;
    fn power_rule(&self, p: Power) -> Result<Self::Output> {
        let p = p.checked()?;
        if !p.is_integer() {
            self.complex()?;
        }
        // whole powers by parity: (-1)^p of a large p is exact
        let minus = match p.is_integer() {
            true if p.exponent().rem_euclid(2.0) == 1.0 => -Sc::<Self>::one(),
            true => Sc::<Self>::one(),
            false => p.of(-Sc::<Self>::one()),
        };
        Ok(self.function(Sc::<Self>::one(), minus))
    }
}
impl<K: Facts, V: VectorData> ExpRule<K> for Householder<V> {
    type Output = ReflectionFunction<V::Owned, crate::facts::PsdFacts>;
    fn exp_rule(&self) -> Result<Self::Output> {
        Ok(self.function(Sc::<Self>::one().exp(), (-Sc::<Self>::one()).exp()))
    }
}
impl<K: Facts, V: VectorData> LogRule<K> for Householder<V> {
    type Output = ReflectionFunction<V::Owned, NoFacts>;
    fn log_rule(&self) -> Result<Self::Output> {
        self.complex()?;
        Ok(self.function(Sc::<Self>::zero(), (-Sc::<Self>::one()).ln()))
    }
}
impl<V: VectorData> DiagonalRule for Householder<V> {
    fn diagonal_rule(&self, k: isize, d: &mut [Sc<Self>]) -> Result<()> {
        let (v, (row, col), unit) = (self.0.view(), diagonal_start(k), Re::<Self>::one() / norm(&self.0).1);
        for (i, d) in d.iter_mut().enumerate() {
            let eye = if k == 0 { Sc::<Self>::one() } else { Sc::<Self>::zero() };
            let (a, b) = (v.at(row + i, 0).scale(unit), v.at(col + i, 0).scale(unit));
            *d = eye - Sc::<Self>::of(2.0) * a * b.conj();
        }
        Ok(())
    }
    // n - 2
    fn trace_rule(&self) -> Result<Sc<Self>> {
        Ok(Sc::<Self>::of(self.nrows() as f64 - 2.0))
    }
}
// -1 of v, 1 of what is orthogonal to v: the columns of the reflection that takes v to the first axis
impl<K: Facts, V: VectorData> EighRule<K> for Householder<V> {
    type Basis = RangeBasis<V::Scalar, V::Len, Const<1>>;
    fn eigh_rule(&self) -> Result<Spectral<Self::Basis, SelfAdjointFacts>> {
        let v = self.0.view();
        let (basis, _) = RangeBasis::range(View::new(v.data, v.rows, 1, v.rs, v.cs));
        let mut w = Column::filled(v.rows, Re::<Self>::one());
        w.iter_mut().take(1).for_each(|w| *w = -Re::<Self>::one());
        Ok(Spectral::from_parts(basis, w))
    }
}
impl<K: Facts, V: VectorData> SpectrumRule<K> for Householder<V> {
    type Vectors = RangeBasis<V::Scalar, V::Len, Const<1>>;
    const STRUCTURED: bool = true;
    fn has_spectrum(&self) -> bool {
        true
    }
    fn spectrum_rule(&self) -> Result<Spectral<Self::Vectors, SelfAdjointFacts>> {
        EighRule::<K>::eigh_rule(self)
    }
}
crate::base_factors!([V: VectorData] Householder<V>);
crate::spectral_eig!([V: VectorData] Householder<V>);
crate::functions::base::unitary_svd!([V: VectorData] Householder<V>);
crate::inverse_pinv!([V: VectorData] Householder<V>);
impl<V: VectorData> Explain for Householder<V> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        match question {
            Question::Apply => Plan::rule(self, "reflection", "4n"),
            Question::Solve | Question::Svd | Question::Pinv => Plan::rule(self, "itself", "4n"),
            Question::Eigh | Question::Eig => Plan::rule(self, "-1 of v, 1 of the rest", "4n"),
            Question::Slogdet | Question::Trace => Plan::rule(self, "closed", "n"),
            Question::Diagonal => Plan::rule(self, "read off", "n"),
            Question::Power | Question::Exp | Question::Log => Plan::rule(self, "by the projection on v", "n"),
            _ => base::<K, Self>(self, question),
        }
    }
}
/// g += scale d(u^T (I + c v v^T / |v|^2) b): with p = v^T b / |v|^2, q = u^T v / |v|^2 it is c (p u + q b - 2 p q v) . dv.
fn accumulate<T: Scalar>(v: View<'_, T>, c: T, [u, b]: [View<'_, T>; 2], scale: T, g: &mut [T]) {
    let dot = |x: View<'_, T>, y: View<'_, T>| (0..v.rows).fold(T::zero(), |s, i| s.add_mul(x.at(i, 0), y.at(i, 0)));
    let squared = dot(v, v);
    let (p, q) = (dot(v, b) / squared, dot(u, v) / squared);
    for (i, g) in g.iter_mut().enumerate() {
        *g += scale * c * (p * u.at(i, 0) + q * b.at(i, 0) - T::of(2.0) * p * q * v.at(i, 0));
    }
}
impl<V> crate::gradient::Differentiable for Householder<V>
where
    V: VectorData + Parameters<Number = <V as VectorData>::Scalar>,
{
    fn parameters(&self) -> usize {
        self.nrows()
    }
    fn accumulate_bilinear(&self, u: View<'_, Sc<Self>>, b: View<'_, Sc<Self>>, scale: Sc<Self>, g: &mut [Sc<Self>]) {
        accumulate(self.0.view(), Sc::<Self>::of(-2.0), [u, b], scale, g)
    }
    // n - 2 is constant
    fn accumulate_trace(&self, _: Sc<Self>, _: &mut [Sc<Self>]) {}
}
// the leaf is v: what the eigenvalues are belongs to the function
impl<V, F> Parameters for ReflectionFunction<V, F>
where
    V: VectorData<Owned: Parameters<Number = <V as VectorData>::Scalar>>,
    V: Parameters<Number = <V as VectorData>::Scalar>,
{
    type Number = <V as VectorData>::Scalar;
    type With<X: Scalar> = ReflectionFunction<Vec<X>, F>;
    type Owned = ReflectionFunction<<V as VectorData>::Owned, F>;
    fn visit<'a>(&'a self, path: &mut Path, f: &mut dyn FnMut(&str, Cow<'a, [Self::Number]>)) {
        path.enter("v", |p| self.v.visit(p, f))
    }
    fn traverse<X: Scalar>(&self, path: &mut Path, f: LeafFn<'_, Self::Number, X>) -> Self::With<X> {
        let v: Vec<_> = (0..self.v.view().rows).map(|i| self.v.view().at(i, 0)).collect();
        let [one, minus] = [self.one, self.minus].map(converted::<Self::Number, X>);
        ReflectionFunction { v: path.enter("v", |p| v.traverse(p, f)), one, minus, facts: PhantomData }
    }
    fn rebuild(&self, path: &mut Path, f: LeafFn<'_, Self::Number, Self::Number>) -> Self::Owned {
        let old: Vec<_> = (0..self.v.view().rows).map(|i| self.v.view().at(i, 0)).collect();
        let new = path.enter("v", |p| old.rebuild(p, f));
        let mut v = self.v.map(|x| x);
        new.iter().enumerate().for_each(|(i, &x)| *v.view_mut().at(i, 0) = x);
        ReflectionFunction { v, one: self.one, minus: self.minus, facts: PhantomData }
    }
    fn frame(&self, f: &mut dyn FnMut(Frame)) {
        function_frame(&[self.one, self.minus], f)
    }
}
impl<V, F: Facts> crate::gradient::Differentiable for ReflectionFunction<V, F>
where
    V: VectorData<Owned: Parameters<Number = <V as VectorData>::Scalar>>,
    V: Parameters<Number = <V as VectorData>::Scalar>,
{
    fn parameters(&self) -> usize {
        self.v.view().rows
    }
    fn accumulate_bilinear(&self, u: View<'_, Sc<Self>>, b: View<'_, Sc<Self>>, scale: Sc<Self>, g: &mut [Sc<Self>]) {
        accumulate(self.v.view(), self.minus - self.one, [u, b], scale, g)
    }
    // (n - 1) f(1) + f(-1) is constant
    fn accumulate_trace(&self, _: Sc<Self>, _: &mut [Sc<Self>]) {}
}
// and so is its determinant
impl<K: Facts, V, F: Facts> crate::gradient::LogdetGradient<K> for ReflectionFunction<V, F>
where
    V: VectorData<Owned: Parameters<Number = <V as VectorData>::Scalar>>,
    V: Parameters<Number = <V as VectorData>::Scalar>,
{
    fn accumulate_logdet(&self, _: &Self::Output, _: Sc<Self>, _: &mut [Sc<Self>]) {}
}
// |det H| = 1
impl<K: Facts, V> crate::gradient::LogdetGradient<K> for Householder<V>
where
    V: VectorData + Parameters<Number = <V as VectorData>::Scalar>,
{
    fn accumulate_logdet(&self, _: &Self::Output, _: Sc<Self>, _: &mut [Sc<Self>]) {}
}
impl<K: Facts, V> crate::gradient::SpectrumGradient<K> for Householder<V> where
    V: VectorData + Parameters<Number = <V as VectorData>::Scalar>
{
}
