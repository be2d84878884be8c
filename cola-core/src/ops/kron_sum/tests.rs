//! Kronecker sums and A + c I against dense matrices made entry by entry.

use crate::dsl::add;
use crate::ops::*;
use crate::prelude::*;
use crate::testing::{check_operator, market};
use crate::{Dyn, Element, Error, NonNegative, Result, stack, value_and_grad};
use nalgebra::DMatrix;

fn dense_sum<T: Scalar>(a: &DMatrix<T>, b: &DMatrix<T>) -> DMatrix<T> {
    let (m, n) = (a.nrows(), b.nrows());
    DMatrix::from_fn(m * n, m * n, |r, c| {
        let (i, j, k, l) = (r / n, r % n, c / n, c % n);
        let first = if j == l { a[(i, k)] } else { T::zero() };
        first + if i == k { b[(j, l)] } else { T::zero() }
    })
}
fn near<T: Scalar>(what: &str, a: &DMatrix<T>, b: &DMatrix<T>, tol: f64) {
    assert_eq!(a.shape(), b.shape(), "{what}");
    let size = b.iter().fold(1.0, |m: f64, x| m.max(x.abs().lane_f64(0)));
    for (x, y) in a.iter().zip(b.iter()) {
        let d = (*x - *y).abs().lane_f64(0);
        assert!(d <= tol * size, "{what}: {x:?} and {y:?} differ by {d:.1e}");
    }
}
fn general<T: Element + crate::algorithms::dense::Engine>(m: usize, n: usize, tol: f64) -> Result<()> {
    let shift = |mut a: DMatrix<T>| {
        (0..a.nrows()).for_each(|i| a[(i, i)] += T::of(2.0 + i as f64));
        a
    };
    let (a, b) = (shift(market::general_matrix::<T>(m, m)), shift(market::general_matrix::<T>(n, n)));
    let (k, dense) = (KronSum::new(&a, &b), Dense::new(dense_sum(&a, &b)));
    check_operator(&k).unwrap();
    near("entries", &k.to_dense(), &dense.0, tol);
    let rhs = market::general_matrix::<T>(m * n, 3);
    near("solve", &k.solve(&rhs)?, &dense.solve(&rhs)?, tol);
    near("inverse", &k.inv()?.to_dense(), &dense.inv()?.to_dense(), tol);
    near("adjoint", &k.inv()?.apply_adjoint(&rhs), &dense.inv()?.apply_adjoint(&rhs), tol);
    near("and back", &k.inv()?.inv()?.to_dense(), &dense.0, 10.0 * tol);
    let ((s, l), (ds, dl)) = (k.slogdet()?, dense.slogdet()?);
    assert!((s - ds).abs().lane_f64(0) < tol && (l - dl).abs().lane_f64(0) < 10.0 * tol, "{s:?} {l:?} {ds:?} {dl:?}");
    near("exp", &k.exp()?.to_dense(), &dense.exp()?.to_dense(), 10.0 * tol);
    assert!((k.trace()? - dense.trace()?).abs().lane_f64(0) < tol);
    for d in 1 - (m * n) as isize..(m * n) as isize {
        assert_eq!(k.diagonal_k(d)?[..], dense.diagonal_k(d)?[..], "diagonal {d}");
    }
    Ok(())
}
#[test]
fn general_factors_by_schur_forms() -> Result<()> {
    for (m, n) in [(1, 1), (3, 4), (5, 2), (1, 6), (17, 9)] {
        general::<f64>(m, n, 1e-10)?;
        general::<Complex<f64>>(m, n, 1e-10)?;
    }
    general::<f32>(3, 4, 1e-3)?;
    general::<Complex<f32>>(4, 3, 1e-3)
}
#[test]
fn definite_factors_by_their_spectra() -> Result<()> {
    fn run<T: Element>(tol: f64) -> Result<()> {
        let (a, b) = (market::psd_matrix::<T>(4), market::psd_matrix::<T>(3));
        let (k, dense) = (KronSum::new(Psd::new(&a), Psd::new(&b)), Psd::new(Dense::new(dense_sum(&a, &b))));
        check_operator(&k).unwrap();
        check_operator(&k.inv()?).unwrap();
        near("inverse", &k.inv()?.to_dense(), &dense.inv()?.to_dense(), tol);
        near("sqrt", &k.sqrt()?.to_dense(), &dense.sqrt()?.to_dense(), tol);
        near("log", &k.log()?.to_dense(), &dense.log()?.to_dense(), tol);
        near("exp", &k.exp()?.to_dense(), &dense.exp()?.to_dense(), tol);
        near("eigh", &k.eigh()?.to_dense(), &dense.0.0, tol);
        assert!((k.logdet()? - dense.logdet()?).abs().lane_f64(0) < tol);
        near("cholesky", &k.cholesky()?.to_dense(), &dense.cholesky()?.to_dense(), tol);
        Ok(())
    }
    run::<f64>(1e-11)?;
    run::<Complex<f64>>(1e-11)?;
    run::<f32>(2e-3)
}
#[test]
fn solves_by_fast_diagonalisation_in_place() -> Result<()> {
    fn run<T: Element>(tol: f64) -> Result<()> {
        let (a, b) = (market::psd_matrix::<T>(4), market::psd_matrix::<T>(3));
        let (k, dense) = (KronSum::new(Psd::new(&a), Psd::new(&b)), Dense::new(dense_sum(&a, &b)));
        let rhs = market::general_matrix::<T>(12, 5);
        near("solve", &k.solve(&rhs)?, &dense.solve(&rhs)?, tol);
        // rows far apart, as in a larger product
        let outer = Kron::new(Psd::new(&k), Psd::new(&b));
        let x = outer.solve(&market::general_matrix::<T>(36, 2))?;
        near("within a product", &outer.apply(&x), &market::general_matrix::<T>(36, 2), 10.0 * tol);
        Ok(())
    }
    run::<f64>(1e-11)?;
    run::<Complex<f64>>(1e-11)?;
    run::<f32>(2e-3)?;
    // -u'' in three dimensions: sines along each mode, an odd and an even number of them, dense eigenvectors along the last
    let line = |n: usize| Tridiagonal::symmetric(vec![2.0; n], vec![-1.0; n - 1]);
    let k = KronSum::new(line(5), KronSum::new(line(6), Psd::new(market::psd_matrix::<f64>(3))));
    check_operator(&k.eigh()?.eigenvectors()).unwrap();
    let want = market::general_matrix::<f64>(90, 3);
    near("three dimensions", &k.solve(&k.apply(&want))?, &want, 1e-12);
    let singular = KronSum::new(Diagonal::new([1.0, 2.0]), Diagonal::new([5.0, -2.0]));
    assert!(matches!(singular.solve(&[1.0; 4]), Err(Error::Singular { index: 3 })));
    Ok(())
}
#[test]
fn singular_and_wrong_sums_are_errors() -> Result<()> {
    // eigenvalues 1 and -1: a sum is zero
    let k = KronSum::new(DMatrix::from_row_slice(1, 1, &[1.0]), DMatrix::from_row_slice(2, 2, &[-1.0, 5.0, 0.0, 2.0]));
    assert!(matches!(k.solve(&[1.0, 1.0]), Err(Error::Singular { .. })));
    assert_eq!(k.slogdet()?, (0.0, f64::NEG_INFINITY));
    let psd = KronSum::new(Diagonal::new([1.0, 2.0]), Diagonal::new([-2.0, 3.0]));
    assert!(matches!(psd.inv().map(|_| ()), Err(Error::Singular { .. })));
    assert_eq!(psd.slogdet()?.0, 0.0);
    let nan = KronSum::new(DMatrix::from_element(2, 2, f64::NAN), DMatrix::identity(2, 2));
    assert!(matches!(nan.solve(&[1.0; 4]), Err(Error::NonFinite { .. })));
    let wide = KronSum::try_new(DMatrix::<f64>::zeros(2, 3), DMatrix::identity(2, 2)).map(|_| ());
    assert!(matches!(wide, Err(Error::ShapeMismatch { .. })));
    let empty = KronSum::new(DMatrix::<f64>::zeros(0, 0), DMatrix::identity(2, 2));
    assert_eq!(empty.slogdet()?, (1.0, 0.0));
    assert!(empty.solve(&Vec::<f64>::new())?.is_empty());
    Ok(())
}
#[test]
fn lanes_agree_with_single_numbers() -> Result<()> {
    let pair = |i: usize| {
        let mut a = market::psd_matrix::<f64>(2);
        a[(0, 0)] += i as f64;
        (Psd::new(a), Psd::new(market::psd_matrix::<f64>(3)))
    };
    let single: [_; 4] = core::array::from_fn(|i| KronSum(pair(i).0, pair(i).1));
    let batch = stack(single.clone())?;
    let rhs = [1.0, 2.0, -1.0, 0.5, 3.0, 1.0];
    let wide: [Lanes<f64, 4>; 6] = rhs.map(Lanes::of);
    let x = batch.solve(&wide)?;
    for (lane, k) in single.iter().enumerate() {
        for (x, y) in x.iter().zip(k.solve(&rhs)?) {
            assert!((x.lane(lane) - y).abs() < 1e-12);
        }
    }
    // factors that nobody said are self-adjoint: the base case
    let general = stack(core::array::from_fn::<_, 4, _>(|i| KronSum(pair(i).0.0, pair(i).1.0)))?;
    let y = general.solve(&wide)?;
    assert!(x.iter().zip(&y).all(|(x, y)| (x.lane(2) - y.lane(2)).abs() < 1e-12));
    Ok(())
}
#[test]
fn shifts_of_a_kronecker_product() -> Result<()> {
    fn run<T: Element>(c: T, tol: f64) -> Result<()> {
        let (a, b) = (market::psd_matrix::<T>(3), market::self_adjoint_matrix::<T>(4));
        let kron = Kron::new(Psd::new(&a), SelfAdjoint::new(&b));
        let k = add(kron, ScaledIdentity::<T, Dyn, _>::new(c, 12));
        let _: &Shifted<_, _> = &k;
        check_operator(&k).unwrap();
        let mut m = kron.to_dense();
        (0..12).for_each(|i| m[(i, i)] += c);
        let dense = Dense::new(m);
        near("entries", &k.to_dense(), &dense.0, tol);
        let rhs = market::general_matrix::<T>(12, 2);
        near("solve", &k.solve(&rhs)?, &dense.solve(&rhs)?, tol);
        check_operator(&k.inv()?).unwrap();
        near("and back", &k.inv()?.inv()?.to_dense(), &dense.0, tol);
        near("exp", &k.exp()?.to_dense(), &dense.exp()?.to_dense(), tol);
        let ((s, l), (ds, dl)) = (k.slogdet()?, dense.slogdet()?);
        assert!((s - ds).abs().lane_f64(0) < tol && (l - dl).abs().lane_f64(0) < tol);
        assert!((k.trace()? - dense.trace()?).abs().lane_f64(0) < tol);
        Ok(())
    }
    run::<f64>(0.5, 1e-11)?;
    run::<f64>(-0.25, 1e-11)?;
    // a complex shift: the resolvent
    run::<Complex<f64>>(Complex::new(0.3, 0.7), 1e-11)?;
    run::<f32>(0.5, 1e-3)?;
    // positive: roots and logarithms, and twice shifted
    let (a, b) = (market::psd_matrix::<f64>(3), market::psd_matrix::<f64>(4));
    let one = ScaledIdentity::<f64, Dyn, NonNegative>::of_size(0.5, 12);
    let k = add(add(Scaled::<_, _, NonNegative>::signed(2.0, Kron::new(Psd::new(&a), Psd::new(&b))), one), one);
    let dense = Psd::new(Dense::new(k.to_dense()));
    near("sqrt", &k.sqrt()?.to_dense(), &dense.sqrt()?.to_dense(), 1e-12);
    near("isqrt", &k.isqrt()?.to_dense(), &dense.isqrt()?.to_dense(), 1e-12);
    near("log", &k.log()?.to_dense(), &dense.log()?.to_dense(), 1e-12);
    near("eigh", &k.eigh()?.to_dense(), &dense.0.0, 1e-12);
    near("root of the inverse", &k.inv()?.sqrt()?.to_dense(), &dense.isqrt()?.to_dense(), 1e-12);
    // promised as a whole: no eigen-decomposition of the factors, the base cases serve
    let promised = Psd::new(add(Kron::new(&a, &b), one));
    near("sqrt", &promised.sqrt()?.apply(&promised.sqrt()?.to_dense()), &promised.to_dense(), 1e-11);
    let rhs = market::general_matrix::<f64>(12, 1);
    near("solve", &promised.apply(&promised.solve(&rhs)?), &rhs, 1e-11);
    // singular: an eigenvalue is -c
    let singular = add(
        Kron::new(Diagonal::new([1.0, 2.0]), Diagonal::new([3.0, 4.0])),
        ScaledIdentity::<f64, Dyn, _>::new(-8.0, 4),
    );
    assert!(matches!(singular.solve(&[1.0; 4]), Err(Error::Singular { .. })));
    assert_eq!(singular.slogdet()?, (0.0, f64::NEG_INFINITY));
    Ok(())
}
/// Large: nothing is ever n x n.
#[test]
fn ten_thousand_unknowns() -> Result<()> {
    let (a, b) = (market::psd_matrix::<f64>(100), market::psd_matrix::<f64>(90));
    let k = add(Kron::new(Psd::new(&a), Psd::new(&b)), ScaledIdentity::<f64, Dyn, NonNegative>::of_size(0.5, 9000));
    let b9: Vec<f64> = (0..9000).map(|i| (i as f64 * 0.37).sin()).collect();
    let x = k.solve(&b9)?;
    let residual = k.apply(&x).iter().zip(&b9).fold(0.0, |m: f64, (x, b)| m.max((x - b).abs()));
    assert!(residual < 1e-8, "{residual:.1e}");
    let root = k.sqrt()?;
    let back = root.apply(&root.apply(&b9));
    assert!(back.iter().zip(k.apply(&b9)).all(|(x, y)| (x - y).abs() < 1e-8 * (1.0 + y.abs())));
    let sum = KronSum::new(Psd::new(&a), Psd::new(&b));
    let x = sum.solve(&b9)?;
    assert!(sum.apply(&x).iter().zip(&b9).all(|(x, b)| (x - b).abs() < 1e-9));
    assert!((sum.logdet()?.is_finite()) && k.logdet()?.is_finite());
    Ok(())
}
/// Against central differences of the same loss.
fn gradient_is<K>(k: &K, loss: impl Fn(&K) -> Result<f64>, g: &[f64], tol: f64) -> Result<()>
where
    K: ParametersExt<Number = f64, Owned = K>,
{
    let x = k.flatten();
    assert_eq!(x.len(), g.len());
    for i in 0..x.len() {
        let at = |d: f64| {
            let mut y = x.clone();
            y[i] += d;
            loss(&k.unflatten(&y)?)
        };
        let h = 1e-5;
        let want = (at(h)? - at(-h)?) / (2.0 * h);
        assert!((g[i] - want).abs() <= tol * (1.0 + want.abs()), "entry {i}: {} and {want}", g[i]);
    }
    Ok(())
}
#[test]
fn gradients() -> Result<()> {
    let (a, b) = (market::psd_matrix::<f64>(2), market::psd_matrix::<f64>(3));
    let y = [1.0, -0.5, 0.25, 2.0, 1.0, 0.1];
    // the promise keeps only the symmetric part, so the loss must be of the symmetric part too
    let sym = |m: &DMatrix<f64>| Psd::new((m + m.transpose()) * 0.5);
    let k = KronSum(Psd::new(Dense(a.clone())), Diagonal(vec![1.0, 2.0, 3.0]));
    let (_, g) = value_and_grad(&k, |k| Ok(k.inv_quad(&y)? + k.logdet()?))?;
    gradient_is(
        &k,
        |k| {
            let k = KronSum(sym(&k.0.0.0), &k.1);
            Ok(k.inv_quad(&y)? + k.logdet()?)
        },
        &g.flatten(),
        1e-6,
    )?;
    let general = KronSum(Dense(a.clone()), Dense(market::general_matrix::<f64>(3, 3) + DMatrix::identity(3, 3) * 3.0));
    let (_, g) = value_and_grad(&general, |k| Ok(k.solve(&y)?.dot(&y) + k.slogdet()?.1))?;
    gradient_is(
        &general,
        |k| Ok(k.solve(&y)?.iter().zip(&y).map(|(x, y)| x * y).sum::<f64>() + k.slogdet()?.1),
        &g.flatten(),
        1e-6,
    )?;
    let e = ScaledIdentity::<f64, Dyn, NonNegative>::of_size(0.5, 6);
    let k = add(Scaled::<_, _, NonNegative>::signed(1.5, Kron(Psd::new(Dense(a)), Psd::new(Dense(b)))), e);
    let (_, g) = value_and_grad(&k, |k| Ok(k.inv_quad(&y)? + k.logdet()?))?;
    gradient_is(
        &k,
        |k| {
            let inner = Kron(sym(&k.0.a.0.0.0), sym(&k.0.a.1.0.0));
            let k = add(Scaled::<_, _, NonNegative>::signed(k.0.c, inner), k.1);
            Ok(k.inv_quad(&y)? + k.logdet()?)
        },
        &g.flatten(),
        1e-6,
    )?;
    // roots and eigenvalues of a shifted operator
    let (_, g) = value_and_grad(&k, |k| Ok(k.sqrt()?.apply(&y)?.norm_squared() + k.eigenvalues()?.sum()))?;
    gradient_is(
        &k,
        |k| {
            let inner = Kron(sym(&k.0.a.0.0.0), sym(&k.0.a.1.0.0));
            let k = add(Scaled::<_, _, NonNegative>::signed(k.0.c, inner), k.1);
            Ok(k.sqrt()?.apply(&y).iter().map(|x| x * x).sum::<f64>() + k.trace()?)
        },
        &g.flatten(),
        1e-5,
    )
}
#[test]
fn plans() {
    let (a, b) = (market::psd_matrix::<f64>(4), market::psd_matrix::<f64>(3));
    let k = KronSum::new(Psd::new(&a), Psd::new(&b));
    let text = k.explain().to_string();
    assert!(text.contains("fast diagonalisation [Hermitian eigh of the dense matrix; Hermitian eigh"), "{text}");
    let text = KronSum::new(&a, &b).explain().to_string();
    assert!(text.contains("Bartels-Stewart"), "{text}");
    let k = add(Kron::new(Psd::new(&a), Psd::new(&b)), ScaledIdentity::<f64, Dyn, NonNegative>::of_size(0.5, 12));
    let text = k.explain().to_string();
    assert!(text.starts_with("Shifted 12 x 12 PSD\n") && text.contains("shifted spectrum [factor by factor"), "{text}");
}

