//! A Kronecker sum of tridiagonals laid out for many products, where the inner one has constant coefficients: Laplacians of grids.
//!
//! Its bands are as long as a line of the grid, and reading them pushes the lines of x that are needed again out of the nearest cache; the
//! three numbers that they consist of stay in registers. Both diagonals and the factor before the product are multiplied out beforehand: five
//! products per point, where the bands take eight (`cargo bench --bench cg`).

use crate::operator::{ByRows, DynOperator, Update};
use crate::scalar::Scalar;
use crate::view::{View, ViewMut};
use crate::wide::widest;

/// A x I + I x B with tridiagonal A and B, the inner rows of B all alike.
pub(super) struct GridLines<'a, T> {
    whole: &'a dyn DynOperator<T>,
    a: &'a dyn ByRows<T>,
    b: &'a dyn ByRows<T>,
    shape: (usize, usize),
    /// The first row of B, the inner ones, the last.
    rows: [[T; 3]; 3],
}
impl<'a, T: Scalar> GridLines<'a, T> {
    /// `None` where B has other coefficients. One pass over those of B.
    pub fn laid_out(
        whole: &'a dyn DynOperator<T>,
        [a, b]: [&'a dyn ByRows<T>; 2],
        shape: (usize, usize),
    ) -> Option<Box<dyn DynOperator<T> + 'a>> {
        let (na, nb) = shape;
        // dual numbers compare by their values alone
        if na == 0 || nb < 3 || !T::PLAIN || T::LANES != 1 {
            return None;
        }
        let (_, inner) = (a.three(0)?, b.three(1)?);
        let constant = (2..nb - 1).all(|i| b.three(i) == Some(inner));
        let rows = [b.three(0)?, inner, b.three(nb - 1)?];
        constant.then(|| Box::new(GridLines { whole, a, b, shape, rows }) as Box<dyn DynOperator<T> + 'a>)
    }
    /// Rows `first..first + y.len()` of y = \[y +\] alpha A x, line by line.
    fn lines(&self, how: Update<T>, first: usize, x: &[T], y: &mut [T]) {
        let (na, nb) = self.shape;
        let (mut at, mut y) = (first, y);
        while !y.is_empty() {
            let (k, r) = (at / nb, at % nb);
            let (line, rest) = y.split_at_mut(y.len().min(nb - r));
            let height = line.len();
            let Some([b, c, e]) = self.a.three(k) else { return };
            let here = &x[k * nb..][..nb];
            let [p, n] = [k.saturating_sub(1), (k + 1).min(na - 1)].map(|k| &x[k * nb + r..][..height]);
            let of_row = |[l, d, u]: [T; 3]| [l, d + c, u, b, e].map(|v| how.alpha * v);
            let [top, inner, bottom] = self.rows.map(of_row);
            let mut end = |i: usize, [l, d, u, b, e]: [T; 5]| {
                let (below, above) = (here[i.saturating_sub(1)], here[(i + 1).min(nb - 1)]);
                let sum = (d * here[i]).add_mul(l, below).add_mul(u, above).add_mul(b, p[i - r]).add_mul(e, n[i - r]);
                let y = &mut line[i - r];
                *y = if how.add { *y + sum } else { sum };
            };
            if r == 0 {
                end(0, top);
            }
            if r + height == nb {
                end(nb - 1, bottom);
            }
            let (from, to) = (r.max(1), (r + height).min(nb - 1));
            if from < to {
                let beside = [p, n].map(|v| &v[from - r..to - r]);
                inside(how.add, inner, &here[from - 1..=to], beside, &mut line[from - r..to - r]);
            }
            (at, y) = (at + height, rest);
        }
    }
}
widest! {
    /// The points of a line that have both neighbours in it, with the lines beside it.
    fn inside<T: Scalar>(add: bool, row: [T; 5], x: &[T], beside: [&[T]; 2], y: &mut [T]) {
        let (n, [l, d, u, b, e]) = (y.len(), row);
        let [left, here, right] = [0, 1, 2].map(|i| &x[i..][..n]);
        let [p, r] = beside.map(|v| &v[..n]);
        for i in 0..n {
            let sum = (d * here[i]).add_mul(l, left[i]).add_mul(u, right[i]).add_mul(b, p[i]).add_mul(e, r[i]);
            y[i] = if add { y[i] + sum } else { sum };
        }
    }
}
impl<T: Scalar> ByRows<T> for GridLines<'_, T> {
    fn reach(&self) -> usize {
        (self.a.reach() * self.shape.1).max(self.b.reach())
    }
    fn rows(&self, how: Update<T>, first: usize, x: View<'_, T>, mut y: ViewMut<'_, T>) {
        let (how, rows) = (how.plain(), y.rows);
        for c in 0..x.cols {
            match x.column(c).contiguous().filter(|_| y.rs == 1) {
                Some(x) if rows > 0 => self.lines(how, first, x, &mut y.column(c).data[..rows]),
                _ => {
                    let of_whole = self.whole.dyn_by_rows().into_iter();
                    of_whole.for_each(|r| r.rows(how, first, x.column(c), y.column(c)))
                }
            }
        }
    }
}
impl<T: Scalar> DynOperator<T> for GridLines<'_, T> {
    fn dyn_shape(&self) -> (usize, usize) {
        self.whole.dyn_shape()
    }
    fn dyn_act(&self, how: Update<T>, x: View<'_, T>, y: ViewMut<'_, T>, s: &mut [T]) {
        match how.adjoint {
            true => self.whole.dyn_act(how, x, y, s),
            false => self.rows(how, 0, x, y),
        }
    }
    fn dyn_scratch(&self, columns: usize) -> usize {
        self.whole.dyn_scratch(columns)
    }
    fn dyn_by_rows(&self) -> Option<&dyn ByRows<T>> {
        Some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::*;
    use crate::scalar::Complex;

    /// Lines with constant coefficients multiply as the bands do, from any row on, also where the ends of the bands differ; others are not
    /// laid out.
    #[test]
    fn lines_are_the_bands() {
        type C = Complex<f64>;
        let entry = |i: usize| C::new((i as f64).sin(), 0.3 * i as f64 - 1.0);
        let outer = |n: usize| {
            let diagonal: Vec<C> = (0..n).map(entry).collect();
            Tridiagonal::new(vec![entry(7); n - 1], diagonal, vec![entry(9); n - 1])
        };
        let inner = |diagonal: &[C]| {
            Tridiagonal::new(vec![entry(5); diagonal.len() - 1], diagonal.to_vec(), vec![entry(6); diagonal.len() - 1])
        };
        for (na, nb) in [(1, 3), (4, 3), (5, 40), (3, 61)] {
            let mut diagonal = vec![entry(2); nb];
            (diagonal[0], diagonal[nb - 1]) = (entry(11), entry(12));
            let a = KronSum(outer(na), inner(&diagonal));
            let lines = a.arranged().expect("constant coefficients");
            let n = na * nb;
            let x: Vec<C> = (0..2 * n).map(|i| entry(3 * i)).collect();
            for adjoint in [false, true] {
                let how = Update { alpha: entry(4), add: true, adjoint };
                let (mut y, mut z, mut s) = (x.clone(), x.clone(), vec![C::default(); a.scratch_len(2)]);
                a.act(how, View::matrix(&x, n, 2), ViewMut::matrix(&mut y, n, 2), &mut s);
                lines.dyn_act(how, View::matrix(&x, n, 2), ViewMut::matrix(&mut z, n, 2), &mut s);
                let far = y.iter().zip(&z).map(|(y, z)| (y - z).norm()).fold(0.0, f64::max);
                assert!(far < 1e-12 * n as f64, "{na} x {nb}: {far}");
            }
            let (bands, lines) = (a.by_rows().unwrap(), lines.dyn_by_rows().unwrap());
            assert_eq!(bands.reach(), lines.reach());
            for (from, to) in [(0, n), (n / 2, n), (1, 1 + n / 2), (n - 1, n)] {
                let (mut y, mut z) = (x[from..to].to_vec(), x[from..to].to_vec());
                bands.rows(Update::replace(), from, View::vector(&x[..n]), ViewMut::vector(&mut y));
                lines.rows(Update::replace(), from, View::vector(&x[..n]), ViewMut::vector(&mut z));
                let far = y.iter().zip(&z).map(|(y, z)| (y - z).norm()).fold(0.0, f64::max);
                assert!(far < 1e-12 * n as f64, "{na} x {nb}, rows {from}..{to}: {far}");
            }
            if nb > 3 {
                diagonal[nb / 2] = entry(1);
                assert!(KronSum(outer(na), inner(&diagonal)).arranged().is_none());
            }
        }
        assert!(KronSum(outer(4), Diagonal::new(vec![entry(1); 5])).arranged().is_none());
    }
}
