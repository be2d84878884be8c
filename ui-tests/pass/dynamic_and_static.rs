//! Static and dynamic sizes mix; what is static stays static.
use cola::prelude::*;
use cola::Const;
use nalgebra::{DMatrix, DVector, Matrix2, Matrix3, Vector2};

fn static_rows<A: Operator<Rows = Const<2>>>(_: &A) {}

fn main() -> cola::Result<()> {
    let (a, m) = (Matrix2::new(2.0, 1.0, 1.0, 3.0), DMatrix::<f64>::identity(2, 2));
    let k = linop!(psd(a) + psd(&m));
    static_rows(&k);
    static_rows(&linop!(&m + a));
    let x: Vector2<f64> = k.solve(&Vector2::new(1.0, 2.0))?;
    let y: DVector<f64> = k.solve(&DVector::from_vec(vec![1.0, 2.0]))?;
    assert_eq!(x.as_slice(), y.as_slice());
    assert_eq!(linop!(kron(a, &m) * kron(&m, a)).shape(), (4, 4));
    let d = DVector::from_vec(vec![1.0, 2.0, 3.0]);
    assert_eq!(linop!([a, { nalgebra::Matrix2x3::<f64>::zeros() }; { DMatrix::<f64>::zeros(3, 2) }, diag(&d)]).shape(), (5, 5));
    assert_eq!(linop!(block_diag({ Matrix3::<f64>::identity() }, diag(d))).apply(&vec![1.0; 6]).len(), 6);
    Ok(())
}
