//! Some eigenvalues or singular values of a matrix-free operator, with their vectors.
//!
//! | A | method | finds |
//! |---|---|---|
//! | self-adjoint | [`Lanczos`] | any end of the spectrum; with the inverse of A - s I what is next to s |
//! | self-adjoint | [`Lobpcg`] | the smallest or largest, with a preconditioner, in blocks |
//! | general | [`KrylovSchur`], [`Arnoldi`] | the same ends; complex eigenvalues of real operators |
//! | any | [`PowerIteration`] | the dominant ones, slowly, in little memory |
//! | any shape | [`GolubKahan`] | the largest singular values |
//! | any shape | [`RandomizedSvd`] | a good low-rank approximation, in few products, with a bound of its error |
//!
//! A pair passes if |A v - s v| <= max(tol |s|, 100 eps |A|): relative to the eigenvalue, as ARPACK has it (Lehoucq, Sorensen & Yang,
//! ARPACK Users' Guide, 1998, section 4.6, with another floor), down to what the rounding of products with A leaves of any method. With r the
//! residual (s, v) is an exact pair of an A + E with |E| = r (Stewart, Matrix Algorithms II, 2001, section 2.1.3), and if A is self-adjoint an
//! eigenvalue lies within r of s. So an eigenvalue that is smaller than 100 eps |A| / tol is known to 100 eps |A| and not to tol of its own
//! size, by whatever method: `residuals` says how far, for each pair. With an inverse the residuals are those of A all the same, not those of
//! the inverse, which |A - x I| |s - x| would enlarge. |A| is what the iteration itself has seen of it, from below.
//!
//! Work is not lost: a `NotConverged` carries the vectors that were reached, and [`EigsAlgorithm::eigs_from`] goes on from them.
//! No answer is believed before |A v - s v| was computed by a fresh product.

mod golub_kahan;
mod krylov_schur;
mod lobpcg;
mod power;
mod randomized;
mod small;
mod space;
mod svds;

pub use golub_kahan::GolubKahan;
pub(crate) use golub_kahan::two_norm;
pub use krylov_schur::{Arnoldi, EigsOn, InverseOn, KrylovSchur, Lanczos};
pub(crate) use krylov_schur::{Job, restarted};
pub use lobpcg::Lobpcg;
pub use power::PowerIteration;
pub use randomized::RandomizedSvd;
pub(crate) use small::eigh as small_eigh;
pub(crate) use svds::default_svds;
pub use svds::{Svds, SvdsAlgorithm, SvdsOn};

use super::blocks::Action;
use super::columns::{BlockProducts, Columns};
use super::krylov::{Report, default_solve_with, slack};
use super::watch::Options;
use crate::error::{Error, Result};
use crate::facts::{Known, Unknown};
use crate::operator::{DynOperator, LinearOperator, Update};
use crate::scalar::{Complex, Real, Scalar};
use crate::vector::Vector;
use crate::view::{View, ViewMut};
use nalgebra::{DMatrix, DVector};
use num_traits::Zero;

