//! Sparse operators against dense ones.

use super::SparseData;
use crate::algorithms::sparse::{FaerNumber, SparseFactor, SparseLu, SparseNumber};
use crate::prelude::*;
use crate::view::{View, ViewMut};
use crate::{Error, Fact, Facts, Invertible, Result, Update};
use faer::sparse::linalg::SupernodalThreshold;
use nalgebra::{DMatrix, DVector};
use nalgebra_sparse::{CooMatrix, CscMatrix, CsrMatrix};

/// Numbers in -1..1, the same on every machine.
struct Random(u64);
impl Random {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
    fn below(&mut self, n: usize) -> usize {
        ((self.next() + 1.0) * 0.5 * n as f64) as usize % n.max(1)
    }
}
/// A number of any of the four types.
trait Any: FaerNumber + SparseNumber {
    fn any(r: &mut Random) -> Self;
    const TOL: f64;
}
macro_rules! any {
    ($($T:ty, $tol:literal, |$r:ident| $make:expr;)*) => { $( impl Any for $T {
        fn any($r: &mut Random) -> Self {
            $make
        }
        const TOL: f64 = $tol;
    } )* };
}
any! {
    f64, 1e-9, |r| r.next();
    f32, 2e-3, |r| r.next() as f32;
    Complex<f64>, 1e-9, |r| Complex::new(r.next(), r.next());
    Complex<f32>, 2e-3, |r| Complex::new(r.next() as f32, r.next() as f32);
}
/// `per_row` entries a row at random places (fewer where they meet), and a diagonal of size `shift`.
fn random<T: Any>(m: usize, n: usize, per_row: usize, shift: f64, seed: u64) -> DMatrix<T> {
    let mut r = Random(seed);
    let mut a = DMatrix::from_element(m, n, T::of(0.0));
    for i in 0..m {
        for _ in 0..per_row {
            a[(i, r.below(n))] = T::any(&mut r);
        }
        if i < n && shift != 0.0 {
            a[(i, i)] += T::of(shift);
        }
    }
    a
}
fn times<T: Scalar>(a: &DMatrix<T>, b: &DMatrix<T>) -> DMatrix<T> {
    DMatrix::from_fn(a.nrows(), b.ncols(), |i, j| (0..a.ncols()).fold(T::of(0.0), |s, k| s + a[(i, k)] * b[(k, j)]))
}
fn adjoint<T: Scalar>(a: &DMatrix<T>) -> DMatrix<T> {
    DMatrix::from_fn(a.ncols(), a.nrows(), |i, j| a[(j, i)].conj())
}
fn csr<T: Scalar>(a: &DMatrix<T>) -> CsrMatrix<T> {
    let mut coo = CooMatrix::new(a.nrows(), a.ncols());
    for i in 0..a.nrows() {
        (0..a.ncols()).filter(|&j| a[(i, j)] != T::of(0.0)).for_each(|j| coo.push(i, j, a[(i, j)]));
    }
    CsrMatrix::from(&coo)
}
fn csc<T: Scalar>(a: &DMatrix<T>) -> CscMatrix<T> {
    CscMatrix::from(&csr(a))
}
fn distance<T: Scalar>(a: &DMatrix<T>, b: &DMatrix<T>) -> f64 {
    assert_eq!(a.shape(), b.shape());
    a.iter().zip(b.iter()).fold(0.0, |m, (x, y)| {
        let d = (*x - *y).abs().lane_f64(0);
        if d.is_nan() { f64::INFINITY } else { f64::max(m, d) }
    })
}
fn close<T: Any>(a: &DMatrix<T>, b: &DMatrix<T>) {
    let size = b.iter().fold(1.0, |m, x| f64::max(m, x.abs().lane_f64(0)));
    assert!(distance(a, b) < T::TOL * size, "{} apart: {a:?} and {b:?}", distance(a, b));
}
fn spd<T: Any>(n: usize, seed: u64) -> DMatrix<T> {
    let x = random::<T>(n, n, 2, 1.5, seed);
    times(&x, &adjoint(&x))
}

