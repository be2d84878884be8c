//! What large operators do by default, beside dense results: sizes a little above those up to which they are made dense.

use cola::functions::base::DENSE_LIMIT;
use cola::plan::Question;
use cola::prelude::*;
use cola::*;
use nalgebra::{DMatrix, DVector};
use std::sync::atomic::{AtomicUsize, Ordering};

const N: usize = DENSE_LIMIT + 30;

fn points(n: usize) -> DMatrix<f64> {
    DMatrix::from_fn(n, 1, |i, _| (i as f64 * 0.754_877_666_246_692_7) % 1.0)
}
fn rhs(n: usize) -> DVector<f64> {
    DVector::from_fn(n, |i, _| (3.0 * i as f64).sin() + 0.1 * ((i * i) as f64).cos())
}
fn rbf(n: usize, length: f64) -> DMatrix<f64> {
    let x = points(n);
    DMatrix::from_fn(n, n, |i, j| (-0.5 * ((x[i] - x[j]) / length).powi(2)).exp())
}

#[test]
fn kernels_with_noise_are_preconditioned() {
    let (x, b, noise) = (points(N), rhs(N), 1e-4f64);
    // a long length scale: the condition number is 1e7; of a closure, so that evaluations are counted, and a promise
    let count = AtomicUsize::new(0);
    let k = covariance(|x: &[f64], z: &[f64]| {
        count.fetch_add(1, Ordering::Relaxed);
        (-0.5 * ((x[0] - z[0]) / 0.5).powi(2)).exp()
    });
    let a = linop!(psd(kernel(k, &x)) + noise * I);
    let plan = a.explain();
    assert_eq!(plan.plan(Question::Solve).to_string(), "CG with a pivoted Cholesky preconditioner");
    assert!(plan.to_string().contains("one application + 4nk + 12n, k <= 100 per iteration"), "{plan}");
    let solved = a.solve(&b).unwrap();
    let applications = count.load(Ordering::Relaxed) as f64 / (N * N) as f64;
    let dense = rbf(N, 0.5) + DMatrix::identity(N, N) * noise;
    assert!((&dense * &solved - &b).norm() < 1e-9 * b.norm());
    let exact = dense.clone().cholesky().unwrap().solve(&b);
    // condition times tolerance
    assert!((&solved - &exact).norm() < 1e-5 * exact.norm(), "{}", (&solved - &exact).norm() / exact.norm());
    assert!(applications < 16.0, "{applications}");
    // without: 10 times as many do not suffice
    let plain = Psd::new(Dense::new(&dense)).solve_with(Cg::default().max_iters(160), &b);
    assert!(matches!(plain, Err(Error::NotConverged { .. })), "{plain:?}");
}
#[test]
fn sums_and_inverses_of_kernels() {
    let (x, b) = (points(N), rhs(N));
    let a = linop!(2.0 * kernel(Rbf::new(0.4), &x) + kernel(Rbf::new(0.9), &x) + 0.01 * I);
    assert_eq!(a.explain().plan(Question::Solve).to_string(), "CG with a pivoted Cholesky preconditioner");
    let dense = rbf(N, 0.4) * 2.0 + rbf(N, 0.9) + DMatrix::identity(N, N) * 0.01;
    let inverse = a.inv().unwrap();
    let two = DMatrix::from_columns(&[b.clone(), rhs(N).map(f64::cos)]);
    let solved = inverse.apply(&two);
    assert!((&dense * &solved - &two).norm() < 1e-9 * two.norm());
    assert!((a.solve(&two).unwrap() - &solved).norm() < 1e-6 * solved.norm());
    assert!(inverse.explain().tree.name.contains("pivoted Cholesky"), "{}", inverse.explain().tree.name);
    // no kernel, or no shift that makes it definite: the base cases
    let plain = |name: &str, words: &dyn std::fmt::Display| assert!(!words.to_string().contains("pivoted"), "{name}");
    plain("alone", &Kernel::new(Rbf::new(0.4), &x).explain().plan(Question::Solve));
    plain("negative", &linop!(kernel(Rbf::new(0.4), &x) - 0.1 * I).explain().plan(Question::Solve));
    plain("difference", &linop!(kernel(Rbf::new(0.4), &x) - kernel(Rbf::new(0.9), &x) + 0.1 * I).explain().plan(Question::Solve));
    plain("small", &linop!(kernel(Rbf::new(0.4), points(50)) + 0.1 * I).explain().plan(Question::Solve));
    plain("unknown", &linop!(kernel(covariance(|x: &[f64], z: &[f64]| x[0] * z[0]), &x) + 0.1 * I).explain().plan(Question::Solve));
}
#[test]
fn bad_numbers_in_kernels_have_names() {
    let (x, b) = (points(N), rhs(N));
    let noise = |c: f64| Sum::new(Kernel::new(Rbf::new(0.5), &x), ScaledIdentity::<f64, Dyn, AnySign>::of_size(c, N));
    let e = noise(f64::NAN).solve(&b).unwrap_err();
    assert!(matches!(e, Error::NonFinite { .. }) && e.to_string().contains("factor of the identity"), "{e}");
    let start = std::time::Instant::now();
    let e = noise(0.0).solve(&b).unwrap_err();
    println!("{e} {:?}", start.elapsed());
    // points and right-hand sides
    let mut bad = points(N);
    bad[7] = f64::NAN;
    let a = linop!(kernel(Rbf::new(0.5), &bad) + 0.1 * I);
    assert!(matches!(a.solve(&b), Err(Error::NonFinite { .. })));
    assert!(matches!(a.inv(), Err(Error::NonFinite { .. })));
    let mut b = b;
    b[3] = f64::INFINITY;
    assert!(matches!(noise(0.1).solve(&b), Err(Error::NonFinite { .. })));
    // a promise that does not hold
    let a = linop!(psd(kernel(covariance(|x: &[f64], z: &[f64]| if x[0] == z[0] { 1.0 } else { 3.0 }), &x)) + 0.1 * I);
    let e = a.solve(&rhs(N)).unwrap_err();
    assert!(matches!(e, Error::NotPositiveDefinite { .. } | Error::Breakdown { .. } | Error::NotConverged { .. }), "{e}");
}
