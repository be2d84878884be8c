//! The discrete cosine and sine transforms, types I to IV, as orthogonal matrices, by FFT.

use crate::algorithms::fft::{Dft, complex_len, dft, from_complex, unit_root};
use crate::error::{Error, Result};
use crate::facts::{Fact, Facts, UnitaryFacts};
use crate::functions::diagonal::diagonal_start;
use crate::functions::{DetRule, DiagonalRule, InverseRule};
use crate::operator::{LinearOperator, Update, operator};
use crate::ops::Adjoint;
use crate::ops::involution::function_plan;
use crate::parameters::{LeafFn, Parameters, Path};
use crate::plan::{Cost, Explain, Plan, Question, base};
use crate::scalar::Scalar;
use crate::space::{Dyn, Space};
use crate::view::{View, ViewMut};
use core::f64::consts::{FRAC_1_SQRT_2, PI};
use core::marker::PhantomData;
use num_traits::Zero;
use std::borrow::Cow;
use std::sync::Arc;

/// Cosine or sine, and the type 1 to 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Kind {
    sine: bool,
    number: u8,
}
impl Kind {
    /// Types II and III are each other's transposes, I and IV their own.
    fn transposed(self) -> Kind {
        Kind { number: [1, 3, 2, 4][self.number as usize - 1], ..self }
    }
    /// Entry (k, j) of the orthogonal n x n matrix.
    fn entry(self, k: usize, j: usize, n: usize) -> f64 {
        let (x, y, m) = (k as f64, j as f64, n as f64);
        let end = |at: bool| if at { FRAC_1_SQRT_2 } else { 1.0 };
        let last = n - 1;
        match (self.sine, self.number) {
            (false, 1) if n == 1 => 1.0,
            (false, 1) => {
                let ends = end(k == 0 || k == last) * end(j == 0 || j == last);
                (2.0 / (m - 1.0)).sqrt() * ends * (PI * ((k * j) % (2 * last)) as f64 / (m - 1.0)).cos()
            }
            (false, 2) => (2.0 / m).sqrt() * end(k == 0) * (PI * x * (2.0 * y + 1.0) / (2.0 * m)).cos(),
            (false, 3) => (2.0 / m).sqrt() * end(j == 0) * (PI * y * (2.0 * x + 1.0) / (2.0 * m)).cos(),
            (false, _) => (2.0 / m).sqrt() * (PI * (2.0 * x + 1.0) * (2.0 * y + 1.0) / (4.0 * m)).cos(),
            (true, 1) => (2.0 / (m + 1.0)).sqrt() * (PI * (x + 1.0) * (y + 1.0) / (m + 1.0)).sin(),
            (true, 2) => (2.0 / m).sqrt() * end(k == last) * (PI * (x + 1.0) * (2.0 * y + 1.0) / (2.0 * m)).sin(),
            (true, 3) => (2.0 / m).sqrt() * end(j == last) * (PI * (y + 1.0) * (2.0 * x + 1.0) / (2.0 * m)).sin(),
            (true, _) => (2.0 / m).sqrt() * (PI * (2.0 * x + 1.0) * (2.0 * y + 1.0) / (4.0 * m)).sin(),
        }
    }
}
/// Where the numbers go in a longer complex vector, each at two places, and where the results are read in its Fourier transform.
struct Table<C> {
    places: Vec<[(usize, C); 2]>,
    reads: Vec<(usize, C)>,
}
impl<C: Scalar> Table<C> {
    /// The length of the Fourier transform.
    fn length(kind: Kind, n: usize) -> usize {
        match (kind.sine, kind.number, n) {
            (_, _, 0) => 0,
            (false, 1, 1) => 1,
            (false, 1, _) => 2 * (n - 1),
            (true, 1, _) => 2 * (n + 1),
            _ => 2 * n,
        }
    }
    /// Symmetric extensions, so that the transform is linear over complex numbers. (Martucci, Symmetric convolution and the discrete sine
    /// and cosine transforms, 1994.)
    fn new(kind: Kind, n: usize) -> Self {
        let (length, half, one) = (Self::length(kind, n), C::of(0.5), C::of(1.0));
        let scale = |m: usize| C::of((2.0 / m.max(1) as f64).sqrt());
        let end = |at: bool| C::of(if at { FRAC_1_SQRT_2 } else { 1.0 });
        let turn = |a: usize, b: usize| unit_root::<C>(a, b).conj();
        let at = |k: usize| k % length.max(1);
        let sign = |j: usize| C::of(if kind.sine && j % 2 == 1 { -1.0 } else { 1.0 });
        // of sines of types II to IV: cosines of alternating signs, in reversed order
        let flip = |k: usize| if kind.sine { n - 1 - k } else { k };
        let (places, reads): (Vec<_>, Vec<_>) = (0..n)
            .map(|j| match (kind.sine, kind.number) {
                (false, 1) if n == 1 => ([(0, one), (0, C::zero())], (0, one)),
                (false, 1) => {
                    let corner = j == 0 || j + 1 == n;
                    let second = if corner { C::zero() } else { half };
                    let first = if corner { end(true) } else { half };
                    ([(j, first), (at(length - j), second)], (j, scale(n - 1) * end(corner)))
                }
                (true, 1) => {
                    let i = C::of(-1.0).sqrt() * half;
                    ([(j + 1, i), (length - j - 1, -i)], (j + 1, scale(n + 1)))
                }
                (_, 2) => {
                    let k = flip(j);
                    let places = [(j, half * sign(j)), (2 * n - 1 - j, half * sign(j))];
                    (places, (k, turn(k, 4 * n) * scale(n) * end(k == 0)))
                }
                (_, 3) => {
                    let k = flip(j);
                    let weight = half * scale(n) * end(k == 0);
                    let places = [(k, weight * turn(k, 4 * n)), (at(length - k), weight * turn(k, 4 * n).conj())];
                    (places, (j, sign(j)))
                }
                _ => {
                    let k = flip(j);
                    let s = half * sign(j);
                    let places = [(j, s * turn(j, 4 * n)), (2 * n - 1 - j, s * turn(j + 1, 4 * n).conj())];
                    (places, (k, turn(2 * k + 1, 8 * n) * scale(n)))
                }
            })
            .unzip();
        Table { places, reads }
    }
}

