//! a I + b C with a cosine or sine transform C: every function of types I and IV, which are their own inverses, is one.

use crate::data::{Column, Held};
use crate::error::{Error, Result, check};
use crate::facts::{Fact, Facts, InverseFacts, NoFacts};
use crate::functions::base::{BaseInverse, materialize};
use crate::functions::dense::{FactChoice, FactorMethod, MethodOf, dense_eigh};
use crate::functions::det::slog_product;
use crate::functions::eig::{DenseEigenvectors, dense_eig, dense_left_eig};
use crate::functions::pinv::{DensePinv, dense_pinv};
use crate::functions::svd::panel;
use crate::functions::{
    DetRule, DiagonalRule, EigFactors, EigRule, ExpRule, InverseRule, LogRule, PinvRule, Power, PowerRule,
};
use crate::operator::{LinearOperator, Operator, Update, operator};
use crate::ops::{Dense, Either, ExpFacts, Folding, RootFacts, Trigonometric};
use crate::parameters::{Frame, LeafFn, Parameters, Path, converted, function_frame};
use crate::plan::{Cost, Explain, Plan, Question, base};
use crate::scalar::{Real, Scalar};
use crate::space::{Dyn, Space};
use crate::view::{View, ViewMut};
use core::marker::PhantomData;
use num_traits::{One, Zero};
use std::borrow::Cow;

