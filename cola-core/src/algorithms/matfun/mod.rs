//! f(A) b for large operators: the function of the operator meets a vector and is never formed.
//!
//! | A | f | method |
//! |---|---|---|
//! | self-adjoint | exp, log, powers, any | [`Lanczos`]: a full basis; [`TwoPassLanczos`]: four vectors |
//! | self-adjoint, bounds known | the same | [`ChebyshevSeries`]: no inner products, a bound of the error |
//! | general | exp, log, powers | [`Arnoldi`]: a full basis; [`RestartedArnoldi`]: m vectors |
//! | with a cheap inverse | the same | [`RationalKrylov`]: few steps where the spectrum is wide |
//! | any | exp | [`Taylor`]: no basis is kept |
//! | PSD | A^(1/2), A^(-1/2) | [`ContourIntegral`]: a few shifted systems in one Krylov space |
//!
//! b may be a matrix: `exp_apply_with(Lanczos::default().block(4), &b)` takes four columns at a time into one Krylov space, with fewer products
//! in all than column by column where the columns have something in common, and products with four vectors at once. [`TwoPassLanczos`] (up to
//! 8 columns), [`ChebyshevSeries`] and [`Taylor`] (16) have products of several columns as well, each of which is what it is alone.
//!
//! Where nothing is said a self-adjoint operator above the size up to which operators are made dense takes Lanczos' recurrence without
//! orthogonalisation: its basis is kept up to 128 MiB, else made twice.
//!
//! No method knows f(A) b better than rounding in the products with A allows: where an error of a few epsilon |A| in A changes the result by
//! more than a tolerance that was asked for (roots and logarithms of matrices of condition 1e10, say) there is a `NotConverged` with that
//! estimate as its residual and the result as its iterate, however large the Krylov space. Where none was asked for a result passes with up
//! to ten roots of epsilon, which the root of a singular matrix needs, and the report's residual is the estimate.

#[cfg(test)]
mod agreement;
mod block;
#[cfg(test)]
mod conditioning;
mod contour;
mod krylov;
mod lazy;
mod minres;
pub(crate) mod norm;
mod packed;
mod rational;
mod restarted;
pub(crate) mod rounding;
mod series;
mod settling;
pub(crate) mod shifted;
mod taylor;
#[cfg(test)]
mod tests;
mod two_pass;

pub use contour::ContourIntegral;
pub(crate) use krylov::of_spectrum;
pub use lazy::LazyFunction;
pub use norm::OneNorm;
pub use rational::RationalKrylov;
pub use restarted::RestartedArnoldi;
pub use series::ChebyshevSeries;
pub use shifted::ShiftedCg;
pub use taylor::Taylor;
pub use two_pass::TwoPassLanczos;

use super::blocks::Action;
use super::columns::{BlockProducts, Columns};
use super::krylov::{Report, columns_by, plain_numbers};
use super::spectrum::{Arnoldi, EigenvaluesOf, Lanczos, SpectralNumber};
use super::watch::{Callback, Options};
use crate::error::{Error, Result};
use crate::facts::{Facts, SelfAdjointOf};
use crate::functions::Power;
use crate::functions::base::DENSE_LIMIT;
use crate::operator::{DynOperator, LinearOperator, Operator};
use crate::scalar::Scalar;
use crate::vector::VectorRe;
use crate::view::{View, ViewMut};

/// A function of a matrix.
#[derive(Clone, Copy)]
pub enum Function<'f, R> {
    /// e^A.
    Exp,
    /// log A, principal.
    Log,
    /// A^p, principal.
    Power(Power),
    /// f of the eigenvalues of a self-adjoint operator.
    Map(&'f dyn Fn(R) -> R),
}
impl<R> core::fmt::Debug for Function<'_, R> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Function::Exp => f.write_str("exp"),
            Function::Log => f.write_str("log"),
            Function::Power(p) => write!(f, "power {}", p.exponent()),
            Function::Map(_) => f.write_str("a function of the spectrum"),
        }
    }
}

