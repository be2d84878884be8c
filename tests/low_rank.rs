//! Structures of low rank: Woodbury where it serves and where it does not, the determinant lemma, spectra, bad input.
#![allow(clippy::op_ref, reason = "operators on references are tested too")]
use cola::functions::base::DENSE_LIMIT;
use cola::plan::Question;
use cola::prelude::*;
use cola::{Complex, Held};
use nalgebra::{DMatrix, DVector, Dyn, SMatrix, dmatrix, matrix, vector};

type C = Complex<f64>;
fn noise(i: usize, j: usize, seed: usize) -> f64 {
    let x = (seed * 7919 + i * 104_729 + j * 1_299_709 + 12_345) as u64;
    let x = (x ^ x >> 7).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (x >> 11) as f64 / (1u64 << 52) as f64 - 1.0
}
fn real(m: usize, n: usize, seed: usize) -> DMatrix<f64> {
    DMatrix::from_fn(m, n, |i, j| noise(i, j, seed))
}
fn complex(m: usize, n: usize, seed: usize) -> DMatrix<C> {
    DMatrix::from_fn(m, n, |i, j| C::new(noise(i, j, seed), noise(i, j, seed + 1)))
}
fn rule<A: Explain>(a: &A, q: Question) -> String {
    a.explain().plan(q).rule.to_string()
}

#[test]
fn plus_finds_the_update_in_the_macro_and_in_rust() {
    let (d, u, v) = (vector![1.0, 2.0, 4.0], matrix![1.0; 0.0; 1.0], matrix![1.0; 1.0; 0.0]);
    let want = matrix![2.0, 1.0, 0.0; 0.0, 2.0, 0.0; 1.0, 1.0, 4.0];
    let b = vector![1.0, 2.0, 3.0];
    let x = want.lu().solve(&b).unwrap();
    let close = |y: nalgebra::Vector3<f64>| assert!((y - x).norm() < 1e-14, "{y}");
    close(linop!(diag(d) + low_rank(u, v)).solve(&b).unwrap());
    close(linop!(low_rank(u, v) + diag(d)).solve(&b).unwrap());
    let (a, l) = (Diagonal::new(d), LowRank::new(u, v));
    close((&a + &l).solve(&b).unwrap());
    close((&l + &a).solve(&b).unwrap());
    assert_eq!(rule(&(&l + &a), Question::Solve), "Woodbury");
    // downdates, projections, Gram matrices, sums of several
    let q = matrix![0.6; 0.8; 0.0];
    let k = linop!(diag(d) - 0.5 * projection(q) + u * u.H);
    assert_eq!(rule(&k, Question::Solve), "Woodbury");
    let dense = SMatrix::<f64, 3, 3>::from_diagonal(&d) - q * q.transpose() * 0.5 + u * u.transpose();
    assert!((k.to_dense() - DMatrix::from_column_slice(3, 3, dense.as_slice())).norm() < 1e-15);
    close_to(&k.solve(&b).unwrap(), &dense.lu().solve(&b).unwrap(), 1e-14);
    assert!((k.logdet().unwrap() - dense.determinant().ln()).abs() < 1e-14);
    assert!((k.inv().unwrap().to_dense() * k.to_dense() - DMatrix::identity(3, 3)).norm() < 1e-14);
}
fn close_to<const N: usize>(x: &SMatrix<f64, N, 1>, y: &SMatrix<f64, N, 1>, tol: f64) {
    assert!((x - y).norm() <= tol * y.norm().max(1.0), "{x} {y}");
}

