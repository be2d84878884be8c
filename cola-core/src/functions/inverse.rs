//! Inverse and solve.
//!
//! | structure | rule |
//! |---|---|
//! | Dense | LDL^H if PSD, Bunch-Kaufman if self-adjoint, LU else |
//! | Diagonal, ScaledIdentity, Identity, Permutation, Triangular, unitary | closed |
//! | Sparse | sparse Cholesky if PSD, sparse LU else |
//! | Kron, BlockDiag, Repeat, Product, Transpose, Adjoint, Scaled | by the parts |
//! | kernel matrices + c I, c > 0, large | CG with a pivoted Cholesky preconditioner (`lazy.rs`) |
//! | the rest | base: dense factorisation, or CG / MINRES / GMRES for large operators that hold no dense matrix |

use crate::error::{Result, collect_faults};
use crate::facts::Facts;
use crate::operator::{LinearOperator, Operator, Update, with_scratch};
use crate::scalar::Scalar;
use crate::space::Square;
use crate::view::{View, ViewMut};

/// How a structure is inverted, given the facts `K`.
#[diagnostic::on_unimplemented(
    message = "no inverse rule for `{Self}`",
    label = "`{Self}` cannot be inverted",
    note = "an operator of your own gets all base cases by `cola::base_rules! {{ [] Mine }}`",
    note = "an iterative solve needs no rule: `.solve_with(Gmres::default(), &b)?`; generic code states the bound `A: Solvable`"
)]
pub trait InverseRule<K: Facts>: Operator {
    /// The inverse: an operator that owns what it needs.
    type Output: Operator<Scalar = Self::Scalar>;
    /// A^-1.
    ///
    /// # Errors
    /// `Singular`, `NotPositiveDefinite`, `NonFinite`, `ShapeMismatch` for a rectangular operator.
    fn inverse_rule(&self) -> Result<Self::Output>;
    /// x = A^-1 b, overridden wherever the inverse would clone its operator.
    ///
    /// # Errors
    /// As `inverse_rule`; `NotConverged` and `Breakdown` of iterative base cases.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn solve_rule(&self, b: View<'_, Self::Scalar>, x: ViewMut<'_, Self::Scalar>) -> Result<()>
    where
        Self::Output: LinearOperator<Scalar = Self::Scalar>,
    {
        let inverse = self.inverse_rule()?;
        apply_checked(&inverse, b, x)
    }
}
/// Has an inverse rule for the facts it has.
#[diagnostic::on_unimplemented(
    message = "no inverse rule for `{Self}`",
    label = "`{Self}` cannot be inverted",
    note = "an operator of your own gets all base cases by `cola::base_rules! {{ [] Mine }}`",
    note = "an iterative solve needs no rule: `.solve_with(Gmres::default(), &b)?`"
)]
pub trait Invertible: InverseRule<<Self as Operator>::Facts> {}
#[diagnostic::do_not_recommend]
impl<A: InverseRule<<A as Operator>::Facts>> Invertible for A {}
/// All that `solve` needs: one bound for generic code.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no `solve`",
    label = "not square, or without an inverse rule",
    note = "a rectangular operator has `.lstsq(&b)?` and `.pinv()?`",
    note = "`Solvable` is a square operator with an inverse rule; one of your own gets the rule by `cola::base_rules! {{ [] Mine }}`"
)]
pub trait Solvable:
    Square + InverseRule<<Self as Operator>::Facts, Output: LinearOperator<Scalar = Self::Scalar>>
{
}
impl<A> Solvable for A where
    A: Square + InverseRule<<A as Operator>::Facts, Output: LinearOperator<Scalar = <A as Operator>::Scalar>>
{
}
/// The type of the inverse of `A`.
pub type Inv<A> = <A as InverseRule<<A as Operator>::Facts>>::Output;

/// y = A x, where A may run an iteration inside: its failure is returned.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn apply_checked<A: LinearOperator>(a: &A, x: View<'_, A::Scalar>, y: ViewMut<'_, A::Scalar>) -> Result<()> {
    let len = a.scratch_len(x.cols);
    if !A::ITERATIVE {
        with_scratch(
            len,
            #[inline(always)]
            |s| a.act(Update::replace(), x, y, s),
        );
        return Ok(());
    }
    let ((), mut faults) = collect_faults(|| with_scratch(len, |s| a.act(Update::replace(), x, y, s)));
    match faults.len() {
        0 => Ok(()),
        1 if A::Scalar::LANES == 1 => Err(faults.remove(0).1),
        _ => Err(crate::Error::Lanes { failed: faults }),
    }
}
