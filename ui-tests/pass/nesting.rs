//! Eight levels of composition, solved and rooted.
use cola::prelude::*;
use nalgebra::{DVector, Matrix2, vector};

fn main() -> cola::Result<()> {
    let a = Matrix2::new(2.0, 1.0, 1.0, 3.0);
    let k = linop!(2 * block_diag(kron(psd(&a + 2 * I), psd(diag([1.0, 2.0]))), psd(psd(psd(a).T) + 0.5 * I)[0..2, 0..2]));
    assert_eq!(k.shape(), (6, 6));
    let b = DVector::from_element(6, 1.0);
    assert!((k.apply(&k.solve(&b)?) - &b).norm() < 1e-12);
    let root = k.sqrt()?;
    assert!((root.apply(&root.apply(&b)) - k.apply(&b)).norm() < 1e-12);
    let deep = linop!(((((((a * a) + a).T * a) + I) * diag(vector![1.0, 2.0])).H - a) * a);
    assert_eq!(deep.apply(&vector![1.0, 0.0]).len(), 2);
    Ok(())
}
