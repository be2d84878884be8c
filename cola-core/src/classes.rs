//! The pair tables of `+` and `*`: what two structures are together, by their classes. Rust allows no impl for a pair beside a generic
//! one, so that the pairs are written out; a structure that joins no pair is [`General`].

use crate::data::{Column, Panel, Produce, VectorData};
use crate::dsl::{Class, FullRank, General, IsLowRank, ProductTable, Rank, SumTable};
use crate::error::{Error, Result};
use crate::facts::{Both, Sign, SumFacts};
use crate::operator::short::{Fa, Sc};
use crate::operator::{Operator, SameScalar};
#[cfg(feature = "fft")]
use crate::ops::circulant::combined;
#[cfg(feature = "fft")]
use crate::ops::toeplitz::{WholeToeplitz, toeplitz_sum};
use crate::ops::triangular::{triangle_product, triangle_sum};
#[cfg(feature = "fft")]
use crate::ops::{AsCirculant, AsToeplitz, Circulant, CirculantSum};
use crate::ops::{
    AsDense, AsPermutation, AsTriangle, BandedSum, Dense, Diagonal, DiagonalEntries, FoldedShift, IntoKron, Kron,
    KronProduct, Lower, Multiple, Permutation, Product, ScaledIdentity, Shifted, Sum, Triangular, Upper, WithFacts,
};
use crate::space::Space;

/// Dense matrices of a size that the type knows: their sums are such matrices, with one product for two.
#[derive(Clone, Copy, Debug)]
pub struct IsDense;
/// Diagonal matrices: their sums and products are diagonals again.
#[derive(Clone, Copy, Debug)]
pub struct IsDiagonal;
/// c I.
#[derive(Clone, Copy, Debug)]
pub struct IsIdentity;
/// Band matrices: their sums are band matrices.
#[derive(Clone, Copy, Debug)]
pub struct IsBanded;
/// Circulants: their sums and products are circulants.
#[derive(Clone, Copy, Debug)]
pub struct IsCirculant;
/// Permutations: their products are permutations.
#[derive(Clone, Copy, Debug)]
pub struct IsPermutation;
/// Structures whose eigen-decomposition is cheaper than a dense one: beside c I they are [`Shifted`].
#[derive(Clone, Copy, Debug)]
pub struct HasSpectrum;

/// Kronecker products: their products are Kronecker products, beside c I they are [`Shifted`].
#[derive(Clone, Copy, Debug)]
pub struct IsKron;
/// Lower triangles: their sums and products are lower triangles.
#[derive(Clone, Copy, Debug)]
pub struct IsLower;
/// Upper triangles: their sums and products are upper triangles.
#[derive(Clone, Copy, Debug)]
pub struct IsUpper;
/// Toeplitz matrices: their sums are Toeplitz matrices.
#[derive(Clone, Copy, Debug)]
pub struct IsToeplitz;
/// Beside c I of their own kind, [`FoldedShift`]: transforms with a period, functions of them, what is made of such by a factor or a
/// transposition.
#[derive(Clone, Copy, Debug)]
pub struct IsFolding;

