//! The tape: adjoints of all scalars and vectors in one arena, pullbacks in the order of evaluation. A variable cannot leave its tape (the
//! brand `'t`), and a plain number cannot slip into a sum unnoticed: there is no `Var + f64`, only `Var + constant(c)`.

use crate::data::Column;
use crate::error::{Error, Result};
use crate::scalar::{Real, Scalar};
use crate::space::Space;
use core::ops::{Add, Div, Mul, Neg, Sub};
use nalgebra::{Const, Dim, Matrix, Storage};
use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;

type Pullback<'t, T> = Box<dyn FnOnce(&mut [T]) + 't>;
/// See the module.
pub struct Tape<'t, T> {
    adjoints: RefCell<Vec<T>>,
    pullbacks: RefCell<Vec<Pullback<'t, T>>>,
}
impl<'t, T: Real> Tape<'t, T> {
    pub(super) fn new() -> Rc<Self> {
        Rc::new(Tape { adjoints: RefCell::new(Vec::new()), pullbacks: RefCell::new(Vec::new()) })
    }
    pub(super) fn slot(&self, n: usize) -> usize {
        let mut a = self.adjoints.borrow_mut();
        let at = a.len();
        a.resize(at + n, T::zero());
        at
    }
    pub(super) fn push(&self, f: impl FnOnce(&mut [T]) + 't) {
        self.pullbacks.borrow_mut().push(Box::new(f))
    }
    /// Runs the pullbacks of `out` and returns its value; on an error drops them, because tape and pullbacks hold each other.
    pub(super) fn finish(&self, out: Result<Var<'_, T>>) -> Result<T> {
        let pullbacks = self.pullbacks.take();
        let out = out?;
        let mut a = self.adjoints.take();
        a[out.at] = T::one();
        for f in pullbacks.into_iter().rev() {
            f(&mut a)
        }
        self.adjoints.replace(a);
        Ok(out.value)
    }
    pub(super) fn adjoint(&self, at: usize, n: usize) -> Vec<T> {
        self.adjoints.borrow()[at..at + n].to_vec()
    }
}

