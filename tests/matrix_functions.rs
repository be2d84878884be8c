//! f(A) b by every method on problem families, against dense references that share nothing with them: the eigenvalues and eigenvectors of
//! nalgebra for self-adjoint matrices; for others its exponential, and Denman & Beavers' iteration for roots and logarithms. Each reaches
//! its tolerance, as far as the rounding of A itself allows any method, or says honestly that it has not.
use cola::prelude::*;
use cola::{Error, Solution, SpectralNumber, read_matrix_market};
use families::{
    C64, Number, clement, clustered, frank, geometric, graded, grcar, hilbert, jordan, laplacian, noise, with_spectrum,
};
use nalgebra::{DMatrix, DVector};

mod families;

const TOL: f64 = 1e-8;

/// What a result may miss: ten times the tolerance, and what the reference may miss. Where a method need not serve, it says so, and hands
/// over what it has; where it must, only because of rounding: `floor` is at most what that does.
fn judge<T: Number>(
    what: &str,
    must: bool,
    (want, floor): (&DVector<T>, f64),
    got: cola::Result<Solution<DVector<T>>>,
) {
    match got {
        Ok(s) => {
            let error = (&s.x - want).norm() / want.norm();
            assert!(
                error <= 10.0 * TOL + floor / 30.0,
                "{what}: {error:e}, said {:e}, floor {floor:e}",
                s.report.residual
            );
            assert!(s.report.residual <= 10.0 * TOL && s.report.iterations > 0, "{what}: {:?}", s.report);
        }
        Err(e) => {
            assert!(!must || floor > TOL, "{what}: {e}, floor {floor:e}");
            match &e {
                Error::NotConverged { iterations, residual, tol, .. } => {
                    assert!(*iterations > 0 && residual > tol, "{what}: {e}");
                    let best = e.iterate::<T>().unwrap_or_else(|| panic!("{what}: no iterate"));
                    assert!(best.shape() == (want.len(), 1) && best.norm().is_finite(), "{what}");
                    let error = (best.column(0) - want).norm() / want.norm();
                    assert!(!must || error <= 10.0 * residual + floor / 30.0, "{what}: {error:e}, said {residual:e}");
                }
                Error::Breakdown { iteration, .. } => assert!(*iteration > 0, "{what}: {e}"),
                _ => panic!("{what}: {e}"),
            }
        }
    }
}

