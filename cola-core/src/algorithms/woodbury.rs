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
/// from here on the passes serve. (Solve and logdet for n = 100000,
/// r = 50: 56 ms in 1.7 MiB; on faer with D^-1 P formed 62 ms in 39 MiB; `cargo bench --bench rules --
/// low-rank`.)
pub const ROWS: usize = 512;

/// Blocks of rows: (first, number).
pub(super) fn blocks(n: usize) -> impl Iterator<Item = (usize, usize)> {
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
            times(e.rows(first, rows), from, column);
        }
        let (scaled, out) = (View::matrix(&scaled, rows, r + k), ViewMut::matrix(&mut out, r, r + k));
        gemm((T::one(), true), true, q.transposed(), scaled, out);
    }
    out
}
/// y = E x, entry by entry; over slices where both lie so, which become vector instructions.
pub(super) fn times<T: Scalar>(e: View<'_, T>, x: View<'_, T>, y: &mut [T]) {
    match (e.contiguous(), x.contiguous()) {
        (Some(e), Some(x)) => y.iter_mut().zip(e).zip(x).for_each(|((y, &e), &x)| *y = e * x),
        _ => y.iter_mut().enumerate().for_each(|(i, y)| *y = e.at(i, 0) * x.at(i, 0)),
    }
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

#[cfg(test)]
mod tests {
    use super::ROWS;
    use crate::ops::*;
    use crate::prelude::*;
    use crate::{Element, Error, Result};
    use nalgebra::{DMatrix, DVector};

    /// n is two blocks and a bit; against b = A x made by loops and det A = det D det(I + Q^H D^-1 P) of a small matrix made by loops.
    fn by_blocks<T: Element>(tol: f64) -> Result<()> {
        let (n, r) = (2 * ROWS + 7, 3);
        let wave = |i: usize, j: usize| ((i * 7 + 3 * j + 1) as f64 * 0.61).sin();
        let d = DVector::<T>::from_fn(n, |i, _| T::of(2.0 + wave(i, 5)));
        let i = if <T::IsReal as crate::Fact>::KNOWN { T::of(1.0) } else { T::of(-1.0).sqrt() };
        let p = DMatrix::<T>::from_fn(n, r, |k, j| T::of(wave(k, j)) + i * T::of(0.3 * wave(k, j + 9)));
        let q = DMatrix::<T>::from_fn(n, r, |k, j| T::of(0.5 * wave(k + 1, j)) - i * T::of(0.2 * wave(k, j + 4)));
        let x = DMatrix::<T>::from_fn(n, 2, |k, j| T::of(wave(k, 20 + j)) + i);
        let mut m = DMatrix::<T>::identity(r, r);
        let product = DMatrix::from_fn(r, 2, |j, c| (0..n).fold(T::of(0.0), |s, k| s + q[(k, j)].conj() * x[(k, c)]));
        let b = DMatrix::from_fn(n, 2, |k, c| (0..r).fold(d[k] * x[(k, c)], |s, j| s + p[(k, j)] * product[(j, c)]));
        for (a, c) in [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (2, 0), (2, 1), (2, 2)] {
            (0..n).for_each(|k| m[(a, c)] += q[(k, a)].conj() * p[(k, c)] / d[k]);
        }
        let update = LowRankUpdate::new(Diagonal::new(&d), LowRank::new(&p, &q));
        let size = |x: T| x.abs().lane_f64(0);
        let worst = |y: &DMatrix<T>| y.iter().zip(x.iter()).fold(0.0, |w: f64, (y, x)| w.max(size(*y - *x)));
        let y = update.solve(&b)?;
        assert!(worst(&y) < tol, "{:.1e}", worst(&y));
        let ((s, l), (sm, lm)) = (update.slogdet()?, Dense::new(m).slogdet()?);
        let want = d.iter().fold(lm, |l, d| l + d.re().ln());
        assert!((l - want).abs().lane_f64(0) < tol * n as f64 && size(s - sm) < tol, "{l:?} {want:?} {s:?} {sm:?}");
        let mut bad = p.clone();
        bad[(n - 1, 1)] = T::of(f64::INFINITY);
        let failed = LowRankUpdate::new(Diagonal::new(&d), LowRank::new(&bad, &q)).solve(&b);
        assert!(matches!(failed, Err(Error::NonFinite { .. })), "{failed:?}");
        Ok(())
    }
    #[test]
    fn agrees_with_the_matrix_row_by_row() -> Result<()> {
        by_blocks::<f64>(1e-12)?;
        by_blocks::<Complex<f64>>(1e-12)?;
        by_blocks::<f32>(1e-3)
    }
}
