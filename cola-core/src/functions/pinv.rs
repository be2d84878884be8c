//! Moore-Penrose inverse A^+ and least squares: the x of least norm among those that minimise |A x - b|, x = A^+ b.
//!
//! | structure | rule |
//! |---|---|
//! | Kron, BlockDiag, Repeat, Transpose, Adjoint, Conj, Scaled | by the parts |
//! | Diagonal, ScaledIdentity | 1 / d_i, 0 for 0 |
//! | Unitary, Isometric | A^H |
//! | Permutation, Identity, Fourier, Householder, inverses | the inverse |
//! | Circulant | elementwise on the spectrum |
//! | self-adjoint Shifted, KronSum, Gram, Congruence, band matrices, .. | by their eigen-decomposition |
//! | Spectral | 1 / w_i, 0 within rounding of 0 |
//! | Dense and the rest | SVD, or eigh if self-adjoint is known; least squares by QR where the columns are independent |
//! | large, and not dense; their transposes and multiples | least squares by LSMR; no pseudo-inverse |
//!
//! Singular values up to eps max(m, n) s_1 count as 0: they are rounding of a matrix of lower rank.

use crate::algorithms::dense as kernels;
use crate::algorithms::krylov::{LeastSquares, Lsmr};
use crate::data::{Held, MatrixData, Panel};
use crate::error::{Error, Result};
use crate::facts::{Fact, Facts, InverseFacts, Known, Unknown};
use crate::functions::EighRule;
use crate::functions::base::DENSE_LIMIT;
use crate::functions::dense::{dense_eigh, finite};
use crate::functions::inverse::apply_checked;
use crate::functions::svd::{DenseSvd, dense_svd, panel};
use crate::operator::{LinearOperator, Operator};
use crate::ops::{Adjoint, Dense, PowerFacts, Spectral, WithFacts};
use crate::scalar::{Real, Scalar};
use crate::space::Space;
use crate::view::{View, ViewMut};
use num_traits::Zero;

