//! An unknown word: the nearest one is proposed.
use cola::prelude::*;
use nalgebra::{matrix, vector};

fn main() {
    let (a, d) = (matrix![2.0, 1.0; 1.0, 3.0], vector![3.0, 0.2, 1.0]);
    let _ = linop!(krn(psd(a), diag(d)));
}
