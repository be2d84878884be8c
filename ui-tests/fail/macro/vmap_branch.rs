//! Lanes cannot take different branches: numbers are compared to masks, and `T::select` chooses.
use cola::prelude::*;
use nalgebra::Vector2;

#[vmap]
fn positive<T: Real>(x: Vector2<T>) -> cola::Result<Vector2<T>> {
    if x[0].lt(T::of(0.0)) { Ok(-x) } else { Ok(x) }
}

fn main() {
    let _ = positive(Vector2::new(1.0, 2.0));
}
