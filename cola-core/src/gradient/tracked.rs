//! Operators on the tape, with the operator's own method names; factored once however many functions are called.

use super::tape::{Tape, TapeVector, TrackedVec, Var, axpy, dot, sized};
use super::{Differentiable, LogdetGradient, product};
use crate::data::{Operand, Produce};
use crate::error::{Error, Result};
use crate::functions::inverse::apply_checked;
use crate::functions::{DiagonalRule, HasDet, HasEigh, Inv, Power};
use crate::operator::short::Sc;
use crate::operator::{LinearOperator, Operator};
use crate::ops::Spectral;
use crate::parameters::{Frame, LeafFn, Parameters, ParametersExt, Path};
use crate::scalar::{Real, Scalar};
use crate::view::{View, ViewMut};
use num_traits::{One, Zero};
use std::borrow::Cow;
use std::cell::OnceCell;
use std::rc::Rc;

/// The cotangents of `K`: the same tree, without K's promises.
pub struct Gradient<K: Parameters>(K::Owned);
impl<K: Parameters<Owned: core::fmt::Debug>> core::fmt::Debug for Gradient<K> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.fmt(f)
    }
}
impl<K: Parameters<Owned: Clone>> Clone for Gradient<K> {
    fn clone(&self) -> Self {
        Gradient(self.0.clone())
    }
}
impl<K: Parameters> Gradient<K> {
    /// The tree itself.
    pub fn tree(&self) -> &K::Owned {
        &self.0
    }
}
impl<K: Parameters> Parameters for Gradient<K> {
    type Number = K::Number;
    type With<S: Scalar> = <K::Owned as Parameters>::With<S>;
    type Owned = <K::Owned as Parameters>::Owned;
    fn visit<'a>(&'a self, path: &mut Path, f: &mut dyn FnMut(&str, Cow<'a, [K::Number]>)) {
        self.0.visit(path, f)
    }
    fn traverse<S: Scalar>(&self, path: &mut Path, f: LeafFn<'_, K::Number, S>) -> Self::With<S> {
        self.0.traverse(path, f)
    }
    fn rebuild(&self, path: &mut Path, f: LeafFn<'_, K::Number, K::Number>) -> Self::Owned {
        self.0.rebuild(path, f)
    }
    fn frame(&self, f: &mut dyn FnMut(Frame)) {
        self.0.frame(f)
    }
}

/// What can be differentiated with respect to: operators and vectors.
#[diagnostic::on_unimplemented(
    message = "cannot differentiate with respect to `{Self}`",
    label = "expected an operator or a vector of real numbers"
)]
pub trait Variable {
    /// Number type.
    type Number: Real;
    /// Inside the closure.
    type Inner<'t>
    where
        Self: 't;
    /// What comes out.
    type Gradient;
    #[doc(hidden)]
    fn track<'t>(&'t self, tape: &Rc<Tape<'t, Self::Number>>) -> (usize, Self::Inner<'t>);
    #[doc(hidden)]
    fn collect(&self, at: usize, tape: &Tape<'_, Self::Number>) -> Result<Self::Gradient>;
}
impl<K: Differentiable<Scalar: Real>> Variable for K {
    type Number = Sc<K>;
    type Inner<'t>
        = TrackedOperator<'t, K>
    where
        K: 't;
    type Gradient = Gradient<K>;
    fn track<'t>(&'t self, tape: &Rc<Tape<'t, Sc<K>>>) -> (usize, TrackedOperator<'t, K>) {
        let at = tape.slot(self.parameters());
        (at, TrackedOperator { op: self, tape: tape.clone(), at, inverse: OnceCell::new(), spectral: OnceCell::new() })
    }
    fn collect(&self, at: usize, tape: &Tape<'_, Sc<K>>) -> Result<Gradient<K>> {
        Ok(Gradient(self.unflatten(&tape.adjoint(at, self.parameters()))?))
    }
}
/// The gradient of a vector has the vector's kind.
macro_rules! vector_variable {
    ($([$($p:tt)*] $V:ty;)*) => { $(
        impl<T: Real, $($p)*> Variable for $V where $V: TapeVector<T> + Operand<T> {
            type Number = T;
            type Inner<'t> = TrackedVec<'t, T> where Self: 't;
            type Gradient = <$V as Operand<T>>::Output;
            fn track<'t>(&'t self, tape: &Rc<Tape<'t, T>>) -> (usize, TrackedVec<'t, T>) {
                let value = TapeVector::values(self);
                let at = tape.slot(value.len());
                (at, TrackedVec { tape: tape.clone(), at, value: value.into_owned().into() })
            }
            fn collect(&self, at: usize, tape: &Tape<'_, T>) -> Result<Self::Gradient> {
                let n = TapeVector::values(self).len();
                let mut out = Self::Gradient::produce(n, 1);
                let mut view = out.view_mut();
                tape.adjoint(at, n).into_iter().enumerate().for_each(|(i, x)| *view.at(i, 0) = x);
                Ok(out)
            }
        } )* };
}
vector_variable! {
    [R: nalgebra::Dim, S: nalgebra::RawStorage<T, R, nalgebra::Const<1>>] nalgebra::Matrix<T, R, nalgebra::Const<1>, S>;
    [const N: usize] [T; N];
    [] Vec<T>;
}
/// A variable inside the closure: by `Deref` a [`TrackedOperator`] with the operator's method names, or a [`TrackedVec`].
pub struct Tracked<'t, X: Variable + 't>(X::Inner<'t>);
impl<'t, X: Variable + 't> core::ops::Deref for Tracked<'t, X> {
    type Target = X::Inner<'t>;
    fn deref(&self) -> &X::Inner<'t> {
        &self.0
    }
}
impl<'t, T: Scalar, X: Variable<Number = T> + 't> TapeVector<T> for Tracked<'t, X>
where
    X::Inner<'t>: TapeVector<T>,
{
    fn values(&self) -> Cow<'_, [T]> {
        self.0.values()
    }
    fn slot(&self) -> Option<usize> {
        self.0.slot()
    }
}

