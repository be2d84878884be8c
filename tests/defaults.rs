//! What runs where nothing is asked for, beside dense results: of large operators at sizes a little above those up to which they are made
//! dense.

use cola::functions::DiagonalRule;
use cola::functions::base::DENSE_LIMIT;
use cola::plan::Question;
use cola::prelude::*;
use cola::*;
use nalgebra::{DMatrix, DVector};
use std::sync::atomic::{AtomicUsize, Ordering};

const N: usize = DENSE_LIMIT + 30;

/// In the unit square.
fn points(n: usize) -> DMatrix<f64> {
    DMatrix::from_fn(n, 2, |i, c| (i as f64 * [0.754_877_666_246_692_7, 0.569_840_290_998_053_2][c]) % 1.0)
}
fn rhs(n: usize) -> DVector<f64> {
    DVector::from_fn(n, |i, _| (3.0 * i as f64).sin() + 0.1 * ((i * i) as f64).cos())
}
fn rbf(n: usize, length: f64) -> DMatrix<f64> {
    let x = points(n);
    DMatrix::from_fn(n, n, |i, j| {
        let (p, q) = (x[(i, 0)] - x[(j, 0)], x[(i, 1)] - x[(j, 1)]);
        (-0.5 * (p * p + q * q) / (length * length)).exp()
    })
}

