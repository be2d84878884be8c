//! Jacobian, Hessian, Gauss-Newton and Fisher matrices of a function that is generic over the number: products by automatic
//! differentiation, forward and reverse, without differences.

use crate::algorithms::dense::Engine;
use crate::error::{Error, Result, check};
use crate::facts::{NoFacts, PsdFacts, SelfAdjointFacts};
use crate::operator::{LinearOperator, Operator, Update, operator};
use crate::ops::recorded::Recording;
use crate::ops::{Adjoint, Congruence, Identity};
use crate::parameters::{LeafFn, Parameters, Path};
use crate::plan::{Cost, Explain, Plan, Question, base};
use crate::scalar::{Mask, Real, Scalar};
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
/// Evaluates f once, writing down every operation; lanes one by one.
fn record<T: Real>(f: &impl VectorFunction, x: &[T]) -> Result<Recording<T>> {
    if T::LANES == 1 && !<T as Engine>::PLAIN {
        return Err(Error::invalid(format!(
            "differentiation at numbers of type {}: their own derivatives would be lost",
            T::NAME
        )));
    }
    let finite = x.iter().fold(T::Mask::splat(true), |ok, x| ok & x.finite());
    check::<T>(finite, |_| Error::non_finite("the point of differentiation"))?;
    let r = Recording::new(x, |x| f.eval(x))?;
    check::<T>(r.finite(), |_| Error::non_finite("the function or a derivative at the point of differentiation"))?;
    Ok(r)
}

