//! Where numbers lie: nalgebra matrices of any storage, arrays, slices, `Vec`, and our own inline storage for composites.
//! [`MatrixData`] and [`VectorData`] are what leaves hold, [`Operand`] is what operators are applied to, [`Produce`] what results
//! are written to.

use crate::scalar::Scalar;
use crate::space::{Const, Dyn, Extent, Plain, Space, Storage};
use crate::view::{View, ViewMut};
use core::ops::{Deref, DerefMut};
use nalgebra::{
    DMatrix, DVector, DefaultAllocator, Dim, Matrix, OMatrix, OVector, RawStorage, Storage as NStorage,
    allocator::Allocator,
};

/// A matrix of numbers, owned or borrowed.
#[diagnostic::on_unimplemented(message = "`{Self}` is not a matrix of numbers", label = "expected a nalgebra matrix")]
pub trait MatrixData {
    /// Number type.
    type Scalar: Scalar;
    /// Index set of the rows.
    type Rows: Space;
    /// Index set of the columns.
    type Cols: Space;
    /// The numbers.
    fn view(&self) -> View<'_, Self::Scalar>;
}
impl<T: Scalar, R: Dim + Space, C: Dim + Space, S: NStorage<T, R, C>> MatrixData for Matrix<T, R, C, S> {
    type Scalar = T;
    type Rows = R;
    type Cols = C;
    #[inline(always)]
    fn view(&self) -> View<'_, T> {
        matrix_view(self)
    }
}
impl<M: MatrixData + ?Sized> MatrixData for &M {
    type Scalar = M::Scalar;
    type Rows = M::Rows;
    type Cols = M::Cols;
    #[inline(always)]
    fn view(&self) -> View<'_, M::Scalar> {
        (**self).view()
    }
}
/// A nalgebra matrix of any storage as a strided view.
#[inline(always)]
pub fn matrix_view<T: Scalar, R: Dim, C: Dim, S: RawStorage<T, R, C>>(m: &Matrix<T, R, C, S>) -> View<'_, T> {
    let ((r, c), (rs, cs)) = (m.shape(), m.strides());
    let len = if r * c == 0 { 0 } else { (r - 1) * rs + (c - 1) * cs + 1 };
    // SAFETY: the storage holds every entry of the r x c matrix with these strides, the last one at len - 1.
    View::new(unsafe { core::slice::from_raw_parts(m.as_ptr(), len) }, r, c, rs, cs)
}

