//! Every iterative method on bad input, and stopped and resumed: the error is named and says where it was seen, and no work is lost.
use cola::algorithms::Iteration;
use cola::operator::Update;
use cola::prelude::*;
use cola::view::{View, ViewMut};
use cola::{Dyn, Error, PsdFacts};
use nalgebra::DMatrix;
use std::cell::Cell;

/// A closure that is called positive definite, of any shape: what it really is, only an iteration finds out.
struct Claimed<'a> {
    shape: (usize, usize),
    f: &'a dyn Fn(&[f64], &mut [f64]),
}
impl Operator for Claimed<'_> {
    type Scalar = f64;
    type Facts = PsdFacts;
    type Class = cola::dsl::General;
    type Rows = Dyn;
    type Cols = Dyn;
    fn nrows(&self) -> usize {
        self.shape.0
    }
    fn ncols(&self) -> usize {
        self.shape.1
    }
}
impl LinearOperator for Claimed<'_> {
    fn act(&self, how: Update<f64>, x: View<'_, f64>, mut y: ViewMut<'_, f64>, _: &mut [f64]) {
        let mut out = vec![0.0; y.rows];
        for j in 0..x.cols {
            let column: Vec<f64> = (0..x.rows).map(|i| x.at(i, j)).collect();
            (self.f)(&column, &mut out);
            out.iter().enumerate().for_each(|(i, &v)| how.write(y.at(i, j), v));
        }
    }
    fn scratch_len(&self, _: usize) -> usize {
        0
    }
}

const N: usize = 40;
/// y = D x with d_i from 1 to 4, and with neighbours.
fn definite(x: &[f64], y: &mut [f64]) {
    let n = y.len();
    for i in 0..n {
        let near = if i > 0 { x[i - 1] } else { 0.0 } + x.get(i + 1).copied().unwrap_or(0.0);
        y[i] = (2.0 + 2.0 * (i as f64 / n as f64).powi(2)) * x.get(i).copied().unwrap_or(0.0) - 0.5 * near;
    }
}
fn noise(i: usize) -> f64 {
    let x = ((i as f64 + 1.0) * 12.9898).sin() * 43758.5453;
    2.0 * (x - x.floor()) - 1.0
}

/// What a method is told, and what it has.
struct Problem<'a> {
    a: &'a Claimed<'a>,
    b: DMatrix<f64>,
    p: &'a Claimed<'a>,
    preconditioned: bool,
    tol: f64,
    most: usize,
}
/// What it made of it: iterations (or products), residual and size of the result.
struct Outcome {
    iterations: usize,
    residual: f64,
    size: f64,
}
/// Groups of methods, which share what can be wrong.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Group {
    /// A x = b, least squares.
    Solve,
    /// f(A) b.
    Function,
    /// Pairs and triplets.
    Spectrum,
    /// Estimates from random vectors.
    Estimate,
}
use Group::*;

