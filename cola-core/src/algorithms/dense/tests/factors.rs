//! Factorisations, solves and determinants.

use super::*;
use crate::algorithms::dense::*;

each_type!(ldl_and_cholesky, lu_solves, lu_flags_singular, semidefinite_is_refused);

mod generic {
    use super::*;

    pub fn ldl_and_cholesky<T: Sample>() {
        for (n, fixed) in SIZES.into_iter().flat_map(|n| [(n, true), (n, false)]) {
            let a = positive::<T>(n, n as u64);
            let (mut l, mut d) = (a.clone(), vec![T::Re::zero(); n]);
            for j in 0..n {
                l[j * n..j * n + j].fill(T::of(f64::NAN)); // the upper triangle is not read
            }
            assert!(good(ldl(n, fixed, &mut l, &mut d).ok), "{} {n}", T::NAME);
            let unit: Vec<T> = (0..n * n)
                .map(|k| {
                    if k % n > k / n {
                        l[k]
                    } else if k % n == k / n {
                        T::one()
                    } else {
                        T::zero()
                    }
                })
                .collect();
            let ld: Vec<T> = (0..n * n).map(|k| unit[k].scale(d[k / n])).collect();
            close(n, &mul(n, &ld, &adjoint(n, &unit)), &a, 4.0);
            let x = matrix::<T>(n, 3, 7);
            let mut y = mul(n, &a, &x);
            ldl_solve(n, fixed, &l, &d, &mut y, 3);
            close(n, &y, &x, 40.0 * (n as f64 + 1.0)); // condition up to about n
            let mut c = a.clone();
            assert!(good(cholesky(n, fixed, &mut c).ok));
            close(n, &mul(n, &c, &adjoint(n, &c)), &a, 4.0);
        }
    }

    pub fn lu_solves<T: Sample>() {
        for (n, fixed) in SIZES.into_iter().flat_map(|n| [(n, true), (n, false)]) {
            let mut a = matrix::<T>(n, n, 3 + n as u64);
            for i in 0..n {
                a[i + (n - 1 - i) * n] += T::of(3.0 + n as f64 / 4.0); // far from triangular order
            }
            let (mut f, mut perm) = (a.clone(), vec![T::Re::zero(); n]);
            let (out, sign) = lu(n, fixed, &mut f, &mut perm);
            assert!(good(out.ok), "{} {n}", T::NAME);
            assert_eq!(most(&[sign]), 1.0);
            for h in [false, true] {
                let x = matrix::<T>(n, 2, 11);
                let op = if h { adjoint(n, &a) } else { a.clone() };
                let (mut y, mut scratch) = (mul(n, &op, &x), vec![T::zero(); n]);
                lu_solve(n, fixed, &f, &perm, h, &mut y, 2, &mut scratch);
                close(n, &y, &x, 200.0);
            }
        }
    }

    pub fn lu_flags_singular<T: Sample>() {
        for (n, fixed) in [1, 2, 3, 5, 8, 9, 20, 64].into_iter().flat_map(|n| [(n, true), (n, false)]) {
            let run = |a: &[T]| {
                let (mut f, mut perm) = (a.to_vec(), vec![T::Re::zero(); n]);
                let (out, sign) = lu(n, fixed, &mut f, &mut perm);
                (out, (0..n).fold(sign, |d, i| d * f[i * (n + 1)]))
            };
            let a = matrix::<T>(n, n, 5);
            // rank n - 1, exactly and by rounding
            let mut b = a.clone();
            b[..n].fill(T::zero());
            let (out, det) = run(&b);
            assert!(!out.ok.any() && most(&[det]) == 0.0, "{} {n}: zero column", T::NAME);
            if n > 1 {
                let mut b = a.clone();
                for i in 0..n {
                    b[i + (n - 1) * n] = (0..n - 1).fold(T::zero(), |s, k| s + a[i + k * n].scale(T::Re::real(0.3)));
                }
                let (out, det) = run(&b);
                assert!(!out.ok.any() && most(&[det]) == 0.0, "{} {n}: dependent columns", T::NAME);
            }
            // scaled rows or columns are not singular
            for rows in [true, false] {
                let tiny = |i: usize| T::of(if i.is_multiple_of(2) { 1e-20 } else { 1.0 });
                let mut b = a.clone();
                for k in 0..n * n {
                    b[k] += if k % (n + 1) == 0 { T::of(n as f64) } else { T::zero() };
                    b[k] *= tiny(if rows { k % n } else { k / n });
                }
                assert!(good(run(&b).0.ok), "{} {n}: scaled", T::NAME);
            }
            for bad in [f64::NAN, f64::INFINITY] {
                for at in (0..n * n).step_by(n * n / 20 + 1) {
                    let mut b = a.clone();
                    b[at] = T::of(bad);
                    assert!(!run(&b).0.ok.any(), "{} {n}: {bad} at {at}", T::NAME);
                }
            }
        }
    }