/// A square matrix of our own: inline when its space is static, whatever the structure of that space.
pub struct Held<E: Plain, S: Space> {
    /// The entries, column-major.
    pub data: S::Square<E>,
    /// Number of rows.
    pub n: usize,
}
impl<E: Plain, S: Space> Clone for Held<E, S> {
    #[inline(always)]
    fn clone(&self) -> Self {
        Held { data: self.data.clone(), n: self.n }
    }
}
impl<E: Plain + core::fmt::Debug, S: Space> core::fmt::Debug for Held<E, S> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_list().entries(self.data.as_slice().chunks(self.n.max(1))).finish()
    }
}
impl<E: Plain + PartialEq, S: Space> PartialEq for Held<E, S> {
    fn eq(&self, o: &Self) -> bool {
        self.data.as_slice() == o.data.as_slice()
    }
}
impl<E: Plain, S: Space> Held<E, S> {
    /// n x n times `e`.
    #[inline(always)]
    pub fn filled(n: usize, e: E) -> Self {
        let n = S::EXTENT.or(n);
        Held { data: S::Square::<E>::filled(n * n, e), n }
    }
    /// Number of rows: a constant where the type knows it.
    #[inline(always)]
    pub fn order(&self) -> usize {
        S::EXTENT.or(self.n)
    }
    /// Entry (i, j).
    #[inline(always)]
    pub fn at(&self, i: usize, j: usize) -> E {
        self.data.as_slice()[i + self.order() * j]
    }
    /// Writes entry (i, j).
    #[inline(always)]
    pub fn set(&mut self, i: usize, j: usize, e: E) {
        let n = self.order();
        self.data.as_mut_slice()[i + n * j] = e
    }
    /// The entries, column-major.
    #[inline(always)]
    pub fn as_slice(&self) -> &[E] {
        self.data.as_slice()
    }
    /// The entries, to be written.
    #[inline(always)]
    pub fn as_mut_slice(&mut self) -> &mut [E] {
        self.data.as_mut_slice()
    }
}
impl<T: Scalar, S: Space> Held<T, S> {
    /// A copy of a square view.
    #[inline(always)]
    pub fn copy(v: View<'_, T>) -> Self {
        let mut h = Self::filled(v.rows, T::zero());
        for j in 0..h.order() {
            for i in 0..h.order() {
                h.set(i, j, v.at(i, j));
            }
        }
        h
    }
    /// The identity.
    #[inline(always)]
    pub fn identity(n: usize) -> Self {
        let mut h = Self::filled(n, T::zero());
        for i in 0..h.order() {
            h.set(i, i, T::one());
        }
        h
    }
    /// To be written as a view.
    #[inline(always)]
    pub fn view_mut(&mut self) -> ViewMut<'_, T> {
        let n = self.order();
        ViewMut::matrix(self.data.as_mut_slice(), n, n)
    }
}
impl<T: Scalar, S: Space> MatrixData for Held<T, S> {
    type Scalar = T;
    type Rows = S;
    type Cols = S;
    #[inline(always)]
    fn view(&self) -> View<'_, T> {
        View::matrix(self.data.as_slice(), self.order(), self.order())
    }
}

/// A rectangular matrix of our own, column-major: inline when both spaces are static.
pub struct Panel<E: Plain, R: Space, C: Space> {
    data: Column<E, R::Times<C>>,
    rows: usize,
    cols: usize,
}
impl<E: Plain, R: Space, C: Space> Clone for Panel<E, R, C> {
    #[inline(always)]
    fn clone(&self) -> Self {
        Panel { data: self.data.clone(), rows: self.rows, cols: self.cols }
    }
}
impl<E: Plain + core::fmt::Debug, R: Space, C: Space> core::fmt::Debug for Panel<E, R, C> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_list().entries(self.data.chunks(self.rows.max(1))).finish()
    }
}
impl<E: Plain, R: Space, C: Space> Panel<E, R, C> {
    /// rows x cols times `e`; static spaces have their own sizes.
    #[inline(always)]
    pub fn filled(rows: usize, cols: usize, e: E) -> Self {
        let (rows, cols) = (R::EXTENT.or(rows), C::EXTENT.or(cols));
        Panel { data: Column::filled(rows * cols, e), rows, cols }
    }
    /// The entries, column-major.
    #[inline(always)]
    pub fn as_slice(&self) -> &[E] {
        &self.data
    }
    /// The entries, to be written.
    #[inline(always)]
    pub fn as_mut_slice(&mut self) -> &mut [E] {
        &mut self.data
    }
    /// To be written as a view.
    #[inline(always)]
    pub fn view_mut(&mut self) -> ViewMut<'_, E> {
        ViewMut::matrix(&mut self.data, self.rows, self.cols)
    }
    /// A copy of a view.
    #[inline(always)]
    pub fn copy(v: View<'_, E>) -> Self
    where
        E: Scalar,
    {
        let mut p = Self::filled(v.rows, v.cols, E::zero());
        for j in 0..p.cols {
            for i in 0..p.rows {
                p.data[i + p.rows * j] = v.at(i, j);
            }
        }
        p
    }
}
impl<E: Plain + PartialEq, R: Space, C: Space> PartialEq for Panel<E, R, C> {
    fn eq(&self, o: &Self) -> bool {
        self.rows == o.rows && self.as_slice() == o.as_slice()
    }
}
crate::interop::saved!([E: Plain, R: Space, C: Space] Panel<E, R, C>, "Panel", [] {
    rows: usize = |p| p.rows, cols: usize = |p| p.cols, data: Column<E, R::Times<C>> = |p| p.data
} {
    match rows == R::EXTENT.or(rows) && cols == C::EXTENT.or(cols) && rows.checked_mul(cols) == Some(data.len()) {
        true => Ok(Panel { data, rows, cols }),
        false => Err(crate::error::Error::invalid(format!("{} numbers are no {rows} x {cols} matrix of this type", data.len()))),
    }
});
impl<T: Scalar, R: Space, C: Space> MatrixData for Panel<T, R, C> {
    type Scalar = T;
    type Rows = R;
    type Cols = C;
    #[inline(always)]
    fn view(&self) -> View<'_, T> {
        View::matrix(&self.data, self.rows, self.cols)
    }
}

