//! An array is no operator: `diag` makes it one.
use cola::prelude::*;
use nalgebra::matrix;

fn main() {
    let a = matrix![2.0, 1.0; 1.0, 3.0];
    let d = [1.0, 2.0];
    let _ = linop!(a + d);
}
