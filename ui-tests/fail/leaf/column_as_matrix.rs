//! A nalgebra vector is a matrix of one column: its size gives it away.
use cola::prelude::*;
use nalgebra::{matrix, vector};

fn main() {
    let (a, d) = (matrix![2.0, 1.0; 1.0, 3.0], vector![1.0, 2.0]);
    let _ = linop!(a + d);
}
