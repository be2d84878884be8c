//! Products, Kronecker products and block diagonals of many parts of one type: the rules of the binary nodes, part by part.

use crate::data::Column;
use crate::error::{Error, Result};
use crate::facts::{Fact, FactSet, Facts, SelfAdjointFacts, Unknown};
use crate::functions::base::{BaseInverse, materialize, square};
use crate::functions::dense::{FactorMethod, MethodOf};
use crate::functions::det::{power, times};
use crate::functions::diagonal::{Entries, diagonal_start, main_diagonal};
use crate::functions::{
    CholeskyRule, Cx, DetRule, DiagonalRule, EigFactors, EigRule, EighRule, Exp, ExpRule, HasCholesky, HasDet, HasEig,
    HasEigh, HasExp, HasLog, HasLu, HasPinv, HasPower, HasSvd, Inv, InverseRule, Invertible, Log, LogRule, LuFactors,
    LuRule, Pinv, PinvRule, Pow, Power, PowerRule, SvdRule,
};
use crate::operator::short::{Co, Fa, Re, Ro, Sc};
use crate::operator::{LinearOperator, Operator, Update, operator};
use crate::ops::block_diag::block_part;
use crate::ops::many::{largest_scratch, product_of_sizes, sum_of_sizes};
use crate::ops::product::Fallback;
use crate::ops::{Parts, Product, ProductInverse, Spectral, SvdFactors};
use crate::plan::{Explain, Plan, Question, Tree, base, part};
use crate::scalar::Scalar;
use crate::space::{Dyn, Extent, Space};
use crate::view::{View, ViewMut};
use num_traits::{One, Zero};

/// A_1 A_2 .. A_k.
///
/// ```
/// # use cola_core::prelude::*;
/// let p = ProductOf::new([Diagonal::new([1.0, 2.0]), Diagonal::new([3.0, 4.0])]);
/// assert_eq!(p.solve(&[3.0, 8.0])?, [1.0, 1.0]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ProductOf<P>(pub(super) P);
/// A_1 x A_2 x .. x A_k, the last factor fastest. Sizes are dynamic.
///
/// ```
/// # use cola_core::prelude::*;
/// let k = KronOf::new(vec![Diagonal::new([1.0, 2.0]); 3]);
/// assert_eq!(k.apply(&vec![1.0; 8]), [1.0, 2.0, 2.0, 4.0, 2.0, 4.0, 4.0, 8.0]);
/// assert_eq!(k.trace()?, 27.0);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct KronOf<P>(P);
/// diag(A_1, A_2, .., A_k).
///
/// ```
/// # use cola_core::prelude::*;
/// let b = BlockDiagOf::new([Diagonal::new([1.0, 2.0]), Diagonal::new([3.0, 4.0])]);
/// assert_eq!(b.apply(&[1.0; 4]), [1.0, 2.0, 3.0, 4.0]);
/// assert_eq!(b.logdet()?, 24f64.ln());
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct BlockDiagOf<P>(P);

macro_rules! list_node {
    ($S:ident, $word:ident, $doc:literal, |$list:ident| $check:expr) => {
        crate::interop::saved!([P: Parts<Item: Operator>] $S<P>, "ListOf", [] { parts: P = |k| k.0 } $S::try_new(parts));
        impl<P: Parts<Item: Operator>> $S<P> {
            #[doc = $doc]
            ///
            /// # Panics
            /// Where there is no part, or sizes do not fit.
            pub fn new(parts: P) -> Self {
                Self::try_new(parts).unwrap_or_else(|e| crate::dsl::shape_panic(&e))
            }
            #[doc = $doc]
            ///
            /// # Errors
            /// `InvalidArgument` where there is no part, `ShapeMismatch` where sizes do not fit.
            pub fn try_new(parts: P) -> Result<Self> {
                let $list = parts.parts();
                if $list.is_empty() {
                    return Err(Error::invalid(concat!(stringify!($word), ": no parts, so no size")));
                }
                $check?;
                Ok($S(parts))
            }
        }
        impl<P: Parts> $S<P> {
            /// The parts, in their order.
            pub fn parts(&self) -> &[P::Item] {
                self.0.parts()
            }
        }
        crate::ops::many::list_tree!($S);
    };
}
list_node!(ProductOf, product_of, "The product of all parts.", |list| fits(list));
list_node!(KronOf, kron_of, "The Kronecker product of all parts.", |_list| Ok::<(), Error>(()));
list_node!(BlockDiagOf, block_diag_of, "All parts as blocks.", |_list| Ok::<(), Error>(()));
fn fits<A: Operator>(list: &[A]) -> Result<()> {
    let shape = |a: &A| (a.nrows(), a.ncols());
    match list.windows(2).find(|pair| pair[0].ncols() != pair[1].nrows()) {
        Some(pair) => Err(Error::ShapeMismatch { op: "product_of", left: shape(&pair[0]), right: shape(&pair[1]) }),
        None => Ok(()),
    }
}
fn all_square<A: Operator>(list: &[A]) -> bool {
    list.iter().all(|a| a.nrows() == a.ncols())
}

