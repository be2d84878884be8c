//! An index that is none.
use cola::prelude::*;
use nalgebra::matrix;

fn main() {
    let a = matrix![2.0, 1.0; 1.0, 3.0];
    let _ = linop!(a[.., 1.5]);
}
