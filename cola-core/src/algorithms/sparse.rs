//! Sparse direct methods on compressed matrices: faer's Cholesky (AMD order) and LU (COLAMD order, partial pivoting), simplicial
//! where the factors stay thin and supernodal where they fill in.
//!
//! A matrix stored by rows is read as its transpose stored by columns, so nothing is converted: with B = A^T, `A x = b` is
//! `B^T x = b`, and conj(B) = A if A is self-adjoint.
//!
//! Davis, Direct Methods for Sparse Linear Systems, SIAM 2006: ch. 4 (Cholesky), ch. 6 (LU), ch. 7 (orders).

use crate::error::{Error, Result};
use crate::functions::dense::finite;
use crate::functions::det::slog_product;
use crate::scalar::{Complex, Real, Scalar};
use core::mem::MaybeUninit;
use faer::dyn_stack::{MemBuffer, MemStack, StackReq};
use faer::linalg::solvers::LltError;
use faer::perm::PermRef;
use faer::sparse::linalg::cholesky::{CholeskySymbolicParams, factorize_symbolic_cholesky, supernodal};
use faer::sparse::linalg::cholesky::{LltRef, SymbolicCholesky, SymbolicCholeskyRaw, SymmetricOrdering};
use faer::sparse::linalg::lu::simplicial::{SimplicialLu, factorize_simplicial_numeric_lu};
use faer::sparse::linalg::lu::simplicial::{
    factorize_simplicial_numeric_lu_scratch, solve_in_place_scratch as simplicial_solve_scratch,
};
use faer::sparse::linalg::lu::{LuRef, LuSymbolicParams, NumericLu, SymbolicLu, factorize_symbolic_lu};
use faer::sparse::linalg::{LuError, SupernodalThreshold};
use faer::sparse::{FaerError, SparseColMatRef, SymbolicSparseColMatRef};
use faer::traits::{ComplexField, RealField};
use faer::{Conj, MatMut, Par, Side};
use num_traits::{One, Zero};

const SEQ: Par = Par::Seq;

