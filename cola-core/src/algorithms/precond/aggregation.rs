//! Algebraic multigrid by smoothed aggregation.
//!
//! Vanek, Mandel & Brezina, Algebraic multigrid by smoothed aggregation for second and fourth order elliptic problems, Computing 56, 1996:
//! algorithm 5.1 for the aggregates, prolongators smoothed by one damped Jacobi step on the filtered matrix. Deviations: one near-null
//! vector (given, or constant); Gauss-Seidel forward before and backward after, so that a cycle is Hermitian; rows without strong neighbours
//! are left to the smoother.

use super::IncompleteCholesky;
use super::rows::{Rows, apply};
use crate::algorithms::dense as kernels;
use crate::algorithms::random::Stream;
use crate::error::{Error, Result};
use crate::facts::PsdFacts;
use crate::operator::{LinearOperator, Update, operator};
use crate::ops::{Sparse, SparseData};
use crate::scalar::{Real, Scalar};
use crate::space::Dyn;
use crate::vector::{Vector, normalise};
use crate::view::{View, ViewMut};
use num_traits::Zero;

/// Below this many rows the coarsest matrix is factored densely: 200^3 / 3 operations are less than a cycle of the levels above.
const COARSE: usize = 200;
/// No more rows than this are factored where aggregation comes to a stand.
const DENSE: usize = 2000;
const LEVELS: usize = 30;

