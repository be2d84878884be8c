//! A sparse matrix, compressed by rows (CSR) or by columns (CSC).

use crate::algorithms::sparse::{Compressed, SparseNumber};
use crate::error::{Error, Result, note_fault};
use crate::facts::{Fact, Facts, InverseFacts, NoFacts};
use crate::functions::base::square;
use crate::functions::diagonal::diagonal_start;
use crate::functions::{DetRule, DiagonalRule, InverseRule};
use crate::gradient::{Differentiable, LogdetGradient, product};
use crate::operator::short::{Re, Sc};
use crate::operator::{ByRows, DynOperator, LinearOperator, Operator, Update, operator};
use crate::ops::WithFacts;
use crate::parameters::{Frame, LeafFn, Parameters, Path};
use crate::plan::{Cost, Explain, Plan, Question, base};
use crate::scalar::Scalar;
use crate::space::Dyn;
use crate::view::{View, ViewMut};
use core::any::Any;
use core::marker::PhantomData;
use nalgebra_sparse::{CscMatrix, CsrMatrix};
use num_traits::{One, Zero};
use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

/// A compressed sparse matrix, owned or borrowed. Its lines are sorted and without duplicates, which nalgebra_sparse checks.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a compressed sparse matrix",
    label = "expected `nalgebra_sparse::CsrMatrix` or `CscMatrix`, owned or borrowed",
    note = "a `CooMatrix` becomes one by `CsrMatrix::from(&coo)`, triplets by `Sparse::from_triplets`"
)]
pub trait SparseData {
    /// Number type.
    type Scalar: Scalar;
    /// The same kind, owned.
    type Owned: SparseData<Scalar = Self::Scalar, Owned = Self::Owned> + Clone;
    /// The same kind over another number, owned.
    type With<S: Scalar>: SparseData<Scalar = S>;
    /// Pattern and numbers.
    fn compressed(&self) -> Compressed<'_, Self::Scalar>;
    /// A copy.
    fn to_owned_data(&self) -> Self::Owned;
    /// The same pattern with other numbers, as many.
    fn with_values<S: Scalar>(&self, values: Vec<S>) -> Self::With<S>;
    /// The same pattern with other numbers of the same type.
    fn with_own_values(&self, values: Vec<Self::Scalar>) -> Self::Owned;
}
macro_rules! sparse_data {
    ($M:ident, $by_rows:literal, $offsets:ident, $indices:ident) => {
        impl<T: Scalar> SparseData for $M<T> {
            type Scalar = T;
            type Owned = Self;
            type With<S: Scalar> = $M<S>;
            #[cfg_attr(not(debug_assertions), inline(always))]
            fn compressed(&self) -> Compressed<'_, T> {
                let (offsets, indices, values) = (self.$offsets(), self.$indices(), self.values());
                Compressed { rows: self.nrows(), cols: self.ncols(), by_rows: $by_rows, offsets, indices, values }
            }
            fn to_owned_data(&self) -> Self {
                self.clone()
            }
            fn with_values<S: Scalar>(&self, values: Vec<S>) -> $M<S> {
                $M::try_from_pattern_and_values(self.pattern().clone(), values).expect("as many numbers as before")
            }
            fn with_own_values(&self, values: Vec<T>) -> Self {
                self.with_values(values)
            }
        }
    };
}
sparse_data!(CsrMatrix, true, row_offsets, col_indices);
sparse_data!(CscMatrix, false, col_offsets, row_indices);
impl<M: SparseData + ?Sized> SparseData for &M {
    type Scalar = M::Scalar;
    type Owned = M::Owned;
    type With<S: Scalar> = M::With<S>;
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn compressed(&self) -> Compressed<'_, M::Scalar> {
        (**self).compressed()
    }
    fn to_owned_data(&self) -> M::Owned {
        (**self).to_owned_data()
    }
    fn with_values<S: Scalar>(&self, values: Vec<S>) -> M::With<S> {
        (**self).with_values(values)
    }
    fn with_own_values(&self, values: Vec<M::Scalar>) -> M::Owned {
        (**self).with_own_values(values)
    }
}

