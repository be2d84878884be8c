//! Incomplete factorisations of sparse matrices with the pattern of A.
//!
//! Meijerink & van der Vorst, Math. Comp. 31, 1977; Saad, Iterative Methods for Sparse Linear Systems, 2nd ed., 2003, algorithm 10.4.
//! Deviation: where a pivot of the Cholesky factorisation is not positive, it starts again with a larger diagonal (Manteuffel, Math. Comp.
//! 34, 1980), so that every positive definite matrix has a factor.

use crate::algorithms::sparse::Compressed;
use crate::error::{Error, Result};
use crate::facts::{NoFacts, PsdFacts};
use crate::functions::base::square;
use crate::operator::{LinearOperator, Update, operator};
use crate::ops::{Sparse, SparseData};
use crate::scalar::{Mask, Real, Scalar};
use crate::space::Dyn;
use crate::view::{View, ViewMut};
use num_traits::Zero;

/// A sparse matrix by rows.
#[derive(Clone, Debug)]
struct Rows<T> {
    offsets: Vec<usize>,
    indices: Vec<usize>,
    values: Vec<T>,
}
impl<T: Scalar> Rows<T> {
    /// The entries that `keep` wants, by rows, ascending; every diagonal entry is there.
    fn new(a: Compressed<'_, T>, keep: impl Fn(usize, usize) -> bool) -> Self {
        let n = a.rows;
        let mut rows: Vec<Vec<(usize, T)>> = (0..n).map(|i| vec![(i, T::zero())]).collect();
        for k in 0..a.lines() {
            let (places, values) = a.line(k);
            for (&p, &v) in places.iter().zip(values) {
                let (i, j) = if a.by_rows { (k, p) } else { (p, k) };
                if i == j {
                    rows[i][0].1 = v;
                } else if keep(i, j) {
                    rows[i].push((j, v));
                }
            }
        }
        let mut out = Rows { offsets: vec![0], indices: Vec::new(), values: Vec::new() };
        for mut row in rows {
            row.sort_by_key(|e| e.0);
            out.indices.extend(row.iter().map(|e| e.0));
            out.values.extend(row.iter().map(|e| e.1));
            out.offsets.push(out.indices.len());
        }
        out
    }
    fn n(&self) -> usize {
        self.offsets.len() - 1
    }
    fn row(&self, i: usize) -> core::ops::Range<usize> {
        self.offsets[i]..self.offsets[i + 1]
    }
    fn check(&self) -> Result<()> {
        match self.values.iter().all(|v| v.finite().all()) {
            true => Ok(()),
            false => Err(Error::non_finite("the matrix, or an overflow in its incomplete factorisation")),
        }
    }
}
/// y = [y +] alpha (the solve of a column in place).
fn apply<T: Scalar>(how: Update<T>, x: View<'_, T>, mut y: ViewMut<'_, T>, s: &mut [T], solve: impl Fn(&mut [T])) {
    for c in 0..x.cols {
        let column = &mut s[..x.rows];
        (0..x.rows).for_each(|i| column[i] = x.at(i, c));
        solve(column);
        (0..x.rows).for_each(|i| how.write(y.at(i, c), column[i]));
    }
}