// ---- product -------------------------------------------------------------------------------------------------------------------

type ProductOfFacts<K> = FactSet<Unknown, Unknown, <K as Facts>::Unitary, <K as Facts>::Isometric>;
operator!([P: Parts<Item: Operator>] ProductOf<P> {
    scalar Sc<P::Item>; facts ProductOfFacts<Fa<P::Item>>; rows Ro<P::Item>; cols Co<P::Item>;
    nrows |s| s.0.parts()[0].nrows(); ncols s.0.parts()[s.0.parts().len() - 1].ncols(); dense P::Item::HOLDS_DENSE;
    iterative P::Item::ITERATIVE;
});
impl<P: Parts<Item: LinearOperator>> LinearOperator for ProductOf<P> {
    fn act(&self, how: Update<Sc<Self>>, x: View<'_, Sc<Self>>, y: ViewMut<'_, Sc<Self>>, s: &mut [Sc<Self>]) {
        let (list, k) = (self.0.parts(), x.cols);
        let last = list.len() - 1;
        // the order of application
        let at = |i: usize| if how.adjoint { &list[i] } else { &list[last - i] };
        if last == 0 {
            return list[0].act(how, x, y, s);
        }
        let (mut from, rest) = s.split_at_mut(self.widest() * k);
        let (mut to, rest) = rest.split_at_mut(self.widest() * k);
        let rows = |a: &P::Item| if how.adjoint { a.ncols() } else { a.nrows() };
        let mut len = rows(at(0));
        at(0).act(how.first(), x, ViewMut::matrix(&mut from[..len * k], len, k), rest);
        for i in 1..last {
            let next = rows(at(i));
            let (input, output) = (View::matrix(&from[..len * k], len, k), &mut to[..next * k]);
            at(i).act(how.first(), input, ViewMut::matrix(output, next, k), rest);
            core::mem::swap(&mut from, &mut to);
            len = next;
        }
        at(last).act(how, View::matrix(&from[..len * k], len, k), y, rest);
    }
    fn scratch_len(&self, columns: usize) -> usize {
        let inner = largest_scratch(self.0.parts(), columns);
        2 * self.widest() * columns + inner
    }
}
impl<P: Parts<Item: Operator>> ProductOf<P> {
    fn widest(&self) -> usize {
        self.0.parts().iter().map(|a| a.nrows().max(a.ncols())).max().unwrap_or(0)
    }
}
// (A_1 .. A_k)^-1 = A_k^-1 .. A_1^-1 for square parts
impl<K: Facts, P: Parts<Item: Invertible>> InverseRule<K> for ProductOf<P>
where
    ProductOf<P>: LinearOperator<Scalar = Sc<P::Item>> + Clone,
{
    type Output = ProductInverse<ProductOf<P::Of<Inv<P::Item>>>, BaseInverse<Self, MethodOf<K>>>;
    fn inverse_rule(&self) -> Result<Self::Output> {
        square("inverse", self)?;
        let list = self.0.parts();
        match all_square(list) {
            true => {
                Ok(ProductInverse::Factors(ProductOf(P::of(list.len(), |i| list[list.len() - 1 - i].inverse_rule())?)))
            }
            false => Ok(ProductInverse::Base(BaseInverse::new(self)?)),
        }
    }
}
impl<P: Parts<Item: LinearOperator>, M: FactorMethod> Fallback for BaseInverse<ProductOf<P>, M>
where
    ProductOf<P>: LinearOperator<Scalar = Sc<P::Item>>,
{
    const NEEDED: bool = !matches!(
        (P::Item::SHAPE.rows, P::Item::SHAPE.cols),
        (Extent::Static(m), Extent::Static(n)) if m == n
    );
}
// the product of the determinants of square parts
impl<K: Facts, P: Parts<Item: HasDet>> DetRule<K> for ProductOf<P>
where
    ProductOf<P>: LinearOperator<Scalar = Sc<P::Item>>,
{
    fn slogdet_rule(&self) -> Result<(Sc<P::Item>, Re<P::Item>)> {
        square("slogdet", self)?;
        match all_square(self.0.parts()) {
            true => all_dets(self.0.parts(), |_| 1),
            false => MethodOf::<K>::slogdet_of(materialize("slogdet", self)?),
        }
    }
}
/// The product of the determinants, each to its power.
fn all_dets<A: HasDet>(list: &[A], exponent: impl Fn(&A) -> usize) -> Result<(Sc<A>, Re<A>)> {
    let mut out = (Sc::<A>::one(), Re::<A>::zero());
    for a in list {
        let ((sign, log), n) = (a.slogdet_rule()?, exponent(a));
        out = (out.0 * power(sign, n), out.1 + times(n, log));
    }
    Ok(out)
}
crate::base_eigh!([P: Parts<Item: Operator>] ProductOf<P>);
crate::spectral_power!([P: Parts<Item: Operator>] ProductOf<P>);
crate::base_exp!([P: Parts<Item: Operator>] ProductOf<P>);
crate::spectral_log!([P: Parts<Item: Operator>] ProductOf<P>);
// of one or two parts as of those alone
impl<P: Parts<Item: LinearOperator + DiagonalRule>> DiagonalRule for ProductOf<P> {
    fn diagonal_rule(&self, k: isize, d: &mut [Sc<Self>]) -> Result<()> {
        match self.0.parts() {
            [a] => a.diagonal_rule(k, d),
            [a, b] => Product(a, b).diagonal_rule(k, d),
            _ => crate::functions::base::diagonal(self, k, d),
        }
    }
}
crate::base_factors!([P: Parts<Item: Operator>] ProductOf<P>);
crate::base_decompositions!([P: Parts<Item: Operator>] ProductOf<P>);

