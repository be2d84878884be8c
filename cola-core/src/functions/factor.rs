//! Factorisations as operators: A = L L^H (Cholesky) and A = P^T L U.

use crate::error::Result;
use crate::facts::Facts;
use crate::operator::Operator;

/// How a PSD structure is factored, given the facts `K`.
#[diagnostic::on_unimplemented(
    message = "no Cholesky rule for `{Self}`",
    label = "`{Self}` has no Cholesky factor",
    note = "a Cholesky factorisation needs `psd(..)`; an operator of your own gets base cases by `cola::base_rules! {{ [] Mine }}`"
)]
pub trait CholeskyRule<K: Facts>: Operator {
    /// L, lower triangular (Kronecker products and block diagonals of lower triangular operators are that too).
    type Factor: Operator<Scalar = Self::Scalar>;
    /// L with L L^H = A and a positive diagonal.
    ///
    /// # Errors
    /// `NotPositiveDefinite`, `NonFinite`, `ShapeMismatch`.
    fn cholesky_rule(&self) -> Result<Self::Factor>;
}
/// Has a Cholesky rule for the facts it has.
#[diagnostic::on_unimplemented(
    message = "no Cholesky rule for `{Self}`",
    label = "`{Self}` has no Cholesky factor",
    note = "a Cholesky factorisation needs `psd(..)`; an operator of your own gets base cases by `cola::base_rules! {{ [] Mine }}`"
)]
pub trait HasCholesky: CholeskyRule<<Self as Operator>::Facts> {}
#[diagnostic::do_not_recommend]
impl<A: CholeskyRule<<A as Operator>::Facts>> HasCholesky for A {}

/// P A = L U: three operators.
#[derive(Clone, Debug)]
pub struct LuFactors<P, L, U> {
    /// Permutation.
    pub p: P,
    /// Unit lower triangular.
    pub l: L,
    /// Upper triangular.
    pub u: U,
}
/// How a structure is split into P A = L U.
#[diagnostic::on_unimplemented(
    message = "no LU rule for `{Self}`",
    label = "`{Self}` has no LU factors",
    note = "an operator of your own gets all base cases by `cola::base_rules! {{ [] Mine }}`"
)]
pub trait LuRule: Operator {
    /// P.
    type P: Operator<Scalar = Self::Scalar>;
    /// L.
    type L: Operator<Scalar = Self::Scalar>;
    /// U.
    type U: Operator<Scalar = Self::Scalar>;
    /// P, L, U with P A = L U, by partial pivoting.
    ///
    /// # Errors
    /// `NonFinite`, `ShapeMismatch`. A singular matrix has an LU factorisation too: U has a zero on its diagonal.
    fn lu_rule(&self) -> Result<LuFactors<Self::P, Self::L, Self::U>>;
}
/// Has an LU rule.
pub trait HasLu: LuRule {}
#[diagnostic::do_not_recommend]
impl<A: LuRule> HasLu for A {}
