//! Each preconditioner against the matrix that it is the inverse of, and what it saves.
use super::*;
use crate::Cg;
use crate::algorithms::krylov::testing::*;
use crate::ext::OperatorExt;
use crate::facts::{NoFacts, PsdFacts};
use crate::functions::Power;
use crate::functions::{DetRule, InverseRule, PowerRule};
use crate::operator::Operator;
use crate::ops::{Dense, Psd, Sparse};
use crate::scalar::Complex;
use crate::testing::check_operator;
use nalgebra::DMatrix;

fn square_grid(m: usize, diagonal: f64, right: f64) -> Sparse<nalgebra_sparse::CsrMatrix<f64>> {
    let mut e = Vec::new();
    for i in 0..m * m {
        e.push((i, i, diagonal));
        if (i + 1) % m != 0 {
            e.extend([(i, i + 1, right), (i + 1, i, -1.0)]);
        }
        if i + m < m * m {
            e.extend([(i, i + m, -1.0), (i + m, i, -1.0)]);
        }
    }
    Sparse::from_triplets(m * m, m * m, e).unwrap()
}

#[test]
fn incomplete_cholesky() {
    // no fill: L L^H = A exactly; complex Hermitian, by rows and by columns
    let n = 12;
    let entry = |i: usize, j: usize| match j as isize - i as isize {
        0 => c(3.0, 0.0),
        1 => c(0.3, 1.0),
        -1 => c(0.3, -1.0),
        _ => c(0.0, 0.0),
    };
    let dense = DMatrix::from_fn(n, n, entry);
    let e = (0..n).flat_map(|i| (0..n).map(move |j| (i, j, entry(i, j)))).filter(|e| e.2 != c(0.0, 0.0));
    let rows = Sparse::from_triplets(n, n, e.collect::<Vec<_>>()).unwrap();
    let columns = Sparse(nalgebra_sparse::CscMatrix::from(&rows.0));
    for p in [IncompleteCholesky::new(&rows).unwrap(), IncompleteCholesky::new(&columns).unwrap()] {
        check_operator(&p).unwrap();
        assert!((p.to_dense() * &dense - DMatrix::identity(n, n)).iter().all(|x| x.norm() < 1e-13));
        assert_eq!(p.shift(), 0.0);
    }
    // fill is dropped: fewer iterations all the same
    let a = Psd::new(square_grid(20, 4.0, -1.0));
    let p = IncompleteCholesky::new(&a.0).unwrap();
    let b: Vec<f64> = noisy(400);
    let plain = a.solve_with(Cg::default(), &b).unwrap().report.iterations;
    let with = a.solve_with(Cg::default().preconditioner(&p), &b).unwrap().report.iterations;
    assert!(2 * with < plain, "{with} {plain}");
    // Kershaw's matrix is positive definite and has no incomplete factor: the diagonal is raised
    let kershaw = [[3.0, -2.0, 0.0, 2.0], [-2.0, 3.0, -2.0, 0.0], [0.0, -2.0, 3.0, -2.0], [2.0, 0.0, -2.0, 3.0]];
    let e = (0..16).map(|k| (k / 4, k % 4, kershaw[k / 4][k % 4])).filter(|e| e.2 != 0.0);
    let p = IncompleteCholesky::new(&Sparse::from_triplets(4, 4, e.collect::<Vec<_>>()).unwrap()).unwrap();
    assert!(p.shift() > 0.0);
    let bad = Sparse::from_triplets(2, 2, [(0, 0, 1.0), (1, 1, -1.0)]).unwrap();
    assert!(matches!(IncompleteCholesky::new(&bad), Err(Error::NotPositiveDefinite { index: 1, .. })));
    let nan = Sparse::from_triplets(1, 1, [(0, 0, f64::NAN)]).unwrap();
    assert!(matches!(IncompleteCholesky::new(&nan), Err(Error::NonFinite { .. })));
    let wide = Sparse::from_triplets(1, 2, [(0, 0, 1.0)]).unwrap();
    assert!(matches!(IncompleteCholesky::new(&wide), Err(Error::ShapeMismatch { .. })));
    assert_eq!(
        IncompleteCholesky::new(&Sparse::from_triplets(0, 0, Vec::<(usize, usize, f64)>::new()).unwrap())
            .unwrap()
            .nrows(),
        0
    );
}

