//! U and V have as many columns.
use cola::prelude::*;
use nalgebra::matrix;

fn main() {
    let _ = linop!(low_rank({ matrix![1.0; 2.0] }, { matrix![1.0, 2.0; 3.0, 4.0] }));
}
