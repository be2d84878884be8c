//! Problem families with known spectra.
use super::*;
use crate::algorithms::krylov::testing::*;
use crate::ext::OperatorExt;
use crate::ext_iterative::IterativeExt;
use crate::facts::{NoFacts, PsdFacts, SelfAdjointFacts};
use core::f64::consts::PI;

fn line(n: usize, k: usize) -> f64 {
    2.0 - 2.0 * (PI * k as f64 / (n + 1) as f64).cos()
}
fn real<A: LinearOperator<Scalar = f64>>(
    mut g: impl EigsAlgorithm<A, Value = f64, Entry = f64>,
    a: &A,
    k: usize,
    which: Which,
) -> Eigs<f64, f64> {
    let e = g.eigs(a, k, which).unwrap();
    let n = a.nrows();
    assert_eq!((e.eigenvalues.len(), e.eigenvectors.shape(), e.residuals.len()), (k, (n, k), k));
    // orthonormal, and what is said of the residuals is true
    let gram = e.eigenvectors.transpose() * &e.eigenvectors;
    assert!((gram - DMatrix::identity(k, k)).abs().max() < 1e-9);
    for j in 0..k {
        let v: Vec<f64> = e.eigenvectors.column(j).iter().copied().collect();
        let y = a.apply(&v);
        let r: f64 = y.iter().zip(&v).map(|(y, v)| (y - e.eigenvalues[j] * v).powi(2)).sum::<f64>().sqrt();
        assert!((r - e.residuals[j]).abs() <= 1e-12 + 1e-3 * r, "{r:e} {:e}", e.residuals[j]);
    }
    e
}
fn close(got: &DVector<f64>, want: &[f64], tol: f64) {
    assert_eq!(got.len(), want.len());
    for (g, w) in got.iter().zip(want) {
        assert!((g - w).abs() <= tol * (1.0 + w.abs()), "{got:?} is not {want:?}");
    }
}

#[test]
fn both_ends_of_a_line() {
    let n = 200;
    let a = laplacian::<PsdFacts, f64>(n);
    let e = real(Lanczos::default(), &a, 5, Which::LargestAlgebraic);
    close(&e.eigenvalues, &(0..5).map(|k| line(n, n - k)).collect::<Vec<_>>(), 1e-11);
    let e = real(Lanczos::default(), &a, 4, Which::SmallestAlgebraic);
    close(&e.eigenvalues, &(1..5).map(|k| line(n, k)).collect::<Vec<_>>(), 1e-11);
    let e = real(Lanczos::default(), &a, 4, Which::BothEnds);
    close(&e.eigenvalues, &[line(n, n), line(n, 1), line(n, n - 1), line(n, 2)], 1e-11);
    let e = real(Lanczos::default().block(2).subspace(30), &a, 3, Which::LargestMagnitude);
    close(&e.eigenvalues, &(0..3).map(|k| line(n, n - k)).collect::<Vec<_>>(), 1e-11);
}

/// Copies at both ends, one vector at a time.
#[test]
fn multiple_eigenvalues_at_both_ends() {
    let n = 120;
    let mut d: Vec<f64> = (0..n).map(|i| i as f64).collect();
    (d[1], d[2], d[n - 2], d[n - 3], d[n - 4]) = (0.0, 0.0, d[n - 1], d[n - 1], 110.0);
    let a = diagonal::<SelfAdjointFacts, f64>(d);
    for k in [1, 2, 5, 8] {
        let want = [119.0, 0.0, 119.0, 0.0, 119.0, 0.0, 115.0, 3.0];
        let e = real(Lanczos::default(), &a, k, Which::BothEnds);
        close(&e.eigenvalues, &want[..k], 1e-9);
    }
}

/// l_i + l_j on a square: each i != j twice. One vector at a time must find both copies.
#[test]
fn multiple_eigenvalues_of_a_square() {
    let m = 18;
    let mut all: Vec<f64> = (0..m * m).map(|i| line(m, i / m + 1) + line(m, i % m + 1)).collect();
    all.sort_by(|a, b| b.total_cmp(a));
    let a = grid::<PsdFacts>(m, 0.0);
    for p in [1, 2] {
        let e = real(Lanczos::default().block(p), &a, 10, Which::LargestMagnitude);
        close(&e.eigenvalues, &all[..10], 1e-10);
    }
    let e = real(Lobpcg::default(), &a, 6, Which::LargestAlgebraic);
    close(&e.eigenvalues, &all[..6], 1e-10);
    let s = GolubKahan::default().svds(&a, 6).unwrap();
    close(&s.singular_values, &all[..6], 1e-10);
    // five equal eigenvalues on top of 300 others
    let d: Vec<f64> = (0..305).map(|i| if i < 5 { 10.0 } else { 1.0 + noise(i) }).collect();
    let a = diagonal::<SelfAdjointFacts, f64>(d);
    let e = real(Lanczos::default(), &a, 5, Which::LargestAlgebraic);
    close(&e.eigenvalues, &[10.0; 5], 1e-12);
}

