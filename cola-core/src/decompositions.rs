//! The methods `eig`, `svd`, `pinv` and `lstsq` of every operator.

use crate::algorithms::decompose::{EigAlgorithm, PinvAlgorithm, Svd};
use crate::algorithms::direct::{Eigh, SlogdetAlgorithm};
use crate::data::{Column, Operand, Produce};
use crate::error::Result;
use crate::ext::{OperatorExt, SortedBasis, demand_finite};
use crate::facts::{Facts, SelfAdjointOf};
use crate::functions::base::{right_hand_side, square};
use crate::functions::dense::DenseSpectral;
use crate::functions::eig::DenseEigenvectors;
use crate::functions::spectrum::{arranged, descend};
use crate::functions::svd::DenseSvd;
use crate::functions::{EigFactors, HasEig, HasPinv, HasSvd, Pinv, PinvRule};
use crate::operator::short::{Co, Re, Ro, Sc};
use crate::operator::{LinearOperator, Operator};
use crate::ops::{Permutation, Product, SvdFactors};
use crate::space::{Dyn, Square, demand_apply, demand_square};
use num_traits::Zero;

/// Decompositions that every operator has.
pub trait Decompositions: Operator {
    /// A V = V diag(w): complex eigenvalues and right eigenvectors, in the order that the structure gives. Of a self-adjoint operator `eigh`
    /// says more.
    ///
    /// # Errors
    /// `NotConverged`, `NonFinite`, `ShapeMismatch`.
    fn eig(&self) -> Result<EigFactors<Self::Vectors>>
    where
        Self: Square + HasEig + Sized,
    {
        const { demand_square("eig", Self::SHAPE) }
        square("eig", self)?;
        self.eig_rule()
    }
    /// A = U diag(s) V^H, thin, s descending (lanes: in the order that the structure gives, because each would need its own).
    ///
    /// # Errors
    /// `NotConverged`, `NonFinite`, `InvalidArgument` where the operator is too large to be made dense.
    fn svd(&self) -> Result<SvdFactors<SortedBasis<Self::Left>, SortedBasis<Self::Right>>>
    where
        Self: HasSvd + Sized,
    {
        let (u, s, v) = self.svd_rule()?.into_parts();
        crate::functions::dense::finite(&s, "the singular values")?;
        let mut sorted = Column::filled(s.len(), Re::<Self>::zero());
        let (mut left, mut right) = (Column::filled(s.len(), 0usize), Column::filled(s.len(), 0usize));
        arranged(&s, true, &mut sorted, &mut left);
        right.copy_from_slice(&left);
        // column k of U P^T is column order[k] of U
        let u = Product::joined(u, Permutation::from_order(left).inverse());
        let v = Product::joined(v, Permutation::from_order(right).inverse());
        Ok(SvdFactors { u, s: sorted, v })
    }
    /// All min(m, n) singular values, descending (each lane by itself).
    ///
    /// # Errors
    /// As `svd`.
    fn singular_values(&self) -> Result<Column<Re<Self>, Dyn>>
    where
        Self: HasSvd + Sized,
    {
        let found = self.svd_rule()?.s;
        let mut s = Column::filled(self.nrows().min(self.ncols()), Re::<Self>::zero());
        s[..found.len()].copy_from_slice(&found);
        crate::functions::dense::finite(&s, "the singular values")?;
        descend(&mut s);
        Ok(s)
    }
    /// A^+, the Moore-Penrose inverse, as an operator that owns what it needs. Singular values up to eps max(m, n) s_1 count as 0.
    ///
    /// ```
    /// # use cola_core::prelude::*;
    /// let d = Diagonal::new([2.0, 0.0]);
    /// assert_eq!(d.pinv()?.apply(&[1.0, 1.0]), [0.5, 0.0]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// `NonFinite`, `NotConverged`, `InvalidArgument` where the operator is too large to be made dense.
    fn pinv(&self) -> Result<Pinv<Self>>
    where
        Self: HasPinv + Sized,
    {
        self.pinv_rule()
    }
    /// The x of least norm among those that minimise |A x - b|; each column by itself. Large operators that hold no dense matrix and have
    /// no rule: by LSMR, to 1e-10 (1e-5 in single precision), verified; `lstsq_with` says more of it.
    ///
    /// ```
    /// # use cola_core::prelude::*;
    /// let line = Dense::new(nalgebra::dmatrix![1.0, 0.0; 1.0, 1.0; 1.0, 2.0]);
    /// let x = line.lstsq(&nalgebra::dvector![1.0, 3.0, 5.0])?;
    /// assert!((x[0] - 1.0).abs() < 1e-14 && (x[1] - 2.0).abs() < 1e-14);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// `ShapeMismatch`, `NonFinite`, `NotConverged`, `InvalidArgument` where the operator is too large to be made dense.
    fn lstsq<V: Operand<Self::Scalar> + ?Sized>(&self, b: &V) -> Result<V::Output>
    where
        Self: PinvRule<<Self as Operator>::Facts, Output: LinearOperator<Scalar = Self::Scalar>> + Sized,
    {
        const { demand_apply("lstsq", Self::SHAPE.flip(), V::ROWS, V::OUTPUT_ROWS, "lstsq_as::<Y>") }
        self.lstsq_as(b)
    }
    /// As `lstsq`, for rectangular static operators: the caller says the output.
    ///
    /// # Errors
    /// As `lstsq`.
    fn lstsq_as<Y: Produce<Self::Scalar>>(&self, b: &(impl Operand<Self::Scalar> + ?Sized)) -> Result<Y>
    where
        Self: PinvRule<<Self as Operator>::Facts, Output: LinearOperator<Scalar = Self::Scalar>> + Sized,
    {
        let bv = b.view();
        right_hand_side("lstsq", self.shape(), bv)?;
        let mut x = Y::produce(self.ncols(), bv.cols);
        self.lstsq_rule(bv, x.view_mut())?;
        let finite = x.view_mut().as_view().finite();
        demand_finite::<Sc<Self>>(finite, "the solution: it overflowed")?;
        Ok(x)
    }
    /// A^+ by the given algorithm.
    ///
    /// # Errors
    /// As `pinv`; `Singular` from the factorisations.
    fn pinv_with<G: PinvAlgorithm<Self>>(&self, algorithm: G) -> Result<G::Output>
    where
        Self: LinearOperator + Sized,
    {
        algorithm.pinv(self)
    }
    /// A V = V diag(w) by the given algorithm: `Eig` or `Eigh`.
    ///
    /// # Errors
    /// As `eig`.
    fn eig_with(&self, algorithm: impl EigAlgorithm<Self>) -> Result<EigFactors<DenseEigenvectors<Sc<Self>, Ro<Self>>>>
    where
        Self: LinearOperator + Square + Sized,
    {
        const { demand_square("eig_with", Self::SHAPE) }
        algorithm.eig(self)
    }
    /// A = V diag(w) V^H of the dense matrix, ascending, whatever the structure.
    ///
    /// # Errors
    /// As `eigh`.
    fn eigh_with(&self, _: Eigh) -> Result<DenseSpectral<Sc<Self>, Ro<Self>>>
    where
        <Self::Facts as Facts>::SelfAdjoint: SelfAdjointOf<Self>,
        Self: LinearOperator + Square + Sized,
    {
        const { demand_square("eigh_with", Self::SHAPE) }
        crate::algorithms::decompose::eigh_of(self)
    }
    /// A = U diag(s) V^H of the dense matrix, descending, whatever the structure.
    ///
    /// # Errors
    /// As `svd`.
    fn svd_with(&self, _: Svd) -> Result<DenseSvd<Sc<Self>, Ro<Self>, Co<Self>>>
    where
        Self: LinearOperator + Sized,
    {
        crate::algorithms::decompose::svd_of(self)
    }
    /// (sign, log|det A|) by the given algorithm.
    ///
    /// # Errors
    /// As `slogdet`.
    fn slogdet_with(&self, algorithm: impl SlogdetAlgorithm<Self>) -> Result<(Sc<Self>, Re<Self>)>
    where
        Self: LinearOperator + Square + Sized,
    {
        const { demand_square("slogdet_with", Self::SHAPE) }
        algorithm.slogdet(self)
    }
}
impl<A: Operator + ?Sized> Decompositions for A {}

/// A^+, the Moore-Penrose inverse: a word of `try_linop!`.
///
/// # Errors
/// As [`Decompositions::pinv`].
#[inline(always)]
pub fn pinv<A: Operator + HasPinv>(a: impl crate::dsl::IntoOperator<Op = A>) -> Result<Pinv<A>> {
    a.into_operator().pinv_rule()
}
