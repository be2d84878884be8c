//! Dense matrices of other crates.

use crate::data::{MatrixData, VectorData};
use crate::parameters::{Frame, LeafFn, Parameters, Path};
use crate::scalar::Scalar;
use crate::space::Dyn;
use crate::view::View;
use nalgebra::{DMatrix, DVector};
use std::borrow::Cow;

/// The numbers of another crate's matrix: borrowed where they lie, or a copy where they cannot be (an owned matrix of another
/// layout, an axis that runs backwards).
#[derive(Clone, Debug)]
pub enum Strided<'a, T: Scalar> {
    /// Where they lie.
    Borrowed(View<'a, T>),
    /// A copy.
    Copied(DMatrix<T>),
}
impl<'a, T: Scalar> Strided<'a, T> {
    /// A view of `m x n` numbers that start at `data[0]`, entry (i, j) at `i * rs + j * cs`; without `data` a copy by `entry`.
    #[cfg(feature = "ndarray")]
    pub(super) fn new(
        (m, n): (usize, usize),
        (rs, cs): (isize, isize),
        data: impl FnOnce(usize) -> Option<&'a [T]>,
        entry: impl Fn(usize, usize) -> T,
    ) -> Self {
        let strides = usize::try_from(rs).ok().zip(usize::try_from(cs).ok());
        let len = |(rs, cs): (usize, usize)| if m * n == 0 { 0 } else { (m - 1) * rs + (n - 1) * cs + 1 };
        match strides.and_then(|s| Some((s, data(len(s))?))) {
            Some(((rs, cs), data)) => Strided::Borrowed(View::new(data, m, n, rs, cs)),
            None => Strided::Copied(DMatrix::from_fn(m, n, entry)),
        }
    }
}
impl<T: Scalar> MatrixData for Strided<'_, T> {
    type Scalar = T;
    type Rows = Dyn;
    type Cols = Dyn;
    #[inline(always)]
    fn view(&self) -> View<'_, T> {
        match self {
            Strided::Borrowed(view) => *view,
            Strided::Copied(matrix) => crate::data::matrix_view(matrix),
        }
    }
}
impl<T: Scalar> VectorData for Strided<'_, T> {
    type Scalar = T;
    type Len = Dyn;
    type Owned = DVector<T>;
    #[inline(always)]
    fn view(&self) -> View<'_, T> {
        MatrixData::view(self)
    }
}
impl<T: Scalar> Strided<'_, T> {
    fn matrix(&self) -> DMatrix<T> {
        crate::data::to_dmatrix(MatrixData::view(self))
    }
}
impl<T: Scalar> Parameters for Strided<'_, T> {
    type Number = T;
    type With<X: Scalar> = DMatrix<X>;
    type Owned = DMatrix<T>;
    fn visit<'v>(&'v self, path: &mut Path, f: &mut dyn FnMut(&str, Cow<'v, [T]>)) {
        match self {
            Strided::Copied(matrix) => matrix.visit(path, f),
            Strided::Borrowed(_) => f(path.as_str(), Cow::Owned(self.matrix().as_slice().to_vec())),
        }
    }
    fn traverse<X: Scalar>(&self, path: &mut Path, f: LeafFn<'_, T, X>) -> DMatrix<X> {
        self.matrix().traverse(path, f)
    }
    fn rebuild(&self, path: &mut Path, f: LeafFn<'_, T, T>) -> DMatrix<T> {
        self.matrix().rebuild(path, f)
    }
    fn frame(&self, f: &mut dyn FnMut(Frame)) {
        let view = MatrixData::view(self);
        f(Frame::Shape(view.rows, view.cols))
    }
}
