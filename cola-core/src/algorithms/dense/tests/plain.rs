//! What stands in faer's place without the feature `faer`.

use super::{Sample, matrix};
use crate::algorithms::dense::{Engine, plain};
use crate::scalar::{Complex, Real, Scalar};
use crate::view::View;
use num_traits::Zero;

/// |Q^H Q - I| of k columns of m numbers.
fn skew<T: Scalar>(m: usize, k: usize, q: &[T]) -> f64 {
    let mut worst = 0.0_f64;
    for i in 0..k {
        for j in 0..k {
            let dot = (0..m).fold(T::zero(), |s, r| s + q[r + m * i].conj() * q[r + m * j]);
            let want = if i == j { T::one() } else { T::zero() };
            worst = worst.max((dot - want).abs().lane_f64(0));
        }
    }
    worst
}
fn decompose<T: Sample + Engine>(m: usize, n: usize, a: &[T], exact: bool) {
    let k = m.min(n);
    let eps = T::Re::epsilon().lane_f64(0);
    let new = || (vec![T::Re::zero(); k], vec![T::zero(); m * k], vec![T::zero(); n * k]);
    let ((mut s, mut u, mut v), (mut s2, mut u2, mut v2)) = (new(), new());
    plain::svd(View::matrix(a, m, n), &mut s, &mut u, &mut v).unwrap();
    T::engine_svd(View::matrix(a, m, n), &mut s2, &mut u2, &mut v2).unwrap();
    let top = s.first().map_or(0.0, |s| s.lane_f64(0));
    let tol = 20.0 * eps * (m.max(n) as f64);
    for j in 0..k {
        let (ours, other) = (s[j].lane_f64(0), s2[j].lane_f64(0));
        assert!((ours - other).abs() <= tol * top, "{}: {m} x {n}, s[{j}]: {ours} {other}", T::NAME);
        assert!(j == 0 || ours <= s[j - 1].lane_f64(0));
        if exact {
            let want = 10.0_f64.powi(-3 * (j as i32));
            assert!((ours - want).abs() <= tol * want, "a graded diagonal to its last digit: {ours} {want}");
        }
    }
    assert!(
        skew(m, k, &u) <= tol && skew(n, k, &v) <= tol,
        "{}: {m} x {n}: {} {}",
        T::NAME,
        skew(m, k, &u),
        skew(n, k, &v)
    );
    for j in 0..n {
        for i in 0..m {
            let x = (0..k).fold(T::zero(), |x, l| x + u[i + m * l].scale(s[l]) * v[j + n * l].conj());
            assert!(
                (x - a[i + m * j]).abs().lane_f64(0) <= tol * top.max(1e-300),
                "{}: {m} x {n} at {i}, {j}",
                T::NAME
            );
        }
    }
}
fn all<T: Sample + Engine>() {
    for (m, n) in [(0, 0), (1, 1), (3, 0), (5, 5), (9, 4), (4, 9), (20, 20), (1, 6)] {
        decompose::<T>(m, n, &matrix(m, n, (m + 31 * n) as u64), false);
        decompose::<T>(m, n, &vec![T::zero(); m * n], false);
        // of rank one
        let (x, y) = (matrix::<T>(m, 1, 5), matrix::<T>(n, 1, 6));
        decompose::<T>(m, n, &(0..m * n).map(|i| x[i % m] * y[i / m].conj()).collect::<Vec<_>>(), false);
        // far from 1
        for scale in [1e-30, 1e30] {
            let big: Vec<T> = matrix::<T>(m, n, 7).iter().map(|x| *x * T::of(scale)).collect();
            decompose::<T>(m, n, &big, false);
        }
    }
    let graded: Vec<T> =
        (0..9).map(|i| if i % 4 == 0 { T::of(10.0_f64.powi(-3 * (i / 4))) } else { T::zero() }).collect();
    decompose::<T>(3, 3, &graded, true);
}

#[test]
fn singular_values_by_one_sided_jacobi() {
    all::<f64>();
    all::<f32>();
    all::<Complex<f64>>();
    all::<Complex<f32>>();
}
#[test]
fn eigenvalues_at_a_size_that_faer_had() {
    let n = 60;
    let x = matrix::<f64>(n, n, 3);
    let a: Vec<f64> = (0..n * n).map(|i| x[i] + x[i / n + n * (i % n)]).collect();
    let (mut copy, mut w, mut v) = (a.clone(), vec![0.0; n], vec![0.0; n * n]);
    assert!(crate::scalar::Mask::all(plain::eigh(n, &mut copy, &mut w, &mut v).ok));
    for j in 0..n {
        for i in 0..n {
            let r = (0..n).fold(-w[j] * v[i + n * j], |s, k| s + a[i + n * k] * v[k + n * j]);
            assert!(r.abs() < 1e-12 * n as f64);
        }
    }
    let (mut w, mut z) = (vec![Complex::zero(); n], vec![Complex::zero(); n * n]);
    plain::eig(n, &x, &mut w, &mut z).unwrap();
    for j in 0..n {
        for i in 0..n {
            let r = (0..n).fold(-w[j] * z[i + n * j], |s, k| s + z[k + n * j] * x[i + n * k]);
            assert!(Scalar::abs(r) < 1e-12 * n as f64);
        }
    }
}