/// Which eigenvalues are wanted; they come back with the most wanted one first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Which {
    /// Largest |s|.
    LargestMagnitude,
    /// Smallest |s|: next to 0, as [`NearestTo`](Which::NearestTo) is next to any number.
    SmallestMagnitude,
    /// Largest s of a self-adjoint operator, largest real part else.
    LargestAlgebraic,
    /// Smallest s of a self-adjoint operator, smallest real part else.
    SmallestAlgebraic,
    /// Largest real part.
    LargestReal,
    /// Smallest real part.
    SmallestReal,
    /// Smallest |s - x|. Iterated with (A - x I)^-1, by the given inverse or by inner solves.
    NearestTo(f64),
    /// By turns from the upper and the lower end of the real parts, the upper end first.
    BothEnds,
}
impl Which {
    /// The place that eigenvalues next to it are wanted of, if that is what it says.
    pub(crate) fn shift(self) -> Option<f64> {
        match self {
            Which::SmallestMagnitude => Some(0.0),
            Which::NearestTo(s) => Some(s),
            _ => None,
        }
    }
    /// Indices of `values` (real and imaginary parts), the most wanted first; conjugates stay together.
    pub(crate) fn order(self, values: &[(f64, f64)]) -> Vec<usize> {
        let mut order = Vec::with_capacity(values.len());
        self.order_in(values, &mut order, &mut Vec::new());
        order
    }
    /// [`order`](Self::order) where the caller says: nothing is allocated where `order` and `spare` have room.
    fn order_in(self, values: &[(f64, f64)], order: &mut Vec<usize>, spare: &mut Vec<usize>) {
        let want = |(re, im): (f64, f64)| match self {
            Which::LargestMagnitude => re.hypot(im),
            Which::SmallestMagnitude => -re.hypot(im),
            Which::NearestTo(s) => -(re - s).hypot(im),
            Which::SmallestAlgebraic | Which::SmallestReal => -re,
            Which::LargestAlgebraic | Which::LargestReal | Which::BothEnds => re,
        };
        order.clear();
        order.extend(0..values.len());
        // the index comes last, so that equal ones stay as they are: a stable sort would allocate
        order.sort_unstable_by(|&i, &j| {
            let (a, b) = (values[i], values[j]);
            let apart = want(b).total_cmp(&want(a)).then_with(|| b.0.total_cmp(&a.0));
            apart.then_with(|| b.1.total_cmp(&a.1)).then(i.cmp(&j))
        });
        // rounding may have parted a pair: the conjugate next to it is brought back, the upper one first
        let mut i = 0;
        while i < order.len() {
            let a = values[order[i]];
            let near = |&j: &usize| (a.0 - values[order[j]].0).hypot(a.1 + values[order[j]].1) <= 1e-8 * a.0.hypot(a.1);
            match (i + 1..order.len().min(i + 4)).find(near).filter(|_| a.1 != 0.0) {
                Some(j) => {
                    order[i + 1..=j].rotate_right(1);
                    if a.1 < 0.0 {
                        order.swap(i, i + 1);
                    }
                    i += 2;
                }
                None => i += 1,
            }
        }
        if self != Which::BothEnds {
            return;
        }
        // from both ends by turns, a conjugate pair as one
        let paired = |i: usize, j: usize| {
            let (a, b) = (values[i], values[j]);
            a.1 != 0.0 && (a.0 - b.0).hypot(a.1 + b.1) <= 1e-8 * a.0.hypot(a.1)
        };
        let (mut low, mut high) = (0, order.len());
        let out = spare;
        out.clear();
        while low < high {
            let upper = if high - low > 1 && paired(order[low], order[low + 1]) { 2 } else { 1 };
            out.extend_from_slice(&order[low..low + upper]);
            low += upper;
            if low < high {
                let lower = if high - low > 1 && paired(order[high - 1], order[high - 2]) { 2 } else { 1 };
                out.extend_from_slice(&order[high - lower..high]);
                high -= lower;
            }
        }
        order.copy_from_slice(out);
    }
    /// How much more `a` is wanted than `b`.
    fn lead(self, a: f64, b: f64) -> f64 {
        match self {
            Which::LargestMagnitude => a.abs() - b.abs(),
            Which::SmallestMagnitude => b.abs() - a.abs(),
            Which::NearestTo(s) => (b - s).abs() - (a - s).abs(),
            Which::SmallestAlgebraic | Which::SmallestReal => b - a,
            Which::LargestAlgebraic | Which::LargestReal => a - b,
            // either end has its own
            Which::BothEnds => f64::NAN,
        }
    }
}

/// Eigenvalues and eigenvectors, the most wanted first.
#[derive(Clone, Debug, PartialEq)]
pub struct Eigs<W, V> {
    /// The eigenvalues.
    pub eigenvalues: DVector<W>,
    /// The eigenvectors, one column each, of length 1; orthonormal where A is self-adjoint.
    pub eigenvectors: DMatrix<V>,
    /// |A v - s v| of each pair, by a fresh product.
    pub residuals: Vec<f64>,
    /// What was learned: `residual` is the largest |A v - s v| / |s|, with 100 eps |A| / tol in place of an |s| that is smaller.
    pub report: Report,
}
impl<W, V> Eigs<W, V> {
    /// The eigenvalues.
    pub fn eigenvalues(&self) -> &DVector<W> {
        &self.eigenvalues
    }
    /// The eigenvectors.
    pub fn eigenvectors(&self) -> &DMatrix<V> {
        &self.eigenvectors
    }
}

