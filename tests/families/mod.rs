//! Matrices with known spectra that the tests of the iterative methods share.
#![allow(dead_code, reason = "no test needs all of them")]
use cola::prelude::*;
use nalgebra::{DMatrix, DVector};

pub type C64 = Complex<f64>;

/// Numbers in (-1, 1) without a pattern.
pub fn noise(i: usize) -> f64 {
    let x = ((i as f64 + 1.0) * 12.9898).sin() * 43758.5453;
    2.0 * (x - x.floor()) - 1.0
}
pub trait Number: Element + nalgebra::ComplexField<RealField = f64> + Scalar<Re = f64> {
    fn some(i: usize) -> Self;
}
impl Number for f64 {
    fn some(i: usize) -> f64 {
        noise(i)
    }
}
impl Number for C64 {
    fn some(i: usize) -> C64 {
        C64::new(noise(i), noise(i + 4711))
    }
}

/// Kronecker sum of d second differences on m points.
pub fn laplacian(d: u32, m: usize, shift: f64) -> DMatrix<f64> {
    let n = m.pow(d);
    DMatrix::from_fn(n, n, |i, j| {
        if i == j {
            return 2.0 * f64::from(d) - shift;
        }
        let differ: Vec<u32> = (0..d).filter(|&k| i / m.pow(k) % m != j / m.pow(k) % m).collect();
        match differ[..] {
            [k] if (i / m.pow(k) % m).abs_diff(j / m.pow(k) % m) == 1 => -1.0,
            _ => 0.0,
        }
    })
}
/// Q diag(s) Q^H with Q a product of two reflections.
pub fn with_spectrum<T: Number>(s: &[f64]) -> DMatrix<T> {
    let n = s.len();
    let reflection = |seed: usize| {
        let v = DVector::from_fn(n, |i, _| T::some(i + seed));
        let c = <T as Scalar>::of(2.0 / v.norm_squared());
        DMatrix::identity(n, n) - &v * v.adjoint() * c
    };
    let q = reflection(3) * reflection(77);
    let a = &q * DMatrix::from_diagonal(&DVector::from_fn(n, |i, _| <T as Scalar>::of(s[i]))) * q.adjoint();
    (&a + a.adjoint()) * <T as Scalar>::of(0.5)
}
/// n numbers from 1 to 1 / cond, each the same fraction of the one before.
pub fn geometric(n: usize, cond: f64) -> Vec<f64> {
    (0..n).map(|i| cond.powf(-(i as f64) / (n - 1) as f64)).collect()
}
/// Three clusters about 1, 10 and 1000, in each the numbers differ by 3e-9 of their size.
pub fn clustered(n: usize) -> Vec<f64> {
    (0..n).map(|i| [1.0, 10.0, 1e3][i % 3] * (1.0 + 1e-9 * i as f64)).collect()
}
/// D T D with d_i from 1 to 1e-4 and T = tridiag(-1/2, 2, -1/2).
pub fn graded(n: usize) -> DMatrix<f64> {
    let d: Vec<f64> = (0..n).map(|i| 10f64.powf(-4.0 * i as f64 / n as f64)).collect();
    DMatrix::from_fn(n, n, |i, j| d[i] * d[j] * [2.0, -0.5, 0.0][i.abs_diff(j).min(2)])
}
/// 1 / (i + j + 1): positive definite, of condition about e^(3.5 n).
pub fn hilbert(n: usize) -> DMatrix<f64> {
    DMatrix::from_fn(n, n, |i, j| 1.0 / (i + j + 1) as f64)
}
/// Frank's upper Hessenberg matrix: det 1, eigenvalues in pairs (w, 1 / w), the small ones ill-conditioned.
pub fn frank(n: usize) -> DMatrix<f64> {
    DMatrix::from_fn(n, n, |i, j| if j + 1 >= i { (n - i.max(j)) as f64 } else { 0.0 })
}
/// Grcar's banded Toeplitz matrix: far from normal.
pub fn grcar(n: usize) -> DMatrix<f64> {
    DMatrix::from_fn(n, n, |i, j| match j as isize - i as isize {
        -1 => -1.0,
        0..=3 => 1.0,
        _ => 0.0,
    })
}
/// Clement's tridiagonal matrix: eigenvalues n - 1, n - 3, .., 1 - n, and not normal.
pub fn clement(n: usize) -> DMatrix<f64> {
    DMatrix::from_fn(n, n, |i, j| {
        if j == i + 1 {
            (i + 1) as f64
        } else if i == j + 1 {
            (n - i) as f64
        } else {
            0.0
        }
    })
}
/// I + 0.9 N with N the shift: one eigenvalue, one eigenvector.
pub fn jordan(n: usize) -> DMatrix<f64> {
    DMatrix::from_fn(n, n, |i, j| if i == j { 1.0 } else { 0.9 * f64::from(j == i + 1) })
}
