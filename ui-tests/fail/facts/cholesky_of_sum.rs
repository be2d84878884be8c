//! A sum is PSD if both parts are known to be: `diag(d)` alone is not.
use cola::prelude::*;
use nalgebra::{matrix, vector};

fn main() {
    let (a, d) = (matrix![2.0, 1.0; 1.0, 3.0], vector![3.0, 0.2]);
    let k = linop!(psd(a) + diag(d));
    let _ = k.cholesky();
}
