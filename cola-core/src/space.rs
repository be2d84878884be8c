//! Sizes as types without arithmetic. `Const<2> x Const<3>` stays a pair; only its length is a number. A static composite has exact
//! inline storage by nesting, without heap and without `generic_const_exprs`; generic code needs no bounds.

use crate::facts::{Fact, Known, Unknown};
use core::marker::PhantomData;
pub use nalgebra::{Const, Dyn};

/// A size as a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Extent {
    /// Known to the compiler.
    Static(usize),
    /// Known when built.
    Dynamic,
}
impl Extent {
    /// True unless both are static and differ.
    pub const fn may_equal(self, other: Extent) -> bool {
        match (self, other) {
            (Extent::Static(a), Extent::Static(b)) => a == b,
            _ => true,
        }
    }
    /// The static size, else `n`.
    #[inline(always)]
    pub const fn or(self, n: usize) -> usize {
        match self {
            Extent::Static(k) => k,
            Extent::Dynamic => n,
        }
    }
    /// True for a static size.
    pub const fn is_static(self) -> bool {
        matches!(self, Extent::Static(_))
    }
}
impl core::fmt::Display for Extent {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Extent::Static(n) => write!(f, "{n}"),
            Extent::Dynamic => f.write_str("?"),
        }
    }
}
/// Rows and columns, as far as the type knows them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shape {
    /// Rows.
    pub rows: Extent,
    /// Columns.
    pub cols: Extent,
}
impl Shape {
    /// Rows for columns.
    pub const fn flip(self) -> Shape {
        Shape { rows: self.cols, cols: self.rows }
    }
    /// True unless static sizes differ.
    pub const fn may_equal(self, other: Shape) -> bool {
        self.rows.may_equal(other.rows) && self.cols.may_equal(other.cols)
    }
}
impl core::fmt::Display for Shape {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} x {}", self.rows, self.cols)
    }
}

/// What storage can hold: numbers and indices.
pub trait Plain: Copy + Send + Sync + 'static {}
impl<E: Copy + Send + Sync + 'static> Plain for E {}

/// The index set of a vector: static or dynamic.
pub trait Space: Send + Sync + 'static {
    /// Its length, as far as the type knows it.
    const EXTENT: Extent;
    /// Known where the type knows its length.
    type Fixed: Fact;
    /// Owned n x n storage.
    type Square<E: Plain>: Storage<E>;
    /// Owned storage of n.
    type Vector<E: Plain>: Storage<E>;
    /// The static one of two spaces that must agree.
    type Or<S: Space>: Space;
    /// The pairs of both.
    type Times<S: Space>: Space;
    #[doc(hidden)]
    type After<S: StaticSpace>: Space;
    /// One after the other.
    type Plus<S: Space>: Space;
    #[doc(hidden)]
    type PlusAfter<S: StaticSpace>: Space;
    /// Room for what only operators of dynamic size have: a box, and for static sizes no value at all, so that an enum with such a
    /// variant is laid out, dropped and compiled as if it had none (`cargo bench --bench batch`: 10.7 ns an element, with a box 14.1).
    type Aside<X>: core::ops::Deref<Target = X>;
    /// `x` there; `None` where there is no such place.
    fn aside<X>(x: X) -> Option<Self::Aside<X>>;
    /// `f(x)` there.
    fn map_aside<X, Y>(x: &Self::Aside<X>, f: impl FnOnce(&X) -> Y) -> Self::Aside<Y>;
}
/// The place where no value of X ever is.
pub struct Nowhere<X>(core::convert::Infallible, PhantomData<fn() -> X>);
impl<X> core::ops::Deref for Nowhere<X> {
    type Target = X;
    fn deref(&self) -> &X {
        match self.0 {}
    }
}
/// A space whose length the type knows.
///
/// # Safety
/// `Of<E>` is exactly `LEN` contiguous `E`.
pub unsafe trait StaticSpace: Send + Sync + 'static {
    /// Its length.
    const LEN: usize;
    /// LEN numbers, inline.
    type Of<E: Plain>: Plain;
    /// LEN times `e`.
    fn fill<E: Plain>(e: E) -> Self::Of<E>;
}
/// The pairs of A and B: index set of a Kronecker product.
pub struct Tensor<A, B>(PhantomData<fn() -> (A, B)>);
/// A, then B: index set of a direct sum.
pub struct Direct<A, B>(PhantomData<fn() -> (A, B)>);
#[doc(hidden)]
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Pair<A, B>(A, B);

