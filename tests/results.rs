//! Results are operators like any other: what `inv`, `sqrt`, `exp`, `eigh`, `cholesky` and `lu` return has leaves, comes back from
//! them exactly, stands in a batch, and has gradients.

use cola::prelude::*;
use cola::{Differentiable, Dyn};
use nalgebra::{DMatrix, DVector, Matrix2, matrix, vector};

type Rebuilt<K> = <K as Parameters>::Owned;

/// Round trip through the leaves, and the gradient of u^T A v against central differences in every leaf.
fn check<K>(name: &str, k: &K)
where
    K: LinearOperator<Scalar = f64> + Differentiable + Parameters<Number = f64>,
    Rebuilt<K>: LinearOperator<Scalar = f64> + Parameters<Number = f64>,
{
    let (m, n) = (k.nrows(), k.ncols());
    let entry = |i: usize| (1.7 * i as f64 + 0.3).sin() + 0.2;
    let (u, v) = (DVector::from_fn(m, |i, _| entry(i)), DVector::from_fn(n, |i, _| entry(i + 5)));
    let numbers = k.flatten();
    assert_eq!(numbers.len(), k.parameters(), "{name}: leaves and gradient differ in length");
    assert_eq!(numbers.len(), k.leaves().map(|leaf| leaf.1.len()).sum::<usize>(), "{name}");
    let again = k.unflatten(&numbers).unwrap();
    assert_eq!(again.apply(&v), k.apply(&v), "{name}: the round trip is not exact");
    assert_eq!(again.flatten(), numbers, "{name}");

    let mut gradient = vec![0.0; numbers.len()];
    let view = |x: &'_ DVector<f64>| x.clone();
    let (uu, vv) = (view(&u), view(&v));
    k.accumulate_bilinear(cola::View::vector(uu.as_slice()), cola::View::vector(vv.as_slice()), 1.0, &mut gradient);
    let value = |x: &[f64]| u.dot(&k.unflatten(x).unwrap().apply(&v));
    let scale = gradient.iter().fold(1.0f64, |m, g| m.max(g.abs()));
    let h = 1e-6;
    for i in 0..numbers.len() {
        let (mut up, mut down) = (numbers.clone(), numbers.clone());
        // zero by structure, and no variable: inside or beside a 2 x 2 block of Bunch and Kaufman's
        if numbers[i] == 0.0 && gradient[i] == 0.0 {
            continue;
        }
        up[i] += h;
        down[i] -= h;
        let difference = (value(&up) - value(&down)) / (2.0 * h);
        let error = (difference - gradient[i]).abs() / scale;
        assert!(error < 1e-7, "{name}: leaf number {i}: {} against {difference} by differences", gradient[i]);
    }
}

