//! The iterative algorithms through the public interface, on matrices from applications: `data/README.md` says where they come from.
use cola::prelude::*;
use cola::{Error, read_matrix_market};
use nalgebra::DVector;
use nalgebra_sparse::CsrMatrix;

fn matrix(name: &str) -> CsrMatrix<f64> {
    read_matrix_market(format!("{}/data/{name}.mtx", env!("CARGO_MANIFEST_DIR"))).unwrap()
}
/// The Poisson matrix, whose null space is the constants, plus 0.1 I.
fn definite_poisson() -> CsrMatrix<f64> {
    let mut a = matrix("unit_square");
    a.triplet_iter_mut().filter(|e| e.0 == e.1).for_each(|e| *e.2 += 0.1);
    a
}
fn some(n: usize) -> DVector<f64> {
    DVector::from_fn(n, |i, _| ((i * 7919 % 1009) as f64 - 504.0) / 504.0)
}
/// |b - A x| / |b| by nalgebra's own product.
fn residual(a: &CsrMatrix<f64>, x: &DVector<f64>, b: &DVector<f64>) -> f64 {
    (b - a * x).norm() / b.norm()
}

#[test]
fn linear_systems() {
    for name in ["unit_square", "bar", "1138_bus", "recirc_flow"] {
        let a = if name == "unit_square" { definite_poisson() } else { matrix(name) };
        let symmetric = name != "recirc_flow";
        let b = some(a.nrows());
        let op = Psd::new(Sparse::new(&a));
        let general = Sparse::new(&a);
        let check = |what: &str, s: cola::Result<cola::Solution<DVector<f64>>>| match s {
            Ok(s) => {
                let r = residual(&a, &s.x, &b);
                assert!(r <= 1.001e-8 && (r - s.report.residual).abs() <= 1e-3 * r + 1e-14, "{name} by {what}: {r:e}");
                s.report.iterations
            }
            Err(e) => panic!("{name} by {what}: {e}"),
        };
        if symmetric {
            let jacobi = Jacobi::of(&op).unwrap();
            let ic = IncompleteCholesky::new(&general).unwrap();
            let plain = check("CG", op.solve_with(Cg::default().tol(1e-8), &b));
            let scaled = check("CG, Jacobi", op.solve_with(Cg::default().tol(1e-8).preconditioner(&jacobi), &b));
            let factored = check("CG, IC", op.solve_with(Cg::default().tol(1e-8).preconditioner(&ic), &b));
            assert!(factored < scaled && scaled <= plain, "{name}: {plain} {scaled} {factored}");
            check("MINRES", op.solve_with(Minres::default().tol(1e-8).preconditioner(&ic), &b));
        }
        let ilu = IncompleteLu::new(&general).unwrap();
        let long = Gmres::default().tol(1e-8).restart(300).preconditioner(&ilu);
        assert!(check("GMRES, ILU", general.solve_with(long, &b)) < 300, "{name}");
        // no promise: converged, or the truth about why not
        match general.solve_with(BiCgStab::default().tol(1e-8).max_iters(500).preconditioner(&ilu), &b) {
            Err(Error::NotConverged { residual, .. }) if name == "1138_bus" => assert!(residual > 1e-8),
            Err(Error::Breakdown { .. }) if name == "1138_bus" => {}
            s => assert!(check("BiCGStab, ILU", s) < 500),
        }
    }
}

/// The Poisson matrix with natural boundaries is singular: systems that have a solution are solved, the others refused.
#[test]
fn singular_systems() {
    let a = matrix("unit_square");
    let (op, mut b) = (Psd::new(Sparse::new(&a)), some(191));
    assert!(matches!(op.solve_with(Minres::default(), &b), Err(Error::Breakdown { .. } | Error::NotConverged { .. })));
    // least squares have an answer all the same
    let s = op.lstsq_with(Lsmr::default().tol(1e-8), &b).unwrap();
    assert!((a.transpose() * (&b - &a * &s.x)).norm() < 1e-6 * b.norm());
    let mean = b.mean();
    b.add_scalar_mut(-mean);
    for x in [op.solve_with(Cg::default(), &b).unwrap().x, op.solve_with(Minres::default(), &b).unwrap().x] {
        assert!(residual(&a, &x, &b) < 1e-9);
    }
    let low = op.eigs_with(Lobpcg::default(), 2, Which::SmallestAlgebraic).unwrap();
    assert!(low.eigenvalues[0].abs() < 1e-10 && low.eigenvalues[1] > 1e-3);
}

