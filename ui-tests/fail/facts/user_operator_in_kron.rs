//! A user's operator without rules inside a Kronecker product: it is named.
use cola::prelude::*;
use cola::{Const, General, NoFacts, Update, View, ViewMut};

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

fn main() {
    let _ = Kron::new(Flip, Diagonal::new([1.0, 2.0])).logdet();
}
