//! Leaves: owned, borrowed, views, field paths, braces, constants.
use cola::prelude::*;
use nalgebra::{DMatrix, Matrix2, Matrix3, Vector2, matrix};

const A: Matrix2<f64> = Matrix2::new(2.0, 1.0, 1.0, 3.0);
struct Kernel {
    a: Matrix2<f64>,
    scales: (f64, Vec<f64>),
}
struct Model {
    k: Kernel,
}
impl Model {
    fn owned(&self) -> f64 {
        linop!(self.k.scales.0 * self.k.a).apply(&[1.0, 0.0])[0]
    }
    fn borrowed(&self) -> impl LinearOperator<Scalar = f64> + '_ {
        linop!(kron(psd(&self.k.a), diag(&self.k.scales.1)))
    }
}
fn through_references(a: &Matrix2<f64>, d: &[f64]) -> f64 {
    linop!(&a + diag(d)).apply(&[1.0, 0.0])[0] + linop!(a).apply(&[1.0, 0.0])[0]
}

fn main() {
    let model = Model { k: Kernel { a: A, scales: (0.5, vec![1.0, 2.0, 3.0]) } };
    assert_eq!(model.owned(), 1.0);
    assert_eq!(model.borrowed().shape(), (6, 6));
    assert_eq!(through_references(&A, &[1.0, 2.0]), 5.0);
    let (big, d): (DMatrix<f64>, _) = (DMatrix::from_element(4, 4, 1.0), Vector2::new(1.0, 2.0));
    assert_eq!(linop!({ big.view((0, 0), (2, 2)) } + diag(d)).shape(), (2, 2));
    assert_eq!(linop!({ Matrix3::<f64>::identity() } + { Matrix3::<f64>::zeros() }).shape(), (3, 3));
    assert_eq!(linop!(psd(A) + { let b = matrix![1.0, 0.0; 0.0, 1.0]; b }).shape(), (2, 2));
    assert_eq!(linop!(diag([1.0, 2.0]) + diag(vec![1.0, 2.0]) + diag(&d)).shape(), (2, 2));
    assert_eq!(linop!(diag(d.map(|x| 2.0 * x))).apply(&[1.0, 1.0]), [2.0, 4.0]);
    let pair = (A, (A, A));
    assert_eq!(linop!(pair.0 * pair.1.0 + pair.1.1).shape(), (2, 2));
}
