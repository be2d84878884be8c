//! Jacobian, Hessian, Gauss-Newton and Fisher matrices of a function that is generic over the number: products by automatic
//! differentiation, forward and reverse, without differences.

use crate::error::{Error, Result};
use crate::facts::{NoFacts, PsdFacts, SelfAdjointFacts};
use crate::operator::{LinearOperator, Operator, Update, operator};
use crate::ops::recorded::Recording;
use crate::ops::{Adjoint, Congruence, Identity};
use crate::parameters::{LeafFn, Parameters, Path};
use crate::plan::{Cost, Explain, Plan, Question, base};
use crate::scalar::{Real, Scalar};
use crate::space::Dyn;
use crate::view::{View, ViewMut};
use std::borrow::Cow;

/// A function of a vector, written once for every number type; closures cannot be generic, so it is a method.
///
/// ```
/// # use cola_core::prelude::*;
/// struct Polar;
/// impl VectorFunction for Polar {
///     fn eval<T: Real>(&self, x: &[T]) -> Vec<T> {
///         let (sin, cos) = x[1].sin_cos();
///         vec![x[0] * cos, x[0] * sin]
///     }
/// }
/// let j = Jacobian::new(Polar, &[2.0, 0.0])?;
/// assert_eq!(j.to_dense(), nalgebra::dmatrix![1.0, 0.0; 0.0, 2.0]);
/// # Ok::<(), Error>(())
/// ```
pub trait VectorFunction {
    /// f(x). A branch on the numbers is taken once, at the point of differentiation.
    fn eval<T: Real>(&self, x: &[T]) -> Vec<T>;
}
impl<F: VectorFunction> VectorFunction for &F {
    fn eval<T: Real>(&self, x: &[T]) -> Vec<T> {
        (**self).eval(x)
    }
}
/// Evaluates f once, writing down every operation.
fn record(f: &impl VectorFunction, x: &[f64]) -> Result<Recording> {
    if !x.iter().all(|x| x.is_finite()) {
        return Err(Error::non_finite("the point of differentiation"));
    }
    let r = Recording::new(x, |x| f.eval(x));
    match r.finite() {
        true => Ok(r),
        false => Err(Error::non_finite("the function or a derivative at the point of differentiation")),
    }
}

/// The m x n Jacobian of f: R^n -> R^m at x. f is evaluated once, at construction; J v is a forward sweep over what was recorded, J^H u a
/// reverse one, each of the cost of one evaluation. Memory: 48 bytes an operation of f.
#[derive(Clone, Debug)]
pub struct Jacobian(Recording);
impl Jacobian {
    /// f' at x.
    ///
    /// # Errors
    /// `NonFinite` where x, f(x) or a derivative of an operation is not finite.
    pub fn new(f: impl VectorFunction, x: &[f64]) -> Result<Self> {
        record(&f, x).map(Jacobian)
    }
    /// f(x).
    pub fn value(&self) -> Vec<f64> {
        self.0.values().collect()
    }
}
operator!([] Jacobian { scalar f64; facts NoFacts; rows Dyn; cols Dyn; nrows |s| s.0.outputs(); ncols s.0.inputs(); });
impl LinearOperator for Jacobian {
    fn act(&self, how: Update<f64>, x: View<'_, f64>, mut y: ViewMut<'_, f64>, s: &mut [f64]) {
        let nodes = &mut s[..self.0.len()];
        for c in 0..x.cols {
            if how.adjoint {
                self.0.reverse(|k| x.at(k, c), nodes);
                (0..y.rows).for_each(|i| how.write(y.at(i, c), nodes[i]));
            } else {
                self.0.forward(|i| x.at(i, c), nodes);
                (0..y.rows).for_each(|k| how.write(y.at(k, c), self.0.output(k, nodes)));
            }
        }
    }
    fn scratch_len(&self, _: usize) -> usize {
        self.0.len()
    }
}

