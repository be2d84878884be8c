//! The vocabulary of `linop!`: the macro lowers every word to `::cola::dsl::word(..)` and every operator sign to `add`, `mul`, ..
//! Name resolution and trait resolution give the messages. Outputs are type parameters tied by `Op = A`, not projections: a
//! projection in a return type reports every mistake twice.

use crate::data::{MatrixData, VectorData};
use crate::error::{Error, Result, check};
use crate::facts::{AnySign, Known, NonNegative, Sign};
use crate::functions::dense::FactChoice;
use crate::functions::{Exp, HasExp, HasLog, HasPower, Inv, Invertible, Log, Pow, Power};
use crate::operator::{Operator, SameScalar};
use crate::ops::*;
use crate::scalar::{Real, Scalar};
use crate::space::{Const, Dyn, Fits, Square, demand, demand_square};
use core::marker::PhantomData;
use nalgebra::{Dim, Matrix, RawStorage};
#[cfg(feature = "faer")]
use nalgebra_sparse::{CscMatrix, CsrMatrix};

pub use crate::ops::banded::{banded, try_banded};
pub use crate::ops::blocks::{blocks, try_blocks};
#[cfg(feature = "fft")]
pub use crate::ops::circulant::{circulant, circulant_nd, try_circulant_nd};
pub use crate::ops::congruence::{congruence, congruence_transpose, try_congruence, try_congruence_transpose};
#[cfg(feature = "fft")]
pub use crate::ops::fourier::fourier;
pub use crate::ops::function::function;
pub use crate::ops::hadamard::{hadamard, try_hadamard};
pub use crate::ops::householder::{householder, try_householder};
pub use crate::ops::interpolation::{interpolation, interpolation_linear, try_interpolation, try_interpolation_linear};
pub use crate::ops::jacobian::{
    fisher, gauss_newton, hessian, jacobian, try_fisher, try_gauss_newton, try_hessian, try_jacobian,
};
pub use crate::ops::kernel::{kernel, kernel_cross, try_kernel_cross};
pub use crate::ops::kron_sum::{kron_sum, try_kron_sum};
pub use crate::ops::low_rank::{low_rank, try_low_rank};
pub use crate::ops::many_folds::{
    block_diag_of, kron_of, product_of, sum_of, try_block_diag_of, try_kron_of, try_product_of, try_sum_of,
};
pub use crate::ops::projection::{projection, projection_checked, try_projection};
#[cfg(feature = "fft")]
pub use crate::ops::toeplitz::{toeplitz, toeplitz_sym, try_toeplitz};
pub use crate::ops::tridiagonal::{tridiag, tridiag_sym, try_tridiag, try_tridiag_sym};
#[cfg(feature = "fft")]
pub use crate::ops::trigonometric::{dct, dst, try_dct, try_dst};
pub use crate::ops::zero::zero;
pub use crate::ops::{psd_checked, self_adjoint_checked, unitary_checked};

/// The row and column of the pair tables that an operator belongs to.
pub trait Class: 'static {
    /// [`FullRank`] or [`SmallRank`]: a sum of both is a low-rank update, whatever the classes.
    type Rank: Rank;
    /// What A + c I is: as for its rank, or [`WithSpectrum`](crate::classes::WithSpectrum).
    type Eye: Rank;
    /// The class of c A.
    type Scaled: Class;
    /// The class of A^T, A^H and conj(A).
    type Mirrored: Class;
    /// The class of A + c I where it is of the kind of A again.
    type Shifted: Class;
    /// The class of a plain sum with an operator of class D.
    type Plus<D: Class>: Class;
    #[doc(hidden)]
    type PlusLowRank: Class;
}
/// The class that most operators belong to.
#[derive(Clone, Copy, Debug)]
pub struct General;
/// P Q^H with few columns.
#[derive(Clone, Copy, Debug)]
pub struct IsLowRank;
/// Classes that are of full rank as a rule, and of which nothing else is known in a sum.
macro_rules! full_rank {
    ($($C:ident)*) => { $(
        impl Class for $C {
            type Rank = FullRank;
            type Eye = FullRank;
            type Scaled = General;
            type Mirrored = General;
            type Shifted = General;
            type Plus<D: Class> = General;
            type PlusLowRank = General;
        } )* };
}
full_rank!(General);
impl Class for IsLowRank {
    type Rank = SmallRank;
    type Eye = SmallRank;
    type Scaled = IsLowRank;
    type Mirrored = General;
    type Shifted = General;
    type Plus<D: Class> = D::PlusLowRank;
    type PlusLowRank = IsLowRank;
}
/// Of full rank as a rule.
#[derive(Clone, Copy, Debug)]
pub struct FullRank;
/// Of a rank that may be small.
#[derive(Clone, Copy, Debug)]
pub struct SmallRank;
/// What `+ c * I` makes of an operator: by rank, so that generic code needs no bound for it.
pub trait Rank: 'static {
    /// A + c I, S the sign of c.
    type PlusEye<A: Operator, S: Sign>: Operator<Scalar = A::Scalar>;
    /// A + c I.
    ///
    /// # Errors
    /// `ShapeMismatch` where A is not square.
    fn plus_eye<A: Operator, S: Sign>(a: A, c: A::Scalar) -> Result<Self::PlusEye<A, S>>;
}
impl Rank for FullRank {
    type PlusEye<A: Operator, S: Sign> = Sum<A, ScaledIdentity<A::Scalar, A::Rows, S>>;
    #[inline(always)]
    fn plus_eye<A: Operator, S: Sign>(a: A, c: A::Scalar) -> Result<Self::PlusEye<A, S>> {
        let eye = ScaledIdentity::of_size(c, a.nrows());
        Sum::try_new(a, eye)
    }
}
impl Rank for SmallRank {
    type PlusEye<A: Operator, S: Sign> = LowRankShift<A, S>;
    #[inline(always)]
    fn plus_eye<A: Operator, S: Sign>(a: A, c: A::Scalar) -> Result<Self::PlusEye<A, S>> {
        LowRankShift::try_new(a, c)
    }
}