/// Beside c I: [`Shifted`].
#[derive(Clone, Copy, Debug)]
pub struct WithSpectrum;
impl Rank for WithSpectrum {
    type PlusEye<A: Operator, S: Sign> = Shifted<A, ScaledIdentity<A::Scalar, A::Rows, S>>;
    #[inline(always)]
    fn plus_eye<A: Operator, S: Sign>(a: A, c: A::Scalar) -> Result<Self::PlusEye<A, S>> {
        let eye = ScaledIdentity::of_size(c, a.nrows());
        Shifted::try_new(a, eye)
    }
}
/// Beside c I: [`FoldedShift`].
#[derive(Clone, Copy, Debug)]
pub struct WithFolding;
impl Rank for WithFolding {
    type PlusEye<A: Operator, S: Sign> = FoldedShift<A, ScaledIdentity<A::Scalar, A::Rows, S>>;
    #[inline(always)]
    fn plus_eye<A: Operator, S: Sign>(a: A, c: A::Scalar) -> Result<Self::PlusEye<A, S>> {
        let eye = ScaledIdentity::of_size(c, a.nrows());
        FoldedShift::try_new(a, eye)
    }
}
/// Beside c I: [`BandedSum`].
#[derive(Clone, Copy, Debug)]
pub struct WithBands;
impl Rank for WithBands {
    type PlusEye<A: Operator, S: Sign> = BandedSum<A, ScaledIdentity<A::Scalar, A::Rows, S>>;
    #[inline(always)]
    fn plus_eye<A: Operator, S: Sign>(a: A, c: A::Scalar) -> Result<Self::PlusEye<A, S>> {
        let eye = ScaledIdentity::of_size(c, a.nrows());
        BandedSum::try_new(a, eye)
    }
}
/// Beside c I: [`CirculantSum`].
#[cfg(feature = "fft")]
#[derive(Clone, Copy, Debug)]
pub struct WithCirculant;
#[cfg(feature = "fft")]
impl Rank for WithCirculant {
    type PlusEye<A: Operator, S: Sign> = CirculantSum<A, ScaledIdentity<A::Scalar, A::Rows, S>>;
    #[inline(always)]
    fn plus_eye<A: Operator, S: Sign>(a: A, c: A::Scalar) -> Result<Self::PlusEye<A, S>> {
        let eye = ScaledIdentity::of_size(c, a.nrows());
        CirculantSum::try_new(a, eye)
    }
}
macro_rules! classes {
    ($($C:ident $eye:ident $scaled:ident $mirrored:ident $shifted:ident;)*) => { $(
        impl Class for $C {
            type Rank = FullRank;
            type Eye = $eye;
            type Scaled = $scaled;
            type Mirrored = $mirrored;
            type Shifted = $shifted;
            type Plus<D: Class> = General;
            type PlusLowRank = General;
        } )* };
}
classes! {
    IsDense FullRank General General General;
    IsDiagonal WithSpectrum IsDiagonal HasSpectrum General;
    IsIdentity WithSpectrum IsIdentity General General;
    IsBanded WithBands IsBanded General General;
    IsPermutation WithFolding IsFolding IsFolding IsFolding;
    HasSpectrum WithSpectrum HasSpectrum HasSpectrum General;
    IsKron WithSpectrum HasSpectrum HasSpectrum General;
    IsLower WithFolding IsLower IsFolding IsLower;
    IsUpper WithFolding IsUpper IsFolding IsUpper;
    IsToeplitz WithFolding IsToeplitz IsFolding IsToeplitz;
    IsFolding WithFolding IsFolding IsFolding IsFolding;
}
#[cfg(feature = "fft")]
classes! { IsCirculant WithCirculant IsCirculant General General; }
#[cfg(not(feature = "fft"))]
classes! { IsCirculant FullRank General General General; }
/// Pairs that are a [`Sum`] of two parts.
macro_rules! plain_sum {
    ($($L:ident: $($R:ident)*;)*) => { $($(
        impl<A: Operator, B: SameScalar<A>> SumTable<A, B> for ($L, $R) {
            type Output = Sum<A, B>;
            #[inline(always)]
            fn sum(a: A, b: B) -> Result<Self::Output> {
                Sum::try_new(a, b)
            }
        } )*)* };
}
plain_sum! {
    General: General IsDense IsDiagonal IsIdentity IsBanded IsCirculant IsPermutation HasSpectrum IsLower IsUpper IsKron IsToeplitz IsFolding;
    IsDense: General IsDiagonal IsIdentity IsBanded IsCirculant IsPermutation HasSpectrum IsLower IsUpper IsKron IsToeplitz IsFolding;
    IsDiagonal: General IsDense IsCirculant IsPermutation HasSpectrum IsLower IsUpper IsKron IsToeplitz IsFolding;
    IsIdentity: General IsDense;
    IsBanded: General IsDense IsCirculant IsPermutation HasSpectrum IsLower IsUpper IsKron IsToeplitz IsFolding;
    IsCirculant: General IsDense IsDiagonal IsBanded IsPermutation HasSpectrum IsLower IsUpper IsKron IsToeplitz IsFolding;
    IsPermutation: General IsDense IsDiagonal IsBanded IsCirculant IsPermutation HasSpectrum IsLower IsUpper IsKron IsToeplitz IsFolding;
    HasSpectrum: General IsDense IsDiagonal IsBanded IsCirculant IsPermutation HasSpectrum IsLower IsUpper IsKron IsToeplitz IsFolding;
    IsLower: General IsDense IsDiagonal IsBanded IsCirculant IsPermutation HasSpectrum IsUpper IsKron IsToeplitz IsFolding;
    IsUpper: General IsDense IsDiagonal IsBanded IsCirculant IsPermutation HasSpectrum IsLower IsKron IsToeplitz IsFolding;
    IsKron: General IsDense IsDiagonal IsBanded IsCirculant IsPermutation HasSpectrum IsLower IsUpper IsKron IsToeplitz IsFolding;
    IsToeplitz: General IsDense IsDiagonal IsBanded IsCirculant IsPermutation HasSpectrum IsLower IsUpper IsKron IsFolding;
    IsFolding: General IsDense IsDiagonal IsBanded IsCirculant IsPermutation HasSpectrum IsLower IsUpper IsKron IsToeplitz IsFolding;
}
/// Pairs that are a [`Product`] of two parts.
macro_rules! plain_product {
    ($($L:ident: $($R:ident)*;)*) => { $($(
        impl<A: Operator, B: SameScalar<A>> ProductTable<A, B> for ($L, $R) {
            type Output = Product<A, B>;
            #[inline(always)]
            fn product(a: A, b: B) -> Result<Self::Output> {
                Product::try_new(a, b)
            }
        } )*)* };
}
plain_product! {
    General: General IsDense IsDiagonal IsIdentity IsBanded IsCirculant IsPermutation HasSpectrum IsLowRank IsLower IsUpper IsKron IsToeplitz IsFolding;
    IsDense: General IsDense IsDiagonal IsIdentity IsBanded IsCirculant IsPermutation HasSpectrum IsLowRank IsLower IsUpper IsKron IsToeplitz IsFolding;
    IsDiagonal: General IsDense IsIdentity IsBanded IsCirculant IsPermutation HasSpectrum IsLowRank IsLower IsUpper IsKron IsToeplitz IsFolding;
    IsIdentity: General IsDense IsDiagonal IsIdentity IsBanded IsCirculant IsPermutation HasSpectrum IsLowRank IsLower IsUpper IsKron IsToeplitz IsFolding;
    IsBanded: General IsDense IsDiagonal IsIdentity IsBanded IsCirculant IsPermutation HasSpectrum IsLowRank IsLower IsUpper IsKron IsToeplitz IsFolding;
    IsCirculant: General IsDense IsDiagonal IsIdentity IsBanded IsPermutation HasSpectrum IsLowRank IsLower IsUpper IsKron IsToeplitz IsFolding;
    IsPermutation: General IsDense IsDiagonal IsIdentity IsBanded IsCirculant HasSpectrum IsLowRank IsLower IsUpper IsKron IsToeplitz IsFolding;
    HasSpectrum: General IsDense IsDiagonal IsIdentity IsBanded IsCirculant IsPermutation HasSpectrum IsLowRank IsLower IsUpper IsKron IsToeplitz IsFolding;
    IsLowRank: General IsDense IsDiagonal IsIdentity IsBanded IsCirculant IsPermutation HasSpectrum IsLowRank IsLower IsUpper IsKron IsToeplitz IsFolding;
    IsLower: General IsDense IsDiagonal IsIdentity IsBanded IsCirculant IsPermutation HasSpectrum IsLowRank IsUpper IsKron IsToeplitz IsFolding;
    IsUpper: General IsDense IsDiagonal IsIdentity IsBanded IsCirculant IsPermutation HasSpectrum IsLowRank IsLower IsKron IsToeplitz IsFolding;
    IsKron: General IsDense IsDiagonal IsIdentity IsBanded IsCirculant IsPermutation HasSpectrum IsLowRank IsLower IsUpper IsToeplitz IsFolding;
    IsToeplitz: General IsDense IsDiagonal IsIdentity IsBanded IsCirculant IsPermutation HasSpectrum IsLowRank IsLower IsUpper IsKron IsToeplitz IsFolding;
    IsFolding: General IsDense IsDiagonal IsIdentity IsBanded IsCirculant IsPermutation HasSpectrum IsLowRank IsLower IsUpper IsKron IsToeplitz IsFolding;
}

