//! The surface that API.md promises: leaves of every kind, kinds of vectors, overloads, rules by type.
#![allow(clippy::op_ref, reason = "operators on references are tested too")]
use cola::prelude::*;
use cola::*;
use nalgebra::{DMatrix, DVector, Matrix2, SMatrix, SVector, Vector3, Vector6, matrix, vector};

const A: Matrix2<f64> = Matrix2::new(2.0, 1.0, 1.0, 3.0);
const D: Vector3<f64> = Vector3::new(3.0, 0.2, 1.0);
type Noisy = linop_type!(psd(SMatrix<f64, 2, 2>) + diag(SVector<f64, 2>));
struct Model {
    noisy: Noisy,
}
type Cov<T> = linop_type!(kron(psd(SMatrix<T, 2, 2>), diag(SVector<T, 3>)));

#[test]
fn leaves_of_every_kind() {
    let (a, d) = (A, D);
    let k: Cov<f64> = linop!(kron(psd(a), diag(d)));
    assert_eq!(Cov::<f64>::SHAPE, Shape { rows: Extent::Static(6), cols: Extent::Static(6) });
    let dense = A.kronecker(&DMatrix::from_diagonal(&DVector::from_column_slice(D.as_slice())));
    assert_eq!(k.to_dense(), dense);
    let (ad, dd) = (DMatrix::from_column_slice(2, 2, A.as_slice()), vec![3.0, 0.2, 1.0]);
    assert_eq!(linop!(kron(psd(&ad), diag(&dd))).to_dense(), dense);
    assert_eq!(linop!(kron(&a, diag([3.0, 0.2, 1.0]))).to_dense(), dense);
    assert_eq!(linop!(kron({ ad.view((0, 0), (2, 2)) }, diag(&dd[..]))).to_dense(), dense);
    let m = Model { noisy: linop!(psd(a) + diag([1.0, 2.0].into())) };
    assert_eq!(m.noisy.nrows(), 2);
    let inner = linop!(psd(a));
    assert_eq!(linop!(kron(&inner, diag(d))).to_dense(), dense);
    assert_eq!(linop!(kron(inner, diag(d))).to_dense(), dense);
    assert_eq!(linop!(kron(Flip, diag(d))).nrows(), 6);
}
/// A user's operator in another crate.
#[derive(Clone)]
struct Flip;
impl Operator for Flip {
    type Scalar = f64;
    type Facts = NoFacts;
    type Class = General;
    type Rows = Const<2>;
    type Cols = Const<2>;
    fn nrows(&self) -> usize {
        2
    }
    fn ncols(&self) -> usize {
        2
    }
}
impl LinearOperator for Flip {
    fn act(&self, how: Update<f64>, x: View<'_, f64>, mut y: ViewMut<'_, f64>, _: &mut [f64]) {
        for c in 0..x.cols {
            (0..2).for_each(|i| how.write(y.at(i, c), x.at(1 - i, c)))
        }
    }
    fn scratch_len(&self, _: usize) -> usize {
        0
    }
}
operators!([] Flip);
base_rules!([] Flip);

