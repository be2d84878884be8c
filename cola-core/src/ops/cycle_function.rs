//! f(P) of a permutation P: a circulant on each of its cycles.

use crate::data::{Column, List};
use crate::error::{Error, Result, check};
use crate::facts::{Fact, Facts, InverseFacts, NoFacts};
use crate::functions::det::slog_product;
use crate::functions::diagonal::diagonal_start;
use crate::functions::{
    DetRule, DiagonalRule, EigFactors, EigRule, ExpRule, InverseRule, LogRule, PinvRule, Power, PowerRule,
};
use crate::operator::{LinearOperator, Update, operator};
use crate::ops::{CycleBasis, ExpFacts, Folding, Permutation, RootFacts};
use crate::parameters::{Frame, LeafFn, Parameters, Path, converted, function_frame};
use crate::plan::{Cost, Explain, Plan, Question, base};
use crate::scalar::{Complex, Real, Scalar};
use crate::space::{Plain, Space};
use crate::view::{View, ViewMut};
use core::f64::consts::TAU;
use core::marker::PhantomData;
use num_traits::{One, Zero};
use std::borrow::Cow;

/// f(P) = sum_k c_k P^k on each cycle of P, with c_k = 1/L sum_j f(w^j) w^(-jk) and w = e^(2 pi i / L) on cycles of length L.
///
/// On a cycle i_0, i_1 = p\[i_0\], .. the permutation is a shift, (P x)\[i_a\] = x\[i_(a+1)\], with the eigenvalues w^j: hence f(P) is the
/// circulant with these coefficients. (Davis, Circulant Matrices, 1979, 3.2.) Made in O(L^2) per length L that occurs; applied in
/// O(sum of L^2), integer powers in O(n).
pub struct CycleFunction<T: Plain, S: Space, F> {
    /// The indices, cycle after cycle.
    order: Column<usize, S>,
    /// Of each cycle: where it begins in `order`, its length, its place in `kinds`.
    cycles: List<(usize, usize, usize), S>,
    /// Of each length that occurs.
    kinds: List<Kind, S>,
    /// k and c_k where c_k is not zero, length after length: of each at most as many as its length, together at most n.
    terms: List<(usize, T), S>,
    facts: PhantomData<fn() -> F>,
}
/// A length that occurs.
#[derive(Clone, Copy, Debug)]
struct Kind {
    length: usize,
    /// Where its terms begin, and how many they are.
    terms: (usize, usize),
    /// Where its eigenvalues begin in [`CycleFunction::spectra`]: the sum of the lengths before.
    values: usize,
}
impl Kind {
    const NONE: Kind = Kind { length: 0, terms: (0, 0), values: 0 };
}
impl<T: Plain, S: Space, F> Clone for CycleFunction<T, S, F> {
    fn clone(&self) -> Self {
        let (order, cycles) = (self.order.clone(), self.cycles.clone());
        CycleFunction { order, cycles, kinds: self.kinds.clone(), terms: self.terms.clone(), facts: PhantomData }
    }
}
impl<T: Plain + core::fmt::Debug, S: Space, F> core::fmt::Debug for CycleFunction<T, S, F> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let cycles = self
            .cycles
            .iter()
            .map(|&(start, length, at)| (&self.order[start..start + length], self.terms_of(&self.kinds[at])));
        f.debug_map().entries(cycles).finish()
    }
}
impl<T: Plain, S: Space, F> CycleFunction<T, S, F> {
    /// k and c_k of a length.
    fn terms_of(&self, kind: &Kind) -> &[(usize, T)] {
        &self.terms[kind.terms.0..][..kind.terms.1]
    }
}
/// Takes k and c_k.
type Terms<'a, T> = &'a mut dyn FnMut(usize, T);
impl<T: Scalar, S: Space, F: Facts> CycleFunction<T, S, F> {
    /// From the terms of each length of a cycle.
    fn from_terms(p: &Permutation<T, S>, of_length: impl FnMut(&Kind, Terms<'_, T>) -> Result<()>) -> Result<Self> {
        let (order, ranges) = p.cycle_order();
        let (mut cycles, mut kinds, mut values) = (List::empty((0, 0, 0)), List::<Kind, S>::empty(Kind::NONE), 0);
        for &(start, length) in ranges.iter() {
            let at = match kinds.iter().position(|kind| kind.length == length) {
                Some(at) => at,
                None => {
                    kinds.push(Kind { length, values, ..Kind::NONE });
                    values += length;
                    kinds.len() - 1
                }
            };
            cycles.push((start, length, at));
        }
        let none = List::empty((0, T::zero()));
        CycleFunction::<T, S, F> { order, cycles, kinds, terms: none, facts: PhantomData }.with(of_length)
    }
    /// P^k, exactly: each cycle is shifted by k modulo its length.
    pub(crate) fn integer_power(p: &Permutation<T, S>, k: f64) -> Self {
        Self::from_terms(p, |kind, add| {
            // the remainder of two whole numbers below 2^53, or of a larger even one, is exact
            add(k.rem_euclid(kind.length as f64) as usize, T::one());
            Ok(())
        })
        .expect("a shift exists for every length")
    }
    /// f(P) where f(conj z) = conj f(z), given by the angle of z in (-pi, pi]; `real_at_minus_one`: f(-1) is real.
    ///
    /// # Errors
    /// `NegativeEigenvalue` where the numbers are real, f(-1) is not, and -1 is an eigenvalue: a cycle of even length.
    pub(crate) fn new(p: &Permutation<T, S>, real_at_minus_one: bool, f: impl Fn(f64) -> Complex<f64>) -> Result<Self> {
        let real = <T::IsReal as Fact>::KNOWN;
        Self::from_terms(p, |&Kind { length, .. }, add| {
            if real && !real_at_minus_one && length % 2 == 0 {
                return Err(Error::NegativeEigenvalue { value: -1.0, tol: 0.0 });
            }
            let root =
                |j: usize| TAU * if 2 * j > length { j as f64 - length as f64 } else { j as f64 } / length as f64;
            let table = |of: &dyn Fn(f64) -> Complex<f64>| {
                let mut table = Column::<_, S>::filled(length, Complex::zero());
                (0..length).for_each(|j| table[j] = of(root(j)));
                table
            };
            let (values, phases) = (table(&f), table(&|angle| Complex::cis(-angle)));
            for k in 0..length {
                let sum: Complex<f64> = (0..length).map(|j| values[j] * phases[j * k % length]).sum();
                add(k, number::<T>(sum / length as f64));
            }
            Ok(())
        })
    }
}
impl<T: Scalar, S: Space, F> CycleFunction<T, S, F> {
    /// scale P + shift I.
    pub(crate) fn linear(p: &Permutation<T, S>, scale: T, shift: T) -> Self
    where
        F: Facts,
    {
        Self::from_terms(p, |kind, add| {
            match kind.length {
                1 => add(0, shift + scale),
                _ => {
                    add(0, shift);
                    add(1, scale);
                }
            }
            Ok(())
        })
        .expect("every length has these terms")
    }
    /// scale f(P) + shift I.
    fn shifted<G>(&self, scale: T, shift: T) -> CycleFunction<T, S, G> {
        self.with(|kind, add| {
            let mut rest = Some(shift);
            for &(k, v) in self.terms_of(kind) {
                let more = if k == 0 { rest.take() } else { None };
                add(k, more.map_or(v * scale, |shift| v * scale + shift));
            }
            rest.into_iter().for_each(|shift| add(0, shift));
            Ok(())
        })
        .expect("every length has these terms")
    }
    /// The same cycles with other coefficients.
    fn with<X: Scalar, G>(
        &self,
        mut of_length: impl FnMut(&Kind, Terms<'_, X>) -> Result<()>,
    ) -> Result<CycleFunction<X, S, G>> {
        let (mut terms, mut kinds) = (List::<_, S>::empty((0, X::zero())), self.kinds.clone());
        for kind in kinds.iter_mut() {
            let first = terms.len();
            of_length(kind, &mut |k, v| terms.push((k, v)))?;
            kind.terms = (first, terms.len() - first);
        }
        Ok(CycleFunction { order: self.order.clone(), cycles: self.cycles.clone(), kinds, terms, facts: PhantomData })
    }
    /// The eigenvalues sum_k c_k w^(jk), length after length. Real coefficients have real ones at 1 and -1.
    fn spectra(&self) -> Column<T::Complex, S> {
        let total = self.kinds.last().map_or(0, |last| last.values + last.length);
        let mut spectra = Column::filled(total, T::Complex::zero());
        for kind in self.kinds.iter() {
            for j in 0..kind.length {
                let sum =
                    |s: T::Complex, &(k, v): &(usize, T)| s.add_mul(v.to_complex(), turn::<T>(j * k, kind.length));
                let z = self.terms_of(kind).iter().fold(T::Complex::zero(), sum);
                let real = <T::IsReal as Fact>::KNOWN && (2 * j).is_multiple_of(kind.length);
                spectra[kind.values + j] = if real { T::Complex::from_re(z.re()) } else { z };
            }
        }
        spectra
    }
    /// g of every eigenvalue: a circulant on each cycle again.
    fn map<G>(&self, g: impl Fn(T::Complex) -> Result<T::Complex>) -> Result<CycleFunction<T, S, G>> {
        let mut spectra = self.spectra();
        self.with(|kind, add| {
            let (length, values) = (kind.length, &mut spectra[kind.values..][..kind.length]);
            for z in values.iter_mut() {
                *z = g(*z)?;
            }
            let part = T::Re::of(1.0 / length as f64);
            for k in 0..length {
                let back = |(j, v): (usize, &T::Complex)| *v * turn::<T>(j * k, length).conj();
                let sum = values.iter().enumerate().map(back).fold(T::Complex::zero(), |s, z| s + z);
                add(k, of_complex::<T>(sum.scale(part)));
            }
            Ok(())
        })
    }
    /// What counts as zero beside the eigenvalues.
    fn rounding(&self) -> T::Re {
        let (spectra, total) = (self.spectra(), self.kinds.iter().map(|kind| kind.length).sum());
        let largest = spectra[..total].iter().fold(T::Re::zero(), |m, z| m.max(z.abs()));
        largest * T::Re::epsilon() * T::Re::of(self.order.len() as f64)
    }
}
/// w^k, w = e^(2 pi i / length).
fn turn<T: Scalar>(k: usize, length: usize) -> T::Complex {
    crate::ops::cycle_basis::root::<T>(k % length, length, 1.0)
}
/// A complex number as a scalar; real ones take its real part.
fn number<T: Scalar>(z: Complex<f64>) -> T {
    of_complex(T::complex(T::Re::of(z.re), T::Re::of(z.im)))
}
fn of_complex<T: Scalar>(z: T::Complex) -> T {
    match <T::IsReal as Fact>::KNOWN {
        true => T::from_re(z.re()),
        false => T::from_re(z.re()) + T::from_re(z.im()) * T::of(-1.0).sqrt(),
    }
}
operator!([T: Scalar, S: Space, F: Facts] CycleFunction<T, S, F> {
    scalar T; facts F; rows S; cols S; nrows |s| s.order.len(); ncols s.order.len(); class crate::classes::IsFolding;
});
impl<T: Scalar, S: Space, F: Facts> LinearOperator for CycleFunction<T, S, F> {
    fn act(&self, how: Update<T>, x: View<'_, T>, mut y: ViewMut<'_, T>, _: &mut [T]) {
        for &(start, length, at) in self.cycles.iter() {
            let (cycle, terms) = (&self.order[start..start + length], self.terms_of(&self.kinds[at]));
            for c in 0..x.cols {
                for a in 0..length {
                    // A^H shifts back, with conjugate coefficients
                    let mut sum = T::zero();
                    for &(k, v) in terms {
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
        self.with(|kind, add| {
            self.terms_of(kind).iter().for_each(|&(k, v)| add(k, converted::<T, X>(v)));
            Ok(())
        })
        .expect("every coefficient has its number")
    }
    fn rebuild(&self, _: &mut Path, _: LeafFn<'_, T, T>) -> Self {
        self.clone()
    }
    fn frame(&self, f: &mut dyn FnMut(Frame)) {
        self.order.iter().for_each(|&i| f(Frame::Index(i)));
        self.cycles.iter().for_each(|&(_, length, _)| f(Frame::Index(length)));
        self.terms.iter().for_each(|&(k, v)| {
            f(Frame::Index(k));
            function_frame(&[v], f)
        });
    }
}
crate::gradient::no_gradient!([T: Scalar, S: Space, F: Facts] CycleFunction<T, S, F>);
// 1 / f on each cycle; a shift, which has one term, is shifted back exactly
impl<K: Facts, T: Scalar, S: Space, F: Facts> InverseRule<K> for CycleFunction<T, S, F> {
    type Output = CycleFunction<T, S, InverseFacts<K>>;
    fn inverse_rule(&self) -> Result<Self::Output> {
        let singular = |_| Error::Singular { index: 0 };
        if self.kinds.iter().all(|kind| kind.terms.1 == 1) {
            return self.with(|kind, add| {
                let (k, v) = self.terms_of(kind)[0];
                check::<T>(T::Re::zero().lt(v.abs()), singular)?;
                add((kind.length - k) % kind.length, v.reciprocal());
                Ok(())
            });
        }
        let tol = self.rounding();
        self.map(|z| {
            let good = tol.lt(z.abs());
            check::<T>(good, singular)?;
            Ok(T::Complex::select(good, z, T::Complex::one()).reciprocal())
        })
    }
}
// the product over the cycles of their eigenvalues
impl<K: Facts, T: Scalar, S: Space, F: Facts> DetRule<K> for CycleFunction<T, S, F> {
    fn slogdet_rule(&self) -> Result<(T, T::Re)> {
        let spectra = self.spectra();
        let all = self.cycles.iter().flat_map(|&(_, length, at)| &spectra[self.kinds[at].values..][..length]);
        all.clone().try_for_each(|z| check::<T>(z.finite(), |_| Error::non_finite("the coefficients")))?;
        let (sign, log) = slog_product(all.copied());
        let (zero, one, half) = (T::Re::zero(), T::Re::one(), T::Re::of(0.5));
        let real = |s: T::Re| T::Re::select(s.lt(-half), -one, T::Re::select(half.lt(s), one, zero));
        Ok((if <T::IsReal as Fact>::KNOWN { T::from_re(real(sign.re())) } else { of_complex(sign) }, log))
    }
}
impl<K: Facts, T: Scalar, S: Space, F: Facts> ExpRule<K> for CycleFunction<T, S, F> {
    type Output = CycleFunction<T, S, ExpFacts<K>>;
    fn exp_rule(&self) -> Result<Self::Output> {
        self.map(|z| {
            let y = z.exp();
            check::<T>(y.finite(), |_| Error::non_finite("the exponential: it overflowed"))?;
            Ok(y)
        })
    }
}
// z^p, log z and 1 / z of the eigenvalues
impl<K: Facts, T: Scalar, S: Space, F: Facts> PowerRule<K> for CycleFunction<T, S, F> {
    type Output = CycleFunction<T, S, RootFacts<K>>;
    fn power_rule(&self, p: Power) -> Result<Self::Output> {
        let (p, tol) = (p.checked()?, self.rounding());
        self.map(|z| p.of_eigenvalue::<T, _>(z, tol))
    }
}
impl<K: Facts, T: Scalar, S: Space, F: Facts> LogRule<K> for CycleFunction<T, S, F> {
    type Output = CycleFunction<T, S, NoFacts>;
    fn log_rule(&self) -> Result<Self::Output> {
        let tol = self.rounding();
        self.map(|z| crate::functions::power::log_of_eigenvalue::<T, _>(z, tol))
    }
}
impl<K: Facts, T: Scalar, S: Space, F: Facts> PinvRule<K> for CycleFunction<T, S, F> {
    type Output = CycleFunction<T, S, InverseFacts<K>>;
    fn pinv_rule(&self) -> Result<Self::Output> {
        let tol = self.rounding();
        self.map(|z| {
            check::<T>(z.finite(), |_| Error::non_finite("the coefficients"))?;
            let some = tol.lt(z.abs());
            let safe = T::Complex::select(some, z, T::Complex::one());
            Ok(T::Complex::select(some, safe.reciprocal(), T::Complex::zero()))
        })
    }
}
// discrete Fourier vectors on the cycles
impl<K: Facts, T: Scalar, S: Space, F: Facts> EigRule<K> for CycleFunction<T, S, F> {
    type Vectors = CycleBasis<T::Complex, S>;
    fn eig_rule(&self) -> Result<EigFactors<Self::Vectors>> {
        let (spectra, mut values) = (self.spectra(), Column::filled(self.order.len(), T::Complex::zero()));
        let mut cycles = List::empty((0, 0));
        for &(start, length, at) in self.cycles.iter() {
            values[start..start + length].copy_from_slice(&spectra[self.kinds[at].values..][..length]);
            cycles.push((start, length));
        }
        crate::functions::dense::finite(&values, "the eigenvalues")?;
        let basis = CycleBasis::of::<T>(self.order.clone(), cycles);
        Ok(EigFactors::from_parts(basis, values))
    }
    fn left_eig_rule(&self) -> Option<Result<EigFactors<Self::Vectors>>> {
        Some(EigRule::<K>::eig_rule(self).map(EigFactors::conjugated))
    }
}
// entry (i, j) is c_k where j comes k places after i on their cycle
impl<T: Scalar, S: Space, F: Facts> DiagonalRule for CycleFunction<T, S, F> {
    fn diagonal_rule(&self, k: isize, d: &mut [T]) -> Result<()> {
        let mut places = Column::<_, S>::filled(self.order.len(), (0, 0));
        let (row, col) = diagonal_start(k);
        for (cycle, &(start, length, _)) in self.cycles.iter().enumerate() {
            self.order[start..start + length].iter().enumerate().for_each(|(a, &i)| places[i] = (cycle, a));
        }
        for (i, d) in d.iter_mut().enumerate() {
            let ((cycle, a), (other, b)) = (places[row + i], places[col + i]);
            let (_, length, at) = self.cycles[cycle];
            let terms = self.terms_of(&self.kinds[at]).iter().filter(|(k, _)| cycle == other && (a + k) % length == b);
            *d = terms.fold(T::zero(), |s, term| s + term.1);
        }
        Ok(())
    }
    // c_0 of its cycle on every place
    fn trace_rule(&self) -> Result<T> {
        let zeroth = |at: usize| self.terms_of(&self.kinds[at]).iter().filter(|term| term.0 == 0);
        let first = |at: usize| zeroth(at).fold(T::zero(), |s, term| s + term.1);
        Ok(self.cycles.iter().fold(T::zero(), |s, &(_, length, at)| s + T::of(length as f64) * first(at)))
    }
}
impl<T: Scalar, S: Space> Folding for Permutation<T, S> {
    type Whole = CycleFunction<T, S, NoFacts>;
    fn folded(&self, scale: T, shift: T) -> Self::Whole {
        CycleFunction::linear(self, scale, shift)
    }
}
impl<T: Scalar, S: Space, F: Facts> Folding for CycleFunction<T, S, F> {
    type Whole = CycleFunction<T, S, NoFacts>;
    fn folded(&self, scale: T, shift: T) -> Self::Whole {
        self.shifted(scale, shift)
    }
}
crate::base_eigh!([T: Scalar, S: Space, F: Facts] CycleFunction<T, S, F>);
crate::base_factors!([T: Scalar, S: Space, F: Facts] CycleFunction<T, S, F>);
crate::base_svd!([T: Scalar, S: Space, F: Facts] CycleFunction<T, S, F>);
impl<T: Scalar, S: Space, F: Facts> Explain for CycleFunction<T, S, F> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        let cost =
            |formula: &str, rule: &'static str| Plan { cost: Cost::unknown(formula), ..Plan::rule(self, rule, "n") };
        match question {
            Question::Apply => cost("2 sum of L^2 over the cycles", "circulants on the cycles"),
            Question::Solve | Question::Exp | Question::Power | Question::Log | Question::Pinv => {
                cost("L^2 per length of a cycle", "circulants on the cycles")
            }
            Question::Eig => cost("L^2 per length of a cycle", "roots of unity on the cycles"),
            Question::Diagonal => Plan::rule(self, "constant on the cycles", "n"),
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
