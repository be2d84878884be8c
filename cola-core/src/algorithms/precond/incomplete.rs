//! Incomplete factorisations of sparse matrices: with the pattern of A, with levels of fill, or by a threshold.
//!
//! Meijerink & van der Vorst, Math. Comp. 31, 1977; Saad, Iterative Methods for Sparse Linear Systems, 2nd ed., 2003, section 10.3. The
//! numerics are in `fill.rs`.

use super::fill;
use super::rows::{Rows, apply};
use crate::algorithms::stochastic::{Split, SplitPreconditioner};
use crate::error::{Error, Result};
use crate::facts::{Facts, NoFacts, PsdFacts};
use crate::functions::base::square;
use crate::functions::det::slog_product;
use crate::functions::{DetRule, InverseRule};
use crate::operator::{LinearOperator, Update, operator};
use crate::ops::{Sparse, SparseData};
use crate::plan::{Explain, Plan, Question, base};
use crate::scalar::{Real, Scalar};
use crate::space::Dyn;
use crate::view::{View, ViewMut};
use num_traits::Zero;

/// (L L^H)^-1 where L L^H is near a sparse positive definite A; its inverse is L L^H, its determinant a product of pivots.
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
/// let (p, q) = (IncompleteCholesky::new(&a)?, IncompleteCholesky::with_threshold(&a, 1e-3, 10)?);
/// let a = Psd::new(a);
/// let b = vec![1.0; m * m];
/// let plain = a.solve_with(Cg::default(), &b)?.report.iterations;
/// let with = a.solve_with(Cg::default().preconditioner(&p), &b)?.report.iterations;
/// let more = a.solve_with(Cg::default().preconditioner(&q), &b)?.report.iterations;
/// assert!(3 * with < 2 * plain && 3 * more < 2 * with, "{more} {with} {plain}");
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct IncompleteCholesky<T: Scalar> {
    /// By rows, the diagonal entry last.
    l: Rows<T>,
    shift: f64,
    /// L L^H in place of its inverse.
    undone: bool,
}
impl<T: Scalar> IncompleteCholesky<T> {
    /// L with the pattern of A; its lower triangle is read. About nnz times the numbers in a row operations.
    ///
    /// # Errors
    /// `NotPositiveDefinite` if a diagonal entry is not positive, `NonFinite`, `ShapeMismatch`, `InvalidArgument` for lanes.
    pub fn new<M: SparseData<Scalar = T>>(a: &Sparse<M>) -> Result<Self> {
        let lower = Self::lower(a)?;
        Self::shifted(&lower, |shift| fill::cholesky(lower.clone(), shift))
    }
    /// L with the pattern of A and `level` levels of fill: entries that come of entries of lower levels; 0 is [`new`](Self::new).
    ///
    /// # Errors
    /// As `new`.
    pub fn with_level<M: SparseData<Scalar = T>>(a: &Sparse<M>, level: usize) -> Result<Self> {
        let lower = Self::lower(a)?;
        let pattern = fill::lower_levels(&lower, level);
        Self::shifted(&lower, |shift| fill::cholesky(pattern.clone(), shift))
    }
    /// L without the entries below `tol` times the 1-norm of their column of A, and of each column the largest alone: as many as A has there,
    /// and `fill` more. (Lin & More, Incomplete Cholesky factorizations with limited memory, SISC 21, 1999.)
    ///
    /// # Errors
    /// As `new`, and `InvalidArgument` unless `tol` is a number that is not negative.
    pub fn with_threshold<M: SparseData<Scalar = T>>(a: &Sparse<M>, tol: f64, fill: usize) -> Result<Self> {
        threshold("incomplete Cholesky", tol)?;
        let lower = Self::lower(a)?;
        Self::shifted(&lower, |shift| fill::threshold_cholesky(&lower, tol, fill, shift))
    }
    /// By L, with the diagonal entry last in each row.
    pub(super) fn from_factor(l: Rows<T>) -> Result<Self> {
        l.check()?;
        Ok(IncompleteCholesky { l, shift: 0.0, undone: false })
    }
    /// The lower triangle by rows, with a positive diagonal.
    pub(super) fn lower<M: SparseData<Scalar = T>>(a: &Sparse<M>) -> Result<Rows<T>> {
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
        Ok(lower)
    }
    /// Where a pivot is not positive the factorisation starts again with a larger diagonal (Manteuffel, Math. Comp. 34, 1980).
    fn shifted(lower: &Rows<T>, factor: impl Fn(f64) -> Result<Rows<T>>) -> Result<Self> {
        // A + shift diag(A): from 1 on, L cannot fail where A is diagonally dominant; a few doublings more serve all
        let mut shift = 0.0;
        for _ in 0..40 {
            match factor(shift) {
                Ok(l) => {
                    l.check()?;
                    return Ok(IncompleteCholesky { l, shift, undone: false });
                }
                Err(_) => shift = if shift == 0.0 { 1e-3 } else { 2.0 * shift },
            }
        }
        lower.check()?;
        factor(shift).map(|l| IncompleteCholesky { l, shift, undone: false })
    }
    /// What was added to the diagonal, relative to it: 0 unless a pivot was not positive.
    pub fn shift(&self) -> f64 {
        self.shift
    }
    /// Numbers in L.
    pub fn nnz(&self) -> usize {
        self.l.values.len()
    }
    /// S with S S^H = this operator: L^-H, or L of the inverse. It whitens, `S^H A S` is near I, and samples, as the principal root does,
    /// which is dense: ask for that by `sqrt()`, which goes by the eigen-decomposition and has no closed rule for that reason; as
    /// nothing but S S^H = M enters sampling, whitening and logdet, nothing is lost by S.
    ///
    /// ```
    /// # use cola_core::prelude::*;
    /// let a = Sparse::from_triplets(2, 2, [(0, 0, 4.0), (0, 1, 2.0), (1, 0, 2.0), (1, 1, 10.0)])?;
    /// let s = IncompleteCholesky::new(&a)?.root();
    /// // nothing was dropped: S^H A S = I
    /// let white = s.apply_adjoint(&a.apply(&s.apply(&[1.0, 2.0])));
    /// assert!((white[0] - 1.0f64).abs() < 1e-15 && (white[1] - 2.0f64).abs() < 1e-15);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn root(&self) -> IncompleteRoot<T> {
        IncompleteRoot(self.clone())
    }
    /// v <- L^-1 v.
    fn solve(&self, v: &mut [T]) {
        let l = &self.l;
        for i in 0..l.n() {
            let row = l.row(i);
            let last = row.end - 1;
            let sum = (row.start..last).fold(v[i], |s, at| s.sub_mul(l.values[at], v[l.indices[at]]));
            v[i] = sum.divided_by(l.values[last]);
        }
    }
    /// v <- L^-H v.
    fn solve_adjoint(&self, v: &mut [T]) {
        let l = &self.l;
        for i in (0..l.n()).rev() {
            let row = l.row(i);
            let last = row.end - 1;
            v[i] = v[i].divided_by(l.values[last]);
            let value = v[i];
            for at in row.start..last {
                let j = l.indices[at];
                v[j] = v[j].sub_mul(l.values[at].conj(), value);
            }
        }
    }
    /// v <- L v: from the last row up, so that what is read is old.
    fn multiply(&self, v: &mut [T]) {
        for i in (0..self.l.n()).rev() {
            v[i] = self.l.entries(i).fold(T::zero(), |s, (j, l)| s.add_mul(l, v[j]));
        }
    }
    /// v <- L^H v.
    fn multiply_adjoint(&self, v: &mut [T]) {
        for i in 0..self.l.n() {
            let value = core::mem::replace(&mut v[i], T::zero());
            for (j, l) in self.l.entries(i) {
                v[j] = v[j].add_mul(l.conj(), value);
            }
        }
    }
    /// log det L.
    fn logdet(&self) -> T::Re {
        let l = &self.l;
        (0..l.n()).fold(T::Re::zero(), |s, i| s + l.values[l.offsets[i + 1] - 1].re().ln())
    }
}
fn threshold(name: &str, tol: f64) -> Result<()> {
    match tol.is_finite() && tol >= 0.0 {
        true => Ok(()),
        false => Err(Error::invalid(format!("{name}: the threshold is {tol}; give a number that is not negative"))),
    }
}
operator!([T: Scalar] IncompleteCholesky<T> {
    scalar T; facts PsdFacts; rows Dyn; cols Dyn; nrows |s| s.l.n(); ncols s.l.n();
});
impl<T: Scalar> LinearOperator for IncompleteCholesky<T> {
    fn act(&self, how: Update<T>, x: View<'_, T>, y: ViewMut<'_, T>, s: &mut [T]) {
        apply(how, x, y, s, |v| match self.undone {
            false => {
                self.solve(v);
                self.solve_adjoint(v);
            }
            true => {
                self.multiply_adjoint(v);
                self.multiply(v);
            }
        })
    }
    fn scratch_len(&self, _: usize) -> usize {
        self.l.n()
    }
}
// ((L L^H)^-1)^-1 = L L^H
impl<T: Scalar, K: Facts> InverseRule<K> for IncompleteCholesky<T> {
    type Output = Self;
    fn inverse_rule(&self) -> Result<Self> {
        Ok(IncompleteCholesky { undone: !self.undone, ..self.clone() })
    }
}
// -2 sum log l_ii
impl<T: Scalar, K: Facts> DetRule<K> for IncompleteCholesky<T> {
    fn slogdet_rule(&self) -> Result<(T, T::Re)> {
        let twice = T::Re::real(if self.undone { 2.0 } else { -2.0 });
        Ok((T::one(), twice * self.logdet()))
    }
}
crate::base_eigh!([T: Scalar] IncompleteCholesky<T>);
crate::spectral_power!([T: Scalar] IncompleteCholesky<T>);
crate::base_exp!([T: Scalar] IncompleteCholesky<T>);
crate::spectral_log!([T: Scalar] IncompleteCholesky<T>);
crate::base_diagonal!([T: Scalar] IncompleteCholesky<T>);
crate::base_factors!([T: Scalar] IncompleteCholesky<T>);
crate::base_eig!([T: Scalar] IncompleteCholesky<T>);
crate::base_svd!([T: Scalar] IncompleteCholesky<T>);
crate::inverse_pinv!([T: Scalar] IncompleteCholesky<T>);
impl<T: Scalar> Explain for IncompleteCholesky<T> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        match question {
            Question::Apply | Question::Solve => Plan::rule(self, "L and L^H", "nnz(L)"),
            Question::Slogdet => Plan::rule(self, "product of the pivots", "n"),
            _ => base::<K, Self>(self, question),
        }
    }
}
// M = L^-H L^-1
impl<T: Scalar> SplitPreconditioner<T> for IncompleteCholesky<T> {
    fn split(&self) -> Result<Option<Split<'_, T>>> {
        let (_, log) = DetRule::<NoFacts>::slogdet_rule(self)?;
        Ok(Some(Split { root: Box::new(self.root()), logdet: log.lane_f64(0) }))
    }
}
/// S with S S^H = (L L^H)^-1, see [`IncompleteCholesky::root`].
#[derive(Clone, Debug)]
pub struct IncompleteRoot<T: Scalar>(IncompleteCholesky<T>);
operator!([T: Scalar] IncompleteRoot<T> {
    scalar T; facts NoFacts; rows Dyn; cols Dyn; nrows |s| s.0.l.n(); ncols s.0.l.n();
});
impl<T: Scalar> LinearOperator for IncompleteRoot<T> {
    fn act(&self, how: Update<T>, x: View<'_, T>, y: ViewMut<'_, T>, s: &mut [T]) {
        apply(how, x, y, s, |v| match (self.0.undone, how.adjoint) {
            (false, false) => self.0.solve_adjoint(v),
            (false, true) => self.0.solve(v),
            (true, false) => self.0.multiply(v),
            (true, true) => self.0.multiply_adjoint(v),
        })
    }
    fn scratch_len(&self, _: usize) -> usize {
        self.0.l.n()
    }
}
crate::base_rules!([T: Scalar] IncompleteRoot<T>);
impl<T: Scalar> Explain for IncompleteRoot<T> {}

