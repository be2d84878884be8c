//! Functions of 2 x 2 matrices, which have formulas of their own: through the operators, so that each way that there is is met.

use super::random;
use crate::prelude::*;
use crate::scalar::Complex;
use crate::{Lanes, stack};
use nalgebra::{Matrix2, Vector2};

type C = Complex<f64>;
type M<T> = Matrix2<T>;

fn two<T: Scalar>(first: f64, across: T, second: f64) -> M<T> {
    M::new(T::of(first), across, across.conj(), T::of(second))
}
fn dense<A: LinearOperator>(a: &A) -> M<A::Scalar> {
    let entries = a.to_dense();
    M::from_fn(|i, j| entries[(i, j)])
}
/// max |x_ij - y_ij| over the largest of y.
fn off<T: Scalar<Re = f64>>(x: &M<T>, y: &M<T>) -> f64 {
    let largest = y.iter().fold(0.0f64, |m, y| m.max(y.abs()));
    let off = x.iter().zip(y).fold(0.0f64, |m, (x, y)| m.max((*x - *y).abs()));
    if off == 0.0 { 0.0 } else { off / largest }
}
/// The root, its eigenvalues and eigenvectors, which must be those of the root.
#[track_caller]
fn root<T: Scalar<Re = f64>>(a: &M<T>) -> M<T> {
    let root = Psd(Dense(*a)).sqrt().unwrap();
    let (r, v) = (dense(&root), dense(root.eigenvectors()));
    let w = M::from_diagonal(&Vector2::new(T::of(root.eigenvalues()[0]), T::of(root.eigenvalues()[1])));
    let adjoint = v.map(|x| x.conj()).transpose();
    assert!(off(&(v * adjoint), &M::identity()) < 1e-15, "{a:?}: eigenvectors {v:?}");
    // a small eigenvalue is known to within eps of the large one of A
    assert!(off(&(v * w * adjoint), &r) < 3e-8, "{a:?}: {r:?}, {v:?} {w:?}");
    assert!(root.eigenvalues().iter().all(|w| *w >= 0.0));
    r
}

