//! The numbers of an operator as a tree: list leaves with their paths, map them, flatten to a vector and back, change the scalar.
//! Two primitives, `visit` and `traverse`, give all of it; `#[derive(Parameters)]` writes them for a struct of operators.

use crate::data::{Column, Held, MatrixData, Panel};
use crate::error::{Error, Result};
use crate::scalar::{Element, Real, Scalar};
use crate::space::Space;
use nalgebra::{DefaultAllocator, Dim, Matrix, OMatrix, Storage, allocator::Allocator};
use std::borrow::Cow;

/// Where in the tree a traversal is: "0.data".
#[derive(Default, Debug)]
pub struct Path(String);
impl Path {
    /// Runs `inner` one level deeper. An empty name is transparent: annotations have no level of their own.
    pub fn enter<R>(&mut self, name: &str, inner: impl FnOnce(&mut Path) -> R) -> R {
        let before = self.0.len();
        if !name.is_empty() {
            if before > 0 {
                self.0.push('.');
            }
            self.0.push_str(name);
        }
        let out = inner(self);
        self.0.truncate(before);
        out
    }
    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a traversal does to each leaf: path, old numbers, new numbers.
pub type LeafFn<'f, T, S> = &'f mut dyn FnMut(&str, &[T], &mut [S]);

/// A tree of numbers: every operator, and every matrix and vector.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a tree of parameters",
    label = "no leaves",
    note = "a struct of operators, matrices and vectors becomes one by `#[derive(Parameters)]`",
    note = "in such a struct a field without numbers, a name or a size, is `#[parameters(skip)]`"
)]
pub trait Parameters {
    /// Number type of the leaves.
    type Number: Scalar;
    /// The same tree over another number, owned.
    type With<S: Scalar>: Parameters<Number = S>;
    /// The same tree, owned: `Self` unless something is borrowed.
    type Owned: Parameters<Number = Self::Number>;
    /// Calls `f` on every leaf in order: its path, its numbers as stored (column-major; a strided view yields a copy).
    fn visit<'a>(&'a self, path: &mut Path, f: &mut dyn FnMut(&str, Cow<'a, [Self::Number]>));
    /// A tree of the same shape, every leaf filled by `f(path, old, new)`.
    fn traverse<S: Scalar>(&self, path: &mut Path, f: LeafFn<'_, Self::Number, S>) -> Self::With<S>;
    /// B trees of one shape as one tree of B-lane numbers. Matrices and vectors override it: they need no list of leaves.
    ///
    /// # Errors
    /// `ShapeMismatch` where dynamic shapes differ.
    fn pack<W: Scalar<Lane = Self::Number>, const B: usize>(trees: [&Self; B]) -> Result<Self::With<W>>
    where
        Self::Number: Element,
    {
        pack_leaves(trees)
    }
    /// The same, of the same type.
    fn rebuild(&self, path: &mut Path, f: LeafFn<'_, Self::Number, Self::Number>) -> Self::Owned;
    /// What is no number but must agree before leaves are put side by side: shapes of matrices, orders, patterns. Trees of as many
    /// numbers may still differ in them.
    #[doc(hidden)]
    fn frame(&self, _: &mut dyn FnMut(Frame)) {}
}
/// One piece of what two trees must have in common: see [`Parameters::frame`].
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame {
    /// Rows and columns of a matrix.
    Shape(usize, usize),
    /// An index: of a permutation, a sparse pattern, a row order.
    Index(usize),
}

/// Refuses trees whose leaves have as many numbers but another meaning.
fn frames_agree<A: Parameters + ?Sized, B: Parameters + ?Sized>(op: &'static str, a: &A, b: &B) -> Result<()> {
    let (mut left, mut right) = (Vec::new(), Vec::new());
    a.frame(&mut |piece| left.push(piece));
    b.frame(&mut |piece| right.push(piece));
    match left.iter().zip(&right).find(|(a, b)| a != b) {
        Some((&Frame::Shape(m, n), &Frame::Shape(p, q))) => {
            Err(Error::ShapeMismatch { op, left: (m, n), right: (p, q) })
        }
        None if left.len() == right.len() => Ok(()),
        _ => Err(Error::invalid(format!(
            "{op}: the operators differ in indices (a permutation, a sparse pattern or the row order of a factorisation), \
             which all must have in common; numbers alone may differ"
        ))),
    }
}

fn pack_leaves<K, W, const B: usize>(trees: [&K; B]) -> Result<K::With<W>>
where
    K: Parameters<Number: Element> + ?Sized,
    W: Scalar<Lane = K::Number>,
{
    let leaves = trees.map(|k| k.leaves().collect::<Vec<_>>());
    let first = leaves.first().map_or(&[][..], |l| &l[..]);
    for other in &leaves {
        counts_agree("stack: leaves", first.len(), other.len())?;
        for (a, b) in first.iter().zip(other) {
            counts_agree("stack: numbers of a leaf", a.1.len(), b.1.len())?;
        }
    }
    let Some(tree) = trees.first() else { return Err(Error::invalid("stack: a batch has at least one element")) };
    trees.iter().try_for_each(|k| frames_agree("stack", *tree, *k))?;
    let mut leaf = 0;
    Ok(tree.traverse(&mut Path::default(), &mut |_, _, new: &mut [W]| {
        for (i, x) in new.iter_mut().enumerate() {
            *x = Scalar::from_lanes(|lane| leaves[lane][leaf].1[i]);
        }
        leaf += 1;
    }))
}
/// One leaf: its path and its numbers.
pub type Leaf<'a, T> = (String, Cow<'a, [T]>);

/// What every tree of parameters can do.
pub trait ParametersExt: Parameters {
    /// Every leaf with its path, in order.
    ///
    /// ```
    /// # use cola_core::prelude::*;
    /// let k = Kron::new(Psd::new(nalgebra::matrix![2.0, 1.0; 1.0, 3.0]), Diagonal::new([3.0, 0.2, 1.0]));
    /// let paths: Vec<String> = k.leaves().map(|(path, _)| path).collect();
    /// assert_eq!(paths, ["0.data", "1.diag"]);
    /// ```
    fn leaves(&self) -> std::vec::IntoIter<Leaf<'_, Self::Number>> {
        let mut out = Vec::new();
        self.visit(&mut Path::default(), &mut |path, x| out.push((path.to_string(), x)));
        out.into_iter()
    }
    /// How many numbers there are.
    fn parameter_count(&self) -> usize {
        let mut n = 0;
        self.visit(&mut Path::default(), &mut |_, x| n += x.len());
        n
    }
    /// A copy of the same type, its leaves changed in place by `f(path, numbers)`.
    fn map_leaves(&self, mut f: impl FnMut(&str, &mut [Self::Number])) -> Self::Owned {
        self.rebuild(&mut Path::default(), &mut |path, old, new| {
            new.copy_from_slice(old);
            f(path, new)
        })
    }
    /// The same tree over another number.
    fn map_numbers<S: Scalar>(&self, mut f: impl FnMut(Self::Number) -> S) -> Self::With<S> {
        self.traverse(&mut Path::default(), &mut |_, old, new| {
            new.iter_mut().zip(old).for_each(|(n, &o)| *n = f(o));
        })
    }
    /// All numbers, leaf after leaf.
    fn flatten(&self) -> Vec<Self::Number> {
        let mut out = Vec::new();
        self.visit(&mut Path::default(), &mut |_, x| out.extend_from_slice(&x));
        out
    }
    /// The same tree with the numbers of `x`, in the order of [`flatten`](Self::flatten).
    ///
    /// # Errors
    /// `ShapeMismatch` where the count is wrong.
    fn unflatten(&self, x: &[Self::Number]) -> Result<Self::Owned> {
        counts_agree("unflatten", self.parameter_count(), x.len())?;
        let mut rest = x;
        Ok(self.rebuild(&mut Path::default(), &mut |_, _, new| {
            let (head, tail) = rest.split_at(new.len());
            new.copy_from_slice(head);
            rest = tail;
        }))
    }
    /// The same, over another number.
    ///
    /// # Errors
    /// `ShapeMismatch` where the count is wrong.
    fn unflatten_as<S: Scalar>(&self, x: &[S]) -> Result<Self::With<S>> {
        counts_agree("unflatten_as", self.parameter_count(), x.len())?;
        let mut rest = x;
        Ok(self.traverse(&mut Path::default(), &mut |_, _, new| {
            let (head, tail) = rest.split_at(new.len());
            new.copy_from_slice(head);
            rest = tail;
        }))
    }
    /// `f(a, b)` of each pair of numbers of two trees of the same shape.
    ///
    /// # Errors
    /// `ShapeMismatch` where leaves or their lengths differ.
    fn zip_map_leaves<O: Parameters<Number = Self::Number>>(
        &self,
        other: &O,
        mut f: impl FnMut(Self::Number, Self::Number) -> Self::Number,
    ) -> Result<Self::Owned> {
        let (a, b): (Vec<_>, Vec<_>) = (self.leaves().collect(), other.leaves().collect());
        counts_agree("zip_map_leaves: leaves", a.len(), b.len())?;
        for (x, y) in a.iter().zip(&b) {
            if x.0 != y.0 {
                return Err(Error::invalid(format!("zip_map_leaves: leaf `{}` meets leaf `{}`", x.0, y.0)));
            }
            counts_agree("zip_map_leaves: numbers of a leaf", x.1.len(), y.1.len())?;
        }
        frames_agree("zip_map_leaves", self, other)?;
        let mut leaf = b.iter();
        Ok(self.rebuild(&mut Path::default(), &mut |_, old, new| {
            let other = &leaf.next().expect("counted above").1;
            for ((n, &x), &y) in new.iter_mut().zip(old).zip(other.iter()) {
                *n = f(x, y);
            }
        }))
    }
    /// An owned copy.
    fn to_owned_tree(&self) -> Self::Owned {
        self.map_leaves(|_, _| {})
    }
}
impl<K: Parameters + ?Sized> ParametersExt for K {}

fn counts_agree(op: &'static str, want: usize, have: usize) -> Result<()> {
    if want == have { Ok(()) } else { Err(Error::ShapeMismatch { op, left: (want, 1), right: (have, 1) }) }
}

impl<P: Parameters + ?Sized> Parameters for &P {
    type Number = P::Number;
    type With<S: Scalar> = P::With<S>;
    type Owned = P::Owned;
    fn visit<'a>(&'a self, path: &mut Path, f: &mut dyn FnMut(&str, Cow<'a, [P::Number]>)) {
        (**self).visit(path, f)
    }
    fn frame(&self, f: &mut dyn FnMut(Frame)) {
        (**self).frame(f)
    }
    fn traverse<S: Scalar>(&self, path: &mut Path, f: LeafFn<'_, P::Number, S>) -> P::With<S> {
        (**self).traverse(path, f)
    }
    fn rebuild(&self, path: &mut Path, f: LeafFn<'_, P::Number, P::Number>) -> P::Owned {
        (**self).rebuild(path, f)
    }
}

/// A coefficient of a function that is no leaf, over another number: that of the first lane.
pub(crate) fn converted<T: Scalar, X: Scalar>(v: T) -> X {
    let (re, im) = (X::of(v.re().lane_f64(0)), v.im().lane_f64(0));
    let real = <X::IsReal as crate::facts::Fact>::KNOWN;
    if real { re } else { re + X::of(im) * X::of(-1.0).sqrt() }
}
/// Coefficients that are no leaves, but belong to the operator.
pub(crate) fn function_frame<T: Scalar>(coefficients: &[T], f: &mut dyn FnMut(Frame)) {
    let bits = |x: T::Re| Frame::Index(x.lane_f64(0).to_bits() as usize);
    coefficients.iter().for_each(|v| [bits(v.re()), bits(v.im())].into_iter().for_each(&mut *f));
}
/// Leaves of real numbers inside a tree of any number: read and written by their real parts.
pub(crate) mod real_leaf {
    use super::{LeafFn, Path};
    use crate::scalar::Scalar;
    use std::borrow::Cow;

