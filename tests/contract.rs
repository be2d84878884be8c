//! The public contract, line by line: what the documentation promises compiles as it is written there and gives the right numbers.
#![allow(clippy::op_ref, reason = "operators on references are tested too")]
#![allow(
    clippy::default_constructed_unit_structs,
    reason = "the contract writes every algorithm as `Name::default()`, those without options too"
)]

use cola::prelude::*;
use nalgebra::{DMatrix, DVector, SMatrix, SVector, matrix, vector};

type Cov<T> = linop_type!(kron(psd(SMatrix<T, 2, 2>), diag(SVector<T, 3>)));
struct Model {
    cov: Cov<f64>,
}
fn near(a: &DMatrix<f64>, b: &DMatrix<f64>, tol: f64) {
    assert_eq!(a.shape(), b.shape());
    assert!((a - b).amax() <= tol * b.amax().max(1.0), "{a}{b}");
}
fn a2() -> SMatrix<f64, 2, 2> {
    matrix![2.0, 1.0; 1.0, 3.0]
}
fn spd(n: usize) -> DMatrix<f64> {
    DMatrix::from_fn(
        n,
        n,
        |i, j| if i == j { 3.0 + i as f64 / n as f64 } else { 1.0 / (1.0 + (i as f64 - j as f64).powi(2)) },
    )
}

#[test]
fn building() -> cola::Result<()> {
    let a = matrix![2.0, 1.0; 1.0, 3.0];
    let d = vector![3.0, 0.2, 1.0];
    let k = linop!(kron(psd(a), diag(d)));
    assert_eq!(k.shape(), (6, 6));
    assert_eq!((k.nrows(), k.ncols()), (6, 6));
    fn shape_of<K: Operator>(_: &K) -> Shape {
        K::SHAPE
    }
    assert_eq!(shape_of(&k).rows, Extent::Static(6));
    let model = Model { cov: k };
    let v = SVector::<f64, 6>::from_fn(|i, _| i as f64);
    assert_eq!(&model.cov * &v, k.apply(&v));
    let r = try_linop!(inv(kron(psd(a), diag(d))))?;
    assert!((r.apply(&k.apply(&v)) - v).norm() < 1e-12);
    Ok(())
}

#[test]
fn grammar() -> cola::Result<()> {
    let (a, b) = (a2(), matrix![1.0, 0.5; -0.5, 2.0]);
    let (da, db) = (DMatrix::from_column_slice(2, 2, a.as_slice()), DMatrix::from_column_slice(2, 2, b.as_slice()));
    let eye = DMatrix::<f64>::identity(2, 2);
    let c = 0.7f64;
    near(&linop!(a + b).to_dense(), &(&da + &db), 0.0);
    near(&linop!(a - b).to_dense(), &(&da - &db), 0.0);
    near(&linop!(-a).to_dense(), &-&da, 0.0);
    near(&linop!(a * b).to_dense(), &(&da * &db), 1e-15);
    near(&linop!(2.0 * a).to_dense(), &(&da * 2.0), 0.0);
    near(&linop!(2 * a).to_dense(), &(&da * 2.0), 0.0);
    near(&linop!(c * a).to_dense(), &(&da * c), 1e-16);
    near(&linop!(a / 2.0).to_dense(), &(&da / 2.0), 0.0);
    near(&linop!(a ^ 3).to_dense(), &(&da * &da * &da), 1e-14);
    near(&try_linop!(psd(a) ^ -1)?.to_dense(), &da.clone().try_inverse().unwrap(), 1e-14);
    let root = try_linop!(psd(a) ^ (1 / 2))?.to_dense();
    near(&(&root * &root), &da, 1e-14);
    let iroot = try_linop!(psd(a) ^ (-1 / 2))?.to_dense();
    near(&(&iroot * &root), &eye, 1e-14);
    near(&linop!(b.T).to_dense(), &db.transpose(), 0.0);
    near(&linop!(b.H).to_dense(), &db.transpose(), 0.0);
    let idx = vec![1usize, 0];
    near(&linop!(a[0..1, 0..2]).to_dense(), &da.rows(0, 1).into_owned(), 0.0);
    near(&linop!(b[.., idx]).to_dense(), &DMatrix::from_columns(&[db.column(1), db.column(0)]), 0.0);
    let blocks = linop!([a, b; b, a]).to_dense();
    near(&blocks.view((0, 2), (2, 2)).into_owned(), &db, 0.0);
    assert_eq!(linop!([a, b]).to_dense().shape(), (2, 4));
    assert_eq!(linop!([a; b]).to_dense().shape(), (4, 2));
    near(&linop!(a + 0.5 * I).to_dense(), &(&da + &eye * 0.5), 1e-15);
    near(&linop!(a + I(2)).to_dense(), &(&da + &eye), 1e-15);
    near(&linop!(a + zero(2, 2)).to_dense(), &da, 0.0);
    struct Holder {
        k: Inner,
    }
    struct Inner {
        a: SMatrix<f64, 2, 2>,
    }
    let held = Holder { k: Inner { a } };
    near(&linop!(held.k.a + { a * 2.0 }).to_dense(), &(&da * 3.0), 1e-15);
    near(&linop!(&a * &b).to_dense(), &(&da * &db), 1e-15);
    near(&linop!({ nonnegative(c)? } * psd(a)).cholesky()?.to_dense(), &(&da * c).cholesky().unwrap().l(), 1e-15);
    Ok(())
}

