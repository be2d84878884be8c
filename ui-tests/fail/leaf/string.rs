//! A String is no operator.
use cola::prelude::*;

fn main() {
    let a = "2 x 2".to_string();
    let _ = linop!(psd(a));
}
