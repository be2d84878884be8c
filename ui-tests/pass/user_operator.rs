//! An operator of another crate joins by two lines.
use cola::prelude::*;
use cola::{Const, General, NoFacts, Update, View, ViewMut};
use nalgebra::{matrix, vector};

#[derive(Clone)]
struct Flip;
impl Operator for Flip {
    type Scalar = f64;
    type Facts = NoFacts;
    type Class = General;
    type Rows = Const<2>;
    type Cols = Const<2>;
    fn nrows(&self) -> usize {
        2
    }
    fn ncols(&self) -> usize {
        2
    }
}
impl LinearOperator for Flip {
    fn act(&self, how: Update<f64>, x: View<'_, f64>, mut y: ViewMut<'_, f64>, _: &mut [f64]) {
        (0..x.cols).for_each(|c| (0..2).for_each(|i| how.write(y.at(i, c), x.at(1 - i, c))))
    }
    fn scratch_len(&self, _: usize) -> usize {
        0
    }
}
cola::operators!([] Flip);
cola::base_rules!([] Flip);

fn main() -> cola::Result<()> {
    let a = matrix![2.0, 1.0; 1.0, 3.0];
    assert_eq!(linop!(kron(Flip, a) * repeat::<2>(Flip.T)).shape(), (4, 4));
    assert_eq!(linop!(Flip + 2 * I).apply(&[1.0, 0.0]), [2.0, 1.0]);
    let dense = linop!(a);
    assert_eq!((&Flip + &dense).shape(), (2, 2));
    assert_eq!((&Flip * &dense).apply(&[1.0, 0.0]), [1.0, 2.0]);
    assert_eq!(&Flip * &vector![1.0, 2.0], vector![2.0, 1.0]);
    assert_eq!(Flip.solve(&vector![1.0, 2.0])?, vector![2.0, 1.0]);
    assert_eq!(linop!(kron(Flip, psd(a))).slogdet()?.0, 1.0);
    assert!(linop!(self_adjoint(Flip)).eigh()?.eigenvalues()[0] < -0.99);
    Ok(())
}
