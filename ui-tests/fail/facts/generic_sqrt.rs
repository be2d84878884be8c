//! A generic function that takes roots states so: `A: Rootable`.
use cola::prelude::*;

fn root<A: LinearOperator<Scalar = f64>>(a: &A, b: &[f64]) -> cola::Result<Vec<f64>> {
    Ok(a.sqrt()?.apply(b))
}

fn main() {
    let _ = root(&Psd::new(Diagonal::new([1.0, 2.0])), &[1.0, 1.0]);
}