// ---- kron ----------------------------------------------------------------------------------------------------------------------

type Same<K> = FactSet<<K as Facts>::SelfAdjoint, <K as Facts>::Psd, <K as Facts>::Unitary, <K as Facts>::Isometric>;
operator!([P: Parts<Item: Operator>] KronOf<P> {
    scalar Sc<P::Item>; facts Same<Fa<P::Item>>; rows Dyn; cols Dyn; nrows |s| product_of_sizes(s.0.parts(), P::Item::nrows);
    ncols product_of_sizes(s.0.parts(), P::Item::ncols); iterative P::Item::ITERATIVE;
    class crate::classes::HasSpectrum;
});
impl<P: Parts<Item: LinearOperator>> KronOf<P> {
    /// At least the most numbers between two steps.
    fn widest(&self) -> usize {
        product_of_sizes(self.0.parts(), |a| a.nrows().max(a.ncols()))
    }
    /// Every factor but `skip` on its mode of the tensor in `from`, last factor first; the result lies in the buffer returned.
    fn modes<'s>(
        &self,
        how: Update<Sc<P::Item>>,
        skip: Option<usize>,
        mut from: &'s mut [Sc<P::Item>],
        mut to: &'s mut [Sc<P::Item>],
        rest: &mut [Sc<P::Item>],
    ) -> &'s mut [Sc<P::Item>] {
        let list = self.0.parts();
        let size = |a: &P::Item| if how.adjoint { (a.ncols(), a.nrows()) } else { (a.nrows(), a.ncols()) };
        let mut right = 1;
        for i in (0..list.len()).rev() {
            let (m, n) = size(&list[i]);
            if skip == Some(i) {
                right *= n;
                continue;
            }
            let mut left = 1;
            for a in &list[..i] {
                left *= size(a).1;
            }
            for l in 0..left {
                let x = View::new(&from[l * n * right..(l + 1) * n * right], n, right, right, 1);
                let y = ViewMut::new(&mut to[l * m * right..(l + 1) * m * right], m, right, right, 1);
                list[i].act(how.first(), x, y, rest);
            }
            core::mem::swap(&mut from, &mut to);
            right *= m;
        }
        from
    }
}
impl<P: Parts<Item: LinearOperator>> LinearOperator for KronOf<P> {
    fn act(&self, how: Update<Sc<Self>>, x: View<'_, Sc<Self>>, mut y: ViewMut<'_, Sc<Self>>, s: &mut [Sc<Self>]) {
        let widest = self.widest();
        for c in 0..x.cols {
            let (from, rest) = s.split_at_mut(widest);
            let (to, rest) = rest.split_at_mut(widest);
            (0..x.rows).for_each(|i| from[i] = x.at(i, c));
            let out = self.modes(how, None, from, to, rest);
            (0..y.rows).for_each(|i| how.write(y.at(i, c), out[i]));
        }
    }
    fn scratch_len(&self, _: usize) -> usize {
        let widest = self.widest();
        2 * widest + largest_scratch(self.0.parts(), widest)
    }
}
// the inverse of each; a product of rectangular parts is singular where it is square
impl<K: Facts, P: Parts<Item: Invertible>> InverseRule<K> for KronOf<P> {
    type Output = KronOf<P::Of<Inv<P::Item>>>;
    fn inverse_rule(&self) -> Result<Self::Output> {
        let list = self.0.parts();
        square("inverse", self)?;
        match all_square(list) {
            true => Ok(KronOf(P::of(list.len(), |i| list[i].inverse_rule())?)),
            false => Err(Error::Singular { index: 0 }),
        }
    }
}
// log|det| = sum n / n_i log|det A_i|; signs to the same powers
impl<K: Facts, P: Parts<Item: HasDet>> DetRule<K> for KronOf<P> {
    fn slogdet_rule(&self) -> Result<(Sc<P::Item>, Re<P::Item>)> {
        square("slogdet", self)?;
        let (list, n) = (self.0.parts(), self.nrows());
        match all_square(list) {
            true => all_dets(list, |a| if a.nrows() == 0 { 0 } else { n / a.nrows() }),
            false => Ok((Sc::<P::Item>::zero(), Re::<P::Item>::of(f64::NEG_INFINITY))),
        }
    }
}
// the power of each, where the principal branch is sure
impl<K: Facts, P: Parts<Item: HasPower>> PowerRule<K> for KronOf<P> {
    type Output = KronOf<P::Of<Pow<P::Item>>>;
    fn power_rule(&self, p: Power) -> Result<Self::Output> {
        let list = self.0.parts();
        let real = <Fa<P::Item> as Facts>::SelfAdjoint::KNOWN;
        if !real && !p.is_integer() && list.len() > 1 {
            return Err(Error::invalid(
                "power: the factors of `kron_of` are not known to be self-adjoint, so the product of the principal roots may be another \
                 root; say psd(..) of them, or ask for `.sqrt_with(Schur::default())`",
            ));
        }
        Ok(KronOf(P::of(list.len(), |i| list[i].power_rule(p))?))
    }
}
// (V_1 x .. x V_k) diag(w_1 x .. x w_k) (V_1 x .. x V_k)^H
impl<K: Facts, P: Parts<Item: HasEigh>> EighRule<K> for KronOf<P> {
    type Basis = KronOf<P::Of<<P::Item as EighRule<Fa<P::Item>>>::Basis>>;
    fn eigh_rule(&self) -> Result<Spectral<Self::Basis, SelfAdjointFacts>> {
        let list = self.0.parts();
        let mut w = vec![Re::<P::Item>::one()];
        let bases = P::of(list.len(), |i| {
            let (v, wi) = list[i].eigh_rule()?.into_parts();
            w = w.iter().flat_map(|&a| wi.iter().map(move |&b| a * b)).collect();
            Ok(v)
        })?;
        let mut values = Column::filled(w.len(), Re::<P::Item>::zero());
        values.copy_from_slice(&w);
        Ok(Spectral::from_parts(KronOf(bases), values))
    }
}
crate::spectral_log!([P: Parts<Item: HasEigh>] KronOf<P>);
// L = L_1 x .. x L_k
impl<K: Facts, P: Parts<Item: HasCholesky>> CholeskyRule<K> for KronOf<P> {
    type Factor = KronOf<P::Of<<P::Item as CholeskyRule<Fa<P::Item>>>::Factor>>;
    fn cholesky_rule(&self) -> Result<Self::Factor> {
        let list = self.0.parts();
        Ok(KronOf(P::of(list.len(), |i| list[i].cholesky_rule())?))
    }
}
/// The products of an entry of each, the last fastest.
fn all_products<T: Scalar, S: Space>(lists: &[Vec<T>]) -> Column<T, S> {
    let w = lists.iter().fold(vec![T::one()], |w, l| w.iter().flat_map(|&a| l.iter().map(move |&b| a * b)).collect());
    let mut all = Column::filled(w.len(), T::zero());
    all.copy_from_slice(&w);
    all
}
/// The entries of each, one list after the other.
fn all_joined<T: Scalar, S: Space>(lists: &[Vec<T>]) -> Column<T, S> {
    let w = lists.concat();
    let mut all = Column::filled(w.len(), T::zero());
    all.copy_from_slice(&w);
    all
}
/// P A = L U, A V = V diag(w), A = U diag(s) V^H and A^+ of each part; `$values` of their w and s.
macro_rules! part_by_part {
    ($S:ident, $word:literal, $values:ident) => {
        impl<P: Parts<Item: HasLu>> LuRule for $S<P> {
            type P = $S<P::Of<<P::Item as LuRule>::P>>;
            type L = $S<P::Of<<P::Item as LuRule>::L>>;
            type U = $S<P::Of<<P::Item as LuRule>::U>>;
            fn lu_rule(&self) -> Result<LuFactors<Self::P, Self::L, Self::U>> {
                let list = self.0.parts();
                let all = list.iter().map(|a| a.lu_rule()).collect::<Result<Vec<_>>>()?;
                let (mut p, mut l, mut u) = (Vec::new(), Vec::new(), Vec::new());
                for f in all {
                    (p.push(Some(f.p)), l.push(Some(f.l)), u.push(Some(f.u)));
                }
                Ok(LuFactors { p: $S(listed::<P, _>(p)), l: $S(listed::<P, _>(l)), u: $S(listed::<P, _>(u)) })
            }
        }
        impl<K: Facts, P: Parts<Item: HasEig>> EigRule<K> for $S<P>
        where
            $S<P::Of<<P::Item as EigRule<Fa<P::Item>>>::Vectors>>: Operator<Scalar = Cx<Self>>,
        {
            type Vectors = $S<P::Of<<P::Item as EigRule<Fa<P::Item>>>::Vectors>>;
            fn eig_rule(&self) -> Result<EigFactors<Self::Vectors>> {
                square("eig", self)?;
                let (list, mut values) = (self.0.parts(), Vec::new());
                if !all_square(list) {
                    return Err(Error::invalid(concat!(
                        "eig: the parts of `",
                        $word,
                        "` are not square; make it dense: `linop!({ k.to_dense() })`"
                    )));
                }
                let vectors = P::of(list.len(), |i| {
                    let (v, w) = list[i].eig_rule()?.into_parts();
                    values.push(w.to_vec());
                    Ok(v)
                })?;
                Ok(EigFactors::from_parts($S(vectors), $values(&values)))
            }
            fn left_eig_rule(&self) -> Option<Result<EigFactors<Self::Vectors>>> {
                let (list, mut values) = (self.0.parts(), Vec::new());
                let all =
                    list.iter().map(|a| a.left_eig_rule()).collect::<Option<Vec<_>>>().filter(|_| all_square(list))?;
                let split = all.into_iter().map(|e| {
                    e.map(|e| {
                        let (v, w) = e.into_parts();
                        values.push(w.to_vec());
                        Some(v)
                    })
                });
                let vectors = split.collect::<Result<Vec<_>>>();
                Some(vectors.map(|v| EigFactors::from_parts($S(listed::<P, _>(v)), $values(&values))))
            }
        }
        impl<K: Facts, P: Parts<Item: HasSvd>> SvdRule<K> for $S<P> {
            type Left = $S<P::Of<<P::Item as SvdRule<Fa<P::Item>>>::Left>>;
            type Right = $S<P::Of<<P::Item as SvdRule<Fa<P::Item>>>::Right>>;
            fn svd_rule(&self) -> Result<SvdFactors<Self::Left, Self::Right>> {
                let (list, mut values, mut right) = (self.0.parts(), Vec::new(), Vec::new());
                let left = P::of(list.len(), |i| {
                    let (u, s, v) = list[i].svd_rule()?.into_parts();
                    values.push(s.to_vec());
                    right.push(Some(v));
                    Ok(u)
                })?;
                Ok(SvdFactors { u: $S(left), s: $values(&values), v: $S(listed::<P, _>(right)) })
            }
        }
        impl<K: Facts, P: Parts<Item: HasPinv>> PinvRule<K> for $S<P> {
            type Output = $S<P::Of<Pinv<P::Item>>>;
            fn pinv_rule(&self) -> Result<Self::Output> {
                let list = self.0.parts();
                Ok($S(P::of(list.len(), |i| list[i].pinv_rule())?))
            }
        }
    };
}
/// A list as long as that of P.
fn listed<P: Parts, B>(mut items: Vec<Option<B>>) -> P::Of<B> {
    P::of(items.len(), |i| Ok(items[i].take().expect("each is taken once"))).expect("nothing fails")
}
part_by_part!(KronOf, "kron_of", all_products);
part_by_part!(BlockDiagOf, "block_diag_of", all_joined);
// entry (i, j) is the product of the entries at the digits of i and j
impl<P: Parts<Item: DiagonalRule>> DiagonalRule for KronOf<P> {
    fn diagonal_rule(&self, k: isize, d: &mut [Sc<Self>]) -> Result<()> {
        let (list, (row, col)) = (self.0.parts(), diagonal_start(k));
        let mut entries: Vec<_> = list.iter().map(Entries::of).collect();
        for (i, d) in d.iter_mut().enumerate() {
            let (mut r, mut c, mut value) = (row + i, col + i, Sc::<Self>::one());
            for (a, entries) in list.iter().zip(&mut entries).rev() {
                value *= entries.at(r % a.nrows(), c % a.ncols())?;
                (r, c) = (r / a.nrows(), c / a.ncols());
            }
            *d = value;
        }
        Ok(())
    }
    fn trace_rule(&self) -> Result<Sc<Self>> {
        match all_square(self.0.parts()) {
            true => self.0.parts().iter().try_fold(Sc::<Self>::one(), |t, a| Ok(t * a.trace_rule()?)),
            false => Ok(main_diagonal(self)?.sum()),
        }
    }
}