#[test]
fn next_to_a_number_by_an_inverse_and_by_inner_solves() {
    let n = 120;
    let a = laplacian::<PsdFacts, f64>(n);
    let mut want: Vec<f64> = (1..=n).map(|k| line(n, k)).collect();
    want.sort_by(|x, y| (x - 1.3).abs().total_cmp(&(y - 1.3).abs()));
    let dense = |s: f64| crate::ops::Dense::new(a.to_dense() - DMatrix::identity(n, n) * s).inv().unwrap();
    let e = real(Lanczos::default().inverse(dense(1.3)), &a, 4, Which::NearestTo(1.3));
    close(&e.eigenvalues, &want[..4], 1e-11);
    let e = real(PowerIteration::default().inverse(dense(0.0)), &a, 2, Which::SmallestMagnitude);
    close(&e.eigenvalues, &[line(n, 1), line(n, 2)], 1e-11);
    // a large operator, by the facts: MINRES inside
    let n = 520;
    let a = diagonal::<SelfAdjointFacts, f64>((0..n).map(|i| i as f64 / 20.0 - 10.0).collect());
    let e = a_eigs(&a, 3, Which::NearestTo(0.52));
    close(&e.eigenvalues, &[0.5, 0.55, 0.45], 1e-10);
    assert!(matches!(
        Lanczos::default().inverse(&a).eigs(&a, 2, Which::LargestAlgebraic),
        Err(Error::InvalidArgument { .. })
    ));
}
fn a_eigs<A: LinearOperator<Scalar = f64, Facts = SelfAdjointFacts, Rows = crate::Dyn, Cols = crate::Dyn>>(
    a: &A,
    k: usize,
    which: Which,
) -> Eigs<f64, f64> {
    a.eigs(k, which).unwrap()
}

#[test]
fn complex_hermitian() {
    let n = 90;
    let a = matrix::<SelfAdjointFacts, C64>((n, n), |i, j| match j as isize - i as isize {
        0 => c(2.0, 0.0),
        1 => c(0.0, 1.0),
        -1 => c(0.0, -1.0),
        _ => c(0.0, 0.0),
    });
    let e = Lanczos::default().eigs(&a, 4, Which::SmallestAlgebraic).unwrap();
    close(&e.eigenvalues, &(1..5).map(|k| line(n, k)).collect::<Vec<_>>(), 1e-10);
    let e = Lobpcg::default().eigs(&a, 2, Which::LargestAlgebraic).unwrap();
    close(&e.eigenvalues, &[line(n, n), line(n, n - 1)], 1e-10);
    let s = GolubKahan::default().svds(&a, 3).unwrap();
    close(&s.singular_values, &(0..3).map(|k| line(n, n - k)).collect::<Vec<_>>(), 1e-10);
}

#[test]
fn preconditioned_lobpcg() {
    let n = 400;
    let d: Vec<f64> = (0..n).map(|i| 1.0 + (i * i) as f64).collect();
    let a = matrix::<PsdFacts, f64>((n, n), |i, j| if i == j { d[i] } else { 0.3 * f64::from(i.abs_diff(j) == 1) });
    let p = diagonal::<PsdFacts, f64>(d.iter().map(|d| 1.0 / d).collect());
    let with = real(Lobpcg::default().preconditioner(&p), &a, 3, Which::SmallestAlgebraic);
    assert!(with.report.iterations < 60, "{}", with.report.iterations);
    // the same by Krylov-Schur of the dense inverse
    let inverse = crate::ops::Dense::new(a.to_dense()).inv().unwrap();
    let e = real(Lanczos::default().inverse(&inverse), &a, 3, Which::SmallestMagnitude);
    close(&with.eigenvalues, e.eigenvalues.as_slice(), 1e-10);
    let e = Lobpcg::default().eigs(&a, 1, Which::LargestMagnitude);
    assert!(matches!(e, Err(Error::InvalidArgument { .. })));
}