    pub fn semidefinite_is_refused<T: Sample>() {
        for (n, fixed) in [1, 2, 3, 5, 8, 9, 20, 64].into_iter().flat_map(|n| [(n, true), (n, false)]) {
            let run = |a: &[T]| ldl(n, fixed, &mut a.to_vec(), &mut vec![T::Re::zero(); n]);
            let good_one = positive::<T>(n, 1);
            let mut a = good_one.clone();
            a[n * n - 1] -= T::of(100.0 * n as f64);
            let out = run(&a);
            assert!(!out.ok.any());
            assert_eq!(out.index.lane_f64(0), (n - 1) as f64);
            assert!(out.value.lane_f64(0) < 0.0, "{} {n} {:?}", T::NAME, out.value);
            assert!(!cholesky(n, fixed, &mut a).ok.any());
            // graded and scaled: positive definite all the same
            for s in [1e-30, 1e-12, 1e12] {
                let b: Vec<T> = (0..n * n)
                    .map(|k| {
                        good_one[k]
                            * T::of(if k % n == 0 { s } else { 1.0 })
                            * T::of(if k / n == 0 { s.min(1e6) } else { 1.0 })
                    })
                    .collect();
                let b: Vec<T> = (0..n * n)
                    .map(|k| {
                        if k == 0 {
                            good_one[0] * T::of(s * s.min(1e6))
                        } else if k / n == 0 {
                            b[k].scale(T::Re::one())
                        } else {
                            b[k]
                        }
                    })
                    .collect();
                if s.min(1e6) == s && s * s > 1e-40 {
                    assert!(good(run(&b).ok), "{} {n} {s}", T::NAME);
                }
            }
            // a zero matrix, ones (rank 1), NaN anywhere in the lower triangle
            assert!(!run(&zeros(n * n)).ok.any());
            assert_eq!(run(&vec![T::one(); n * n]).ok.any(), n == 1);
            for bad in [f64::NAN, f64::INFINITY] {
                for j in (0..n).step_by(n / 5 + 1) {
                    for i in (j..n).step_by(n / 5 + 1) {
                        let mut b = good_one.clone();
                        b[i + j * n] = T::of(bad);
                        assert!(!run(&b).ok.any(), "{} {n}: {bad} at {i} {j}", T::NAME);
                    }
                }
            }
        }
    }
}

#[test]
fn lu_by_hand() {
    let run = |a: &[f64]| lu(3, true, &mut a.to_vec(), &mut [0.0; 3]).0;
    let out = run(&[1.0, 4.0, 7.0, 2.0, 5.0, 8.0, 3.0, 6.0, 9.0]);
    assert!(!out.ok && out.index == 2.0);
    assert!(run(&[1.0, 4.0, 7.0, 2.0, 5.0, 8.0, 3.0, 6.0, 9.0 + 1e-12]).ok);
    for s in [1e-300, 1e300] {
        assert!(run(&[2.0 * s, s, 0.0, s, 2.0 * s, s, 0.0, s, 2.0 * s]).ok);
    }
}

#[test]
fn one_bad_lane_leaves_its_neighbours() {
    for n in [2, 5, 12] {
        let mut a = positive::<L4>(n, 2);
        let good_a = a.clone();
        let x = matrix::<L4>(n, 1, 3);
        let mut y = mul(n, &a, &x);
        a[n * n - 1] = L4::from_lanes(|l| if l == 2 { -1e3 } else { a[n * n - 1].lane(l) });
        let mut d = vec![L4::zero(); n];
        let out = ldl(n, true, &mut a, &mut d);
        assert_eq!((0..4).map(|l| out.ok.lane(l)).collect::<Vec<_>>(), [true, true, false, true]);
        ldl_solve(n, true, &a, &d, &mut y, 1);
        for l in [0, 1, 3] {
            assert!((0..n).all(|i| (y[i].lane(l) - x[i].lane(l)).abs() < 1e-12));
        }
        let mut f = good_a.clone();
        f[0] = L4::from_lanes(|l| if l == 1 { f64::NAN } else { f[0].lane(l) });
        let mut perm = vec![L4::zero(); n];
        let (out, _) = lu(n, true, &mut f, &mut perm);
        assert_eq!((0..4).map(|l| out.ok.lane(l)).collect::<Vec<_>>(), [true, false, true, true]);
    }
}

