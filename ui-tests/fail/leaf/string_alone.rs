//! The same without a word.
use cola::prelude::*;

fn main() {
    let a = "2 x 2".to_string();
    let _ = linop!(a);
}