// ---- terms ---------------------------------------------------------------------------------------------------------------------

/// Anything that may stand in an expression, with its kind. The kinds drive `+` and `*`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand in a linear-operator expression",
    label = "expected an operator, a nalgebra matrix or a number",
    note = "a vector becomes an operator by `diag(..)`; a type of your own by implementing `Operator`"
)]
pub trait IntoTerm {
    /// [`IsScalar`], [`IsLiteral`], [`IsEye`] or [`IsOperator`].
    type Kind;
    /// What stands in the expression.
    type Term;
    /// Makes it.
    fn into_term(self) -> Self::Term;
}
/// A number.
#[derive(Clone, Copy, Debug)]
pub struct IsScalar;
/// A literal, or a number whose sign was checked.
#[derive(Clone, Copy, Debug)]
pub struct IsLiteral;
/// c I of no size yet.
#[derive(Clone, Copy, Debug)]
pub struct IsEye;
/// A list of numbers: no operator, so that a sum or product with one is refused in words.
#[derive(Clone, Copy, Debug)]
pub struct IsVector;
macro_rules! vector_term {
    ($([$($p:tt)*] $V:ty),*) => { $(
        #[diagnostic::do_not_recommend]
        impl<$($p)*> IntoTerm for $V {
            type Kind = IsVector;
            type Term = Self;
            fn into_term(self) -> Self {
                self
            }
        } )* };
}
vector_term!(['a, T] &'a [T], [T] Vec<T>, ['a, T] &'a Vec<T>, [T, const N: usize] [T; N], ['a, T, const N: usize] &'a [T; N]);
/// An operator of a class.
pub struct IsOperator<Class>(PhantomData<fn() -> Class>);

/// A term that is an operator: what `kron`, `psd`, .. take.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a linear operator",
    label = "expected an operator, or a nalgebra matrix of floating-point numbers",
    note = "a vector becomes an operator by `diag(..)`, a number by `c * I`, a type of your own by implementing `Operator`"
)]
pub trait IntoOperator {
    /// The operator.
    type Op: Operator;
    /// Makes it.
    fn into_operator(self) -> Self::Op;
}
#[diagnostic::do_not_recommend]
impl<X: IntoOperator> IntoTerm for X {
    type Kind = IsOperator<<X::Op as Operator>::Class>;
    type Term = X::Op;
    #[inline(always)]
    fn into_term(self) -> X::Op {
        self.into_operator()
    }
}
#[diagnostic::do_not_recommend]
impl<A: Operator> IntoOperator for A {
    type Op = A;
    #[inline(always)]
    fn into_operator(self) -> A {
        self
    }
}
macro_rules! matrix_leaf {
    ($([$($p:tt)*] $M:ty),*) => { $(
        #[diagnostic::do_not_recommend]
        impl<$($p)* T: Scalar, R: Dim, C: Dim, S: RawStorage<T, R, C>> IntoOperator for $M where $M: MatrixData {
            type Op = Dense<$M>;
            #[inline(always)]
            fn into_operator(self) -> Dense<$M> {
                Dense(self)
            }
        } )* };
}
matrix_leaf!([] Matrix<T, R, C, S>, ['a,] &'a Matrix<T, R, C, S>);
/// `&a` where `a` is a reference already: common inside functions; the inner reference is copied.
#[diagnostic::do_not_recommend]
impl<'a, T: Scalar, R: Dim, C: Dim, S: RawStorage<T, R, C>> IntoOperator for &&'a Matrix<T, R, C, S>
where
    Matrix<T, R, C, S>: MatrixData,
{
    type Op = Dense<&'a Matrix<T, R, C, S>>;
    #[inline(always)]
    fn into_operator(self) -> Self::Op {
        Dense(*self)
    }
}
#[cfg(feature = "faer")]
macro_rules! sparse_leaf {
    ($([$($p:tt)*] $M:ty, $Held:ty, |$s:ident| $held:expr;)*) => { $(
        #[diagnostic::do_not_recommend]
        impl<$($p)* T: Scalar> IntoOperator for $M {
            type Op = Sparse<$Held>;
            #[inline(always)]
            fn into_operator(self) -> Self::Op {
                let $s = self;
                Sparse($held)
            }
        } )* };
}
#[cfg(feature = "faer")]
sparse_leaf! {
    [] CsrMatrix<T>, CsrMatrix<T>, |m| m;
    [] CscMatrix<T>, CscMatrix<T>, |m| m;
    ['a,] &'a CsrMatrix<T>, &'a CsrMatrix<T>, |m| m;
    ['a,] &'a CscMatrix<T>, &'a CscMatrix<T>, |m| m;
    ['a,] &&'a CsrMatrix<T>, &'a CsrMatrix<T>, |m| *m;
    ['a,] &&'a CscMatrix<T>, &'a CscMatrix<T>, |m| *m;
}
/// A literal; its sign is a type. Always carried as f64, so that `2 * A` and `2.0 * A` work for every scalar.
#[derive(Clone, Copy, Debug)]
pub struct Literal<S>(f64, PhantomData<fn() -> S>);
/// A literal of the macro's.
#[inline(always)]
pub const fn literal<S: Sign>(x: f64) -> Literal<S> {
    Literal(x, PhantomData)
}
impl<S: Sign> IntoTerm for Literal<S> {
    type Kind = IsLiteral;
    type Term = Self;
    #[inline(always)]
    fn into_term(self) -> Self {
        self
    }
}
/// A number that was checked to be >= 0.
#[derive(Clone, Copy, Debug)]
pub struct Checked<T>(T);
impl<T: Scalar> IntoTerm for Checked<T> {
    type Kind = IsLiteral;
    type Term = Self;
    #[inline(always)]
    fn into_term(self) -> Self {
        self
    }
}
/// c with its sign checked once, so that `nonnegative(c) * psd(A)` stays PSD.
///
/// # Errors
/// `InvalidArgument` where c < 0, `NonFinite`.
pub fn nonnegative<T: Real>(c: T) -> Result<Checked<T>> {
    check::<T>(c.finite(), |_| Error::non_finite("the argument of `nonnegative`"))?;
    check::<T>(!c.lt(T::zero()), |lane| Error::invalid(format!("nonnegative: the factor is {}", c.lane_f64(lane))))?;
    Ok(Checked(c))
}
/// c I that takes its size from its neighbour. `C` is a scalar or a literal.
#[derive(Clone, Copy, Debug)]
pub struct Eye<C>(C);
/// The identity, sized by its neighbour in a sum or product.
pub const I: Eye<Literal<NonNegative>> = Eye(literal(1.0));
/// The type of [`I`].
pub type EyeTerm = Eye<Literal<NonNegative>>;
// No operator yet, hence without the methods of one: said in words, where a method of a trait would only be "not found".
#[doc(hidden)]
impl<C> Eye<C> {
    pub fn nrows(&self) -> usize
    where
        Self: HasSize,
    {
        Operator::nrows(self)
    }
    pub fn ncols(&self) -> usize
    where
        Self: HasSize,
    {
        Operator::ncols(self)
    }
}
#[diagnostic::on_unimplemented(
    message = "`I` has no size yet: it takes that of its neighbour in a sum or product",
    label = "an identity without a size",
    note = "alone write its size: `I(n)`"
)]
#[doc(hidden)]
pub trait HasSize: Operator {}
#[diagnostic::do_not_recommend]
impl<A: Operator> HasSize for A {}
impl<C> IntoTerm for Eye<C> {
    type Kind = IsEye;
    type Term = Self;
    #[inline(always)]
    fn into_term(self) -> Self {
        self
    }
}
/// A number that scales operators over T.
#[diagnostic::on_unimplemented(
    message = "an operator over `{T}` cannot be scaled or divided by `{Self}`",
    label = "expected a number of type `{T}` or a literal",
    note = "a number is converted by `c as {T}`; to divide by an operator multiply by `inv(B)` in `try_linop!`"
)]
pub trait Scale<T> {
    /// What is known of its sign.
    type Sign: Sign;
    /// The number.
    fn number(self) -> T;
}
impl<T: Scalar> Scale<T> for T {
    type Sign = <T::IsReal as FactChoice>::ScaleSign;
    #[inline(always)]
    fn number(self) -> T {
        self
    }
}
#[diagnostic::do_not_recommend]
impl<T: Scalar, S: Sign> Scale<T> for Literal<S> {
    type Sign = S;
    #[inline(always)]
    fn number(self) -> T {
        T::of(self.0)
    }
}
#[diagnostic::do_not_recommend]
impl<T: Scalar<Re = R>, R: Real> Scale<T> for Checked<R> {
    type Sign = NonNegative;
    #[inline(always)]
    fn number(self) -> T {
        T::from_re(self.0)
    }
}
/// A number that scales the operator `A`. The lifetime keeps the bound from being refused for operators without type parameters, where
/// it is plainly true or false.
#[diagnostic::on_unimplemented(message = "`{A}` cannot be scaled by `{Self}`", label = "number types do not match")]
pub trait ScaleOf<'s, A: Operator> {
    /// What is known of its sign.
    type Sign: Sign;
    /// The number.
    fn number_of(self) -> A::Scalar;
}
impl<A: Operator, C: Scale<A::Scalar>> ScaleOf<'_, A> for C {
    type Sign = C::Sign;
    #[inline(always)]
    fn number_of(self) -> A::Scalar {
        self.number()
    }
}
// Written out: a message would quote a macro's text too.
#[diagnostic::do_not_recommend]
impl Scale<num_complex::Complex<f32>> for f32 {
    type Sign = AnySign;
    #[inline(always)]
    fn number(self) -> num_complex::Complex<f32> {
        self.into()
    }
}
#[diagnostic::do_not_recommend]
impl Scale<num_complex::Complex<f64>> for f64 {
    type Sign = AnySign;
    #[inline(always)]
    fn number(self) -> num_complex::Complex<f64> {
        self.into()
    }
}
/// c d with both kept apart until the number type is known.
#[derive(Clone, Copy, Debug)]
pub struct Times2<C, D>(C, D);
#[diagnostic::do_not_recommend]
impl<T: Scalar, C: Scale<T>, D: Scale<T>> Scale<T> for Times2<C, D> {
    type Sign = <C::Sign as Sign>::Times<D::Sign>;
    #[inline(always)]
    fn number(self) -> T {
        self.0.number() * self.1.number()
    }
}
impl<C, D> IntoTerm for Times2<C, D> {
    type Kind = IsLiteral;
    type Term = Self;
    fn into_term(self) -> Self {
        self
    }
}
/// 1 / c.
#[derive(Clone, Copy, Debug)]
pub struct Inverted<C>(C);
impl<T: Scalar, C: Scale<T>> Scale<T> for Inverted<C> {
    type Sign = C::Sign;
    #[inline(always)]
    fn number(self) -> T {
        T::one() / self.0.number()
    }
}
impl<C> IntoTerm for Inverted<C> {
    type Kind = IsLiteral;
    type Term = Self;
    fn into_term(self) -> Self {
        self
    }
}

