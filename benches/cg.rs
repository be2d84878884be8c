//! What an iteration of CG costs on the 5-point Laplacian of a 1000 x 1000 grid, given as `Sparse`, as a `kron_sum` of tridiagonals and as
//! a `Function` (by ranges of rows, and as a whole), against the time to stream what it works on, and how many iterations it needs to 1e-6.
//!
//! Per iteration each of x, r, p, q has to be read and written once and the matrix read once: p^H A p must be known before r can change, and
//! |r| before p can. The time for so many bytes comes from a triad (a = b + c d) over as many bytes as the four vectors and the matrix
//! hold, timed in turn with the solves on the same one thread. Bar: 1.3 times that. (As `Sparse` the rows of this matrix repeat themselves, of
//! which the product by runs makes use: less is moved than is held.) Iterations are held against SciPy's (b = ones, x0 = 0).
//!
//! `cargo bench --bench cg [-- --short] [-- --strict]`: without the whole solves; exit status 1 where a bar is missed.
use cola::prelude::*;
use cola::{Error, Solution};
use nalgebra::DVector;
use std::hint::black_box;
use std::sync::OnceLock;
use std::time::Instant;

const SIDE: usize = 1000;
const N: usize = SIDE * SIDE;
const VECTOR: f64 = 8.0 * N as f64;
/// Iterations of SciPy 1.17.1's CG, rtol = 1e-6.
const SCIPY: usize = 1633;

fn laplacian() -> nalgebra_sparse::CsrMatrix<f64> {
    let (mut offsets, mut indices, mut values) = (vec![0], Vec::new(), Vec::new());
    for i in 0..N {
        let (row, column) = (i / SIDE, i % SIDE);
        let mut put = |there: bool, j: usize, v: f64| {
            if there {
                indices.push(j);
                values.push(v);
            }
        };
        put(row > 0, i.wrapping_sub(SIDE), -1.0);
        put(column > 0, i.wrapping_sub(1), -1.0);
        put(true, i, 4.0);
        put(column + 1 < SIDE, i + 1, -1.0);
        put(row + 1 < SIDE, i + SIDE, -1.0);
        offsets.push(indices.len());
    }
    nalgebra_sparse::CsrMatrix::try_from_csr_data(N, N, offsets, indices, values).expect("a CSR matrix")
}
/// Rows `first..` of y = A x, line by line of the grid.
fn stencil(first: usize, x: &[f64], y: &mut [f64]) {
    let (mut at, mut rest) = (first, y);
    while !rest.is_empty() {
        let (row, from) = (at / SIDE, at % SIDE);
        let (out, more) = rest.split_at_mut(rest.len().min(SIDE - from));
        let line = |there: bool, row: usize| if there { &x[row * SIDE..][..SIDE] } else { &[0.0; SIDE][..] };
        let (up, here, down) = (line(row > 0, row.wrapping_sub(1)), line(true, row), line(row + 1 < SIDE, row + 1));
        let to = from + out.len();
        let edge = |j: usize| {
            let left = if j > 0 { here[j - 1] } else { 0.0 };
            4.0 * here[j] - left - here.get(j + 1).unwrap_or(&0.0) - up[j] - down[j]
        };
        let (inner, end) = (from.max(1), to.min(SIDE - 1));
        if inner < end {
            let count = end - inner;
            let (left, middle, right) =
                (&here[inner - 1..][..count], &here[inner..][..count], &here[inner + 1..][..count]);
            let (up, down) = (&up[inner..][..count], &down[inner..][..count]);
            let out = &mut out[inner - from..][..count];
            for j in 0..count {
                out[j] = 4.0 * middle[j] - left[j] - right[j] - up[j] - down[j];
            }
        }
        if from == 0 {
            out[0] = edge(0);
        }
        if to == SIDE {
            out[SIDE - 1 - from] = edge(SIDE - 1);
        }
        (at, rest) = (at + out.len(), more);
    }
}
/// A solve to a tolerance with at most so many iterations, and what is called after each.
type Solve<'a> = Box<dyn Fn(f64, usize, &mut dyn FnMut()) -> cola::Result<Solution<DVector<f64>>> + 'a>;
/// Seconds that this thread has run, so that a load on the machine does not count; Linux says it, elsewhere the clock must do.
fn now() -> f64 {
    static START: OnceLock<Instant> = OnceLock::new();
    let start = START.get_or_init(Instant::now);
    let run = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let run = run.and_then(|s| s.split(' ').next()?.parse::<f64>().ok());
    run.map_or_else(|| start.elapsed().as_secs_f64(), |nanoseconds| 1e-9 * nanoseconds)
}
/// Seconds of an iteration: what 40 take more than 10, so that set-up and check do not count.
fn run(solve: &Solve<'_>) -> f64 {
    let (mut few, mut many) = (0.0, 0.0);
    let (mut at, start) = (0, now());
    let end = solve(0.0, 40, &mut || {
        at += 1;
        match at {
            10 => few = now() - start,
            40 => many = now() - start,
            _ => {}
        }
    });
    assert!(matches!(end, Err(Error::NotConverged { .. })), "{:?}", end.map(|s| s.report.iterations));
    (many - few) / 30.0
}
/// Triads that are timed together: the clock of a thread ticks in milliseconds.
const TRIADS: usize = 50;
/// Seconds per byte of a = b + c d, 24 bytes per number as in McCalpin's STREAM; the three vectors are as large together as what an
/// iteration works on, so that both have the same share of the cache.
fn triad(bytes: f64) -> f64 {
    let n = (bytes / 24.0) as usize;
    let mut v: [Vec<f64>; 3] = std::array::from_fn(|k| vec![1.0 + k as f64; n]);
    let [a, b, d] = &mut v;
    let start = now();
    for _ in 0..TRIADS {
        let c = black_box(0.5);
        for ((a, &b), &d) in a.iter_mut().zip(&*b).zip(&*d) {
            *a = b + c * d;
        }
        black_box(&a[n / 2]);
    }
    (now() - start) / (24.0 * (n * TRIADS) as f64)
}