/// a I + b C. Of a transform C = C^T = C^-1 it is f(C), whose eigenvalues are f(1) = a + b and f(-1) = a - b; of types II and III, whose
/// eigenvalues are no roots of unity of a small order, the base cases serve it. `F`: its facts.
#[derive(Debug)]
pub struct InvolutionFunction<T: Scalar, S = Dyn, F = NoFacts> {
    c: Trigonometric<T, S>,
    a: T,
    b: T,
    facts: PhantomData<fn() -> F>,
}
impl<T: Scalar, S, F> Clone for InvolutionFunction<T, S, F> {
    fn clone(&self) -> Self {
        InvolutionFunction { c: self.c.clone(), ..*self }
    }
}
operator!([T: Scalar, S: Space, F: Facts] InvolutionFunction<T, S, F> {
    scalar T; facts F; rows S; cols S; nrows |s| s.c.nrows(); ncols s.c.nrows(); class crate::classes::IsFolding;
});
impl<T: Scalar, S: Space, F: Facts> LinearOperator for InvolutionFunction<T, S, F> {
    fn act(&self, how: Update<T>, x: View<'_, T>, mut y: ViewMut<'_, T>, s: &mut [T]) {
        let (a, b) = if how.adjoint { (self.a.conj(), self.b.conj()) } else { (self.a, self.b) };
        for k in 0..x.cols {
            (0..x.rows).for_each(|i| how.write(y.at(i, k), a * x.at(i, k)));
        }
        self.c.act(Update { alpha: how.alpha * b, adjoint: false, add: true }, x, y, s)
    }
    fn scratch_len(&self, columns: usize) -> usize {
        self.c.scratch_len(columns)
    }
}
/// How often 1 and -1 are eigenvalues of C: p + q = n, p - q = tr C.
fn counts<T: Scalar, S: Space>(c: &Trigonometric<T, S>) -> Result<[usize; 2]> {
    let (n, trace) = (c.nrows(), c.trace_rule()?.re().lane_f64(0));
    let ones = ((n as f64 + trace) / 2.0).round() as usize;
    Ok([ones.min(n), n - ones.min(n)])
}
/// f(C) by f(1) and f(-1), of which only those that are eigenvalues are asked for.
fn function<T: Scalar, S: Space, F>(
    c: &Trigonometric<T, S>,
    mut f: impl FnMut(f64) -> Result<T>,
) -> Result<InvolutionFunction<T, S, F>> {
    let (counts, half) = (counts(c)?, T::of(0.5));
    let mut values = [T::zero(); 2];
    for ((value, count), root) in values.iter_mut().zip(counts).zip([1.0, -1.0]) {
        if count > 0 {
            *value = f(root)?;
        }
    }
    let [plus, minus] = values.map(|z| z * half);
    Ok(InvolutionFunction { c: c.clone(), a: plus + minus, b: plus - minus, facts: PhantomData })
}
impl<T: Scalar, S: Space, F: Facts> InvolutionFunction<T, S, F> {
    /// f(1), f(-1).
    fn values(&self) -> [T; 2] {
        [self.a + self.b, self.a - self.b]
    }
    /// What counts as zero beside the eigenvalues.
    fn rounding(&self) -> T::Re {
        self.values().iter().fold(T::Re::zero(), |m, z| m.max(z.abs())) * T::Re::epsilon() * T::Re::of(4.0)
    }
    fn map<G>(&self, g: impl Fn(usize, T) -> Result<T>) -> Result<InvolutionFunction<T, S, G>> {
        let [plus, minus] = self.values();
        function(&self.c, |root| if root > 0.0 { g(0, plus) } else { g(1, minus) })
    }
}
fn overflowed(_: usize) -> Error {
    Error::non_finite("the exponential: it overflowed")
}
// 1 / f
impl<K: Facts, T: Scalar, S: Space, F: Facts> InverseRule<K> for InvolutionFunction<T, S, F> {
    type Output = Either<InvolutionFunction<T, S, InverseFacts<K>>, BaseInverse<Self, MethodOf<K>>>;
    fn inverse_rule(&self) -> Result<Self::Output> {
        if !self.c.is_involution() {
            return Ok(Either::Second(BaseInverse::new(self)?));
        }
        let tol = self.rounding();
        let inverse = self.map(|index, z| {
            let good = tol.lt(z.abs());
            check::<T>(good, |_| Error::Singular { index })?;
            Ok(T::select(good, z, T::one()).reciprocal())
        });
        inverse.map(Either::First)
    }
    fn solve_rule(&self, b: View<'_, T>, x: ViewMut<'_, T>) -> Result<()>
    where
        Self::Output: LinearOperator<Scalar = T>,
    {
        match self.c.is_involution() {
            true => crate::functions::inverse::apply_checked(&InverseRule::<K>::inverse_rule(self)?, b, x),
            false => BaseInverse::<Self, MethodOf<K>>::solve(self, b, x),
        }
    }
}
// f(1)^p f(-1)^q
impl<K: Facts, T: Scalar, S: Space, F: Facts> DetRule<K> for InvolutionFunction<T, S, F> {
    fn slogdet_rule(&self) -> Result<(T, T::Re)> {
        if !self.c.is_involution() {
            return MethodOf::<K>::slogdet_of(materialize("slogdet", self)?);
        }
        let (values, counts) = (self.values(), counts(&self.c)?);
        crate::functions::dense::finite(&values, "the coefficients")?;
        Ok(slog_product((0..2).flat_map(|j| core::iter::repeat_n(values[j], counts[j]))))
    }
}
impl<K: Facts, T: Scalar, S: Space, F: Facts> ExpRule<K> for InvolutionFunction<T, S, F> {
    type Output = Either<InvolutionFunction<T, S, ExpFacts<K>>, <K::SelfAdjoint as FactChoice>::DenseExp<T, S>>;
    fn exp_rule(&self) -> Result<Self::Output> {
        if !self.c.is_involution() {
            return Ok(Either::Second(<K::SelfAdjoint as FactChoice>::dense_exp(materialize("exp", self)?)?));
        }
        let exp = self.map(|_, z| {
            let y = z.exp();
            check::<T>(y.finite(), overflowed)?;
            Ok(y)
        });
        exp.map(Either::First)
    }
}
// z^p and log z of both eigenvalues
impl<K: Facts, T: Scalar, S: Space, F: Facts> PowerRule<K> for InvolutionFunction<T, S, F> {
    type Output = InvolutionFunction<T, S, RootFacts<K>>;
    fn power_rule(&self, p: Power) -> Result<Self::Output> {
        let (p, tol) = (p.checked()?, self.rounding());
        match self.c.is_involution() {
            true => self.map(|_, z| p.of_eigenvalue::<T, T>(z, tol)),
            false => Err(no_periodic_function(&self.c, "pow")),
        }
    }
}
impl<K: Facts, T: Scalar, S: Space, F: Facts> LogRule<K> for InvolutionFunction<T, S, F> {
    type Output = InvolutionFunction<T, S>;
    fn log_rule(&self) -> Result<Self::Output> {
        let tol = self.rounding();
        match self.c.is_involution() {
            true => self.map(|_, z| crate::functions::power::log_of_eigenvalue::<T, T>(z, tol)),
            false => Err(no_periodic_function(&self.c, "log")),
        }
    }
}
// a + b w of the eigenvalues w of C
impl<K: Facts, T: Scalar, S: Space, F: Facts> EigRule<K> for InvolutionFunction<T, S, F> {
    type Vectors = DenseEigenvectors<T, S>;
    fn eig_rule(&self) -> Result<EigFactors<Self::Vectors>> {
        let (a, b) = (self.a.to_complex(), self.b.to_complex());
        crate::functions::dense::finite(&self.values(), "the coefficients")?;
        Ok(EigRule::<NoFacts>::eig_rule(&self.c)?.map(|w| a + b * w))
    }
    fn left_eig_rule(&self) -> Option<Result<EigFactors<Self::Vectors>>> {
        let (a, b) = (self.a.to_complex().conj(), self.b.to_complex().conj());
        let good = crate::functions::dense::finite(&self.values(), "the coefficients");
        Some(good.and(EigRule::<NoFacts>::left_eig_rule(&self.c)?).map(|e| e.map(|w| a + b * w)))
    }
}
impl<T: Scalar, S: Space> Folding for Trigonometric<T, S> {
    type Whole = InvolutionFunction<T, S>;
    fn folded(&self, scale: T, shift: T) -> Self::Whole {
        InvolutionFunction { c: self.clone(), a: shift, b: scale, facts: PhantomData }
    }
}
impl<T: Scalar, S: Space, F: Facts> Folding for InvolutionFunction<T, S, F> {
    type Whole = InvolutionFunction<T, S>;
    fn folded(&self, scale: T, shift: T) -> Self::Whole {
        InvolutionFunction { c: self.c.clone(), a: scale * self.a + shift, b: scale * self.b, facts: PhantomData }
    }
}
impl<T: Scalar, S: Space, F: Facts> DiagonalRule for InvolutionFunction<T, S, F> {
    fn diagonal_rule(&self, k: isize, d: &mut [T]) -> Result<()> {
        self.c.diagonal_rule(k, d)?;
        d.iter_mut().for_each(|d| *d = self.b * *d + if k == 0 { self.a } else { T::zero() });
        Ok(())
    }
}
macro_rules! function_rules {
    ($($rule:ident)*) => { $( crate::$rule!([T: Scalar, S: Space, F: Facts] InvolutionFunction<T, S, F>); )* };
}
function_rules!(base_eigh base_factors base_svd);
// 1 / f, 0 where that is singular
impl<K: Facts, T: Scalar, S: Space, F: Facts> PinvRule<K> for InvolutionFunction<T, S, F> {
    type Output = Either<InvolutionFunction<T, S, InverseFacts<K>>, DensePinv<T, S, S, K>>;
    fn pinv_rule(&self) -> Result<Self::Output> {
        if !self.c.is_involution() {
            return dense_pinv::<K, _>(&panel("pinv", self)?).map(Either::Second);
        }
        let tol = self.rounding();
        let inverse = self.map(|_, z| {
            check::<T>(z.finite(), |_| Error::non_finite("the coefficients"))?;
            let some = tol.lt(z.abs());
            Ok(T::select(some, T::select(some, z, T::one()).reciprocal(), T::zero()))
        });
        inverse.map(Either::First)
    }
}
fn fft_plan<A: Operator>(a: &A, rule: &'static str) -> Plan {
    Plan { cost: Cost::unknown("10n log n"), ..Plan::rule(a, rule, "n") }
}
impl<T: Scalar, S: Space, F: Facts> Explain for InvolutionFunction<T, S, F> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        match (self.c.is_involution(), question) {
            (_, Question::Apply) => fft_plan(self, "a I + b C, by FFT"),
            (true, Question::Solve | Question::Exp | Question::Power | Question::Log | Question::Pinv) => {
                Plan::rule(self, "of the eigenvalues 1 and -1", "n")
            }
            (true, Question::Slogdet) => Plan::rule(self, "multiplicities of 1 and -1", "n"),
            (_, Question::Trace | Question::Diagonal) => Plan::rule(self, "read off", "n"),
            (_, Question::Eig | Question::Power | Question::Log) => function_plan::<K, T, S>(&self.c, question),
            _ => base::<K, Self>(self, question),
        }
    }
}

