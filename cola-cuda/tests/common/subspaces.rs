//! Eigenvalues, traces and log-determinants with all vectors on the device, against closed forms and the host.

use super::device::{close, laplacian};
use super::market::Rng;
use cola_core::algorithms::columns::Columns;
use cola_core::vector::Vector;
use cola_core::*;
use cola_cuda::{Cuda, DeviceBlock, DeviceNumber, ToDeviceExt};
use nalgebra::{DMatrix, DVector};

/// n x n numbers, each with a part for each that the type has.
fn matrix<T: Scalar + nalgebra::Scalar>(n: usize, r: &mut Rng) -> DMatrix<T> {
    DMatrix::from_fn(n, n, |_, _| super::device::number(r))
}
fn self_adjoint<T: Scalar + nalgebra::Scalar>(n: usize, r: &mut Rng) -> DMatrix<T> {
    let a = matrix::<T>(n, r);
    DMatrix::from_fn(n, n, |i, j| a[(i, j)] + a[(j, i)].conj())
}
/// The closed form of the second difference's eigenvalue k = 1, .., n.
fn eigenvalue(n: usize, k: usize) -> f64 {
    2.0 - 2.0 * (k as f64 * std::f64::consts::PI / (n + 1) as f64).cos()
}
/// Lanczos and Krylov-Schur of one type of numbers, values and vectors.
macro_rules! spectra {
    ($gpu:ident, $r:ident, $T:ty, $W:ty, $tol:expr) => {{
        let n = 50;
        let a = SelfAdjoint::new(Dense::new(self_adjoint::<$T>(n, &mut $r)));
        let (on, whole) = (a.to_device($gpu)?, a.eigh()?);
        let mut all: Vec<_> = whole.eigenvalues().to_vec();
        all.sort_by(|a, b| b.total_cmp(a));
        for (block, which) in [(1, Which::LargestAlgebraic), (3, Which::BothEnds)] {
            let e = on.eigs_with(Lanczos::default().block(block), 4, which)?;
            let want = [all[0], if which == Which::BothEnds { all[n - 1] } else { all[1] }];
            close(&e.eigenvalues().as_slice()[..2], &want, $tol);
            for (k, &s) in e.eigenvalues().iter().enumerate() {
                let v = e.eigenvectors().column(k).into_owned();
                let av: DVector<$T> = a.apply_as(&v);
                close(av.as_slice(), (v * <$T>::from_re(s)).as_slice(), $tol);
            }
        }
        let a = Dense::new(matrix::<$T>(n, &mut $r));
        let on = a.to_device($gpu)?;
        // of a pair of which only one is wanted it may be either
        let upper = |e: &Eigs<$W, $W>| e.eigenvalues().map(|z| <$W>::new(z.re, z.im.abs()));
        for which in [Which::LargestMagnitude, Which::SmallestReal] {
            let (e, want) =
                (on.eigs_with(KrylovSchur::default(), 4, which)?, a.eigs_with(KrylovSchur::default(), 4, which)?);
            close(upper(&e).as_slice(), upper(&want).as_slice(), $tol);
            let wide = Dense::new(a.0.map(|x| x.widen()));
            for (k, &s) in e.eigenvalues().iter().enumerate() {
                let v = e.eigenvectors().column(k).into_owned();
                let av: DVector<$W> = wide.apply_as(&v);
                close(av.as_slice(), (v * s).as_slice(), $tol);
            }
        }
        let (e, want) = (
            on.eigs_with(Arnoldi::default(), 2, Which::LargestReal)?,
            a.eigs_with(Arnoldi::default(), 2, Which::LargestReal)?,
        );
        close(upper(&e).as_slice(), upper(&want).as_slice(), $tol);
    }};
}
pub fn subspaces(gpu: &Cuda) -> Result<()> {
    let (mut r, n) = (Rng(31), 120);
    let host = Psd::new(laplacian(n));
    let a = host.to_device(gpu)?;
    // closed forms: an end of the spectrum, a second copy of which there is none, and next to 0 by an inverse on the device
    let e = a.eigs_with(Lanczos::default(), 3, Which::LargestAlgebraic)?;
    (0..3).for_each(|k| close(&[e.eigenvalues()[k]], &[eigenvalue(n, n - k)], 1e6));
    assert!(e.residuals.iter().all(|r| *r < 1e-8) && e.report.iterations > 1, "{:?}", e.report);
    let inverse = a.to_dense()?.inv()?;
    let e = a.eigs_with(Lanczos::default().inverse(&inverse), 2, Which::SmallestMagnitude)?;
    (0..2).for_each(|k| close(&[e.eigenvalues()[k]], &[eigenvalue(n, 1 + k)], 1e6));
    let e = a.eigs_with(KrylovSchur::default().inverse(inverse.clone()), 1, Which::NearestTo(0.0))?;
    close(&[e.eigenvalues()[0].re], &[eigenvalue(n, 1)], 1e7);
    // all numbers, real and complex
    spectra!(gpu, r, f64, Complex<f64>, 1e8);
    spectra!(gpu, r, f32, Complex<f32>, 1e4);
    spectra!(gpu, r, Complex<f64>, Complex<f64>, 1e8);
    spectra!(gpu, r, Complex<f32>, Complex<f32>, 1e4);
    // small ones are made dense, as on the host
    let small = Psd::new(laplacian(5)).to_device(gpu)?;
    close(
        small.eigs_with(Lanczos::default(), 5, Which::SmallestAlgebraic)?.eigenvalues().as_slice(),
        &[1, 2, 3, 4, 5].map(|k| eigenvalue(5, k)),
        1e4,
    );
    assert_eq!(small.eigs_with(Lanczos::default(), 0, Which::LargestAlgebraic)?.eigenvalues().len(), 0);
    // stopped, and gone on from where it was
    let stopped =
        a.eigs_with(Lanczos::default().on_iteration(|i| i.iteration < 3), 2, Which::LargestAlgebraic).unwrap_err();
    let start = stopped.iterate::<f64>().expect("the vectors so far");
    let e = a.eigs_from(Lanczos::default(), 2, Which::LargestAlgebraic, start)?;
    close(&[e.eigenvalues()[0]], &[eigenvalue(n, n)], 1e6);
    estimates(gpu)?;
    refusals(gpu)
}
/// Traces and log-determinants: the host's estimates with the same seed.
fn estimates(gpu: &Cuda) -> Result<()> {
    macro_rules! same {
        ($T:ty, $have:expr, $want:expr, $tol:expr) => {{
            let (have, want) = ($have, $want);
            assert_eq!(have.probes, want.probes);
            close(&[have.value], &[want.value], $tol);
            close(&[<$T>::of(have.std_error)], &[<$T>::of(want.std_error)], 10.0 * $tol);
        }};
    }
    let (mut r, n) = (Rng(33), 90);
    macro_rules! of {
        ($T:ty, $tol:expr) => {{
            let a = Dense::new(matrix::<$T>(n, &mut r));
            let on = a.to_device(gpu)?;
            let t = Hutchinson::default().probes(37).seed(5);
            same!($T, on.trace_with(t)?, a.trace_with(t)?, $tol);
            let t = HutchPlusPlus::default().probes(60).seed(5);
            same!($T, on.trace_with(t)?, a.trace_with(t)?, $tol);
            let t = XTrace::default().probes(50).seed(5);
            same!($T, on.trace_with(t)?, a.trace_with(t)?, $tol);
            macro_rules! diagonal {
                ($by:expr) => {
                    let (have, want) = (on.diagonal_with($by)?, a.diagonal_with($by)?);
                    assert_eq!(have.probes, want.probes);
                    close(have.value.as_slice(), want.value.as_slice(), $tol);
                    let errors = |e: &DVector<f64>| e.iter().map(|&e| <$T>::of(e)).collect::<Vec<_>>();
                    close(&errors(&have.std_error), &errors(&want.std_error), 10.0 * $tol);
                };
            }
            diagonal!(Hutchinson::default().probes(37).seed(5));
            diagonal!(HutchPlusPlus::default().probes(60).seed(5));
            diagonal!(XDiag::default().probes(50).seed(5));
            // as many products as rows: exact
            let t = XTrace::default().rel_tol(1e-9);
            same!($T, on.trace_with(t)?, a.trace_with(t)?, $tol);
            let half = self_adjoint::<$T>(n, &mut r);
            let a = Psd::new(Dense::new(&half * half.adjoint() + DMatrix::identity(n, n)));
            let on = a.to_device(gpu)?;
            let l = Slq::default().probes(12).seed(9);
            same!($T, on.logdet_with(l)?, a.logdet_with(l)?, $tol);
            let p =
                Psd::new(Diagonal::new((0..n).map(|i| <$T>::from_re(a.0.0[(i, i)].re().recip())).collect::<Vec<$T>>()));
            // of few steps, as rounding turns late ones about
            let (here, there) = (l.steps(9).preconditioner(&p.0), l.steps(9).preconditioner(p.to_device(gpu)?));
            same!($T, on.logdet_with(there)?, a.logdet_with(here)?, $tol);
            let f = |x: <$T as Scalar>::Re| (x / <$T as Scalar>::Re::of(-9e2)).exp();
            same!($T, on.trace_map_with(l, f)?, a.trace_map_with(l, f)?, $tol);
            let (have, want) = (on.spectral_density_with(l.steps(9))?, a.spectral_density_with(l.steps(9))?);
            for (have, want) in have.quadratures().iter().zip(want.quadratures()) {
                let numbers = |q: &[(f64, f64)]| q.iter().flat_map(|&(w, q)| [<$T>::of(w), <$T>::of(q)]).collect();
                let (have, want): (Vec<$T>, Vec<$T>) = (numbers(have), numbers(want));
                close(&have, &want, $tol);
            }
            let t = XNysTrace::default().probes(25).seed(5);
            same!($T, on.trace_with(t)?, a.trace_with(t)?, $tol);
        }};
    }
    of!(f64, 1e6);
    of!(Complex<f64>, 1e6);
    of!(f32, 1e4);
    // a smooth kernel and noise, whose low-rank part is the preconditioner's; all of its functions
    let (n, noise) = (150, 0.1);
    let k = DMatrix::from_fn(n, n, |i, j| (-((i as f64 - j as f64) / 20.0).powi(2)).exp());
    let p = PivotedCholesky::default().rank(16).of(&Psd::new(Dense::new(&k)), noise)?;
    let a = Psd::new(Dense::new(k + DMatrix::identity(n, n) * noise));
    let (on, pd, l) = (a.to_device(gpu)?, p.to_device(gpu)?, Slq::default().probes(12).seed(9));
    let have = on.logdet_with(l.preconditioner(&pd))?;
    same!(f64, have, a.logdet_with(l.preconditioner(&p))?, 1e8);
    assert!(have.std_error < 0.1 * on.logdet_with(l)?.std_error, "{have:?}");
    let x: Vec<f64> = (0..n).map(|i| (i as f64).sin()).collect();
    let of = |a: Vec<f64>, b: Vec<f64>| close(&a, &b, 1e4);
    let dx = gpu.upload(&x)?;
    of(gpu.download(&pd.apply(&dx)?)?, p.apply(&x));
    of(gpu.download(&pd.apply_adjoint(&dx)?)?, p.apply(&x));
    of(gpu.download(&pd.solve(&dx)?)?, p.solve(&x)?);
    of(gpu.download(&pd.sqrt()?.apply(&dx)?)?, p.sqrt()?.apply(&x));
    of(gpu.download(&pd.log()?.apply(&dx)?)?, p.log()?.apply(&x));
    of(gpu.download(&pd.exp()?.apply(&dx)?)?, p.exp()?.apply(&x));
    close(&[pd.logdet()?], &[p.logdet()?], 1e4);
    let few = on.cg_with(&pd, cola_cuda::Iterate::default(), &dx)?;
    let plain = on.cg(cola_cuda::Iterate::default(), &dx)?;
    assert!(few.report.iterations < plain.report.iterations, "{:?} {:?}", few.report, plain.report);
    // adaptive
    let d: Vec<f64> = (1..=200).map(|i| 1.0 + i as f64 / 50.0).collect();
    let want: f64 = d.iter().map(|d| d.ln()).sum();
    let l = Psd::new(Diagonal::new(d)).to_device(gpu)?.logdet_with(Slq::default().rel_tol(0.1).seed(2))?;
    assert!((l.value - want).abs() <= 5.0 * l.std_error + 1e-2, "{l:?}");
    let t = laplacian(200).to_device(gpu)?.trace_with(Hutchinson::default().rel_tol(0.05))?;
    assert!((t.value - 400.0).abs() <= 5.0 * t.std_error, "{t:?}");
    Ok(())
}
/// What cannot be done is an error that says so, and the device works on.
fn refusals(gpu: &Cuda) -> Result<()> {
    let n = 50;
    let invalid = |e: Error| assert!(matches!(e, Error::InvalidArgument { .. }), "{e:?}");
    let device = |e: Error| assert!(matches!(e, Error::Device { .. }), "{e:?}");
    let non_finite = |e: Error| assert!(matches!(e, Error::NonFinite { .. }), "{e:?}");
    let a = Psd::new(laplacian(n)).to_device(gpu)?;
    invalid(a.eigs_with(Lanczos::default(), n + 1, Which::LargestAlgebraic).unwrap_err());
    invalid(a.eigs_with(Lanczos::default().tol(f64::NAN), 2, Which::LargestAlgebraic).unwrap_err());
    invalid(a.eigs_with(Lanczos::default(), 2, Which::NearestTo(f64::INFINITY)).unwrap_err());
    invalid(a.trace_with(Hutchinson::default().probes(0)).unwrap_err());
    invalid(a.eigs_with(Lanczos::default().inverse(&a), 2, Which::LargestAlgebraic).unwrap_err());
    let wrong = Psd::new(laplacian(n + 1)).to_device(gpu)?;
    let e = a.eigs_with(Lanczos::default().inverse(&wrong), 2, Which::SmallestMagnitude).unwrap_err();
    assert!(matches!(e, Error::ShapeMismatch { .. }), "{e:?}");
    let tall = Dense::new(DMatrix::from_element(4, 3, 1.0)).to_device(gpu)?;
    assert!(matches!(tall.trace_with(XTrace::default()), Err(Error::ShapeMismatch { .. })));
    assert!(matches!(tall.eigs_with(KrylovSchur::default(), 1, Which::LargestReal), Err(Error::ShapeMismatch { .. })));
    // few iterations, few probes
    let few = a.eigs_with(Lanczos::default().max_iters(1).tol(1e-14), 6, Which::SmallestAlgebraic);
    assert!(matches!(few, Err(Error::NotConverged { .. })), "{few:?}");
    let few = a.trace_with(Hutchinson::default().rel_tol(1e-6).max_probes(20));
    assert!(matches!(few, Err(Error::NotConverged { .. })), "{few:?}");
    // one NaN, seen by a product
    let mut entries = DMatrix::from_fn(n, n, |i, j| if i == j { 2.0 } else { 0.1 / (1 + i + j) as f64 });
    entries[(7, 7)] = f64::NAN;
    let bad = Psd::new(Dense::new(entries)).to_device(gpu)?;
    non_finite(bad.eigs_with(Lanczos::default(), 2, Which::LargestAlgebraic).unwrap_err());
    non_finite(bad.eigs_with(KrylovSchur::default(), 2, Which::LargestMagnitude).unwrap_err());
    non_finite(bad.trace_with(Hutchinson::default()).unwrap_err());
    non_finite(bad.trace_with(HutchPlusPlus::default().probes(30)).unwrap_err());
    non_finite(bad.trace_with(XTrace::default().probes(20)).unwrap_err());
    non_finite(bad.diagonal_with(Hutchinson::default()).unwrap_err());
    non_finite(bad.diagonal_with(XDiag::default().probes(20)).unwrap_err());
    non_finite(bad.trace_with(XNysTrace::default().probes(20)).unwrap_err());
    non_finite(bad.logdet_with(Slq::default()).unwrap_err());
    // an inverse on another queue
    let there = Psd::new(Dense::new(DMatrix::<f64>::identity(n, n))).to_device(&Cuda::new(0)?)?;
    device(a.eigs_with(Lanczos::default().inverse(&there), 2, Which::SmallestMagnitude).unwrap_err());
    // more than the device has
    let wide = Psd::new(Identity::<f64, Dyn>::new(1 << 40)).to_device(gpu)?;
    device(wide.eigs_with(Lanczos::default(), 2, Which::LargestAlgebraic).unwrap_err());
    device(wide.trace_with(XTrace::default()).unwrap_err());
    device(wide.logdet_with(Slq::default()).unwrap_err());
    device(wide.diagonal_with(XDiag::default()).unwrap_err());
    device(wide.diagonal_with(Hutchinson::default()).unwrap_err());
    device(wide.spectral_density_with(Slq::default()).unwrap_err());
    // a preconditioner of another size
    let e = a.logdet_with(Slq::default().preconditioner(wrong.to_dense()?)).unwrap_err();
    assert!(matches!(e, Error::ShapeMismatch { .. }), "{e:?}");
    // a negative eigenvalue where none was promised
    let signs = Psd::new(Diagonal::new((0..n).map(|i| i as f64 - 3.5).collect::<Vec<_>>())).to_device(gpu)?;
    let e = signs.logdet_with(Slq::default()).unwrap_err();
    assert!(matches!(e, Error::NegativeEigenvalue { .. }), "{e:?}");
    gpu.synchronize()?;
    close(&[a.trace_with(XTrace::default().probes(30))?.value], &[2.0 * n as f64], 1e15);
    Ok(())
}
/// What the methods ask of a block, each against the host's.
pub fn blocks(gpu: &Cuda) -> Result<()> {
    fn check<T: DeviceNumber + SpectralNumber>(gpu: &Cuda, n: usize, tol: f64) -> Result<()> {
        let mut r = Rng(35);
        let (k, l) = (5, 3);
        let mut some = |len: usize| -> Vec<T> { (0..len).map(|_| super::device::number(&mut r)).collect() };
        let (a, b, c, z) = (some(n * k), some(n * l), some(k * l), some(k * l));
        let (da, mut db) = (gpu.upload(&a)?, gpu.upload(&b)?);
        // A^H B, of one column too
        for l in [1, l] {
            let (mut have, mut want) = (vec![T::of(7.0); k * l], vec![T::of(0.0); k * l]);
            Columns::inner(n, &da, &*db.part(0..n * l), &mut have);
            <[T]>::inner(n, &a, &b[..n * l], &mut want);
            close(&have, &want, tol);
        }
        // columns side by side
        let (mut have, mut want) = (vec![T::of(0.0); l], vec![T::of(0.0); l]);
        Columns::dots(n, &*da.part(n..n + n * l), &db, &mut have);
        <[T]>::dots(n, &a[n..n + n * l], &b, &mut want);
        close(&have, &want, tol);
        // B + alpha A C in a part of a block, whose other numbers stay
        let (alpha, mut want) = (T::of(-0.5), b.clone());
        Columns::add_product(n, alpha, &da, &c[..k * 2], &mut *db.part_mut(n..n * l));
        <[T]>::add_product(n, alpha, &a, &c[..k * 2], &mut want[n..]);
        close(&db.to_host(), &want, tol);
        // B H^-1 by the factors of H
        let (mut h, mut d) = (vec![T::of(0.0); l * l], Vec::new());
        for j in 0..l {
            d.push(T::Re::of(0.5 + j as f64));
            (j + 1..l).for_each(|i| h[i + j * l] = c[i + j * l]);
        }
        Columns::divide(n, &mut db, &h, &d, &mut *gpu.zeros::<T>(n)?.part_mut(0..n));
        <[T]>::divide(n, &mut want, &h, &d, &mut []);
        close(&db.to_host(), &want, tol * 10.0);
        // X - A A^H X
        Columns::remove(n, &da, &mut db, &mut vec![T::of(0.0); k]);
        <[T]>::remove(n, &a, &mut want, &mut vec![T::of(0.0); k]);
        close(&db.to_host(), &want, tol * n as f64);
        // V Z in place, with memory that grows
        let (mut v, mut want) = (gpu.upload(&a)?, a.clone());
        let mut strip = DeviceBlock::from(gpu.zeros::<T>(0)?);
        for z in [&z[..k], &z[..]] {
            Columns::rotate(n, &mut v, k, z, &mut strip);
            <[T]>::rotate(n, &mut want, k, z, &mut Vec::new());
            close(&v.to_host(), &want, tol);
        }
        // the three terms, as one sees them
        let (mut w, mut numbers) = (gpu.upload(&b)?, Vec::new());
        let (mut want, mut wanted) = (b.clone(), Vec::new());
        Columns::three_term(n, &*da.part(0..n * l), &mut w, |j, alpha, square, w| {
            numbers.extend([T::of(j as f64), T::from_re(alpha), T::from_re(square)]);
            w.scale(T::of(2.0));
        });
        <[T]>::three_term(n, &a[..n * l], &mut want, |j, alpha, square, w| {
            wanted.extend([T::of(j as f64), T::from_re(alpha), T::from_re(square)]);
            w.scale(T::of(2.0));
        });
        close(&numbers, &wanted, tol);
        close(&w.to_host(), &want, tol * n as f64);
        // complex combinations on the host
        let wide: Vec<_> = c.iter().zip(&z).map(|(&c, z)| T::wide(c.re(), z.re())).collect();
        let (mut have, mut want) = (vec![T::of(0.5).widen(); n * l], vec![T::of(0.5).widen(); n * l]);
        Columns::add_wide(n, &da, &wide, &mut have);
        <[T]>::add_wide(n, &a, &wide, &mut want);
        close(&have, &want, tol);
        // overlapping moves, up and down, and columns next to each other
        for (range, to) in [(n..3 * n, 0), (0..2 * n, n), (2..n, 0), (0..n, n), (3..5, 3)] {
            let (mut v, mut want) = (gpu.upload(&a)?, a.clone());
            Columns::copy_within(&mut v, range.clone(), to);
            want.copy_within(range, to);
            assert!(*v.to_host() == *want);
            let (before, mut column) = v.before(n, 2);
            column.write(|c| c.fill(T::of(3.0)));
            assert_eq!((before.size(), column.size()), (2 * n, n));
            drop((before, column));
            want[2 * n..3 * n].fill(T::of(3.0));
            assert!(*v.to_host() == *want);
        }
        Ok(())
    }
    check::<f64>(gpu, 37, 1e3)?;
    check::<f32>(gpu, 300, 1e3)?;
    check::<Complex<f64>>(gpu, 20, 1e3)?;
    check::<Complex<f32>>(gpu, 9, 1e3)?;
    // more rows than are rotated at once
    let (n, m) = (70_000, 2);
    let v: Vec<f32> = (0..n * m).map(|i| (i % 101) as f32).collect();
    let (mut d, mut want) = (gpu.upload(&v)?, v);
    let z = [0.5, 2.0, -1.0, 1.0];
    Columns::rotate(n, &mut d, m, &z, &mut DeviceBlock::from(gpu.zeros(0)?));
    <[f32]>::rotate(n, &mut want, m, &z, &mut Vec::new());
    assert_eq!(gpu.download(&d)?, want);
    // nothing at all
    let none = gpu.zeros::<f64>(0)?;
    Columns::inner(0, &none, &none, &mut []);
    Columns::dots(0, &none, &none, &mut []);
    assert_eq!(none.part(0..0).size(), 0);
    gpu.synchronize()
}
