//! A batch is the same operator type over a wider number.
use cola::prelude::*;
use nalgebra::{Matrix2, SMatrix, SVector, Vector3, Vector6};

type Cov<T> = linop_type!(kron(psd(SMatrix<T, 2, 2>), diag(SVector<T, 3>)));

fn white<T: Scalar>(k: &Cov<T>, v: &SVector<T, 6>) -> cola::Result<SVector<T, 6>> {
    Ok(k.isqrt()?.apply(v))
}

fn main() -> cola::Result<()> {
    let one = |l: usize| -> Cov<f64> {
        let (a, d) = (Matrix2::new(2.0, 1.0, 1.0, 3.0) * (1.0 + l as f64), Vector3::new(3.0, 0.2, 1.0));
        linop!(kron(psd(a), diag(d)))
    };
    let batch: Cov<Lanes<f64, 8>> = stack(core::array::from_fn(one))?;
    let v = Vector6::repeat(1.0);
    let ys: [Vector6<f64>; 8] = unstack(white(&batch, &stack([v; 8])?)?);
    for (l, y) in ys.iter().enumerate() {
        assert!((y - white(&one(l), &v)?).norm() < 1e-12);
    }
    Ok(())
}
