//! A 6 x 6 operator on a vector of 5.
use cola::prelude::*;
use nalgebra::{matrix, vector};

fn main() {
    let (a, d) = (matrix![2.0, 1.0; 1.0, 3.0], vector![1.0, 2.0, 3.0]);
    let k = linop!(kron(a, diag(d)));
    let _ = k.apply(&vector![1.0, 2.0, 3.0, 4.0, 5.0]);
}
