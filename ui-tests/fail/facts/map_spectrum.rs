//! A function of the spectrum of a product: nothing is known of it.
use cola::prelude::*;
use nalgebra::matrix;

fn main() {
    let a = linop!({ matrix![2.0, 1.0; 1.0, 3.0] } * { matrix![1.0, 1.0; 0.0, 1.0] });
    let _ = a.map_spectrum(|x| x + 1.0);
}