/// Pairs of band matrices.
macro_rules! banded_sum {
    ($($L:ident: $($R:ident)*;)*) => { $($(
        impl<A: Operator, B: SameScalar<A>> SumTable<A, B> for ($L, $R) {
            type Output = BandedSum<A, B>;
            #[inline(always)]
            fn sum(a: A, b: B) -> Result<Self::Output> {
                BandedSum::try_new(a, b)
            }
        } )*)* };
}
banded_sum! { IsBanded: IsBanded IsDiagonal IsIdentity; IsDiagonal: IsBanded; IsIdentity: IsBanded; }

// ---- circulants and permutations -----------------------------------------------------------------------------------------------

/// Circulants on one grid fold; they commute, so a product keeps what both have.
#[cfg(feature = "fft")]
impl<A: AsCirculant, B: AsCirculant + SameScalar<A>> SumTable<A, B> for (IsCirculant, IsCirculant) {
    type Output = WithFacts<Circulant<Sc<A>, A::Rows>, SumFacts<Fa<A>, Fa<B>>>;
    fn sum(a: A, b: B) -> Result<Self::Output> {
        Ok(WithFacts::new(combined("A + B", &a.to_circulant(), &b.to_circulant(), false)?))
    }
}
#[cfg(feature = "fft")]
impl<A: AsCirculant, B: AsCirculant + SameScalar<A>> ProductTable<A, B> for (IsCirculant, IsCirculant) {
    type Output = WithFacts<Circulant<Sc<A>, A::Rows>, Both<Fa<A>, Fa<B>>>;
    fn product(a: A, b: B) -> Result<Self::Output> {
        Ok(WithFacts::new(combined("A * B", &a.to_circulant(), &b.to_circulant(), true)?))
    }
}
#[cfg(feature = "fft")]
impl<A: Operator, E: SameScalar<A>> SumTable<A, E> for (IsCirculant, IsIdentity) {
    type Output = CirculantSum<A, E>;
    fn sum(a: A, e: E) -> Result<Self::Output> {
        CirculantSum::try_new(a, e)
    }
}
#[cfg(feature = "fft")]
impl<A: Operator, E: SameScalar<A>> SumTable<E, A> for (IsIdentity, IsCirculant) {
    type Output = CirculantSum<A, E>;
    fn sum(e: E, a: A) -> Result<Self::Output> {
        CirculantSum::try_new(a, e)
    }
}
// one Toeplitz matrix of two
#[cfg(feature = "fft")]
impl<A: AsToeplitz, B: AsToeplitz + SameScalar<A>> SumTable<A, B> for (IsToeplitz, IsToeplitz) {
    type Output = WithFacts<WholeToeplitz<Sc<A>, RowsOf<A, B>, ColsOf<A, B>>, SumFacts<Fa<A>, Fa<B>>>;
    fn sum(a: A, b: B) -> Result<Self::Output> {
        Ok(WithFacts::new(toeplitz_sum(&a, &b)?))
    }
}
#[cfg(not(feature = "fft"))]
plain_sum! { IsCirculant: IsCirculant IsIdentity; IsIdentity: IsCirculant; IsToeplitz: IsToeplitz; }
#[cfg(not(feature = "fft"))]
plain_product! { IsCirculant: IsCirculant; }
// (P Q x)[i] = x[q[p[i]]]
impl<A: AsPermutation, B: AsPermutation + SameScalar<A>> ProductTable<A, B> for (IsPermutation, IsPermutation) {
    type Output = Permutation<Sc<A>, A::Rows>;
    fn product(a: A, b: B) -> Result<Self::Output> {
        let (p, q) = (a.permutation_order(), b.permutation_order());
        if p.len() != q.len() {
            let (m, n) = (p.len(), q.len());
            return Err(Error::ShapeMismatch { op: "A * B", left: (m, m), right: (n, n) });
        }
        let mut order = Column::filled(p.len(), 0);
        order.iter_mut().zip(p).for_each(|(o, &p)| *o = q[p]);
        Ok(Permutation::from_order(order))
    }
}

