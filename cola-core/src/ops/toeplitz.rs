//! Toeplitz matrices: constant along the diagonals.

use crate::algorithms::fft::Convolution;
use crate::algorithms::krylov::{Cg, SolveAlgorithm};
use crate::algorithms::toeplitz::{self as kernels, Displacement};
use crate::data::{Column, VectorData};
use crate::dsl::shape_panic;
use crate::error::{Error, Result};
use crate::facts::{Fact, FactSet, Facts, InverseFacts, Unknown};
use crate::functions::base::{BaseInverse, materialize, square};
use crate::functions::dense::{FactorMethod, MethodOf, finite};
use crate::functions::diagonal::diagonal_start;
use crate::functions::{DetRule, DiagonalRule, InverseRule};
use crate::operator::short::{Re, Sc};
use crate::operator::{LinearOperator, Operator, Update, operator};
use crate::ops::{Circulant, Either, FoldedShift, Folding, Mirrored, Multiple, Scaled, UpperBand};
use crate::parameters::{LeafFn, Parameters, Path};
use crate::plan::{Cost, Explain, Plan, Question, base};
use crate::scalar::{Real, Scalar};
use crate::space::{Dyn, Space};
use crate::view::{View, ViewMut};
use core::marker::PhantomData;
use num_traits::Zero;
use std::borrow::Cow;
use std::sync::Arc;

/// Up to this many entries the product by its terms is no slower than by FFT.
const DIRECT: usize = 32 * 32;
/// From this size a PSD system is first given to conjugate gradients with a circulant preconditioner: O(n log n) a step.
const ITERATE: usize = 4096;

