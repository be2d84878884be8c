//! A struct of the user's own is not an operator by itself.
use cola::prelude::*;

struct Mine;

fn main() {
    let _ = linop!(2 * Mine);
}
