//! Functions of general and triangular matrices.

use super::*;
use crate::algorithms::dense::*;
use crate::error::{Error, Result};
use std::f64::consts::{LN_2, PI};

type C = Complex<f64>;

fn apply<T: Scalar>(f: impl Fn(&mut [T]) -> Result<()>, a: &[T]) -> Vec<T> {
    let mut x = a.to_vec();
    f(&mut x).unwrap();
    x
}
/// Rows to columns: tests write matrices as they are read.
fn rows<T: Scalar>(n: usize, a: &[T]) -> Vec<T> {
    (0..n * n).map(|k| a[k / n + k % n * n]).collect()
}
#[track_caller]
fn near<T: Scalar>(a: &[T], b: &[T], tol: f64) {
    let d: Vec<T> = a.iter().zip(b).map(|(a, b)| *a - *b).collect();
    assert!(a.len() == b.len() && most(&d) <= tol * most(b).max(1e-300), "{a:?}\n{b:?}: {:e}", most(&d));
}
/// No eigenvalue near the closed negative axis.
fn tame<T: Sample>(n: usize, seed: u64) -> Vec<T> {
    let mut a = matrix::<T>(n, n, seed);
    for i in 0..n {
        a[i * (n + 1)] += T::of(0.5 + 1.5 * (n as f64).sqrt());
    }
    a
}

#[test]
fn schur_form() {
    fn run<T: Sample>()
    where
        T::Re: num_traits::NumAssign,
        Complex<T::Re>: Engine,
    {
        for n in SIZES {
            for (what, a) in [
                ("random", matrix::<T>(n, n, 7)),
                ("symmetric", hermitian::<T>(n, 7)),
                ("identity", identity::<T>(n)),
                ("zero", zeros(n * n)),
                ("ones", vec![T::one(); n * n]),
                ("nilpotent", (0..n * n).map(|k| if k % n == k / n + 1 { T::one() } else { T::zero() }).collect()),
                ("cycle", (0..n * n).map(|k| if k % n == (k / n + 1) % n { T::one() } else { T::zero() }).collect()),
                ("tiny", matrix::<T>(n, n, 7).iter().map(|x| x.scale(T::Re::real(1e-30))).collect()),
            ] {
                let (t, q) = schur(n, &a).unwrap_or_else(|e| panic!("{} {n} {what}: {e}", T::NAME));
                let wide: Vec<_> = a.iter().map(|x| Complex::new(x.re(), x.im())).collect();
                assert!((0..n * n).all(|k| k % n <= k / n || t[k].abs().lane_f64(0) == 0.0), "upper triangular");
                close(n, &mul(n, &mul(n, &q, &t), &adjoint(n, &q)), &wide, 40.0);
                close(n, &mul(n, &adjoint(n, &q), &q), &identity(n), 40.0);
            }
        }
    }
    run::<f32>();
    run::<f64>();
    run::<Complex<f32>>();
    run::<C>();
    assert!(schur(2, &[1e300, 2e300, 3e300, 4e300]).is_ok());
    assert!(matches!(schur(2, &[1.0, f64::NAN, 0.0, 1.0]), Err(Error::NonFinite { .. })));
}

#[test]
fn known_exponentials() {
    let e = |n: usize, a: &[f64]| apply(|x| expm(n, x), &rows(n, a));
    near(&e(1, &[2.0]), &[2f64.exp()], 1e-15);
    assert!(e(0, &[]).is_empty());
    near(&e(2, &[0.0, 1.0, 0.0, 0.0]), &[1.0, 0.0, 1.0, 1.0], 1e-16);
    let (s, c) = 30f64.sin_cos();
    near(&e(2, &[0.0, -30.0, 30.0, 0.0]), &[c, s, -s, c], 1e-13);
    // Moler & Van Loan 1978: far from normal, eigenvalues -1 and -17
    let (p, q) = ((-1f64).exp(), (-17f64).exp());
    let want = [3.0 * q - 2.0 * p, 1.5 * (p - q), 4.0 * (q - p), 3.0 * p - 2.0 * q];
    near(&e(2, &[-49.0, 24.0, -64.0, 31.0]), &rows(2, &want), 1e-11);
    // every degree, against the square of the half
    for norm in [0.01, 0.2, 0.9, 2.0, 5.0, 40.0] {
        for n in [3, 9, 20] {
            let a = matrix::<f64>(n, n, 2);
            let unit = (0..n).map(|j| (0..n).map(|i| a[i + j * n].abs()).sum()).fold(0.0, f64::max);
            let half: Vec<_> = a.iter().map(|x| x * norm / unit / 2.0).collect();
            let full: Vec<_> = half.iter().map(|x| x * 2.0).collect();
            let h = apply(|x| expm(n, x), &half);
            near(&apply(|x| expm(n, x), &full), &mul(n, &h, &h), 1e-13);
        }
    }
    assert!(matches!(expm(1, &mut [1000.0f64]), Err(Error::NonFinite { .. })));
    assert!(matches!(expm(2, &mut [f64::NAN; 4]), Err(Error::NonFinite { .. })));
    assert!(matches!(expm(2, &mut [f64::INFINITY; 4]), Err(Error::NonFinite { .. })));
    assert!(expm(2, &mut [1e300f64; 4]).is_err());
    near(&apply(|x| exp_upper(2, x), &[-1000.0, 0.0, 1.0, -1000.0]), &[0.0, 0.0, 0.0, 0.0], 1.0);
    // lanes: each as if alone
    let mut a = matrix::<L4>(3, 3, 8);
    let alone: Vec<Vec<f64>> =
        (0..4).map(|l| apply(|x| expm(3, x), &a.iter().map(|x| x.lane(l)).collect::<Vec<_>>())).collect();
    expm(3, &mut a).unwrap();
    (0..4).for_each(|l| near(&a.iter().map(|x| x.lane(l)).collect::<Vec<_>>(), &alone[l], 1e-14));
}

