//! The two traits that a structure implements: what a matrix *is* ([`Operator`]) and how it meets vectors ([`LinearOperator`]).
//!
//! # To write an operator of your own
//! 1. `impl Operator`: number type, facts ([`NoFacts`](crate::NoFacts) if in doubt), class (`General`), sizes.
//! 2. `impl LinearOperator`: one method for `A x` and `A^H x`.
//! 3. One line `cola::operators! { [A, B] Mine<A, B> }` for `+` and `*`, and one `cola::base_rules! { .. }` for solve, logdet and all
//!    other functions by their base cases.
//! 4. Check it: [`testing::check_operator`](crate::testing::check_operator).

use crate::facts::Facts;
use crate::scalar::Scalar;
use crate::space::{Shape, Space};
use crate::view::{View, ViewMut};
use core::mem::MaybeUninit;

/// What a matrix is: number type, facts, sizes. No action: rules need nothing more.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a linear operator",
    label = "expected an operator or a nalgebra matrix",
    note = "a vector becomes an operator by `diag(..)`, `I` alone by its size, `I(n)`, a type of your own by implementing `Operator`"
)]
pub trait Operator {
    /// Number type.
    type Scalar: Scalar;
    /// What is known of it.
    type Facts: Facts;
    /// Row of the pair tables (`+`, `*`) that it belongs to; `General` if in doubt.
    type Class: crate::dsl::Class;
    /// Index set of the rows.
    type Rows: Space;
    /// Index set of the columns.
    type Cols: Space;
    /// Rows and columns, as far as the type knows them.
    const SHAPE: Shape = Shape { rows: <Self::Rows as Space>::EXTENT, cols: <Self::Cols as Space>::EXTENT };
    /// True if it holds of the order of rows x cols numbers already: its base cases are then direct at every size.
    const HOLDS_DENSE: bool = false;
    /// True if its action runs an iteration, which may fail: then `try_apply` says so.
    const ITERATIVE: bool = false;
    /// True for an operator that is zero by its type: a block matrix with such a block is triangular.
    const IS_ZERO: bool = false;
    /// How many factors a nested Kronecker product has: of a large one, parts of it are functions of their own.
    const FACTORS: usize = 1;
    /// Number of rows.
    fn nrows(&self) -> usize;
    /// Number of columns.
    fn ncols(&self) -> usize;
    /// The operator as K + c I of which single columns are cheap, where it is one: kernel matrices, c I, and sums and multiples of
    /// them. Large ones that are PSD are then solved with a pivoted Cholesky preconditioner.
    #[inline(always)]
    fn pivots(&self) -> Option<&dyn Pivots<Self::Scalar>> {
        None
    }
}
/// K + c I with K self-adjoint, and of K the diagonal and single columns at the cost of their length: what a pivoted Cholesky reads.
pub trait Pivots<T: Scalar> {
    /// c.
    fn shift(&self) -> T;
    /// True if K is known to be PSD.
    fn is_psd(&self) -> bool;
    /// d += scale diag(K).
    fn add_diagonal(&self, scale: T, d: &mut [T]);
    /// y += scale K e_j.
    fn add_column(&self, j: usize, scale: T, y: &mut [T]);
}

/// What to do: `y = [y +] alpha op(A) x` with op(A) = A or A^H. One struct, so that a composite writes its action once for both.
#[derive(Clone, Copy, Debug)]
pub struct Update<T> {
    /// The factor.
    pub alpha: T,
    /// Add to y, else replace it.
    pub add: bool,
    /// A^H in place of A.
    pub adjoint: bool,
}
impl<T: Scalar> Update<T> {
    /// y = A x.
    #[inline(always)]
    pub fn replace() -> Self {
        Update { alpha: T::one(), add: false, adjoint: false }
    }
    /// The same, added to y.
    #[inline(always)]
    pub fn add(self) -> Self {
        Update { add: true, ..self }
    }
    /// First half of a two-step product: plain replacement on the same side.
    #[inline(always)]
    pub fn first(self) -> Self {
        Update { alpha: T::one(), add: false, ..self }
    }
    /// A for A^H and A^H for A.
    #[inline(always)]
    pub fn flip(self) -> Self {
        Update { adjoint: !self.adjoint, ..self }
    }
    /// Not the adjoint.
    #[inline(always)]
    pub fn plain(self) -> Self {
        Update { adjoint: false, ..self }
    }
    /// With alpha multiplied by c, which belongs to the operator: the adjoint has its conjugate.
    #[inline(always)]
    pub fn times(self, c: T) -> Self {
        Update { alpha: self.alpha * if self.adjoint { c.conj() } else { c }, ..self }
    }
    /// `y = [y +] alpha A`.
    #[inline(always)]
    pub(crate) fn entries(alpha: T, add: bool) -> Self {
        Update { alpha, add, adjoint: false }
    }
    /// Writes one entry of op(A) x.
    #[inline(always)]
    pub fn write(self, y: &mut T, v: T) {
        *y = if self.add { *y + self.alpha * v } else { self.alpha * v }
    }
}

