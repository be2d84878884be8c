//! A block matrix whose diagonal blocks are both of low rank: no Schur complement.
use cola::prelude::*;
use nalgebra::{matrix, vector};

fn main() {
    let (u, b) = (matrix![1.0; 2.0], matrix![1.0, 2.0; 3.0, 4.0]);
    let k = linop!([low_rank(u, u), b; b, low_rank(u, u)]);
    let _ = k.solve(&vector![1.0, 2.0, 3.0, 4.0]);
}
