//! A projection has no inverse and no logarithm.
use cola::prelude::*;
use nalgebra::matrix;

fn main() {
    let p = linop!(projection(matrix![0.6; 0.8]));
    let _ = p.inv();
    let _ = p.log();
}
