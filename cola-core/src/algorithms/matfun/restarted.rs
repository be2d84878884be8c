//! f(A) b with restarts: the memory of m vectors, whatever the number of steps.
//!
//! Eiermann & Ernst, A restarted Krylov subspace method for the evaluation of matrix functions, SINUM 44, 2006; in the stable form of
//! Afanasjew, Eiermann, Ernst & Guttel, Linear Algebra Appl. 429, 2008: the Hessenberg matrices of all cycles are kept in one block lower
//! bidiagonal matrix, of whose function the newest rows are what is added.

use super::krylov::{STEPS, finish, small};
use super::packed::Packed;
use super::settling::extrapolated;
use super::{ApplyAlgorithm, ApplyOn, Function, columns_on, square, square_on};
use crate::algorithms::blocks::{Action, project};
use crate::algorithms::columns::{BlockProducts, Columns};
use crate::algorithms::krylov::{Report, columns_by, tolerance};
use crate::algorithms::spectrum::SpectralNumber;
use crate::algorithms::watch::{
    Callback, NoCallback, Observer, Options, Watcher, default_tol, left_to_rounding, watched,
};
use crate::error::{Error, Result};
use crate::operator::{LinearOperator, Operator};
use crate::scalar::{Real, Scalar};
use crate::vector::{Vector, VectorRe, normalise};
use crate::view::{View, ViewMut};

const NAME: &str = "restarted Arnoldi f(A) b";

/// e^A b, log(A) b or A^p b of a general operator by Arnoldi's method with restarts: m + 2 vectors and no more.
///
/// `report.residual` is the estimate of the relative error: what the last cycles have added, extrapolated.
///
/// # Input
/// Any square A.
/// # Cost
/// One product and about 4 m n operations per step; more steps than [`Arnoldi`](crate::Arnoldi), which keeps all vectors. The small function
/// costs the cube of all steps so far, once per cycle.
/// # Errors
/// As [`Arnoldi`](crate::Arnoldi); `InvalidArgument` for a function of the spectrum; `Breakdown` where f is not defined at a Ritz value of a
/// cycle, as happens for roots and logarithms of matrices far from normal: take longer cycles, or [`Arnoldi`](crate::Arnoldi).
/// # Example
/// ```
/// use cola_core::prelude::*;
/// // transport with a little diffusion, not symmetric
/// let n = 400;
/// let a = Tridiagonal::new(vec![1.5; n - 1], vec![-2.0; n], vec![0.5; n - 1]);
/// let b: Vec<f64> = (0..n).map(|i| (-(i as f64 - 80.0).powi(2) / 50.0).exp()).collect();
/// let s = a.exp_apply_with(RestartedArnoldi::default().restart(8), &b)?;
/// let all = a.exp_apply(&b)?;
/// assert!((0..n).all(|i| (s.x[i] - all[i]).abs() < 1e-8));
/// # Ok::<(), Error>(())
/// ```
/// # Reference
/// Eiermann & Ernst, SIAM J. Numer. Anal. 44, 2006, 2481-2504.
#[derive(Clone, Copy, Debug)]
pub struct RestartedArnoldi<F = NoCallback> {
    options: Options,
    callback: F,
}
impl<F> RestartedArnoldi<F> {
    /// Wanted relative error. Default: 1e-10, in single precision 1e-5.
    pub fn tol(mut self, tol: f64) -> Self {
        self.options.tol = Some(tol);
        self
    }
    /// Steps between restarts. Default: 30.
    pub fn restart(mut self, m: usize) -> Self {
        self.options.restart = Some(m);
        self
    }
    /// Most steps in all. Default: 2000.
    pub fn max_iters(mut self, max_iters: usize) -> Self {
        self.options.max_iters = Some(max_iters);
        self
    }
}
watched!(RestartedArnoldi);
impl<A: LinearOperator<Scalar: SpectralNumber>, F: Callback> ApplyAlgorithm<A> for RestartedArnoldi<F> {
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
            restarted(f, &mut action, b, x, options, &mut observer)
        })
    }
}

impl<A, V, F: Callback> ApplyOn<A, V> for RestartedArnoldi<F>
where
    A: Operator<Scalar: SpectralNumber>,
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
        columns_on(NAME, (n, 1), b, x, |b, x| restarted(f, a, b, x, options, &mut observer))
    }
}

