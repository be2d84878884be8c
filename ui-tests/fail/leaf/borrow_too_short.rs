//! A borrowed leaf lives as long as its operator.
use cola::prelude::*;
use nalgebra::matrix;

fn main() {
    let k = {
        let a = matrix![2.0, 1.0; 1.0, 3.0];
        linop!(psd(&a))
    };
    let _ = k.nrows();
}