/// An algorithm for some eigenvalues.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no algorithm for some eigenvalues",
    label = "no eigenvalues by this"
)]
pub trait EigsAlgorithm<A: LinearOperator> {
    /// The type of the eigenvalues.
    type Value;
    /// The type of the entries of the eigenvectors.
    type Entry;
    /// k eigenvalues and their vectors.
    ///
    /// # Errors
    /// `ShapeMismatch`, `InvalidArgument`, `NonFinite`, `NotConverged` with the largest true relative residual.
    fn eigs(&mut self, a: &A, k: usize, which: Which) -> Result<Eigs<Self::Value, Self::Entry>>;
    /// The same from vectors that are near the wanted ones, such as those of a `NotConverged`. They are a hint: an algorithm that has no use
    /// for them starts from random ones.
    ///
    /// # Errors
    /// As `eigs`; `ShapeMismatch` where the vectors have another length.
    fn eigs_from(
        &mut self,
        a: &A,
        k: usize,
        which: Which,
        start: View<'_, Self::Entry>,
    ) -> Result<Eigs<Self::Value, Self::Entry>> {
        let _ = start;
        self.eigs(a, k, which)
    }
}

/// A number whose matrices have iterative spectral methods: f32, f64 and their complex numbers.
#[diagnostic::on_unimplemented(
    message = "there is no iterative method for the spectrum of operators over `{Self}`",
    label = "`f32`, `f64`, `Complex<f32>` and `Complex<f64>` have one"
)]
pub trait SpectralNumber: Scalar<Mask = bool> {
    /// The complex numbers over the same real ones.
    type Wide: SpectralNumber<Re = Self::Re, Wide = Self::Wide>;
    /// As a complex number.
    fn widen(self) -> Self::Wide;
    /// From real and imaginary part.
    fn wide(re: Self::Re, im: Self::Re) -> Self::Wide;
    /// Back from a complex number; of a real number the imaginary part is dropped.
    fn narrow(z: Self::Wide) -> Self;
    /// T and Q, n x n, with A = Q T Q^H, T upper triangular.
    ///
    /// # Errors
    /// `NonFinite`, `NotConverged`.
    fn schur(n: usize, a: &[Self], t: &mut [Self::Wide], q: &mut [Self::Wide]) -> Result<()>;
}
macro_rules! spectral_number {
    ($R:ty) => {
        impl SpectralNumber for $R {
            type Wide = Complex<$R>;
            fn widen(self) -> Complex<$R> {
                Complex::new(self, 0.0)
            }
            fn wide(re: $R, im: $R) -> Complex<$R> {
                Complex::new(re, im)
            }
            fn narrow(z: Complex<$R>) -> $R {
                z.re
            }
            fn schur(n: usize, a: &[$R], t: &mut [Complex<$R>], q: &mut [Complex<$R>]) -> Result<()> {
                crate::algorithms::dense::schur_in(n, a, t, q)
            }
        }
        impl SpectralNumber for Complex<$R> {
            type Wide = Complex<$R>;
            fn widen(self) -> Complex<$R> {
                self
            }
            fn wide(re: $R, im: $R) -> Complex<$R> {
                Complex::new(re, im)
            }
            fn narrow(z: Complex<$R>) -> Complex<$R> {
                z
            }
            fn schur(n: usize, a: &[Self], t: &mut [Self], q: &mut [Self]) -> Result<()> {
                crate::algorithms::dense::schur_in(n, a, t, q)
            }
        }
    };
}
spectral_number!(f32);
spectral_number!(f64);

