//! Singular value decomposition A = U diag(s) V^H of any operator, square or rectangular, thin.
//!
//! | structure | rule |
//! |---|---|
//! | Kron | kron of the factors' singular vectors, products of their singular values |
//! | BlockDiag, Repeat, Scaled | by the parts |
//! | Transpose, Adjoint, Conj | U and V exchanged, conjugated |
//! | Diagonal, ScaledIdentity, Identity | absolute values, the signs in U |
//! | Permutation, Unitary, Isometric | U = A, s = 1, V = I |
//! | Spectral | absolute values, the signs in U |
//! | Circulant | absolute values of the spectrum, the phases in U |
//! | LowRank | SVD of an r x r core |
//! | Fourier, cosine and sine transforms, Householder | U = A, s = 1, V = I |
//! | HStack, VStack | QR of the long side, SVD of the triangle |
//! | self-adjoint Shifted, KronSum, Gram, Congruence, band matrices, .. | by their eigen-decomposition |
//! | Dense and the rest | bidiagonalisation and QR iteration |

use crate::algorithms::dense as kernels;
use crate::data::{Column, MatrixData, Panel};
use crate::error::Result;
use crate::facts::{Facts, Known, SelfAdjointFacts, Unknown};
use crate::functions::EighRule;
use crate::functions::base::{DENSE_LIMIT, is_direct};
use crate::operator::short::{Co, Ro, Sc};
use crate::operator::{LinearOperator, Operator, with_scratch};
use crate::ops::{Dense, Isometric, Spectral, SvdFactors};
use crate::scalar::Scalar;
use crate::space::{Dyn, Space};
use crate::view::{View, ViewMut};
use num_traits::{One, Zero};

/// How the singular values and vectors of a structure are found, given the facts `K`.
#[diagnostic::on_unimplemented(
    message = "no rule for the singular values of `{Self}`",
    label = "`{Self}` has no `svd` rule",
    note = "an operator of your own gets all base cases by `cola::base_rules! {{ [] Mine }}`"
)]
pub trait SvdRule<K: Facts>: Operator {
    /// U: orthonormal columns.
    type Left: Operator<Scalar = Self::Scalar>;
    /// V: orthonormal columns.
    type Right: Operator<Scalar = Self::Scalar>;
    /// U, s and V, in the order that the structure gives. There may be fewer than min(m, n): what is left out is 0.
    ///
    /// # Errors
    /// `NotConverged`, `NonFinite`, `InvalidArgument` where the operator is too large to be made dense.
    fn svd_rule(&self) -> Result<SvdFactors<Self::Left, Self::Right>>;
}
/// Has a rule for singular values for the facts it has.
#[diagnostic::on_unimplemented(
    message = "no rule for the singular values of `{Self}`",
    label = "`{Self}` has no `svd` rule",
    note = "an operator of your own gets all base cases by `cola::base_rules! {{ [] Mine }}`"
)]
pub trait HasSvd: SvdRule<<Self as Operator>::Facts> {}
#[diagnostic::do_not_recommend]
impl<A: SvdRule<<A as Operator>::Facts>> HasSvd for A {}
/// For "is self-adjoint": how the singular values of a structure with an eigen-decomposition are found.
#[diagnostic::on_unimplemented(
    message = "no rule for the singular values of `{A}`",
    label = "`{A}` has no `svd` rule",
    note = "a structure that is self-adjoint needs parts with an `eigh` rule"
)]
pub trait SvdBy<A: Operator, K> {
    /// U: orthonormal columns.
    type Left: Operator<Scalar = A::Scalar>;
    /// V: orthonormal columns.
    type Right: Operator<Scalar = A::Scalar>;
    /// U, s and V.
    ///
    /// # Errors
    /// As [`SvdRule::svd_rule`].
    fn svd_by(a: &A) -> Result<SvdFactors<Self::Left, Self::Right>>;
}
// V diag(w) V^H = (V sign w) |w| V^H
#[diagnostic::do_not_recommend]
impl<K: Facts, A: EighRule<K>> SvdBy<A, K> for Known
where
    Spectral<A::Basis>: SvdRule<SelfAdjointFacts> + Operator<Scalar = A::Scalar>,
{
    type Left = <Spectral<A::Basis> as SvdRule<SelfAdjointFacts>>::Left;
    type Right = <Spectral<A::Basis> as SvdRule<SelfAdjointFacts>>::Right;
    fn svd_by(a: &A) -> Result<SvdFactors<Self::Left, Self::Right>> {
        a.eigh_rule()?.svd_rule()
    }
}
#[diagnostic::do_not_recommend]
impl<K: Facts, A: LinearOperator> SvdBy<A, K> for Unknown {
    type Left = DenseColumns<Sc<A>, Ro<A>>;
    type Right = DenseColumns<Sc<A>, Co<A>>;
    fn svd_by(a: &A) -> Result<SvdFactors<Self::Left, Self::Right>> {
        dense_svd(&panel("svd", a)?)
    }
}
/// Left singular vectors of `A`.
pub type SvdLeft<A> = <A as SvdRule<<A as Operator>::Facts>>::Left;
/// Right singular vectors of `A`.
pub type SvdRight<A> = <A as SvdRule<<A as Operator>::Facts>>::Right;
/// Orthonormal columns of a dense SVD.
pub type DenseColumns<T, S> = Isometric<Dense<Panel<T, S, Dyn>>>;
/// The SVD of a dense m x n matrix.
pub type DenseSvd<T, R, C> = SvdFactors<DenseColumns<T, R>, DenseColumns<T, C>>;

