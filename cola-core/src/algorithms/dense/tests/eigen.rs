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
            let graded: Vec<T> = (0..n * n).map(|k| a[k].scale(T::Re::real(0.01f64.powi((k % n + k / n).min(12) as i32)))).collect();
            check(n, fixed, &graded, "graded");
            let diagonal: Vec<T> = (0..n * n).map(|k| if k % (n + 1) == 0 { T::of((k % 7) as f64) } else { T::zero() }).collect();
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
