//! Band matrices: kl diagonals below the main one, ku above. Everything in O(n) memory.

use crate::algorithms::banded::{self as kernels, tridiagonalise};
use crate::algorithms::dense::{Engine, hermitian_tridiagonal, lanes};
use crate::data::{Column, Held, MatrixData, VectorData};
use crate::error::{Error, Result};
use crate::facts::{Fact, Facts, NoFacts};
use crate::functions::base::materialize;
use crate::functions::dense::{DenseBasis, DenseSpectral, dense_eigh, finite};
use crate::functions::det::slog_product;
use crate::functions::diagonal::diagonal_start;
use crate::functions::{DetRule, DiagonalRule, InverseRule};
use crate::operator::short::{Re, Ro, Sc};
use crate::operator::{LinearOperator, Operator, Update, operator, with_scratch};
use crate::ops::{Spectral, Unitary};
use crate::parameters::{Frame, LeafFn, Parameters, Path};
use crate::plan::{Explain, Plan, Question, base};
use crate::scalar::{Complex, Real, Scalar};
use crate::space::{Dyn, Space};
use crate::view::{View, ViewMut};
use core::marker::PhantomData;
use num_traits::{One, Zero};
use std::borrow::Cow;
use std::sync::Arc;

/// A square band matrix: entries (i, j) with j - ku <= i <= j + kl, stored as LAPACK does: entry (i, j) is row ku + i - j of column j of
/// a (kl + ku + 1) x n array.
///
/// Solve and determinant by banded LU with partial pivoting, under `psd(..)` by banded L D L^H: O(n b^2) time, O(n b) memory.
///
/// ```
/// # use cola_core::prelude::*;
/// let a = Banded::from_diagonals([(0, vec![2.0, 2.0, 2.0]), (1, vec![-1.0, -1.0]), (-2, vec![0.5])]);
/// assert_eq!(a.apply(&[1.0, 1.0, 1.0]), [1.0, 1.0, 2.5]);
/// assert!((a.solve(&[1.0, 1.0, 2.5])?[0] - 1.0f64).abs() < 1e-15);
/// # Ok::<(), Error>(())
/// ```
pub struct Banded<T, S = Dyn> {
    pub(crate) bands: Vec<T>,
    pub(crate) n: usize,
    /// Diagonals below and above.
    pub(crate) width: (usize, usize),
    pub(crate) space: PhantomData<fn() -> S>,
}
impl<T: Clone, S> Clone for Banded<T, S> {
    fn clone(&self) -> Self {
        Banded { bands: self.bands.clone(), n: self.n, width: self.width, space: PhantomData }
    }
}
impl<T: core::fmt::Debug, S> core::fmt::Debug for Banded<T, S> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let rows = self.bands.chunks(self.width.0 + self.width.1 + 1);
        f.debug_struct("Banded").field("width", &self.width).field("columns", &rows.collect::<Vec<_>>()).finish()
    }
}
impl<T: Scalar> Banded<T> {
    /// From diagonals (offset, entries): offset 0 is the main one, 1 the one above, -1 the one below. Those at one offset add up.
    ///
    /// # Panics
    /// Where lengths do not fit one size: use [`try_from_diagonals`](Self::try_from_diagonals).
    pub fn from_diagonals<V: VectorData<Scalar = T>>(diagonals: impl IntoIterator<Item = (isize, V)>) -> Self {
        Self::try_from_diagonals(diagonals).unwrap_or_else(|e| crate::dsl::shape_panic(&e))
    }
    /// From diagonals (offset, entries).
    ///
    /// # Errors
    /// `InvalidArgument` where lengths do not fit one size, or where there is no diagonal.
    pub fn try_from_diagonals<V: VectorData<Scalar = T>>(
        diagonals: impl IntoIterator<Item = (isize, V)>,
    ) -> Result<Self> {
        let all: Vec<(isize, V)> = diagonals.into_iter().collect();
        let size = |d: &(isize, V)| d.1.view().rows + d.0.unsigned_abs();
        let Some(n) = all.first().map(size) else {
            return Err(Error::invalid("banded: at least one diagonal tells the size: `[(0, d)]`"));
        };
        if let Some(d) = all.iter().find(|d| size(d) != n) {
            return Err(Error::invalid(format!(
                "banded: the diagonal at offset {} has {} entries, that of a {n} x {n} matrix has {}",
                d.0,
                d.1.view().rows,
                n.saturating_sub(d.0.unsigned_abs())
            )));
        }
        let reach = |below: bool| {
            let side = all.iter().filter(|d| (d.0 < 0) == below && d.1.view().rows > 0);
            side.map(|d| d.0.unsigned_abs()).max().unwrap_or(0)
        };
        let mut out = Self::zeros(n, (reach(true), reach(false)));
        for (offset, d) in &all {
            let ((row, col), d) = (diagonal_start(*offset), d.view());
            (0..d.rows).for_each(|i| *out.at_mut(row + i, col + i) += d.at(i, 0));
        }
        Ok(out)
    }
    /// From LAPACK's band storage: entry (i, j) is `storage[(ku + i - j, j)]`, of a (kl + ku + 1) x n matrix.
    ///
    /// # Errors
    /// `InvalidArgument` where the storage has another number of rows.
    pub fn from_storage(kl: usize, ku: usize, storage: impl MatrixData<Scalar = T>) -> Result<Self> {
        let v = storage.view();
        if v.rows != kl + ku + 1 {
            return Err(Error::invalid(format!(
                "banded: the storage of {kl} diagonals below and {ku} above has {} rows, not {}",
                kl + ku + 1,
                v.rows
            )));
        }
        let mut out = Self::zeros(v.cols, (kl, ku));
        for j in 0..v.cols {
            for i in j.saturating_sub(ku)..(j + kl + 1).min(v.cols) {
                *out.at_mut(i, j) = v.at(ku + i - j, j);
            }
        }
        Ok(out)
    }
}
/// A band matrix from diagonals (offset, entries): `banded([(0, d), (1, e), (-1, f)])` in `linop!`.
///
/// # Panics
/// Where lengths do not fit one size; `try_linop!` returns the error.
pub fn banded<V: VectorData>(diagonals: impl IntoIterator<Item = (isize, V)>) -> Banded<V::Scalar> {
    Banded::from_diagonals(diagonals)
}
/// A band matrix from diagonals (offset, entries).
///
/// # Errors
/// `InvalidArgument` where lengths do not fit one size.
pub fn try_banded<V: VectorData>(diagonals: impl IntoIterator<Item = (isize, V)>) -> Result<Banded<V::Scalar>> {
    Banded::try_from_diagonals(diagonals)
}
impl<T: Scalar, S: Space> Banded<T, S> {
    pub(crate) fn zeros(n: usize, (kl, ku): (usize, usize)) -> Self {
        let n = S::EXTENT.or(n);
        let width = (kl.min(n.saturating_sub(1)), ku.min(n.saturating_sub(1)));
        let bands = vec![T::zero(); (width.0 + width.1 + 1) * n];
        Banded { bands, n, width, space: PhantomData }
    }
    /// Diagonals below the main one, and above.
    pub fn width(&self) -> (usize, usize) {
        self.width
    }
    #[inline(always)]
    fn place(&self, i: usize, j: usize) -> usize {
        (self.width.1 + i - j) + (self.width.0 + self.width.1 + 1) * j
    }
    #[inline(always)]
    pub(crate) fn at_mut(&mut self, i: usize, j: usize) -> &mut T {
        let at = self.place(i, j);
        &mut self.bands[at]
    }
    fn at(&self, i: usize, j: usize) -> T {
        let inside = i <= j + self.width.0 && j <= i + self.width.1;
        if inside { self.bands[self.place(i, j)] } else { T::zero() }
    }
    /// Rows of column j that are stored.
    #[inline(always)]
    fn rows_of(&self, j: usize) -> core::ops::Range<usize> {
        j.saturating_sub(self.width.1)..(j + self.width.0 + 1).min(self.n)
    }
}
operator!([T: Scalar, S: Space] Banded<T, S> {
    scalar T; facts NoFacts; rows S; cols S; nrows |s| s.n; ncols s.n; class crate::classes::IsBanded;
});
crate::interop::saved!([T: Scalar, S: Space] Banded<T, S>, "Banded", [] { n: usize = |k| k.n, width: (usize, usize) = |k| k.width, bands: Vec<T> = |k| k.bands } {
    let (n, rows) = (S::EXTENT.or(n), width.0.saturating_add(width.1).saturating_add(1));
    match rows.checked_mul(n) == Some(bands.len()) {
        true => Ok(Banded { bands, n, width, space: PhantomData }),
        false => Err(Error::invalid(format!("banded: {rows} diagonals of {n} entries are not {} numbers", bands.len()))),
    }
});
impl<T: Scalar, S: Space> Parameters for Banded<T, S> {
    type Number = T;
    type With<X: Scalar> = Banded<X, S>;
    type Owned = Self;
    fn visit<'a>(&'a self, path: &mut Path, f: &mut dyn FnMut(&str, Cow<'a, [T]>)) {
        path.enter("bands", |p| f(p.as_str(), Cow::Borrowed(&self.bands)))
    }
    fn traverse<X: Scalar>(&self, path: &mut Path, f: LeafFn<'_, T, X>) -> Banded<X, S> {
        let mut bands = vec![X::zero(); self.bands.len()];
        path.enter("bands", |p| f(p.as_str(), &self.bands, &mut bands));
        Banded { bands, n: self.n, width: self.width, space: PhantomData }
    }
    fn rebuild(&self, path: &mut Path, f: LeafFn<'_, T, T>) -> Self {
        self.traverse(path, f)
    }
    fn frame(&self, f: &mut dyn FnMut(Frame)) {
        f(Frame::Shape(self.width.0, self.width.1))
    }
}
impl<T: Scalar, S: Space> LinearOperator for Banded<T, S> {
    #[inline]
    fn act(&self, how: Update<T>, x: View<'_, T>, mut y: ViewMut<'_, T>, _: &mut [T]) {
        for c in 0..x.cols {
            if how.adjoint {
                for j in 0..self.n {
                    let rows = self.rows_of(j);
                    let sum = rows.fold(T::zero(), |s, i| s.add_mul(self.bands[self.place(i, j)].conj(), x.at(i, c)));
                    how.write(y.at(j, c), sum);
                }
                continue;
            }
            if !how.add {
                (0..self.n).for_each(|i| *y.at(i, c) = T::zero());
            }
            for j in 0..self.n {
                let xj = how.alpha * x.at(j, c);
                for i in self.rows_of(j) {
                    let y = y.at(i, c);
                    *y = y.add_mul(self.bands[self.place(i, j)], xj);
                }
            }
        }
    }
    #[inline(always)]
    fn scratch_len(&self, _: usize) -> usize {
        0
    }
}
impl<T: Scalar, S: Space> DiagonalRule for Banded<T, S> {
    fn diagonal_rule(&self, k: isize, d: &mut [T]) -> Result<()> {
        let (row, col) = diagonal_start(k);
        d.iter_mut().enumerate().for_each(|(i, d)| *d = self.at(row + i, col + i));
        Ok(())
    }
}

