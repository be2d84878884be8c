//! The same inside the macro.
use cola::prelude::*;
use nalgebra::matrix;

fn main() {
    let a = matrix![1.0, 2.0, 3.0; 4.0, 5.0, 6.0];
    let _ = try_linop!(inv(a));
}
