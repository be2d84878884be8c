//! What is of low rank has no inverse: the message says what to add.
use cola::prelude::*;
use nalgebra::{matrix, vector};

fn main() {
    let k = linop!(low_rank({ matrix![1.0; 2.0] }, { matrix![3.0; 4.0] }));
    let _ = k.inv();
    let _ = k.solve(&vector![1.0, 2.0]);
}
