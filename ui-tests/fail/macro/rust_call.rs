//! A Rust call goes in braces.
use cola::prelude::*;

fn main() {
    let _ = linop!(psd(nalgebra::Matrix2::identity()) + 2 * I);
}