fn no_periodic_function(c: &impl core::fmt::Debug, asked: &str) -> Error {
    Error::invalid(format!(
        "{asked} of {c:?}: types I and IV are their own inverses and have it in closed form, types II and III do not; \
         ask for that of the dense matrix by `.{asked}_with(.., Schur::default())`"
    ))
}
// e^C = cosh(1) I + sinh(1) C; of types II and III, whose eigenvalues are no roots of unity of a small order, of the dense matrix
impl<K: Facts, T: Scalar, S: Space> ExpRule<K> for Trigonometric<T, S> {
    type Output = Either<InvolutionFunction<T, S, ExpFacts<K>>, <K::SelfAdjoint as FactChoice>::DenseExp<T, S>>;
    fn exp_rule(&self) -> Result<Self::Output> {
        if self.is_involution() {
            return Ok(Either::First(function(self, |x| Ok(T::of(x.exp())))?));
        }
        Ok(Either::Second(<K::SelfAdjoint as FactChoice>::dense_exp(materialize("exp", self)?)?))
    }
}
/// -1 has no real root and no real logarithm.
fn complex<T: Scalar>(root: f64) -> Result<()> {
    match root < 0.0 && <T::IsReal as Fact>::KNOWN {
        true => Err(Error::NegativeEigenvalue { value: -1.0, tol: 0.0 }),
        false => Ok(()),
    }
}
// I or C by the parity of p, ((1 + (-1)^p) I + (1 - (-1)^p) C) / 2
impl<K: Facts, T: Scalar, S: Space> PowerRule<K> for Trigonometric<T, S> {
    type Output = InvolutionFunction<T, S>;
    fn power_rule(&self, p: Power) -> Result<Self::Output> {
        let p = p.checked()?;
        let (whole, odd) = (p.is_integer(), p.exponent().rem_euclid(2.0) == 1.0);
        if self.is_involution() {
            return function(self, |root| match whole {
                // by parity: (-1)^p of a large p is exact
                true => Ok(T::of(if odd { root } else { 1.0 })),
                false => complex::<T>(root).map(|()| p.of(T::of(root))),
            });
        }
        Err(no_periodic_function(self, "pow"))
    }
}
// (I - C) i pi / 2
impl<K: Facts, T: Scalar, S: Space> LogRule<K> for Trigonometric<T, S> {
    type Output = InvolutionFunction<T, S>;
    fn log_rule(&self) -> Result<Self::Output> {
        if self.is_involution() {
            return function(self, |root| complex::<T>(root).map(|()| T::of(root).ln()));
        }
        Err(no_periodic_function(self, "log"))
    }
}
// of types I and IV those of a symmetric matrix, 1 and -1
impl<K: Facts, T: Scalar, S: Space> EigRule<K> for Trigonometric<T, S> {
    type Vectors = DenseEigenvectors<T, S>;
    fn eig_rule(&self) -> Result<EigFactors<Self::Vectors>> {
        let dense: Held<T, S> = materialize("eig", self)?;
        if !self.is_involution() {
            return dense_eig::<K, _, _>(dense);
        }
        let n = dense.n;
        let (basis, values) = dense_eigh(dense)?.into_parts();
        let (mut w, mut v) = (Column::filled(n, T::Complex::one()), Held::filled(n, T::Complex::zero()));
        for (w, x) in w.iter_mut().zip(values.iter()) {
            if x.lane_f64(0) < 0.0 {
                *w = -T::Complex::one();
            }
        }
        let basis = basis.into_inner().0;
        v.as_mut_slice().iter_mut().zip(basis.as_slice()).for_each(|(v, x)| *v = x.to_complex());
        Ok(EigFactors::from_parts(Dense(v), w))
    }
    fn left_eig_rule(&self) -> Option<Result<EigFactors<Self::Vectors>>> {
        Some(match self.is_involution() {
            true => EigRule::<K>::eig_rule(self),
            false => dense_left_eig::<K, _>(self),
        })
    }
}
/// The plan of a function of a transform.
pub(super) fn function_plan<K: Facts, T: Scalar, S: Space>(c: &Trigonometric<T, S>, question: Question) -> Plan {
    match (c.is_involution(), question) {
        (true, Question::Eig) if c.nrows() <= crate::functions::base::DENSE_LIMIT => {
            Plan::rule(c, "1 and -1, eigh of the transform", "9n^3")
        }
        (true, Question::Power | Question::Exp | Question::Log) => fft_plan(c, "a I + b C"),
        (false, Question::Power | Question::Log) => Plan::error("error: types II and III have no period"),
        _ => base::<K, _>(c, question),
    }
}

