//! A value of another structure than the `linop_type!` says.
use cola::prelude::*;
use nalgebra::{matrix, vector};

type Cov = linop_type!(kron(psd(nalgebra::SMatrix<f64, 2, 2>), diag(nalgebra::SVector<f64, 3>)));
fn takes(_: Cov) {}
fn main() {
    let (a, d) = (matrix![2.0, 1.0; 1.0, 3.0], vector![1.0, 2.0]);
    takes(linop!(kron(psd(a), diag(d))));
}
