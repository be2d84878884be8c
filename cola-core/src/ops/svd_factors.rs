//! U diag(s) V^H: an operator by its singular values.

use crate::data::Column;
use crate::error::Result;
use crate::facts::NoFacts;
use crate::operator::short::{Co, Re, Ro, Sc};
use crate::operator::{LinearOperator, Operator, Update, operator};
use crate::plan::{Explain, Tree};
use crate::scalar::{Real, Scalar};
use crate::view::{View, ViewMut};
use num_traits::Zero;

/// U diag(s) V^H with orthonormal columns in U and V and s >= 0: what `svd` returns. It is the operator again, and its fields are the
/// parts.
///
/// ```
/// # use cola_core::prelude::*;
/// let a = Dense::new(nalgebra::matrix![3.0f64, 0.0; 0.0, -4.0; 0.0, 0.0]);
/// let d = a.svd()?;
/// assert!((d.singular_values()[0] - 4.0).abs() < 1e-15 && (d.singular_values()[1] - 3.0).abs() < 1e-15);
/// assert!((d.to_dense() - a.to_dense()).norm() < 1e-14);
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct SvdFactors<U: Operator, V> {
    /// Left singular vectors.
    pub u: U,
    /// Singular values, in the order of the columns of U and V.
    pub s: Column<Re<U>, Co<U>>,
    /// Right singular vectors.
    pub v: V,
}
impl<U: Operator + Clone, V: Clone> Clone for SvdFactors<U, V> {
    fn clone(&self) -> Self {
        SvdFactors { u: self.u.clone(), s: self.s.clone(), v: self.v.clone() }
    }
}
impl<U: Operator, V: Operator<Scalar = U::Scalar>> SvdFactors<U, V> {
    /// From its parts; the caller answers for orthonormal columns.
    pub fn from_parts(u: U, s: Column<Re<U>, Co<U>>, v: V) -> Self {
        SvdFactors { u, s, v }
    }
    /// The singular values, in the order of the columns of U and V.
    pub fn singular_values(&self) -> &Column<Re<U>, Co<U>> {
        &self.s
    }
    /// U: the left singular vectors.
    pub fn left(&self) -> &U {
        &self.u
    }
    /// V: the right singular vectors.
    pub fn right(&self) -> &V {
        &self.v
    }
    /// U, s, V.
    pub fn into_parts(self) -> (U, Column<Re<U>, Co<U>>, V) {
        (self.u, self.s, self.v)
    }
    /// A^+ = V diag(s^+) U^H; singular values up to eps max(m, n) s_1 count as 0.
    ///
    /// # Errors
    /// `NonFinite`.
    pub fn pinv(&self) -> Result<SvdFactors<V, U>>
    where
        U: Clone,
        V: Clone,
    {
        crate::functions::dense::finite(&self.s, "the singular values")?;
        let mut s = crate::functions::svd::renamed(&self.s);
        crate::functions::pinv::reciprocals(&mut s, self.u.nrows().max(self.v.nrows()));
        Ok(SvdFactors { u: self.v.clone(), s, v: self.u.clone() })
    }
    /// How many singular values are above eps max(m, n) s_1; of lanes the fewest.
    pub fn rank(&self) -> usize {
        let (largest, size) =
            (self.s.iter().fold(Re::<U>::zero(), |m, x| m.max(*x)), self.u.nrows().max(self.v.nrows()));
        let tol = largest * Re::<U>::epsilon() * Re::<U>::real(size as f64);
        let of_lane = |lane: usize| self.s.iter().filter(|s| tol.lane_f64(lane) < s.lane_f64(lane)).count();
        (0..U::Scalar::LANES).map(of_lane).min().unwrap_or(0)
    }
}
operator!([U: Operator, V: Operator<Scalar = U::Scalar>] SvdFactors<U, V> {
    scalar U::Scalar; facts NoFacts; rows Ro<U>; cols Ro<V>; nrows |s| s.u.nrows(); ncols s.v.nrows(); dense U::HOLDS_DENSE;
});
impl<U: LinearOperator, V: LinearOperator<Scalar = U::Scalar>> LinearOperator for SvdFactors<U, V> {
    fn act(&self, how: Update<Sc<U>>, x: View<'_, Sc<U>>, y: ViewMut<'_, Sc<U>>, s: &mut [Sc<U>]) {
        let k = self.s.len();
        let (buf, rest) = s.split_at_mut(k * x.cols);
        let inner = Update::replace().flip();
        match how.adjoint {
            false => self.v.act(inner, x, ViewMut::matrix(buf, k, x.cols), rest),
            true => self.u.act(inner, x, ViewMut::matrix(buf, k, x.cols), rest),
        }
        for c in 0..x.cols {
            (0..k).for_each(|i| buf[i + k * c] = buf[i + k * c].scale(self.s[i]));
        }
        match how.adjoint {
            false => self.u.act(how.plain(), View::matrix(buf, k, x.cols), y, rest),
            true => self.v.act(how.plain(), View::matrix(buf, k, x.cols), y, rest),
        }
    }
    fn scratch_len(&self, columns: usize) -> usize {
        self.s.len() * columns + self.u.scratch_len(columns).max(self.v.scratch_len(columns))
    }
}
crate::base_rules!([U: Operator, V: Operator<Scalar = U::Scalar>] SvdFactors<U, V>);
impl<U: Explain, V: Explain<Scalar = U::Scalar>> Explain for SvdFactors<U, V> {
    fn tree<K: crate::facts::Facts>(&self) -> Tree {
        Tree::node::<K, Self>(self, vec![self.u.tree::<U::Facts>(), self.v.tree::<V::Facts>()])
    }
}