/// A general real operator against the dense Schur form: order, conjugate pairs, vectors.
fn general<T: SpectralNumber>(n: usize, entry: impl Fn(usize, usize) -> T, k: usize, which: Which, tol: f64) {
    let a = matrix::<NoFacts, T>((n, n), entry);
    let e = KrylovSchur::default().eigs(&a, k, which).unwrap();
    let dense = small::dense(&mut Action::new("test", &a, 16), false, k, which).unwrap().complex();
    for j in 0..k {
        let (got, want) = (e.eigenvalues[j], dense.eigenvalues[j]);
        let gap = (got - want).abs().lane_f64(0).min((got - want.conj()).abs().lane_f64(0));
        assert!(
            gap <= tol * (1.0 + want.abs().lane_f64(0)),
            "{which:?}: {:?} is not {:?}",
            e.eigenvalues,
            dense.eigenvalues
        );
    }
}
/// Pairs that rounding in single precision parts are kept whole at a restart.
#[test]
fn pairs_in_single_precision() {
    for seed in 0..4 {
        let a = matrix::<NoFacts, f32>((70, 70), |i, j| noise(i * 70 + j + 4900 * seed) as f32);
        for which in [Which::LargestMagnitude, Which::SmallestReal, Which::LargestReal] {
            let e = KrylovSchur::default().eigs(&a, 4, which).unwrap();
            assert!(e.report.iterations < 20, "{seed} {which:?}");
        }
    }
}
#[test]
fn non_symmetric_families() {
    // Grcar: strongly non-normal, complex eigenvalues
    let grcar = |i: usize, j: usize| match j as isize - i as isize {
        -1 => -1.0,
        0..=3 => 1.0,
        _ => 0.0,
    };
    // (their condition grows fast with n: only the first digits of the first ones can agree)
    for which in [Which::LargestMagnitude, Which::LargestReal, Which::SmallestReal] {
        general::<f64>(40, grcar, 2, which, 1e-4);
    }
    // Clement: eigenvalues +-1, +-3, .. +-(n - 1)
    let n = 60;
    let clement = |i: usize, j: usize| {
        if j == i + 1 {
            (i + 1) as f64
        } else if i == j + 1 {
            (n - i) as f64
        } else {
            0.0
        }
    };
    let a = matrix::<NoFacts, f64>((n, n), clement);
    let e = KrylovSchur::default().tol(1e-12).eigs(&a, 4, Which::LargestReal).unwrap();
    for (e, want) in e.eigenvalues.iter().zip([59.0, 57.0, 55.0, 53.0]) {
        assert!((e - c(want, 0.0)).abs() < 1e-6, "{e}");
    }
    // random: a circle of complex pairs; and complex numbers
    general::<f64>(80, |i, j| noise(i * 80 + j), 5, Which::LargestMagnitude, 1e-8);
    general::<f64>(80, |i, j| noise(i * 80 + j), 4, Which::BothEnds, 1e-8);
    general::<C64>(70, |i, j| c(noise(i * 80 + j), noise(i + 90 * j)), 5, Which::LargestReal, 1e-8);
    // power iteration with a complex dominant pair
    let turn = matrix::<NoFacts, f64>((40, 40), |i, j| match (i, j) {
        (0, 0) | (1, 1) => 3.0,
        (0, 1) => 4.0,
        (1, 0) => -4.0,
        _ => f64::from(i == j) * 0.05 * i as f64,
    });
    let e = PowerIteration::default().eigs(&turn, 2, Which::LargestMagnitude).unwrap();
    assert!((e.eigenvalues[0] - c(3.0, 4.0)).abs() < 1e-9 && (e.eigenvalues[1] - c(3.0, -4.0)).abs() < 1e-9);
    // alone with one vector it cannot converge, and says so
    let e = PowerIteration::default().block(1).max_iters(200).eigs(&turn, 1, Which::LargestMagnitude);
    assert!(matches!(e, Err(Error::NotConverged { iterations: 200, .. })), "{e:?}");
}

