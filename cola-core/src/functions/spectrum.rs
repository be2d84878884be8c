//! Eigen-decomposition of self-adjoint operators, A = V diag(w) V^H, with V an operator of the structure of A.

use crate::algorithms::sylvester::KronSumFactor;
use crate::data::Column;
use crate::error::Result;
use crate::facts::{Facts, SelfAdjointFacts};
use crate::operator::short::Sc;
use crate::operator::{LinearOperator, Operator};
use crate::ops::Spectral;
use crate::scalar::{Real, Scalar};
use num_traits::Zero;
use std::sync::Arc;

/// How a self-adjoint structure is diagonalised, given the facts `K`.
#[diagnostic::on_unimplemented(
    message = "no eigen-decomposition rule for `{Self}`",
    label = "`{Self}` has no `eigh` rule",
    note = "say that it is self-adjoint: `self_adjoint(..)` or `psd(..)`; an operator of your own gets base cases by `base_rules!`"
)]
pub trait EighRule<K: Facts>: Operator {
    /// The eigenvectors: a unitary operator.
    type Basis: Operator<Scalar = Self::Scalar>;
    /// V and w, in the order that the structure gives.
    ///
    /// # Errors
    /// `NotConverged`, `NonFinite`, `ShapeMismatch`.
    fn eigh_rule(&self) -> Result<Spectral<Self::Basis, SelfAdjointFacts>>;
}
/// Has an eigen-decomposition rule for the facts it has.
#[diagnostic::on_unimplemented(
    message = "no eigen-decomposition rule for `{Self}`",
    label = "`{Self}` has no `eigh` rule",
    note = "say that it is self-adjoint: `self_adjoint(..)` or `psd(..)`; an operator of your own gets base cases by `base_rules!`"
)]
pub trait HasEigh: EighRule<<Self as Operator>::Facts> {}
#[diagnostic::do_not_recommend]
impl<A: EighRule<<A as Operator>::Facts>> HasEigh for A {}
/// The type of the eigenvectors of `A`.
pub type Eigh<A> = <A as EighRule<<A as Operator>::Facts>>::Basis;

/// The eigen-decomposition of a structure that may have one, without the demand that it is known to be self-adjoint: what sums of
/// commuting parts (A + c I, A x I + I x B) ask of their parts. Structures with base cases get it from `base_rules!`.
#[diagnostic::on_unimplemented(
    message = "it is not known whether `{Self}` has an eigen-decomposition",
    label = "`{Self}` has no `spectrum` rule",
    note = "an operator of your own gets all base cases by `cola::base_rules! {{ [] Mine }}`"
)]
pub trait SpectrumRule<K: Facts>: Operator {
    /// The eigenvectors: a unitary operator.
    type Vectors: LinearOperator<Scalar = Self::Scalar> + Clone;
    /// True if the eigen-decomposition is cheaper than a factorisation of the dense matrix.
    const STRUCTURED: bool;
    /// True if [`spectrum_rule`](Self::spectrum_rule) applies: the structure is self-adjoint, and not too large for it.
    fn has_spectrum(&self) -> bool;
    /// V and w, in the order that the structure gives.
    ///
    /// # Errors
    /// `NotConverged`, `NonFinite`, `ShapeMismatch`.
    fn spectrum_rule(&self) -> Result<Spectral<Self::Vectors, SelfAdjointFacts>>;
    /// True if [`normal_rule`](Self::normal_rule) applies: the structure is normal, V diag(z) V^H with complex z, and says so.
    fn is_normal(&self) -> bool {
        self.has_spectrum()
    }
    /// V and z, in the order that the structure gives.
    ///
    /// # Errors
    /// As [`spectrum_rule`](Self::spectrum_rule).
    fn normal_rule(&self) -> Result<NormalParts<Self::Vectors>> {
        let (v, w) = self.spectrum_rule()?.into_parts();
        let mut z = Column::filled(w.len(), Sc::<Self>::zero());
        z.iter_mut().zip(&w).for_each(|(z, &w)| *z = Sc::<Self>::from_re(w));
        Ok((v, z))
    }
    /// True if A + c I is solved through the Schur forms of the parts where there is no spectrum.
    fn has_shifted_factor(&self) -> bool {
        false
    }
    /// A + c I, factored through the Schur forms of the parts; `None` where
    /// [`has_shifted_factor`](Self::has_shifted_factor) is false.
    ///
    /// # Errors
    /// `NotConverged`, `NonFinite`.
    fn shifted_factor(&self, _: Self::Scalar) -> Result<Option<Arc<dyn KronSumFactor<Self::Scalar>>>> {
        Ok(None)
    }
}
/// Unitary eigenvectors and their eigenvalues.
pub type NormalParts<V> = (V, Column<<V as Operator>::Scalar, <V as Operator>::Cols>);
/// Says by its own facts whether it has an eigen-decomposition.
pub trait MaySpectrum: SpectrumRule<<Self as Operator>::Facts> {}
#[diagnostic::do_not_recommend]
impl<A: SpectrumRule<<A as Operator>::Facts>> MaySpectrum for A {}
/// The values `w` in ascending order, or descending; `order` says where each stood. Lanes stay as they are, because each would need an order
/// of its own. Of the number type alone, and the sort of none: it is compiled once and not for every operator.
pub(crate) fn arranged<R: Real>(w: &[R], descending: bool, sorted: &mut [R], order: &mut [usize]) {
    order.iter_mut().enumerate().for_each(|(i, o)| *o = i);
    if R::LANES == 1 {
        let sign = if descending { -1.0 } else { 1.0 };
        sort_by_key(order, &|i| sign * w[i].lane_f64(0));
    }
    order.iter().zip(sorted).for_each(|(&i, s)| *s = w[i]);
}
/// The values in descending order, each lane by itself.
pub(crate) fn descend<R: Real>(s: &mut [R]) {
    let mut order: Vec<usize> = (0..s.len()).collect();
    for lane in 0..R::LANES {
        let old = s.to_vec();
        sort_by_key(&mut order, &|i| -old[i].lane_f64(lane));
        for (k, x) in s.iter_mut().enumerate() {
            *x = R::from_lanes(|l| old[if l == lane { order[k] } else { k }].lane(l));
        }
    }
}
/// Stable, NaN last.
fn sort_by_key(order: &mut [usize], key: &dyn Fn(usize) -> f64) {
    order.sort_by(|&i, &j| key(i).total_cmp(&key(j)));
}
/// The type of the eigenvectors that `A` may have.
pub type Vectors<A> = <A as SpectrumRule<<A as Operator>::Facts>>::Vectors;