/// (L L^H)^-1 where L L^H agrees with a sparse positive definite A on the pattern of A.
///
/// ```
/// # use cola_core::prelude::*;
/// // the five-point Laplacian on 30 x 30 points
/// let (m, mut entries) = (30, Vec::new());
/// for i in 0..m * m {
///     entries.push((i, i, 4.0));
///     for j in [i + 1, i + m] {
///         if j < m * m && (j != i + 1 || j % m != 0) {
///             entries.extend([(i, j, -1.0), (j, i, -1.0)]);
///         }
///     }
/// }
/// let a = Sparse::from_triplets(m * m, m * m, entries)?;
/// let p = IncompleteCholesky::new(&a)?;
/// let a = Psd::new(a);
/// let plain = a.solve_with(Cg::default(), &vec![1.0; m * m])?.report.iterations;
/// let with = a.solve_with(Cg::default().preconditioner(&p), &vec![1.0; m * m])?.report.iterations;
/// assert!(3 * with < 2 * plain, "{with} {plain}");
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct IncompleteCholesky<T: Scalar> {
    l: Rows<T>,
    shift: f64,
}
impl<T: Scalar> IncompleteCholesky<T> {
    /// Factors A; its lower triangle is read. About nnz times the numbers in a row operations.
    ///
    /// # Errors
    /// `NotPositiveDefinite` if a diagonal entry is not positive, `NonFinite`, `ShapeMismatch`, `InvalidArgument` for lanes.
    pub fn new<M: SparseData<Scalar = T>>(a: &Sparse<M>) -> Result<Self> {
        square("incomplete Cholesky", a)?;
        crate::algorithms::krylov::plain_numbers::<T>("incomplete Cholesky")?;
        let lower = Rows::new(a.0.compressed(), |i, j| j < i);
        lower.check()?;
        for index in 0..lower.n() {
            let pivot = lower.values[lower.offsets[index + 1] - 1].re().lane_f64(0);
            if !(pivot > 0.0) {
                return Err(Error::NotPositiveDefinite { index, pivot });
            }
        }
        // A + shift diag(A): from 1 on, L cannot fail where A is diagonally dominant; a few doublings more serve all
        let mut shift = 0.0;
        for _ in 0..40 {
            match factor(&lower, shift) {
                Ok(l) => {
                    l.check()?;
                    return Ok(IncompleteCholesky { l, shift });
                }
                Err(_) => shift = if shift == 0.0 { 1e-3 } else { 2.0 * shift },
            }
        }
        factor(&lower, shift).map(|l| IncompleteCholesky { l, shift })
    }
    /// What was added to the diagonal, relative to it: 0 unless a pivot was not positive.
    pub fn shift(&self) -> f64 {
        self.shift
    }
}
/// L of A + shift diag(A), row by row.
fn factor<T: Scalar>(a: &Rows<T>, shift: f64) -> Result<Rows<T>> {
    let mut l = a.clone();
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
            if j < i {
                l.values[at] = (l.values[at] - sum) / l.values[l.offsets[j + 1] - 1];
            } else {
                let entry = a.values[at].re();
                let pivot = entry * T::Re::real(1.0 + shift) - sum.re();
                // a tiny pivot would make a huge, useless row
                if !(pivot.lane_f64(0) > 1e-8 * entry.lane_f64(0)) {
                    return Err(Error::NotPositiveDefinite { index: i, pivot: pivot.lane_f64(0) });
                }
                l.values[at] = T::from_re(pivot.sqrt());
            }
        }
    }
    Ok(l)
}
operator!([T: Scalar] IncompleteCholesky<T> {
    scalar T; facts PsdFacts; rows Dyn; cols Dyn; nrows |s| s.l.n(); ncols s.l.n();
});
impl<T: Scalar> LinearOperator for IncompleteCholesky<T> {
    fn act(&self, how: Update<T>, x: View<'_, T>, y: ViewMut<'_, T>, s: &mut [T]) {
        let l = &self.l;
        apply(how, x, y, s, |v| {
            for i in 0..l.n() {
                let row = l.row(i);
                let last = row.end - 1;
                let sum = (row.start..last).fold(v[i], |s, at| s.sub_mul(l.values[at], v[l.indices[at]]));
                v[i] = sum / l.values[last];
            }
            for i in (0..l.n()).rev() {
                let row = l.row(i);
                let last = row.end - 1;
                v[i] /= l.values[last];
                let value = v[i];
                for at in row.start..last {
                    let j = l.indices[at];
                    v[j] = v[j].sub_mul(l.values[at].conj(), value);
                }
            }
        })
    }
    fn scratch_len(&self, _: usize) -> usize {
        self.l.n()
    }
}
crate::base_rules!([T: Scalar] IncompleteCholesky<T>);
impl<T: Scalar> crate::plan::Explain for IncompleteCholesky<T> {}