#[test]
fn kernels_with_noise_are_preconditioned() {
    let (x, wanted, noise) = (points(N), rhs(N), 1e-4f64);
    let dense = rbf(N, 0.3) + DMatrix::identity(N, N) * noise;
    let b = &dense * &wanted;
    // a long length scale: the condition number is 1e7; of a closure with a promise, and products are counted
    let (count, last) = (AtomicUsize::new(0), (x[(N - 1, 0)], x[(N - 1, 1)]));
    let k = covariance(|x: &[f64], z: &[f64]| {
        if (x[0], x[1]) == last && (z[0], z[1]) == last {
            count.fetch_add(1, Ordering::Relaxed);
        }
        let (p, q) = (x[0] - z[0], x[1] - z[1]);
        (-0.5 * (p * p + q * q) / 0.09).exp()
    });
    let a = linop!(psd(kernel(k, &x)) + noise * I);
    let plan = a.explain();
    assert_eq!(plan.plan(Question::Solve).to_string(), "CG with a pivoted Cholesky preconditioner");
    assert!(plan.to_string().contains("one application + 4nk + 12n, k <= 100 per iteration"), "{plan}");
    let solved = a.solve(&b).unwrap();
    let products = count.load(Ordering::Relaxed);
    assert!((&dense * &solved - &b).norm() < 1e-9 * b.norm());
    // at most tolerance times condition number; one product is the diagonal
    let error = (&solved - &wanted).norm() / wanted.norm();
    assert!(error < 1e-4 && products <= 15, "{error} {products}");
    // without: three times as many do not suffice
    let plain = Psd::new(Dense::new(&dense)).solve_with(Cg::default().max_iters(45), &b);
    assert!(matches!(plain, Err(Error::NotConverged { .. })), "{}", plain.unwrap().report.iterations);
    println!("{products} products, error {error:.1e}");
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
    plain(
        "difference",
        &linop!(kernel(Rbf::new(0.4), &x) - kernel(Rbf::new(0.9), &x) + 0.1 * I).explain().plan(Question::Solve),
    );
    plain("small", &linop!(kernel(Rbf::new(0.4), points(50)) + 0.1 * I).explain().plan(Question::Solve));
    plain(
        "unknown",
        &linop!(kernel(covariance(|x: &[f64], z: &[f64]| x[0] * z[0]), &x) + 0.1 * I).explain().plan(Question::Solve),
    );
}
#[test]
fn boxes_and_lists_of_kernels_are_preconditioned() {
    let (x, b, noise) = (points(N), rhs(N), 1e-4f64);
    // products are counted by the evaluations at the last point
    let (count, last) = (std::sync::Arc::new(AtomicUsize::new(0)), (x[(N - 1, 0)], x[(N - 1, 1)]));
    let (products, counter) = (|| count.swap(0, Ordering::Relaxed), count.clone());
    let covariance = covariance(move |x: &[f64], z: &[f64]| {
        if (x[0], x[1]) == last && (z[0], z[1]) == last {
            counter.fetch_add(1, Ordering::Relaxed);
        }
        let (p, q) = (x[0] - z[0], x[1] - z[1]);
        (-0.5 * (p * p + q * q) / 0.09).exp()
    });
    let k = Psd::new(Kernel::new(covariance, x.clone()));
    let plain = linop!(&k + noise * I).solve(&b).unwrap();
    let wanted = products();
    let boxed = linop!({ k.clone().boxed() } + noise * I);
    let words = |plan: Plan| assert_eq!(plan.to_string(), "CG with a pivoted Cholesky preconditioner");
    words(boxed.explain().plan(Question::Solve).clone());
    assert!((boxed.solve(&b).unwrap() - &plain).norm() < 1e-6 * plain.norm());
    assert_eq!(products(), wanted, "a boxed kernel");
    let whole = linop!({ k.clone() } + noise * I).boxed();
    words(whole.explain().plan(Question::Solve).clone());
    assert!((whole.solve(&b).unwrap() - &plain).norm() < 1e-6 * plain.norm());
    assert_eq!(products(), wanted, "a boxed sum");
    // lists: of kernels, and of boxes of different types
    let halves =
        linop!({ SumOf::new([0.25, 0.75].map(|c| Scaled::<_, _, NonNegative>::signed(c, k.clone()))) } + noise * I);
    words(halves.explain().plan(Question::Solve).clone());
    assert!((halves.solve(&b).unwrap() - &plain).norm() < 1e-6 * plain.norm());
    assert!(products() <= 2 * wanted, "a list of kernels");
    let identity = ScaledIdentity::<f64, Dyn, NonNegative>::of_size(noise, N);
    let list: Vec<Boxed<f64, PsdFacts>> = vec![k.clone().boxed(), Psd::new(identity).boxed()];
    assert!((SumOf::new(list).solve(&b).unwrap() - &plain).norm() < 1e-6 * plain.norm());
    assert_eq!(products(), wanted, "a list of boxes");
    // one part without columns: no preconditioner
    let mixed: Vec<Boxed<f64, PsdFacts>> = vec![k.boxed(), Psd::new(Diagonal::new(vec![1.0; N])).boxed()];
    assert!(!SumOf::new(mixed).explain().plan(Question::Solve).to_string().contains("pivoted"));
}
#[test]
fn bad_numbers_in_kernels_have_names() {
    let (x, b) = (points(N), rhs(N));
    let noise = |c: f64| Sum::new(Kernel::new(Rbf::new(0.5), &x), ScaledIdentity::<f64, Dyn, AnySign>::of_size(c, N));
    let e = noise(f64::NAN).solve(&b).unwrap_err();
    assert!(matches!(e, Error::NonFinite { .. }) && e.to_string().contains("factor of the identity"), "{e}");
    // without noise a smooth kernel has rank 30 or so in 16 digits
    let e = Sum::new(Kernel::new(Rbf::new(3.0), &x), ScaledIdentity::<f64, Dyn, AnySign>::of_size(0.0, N))
        .solve(&b)
        .unwrap_err();
    assert!(matches!(e, Error::Singular { index } if index < 80) && e.to_string().contains("multiple of `I`"), "{e}");
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
    let a = linop!(psd(kernel(covariance(|x: &[f64], z: &[f64]| if x[0] == z[0] { -1.0 } else { 3.0 }), &x)) + 0.1 * I);
    let e = a.solve(&rhs(N)).unwrap_err();
    assert!(matches!(e, Error::NotPositiveDefinite { .. }), "{e}");
}