// SAFETY: an array of N elements is N contiguous elements.
unsafe impl<const N: usize> StaticSpace for Const<N> {
    const LEN: usize = N;
    type Of<E: Plain> = [E; N];
    #[inline(always)]
    fn fill<E: Plain>(e: E) -> [E; N] {
        [e; N]
    }
}
// SAFETY: A::LEN contiguous times B::LEN contiguous.
unsafe impl<A: StaticSpace, B: StaticSpace> StaticSpace for Tensor<A, B> {
    const LEN: usize = A::LEN * B::LEN;
    type Of<E: Plain> = A::Of<B::Of<E>>;
    #[inline(always)]
    fn fill<E: Plain>(e: E) -> Self::Of<E> {
        A::fill(B::fill(e))
    }
}
// SAFETY: `Pair` is repr(C); both parts are arrays of E, so there is no padding between or after them.
unsafe impl<A: StaticSpace, B: StaticSpace> StaticSpace for Direct<A, B> {
    const LEN: usize = A::LEN + B::LEN;
    type Of<E: Plain> = Pair<A::Of<E>, B::Of<E>>;
    #[inline(always)]
    fn fill<E: Plain>(e: E) -> Self::Of<E> {
        Pair(A::fill(e), B::fill(e))
    }
}
macro_rules! static_space {
    ([$($p:tt)*] $S:ty) => {
        impl<$($p)*> Space for $S {
            const EXTENT: Extent = Extent::Static(<$S as StaticSpace>::LEN);
            type Fixed = Known;
            type Square<E: Plain> = InlineSquare<E, $S>;
            type Vector<E: Plain> = InlineVector<E, $S>;
            type Or<S: Space> = $S;
            type Times<S: Space> = S::After<$S>;
            type After<S: StaticSpace> = Tensor<S, $S>;
            type Plus<S: Space> = S::PlusAfter<$S>;
            type PlusAfter<S: StaticSpace> = Direct<S, $S>;
            type Aside<X> = Nowhere<X>;
            fn aside<X>(_: X) -> Option<Nowhere<X>> {
                None
            }
            fn map_aside<X, Y>(x: &Nowhere<X>, _: impl FnOnce(&X) -> Y) -> Nowhere<Y> {
                match x.0 {}
            }
        }
    };
}
static_space!([const N: usize] Const<N>);
static_space!([A: StaticSpace, B: StaticSpace] Tensor<A, B>);
static_space!([A: StaticSpace, B: StaticSpace] Direct<A, B>);
impl Space for Dyn {
    const EXTENT: Extent = Extent::Dynamic;
    type Fixed = Unknown;
    type Square<E: Plain> = Vec<E>;
    type Vector<E: Plain> = Vec<E>;
    type Or<S: Space> = S;
    type Times<S: Space> = Dyn;
    type After<S: StaticSpace> = Dyn;
    type Plus<S: Space> = Dyn;
    type PlusAfter<S: StaticSpace> = Dyn;
    type Aside<X> = Box<X>;
    fn aside<X>(x: X) -> Option<Box<X>> {
        Some(Box::new(x))
    }
    fn map_aside<X, Y>(x: &Box<X>, f: impl FnOnce(&X) -> Y) -> Box<Y> {
        Box::new(f(x))
    }
}