// no leaves: the coefficients are those of a function
impl<T: Scalar, S: Space, F: Facts> Parameters for InvolutionFunction<T, S, F> {
    type Number = T;
    type With<X: Scalar> = InvolutionFunction<X, S, F>;
    type Owned = Self;
    fn visit<'a>(&'a self, _: &mut Path, _: &mut dyn FnMut(&str, Cow<'a, [T]>)) {}
    fn traverse<X: Scalar>(&self, path: &mut Path, f: LeafFn<'_, T, X>) -> InvolutionFunction<X, S, F> {
        let [a, b] = [self.a, self.b].map(converted::<T, X>);
        InvolutionFunction { c: self.c.traverse(path, f), a, b, facts: PhantomData }
    }
    fn rebuild(&self, _: &mut Path, _: LeafFn<'_, T, T>) -> Self {
        self.clone()
    }
    fn frame(&self, f: &mut dyn FnMut(Frame)) {
        f(Frame::Shape(self.nrows(), self.nrows()));
        function_frame(&[self.a, self.b], f)
    }
}
crate::gradient::no_gradient!([T: Scalar, S: Space, F: Facts] InvolutionFunction<T, S, F>);

#[cfg(test)]
mod tests {
    use crate::prelude::*;
    use crate::testing::check_operator;
    use crate::{Element, Error, Result};
    use nalgebra::DMatrix;