#[test]
fn words() -> cola::Result<()> {
    let (a, b) = (a2(), matrix![1.0, 0.5; -0.5, 2.0]);
    let (da, db) = (DMatrix::from_column_slice(2, 2, a.as_slice()), DMatrix::from_column_slice(2, 2, b.as_slice()));
    let eye = DMatrix::<f64>::identity(2, 2);
    near(&linop!(self_adjoint(a)).to_dense(), &da, 0.0);
    near(&linop!(kron(a, b)).to_dense(), &da.kronecker(&db), 1e-15);
    near(&linop!(kron_sum(a, b)).to_dense(), &(da.kronecker(&eye) + eye.kronecker(&db)), 1e-15);
    assert_eq!(linop!(block_diag(a, b)).to_dense()[(3, 3)], 2.0);
    assert_eq!(linop!(repeat::<3>(a)).shape(), (6, 6));
    near(&linop!(diag([1.0, 2.0])).to_dense(), &DMatrix::from_diagonal(&DVector::from_vec(vec![1.0, 2.0])), 0.0);
    let t = linop!(tridiag([1.0, 2.0], [4.0, 5.0, 6.0], [7.0, 8.0])).to_dense();
    near(&t, &DMatrix::from_row_slice(3, 3, &[4.0, 7.0, 0.0, 1.0, 5.0, 8.0, 0.0, 2.0, 6.0]), 0.0);
    near(&linop!(triangular_lower(b)).to_dense(), &db.lower_triangle(), 0.0);
    near(&linop!(triangular_upper(b)).to_dense(), &db.upper_triangle(), 0.0);
    assert_eq!(linop!(permutation([2, 0, 1])).apply(&[10.0, 20.0, 30.0]), [30.0, 10.0, 20.0]);
    let csr = nalgebra_sparse::CsrMatrix::from(&db);
    near(&linop!(sparse(&csr)).to_dense(), &db, 0.0);
    let (u, v) = (vector![1.0, 2.0], vector![0.5, -1.0]);
    let outer = DMatrix::from_fn(2, 2, |i, j| u[i] * v[j]);
    near(&linop!(low_rank(u, v)).to_dense(), &outer, 1e-16);
    let q = u / u.norm();
    near(&linop!(projection(q)).to_dense(), &DMatrix::from_fn(2, 2, |i, j| q[i] * q[j]), 1e-15);
    let circ = linop!(circulant([1.0, 2.0, 3.0])).to_dense();
    near(&circ, &DMatrix::from_row_slice(3, 3, &[1.0, 3.0, 2.0, 2.0, 1.0, 3.0, 3.0, 2.0, 1.0]), 1e-14);
    let toep = linop!(toeplitz([1.0, 2.0, 3.0], [1.0, 5.0, 6.0])).to_dense();
    near(&toep, &DMatrix::from_row_slice(3, 3, &[1.0, 5.0, 6.0, 2.0, 1.0, 5.0, 3.0, 2.0, 1.0]), 1e-14);
    let f = linop!(fourier(4));
    let y = f.apply(&[Complex::new(1.0, 0.0); 4]);
    assert!((y[0].re - 2.0).abs() < 1e-15 && y[1].norm() < 1e-15);
    let h = linop!(householder(u)).to_dense();
    near(&(&h * &h), &eye, 1e-15);
    near(&linop!(hadamard(a, b)).to_dense(), &da.component_mul(&db), 0.0);
    near(&linop!(a + low_rank(u, v)).to_dense(), &(&da + &outer), 1e-15);
    // in `try_linop!`
    near(&try_linop!(pinv(b))?.to_dense(), &db.clone().try_inverse().unwrap(), 1e-14);
    near(&try_linop!(pow(psd(a), 0.3))?.to_dense(), &Psd::new(a).pow(0.3)?.to_dense(), 1e-15);
    near(&try_linop!(exp(log(psd(a))))?.to_dense(), &da, 1e-13);
    near(&try_linop!(isqrt(psd(a)) * sqrt(psd(a)))?.to_dense(), &eye, 1e-14);
    // many parts
    let parts = [a, a2() * 2.0];
    let two = parts.map(Dense::new);
    near(&linop!(sum_of(two)).to_dense(), &(&da * 3.0), 1e-15);
    near(&linop!(product_of(two)).to_dense(), &(&da * &da * 2.0), 1e-14);
    near(&linop!(kron_of(two)).to_dense(), &da.kronecker(&(&da * 2.0)), 1e-14);
    assert_eq!(linop!(block_diag_of(two)).shape(), (4, 4));
    let boxed = vec![Dense::new(a).boxed(), Diagonal::new([1.0, 2.0]).into_general()];
    let _ = boxed;
    Ok(())
}
trait IntoGeneral {
    fn into_general(self) -> cola::Boxed<f64, cola::NoFacts>;
}
impl IntoGeneral for Diagonal<[f64; 2]> {
    fn into_general(self) -> cola::Boxed<f64, cola::NoFacts> {
        Dense::new(self.to_dense()).boxed()
    }
}