fn self_adjoint<T: Number + SpectralNumber>(name: &str, a: &DMatrix<T>) {
    let n = a.nrows();
    let spectrum = a.clone().symmetric_eigen();
    let (low, high) = spectrum.eigenvalues.iter().fold((f64::MAX, f64::MIN), |m, &w| (m.0.min(w), m.1.max(w)));
    let norm = high.abs().max(low.abs());
    let b = DVector::from_fn(n, |i, _| T::some(i + 5));
    let (op, psd) = (SelfAdjoint::new(Dense::new(a)), Psd::new(Dense::new(a)));
    let inverse = op.inv();
    let cond = norm / low;
    // f(A) b of the eigenvalues, and what eps |A| in them does to it, for the largest |f'|
    let exact = |f: &dyn Fn(f64) -> f64, slope: f64| {
        let v = &spectrum.eigenvectors;
        let mut c = v.adjoint() * &b;
        c.iter_mut().zip(&spectrum.eigenvalues).for_each(|(c, &w)| *c *= <T as Scalar>::of(f(w)));
        let x = v * c;
        let floor = 100.0 * f64::EPSILON * norm * slope * b.norm() / x.norm();
        (x, floor)
    };
    let two_passes = || TwoPassLanczos::default().tol(TOL).max_iters(3 * n);
    let room = 1e-13 * norm;
    let series = ChebyshevSeries::new(low - room, high + room).tol(TOL).max_iters(1024);
    let restarted = || RestartedArnoldi::default().restart(10).max_iters(60).tol(TOL);
    // smooth: f is so on the whole interval
    macro_rules! all {
        ($f:expr, $smooth:expr, $apply:ident ($($g:expr)?), $exact:expr) => {{
            let (want, floor): (DVector<T>, f64) = $exact;
            let see = |method: &str, must: bool, got| {
                judge(&format!("{name}: {} by {method}", $f), must, (&want, floor), got);
            };
            let easy = $smooth || cond < 1e3;
            see("Lanczos", true, op.$apply($($g,)? Lanczos::default().tol(TOL), &b));
            see("two passes", easy, op.$apply($($g,)? two_passes(), &b));
            see("two passes, kept", easy, op.$apply($($g,)? two_passes().basis(1 << 20), &b));
            see("Chebyshev", easy, op.$apply($($g,)? series, &b));
            if let Ok(inverse) = &inverse {
                see("rational", true, op.$apply($($g,)? RationalKrylov::new([inverse]).extended().tol(TOL), &b));
            }
        }};
        ($f:expr, $smooth:expr, $apply:ident, $exact:expr) => {{
            let (want, floor): (DVector<T>, f64) = $exact;
            all!($f, $smooth, $apply (), (want.clone(), floor));
            let see = |method: &str, must: bool, got| {
                judge(&format!("{name}: {} by {method}", $f), must, (&want, floor), got);
            };
            see("Arnoldi", true, op.$apply(Arnoldi::default().tol(TOL), &b));
            see("restarts", $smooth, op.$apply(restarted(), &b));
            (want, floor)
        }};
    }
    let (e, floor) = all!("exp", true, exp_apply_with, exact(&f64::exp, high.exp()));
    judge(&format!("{name}: exp by Taylor"), true, (&e, floor), op.exp_apply_with(Taylor::default().tol(TOL), &b));
    let f = |x: f64| (3.0 * x).cos();
    all!("cos 3x", true, map_apply_with(f), exact(&f, 3.0));
    let root = op.sqrt_apply_with(Lanczos::default().tol(TOL), &b);
    if low < -1e-10 * norm {
        assert!(matches!(root, Err(Error::NegativeEigenvalue { .. })), "{name}: {root:?}");
        return;
    }
    let (want, floor) = exact(&|x| x.max(0.0).sqrt(), 0.5 / low.max(1e-3 * room).sqrt());
    judge(&format!("{name}: sqrt by Lanczos"), true, (&want, floor), root);
    if low < 1e-13 * norm {
        // 0 to working precision: of a vector that meets it there is no logarithm; rounding may show it as a negative one
        let log = op.log_apply_with(Lanczos::default().tol(TOL), &b);
        if let Err(e) = log {
            let known =
                matches!(e, Error::Singular { .. } | Error::NegativeEigenvalue { .. } | Error::NotConverged { .. });
            assert!(known, "{name}: {e}");
        } else {
            assert!(low > 0.0, "{name}: a logarithm of a singular matrix");
        }
        return;
    }
    let contour = || ContourIntegral::default().tol(TOL);
    let (want, floor) = all!("sqrt", false, sqrt_apply_with, exact(&f64::sqrt, 0.5 / low.sqrt()));
    let got = psd.sqrt_apply_with(contour(), &b);
    judge(&format!("{name}: sqrt by contour"), cond < 1e5, (&want, floor), got);
    let (want, floor) = all!("isqrt", false, isqrt_apply_with, exact(&|x| 1.0 / x.sqrt(), 0.5 * low.powf(-1.5)));
    let got = psd.isqrt_apply_with(contour(), &b);
    judge(&format!("{name}: isqrt by contour"), cond < 1e5, (&want, floor), got);
    all!("log", false, log_apply_with, exact(&f64::ln, 1.0 / low));
}
/// In units of |A|.
fn scaled<T: Number>(a: &DMatrix<T>, to: f64) -> DMatrix<T> {
    let norm = a.clone().svd(false, false).singular_values[0];
    a * <T as Scalar>::of(to / norm)
}

