//! Eigenvalues and right eigenvectors of any square operator, A V = V diag(w), complex.
//!
//! | structure | rule |
//! |---|---|
//! | Kron | kron of the factors' eigenvectors, products of their eigenvalues |
//! | BlockDiag, Repeat, Scaled, Conj | by the parts |
//! | Transpose, Adjoint | the left eigenvectors, by the structure; of triangles and low rank of the dense matrix |
//! | Diagonal, ScaledIdentity, Identity | the entries, V = I |
//! | Triangular | the diagonal, V by back substitution |
//! | Permutation | roots of unity on the cycles |
//! | Spectral | itself |
//! | Shifted, KronSum, LowRankShift | w + c, sums |
//! | LowRank | an r x r core and the null space |
//! | Fourier | fourth roots of unity |
//! | cosine and sine transforms of types I and IV | 1 and -1 |
//! | self-adjoint Gram, Congruence, band matrices, .. | by their eigen-decomposition |
//! | Dense and the rest | Hermitian eigh if self-adjoint is known, Hessenberg QR else |

use crate::algorithms::dense as kernels;
use crate::data::{Column, Held};
use crate::error::{Error, Result};
use crate::facts::{Fact, Facts, Known, Unknown};
use crate::functions::EighRule;
use crate::functions::base::{entries, materialize};
use crate::functions::dense::{dense_eigh, finite};
use crate::operator::short::{Co, Ro, Sc};
use crate::operator::{LinearOperator, Operator};
use crate::ops::{Complexified, Dense};
use crate::scalar::{Real, Scalar};
use crate::space::Space;
use crate::view::View;
use num_traits::Zero;

/// The complex numbers of an operator.
pub type Cx<A> = <<A as Operator>::Scalar as Scalar>::Complex;
/// How the eigenvalues and right eigenvectors of a structure are found, given the facts `K`.
#[diagnostic::on_unimplemented(
    message = "no rule for the eigenvectors of `{Self}`",
    label = "`{Self}` has no `eig` rule",
    note = "an operator of your own gets all base cases by `cola::base_rules! {{ [] Mine }}`"
)]
pub trait EigRule<K: Facts>: Operator {
    /// The right eigenvectors.
    type Vectors: Operator<Scalar = Cx<Self>>;
    /// V and w, in the order that the structure gives.
    ///
    /// # Errors
    /// `NotConverged`, `NonFinite`, `ShapeMismatch`.
    fn eig_rule(&self) -> Result<EigFactors<Self::Vectors>>;
    /// The right eigenvectors of A^H, which are the left ones of A, and their eigenvalues, conj(w); `None` where they have another
    /// structure than those of A: then they are made of the dense matrix.
    fn left_eig_rule(&self) -> Option<Result<EigFactors<Self::Vectors>>> {
        None
    }
}
/// Has a rule for eigenvectors for the facts it has.
#[diagnostic::on_unimplemented(
    message = "no rule for the eigenvectors of `{Self}`",
    label = "`{Self}` has no `eig` rule",
    note = "an operator of your own gets all base cases by `cola::base_rules! {{ [] Mine }}`"
)]
pub trait HasEig: EigRule<<Self as Operator>::Facts> {}
#[diagnostic::do_not_recommend]
impl<A: EigRule<<A as Operator>::Facts>> HasEig for A {}
/// The type of the right eigenvectors of `A`.
pub type Eigenvectors<A> = <A as EigRule<<A as Operator>::Facts>>::Vectors;
/// For "is self-adjoint": how the eigenvectors of a structure with an eigen-decomposition are found.
#[diagnostic::on_unimplemented(
    message = "no rule for the eigenvectors of `{A}`",
    label = "`{A}` has no `eig` rule",
    note = "a structure that is self-adjoint needs parts with an `eigh` rule"
)]
pub trait EigBy<A: Operator, K> {
    /// The right eigenvectors.
    type Vectors: Operator<Scalar = Cx<A>>;
    /// V and w.
    ///
    /// # Errors
    /// As [`EigRule::eig_rule`].
    fn eig_by(a: &A) -> Result<EigFactors<Self::Vectors>>;
    /// [`EigRule::left_eig_rule`].
    ///
    /// # Errors
    /// As [`EigRule::eig_rule`].
    fn left_eig_by(a: &A) -> Result<EigFactors<Self::Vectors>>;
}
// those of the self-adjoint structure, over complex numbers
#[diagnostic::do_not_recommend]
impl<K: Facts, A: EighRule<K>> EigBy<A, K> for Known {
    type Vectors = Complexified<A::Basis>;
    fn eig_by(a: &A) -> Result<EigFactors<Self::Vectors>> {
        let (v, w) = a.eigh_rule()?.into_parts();
        finite(&w, "the eigenvalues")?;
        Ok(EigFactors::from_parts(Complexified(v), complex_column(w.iter().map(|&w| Sc::<A>::from_re(w)))))
    }
    fn left_eig_by(a: &A) -> Result<EigFactors<Self::Vectors>> {
        Self::eig_by(a)
    }
}
#[diagnostic::do_not_recommend]
impl<K: Facts, A: LinearOperator> EigBy<A, K> for Unknown {
    type Vectors = DenseEigenvectors<Sc<A>, Ro<A>>;
    fn eig_by(a: &A) -> Result<EigFactors<Self::Vectors>> {
        dense_eig::<K, _, _>(materialize("eig", a)?)
    }
    fn left_eig_by(a: &A) -> Result<EigFactors<Self::Vectors>> {
        dense_left_eig::<K, _>(a)
    }
}
/// Eigenvectors of a dense matrix of numbers T.
pub type DenseEigenvectors<T, S> = Dense<Held<<T as Scalar>::Complex, S>>;

