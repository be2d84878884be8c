//! f(A) b of self-adjoint operators by Lanczos' recurrence without a basis: a first pass finds the coefficients, a second one makes the
//! same vectors again and adds them up.
//!
//! Borici, Fast methods for computing the Neuberger operator, 2000; Frommer & Simoncini, Matrix functions, in Model Order Reduction, 2008;
//! that loss of orthogonality does no harm: Druskin, Greenbaum & Knizhnerman, SISC 19, 1998. Deviation: a basis that fits in a given
//! memory is kept, and the second pass saved.

use super::krylov::{STEPS, finish};
use super::settling::Settling;
use super::{ApplyAlgorithm, ApplyOn, Function, columns_on, square, square_on};
use crate::algorithms::blocks::Action;
use crate::algorithms::columns::{BlockProducts, Columns};
use crate::algorithms::krylov::{Report, columns_by, tolerance};
use crate::algorithms::spectrum::SpectralNumber;
use crate::algorithms::three_term::ThreeTerm;
use crate::algorithms::watch::{
    Callback, NoCallback, Observer, Options, Watcher, default_tol, left_to_rounding, watched,
};
use crate::error::{Error, Result};
use crate::facts::{Facts, SelfAdjointOf};
use crate::operator::{LinearOperator, Operator};
use crate::scalar::{Real, Scalar};
use crate::vector::VectorRe;
use crate::view::{View, ViewMut};

pub(super) const NAME: &str = "two-pass Lanczos f(A) b";

/// f(A) b of a self-adjoint operator in the memory of four vectors: Lanczos' recurrence runs twice, and no basis is kept.
///
/// `report.residual` is the estimate of the relative error by the change of the result as the space grows.
///
/// # Input
/// A with the fact self-adjoint.
/// # Cost
/// Two products per step (one for steps whose vectors [`basis`](TwoPassLanczos::basis) allows to keep) and about 12 n operations; no
/// orthogonalisation, so that a few more steps are needed than with a full basis. The small function costs the cube of the steps.
/// # Errors
/// As [`Lanczos`](crate::Lanczos).
/// # Example
/// ```
/// use cola_core::prelude::*;
/// let n = 3000;
/// let a = Function::psd(n, |x: &[f64], y: &mut [f64]| {
///     for i in 0..x.len() {
///         y[i] = 2.0 * x[i] - if i > 0 { x[i - 1] } else { 0.0 } - x.get(i + 1).unwrap_or(&0.0);
///     }
/// });
/// let mut b = vec![0.0; n];
/// b[1500] = 1.0;
/// let s = a.exp_apply_with(TwoPassLanczos::default(), &b)?;
/// // e^2 I_0(2)
/// assert!((s.x[1500] / 16.843983681 - 1.0).abs() < 1e-8 && s.report.residual < 1e-10);
/// # Ok::<(), Error>(())
/// ```
/// # Reference
/// Frommer & Simoncini, Matrix functions, in Model Order Reduction: Theory, Research Aspects and Applications, 2008.
#[derive(Clone, Copy, Debug)]
pub struct TwoPassLanczos<F = NoCallback> {
    options: Options,
    callback: F,
}
impl<F> TwoPassLanczos<F> {
    /// Wanted relative error. Default: 1e-10, in single precision 1e-5.
    pub fn tol(mut self, tol: f64) -> Self {
        self.options.tol = Some(tol);
        self
    }
    /// Most steps. Default: 10 n + 100, at most 2000.
    pub fn max_iters(mut self, max_iters: usize) -> Self {
        self.options.max_iters = Some(max_iters);
        self
    }
    /// Keeps up to so many numbers of a basis; the second pass is made only where they do not suffice. Default: 0.
    pub fn basis(mut self, numbers: usize) -> Self {
        self.options.block = Some(numbers);
        self
    }
}
watched!(TwoPassLanczos);
impl<A, F: Callback> ApplyAlgorithm<A> for TwoPassLanczos<F>
where
    A: LinearOperator<Scalar: SpectralNumber>,
    <A::Facts as Facts>::SelfAdjoint: SelfAdjointOf<A>,
{
    fn apply_function(
        &mut self,
        f: Function<'_, <A::Scalar as Scalar>::Re>,
        a: &A,
        b: View<'_, A::Scalar>,
        x: ViewMut<'_, A::Scalar>,
    ) -> Result<Report> {
        let n = square(NAME, a, b.rows)?;
        let (callback, options) = (&mut self.callback, self.options);
        let mut action = Action::new(NAME, a, 1);
        columns_by(NAME, n, b, x, |b, x| {
            let mut observer = |i: &crate::algorithms::Iteration| callback.observe(i);
            two_pass(f, &mut action, b, x, options, Some(&mut observer))
        })
    }
}

