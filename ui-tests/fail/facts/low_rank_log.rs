//! An operator of low rank has no logarithm.
use cola::prelude::*;
use nalgebra::matrix;

fn main() {
    let a = linop!(low_rank(matrix![1.0; 2.0], matrix![3.0; 4.0]));
    let _ = a.log();
}
