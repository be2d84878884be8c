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
    // its rules, by the spectrum of a structure and by the base case: those of its own dense matrix
    macro_rules! rules {
        ($p:expr) => {{
            let p = $p;
            let dense = p.to_dense();
            let near = |a: DMatrix<f64>| assert!((&a - &dense).norm() <= 1e-11 * dense.norm(), "{a} {dense}");
            near(p.inv().unwrap().to_dense().try_inverse().unwrap());
            let root = p.sqrt().unwrap().to_dense();
            near(&root * &root);
            let (sign, log) = p.slogdet().unwrap();
            assert!(sign == 1.0 && (log - dense.determinant().ln()).abs() < 1e-8, "{log}");
            near(p.eigh().unwrap().to_dense());
        }};
    }
    rules!(Chebyshev::new(Psd::new(Dense::new(a.to_dense())), 0.05, 4.0, 5).unwrap());
    rules!(Chebyshev::new(Psd::new(Diagonal::new(vec![0.3, 1.0, 2.0, 3.9])), 0.05, 4.0, 6).unwrap());
    // a million numbers: by the eigenvalues of the structure alone
    let large = Chebyshev::new(Psd::new(Diagonal::new(vec![1.5; 1_000_000])), 0.5, 2.0, 4).unwrap();
    let x = large.inv().unwrap().apply(&large.apply(&vec![2.0; 1_000_000]));
    assert!(x.iter().all(|x| (x - 2.0).abs() < 1e-14));
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
    // its inverse is L U, which is A to single precision, and its determinant that of the pivots
    let m = m * C64::new(1e100, 0.0);
    let p = SinglePrecision::of(&Dense::new(&m)).unwrap();
    let back = InverseRule::<NoFacts>::inverse_rule(&p).unwrap();
    for (a, want) in [(back.to_dense(), m.clone()), (back.adjoint().to_dense(), m.adjoint())] {
        assert!((&a - &want).norm() < 1e-6 * want.norm());
    }
    let again = InverseRule::<NoFacts>::inverse_rule(&back).unwrap();
    assert_eq!(again.to_dense(), p.to_dense());
    let det = (&m * C64::new(1e-100, 0.0)).determinant();
    for (p, sign_of) in [(&p, -1.0), (&back, 1.0)] {
        let (phase, log) = p.slogdet().unwrap();
        let want = sign_of * (det.norm().ln() + 8.0 * 100.0 * 10f64.ln());
        assert!((log - want).abs() < 1e-5 * want.abs(), "{log} {want}");
        let turn = if sign_of > 0.0 { det } else { det.conj() };
        assert!((phase - turn / c(turn.norm(), 0.0)).norm() < 1e-5, "{phase} {det}");
    }
    assert!(matches!(SinglePrecision::of(&Diagonal([1.0, 0.0])), Err(Error::Singular { .. })));
    // a large operator is not made dense unasked
    let e = SinglePrecision::of(&Diagonal::new(vec![1.0; 3000])).unwrap_err();
    assert!(e.to_string().contains("3000"), "{e}");
    assert!(matches!(SinglePrecision::of(&Diagonal([f64::NAN])), Err(Error::NonFinite { .. })));
}

fn sparse<T: Scalar>(m: &DMatrix<T>) -> Sparse<nalgebra_sparse::CsrMatrix<T>> {
    let n = m.nrows();
    let e = (0..n * n).map(|k| (k / n, k % n, m[(k / n, k % n)])).filter(|e| e.2 != T::of(0.0));
    Sparse::from_triplets(n, n, e.collect::<Vec<_>>()).unwrap()
}
/// The inverse, the determinant and the diagonal of a preconditioner against its own dense matrix.
fn rules<P>(p: &P)
where
    P: crate::LinearOperator<Scalar = C64> + InverseRule<NoFacts, Output = P> + DetRule<NoFacts>,
{
    check_operator(p).unwrap();
    let n = p.nrows();
    let (dense, inverse) = (p.to_dense(), InverseRule::<NoFacts>::inverse_rule(p).unwrap());
    check_operator(&inverse).unwrap();
    assert!((inverse.to_dense() * &dense - DMatrix::identity(n, n)).iter().all(|x| x.norm() < 1e-12));
    let back = InverseRule::<NoFacts>::inverse_rule(&inverse).unwrap().to_dense();
    assert!((back - &dense).iter().all(|x| x.norm() < 1e-14));
    let want = dense.determinant();
    for (p, want) in [(p, want), (&inverse, want.inv())] {
        let (sign, log) = DetRule::<NoFacts>::slogdet_rule(p).unwrap();
        assert!((sign * log.exp() / want - c(1.0, 0.0)).norm() < 1e-11);
    }
}

