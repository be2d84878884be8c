//! Batches: lanes, tails, failed lanes, lazy inverses.
use cola::prelude::*;
use nalgebra::{DVector, SMatrix, SVector, matrix, vector};

/// x = (A A^H + D)^-1 v and its logdet: one text for one element and for lanes.
#[vmap]
fn perform<T: Scalar>(
    a: SMatrix<T, 3, 3>,
    d: SVector<T, 3>,
    v: SVector<T, 3>,
) -> cola::Result<(SVector<T, 3>, [T::Re; 1])> {
    let k = linop!(psd(a * a.H + diag(&d)));
    Ok((k.solve(&v)?, [k.logdet()?.re()]))
}
/// A plain number is an argument and a result like any other; what does not name T is shared.
#[vmap]
fn shifted<T: Scalar>(a: SMatrix<T, 3, 3>, shift: T, v: SVector<T, 3>, power: f64) -> cola::Result<T> {
    let k = linop!(psd(a * a.H) + shift * I);
    Ok(self_adjoint_checked(k)?.inv_quad(&v)? * T::of(power))
}
#[test]
fn plain_numbers_are_batched() {
    let n = 21;
    let (a, v): (Vec<_>, Vec<_>) = (0..n).map(|i| (element(i).0, element(i).2)).unzip();
    let shifts: Vec<f64> = (0..n).map(|i| 0.5 + i as f64).collect();
    let all = shifted::batch_slice(&a, &shifts, &v, 2.0).unwrap();
    for i in 0..n {
        let k = a[i] * a[i].transpose() + SMatrix::identity() * shifts[i];
        let want = 2.0 * v[i].dot(&k.cholesky().unwrap().solve(&v[i]));
        assert!((all[i] - want).abs() < 1e-12 * want.abs());
        assert!((shifted(a[i], shifts[i], v[i], 2.0).unwrap() - want).abs() < 1e-12 * want.abs());
    }
    assert_eq!(shifted::batch::<2>([a[0], a[1]], [shifts[0], shifts[1]], [v[0], v[1]], 2.0).unwrap(), all[..2]);
}
fn element(i: usize) -> (SMatrix<f64, 3, 3>, SVector<f64, 3>, SVector<f64, 3>) {
    let a = SMatrix::from_fn(|r, c| ((i * 7 + r * 3 + c) as f64 * 0.61).sin());
    (a, vector![1.0, 0.5, 2.0], vector![1.0, -1.0, i as f64])
}
#[test]
fn every_length_equals_one_by_one() {
    for n in [1, 3, 7, 8, 9, 100, 5000] {
        let all: Vec<_> = (0..n).map(element).collect();
        let (a, d, v): (Vec<_>, Vec<_>, Vec<_>) =
            (all.iter().map(|e| e.0).collect(), all.iter().map(|e| e.1).collect(), all.iter().map(|e| e.2).collect());
        let ys = perform::batch_slice(&a, &d, &v).unwrap();
        assert_eq!(ys.len(), n);
        for i in 0..n {
            let (x, [l]) = perform(a[i], d[i], v[i]).unwrap();
            assert!((ys[i].0 - x).norm() <= 1e-13 * x.norm() && (ys[i].1[0] - l).abs() < 1e-13, "{i} of {n}");
        }
    }
    assert!(perform::batch_slice(&[], &[], &[]).unwrap().is_empty());
    let three: [_; 3] = std::array::from_fn(element);
    let ys = perform::batch::<3>(three.map(|e| e.0), three.map(|e| e.1), three.map(|e| e.2)).unwrap();
    assert!((ys[2].0 - perform(three[2].0, three[2].1, three[2].2).unwrap().0).norm() < 1e-14);
}
#[test]
fn a_bad_element_is_named_alone_and_disturbs_nobody() {
    let all: Vec<_> = (0..20).map(element).collect();
    let (a, mut d, v): (Vec<_>, Vec<_>, Vec<_>) =
        (all.iter().map(|e| e.0).collect(), all.iter().map(|e| e.1).collect(), all.iter().map(|e| e.2).collect());
    let good = perform::batch_slice(&a, &d, &v).unwrap();
    d[5] = vector![-100.0, 1.0, 1.0];
    d[17][2] = f64::NAN;
    let each = perform::batch_each(&a, &d, &v).unwrap();
    for (i, (y, want)) in each.iter().zip(&good).enumerate() {
        match (i, y) {
            (5, Err(Error::NotPositiveDefinite { index: 0, pivot })) => assert!(*pivot < -90.0),
            (17, Err(Error::NonFinite { .. })) => {}
            (_, Ok(y)) => assert_eq!(y, want),
            (_, other) => panic!("{i}: {other:?}"),
        }
    }
    let Err(Error::Lanes { failed }) = perform::batch_slice(&a, &d, &v) else { panic!("two elements are bad") };
    assert_eq!(failed.iter().map(|f| f.0).collect::<Vec<_>>(), [5, 17]);
    // outside of a batch the operator over lanes names its lanes itself
    let k: Psd<Diagonal<[Lanes<f64, 4>; 1]>> = stack([1.0, 2.0, 0.0, 4.0].map(|d| Psd(Diagonal([d])))).unwrap();
    let Err(Error::Lanes { failed }) = k.inv() else { panic!("lane 2 is singular") };
    assert_eq!(failed, [(2, Error::Singular { index: 0 })]);
}
#[test]
fn shapes_that_differ_are_an_error() {
    let (a, b) = (linop!(diag(vec![1.0, 2.0])), linop!(diag(vec![1.0, 2.0, 3.0])));
    assert!(matches!(stack([a, b]), Err(Error::ShapeMismatch { left: (2, 1), right: (3, 1), .. })));
    assert!(matches!(
        perform::batch_slice(&[SMatrix::identity()], &[], &[]),
        Err(Error::ShapeMismatch { left: (1, 1), right: (0, 1), .. })
    ));
}
#[test]
fn complex_lanes() {
    type C = Complex<f64>;
    let make = |l: usize| {
        let z = C::new(0.3, 0.4 + l as f64);
        linop!(psd({ matrix![C::new(4.0 + 3.0 * l as f64, 0.0), z; z.conj(), C::new(9.0 + 4.0 * l as f64, 0.0)] }))
    };
    let batch = stack::<_, 2>([make(0), make(1)]).unwrap();
    let b = [C::new(1.0, -1.0), C::new(0.5, 2.0)];
    let root = batch.sqrt().unwrap();
    let ys: [[C; 2]; 2] = unstack(root.apply(&stack([b, b]).unwrap()));
    for l in 0..2 {
        let want = make(l).sqrt().unwrap().apply(&b);
        assert!((0..2).all(|i| (ys[l][i] - want[i]).norm() < 1e-13), "{l}");
    }
}
/// A large matrix-free inverse is lazy: what does not converge is NaN in `apply`, and an error in `try_apply` and `solve`.
#[test]
fn a_lazy_inverse_is_honest() {
    let n = 3000;
    let easy = Function::psd(n, |x: &[f64], y: &mut [f64]| {
        y.iter_mut().zip(x).enumerate().for_each(|(i, (y, x))| *y = (1.0 + (i % 7) as f64) * x);
    });
    let b = DVector::from_fn(n, |i, _| (i as f64).cos());
    let inverse = easy.inv().unwrap();
    assert!((easy.apply(&inverse.apply(&b)) - &b).norm() < 1e-8 * b.norm());
    assert!((inverse.inv().unwrap().apply(&b) - easy.apply(&b)).norm() == 0.0);
    let k = linop!(kron({ &easy }, diag([2.0, 4.0])));
    let rhs = DVector::from_fn(2 * n, |i, _| (i as f64).sin());
    assert!((k.apply(&k.solve(&rhs).unwrap()) - &rhs).norm() < 1e-8 * rhs.norm());
    // promised PSD, and indefinite
    let wrong = Function::psd(n, |x: &[f64], y: &mut [f64]| {
        y.iter_mut().zip(x).enumerate().for_each(|(i, (y, x))| *y = if i % 2 == 0 { *x } else { -x });
    });
    let inverse = wrong.inv().unwrap();
    assert!(inverse.apply(&b).iter().all(|x| x.is_nan()));
    assert!(inverse.try_apply(&b).is_err() && wrong.solve(&b).is_err());
    let k = linop!(kron({ &wrong }, diag([2.0])));
    assert!(k.solve(&b).is_err() && k.inv().unwrap().try_apply(&b).is_err());
    assert!(matches!(wrong.sqrt(), Err(Error::InvalidArgument { .. })));
}

