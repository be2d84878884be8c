//! An f64 scales an f32 matrix.
use cola::prelude::*;
use nalgebra::matrix;

fn main() {
    let (a, c) = (matrix![2.0f32, 1.0; 1.0, 3.0], 0.5f64);
    let _ = linop!(c * a);
}
