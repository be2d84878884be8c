//! `linop_type!` in a struct, an alias and a function signature.
use cola::prelude::*;
use nalgebra::{DMatrix, DVector, SMatrix, SVector, Vector6, matrix, vector};

type Cov<T> = linop_type!(kron(psd(SMatrix<T, 2, 2>), diag(SVector<T, 3>)));

struct Model<'a> {
    covariance: Cov<f64>,
    noisy: linop_type!(psd(&'a DMatrix<f64>) + 0.1 * I),
}

fn energy<T: Scalar>(k: &Cov<T>, x: &SVector<T, 6>) -> cola::Result<T> {
    k.inv_quad(x)
}
fn low(a: &DMatrix<f64>, d: DVector<f64>) -> linop_type!(&DMatrix<f64> * diag(DVector<f64>)) {
    linop!(a * diag(d))
}
fn root(k: &Cov<f64>) -> cola::Result<linop_type!(sqrt(kron(psd(SMatrix<f64, 2, 2>), diag(SVector<f64, 3>))))> {
    k.sqrt()
}
fn part(a: SMatrix<f64, 3, 3>) -> linop_type!([SMatrix<f64, 3, 3>[0..2, ..]; SMatrix<f64, 3, 3>.T]) {
    linop!([a[0..2, ..]; a.T])
}

fn main() -> cola::Result<()> {
    let (a, d) = (matrix![2.0, 1.0; 1.0, 3.0], vector![3.0, 0.2, 1.0]);
    let m = DMatrix::from_diagonal_element(2, 2, 1.0);
    let model = Model { covariance: linop!(kron(psd(a), diag(d))), noisy: linop!(psd(&m) + 0.1 * I) };
    let x = Vector6::repeat(1.0);
    assert!(energy(&model.covariance, &x)? > 0.0);
    assert!((model.noisy.logdet()? - 2.0 * 1.1f64.ln()).abs() < 1e-14);
    assert_eq!(low(&m, DVector::from_vec(vec![2.0, 3.0])).trace()?, 5.0);
    assert_eq!(root(&model.covariance)?.nrows(), 6);
    assert_eq!(part(SMatrix::identity()).shape(), (5, 3));
    Ok(())
}