/// y = [y +] alpha op(A) x for A and A^H, by rows and by columns, one and several columns, against the dense matrix.
fn action<T: Any>() {
    let mut r = Random(7);
    for (m, n) in [(1, 1), (5, 3), (3, 8), (6, 6), (0, 4), (4, 0)] {
        let a = random::<T>(m, n.max(1), 2, 0.0, 3).columns(0, n).into_owned();
        let (rows, cols) = (Sparse::new(csr(&a)), Sparse::new(csc(&a)));
        assert_eq!(rows.to_dense(), a);
        assert_eq!(cols.to_dense(), a);
        for columns in [0, 1, 3, 4, 6] {
            for (add, adj) in [(false, false), (true, false), (false, true), (true, true)] {
                let (op, alpha) = (if adj { adjoint(&a) } else { a.clone() }, T::any(&mut r));
                let x = DMatrix::from_fn(op.ncols(), columns, |_, _| T::any(&mut r));
                let y0 = DMatrix::from_fn(op.nrows(), columns, |_, _| T::any(&mut r));
                let want = times(&op, &x).zip_map(&y0, |p, y| alpha * p + if add { y } else { T::of(0.0) });
                let how = Update { alpha, add, adjoint: adj };
                for sparse in [true, false] {
                    let mut y = y0.clone();
                    let (xv, yv) = (
                        View::matrix(x.as_slice(), x.nrows(), columns),
                        ViewMut::matrix(y.as_mut_slice(), op.nrows(), columns),
                    );
                    if sparse {
                        rows.act(how, xv, yv, &mut [])
                    } else {
                        cols.act(how, xv, yv, &mut [])
                    }
                    close(&y, &want);
                }
            }
        }
        for k in -(m as isize) + 1..n as isize {
            if m > 0 && n > 0 {
                assert_eq!(rows.diagonal_k(k).unwrap()[..], Dense::new(&a).diagonal_k(k).unwrap()[..]);
                assert_eq!(cols.diagonal_k(k).unwrap()[..], Dense::new(&a).diagonal_k(k).unwrap()[..]);
            }
        }
    }
}
#[test]
fn action_is_that_of_the_dense_matrix() {
    action::<f64>();
    action::<f32>();
    action::<Complex<f64>>();
    action::<Complex<f32>>();
}

