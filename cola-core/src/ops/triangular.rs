//! Lower and upper triangular matrices: substitution, determinants read off, functions by recurrences.

use crate::algorithms::dense as kernels;
use crate::data::{Held, MatrixData, Panel};
use crate::error::{Error, Result, check};
use crate::facts::{Facts, NoFacts};
use crate::functions::base::square;
use crate::functions::dense::with_workspace;
use crate::functions::det::slog_product;
use crate::functions::diagonal::diagonal_start;
use crate::functions::factor::LuFactors;
use crate::functions::{
    DetRule, DiagonalRule, EigFactors, EigRule, ExpRule, InverseRule, LogRule, LuRule, Power, PowerRule,
};
use crate::gradient::{Differentiable, LogdetGradient, product};
use crate::operator::short::{Re, Sc};
use crate::operator::{LinearOperator, Operator, Update, operator};
use crate::ops::{Folding, Identity};
use crate::parameters::{Frame, LeafFn, Parameters, Path, tree_node};
use crate::plan::{Explain, Plan, Question, Tree, base};
use crate::scalar::{Real, Scalar};
use crate::space::Space;
use crate::view::{View, ViewMut};
use core::marker::PhantomData;
use num_traits::Zero;
use std::borrow::Cow;

/// Which triangle.
pub trait Side: Copy + Send + Sync + 'static {
    /// The lower one.
    const LOWER: bool;
    /// For plans.
    const NAME: &'static str;
    /// The class of its triangles.
    type Class: crate::dsl::Class;
}
/// The lower triangle.
#[derive(Clone, Copy, Debug)]
pub struct Lower;
/// The upper triangle.
#[derive(Clone, Copy, Debug)]
pub struct Upper;
impl Side for Lower {
    const LOWER: bool = true;
    const NAME: &'static str = "lower";
    type Class = crate::classes::IsLower;
}
impl Side for Upper {
    const LOWER: bool = false;
    const NAME: &'static str = "upper";
    type Class = crate::classes::IsUpper;
}