/// A user's debug build (opt-level 0, as these tests are) of the largest operators that are written out, 8 x 8 in 8 lanes: nothing needs
/// more than the 2 MiB of a thread.
#[test]
fn debug_builds_run_on_two_mebibytes() {
    type Eight = SMatrix<f64, 8, 8>;
    let work = || -> cola::Result<()> {
        let spd = |l: usize| {
            let x = Eight::from_fn(|i, j| ((3 * i + 5 * j + 7 * l) % 11) as f64 / 11.0 - 0.4);
            x * x.transpose() + Eight::identity()
        };
        let ks = stack(core::array::from_fn::<_, 8, _>(|l| linop!(psd({ spd(l) }))))?;
        let general = stack(core::array::from_fn::<_, 8, _>(|l| linop!({ spd(l) })))?;
        let vs = stack(core::array::from_fn::<_, 8, _>(|l| SVector::<f64, 8>::from_fn(|i, _| (i + l) as f64)))?;
        let mut sum = ks.logdet()? + ks.trace()? + ks.inv_quad(&vs)? + general.slogdet()?.1;
        for y in [
            ks.solve(&vs)?,
            ks.inv()?.apply(&vs),
            ks.sqrt()?.apply(&vs),
            ks.pow(0.3)?.apply(&vs),
            ks.exp()?.apply(&vs),
            ks.log()?.apply(&vs),
            general.solve(&vs)?,
            general.inv()?.apply(&vs),
            general.exp()?.apply(&vs),
            linop!(&ks + 0.5 * I).solve(&vs)?,
            linop!(&ks * &general).solve(&vs)?,
        ] {
            sum += y[0];
        }
        let corner =
            |n: usize| stack(core::array::from_fn::<_, 8, _>(|l| spd(l).fixed_view::<2, 2>(n, n).into_owned()));
        let wide = stack(core::array::from_fn::<_, 8, _>(|l| spd(l).fixed_view::<4, 4>(2, 2).into_owned()))?;
        let sylvester = linop!(kron_sum(psd({ corner(0)? }), psd(wide)));
        let ws = stack(core::array::from_fn::<_, 8, _>(|_| SVector::<f64, 64>::from_element(1.0)))?;
        let both = linop!(kron(&ks, &ks));
        sum += both.solve(&ws)?[0] + both.sqrt()?.apply(&ws)[0] + sylvester.solve(&vs)?[0];
        assert!((0..8).all(|lane| unstack::<_, 8>(sum)[lane].is_finite()));
        Ok(())
    };
    on_two_mebibytes(work);
}
/// On the stack that a thread of a user's has by default: 2 MiB.
fn on_two_mebibytes(work: impl FnOnce() -> cola::Result<()> + Send + 'static) {
    std::thread::Builder::new().stack_size(2 << 20).spawn(work).unwrap().join().unwrap().unwrap();
}
/// Every lane of a agrees with b.
fn close<T: nalgebra::ComplexField<RealField = f64>, const N: usize>(
    what: &str,
    a: [SVector<T, N>; 8],
    b: [SVector<T, N>; 8],
) {
    for (lane, (a, b)) in a.into_iter().zip(b).enumerate() {
        let (error, size) = ((a - &b).norm(), b.norm());
        assert!(error <= 1e-12 * size, "{what}, lane {lane}: {error:e} of {size:e}");
    }
}
/// Factors, functions of the spectrum, slices and blocks of 8 x 8 numbers in 8 lanes, each against the operator itself.
macro_rules! factors_and_blocks {
    ($T:ty, $number:expr) => {
        || -> cola::Result<()> {
            let number: fn(f64, f64) -> $T = $number;
            let make = |l: usize| {
                let x = SMatrix::<$T, 8, 8>::from_fn(|i, j| {
                    number(((3 * i + 5 * j + 7 * l) % 11) as f64 / 11.0 - 0.4, 0.1 * (i as f64 - j as f64))
                });
                linop!(psd({ x * x.adjoint() + SMatrix::<$T, 8, 8>::identity() }))
            };
            let vector = |l: usize| SVector::<$T, 8>::from_fn(|i, _| number((i + l) as f64, 1.0));
            let (ks, vs) = (stack(core::array::from_fn::<_, 8, _>(make))?, stack(core::array::from_fn::<_, 8, _>(vector))?);
            let want = unstack(ks.apply(&vs));
            let l = ks.cholesky()?;
            close("L L^H", unstack(linop!(&l * (&l).H).apply(&vs)), want);
            close("V w V^H", unstack(ks.eigh()?.apply(&vs)), want);
            let twice = unstack(ks.apply(&ks.apply(&vs)));
            close("w^2", unstack(ks.map_spectrum(|w| w * w)?.apply(&vs)), twice);
            let (root, inverse) = (ks.sqrt()?, ks.isqrt()?);
            close("root", unstack(root.apply(&root.apply(&vs))), want);
            close("root of the inverse", unstack(inverse.apply(&root.apply(&vs))), unstack(vs));
            close("solve", unstack(ks.solve(&ks.apply(&vs))?), unstack(vs));
            let corner = linop!((&ks)[1..7, 2..8]);
            let all = unstack::<_, 8>(ks.to_dense());
            for (lane, corner) in unstack::<_, 8>(corner.to_dense()).iter().enumerate() {
                assert!((0..6).all(|i| (0..6).all(|j| corner[(i, j)] == all[lane][(i + 1, j + 2)])), "lane {lane}");
            }
            let most = stack(unstack::<_, 8>(vs).map(|v| v.fixed_rows::<6>(1).into_owned()))?;
            let want = core::array::from_fn(|l| {
                make(l).to_dense().fixed_view::<6, 6>(1, 2) * vector(l).fixed_rows::<6>(1)
            });
            close("slice", unstack(corner.apply(&most)), want);
            let ds = stack([SVector::<$T, 2>::from_element(number(2.0, 0.0)); 8])?;
            let blocks = linop!(block_diag(repeat::<2>(&ks), psd(diag(&ds))));
            let us = core::array::from_fn::<_, 8, _>(|l| SVector::<$T, 18>::from_fn(|i, _| number((i * l) as f64, 1.0)));
            let packed = stack(us)?;
            close("blocks", unstack(blocks.solve(&blocks.apply(&packed))?), us);
            let root = blocks.sqrt()?;
            close("root of blocks", unstack(root.apply(&root.apply(&packed))), unstack(blocks.apply(&packed)));
            let logs = (unstack::<_, 8>(blocks.logdet()?), unstack::<_, 8>(ks.logdet()?));
            for (lane, (all, one)) in logs.0.iter().zip(logs.1).enumerate() {
                assert!((*all - (one + one) - number(4f64.ln(), 0.0)).abs() < 1e-12, "lane {lane}: {all} of {one}");
            }
            Ok(())
        }
    };
}
#[test]
fn debug_factors_and_blocks_run_on_two_mebibytes() {
    on_two_mebibytes(factors_and_blocks!(f64, |re, _| re));
}
#[test]
fn debug_complex_lanes_run_on_two_mebibytes() {
    on_two_mebibytes(factors_and_blocks!(Complex<f64>, Complex::new));
}
/// Much of what operators of 8 x 8 can in one function, as the driver of batches runs it.
#[vmap]
fn everything<T: Scalar>(x: SMatrix<T, 8, 8>, v: SVector<T, 8>) -> cola::Result<(SVector<T, 8>, SMatrix<T, 5, 5>, T)> {
    let k = linop!(x * x.H + I);
    let y = k.to_dense();
    let w = linop!(psd({ SMatrix::<T, 8, 8>::from_fn(|i, j| y[(i, j)]) }));
    let corner = linop!((&w)[0..5, 0..5]).to_dense();
    let blocks = linop!(block_diag(repeat::<2>(&w), diag(&v)));
    let p = try_linop!(diag({ w.diagonal()? }) ^ (-1 / 2))?;
    let y = p.apply(&try_linop!(inv(&p * &w * &p))?.apply(&p.apply(&v)));
    let root = w.sqrt()?;
    let y = y + root.apply(&root.apply(&k.solve(&v)?)) + k.sqrt()?.apply(&w.isqrt()?.apply(&v));
    let (l, e) = (w.cholesky()?, w.eigh()?);
    let y = y + linop!(&l * (&l).H).inv()?.apply(&e.apply(&v)) + w.pow(0.3)?.apply(&w.pow(-0.3)?.apply(&v));
    Ok((y, SMatrix::from_fn(|i, j| corner[(i, j)]), w.logdet()? - k.logdet()? + blocks.trace()?))
}
#[test]
fn a_debug_batch_runs_on_two_mebibytes() {
    on_two_mebibytes(|| {
        let make = |l: usize| SMatrix::<f64, 8, 8>::from_fn(|i, j| ((3 * i + 5 * j + 7 * l) % 11) as f64 / 11.0 - 0.4);
        let (xs, vs): (Vec<_>, Vec<_>) =
            (0..11).map(|l| (make(l), SVector::<f64, 8>::from_fn(|i, _| (i + l) as f64))).unzip();
        let each = everything::batch_slice(&xs, &vs)?;
        assert!(each.len() == 11);
        for ((x, v), (y, corner, trace)) in xs.iter().zip(&vs).zip(each) {
            let w = x * x.transpose() + SMatrix::<f64, 8, 8>::identity();
            // W^-1 v, and v four times
            let want = w.cholesky().unwrap().solve(v) + v * 4.0;
            assert!((y - want).norm() < 1e-12 * want.norm() && corner == w.fixed_view::<5, 5>(0, 0).into_owned());
            assert!((trace - 2.0 * w.trace() - v.sum()).abs() < 1e-11);
        }
        Ok(())
    });
}