// ---- words ---------------------------------------------------------------------------------------------------------------------

/// The run-time half of a shape check.
#[cold]
#[inline(never)]
pub(crate) fn shape_panic(e: &Error) -> ! {
    panic!("{e}")
}
/// A leaf alone.
#[inline(always)]
pub fn op<A: Operator>(x: impl IntoOperator<Op = A>) -> A {
    x.into_operator()
}
/// A promise: positive semidefinite.
#[inline(always)]
pub fn psd<A: Operator>(a: impl IntoOperator<Op = A>) -> Psd<A> {
    Psd(a.into_operator())
}
/// A promise: self-adjoint.
#[inline(always)]
pub fn self_adjoint<A: Operator>(a: impl IntoOperator<Op = A>) -> SelfAdjoint<A> {
    SelfAdjoint(a.into_operator())
}
/// A promise: unitary.
#[inline(always)]
pub fn unitary<A: Operator>(a: impl IntoOperator<Op = A>) -> Unitary<A> {
    Unitary(a.into_operator())
}
/// A promise: orthonormal columns.
#[inline(always)]
pub fn isometric<A: Operator>(a: impl IntoOperator<Op = A>) -> Isometric<A> {
    Isometric(a.into_operator())
}
/// A^T.
#[inline(always)]
pub fn transpose<A: Operator>(a: impl IntoOperator<Op = A>) -> Transpose<A> {
    Transpose(a.into_operator())
}
/// A^H.
#[inline(always)]
pub fn adjoint<A: Operator>(a: impl IntoOperator<Op = A>) -> Adjoint<A> {
    Adjoint(a.into_operator())
}
/// conj(A).
#[inline(always)]
pub fn conj<A: Operator>(a: impl IntoOperator<Op = A>) -> Conj<A> {
    Conj(a.into_operator())
}
/// X X^H.
#[inline(always)]
pub fn gram<X: Operator>(x: impl IntoOperator<Op = X>) -> Gram<X> {
    Gram::new(x)
}
/// X X^T.
#[inline(always)]
pub fn gram_transpose<X: Operator>(x: impl IntoOperator<Op = X>) -> Gram<X, ByTranspose> {
    Gram::of_kind(x)
}
/// diag(d).
#[inline(always)]
pub fn diag<V: VectorData>(d: V) -> Diagonal<V> {
    Diagonal(d)
}
/// The lower triangle of a matrix.
#[inline(always)]
pub fn triangular_lower<M: MatrixData>(a: impl IntoOperator<Op = Dense<M>>) -> Triangular<M, Lower> {
    Triangular::lower(a.into_operator().0)
}
/// The upper triangle of a matrix.
#[inline(always)]
pub fn triangular_upper<M: MatrixData>(a: impl IntoOperator<Op = Dense<M>>) -> Triangular<M, Upper> {
    Triangular::upper(a.into_operator().0)
}
/// A compressed sparse matrix: `CsrMatrix`, `CscMatrix`, or a reference to one.
#[cfg(feature = "faer")]
#[inline(always)]
pub fn sparse<M: SparseData>(m: M) -> Sparse<M> {
    Sparse(m)
}
/// (P x)\[i\] = x\[p\[i\]\].
///
/// # Panics
/// Where p is no permutation; `try_linop!` returns the error.
pub fn permutation<T: Scalar, P: IndexData>(p: P) -> Permutation<T, P::Len> {
    Permutation::new(p)
}
/// (P x)\[i\] = x\[p\[i\]\].
///
/// # Errors
/// `InvalidArgument` where p is no permutation.
pub fn try_permutation<T: Scalar, P: IndexData>(p: P) -> Result<Permutation<T, P::Len>> {
    Permutation::try_new(p)
}
/// The n x n identity.
pub fn identity<T: Scalar>(n: usize) -> Identity<T, Dyn> {
    Identity::new(n)
}
/// The N x N identity.
pub fn identity_static<const N: usize, T: Scalar>() -> Identity<T, Const<N>> {
    Identity::fixed()
}
/// A x B.
#[inline(always)]
pub fn kron<A: Operator, B: SameScalar<A>>(a: impl IntoOperator<Op = A>, b: impl IntoOperator<Op = B>) -> Kron<A, B> {
    Kron(a.into_operator(), b.into_operator())
}
/// diag(A, B).
#[inline(always)]
pub fn block_diag<A: Operator, B: SameScalar<A>>(
    a: impl IntoOperator<Op = A>,
    b: impl IntoOperator<Op = B>,
) -> BlockDiag<A, B> {
    BlockDiag(a.into_operator(), b.into_operator())
}
/// The same block M times.
#[inline(always)]
pub fn repeat<const M: usize, A: Operator>(a: impl IntoOperator<Op = A>) -> Repeat<A, M> {
    Repeat(a.into_operator())
}
/// A^N.
#[inline(always)]
pub fn powi<const N: usize, A: Operator>(a: impl IntoOperator<Op = A>) -> Powi<A, N> {
    Powi::new(a)
}
/// `START..START + LEN`, known to the compiler.
#[inline(always)]
pub fn fixed<const START: usize, const LEN: usize>() -> Fixed<START, LEN> {
    Fixed
}
/// `..`
#[inline(always)]
pub fn all() -> core::ops::RangeFull {
    ..
}
/// A[rows, cols].
///
/// # Panics
/// Where an index is too large; `try_linop!` returns the error.
pub fn slice<A: Operator, R: IndexSet, C: IndexSet, I, J>(
    a: impl IntoOperator<Op = A>,
    rows: I,
    cols: J,
) -> Sliced<A, R, C>
where
    I: IntoIndexSet<A::Rows, Set = R>,
    J: IntoIndexSet<A::Cols, Set = C>,
{
    let ((), ()) = (I::CHECK, J::CHECK);
    Sliced::try_new(a.into_operator(), rows, cols).unwrap_or_else(|e| shape_panic(&e))
}
/// A[rows, cols].
///
/// # Errors
/// `InvalidArgument` where an index is too large.
pub fn try_slice<A: Operator, R: IndexSet, C: IndexSet, I, J>(
    a: impl IntoOperator<Op = A>,
    rows: I,
    cols: J,
) -> Result<Sliced<A, R, C>>
where
    I: IntoIndexSet<A::Rows, Set = R>,
    J: IntoIndexSet<A::Cols, Set = C>,
{
    let ((), ()) = (I::CHECK, J::CHECK);
    Sliced::try_new(a.into_operator(), rows, cols)
}
/// A[r, r].
///
/// # Panics
/// Where an index is too large; `try_linop!` returns the error.
pub fn principal<A: Operator, R: IndexSet, I: IntoIndexSet<A::Rows, Set = R>>(
    a: impl IntoOperator<Op = A>,
    r: I,
) -> Sliced<A, R, R, Known> {
    let () = I::CHECK;
    Sliced::try_principal(a.into_operator(), r).unwrap_or_else(|e| shape_panic(&e))
}
/// A[r, r].
///
/// # Errors
/// `InvalidArgument` where an index is too large.
pub fn try_principal<A: Operator, R: IndexSet, I: IntoIndexSet<A::Rows, Set = R>>(
    a: impl IntoOperator<Op = A>,
    r: I,
) -> Result<Sliced<A, R, R, Known>> {
    let () = I::CHECK;
    Sliced::try_principal(a.into_operator(), r)
}
// Written out: a message about sizes would quote a macro's text too.
/// [A, B].
///
/// # Panics
/// Where dynamic sizes differ; `try_linop!` returns the error.
pub fn hstack<A: Operator, B: SameScalar<A>>(
    a: impl IntoOperator<Op = A>,
    b: impl IntoOperator<Op = B>,
) -> HStack<A, B> {
    const { demand("[A, B]", A::SHAPE, B::SHAPE, A::SHAPE.rows.may_equal(B::SHAPE.rows)) }
    HStack::joined(a.into_operator(), b.into_operator())
}
/// [A, B].
///
/// # Errors
/// `ShapeMismatch`.
pub fn try_hstack<A: Operator, B: SameScalar<A>>(
    a: impl IntoOperator<Op = A>,
    b: impl IntoOperator<Op = B>,
) -> Result<HStack<A, B>> {
    const { demand("[A, B]", A::SHAPE, B::SHAPE, A::SHAPE.rows.may_equal(B::SHAPE.rows)) }
    HStack::try_new(a.into_operator(), b.into_operator())
}
/// [A; B].
///
/// # Panics
/// Where dynamic sizes differ; `try_linop!` returns the error.
pub fn vstack<A: Operator, B: SameScalar<A>>(
    a: impl IntoOperator<Op = A>,
    b: impl IntoOperator<Op = B>,
) -> VStack<A, B> {
    const { demand("[A; B]", A::SHAPE, B::SHAPE, A::SHAPE.cols.may_equal(B::SHAPE.cols)) }
    VStack::joined(a.into_operator(), b.into_operator())
}
/// [A; B].
///
/// # Errors
/// `ShapeMismatch`.
pub fn try_vstack<A: Operator, B: SameScalar<A>>(
    a: impl IntoOperator<Op = A>,
    b: impl IntoOperator<Op = B>,
) -> Result<VStack<A, B>> {
    const { demand("[A; B]", A::SHAPE, B::SHAPE, A::SHAPE.cols.may_equal(B::SHAPE.cols)) }
    VStack::try_new(a.into_operator(), b.into_operator())
}
pub use crate::decompositions::pinv;
/// A^-1.
///
/// # Errors
/// As [`inv`](crate::OperatorExt::inv).
#[inline(always)]
pub fn inv<A: Square + Invertible>(a: impl IntoOperator<Op = A>) -> Result<Inv<A>> {
    const { demand_square("inv", A::SHAPE) }
    a.into_operator().inverse_rule()
}
/// A^(1/2).
///
/// # Errors
/// As [`sqrt`](crate::OperatorExt::sqrt).
#[inline(always)]
pub fn sqrt<A: Square + HasPower>(a: impl IntoOperator<Op = A>) -> Result<Pow<A>> {
    const { demand_square("sqrt", A::SHAPE) }
    a.into_operator().power_rule(Power::Sqrt)
}
/// A^(-1/2).
///
/// # Errors
/// As [`isqrt`](crate::OperatorExt::isqrt).
#[inline(always)]
pub fn isqrt<A: Square + HasPower>(a: impl IntoOperator<Op = A>) -> Result<Pow<A>> {
    const { demand_square("isqrt", A::SHAPE) }
    a.into_operator().power_rule(Power::InvSqrt)
}
/// A^p.
///
/// # Errors
/// As [`pow`](crate::OperatorExt::pow).
#[inline(always)]
pub fn pow<A: Square + HasPower>(a: impl IntoOperator<Op = A>, p: f64) -> Result<Pow<A>> {
    const { demand_square("pow", A::SHAPE) }
    a.into_operator().power_rule(Power::Real(p))
}
/// e^A.
///
/// # Errors
/// As [`exp`](crate::OperatorExt::exp).
#[inline(always)]
pub fn exp<A: Square + HasExp>(a: impl IntoOperator<Op = A>) -> Result<Exp<A>> {
    const { demand_square("exp", A::SHAPE) }
    a.into_operator().exp_rule()
}
/// log A.
///
/// # Errors
/// As [`log`](crate::OperatorExt::log).
#[inline(always)]
pub fn log<A: Square + HasLog>(a: impl IntoOperator<Op = A>) -> Result<Log<A>> {
    const { demand_square("log", A::SHAPE) }
    a.into_operator().log_rule()
}