/// The m x n Jacobian of f: R^n -> R^m at x. f is evaluated once, at construction; J v is a forward sweep over what was recorded, J^H u a
/// reverse one, each of the cost of one evaluation. Memory: 48 bytes an operation of f. Of single precision the recording is in doubles; of
/// lanes each has its own, and all have to do the same operations.
#[derive(Clone, Debug)]
pub struct Jacobian<T = f64>(Recording<T>);
impl<T: Real> Jacobian<T> {
    /// f' at x.
    ///
    /// # Errors
    /// `NonFinite` where x, f(x) or a derivative of an operation is not finite; `InvalidArgument` of lanes that branch apart, and of dual numbers.
    pub fn new(f: impl VectorFunction, x: &[T]) -> Result<Self> {
        record(&f, x).map(Jacobian)
    }
    /// f(x).
    pub fn value(&self) -> Vec<T> {
        self.0.values().collect()
    }
}
operator!([T: Real] Jacobian<T> { scalar T; facts NoFacts; rows Dyn; cols Dyn; nrows |s| s.0.outputs(); ncols s.0.inputs(); });
impl<T: Real> LinearOperator for Jacobian<T> {
    fn act(&self, how: Update<T>, x: View<'_, T>, mut y: ViewMut<'_, T>, s: &mut [T]) {
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
pub struct Hessian<T = f64>(Recording<T>);
impl<T: Real> Hessian<T> {
    /// f'' at x.
    ///
    /// # Errors
    /// `NonFinite` where x, f(x) or a derivative of an operation is not finite; `InvalidArgument` of lanes that branch apart, and of dual numbers.
    pub fn new(f: impl VectorFunction, x: &[T]) -> Result<Self> {
        record(&f, x).map(Hessian)
    }
    /// f(x).
    pub fn value(&self) -> T {
        self.0.values().fold(T::zero(), |s, y| s + y)
    }
    /// The gradient at x.
    pub fn gradient(&self) -> Vec<T> {
        let mut bar = vec![T::zero(); self.0.len()];
        self.0.reverse(|_| T::one(), &mut bar);
        bar.truncate(self.0.inputs());
        bar
    }
}
operator!([T: Real] Hessian<T> { scalar T; facts SelfAdjointFacts; rows Dyn; cols Dyn; nrows |s| s.0.inputs(); ncols s.0.inputs(); });
impl<T: Real> LinearOperator for Hessian<T> {
    fn act(&self, how: Update<T>, x: View<'_, T>, mut y: ViewMut<'_, T>, s: &mut [T]) {
        let (dot, rest) = s.split_at_mut(self.0.len());
        let (bar, rest) = rest.split_at_mut(self.0.len());
        let second = &mut rest[..self.0.len()];
        for c in 0..x.cols {
            self.0.forward(|i| x.at(i, c), dot);
            self.0.second(|_| T::one(), dot, bar, second);
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
pub struct Fisher<M, T = f64>(Congruence<Adjoint<Jacobian<T>>, M>);
/// J^H J at x: the Gauss-Newton matrix of |f|^2 / 2.
pub type GaussNewton<T = f64> = Fisher<Identity<T, Dyn>, T>;
impl<T: Real> Fisher<Identity<T, Dyn>, T> {
    /// J^H J at x.
    ///
    /// # Errors
    /// As [`Jacobian::new`].
    pub fn of(f: impl VectorFunction, x: &[T]) -> Result<Self> {
        let j = Jacobian::new(f, x)?;
        let eye = Identity::new(j.nrows());
        Congruence::try_new(Adjoint(j), eye).map(Fisher)
    }
}
impl<T: Real, M: Operator<Scalar = T>> Fisher<M, T> {
    /// J^H M J at x.
    ///
    /// # Errors
    /// As [`Jacobian::new`]; `ShapeMismatch` where M is not of the size of f(x).
    pub fn new(f: impl VectorFunction, x: &[T], metric: impl crate::dsl::IntoOperator<Op = M>) -> Result<Self>
    where
        <M::Facts as crate::facts::Facts>::Psd: crate::facts::PsdOf<M>,
    {
        Congruence::try_new(Adjoint(Jacobian::new(f, x)?), metric.into_operator()).map(Fisher)
    }
    /// The Jacobian at x.
    pub fn jacobian(&self) -> &Jacobian<T> {
        &self.0.0.0
    }
}
operator!([T: Real, M: Operator<Scalar = T>] Fisher<M, T> {
    scalar T; facts PsdFacts; rows Dyn; cols Dyn; nrows |s| s.0.nrows(); ncols s.0.nrows(); iterative M::ITERATIVE;
});
impl<T: Real, M: LinearOperator<Scalar = T>> LinearOperator for Fisher<M, T> {
    fn act(&self, how: Update<T>, x: View<'_, T>, y: ViewMut<'_, T>, s: &mut [T]) {
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
pub fn jacobian<T: Real>(f: impl VectorFunction, x: &[T]) -> Jacobian<T> {
    Jacobian::new(f, x).unwrap_or_else(|e| crate::dsl::shape_panic(&e))
}
/// The Jacobian of f at x.
///
/// # Errors
/// `NonFinite` where x, or the function or a derivative there, is not finite.
pub fn try_jacobian<T: Real>(f: impl VectorFunction, x: &[T]) -> Result<Jacobian<T>> {
    Jacobian::new(f, x)
}
/// The Hessian of the sum of f at x: `hessian(f, &x)` in `linop!`.
///
/// # Panics
/// Where x, or the function or a derivative there, is not finite; `try_linop!` returns the error.
pub fn hessian<T: Real>(f: impl VectorFunction, x: &[T]) -> Hessian<T> {
    Hessian::new(f, x).unwrap_or_else(|e| crate::dsl::shape_panic(&e))
}
/// The Hessian of the sum of f at x.
///
/// # Errors
/// `NonFinite` where x, or the function or a derivative there, is not finite.
pub fn try_hessian<T: Real>(f: impl VectorFunction, x: &[T]) -> Result<Hessian<T>> {
    Hessian::new(f, x)
}
/// J^T J of f at x: `gauss_newton(f, &x)` in `linop!`.
///
/// # Panics
/// Where x, or the function or a derivative there, is not finite; `try_linop!` returns the error.
pub fn gauss_newton<T: Real>(f: impl VectorFunction, x: &[T]) -> GaussNewton<T> {
    GaussNewton::of(f, x).unwrap_or_else(|e| crate::dsl::shape_panic(&e))
}
/// J^T J of f at x.
///
/// # Errors
/// `NonFinite` where x, or the function or a derivative there, is not finite.
pub fn try_gauss_newton<T: Real>(f: impl VectorFunction, x: &[T]) -> Result<GaussNewton<T>> {
    GaussNewton::of(f, x)
}
/// J^T M J of f at x with a PSD metric M: `fisher(f, &x, metric)` in `linop!`.
///
/// # Panics
/// Where x, or the function or a derivative there, is not finite, or M is of another size; `try_linop!` returns the error.
pub fn fisher<T: Real, M: Operator<Scalar = T>>(
    f: impl VectorFunction,
    x: &[T],
    metric: impl crate::dsl::IntoOperator<Op = M>,
) -> Fisher<M, T>
where
    <M::Facts as crate::facts::Facts>::Psd: crate::facts::PsdOf<M>,
{
    Fisher::new(f, x, metric).unwrap_or_else(|e| crate::dsl::shape_panic(&e))
}
/// J^T M J of f at x with a PSD metric M.
///
/// # Errors
/// `NonFinite`, and `ShapeMismatch` where M is of another size.
pub fn try_fisher<T: Real, M: Operator<Scalar = T>>(
    f: impl VectorFunction,
    x: &[T],
    metric: impl crate::dsl::IntoOperator<Op = M>,
) -> Result<Fisher<M, T>>
where
    <M::Facts as crate::facts::Facts>::Psd: crate::facts::PsdOf<M>,
{
    Fisher::new(f, x, metric)
}
crate::base_rules! { [T: Real] Jacobian<T>, [T: Real] Hessian<T>, [T: Real, M: Operator<Scalar = T>] Fisher<M, T> }
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
            type Number = T;
            type With<X: Scalar> = Identity<X, Dyn>;
            type Owned = Self;
            fn visit<'a>(&'a self, _: &mut Path, _: &mut dyn FnMut(&str, Cow<'a, [T]>)) {}
            fn traverse<X: Scalar>(&self, _: &mut Path, _: LeafFn<'_, T, X>) -> Identity<X, Dyn> {
                Identity::of_size(self.nrows())
            }
            fn rebuild(&self, _: &mut Path, _: LeafFn<'_, T, T>) -> Self {
                self.clone()
            }
        } )* };
}
sweeps! {
    [T: Real] Jacobian<T>, "forward or reverse sweep", 4.0, |s| s.0;
    [T: Real] Hessian<T>, "forward sweep, reverse sweep with its derivative", 14.0, |s| s.0;
    [T: Real, M: Operator<Scalar = T>] Fisher<M, T>, "forward sweep, the metric, reverse sweep", 8.0, |s| s.0.0.0.0;
}
crate::gradient::no_gradient!([T: Real] Jacobian<T>);
crate::gradient::no_gradient!([T: Real] Hessian<T>);
crate::gradient::no_gradient!([T: Real, M: LinearOperator<Scalar = T> + Clone] Fisher<M, T>);
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
    /// A point a lane, against the points one by one; single precision against double.
    #[test]
    fn lanes_and_single_precision() -> Result<()> {
        type L = crate::Lanes<f64, 2>;
        let points = [X, [0.2, 0.9, -0.6]];
        let x: Vec<L> = (0..3).map(|i| L::from_lanes(|l| points[l][i])).collect();
        let (j, h) = (Jacobian::new(Mixed, &x)?, Hessian::new(Mixed, &x)?);
        let metric = Psd::new(Diagonal::new([1.0, 2.0, 0.5, 3.0].map(L::of)));
        let (f, g) = (Fisher::new(Mixed, &x, metric)?, GaussNewton::of(Mixed, &x)?);
        let b = [1.0, 2.0, 3.0].map(L::of).to_vec();
        let solved = g.solve(&b)?;
        for (l, x) in points.iter().enumerate() {
            let near = |a: nalgebra::DMatrix<L>, b: nalgebra::DMatrix<f64>| {
                assert!(a.iter().zip(b.iter()).all(|(a, b)| (a.lane(l) - b).abs() < 1e-14 * (1.0 + b.abs())));
            };
            let one = Jacobian::new(Mixed, x)?;
            near(j.to_dense(), one.to_dense());
            near(h.to_dense(), Hessian::new(Mixed, x)?.to_dense());
            near(f.to_dense(), Fisher::new(Mixed, x, Psd::new(Diagonal::new([1.0, 2.0, 0.5, 3.0])))?.to_dense());
            assert!((j.value()[1].lane(l) - one.value()[1]).abs() < 1e-15);
            let want = GaussNewton::of(Mixed, x)?.solve(&vec![1.0, 2.0, 3.0])?;
            assert!(solved.iter().zip(&want).all(|(a, b)| (a.lane(l) - b).abs() < 1e-9 * (1.0 + b.abs())));
        }
        let single = Jacobian::new(Mixed, &X.map(|x| x as f32))?.to_dense();
        let double = Jacobian::new(Mixed, &X)?.to_dense();
        assert!(single.iter().zip(double.iter()).all(|(a, b)| (*a as f64 - b).abs() < 1e-6 * (1.0 + b.abs())));
        // lanes that branch apart, one bad lane, and numbers whose derivatives would be lost
        struct Branch;
        impl VectorFunction for Branch {
            fn eval<T: Real>(&self, x: &[T]) -> Vec<T> {
                vec![if x[0].lt(T::zero()).any() { x[0] * x[0] } else { x[0] }]
            }
        }
        let split = [L::from_lanes(|l| l as f64 - 0.5)];
        let e = Jacobian::new(Branch, &split).map(|_| ()).unwrap_err().to_string();
        assert!(e.contains("lane 1") && e.contains("T::select"), "{e}");
        match Jacobian::new(Root, &[L::from_lanes(|l| l as f64), L::of(1.0)]).map(|_| ()) {
            Err(Error::Lanes { failed }) => assert!(failed.len() == 1 && failed[0].0 == 0, "{failed:?}"),
            other => panic!("{other:?}"),
        }
        Ok(())
    }
    #[cfg(feature = "dual")]
    #[test]
    fn derivatives_of_the_point_are_not_lost_silently() {
        let e =
            Jacobian::new(Root, &[num_dual::Dual64::from(1.0), num_dual::Dual64::from(2.0)]).map(|_| ()).unwrap_err();
        assert!(matches!(e, Error::InvalidArgument { .. }));
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
        check_operator(&Jacobian::<f64>::new(Constant, &[]).unwrap()).unwrap();
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