impl Problem<'_> {
    /// Every method.
    fn each(&self, see: &mut dyn FnMut(Group, &str, cola::Result<Outcome>)) {
        let Problem { a, b, p, tol, most, .. } = self;
        macro_rules! limited {
            ($m:expr) => {
                $m.tol(*tol).max_iters(*most)
            };
        }
        macro_rules! solution {
            ($s:expr) => {
                $s.map(|s| Outcome { iterations: s.report.iterations, residual: s.report.residual, size: s.x.norm() })
            };
        }
        macro_rules! eigs {
            ($m:expr) => {
                eigs!($m, Which::LargestMagnitude)
            };
            ($m:expr, $which:expr) => {
                a.eigs_with($m, 2, $which).map(|e| Outcome {
                    iterations: e.report.iterations,
                    residual: e.report.residual,
                    size: e.residuals.iter().copied().fold(1.0, f64::max),
                })
            };
        }
        macro_rules! solvers {
            ($($name:literal: $call:ident $m:expr;)*) => { $(
                let result = match self.preconditioned {
                    true => solution!(a.$call(limited!($m).preconditioner(*p), b)),
                    false => solution!(a.$call(limited!($m), b)),
                };
                see(Solve, $name, result);
            )* };
        }
        solvers! {
            "CG": solve_with Cg::default();
            "MINRES": solve_with Minres::default();
            "SYMMLQ": solve_with Symmlq::default();
            "GMRES": solve_with Gmres::default();
            "flexible GMRES": solve_with Gmres::default().restart(20).flexible();
            "BiCGStab": solve_with BiCgStab::default();
            "TFQMR": solve_with Tfqmr::default();
            "LSQR": lstsq_with Lsqr::default();
            "LSMR": lstsq_with Lsmr::default();
            "CRAIG": lstsq_with Craig::default();
        }
        if !self.preconditioned {
            see(Solve, "mixed precision", solution!(a.solve_with(limited!(MixedPrecision::default()), b)));
            let shifted = a.solve_shifted_with(limited!(ShiftedCg::default()), &[0.0, 0.5], b).map(|s| Outcome {
                iterations: s.report.iterations,
                residual: s.report.residual,
                size: s.x[0].norm().max(s.x[1].norm()),
            });
            see(Solve, "shifted CG", shifted);
        }
        if self.preconditioned {
            return see(
                Spectrum,
                "LOBPCG",
                eigs!(limited!(Lobpcg::default()).preconditioner(*p), Which::LargestAlgebraic),
            );
        }
        see(Function, "exp by Lanczos", solution!(a.exp_apply_with(limited!(Lanczos::default()), b)));
        see(Function, "exp by Arnoldi", solution!(a.exp_apply_with(limited!(Arnoldi::default()), b)));
        see(Function, "block Lanczos", solution!(a.exp_apply_with(limited!(Lanczos::default()).block(2), b)));
        see(Function, "two passes", solution!(a.exp_apply_with(limited!(TwoPassLanczos::default()), b)));
        see(Function, "restarts", solution!(a.exp_apply_with(limited!(RestartedArnoldi::default()).restart(4), b)));
        see(Function, "series", solution!(a.exp_apply_with(limited!(ChebyshevSeries::new(0.5, 5.5)), b)));
        see(Function, "contour", solution!(a.sqrt_apply_with(limited!(ContourIntegral::default()), b)));
        let rational = RationalKrylov::new([*p]).extended();
        see(Function, "rational", solution!(a.exp_apply_with(limited!(rational), b)));
        see(Spectrum, "Lanczos", eigs!(limited!(Lanczos::default()).subspace(8)));
        see(Spectrum, "block Lanczos", eigs!(limited!(Lanczos::default()).subspace(12).block(2)));
        see(Spectrum, "Krylov-Schur", eigs!(limited!(KrylovSchur::default()).subspace(8)));
        see(Spectrum, "LOBPCG", eigs!(limited!(Lobpcg::default()), Which::LargestAlgebraic));
        see(Spectrum, "power iteration", eigs!(limited!(PowerIteration::default())));
        let svds = |s: cola::Result<cola::Svds<f64, f64>>| {
            s.map(|s| Outcome {
                iterations: s.report.iterations,
                residual: s.report.residual,
                size: s.singular_values[0],
            })
        };
        see(Spectrum, "Golub-Kahan", svds(a.svds_with(limited!(GolubKahan::default()).subspace(8), 2)));
        let trace = |e: cola::Result<cola::Estimate<f64>>| {
            e.map(|e| Outcome { iterations: e.probes, residual: e.std_error, size: e.value })
        };
        see(Estimate, "Hutchinson", trace(a.trace_with(Hutchinson::default().probes(20))));
        see(Estimate, "Hutch++", trace(a.trace_with(HutchPlusPlus::default().probes(21))));
        see(Estimate, "XTrace", trace(a.trace_with(XTrace::default().probes(20))));
        see(Estimate, "XNysTrace", trace(a.trace_with(XNysTrace::default().probes(20))));
        see(Estimate, "SLQ", trace(a.logdet_with(Slq::default().probes(10))));
        see(
            Estimate,
            "XDiag",
            a.diagonal_with(XDiag::default().probes(20)).map(|d| Outcome {
                iterations: d.probes,
                residual: d.std_error.norm(),
                size: d.value.norm(),
            }),
        );
        let number = |x: cola::Result<f64>| x.map(|size| Outcome { iterations: 1, residual: 0.0, size });
        see(Estimate, "density", number(a.spectral_density_with(Slq::default()).map(|d| d.count(0.0, 1e9).value)));
        see(Estimate, "2-norm", number(a.norm_estimate()));
        see(Estimate, "1-norm", number(a.norm1_estimate()));
        see(Estimate, "Nystrom", number(Nystrom::default().rank(6).factor(*a).map(|f| f.0.norm())));
        see(Estimate, "randomised SVD", svds(a.svds_with(RandomizedSvd::default(), 2)));
        see(Estimate, "single pass", svds(a.svds_with(RandomizedSvd::default().single_pass(), 2)));
    }
}