// ---- signs ---------------------------------------------------------------------------------------------------------------------

/// `*` by the kinds of both sides. Concrete kinds, so no two impls overlap.
#[diagnostic::on_unimplemented(
    message = "cannot multiply `{L}` by `{R}`",
    label = "these two have no product",
    note = "a product is of two operators, or of a number and an operator; `A` times a vector is `A.apply(&v)`"
)]
pub trait MulRule<L, R> {
    /// The product.
    type Output;
    /// Evaluated in `mul` itself: rustc prints the caller of the function that holds the constant, here the user's line.
    const CHECK: () = ();
    /// L R.
    ///
    /// # Errors
    /// `ShapeMismatch` of dynamic sizes.
    fn mul(l: L, r: R) -> Result<Self::Output>;
}
/// `l * r`.
#[inline(always)]
pub fn mul<L: IntoTerm, R: IntoTerm, Out>(l: L, r: R) -> Out
where
    (L::Kind, R::Kind): MulRule<L::Term, R::Term, Output = Out>,
{
    let () = <(L::Kind, R::Kind) as MulRule<L::Term, R::Term>>::CHECK;
    <(L::Kind, R::Kind)>::mul(l.into_term(), r.into_term()).unwrap_or_else(|e| shape_panic(&e))
}
/// `l * r`.
///
/// # Errors
/// `ShapeMismatch` of dynamic sizes.
#[inline(always)]
pub fn try_mul<L: IntoTerm, R: IntoTerm, Out>(l: L, r: R) -> Result<Out>
where
    (L::Kind, R::Kind): MulRule<L::Term, R::Term, Output = Out>,
{
    let () = <(L::Kind, R::Kind) as MulRule<L::Term, R::Term>>::CHECK;
    <(L::Kind, R::Kind)>::mul(l.into_term(), r.into_term())
}
/// The type of `l * r`.
pub type Times<L, R> =
    <(<L as IntoTerm>::Kind, <R as IntoTerm>::Kind) as MulRule<<L as IntoTerm>::Term, <R as IntoTerm>::Term>>::Output;