#[test]
fn results_have_leaves_and_gradients() {
    let p2 = matrix![2.0, 0.5; 0.5, 1.0];
    let p3 = matrix![4.0, 1.0, 0.5; 1.0, 3.0, 0.2; 0.5, 0.2, 2.0];
    let g3 = matrix![0.1, 2.0, 0.3; 3.0, 0.2, 0.4; 0.5, 0.6, 4.0];
    let s3 = matrix![1.0, 2.0, 0.5; 2.0, -3.0, 0.1; 0.5, 0.1, 0.7];
    let d = vector![3.0, 0.2, 1.0];

    check("inverse of psd", &Psd::new(p3).inv().unwrap());
    check("inverse of general", &Dense::new(g3).inv().unwrap());
    check("inverse of self-adjoint", &SelfAdjoint::new(s3).inv().unwrap());
    let (p4, g4) = (
        DMatrix::from_fn(12, 12, |i, j| if i == j { 3.0 } else { 1.0 / (1.0 + i as f64 + j as f64) }),
        DMatrix::from_fn(12, 12, |i, j| ((3 * i + 5 * j) as f64).sin() + if (i + 1) % 12 == j { 4.0 } else { 0.0 }),
    );
    let s4 = DMatrix::from_fn(12, 12, |i, j| ((i * j) as f64).cos() + if i + j == 11 { 5.0 } else { 0.0 });
    check("inverse of dynamic psd", &Psd::new(p4.clone()).inv().unwrap());
    check("inverse of dynamic general", &Dense::new(g4).inv().unwrap());
    check("inverse of dynamic self-adjoint", &SelfAdjoint::new(s4).inv().unwrap());
    check("sqrt of psd", &Psd::new(p3).sqrt().unwrap());
    check("exp of self-adjoint", &SelfAdjoint::new(s3).exp().unwrap());
    check("exp of general", &Dense::new(g3).exp().unwrap());
    check("log of psd", &Psd::new(p3).log().unwrap());
    check("eigh of psd", &Psd::new(p3).eigh().unwrap());
    check("cholesky of psd", &Psd::new(p3).cholesky().unwrap());
    check("inverse of a sqrt", &Psd::new(p3).sqrt().unwrap().inv().unwrap());
    check("inverse of an inverse", &Psd::new(p3).inv().unwrap().inv().unwrap());

    let k = linop!(kron(psd(p2), diag(d)));
    check("inverse of kron", &k.inv().unwrap());
    check("sqrt of kron", &linop!(kron(psd(p2), psd(diag(d)))).sqrt().unwrap());
    check("eigh of kron", &k.eigh().unwrap());
    check("inverse of a sum", &linop!(psd(p3) + 0.5 * I).inv().unwrap());
    check("sqrt of a sum", &linop!(psd(p3) + 0.5 * I).sqrt().unwrap());
    check("inverse of block_diag", &linop!(block_diag(repeat::<2>(psd(p2)), diag(d))).inv().unwrap());
    check("inverse of a product", &linop!(p3 * g3).inv().unwrap());
    check("inverse of triangular", &linop!(triangular_lower(p3)).inv().unwrap());
    check("sqrt of triangular", &linop!(triangular_lower(p3)).sqrt().unwrap());
    check("inverse of a slice", &linop!(p3[0..2, 0..2]).inv().unwrap());
    check("inverse of scaled", &linop!(2.0 * psd(p3)).inv().unwrap());
    check("inverse of a transpose", &linop!(g3.T).inv().unwrap());
    check("sqrt of diagonal", &linop!(psd(diag(d))).sqrt().unwrap());
    let shift = Permutation::<f64, Dyn>::new(vec![1, 2, 0]);
    check("powers of a permutation", &shift.pow(0.5).unwrap());
}

#[test]
fn a_large_lazy_inverse_has_the_leaves_of_its_operator() {
    let n = 3000;
    let a = Sum::new(
        Diagonal::new(DVector::from_fn(n, |i, _| 2.0 + (i % 7) as f64)),
        Diagonal::new(DVector::from_element(n, 1.0)),
    );
    let k = Psd::new(a);
    let lazy = k.inv().unwrap();
    let doubled = lazy.map_leaves(|_, x| x.iter_mut().for_each(|x| *x *= 2.0));
    let v = DVector::from_fn(n, |i, _| (i as f64).cos());
    assert!((doubled.apply(&v) * 2.0 - lazy.apply(&v)).norm() < 1e-9 * lazy.apply(&v).norm());
}

#[test]
fn results_stand_in_a_batch() {
    let ks = [0.5, 1.0, 2.0, 4.0].map(|c| Psd::new(matrix![2.0 + c, 0.5; 0.5, 1.0 + c]));
    let roots = ks.map(|k| k.sqrt().unwrap());
    let inverses = ks.map(|k| k.inv().unwrap());
    let v = vector![1.0, -2.0];
    let (want_r, want_i) = (roots.clone().map(|r| r.apply(&v)), inverses.clone().map(|r| r.apply(&v)));
    let vs = stack([v; 4]).unwrap();
    let (got_r, got_i): ([_; 4], [_; 4]) =
        (unstack(stack(roots).unwrap().apply(&vs)), unstack(stack(inverses).unwrap().apply(&vs)));
    for lane in 0..4 {
        let (r, i): (nalgebra::Vector2<f64>, nalgebra::Vector2<f64>) = (got_r[lane], got_i[lane]);
        assert!((r - want_r[lane]).norm() < 1e-15 && (i - want_i[lane]).norm() < 1e-15);
    }
}