// ---- dense matrices of static size ---------------------------------------------------------------------------------------------

impl<A: AsDense, B: AsDense + SameScalar<A>> SumTable<A, B> for (IsDense, IsDense) {
    type Output = WithFacts<Dense<Panel<Sc<A>, RowsOf<A, B>, ColsOf<A, B>>>, SumFacts<Fa<A>, Fa<B>>>;
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn sum(a: A, b: B) -> Result<Self::Output> {
        let (left, right) = ((a.nrows(), a.ncols()), (b.nrows(), b.ncols()));
        if left != right {
            return Err(Error::ShapeMismatch { op: "A + B", left, right });
        }
        let mut p = Panel::filled(left.0, left.1, num_traits::Zero::zero());
        let (x, y, mut to) = (a.dense_view(), b.dense_view(), p.view_mut());
        for j in 0..left.1 {
            for i in 0..left.0 {
                *to.at(i, j) = x.at(i, j) + y.at(i, j);
            }
        }
        Ok(WithFacts::new(Dense(p)))
    }
}

// ---- diagonals -----------------------------------------------------------------------------------------------------------------

/// f(a_i, b_i); the result is of the kind of the left vector.
fn entrywise<A: DiagonalEntries>(
    op: &'static str,
    a: &A,
    n: usize,
    f: impl Fn(usize, Sc<A>) -> Sc<A>,
) -> Result<Diagonal<<A::Vector as VectorData>::Owned>> {
    let m = a.nrows();
    if m != n {
        return Err(Error::ShapeMismatch { op, left: (m, m), right: (n, n) });
    }
    let mut out = <A::Vector as VectorData>::Owned::produce(n, 1);
    let mut o = out.view_mut();
    for i in 0..n {
        *o.at(i, 0) = f(i, a.diagonal_entry(i));
    }
    Ok(Diagonal(out))
}
// diag(a) + diag(b) = diag(a + b)
impl<A: DiagonalEntries, B: DiagonalEntries + SameScalar<A>> SumTable<A, B> for (IsDiagonal, IsDiagonal) {
    type Output = WithFacts<Diagonal<<A::Vector as VectorData>::Owned>, SumFacts<Fa<A>, Fa<B>>>;
    #[inline]
    fn sum(a: A, b: B) -> Result<Self::Output> {
        Ok(WithFacts::new(entrywise("A + B", &a, b.nrows(), |i, x| x + b.diagonal_entry(i))?))
    }
}
// diag(a) diag(b) = diag(a b): they commute, so the product keeps what both have
impl<A: DiagonalEntries, B: DiagonalEntries + SameScalar<A>> ProductTable<A, B> for (IsDiagonal, IsDiagonal) {
    type Output = WithFacts<Diagonal<<A::Vector as VectorData>::Owned>, Both<Fa<A>, Fa<B>>>;
    #[inline]
    fn product(a: A, b: B) -> Result<Self::Output> {
        Ok(WithFacts::new(entrywise("A * B", &a, b.nrows(), |i, x| x * b.diagonal_entry(i))?))
    }
}
/// diag(d) + c I.
#[inline]
fn plus_identity<A: DiagonalEntries, E: Multiple<Scalar = Sc<A>>>(a: &A, e: &E) -> Result<ShiftedDiagonal<A, E>> {
    let c = e.identity_factor();
    Ok(WithFacts::new(entrywise("A + B", a, e.nrows(), |_, x| x + c)?))
}
type ShiftedDiagonal<A, E> =
    WithFacts<Diagonal<<<A as DiagonalEntries>::Vector as VectorData>::Owned>, SumFacts<Fa<A>, Fa<E>>>;