#[test]
fn laplacians() {
    self_adjoint("1-D Laplacian", &scaled(&laplacian(1, 40, 0.0), 3.0));
    self_adjoint("2-D Laplacian", &scaled(&laplacian(2, 6, 0.0), 3.0));
    self_adjoint("3-D Laplacian", &scaled(&laplacian(3, 3, 0.0), 3.0));
    self_adjoint("Helmholtz", &scaled(&laplacian(2, 6, 1.5), 3.0));
    self_adjoint("cooling", &-scaled(&laplacian(2, 6, 0.0), 60.0));
}
#[test]
fn ill_conditioned_families() {
    self_adjoint("clustered", &scaled(&with_spectrum::<f64>(&clustered(45)), 3.0));
    self_adjoint("graded", &scaled(&graded(40), 3.0));
    self_adjoint("Hilbert", &scaled(&hilbert(24), 3.0));
    for cond in [1e2, 1e4, 1e6, 1e8, 1e10, 1e12, 1e14] {
        self_adjoint(&format!("condition {cond:e}"), &scaled(&with_spectrum::<f64>(&geometric(40, cond)), 3.0));
    }
    let projection: Vec<f64> = (0..40).map(|i| f64::from(i < 2)).collect();
    self_adjoint("of rank 2", &scaled(&with_spectrum::<f64>(&projection), 3.0));
}
#[test]
fn complex_families() {
    self_adjoint("complex Hermitian", &scaled(&with_spectrum::<C64>(&geometric(40, 1e3)), 3.0));
    let both: Vec<f64> = (0..40).map(|i| (1.0 + i as f64) * [1.0, -1.0][i % 2]).collect();
    self_adjoint("complex indefinite", &scaled(&with_spectrum::<C64>(&both), 3.0));
}

