//! Circulants and Fourier matrices against dense ones made entry by entry.

use crate::dsl::{add, mul};
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
fn numbers<T: Scalar>(n: usize) -> Vec<T> {
    market::general_matrix::<T>(n, 1).iter().copied().collect()
}
fn dense<T: Scalar>(c: &[T]) -> Dense<DMatrix<T>> {
    let n = c.len();
    Dense(DMatrix::from_fn(n, n, |i, j| c[(i + n - j) % n]))
}
fn general<T: Element>(n: usize, tol: f64) -> Result<()> {
    let mut c = numbers::<T>(n);
    c[0] += T::of(n as f64);
    let (k, d) = (Circulant::new(c.clone()), dense(&c));
    check_operator(&k).unwrap();
    near("entries", &k.to_dense(), &d.0, tol);
    let rhs = market::general_matrix::<T>(n, 2);
    near("solve", &k.apply(&k.solve(&rhs)?), &rhs, tol);
    near("inverse", &k.inv()?.to_dense(), &d.inv()?.to_dense(), tol);
    near(
        "exp",
        &Circulant::new(c.iter().map(|x| *x / T::of(n as f64)).collect::<Vec<_>>()).exp()?.to_dense(),
        &Dense(d.0.map(|x| x / T::of(n as f64))).exp()?.to_dense(),
        tol,
    );
    let ((s, l), (ds, dl)) = (k.slogdet()?, d.slogdet()?);
    assert!(
        (s - ds).abs().lane_f64(0) < tol && (l - dl).abs().lane_f64(0) < tol * n as f64,
        "{s:?} {l:?} {ds:?} {dl:?}"
    );
    let root = k.sqrt()?;
    near("sqrt", &root.apply(&root.to_dense()), &d.0, tol);
    near("log", &k.log()?.exp()?.to_dense(), &d.0, tol);
    near("pow", &k.pow(-2.0)?.to_dense(), &d.inv()?.apply(&d.inv()?.to_dense()), tol);
    for j in 1 - n as isize..n as isize {
        assert_eq!(k.diagonal_k(j)?[..], d.diagonal_k(j)?[..]);
    }
    assert!((k.trace()? - d.trace()?).abs().lane_f64(0) < tol * n as f64);
    let e = k.eig()?;
    let (v, w) = (e.eigenvectors().to_dense(), e.eigenvalues());
    let av = DMatrix::from_fn(n, n, |i, j| {
        (0..n).fold(T::Complex::of(0.0), |s, l| s + d.0[(i, l)].to_complex() * v[(l, j)])
    });
    near("eig", &av, &DMatrix::from_fn(n, n, |i, j| v[(i, j)] * w[j]), tol * n as f64);
    Ok(())
}
#[test]
fn of_every_size_and_number() -> Result<()> {
    for n in [1, 2, 3, 5, 8, 24, 25, 30, 31] {
        general::<f64>(n, 1e-11)?;
        general::<Complex<f64>>(n, 1e-11)?;
    }
    general::<f32>(7, 1e-4)?;
    general::<f32>(32, 1e-4)?;
    general::<Complex<f32>>(30, 1e-4)?;
    let none = Circulant::new(Vec::<f64>::new());
    assert_eq!(none.slogdet()?, (1.0, 0.0));
    assert!(none.solve(&Vec::<f64>::new())?.is_empty() && none.sqrt()?.nrows() == 0);
    Ok(())
}
#[test]
fn symmetric_ones_have_real_bases() -> Result<()> {
    for n in [1, 2, 5, 6, 30, 33] {
        let mut c = numbers::<f64>(n);
        (1..n).for_each(|k| c[n - k] = c[k]);
        c[0] += 2.0 * n as f64;
        let k = Psd::new(Circulant::new(c.clone()));
        let d = Psd::new(dense(&c));
        check_operator(&k).unwrap();
        let e = k.eigh()?;
        check_operator(e.eigenvectors()).unwrap();
        near("eigh", &e.to_dense(), &d.0.0, 1e-12);
        near("sqrt", &k.sqrt()?.to_dense(), &d.sqrt()?.to_dense(), 1e-12);
        near("log", &k.log()?.to_dense(), &d.log()?.to_dense(), 1e-12);
        assert!((k.logdet()? - d.logdet()?).abs() < 1e-10);
    }
    let mut c = numbers::<Complex<f64>>(9);
    (1..9).for_each(|k| c[9 - k] = c[k].conj());
    c[0] = Complex::from(20.0);
    let k = Psd::new(Circulant::new(c));
    check_operator(&k).unwrap();
    near("eigh", &k.eigh()?.to_dense(), &k.to_dense(), 1e-13);
    near("sqrt", &k.sqrt()?.to_dense(), &Psd::new(Dense(k.to_dense())).sqrt()?.to_dense(), 1e-13);
    Ok(())
}
#[test]
fn grids_are_krons_of_lines() -> Result<()> {
    let (a, b) = (numbers::<f64>(4), numbers::<f64>(3));
    let c: Vec<f64> = a.iter().flat_map(|x| b.iter().map(move |y| x * y)).collect();
    let k = Circulant::nd(&[4, 3], c.clone())?;
    check_operator(&k).unwrap();
    let want = Kron::new(dense(&a), dense(&b)).to_dense();
    near("entries", &k.to_dense(), &want, 1e-14);
    let d = Dense(want);
    near("inverse", &k.inv()?.to_dense(), &d.inv()?.to_dense(), 1e-10);
    for j in -11..12 {
        let (have, want) = (k.diagonal_k(j)?, d.diagonal_k(j)?);
        assert!(have.iter().zip(&want).all(|(x, y)| (x - y).abs() < 1e-14));
    }
    let z: Vec<Complex<f64>> = numbers(24);
    let k = Circulant::nd(&[2, 3, 4], z)?;
    check_operator(&k).unwrap();
    near("exp", &k.exp()?.to_dense(), &Dense(k.to_dense()).exp()?.to_dense(), 1e-11);
    assert!(matches!(Circulant::nd(&[2, 3], c), Err(Error::InvalidArgument { .. })));
    Ok(())
}
/// A grid with axes of length 1 is the grid without them; other shapes of as many points share no eigenvectors.
#[test]
fn grids_by_another_name_fold() -> Result<()> {
    let (a, b) = (numbers::<f64>(6), numbers::<f64>(6).iter().map(|x| x * x).collect::<Vec<_>>());
    let line = Circulant::new(a.clone());
    for shape in [&[6][..], &[1, 6], &[6, 1], &[1, 6, 1]] {
        let other = Circulant::nd(shape, b.clone())?;
        let (x, y) = (dense(&a).0, dense(&b).0);
        near("sum", &add(&line, &other).to_dense(), &(&x + &y), 1e-14);
        near("product", &mul(&line, &other).to_dense(), &(&x * &y), 1e-13);
        near("product", &mul(&other, &line).to_dense(), &(&y * &x), 1e-13);
    }
    let grid = Circulant::nd(&[2, 3], b)?;
    assert!(crate::dsl::try_mul(&line, &grid).err().is_some_and(|e| e.to_string().contains("Product::new")));
    near("in turn", &Product::new(&line, &grid).to_dense(), &(dense(&a).0 * grid.to_dense()), 1e-13);
    Ok(())
}
#[test]
fn sums_and_products_fold() -> Result<()> {
    let (a, b) = (numbers::<f64>(30), numbers::<f64>(30).iter().map(|x| x * x).collect::<Vec<_>>());
    let (k, l) = (Circulant::new(a.clone()), Circulant::new(b.clone()));
    let (da, db) = (dense(&a).0, dense(&b).0);
    let product = mul(&k, &l);
    let _: &WithFacts<Circulant<f64, Dyn>, _> = &product;
    near("product", &product.to_dense(), &(&da * &db), 1e-12);
    near("sum", &add(&k, &l).to_dense(), &(&da + &db), 1e-13);
    let shifted = add(Scaled::new(2.0, &k), ScaledIdentity::<f64, Dyn, NonNegative>::of_size(9.0, 30));
    let want = Dense(&da * 2.0 + DMatrix::identity(30, 30) * 9.0);
    near("shift", &shifted.to_dense(), &want.0, 1e-13);
    near("its inverse", &shifted.inv()?.to_dense(), &want.inv()?.to_dense(), 1e-12);
    let leaves: Vec<_> = shifted.leaves().map(|(path, _)| path).collect();
    assert_eq!(leaves, ["0.c", "0.0.column", "1.c"]);
    // other structures that fold
    let d = mul(Diagonal::new([2.0, 3.0]), Diagonal::new([5.0, 7.0]));
    assert_eq!(d.diagonal()?[..], [10.0, 21.0]);
    let p = mul(Permutation::<f64, _>::new([1, 2, 0]), Permutation::<f64, _>::new([0, 2, 1]));
    let _: &Permutation<f64, _> = &p;
    assert_eq!(p.apply(&[1.0, 2.0, 3.0]), Permutation::<f64, _>::new([1, 2, 0]).apply(&[1.0, 3.0, 2.0]));
    Ok(())
}
#[test]
fn bad_input_is_an_error() {
    let singular = Circulant::new([1.0, 1.0, 1.0]);
    assert!(matches!(singular.solve(&[1.0; 3]), Err(Error::Singular { .. })));
    assert_eq!(singular.slogdet().unwrap(), (0.0, f64::NEG_INFINITY));
    assert!(matches!(singular.log().map(|_| ()), Err(Error::Singular { .. })));
    // -1 is an eigenvalue: no real root
    let shift = Circulant::new([0.0, 1.0]);
    assert!(matches!(shift.sqrt().map(|_| ()), Err(Error::NegativeEigenvalue { .. })));
    let nan = Circulant::new([f64::NAN, 1.0, 2.0]);
    assert!(matches!(nan.solve(&[1.0; 3]), Err(Error::NonFinite { .. })));
    assert!(matches!(nan.exp().map(|_| ()), Err(Error::NonFinite { .. })));
    assert!(matches!(Circulant::new([800.0, 0.0]).exp().map(|_| ()), Err(Error::NonFinite { .. })));
}
#[test]
fn lanes_take_plain_sums() -> Result<()> {
    let of = |x: f64| Circulant::new(vec![4.0, x, 1.0, -x, 0.5]);
    let xs = [0.5, -1.0, 2.0, 0.1];
    let batch = stack(xs.map(of))?;
    let rhs = [1.0, 2.0, 3.0, 4.0, 5.0];
    let (y, root) = (batch.solve(&rhs.map(Lanes::<f64, 4>::of))?, batch.sqrt()?.apply(&rhs.map(Lanes::<f64, 4>::of)));
    for (lane, x) in xs.iter().enumerate() {
        let k = of(*x);
        assert!(y.iter().zip(k.solve(&rhs)?).all(|(a, b)| (a.lane(lane) - b).abs() < 1e-13));
        assert!(root.iter().zip(k.sqrt()?.apply(&rhs)).all(|(a, b)| (a.lane(lane) - b).abs() < 1e-13));
    }
    Ok(())
}
#[test]
fn gradients_by_differences() -> Result<()> {
    let y: Vec<f64> = numbers(6);
    let mut c = numbers::<f64>(6);
    c[0] += 5.0;
    let k = Circulant::nd(&[2, 3], c)?;
    let (_, g) = value_and_grad(&k, |k| Ok(k.solve(&y)?.dot(&y) + k.slogdet()?.1 + k.trace()?))?;
    let (x, g) = (k.flatten(), g.flatten());
    for i in 0..6 {
        let at = |d: f64| -> Result<f64> {
            let mut x = x.clone();
            x[i] += d;
            let k = k.unflatten(&x)?;
            Ok(k.solve(&y)?.iter().zip(&y).map(|(x, y)| x * y).sum::<f64>() + k.slogdet()?.1 + k.trace()?)
        };
        let want = (at(1e-6)? - at(-1e-6)?) / 2e-6;
        assert!((g[i] - want).abs() < 1e-6 * (1.0 + want.abs()), "{i}: {} and {want}", g[i]);
    }
    Ok(())
}
#[test]
fn fourier_and_its_functions() -> Result<()> {
    type C = Complex<f64>;
    for n in [1usize, 2, 3, 4, 5, 6, 7, 8, 13] {
        let f = Fourier::<C>::new(n);
        check_operator(&f).unwrap();
        let d = DMatrix::from_fn(n, n, |j, k| {
            C::cis(-core::f64::consts::TAU * (j * k % n) as f64 / n as f64) / (n as f64).sqrt()
        });
        near("entries", &f.to_dense(), &d, 1e-14);
        let dense = Dense(d.clone());
        near("inverse", &f.inv()?.to_dense(), &d.adjoint(), 1e-14);
        let ((s, l), (ds, _)) = (f.slogdet()?, dense.slogdet()?);
        assert!((s - ds).norm() < 1e-12 && l == 0.0, "{n}: {s} and {ds}");
        assert!((f.trace()? - dense.trace()?).norm() < 1e-13);
        assert!(f.diagonal()?.iter().zip(&dense.diagonal()?).all(|(x, y)| (x - y).norm() < 1e-14));
        near("exp", &f.exp()?.to_dense(), &dense.exp()?.to_dense(), 1e-13);
        check_operator(&f.exp()?).unwrap();
        near("cube", &f.pow(3.0)?.to_dense(), &d.adjoint(), 1e-14);
        near("fifth", &f.pow(5.0)?.to_dense(), &d, 1e-14);
        near("power -2", &f.pow(-2.0)?.to_dense(), &(&d * &d), 1e-13);
        let root = f.sqrt()?;
        near("sqrt", &root.apply(&root.to_dense()), &d, 1e-13);
        check_operator(&root).unwrap();
        near("log", &Dense(f.log()?.to_dense()).exp()?.to_dense(), &d, 1e-12);
    }
    Ok(())
}
#[test]
fn reflections() -> Result<()> {
    fn run<T: Element>(v: Vec<T>, tol: f64) -> Result<()> {
        let h = Householder::try_new(v)?;
        check_operator(&h).unwrap();
        let d = Dense(h.to_dense());
        near(
            "involution",
            &h.apply(&d.0),
            &DMatrix::from_fn(h.nrows(), h.nrows(), |i, j| T::of((i == j) as u8 as f64)),
            tol,
        );
        assert!((h.slogdet()?.0 - d.slogdet()?.0).abs().lane_f64(0) < tol);
        assert!((h.trace()? - d.trace()?).abs().lane_f64(0) < tol);
        assert!(h.diagonal_k(1)?.iter().zip(&d.diagonal_k(1)?).all(|(x, y)| (*x - *y).abs().lane_f64(0) < tol));
        near("exp", &h.exp()?.to_dense(), &d.exp()?.to_dense(), tol);
        near("inverse", &h.inv()?.to_dense(), &d.0, tol);
        near("odd power", &h.pow(-7.0)?.to_dense(), &d.0, tol);
        Ok(())
    }
    run(vec![3.0, -4.0, 1.0], 1e-14)?;
    run(vec![1e200, 1e200], 1e-14)?;
    run(vec![Complex::new(1.0, 2.0), Complex::new(0.0, -3.0)], 1e-14)?;
    let z = Householder::new([Complex::new(1.0, 2.0), Complex::new(0.0, -3.0)]);
    let root = z.sqrt()?;
    near("root", &root.apply(&root.to_dense()), &z.to_dense(), 1e-14);
    near("log", &Dense(z.log()?.to_dense()).exp()?.to_dense(), &z.to_dense(), 1e-14);
    assert!(matches!(Householder::new([1.0, 2.0]).sqrt().map(|_| ()), Err(Error::NegativeEigenvalue { .. })));
    assert!(matches!(Householder::try_new([0.0, 0.0]), Err(Error::InvalidArgument { .. })));
    assert!(matches!(Householder::try_new([f64::NAN, 0.0]), Err(Error::NonFinite { .. })));
    // gradient
    let (h, y) = (Householder::new(vec![1.0, 2.0, -0.5]), [0.3, 1.0, 2.0]);
    let (_, g) = value_and_grad(&h, |h| Ok(h.apply(&y)?.dot(&[1.0, -1.0, 0.5])))?;
    let loss = |v: &[f64]| {
        Householder::new(v.to_vec()).apply(&y).iter().zip(&[1.0, -1.0, 0.5]).map(|(a, b)| a * b).sum::<f64>()
    };
    for (i, g) in g.flatten().iter().enumerate() {
        let at = |d: f64| {
            let mut v = vec![1.0, 2.0, -0.5];
            v[i] += d;
            loss(&v)
        };
        assert!((g - (at(1e-6) - at(-1e-6)) / 2e-6).abs() < 1e-8);
    }
    Ok(())
}
