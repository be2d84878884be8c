//! V diag(w) V^H: a self-adjoint operator by its eigenvalues. Every function of it is elementwise on w.

use crate::algorithms::dense::Plane;
use crate::data::Column;
use crate::error::{Error, Result, check};
use crate::facts::{FactSet, Facts, Known, PsdFacts, SelfAdjointFacts, Unknown};
use crate::functions::base::right_hand_side;
use crate::functions::det::slog_product;
use crate::functions::diagonal::diagonal_of_spectrum;
use crate::functions::eig::{complex_column, polar};
use crate::functions::{
    DetRule, DiagonalRule, EigFactors, EigRule, EighRule, ExpRule, InverseRule, LogRule, PinvRule, Power, PowerRule,
    SpectrumRule, SvdRule,
};
use crate::gradient::{Differentiable, LogdetGradient, product};
use crate::operator::short::{Co, Re, Ro, Sc};
use crate::operator::{LinearOperator, Operator, Update, operator};
use crate::ops::{Complexified, Diagonal, Product, SvdFactors, Unitary};
use crate::parameters::{Frame, LeafFn, Parameters, Path, real_leaf};
use crate::plan::{Explain, Plan, Question, Tree, base, part};
use crate::scalar::{Real, Scalar};
use crate::space::Space;
use crate::view::{View, ViewMut};
use core::marker::PhantomData;
use num_traits::Zero;
use std::borrow::Cow;

/// V diag(w) V^H with V unitary: what `eigh` returns, and every function of a self-adjoint operator. `F`: its facts.
///
/// ```
/// # use cola_core::prelude::*;
/// let a = Psd::new(nalgebra::matrix![2.0f64, 1.0; 1.0, 2.0]);
/// let e = a.eigh()?;
/// assert!((e.eigenvalues()[0] - 1.0).abs() < 1e-15 && (e.eigenvalues()[1] - 3.0).abs() < 1e-15);
/// # Ok::<(), Error>(())
/// ```
pub type Spectral<V, F = SelfAdjointFacts> = form::Spectral<V, Column<Re<V>, Co<V>>, Plane<Sc<V>>, F>;

