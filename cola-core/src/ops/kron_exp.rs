//! e^(A x B) of factors that are not self-adjoint, by the eigenvectors of both, or of one and exponentials of the other.

use crate::algorithms::dense::{self as kernels, Engine, gemm};
use crate::algorithms::sylvester::has_schur_forms;
use crate::error::{Error, Result};
use crate::facts::{Fact, Facts, Known, NoFacts, PsdFacts, Unknown};
use crate::functions::base::{DENSE_LIMIT, is_direct, materialize};
use crate::functions::dense::{FactChoice, finite};
use crate::functions::{DetRule, EighRule, ExpRule, InverseRule};
use crate::operator::short::{Ro, Sc};
use crate::operator::{LinearOperator, Operator, Update, operator};
use crate::ops::{Dense, Either, Kron, KronOf, Parts, Spectral};
use crate::plan::{Cost, Explain, Plan, Question, base};
use crate::scalar::{Real, Scalar};
use crate::space::Space;
use crate::view::{View, ViewMut};
use core::marker::PhantomData;
use num_traits::{One, Zero};
use std::sync::Arc;

/// The largest condition number of the eigenvectors that are used: by it rounding grows in the result. Above it (a factor is nearly
/// defective) their exponentials are taken instead, of the whole matrix where both factors are so.
const CONDITION: f64 = 1e3;
/// Complex numbers up to which the exponentials of one factor are kept: 256 MiB of doubles.
const KEPT: usize = 4 * DENSE_LIMIT * DENSE_LIMIT;