/// A Toeplitz matrix by its first column and first row, m x n: entry (i, j) is c\[i - j\] or r\[j - i\]; r\[0\] is not used. With
/// [`Mirrored`] in place of the row it is Hermitian: r = conj(c).
///
/// Products by FFT of a circulant of twice the size, O(n log n). Solve and determinant by the Levinson recursion, O(n^2); the inverse is
/// the Gohberg-Semencul formula: two vectors, applied by FFT. Where a leading minor is singular the dense matrix serves, up to the limit
/// for those. Large positive definite systems are solved by conjugate gradients with T. Chan's circulant preconditioner.
///
/// ```
/// # use cola_core::prelude::*;
/// let t = Toeplitz::new([3.0, 1.0, 0.5], [3.0, -1.0, 0.0]);
/// assert_eq!(t.apply(&[1.0, 0.0, 0.0]), [3.0, 1.0, 0.5]);
/// assert_eq!(t.apply(&[0.0, 1.0, 0.0]), [-1.0, 3.0, 1.0]);
/// let s = Psd::new(Toeplitz::symmetric([3.0, 1.0, 0.5]));
/// assert!((s.apply(&s.solve(&[1.0, 2.0, 3.0])?)[1] - 2.0f64).abs() < 1e-14);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone)]
pub struct Toeplitz<C: VectorData, R = Mirrored> {
    column: C,
    row: R,
    embedded: Embedded<C::Scalar>,
}
/// The circulant that a Toeplitz matrix is a corner of.
#[derive(Clone)]
struct Embedded<T: Scalar> {
    plan: Convolution<T>,
    symbol: Arc<[T::Complex]>,
}
impl<C: VectorData + core::fmt::Debug, R: core::fmt::Debug> core::fmt::Debug for Toeplitz<C, R> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Toeplitz").field("column", &self.column).field("row", &self.row).finish()
    }
}
impl<C: VectorData, R: UpperBand<C::Scalar>> Toeplitz<C, R> {
    fn checked(column: C, row: R) -> Result<Self> {
        let (m, n) = (column.view().rows, row.upper_len().unwrap_or(column.view().rows));
        if (m == 0) != (n == 0) {
            return Err(Error::invalid(format!("toeplitz: a column of {m} entries and a row of {n} share no corner")));
        }
        let plan = Convolution::new(&[kernels::fast_length((m + n).saturating_sub(1))]);
        let mut e = vec![C::Scalar::zero(); plan.points()];
        let c = column.view();
        (0..m).for_each(|i| e[i] = c.at(i, 0));
        let length = e.len();
        (1..n).for_each(|k| e[length - k] = row.upper_entry(k, if k < m { c.at(k, 0) } else { C::Scalar::zero() }));
        let symbol = plan.symbol(&e).into();
        Ok(Toeplitz { column, row, embedded: Embedded { plan, symbol } })
    }
    fn cols(&self) -> usize {
        self.row.upper_len().unwrap_or(self.column.view().rows)
    }
    /// t_k: c\[k\], or r\[-k\].
    pub(crate) fn at(&self, k: isize) -> C::Scalar {
        let (c, at) = (self.column.view(), k.unsigned_abs());
        if k >= 0 {
            return c.at(at, 0);
        }
        self.row.upper_entry(at, if at < c.rows { c.at(at, 0) } else { C::Scalar::zero() })
    }
    /// The first column and the first row, with c\[0\] at their corner.
    pub fn vectors(&self) -> (Vec<C::Scalar>, Vec<C::Scalar>) {
        let (m, n) = (self.column.view().rows as isize, self.cols() as isize);
        ((0..m).map(|k| self.at(k)).collect(), (0..n).map(|k| self.at(-k)).collect())
    }
    fn direct(&self) -> bool {
        !<C::Scalar as crate::algorithms::dense::Engine>::PLAIN || self.column.view().rows * self.cols() <= DIRECT
    }
}
impl<C: VectorData, R: VectorData<Scalar = C::Scalar>> Toeplitz<C, R> {
    /// From the first column and the first row.
    ///
    /// # Panics
    /// Where one of them is empty and the other is not.
    pub fn new(column: C, row: R) -> Self {
        Self::try_new(column, row).unwrap_or_else(|e| shape_panic(&e))
    }
    /// From the first column and the first row.
    ///
    /// # Errors
    /// `InvalidArgument` where one of them is empty and the other is not.
    pub fn try_new(column: C, row: R) -> Result<Self> {
        Self::checked(column, row)
    }
}
impl<C: VectorData> Toeplitz<C, Mirrored> {
    /// Symmetric, Hermitian where c\[0\] is real: from the first column.
    pub fn symmetric(column: C) -> Self {
        Self::checked(column, Mirrored).unwrap_or_else(|e| shape_panic(&e))
    }
}
crate::interop::saved!([C: VectorData, R: UpperBand<C::Scalar>] Toeplitz<C, R>, "Toeplitz", [] { column: C = |k| k.column, row: R = |k| k.row } {
    Toeplitz::checked(column, row)
});
/// A Toeplitz matrix by its first column and row: `toeplitz(c, r)` in `linop!`.
///
/// # Panics
/// Where one of them is empty and the other is not; `try_linop!` returns the error.
pub fn toeplitz<C: VectorData, R: VectorData<Scalar = C::Scalar>>(column: C, row: R) -> Toeplitz<C, R> {
    Toeplitz::new(column, row)
}
/// A Toeplitz matrix by its first column and row.
///
/// # Errors
/// `InvalidArgument` where one of them is empty and the other is not.
pub fn try_toeplitz<C: VectorData, R: VectorData<Scalar = C::Scalar>>(column: C, row: R) -> Result<Toeplitz<C, R>> {
    Toeplitz::try_new(column, row)
}
/// A symmetric (Hermitian) Toeplitz matrix by its first column: `toeplitz_sym(c)` in `linop!`.
pub fn toeplitz_sym<C: VectorData>(column: C) -> Toeplitz<C> {
    Toeplitz::symmetric(column)
}
/// The index set of the columns: that of the row, or of the column where it is mirrored.
pub trait RowSpace<C> {
    /// It.
    type Cols: Space;
}
impl<C: VectorData> RowSpace<C> for Mirrored {
    type Cols = C::Len;
}
impl<C, R: VectorData> RowSpace<C> for R {
    type Cols = R::Len;
}
operator!([C: VectorData, R: UpperBand<C::Scalar> + RowSpace<C>] Toeplitz<C, R> {
    scalar C::Scalar; facts FactSet<R::Symmetric, Unknown, Unknown, Unknown>; rows C::Len; cols R::Cols;
    nrows |s| s.column.view().rows; ncols s.cols(); class crate::classes::IsToeplitz;
});
/// A structure that is a Toeplitz matrix, of whatever is promised of it too: what its folded sums read.
pub trait AsToeplitz: Operator {
    /// t_k, entry (i, j) for i - j = k.
    fn toeplitz_entry(&self, k: isize) -> Self::Scalar;
}
impl<C: VectorData, R: UpperBand<C::Scalar> + RowSpace<C>> AsToeplitz for Toeplitz<C, R> {
    fn toeplitz_entry(&self, k: isize) -> C::Scalar {
        self.at(k)
    }
}
impl<A: AsToeplitz, G: crate::facts::Sign> AsToeplitz for Scaled<A, Sc<A>, G> {
    fn toeplitz_entry(&self, k: isize) -> Sc<A> {
        self.c * self.a.toeplitz_entry(k)
    }
}
impl<A: AsToeplitz, E: Multiple<Scalar = A::Scalar>> AsToeplitz for FoldedShift<A, E> {
    fn toeplitz_entry(&self, k: isize) -> Sc<A> {
        let t = self.0.toeplitz_entry(k);
        if k == 0 { t + self.1.identity_factor() } else { t }
    }
}
/// A Toeplitz matrix in storage of our own, of the index sets R and C.
pub type WholeToeplitz<T, R, C> = Toeplitz<Column<T, R>, Column<T, C>>;
/// By the entries t_k.
fn by_entries<T: Scalar, R: Space, C: Space>((m, n): (usize, usize), t: impl Fn(isize) -> T) -> WholeToeplitz<T, R, C> {
    let (mut column, mut row) = (Column::filled(m, T::zero()), Column::filled(n, T::zero()));
    column.iter_mut().enumerate().for_each(|(k, x)| *x = t(k as isize));
    row.iter_mut().enumerate().for_each(|(k, x)| *x = t(-(k as isize)));
    Toeplitz::checked(column, row).unwrap_or_else(|e| shape_panic(&e))
}
/// A + B.
pub(crate) fn toeplitz_sum<A: AsToeplitz, B: AsToeplitz<Scalar = A::Scalar>, R: Space, C: Space>(
    a: &A,
    b: &B,
) -> Result<WholeToeplitz<Sc<A>, R, C>> {
    let (left, right) = ((a.nrows(), a.ncols()), (b.nrows(), b.ncols()));
    if left != right {
        return Err(Error::ShapeMismatch { op: "A + B", left, right });
    }
    Ok(by_entries(left, |k| a.toeplitz_entry(k) + b.toeplitz_entry(k)))
}
/// The sum of some of one shape, of which there is one at least.
pub(crate) fn toeplitz_of<A: AsToeplitz>(parts: &[A]) -> WholeToeplitz<Sc<A>, A::Rows, A::Cols> {
    let shape = parts.first().map_or((0, 0), |a| (a.nrows(), a.ncols()));
    by_entries(shape, |k| parts.iter().fold(Sc::<A>::zero(), |s, a| s + a.toeplitz_entry(k)))
}
impl<C: VectorData, R: UpperBand<C::Scalar> + RowSpace<C>> Folding for Toeplitz<C, R> {
    type Whole = WholeToeplitz<C::Scalar, C::Len, R::Cols>;
    fn folded(&self, scale: C::Scalar, shift: C::Scalar) -> Self::Whole {
        by_entries((self.nrows(), self.ncols()), |k| {
            let t = scale * self.at(k);
            if k == 0 { t + shift } else { t }
        })
    }
}
macro_rules! leaves {
    ([$($p:tt)*] $R:ty, $With:ty, $Owned:ty, |$r:ident, $path:ident, $f:ident| $visit:expr, $traverse:expr, $rebuild:expr) => {
        impl<T: Scalar, C: Parameters<Number = T> + VectorData<Scalar = T>, $($p)*> Parameters for Toeplitz<C, $R>
        where
            Toeplitz<C, $R>: Operator<Scalar = T>,
        {
            type Number = T;
            type With<X: Scalar> = Toeplitz<Vec<X>, $With>;
            type Owned = Toeplitz<Vec<T>, $Owned>;
            fn visit<'a>(&'a self, $path: &mut Path, $f: &mut dyn FnMut(&str, Cow<'a, [T]>)) {
                $path.enter("column", |p| self.column.visit(p, $f));
                let $r = &self.row;
                $visit
            }
            fn traverse<X: Scalar>(&self, $path: &mut Path, $f: LeafFn<'_, T, X>) -> Self::With<X> {
                let column = $path.enter("column", |p| values(&self.column).traverse(p, $f));
                let $r = &self.row;
                Toeplitz::checked(column, $traverse).unwrap_or_else(|e| shape_panic(&e))
            }
            fn rebuild(&self, $path: &mut Path, $f: LeafFn<'_, T, T>) -> Self::Owned {
                let column = $path.enter("column", |p| values(&self.column).traverse(p, $f));
                let $r = &self.row;
                Toeplitz::checked(column, $rebuild).unwrap_or_else(|e| shape_panic(&e))
            }
        }
    };
}
fn values<V: VectorData>(v: &V) -> Vec<V::Scalar> {
    let v = v.view();
    (0..v.rows).map(|i| v.at(i, 0)).collect()
}
leaves!([] Mirrored, Mirrored, Mirrored, |r, path, f| { let _ = r; }, *r, *r);
leaves!([R: Parameters<Number = T> + VectorData<Scalar = T>] R, Vec<X>, Vec<T>, |r, path, f|
    path.enter("row", |p| r.visit(p, f)),
    path.enter("row", |p| values(r).traverse(p, f)),
    path.enter("row", |p| values(r).traverse(p, f)));