/// L B L^H for floats, both sides of faer's threshold, and for dual numbers by the generic code.
#[test]
fn indefinite() {
    fn run<T: Sample>(tag: f64) {
        for n in SIZES {
            for seed in 0..4 {
                let mut a = hermitian::<T>(n, 100 + seed);
                if seed == 1 {
                    (0..n).for_each(|i| a[i * (n + 1)] = T::zero()); // 2 x 2 pivots everywhere
                }
                a.iter_mut().for_each(|x| *x *= T::of(tag));
                if n == 1 {
                    a[0] = T::of(-tag);
                }
                let (mut f, mut e, mut d) = (a.clone(), vec![T::zero(); n], vec![T::Re::zero(); n]);
                let mut perm = d.clone();
                let out = ldlt(n, &mut f, &mut e, &mut d, &mut perm);
                assert!(good(out.ok), "{} {n} {seed} {out:?}", T::NAME);
                let x = matrix::<T>(n, 2, 1);
                let (mut y, mut s) = (mul(n, &a, &x), zeros(n));
                ldlt_solve(n, &f, &e, &d, &perm, &mut y, 2, &mut s);
                let back = mul(n, &a, &y);
                close(n, &back, &mul(n, &a, &x), 300.0);
                // the determinant against LU
                let (mut g, mut p) = (a.clone(), vec![T::Re::zero(); n]);
                let (_, sign) = lu(n, false, &mut g, &mut p);
                let (sign2, log) = ldlt_det(n, &e, &d);
                let (mut want, mut phase) = (0.0, sign);
                for i in 0..n {
                    let u = g[i * (n + 1)];
                    want += u.abs().lane_f64(0).ln();
                    phase *= u.scale(T::Re::one() / u.abs());
                }
                let eps = worst(T::Re::epsilon());
                assert!(
                    (log.lane_f64(0) - want).abs() < 1e5 * eps * (1.0 + want.abs()),
                    "{} {n} {seed}: {log:?} {want}",
                    T::NAME
                );
                assert!(most(&[phase - sign2]) < 1e4 * eps, "{} {n}", T::NAME);
            }
        }
    }
    run::<f64>(1.0);
    run::<f32>(1.0);
    run::<Complex<f64>>(1.0);
    run::<f64>(1e-300);
    run::<f64>(1e-200);
    run::<f64>(1e300);
    for n in [2, 3, 9, 40] {
        let (mut e, mut d) = (vec![0.0f64; n], vec![0.0; n]);
        let mut p = d.clone();
        assert!(!ldlt(n, &mut vec![1.0; n * n], &mut e, &mut d, &mut p).ok, "rank 1");
        assert!(!ldlt(n, &mut vec![0.0; n * n], &mut e, &mut d, &mut p).ok, "zero");
        assert!(!ldlt(n, &mut vec![f64::NAN; n * n], &mut e, &mut d, &mut p).ok, "NaN");
        assert_eq!(ldlt_det::<f64>(2, &[0.0, 0.0], &[1.0, 0.0]), (0.0, f64::NEG_INFINITY));
    }
}

/// d(A^-1) = -A^-1 dA A^-1 and d log|det A| = tr(A^-1 dA) through each factorisation.
#[cfg(feature = "dual")]
#[test]
fn derivatives() {
    use num_dual::Dual64;
    for (n, fixed) in [(1, true), (3, true), (5, false), (12, false)] {
        let (a, b) = (positive::<f64>(n, 1), hermitian::<f64>(n, 2));
        let dual: Vec<_> = a.iter().zip(&b).map(|(a, b)| Dual64::new(*a, *b)).collect();
        let (mut x, mut s) = (vec![identity::<Dual64>(n); 3], zeros(n));
        let (mut f, mut d, mut e, mut p) = (dual.clone(), zeros(n), zeros(n), zeros(n));
        ldl(n, fixed, &mut f, &mut d);
        ldl_solve(n, fixed, &f, &d, &mut x[0], n);
        f = dual.clone();
        assert!(lu(n, fixed, &mut f, &mut p).0.ok);
        lu_solve(n, fixed, &f, &p, false, &mut x[1], n, &mut s);
        f = dual.clone();
        assert!(ldlt(n, &mut f, &mut e, &mut d, &mut p).ok);
        ldlt_solve(n, &f, &e, &d, &p, &mut x[2], n, &mut s);
        let log = ldlt_det(n, &e, &d).1;
        for x in &x {
            let value: Vec<f64> = x.iter().map(|x| x.re).collect();
            let slope: Vec<f64> = x.iter().map(|x| -x.eps).collect();
            close(n, &mul(n, &value, &mul(n, &b, &value)), &slope, 1e3);
            let trace: f64 = (0..n).map(|i| mul(n, &value, &b)[i * (n + 1)]).sum();
            assert!((trace - log.eps).abs() < 1e-10);
        }
    }
}
