//! Products on strided views.

use super::*;
use crate::algorithms::dense::*;

each_type!(products, triangular);

mod generic {
    use super::*;

    pub fn products<T: Sample>() {
        for (m, k, n) in
            [(0, 3, 2), (3, 0, 2), (1, 1, 1), (2, 3, 4), (8, 8, 8), (9, 7, 1), (20, 31, 17), (64, 70, 65), (40, 50, 1)]
        {
            let (a, b, c0) = (matrix::<T>(m, k, 1), matrix::<T>(k, n, 2), matrix::<T>(m, n, 3));
            let at: Vec<T> = (0..m * k).map(|i| a[i / k.max(1) + i % k.max(1) * m]).collect();
            let bt: Vec<T> = (0..k * n).map(|i| b[i / n + i % n * k]).collect();
            // every third number of a longer slice: both strides differ from 1
            let spread: Vec<T> = (0..3 * m * k).map(|i| if i % 3 == 0 { a[i / 3] } else { T::of(f64::NAN) }).collect();
            let views_a =
                [View::matrix(&a, m, k), View::matrix(&at, k, m).transposed(), View::new(&spread, m, k, 3, 3 * m)];
            let views_b = [View::matrix(&b, k, n), View::matrix(&bt, n, k).transposed()];
            for (alpha, add, conj) in [(1.0, false, false), (1.0, true, true), (-0.5, false, true), (2.0, true, false)]
            {
                let alpha = T::of(alpha);
                let want: Vec<T> = (0..m * n)
                    .map(|ij| {
                        let (i, j) = (ij % m, ij / m);
                        let s = (0..k).fold(T::zero(), |s, l| {
                            let x = a[i + l * m];
                            s + if conj { x.conj() } else { x } * b[l + j * k]
                        });
                        s * alpha + if add { c0[ij] } else { T::zero() }
                    })
                    .collect();
                for va in views_a {
                    for vb in views_b {
                        let mut c = if add { c0.clone() } else { vec![T::of(f64::NAN); m * n] };
                        gemm((alpha, add), conj, va, vb, ViewMut::matrix(&mut c, m, n));
                        close(k, &c, &want, 8.0);
                        if n == 1 {
                            let mut c = if add { c0.clone() } else { vec![T::of(f64::NAN); m * n] };
                            gemv((alpha, add), conj, va, vb, ViewMut::vector(&mut c));
                            close(k, &c, &want, 8.0);
                        }
                    }
                }
            }
        }
    }

    pub fn triangular<T: Sample>() {
        for (n, fixed) in SIZES.into_iter().flat_map(|n| [(n, true), (n, false)]) {
            let mut a = matrix::<T>(n, n, 1);
            a.iter_mut().for_each(|x| *x = x.scale(T::Re::real(0.5 / n as f64)));
            for i in 0..n {
                a[i * (n + 1)] += T::of(2.0);
            }
            let transposed: Vec<T> = (0..n * n).map(|k| a[k / n + k % n * n]).collect();
            for case in 0..16 {
                let [lower, unit, adj, strided] = [1, 2, 4, 8].map(|b| case & b != 0);
                let full: Vec<T> = (0..n * n)
                    .map(|k| {
                        let (i, j) = (k % n, k / n);
                        match i.cmp(&j) {
                            core::cmp::Ordering::Equal if unit => T::of(1.0),
                            core::cmp::Ordering::Equal => a[k],
                            o => {
                                if (o == core::cmp::Ordering::Greater) == lower {
                                    a[k]
                                } else {
                                    T::zero()
                                }
                            }
                        }
                    })
                    .collect();
                let op = if adj { adjoint(n, &full) } else { full };
                let x = matrix::<T>(n, 3, 2);
                let mut y = mul(n, &op, &x);
                let view = if strided { View::matrix(&transposed, n, n).transposed() } else { View::matrix(&a, n, n) };
                trisolve(n, fixed, lower, unit, adj, view, ViewMut::matrix(&mut y, n, 3));
                close(n, &y, &x, 20.0);
            }
        }
    }
}

#[test]
fn least_squares() {
    fn run<T: Sample>() {
        for (m, n) in [(0, 0), (1, 1), (3, 2), (9, 9), (30, 7), (100, 64)] {
            let a = matrix::<T>(m, n, 5);
            let mut b = matrix::<T>(m, 2, 6);
            let b0 = b.clone();
            lstsq(View::matrix(&a, m, n), ViewMut::matrix(&mut b, m, 2)).unwrap();
            for c in 0..2 {
                // A^H (b - A x) = 0
                let r: Vec<T> =
                    (0..m).map(|i| (0..n).fold(b0[i + c * m], |s, j| s - a[i + j * m] * b[j + c * m])).collect();
                let g: Vec<T> = (0..n).map(|j| (0..m).fold(T::zero(), |s, i| s + a[i + j * m].conj() * r[i])).collect();
                assert!(
                    most(&g) <= 300.0 * (m * m) as f64 * worst(T::Re::epsilon()),
                    "{} {m} {n} {}",
                    T::NAME,
                    most(&g)
                );
            }
        }
    }
    run::<f32>();
    run::<f64>();
    run::<Complex<f64>>();
    use crate::error::Error;
    let solve = |a: &[f64]| lstsq(View::matrix(a, 3, 2), ViewMut::vector(&mut [1.0, 2.0, 3.0]));
    assert_eq!(solve(&[1.0, 1.0, 1.0, 2.0, 2.0, 2.0]), Err(Error::Singular { index: 1 }));
    assert_eq!(solve(&[0.0, 0.0, 0.0, 2.0, 2.0, 2.0]), Err(Error::Singular { index: 0 }));
    assert!(matches!(solve(&[f64::NAN; 6]), Err(Error::NonFinite { .. })));
    assert_eq!(solve(&[1e-200, 0.0, 0.0, 0.0, 1e200, 0.0]), Ok(()));
}
