//! The numerics of incomplete factorisations, on rows.
//!
//! Saad, Iterative Methods for Sparse Linear Systems, 2nd ed., 2003: algorithm 10.4 on a pattern, 10.5 for the levels of a pattern, 10.6 by
//! thresholds; Lin & More, SISC 21, 1999, for the left-looking Cholesky factorisation by columns.

use super::rows::Rows;
use crate::error::{Error, Result};
use crate::scalar::{Real, Scalar};
use num_traits::Zero;
use std::collections::BTreeMap;

/// Where the diagonal entry of each row is.
pub(super) fn diagonal<T: Scalar>(a: &Rows<T>) -> Vec<usize> {
    (0..a.n()).map(|i| a.row(i).start + a.indices[a.row(i)].partition_point(|&j| j < i)).collect()
}
/// A pivot of the Cholesky factorisation and its root; a tiny one would make a huge, useless row.
fn pivot<T: Scalar>(index: usize, entry: T, shift: f64, sum: T) -> Result<T> {
    let entry = entry.re();
    let pivot = entry * T::Re::real(1.0 + shift) - sum.re();
    match pivot.lane_f64(0) > 1e-8 * entry.lane_f64(0) {
        true => Ok(T::from_re(pivot.sqrt())),
        false => Err(Error::NotPositiveDefinite { index, pivot: pivot.lane_f64(0) }),
    }
}
/// L of A + shift diag(A) on the pattern of `l`, which holds the lower triangle of A, row by row.
pub(super) fn cholesky<T: Scalar>(mut l: Rows<T>, shift: f64) -> Result<Rows<T>> {
    for i in 0..l.n() {
        let row = l.row(i);
        for at in row.clone() {
            let j = l.indices[at];
            // sum over k < j of l_ik conj(l_jk), by merging the two rows
            let (mut p, mut q, mut sum) = (row.start, l.offsets[j], T::zero());
            while p < at && q < l.offsets[j + 1] - 1 {
                let (x, y) = (l.indices[p], l.indices[q]);
                if x == y {
                    sum += l.values[p] * l.values[q].conj();
                }
                p += usize::from(x <= y);
                q += usize::from(y <= x);
            }
            l.values[at] = match j < i {
                true => (l.values[at] - sum) / l.values[l.offsets[j + 1] - 1],
                false => pivot(i, l.values[at], shift, sum)?,
            };
        }
    }
    Ok(l)
}
/// L and U on the pattern of `lu`, which holds A.
pub(super) fn lu<T: Scalar>(mut lu: Rows<T>) -> Result<Rows<T>> {
    let (n, diagonal) = (lu.n(), diagonal(&lu));
    // where column j of the current row is, or none
    let mut place = vec![usize::MAX; n];
    for i in 0..n {
        let row = lu.row(i);
        let size = row.clone().fold(T::Re::zero(), |m, at| m.max(lu.values[at].abs())).lane_f64(0);
        row.clone().for_each(|at| place[lu.indices[at]] = at);
        for at in row.start..diagonal[i] {
            let k = lu.indices[at];
            let factor = lu.values[at] / lu.values[diagonal[k]];
            lu.values[at] = factor;
            for from in diagonal[k] + 1..lu.offsets[k + 1] {
                let to = place[lu.indices[from]];
                if to != usize::MAX {
                    lu.values[to] = lu.values[to].sub_mul(factor, lu.values[from]);
                }
            }
        }
        row.for_each(|at| place[lu.indices[at]] = usize::MAX);
        divisor::<T>(i, lu.values[diagonal[i]], size)?;
    }
    Ok(lu)
}
fn divisor<T: Scalar>(index: usize, pivot: T, size: f64) -> Result<()> {
    match pivot.abs().lane_f64(0) > 10.0 * T::Re::epsilon().lane_f64(0) * size {
        true => Ok(()),
        false => Err(Error::Singular { index }),
    }
}
/// A on its pattern with `level` levels of fill: an entry that (i, k) and (k, j) make has their levels and one more.
pub(super) fn levels<T: Scalar>(a: &Rows<T>, level: usize) -> Rows<T> {
    let mut out = Rows::empty();
    // levels of the parts right of the diagonal
    let mut upper: Vec<Vec<(usize, usize)>> = Vec::with_capacity(a.n());
    for i in 0..a.n() {
        let mut row: BTreeMap<usize, (usize, T)> = a.entries(i).map(|(j, v)| (j, (0, v))).collect();
        let mut from = 0;
        while let Some((&k, &(here, _))) = row.range(from..i).next() {
            for &(j, there) in &upper[k] {
                let new = here + there + 1;
                if new <= level {
                    let entry = row.entry(j).or_insert((new, T::zero()));
                    entry.0 = entry.0.min(new);
                }
            }
            from = k + 1;
        }
        upper.push(row.range(i + 1..).map(|(&j, &(l, _))| (j, l)).collect());
        out.push(row.into_iter().map(|(j, (_, v))| (j, v)));
    }
    out
}
/// The same of the lower triangle of a Hermitian matrix.
pub(super) fn lower_levels<T: Scalar>(lower: &Rows<T>, level: usize) -> Rows<T> {
    let upper = lower.adjoint(lower.n());
    let mut whole = Rows::empty();
    for i in 0..lower.n() {
        whole.push(lower.entries(i).chain(upper.entries(i).skip(1)));
    }
    let whole = levels(&whole, level);
    let mut out = Rows::empty();
    (0..whole.n()).for_each(|i| out.push(whole.entries(i).filter(|e| e.0 <= i)));
    out
}
/// The largest `most` of the entries, ascending in their places again.
fn largest<T: Scalar>(mut entries: Vec<(usize, T)>, most: usize) -> Vec<(usize, T)> {
    if entries.len() > most {
        entries.sort_by(|a, b| b.1.abs().lane_f64(0).total_cmp(&a.1.abs().lane_f64(0)).then(a.0.cmp(&b.0)));
        entries.truncate(most);
    }
    entries.sort_by_key(|e| e.0);
    entries
}
/// L of A + shift diag(A) column by column, small entries dropped; `lower` is the lower triangle of A by rows.
pub(super) fn threshold_cholesky<T: Scalar>(lower: &Rows<T>, tol: f64, fill: usize, shift: f64) -> Result<Rows<T>> {
    let n = lower.n();
    let upper = lower.adjoint(n);
    // columns of L, the diagonal first; `next[k]` is the first entry of column k that has not served as a pivot row
    let mut columns: Vec<Vec<(usize, T)>> = Vec::with_capacity(n);
    let mut next: Vec<usize> = Vec::with_capacity(n);
    let mut waiting: Vec<Vec<usize>> = vec![Vec::new(); n];
    let (mut w, mut marked, mut places) = (vec![T::zero(); n], vec![false; n], Vec::new());
    for j in 0..n {
        let (mut size, mut count) = (0.0, 0);
        for (i, v) in upper.entries(j) {
            (w[i], marked[i]) = (v.conj(), true);
            places.push(i);
            size += v.abs().lane_f64(0);
            count += 1;
        }
        let entry = w[j];
        w[j] = T::zero();
        for k in core::mem::take(&mut waiting[j]) {
            let (column, at) = (&columns[k], next[k]);
            let factor = column[at].1.conj();
            for &(i, l) in &column[at..] {
                if !marked[i] {
                    marked[i] = true;
                    places.push(i);
                }
                w[i] = w[i].sub_mul(l, factor);
            }
            next[k] = at + 1;
            if let Some(&(i, _)) = column.get(at + 1) {
                waiting[i].push(k);
            }
        }
        let root = pivot(j, entry, shift, -w[j])?;
        let kept = places.iter().filter(|&&i| i != j && w[i].abs().lane_f64(0) > tol * size);
        let kept = kept.map(|&i| (i, w[i] / root)).collect();
        for &i in &places {
            (w[i], marked[i]) = (T::zero(), false);
        }
        places.clear();
        let mut column = vec![(j, root)];
        column.extend(largest(kept, count - 1 + fill));
        if let Some(&(i, _)) = column.get(1) {
            waiting[i].push(j);
        }
        columns.push(column);
        next.push(1);
    }
    let mut out = Rows::empty();
    columns.into_iter().for_each(|c| out.push(c.into_iter().map(|(i, v)| (i, v.conj()))));
    Ok(out.adjoint(n))
}
/// L and U row by row, small entries dropped.
pub(super) fn threshold_lu<T: Scalar>(a: &Rows<T>, tol: f64, fill: usize) -> Result<Rows<T>> {
    let mut out = Rows::<T>::empty();
    let mut diagonal: Vec<usize> = Vec::with_capacity(a.n());
    for i in 0..a.n() {
        let mut row: BTreeMap<usize, T> = a.entries(i).collect();
        let size = row.values().fold(0.0, |s: f64, v| s.hypot(v.abs().lane_f64(0)));
        let (below, above) = (row.range(..i).count(), row.range(i + 1..).count());
        let mut from = 0;
        while let Some((&k, &v)) = row.range(from..i).next() {
            from = k + 1;
            // before it is divided by the pivot, so that both sides scale as the row of A does
            if v.abs().lane_f64(0) <= tol * size {
                row.remove(&k);
                continue;
            }
            let factor = v / out.values[diagonal[k]];
            row.insert(k, factor);
            for at in diagonal[k] + 1..out.offsets[k + 1] {
                let entry = row.entry(out.indices[at]).or_insert(T::zero());
                *entry = entry.sub_mul(factor, out.values[at]);
            }
        }
        let pivot = row.get(&i).copied().unwrap_or(T::zero());
        divisor(i, pivot, size)?;
        let left: Vec<(usize, T)> = row.range(..i).map(|(&j, &v)| (j, v)).collect();
        let right = row.range(i + 1..).map(|(&j, &v)| (j, v)).filter(|e| e.1.abs().lane_f64(0) > tol * size).collect();
        let left = largest(left, below + fill);
        diagonal.push(out.indices.len() + left.len());
        out.push(left.into_iter().chain([(i, pivot)]).chain(largest(right, above + fill)));
    }
    Ok(out)
}