/// An orthogonal cosine or sine transform: [`Dct`], [`Dst`]. They diagonalise what is tridiagonal with constant diagonals, by the
/// boundary: sines of type I those with zeros outside, cosines of types I and II those that reflect.
///
/// ```
/// # use cola_core::prelude::*;
/// let c = Dct::new::<f64>(2, 4);
/// assert!((c.apply(&[1.0; 4])[0] - 2.0).abs() < 1e-15);
/// let laplacian = Tridiagonal::symmetric(vec![2.0f64; 5], vec![-1.0; 4]);
/// let s = Dst::new::<f64>(1, 5);
/// let d = Product::new(&s, Product::new(&laplacian, &s)).to_dense();
/// assert!(d[(0, 1)].abs() < 1e-14 && (d[(2, 2)] - 2.0).abs() < 1e-14);
/// ```
pub struct Trigonometric<T: Scalar, S = Dyn> {
    kind: Kind,
    n: usize,
    plan: Arc<dyn Dft<T::Complex>>,
    tables: Arc<[Table<T::Complex>; 2]>,
    space: PhantomData<fn() -> S>,
}
impl<T: Scalar, S> Clone for Trigonometric<T, S> {
    fn clone(&self) -> Self {
        let (plan, tables) = (self.plan.clone(), self.tables.clone());
        Trigonometric { kind: self.kind, n: self.n, plan, tables, space: PhantomData }
    }
}
impl<T: Scalar, S> core::fmt::Debug for Trigonometric<T, S> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let name = if self.kind.sine { "Dst" } else { "Dct" };
        write!(f, "{name}({}, {})", self.kind.number, self.n)
    }
}
/// The discrete cosine transforms.
#[derive(Clone, Copy, Debug)]
pub struct Dct;
/// The discrete sine transforms.
#[derive(Clone, Copy, Debug)]
pub struct Dst;
macro_rules! constructors {
    ($S:ident, $sine:literal, $word:ident, $try_word:ident, $what:literal) => {
        impl $S {
            #[doc = concat!("The orthogonal ", $what, " transform of type `kind` (1 to 4), n x n.")]
            ///
            /// # Panics
            /// Where there is no such type.
            #[allow(clippy::new_ret_no_self, reason = "the transforms are one type of operator")]
            pub fn new<T: Scalar>(kind: usize, n: usize) -> Trigonometric<T> {
                Self::try_new(kind, n).unwrap_or_else(|e| crate::dsl::shape_panic(&e))
            }
            /// The same.
            ///
            /// # Errors
            /// `InvalidArgument` where there is no such type.
            pub fn try_new<T: Scalar>(kind: usize, n: usize) -> Result<Trigonometric<T>> {
                match kind {
                    1..=4 => Ok(Trigonometric::of_kind(Kind { sine: $sine, number: kind as u8 }, n)),
                    _ => Err(Error::invalid(format!(
                        concat!("the ", $what, " transforms have types 1 to 4, not {}"),
                        kind
                    ))),
                }
            }
        }
        #[doc = concat!("The orthogonal ", $what, " transform of type `kind` (1 to 4), n x n.")]
        ///
        /// # Panics
        /// Where there is no such type; `try_linop!` returns the error.
        pub fn $word<T: Scalar>(kind: usize, n: usize) -> Trigonometric<T> {
            $S::new(kind, n)
        }
        #[doc = concat!("The orthogonal ", $what, " transform of type `kind` (1 to 4), n x n.")]
        ///
        /// # Errors
        /// `InvalidArgument` where there is no such type.
        pub fn $try_word<T: Scalar>(kind: usize, n: usize) -> Result<Trigonometric<T>> {
            $S::try_new(kind, n)
        }
    };
}
constructors!(Dct, false, dct, try_dct, "cosine");
constructors!(Dst, true, dst, try_dst, "sine");
impl<T: Scalar, S: Space> Trigonometric<T, S> {
    fn of_kind(kind: Kind, n: usize) -> Self {
        let tables = Arc::new([Table::new(kind, n), Table::new(kind.transposed(), n)]);
        Trigonometric { kind, n, plan: dft(Table::<T::Complex>::length(kind, n)), tables, space: PhantomData }
    }
    /// Types I and IV are symmetric, and their own inverses.
    pub(crate) fn is_involution(&self) -> bool {
        self.kind.transposed() == self.kind
    }
    /// Sines of type I: the eigenvectors of tridiagonal matrices with constant diagonals.
    pub(crate) fn sines(n: usize) -> Self {
        Self::of_kind(Kind { sine: true, number: 1 }, n)
    }
}
operator!([T: Scalar, S: Space] Trigonometric<T, S> {
    scalar T; facts UnitaryFacts; rows S; cols S; nrows |s| s.n; ncols s.n; class crate::classes::IsFolding;
});
/// Where the numbers of a transform come from and go to: two views, or one.
trait Ends<T> {
    fn read(&self, i: usize, c: usize) -> T;
    fn write(&mut self, i: usize, c: usize, v: T);
    /// What is read, and what is written where it is merely replaced: loops over slices need no checks and no strides.
    fn from(&self) -> View<'_, T>;
    fn to(&mut self) -> Option<ViewMut<'_, T>>;
}
struct Between<'a, T> {
    how: Update<T>,
    x: View<'a, T>,
    y: ViewMut<'a, T>,
}
impl<T: Scalar> Ends<T> for Between<'_, T> {
    #[inline(always)]
    fn read(&self, i: usize, c: usize) -> T {
        self.x.at(i, c)
    }
    #[inline(always)]
    fn write(&mut self, i: usize, c: usize, v: T) {
        self.how.write(self.y.at(i, c), v)
    }
    fn from(&self) -> View<'_, T> {
        self.x
    }
    fn to(&mut self) -> Option<ViewMut<'_, T>> {
        (!self.how.add && self.how.alpha == T::one()).then(|| self.y.reborrow())
    }
}
struct Within<'a, T>(ViewMut<'a, T>);
impl<T: Scalar> Ends<T> for Within<'_, T> {
    #[inline(always)]
    fn read(&self, i: usize, c: usize) -> T {
        self.0.data[i * self.0.rs + c * self.0.cs]
    }
    #[inline(always)]
    fn write(&mut self, i: usize, c: usize, v: T) {
        *self.0.at(i, c) = v
    }
    fn from(&self) -> View<'_, T> {
        self.0.as_view()
    }
    fn to(&mut self) -> Option<ViewMut<'_, T>> {
        Some(self.0.reborrow())
    }
}
/// Columns c and c + 1 where each is one slice.
#[inline(always)]
fn two_columns<'a, T: Copy>(x: View<'a, T>, c: usize) -> Option<(&'a [T], &'a [T])> {
    let column = |c: usize| x.data.get(c * x.cs..)?.get(..x.rows);
    if x.rs == 1 { column(c).zip(column(c + 1)) } else { None }
}
#[inline(always)]
fn two_columns_mut<'a, T: Copy>(y: ViewMut<'a, T>, c: usize) -> Option<(&'a mut [T], &'a mut [T])> {
    let (rows, cs) = (y.rows, y.cs);
    if y.rs != 1 || cs < rows {
        return None;
    }
    let (a, b) = y.data.get_mut(c * cs..)?.split_at_mut_checked(cs)?;
    a.get_mut(..rows).zip(b.get_mut(..rows))
}
/// Complex sequences that are gathered together: of eight real columns that lie side by side, so that a row of them is one line of the
/// cache. (2-D Poisson on 1000 x 1000 points by sines along both modes: 23 to 26 ms, by hand 23 to 24; `cargo bench --bench rules -- Poisson`.
/// Other numbers of columns were not tried.)
const TOGETHER: usize = 4;
impl<T: Scalar, S: Space> Trigonometric<T, S> {
    /// All columns; `together` sequences at a time, of which a complex one carries two real columns.
    fn transform(&self, adjoint: bool, cols: usize, together: usize, ends: &mut impl Ends<T>, s: &mut [T]) {
        let (length, table) = (Table::<T::Complex>::length(self.kind, self.n), &self.tables[adjoint as usize]);
        let real = <T::IsReal as Fact>::KNOWN;
        let step = if real { 2 } else { 1 };
        let sines = real && self.kind == Kind { sine: true, number: 1 };
        T::with_complex(s, &mut |buffer| {
            let (z, rest) = buffer.split_at_mut(length * together);
            for first in (0..cols).step_by(step * together) {
                let here = (cols - first).div_ceil(step).min(together);
                let z = &mut z[..length * here];
                if sines {
                    self.gather_sines(first, cols, z, ends);
                    self.plan.run(false, z, rest);
                    self.scatter_sines(first, cols, z, ends);
                    continue;
                }
                z.fill(T::Complex::zero());
                for (j, [one, two]) in table.places.iter().enumerate() {
                    for (p, z) in z.chunks_exact_mut(length).enumerate() {
                        let c = first + step * p;
                        let x = match real {
                            true => two_of(ends.read(j, c), if c + 1 < cols { ends.read(j, c + 1) } else { T::zero() }),
                            false => ends.read(j, c).to_complex(),
                        };
                        z[one.0] += one.1 * x;
                        z[two.0] += two.1 * x;
                    }
                }
                self.plan.run(false, z, rest);
                for (k, &(at, factor)) in table.reads.iter().enumerate() {
                    for (p, z) in z.chunks_exact(length).enumerate() {
                        let (c, v) = (first + step * p, z[at] * factor);
                        ends.write(k, c, if real { T::from_re(v.re()) } else { from_complex(v) });
                        if real && c + 1 < cols {
                            ends.write(k, c + 1, T::from_re(v.im()));
                        }
                    }
                }
            }
        })
    }
    /// 0, x, 0, -x reversed: odd sequences, whose Fourier transform is -2i times the sines. No factors on the way in.
    fn gather_sines(&self, first: usize, cols: usize, z: &mut [T::Complex], ends: &impl Ends<T>) {
        let (n, length) = (self.n, 2 * (self.n + 1));
        for (p, z) in z.chunks_exact_mut(length).enumerate() {
            (z[0], z[n + 1]) = (T::Complex::zero(), T::Complex::zero());
            let odd = cols - (first + 2 * p) == 1;
            if odd {
                // the last column has no partner
                for j in 0..n {
                    let x = ends.read(j, first + 2 * p).to_complex();
                    (z[j + 1], z[length - 1 - j]) = (x, -x);
                }
            }
        }
        let (pairs, x) = (((cols - first) / 2).min(z.len() / length), ends.from());
        let mut put = |at: usize, j: usize, a: T, b: T| {
            let v = two_of(a, b);
            (z[at + j + 1], z[at + length - 1 - j]) = (v, -v);
        };
        if pairs == 1
            && let Some((a, b)) = two_columns(x, first)
        {
            for (j, (&a, &b)) in a.iter().zip(b).enumerate() {
                put(0, j, a, b);
            }
            return;
        }
        for j in 0..n {
            let row =
                if x.cs == 1 { x.data.get(j * x.rs + first..).and_then(|row| row.get(..2 * pairs)) } else { None };
            match row {
                Some(row) => row.as_chunks().0.iter().enumerate().for_each(|(p, &[a, b])| put(p * length, j, a, b)),
                None => (0..pairs).for_each(|p| {
                    let c = first + 2 * p;
                    put(p * length, j, x.at(j, c), x.at(j, c + 1))
                }),
            }
        }
    }
    fn scatter_sines(&self, first: usize, cols: usize, z: &[T::Complex], ends: &mut impl Ends<T>) {
        let (n, length) = (self.n, 2 * (self.n + 1));
        let scale = T::Re::of(0.5 * (2.0 / (n + 1) as f64).sqrt());
        let (many, whole) = (z.len() / length, 2 * (z.len() / length) <= cols - first);
        let two = |v: T::Complex| (T::from_re(-v.im() * scale), T::from_re(v.re() * scale));
        if let (true, Some(y)) = (whole && many == 1, ends.to())
            && let Some((a, b)) = two_columns_mut(y, first)
        {
            for ((a, b), &v) in a.iter_mut().zip(b).zip(&z[1..]) {
                (*a, *b) = two(v);
            }
            return;
        }
        if let (true, Some(y)) = (whole, ends.to())
            && y.cs == 1
        {
            for k in 0..n {
                let row = &mut y.data[k * y.rs + first..][..2 * many];
                for (p, pair) in row.as_chunks_mut().0.iter_mut().enumerate() {
                    *pair = two(z[p * length + k + 1]).into();
                }
            }
            return;
        }
        for k in 0..n {
            for p in 0..many {
                let (c, (a, b)) = (first + 2 * p, two(z[p * length + k + 1]));
                ends.write(k, c, a);
                if c + 1 < cols {
                    ends.write(k, c + 1, b);
                }
            }
        }
    }
    /// Sequences at a time for columns with these strides.
    fn together(&self, rs: usize, cs: usize, cols: usize) -> usize {
        if rs > cs && cols > 2 { TOGETHER } else { 1 }
    }
}
/// x + i y of real numbers.
#[inline(always)]
fn two_of<T: Scalar>(x: T, y: T) -> T::Complex {
    T::complex(x.re(), y.re())
}
impl<T: Scalar, S: Space> LinearOperator for Trigonometric<T, S> {
    fn act(&self, how: Update<T>, x: View<'_, T>, y: ViewMut<'_, T>, s: &mut [T]) {
        let (cols, together) = (x.cols, self.together(x.rs.max(y.rs), x.cs.min(y.cs), x.cols));
        self.transform(how.adjoint, cols, together, &mut Between { how, x, y }, s)
    }
    fn scratch_len(&self, columns: usize) -> usize {
        let together = if columns > 2 { TOGETHER } else { 1 };
        complex_len::<T>(together * Table::<T::Complex>::length(self.kind, self.n) + self.plan.scratch_len())
    }
    fn act_in_place(&self, adjoint: bool, y: ViewMut<'_, T>, s: &mut [T]) {
        let (cols, together) = (y.cols, self.together(y.rs, y.cs, y.cols));
        self.transform(adjoint, cols, together, &mut Within(y), s)
    }
    fn in_place_scratch_len(&self, columns: usize) -> usize {
        LinearOperator::scratch_len(self, columns)
    }
}
// orthogonal
impl<K: Facts, T: Scalar, S: Space> InverseRule<K> for Trigonometric<T, S> {
    type Output = Adjoint<Self>;
    fn inverse_rule(&self) -> Result<Self::Output> {
        Ok(Adjoint(self.clone()))
    }
}
// rows are polynomials of degree k with positive leading coefficients at decreasing points: the sign of Vandermonde's determinant
impl<K: Facts, T: Scalar, S: Space> DetRule<K> for Trigonometric<T, S> {
    fn slogdet_rule(&self) -> Result<(T, T::Re)> {
        let odd = (self.n * self.n.saturating_sub(1) / 2) % 2 == 1;
        Ok((T::of(if odd { -1.0 } else { 1.0 }), T::Re::zero()))
    }
}
impl<T: Scalar, S: Space> DiagonalRule for Trigonometric<T, S> {
    fn diagonal_rule(&self, k: isize, d: &mut [T]) -> Result<()> {
        let (row, col) = diagonal_start(k);
        d.iter_mut().enumerate().for_each(|(i, d)| *d = T::of(self.kind.entry(row + i, col + i, self.n)));
        Ok(())
    }
}
crate::base_eigh!([T: Scalar, S: Space] Trigonometric<T, S>);
crate::base_factors!([T: Scalar, S: Space] Trigonometric<T, S>);
crate::functions::base::unitary_svd!([T: Scalar, S: Space] Trigonometric<T, S>);
crate::inverse_pinv!([T: Scalar, S: Space] Trigonometric<T, S>);
impl<T: Scalar, S: Space> Explain for Trigonometric<T, S> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        let fft = |rule: &'static str| Plan { cost: Cost::unknown("10n log n"), ..Plan::rule(self, rule, "n") };
        match question {
            Question::Apply => fft("FFT of twice the size"),
            Question::Solve | Question::Pinv => fft("the transpose, an application"),
            Question::Svd => Plan::rule(self, "itself", "n"),
            Question::Slogdet => Plan::rule(self, "closed", "n"),
            Question::Trace | Question::Diagonal => Plan::rule(self, "read off", "n"),
            Question::Eig | Question::Power | Question::Exp | Question::Log => function_plan::<K, T, S>(self, question),
            _ => base::<K, Self>(self, question),
        }
    }
}
// no parameters
crate::interop::saved!([T: Scalar, S: Space] Trigonometric<T, S>, "Trigonometric", [] {
    sine: bool = |k| k.kind.sine, kind: u8 = |k| k.kind.number, n: usize = |k| k.n
} {
    match kind {
        1..=4 => Ok(Trigonometric::of_kind(Kind { sine, number: kind }, S::EXTENT.or(n))),
        _ => Err(Error::invalid(format!("trigonometric transforms have types 1 to 4, not {kind}"))),
    }
});
impl<T: Scalar, S: Space> Parameters for Trigonometric<T, S> {
    type Number = T;
    type With<X: Scalar> = Trigonometric<X, S>;
    type Owned = Self;
    fn visit<'a>(&'a self, _: &mut Path, _: &mut dyn FnMut(&str, Cow<'a, [T]>)) {}
    fn traverse<X: Scalar>(&self, _: &mut Path, _: LeafFn<'_, T, X>) -> Trigonometric<X, S> {
        Trigonometric::of_kind(self.kind, self.n)
    }
    fn rebuild(&self, _: &mut Path, _: LeafFn<'_, T, T>) -> Self {
        self.clone()
    }
}
crate::gradient::no_gradient!([T: Scalar, S: Space] Trigonometric<T, S>);

#[cfg(test)]
mod tests {
    use crate::ops::*;
    use crate::prelude::*;
    use crate::testing::check_operator;
    use crate::{Element, Result};
    use nalgebra::DMatrix;