/// A number that sparse factorisations exist for: f32, f64, their complex numbers, and lanes of all of these.
#[diagnostic::on_unimplemented(
    message = "there is no sparse factorisation for numbers of type `{Self}`",
    label = "sparse factorisations serve `f32`, `f64`, their complex numbers and lanes",
    note = "dual numbers solve iteratively, `.solve_with(Gmres::default(), &b)?`, or densely, `Dense::new(a.to_dense())`"
)]
pub trait SparseNumber: Scalar {
    /// The factors of a matrix of such numbers.
    type Factor: Send + Sync + 'static;
    /// Factors A, which is square; `psd`: positive definite is promised.
    ///
    /// # Errors
    /// `NonFinite`, `NotPositiveDefinite` or `Singular`, `InvalidArgument` out of memory.
    fn factor(a: Compressed<'_, Self>, psd: bool) -> Result<Self::Factor>;
    /// Numbers of workspace that `solve` takes; none where it makes its own.
    fn room(f: &Self::Factor, columns: usize) -> usize {
        let _ = (f, columns);
        0
    }
    /// x <- A^-1 x or A^-H x for `columns` columns without gaps, with so much workspace in `room`.
    fn solve(f: &Self::Factor, adjoint: bool, x: &mut [Self], columns: usize, room: &mut [Self]);
    /// (sign, log|det A|) of the matrix that was factored.
    ///
    /// # Errors
    /// `InvalidArgument` out of memory.
    fn slogdet(f: &Self::Factor, a: Compressed<'_, Self>) -> Result<(Self, Self::Re)>;
    /// (sign, log|det A|) of a square matrix; a singular one is no error but (0, -inf), unless positive definite was promised.
    ///
    /// # Errors
    /// `NonFinite`, `NotPositiveDefinite` where `psd` was promised, `InvalidArgument` out of memory.
    fn slogdet_of(a: Compressed<'_, Self>, psd: bool) -> Result<(Self, Self::Re)>;
    /// The method, for plans.
    fn name(f: &Self::Factor) -> &'static str;
    /// True where the determinant is read off the factors.
    fn shows_pivots(f: &Self::Factor) -> bool;
}
/// A number that faer factors sparse matrices of.
pub trait FaerNumber: Scalar<Re: RealField, Mask = bool> + ComplexField<Real = <Self as Scalar>::Re> {}
macro_rules! faer_number {
    ($($T:ty)*) => { $(
        impl FaerNumber for $T {}
        impl SparseNumber for $T {
            type Factor = SparseFactor<$T>;
            fn factor(a: Compressed<'_, $T>, psd: bool) -> Result<SparseFactor<$T>> {
                SparseFactor::new(a, psd)
            }
            fn room(f: &SparseFactor<$T>, columns: usize) -> usize {
                let need = f.need(columns);
                (need.size_bytes() + need.align_bytes()).div_ceil(size_of::<$T>())
            }
            fn solve(f: &SparseFactor<$T>, adjoint: bool, x: &mut [$T], columns: usize, room: &mut [$T]) {
                within(room, |stack| f.solve_on(adjoint, x, columns, stack))
            }
            fn slogdet(f: &SparseFactor<$T>, a: Compressed<'_, $T>) -> Result<($T, <$T as Scalar>::Re)> {
                f.slogdet(a)
            }
            fn slogdet_of(a: Compressed<'_, $T>, psd: bool) -> Result<($T, <$T as Scalar>::Re)> {
                slogdet(a, psd)
            }
            fn name(f: &SparseFactor<$T>) -> &'static str {
                f.name()
            }
            fn shows_pivots(f: &SparseFactor<$T>) -> bool {
                matches!(f, SparseFactor::Cholesky(_))
            }
        } )* };
}
faer_number!(f32 f64 Complex<f32> Complex<f64>);

/// A compressed sparse matrix that is read, by rows or by columns: the numbers of line k (a row or a column) are
/// `values[offsets[k]..offsets[k + 1]]`, their places in the line `indices[..]`, ascending and distinct.
#[derive(Clone, Copy, Debug)]
pub struct Compressed<'a, T> {
    /// Number of rows.
    pub rows: usize,
    /// Number of columns.
    pub cols: usize,
    /// True if lines are rows.
    pub by_rows: bool,
    /// Where each line begins, and the end.
    pub offsets: &'a [usize],
    /// Place in the line of each number.
    pub indices: &'a [usize],
    /// The numbers.
    pub values: &'a [T],
}
impl<'a, T: Copy> Compressed<'a, T> {
    /// Number of lines: rows or columns.
    #[inline(always)]
    pub fn lines(&self) -> usize {
        self.offsets.len() - 1
    }
    /// Places and numbers of line k.
    #[inline(always)]
    pub fn line(&self, k: usize) -> (&'a [usize], &'a [T]) {
        let range = self.offsets[k]..self.offsets[k + 1];
        (&self.indices[range.clone()], &self.values[range])
    }
    /// Entry (i, j) if it is stored, by bisection.
    #[inline]
    pub fn get(&self, i: usize, j: usize) -> Option<T> {
        let (line, place) = if self.by_rows { (i, j) } else { (j, i) };
        let (places, values) = self.line(line);
        places.binary_search(&place).ok().map(|at| values[at])
    }
}
impl<'a, T: FaerNumber> Compressed<'a, T> {
    /// Lines as columns: A itself by columns, A^T by rows.
    fn as_columns(&self) -> SparseColMatRef<'a, usize, T> {
        let n = self.lines();
        SparseColMatRef::new(SymbolicSparseColMatRef::new_checked(n, n, self.offsets, None, self.indices), self.values)
    }
}