/// One V-cycle for a sparse positive definite A: a preconditioner whose iterations hardly grow with the size of a mesh.
///
/// For M-matrices (Laplacians, diffusion, graphs) the near-null vector is the constant one; give another where A has it, as of elasticity
/// scaled or weighed. The operator is Hermitian positive definite.
///
/// # Cost
/// About 15 nnz operations per application; the set-up about as much as 20 applications. Storage 1.5 to 2.5 times that of A.
/// # Example
/// ```
/// use cola_core::prelude::*;
/// let laplacian = |m: usize| {
///     let mut entries = Vec::new();
///     for i in 0..m * m {
///         entries.push((i, i, 4.0));
///         for j in [i + 1, i + m] {
///             if j < m * m && (j != i + 1 || j % m != 0) {
///                 entries.extend([(i, j, -1.0), (j, i, -1.0)]);
///             }
///         }
///     }
///     Sparse::from_triplets(m * m, m * m, entries)
/// };
/// for m in [20, 60] {
///     let a = laplacian(m)?;
///     let p = SmoothedAggregation::new(&a)?;
///     let s = Psd::new(a).solve_with(Cg::default().preconditioner(&p), &vec![1.0; m * m])?;
///     assert!(s.report.iterations < 20, "{}", s.report.iterations);
/// }
/// # Ok::<(), Error>(())
/// ```
/// # Reference
/// Vanek, Mandel & Brezina, Computing 56, 1996, 179-196.
#[derive(Clone, Debug)]
pub struct SmoothedAggregation<T: Scalar> {
    levels: Vec<Level<T>>,
    coarsest: Coarsest<T>,
    n: usize,
}
/// A matrix that is smoothed on, and the way to the next one.
#[derive(Clone, Debug)]
struct Level<T> {
    a: Rows<T>,
    /// P by rows, and P^H.
    p: Rows<T>,
    r: Rows<T>,
}
#[derive(Clone, Debug)]
enum Coarsest<T: Scalar> {
    /// L and D.
    Factored(usize, Vec<T>, Vec<T::Re>),
    /// Too large: smoothed alone.
    Smoothed(Rows<T>),
}
impl<T: Scalar> Coarsest<T> {
    fn n(&self) -> usize {
        match self {
            Coarsest::Factored(n, ..) => *n,
            Coarsest::Smoothed(a) => a.n(),
        }
    }
}
impl<T: Scalar> SmoothedAggregation<T> {
    /// For a sparse A, Hermitian positive definite by promise, with the constant vector near its null space.
    ///
    /// # Errors
    /// `NotPositiveDefinite` if a diagonal entry is not positive, `NonFinite`, `ShapeMismatch`, `InvalidArgument` for lanes.
    pub fn new<M: SparseData<Scalar = T>>(a: &Sparse<M>) -> Result<Self> {
        let n = a.0.compressed().rows;
        Self::with(a, 0.08, &vec![T::of(1.0); n])
    }
    /// With another threshold theta: (i, j) is strong where |a_ij| > theta (a_ii a_jj)^(1/2), halved from level to level; and another vector b
    /// with A b near 0.
    ///
    /// # Errors
    /// As `new`, and `InvalidArgument` unless 0 <= theta < 1.
    pub fn with<M: SparseData<Scalar = T>>(a: &Sparse<M>, theta: f64, b: &[T]) -> Result<Self> {
        if !(0.0..1.0).contains(&theta) {
            return Err(Error::invalid(format!(
                "aggregation: theta is {theta}; give 0 <= theta < 1, and 0.08 if in doubt"
            )));
        }
        // the checks of the diagonal are the same
        let n = IncompleteCholesky::lower(a)?.n();
        if b.len() != n {
            return Err(Error::ShapeMismatch { op: "near-null vector", left: (n, n), right: (b.len(), 1) });
        }
        if !crate::algorithms::blocks::finite(b) {
            return Err(Error::non_finite("the near-null vector"));
        }
        let mut a = Rows::new(a.0.compressed(), |_, _| true);
        a.check()?;
        let (mut levels, mut b, mut theta) = (Vec::new(), b.to_vec(), theta);
        while a.n() > COARSE && levels.len() < LEVELS {
            let strong = strength(&a, theta);
            let (aggregate, count) = aggregates(&strong);
            if count == 0 || 10 * count > 9 * a.n() {
                break;
            }
            let (tentative, coarse) = tentative(&aggregate, count, &b);
            let p = smoothed(&a, &strong, &tentative, count);
            let r = p.adjoint(count);
            let next = r.times(&a.times(&p, count), count);
            next.check()?;
            levels.push(Level { a, p, r });
            (a, b, theta) = (next, coarse, 0.5 * theta);
        }
        let coarsest = coarsest(a)?;
        Ok(SmoothedAggregation { levels, coarsest, n })
    }
    /// Rows of the matrices from the finest to the coarsest.
    pub fn sizes(&self) -> Vec<usize> {
        self.levels.iter().map(|l| l.a.n()).chain([self.coarsest.n()]).collect()
    }
    /// x <- cycle b on level l; `s` holds what the levels below need.
    fn cycle(&self, l: usize, b: &[T], x: &mut [T], s: &mut [T]) {
        let Some(level) = self.levels.get(l) else {
            x.copy_from_slice(b);
            match &self.coarsest {
                Coarsest::Factored(n, low, d) => kernels::ldl_solve(*n, false, low, d, x, 1),
                Coarsest::Smoothed(a) => {
                    x.fill(T::zero());
                    gauss_seidel(a, b, x, 0..a.n());
                    gauss_seidel(a, b, x, (0..a.n()).rev());
                }
            }
            return;
        };
        let (n, m) = (level.a.n(), level.r.n());
        x.fill(T::zero());
        gauss_seidel(&level.a, b, x, 0..n);
        let (r, rest) = s.split_at_mut(n);
        let (bc, rest) = rest.split_at_mut(m);
        let (xc, rest) = rest.split_at_mut(m);
        r.copy(b);
        level.a.add_product(T::of(-1.0), x, r);
        bc.fill(T::zero());
        level.r.add_product(T::of(1.0), r, bc);
        self.cycle(l + 1, bc, xc, rest);
        level.p.add_product(T::of(1.0), xc, x);
        gauss_seidel(&level.a, b, x, (0..n).rev());
    }
}
/// x_i <- (b_i - sum of a_ij x_j but i) / a_ii, in the order given.
fn gauss_seidel<T: Scalar>(a: &Rows<T>, b: &[T], x: &mut [T], order: impl Iterator<Item = usize>) {
    for i in order {
        let (mut sum, mut diagonal) = (b[i], T::zero());
        for (j, v) in a.entries(i) {
            if j == i {
                diagonal = v;
            } else {
                sum = sum.sub_mul(v, x[j]);
            }
        }
        x[i] = sum / diagonal;
    }
}
fn diagonal<T: Scalar>(a: &Rows<T>) -> Vec<f64> {
    let at = |i: usize| a.entries(i).find(|e| e.0 == i).map_or(0.0, |e| e.1.re().lane_f64(0));
    (0..a.n()).map(at).collect()
}
/// Per row the strong neighbours with the size of their entry.
fn strength<T: Scalar>(a: &Rows<T>, theta: f64) -> Vec<Vec<(usize, f64)>> {
    let d = diagonal(a);
    let strong = |i: usize| {
        let all = a.entries(i).filter(|e| e.0 != i).map(|(j, v)| (j, v.abs().lane_f64(0)));
        all.filter(|&(j, v)| v > theta * (d[i] * d[j]).sqrt() && v > 0.0).collect()
    };
    (0..a.n()).map(strong).collect()
}
const NONE: usize = usize::MAX;
/// Aggregate of each row, or none, and their number.
fn aggregates(strong: &[Vec<(usize, f64)>]) -> (Vec<usize>, usize) {
    let (mut of, mut count) = (vec![NONE; strong.len()], 0);
    // whole neighbourhoods that are free
    for (i, near) in strong.iter().enumerate() {
        if of[i] == NONE && !near.is_empty() && near.iter().all(|e| of[e.0] == NONE) {
            of[i] = count;
            near.iter().for_each(|e| of[e.0] = count);
            count += 1;
        }
    }
    // the rest joins the strongest of them next to it
    let first = of.clone();
    for (i, near) in strong.iter().enumerate() {
        if of[i] == NONE {
            let best = near.iter().filter(|e| first[e.0] != NONE).max_by(|a, b| a.1.total_cmp(&b.1));
            if let Some(e) = best {
                of[i] = first[e.0];
            }
        }
    }
    // what is left makes aggregates of its own
    for (i, near) in strong.iter().enumerate() {
        if of[i] == NONE && !near.is_empty() {
            of[i] = count;
            near.iter()
                .filter(|e| of[e.0] == NONE)
                .map(|e| e.0)
                .collect::<Vec<_>>()
                .iter()
                .for_each(|&j| of[j] = count);
            count += 1;
        }
    }
    (of, count)
}
/// The prolongator with orthonormal columns that has b in its range, and b there.
fn tentative<T: Scalar>(aggregate: &[usize], count: usize, b: &[T]) -> (Rows<T>, Vec<T>) {
    let mut squares = vec![0.0; count];
    for (&k, b) in aggregate.iter().zip(b) {
        if k != NONE {
            squares[k] += b.abs_sq().lane_f64(0);
        }
    }
    let mut p = Rows::empty();
    for (&k, &b) in aggregate.iter().zip(b) {
        let entry = (k != NONE && squares[k] > 0.0).then(|| (k, b * T::of(1.0 / squares[k].sqrt())));
        p.push(entry);
    }
    (p, squares.iter().map(|s| T::of(s.sqrt())).collect())
}
/// (I - w D^-1 A_F) P: A_F is A without its weak entries, which are added to the diagonal; w = 4 / (3 largest eigenvalue of D^-1 A_F).
fn smoothed<T: Scalar>(a: &Rows<T>, strong: &[Vec<(usize, f64)>], p: &Rows<T>, count: usize) -> Rows<T> {
    let n = a.n();
    let mut filtered = Rows::empty();
    for i in 0..n {
        let is_strong = |j: usize| strong[i].binary_search_by(|e| e.0.cmp(&j)).is_ok();
        let weak = a.entries(i).filter(|e| e.0 != i && !is_strong(e.0)).fold(T::zero(), |s, e| s + e.1);
        let own = a.entries(i).find(|e| e.0 == i).map_or(T::zero(), |e| e.1);
        let lumped = own + weak;
        // lumping must not make the diagonal vanish
        let diagonal = if lumped.re().lane_f64(0) > 0.1 * own.re().lane_f64(0) { T::from_re(lumped.re()) } else { own };
        let inverse = T::of(1.0) / diagonal;
        filtered.push(
            a.entries(i)
                .filter(|e| e.0 == i || is_strong(e.0))
                .map(|(j, v)| (j, if j == i { T::of(1.0) } else { v * inverse })),
        );
    }
    let omega = 4.0 / (3.0 * radius(&filtered));
    let ap = filtered.times(p, count);
    let mut out = Rows::empty();
    for i in 0..n {
        let own = p.entries(i).next();
        let mut row: Vec<(usize, T)> = ap.entries(i).map(|(k, v)| (k, v * T::of(-omega))).collect();
        if let Some((k, v)) = own {
            match row.iter_mut().find(|e| e.0 == k) {
                Some(e) => e.1 += v,
                None => {
                    row.push((k, v));
                    row.sort_by_key(|e| e.0);
                }
            }
        }
        out.push(row);
    }
    out
}
/// The largest eigenvalue by ten steps of the power method, a tenth more for what they miss, at most the norm.
fn radius<T: Scalar>(a: &Rows<T>) -> f64 {
    let n = a.n();
    let norm = (0..n).map(|i| a.entries(i).map(|e| e.1.abs().lane_f64(0)).sum()).fold(0.0, f64::max);
    let (mut x, mut y) = (vec![T::zero(); n], vec![T::zero(); n]);
    Stream::new(1996, 0).normal(&mut x);
    let mut size = x[..].norm();
    for _ in 0..10 {
        normalise(&mut x[..], size);
        y.fill(T::zero());
        a.add_product(T::of(1.0), &x, &mut y);
        core::mem::swap(&mut x, &mut y);
        size = x[..].norm();
        if !(size.lane_f64(0) > 0.0) {
            return norm;
        }
    }
    (1.1 * size.lane_f64(0)).min(norm)
}
fn coarsest<T: Scalar>(a: Rows<T>) -> Result<Coarsest<T>> {
    let n = a.n();
    if n > DENSE {
        return Ok(Coarsest::Smoothed(a));
    }
    let mut dense = vec![T::zero(); n * n];
    for i in 0..n {
        for (j, v) in a.entries(i) {
            dense[i + j * n] = v;
        }
    }
    let largest = diagonal(&a).into_iter().fold(0.0, f64::max);
    // a matrix that is singular, as of pure Neumann conditions, is raised by rounding
    let mut shift = 0.0;
    loop {
        let (mut l, mut d) = (dense.clone(), vec![T::Re::zero(); n]);
        (0..n).for_each(|i| l[i * (n + 1)] += T::of(shift * largest));
        match kernels::ldl(n, false, &mut l, &mut d).result(|index, pivot| Error::NotPositiveDefinite { index, pivot })
        {
            Ok(()) => return Ok(Coarsest::Factored(n, l, d)),
            Err(e) if shift > 1e-6 => return Err(e),
            Err(_) => shift = if shift == 0.0 { 1e3 * T::Re::epsilon().lane_f64(0) } else { 100.0 * shift },
        }
    }
}
operator!([T: Scalar] SmoothedAggregation<T> {
    scalar T; facts PsdFacts; rows Dyn; cols Dyn; nrows |s| s.n; ncols s.n;
});
impl<T: Scalar> LinearOperator for SmoothedAggregation<T> {
    fn act(&self, how: Update<T>, x: View<'_, T>, y: ViewMut<'_, T>, s: &mut [T]) {
        let (column, rest) = s.split_at_mut(self.n);
        let (b, rest) = rest.split_at_mut(self.n);
        apply(how, x, y, column, |v| {
            b.copy_from_slice(v);
            self.cycle(0, b, v, rest);
        })
    }
    fn scratch_len(&self, _: usize) -> usize {
        2 * self.n + self.levels.iter().map(|l| l.a.n() + 2 * l.r.n()).sum::<usize>()
    }
}
crate::base_rules!([T: Scalar] SmoothedAggregation<T>);
impl<T: Scalar> crate::plan::Explain for SmoothedAggregation<T> {}