/// A V = V diag(w): what `eig` returns. Every column of V has norm 1 and a small residual. A defective matrix has fewer independent
/// eigenvectors than columns; then some are nearly parallel, and [`condition`](Self::condition) is of the order of 1 / eps or infinite.
///
/// ```
/// # use cola_core::prelude::*;
/// let turn = Dense::new(nalgebra::matrix![0.0, -1.0f64; 1.0, 0.0]);
/// let e = turn.eig()?;
/// let w = e.eigenvalues();
/// assert!(w[0].re.abs() < 1e-15 && (w[0].im.abs() - 1.0).abs() < 1e-15 && w[1] == w[0].conj());
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct EigFactors<V: Operator> {
    vectors: V,
    values: Column<Sc<V>, Co<V>>,
}
impl<V: Operator + Clone> Clone for EigFactors<V> {
    fn clone(&self) -> Self {
        EigFactors { vectors: self.vectors.clone(), values: self.values.clone() }
    }
}
impl<V: Operator> EigFactors<V> {
    /// From eigenvectors and eigenvalues.
    pub fn from_parts(vectors: V, values: Column<Sc<V>, Co<V>>) -> Self {
        EigFactors { vectors, values }
    }
    /// The eigenvalues, in the order of the columns of the eigenvectors.
    pub fn eigenvalues(&self) -> &Column<Sc<V>, Co<V>> {
        &self.values
    }
    /// The right eigenvectors.
    pub fn eigenvectors(&self) -> &V {
        &self.vectors
    }
    /// Both.
    pub fn into_parts(self) -> (V, Column<Sc<V>, Co<V>>) {
        (self.vectors, self.values)
    }
    /// The condition number of V in the 2-norm, infinite where V is singular: by it errors of A grow in w and in f(A) = V f(w) V^-1. It
    /// is 1 for a normal matrix and of the order of 1 / eps for a defective one; of lanes the largest. Cost: an SVD of V.
    ///
    /// # Errors
    /// Those of the SVD.
    pub fn condition(&self) -> Result<f64>
    where
        V: LinearOperator,
    {
        let v = entries(&self.vectors);
        let n = v.nrows();
        let (mut s, zero) = (vec![<Sc<V> as Scalar>::Re::zero(); n], Sc::<V>::zero());
        let (mut left, mut right) = (vec![zero; n * n], vec![zero; n * n]);
        kernels::svd(View::matrix(v.as_slice(), n, n), &mut s, &mut left, &mut right)?;
        let of_lane = |lane: usize| s[0].lane_f64(lane) / s[n - 1].lane_f64(lane);
        Ok(if n == 0 { 1.0 } else { (0..Sc::<V>::LANES).map(of_lane).fold(1.0, f64::max) })
    }
}