/// What passes as rounding in a pivot, relative to the terms it is the sum of: n eps as in the dense kernels; above 4096 errors are
/// taken to add like a random walk, 64 sqrt(n) eps, because n eps would refuse matrices that sparse methods serve well.
fn rounding<R: Real>(n: usize) -> R {
    let n = n.max(6) as f64;
    R::epsilon() * R::real(n.min(64.0 * n.sqrt()))
}
fn refused(e: FaerError) -> Error {
    match e {
        FaerError::OutOfMemory => Error::invalid("the sparse factorisation does not fit in memory; solve iteratively"),
        _ => Error::invalid("the sparse factorisation has more entries than can be indexed; solve iteratively"),
    }
}
fn workspace(need: StackReq) -> Result<MemBuffer> {
    MemBuffer::try_new(need).map_err(|_| refused(FaerError::OutOfMemory))
}

/// `f` with a workspace of faer's in `room`: a solve that allocates nothing.
fn within<T: Scalar>(room: &mut [T], f: impl FnOnce(&mut MemStack)) {
    /// Numbers again when dropped, whatever lies there.
    struct Lent<'a, T: Scalar>(&'a mut [T]);
    impl<T: Scalar> Drop for Lent<'_, T> {
        fn drop(&mut self) {
            self.0.fill(T::zero())
        }
    }
    let lent = Lent(room);
    let (first, bytes) = (lent.0.as_mut_ptr().cast::<MaybeUninit<u8>>(), size_of_val(lent.0));
    // SAFETY: the bytes of the slice, borrowed through `lent` alone, which writes numbers over them before anyone reads any.
    f(MemStack::new(unsafe { core::slice::from_raw_parts_mut(first, bytes) }));
}

// ---- Cholesky ------------------------------------------------------------------------------------------------------------------

