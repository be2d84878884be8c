//! Our side of the comparison with SciPy on the 300 x 300 Laplacian, each task on one thread, by turns with the peer where
//! `benches/peers/run.sh` has made one: the best of a few rounds of each counts, in seconds of the processor (of the clock where the system
//! does not tell), so that other work on the machine disturbs little. `-- --strict`: the exit status is 1 where a bar is missed.
use cola::prelude::*;
use nalgebra::{DMatrix, DVector};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const M: usize = 300;
const N: usize = M * M;
/// A task takes turns for so long, three rounds at least.
const BUDGET: Duration = Duration::from_secs(8);

type Csr = nalgebra_sparse::CsrMatrix<f64>;

fn laplacian() -> Sparse<Csr> {
    let mut entries = Vec::with_capacity(5 * N);
    for i in 0..N {
        entries.push((i, i, 4.0));
        for j in [i + 1, i + M] {
            if j < N && (j != i + 1 || j % M != 0) {
                entries.extend([(i, j, -1.0), (j, i, -1.0)]);
            }
        }
    }
    Sparse::from_triplets(N, N, entries).expect("indices below N")
}
/// Eigenvalues by the two indices of their sine functions.
fn eigenvalues() -> DMatrix<f64> {
    let w = |k: usize| 2.0 - 2.0 * (std::f64::consts::PI * (k + 1) as f64 / (M + 1) as f64).cos();
    DMatrix::from_fn(M, M, |i, j| w(i) + w(j))
}
/// f(A) b by sine functions.
fn exact(b: &DVector<f64>, f: impl Fn(f64) -> f64) -> DVector<f64> {
    let s = DMatrix::from_fn(M, M, |i, j| {
        (2.0 / (M + 1) as f64).sqrt() * (std::f64::consts::PI * ((i + 1) * (j + 1)) as f64 / (M + 1) as f64).sin()
    });
    let x = DMatrix::from_column_slice(M, M, b.as_slice());
    let y = (&s * x * &s).component_mul(&eigenvalues().map(f));
    DVector::from_column_slice((&s * y * &s).as_slice())
}
fn near(x: &DVector<f64>, y: &DVector<f64>) -> f64 {
    (x - y).norm() / y.norm()
}

/// Seconds that this thread has had of the processor, as Linux counts them.
fn processor() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/self/schedstat").ok()?;
    Some(text.split_whitespace().next()?.parse::<f64>().ok()? * 1e-9)
}
/// Seconds of one run.
fn timed(run: impl FnOnce() -> Unchecked) -> (f64, Outcome) {
    let (before, start) = (processor(), Instant::now());
    let (iterations, error) = run();
    let wall = start.elapsed().as_secs_f64();
    let seconds = before.zip(processor()).map_or(wall, |(a, b)| b - a);
    (seconds, (iterations, error()))
}

/// What one run says: iterations and error.
type Outcome = (usize, f64);
/// The same, with the error still to be worked out, which is not timed.
type Unchecked = (usize, Box<dyn FnOnce() -> f64>);
struct Task {
    name: &'static str,
    /// The peer's name of it.
    peer: &'static str,
    /// Least ratio of the peer's time to ours.
    bar: f64,
    run: Box<dyn Fn() -> Unchecked>,
}

