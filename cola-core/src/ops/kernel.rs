//! k(x_i, z_j) evaluated where it is needed, in tiles: never n x n in memory.

use crate::algorithms::dense as kernels;
use crate::data::MatrixData;
use crate::error::{Error, Result};
use crate::facts::{And, Fact, FactSet, Facts, Known, Unknown};
use crate::functions::DiagonalRule;
use crate::functions::diagonal::diagonal_start;
use crate::operator::{LinearOperator, Operator, Pivots, Update};
use crate::ops::covariance::Covariance;
use crate::parameters::{LeafFn, Parameters, Path};
use crate::plan::{Cost, Explain, Plan, Question, base};
use crate::scalar::Scalar;
use crate::space::Space;
use crate::view::{View, ViewMut};
use num_traits::{One, Zero};
use std::borrow::Cow;

/// The matrix k(x_i, x_j), or k(x_i, z_j): points are the rows of X (n x d) and Z. Each application evaluates k anew, in tiles of
/// 64 x 64 numbers, on all cores from 1024 x 1024 entries on. PSD where k is a positive definite function and both sets of points are one.
///
/// Leaf: the hyperparameters of k, in their order, at the path "k". Apply: m n evaluations of k, O(64^2) memory a thread. Solve of large
/// matrices: CG; of `k + s * I`, and of sums of kernels + s I, CG with a pivoted Cholesky preconditioner of the kernels where s > 0. Without
/// s a large one that has a rank below 100 to working precision is `Singular`: smooth functions give such.
///
/// ```
/// # use cola_core::prelude::*;
/// let x = nalgebra::dmatrix![0.0f64; 1.0; 3.0];
/// let k = Kernel::new(Rbf::new(1.0), &x);
/// assert_eq!(*k.diagonal()?, [1.0; 3]);
/// assert!((k.to_dense()[(0, 1)] - (-0.5f64).exp()).abs() < 1e-16);
/// let cross = Kernel::cross(Rbf::new(1.0), &x, nalgebra::dmatrix![0.5]);
/// assert_eq!(cross.shape(), (3, 1));
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Kernel<K, X, Z = SamePoints> {
    /// The function.
    pub k: K,
    x: X,
    z: Z,
}
/// The second set of points is the first.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SamePoints;
/// The columns' points: a matrix of them, or those of the rows.
pub trait Points<X: MatrixData> {
    /// `Known` if they are those of the rows.
    type Same: Fact;
    /// Index set of the columns.
    type Cols: Space;
    /// The points.
    fn points<'a>(&'a self, x: &'a X) -> View<'a, X::Scalar>;
}
impl<X: MatrixData> Points<X> for SamePoints {
    type Same = Known;
    type Cols = X::Rows;
    fn points<'a>(&'a self, x: &'a X) -> View<'a, X::Scalar> {
        x.view()
    }
}
impl<X: MatrixData, Z: MatrixData<Scalar = X::Scalar>> Points<X> for Z {
    type Same = Unknown;
    type Cols = Z::Rows;
    fn points<'a>(&'a self, _: &'a X) -> View<'a, X::Scalar> {
        self.view()
    }
}
impl<K: Covariance, X: MatrixData<Scalar = K::Number>> Kernel<K, X> {
    /// k(x_i, x_j).
    pub fn new(k: K, x: X) -> Self {
        Kernel { k, x, z: SamePoints }
    }
}
impl<K: Covariance, X: MatrixData<Scalar = K::Number>, Z: MatrixData<Scalar = K::Number>> Kernel<K, X, Z> {
    /// k(x_i, z_j).
    ///
    /// # Panics
    /// Where the points have different dimensions.
    pub fn cross(k: K, x: X, z: Z) -> Self {
        Self::try_cross(k, x, z).unwrap_or_else(|e| crate::dsl::shape_panic(&e))
    }
    /// k(x_i, z_j).
    ///
    /// # Errors
    /// `ShapeMismatch` where the points have different dimensions.
    pub fn try_cross(k: K, x: X, z: Z) -> Result<Self> {
        let (a, b) = (x.view(), z.view());
        let (left, right) = ((a.rows, a.cols), (b.rows, b.cols));
        match a.cols == b.cols {
            true => Ok(Kernel { k, x, z }),
            false => Err(Error::ShapeMismatch { op: "points of a kernel", left, right }),
        }
    }
}
/// The Gram matrix k(x_i, x_j) of the rows of x: `kernel(k, x)` in `linop!`.
pub fn kernel<K: Covariance, X: MatrixData<Scalar = K::Number>>(k: K, x: X) -> Kernel<K, X> {
    Kernel::new(k, x)
}
/// k(x_i, z_j): `kernel_cross(k, x, z)` in `linop!`.
///
/// # Panics
/// Where the points have different dimensions; `try_linop!` returns the error.
pub fn kernel_cross<K: Covariance, X: MatrixData<Scalar = K::Number>, Z: MatrixData<Scalar = K::Number>>(
    k: K,
    x: X,
    z: Z,
) -> Kernel<K, X, Z> {
    Kernel::cross(k, x, z)
}
/// k(x_i, z_j).
///
/// # Errors
/// `ShapeMismatch` where the points have different dimensions.
pub fn try_kernel_cross<K: Covariance, X: MatrixData<Scalar = K::Number>, Z: MatrixData<Scalar = K::Number>>(
    k: K,
    x: X,
    z: Z,
) -> Result<Kernel<K, X, Z>> {
    Kernel::try_cross(k, x, z)
}
type KernelFacts<K, Same> = FactSet<Same, And<Same, <K as Covariance>::Psd>, Unknown, Unknown>;
impl<K: Covariance, X: MatrixData<Scalar = K::Number>, Z: Points<X>> Operator for Kernel<K, X, Z> {
    type Scalar = K::Number;
    type Facts = KernelFacts<K, And<Z::Same, K::Symmetric>>;
    type Class = crate::dsl::General;
    type Rows = X::Rows;
    type Cols = Z::Cols;
    fn nrows(&self) -> usize {
        self.x.view().rows
    }
    fn ncols(&self) -> usize {
        self.z.points(&self.x).rows
    }
    fn pivots(&self) -> Option<&dyn Pivots<K::Number>> {
        Z::Same::KNOWN.then_some(self as _)
    }
}
// k(x_i, x_i) and k(x_i, x_j): one evaluation an entry
impl<K: Covariance, X: MatrixData<Scalar = K::Number>, Z: Points<X>> Pivots<K::Number> for Kernel<K, X, Z> {
    fn shift(&self) -> K::Number {
        K::Number::zero()
    }
    fn is_psd(&self) -> bool {
        Z::Same::KNOWN && K::Psd::KNOWN
    }
    fn add_diagonal(&self, scale: K::Number, d: &mut [K::Number]) {
        let (x, mut a) = (self.x.view(), Vec::new());
        for (i, d) in d.iter_mut().enumerate() {
            pack(x, i, 1, &mut a);
            *d += scale * self.k.value(&a, &a);
        }
    }
    fn add_column(&self, j: usize, scale: K::Number, y: &mut [K::Number]) {
        let (x, mut a, mut b) = (self.x.view(), Vec::new(), Vec::new());
        pack(x, j, 1, &mut b);
        for (i, y) in y.iter_mut().enumerate() {
            pack(x, i, 1, &mut a);
            *y += scale * self.k.value(&a, &b);
        }
    }
}
crate::interop::saved!([K: Covariance, X: MatrixData<Scalar = K::Number>, Z: Points<X>] Kernel<K, X, Z>, "Kernel", [] {
    k: K = |s| s.k, x: X = |s| s.x, z: Z = |s| s.z
} {
    let (left, right) = ((x.view().rows, x.view().cols), (z.points(&x).rows, z.points(&x).cols));
    match left.1 == right.1 {
        true => Ok(Kernel { k, x, z }),
        false => Err(Error::ShapeMismatch { op: "points of a kernel", left, right }),
    }
});
impl<K: Covariance + Clone, X: Clone, Z: Clone> Parameters for Kernel<K, X, Z> {
    type Number = K::Number;
    // over another number the points would be needed too: its tree is that of the hyperparameters
    type With<T: Scalar> = Vec<T>;
    type Owned = Self;
    fn visit<'a>(&'a self, path: &mut Path, f: &mut dyn FnMut(&str, Cow<'a, [K::Number]>)) {
        path.enter("k", |p| f(p.as_str(), Cow::Owned(self.k.parameters())))
    }
    fn traverse<T: Scalar>(&self, path: &mut Path, f: LeafFn<'_, K::Number, T>) -> Vec<T> {
        let old = self.k.parameters();
        let mut new = vec![T::zero(); old.len()];
        path.enter("k", |p| f(p.as_str(), &old, &mut new));
        new
    }
    fn rebuild(&self, path: &mut Path, f: LeafFn<'_, K::Number, K::Number>) -> Self {
        let (new, mut k) = (self.traverse(path, f), self.k.clone());
        k.set_parameters(&new);
        Kernel { k, x: self.x.clone(), z: self.z.clone() }
    }
}
const TILE: usize = 64;
/// Entries from which threads pay: one tile of 64 x 64 exponentials takes about 20 us, a thread about as much to start.
const THREADED: usize = 1 << 20;
/// Points `first ..`, `count` of them, each without gaps.
fn pack<T: Scalar>(x: View<'_, T>, first: usize, count: usize, out: &mut Vec<T>) {
    out.clear();
    (first..first + count).for_each(|i| out.extend((0..x.cols).map(|c| x.at(i, c))));
}
/// The same into numbers that are there.
fn pack_into<T: Scalar>(x: View<'_, T>, first: usize, count: usize, out: &mut [T]) {
    for (i, point) in (first..first + count).zip(out.chunks_exact_mut(x.cols.max(1))) {
        point.iter_mut().enumerate().take(x.cols).for_each(|(c, p)| *p = x.at(i, c));
    }
}
/// Numbers that one block of rows needs beside its result: the points of a tile, of m x n at most, and its entries.
fn room_of_block((m, n): (usize, usize), dimension: usize) -> usize {
    let (m, n) = (TILE.min(m), TILE.min(n));
    (m + n) * dimension + m * n
}
/// Rows `first ..` of k(rows, cols) times v, one block of rows, into `out` (column-major, `count` rows); [`room_of_block`] in `room`.
fn block_of_rows<K: Covariance>(
    k: &K,
    (rows, cols, swap): (View<'_, K::Number>, View<'_, K::Number>, bool),
    (first, count): (usize, usize),
    v: View<'_, K::Number>,
    (out, room): (&mut [K::Number], &mut [K::Number]),
) {
    let d = rows.cols;
    let (p, room) = room.split_at_mut(TILE.min(rows.rows) * d);
    let (q, tile) = room.split_at_mut(TILE.min(cols.rows) * d);
    pack_into(rows, first, count, p);
    out.fill(K::Number::zero());
    for start in (0..cols.rows).step_by(TILE) {
        let here = TILE.min(cols.rows - start);
        pack_into(cols, start, here, q);
        for (j, column) in tile.chunks_exact_mut(count).take(here).enumerate() {
            let b = &q[j * d..(j + 1) * d];
            // a transpose is a kernel with its arguments exchanged
            for (i, entry) in column.iter_mut().enumerate() {
                let a = &p[i * d..(i + 1) * d];
                *entry = if swap { k.value(b, a) } else { k.value(a, b) };
            }
        }
        let y = ViewMut::matrix(out, count, v.cols);
        let tile = View::matrix(&tile[..count * here], count, here);
        kernels::gemm((K::Number::one(), true), false, tile, v.rows(start, here), y);
    }
}
impl<K: Covariance, X: MatrixData<Scalar = K::Number>, Z: Points<X>> LinearOperator for Kernel<K, X, Z> {
    // nothing is allocated on one thread; those that share a large product take room of their own
    fn act(&self, how: Update<K::Number>, v: View<'_, K::Number>, mut y: ViewMut<'_, K::Number>, s: &mut [K::Number]) {
        let (x, z) = (self.x.view(), self.z.points(&self.x));
        let (rows, cols) = if how.adjoint { (z, x) } else { (x, z) };
        let (m, columns) = (rows.rows, v.cols);
        if m == 0 || columns == 0 {
            return;
        }
        let threads = match m * cols.rows >= THREADED {
            true => std::thread::available_parallelism().map_or(1, |n| n.get()).min(m.div_ceil(TILE)),
            false => 1,
        };
        // blocks lie one after the other in the scratch
        let (s, room) = s.split_at_mut(m * columns);
        // only what threads share: the points may lie in a matrix that they must not
        let (k, swap) = (&self.k, how.adjoint);
        let run = |b: usize, out: &mut [K::Number], room: &mut [K::Number]| {
            block_of_rows(k, (rows, cols, swap), (b * TILE, out.len() / columns), v, (out, room))
        };
        let blocks = s.chunks_mut(TILE * columns).enumerate();
        if threads == 1 {
            blocks.for_each(|(b, out)| run(b, out, room));
        } else {
            // one thread takes every so-and-so-many-th block
            let mut shares: Vec<Vec<_>> = (0..threads).map(|_| Vec::new()).collect();
            blocks.for_each(|(b, out)| shares[b % threads].push((b, out)));
            let (run, len) = (&run, room_of_block((m, cols.rows), rows.cols));
            let all = |share: Vec<(usize, &mut [K::Number])>| {
                let mut room = vec![K::Number::zero(); len];
                share.into_iter().for_each(|(b, out)| run(b, out, &mut room));
            };
            let all = &all;
            std::thread::scope(|scope| shares.into_iter().for_each(|share| drop(scope.spawn(move || all(share)))));
        }
        for i in 0..m {
            let (b, first) = (i / TILE, i / TILE * TILE);
            let count = TILE.min(m - first);
            for c in 0..columns {
                how.write(y.at(i, c), s[b * TILE * columns + c * count + i - first]);
            }
        }
    }
    fn scratch_len(&self, columns: usize) -> usize {
        self.nrows().max(self.ncols()) * columns + room_of_block((self.nrows(), self.ncols()), self.x.view().cols)
    }
}
macro_rules! rules {
    ($($rule:ident)*) => { $(
        crate::$rule!([C: Covariance, X: MatrixData<Scalar = C::Number>, Z: Points<X>] Kernel<C, X, Z>); )* };
}
rules!(base_inverse base_det base_eigh spectral_power base_exp spectral_log base_factors base_decompositions);
// k(x_i, z_i+k): one evaluation an entry
impl<K: Covariance, X: MatrixData<Scalar = K::Number>, Z: Points<X>> DiagonalRule for Kernel<K, X, Z> {
    fn diagonal_rule(&self, k: isize, d: &mut [K::Number]) -> Result<()> {
        let ((row, col), x, z) = (diagonal_start(k), self.x.view(), self.z.points(&self.x));
        let (mut a, mut b) = (Vec::new(), Vec::new());
        for (i, d) in d.iter_mut().enumerate() {
            pack(x, row + i, 1, &mut a);
            pack(z, col + i, 1, &mut b);
            *d = self.k.value(&a, &b);
        }
        Ok(())
    }
}
impl<C: Covariance, X: MatrixData<Scalar = C::Number>, Z: Points<X>> Explain for Kernel<C, X, Z> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        match question {
            Question::Apply => {
                Plan { cost: Cost::unknown("mn evaluations"), ..Plan::rule(self, "evaluated in tiles", "n") }
            }
            Question::Trace | Question::Diagonal => {
                Plan { cost: Cost::unknown("n evaluations"), ..Plan::rule(self, "evaluated", "n") }
            }
            _ => base::<K, Self>(self, question),
        }
    }
}
// sum_ij u_i v_j dk(x_i, z_j)
impl<K, X, Z> crate::gradient::Differentiable for Kernel<K, X, Z>
where
    K: Covariance + Clone,
    X: MatrixData<Scalar = K::Number> + Clone,
    Z: Points<X> + Clone,
{
    fn parameters(&self) -> usize {
        self.k.parameters().len()
    }
    fn accumulate_bilinear(
        &self,
        u: View<'_, K::Number>,
        v: View<'_, K::Number>,
        scale: K::Number,
        g: &mut [K::Number],
    ) {
        let (x, z) = (self.x.view(), self.z.points(&self.x));
        let (mut a, mut b) = (Vec::new(), Vec::new());
        pack(x, 0, x.rows, &mut a);
        pack(z, 0, z.rows, &mut b);
        let d = x.cols;
        for j in 0..z.rows {
            for i in 0..x.rows {
                let weight = scale * u.at(i, 0) * v.at(j, 0);
                self.k.gradient(&a[i * d..(i + 1) * d], &b[j * d..(j + 1) * d], weight, g);
            }
        }
    }
}
impl<F: Facts, K, X, Z> crate::gradient::LogdetGradient<F> for Kernel<K, X, Z>
where
    K: Covariance + Clone,
    X: MatrixData<Scalar = K::Number> + Clone,
    Z: Points<X> + Clone,
{
}
