//! An entrywise product needs two operators of one shape.
use cola::prelude::*;
use nalgebra::matrix;

fn main() {
    let (a, b) = (matrix![1.0, 2.0; 3.0, 4.0], matrix![1.0, 2.0, 3.0; 4.0, 5.0, 6.0]);
    let _ = linop!(hadamard(a, b));
}
