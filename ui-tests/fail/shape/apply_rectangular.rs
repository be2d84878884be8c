//! The result of a rectangular operator is another type of vector: `apply_as` names it.
use cola::prelude::*;
use nalgebra::{matrix, vector};

fn main() {
    let a = Dense::new(matrix![1.0, 2.0, 3.0; 4.0, 5.0, 6.0]);
    let _ = a.apply(&vector![1.0, 2.0, 3.0]);
}