#[test]
fn outputs_have_the_kind_of_inputs() {
    let (a, d) = (A, D);
    let k = linop!(kron(psd(a), diag(d)));
    let v = Vector6::new(1.0, 2.0, 3.0, 4.0, 5.0, 6.0);
    let y: Vector6<f64> = k.apply(&v);
    let yd: DVector<f64> = k.apply(&DVector::from_column_slice(v.as_slice()));
    let ya: [f64; 6] = k.apply(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let yv: Vec<f64> = k.apply(&ya.map(|_| 1.0)[..]);
    let ym: SMatrix<f64, 6, 2> = k.apply(&SMatrix::<f64, 6, 2>::from_columns(&[v, 2.0 * v]));
    assert_eq!(y.as_slice(), yd.as_slice());
    assert_eq!(y.as_slice(), &ya);
    assert_eq!(yv.len(), 6);
    assert_eq!(ym.column(1), 2.0 * y);
    assert_eq!(&k * &v, y);
    let r = matrix![1.0, 2.0, 3.0; 4.0, 5.0, 6.0];
    let r = linop!({ r });
    let z = r.apply_as::<SVector<f64, 2>>(&vector![1.0, 1.0, 1.0]);
    assert_eq!(z, vector![6.0, 15.0]);
    let (x, y2) = (linop!(&a), linop!(psd(a)));
    assert_eq!((&x + &y2).to_dense(), DMatrix::from_column_slice(2, 2, (A + A).as_slice()));
    assert_eq!((&x * &y2).apply(&vector![1.0, 0.0]), A * A * vector![1.0, 0.0]);
    assert_eq!((2.0 * &x).apply(&vector![1.0, 0.0]), 2.0 * A * vector![1.0, 0.0]);
    assert_eq!(&Flip * &vector![1.0, 2.0], vector![2.0, 1.0]);
    assert_eq!(Flip.solve(&vector![1.0, 2.0]).unwrap(), vector![2.0, 1.0]);
}
fn psd_known<A: Operator>(_: &A) -> bool {
    <A::Facts as Facts>::Psd::KNOWN
}
#[test]
fn signs_of_scales() {
    let (a, c) = (A, 3.0);
    assert!(psd_known(&linop!(2.0 * psd(&a))));
    assert!(psd_known(&linop!(2 * psd(&a) / 3)));
    assert!(!psd_known(&linop!(c * psd(&a))));
    assert!(!psd_known(&linop!(-1.5 * psd(&a))));
    assert!(!psd_known(&linop!(-psd(&a))));
    assert!(psd_known(&linop!(psd(&a) + 2 * I)));
    assert!(!psd_known(&linop!(psd(&a) + c * I)));
    assert!(psd_known(&try_linop!(nonnegative(c) * psd(&a)).unwrap()));
    let af = matrix![2.0f32, 1.0; 1.0, 3.0];
    assert_eq!(linop!(2 * af).apply(&vector![1.0f32, 0.0]), vector![4.0f32, 2.0]);
    let x = matrix![1.0, 2.0; 3.0, 4.0; 5.0, 6.0];
    let g: Gram<Dense<&SMatrix<f64, 3, 2>>> = linop!(&x * &x.H);
    assert_eq!(g.apply(&vector![1.0, 0.0, 0.0]), x * x.transpose() * vector![1.0, 0.0, 0.0]);
    assert!(psd_known(&linop!(x * x.T + I)));
}
#[test]
fn rules_by_type() {
    let (a, d) = (A, D);
    let k = linop!(kron(psd(a), diag(d)));
    let i = k.inv().unwrap();
    let v = Vector6::new(1.0, 2.0, 3.0, 4.0, 5.0, 6.0);
    assert!((k.apply(&i.apply(&v)) - v).norm() < 1e-12);
    assert!((k.solve(&v).unwrap() - i.apply(&v)).norm() == 0.0);
    assert!((i.inv().unwrap().apply(&v) - k.apply(&v)).norm() < 1e-12);
    let r = k.sqrt().unwrap();
    assert!((r.apply(&r.apply(&v)) - k.apply(&v)).norm() < 1e-12);
    let s = linop!(psd(kron(psd(a), diag(d))) + kron(psd(a), psd(diag(d))));
    assert!((s.apply(&s.solve(&v).unwrap()) - v).norm() < 1e-10);
    let n = 40;
    let (m, e) = (DMatrix::from_fn(n, n, |i, j| 1.0 / (1.0 + i as f64 + j as f64)), DVector::from_element(n, 1.0));
    let big = linop!(psd(&m) + psd(&m) + 2 * I);
    let x = big.solve(&e).unwrap();
    assert!((big.apply(&x) - &e).norm() < 1e-9);
    let t = try_linop!(inv(psd(a)) * sqrt(psd(a)) ^ -1).unwrap();
    assert!(
        (t.apply(&t.apply(&vector![1.0, 1.0])) - A.try_inverse().unwrap().pow(3) * vector![1.0, 1.0]).norm() < 1e-12
    );
    assert!((k.logdet().unwrap() - (3.0 * 5f64.ln() + 2.0 * 0.6f64.ln())).abs() < 1e-12);
    assert_eq!(k.trace().unwrap(), 5.0 * 4.2);
    let e = k.eigh().unwrap();
    assert!((e.apply(&v) - k.apply(&v)).norm() < 1e-12);
    assert!(e.eigenvalues().windows(2).all(|w| w[0] <= w[1]));
}
#[test]
fn boxes_and_many_parts() {
    let (a, d) = (A, vector![1.0, 2.0]);
    let parts = vec![linop!(2 * psd(a)).boxed(), linop!(psd(diag(d))).boxed()];
    let s = SumOf::new(parts);
    assert!(psd_known(&s));
    assert_eq!(s.apply(&vector![1.0, 0.0]), vector![5.0, 2.0]);
    assert!((s.apply(&s.solve(&vector![1.0, 0.0]).unwrap()) - vector![1.0, 0.0]).norm() < 1e-12);
    assert_eq!(linop!(block_diag(a, repeat::<2>(a))).nrows(), 6);
}
#[test]
#[should_panic(expected = "A + B: 2x2 meets 3x3")]
fn dynamic_mismatch() {
    let (p, q) = (DMatrix::<f64>::zeros(2, 2), DMatrix::<f64>::zeros(3, 3));
    let _ = linop!(p + q);
}
#[test]
fn dynamic_mismatch_in_try_linop_is_an_error() {
    let (p, q) = (DMatrix::<f64>::zeros(2, 2), DMatrix::<f64>::zeros(3, 3));
    assert!(matches!(try_linop!(p + q), Err(Error::ShapeMismatch { left: (2, 2), right: (3, 3), .. })));
}
#[test]
fn lanes_are_the_same_operator_over_a_wider_scalar() {
    let ks: [Cov<f64>; 8] = core::array::from_fn(|l| {
        let a = A * (1.0 + l as f64);
        linop!(kron(psd(a), diag(D)))
    });
    let batch: Cov<Lanes<f64, 8>> = stack(ks).unwrap();
    let v = Vector6::new(1.0, 2.0, 3.0, 4.0, 5.0, 6.0);
    let vs: [Vector6<f64>; 8] = core::array::from_fn(|l| v * (l as f64 - 3.0));
    let roots = batch.sqrt().unwrap();
    let ys: [Vector6<f64>; 8] = unstack(roots.apply(&stack(vs).unwrap()));
    for l in 0..8 {
        let want = ks[l].sqrt().unwrap().apply(&vs[l]);
        assert!((ys[l] - want).norm() < 1e-12 * want.norm().max(1.0), "{l}");
    }
}
#[test]
fn the_tree_round_trips() {
    let k: Cov<f64> = linop!(kron(psd(A), diag(D)));
    let paths: Vec<_> = k.leaves().map(|l| (l.0, l.1.len())).collect();
    assert_eq!(paths, [("0.data".to_string(), 4), ("1.diag".to_string(), 3)]);
    let twice: Cov<f64> = k.map_leaves(|_, x| x.iter_mut().for_each(|x| *x *= 2.0));
    assert_eq!(twice.to_dense(), k.to_dense() * 4.0);
    let back: Cov<f64> = k.unflatten(&k.flatten()).unwrap();
    assert_eq!(back, k);
    assert!(k.unflatten(&[1.0]).is_err());
}

/// (a b)^p = a^p b^p holds on the principal branch only if one of them is nonnegative: never a wrong root in silence.
#[test]
fn roots_stay_on_the_principal_branch() {
    let minus = [Complex::new(-1.0, 0.0)];
    assert!(matches!(linop!(kron(diag(minus), diag(minus))).sqrt(), Err(Error::InvalidArgument { .. })));
    let one = linop!(kron(psd(diag([Complex::new(4.0, 0.0)])), diag(minus)));
    assert!((one.sqrt().unwrap().to_dense()[(0, 0)] - Complex::new(0.0, 2.0)).norm() < 1e-15);
    let scaled = Scaled::new(Complex::new(-1.0, 0.0), Diagonal::new(minus));
    assert!(matches!(scaled.sqrt(), Err(Error::NegativeEigenvalue { .. })));
    assert!((scaled.pow(2.0).unwrap().to_dense()[(0, 0)] - Complex::new(1.0, 0.0)).norm() < 1e-15);
}
