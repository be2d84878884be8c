//! What structured rules cost: time against n for the rule and for the same operator made dense, with the exponent that fits, which must
//! agree with that of the promised cost over the same sizes within 0.25; and what they cost beside expert code on the same libraries,
//! in one run: time at most 1.15 times, peak memory at most 1.5 times the expert's.
//!
//! `cargo bench --bench rules` prints the tables; the exit status says whether all exponents agree, with `-- --strict` also whether all
//! ratios are below their bars. `cargo bench --bench rules -- kron` runs the cases whose name contains the word.
//!
//! Measured on two cores of an AVX-512 machine that compiled other things (time ratio, memory ratio): 2-D Poisson 1.00 to 1.09, 1.04;
//! diag + low-rank 0.99 to 1.00, 0.06; Toeplitz 0.98, 0.58; kron logdet 1.05 to 1.08, 1.00; kron sqrt 1.00, 1.20; kron of three 0.96, 1.00.
#[path = "by_hand/experts.rs"]
mod experts;
mod memory;
mod timing;

use cola::prelude::*;
use cola::*;
use faer::MatRef;
use nalgebra::{DMatrix, DVector};
use std::hint::black_box;
use std::time::Duration;
use timing::{Clock, side};

/// The least of several runs, each at least 20 ms of processor time: what other work on the machine disturbs least.
fn seconds(mut f: impl FnMut()) -> f64 {
    f();
    let (mut best, mut count, mut spent) = (f64::INFINITY, 1u32, Duration::ZERO);
    for _ in 0..200 {
        let start = Clock::Thread.now();
        (0..count).for_each(|_| f());
        let took = Clock::Thread.now() - start;
        spent += took;
        if took < Duration::from_millis(20) && best.is_infinite() {
            count *= 2;
            continue;
        }
        best = best.min(took.as_secs_f64() / count as f64);
        if spent > Duration::from_millis(300) {
            break;
        }
    }
    best
}
/// The slope of log t over log n by least squares.
fn exponent(points: &[(usize, f64)]) -> f64 {
    let x = DVector::from_iterator(points.len(), points.iter().map(|p| (p.0 as f64).ln()));
    let y = DVector::from_iterator(points.len(), points.iter().map(|p| p.1.ln()));
    let a = DMatrix::from_fn(points.len(), 2, |i, j| if j == 0 { 1.0 } else { x[i] });
    Dense::new(a).lstsq(&y).expect("two columns that differ")[1]
}
/// A promised cost in n, up to a factor.
#[derive(Clone, Copy)]
enum Cost {
    Power(i32),
    /// n^k log n.
    Log(i32),
}
use Cost::{Log, Power};
impl Cost {
    fn at(self, n: usize) -> f64 {
        match self {
            Power(k) => (n as f64).powi(k),
            Log(k) => (n as f64).powi(k) * (n as f64).ln(),
        }
    }
    fn name(self) -> String {
        match self {
            Power(k) => format!("n^{k}"),
            Log(k) => format!("n^{k} log n"),
        }
    }
}
#[derive(Default)]
struct Exponents {
    cases: usize,
    failed: usize,
}
impl Exponents {
    /// One row: `rule(n)` and `dense(n)` prepare what is timed; `promised` is the rule's cost.
    fn case<F: FnMut(), G: FnMut()>(
        &mut self,
        name: &str,
        promised: Cost,
        sizes: &[usize],
        rule: impl Fn(usize) -> F,
        dense_sizes: &[usize],
        dense: impl Fn(usize) -> G,
    ) {
        if !timing::wanted(name) {
            return;
        }
        let times: Vec<(usize, f64)> = sizes.iter().map(|&n| (n, seconds(rule(n)))).collect();
        let dense: Vec<(usize, f64)> = dense_sizes.iter().map(|&n| (n, seconds(dense(n)))).collect();
        let costs: Vec<(usize, f64)> = sizes.iter().map(|&n| (n, promised.at(n))).collect();
        let (found, expected) = (exponent(&times), exponent(&costs));
        let agrees = (found - expected).abs() <= 0.25;
        self.cases += 1;
        self.failed += !agrees as usize;
        let row = |points: &[(usize, f64)]| {
            points.iter().map(|(n, t)| format!("{n}: {:.3e} s", t)).collect::<Vec<_>>().join(", ")
        };
        let verdict = if agrees { "agrees" } else { "DISAGREES" };
        println!("{name}: exponent {found:.2}, promised {} ({expected:.2}): {verdict}", promised.name());
        println!("    rule  {}", row(&times));
        println!("    dense {} (exponent {:.2})", row(&dense), exponent(&dense));
    }
}
/// Ours and the expert's time and peak memory.
const TIME: f64 = 1.15;
const MEMORY: f64 = 1.5;
fn race<A, B>(
    table: &mut timing::Table,
    name: &str,
    (ours, peak_of_ours): (impl FnMut() -> A, impl FnOnce() -> A),
    (expert, peak_of_expert): (impl FnMut() -> B, impl FnOnce() -> B),
) {
    if !timing::wanted(name) {
        return;
    }
    let (m, e) = (memory::peak(peak_of_ours), memory::peak(peak_of_expert));
    table.compare(name, TIME, vec![side("linop!", ours), side("expert", expert)]);
    let what = format!("linop! {:.2} MiB, expert {:.2} MiB", m as f64 / 1048576.0, e as f64 / 1048576.0);
    table.line(&format!("{name}: peak memory"), &what, m as f64 / e as f64, MEMORY);
}
fn near(what: &str, x: &[f64], y: &[f64], tol: f64) {
    let largest = y.iter().fold(0.0f64, |m, y| m.max(y.abs()));
    let worst = x.iter().zip(y).fold(0.0f64, |m, (x, y)| if (x - y).abs() <= m { m } else { (x - y).abs() });
    assert!(x.len() == y.len() && worst <= tol * largest, "{what}: {worst:.1e} of {largest:.1e}");
}
fn noise(n: usize) -> Vec<f64> {
    (0..n).map(|i| (i as f64 * 0.61).sin() + (i as f64 * 0.013).cos()).collect()
}
fn view(a: &DMatrix<f64>) -> MatRef<'_, f64> {
    MatRef::from_column_major_slice(a.as_slice(), a.nrows(), a.ncols())
}
fn definite(n: usize) -> DMatrix<f64> {
    // diagonally dominant: made in n^2
    DMatrix::from_fn(
        n,
        n,
        |i, j| if i == j { 4.0 + i as f64 / n as f64 } else { 1.0 / (2.0 + i.abs_diff(j) as f64).powi(2) },
    )
}
/// Cycles of eight.
fn cycles(n: usize) -> Permutation<f64, Dyn> {
    Permutation::new((0..n).map(|i| if i % 8 == 7 { i - 7 } else { i + 1 }).collect::<Vec<_>>())
}
/// Cycles of seven: real roots exist.
fn odd_cycles(n: usize) -> Permutation<f64, Dyn> {
    let n = n / 7 * 7;
    Permutation::new((0..n).map(|i| if i % 7 == 6 { i - 6 } else { i + 1 }).collect::<Vec<_>>())
}
/// A column whose circulant and Toeplitz matrices are positive definite: symmetric on the circle, dominant diagonal.
fn decaying(n: usize) -> Vec<f64> {
    (0..n).map(|k| if k == 0 { 2.0 } else { 0.25 / (k.min(n - k) as f64).powi(2) }).collect()
}
fn laplacian(n: usize) -> Tridiagonal<Vec<f64>, Vec<f64>> {
    Tridiagonal::symmetric(vec![2.0; n], vec![-1.0; n - 1])
}
fn thin(n: usize, r: usize) -> DMatrix<f64> {
    DMatrix::from_fn(n, r, |i, j| ((i * 7 + j * 13) as f64 * 0.37).sin() / (r as f64).sqrt())
}
fn experts_in_one_run() -> timing::Table {
    let mut table = timing::Table::per(1);
    let t = &mut table;

    let name = "2-D Poisson, 1000 x 1000 points, kron_sum solve";
    if timing::wanted(name) {
        let n = 1000;
        let (a, b) = (laplacian(n), DVector::from_vec(noise(n * n)));
        let expert = experts::Poisson::new(n);
        near(name, linop!(kron_sum(&a, &a)).solve(&b).unwrap().as_slice(), &expert.solve(b.as_slice()), 1e-10);
        let ours = || linop!(kron_sum({ black_box(&a) }, &a)).solve(&b).unwrap();
        let theirs = || expert.solve(black_box(b.as_slice()));
        race(t, name, (ours, ours), (theirs, theirs));
    }
    let name = "diag + low-rank, n = 100000, r = 50, solve and logdet";
    if timing::wanted(name) {
        let (n, r) = (100_000, 50);
        let (d, u, b) = (DVector::from_fn(n, |i, _| 1.0 + (i % 7) as f64), thin(n, r), DVector::from_vec(noise(n)));
        let ours = || {
            let (d, u) = black_box((&d, &u));
            let k = linop!(psd(diag(d)) + u * u.H);
            (k.solve(&b).unwrap(), k.logdet().unwrap())
        };
        let theirs = || experts::low_rank(black_box(d.as_slice()), view(&u), b.as_slice()).unwrap();
        let ((x, l), (y, m)) = (ours(), theirs());
        near(name, x.as_slice(), &y, 1e-11);
        assert!((l - m).abs() < 1e-11 * m.abs(), "{name}: {l} {m}");
        race(t, name, (ours, ours), (theirs, theirs));
    }
    let name = "symmetric Toeplitz apply, n = 2^20";
    if timing::wanted(name) {
        let n = 1 << 20;
        let (c, x) = (decaying(n), DVector::from_vec(noise(n)));
        let (k, expert) = (Toeplitz::symmetric(&c[..]), experts::Toeplitz::new(&c));
        let (mut y, mut scratch) = (DVector::zeros(n), vec![0.0; k.scratch_len(1)]);
        let (mut z, mut room) = (vec![0.0; n], expert.room());
        k.apply_into(&x, &mut y, &mut scratch);
        expert.apply(x.as_slice(), &mut z, &mut room);
        near(name, y.as_slice(), &z, 1e-12);
        race(
            t,
            name,
            (
                || k.apply_into(black_box(&x), &mut y, &mut scratch),
                || drop(black_box(Toeplitz::symmetric(&c[..]).apply(&x))),
            ),
            (
                || expert.apply(black_box(x.as_slice()), &mut z, &mut room),
                || {
                    let mut y = vec![0.0; n];
                    let expert = experts::Toeplitz::new(&c);
                    expert.apply(x.as_slice(), &mut y, &mut expert.room());
                    black_box(&y);
                },
            ),
        );
    }
    let n = 512;
    let (a, b) = (definite(n), definite(n) * 1.5);
    let name = "kron logdet, n = 512";
    if timing::wanted(name) {
        let ours = || linop!(kron(psd({ black_box(&a) }), psd(&b))).logdet().unwrap();
        let theirs = || experts::kron_logdet(view(black_box(&a)), view(&b)).unwrap();
        assert!((ours() / theirs() - 1.0).abs() < 1e-12, "{name}");
        race(t, name, (ours, ours), (theirs, theirs));
    }
    let name = "kron sqrt and apply, n = 512";
    if timing::wanted(name) {
        let x = DVector::from_vec(noise(n * n));
        let ours = || linop!(kron(psd({ black_box(&a) }), psd(&b))).sqrt().unwrap().apply(&x);
        let theirs = || {
            experts::kron_root(view(black_box(&a)), view(&b), MatRef::from_column_major_slice(x.as_slice(), n, n))
                .unwrap()
        };
        let want = theirs();
        near(name, ours().as_slice(), &(0..n * n).map(|i| want[(i % n, i / n)]).collect::<Vec<_>>(), 1e-10);
        race(t, name, (ours, ours), (theirs, theirs));
    }
    let name = "kron of three 100 x 100, apply";
    if timing::wanted(name) {
        let n = 100;
        let [a, b, c] = [1.0, 1.5, 0.5].map(|s| definite(n) * s);
        let x = DVector::from_vec(noise(n * n * n));
        let ours = || linop!(kron({ black_box(&a) }, &b, &c)).apply(&x);
        let theirs = || experts::kron_three(view(black_box(&a)), view(&b), view(&c), x.as_slice());
        near(name, ours().as_slice(), &theirs(), 1e-12);
        race(t, name, (ours, ours), (theirs, theirs));
    }
    table
}
/// Where dense products have reached their speed: below, their efficiency still grows, and n^3 looks like n^2.7.
const DENSE: [usize; 4] = [512, 768, 1152, 1728];
/// Of eigen-decompositions, wide enough for both ends: half of their reduction to tridiagonal form streams the matrix, which lies in the
/// caches of the smaller sizes (n^2.7 within them) and not of the larger ones (n^3.4 where it has left them).
const EIGEN: [usize; 4] = [640, 960, 1440, 2160];
/// Of n x 16 numbers and more, all beyond a last-level cache of 32 MiB: a row costs twice as much there as within it.
const LONG: [usize; 4] = [300_000, 450_000, 675_000, 1_000_000];
fn main() {
    let mut t = Exponents::default();
    // n is the size of a factor: the operator is n^2 x n^2
    t.case(
        "kron solve, psd factors",
        Power(3),
        &[192, 288, 432, 648],
        |n| {
            let (k, b) = (Kron::new(Psd::new(definite(n)), Psd::new(definite(n))), DVector::from_element(n * n, 1.0));
            move || drop(black_box(k.solve(&b).unwrap()))
        },
        &[12, 18, 27, 36],
        |n| {
            let (a, b) = (definite(n).kronecker(&definite(n)), DVector::from_element(n * n, 1.0));
            move || drop(black_box(Psd::new(&a).solve(&b).unwrap()))
        },
    );
    t.case(
        "kron logdet, psd factors",
        Power(3),
        // larger than DENSE begins, as half of it is no product; one matrix of 24 MB at most at a time, within the last-level cache
        &[768, 1008, 1323, 1728],
        |n| {
            let k = Kron::new(Psd::new(definite(n)), Psd::new(definite(n)));
            move || {
                black_box(k.logdet().unwrap());
            }
        },
        &[12, 18, 27, 36],
        |n| {
            let a = definite(n).kronecker(&definite(n));
            move || {
                black_box(Psd::new(&a).logdet().unwrap());
            }
        },
    );
    t.case(
        "block_diag of two blocks, solve (n: size of a block)",
        Power(3),
        &DENSE,
        |n| {
            let k = BlockDiag::new(Psd::new(definite(n)), Psd::new(definite(n)));
            let b = DVector::from_element(2 * n, 1.0);
            move || drop(black_box(k.solve(&b).unwrap()))
        },
        &[256, 384, 576],
        |n| {
            let mut a = DMatrix::zeros(2 * n, 2 * n);
            a.view_mut((0, 0), (n, n)).copy_from(&definite(n));
            a.view_mut((n, n), (n, n)).copy_from(&definite(n));
            let b = DVector::from_element(2 * n, 1.0);
            move || drop(black_box(Psd::new(&a).solve(&b).unwrap()))
        },
    );
    t.case(
        "kron_sum solve, psd factors",
        Power(3),
        &EIGEN,
        |n| {
            let k = KronSum::new(Psd::new(definite(n)), Psd::new(definite(n)));
            let b = DVector::from_element(n * n, 1.0);
            move || drop(black_box(k.solve(&b).unwrap()))
        },
        &[12, 18, 27, 36],
        |n| {
            let eye = DMatrix::<f64>::identity(n, n);
            let a = definite(n).kronecker(&eye) + eye.kronecker(&definite(n));
            let b = DVector::from_element(n * n, 1.0);
            move || drop(black_box(Psd::new(&a).solve(&b).unwrap()))
        },
    );
    t.case(
        "kron_sum solve, constant tridiagonal factors (2-D Poisson)",
        Log(2),
        &[127, 255, 511, 1023],
        |n| {
            let (k, b) = (KronSum::new(laplacian(n), laplacian(n)), DVector::from_element(n * n, 1.0));
            move || drop(black_box(k.solve(&b).unwrap()))
        },
        &[12, 18, 27, 36],
        |n| {
            let (a, b) = (KronSum::new(laplacian(n), laplacian(n)).to_dense(), DVector::from_element(n * n, 1.0));
            move || drop(black_box(Psd::new(&a).solve(&b).unwrap()))
        },
    );
    let update =
        |n: usize| LowRankUpdate::new(Psd::new(Diagonal::new(DVector::from_element(n, 2.0))), Gram::new(thin(n, 20)));
    t.case(
        "low-rank update solve, r = 20",
        Power(1),
        &LONG,
        |n| {
            let (k, b) = (update(n), DVector::from_element(n, 1.0));
            move || drop(black_box(k.solve(&b).unwrap()))
        },
        &[128, 256, 512],
        |n| {
            let (a, b) = (update(n).to_dense(), DVector::from_element(n, 1.0));
            move || drop(black_box(Psd::new(&a).solve(&b).unwrap()))
        },
    );
    t.case(
        "low-rank update logdet, r = 20",
        Power(1),
        &LONG,
        |n| {
            let k = update(n);
            move || {
                black_box(k.logdet().unwrap());
            }
        },
        &[128, 256, 512],
        |n| {
            let a = update(n).to_dense();
            move || {
                black_box(Psd::new(&a).logdet().unwrap());
            }
        },
    );
    let circulant = |n: usize| Psd::new(Circulant::new(decaying(n)));
    let powers = [1 << 13, 1 << 15, 1 << 17, 1 << 19];
    t.case(
        "circulant solve",
        Log(1),
        &powers,
        |n| {
            let (k, b) = (circulant(n), DVector::from_element(n, 1.0));
            move || drop(black_box(k.solve(&b).unwrap()))
        },
        &[128, 256, 512],
        |n| {
            let (a, b) = (circulant(n).to_dense(), DVector::from_element(n, 1.0));
            move || drop(black_box(Psd::new(&a).solve(&b).unwrap()))
        },
    );
    t.case(
        "circulant sqrt and apply",
        Log(1),
        &powers,
        |n| {
            let (k, x) = (circulant(n), DVector::from_element(n, 1.0));
            move || drop(black_box(k.sqrt().unwrap().apply(&x)))
        },
        &[64, 128, 256],
        |n| {
            let (a, x) = (circulant(n).to_dense(), DVector::from_element(n, 1.0));
            move || drop(black_box(Psd::new(&a).sqrt().unwrap().apply(&x)))
        },
    );
    t.case(
        "circulant exp and apply",
        Log(1),
        &powers,
        |n| {
            let (k, x) = (circulant(n), DVector::from_element(n, 1.0));
            move || drop(black_box(k.exp().unwrap().apply(&x)))
        },
        &[64, 128, 256],
        |n| {
            let (a, x) = (circulant(n).to_dense(), DVector::from_element(n, 1.0));
            move || drop(black_box(Psd::new(&a).exp().unwrap().apply(&x)))
        },
    );
    t.case(
        "Toeplitz apply",
        Log(1),
        &powers,
        |n| {
            let (k, x) = (Toeplitz::symmetric(decaying(n)), DVector::from_element(n, 1.0));
            move || drop(black_box(k.apply(&x)))
        },
        &[512, 1024, 2048],
        |n| {
            let (a, x) = (Toeplitz::symmetric(decaying(n)).to_dense(), DVector::from_element(n, 1.0));
            move || drop(black_box(Dense::new(&a).apply(&x)))
        },
    );
    let toeplitz = |n: usize| Psd::new(Toeplitz::symmetric(decaying(n)));
    t.case(
        "Toeplitz solve, small (Levinson)",
        Power(2),
        &[500, 1000, 2000, 4000],
        |n| {
            let (k, b) = (toeplitz(n), DVector::from_element(n, 1.0));
            move || drop(black_box(k.solve(&b).unwrap()))
        },
        &[128, 256, 512],
        |n| {
            let (a, b) = (toeplitz(n).to_dense(), DVector::from_element(n, 1.0));
            move || drop(black_box(Psd::new(&a).solve(&b).unwrap()))
        },
    );
    t.case(
        "Toeplitz solve, large (CG, circulant preconditioner)",
        Log(1),
        &[1 << 13, 1 << 15, 1 << 17],
        |n| {
            let (k, b) = (toeplitz(n), DVector::from_element(n, 1.0));
            move || drop(black_box(k.solve(&b).unwrap()))
        },
        &[128, 256, 512],
        |n| {
            let (a, b) = (toeplitz(n).to_dense(), DVector::from_element(n, 1.0));
            move || drop(black_box(Psd::new(&a).solve(&b).unwrap()))
        },
    );
    let band = |n: usize| {
        Banded::from_diagonals(
            (0..=4isize)
                .map(|k| (k, vec![if k == 0 { 9.0 } else { -1.0 }; n - k as usize]))
                .chain((1..=4isize).map(|k| (-k, vec![-1.0; n - k as usize]))),
        )
    };
    for definite in [true, false] {
        t.case(
            if definite { "banded solve, psd, 4 diagonals a side" } else { "banded solve, 4 diagonals a side" },
            Power(1),
            // 13 numbers a row: 14 MB at most, within the last-level cache
            &[5_000, 15_000, 45_000, 135_000],
            |n| {
                let (k, b) = (band(n), DVector::from_element(n, 1.0));
                move || {
                    if definite {
                        drop(black_box(Psd::new(&k).solve(&b).unwrap()))
                    } else {
                        drop(black_box(k.solve(&b).unwrap()))
                    }
                }
            },
            &[128, 256, 512],
            |n| {
                let (a, b) = (band(n).to_dense(), DVector::from_element(n, 1.0));
                move || {
                    if definite {
                        drop(black_box(Psd::new(&a).solve(&b).unwrap()))
                    } else {
                        drop(black_box(Dense::new(&a).solve(&b).unwrap()))
                    }
                }
            },
        );
    }
    let saddle = |n: usize| {
        // waves of 16 lengths: of full rank
        let b = DMatrix::from_fn(n, 16, |i, j| (i as f64 * (0.37 + 0.11 * j as f64)).sin());
        Blocks::new(
            Diagonal::new(DVector::from_element(n, 2.0)),
            b.clone(),
            b.transpose(),
            DMatrix::<f64>::zeros(16, 16),
        )
    };
    t.case(
        "block-Schur solve, [diag, B; B^T, 0] with 16 columns in B",
        Power(1),
        &LONG,
        |n| {
            let (k, b) = (saddle(n), DVector::from_element(n + 16, 1.0));
            move || drop(black_box(k.solve(&b).unwrap()))
        },
        &[128, 256, 512],
        |n| {
            let (a, b) = (saddle(n).to_dense(), DVector::from_element(n + 16, 1.0));
            move || drop(black_box(Dense::new(&a).solve(&b).unwrap()))
        },
    );
    t.case(
        "permutation slogdet",
        Power(1),
        &[20_000, 60_000, 180_000, 540_000],
        |n| {
            let p = cycles(n);
            move || {
                black_box(p.slogdet().unwrap());
            }
        },
        &[128, 192, 288],
        |n| {
            let a = cycles(n).to_dense();
            move || {
                black_box(Dense::new(&a).slogdet().unwrap());
            }
        },
    );
    t.case(
        "permutation power 1001 and apply",
        Power(1),
        &[20_000, 60_000, 180_000, 540_000],
        |n| {
            let (p, x) = (cycles(n), DVector::from_element(n, 1.0));
            move || drop(black_box(p.pow(1001.0).unwrap().apply(&x)))
        },
        &[64, 96, 144],
        |n| {
            let (a, x) = (cycles(n).to_dense(), DVector::from_element(n, 1.0));
            move || drop(black_box(Dense::new(&a).pow_with(1001.0, Schur).unwrap().apply(&x)))
        },
    );
    t.case(
        "permutation sqrt and apply, cycles of seven",
        Power(1),
        &[20_000, 60_000, 180_000, 540_000],
        |n| {
            let (p, x) = (odd_cycles(n), DVector::from_element(n / 7 * 7, 1.0));
            move || drop(black_box(p.sqrt().unwrap().apply(&x)))
        },
        &[63, 91, 133],
        |n| {
            let (a, x) = (odd_cycles(n).to_dense(), DVector::from_element(n / 7 * 7, 1.0));
            move || drop(black_box(Dense::new(&a).sqrt_with(Schur).unwrap().apply(&x)))
        },
    );
    t.case(
        "trace of a product of dense matrices",
        Power(2),
        // 92 to 370 MB: beyond the caches
        &[2400, 3400, 4800],
        |n| {
            let k = Product::new(definite(n), definite(n));
            move || {
                black_box(k.trace().unwrap());
            }
        },
        &[128, 256, 512],
        |n| {
            let (a, b) = (definite(n), definite(n));
            move || {
                black_box((&a * &b).trace());
            }
        },
    );
    println!("{} of {} exponents agree with the promised cost within 0.25", t.cases - t.failed, t.cases);
    experts_in_one_run().finish();
    if t.failed > 0 {
        std::process::exit(1);
    }
}