    pub fn visit<'a, T: Scalar>(values: &[T::Re], path: &mut Path, f: &mut dyn FnMut(&str, Cow<'a, [T]>)) {
        f(path.as_str(), Cow::Owned(values.iter().map(|&x| T::from_re(x)).collect()))
    }
    pub fn traverse<T: Scalar, X: Scalar>(old: &[T::Re], new: &mut [X::Re], path: &mut Path, f: LeafFn<'_, T, X>) {
        let old: Vec<T> = old.iter().map(|&x| T::from_re(x)).collect();
        let mut numbers = vec![X::zero(); new.len()];
        f(path.as_str(), &old, &mut numbers);
        new.iter_mut().zip(numbers).for_each(|(n, x)| *n = x.re());
    }
}

/// A leaf that lies in one slice: how to make it with other numbers is all that differs.
macro_rules! slice_leaf {
    ([$($p:tt)*] $Self:ty, $With:ident => $W:ty, |$s:ident, $zero:ident| $make:expr) => {
        impl<T: Scalar, $($p)*> Parameters for $Self {
            type Number = T;
            type With<$With: Scalar> = $W;
            type Owned = $Self;
            fn visit<'a>(&'a self, path: &mut Path, f: &mut dyn FnMut(&str, Cow<'a, [T]>)) {
                f(path.as_str(), Cow::Borrowed(&self[..]))
            }
            fn traverse<$With: Scalar>(&self, path: &mut Path, f: LeafFn<'_, T, $With>) -> Self::With<$With> {
                let ($s, $zero) = (self, <$With as num_traits::Zero>::zero());
                let mut new: $W = $make;
                f(path.as_str(), &$s[..], &mut new[..]);
                new
            }
            fn rebuild(&self, path: &mut Path, f: LeafFn<'_, T, T>) -> Self {
                let mut new = self.clone();
                f(path.as_str(), &self[..], &mut new[..]);
                new
            }
            #[cfg_attr(not(debug_assertions), inline(always))]
            fn pack<$With: Scalar<Lane = T>, const B: usize>(trees: [&Self; B]) -> Result<Self::With<$With>>
            where
                T: Element,
            {
                let $s = trees[0];
                for other in trees {
                    counts_agree("stack: entries", $s.len(), other.len())?;
                }
                let $zero = <$With as num_traits::Zero>::zero();
                let mut new: Self::With<$With> = $make;
                let mut lanes = [&[][..]; B];
                for lane in 0..B {
                    lanes[lane] = &trees[lane][..];
                }
                $With::gather(lanes, &mut new[..]);
                Ok(new)
            }
        }
    };
}
slice_leaf!([const N: usize] [T; N], X => [X; N], |_s, zero| [zero; N]);
slice_leaf!([] Vec<T>, X => Vec<X>, |s, zero| vec![zero; s.len()]);
slice_leaf!([S: Space] Column<T, S>, X => Column<X, S>, |s, zero| Column::filled(s.len(), zero));