/// An operator on the tape.
pub struct TrackedOperator<'t, K: Differentiable> {
    op: &'t K,
    tape: Rc<Tape<'t, Sc<K>>>,
    at: usize,
    inverse: OnceCell<Rc<dyn core::any::Any>>,
    spectral: OnceCell<Rc<dyn core::any::Any>>,
}
/// Made at first use, shared afterwards. `Any` because the types of inverse and basis exist only where the rules do.
fn once<X: 'static>(cell: &OnceCell<Rc<dyn core::any::Any>>, make: impl FnOnce() -> Result<X>) -> Result<Rc<X>> {
    if cell.get().is_none() {
        let _ = cell.set(Rc::new(make()?));
    }
    let shared = cell.get().expect("set above").clone();
    shared.downcast::<X>().map_err(|_| Error::invalid("internal: two types in one cell of the tape; please report"))
}
fn act<A: LinearOperator>(a: &A, adjoint: bool, x: &[A::Scalar]) -> Result<Vec<A::Scalar>> {
    let mut y = vec![A::Scalar::zero(); if adjoint { a.ncols() } else { a.nrows() }];
    match adjoint {
        true => apply_checked(&crate::ops::Adjoint(a), View::vector(x), ViewMut::vector(&mut y))?,
        false => apply_checked(a, View::vector(x), ViewMut::vector(&mut y))?,
    }
    Ok(y)
}
impl<'t, K: Differentiable<Scalar: Real>> TrackedOperator<'t, K> {
    fn shape(&self) -> (usize, usize) {
        (self.op.nrows(), self.op.ncols())
    }
    fn gradient(&self) -> impl Fn(&mut [Sc<K>], &[Sc<K>], &[Sc<K>], Sc<K>) + use<'t, K> {
        let (op, at, n) = (self.op, self.at, self.op.parameters());
        move |a, u, v, scale| op.accumulate_bilinear(View::vector(u), View::vector(v), scale, &mut a[at..at + n])
    }
    /// The operator, knowingly off the tape.
    pub fn value(&self) -> &'t K {
        self.op
    }
    /// y = A b.
    ///
    /// # Errors
    /// `ShapeMismatch`, `NonFinite`.
    pub fn apply(&self, b: &(impl TapeVector<Sc<K>> + ?Sized)) -> Result<TrackedVec<'t, Sc<K>>> {
        sized("apply", self.shape(), b)?;
        let (op, v, slot, gradient) = (self.op, b.values().into_owned(), b.slot(), self.gradient());
        Ok(TrackedVec::derived(&self.tape, act(op, false, &v)?, move |bar, a| {
            gradient(a, &bar, &v, One::one());
            if let Some(j) = slot {
                axpy(One::one(), &product(op, true, View::vector(&bar)), &mut a[j..j + v.len()]);
            }
        }))
    }
    /// b^T A b.
    ///
    /// # Errors
    /// `ShapeMismatch`, `NonFinite`.
    pub fn quad(&self, b: &(impl TapeVector<Sc<K>> + ?Sized)) -> Result<Var<'t, Sc<K>>> {
        Ok(self.apply(b)?.dot(b))
    }
    /// tr A.
    ///
    /// # Errors
    /// `ShapeMismatch`.
    pub fn trace(&self) -> Result<Var<'t, Sc<K>>>
    where
        K: DiagonalRule,
    {
        crate::functions::base::square("trace", self.op)?;
        let (op, at, n) = (self.op, self.at, self.op.parameters());
        Ok(Var::derived(&self.tape, op.trace_rule()?, move |bar, a| op.accumulate_trace(bar, &mut a[at..at + n])))
    }
}
impl<'t, K> TrackedOperator<'t, K>
where
    K: Differentiable<Scalar: Real> + LogdetGradient<<K as Operator>::Facts>,
    Inv<K>: 'static,
{
    fn inverse(&self) -> Result<Rc<Inv<K>>> {
        once(&self.inverse, || self.op.inverse_rule())
    }
    /// x = A^-1 b: b-bar = lambda = A^-T x-bar, A-bar = -lambda x^T.
    ///
    /// # Errors
    /// As the operator's `solve`.
    pub fn solve(&self, b: &(impl TapeVector<Sc<K>> + ?Sized)) -> Result<TrackedVec<'t, Sc<K>>> {
        sized("solve", self.shape(), b)?;
        let (f, slot, gradient) = (self.inverse()?, b.slot(), self.gradient());
        let x = act(&*f, false, &b.values())?;
        Ok(TrackedVec::derived(&self.tape, x.clone(), move |bar, a| {
            let lambda = product(&*f, true, View::vector(&bar));
            gradient(a, &lambda, &x, -Sc::<K>::one());
            if let Some(j) = slot {
                axpy(One::one(), &lambda, &mut a[j..j + x.len()]);
            }
        }))
    }
    /// b^T A^-1 b: A-bar = -(A^-T b) (A^-1 b)^T.
    ///
    /// # Errors
    /// As the operator's `solve`.
    pub fn inv_quad(&self, b: &(impl TapeVector<Sc<K>> + ?Sized)) -> Result<Var<'t, Sc<K>>> {
        sized("inv_quad", self.shape(), b)?;
        let (f, slot, gradient, b) = (self.inverse()?, b.slot(), self.gradient(), b.values().into_owned());
        let x = act(&*f, false, &b)?;
        Ok(Var::derived(&self.tape, dot(&x, &b), move |bar, a| {
            // for a symmetric A the two solves are one; the general one is exact for all
            let y = match <<K::Facts as crate::facts::Facts>::SelfAdjoint as crate::facts::Fact>::KNOWN {
                true => x.clone(),
                false => product(&*f, true, View::vector(&b)),
            };
            gradient(a, &y, &x, -bar);
            if let Some(j) = slot {
                axpy(bar, &x, &mut a[j..j + x.len()]);
                axpy(bar, &y, &mut a[j..j + x.len()]);
            }
        }))
    }
    /// (sign, log|det A|): the sign is a plain number, because it does not change.
    ///
    /// # Errors
    /// As the operator's `slogdet`, and `Singular`.
    pub fn slogdet(&self) -> Result<(Sc<K>, Var<'t, Sc<K>>)>
    where
        K: HasDet,
    {
        crate::functions::base::square("slogdet", self.op)?;
        let (op, at, n, f) = (self.op, self.at, self.op.parameters(), self.inverse()?);
        let (sign, value) = op.slogdet_rule()?;
        let back = move |bar, a: &mut [Sc<K>]| op.accumulate_logdet(&f, bar, &mut a[at..at + n]);
        Ok((sign, Var::derived(&self.tape, value, back)))
    }
    /// log det A: A-bar = A^-T.
    ///
    /// # Errors
    /// As the operator's `logdet`.
    pub fn logdet(&self) -> Result<Var<'t, Sc<K>>>
    where
        K: HasDet,
    {
        let (sign, log) = self.slogdet()?;
        crate::functions::det::logdet_of((sign, log.value()))?;
        Ok(log)
    }
}
/// A function of a tracked self-adjoint operator, to be applied.
pub struct TrackedFunction<'t, K: Differentiable + HasEigh> {
    op: &'t K,
    tape: Rc<Tape<'t, Sc<K>>>,
    at: usize,
    eig: Rc<Spectral<K::Basis>>,
    f: Vec<Sc<K>>,
    df: Vec<Sc<K>>,
}
impl<'t, K> TrackedOperator<'t, K>
where
    K: Differentiable<Scalar: Real> + HasEigh,
    K::Basis: LinearOperator<Scalar = Sc<K>> + 'static,
{
    fn spectral(&self) -> Result<Rc<Spectral<K::Basis>>> {
        once(&self.spectral, || self.op.eigh_rule())
    }
    fn function(
        &self,
        f: impl FnOnce(&mut [Sc<K>]) -> Result<()>,
        df: impl Fn(Sc<K>) -> Sc<K>,
    ) -> Result<TrackedFunction<'t, K>> {
        let eig = self.spectral()?;
        let mut values = eig.eigenvalues().to_vec();
        f(&mut values)?;
        let df = eig.eigenvalues().iter().map(|w| df(*w)).collect();
        Ok(TrackedFunction { op: self.op, tape: self.tape.clone(), at: self.at, eig, f: values, df })
    }
    /// A^p, to be applied.
    ///
    /// # Errors
    /// As the operator's `pow`.
    pub fn pow(&self, p: f64) -> Result<TrackedFunction<'t, K>> {
        self.function(|w| Power::Real(p).of_spectrum(w), |w| w.powf(p - 1.0) * Sc::<K>::real(p))
    }
    /// A^(1/2), to be applied.
    ///
    /// # Errors
    /// As the operator's `sqrt`.
    pub fn sqrt(&self) -> Result<TrackedFunction<'t, K>> {
        self.pow(0.5)
    }
    /// A^(-1/2), to be applied.
    ///
    /// # Errors
    /// As the operator's `isqrt`.
    pub fn isqrt(&self) -> Result<TrackedFunction<'t, K>> {
        self.pow(-0.5)
    }
    /// e^A, to be applied.
    ///
    /// # Errors
    /// As the operator's `exp`.
    pub fn exp(&self) -> Result<TrackedFunction<'t, K>> {
        let exps = |w: &mut [Sc<K>]| {
            w.iter_mut().for_each(|w| *w = w.exp());
            Ok(())
        };
        self.function(exps, |w| w.exp())
    }
    /// log A, to be applied.
    ///
    /// # Errors
    /// As the operator's `log`.
    pub fn log(&self) -> Result<TrackedFunction<'t, K>> {
        self.function(crate::ops::log_of_spectrum, |w| Sc::<K>::one() / w)
    }
    /// The eigenvalues, in the order of the structure: A-bar = V diag(w-bar) V^T.
    ///
    /// # Errors
    /// As the operator's `eigh`.
    pub fn eigenvalues(&self) -> Result<TrackedVec<'t, Sc<K>>> {
        let (eig, gradient) = (self.spectral()?, self.gradient());
        let n = eig.eigenvalues().len();
        Ok(TrackedVec::derived(&self.tape, eig.eigenvalues().to_vec(), move |bar, a| {
            let mut e = vec![Sc::<K>::zero(); n];
            for k in 0..n {
                e[k] = One::one();
                let v = product(eig.eigenvectors(), false, View::vector(&e));
                e[k] = Zero::zero();
                gradient(a, &v, &v, bar[k]);
            }
        }))
    }
}
impl<'t, K> TrackedFunction<'t, K>
where
    K: Differentiable<Scalar: Real> + HasEigh,
    K::Basis: LinearOperator<Scalar = Sc<K>> + 'static,
{
    /// y = f(A) b. Daleckii-Krein: dA contributes sum_ij F_ij ybar_i b_j (V^T dA V)_ij in the eigenbasis, F the divided differences of f:
    /// n bilinear forms, no n x n matrix.
    ///
    /// # Errors
    /// `ShapeMismatch`, `NonFinite`.
    pub fn apply(&self, b: &(impl TapeVector<Sc<K>> + ?Sized)) -> Result<TrackedVec<'t, Sc<K>>> {
        let n = self.f.len();
        sized("apply", (n, n), b)?;
        let (op, at, eig, slot) = (self.op, self.at, self.eig.clone(), b.slot());
        let (f, df, count) = (self.f.clone(), self.df.clone(), op.parameters());
        let c = product(eig.eigenvectors(), true, View::vector(&b.values()));
        let scaled: Vec<_> = c.iter().zip(&f).map(|(c, f)| *c * *f).collect();
        let y = product(eig.eigenvectors(), false, View::vector(&scaled));
        Ok(TrackedVec::derived(&self.tape, y, move |bar, a| {
            let (w, v) = (eig.eigenvalues(), eig.eigenvectors());
            let bar = product(v, true, View::vector(&bar));
            let (mut unit, mut u) = (vec![Sc::<K>::zero(); n], vec![Sc::<K>::zero(); n]);
            let largest = w.iter().fold(Sc::<K>::zero(), |m, w| m.max(w.abs()));
            // near-equal eigenvalues: the difference quotient has lost its digits, the derivative has not
            let close = largest * Sc::<K>::epsilon().sqrt();
            for j in 0..n {
                for i in 0..n {
                    let gap = w[i] - w[j];
                    let near = crate::scalar::Mask::any(!close.lt(gap.abs()));
                    let quotient = if near { (df[i] + df[j]) * Sc::<K>::real(0.5) } else { (f[i] - f[j]) / gap };
                    u[i] = bar[i] * quotient;
                }
                unit[j] = c[j];
                let (x, y) = (product(v, false, View::vector(&u)), product(v, false, View::vector(&unit)));
                unit[j] = Zero::zero();
                op.accumulate_bilinear(View::vector(&x), View::vector(&y), One::one(), &mut a[at..at + count]);
            }
            if let Some(k) = slot {
                let g: Vec<_> = bar.iter().zip(&f).map(|(b, f)| *b * *f).collect();
                axpy(One::one(), &product(v, false, View::vector(&g)), &mut a[k..k + n]);
            }
        }))
    }
}