#[test]
fn plain_rust() {
    let (a, b) = (Dense::new(a2()), Dense::new(matrix![1.0, 0.5; -0.5, 2.0]));
    let v = vector![1.0, -1.0];
    assert_eq!((&a + &b).apply(&v), a.apply(&v) + b.apply(&v));
    assert_eq!((&a * &b).apply(&v), a.apply(&b.apply(&v)));
    assert_eq!((2.0 * &a).apply(&v), a.apply(&v) * 2.0);
}

#[test]
fn what_every_operator_has() -> cola::Result<()> {
    let k = linop!(kron(psd({ a2() }), diag(vector![3.0, 0.2, 1.0])));
    let dense = k.to_dense();
    let v = SVector::<f64, 6>::from_fn(|i, _| 1.0 + i as f64);
    let dv = DVector::from_column_slice(v.as_slice());
    let rectangular = linop!({ SMatrix::<f64, 4, 6>::from_fn(|i, j| (i * j) as f64) });
    let y: SVector<f64, 4> = rectangular.apply_as::<SVector<f64, 4>>(&v);
    assert_eq!(y[1], v.iter().enumerate().map(|(j, x)| j as f64 * x).sum::<f64>());
    assert!((k.apply_adjoint(&v) - k.apply_transpose(&v)).norm() == 0.0);
    let (mut out, mut scratch) = (SVector::<f64, 6>::zeros(), vec![0.0; k.scratch_len(1)]);
    k.apply_into(&v, &mut out, &mut scratch);
    assert_eq!(out, &k * &v);
    assert_eq!(k.transpose().to_dense(), dense.transpose());
    assert_eq!(k.adjoint().to_dense(), dense.adjoint());
    assert_eq!(k.slice(0..2, 1..4).to_dense(), dense.view((0, 1), (2, 3)).into_owned());
    assert!(k.explain().to_string().contains("solve"));
    assert!((k.apply(&dv) - &dense * &dv).norm() < 1e-13);

    // linear algebra
    let x = k.solve(&v)?;
    assert!((k.apply(&x) - v).norm() < 1e-12);
    assert!((k.inv()?.apply(&v) - x).norm() < 1e-12);
    assert!((k.lstsq(&v)? - x).norm() < 1e-10);
    assert!((k.pinv()?.apply(&v) - x).norm() < 1e-10);
    let p = linop!(kron(psd({ a2() }), psd(diag(vector![3.0, 0.2, 1.0]))));
    let (root, inverse_root) = (p.sqrt()?, p.isqrt()?);
    assert!((root.apply(&root.apply(&v)) - p.apply(&v)).norm() < 1e-12);
    assert!((inverse_root.apply(&root.apply(&v)) - v).norm() < 1e-12);
    assert!((p.pow(0.3)?.apply(&p.pow(0.7)?.apply(&v)) - p.apply(&v)).norm() < 1e-12);
    assert!((p.powi::<3>().apply(&v) - p.apply(&p.apply(&p.apply(&v)))).norm() < 1e-10);
    assert!((p.exp()?.log()?.apply(&v) - p.apply(&v)).norm() < 1e-8);
    assert!((p.map_spectrum(|x| x * x)?.apply(&v) - p.apply(&p.apply(&v))).norm() < 1e-10);
    let det = dense.determinant();
    assert!((k.logdet()? - det.ln()).abs() < 1e-12);
    let (sign, log) = k.slogdet()?;
    assert!(sign == 1.0 && (log - det.ln()).abs() < 1e-12);
    assert!((k.trace()? - dense.trace()).abs() < 1e-13);
    assert_eq!(k.diagonal()?.len(), 6);
    assert_eq!(k.diagonal_k(-1)?.len(), 5);
    let e = k.eigh()?;
    assert!(e.eigenvalues().windows(2).all(|w| w[0] <= w[1]));
    let _ = k.eig()?;
    let _ = k.svd()?;
    let _ = p.cholesky()?;
    let _ = k.lu()?;
    let norm = dense.clone().svd(false, false).singular_values[0];
    assert!((k.norm_estimate()? / norm - 1.0).abs() < 0.05);
    assert!(k.cond_estimate()? > 1.0);
    Ok(())
}

