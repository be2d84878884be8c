//! The words for many parts of one type. `sum_of` and `product_of` fold them into one leaf where `+` and `*` of two fold, by the class of
//! the type.

use crate::classes::{
    HasSpectrum, IsBanded, IsCirculant, IsDense, IsDiagonal, IsFolding, IsIdentity, IsKron, IsLower, IsPermutation,
    IsToeplitz, IsUpper,
};
use crate::data::{Column, Panel, Produce, VectorData};
use crate::dsl::{General, IsLowRank, shape_panic};
use crate::error::Result;
use crate::facts::SumFacts;
use crate::operator::Operator;
use crate::operator::short::{Co, Fa, Ro, Sc};
use crate::ops::triangular::{triangle_product, triangle_sum};
use crate::ops::{
    AsPermutation, AsTriangle, BlockDiagOf, Diagonal, DiagonalEntries, KronOf, Lower, Parts, Permutation, ProductOf,
    SumOf, Triangular, Upper, WithFacts,
};

/// What `sum_of` and `product_of` make of parts whose type is of this class.
#[diagnostic::on_unimplemented(
    message = "`sum_of` and `product_of` need the class of the parts",
    label = "the class of the parts is not known here",
    note = "generic code states it as a bound, or makes the node itself: `SumOf::new(parts)`"
)]
pub trait ManyTable<P: Parts<Item: Operator>> {
    /// The sum.
    type Sum: Operator<Scalar = Sc<P::Item>>;
    /// The product.
    type Product: Operator<Scalar = Sc<P::Item>>;
    /// The sum of all parts.
    ///
    /// # Errors
    /// As [`SumOf::try_new`].
    fn sum(parts: P) -> Result<Self::Sum>;
    /// The product of all parts.
    ///
    /// # Errors
    /// As [`ProductOf::try_new`].
    fn product(parts: P) -> Result<Self::Product>;
}
/// The type of the sum of the parts.
pub type SumOfParts<P> = <<<P as Parts>::Item as Operator>::Class as ManyTable<P>>::Sum;
/// The type of the product of the parts.
pub type ProductOfParts<P> = <<<P as Parts>::Item as Operator>::Class as ManyTable<P>>::Product;
/// The sum of many parts of one type: one diagonal, circulant, Toeplitz matrix or triangle of such, else one
/// node, [`SumOf`].
///
/// # Panics
/// Where there is no part, or shapes differ; `try_linop!` returns the error.
///
/// ```
/// # use cola_core::prelude::*;
/// # use cola_core::dsl::sum_of;
/// let d = sum_of([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]].map(Diagonal::new));
/// assert_eq!(d.solve(&[9.0, 12.0])?, [1.0, 1.0]); // elementwise: no 2 x 2 matrix
/// # Ok::<(), Error>(())
/// ```
pub fn sum_of<P: Parts<Item: Operator<Class: ManyTable<P>>>>(parts: P) -> SumOfParts<P> {
    try_sum_of(parts).unwrap_or_else(|e| shape_panic(&e))
}
/// The sum of many parts of one type.
///
/// # Errors
/// `InvalidArgument` where there is none, `ShapeMismatch` where shapes differ.
pub fn try_sum_of<P: Parts<Item: Operator<Class: ManyTable<P>>>>(parts: P) -> Result<SumOfParts<P>> {
    <<P::Item as Operator>::Class as ManyTable<P>>::sum(parts)
}
/// The product of many parts of one type: one diagonal, circulant, permutation or triangle of such, else one node, [`ProductOf`].
///
/// # Panics
/// Where there is no part, or sizes do not fit; `try_linop!` returns the error.
pub fn product_of<P: Parts<Item: Operator<Class: ManyTable<P>>>>(parts: P) -> ProductOfParts<P> {
    try_product_of(parts).unwrap_or_else(|e| shape_panic(&e))
}
/// The product of many parts of one type.
///
/// # Errors
/// `InvalidArgument` where there is none, `ShapeMismatch` where sizes do not fit.
pub fn try_product_of<P: Parts<Item: Operator<Class: ManyTable<P>>>>(parts: P) -> Result<ProductOfParts<P>> {
    <<P::Item as Operator>::Class as ManyTable<P>>::product(parts)
}
macro_rules! nodes {
    ($($C:ident)*) => { $(
        impl<P: Parts<Item: Operator>> ManyTable<P> for $C {
            type Sum = SumOf<P>;
            type Product = ProductOf<P>;
            fn sum(parts: P) -> Result<SumOf<P>> {
                SumOf::try_new(parts)
            }
            fn product(parts: P) -> Result<ProductOf<P>> {
                ProductOf::try_new(parts)
            }
        } )* };
}
nodes! { General IsLowRank IsDense IsIdentity IsBanded HasSpectrum IsKron IsFolding }
#[cfg(not(feature = "fft"))]
nodes! { IsCirculant IsToeplitz }
/// f(a_i, b_i, ..) of all diagonals.
fn entrywise<P: Parts<Item: DiagonalEntries>>(
    parts: &P,
    f: impl Fn(Sc<P::Item>, Sc<P::Item>) -> Sc<P::Item>,
) -> Diagonal<Entries<P>> {
    let list = parts.parts();
    let n = list[0].nrows();
    let mut out = Entries::<P>::produce(n, 1);
    let mut o = out.view_mut();
    for i in 0..n {
        let mut all = list.iter().map(|a| a.diagonal_entry(i));
        if let Some(first) = all.next() {
            *o.at(i, 0) = all.fold(first, &f);
        }
    }
    Diagonal(out)
}
type Entries<P> = <<<P as Parts>::Item as DiagonalEntries>::Vector as VectorData>::Owned;
// they commute: a product keeps what all have
impl<P: Parts<Item: DiagonalEntries>> ManyTable<P> for IsDiagonal {
    type Sum = WithFacts<Diagonal<Entries<P>>, SumFacts<Fa<P::Item>, Fa<P::Item>>>;
    type Product = WithFacts<Diagonal<Entries<P>>, Fa<P::Item>>;
    fn sum(parts: P) -> Result<Self::Sum> {
        Ok(WithFacts::new(entrywise(&SumOf::try_new(parts)?.0, |x, y| x + y)))
    }
    fn product(parts: P) -> Result<Self::Product> {
        Ok(WithFacts::new(entrywise(&ProductOf::try_new(parts)?.0, |x, y| x * y)))
    }
}
#[cfg(feature = "fft")]
mod circulants {
    use super::*;
    use crate::ops::circulant::{AsCirculant, Circulant, combined};
    use crate::ops::toeplitz::{AsToeplitz, WholeToeplitz, toeplitz_of};

