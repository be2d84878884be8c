//! Powers with literal exponents.
use cola::prelude::*;
use nalgebra::{Matrix2, matrix, vector};

fn main() -> cola::Result<()> {
    let a: Matrix2<f64> = matrix![2.0, 1.0; 1.0, 3.0];
    let v = vector![1.0, -2.0];
    assert_eq!(linop!(a^3).apply(&v), a * a * a * v);
    assert_eq!(linop!(2 * a^2 + a).apply(&v), 2.0 * a * a * v + a * v);
    let same = try_linop!(a^-1 * a)?;
    assert!((same.apply(&v) - v).norm() < 1e-14);
    let (half, minus_half) = (try_linop!(psd(a)^(1/2))?, try_linop!(psd(a)^(-1/2))?);
    assert!((half.apply(&minus_half.apply(&v)) - v).norm() < 1e-14);
    let third = try_linop!(psd(a)^(1/3))?;
    assert!((third.apply(&third.apply(&third.apply(&v))) - a * v).norm() < 1e-13);
    let again = try_linop!((psd(a)^-1)^-1)?;
    assert_eq!(again.apply(&v), a * v);
    let p = 0.25;
    assert_eq!(try_linop!(pow(psd(a), p))?.nrows(), 2);
    Ok(())
}