/// What is known of A decides the type of its eigenvalues: real and with vectors of the same numbers if it is self-adjoint, complex
/// else. Implemented by [`Known`] and [`Unknown`] alone.
pub trait EigenvaluesOf<T: SpectralNumber> {
    /// Type of an eigenvalue.
    type Value: nalgebra::Scalar;
    /// Type of an entry of an eigenvector.
    type Entry: nalgebra::Scalar;
    /// True for self-adjoint operators.
    const SELF_ADJOINT: bool;
    /// From the pairs that were found.
    #[doc(hidden)]
    fn finish(found: Found<T>) -> Eigs<Self::Value, Self::Entry>;
    /// Vectors to start from, by columns.
    #[doc(hidden)]
    fn start(vectors: View<'_, Self::Entry>) -> Vec<T>;
}
impl<T: SpectralNumber> EigenvaluesOf<T> for Known {
    type Value = T::Re;
    type Entry = T;
    const SELF_ADJOINT: bool = true;
    fn finish(found: Found<T>) -> Eigs<T::Re, T> {
        found.real()
    }
    fn start(vectors: View<'_, T>) -> Vec<T> {
        (0..vectors.cols).flat_map(|j| (0..vectors.rows).map(move |i| vectors.at(i, j))).collect()
    }
}
impl<T: SpectralNumber> EigenvaluesOf<T> for Unknown {
    type Value = T::Wide;
    type Entry = T::Wide;
    const SELF_ADJOINT: bool = false;
    fn finish(found: Found<T>) -> Eigs<T::Wide, T::Wide> {
        found.complex()
    }
    /// Of a real operator the real and the imaginary parts, which span the same space as a conjugate pair.
    fn start(vectors: View<'_, T::Wide>) -> Vec<T> {
        let (rows, real) = (vectors.rows, <<T as Scalar>::IsReal as crate::facts::Fact>::KNOWN);
        let mut out = Vec::with_capacity(2 * rows * vectors.cols);
        for j in 0..vectors.cols {
            out.extend((0..rows).map(|i| T::narrow(vectors.at(i, j))));
            if real && (0..rows).any(|i| !vectors.at(i, j).im().is_zero()) {
                out.extend((0..rows).map(|i| T::from_re(vectors.at(i, j).im())));
            }
        }
        out
    }
}

/// Pairs as the methods find them.
#[doc(hidden)]
pub struct Found<T: SpectralNumber> {
    n: usize,
    values: Vec<T::Wide>,
    vectors: Vectors<T>,
    residuals: Vec<f64>,
    report: Report,
}
/// Eigenvectors by columns.
enum Vectors<T: SpectralNumber> {
    Same(Vec<T>),
    Complex(Vec<T::Wide>),
}
impl<T: SpectralNumber> Vectors<T> {
    /// Columns of n numbers <- their directions.
    fn normalise(&mut self, n: usize) {
        fn each<S: Scalar>(n: usize, v: &mut [S]) {
            for v in v.chunks_exact_mut(n.max(1)) {
                let size = v.norm();
                crate::vector::normalise(v, size);
            }
        }
        match self {
            Vectors::Same(v) => each(n, v),
            Vectors::Complex(v) => each(n, v),
        }
    }
    /// The error with these vectors of n numbers as its iterate.
    #[cold]
    fn kept_in(&self, n: usize, e: Error) -> Error {
        match self {
            Vectors::Same(v) => e.with_iterate(View::matrix(v, n, v.len() / n.max(1))),
            Vectors::Complex(v) => e.with_iterate(View::matrix(v, n, v.len() / n.max(1))),
        }
    }
}
impl<T: SpectralNumber> Found<T> {
    /// With what the iteration says of itself.
    fn reported(mut self, residual: f64, watcher: super::watch::Watcher<'_>) -> Self {
        let (algorithm, iterations, history) = (watcher.algorithm, watcher.iterations, watcher.history);
        self.report = Report { algorithm, iterations, residual, history };
        self
    }
    fn real(self) -> Eigs<T::Re, T> {
        let values: Vec<T::Re> = self.values.iter().map(|z| z.re()).collect();
        let k = values.len();
        let vectors = match self.vectors {
            Vectors::Same(v) => v,
            Vectors::Complex(v) => v.into_iter().map(T::narrow).collect(),
        };
        Eigs {
            eigenvalues: DVector::from_vec(values),
            eigenvectors: DMatrix::from_vec(self.n, k, vectors),
            residuals: self.residuals,
            report: self.report,
        }
    }
    fn complex(self) -> Eigs<T::Wide, T::Wide> {
        let k = self.values.len();
        let vectors = match self.vectors {
            Vectors::Same(v) => v.into_iter().map(T::widen).collect(),
            Vectors::Complex(v) => v,
        };
        Eigs {
            eigenvalues: DVector::from_vec(self.values),
            eigenvectors: DMatrix::from_vec(self.n, k, vectors),
            residuals: self.residuals,
            report: self.report,
        }
    }
}

/// A - s I as the inner solves see it.
struct Shifted<'a, T: Scalar> {
    a: &'a dyn DynOperator<T>,
    shift: T,
}
impl<T: Scalar> DynOperator<T> for Shifted<'_, T> {
    fn dyn_shape(&self) -> (usize, usize) {
        self.a.dyn_shape()
    }
    fn dyn_act(&self, how: Update<T>, x: View<'_, T>, mut y: ViewMut<'_, T>, s: &mut [T]) {
        self.a.dyn_act(how, x, y.reborrow(), s);
        let c = how.alpha * self.shift;
        for j in 0..x.cols {
            for i in 0..x.rows {
                *y.at(i, j) -= c * x.at(i, j);
            }
        }
    }
    fn dyn_scratch(&self, columns: usize) -> usize {
        self.a.dyn_scratch(columns)
    }
}
/// (A - s I)^-1 by solves to nearly full precision.
struct InnerSolves<'a, T: Scalar> {
    shifted: Shifted<'a, T>,
    kind: super::krylov::Kind,
}
impl<T: Scalar> DynOperator<T> for InnerSolves<'_, T> {
    fn dyn_shape(&self) -> (usize, usize) {
        self.shifted.dyn_shape()
    }
    fn dyn_act(&self, how: Update<T>, x: View<'_, T>, mut y: ViewMut<'_, T>, _: &mut [T]) {
        // only plain products are asked for
        let tol = 100.0 * T::Re::epsilon().lane_f64(0);
        if let Err(e) = default_solve_with(self.kind, how.adjoint, tol, &self.shifted, x, y.reborrow()) {
            crate::error::note_fault(0, e);
        }
    }
    fn dyn_scratch(&self, _: usize) -> usize {
        0
    }
}