#[test]
fn interrupted_and_resumed() {
    let a = matrix("bar");
    let (op, b) = (Psd::new(Sparse::new(&a)), some(600));
    let p = IncompleteCholesky::new(&Sparse::new(&a)).unwrap();
    let mut x = DVector::zeros(600);
    let stopped = op.solve_into(Cg::default().preconditioner(&p).on_iteration(|i| i.residual > 1e-3), &b, &mut x);
    let Err(Error::NotConverged { iterations: first, .. }) = stopped else { panic!("{stopped:?}") };
    // what was reached is in x
    let reached = residual(&a, &x, &b);
    assert!(reached < 2e-3, "{reached}");
    let rest = op.solve_into(Cg::default().preconditioner(&p), &b, &mut x).unwrap();
    let whole = op.solve_with(Cg::default().preconditioner(&p), &b).unwrap().report.iterations;
    assert!(residual(&a, &x, &b) < 1e-9 && rest.iterations < whole, "{first} + {} of {whole}", rest.iterations);
}

#[test]
fn least_squares() {
    // every third column of the stiffness matrix: 191 x 64
    let a = matrix("unit_square");
    let dense = nalgebra_sparse::convert::serial::convert_csr_dense(&a).columns_with_step(0, 64, 2).into_owned();
    let b = some(191);
    let s = Dense::new(&dense).lstsq_with(Lsmr::default().tol(1e-12), &b).unwrap();
    let want = dense.clone().svd(true, true).solve(&b, 1e-14).unwrap();
    assert!((&s.x - &want).norm() <= 1e-8 * want.norm());
    assert!((dense.transpose() * (&b - &dense * &s.x)).norm() <= 1e-9 * b.norm());
}

#[test]
fn eigenvalues() {
    let a = definite_poisson();
    let dense = nalgebra_sparse::convert::serial::convert_csr_dense(&a);
    let mut exact: Vec<f64> = dense.symmetric_eigenvalues().iter().copied().collect();
    exact.sort_by(|x, y| y.total_cmp(x));
    let op = Psd::new(Sparse::new(&a));
    let near = |got: &[f64], want: &[f64]| {
        assert!(got.iter().zip(want).all(|(g, w)| (g - w).abs() <= 1e-9 * w.abs()), "{got:?} is not {want:?}");
    };
    for e in [
        op.eigs(6, Which::LargestMagnitude).unwrap(),
        op.eigs_with(Lanczos::default(), 6, Which::LargestAlgebraic).unwrap(),
        op.eigs_with(Lobpcg::default(), 6, Which::LargestAlgebraic).unwrap(),
    ] {
        near(e.eigenvalues.as_slice(), &exact[..6]);
        assert!(e.residuals.iter().all(|&r| r < 1e-8));
    }
    let low: Vec<f64> = exact.iter().rev().take(4).copied().collect();
    let inverse = op.inv().unwrap();
    near(
        op.eigs_with(Lanczos::default().inverse(&inverse), 4, Which::SmallestMagnitude).unwrap().eigenvalues.as_slice(),
        &low,
    );
    let p = IncompleteCholesky::new(&Sparse::new(&a)).unwrap();
    near(
        op.eigs_with(Lobpcg::default().preconditioner(&p), 4, Which::SmallestAlgebraic).unwrap().eigenvalues.as_slice(),
        &low,
    );
    near(op.svds_with(GolubKahan::default(), 4).unwrap().singular_values.as_slice(), &exact[..4]);
    let cond = op.cond_estimate().unwrap();
    assert!((cond * low[0] / exact[0] - 1.0).abs() < 1e-3, "{cond}");

    // a large one, by the facts: n = 1138 is not made dense
    let grid = Psd::new(Sparse::new(matrix("1138_bus")));
    let e = grid.eigs(5, Which::LargestMagnitude).unwrap();
    let (v, w) = (e.eigenvectors.column(0).into_owned(), e.eigenvalues[0]);
    assert!((grid.apply(&v) - &v * w).norm() <= 1e-8 * w && (w - 3.0148e4).abs() < 2.0, "{w}");

    // not symmetric: complex pairs with their true residuals
    let flow = Sparse::new(matrix("recirc_flow"));
    let e = flow.eigs_with(KrylovSchur::default(), 5, Which::LargestMagnitude).unwrap();
    let wide = flow.0.clone();
    for k in 0..5 {
        let v = e.eigenvectors.column(k);
        let (re, im): (DVector<f64>, DVector<f64>) = (v.map(|z| z.re), v.map(|z| z.im));
        let (ar, ai) = (&wide * &re, &wide * &im);
        let r = (0..225).map(|i| (Complex::new(ar[i], ai[i]) - e.eigenvalues[k] * v[i]).norm_sqr()).sum::<f64>().sqrt();
        assert!(r <= 1e-8 * e.eigenvalues[k].norm() && (r - e.residuals[k]).abs() < 1e-10, "{r:e}");
    }
}

