//! A Cholesky solve of an operator that is only known to be self-adjoint.
use cola::prelude::*;
use nalgebra::{matrix, vector};

fn main() {
    let (a, b) = (SelfAdjoint::new(matrix![2.0, 1.0; 1.0, 3.0]), vector![1.0, 2.0]);
    let _ = a.solve_with(Cholesky, &b);
}
