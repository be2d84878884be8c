//! 6 x 6 times 5 x 5, found when the sizes are computed.
use cola::prelude::*;
use nalgebra::{matrix, vector};

fn main() {
    let (a, d) = (matrix![2.0, 1.0; 1.0, 3.0], vector![1.0, 2.0, 3.0]);
    let _ = linop!(kron(a, diag(d)) * block_diag(a, diag(d)));
}
