//! An identity without a neighbour has no size.
use cola::prelude::*;

fn main() {
    let k = linop!(2 * I);
    let _ = k.nrows();
}
