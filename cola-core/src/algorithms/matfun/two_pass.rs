//! f(A) b of self-adjoint operators by Lanczos' recurrence without a basis: a first pass finds the coefficients, a second one makes the
//! same vectors again and adds them up.
//!
//! Borici, Fast methods for computing the Neuberger operator, 2000; Frommer & Simoncini, Matrix functions, in Model Order Reduction, 2008;
//! that loss of orthogonality does no harm: Druskin, Greenbaum & Knizhnerman, SISC 19, 1998. Deviation: a basis that fits in a given
//! memory is kept, and the second pass saved.

use super::krylov::{STEPS, finish};
use super::settling::Settling;
use super::{ApplyAlgorithm, ApplyOn, Function, blocks_by, columns_on, square, square_on};
use crate::algorithms::blocks::Action;
use crate::algorithms::columns::{BlockProducts, Columns};
use crate::algorithms::krylov::{Report, tolerance};
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
/// orthogonalisation, so that a few more steps are needed than with a full basis. The small function costs the cube of the steps. Up to 8
/// columns of b, and fewer where a basis is kept that has no room for 64 steps of them, share the products and have four vectors each.
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
        let width = together(n, b.cols, options);
        let mut action = Action::new(NAME, a, width);
        let mut observer = |i: &crate::algorithms::Iteration| callback.observe(i);
        blocks_by(NAME, width, b, x, |b, x| two_pass(f, &mut action, b, x, options, Some(&mut observer)))
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
        let width = together(n, b.size() / n.max(1), options);
        columns_on(NAME, (n, width), b, x, |b, x| two_pass(f, a, b, x, options, Some(&mut observer)))
    }
}

/// Columns that go through A at once.
const TOGETHER: usize = 8;
/// Steps that a basis has room for, where one is kept, before it is rather that of fewer columns.
const ROOM: usize = 64;
/// How many columns take their steps side by side, so that one product serves all.
pub(super) fn together(n: usize, columns: usize, options: Options) -> usize {
    let room = options.block.filter(|&basis| basis > 0).map_or(TOGETHER, |basis| basis / (ROOM * n.max(1)));
    room.clamp(1, TOGETHER).min(columns.max(1))
}
/// What is known of a column.
struct Column<R> {
    settling: Settling<R>,
    /// Its iteration is over: whether the result is what was wanted.
    end: Option<bool>,
}

/// [`TwoPassLanczos`] for a few columns side by side, compiled once per type of vectors: each ends by itself. Workspace: the last two vectors,
/// the Jacobi matrix, and a basis of `options.block` numbers at most.
pub(super) fn two_pass<T: SpectralNumber, V: Columns<Scalar = T> + ?Sized>(
    f: Function<'_, T::Re>,
    a: &mut dyn BlockProducts<V>,
    b: &V,
    x: &mut V,
    options: Options,
    observer: Option<Observer<'_>>,
) -> Result<Report> {
    let n = a.shape().0;
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
    let at = |j: usize| j * n..(j + 1) * n;
    let norms: Vec<T::Re> = (0..b.size() / n.max(1)).map(|j| b.part(at(j)).norm()).collect();
    if norms.iter().any(|norm| !norm.lane_f64(0).is_finite()) {
        return Err(Error::non_finite("the right-hand side"));
    }
    // f(A) 0 = 0
    let column = |norm: &T::Re| {
        let (mut settling, zero) = (Settling::new(), norm.lane_f64(0) == 0.0);
        settling.estimate = if zero { 0.0 } else { settling.estimate };
        Column { settling, end: zero.then_some(true) }
    };
    let mut columns: Vec<Column<T::Re>> = norms.iter().map(column).collect();
    let going = |columns: &[Column<T::Re>]| columns.iter().any(|c| c.end.is_none());
    if !going(&columns) {
        return Ok(Report { algorithm: NAME, iterations: 0, residual: 0.0, history: Vec::new() });
    }
    let (mut run, _) = ThreeTerm::<V>::new(a, a.copied(b)?)?;
    // one of each column, while there is room for them
    let mut bases = Some((0..columns.len()).map(|_| a.zeros(0)).collect::<Result<Vec<V::Owned>>>()?);
    let (mut next_check, mut m, mut stopped) = (1, 0, false);
    while m < most && !stopped && going(&columns) {
        bases = bases.filter(|_| (m + 1) * b.size() <= options.block.unwrap_or(0));
        for (j, v) in bases.iter_mut().flatten().enumerate() {
            V::append(a, v, m * n, &run.v.part(at(j)))?;
        }
        run.step(a)?;
        m += 1;
        let check = m == next_check || m == most;
        if check {
            next_check = m + (m / 6).max(1);
        }
        // the worst estimate of those that are looked at, and whether there is one
        let mut seen: Option<(f64, bool)> = None;
        for (column, jacobi) in columns.iter_mut().zip(&run.columns) {
            let ended = jacobi.ended;
            if column.end.is_some() || !(ended || check) {
                continue;
            }
            let settling = &mut column.settling;
            let (worst, known) = seen.unwrap_or((0.0, false));
            match jacobi.function(f) {
                Ok((y, [rounding, missing])) => {
                    // without orthogonalisation the result stands still for long before the next eigenvalue is found
                    let last = settling.next(&y, tol)? && missing <= rounding.max(tol) || ended;
                    settling.estimate = settling.estimate.max(missing);
                    if last {
                        column.end = Some(settling.judge(ended, rounding, allowed));
                    }
                    seen = Some((worst.max(settling.estimate.min(1.0)), true));
                }
                // a Ritz value 0 says nothing, a negative one does
                Err(e) if ended || m == most || !matches!(e, Error::Singular { .. }) => return Err(e),
                Err(_) => {
                    settling.forget();
                    seen = Some((1.0, known));
                }
            }
        }
        if let Some((worst, known)) = seen {
            stopped = watcher.note_at(m, worst) && known;
        }
    }
    let reached = columns.iter().all(|c| c.end == Some(true));
    let estimate = columns.iter().fold(0.0, |worst: f64, c| worst.max(c.settling.estimate));
    let y: Vec<Vec<T>> = columns
        .iter_mut()
        .zip(&norms)
        .map(|(c, &norm)| c.settling.take().iter().map(|&y| T::from_re(y * norm)).collect())
        .collect();
    if let Some(bases) = &bases {
        // the last coefficients may be older than the basis
        for (j, (v, y)) in bases.iter().zip(&y).enumerate() {
            V::add_product(n, T::of(1.0), &v.part(0..y.len() * n), y, &mut x.part_mut(at(j)));
        }
    } else {
        let numbers = core::mem::take(&mut run.columns);
        let (mut again, _) = ThreeTerm::<V>::new(a, a.copied(b)?)?;
        let longest = y.iter().map(Vec::len).max().unwrap_or(0);
        for k in 0..longest {
            for (j, y) in y.iter().enumerate().filter(|(_, y)| k < y.len()) {
                x.part_mut(at(j)).axpy(y[k], &again.v.part(at(j)));
            }
            if k + 1 < longest {
                again.repeat(a, k, &numbers)?;
            }
        }
    }
    match reached {
        true => finish(watcher, x, estimate),
        false => Err(watcher.not_converged(estimate)),
    }
}
