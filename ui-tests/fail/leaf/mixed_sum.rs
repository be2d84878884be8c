//! f32 with f64.
use cola::prelude::*;
use nalgebra::matrix;

fn main() {
    let (a, b) = (matrix![2.0f32, 1.0; 1.0, 3.0], matrix![2.0f64, 1.0; 1.0, 3.0]);
    let _ = linop!(a + b);
}
