//! The bound of a generic function, not met by its argument.
use cola::prelude::*;
use nalgebra::matrix;

fn root<A: Rootable<Scalar = f64>>(_: &A) {}

fn main() {
    root(&Dense::new(matrix![2.0, 1.0; 1.0, 3.0]));
}