#[test]
fn small_single_and_odd_arguments() {
    let a = laplacian::<PsdFacts, f64>(10);
    for k in [0, 1, 10] {
        real(Lanczos::default(), &a, k, Which::SmallestAlgebraic);
    }
    assert!(matches!(Lanczos::default().eigs(&a, 11, Which::LargestReal), Err(Error::InvalidArgument { .. })));
    assert!(matches!(Lanczos::default().eigs(&a, 1, Which::NearestTo(f64::NAN)), Err(Error::InvalidArgument { .. })));
    assert!(matches!(
        Lanczos::default().tol(-1.0).eigs(&laplacian::<PsdFacts, f64>(99), 1, Which::LargestReal),
        Err(Error::InvalidArgument { .. })
    ));
    let wide = matrix::<NoFacts, f64>((3, 4), |_, _| 1.0);
    assert!(matches!(KrylovSchur::default().eigs(&wide, 1, Which::LargestReal), Err(Error::ShapeMismatch { .. })));
    let empty = matrix::<PsdFacts, f64>((0, 0), |_, _| 1.0);
    assert_eq!(Lanczos::default().eigs(&empty, 0, Which::LargestReal).unwrap().eigenvalues.len(), 0);
    // zero, identity: invariant spaces from the first step
    let zero = diagonal::<SelfAdjointFacts, f64>(vec![0.0; 60]);
    close(&real(Lanczos::default(), &zero, 2, Which::LargestMagnitude).eigenvalues, &[0.0; 2], 0.0);
    let one = diagonal::<SelfAdjointFacts, f64>(vec![1.0; 60]);
    close(&real(Lanczos::default(), &one, 3, Which::LargestMagnitude).eigenvalues, &[1.0; 3], 1e-14);
    close(&real(Lobpcg::default(), &one, 3, Which::LargestAlgebraic).eigenvalues, &[1.0; 3], 1e-14);
    let nan = free::<SelfAdjointFacts, f64, _>(60, |_, _: &[f64], y: &mut [f64]| y.fill(f64::NAN));
    assert!(matches!(Lanczos::default().eigs(&nan, 1, Which::LargestReal), Err(Error::NonFinite { .. })));
    // single precision, huge and tiny numbers
    let single = laplacian::<PsdFacts, f32>(80);
    let e = Lanczos::default().eigs(&single, 2, Which::LargestAlgebraic).unwrap();
    assert!((f64::from(e.eigenvalues[0]) - line(80, 80)).abs() < 1e-5);
    for scale in [1e-150, 1e150] {
        let a = diagonal::<SelfAdjointFacts, f64>((0..80).map(|i| scale * i as f64).collect());
        let e = real_scaled(&a);
        assert!((e / scale - 79.0).abs() < 1e-9);
    }
    // a callback that stops, and too few restarts
    let a = laplacian::<PsdFacts, f64>(500);
    let mut seen = 0;
    let stopped = Lanczos::default().on_iteration(|i| {
        seen = i.iteration;
        i.iteration < 3
    });
    let e = { stopped }.eigs(&a, 3, Which::SmallestAlgebraic);
    assert!(matches!(e, Err(Error::NotConverged { iterations: 3, .. })) && seen == 3);
    let e = Lanczos::default().max_iters(2).eigs(&a, 3, Which::SmallestAlgebraic);
    assert!(matches!(e, Err(Error::NotConverged { iterations: 2, .. })));
}
fn real_scaled(a: &impl LinearOperator<Scalar = f64, Facts = SelfAdjointFacts>) -> f64 {
    Lanczos::default().eigs(a, 1, Which::LargestAlgebraic).unwrap().eigenvalues[0]
}

#[test]
fn singular_values() {
    let check = |m: usize, n: usize, k: usize| {
        let a =
            matrix::<NoFacts, C64>((m, n), |i, j| c(noise(i * 50 + j), noise(i + 70 * j)).scale(0.8f64.powi(j as i32)));
        let mut act = Action::new("test", &a, 16);
        let want = svds::dense(&mut act, k).unwrap();
        let got = GolubKahan::default().svds(&a, k).unwrap();
        close(&got.singular_values, want.singular_values.as_slice(), 1e-11);
        let gram = got.u.adjoint() * &got.u;
        assert!((gram - DMatrix::identity(k, k)).iter().all(|x| x.abs() < 1e-10));
        // the randomised one: near, and its bound holds for the approximation
        let r = RandomizedSvd::default().seed(3).svds(&a, k).unwrap();
        close(&r.singular_values, want.singular_values.as_slice(), 1e-3);
        let approximation = &r.u * DMatrix::from_diagonal(&r.singular_values.map(|s| c(s, 0.0))) * &r.v_t;
        let rest = crate::ops::Dense::new(a.to_dense() - approximation).svds(1).unwrap().singular_values[0];
        let bound = r.error_bound.unwrap();
        assert!(rest <= bound && bound <= 60.0 * rest, "{rest} {bound}");
    };
    check(60, 45, 5);
    check(45, 60, 5);
    // rank 3 of 40: the others are 0 with orthonormal vectors
    let low =
        matrix::<NoFacts, f64>((50, 40), |i, j| (0..3).map(|k| noise(i + 50 * k) * noise(1000 + j + 50 * k)).sum());
    for s in [GolubKahan::default().svds(&low, 6).unwrap(), RandomizedSvd::default().svds(&low, 6).unwrap()] {
        assert!(s.singular_values[2] > 1.0 && s.singular_values[3] < 1e-12, "{}", s.singular_values);
        assert!((s.u.transpose() * &s.u - DMatrix::identity(6, 6)).abs().max() < 1e-10);
        assert!((&s.v_t * s.v_t.transpose() - DMatrix::identity(6, 6)).abs().max() < 1e-10);
    }
    // norm and condition
    let n = 300;
    let norm = two_norm::<f64>(&laplacian::<PsdFacts, f64>(n), 0).unwrap();
    assert!(norm <= line(n, n) * (1.0 + 1e-12) && norm > line(n, n) * (1.0 - 1e-3), "{norm}");
    for (m, n) in [(0, 0), (0, 3), (3, 0), (1, 1)] {
        let a = matrix::<NoFacts, f64>((m, n), |_, _| -3.0);
        let want = if m * n == 0 { 0.0 } else { 3.0 };
        assert!((two_norm::<f64>(&a, 0).unwrap() - want).abs() < 1e-14);
    }
}