/// A = V diag(w) V^-1.
struct Eigen<C> {
    n: usize,
    w: Vec<C>,
    v: Vec<C>,
    inverse: Vec<C>,
    condition: f64,
}
impl<C: Scalar> Eigen<C> {
    /// V^-1 by the SVD of V, which gives the condition too.
    fn of<T: Scalar<Complex = C>>(n: usize, a: &[T]) -> Result<Self> {
        let zero = C::zero();
        let (mut w, mut v) = (vec![zero; n], vec![zero; n * n]);
        kernels::eig(n, a, &mut w, &mut v)?;
        let mut s = vec![C::Re::zero(); n];
        let (mut left, mut right, mut inverse) = (vec![zero; n * n], vec![zero; n * n], vec![zero; n * n]);
        kernels::svd(View::matrix(&v, n, n), &mut s, &mut left, &mut right)?;
        // of the worst lane
        let of_lane = |lane: usize| s[0].lane_f64(lane) / s[n - 1].lane_f64(lane);
        let condition = if n == 0 { 1.0 } else { (0..C::LANES).map(of_lane).fold(1.0, f64::max) };
        if condition <= CONDITION {
            // X diag(1 / s) U^H
            for (x, &s) in right.chunks_exact_mut(n.max(1)).zip(&s) {
                x.iter_mut().for_each(|x| *x = x.scale(C::Re::one() / s));
            }
            let (x, u) = (View::matrix(&right, n, n), View::matrix(&left, n, n));
            // conj(conj(X) U^T) = X U^H
            right_product(x, u, &mut inverse, n);
        }
        Ok(Eigen { n, w, v, inverse, condition })
    }
    fn usable(&self) -> bool {
        self.condition <= CONDITION
    }
    /// X <- op(V^-1) X before, op(V) X after; of the adjoint V^H before, V^-H after.
    fn turn(&self, adjoint: bool, after: bool, x: View<'_, C>, y: ViewMut<'_, C>) {
        let n = self.n;
        let m = View::matrix(if adjoint == after { &self.inverse } else { &self.v }, n, n);
        gemm((C::one(), false), adjoint, if adjoint { m.transposed() } else { m }, x, y)
    }
}
/// X U^H.
fn right_product<C: Scalar>(x: View<'_, C>, u: View<'_, C>, out: &mut [C], n: usize) {
    // (conj(U) X^T)^T
    gemm((C::one(), false), true, u, x.transposed(), ViewMut::new(out, n, n, n, 1))
}
/// What the exponential of A x B is made of.
enum Form<C> {
    /// e^(a_i b_j).
    Both(Eigen<C>, Eigen<C>),
    /// e^(a_i B).
    First(Eigen<C>, (usize, Vec<C>)),
    /// e^(b_j A).
    Last((usize, Vec<C>), Eigen<C>),
}
impl<C: Scalar> Form<C> {
    fn sizes(&self) -> (usize, usize) {
        match self {
            Form::Both(a, b) => (a.n, b.n),
            Form::First(a, b) => (a.n, b.0),
            Form::Last(a, b) => (a.0, b.n),
        }
    }
    /// The exponentials, of -A x B if `minus`.
    fn exponentials(&self, minus: bool) -> Result<Vec<C>> {
        let signed = |z: C| if minus { -z } else { z };
        let many = |w: &[C], m: &(usize, Vec<C>)| {
            let mut all = Vec::with_capacity(w.len() * m.1.len());
            for &w in w {
                let from = all.len();
                all.extend(m.1.iter().map(|&x| signed(w) * x));
                kernels::expm(m.0, &mut all[from..])?;
            }
            Ok::<_, Error>(all)
        };
        let all = match self {
            Form::Both(a, b) => {
                a.w.iter().flat_map(|&a| b.w.iter().map(move |&b| (a, b))).map(|(a, b)| (signed(a) * b).exp()).collect()
            }
            Form::First(a, b) => many(&a.w, b)?,
            Form::Last(a, b) => many(&b.w, a)?,
        };
        finite(&all, "the exponential: it overflowed")?;
        Ok(all)
    }
}
/// e^(A x B) = (V x W) diag(e^(a_i b_j)) (V x W)^-1 with A = V diag(a) V^-1, B = W diag(b) W^-1, or (V x I) diag(e^(a_i B)) (V^-1 x I)
/// where B has no well-conditioned eigenvectors, and so for A. `F`: its facts.
pub struct KronExp<T: Scalar, S, F = NoFacts> {
    form: Arc<Form<T::Complex>>,
    e: Arc<[T::Complex]>,
    minus: bool,
    /// tr A tr B.
    trace: T,
    space: PhantomData<fn() -> (S, F)>,
}
impl<T: Scalar, S, F> Clone for KronExp<T, S, F> {
    fn clone(&self) -> Self {
        let (form, e) = (self.form.clone(), self.e.clone());
        KronExp { form, e, minus: self.minus, trace: self.trace, space: PhantomData }
    }
}
impl<T: Scalar, S, F> KronExp<T, S, F> {
    fn size(&self) -> usize {
        let (a, b) = self.form.sizes();
        a * b
    }
    fn with(form: Arc<Form<T::Complex>>, minus: bool, trace: T) -> Result<Self> {
        let e = form.exponentials(minus)?.into();
        Ok(KronExp { form, e, minus, trace, space: PhantomData })
    }
    /// Of dense A and B; `None` where neither has well-conditioned eigenvectors, or the numbers have no eigenvalues.
    ///
    /// Cost: 25 (n_A^3 + n_B^3), with one factor's eigenvectors 23 n_A n_B^3 instead; each application 4 n_A n_B (n_A + n_B).
    ///
    /// # Errors
    /// `NonFinite`, `NotConverged`.
    pub(crate) fn of((na, a): (usize, &[T]), (nb, b): (usize, &[T])) -> Result<Option<Self>> {
        if !<T as Engine>::PLAIN && T::LANES == 1 {
            return Ok(None);
        }
        finite(a, "the matrix")?;
        finite(b, "the matrix")?;
        let (va, vb) = (Eigen::of(na, a)?, Eigen::of(nb, b)?);
        let complex = |m: &[T]| m.iter().map(|x| x.to_complex()).collect::<Vec<_>>();
        let (first, last) = (va.usable() && na * nb * nb <= KEPT, vb.usable() && nb * na * na <= KEPT);
        let form = if va.usable() && vb.usable() && va.condition * vb.condition <= CONDITION {
            Form::Both(va, vb)
        } else if first && (!last || va.condition <= vb.condition) {
            Form::First(va, (nb, complex(b)))
        } else if last {
            Form::Last((na, complex(a)), vb)
        } else {
            return Ok(None);
        };
        let trace = |n: usize, m: &[T]| (0..n).fold(T::zero(), |s, i| s + m[i * (n + 1)]);
        Ok(Some(Self::with(Arc::new(form), false, trace(na, a) * trace(nb, b))?))
    }
}
operator!([T: Scalar, S: Space, F: Facts] KronExp<T, S, F> {
    scalar T; facts F; rows S; cols S; nrows |s| s.size(); ncols s.size();
});
fn number<T: Scalar>(z: T::Complex) -> T {
    match <T::IsReal as Fact>::KNOWN {
        true => T::from_re(z.re()),
        false => T::from_re(z.re()) + T::of(-1.0).sqrt() * T::from_re(z.im()),
    }
}
impl<T: Scalar, S: Space, F: Facts> LinearOperator for KronExp<T, S, F> {
    fn act(&self, how: Update<T>, x: View<'_, T>, mut y: ViewMut<'_, T>, _: &mut [T]) {
        let ((na, nb), adjoint, one) = (self.form.sizes(), how.adjoint, T::Complex::one());
        let mut c = vec![T::Complex::zero(); na * nb];
        let mut d = c.clone();
        for k in 0..x.cols {
            c.iter_mut().enumerate().for_each(|(i, c)| *c = x.at(i, k).to_complex());
            for after in [false, true] {
                // A on the slow index, B on the fast one
                if let Form::Both(a, _) | Form::First(a, _) = &*self.form {
                    a.turn(adjoint, after, View::new(&c, na, nb, nb, 1), ViewMut::new(&mut d, na, nb, nb, 1));
                    core::mem::swap(&mut c, &mut d);
                }
                if let Form::Both(_, b) | Form::Last(_, b) = &*self.form {
                    b.turn(adjoint, after, View::matrix(&c, nb, na), ViewMut::matrix(&mut d, nb, na));
                    core::mem::swap(&mut c, &mut d);
                }
                if after {
                    continue;
                }
                let each = |m: usize, at: usize| {
                    let e = View::matrix(&self.e[at * m * m..(at + 1) * m * m], m, m);
                    if adjoint { e.transposed() } else { e }
                };
                match &*self.form {
                    Form::Both(..) => {
                        let e = |e: T::Complex| if adjoint { e.conj() } else { e };
                        c.iter_mut().zip(&*self.e).for_each(|(c, &z)| *c *= e(z));
                        continue;
                    }
                    Form::First(..) => (0..na).for_each(|i| {
                        let (x, y) = (View::vector(&c[i * nb..(i + 1) * nb]), &mut d[i * nb..(i + 1) * nb]);
                        gemm((one, false), adjoint, each(nb, i), x, ViewMut::matrix(y, nb, 1))
                    }),
                    Form::Last(..) => (0..nb).for_each(|j| {
                        let (x, y) = (View::new(&c[j..], na, 1, nb, 1), ViewMut::new(&mut d[j..], na, 1, nb, 1));
                        gemm((one, false), adjoint, each(na, j), x, y)
                    }),
                }
                core::mem::swap(&mut c, &mut d);
            }
            c.iter().enumerate().for_each(|(i, &c)| how.write(y.at(i, k), number(c)));
        }
    }
    fn scratch_len(&self, _: usize) -> usize {
        0
    }
}
// e^-(A x B)
impl<K: Facts, T: Scalar, S: Space, F: Facts> InverseRule<K> for KronExp<T, S, F> {
    type Output = KronExp<T, S, F>;
    fn inverse_rule(&self) -> Result<Self::Output> {
        Self::with(self.form.clone(), !self.minus, -self.trace)
    }
}
// det e^M = e^(tr M)
impl<K: Facts, T: Scalar, S: Space, F: Facts> DetRule<K> for KronExp<T, S, F> {
    fn slogdet_rule(&self) -> Result<(T, T::Re)> {
        let log = self.trace.re();
        Ok(((self.trace - T::from_re(log)).exp(), log))
    }
}
macro_rules! rules {
    ($($rule:ident)*) => { $( crate::$rule!([T: Scalar, S: Space, F: Facts] KronExp<T, S, F>); )* };
}
rules!(base_eigh spectral_power base_exp spectral_log base_diagonal base_factors base_eig base_svd inverse_pinv);
impl<T: Scalar, S: Space, F: Facts> Explain for KronExp<T, S, F> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        let (na, nb) = self.form.sizes();
        match question {
            Question::Apply => {
                let cost = Cost::of("4m^2n + 4mn^2", (na, nb));
                Plan { cost, ..Plan::rule(self, "eigenvectors of the factors", "n") }
            }
            Question::Solve | Question::Pinv => Plan::rule(self, "that of the negative", "n"),
            Question::Slogdet => Plan::rule(self, "the trace of the product", "n"),
            _ => base::<K, Self>(self, question),
        }
    }
}

