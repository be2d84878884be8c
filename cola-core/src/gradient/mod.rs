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
use crate::functions::InverseRule;
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
        let n = self.nrows();
        let (mut e, mut u) = (vec![Sc::<Self>::zero(); n], vec![Sc::<Self>::zero(); n]);
        let mut scratch = vec![Sc::<Self>::zero(); inverse.scratch_len(1)];
        for i in 0..n {
            e[i] = Sc::<Self>::one();
            inverse.act(Update::replace().flip(), View::vector(&e), ViewMut::vector(&mut u), &mut scratch);
            self.accumulate_bilinear(View::vector(&u), View::vector(&e), scale, g);
            e[i] = Sc::<Self>::zero();
        }
    }
}
/// op(A) x as a new vector: what the primitives of composites need of their parts.
pub(crate) fn product<A: LinearOperator>(a: &A, adjoint: bool, x: View<'_, Sc<A>>) -> Vec<Sc<A>> {
    let mut y = vec![Sc::<A>::zero(); if adjoint { a.ncols() } else { a.nrows() }];
    let how = Update { adjoint, ..Update::replace() };
    with_scratch(a.scratch_len(1), |s| a.act(how, x, ViewMut::vector(&mut y), s));
    y
}