    type M<T> = DMatrix<T>;
    fn near<T: Element>(what: &str, a: &M<T>, b: &M<T>, tol: f64) {
        let worst = a.iter().zip(b.iter()).fold(0.0, |m: f64, (x, y)| m.max((*x - *y).abs().lane_f64(0)));
        assert!(worst < tol, "{what}: {worst:.1e}");
    }
    /// Against products and the series of the dense transform.
    fn all<T: Element>(tol: f64) -> Result<()> {
        for (sine, kind) in [(false, 1), (false, 4), (true, 1), (true, 4)] {
            for n in [1, 2, 3, 6, 9] {
                let c = if sine { Dst::new::<T>(kind, n) } else { Dct::new::<T>(kind, n) };
                let (dense, eye) = (c.to_dense(), M::<T>::from_fn(n, n, |i, j| T::of((i == j) as u8 as f64)));
                let times = |a: &M<T>, b: &M<T>| {
                    M::<T>::from_fn(n, n, |i, j| (0..n).fold(T::zero(), |s, k| s.add_mul(a[(i, k)], b[(k, j)])))
                };
                near("C^2", &times(&dense, &dense), &eye, tol);
                let exp = c.exp()?;
                check_operator(&exp).unwrap_or_else(|e| panic!("{c:?}: {e}"));
                let (mut series, mut term) = (eye.clone(), eye.clone());
                for k in 1..20 {
                    term = times(&term, &dense).map(|x| x * T::of(1.0 / k as f64));
                    series = series.zip_map(&term, |s, t| s + t);
                }
                near("exp", &exp.to_dense(), &series, 10.0 * tol);
                near("inverse", &times(&exp.inv()?.to_dense(), &series), &eye, 10.0 * tol);
                near(
                    "exp exp",
                    &exp.exp()?.inv()?.exp()?.inv()?.to_dense(),
                    &series_of(&series, &eye, &times),
                    1e3 * tol,
                );
                near("cube", &c.pow(3.0)?.to_dense(), &dense, tol);
                near("square", &c.pow(-4.0)?.to_dense(), &eye, tol);
                let (sign, log) = exp.slogdet()?;
                assert!((sign - T::one()).abs().lane_f64(0) < tol);
                assert!((log.lane_f64(0) - c.trace()?.re().lane_f64(0)).abs() < n as f64 * tol, "log det e^C = tr C");
                let e = c.eig()?;
                assert!(e.eigenvalues().iter().all(|w| (w.re().lane_f64(0).abs(), w.im().lane_f64(0)) == (1.0, 0.0)));
                let has_minus = e.eigenvalues().iter().any(|w| w.re().lane_f64(0) < 0.0);
                if !<T::IsReal as crate::facts::Fact>::KNOWN {
                    let root = c.sqrt()?.to_dense();
                    near("root", &times(&root, &root), &dense, tol);
                    near("log", &c.log()?.exp()?.to_dense(), &dense, 10.0 * tol);
                } else if has_minus {
                    assert!(matches!(c.sqrt(), Err(Error::NegativeEigenvalue { .. })));
                    assert!(matches!(c.log(), Err(Error::NegativeEigenvalue { .. })));
                } else {
                    near("root of I", &c.sqrt()?.to_dense(), &eye, tol);
                }
            }
        }
        Ok(())
    }
    /// e^-(e^-(e^A)) by its spectrum e^A = E: exp of the inverse of exp of the inverse, by series of what is small.
    fn series_of<T: Element>(e: &M<T>, eye: &M<T>, times: &dyn Fn(&M<T>, &M<T>) -> M<T>) -> M<T> {
        let exp = |a: &M<T>| {
            let small = a.map(|x| x * T::of(1.0 / 64.0));
            let (mut sum, mut term) = (eye.clone(), eye.clone());
            for k in 1..20 {
                term = times(&term, &small).map(|x| x * T::of(1.0 / k as f64));
                sum = sum.zip_map(&term, |s, t| s + t);
            }
            (0..6).fold(sum, |s, _| times(&s, &s))
        };
        let minus = |a: &M<T>| a.map(|x| -x);
        exp(&minus(&exp(&minus(e))))
    }
    #[test]
    fn types_one_and_four_are_involutions() -> Result<()> {
        all::<f64>(1e-13)?;
        all::<Complex<f64>>(1e-13)?;
        all::<f32>(1e-5)
    }
    #[test]
    fn types_two_and_three_have_no_period() -> Result<()> {
        let c = Dct::new::<f64>(2, 5);
        let e = c.pow(3.0).map(|_| ()).unwrap_err().to_string();
        assert!(e.contains("Schur::default()") && e.contains("Dct(2, 5)"), "{e}");
        assert!(c.log().is_err());
        near("exp", &c.exp()?.to_dense(), &Dense::new(c.to_dense()).exp()?.to_dense(), 1e-13);
        Ok(())
    }
}
