//! No Cholesky factor of what is singular by its structure, promised or not.
use cola::prelude::*;
use nalgebra::matrix;

fn main() {
    let u = matrix![1.0; 2.0];
    let _ = linop!(psd(low_rank(u, u))).cholesky();
}
