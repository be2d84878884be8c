//! What the README shows first: composed, rooted, applied.
use cola::prelude::*;
use nalgebra::{SVector, Vector6, matrix, vector};

fn main() -> cola::Result<()> {
    let (a, d) = (matrix![2.0, 1.0; 1.0, 3.0], vector![3.0, 0.2, 1.0]);
    let k = linop!(kron(psd(a), diag(d)));
    let v: SVector<f64, 6> = Vector6::new(1.0, 2.0, 3.0, 4.0, 5.0, 6.0);
    let root = k.sqrt()?;
    assert!((root.apply(&root.apply(&v)) - k.apply(&v)).norm() < 1e-12);
    assert!((k.apply(&k.solve(&v)?) - v).norm() < 1e-12);
    assert!((k.logdet()? - (3.0 * 5f64.ln() + 2.0 * 0.6f64.ln())).abs() < 1e-12);
    Ok(())
}