// ---- block diagonal ------------------------------------------------------------------------------------------------------------

operator!([P: Parts<Item: Operator>] BlockDiagOf<P> {
    scalar Sc<P::Item>; facts Same<Fa<P::Item>>; rows <P::Count as Space>::Times<Ro<P::Item>>;
    cols <P::Count as Space>::Times<Co<P::Item>>; nrows |s| sum_of_sizes(s.0.parts(), P::Item::nrows);
    ncols sum_of_sizes(s.0.parts(), P::Item::ncols); iterative P::Item::ITERATIVE; class crate::classes::HasSpectrum;
});
impl<P: Parts<Item: LinearOperator>> LinearOperator for BlockDiagOf<P> {
    fn act(&self, how: Update<Sc<Self>>, x: View<'_, Sc<Self>>, mut y: ViewMut<'_, Sc<Self>>, s: &mut [Sc<Self>]) {
        let (mut row, mut col) = (0, 0);
        for a in self.0.parts() {
            let (m, n) = if how.adjoint { (a.ncols(), a.nrows()) } else { (a.nrows(), a.ncols()) };
            a.act(how, x.rows(col, n), y.rows(row, m), s);
            (row, col) = (row + m, col + n);
        }
    }
    fn scratch_len(&self, columns: usize) -> usize {
        largest_scratch(self.0.parts(), columns)
    }
}
impl<K: Facts, P: Parts<Item: Invertible>> InverseRule<K> for BlockDiagOf<P> {
    type Output = BlockDiagOf<P::Of<Inv<P::Item>>>;
    fn inverse_rule(&self) -> Result<Self::Output> {
        let list = self.0.parts();
        square("inverse", self)?;
        match all_square(list) {
            true => Ok(BlockDiagOf(P::of(list.len(), |i| list[i].inverse_rule())?)),
            false => Err(Error::Singular { index: 0 }),
        }
    }
}
impl<K: Facts, P: Parts<Item: HasDet>> DetRule<K> for BlockDiagOf<P> {
    fn slogdet_rule(&self) -> Result<(Sc<P::Item>, Re<P::Item>)> {
        square("slogdet", self)?;
        match all_square(self.0.parts()) {
            true => all_dets(self.0.parts(), |_| 1),
            false => Ok((Sc::<P::Item>::zero(), Re::<P::Item>::of(f64::NEG_INFINITY))),
        }
    }
}
impl<K: Facts, P: Parts<Item: HasPower>> PowerRule<K> for BlockDiagOf<P> {
    type Output = BlockDiagOf<P::Of<Pow<P::Item>>>;
    fn power_rule(&self, p: Power) -> Result<Self::Output> {
        let list = self.0.parts();
        Ok(BlockDiagOf(P::of(list.len(), |i| list[i].power_rule(p))?))
    }
}
impl<K: Facts, P: Parts<Item: HasExp>> ExpRule<K> for BlockDiagOf<P> {
    type Output = BlockDiagOf<P::Of<Exp<P::Item>>>;
    fn exp_rule(&self) -> Result<Self::Output> {
        let list = self.0.parts();
        Ok(BlockDiagOf(P::of(list.len(), |i| list[i].exp_rule())?))
    }
}
impl<K: Facts, P: Parts<Item: HasLog>> LogRule<K> for BlockDiagOf<P> {
    type Output = BlockDiagOf<P::Of<Log<P::Item>>>;
    fn log_rule(&self) -> Result<Self::Output> {
        let list = self.0.parts();
        Ok(BlockDiagOf(P::of(list.len(), |i| list[i].log_rule())?))
    }
}
impl<K: Facts, P: Parts<Item: HasEigh>> EighRule<K> for BlockDiagOf<P> {
    type Basis = BlockDiagOf<P::Of<<P::Item as EighRule<Fa<P::Item>>>::Basis>>;
    fn eigh_rule(&self) -> Result<Spectral<Self::Basis, SelfAdjointFacts>> {
        let (list, mut w) = (self.0.parts(), Vec::new());
        let bases = P::of(list.len(), |i| {
            let (v, wi) = list[i].eigh_rule()?.into_parts();
            w.extend_from_slice(&wi);
            Ok(v)
        })?;
        let mut values = Column::filled(w.len(), Re::<P::Item>::zero());
        values.copy_from_slice(&w);
        Ok(Spectral::from_parts(BlockDiagOf(bases), values))
    }
}
impl<K: Facts, P: Parts<Item: HasCholesky>> CholeskyRule<K> for BlockDiagOf<P> {
    type Factor = BlockDiagOf<P::Of<<P::Item as CholeskyRule<Fa<P::Item>>>::Factor>>;
    fn cholesky_rule(&self) -> Result<Self::Factor> {
        let list = self.0.parts();
        Ok(BlockDiagOf(P::of(list.len(), |i| list[i].cholesky_rule())?))
    }
}
impl<P: Parts<Item: DiagonalRule>> DiagonalRule for BlockDiagOf<P> {
    fn diagonal_rule(&self, k: isize, d: &mut [Sc<Self>]) -> Result<()> {
        d.fill(Sc::<Self>::zero());
        let mut corner = (0, 0);
        for a in self.0.parts() {
            block_part(a, corner, k, d)?;
            corner = (corner.0 + a.nrows(), corner.1 + a.ncols());
        }
        Ok(())
    }
}