/// Denman & Beavers, Appl. Math. Comput. 2, 1976: (A^(1/2), A^(-1/2)).
fn roots<T: Number>(a: &DMatrix<T>) -> (DMatrix<T>, DMatrix<T>) {
    let n = a.nrows();
    let (mut y, mut z) = (a.clone(), DMatrix::identity(n, n));
    for _ in 0..60 {
        let half = <T as Scalar>::of(0.5);
        let (yi, zi) = (y.clone().try_inverse().unwrap(), z.clone().try_inverse().unwrap());
        let next = (&y + zi) * half;
        z = (&z + yi) * half;
        let change = (&next - &y).norm() / next.norm();
        y = next;
        if change < 1e-15 {
            break;
        }
    }
    (y, z)
}
/// 2^k log A^(1 / 2^k), and log X = 2 artanh((X - I) (X + I)^-1).
fn logarithm<T: Number>(a: &DMatrix<T>) -> DMatrix<T> {
    let n = a.nrows();
    let (mut x, mut k) = (a.clone(), 0);
    let eye = DMatrix::<T>::identity(n, n);
    while (&x - &eye).norm() > 0.3 && k < 60 {
        x = roots(&x).0;
        k += 1;
    }
    let c = (&x - &eye) * (&x + &eye).try_inverse().unwrap();
    let (square, mut power, mut sum) = (&c * &c, c.clone(), DMatrix::zeros(n, n));
    for j in 0..20 {
        sum += &power * <T as Scalar>::of(2.0 / (2 * j + 1) as f64);
        power = &power * &square;
    }
    sum * <T as Scalar>::of(2f64.powi(k))
}
/// `floor`: what the reference itself may miss.
fn general<T: Number + SpectralNumber>(
    name: &str,
    a: &DMatrix<T>,
    exp: impl Fn(&DMatrix<T>) -> DMatrix<T>,
    roots_too: bool,
) {
    let n = a.nrows();
    let b = DVector::from_fn(n, |i, _| T::some(i + 5));
    let op = Dense::new(a);
    macro_rules! all {
        ($f:expr, $smooth:expr, $apply:ident, $want:expr, $floor:expr) => {{
            let want = $want;
            let see = |method: &str, must: bool, got| {
                judge(&format!("{name}: {} by {method}", $f), must, (&want, $floor), got);
            };
            see("Arnoldi", true, op.$apply(Arnoldi::default().tol(TOL), &b));
            let restarted = RestartedArnoldi::default().restart(10).max_iters(60).tol(TOL);
            see("restarts", $smooth, op.$apply(restarted, &b));
            if let Ok(inverse) = op.inv() {
                see("rational", true, op.$apply(RationalKrylov::new([&inverse]).extended().tol(TOL), &b));
            }
        }};
    }
    let e = exp(a) * &b;
    all!("exp", true, exp_apply_with, e.clone(), 0.0);
    judge(&format!("{name}: exp by Taylor"), true, (&e, 0.0), op.exp_apply_with(Taylor::default().tol(TOL), &b));
    if roots_too {
        let (root, inverse) = roots(a);
        let floor = 10.0 * (&root * &root - a).norm() / a.norm();
        // what an error of epsilon |A| does, times 100
        let size = f64::EPSILON * a.norm() / n as f64;
        let near = a + DMatrix::from_fn(n, n, |i, j| T::some(7 + i * n + j) * <T as Scalar>::of(size));
        let change = |x: &DMatrix<T>, y: &DMatrix<T>| floor + 100.0 * ((x - y) * &b).norm() / (x * &b).norm();
        let (near_root, near_inverse) = roots(&near);
        all!("sqrt", false, sqrt_apply_with, &root * &b, change(&root, &near_root));
        all!("isqrt", false, isqrt_apply_with, &inverse * &b, change(&inverse, &near_inverse));
        let log = logarithm(a);
        all!("log", false, log_apply_with, &log * &b, change(&log, &logarithm(&near)));
    }
}
#[test]
fn general_families() {
    let exp = |a: &DMatrix<f64>| a.exp();
    general("small Frank", &scaled(&frank(12), 3.0), exp, true);
    general("Frank", &scaled(&frank(30), 3.0), exp, false);
    general("Grcar", &scaled(&grcar(40), 3.0), exp, true);
    general("Clement", &scaled(&clement(30), 3.0), exp, false);
    general("Jordan", &jordan(30), exp, true);
    let random = DMatrix::from_fn(40, 40, |i, j| noise(i * 40 + j));
    general("real random", &scaled(&random, 3.0), exp, false);
    let random = DMatrix::from_fn(40, 40, |i, j| C64::some(i * 40 + j) * 0.1 + C64::new(f64::from(i == j), 0.0));
    general("complex random", &random, |a: &DMatrix<C64>| a.exp(), true);
}