/// Solve, inverse, its adjoint, its inverse, determinants of an operator whose type is known.
macro_rules! check_inverse {
    ($T:ident, $a:expr, $dense:expr, $sign_log:expr) => {{
        let (a, dense, sign_log): (_, &DMatrix<$T>, ($T, $T::Re)) = ($a, $dense, $sign_log);
        let (mut r, n) = (Random(11), dense.nrows());
        let x = DMatrix::from_fn(n, 3, |_, _| $T::any(&mut r));
        let b = times(dense, &x);
        close(&a.solve(&b).unwrap(), &x);
        let inverse = a.inv().unwrap();
        close(&inverse.apply(&b), &x);
        close(&inverse.apply_adjoint(&times(&adjoint(dense), &x)), &x);
        let mut y = x.clone();
        let how = Update { alpha: $T::of(2.0), add: true, adjoint: false };
        let scratch = &mut vec![$T::of(f64::NAN); inverse.scratch_len(3)];
        inverse.act(how, View::matrix(b.as_slice(), n, 3), ViewMut::matrix(y.as_mut_slice(), n, 3), scratch);
        close(&y, &x.map(|x| x * $T::of(3.0)));
        close(&inverse.solve(&x).unwrap(), &b);
        close(&inverse.inv().unwrap().to_dense(), dense);
        same(a.slogdet().unwrap(), sign_log);
        same(inverse.slogdet().unwrap(), ($T::of(1.0) / sign_log.0, -sign_log.1));
    }};
}
fn same<T: Any>((s, l): (T, T::Re), (t, m): (T, T::Re)) {
    assert!((s - t).abs().lane_f64(0) < T::TOL, "{s:?} {t:?}");
    assert!((l - m).abs().lane_f64(0) < T::TOL * f64::max(1.0, m.abs().lane_f64(0)), "{l:?} {m:?}");
}
fn solves<T: Any>() {
    for n in [1, 2, 5, 17, 60] {
        for seed in 0..8 {
            let a = random::<T>(n, n, 3, if seed % 2 == 0 { 3.0 } else { -3.0 }, seed);
            let want = Dense::new(&a).slogdet().unwrap();
            check_inverse!(T, Sparse::new(csr(&a)), &a, want);
            let columns = csc(&a);
            check_inverse!(T, Sparse::new(&columns), &a, want);
            let a = spd::<T>(n, seed);
            let want = Dense::new(&a).slogdet().unwrap();
            check_inverse!(T, Psd::new(csr(&a)), &a, want);
            let columns = csc(&a);
            check_inverse!(T, Psd::new(&columns), &a, want);
            check_inverse!(T, SelfAdjoint::new(csr(&a)), &a, want);
        }
    }
}
#[test]
fn solves_like_dense_f64() {
    solves::<f64>();
}
#[test]
fn solves_like_dense_f32() {
    solves::<f32>();
}
#[test]
fn solves_like_dense_c64() {
    solves::<Complex<f64>>();
}
#[test]
fn solves_like_dense_c32() {
    solves::<Complex<f32>>();
}

/// The 5-point Laplacian of a k x k grid, with a drift that makes it general.
fn grid(k: usize, drift: f64) -> CsrMatrix<f64> {
    let at = |i: usize, j: usize| i * k + j;
    let mut entries = Vec::new();
    for i in 0..k {
        for j in 0..k {
            entries.push((at(i, j), at(i, j), 4.0));
            let mut beside = |v: f64, p: usize| entries.push((at(i, j), p, v));
            if i > 0 {
                beside(-1.0 - drift, at(i - 1, j))
            }
            if i + 1 < k {
                beside(-1.0 + drift, at(i + 1, j))
            }
            if j > 0 {
                beside(-1.0 - drift, at(i, j - 1))
            }
            if j + 1 < k {
                beside(-1.0 + drift, at(i, j + 1))
            }
        }
    }
    Sparse::from_triplets(k * k, k * k, entries).unwrap().0
}
/// Supernodal and simplicial factors solve the same; determinants beside supernodal factors are those of the dense matrix.
#[test]
fn supernodal_factors() {
    let (a, mut r) = (grid(12, 0.3), Random(5));
    let n = a.nrows();
    let x = DVector::from_fn(n, |_, _| r.next());
    for transposed in [false, true] {
        let (by_rows, by_columns) = (Sparse::new(&a), CscMatrix::from(&a));
        let by_columns = Sparse::new(&by_columns);
        for (c, op) in [by_rows.0.compressed(), by_columns.0.compressed()].into_iter().zip([0, 1]) {
            let f = SparseLu::with_threshold(c, SupernodalThreshold::FORCE_SUPERNODAL).unwrap();
            let mut b = if transposed { by_rows.apply_adjoint(&x) } else { by_rows.apply(&x) };
            SparseFactor::Lu(f).solve(transposed, b.as_mut_slice(), 1);
            assert!((b - &x).norm() < 1e-10, "{op}");
            let f = SparseLu::with_threshold(c, SupernodalThreshold::FORCE_SUPERNODAL).unwrap();
            let (sign, log) = f.slogdet(c).unwrap();
            let (s, l) = Dense::new(by_rows.to_dense()).slogdet().unwrap();
            same((sign, log), (s, l));
        }
    }
    // log det by the known eigenvalues 4 - 2 cos(i t) - 2 cos(j t), t = pi / (k + 1)
    let k = 40;
    let a = Psd::new(grid(k, 0.0));
    let x = DVector::from_fn(k * k, |_, _| r.next());
    assert!((a.solve(&a.apply(&x)).unwrap() - &x).norm() < 1e-8);
    let w = |i: usize| 2.0 - 2.0 * (std::f64::consts::PI * (i + 1) as f64 / (k + 1) as f64).cos();
    let want: f64 = (0..k * k).map(|p| (w(p / k) + w(p % k)).ln()).sum();
    assert!((a.logdet().unwrap() / want - 1.0).abs() < 1e-12);
    assert!((a.0.logdet().unwrap() / want - 1.0).abs() < 1e-12);
}
/// Filled matrices, for which faer chooses its supernodal methods itself.
fn filled<T: Any>() {
    let n = 180;
    let a = random::<T>(n, n, 3 * n, 30.0, 1);
    let want = Dense::new(&a).slogdet().unwrap();
    let (by_rows, by_columns) = (csr(&a), csc(&a));
    assert_eq!(SparseFactor::new(by_rows.compressed(), false).unwrap().name(), "supernodal sparse LU");
    check_inverse!(T, Sparse::new(&by_rows), &a, want);
    check_inverse!(T, Sparse::new(&by_columns), &a, want);
    let mut a = times(&a, &adjoint(&a)).map(|x| x * T::of(1e-2));
    let want = Dense::new(&a).slogdet().unwrap();
    let (by_rows, by_columns) = (csr(&a), csc(&a));
    assert_eq!(SparseFactor::new(by_rows.compressed(), true).unwrap().name(), "supernodal sparse Cholesky");
    check_inverse!(T, Psd::new(&by_rows), &a, want);
    check_inverse!(T, Psd::new(&by_columns), &a, want);
    a[(70, 70)] = T::of(-5.0);
    match Psd::new(&csr(&a)).logdet() {
        Err(Error::NotPositiveDefinite { pivot, .. }) => assert!(pivot < 0.0),
        other => panic!("{other:?}"),
    }
}
#[test]
fn filled_f64() {
    filled::<f64>();
}
#[test]
fn filled_c32() {
    filled::<Complex<f32>>();
}