/// Complex, with fill: rules are those of the operator itself, and of enough fill it is the inverse of A.
#[test]
fn rules_of_incomplete_factors() {
    let n = 14;
    // a band and far corners, so that there is fill
    let general = DMatrix::from_fn(n, n, |i, j| match i.abs_diff(j) {
        0 => c(6.0, 1.0),
        1 | 5 | 9 => c(noise(i + n * j), noise(3 * i + j)),
        _ => c(0.0, 0.0),
    });
    let hermitian = (&general + general.adjoint()).scale(0.5);
    let (a, h) = (sparse(&general), sparse(&hermitian));
    let near = |p: &dyn Fn() -> DMatrix<C64>, m: &DMatrix<C64>| (p() * m - DMatrix::identity(n, n)).norm();
    let mut last = f64::INFINITY;
    for level in [0, 1, 2, n] {
        let (p, q) = (IncompleteLu::with_level(&a, level).unwrap(), IncompleteCholesky::with_level(&h, level).unwrap());
        rules(&p);
        rules(&q);
        let here = near(&|| q.to_dense(), &hermitian);
        assert!(here <= 1.0001 * last, "{level}: {here} {last}");
        last = here;
        if level == n {
            assert!(here < 1e-12 && near(&|| p.to_dense(), &general) < 1e-12);
        }
    }
    assert_eq!(IncompleteLu::new(&a).unwrap().to_dense(), IncompleteLu::with_level(&a, 0).unwrap().to_dense());
    assert_eq!(
        IncompleteCholesky::new(&h).unwrap().to_dense(),
        IncompleteCholesky::with_level(&h, 0).unwrap().to_dense()
    );
    for (tol, fill) in [(0.0, n), (1e-2, n), (1e-2, 1), (0.3, 0)] {
        let p = IncompleteLu::with_threshold(&a, tol, fill).unwrap();
        let q = IncompleteCholesky::with_threshold(&h, tol, fill).unwrap();
        rules(&p);
        rules(&q);
        let (e, f) = (near(&|| p.to_dense(), &general), near(&|| q.to_dense(), &hermitian));
        if tol == 0.0 {
            assert!(e < 1e-12 && f < 1e-12, "{e:e} {f:e}");
        } else {
            assert!(e < 2.0 && f < 2.0, "{tol} {fill}: {e} {f}");
        }
        // L no fuller than was allowed: the lower triangle and `fill` more per column
        let most = h.nnz().midpoint(n) + n * fill;
        assert!(q.nnz() <= most && p.nnz() <= a.nnz() + 2 * n * fill, "{} {most}", q.nnz());
    }
    // S S^H is the operator
    let p = IncompleteCholesky::new(&h).unwrap();
    for p in [p.inv().unwrap(), p] {
        let s = p.root();
        check_operator(&s).unwrap();
        assert!((s.to_dense() * s.to_dense().adjoint() - p.to_dense()).iter().all(|x| x.norm() < 1e-13));
    }
    // SSOR by its formula
    let (d, e) = (DMatrix::from_diagonal(&hermitian.diagonal()), {
        let mut e = hermitian.lower_triangle();
        e.set_diagonal(&nalgebra::DVector::from_element(n, c(0.0, 0.0)));
        e
    });
    for w in [0.7, 1.0, 1.8] {
        let p = Ssor::of(&h, w).unwrap();
        rules(&p);
        let half = &d + e.scale(w);
        let m = (&half * d.clone().try_inverse().unwrap() * half.adjoint()).scale(1.0 / (w * (2.0 - w)));
        assert!((p.inv().unwrap().to_dense() - m).iter().all(|x| x.norm() < 1e-12));
    }
    for w in [0.0, 2.0, -1.0, f64::NAN] {
        assert!(matches!(Ssor::of(&h, w), Err(Error::InvalidArgument { .. })));
    }
    for tol in [-1.0, f64::NAN] {
        assert!(matches!(IncompleteLu::with_threshold(&a, tol, 1), Err(Error::InvalidArgument { .. })));
        assert!(matches!(IncompleteCholesky::with_threshold(&h, tol, 1), Err(Error::InvalidArgument { .. })));
    }
    // Kershaw's matrix again: no factor without a larger diagonal, by no rule of fill but enough of it
    let kershaw = [[3.0, -2.0, 0.0, 2.0], [-2.0, 3.0, -2.0, 0.0], [0.0, -2.0, 3.0, -2.0], [2.0, 0.0, -2.0, 3.0]];
    let k = sparse(&DMatrix::from_fn(4, 4, |i, j| kershaw[i][j]));
    assert!(IncompleteCholesky::with_threshold(&k, 0.0, 0).unwrap().shift() > 0.0);
    assert_eq!(IncompleteCholesky::with_level(&k, 1).unwrap().shift(), 0.0);
}

