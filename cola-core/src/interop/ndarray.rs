//! Arrays of `ndarray` as leaves: two axes are a matrix, one axis is a vector for `diag` and the like, and a right-hand side.
//!
//! ```
//! # use cola_core::prelude::*;
//! let a = ndarray::array![[2.0, 1.0], [1.0, 3.0]];
//! let k = cola_core::dsl::psd(&a);
//! assert_eq!(k.apply(&ndarray::array![1.0, 1.0]), ndarray::array![3.0, 4.0]);
//! ```

use super::Strided;
use crate::data::{Operand, Produce, VectorData};
use crate::dsl::IntoOperator;
use crate::ops::Dense;
use crate::scalar::Scalar;
use crate::space::{Dyn, Extent};
use crate::view::{View, ViewMut};
use nalgebra::{DMatrix, DVector};
use ndarray::{Array, ArrayBase, Data, Ix1, Ix2};

fn matrix<T: Scalar, S: Data<Elem = T>>(a: &ArrayBase<S, Ix2>) -> Strided<'_, T> {
    let strides = (a.strides()[0], a.strides()[1]);
    // None where the array has gaps: then the entries are copied
    Strided::new(a.dim(), strides, |len| a.as_slice_memory_order().filter(|data| data.len() >= len), |i, j| a[(i, j)])
}
fn vector<T: Scalar, S: Data<Elem = T>>(a: &ArrayBase<S, Ix1>) -> Option<View<'_, T>> {
    a.as_slice().map(View::vector)
}
#[diagnostic::do_not_recommend]
impl<T: Scalar, S: Data<Elem = T>> IntoOperator for ArrayBase<S, Ix2> {
    type Op = Dense<DMatrix<T>>;
    fn into_operator(self) -> Self::Op {
        let (m, n) = self.dim();
        Dense(DMatrix::from_fn(m, n, |i, j| self[(i, j)]))
    }
}
#[diagnostic::do_not_recommend]
impl<'a, T: Scalar, S: Data<Elem = T>> IntoOperator for &'a ArrayBase<S, Ix2> {
    type Op = Dense<Strided<'a, T>>;
    fn into_operator(self) -> Self::Op {
        Dense(matrix(self))
    }
}
/// # Panics
/// Where the axis has gaps or runs backwards: `a.as_standard_layout()` first.
impl<T: Scalar, S: Data<Elem = T>> VectorData for ArrayBase<S, Ix1> {
    type Scalar = T;
    type Len = Dyn;
    type Owned = DVector<T>;
    fn view(&self) -> View<'_, T> {
        vector(self).expect("an array without gaps: take `a.as_standard_layout()`")
    }
}
macro_rules! operand {
    ($D:ty, |$a:ident| $view:expr, |$rows:ident, $cols:ident| $make:expr, |$o:ident| $out:expr) => {
        impl<T: Scalar, S: Data<Elem = T>> Operand<T> for ArrayBase<S, $D> {
            type Rows = Dyn;
            type Output = Array<T, $D>;
            fn view(&self) -> View<'_, T> {
                let $a = self;
                $view.expect("an array without gaps: take `a.as_standard_layout()`")
            }
        }
        impl<T: Scalar> Produce<T> for Array<T, $D> {
            const ROWS: Extent = Extent::Dynamic;
            fn produce($rows: usize, $cols: usize) -> Self {
                $make
            }
            fn view_mut(&mut self) -> ViewMut<'_, T> {
                let $o = self;
                $out
            }
        }
    };
}
operand!(Ix1, |a| vector(a), |rows, _cols| Array::from_elem(rows, T::zero()), |o| {
    ViewMut::vector(o.as_slice_mut().expect("made above, without gaps"))
});
operand!(
    Ix2,
    |a| {
        let ((m, n), standard) = (a.dim(), a.is_standard_layout());
        let (rs, cs) = if standard { (n, 1) } else { (1, m) };
        let whole = standard || a.t().is_standard_layout();
        a.as_slice_memory_order().filter(|_| whole).map(|data| View::new(data, m, n, rs, cs))
    },
    |rows, cols| Array::from_elem((rows, cols), T::zero()),
    |o| {
        let (m, n) = o.dim();
        ViewMut::new(o.as_slice_mut().expect("made above, without gaps"), m, n, n, 1)
    }
);

#[cfg(test)]
mod tests {
    use crate::dsl::{diag, kron, psd};
    use crate::prelude::*;
    use nalgebra::{DMatrix, DVector};
    use ndarray::{Array2, Axis, array, s};

    #[test]
    fn any_layout_is_the_same_matrix() {
        let a = Array2::from_shape_fn((3, 4), |(i, j)| (i * 4 + j) as f64);
        let want = DMatrix::from_fn(3, 4, |i, j| (i * 4 + j) as f64);
        let is = |k: DMatrix<f64>, w: &DMatrix<f64>| assert_eq!(&k, w);
        is(crate::dsl::op(&a).to_dense(), &want);
        is(crate::dsl::op(a.clone()).to_dense(), &want);
        is(crate::dsl::op(&a.t()).to_dense(), &want.transpose());
        let mut back = a.clone();
        back.invert_axis(Axis(0));
        is(crate::dsl::op(&back).to_dense(), &DMatrix::from_fn(3, 4, |i, j| want[(2 - i, j)]));
        is(crate::dsl::op(&a.slice(s![..;2, 1..])).to_dense(), &DMatrix::from_fn(2, 3, |i, j| want[(2 * i, j + 1)]));
        is(crate::dsl::op(&Array2::<f64>::zeros((0, 3))).to_dense(), &DMatrix::zeros(0, 3));
        assert_eq!(crate::dsl::op(&a).leaves().next().unwrap().1.as_ref(), want.as_slice());
    }
    #[test]
    fn operators_over_arrays_solve_arrays() {
        let (a, d) = (array![[2.0, 0.5], [0.5, 1.0]], array![3.0, 0.2, 1.0]);
        let k = kron(psd(&a), diag(&d));
        let b = array![1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let x = k.solve(&b).unwrap();
        let want = k.solve(&DVector::from_fn(6, |i, _| b[i])).unwrap();
        assert_eq!(x.to_vec(), want.as_slice());
        let many = Array2::from_shape_fn((6, 2), |(i, j)| (i + 3 * j) as f64);
        let y = k.apply(&many);
        for j in 0..2 {
            assert_eq!(y.column(j).to_vec(), k.apply(&many.column(j).to_owned()).to_vec());
        }
        assert_eq!(k.apply(&many.t().as_standard_layout().t()), y);
    }
}
