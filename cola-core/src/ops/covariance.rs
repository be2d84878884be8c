//! Covariance functions: the built-in ones, their sums and products, and any closure.

use crate::facts::{And, Fact, Known, Unknown};
use crate::scalar::Real;
use core::marker::PhantomData;
use core::ops::{Add, Mul};
use num_traits::One;

/// A function of two points with hyperparameters: what a [`Kernel`](crate::Kernel) evaluates.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a covariance function",
    label = "expected `Rbf`, `Matern32`, .., a sum or product of them, or `covariance(|x, z| ..)`"
)]
pub trait Covariance: Send + Sync {
    /// Number type.
    type Number: Real;
    /// `Known` if k(x, z) = k(z, x).
    type Symmetric: Fact;
    /// `Known` if every matrix k(x_i, x_j) is positive semidefinite.
    type Psd: Fact;
    /// k(x, z) of two points of one dimension.
    fn value(&self, x: &[Self::Number], z: &[Self::Number]) -> Self::Number;
    /// g += weight dk(x, z) / d(hyperparameters), in the order of [`parameters`](Self::parameters).
    fn gradient(&self, x: &[Self::Number], z: &[Self::Number], weight: Self::Number, g: &mut [Self::Number]);
    /// The hyperparameters.
    fn parameters(&self) -> Vec<Self::Number>;
    /// Writes them.
    fn set_parameters(&mut self, new: &[Self::Number]);
    /// a^2 k: positive semidefinite where k is, whatever the sign of the hyperparameter a.
    fn amplitude(self, a: Self::Number) -> Amplitude<Self>
    where
        Self: Sized,
    {
        Amplitude { a, k: self }
    }
}
/// |x - z|^2.
fn distance_sq<T: Real>(x: &[T], z: &[T]) -> T {
    x.iter().zip(z).fold(T::zero(), |s, (a, b)| s.add_mul(*a - *b, *a - *b))
}
/// |x - z|; the root of zero is no number that is differentiated.
fn distance<T: Real>(x: &[T], z: &[T]) -> T {
    let sq = distance_sq(x, z);
    let some = T::zero().lt(sq);
    // zero, or NaN as it came
    T::select(some, T::select(some, sq, T::one()).sqrt(), sq)
}
/// q >= 0, or what is so large that e^-q is zero beside any power of it: infinity times zero is no number.
fn near_enough<T: Real>(q: T) -> T {
    let limit = T::real(1e4);
    T::select(limit.lt(q), limit, q)
}
/// |x - z|^2 / l^2 without the square of a length, which may be zero.
fn ratio_sq<T: Real>(x: &[T], z: &[T], length: T) -> T {
    let inverse = T::one() / length;
    distance_sq(x, z) * inverse * inverse
}
macro_rules! built_in {
    ($(#[$doc:meta])* $S:ident { $($field:ident: $what:literal),* } |$k:ident, $x:ident, $z:ident| $value:expr;
        |$w:ident, $g:ident| $gradient:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        pub struct $S<T> { $( #[doc = $what] pub $field: T ),* }
        impl<T: Real> $S<T> {
            /// From its hyperparameters.
            pub fn new($($field: T),*) -> Self {
                $S { $($field),* }
            }
        }
        impl<T: Real> Covariance for $S<T> {
            type Number = T;
            type Symmetric = Known;
            type Psd = Known;
            #[inline]
            fn value(&self, $x: &[T], $z: &[T]) -> T {
                let $k = self;
                $value
            }
            fn gradient(&self, $x: &[T], $z: &[T], $w: T, $g: &mut [T]) {
                let $k = self;
                $gradient
            }
            fn parameters(&self) -> Vec<T> {
                vec![$(self.$field),*]
            }
            fn set_parameters(&mut self, new: &[T]) {
                let mut new = new.iter();
                $( self.$field = *new.next().expect("as many as `parameters` gives"); )*
            }
        }
        built_in_algebra!([T: Real] $S<T>);
    };
}
/// `+` and `*` of covariance functions.
macro_rules! built_in_algebra {
    ([$($p:tt)*] $S:ty) => {
        impl<$($p)*, R> Add<R> for $S {
            type Output = SumCovariance<Self, R>;
            fn add(self, r: R) -> Self::Output {
                SumCovariance(self, r)
            }
        }
        impl<$($p)*, R> Mul<R> for $S {
            type Output = ProductCovariance<Self, R>;
            fn mul(self, r: R) -> Self::Output {
                ProductCovariance(self, r)
            }
        }
    };
}
built_in! {
    /// exp(-|x - z|^2 / 2 l^2).
    Rbf { length: "l > 0." }
    |k, x, z| (-ratio_sq(x, z, k.length) * T::real(0.5)).exp();
    |w, g| {
        let q = near_enough(ratio_sq(x, z, k.length));
        g[0] += w * (-q * T::real(0.5)).exp() * q / k.length;
    }
}
built_in! {
    /// exp(-r / l), r = |x - z|.
    Matern12 { length: "l > 0." }
    |k, x, z| (-(distance(x, z) / k.length)).exp();
    |w, g| {
        let q = near_enough(distance(x, z) / k.length);
        g[0] += w * (-q).exp() * q / k.length;
    }
}
built_in! {
    /// (1 + q) exp(-q), q = sqrt(3) |x - z| / l.
    Matern32 { length: "l > 0." }
    |k, x, z| {
        let q = near_enough(distance(x, z) / k.length * T::real(3f64.sqrt()));
        (T::one() + q) * (-q).exp()
    };
    |w, g| {
        let q = near_enough(distance(x, z) / k.length * T::real(3f64.sqrt()));
        g[0] += w * q * q * (-q).exp() / k.length;
    }
}
built_in! {
    /// (1 + q + q^2 / 3) exp(-q), q = sqrt(5) |x - z| / l.
    Matern52 { length: "l > 0." }
    |k, x, z| {
        let q = near_enough(distance(x, z) / k.length * T::real(5f64.sqrt()));
        (T::one() + q + q * q * T::real(1.0 / 3.0)) * (-q).exp()
    };
    |w, g| {
        let q = near_enough(distance(x, z) / k.length * T::real(5f64.sqrt()));
        g[0] += w * q * q * (T::one() + q) * T::real(1.0 / 3.0) * (-q).exp() / k.length;
    }
}
built_in! {
    /// exp(-2 sum_c sin^2(pi (x_c - z_c) / p) / l^2). (MacKay 1998.)
    Periodic { length: "l > 0.", period: "p > 0." }
    |k, x, z| {
        let wave = T::real(core::f64::consts::PI) / k.period;
        let sum = x.iter().zip(z).fold(T::zero(), |s, (a, b)| {
            let sin = ((*a - *b) * wave).sin_cos().0;
            s.add_mul(sin, sin)
        });
        (-(sum + sum) / (k.length * k.length)).exp()
    };
    |w, g| {
        let (pi, two) = (T::real(core::f64::consts::PI), T::real(2.0));
        let (mut sum, mut slope) = (T::zero(), T::zero());
        for (a, b) in x.iter().zip(z) {
            let angle = (*a - *b) * pi / k.period;
            let (sin, cos) = angle.sin_cos();
            sum += sin * sin;
            slope += two * sin * cos * angle;
        }
        let l2 = k.length * k.length;
        let value = w * (-(sum + sum) / l2).exp();
        g[0] += value * two * two * sum / (l2 * k.length);
        g[1] += value * two * slope / (l2 * k.period);
    }
}
built_in! {
    /// (1 + |x - z|^2 / 2 a l^2)^-a.
    RationalQuadratic { length: "l > 0.", alpha: "a > 0." }
    |k, x, z| {
        let q = ratio_sq(x, z, k.length);
        (-(k.alpha * (T::one() + q / (k.alpha + k.alpha)).ln())).exp()
    };
    |w, g| {
        let q = ratio_sq(x, z, k.length);
        let inner = T::one() + q / (k.alpha + k.alpha);
        let value = w * (-(k.alpha * inner.ln())).exp();
        g[0] += value * q / (k.length * inner);
        g[1] += value * (q / (k.alpha + k.alpha) / inner - inner.ln());
    }
}
built_in! {
    /// b + x . z, for b >= 0.
    Linear { bias: "b >= 0." }
    |k, x, z| x.iter().zip(z).fold(k.bias, |s, (a, b)| s.add_mul(*a, *b));
    |w, g| {
        let _ = (k, x, z);
        g[0] += w;
    }
}
/// a^2 k.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Amplitude<K: Covariance> {
    /// a, of either sign.
    pub a: K::Number,
    /// k.
    pub k: K,
}
impl<K: Covariance> Covariance for Amplitude<K> {
    type Number = K::Number;
    type Symmetric = K::Symmetric;
    type Psd = K::Psd;
    fn value(&self, x: &[K::Number], z: &[K::Number]) -> K::Number {
        self.a * self.a * self.k.value(x, z)
    }
    fn gradient(&self, x: &[K::Number], z: &[K::Number], weight: K::Number, g: &mut [K::Number]) {
        g[0] += weight * (self.a + self.a) * self.k.value(x, z);
        self.k.gradient(x, z, weight * self.a * self.a, &mut g[1..]);
    }
    fn parameters(&self) -> Vec<K::Number> {
        let mut all = vec![self.a];
        all.extend(self.k.parameters());
        all
    }
    fn set_parameters(&mut self, new: &[K::Number]) {
        self.a = new[0];
        self.k.set_parameters(&new[1..]);
    }
}
built_in_algebra!([K: Covariance] Amplitude<K>);
/// k + l.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SumCovariance<K, L>(pub K, pub L);
/// k l.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ProductCovariance<K, L>(pub K, pub L);
macro_rules! pair {
    ($S:ident, |$a:ident, $b:ident| $value:expr, $da:expr, $db:expr) => {
        impl<K: Covariance, L: Covariance<Number = K::Number>> Covariance for $S<K, L> {
            type Number = K::Number;
            type Symmetric = And<K::Symmetric, L::Symmetric>;
            type Psd = And<K::Psd, L::Psd>;
            fn value(&self, x: &[K::Number], z: &[K::Number]) -> K::Number {
                let ($a, $b) = (self.0.value(x, z), self.1.value(x, z));
                $value
            }
            fn gradient(&self, x: &[K::Number], z: &[K::Number], weight: K::Number, g: &mut [K::Number]) {
                let ($a, $b) = (self.0.value(x, z), self.1.value(x, z));
                let _ = ($a, $b);
                let (first, second) = g.split_at_mut(self.0.parameters().len());
                self.0.gradient(x, z, weight * $da, first);
                self.1.gradient(x, z, weight * $db, second);
            }
            fn parameters(&self) -> Vec<K::Number> {
                let mut all = self.0.parameters();
                all.extend(self.1.parameters());
                all
            }
            fn set_parameters(&mut self, new: &[K::Number]) {
                let (first, second) = new.split_at(self.0.parameters().len());
                self.0.set_parameters(first);
                self.1.set_parameters(second);
            }
        }
        impl<K, L, R> Add<R> for $S<K, L> {
            type Output = SumCovariance<Self, R>;
            fn add(self, r: R) -> Self::Output {
                SumCovariance(self, r)
            }
        }
        impl<K, L, R> Mul<R> for $S<K, L> {
            type Output = ProductCovariance<Self, R>;
            fn mul(self, r: R) -> Self::Output {
                ProductCovariance(self, r)
            }
        }
    };
}
pair!(SumCovariance, |a, b| a + b, K::Number::one(), K::Number::one());
// positive semidefinite by Schur's product theorem
pair!(ProductCovariance, |a, b| a * b, b, a);

/// Any function of two points; of its symmetry nothing is known: promise `self_adjoint(..)` or `psd(..)` of its matrix.
#[derive(Clone, Copy, Debug)]
pub struct Closure<T, F>(F, PhantomData<fn() -> T>);
/// A covariance function from a closure, without hyperparameters.
///
/// ```
/// # use cola_core::prelude::*;
/// let x = nalgebra::dmatrix![0.0; 2.0];
/// let k = Psd::new(Kernel::new(covariance(|x: &[f64], z: &[f64]| 1.0 / (1.0 + (x[0] - z[0]).powi(2))), &x));
/// assert_eq!(k.to_dense(), nalgebra::dmatrix![1.0, 0.2; 0.2, 1.0]);
/// ```
pub fn covariance<T: Real, F: Fn(&[T], &[T]) -> T + Send + Sync>(f: F) -> Closure<T, F> {
    Closure(f, PhantomData)
}
impl<T: Real, F: Fn(&[T], &[T]) -> T + Send + Sync> Covariance for Closure<T, F> {
    type Number = T;
    type Symmetric = Unknown;
    type Psd = Unknown;
    fn value(&self, x: &[T], z: &[T]) -> T {
        (self.0)(x, z)
    }
    fn gradient(&self, _: &[T], _: &[T], _: T, _: &mut [T]) {}
    fn parameters(&self) -> Vec<T> {
        Vec::new()
    }
    fn set_parameters(&mut self, _: &[T]) {}
}
built_in_algebra!([T: Real, F] Closure<T, F>);