#[test]
fn the_type_of_an_expression() {
    type Noise = linop_type!(diag(nalgebra::SVector<f64, 3>) + low_rank(SMatrix<f64, 3, 1>, SMatrix<f64, 3, 1>));
    let k: Noise = linop!(diag(vector![1.0, 2.0, 4.0]) + low_rank(matrix![1.0; 0.0; 1.0], matrix![1.0; 1.0; 0.0]));
    assert_eq!(k.trace().unwrap(), 8.0);
    let leaves: Vec<_> = k.leaves().map(|l| l.0).collect();
    assert_eq!(leaves, ["0.diag", "1.u", "1.v"]);
    type Prior = linop_type!(SMatrix<f64, 3, 2> * psd(SMatrix<f64, 2, 2>) * SMatrix<f64, 2, 3>);
    let _: Option<Prior> = None;
    let (x, a) = (matrix![1.0, 0.0; 1.0, 1.0; 0.0, 2.0], matrix![2.0, 1.0; 1.0, 3.0]);
    let k = linop!(x * psd(a) * x.T + 0.5 * I);
    let dense = x * a * x.transpose() + SMatrix::<f64, 3, 3>::identity() * 0.5;
    assert!((k.logdet().unwrap() - dense.determinant().ln()).abs() < 1e-14);
    close_to(&k.solve(&vector![1.0, 2.0, 3.0]).unwrap(), &dense.lu().solve(&vector![1.0, 2.0, 3.0]).unwrap(), 1e-14);
    k.sqrt().unwrap();
    // a number in the middle is a scaled Gram matrix
    let c = 2.0f64;
    assert_eq!(linop!(x * c * x.H).trace().unwrap(), 2.0 * (x * x.transpose()).trace());
}

#[test]
fn large_update_is_linear_in_n() {
    let (n, r) = (20_000, 5);
    let (u, d) = (real(n, r, 3), DVector::from_fn(n, |i, _| 1.0 + (i % 9) as f64));
    let k = linop!(psd(diag(&d)) + &u * &u.H);
    let b = DVector::from_fn(n, |i, _| noise(i, 0, 5));
    let x = k.solve(&b).unwrap();
    let back = d.component_mul(&x) + &u * (u.transpose() * &x);
    assert!((back - &b).norm() < 1e-12 * b.norm());
    // det by the lemma, computed another way
    let scaled = DMatrix::from_fn(n, r, |i, j| u[(i, j)] / d[i].sqrt());
    let m = DMatrix::identity(r, r) + scaled.transpose() * &scaled;
    let want = d.iter().map(|d| d.ln()).sum::<f64>() + m.determinant().ln();
    let error = (k.logdet().unwrap() - want).abs();
    assert!(error < 1e-12 * want, "{error:e} of {want:e}");
    let inverse = k.inv().unwrap();
    assert!((inverse.apply(&b) - &x).norm() < 1e-12 * x.norm());
    // the diagonal of the inverse: posterior variances
    let var = inverse.diagonal().unwrap();
    for i in [0, 7, n - 1] {
        let e = DVector::from_fn(n, |j, _| f64::from(i == j));
        assert!((var[i] - k.solve(&e).unwrap()[i]).abs() < 1e-12);
    }
    // c I + low rank: spectrum and functions
    let k = linop!(2.0 * I + &u * &u.T);
    let root = k.sqrt().unwrap();
    assert!((root.apply(&root.apply(&b)) - k.apply(&b)).norm() < 1e-10 * k.apply(&b).norm());
    let small = (u.transpose() * &u).symmetric_eigenvalues();
    let want = (n - r) as f64 * 2f64.ln() + small.iter().map(|w| (w + 2.0).ln()).sum::<f64>();
    assert!((k.logdet().unwrap() - want).abs() < 1e-8);
    assert!((k.isqrt().unwrap().apply(&k.sqrt().unwrap().apply(&b)) - &b).norm() < 1e-10 * b.norm());
}

