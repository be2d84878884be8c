//! Matrices of `faer` as leaves, dense and sparse, owned or borrowed. They are copied: faer pads columns with memory that nobody may
//! read, so there is no slice to borrow. For large matrices the copy costs what one application does.
//!
//! ```
//! # use cola_core::prelude::*;
//! let a = faer::mat![[2.0, 1.0], [1.0, 3.0]];
//! assert_eq!(cola_core::dsl::psd(&a).apply(&[1.0, 1.0]), [3.0, 4.0]);
//! ```

use crate::dsl::IntoOperator;
use crate::ops::{Dense, Sparse};
use crate::scalar::Scalar;
use faer::sparse::{SparseColMat, SparseColMatRef};
use faer::{Mat, MatMut, MatRef};
use nalgebra::DMatrix;
use nalgebra_sparse::CsrMatrix;

fn dense<T: Scalar>(a: MatRef<'_, T>) -> Dense<DMatrix<T>> {
    Dense(DMatrix::from_fn(a.nrows(), a.ncols(), |i, j| a[(i, j)]))
}
fn sparse<T: Scalar>(a: SparseColMatRef<'_, usize, T>) -> Sparse<CsrMatrix<T>> {
    let line = |j: usize| a.row_idx_of_col(j).zip(a.val_of_col(j)).map(move |(i, &v)| (i, j, v));
    Sparse::from_triplets(a.nrows(), a.ncols(), (0..a.ncols()).flat_map(line))
        .expect("faer keeps indices within the shape")
}
macro_rules! leaf {
    ($([$($p:tt)*] $M:ty => $Op:ty, |$a:ident| $make:expr;)*) => { $(
        #[diagnostic::do_not_recommend]
        impl<$($p)* T: Scalar> IntoOperator for $M {
            type Op = $Op;
            fn into_operator(self) -> Self::Op {
                let $a = self;
                $make
            }
        } )* };
}
leaf! {
    [] Mat<T> => Dense<DMatrix<T>>, |a| dense(a.as_ref());
    ['a,] &'a Mat<T> => Dense<DMatrix<T>>, |a| dense(a.as_ref());
    ['a,] MatRef<'a, T> => Dense<DMatrix<T>>, |a| dense(a);
    ['a,] MatMut<'a, T> => Dense<DMatrix<T>>, |a| dense(a.as_ref());
    [] SparseColMat<usize, T> => Sparse<CsrMatrix<T>>, |a| sparse(a.as_ref());
    ['a,] &'a SparseColMat<usize, T> => Sparse<CsrMatrix<T>>, |a| sparse(a.as_ref());
    ['a,] SparseColMatRef<'a, usize, T> => Sparse<CsrMatrix<T>>, |a| sparse(a);
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;
    use faer::Mat;
    use faer::sparse::{SparseColMat, Triplet};
    use nalgebra::DMatrix;

    #[test]
    fn dense_and_sparse_are_the_same_matrix() {
        let a = Mat::from_fn(5, 3, |i, j| (i * 3 + j) as f64);
        let want = DMatrix::from_fn(5, 3, |i, j| (i * 3 + j) as f64);
        assert_eq!(crate::dsl::op(&a).to_dense(), want);
        assert_eq!(crate::dsl::op(a.as_ref().transpose()).to_dense(), want.transpose());
        assert_eq!(crate::dsl::op(a.as_ref().reverse_rows()).to_dense()[(0, 2)], 14.0);
        assert_eq!(crate::dsl::op(a).to_dense(), want);
        let triplets = [(0, 1, 2.0), (2, 0, 1.0), (1, 1, 3.0)].map(|(i, j, x)| Triplet::new(i, j, x));
        let s = SparseColMat::<usize, f64>::try_new_from_triplets(3, 2, &triplets).unwrap();
        let want = DMatrix::from_row_slice(3, 2, &[0.0, 2.0, 0.0, 3.0, 1.0, 0.0]);
        assert_eq!(crate::dsl::op(&s).to_dense(), want);
        assert_eq!(crate::dsl::op(s.as_ref()).to_dense(), want);
        assert_eq!(crate::dsl::op(s).to_dense(), want);
    }
}
