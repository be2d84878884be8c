//! `inv` of a 6 x 9 operator, found when the sizes are computed.
use cola::prelude::*;
use nalgebra::{matrix, vector};

fn main() {
    let (a, d) = (matrix![1.0, 2.0, 3.0; 4.0, 5.0, 6.0], vector![1.0, 2.0, 3.0]);
    let k = linop!(kron(a, diag(d)));
    let _ = k.inv();
}
