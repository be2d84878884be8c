//! What an iteration of CG costs on the 5-point Laplacian of a 1000 x 1000 grid, given as `Sparse`, as a `kron_sum` of tridiagonals and as
//! a `Function`, against the time to stream what it works on, and how many iterations it needs to 1e-6.
//!
//! Per iteration each of x, r, p, q has to be read and written once and the matrix read once: p^H A p must be known before r can change, and
//! |r| before p can. The time for so many bytes comes from a triad (a = b + c d) over vectors of the same size, timed in turn with
//! the solves on the same one thread. Bar: 1.3 times that. Iterations are held against SciPy's (2370, b = ones, x0 = 0).
//!
//! `cargo bench --bench cg [-- --short] [-- --strict]`: without the whole solves; exit status 1 where a bar is missed.
use cola::prelude::*;
use cola::{Error, Solution};
use nalgebra::DVector;
use std::hint::black_box;
use std::time::Instant;

const SIDE: usize = 1000;
const N: usize = SIDE * SIDE;
const VECTOR: f64 = 8.0 * N as f64;
/// Iterations of SciPy 1.15's CG, rtol = 1e-6.
const SCIPY: usize = 2370;

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
/// y = A x by rows of the grid.
fn stencil(x: &[f64], y: &mut [f64]) {
    for (row, out) in y.chunks_exact_mut(SIDE).enumerate() {
        let here = &x[row * SIDE..][..SIDE];
        let line = |there: bool, at: usize| if there { &x[at * SIDE..][..SIDE] } else { &[0.0; SIDE][..] };
        let (up, down) = (line(row > 0, row.wrapping_sub(1)), line(row + 1 < SIDE, row + 1));
        for j in 1..SIDE - 1 {
            out[j] = 4.0 * here[j] - here[j - 1] - here[j + 1] - up[j] - down[j];
        }
        let end = SIDE - 1;
        out[0] = 4.0 * here[0] - here[1] - up[0] - down[0];
        out[end] = 4.0 * here[end] - here[end - 1] - up[end] - down[end];
    }
}
/// A solve to a tolerance with at most so many iterations, and what is called after each.
type Solve<'a> = Box<dyn Fn(f64, usize, &mut dyn FnMut()) -> cola::Result<Solution<DVector<f64>>> + 'a>;
/// Seconds of the fastest of so many iterations from zero: between two calls lies one iteration, and a load on the machine makes iterations
/// slower, never faster.
fn run(solve: &Solve<'_>, iterations: usize) -> f64 {
    let (mut last, mut best) = (None, f64::MAX);
    let mut note = || {
        let now = Instant::now();
        if let Some(last) = last.replace(now) {
            best = best.min((now - last).as_secs_f64());
        }
    };
    let end = solve(0.0, iterations, &mut note);
    assert!(matches!(end, Err(Error::NotConverged { .. })), "{:?}", end.map(|s| s.report.iterations));
    best
}
/// Seconds per byte of a = b + c d, 24 bytes per number as in McCalpin's STREAM.
fn triad(v: &mut [Vec<f64>; 3]) -> f64 {
    let [a, b, d] = v;
    let start = Instant::now();
    let c = black_box(0.5);
    for ((a, &b), &d) in a.iter_mut().zip(&*b).zip(&*d) {
        *a = b + c * d;
    }
    black_box(&a[N / 2]);
    start.elapsed().as_secs_f64() / (3.0 * VECTOR)
}

fn main() {
    let short = std::env::args().any(|a| a == "--short");
    let csr = laplacian();
    let matrix = (csr.nnz() * 16 + (N + 1) * 8) as f64;
    let sparse = Psd::new(Sparse::new(csr));
    let line = || Psd::new(Tridiagonal::symmetric(vec![2.0; SIDE], vec![-1.0; SIDE - 1]));
    let sum = linop!(kron_sum({ line() }, { line() }));
    let function = Function::psd(N, stencil);
    let b = DVector::from_element(N, 1.0);
    macro_rules! by_cg {
        ($a:ident) => {
            Box::new(|tol, most, note: &mut dyn FnMut()| {
                $a.solve_with(Cg::default().tol(tol).max_iters(most).on_iteration(|_| note()), &b)
            })
        };
    }
    let sides: [(&str, f64, Solve<'_>); 3] =
        [("Sparse", matrix, by_cg!(sparse)), ("kron_sum", 0.0, by_cg!(sum)), ("Function", 0.0, by_cg!(function))];
    let mut missed = 0;
    let mut vectors: [Vec<f64>; 3] = std::array::from_fn(|k| vec![k as f64; N]);
    println!("CG on the Laplacian of {SIDE} x {SIDE}, one thread; the fastest of 7 x 40 iterations");
    for (name, matrix, solve) in &sides {
        let (mut per_byte, mut time) = (f64::MAX, f64::MAX);
        for _ in 0..7 {
            (0..10).for_each(|_| per_byte = per_byte.min(triad(&mut vectors)));
            time = time.min(run(solve, 40));
        }
        let (held, moved) = (4.0 * VECTOR + matrix, 8.0 * VECTOR + matrix);
        let (stream, ratio) = (moved * per_byte, time / (moved * per_byte));
        let verdict = if ratio <= 1.3 { "" } else { "   ABOVE" };
        missed += usize::from(ratio > 1.3);
        println!(
            "{name:<10} {:6.2} ms an iteration; {:.0} MB held, {:.0} MB to read and write, triad {:.1} GB/s: {:6.2} ms; ratio {ratio:.2} (bar 1.30){verdict}",
            1e3 * time,
            held / 1e6,
            moved / 1e6,
            1e-9 / per_byte,
            1e3 * stream,
        );
    }
    if !short {
        for (name, _, solve) in &sides {
            let s = solve(1e-6, 10_000, &mut || {}).expect("converges");
            let off = s.report.iterations.abs_diff(SCIPY);
            let verdict = if off <= 2 { "" } else { "   ABOVE" };
            missed += usize::from(off > 2);
            println!("{name:<10} {} iterations to 1e-6, SciPy {SCIPY}{verdict}", s.report.iterations);
        }
    }
    println!("{missed} bars missed");
    if missed > 0 && std::env::args().any(|a| a == "--strict") {
        std::process::exit(1);
    }
}