impl<C: VectorData, R: UpperBand<C::Scalar> + RowSpace<C>> LinearOperator for Toeplitz<C, R> {
    #[inline]
    fn act(&self, how: Update<Sc<Self>>, x: View<'_, Sc<Self>>, mut y: ViewMut<'_, Sc<Self>>, s: &mut [Sc<Self>]) {
        let (mut rows, mut cols) = (self.column.view().rows, self.cols());
        if how.adjoint {
            (rows, cols) = (cols, rows);
        }
        if self.direct() {
            for c in 0..x.cols {
                for i in 0..rows {
                    let sum = (0..cols).fold(Sc::<Self>::zero(), |s, j| {
                        let a = if how.adjoint {
                            self.at(j as isize - i as isize).conj()
                        } else {
                            self.at(i as isize - j as isize)
                        };
                        s.add_mul(a, x.at(j, c))
                    });
                    how.write(y.at(i, c), sum);
                }
            }
            return;
        }
        let (buf, rest) = s.split_at_mut(self.embedded.plan.points());
        for c in 0..x.cols {
            (0..cols).for_each(|j| buf[j] = x.at(j, c));
            buf[cols..].fill(Sc::<Self>::zero());
            self.embedded.plan.multiply(&self.embedded.symbol, how.adjoint, buf, rest);
            (0..rows).for_each(|i| how.write(y.at(i, c), buf[i]));
        }
    }
    fn scratch_len(&self, _: usize) -> usize {
        if self.direct() { 0 } else { self.embedded.plan.points() + self.embedded.plan.scratch_len() }
    }
}
impl<C: VectorData, R: UpperBand<C::Scalar> + RowSpace<C>> Toeplitz<C, R> {
    /// First and last column of the inverse, and the determinants on the way; `None` where a leading minor is (nearly) singular.
    fn displacement(&self, psd: bool) -> Result<Option<Displacement<Sc<Self>>>> {
        let (c, r) = self.vectors();
        finite(&c, "the first column")?;
        finite(&r, "the first row")?;
        kernels::levinson(&c, &r, psd)
    }
    /// The circulant nearest to T in the Frobenius norm. (T. Chan, An optimal circulant preconditioner, 1988.)
    pub(crate) fn optimal_circulant(&self) -> Circulant<Sc<Self>, Dyn> {
        let n = self.column.view().rows;
        let mean = |j: usize| {
            let (a, b) = (Sc::<Self>::of((n - j) as f64 / n as f64), Sc::<Self>::of(j as f64 / n as f64));
            a * self.at(j as isize) + if j == 0 { Sc::<Self>::zero() } else { b * self.at(j as isize - n as isize) }
        };
        Circulant::new((0..n).map(mean).collect::<Vec<_>>())
    }
}
/// The inverse of a Toeplitz matrix by its first and last column. (Gohberg & Semencul 1972; Heinig & Rost, Algebraic Methods for
/// Toeplitz-like Matrices, 1984.) `F`: its facts.
#[derive(Clone)]
pub struct ToeplitzInverse<T: Scalar, S, F> {
    /// T^-1 = L(x) U(J y) - L(Z y) U(Z J x), y the last column over x_0.
    parts: [Toeplitz<Vec<T>, Vec<T>>; 4],
    /// T itself, for a step of refinement.
    whole: Toeplitz<Vec<T>, Vec<T>>,
    det: (T, T::Re),
    marker: PhantomData<fn() -> (S, F)>,
}
impl<T: Scalar, S: Space, F: Facts> ToeplitzInverse<T, S, F> {
    fn new(whole: (Vec<T>, Vec<T>), d: Displacement<T>) -> Result<Self> {
        let n = d.first.len();
        let corner = |v: &T| {
            let mut e = vec![T::zero(); n];
            e[0] = *v;
            e
        };
        let lower = |v: Vec<T>| Toeplitz::try_new(v.clone(), corner(&v[0]));
        let upper = |v: Vec<T>| Toeplitz::try_new(corner(&v[0]), v);
        // the quotient first: products of entries of the inverse overflow where the inverse does not
        let (x, y) = (&d.first, &d.last.iter().map(|&y| y.divided_by(d.first[0])).collect::<Vec<_>>());
        let shifted = |v: &mut dyn Iterator<Item = T>| core::iter::once(T::zero()).chain(v).take(n).collect::<Vec<_>>();
        let parts = [
            lower(x.clone())?,
            upper(y.iter().rev().copied().collect())?,
            lower(shifted(&mut y.iter().copied()))?,
            upper(shifted(&mut x.iter().rev().copied()))?,
        ];
        Ok(ToeplitzInverse { parts, whole: Toeplitz::try_new(whole.0, whole.1)?, det: d.det, marker: PhantomData })
    }
    /// x = formula b.
    fn formula(&self, adjoint: bool, b: &[T], x: &mut [T], s: &mut [T]) {
        let n = b.len();
        let [l1, u1, l2, u2] = &self.parts;
        let (mid, rest) = s.split_at_mut(n);
        let one = Update { adjoint, ..Update::replace() };
        let [first, second] = if adjoint { [(l1, u1), (l2, u2)] } else { [(u1, l1), (u2, l2)] };
        first.0.act(one, View::vector(b), ViewMut::vector(mid), rest);
        first.1.act(one, View::vector(mid), ViewMut::vector(x), rest);
        second.0.act(one, View::vector(b), ViewMut::vector(mid), rest);
        second.1.act(one.times(-T::one()).add(), View::vector(mid), ViewMut::vector(x), rest);
    }
}
operator!([T: Scalar, S: Space, F: Facts] ToeplitzInverse<T, S, F> {
    scalar T; facts F; rows S; cols S; nrows |s| s.whole.column.len(); ncols s.whole.column.len();
});
impl<T: Scalar, S: Space, F: Facts> LinearOperator for ToeplitzInverse<T, S, F> {
    fn act(&self, how: Update<T>, x: View<'_, T>, mut y: ViewMut<'_, T>, s: &mut [T]) {
        let n = x.rows;
        let (b, s) = s.split_at_mut(n);
        let (z, s) = s.split_at_mut(n);
        let (r, rest) = s.split_at_mut(n);
        for c in 0..x.cols {
            b.iter_mut().enumerate().for_each(|(i, b)| *b = x.at(i, c));
            self.formula(how.adjoint, b, z, rest);
            // one step of refinement: r = b - T z, z += T^-1 r
            let residual = Update { alpha: -T::one(), add: true, adjoint: how.adjoint };
            r.copy_from_slice(b);
            self.whole.act(residual, View::vector(z), ViewMut::vector(r), rest);
            self.formula(how.adjoint, r, b, rest);
            (0..n).for_each(|i| how.write(y.at(i, c), z[i] + b[i]));
        }
    }
    fn scratch_len(&self, _: usize) -> usize {
        let parts = self.parts.iter().map(|p| p.scratch_len(1)).max().unwrap_or(0);
        4 * self.whole.column.len() + parts.max(self.whole.scratch_len(1))
    }
}
// (T^-1)^-1 = T
impl<K: Facts, T: Scalar, S: Space, F: Facts> InverseRule<K> for ToeplitzInverse<T, S, F> {
    type Output = Toeplitz<Vec<T>, Vec<T>>;
    fn inverse_rule(&self) -> Result<Self::Output> {
        Ok(self.whole.clone())
    }
}
impl<K: Facts, T: Scalar, S: Space, F: Facts> DetRule<K> for ToeplitzInverse<T, S, F> {
    fn slogdet_rule(&self) -> Result<(T, T::Re)> {
        Ok((T::one() / self.det.0, -self.det.1))
    }
}
crate::base_eigh!([T: Scalar, S: Space, F: Facts] ToeplitzInverse<T, S, F>);
crate::spectral_power!([T: Scalar, S: Space, F: Facts] ToeplitzInverse<T, S, F>);
crate::base_exp!([T: Scalar, S: Space, F: Facts] ToeplitzInverse<T, S, F>);
crate::spectral_log!([T: Scalar, S: Space, F: Facts] ToeplitzInverse<T, S, F>);
crate::base_diagonal!([T: Scalar, S: Space, F: Facts] ToeplitzInverse<T, S, F>);
crate::base_factors!([T: Scalar, S: Space, F: Facts] ToeplitzInverse<T, S, F>);
crate::base_decompositions!([T: Scalar, S: Space, F: Facts] ToeplitzInverse<T, S, F>);
impl<T: Scalar, S: Space, F: Facts> Explain for ToeplitzInverse<T, S, F> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        match question {
            Question::Apply if T::LANES > 1 => Plan::rule(self, "Gohberg-Semencul by terms", "20n^2"),
            Question::Apply => {
                Plan { cost: Cost::unknown("200n log n"), ..Plan::rule(self, "Gohberg-Semencul by FFT", "n") }
            }
            Question::Solve => Plan::rule(self, "undone: the Toeplitz matrix", "n"),
            Question::Slogdet => Plan::rule(self, "from the recursion", "n"),
            _ => base::<K, Self>(self, question),
        }
    }
}
type Inverse<A, K> =
    Either<ToeplitzInverse<Sc<A>, <A as Operator>::Rows, InverseFacts<K>>, BaseInverse<A, MethodOf<K>>>;