macro_rules! explain {
    ($S:ident: $($Also:ident)?, $F:ident, |$s:ident, $q:ident| $rule:expr) => {
        impl<P: Parts<Item: Explain $(+ $Also)?>> Explain for $S<P> {
            fn plan<$F: Facts>(&self, $q: Question) -> Plan {
                let $s = self;
                $rule
            }
            fn tree<$F: Facts>(&self) -> Tree {
                let list = self.0.parts();
                Tree::node::<$F, Self>(self, vec![list[0].tree::<Fa<P::Item>>()])
                    .called(&format!("{} parts", list.len()))
            }
        }
    };
}
fn each<P: Parts<Item: Explain>>(rule: &'static str, parts: &P, q: Question) -> Plan {
    Plan::by_parts(rule, parts.parts().iter().map(|a| part(a, q)))
}
explain!(ProductOf: DiagonalRule, K, |s, q| match q {
    Question::Apply => each("parts in turn", &s.0, q),
    Question::Solve if all_square(s.0.parts()) => each("part by part, reversed", &s.0, q),
    Question::Slogdet if all_square(s.0.parts()) => each("product of the determinants", &s.0, q),
    Question::Trace | Question::Diagonal => match s.0.parts() {
        [a] => part(a, q),
        [a, b] => part(&Product(a, b), q),
        _ => base::<K, Self>(s, q),
    },
    _ => base::<K, Self>(s, q),
});
explain!(KronOf:, K, |s, q| match q {
    Question::Apply => {
        let n = s.ncols();
        let times = |a: &P::Item| (n / a.ncols().max(1), part(a, q));
        Plan::weighted("factors in turn", s.0.parts().iter().map(times))
    }
    Question::Slogdet => each("powers n/n_i of the determinants", &s.0, q),
    Question::Trace => each("product of the traces", &s.0, q),
    Question::Diagonal => each("kron of the diagonals", &s.0, q),
    Question::Exp if !K::SelfAdjoint::KNOWN && crate::ops::kron_exp::of_two(s.parts()) => crate::ops::kron_exp::plan(s),
    Question::Exp if !K::SelfAdjoint::KNOWN => base::<K, Self>(s, q),
    Question::Exp | Question::Log => s.plan::<K>(Question::Eigh).spectral(),
    _ => each("factor by factor", &s.0, q),
});
explain!(BlockDiagOf:, K, |s, q| each("blockwise", &s.0, q));