#[test]
fn where_the_formula_does_not_serve() {
    // A singular, A + L regular
    let k = linop!(diag([0.0, 1.0, 2.0]) + low_rank({ dmatrix![1.0; 0.0; 0.0] }, { dmatrix![1.0; 0.0; 0.0] }));
    let x = k.solve(&vec![3.0, 1.0, 4.0]).unwrap();
    assert_eq!(x, [3.0, 1.0, 2.0]);
    assert_eq!(k.slogdet().unwrap(), (1.0, 2f64.ln()));
    k.inv().unwrap();
    // nearly singular A: the plain formula loses all digits
    for tiny in [1e-12f64, 1e-17, 1e-200, 1e-308] {
        let k = linop!(diag([tiny, 1.0, 2.0]) + low_rank({ dmatrix![1.0; 1.0; 0.0] }, { dmatrix![1.0; 0.0; 1.0] }));
        let dense = k.to_dense();
        let b = DVector::from_vec(vec![1.0, -2.0, 0.5]);
        let x = k.solve(&b).unwrap();
        assert!((&dense * &x - &b).norm() < 1e-13 * (dense.norm() * x.norm()), "{tiny}: {x}");
        let inverse = k.inv().unwrap().to_dense();
        assert!((&dense * &inverse - DMatrix::identity(3, 3)).norm() < 1e-10, "{tiny}: {inverse}");
        let d = dense.determinant();
        let (sign, log) = k.slogdet().unwrap();
        assert!((sign * log.exp() - d).abs() < 1e-12 * d.abs().max(1.0), "{tiny}: {sign} {log} {d}");
    }
    // singular sums are errors, not answers
    let e = linop!(diag([1.0, 1.0]) - low_rank({ dmatrix![1.0; 0.0] }, { dmatrix![1.0; 0.0] }));
    assert!(e.solve(&vec![1.0, 1.0]).is_err() && e.inv().is_err());
    assert_eq!(e.slogdet().unwrap(), (0.0, f64::NEG_INFINITY));
    // a dense A has no cheap inverse: the base case, one factorisation of the sum
    let k = linop!({ real(6, 6, 9) } + low_rank({ real(6, 2, 1) }, { real(6, 2, 2) }));
    assert!(k.explain().plan(Question::Solve).base);
    // r >= n too
    let k = linop!(diag([1.0, 2.0]) + low_rank({ real(2, 3, 1) }, { real(2, 3, 2) }));
    assert!(k.explain().plan(Question::Solve).base);
    k.solve(&vec![1.0, 2.0]).unwrap();
}

#[test]
fn bad_input_is_an_error() {
    for bad in [f64::NAN, f64::INFINITY] {
        let u = dmatrix![1.0; bad; 0.0];
        let k = linop!(diag([1.0, 2.0, 3.0]) + low_rank(&u, &u));
        assert!(k.solve(&vec![1.0; 3]).is_err() && k.inv().is_err() && k.slogdet().is_err());
        let l = linop!(low_rank(&u, &u) + I);
        assert!(l.solve(&vec![1.0; 3]).is_err() && l.exp().is_err() && l.slogdet().is_err());
        assert!(linop!(low_rank(&u, &u)).exp().is_err());
        assert!(linop!(psd(low_rank(&u, &u))).eigh().is_err());
        let g = linop!(&u.T * &u);
        assert!(g.solve(&vec![1.0]).is_err() && g.eigh().is_err() && g.cholesky().is_err() && g.slogdet().is_err());
        assert!(projection_checked(&u).is_err());
        assert!(linop!(projection(&u)).eigh().is_err());
    }
    let u = dmatrix![1.0; 1.0];
    let e = projection_checked(&u).unwrap_err().to_string();
    assert!(e.contains("U^H U differs from I by 1.000e0"), "{e}");
    assert!(projection_checked(u / 2f64.sqrt()).is_ok());
    assert!(LowRank::try_new(real(3, 2, 1), real(4, 3, 1)).is_err());
    assert!(Projection::try_new(real(2, 3, 1)).is_err());
    assert!(try_linop!(diag([1.0, 2.0]) + low_rank({ real(3, 1, 1) }, { real(3, 1, 2) })).is_err());
    assert!(
        Congruence::<_, _, cola::ByAdjoint>::try_new(Dense::new(real(3, 2, 1)), Dense::new(real(3, 3, 1))).is_err()
    );
}

#[test]
fn sizes_at_the_edge() {
    // rank 0 and size 0
    let none = LowRank::new(DMatrix::<f64>::zeros(3, 0), DMatrix::zeros(3, 0));
    let k = LowRankUpdate::new(Diagonal::new([1.0, 2.0, 4.0]), &none);
    assert_eq!(k.solve(&[1.0, 2.0, 4.0]).unwrap(), [1.0; 3]);
    assert_eq!(k.logdet().unwrap(), 8f64.ln());
    assert_eq!(none.slogdet().unwrap(), (0.0, f64::NEG_INFINITY));
    assert!((none.exp().unwrap().to_dense() - DMatrix::identity(3, 3)).norm() == 0.0);
    let empty = LowRank::new(DMatrix::<f64>::zeros(0, 0), DMatrix::zeros(0, 0));
    assert_eq!(empty.slogdet().unwrap(), (1.0, 0.0));
    let k = linop!(&empty + I);
    assert_eq!(k.solve(&Vec::<f64>::new()).unwrap(), Vec::<f64>::new());
    assert_eq!(k.logdet().unwrap(), 0.0);
    let k = linop!(low_rank({ matrix![2.0] }, { matrix![3.0] }) + I);
    assert_eq!(k.solve(&[14.0]).unwrap(), [2.0]);
    assert!((k.exp().unwrap().to_dense()[(0, 0)] / 7f64.exp() - 1.0).abs() < 1e-14);
}

