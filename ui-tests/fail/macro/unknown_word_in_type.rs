//! The same in a type.
use cola::prelude::*;

fn main() {
    let _: linop_type!(krn(psd(nalgebra::SMatrix<f64, 2, 2>), diag([f64; 3])));
}
