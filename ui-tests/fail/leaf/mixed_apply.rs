//! An f32 operator on an f64 vector.
use cola::prelude::*;
use nalgebra::{matrix, vector};

fn main() {
    let a = Dense::new(matrix![2.0f32, 1.0; 1.0, 3.0]);
    let _ = a.apply(&vector![1.0f64, 2.0]);
}