// Not hidden, so that a number of another type is named; and outside of the macro, whose text messages would quote.
impl<L: Scale<A::Scalar>, A: Operator, C> MulRule<L, A> for (IsScalar, IsOperator<C>) {
    type Output = Scaled<A, A::Scalar, L::Sign>;
    #[inline(always)]
    fn mul(l: L, a: A) -> Result<Self::Output> {
        Ok(Scaled::signed(l.number(), a))
    }
}
#[diagnostic::do_not_recommend]
impl<L: Scale<A::Scalar>, A: Operator, C> MulRule<L, A> for (IsLiteral, IsOperator<C>) {
    type Output = Scaled<A, A::Scalar, L::Sign>;
    #[inline(always)]
    fn mul(l: L, a: A) -> Result<Self::Output> {
        Ok(Scaled::signed(l.number(), a))
    }
}
macro_rules! scaling {
    ($($K:ty)*) => { $(
        #[diagnostic::do_not_recommend]
        impl<L: Scale<A::Scalar>, A: Operator, C> MulRule<A, L> for (IsOperator<C>, $K) {
            type Output = Scaled<A, A::Scalar, L::Sign>;
            #[inline(always)]
            fn mul(a: A, l: L) -> Result<Self::Output> {
                Ok(Scaled::signed(l.number(), a))
            }
        }
        #[diagnostic::do_not_recommend]
        impl<L, C> MulRule<L, Eye<C>> for ($K, IsEye) {
            type Output = Eye<Times2<L, C>>;
            #[inline(always)]
            fn mul(l: L, e: Eye<C>) -> Result<Self::Output> {
                Ok(Eye(Times2(l, e.0)))
            }
        }
        #[diagnostic::do_not_recommend]
        impl<L, C> MulRule<Eye<C>, L> for (IsEye, $K) {
            type Output = Eye<Times2<L, C>>;
            #[inline(always)]
            fn mul(e: Eye<C>, l: L) -> Result<Self::Output> {
                Ok(Eye(Times2(l, e.0)))
            }
        } )* };
}
scaling!(IsScalar IsLiteral);
macro_rules! numbers {
    ($($K:ty, $L:ty;)*) => { $(
        #[diagnostic::do_not_recommend]
        impl<L, R> MulRule<L, R> for ($K, $L) {
            type Output = Times2<L, R>;
            #[inline(always)]
            fn mul(l: L, r: R) -> Result<Self::Output> {
                Ok(Times2(l, r))
            }
        } )* };
}
numbers! { IsScalar, IsScalar; IsScalar, IsLiteral; IsLiteral, IsScalar; IsLiteral, IsLiteral; }
impl<A: Operator<Cols: Fits<B::Rows>>, B: SameScalar<A>, C, D> MulRule<A, B> for (IsOperator<C>, IsOperator<D>)
where
    (C, D): ProductTable<A, B>,
{
    type Output = <(C, D) as ProductTable<A, B>>::Output;
    const CHECK: () = demand("A * B", A::SHAPE, B::SHAPE, A::SHAPE.cols.may_equal(B::SHAPE.rows));
    #[inline(always)]
    fn mul(a: A, b: B) -> Result<Self::Output> {
        <(C, D)>::product(a, b)
    }
}
// I A = A; c I A = c A
#[diagnostic::do_not_recommend]
impl<A: Operator, C: Scale<A::Scalar>, K> MulRule<Eye<C>, A> for (IsEye, IsOperator<K>) {
    type Output = Scaled<A, A::Scalar, C::Sign>;
    #[inline(always)]
    fn mul(e: Eye<C>, a: A) -> Result<Self::Output> {
        Ok(Scaled::signed(e.0.number(), a))
    }
}
#[diagnostic::do_not_recommend]
impl<A: Operator, C: Scale<A::Scalar>, K> MulRule<A, Eye<C>> for (IsOperator<K>, IsEye) {
    type Output = Scaled<A, A::Scalar, C::Sign>;
    #[inline(always)]
    fn mul(a: A, e: Eye<C>) -> Result<Self::Output> {
        Ok(Scaled::signed(e.0.number(), a))
    }
}
#[diagnostic::do_not_recommend]
impl<C, D> MulRule<Eye<C>, Eye<D>> for (IsEye, IsEye) {
    type Output = Eye<Times2<C, D>>;
    #[inline(always)]
    fn mul(a: Eye<C>, b: Eye<D>) -> Result<Self::Output> {
        Ok(Eye(Times2(a.0, b.0)))
    }
}
/// `-a`.
#[inline(always)]
pub fn neg<A: IntoTerm, Out>(a: A) -> Out
where
    (IsLiteral, A::Kind): MulRule<Literal<AnySign>, A::Term, Output = Out>,
{
    mul(literal::<AnySign>(-1.0), a)
}
/// The type of `-a`.
pub type Negated<A> = Times<Literal<AnySign>, A>;
/// `a / c`.
#[inline(always)]
pub fn div<A: IntoTerm, C: IntoTerm, Out>(a: A, c: C) -> Out
where
    (A::Kind, IsLiteral): MulRule<A::Term, Inverted<C::Term>, Output = Out>,
{
    mul(a, Inverted(c.into_term()))
}
/// The type of `a / c`.
pub type Divided<A, C> = Times<A, Inverted<<C as IntoTerm>::Term>>;