#[test]
fn functions_and_estimates() {
    let a = definite_poisson();
    let op = Psd::new(Sparse::new(&a));
    let b = some(191);
    let dense = Psd::new(Dense::new(op.to_dense()));
    let near = |what: &str, x: &DVector<f64>, want: &DVector<f64>| {
        assert!((x - want).norm() <= 1e-8 * want.norm(), "{what}: {:e}", (x - want).norm() / want.norm());
    };
    near("sqrt", &op.sqrt_apply(&b).unwrap(), &dense.sqrt().unwrap().apply(&b));
    near("isqrt", &op.isqrt_apply_with(ContourIntegral::default(), &b).unwrap().x, &dense.isqrt().unwrap().apply(&b));
    near("log", &op.log_apply_with(Lanczos::default(), &b).unwrap().x, &dense.log().unwrap().apply(&b));
    let minus = linop!(self_adjoint(-2.0 * &op));
    let want = dense.map_spectrum(|w| (-2.0 * w).exp()).unwrap().apply(&b);
    near("exp", &minus.exp_apply(&b).unwrap(), &want);
    near("exp by Taylor", &minus.exp_apply_with(Taylor::default(), &b).unwrap().x, &want);
    near(
        "lazy",
        &op.pow_with(0.3, Lanczos::default()).unwrap().try_apply(&b).unwrap(),
        &dense.pow(0.3).unwrap().apply(&b),
    );

    let exact = op.logdet().unwrap();
    let e = op.logdet_with(Slq::default().probes(30).seed(1)).unwrap();
    assert!((e.value - exact).abs() <= 4.0 * e.std_error + 1e-3 * exact.abs(), "{e:?} {exact}");
    let inverse = op.inv().unwrap();
    let exact = dense.inv().unwrap().to_dense().trace();
    let x = inverse.trace_with(XTrace::default().rel_tol(1e-2).seed(7)).unwrap();
    assert!(
        (x.value - exact).abs() <= 5.0 * x.std_error && x.std_error <= 1e-2 * exact && x.probes < 191,
        "{x:?} {exact}"
    );
}