/// P A P^T = L L^H.
///
/// Cost: sum of squares of the column counts of L, e.g. O(n^1.5) for a plane grid, O(n^2) for a space grid.
pub struct SparseCholesky<T> {
    symbolic: SymbolicCholesky<usize>,
    values: Vec<T>,
    /// The factors are those of conj(A): A was given by rows.
    conj: bool,
}
impl<T: FaerNumber> SparseCholesky<T> {
    /// Factors A; its lower triangle is read.
    ///
    /// # Errors
    /// `NotPositiveDefinite` with the row in the order of A (a failed matrix is factored once more, entry by entry, to name the
    /// pivot), `InvalidArgument` out of memory.
    pub fn new(a: Compressed<'_, T>) -> Result<Self> {
        let factor = match Self::factor(a, SupernodalThreshold::AUTO)? {
            Ok(factor) => factor,
            Err(_) => match Self::factor(a, SupernodalThreshold::FORCE_SIMPLICIAL)? {
                Ok(factor) => factor,
                Err((index, pivot)) => return Err(Error::NotPositiveDefinite { index, pivot }),
            },
        };
        let diagonal = factor.diagonal();
        let tol = rounding::<T::Re>(a.rows);
        for (k, l) in diagonal.iter().enumerate() {
            let (index, pivot) = (factor.original(k), Scalar::abs_sq(*l));
            let entry = a.get(index, index).map_or(T::Re::zero(), Scalar::re);
            if !Scalar::finite(pivot) || !Scalar::finite(entry) {
                return Err(Error::non_finite("the factorisation: it overflowed"));
            }
            if pivot <= entry * tol {
                return Err(Error::NotPositiveDefinite { index, pivot: pivot.lane_f64(0) });
            }
        }
        Ok(factor)
    }
    /// The factors, or row and value of the pivot that is not positive (the value is right if the method is simplicial).
    fn factor(a: Compressed<'_, T>, threshold: SupernodalThreshold) -> Result<Result<Self, (usize, f64)>> {
        let b = a.as_columns();
        // the lower triangle of A is the upper one of A^T
        let side = if a.by_rows { Side::Upper } else { Side::Lower };
        let params = CholeskySymbolicParams { supernodal_flop_ratio_threshold: threshold, ..Default::default() };
        let symbolic =
            factorize_symbolic_cholesky(b.symbolic(), side, SymmetricOrdering::Amd, params).map_err(refused)?;
        let mut memory = workspace(symbolic.factorize_numeric_llt_scratch::<T>(SEQ, Default::default()))?;
        let mut values = vec![<T as Zero>::zero(); symbolic.len_val()];
        let stack = MemStack::new(&mut memory);
        let done =
            symbolic.factorize_numeric_llt(&mut values, b, side, Default::default(), SEQ, stack, Default::default());
        let failed = match done {
            Ok(_) => None,
            Err(LltError::NonPositivePivot { index }) => Some(index.saturating_sub(1)), // faer counts from 1
        };
        let factor = SparseCholesky { symbolic, values, conj: a.by_rows };
        Ok(match failed {
            None => Ok(factor),
            Some(k) => {
                let index = factor.original(k);
                let entry = a.get(index, index).map_or(T::Re::zero(), Scalar::re);
                Err((index, factor.pivot(k, entry).lane_f64(0)))
            }
        })
    }
    /// Row k of P A P^T is this row of A.
    fn original(&self, k: usize) -> usize {
        self.symbolic.perm().map_or(k, |p| p.arrays().0[k])
    }
    /// a_kk - sum_{j<k} |l_kj|^2 where rows up to k have been made.
    fn pivot(&self, k: usize, entry: T::Re) -> T::Re {
        let SymbolicCholeskyRaw::Simplicial(l) = self.symbolic.raw() else { return T::Re::zero() };
        (0..k).fold(entry, |pivot, j| {
            let range = l.col_ptr()[j]..l.col_ptr()[j + 1];
            match l.row_idx()[range.clone()].iter().position(|&i| i == k) {
                Some(at) => pivot - Scalar::abs_sq(self.values[range.start + at]),
                None => pivot,
            }
        })
    }
    /// l_kk for all k.
    fn diagonal(&self) -> Vec<T> {
        match self.symbolic.raw() {
            SymbolicCholeskyRaw::Simplicial(l) => {
                let first: &[usize] = &l.col_ptr()[..l.ncols()];
                first.iter().map(|&at| self.values[at]).collect()
            }
            SymbolicCholeskyRaw::Supernodal(l) => {
                let l = supernodal::SupernodalLltRef::new(l, &self.values);
                let nodes = (0..l.symbolic().n_supernodes()).map(|s| l.supernode(s).val());
                nodes.flat_map(|node| (0..node.ncols()).map(move |j| node[(j, j)])).collect()
            }
        }
    }
    /// Numbers in L.
    pub fn len(&self) -> usize {
        self.values.len()
    }
    /// True for the 0 x 0 matrix.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
    /// x <- A^-1 x for `columns` columns without gaps. Cost: 4 flops per number in L and column.
    pub fn solve(&self, x: &mut [T], columns: usize) {
        self.solve_on(x, columns, MemStack::new(&mut MemBuffer::new(self.need(columns))))
    }
    fn need(&self, columns: usize) -> StackReq {
        self.symbolic.solve_in_place_scratch::<T>(columns, SEQ)
    }
    fn solve_on(&self, x: &mut [T], columns: usize, stack: &mut MemStack) {
        let n = self.symbolic.nrows();
        let x = MatMut::from_column_major_slice_mut(&mut x[..n * columns], n, columns);
        LltRef::new(&self.symbolic, &self.values).solve_in_place_with_conj(conj(self.conj), x, SEQ, stack);
    }
    /// log det A = 2 sum log l_jj.
    pub fn logdet(&self) -> T::Re {
        let log = self.diagonal().into_iter().fold(T::Re::zero(), |s, l| s + Scalar::ln(Scalar::re(l)));
        log + log
    }
}
fn conj(yes: bool) -> Conj {
    if yes { Conj::Yes } else { Conj::No }
}

// ---- LU ------------------------------------------------------------------------------------------------------------------------