/// `+` by kinds, then by the classes of two operators.
#[diagnostic::on_unimplemented(
    message = "cannot add `{L}` and `{R}`",
    label = "these two have no sum",
    note = "a sum is of operators; a number `c` is added as `c * I`, a vector `v` as `diag(v)`"
)]
pub trait AddRule<L, R> {
    /// The sum.
    type Output;
    /// Evaluated in `add` itself: rustc prints the caller of the function that holds the constant, here the user's line.
    const CHECK: () = ();
    /// L + R.
    ///
    /// # Errors
    /// `ShapeMismatch` of dynamic sizes.
    fn add(l: L, r: R) -> Result<Self::Output>;
}
/// `l + r`.
#[inline(always)]
pub fn add<L: IntoTerm, R: IntoTerm, Out>(l: L, r: R) -> Out
where
    (L::Kind, R::Kind): AddRule<L::Term, R::Term, Output = Out>,
{
    let () = <(L::Kind, R::Kind) as AddRule<L::Term, R::Term>>::CHECK;
    <(L::Kind, R::Kind)>::add(l.into_term(), r.into_term()).unwrap_or_else(|e| shape_panic(&e))
}
/// `l + r`.
///
/// # Errors
/// `ShapeMismatch` of dynamic sizes.
#[inline(always)]
pub fn try_add<L: IntoTerm, R: IntoTerm, Out>(l: L, r: R) -> Result<Out>
where
    (L::Kind, R::Kind): AddRule<L::Term, R::Term, Output = Out>,
{
    let () = <(L::Kind, R::Kind) as AddRule<L::Term, R::Term>>::CHECK;
    <(L::Kind, R::Kind)>::add(l.into_term(), r.into_term())
}
/// The type of `l + r`.
pub type Plus<L, R> =
    <(<L as IntoTerm>::Kind, <R as IntoTerm>::Kind) as AddRule<<L as IntoTerm>::Term, <R as IntoTerm>::Term>>::Output;