/// The lower or upper triangle of a matrix; what lies on the other side is not read. Of a rectangular matrix it is a trapezoid, which acts,
/// adds and multiplies as the square ones do; solve and what else needs a square operator refuse it.
///
/// ```
/// # use cola_core::prelude::*;
/// let l = Triangular::lower(nalgebra::matrix![2.0, 9.0; 1.0, 4.0]);
/// assert_eq!(l.apply(&[1.0, 1.0]), [2.0, 5.0]);
/// assert_eq!(l.solve(&[2.0, 5.0])?, [1.0, 1.0]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Triangular<M, U> {
    data: M,
    side: PhantomData<fn() -> U>,
}
/// A triangle in storage of our own.
pub type DenseTriangular<T, S, U> = Triangular<Held<T, S>, U>;
impl<M: MatrixData, U: Side> Triangular<M, U> {
    /// The triangle of a matrix.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn from_parts(data: M) -> Self {
        Triangular { data, side: PhantomData }
    }
    fn entry(&self, i: usize, j: usize) -> M::Scalar {
        self.data.view().at(i, j)
    }
}
impl<M: MatrixData> Triangular<M, Lower> {
    /// The lower triangle.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn lower(data: M) -> Self {
        Self::from_parts(data)
    }
}
impl<M: MatrixData> Triangular<M, Upper> {
    /// The upper triangle.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn upper(data: M) -> Self {
        Self::from_parts(data)
    }
}
operator!([M: MatrixData, U: Side] Triangular<M, U> {
    scalar M::Scalar; facts NoFacts; rows M::Rows; cols M::Cols; nrows |s| s.data.view().rows; ncols s.data.view().cols; dense true;
    class U::Class;
});
crate::interop::saved!([M: MatrixData, U: Side] Triangular<M, U>, "Triangular", [] { data: M = |k| k.data } Ok(Triangular::from_parts(data)));
tree_node!([M; U: Side] Triangular<M, U> { "data" => data; side });
impl<M: MatrixData, U: Side> LinearOperator for Triangular<M, U> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn act(&self, how: Update<Sc<Self>>, x: View<'_, Sc<Self>>, mut y: ViewMut<'_, Sc<Self>>, _: &mut [Sc<Self>]) {
        let a = self.data.view();
        let op = if how.adjoint { a.transposed() } else { a };
        let lower = U::LOWER != how.adjoint;
        for c in 0..x.cols {
            for i in 0..op.rows {
                let (first, end) = if lower { (0, (i + 1).min(op.cols)) } else { (i.min(op.cols), op.cols) };
                let mut sum = Sc::<Self>::zero();
                for j in first..end {
                    let v = if how.adjoint { op.at(i, j).conj() } else { op.at(i, j) };
                    sum = sum.add_mul(v, x.at(j, c));
                }
                how.write(y.at(i, c), sum);
            }
        }
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn scratch_len(&self, _: usize) -> usize {
        0
    }
}
const fn fixed<S: Space>() -> bool {
    S::EXTENT.is_static()
}
/// Every entry of the triangle is finite, and, if `regular`, no diagonal entry is zero.
fn usable<M: MatrixData, U: Side>(t: &Triangular<M, U>, op: &'static str, regular: bool) -> Result<()> {
    square(op, t)?;
    let (n, zero) = (t.nrows(), Re::<Triangular<M, U>>::zero());
    for j in 0..n {
        let rows = if U::LOWER { j..n } else { 0..j + 1 };
        for i in rows {
            check::<M::Scalar>(t.entry(i, j).finite(), |_| Error::non_finite(format!("entry ({i}, {j})")))?;
        }
        if regular {
            check::<M::Scalar>(zero.lt(t.entry(j, j).abs()), |_| Error::Singular { index: j })?;
        }
    }
    Ok(())
}
/// The triangle alone, zeros elsewhere.
fn triangle<M: MatrixData, U: Side>(t: &Triangular<M, U>) -> Held<M::Scalar, M::Rows> {
    let n = t.nrows();
    let mut h = Held::filled(n, M::Scalar::zero());
    for j in 0..n {
        let rows = if U::LOWER { j..n } else { 0..j + 1 };
        rows.for_each(|i| h.set(i, j, t.entry(i, j)));
    }
    h
}
/// The triangle alone in storage of our own, zeros elsewhere; rectangular ones are trapezoids.
pub type TrianglePanel<A> = Panel<<A as Operator>::Scalar, <A as Operator>::Rows, <A as Operator>::Cols>;
/// A structure that is a triangle, of whatever is promised of it too: what its folded sums and products read.
pub trait AsTriangle: Operator {
    /// Which one.
    type Side: Side;
    /// The triangle.
    fn to_triangle(&self) -> Triangular<TrianglePanel<Self>, Self::Side>;
}
impl<M: MatrixData, U: Side> AsTriangle for Triangular<M, U> {
    type Side = U;
    fn to_triangle(&self) -> Triangular<TrianglePanel<Self>, U> {
        let (m, n) = (self.nrows(), self.ncols());
        let mut p = Panel::filled(m, n, M::Scalar::zero());
        let mut to = p.view_mut();
        for j in 0..n {
            rows_of::<U>(m, j).for_each(|i| *to.at(i, j) = self.entry(i, j));
        }
        Triangular::from_parts(p)
    }
}
impl<A: AsTriangle, G: crate::facts::Sign> AsTriangle for crate::ops::Scaled<A, A::Scalar, G> {
    type Side = A::Side;
    fn to_triangle(&self) -> Triangular<TrianglePanel<Self>, A::Side> {
        let mut t = self.a.to_triangle();
        t.data.as_mut_slice().iter_mut().for_each(|x| *x = self.c * *x);
        t
    }
}
impl<M: MatrixData, U: Side> Folding for Triangular<M, U> {
    type Whole = Triangular<TrianglePanel<Self>, U>;
    fn folded(&self, scale: M::Scalar, shift: M::Scalar) -> Self::Whole {
        let (mut t, (m, n)) = (self.to_triangle(), (self.nrows(), self.ncols()));
        let entries = t.data.as_mut_slice();
        for j in 0..n {
            rows_of::<U>(m, j).for_each(|i| entries[i + m * j] = scale * entries[i + m * j]);
        }
        (0..m.min(n)).for_each(|i| entries[i + m * i] += shift);
        t
    }
}
/// The rows of column j of an m x n triangle.
fn rows_of<U: Side>(m: usize, j: usize) -> core::ops::Range<usize> {
    if U::LOWER { j.min(m)..m } else { 0..m.min(j + 1) }
}
/// A + B.
pub(crate) fn triangle_sum<M, N, R: Space, C: Space, U: Side>(
    a: &Triangular<M, U>,
    b: &Triangular<N, U>,
) -> Result<Triangular<Panel<M::Scalar, R, C>, U>>
where
    M: MatrixData,
    N: MatrixData<Scalar = M::Scalar>,
{
    let (left, right) = ((a.nrows(), a.ncols()), (b.nrows(), b.ncols()));
    if left != right {
        return Err(Error::ShapeMismatch { op: "A + B", left, right });
    }
    let mut p = Panel::filled(left.0, left.1, M::Scalar::zero());
    let mut to = p.view_mut();
    for j in 0..left.1 {
        rows_of::<U>(left.0, j).for_each(|i| *to.at(i, j) = a.entry(i, j) + b.entry(i, j));
    }
    Ok(Triangular::from_parts(p))
}
/// A B: entry (i, j) is a sum over the indices between i and j.
pub(crate) fn triangle_product<M, N, U: Side>(
    a: &Triangular<M, U>,
    b: &Triangular<N, U>,
) -> Result<Triangular<Panel<M::Scalar, M::Rows, N::Cols>, U>>
where
    M: MatrixData,
    N: MatrixData<Scalar = M::Scalar>,
{
    let (left, right) = ((a.nrows(), a.ncols()), (b.nrows(), b.ncols()));
    if left.1 != right.0 {
        return Err(Error::ShapeMismatch { op: "A * B", left, right });
    }
    let mut p = Panel::filled(left.0, right.1, M::Scalar::zero());
    let mut to = p.view_mut();
    for j in 0..right.1 {
        for i in rows_of::<U>(left.0, j) {
            let (first, end) = if U::LOWER { (j, i + 1) } else { (i, j + 1) };
            let between = first..end.min(left.1);
            *to.at(i, j) = between.fold(M::Scalar::zero(), |s, k| s.add_mul(a.entry(i, k), b.entry(k, j)));
        }
    }
    Ok(Triangular::from_parts(p))
}
/// The inverse of a triangular matrix, by substitution.
#[derive(Clone, Debug)]
pub struct TriangularInverse<T: Scalar, S: Space, U>(DenseTriangular<T, S, U>);
operator!([T: Scalar, S: Space, U: Side] TriangularInverse<T, S, U> {
    scalar T; facts NoFacts; rows S; cols S; nrows |s| s.0.nrows(); ncols s.0.nrows(); dense true;
});
impl<T: Scalar, S: Space, U: Side> Parameters for TriangularInverse<T, S, U> {
    type Number = T;
    type With<X: Scalar> = TriangularInverse<X, S, U>;
    type Owned = Self;
    fn visit<'a>(&'a self, path: &mut Path, f: &mut dyn FnMut(&str, Cow<'a, [T]>)) {
        self.0.visit(path, f)
    }
    fn traverse<X: Scalar>(&self, path: &mut Path, f: LeafFn<'_, T, X>) -> TriangularInverse<X, S, U> {
        TriangularInverse(self.0.traverse(path, f))
    }
    fn rebuild(&self, path: &mut Path, f: LeafFn<'_, T, T>) -> Self {
        self.traverse(path, f)
    }
    fn frame(&self, f: &mut dyn FnMut(Frame)) {
        f(Frame::Shape(self.nrows(), self.ncols()))
    }
}
// d(u^T T^-1 v) = -(T^-T u)^T dT (T^-1 v)
impl<T: Scalar, S: Space, U: Side> Differentiable for TriangularInverse<T, S, U> {
    fn parameters(&self) -> usize {
        self.0.parameters()
    }
    fn accumulate_bilinear(&self, u: View<'_, T>, v: View<'_, T>, scale: T, g: &mut [T]) {
        let (x, y) = (product(self, false, v), product(self, true, u));
        self.0.accumulate_bilinear(View::vector(&y), View::vector(&x), -scale, g)
    }
}
impl<K: Facts, T: Scalar, S: Space, U: Side> LogdetGradient<K> for TriangularInverse<T, S, U> {}
impl<T: Scalar, S: Space, U: Side> LinearOperator for TriangularInverse<T, S, U> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn act(&self, how: Update<T>, x: View<'_, T>, mut y: ViewMut<'_, T>, s: &mut [T]) {
        let n = self.nrows();
        let buf = &mut s[..n * x.cols];
        for c in 0..x.cols {
            (0..n).for_each(|i| buf[i + n * c] = x.at(i, c));
        }
        let out = ViewMut::matrix(buf, n, x.cols);
        kernels::trisolve(n, fixed::<S>(), U::LOWER, false, how.adjoint, self.0.data.view(), out);
        for c in 0..x.cols {
            (0..n).for_each(|i| how.write(y.at(i, c), buf[i + n * c]));
        }
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn scratch_len(&self, columns: usize) -> usize {
        self.nrows() * columns
    }
}
// substitution
impl<K: Facts, M: MatrixData, U: Side> InverseRule<K> for Triangular<M, U> {
    type Output = TriangularInverse<M::Scalar, M::Rows, U>;
    fn inverse_rule(&self) -> Result<Self::Output> {
        usable(self, "inverse", true)?;
        Ok(TriangularInverse(Triangular::from_parts(triangle(self))))
    }
    fn solve_rule(&self, b: View<'_, M::Scalar>, mut x: ViewMut<'_, M::Scalar>) -> Result<()> {
        usable(self, "solve", true)?;
        for c in 0..b.cols {
            (0..b.rows).for_each(|i| *x.at(i, c) = b.at(i, c));
        }
        kernels::trisolve(self.nrows(), fixed::<M::Rows>(), U::LOWER, false, false, self.data.view(), x);
        Ok(())
    }
}
impl<K: Facts, T: Scalar, S: Space, U: Side> InverseRule<K> for TriangularInverse<T, S, U> {
    type Output = DenseTriangular<T, S, U>;
    fn inverse_rule(&self) -> Result<Self::Output> {
        Ok(self.0.clone())
    }
}
// product of the diagonal
impl<K: Facts, M: MatrixData, U: Side> DetRule<K> for Triangular<M, U> {
    fn slogdet_rule(&self) -> Result<(M::Scalar, Re<Self>)> {
        usable(self, "slogdet", false)?;
        Ok(slog_product((0..self.nrows()).map(|i| self.entry(i, i))))
    }
}
impl<K: Facts, T: Scalar, S: Space, U: Side> DetRule<K> for TriangularInverse<T, S, U> {
    fn slogdet_rule(&self) -> Result<(T, T::Re)> {
        let (sign, log) = <DenseTriangular<T, S, U> as DetRule<K>>::slogdet_rule(&self.0)?;
        Ok((sign.conj(), -log))
    }
}
/// f of a triangle by a kernel for upper triangles: f(L) = f(L^T)^T.
fn by_upper<M: MatrixData, U: Side>(
    t: &Triangular<M, U>,
    op: &'static str,
    f: impl FnOnce(usize, &mut [M::Scalar]) -> Result<()>,
) -> Result<DenseTriangular<M::Scalar, M::Rows, U>> {
    usable(t, op, false)?;
    let flip = |mut h: Held<M::Scalar, M::Rows>| {
        for j in 0..h.n {
            for i in 0..j {
                let (a, b) = (h.at(i, j), h.at(j, i));
                h.set(i, j, b);
                h.set(j, i, a);
            }
        }
        h
    };
    let mut h = triangle(t);
    if U::LOWER {
        h = flip(h);
    }
    f(h.n, h.as_mut_slice())?;
    if U::LOWER {
        h = flip(h);
    }
    crate::functions::dense::finite(h.as_slice(), "the function: it overflowed")?;
    Ok(Triangular::from_parts(h))
}
// Bjorck-Hammarling recurrence; other powers by inverse scaling and squaring
impl<K: Facts, M: MatrixData, U: Side> PowerRule<K> for Triangular<M, U> {
    type Output = DenseTriangular<M::Scalar, M::Rows, U>;
    fn power_rule(&self, p: Power) -> Result<Self::Output> {
        let p = p.checked()?;
        if p.exponent() < 0.0 {
            usable(self, "power", true)?;
        }
        if p.exponent() == 0.5 {
            return by_upper(self, "power", kernels::sqrt_upper);
        }
        by_upper(self, "power", |n, a| {
            with_workspace::<_, M::Rows, _, { kernels::POW_SQUARES }>(n, |work| {
                kernels::pow_upper_in(n, a, p.exponent(), work)
            })
        })
    }
}
impl<K: Facts, M: MatrixData, U: Side> ExpRule<K> for Triangular<M, U> {
    type Output = DenseTriangular<M::Scalar, M::Rows, U>;
    fn exp_rule(&self) -> Result<Self::Output> {
        by_upper(self, "exp", |n, a| {
            with_workspace::<_, M::Rows, _, { kernels::EXP_SQUARES }>(n, |work| kernels::exp_upper_in(n, a, work))
        })
    }
}
impl<K: Facts, M: MatrixData, U: Side> LogRule<K> for Triangular<M, U> {
    type Output = DenseTriangular<M::Scalar, M::Rows, U>;
    fn log_rule(&self) -> Result<Self::Output> {
        usable(self, "log", true)?;
        by_upper(self, "log", |n, a| {
            with_workspace::<_, M::Rows, _, { kernels::LOG_SQUARES }>(n, |work| kernels::log_upper_in(n, a, work))
        })
    }
}
// w = the diagonal; V by back substitution, a triangle of the same side
impl<K: Facts, M: MatrixData, U: Side> EigRule<K> for Triangular<M, U> {
    type Vectors = DenseTriangular<<M::Scalar as Scalar>::Complex, M::Rows, U>;
    fn eig_rule(&self) -> Result<EigFactors<Self::Vectors>> {
        usable(self, "eig", false)?;
        let n = self.nrows();
        // J L J is upper triangular where J reverses the order, and L J v = w J v
        let place = |i: usize| if U::LOWER { n - 1 - i } else { i };
        let (mut upper, mut y) =
            (Held::<_, M::Rows>::filled(n, M::Scalar::zero()), Held::<_, M::Rows>::filled(n, M::Scalar::zero()));
        (0..n * n).for_each(|k| upper.set(k % n, k / n, self.data.view().at(place(k % n), place(k / n))));
        kernels::eig_upper(n, upper.as_slice(), y.as_mut_slice());
        let mut v = Held::filled(n, <M::Scalar as Scalar>::Complex::zero());
        (0..n * n).for_each(|k| v.set(place(k % n), place(k / n), y.as_slice()[k].to_complex()));
        crate::functions::dense::finite(v.as_slice(), "the eigenvectors")?;
        let w = crate::functions::eig::complex_column((0..n).map(|i| self.entry(i, i)));
        Ok(EigFactors::from_parts(Triangular::from_parts(v), w))
    }
}
crate::base_svd!([M: MatrixData, U: Side] Triangular<M, U>);
crate::base_pinv!([M: MatrixData, U: Side] Triangular<M, U>);
// read off
impl<M: MatrixData, U: Side> DiagonalRule for Triangular<M, U> {
    const READS: bool = true;
    fn diagonal_rule(&self, k: isize, d: &mut [M::Scalar]) -> Result<()> {
        let ((row, col), inside) = (diagonal_start(k), if U::LOWER { k <= 0 } else { k >= 0 });
        let at = |i: usize| if inside { self.entry(row + i, col + i) } else { M::Scalar::zero() };
        d.iter_mut().enumerate().for_each(|(i, d)| *d = at(i));
        Ok(())
    }
}
// a promised self-adjoint triangle is a diagonal: by the base case
crate::base_eigh!([M: MatrixData, U: Side] Triangular<M, U>);
crate::base_cholesky!([M: MatrixData, U: Side] Triangular<M, U>);
// U = I I U; L by elimination, because it need not have a unit diagonal
impl<M: MatrixData> LuRule for Triangular<M, Upper> {
    type P = Identity<M::Scalar, M::Rows>;
    type L = Identity<M::Scalar, M::Rows>;
    type U = DenseTriangular<M::Scalar, M::Rows, Upper>;
    fn lu_rule(&self) -> Result<LuFactors<Self::P, Self::L, Self::U>> {
        usable(self, "lu", false)?;
        let n = self.nrows();
        Ok(LuFactors { p: Identity::of_size(n), l: Identity::of_size(n), u: Triangular::from_parts(triangle(self)) })
    }
}
crate::base_lu!([M: MatrixData] Triangular<M, Lower>);
crate::base_eigh!([T: Scalar, S: Space, U: Side] TriangularInverse<T, S, U>);
crate::spectral_power!([T: Scalar, S: Space, U: Side] TriangularInverse<T, S, U>);
crate::base_exp!([T: Scalar, S: Space, U: Side] TriangularInverse<T, S, U>);
crate::spectral_log!([T: Scalar, S: Space, U: Side] TriangularInverse<T, S, U>);
crate::base_diagonal!([T: Scalar, S: Space, U: Side] TriangularInverse<T, S, U>);
crate::base_factors!([T: Scalar, S: Space, U: Side] TriangularInverse<T, S, U>);
crate::inverse_pinv!([T: Scalar, S: Space, U: Side] TriangularInverse<T, S, U>);
crate::base_svd!([T: Scalar, S: Space, U: Side] TriangularInverse<T, S, U>);
crate::base_eig!([T: Scalar, S: Space, U: Side] TriangularInverse<T, S, U>);
impl<M: MatrixData, U: Side> Explain for Triangular<M, U> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        match question {
            Question::Apply => Plan::rule(self, "every entry of the triangle", "n^2"),
            Question::Solve => Plan::rule(self, "substitution", "n^2"),
            Question::Slogdet => Plan::rule(self, "product of the diagonal", "n"),
            Question::Trace | Question::Diagonal => Plan::rule(self, "read off", "n"),
            Question::Power => Plan::rule(self, "Björck-Hammarling recurrence", "n^3/3"),
            Question::Exp => Plan::rule(self, "scaling and squaring of the triangle", "8n^3"),
            Question::Log => Plan::rule(self, "inverse scaling and squaring of the triangle", "8n^3"),
            Question::Eig => Plan::rule(self, "the diagonal, V by back substitution", "n^3/3"),
            Question::Lu if !U::LOWER => Plan::rule(self, "itself", "n^2/2"),
            _ => base::<K, Self>(self, question),
        }
    }
    fn tree<K: Facts>(&self) -> Tree {
        Tree::node::<K, Self>(self, Vec::new()).called(U::NAME)
    }
}
impl<T: Scalar, S: Space, U: Side> Explain for TriangularInverse<T, S, U> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        match question {
            Question::Apply => Plan::rule(self, "substitution", "n^2"),
            Question::Solve | Question::Pinv => Plan::rule(self, "undone: the triangle", "n^2"),
            Question::Slogdet => Plan::rule(self, "product of the diagonal", "n"),
            _ => base::<K, Self>(self, question),
        }
    }
}