fn inverse_facts<A: Invertible>(_: &A) -> (bool, bool) {
    (
        <<crate::Inv<A> as Operator>::Facts as Facts>::SelfAdjoint::KNOWN,
        <<crate::Inv<A> as Operator>::Facts as Facts>::Psd::KNOWN,
    )
}
#[test]
fn facts_follow() {
    let a = csr(&spd::<f64>(5, 1));
    assert_eq!(inverse_facts(&Psd::new(&a)), (true, true));
    assert_eq!(inverse_facts(&SelfAdjoint::new(&a)), (true, false));
    assert_eq!(inverse_facts(&Sparse::new(&a)), (false, false));
    let back = Psd::new(&a).inv().unwrap().inv().unwrap();
    assert_eq!(back.clone().into_inner().0, a);
    assert!(back.cholesky().is_ok());
}

#[test]
fn indefinite_matrices_are_named_in_their_own_order() {
    // the pivot of row 3 is negative whatever comes before it
    for n in [4, 30] {
        let mut d = spd::<f64>(n, 2);
        (0..n).filter(|&j| j != 3).for_each(|j| (d[(3, j)], d[(j, 3)]) = (0.0, 0.0));
        d[(3, 3)] = -2.5;
        for error in [
            Psd::new(csr(&d)).solve(&DVector::from_element(n, 1.0)).map(|_| ()).unwrap_err(),
            Psd::new(csc(&d)).inv().map(|_| ()).unwrap_err(),
            Psd::new(csc(&d)).slogdet().map(|_| ()).unwrap_err(),
        ] {
            assert_eq!(error, Error::NotPositiveDefinite { index: 3, pivot: -2.5 });
        }
    }
    let two = DMatrix::from_row_slice(2, 2, &[1.0, 2.0, 2.0, 1.0]);
    match Psd::new(csr(&two)).solve(&[1.0, 1.0]) {
        Err(Error::NotPositiveDefinite { pivot, .. }) => assert_eq!(pivot, -3.0),
        other => panic!("{other:?}"),
    }
    // semidefinite: the constant vector is in the null space
    let k = 40;
    let mut path = DMatrix::from_element(k, k, 0.0);
    for i in 0..k - 1 {
        for (a, b, v) in [(i, i, 1.1), (i + 1, i + 1, 1.1), (i, i + 1, -1.1), (i + 1, i, -1.1)] {
            path[(a, b)] += v;
        }
    }
    assert!(matches!(Psd::new(csr(&path)).logdet(), Err(Error::NotPositiveDefinite { .. })));
    assert!(matches!(Sparse::new(csr(&path)).solve(&vec![1.0; k]), Err(Error::Singular { .. })));
    assert_eq!(Sparse::new(csr(&path)).slogdet().unwrap(), (0.0, f64::NEG_INFINITY));
}