    fn fold<P: Parts<Item: AsCirculant>>(op: &'static str, parts: &P, product: bool) -> Result<Folded<P>> {
        let [first, rest @ ..] = parts.parts() else { unreachable!("a list of no parts is refused") };
        rest.iter().try_fold(first.to_circulant(), |c, a| combined(op, &c, &a.to_circulant(), product))
    }
    impl<P: Parts<Item: AsToeplitz>> ManyTable<P> for IsToeplitz {
        type Sum = WithFacts<
            WholeToeplitz<Sc<P::Item>, Ro<P::Item>, crate::operator::short::Co<P::Item>>,
            SumFacts<Fa<P::Item>, Fa<P::Item>>,
        >;
        type Product = ProductOf<P>;
        fn sum(parts: P) -> Result<Self::Sum> {
            Ok(WithFacts::new(toeplitz_of(SumOf::try_new(parts)?.0.parts())))
        }
        fn product(parts: P) -> Result<Self::Product> {
            ProductOf::try_new(parts)
        }
    }
    type Folded<P> = Circulant<Sc<<P as Parts>::Item>, Ro<<P as Parts>::Item>>;
    impl<P: Parts<Item: AsCirculant>> ManyTable<P> for IsCirculant {
        type Sum = WithFacts<Folded<P>, SumFacts<Fa<P::Item>, Fa<P::Item>>>;
        type Product = WithFacts<Folded<P>, Fa<P::Item>>;
        fn sum(parts: P) -> Result<Self::Sum> {
            Ok(WithFacts::new(fold("sum_of", &SumOf::try_new(parts)?.0, false)?))
        }
        fn product(parts: P) -> Result<Self::Product> {
            Ok(WithFacts::new(fold("product_of", &ProductOf::try_new(parts)?.0, true)?))
        }
    }
}
// (P Q x)[i] = x[q[p[i]]]
impl<P: Parts<Item: AsPermutation>> ManyTable<P> for IsPermutation {
    type Sum = SumOf<P>;
    type Product = Permutation<Sc<P::Item>, Ro<P::Item>>;
    fn sum(parts: P) -> Result<Self::Sum> {
        SumOf::try_new(parts)
    }
    fn product(parts: P) -> Result<Self::Product> {
        let parts = ProductOf::try_new(parts)?;
        let mut order = Column::filled(parts.0.parts()[0].nrows(), 0);
        for (i, o) in order.iter_mut().enumerate() {
            *o = parts.0.parts().iter().fold(i, |i, p| p.permutation_order()[i]);
        }
        Ok(Permutation::from_order(order))
    }
}
macro_rules! triangles {
    ($($C:ident $Side:ident;)*) => { $(
        impl<P: Parts<Item: AsTriangle<Side = $Side>>> ManyTable<P> for $C {
            type Sum = Triangular<Panel<Sc<P::Item>, Ro<P::Item>, Co<P::Item>>, $Side>;
            type Product = Triangular<Panel<Sc<P::Item>, Ro<P::Item>, Co<P::Item>>, $Side>;
            fn sum(parts: P) -> Result<Self::Sum> {
                let parts = SumOf::try_new(parts)?;
                let [first, rest @ ..] = parts.0.parts() else { unreachable!("a list of no parts is refused") };
                rest.iter().try_fold(first.to_triangle(), |t, a| triangle_sum(&t, &a.to_triangle()))
            }
            fn product(parts: P) -> Result<Self::Product> {
                let parts = ProductOf::try_new(parts)?;
                let [first, rest @ ..] = parts.0.parts() else { unreachable!("a list of no parts is refused") };
                rest.iter().try_fold(first.to_triangle(), |t, a| triangle_product(&t, &a.to_triangle()))
            }
        } )* };
}
triangles! { IsLower Lower; IsUpper Upper; }
/// The words of the lists that no class folds.
macro_rules! list_words {
    ($S:ident, $word:ident, $try_word:ident, $doc:literal) => {
        #[doc = $doc]
        ///
        /// # Panics
        /// Where there is no part, or sizes do not fit; `try_linop!` returns the error.
        pub fn $word<P: Parts<Item: Operator>>(parts: P) -> $S<P> {
            $S::new(parts)
        }
        #[doc = $doc]
        ///
        /// # Errors
        /// `InvalidArgument` where there is no part, `ShapeMismatch` where sizes do not fit.
        pub fn $try_word<P: Parts<Item: Operator>>(parts: P) -> Result<$S<P>> {
            $S::try_new(parts)
        }
    };
}
list_words!(KronOf, kron_of, try_kron_of, "The Kronecker product of many parts of one type.");
list_words!(BlockDiagOf, block_diag_of, try_block_diag_of, "Many parts of one type as blocks.");