/// How an operator meets host vectors.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be applied to host vectors",
    label = "no action on host vectors",
    note = "an operator of your own gets one by implementing `LinearOperator`"
)]
pub trait LinearOperator: Operator {
    /// `y = [y +] alpha op(A) x`. `scratch` holds at least `scratch_len(x.cols)` numbers of any value.
    fn act(
        &self,
        how: Update<Self::Scalar>,
        x: View<'_, Self::Scalar>,
        y: ViewMut<'_, Self::Scalar>,
        scratch: &mut [Self::Scalar],
    );
    /// How much scratch `act` needs for `columns` right-hand sides, for A and for A^H.
    fn scratch_len(&self, columns: usize) -> usize;
    /// The product by ranges of rows, where the structure has it: then Krylov methods do several steps in one pass over memory.
    #[inline(always)]
    fn by_rows(&self) -> Option<&dyn ByRows<Self::Scalar>> {
        None
    }
    /// True where [`arranged`](Self::arranged) may give something: nothing is compiled for it else.
    const ARRANGES: bool = false;
    /// The same operator laid out for many products, where that is faster than it is itself: what iterative methods multiply with.
    #[inline(always)]
    fn arranged(&self) -> Option<Box<dyn DynOperator<Self::Scalar> + '_>> {
        None
    }
    /// y = op(A) y for a square A, in place: what saves a second vector where a solve is a chain of factors. By default through copies of
    /// some of the columns at a time; structures that read all before they write do without.
    fn act_in_place(&self, adjoint: bool, y: ViewMut<'_, Self::Scalar>, scratch: &mut [Self::Scalar]) {
        let (n, block) = (y.rows, some_columns(y.cols));
        for first in (0..y.cols).step_by(block.max(1)) {
            let here = block.min(y.cols - first);
            let (copy, rest) = scratch.split_at_mut(n * here);
            let start = (first * y.cs).min(y.data.len());
            let part = ViewMut::new(&mut y.data[start..], n, here, y.rs, y.cs);
            copy_columns(part.as_view(), copy);
            self.act(Update { adjoint, ..Update::replace() }, View::matrix(copy, n, here), part, rest);
        }
    }
    /// How much scratch `act_in_place` needs for `columns` columns.
    fn in_place_scratch_len(&self, columns: usize) -> usize {
        let block = some_columns(columns);
        self.nrows() * block + self.scratch_len(block)
    }
    /// The entries, where they lie in memory as they are: rules that need them all are then spared a copy.
    #[inline(always)]
    fn entries(&self) -> Option<View<'_, Self::Scalar>> {
        None
    }
    /// The main diagonal as one column, where the operator is diagonal by its type and these numbers lie in memory: rules may then work
    /// on some of its rows at a time.
    #[inline(always)]
    fn only_diagonal(&self) -> Option<View<'_, Self::Scalar>> {
        None
    }
    /// `y = [y +] alpha A`, the entries themselves: what base cases make dense. By default A applied to the identity; structures that know
    /// their entries write them, which saves 2 n^3 operations.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn write(&self, alpha: Self::Scalar, add: bool, y: ViewMut<'_, Self::Scalar>) {
        write_by_identity(self, alpha, add, y)
    }
}

/// A product that can be asked for some of its rows, without scratch.
pub trait ByRows<T: Scalar> {
    /// Entries (i, j) with |i - j| beyond it are zero. Costs at most one pass over the entries.
    fn reach(&self) -> usize;
    /// False where the rows of strided vectors cost copies.
    fn strides(&self) -> bool {
        true
    }
    /// Rows `first..first + y.rows` of `y = [y +] alpha A x`; all rows of x, and of y the ones that are written. A itself, whatever
    /// `how.adjoint` says.
    fn rows(&self, how: Update<T>, first: usize, x: View<'_, T>, y: ViewMut<'_, T>);
    /// Row i of a tridiagonal operator: its numbers at i - 1, i and i + 1, zero outside of it.
    fn three(&self, _i: usize) -> Option<[T; 3]> {
        None
    }
    /// Rows `first..first + y.len()` of `y = [y +] alpha (A x + c x + b p + d r)` for one column, in one pass: x is a line of a grid, p and r
    /// are these rows of the lines beside it. False where the operator has no such pass, and y is as it was.
    fn rows_in_grid(
        &self,
        _how: Update<T>,
        _first: usize,
        _x: &[T],
        _y: &mut [T],
        _of_line: [T; 3],
        _beside: [&[T]; 2],
    ) -> bool {
        false
    }
}

