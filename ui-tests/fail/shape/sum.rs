//! A 2 x 2 leaf plus a 3 x 3 leaf.
use cola::prelude::*;
use nalgebra::{matrix, vector};

fn main() {
    let a = matrix![1.0, 2.0; 3.0, 4.0];
    let d = vector![1.0, 2.0, 3.0];
    let _ = linop!(a + diag(d));
}
