//! Step 3 of the tour at 100 000 elements: `cargo bench --bench batch [-- filter] [--criterion] [--strict]`. Times are of one element, a
//! default build (no `target-cpu`), arrays of structs in and out.
//!
//! Measured (Zen 4, lanes for AVX2): 40 ns, plain loop 160 (in place), the bytes 23, of which it takes 1.7 times. Without the slice, that is
//! without 200 of the bytes: 10.8 ns, 36 and 4.6, 2.3 times: 20 divisions and 6 roots of four lanes to a chunk of eight elements. (Of 2 000
//! elements, which lie in the second-level cache, it takes 11.3: it does not wait for memory.) The slice comes as a matrix on the heap in both.
//!
//! Per element: Y = X X^H + I, W = diag(Y, Y, D), P = diag(W)^(-1/2), W[0..5, 0..5] and y = P inv(P W P) P v. 136 bytes in, 264 out.
mod timing;

use cola::batch::on_one_thread;
use cola::prelude::*;
use nalgebra::{SMatrix, SVector};
use std::hint::black_box;
use timing::{Clock, Table, side};

const COUNT: usize = 100_000;

/// W[0..5, 0..5] and y.
type Whitened<T> = (SMatrix<T, 5, 5>, SVector<T, 8>);
#[vmap]
fn whitened<T: Scalar>(x: SMatrix<T, 3, 3>, v: SVector<T, 8>) -> cola::Result<Whitened<T>> {
    let d = SVector::<T, 2>::new(T::of(0.1), T::of(1.0));
    let y = linop!(x * x.H + I);
    let w = linop!(block_diag(repeat::<2>(&y), diag(&d)));
    let p = try_linop!(diag({ w.diagonal()? }) ^ (-1 / 2))?;
    let corner = linop!((&w)[0..5, 0..5]).to_dense();
    let inverse = try_linop!(inv(&p * &w * &p))?;
    Ok((SMatrix::from_fn(|i, j| corner[(i, j)]), p.apply(&inverse.apply(&p.apply(&v)))))
}
/// A Kronecker product, where PyTorch's vmap fails in CoLA.
#[vmap]
fn kron_solve<T: Scalar>(x: SMatrix<T, 2, 2>, d: SVector<T, 3>, v: SVector<T, 6>) -> cola::Result<SVector<T, 6>> {
    linop!(kron(x * x.H + I, psd(diag(&d)))).solve(&v)
}

fn main() {
    let mut seed = 88_172_645_463_325_252u64;
    let mut next = move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    };
    let xs: &[SMatrix<f64, 3, 3>] = (0..COUNT).map(|_| SMatrix::from_fn(|_, _| next())).collect::<Vec<_>>().leak();
    let vs: &[SVector<f64, 8>] = (0..COUNT).map(|_| SVector::from_fn(|_, _| next())).collect::<Vec<_>>().leak();
    let ys = whitened::batch_slice(xs, vs).unwrap();
    for i in (0..COUNT).step_by(997) {
        let want = whitened(xs[i], vs[i]).unwrap();
        assert!((ys[i].0 - want.0).norm() <= 1e-12 * want.0.norm(), "slice of element {i}");
        assert!((ys[i].1 - want.1).norm() <= 1e-12 * want.1.norm(), "element {i}");
    }
    // the same bytes, and memory that is written again and again: what no batch can beat
    let mut out = ys;
    let stream = move || {
        for ((x, v), (corner, y)) in black_box(xs).iter().zip(black_box(vs)).zip(&mut out) {
            corner.fill(x.sum());
            *y = *v;
        }
        black_box(&mut out);
    };
    // the plain loop in two ways: collected, and into memory that is there
    let collected = move || {
        let each = black_box(xs).iter().zip(black_box(vs));
        each.map(|(x, v)| whitened(*x, *v)).collect::<Result<Vec<_>, _>>().unwrap()
    };
    let mut room = vec![(SMatrix::<f64, 5, 5>::zeros(), SVector::<f64, 8>::zeros()); COUNT];
    let in_place = move || {
        for ((x, v), y) in black_box(xs).iter().zip(black_box(vs)).zip(&mut room) {
            *y = whitened(*x, *v).unwrap();
        }
        black_box(&mut room);
    };
    let batch = move || on_one_thread(|| whitened::batch_slice(black_box(xs), black_box(vs)).unwrap());
    let threads = move || whitened::batch_slice(black_box(xs), black_box(vs)).unwrap();
    let mut table = Table::per(COUNT);
    let cores = std::thread::available_parallelism().map_or(1, |t| t.get());
    println!("{cores} threads; ratio: the first time over the least of the others");
    table.compare(
        "batch, one thread, against its bytes streamed",
        2.5,
        vec![side("batch", batch), side("stream", stream)],
    );
    table.compare(
        "batch, one thread, against the plain loop",
        1.0 / 1.8,
        vec![side("batch", batch), side("loop", collected), side("loop in place", in_place)],
    );
    let sides = vec![side("all", threads), side("one", batch)];
    table.compare_by(Clock::Wall, "batch, all threads, against one", f64::INFINITY, sides);

    let xs: &[SMatrix<f64, 2, 2>] = (0..COUNT).map(|_| SMatrix::from_fn(|_, _| next())).collect::<Vec<_>>().leak();
    let ds: &[SVector<f64, 3>] = (0..COUNT).map(|_| SVector::from_fn(|_, _| 1.1 + next())).collect::<Vec<_>>().leak();
    let vs: &[SVector<f64, 6>] = (0..COUNT).map(|_| SVector::from_fn(|_, _| next())).collect::<Vec<_>>().leak();
    let plain = move || {
        let each = black_box(xs).iter().zip(black_box(ds)).zip(black_box(vs));
        each.map(|((x, d), v)| kron_solve(*x, *d, *v)).collect::<Result<Vec<_>, _>>().unwrap()
    };
    let batch = move || on_one_thread(|| kron_solve::batch_slice(black_box(xs), black_box(ds), black_box(vs)).unwrap());
    table.compare(
        "kron: batch, one thread, against the loop",
        f64::INFINITY,
        vec![side("batch", batch), side("loop", plain)],
    );
    table.finish();
}
