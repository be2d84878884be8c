//! The bound of a generic function, not met by its argument.
use cola::prelude::*;
use nalgebra::matrix;

fn energy<A: Solvable<Scalar = f64>>(a: &A, b: &[f64]) -> cola::Result<f64> {
    a.inv_quad(b)
}

fn main() {
    let _ = energy(&Dense::new(matrix![1.0, 2.0, 3.0; 4.0, 5.0, 6.0]), &[1.0, 1.0]);
}