/// A vector of our own: inline when its space is static. It is a slice by `Deref` and becomes a nalgebra vector by `to_dvector`.
pub struct Column<E: Plain, S: Space> {
    data: S::Vector<E>,
    n: usize,
}
impl<E: Plain, S: Space> Clone for Column<E, S> {
    #[inline(always)]
    fn clone(&self) -> Self {
        Column { data: self.data.clone(), n: self.n }
    }
}
impl<E: Plain, S: Space> Column<E, S> {
    /// n times `e`.
    #[inline(always)]
    pub fn filled(n: usize, e: E) -> Self {
        let n = S::EXTENT.or(n);
        Column { data: S::Vector::<E>::filled(n, e), n }
    }
}
impl<E: Plain, S: Space> Deref for Column<E, S> {
    type Target = [E];
    #[inline(always)]
    fn deref(&self) -> &[E] {
        self.data.as_slice()
    }
}
impl<E: Plain, S: Space> DerefMut for Column<E, S> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [E] {
        self.data.as_mut_slice()
    }
}
impl<E: Plain + core::fmt::Debug, S: Space> core::fmt::Debug for Column<E, S> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
impl<E: Plain + PartialEq, S: Space> PartialEq for Column<E, S> {
    fn eq(&self, o: &Self) -> bool {
        **self == **o
    }
}
impl<T: Scalar, S: Space> Column<T, S> {
    /// As a nalgebra vector.
    pub fn to_dvector(&self) -> DVector<T> {
        DVector::from_column_slice(self)
    }
    /// Sum of the entries.
    #[inline(always)]
    pub fn sum(&self) -> T {
        self.iter().fold(T::zero(), |s, &x| s + x)
    }
}
impl<T: Scalar, S: Space> From<Column<T, S>> for DVector<T> {
    fn from(c: Column<T, S>) -> Self {
        c.to_dvector()
    }
}
impl<'a, E: Plain, S: Space> IntoIterator for &'a Column<E, S> {
    type Item = &'a E;
    type IntoIter = core::slice::Iter<'a, E>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// A list of at most as many items as the space has: inline when that is static, else it grows.
pub struct List<E: Plain, S: Space> {
    data: S::Vector<E>,
    len: usize,
}
impl<E: Plain, S: Space> Clone for List<E, S> {
    fn clone(&self) -> Self {
        List { data: self.data.clone(), len: self.len }
    }
}
impl<E: Plain, S: Space> List<E, S> {
    /// No items; `e` lies where static storage has none yet.
    pub fn empty(e: E) -> Self {
        List { data: S::Vector::<E>::filled(0, e), len: 0 }
    }
    /// One more.
    ///
    /// # Panics
    /// Beyond the length of a static space.
    pub fn push(&mut self, e: E) {
        self.data.put(self.len, e);
        self.len += 1;
    }
}
impl<E: Plain, S: Space> Deref for List<E, S> {
    type Target = [E];
    fn deref(&self) -> &[E] {
        &self.data.as_slice()[..self.len]
    }
}
impl<E: Plain, S: Space> DerefMut for List<E, S> {
    fn deref_mut(&mut self) -> &mut [E] {
        &mut self.data.as_mut_slice()[..self.len]
    }
}
impl<E: Plain + core::fmt::Debug, S: Space> core::fmt::Debug for List<E, S> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// A vector of numbers, owned or borrowed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a vector of numbers",
    label = "expected a nalgebra vector, an array, a slice or a `Vec` of numbers",
    note = "`diag(v)` is the diagonal matrix of a vector; the diagonal of a matrix is `a.diagonal()?`"
)]
pub trait VectorData {
    /// Number type.
    type Scalar: Scalar;
    /// Index set.
    type Len: Space;
    /// The owned vector of the same kind; a borrowed vector has its owner's.
    type Owned: VectorData<Scalar = Self::Scalar, Len = Self::Len, Owned = Self::Owned> + Produce<Self::Scalar> + Clone;
    /// The numbers, as one column.
    fn view(&self) -> View<'_, Self::Scalar>;
    /// `f` of each entry.
    #[inline(always)]
    fn map(&self, f: impl Fn(Self::Scalar) -> Self::Scalar) -> Self::Owned {
        let d = self.view();
        let mut out = Self::Owned::produce(d.rows, 1);
        let mut o = out.view_mut();
        for i in 0..d.rows {
            *o.at(i, 0) = f(d.at(i, 0));
        }
        out
    }
}
#[diagnostic::do_not_recommend]
impl<T: Scalar, R: Dim + Space, S: NStorage<T, R, Const<1>>> VectorData for Matrix<T, R, Const<1>, S>
where
    DefaultAllocator: Allocator<R>,
{
    type Scalar = T;
    type Len = R;
    type Owned = OVector<T, R>;
    #[inline(always)]
    fn view(&self) -> View<'_, T> {
        matrix_view(self)
    }
}
#[diagnostic::do_not_recommend]
impl<V: VectorData + ?Sized> VectorData for &V {
    type Scalar = V::Scalar;
    type Len = V::Len;
    type Owned = V::Owned;
    #[inline(always)]
    fn view(&self) -> View<'_, V::Scalar> {
        (**self).view()
    }
}