#[test]
fn incomplete_lu() {
    let n = 15;
    let entry = |i: usize, j: usize| match j as isize - i as isize {
        0 => c(3.0, 1.0),
        1 => c(0.3, 1.0),
        -1 => c(-1.3, 0.2),
        _ => c(0.0, 0.0),
    };
    let e = (0..n).flat_map(|i| (0..n).map(move |j| (i, j, entry(i, j)))).filter(|e| e.2 != c(0.0, 0.0));
    let a = Sparse::from_triplets(n, n, e.collect::<Vec<_>>()).unwrap();
    let p = IncompleteLu::new(&a).unwrap();
    check_operator(&p).unwrap();
    assert!((p.to_dense() * DMatrix::from_fn(n, n, entry) - DMatrix::identity(n, n)).iter().all(|x| x.norm() < 1e-13));
    let a = square_grid(20, 4.0, -0.2);
    let p = IncompleteLu::new(&a).unwrap();
    let b: Vec<f64> = noisy(400);
    let plain = a.solve_with(crate::BiCgStab::default(), &b).unwrap().report.iterations;
    let with = a.solve_with(crate::BiCgStab::default().preconditioner(&p), &b).unwrap().report.iterations;
    assert!(2 * with < plain + 1, "{with} {plain}");
    let zero = Sparse::from_triplets(2, 2, [(0, 1, 1.0), (1, 0, 1.0)]).unwrap();
    assert!(matches!(IncompleteLu::new(&zero), Err(Error::Singular { index: 0 })));
}

fn kernel(n: usize) -> DMatrix<f64> {
    DMatrix::from_fn(n, n, |i, j| (-((i as f64 - j as f64) / 12.0).powi(2)).exp())
}
#[test]
fn low_rank_preconditioners() {
    let (n, mu) = (120, 1e-3);
    let k = kernel(n);
    let a = Psd::new(Dense::new(&k));
    let shifted = Psd::new(Dense::new(&k + DMatrix::identity(n, n) * mu));
    let b: Vec<f64> = noisy(n);
    let plain = shifted.solve_with(Cg::default(), &b).unwrap().report.iterations;
    for p in [
        PivotedCholesky::default().rank(35).of(&a, mu).unwrap(),
        PivotedCholesky::default().rank(40).random(3).of(&a, mu).unwrap(),
        Nystrom::default().rank(40).of(&a, mu).unwrap(),
        Nystrom::default().of(&a, mu).unwrap(),
    ] {
        check_operator(&p).unwrap();
        let with = shifted.solve_with(Cg::default().preconditioner(&p), &b).unwrap().report.iterations;
        assert!(3 * with < plain, "{with} {plain}");
    }
    // the factor itself: A - F F^T is what is said of its trace, and PSD
    let (f, left) = PivotedCholesky::default().tol(1e-3).factor(&a).unwrap();
    let rest = &k - &f * f.transpose();
    assert!((rest.trace() - left).abs() < 1e-10 && left <= 1e-3 * n as f64 && f.ncols() < 40);
    assert!(rest.symmetric_eigenvalues().min() > -1e-12);
    // of full rank it is A
    let (f, left) =
        PivotedCholesky::default().factor(&Psd::new(Dense::new(DMatrix::<f64>::identity(5, 5) * 4.0))).unwrap();
    assert!(left == 0.0 && &f * f.transpose() == DMatrix::identity(5, 5) * 4.0);
    let (u, w) = Nystrom::default().rank(30).factor(&a).unwrap();
    let rest = &k - &u * DMatrix::from_diagonal(&nalgebra::DVector::from_vec(w.clone())) * u.transpose();
    assert!(rest.norm() < 1e-2 && w.windows(2).all(|w| w[0] >= w[1]));
    // what is not PSD, and a shift that is none
    let bad = diagonal_psd(vec![1.0, -1.0]);
    assert!(matches!(PivotedCholesky::default().factor(&bad), Err(Error::NotPositiveDefinite { .. })));
    assert!(matches!(PivotedCholesky::default().of(&a, 0.0), Err(Error::InvalidArgument { .. })));
    assert!(Nystrom::default().rank(2).factor(&bad).is_err());
    let zero = diagonal_psd(vec![0.0; 4]);
    assert_eq!(PivotedCholesky::default().factor(&zero).unwrap().0.ncols(), 0);
    assert_eq!(Nystrom::default().of(&zero, 1.0).unwrap().spikes().len(), 0);
}
fn diagonal_psd(d: Vec<f64>) -> Psd<Diagonal<Vec<f64>>> {
    Psd::new(Diagonal(d))
}

