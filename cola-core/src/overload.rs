//! `+`, `-`, `*` between operators, borrowed or owned, with numbers and with vectors: what the pair tables of `linop!` make of the two.
//! Rust wants these per type; one line per structure, exported for operators of other crates.

use crate::data::{Column, Operand};
use crate::ext::OperatorExt;
use crate::operator::{LinearOperator, Operator};
use crate::ops::*;
use crate::scalar::Scalar;
use crate::space::{Fits, Space};

/// Right side of `a * ..`, `a` borrowed or owned: a vector is multiplied, an operator composed by the pair tables.
#[diagnostic::on_unimplemented(
    message = "cannot multiply `{L}` by `{Self}`",
    label = "expected a vector or an operator of fitting size and number type"
)]
pub trait RightOf<L> {
    /// The product.
    type Output;
    /// l * self.
    fn right_of(self, l: L) -> Self::Output;
}
macro_rules! vector_right {
    ($([$($p:tt)*] $V:ty;)*) => { $(
        impl<'v, L: LinearOperator, T: Scalar, $($p)*> RightOf<L> for &'v $V
        where $V: Operand<L::Scalar, Rows: Fits<L::Cols>> {
            type Output = <$V as Operand<L::Scalar>>::Output;
            #[inline(always)]
            fn right_of(self, l: L) -> Self::Output {
                l.apply(self)
            }
        } )* };
}
vector_right! {
    [R: nalgebra::Dim, C: nalgebra::Dim, S: nalgebra::RawStorage<T, R, C>] nalgebra::Matrix<T, R, C, S>;
    [const N: usize] [T; N];
    [] [T];
    [] Vec<T>;
    [S: Space] Column<T, S>;
}

