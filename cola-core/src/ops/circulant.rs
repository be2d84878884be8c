//! Circulant matrices, on a line or on a grid: everything elementwise on the spectrum, by FFT.

use crate::algorithms::fft::{Convolution, from_complex};
use crate::data::{Column, VectorData};
use crate::error::{Error, Result, check};
use crate::facts::{Fact, Facts, InverseFacts, NoFacts, SelfAdjointFacts, UnitaryFacts};
use crate::functions::dense::finite;
use crate::functions::det::slog_product;
use crate::functions::diagonal::diagonal_start;
use crate::functions::{
    Cx, DetRule, DiagonalRule, EigFactors, EigRule, EighRule, ExpRule, InverseRule, LogRule, PinvRule, Power,
    PowerRule, SpectrumRule, SvdRule,
};
use crate::operator::short::Sc;
use crate::operator::{LinearOperator, Operator, Update, operator};
use crate::ops::{CirculantBasis, ExpFacts, Product, RootFacts, Scaled, Spectral, SvdFactors, WithFacts};
use crate::parameters::{Frame, LeafFn, Parameters, Path};
use crate::plan::{Cost, Explain, Plan, Question, base};
use crate::scalar::{Mask, Real, Scalar};
use crate::space::{Dyn, Space};
use crate::view::{View, ViewMut};
use num_traits::Zero;
use std::borrow::Cow;
use std::sync::Arc;

/// Up to this size a product by its n^2 terms is no slower than by FFT; lanes, which have no FFT, take it always.
const DIRECT: usize = 24;

