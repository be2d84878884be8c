//! `diag` makes a matrix of a vector, it does not read one off.
use cola::prelude::*;
use nalgebra::matrix;

fn main() {
    let a = matrix![2.0, 1.0; 1.0, 3.0];
    let _ = linop!(diag(a));
}
