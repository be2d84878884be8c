//! X * A * X.H needs a square A of the size of X's columns.
use cola::prelude::*;
use nalgebra::matrix;

fn main() {
    let (x, a) = (matrix![1.0, 2.0; 3.0, 4.0; 5.0, 6.0], matrix![1.0, 2.0, 3.0; 4.0, 5.0, 6.0; 7.0, 8.0, 9.0]);
    let _ = linop!(x * a * x.H);
}
