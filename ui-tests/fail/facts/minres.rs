//! MINRES on a matrix of which nothing is known.
use cola::prelude::*;
use nalgebra::{matrix, vector};

fn main() {
    let (a, b) = (Dense::new(matrix![2.0, 1.0; 1.0, 3.0]), vector![1.0, 2.0]);
    let _ = a.solve_with(Minres::default(), &b);
}