/// The pairs next to those that are known; a null space left out; what is refused.
#[test]
fn constrained_lobpcg() {
    let n = 150;
    let a = laplacian::<PsdFacts, f64>(n);
    let known = real(Lobpcg::default(), &a, 3, Which::SmallestAlgebraic);
    let y = crate::ops::Dense::new(known.eigenvectors.clone());
    let p = diagonal::<PsdFacts, f64>(vec![0.5; n]);
    for e in [
        real(Lobpcg::default().constraints(&y), &a, 3, Which::SmallestAlgebraic),
        real(Lobpcg::default().constraints(&y).preconditioner(&p), &a, 3, Which::SmallestAlgebraic),
    ] {
        close(&e.eigenvalues, &(4..7).map(|k| line(n, k)).collect::<Vec<_>>(), 1e-10);
        assert!((known.eigenvectors.transpose() * &e.eigenvectors).abs().max() < 1e-9);
    }
    // hardly larger than the block: densely
    let small = laplacian::<PsdFacts, f64>(12);
    let first = small.eigh_dense(2);
    let y = crate::ops::Dense::new(first);
    let e = real(Lobpcg::default().constraints(&y), &small, 3, Which::SmallestAlgebraic);
    close(&e.eigenvalues, &(3..6).map(|k| line(12, k)).collect::<Vec<_>>(), 1e-12);
    // columns that depend on each other count once; a constraint that is no eigenvector restricts
    let double = DMatrix::from_fn(n, 2, |i, _| known.eigenvectors[(i, 0)]);
    let e = real(Lobpcg::default().constraints(crate::ops::Dense::new(double)), &a, 1, Which::SmallestAlgebraic);
    close(&e.eigenvalues, &[line(n, 2)], 1e-10);
    let unit = crate::ops::Dense::new(DMatrix::from_fn(n, 1, |i, _| f64::from(i == 0)));
    let e = Lobpcg::default().constraints(&unit).eigs(&a, 1, Which::SmallestAlgebraic).unwrap();
    close(&e.eigenvalues, &[line(n - 1, 1)], 1e-10);
    let wrong = crate::ops::Dense::new(DMatrix::from_element(n + 1, 1, 1.0));
    let e = Lobpcg::default().constraints(&wrong).eigs(&a, 1, Which::SmallestAlgebraic);
    assert!(matches!(e, Err(Error::ShapeMismatch { .. })), "{e:?}");
}
trait EighDense {
    fn eigh_dense(&self, k: usize) -> DMatrix<f64>;
}
impl<A: LinearOperator<Scalar = f64>> EighDense for A {
    /// Vectors of the k smallest eigenvalues.
    fn eigh_dense(&self, k: usize) -> DMatrix<f64> {
        small::dense(&mut Action::new("test", self, 16), true, k, Which::SmallestAlgebraic).unwrap().real().eigenvectors
    }
}