impl<A: DiagonalEntries, E: Multiple + SameScalar<A>> SumTable<A, E> for (IsDiagonal, IsIdentity) {
    type Output = ShiftedDiagonal<A, E>;
    #[inline]
    fn sum(a: A, e: E) -> Result<Self::Output> {
        plus_identity(&a, &e)
    }
}
impl<A: DiagonalEntries, E: Multiple + SameScalar<A>> SumTable<E, A> for (IsIdentity, IsDiagonal) {
    type Output = ShiftedDiagonal<A, E>;
    #[inline]
    fn sum(e: E, a: A) -> Result<Self::Output> {
        plus_identity(&a, &e)
    }
}

// ---- spectra -------------------------------------------------------------------------------------------------------------------

// A + c I, one node
macro_rules! shifted {
    ($Node:ident: $($C:ident)*) => { $(
        impl<A: Operator, E: Multiple + SameScalar<A>> SumTable<A, E> for ($C, IsIdentity) {
            type Output = $Node<A, E>;
            #[inline(always)]
            fn sum(a: A, e: E) -> Result<Self::Output> {
                $Node::try_new(a, e)
            }
        }
        impl<A: Operator, E: Multiple + SameScalar<A>> SumTable<E, A> for (IsIdentity, $C) {
            type Output = $Node<A, E>;
            #[inline(always)]
            fn sum(e: E, a: A) -> Result<Self::Output> {
                $Node::try_new(a, e)
            }
        } )* };
}
shifted! { Shifted: HasSpectrum IsKron }
shifted! { FoldedShift: IsPermutation IsLower IsUpper IsToeplitz IsFolding }
impl<A: Operator, E: Multiple + SameScalar<A>> SumTable<A, E> for (IsIdentity, IsIdentity) {
    type Output = Shifted<A, E>;
    #[inline(always)]
    fn sum(a: A, e: E) -> Result<Self::Output> {
        Shifted::try_new(a, e)
    }
}