/// Largest size at which an operator that holds no dense matrix is made one for its eigenvalues: 9 n^3 operations take 0.5 s.
pub const DENSE_SPECTRUM: usize = 500;

/// `eigs` by the facts: dense where A is small or held densely, else Lanczos or Krylov-Schur, with inner solves for what is next to a
/// number.
///
/// # Errors
/// As [`EigsAlgorithm::eigs`].
pub fn default_eigs<T: SpectralNumber, S: EigenvaluesOf<T>>(
    a: &dyn DynOperator<T>,
    dense: bool,
    psd: bool,
    k: usize,
    which: Which,
) -> Result<Eigs<S::Value, S::Entry>> {
    use super::krylov::Kind;
    let name = if S::SELF_ADJOINT { krylov_schur::LANCZOS } else { krylov_schur::KRYLOV_SCHUR };
    let n = arguments::<T>(name, a.dyn_shape(), k, which)?;
    let job = Job::new(name, S::SELF_ADJOINT, k, which, Options::default());
    let found = if dense || n <= DENSE_SPECTRUM {
        small::dense(&mut Action::new("a dense eigenproblem", a, 16), S::SELF_ADJOINT, k, which)
    } else if let Some(s) = which.shift() {
        let kind = match (psd && s <= 0.0, S::SELF_ADJOINT) {
            (true, _) => Kind::Psd,
            (false, true) => Kind::SelfAdjoint,
            _ => Kind::General,
        };
        let inverse = InnerSolves { shifted: Shifted { a, shift: T::of(s) }, kind };
        restarted(&job, a, Some(&inverse), &[], None)
    } else {
        restarted(&job, a, None, &[], None)
    }?;
    Ok(S::finish(found))
}

/// Checks the arguments; returns n.
fn arguments<T: Scalar>(name: &'static str, (m, n): (usize, usize), k: usize, which: Which) -> Result<usize> {
    super::krylov::plain_numbers::<T>(name)?;
    if m != n {
        return Err(Error::ShapeMismatch { op: "eigs", left: (m, n), right: (n, n) });
    }
    if k > n {
        return Err(Error::invalid(format!("eigs: {k} eigenvalues of a {n} x {n} operator; ask for {n} at most")));
    }
    if which.shift().is_some_and(|s| !s.is_finite()) {
        return Err(Error::invalid(format!("eigs: {which:?} is no place; give a finite number")));
    }
    Ok(n)
}

/// The number of vectors of length n to start from.
fn starts<T: Scalar>(name: &'static str, n: usize, start: &[T]) -> Result<usize> {
    let count = start.len() / n.max(1);
    if count * n != start.len() {
        return Err(Error::invalid(format!("{name}: the vectors to start from do not have {n} rows")));
    }
    match super::blocks::finite(start) {
        true => Ok(count.min(n)),
        false => Err(Error::non_finite("the vectors to start from")),
    }
}