/// A matrix whose nonzeros alone are stored, m x n. In `linop!` every `CsrMatrix` and `CscMatrix` is one.
///
/// Its action costs 2 flops per nonzero; iterative methods multiply with a copy laid out for that, where long runs of rows have their numbers
/// at the same places relative to the diagonal (grids, bands), and of rows that repeat themselves only one is stored; solve, inverse and determinant are sparse Cholesky under `psd(..)` and sparse LU else
/// ([`SparseCholesky`](crate::algorithms::sparse::SparseCholesky), [`SparseLu`](crate::algorithms::sparse::SparseLu)); other functions make it dense.
///
/// ```
/// # use cola_core::prelude::*;
/// let a = Sparse::from_triplets(2, 2, [(0, 0, 2.0), (1, 1, 4.0), (0, 1, 1.0), (1, 0, 1.0), (1, 1, -1.0)])?;
/// assert_eq!(a.apply(&[1.0, 1.0]), [3.0, 4.0]);
/// let x = Psd::new(&a).solve(&[3.0, 4.0])?;
/// assert!((x[0] - 1.0).abs() < 1e-15);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sparse<M>(pub M);
impl<M: SparseData> Sparse<M> {
    /// Wraps the matrix.
    #[inline(always)]
    pub fn new(data: M) -> Self {
        Sparse(data)
    }
    /// Number of stored numbers.
    pub fn nnz(&self) -> usize {
        self.0.compressed().values.len()
    }
}
impl<T: Scalar> Sparse<CsrMatrix<T>> {
    /// The rows x cols matrix with these entries (row, column, number), in any order; numbers at one place add up. O(nnz log nnz).
    ///
    /// # Errors
    /// `InvalidArgument` where an index is too large.
    pub fn from_triplets(
        rows: usize,
        cols: usize,
        entries: impl IntoIterator<Item = (usize, usize, T)>,
    ) -> Result<Self> {
        let mut entries: Vec<_> = entries.into_iter().collect();
        if let Some(&(i, j, _)) = entries.iter().find(|e| e.0 >= rows || e.1 >= cols) {
            return Err(Error::invalid(format!("sparse: entry ({i}, {j}) is outside of {rows} x {cols}")));
        }
        entries.sort_by_key(|e| (e.0, e.1)); // stable: duplicates add up in the order they came
        let (mut offsets, mut indices) = (vec![0usize; rows + 1], Vec::with_capacity(entries.len()));
        let mut values: Vec<T> = Vec::with_capacity(entries.len());
        let mut last = None;
        for (i, j, v) in entries {
            match values.last_mut() {
                Some(sum) if last == Some((i, j)) => *sum += v,
                _ => {
                    (last, offsets[i + 1]) = (Some((i, j)), offsets[i + 1] + 1);
                    indices.push(j);
                    values.push(v);
                }
            }
        }
        (0..rows).for_each(|i| offsets[i + 1] += offsets[i]);
        let data = CsrMatrix::try_from_csr_data(rows, cols, offsets, indices, values);
        data.map(Sparse).map_err(|e| Error::invalid(format!("sparse: {e}")))
    }
}
operator!([M: SparseData] Sparse<M> {
    scalar M::Scalar; facts NoFacts; rows Dyn; cols Dyn; nrows |s| s.0.compressed().rows; ncols s.0.compressed().cols;
});
crate::interop::saved!([M: SparseData] Sparse<M>, "Sparse", [] { data: M = |k| k.0 } Ok(Sparse(data)));
impl<M: SparseData> Parameters for Sparse<M> {
    type Number = M::Scalar;
    type With<S: Scalar> = Sparse<M::With<S>>;
    type Owned = Sparse<M::Owned>;
    fn visit<'a>(&'a self, path: &mut Path, f: &mut dyn FnMut(&str, Cow<'a, [M::Scalar]>)) {
        path.enter("values", |p| f(p.as_str(), Cow::Borrowed(self.0.compressed().values)))
    }
    fn traverse<S: Scalar>(&self, path: &mut Path, f: LeafFn<'_, M::Scalar, S>) -> Self::With<S> {
        let old = self.0.compressed().values;
        let mut new = vec![S::zero(); old.len()];
        path.enter("values", |p| f(p.as_str(), old, &mut new));
        Sparse(self.0.with_values(new))
    }
    fn rebuild(&self, path: &mut Path, f: LeafFn<'_, M::Scalar, M::Scalar>) -> Self::Owned {
        let old = self.0.compressed().values;
        let mut new = old.to_vec();
        path.enter("values", |p| f(p.as_str(), old, &mut new));
        Sparse(self.0.with_own_values(new))
    }
    fn frame(&self, f: &mut dyn FnMut(Frame)) {
        let a = self.0.compressed();
        f(Frame::Shape(a.rows, a.cols));
        a.offsets.iter().chain(a.indices).for_each(|&i| f(Frame::Index(i)));
    }
}

