//! A tree of parameters owns its leaves, or is generic over the part that may borrow.
use cola::prelude::*;

#[derive(Parameters)]
struct Model<'a, T> {
    weights: &'a [T],
}

fn main() {}
