//! Exponential and principal logarithm.
//!
//! exp: by the spectrum if self-adjoint, else scaling and squaring with Pade approximants (Higham 2005). log: by the spectrum; a
//! general matrix by inverse scaling and squaring on its Schur form, on request (`log_with(Schur::default())`).

use crate::data::Held;
use crate::error::Result;
use crate::facts::{Facts, Known, PsdFacts, Unknown};
use crate::functions::EighRule;
use crate::functions::base::materialize;
use crate::functions::dense::FactChoice;
use crate::operator::short::{Ro, Sc};
use crate::operator::{LinearOperator, Operator};
use crate::ops::{Dense, Spectral};

/// How the exponential of a structure is made, given the facts `K`.
#[diagnostic::on_unimplemented(
    message = "no exponential rule for `{Self}`",
    label = "`{Self}` has no `exp` rule",
    note = "an operator of your own gets all base cases by `cola::base_rules! {{ [] Mine }}`"
)]
pub trait ExpRule<K: Facts>: Operator {
    /// e^A.
    type Output: Operator<Scalar = Self::Scalar>;
    /// e^A.
    ///
    /// # Errors
    /// `NonFinite`, also where the result overflows; `ShapeMismatch`.
    fn exp_rule(&self) -> Result<Self::Output>;
}
/// Has an exponential rule for the facts it has.
#[diagnostic::on_unimplemented(
    message = "no exponential rule for `{Self}`",
    label = "`{Self}` has no `exp` rule",
    note = "an operator of your own gets all base cases by `cola::base_rules! {{ [] Mine }}`"
)]
pub trait HasExp: ExpRule<<Self as Operator>::Facts> {}
#[diagnostic::do_not_recommend]
impl<A: ExpRule<<A as Operator>::Facts>> HasExp for A {}
/// The type of e^A.
pub type Exp<A> = <A as ExpRule<<A as Operator>::Facts>>::Output;

/// For "is self-adjoint": how the exponential of a structure with an eigen-decomposition is made.
#[diagnostic::on_unimplemented(
    message = "no exponential rule for `{A}`",
    label = "`{A}` has no `exp` rule",
    note = "a structure that is self-adjoint needs parts with an `eigh` rule"
)]
pub trait ExpBy<A: Operator, K> {
    /// e^A.
    type Output: Operator<Scalar = A::Scalar>;
    /// e^A.
    ///
    /// # Errors
    /// `NonFinite`, `ShapeMismatch`.
    fn exp_by(a: &A) -> Result<Self::Output>;
}
#[diagnostic::do_not_recommend]
impl<K: Facts, A: EighRule<K>> ExpBy<A, K> for Known {
    type Output = Spectral<A::Basis, PsdFacts>;
    #[inline]
    fn exp_by(a: &A) -> Result<Self::Output> {
        a.eigh_rule()?.exp()
    }
}
#[diagnostic::do_not_recommend]
impl<K: Facts, A: LinearOperator> ExpBy<A, K> for Unknown {
    type Output = Dense<Held<Sc<A>, Ro<A>>>;
    fn exp_by(a: &A) -> Result<Self::Output> {
        <Unknown as FactChoice>::dense_exp(materialize("exp", a)?)
    }
}
/// How the principal logarithm of a structure is made, given the facts `K`.
#[diagnostic::on_unimplemented(
    message = "no logarithm rule for `{Self}`",
    label = "`{Self}` has no `log` rule",
    note = "say what is known of it: `psd(..)` or `self_adjoint(..)`; a general matrix has `.log_with(Schur::default())?`"
)]
pub trait LogRule<K: Facts>: Operator {
    /// log A.
    type Output: Operator<Scalar = Self::Scalar>;
    /// log A.
    ///
    /// # Errors
    /// `NegativeEigenvalue`, `Singular`, `NonFinite`, `ShapeMismatch`.
    fn log_rule(&self) -> Result<Self::Output>;
}
/// Has a logarithm rule for the facts it has.
#[diagnostic::on_unimplemented(
    message = "no logarithm rule for `{Self}`",
    label = "`{Self}` has no `log` rule",
    note = "say what is known of it: `psd(..)` or `self_adjoint(..)`; a general matrix has `.log_with(Schur::default())?`"
)]
pub trait HasLog: LogRule<<Self as Operator>::Facts> {}
#[diagnostic::do_not_recommend]
impl<A: LogRule<<A as Operator>::Facts>> HasLog for A {}
/// The type of log A.
pub type Log<A> = <A as LogRule<<A as Operator>::Facts>>::Output;
