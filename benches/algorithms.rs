//! Every iterative algorithm at three sizes: `cargo bench --bench algorithms [-- filter]`. Beside criterion's times a table is printed:
//! iterations, products with A per iteration (counted), and the bytes that an iteration has to move at least: the matrix once per pass of
//! at most 8 columns through it, two vectors per product, and the vector reads and writes of the method (the column `vectors`, of n numbers).
use cola::Mirrored;
use cola::operator::Update;
use cola::prelude::*;
use cola::view::{View, ViewMut};
use criterion::Criterion;
use nalgebra::{DMatrix, DVector};
use std::cell::Cell;
use std::hint::black_box;
use std::time::{Duration, Instant};

type Csr = nalgebra_sparse::CsrMatrix<f64>;

/// An operator that counts its products and its passes.
#[derive(Clone)]
struct Counted<A> {
    a: A,
    count: std::rc::Rc<(Cell<usize>, Cell<usize>)>,
}
impl<A: Operator> Operator for Counted<A> {
    type Scalar = A::Scalar;
    type Facts = A::Facts;
    type Class = cola::dsl::General;
    type Rows = A::Rows;
    type Cols = A::Cols;
    fn nrows(&self) -> usize {
        self.a.nrows()
    }
    fn ncols(&self) -> usize {
        self.a.ncols()
    }
}
impl<A: LinearOperator> LinearOperator for Counted<A> {
    fn act(&self, how: Update<A::Scalar>, x: View<'_, A::Scalar>, y: ViewMut<'_, A::Scalar>, s: &mut [A::Scalar]) {
        self.count.0.set(self.count.0.get() + x.cols);
        self.count.1.set(self.count.1.get() + x.cols.div_ceil(8));
        self.a.act(how, x, y, s)
    }
    fn scratch_len(&self, columns: usize) -> usize {
        self.a.scratch_len(columns)
    }
}
/// The five-point Laplacian on m x m points, with `wind` to one side.
fn grid(m: usize, wind: f64) -> Sparse<Csr> {
    let mut entries = Vec::with_capacity(5 * m * m);
    for i in 0..m * m {
        entries.push((i, i, 4.0));
        if i + m < m * m {
            entries.extend([(i, i + m, -1.0), (i + m, i, -1.0)]);
        }
        if (i + 1) % m != 0 {
            entries.extend([(i, i + 1, -1.0 + wind), (i + 1, i, -1.0 - wind)]);
        }
    }
    Sparse::from_triplets(m * m, m * m, entries).expect("indices below m^2")
}

