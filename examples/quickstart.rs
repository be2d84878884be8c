//! The first five minutes: a structured matrix as a type, then the power network of data/1138_bus.mtx solved four ways.
//!
//! `cargo run --release --example quickstart`
use cola::prelude::*;
use nalgebra::{DMatrix, DVector, Vector6, matrix, vector};
use std::time::Instant;

/// |a - b| / |b|.
fn relative(a: &DVector<f64>, b: &DVector<f64>) -> f64 {
    (a - b).norm() / b.norm()
}
fn milliseconds(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1e3
}
/// `Kron<Psd<Dense<..>>, ..>` without the paths.
fn type_name<T>(_: &T) -> String {
    let name = std::any::type_name::<T>();
    let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let mut out = String::new();
    for piece in name.split_inclusive(|c| !is_path(c)) {
        out.push_str(piece.rsplit("::").next().unwrap_or(piece));
    }
    out
}

fn small() -> cola::Result<()> {
    println!("== a structured matrix, all known at compile time ==");
    let a = matrix![2.0, 1.0; 1.0, 3.0];
    let d = vector![3.0, 0.2, 1.0];
    let k = linop!(kron(psd(a), diag(d)));
    println!("type: {}\n\n{}", type_name(&k), k.explain());

    let v = vector![1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    let residual = |what: &str, difference: Vector6<f64>| {
        println!("{what:<25} = {:.1e}", difference.norm());
        assert!(difference.norm() < 1e-12, "{what}");
    };
    let root = k.sqrt()?;
    residual("|sqrt(K) sqrt(K) v - K v|", root.apply(&root.apply(&v)) - k.apply(&v));
    residual("|K inv(K) v - v|", k.apply(&k.inv()?.apply(&v)) - v);
    let (p, q) = (k.pow(0.3)?, k.pow(0.7)?);
    residual("|K^0.3 K^0.7 v - K v|", p.apply(&q.apply(&v)) - k.apply(&v));
    residual("|K solve(v) - v|", &k * &k.solve(&v)? - v);
    let (logdet, closed) = (k.logdet()?, 3.0 * 5f64.ln() + 2.0 * 0.6f64.ln());
    println!("logdet K = {logdet:.12}, by hand {closed:.12}\n");
    assert!((logdet - closed).abs() < 1e-12);
    Ok(())
}

fn power_network() -> cola::Result<()> {
    println!("== the 1138-bus power network, condition number 8.6e6 ==");
    let csr = cola::read_matrix_market(concat!(env!("CARGO_MANIFEST_DIR"), "/data/1138_bus.mtx"))?;
    let n = csr.nrows();
    let truth = DVector::from_fn(n, |i, _| (i as f64 * 0.37).sin());
    let sparse = linop!(psd(sparse(&csr)));
    let b = sparse.apply(&truth);

    let start = Instant::now();
    let x = sparse.solve(&b)?;
    let time = milliseconds(start);
    let report = |name: &str, time: f64, x: &DVector<f64>| {
        let residual = relative(&sparse.apply(x), &b);
        println!("{name:<34} {time:>8.1} ms   residual {residual:.1e}   error {:.1e}", relative(x, &truth));
        assert!(residual < 1e-12, "{name}: residual {residual}");
    };
    report("sparse Cholesky solve", time, &x);
    let start = Instant::now();
    let logdet = sparse.logdet()?;
    println!("{:<34} {:>8.1} ms   logdet {logdet:.9}", "sparse Cholesky logdet", milliseconds(start));

    let bus: DMatrix<f64> = sparse.to_dense();
    let dense = linop!(psd(&bus));
    let start = Instant::now();
    let y = dense.solve(&b)?;
    report("dense PSD solve", milliseconds(start), &y);
    println!("{:<34} |x_sparse - x_dense| / |x| = {:.1e}", "", relative(&x, &y));
    let start = Instant::now();
    let logdet_dense = dense.logdet()?;
    let agree = (logdet - logdet_dense).abs() / logdet.abs();
    println!(
        "{:<34} {:>8.1} ms   logdet {logdet_dense:.9}, agreement {agree:.1e}",
        "dense logdet",
        milliseconds(start)
    );
    assert!(agree < 1e-12);

    println!("\n== inside kron(psd(bus), psd(small)): {} unknowns, never formed ==", 3 * n);
    let small = matrix![4.0, 1.0, 0.0; 1.0, 3.0, 0.5; 0.0, 0.5, 2.0];
    let k = linop!(kron(psd(&bus), psd(small)));
    let truth = DVector::from_fn(3 * n, |i, _| (i as f64 * 0.11).cos());
    let b = k.apply(&truth);
    let start = Instant::now();
    let x = k.solve(&b)?;
    let (time, residual) = (milliseconds(start), relative(&k.apply(&x), &b));
    println!(
        "{:<34} {time:>8.1} ms   residual {residual:.1e}   error {:.1e}",
        "kron solve, dense factors",
        relative(&x, &truth)
    );
    assert!(residual < 1e-12);
    let ks = linop!(kron(psd(sparse(&csr)), psd(small)));
    let start = Instant::now();
    let xs = ks.solve(&b)?;
    let (time, residual) = (milliseconds(start), relative(&ks.apply(&xs), &b));
    println!(
        "{:<34} {time:>8.1} ms   residual {residual:.1e}   error {:.1e}",
        "kron solve, sparse factor",
        relative(&xs, &truth)
    );
    assert!(residual < 1e-12);
    // log det(A x B) = 3 log det A + n log det B
    let by_hand = 3.0 * logdet + n as f64 * small.determinant().ln();
    let start = Instant::now();
    let both = k.logdet()?;
    let time = milliseconds(start);
    println!("{:<34} {time:>8.1} ms   logdet {both:.6}", "kron logdet, dense factors");
    let start = Instant::now();
    let sparse_both = ks.logdet()?;
    let time = milliseconds(start);
    println!("{:<34} {time:>8.1} ms   logdet {sparse_both:.6}, by hand {by_hand:.6}", "kron logdet, sparse factor");
    assert!((both - by_hand).abs() < 1e-10 * by_hand.abs() && (sparse_both - by_hand).abs() < 1e-10 * by_hand.abs());
    Ok(())
}

fn main() -> cola::Result<()> {
    let start = Instant::now();
    small()?;
    power_network()?;
    println!("\ntotal {:.2} s", start.elapsed().as_secs_f64());
    Ok(())
}
