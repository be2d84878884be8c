//! f(P) of a permutation P: a circulant on each of its cycles.

use crate::data::Column;
use crate::error::{Error, Result};
use crate::facts::{Fact, Facts, InverseFacts};
use crate::functions::{DetRule, DiagonalRule, ExpRule, InverseRule};
use crate::gradient::{Differentiable, LogdetGradient};
use crate::operator::{LinearOperator, Operator, Update, operator};
use crate::ops::{ExpFacts, Permutation};
use crate::parameters::{Frame, LeafFn, Parameters, Path};
use crate::plan::{Cost, Explain, Plan, Question, base};
use crate::scalar::{Complex, Real, Scalar};
use crate::space::Space;
use crate::view::{View, ViewMut};
use core::f64::consts::TAU;
use core::marker::PhantomData;
use std::borrow::Cow;

/// f(P) = sum_k c_k P^k on each cycle of P, with c_k = 1/L sum_j f(w^j) w^(-jk) and w = e^(2 pi i / L) on cycles of length L.
///
/// On a cycle i_0, i_1 = p\[i_0\], .. the permutation is a shift, (P x)\[i_a\] = x\[i_(a+1)\], with the eigenvalues w^j: hence f(P) is the
/// circulant with these coefficients. (Davis, Circulant Matrices, 1979, 3.2.) Made in O(L^2) per length L that occurs; applied in
/// O(sum of L^2), integer powers in O(n).
pub struct CycleFunction<T, S: Space, F> {
    /// The indices, cycle after cycle.
    order: Column<usize, S>,
    /// Of each cycle: where it begins in `order`, its length, its place in `terms`.
    cycles: Vec<(usize, usize, usize)>,
    /// Of each length that occurs: k and c_k where c_k is not zero.
    terms: Vec<Vec<(usize, T)>>,
    facts: PhantomData<fn() -> F>,
}
impl<T: Clone, S: Space, F> Clone for CycleFunction<T, S, F> {
    fn clone(&self) -> Self {
        let (order, cycles, terms) = (self.order.clone(), self.cycles.clone(), self.terms.clone());
        CycleFunction { order, cycles, terms, facts: PhantomData }
    }
}
impl<T: core::fmt::Debug, S: Space, F> core::fmt::Debug for CycleFunction<T, S, F> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let cycles =
            self.cycles.iter().map(|&(start, length, terms)| (&self.order[start..start + length], &self.terms[terms]));
        f.debug_map().entries(cycles).finish()
    }
}
impl<T: Scalar, S: Space, F: Facts> CycleFunction<T, S, F> {
    /// From the terms of each length of a cycle.
    fn from_terms(p: &Permutation<T, S>, mut of_length: impl FnMut(usize) -> Result<Vec<(usize, T)>>) -> Result<Self> {
        let (mut order, mut cycles) = (Column::filled(p.nrows(), 0usize), Vec::new());
        let (mut lengths, mut terms, mut start) = (Vec::new(), Vec::new(), 0);
        for cycle in p.cycles() {
            let length = cycle.len();
            let at = match lengths.iter().position(|&l| l == length) {
                Some(at) => at,
                None => {
                    lengths.push(length);
                    terms.push(of_length(length)?);
                    terms.len() - 1
                }
            };
            order[start..start + length].copy_from_slice(&cycle);
            cycles.push((start, length, at));
            start += length;
        }
        Ok(CycleFunction { order, cycles, terms, facts: PhantomData })
    }
    /// P^k, exactly: each cycle is shifted by k modulo its length.
    pub(crate) fn integer_power(p: &Permutation<T, S>, k: f64) -> Self {
        // the remainder of two whole numbers below 2^53, or of a larger even one, is exact
        let shift = |length: usize| Ok(vec![(k.rem_euclid(length as f64) as usize, T::one())]);
        Self::from_terms(p, shift).expect("a shift exists for every length")
    }
    /// f(P) where f(conj z) = conj f(z), given by the angle of z in (-pi, pi]; `real_at_minus_one`: f(-1) is real.
    ///
    /// # Errors
    /// `NegativeEigenvalue` where the numbers are real, f(-1) is not, and -1 is an eigenvalue: a cycle of even length.
    pub(crate) fn new(p: &Permutation<T, S>, real_at_minus_one: bool, f: impl Fn(f64) -> Complex<f64>) -> Result<Self> {
        let real = <T::IsReal as Fact>::KNOWN;
        Self::from_terms(p, |length| {
            if real && !real_at_minus_one && length % 2 == 0 {
                return Err(Error::NegativeEigenvalue { value: -1.0, tol: 0.0 });
            }
            let root =
                |j: usize| TAU * if 2 * j > length { j as f64 - length as f64 } else { j as f64 } / length as f64;
            let values: Vec<_> = (0..length).map(|j| f(root(j))).collect();
            let phases: Vec<_> = (0..length).map(|j| Complex::cis(-root(j))).collect();
            let terms = (0..length).map(|k| {
                let sum: Complex<f64> = (0..length).map(|j| values[j] * phases[j * k % length]).sum();
                (k, number::<T>(sum / length as f64))
            });
            Ok(terms.collect())
        })
    }
}
impl<T: Scalar, S: Space, F> CycleFunction<T, S, F> {
    /// Of each length that occurs: the length, and the eigenvalues sum_k c_k w^(jk). Real coefficients have real ones at 1 and -1.
    fn spectra(&self) -> Vec<(usize, Vec<Complex<f64>>)> {
        let mut lengths = vec![0; self.terms.len()];
        self.cycles.iter().for_each(|&(_, length, at)| lengths[at] = length);
        let of = |(terms, &length): (&Vec<(usize, T)>, &usize)| {
            let value = |j: usize| {
                let turn = |k: usize| Complex::cis(TAU * (j * k % length) as f64 / length as f64);
                let z: Complex<f64> = terms.iter().map(|&(k, v)| coefficient(v) * turn(k)).sum();
                if <T::IsReal as Fact>::KNOWN && (2 * j).is_multiple_of(length) { z.re.into() } else { z }
            };
            (length, (0..length).map(value).collect())
        };
        self.terms.iter().zip(&lengths).map(of).collect()
    }
    /// g of every eigenvalue: a circulant on each cycle again.
    fn map<G>(&self, g: impl Fn(Complex<f64>) -> Result<Complex<f64>>) -> Result<CycleFunction<T, S, G>> {
        let mut terms = Vec::with_capacity(self.terms.len());
        for (length, values) in self.spectra() {
            let values = values.into_iter().map(&g).collect::<Result<Vec<_>>>()?;
            let turn = |k: usize| Complex::cis(-TAU * (k % length) as f64 / length as f64);
            let term = |k: usize| {
                let sum: Complex<f64> = values.iter().enumerate().map(|(j, v)| v * turn(j * k)).sum();
                (k, number::<T>(sum / length as f64))
            };
            terms.push((0..length).map(term).collect());
        }
        Ok(CycleFunction { order: self.order.clone(), cycles: self.cycles.clone(), terms, facts: PhantomData })
    }
}
/// A coefficient: the same in every lane.
fn coefficient<T: Scalar>(v: T) -> Complex<f64> {
    Complex::new(v.re().lane_f64(0), v.im().lane_f64(0))
}
/// A complex number as a scalar; real ones take its real part.
fn number<T: Scalar>(z: Complex<f64>) -> T {
    match <T::IsReal as Fact>::KNOWN {
        true => T::of(z.re),
        false => T::of(z.re) + T::of(z.im) * T::of(-1.0).sqrt(),
    }
}
operator!([T: Scalar, S: Space, F: Facts] CycleFunction<T, S, F> {
    scalar T; facts F; rows S; cols S; nrows |s| s.order.len(); ncols s.order.len();
});
impl<T: Scalar, S: Space, F: Facts> LinearOperator for CycleFunction<T, S, F> {
    fn act(&self, how: Update<T>, x: View<'_, T>, mut y: ViewMut<'_, T>, _: &mut [T]) {
        for &(start, length, terms) in &self.cycles {
            let cycle = &self.order[start..start + length];
            for c in 0..x.cols {
                for a in 0..length {
                    // A^H shifts back, with conjugate coefficients
                    let mut sum = T::zero();
                    for &(k, v) in &self.terms[terms] {
                        let (b, v) = if how.adjoint { (a + length - k, v.conj()) } else { (a + k, v) };
                        sum = sum.add_mul(v, x.at(cycle[if b < length { b } else { b - length }], c));
                    }
                    how.write(y.at(cycle[a], c), sum);
                }
            }
        }
    }
    fn scratch_len(&self, _: usize) -> usize {
        0
    }
}
// no leaves: a permutation has no numbers
impl<T: Scalar, S: Space, F: Facts> Parameters for CycleFunction<T, S, F> {
    type Number = T;
    type With<X: Scalar> = CycleFunction<X, S, F>;
    type Owned = Self;
    fn visit<'a>(&'a self, _: &mut Path, _: &mut dyn FnMut(&str, Cow<'a, [T]>)) {}
    fn traverse<X: Scalar>(&self, _: &mut Path, _: LeafFn<'_, T, X>) -> CycleFunction<X, S, F> {
        let convert = |v: T| number::<X>(coefficient(v));
        let terms = self.terms.iter().map(|terms| terms.iter().map(|&(k, v)| (k, convert(v))).collect()).collect();
        CycleFunction { order: self.order.clone(), cycles: self.cycles.clone(), terms, facts: PhantomData }
    }
    fn rebuild(&self, _: &mut Path, _: LeafFn<'_, T, T>) -> Self {
        self.clone()
    }
    fn frame(&self, f: &mut dyn FnMut(Frame)) {
        self.order.iter().for_each(|&i| f(Frame::Index(i)));
        self.cycles.iter().for_each(|&(_, length, _)| f(Frame::Index(length)));
        // the function itself: the coefficients are no leaves, but belong to the operator
        let bits = |x: T::Re| Frame::Index(x.lane_f64(0).to_bits() as usize);
        self.terms
            .iter()
            .flatten()
            .for_each(|&(k, v)| [Frame::Index(k), bits(v.re()), bits(v.im())].into_iter().for_each(&mut *f));
    }
}
impl<T: Scalar, S: Space, F: Facts> Differentiable for CycleFunction<T, S, F> {
    fn parameters(&self) -> usize {
        0
    }
    fn accumulate_bilinear(&self, _: View<'_, T>, _: View<'_, T>, _: T, _: &mut [T]) {}
}
impl<K: Facts, T: Scalar, S: Space, F: Facts> LogdetGradient<K> for CycleFunction<T, S, F> {}
// 1 / f on each cycle; a shift, which has one term, is shifted back exactly
impl<K: Facts, T: Scalar, S: Space, F: Facts> InverseRule<K> for CycleFunction<T, S, F> {
    type Output = CycleFunction<T, S, InverseFacts<K>>;
    fn inverse_rule(&self) -> Result<Self::Output> {
        let singular = || Error::Singular { index: 0 };
        if self.terms.iter().all(|terms| terms.len() == 1) {
            let mut lengths = vec![1; self.terms.len()];
            self.cycles.iter().for_each(|&(_, length, at)| lengths[at] = length);
            let back = |(terms, &length): (&Vec<(usize, T)>, &usize)| {
                let (k, v) = terms[0];
                match coefficient(v).norm() > 0.0 {
                    true => Ok(vec![((length - k) % length, v.reciprocal())]),
                    false => Err(singular()),
                }
            };
            let terms = self.terms.iter().zip(&lengths).map(back).collect::<Result<_>>()?;
            return Ok(CycleFunction {
                order: self.order.clone(),
                cycles: self.cycles.clone(),
                terms,
                facts: PhantomData,
            });
        }
        let largest = self.spectra().iter().flat_map(|s| &s.1).fold(0.0, |m: f64, z| m.max(z.norm()));
        let tol = largest * self.order.len() as f64 * T::Re::epsilon().lane_f64(0);
        self.map(|z| if z.norm() > tol { Ok(z.reciprocal()) } else { Err(singular()) })
    }
}
// the product over the cycles of their eigenvalues
impl<K: Facts, T: Scalar, S: Space, F: Facts> DetRule<K> for CycleFunction<T, S, F> {
    fn slogdet_rule(&self) -> Result<(T, T::Re)> {
        let spectra = self.spectra();
        let (mut sign, mut log) = (Complex::from(1.0), 0.0);
        for z in self.cycles.iter().flat_map(|&(_, _, at)| &spectra[at].1) {
            if z.norm() == 0.0 {
                return Ok((T::zero(), T::Re::of(f64::NEG_INFINITY)));
            }
            sign *= z / z.norm();
            sign /= sign.norm();
            log += z.norm().ln();
        }
        let sign = if <T::IsReal as Fact>::KNOWN { sign.re.signum().into() } else { sign };
        Ok((number(sign), T::Re::of(log)))
    }
}
impl<K: Facts, T: Scalar, S: Space, F: Facts> ExpRule<K> for CycleFunction<T, S, F> {
    type Output = CycleFunction<T, S, ExpFacts<K>>;
    fn exp_rule(&self) -> Result<Self::Output> {
        let finite = |z: Complex<f64>| {
            if z.is_finite() { Ok(z) } else { Err(Error::non_finite("the exponential: it overflowed")) }
        };
        self.map(|z| finite(z.exp()))
    }
}
impl<T: Scalar, S: Space, F: Facts> DiagonalRule for CycleFunction<T, S, F> {
    fn diagonal_rule(&self, k: isize, d: &mut [T]) -> Result<()> {
        crate::functions::base::diagonal(self, k, d)
    }
    // c_0 of its cycle on every place
    fn trace_rule(&self) -> Result<T> {
        let first = |at: usize| self.terms[at].iter().filter(|term| term.0 == 0).fold(T::zero(), |s, term| s + term.1);
        Ok(self.cycles.iter().fold(T::zero(), |s, &(_, length, at)| s + T::of(length as f64) * first(at)))
    }
}
crate::base_eigh!([T: Scalar, S: Space, F: Facts] CycleFunction<T, S, F>);
crate::spectral_power!([T: Scalar, S: Space, F: Facts] CycleFunction<T, S, F>);
crate::spectral_log!([T: Scalar, S: Space, F: Facts] CycleFunction<T, S, F>);
crate::base_factors!([T: Scalar, S: Space, F: Facts] CycleFunction<T, S, F>);
crate::base_decompositions!([T: Scalar, S: Space, F: Facts] CycleFunction<T, S, F>);
impl<T: Scalar, S: Space, F: Facts> Explain for CycleFunction<T, S, F> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        let cost =
            |formula: &str, rule: &'static str| Plan { cost: Cost::unknown(formula), ..Plan::rule(self, rule, "n") };
        match question {
            Question::Apply => cost("2 sum of L^2 over the cycles", "circulants on the cycles"),
            Question::Solve | Question::Exp => cost("L^2 per length of a cycle", "circulants on the cycles"),
            Question::Slogdet => cost("L^2 per length of a cycle", "eigenvalues of the cycles"),
            Question::Trace => Plan::rule(self, "constant on the cycles", "n"),
            _ => base::<K, Self>(self, question),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;
    use crate::{Error, Result};
    use nalgebra::DMatrix;

    /// Cycles (0 3 1), (2), (4 5 6 7 8).
    const ODD: [usize; 9] = [3, 0, 2, 1, 5, 6, 7, 8, 4];
    /// Cycles (0 1), (2 4 3 5), (6).
    const EVEN: [usize; 7] = [1, 0, 4, 5, 3, 2, 6];

    fn near<T: Scalar>(a: &DMatrix<T>, b: &DMatrix<T>, tol: f64) {
        assert_eq!(a.shape(), b.shape());
        for (x, y) in a.iter().zip(b.iter()) {
            assert!((*x - *y).abs().lane_f64(0) <= tol, "{a:?} and {b:?}");
        }
    }
    fn like_schur<T: Scalar, const N: usize>(order: [usize; N], tol: f64) -> Result<()> {
        let p = Permutation::<T, _>::new(order);
        let dense = Dense::new(p.to_dense());
        // -1, an eigenvalue of even cycles, lies on the branch cut: there rounding decides for Schur
        if p.cycles().iter().all(|c| c.len() % 2 == 1) {
            near(&p.sqrt()?.to_dense(), &dense.sqrt_with(Schur)?.to_dense(), tol);
            near(&p.pow(0.3)?.to_dense(), &dense.pow_with(0.3, Schur)?.to_dense(), tol);
            near(&p.pow(-1.7)?.to_dense(), &dense.pow_with(-1.7, Schur)?.to_dense(), tol);
            near(&p.log()?.to_dense(), &dense.log_with(Schur)?.to_dense(), tol);
        }
        near(&p.exp()?.to_dense(), &dense.exp_with(Schur)?.to_dense(), 4.0 * tol);
        let root = p.sqrt()?;
        let v: Vec<T> = (0..N).map(|i| T::of(1.0 + i as f64)).collect();
        let x = DMatrix::from_column_slice(N, 1, &v);
        near(&root.apply(&root.apply(&x)), &p.apply(&x), 20.0 * tol);
        near(&root.apply_adjoint(&root.apply(&x)), &x, 20.0 * tol);
        near(&root.adjoint().to_dense(), &root.to_dense().map(|x| x.conj()).transpose(), 0.0);
        // base rules
        near(&root.inv()?.apply(&root.apply(&x)), &x, 50.0 * tol);
        near(&p.isqrt()?.to_dense(), &root.inv()?.to_dense(), 20.0 * tol);
        assert!(root.slogdet()?.1.abs().lane_f64(0) < 20.0 * tol);
        near(&p.log()?.exp()?.to_dense(), &p.to_dense(), 20.0 * tol);
        Ok(())
    }
    #[test]
    fn functions_are_those_of_the_dense_matrix() -> Result<()> {
        like_schur::<f64, 9>(ODD, 1e-13)?;
        like_schur::<f32, 9>(ODD, 1e-5)?;
        like_schur::<Complex<f64>, 9>(ODD, 1e-13)?;
        like_schur::<Complex<f64>, 7>(EVEN, 1e-12)?;
        like_schur::<Complex<f32>, 7>(EVEN, 1e-4)?;
        // a swap has the principal root with eigenvalues 1 and i, and the logarithm with 0 and i pi
        let swap = Permutation::<Complex<f64>, _>::new([1, 0]);
        let (half, quarter_turn) = (Complex::new(0.5, 0.5), Complex::new(0.0, core::f64::consts::FRAC_PI_2));
        let circulant = |a, b| DMatrix::from_row_slice(2, 2, &[a, b, b, a]);
        near(&swap.sqrt()?.to_dense(), &circulant(half, half.conj()), 1e-15);
        near(&swap.log()?.to_dense(), &circulant(quarter_turn, -quarter_turn), 1e-15);
        // a cycle of four against its eigenvectors, w^(ja) / 2
        let four = Permutation::<Complex<f64>, _>::new([1, 2, 3, 0]);
        let v = DMatrix::from_fn(4, 4, |a, j| Complex::new(0.0, 1.0).powu((j * a) as u32) * 0.5);
        let angles = [0.0, 0.5, 1.0, -0.5].map(|x| x * core::f64::consts::PI);
        let d = DMatrix::from_fn(4, 4, |i, j| if i == j { Complex::cis(0.3 * angles[i]) } else { 0.0.into() });
        near(&four.pow(0.3)?.to_dense(), &(&v * d * v.adjoint()), 1e-14);
        // exp is real whatever the cycles
        let p = Permutation::<f64, _>::new(EVEN);
        near(&p.exp()?.to_dense(), &Dense::new(p.to_dense()).exp()?.to_dense(), 1e-14);
        Ok(())
    }
    #[test]
    fn whole_powers_are_exact() -> Result<()> {
        for order in [ODD.to_vec(), EVEN.to_vec()] {
            let p = Permutation::<f64, _>::new(order);
            let dense = p.to_dense();
            let mut power = DMatrix::identity(dense.nrows(), dense.nrows());
            for k in 0..30 {
                assert_eq!(p.pow(k as f64)?.to_dense(), power);
                assert_eq!(p.pow(-(k as f64))?.to_dense(), power.transpose());
                power = &power * &dense;
            }
            // 60 is a multiple of every length
            assert_eq!(p.pow(60.0 * 1e14 + 1.0)?.to_dense(), dense);
        }
        let infinite = Permutation::<f64, _>::new([1, 0]).pow(3.0)?.apply(&[1.0, f64::INFINITY]);
        assert_eq!(infinite, [f64::INFINITY, 1.0]);
        Ok(())
    }
    #[test]
    fn real_roots_of_even_cycles_do_not_exist() -> Result<()> {
        let p = Permutation::<f64, _>::new(EVEN);
        let negative = Error::NegativeEigenvalue { value: -1.0, tol: 0.0 };
        assert_eq!(p.sqrt().map(|_| ()), Err(negative.clone()));
        assert_eq!(p.isqrt().map(|_| ()), Err(negative.clone()));
        assert_eq!(p.pow(0.5).map(|_| ()), Err(negative.clone()));
        assert_eq!(p.log().map(|_| ()), Err(negative));
        assert!(matches!(p.pow(f64::NAN), Err(Error::NonFinite { .. })));
        let one = Permutation::<f64, _>::new([0]);
        assert_eq!(one.sqrt()?.to_dense()[(0, 0)], 1.0);
        assert_eq!(one.log()?.to_dense()[(0, 0)], 0.0);
        let none = Permutation::<f64, _>::new(Vec::<usize>::new());
        assert_eq!(none.sqrt()?.nrows() + none.log()?.nrows() + none.exp()?.nrows(), 0);
        Ok(())
    }
}
