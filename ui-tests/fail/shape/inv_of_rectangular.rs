//! `inv` of a 2 x 3 operator.
use cola::prelude::*;
use nalgebra::matrix;

fn main() {
    let a = Dense::new(matrix![1.0, 2.0, 3.0; 4.0, 5.0, 6.0]);
    let _ = a.inv();
}