/// Every diagonal of an n x n matrix, beside that of its entries.
fn check_diagonals<T: Scalar<Re = f64>, A: DiagonalRule<Scalar = T> + LinearOperator + Square + Explain>(
    name: &str,
    a: &A,
) {
    let dense = a.to_dense();
    let n = a.nrows() as isize;
    for k in 1 - n..n {
        let (row, col) = (k.min(0).unsigned_abs(), k.max(0) as usize);
        for (i, d) in a.diagonal_k(k).unwrap().iter().enumerate() {
            assert!((*d - dense[(row + i, col + i)]).abs() < 1e-12, "{name} {k} {i}");
        }
    }
    let trace = (0..a.nrows()).fold(T::zero(), |s, i| s + dense[(i, i)]);
    assert!((a.trace().unwrap() - trace).abs() < 1e-11, "{name}");
    let plan = a.explain();
    assert_eq!(plan.plan(Question::Trace).to_string(), "sum of the eigenvalues", "{name}");
    assert_eq!(plan.plan(Question::Diagonal).to_string(), "rows of the eigenvectors", "{name}");
}
#[test]
fn diagonals_of_functions() {
    let g = DMatrix::from_fn(21, 21, |i, j| ((7 * i + 3 * j) as f64).sin());
    let real = Psd::new(Dense::new(&g * g.transpose() + DMatrix::identity(21, 21)));
    check_diagonals("dense", &real.sqrt().unwrap());
    let c = g.map(|x| nalgebra::Complex::new(x, (3.0 * x).cos()));
    let complex = Psd::new(Dense::new(&c * c.adjoint() + DMatrix::identity(21, 21)));
    check_diagonals("complex", &complex.isqrt().unwrap());
    check_diagonals(
        "static",
        &Psd::new(nalgebra::matrix![3.0, 1.0, 0.5; 1.0, 2.0, 0.1; 0.5, 0.1, 1.0]).sqrt().unwrap(),
    );
    // sines, and Kronecker products, which lie nowhere as numbers; more rows than are done at a time
    let l = Psd::new(Tridiagonal::symmetric(vec![2.5; 40], vec![-1.0; 39]));
    check_diagonals("sines", &l.sqrt().unwrap());
    let sum = KronSum::new(Psd::new(Dense::new(g.rows(0, 5) * g.rows(0, 5).transpose() + DMatrix::identity(5, 5))), &l);
    check_diagonals("kron sum", &sum.inv().unwrap());
}
fn near(x: &DMatrix<f64>, want: &DMatrix<f64>) {
    let error = (x - want).norm();
    assert!(error <= 1e-6 * want.norm(), "{error}");
}
#[test]
fn least_squares_of_complex_transposes() {
    use nalgebra::Complex;
    let (m, n) = (6000, 750);
    let mut entries = nalgebra_sparse::CooMatrix::new(m, n);
    for i in 0..m {
        for t in 0..4 {
            // one large entry in every row: well conditioned
            let (x, size) = ((i + 5 * t) as f64, if t == 0 { 6.0 } else { 0.7 });
            entries.push(i, (i * (2 * t + 3) + t * t * 17) % n, Complex::new(1.5 + x.sin(), x.cos()) * size);
        }
    }
    let a = Sparse::new(nalgebra_sparse::CsrMatrix::from(&entries));
    let c = Complex::new(1.0, -2.0);
    let plan = Scaled::new(c, Conj::new(&a)).explain();
    assert!(plan.plan(Question::Pinv).to_string().starts_with("least squares by LSMR"), "{plan}");
    let near = |x: DVector<Complex<f64>>, want: &DVector<Complex<f64>>| {
        assert!((&x - want).norm() < 1e-6 * want.norm(), "{}", (&x - want).norm() / want.norm());
    };
    // overdetermined: of conj(A)
    let x = DVector::from_fn(n, |i, _| Complex::new((3.0 * i as f64).sin(), (i as f64).cos()));
    let b = a.apply(&x.conjugate()).conjugate();
    near(Conj::new(&a).lstsq(&b).unwrap(), &x);
    near(Adjoint::new(Transpose::new(&a)).lstsq(&b).unwrap(), &x);
    near(Scaled::new(c, Conj::new(&a)).lstsq(&b).unwrap(), &(&x / c));
    // underdetermined: x = A y is the shortest solution of A^H x = b
    let x = a.apply(&x);
    let b = a.apply_adjoint(&x);
    near(Adjoint::new(&a).lstsq(&b).unwrap(), &x);
    near(Adjoint::new(Scaled::new(c, &a)).lstsq(&b).unwrap(), &(&x / c.conj()));
    near(Transpose::new(&a).lstsq(&b.conjugate()).unwrap(), &x.conjugate());
    near(Adjoint::new(Conj::new(&a)).lstsq(&b.conjugate()).unwrap(), &x.conjugate());
}
#[test]
fn large_least_squares_are_iterated() {
    let (m, n) = (5000, 900);
    let mut rows = nalgebra_sparse::CooMatrix::<f64>::new(m, n);
    for i in 0..m {
        for t in 0..4 {
            rows.push(i, (i * (2 * t + 3) + t * t * 17) % n, 1.0 + ((i + t) as f64).sin());
        }
    }
    let a = nalgebra_sparse::CsrMatrix::from(&rows);
    let tall = Sparse::new(&a);
    let plan = tall.explain();
    assert!(plan.plan(Question::Pinv).to_string().starts_with("least squares by LSMR"), "{plan}");
    let b = rhs(m);
    let x = tall.lstsq(&b).unwrap();
    let dense = tall.to_dense();
    let exact = (dense.transpose() * &dense).cholesky().unwrap().solve(&(dense.transpose() * &b));
    assert!((&x - &exact).norm() < 1e-6 * exact.norm(), "{}", (&x - &exact).norm() / exact.norm());
    // wide, of few rows: the shortest solution, two at a time
    let flipped = a.transpose();
    let wide = Sparse::new(&flipped);
    let b = DMatrix::from_fn(n, 2, |i, c| ((i + c) as f64).cos());
    let x = wide.lstsq(&b).unwrap();
    let y = (dense.transpose() * &dense).cholesky().unwrap().solve(&b);
    assert!((&x - &dense * y).norm() < 1e-6 * x.norm());
    // transposes and multiples go the same way
    let flipped_tall = Adjoint::new(&tall);
    let plan = flipped_tall.explain();
    assert!(plan.plan(Question::Pinv).to_string().starts_with("least squares by LSMR"), "{plan}");
    near(&flipped_tall.lstsq(&b).unwrap(), &x);
    near(&Transpose::new(&tall).lstsq(&b).unwrap(), &x);
    near(&Transpose::new(Scaled::new(-2.0, Adjoint::new(&wide))).lstsq(&b).unwrap(), &(&x * -0.5));
    near(&Scaled::new(0.0, &wide).lstsq(&b).unwrap(), &(&x * 0.0));
    assert!(matches!(flipped_tall.pinv(), Err(Error::InvalidArgument { .. })));
    // a Kronecker product would need the pseudo-inverses of its factors
    let product = Kron::new(&tall, nalgebra::matrix![2.0]);
    let plan = product.explain();
    assert!(plan.plan(Question::Pinv).refused, "{plan}");
    assert!(matches!(product.lstsq(&rhs(m)), Err(Error::InvalidArgument { .. })));
    // small ones are factored
    let small = Sparse::new(nalgebra_sparse::CsrMatrix::from(&DMatrix::from_fn(9, 4, |i, j| ((i * j) as f64).cos())));
    assert!(!small.explain().plan(Question::Pinv).to_string().contains("LSMR"));
    // nothing that is not a number
    let mut bad = rhs(m);
    bad[1] = f64::NAN;
    assert!(matches!(tall.lstsq(&bad), Err(Error::NonFinite { .. })));
}