/// Owned numbers, inline or on the heap.
pub trait Storage<E>: Clone + Send + Sync + 'static {
    /// `len` times `e`; a static storage has its own length.
    fn filled(len: usize, e: E) -> Self;
    /// The numbers.
    fn as_slice(&self) -> &[E];
    /// The numbers, to be written.
    fn as_mut_slice(&mut self) -> &mut [E];
    /// Writes the number at `at`; a dynamic storage of `at` numbers grows by it.
    #[inline]
    fn put(&mut self, at: usize, e: E) {
        self.as_mut_slice()[at] = e
    }
}
#[doc(hidden)]
pub struct InlineSquare<E: Plain, S: StaticSpace>(S::Of<S::Of<E>>);
#[doc(hidden)]
pub struct InlineVector<E: Plain, S: StaticSpace>(S::Of<E>);
macro_rules! inline_storage {
    ($Inline:ident, $len:expr, |$e:ident| $fill:expr) => {
        // By hand: `derive` would demand `S: Clone` of a marker type.
        impl<E: Plain, S: StaticSpace> Copy for $Inline<E, S> {}
        impl<E: Plain, S: StaticSpace> Clone for $Inline<E, S> {
            #[inline(always)]
            fn clone(&self) -> Self {
                *self
            }
        }
        impl<E: Plain, S: StaticSpace> Storage<E> for $Inline<E, S> {
            #[inline(always)]
            fn filled(_: usize, $e: E) -> Self {
                const { assert!(size_of::<Self>() == $len * size_of::<E>()) };
                $Inline($fill)
            }
            #[inline(always)]
            fn as_slice(&self) -> &[E] {
                // SAFETY: `StaticSpace` promises LEN contiguous elements at each level.
                unsafe { core::slice::from_raw_parts((&raw const self.0).cast(), $len) }
            }
            #[inline(always)]
            fn as_mut_slice(&mut self) -> &mut [E] {
                // SAFETY: as above.
                unsafe { core::slice::from_raw_parts_mut((&raw mut self.0).cast(), $len) }
            }
        }
    };
}
inline_storage!(InlineSquare, S::LEN * S::LEN, |e| S::fill(S::fill(e)));
inline_storage!(InlineVector, S::LEN, |e| S::fill(e));
impl<E: Plain> Storage<E> for Vec<E> {
    fn filled(len: usize, e: E) -> Self {
        vec![e; len]
    }
    #[inline(always)]
    fn as_slice(&self) -> &[E] {
        self
    }
    #[inline(always)]
    fn as_mut_slice(&mut self) -> &mut [E] {
        self
    }
    #[inline]
    fn put(&mut self, at: usize, e: E) {
        match self.get_mut(at) {
            Some(here) => *here = e,
            None => self.push(e),
        }
    }
}

/// Type-level size check, as far as types can say it: `Const<2>` against `Const<3>` is an error already in `cargo check`. A composite
/// against anything passes here and is left to the `const` assertion of the function that the user's line calls.
#[diagnostic::on_unimplemented(
    message = "sizes do not match: `{Self}` meets `{S}`",
    label = "these two sizes must be equal",
    note = "`A + B` needs equal shapes; `A * B` and `A * x` need as many columns of `A` as rows on the right",
    note = "transpose by `A.T`, take a part by `A[0..2, 0..3]`, or see whether an operand is another one than meant"
)]
pub trait Fits<S> {}
// The one that is shown: without any, rustc lists the implementations of the trait that asked for this one, which are many.
impl<const N: usize> Fits<Const<N>> for Const<N> {}
#[diagnostic::do_not_recommend]
impl<const N: usize> Fits<Dyn> for Const<N> {}
#[diagnostic::do_not_recommend]
impl<const N: usize, A, B> Fits<Tensor<A, B>> for Const<N> {}
#[diagnostic::do_not_recommend]
impl<const N: usize, A, B> Fits<Direct<A, B>> for Const<N> {}
#[diagnostic::do_not_recommend]
impl<S> Fits<S> for Dyn {}
#[diagnostic::do_not_recommend]
impl<A, B, S> Fits<S> for Tensor<A, B> {}
#[diagnostic::do_not_recommend]
impl<A, B, S> Fits<S> for Direct<A, B> {}