// ---- gradients -----------------------------------------------------------------------------------------------------------------

// u^T A_1 .. A_k v: part i sees the product before it, transposed, and the product after it
impl<P: Parts<Item: crate::gradient::Differentiable>> crate::gradient::Differentiable for ProductOf<P> {
    fn parameters(&self) -> usize {
        self.0.parts().iter().map(|a| a.parameters()).sum()
    }
    fn accumulate_bilinear(&self, u: View<'_, Sc<Self>>, v: View<'_, Sc<Self>>, scale: Sc<Self>, g: &mut [Sc<Self>]) {
        let (list, column) = (self.0.parts(), |x: View<'_, Sc<Self>>| (0..x.rows).map(|i| x.at(i, 0)).collect());
        let mut after: Vec<Vec<_>> = vec![column(v)];
        for a in list[1..].iter().rev() {
            after.push(crate::gradient::product(a, false, View::vector(&after[after.len() - 1])));
        }
        let (mut before, mut first): (Vec<_>, usize) = (column(u), 0);
        for (a, v) in list.iter().zip(after.iter().rev()) {
            let here = a.parameters();
            a.accumulate_bilinear(View::vector(&before), View::vector(v), scale, &mut g[first..first + here]);
            before = crate::gradient::product(a, true, View::vector(&before));
            first += here;
        }
    }
}
// factor i sees the fibres along its mode, the other factors applied to v
impl<P: Parts<Item: crate::gradient::Differentiable>> crate::gradient::Differentiable for KronOf<P> {
    fn parameters(&self) -> usize {
        self.0.parts().iter().map(|a| a.parameters()).sum()
    }
    fn accumulate_bilinear(&self, u: View<'_, Sc<Self>>, v: View<'_, Sc<Self>>, scale: Sc<Self>, g: &mut [Sc<Self>]) {
        let (list, widest, zero) = (self.0.parts(), self.widest(), Sc::<Self>::zero());
        let mut first = 0;
        for (i, a) in list.iter().enumerate() {
            let (mut from, mut to) = (vec![zero; widest], vec![zero; widest]);
            let mut rest = vec![zero; self.scratch_len(1)];
            (0..v.rows).for_each(|k| from[k] = v.at(k, 0));
            let w = self.modes(Update::replace(), Some(i), &mut from, &mut to, &mut rest);
            let (m, n, here) = (a.nrows(), a.ncols(), a.parameters());
            let left: usize = list[..i].iter().map(|a| a.nrows()).product();
            let right: usize = list[i + 1..].iter().map(|a| a.nrows()).product();
            for (l, r) in (0..left).flat_map(|l| (0..right).map(move |r| (l, r))) {
                let ui: Vec<_> = (0..m).map(|k| u.at((l * m + k) * right + r, 0)).collect();
                let wi: Vec<_> = (0..n).map(|k| w[(l * n + k) * right + r]).collect();
                a.accumulate_bilinear(View::vector(&ui), View::vector(&wi), scale, &mut g[first..first + here]);
            }
            first += here;
        }
    }
}
impl<P: Parts<Item: crate::gradient::Differentiable>> crate::gradient::Differentiable for BlockDiagOf<P> {
    fn parameters(&self) -> usize {
        self.0.parts().iter().map(|a| a.parameters()).sum()
    }
    fn accumulate_bilinear(&self, u: View<'_, Sc<Self>>, v: View<'_, Sc<Self>>, scale: Sc<Self>, g: &mut [Sc<Self>]) {
        let (mut row, mut col, mut first) = (0, 0, 0);
        for a in self.0.parts() {
            let (m, n, here) = (a.nrows(), a.ncols(), a.parameters());
            a.accumulate_bilinear(u.rows(row, m), v.rows(col, n), scale, &mut g[first..first + here]);
            (row, col, first) = (row + m, col + n, first + here);
        }
    }
}
// sum n / n_i d log|det A_i|
impl<K: Facts, P> crate::gradient::LogdetGradient<K> for KronOf<P>
where
    P: Parts<Item: crate::gradient::LogdetGradient<Fa<<P as Parts>::Item>>>,
{
    fn accumulate_logdet(&self, inverse: &Self::Output, scale: Sc<Self>, g: &mut [Sc<Self>]) {
        let (n, mut first) = (self.nrows(), 0);
        for (a, inverse) in self.0.parts().iter().zip(inverse.0.parts()) {
            let times = Sc::<Self>::of((n / a.nrows().max(1)) as f64);
            let here = crate::gradient::Differentiable::parameters(a);
            a.accumulate_logdet(inverse, scale * times, &mut g[first..first + here]);
            first += here;
        }
    }
}
impl<K: Facts, P> crate::gradient::LogdetGradient<K> for BlockDiagOf<P>
where
    P: Parts<Item: crate::gradient::LogdetGradient<Fa<<P as Parts>::Item>>>,
{
    fn accumulate_logdet(&self, inverse: &Self::Output, scale: Sc<Self>, g: &mut [Sc<Self>]) {
        let mut first = 0;
        for (a, inverse) in self.0.parts().iter().zip(inverse.0.parts()) {
            let here = crate::gradient::Differentiable::parameters(a);
            a.accumulate_logdet(inverse, scale, &mut g[first..first + here]);
            first += here;
        }
    }
}