/// P B Q = L U entry by entry, B with the lines of A as columns.
struct Simplicial<T> {
    order: SymbolicLu<usize>,
    lu: SimplicialLu<usize, T>,
    rows: Vec<usize>,
    rows_inverse: Vec<usize>,
}
impl<T: FaerNumber> Simplicial<T> {
    /// Factors B; `Err(k)` where step k finds no pivot at all.
    fn new(a: Compressed<'_, T>, order: SymbolicLu<usize>) -> Result<Result<Self, usize>> {
        let n = a.lines();
        let mut memory = workspace(factorize_simplicial_numeric_lu_scratch::<usize, T>(n, n))?;
        let (mut rows, mut rows_inverse) = (vec![0; n], vec![0; n]);
        let mut lu = SimplicialLu::new();
        let (b, stack) = (a.as_columns(), MemStack::new(&mut memory));
        match factorize_simplicial_numeric_lu(&mut rows, &mut rows_inverse, &mut lu, b, order.col_perm(), stack) {
            Ok(()) => Ok(Ok(Simplicial { order, lu, rows, rows_inverse })),
            Err(LuError::SymbolicSingular { index }) => Ok(Err(order.col_perm().arrays().0[index])),
            Err(LuError::Generic(e)) => Err(refused(e)),
        }
    }
    /// u_kk: the last number of column k of U.
    fn pivot(&self, k: usize) -> T {
        *self.lu.u_factor_unsorted().val_of_col(k).last().expect("faer ends each column of U with its pivot")
    }
    /// |u_kk| / sum_j |l_kj| |u_jk| for all k, sum over j <= k: what is left of a pivot after cancellation. O(numbers in L and U).
    fn pivots(&self) -> Vec<T::Re> {
        let (n, l, u) = (self.rows.len(), self.lu.l_factor_unsorted(), self.lu.u_factor_unsorted());
        let mut start = vec![0usize; n + 1];
        (0..n).for_each(|j| l.row_idx_of_col_raw(j).iter().for_each(|&i| start[i + 1] += 1));
        (0..n).for_each(|i| start[i + 1] += start[i]);
        let (mut next, mut by_row) = (start.clone(), vec![(0usize, T::Re::zero()); start[n]]);
        for j in 0..n {
            for (&i, &v) in l.row_idx_of_col_raw(j).iter().zip(l.val_of_col(j)) {
                by_row[next[i]] = (j, Scalar::abs(v));
                next[i] += 1;
            }
        }
        let mut column = vec![T::Re::zero(); n];
        let ratio = |k: usize| {
            let places = u.row_idx_of_col_raw(k);
            places.iter().zip(u.val_of_col(k)).for_each(|(&j, &v)| column[j] = Scalar::abs(v));
            let sum = by_row[start[k]..start[k + 1]].iter().fold(T::Re::zero(), |s, &(j, l)| s + l * column[j]);
            let pivot = column[k];
            places.iter().for_each(|&j| column[j] = T::Re::zero());
            pivot / sum
        };
        (0..n).map(ratio).collect()
    }
    fn permutations(&self) -> (PermRef<'_, usize>, PermRef<'_, usize>) {
        (PermRef::new_checked(&self.rows, &self.rows_inverse, self.rows.len()), self.order.col_perm())
    }
    /// det B = sign P sign Q prod u_kk.
    fn slogdet(&self) -> (T, T::Re) {
        let (sign, log) = slog_product((0..self.rows.len()).map(|k| self.pivot(k)));
        let odd = odd(&self.rows) != odd(self.order.col_perm().arrays().0);
        (if odd { -sign } else { sign }, log)
    }
}
/// True for an odd permutation: an odd number of cycles of even length.
fn odd(p: &[usize]) -> bool {
    let (mut seen, mut odd) = (vec![false; p.len()], false);
    for start in 0..p.len() {
        let (mut i, mut length) = (start, 0);
        while !core::mem::replace(&mut seen[i], true) {
            (i, length) = (p[i], length + 1);
        }
        odd ^= length > 0 && length % 2 == 0;
    }
    odd
}