#[test]
fn singular_matrices_are_named_in_their_own_order() {
    for n in [3, 40] {
        // column 1 is empty, then row 1
        let mut d = random::<f64>(n, n, 3, 4.0, 3);
        d.column_mut(1).fill(0.0);
        let by_columns = Sparse::new(csc(&d)).solve(&vec![1.0; n]);
        assert_eq!(by_columns.unwrap_err(), Error::Singular { index: 1 });
        assert!(matches!(Sparse::new(csr(&d)).inv().map(|_| ()), Err(Error::Singular { .. })));
        assert_eq!(Sparse::new(csr(&d)).slogdet().unwrap(), (0.0, f64::NEG_INFINITY));
        let by_rows = Sparse::new(csr(&d.transpose())).solve(&vec![1.0; n]);
        assert_eq!(by_rows.unwrap_err(), Error::Singular { index: 1 });
    }
    // full structure, rank n - 1, also where the supernodal method comes first
    for (n, threshold) in [(30, SupernodalThreshold::AUTO), (30, SupernodalThreshold::FORCE_SUPERNODAL)] {
        for seed in 0..20 {
            let mut d = random::<f64>(n, n, 4, 2.0, seed);
            let sum = d.column(2) * 0.7 - d.column(5) * 1.3;
            d.set_column(9, &sum);
            let a = csc(&d);
            let f = SparseLu::with_threshold(Sparse::new(&a).0.compressed(), threshold);
            assert!(matches!(f.map(|_| ()), Err(Error::Singular { .. })), "{seed}");
        }
    }
    // badly scaled and regular
    let scaled = DMatrix::from_diagonal(&DVector::from_vec(vec![1.0, 1e-30, 1e20]));
    assert_eq!(Sparse::new(csr(&scaled)).solve(&[1.0, 1e-30, 1e20]).unwrap(), [1.0, 1.0, 1.0]);
    assert_eq!(Psd::new(csr(&scaled)).solve(&vec![1.0, 1e-30, 1e20]).unwrap().len(), 3);
}