/// [`RestartedArnoldi`], compiled once per type of vectors. Workspace: the basis of a cycle, and the small matrix of all cycles.
fn restarted<T: SpectralNumber, V: Columns<Scalar = T> + ?Sized>(
    f: Function<'_, T::Re>,
    a: &mut dyn BlockProducts<V>,
    b: &V,
    x: &mut V,
    options: Options,
    observer: Observer<'_>,
) -> Result<Report> {
    let n = b.size();
    tolerance(NAME, options.tol)?;
    if let Function::Power(p) = f {
        p.checked()?;
    }
    let length = options.restart.unwrap_or(30).min(n);
    if options.restart == Some(0) {
        return Err(Error::invalid(format!("{NAME}: restarts after 0 steps; give 1 at least")));
    }
    let tol = options.tol.unwrap_or(default_tol::<T>());
    let allowed = left_to_rounding::<T>(options.tol);
    let most = options.max_iters.unwrap_or(STEPS);
    let mut watcher = Watcher::new(NAME, tol, most, options.progress, Some(observer));
    x.fill(T::zero());
    let norm = b.norm();
    if !norm.lane_f64(0).is_finite() {
        return Err(Error::non_finite("the right-hand side"));
    }
    if norm.lane_f64(0) == 0.0 {
        return Ok(Report { algorithm: NAME, iterations: 0, residual: 0.0, history: Vec::new() });
    }
    let epsilon = T::Re::epsilon().lane_f64(0);
    let mut v = a.zeros(n * (length + 1))?;
    {
        let mut first = v.part_mut(0..n);
        first.copy(b);
        normalise(&mut *first, norm);
    }
    // columns of the block bidiagonal matrix; the last number of a cycle's last column is its coupling to the next one
    let mut columns = Packed::new();
    let mut c = vec![T::zero(); length + 1];
    let (mut before, mut estimate) = (f64::INFINITY, f64::INFINITY);
    let start = [vec![T::of(1.0)]];
    loop {
        let first = columns.len();
        let (mut steps, mut exhausted) = (0, false);
        while steps < length && !exhausted {
            if first + steps >= most {
                return Err(watcher.not_converged(estimate));
            }
            let (basis, mut w) = v.before(n, steps + 1);
            a.apply(&basis.part(steps * n..(steps + 1) * n), &mut w, 1)?;
            steps += 1;
            let h = columns.push(first + steps + 1);
            let (size, left) = project(&*basis, &mut *w, &mut h[first..first + steps], &mut c[..steps]);
            exhausted = left.lane_f64(0) <= 10.0 * epsilon * size.lane_f64(0) || first == 0 && steps == n;
            h[first + steps] = T::from_re(left);
            if !exhausted {
                normalise(&mut *w, left);
            }
        }
        // the leading rows of the function are those of the last cycle: only the new ones are added
        let found = match small(false, f, &columns, first + steps, &start) {
            Ok(found) => found,
            // Ritz values of a general matrix lie in its field of values: that f is not defined there says nothing of A. The matrices of
            // all cycles stay in the large one, so that going on is no help
            Err(Error::NegativeEigenvalue { .. } | Error::Singular { .. }) if !exhausted || first > 0 => {
                return Err(Error::Breakdown { algorithm: NAME, iteration: first + steps });
            }
            Err(e) => return Err(e),
        };
        let y: Vec<T> = found.y[0].iter().map(|&y| y.scale(norm)).collect();
        let added = y[first..].norm().lane_f64(0);
        V::add_product(n, T::of(1.0), &v.part(0..steps * n), &y[first..], x);
        let size = x.norm().lane_f64(0);
        if !(added.is_finite() && size.is_finite()) {
            return Err(Error::non_finite("the function: it overflowed"));
        }
        let change = if added == 0.0 { 0.0 } else { added / size };
        // the first cycle has added the result itself
        if first > 0 {
            estimate = extrapolated::<T>(change, before);
        }
        let trusted = first > 0 && before <= 1e3 * tol.max(epsilon) || change <= 10.0 * epsilon;
        let last = exhausted || estimate <= tol.max(10.0 * epsilon) && trusted;
        let mut reached = last;
        if last {
            // the vectors of all cycles are not orthogonal: what is added may be much longer than the sum
            let longer = y[..].norm().lane_f64(0) / size;
            let rounding = found.rounding(f, &columns, first + steps, &start, epsilon)[0] * longer.max(1.0);
            estimate = if exhausted { rounding } else { estimate.max(rounding) };
            reached = rounding <= allowed;
        }
        let stop = watcher.note_at(columns.len(), estimate.min(1.0));
        if reached {
            return finish(watcher, x, estimate);
        }
        if last || stop {
            return Err(watcher.not_converged(estimate));
        }
        before = if first > 0 { change } else { f64::INFINITY };
        v.copy_within(steps * n..(steps + 1) * n, 0);
    }
}