// ---- Kronecker products and triangles ------------------------------------------------------------------------------------------

// (A x B) (C x D) = A C x B D, where the sizes of the factors match
impl<K: IntoKron, L: IntoKron + SameScalar<K>> ProductTable<K, L> for (IsKron, IsKron)
where
    L: Operator<Scalar = K::Scalar>,
{
    type Output = KronProduct<Kron<Product<K::First, L::First>, Product<K::Second, L::Second>>, Product<K, L>>;
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn product(k: K, l: L) -> Result<Self::Output> {
        let (left, right) = ((k.nrows(), k.ncols()), (l.nrows(), l.ncols()));
        if left.1 != right.0 {
            return Err(Error::ShapeMismatch { op: "A * B", left, right });
        }
        let alike = match (k.split(), l.split()) {
            (Some([a, b]), Some([c, d])) => a.1 == c.0 && b.1 == d.0,
            _ => false,
        };
        if !alike {
            return Ok(KronProduct::Parts(Product(k, l)));
        }
        match (k.into_factors(), l.into_factors()) {
            (Some((a, b)), Some((c, d))) => {
                Ok(KronProduct::Whole(Kron(Product::try_new(a, c)?, Product::try_new(b, d)?)))
            }
            _ => Err(Error::invalid(
                "kron(A, B) * kron(C, D): an operator has told the sizes of factors that it has not",
            )),
        }
    }
}
/// The rows, and the columns, of a sum: static where those of either part are.
type RowsOf<A, B> = <<A as Operator>::Rows as Space>::Or<<B as Operator>::Rows>;
type ColsOf<A, B> = <<A as Operator>::Cols as Space>::Or<<B as Operator>::Cols>;
/// Triangles of one side, trapezoids too: sums and products are such of that side, with n^3/3 operations for a product of squares.
macro_rules! triangles {
    ($($C:ident $Side:ident;)*) => { $(
        impl<A: AsTriangle<Side = $Side>, B: AsTriangle<Side = $Side> + SameScalar<A>> SumTable<A, B> for ($C, $C) {
            type Output = Triangular<Panel<Sc<A>, RowsOf<A, B>, ColsOf<A, B>>, $Side>;
            fn sum(a: A, b: B) -> Result<Self::Output> {
                triangle_sum(&a.to_triangle(), &b.to_triangle())
            }
        }
        impl<A: AsTriangle<Side = $Side>, B: AsTriangle<Side = $Side> + SameScalar<A>> ProductTable<A, B> for ($C, $C) {
            type Output = Triangular<Panel<Sc<A>, A::Rows, B::Cols>, $Side>;
            fn product(a: A, b: B) -> Result<Self::Output> {
                triangle_product(&a.to_triangle(), &b.to_triangle())
            }
        } )* };
}
triangles! { IsLower Lower; IsUpper Upper; }