impl<A: Operator + ?Sized> Operator for &A {
    type Scalar = A::Scalar;
    type Facts = A::Facts;
    type Class = A::Class;
    type Rows = A::Rows;
    type Cols = A::Cols;
    const HOLDS_DENSE: bool = A::HOLDS_DENSE;
    const ITERATIVE: bool = A::ITERATIVE;
    const IS_ZERO: bool = A::IS_ZERO;
    const FACTORS: usize = A::FACTORS;
    #[inline(always)]
    fn nrows(&self) -> usize {
        (**self).nrows()
    }
    #[inline(always)]
    fn ncols(&self) -> usize {
        (**self).ncols()
    }
    #[inline(always)]
    fn pivots(&self) -> Option<&dyn Pivots<A::Scalar>> {
        (**self).pivots()
    }
}
impl<A: LinearOperator + ?Sized> LinearOperator for &A {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn act(
        &self,
        how: Update<A::Scalar>,
        x: View<'_, A::Scalar>,
        y: ViewMut<'_, A::Scalar>,
        scratch: &mut [A::Scalar],
    ) {
        (**self).act(how, x, y, scratch)
    }
    #[inline(always)]
    fn scratch_len(&self, columns: usize) -> usize {
        (**self).scratch_len(columns)
    }
    fn act_in_place(&self, adjoint: bool, y: ViewMut<'_, A::Scalar>, scratch: &mut [A::Scalar]) {
        (**self).act_in_place(adjoint, y, scratch)
    }
    fn in_place_scratch_len(&self, columns: usize) -> usize {
        (**self).in_place_scratch_len(columns)
    }
    #[inline(always)]
    fn by_rows(&self) -> Option<&dyn ByRows<A::Scalar>> {
        (**self).by_rows()
    }
    const ARRANGES: bool = A::ARRANGES;
    #[inline(always)]
    fn arranged(&self) -> Option<Box<dyn DynOperator<A::Scalar> + '_>> {
        (**self).arranged()
    }
    #[inline(always)]
    fn entries(&self) -> Option<View<'_, A::Scalar>> {
        (**self).entries()
    }
    #[inline(always)]
    fn only_diagonal(&self) -> Option<View<'_, A::Scalar>> {
        (**self).only_diagonal()
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn write(&self, alpha: A::Scalar, add: bool, y: ViewMut<'_, A::Scalar>) {
        (**self).write(alpha, add, y)
    }
}

/// Columns that an action in place copies at a time: a quarter, so that the copy is small beside them; 64 at least, for the speed of
/// dense products.
fn some_columns(columns: usize) -> usize {
    columns.min(64.max(columns.div_ceil(4)))
}
/// The columns one after another, read in the order in which they lie.
fn copy_columns<T: Copy>(from: View<'_, T>, to: &mut [T]) {
    let n = from.rows;
    if from.rs <= from.cs {
        for c in 0..from.cols {
            (0..n).for_each(|i| to[i + n * c] = from.at(i, c));
        }
        return;
    }
    // eight columns at a time, so that the lines that are written stay near
    for first in (0..from.cols).step_by(8) {
        let last = (first + 8).min(from.cols);
        for i in 0..n {
            (first..last).for_each(|c| to[i + n * c] = from.at(i, c));
        }
    }
}

/// "Has the same number type as `A`", in words: a bound `Scalar = A::Scalar` alone gives E0271, which cannot be worded.
#[diagnostic::on_unimplemented(
    message = "number types do not match: `{Self}` meets `{A}`",
    label = "operators of one expression have one number type",
    note = "nalgebra converts a matrix by `a.cast::<f64>()`"
)]
pub trait SameScalar<A: Operator>: Operator<Scalar = A::Scalar> {}
#[diagnostic::do_not_recommend]
impl<A: Operator, B: Operator<Scalar = A::Scalar>> SameScalar<A> for B {}