/// The value of `f` and its gradient: same tree as `k`, cotangents in the leaves.
///
/// ```
/// # use cola_core::prelude::*;
/// # use cola_core::{value_and_grad, ParametersExt};
/// let k = Psd::new(Diagonal::new([2.0, 4.0]));
/// let (loss, g) = value_and_grad(&k, |k| Ok(k.inv_quad(&[1.0, 1.0])? + k.logdet()?))?;
/// assert!((loss - (0.75 + 8f64.ln())).abs() < 1e-15);
/// assert_eq!(g.flatten(), [-0.25 + 0.5, -0.0625 + 0.25]);
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// What `f` returns.
pub fn value_and_grad<K: Variable>(
    k: &K,
    f: impl for<'t> FnOnce(&Tracked<'t, K>) -> Result<Var<'t, K::Number>>,
) -> Result<(K::Number, K::Gradient)> {
    let tape = Tape::new();
    let (at, tracked) = k.track(&tape);
    let value = tape.finish(f(&Tracked(tracked)))?;
    Ok((value, k.collect(at, &tape)?))
}
/// The same with two variables: operators or vectors.
///
/// # Errors
/// What `f` returns.
#[allow(clippy::type_complexity, reason = "the pair of gradients is what the function is for")]
pub fn value_and_grad2<K: Variable, L: Variable<Number = K::Number>>(
    k: &K,
    l: &L,
    f: impl for<'t> FnOnce(&Tracked<'t, K>, &Tracked<'t, L>) -> Result<Var<'t, K::Number>>,
) -> Result<(K::Number, (K::Gradient, L::Gradient))> {
    let tape = Tape::new();
    let ((i, a), (j, b)) = (k.track(&tape), l.track(&tape));
    let value = tape.finish(f(&Tracked(a), &Tracked(b)))?;
    Ok((value, (k.collect(i, &tape)?, l.collect(j, &tape)?)))
}
/// The same with three variables.
///
/// # Errors
/// What `f` returns.
#[allow(clippy::type_complexity, reason = "the triple of gradients is what the function is for")]
pub fn value_and_grad3<K: Variable, L: Variable<Number = K::Number>, M: Variable<Number = K::Number>>(
    k: &K,
    l: &L,
    m: &M,
    f: impl for<'t> FnOnce(&Tracked<'t, K>, &Tracked<'t, L>, &Tracked<'t, M>) -> Result<Var<'t, K::Number>>,
) -> Result<(K::Number, (K::Gradient, L::Gradient, M::Gradient))> {
    let tape = Tape::new();
    let ((i, a), (j, b), (h, c)) = (k.track(&tape), l.track(&tape), m.track(&tape));
    let value = tape.finish(f(&Tracked(a), &Tracked(b), &Tracked(c)))?;
    Ok((value, (k.collect(i, &tape)?, l.collect(j, &tape)?, m.collect(h, &tape)?)))
}