/// Columns that share one pass over the pattern.
const BLOCK: usize = 4;
/// y_k = sum over line k, for the columns `c..c + N`: each line is one row of the operator.
#[cfg_attr(not(debug_assertions), inline(always))]
fn gather<T: Scalar, const N: usize>(
    how: Update<T>,
    a: Compressed<'_, T>,
    x: View<'_, T>,
    y: &mut ViewMut<'_, T>,
    c: usize,
) {
    for k in 0..a.lines() {
        let (places, values) = a.line(k);
        let mut sum = [T::zero(); N];
        for (&i, &v) in places.iter().zip(values) {
            let v = if how.adjoint { v.conj() } else { v };
            (0..N).for_each(|b| sum[b] = sum[b].add_mul(v, x.at(i, c + b)));
        }
        (0..N).for_each(|b| how.write(y.at(k, c + b), sum[b]));
    }
}
/// A line of N numbers times x, without a loop: the lines of stencils in one, two and three dimensions, of which a matrix has millions.
#[inline(always)]
fn short<T: Scalar, const N: usize>(adjoint: bool, places: &[usize], values: &[T], x: &[T]) -> T {
    let mut sum = T::zero();
    if let (Some(places), Some(values)) = (places.first_chunk::<N>(), values.first_chunk::<N>()) {
        for k in 0..N {
            sum = sum.add_mul(if adjoint { values[k].conj() } else { values[k] }, x[places[k]]);
        }
    }
    sum
}
/// Rows `first..` of [`gather`] of one column, where x and y lie without gaps: the offsets are read once and the lines without checks
/// but those of the places in x.
#[inline(never)]
fn gather_rows<T: Scalar>(how: Update<T>, a: Compressed<'_, T>, first: usize, x: &[T], y: &mut [T]) {
    let mut start = a.offsets[first];
    for (y, &end) in y.iter_mut().zip(&a.offsets[first + 1..]) {
        let (places, values) = (&a.indices[start..end], &a.values[start..end]);
        let sum = match places.len() {
            3 => short::<_, 3>(how.adjoint, places, values, x),
            5 => short::<_, 5>(how.adjoint, places, values, x),
            7 => short::<_, 7>(how.adjoint, places, values, x),
            9 => short::<_, 9>(how.adjoint, places, values, x),
            _ => places
                .iter()
                .zip(values)
                .fold(T::zero(), |sum, (&i, &v)| sum.add_mul(if how.adjoint { v.conj() } else { v }, x[i])),
        };
        how.write(y, sum);
        start = end;
    }
}
/// Rows `first..` of y = \[y +\] alpha A x of a matrix compressed by rows.
pub(super) fn rows<T: Scalar>(
    how: Update<T>,
    a: Compressed<'_, T>,
    first: usize,
    x: View<'_, T>,
    mut y: ViewMut<'_, T>,
) {
    for c in 0..x.cols {
        let rows = y.rows;
        match x.column(c).contiguous().filter(|_| y.rs == 1) {
            Some(x) if rows > 0 => gather_rows(how, a, first, x, &mut y.column(c).data[..rows]),
            _ => (0..rows).for_each(|k| {
                let (places, values) = a.line(first + k);
                let line = places.iter().zip(values);
                how.write(y.at(k, c), line.fold(T::zero(), |sum, (&i, &v)| sum.add_mul(v, x.at(i, c))));
            }),
        }
    }
}
impl<M: SparseData> ByRows<M::Scalar> for Sparse<M> {
    fn reach(&self) -> usize {
        let a = self.0.compressed();
        // places ascend: the first and the last of a line are the farthest
        let far = |k: usize| {
            let places = a.line(k).0;
            let ends = [places.first(), places.last()];
            ends.into_iter().flatten().map(|&i| i.abs_diff(k)).max().unwrap_or(0)
        };
        (0..a.lines()).map(far).max().unwrap_or(0)
    }
    fn rows(&self, how: Update<M::Scalar>, first: usize, x: View<'_, M::Scalar>, y: ViewMut<'_, M::Scalar>) {
        rows(how.plain(), self.0.compressed(), first, x, y)
    }
}
/// y += line k times x_k, for the columns `c..c + N`: each line is one column of the operator.
#[cfg_attr(not(debug_assertions), inline(always))]
fn scatter<T: Scalar, const N: usize>(
    how: Update<T>,
    a: Compressed<'_, T>,
    x: View<'_, T>,
    y: &mut ViewMut<'_, T>,
    c: usize,
) {
    for k in 0..a.lines() {
        let (places, values) = a.line(k);
        let ax: [T; N] = core::array::from_fn(|b| how.alpha * x.at(k, c + b));
        for (&i, &v) in places.iter().zip(values) {
            let v = if how.adjoint { v.conj() } else { v };
            (0..N).for_each(|b| *y.at(i, c + b) = y.at(i, c + b).add_mul(v, ax[b]));
        }
    }
}
/// y = \[y +\] alpha A x or A^H x.
#[inline]
pub(super) fn act<T: Scalar>(how: Update<T>, a: Compressed<'_, T>, x: View<'_, T>, mut y: ViewMut<'_, T>) {
    let by_lines = a.by_rows != how.adjoint;
    if !by_lines && !how.add {
        for c in 0..y.cols {
            (0..y.rows).for_each(|i| *y.at(i, c) = T::zero());
        }
    }
    let full = x.cols - x.cols % BLOCK;
    for c in (0..full).step_by(BLOCK) {
        match by_lines {
            true => gather::<_, BLOCK>(how, a, x, &mut y, c),
            false => scatter::<_, BLOCK>(how, a, x, &mut y, c),
        }
    }
    for c in full..x.cols {
        match by_lines {
            true if y.rs == 1 && y.rows > 0 && x.rs == 1 => {
                let (rows, x) = (y.rows, &x.column(c).data[..x.rows]);
                gather_rows(how, a, 0, x, &mut y.column(c).data[..rows])
            }
            true => gather::<_, 1>(how, a, x, &mut y, c),
            false => scatter::<_, 1>(how, a, x, &mut y, c),
        }
    }
}
impl<M: SparseData> LinearOperator for Sparse<M> {
    #[inline]
    fn act(&self, how: Update<Sc<Self>>, x: View<'_, Sc<Self>>, y: ViewMut<'_, Sc<Self>>, _: &mut [Sc<Self>]) {
        act(how, self.0.compressed(), x, y)
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn scratch_len(&self, _: usize) -> usize {
        0
    }
    fn by_rows(&self) -> Option<&dyn ByRows<Sc<Self>>> {
        let a = self.0.compressed();
        (a.by_rows && a.rows == a.cols).then_some(self)
    }
    const ARRANGES: bool = true;
    fn arranged(&self) -> Option<Box<dyn DynOperator<Sc<Self>> + '_>> {
        Some(Box::new(super::sparse_runs::Runs::new(self.0.compressed())?))
    }
}