/// How a structure is pseudo-inverted, given the facts `K`.
#[diagnostic::on_unimplemented(
    message = "no rule for the pseudo-inverse of `{Self}`",
    label = "`{Self}` has no `pinv` and `lstsq` rule",
    note = "an operator of your own gets all base cases by `cola::base_rules! {{ [] Mine }}`"
)]
pub trait PinvRule<K: Facts>: Operator {
    /// A^+, an operator that owns what it needs.
    type Output: Operator<Scalar = Self::Scalar>;
    /// A^+.
    ///
    /// # Errors
    /// `NonFinite`, `NotConverged`, `InvalidArgument` where the operator is too large to be made dense.
    fn pinv_rule(&self) -> Result<Self::Output>;
    /// x = A^+ b.
    ///
    /// # Errors
    /// As `pinv_rule`.
    #[inline]
    fn lstsq_rule(&self, b: View<'_, Self::Scalar>, mut x: ViewMut<'_, Self::Scalar>) -> Result<()>
    where
        Self::Output: LinearOperator<Scalar = Self::Scalar>,
    {
        if let Some(solved) = self.lstsq_alone(false, b, x.reborrow()) {
            return solved;
        }
        let pinv = self.pinv_rule()?;
        apply_checked(&pinv, b, x)
    }
    /// x = A^+ b, or (A^H)^+ b, where large operators have least squares but no pseudo-inverse: transposes and multiples ask this first.
    fn lstsq_alone(
        &self,
        _adjoint: bool,
        _b: View<'_, Self::Scalar>,
        _x: ViewMut<'_, Self::Scalar>,
    ) -> Option<Result<()>> {
        None
    }
}
/// Has a pseudo-inverse rule for the facts it has.
#[diagnostic::on_unimplemented(
    message = "no rule for the pseudo-inverse of `{Self}`",
    label = "`{Self}` has no `pinv` and `lstsq` rule",
    note = "an operator of your own gets all base cases by `cola::base_rules! {{ [] Mine }}`"
)]
pub trait HasPinv: PinvRule<<Self as Operator>::Facts> {}
#[diagnostic::do_not_recommend]
impl<A: PinvRule<<A as Operator>::Facts>> HasPinv for A {}
/// For "is self-adjoint": how a structure with an eigen-decomposition is pseudo-inverted.
#[diagnostic::on_unimplemented(
    message = "no rule for the pseudo-inverse of `{A}`",
    label = "`{A}` has no `pinv` and `lstsq` rule",
    note = "a structure that is self-adjoint needs parts with an `eigh` rule"
)]
pub trait PinvBy<A: Operator, K> {
    /// A^+.
    type Output: Operator<Scalar = A::Scalar>;
    /// A^+.
    ///
    /// # Errors
    /// As [`PinvRule::pinv_rule`].
    fn pinv_by(a: &A) -> Result<Self::Output>;
    /// x = A^+ b.
    ///
    /// # Errors
    /// As [`PinvRule::pinv_rule`].
    fn lstsq_by(a: &A, b: View<'_, A::Scalar>, x: ViewMut<'_, A::Scalar>) -> Result<()>
    where
        Self::Output: LinearOperator<Scalar = A::Scalar>,
    {
        apply_checked(&Self::pinv_by(a)?, b, x)
    }
    /// [`PinvRule::lstsq_alone`].
    fn lstsq_alone_by(
        _: &A,
        _adjoint: bool,
        _b: View<'_, A::Scalar>,
        _x: ViewMut<'_, A::Scalar>,
    ) -> Option<Result<()>> {
        None
    }
}
// V diag(1 / w) V^H, 0 within rounding of 0
#[diagnostic::do_not_recommend]
impl<K: Facts, A: EighRule<K>> PinvBy<A, K> for Known {
    type Output = Spectral<A::Basis, PowerFacts<K>>;
    fn pinv_by(a: &A) -> Result<Self::Output> {
        a.eigh_rule()?.reciprocal()
    }
}
#[diagnostic::do_not_recommend]
impl<K: Facts, A: LinearOperator> PinvBy<A, K> for Unknown {
    type Output = DensePinv<A::Scalar, A::Rows, A::Cols, K>;
    fn pinv_by(a: &A) -> Result<Self::Output> {
        dense_pinv::<K, _>(&panel("pinv", a)?)
    }
    fn lstsq_by(a: &A, b: View<'_, A::Scalar>, x: ViewMut<'_, A::Scalar>) -> Result<()> {
        base_lstsq::<K, _>(a, b, x)
    }
    fn lstsq_alone_by(a: &A, adjoint: bool, b: View<'_, A::Scalar>, x: ViewMut<'_, A::Scalar>) -> Option<Result<()>> {
        iterated_lstsq(a, adjoint, b, x)
    }
}
/// The type of the pseudo-inverse of `A`.
pub type Pinv<A> = <A as PinvRule<<A as Operator>::Facts>>::Output;
/// The pseudo-inverse of a dense R x C matrix with the facts `K`.
pub type DensePinv<T, R, C, K> = WithFacts<Dense<Panel<T, C, R>>, InverseFacts<K>>;