// Levinson, then Gohberg-Semencul
impl<K: Facts, C: VectorData, R: UpperBand<C::Scalar> + RowSpace<C>> InverseRule<K> for Toeplitz<C, R>
where
    Toeplitz<C, R>: Clone,
{
    type Output = Inverse<Self, K>;
    fn inverse_rule(&self) -> Result<Self::Output> {
        square("inverse", self)?;
        Ok(match self.displacement(K::Psd::KNOWN)? {
            Some(d) if !d.first.is_empty() => Either::First(ToeplitzInverse::new(self.vectors(), d)?),
            _ => Either::Second(BaseInverse::new(self)?),
        })
    }
    fn solve_rule(&self, b: View<'_, Sc<Self>>, mut x: ViewMut<'_, Sc<Self>>) -> Result<()>
    where
        Self::Output: LinearOperator<Scalar = Sc<Self>>,
    {
        square("solve", self)?;
        let large = K::Psd::KNOWN && Sc::<Self>::LANES == 1 && self.column.view().rows >= ITERATE;
        if large && let Ok(p) = InverseRule::<crate::facts::PsdFacts>::inverse_rule(&self.optimal_circulant()) {
            let tol = 1e3 * Re::<Self>::epsilon().lane_f64(0);
            let known = crate::ops::Psd(self);
            let mut cg = Cg::default().tol(tol).max_iters(200).preconditioner(&p);
            match cg.solve(&known, b, x.reborrow()) {
                Ok(_) => return Ok(()),
                // as near as rounding lets it come
                Err(Error::NotConverged { residual, .. }) if residual <= 10.0 * tol => return Ok(()),
                Err(_) => {}
            }
        }
        crate::functions::inverse::apply_checked(&InverseRule::<K>::inverse_rule(self)?, b, x)
    }
}
// ratios of leading minors by the same recursion
impl<K: Facts, C: VectorData, R: UpperBand<C::Scalar> + RowSpace<C>> DetRule<K> for Toeplitz<C, R> {
    fn slogdet_rule(&self) -> Result<(Sc<Self>, Re<Self>)> {
        square("slogdet", self)?;
        match self.displacement(K::Psd::KNOWN)? {
            Some(d) => Ok(d.det),
            None => MethodOf::<K>::slogdet_of(materialize("slogdet", self)?),
        }
    }
}
impl<C: VectorData, R: UpperBand<C::Scalar> + RowSpace<C>> DiagonalRule for Toeplitz<C, R> {
    fn diagonal_rule(&self, k: isize, d: &mut [Sc<Self>]) -> Result<()> {
        let (row, col) = diagonal_start(k);
        if !d.is_empty() {
            d.fill(self.at(row as isize - col as isize));
        }
        Ok(())
    }
    // n c_0
    fn trace_rule(&self) -> Result<Sc<Self>> {
        let n = self.column.view().rows.min(self.cols());
        Ok(if n == 0 { Sc::<Self>::zero() } else { self.at(0) * Sc::<Self>::of(n as f64) })
    }
}
crate::base_eigh!([C: VectorData, R: UpperBand<C::Scalar> + RowSpace<C>] Toeplitz<C, R>);
crate::spectral_power!([C: VectorData, R: UpperBand<C::Scalar> + RowSpace<C>] Toeplitz<C, R>);
crate::base_exp!([C: VectorData, R: UpperBand<C::Scalar> + RowSpace<C>] Toeplitz<C, R>);
crate::spectral_log!([C: VectorData, R: UpperBand<C::Scalar> + RowSpace<C>] Toeplitz<C, R>);
crate::base_factors!([C: VectorData, R: UpperBand<C::Scalar> + RowSpace<C>] Toeplitz<C, R>);
crate::base_decompositions!([C: VectorData, R: UpperBand<C::Scalar> + RowSpace<C>] Toeplitz<C, R>);
impl<C: VectorData, R: UpperBand<C::Scalar> + RowSpace<C>> Explain for Toeplitz<C, R> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        let one_lane = Sc::<Self>::LANES == 1;
        match question {
            Question::Apply if !one_lane => Plan::rule(self, "by its terms", "2mn"),
            Question::Apply => {
                Plan { cost: Cost::unknown("20n log n"), ..Plan::rule(self, "FFT of twice the size", "n") }
            }
            Question::Solve if one_lane && K::Psd::KNOWN && self.nrows() >= ITERATE => {
                Plan { cost: Cost::unknown("40n log n"), ..Plan::rule(self, "CG with a circulant preconditioner", "n") }
            }
            Question::Solve => Plan::rule(self, "Levinson, Gohberg-Semencul", "4n^2"),
            Question::Slogdet => Plan::rule(self, "Levinson", "4n^2"),
            Question::Trace | Question::Diagonal => Plan::rule(self, "constant along the diagonals", "n"),
            _ => base::<K, Self>(self, question),
        }
    }
}

