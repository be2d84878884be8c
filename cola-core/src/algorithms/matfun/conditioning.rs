//! What is called converged is within ten times the tolerance, of matrices of condition 1e2 to 1e14 too; else it is a `NotConverged`.
use super::tests::error;
use super::*;
use crate::algorithms::krylov::testing::*;
use crate::error::Error;
use crate::facts::{NoFacts, PsdFacts};

/// H x for the reflection H = I - 2 u u^T / |u|^2 with u_i = 1 or -1, of a size that is a power of two: no rounding in H itself.
fn reflect(x: &[f64]) -> Vec<f64> {
    let u = |i: usize| noise(i).signum();
    let s = 2.0 / x.len() as f64 * x.iter().enumerate().map(|(i, x)| u(i) * x).sum::<f64>();
    x.iter().enumerate().map(|(i, x)| x - s * u(i)).collect()
}
/// H diag(d) H x. As all of H is known to the last digit, so are the eigenvalues, and functions by them, however small they are.
fn spread(d: &[f64], x: &[f64]) -> Vec<f64> {
    let mut x = reflect(x);
    x.iter_mut().zip(d).for_each(|(x, d)| *x *= d);
    reflect(&x)
}
/// x + c w^T x e_0, or with -c its inverse: far from orthogonal, and known as well.
fn shear(c: f64, x: &[f64]) -> Vec<f64> {
    let mut y = x.to_vec();
    y[0] += c * x.iter().enumerate().skip(1).map(|(i, x)| noise(i + 77) * x).sum::<f64>();
    y
}

#[test]
fn calibrate() {
    let n = 32;
    let fs: [(Function<'_, f64>, &dyn Fn(f64) -> f64); 5] = [
        (Function::Exp, &|x: f64| x.exp()),
        (Function::Power(Power::Sqrt), &|x: f64| x.sqrt()),
        (Function::Power(Power::InvSqrt), &|x: f64| 1.0 / x.sqrt()),
        (Function::Log, &|x: f64| x.ln()),
        (Function::Power(Power::Real(-1.0)), &|x: f64| 1.0 / x),
    ];
    for digits in [2, 4, 6, 8, 10, 12, 14] {
        let d: Vec<f64> = (0..n).map(|i| 2f64.powf(-(f64::from(digits) * 3.32 * i as f64 / (n - 1) as f64).round())).collect();
        let over: Vec<f64> = d.iter().map(|d| 1.0 / d).collect();
        let a = free::<PsdFacts, f64, _>(n, |_, x: &[f64], y: &mut [f64]| y.copy_from_slice(&spread(&d, x)));
        let inverse = free::<PsdFacts, f64, _>(n, |_, x: &[f64], y: &mut [f64]| y.copy_from_slice(&spread(&over, x)));
        let u = |i: usize| noise(i).signum();
        let sum: f64 = d.iter().sum();
        let dense = matrix::<PsdFacts, f64>((n, n), |i, j| d[i] * f64::from(i == j) - u(i) * u(j) * ((d[i] + d[j]) / 16.0 - sum / 256.0));
        let general = free::<NoFacts, f64, _>(n, |_, x: &[f64], y: &mut [f64]| {
            y.copy_from_slice(&shear(10.0, &spread(&d, &shear(-10.0, x))))
        });
        let rough = noisy::<f64>(n);
        let half: Vec<f64> = d.iter().map(|d| d.sqrt()).collect();
        for (smooth, b) in [("", rough.clone()), ("smooth ", spread(&half, &rough)), ("smoother ", spread(&d, &rough))] {
        for tol in [1e-6, 1e-10] {
        for (f, exact) in fs {
            let fd: Vec<f64> = d.iter().map(|&d| exact(d)).collect();
            let want = spread(&fd, &b);
            let sheared = shear(10.0, &spread(&fd, &shear(-10.0, &b)));
            let show = |name: &str, want: &[f64], got: (Vec<f64>, Result<Report>)| {
                let e = error(&got.0, want);
                match got.1 {
                    Ok(r) => println!("{digits} {smooth}{tol:e} {f:?} {name}: ok, said {:.1e} is {e:.1e} ratio {:.2} {}", r.residual, e / r.residual, r.iterations),
                    Err(Error::NotConverged { residual, iterations, .. }) => {
                        println!("{digits} {smooth}{tol:e} {f:?} {name}: no, said {residual:.1e} is {e:.1e} ratio {:.2} {iterations}", e / residual)
                    }
                    Err(e) => println!("{digits} {smooth}{tol:e} {f:?} {name}: {e}"),
                }
            };
            macro_rules! go {
                ($name:literal, $a:expr, $want:expr, $algorithm:expr) => {{
                    let mut x = vec![0.0; n];
                    let r = { $algorithm }.apply_function(f, $a, View::vector(&b), ViewMut::vector(&mut x));
                    show($name, $want, (x, r));
                }};
            }
            go!("dense lanczos", &dense, &want, Lanczos::default().tol(tol));
            go!("dense two-pass", &dense, &want, TwoPassLanczos::default().tol(tol));
            go!("dense arnoldi", &dense, &want, Arnoldi::default().tol(tol));
            go!("dense rational", &dense, &want, RationalKrylov::new([&inverse]).extended().tol(tol));
            if matches!(f, Function::Power(Power::Sqrt | Power::InvSqrt)) {
                go!("dense contour", &dense, &want, ContourIntegral::default().tol(tol));
            }
            go!("lanczos", &a, &want, Lanczos::default().tol(tol));
            go!("two-pass", &a, &want, TwoPassLanczos::default().tol(tol));
            go!("arnoldi", &a, &want, Arnoldi::default().tol(tol));
            go!("rational", &a, &want, RationalKrylov::new([&inverse]).extended().tol(tol));
            if matches!(f, Function::Power(Power::Sqrt | Power::InvSqrt)) {
                go!("contour", &a, &want, ContourIntegral::default().tol(tol));
            }
            go!("general arnoldi", &general, &sheared, Arnoldi::default().tol(tol));
        }}}
    }
}
