//! What structured rules cost: time against n for the rule and for the same operator made dense, with the exponent that fits. Each fitted
//! exponent must agree with the promised one within 0.25.
//!
//! `cargo bench --bench rules` prints the table; the exit status says whether all agree. `cargo bench --bench rules kron` runs the cases whose
//! name contains the word.
use cola::prelude::*;
use cola::*;
use nalgebra::{DMatrix, DVector};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// The least of several runs, each at least 20 ms long: what other work on the machine disturbs least.
fn seconds(mut f: impl FnMut()) -> f64 {
    f();
    let mut best = f64::INFINITY;
    let mut count = 1u32;
    let mut spent = Duration::ZERO;
    for _ in 0..200 {
        let start = Instant::now();
        (0..count).for_each(|_| f());
        let took = start.elapsed();
        spent += took;
        if took < Duration::from_millis(20) && best.is_infinite() {
            count *= 2;
            continue;
        }
        best = best.min(took.as_secs_f64() / count as f64);
        if spent > Duration::from_millis(400) {
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
struct Table {
    only: Option<String>,
    failed: usize,
}
impl Table {
    /// One row: `rule(n)` and `dense(n)` prepare what is timed; `promised` is the exponent of n in the rule's cost.
    fn case<F: FnMut(), G: FnMut()>(
        &mut self,
        name: &str,
        promised: f64,
        sizes: &[usize],
        rule: impl Fn(usize) -> F,
        dense_sizes: &[usize],
        dense: impl Fn(usize) -> G,
    ) {
        if self.only.as_ref().is_some_and(|word| !name.contains(word.as_str())) {
            return;
        }
        let times: Vec<(usize, f64)> = sizes.iter().map(|&n| (n, seconds(rule(n)))).collect();
        let dense: Vec<(usize, f64)> = dense_sizes.iter().map(|&n| (n, seconds(dense(n)))).collect();
        let found = exponent(&times);
        let agrees = (found - promised).abs() <= 0.25;
        self.failed += !agrees as usize;
        let row = |points: &[(usize, f64)]| {
            points.iter().map(|(n, t)| format!("{n}: {:.3e} s", t)).collect::<Vec<_>>().join(", ")
        };
        println!("{name}: exponent {found:.2}, promised {promised:.2} {}", if agrees { "" } else { "  DISAGREES" });
        println!("    rule  {}", row(&times));
        println!("    dense {} (exponent {:.2})", row(&dense), exponent(&dense));
    }
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
fn main() {
    let only = std::env::args().skip(1).find(|a| !a.starts_with('-'));
    let mut t = Table { only, failed: 0 };
    // n is the size of a factor: the operator is n^2 x n^2
    t.case(
        "kron solve, psd factors",
        3.0,
        &[192, 288, 432, 648],
        |n| {
            let (k, b) = (Kron::new(Psd::new(definite(n)), Psd::new(definite(n))), DVector::from_element(n * n, 1.0));
            move || drop(black_box(k.solve(&b)))
        },
        &[12, 18, 27, 36],
        |n| {
            let (a, b) = (definite(n).kronecker(&definite(n)), DVector::from_element(n * n, 1.0));
            move || drop(black_box(Psd::new(&a).solve(&b)))
        },
    );
    t.case(
        "kron logdet, psd factors",
        3.0,
        &[192, 288, 432, 648],
        |n| {
            let k = Kron::new(Psd::new(definite(n)), Psd::new(definite(n)));
            move || drop(black_box(k.logdet()))
        },
        &[12, 18, 27, 36],
        |n| {
            let a = definite(n).kronecker(&definite(n));
            move || drop(black_box(Psd::new(&a).logdet()))
        },
    );
    t.case(
        "block_diag of two blocks, solve (n: size of a block)",
        3.0,
        &[256, 384, 576, 864],
        |n| {
            let k = BlockDiag::new(Psd::new(definite(n)), Psd::new(definite(n)));
            let b = DVector::from_element(2 * n, 1.0);
            move || drop(black_box(k.solve(&b)))
        },
        &[256, 384, 576],
        |n| {
            let mut a = DMatrix::zeros(2 * n, 2 * n);
            a.view_mut((0, 0), (n, n)).copy_from(&definite(n));
            a.view_mut((n, n), (n, n)).copy_from(&definite(n));
            let b = DVector::from_element(2 * n, 1.0);
            move || drop(black_box(Psd::new(&a).solve(&b)))
        },
    );
    t.case(
        "permutation slogdet",
        1.0,
        &[20_000, 60_000, 180_000, 540_000],
        |n| {
            let p = cycles(n);
            move || drop(black_box(p.slogdet()))
        },
        &[128, 192, 288],
        |n| {
            let a = cycles(n).to_dense();
            move || drop(black_box(Dense::new(&a).slogdet()))
        },
    );
    t.case(
        "permutation power 1001 and apply",
        1.0,
        &[20_000, 60_000, 180_000, 540_000],
        |n| {
            let (p, x) = (cycles(n), DVector::from_element(n, 1.0));
            move || drop(black_box(p.pow(1001.0).map(|q| q.apply(&x))))
        },
        &[64, 96, 144],
        |n| {
            let (a, x) = (cycles(n).to_dense(), DVector::from_element(n, 1.0));
            move || drop(black_box(Dense::new(&a).pow_with(1001.0, Schur).map(|q| q.apply(&x))))
        },
    );
    t.case(
        "permutation sqrt and apply, cycles of seven",
        1.0,
        &[20_000, 60_000, 180_000, 540_000],
        |n| {
            let (p, x) = (odd_cycles(n), DVector::from_element(n / 7 * 7, 1.0));
            move || drop(black_box(p.sqrt().map(|q| q.apply(&x))))
        },
        &[63, 91, 133],
        |n| {
            let (a, x) = (odd_cycles(n).to_dense(), DVector::from_element(n / 7 * 7, 1.0));
            move || drop(black_box(Dense::new(&a).sqrt_with(Schur).map(|q| q.apply(&x))))
        },
    );
    t.case(
        "trace of a product of dense matrices",
        2.0,
        &[300, 600, 1200, 2400],
        |n| {
            let k = Product::new(definite(n), definite(n));
            move || drop(black_box(k.trace()))
        },
        &[128, 256, 512],
        |n| {
            let (a, b) = (definite(n), definite(n));
            move || {
                black_box((&a * &b).trace());
            }
        },
    );
    if t.failed > 0 {
        println!("{} exponents disagree with the promise", t.failed);
        std::process::exit(1);
    }
}