/// The bound that generic code states to use `+` of two operators; `A::Sum` is the result.
pub trait Addable<R: IntoTerm>: IntoTerm {
    /// The type of the sum.
    type Sum;
    /// self + r.
    fn plus(self, r: R) -> Self::Sum;
}
impl<L: IntoTerm, R: IntoTerm> Addable<R> for L
where
    (L::Kind, R::Kind): AddRule<L::Term, R::Term>,
{
    type Sum = Plus<L, R>;
    #[inline(always)]
    fn plus(self, r: R) -> Plus<L, R> {
        add(self, r)
    }
}
/// L - R: by the table of `+`. What `-` asks of two operators, and the bound that generic code states.
#[diagnostic::on_unimplemented(
    message = "cannot subtract `{R}` from `{Self}`",
    label = "these two have no difference",
    note = "a difference is of operators of one shape and number type; a number `c` is subtracted as `c * I`"
)]
pub trait Subtractable<R> {
    /// The type of the difference.
    type Difference;
    /// self - r.
    fn minus(self, r: R) -> Self::Difference;
}
#[diagnostic::do_not_recommend]
impl<L: Addable<Negated<R>>, R: IntoTerm> Subtractable<R> for L
where
    (IsLiteral, R::Kind): MulRule<Literal<AnySign>, R::Term, Output: IntoTerm>,
{
    type Difference = <L as Addable<Negated<R>>>::Sum;
    #[inline(always)]
    fn minus(self, r: R) -> Self::Difference {
        self.plus(neg(r))
    }
}
/// The kinds of two operators.
pub type Kinds<A, B> = (IsOperator<<A as Operator>::Class>, IsOperator<<B as Operator>::Class>);
/// A + c I: by the class of A.
type WithEye<A, C> =
    <<<A as Operator>::Class as Class>::Eye as Rank>::PlusEye<A, <C as Scale<<A as Operator>::Scalar>>::Sign>;
