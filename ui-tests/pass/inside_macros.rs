//! `linop!` inside a user's `macro_rules!`: `$e` stays one operand.
use cola::prelude::*;
use nalgebra::matrix;

macro_rules! twice {
    ($e:expr) => {
        linop!(2 * $e)
    };
}
macro_rules! all {
    ($($a:ident),*) => {
        ($(linop!(psd($a) + I),)*)
    };
}

fn main() -> cola::Result<()> {
    let (a, b) = (matrix![2.0, 1.0; 1.0, 3.0], matrix![1.0, 0.0; 0.0, 1.0]);
    assert_eq!(twice!(a + b).trace()?, 14.0);
    let (p, q) = all!(a, b);
    assert_eq!(p.trace()? + q.trace()?, 11.0);
    Ok(())
}