/// More fill, fewer iterations: the five-point Laplacian and a convection-diffusion operator.
#[test]
fn fill_saves_iterations() {
    let (a, b) = (Psd::new(square_grid(24, 4.0, -1.0)), noisy::<f64>(576));
    let count =
        |p: IncompleteCholesky<f64>| a.solve_with(Cg::default().preconditioner(p), &b).unwrap().report.iterations;
    let levels: Vec<usize> =
        [0, 1, 3].map(|k| count(IncompleteCholesky::with_level(&a.0, k).unwrap())).into_iter().collect();
    assert!(levels[1] < levels[0] && levels[2] < levels[1], "{levels:?}");
    let threshold = count(IncompleteCholesky::with_threshold(&a.0, 1e-3, 8).unwrap());
    assert!(2 * threshold < levels[0], "{threshold} {levels:?}");
    let over = count(Ssor::of(&a.0, 1.8).unwrap());
    assert!(over < 45, "{over}");
    let a = square_grid(24, 4.0, -0.2);
    let count =
        |p: IncompleteLu<f64>| a.solve_with(crate::Gmres::default().preconditioner(p), &b).unwrap().report.iterations;
    let (zero, two) = (count(IncompleteLu::new(&a).unwrap()), count(IncompleteLu::with_level(&a, 2).unwrap()));
    let threshold = count(IncompleteLu::with_threshold(&a, 1e-3, 8).unwrap());
    assert!(two < zero && threshold < zero, "{threshold} {two} {zero}");
}

#[test]
fn block_jacobi() {
    let n = 23;
    let m = DMatrix::from_fn(n, n, |i, j| match i.abs_diff(j) {
        0 => c(4.0, 0.0),
        k if k < 4 => c(0.4, if i < j { 0.2 } else { -0.2 }),
        _ => c(0.0, 0.0),
    });
    let a = Psd::new(Dense::new(&m));
    for size in [1, 4, 23, 100] {
        let p = BlockJacobi::of(&a, size).unwrap();
        check_operator(&p).unwrap();
        let blocks = DMatrix::from_fn(n, n, |i, j| if i / size == j / size { m[(i, j)] } else { c(0.0, 0.0) });
        assert!((p.to_dense() * &blocks - DMatrix::identity(n, n)).iter().all(|x| x.norm() < 1e-13));
        // its rules are those of a block diagonal
        assert!((p.inv().unwrap().to_dense() - &blocks).iter().all(|x| x.norm() < 1e-12));
        let root = p.sqrt().unwrap().to_dense();
        assert!((&root * &root * &blocks - DMatrix::identity(n, n)).iter().all(|x| x.norm() < 1e-12));
        assert!((p.logdet().unwrap() + blocks.determinant().re.ln()).abs() < 1e-11);
    }
    let general = DMatrix::from_fn(9, 9, |i, j| noise(i + 9 * j) + f64::from(u8::from(i == j)) * 3.0);
    let p = BlockJacobi::of_general(&Dense::new(&general), 4).unwrap();
    let blocks = DMatrix::from_fn(9, 9, |i, j| if i / 4 == j / 4 { general[(i, j)] } else { 0.0 });
    assert!((p.to_dense() * blocks - DMatrix::identity(9, 9)).norm() < 1e-13);
    assert!(matches!(BlockJacobi::of(&a, 0), Err(Error::InvalidArgument { .. })));
    let bad = diagonal_psd(vec![1.0, 2.0, -1.0]);
    assert!(matches!(BlockJacobi::of(&bad, 2), Err(Error::NotPositiveDefinite { index: 2, .. })));
    let zero = Dense::new(DMatrix::<f64>::zeros(4, 4));
    assert!(matches!(BlockJacobi::of_general(&zero, 2), Err(Error::Singular { index: 0 })));
    let nan = Dense::new(DMatrix::from_element(2, 2, f64::NAN));
    assert!(matches!(BlockJacobi::of_general(&nan, 2), Err(Error::NonFinite { .. })));
    let wide = Dense::new(DMatrix::from_element(2, 3, 1.0));
    assert!(matches!(BlockJacobi::of_general(&wide, 2), Err(Error::ShapeMismatch { .. })));
}