/// An algorithm for f(A) b.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no algorithm for a function of an operator times a vector",
    label = "no f(A) b by this"
)]
pub trait ApplyAlgorithm<A: LinearOperator> {
    /// x <- f(A) b, each column by itself where the algorithm does not say otherwise. A `NotConverged` carries the best x so far.
    /// `report.residual` is an estimate of the relative error, which the algorithm explains. Iterations are steps of the basis, terms of a
    /// series, or intervals; f of the small matrix costs as much as many steps, so that the error is looked at (and the callback called)
    /// after some of them only, a sixth more each time.
    ///
    /// # Errors
    /// `ShapeMismatch`, `NonFinite`, `NotConverged` (also where rounding in the products leaves less than was wanted: no more iterations
    /// help, only a larger tolerance), `NegativeEigenvalue` and `Singular` where f is not defined, `InvalidArgument` for functions that the
    /// algorithm does not serve.
    fn apply_function(
        &mut self,
        f: Function<'_, <A::Scalar as Scalar>::Re>,
        a: &A,
        b: View<'_, A::Scalar>,
        x: ViewMut<'_, A::Scalar>,
    ) -> Result<Report>;
}

/// An algorithm for f(A) b of operators whose vectors live anywhere: what `exp_apply_with` of such an operator takes. `A` is where the facts
/// are from.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no algorithm for a function of this operator on a device times a vector",
    label = "no f(A) b by this",
    note = "`Arnoldi`, `RestartedArnoldi` and `Taylor` are for all operators, `Lanczos`, `TwoPassLanczos` and `ChebyshevSeries` for self-adjoint ones, `ContourIntegral` for positive definite ones"
)]
pub trait ApplyOn<A: Operator, V: Columns + ?Sized> {
    /// X <- f(A) B for the columns of B, which lie there without gaps.
    ///
    /// # Errors
    /// As [`ApplyAlgorithm::apply_function`].
    #[doc(hidden)]
    fn apply_on(
        &mut self,
        f: Function<'_, VectorRe<V>>,
        a: &mut dyn BlockProducts<V>,
        b: &V,
        x: &mut V,
    ) -> Result<Report>;
}

/// |A|_1 from below.
///
/// # Errors
/// `NonFinite`, and what the operator reports.
pub(crate) fn norm1<T: Scalar>(a: &dyn DynOperator<T>) -> Result<f64> {
    OneNorm::default().of(a)
}

/// Size and number type of a problem f(A) b.
fn square<T: Scalar>(name: &'static str, a: &dyn DynOperator<T>, rows: usize) -> Result<usize> {
    plain_numbers::<T>(name)?;
    let (m, n) = a.dyn_shape();
    if m != n {
        return Err(Error::ShapeMismatch { op: "a function of an operator", left: (m, n), right: (n, n) });
    }
    if rows != n {
        return Err(Error::ShapeMismatch { op: name, left: (m, n), right: (rows, 1) });
    }
    Ok(n)
}

