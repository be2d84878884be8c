//! Cholesky of a matrix of which nothing is known.
use cola::prelude::*;
use nalgebra::matrix;

fn main() {
    let a = Dense::new(matrix![2.0, 1.0; 1.0, 3.0]);
    let _ = a.cholesky();
}