/// A circulant matrix by its first column: entry (i, j) is c\[(i - j) mod n\]; on a grid (see [`nd`](Self::nd)) componentwise. Real or
/// complex, symmetric or not: `psd(..)` and `self_adjoint(..)` say what is known.
///
/// C = F^-1 diag(F c) F: product, solve, determinant, inverse, roots, exponential, logarithm, eigenvalues cost O(n log n), and what is a
/// function of a circulant is a circulant. So are sums and products. (Davis, Circulant Matrices, 1979.)
///
/// ```
/// # use cola_core::prelude::*;
/// let c = Circulant::new([4.0, 1.0, 0.0, 1.0]);
/// assert_eq!(c.apply(&[1.0, 0.0, 0.0, 0.0]), [4.0, 1.0, 0.0, 1.0]);
/// let root = c.sqrt()?;
/// assert!((root.apply(&root.apply(&[1.0, 0.0, 0.0, 0.0]))[1] - 1.0f64).abs() < 1e-15);
/// # Ok::<(), Error>(())
/// ```
pub struct Circulant<T: Scalar, S: Space = Dyn> {
    column: Column<T, S>,
    symbol: Arc<[T::Complex]>,
    plan: Convolution<T>,
}
impl<T: Scalar, S: Space> Clone for Circulant<T, S> {
    fn clone(&self) -> Self {
        Circulant { column: self.column.clone(), symbol: self.symbol.clone(), plan: self.plan.clone() }
    }
}
impl<T: Scalar, S: Space> core::fmt::Debug for Circulant<T, S> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Circulant").field("shape", &self.plan.shape()).field("column", &self.column).finish()
    }
}
impl<T: Scalar, S: Space> Circulant<T, S> {
    /// From the first column.
    pub fn new(column: impl VectorData<Scalar = T, Len = S>) -> Self {
        let n = column.view().rows;
        Self::planned(&column, Convolution::new(&[n]))
    }
    /// On a grid, the last index fastest: entry (i, j) is c\[(i_1 - j_1) mod n_1, ..\]; `kron(circulant(a), circulant(b))` is the case of a
    /// product c. The column lists the grid's points in order.
    ///
    /// # Errors
    /// `InvalidArgument` where the column has another number of entries than the grid has points.
    pub fn nd(shape: &[usize], column: impl VectorData<Scalar = T, Len = S>) -> Result<Self> {
        let (n, points) = (column.view().rows, shape.iter().product::<usize>());
        if n != points || shape.is_empty() {
            return Err(Error::invalid(format!("circulant: a grid of {shape:?} has {points} points, the column {n}")));
        }
        Ok(Self::planned(&column, Convolution::new(shape)))
    }
    fn planned(column: &impl VectorData<Scalar = T, Len = S>, plan: Convolution<T>) -> Self {
        let v = column.view();
        let mut c = Column::filled(v.rows, T::zero());
        c.iter_mut().enumerate().for_each(|(i, c)| *c = v.at(i, 0));
        let symbol = plan.symbol(&c).into();
        Circulant { column: c, symbol, plan }
    }
    fn from_symbol(plan: &Convolution<T>, symbol: Vec<T::Complex>) -> Self {
        let numbers = plan.column(&symbol);
        let mut column = Column::filled(numbers.len(), T::zero());
        column.copy_from_slice(&numbers);
        Circulant { column, symbol: symbol.into(), plan: plan.clone() }
    }
    /// The first column.
    pub fn column(&self) -> &[T] {
        &self.column
    }
    /// The shape of the grid; one number on a line.
    pub fn grid(&self) -> &[usize] {
        self.plan.shape()
    }
    /// Every eigenvalue, that of e^(2 pi i jk/n) at k.
    pub fn spectrum(&self) -> Vec<T::Complex> {
        self.plan.spectrum(&self.symbol)
    }
    /// Place of i - j on the grid.
    fn difference(&self, mut i: usize, mut j: usize) -> usize {
        let (mut at, mut stride) = (0, 1);
        for &n in self.plan.shape().iter().rev() {
            at += stride * ((i % n + n - j % n) % n);
            (i, j, stride) = (i / n, j / n, stride * n);
        }
        at
    }
    fn direct(&self) -> bool {
        let plain = <T as crate::algorithms::dense::Engine>::PLAIN;
        self.plan.shape().len() == 1 && (!plain || self.column.len() <= DIRECT)
    }
    /// What passes as rounding in an eigenvalue.
    fn tolerance(&self) -> T::Re {
        let largest = self.symbol.iter().fold(T::Re::zero(), |m, z| m.max(z.abs()));
        largest * T::Re::epsilon() * T::Re::of(self.column.len() as f64)
    }
    /// f of every eigenvalue, tested by `good`; what is real within rounding of a real matrix, or by promise, is real.
    fn map<F>(
        &self,
        real: bool,
        good: impl Fn(T::Complex, T::Re) -> T::Mask,
        error: impl Fn(usize, f64, f64) -> Error,
        f: impl Fn(T::Complex, T::Re) -> T::Complex,
    ) -> Result<WithFacts<Self, F>> {
        finite(&self.column, "the first column")?;
        let tol = self.tolerance();
        let mut out = Vec::with_capacity(self.symbol.len());
        for (k, &z) in self.symbol.iter().enumerate() {
            let flat = T::Mask::splat(real) | (T::Mask::splat(<T::IsReal as Fact>::KNOWN) & !tol.lt(z.im().abs()));
            let z = T::Complex::select(flat, T::Complex::from_re(z.re()), z);
            let ok = good(z, tol) & z.finite();
            check::<T>(ok, |lane| error(k, z.re().lane_f64(lane), tol.lane_f64(lane)))?;
            let y = f(T::Complex::select(ok, z, T::Complex::of(1.0)), tol);
            check::<T>(y.finite(), |_| Error::non_finite("the function of an eigenvalue: it overflowed"))?;
            out.push(y);
        }
        Ok(WithFacts::new(Self::from_symbol(&self.plan, out)))
    }
}
/// A circulant matrix by its first column: `circulant(c)` in `linop!`.
pub fn circulant<V: VectorData>(column: V) -> Circulant<V::Scalar, V::Len> {
    Circulant::new(column)
}
/// A circulant on a grid: `circulant_nd(&[4, 5], c)` in `linop!`.
///
/// # Panics
/// Where the column has another number of entries than the grid has points; `try_linop!` returns the error.
pub fn circulant_nd<V: VectorData>(shape: &[usize], column: V) -> Circulant<V::Scalar, V::Len> {
    Circulant::nd(shape, column).unwrap_or_else(|e| crate::dsl::shape_panic(&e))
}
/// A circulant on a grid.
///
/// # Errors
/// Those of [`Circulant::nd`].
pub fn try_circulant_nd<V: VectorData>(shape: &[usize], column: V) -> Result<Circulant<V::Scalar, V::Len>> {
    Circulant::nd(shape, column)
}
operator!([T: Scalar, S: Space] Circulant<T, S> {
    scalar T; facts NoFacts; rows S; cols S; nrows |s| s.column.len(); ncols s.column.len(); class crate::classes::IsCirculant;
});
crate::interop::saved!([T: Scalar, S: Space] Circulant<T, S>, "Circulant", [] { grid: Vec<usize> = |k| k.grid(), column: Column<T, S> = |k| k.column } {
    Circulant::nd(&grid, column)
});
impl<T: Scalar, S: Space> Parameters for Circulant<T, S> {
    type Number = T;
    type With<X: Scalar> = Circulant<X, S>;
    type Owned = Self;
    fn visit<'a>(&'a self, path: &mut Path, f: &mut dyn FnMut(&str, Cow<'a, [T]>)) {
        path.enter("column", |p| f(p.as_str(), Cow::Borrowed(&self.column)))
    }
    fn traverse<X: Scalar>(&self, path: &mut Path, f: LeafFn<'_, T, X>) -> Circulant<X, S> {
        let column: Column<X, S> = path.enter("column", |p| self.column.traverse(p, f));
        Circulant::planned(&column, Convolution::new(self.plan.shape()))
    }
    fn rebuild(&self, path: &mut Path, f: LeafFn<'_, T, T>) -> Self {
        self.traverse(path, f)
    }
    fn frame(&self, f: &mut dyn FnMut(Frame)) {
        self.plan.shape().iter().for_each(|&n| f(Frame::Shape(n, n)));
    }
}
impl<T: Scalar, S: Space> LinearOperator for Circulant<T, S> {
    #[inline]
    fn act(&self, how: Update<T>, x: View<'_, T>, mut y: ViewMut<'_, T>, s: &mut [T]) {
        let n = self.column.len();
        if self.direct() {
            for c in 0..x.cols {
                for i in 0..n {
                    let sum = (0..n).fold(T::zero(), |s, j| {
                        let a = if how.adjoint {
                            self.column[(j + n - i) % n].conj()
                        } else {
                            self.column[(i + n - j) % n]
                        };
                        s.add_mul(a, x.at(j, c))
                    });
                    how.write(y.at(i, c), sum);
                }
            }
            return;
        }
        let (buf, rest) = s.split_at_mut(n);
        for c in 0..x.cols {
            buf.iter_mut().enumerate().for_each(|(i, b)| *b = x.at(i, c));
            self.plan.multiply(&self.symbol, how.adjoint, buf, rest);
            buf.iter().enumerate().for_each(|(i, &b)| how.write(y.at(i, c), b));
        }
    }
    #[inline(always)]
    fn scratch_len(&self, _: usize) -> usize {
        if self.direct() { 0 } else { self.column.len() + self.plan.scratch_len() }
    }
}
fn nonzero<C: Scalar>(z: C, tol: C::Re) -> C::Mask {
    tol.lt(z.abs())
}
fn always<C: Scalar>(z: C, _: C::Re) -> C::Mask {
    z.finite()
}
fn singular(index: usize, _: f64, _: f64) -> Error {
    Error::Singular { index }
}
fn negative(_: usize, value: f64, tol: f64) -> Error {
    Error::NegativeEigenvalue { value, tol }
}
// 1 / z
impl<K: Facts, T: Scalar, S: Space> InverseRule<K> for Circulant<T, S> {
    type Output = WithFacts<Circulant<T, S>, InverseFacts<K>>;
    fn inverse_rule(&self) -> Result<Self::Output> {
        self.map(K::SelfAdjoint::KNOWN, nonzero, singular, |z, _| z.reciprocal())
    }
}
// product of the spectrum
impl<K: Facts, T: Scalar, S: Space> DetRule<K> for Circulant<T, S> {
    fn slogdet_rule(&self) -> Result<(T, T::Re)> {
        finite(&self.column, "the first column")?;
        let (tol, real) = (self.tolerance(), K::SelfAdjoint::KNOWN);
        let values = self.spectrum().into_iter().map(|z| {
            let z = if real { T::Complex::from_re(z.re()) } else { z };
            T::Complex::select(nonzero(z, tol), z, T::Complex::zero())
        });
        let (sign, log) = slog_product(values);
        let sign: T = from_complex(sign);
        let some = T::Re::zero().lt(sign.abs());
        Ok((T::select(some, sign.scale(T::Re::of(1.0) / T::Re::select(some, sign.abs(), T::Re::of(1.0))), sign), log))
    }
}
// z^p, principal
impl<K: Facts, T: Scalar, S: Space> PowerRule<K> for Circulant<T, S> {
    type Output = WithFacts<Circulant<T, S>, RootFacts<K>>;
    fn power_rule(&self, p: Power) -> Result<Self::Output> {
        let p = p.checked()?;
        let (real, zero) = (K::SelfAdjoint::KNOWN || <T::IsReal as Fact>::KNOWN, T::Re::zero());
        let on_cut = move |z: T::Complex, tol: T::Re| z.re().lt(-tol) & !zero.lt(z.im().abs());
        let rooted = move |z: T::Complex, tol: T::Re| {
            if p.is_integer() || !real { z.finite() } else { !on_cut(z, tol) }
        };
        if p.exponent() < 0.0 {
            self.map::<NoFacts>(K::SelfAdjoint::KNOWN, nonzero, singular, |z, _| z)?;
        }
        self.map(K::SelfAdjoint::KNOWN, rooted, negative, move |z, tol| {
            // a negative number within rounding of a real matrix is zero
            let small = if p.is_integer() { T::Mask::splat(false) } else { on_cut(z, -tol) & !tol.lt(z.abs()) };
            p.of(T::Complex::select(small, T::Complex::zero(), z))
        })
    }
}
// e^z
impl<K: Facts, T: Scalar, S: Space> ExpRule<K> for Circulant<T, S> {
    type Output = WithFacts<Circulant<T, S>, ExpFacts<K>>;
    fn exp_rule(&self) -> Result<Self::Output> {
        self.map(K::SelfAdjoint::KNOWN, always, singular, |z, _| z.exp())
    }
}
// log z, principal
impl<K: Facts, T: Scalar, S: Space> LogRule<K> for Circulant<T, S> {
    type Output = WithFacts<
        Circulant<T, S>,
        crate::facts::FactSet<K::SelfAdjoint, crate::facts::Unknown, crate::facts::Unknown, crate::facts::Unknown>,
    >;
    fn log_rule(&self) -> Result<Self::Output> {
        let (real, zero) = (K::SelfAdjoint::KNOWN || <T::IsReal as Fact>::KNOWN, T::Re::zero());
        self.map::<NoFacts>(K::SelfAdjoint::KNOWN, nonzero, singular, |z, _| z)?;
        let good = |z: T::Complex, _| {
            if real { !(z.re().lt(zero) & !zero.lt(z.im().abs())) } else { z.finite() }
        };
        self.map(K::SelfAdjoint::KNOWN, good, negative, |z, _| z.ln())
    }
}
// the Fourier basis; for real matrices that of Hartley, cos + sin, which spans the same pairs
impl<K: Facts<SelfAdjoint: crate::facts::SelfAdjointOf<Self>>, T: Scalar, S: Space> EighRule<K> for Circulant<T, S> {
    type Basis = CirculantBasis<T, S>;
    fn eigh_rule(&self) -> Result<Spectral<Self::Basis, SelfAdjointFacts>> {
        <Self as SpectrumRule<SelfAdjointFacts>>::spectrum_rule(self)
    }
}
impl<K: Facts, T: Scalar, S: Space> SpectrumRule<K> for Circulant<T, S> {
    type Vectors = CirculantBasis<T, S>;
    const STRUCTURED: bool = true;
    fn has_spectrum(&self) -> bool {
        K::SelfAdjoint::KNOWN
    }
    fn spectrum_rule(&self) -> Result<Spectral<Self::Vectors, SelfAdjointFacts>> {
        finite(&self.column, "the first column")?;
        let mut w = Column::filled(self.column.len(), T::Re::zero());
        w.iter_mut().zip(self.spectrum()).for_each(|(w, z)| *w = z.re());
        Ok(Spectral::from_parts(CirculantBasis::new(self.plan.shape()), w))
    }
}
impl<K: Facts, T: Scalar, S: Space> EigRule<K> for Circulant<T, S> {
    type Vectors = CirculantBasis<Cx<Self>, S>;
    fn eig_rule(&self) -> Result<EigFactors<Self::Vectors>> {
        finite(&self.column, "the first column")?;
        let mut w = Column::filled(self.column.len(), T::Complex::zero());
        w.copy_from_slice(&self.spectrum());
        Ok(EigFactors::from_parts(CirculantBasis::new(self.plan.shape()), w))
    }
    fn left_eig_rule(&self) -> Option<Result<EigFactors<Self::Vectors>>> {
        Some(EigRule::<K>::eig_rule(self).map(EigFactors::conjugated))
    }
}
impl<T: Scalar, S: Space> DiagonalRule for Circulant<T, S> {
    fn diagonal_rule(&self, k: isize, d: &mut [T]) -> Result<()> {
        let (row, col) = diagonal_start(k);
        d.iter_mut().enumerate().for_each(|(i, d)| *d = self.column[self.difference(row + i, col + i)]);
        Ok(())
    }
}
crate::base_factors!([T: Scalar, S: Space] Circulant<T, S>);
/// The unitary factor of a polar decomposition times the eigenvectors of the other: left singular vectors of a circulant.
type LeftVectors<T, S> = Product<WithFacts<Circulant<T, S>, UnitaryFacts>, CirculantBasis<T, S>>;
// C = Q |C|, both circulants: |C| = V diag|z| V^H with the Fourier basis, Q has the phases for spectrum
impl<K: Facts, T: Scalar, S: Space> SvdRule<K> for Circulant<T, S> {
    type Left = LeftVectors<T, S>;
    type Right = CirculantBasis<T, S>;
    fn svd_rule(&self) -> Result<SvdFactors<Self::Left, Self::Right>> {
        let phase = |z: T::Complex, _: T::Re| {
            let (size, one) = (z.abs(), T::Re::of(1.0));
            let some = T::Re::zero().lt(size);
            T::Complex::select(some, z.scale(one / T::Re::select(some, size, one)), T::Complex::of(1.0))
        };
        let q = self.map(K::SelfAdjoint::KNOWN, always, singular, phase)?;
        let mut s = Column::filled(self.column.len(), T::Re::zero());
        s.iter_mut().zip(self.spectrum()).for_each(|(s, z)| *s = z.abs());
        let v = CirculantBasis::new(self.plan.shape());
        Ok(SvdFactors { u: Product(q, v.clone()), s, v })
    }
}
// 1 / z, 0 within rounding of 0
impl<K: Facts, T: Scalar, S: Space> PinvRule<K> for Circulant<T, S> {
    type Output = WithFacts<Circulant<T, S>, InverseFacts<K>>;
    fn pinv_rule(&self) -> Result<Self::Output> {
        self.map(K::SelfAdjoint::KNOWN, always, singular, |z, tol| {
            let keep = tol.lt(z.abs());
            T::Complex::select(keep, T::Complex::select(keep, z, T::Complex::of(1.0)).reciprocal(), T::Complex::zero())
        })
    }
}
/// The plans of circulants and of what is one.
pub(crate) fn circulant_plan<K: Facts, A: Explain>(a: &A, question: Question) -> Plan {
    let fft = |rule: &'static str| Plan { cost: Cost::unknown("5n log n"), ..Plan::rule(a, rule, "n") };
    match question {
        Question::Apply => fft("FFT"),
        Question::Solve | Question::Power | Question::Exp | Question::Log => fft("elementwise on the spectrum"),
        Question::Slogdet => fft("product of the spectrum"),
        Question::Eigh if K::SelfAdjoint::KNOWN => fft("Fourier basis"),
        Question::Eig => fft("Fourier basis"),
        Question::Svd => fft("Fourier basis, the phases in U"),
        Question::Pinv => fft("elementwise on the spectrum"),
        Question::Trace | Question::Diagonal => Plan::rule(a, "constant along the diagonals", "n"),
        _ => base::<K, A>(a, question),
    }
}
impl<T: Scalar, S: Space> Explain for Circulant<T, S> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        circulant_plan::<K, Self>(self, question)
    }
}