/// (L U)^-1 where L U is near a sparse A; its inverse is L U, its determinant the product of the pivots. It has no closed square root: that
/// of a product of triangular factors is dense, and where L U is not positive definite there is no S with S S^H either.
///
/// ```
/// # use cola_core::prelude::*;
/// let a = Sparse::from_triplets(3, 3, [(0, 0, 4.0f64), (0, 1, 1.0), (1, 1, 3.0), (1, 0, -1.0), (2, 2, 2.0), (2, 0, 1.0)])?;
/// // one level of fill is all there is, so that it is the inverse
/// let p = IncompleteLu::with_level(&a, 1)?;
/// let s = a.solve_with(Gmres::default().preconditioner(&p), &vec![1.0, 2.0, 3.0])?;
/// assert!(s.report.iterations <= 2);
/// assert!((p.slogdet()?.1 + a.slogdet()?.1).abs() < 1e-14);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct IncompleteLu<T: Scalar> {
    lu: Rows<T>,
    /// Where the diagonal entry of each row is.
    diagonal: Vec<usize>,
    /// L U in place of its inverse.
    undone: bool,
}
impl<T: Scalar> IncompleteLu<T> {
    /// Factors with the pattern of A, without pivoting.
    ///
    /// # Errors
    /// `Singular` with the row of a pivot that is 0 to rounding, `NonFinite`, `ShapeMismatch`, `InvalidArgument` for lanes.
    pub fn new<M: SparseData<Scalar = T>>(a: &Sparse<M>) -> Result<Self> {
        Self::from_factors(fill::lu(Self::rows(a)?)?)
    }
    /// Factors with the pattern of A and `level` levels of fill; 0 is [`new`](Self::new).
    ///
    /// # Errors
    /// As `new`.
    pub fn with_level<M: SparseData<Scalar = T>>(a: &Sparse<M>, level: usize) -> Result<Self> {
        Self::from_factors(fill::lu(fill::levels(&Self::rows(a)?, level))?)
    }
    /// Factors without the entries below `tol` times the 2-norm of their row of A, and of each row of L and of U the largest alone: as many
    /// as A has there, and `fill` more. (Saad, ILUT: a dual threshold incomplete LU factorization, Numer. Linear Algebra Appl. 1, 1994.)
    ///
    /// # Errors
    /// As `new`, and `InvalidArgument` unless `tol` is a number that is not negative.
    pub fn with_threshold<M: SparseData<Scalar = T>>(a: &Sparse<M>, tol: f64, fill: usize) -> Result<Self> {
        threshold("incomplete LU", tol)?;
        Self::from_factors(fill::threshold_lu(&Self::rows(a)?, tol, fill)?)
    }
    fn rows<M: SparseData<Scalar = T>>(a: &Sparse<M>) -> Result<Rows<T>> {
        square("incomplete LU", a)?;
        crate::algorithms::krylov::plain_numbers::<T>("incomplete LU")?;
        let rows = Rows::new(a.0.compressed(), |_, _| true);
        rows.check()?;
        Ok(rows)
    }
    fn from_factors(lu: Rows<T>) -> Result<Self> {
        lu.check()?;
        let diagonal = fill::diagonal(&lu);
        Ok(IncompleteLu { lu, diagonal, undone: false })
    }
    /// Numbers in L and U.
    pub fn nnz(&self) -> usize {
        self.lu.values.len()
    }
    /// v <- (L U)^-1 v.
    fn solve(&self, v: &mut [T]) {
        let (lu, diagonal) = (&self.lu, &self.diagonal);
        for i in 0..lu.n() {
            v[i] = (lu.offsets[i]..diagonal[i]).fold(v[i], |s, at| s.sub_mul(lu.values[at], v[lu.indices[at]]));
        }
        for i in (0..lu.n()).rev() {
            let sum =
                (diagonal[i] + 1..lu.offsets[i + 1]).fold(v[i], |s, at| s.sub_mul(lu.values[at], v[lu.indices[at]]));
            v[i] = sum / lu.values[diagonal[i]];
        }
    }
    /// v <- (L U)^-H v: U^H, then L^H, by columns.
    fn solve_adjoint(&self, v: &mut [T]) {
        let (lu, diagonal) = (&self.lu, &self.diagonal);
        for i in 0..lu.n() {
            v[i] = v[i].divided_by(lu.values[diagonal[i]].conj());
            let value = v[i];
            for at in diagonal[i] + 1..lu.offsets[i + 1] {
                let j = lu.indices[at];
                v[j] = v[j].sub_mul(lu.values[at].conj(), value);
            }
        }
        for i in (0..lu.n()).rev() {
            let value = v[i];
            for at in lu.offsets[i]..diagonal[i] {
                let j = lu.indices[at];
                v[j] = v[j].sub_mul(lu.values[at].conj(), value);
            }
        }
    }
    /// v <- L U v, each product in the order in which what is read is old.
    fn multiply(&self, v: &mut [T]) {
        let (lu, diagonal) = (&self.lu, &self.diagonal);
        for i in 0..lu.n() {
            v[i] =
                (diagonal[i]..lu.offsets[i + 1]).fold(T::zero(), |s, at| s.add_mul(lu.values[at], v[lu.indices[at]]));
        }
        for i in (0..lu.n()).rev() {
            v[i] = (lu.offsets[i]..diagonal[i]).fold(v[i], |s, at| s.add_mul(lu.values[at], v[lu.indices[at]]));
        }
    }
    /// v <- U^H L^H v.
    fn multiply_adjoint(&self, v: &mut [T]) {
        let (lu, diagonal) = (&self.lu, &self.diagonal);
        for i in 0..lu.n() {
            let value = v[i];
            for at in lu.offsets[i]..diagonal[i] {
                let j = lu.indices[at];
                v[j] = v[j].add_mul(lu.values[at].conj(), value);
            }
        }
        for i in (0..lu.n()).rev() {
            let value = core::mem::replace(&mut v[i], T::zero());
            for at in diagonal[i]..lu.offsets[i + 1] {
                let j = lu.indices[at];
                v[j] = v[j].add_mul(lu.values[at].conj(), value);
            }
        }
    }
}
operator!([T: Scalar] IncompleteLu<T> {
    scalar T; facts NoFacts; rows Dyn; cols Dyn; nrows |s| s.lu.n(); ncols s.lu.n();
});
impl<T: Scalar> LinearOperator for IncompleteLu<T> {
    fn act(&self, how: Update<T>, x: View<'_, T>, y: ViewMut<'_, T>, s: &mut [T]) {
        apply(how, x, y, s, |v| match (self.undone, how.adjoint) {
            (false, false) => self.solve(v),
            (false, true) => self.solve_adjoint(v),
            (true, false) => self.multiply(v),
            (true, true) => self.multiply_adjoint(v),
        })
    }
    fn scratch_len(&self, _: usize) -> usize {
        self.lu.n()
    }
}
// ((L U)^-1)^-1 = L U
impl<T: Scalar, K: Facts> InverseRule<K> for IncompleteLu<T> {
    type Output = Self;
    fn inverse_rule(&self) -> Result<Self> {
        Ok(IncompleteLu { undone: !self.undone, ..self.clone() })
    }
}
// prod 1 / u_ii
impl<T: Scalar, K: Facts> DetRule<K> for IncompleteLu<T> {
    fn slogdet_rule(&self) -> Result<(T, T::Re)> {
        let (sign, log) = slog_product(self.diagonal.iter().map(|&at| self.lu.values[at]));
        // of modulus 1: its reciprocal is its conjugate
        Ok(if self.undone { (sign, log) } else { (sign.conj(), -log) })
    }
}
crate::base_eigh!([T: Scalar] IncompleteLu<T>);
crate::spectral_power!([T: Scalar] IncompleteLu<T>);
crate::base_exp!([T: Scalar] IncompleteLu<T>);
crate::spectral_log!([T: Scalar] IncompleteLu<T>);
crate::base_diagonal!([T: Scalar] IncompleteLu<T>);
crate::base_factors!([T: Scalar] IncompleteLu<T>);
crate::base_eig!([T: Scalar] IncompleteLu<T>);
crate::base_svd!([T: Scalar] IncompleteLu<T>);
crate::inverse_pinv!([T: Scalar] IncompleteLu<T>);
impl<T: Scalar> Explain for IncompleteLu<T> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        match question {
            Question::Apply | Question::Solve => Plan::rule(self, "L and U", "nnz(L) + nnz(U)"),
            Question::Slogdet => Plan::rule(self, "product of the pivots", "n"),
            _ => base::<K, Self>(self, question),
        }
    }
}