/// The n x n Hessian of a scalar function at x (of the sum of its values, where it has several): H v by a forward sweep, then a reverse
/// sweep with its derivative; about four times the cost of one evaluation of f.
///
/// ```
/// # use cola_core::prelude::*;
/// struct Energy;
/// impl VectorFunction for Energy {
///     fn eval<T: Real>(&self, x: &[T]) -> Vec<T> {
///         vec![x[0] * x[0] * x[1]]
///     }
/// }
/// let h = Hessian::new(Energy, &[1.0, 3.0])?;
/// assert_eq!(h.to_dense(), nalgebra::dmatrix![6.0, 2.0; 2.0, 0.0]);
/// assert_eq!(h.gradient(), [6.0, 1.0]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Hessian(Recording);
impl Hessian {
    /// f'' at x.
    ///
    /// # Errors
    /// `NonFinite` where x, f(x) or a derivative of an operation is not finite.
    pub fn new(f: impl VectorFunction, x: &[f64]) -> Result<Self> {
        record(&f, x).map(Hessian)
    }
    /// f(x).
    pub fn value(&self) -> f64 {
        self.0.values().sum()
    }
    /// The gradient at x.
    pub fn gradient(&self) -> Vec<f64> {
        let mut bar = vec![0.0; self.0.len()];
        self.0.reverse(|_| 1.0, &mut bar);
        bar.truncate(self.0.inputs());
        bar
    }
}
operator!([] Hessian { scalar f64; facts SelfAdjointFacts; rows Dyn; cols Dyn; nrows |s| s.0.inputs(); ncols s.0.inputs(); });
impl LinearOperator for Hessian {
    fn act(&self, how: Update<f64>, x: View<'_, f64>, mut y: ViewMut<'_, f64>, s: &mut [f64]) {
        let (dot, rest) = s.split_at_mut(self.0.len());
        let (bar, rest) = rest.split_at_mut(self.0.len());
        let second = &mut rest[..self.0.len()];
        for c in 0..x.cols {
            self.0.forward(|i| x.at(i, c), dot);
            self.0.second(|_| 1.0, dot, bar, second);
            (0..y.rows).for_each(|i| how.write(y.at(i, c), second[i]));
        }
    }
    fn scratch_len(&self, _: usize) -> usize {
        3 * self.0.len()
    }
}