/// A structure that is a circulant, of whatever is promised of it too: what its folded sums and products read.
pub trait AsCirculant: Operator {
    /// The circulant.
    fn to_circulant(&self) -> Circulant<Self::Scalar, Self::Rows>;
}
impl<T: Scalar, S: Space> AsCirculant for Circulant<T, S> {
    fn to_circulant(&self) -> Circulant<T, S> {
        self.clone()
    }
}
impl<A: AsCirculant, G: crate::facts::Sign> AsCirculant for Scaled<A, Sc<A>, G> {
    fn to_circulant(&self) -> Circulant<Sc<A>, A::Rows> {
        let a = self.a.to_circulant();
        Circulant::planned(&a.column.map(|x| self.c * x), a.plan.clone())
    }
}
/// The axes of a grid along which something moves: those of length 1 are none.
fn axes(shape: &[usize]) -> impl Iterator<Item = usize> + '_ {
    shape.iter().copied().filter(|&n| n != 1)
}
/// A + B, or A B, of two circulants on one grid: elementwise on their columns, or on their symbols. On grids of the same number of points
/// and other shapes the two do not commute, the result is no circulant, and what the types say of the product would not hold.
pub(crate) fn combined<T: Scalar, S: Space, R: Space>(
    op: &'static str,
    a: &Circulant<T, S>,
    b: &Circulant<T, R>,
    product: bool,
) -> Result<Circulant<T, S>> {
    if !axes(a.plan.shape()).eq(axes(b.plan.shape())) {
        return Err(match a.column.len() == b.column.len() {
            true => Error::invalid(format!(
                "{op}: circulants on grids of {:?} and {:?} make no circulant; keep them apart: `{}::new(a, b)`",
                a.plan.shape(),
                b.plan.shape(),
                if product { "Product" } else { "Sum" }
            )),
            false => {
                let (m, n) = (a.column.len(), b.column.len());
                Error::ShapeMismatch { op, left: (m, m), right: (n, n) }
            }
        });
    }
    if product && a.plan.shape() != b.plan.shape() {
        // the same grid by another name, 1 x 6 for 6: the spectrum in the order of the first
        return combined(op, a, &Circulant::<T, R>::planned(&b.column, a.plan.clone()), product);
    }
    if product {
        let z = a.symbol.iter().zip(b.symbol.iter()).map(|(x, y)| *x * *y).collect();
        return Ok(Circulant::from_symbol(&a.plan, z));
    }
    let mut column = a.column.clone();
    column.iter_mut().zip(&b.column).for_each(|(x, y)| *x += *y);
    Ok(Circulant::planned(&column, a.plan.clone()))
}
impl<T: Scalar, S: Space> Circulant<T, S> {
    /// C + c I.
    pub(crate) fn plus(&self, c: T) -> Self {
        let mut column = self.column.clone();
        if let Some(first) = column.first_mut() {
            *first += c;
        }
        Circulant::planned(&column, self.plan.clone())
    }
}