/// P A Q = L U with partial pivoting.
///
/// Cost: the sum over columns of (numbers in L's column) x (numbers in U's row). Supernodal where faer's count of flops per number
/// in the factors is above 40, else simplicial.
pub struct SparseLu<T> {
    factor: LuFactor<T>,
    by_rows: bool,
}
enum LuFactor<T> {
    Simplicial(Simplicial<T>),
    // faer keeps these factors to itself: they solve, and nothing more
    Supernodal(SymbolicLu<usize>, NumericLu<usize, T>),
}
impl<T: FaerNumber> SparseLu<T> {
    /// Factors A.
    ///
    /// A is singular to working precision where a pivot is no larger than the rounding errors of the terms it is the sum of, or where
    /// one system with a known solution is solved to no digit. faer's supernodal factors can only solve: they are trusted if that
    /// system comes out to four digits of f64's sixteen (two of f32's seven), else A is factored once more entry by entry.
    ///
    /// # Errors
    /// `Singular` with the column (A by columns) or row (A by rows), in the order of A, of the pivot that is rounding error, or of
    /// the smallest one; `InvalidArgument` out of memory.
    pub fn new(a: Compressed<'_, T>) -> Result<Self> {
        Self::with_threshold(a, SupernodalThreshold::AUTO)
    }
    pub(crate) fn with_threshold(a: Compressed<'_, T>, threshold: SupernodalThreshold) -> Result<Self> {
        let order = Self::order(a, threshold)?;
        let need = order.factorize_numeric_lu_scratch::<T>(SEQ, Default::default());
        // faer does not say which method it chose, but its simplicial method needs exactly this much
        if need != factorize_simplicial_numeric_lu_scratch::<usize, T>(a.lines(), a.lines()) {
            if let Some(factor) = Self::supernodal(a, order, need)? {
                return Ok(factor);
            }
            return Self::simplicial(a, Self::order(a, SupernodalThreshold::FORCE_SIMPLICIAL)?);
        }
        Self::simplicial(a, order)
    }
    fn order(a: Compressed<'_, T>, threshold: SupernodalThreshold) -> Result<SymbolicLu<usize>> {
        let params = LuSymbolicParams { supernodal_flop_ratio_threshold: threshold, ..Default::default() };
        factorize_symbolic_lu(a.as_columns().symbolic(), params).map_err(refused)
    }
    fn simplicial(a: Compressed<'_, T>, order: SymbolicLu<usize>) -> Result<Self> {
        let factor = Simplicial::new(a, order)?.map_err(|index| Error::Singular { index })?;
        let original = |k: usize| factor.order.col_perm().arrays().0[k];
        let (pivots, tol) = (factor.pivots(), rounding::<T::Re>(a.lines()));
        if let Some(k) = pivots.iter().position(|p| !(Scalar::finite(*p) && tol < *p)) {
            return Err(match Scalar::finite(factor.pivot(k)) {
                true => Error::Singular { index: original(k) },
                false => Error::non_finite("the factorisation: it overflowed"),
            });
        }
        let least = (0..pivots.len()).fold(0, |m, k| if pivots[k] < pivots[m] { k } else { m });
        let singular = Error::Singular { index: if pivots.is_empty() { 0 } else { original(least) } };
        let factor = SparseLu { factor: LuFactor::Simplicial(factor), by_rows: a.by_rows };
        if factor.solves(a, T::Re::real(0.1)) { Ok(factor) } else { Err(singular) }
    }
    /// The factors if they can be trusted.
    fn supernodal(a: Compressed<'_, T>, order: SymbolicLu<usize>, need: StackReq) -> Result<Option<Self>> {
        let (mut memory, mut numeric) = (workspace(need)?, NumericLu::new());
        let stack = MemStack::new(&mut memory);
        match order.factorize_numeric_lu(&mut numeric, a.as_columns(), SEQ, stack, Default::default()) {
            Ok(_) => {}
            Err(LuError::SymbolicSingular { .. }) => return Ok(None),
            Err(LuError::Generic(e)) => return Err(refused(e)),
        }
        let factor = SparseLu { factor: LuFactor::Supernodal(order, numeric), by_rows: a.by_rows };
        let trusted = factor.solves(a, Scalar::sqrt(Scalar::sqrt(T::Re::epsilon())));
        Ok(trusted.then_some(factor))
    }
    /// Solves B x = B w for a w of mixed signs, scaled so that every column counts: the error is about cond(B) eps, whatever the
    /// scales of rows and columns, and of order 1 where a pivot was rounding error.
    fn solves(&self, a: Compressed<'_, T>, tol: T::Re) -> bool {
        let n = a.lines();
        let largest = |k: usize| a.line(k).1.iter().fold(T::Re::zero(), |m, &v| Real::max(m, Scalar::abs(v)));
        let scale: Vec<T::Re> = (0..n).map(largest).collect();
        let most = scale.iter().fold(T::Re::zero(), |m, &s| Real::max(m, s));
        let middle = Scalar::sqrt(most) * Scalar::sqrt(scale.iter().fold(most, |m, &s| Real::min(m, s)));
        let (mut w, mut x) = (vec![T::Re::zero(); n], vec![<T as Zero>::zero(); n]);
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        for k in 0..n {
            let (places, values) = a.line(k);
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let size = 0.5 + (state << 1 >> 12) as f64 / (1u64 << 53) as f64;
            w[k] = T::Re::real(if state >> 63 == 0 { size } else { -size }) * (middle / scale[k]);
            places.iter().zip(values).for_each(|(&i, &v)| x[i] += Scalar::scale(v, w[k]));
        }
        // B x = .. : A by columns is B, A by rows is B^T
        let mut memory = MemBuffer::new(self.need(1));
        self.solve_lines(&mut x, 1, (false, false), MemStack::new(&mut memory));
        (0..n).all(|k| Scalar::abs(x[k] - T::from_re(w[k])) * (scale[k] / middle) <= tol)
    }
    fn need(&self, columns: usize) -> StackReq {
        match &self.factor {
            LuFactor::Simplicial(f) => simplicial_solve_scratch::<usize, T>(f.rows.len(), columns, SEQ),
            LuFactor::Supernodal(order, _) => order.solve_in_place_scratch::<T>(columns, SEQ),
        }
    }
    /// x <- B^-1 x or B^-T x, conjugated or not.
    fn solve_lines(&self, x: &mut [T], columns: usize, (transpose, conjugate): (bool, bool), stack: &mut MemStack) {
        let n = x.len() / columns.max(1);
        let x = MatMut::from_column_major_slice_mut(x, n, columns);
        match &self.factor {
            LuFactor::Simplicial(f) => {
                let (p, q) = f.permutations();
                match transpose {
                    false => f.lu.solve_in_place_with_conj(p, q, conj(conjugate), x, SEQ, stack),
                    true => f.lu.solve_transpose_in_place_with_conj(p, q, conj(conjugate), x, SEQ, stack),
                }
            }
            LuFactor::Supernodal(order, numeric) => {
                let f = LuRef::new_unchecked(order, numeric);
                match transpose {
                    false => f.solve_in_place_with_conj(conj(conjugate), x, SEQ, stack),
                    true => f.solve_transpose_in_place_with_conj(conj(conjugate), x, SEQ, stack),
                }
            }
        }
    }
    /// x <- A^-1 x or A^-H x for `columns` columns without gaps. Cost: 2 flops per number in the factors and column.
    pub fn solve(&self, adjoint: bool, x: &mut [T], columns: usize) {
        self.solve_on(adjoint, x, columns, MemStack::new(&mut MemBuffer::new(self.need(columns))))
    }
    fn solve_on(&self, adjoint: bool, x: &mut [T], columns: usize, stack: &mut MemStack) {
        // A = B or B^T, A^H = B^H or conj(B)
        self.solve_lines(x, columns, (self.by_rows != adjoint, adjoint), stack)
    }
    /// (sign, log|det A|). Read off simplicial factors; beside supernodal ones, which show no pivots, A is factored once more entry
    /// by entry.
    ///
    /// # Errors
    /// `InvalidArgument` out of memory.
    pub fn slogdet(&self, a: Compressed<'_, T>) -> Result<(T, T::Re)> {
        match &self.factor {
            LuFactor::Simplicial(f) => Ok(f.slogdet()),
            LuFactor::Supernodal(..) => lu_slogdet(a),
        }
    }
}
/// (sign, log|det A|) by simplicial LU, (0, -inf) where A is singular to working precision.
fn lu_slogdet<T: FaerNumber>(a: Compressed<'_, T>) -> Result<(T, T::Re)> {
    match SparseLu::with_threshold(a, SupernodalThreshold::FORCE_SIMPLICIAL) {
        Ok(SparseLu { factor: LuFactor::Simplicial(f), .. }) => Ok(f.slogdet()),
        Ok(_) => Err(Error::invalid("slogdet: a supernodal factor where a simplicial one was asked for")),
        Err(Error::Singular { .. }) => Ok((<T as Zero>::zero(), T::Re::real(f64::NEG_INFINITY))),
        Err(e) => Err(e),
    }
}