/// A stopped iteration carries its vectors, and goes on from them.
#[test]
fn stopped_and_resumed() {
    let n = 600;
    let a = laplacian::<PsdFacts, f64>(n);
    let want: Vec<f64> = (1..4).map(|k| line(n, k)).collect();
    let whole = Lanczos::default().eigs(&a, 3, Which::SmallestAlgebraic).unwrap().report.iterations;
    let stopped = Lanczos::default().max_iters(whole / 2).eigs(&a, 3, Which::SmallestAlgebraic).unwrap_err();
    let reached = stopped.iterate::<f64>().expect("the vectors").clone();
    assert_eq!(reached.shape(), (n, 3));
    let e = a.eigs_from(Lanczos::default(), 3, Which::SmallestAlgebraic, &reached).unwrap();
    close(&e.eigenvalues, &want, 1e-10);
    assert!(e.report.history[0] < 1e3 && e.report.iterations < whole, "{} of {whole}", e.report.iterations);

    let b = laplacian::<PsdFacts, f64>(150);
    let stopped = Lobpcg::default().max_iters(30).eigs(&b, 3, Which::LargestAlgebraic).unwrap_err();
    let reached = stopped.iterate::<f64>().expect("the vectors").clone();
    let first = |e: &Eigs<f64, f64>| e.report.history[0];
    let whole = Lobpcg::default().eigs(&b, 3, Which::LargestAlgebraic).unwrap();
    let rest = b.eigs_from(Lobpcg::default(), 3, Which::LargestAlgebraic, &reached).unwrap();
    close(&rest.eigenvalues, whole.eigenvalues.as_slice(), 1e-10);
    assert!(first(&rest) < 0.1 * first(&whole), "{:e} {:e}", first(&rest), first(&whole));

    let d = diagonal::<PsdFacts, f64>((0..90).map(|i| 1.05f64.powi(i)).collect());
    let stopped = PowerIteration::default().max_iters(10).eigs(&d, 1, Which::LargestMagnitude).unwrap_err();
    let reached = stopped.iterate::<f64>().expect("the vector").clone();
    let rest = d.eigs_from(PowerIteration::default(), 1, Which::LargestMagnitude, &reached).unwrap();
    let whole = PowerIteration::default().eigs(&d, 1, Which::LargestMagnitude).unwrap();
    assert!(rest.report.iterations < whole.report.iterations);

    // complex vectors of a real operator
    let g = matrix::<NoFacts, f64>((120, 120), |i, j| noise(i * 120 + j));
    let stopped = KrylovSchur::default().max_iters(3).eigs(&g, 4, Which::LargestMagnitude).unwrap_err();
    let reached = stopped.iterate::<C64>().expect("the vectors").clone();
    assert!(stopped.iterate::<f64>().is_none() && reached.shape() == (120, 4));
    let rest = g.eigs_from(KrylovSchur::default(), 4, Which::LargestMagnitude, &reached).unwrap();
    let whole = KrylovSchur::default().eigs(&g, 4, Which::LargestMagnitude).unwrap();
    for (x, y) in rest.eigenvalues.iter().zip(&whole.eigenvalues) {
        assert!((x - y).abs() < 1e-8 || (x - y.conj()).abs() < 1e-8, "{} {}", rest.eigenvalues, whole.eigenvalues);
    }
    let short = DMatrix::zeros(5, 1);
    assert!(matches!(a.eigs_from(Lanczos::default(), 1, Which::LargestReal, &short), Err(Error::ShapeMismatch { .. })));
    let mut bad = DMatrix::zeros(n, 1);
    bad[3] = f64::NAN;
    assert!(matches!(a.eigs_from(Lanczos::default(), 1, Which::LargestReal, &bad), Err(Error::NonFinite { .. })));
    // singular values: the right vectors that were reached
    let stopped = GolubKahan::default().max_iters(2).svds(&a, 3).unwrap_err();
    let reached = stopped.iterate::<f64>().expect("the vectors").clone();
    assert_eq!(reached.shape(), (n, 3));
    let d = diagonal::<PsdFacts, f64>((0..200).map(|i| 1.01f64.powi(i)).collect());
    let whole = GolubKahan::default().subspace(10).svds(&d, 3).unwrap();
    let half = GolubKahan::default().subspace(10).max_iters(8).svds(&d, 3).unwrap_err();
    let rest = d.svds_from(GolubKahan::default().subspace(10), 3, half.iterate::<f64>().unwrap()).unwrap();
    close(&rest.singular_values, whole.singular_values.as_slice(), 1e-10);
    let far = |history: &[f64]| history.iter().position(|&r| r < 1e-8).unwrap();
    let (left, all) = (far(&rest.report.history), far(&whole.report.history));
    assert!(left + 2 < all && rest.report.history[0] < 0.1 * whole.report.history[0], "{left} of {all}");
    // of any shape, complex; and vectors that are part of no Krylov space of the operator
    let z =
        matrix::<NoFacts, C64>((90, 70), |i, j| c(noise(i * 70 + j), noise(i + 99 * j)).scale(0.9f64.powi(j as i32)));
    let near = DMatrix::from_fn(70, 2, |i, j| c(noise(i + 70 * j), 0.3));
    let (whole, rest) =
        (GolubKahan::default().svds(&z, 4).unwrap(), z.svds_from(GolubKahan::default(), 4, &near).unwrap());
    close(&rest.singular_values, whole.singular_values.as_slice(), 1e-10);
    let exact = whole.v_t.adjoint();
    let again = z.svds_from(GolubKahan::default(), 4, &exact).unwrap();
    assert!(again.report.history[0] < 1e-8, "{:?}", again.report);
    let sketch = z.svds_from(RandomizedSvd::default(), 4, &near).unwrap();
    close(&sketch.singular_values, whole.singular_values.as_slice(), 0.1);
    let wrong = DMatrix::zeros(90, 1);
    assert!(matches!(z.svds_from(GolubKahan::default(), 1, &wrong), Err(Error::ShapeMismatch { .. })));
}