/// The dyn-compatible shadow of [`LinearOperator`]: what loops that are compiled once per scalar work on.
pub trait DynOperator<T: Scalar> {
    /// Rows and columns.
    fn dyn_shape(&self) -> (usize, usize);
    /// [`LinearOperator::act`].
    fn dyn_act(&self, how: Update<T>, x: View<'_, T>, y: ViewMut<'_, T>, scratch: &mut [T]);
    /// [`LinearOperator::scratch_len`].
    fn dyn_scratch(&self, columns: usize) -> usize;
    /// [`LinearOperator::by_rows`].
    fn dyn_by_rows(&self) -> Option<&dyn ByRows<T>> {
        None
    }
    /// [`LinearOperator::arranged`].
    fn dyn_arranged(&self) -> Option<Box<dyn DynOperator<T> + '_>> {
        None
    }
    /// [`Operator::pivots`].
    fn dyn_pivots(&self) -> Option<&dyn Pivots<T>> {
        None
    }
}
impl<A: LinearOperator> DynOperator<A::Scalar> for A {
    fn dyn_shape(&self) -> (usize, usize) {
        (self.nrows(), self.ncols())
    }
    fn dyn_act(&self, how: Update<A::Scalar>, x: View<'_, A::Scalar>, y: ViewMut<'_, A::Scalar>, s: &mut [A::Scalar]) {
        self.act(how, x, y, s)
    }
    fn dyn_scratch(&self, columns: usize) -> usize {
        self.scratch_len(columns)
    }
    fn dyn_by_rows(&self) -> Option<&dyn ByRows<A::Scalar>> {
        self.by_rows()
    }
    fn dyn_arranged(&self) -> Option<Box<dyn DynOperator<A::Scalar> + '_>> {
        if A::ARRANGES { self.arranged() } else { None }
    }
    fn dyn_pivots(&self) -> Option<&dyn Pivots<A::Scalar>> {
        self.pivots()
    }
}
/// An operator as it is, or laid out for many products.
pub(crate) enum Repeated<'a, T> {
    /// As it is.
    Plain(&'a dyn DynOperator<T>),
    /// Laid out.
    Arranged(Box<dyn DynOperator<T> + 'a>),
}
impl<'a, T: Scalar> Repeated<'a, T> {
    pub fn new(a: &'a dyn DynOperator<T>) -> Self {
        a.dyn_arranged().map_or(Repeated::Plain(a), Repeated::Arranged)
    }
}
impl<'a, T> core::ops::Deref for Repeated<'a, T> {
    type Target = dyn DynOperator<T> + 'a;
    #[inline(always)]
    fn deref(&self) -> &Self::Target {
        match self {
            Repeated::Plain(a) => *a,
            Repeated::Arranged(a) => &**a,
        }
    }
}

/// [`LinearOperator::write`] by the application to the identity.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(crate) fn write_by_identity<A: LinearOperator + ?Sized>(
    a: &A,
    alpha: A::Scalar,
    add: bool,
    y: ViewMut<'_, A::Scalar>,
) {
    let n = a.ncols();
    if const { A::Cols::EXTENT.or(0) * A::Cols::EXTENT.or(0) * size_of::<A::Scalar>() > STACK } {
        return write_by_columns(a, alpha, add, y);
    }
    let rest = a.scratch_len(n);
    with_scratch(
        n * n + rest,
        #[inline(always)]
        |s| {
            let (eye, rest) = s.split_at_mut(n * n);
            for i in 0..n {
                eye[i * (n + 1)] = num_traits::One::one();
            }
            a.act(Update { alpha, add, adjoint: false }, View::matrix(eye, n, n), y, rest)
        },
    )
}

/// [`write_by_identity`] of a static operator whose identity is too large for the scratch on the stack: as many columns at a time as fit.
#[inline(never)]
fn write_by_columns<A: LinearOperator + ?Sized>(a: &A, alpha: A::Scalar, add: bool, mut y: ViewMut<'_, A::Scalar>) {
    let n = a.ncols();
    // half of it for what the operator needs itself
    let most = (STACK / size_of::<A::Scalar>() / 2 / n).clamp(1, n);
    let block = columns_on_stack::<A::Scalar, A::Cols>(n, a.scratch_len(most), most);
    with_scratch(n * block + a.scratch_len(block), |s| {
        let (eye, rest) = s.split_at_mut(n * block);
        for first in (0..n).step_by(block) {
            let here = block.min(n - first);
            eye.fill(num_traits::Zero::zero());
            (0..here).for_each(|c| eye[first + c + n * c] = num_traits::One::one());
            let (x, y) = (View::matrix(&eye[..n * here], n, here), y.columns(first, here));
            a.act(Update { alpha, add, adjoint: false }, x, y, rest);
        }
    })
}