/// `+`, `-`, `*` of a structure: `operators! { [A, B] Kron<A, B> }` after its `Operator` impl.
#[macro_export]
macro_rules! operators {
    ($([$($p:tt)*] $S:ty),* $(,)?) => { $(
        $crate::operators_of! { ['s,] [$($p)*] &'s $S }
        $crate::operators_of! { [] [$($p)*] $S }
        $crate::scaled_by! { [$($p)*] $S; f64, f32 }
    )* };
}
/// The same of one side, borrowed or owned.
#[doc(hidden)]
#[macro_export]
macro_rules! operators_of {
    ([$($s:tt)*] [$($p:tt)*] $S:ty) => {
        impl<$($s)* Rhs, $($p)*> ::core::ops::Mul<Rhs> for $S where Rhs: $crate::RightOf<$S> {
            type Output = Rhs::Output;
            #[inline(always)]
            fn mul(self, r: Rhs) -> Rhs::Output {
                r.right_of(self)
            }
        }
        impl<$($s)* L, $($p)*> $crate::RightOf<L> for $S
        where
            $S: $crate::Operator,
            L: $crate::operator::SameScalar<$S>,
            <L as $crate::Operator>::Cols: $crate::space::Fits<<$S as $crate::Operator>::Rows>,
            $crate::dsl::Kinds<L, $S>: $crate::dsl::MulRule<L, $S>,
        {
            type Output = <$crate::dsl::Kinds<L, $S> as $crate::dsl::MulRule<L, $S>>::Output;
            #[inline(always)]
            fn right_of(self, l: L) -> Self::Output {
                $crate::dsl::mul(l, self)
            }
        }
        impl<$($s)* Rhs, $($p)*> ::core::ops::Add<Rhs> for $S
        where
            $S: $crate::dsl::IntoTerm,
            Rhs: $crate::dsl::IntoTerm,
            (<$S as $crate::dsl::IntoTerm>::Kind, Rhs::Kind):
                $crate::dsl::AddRule<<$S as $crate::dsl::IntoTerm>::Term, Rhs::Term>,
        {
            type Output = $crate::dsl::Plus<$S, Rhs>;
            #[inline(always)]
            fn add(self, r: Rhs) -> Self::Output {
                $crate::dsl::add(self, r)
            }
        }
        impl<$($s)* Rhs, $($p)*> ::core::ops::Sub<Rhs> for $S where $S: $crate::dsl::Subtractable<Rhs> {
            type Output = <$S as $crate::dsl::Subtractable<Rhs>>::Difference;
            #[inline(always)]
            fn sub(self, r: Rhs) -> Self::Output {
                $crate::dsl::Subtractable::minus(self, r)
            }
        }
        impl<$($s)* $($p)*> ::core::ops::Neg for $S where $S: $crate::Operator {
            type Output = $crate::Scaled<$S, <$S as $crate::Operator>::Scalar, $crate::AnySign>;
            #[inline(always)]
            fn neg(self) -> Self::Output {
                $crate::Scaled::signed(-<<$S as $crate::Operator>::Scalar as $crate::num_traits::One>::one(), self)
            }
        }
    };
}
/// `c * &a` for the real numbers.
#[doc(hidden)]
#[macro_export]
macro_rules! scaled_by {
    (@ [$($p:tt)*] $S:ty; $T:ty) => {
        impl<'s, $($p)*> ::core::ops::Mul<&'s $S> for $T
        where
            $S: $crate::Operator,
            $T: $crate::dsl::ScaleOf<'s, $S>,
        {
            type Output = $crate::Scaled<
                &'s $S,
                <$S as $crate::Operator>::Scalar,
                <$T as $crate::dsl::ScaleOf<'s, $S>>::Sign,
            >;
            #[inline(always)]
            fn mul(self, a: &'s $S) -> Self::Output {
                $crate::Scaled::signed($crate::dsl::ScaleOf::number_of(self), a)
            }
        }
    };
    ($p:tt $S:ty; $($T:ty),*) => { $( $crate::scaled_by! { @ $p $S; $T } )* };
}
operators! {
    [M] Dense<M>,
    [V] Diagonal<V>,
    [T, S] Identity<T, S>,
    [T, S, G] ScaledIdentity<T, S, G>,
    [M, U] Triangular<M, U>,
    [T: Scalar, S: Space, U] TriangularInverse<T, S, U>,
    [T: Scalar, S: Space] Permutation<T, S>,
    [T: Scalar, S: Space, F] CycleFunction<T, S, F>,
    [C: Scalar, S: Space] CycleBasis<C, S>,
    [A: Operator] Complexified<A>,
    [U: Operator, V] SvdFactors<U, V>,
    [A, B] Kron<A, B>,
    [F, P] KronProduct<F, P>,
    [T: Scalar, S, F] KronExp<T, S, F>,
    [A, B] KronSum<A, B>,
    [V] Householder<V>,
    [V: crate::data::VectorData, F] ReflectionFunction<V, F>,
    [T, S] Banded<T, S>,
    [T: Scalar, S, F] BandedInverse<T, S, F>,
    [A, B] BandedSum<A, B>,
    [D, B, U] Tridiagonal<D, B, U>,
    [A, E] Shifted<A, E>,
    [A, E] FoldedShift<A, E>,
    [A, B] Either<A, B>,
    [V: Operator, F] Normal<V, F>,
    [T: Scalar, S, F] SylvesterInverse<T, S, F>,
    [T: Scalar, S, F] SchurPair<T, S, F>,
    [T, R, C, F] Zero<T, R, C, F>,
    [A, B] BlockDiag<A, B>,
    [A, const M: usize] Repeat<A, M>,
    [A, B] Sum<A, B>,
    [U, V] LowRank<U, V>,
    [U] Projection<U>,
    [A, P] LowRankUpdate<A, P>,
    [P, E] ShiftedLowRank<P, E>,
    [T: Scalar, N: Space, R: Space] RangeBasis<T, N, R>,
    [T: Scalar, N: Space, R: Space] LowRankVectors<T, N, R>,
    [F: Operator, R: Space, M: crate::functions::dense::FactorMethod, D] UpdateInverse<F, R, M, D>,
    [A, B] Product<A, B>,
    [X, C] Gram<X, C>,
    [X: Operator, D] GramInverse<X, D>,
    [X, A, C] Congruence<X, A, C>,
    [A, B] Hadamard<A, B>,
    [A, B, C, D] Blocks<A, B, C, D>,
    [FA: Operator, B, C, FD: Operator<Scalar = FA::Scalar>, M: crate::functions::dense::FactorMethod, W: Operator] BlocksInverse<FA, B, C, FD, M, W>,
    [A, const N: usize] Powi<A, N>,
    [A, T, S] Scaled<A, T, S>,
    [A] Transpose<A>,
    [A] Adjoint<A>,
    [A] Conj<A>,
    [A, R, C, Same] Sliced<A, R, C, Same>,
    [A, B] HStack<A, B>,
    [A, B] VStack<A, B>,
    [A] Psd<A>,
    [A] SelfAdjoint<A>,
    [A] Unitary<A>,
    [A] Isometric<A>,
    [A, F] WithFacts<A, F>,
    [V: Operator, F] Spectral<V, F>,
    [P] SumOf<P>,
    [P] ProductOf<P>,
    [P] KronOf<P>,
    [P] BlockDiagOf<P>,
    [T] Interpolation<T>,
    [K, X, Z] Kernel<K, X, Z>,
    [T] Jacobian<T>,
    [T] Hessian<T>,
    [M, T] Fisher<M, T>,
    [T: Scalar, K] Boxed<T, K>,
    [T, R, C, F, G, K] Function<T, R, C, F, G, K>,
    [T: Scalar, S: Space, M: crate::functions::dense::FactorMethod] crate::functions::dense::Factored<T, S, M>,
    [A: Operator, M: crate::functions::dense::FactorMethod] crate::functions::base::BaseInverse<A, M>,
    [F, D] ProductInverse<F, D>,
    [A: Operator] crate::LazyFunction<A>,
    [T: Scalar] crate::SpikedIdentity<T>,
    [T: crate::algorithms::precond::Double] crate::SinglePrecision<T>,
    [A: Operator] crate::Chebyshev<A>,
    [A: Operator] crate::functions::base::Undone<A>,
}
#[cfg(feature = "faer")]
operators! {
    [M] Sparse<M>,
    [M: SparseData, F] SparseInverse<M, F>,
    [T: Scalar] crate::IncompleteCholesky<T>,
    [T: Scalar] crate::IncompleteLu<T>,
}
#[cfg(feature = "fft")]
operators! {
    [T: Scalar, S: Space] Circulant<T, S>,
    [A, E] CirculantSum<A, E>,
    [T: Scalar, S] CirculantBasis<T, S>,
    [T: Scalar, S] Fourier<T, S>,
    [T: Scalar, S] Trigonometric<T, S>,
    [T: Scalar, S, F] FourierFunction<T, S, F>,
    [T: Scalar, S, F] InvolutionFunction<T, S, F>,
    [C: crate::data::VectorData, B] Toeplitz<C, B>,
    [T: Scalar, S, F] ToeplitzInverse<T, S, F>,
}
