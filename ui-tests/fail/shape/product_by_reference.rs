//! The same between plain Rust values.
use cola::prelude::*;
use nalgebra::{matrix, vector};

fn main() {
    let a = Dense::new(matrix![1.0, 2.0; 3.0, 4.0]);
    let d = Diagonal::new(vector![1.0, 2.0, 3.0]);
    let _ = &a * &d;
}
