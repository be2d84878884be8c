//! The macro brings no warning into the user's code.
#![deny(warnings, unused_braces, unused_parens, unused_qualifications)]
use cola::prelude::*;
use nalgebra::{Matrix2, matrix, vector};

fn main() -> cola::Result<()> {
    let (a, d) = (matrix![2.0, 1.0; 1.0, 3.0], vector![3.0, 0.2]);
    let owned = linop!((psd(a) + 2 * { a }) * diag(d));
    let borrowed = linop!(kron(&a, diag(&d)) + 0.5 * I);
    let braces = linop!({ Matrix2::<f64>::identity() } - { a }.T);
    let fallible = try_linop!(inv(psd(a)) * (psd(a)^(1/2)))?;
    let sizes = owned.nrows() + borrowed.nrows() + braces.nrows() + fallible.nrows();
    assert_eq!(sizes, 10);
    Ok(())
}