// d(u^T T v) / dt_k = sum_i u_i v_(i - k): a correlation, by FFT
impl<C, R> crate::gradient::Differentiable for Toeplitz<C, R>
where
    C: VectorData,
    R: UpperBand<<C as VectorData>::Scalar> + RowSpace<C>,
    Self: Parameters<Number = <C as VectorData>::Scalar>,
{
    fn parameters(&self) -> usize {
        self.column.view().rows + self.row.upper_len().unwrap_or(0)
    }
    fn accumulate_bilinear(&self, u: View<'_, Sc<Self>>, v: View<'_, Sc<Self>>, scale: Sc<Self>, g: &mut [Sc<Self>]) {
        let plan = &self.embedded.plan;
        let padded = |x: View<'_, Sc<Self>>| {
            let mut e = vec![Sc::<Self>::zero(); plan.points()];
            (0..x.rows).for_each(|i| e[i] = x.at(i, 0));
            e
        };
        let (symbol, mut w) = (plan.symbol(&padded(v)), padded(u));
        plan.multiply(&symbol, true, &mut w, &mut vec![Sc::<Self>::zero(); plan.scratch_len()]);
        let (column, row) = g.split_at_mut(self.column.view().rows);
        column.iter_mut().zip(&w).for_each(|(g, w)| *g += scale * *w);
        // of the mirrored row the entries are those of the column
        let above = if row.is_empty() { column } else { row };
        for k in 1..self.cols() {
            above[k] += scale * w[w.len() - k];
        }
    }
}
impl<K: Facts, C: VectorData, R: UpperBand<C::Scalar> + RowSpace<C>> crate::gradient::LogdetGradient<K>
    for Toeplitz<C, R>
where
    Self: crate::gradient::Differentiable + Clone,
{
}
impl<K: Facts, C: VectorData, R: UpperBand<C::Scalar> + RowSpace<C>> crate::gradient::SpectrumGradient<K>
    for Toeplitz<C, R>
where
    Self: crate::gradient::Differentiable,
{
}

#[cfg(test)]
mod tests;