/// Every preconditioner on every symmetric matrix: the true residual, and what it saves against the plain iteration.
#[test]
fn preconditioners() {
    for name in ["unit_square", "bar", "1138_bus"] {
        let a = if name == "unit_square" { definite_poisson() } else { matrix(name) };
        let (b, sparse) = (some(a.nrows()), Sparse::new(&a));
        let op = Psd::new(&sparse);
        // 10 n iterations are not enough for the bus matrix without help
        let cg = || Cg::default().tol(1e-8).max_iters(20_000);
        let plain = op.solve_with(cg(), &b).unwrap().report.iterations;
        let check = |what: &str, s: cola::Result<cola::Solution<DVector<f64>>>, gain: f64| {
            let s = s.unwrap_or_else(|e| panic!("{name}, {what}: {e}"));
            let (r, count) = (residual(&a, &s.x, &b), s.report.iterations);
            assert!(r <= 1.001e-8, "{name}, {what}: {r:e}");
            println!("{name}, {what}: {count} of {plain}");
            assert!(count as f64 * gain <= plain as f64, "{name}, {what}: {count} of {plain}");
        };
        let ic = |level| IncompleteCholesky::with_level(&sparse, level).unwrap();
        check("IC(0)", op.solve_with(cg().preconditioner(ic(0)), &b), 1.5);
        check("IC(2)", op.solve_with(cg().preconditioner(ic(2)), &b), 2.5);
        let threshold = IncompleteCholesky::with_threshold(&sparse, 1e-4, 20).unwrap();
        check("ICT", op.solve_with(cg().preconditioner(threshold), &b), 3.0);
        check("SSOR", op.solve_with(cg().preconditioner(Ssor::of(&sparse, 1.0).unwrap()), &b), 1.2);
        check("block Jacobi", op.solve_with(cg().preconditioner(BlockJacobi::of(&op, 30).unwrap()), &b), 1.0);
        // elasticity is no M-matrix and the constants alone are not its null space
        let multigrid = SmoothedAggregation::new(&sparse).unwrap();
        check("aggregation", op.solve_with(cg().preconditioner(&multigrid), &b), if name == "bar" { 1.0 } else { 1.5 });
    }
    let (a, b) = (matrix("recirc_flow"), some(225));
    let sparse = Sparse::new(&a);
    let count = |p: IncompleteLu<f64>| {
        let s = sparse.solve_with(Gmres::default().tol(1e-8).restart(225).preconditioner(p), &b).unwrap();
        assert!(residual(&a, &s.x, &b) <= 1.001e-8);
        s.report.iterations
    };
    let zero = count(IncompleteLu::new(&sparse).unwrap());
    let two = count(IncompleteLu::with_level(&sparse, 2).unwrap());
    let threshold = count(IncompleteLu::with_threshold(&sparse, 1e-3, 10).unwrap());
    assert!(two < zero && threshold < zero, "{zero} {two} {threshold}");
}

/// Functions by the methods that keep little, and log det of the worst conditioned matrix with a preconditioner.
#[test]
fn functions_in_little_memory() {
    let a = definite_poisson();
    let (op, b) = (Psd::new(Sparse::new(&a)), some(a.nrows()));
    let dense = Psd::new(Dense::new(op.to_dense()));
    let want = dense.sqrt().unwrap().apply(&b);
    let (low, high) = (0.99 * 0.1, op.norm1_estimate().unwrap() * 1.01);
    let near = |what: &str, s: cola::Result<cola::Solution<DVector<f64>>>| {
        let s = s.unwrap_or_else(|e| panic!("{what}: {e}"));
        let e = (&s.x - &want).norm() / want.norm();
        assert!(e <= 1e-8 && s.report.residual <= 1e-8, "{what}: {e:e} {:e}", s.report.residual);
    };
    near("two-pass", op.sqrt_apply_with(TwoPassLanczos::default(), &b));
    near("series", op.sqrt_apply_with(ChebyshevSeries::new(low, high), &b));
    near("extended", op.sqrt_apply_with(RationalKrylov::of(&op).unwrap(), &b));
    near("restarted", op.sqrt_apply_with(RestartedArnoldi::default().tol(1e-9), &b));
    near("contour", op.sqrt_apply_with(ContourIntegral::default(), &b));

    let bus = Sparse::new(matrix("1138_bus"));
    let ic = IncompleteCholesky::with_threshold(&bus, 1e-4, 20).unwrap();
    let op = Psd::new(&bus);
    let exact = op.logdet().unwrap();
    let with = op.logdet_with(Slq::default().probes(20).rel_tol(1e-4).preconditioner(&ic)).unwrap();
    let plain = op.logdet_with(Slq::default().probes(20).rel_tol(1e-2)).unwrap();
    assert!((with.value - exact).abs() <= 4.0 * with.std_error + 1e-4 * exact.abs(), "{with:?} {exact}");
    assert!(with.std_error < 0.1 * plain.std_error, "{with:?} {plain:?}");
}