/// What a case is run on.
#[derive(Clone, Copy)]
struct Problem {
    psd: &'static Counted<Psd<&'static Sparse<Csr>>>,
    general: &'static Counted<&'static Sparse<Csr>>,
    a: &'static Sparse<Csr>,
    minus: &'static Counted<SelfAdjoint<Sparse<Csr>>>,
    b: &'static DVector<f64>,
    /// Four right-hand sides.
    wide: &'static DMatrix<f64>,
    /// Of 4 m unknowns, not symmetric.
    dense: &'static Counted<Dense<DMatrix<f64>>>,
    /// A smooth positive symbol, as many unknowns as the grid.
    toeplitz: &'static Counted<Psd<Toeplitz<Vec<f64>, Mirrored>>>,
    m: usize,
}
fn leak<T>(t: T) -> &'static T {
    Box::leak(Box::new(t))
}
impl Problem {
    fn new(m: usize) -> Self {
        let counted = || std::rc::Rc::new((Cell::new(0), Cell::new(0)));
        let (a, wind) = (leak(grid(m, 0.0)), leak(grid(m, 0.3)));
        let mut negative = a.clone();
        negative.0.values_mut().iter_mut().for_each(|v| *v = -*v);
        Problem {
            psd: leak(Counted { a: Psd::new(a), count: counted() }),
            general: leak(Counted { a: wind, count: counted() }),
            a,
            minus: leak(Counted { a: SelfAdjoint::new(negative), count: counted() }),
            b: leak(DVector::from_fn(m * m, |i, _| ((i * 7919 % 1009) as f64 - 504.0) / 504.0)),
            wide: leak(DMatrix::from_fn(m * m, 4, |i, j| (((i + 31 * j) * 7919 % 1009) as f64 - 504.0) / 504.0)),
            dense: leak(Counted {
                a: Dense::new(DMatrix::from_fn(4 * m, 4 * m, |i, j| {
                    ((i * 7919 + j * 104_729) % 1009) as f64 / 1009.0 + f64::from(i == j)
                })),
                count: counted(),
            }),
            toeplitz: leak(Counted {
                a: Psd::new(Toeplitz::symmetric((0..m * m).map(|k| 1.0 / (1 + k * k) as f64).collect::<Vec<_>>())),
                count: counted(),
            }),
            m,
        }
    }
    /// Unknowns of a case, and the bytes that one pass through its matrix takes.
    fn held(&self, name: &str) -> (usize, f64) {
        if name.starts_with("mixed precision") {
            // the matrix, and its factors in single precision
            let n = 4 * self.m;
            return (n, 12.0 * (n * n) as f64);
        }
        let n = self.m * self.m;
        if name.contains("Toeplitz") {
            // two transforms of twice the length, and the spectrum
            return (n, 3.0 * 16.0 * 2.0 * n as f64);
        }
        // a number and an index per entry, an offset per row
        (n, self.a.0.values().len() as f64 * 16.0 + n as f64 * 8.0)
    }
    /// Products and passes since the last call.
    fn products(&self) -> (usize, usize) {
        let all = [&self.psd.count, &self.general.count, &self.minus.count, &self.dense.count, &self.toeplitz.count];
        let sum = |f: fn(&(Cell<usize>, Cell<usize>)) -> usize| all.iter().map(|c| f(c)).sum();
        (sum(|c| c.0.take()), sum(|c| c.1.take()))
    }
}
/// Name, vectors read and written per iteration besides the products, and a run that returns its iterations.
type Case = (&'static str, f64, fn(Problem) -> usize);

fn steps<X>(result: cola::Result<cola::Solution<X>>) -> usize {
    black_box(result).expect("converges").report.iterations
}
/// The same where all iterations may be used.
fn at_most<X>(result: cola::Result<cola::Solution<X>>) -> usize {
    match black_box(result) {
        Ok(s) => s.report.iterations,
        Err(cola::Error::NotConverged { iterations, .. }) => iterations,
        Err(e) => panic!("{e}"),
    }
}
fn pairs<V: nalgebra::Scalar, T: nalgebra::Scalar>(result: cola::Result<cola::Eigs<V, T>>) -> usize {
    match black_box(result) {
        Ok(e) => e.report.iterations,
        Err(cola::Error::NotConverged { iterations, .. }) => iterations,
        Err(e) => panic!("{e}"),
    }
}
#[rustfmt::skip]
const CASES: &[Case] = &[
    ("CG", 11.0, |p| steps(p.psd.solve_with(Cg::default().tol(1e-6), p.b))),
    ("CG, Jacobi", 14.0, |p| steps(p.psd.solve_with(Cg::default().tol(1e-6).preconditioner(Jacobi::of(p.a).unwrap()), p.b))),
    ("CG, IC(0)", 13.0, |p| steps(p.psd.solve_with(Cg::default().tol(1e-6).preconditioner(IncompleteCholesky::new(p.a).unwrap()), p.b))),
    ("CG, ICT", 13.0, |p| steps(p.psd.solve_with(
        Cg::default().tol(1e-6).preconditioner(IncompleteCholesky::with_threshold(p.a, 1e-3, 10).unwrap()), p.b))),
    ("CG, SSOR", 13.0, |p| steps(p.psd.solve_with(Cg::default().tol(1e-6).preconditioner(Ssor::of(p.a, 1.8).unwrap()), p.b))),
    ("CG, block Jacobi", 13.0, |p| steps(p.psd.solve_with(
        Cg::default().tol(1e-6).preconditioner(BlockJacobi::of(&Psd::new(p.a), p.m).unwrap()), p.b))),
    ("CG, aggregation", 13.0, |p| steps(p.psd.solve_with(Cg::default().tol(1e-6).preconditioner(SmoothedAggregation::new(p.a).unwrap()), p.b))),
    ("CG, Chebyshev", 13.0, |p| steps(p.psd.solve_with(
        Cg::default().tol(1e-6).preconditioner(Chebyshev::new(p.psd, 0.05, 8.0, 8).unwrap()), p.b))),
    ("CG, IC(1)", 13.0, |p| steps(p.psd.solve_with(
        Cg::default().tol(1e-6).preconditioner(IncompleteCholesky::with_level(p.a, 1).unwrap()), p.b))),
    ("CG, Nystrom", 53.0, |p| steps(p.psd.solve_with(
        Cg::default().tol(1e-6).preconditioner(Nystrom::default().rank(20).of(p.psd, 0.1).unwrap()), p.b))),
    ("CG, pivoted Cholesky", 53.0, |p| steps(p.psd.solve_with(
        Cg::default().tol(1e-6).preconditioner(PivotedCholesky::default().rank(20).of(&Psd::new(p.a), 0.1).unwrap()), p.b))),
    ("CG, Toeplitz, circulant", 19.0, |p| steps(p.toeplitz.solve_with(
        Cg::default().tol(1e-6).preconditioner(CirculantPreconditioner::chan(&p.toeplitz.a.0).unwrap()), p.b))),
    ("CG, 4 columns", 44.0, |p| steps(p.psd.solve_with(Cg::default().tol(1e-6), p.wide))),
    ("shifted CG, 4 shifts", 32.0, |p| {
        p.psd.solve_shifted_with(ShiftedCg::default().tol(1e-6), &[0.0, 0.01, 0.1, 1.0], p.b).unwrap().report.iterations
    }),
    ("SYMMLQ", 18.0, |p| steps(p.psd.solve_with(Symmlq::default().tol(1e-6), p.b))),
    ("MINRES", 16.0, |p| steps(p.psd.solve_with(Minres::default().tol(1e-6), p.b))),
    ("GMRES(50), ILU(0)", 104.0, |p| steps(p.general.solve_with(
        Gmres::default().restart(50).tol(1e-6).preconditioner(IncompleteLu::new(p.general.a).unwrap()), p.b))),
    ("flexible GMRES(50), ILUT", 106.0, |p| {
        let ilut = IncompleteLu::with_threshold(p.general.a, 1e-3, 10).unwrap();
        steps(p.general.solve_with(Gmres::default().restart(50).tol(1e-6).preconditioner(ilut).flexible(), p.b))
    }),
    ("TFQMR", 26.0, |p| steps(p.general.solve_with(Tfqmr::default().tol(1e-6), p.b))),
    ("mixed precision", 20.0, |p| {
        let b = DVector::from_element(4 * p.m, 1.0);
        steps(p.dense.solve_with(MixedPrecision::default(), &b))
    }),
    ("BiCGStab(2)", 30.0, |p| steps(p.general.solve_with(BiCgStab::default().tol(1e-6), p.b))),
    ("LSMR", 14.0, |p| at_most(p.general.lstsq_with(Lsmr::default().tol(1e-4).max_iters(500), p.b))),
    ("LSQR", 12.0, |p| at_most(p.general.lstsq_with(Lsqr::default().tol(1e-4).max_iters(500), p.b))),
    ("CRAIG", 10.0, |p| at_most(p.general.lstsq_with(Craig::default().tol(1e-4).max_iters(500), p.b))),
    ("CRAIG, ILU(0)", 12.0, |p| {
        let ilu = IncompleteLu::new(p.general.a).unwrap();
        at_most(p.general.lstsq_with(Craig::default().tol(1e-4).max_iters(500).preconditioner(ilu), p.b))
    }),
    ("Lanczos, 6 largest", 40.0, |p| p.psd.eigs_with(Lanczos::default().tol(1e-6), 6, Which::LargestAlgebraic).unwrap().report.iterations),
    ("Lanczos, 6 smallest, inverse", 40.0, |p| {
        let inverse = Psd::new(p.a).inv().unwrap();
        p.psd.eigs_with(Lanczos::default().tol(1e-6).inverse(&inverse), 6, Which::SmallestMagnitude).unwrap().report.iterations
    }),
    ("Krylov-Schur, 6 largest", 40.0, |p| p.general.eigs_with(KrylovSchur::default().tol(1e-5), 6, Which::LargestReal).unwrap().report.iterations),
    ("Lanczos, 6 at both ends", 40.0, |p| pairs(p.psd.eigs_with(Lanczos::default().tol(1e-5).max_iters(100), 6, Which::BothEnds))),
    ("block Lanczos, 6 largest", 40.0, |p| pairs(p.psd.eigs_with(Lanczos::default().block(3).tol(1e-5).max_iters(100), 6, Which::LargestAlgebraic))),
    ("Arnoldi, 6 largest", 40.0, |p| pairs(p.general.eigs_with(Arnoldi::default().tol(1e-5).max_iters(100), 6, Which::LargestReal))),
    ("power iteration, 4 largest", 20.0, |p| pairs(p.psd.eigs_with(PowerIteration::default().block(8).tol(1e-3).max_iters(100), 4, Which::LargestMagnitude))),
    ("inverse iteration, 4 smallest", 20.0, |p| {
        let inverse = Psd::new(p.a).inv().unwrap();
        pairs(p.psd.eigs_with(PowerIteration::default().block(8).tol(1e-6).inverse(&inverse), 4, Which::SmallestMagnitude))
    }),
    ("LOBPCG, 4 largest", 60.0, |p| pairs(p.psd.eigs_with(Lobpcg::default().tol(1e-3).max_iters(200), 4, Which::LargestAlgebraic))),
    ("LOBPCG, 4 smallest, aggregation", 60.0, |p| {
        let q = SmoothedAggregation::new(p.a).unwrap();
        p.psd.eigs_with(Lobpcg::default().tol(1e-4).preconditioner(&q), 4, Which::SmallestAlgebraic).unwrap().report.iterations
    }),
    ("Golub-Kahan, 4 largest", 40.0, |p| p.general.svds_with(GolubKahan::default().tol(1e-4), 4).unwrap().report.iterations),
    ("e^-A b, Lanczos", 30.0, |p| steps(p.minus.exp_apply_with(Lanczos::default(), p.b))),
    ("e^-A b, Arnoldi", 60.0, |p| steps(p.minus.exp_apply_with(Arnoldi::default(), p.b))),
    ("e^-A B, block Lanczos, 4 columns", 60.0, |p| steps(p.minus.exp_apply_with(Lanczos::default().block(4), p.wide))),
    ("e^-A b, two-pass Lanczos", 9.0, |p| steps(p.minus.exp_apply_with(TwoPassLanczos::default(), p.b))),
    ("e^-A b, Chebyshev series", 6.0, |p| steps(p.minus.exp_apply_with(ChebyshevSeries::new(-8.0, 0.0), p.b))),
    ("e^-A b, Taylor", 5.0, |p| steps(p.minus.exp_apply_with(Taylor::default(), p.b))),
    ("e^-A b, restarted Arnoldi", 20.0, |p| steps(p.minus.exp_apply_with(RestartedArnoldi::default().restart(10), p.b))),
    ("sqrt(A) b, two-pass Lanczos", 9.0, |p| steps(p.psd.sqrt_apply_with(TwoPassLanczos::default().tol(1e-5), p.b))),
    ("sqrt(A) b, rational Krylov", 30.0, |p| {
        let a = Psd::new(p.a);
        steps(p.psd.sqrt_apply_with(RationalKrylov::new([a.inv().unwrap()]).extended().tol(1e-5), p.b))
    }),
    ("sqrt(A) b, Lanczos", 60.0, |p| at_most(p.psd.sqrt_apply_with(Lanczos::default().tol(1e-4).max_iters(150), p.b))),
    ("A^(-1/2) b, contour", 60.0, |p| steps(p.psd.isqrt_apply_with(ContourIntegral::default().tol(1e-5), p.b))),
    ("log(A) b, rational Krylov", 30.0, |p| {
        let a = Psd::new(p.a);
        steps(p.psd.log_apply_with(RationalKrylov::new([a.inv().unwrap()]).extended().tol(1e-5), p.b))
    }),
    ("sqrt(A) b, contour", 60.0, |p| steps(p.psd.sqrt_apply_with(ContourIntegral::default().tol(1e-5), p.b))),
    ("tr A, Hutchinson", 2.0, |p| p.psd.trace_with(Hutchinson::default().probes(32)).unwrap().probes),
    ("tr A, Hutch++", 30.0, |p| p.psd.trace_with(HutchPlusPlus::default().probes(48)).unwrap().probes),
    ("tr A, XTrace", 60.0, |p| p.psd.trace_with(XTrace::default().probes(48)).unwrap().probes),
    ("tr A, XNysTrace", 100.0, |p| p.psd.trace_with(XNysTrace::default().probes(48)).unwrap().probes),
    ("diag A, Hutchinson", 4.0, |p| p.psd.diagonal_with(Hutchinson::default().probes(32)).unwrap().probes),
    ("diag A, Hutch++", 30.0, |p| p.psd.diagonal_with(HutchPlusPlus::default().probes(48)).unwrap().probes),
    ("diag A, XDiag", 100.0, |p| p.psd.diagonal_with(XDiag::default().probes(48)).unwrap().probes),
    ("log det A, SLQ", 9.0, |p| p.psd.logdet_with(Slq::default().probes(8).steps(50)).unwrap().probes * 50),
    ("log det A, SLQ, SSOR", 9.0, |p| {
        let q = Ssor::of(p.a, 1.5).unwrap();
        p.psd.logdet_with(Slq::default().probes(8).steps(20).preconditioner(&q)).unwrap().probes * 20
    }),
    ("density of eigenvalues, SLQ", 9.0, |p| p.psd.spectral_density_with(Slq::default().probes(8).steps(50)).unwrap().quadratures().len() * 50),
    ("|A|_2", 40.0, |p| usize::from(p.psd.norm_estimate().unwrap() > 0.0)),
    ("condition number by |A|_1", 6.0, |p| {
        let a = Psd::new(p.a);
        usize::from(p.psd.norm1_estimate().unwrap() * a.inv().unwrap().norm1_estimate().unwrap() > 0.0)
    }),
    ("|A|_1", 6.0, |p| usize::from(p.psd.norm1_estimate().unwrap() > 0.0)),
    ("Nystrom, rank 20", 60.0, |p| Nystrom::default().rank(20).factor(p.psd).unwrap().1.len()),
    ("pivoted Cholesky, rank 20", 40.0, |p| PivotedCholesky::default().rank(20).factor(&Psd::new(p.a)).unwrap().0.ncols()),
    ("single-pass SVD, 10", 60.0, |p| p.general.svds_with(RandomizedSvd::default().single_pass(), 10).unwrap().report.iterations.max(1)),
    ("randomised SVD, 10", 60.0, |p| p.general.svds_with(RandomizedSvd::default(), 10).unwrap().report.iterations.max(1)),
];

fn main() {
    let filter: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(600))
        .without_plots();
    let problems = [32, 96, 192].map(Problem::new);
    let mut lines = Vec::new();
    for &(name, vectors, run) in CASES {
        if !filter.is_empty() && !filter.iter().any(|f| name.contains(f.as_str())) {
            continue;
        }
        let mut group = criterion.benchmark_group(name);
        for p in problems {
            let (n, matrix) = p.held(name);
            p.products();
            let start = Instant::now();
            let iterations = run(p).max(1);
            let seconds = start.elapsed().as_secs_f64();
            let (products, passes) = p.products();
            let per = |x: f64| x / iterations as f64;
            let bytes =
                per(passes as f64) * matrix + per(products as f64) * 2.0 * 8.0 * n as f64 + vectors * 8.0 * n as f64;
            lines.push(format!(
                "{name:<34} n {n:>6} {iterations:>6} iterations {:>6.2} products each {:>8.1} kB each {:>7.2} GB/s",
                per(products as f64),
                bytes / 1e3,
                bytes * iterations as f64 / seconds / 1e9
            ));
            group.bench_function(n.to_string(), |b| b.iter(|| run(black_box(p))));
        }
        group.finish();
    }
    println!("\niterations, products with A and least bytes per iteration; GB/s of one run, set-up included");
    lines.iter().for_each(|l| println!("{l}"));
}
