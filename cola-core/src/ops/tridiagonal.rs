//! Tridiagonal matrices: three vectors.

use crate::data::VectorData;
use crate::error::{Error, Result};
use crate::facts::{FactSet, Facts, Unknown};
use crate::functions::DiagonalRule;
use crate::operator::short::Sc;
use crate::operator::{ByRows, LinearOperator, Operator, Update, operator};
use crate::ops::banded::band_rules;
use crate::ops::{Banded, Bands};
use crate::parameters::{LeafFn, Parameters, Path};
use crate::scalar::Scalar;
use crate::view::{View, ViewMut};
use crate::wide::widest;
use num_traits::Zero;
use std::borrow::Cow;

/// A tridiagonal matrix: the main diagonal, the one below, the one above; or [`Mirrored`] in place of the last, for one that is the
/// conjugate of the one below.
///
/// Solve and determinant in O(n) by elimination with pivoting, under `psd(..)` by L D L^H; eigenvalues of self-adjoint ones by QL.
///
/// ```
/// # use cola_core::prelude::*;
/// let a = Tridiagonal::new([-1.0, -1.0], [2.0, 2.0, 2.0], [-1.0, -1.0]);
/// assert_eq!(a.apply(&[1.0, 2.0, 3.0]), [0.0, 0.0, 4.0]);
/// let same = Tridiagonal::symmetric([2.0f64, 2.0, 2.0], [-1.0, -1.0]);   // known to be self-adjoint
/// assert!((same.eigh()?.eigenvalues()[1] - 2.0f64).abs() < 1e-15);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tridiagonal<D, L, U = Mirrored> {
    diag: D,
    lower: L,
    upper: U,
}
/// The diagonal above is the conjugate of the one below.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Mirrored;
/// The diagonal above the main one: a vector, or [`Mirrored`].
pub trait UpperBand<T: Scalar> {
    /// `Known` if A is self-adjoint for real numbers.
    type Symmetric: crate::facts::Fact;
    /// Its length, unless it follows the one below.
    fn upper_len(&self) -> Option<usize>;
    /// True if it is the conjugate of the one below.
    const MIRRORS: bool;
    /// Entry (i, i + 1); `below`: entry (i + 1, i).
    fn upper_entry(&self, i: usize, below: T) -> T;
    /// The numbers it is made of, `below` being those below the diagonal; their conjugates if it [`MIRRORS`](Self::MIRRORS).
    fn numbers<'a>(&'a self, below: View<'a, T>) -> View<'a, T>;
}
impl<T: Scalar> UpperBand<T> for Mirrored {
    type Symmetric = T::IsReal;
    fn upper_len(&self) -> Option<usize> {
        None
    }
    const MIRRORS: bool = true;
    #[inline(always)]
    fn upper_entry(&self, _: usize, below: T) -> T {
        below.conj()
    }
    #[inline(always)]
    fn numbers<'a>(&'a self, below: View<'a, T>) -> View<'a, T> {
        below
    }
}
impl<T: Scalar, V: VectorData<Scalar = T>> UpperBand<T> for V {
    type Symmetric = Unknown;
    fn upper_len(&self) -> Option<usize> {
        Some(self.view().rows)
    }
    const MIRRORS: bool = false;
    #[inline(always)]
    fn upper_entry(&self, i: usize, _: T) -> T {
        self.view().at(i, 0)
    }
    #[inline(always)]
    fn numbers<'a>(&'a self, _: View<'a, T>) -> View<'a, T> {
        self.view()
    }
}
impl<D: VectorData, L: VectorData<Scalar = D::Scalar>, U: UpperBand<D::Scalar>> Tridiagonal<D, L, U> {
    fn checked(diag: D, lower: L, upper: U) -> Result<Self> {
        let (n, below) = (diag.view().rows, lower.view().rows);
        let wrong = |side: &str, len: usize| {
            let need = n.saturating_sub(1);
            Err(Error::invalid(format!(
                "tridiag: {n} entries on the diagonal need {need} {side} it, not {len}; the order is (lower, diag, upper)"
            )))
        };
        match upper.upper_len() {
            _ if below + 1 != n.max(1) => wrong("below", below),
            Some(len) if len + 1 != n.max(1) => wrong("above", len),
            _ => Ok(Tridiagonal { diag, lower, upper }),
        }
    }
}
impl<D: VectorData, L: VectorData<Scalar = D::Scalar>, U: VectorData<Scalar = D::Scalar>> Tridiagonal<D, L, U> {
    /// From the diagonals below, on and above the main one, in this order.
    ///
    /// # Panics
    /// Where the lengths are not n - 1, n, n - 1: use [`try_new`](Self::try_new).
    pub fn new(lower: L, diag: D, upper: U) -> Self {
        Self::try_new(lower, diag, upper).unwrap_or_else(|e| crate::dsl::shape_panic(&e))
    }
    /// From the diagonals below, on and above the main one, in this order.
    ///
    /// # Errors
    /// `InvalidArgument` where the lengths are not n - 1, n, n - 1.
    pub fn try_new(lower: L, diag: D, upper: U) -> Result<Self> {
        Self::checked(diag, lower, upper)
    }
}
impl<D: VectorData, L: VectorData<Scalar = D::Scalar>> Tridiagonal<D, L, Mirrored> {
    /// Symmetric (Hermitian where `diag` is real): from the main diagonal and the one below.
    ///
    /// # Panics
    /// Where the lengths are not n and n - 1: use [`try_symmetric`](Self::try_symmetric).
    pub fn symmetric(diag: D, lower: L) -> Self {
        Self::try_symmetric(diag, lower).unwrap_or_else(|e| crate::dsl::shape_panic(&e))
    }
    /// Symmetric (Hermitian where `diag` is real): from the main diagonal and the one below.
    ///
    /// # Errors
    /// `InvalidArgument` where the lengths are not n and n - 1.
    pub fn try_symmetric(diag: D, lower: L) -> Result<Self> {
        Self::checked(diag, lower, Mirrored)
    }
}
/// The tridiagonal matrix of three vectors: `tridiag(lower, diag, upper)` in `linop!`.
///
/// # Panics
/// Where the lengths are not n - 1, n, n - 1; `try_linop!` returns the error.
pub fn tridiag<D: VectorData, L: VectorData<Scalar = D::Scalar>, U: VectorData<Scalar = D::Scalar>>(
    lower: L,
    diag: D,
    upper: U,
) -> Tridiagonal<D, L, U> {
    Tridiagonal::new(lower, diag, upper)
}
/// The tridiagonal matrix of three vectors.
///
/// # Errors
/// `InvalidArgument` where the lengths are not n - 1, n, n - 1.
pub fn try_tridiag<D: VectorData, L: VectorData<Scalar = D::Scalar>, U: VectorData<Scalar = D::Scalar>>(
    lower: L,
    diag: D,
    upper: U,
) -> Result<Tridiagonal<D, L, U>> {
    Tridiagonal::try_new(lower, diag, upper)
}
/// The symmetric tridiagonal matrix of two vectors: `tridiag_sym(diag, lower)` in `linop!`.
///
/// # Panics
/// Where the lengths are not n and n - 1; `try_linop!` returns the error.
pub fn tridiag_sym<D: VectorData, L: VectorData<Scalar = D::Scalar>>(diag: D, lower: L) -> Tridiagonal<D, L> {
    Tridiagonal::symmetric(diag, lower)
}
/// The symmetric tridiagonal matrix of two vectors.
///
/// # Errors
/// `InvalidArgument` where the lengths are not n and n - 1.
pub fn try_tridiag_sym<D: VectorData, L: VectorData<Scalar = D::Scalar>>(
    diag: D,
    lower: L,
) -> Result<Tridiagonal<D, L>> {
    Tridiagonal::try_symmetric(diag, lower)
}
crate::interop::saved!([D: VectorData, L: VectorData<Scalar = D::Scalar>, U: UpperBand<D::Scalar>] Tridiagonal<D, L, U>, "Tridiagonal", [] {
    lower: L = |k| k.lower, diag: D = |k| k.diag, upper: U = |k| k.upper
} {
    Tridiagonal::checked(diag, lower, upper)
});
operator!([D: VectorData, L: VectorData<Scalar = D::Scalar>, U: UpperBand<D::Scalar>] Tridiagonal<D, L, U> {
    scalar D::Scalar; facts FactSet<U::Symmetric, Unknown, Unknown, Unknown>; rows D::Len; cols D::Len;
    nrows |s| s.diag.view().rows; ncols s.diag.view().rows; class crate::classes::IsBanded;
});
/// Leaves: `diag`, `lower`, and `upper` where it is a vector.
macro_rules! leaves {
    ([$($p:tt)*] $U:ty, $WithU:ty, $OwnedU:ty, |$u:ident, $path:ident, $f:ident| $visit:expr, $traverse:expr, $rebuild:expr) => {
        impl<D: Parameters, L: Parameters<Number = D::Number>, $($p)*> Parameters for Tridiagonal<D, L, $U> {
            type Number = D::Number;
            type With<X: Scalar> = Tridiagonal<D::With<X>, L::With<X>, $WithU>;
            type Owned = Tridiagonal<D::Owned, L::Owned, $OwnedU>;
            fn visit<'a>(&'a self, $path: &mut Path, $f: &mut dyn FnMut(&str, Cow<'a, [D::Number]>)) {
                $path.enter("diag", |p| self.diag.visit(p, $f));
                $path.enter("lower", |p| self.lower.visit(p, $f));
                let $u = &self.upper;
                $visit
            }
            fn traverse<X: Scalar>(&self, $path: &mut Path, $f: LeafFn<'_, D::Number, X>) -> Self::With<X> {
                let diag = $path.enter("diag", |p| self.diag.traverse(p, $f));
                let lower = $path.enter("lower", |p| self.lower.traverse(p, $f));
                let $u = &self.upper;
                Tridiagonal { diag, lower, upper: $traverse }
            }
            fn rebuild(&self, $path: &mut Path, $f: LeafFn<'_, D::Number, D::Number>) -> Self::Owned {
                let diag = $path.enter("diag", |p| self.diag.rebuild(p, $f));
                let lower = $path.enter("lower", |p| self.lower.rebuild(p, $f));
                let $u = &self.upper;
                Tridiagonal { diag, lower, upper: $rebuild }
            }
        }
    };
}
leaves!([] Mirrored, Mirrored, Mirrored, |u, path, f| { let _ = u; }, *u, *u);
leaves!([V: Parameters<Number = D::Number>] V, V::With<X>, V::Owned, |u, path, f|
    path.enter("upper", |p| u.visit(p, f)),
    path.enter("upper", |p| u.traverse(p, f)),
    path.enter("upper", |p| u.rebuild(p, f)));