/// Several columns in one Krylov space, against each by itself: of all sizes, dependent, zero, and fewer than the block.
#[test]
fn columns_in_one_space() {
    fn check<T: Number + SpectralNumber>(a: &DMatrix<T>, hermitian: bool) {
        let n = a.nrows();
        let mut b = DMatrix::from_fn(n, 5, |i, j| T::some(i + n * j));
        b.column_mut(1).scale_mut(1e-9);
        let mix = b.column(0) * <T as Scalar>::of(2.0) - b.column(2);
        b.set_column(3, &mix);
        b.column_mut(4).fill(<T as Scalar>::of(0.0));
        let op = SelfAdjoint::new(Dense::new(a));
        let plain = Dense::new(a);
        for block in [1, 2, 4, 9] {
            let what = format!("block {block}");
            let near = |f: &str, x: &DMatrix<T>, want: &dyn Fn(&DVector<T>) -> DVector<T>| {
                for j in 0..4 {
                    let want = want(&b.column(j).into_owned());
                    let error = (x.column(j) - &want).norm() / want.norm();
                    assert!(error <= TOL, "{what} {f}, column {j}: {error:e}");
                }
                assert_eq!(x.column(4).norm(), 0.0, "{what} {f}");
            };
            let e = a.exp();
            if hermitian {
                let s = op.exp_apply_with(Lanczos::default().tol(TOL).block(block), &b).unwrap();
                near("exp", &s.x, &|b| &e * b);
                let root = roots(a).0;
                let s = op.sqrt_apply_with(Lanczos::default().tol(TOL).block(block), &b).unwrap();
                near("sqrt", &s.x, &|b| &root * b);
                assert!(s.report.residual <= TOL && s.report.iterations > 0);
            }
            let s = plain.exp_apply_with(Arnoldi::default().tol(TOL).block(block), &b).unwrap();
            near("exp by Arnoldi", &s.x, &|b| &e * b);
        }
    }
    check(&scaled(&laplacian(2, 6, 0.0), 3.0), true);
    check(&scaled(&with_spectrum::<C64>(&geometric(40, 1e2)), 3.0), true);
    check(&scaled(&grcar(40), 3.0), false);
    // a space that ends: the block shrinks to nothing
    let two: Vec<f64> = (0..40).map(|i| [1.0, 4.0][i % 2]).collect();
    let (a, b) = (with_spectrum::<f64>(&two), DMatrix::from_fn(40, 3, |i, j| noise(i + 40 * j)));
    let op = Psd::new(Dense::new(&a));
    let s = op.sqrt_apply_with(Lanczos::default().block(3), &b).unwrap();
    let twice = op.sqrt_apply_with(Lanczos::default().block(3), &s.x).unwrap();
    assert!((&twice.x - &a * &b).norm() < 1e-12 * b.norm());
    // columns of one Krylov space: hardly more products than for one of them
    let products = core::cell::Cell::new(0);
    let line = Function::psd(400, |x: &[f64], y: &mut [f64]| {
        products.set(products.get() + 1);
        for i in 0..x.len() {
            y[i] = 2.0 * x[i] - if i > 0 { x[i - 1] } else { 0.0 } - x.get(i + 1).unwrap_or(&0.0);
        }
    });
    let mut b = DMatrix::from_fn(400, 3, |i, _| noise(i));
    for j in 1..3 {
        let next = line.apply(&b.column(j - 1).into_owned());
        b.set_column(j, &next);
    }
    let count = |block: usize| {
        products.set(0);
        let s = line.exp_apply_with(Lanczos::default().tol(TOL).block(block), &b).unwrap();
        (products.get(), s.x)
    };
    let ((apart, x), (together, y)) = (count(1), count(3));
    assert!(2 * together < apart && (&x - &y).norm() <= 1e-7 * x.norm(), "{together} of {apart}");
    // stopped: what is reached comes back, for all columns; and what is wrong is said
    let a = scaled(&laplacian(1, 60, 0.0), 20.0);
    let op = Psd::new(Dense::new(&a));
    let b = DMatrix::from_fn(60, 4, |i, j| noise(i + 60 * j));
    let e = op.exp_apply_with(Lanczos::default().block(2).on_iteration(|i| i.iteration < 24), &b).unwrap_err();
    assert!(matches!(e, Error::NotConverged { residual, .. } if residual > 1e-10), "{e}");
    let near = e.iterate::<f64>().unwrap();
    let error = (near.column(0) - a.exp() * b.column(0)).norm() / (a.exp() * b.column(0)).norm();
    assert!(near.shape() == (60, 4) && error < 0.5, "{error:e}");
    let mut bad = b.clone();
    bad[(3, 1)] = f64::NAN;
    let e = op.exp_apply_with(Lanczos::default().block(2), &bad);
    assert!(matches!(e, Err(Error::NonFinite { .. })), "{e:?}");
    let indefinite = SelfAdjoint::new(Dense::new(scaled(&laplacian(2, 6, 1.5), 3.0)));
    let b = DMatrix::from_fn(36, 2, |i, j| noise(i + 36 * j));
    let e = indefinite.sqrt_apply_with(Lanczos::default().block(2), &b);
    assert!(matches!(e, Err(Error::NegativeEigenvalue { .. })), "{e:?}");
}

