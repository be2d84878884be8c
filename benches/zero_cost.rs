//! `linop!(kron(psd(2x2), diag(3)))` beside the same written by hand, in one run: apply, build + sqrt + apply, solve.
use cola::prelude::*;
use criterion::{Criterion, criterion_group, criterion_main};
use nalgebra::{Matrix2, Vector3, Vector6};
use std::hint::black_box;

/// y = (A x D) v.
#[inline(always)]
fn hand_apply(a: &Matrix2<f64>, d: &Vector3<f64>, v: &Vector6<f64>) -> Vector6<f64> {
    let mut y = Vector6::zeros();
    for j in 0..3 {
        let (top, bottom) = (d[j] * v[j], d[j] * v[3 + j]);
        y[j] = a[(0, 0)] * top + a[(0, 1)] * bottom;
        y[3 + j] = a[(1, 0)] * top + a[(1, 1)] * bottom;
    }
    y
}
/// The root of a symmetric positive definite 2 x 2 matrix: (A + sqrt(det) I) / sqrt(trace + 2 sqrt(det)).
#[inline(always)]
fn hand_sqrt(a: &Matrix2<f64>, d: &Vector3<f64>) -> Option<(Matrix2<f64>, Vector3<f64>)> {
    let det = a[(0, 0)] * a[(1, 1)] - a[(0, 1)] * a[(0, 1)];
    if !(det > 0.0 && a[(0, 0)] > 0.0 && d.iter().all(|&x| x >= 0.0)) {
        return None;
    }
    let s = det.sqrt();
    let t = 1.0 / (a[(0, 0)] + a[(1, 1)] + 2.0 * s).sqrt();
    let off = t * a[(0, 1)];
    Some((Matrix2::new(t * (a[(0, 0)] + s), off, off, t * (a[(1, 1)] + s)), d.map(f64::sqrt)))
}
/// The root by the eigenvalues, as the library does it: one Jacobi rotation.
#[inline(always)]
fn hand_sqrt_spectral(a: &Matrix2<f64>, d: &Vector3<f64>) -> Option<(Matrix2<f64>, Vector3<f64>)> {
    let (p, q, r) = (a[(0, 0)], a[(0, 1)], a[(1, 1)]);
    let theta = (r - p) / (2.0 * if q == 0.0 { f64::MIN_POSITIVE } else { q });
    let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
    let c = 1.0 / (t * t + 1.0).sqrt();
    let s = t * c;
    let (w0, w1) = (p - t * q, r + t * q);
    if !(w0 >= 0.0 && w1 >= 0.0 && d.iter().all(|&x| x >= 0.0)) {
        return None;
    }
    let (w0, w1) = (w0.sqrt(), w1.sqrt());
    let off = c * s * (w1 - w0);
    Some((Matrix2::new(c * c * w0 + s * s * w1, off, off, s * s * w0 + c * c * w1), d.map(f64::sqrt)))
}
/// x = (A x D)^-1 b by A = L D L^T.
#[inline(always)]
fn hand_solve(a: &Matrix2<f64>, d: &Vector3<f64>, b: &Vector6<f64>) -> Option<Vector6<f64>> {
    let l = a[(1, 0)] / a[(0, 0)];
    let (d0, d1) = (a[(0, 0)], a[(1, 1)] - l * a[(1, 0)]);
    if !(d0 > 0.0 && d1 > 0.0 && d.iter().all(|&x| x != 0.0) && b.iter().all(|x| x.is_finite())) {
        return None;
    }
    let (i0, i1) = (1.0 / d0, 1.0 / d1);
    let mut x = Vector6::zeros();
    for j in 0..3 {
        let inverse = 1.0 / d[j];
        let (top, bottom) = (b[j] * inverse, b[3 + j] * inverse);
        let low = (bottom - l * top) * i1;
        x[3 + j] = low;
        x[j] = top * i0 - l * low;
    }
    Some(x)
}

fn zero_cost(c: &mut Criterion) {
    let a = Matrix2::new(2.0, 1.0, 1.0, 3.0);
    let d = Vector3::new(3.0, 0.2, 1.0);
    let v = Vector6::new(1.0, 2.0, 3.0, 4.0, 5.0, 6.0);
    let k = linop!(kron(psd(a), diag(d)));
    assert!((k.apply(&v) - hand_apply(&a, &d, &v)).norm() < 1e-12);
    for root in [hand_sqrt(&a, &d).unwrap(), hand_sqrt_spectral(&a, &d).unwrap()] {
        assert!((k.sqrt().unwrap().apply(&v) - hand_apply(&root.0, &root.1, &v)).norm() < 1e-12);
    }
    assert!((k.solve(&v).unwrap() - hand_solve(&a, &d, &v).unwrap()).norm() < 1e-12);

    let mut g = c.benchmark_group("kron(2x2, diag 3)");
    g.bench_function("apply, linop!", |b| {
        b.iter(|| {
            let (a, d, v) = black_box((&a, &d, &v));
            linop!(kron(psd(a), diag(d))).apply(v)
        })
    });
    g.bench_function("apply, by hand", |b| {
        b.iter(|| {
            let (a, d, v) = black_box((&a, &d, &v));
            hand_apply(a, d, v)
        })
    });
    g.bench_function("sqrt + apply, linop!", |b| {
        b.iter(|| {
            let (a, d, v) = black_box((&a, &d, &v));
            linop!(kron(psd(a), psd(diag(d)))).sqrt().map(|r| r.apply(v))
        })
    });
    g.bench_function("sqrt + apply, by hand, closed formula", |b| {
        b.iter(|| {
            let (a, d, v) = black_box((&a, &d, &v));
            hand_sqrt(a, d).map(|(a, d)| hand_apply(&a, &d, v))
        })
    });
    g.bench_function("sqrt + apply, by hand, by eigenvalues", |b| {
        b.iter(|| {
            let (a, d, v) = black_box((&a, &d, &v));
            hand_sqrt_spectral(a, d).map(|(a, d)| hand_apply(&a, &d, v))
        })
    });
    g.bench_function("solve, linop!", |b| {
        b.iter(|| {
            let (a, d, v) = black_box((&a, &d, &v));
            linop!(kron(psd(a), diag(d))).solve(v)
        })
    });
    g.bench_function("solve, by hand", |b| {
        b.iter(|| {
            let (a, d, v) = black_box((&a, &d, &v));
            hand_solve(a, d, v)
        })
    });
    g.finish();
}
criterion_group!(benches, zero_cost);
criterion_main!(benches);
