//! Eigenvalues and eigenvectors.

use super::*;
use crate::algorithms::dense::*;

each_type!(decomposes, survives_nan);

mod generic {
    use super::*;

    #[track_caller]
    fn check<T: Sample>(n: usize, fixed: bool, a: &[T], what: &str) {
        let (mut m, mut w, mut v) = (a.to_vec(), vec![T::Re::zero(); n], vec![T::of(f64::NAN); n * n]);
        for j in 0..n {
            m[j * n..j * n + j].fill(T::of(f64::NAN)); // the upper triangle is not read
        }
        let out = eigh(n, fixed, &mut m, &mut w, &mut v);
        assert!(good(out.ok), "{} {n} {what}: {out:?}", T::NAME);
        let vw: Vec<T> = (0..n * n).map(|k| v[k].scale(w[k / n])).collect();
        close(n, &mul(n, &vw, &adjoint(n, &v)), a, 20.0);
        close(n, &mul(n, &adjoint(n, &v), &v), &identity(n), 20.0);
        if T::LANES == 1 {
            assert!(w.windows(2).all(|w| !w[1].lt(w[0]).any()), "{} {n} {what}: order", T::NAME);
        }
    }
    pub fn decomposes<T: Sample>() {
        for (n, fixed) in SIZES.into_iter().flat_map(|n| [(n, true), (n, false)]) {
            let a = hermitian::<T>(n, 40 + n as u64);
            check(n, fixed, &a, "random");
            check(n, fixed, &identity::<T>(n), "identity");
            check(n, fixed, &vec![T::one(); n * n], "ones");
            check(n, fixed, &zeros::<T>(n * n), "zero");
            // two clusters: I - 2 v v^H / v^H v
            let v = matrix::<T>(n, 1, 3);
            let vv = v.iter().fold(T::Re::zero(), |s, x| s + x.abs_sq());
            let mut h = identity::<T>(n);
            for k in 0..n * n {
                h[k] -= (v[k % n] * v[k / n].conj()).scale(T::Re::real(2.0) / vv);
            }
            check(n, fixed, &h, "reflector");
            let f32_like = worst(T::Re::epsilon()) > 1e-10;
            for s in if f32_like { [1e-36, 1e36] } else { [1e-300, 1e300] } {
                let b: Vec<T> = a.iter().map(|x| x.scale(T::Re::real(s))).collect();
                check(n, fixed, &b, "scaled");
            }
            let graded: Vec<T> =
                (0..n * n).map(|k| a[k].scale(T::Re::real(0.01f64.powi((k % n + k / n).min(12) as i32)))).collect();
            check(n, fixed, &graded, "graded");
            let diagonal: Vec<T> =
                (0..n * n).map(|k| if k % (n + 1) == 0 { T::of((k % 7) as f64) } else { T::zero() }).collect();
            check(n, fixed, &diagonal, "diagonal");
        }
    }
    pub fn survives_nan<T: Sample>() {
        for (n, fixed) in [1, 2, 3, 5, 8, 9, 20, 64].into_iter().flat_map(|n| [(n, true), (n, false)]) {
            for bad in [f64::NAN, f64::INFINITY] {
                for at in [0, n - 1, n * n - 1] {
                    let mut a = hermitian::<T>(n, 9);
                    a[at] = T::of(bad);
                    let (mut w, mut v) = (vec![T::Re::zero(); n], zeros(n * n));
                    assert!(!eigh(n, fixed, &mut a, &mut w, &mut v).ok.any(), "{} {n} {bad}", T::NAME);
                }
            }
        }
    }
}

/// Derivatives of the eigendecomposition against differences, where the derivative of an entry that is 0 matters.
#[cfg(feature = "dual")]
#[test]
fn derivatives() {
    use num_dual::Dual64;
    for n in [1, 2, 3, 5, 12, 40] {
        let (a, b) = (hermitian::<f64>(n, 1), hermitian::<f64>(n, 2));
        for diagonal in [false, true] {
            let a: Vec<f64> = (0..n * n)
                .map(|k| {
                    if !diagonal {
                        a[k]
                    } else if k % (n + 1) == 0 {
                        (k / n) as f64
                    } else {
                        0.0
                    }
                })
                .collect();
            let mut dual: Vec<_> = a.iter().zip(&b).map(|(a, b)| Dual64::new(*a, *b)).collect();
            let (mut w, mut v) = (zeros::<Dual64>(n), zeros::<Dual64>(n * n));
            assert!(eigh(n, true, &mut dual, &mut w, &mut v).ok);
            let at = |h: f64| {
                let mut m: Vec<f64> = a.iter().zip(&b).map(|(a, b)| a + h * b).collect();
                let (mut w, mut v) = (vec![0.0; n], zeros::<f64>(n * n));
                assert!(eigh(n, false, &mut m, &mut w, &mut v).ok);
                // A-weighted projectors do not depend on signs
                let p = |k: usize| (0..n).map(|i| v[k + i * n] * v[i * n] * (i as f64 + 1.0)).sum::<f64>();
                (w, (0..n).map(p).collect::<Vec<_>>())
            };
            let h = 1e-6;
            let ((w1, p1), (w0, p0)) = (at(h), at(-h));
            for k in 0..n {
                let p = (0..n).fold(Dual64::from(0.0), |s, i| s + v[k + i * n] * v[i * n] * (i as f64 + 1.0));
                assert!((w[k].eps - (w1[k] - w0[k]) / (2.0 * h)).abs() < 1e-5, "{n} {diagonal} {k}");
                assert!((p.eps - (p1[k] - p0[k]) / (2.0 * h)).abs() < 1e-3, "{n} {diagonal} {k}: {}", p.eps);
            }
        }
    }
    // complex: the residual of A V = V W vanishes with its derivative
    let n = 4;
    let (a, b) = (hermitian::<Complex<f64>>(n, 3), hermitian::<Complex<f64>>(n, 4));
    let dual = |a: Complex<f64>, b: Complex<f64>| Complex::new(Dual64::new(a.re, b.re), Dual64::new(a.im, b.im));
    let m: Vec<_> = a.iter().zip(&b).map(|(a, b)| dual(*a, *b)).collect();
    let (mut w, mut v) = (zeros::<Dual64>(n), zeros::<Complex<Dual64>>(n * n));
    assert!(eigh(n, false, &mut m.clone(), &mut w, &mut v).ok);
    let mv = mul(n, &m, &v);
    for k in 0..n * n {
        let r = mv[k] - v[k].scale(w[k / n]);
        assert!(r.re.re.abs() + r.im.re.abs() < 1e-13 && r.re.eps.abs() + r.im.eps.abs() < 1e-12, "{r:?}");
    }
}
