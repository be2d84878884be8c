//! An algorithm for functions of a matrix is asked to solve.
use cola::prelude::*;
use nalgebra::{matrix, vector};

fn main() {
    let a = Dense::new(matrix![2.0, 1.0; 1.0, 3.0]);
    let _ = a.solve_with(Schur::default(), &vector![1.0, 2.0]);
}