#[test]
fn gram_through_its_factor() {
    // X^H X of a badly conditioned tall X: errors grow with the condition, not with its square
    let n = 8;
    let x = DMatrix::from_fn(20, n, |i, j| noise(i, j, 4) * 10f64.powi(-(j as i32)));
    let g = linop!(&x.H * &x);
    let want = DVector::from_fn(n, |i, _| 10f64.powi(i as i32));
    let b = x.transpose() * (&x * &want);
    let y = g.solve(&b).unwrap();
    for i in 0..n {
        assert!((y[i] / want[i] - 1.0).abs() < 1e-8, "{i}: {} {}", y[i], want[i]);
    }
    let l = g.cholesky().unwrap().to_dense();
    assert!((&l * l.transpose() - x.transpose() * &x).norm() < 1e-14 * x.norm_squared());
    let qr = x.clone().qr().r();
    let want: f64 = (0..n).map(|i| 2.0 * qr[(i, i)].abs().ln()).sum();
    assert!((g.logdet().unwrap() - want).abs() < 1e-9 * want.abs());
    // X X^H of the same: rank 8 of 20
    let g = linop!(&x * &x.H);
    assert!(g.solve(&DVector::zeros(20)).is_err());
    assert_eq!(g.slogdet().unwrap(), (0.0, f64::NEG_INFINITY));
    let e = g.eigh().unwrap();
    let mut s: Vec<f64> = x.singular_values().iter().map(|s| s * s).collect();
    s.sort_by(f64::total_cmp);
    assert!(e.eigenvalues()[..12].iter().all(|w| w.abs() < 1e-14 * s[7]));
    assert!((e.eigenvalues()[19] - s[7]).abs() < 1e-13 * s[7]);
    let v = e.eigenvectors().to_dense();
    assert!((v.transpose() * &v - DMatrix::identity(20, 20)).norm() < 1e-13);
    // rank-deficient and wide
    let x = DMatrix::from_fn(3, 5, |i, j| if i < 2 { noise(i, j, 1) } else { noise(0, j, 1) + noise(1, j, 1) });
    let e = linop!(&x * &x.H).solve(&DVector::zeros(3)).unwrap_err();
    assert!(matches!(e, Error::NotPositiveDefinite { index: 2, .. }), "{e}");
    // more columns than one block of reflections
    let x = complex(150, 90, 3);
    let g = linop!(&x.H * &x);
    let dense = x.adjoint() * &x;
    let b = complex(90, 2, 4);
    assert!((&dense * g.solve(&b).unwrap() - &b).norm() < 1e-9 * b.norm());
    let e = linop!(&x * &x.H).eigh().unwrap();
    assert!((e.to_dense() - &x * x.adjoint()).norm() < 1e-12 * dense.norm());
}