impl<D: VectorData, L: VectorData<Scalar = D::Scalar>, U: UpperBand<D::Scalar>> LinearOperator
    for Tridiagonal<D, L, U>
{
    #[inline]
    fn act(&self, how: Update<D::Scalar>, x: View<'_, D::Scalar>, mut y: ViewMut<'_, D::Scalar>, _: &mut [D::Scalar]) {
        let (d, l) = (self.diag.view(), self.lower.view());
        if d.rows >= LONG {
            return self.act_on_rows(how, 0, x, y);
        }
        for c in 0..x.cols {
            for i in 0..d.rows {
                let mut sum = d.at(i, 0);
                if how.adjoint {
                    sum = sum.conj();
                }
                sum *= x.at(i, c);
                // entry (i, i - 1) of A or A^H, then (i, i + 1)
                if i > 0 {
                    let below = l.at(i - 1, 0);
                    let e = if how.adjoint { self.upper.upper_entry(i - 1, below).conj() } else { below };
                    sum = sum.add_mul(e, x.at(i - 1, c));
                }
                if i + 1 < d.rows {
                    let below = l.at(i, 0);
                    let e = if how.adjoint { below.conj() } else { self.upper.upper_entry(i, below) };
                    sum = sum.add_mul(e, x.at(i + 1, c));
                }
                how.write(y.at(i, c), sum);
            }
        }
    }
    #[inline(always)]
    fn scratch_len(&self, _: usize) -> usize {
        0
    }
    #[inline]
    fn by_rows(&self) -> Option<&dyn ByRows<D::Scalar>> {
        Some(self)
    }
}
/// From this size on a product goes by slices.
const LONG: usize = 32;
impl<D: VectorData, L: VectorData<Scalar = D::Scalar>, U: UpperBand<D::Scalar>> ByRows<D::Scalar>
    for Tridiagonal<D, L, U>
{
    fn reach(&self) -> usize {
        1
    }
    fn rows(&self, how: Update<D::Scalar>, first: usize, x: View<'_, D::Scalar>, y: ViewMut<'_, D::Scalar>) {
        self.act_on_rows(how.plain(), first, x, y)
    }
    fn three(&self, i: usize) -> Option<[D::Scalar; 3]> {
        Some(self.row(false, i))
    }
    #[inline(never)]
    fn rows_in_grid(
        &self,
        how: Update<D::Scalar>,
        first: usize,
        x: &[D::Scalar],
        y: &mut [D::Scalar],
        [b, c, e]: [D::Scalar; 3],
        [p, r]: [&[D::Scalar]; 2],
    ) -> bool {
        let ((d, l), how) = ((self.diag.view(), self.lower.view()), how.plain());
        let u = self.upper.numbers(l);
        let (n, rows, add) = (d.rows, y.len(), how.add());
        if [d.rs, l.rs, u.rs] != [1; 3] {
            return false;
        }
        // the ends of the line
        let edge = |i: usize, y: &mut [D::Scalar]| {
            let ([below, here, above], k) = (self.row(false, i), i - first);
            let mut sum = here * x[i];
            sum = if i > 0 { sum.add_mul(below, x[i - 1]) } else { sum };
            sum = if i + 1 < n { sum.add_mul(above, x[i + 1]) } else { sum };
            how.write(&mut y[k], sum);
            add.write(&mut y[k], (c * x[i]).add_mul(b, p[k]).add_mul(e, r[k]));
        };
        let (from, to) = (first.max(1), (first + rows).min(n.saturating_sub(1)));
        let (from, to) = if from < to { (from, to) } else { (first, first) };
        (first..from).chain(to..first + rows).for_each(|i| edge(i, y));
        if from < to {
            let beside = [p, r].map(|v| &v[from - first..to - first]);
            let bands = [&l.data[from - 1..to - 1], &d.data[from..to], &u.data[from..to]];
            in_grid(how, U::MIRRORS, bands, &x[from - 1..=to], [b, c, e], beside, &mut y[from - first..to - first]);
        }
        true
    }
}
impl<D: VectorData, L: VectorData<Scalar = D::Scalar>, U: UpperBand<D::Scalar>> Tridiagonal<D, L, U> {
    /// Row i of op(A): entries (i, i - 1), (i, i), (i, i + 1), zero outside of the matrix.
    #[inline(always)]
    fn row(&self, adjoint: bool, i: usize) -> [D::Scalar; 3] {
        let (d, l) = (self.diag.view(), self.lower.view());
        let before = |i: usize| {
            let below = l.at(i, 0);
            if adjoint { self.upper.upper_entry(i, below).conj() } else { below }
        };
        let after = |i: usize| {
            let below = l.at(i, 0);
            if adjoint { below.conj() } else { self.upper.upper_entry(i, below) }
        };
        let zero = D::Scalar::zero();
        [
            if i > 0 { before(i - 1) } else { zero },
            if adjoint { d.at(i, 0).conj() } else { d.at(i, 0) },
            if i + 1 < d.rows { after(i) } else { zero },
        ]
    }
    /// Rows `first..first + y.rows` of the product, along whichever mode of x and y lies without gaps.
    #[inline(never)]
    fn act_on_rows(&self, how: Update<D::Scalar>, first: usize, x: View<'_, D::Scalar>, mut y: ViewMut<'_, D::Scalar>) {
        let (n, rows) = (self.diag.view().rows, y.rows);
        if x.cs == 1 && y.cs == 1 && x.cols > 1 {
            // row by row: y_i = b x_(i-1) + d x_i + a x_(i+1)
            for i in first..first + rows {
                let [b, d, a] = self.row(how.adjoint, i);
                let line = |i: usize| &x.data[i * x.rs..][..x.cols];
                let (before, here, after) =
                    (line(i.saturating_sub(1)), line(i), line(if i + 1 < n { i + 1 } else { i }));
                let out = &mut y.data[(i - first) * y.rs..][..x.cols];
                lines(how, [b, d, a], before, here, after, out);
            }
            return;
        }
        let plain = |i: usize, x: &View<'_, D::Scalar>, c: usize| {
            let [b, d, a] = self.row(how.adjoint, i);
            let mut sum = d * x.at(i, c);
            if i > 0 {
                sum = sum.add_mul(b, x.at(i - 1, c));
            }
            if i + 1 < n { sum.add_mul(a, x.at(i + 1, c)) } else { sum }
        };
        let bands = (self.diag.view(), self.lower.view());
        let above = self.upper.numbers(bands.1);
        // rows that have both neighbours
        let (from, to) = (first.max(1), (first + rows).min(n.saturating_sub(1)));
        let packed = x.rs == 1 && y.rs == 1 && bands.0.rs == 1 && bands.1.rs == 1 && above.rs == 1 && from < to;
        for c in 0..x.cols {
            if !packed {
                (first..first + rows).for_each(|i| how.write(y.at(i - first, c), plain(i, &x, c)));
                continue;
            }
            (first..from.min(first + rows)).for_each(|i| how.write(y.at(i - first, c), plain(i, &x, c)));
            (to..first + rows).for_each(|i| how.write(y.at(i - first, c), plain(i, &x, c)));
            let (x, y) = (x.column(c).data, y.column(c).data);
            let count = to - from;
            let (left, here, right) = (&x[from - 1..][..count], &x[from..][..count], &x[from + 1..][..count]);
            let (d, l, u) =
                (&bands.0.data[from..][..count], &bands.1.data[from - 1..][..count], &above.data[from..][..count]);
            // of A^H: the conjugates, with above and below exchanged
            let (l, u) = match how.adjoint {
                true => (&above.data[from - 1..][..count], &bands.1.data[from..][..count]),
                false => (l, u),
            };
            // the conjugate of a mirrored band is the band
            let (cl, cu) = (how.adjoint && !U::MIRRORS, how.adjoint || U::MIRRORS);
            bands_of_rows(how, [cl, cu], l, d, u, [left, here, right], &mut y[from - first..][..count]);
        }
    }
}
widest! {
    /// y = [y +] alpha (b p + d q + a r), number by number.
    fn lines<T: Scalar>(how: Update<T>, row: [T; 3], p: &[T], q: &[T], r: &[T], y: &mut [T]) {
        let [b, d, a] = row;
        for (((y, &p), &q), &r) in y.iter_mut().zip(p).zip(q).zip(r) {
            how.write(y, (d * q).add_mul(b, p).add_mul(a, r));
        }
    }
    /// Rows that have both neighbours, the bands conjugated as `how` and `conj` say.
    fn bands_of_rows<T: Scalar>(how: Update<T>, conj: [bool; 2], l: &[T], d: &[T], u: &[T], x: [&[T]; 3], y: &mut [T]) {
        let [left, here, right] = x.map(|x| &x[..y.len()]);
        let (d, l, u) = (&d[..y.len()], &l[..y.len()], &u[..y.len()]);
        let [cl, cu] = conj;
        let conj = |c: bool, v: T| if c { v.conj() } else { v };
        for i in 0..y.len() {
            let sum = (conj(how.adjoint, d[i]) * here[i]).add_mul(conj(cl, l[i]), left[i]);
            how.write(&mut y[i], sum.add_mul(conj(cu, u[i]), right[i]));
        }
    }
    /// Rows of a line of a grid that have both neighbours, with the lines beside it; `bands` below, on and above the diagonal.
    fn in_grid<T: Scalar>(
        how: Update<T>,
        mirrors: bool,
        bands: [&[T]; 3],
        x: &[T],
        of_line: [T; 3],
        beside: [&[T]; 2],
        y: &mut [T],
    ) {
        let ([b, c, e], add, n) = (of_line, how.add(), y.len());
        let ([l, d, u], [p, r]) = (bands.map(|v| &v[..n]), beside.map(|v| &v[..n]));
        let [left, here, right] = [0, 1, 2].map(|i| &x[i..][..n]);
        for i in 0..n {
            let above = if mirrors { u[i].conj() } else { u[i] };
            let sum = (d[i] * here[i]).add_mul(l[i], left[i]).add_mul(above, right[i]);
            how.write(&mut y[i], sum);
            add.write(&mut y[i], (c * here[i]).add_mul(b, p[i]).add_mul(e, r[i]));
        }
    }
}
impl<D: VectorData, L: VectorData<Scalar = D::Scalar>, U: UpperBand<D::Scalar>> Bands for Tridiagonal<D, L, U> {
    fn band_width(&self) -> (usize, usize) {
        (1, 1)
    }
    fn add_bands_to(&self, c: Sc<Self>, to: &mut Banded<Sc<Self>, D::Len>) {
        let (d, l) = (self.diag.view(), self.lower.view());
        for i in 0..d.rows {
            *to.at_mut(i, i) += c * d.at(i, 0);
            if i + 1 < d.rows {
                let below = l.at(i, 0);
                *to.at_mut(i + 1, i) += c * below;
                *to.at_mut(i, i + 1) += c * self.upper.upper_entry(i, below);
            }
        }
    }
}
band_rules!([D: VectorData, L: VectorData<Scalar = D::Scalar>, U: UpperBand<D::Scalar>] Tridiagonal<D, L, U>);
impl<D: VectorData, L: VectorData<Scalar = D::Scalar>, U: UpperBand<D::Scalar>> DiagonalRule for Tridiagonal<D, L, U> {
    fn diagonal_rule(&self, k: isize, out: &mut [Sc<Self>]) -> Result<()> {
        let (d, l) = (self.diag.view(), self.lower.view());
        for (i, out) in out.iter_mut().enumerate() {
            *out = match k {
                0 => d.at(i, 0),
                -1 => l.at(i, 0),
                1 => self.upper.upper_entry(i, l.at(i, 0)),
                _ => Sc::<Self>::zero(),
            };
        }
        Ok(())
    }
}