/// A^-1 of a sparse matrix by its factors. Each application is a solve, 2 flops per number in the factors, of lanes with workspace
/// from the heap. Its leaves are those of A: with other numbers it is factored again at its first application, which tells a failure as a
/// lazy inverse does (NaN from `apply`, the error from `try_apply` and `solve`).
pub struct SparseInverse<M, F> {
    a: M,
    // of type `FactorOf<M>`, erased: the same tree over a number without sparse factorisations is a type too
    factor: OnceLock<Result<Arc<dyn Any + Send + Sync>>>,
    facts: PhantomData<fn() -> F>,
}
type FactorOf<M> = <<M as SparseData>::Scalar as SparseNumber>::Factor;
impl<M: SparseData, F> SparseInverse<M, F> {
    fn of(a: M) -> Self {
        SparseInverse { a, factor: OnceLock::new(), facts: PhantomData }
    }
}
impl<M: SparseData<Scalar: SparseNumber>, F: Facts> SparseInverse<M, F> {
    fn factor(&self) -> Result<&FactorOf<M>> {
        let make = || -> Result<Arc<dyn Any + Send + Sync>> {
            Ok(Arc::new(<M::Scalar as SparseNumber>::factor(self.a.compressed(), <F::Psd as Fact>::KNOWN)?))
        };
        let factor = self.factor.get_or_init(make).as_ref().map_err(Clone::clone)?;
        Ok(factor.downcast_ref().expect("made above or by `inverse_rule`, both of this type"))
    }
}
impl<M: Clone, F> Clone for SparseInverse<M, F> {
    fn clone(&self) -> Self {
        SparseInverse { a: self.a.clone(), factor: self.factor.clone(), facts: PhantomData }
    }
}
impl<M: core::fmt::Debug, F> core::fmt::Debug for SparseInverse<M, F> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("SparseInverse").field("of", &self.a).finish_non_exhaustive()
    }
}
operator!([M: SparseData, F: Facts] SparseInverse<M, F> {
    scalar M::Scalar; facts F; rows Dyn; cols Dyn; nrows |s| s.a.compressed().rows; ncols s.a.compressed().rows;
    iterative true;
});
impl<M: SparseData<Scalar: SparseNumber>, F: Facts> LinearOperator for SparseInverse<M, F> {
    fn act(&self, how: Update<Sc<Self>>, x: View<'_, Sc<Self>>, mut y: ViewMut<'_, Sc<Self>>, s: &mut [Sc<Self>]) {
        match self.factor() {
            Ok(f) => solve(f, how, x, y, s),
            Err(e) => {
                note_fault(0, e);
                for c in 0..x.cols {
                    (0..x.rows).for_each(|i| *y.at(i, c) = Sc::<Self>::of(f64::NAN));
                }
            }
        }
    }
    fn scratch_len(&self, columns: usize) -> usize {
        self.nrows() * columns + self.factor().map_or(0, |f| Sc::<Self>::room(f, columns))
    }
}
/// y = [y +] alpha A^-1 x or A^-H x.
fn solve<T: SparseNumber>(f: &T::Factor, how: Update<T>, x: View<'_, T>, mut y: ViewMut<'_, T>, s: &mut [T]) {
    let n = x.rows;
    let (buffer, room) = s.split_at_mut(n * x.cols);
    for c in 0..x.cols {
        (0..n).for_each(|i| buffer[i + n * c] = x.at(i, c));
    }
    T::solve(f, how.adjoint, buffer, x.cols, &mut room[..T::room(f, x.cols)]);
    for c in 0..x.cols {
        (0..n).for_each(|i| how.write(y.at(i, c), buffer[i + n * c]));
    }
}
/// The factors of a square matrix, by fact.
fn factor<K: Facts, M: SparseData<Scalar: SparseNumber>>(op: &'static str, a: &Sparse<M>) -> Result<FactorOf<M>> {
    square(op, a)?;
    SparseNumber::factor(a.0.compressed(), <K::Psd as Fact>::KNOWN)
}
// A^-1 by sparse Cholesky if PSD, sparse LU else
impl<K: Facts, M: SparseData<Scalar: SparseNumber>> InverseRule<K> for Sparse<M> {
    type Output = SparseInverse<M::Owned, InverseFacts<K>>;
    fn inverse_rule(&self) -> Result<Self::Output> {
        let factor: Arc<dyn Any + Send + Sync> = Arc::new(factor::<K, M>("inverse", self)?);
        Ok(SparseInverse { factor: OnceLock::from(Ok(factor)), ..SparseInverse::of(self.0.to_owned_data()) })
    }
    fn solve_rule(&self, b: View<'_, Sc<Self>>, x: ViewMut<'_, Sc<Self>>) -> Result<()> {
        let f = factor::<K, M>("solve", self)?;
        let room = b.rows * b.cols + Sc::<Self>::room(&f, b.cols);
        solve(&f, Update::replace(), b, x, &mut vec![Zero::zero(); room]);
        Ok(())
    }
}
// det A = prod l_jj^2 if PSD, else sign P sign Q prod u_jj
impl<K: Facts, M: SparseData<Scalar: SparseNumber>> DetRule<K> for Sparse<M> {
    fn slogdet_rule(&self) -> Result<(M::Scalar, Re<Self>)> {
        square("slogdet", self)?;
        SparseNumber::slogdet_of(self.0.compressed(), <K::Psd as Fact>::KNOWN)
    }
}
// read off
impl<M: SparseData> DiagonalRule for Sparse<M> {
    const READS: bool = true;
    fn diagonal_rule(&self, k: isize, d: &mut [M::Scalar]) -> Result<()> {
        let ((row, col), a) = (diagonal_start(k), self.0.compressed());
        d.iter_mut().enumerate().for_each(|(i, d)| *d = a.get(row + i, col + i).unwrap_or(Zero::zero()));
        Ok(())
    }
}
crate::base_eigh!([M: SparseData] Sparse<M>);
crate::spectral_power!([M: SparseData] Sparse<M>);
crate::base_exp!([M: SparseData] Sparse<M>);
crate::spectral_log!([M: SparseData] Sparse<M>);
crate::base_factors!([M: SparseData] Sparse<M>);
crate::base_decompositions!([M: SparseData] Sparse<M>);

