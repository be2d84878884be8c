//! `.T` is written with a capital.
use cola::prelude::*;
use nalgebra::matrix;

fn main() {
    let a = matrix![2.0, 1.0; 1.0, 3.0];
    let _ = linop!(psd(a).t);
}