/// Eigenvectors and eigenvalues of a dense matrix: by `eigh` where it is known to be self-adjoint.
///
/// # Errors
/// `NotConverged`, `NonFinite`.
pub fn dense_eig<K: Facts, T: Scalar, S: Space>(a: Held<T, S>) -> Result<EigFactors<DenseEigenvectors<T, S>>> {
    finite(a.as_slice(), "the matrix")?;
    let n = a.n;
    let (mut w, mut v) = (Column::filled(n, T::Complex::zero()), Held::filled(n, T::Complex::zero()));
    if K::SelfAdjoint::KNOWN {
        let (basis, values) = dense_eigh(a)?.into_parts();
        let basis = basis.into_inner().0;
        w.iter_mut().zip(values.iter()).for_each(|(w, x)| *w = T::Complex::from_re(*x));
        v.as_mut_slice().iter_mut().zip(basis.as_slice()).for_each(|(v, x)| *v = x.to_complex());
    } else {
        kernels::eig(n, a.as_slice(), &mut w, v.as_mut_slice())?;
    }
    finite(&w, "the eigenvalues")?;
    Ok(EigFactors::from_parts(Dense(v), w))
}
/// Those of A^H, of the dense matrix: each with a small residual, where V^-H would lose the digits of the condition of V.
///
/// # Errors
/// As [`dense_eig`].
pub fn dense_left_eig<K: Facts, A: LinearOperator>(a: &A) -> Result<EigFactors<DenseEigenvectors<Sc<A>, Ro<A>>>> {
    dense_eig::<K, _, _>(adjoint_of(materialize("eig", a)?))
}
/// A^H.
pub(crate) fn adjoint_of<T: Scalar, S: Space>(a: Held<T, S>) -> Held<T, S> {
    let (n, mut out) = (a.n, a.clone());
    for j in 0..n {
        (0..n).for_each(|i| out.set(i, j, a.as_slice()[j + n * i].conj()));
    }
    out
}
impl<V: Operator> EigFactors<V> {
    /// With conj(w): those of A^H of a normal A, whose eigenvectors are orthonormal.
    pub(crate) fn conjugated(mut self) -> Self {
        self.values.iter_mut().for_each(|w| *w = w.conj());
        self
    }
    /// With other eigenvalues.
    pub(crate) fn map(mut self, f: impl Fn(Sc<V>) -> Sc<V>) -> Self {
        self.values.iter_mut().for_each(|w| *w = f(*w));
        self
    }
}
/// Numbers as complex numbers.
pub(crate) fn complex_column<T: Scalar, S: Space>(x: impl ExactSizeIterator<Item = T>) -> Column<T::Complex, S> {
    let mut c = Column::filled(x.len(), T::Complex::zero());
    c.iter_mut().zip(x).for_each(|(c, x)| *c = x.to_complex());
    c
}
/// The products a_i b_j, the second factor faster.
pub(crate) fn products<T: Scalar, R: Space>(a: &[T], b: &[T]) -> Column<T, R> {
    let mut w = Column::filled(a.len() * b.len(), T::zero());
    for (i, &a) in a.iter().enumerate() {
        w.iter_mut().skip(i * b.len()).zip(b).for_each(|(w, &b)| *w = a * b);
    }
    w
}
/// Each lane of |x|, with the sign that makes it: x = sign |x|, 1 for 0.
pub(crate) fn polar<T: Scalar>(x: T) -> (T, T::Re) {
    let size = x.abs();
    let nonzero = T::Re::zero().lt(size);
    let real = <T::IsReal as Fact>::KNOWN;
    let sign = match real {
        true => T::select(x.re().lt(T::Re::zero()), -T::one(), T::one()),
        false => x.scale(T::Re::of(1.0) / T::Re::select(nonzero, size, T::Re::of(1.0))),
    };
    (T::select(nonzero, sign, T::one()), size)
}
/// `InvalidArgument` for an operator that is not made dense unasked.
pub(crate) fn too_large(op: &str, (m, n): (usize, usize)) -> Error {
    Error::invalid(format!(
        "{op}: no structured rule, and {m} x {n} is above the {} x {0} up to which an operator is made dense unasked; \
         make it dense yourself: `a.to_dense()`",
        crate::functions::base::DENSE_LIMIT
    ))
}