// (A^-1)^-1 = A, with what was known of it
impl<K: Facts, M: SparseData<Scalar: SparseNumber> + Clone, F: Facts> InverseRule<K> for SparseInverse<M, F> {
    type Output = WithFacts<Sparse<M>, F>;
    fn inverse_rule(&self) -> Result<Self::Output> {
        Ok(WithFacts::new(Sparse(self.a.clone())))
    }
    fn solve_rule(&self, b: View<'_, Sc<Self>>, x: ViewMut<'_, Sc<Self>>) -> Result<()> {
        Sparse(&self.a).act(Update::replace(), b, x, &mut []);
        Ok(())
    }
}
// det A^-1 = 1 / det A
impl<K: Facts, M: SparseData<Scalar: SparseNumber>, F: Facts> DetRule<K> for SparseInverse<M, F> {
    fn slogdet_rule(&self) -> Result<(M::Scalar, Re<Self>)> {
        let (sign, log) = M::Scalar::slogdet(self.factor()?, self.a.compressed())?;
        Ok((<M::Scalar as One>::one() / sign, -log))
    }
}
crate::base_eigh!([M: SparseData<Scalar: SparseNumber>, F: Facts] SparseInverse<M, F>);
crate::spectral_power!([M: SparseData<Scalar: SparseNumber>, F: Facts] SparseInverse<M, F>);
crate::base_exp!([M: SparseData<Scalar: SparseNumber>, F: Facts] SparseInverse<M, F>);
crate::spectral_log!([M: SparseData<Scalar: SparseNumber>, F: Facts] SparseInverse<M, F>);
crate::base_diagonal!([M: SparseData<Scalar: SparseNumber>, F: Facts] SparseInverse<M, F>);
crate::base_factors!([M: SparseData<Scalar: SparseNumber>, F: Facts] SparseInverse<M, F>);
crate::inverse_pinv!([M: SparseData<Scalar: SparseNumber>, F: Facts] SparseInverse<M, F>);
crate::base_svd!([M: SparseData<Scalar: SparseNumber>, F: Facts] SparseInverse<M, F>);
crate::base_eig!([M: SparseData<Scalar: SparseNumber>, F: Facts] SparseInverse<M, F>);