/// For "is self-adjoint": how the exponential of a Kronecker product is made.
#[diagnostic::on_unimplemented(
    message = "no exponential rule for `{A}`",
    label = "`{A}` has no `exp` rule",
    note = "a structure that is self-adjoint needs parts with an `eigh` rule"
)]
pub trait KronExpBy<A: Operator, K> {
    /// e^A.
    type Output: Operator<Scalar = A::Scalar>;
    /// e^A.
    ///
    /// # Errors
    /// As [`ExpRule::exp_rule`](crate::functions::ExpRule::exp_rule).
    fn exp_by(a: &A) -> Result<Self::Output>;
}
/// A Kronecker product whose factors can be made dense.
pub trait DenseFactors: LinearOperator {
    /// Two of them; `None` where there are no two square ones of a size to be made dense, or no eigen-decomposition of their numbers.
    ///
    /// # Errors
    /// Those of an operator that iterates.
    fn dense_factors(&self) -> Result<Option<Factors<Self::Scalar>>>;
}
/// Two dense square matrices and their sizes.
pub type Factors<T> = [(usize, Vec<T>); 2];
#[diagnostic::do_not_recommend]
impl<K: Facts, A: EighRule<K>> KronExpBy<A, K> for Known {
    type Output = Spectral<A::Basis, PsdFacts>;
    #[inline]
    fn exp_by(a: &A) -> Result<Self::Output> {
        a.eigh_rule()?.exp()
    }
}
#[diagnostic::do_not_recommend]
impl<K: Facts, A: DenseFactors> KronExpBy<A, K> for Unknown {
    type Output = Either<KronExp<Sc<A>, Ro<A>>, Dense<crate::data::Held<Sc<A>, Ro<A>>>>;
    fn exp_by(a: &A) -> Result<Self::Output> {
        if let Some([(na, x), (nb, y)]) = a.dense_factors()?
            && let Some(exp) = KronExp::of((na, &x), (nb, &y))?
        {
            return Ok(Either::First(exp));
        }
        if !is_direct(a) {
            return Err(Error::invalid(format!(
                "exp of a Kronecker product of {0} x {0}, above the {DENSE_LIMIT} up to which it is made dense unasked: neither factor has \
                 eigenvectors of a condition below {CONDITION:.0e}, by which it would go factor by factor; apply it by \
                 `a.exp_apply(&b)?`, or keep it as an operator by `a.exp_with(Arnoldi::default())?`",
                a.nrows()
            )));
        }
        Ok(Either::Second(<Unknown as FactChoice>::dense_exp(materialize("exp", a)?)?))
    }
}
/// Whether numbers have the eigen-decomposition (lanes of static sizes are made dense), and both factors are square and can be made dense.
pub(crate) fn has_factors<A: Operator, B: Operator<Scalar = A::Scalar>>(a: &A, b: &B) -> bool {
    let schur = has_schur_forms::<A>() || has_schur_forms::<B>();
    let square = a.nrows() == a.ncols() && b.nrows() == b.ncols();
    schur && square && is_direct(a) && is_direct(b)
}
/// The plan of the exponential of a Kronecker product that is not self-adjoint.
pub(crate) fn plan<A: Operator>(a: &A) -> Plan {
    Plan { cost: Cost::unknown("25 (m^3 + n^3)"), ..Plan::rule(a, "eigen-decompositions of the factors", "n") }
}
fn numbers<A: LinearOperator>(a: &A) -> Result<(usize, Vec<Sc<A>>)> {
    let m = materialize("exp", a)?;
    Ok((m.n, m.as_slice().to_vec()))
}
impl<K: Facts, A: Operator, B: Operator<Scalar = A::Scalar>> ExpRule<K> for Kron<A, B>
where
    K::SelfAdjoint: KronExpBy<Self, K>,
{
    type Output = <K::SelfAdjoint as KronExpBy<Self, K>>::Output;
    fn exp_rule(&self) -> Result<Self::Output> {
        K::SelfAdjoint::exp_by(self)
    }
}
impl<K: Facts, P: Parts<Item: Operator>> ExpRule<K> for KronOf<P>
where
    K::SelfAdjoint: KronExpBy<Self, K>,
{
    type Output = <K::SelfAdjoint as KronExpBy<Self, K>>::Output;
    fn exp_rule(&self) -> Result<Self::Output> {
        K::SelfAdjoint::exp_by(self)
    }
}
impl<A: LinearOperator, B: LinearOperator<Scalar = A::Scalar>> DenseFactors for Kron<A, B> {
    fn dense_factors(&self) -> Result<Option<Factors<Sc<A>>>> {
        match has_factors(&self.0, &self.1) {
            true => Ok(Some([numbers(&self.0)?, numbers(&self.1)?])),
            false => Ok(None),
        }
    }
}
// the first factor and the product of the others
impl<P: Parts<Item: LinearOperator>> DenseFactors for KronOf<P> {
    fn dense_factors(&self) -> Result<Option<Factors<Sc<Self>>>> {
        let [first, rest @ ..] = self.parts() else { return Ok(None) };
        if !of_two(self.parts()) {
            return Ok(None);
        }
        let mut last = (1, vec![Sc::<Self>::one()]);
        for a in rest {
            let ((m, x), (n, y)) = (last, numbers(a)?);
            let entry = |i: usize, j: usize| x[i / n + m * (j / n)] * y[i % n + n * (j % n)];
            last = (m * n, (0..m * n * m * n).map(|k| entry(k % (m * n), k / (m * n))).collect());
        }
        Ok(Some([numbers(first)?, last]))
    }
}
/// [`has_factors`] of the first factor and the product of the others.
pub(crate) fn of_two<A: Operator>(list: &[A]) -> bool {
    let rest = list.iter().skip(1).fold(1usize, |n, a| n.saturating_mul(a.nrows()));
    list.iter().all(|a| has_factors(a, a)) && list.len() > 1 && rest <= DENSE_LIMIT
}