/// A structure that is a band matrix, of whatever is promised of it too: what its rules are written over.
pub trait Bands: Operator {
    /// Diagonals below the main one, and above.
    fn band_width(&self) -> (usize, usize);
    /// to += c A.
    fn add_bands_to(&self, c: Self::Scalar, to: &mut Banded<Self::Scalar, Self::Rows>);
    /// The bands in one array.
    fn to_banded(&self) -> Banded<Self::Scalar, Self::Rows> {
        let mut out = Banded::zeros(self.nrows(), self.band_width());
        self.add_bands_to(Self::Scalar::one(), &mut out);
        out
    }
}
impl<T: Scalar, S: Space> Bands for Banded<T, S> {
    fn band_width(&self) -> (usize, usize) {
        self.width
    }
    fn add_bands_to(&self, c: T, to: &mut Banded<T, S>) {
        for j in 0..self.n {
            for i in self.rows_of(j) {
                let x = self.bands[self.place(i, j)];
                *to.at_mut(i, j) += c * x;
            }
        }
    }
}

/// A^-1 of a band matrix by its banded factors. `F`: its facts.
pub struct BandedInverse<T: Scalar, S, F> {
    factor: Arc<BandFactor<T>>,
    a: Banded<T, S>,
    facts: PhantomData<fn() -> F>,
}
impl<T: Scalar, S, F> Clone for BandedInverse<T, S, F> {
    fn clone(&self) -> Self {
        BandedInverse { factor: self.factor.clone(), a: self.a.clone(), facts: PhantomData }
    }
}
enum BandFactor<T: Scalar> {
    Ldl { l: Vec<T>, d: Vec<T::Re> },
    Lu { ab: Vec<T>, swaps: Vec<T::Re>, sign: T },
}
impl<T: Scalar, S: Space, F> BandedInverse<T, S, F> {
    /// Factors A: L D L^H if `psd`, LU else; the outcome of LU is still open.
    fn factor(a: &Banded<T, S>, psd: bool) -> Result<(BandFactor<T>, crate::error::Outcome<T>)> {
        finite(&a.bands, "the bands")?;
        let (n, (kl, ku)) = (a.n, a.width);
        if psd {
            let mut l = vec![T::zero(); (kl + 1) * n];
            let mut d = vec![T::Re::zero(); n];
            for j in 0..n {
                (j..(j + kl + 1).min(n)).for_each(|i| l[(i - j) + (kl + 1) * j] = a.at(i, j));
            }
            let outcome = kernels::ldl(n, kl, &mut l, &mut d);
            outcome.result(|index, pivot| Error::NotPositiveDefinite { index, pivot })?;
            return Ok((BandFactor::Ldl { l, d }, outcome));
        }
        let (mut ab, mut swaps) = (vec![T::zero(); (2 * kl + ku + 1) * n], vec![T::Re::zero(); kl * n]);
        for j in 0..n {
            a.rows_of(j).for_each(|i| ab[(kl + ku + i - j) + (2 * kl + ku + 1) * j] = a.at(i, j));
        }
        let (outcome, sign) = kernels::lu(n, a.width, &mut ab, &mut swaps);
        Ok((BandFactor::Lu { ab, swaps, sign }, outcome))
    }
    pub(crate) fn new(a: Banded<T, S>, psd: bool) -> Result<Self> {
        let (factor, outcome) = Self::factor(&a, psd)?;
        outcome.result(|index, _| Error::Singular { index })?;
        Ok(BandedInverse { factor: Arc::new(factor), a, facts: PhantomData })
    }
    /// Sign and log|det A|; a singular matrix is no error but (0, -inf).
    pub(crate) fn slogdet_of(a: &Banded<T, S>, psd: bool) -> Result<(T, T::Re)> {
        let (factor, outcome) = Self::factor(a, psd)?;
        let overflow = |_| Error::non_finite("the factorisation: it overflowed");
        crate::error::check::<T>(outcome.value.finite() | outcome.ok, overflow)?;
        let (sign, log) = factor.slogdet(a.n, a.width);
        let minus_infinity = T::Re::of(f64::NEG_INFINITY);
        Ok((T::select(outcome.ok, sign, T::zero()), T::Re::select(outcome.ok, log, minus_infinity)))
    }
}
impl<T: Scalar> BandFactor<T> {
    fn slogdet(&self, n: usize, (kl, ku): (usize, usize)) -> (T, T::Re) {
        match self {
            BandFactor::Ldl { d, .. } => slog_product(d.iter().map(|&d| T::from_re(d))),
            BandFactor::Lu { ab, sign, .. } => {
                let (s, log) = slog_product((0..n).map(|j| ab[kl + ku + (2 * kl + ku + 1) * j]));
                (s * *sign, log)
            }
        }
    }
}
operator!([T: Scalar, S: Space, F: Facts] BandedInverse<T, S, F> {
    scalar T; facts F; rows S; cols S; nrows |s| s.a.n; ncols s.a.n;
});
impl<T: Scalar, S: Space, F: Facts> LinearOperator for BandedInverse<T, S, F> {
    fn act(&self, how: Update<T>, x: View<'_, T>, mut y: ViewMut<'_, T>, s: &mut [T]) {
        let (n, width) = (self.a.n, self.a.width);
        let buf = &mut s[..n];
        for c in 0..x.cols {
            buf.iter_mut().enumerate().for_each(|(i, b)| *b = x.at(i, c));
            match &*self.factor {
                BandFactor::Ldl { l, d } => kernels::ldl_solve(n, width.0, l, d, buf),
                BandFactor::Lu { ab, swaps, .. } => kernels::lu_solve(n, width, ab, swaps, how.adjoint, buf),
            }
            buf.iter().enumerate().for_each(|(i, &b)| how.write(y.at(i, c), b));
        }
    }
    fn scratch_len(&self, _: usize) -> usize {
        self.a.n
    }
}
// (A^-1)^-1 = A
impl<K: Facts, T: Scalar, S: Space, F: Facts> InverseRule<K> for BandedInverse<T, S, F> {
    type Output = Banded<T, S>;
    fn inverse_rule(&self) -> Result<Self::Output> {
        Ok(self.a.clone())
    }
}
impl<K: Facts, T: Scalar, S: Space, F: Facts> DetRule<K> for BandedInverse<T, S, F> {
    fn slogdet_rule(&self) -> Result<(T, T::Re)> {
        let (sign, log) = self.factor.slogdet(self.a.n, self.a.width);
        Ok((T::one() / sign, -log))
    }
}
crate::base_eigh!([T: Scalar, S: Space, F: Facts] BandedInverse<T, S, F>);
crate::spectral_power!([T: Scalar, S: Space, F: Facts] BandedInverse<T, S, F>);
crate::base_exp!([T: Scalar, S: Space, F: Facts] BandedInverse<T, S, F>);
crate::spectral_log!([T: Scalar, S: Space, F: Facts] BandedInverse<T, S, F>);
crate::base_diagonal!([T: Scalar, S: Space, F: Facts] BandedInverse<T, S, F>);
crate::base_factors!([T: Scalar, S: Space, F: Facts] BandedInverse<T, S, F>);
crate::base_decompositions!([T: Scalar, S: Space, F: Facts] BandedInverse<T, S, F>);
impl<T: Scalar, S: Space, F: Facts> Explain for BandedInverse<T, S, F> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        let b = self.a.width.0 + self.a.width.1 + 1;
        match question {
            Question::Apply => Plan::rule(self, "banded substitution", &format!("{}n", 4 * b)),
            Question::Solve => Plan::rule(self, "undone: the bands", "n"),
            Question::Slogdet => Plan::rule(self, "from the banded factors", "n"),
            _ => base::<K, Self>(self, question),
        }
    }
}
/// The eigenvectors of a band matrix: sines where it is tridiagonal with constant diagonals, else a dense matrix.
#[cfg(feature = "fft")]
pub type BandBasis<T, S> = crate::ops::Either<crate::ops::Trigonometric<T, S>, DenseBasis<T, S>>;
/// The eigenvectors of a band matrix.
#[cfg(not(feature = "fft"))]
pub type BandBasis<T, S> = DenseBasis<T, S>;
/// The constant diagonals (main, next) of a symmetric tridiagonal matrix, whose eigenvectors are sines.
#[cfg(feature = "fft")]
fn constants<T: Scalar, S: Space>(a: &Banded<T, S>) -> Option<(T::Re, T::Re)> {
    if a.n < 2 || a.width != (1, 1) {
        return None;
    }
    let (d, e) = (a.at(0, 0), a.at(1, 0));
    let zero = T::Re::zero();
    let same = (0..a.n).all(|i| a.at(i, i) == d) && (1..a.n).all(|i| a.at(i, i - 1) == e && a.at(i - 1, i) == e);
    let real = d.im() == zero && e.im() == zero && crate::scalar::Mask::all(d.finite() & e.finite());
    if same && real && (<T as Engine>::PLAIN || T::LANES > 1) { Some((d.re(), e.re())) } else { None }
}
/// d + 2 e cos(k pi / (n + 1)) with the sines of type I.
#[cfg(feature = "fft")]
fn by_sines<T: Scalar, S: Space>(a: &Banded<T, S>) -> Option<Spectral<BandBasis<T, S>>> {
    let (d, e) = constants(a)?;
    let mut w = Column::<T::Re, S>::filled(a.n, T::Re::zero());
    for (k, w) in w.iter_mut().enumerate() {
        let angle = (k + 1) as f64 * core::f64::consts::PI / (a.n + 1) as f64;
        *w = d + (e + e) * T::Re::of(angle.cos());
    }
    Some(Spectral::from_parts(crate::ops::Either::First(crate::ops::Trigonometric::sines(a.n)), w))
}
#[cfg(not(feature = "fft"))]
fn by_sines<T: Scalar, S: Space>(_: &Banded<T, S>) -> Option<Spectral<BandBasis<T, S>>> {
    None
}
fn densely<T: Scalar, S: Space>(spectral: DenseSpectral<T, S>) -> Spectral<BandBasis<T, S>> {
    let (v, w) = spectral.into_parts();
    #[cfg(feature = "fft")]
    let v = crate::ops::Either::Second(v);
    Spectral::from_parts(v, w)
}
/// True if the eigen-decomposition is there at this size.
pub(crate) fn band_spectrum<A: Bands + LinearOperator>(a: &A) -> bool {
    crate::functions::base::is_direct(a) || a.band_width() == (1, 1) && by_sines(&a.to_banded()).is_some()
}
/// Eigenvalues and eigenvectors of a self-adjoint band matrix: closed where it is tridiagonal with constant diagonals; other tridiagonal
/// ones by QL without a reduction, others as dense ones.
pub(crate) fn band_eigh<A: Bands + LinearOperator>(a: &A) -> Result<Spectral<BandBasis<Sc<A>, Ro<A>>>> {
    let (n, (kl, ku)) = (a.nrows(), a.band_width());
    if lane_by_lane::<A>() {
        return lanes_eigh(&a.to_banded());
    }
    if Sc::<A>::LANES > 1 || !<Sc<A> as Engine>::PLAIN {
        return Ok(densely(dense_eigh(materialize("eigh", a)?)?));
    }
    if kl > 1 || ku > 1 {
        return reduced_eigh(kl.max(ku), materialize("eigh", a)?).map(densely);
    }
    let bands = a.to_banded();
    if let Some(spectral) = by_sines(&bands) {
        return Ok(spectral);
    }
    if !crate::functions::base::is_direct(a) {
        return Ok(densely(dense_eigh(materialize("eigh", a)?)?));
    }
    finite(&bands.bands, "the bands")?;
    let lower: Vec<Sc<A>> = (1..n).map(|i| bands.at(i, i - 1)).collect();
    let mut w = Column::<Re<A>, Ro<A>>::filled(n, Re::<A>::zero());
    w.iter_mut().enumerate().for_each(|(i, w)| *w = bands.at(i, i).re());
    let mut v = Held::<Sc<A>, Ro<A>>::filled(n, Sc::<A>::zero());
    let outcome = hermitian_tridiagonal(n, &mut w, &lower, v.as_mut_slice());
    outcome.result(|iterations, residual| Error::not_converged("eigh", iterations, residual, 0.0))?;
    Ok(densely(Spectral::from_parts(Unitary(crate::ops::Dense(v)), w)))
}
/// Lanes of dynamic sizes: each its own QL. Static ones are made dense: no heap, and the rotations of all lanes at once.
fn lane_by_lane<A: Operator>() -> bool {
    Sc::<A>::LANES > 1 && !A::SHAPE.rows.is_static()
}
/// The eigen-decomposition of each lane, in doubles.
fn lanes_eigh<T: Scalar, S: Space>(a: &Banded<T, S>) -> Result<Spectral<BandBasis<T, S>>> {
    if let Some(spectral) = by_sines(a) {
        return Ok(spectral);
    }
    finite(&a.bands, "the bands")?;
    let (n, mut v) = (a.n, Held::<T, S>::filled(a.n, T::zero()));
    let mut w = Column::<T::Re, S>::filled(n, T::Re::zero());
    lanes::each_lane::<T>("eigh", |lane| {
        let of_lane = a.bands.iter().map(|x| lanes::get(*x, lane)).collect();
        let (values, vectors) = lane_eigh(of_lane, <T::IsReal as Fact>::KNOWN, n, a.width)?;
        w.iter_mut().zip(values).for_each(|(w, x)| lanes::set(w, lane, Complex::new(x, 0.0)));
        v.as_mut_slice().iter_mut().zip(vectors).for_each(|(v, z)| lanes::set(v, lane, z));
        Ok(())
    })?;
    Ok(densely(Spectral::from_parts(Unitary(crate::ops::Dense(v)), w)))
}
type Eigenpairs = (Vec<f64>, Vec<Complex<f64>>);
/// Eigenvalues and eigenvectors of the matrix of one lane. (Not generic: compiled here, whatever the lanes.)
fn lane_eigh(bands: Vec<Complex<f64>>, real: bool, n: usize, width: (usize, usize)) -> Result<Eigenpairs> {
    fn of<T: Scalar>(bands: Vec<T>, n: usize, width: (usize, usize)) -> Result<Eigenpairs> {
        let (v, w) = band_eigh(&Banded::<T> { bands, n, width, space: PhantomData })?.into_parts();
        let mut all = vec![T::zero(); n * n];
        let eye = Held::<T, Dyn>::identity(n);
        with_scratch(v.scratch_len(n), |s| v.act(Update::replace(), eye.view(), ViewMut::matrix(&mut all, n, n), s));
        Ok((w.iter().map(|w| w.lane_f64(0)).collect(), all.iter().map(|x| lanes::get(*x, 0)).collect()))
    }
    match real {
        true => of(bands.iter().map(|z| z.re).collect::<Vec<f64>>(), n, width),
        false => of(bands, n, width),
    }
}
/// A = Q T Q^H with a tridiagonal T, by rotations within the band, then T by QL.
fn reduced_eigh<T: Scalar, S: Space>(b: usize, mut a: Held<T, S>) -> Result<DenseSpectral<T, S>> {
    finite(a.as_slice(), "the bands")?;
    let n = a.n;
    let mut q = Held::<T, S>::filled(n, T::zero());
    tridiagonalise(n, b, a.as_mut_slice(), q.as_mut_slice());
    let lower: Vec<T> = (1..n).map(|i| a.at(i, i - 1)).collect();
    let mut w = Column::<T::Re, S>::filled(n, T::Re::zero());
    w.iter_mut().enumerate().for_each(|(i, w)| *w = a.at(i, i).re());
    let outcome = hermitian_tridiagonal(n, &mut w, &lower, a.as_mut_slice());
    outcome.result(|iterations, residual| Error::not_converged("eigh", iterations, residual, 0.0))?;
    let mut v = Held::<T, S>::filled(n, T::zero());
    let out = ViewMut::matrix(v.as_mut_slice(), n, n);
    crate::algorithms::dense::gemm((T::one(), false), false, q.view(), a.view(), out);
    Ok(Spectral::from_parts(Unitary(crate::ops::Dense(v)), w))
}
/// The words of a plan of [`Bands`].
pub(crate) fn band_plan<K: Facts, A: Bands + Explain>(a: &A, question: Question) -> Plan {
    let (kl, ku) = a.band_width();
    let (b, known) = (kl + ku + 1, K::SelfAdjoint::KNOWN);
    let rule = match (kl.max(ku) <= 1, K::Psd::KNOWN) {
        (true, true) => "tridiagonal LDL^H",
        (true, false) => "Thomas with partial pivoting",
        (false, true) => "banded LDL^H",
        (false, false) => "banded LU with partial pivoting",
    };
    let cost = format!("{}n", 2 * b * (kl + 1));
    let by_ql = <A::Scalar as Engine>::PLAIN || lane_by_lane::<A>();
    match question {
        Question::Apply => Plan::rule(a, "by diagonals", &format!("{}n", 2 * b)),
        Question::Solve => Plan::rule(a, rule, &cost),
        Question::Slogdet => Plan::rule(a, format!("from {rule}"), &cost),
        Question::Trace | Question::Diagonal => Plan::rule(a, "read off", "n"),
        Question::Eigh if known && by_sines(&a.to_banded()).is_some() => Plan::rule(a, "closed: sines, by FFT", "n"),
        Question::Eigh if known && kl.max(ku) <= 1 && by_ql => Plan::rule(a, "tridiagonal QL", "6n^3"),
        Question::Eigh if known && by_ql && crate::functions::base::is_direct(&a) => {
            Plan::rule(a, "rotations within the band, tridiagonal QL", "18n^3")
        }
        Question::Power | Question::Log | Question::Exp if known => a.plan::<K>(Question::Eigh).spectral(),
        Question::Eig | Question::Svd | Question::Pinv if known => a.plan::<K>(Question::Eigh).decomposed(question),
        _ => base::<K, A>(a, question),
    }
}
/// The rules of a structure that is a band matrix.
macro_rules! band_rules {
    ([$($p:tt)*] $S:ty) => {
        // banded factors
        impl<Kk: $crate::facts::Facts, $($p)*> $crate::functions::InverseRule<Kk> for $S
        where $S: $crate::ops::Bands {
            type Output = $crate::ops::BandedInverse<
                $crate::operator::short::Sc<$S>, $crate::operator::short::Ro<$S>, $crate::facts::InverseFacts<Kk>>;
            fn inverse_rule(&self) -> $crate::Result<Self::Output> {
                $crate::ops::BandedInverse::new($crate::ops::Bands::to_banded(self), <Kk::Psd as $crate::facts::Fact>::KNOWN)
            }
        }
        impl<Kk: $crate::facts::Facts, $($p)*> $crate::functions::DetRule<Kk> for $S
        where $S: $crate::ops::Bands {
            fn slogdet_rule(&self) -> $crate::Result<($crate::operator::short::Sc<$S>, $crate::operator::short::Re<$S>)> {
                let psd = <Kk::Psd as $crate::facts::Fact>::KNOWN;
                $crate::ops::BandedInverse::<_, _, Kk>::slogdet_of(&$crate::ops::Bands::to_banded(self), psd)
            }
        }
        impl<Kk: $crate::facts::Facts<SelfAdjoint: $crate::facts::SelfAdjointOf<$S>>, $($p)*> $crate::functions::EighRule<Kk> for $S
        where $S: $crate::ops::Bands + $crate::operator::LinearOperator {
            type Basis = $crate::ops::BandBasis<$crate::operator::short::Sc<$S>, $crate::operator::short::Ro<$S>>;
            fn eigh_rule(&self) -> $crate::Result<$crate::ops::Spectral<Self::Basis, $crate::facts::SelfAdjointFacts>> {
                $crate::ops::band_eigh(self)
            }
        }
        impl<Kk: $crate::facts::Facts, $($p)*> $crate::functions::SpectrumRule<Kk> for $S
        where $S: $crate::ops::Bands + $crate::operator::LinearOperator {
            type Vectors = $crate::ops::BandBasis<$crate::operator::short::Sc<$S>, $crate::operator::short::Ro<$S>>;
            const STRUCTURED: bool = false;
            fn has_spectrum(&self) -> bool {
                <Kk::SelfAdjoint as $crate::facts::Fact>::KNOWN && $crate::ops::band_spectrum(self)
            }
            fn spectrum_rule(&self) -> $crate::Result<$crate::ops::Spectral<Self::Vectors, $crate::facts::SelfAdjointFacts>> {
                $crate::ops::band_eigh(self)
            }
        }
        $crate::spectral_power!([$($p)*] $S);
        $crate::spectral_exp!([$($p)*] $S);
        $crate::spectral_log!([$($p)*] $S);
        $crate::base_factors!([$($p)*] $S);
        $crate::spectral_decompositions!([$($p)*] $S);
        impl<$($p)*> $crate::plan::Explain for $S where $S: $crate::ops::Bands {
            fn plan<Kk: $crate::facts::Facts>(&self, question: $crate::plan::Question) -> $crate::plan::Plan {
                $crate::ops::band_plan::<Kk, Self>(self, question)
            }
        }
    };
}
pub(crate) use band_rules;
band_rules!([T: Scalar, S: Space] Banded<T, S>);

// d(u^T A v) / da_ij = u_i v_j
impl<T: Scalar, S: Space> crate::gradient::Differentiable for Banded<T, S> {
    fn parameters(&self) -> usize {
        self.bands.len()
    }
    fn accumulate_bilinear(&self, u: View<'_, T>, v: View<'_, T>, scale: T, g: &mut [T]) {
        for j in 0..self.n {
            for i in self.rows_of(j) {
                g[self.place(i, j)] += scale * u.at(i, 0) * v.at(j, 0);
            }
        }
    }
    fn accumulate_trace(&self, scale: T, g: &mut [T]) {
        (0..self.n).for_each(|i| g[self.place(i, i)] += scale);
    }
}
impl<K: Facts, T: Scalar, S: Space> crate::gradient::LogdetGradient<K> for Banded<T, S> {}
impl<K: Facts, T: Scalar, S: Space> crate::gradient::SpectrumGradient<K> for Banded<T, S> {}

#[cfg(test)]
mod tests;