impl<M: SparseData> Explain for Sparse<M> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        let psd = <K::Psd as Fact>::KNOWN;
        let once = |rule: &'static str, formula: &str, flops: Option<f64>| Plan {
            cost: Cost { formula: formula.into(), flops, per_iteration: false },
            ..Plan::rule(self, rule, "n")
        };
        let factors = "sum of (numbers in L's column)(numbers in U's row)";
        match question {
            Question::Apply => once("every nonzero", "2 nnz", Some(2.0 * self.nnz() as f64)),
            Question::Solve if psd => once("sparse Cholesky, AMD order", "sum of (numbers in L's column)^2", None),
            Question::Solve => once("sparse LU, COLAMD order, partial pivoting", factors, None),
            Question::Slogdet if psd => once("from sparse Cholesky", "sum of (numbers in L's column)^2", None),
            Question::Slogdet => once("from simplicial sparse LU", factors, None),
            Question::Trace | Question::Diagonal => Plan::rule(self, "read off", "n"),
            _ => base::<K, Self>(self, question),
        }
    }
}
impl<M: SparseData<Scalar: SparseNumber>, F: Facts> Explain for SparseInverse<M, F> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        let once = |rule: &'static str, formula: &str| Plan {
            cost: Cost { formula: formula.into(), flops: None, per_iteration: false },
            ..Plan::rule(self, rule, "n")
        };
        match question {
            Question::Apply => {
                let name = self.factor().map_or("sparse factors", |f| M::Scalar::name(f));
                once(name, "2 flops per number in the factors")
            }
            Question::Solve => Sparse(&self.a).plan::<K>(Question::Apply),
            Question::Slogdet => match self.factor() {
                Ok(f) if M::Scalar::shows_pivots(f) => Plan::rule(self, "read off the factors", "n"),
                _ => once("read off simplicial factors", "beside supernodal ones, one factorisation"),
            },
            _ => base::<K, Self>(self, question),
        }
    }
}

