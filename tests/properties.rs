//! Random operators (proptest): identities that hold for all of them, against dense references.
use cola::prelude::*;
use nalgebra::{DMatrix, DVector};
use proptest::prelude::*;

type Matrix = DMatrix<f64>;

/// Any n x n matrix with entries in (-1, 1).
fn square(n: usize) -> impl Strategy<Value = Matrix> {
    prop::collection::vec(-1.0..1.0f64, n * n).prop_map(move |x| DMatrix::from_vec(n, n, x))
}
/// A positive definite matrix with condition number at most about 100.
fn definite(n: usize) -> impl Strategy<Value = Matrix> {
    square(n).prop_map(move |x| &x * x.transpose() + DMatrix::identity(n, n) * 0.1)
}
fn vector(n: usize) -> impl Strategy<Value = DVector<f64>> {
    prop::collection::vec(-1.0..1.0f64, n).prop_map(DVector::from_vec)
}
/// Two definite factors, a diagonal and a vector for the product of the factors.
fn problem() -> impl Strategy<Value = (Matrix, Matrix, Vec<f64>, DVector<f64>)> {
    (1..6usize, 1..6usize).prop_flat_map(|(m, n)| {
        let d = prop::collection::vec(prop_oneof![0.1..2.0f64, -2.0..-0.1f64], m * n);
        (definite(m), definite(n), d, vector(m * n))
    })
}
fn close(a: &DVector<f64>, b: &DVector<f64>, tol: f64) -> Result<(), TestCaseError> {
    let error = (a - b).norm() / (1.0 + b.norm());
    prop_assert!(error <= tol, "error {error:e}");
    Ok(())
}
proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn kron_of_definite_factors((a, b, _, v) in problem()) {
        let k = linop!(kron(psd(&a), psd(&b)));
        let dense = a.kronecker(&b);
        close(&k.apply(&v), &(&dense * &v), 1e-13)?;
        close(&k.apply(&k.solve(&v).unwrap()), &v, 1e-11)?;
        close(&k.inv().unwrap().inv().unwrap().apply(&v), &k.apply(&v), 1e-10)?;
        let root = k.sqrt().unwrap();
        close(&root.apply(&root.apply(&v)), &(&dense * &v), 1e-11)?;
        let (p, q) = (k.pow(-0.3).unwrap(), k.pow(1.3).unwrap());
        close(&p.apply(&q.apply(&v)), &(&dense * &v), 1e-10)?;
        close(&k.log().unwrap().exp().unwrap().apply(&v), &(&dense * &v), 1e-10)?;
        let (m, n) = (a.nrows() as f64, b.nrows() as f64);
        let want = n * a.determinant().ln() + m * b.determinant().ln();
        prop_assert!((k.logdet().unwrap() - want).abs() < 1e-9 * (1.0 + want.abs()));
        prop_assert!((k.trace().unwrap() - a.trace() * b.trace()).abs() < 1e-12 * dense.norm().max(1.0));
        let e = k.eigh().unwrap();
        close(&e.apply(&v), &(&dense * &v), 1e-11)?;
        let l = k.cholesky().unwrap();
        close(&l.apply(&l.apply_adjoint(&v)), &(&dense * &v), 1e-12)?;
    }
    #[test]
    fn sums_products_and_blocks((a, b, d, v) in problem(), c in -2.0..2.0f64) {
        let n = v.len();
        let (k, dense) = (linop!(kron(&a, &b) * diag(&d) + c * I), a.kronecker(&b) * DMatrix::from_diagonal(&DVector::from_vec(d.clone())) + DMatrix::identity(n, n) * c);
        close(&k.apply(&v), &(&dense * &v), 1e-12)?;
        close(&k.apply_adjoint(&v), &(dense.transpose() * &v), 1e-12)?;
        let (sign, log) = k.slogdet().unwrap();
        let det = dense.clone().lu().determinant();
        if det.abs() > 1e-6 {
            prop_assert_eq!(sign, det.signum());
            prop_assert!((log - det.abs().ln()).abs() < 1e-7 * (1.0 + log.abs()));
            let x = k.solve(&v).unwrap();
            let scale = dense.norm() * x.norm() + v.norm();
            prop_assert!((k.apply(&x) - &v).norm() < 1e-12 * scale);
        }
        for i in -(n as isize) + 1..n as isize {
            let diagonal = k.diagonal_k(i).unwrap();
            for (j, x) in diagonal.iter().enumerate() {
                let (r, s) = (j + i.min(0).unsigned_abs(), j + i.max(0) as usize);
                prop_assert!((x - dense[(r, s)]).abs() < 1e-13 * (1.0 + dense.norm()));
            }
        }
        let w = linop!(block_diag(&a, repeat::<2>(&b)));
        let r = 1..w.nrows();
        let slice = linop!((&w)[r.clone(), ..]);
        prop_assert_eq!(slice.to_dense(), w.to_dense().rows(1, r.len()).into_owned());
    }
    #[test]
    fn permutations(order in (1..9usize).prop_flat_map(|n| Just((0..n).collect::<Vec<_>>()).prop_shuffle()), seed in 0..9usize) {
        let p = Permutation::<f64, _>::new(&order);
        let v = DVector::from_fn(order.len(), |i, _| ((i + seed) as f64).sin());
        prop_assert_eq!(&p.apply(&v), &DVector::from_fn(order.len(), |i, _| v[order[i]]));
        prop_assert_eq!(p.solve(&p.apply(&v)).unwrap(), v.clone());
        prop_assert!((p.slogdet().unwrap().0 - p.to_dense().determinant()).abs() < 1e-12);
    }
}