/// The same where vectors live elsewhere, several one after another.
fn square_on<V: Columns + ?Sized>(name: &'static str, (m, n): (usize, usize), b: &V, x: &V) -> Result<usize> {
    plain_numbers::<V::Scalar>(name)?;
    if m != n {
        return Err(Error::ShapeMismatch { op: "a function of an operator", left: (m, n), right: (n, n) });
    }
    if b.size() != x.size() || !b.size().is_multiple_of(n.max(1)) {
        return Err(Error::ShapeMismatch { op: name, left: (m, n), right: (b.size(), 1) });
    }
    Ok(n)
}
/// So many columns at a time; the report is that of the worst.
fn columns_on<V: Columns + ?Sized>(
    name: &'static str,
    (n, width): (usize, usize),
    b: &V,
    x: &mut V,
    mut run: impl FnMut(&V, &mut V) -> Result<Report>,
) -> Result<Report> {
    let all = b.size() / n.max(1);
    let mut worst = Report { algorithm: name, iterations: 0, residual: 0.0, history: Vec::new() };
    for first in (0..all).step_by(width.max(1)) {
        let columns = first * n..(first + width.max(1)).min(all) * n;
        let done = run(&b.part(columns.clone()), &mut x.part_mut(columns));
        let report = done.map_err(|e| e.with_iterate(View::matrix(&x.to_host(), n, all)))?;
        let iterations = worst.iterations.max(report.iterations);
        if first == 0 || report.residual > worst.residual {
            worst = report;
        }
        worst.iterations = iterations;
    }
    Ok(worst)
}
/// The same on the host, from and to any place.
fn blocks_by<T: Scalar>(
    name: &'static str,
    width: usize,
    b: View<'_, T>,
    mut x: ViewMut<'_, T>,
    mut run: impl FnMut(&[T], &mut [T]) -> Result<Report>,
) -> Result<Report> {
    let n = b.rows;
    if width <= 1 || (b.rows, b.cols) != (x.rows, x.cols) {
        return columns_by(name, n, b, x, run);
    }
    let mut worst = Report { algorithm: name, iterations: 0, residual: 0.0, history: Vec::new() };
    for first in (0..b.cols).step_by(width) {
        let columns = first..(first + width).min(b.cols);
        let block: Vec<T> = columns.clone().flat_map(|j| (0..n).map(move |i| b.at(i, j))).collect();
        let mut found = vec![T::zero(); block.len()];
        let result = run(&block, &mut found);
        for (j, found) in columns.zip(found.chunks_exact(n.max(1))) {
            found.iter().enumerate().for_each(|(i, &v)| *x.at(i, j) = v);
        }
        let report = result.map_err(|e| e.with_iterate(x.as_view()))?;
        let iterations = worst.iterations.max(report.iterations);
        if first == 0 || report.residual > worst.residual {
            worst = report;
        }
        worst.iterations = iterations;
    }
    Ok(worst)
}
/// Runs on the columns of b without gaps, which lie where x is if x has none.
fn in_place<T: Scalar>(
    name: &'static str,
    b: View<'_, T>,
    mut x: ViewMut<'_, T>,
    run: impl FnOnce(&mut [T]) -> Result<Report>,
) -> Result<Report> {
    let (n, k) = (b.rows, b.cols);
    if (n, k) != (x.rows, x.cols) {
        return Err(Error::ShapeMismatch { op: name, left: (n, k), right: (x.rows, x.cols) });
    }
    x.copy_from(b);
    if x.as_view().contiguous().is_some() {
        return run(&mut x.data[..n * k]);
    }
    let mut all: Vec<T> = (0..k).flat_map(|j| (0..n).map(move |i| b.at(i, j))).collect();
    let done = run(&mut all);
    x.copy_from(View::matrix(&all, n, k));
    done
}

/// Numbers of a basis that are kept before it is rather made twice: 128 MiB of doubles.
const BASIS: usize = 1 << 24;
/// The same where a product costs no more than the memory that its result takes, beyond the caches: what the system needs to find that memory
/// is most of it (e^(-10 A) b on the grid of 300 x 300: 40.3 ms with a basis, 16.7 without, `benches/peers/run.sh`).
const CHEAP_BASIS: usize = 1 << 18;

