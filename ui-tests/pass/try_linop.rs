//! `try_linop!` evaluates functions, and `?` passes its error on.
use cola::prelude::*;
use nalgebra::{DMatrix, DVector, Matrix2, matrix, vector};

fn solve(a: &Matrix2<f64>) -> cola::Result<f64> {
    let k = try_linop!(kron(inv(psd(a)), sqrt(psd(a))) + exp(self_adjoint({ a.kronecker(a) })))?;
    Ok(k.trace()? + try_linop!(a * inv(a))?.trace()?)
}
fn boxed(a: &Matrix2<f64>) -> Result<f64, Box<dyn std::error::Error>> {
    let parsed: f64 = "0.5".parse()?;
    let k = try_linop!(nonnegative(parsed) * psd(a) + { linop!(psd(a)).inv()? })?;
    Ok(k.logdet()?)
}

fn main() {
    let a = matrix![2.0, 1.0; 1.0, 3.0];
    assert!(solve(&a).is_ok() && boxed(&a).is_ok());
    assert!(matches!(try_linop!(inv({ Matrix2::<f64>::zeros() })), Err(Error::Singular { .. })));
    assert!(matches!(try_linop!(sqrt(self_adjoint({ -a }))), Err(Error::NegativeEigenvalue { .. })));
    let (big, d) = (DMatrix::<f64>::zeros(2, 2), DVector::<f64>::zeros(3));
    assert!(matches!(try_linop!(&big + diag(&d)), Err(Error::ShapeMismatch { .. })));
    assert!(matches!(try_linop!(&big * diag(&d)), Err(Error::ShapeMismatch { .. })));
    assert!(try_linop!(diag(vector![1.0, 2.0]) + I).is_ok());
}
