//! A 2 x 2 system with a right-hand side of 3.
use cola::prelude::*;
use nalgebra::{matrix, vector};

fn main() {
    let a = Dense::new(matrix![2.0, 1.0; 1.0, 3.0]);
    let _ = a.solve(&vector![1.0, 2.0, 3.0]);
}