/// With an inverse, too, the iteration goes on where it was stopped.
#[test]
fn stopped_and_resumed_with_an_inverse() {
    let n = 400;
    let d: Vec<f64> = (0..n).map(|i| 1.0 + i as f64).collect();
    let a = diagonal::<PsdFacts, f64>(d.clone());
    let c = diagonal::<PsdFacts, f64>(d.iter().map(|d| 1.0 / (d + 300.0)).collect());
    let lanczos = || Lanczos::default().subspace(12).inverse(&c);
    let whole = lanczos().eigs(&a, 3, Which::NearestTo(-300.0)).unwrap();
    let stopped = lanczos().max_iters(whole.report.iterations / 3).eigs(&a, 3, Which::NearestTo(-300.0)).unwrap_err();
    let rest = a.eigs_from(lanczos(), 3, Which::NearestTo(-300.0), stopped.iterate::<f64>().unwrap()).unwrap();
    close(&rest.eigenvalues, &d[..3], 1e-10);
    let far = |history: &[f64]| history.iter().position(|&r| r < 1e-9).unwrap();
    let (left, all) = (far(&rest.report.history), far(&whole.report.history));
    assert!(rest.report.history[0] < 0.3 * whole.report.history[0] && left < all, "{left} of {all}");
}

/// The residuals of A itself decide, not those of the inverse: a spectrum that is wide beside the distance to the shift, and eigenvalues
/// far beyond it.
#[test]
fn inverses_of_wide_spectra() {
    use crate::ops::{Psd, Tridiagonal};
    let n = 400;
    let d: Vec<f64> = (0..n).map(|i| 10f64.powf(8.0 * i as f64 / n as f64)).collect();
    let a = diagonal::<PsdFacts, f64>(d.clone());
    for shift in [0.0, -1.0, -30.0] {
        let c = diagonal::<PsdFacts, f64>(d.iter().map(|d| 1.0 / (d - shift)).collect());
        for block in [1, 3] {
            let e = real(Lanczos::default().block(block).inverse(&c), &a, 4, Which::NearestTo(shift));
            for i in 0..4 {
                assert!((e.eigenvalues[i] - d[i]).abs() <= e.residuals[i] + 1e-12, "{shift} {}", e.eigenvalues);
                assert!(e.residuals[i] <= 10.0 * (1e-10 * d[i]).max(2.3e-14 * 1e8), "{shift}: {:?}", e.residuals);
            }
        }
        let e = KrylovSchur::default().inverse(&c).eigs(&a, 3, Which::NearestTo(shift)).unwrap();
        assert!((0..3).all(|i| (e.eigenvalues[i] - Complex::from(d[i])).abs() <= 1e-5), "{}", e.eigenvalues);
    }
    // an inverse that is wrong is found out, and the vectors come back
    let wrong = diagonal::<PsdFacts, f64>((0..n).map(|i| if i == 0 { 0.5 } else { 1.0 / d[i] }).collect());
    let spread = Psd::new(Tridiagonal::symmetric(d.clone(), vec![0.1; n - 1]));
    let e = Lanczos::default().inverse(&wrong).eigs(&spread, 2, Which::SmallestMagnitude).unwrap_err();
    assert!(matches!(e, Error::NotConverged { residual, .. } if residual > 1e-7), "{e}");
    assert_eq!(e.iterate::<f64>().map(|v| v.shape()), Some((n, 2)));
}

/// Clusters that are narrow beside |A|: residuals that stall with X, P and W alone.
#[test]
fn clusters_by_lobpcg() {
    let d: Vec<f64> = (0..60).map(|i| [1.0, 10.0, 1e3][i % 3] * (1.0 + 1e-9 * i as f64)).collect();
    let a = diagonal::<PsdFacts, f64>(d);
    let e = real(Lobpcg::default().tol(1e-9), &a, 3, Which::LargestAlgebraic);
    assert!(e.report.iterations < 150, "{:?}", e.report.iterations);
    let p = diagonal::<PsdFacts, f64>(vec![0.5; 60]);
    real(Lobpcg::default().tol(1e-9).preconditioner(&p), &a, 3, Which::LargestAlgebraic);
}

