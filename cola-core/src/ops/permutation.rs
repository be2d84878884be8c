//! (P x)[i] = x[p[i]].

use crate::data::{Column, List};
use crate::error::{Error, Result};
use crate::facts::{Facts, NoFacts, UnitaryFacts};
use crate::functions::diagonal::diagonal_start;
use crate::functions::factor::LuFactors;
use crate::functions::{
    DetRule, DiagonalRule, EigFactors, EigRule, ExpRule, InverseRule, LogRule, LuRule, Power, PowerRule, SvdRule,
};
use crate::operator::{LinearOperator, Operator, Update, operator};
use crate::ops::{CycleBasis, CycleFunction, Identity, IndexData, SvdFactors};
use crate::parameters::{Frame, LeafFn, Parameters, Path};
use crate::plan::{Explain, Plan, Question, base};
use crate::scalar::{Complex, Scalar};
use crate::space::Space;
use crate::view::{View, ViewMut};
use core::marker::PhantomData;
use num_traits::Zero;
use std::borrow::Cow;

/// A permutation: (P x)\[i\] = x\[p\[i\]\]. Unitary.
///
/// ```
/// # use cola_core::prelude::*;
/// let p = Permutation::<f64, _>::new([2, 0, 1]);
/// assert_eq!(p.apply(&[10.0, 20.0, 30.0]), [30.0, 10.0, 20.0]);
/// assert_eq!(p.inv()?.apply(&[30.0, 10.0, 20.0]), [10.0, 20.0, 30.0]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct Permutation<T, S: Space> {
    order: Column<usize, S>,
    scalar: PhantomData<fn() -> T>,
}
impl<T, S: Space> Clone for Permutation<T, S> {
    fn clone(&self) -> Self {
        Permutation { order: self.order.clone(), scalar: PhantomData }
    }
}
impl<T: Scalar, S: Space> Permutation<T, S> {
    /// From the order p.
    ///
    /// # Panics
    /// Where it is none: use [`try_new`](Self::try_new) for input that is not trusted.
    pub fn new(order: impl IndexData<Len = S>) -> Self {
        Self::try_new(order).unwrap_or_else(|e| panic!("{e}"))
    }
    /// From the order p.
    ///
    /// # Errors
    /// `InvalidArgument` where an index is missing or repeated.
    pub fn try_new(order: impl IndexData<Len = S>) -> Result<Self> {
        let order = order.to_column();
        let n = order.len();
        let mut seen = Column::<bool, S>::filled(n, false);
        for &p in &order {
            if p >= n || core::mem::replace(&mut seen[p.min(n - 1)], true) {
                return Err(Error::invalid(format!("permutation: {p} is repeated or outside of 0..{n}")));
            }
        }
        Ok(Self::from_order(order))
    }
    /// From an order that is known to be one.
    pub(crate) fn from_order(order: Column<usize, S>) -> Self {
        Permutation { order, scalar: PhantomData }
    }
    /// The order p.
    pub fn order(&self) -> &[usize] {
        &self.order
    }
    /// P^-1 = P^T.
    pub fn inverse(&self) -> Self {
        let mut inverse = self.order.clone();
        self.order.iter().enumerate().for_each(|(i, &p)| inverse[p] = i);
        Self::from_order(inverse)
    }
    /// The cycles, each as the list of its indices i, p\[i\], p\[p\[i\]\], ..
    pub fn cycles(&self) -> Vec<Vec<usize>> {
        let (order, cycles) = self.cycle_order();
        cycles.iter().map(|&(start, length)| order[start..start + length].to_vec()).collect()
    }
    /// The indices, cycle after cycle; of each cycle where it begins there, and its length.
    pub(crate) fn cycle_order(&self) -> (Column<usize, S>, List<(usize, usize), S>) {
        let n = self.order.len();
        let (mut seen, mut order) = (Column::<bool, S>::filled(n, false), Column::filled(n, 0usize));
        let (mut cycles, mut end) = (List::empty((0, 0)), 0);
        for first in 0..n {
            let (start, mut i) = (end, first);
            while !core::mem::replace(&mut seen[i], true) {
                order[end] = i;
                (end, i) = (end + 1, self.order[i]);
            }
            if end > start {
                cycles.push((start, end - start));
            }
        }
        (order, cycles)
    }
}
/// A permutation, of whatever is promised of it too: what its folded products read.
pub trait AsPermutation: Operator {
    /// The order p.
    fn permutation_order(&self) -> &[usize];
}
impl<T: Scalar, S: Space> AsPermutation for Permutation<T, S> {
    fn permutation_order(&self) -> &[usize] {
        &self.order
    }
}
operator!([T: Scalar, S: Space] Permutation<T, S> {
    scalar T; facts UnitaryFacts; rows S; cols S; nrows |s| s.order.len(); ncols s.order.len();
    class crate::classes::IsPermutation;
});
crate::interop::saved!([T: Scalar, S: Space] Permutation<T, S>, "Permutation", [] { order: Column<usize, S> = |k| k.order } Permutation::try_new(order));
impl<T: Scalar, S: Space> Parameters for Permutation<T, S> {
    type Number = T;
    type With<X: Scalar> = Permutation<X, S>;
    type Owned = Self;
    fn visit<'a>(&'a self, _: &mut Path, _: &mut dyn FnMut(&str, Cow<'a, [T]>)) {}
    fn traverse<X: Scalar>(&self, _: &mut Path, _: LeafFn<'_, T, X>) -> Permutation<X, S> {
        Permutation::from_order(self.order.clone())
    }
    fn rebuild(&self, _: &mut Path, _: LeafFn<'_, T, T>) -> Self {
        self.clone()
    }
    fn frame(&self, f: &mut dyn FnMut(Frame)) {
        self.order.iter().for_each(|&i| f(Frame::Index(i)));
    }
}
impl<T: Scalar, S: Space> LinearOperator for Permutation<T, S> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn act(&self, how: Update<T>, x: View<'_, T>, mut y: ViewMut<'_, T>, _: &mut [T]) {
        for c in 0..x.cols {
            for (i, &p) in self.order.iter().enumerate() {
                match how.adjoint {
                    false => how.write(y.at(i, c), x.at(p, c)),
                    true => how.write(y.at(p, c), x.at(i, c)),
                }
            }
        }
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn scratch_len(&self, _: usize) -> usize {
        0
    }
}
impl<K: Facts, T: Scalar, S: Space> InverseRule<K> for Permutation<T, S> {
    type Output = Self;
    fn inverse_rule(&self) -> Result<Self> {
        Ok(self.inverse())
    }
}
// each cycle of even length changes the sign
impl<K: Facts, T: Scalar, S: Space> DetRule<K> for Permutation<T, S> {
    fn slogdet_rule(&self) -> Result<(T, T::Re)> {
        let n = self.order.len();
        let sign = crate::operator::with_scratch(n, |seen: &mut [T]| {
            let mut sign = T::one();
            for start in 0..n {
                let (mut length, mut i) = (0, start);
                while seen[i].is_zero() {
                    seen[i] = T::one();
                    (length, i) = (length + 1, self.order[i]);
                }
                sign = if length > 0 && length % 2 == 0 { -sign } else { sign };
            }
            sign
        });
        Ok((sign, T::Re::zero()))
    }
}
impl<T: Scalar, S: Space> DiagonalRule for Permutation<T, S> {
    const READS: bool = true;
    fn diagonal_rule(&self, k: isize, d: &mut [T]) -> Result<()> {
        let (row, col) = diagonal_start(k);
        let one = |i: usize| self.order[row + i] == col + i;
        d.iter_mut().enumerate().for_each(|(i, d)| *d = if one(i) { T::one() } else { T::zero() });
        Ok(())
    }
}
// P^T P = I I
impl<T: Scalar, S: Space> LuRule for Permutation<T, S> {
    type P = Self;
    type L = Identity<T, S>;
    type U = Identity<T, S>;
    fn lu_rule(&self) -> Result<LuFactors<Self, Self::L, Self::U>> {
        let n = self.nrows();
        Ok(LuFactors { p: self.inverse(), l: Identity::of_size(n), u: Identity::of_size(n) })
    }
}
// on each cycle the circulant of w^(pj): the roots of unity w^j are the eigenvalues
impl<K: Facts, T: Scalar, S: Space> PowerRule<K> for Permutation<T, S> {
    type Output = CycleFunction<T, S, UnitaryFacts>;
    fn power_rule(&self, p: Power) -> Result<Self::Output> {
        let p = p.checked()?.exponent();
        match p == p.trunc() {
            true => Ok(CycleFunction::integer_power(self, p)),
            false => CycleFunction::new(self, false, |angle| Complex::cis(p * angle)),
        }
    }
}
// .. of e^(w^j)
impl<K: Facts, T: Scalar, S: Space> ExpRule<K> for Permutation<T, S> {
    type Output = CycleFunction<T, S, NoFacts>;
    fn exp_rule(&self) -> Result<Self::Output> {
        CycleFunction::new(self, true, |angle| Complex::cis(angle).exp())
    }
}
// .. of log w^j = 2 pi i j / L
impl<K: Facts, T: Scalar, S: Space> LogRule<K> for Permutation<T, S> {
    type Output = CycleFunction<T, S, NoFacts>;
    fn log_rule(&self) -> Result<Self::Output> {
        CycleFunction::new(self, false, |angle| Complex::new(0.0, angle))
    }
}
crate::base_eigh!([T: Scalar, S: Space] Permutation<T, S>);
crate::base_cholesky!([T: Scalar, S: Space] Permutation<T, S>);
// roots of unity, discrete Fourier vectors on the cycles
impl<K: Facts, T: Scalar, S: Space> EigRule<K> for Permutation<T, S> {
    type Vectors = CycleBasis<T::Complex, S>;
    fn eig_rule(&self) -> Result<EigFactors<Self::Vectors>> {
        let (v, w) = crate::ops::cycle_basis::eigenvectors(self);
        Ok(EigFactors::from_parts(v, w))
    }
    fn left_eig_rule(&self) -> Option<Result<EigFactors<Self::Vectors>>> {
        Some(EigRule::<K>::eig_rule(self).map(EigFactors::conjugated))
    }
}
// P = P I I
impl<K: Facts, T: Scalar, S: Space> SvdRule<K> for Permutation<T, S> {
    type Left = Self;
    type Right = Identity<T, S>;
    fn svd_rule(&self) -> Result<SvdFactors<Self, Self::Right>> {
        let n = self.nrows();
        Ok(SvdFactors { u: self.clone(), s: Column::filled(n, T::Re::of(1.0)), v: Identity::of_size(n) })
    }
}
crate::inverse_pinv!([T: Scalar, S: Space] Permutation<T, S>);
impl<T: Scalar, S: Space> Explain for Permutation<T, S> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        match question {
            Question::Apply => Plan::rule(self, "by index", "n"),
            Question::Solve => Plan::rule(self, "inverse permutation", "n"),
            Question::Slogdet => Plan::rule(self, "parity of the cycles", "n"),
            Question::Trace | Question::Diagonal => Plan::rule(self, "fixed points", "n"),
            Question::Power | Question::Exp | Question::Log => Plan::rule(self, "circulants on the cycles", "n^2"),
            Question::Lu | Question::Svd => Plan::rule(self, "itself", "n"),
            Question::Eig => Plan::rule(self, "roots of unity on the cycles", "n"),
            Question::Pinv => Plan::rule(self, "inverse permutation", "n"),
            Question::Eigh | Question::Cholesky => base::<K, Self>(self, question),
        }
    }
}

crate::gradient::no_gradient!([T: Scalar, S: Space] Permutation<T, S>);
