//! A Kronecker sum needs square factors.
use cola::prelude::*;
use nalgebra::matrix;

fn main() {
    let (a, b) = (matrix![1.0, 2.0, 3.0; 4.0, 5.0, 6.0], matrix![1.0, 2.0; 3.0, 4.0]);
    let _ = linop!(kron_sum(a, b));
}
