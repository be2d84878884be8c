//! Eigen-decomposition of self-adjoint operators, A = V diag(w) V^H, with V an operator of the structure of A.

use crate::error::Result;
use crate::facts::{Facts, SelfAdjointFacts};
use crate::operator::Operator;
use crate::ops::Spectral;

/// How a self-adjoint structure is diagonalised, given the facts `K`.
#[diagnostic::on_unimplemented(
    message = "no eigen-decomposition rule for `{Self}`",
    label = "`{Self}` has no `eigh` rule",
    note = "say that it is self-adjoint: `self_adjoint(..)` or `psd(..)`; an operator of your own gets base cases by `base_rules!`"
)]
pub trait EighRule<K: Facts>: Operator {
    /// The eigenvectors: a unitary operator.
    type Basis: Operator<Scalar = Self::Scalar>;
    /// V and w, in the order that the structure gives.
    ///
    /// # Errors
    /// `NotConverged`, `NonFinite`, `ShapeMismatch`.
    fn eigh_rule(&self) -> Result<Spectral<Self::Basis, SelfAdjointFacts>>;
}
/// Has an eigen-decomposition rule for the facts it has.
#[diagnostic::on_unimplemented(
    message = "no eigen-decomposition rule for `{Self}`",
    label = "`{Self}` has no `eigh` rule",
    note = "say that it is self-adjoint: `self_adjoint(..)` or `psd(..)`; an operator of your own gets base cases by `base_rules!`"
)]
pub trait HasEigh: EighRule<<Self as Operator>::Facts> {}
#[diagnostic::do_not_recommend]
impl<A: EighRule<<A as Operator>::Facts>> HasEigh for A {}
/// The type of the eigenvectors of `A`.
pub type Eigh<A> = <A as EighRule<<A as Operator>::Facts>>::Basis;
