//! A sparse matrix laid out for many products: runs of rows whose numbers have the same places relative to the diagonal, as in stencils,
//! graphs of grids and bands.
//!
//! Of a run the places are stored once, and its numbers eight rows at a time, place by place, so that eight sums grow side by side and x
//! is read without a gather; where all rows of a run hold the same numbers (constant coefficients), these are stored once too. Each sum is
//! that of the compressed rows to the last bit. Jagged and sliced formats store places for every number (Saad, Iterative Methods for Sparse
//! Linear Systems, 2nd ed., section 3.4; Kreutzer et al., SISC 36, 2014); repeated values are shared as by Kourtis, Goumas & Koziris, CF 2008.

use crate::algorithms::sparse::Compressed;
use crate::operator::{ByRows, DynOperator, Update};
use crate::scalar::Scalar;
use crate::view::{View, ViewMut};
use crate::wide::widest;

/// Rows whose sums grow side by side: four registers of two doubles, one of eight.
const HIGH: usize = 8;
/// Rows per run from which on the layout is taken: below, most rows are ends of runs.
const LONG: usize = 4;
/// Rows that are multiplied with all columns before the next ones are: their numbers stay in the cache.
const BLOCK: usize = 1024;

/// Rows `first..first + rows`, with numbers at `row + offset` for the offsets `places..places + len`.
#[derive(Clone, Copy, Debug)]
struct Run {
    first: usize,
    rows: usize,
    places: usize,
    len: usize,
    /// Where the numbers begin.
    values: usize,
    /// All rows hold the same numbers.
    constant: bool,
}
/// The matrix, and its runs.
pub(super) struct Runs<'a, T> {
    a: Compressed<'a, T>,
    runs: Vec<Run>,
    offsets: Vec<isize>,
    values: Vec<T>,
    reach: usize,
}
impl<'a, T: Scalar> Runs<'a, T> {
    /// Of a square matrix compressed by rows; `None` where most runs are short. One pass over the numbers, or two.
    pub fn new(a: Compressed<'a, T>) -> Option<Self> {
        let n = a.lines();
        // dual numbers compare by their values alone
        if !a.by_rows || a.rows != a.cols || n < 4 * HIGH || !T::PLAIN || T::LANES != 1 {
            return None;
        }
        let (mut runs, mut offsets): (Vec<Run>, Vec<isize>) = (Vec::new(), Vec::new());
        for k in 0..n {
            let (places, values) = a.line(k);
            if let Some(run) = runs.last_mut() {
                let known = &offsets[run.places..][..run.len];
                let same = known.len() == places.len()
                    && places.iter().zip(known).all(|(&i, &o)| (i as isize).wrapping_sub(k as isize) == o);
                let constant = same && run.constant && values == a.line(k - 1).1;
                // a run that was constant for long ends where it no longer is
                if same && (constant || !run.constant || run.rows < 2 * HIGH) {
                    (run.rows, run.constant) = (run.rows + 1, constant);
                    continue;
                }
            }
            if runs.len() * LONG > n {
                return None;
            }
            runs.push(Run { first: k, rows: 1, places: offsets.len(), len: places.len(), values: 0, constant: true });
            offsets.extend(places.iter().map(|&i| i as isize - k as isize));
        }
        let reach = offsets.iter().map(|o| o.unsigned_abs()).max().unwrap_or(0);
        let stored = |r: &Run| r.len * if r.constant { 1 } else { r.rows };
        let mut values = Vec::with_capacity(runs.iter().map(stored).sum());
        for run in &mut runs {
            run.values = values.len();
            let rows = if run.constant { 1 } else { run.rows };
            for first in (0..rows).step_by(HIGH) {
                let lines = run.first + first..run.first + rows.min(first + HIGH);
                (0..run.len).for_each(|k| values.extend(lines.clone().map(|i| a.line(i).1[k])));
            }
        }
        Some(Runs { a, runs, offsets, values, reach })
    }
    /// Rows `first..first + y.len()` of y = \[y +\] alpha A x.
    fn gather(&self, how: Update<T>, first: usize, x: &[T], y: &mut [T]) {
        let mut at = self.runs.partition_point(|r| r.first + r.rows <= first);
        let (mut from, mut y) = (first, y);
        while !y.is_empty() {
            let run = self.runs[at];
            let count = y.len().min(run.first + run.rows - from);
            let (here, rest) = y.split_at_mut(count);
            let o = &self.offsets[run.places..][..run.len];
            let values = &self.values[run.values..];
            match run.len {
                3 => part::<T, 3>(how, run, o, values, from, x, here),
                5 => part::<T, 5>(how, run, o, values, from, x, here),
                7 => part::<T, 7>(how, run, o, values, from, x, here),
                9 => part::<T, 9>(how, run, o, values, from, x, here),
                _ => part::<T, 0>(how, run, o, values, from, x, here),
            }
            (from, y, at) = (from + count, rest, at + 1);
        }
    }
}
/// y = [y +] alpha s, asked once for all numbers.
#[inline(always)]
fn write<T: Scalar>(how: Update<T>, y: &mut [T; HIGH], sum: &[T; HIGH]) {
    match how.add {
        true => (0..HIGH).for_each(|i| y[i] += how.alpha * sum[i]),
        false => (0..HIGH).for_each(|i| y[i] = how.alpha * sum[i]),
    }
}
widest! {
    /// Rows `from..from + y.len()` of a run with these offsets and numbers; LEN is their number, or 0 for any.
    fn part<T: Scalar, const LEN: usize>(
        how: Update<T>,
        run: Run,
        o: &[isize],
        values: &[T],
        from: usize,
        x: &[T],
        y: &mut [T],
    ) {
        let o = if LEN == 0 { o } else { &o[..LEN] };
        let place = |row: usize, o: isize| (row as isize + o) as usize;
        if run.constant {
            let c = &values[..o.len()];
            let (blocks, rest) = y.as_chunks_mut::<HIGH>();
            let mut row = from;
            for y in blocks {
                let mut sum = [T::zero(); HIGH];
                for (&o, &c) in o.iter().zip(c) {
                    let x: &[T; HIGH] = x[place(row, o)..].first_chunk().expect("the places of whole rows");
                    (0..HIGH).for_each(|i| sum[i] = sum[i].add_mul(c, x[i]));
                }
                write(how, y, &sum);
                row += HIGH;
            }
            for y in rest {
                let terms = o.iter().zip(c);
                how.write(y, terms.fold(T::zero(), |sum, (&o, &c)| sum.add_mul(c, x[place(row, o)])));
                row += 1;
            }
            return;
        }
        // blocks are counted from the beginning of the run: the ends of what is asked for may lie inside of them
        let mut done = 0;
        while done < y.len() {
            let row = from + done;
            let inside = (row - run.first) % HIGH;
            let start = row - run.first - inside;
            let high = HIGH.min(run.rows - start);
            let values = &values[start * o.len()..][..high * o.len()];
            let count = (high - inside).min(y.len() - done);
            let y = &mut y[done..done + count];
            if let (0, Some(y)) = (inside, y.first_chunk_mut::<HIGH>()) {
                let mut sum = [T::zero(); HIGH];
                for (&o, v) in o.iter().zip(values.as_chunks::<HIGH>().0) {
                    let x: &[T; HIGH] = x[place(row, o)..].first_chunk().expect("the places of whole rows");
                    (0..HIGH).for_each(|i| sum[i] = sum[i].add_mul(v[i], x[i]));
                }
                write(how, y, &sum);
            } else {
                for (i, y) in y.iter_mut().enumerate() {
                    let terms = o.iter().zip(values.chunks_exact(high));
                    let sum = terms.fold(T::zero(), |s, (&o, v)| s.add_mul(v[inside + i], x[place(row + i, o)]));
                    how.write(y, sum);
                }
            }
            done += count;
        }
    }
}
impl<T: Scalar> ByRows<T> for Runs<'_, T> {
    fn reach(&self) -> usize {
        self.reach
    }
    fn rows(&self, how: Update<T>, first: usize, x: View<'_, T>, mut y: ViewMut<'_, T>) {
        let (how, rows) = (how.plain(), y.rows);
        for c in 0..x.cols {
            match x.column(c).contiguous().filter(|_| y.rs == 1) {
                Some(x) if rows > 0 => self.gather(how, first, x, &mut y.column(c).data[..rows]),
                _ => super::sparse::rows(how, self.a, first, x.column(c), y.column(c)),
            }
        }
    }
}
impl<T: Scalar> DynOperator<T> for Runs<'_, T> {
    fn dyn_shape(&self) -> (usize, usize) {
        (self.a.rows, self.a.cols)
    }
    fn dyn_act(&self, how: Update<T>, x: View<'_, T>, mut y: ViewMut<'_, T>, _: &mut [T]) {
        if how.adjoint {
            return super::sparse::act(how, self.a, x, y);
        }
        let block = if x.cols > 1 { BLOCK } else { self.a.rows };
        for first in (0..self.a.rows).step_by(block) {
            self.rows(how, first, x, y.reborrow().rows(first, block.min(self.a.rows - first)));
        }
    }
    fn dyn_scratch(&self, _: usize) -> usize {
        0
    }
    fn dyn_by_rows(&self) -> Option<&dyn ByRows<T>> {
        Some(self)
    }
}