/// Matrices from applications. A root taken twice, and e^(A/2) of e^(-A/2) b, must give A b and b: what is called converged does, and what
/// is not says so.
#[test]
fn matrices_from_applications() {
    for name in ["unit_square", "bar", "1138_bus", "recirc_flow"] {
        let path = format!("{}/data/{name}.mtx", env!("CARGO_MANIFEST_DIR"));
        let mut a = read_matrix_market(path).unwrap();
        let norm = Sparse::new(&a).norm1_estimate().unwrap();
        a.triplet_iter_mut().for_each(|e| *e.2 /= norm);
        let n = a.nrows();
        let b = DVector::from_fn(n, |i, _| noise(i));
        let (psd, general) = (Psd::new(Sparse::new(&a)), Sparse::new(&a));
        let most = n.min(70);
        let twice = |what: &str, want: &DVector<f64>, f: &dyn Fn(&DVector<f64>) -> cola::Result<DVector<f64>>| {
            let reach = f(&b).and_then(|x| Ok((f(&x)?, x)));
            match reach {
                Ok((y, x)) => {
                    // an error 10 tol in x comes back with |A|^(1/2) <= 1, and the second has its own
                    let error = (&y - want).norm() / (x.norm() + y.norm());
                    assert!(error <= 10.0 * TOL, "{name}: {what}: {error:e}");
                    true
                }
                Err(Error::NotConverged { residual, tol, .. }) => {
                    assert!(residual > tol, "{name}: {what}: {residual:e}");
                    false
                }
                Err(e @ (Error::Singular { .. } | Error::NegativeEigenvalue { .. } | Error::Breakdown { .. })) => {
                    assert!(name == "unit_square" || name == "recirc_flow", "{name}: {what}: {e}");
                    false
                }
                Err(e) => panic!("{name}: {what}: {e}"),
            }
        };
        let image = &a * &b;
        if name != "recirc_flow" {
            let lanczos = || Lanczos::default().max_iters(most).tol(TOL);
            twice("sqrt by Lanczos", &image, &|x| Ok(psd.sqrt_apply_with(lanczos(), x)?.x));
            let two_passes = || TwoPassLanczos::default().max_iters(most).tol(TOL);
            twice("sqrt in two passes", &image, &|x| Ok(psd.sqrt_apply_with(two_passes(), x)?.x));
            let contour = || ContourIntegral::default().max_iters(most).tol(TOL);
            twice("sqrt by contour", &image, &|x| Ok(psd.sqrt_apply_with(contour(), x)?.x));
            // |A|_2 <= |A|_1 = 1
            let series = || ChebyshevSeries::new(0.0, 1.0).max_iters(256).tol(TOL);
            twice("sqrt by a series", &image, &|x| Ok(psd.sqrt_apply_with(series(), x)?.x));
            let restarted = || RestartedArnoldi::default().restart(15).max_iters(most.min(60)).tol(TOL);
            twice("sqrt with restarts", &image, &|x| Ok(psd.sqrt_apply_with(restarted(), x)?.x));
            if name == "1138_bus" {
                let rational = || Ok::<_, Error>(RationalKrylov::of(&psd)?.max_iters(150).tol(TOL));
                let good = twice("sqrt by inverses", &image, &|x| Ok(psd.sqrt_apply_with(rational()?, x)?.x));
                assert!(good, "{name}: sqrt by inverses has not converged");
            }
            let s = psd.exp_apply_with(lanczos(), &b).unwrap();
            let taylor = psd.exp_apply_with(Taylor::default().tol(TOL), &b).unwrap();
            for (what, s) in [
                ("Lanczos", Ok(s)),
                ("two passes", psd.exp_apply_with(two_passes(), &b)),
                ("series", psd.exp_apply_with(series(), &b)),
                ("restarts", psd.exp_apply_with(restarted(), &b)),
            ] {
                let s = s.unwrap_or_else(|e| panic!("{name}: exp by {what}: {e}"));
                assert!((&s.x - &taylor.x).norm() <= 20.0 * TOL * s.x.norm(), "{name}: exp by {what}");
            }
        } else {
            let arnoldi = || Arnoldi::default().max_iters(most).tol(TOL);
            twice("sqrt by Arnoldi", &image, &|x| Ok(general.sqrt_apply_with(arnoldi(), x)?.x));
        }
        let s = general.exp_apply_with(Arnoldi::default().max_iters(most).tol(TOL), &b).unwrap();
        let taylor = general.exp_apply_with(Taylor::default().tol(TOL), &b).unwrap();
        assert!((&s.x - &taylor.x).norm() <= 20.0 * TOL * s.x.norm(), "{name}: exp by Arnoldi");
        let restarted = RestartedArnoldi::default().restart(15).tol(TOL);
        let s = general.exp_apply_with(restarted, &b).unwrap();
        assert!((&s.x - &taylor.x).norm() <= 20.0 * TOL * s.x.norm(), "{name}: exp with restarts");
    }
    // small enough for its eigenvalues: a definite one, and the singular one, whose root is known to half the digits only
    let path = format!("{}/data/unit_square.mtx", env!("CARGO_MANIFEST_DIR"));
    let poisson = read_matrix_market(path).unwrap();
    let dense = DMatrix::from(&poisson);
    let spectrum = dense.symmetric_eigen();
    for (shift, tol) in [(1e-9, 1e-4), (1e-9, TOL), (0.1, TOL)] {
        let mut a = poisson.clone();
        a.triplet_iter_mut().filter(|e| e.0 == e.1).for_each(|e| *e.2 += shift);
        let op = Psd::new(Sparse::new(&a));
        let b = DVector::from_fn(a.nrows(), |i, _| noise(i));
        let norm = spectrum.eigenvalues.amax();
        let exact = |f: &dyn Fn(f64) -> f64| {
            let mut c = spectrum.eigenvectors.tr_mul(&b);
            // the smallest one is 0
            let at = |w: f64| f(if w < 1e-10 * norm { shift } else { w + shift });
            c.iter_mut().zip(&spectrum.eigenvalues).for_each(|(c, &w)| *c *= at(w));
            &spectrum.eigenvectors * c
        };
        let (sqrt, isqrt) = (exact(&f64::sqrt), exact(&|x| 1.0 / x.sqrt()));
        let see = |what: &str, want: &DVector<f64>, got: cola::Result<Solution<DVector<f64>>>| match got {
            Ok(s) => {
                let error = (&s.x - want).norm() / want.norm();
                assert!(error <= 10.0 * tol, "unit_square + {shift}: {what} to {tol:e}: {error:e}");
            }
            Err(Error::NotConverged { residual, .. }) => {
                assert!(shift < 0.1 && residual > tol, "unit_square + {shift}: {what} to {tol:e}: {residual:e}");
            }
            Err(e) => panic!("unit_square + {shift}: {what}: {e}"),
        };
        let two_passes = || TwoPassLanczos::default().max_iters(200).tol(tol);
        see("sqrt", &sqrt, op.sqrt_apply_with(Lanczos::default().tol(tol), &b));
        see("sqrt in two passes", &sqrt, op.sqrt_apply_with(two_passes(), &b));
        see("isqrt", &isqrt, op.isqrt_apply_with(Lanczos::default().tol(tol), &b));
        see("isqrt in two passes", &isqrt, op.isqrt_apply_with(two_passes(), &b));
        see(
            "isqrt by inverses",
            &isqrt,
            op.isqrt_apply_with(RationalKrylov::of(&op).unwrap().max_iters(60).tol(tol), &b),
        );
    }
}