#[test]
fn algorithms() -> cola::Result<()> {
    let n = 60;
    let a = spd(n);
    let k = Psd::new(&a);
    let b = DVector::from_fn(n, |i, _| (i as f64 * 0.37).sin());
    let want = a.clone().cholesky().unwrap().solve(&b);
    let p = Diagonal::new(DVector::from_fn(n, |i, _| 1.0 / a[(i, i)]));
    let mut seen = 0;
    let s = k.solve_with(Cg::default().tol(1e-10).max_iters(500).preconditioner(&p).on_iteration(|_| seen += 1), &b)?;
    assert!((&s.x - &want).norm() < 1e-8 * want.norm());
    assert!(s.report.iterations > 0 && s.report.residual <= 1e-10 && !s.report.history.is_empty());
    assert!(seen > 0);
    let close = |x: DVector<f64>| assert!((x - &want).norm() < 1e-6 * want.norm());
    close(k.solve_with(Cholesky::default(), &b)?.x);
    close(k.solve_with(Ldlt::default(), &b)?.x);
    close(k.solve_with(Lu::default(), &b)?.x);
    close(k.solve_with(Qr::default(), &b)?.x);
    close(k.solve_with(Svd::default(), &b)?.x);
    close(k.solve_with(Eigh::default(), &b)?.x);
    close(k.solve_with(Minres::default().tol(1e-10), &b)?.x);
    close(k.solve_with(Gmres::default().tol(1e-10), &b)?.x);
    close(k.solve_with(BiCgStab::default().tol(1e-10), &b)?.x);
    close(k.solve_with(Lsmr::default().tol(1e-10), &b)?.x);
    let top = k.eigs(4, Which::LargestMagnitude)?;
    let _ = top;
    let _ = k.svds(3)?;
    let t = k.trace_with(XTrace::default().rel_tol(1e-2).seed(7))?;
    assert!((t.value - a.trace()).abs() < 5.0 * t.std_error.max(1e-2 * a.trace()));
    assert!(t.probes > 0);
    let t = k.trace_with(Hutchinson::default().seed(1))?;
    assert!((t.value / a.trace() - 1.0).abs() < 0.2);
    let t = k.trace_with(HutchPlusPlus::default().seed(1))?;
    assert!((t.value / a.trace() - 1.0).abs() < 0.1);
    Ok(())
}

#[test]
fn trees_batches_gradients() -> cola::Result<()> {
    let k = linop!(kron(psd({ a2() }), diag(vector![3.0, 0.2, 1.0])));
    let paths: Vec<_> = k.leaves().map(|(path, x)| (path, x.len())).collect();
    assert_eq!(paths, [("0.data".to_string(), 4), ("1.diag".to_string(), 3)]);
    let doubled = k.map_leaves(|_path, x: &mut [f64]| {
        for t in x {
            *t *= 2.0
        }
    });
    let v = SVector::<f64, 6>::from_fn(|i, _| i as f64);
    assert_eq!(doubled.apply(&v), k.apply(&v) * 4.0);
    let same = k.unflatten(&k.flatten())?;
    assert_eq!(same, k);
    assert_eq!(k.zip_map_leaves(&doubled, |a, b| b - a)?, k);

    let ks = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]
        .map(|c| linop!(kron(psd({ a2() * c }), psd(diag(vector![3.0, 0.2, 1.0])))));
    let batch = stack(ks)?;
    let roots = batch.sqrt()?;
    let ys: [SVector<f64, 6>; 8] = unstack(roots.apply(&stack([v; 8])?));
    assert!((ys[3] - ks[3].sqrt()?.apply(&v)).norm() < 1e-14);

    let y = SVector::<f64, 6>::from_element(1.0);
    let (loss, g) = value_and_grad(&k, |k| Ok(k.inv_quad(&y)? + k.logdet()?))?;
    assert!((loss - k.inv_quad(&y)? - k.logdet()?).abs() < 1e-12);
    assert_eq!(g.flatten().len(), 7);
    let c = SVector::<f64, 6>::from_fn(|i, _| 0.5 - i as f64);
    let (value, (gk, gb)) = value_and_grad2(&k, &y, |k, b| Ok(k.solve(b)?.dot(&c)))?;
    assert!((value - k.solve(&y)?.dot(&c)).abs() < 1e-12);
    assert!((gb - k.inv()?.adjoint().apply(&c)).norm() < 1e-12);
    assert_eq!(gk.flatten().len(), 7);
    Ok(())
}