#[test]
fn functions_of_a_spiked_identity() {
    let u = DMatrix::from_fn(6, 2, |i, j| Complex::new(f64::from(i == j), 0.0) * c(0.6, 0.8));
    let a = SpikedIdentity::new(u, vec![9.0, 0.25], 4.0).unwrap();
    check_operator(&a).unwrap();
    type K = NoFacts;
    let dense = a.to_dense();
    let inverse = InverseRule::<K>::inverse_rule(&a).unwrap();
    assert!((inverse.to_dense() * &dense - DMatrix::identity(6, 6)).iter().all(|x| x.norm() < 1e-14));
    let root = PowerRule::<K>::power_rule(&a, Power::Sqrt).unwrap().to_dense();
    assert!((&root * &root - &dense).iter().all(|x| x.norm() < 1e-14));
    let (sign, log) = DetRule::<K>::slogdet_rule(&a).unwrap();
    assert!((sign - c(1.0, 0.0)).norm() < 1e-15 && (log - (9.0f64 * 0.25 * 256.0).ln()).abs() < 1e-13);
    assert!((a.trace().unwrap() - c(25.25, 0.0)).norm() < 1e-13);
    assert!((a.diagonal_k(1).unwrap()[0] - dense[(0, 1)]).norm() < 1e-15);
    assert!((a.exp().unwrap().log().unwrap().to_dense() - &dense).iter().all(|x| x.norm() < 1e-12));
    // a full basis has no rest: c = 0 does not make it singular
    let full = SpikedIdentity::new(DMatrix::<f64>::identity(2, 2), vec![2.0, 3.0], 0.0).unwrap();
    assert_eq!(full.inv().unwrap().spikes(), [0.5, 1.0 / 3.0]);
    assert!(SpikedIdentity::new(DMatrix::<f64>::identity(2, 2), vec![2.0], 0.0).is_err());
    let singular = SpikedIdentity::new(DMatrix::<f64>::identity(3, 1), vec![2.0], 0.0).unwrap();
    assert!(matches!(singular.inv(), Err(Error::Singular { .. })));
}

#[test]
fn chebyshev_and_jacobi() {
    let a = laplacian::<PsdFacts, f64>(60);
    let p = Chebyshev::new(&a, 0.05, 4.0, 12).unwrap();
    check_operator(&p).unwrap();
    let b: Vec<f64> = noisy(60);
    let with = solve(Cg::default().preconditioner(&p), &a, &b).unwrap().report.iterations;
    assert!(with < 15, "{with}");
    // of degree 1 it is a multiple of I
    let one = Chebyshev::new(&a, 1.0, 3.0, 1).unwrap();
    assert_eq!(one.to_dense(), DMatrix::identity(60, 60) * 0.5);
    for (low, high, degree) in [(0.0, 1.0, 1), (2.0, 1.0, 1), (1.0, f64::NAN, 1), (1.0, 2.0, 0)] {
        assert!(matches!(Chebyshev::new(&a, low, high, degree), Err(Error::InvalidArgument { .. })));
    }
    assert!(matches!(Jacobi::of(&Diagonal([1.0, 0.0])), Err(Error::Singular { index: 1 })));
    assert_eq!(Jacobi::of(&Diagonal([4.0, -0.5])).unwrap().0, [0.25, -2.0]);
}

/// Condition numbers from 10 to 1e12: the residual is that of double precision, whatever the factors are.
#[test]
fn refinement_in_mixed_precision() {
    let n = 50;
    for digits in [1, 4, 8, 12] {
        let d: Vec<f64> = (0..n).map(|i| 10f64.powf(-digits as f64 * i as f64 / (n - 1) as f64)).collect();
        let v = nalgebra::DVector::from_fn(n, |i, _| 1.0 + noise(i));
        let h = DMatrix::identity(n, n) - &v * v.transpose() * (2.0 / v.norm_squared());
        let a = Dense::new(&h * DMatrix::from_diagonal(&nalgebra::DVector::from_vec(d)) * 1e30);
        let p = SinglePrecision::of(&a).unwrap();
        let b: Vec<f64> = noisy::<f64>(n).iter().map(|b| b * 1e-200).collect();
        let s = a.solve_with(crate::Gmres::default().tol(1e-13).preconditioner(&p), &b).unwrap();
        assert!(s.report.iterations <= 25 && s.report.residual <= 1e-12, "1e{digits}: {:?}", s.report);
        if digits == 1 {
            assert!(s.report.iterations <= 6, "{}", s.report.iterations);
        }
    }
    let m = DMatrix::from_fn(8, 8, |i, j| c(noise(i + 8 * j), noise(100 + i * 8 + j)));
    let p = SinglePrecision::of(&Dense::new(&m)).unwrap();
    assert!((p.to_dense() * &m - DMatrix::identity(8, 8)).iter().all(|x| x.norm() < 1e-4));
    let adjoint = p.adjoint().to_dense() * m.adjoint();
    assert!((adjoint - DMatrix::identity(8, 8)).iter().all(|x| x.norm() < 1e-4));
    assert!(matches!(SinglePrecision::of(&Diagonal([1.0, 0.0])), Err(Error::Singular { .. })));
    assert!(matches!(SinglePrecision::of(&Diagonal([f64::NAN])), Err(Error::NonFinite { .. })));
}