    fn all<T: Element>(tol: f64) -> Result<()> {
        for sine in [false, true] {
            for kind in 1..=4 {
                for n in [1, 2, 3, 4, 7, 8, 20] {
                    let a = if sine { Dst::new::<T>(kind, n) } else { Dct::new::<T>(kind, n) };
                    check_operator(&a).unwrap_or_else(|e| panic!("{a:?}: {e}"));
                    let want = DMatrix::from_fn(n, n, |k, j| T::of(a.kind.entry(k, j, n)));
                    let have = a.to_dense();
                    let worst =
                        have.iter().zip(want.iter()).fold(0.0, |m: f64, (x, y)| m.max((*x - *y).abs().lane_f64(0)));
                    assert!(worst < tol, "{a:?}: {worst:.1e}");
                    let (s, l) = Dense::new(want).slogdet()?;
                    assert!(
                        (a.slogdet()?.0 - s).abs().lane_f64(0) < tol && l.abs().lane_f64(0) < tol * n as f64,
                        "{a:?}"
                    );
                    assert!((a.trace()? - Dense::new(have).trace()?).abs().lane_f64(0) < tol * n as f64);
                }
            }
        }
        Ok(())
    }
    #[test]
    fn every_type_is_its_formula() -> Result<()> {
        all::<f64>(1e-13)?;
        all::<Complex<f64>>(1e-13)?;
        all::<f32>(1e-5)?;
        assert!(Dct::try_new::<f64>(5, 3).is_err() && Dst::try_new::<f64>(0, 3).is_err());
        assert_eq!(Dct::new::<f64>(1, 0).slogdet()?, (1.0, 0.0));
        Ok(())
    }
}