// d(u^T A v): u_i v_i on the diagonal, u_(i+1) v_i below, u_i v_(i+1) above (real numbers)
impl<D, L, U> crate::gradient::Differentiable for Tridiagonal<D, L, U>
where
    D: VectorData + Parameters<Number = <D as VectorData>::Scalar>,
    L: VectorData<Scalar = <D as VectorData>::Scalar> + Parameters<Number = <D as VectorData>::Scalar>,
    U: UpperBand<<D as VectorData>::Scalar>,
    Self: Parameters<Number = <D as VectorData>::Scalar>,
{
    fn parameters(&self) -> usize {
        let (n, m) = (self.nrows(), self.lower.view().rows);
        n + m + self.upper.upper_len().unwrap_or(0)
    }
    fn accumulate_bilinear(&self, u: View<'_, Sc<Self>>, v: View<'_, Sc<Self>>, scale: Sc<Self>, g: &mut [Sc<Self>]) {
        let (diag, rest) = g.split_at_mut(self.nrows());
        let (lower, upper) = rest.split_at_mut(self.lower.view().rows);
        diag.iter_mut().enumerate().for_each(|(i, g)| *g += scale * u.at(i, 0) * v.at(i, 0));
        for i in 0..lower.len() {
            lower[i] += scale * u.at(i + 1, 0) * v.at(i, 0);
            let above = scale * u.at(i, 0) * v.at(i + 1, 0);
            if upper.is_empty() { lower[i] += above } else { upper[i] += above }
        }
    }
    fn accumulate_trace(&self, scale: Sc<Self>, g: &mut [Sc<Self>]) {
        g[..self.nrows()].iter_mut().for_each(|g| *g += scale);
    }
}
impl<K: Facts, D: VectorData, L: VectorData<Scalar = D::Scalar>, U: UpperBand<D::Scalar>>
    crate::gradient::LogdetGradient<K> for Tridiagonal<D, L, U>
where
    Self: crate::gradient::Differentiable,
{
}
impl<K: Facts, D: VectorData, L: VectorData<Scalar = D::Scalar>, U: UpperBand<D::Scalar>>
    crate::gradient::SpectrumGradient<K> for Tridiagonal<D, L, U>
where
    Self: crate::gradient::Differentiable,
{
}
