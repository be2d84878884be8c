//! A promise about a number.
use cola::prelude::*;

fn main() {
    let _ = linop!(psd(2.0));
}
