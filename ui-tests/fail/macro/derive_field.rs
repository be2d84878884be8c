//! A field that holds no numbers is skipped.
use cola::prelude::*;

#[derive(Parameters)]
struct Model<T: Scalar> {
    noise: Diagonal<Vec<T>>,
    name: String,
}

fn main() {
    let _ = Model { noise: Diagonal::new(vec![1.0]), name: "m".to_string() };
}