/// The demand "is square", as far as types can say it: `Const<2>` rows and `Const<3>` columns are an error, a composite is left to a
/// `const` assertion, dynamic sizes to run time.
#[diagnostic::on_unimplemented(
    message = "this function needs a square operator, and `{Self}` is not known to be one",
    label = "not known to be square",
    note = "solve, inv, logdet, trace, powers and eigenvalues exist for square operators only; for a rectangular `A` take `A.H * A`",
    note = "generic code states the bound `A: Square`, or `A: Solvable` or `A: Rootable`, which include it"
)]
pub trait Square: crate::operator::Operator {
    /// The part of the check that types cannot say, with the name of the function in the message.
    const CHECK: () = demand_square("a function of a matrix", Self::SHAPE);
}
#[diagnostic::do_not_recommend]
impl<A: crate::operator::Operator<Rows: Fits<A::Cols>>> Square for A {}

/// A message with numbers, made at compile time.
struct Text([u8; 256], usize);
impl Text {
    const fn new(s: &str) -> Text {
        Text([0; 256], 0).str(s)
    }
    const fn shape(self, s: Shape) -> Text {
        self.extent(s.rows).str(" x ").extent(s.cols)
    }
    const fn str(mut self, s: &str) -> Text {
        let mut i = 0;
        while i < s.len() {
            self.0[self.1] = s.as_bytes()[i];
            self.1 += 1;
            i += 1;
        }
        self
    }
    const fn extent(self, e: Extent) -> Text {
        match e {
            Extent::Static(n) => self.num(n),
            Extent::Dynamic => self.str("?"),
        }
    }
    const fn num(mut self, n: usize) -> Text {
        if n >= 10 {
            self = self.num(n / 10);
        }
        self.0[self.1] = b'0' + (n % 10) as u8;
        self.1 += 1;
        self
    }
    const fn get(&self) -> &str {
        match core::str::from_utf8(self.0.split_at(self.1).0) {
            Ok(s) => s,
            Err(_) => "size mismatch",
        }
    }
}
/// The static part of a check of two operators: `const { demand("A + B", A::SHAPE, B::SHAPE, ok) }`. The demands are evaluated in
/// the function that the user's line calls, in one line, because rustc quotes it; `track_caller` keeps their insides out of the message.
#[track_caller]
pub const fn demand(what: &str, a: Shape, b: Shape, ok: bool) {
    if !ok {
        let t = Text::new("sizes do not match in `").str(what).str("`: ").shape(a).str(" meets ").shape(b);
        panic!("{}", t.str("; transpose one by `.T`, or take a part of it by `A[0..2, 0..3]`").get())
    }
}
/// The static part of `what` of a square operator: `const { demand_square("inv", A::SHAPE) }`.
#[track_caller]
pub const fn demand_square(what: &str, a: Shape) {
    if !a.rows.may_equal(a.cols) {
        let t = Text::new("`").str(what).str("` needs a square operator, and this one is ").shape(a);
        panic!("{}", t.str("; take `A.H * A`, or a square part of it by `A[0..2, 0..2]`").get())
    }
}
/// The static part of A[start..start + len].
#[track_caller]
pub const fn demand_range(start: usize, len: usize, n: Extent) {
    if start + len > n.or(usize::MAX) {
        let t = Text::new("the slice ").num(start).str("..").num(start + len).str(" ends beyond the ").extent(n);
        panic!("{}", t.str(" rows or columns that there are").get())
    }
}
/// The static part of A^-1 b.
#[track_caller]
pub const fn demand_solve(what: &str, a: Shape, rows: Extent) {
    demand_square(what, a);
    if !a.rows.may_equal(rows) {
        let t = Text::new("sizes do not match in `")
            .str(what)
            .str("`: a ")
            .shape(a)
            .str(" operator meets a right-hand side of ");
        panic!("{}", t.extent(rows).str(" rows").get())
    }
}
/// The static part of A x, where x and A x are of one kind: `instead` makes a result of another.
#[track_caller]
pub const fn demand_apply(what: &str, a: Shape, x: Extent, y: Extent, instead: &str) {
    if !a.cols.may_equal(x) {
        let t =
            Text::new("sizes do not match in `").str(what).str("`: a ").shape(a).str(" operator meets a vector of ");
        panic!("{}", t.extent(x).get())
    }
    if !a.rows.may_equal(y) {
        let t = Text::new("the result of a ")
            .shape(a)
            .str(" operator has another size than the vector; name its type by `");
        panic!("{}", t.str(instead).str("`").get())
    }
}