/// The operator as a dense matrix, rectangular too.
///
/// # Errors
/// `InvalidArgument` if it is too large, and those of an iterative action.
pub fn panel<A: LinearOperator>(op: &'static str, a: &A) -> Result<Panel<Sc<A>, Ro<A>, Co<A>>> {
    let (m, n) = (a.nrows(), a.ncols());
    if !is_direct(a) && m.saturating_mul(n) > DENSE_LIMIT * DENSE_LIMIT {
        return Err(super::eig::too_large(op, (m, n)));
    }
    let mut out = Panel::filled(m, n, Sc::<A>::zero());
    apply_to_identity(a, out.as_mut_slice())?;
    Ok(out)
}
/// The entries of an operator, column after column, in blocks.
///
/// # Errors
/// Those of an iterative action.
pub(crate) fn apply_to_identity<A: LinearOperator>(a: &A, out: &mut [Sc<A>]) -> Result<()> {
    let (m, n) = (a.nrows(), a.ncols());
    const BLOCK: usize = 64; // columns of the identity at a time
    let block = BLOCK.min(n);
    with_scratch(n * block, |eye| {
        for first in (0..n).step_by(block.max(1)) {
            let here = block.min(n - first);
            eye.fill(Sc::<A>::zero());
            for c in 0..here {
                eye[first + c + n * c] = Sc::<A>::one();
            }
            let y = ViewMut::matrix(&mut out[m * first..m * (first + here)], m, here);
            crate::functions::inverse::apply_checked(a, View::matrix(&eye[..n * here], n, here), y)?;
        }
        Ok(())
    })
}
/// U, s, V of a matrix.
///
/// # Errors
/// `NotConverged`, `NonFinite`.
pub fn dense_svd<M: MatrixData>(a: &M) -> Result<DenseSvd<M::Scalar, M::Rows, M::Cols>> {
    let view = a.view();
    let (m, n, k) = (view.rows, view.cols, view.rows.min(view.cols));
    let mut s = Column::filled(k, <M::Scalar as Scalar>::Re::zero());
    let (mut u, mut v) = (Panel::filled(m, k, M::Scalar::zero()), Panel::filled(n, k, M::Scalar::zero()));
    kernels::svd(view, &mut s, u.as_mut_slice(), v.as_mut_slice())?;
    crate::functions::dense::finite(&s, "the singular values")?;
    Ok(SvdFactors::from_parts(Isometric(Dense(u)), s, Isometric(Dense(v))))
}
/// A copy in a space of another name and the same size.
pub(crate) fn renamed<E: crate::space::Plain + Zero, S: Space>(x: &[E]) -> Column<E, S> {
    let mut c = Column::filled(x.len(), E::zero());
    c.copy_from_slice(x);
    c
}