/// Any rows of the product are those of the whole, along lines of the grid in one pass too: mirrored bands, lines of one and two points,
/// complex numbers.
#[test]
fn rows_of_a_grid_are_those_of_the_dense_sum() -> Result<()> {
    use crate::operator::Update;
    use crate::view::{View, ViewMut};
    let z = |i: usize| Complex::new((i as f64 * 0.7).sin(), (i as f64 * 1.3).cos());
    let band = |n: usize, k: usize| (0..n).map(|i| z(5 * i + k)).collect::<Vec<_>>();
    for (na, nb) in [(4, 5), (1, 7), (7, 1), (2, 2), (3, 40), (70, 61)] {
        let general = |n: usize, k: usize| Tridiagonal::new(band(n - 1, k), band(n, k + 1), band(n - 1, k + 2));
        let real = |n: usize| (0..n).map(|i| Complex::from(i as f64 - 1.5)).collect::<Vec<_>>();
        let hermitian = |n: usize, k: usize| Tridiagonal::symmetric(real(n), band(n - 1, k));
        fn check<A: LinearOperator<Scalar = Complex<f64>>>(a: &A, x: &[Complex<f64>]) {
            let (n, rows) = (a.nrows(), a.by_rows().expect("tridiagonal factors give rows"));
            let dense = a.to_dense();
            let want = &dense * nalgebra::DVector::from_column_slice(x);
            let alpha = Complex::new(0.5, -1.0);
            for (first, last) in [(0, n), (0, n / 2), (n / 3, n), (n / 3, n - n / 4), (n - 1, n)] {
                let mut y = x[first..last].to_vec();
                rows.rows(Update { alpha, add: true, adjoint: false }, first, View::vector(x), ViewMut::vector(&mut y));
                for i in first..last {
                    let want = x[i] + alpha * want[i];
                    assert!(
                        (y[i - first] - want).norm() < 1e-12 * (1.0 + want.norm()),
                        "{n}: row {i} of {first}..{last}"
                    );
                }
            }
            let mut y = vec![Complex::new(f64::NAN, 0.0); n];
            a.act(Update::replace(), View::vector(x), ViewMut::vector(&mut y), &mut vec![alpha; a.scratch_len(1)]);
            assert!(y.iter().zip(&want).all(|(y, w)| (y - w).norm() < 1e-12 * (1.0 + w.norm())));
        }
        let x: Vec<_> = (0..na * nb).map(|i| z(i + 3)).collect();
        check(&KronSum::new(general(na, 1), general(nb, 9)), &x);
        check(&KronSum::new(hermitian(na, 2), hermitian(nb, 4)), &x);
    }
    Ok(())
}
/// Back from the Schur forms, and forth again; the determinants too.
#[test]
fn the_inverse_of_the_inverse() -> Result<()> {
    fn all<T: Element + crate::algorithms::dense::Engine>(tol: f64) -> Result<()> {
        let shift = |mut a: DMatrix<T>| {
            (0..a.nrows()).for_each(|i| a[(i, i)] += T::of(2.0 + i as f64));
            a
        };
        let (a, b) = (shift(market::general_matrix::<T>(3, 3)), shift(market::general_matrix::<T>(4, 4)));
        let sum = KronSum::new(&a, &b);
        let shifted = add(Kron::new(&a, &b), ScaledIdentity::<T, Dyn, NonNegative>::of_size(T::of(0.7), 12));
        let (back, also) = (sum.inv()?.inv()?, shifted.inv()?.inv()?);
        check_operator(&back).unwrap();
        check_operator(&also).unwrap();
        near("A + B", &back.to_dense(), &sum.to_dense(), tol);
        near("A x B + c I", &also.to_dense(), &shifted.to_dense(), tol);
        near("and the inverse", &back.inv()?.to_dense(), &sum.inv()?.to_dense(), tol);
        let ((s, l), (t, k)) = (back.slogdet()?, sum.slogdet()?);
        let one = |x: T| DMatrix::from_element(1, 1, x);
        near("sign", &one(s), &one(t), tol);
        near("log", &one(T::from_re(l)), &one(T::from_re(k)), tol);
        let ((s, l), (t, k)) = (sum.inv()?.slogdet()?, sum.slogdet()?);
        near("sign of the inverse", &one(s * t), &one(T::one()), tol);
        near("log of the inverse", &one(T::from_re(-l)), &one(T::from_re(k)), tol);
        Ok(())
    }
    all::<f64>(1e-12)?;
    all::<Complex<f64>>(1e-12)?;
    all::<f32>(1e-4)
}
/// A + c I of what is normal and not self-adjoint: complex diagonals, their Kronecker products and blocks, complex multiples.
#[test]
fn shifts_of_normal_operators() -> Result<()> {
    type C = Complex<f64>;
    let d = |n: usize| Diagonal::new((0..n).map(|i| C::new(1.0 + i as f64, 2.0 - 0.7 * i as f64)).collect::<Vec<_>>());
    let (psd, c) = (market::psd_matrix::<C>(3), C::new(0.5, -0.25));
    fn all<A>(name: &str, k: A) -> Result<()>
    where
        A: LinearOperator<Scalar = C> + crate::Square + crate::Solvable + crate::functions::HasDet,
        A: crate::functions::HasExp<Output: LinearOperator<Scalar = C>> + crate::Explain,
    {
        check_operator(&k).unwrap_or_else(|e| panic!("{name}: {e}"));
        for q in [crate::plan::Question::Solve, crate::plan::Question::Slogdet, crate::plan::Question::Exp] {
            assert_eq!(crate::plan::part(&k, q).rule, "shifted spectrum", "{name} {q:?}");
        }
        let dense = k.to_dense();
        let b = DMatrix::from_fn(k.nrows(), 2, |i, j| C::new(i as f64, 1.0 + j as f64));
        near(name, &(&dense * k.solve(&b)?), &b, 1e-12);
        let (sign, log) = k.slogdet()?;
        let det = dense.clone().lu().determinant();
        assert!((sign * log.exp() - det).norm() < 1e-11 * det.norm(), "{name}: {sign} {log} of {det}");
        near(name, &k.exp()?.to_dense(), &Dense::new(dense).exp()?.to_dense(), 1e-10);
        Ok(())
    }
    let eye = |n: usize| ScaledIdentity::<C, Dyn, crate::AnyPhase>::of_size(c, n);
    all("kron of diagonals", add(Kron::new(d(2), d(3)), eye(6)))?;
    all("complex multiple", add(Scaled::<_, _, crate::AnyPhase>::signed(c, Kron::new(Psd::new(&psd), d(2))), eye(6)))?;
    all("diagonal", Shifted::try_new(d(4), eye(4))?)?;
    all("blocks", Shifted::try_new(BlockDiag::new(d(2), Psd::new(&psd)), eye(5))?)?;
    // above the size at which a matrix is made dense
    let (large, x) = (Shifted::try_new(d(5000), eye(5000))?, vec![C::new(1.0, 1.0); 5000]);
    let y = large.solve(&large.apply(&x))?;
    assert!(y.iter().zip(&x).all(|(y, x)| (y - x).norm() < 1e-14));
    assert!(matches!(
        Shifted::try_new(d(4), ScaledIdentity::<C, Dyn, crate::AnyPhase>::of_size(-C::new(1.0, 2.0), 4))?.inv(),
        Err(Error::Singular { index: 0 })
    ));
    Ok(())
}