#[test]
fn projections_and_functions() {
    let q = complex(6, 3, 8).qr().q();
    let p = linop!(projection(&q));
    assert!((p.sqrt().unwrap().to_dense() - &q * q.adjoint()).norm() < 1e-14);
    assert!(p.pow(-1.0).is_err() && p.pow(0.0).is_err());
    assert_eq!(p.trace().unwrap(), C::from(3.0));
    let full = linop!(projection({ complex(3, 3, 8).qr().q() }));
    assert_eq!(full.slogdet().unwrap(), (C::from(1.0), 0.0));
    assert!(full.pow(-2.0).is_ok());
    // Hermitian by promise, eigenvalues of both signs
    let (u, s) = (complex(7, 2, 3), DMatrix::from_diagonal(&DVector::from_vec(vec![C::from(2.0), C::from(-3.0)])));
    let v = &u * &s;
    let a = linop!(self_adjoint(low_rank(&u, &v)));
    let dense = &u * v.adjoint();
    let e = a.eigh().unwrap();
    assert!((e.to_dense() - &dense).norm() < 1e-13 * dense.norm());
    let mut want: Vec<f64> = dense.symmetric_eigenvalues().iter().copied().collect();
    want.sort_by(f64::total_cmp);
    assert!(e.eigenvalues().iter().zip(&want).all(|(a, b)| (a - b).abs() < 1e-13));
    // the dense matrix itself is never formed
    let n = 4 * DENSE_LIMIT;
    let u = real(n, 2, 6) * 0.02;
    let k = linop!(low_rank(&u, &u) + I);
    let x = k.exp().unwrap().apply(&u);
    let g = u.transpose() * &u;
    let e = (&g + DMatrix::identity(2, 2)).symmetric_eigen();
    let f = DMatrix::from_diagonal(&e.eigenvalues.map(f64::exp));
    let want = &u * (&e.eigenvectors * f * e.eigenvectors.transpose());
    assert!((x - &want).norm() < 1e-11 * want.norm());
    let _: Option<Held<f64, Dyn>> = None;
}

fn typed<K, F: Fn(&K) -> cola::Result<f64>>(_: &K, f: F) -> F {
    f
}
#[test]
fn gradients_by_differences() {
    let (u, v, d) = (real(4, 2, 1), real(4, 2, 2), vec![3.0, 4.0, 5.0, 3.5]);
    let x = real(3, 2, 3);
    let b = DVector::from_vec(vec![1.0, -1.0, 2.0, 0.5]);
    macro_rules! check {
        ($k:expr, $b:expr) => {{
            let (k, b) = ($k, $b);
            let value = typed(&k, |k| Ok(k.inv_quad(&b)? + k.logdet()?));
            let (l, g) = cola::value_and_grad(&k, |k| Ok(k.inv_quad(&b)? + k.logdet()?)).unwrap();
            assert!((l - value(&k).unwrap()).abs() < 1e-12 * l.abs());
            let (flat, g) = (k.flatten(), g.flatten());
            assert_eq!(flat.len(), g.len());
            for i in 0..flat.len() {
                let at = |h: f64| {
                    let mut x = flat.clone();
                    x[i] += h;
                    value(&k.unflatten(&x).unwrap()).unwrap()
                };
                let slope = (at(1e-6) - at(-1e-6)) / 2e-6;
                assert!((slope - g[i]).abs() < 1e-6 * (1.0 + slope.abs()), "{i}: {slope} {}", g[i]);
            }
        }};
    }
    check!(LowRankUpdate::new(Diagonal::new(d.clone()), LowRank::new(u.clone(), v.clone())), b.clone());
    check!(LowRankShift::<_, cola::AnySign>::try_new(LowRank::new(u.clone(), u.clone()), 2.0).unwrap(), b.clone());
    let inner = Psd::new(dmatrix![2.0, 0.5; 0.5, 1.0]);
    check!(
        LowRankShift::<_, cola::NonNegative>::try_new(Congruence::new(Dense::new(x.clone()), inner), 1.0).unwrap(),
        DVector::from_vec(vec![1.0, 2.0, 3.0])
    );
    check!(
        LowRankUpdate::new(Diagonal::new(vec![3.0, 4.0, 5.0]), Projection::new(x)),
        DVector::from_vec(vec![1.0, 2.0, 3.0])
    );
}