/// The struct has no bounds, so that its tree over another number is the same struct: W is the type of the eigenvalues, P of the projectors
/// on the eigenvectors.
pub mod form {
    /// See [`Spectral`](super::Spectral).
    #[derive(Debug)]
    pub struct Spectral<V, W, P, F> {
        pub(super) basis: V,
        pub(super) values: W,
        /// Of static 2 x 2 matrices: the function of the matrix follows from them with half of the operations, and of the eigenvectors,
        /// which hold as much, the compiler leaves out what nobody reads.
        pub(super) plane: Option<P>,
        pub(super) facts: core::marker::PhantomData<fn() -> F>,
    }
}
impl<V: Clone, W: Clone, P: Copy, F> Clone for form::Spectral<V, W, P, F> {
    fn clone(&self) -> Self {
        form::Spectral { basis: self.basis.clone(), values: self.values.clone(), plane: self.plane, facts: PhantomData }
    }
}
// leaves: those of V under "vectors", and w as "values"
crate::interop::saved!([V: Operator, F: Facts] form::Spectral<V, Column<Re<V>, Co<V>>, Plane<Sc<V>>, F>, "Spectral", [] {
    basis: V = |k| k.basis, values: Column<Re<V>, Co<V>> = |k| k.values
} {
    let (left, right) = ((basis.nrows(), basis.ncols()), (values.len(), values.len()));
    match left.1 == right.0 {
        true => Ok(Spectral::from_parts(basis, values)),
        false => Err(Error::ShapeMismatch { op: "eigenvectors and eigenvalues", left, right }),
    }
});
impl<V: Parameters, S: Space, F> Parameters
    for form::Spectral<V, Column<<V::Number as Scalar>::Re, S>, Plane<V::Number>, F>
{
    type Number = V::Number;
    type With<X: Scalar> = form::Spectral<V::With<X>, Column<X::Re, S>, Plane<X>, F>;
    type Owned = form::Spectral<V::Owned, Column<<V::Number as Scalar>::Re, S>, Plane<V::Number>, F>;
    fn visit<'a>(&'a self, path: &mut Path, f: &mut dyn FnMut(&str, Cow<'a, [V::Number]>)) {
        path.enter("vectors", |p| self.basis.visit(p, f));
        path.enter("values", |p| real_leaf::visit(&self.values, p, f));
    }
    fn traverse<X: Scalar>(&self, path: &mut Path, f: LeafFn<'_, V::Number, X>) -> Self::With<X> {
        let basis = path.enter("vectors", |p| self.basis.traverse(p, f));
        let mut values = Column::filled(self.values.len(), X::Re::zero());
        path.enter("values", |p| real_leaf::traverse(&self.values, &mut values, p, f));
        // of other eigenvectors, which need not be unitary
        form::Spectral { basis, values, plane: None, facts: PhantomData }
    }
    fn rebuild(&self, path: &mut Path, f: LeafFn<'_, V::Number, V::Number>) -> Self::Owned {
        let mut same = true;
        let f: LeafFn<'_, V::Number, V::Number> = &mut |name, old, new| {
            f(name, old, new);
            same &= old == &*new;
        };
        let basis = path.enter("vectors", |p| self.basis.rebuild(p, f));
        let mut values = self.values.clone();
        path.enter("values", |p| real_leaf::traverse(&self.values, &mut values, p, f));
        // other eigenvectors need not be unitary; the same ones are the same to the last bit
        form::Spectral { basis, values, plane: if same { self.plane } else { None }, facts: PhantomData }
    }
    fn frame(&self, f: &mut dyn FnMut(Frame)) {
        self.basis.frame(f)
    }
}
// p = V^T u, q = V^T v: d(u^T V diag(w) V^T v) = sum p_i q_i dw_i + u^T dV (w q) + v^T dV (w p)
impl<V: Differentiable<Scalar: Real>, F: Facts> Differentiable for Spectral<V, F> {
    fn parameters(&self) -> usize {
        self.basis.parameters() + self.values.len()
    }
    fn accumulate_bilinear(&self, u: View<'_, Sc<V>>, v: View<'_, Sc<V>>, scale: Sc<V>, g: &mut [Sc<V>]) {
        let (of_basis, of_values) = g.split_at_mut(self.basis.parameters());
        let (mut p, mut q) = (product(&self.basis, true, u), product(&self.basis, true, v));
        for (i, g) in of_values.iter_mut().enumerate() {
            *g += scale * p[i] * q[i];
            (p[i], q[i]) = (p[i].scale(self.values[i]), q[i].scale(self.values[i]));
        }
        self.basis.accumulate_bilinear(u, View::vector(&q), scale, of_basis);
        self.basis.accumulate_bilinear(v, View::vector(&p), scale, of_basis);
    }
}
// with V orthogonal, tr(A^-1 dA) = sum dw / w + 2 tr(V^T dV)
impl<K: Facts, V, F: Facts> LogdetGradient<K> for Spectral<V, F> where V: Differentiable<Scalar: Real> + Clone {}
operator!([V: Operator, F: Facts] Spectral<V, F> {
    scalar V::Scalar; facts F; rows Ro<V>; cols Ro<V>; nrows |s| s.basis.nrows(); ncols s.basis.nrows(); dense V::HOLDS_DENSE; class crate::classes::HasSpectrum;
});
impl<V: Operator, F> Spectral<V, F> {
    /// From eigenvectors and eigenvalues; the caller answers for V being unitary.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn from_parts(basis: V, values: Column<Re<V>, Co<V>>) -> Self {
        Self::with_plane(basis, values, None)
    }
    /// The same, and the projectors on the eigenvectors of a 2 x 2 matrix.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn with_plane(basis: V, values: Column<Re<V>, Co<V>>, plane: Option<Plane<Sc<V>>>) -> Self {
        form::Spectral { basis, values, plane, facts: PhantomData }
    }
    /// The eigenvalues, in the order of the columns of the eigenvectors.
    pub fn eigenvalues(&self) -> &Column<Re<V>, Co<V>> {
        &self.values
    }
    /// The eigenvectors: a unitary operator.
    pub fn eigenvectors(&self) -> &V {
        &self.basis
    }
    /// Both.
    pub fn into_parts(self) -> (V, Column<Re<V>, Co<V>>) {
        (self.basis, self.values)
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn with<G>(self, f: impl FnOnce(&mut [Re<V>]) -> Result<()>) -> Result<Spectral<V, G>> {
        let form::Spectral { basis, mut values, plane, .. } = self;
        f(&mut values)?;
        let plane = plane.map(
            #[inline(always)]
            |plane| plane.of(&values),
        );
        Ok(form::Spectral { basis, values, plane, facts: PhantomData })
    }
    /// V diag(w^p) V^H.
    ///
    /// # Errors
    /// `NegativeEigenvalue`, `Singular` where p < 0.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn power<G>(self, p: Power) -> Result<Spectral<V, G>> {
        let p = p.checked()?;
        let form::Spectral { basis, mut values, plane, .. } = self;
        p.of_column(&mut values)?;
        let plane = plane.map(
            #[inline(always)]
            |plane| plane.of(&values),
        );
        Ok(form::Spectral { basis, values, plane, facts: PhantomData })
    }
    /// V diag(e^w) V^H.
    ///
    /// # Errors
    /// `NonFinite` where it overflows.
    pub fn exp(self) -> Result<Spectral<V, PsdFacts>> {
        self.map(|x| x.exp())?.with(|_| Ok(()))
    }
    /// V diag(log w) V^H.
    ///
    /// # Errors
    /// `NegativeEigenvalue`, `Singular`.
    pub fn log(self) -> Result<Spectral<V, SelfAdjointFacts>> {
        self.with(log_of_spectrum)
    }
    /// V diag(1 / w) V^H, 0 for what is within rounding of 0.
    ///
    /// # Errors
    /// `NonFinite` where it overflows.
    pub(crate) fn reciprocal<G>(self) -> Result<Spectral<V, G>> {
        self.with(|w| {
            crate::functions::dense::finite(w, "the eigenvalues")?;
            crate::functions::pinv::reciprocals(w, w.len());
            crate::functions::dense::finite(w, "the pseudo-inverse: it overflowed")
        })
    }
    /// V diag(f(w)) V^H.
    ///
    /// # Errors
    /// `NonFinite` where f is not.
    pub fn map(self, f: impl Fn(Re<V>) -> Re<V>) -> Result<Spectral<V, SelfAdjointFacts>> {
        self.with(|w| {
            crate::functions::dense::finite(w, "the eigenvalues")?;
            for x in w.iter_mut() {
                let y = f(*x);
                check::<Re<V>>(y.finite(), |lane| {
                    Error::non_finite(format!("the function at the eigenvalue {:.3e}", x.lane_f64(lane)))
                })?;
                *x = y;
            }
            Ok(())
        })
    }
}
/// log w in place.
///
/// # Errors
/// `NegativeEigenvalue` beyond rounding, `Singular` within it.
pub(crate) fn log_of_spectrum<R: Real>(w: &mut [R]) -> Result<()> {
    crate::functions::dense::finite(w, "the eigenvalues")?;
    let largest = w.iter().fold(R::zero(), |m, x| m.max(x.abs()));
    let tol = largest * R::epsilon() * R::real(w.len() as f64);
    for (index, x) in w.iter_mut().enumerate() {
        check::<R>(!x.lt(-tol), |l| Error::NegativeEigenvalue { value: x.lane_f64(l), tol: tol.lane_f64(l) })?;
        check::<R>(tol.lt(*x), |_| Error::Singular { index })?;
        *x = R::select(tol.lt(*x), *x, R::one()).ln();
    }
    Ok(())
}
impl<V: LinearOperator, F: Facts> LinearOperator for Spectral<V, F> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn act(&self, how: Update<Sc<V>>, x: View<'_, Sc<V>>, y: ViewMut<'_, Sc<V>>, s: &mut [Sc<V>]) {
        if let (true, Some(plane)) = (Co::<V>::EXTENT.or(0) == 2, &self.plane) {
            return plane.act(how, x, y);
        }
        let n = self.basis.ncols();
        let (buf, rest) = s.split_at_mut(n * x.cols);
        if n > crate::algorithms::dense::UNROLL && x.rs > x.cs {
            // by rows, as x lies: dense products need not transpose what they pack
            self.basis.act(Update::replace().flip(), x, ViewMut::new(buf, n, x.cols, x.cols, 1), rest);
            for (row, &w) in buf.chunks_exact_mut(x.cols.max(1)).zip(self.values.iter()) {
                row.iter_mut().for_each(|x| *x = x.scale(w));
            }
            return self.basis.act(how.plain(), View::new(buf, n, x.cols, x.cols, 1), y, rest);
        }
        self.basis.act(Update::replace().flip(), x, ViewMut::matrix(buf, n, x.cols), rest);
        for c in 0..x.cols {
            for i in 0..n {
                buf[i + n * c] = buf[i + n * c].scale(self.values[i]);
            }
        }
        self.basis.act(how.plain(), View::matrix(buf, n, x.cols), y, rest);
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn scratch_len(&self, columns: usize) -> usize {
        self.basis.ncols() * columns + self.basis.scratch_len(columns)
    }
}
/// What a power keeps of the facts F.
pub type PowerFacts<F> = FactSet<Known, <F as Facts>::Psd, Unknown, Unknown>;
// w^-1
impl<K: Facts, V: Operator + Clone, F: Facts> InverseRule<K> for Spectral<V, F> {
    type Output = Spectral<V, PowerFacts<F>>;
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn inverse_rule(&self) -> Result<Self::Output> {
        self.clone().power(Power::Real(-1.0))
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn solve_rule(&self, b: View<'_, Sc<V>>, x: ViewMut<'_, Sc<V>>) -> Result<()>
    where
        Self::Output: LinearOperator<Scalar = Sc<V>>,
    {
        right_hand_side("solve", (self.nrows(), self.ncols()), b)?;
        let inverse = <Self as InverseRule<K>>::inverse_rule(self)?;
        crate::functions::inverse::apply_checked(&inverse, b, x)
    }
}
// sum of log |w|
impl<K: Facts, V: Operator, F: Facts> DetRule<K> for Spectral<V, F> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn slogdet_rule(&self) -> Result<(Sc<V>, Re<V>)> {
        crate::functions::dense::finite(&self.values, "the eigenvalues")?;
        Ok(slog_product(self.values.iter().map(|&w| Sc::<V>::from_re(w))))
    }
}
impl<K: Facts, V: Operator + Clone, F: Facts> PowerRule<K> for Spectral<V, F> {
    type Output = Spectral<V, PowerFacts<F>>;
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn power_rule(&self, p: Power) -> Result<Self::Output> {
        self.clone().power(p)
    }
}
impl<K: Facts, V: Operator + Clone, F: Facts> ExpRule<K> for Spectral<V, F> {
    type Output = Spectral<V, PsdFacts>;
    fn exp_rule(&self) -> Result<Self::Output> {
        self.clone().exp()
    }
}
impl<K: Facts, V: Operator + Clone, F: Facts> LogRule<K> for Spectral<V, F> {
    type Output = Spectral<V, SelfAdjointFacts>;
    fn log_rule(&self) -> Result<Self::Output> {
        self.clone().log()
    }
}
impl<K: Facts, V: Operator + Clone, F: Facts> EighRule<K> for Spectral<V, F> {
    type Basis = V;
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn eigh_rule(&self) -> Result<Spectral<V, SelfAdjointFacts>> {
        self.clone().with(|_| Ok(()))
    }
}
// by rows of V; tr A = sum of w
impl<V: LinearOperator, F: Facts> DiagonalRule for Spectral<V, F> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn diagonal_rule(&self, k: isize, d: &mut [Sc<V>]) -> Result<()> {
        diagonal_of_spectrum(&self.basis, |j, x| x.scale(self.values[j]), k, d);
        Ok(())
    }
    fn trace_rule(&self) -> Result<Sc<V>> {
        Ok(Sc::<V>::from_re(self.values.iter().fold(Re::<V>::zero(), |s, w| s + *w)))
    }
}
impl<K: Facts, V: LinearOperator + Clone, F: Facts> SpectrumRule<K> for Spectral<V, F> {
    type Vectors = V;
    const STRUCTURED: bool = true;
    fn has_spectrum(&self) -> bool {
        true
    }
    fn spectrum_rule(&self) -> Result<Spectral<V, SelfAdjointFacts>> {
        self.clone().with(|_| Ok(()))
    }
}
crate::base_factors!([V: Operator, F: Facts] Spectral<V, F>);
impl<K: Facts, V: Operator + Clone, F: Facts> EigRule<K> for Spectral<V, F> {
    type Vectors = Complexified<V>;
    fn eig_rule(&self) -> Result<EigFactors<Self::Vectors>> {
        crate::functions::dense::finite(&self.values, "the eigenvalues")?;
        let w = complex_column(self.values.iter().map(|&w| Sc::<V>::from_re(w)));
        Ok(EigFactors::from_parts(Complexified(self.basis.clone()), w))
    }
    fn left_eig_rule(&self) -> Option<Result<EigFactors<Self::Vectors>>> {
        Some(EigRule::<K>::eig_rule(self).map(EigFactors::conjugated))
    }
}
// V diag(sign w) diag|w| V^H
impl<K: Facts, V: Operator + Clone, F: Facts> SvdRule<K> for Spectral<V, F>
where
    Product<V, Unitary<Diagonal<Column<Sc<V>, Co<V>>>>>: Operator<Scalar = Sc<V>, Cols = Co<V>>,
{
    type Left = Product<V, Unitary<Diagonal<Column<Sc<V>, Co<V>>>>>;
    type Right = V;
    fn svd_rule(&self) -> Result<SvdFactors<Self::Left, V>> {
        crate::functions::dense::finite(&self.values, "the eigenvalues")?;
        let n = self.values.len();
        let (mut sign, mut s) = (Column::filled(n, Sc::<V>::zero()), Column::filled(n, Re::<V>::zero()));
        (0..n).for_each(|i| (sign[i], s[i]) = polar(Sc::<V>::from_re(self.values[i])));
        Ok(SvdFactors { u: Product::joined(self.basis.clone(), Unitary(Diagonal(sign))), s, v: self.basis.clone() })
    }
}
// 1 / w, 0 within rounding of 0
impl<K: Facts, V: Operator + Clone, F: Facts> PinvRule<K> for Spectral<V, F> {
    type Output = Spectral<V, PowerFacts<F>>;
    fn pinv_rule(&self) -> Result<Self::Output> {
        self.clone().reciprocal()
    }
}
/// The plan of `diagonal_of_spectrum`.
pub(crate) fn rows_plan<A: Operator, V: Explain>(a: &A, basis: &V) -> Plan {
    const RULE: &str = "rows of the eigenvectors";
    match V::HOLDS_DENSE {
        true => Plan::rule(a, RULE, "3n^2"),
        false => Plan { parts: Vec::new(), ..Plan::weighted(RULE, [(basis.nrows(), part(basis, Question::Apply))]) },
    }
}
impl<V: Explain, F: Facts> Explain for Spectral<V, F> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        match question {
            Question::Apply => Plan::weighted("V^H, the eigenvalues, V", [(2, part(&self.basis, question))]),
            Question::Slogdet => Plan::rule(self, "from the eigenvalues", "n"),
            Question::Trace => Plan::rule(self, "sum of the eigenvalues", "n"),
            Question::Diagonal => rows_plan(self, &self.basis),
            Question::Eigh | Question::Eig => Plan::rule(self, "itself", "n"),
            Question::Svd => Plan::rule(self, "absolute values, the signs in U", "n"),
            Question::Solve | Question::Pinv | Question::Power | Question::Exp | Question::Log => {
                Plan::rule(self, "elementwise on the eigenvalues", "n")
            }
            _ => base::<K, Self>(self, question),
        }
    }
    fn tree<K: Facts>(&self) -> Tree {
        Tree::node::<K, Self>(self, vec![self.basis.tree::<V::Facts>()])
    }
}
