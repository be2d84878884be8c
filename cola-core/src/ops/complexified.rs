//! A real operator on complex vectors.

use crate::operator::short::{Co, Fa, Ro, Sc};
use crate::operator::{LinearOperator, Operator, Update, operator, with_scratch};
use crate::plan::{Explain, Plan, Question, Tree, base, part};
use crate::scalar::Scalar;
use crate::view::{View, ViewMut};
use num_traits::{One, Zero};

/// A over the complex numbers: A (x + i y) = A x + i A y. Eigenvectors of a real operator are of this kind where the operator gives them
/// in real numbers.
#[derive(Clone, Copy, Debug)]
pub struct Complexified<A>(pub A);
operator!([A: Operator] Complexified<A> {
    scalar <Sc<A> as Scalar>::Complex; facts Fa<A>; rows Ro<A>; cols Co<A>; nrows |s| s.0.nrows(); ncols s.0.ncols();
    dense A::HOLDS_DENSE; iterative A::ITERATIVE;
});
impl<A: LinearOperator> LinearOperator for Complexified<A> {
    fn act(&self, how: Update<Sc<Self>>, x: View<'_, Sc<Self>>, mut y: ViewMut<'_, Sc<Self>>, _: &mut [Sc<Self>]) {
        let (m, n) = (y.rows, x.rows);
        let inner = Update { alpha: Sc::<A>::one(), add: false, adjoint: how.adjoint };
        // numbers of another type than the caller's scratch
        with_scratch(n + 2 * m + self.0.scratch_len(1), |s: &mut [Sc<A>]| {
            let (part, s) = s.split_at_mut(n);
            let (re, s) = s.split_at_mut(m);
            let (im, s) = s.split_at_mut(m);
            for c in 0..x.cols {
                (0..n).for_each(|i| part[i] = Sc::<A>::from_re(x.at(i, c).re()));
                self.0.act(inner, View::vector(part), ViewMut::vector(re), s);
                (0..n).for_each(|i| part[i] = Sc::<A>::from_re(x.at(i, c).im()));
                self.0.act(inner, View::vector(part), ViewMut::vector(im), s);
                let i = Sc::<A>::complex(Zero::zero(), One::one());
                (0..m).for_each(|k| how.write(y.at(k, c), re[k].to_complex() + i * im[k].to_complex()));
            }
        })
    }
    fn scratch_len(&self, _: usize) -> usize {
        0
    }
}
crate::base_rules!([A: Operator] Complexified<A>);
impl<A: Explain> Explain for Complexified<A> {
    fn plan<K: crate::facts::Facts>(&self, question: Question) -> Plan {
        match question {
            Question::Apply => Plan::weighted("real and imaginary part", [(2, part(&self.0, question))]),
            _ => base::<K, Self>(self, question),
        }
    }
    fn tree<K: crate::facts::Facts>(&self) -> Tree {
        Tree::node::<K, Self>(self, vec![self.0.tree::<Fa<A>>()])
    }
}