impl<A, V, F: Callback> ApplyOn<A, V> for TwoPassLanczos<F>
where
    A: Operator<Scalar: SpectralNumber>,
    <A::Facts as Facts>::SelfAdjoint: SelfAdjointOf<A>,
    V: Columns<Scalar = A::Scalar> + ?Sized,
{
    fn apply_on(
        &mut self,
        f: Function<'_, VectorRe<V>>,
        a: &mut dyn BlockProducts<V>,
        b: &V,
        x: &mut V,
    ) -> Result<Report> {
        let n = square_on(NAME, a.shape(), b, x)?;
        let (callback, options) = (&mut self.callback, self.options);
        let mut observer = |i: &crate::algorithms::Iteration| callback.observe(i);
        columns_on(NAME, (n, 1), b, x, |b, x| two_pass(f, a, b, x, options, Some(&mut observer)))
    }
}

/// [`TwoPassLanczos`], compiled once per type of vectors. Workspace: the last two vectors, the Jacobi matrix, and a basis of
/// `options.block` numbers at most.
pub(super) fn two_pass<T: SpectralNumber, V: Columns<Scalar = T> + ?Sized>(
    f: Function<'_, T::Re>,
    a: &mut dyn BlockProducts<V>,
    b: &V,
    x: &mut V,
    options: Options,
    observer: Option<Observer<'_>>,
) -> Result<Report> {
    let n = b.size();
    tolerance(NAME, options.tol)?;
    if let Function::Power(p) = f {
        p.checked()?;
    }
    let tol = options.tol.unwrap_or(default_tol::<T>());
    let allowed = left_to_rounding::<T>(options.tol);
    // without orthogonalisation more than n steps may be needed, but not many times as many
    let most = options.max_iters.unwrap_or(n.saturating_mul(10).saturating_add(100).min(STEPS));
    let mut watcher = Watcher::new(NAME, tol, most, options.progress, observer);
    x.fill(T::zero());
    let norm = b.norm();
    if !norm.lane_f64(0).is_finite() {
        return Err(Error::non_finite("the right-hand side"));
    }
    if norm.lane_f64(0) == 0.0 {
        return Ok(Report { algorithm: NAME, iterations: 0, residual: 0.0, history: Vec::new() });
    }
    let (mut run, _) = ThreeTerm::<V>::new(a, a.copied(b)?)?;
    let mut basis = Some(a.zeros(0)?);
    let mut settling = Settling::new();
    let (mut next_check, mut m) = (1, 0);
    // the estimate, and whether it is what was wanted
    let (estimate, reached) = loop {
        if m == most {
            break (settling.estimate, false);
        }
        // the basis, while there is room for it
        basis = basis.filter(|_| (m + 1) * n <= options.block.unwrap_or(0));
        if let Some(v) = &mut basis {
            V::append(a, v, m * n, &run.v)?;
        }
        run.step(a)?;
        m += 1;
        let ended = run.columns[0].ended;
        if !(ended || m == next_check || m == most) {
            continue;
        }
        next_check = m + (m / 6).max(1);
        match run.columns[0].function(f) {
            Ok((y, [rounding, missing])) => {
                // without orthogonalisation the result stands still for long before the next eigenvalue is found
                let last = settling.next(&y, tol)? && missing <= rounding.max(tol) || ended;
                settling.estimate = settling.estimate.max(missing);
                let reached = last && settling.judge(ended, rounding, allowed);
                let stop = watcher.note_at(m, settling.estimate.min(1.0));
                if last || stop {
                    break (settling.estimate, reached);
                }
            }
            // a Ritz value 0 says nothing, a negative one does
            Err(e) if ended || m == most || !matches!(e, Error::Singular { .. }) => return Err(e),
            Err(_) => {
                settling.forget();
                watcher.note_at(m, 1.0);
            }
        }
    };
    let y: Vec<T> = settling.take().iter().map(|&y| T::from_re(y * norm)).collect();
    let ended = |watcher, x: &V| match reached {
        true => finish(watcher, x, estimate),
        false => Err(Watcher::not_converged(&watcher, estimate)),
    };
    if let Some(v) = &basis {
        // the last coefficients may be older than the basis
        V::add_product(n, T::of(1.0), &v.part(0..y.len() * n), &y, x);
        return ended(watcher, x);
    }
    let numbers = run.columns.swap_remove(0);
    let (mut again, _) = ThreeTerm::<V>::new(a, a.copied(b)?)?;
    for (k, &c) in y.iter().enumerate() {
        x.axpy(c, &again.v);
        if k + 1 < y.len() {
            again.repeat(a, k, &numbers)?;
        }
    }
    ended(watcher, x)
}
