//! Eigen-decomposition of self-adjoint operators, A = V diag(w) V^H, with V an operator of the structure of A.

use crate::algorithms::sylvester::KronSumFactor;
use crate::error::Result;
use crate::facts::{Facts, SelfAdjointFacts};
use crate::operator::{LinearOperator, Operator};
use crate::ops::Spectral;
use std::sync::Arc;

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

/// The eigen-decomposition of a structure that may have one, without the demand that it is known to be self-adjoint: what sums of
/// commuting parts (A + c I, A x I + I x B) ask of their parts. Structures with base cases get it from `base_rules!`.
#[diagnostic::on_unimplemented(
    message = "it is not known whether `{Self}` has an eigen-decomposition",
    label = "`{Self}` has no `spectrum` rule",
    note = "an operator of your own gets all base cases by `cola::base_rules! {{ [] Mine }}`"
)]
pub trait SpectrumRule<K: Facts>: Operator {
    /// The eigenvectors: a unitary operator.
    type Vectors: LinearOperator<Scalar = Self::Scalar> + Clone;
    /// True if the eigen-decomposition is cheaper than a factorisation of the dense matrix.
    const STRUCTURED: bool;
    /// True if [`spectrum_rule`](Self::spectrum_rule) applies: the structure is self-adjoint, and not too large for it.
    fn has_spectrum(&self) -> bool;
    /// V and w, in the order that the structure gives.
    ///
    /// # Errors
    /// `NotConverged`, `NonFinite`, `ShapeMismatch`.
    fn spectrum_rule(&self) -> Result<Spectral<Self::Vectors, SelfAdjointFacts>>;
    /// True if A + c I is solved through the Schur forms of the parts where there is no spectrum.
    fn has_shifted_factor(&self) -> bool {
        false
    }
    /// A + c I, factored through the Schur forms of the parts; `None` where
    /// [`has_shifted_factor`](Self::has_shifted_factor) is false.
    ///
    /// # Errors
    /// `NotConverged`, `NonFinite`.
    fn shifted_factor(&self, _: Self::Scalar) -> Result<Option<Arc<dyn KronSumFactor<Self::Scalar>>>> {
        Ok(None)
    }
}
/// Says by its own facts whether it has an eigen-decomposition.
pub trait MaySpectrum: SpectrumRule<<Self as Operator>::Facts> {}
#[diagnostic::do_not_recommend]
impl<A: SpectrumRule<<A as Operator>::Facts>> MaySpectrum for A {}
/// The type of the eigenvectors that `A` may have.
pub type Vectors<A> = <A as SpectrumRule<<A as Operator>::Facts>>::Vectors;
