//! Sparse matrices of `sprs` as leaves: copied to compressed rows, in O(nnz).
//!
//! ```
//! # use cola_core::prelude::*;
//! let mut a = sprs::TriMat::new((2, 2));
//! a.add_triplet(0, 0, 2.0);
//! a.add_triplet(1, 1, 4.0);
//! let x = cola_core::dsl::op(&a.to_csr::<usize>()).solve(&[2.0, 2.0])?;
//! assert_eq!(x, [1.0, 0.5]);
//! # Ok::<(), Error>(())
//! ```

use crate::dsl::IntoOperator;
use crate::ops::Sparse;
use crate::scalar::Scalar;
use core::ops::Deref;
use nalgebra_sparse::CsrMatrix;
use sprs::{CsMatBase, SpIndex};

fn copied<T, I, P, PS, IS, DS>(a: &CsMatBase<T, I, PS, IS, DS, P>) -> Sparse<CsrMatrix<T>>
where
    T: Scalar,
    I: SpIndex,
    P: SpIndex,
    PS: Deref<Target = [P]>,
    IS: Deref<Target = [I]>,
    DS: Deref<Target = [T]>,
{
    let entries = a.iter().map(|(&value, (i, j))| (i.index(), j.index(), value));
    Sparse::from_triplets(a.rows(), a.cols(), entries).expect("sprs keeps indices within the shape")
}
#[diagnostic::do_not_recommend]
impl<T, I, P, PS, IS, DS> IntoOperator for CsMatBase<T, I, PS, IS, DS, P>
where
    T: Scalar,
    I: SpIndex,
    P: SpIndex,
    PS: Deref<Target = [P]>,
    IS: Deref<Target = [I]>,
    DS: Deref<Target = [T]>,
{
    type Op = Sparse<CsrMatrix<T>>;
    fn into_operator(self) -> Self::Op {
        copied(&self)
    }
}
#[diagnostic::do_not_recommend]
impl<T, I, P, PS, IS, DS> IntoOperator for &CsMatBase<T, I, PS, IS, DS, P>
where
    T: Scalar,
    I: SpIndex,
    P: SpIndex,
    PS: Deref<Target = [P]>,
    IS: Deref<Target = [I]>,
    DS: Deref<Target = [T]>,
{
    type Op = Sparse<CsrMatrix<T>>;
    fn into_operator(self) -> Self::Op {
        copied(self)
    }
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;
    use sprs::TriMat;

    #[test]
    fn rows_columns_and_views_are_the_same_matrix() {
        let mut t = TriMat::new((3, 4));
        for (i, j, x) in [(0, 3, 1.5), (2, 0, -2.0), (2, 2, 4.0), (1, 1, 3.0)] {
            t.add_triplet(i, j, x);
        }
        let want = t.to_csr::<usize>().to_dense();
        let want = nalgebra::DMatrix::from_fn(3, 4, |i, j| want[[i, j]]);
        let (rows, columns) = (t.to_csr::<usize>(), t.to_csc::<usize>());
        assert_eq!(crate::dsl::op(&rows).to_dense(), want);
        assert_eq!(crate::dsl::op(&columns).to_dense(), want);
        assert_eq!(crate::dsl::op(rows.view()).to_dense(), want);
        assert_eq!(crate::dsl::op(columns).to_dense(), want);
    }
}
