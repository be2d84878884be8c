//! Block matrices.
use cola::prelude::*;
use nalgebra::{DMatrix, Matrix2, Matrix2x3, matrix, vector};

fn main() {
    let a: Matrix2<f64> = matrix![1.0, 2.0; 3.0, 4.0];
    let b: Matrix2x3<f64> = matrix![5.0, 6.0, 7.0; 8.0, 9.0, 10.0];
    let k = linop!([a, b; b.T, 2 * diag(vector![1.0, 2.0, 3.0])]);
    assert_eq!(k.shape(), (5, 5));
    let entries = k.to_dense();
    assert_eq!(entries.view((0, 2), (2, 3)), b);
    assert_eq!(entries.view((2, 0), (3, 2)), b.transpose());
    assert_eq!(linop!([a, b]).shape(), (2, 5));
    assert_eq!(linop!([a; a; a]).shape(), (6, 2));
    assert_eq!(linop!([a, a; a, a;]).to_dense(), DMatrix::from_element(2, 2, 1.0).kronecker(&a));
    assert_eq!(linop!([[a, a]; [a, a]]).shape(), (4, 4));
}