/// SciPy in a process of its own.
struct Peer {
    child: Child,
    answers: BufReader<std::process::ChildStdout>,
}
impl Peer {
    fn new() -> Option<Self> {
        let python = std::env::var("PEERS_PYTHON").ok()?;
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peers/peer.py");
        let mut child = Command::new(python).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
        let answers = BufReader::new(child.stdout.take()?);
        let mut peer = Peer { child, answers };
        peer.line().filter(|l| l.starts_with("ready")).map(|_| peer)
    }
    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        (self.answers.read_line(&mut line).ok()? > 0).then_some(line)
    }
    /// Seconds, iterations and error of a task.
    fn run(&mut self, task: &str) -> Option<(f64, Outcome)> {
        writeln!(self.child.stdin.as_mut()?, "{task}").ok()?;
        let line = self.line()?;
        let numbers: Vec<f64> = line.split_whitespace().filter_map(|w| w.parse().ok()).collect();
        (numbers.len() == 3).then(|| (numbers[0], (numbers[1] as usize, numbers[2])))
    }
}
impl Drop for Peer {
    fn drop(&mut self) {
        // it ends with its input
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

fn tasks() -> Vec<Task> {
    let a: &Sparse<Csr> = Box::leak(Box::new(laplacian()));
    let k = i64::try_from(N).expect("small");
    let b: &DVector<f64> = Box::leak(Box::new(DVector::from_iterator(
        N,
        (0..k).map(|i| (i as f64 * 0.37).sin() + ((i * i) as f64 * 1e-3).cos()),
    )));
    let residual = move |x: DVector<f64>| -> Box<dyn FnOnce() -> f64> { Box::new(move || near(&a.apply(&x), b)) };
    let mut w: Vec<f64> = eigenvalues().iter().copied().collect();
    w.sort_by(f64::total_cmp);
    let logdet: f64 = w.iter().map(|w| w.ln()).sum();
    let low: &[f64] = w[..10].to_vec().leak();
    let high: &[f64] = w.iter().rev().take(10).copied().collect::<Vec<_>>().leak();
    let far = |got: DVector<f64>, want: &[f64]| got.iter().zip(want).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    let heat = move |t: f64| {
        let want: &DVector<f64> = Box::leak(Box::new(exact(b, |w| (-t * w).exp())));
        move |x: DVector<f64>| -> Box<dyn FnOnce() -> f64> { Box::new(move || near(&x, want)) }
    };
    // what has not converged after the same number of iterations as the peer is timed all the same
    let fixed = move |solved: cola::Result<cola::Report>, x: DVector<f64>| match solved {
        Ok(report) => (report.iterations, residual(x)),
        Err(cola::Error::NotConverged { iterations, .. }) => (iterations, residual(x)),
        Err(e) => panic!("{e}"),
    };
    let (heat1, heat10) = (heat(1.0), heat(10.0));
    let minus = move |t: f64| SelfAdjoint::new(Scaled::new(-t, a));
    vec![
        Task {
            name: "CG to 1e-6",
            peer: "cg",
            bar: 2.0,
            run: Box::new(move || {
                let s = Psd::new(a).solve_with(Cg::default().tol(1e-6), b).expect("converges");
                (s.report.iterations, residual(s.x))
            }),
        },
        Task {
            name: "GMRES(50), 500 iterations",
            peer: "gmres",
            bar: 1.0,
            run: Box::new(move || {
                let mut x = DVector::zeros(N);
                let solved = a.solve_into(Gmres::default().restart(50).max_iters(500).tol(1e-14), b, &mut x);
                fixed(solved, x)
            }),
        },
        Task {
            name: "LSMR, 500 iterations",
            peer: "lsmr",
            bar: 1.0,
            run: Box::new(move || match a.lstsq_with(Lsmr::default().max_iters(500).tol(1e-14), b) {
                Ok(s) => (s.report.iterations, residual(s.x)),
                Err(cola::Error::NotConverged { iterations, residual, .. }) => (iterations, Box::new(move || residual)),
                Err(e) => panic!("{e}"),
            }),
        },
        Task {
            name: "10 largest eigenvalues",
            peer: "largest",
            bar: 1.0,
            run: Box::new(move || {
                let e = Psd::new(a).eigs_with(Lanczos::default().tol(1e-10), 10, Which::LargestAlgebraic);
                let e = e.expect("converges");
                (e.report.iterations, Box::new(move || far(e.eigenvalues, high)))
            }),
        },
        Task {
            name: "10 smallest by shift-invert",
            peer: "smallest",
            bar: 1.0,
            run: Box::new(move || {
                let a = Psd::new(a);
                let inverse = a.inv().expect("positive definite");
                let e = a.eigs_with(Lanczos::default().tol(1e-10).inverse(&inverse), 10, Which::SmallestMagnitude);
                let e = e.expect("converges");
                (e.report.iterations, Box::new(move || far(e.eigenvalues, low)))
            }),
        },
        Task {
            name: "e^(-A) b, default, to 1e-10",
            peer: "expm 1",
            bar: 2.0,
            run: Box::new(move || (0, heat1(minus(1.0).exp_apply(b).expect("converges")))),
        },
        Task {
            name: "e^(-10 A) b, default, to 1e-10",
            peer: "expm 10",
            bar: 2.0,
            run: Box::new(move || (0, heat10(minus(10.0).exp_apply(b).expect("converges")))),
        },
        Task {
            name: "e^(-A) b, bounds known, to rounding",
            peer: "expm 1",
            bar: 2.0,
            run: Box::new(move || {
                let series = ChebyshevSeries::new(-8.0, 0.0).tol(1e-14);
                let s = minus(1.0).exp_apply_with(series, b).expect("converges");
                (s.report.iterations, heat1(s.x))
            }),
        },
        Task {
            name: "e^(-10 A) b, bounds known, to rounding",
            peer: "expm 10",
            bar: 2.0,
            run: Box::new(move || {
                let series = ChebyshevSeries::new(-80.0, 0.0).tol(1e-14);
                let s = minus(10.0).exp_apply_with(series, b).expect("converges");
                (s.report.iterations, heat10(s.x))
            }),
        },
        Task {
            name: "log det by SLQ, 16 probes of 100 steps",
            peer: "slq",
            bar: 2.0,
            run: Box::new(move || {
                let e = Psd::new(a).logdet_with(Slq::default().probes(16).steps(100)).expect("positive definite");
                (e.probes, Box::new(move || (e.value / logdet - 1.0).abs()))
            }),
        },
    ]
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let strict = words.iter().any(|w| w == "--strict");
    let words: Vec<&String> = words.iter().filter(|w| !w.starts_with("--")).collect();
    let mut peer = Peer::new();
    if peer.is_none() {
        println!("no peer: run benches/peers/run.sh where there is Python, for SciPy's side");
    }
    let mut missed = Vec::new();
    for task in tasks() {
        if !words.is_empty() && !words.iter().any(|w| task.name.contains(w.as_str())) {
            continue;
        }
        let (mut ours, mut theirs) = (f64::INFINITY, f64::INFINITY);
        let (mut our_outcome, mut their_outcome) = ((0, 0.0), (0, 0.0));
        let begin = Instant::now();
        let mut rounds = 0;
        while rounds < 3 || begin.elapsed() < BUDGET && rounds < 20 {
            let (seconds, outcome) = timed(&task.run);
            (ours, our_outcome) = (ours.min(seconds), outcome);
            if let Some((seconds, outcome)) = peer.as_mut().and_then(|p| p.run(task.peer)) {
                theirs = theirs.min(seconds);
                their_outcome = outcome;
            }
            rounds += 1;
        }
        let side = |seconds: f64, (iterations, error): Outcome| {
            let iterations = if iterations > 0 { format!(", {iterations} it.") } else { String::new() };
            format!("{:8.1} ms (error {error:.1e}{iterations})", 1e3 * seconds)
        };
        print!("{:<40} ours {}", task.name, side(ours, our_outcome));
        if theirs.is_finite() {
            let ratio = theirs / ours;
            let verdict = if ratio >= task.bar { "" } else { "   BELOW" };
            print!(", SciPy {}, {ratio:.2} times (bar {:.1}){verdict}", side(theirs, their_outcome), task.bar);
            if ratio < task.bar {
                missed.push(task.name);
            }
        }
        println!();
    }
    println!("{} below the bar {missed:?}", missed.len());
    if strict && !missed.is_empty() {
        std::process::exit(1);
    }
}
