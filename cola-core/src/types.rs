//! The words of `linop_type!`: aliases in the spelling of `linop!`, so that name resolution knows them.
#![allow(non_camel_case_types, reason = "they are the words of `linop!`")]
#![allow(missing_docs, reason = "each is the type of the word of the same name in `dsl`")]

use crate::ops;

pub type psd<A> = ops::Psd<A>;
pub type self_adjoint<A> = ops::SelfAdjoint<A>;
pub type unitary<A> = ops::Unitary<A>;
pub type isometric<A> = ops::Isometric<A>;
pub type transpose<A> = ops::Transpose<A>;
pub type adjoint<A> = ops::Adjoint<A>;
pub type conj<A> = ops::Conj<A>;
pub type gram<A> = ops::Gram<A>;
pub type gram_transpose<A> = ops::Gram<A, ops::ByTranspose>;
pub type congruence<X, A> = ops::CongruenceOf<X, A, ops::ByAdjoint>;
pub type congruence_transpose<X, A> = ops::CongruenceOf<X, A, ops::ByTranspose>;
pub type diag<V> = ops::Diagonal<V>;
pub type triangular_lower<M> = ops::Triangular<<M as DenseData>::Data, ops::Lower>;
pub type triangular_upper<M> = ops::Triangular<<M as DenseData>::Data, ops::Upper>;
pub type permutation<T, P> = ops::Permutation<T, <P as ops::IndexData>::Len>;
#[cfg(feature = "faer")]
pub type sparse<M> = ops::Sparse<M>;
pub type identity<T> = ops::Identity<T, nalgebra::Dyn>;
pub type identity_static<T, const N: usize> = ops::Identity<T, nalgebra::Const<N>>;
pub type kron<A, B> = ops::Kron<A, B>;
pub type tridiag<L, D, U> = ops::Tridiagonal<D, L, U>;
pub type tridiag_sym<D, L> = ops::Tridiagonal<D, L>;
pub type banded<T> = ops::Banded<T>;
pub type householder<V> = ops::Householder<V>;
#[cfg(feature = "fft")]
pub type circulant<V> = ops::Circulant<<V as crate::data::VectorData>::Scalar, <V as crate::data::VectorData>::Len>;
#[cfg(feature = "fft")]
pub type fourier<T> = ops::Fourier<T, nalgebra::Dyn>;
#[cfg(feature = "fft")]
pub type toeplitz<C, R> = ops::Toeplitz<C, R>;
#[cfg(feature = "fft")]
pub type toeplitz_sym<C> = ops::Toeplitz<C>;
#[cfg(feature = "fft")]
pub type dct<T> = ops::Trigonometric<T>;
#[cfg(feature = "fft")]
pub type dst<T> = ops::Trigonometric<T>;
pub type kron_sum<A, B> = ops::KronSum<A, B>;
pub type zero<T> = ops::Zero<T, nalgebra::Dyn, nalgebra::Dyn>;
pub type block_diag<A, B> = ops::BlockDiag<A, B>;
pub type repeat<A, const M: usize> = ops::Repeat<A, M>;
pub type blocks<A, B, C, D> = ops::Blocks<A, B, C, D>;
pub type hadamard<A, B> = ops::Hadamard<A, B>;
pub type low_rank<U, V> = ops::LowRank<U, V>;
pub type projection<U> = ops::Projection<U>;
pub type sum_of<P> = ops::SumOfParts<P>;
pub type product_of<P> = ops::ProductOfParts<P>;
pub type kron_of<P> = ops::KronOf<P>;
pub type block_diag_of<P> = ops::BlockDiagOf<P>;
pub type powi<A, const N: usize> = ops::Powi<A, N>;
pub type slice<A, R, C> = ops::Sliced<
    A,
    <R as ops::IntoIndexSet<<A as crate::Operator>::Rows>>::Set,
    <C as ops::IntoIndexSet<<A as crate::Operator>::Cols>>::Set,
>;
pub type principal<A, R> = ops::Sliced<
    A,
    <R as ops::IntoIndexSet<<A as crate::Operator>::Rows>>::Set,
    <R as ops::IntoIndexSet<<A as crate::Operator>::Rows>>::Set,
    crate::Known,
>;
pub type kernel<K, X> = ops::Kernel<K, X>;
pub type kernel_cross<K, X, Z> = ops::Kernel<K, X, Z>;
pub type interpolation<T> = ops::Interpolation<T>;
pub type hstack<A, B> = ops::HStack<A, B>;
pub type vstack<A, B> = ops::VStack<A, B>;
pub type inv<A> = crate::functions::Inv<A>;
pub type pinv<A> = crate::functions::Pinv<A>;
pub type sqrt<A> = crate::functions::Sqrt<A>;
pub type isqrt<A> = crate::functions::Sqrt<A>;
pub type pow<A> = crate::functions::Pow<A>;
pub type exp<A> = crate::functions::Exp<A>;
pub type log<A> = crate::functions::Log<A>;

/// The matrix inside `Dense`: what `triangular_lower` takes a triangle of.
pub trait DenseData {
    type Data;
}
impl<M> DenseData for ops::Dense<M> {
    type Data = M;
}
