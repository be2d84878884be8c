//! Lanes cannot take different branches.
use cola::prelude::*;

#[vmap]
fn positive<T: Real>(x: T) -> cola::Result<T> {
    if x > T::of(0.0) { Ok(x) } else { Ok(-x) }
}

fn main() {
    let _ = positive(1.0);
}