/// Each circulant by its definition, for even and odd sizes, Hermitian and general.
#[cfg(feature = "fft")]
#[test]
fn circulants_for_toeplitz() {
    use crate::ops::Toeplitz;
    for n in [1usize, 2, 7, 8] {
        let column: Vec<C64> =
            (0..n).map(|k| c(noise(k), noise(k + 40)) + c(f64::from(u8::from(k == 0)) * 9.0, 0.0)).collect();
        let mut row: Vec<C64> = (0..n).map(|k| c(noise(k + 80), noise(k + 120))).collect();
        row[0] = column[0];
        let t = Toeplitz::new(column.clone(), row.clone());
        let at = |k: isize| if k >= 0 { column[k.unsigned_abs()] } else { row[k.unsigned_abs()] };
        let strang = DMatrix::from_fn(n, n, |i, j| {
            let k = ((i + n - j) % n) as isize;
            match (2 * k as usize).cmp(&n) {
                core::cmp::Ordering::Less => at(k),
                core::cmp::Ordering::Equal => (at(k) + at(k - n as isize)).scale(0.5),
                core::cmp::Ordering::Greater => at(k - n as isize),
            }
        });
        let dense = DMatrix::from_fn(n, n, |i, j| at(i as isize - j as isize));
        // the mean of each wrapped diagonal is the nearest circulant
        let chan = DMatrix::from_fn(n, n, |i, j| {
            (0..n).map(|r| dense[((i + n - j + r) % n, r)]).sum::<C64>().scale(1.0 / n as f64)
        });
        for (p, m) in
            [(CirculantPreconditioner::strang(&t).unwrap(), strang), (CirculantPreconditioner::chan(&t).unwrap(), chan)]
        {
            check_operator(&p).unwrap();
            assert!((p.to_dense() * &m - DMatrix::identity(n, n)).iter().all(|x| x.norm() < 1e-12), "{n}");
            let (sign, log) = DetRule::<NoFacts>::slogdet_rule(&p).unwrap();
            assert!((sign * log.exp() * m.determinant() - c(1.0, 0.0)).norm() < 1e-11);
            let root = PowerRule::<NoFacts>::power_rule(&p, Power::Sqrt).unwrap().into_inner().to_dense();
            assert!((&root * &root - p.to_dense()).iter().all(|x| x.norm() < 1e-12));
        }
    }
    let wide = Toeplitz::new(vec![1.0, 2.0], vec![1.0, 0.0, 0.0]);
    assert!(matches!(CirculantPreconditioner::strang(&wide), Err(Error::ShapeMismatch { .. })));
    let flat = Toeplitz::new(vec![1.0; 3], vec![1.0; 3]);
    assert!(matches!(CirculantPreconditioner::chan(&flat), Err(Error::Singular { .. })));
}

