//! Woodbury's formula for diag(d) + c P Q^H in passes over blocks of rows: each block of P and Q is read once in a pass and used while it is
//! in the cache, and no n x r matrix is made.
//!
//! Golub & Van Loan, Matrix Computations, 4th ed., 2.1.4. With E = diag(1 / d), M = I + c Q^H E P and M u = Q^H E b the solution is
//! x = E (b - c P u); its residual b - d x - c P (Q^H x) takes Q^H x from the pass that makes x.

use crate::algorithms::dense::gemm;
use crate::scalar::{Real, Scalar};
use crate::view::{View, ViewMut};
use num_traits::{One, Zero};

/// Rows of a block: of 50 columns of f64 two blocks are 400 KiB, within the second-level cache. Smaller sizes have one block, and no gain:
/// from here on the passes serve. (n = 100000, r = 50, `cargo bench --bench rules low-rank`: MEASURE.)
pub const ROWS: usize = 512;

/// Blocks of rows: (first, number).
fn blocks(n: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..n).step_by(ROWS).map(move |first| (first, ROWS.min(n - first)))
}
/// Q^H E \[P, b\]: r x (r + k), column-major.
///
/// Cost: 2 n r (r + k).
pub fn gather<T: Scalar>(e: View<'_, T>, (p, q): (View<'_, T>, View<'_, T>), b: View<'_, T>) -> Vec<T> {
    let (r, k) = (p.cols, b.cols);
    let mut out = vec![T::zero(); r * (r + k)];
    let mut scaled = vec![T::zero(); ROWS * (r + k)];
    for (first, rows) in blocks(p.rows) {
        let (p, q, b) = (p.rows(first, rows), q.rows(first, rows), b.rows(first, rows));
        for (j, column) in scaled[..rows * (r + k)].chunks_exact_mut(rows).enumerate() {
            let from = if j < r { p.column(j) } else { b.column(j - r) };
            column.iter_mut().enumerate().for_each(|(i, s)| *s = e.at(first + i, 0) * from.at(i, 0));
        }
        let (scaled, out) = (View::matrix(&scaled, rows, r + k), ViewMut::matrix(&mut out, r, r + k));
        gemm((T::one(), true), true, q.transposed(), scaled, out);
    }
    out
}
/// x = E (b - c P u), and s = Q^H x.
///
/// Cost: 4 n r k.
pub fn back<T: Scalar>(
    (e, c): (View<'_, T>, T),
    (p, q): (View<'_, T>, View<'_, T>),
    u: View<'_, T>,
    b: View<'_, T>,
    mut x: ViewMut<'_, T>,
    s: &mut [T],
) {
    let (r, k) = (p.cols, b.cols);
    s.fill(T::zero());
    for (first, rows) in blocks(p.rows) {
        let mut x = x.rows(first, rows);
        for j in 0..k {
            (0..rows).for_each(|i| *x.at(i, j) = b.at(first + i, j));
        }
        gemm((-c, true), false, p.rows(first, rows), u, x.reborrow());
        for j in 0..k {
            (0..rows).for_each(|i| *x.at(i, j) *= e.at(first + i, 0));
        }
        gemm((T::one(), true), true, q.rows(first, rows).transposed(), x.as_view(), ViewMut::matrix(s, r, k));
    }
}
/// The largest entry of b - d x - c P s beside those of its terms, the worst column; s = Q^H x.
///
/// Cost: 2 n r k.
pub fn residual<T: Scalar>(
    (d, c): (View<'_, T>, T),
    p: View<'_, T>,
    s: View<'_, T>,
    b: View<'_, T>,
    x: View<'_, T>,
) -> T::Re {
    let (k, zero) = (b.cols, T::Re::zero());
    let mut found = vec![(zero, zero); k];
    let mut low = vec![T::zero(); ROWS * k];
    for (first, rows) in blocks(p.rows) {
        let low = &mut low[..rows * k];
        gemm((c, false), false, p.rows(first, rows), s, ViewMut::matrix(low, rows, k));
        for (j, (low, (size, miss))) in low.chunks_exact(rows).zip(&mut found).enumerate() {
            for (i, &low) in low.iter().enumerate() {
                let (b, own) = (b.at(first + i, j), d.at(first + i, 0) * x.at(first + i, j));
                *size = size.max(b.abs()).max(own.abs()).max(low.abs());
                let miss_here = (b - own - low).abs();
                *miss = T::Re::select(miss.lt(miss_here) | !miss_here.finite(), miss_here, *miss);
            }
        }
    }
    found.into_iter().fold(zero, |worst, (size, miss)| {
        let some = zero.lt(size);
        let here = T::Re::select(some, miss / T::Re::select(some, size, T::Re::one()), miss);
        T::Re::select(worst.lt(here) | !here.finite(), here, worst)
    })
}
