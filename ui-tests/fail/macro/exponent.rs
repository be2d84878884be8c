//! An exponent that is no literal.
use cola::prelude::*;
use nalgebra::matrix;

fn main() {
    let (a, p) = (matrix![2.0, 1.0; 1.0, 3.0], 3);
    let _ = linop!(a^p);
}
