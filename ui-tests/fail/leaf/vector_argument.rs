//! The same as an argument.
use cola::prelude::*;
use nalgebra::matrix;

fn main() {
    let (a, d) = (matrix![2.0, 1.0; 1.0, 3.0], vec![1.0, 2.0]);
    let _ = linop!(kron(a, &d));
}