/// (L U)^-1 where L U agrees with a sparse A on the pattern of A.
///
/// ```
/// # use cola_core::prelude::*;
/// let a = Sparse::from_triplets(3, 3, [(0, 0, 4.0), (0, 1, 1.0), (1, 1, 3.0), (1, 0, -1.0), (2, 2, 2.0), (2, 0, 1.0)])?;
/// let p = IncompleteLu::new(&a)?;
/// // no fill is dropped here, so that it is the inverse
/// let s = a.solve_with(Gmres::default().preconditioner(&p), &vec![1.0, 2.0, 3.0])?;
/// assert!(s.report.iterations <= 2);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct IncompleteLu<T: Scalar> {
    lu: Rows<T>,
    /// Where the diagonal entry of each row is.
    diagonal: Vec<usize>,
}
impl<T: Scalar> IncompleteLu<T> {
    /// Factors A without pivoting.
    ///
    /// # Errors
    /// `Singular` with the row of a pivot that is 0 to rounding, `NonFinite`, `ShapeMismatch`, `InvalidArgument` for lanes.
    pub fn new<M: SparseData<Scalar = T>>(a: &Sparse<M>) -> Result<Self> {
        square("incomplete LU", a)?;
        crate::algorithms::krylov::plain_numbers::<T>("incomplete LU")?;
        let mut lu = Rows::new(a.0.compressed(), |_, _| true);
        lu.check()?;
        let n = lu.n();
        let diagonal: Vec<usize> =
            (0..n).map(|i| lu.row(i).start + lu.indices[lu.row(i)].partition_point(|&j| j < i)).collect();
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
            let pivot = lu.values[diagonal[i]].abs().lane_f64(0);
            if !(pivot > 10.0 * T::Re::epsilon().lane_f64(0) * size) {
                return Err(Error::Singular { index: i });
            }
        }
        lu.check()?;
        Ok(IncompleteLu { lu, diagonal })
    }
}
operator!([T: Scalar] IncompleteLu<T> {
    scalar T; facts NoFacts; rows Dyn; cols Dyn; nrows |s| s.lu.n(); ncols s.lu.n();
});
impl<T: Scalar> LinearOperator for IncompleteLu<T> {
    fn act(&self, how: Update<T>, x: View<'_, T>, y: ViewMut<'_, T>, s: &mut [T]) {
        let (lu, diagonal) = (&self.lu, &self.diagonal);
        let n = lu.n();
        apply(how, x, y, s, |v| {
            if !how.adjoint {
                for i in 0..n {
                    v[i] = (lu.offsets[i]..diagonal[i]).fold(v[i], |s, at| s.sub_mul(lu.values[at], v[lu.indices[at]]));
                }
                for i in (0..n).rev() {
                    let sum = (diagonal[i] + 1..lu.offsets[i + 1])
                        .fold(v[i], |s, at| s.sub_mul(lu.values[at], v[lu.indices[at]]));
                    v[i] = sum / lu.values[diagonal[i]];
                }
                return;
            }
            // U^H, then L^H, by columns
            for i in 0..n {
                v[i] /= lu.values[diagonal[i]].conj();
                let value = v[i];
                for at in diagonal[i] + 1..lu.offsets[i + 1] {
                    let j = lu.indices[at];
                    v[j] = v[j].sub_mul(lu.values[at].conj(), value);
                }
            }
            for i in (0..n).rev() {
                let value = v[i];
                for at in lu.offsets[i]..diagonal[i] {
                    let j = lu.indices[at];
                    v[j] = v[j].sub_mul(lu.values[at].conj(), value);
                }
            }
        })
    }
    fn scratch_len(&self, _: usize) -> usize {
        self.lu.n()
    }
}
crate::base_rules!([T: Scalar] IncompleteLu<T>);
impl<T: Scalar> crate::plan::Explain for IncompleteLu<T> {}
