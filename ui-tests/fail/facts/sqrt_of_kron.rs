//! sqrt of a Kronecker product: the factor without a promise is named.
use cola::prelude::*;
use nalgebra::{matrix, vector};

fn main() {
    let (a, d) = (matrix![2.0, 1.0; 1.0, 3.0], vector![3.0, 0.2, 1.0]);
    let k = linop!(kron(a, diag(d)));
    let _ = k.sqrt();
}