#[test]
fn known_roots_and_logarithms() {
    let jordan = rows(2, &[1.0, 1.0, 0.0, 1.0]);
    assert_eq!(apply(|x| sqrtm(2, x), &jordan), rows(2, &[1.0, 0.5, 0.0, 1.0]));
    near(&apply(|x| logm(2, x), &jordan), &rows(2, &[0.0, 1.0, 0.0, 0.0]), 1e-15);
    near(&apply(|x| powm(2, x, 1.0 / 3.0), &jordan), &rows(2, &[1.0, 1.0 / 3.0, 0.0, 1.0]), 1e-15);
    near(&apply(|x| powm(2, x, -7.0), &jordan), &rows(2, &[1.0, -7.0, 0.0, 1.0]), 1e-15);
    let lower = rows(2, &[4.0, 0.0, 1.0, 4.0]);
    near(&apply(|x| sqrtm(2, x), &lower), &rows(2, &[2.0, 0.0, 0.25, 2.0]), 1e-15);
    near(&apply(|x| logm(2, x), &lower), &rows(2, &[2.0 * LN_2, 0.0, 0.25, 2.0 * LN_2]), 1e-15);
    // a rotation by 0.9 pi: logarithm and root stay real
    let (s, c) = (0.9 * PI).sin_cos();
    let (sh, ch) = (0.45 * PI).sin_cos();
    let turn = rows(2, &[c, -s, s, c]);
    near(&apply(|x| logm(2, x), &turn), &rows(2, &[0.0, -0.9 * PI, 0.9 * PI, 0.0]), 1e-14);
    near(&apply(|x| sqrtm(2, x), &turn), &rows(2, &[ch, -sh, sh, ch]), 1e-14);
    near(
        &apply(|x| logm(2, x), &[1e-200, 0.0, 0.0, 1e200]),
        &[-200.0 * 10f64.ln(), 0.0, 0.0, 200.0 * 10f64.ln()],
        1e-15,
    );
    near(&apply(|x| logm(1, x), &[1.0 + 1e-15]), &[(1.0 + 1e-15f64).ln()], 1e-15);
    // a double eigenvalue that is not defective, a singular matrix with a root
    near(&apply(|x| sqrtm(2, x), &rows(2, &[2.0, 2.0, 2.0, 2.0])), &[1.0; 4], 1e-7);
    near(&apply(|x| sqrtm(2, x), &[0.0; 4]), &[0.0; 4], 1.0);
    // errors
    let negative = rows(2, &[1.0, 2.0, 2.0, 1.0]);
    for f in [|x: &mut [f64]| sqrtm(2, x), |x: &mut [f64]| logm(2, x), |x: &mut [f64]| powm(2, x, 0.3)] {
        assert!(
            matches!(f(&mut negative.clone()), Err(Error::NegativeEigenvalue { value, .. }) if (value + 1.0).abs() < 1e-14)
        );
        assert!(matches!(f(&mut [f64::NAN; 4]), Err(Error::NonFinite { .. })));
    }
    assert!(matches!(sqrtm(2, &mut [0.0, 0.0, 1.0, 0.0]), Err(Error::Singular { .. })));
    assert!(matches!(logm(2, &mut rows(2, &[1.0, 0.0, 0.0, 0.0])), Err(Error::Singular { index: 1 })));
    assert!(matches!(powm(2, &mut [1.0f64; 4], -1.0), Err(Error::Singular { .. })));
    let i: Vec<C> = negative.iter().map(|x| C::new(*x, 0.0)).collect();
    let root = apply(|x| sqrtm(2, x), &i);
    near(&mul(2, &root, &root), &i, 1e-14);
}

#[test]
fn functions_invert_each_other() {
    fn run<T: Sample>() {
        let eps = worst(T::Re::epsilon());
        for n in SIZES {
            let a = tame::<T>(n, 4);
            let tol = 200.0 * (n as f64 + 1.0) * eps;
            let r = apply(|x| sqrtm(n, x), &a);
            near(&mul(n, &r, &r), &a, tol);
            let l = apply(|x| logm(n, x), &a);
            near(&apply(|x| expm(n, x), &l), &a, 4.0 * tol);
            let third = apply(|x| powm(n, x, 1.0 / 3.0), &a);
            near(&mul(n, &third, &mul(n, &third, &third)), &a, 4.0 * tol);
            near(&apply(|x| powm(n, x, 0.5), &a), &r, tol);
            let up = apply(|x| powm(n, x, 1.7), &a);
            near(&mul(n, &up, &apply(|x| powm(n, x, -0.7), &a)), &a, 20.0 * tol);
            near(&apply(|x| powm(n, x, 3.0), &a), &mul(n, &a, &mul(n, &a, &a)), tol);
            // the triangular kernels
            let mut t = a.clone();
            (0..n * n).for_each(|k| {
                if k % n > k / n {
                    t[k] = T::zero()
                }
            });
            let r = apply(|x| sqrt_upper(n, x), &t);
            near(&mul(n, &r, &r), &t, tol);
            let l = apply(|x| log_upper(n, x), &t);
            near(&apply(|x| exp_upper(n, x), &l), &t, tol);
            let p = apply(|x| pow_upper(n, x, 0.25), &t);
            let p2 = mul(n, &p, &p);
            near(&mul(n, &p2, &p2), &t, 4.0 * tol);
        }
    }
    run::<f32>();
    run::<f64>();
    run::<Complex<f32>>();
    run::<C>();
}