// d(u^T A v) = sum over the pattern of u_i dA_ij v_j
impl<M: SparseData> Differentiable for Sparse<M> {
    fn parameters(&self) -> usize {
        self.nnz()
    }
    fn accumulate_bilinear(&self, u: View<'_, Sc<Self>>, v: View<'_, Sc<Self>>, scale: Sc<Self>, g: &mut [Sc<Self>]) {
        let a = self.0.compressed();
        let (of_line, of_place) = if a.by_rows { (u, v) } else { (v, u) };
        for k in 0..a.lines() {
            let x = scale * of_line.at(k, 0);
            for at in a.offsets[k]..a.offsets[k + 1] {
                g[at] += x * of_place.at(a.indices[at], 0);
            }
        }
    }
    fn accumulate_trace(&self, scale: Sc<Self>, g: &mut [Sc<Self>]) {
        let a = self.0.compressed();
        for k in 0..a.lines() {
            if let Ok(at) = a.line(k).0.binary_search(&k) {
                g[a.offsets[k] + at] += scale;
            }
        }
    }
}
impl<K: Facts, M: SparseData<Scalar: SparseNumber>> LogdetGradient<K> for Sparse<M> {}

// leaves: those of A
impl<M: SparseData, F> Parameters for SparseInverse<M, F> {
    type Number = M::Scalar;
    type With<S: Scalar> = SparseInverse<M::With<S>, F>;
    type Owned = SparseInverse<M::Owned, F>;
    fn visit<'a>(&'a self, path: &mut Path, f: &mut dyn FnMut(&str, Cow<'a, [M::Scalar]>)) {
        path.enter("values", |p| f(p.as_str(), Cow::Borrowed(self.a.compressed().values)))
    }
    fn traverse<S: Scalar>(&self, path: &mut Path, f: LeafFn<'_, M::Scalar, S>) -> Self::With<S> {
        SparseInverse::of(Sparse(&self.a).traverse(path, f).0)
    }
    fn rebuild(&self, path: &mut Path, f: LeafFn<'_, M::Scalar, M::Scalar>) -> Self::Owned {
        SparseInverse::of(Sparse(&self.a).rebuild(path, f).0)
    }
    fn frame(&self, f: &mut dyn FnMut(Frame)) {
        Sparse(&self.a).frame(f)
    }
}
// d(u^T A^-1 v) = -(A^-T u)^T dA (A^-1 v), over the pattern
impl<M: SparseData<Scalar: SparseNumber>, F: Facts> Differentiable for SparseInverse<M, F> {
    fn parameters(&self) -> usize {
        self.a.compressed().values.len()
    }
    fn accumulate_bilinear(&self, u: View<'_, Sc<Self>>, v: View<'_, Sc<Self>>, scale: Sc<Self>, g: &mut [Sc<Self>]) {
        let (x, y) = (product(self, false, v), product(self, true, u));
        Sparse(&self.a).accumulate_bilinear(View::vector(&y), View::vector(&x), -scale, g)
    }
}
impl<K: Facts, M: SparseData<Scalar: SparseNumber> + Clone, F: Facts> LogdetGradient<K> for SparseInverse<M, F> {}
impl<K: Facts, M: SparseData> crate::gradient::SpectrumGradient<K> for Sparse<M> {}

#[cfg(test)]
mod tests;
