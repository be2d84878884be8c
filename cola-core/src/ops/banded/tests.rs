//! Band and tridiagonal matrices against dense ones.

use crate::dsl::add;
use crate::prelude::*;
use crate::testing::{check_operator, market};
use crate::{Dyn, Element, Error, NonNegative, Result, stack, value_and_grad};
use nalgebra::DMatrix;

fn near<T: Scalar>(what: &str, a: &DMatrix<T>, b: &DMatrix<T>, tol: f64) {
    assert_eq!(a.shape(), b.shape(), "{what}");
    let size = b.iter().fold(1.0, |m: f64, x| m.max(x.abs().lane_f64(0)));
    for (x, y) in a.iter().zip(b.iter()) {
        let d = (*x - *y).abs().lane_f64(0);
        assert!(d <= tol * size, "{what}: {x:?} and {y:?} differ by {d:.1e}");
    }
}
/// A band matrix cut out of a dense one; the diagonal is weak, so that rows are exchanged.
fn sample<T: Element>(n: usize, kl: usize, ku: usize) -> (Banded<T>, Dense<DMatrix<T>>) {
    let m = market::general_matrix::<T>(n, n);
    let inside = |i: usize, j: usize| i <= j + kl && j <= i + ku;
    let dense = DMatrix::from_fn(n, n, |i, j| match (inside(i, j), i == j) {
        (false, _) => T::zero(),
        (_, true) if kl * ku > 0 => m[(i, j)] * T::of(0.01),
        (_, true) => m[(i, j)] + T::of(3.0),
        _ => m[(i, j)],
    });
    let storage = DMatrix::from_fn(kl + ku + 1, n, |r, j| {
        let i = (r + j).wrapping_sub(ku);
        if i < n { dense[(i, j)] } else { T::of(f64::NAN) } // the corners are nobody's
    });
    (Banded::from_storage(kl, ku, storage).unwrap(), Dense(dense))
}
fn general<T: Element>(n: usize, kl: usize, ku: usize, tol: f64) -> Result<()> {
    let (a, dense) = sample::<T>(n, kl, ku);
    check_operator(&a).unwrap();
    near("entries", &a.to_dense(), &dense.0, 0.0);
    let (s, l) = a.slogdet()?;
    let (ds, dl) = dense.slogdet()?;
    assert!((s - ds).abs().lane_f64(0) < tol, "sign {s:?} {ds:?} of {n} {kl} {ku}");
    if ds.abs().lane_f64(0) == 0.0 {
        assert!(matches!(a.inv().map(|_| ()), Err(Error::Singular { .. })));
        return Ok(());
    }
    assert!((l - dl).abs().lane_f64(0) < tol, "{l:?} {dl:?}");
    let rhs = market::general_matrix::<T>(n, 2);
    near("solve", &a.apply(&a.solve(&rhs)?), &rhs, tol);
    near("inverse", &a.inv()?.to_dense(), &dense.inv()?.to_dense(), tol);
    near("adjoint", &a.inv()?.apply_adjoint(&rhs), &dense.inv()?.apply_adjoint(&rhs), tol);
    near("back", &a.inv()?.inv()?.to_dense(), &dense.0, 0.0);
    for k in 1 - n as isize..n as isize {
        assert_eq!(a.diagonal_k(k)?[..], dense.diagonal_k(k)?[..]);
    }
    Ok(())
}
#[test]
fn every_width_and_number() -> Result<()> {
    for (kl, ku) in [(0, 0), (1, 1), (2, 0), (0, 3), (1, 2), (3, 1), (9, 9)] {
        for n in [1, 2, 5, 30] {
            general::<f64>(n, kl, ku, 1e-8)?;
            general::<Complex<f64>>(n, kl, ku, 1e-8)?;
        }
        general::<f32>(4, kl, ku, 1e-2)?;
    }
    let empty = Tridiagonal::new([0.0; 0], [0.0; 0], [0.0; 0]);
    assert_eq!(empty.slogdet()?, (1.0, 0.0));
    assert_eq!(empty.solve(&[0.0; 0])?, [0.0; 0]);
    Ok(())
}
#[test]
fn definite_ones_by_ldl() -> Result<()> {
    fn run<T: Element>(tol: f64) -> Result<()> {
        let n = 20;
        let e: Vec<T> = market::general_matrix::<T>(n - 1, 1).iter().copied().collect();
        let a = Psd::new(Tridiagonal::symmetric(vec![T::of(3.5); n], e));
        let dense = Psd::new(Dense::new(a.to_dense()));
        check_operator(&a).unwrap();
        check_operator(&a.inv()?).unwrap();
        near("inverse", &a.inv()?.to_dense(), &dense.inv()?.to_dense(), tol);
        assert!((a.logdet()? - dense.logdet()?).abs().lane_f64(0) < tol);
        near("eigh", &a.eigh()?.to_dense(), &dense.0.0, tol);
        near("sqrt", &a.sqrt()?.to_dense(), &dense.sqrt()?.to_dense(), tol);
        near("exp", &a.exp()?.to_dense(), &dense.exp()?.to_dense(), tol);
        // wider
        let wide = Psd::new(add(
            Product::new(&a.0, Identity::<T, Dyn>::new(n)),
            ScaledIdentity::<T, Dyn, NonNegative>::of_size(T::of(1.0), n),
        ));
        near("sum with a general operator", &wide.apply(&wide.solve(&dense.0.0)?), &dense.0.0, tol);
        Ok(())
    }
    run::<f64>(1e-11)?;
    run::<Complex<f64>>(1e-11)?;
    run::<f32>(1e-3)
}
#[test]
fn eigenvalues_of_the_laplacian() -> Result<()> {
    let n = 200;
    let a = Tridiagonal::symmetric(vec![2.0f64; n], vec![-1.0; n - 1]);
    let w = a.eigh()?;
    for (k, w) in w.eigenvalues().iter().enumerate() {
        let angle = (k + 1) as f64 * core::f64::consts::PI / (n + 1) as f64;
        assert!((w - (2.0 - 2.0 * angle.cos())).abs() < 1e-13, "{k}: {w}");
    }
    // numbers whose squares overflow
    let huge = Tridiagonal::symmetric([2e200f64, 2e200], [1e200]);
    assert!((huge.eigh()?.eigenvalues()[0] / 1e200 - 1.0).abs() < 1e-14);
    let zero = Tridiagonal::symmetric([0.0, 0.0], [0.0]);
    assert_eq!(zero.eigh()?.eigenvalues()[..], [0.0, 0.0]);
    Ok(())
}
#[test]
fn bad_input_is_an_error() {
    let singular = Tridiagonal::new([1.0, 0.0], [1.0, 1.0, 0.0], [1.0, 0.0]);
    assert!(matches!(singular.solve(&[1.0; 3]), Err(Error::Singular { .. })));
    assert_eq!(singular.slogdet().unwrap(), (0.0, f64::NEG_INFINITY));
    // badly scaled rows are not singular
    let scaled = Tridiagonal::new([0.0f64], [1.0, 1e-200], [1.0]);
    assert!((scaled.slogdet().unwrap().1 - 1e-200f64.ln()).abs() < 1e-10);
    let indefinite = Psd::new(Tridiagonal::symmetric([1.0, 1.0], [2.0]));
    assert!(matches!(indefinite.solve(&[1.0; 2]), Err(Error::NotPositiveDefinite { index: 1, .. })));
    assert!(matches!(indefinite.logdet(), Err(Error::NotPositiveDefinite { .. })));
    let nan = Tridiagonal::new([f64::NAN], [1.0, 1.0], [1.0]);
    assert!(matches!(nan.solve(&[1.0; 2]), Err(Error::NonFinite { .. })));
    assert!(matches!(nan.slogdet(), Err(Error::NonFinite { .. })));
    assert!(matches!(Tridiagonal::try_new([1.0; 3], [1.0; 3], [1.0; 2]), Err(Error::InvalidArgument { .. })));
    assert!(matches!(
        Banded::try_from_diagonals([(0, vec![1.0; 3]), (1, vec![1.0; 3])]),
        Err(Error::InvalidArgument { .. })
    ));
    assert!(matches!(Banded::try_from_diagonals::<Vec<f64>>([]), Err(Error::InvalidArgument { .. })));
    assert!(matches!(Banded::from_storage(1, 1, DMatrix::<f64>::zeros(2, 4)), Err(Error::InvalidArgument { .. })));
}
#[test]
fn lanes_exchange_rows_one_by_one() -> Result<()> {
    let of = |x: f64| Tridiagonal::new(vec![1.0, x, 2.0], vec![x, 1.0, -x, 0.5], vec![2.0, 1.0, x]);
    let xs = [0.01, 3.0, -2.0, 100.0];
    let batch = stack(xs.map(of))?;
    let rhs = [1.0, 2.0, 3.0, 4.0];
    let y = batch.solve(&rhs.map(Lanes::<f64, 4>::of))?;
    let (s, l) = batch.slogdet()?;
    for (lane, x) in xs.iter().enumerate() {
        let (want, (ds, dl)) = (of(*x).solve(&rhs)?, of(*x).slogdet()?);
        assert!(y.iter().zip(want).all(|(a, b)| (a.lane(lane) - b).abs() < 1e-12));
        assert!(s.lane(lane) == ds && (l.lane(lane) - dl).abs() < 1e-12);
    }
    // one bad lane is named alone
    let one_bad = stack([of(1.0), Tridiagonal::new(vec![0.0; 3], vec![0.0; 4], vec![0.0; 3])])?;
    let failed = one_bad.solve(&rhs.map(Lanes::<f64, 2>::of)).map(|_| ());
    assert!(matches!(failed, Err(Error::Lanes { failed }) if failed.len() == 1 && failed[0].0 == 1));
    Ok(())
}
#[test]
fn sums_keep_their_parts_and_solve_as_bands() -> Result<()> {
    let n = 5000; // above the limit for dense matrices
    let l = Tridiagonal::symmetric(vec![2.0; n], vec![-1.0; n - 1]);
    let step = add(
        Scaled::<_, _, NonNegative>::signed(0.1, Psd::new(&l)),
        ScaledIdentity::<f64, Dyn, NonNegative>::of_size(1.0, n),
    );
    let _: &BandedSum<_, _> = &step;
    let x = step.solve(&vec![1.0; n])?;
    assert!(step.apply(&x).iter().all(|y| (y - 1.0).abs() < 1e-13));
    assert!(step.logdet()? > 0.0);
    let leaves: Vec<_> = step.leaves().map(|(path, _)| path).collect();
    assert_eq!(leaves, ["0.c", "0.0.diag", "0.0.lower", "1.c"]);
    let wide = add(&l, Diagonal::new(vec![1.0; n]));
    assert!((wide.trace()? - 3.0 * n as f64).abs() < 1e-9);
    assert!(wide.solve(&vec![1.0; n]).is_ok());
    let text = step.explain().to_string();
    assert!(text.contains("solve, inv tridiagonal LDL^H"), "{text}");
    Ok(())
}
#[test]
fn gradients_by_differences() -> Result<()> {
    let y = [1.0, -0.5, 2.0, 0.25];
    let a = Tridiagonal::new(vec![0.5, -1.0, 0.3], vec![3.0, 2.5, 4.0, 3.0], vec![1.0, 0.2, -0.7]);
    let b = Banded::from_diagonals([(0, vec![3.0, 2.0, 4.0, 5.0]), (2, vec![0.5, 0.1]), (-1, vec![1.0, -0.3, 0.4])]);
    let s = Tridiagonal::symmetric(vec![3.0, 2.5, 4.0, 3.0], vec![0.5, -1.0, 0.3]);
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
    check!(a);
    check!(b);
    check!(s.clone());
    check!(add(s, ScaledIdentity::<f64, Dyn, NonNegative>::of_size(0.5, 4)));
    Ok(())
}
/// The spectrum of a wider band by rotations within it.
fn spectrum<T: Element>(n: usize, b: usize, tol: f64) -> Result<()> {
    let m = market::general_matrix::<T>(n, n);
    let dense = DMatrix::from_fn(n, n, |i, j| match i.abs_diff(j) {
        k if k > b => T::zero(),
        // some entries on the edge are zero
        k if k == b && i.min(j) % 3 == 1 => T::zero(),
        _ => (m[(i, j)] + m[(j, i)].conj()) * T::of(0.5),
    });
    let bands = (-(b as isize)..=b as isize).filter(|k| k.unsigned_abs() < n);
    let diagonal = |k: isize| -> Vec<T> {
        let (row, col) = ((-k).max(0) as usize, k.max(0) as usize);
        (0..n - row.max(col)).map(|i| dense[(i + row, i + col)]).collect()
    };
    let a = crate::SelfAdjoint(Banded::from_diagonals(bands.map(|k| (k, diagonal(k)))));
    let e = a.eigh()?;
    near("A = V w V^H", &e.to_dense(), &dense, tol);
    let v = e.eigenvectors().to_dense();
    let product = DMatrix::from_fn(n, n, |i, j| (0..n).fold(T::zero(), |s, k| s + v[(k, i)].conj() * v[(k, j)]));
    near("V^H V", &product, &DMatrix::from_fn(n, n, |i, j| if i == j { T::one() } else { T::zero() }), tol);
    let want = crate::SelfAdjoint(Dense(dense)).eigh()?;
    for (x, y) in e.eigenvalues().iter().zip(want.eigenvalues().iter()) {
        assert!((*x - *y).lane_f64(0).abs() < tol, "{x:?} {y:?}");
    }
    Ok(())
}
#[test]
fn spectra_of_wide_bands() -> Result<()> {
    for (n, b) in [(1, 2), (3, 2), (7, 2), (12, 3), (20, 5), (9, 8)] {
        spectrum::<f64>(n, b, 1e-12)?;
        spectrum::<Complex<f64>>(n, b, 1e-12)?;
        spectrum::<f32>(n, b, 1e-4)?;
    }
    let nan =
        crate::SelfAdjoint(Banded::from_diagonals([(0, vec![1.0, f64::NAN, 1.0]), (2, vec![1.0]), (-2, vec![1.0])]));
    assert!(matches!(nan.eigh(), Err(Error::NonFinite { .. })));
    Ok(())
}