/// The seven-point Laplacian on m^3 points with jumps of the coefficient from 1 to `jump`.
fn cube(m: usize, jump: f64) -> Sparse<nalgebra_sparse::CsrMatrix<f64>> {
    let coefficient = |i: usize| if (i % m) < m / 2 { 1.0 } else { jump };
    let mut e = Vec::new();
    for i in 0..m * m * m {
        let mut own = 0.0;
        for (stride, place) in [(1, i % m), (m, i / m % m), (m * m, i / m / m)] {
            if place + 1 < m {
                let w = 0.5 * (coefficient(i) + coefficient(i + stride));
                e.extend([(i, i + stride, -w), (i + stride, i, -w)]);
                e.extend([(i + stride, i + stride, w)]);
                own += w;
            }
            // Dirichlet on both sides
            own += coefficient(i) * f64::from(u8::from(place == 0) + u8::from(place + 1 == m));
        }
        e.push((i, i, own));
    }
    Sparse::from_triplets(m * m * m, m * m * m, e).unwrap()
}
/// Iterations that do not grow with the mesh, in two dimensions and three, with jumps, a line, a graph.
#[test]
fn smoothed_aggregation() {
    let count = |a: Sparse<nalgebra_sparse::CsrMatrix<f64>>| {
        let p = SmoothedAggregation::new(&a).unwrap();
        let b: Vec<f64> = noisy(p.nrows());
        let s = Psd::new(a).solve_with(Cg::default().tol(1e-8).preconditioner(&p), &b).unwrap();
        assert!(p.sizes().windows(2).all(|w| w[1] < w[0]) && p.sizes().len() > 1, "{:?}", p.sizes());
        s.report.iterations
    };
    let two = [20, 40].map(|m| count(square_grid(m, 4.0, -1.0)));
    assert!(two[1] <= two[0] + 4 && two[1] <= 16, "{two:?}");
    let three = [7, 11].map(|m| count(cube(m, 1.0)));
    assert!(three[1] <= three[0] + 4 && three[1] <= 16, "{three:?}");
    let jumps = count(cube(9, 1e4));
    assert!(jumps <= 25, "{jumps}");
    let line = count(sparse(&DMatrix::from_fn(500, 500, |i, j| [2.0, -1.0, 0.0][i.abs_diff(j).min(2)])));
    assert!(line <= 20, "{line}");
    // Hermitian and positive definite, for complex numbers with a phase in the near-null vector too
    let (m, n) = (16, 256);
    let phase = |i: usize| c(noise(i), noise(i + 9)).scale(1.0 / c(noise(i), noise(i + 9)).norm());
    let real = square_grid(m, 4.0, -1.0).to_dense();
    let a = sparse(&DMatrix::from_fn(n, n, |i, j| phase(i) * c(real[(i, j)], 0.0) * phase(j).conj()));
    let p = SmoothedAggregation::with(&a, 0.08, &(0..n).map(phase).collect::<Vec<_>>()).unwrap();
    check_operator(&p).unwrap();
    let dense = p.to_dense();
    assert!((&dense - dense.adjoint()).norm() < 1e-12 * dense.norm());
    assert!(dense.symmetric_eigenvalues().min() > 0.0);
    let b = complex(n);
    let s = Psd::new(&a).solve_with(Cg::default().preconditioner(&p), &b).unwrap();
    assert!(s.report.iterations < 20, "{}", s.report.iterations);
    // of a small matrix it is the inverse; singular, empty, odd ones
    let p = SmoothedAggregation::new(&square_grid(5, 4.0, -1.0)).unwrap();
    assert!((p.to_dense() * square_grid(5, 4.0, -1.0).to_dense() - DMatrix::identity(25, 25)).norm() < 1e-12);
    let loose = sparse(&DMatrix::from_fn(2, 2, |i, j| if i == j { 1.0 } else { -1.0 }));
    assert!(SmoothedAggregation::new(&loose).unwrap().to_dense().iter().all(|x: &f64| f64::is_finite(*x)));
    let apart = sparse(&DMatrix::<f64>::identity(300, 300));
    assert!((SmoothedAggregation::new(&apart).unwrap().to_dense() - DMatrix::identity(300, 300)).norm() < 1e-13);
    let bad = Sparse::from_triplets(2, 2, [(0, 0, 1.0), (1, 1, 0.0)]).unwrap();
    assert!(matches!(SmoothedAggregation::new(&bad), Err(Error::NotPositiveDefinite { index: 1, .. })));
    let nan = Sparse::from_triplets(1, 1, [(0, 0, f64::NAN)]).unwrap();
    assert!(matches!(SmoothedAggregation::new(&nan), Err(Error::NonFinite { .. })));
    let wide = Sparse::from_triplets(1, 2, [(0, 0, 1.0)]).unwrap();
    assert!(matches!(SmoothedAggregation::new(&wide), Err(Error::ShapeMismatch { .. })));
    for theta in [-0.1, 1.0, f64::NAN] {
        assert!(matches!(SmoothedAggregation::with(&loose, theta, &[1.0; 2]), Err(Error::InvalidArgument { .. })));
    }
    assert!(matches!(SmoothedAggregation::with(&loose, 0.1, &[1.0; 3]), Err(Error::ShapeMismatch { .. })));
}
