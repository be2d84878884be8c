//! What is called converged is within ten times the tolerance, of matrices of condition 1e2 to 1e14 too; else it is a `NotConverged`.
use super::tests::error;
use super::*;
use crate::algorithms::krylov::testing::*;
use crate::error::Error;
use crate::facts::{NoFacts, PsdFacts};

/// Signs: H = I - 2 u u^T / |u|^2 is known to the last digit where the size is a power of two.
fn u(i: usize) -> f64 {
    noise(i).signum()
}
/// H diag(d) H x. Eigenvalues and functions are known by themselves, however small they are.
fn spread(d: &[f64], x: &[f64]) -> Vec<f64> {
    let reflect = |x: &[f64]| -> Vec<f64> {
        let s = 2.0 / x.len() as f64 * x.iter().enumerate().map(|(i, x)| u(i) * x).sum::<f64>();
        x.iter().enumerate().map(|(i, x)| x - s * u(i)).collect()
    };
    let mut x = reflect(x);
    x.iter_mut().zip(d).for_each(|(x, d)| *x *= d);
    reflect(&x)
}
/// x + c e_0 w^T x, or with -c its inverse: far from orthogonal, and known as well.
fn shear(c: f64, x: &[f64]) -> Vec<f64> {
    let mut y = x.to_vec();
    y[0] += c * x.iter().enumerate().skip(1).map(|(i, x)| noise(i + 77) * x).sum::<f64>();
    y
}
/// True if it converged, to ten times the tolerance; if not, the iterate came back with an error larger than was wanted.
fn honest(what: &str, tol: f64, want: &[f64], run: impl FnOnce(ViewMut<'_, f64>) -> Result<Report>) -> bool {
    let mut x = vec![f64::NAN; want.len()];
    match run(ViewMut::vector(&mut x)) {
        Ok(report) => {
            let e = error(&x, want);
            assert!(e <= 10.0 * tol, "{what} to {tol:e}: {e:e}, said {:e}", report.residual);
            true
        }
        Err(e @ Error::NotConverged { residual, .. }) => {
            assert!(residual > tol, "{what}: {e}");
            assert!(e.iterate::<f64>().is_some_and(|x| x.norm().is_finite()), "{what}: no iterate");
            false
        }
        // rounding has made a small eigenvalue none
        Err(e @ (Error::NegativeEigenvalue { .. } | Error::Singular { .. } | Error::Breakdown { .. })) => {
            assert!(!what.starts_with("2 digits"), "{what}: {e}");
            false
        }
        Err(e) => panic!("{what}: {e}"),
    }
}

/// Of the root of a singular matrix rounding leaves about a root of epsilon: that passes where no tolerance was asked for, and is said.
#[test]
fn root_of_a_singular_matrix() {
    use crate::ext::OperatorExt;
    use crate::ext_iterative::IterativeExt;
    let n = 64;
    // free ends: the constant vector is in the null space
    let a = free::<PsdFacts, f64, _>(n, |_, x: &[f64], y: &mut [f64]| {
        for i in 0..x.len() {
            let (left, right) = (x[i.saturating_sub(1)], x[(i + 1).min(x.len() - 1)]);
            y[i] = 2.0 * x[i] - left - right;
        }
    });
    let b = nalgebra::DVector::from_fn(n, |i, _| 1.0 + f64::from(i == 3));
    let root = a.sqrt_apply_with(Lanczos::default(), &b).unwrap();
    assert!((1e-10..1e-7).contains(&root.report.residual), "{:e}", root.report.residual);
    let again = a.sqrt_apply_with(Lanczos::default(), &root.x).unwrap();
    let want = a.apply(&b);
    assert!((&again.x - &want).norm() <= 1e-7 * want.norm());
    let refused = a.sqrt_apply_with(Lanczos::default().tol(1e-10), &b).unwrap_err();
    assert!(matches!(refused, Error::NotConverged { residual, .. } if residual > 1e-10), "{refused}");
}

#[test]
fn says_where_rounding_leaves_less_than_was_wanted() {
    let n = 32;
    let rough = noisy::<f64>(n);
    // digits of the condition number, tolerance, how much of the small eigenvalues b has
    for (digits, tol, power) in [
        (2, 1e-10, 0.0),
        (4, 1e-6, 0.5),
        (6, 1e-10, 0.0),
        (8, 1e-6, 1.0),
        (10, 1e-6, 0.0),
        (12, 1e-6, 1.0),
        (14, 1e-10, -0.5),
    ] {
        // powers of two: a dense matrix of them has no rounding in its entries
        let two = |i: usize| 2f64.powf((-3.32 * f64::from(digits) * i as f64 / (n - 1) as f64).round());
        let d: Vec<f64> = (0..n).map(two).collect();
        let of = |f: &dyn Fn(f64) -> f64| -> Vec<f64> { d.iter().map(|&d| f(d)).collect() };
        let (over, sum) = (of(&|d| 1.0 / d), d.iter().sum::<f64>());
        let b = spread(&of(&|d| d.powf(power)), &rough);
        let entry = |i, j| d[i] * f64::from(i == j) - u(i) * u(j) * ((d[i] + d[j]) / 16.0 - sum / 256.0);
        let dense = matrix::<PsdFacts, f64>((n, n), entry);
        let free_of = |d: Vec<f64>| {
            free::<PsdFacts, f64, _>(n, move |_, x: &[f64], y: &mut [f64]| y.copy_from_slice(&spread(&d, x)))
        };
        let (product, inverse) = (free_of(d.clone()), free_of(over));
        let general = free::<NoFacts, f64, _>(n, |_, x: &[f64], y: &mut [f64]| {
            y.copy_from_slice(&shear(10.0, &spread(&d, &shear(-10.0, x))))
        });
        let roots = [Power::Sqrt, Power::InvSqrt].map(Function::Power);
        for (f, exact) in [
            (Function::Exp, &(|x: f64| x.exp()) as &dyn Fn(f64) -> f64),
            (roots[0], &|x: f64| x.sqrt()),
            (roots[1], &|x: f64| 1.0 / x.sqrt()),
            (Function::Log, &|x: f64| x.ln()),
            (Function::Map(&|x: f64| (3.0 * x).cos()), &|x: f64| (3.0 * x).cos()),
        ] {
            let fd = of(exact);
            let want = spread(&fd, &b);
            macro_rules! see {
                ($must:expr, $name:literal, $a:expr, $want:expr, $algorithm:expr) => {{
                    let what = format!("{digits} digits, {f:?}, {}", $name);
                    let view = View::vector(&b);
                    let good = honest(&what, tol, $want, |x| { $algorithm }.apply_function(f, $a, view, x));
                    assert!(good || !$must, "{what} has not converged");
                }};
            }
            let smooth = matches!(f, Function::Exp | Function::Map(_));
            let easy = smooth || digits <= 4;
            see!(easy, "Lanczos", &product, &want, Lanczos::default().tol(tol));
            see!(easy, "Lanczos, dense", &dense, &want, Lanczos::default().tol(tol));
            see!(easy, "two passes", &dense, &want, TwoPassLanczos::default().max_iters(3 * n).tol(tol));
            see!(easy, "rational", &dense, &want, RationalKrylov::new([&inverse]).extended().tol(tol));
            if roots.iter().any(|r| format!("{r:?}") == format!("{f:?}")) {
                see!(digits == 2, "contour", &product, &want, ContourIntegral::default().max_iters(150).tol(tol));
            }
            if !matches!(f, Function::Map(_)) {
                let sheared = shear(10.0, &spread(&fd, &shear(-10.0, &b)));
                see!(smooth || digits == 2, "Arnoldi", &dense, &want, Arnoldi::default().tol(tol));
                see!(smooth || digits == 2, "sheared", &general, &sheared, Arnoldi::default().tol(tol));
                if easy {
                    let cycles = RestartedArnoldi::default().restart(16).max_iters(64).tol(tol);
                    see!(smooth, "restarts", &general, &sheared, cycles);
                }
            }
            // two columns in one space, the second with more of the small eigenvalues
            let two = [&b[..], &rough[..]].concat();
            let mut x = vec![0.0; 2 * n];
            let (view, out) = (View::matrix(&two, n, 2), ViewMut::matrix(&mut x, n, 2));
            let block = Lanczos::default().tol(tol).block(2).apply_function(f, &dense, view, out);
            assert!(block.is_ok() || digits > 2 && !smooth, "{digits} digits, {f:?}, block: {block:?}");
            if let Ok(report) = block {
                for (x, want) in x.chunks_exact(n).zip([&want, &spread(&fd, &rough)]) {
                    let e = error(x, want);
                    assert!(e <= 10.0 * tol, "{digits} digits, {f:?}, block: {e:e}, said {:e}", report.residual);
                }
            }
        }
    }
}

/// Inverses that are none: the space that they exhaust is not one of A, and that is seen.
#[test]
fn wrong_inverses_are_no_proof() {
    let n = 32;
    let (a, b) = (laplacian::<PsdFacts, f64>(n), noisy::<f64>(n));
    let mut x = vec![0.0; n];
    let zero = diagonal::<PsdFacts, f64>(vec![0.0; n]);
    let two = diagonal::<PsdFacts, f64>((0..n).map(|i| 1.0 + (i % 2) as f64).collect());
    for p in [zero, two] {
        let mut run = |f| RationalKrylov::new([&p]).apply_function(f, &a, View::vector(&b), ViewMut::vector(&mut x));
        for f in [Function::Exp, Function::Log, Function::Power(Power::Sqrt)] {
            let e = run(f);
            assert!(matches!(e, Err(Error::NotConverged { residual, .. }) if residual > 1e-3), "{f:?}: {e:?}");
        }
    }
    // nothing is wrong of 0 and of multiples of I
    for d in [0.0, 1.0, 7.0] {
        let a = diagonal::<PsdFacts, f64>(vec![d; n]);
        let report =
            Lanczos::default().apply_function(Function::Exp, &a, View::vector(&b), ViewMut::vector(&mut x)).unwrap();
        assert!(report.residual < 1e-13 && error(&x, &b.iter().map(|b| d.exp() * b).collect::<Vec<_>>()) < 1e-13);
    }
}
