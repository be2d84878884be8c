//! Toeplitz matrices against dense ones made entry by entry.

use crate::prelude::*;
use crate::testing::{check_operator, market};
use crate::{Element, Error, Result, stack, value_and_grad};
use nalgebra::DMatrix;

fn near<T: Scalar>(what: &str, a: &DMatrix<T>, b: &DMatrix<T>, tol: f64) {
    assert_eq!(a.shape(), b.shape(), "{what}");
    let size = b.iter().fold(1.0, |m: f64, x| m.max(x.abs().lane_f64(0)));
    for (x, y) in a.iter().zip(b.iter()) {
        let d = (*x - *y).abs().lane_f64(0);
        assert!(d <= tol * size, "{what}: {x:?} and {y:?} differ by {d:.1e}");
    }
}
fn numbers<T: Scalar>(n: usize, seed: usize) -> Vec<T> {
    market::general_matrix::<T>(n, seed).column(seed - 1).iter().copied().collect()
}
fn dense<T: Scalar>(c: &[T], r: &[T]) -> Dense<DMatrix<T>> {
    Dense(DMatrix::from_fn(c.len(), r.len(), |i, j| if i >= j { c[i - j] } else { r[j - i] }))
}
fn general<T: Element>(n: usize, tol: f64) -> Result<()> {
    let (mut c, r) = (numbers::<T>(n, 1), numbers::<T>(n, 2));
    c[0] += T::of(3.0);
    let (t, d) = (Toeplitz::new(c.clone(), r.clone()), dense(&c, &r));
    check_operator(&t).unwrap();
    near("entries", &t.to_dense(), &d.0, tol);
    let rhs = market::general_matrix::<T>(n, 2);
    near("solve", &t.apply(&t.solve(&rhs)?), &rhs, tol);
    let inverse = t.inv()?;
    near("inverse", &inverse.to_dense(), &d.inv()?.to_dense(), tol);
    near("adjoint", &inverse.apply_adjoint(&rhs), &d.inv()?.apply_adjoint(&rhs), tol);
    near("back", &inverse.inv()?.to_dense(), &d.0, tol);
    let ((s, l), (ds, dl)) = (t.slogdet()?, d.slogdet()?);
    assert!(
        (s - ds).abs().lane_f64(0) < tol && (l - dl).abs().lane_f64(0) < tol * n as f64,
        "{s:?} {l:?} {ds:?} {dl:?}"
    );
    assert!((inverse.slogdet()?.1 + l).abs().lane_f64(0) < 10.0 * tol);
    for k in 1 - n as isize..n as isize {
        assert_eq!(t.diagonal_k(k)?[..], d.diagonal_k(k)?[..]);
    }
    Ok(())
}
#[test]
fn of_every_size_and_number() -> Result<()> {
    for n in [1, 2, 3, 10, 31, 33, 70] {
        general::<f64>(n, 1e-8)?;
        general::<Complex<f64>>(n, 1e-8)?;
    }
    general::<f32>(5, 1e-2)?;
    general::<Complex<f32>>(40, 1e-1)?;
    // rectangular, small and by FFT
    for (m, n) in [(2, 5), (40, 30), (30, 50)] {
        let (c, r) = (numbers::<f64>(m, 1), numbers::<f64>(n, 2));
        let t = Toeplitz::new(c.clone(), r.clone());
        check_operator(&t).unwrap();
        near("entries", &t.to_dense(), &dense(&c, &r).0, 1e-12);
    }
    let none = Toeplitz::symmetric(Vec::<f64>::new());
    assert_eq!(none.slogdet()?, (1.0, 0.0));
    assert!(none.solve(&Vec::<f64>::new())?.is_empty());
    assert!(matches!(Toeplitz::try_new(vec![1.0], Vec::new()), Err(Error::InvalidArgument { .. })));
    Ok(())
}
#[test]
fn leading_minors_that_vanish() -> Result<()> {
    // c_0 = 0, and later ones: the dense factorisation serves
    for c in [vec![0.0, 1.0, 2.0], vec![1.0, 1.0, 3.0, 0.5], vec![0.0, 1.0]] {
        let t = Toeplitz::symmetric(c.clone());
        let d = dense(&c, &c);
        let rhs = market::general_matrix::<f64>(c.len(), 1);
        near("solve", &t.apply(&t.solve(&rhs)?), &rhs, 1e-12);
        let ((s, l), (ds, dl)) = (t.slogdet()?, d.slogdet()?);
        assert!(s == ds && (l - dl).abs() < 1e-12);
    }
    let singular = Toeplitz::symmetric([1.0, 1.0, 1.0]);
    assert!(matches!(singular.solve(&[1.0; 3]), Err(Error::Singular { .. })));
    assert_eq!(singular.slogdet()?, (0.0, f64::NEG_INFINITY));
    let indefinite = Psd::new(Toeplitz::symmetric([1.0, 2.0, 1.0]));
    assert!(matches!(indefinite.solve(&[1.0; 3]), Err(Error::NotPositiveDefinite { .. })));
    assert!(matches!(indefinite.logdet(), Err(Error::NotPositiveDefinite { .. })));
    let nan = Toeplitz::symmetric([1.0, f64::NAN]);
    assert!(matches!(nan.solve(&[1.0; 2]), Err(Error::NonFinite { .. })));
    assert!(matches!(nan.slogdet(), Err(Error::NonFinite { .. })));
    Ok(())
}
#[test]
fn definite_ones_small_and_large() -> Result<()> {
    let decay = |n: usize| (0..n).map(|k| 0.6f64.powi(k as i32) + if k == 0 { 0.1 } else { 0.0 }).collect::<Vec<_>>();
    let t = Psd::new(Toeplitz::symmetric(decay(60)));
    let d = Psd::new(dense(&decay(60), &decay(60)));
    check_operator(&t).unwrap();
    check_operator(&t.inv()?).unwrap();
    near("inverse", &t.inv()?.to_dense(), &d.inv()?.to_dense(), 1e-11);
    assert!((t.logdet()? - d.logdet()?).abs() < 1e-10);
    near("sqrt", &t.sqrt()?.to_dense(), &d.sqrt()?.to_dense(), 1e-11);
    // 20 000: preconditioned conjugate gradients
    let big = Psd::new(Toeplitz::symmetric(decay(20_000)));
    let b: Vec<f64> = (0..20_000).map(|i| (0.01 * i as f64).sin()).collect();
    let x = big.solve(&b)?;
    assert!(big.apply(&x).iter().zip(&b).all(|(x, y)| (x - y).abs() < 1e-9));
    assert!(big.explain().to_string().contains("CG with a circulant preconditioner"));
    Ok(())
}
#[test]
fn lanes_and_gradients() -> Result<()> {
    let of = |x: f64| Toeplitz::new(vec![4.0, x, 1.0], vec![4.0, 0.5, -x]);
    let xs = [0.5, -1.0];
    let batch = stack(xs.map(of))?;
    let y = batch.solve(&[1.0, 2.0, 3.0].map(Lanes::<f64, 2>::of))?;
    for (lane, x) in xs.iter().enumerate() {
        assert!(y.iter().zip(of(*x).solve(&[1.0, 2.0, 3.0])?).all(|(a, b)| (a.lane(lane) - b).abs() < 1e-13));
    }
    // by the recursion, and where a lane has no leading minors by the dense matrices of all
    let plan = |q| batch.explain().plan(q).to_string();
    assert!(
        plan(crate::plan::Question::Solve).contains("Levinson")
            && plan(crate::plan::Question::Slogdet).contains("Levinson")
    );
    let det = batch.slogdet()?;
    let (long, zs) = (
        |x: f64| Toeplitz::new(numbers::<f64>(40, 1).iter().map(|c| c + x).collect::<Vec<_>>(), numbers(40, 2)),
        [5.0, -6.0],
    );
    let both = stack(zs.map(long))?;
    let rhs: Vec<_> = numbers::<f64>(40, 3);
    let solved = both.solve(&rhs.iter().map(|&b| Lanes::<f64, 2>::of(b)).collect::<Vec<_>>())?;
    for lane in 0..2 {
        let (c, r) = long(zs[lane]).vectors();
        let (one, want) = (dense(&c, &r).solve(&rhs)?, of(xs[lane]).slogdet()?);
        assert!(solved.iter().zip(&one).all(|(a, b)| (a.lane(lane) - b).abs() < 1e-9 * (1.0 + b.abs())));
        assert!((det.0.lane(lane) - want.0).abs() + (det.1.lane(lane) - want.1).abs() < 1e-13);
    }
    let minors = stack([Toeplitz::symmetric([0.0, 1.0, 2.0]), Toeplitz::symmetric([3.0, 1.0, 0.5])])?;
    let x = minors.solve(&[1.0, 2.0, 3.0].map(Lanes::<f64, 2>::of))?;
    assert!((minors.apply(&x)[2] - Lanes::of(3.0)).abs().lane(0) < 1e-13);
    // the lane that is not positive definite is named
    let bad = stack([Psd::new(Toeplitz::symmetric([2.0, 1.0])), Psd::new(Toeplitz::symmetric([1.0, 2.0]))])?;
    match bad.logdet() {
        Err(Error::Lanes { failed }) => assert!(failed.len() == 1 && failed[0].0 == 1, "{failed:?}"),
        other => panic!("{other:?}"),
    }
    let y = [1.0, -0.5, 2.0];
    macro_rules! check {
        ($k:expr) => {
            let k = $k;
            let (_, g) = value_and_grad(&k, |k| Ok(k.solve(&y)?.dot(&y) + k.slogdet()?.1))?;
            let (x, g) = (k.flatten(), g.flatten());
            for i in 0..x.len() {
                let at = |d: f64| -> Result<f64> {
                    let mut x = x.clone();
                    x[i] += d;
                    let k = k.unflatten(&x)?;
                    Ok(k.solve(&y)?.iter().zip(&y).map(|(x, y)| x * y).sum::<f64>() + k.slogdet()?.1)
                };
                let want = (at(1e-6)? - at(-1e-6)?) / 2e-6;
                assert!((g[i] - want).abs() < 1e-6 * (1.0 + want.abs()), "{i}: {} and {want}", g[i]);
            }
        };
    }
    check!(of(0.7));
    check!(Toeplitz::symmetric(vec![3.0, 1.0, -0.5]));
    Ok(())
}
