//! Block rows of different length.
use cola::prelude::*;
use nalgebra::matrix;

fn main() {
    let a = matrix![2.0, 1.0; 1.0, 3.0];
    let _ = linop!([a, a; a]);
}
