//! A batch needs a scalar that it can widen.
use cola::prelude::*;
use nalgebra::Vector2;

#[vmap]
fn scale(x: Vector2<f64>) -> cola::Result<Vector2<f64>> {
    Ok(x * 2.0)
}

fn main() {
    let _ = scale(Vector2::new(1.0, 2.0));
}