// d(u^T C v) / dc_k = sum_i u_i v_(i - k): the transpose of the circulant of v, of u
impl<T: Scalar, S: Space> crate::gradient::Differentiable for Circulant<T, S> {
    fn parameters(&self) -> usize {
        self.column.len()
    }
    fn accumulate_bilinear(&self, u: View<'_, T>, v: View<'_, T>, scale: T, g: &mut [T]) {
        let entries = |x: View<'_, T>| (0..x.rows).map(|i| x.at(i, 0)).collect::<Vec<_>>();
        let (symbol, mut w) = (self.plan.symbol(&entries(v)), entries(u));
        self.plan.multiply(&symbol, true, &mut w, &mut vec![T::zero(); self.plan.scratch_len()]);
        g.iter_mut().zip(&w).for_each(|(g, w)| *g += scale * *w);
    }
    fn accumulate_trace(&self, scale: T, g: &mut [T]) {
        if let Some(first) = g.first_mut() {
            *first += scale * T::of(self.column.len() as f64);
        }
    }
}
// tr(C^-1 P^k) = n times entry -k of the column of C^-1
impl<K: Facts, T: Scalar, S: Space> crate::gradient::LogdetGradient<K> for Circulant<T, S> {
    fn accumulate_logdet(&self, inverse: &Self::Output, scale: T, g: &mut [T]) {
        let n = T::of(self.column.len() as f64);
        for (k, g) in g.iter_mut().enumerate() {
            *g += scale * n * inverse.a.column[self.difference(0, k)];
        }
    }
}
impl<K: Facts, T: Scalar, S: Space> crate::gradient::SpectrumGradient<K> for Circulant<T, S> {}

#[cfg(test)]
mod tests;