#[cfg(test)]
mod tests {
    use super::KronExp;
    use crate::prelude::*;
    use crate::testing::check_operator;
    use crate::{Element, Result};
    use nalgebra::DMatrix;

    fn some<T: Element>(n: usize, seed: usize) -> DMatrix<T> {
        let x = |k: usize| ((k * 7919 + seed * 104_729) as f64).sin();
        DMatrix::from_fn(n, n, |i, j| T::of(x(3 * i + 5 * j)) + T::of(-1.0).sqrt_or_zero() * T::of(x(i + 11 * j)))
    }
    /// i for complex numbers, 0 for real ones.
    trait Imaginary: Scalar {
        fn sqrt_or_zero(self) -> Self {
            if <Self::IsReal as crate::facts::Fact>::KNOWN { Self::zero() } else { self.sqrt() }
        }
    }
    impl<T: Scalar> Imaginary for T {}
    fn near<T: Element>(what: &str, a: &DMatrix<T>, b: &DMatrix<T>, tol: f64) {
        let norm = b.iter().fold(0.0, |m: f64, x| m.max(x.abs().lane_f64(0)));
        let worst = a.iter().zip(b.iter()).fold(0.0, |m: f64, (x, y)| m.max((*x - *y).abs().lane_f64(0)));
        assert!(worst <= tol * norm, "{what}: {worst:.1e} of {norm:.1e}");
    }
    fn jordan<T: Element>(n: usize) -> DMatrix<T> {
        DMatrix::from_fn(n, n, |i, j| T::of(if i == j { 0.5 } else { (i + 1 == j) as u8 as f64 }))
    }
    /// Two large defective factors have no form: the error says what works, and that works.
    #[test]
    fn two_large_defective_factors() -> Result<()> {
        let n = 50;
        let k = Kron::new(Dense::new(jordan::<f64>(n)), Dense::new(jordan::<f64>(n)));
        let e = k.exp().map(|_| ()).unwrap_err().to_string();
        assert!(
            e.contains("2500 x 2500") && e.contains("exp_apply(&b)") && e.contains("exp_with(Arnoldi::default())"),
            "{e}"
        );
        let b: Vec<f64> = (0..n * n).map(|i| (0.3 * i as f64).sin()).collect();
        // |A x B| < 2.25 by rows: the series
        let (mut want, mut term) = (b.clone(), b.clone());
        for j in 1..40 {
            term = k.apply(&term).iter().map(|x| x / j as f64).collect();
            want.iter_mut().zip(&term).for_each(|(w, t)| *w += t);
        }
        let lazily = k.exp_with(Arnoldi::default())?.try_apply(&b)?;
        for have in [k.exp_apply(&b)?, lazily] {
            assert!(have.iter().zip(&want).all(|(x, y)| (x - y).abs() < 1e-7), "{:?}", &have[..4]);
        }
        Ok(())
    }
    /// Against Padé of the dense product, whatever the form.
    fn all<T: Element>(tol: f64) -> Result<()> {
        let forms = [
            (some::<T>(2, 1), some::<T>(3, 2)),
            (some::<T>(4, 3), jordan::<T>(3)),
            (jordan::<T>(3), some::<T>(4, 4)),
            (jordan::<T>(2), jordan::<T>(3)),
            (some::<T>(1, 5), some::<T>(5, 6)),
        ];
        for (i, (a, b)) in forms.into_iter().enumerate() {
            let k = Kron::new(Dense::new(a), Dense::new(b));
            let want = Dense::new(k.to_dense()).exp()?.to_dense();
            let exp = k.exp()?;
            let is_rule = matches!(exp, crate::ops::Either::First(_));
            assert_eq!(is_rule, i != 3, "form {i}: two defective factors have no eigenvectors");
            check_operator(&exp).unwrap_or_else(|e| panic!("form {i}: {e}"));
            near("exp", &exp.to_dense(), &want, tol);
            let (sign, log) = exp.slogdet()?;
            let trace = k.trace()?;
            assert!((log - trace.re()).abs().lane_f64(0) <= 1e3 * tol, "log |det e^M| = Re tr M");
            let phase = (trace - T::from_re(trace.re())).exp();
            assert!((sign - phase).abs().lane_f64(0) <= 1e3 * tol);
            let x = nalgebra::DVector::from_fn(k.nrows(), |i, _| T::of(1.0 + i as f64));
            near("inverse", &dm(&exp.inv()?.apply(&exp.apply(&x))), &dm(&x), 1e3 * tol);
            near("back", &exp.inv()?.inv()?.to_dense(), &want, 1e3 * tol);
        }
        Ok(())
    }
    fn dm<T: Element>(x: &nalgebra::DVector<T>) -> DMatrix<T> {
        DMatrix::from_column_slice(x.len(), 1, x.as_slice())
    }
    #[test]
    fn every_form_is_the_exponential() -> Result<()> {
        all::<f64>(1e-12)?;
        all::<Complex<f64>>(1e-12)?;
        all::<f32>(2e-4)
    }
    #[test]
    fn of_many_factors() -> Result<()> {
        let k = KronOf::new([some::<f64>(2, 1), some(3, 2), some(2, 3)].map(Dense::new));
        let exp = k.exp()?;
        assert!(matches!(exp, crate::ops::Either::First(_)));
        near("exp", &exp.to_dense(), &Dense::new(k.to_dense()).exp()?.to_dense(), 1e-12);
        assert!(k.explain().to_string().contains("exp        eigen-decompositions of the factors"), "{}", k.explain());
        Ok(())
    }
    /// 64 x 64 factors: 4096 unknowns, above the size at which a matrix is made dense.
    #[test]
    fn large_products() -> Result<()> {
        let x = |i: usize, j: usize| ((i * i * 31 + j * 17 + i * j * 7) as f64).sin() / 10.0;
        // not far from symmetric: well-conditioned eigenvectors
        let a = DMatrix::from_fn(64, 64, |i, j| x(i, j) + x(j, i) + 0.02 * x(i + 1, j + 5));
        let k = Kron::new(Dense::new(&a), Dense::new(&a));
        let x = nalgebra::DVector::from_fn(4096, |i, _| ((i * i) as f64).cos());
        // e^M x by its series
        let (mut sum, mut term) = (x.clone(), x.clone());
        for j in 1..60 {
            term = k.apply(&term) / j as f64;
            sum += &term;
        }
        let y = k.exp()?.apply(&x);
        assert!((&y - &sum).norm() < 1e-10 * sum.norm(), "{:e}", (&y - &sum).norm() / sum.norm());
        Ok(())
    }
    #[test]
    fn what_overflows_is_an_error() {
        let a = DMatrix::from_diagonal(&nalgebra::DVector::from_vec(vec![40.0, 30.0]));
        let k = Kron::new(Dense::new(&a), Dense::new(&a));
        assert!(matches!(k.exp(), Err(crate::Error::NonFinite { .. })));
        let bad = DMatrix::from_element(2, 2, f64::NAN);
        assert!(KronExp::<f64, crate::Dyn>::of((2, bad.as_slice()), (2, a.as_slice())).is_err());
    }
}