/// The inverse of a sparse matrix has the matrix's leaves; in lanes every lane has factors of its own, and fails alone.
#[test]
fn sparse_inverses_have_leaves_gradients_and_lanes() {
    let build = |c: f64| {
        let entries = (0..6).flat_map(|i| {
            let off = if i > 0 { vec![(i, i - 1, -1.0), (i - 1, i, -1.0)] } else { Vec::new() };
            off.into_iter().chain([(i, i, 2.0 + c + i as f64)])
        });
        Sparse::from_triplets(6, 6, entries).unwrap()
    };
    check("inverse of sparse", &build(0.5).inv().unwrap());
    // one triangle of a PSD matrix is read, so only symmetric directions mean something: d/dt u^T (e^t A)^-1 v = -u^T A^-1 v
    let inverse = Psd::new(build(0.5)).inv().unwrap();
    let (u, v) = ([1.0, -0.5, 0.3, 2.0, 0.1, 0.7], [0.2, 1.0, -1.0, 0.5, 0.4, 0.9]);
    let (numbers, mut g) = (inverse.flatten(), vec![0.0; inverse.parameters()]);
    inverse.accumulate_bilinear(cola::View::vector(&u), cola::View::vector(&v), 1.0, &mut g);
    let along: f64 = numbers.iter().zip(&g).map(|(a, g)| a * g).sum();
    let want: f64 = -u.iter().zip(inverse.apply(&v)).map(|(u, y)| u * y).sum::<f64>();
    assert!((along - want).abs() < 1e-14, "{along} against {want}");
    let b = nalgebra::SVector::<f64, 6>::from_fn(|i, _| 1.0 + i as f64);
    // lane 2 is indefinite: its first entry is 0
    let ks = [0.1, 0.5, -2.0, 3.0].map(build);
    let lanes = Psd::new(stack(ks.clone()).unwrap());
    let bs = stack([b; 4]).unwrap();
    let (x, faults) = cola::collect_faults(|| lanes.solve(&bs));
    let x: [nalgebra::SVector<f64, 6>; 4] = unstack(x.unwrap());
    assert_eq!(faults.iter().map(|f| f.0).collect::<Vec<_>>(), [2]);
    assert!(matches!(faults[0].1, cola::Error::NotPositiveDefinite { .. }), "{:?}", faults[0].1);
    let (logdet, faults) = cola::collect_faults(|| lanes.logdet());
    assert_eq!(faults.len(), 1);
    for lane in [0, 1, 3] {
        let k = Psd::new(&ks[lane]);
        assert!((x[lane] - k.solve(&b).unwrap()).norm() < 1e-14);
        assert!((logdet.as_ref().unwrap().0[lane] - k.logdet().unwrap()).abs() < 1e-13);
    }
    let e = Psd::new(stack(ks).unwrap()).inv().err().unwrap();
    assert!(matches!(&e, cola::Error::Lanes { failed } if failed.len() == 1 && failed[0].0 == 2), "{e}");
    // other numbers: factored again when it is applied, and a failure is an error then
    let inverse = Psd::new(build(0.5)).inv().unwrap();
    let broken = inverse.map_leaves(|_, x| x.iter_mut().for_each(|x| *x = -*x));
    assert!(matches!(broken.try_apply(&b), Err(cola::Error::NotPositiveDefinite { .. })));
    assert!(broken.apply(&b).iter().all(|x| x.is_nan()));
}

/// What is no number must agree: two row orders, two permutations, two patterns are no batch.
#[test]
fn different_orders_are_no_batch() {
    let p = |order: [usize; 3]| Permutation::<f64, _>::new(order);
    let e = stack([p([0, 1, 2]), p([1, 0, 2])]).err().unwrap();
    assert!(e.to_string().contains("indices"), "{e}");
    let lu = |m: Matrix2<f64>| Dense::new(m).inv().unwrap();
    assert!(stack([lu(matrix![1.0, 0.0; 0.0, 1.0]), lu(matrix![0.0, 1.0; 1.0, 0.0])]).is_err());
    assert!(stack([lu(matrix![3.0, 1.0; 0.5, 1.0]), lu(matrix![2.0, 1.0; 0.5, 1.0])]).is_ok());
    let slices = [0..2, 1..3].map(|r| Dense::new(DMatrix::<f64>::identity(3, 3)).into_slice(r));
    assert!(stack(slices).is_err());
}

trait IntoSlice: Sized {
    fn into_slice(self, r: std::ops::Range<usize>) -> Sliced<Self, cola::Span, cola::Span>;
}
impl IntoSlice for Dense<DMatrix<f64>> {
    fn into_slice(self, r: std::ops::Range<usize>) -> Sliced<Self, cola::Span, cola::Span> {
        linop!({ self }[r.clone(), r])
    }
}