/// A right-hand side: one vector or several. `Output` is the same kind, owned.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a vector or matrix of `{T}`",
    label = "expected a nalgebra vector or matrix, an array, a slice or a `Vec` of `{T}`",
    note = "vectors have the number type of their operator: nalgebra converts by `x.cast::<{T}>()`"
)]
pub trait Operand<T: Scalar> {
    /// Index set of the rows.
    type Rows: Space;
    /// The same kind, owned.
    type Output: Produce<T>;
    /// Number of rows, as far as the type knows it.
    const ROWS: Extent = <Self::Rows as Space>::EXTENT;
    /// Number of rows of the output, as far as the type knows it.
    const OUTPUT_ROWS: Extent = <Self::Output as Produce<T>>::ROWS;
    /// The numbers.
    fn view(&self) -> View<'_, T>;
}
/// Something that can be made to hold a result.
#[diagnostic::on_unimplemented(message = "a result of `{T}` cannot be written to `{Self}`")]
pub trait Produce<T: Scalar>: Sized {
    /// Number of rows, as far as the type knows it.
    const ROWS: Extent;
    /// A zero result of this size.
    fn produce(rows: usize, cols: usize) -> Self;
    /// The numbers, to be written.
    fn view_mut(&mut self) -> ViewMut<'_, T>;
}