/// Bytes of scratch on the stack: 1024 doubles, 128 times eight lanes of them.
const STACK: usize = 8192;
/// Columns of `each` numbers that fit beside `rest` others in the scratch on the stack: `most` at most, one at least. Of dynamic sizes `most`:
/// they have the heap.
#[inline(always)]
pub(crate) fn columns_on_stack<T, S: crate::space::Space>(each: usize, rest: usize, most: usize) -> usize {
    match S::EXTENT.is_static() {
        true => ((STACK / size_of::<T>()).saturating_sub(rest) / each.max(1)).min(most).max(1),
        false => most,
    }
}
#[repr(align(64))]
struct Buffer([MaybeUninit<u8>; STACK]);

/// Runs `f` on zeros: on the stack up to 8 KiB, on the heap above. One call of `f` in the text, whatever the length: all of it is
/// inlined, and one copy for each of several lengths, nested, took minutes to compile.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn with_scratch<T: Scalar, R>(len: usize, f: impl FnOnce(&mut [T]) -> R) -> R {
    let mut stack = Buffer([MaybeUninit::uninit(); STACK]);
    let mut heap = Vec::new();
    f(zeros(&mut stack, &mut heap, len))
}
/// `len` zeros in the one or the other: of the number type alone, so that what is made for every closure stays short.
#[cfg_attr(not(debug_assertions), inline(always))]
fn zeros<'s, T: Scalar>(stack: &'s mut Buffer, heap: &'s mut Vec<T>, len: usize) -> &'s mut [T] {
    const { assert!(align_of::<T>() <= align_of::<Buffer>(), "numbers are aligned to 64 bytes at most") };
    if len > STACK / size_of::<T>() {
        *heap = vec![T::zero(); len];
        return &mut heap[..];
    }
    let start = stack.0.as_mut_ptr().cast::<T>();
    for i in 0..len {
        // SAFETY: `len` numbers lie in the buffer, which is aligned for them
        unsafe { start.add(i).write(T::zero()) };
    }
    // SAFETY: the numbers have just been written, and `stack` is borrowed as long as they are
    unsafe { core::slice::from_raw_parts_mut(start, len) }
}

/// Shorthands for the associated types of an operator.
pub(crate) mod short {
    use super::Operator;
    pub type Sc<A> = <A as Operator>::Scalar;
    pub type Fa<A> = <A as Operator>::Facts;
    pub type Ro<A> = <A as Operator>::Rows;
    pub type Co<A> = <A as Operator>::Cols;
    pub type Re<A> = <<A as Operator>::Scalar as crate::scalar::Scalar>::Re;
}

/// `Operator` for a structure, one line per fact. By example, because it removes eight lines of the same words from every file.
macro_rules! operator {
    (@class) => { $crate::dsl::General };
    (@class $K:ty) => { $K };
    ([$($p:tt)*] $S:ty { scalar $T:ty; facts $F:ty; rows $R:ty; cols $C:ty; nrows |$s:ident| $nr:expr; ncols $nc:expr;
        $(dense $d:expr;)? $(iterative $i:expr;)? $(class $K:ty;)? $(factors $factors:expr;)? $(pivots $pv:expr;)? }) => {
        impl<$($p)*> $crate::operator::Operator for $S {
            type Scalar = $T;
            type Facts = $F;
            type Class = $crate::operator::operator!(@class $($K)?);
            type Rows = $R;
            type Cols = $C;
            $(const HOLDS_DENSE: bool = $d;)?
            $(const ITERATIVE: bool = $i;)?
            $(const FACTORS: usize = $factors;)?
            #[inline(always)]
            fn nrows(&self) -> usize {
                let $s = self;
                <$R as $crate::space::Space>::EXTENT.or($nr)
            }
            #[inline(always)]
            fn ncols(&self) -> usize {
                let $s = self;
                <$C as $crate::space::Space>::EXTENT.or($nc)
            }
            $(#[inline]
            fn pivots(&self) -> Option<&dyn $crate::operator::Pivots<$T>> {
                let $s = self;
                $pv
            })?
        }
    };
}
pub(crate) use operator;