/// B of whole numbers: its square is exact, and B its root, at any power of two.
#[test]
fn roots_of_squares() {
    let mut f = random(3);
    let mut whole = |n: f64| (f() * n).round();
    for _ in 0..2000 {
        let (p, s) = (whole(1000.0).abs() + 1.0, whole(1000.0).abs() + 1.0);
        let (re, im) = (whole(700.0), whole(700.0));
        for scale in [1.0, 2f64.powi(250), 2f64.powi(-250), 2f64.powi(480), 2f64.powi(-480)] {
            fn check<T: Scalar<Re = f64>>(b: M<T>, scale: f64) {
                let (trace, det) = (b.trace().re(), b[(0, 0)].re() * b[(1, 1)].re() - b[(0, 1)].abs_sq());
                if det > 0.0 {
                    let bound = 4.0 * f64::EPSILON * trace / (det / trace);
                    let error = off(&root(&(b * b).map(|x| x.scale(scale * scale))), &b.map(|x| x.scale(scale)));
                    assert!(error <= bound, "{b:?}: {error:e}, {bound:e}");
                }
            }
            check(two(p, re, s), scale);
            check(two(p, C::new(re, im), s), scale);
        }
    }
}
/// A = R R entry by entry, where all terms of the sums have one sign: R has no small entry that is rounding of a large one. (The
/// determinant loses 1 / (1 - share^2).)
#[test]
fn graded_and_equal() {
    for (first, second) in [(1e150, 1e-150), (1e-150, 1e150), (1e90, 1e-90), (1.0, 1e-12), (3.0, 3.0), (1e90, 1e90)] {
        let mean = f64::sqrt(first) * f64::sqrt(second);
        for share in [0.0, 1e-140, 1e-9, 0.3, 0.9] {
            let a = two(first, share * mean, second);
            let r = root(&a);
            let back = r * r;
            for k in 0..4 {
                let error = (back[k] - a[k]).abs() * (1.0 - share * share);
                assert!(error <= 2e-15 * a[k].abs(), "{first:e} {second:e} {share:e}: {r:?} {back:?}");
            }
        }
    }
    // diagonal matrices: by the closed formula to rounding, by the eigenvalues to the last bit
    let r = root(&two(2.0, 0.0, 2.0));
    assert!((r[(0, 0)] - 2f64.sqrt()).abs() <= f64::EPSILON && r[(0, 0)] == r[(1, 1)] && r[(0, 1)] == 0.0, "{r:?}");
    assert_eq!(root(&two(5.0, 0.0, 7e-300)), two(5f64.sqrt(), 0.0, 7e-300f64.sqrt()));
    assert_eq!(root(&M::<f64>::zeros()), M::zeros());
}
/// Rank one, and almost: what is negative by rounding is zero.
#[test]
fn nearly_singular() {
    let mut f = random(5);
    for _ in 0..20_000 {
        let (x, y, z) = (f(), f(), f() * 10f64.powf(8.0 * f() - 8.0));
        let real = two(x * x, x * y, y * y + z * z);
        let r = root(&real);
        assert!(off(&(r * r), &real) < 2e-15, "{real:?}");
        let phase = C::new(z.cos(), z.sin());
        let complex = two(x * x, phase.scale(x * y), y * y);
        let r = root(&complex);
        assert!(off(&(r * r), &complex) < 2e-15, "{complex:?}");
    }
    let r = root(&two(1.0, 1.0, 1.0));
    assert!(off(&r, &two(0.5f64.sqrt(), 0.5f64.sqrt(), 0.5f64.sqrt())) < 3e-8);
}
/// The functions that take the projectors, beside V f(w) V^H by the sorted eigenvectors, which take another way.
#[test]
fn other_functions() {
    fn check<T: Scalar<Re = f64>>(a: M<T>) {
        let k = Psd(Dense(a));
        let by = |f: &dyn Fn(f64) -> f64| dense(&k.eigh().unwrap().map(f).unwrap());
        let near = |what: &str, x: M<T>, y: M<T>| assert!(off(&x, &y) < 1e-14, "{what} of {a:?}: {x:?} {y:?}");
        near("pow", dense(&k.pow(0.3).unwrap()), by(&|w| w.powf(0.3)));
        near("isqrt", dense(&k.isqrt().unwrap()), by(&|w| 1.0 / w.sqrt()));
        near("log", dense(&k.log().unwrap()), by(&f64::ln));
        near("exp", dense(&k.exp().unwrap()), by(&f64::exp));
        near("map_spectrum", dense(&k.map_spectrum(|w| w - 1.0).unwrap()), by(&|w| w - 1.0));
        let root = k.sqrt().unwrap();
        near("pow of the root", dense(&root.pow(0.6).unwrap()), by(&|w| w.powf(0.3)));
        near("inv of the root", dense(&root.inv().unwrap()), by(&|w| 1.0 / w.sqrt()));
        near("root of the root", dense(&root.sqrt().unwrap()), by(&|w| w.powf(0.25)));
        let twice = root.logdet().unwrap() + root.logdet().unwrap();
        assert!((twice - k.logdet().unwrap()).abs() < 1e-13);
        near("the tree of the root", dense(&root.map_leaves(|_, _| ())), by(&f64::sqrt));
    }
    let mut f = random(7);
    for _ in 0..500 {
        let (x, y, z, c) = (f(), f(), f(), 0.05 + f().abs());
        check(two(x * x + c, x * y, y * y + c));
        check(two(x * x + c, C::new(x * y, 0.0) * C::new(z.cos(), z.sin()), y * y + c));
    }
}
#[test]
fn errors() {
    let psd = |m: M<f64>| Psd(Dense(m)).sqrt().map(|_| ());
    let indefinite = [(two(1.0, 2.0, 1.0), -1.0), (two(-3.0, 0.0, 1.0), -3.0), (two(-1e200, 0.0, 1e-200), -1e200)];
    // of a positive determinant
    let negative = [
        (two(-2.0, 1.0, -3.0), -2.5 + 1.25f64.sqrt()),
        (two(-2.0, 0.0, -2.0), -2.0),
        (two(-2.0, 0.0, -2.0 - 1e-15), -2.0),
    ];
    for (a, least) in indefinite.into_iter().chain(negative) {
        let Err(Error::NegativeEigenvalue { value, .. }) = psd(a) else { panic!("{a:?} is indefinite") };
        assert!((value / least - 1.0).abs() < 1e-12, "{value}");
        assert!(matches!(Psd(Dense(a)).pow(0.3), Err(Error::NegativeEigenvalue { .. })));
    }
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        for k in 0..4 {
            let mut a = two(2.0, 1.0, 3.0);
            a[k] = bad;
            for result in [psd(a), Psd(Dense(a)).log().map(|_| ())] {
                assert!(matches!(result, Err(Error::NonFinite { .. })), "{a:?}: {result:?}");
            }
            let mut a = two(2.0, C::new(1.0, 1.0), 3.0);
            a[k].im = bad;
            assert!(matches!(Psd(Dense(a)).sqrt(), Err(Error::NonFinite { .. })), "{a:?}");
        }
    }
    assert!(matches!(Psd(Dense(two(1.0, 1.0, 1.0))).isqrt(), Err(Error::Singular { .. })));
}
/// Lanes of every kind side by side, one of them indefinite.
#[test]
fn lanes() {
    let kinds = [two(2.0, 1.0, 3.0), two(1e150, 0.5, 1e-150), two(2.0, 0.0, 2.0), two(1.0, 1.0, 1.0)];
    let batch = stack(kinds.map(|m| Psd(Dense(m)))).unwrap();
    let v = Vector2::new(1.0, -2.0);
    let ys: [Vector2<f64>; 4] = crate::unstack(batch.sqrt().unwrap().apply(&stack([v; 4]).unwrap()));
    for (m, y) in kinds.iter().zip(ys) {
        let want = Psd(Dense(*m)).sqrt().unwrap().apply(&v);
        assert!((y - want).norm() <= 3e-8 * want.norm(), "{m:?}: {y:?} {want:?}");
    }
    let mut bad = kinds;
    bad[2] = two(1.0, 2.0, 1.0);
    let batch: Psd<Dense<Matrix2<Lanes<f64, 4>>>> = stack(bad.map(|m| Psd(Dense(m)))).unwrap();
    let Err(Error::Lanes { failed }) = batch.sqrt() else { panic!("lane 2 is indefinite") };
    assert!(matches!(failed[..], [(2, Error::NegativeEigenvalue { .. })]), "{failed:?}");
}
