//! Every kernel for f32, f64, c64 and lanes, at sizes on both sides of each threshold. Bounds are in units of n eps.

mod eigen;
mod factors;
mod functions;
mod plain;
mod plane;
mod products;

use super::products::gemm_loops;
use crate::Lanes;
use crate::scalar::{Complex, Mask, Real, Scalar};
use crate::view::{View, ViewMut};
use num_traits::{One, Zero};

pub(super) const SIZES: [usize; 9] = [0, 1, 2, 3, 5, 8, 9, 20, 64];
pub(super) type L4 = Lanes<f64, 4>;

/// A number made of as many random ones as it holds.
pub(super) trait Sample: Scalar {
    fn sample(f: &mut dyn FnMut() -> f64) -> Self;
}
impl Sample for f32 {
    fn sample(f: &mut dyn FnMut() -> f64) -> Self {
        f() as f32
    }
}
impl Sample for f64 {
    fn sample(f: &mut dyn FnMut() -> f64) -> Self {
        f()
    }
}
impl Sample for Complex<f32> {
    fn sample(f: &mut dyn FnMut() -> f64) -> Self {
        Complex::new(f() as f32, f() as f32)
    }
}
impl Sample for Complex<f64> {
    fn sample(f: &mut dyn FnMut() -> f64) -> Self {
        Complex::new(f(), f())
    }
}
impl Sample for L4 {
    fn sample(f: &mut dyn FnMut() -> f64) -> Self {
        L4::from_lanes(|_| f())
    }
}
/// Uniform in -1..1, splitmix64.
pub(super) fn random(seed: u64) -> impl FnMut() -> f64 {
    let mut s = seed;
    move || {
        s = s.wrapping_add(0x9e3779b97f4a7c15);
        let mut z = s;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58476d1ce4e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d049bb133111eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
}
pub(super) fn matrix<T: Sample>(n: usize, m: usize, seed: u64) -> Vec<T> {
    let mut f = random(seed);
    (0..n * m).map(|_| T::sample(&mut f)).collect()
}
pub(super) fn identity<T: Scalar>(n: usize) -> Vec<T> {
    (0..n * n).map(|k| if k % (n + 1) == 0 { T::one() } else { T::zero() }).collect()
}
pub(super) fn adjoint<T: Scalar>(n: usize, a: &[T]) -> Vec<T> {
    (0..n * n).map(|k| a[k / n + k % n * n].conj()).collect()
}
/// a b; both have n rows, `a` is square.
pub(super) fn mul<T: Scalar>(n: usize, a: &[T], b: &[T]) -> Vec<T> {
    let m = b.len().checked_div(n).unwrap_or(0);
    let mut c = vec![T::zero(); n * m];
    let (a, b) = (View::matrix(a, n, n), View::matrix(b, n, m));
    gemm_loops((T::one(), false), false, a, b, ViewMut::matrix(&mut c, n, m));
    c
}
/// X X^H + I.
pub(super) fn positive<T: Sample>(n: usize, seed: u64) -> Vec<T> {
    let x = matrix::<T>(n, n, seed);
    let mut a = mul(n, &x, &adjoint(n, &x));
    for i in 0..n {
        a[i * (n + 1)] += T::one();
    }
    a
}
pub(super) fn hermitian<T: Sample>(n: usize, seed: u64) -> Vec<T> {
    let x = matrix::<T>(n, n, seed);
    let y = adjoint(n, &x);
    x.iter().zip(&y).map(|(x, y)| *x + *y).collect()
}
/// The largest lane.
pub(super) fn worst<R: Real>(x: R) -> f64 {
    (0..R::LANES).map(|l| x.lane_f64(l)).fold(0.0, |m, x| if x.is_nan() { f64::NAN } else { f64::max(m, x) })
}
/// max |a|, over all lanes.
pub(super) fn most<T: Scalar>(a: &[T]) -> f64 {
    a.iter().map(|x| worst(x.abs())).fold(0.0, |m, x| if x.is_nan() || f64::is_nan(m) { f64::NAN } else { m.max(x) })
}
/// max |a - b| <= factor n eps max |b|.
#[track_caller]
pub(super) fn close<T: Scalar>(n: usize, a: &[T], b: &[T], factor: f64) {
    assert_eq!(a.len(), b.len());
    let d: Vec<T> = a.iter().zip(b).map(|(a, b)| *a - *b).collect();
    let bound = factor * n.max(1) as f64 * worst(T::Re::epsilon()) * most(b).max(f64::MIN_POSITIVE);
    assert!(most(&d) <= bound, "{} n={n}: {:e} > {bound:e}", T::NAME, most(&d));
}
pub(super) fn good<M: Mask>(m: M) -> bool {
    m.all()
}
/// Runs a generic test for each number type.
macro_rules! each_type {
    ($($name:ident),*) => {$(
        #[test]
        fn $name() {
            super::each_type!(@ $name f32, f64, num_complex::Complex<f32>, num_complex::Complex<f64>, super::L4);
        }
    )*};
    (@ $name:ident $($T:ty),*) => { $( generic::$name::<$T>(); )* };
}
pub(super) use each_type;
#[allow(dead_code, reason = "not every test file uses every helper")]
pub(super) fn zeros<T: Scalar>(n: usize) -> Vec<T> {
    vec![T::zero(); n]
}