/// A number that depends on what is differentiated. `Clone`; arithmetic works on references too.
#[derive(Clone)]
pub struct Var<'t, T> {
    pub(super) tape: Rc<Tape<'t, T>>,
    pub(super) at: usize,
    pub(super) value: T,
}
impl<T: core::fmt::Debug> core::fmt::Debug for Var<'_, T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Var({:?})", self.value)
    }
}
impl<'t, T: Real> Var<'t, T> {
    /// The number, knowingly off the tape.
    pub fn value(&self) -> T {
        self.value
    }
    pub(super) fn derived(tape: &Rc<Tape<'t, T>>, value: T, back: impl FnOnce(T, &mut [T]) + 't) -> Self {
        let at = tape.slot(1);
        tape.push(move |a| {
            let bar = a[at];
            if bar != T::zero() {
                back(bar, a)
            }
        });
        Var { tape: tape.clone(), at, value }
    }
    /// f(self), given f and f' at self.
    pub fn map(&self, value: T, derivative: T) -> Self {
        let at = self.at;
        Var::derived(&self.tape, value, move |bar, a| a[at] += bar * derivative)
    }
    /// Natural logarithm.
    pub fn ln(&self) -> Self {
        self.map(self.value.ln(), T::one() / self.value)
    }
    /// e^self.
    pub fn exp(&self) -> Self {
        let e = self.value.exp();
        self.map(e, e)
    }
    /// Square root.
    pub fn sqrt(&self) -> Self {
        let r = self.value.sqrt();
        self.map(r, T::real(0.5) / r)
    }
    /// self^p.
    pub fn powf(&self, p: f64) -> Self {
        self.map(self.value.powf(p), T::real(p) * self.value.powf(p - 1.0))
    }
    /// self^2.
    pub fn square(&self) -> Self {
        self.map(self.value * self.value, self.value + self.value)
    }
}
/// A number that depends on nothing; explicit, because forgetting a dependency looks the same.
#[derive(Clone, Copy, Debug)]
pub struct Constant<T>(T);
/// c as a term of a sum with variables.
pub fn constant<T: Real>(c: T) -> Constant<T> {
    Constant(c)
}
macro_rules! binary {
    ($Tr:ident $f:ident, |$a:ident, $b:ident| $v:expr, $da:expr, $db:expr) => {
        binary!(@ $Tr $f, Var<'t, T>, Var<'t, T>, |$a, $b| $v, $da, $db);
        binary!(@ $Tr $f, &Var<'t, T>, Var<'t, T>, |$a, $b| $v, $da, $db);
        binary!(@ $Tr $f, Var<'t, T>, &Var<'t, T>, |$a, $b| $v, $da, $db);
        binary!(@ $Tr $f, &Var<'t, T>, &Var<'t, T>, |$a, $b| $v, $da, $db);
    };
    (@ $Tr:ident $f:ident, $L:ty, $R:ty, |$a:ident, $b:ident| $v:expr, $da:expr, $db:expr) => {
        impl<'t, T: Real> $Tr<$R> for $L {
            type Output = Var<'t, T>;
            fn $f(self, o: $R) -> Var<'t, T> {
                let ($a, $b, i, j) = (self.value, o.value, self.at, o.at);
                Var::derived(&self.tape, $v, move |bar, g| {
                    g[i] += bar * $da;
                    g[j] += bar * $db;
                })
            }
        }
    };
}
binary!(Add add, |a, b| a + b, T::one(), T::one());
binary!(Sub sub, |a, b| a - b, T::one(), -T::one());
binary!(Mul mul, |a, b| a * b, b, a);
binary!(Div div, |a, b| a / b, T::one() / b, -a / (b * b));
impl<'t, T: Real> Neg for Var<'t, T> {
    type Output = Var<'t, T>;
    fn neg(self) -> Var<'t, T> {
        self.map(-self.value, -T::one())
    }
}
impl<'t, T: Real> Add<Constant<T>> for Var<'t, T> {
    type Output = Var<'t, T>;
    fn add(self, c: Constant<T>) -> Var<'t, T> {
        self.map(self.value + c.0, T::one())
    }
}
impl<'t, T: Real> Sub<Constant<T>> for Var<'t, T> {
    type Output = Var<'t, T>;
    fn sub(self, c: Constant<T>) -> Var<'t, T> {
        self.map(self.value - c.0, T::one())
    }
}
impl<'t, T: Real> Add<Var<'t, T>> for Constant<T> {
    type Output = Var<'t, T>;
    fn add(self, v: Var<'t, T>) -> Var<'t, T> {
        v + self
    }
}
impl<'t, T: Real> Sub<Var<'t, T>> for Constant<T> {
    type Output = Var<'t, T>;
    fn sub(self, v: Var<'t, T>) -> Var<'t, T> {
        -v + self
    }
}
macro_rules! scaled_by_number {
    ($($T:ty)*) => { $(
        impl<'t> Mul<Var<'t, $T>> for $T {
            type Output = Var<'t, $T>;
            fn mul(self, v: Var<'t, $T>) -> Var<'t, $T> {
                v.map(self * v.value, self)
            }
        }
        impl<'t> Mul<&Var<'t, $T>> for $T {
            type Output = Var<'t, $T>;
            fn mul(self, v: &Var<'t, $T>) -> Var<'t, $T> {
                v.map(self * v.value, self)
            }
        }
        impl<'t> Mul<$T> for Var<'t, $T> {
            type Output = Var<'t, $T>;
            fn mul(self, c: $T) -> Var<'t, $T> {
                self.map(self.value * c, c)
            }
        }
        impl<'t> Div<$T> for Var<'t, $T> {
            type Output = Var<'t, $T>;
            fn div(self, c: $T) -> Var<'t, $T> {
                self.map(self.value / c, 1.0 / c)
            }
        }
        impl<'t> Mul<TrackedVec<'t, $T>> for $T {
            type Output = TrackedVec<'t, $T>;
            fn mul(self, v: TrackedVec<'t, $T>) -> TrackedVec<'t, $T> {
                v.scale(self)
            }
        } )* };
}
scaled_by_number!(f32 f64);

/// A vector that depends on what is differentiated.
#[derive(Clone)]
pub struct TrackedVec<'t, T> {
    pub(super) tape: Rc<Tape<'t, T>>,
    pub(super) at: usize,
    pub(super) value: Rc<[T]>,
}
impl<T: core::fmt::Debug> core::fmt::Debug for TrackedVec<'_, T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "TrackedVec({:?})", self.value)
    }
}
/// What a function of an operator takes: plain numbers, which are constants, or a tracked vector.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a vector of `{T}` for the tape",
    label = "expected a nalgebra vector, an array, a `Vec` or a tracked vector of `{T}`"
)]
pub trait TapeVector<T: Scalar> {
    /// The numbers.
    fn values(&self) -> Cow<'_, [T]>;
    /// Where its adjoint lies, if it is tracked.
    fn slot(&self) -> Option<usize> {
        None
    }
}
impl<T: Scalar, R: Dim, S: Storage<T, R, Const<1>>> TapeVector<T> for Matrix<T, R, Const<1>, S> {
    fn values(&self) -> Cow<'_, [T]> {
        match crate::data::matrix_view(self).contiguous() {
            Some(x) => Cow::Borrowed(x),
            None => Cow::Owned(self.iter().copied().collect()),
        }
    }
}
macro_rules! slices {
    ($([$($p:tt)*] $V:ty;)*) => { $(
        impl<T: Scalar, $($p)*> TapeVector<T> for $V {
            fn values(&self) -> Cow<'_, [T]> {
                Cow::Borrowed(&self[..])
            }
        } )* };
}
slices! { [const N: usize] [T; N]; [] [T]; [] Vec<T>; [S: Space] Column<T, S>; }
impl<T: Scalar> TapeVector<T> for TrackedVec<'_, T> {
    fn values(&self) -> Cow<'_, [T]> {
        Cow::Borrowed(&self.value)
    }
    fn slot(&self) -> Option<usize> {
        Some(self.at)
    }
}
pub(super) fn axpy<T: Real>(a: T, x: &[T], y: &mut [T]) {
    y.iter_mut().zip(x).for_each(|(y, x)| *y += a * *x)
}
pub(super) fn dot<T: Real>(x: &[T], y: &[T]) -> T {
    x.iter().zip(y).fold(T::zero(), |s, (x, y)| s + *x * *y)
}
impl<'t, T: Real> TrackedVec<'t, T> {
    pub(super) fn derived(tape: &Rc<Tape<'t, T>>, value: Vec<T>, back: impl FnOnce(Vec<T>, &mut [T]) + 't) -> Self {
        let (at, n) = (tape.slot(value.len()), value.len());
        tape.push(move |a| back(a[at..at + n].to_vec(), a));
        TrackedVec { tape: tape.clone(), at, value: value.into() }
    }
    /// The numbers, knowingly off the tape.
    pub fn value(&self) -> &[T] {
        &self.value
    }
    /// Number of entries.
    pub fn len(&self) -> usize {
        self.value.len()
    }
    /// True if it has none.
    pub fn is_empty(&self) -> bool {
        self.value.is_empty()
    }
    /// x . y for a constant or tracked y.
    ///
    /// # Panics
    /// Where the lengths differ.
    pub fn dot(&self, y: &(impl TapeVector<T> + ?Sized)) -> Var<'t, T> {
        let (x, y, i, j) = (self.value.clone(), y.values().into_owned(), self.at, y.slot());
        same_length("dot", x.len(), y.len());
        Var::derived(&self.tape, dot(&x, &y), move |bar, a| {
            axpy(bar, &y, &mut a[i..i + y.len()]);
            if let Some(j) = j {
                axpy(bar, &x, &mut a[j..j + x.len()]);
            }
        })
    }
    /// x . x.
    pub fn norm_squared(&self) -> Var<'t, T> {
        self.dot(self)
    }
    /// Sum of the entries.
    pub fn sum(&self) -> Var<'t, T> {
        self.dot(&vec![T::one(); self.len()])
    }
    /// Entry i.
    ///
    /// # Panics
    /// Where there is none.
    pub fn get(&self, i: usize) -> Var<'t, T> {
        let at = self.at + i;
        Var::derived(&self.tape, self.value[i], move |bar, a| a[at] += bar)
    }
    /// c x.
    pub fn scale(&self, c: T) -> Self {
        let (i, value) = (self.at, self.value.iter().map(|x| *x * c).collect());
        TrackedVec::derived(&self.tape, value, move |bar, a| axpy(c, &bar, &mut a[i..i + bar.len()]))
    }
    fn plus(&self, sign: T, o: &(impl TapeVector<T> + ?Sized)) -> Self {
        let (y, i, j) = (o.values(), self.at, o.slot());
        same_length("a sum of vectors", self.len(), y.len());
        let value = self.value.iter().zip(y.iter()).map(|(x, y)| *x + sign * *y).collect();
        TrackedVec::derived(&self.tape, value, move |bar, a| {
            axpy(T::one(), &bar, &mut a[i..i + bar.len()]);
            if let Some(j) = j {
                axpy(sign, &bar, &mut a[j..j + bar.len()]);
            }
        })
    }
}
fn same_length(op: &str, m: usize, n: usize) {
    assert!(m == n, "{op}: {m} entries meet {n}");
}
/// Both operands tracked: a plain vector enters a sum of vectors no more silently than a number does.
macro_rules! vector_sum {
    ($Tr:ident $f:ident $sign:expr) => {
        impl<'t, T: Real> $Tr for TrackedVec<'t, T> {
            type Output = Self;
            fn $f(self, o: Self) -> Self {
                self.plus($sign, &o)
            }
        }
        impl<'t, T: Real> $Tr for &TrackedVec<'t, T> {
            type Output = TrackedVec<'t, T>;
            fn $f(self, o: Self) -> TrackedVec<'t, T> {
                self.plus($sign, o)
            }
        }
    };
}
vector_sum!(Add add T::one());
vector_sum!(Sub sub -T::one());
/// A length that does not fit the operator.
pub(super) fn sized<T: Scalar>(
    op: &'static str,
    left: (usize, usize),
    v: &(impl TapeVector<T> + ?Sized),
) -> Result<()> {
    let values = v.values();
    if values.len() != left.1 {
        return Err(Error::ShapeMismatch { op, left, right: (values.len(), 1) });
    }
    match values.iter().all(|x| crate::scalar::Mask::all(x.finite())) {
        true => Ok(()),
        false => Err(Error::non_finite("the vector")),
    }
}