/// 1 / s, 0 where s is within eps max(m, n) of the largest.
pub(crate) fn reciprocals<R: Real>(s: &mut [R], size: usize) {
    reciprocals_above(s, R::epsilon() * R::real(size as f64))
}
/// 1 / s, 0 where s is within `tol` times the largest.
fn reciprocals_above<R: Real>(s: &mut [R], tol: R) {
    let tol = s.iter().fold(R::zero(), |m, x| m.max(x.abs())) * tol;
    for x in s {
        let keep = tol.lt(x.abs());
        *x = R::select(keep, R::one() / R::select(keep, *x, R::one()), R::zero());
    }
}
/// 1 / z of eigenvalues of a normal matrix, 0 where z is within rounding of 0.
pub(crate) fn reciprocals_of<T: Scalar>(z: &mut [T]) {
    let tol = z.iter().fold(T::Re::zero(), |m, z| m.max(z.abs())) * T::Re::epsilon() * T::Re::real(z.len() as f64);
    for z in z {
        let keep = tol.lt(z.abs());
        *z = T::select(keep, T::select(keep, *z, T::one()).reciprocal(), T::zero());
    }
}
/// A^+ of a matrix.
///
/// # Errors
/// `NonFinite`, `NotConverged`.
pub fn dense_pinv<K: Facts, M: MatrixData>(a: &M) -> Result<DensePinv<M::Scalar, M::Rows, M::Cols, K>> {
    let view = a.view();
    let (m, n) = (view.rows, view.cols);
    let mut out = Panel::filled(n, m, M::Scalar::zero());
    let single = M::Scalar::LANES == 1 && !<M::Scalar as kernels::Engine>::PLAIN;
    if K::SelfAdjoint::KNOWN && m == n {
        let (v, mut w) = dense_eigh(Held::<_, M::Rows>::copy(view))?.into_parts();
        reciprocals(&mut w, n);
        let v = v.into_inner().0;
        scaled_product(View::matrix(v.as_slice(), n, n), &w, View::matrix(v.as_slice(), n, n), out.view_mut());
    } else if single {
        // numbers that carry derivatives: by QR, which needs full rank
        crate::error::check::<M::Scalar>(view.finite(), |_| Error::non_finite("the matrix"))?;
        full_rank(view, out.view_mut())?;
    } else {
        return pinv_of_svd::<K, _, _, _>(dense_svd(a)?, Re::<M>::epsilon() * Re::<M>::real(m.max(n) as f64));
    }
    finite(out.as_slice(), "the pseudo-inverse: it overflowed")?;
    Ok(WithFacts::new(Dense(out)))
}
type Re<M> = <<M as MatrixData>::Scalar as Scalar>::Re;
/// A^+ = V diag(s^+) U^H; singular values up to `tol` s_1 count as 0.
///
/// # Errors
/// `NonFinite` where it overflows.
pub fn pinv_of_svd<K: Facts, T: Scalar, R: Space, C: Space>(
    svd: DenseSvd<T, R, C>,
    tol: T::Re,
) -> Result<DensePinv<T, R, C, K>> {
    let (u, mut s, v) = svd.into_parts();
    reciprocals_above(&mut s, tol);
    let (u, v) = (u.into_inner().0, v.into_inner().0);
    let mut out = Panel::filled(v.view().rows, u.view().rows, T::zero());
    scaled_product(v.view(), &s, u.view(), out.view_mut());
    finite(out.as_slice(), "the pseudo-inverse: it overflowed")?;
    Ok(WithFacts::new(Dense(out)))
}
/// Y = V diag(s) U^H.
fn scaled_product<T: Scalar>(v: View<T>, s: &[T::Re], u: View<T>, mut y: ViewMut<T>) {
    let k = s.len();
    let scaled: Vec<T> = (0..v.rows * k).map(|i| v.at(i % v.rows, i / v.rows).scale(s[i / v.rows])).collect();
    let uh: Vec<T> = (0..k * u.rows).map(|i| u.at(i / k, i % k).conj()).collect();
    let (left, right) = (View::matrix(&scaled, v.rows, k), View::matrix(&uh, k, u.rows));
    kernels::gemm((T::one(), false), false, left, right, y.reborrow());
}
/// A^+ = (A^H A)^-1 A^H by QR of A, or of A^H where A is wide.
fn full_rank<T: Scalar>(a: View<T>, mut out: ViewMut<T>) -> Result<()> {
    let (m, n) = (a.rows, a.cols);
    let tall = m >= n;
    let (m, n) = if tall { (m, n) } else { (n, m) };
    let copy: Vec<T> = (0..m * n).map(|i| if tall { a.at(i % m, i / m) } else { a.at(i / m, i % m).conj() }).collect();
    let mut b: Vec<T> = (0..m * m).map(|i| if i % (m + 1) == 0 { T::one() } else { T::zero() }).collect();
    kernels::lstsq(View::matrix(&copy, m, n), ViewMut::matrix(&mut b, m, m))?;
    for j in 0..m {
        for i in 0..n {
            match tall {
                true => *out.at(i, j) = b[i + m * j],
                false => *out.at(j, i) = b[i + m * j].conj(),
            }
        }
    }
    Ok(())
}
/// True for operators that hold no dense matrix, of more entries than a square one at which others are still made dense: their least
/// squares are iterations.
pub(crate) fn is_iterated<A: Operator + ?Sized>(a: &A) -> bool {
    let fixed = A::SHAPE.rows.is_static() && A::SHAPE.cols.is_static();
    let plain = A::Scalar::LANES == 1 && <A::Scalar as kernels::Engine>::PLAIN;
    plain && !fixed && !A::HOLDS_DENSE && a.nrows().saturating_mul(a.ncols()) > DENSE_LIMIT * DENSE_LIMIT
}
/// x = A^+ b of an operator without a rule: by the dense matrix, of large ones by LSMR with its default tolerance, verified by fresh
/// products with A and A^H.
///
/// # Errors
/// `NonFinite`, `NotConverged`.
pub fn base_lstsq<K: Facts, A: LinearOperator>(
    a: &A,
    b: View<'_, A::Scalar>,
    mut x: ViewMut<'_, A::Scalar>,
) -> Result<()> {
    match iterated_lstsq(a, false, b, x.reborrow()) {
        Some(solved) => solved,
        None => dense_lstsq::<K, _>(&panel("lstsq", a)?, b, x),
    }
}
/// [`PinvRule::lstsq_alone`] of the base case: LSMR where the operator is large, for A^H too.
pub fn iterated_lstsq<A: LinearOperator>(
    a: &A,
    adjoint: bool,
    b: View<'_, A::Scalar>,
    mut x: ViewMut<'_, A::Scalar>,
) -> Option<Result<()>> {
    if !is_iterated(a) {
        return None;
    }
    // from 0, which is why it ends in the shortest solution
    for j in 0..x.cols {
        (0..x.rows).for_each(|i| *x.at(i, j) = A::Scalar::zero());
    }
    let mut lsmr = Lsmr::default();
    Some(if adjoint { lsmr.least_squares(&Adjoint(a), b, x) } else { lsmr.least_squares(a, b, x) }.map(|_| ()))
}
/// True where |A| |x| is so much larger than |b| that x is made of rounding errors.
fn doubtful<T: Scalar>(a: View<'_, T>, b: View<'_, T>, y: &[T]) -> bool {
    let largest = |x: View<'_, T>| {
        (0..x.rows * x.cols).fold(0.0f64, |m, k| m.max(x.at(k % x.rows, k / x.rows).abs().lane_f64(0)))
    };
    let (size, n) = (largest(a), a.cols);
    // r_jj of such a column is a few units of rounding, of sums of m terms
    let limit = 1.0 / (64.0 * (a.rows as f64).sqrt() * T::Re::epsilon().lane_f64(0));
    (0..b.cols).any(|c| {
        let x = largest(View::vector(&y[a.rows * c..a.rows * c + n]));
        x * size > limit * largest(b.column(c))
    })
}
/// x = A^+ b: by QR where A is tall and its columns independent, else by the pseudo-inverse.
///
/// # Errors
/// `NonFinite`, `NotConverged`.
pub fn dense_lstsq<K: Facts, M: MatrixData>(
    a: &M,
    b: View<'_, M::Scalar>,
    mut x: ViewMut<'_, M::Scalar>,
) -> Result<()> {
    let view = a.view();
    let (m, n) = (view.rows, view.cols);
    if m >= n && M::Scalar::LANES == 1 {
        let mut y: Vec<M::Scalar> = (0..m * b.cols).map(|i| b.at(i % m.max(1), i / m.max(1))).collect();
        match kernels::lstsq(view, ViewMut::matrix(&mut y, m, b.cols)) {
            // QR without pivoting may not see that a column is what rounding left of it: then the singular values decide
            Ok(()) if doubtful(view, b, &y) => {}
            Ok(()) => {
                for c in 0..b.cols {
                    (0..n).for_each(|i| *x.at(i, c) = y[i + m * c]);
                }
                return Ok(());
            }
            Err(Error::Singular { .. }) => {}
            Err(e) => return Err(e),
        }
    }
    apply_checked(&dense_pinv::<K, M>(a)?, b, x)
}
