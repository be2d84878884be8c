//! The README's example.
use cola::prelude::*;
fn main() {
    let a = nalgebra::matrix![2.0, 1.0; 1.0, 3.0];
    let k = linop!(kron(a, diag([3.0, 0.2, 1.0])));
    k.cholesky();
}
