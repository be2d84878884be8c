//! A 2 x 2 leaf times a vector of 3.
use cola::prelude::*;
use nalgebra::{matrix, vector};

fn main() {
    let a = Dense::new(matrix![1.0, 2.0; 3.0, 4.0]);
    let v = vector![1.0, 2.0, 3.0];
    let _ = &a * &v;
}
