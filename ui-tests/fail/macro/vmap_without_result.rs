//! A lane can fail by itself.
use cola::prelude::*;
use nalgebra::Vector2;

#[vmap]
fn scale<T: Scalar>(x: Vector2<T>) -> Vector2<T> {
    x * T::of(2.0)
}

fn main() {
    let _ = scale(Vector2::new(1.0, 2.0));
}
