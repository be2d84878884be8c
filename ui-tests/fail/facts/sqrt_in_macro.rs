//! The same inside the macro.
use cola::prelude::*;
use nalgebra::{matrix, vector};

fn main() {
    let a = matrix![2.0, 1.0; 1.0, 3.0];
    let d = vector![3.0, 0.2, 1.0];
    let _ = try_linop!(sqrt(kron(a, diag(d))));
}