#[test]
fn edges() -> Result<()> {
    let none = Sparse::<CsrMatrix<f64>>::from_triplets(0, 0, [])?;
    assert_eq!(none.solve(&Vec::<f64>::new())?, Vec::<f64>::new());
    assert_eq!(none.slogdet()?, (1.0, 0.0));
    assert_eq!(Psd::new(none.clone()).inv()?.apply(&Vec::<f64>::new()), Vec::<f64>::new());
    assert_eq!(Psd::new(none.clone()).logdet()?, 0.0);
    let one = Sparse::from_triplets(1, 1, [(0, 0, -2.0)])?;
    assert_eq!(one.solve(&[4.0])?, [-2.0]);
    assert_eq!(one.slogdet()?, (-1.0, 2f64.ln()));
    assert_eq!(Psd::new(&one).solve(&[4.0]), Err(Error::NotPositiveDefinite { index: 0, pivot: -2.0 }));
    let empty = Sparse::<CsrMatrix<f64>>::from_triplets(2, 2, [])?;
    assert!(matches!(empty.solve(&[1.0, 1.0]), Err(Error::Singular { .. })));
    assert!(matches!(Psd::new(&empty).solve(&[1.0, 1.0]), Err(Error::NotPositiveDefinite { .. })));
    for bad in [f64::NAN, f64::INFINITY] {
        let a = Sparse::from_triplets(2, 2, [(0, 0, 1.0), (1, 1, bad)])?;
        assert!(matches!(a.solve(&[1.0, 1.0]), Err(Error::NonFinite { .. })));
        assert!(matches!(Psd::new(&a).inv().map(|_| ()), Err(Error::NonFinite { .. })));
        assert!(matches!(a.slogdet(), Err(Error::NonFinite { .. })));
    }
    let huge = Sparse::from_triplets(2, 2, [(0, 0, 1e-200), (0, 1, 1e200), (1, 0, 1e-200), (1, 1, -1e200)])?;
    // multipliers underflow to zero: an error, where LU alone would be off by a factor of two
    assert!(matches!(huge.solve(&[1.0, 1.0]), Err(Error::Singular { .. })));
    let wide = Sparse::from_triplets(2, 3, [(0, 0, 1.0)])?;
    assert!(matches!(wide.solve(&[1.0, 1.0]), Err(Error::ShapeMismatch { .. })));
    assert!(matches!(wide.inv().map(|_| ()), Err(Error::ShapeMismatch { .. })));
    assert!(matches!(wide.slogdet(), Err(Error::ShapeMismatch { .. })));
    Ok(())
}

/// CoLA multiplies wrongly by unsorted or repeated entries (its bug 19).
#[test]
fn triplets_are_sorted_and_summed() -> Result<()> {
    let entries = [(2, 1, 5.0), (0, 2, 1.0), (0, 0, 2.0), (2, 1, -3.0), (0, 2, 1.5), (1, 1, 4.0), (2, 0, 1.0)];
    let a = Sparse::from_triplets(3, 3, entries)?;
    assert_eq!(a.nnz(), 5);
    assert_eq!(a.to_dense(), DMatrix::from_row_slice(3, 3, &[2.0, 0.0, 2.5, 0.0, 4.0, 0.0, 1.0, 2.0, 0.0]));
    assert!(Sparse::from_triplets(3, 3, [(3, 0, 1.0)]).is_err());
    assert!(Sparse::from_triplets(3, 3, [(0, 3, 1.0)]).is_err());
    assert!(Sparse::from_triplets(0, 3, [(0, 0, 1.0)]).is_err());
    Ok(())
}

#[test]
fn composes_and_has_leaves() -> Result<()> {
    let a = csr(&spd::<f64>(6, 4));
    let k = Kron::new(Psd::new(&a), Diagonal::new([1.0, 2.0]));
    let x = DVector::from_fn(12, |i, _| i as f64);
    assert!((k.solve(&k.apply(&x))? - &x).norm() < 1e-9);
    let s = crate::dsl::add(crate::dsl::sparse(&a), csc(&spd::<f64>(6, 5)));
    assert!((s.to_dense() - (&spd::<f64>(6, 4) + &spd::<f64>(6, 5))).norm() < 1e-12);
    let op = Sparse::new(&a);
    assert_eq!(op.leaves().map(|(p, x)| (p, x.len())).collect::<Vec<_>>(), [("values".to_string(), a.nnz())]);
    let twice = op.map_leaves(|_, x| x.iter_mut().for_each(|x| *x *= 2.0));
    assert_eq!(twice.to_dense(), op.to_dense() * 2.0);
    let single = op.map_numbers(|x| x as f32);
    assert_eq!(single.0.values().len(), a.nnz());
    assert_eq!(op.unflatten(&op.flatten())?.0, a);
    // functions by the base case
    let root = Psd::new(&a).sqrt()?;
    assert!((root.apply(&root.apply(&x.rows(0, 6).into_owned())) - op.apply(&x.rows(0, 6).into_owned())).norm() < 1e-9);
    assert!(op.exp().is_ok() && Psd::new(&a).cholesky().is_ok() && op.lu().is_ok() && Psd::new(&a).eigh().is_ok());
    let lanes = Sparse::new(op.0.with_values(vec![crate::Lanes::<f64, 8>::of(1.0); a.nnz()]));
    assert_eq!(lanes.apply(&vec![crate::Lanes::<f64, 8>::of(1.0); 6]).len(), 6);
    assert_eq!((op * &x.rows(0, 6).into_owned()).len(), 6);
    Ok(())
}