#[inline(always)]
fn with_eye<A: Operator, C: Scale<A::Scalar>>(a: A, e: Eye<C>) -> Result<WithEye<A, C>> {
    <<A::Class as Class>::Eye as Rank>::plus_eye(a, e.0.number())
}
#[diagnostic::do_not_recommend]
impl<A: Operator, C: Scale<A::Scalar>, K> AddRule<A, Eye<C>> for (IsOperator<K>, IsEye) {
    const CHECK: () = demand_square("A + c * I", A::SHAPE);
    type Output = WithEye<A, C>;
    #[inline(always)]
    fn add(a: A, e: Eye<C>) -> Result<Self::Output> {
        with_eye(a, e)
    }
}
#[diagnostic::do_not_recommend]
impl<A: Operator, C: Scale<A::Scalar>, K> AddRule<Eye<C>, A> for (IsEye, IsOperator<K>) {
    const CHECK: () = demand_square("A + c * I", A::SHAPE);
    type Output = WithEye<A, C>;
    #[inline(always)]
    fn add(e: Eye<C>, a: A) -> Result<Self::Output> {
        with_eye(a, e)
    }
}
#[diagnostic::do_not_recommend]
impl<C, D> AddRule<Eye<C>, Eye<D>> for (IsEye, IsEye) {
    type Output = Eye<Plus2<C, D>>;
    #[inline(always)]
    fn add(a: Eye<C>, b: Eye<D>) -> Result<Self::Output> {
        Ok(Eye(Plus2(a.0, b.0)))
    }
}
/// c + d with both kept apart until the number type is known.
#[derive(Clone, Copy, Debug)]
pub struct Plus2<C, D>(C, D);
#[diagnostic::do_not_recommend]
impl<T: Scalar, C: Scale<T>, D: Scale<T>> Scale<T> for Plus2<C, D> {
    // the sum of two of one sign has it; the product's rule is the same where both are nonnegative
    type Sign = <C::Sign as Sign>::Times<D::Sign>;
    #[inline(always)]
    fn number(self) -> T {
        self.0.number() + self.1.number()
    }
}
/// The pair table of `+`, row class x column class; the pairs stand in [`classes`](crate::classes). A new fused pair is one impl.
#[diagnostic::on_unimplemented(message = "cannot add `{L}` and `{R}`")]
pub trait SumTable<L, R> {
    /// The sum.
    type Output;
    /// L + R.
    ///
    /// # Errors
    /// `ShapeMismatch` of dynamic sizes.
    fn sum(l: L, r: R) -> Result<Self::Output>;
}
impl<A: Operator<Rows: Fits<B::Rows>, Cols: Fits<B::Cols>>, B: SameScalar<A>, C: Class, D: Class> AddRule<A, B>
    for (IsOperator<C>, IsOperator<D>)
where
    (C::Rank, D::Rank): RankTable<C, D, A, B>,
{
    const CHECK: () = demand("A + B", A::SHAPE, B::SHAPE, A::SHAPE.may_equal(B::SHAPE));
    type Output = <(C::Rank, D::Rank) as RankTable<C, D, A, B>>::Output;
    #[inline(always)]
    fn add(a: A, b: B) -> Result<Self::Output> {
        <(C::Rank, D::Rank)>::sum(a, b)
    }
}
/// The pair table of `*`.
#[diagnostic::on_unimplemented(message = "cannot multiply `{L}` by `{R}`")]
pub trait ProductTable<L, R> {
    /// The product.
    type Output;
    /// L R.
    ///
    /// # Errors
    /// `ShapeMismatch` of dynamic sizes.
    fn product(l: L, r: R) -> Result<Self::Output>;
}
/// `+` by the ranks of both sides; two of full rank go on to the table of their classes C and D.
#[diagnostic::on_unimplemented(message = "cannot add `{L}` and `{R}`")]
pub trait RankTable<C, D, L, R> {
    /// The sum.
    type Output;
    /// L + R.
    ///
    /// # Errors
    /// `ShapeMismatch` of dynamic sizes.
    fn sum(l: L, r: R) -> Result<Self::Output>;
}
#[diagnostic::do_not_recommend]
impl<C, D, A, B> RankTable<C, D, A, B> for (FullRank, FullRank)
where
    (C, D): SumTable<A, B>,
{
    type Output = <(C, D) as SumTable<A, B>>::Output;
    #[inline(always)]
    fn sum(a: A, b: B) -> Result<Self::Output> {
        <(C, D)>::sum(a, b)
    }
}
// A + P Q^H, whatever the order: the update is the second part
#[diagnostic::do_not_recommend]
impl<C, D, A: Operator, B: SameScalar<A>> RankTable<C, D, A, B> for (FullRank, SmallRank) {
    type Output = LowRankUpdate<A, B>;
    #[inline(always)]
    fn sum(a: A, b: B) -> Result<Self::Output> {
        LowRankUpdate::try_new(a, b)
    }
}
#[diagnostic::do_not_recommend]
impl<C, D, A: Operator<Scalar = B::Scalar>, B: Operator> RankTable<C, D, A, B> for (SmallRank, FullRank) {
    type Output = LowRankUpdate<B, A>;
    #[inline(always)]
    fn sum(a: A, b: B) -> Result<Self::Output> {
        LowRankUpdate::try_new(b, a)
    }
}
// of low rank again
#[diagnostic::do_not_recommend]
impl<C, D, A: Operator, B: SameScalar<A>> RankTable<C, D, A, B> for (SmallRank, SmallRank) {
    type Output = Sum<A, B>;
    #[inline(always)]
    fn sum(a: A, b: B) -> Result<Self::Output> {
        Sum::try_new(a, b)
    }
}