#[diagnostic::do_not_recommend]
impl<T: Scalar, R: Dim + Space, C: Dim, S: NStorage<T, R, C>> Operand<T> for Matrix<T, R, C, S>
where
    DefaultAllocator: Allocator<R, C>,
{
    type Rows = R;
    type Output = OMatrix<T, R, C>;
    #[inline(always)]
    fn view(&self) -> View<'_, T> {
        matrix_view(self)
    }
}
impl<T: Scalar, R: Dim + Space, C: Dim> Produce<T> for OMatrix<T, R, C>
where
    DefaultAllocator: Allocator<R, C>,
{
    const ROWS: Extent = R::EXTENT;
    #[inline(always)]
    fn produce(rows: usize, cols: usize) -> Self {
        if let Some(n) = R::try_to_usize() {
            fits(n, rows);
        }
        filled(dimension::<R>(rows), dimension::<C>(cols), T::zero())
    }
    #[inline(always)]
    fn view_mut(&mut self) -> ViewMut<'_, T> {
        let (r, c) = self.shape();
        ViewMut::matrix(self.as_mut_slice(), r, c)
    }
}
/// R of n; a static size is its own. (`Const::from_usize` compares, and stays a call in a build with one codegen unit.)
#[inline(always)]
fn dimension<R: Dim>(n: usize) -> R {
    if size_of::<R>() == 0 && R::try_to_usize().is_some() {
        // SAFETY: a size of the type alone, `Const<N>`, has no bits
        return unsafe { core::mem::zeroed() };
    }
    R::from_usize(n)
}
/// r x c times `x`. (nalgebra's own constructor goes through iterators that are not always inlined: in a build with one codegen unit each
/// result of a batch was a call, 97 ns an element for 27.)
#[inline(always)]
pub(crate) fn filled<T: Scalar, R: Dim, C: Dim>(r: R, c: C, x: T) -> OMatrix<T, R, C>
where
    DefaultAllocator: Allocator<R, C>,
{
    let mut new = nalgebra::UninitMatrix::<T, R, C>::uninit(r, c);
    for e in new.as_mut_slice() {
        *e = core::mem::MaybeUninit::new(x);
    }
    // SAFETY: every entry has been written
    unsafe { new.assume_init() }
}
#[inline(always)]
fn fits(have: usize, need: usize) {
    if have != need {
        wrong_result(have, need)
    }
}
#[cold]
fn wrong_result(have: usize, need: usize) -> ! {
    panic!("apply: a result of {need} rows was asked for as {have} rows; use `apply_as`")
}
macro_rules! plain_vector {
    ([$($p:tt)*] $V:ty, $L:ty, $O:ty) => {
        #[diagnostic::do_not_recommend]
        impl<T: Scalar, $($p)*> VectorData for $V {
            type Scalar = T;
            type Len = $L;
            type Owned = $O;
            #[inline(always)]
            fn view(&self) -> View<'_, T> {
                View::vector(self)
            }
        }
        #[diagnostic::do_not_recommend]
        impl<T: Scalar, $($p)*> Operand<T> for $V {
            type Rows = $L;
            type Output = $O;
            #[inline(always)]
            fn view(&self) -> View<'_, T> {
                View::vector(self)
            }
        }
    };
}
plain_vector!([const N: usize] [T; N], Const<N>, [T; N]);
plain_vector!([][T], Dyn, Vec<T>);
plain_vector!([] Vec<T>, Dyn, Vec<T>);
plain_vector!([S: Space] Column<T, S>, S, Column<T, S>);
macro_rules! plain_result {
    ([$($p:tt)*] $V:ty, $rows:expr, |$n:ident| $make:expr) => {
        impl<T: Scalar, $($p)*> Produce<T> for $V {
            const ROWS: Extent = $rows;
            #[inline(always)]
            fn produce($n: usize, cols: usize) -> Self {
                assert!(cols == 1, "a vector holds one column, not {cols}; use a matrix");
                if let Extent::Static(have) = $rows {
                    fits(have, $n);
                }
                $make
            }
            #[inline(always)]
            fn view_mut(&mut self) -> ViewMut<'_, T> {
                ViewMut::vector(self)
            }
        }
    };
}
plain_result!([const N: usize] [T; N], Extent::Static(N), |n| [T::zero(); N]);
plain_result!([] Vec<T>, Extent::Dynamic, |n| vec![T::zero(); n]);
plain_result!([S: Space] Column<T, S>, S::EXTENT, |n| Column::filled(n, T::zero()));

/// A view as a nalgebra matrix.
pub fn to_dmatrix<T: Scalar>(v: View<'_, T>) -> DMatrix<T> {
    DMatrix::from_fn(v.rows, v.cols, |i, j| v.at(i, j))
}