/// f(A) b by the facts: Lanczos or Arnoldi; a large self-adjoint operator without orthogonalisation, which would cost more than its
/// products.
///
/// # Errors
/// As [`ApplyAlgorithm::apply_function`].
pub(crate) fn default_apply<T: SpectralNumber, S: EigenvaluesOf<T>>(
    f: Function<'_, T::Re>,
    a: &dyn DynOperator<T>,
    b: View<'_, T>,
    x: ViewMut<'_, T>,
) -> Result<Report> {
    if S::SELF_ADJOINT && a.dyn_shape().0 > DENSE_LIMIT {
        let n = square(two_pass::NAME, a, b.rows)?;
        let mut action = Action::new(two_pass::NAME, a, 1);
        let basis = if action.is_arranged() { CHEAP_BASIS } else { BASIS };
        let options = Options { block: Some(basis), ..Options::default() };
        let width = two_pass::together(n, b.cols, options);
        if width > 1 {
            action = Action::new(two_pass::NAME, a, width);
        }
        return blocks_by(two_pass::NAME, width, b, x, |b, x| two_pass::two_pass(f, &mut action, b, x, options, None));
    }
    let job = krylov::Job { self_adjoint: S::SELF_ADJOINT, adjoint: false, options: Options::default() };
    by_columns(&job, f, a, b, x, None)
}
fn by_columns<T: SpectralNumber>(
    job: &krylov::Job,
    f: Function<'_, T::Re>,
    a: &dyn DynOperator<T>,
    b: View<'_, T>,
    x: ViewMut<'_, T>,
    mut observer: Option<super::Observer<'_>>,
) -> Result<Report> {
    let n = square(job.name(), a, b.rows)?;
    let width = job.options.block.unwrap_or(1).min(b.cols);
    if width > 1 && (b.rows, b.cols) == (x.rows, x.cols) {
        let action = &mut Action::new(job.name(), a, width);
        return blocks_by(job.name(), width, b, x, |b, x| {
            let observer: Option<super::Observer<'_>> = match &mut observer {
                Some(o) => Some(&mut **o),
                None => None,
            };
            block::apply(job, f, action, n, b, x, observer)
        });
    }
    let mut action = Action::new(job.name(), a, 1);
    columns_by(job.name(), n, b, x, |b, x| {
        let observer: Option<super::Observer<'_>> = match &mut observer {
            Some(o) => Some(&mut **o),
            None => None,
        };
        krylov::apply(job, f, &mut action, b, x, observer)
    })
}
/// [`by_columns`] where vectors live elsewhere.
fn by_columns_on<V: Columns<Scalar: SpectralNumber> + ?Sized>(
    job: &krylov::Job,
    f: Function<'_, VectorRe<V>>,
    a: &mut dyn BlockProducts<V>,
    b: &V,
    x: &mut V,
    observer: super::Observer<'_>,
) -> Result<Report> {
    let n = square_on(job.name(), a.shape(), b, x)?;
    let width = job.options.block.unwrap_or(1);
    columns_on(job.name(), (n, width), b, x, |b, x| match b.size() > n {
        true => block::apply(job, f, a, n, b, x, Some(&mut *observer)),
        false => krylov::apply(job, f, a, b, x, Some(&mut *observer)),
    })
}
macro_rules! apply_by {
    ($Name:ident, $self_adjoint:literal $(, $Fact:ident: $Demand:ident)?) => {
        impl<A, P, F> ApplyAlgorithm<A> for $Name<P, F>
        where
            A: LinearOperator<Scalar: SpectralNumber>,
            $(<A::Facts as Facts>::$Fact: $Demand<A>,)?
            F: Callback,
        {
            fn apply_function(
                &mut self,
                f: Function<'_, <A::Scalar as Scalar>::Re>,
                a: &A,
                b: View<'_, A::Scalar>,
                x: ViewMut<'_, A::Scalar>,
            ) -> Result<Report> {
                let job = krylov::Job { self_adjoint: $self_adjoint, adjoint: false, options: self.options };
                let callback = &mut self.callback;
                let mut observer = |i: &super::Iteration| callback.observe(i);
                by_columns(&job, f, a, b, x, Some(&mut observer))
            }
        }
        impl<A, V, P, F> ApplyOn<A, V> for $Name<P, F>
        where
            A: Operator<Scalar: SpectralNumber>,
            $(<A::Facts as Facts>::$Fact: $Demand<A>,)?
            V: Columns<Scalar = A::Scalar> + ?Sized,
            F: Callback,
        {
            fn apply_on(
                &mut self,
                f: Function<'_, VectorRe<V>>,
                a: &mut dyn BlockProducts<V>,
                b: &V,
                x: &mut V,
            ) -> Result<Report> {
                let job = krylov::Job { self_adjoint: $self_adjoint, adjoint: false, options: self.options };
                let callback = &mut self.callback;
                by_columns_on(&job, f, a, b, x, &mut |i: &super::Iteration| callback.observe(i))
            }
        }
    };
}
apply_by!(Lanczos, true, SelfAdjoint: SelfAdjointOf);
apply_by!(Arnoldi, false);
