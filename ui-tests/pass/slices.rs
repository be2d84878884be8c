//! Slices: static and dynamic ranges, index lists.
use cola::prelude::*;
use cola::{Const, Fact, Facts};
use nalgebra::{DMatrix, Matrix3, matrix, vector};

fn columns<A: Operator<Cols = Const<2>>>(_: &A) {}

fn main() -> cola::Result<()> {
    let a: Matrix3<f64> = matrix![4.0, 1.0, 0.0; 1.0, 4.0, 1.0; 0.0, 1.0, 4.0];
    let (from, list) = (1, vec![2, 0]);
    columns(&linop!(a[.., 0..2]));
    columns(&linop!(a[0..=1, 1..=2]));
    assert_eq!(linop!(a[from.., ..2]).shape(), (2, 2));
    assert_eq!(linop!(a[&list, [0, 1, 1]]).to_dense(), DMatrix::from_row_slice(2, 3, &[0.0, 1.0, 1.0, 4.0, 1.0, 1.0]));
    let principal = linop!(psd(a)[0..2, 0..2]);
    fn psd_is_known<A: Operator>(_: &A) -> bool {
        <A::Facts as Facts>::Psd::KNOWN
    }
    assert!(psd_is_known(&principal) && !psd_is_known(&linop!(psd(a)[0..2, 1..3])));
    assert!((principal.apply(&principal.solve(&vector![1.0, 2.0])?) - vector![1.0, 2.0]).norm() < 1e-14);
    assert!(try_linop!(a[list.clone(), 0..5.min(from)]).is_ok());
    assert!(try_linop!(a[vec![7], ..]).is_err());
    let method = linop!(&a);
    assert_eq!(method.slice(0..2, ..).shape(), (2, 3));
    Ok(())
}
