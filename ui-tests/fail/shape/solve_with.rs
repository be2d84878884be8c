//! A 2 x 2 system with a right-hand side of 3, by a named algorithm.
use cola::prelude::*;
use nalgebra::{matrix, vector};

fn main() {
    let a = Dense::new(matrix![2.0, 1.0; 1.0, 3.0]);
    let _ = a.solve_with(Lu, &vector![1.0, 2.0, 3.0]);
}
