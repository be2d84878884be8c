//! A 2 x 2 leaf times a 3 x 3 leaf.
use cola::prelude::*;
use nalgebra::matrix;

fn main() {
    let a = matrix![1.0, 2.0; 3.0, 4.0];
    let b = matrix![1.0, 0.0, 0.0; 0.0, 1.0, 0.0; 0.0, 0.0, 1.0];
    let _ = linop!(a * b);
}