// ---- either --------------------------------------------------------------------------------------------------------------------

/// The factors of a square sparse matrix.
pub enum SparseFactor<T> {
    /// P A P^T = L L^H.
    Cholesky(SparseCholesky<T>),
    /// P A Q = L U.
    Lu(SparseLu<T>),
}
impl<T: FaerNumber> SparseFactor<T> {
    /// Factors A, which is square; `psd`: positive definite is promised.
    ///
    /// # Errors
    /// `NonFinite`, `NotPositiveDefinite` or `Singular`, `InvalidArgument` out of memory.
    pub fn new(a: Compressed<'_, T>, psd: bool) -> Result<Self> {
        finite(a.values, "the matrix")?;
        Ok(if psd { SparseFactor::Cholesky(SparseCholesky::new(a)?) } else { SparseFactor::Lu(SparseLu::new(a)?) })
    }
    /// x <- A^-1 x or A^-H x for `columns` columns without gaps.
    pub fn solve(&self, adjoint: bool, x: &mut [T], columns: usize) {
        self.solve_on(adjoint, x, columns, MemStack::new(&mut MemBuffer::new(self.need(columns))))
    }
    fn need(&self, columns: usize) -> StackReq {
        match self {
            SparseFactor::Cholesky(f) => f.need(columns),
            SparseFactor::Lu(f) => f.need(columns),
        }
    }
    fn solve_on(&self, adjoint: bool, x: &mut [T], columns: usize, stack: &mut MemStack) {
        match self {
            _ if x.is_empty() => {}
            SparseFactor::Cholesky(f) => f.solve_on(x, columns, stack),
            SparseFactor::Lu(f) => f.solve_on(adjoint, x, columns, stack),
        }
    }
    /// The method, for plans.
    pub fn name(&self) -> &'static str {
        match self {
            SparseFactor::Cholesky(f) => match f.symbolic.raw() {
                SymbolicCholeskyRaw::Simplicial(_) => "simplicial sparse Cholesky",
                SymbolicCholeskyRaw::Supernodal(_) => "supernodal sparse Cholesky",
            },
            SparseFactor::Lu(f) => match f.factor {
                LuFactor::Simplicial(_) => "simplicial sparse LU",
                LuFactor::Supernodal(..) => "supernodal sparse LU",
            },
        }
    }
    /// (sign, log|det A|) of the matrix that was factored.
    ///
    /// # Errors
    /// `InvalidArgument` out of memory.
    pub fn slogdet(&self, a: Compressed<'_, T>) -> Result<(T, T::Re)> {
        match self {
            SparseFactor::Cholesky(f) => Ok((<T as One>::one(), f.logdet())),
            SparseFactor::Lu(f) => f.slogdet(a),
        }
    }
}
/// (sign, log|det A|) of a square matrix; a singular one is no error but (0, -inf), unless positive definite was promised.
///
/// # Errors
/// `NonFinite`, `NotPositiveDefinite` where `psd` was promised, `InvalidArgument` out of memory.
pub fn slogdet<T: FaerNumber>(a: Compressed<'_, T>, psd: bool) -> Result<(T, T::Re)> {
    finite(a.values, "the matrix")?;
    if psd { Ok((<T as One>::one(), SparseCholesky::new(a)?.logdet())) } else { lu_slogdet(a) }
}