/// What passes as converged for an eigenvalue of this size, of an operator of norm |A|.
fn threshold<T: Scalar>(tol: f64, value: f64, norm: f64) -> f64 {
    (tol * value).max(100.0 * T::Re::epsilon().lane_f64(0) * norm)
}
/// How residuals are judged: by fresh products, each in units of [`threshold`].
struct Verify {
    self_adjoint: bool,
    norm: f64,
    tol: f64,
    /// `tol` is met or missed.
    strict: bool,
}
impl Verify {
    /// The pairs with their true residuals |A v - s v|, where for self-adjoint operators s becomes the Rayleigh quotient; and tol times the
    /// largest of them in units of what is wanted.
    fn judge<T: SpectralNumber, V: Columns<Scalar = T> + ?Sized>(
        &self,
        a: &mut dyn BlockProducts<V>,
        mut values: Vec<T::Wide>,
        vectors: Vectors<T>,
    ) -> Result<(Found<T>, f64)> {
        let n = a.shape().0;
        let (mut residuals, mut worst) = (Vec::with_capacity(values.len()), 0.0_f64);
        let (mut x, mut y, mut z) = (a.zeros(n)?, a.zeros(n)?, vec![T::Wide::zero(); n]);
        for (k, value) in values.iter_mut().enumerate() {
            let r = match &vectors {
                Vectors::Same(v) => {
                    let v = a.there(&v[k * n..][..n])?;
                    a.apply(&v, &mut y, 1)?;
                    if self.self_adjoint {
                        *value = T::from_re(v.dot(&y).re()).widen();
                    }
                    y.axpy(-T::narrow(*value), &v);
                    y.norm()
                }
                Vectors::Complex(v) => {
                    let v = &v[k * n..][..n];
                    // A (re + i im), in two products where A is real
                    x.write(|x| x.iter_mut().zip(v).for_each(|(x, &v)| *x = T::narrow(v)));
                    a.apply(&x, &mut y, 1)?;
                    for ((z, &y), &v) in z.iter_mut().zip(y.to_host().iter()).zip(v) {
                        *z = y.widen() - *value * v;
                    }
                    if <<T as Scalar>::IsReal as crate::facts::Fact>::KNOWN {
                        x.write(|x| x.iter_mut().zip(v).for_each(|(x, &v)| *x = T::from_re(v.im())));
                        a.apply(&x, &mut y, 1)?;
                        for (z, &y) in z.iter_mut().zip(y.to_host().iter()) {
                            *z += T::wide(T::Re::zero(), y.re());
                        }
                    }
                    z[..].norm()
                }
            };
            let (r, size) = (r.lane_f64(0), value.abs().lane_f64(0));
            residuals.push(r);
            let wanted = threshold::<T>(self.tol, size, self.norm.max(size));
            let relative = if r == 0.0 { 0.0 } else { self.tol * r / wanted };
            worst = if relative > worst || relative.is_nan() { relative } else { worst };
        }
        let report = Report { algorithm: "", iterations: 0, residual: worst, history: Vec::new() };
        Ok((Found { n, values, vectors, residuals, report }, worst))
    }
    /// The same at the end of an iteration: an error if one is too large.
    fn finish<T: SpectralNumber, V: Columns<Scalar = T> + ?Sized>(
        self,
        a: &mut dyn BlockProducts<V>,
        values: Vec<T::Wide>,
        vectors: Vectors<T>,
        watcher: super::watch::Watcher<'_>,
    ) -> Result<Found<T>> {
        let (found, worst) = self.judge(a, values, vectors)?;
        match worst <= slack(self.strict) * self.tol {
            true => Ok(found.reported(worst, watcher)),
            false => Err(found.vectors.kept_in(found.n, watcher.not_converged(worst))),
        }
    }
}

/// How far the recurrence is believed: to a part of what is wanted, a smaller one after each time that fresh products denied what it said.
struct Trials {
    /// What the recurrence must reach, in units of what is wanted: half of it at first, as rounding may add to it.
    claim: f64,
    best: f64,
    /// Failures since the last one that halved the residual.
    idle: usize,
}
impl Trials {
    fn new() -> Self {
        Trials { claim: 0.5, best: f64::INFINITY, idle: 0 }
    }
    /// After a residual that is too large: false if going on has not helped three times, as the recurrence knows no better.
    fn failed(&mut self, residual: f64) -> bool {
        self.idle = if residual < 0.5 * self.best { 0 } else { self.idle + 1 };
        self.best = self.best.min(residual);
        self.claim *= 0.1;
        self.idle < 3
    }
}

#[cfg(test)]
mod tests;