#[test]
fn explains_and_differentiates() -> Result<()> {
    let a = csr(&spd::<f64>(6, 4));
    let plans = Psd::new(&a).explain().to_string();
    assert!(plans.contains("sparse Cholesky, AMD order"), "{plans}");
    assert!(Sparse::new(&a).inv()?.explain().to_string().contains("simplicial sparse LU"));
    // d logdet A / da_ij = (A^-1)_ji, d x^T A^-1 x / dA = -A^-T x x^T A^-T
    let (k, x) = (Psd::new(a.clone()), vec![1.0, -2.0, 0.5, 3.0, 1.0, 2.0]);
    let (value, g) = crate::value_and_grad(&k, |k| Ok(k.logdet()? + k.inv_quad(&x)?))?;
    assert!((value - k.logdet()? - k.inv_quad(&x)?).abs() < 1e-12);
    let (inverse, y) = (k.inv()?.to_dense(), k.solve(&x)?);
    let want = a.triplet_iter().map(|(i, j, _)| inverse[(j, i)] - y[i] * y[j]);
    for (have, want) in g.flatten().into_iter().zip(want) {
        assert!((have - want).abs() < 1e-10, "{have} {want}");
    }
    Ok(())
}

/// A band with `offsets`, whose numbers change from row to row, or only now and then; some rows lose an entry.
fn runs_of<T: Scalar>(
    n: usize,
    offsets: &[isize],
    constant: bool,
    holes: usize,
    at: impl Fn(f64) -> T,
) -> CsrMatrix<T> {
    let (mut starts, mut places, mut values) = (vec![0], Vec::new(), Vec::new());
    for i in 0..n {
        for (k, &o) in offsets.iter().enumerate() {
            let j = i as isize + o;
            if (0..n as isize).contains(&j) && !(i % holes == holes - 1 && k == 0) {
                places.push(j as usize);
                let row = if constant { i / 21 } else { i };
                values.push(at((row * 7 + k * 3) as f64 * 0.37 + 0.1));
            }
        }
        starts.push(places.len());
    }
    CsrMatrix::try_from_csr_data(n, n, starts, places, values).unwrap()
}
/// The arranged product is that of the compressed rows to the last bit: any length of a run, any rows, columns, scalings.
fn arranged_is_plain<T: Scalar + PartialEq + core::fmt::Debug>(at: impl Fn(f64) -> T + Copy) {
    let stencils: [&[isize]; 7] = [
        &[0],
        &[-1, 0, 1],
        &[-7, -1, 0, 1, 7],
        &[-9, -3, -1, 0, 1, 3, 9],
        &[-2, 5],
        &[-4, -3, -2, -1, 0, 1, 2, 3, 4],
        &[],
    ];
    let mut cases = [0; 2];
    for (n, stencil, constant, holes) in [32, 77, 200].into_iter().flat_map(|n| {
        stencils
            .into_iter()
            .flat_map(move |s| [(n, s, true, 1000), (n, s, false, 1000), (n, s, true, 13), (n, s, false, 29)])
    }) {
        let a = runs_of(n, stencil, constant, holes, at);
        let op = Sparse::new(&a);
        cases[1] += 1;
        // a wide stencil on a short line has no runs
        let Some(arranged) = op.arranged() else { continue };
        cases[0] += 1;
        let rows = arranged.dyn_by_rows().unwrap();
        assert_eq!(rows.reach(), op.by_rows().unwrap().reach());
        for columns in [1, 3] {
            let x: Vec<T> = (0..n * columns).map(|i| at((i as f64 * 1.7).sin())).collect();
            for how in [
                Update::replace(),
                Update { alpha: at(0.3), ..Update::replace() }.add(),
                Update { adjoint: true, ..Update::replace() },
            ] {
                let (mut y, mut z) = (x.clone(), x.clone());
                let v = View::matrix(&x, n, columns);
                op.act(how, v, ViewMut::matrix(&mut y, n, columns), &mut []);
                arranged.dyn_act(how, v, ViewMut::matrix(&mut z, n, columns), &mut []);
                assert_eq!(y, z, "{n} {stencil:?} {constant} {holes} {columns}");
                // strided: every other number
                let (mut wide_y, mut wide_z) = (vec![T::zero(); 2 * n], vec![T::zero(); 2 * n]);
                let odd: Vec<T> = x[..n].iter().flat_map(|&x| [x, T::zero()]).collect();
                op.act(how, View::new(&odd, n, 1, 2, 2 * n), ViewMut::new(&mut wide_y, n, 1, 2, 2 * n), &mut []);
                arranged.dyn_act(
                    how,
                    View::new(&odd, n, 1, 2, 2 * n),
                    ViewMut::new(&mut wide_z, n, 1, 2, 2 * n),
                    &mut [],
                );
                assert_eq!(wide_y, wide_z);
            }
            let mut whole = vec![T::zero(); n];
            op.act(Update::replace(), View::vector(&x[..n]), ViewMut::vector(&mut whole), &mut []);
            for (first, last) in [(0, n), (1, n - 1), (5, 6), (8, 24), (n - 9, n), (n / 3, n / 2), (n, n)] {
                let mut part = vec![T::zero(); last - first];
                rows.rows(Update::replace(), first, View::vector(&x[..n]), ViewMut::vector(&mut part));
                assert_eq!(part, whole[first..last]);
            }
        }
    }
    assert!(cases[0] > 60, "{cases:?}");
}
#[test]
fn arranged_products_are_the_same_bits() {
    arranged_is_plain(|x| x);
    arranged_is_plain(|x| x as f32);
    arranged_is_plain(|x| Complex::new(x, 1.0 - 2.0 * x));
}
/// Where nothing is gained, nothing is laid out: scattered places, rectangles, lines as columns, dual numbers, lanes.
#[test]
fn only_runs_are_arranged() {
    let scattered = runs_of(200, &[0, 3], false, 3, |x| x);
    assert!(Sparse::new(&scattered).arranged().is_none());
    let band = runs_of(200, &[-1, 0, 1], true, 1000, |x| x);
    assert!(Sparse::new(&band).arranged().is_some() && Psd::new(&band).arranged().is_some());
    assert!(Sparse::new(CscMatrix::from(&band)).arranged().is_none());
    assert!(Sparse::new(runs_of(200, &[-1, 0, 1], true, 1000, crate::Lanes::<f64, 8>::of)).arranged().is_none());
    let nan = runs_of(40, &[0], true, 1000, |_| f64::NAN);
    let mut y = vec![0.0; 40];
    Sparse::new(&nan).arranged().unwrap().dyn_act(
        Update::replace(),
        View::vector(&[1.0; 40]),
        ViewMut::vector(&mut y),
        &mut [],
    );
    assert!(y.iter().all(|y| y.is_nan()));
}