fn inverse() -> DMatrix<f64> {
    let mut unit = vec![0.0; N];
    let mut a = DMatrix::zeros(N, N);
    for j in 0..N {
        unit.fill(0.0);
        unit[j] = 1.0;
        definite(&unit, a.column_mut(j).as_mut_slice());
    }
    a.try_inverse().unwrap()
}
/// Every method on `f`, with a right-hand side; `change` says what else is wrong.
fn run(
    f: &dyn Fn(&[f64], &mut [f64]),
    change: impl FnOnce(&mut Problem<'_>),
    see: &mut dyn FnMut(Group, &str, cola::Result<Outcome>),
) {
    let inverse = inverse();
    let solve =
        |x: &[f64], y: &mut [f64]| y.copy_from_slice((&inverse * DMatrix::from_column_slice(N, 1, x)).as_slice());
    let (a, p) = (Claimed { shape: (N, N), f }, Claimed { shape: (N, N), f: &solve });
    let b = DMatrix::from_fn(N, 1, |i, _| noise(i));
    let mut problem = Problem { a: &a, b, p: &p, preconditioned: false, tol: 1e-8, most: 300 };
    change(&mut problem);
    problem.each(see);
}
/// What is wrong with the methods of one kind of input, all at once.
#[derive(Default)]
struct Complaints(Vec<String>);
impl Complaints {
    fn unless(&mut self, good: bool, name: &str, result: &cola::Result<Outcome>) {
        if !good {
            self.0.push(match result {
                Ok(s) => format!("{name}: Ok after {}, residual {:e}, size {:e}", s.iterations, s.residual, s.size),
                Err(e) => format!("{name}: {e:?}"),
            });
        }
    }
    fn end(self) {
        assert!(self.0.is_empty(), "{:#?}", self.0);
    }
}

#[test]
fn nothing_wrong() {
    let mut c = Complaints::default();
    let mut count = 0;
    run(&definite, |_| {}, &mut |_, name, result| {
        count += 1;
        let good = matches!(&result, Ok(s) if s.iterations > 0 && s.size > 0.0);
        c.unless(good, name, &result);
    });
    run(&definite, |p| p.preconditioned = true, &mut |_, name, result| {
        count += 1;
        c.unless(
            matches!(&result, Ok(s) if s.iterations < if name == "LOBPCG" { 60 } else { 20 }),
            &format!("{name} with P"),
            &result,
        );
    });
    assert!(count > 45, "{count}");
    c.end();
}
#[test]
fn not_square() {
    let mut c = Complaints::default();
    let a = Claimed { shape: (N, N - 1), f: &definite };
    let p = Claimed { shape: (N, N), f: &definite };
    let b = DMatrix::from_fn(N, 1, |i, _| noise(i));
    let problem = Problem { a: &a, b, p: &p, preconditioned: false, tol: 1e-8, most: 300 };
    problem.each(&mut |_, name, result| {
        let any_shape = ["LSQR", "LSMR", "CRAIG", "Golub-Kahan", "2-norm", "1-norm", "randomised SVD", "single pass"];
        if !any_shape.contains(&name) {
            let good = matches!(&result, Err(Error::ShapeMismatch { left: (N, n), .. }) if *n == N - 1);
            c.unless(good, name, &result);
        }
    });
    c.end();
}
#[test]
fn preconditioner_of_another_size() {
    let mut c = Complaints::default();
    let small = Claimed { shape: (N - 1, N - 1), f: &definite };
    let a = Claimed { shape: (N, N), f: &definite };
    let b = DMatrix::from_fn(N, 1, |i, _| noise(i));
    for preconditioned in [false, true] {
        let problem = Problem { a: &a, b: b.clone(), p: &small, preconditioned, tol: 1e-8, most: 300 };
        problem.each(&mut |_, name, result| {
            if preconditioned || name == "rational" {
                let good = matches!(&result, Err(Error::ShapeMismatch { left: (N, N), right, .. }) if right.0 == N - 1);
                c.unless(good, name, &result);
            }
        });
    }
    c.end();
}
/// The seventh product has a NaN: it is named, with the iteration (or the number of the product) at which it was seen.
#[test]
fn nan_midway() {
    let mut c = Complaints::default();
    for last in [7, N + 3] {
        let calls = Cell::new(0);
        let late = |x: &[f64], y: &mut [f64]| {
            calls.set(calls.get() + 1);
            definite(x, y);
            if calls.get() == last {
                y[2] = f64::NAN;
            }
        };
        run(&late, |_| {}, &mut |_, name, result| {
            let seen = calls.replace(0);
            // (mixed precision makes A dense: its iterations are after the first N products)
            if (name == "mixed precision") != (last > N) || seen < last {
                return;
            }
            let place = |e: &Error| {
                let text = e.to_string();
                let number = text.split("at iteration ").nth(1).or(text.split("at product ").nth(1))?;
                number.split(' ').next()?.parse::<usize>().ok()
            };
            let good = match &result {
                Err(e @ Error::NonFinite { .. }) => place(e).is_some_and(|k| (1..=N).contains(&k)),
                _ => false,
            };
            c.unless(good, name, &result);
        });
    }
    // and from the preconditioner
    let calls = Cell::new(0);
    let late = |x: &[f64], y: &mut [f64]| {
        calls.set(calls.get() + 1);
        y.copy_from_slice(x);
        if calls.get() == 5 {
            y[2] = f64::NAN;
        }
    };
    let (a, p) = (Claimed { shape: (N, N), f: &definite }, Claimed { shape: (N, N), f: &late });
    let b = DMatrix::from_fn(N, 1, |i, _| noise(i));
    let problem = Problem { a: &a, b, p: &p, preconditioned: true, tol: 1e-8, most: 300 };
    problem.each(&mut |_, name, result| {
        calls.set(0);
        let good = matches!(&result, Err(e @ Error::NonFinite { .. }) if e.to_string().contains("at "));
        c.unless(good, &format!("P of {name}"), &result);
    });
    c.end();
}
#[test]
fn indefinite() {
    let mut c = Complaints::default();
    let shifted = |x: &[f64], y: &mut [f64]| {
        definite(x, y);
        x.iter().zip(y).for_each(|(x, y)| *y -= 2.5 * x);
    };
    run(&shifted, |_| {}, &mut |group, name, result| {
        let good = match name {
            "CG" | "shifted CG" => matches!(&result, Err(Error::NotPositiveDefinite { pivot, .. }) if *pivot < 0.0),
            "XNysTrace" | "Nystrom" => matches!(&result, Err(Error::NotPositiveDefinite { .. })),
            "SLQ" | "contour" => {
                matches!(&result, Err(Error::NegativeEigenvalue { .. } | Error::NotPositiveDefinite { .. }))
            }
            // exp of a matrix whose bounds, or whose inverse, are others
            "series" | "rational" => true,
            _ => match &result {
                Ok(s) => group == Estimate || s.residual <= 1e-8,
                Err(Error::NotConverged { iterations, residual, tol, .. }) => *iterations > 0 && residual > tol,
                Err(Error::Breakdown { iteration, .. }) => *iteration > 0,
                Err(_) => false,
            },
        };
        c.unless(good, name, &result);
    });
    c.end();
}
#[test]
fn right_hand_sides() {
    let mut c = Complaints::default();
    run(&definite, |p| p.b.fill(0.0), &mut |group, name, result| {
        if matches!(group, Solve | Function) {
            let good = matches!(&result, Ok(s) if s.iterations == 0 && s.residual == 0.0 && s.size == 0.0);
            c.unless(good, name, &result);
        }
    });
    for bad in [f64::NAN, f64::INFINITY] {
        run(&definite, |p| p.b[3] = bad, &mut |group, name, result| {
            if matches!(group, Solve | Function) {
                c.unless(matches!(&result, Err(Error::NonFinite { .. })), name, &result);
            }
        });
    }
    c.end();
}
#[test]
fn no_iterations_and_odd_tolerances() {
    let mut c = Complaints::default();
    run(&definite, |p| p.most = 0, &mut |group, name, result| {
        if group != Estimate {
            let good = matches!(&result, Err(Error::NotConverged { iterations: 0, .. }));
            c.unless(good, &format!("{name}, none"), &result);
        }
    });
    // below rounding: an end, and the truth
    run(&definite, |p| (p.tol, p.most) = (1e-30, 100), &mut |group, name, result| {
        let good = match &result {
            // what counts as that small: rounding of the residual, or of the result
            Ok(s) => match (group, name) {
                (Estimate, _) => true,
                (Function, _) | (_, "Golub-Kahan") => s.residual <= 100.0 * f64::EPSILON,
                _ => s.residual <= 1e-30,
            },
            Err(Error::NotConverged { residual, tol, .. }) => residual > tol && *residual < 1e-6,
            Err(_) => false,
        };
        c.unless(good, &format!("{name} to 1e-30"), &result);
    });
    for tol in [f64::NAN, -1.0, f64::INFINITY] {
        run(&definite, |p| p.tol = tol, &mut |group, name, result| {
            if group != Estimate {
                c.unless(matches!(&result, Err(Error::InvalidArgument { .. })), &format!("{name} to {tol}"), &result);
            }
        });
    }
    c.end();
}

/// Stopped by a callback: the iterate is inside the error, it is what the error says of it, and each method goes on from it.
#[test]
fn interrupted_and_resumed() {
    let a = DMatrix::from_fn(N, N, |i, j| match i.abs_diff(j) {
        0 => 2.0 + 2.0 * (i as f64 / N as f64).powi(2),
        1 => -0.95,
        _ => 0.0,
    });
    let (op, b) = (Psd::new(Dense::new(&a)), DMatrix::from_fn(N, 1, |i, _| noise(i)));
    let p = Diagonal::new((0..N).map(|i| 1.0 / (1.0 + (i % 3) as f64)).collect::<Vec<_>>());
    macro_rules! resumes {
        ($($name:literal $Method:expr;)*) => { $({
            let name = $name;
            let stop = |i: &Iteration| i.residual > 1e-3;
            let e = op.solve_with($Method.on_iteration(stop), &b).unwrap_err();
            let Error::NotConverged { residual, iterations, .. } = e else { panic!("{name}: {e}") };
            let mut x = e.iterate::<f64>().expect(name).clone();
            let (r, whole) = (&b - &a * &x, op.solve_with($Method, &b).unwrap().report);
            // least squares may say the gradient
            let truth = r.norm() / b.norm();
            assert!((truth - residual).abs() <= 1e-6 * truth || residual < truth && name.starts_with("LS"), "{name}: {truth:e} {residual:e}");
            assert!(truth < 0.1, "{name}: {truth:e}");
            let rest = op.solve_into($Method, &b, &mut x).unwrap();
            assert!((&b - &a * &x).norm() <= 1.01e-9 * b.norm(), "{name}");
            assert!(rest.iterations < whole.iterations + 5 && iterations > 0, "{name}: {iterations} + {} of {}", rest.iterations, whole.iterations);
            // what was reached is where it starts
            let first = rest.history.first().copied().unwrap_or(0.0);
            assert!(first <= 20.0 * residual, "{name}: {first:e} after {residual:e}");
        })* };
    }
    resumes! {
        "CG" Cg::default();
        "CG with P" Cg::default().preconditioner(&p);
        "MINRES" Minres::default();
        "MINRES with P" Minres::default().preconditioner(&p);
        "SYMMLQ" Symmlq::default();
        "SYMMLQ with P" Symmlq::default().preconditioner(&p);
        "GMRES" Gmres::default();
        "flexible GMRES" Gmres::default().restart(8).preconditioner(&p).flexible();
        "BiCGStab" BiCgStab::default();
        "TFQMR" Tfqmr::default();
        "TFQMR with P" Tfqmr::default().preconditioner(&p);
        "LSQR" Lsqr::default();
        "LSQR with P" Lsqr::default().preconditioner(&p);
        "LSMR" Lsmr::default();
        "CRAIG" Craig::default();
        "CRAIG with P" Craig::default().preconditioner(&p);
    }
    // factors in single precision leave little to iterate: a condition number that takes some steps
    let h = DMatrix::from_fn(10, 10, |i, j| 1.0 / (i + j + 1) as f64);
    let (op, b) = (Dense::new(&h), DMatrix::from_fn(10, 1, |i, _| noise(i)));
    let e = op.solve_with(MixedPrecision::default().on_iteration(|i| i.iteration < 3), &b).unwrap_err();
    assert!(matches!(e, Error::NotConverged { iterations: 3, .. }), "{e}");
    let mut x = e.iterate::<f64>().unwrap().clone();
    let rest = op.solve_into(MixedPrecision::default(), &b, &mut x).unwrap();
    let whole = op.solve_with(MixedPrecision::default(), &b).unwrap().report;
    assert!(rest.iterations <= 2 * whole.iterations, "{} of {}", rest.iterations, whole.iterations);
    assert!((&b - &h * &x).norm() <= 2e-15 * (h.norm() * x.norm() + b.norm()));
}