// as Dense, within the triangle
impl<M, U: Side> crate::gradient::Differentiable for Triangular<M, U>
where
    M: MatrixData + crate::parameters::Parameters<Number = <M as MatrixData>::Scalar>,
{
    fn parameters(&self) -> usize {
        self.nrows() * self.ncols()
    }
    fn accumulate_bilinear(&self, u: View<'_, Sc<Self>>, v: View<'_, Sc<Self>>, scale: Sc<Self>, g: &mut [Sc<Self>]) {
        let m = u.rows;
        for j in 0..v.rows {
            rows_of::<U>(m, j).for_each(|i| g[i + m * j] += scale * u.at(i, 0) * v.at(j, 0));
        }
    }
}
// d log|det T| / dt_ii = 1 / t_ii
impl<K: Facts, M, U: Side> crate::gradient::LogdetGradient<K> for Triangular<M, U>
where
    M: MatrixData + crate::parameters::Parameters<Number = <M as MatrixData>::Scalar>,
{
    fn accumulate_logdet(&self, _: &Self::Output, scale: Sc<Self>, g: &mut [Sc<Self>]) {
        let n = self.nrows();
        (0..n).for_each(|i| g[i + n * i] += scale / self.entry(i, i));
    }
}
impl<K: Facts, M, U: Side> crate::gradient::SpectrumGradient<K> for Triangular<M, U> where
    M: MatrixData + crate::parameters::Parameters<Number = <M as MatrixData>::Scalar>
{
}
