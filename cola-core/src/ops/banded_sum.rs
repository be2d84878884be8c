//! A + B of band matrices: a band matrix.

use crate::error::{Error, Result};
use crate::facts::{Facts, SumFacts};
use crate::functions::DiagonalRule;
use crate::gradient::{Differentiable, LogdetGradient, SpectrumGradient};
use crate::operator::short::{Fa, Ro, Sc};
use crate::operator::{LinearOperator, Operator, Update, operator};
use crate::ops::banded::band_rules;
use crate::ops::{Banded, Bands, Diagonal, DiagonalEntries, Identity, Scaled, ScaledIdentity, Sum};
use crate::parameters::tree_node;
use crate::scalar::Scalar;
use crate::space::{Space, demand};
use crate::view::{View, ViewMut};

/// A + B of band matrices (banded, tridiagonal, diagonal, c I, and what scales them): its parts stay apart, its rules are those of the
/// band matrix that it is.
///
/// ```
/// # use cola_core::prelude::*;
/// let l = Tridiagonal::symmetric(vec![2.0; 100], vec![-1.0; 99]);
/// let step = cola_core::dsl::add(Scaled::new(0.1, l), ScaledIdentity::<f64, _, _>::new(1.0, 100));   // I + 0.1 L: one step of implicit Euler
/// let x = step.solve(&vec![1.0; 100])?;
/// assert!(x[50] > 0.99 && x[0] < 1.0);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BandedSum<A, B>(pub A, pub B);
impl<A: Operator, B: Operator<Scalar = A::Scalar>> BandedSum<A, B> {
    const CHECK: () = demand("A + B", A::SHAPE, B::SHAPE, A::SHAPE.may_equal(B::SHAPE));
    /// A + B.
    ///
    /// # Errors
    /// `ShapeMismatch`.
    #[inline(always)]
    pub fn try_new(a: A, b: B) -> Result<Self> {
        let () = Self::CHECK;
        let (left, right) = ((a.nrows(), a.ncols()), (b.nrows(), b.ncols()));
        if left == right { Ok(BandedSum(a, b)) } else { Err(Error::ShapeMismatch { op: "A + B", left, right }) }
    }
}
operator!([A: Operator, B: Operator<Scalar = A::Scalar>] BandedSum<A, B> {
    scalar A::Scalar; facts SumFacts<Fa<A>, Fa<B>>; rows <Ro<A> as Space>::Or<Ro<B>>; cols <Ro<A> as Space>::Or<Ro<B>>;
    nrows |s| s.0.nrows(); ncols s.0.nrows(); class crate::classes::IsBanded;
});
crate::interop::saved!([A: Operator, B: Operator<Scalar = A::Scalar>] BandedSum<A, B>, "BandedSum", [] { left: A = |k| k.0, right: B = |k| k.1 } BandedSum::try_new(left, right));
tree_node!([A, B] BandedSum<A, B> { "0" => 0, "1" => 1 });
impl<A: LinearOperator, B: LinearOperator<Scalar = A::Scalar>> LinearOperator for BandedSum<A, B> {
    #[inline]
    fn act(&self, how: Update<Sc<A>>, x: View<'_, Sc<A>>, mut y: ViewMut<'_, Sc<A>>, s: &mut [Sc<A>]) {
        self.0.act(how, x, y.reborrow(), s);
        self.1.act(how.add(), x, y, s);
    }
    #[inline]
    fn scratch_len(&self, columns: usize) -> usize {
        self.0.scratch_len(columns).max(self.1.scratch_len(columns))
    }
}
/// The bands of a part, in the space of the whole.
fn add_part<A: Bands, S: Space>(a: &A, c: A::Scalar, to: &mut Banded<A::Scalar, S>) {
    let mut same = Banded::<A::Scalar, Ro<A>> {
        bands: core::mem::take(&mut to.bands),
        n: to.n,
        width: to.width,
        space: core::marker::PhantomData,
    };
    a.add_bands_to(c, &mut same);
    to.bands = same.bands;
}
impl<A: Bands, B: Bands<Scalar = A::Scalar>> Bands for BandedSum<A, B> {
    fn band_width(&self) -> (usize, usize) {
        let (a, b) = (self.0.band_width(), self.1.band_width());
        (a.0.max(b.0), a.1.max(b.1))
    }
    fn add_bands_to(&self, c: Sc<A>, to: &mut Banded<Sc<A>, Ro<Self>>) {
        add_part(&self.0, c, to);
        add_part(&self.1, c, to);
    }
}
/// Structures of the main diagonal alone.
macro_rules! one_diagonal {
    ([$($p:tt)*] $S:ty, |$s:ident, $i:ident| $entry:expr) => {
        impl<$($p)*> Bands for $S {
            fn band_width(&self) -> (usize, usize) {
                (0, 0)
            }
            fn add_bands_to(&self, c: Self::Scalar, to: &mut Banded<Self::Scalar, Self::Rows>) {
                let $s = self;
                for $i in 0..self.nrows() {
                    *to.at_mut($i, $i) += c * $entry;
                }
            }
        }
    };
}
one_diagonal!([V: crate::data::VectorData] Diagonal<V>, |s, i| s.diagonal_entry(i));
one_diagonal!([T: Scalar, S: Space] Identity<T, S>, |s, i| { let _ = (s, i); T::one() });
one_diagonal!([T: Scalar, S: Space, G: crate::facts::Sign] ScaledIdentity<T, S, G>, |s, i| { let _ = i; s.c });
impl<A: Bands, G: crate::facts::Sign> Bands for Scaled<A, Sc<A>, G> {
    fn band_width(&self) -> (usize, usize) {
        self.a.band_width()
    }
    fn add_bands_to(&self, c: Sc<A>, to: &mut Banded<Sc<A>, Ro<A>>) {
        self.a.add_bands_to(c * self.c, to)
    }
}
band_rules!([A: Bands, B: Bands<Scalar = A::Scalar>] BandedSum<A, B>);
impl<A: DiagonalRule, B: DiagonalRule<Scalar = A::Scalar>> DiagonalRule for BandedSum<A, B> {
    fn diagonal_rule(&self, k: isize, d: &mut [Sc<A>]) -> Result<()> {
        Sum(&self.0, &self.1).diagonal_rule(k, d)
    }
}

impl<A: Differentiable, B: Differentiable<Scalar = A::Scalar>> Differentiable for BandedSum<A, B> {
    fn parameters(&self) -> usize {
        self.0.parameters() + self.1.parameters()
    }
    fn accumulate_bilinear(&self, u: View<'_, Sc<A>>, v: View<'_, Sc<A>>, scale: Sc<A>, g: &mut [Sc<A>]) {
        Sum(&self.0, &self.1).accumulate_bilinear(u, v, scale, g)
    }
    fn accumulate_trace(&self, scale: Sc<A>, g: &mut [Sc<A>]) {
        Sum(&self.0, &self.1).accumulate_trace(scale, g)
    }
}
impl<K: Facts, A: Bands, B: Bands<Scalar = A::Scalar>> LogdetGradient<K> for BandedSum<A, B> where Self: Differentiable {}
impl<K: Facts, A: Bands, B: Bands<Scalar = A::Scalar>> SpectrumGradient<K> for BandedSum<A, B> where Self: Differentiable
{}
