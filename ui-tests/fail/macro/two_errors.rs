//! All that is wrong is said at once.
use cola::prelude::*;
use nalgebra::matrix;

fn main() {
    let (a, p) = (matrix![2.0, 1.0; 1.0, 3.0], 3);
    let _ = linop!(kron(a^p, [a, a; a]));
}