/// Powers and logarithms of c I + U V^H that nobody said is self-adjoint: f(c) I + U g(V^H U) V^H, with 2r x 2r numbers alone.
#[test]
fn functions_of_general_low_rank_plus_identity() -> cola::Result<()> {
    let near =
        |a: &DMatrix<f64>, b: &DMatrix<f64>, tol: f64| assert!((a - b).norm() <= tol * (1.0 + b.norm()), "{a}{b}");
    let (u, v) = (
        DMatrix::from_fn(6, 2, |i, j| ((3 * i + 5 * j) as f64).sin()),
        DMatrix::from_fn(6, 2, |i, j| ((i + 2 * j) as f64).cos()),
    );
    let a = linop!(low_rank(&u, &v) + 7.0 * I);
    let dense = &u * v.transpose() + DMatrix::identity(6, 6) * 7.0;
    let root = a.sqrt()?.to_dense();
    near(&(&root * &root), &dense, 1e-13);
    near(&(a.isqrt()?.to_dense() * &root), &DMatrix::identity(6, 6), 1e-13);
    near(&a.log()?.exp()?.to_dense(), &dense, 1e-12);
    near(&a.pow(-3.0)?.to_dense(), &dense.clone().try_inverse().unwrap().pow(3), 1e-12);
    assert_eq!(a.explain().plan(cola::plan::Question::Power).rule, "f(c) I + P g(Q^H P) Q^H");
    // a nilpotent core: the square root is I + u v^T / 2, the logarithm u v^T
    let (u, v) = (DMatrix::from_vec(3, 1, vec![1.0, 2.0, 0.0]), DMatrix::from_vec(3, 1, vec![2.0, -1.0, 5.0]));
    let b = linop!(low_rank(&u, &v) + I);
    near(&b.sqrt()?.to_dense(), &(DMatrix::identity(3, 3) + &u * v.transpose() * 0.5), 1e-15);
    near(&b.log()?.to_dense(), &(&u * v.transpose()), 1e-15);
    // no real root of a negative number; none of zero where there is an inverse in it
    assert!(matches!(linop!(low_rank(&u, &v) - 1.0 * I).sqrt(), Err(Error::NegativeEigenvalue { .. })));
    assert!(matches!(linop!(low_rank(&u, &v) + 0.0 * I).isqrt(), Err(Error::Singular { .. })));
    assert!(linop!(low_rank(&u, &v) + f64::NAN * I).sqrt().is_err());
    near(
        &linop!(low_rank(&u, &v) - 1.0 * I).pow(2.0)?.to_dense(),
        &(&u * v.transpose() - DMatrix::identity(3, 3)).pow(2),
        1e-14,
    );
    // complex numbers have the root of -1
    let (cu, cv) = (u.map(Complex::from), v.map(Complex::from));
    let c = linop!(low_rank(&cu, &cv) - 1.0 * I);
    let root = c.sqrt()?.to_dense();
    assert!((&root * &root - c.to_dense()).norm() < 1e-14 && (root[(2, 2)] - Complex::new(0.0, 1.0)).norm() < 1e-15);
    Ok(())
}
#[test]
fn inverses_of_updates_are_undone_as_updates() {
    let n = 700; // above it no n x n matrix is cheap, and the rows go block by block
    let d = DVector::from_fn(n, |i, _| 2.0 + noise(i, 0, 1));
    let (u, v) = (real(n, 3, 2), real(n, 3, 3) * 0.05);
    let general = linop!(diag(&d) + low_rank(&u, &v));
    let definite = LowRankUpdate::new(Psd::new(Diagonal::new(&d)), Gram::new(&u));
    let x = real(n, 2, 4);
    let close = |y: DMatrix<f64>, want: DMatrix<f64>| assert!((&y - &want).norm() < 1e-11 * want.norm());
    let back = general.inv().unwrap().inv().unwrap();
    close(back.apply(&x), general.apply(&x));
    assert_eq!(rule(&back, Question::Solve), "Woodbury");
    close(back.solve(&general.apply(&x)).unwrap(), x.clone());
    // the promise survives, and the weight of the low rank
    let back = definite.inv().unwrap().inv().unwrap();
    close(back.apply(&x), definite.apply(&x));
    assert!(back.cholesky().is_ok() && (back.logdet().unwrap() - definite.logdet().unwrap()).abs() < 1e-9);
    let z = DVector::from_fn(n, |i, _| C::new(noise(i, 1, 5), 2.0));
    let (p, q) = (complex(n, 2, 6), complex(n, 2, 8) * C::new(0.0, 0.05));
    let general = linop!(diag(&z) + low_rank(&p, &q));
    let (back, x) = (general.inv().unwrap().inv().unwrap(), complex(n, 1, 10));
    assert!((back.apply(&x) - general.apply(&x)).norm() < 1e-11 * general.apply(&x).norm());
}