/// J^H M J at x: the Fisher information of a model with mean f(x), M the n x n information of its outputs (Sigma^-1 of Gaussian noise,
/// diag(1 / p) of probabilities). PSD; M has to be.
#[derive(Clone, Debug)]
pub struct Fisher<M>(Congruence<Adjoint<Jacobian>, M>);
/// J^H J at x: the Gauss-Newton matrix of |f|^2 / 2.
pub type GaussNewton = Fisher<Identity<f64, Dyn>>;
impl GaussNewton {
    /// J^H J at x.
    ///
    /// # Errors
    /// As [`Jacobian::new`].
    pub fn of(f: impl VectorFunction, x: &[f64]) -> Result<Self> {
        let j = Jacobian::new(f, x)?;
        let eye = Identity::new(j.nrows());
        Congruence::try_new(Adjoint(j), eye).map(Fisher)
    }
}
impl<M: Operator<Scalar = f64>> Fisher<M> {
    /// J^H M J at x.
    ///
    /// # Errors
    /// As [`Jacobian::new`]; `ShapeMismatch` where M is not of the size of f(x).
    pub fn new(f: impl VectorFunction, x: &[f64], metric: impl crate::dsl::IntoOperator<Op = M>) -> Result<Self>
    where
        <M::Facts as crate::facts::Facts>::Psd: crate::facts::PsdOf<M>,
    {
        Congruence::try_new(Adjoint(Jacobian::new(f, x)?), metric.into_operator()).map(Fisher)
    }
    /// The Jacobian at x.
    pub fn jacobian(&self) -> &Jacobian {
        &self.0.0.0
    }
}
operator!([M: Operator<Scalar = f64>] Fisher<M> {
    scalar f64; facts PsdFacts; rows Dyn; cols Dyn; nrows |s| s.0.nrows(); ncols s.0.nrows(); iterative M::ITERATIVE;
});
impl<M: LinearOperator<Scalar = f64>> LinearOperator for Fisher<M> {
    fn act(&self, how: Update<f64>, x: View<'_, f64>, y: ViewMut<'_, f64>, s: &mut [f64]) {
        self.0.act(how, x, y, s)
    }
    fn scratch_len(&self, columns: usize) -> usize {
        self.0.scratch_len(columns)
    }
}
/// The Jacobian of f at x: `jacobian(f, &x)` in `linop!`.
///
/// # Panics
/// Where x, or the function or a derivative there, is not finite; `try_linop!` returns the error.
pub fn jacobian(f: impl VectorFunction, x: &[f64]) -> Jacobian {
    Jacobian::new(f, x).unwrap_or_else(|e| crate::dsl::shape_panic(&e))
}
/// The Jacobian of f at x.
///
/// # Errors
/// `NonFinite` where x, or the function or a derivative there, is not finite.
pub fn try_jacobian(f: impl VectorFunction, x: &[f64]) -> Result<Jacobian> {
    Jacobian::new(f, x)
}
/// The Hessian of the sum of f at x: `hessian(f, &x)` in `linop!`.
///
/// # Panics
/// Where x, or the function or a derivative there, is not finite; `try_linop!` returns the error.
pub fn hessian(f: impl VectorFunction, x: &[f64]) -> Hessian {
    Hessian::new(f, x).unwrap_or_else(|e| crate::dsl::shape_panic(&e))
}
/// The Hessian of the sum of f at x.
///
/// # Errors
/// `NonFinite` where x, or the function or a derivative there, is not finite.
pub fn try_hessian(f: impl VectorFunction, x: &[f64]) -> Result<Hessian> {
    Hessian::new(f, x)
}
/// J^T J of f at x: `gauss_newton(f, &x)` in `linop!`.
///
/// # Panics
/// Where x, or the function or a derivative there, is not finite; `try_linop!` returns the error.
pub fn gauss_newton(f: impl VectorFunction, x: &[f64]) -> GaussNewton {
    GaussNewton::of(f, x).unwrap_or_else(|e| crate::dsl::shape_panic(&e))
}
/// J^T J of f at x.
///
/// # Errors
/// `NonFinite` where x, or the function or a derivative there, is not finite.
pub fn try_gauss_newton(f: impl VectorFunction, x: &[f64]) -> Result<GaussNewton> {
    GaussNewton::of(f, x)
}
/// J^T M J of f at x with a PSD metric M: `fisher(f, &x, metric)` in `linop!`.
///
/// # Panics
/// Where x, or the function or a derivative there, is not finite, or M is of another size; `try_linop!` returns the error.
pub fn fisher<M: Operator<Scalar = f64>>(
    f: impl VectorFunction,
    x: &[f64],
    metric: impl crate::dsl::IntoOperator<Op = M>,
) -> Fisher<M>
where
    <M::Facts as crate::facts::Facts>::Psd: crate::facts::PsdOf<M>,
{
    Fisher::new(f, x, metric).unwrap_or_else(|e| crate::dsl::shape_panic(&e))
}
/// J^T M J of f at x with a PSD metric M.
///
/// # Errors
/// `NonFinite`, and `ShapeMismatch` where M is of another size.
pub fn try_fisher<M: Operator<Scalar = f64>>(
    f: impl VectorFunction,
    x: &[f64],
    metric: impl crate::dsl::IntoOperator<Op = M>,
) -> Result<Fisher<M>>
where
    <M::Facts as crate::facts::Facts>::Psd: crate::facts::PsdOf<M>,
{
    Fisher::new(f, x, metric)
}
crate::base_rules! { [] Jacobian, [] Hessian, [M: Operator<Scalar = f64>] Fisher<M> }
macro_rules! sweeps {
    ($([$($p:tt)*] $S:ty, $rule:literal, $times:literal, |$s:ident| $r:expr;)*) => { $(
        impl<$($p)*> Explain for $S {
            fn plan<K: crate::facts::Facts>(&self, question: Question) -> Plan {
                let $s = self;
                match question {
                    Question::Apply => {
                        let cost = Cost { flops: Some($times * $r.len() as f64), ..Cost::unknown("sweeps over the recording") };
                        Plan { cost, ..Plan::rule(self, $rule, "n") }
                    }
                    _ => base::<K, Self>(self, question),
                }
            }
        }
        // no leaves: another point is another recording
        impl<$($p)*> Parameters for $S where $S: Clone {
            type Number = f64;
            type With<X: Scalar> = Identity<X, Dyn>;
            type Owned = Self;
            fn visit<'a>(&'a self, _: &mut Path, _: &mut dyn FnMut(&str, Cow<'a, [f64]>)) {}
            fn traverse<X: Scalar>(&self, _: &mut Path, _: LeafFn<'_, f64, X>) -> Identity<X, Dyn> {
                Identity::of_size(self.nrows())
            }
            fn rebuild(&self, _: &mut Path, _: LeafFn<'_, f64, f64>) -> Self {
                self.clone()
            }
        } )* };
}
sweeps! {
    [] Jacobian, "forward or reverse sweep", 4.0, |s| s.0;
    [] Hessian, "forward sweep, reverse sweep with its derivative", 14.0, |s| s.0;
    [M: Operator<Scalar = f64>] Fisher<M>, "forward sweep, the metric, reverse sweep", 8.0, |s| s.0.0.0.0;
}
crate::gradient::no_gradient!([] Jacobian);
crate::gradient::no_gradient!([] Hessian);
crate::gradient::no_gradient!([M: LinearOperator<Scalar = f64> + Clone] Fisher<M>);
#[cfg(test)]
mod tests {
    use super::*;
    use crate::ext::OperatorExt;
    use crate::ops::{Diagonal, Psd};
    use crate::testing::check_operator;

    /// Every operation at once.
    struct Mixed;
    impl VectorFunction for Mixed {
        fn eval<T: Real>(&self, x: &[T]) -> Vec<T> {
            let (sin, cos) = (x[0] * x[1]).sin_cos();
            let mut sum = T::zero();
            for (i, &v) in x.iter().enumerate() {
                sum += v * v * T::of(i as f64 + 1.0);
            }
            vec![
                sin * x[2].exp() - cos / (x[2] + T::of(3.0)),
                (sum + T::one()).ln().sqrt(),
                Real::atan2(x[1], x[0]) * (-x[2]).abs().powf(1.5),
                T::of(7.0),
            ]
        }
    }
    const X: [f64; 3] = [0.7, -0.4, 1.3];
    fn eval(x: &[f64]) -> Vec<f64> {
        Mixed.eval(x)
    }
    #[test]
    fn agree_with_differences_of_high_order() {
        let (j, h, n) = (Jacobian::new(Mixed, &X).unwrap(), Hessian::new(Mixed, &X).unwrap(), X.len());
        assert_eq!(j.value(), eval(&X));
        let at = |i: usize, s: f64| {
            let mut x = X;
            x[i] += s;
            x
        };
        // fourth order: error of 1e-12
        let slope = |f: &dyn Fn(f64) -> f64| {
            let s = 1e-3;
            (8.0 * (f(s) - f(-s)) - (f(2.0 * s) - f(-2.0 * s))) / (12.0 * s)
        };
        let (jd, hd) = (j.to_dense(), h.to_dense());
        for i in 0..n {
            for k in 0..4 {
                assert!((jd[(k, i)] - slope(&|s| eval(&at(i, s))[k])).abs() < 1e-9, "{k} {i}");
            }
            for k in 0..n {
                let g = |s: f64| Hessian::new(Mixed, &at(i, s)).unwrap().gradient()[k];
                assert!((hd[(k, i)] - slope(&g)).abs() < 1e-9, "{k} {i}: {}", hd[(k, i)]);
            }
        }
        for k in 0..n {
            assert!((h.gradient()[k] - jd.column(k).sum()).abs() < 1e-14);
        }
        check_operator(&j).unwrap();
        check_operator(&h).unwrap();
        let metric = Psd::new(Diagonal::new([1.0, 2.0, 0.5, 3.0]));
        let f = Fisher::new(Mixed, &X, metric).unwrap();
        let want = jd.transpose() * nalgebra::DMatrix::from_diagonal(&nalgebra::dvector![1.0, 2.0, 0.5, 3.0]) * &jd;
        assert!((f.to_dense() - want).norm() < 1e-13);
        check_operator(&f).unwrap();
        let g = GaussNewton::of(Mixed, &X).unwrap();
        assert!((g.to_dense() - jd.transpose() * &jd).norm() < 1e-13);
        check_operator(&g).unwrap();
        let x: Vec<f64> = g.solve(&vec![1.0, 2.0, 3.0]).unwrap();
        assert!((g.apply(&x)[2] - 3.0).abs() < 1e-8);
    }
    struct Root;
    impl VectorFunction for Root {
        fn eval<T: Real>(&self, x: &[T]) -> Vec<T> {
            vec![x[0].sqrt(), x[0] / x[1]]
        }
    }
    #[test]
    fn bad_points_are_errors() {
        for x in [[0.0, 1.0], [-1.0, 1.0], [1.0, 0.0], [f64::NAN, 1.0], [f64::INFINITY, 1.0]] {
            assert!(matches!(Jacobian::new(Root, &x), Err(Error::NonFinite { .. })), "{x:?}");
            assert!(Hessian::new(Root, &x).is_err());
        }
        let wrong = Fisher::new(Root, &[1.0, 1.0], Psd::new(Diagonal::new([1.0])));
        assert!(matches!(wrong, Err(Error::ShapeMismatch { .. })));
    }
    struct Constant;
    impl VectorFunction for Constant {
        fn eval<T: Real>(&self, x: &[T]) -> Vec<T> {
            vec![T::of(2.0); x.len()]
        }
    }
    #[test]
    fn edges() {
        let j = Jacobian::new(Constant, &[1.0, 2.0]).unwrap();
        assert_eq!(j.to_dense(), nalgebra::DMatrix::zeros(2, 2));
        check_operator(&Jacobian::new(Constant, &[]).unwrap()).unwrap();
        // a recording inside of another
        struct Outer;
        impl VectorFunction for Outer {
            fn eval<T: Real>(&self, x: &[T]) -> Vec<T> {
                let inner = Jacobian::new(Mixed, &X).unwrap().to_dense()[(0, 0)];
                vec![x[0] * T::of(inner)]
            }
        }
        let outer = Jacobian::new(Outer, &[1.0]).unwrap().to_dense()[(0, 0)];
        assert_eq!(outer, Jacobian::new(Mixed, &X).unwrap().to_dense()[(0, 0)]);
    }
}
