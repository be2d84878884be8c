//! Gradients of scalar functions of operators by adjoint rules: each structure writes one primitive, the derivative of u^T A v; every
//! function follows from it, and nothing is unrolled through a factorisation or an iteration.
//!
//! | function | cotangent of A |
//! |---|---|
//! | y = A x | y-bar x^T |
//! | x = A^-1 b | -lambda x^T with A^T lambda = x-bar |
//! | log det A | A^-T |
//! | f(A) b, A self-adjoint | Daleckii-Krein: n bilinear forms in the eigenbasis |
//! | eigenvalues w | V diag(w-bar) V^T |
//!
//! (Giles 2008; Higham, Functions of Matrices, section 3.2.)

mod tape;
mod tracked;

pub use tape::{Constant, TapeVector, TrackedVec, Var, constant};
pub use tracked::{
    Gradient, Tracked, TrackedFunction, TrackedOperator, Variable, value_and_grad, value_and_grad2, value_and_grad3,
};

use crate::facts::Facts;
use crate::functions::{InverseRule, SpectrumRule};
use crate::operator::short::Sc;
use crate::operator::{LinearOperator, Update, with_scratch};
use crate::parameters::Parameters;
use crate::view::{View, ViewMut};
use num_traits::{One, Zero};

/// The one primitive that a structure with parameters writes. `g` is the flat gradient, in the order of
/// [`flatten`](crate::ParametersExt::flatten).
#[diagnostic::on_unimplemented(
    message = "no gradient with respect to `{Self}`",
    label = "`{Self}` has no rule for derivatives",
    note = "an operator of your own gets one by `impl Differentiable`: the derivative of u^T A v"
)]
pub trait Differentiable: LinearOperator + Parameters<Number = Sc<Self>> {
    /// How many numbers its leaves hold.
    fn parameters(&self) -> usize;
    /// g += scale d(u^T A v), for one column u and v.
    fn accumulate_bilinear(&self, u: View<'_, Sc<Self>>, v: View<'_, Sc<Self>>, scale: Sc<Self>, g: &mut [Sc<Self>]);
    /// g += scale d tr(A) = scale sum_i d(e_i^T A e_i).
    fn accumulate_trace(&self, scale: Sc<Self>, g: &mut [Sc<Self>]) {
        let mut e = vec![Sc::<Self>::zero(); self.nrows()];
        for i in 0..e.len() {
            e[i] = Sc::<Self>::one();
            self.accumulate_bilinear(View::vector(&e), View::vector(&e), scale, g);
            e[i] = Sc::<Self>::zero();
        }
    }
}
/// The gradient of log|det A|, given the inverse that the solves use too.
#[diagnostic::on_unimplemented(
    message = "no gradient of the determinant of `{Self}`",
    label = "`{Self}` has no rule for the derivative of logdet",
    note = "an operator of your own gets the base case by `impl<K: Facts> LogdetGradient<K> for Mine {{}}`"
)]
pub trait LogdetGradient<K: Facts>: Differentiable + InverseRule<K, Output: LinearOperator<Scalar = Sc<Self>>> {
    /// g += scale tr(A^-1 dA). By default n bilinear forms: tr(A^-1 dA) = sum_i (A^-T e_i)^T dA e_i.
    fn accumulate_logdet(&self, inverse: &Self::Output, scale: Sc<Self>, g: &mut [Sc<Self>]) {
        logdet_by_columns(self, inverse, scale, g)
    }
}
/// The gradient of a structure without numbers that could be varied: empty, so that sums and products with it have theirs.
macro_rules! no_gradient {
    ([$($p:tt)*] $S:ty $(where $($bound:tt)+)?) => {
        impl<$($p)*> $crate::gradient::Differentiable for $S $(where $($bound)+)? {
            fn parameters(&self) -> usize {
                0
            }
            fn accumulate_bilinear(
                &self,
                _: $crate::view::View<'_, $crate::operator::short::Sc<$S>>,
                _: $crate::view::View<'_, $crate::operator::short::Sc<$S>>,
                _: $crate::operator::short::Sc<$S>,
                _: &mut [$crate::operator::short::Sc<$S>],
            ) {
            }
            fn accumulate_trace(
                &self,
                _: $crate::operator::short::Sc<$S>,
                _: &mut [$crate::operator::short::Sc<$S>],
            ) {
            }
        }
        impl<Kk: $crate::facts::Facts, $($p)*> $crate::gradient::LogdetGradient<Kk> for $S
        where
            $S: $crate::gradient::Differentiable + $crate::functions::InverseRule<
                Kk,
                Output: $crate::operator::LinearOperator<Scalar = $crate::operator::short::Sc<$S>>,
            >,
        {
            fn accumulate_logdet(
                &self,
                _: &Self::Output,
                _: $crate::operator::short::Sc<$S>,
                _: &mut [$crate::operator::short::Sc<$S>],
            ) {
            }
        }
        impl<Kk: $crate::facts::Facts, $($p)*> $crate::gradient::SpectrumGradient<Kk> for $S
        where
            $S: $crate::gradient::Differentiable + $crate::functions::SpectrumRule<Kk>,
        {
            fn accumulate_spectrum(
                &self,
                _: &Self::Vectors,
                _: &[$crate::operator::short::Sc<$S>],
                _: $crate::operator::short::Sc<$S>,
                _: &mut [$crate::operator::short::Sc<$S>],
            ) {
            }
        }
    };
}
pub(crate) use no_gradient;
pub(crate) fn logdet_by_columns<A: Differentiable + ?Sized>(
    a: &A,
    inverse: &impl LinearOperator<Scalar = Sc<A>>,
    scale: Sc<A>,
    g: &mut [Sc<A>],
) {
    let n = a.nrows();
    let (mut e, mut u) = (vec![Sc::<A>::zero(); n], vec![Sc::<A>::zero(); n]);
    let mut scratch = vec![Sc::<A>::zero(); inverse.scratch_len(1)];
    for i in 0..n {
        e[i] = Sc::<A>::one();
        inverse.act(Update::replace().flip(), View::vector(&e), ViewMut::vector(&mut u), &mut scratch);
        a.accumulate_bilinear(View::vector(&u), View::vector(&e), scale, g);
        e[i] = Sc::<A>::zero();
    }
}
/// The gradient of a function of the spectrum, real symmetric operators: what the determinant of A + c I asks of A.
#[diagnostic::on_unimplemented(
    message = "no gradient of the eigenvalues of `{Self}`",
    label = "`{Self}` has no rule for the derivative of its spectrum",
    note = "an operator of your own gets the base case by `impl<K: Facts> SpectrumGradient<K> for Mine {{}}`"
)]
pub trait SpectrumGradient<K: Facts>: Differentiable + SpectrumRule<K> {
    /// g += scale sum over k of w_k d(v_k^T A v_k). By default n bilinear forms; composites ask their parts with fewer weights.
    fn accumulate_spectrum(&self, vectors: &Self::Vectors, weights: &[Sc<Self>], scale: Sc<Self>, g: &mut [Sc<Self>]) {
        spectrum_by_columns(self, vectors, weights, scale, g)
    }
}
pub(crate) fn spectrum_by_columns<A: Differentiable + ?Sized>(
    a: &A,
    vectors: &impl LinearOperator<Scalar = Sc<A>>,
    weights: &[Sc<A>],
    scale: Sc<A>,
    g: &mut [Sc<A>],
) {
    let mut e = vec![Sc::<A>::zero(); weights.len()];
    for (k, &w) in weights.iter().enumerate() {
        e[k] = Sc::<A>::one();
        let v = product(vectors, false, View::vector(&e));
        e[k] = Sc::<A>::zero();
        a.accumulate_bilinear(View::vector(&v), View::vector(&v), scale * w, g);
    }
}
/// v_k^T A v_k of every column: the eigenvalues again.
pub(crate) fn rayleigh<A: LinearOperator>(a: &A, vectors: &impl LinearOperator<Scalar = Sc<A>>) -> Vec<Sc<A>> {
    let n = a.nrows();
    let mut e = vec![Sc::<A>::zero(); n];
    let mut out = Vec::with_capacity(n);
    for k in 0..n {
        e[k] = Sc::<A>::one();
        let v = product(vectors, false, View::vector(&e));
        e[k] = Sc::<A>::zero();
        let av = product(a, false, View::vector(&v));
        out.push(v.iter().zip(&av).fold(Sc::<A>::zero(), |s, (v, av)| s + *v * *av));
    }
    out
}
/// op(A) x as a new vector: what the primitives of composites need of their parts.
pub(crate) fn product<A: LinearOperator>(a: &A, adjoint: bool, x: View<'_, Sc<A>>) -> Vec<Sc<A>> {
    let mut y = vec![Sc::<A>::zero(); if adjoint { a.ncols() } else { a.nrows() }];
    let how = Update { adjoint, ..Update::replace() };
    with_scratch(a.scratch_len(1), |s| a.act(how, x, ViewMut::vector(&mut y), s));
    y
}