/// One block product with A and one with A^H that depend on nothing; the bound holds.
#[test]
fn randomised_in_a_single_pass() {
    use core::cell::Cell;
    let (n, decay) = (80, 0.7f64);
    let calls = [Cell::new(0), Cell::new(0)];
    let d: Vec<f64> = (0..n).map(|i| decay.powi(i as i32)).collect();
    let a = free::<NoFacts, f64, _>(n, |adjoint, x: &[f64], y: &mut [f64]| {
        calls[usize::from(adjoint)].set(calls[usize::from(adjoint)].get() + 1);
        (0..n).for_each(|i| y[i] = d[i] * x[i]);
    });
    for seed in 0..5 {
        calls.iter().for_each(|c| c.set(0));
        let r = RandomizedSvd::default().single_pass().seed(seed).svds(&a, 6).unwrap();
        assert_eq!((calls[0].get(), calls[1].get()), (6 + 10 + 10, 2 * 16 + 1));
        assert!(r.residuals.is_empty());
        for k in 0..6 {
            assert!((r.singular_values[k] - d[k]).abs() < 0.02, "{}", r.singular_values);
        }
        let approximation = &r.u * DMatrix::from_diagonal(&r.singular_values) * &r.v_t;
        let exact = DMatrix::from_diagonal(&nalgebra::DVector::from_vec(d.clone()));
        let rest = crate::ops::Dense::new(exact - approximation).svds(1).unwrap().singular_values[0];
        let bound = r.error_bound.unwrap();
        // best possible: 0.7^6
        assert!(rest <= bound && rest < 1.5 * d[6], "{rest} {bound}");
    }
    let z = matrix::<NoFacts, C64>((30, 50), |i, j| {
        (0..3).fold(c(0.0, 0.0), |s, k| s + c(noise(i + 99 * k), noise(j + 7 * k)) * c(noise(j + 31 * k), 1.0))
    });
    let r = RandomizedSvd::default().single_pass().svds(&z, 7).unwrap();
    let approximation = &r.u * DMatrix::from_diagonal(&r.singular_values.map(|s| c(s, 0.0))) * &r.v_t;
    assert!((z.to_dense() - approximation).iter().all(|x| x.abs() < 1e-8), "{}", r.singular_values);
    let zero = matrix::<NoFacts, f64>((9, 7), |_, _| 0.0);
    assert_eq!(RandomizedSvd::default().single_pass().svds(&zero, 2).unwrap().singular_values[0], 0.0);
}

/// Shift-invert through the operator's own inverse: the rule of the structure makes it.
#[cfg(feature = "faer")]
#[test]
fn shift_invert_by_the_own_inverse() {
    use crate::ops::{Psd, ScaledIdentity, SelfAdjoint, Sparse, Tridiagonal};
    let n = 700;
    let mut want: Vec<f64> = (1..=n).map(|k| line(n, k)).collect();
    want.sort_by(|x, y| (x - 0.7).abs().total_cmp(&(y - 0.7).abs()));
    let a = SelfAdjoint::new(Tridiagonal::symmetric(vec![2.0; n], vec![-1.0; n - 1]));
    let shifted = crate::dsl::add(&a, ScaledIdentity::<f64, crate::Dyn, _>::new(-0.7, n));
    let e = real(Lanczos::default().inverse(shifted.inv().unwrap()), &a, 4, Which::NearestTo(0.7));
    close(&e.eigenvalues, &want[..4], 1e-11);
    let e = real(PowerIteration::default().inverse(shifted.inv().unwrap()), &a, 1, Which::NearestTo(0.7));
    close(&e.eigenvalues, &want[..1], 1e-11);
    let entries = (0..n).flat_map(|i| {
        let off = (i + 1 < n).then_some([(i, i + 1, -1.0), (i + 1, i, -1.0)]);
        off.into_iter().flatten().chain([(i, i, 2.0)])
    });
    let s = Psd::new(Sparse::from_triplets(n, n, entries).unwrap());
    let e = real(Lanczos::default().inverse(s.inv().unwrap()), &s, 3, Which::SmallestMagnitude);
    close(&e.eigenvalues, &(1..4).map(|k| line(n, k)).collect::<Vec<_>>(), 1e-12);
}