fn main() {
    let short = std::env::args().any(|a| a == "--short");
    let csr = laplacian();
    let matrix = (csr.nnz() * 16 + (N + 1) * 8) as f64;
    let sparse = Psd::new(Sparse::new(csr));
    let line = || Psd::new(Tridiagonal::symmetric(vec![2.0; SIDE], vec![-1.0; SIDE - 1]));
    let sum = linop!(kron_sum({ line() }, { line() }));
    let function = Function::psd_by_rows(N, SIDE, stencil);
    let opaque = Function::psd(N, |x: &[f64], y: &mut [f64]| stencil(0, x, y));
    let b = DVector::from_element(N, 1.0);
    macro_rules! by_cg {
        ($a:ident) => {
            Box::new(|tol, most, note: &mut dyn FnMut()| {
                $a.solve_with(Cg::default().tol(tol).max_iters(most).on_iteration(|_| note()), &b)
            })
        };
    }
    // name, bytes of the matrix, words of a vector's length to read and write per iteration
    let sides: [(&str, f64, f64, Solve<'_>); 4] = [
        ("Sparse", matrix, 8.0, by_cg!(sparse)),
        ("kron_sum", 0.0, 8.0, by_cg!(sum)),
        ("Function by rows", 0.0, 8.0, by_cg!(function)),
        // of a product that is asked for as a whole p and q leave the cache before p^H q: 4 words more
        ("Function", 0.0, 12.0, by_cg!(opaque)),
    ];
    let mut missed = 0;
    println!("CG on the Laplacian of {SIDE} x {SIDE}, one thread; the best of 7 rounds of 30 iterations");
    for (name, matrix, words, solve) in &sides {
        let (mut per_byte, mut time) = (f64::MAX, f64::MAX);
        for _ in 0..7 {
            per_byte = per_byte.min(triad(4.0 * VECTOR + matrix));
            time = time.min(run(solve));
        }
        let (held, moved) = (4.0 * VECTOR + matrix, words * VECTOR + matrix);
        let (stream, ratio) = (moved * per_byte, time / (moved * per_byte));
        let verdict = if ratio <= 1.3 { "" } else { "   ABOVE" };
        missed += usize::from(ratio > 1.3);
        println!(
            "{name:<16} {:6.2} ms an iteration; {:.0} MB held, {:.0} MB to read and write, triad {:.1} GB/s: {:6.2} ms; ratio {ratio:.2} (bar 1.30){verdict}",
            1e3 * time,
            held / 1e6,
            moved / 1e6,
            1e-9 / per_byte,
            1e3 * stream,
        );
    }
    if !short {
        for (name, _, _, solve) in &sides {
            let s = solve(1e-6, 10_000, &mut || {}).expect("converges");
            let off = s.report.iterations.abs_diff(SCIPY);
            let verdict = if off <= 2 { "" } else { "   ABOVE" };
            missed += usize::from(off > 2);
            println!("{name:<16} {} iterations to 1e-6, SciPy {SCIPY}{verdict}", s.report.iterations);
        }
    }
    println!("{missed} bars missed");
    if missed > 0 && std::env::args().any(|a| a == "--strict") {
        std::process::exit(1);
    }
}
