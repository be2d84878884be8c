//! A matrix of integers.
use cola::prelude::*;
use nalgebra::matrix;

fn main() {
    let a = matrix![2, 1; 1, 3];
    let _ = linop!(psd(a));
}
