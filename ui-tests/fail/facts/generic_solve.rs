//! A generic function that solves states so: `A: Solvable`.
use cola::prelude::*;

fn energy<A: LinearOperator<Scalar = f64>>(a: &A, b: &[f64]) -> cola::Result<f64> {
    a.inv_quad(b)
}

fn main() {
    let _ = energy(&Diagonal::new([1.0, 2.0]), &[1.0, 1.0]);
}