impl<T: Scalar, S: Space> Parameters for Held<T, S> {
    type Number = T;
    type With<X: Scalar> = Held<X, S>;
    type Owned = Self;
    fn visit<'a>(&'a self, path: &mut Path, f: &mut dyn FnMut(&str, Cow<'a, [T]>)) {
        f(path.as_str(), Cow::Borrowed(self.as_slice()))
    }
    fn traverse<X: Scalar>(&self, path: &mut Path, f: LeafFn<'_, T, X>) -> Held<X, S> {
        let mut new = Held::filled(self.n, X::zero());
        f(path.as_str(), self.as_slice(), new.as_mut_slice());
        new
    }
    fn rebuild(&self, path: &mut Path, f: LeafFn<'_, T, T>) -> Self {
        self.traverse(path, f)
    }
}
impl<T: Scalar, R: Space, C: Space> Parameters for Panel<T, R, C> {
    type Number = T;
    type With<X: Scalar> = Panel<X, R, C>;
    type Owned = Self;
    fn visit<'a>(&'a self, path: &mut Path, f: &mut dyn FnMut(&str, Cow<'a, [T]>)) {
        f(path.as_str(), Cow::Borrowed(self.as_slice()))
    }
    fn traverse<X: Scalar>(&self, path: &mut Path, f: LeafFn<'_, T, X>) -> Panel<X, R, C> {
        let view = self.view();
        let mut new = Panel::filled(view.rows, view.cols, X::zero());
        f(path.as_str(), self.as_slice(), new.as_mut_slice());
        new
    }
    fn rebuild(&self, path: &mut Path, f: LeafFn<'_, T, T>) -> Self {
        self.traverse(path, f)
    }
    fn frame(&self, f: &mut dyn FnMut(Frame)) {
        let view = self.view();
        f(Frame::Shape(view.rows, view.cols))
    }
}
impl<T: Scalar, R: Dim, C: Dim, S: Storage<T, R, C>> Parameters for Matrix<T, R, C, S>
where
    DefaultAllocator: Allocator<R, C>,
{
    type Number = T;
    type With<X: Scalar> = OMatrix<X, R, C>;
    type Owned = OMatrix<T, R, C>;
    fn visit<'a>(&'a self, path: &mut Path, f: &mut dyn FnMut(&str, Cow<'a, [T]>)) {
        let packed = self.strides() == (1, self.nrows()) || self.ncols() <= 1 && self.strides().0 == 1;
        match crate::data::matrix_view(self).contiguous() {
            Some(x) if packed => f(path.as_str(), Cow::Borrowed(x)),
            _ => f(path.as_str(), Cow::Owned(self.iter().copied().collect())),
        }
    }
    fn traverse<X: Scalar>(&self, path: &mut Path, f: LeafFn<'_, T, X>) -> OMatrix<X, R, C> {
        let (r, c) = self.shape_generic();
        let mut new = crate::data::filled(r, c, X::zero());
        self.visit(path, &mut |p, old| f(p, &old, new.as_mut_slice()));
        new
    }
    fn rebuild(&self, path: &mut Path, f: LeafFn<'_, T, T>) -> OMatrix<T, R, C> {
        self.traverse(path, f)
    }
    fn frame(&self, f: &mut dyn FnMut(Frame)) {
        f(Frame::Shape(self.nrows(), self.ncols()))
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn pack<W: Scalar<Lane = T>, const B: usize>(trees: [&Self; B]) -> Result<OMatrix<W, R, C>>
    where
        T: Element,
    {
        let (r, c) = trees[0].shape_generic();
        for other in trees {
            if other.shape() != trees[0].shape() {
                return Err(Error::ShapeMismatch { op: "stack", left: trees[0].shape(), right: other.shape() });
            }
        }
        let mut new = crate::data::filled(r, c, W::zero());
        // what the storage of a static size answers at compile time; loops, as `array::map` is a call
        let (mut packed, mut lanes) = (true, [&[][..]; B]);
        for lane in 0..B {
            match crate::data::matrix_view(trees[lane]).contiguous() {
                Some(numbers) => lanes[lane] = numbers,
                None => packed = false,
            }
        }
        if packed {
            W::gather(lanes, new.as_mut_slice());
            return Ok(new);
        }
        let rows = r.value();
        for (k, x) in new.as_mut_slice().iter_mut().enumerate() {
            *x = W::from_lanes(
                #[inline(always)]
                |lane| crate::data::matrix_view(trees[lane]).at(k % rows, k / rows),
            );
        }
        Ok(new)
    }
}
/// What `#[derive(Parameters)]` gives a struct without type parameters over another number.
macro_rules! tuple_node {
    ($($P:ident $i:tt $name:literal),*) => {
        impl<T: Scalar, $($P: Parameters<Number = T>),*> Parameters for ($($P,)*) {
            type Number = T;
            type With<S: Scalar> = ($($P::With<S>,)*);
            type Owned = ($($P::Owned,)*);
            fn visit<'a>(&'a self, path: &mut Path, f: &mut dyn FnMut(&str, Cow<'a, [T]>)) {
                $( path.enter($name, |p| self.$i.visit(p, f)); )*
            }
            fn traverse<S: Scalar>(&self, path: &mut Path, f: LeafFn<'_, T, S>) -> Self::With<S> {
                ($( path.enter($name, |p| self.$i.traverse(p, f)), )*)
            }
            fn rebuild(&self, path: &mut Path, f: LeafFn<'_, T, T>) -> Self::Owned {
                ($( path.enter($name, |p| self.$i.rebuild(p, f)), )*)
            }
            fn frame(&self, f: &mut dyn FnMut(Frame)) {
                $( self.$i.frame(f); )*
            }
        }
    };
}
tuple_node!(A 0 "0");
tuple_node!(A 0 "0", B 1 "1");
tuple_node!(A 0 "0", B 1 "1", C 2 "2");
tuple_node!(A 0 "0", B 1 "1", C 2 "2", D 3 "3");
tuple_node!(A 0 "0", B 1 "1", C 2 "2", D 3 "3", E 4 "4");
tuple_node!(A 0 "0", B 1 "1", C 2 "2", D 3 "3", E 4 "4", F 5 "5");
tuple_node!(A 0 "0", B 1 "1", C 2 "2", D 3 "3", E 4 "4", F 5 "5", G 6 "6");
tuple_node!(A 0 "0", B 1 "1", C 2 "2", D 3 "3", E 4 "4", F 5 "5", G 6 "6", H 7 "7");

/// The tree of a node inside this crate (the derive names `::cola`, which is above us): type parameters, then `"name" => field`; fields
/// that are no trees are copied as they are, and what of them two trees must have in common is told by `frame`.
macro_rules! tree_node {
    ([$First:ident $(, $P:ident)* $(; $($more:tt)+)?] $Node:ident<$($arg:ident),*> { $($name:literal => $field:tt),* $(; $($keep:tt),+)? }
        $(frame |$s:ident, $f:ident| $frame:expr)?) => {
        impl<$First: $crate::parameters::Parameters $(, $P: $crate::parameters::Parameters<Number = $First::Number>)* $(, $($more)+)?>
            $crate::parameters::Parameters for $Node<$($arg),*>
        {
            type Number = $First::Number;
            type With<Zz: $crate::scalar::Scalar> = $crate::parameters::tree_args!(With<Zz> [$First $(, $P)*] $Node [$($arg),*]);
            type Owned = $crate::parameters::tree_args!(Owned [$First $(, $P)*] $Node [$($arg),*]);
            fn visit<'v>(
                &'v self,
                path: &mut $crate::parameters::Path,
                f: &mut dyn FnMut(&str, std::borrow::Cow<'v, [Self::Number]>),
            ) {
                $( path.enter($name, |p| self.$field.visit(p, f)); )*
            }
            fn traverse<Zz: $crate::scalar::Scalar>(
                &self,
                path: &mut $crate::parameters::Path,
                f: $crate::parameters::LeafFn<'_, Self::Number, Zz>,
            ) -> Self::With<Zz> {
                $Node { $( $field: path.enter($name, |p| self.$field.traverse(p, f)), )* $( $( $keep: self.$keep.clone(), )+ )? }
            }
            fn rebuild(
                &self,
                path: &mut $crate::parameters::Path,
                f: $crate::parameters::LeafFn<'_, Self::Number, Self::Number>,
            ) -> Self::Owned {
                $Node { $( $field: path.enter($name, |p| self.$field.rebuild(p, f)), )* $( $( $keep: self.$keep.clone(), )+ )? }
            }
            fn frame(&self, f: &mut dyn FnMut($crate::parameters::Frame)) {
                $( $crate::parameters::Parameters::frame(&self.$field, f); )*
                $( let ($s, $f) = (self, f); $frame; )?
            }
        }
    };
}
/// The tree and the gradient of an enum of two trees: those of the variant that it is.
macro_rules! tree_choice {
    ($Node:ident { $First:ident, $Second:ident }) => {
        impl<P: $crate::parameters::Parameters, Q: $crate::parameters::Parameters<Number = P::Number>>
            $crate::parameters::Parameters for $Node<P, Q>
        {
            type Number = P::Number;
            type With<X: $crate::scalar::Scalar> = $Node<P::With<X>, Q::With<X>>;
            type Owned = $Node<P::Owned, Q::Owned>;
            fn visit<'v>(
                &'v self,
                path: &mut $crate::parameters::Path,
                f: &mut dyn FnMut(&str, std::borrow::Cow<'v, [P::Number]>),
            ) {
                match self {
                    $Node::$First(p) => p.visit(path, f),
                    $Node::$Second(q) => q.visit(path, f),
                }
            }
            fn traverse<X: $crate::scalar::Scalar>(
                &self,
                path: &mut $crate::parameters::Path,
                f: $crate::parameters::LeafFn<'_, P::Number, X>,
            ) -> Self::With<X> {
                match self {
                    $Node::$First(p) => $Node::$First(p.traverse(path, f)),
                    $Node::$Second(q) => $Node::$Second(q.traverse(path, f)),
                }
            }
            fn rebuild(
                &self,
                path: &mut $crate::parameters::Path,
                f: $crate::parameters::LeafFn<'_, P::Number, P::Number>,
            ) -> Self::Owned {
                match self {
                    $Node::$First(p) => $Node::$First(p.rebuild(path, f)),
                    $Node::$Second(q) => $Node::$Second(q.rebuild(path, f)),
                }
            }
            fn frame(&self, f: &mut dyn FnMut($crate::parameters::Frame)) {
                match self {
                    $Node::$First(p) => p.frame(f),
                    $Node::$Second(q) => q.frame(f),
                }
            }
        }
        impl<P, Q> $crate::gradient::Differentiable for $Node<P, Q>
        where
            P: $crate::gradient::Differentiable,
            Q: $crate::gradient::Differentiable<Scalar = P::Scalar>,
            Self: $crate::operator::LinearOperator<Scalar = P::Scalar>,
        {
            fn parameters(&self) -> usize {
                match self {
                    $Node::$First(p) => p.parameters(),
                    $Node::$Second(q) => q.parameters(),
                }
            }
            fn accumulate_bilinear(
                &self,
                u: $crate::view::View<'_, P::Scalar>,
                v: $crate::view::View<'_, P::Scalar>,
                scale: P::Scalar,
                g: &mut [P::Scalar],
            ) {
                match self {
                    $Node::$First(p) => p.accumulate_bilinear(u, v, scale, g),
                    $Node::$Second(q) => q.accumulate_bilinear(u, v, scale, g),
                }
            }
            fn accumulate_trace(&self, scale: P::Scalar, g: &mut [P::Scalar]) {
                match self {
                    $Node::$First(p) => p.accumulate_trace(scale, g),
                    $Node::$Second(q) => q.accumulate_trace(scale, g),
                }
            }
        }
    };
}
/// `Node<A::With<S>, B::With<S>, ..>`: arguments that are trees change, the others stay.
macro_rules! tree_args {
    (With<$S:ident> [$A:ident] $Node:ident [$B:ident]) => { $Node<$A::With<$S>> };
    (With<$S:ident> [$A:ident, $A2:ident] $Node:ident [$B:ident, $B2:ident]) => { $Node<$A::With<$S>, $A2::With<$S>> };
    (With<$S:ident> [$A:ident, $A2:ident, $A3:ident, $A4:ident] $Node:ident $args:tt) => {
        $Node<$A::With<$S>, $A2::With<$S>, $A3::With<$S>, $A4::With<$S>>
    };
    (With<$S:ident> [$A:ident] $Node:ident [$B:ident, $($rest:ident),+]) => { $Node<$A::With<$S>, $($rest),+> };
    (Owned [$A:ident] $Node:ident [$B:ident]) => { $Node<$A::Owned> };
    (With<$S:ident> [$A:ident, $A2:ident] $Node:ident [$B:ident, $B2:ident, $C:ident]) => {
        $Node<$A::With<$S>, $A2::With<$S>, $C>
    };
    (Owned [$A:ident, $A2:ident] $Node:ident [$B:ident, $B2:ident, $C:ident]) => { $Node<$A::Owned, $A2::Owned, $C> };
    (Owned [$A:ident, $A2:ident] $Node:ident [$B:ident, $B2:ident]) => { $Node<$A::Owned, $A2::Owned> };
    (Owned [$A:ident, $A2:ident, $A3:ident, $A4:ident] $Node:ident $args:tt) => {
        $Node<$A::Owned, $A2::Owned, $A3::Owned, $A4::Owned>
    };
    (Owned [$A:ident] $Node:ident [$B:ident, $($rest:ident),+]) => { $Node<$A::Owned, $($rest),+> };
}
pub(crate) use {tree_args, tree_choice, tree_node};
