//! The outer loop that all methods share: products that may fail, true residuals, restarts.

use super::{Params, Report};
use crate::algorithms::watch::{Observer, Watcher, default_tol};
use crate::error::{Error, Result, collect_faults};
use crate::operator::{DynOperator, Repeated, Update};
use crate::scalar::{Real, Scalar};
use crate::vector::{Vector, VectorRe, normalise};
use crate::view::{View, ViewMut};
use num_traits::Zero;

/// A x and P x as the loops see them, so that a device needs no second solver.
pub trait Products<V: Vector + ?Sized> {
    /// y <- A x.
    ///
    /// # Errors
    /// What an operator that iterates inside reports.
    fn apply(&mut self, x: &V, y: &mut V) -> Result<()>;
    /// y <- P x; called only if there is a preconditioner.
    ///
    /// # Errors
    /// As `apply`.
    fn precondition(&mut self, x: &V, y: &mut V) -> Result<()>;
    /// True if there is a preconditioner.
    fn preconditioned(&self) -> bool;
    /// True if [`direction`](Self::direction) passes over memory less often than its parts would.
    fn fuses(&self) -> bool {
        false
    }
    /// From one step of conjugate gradients to the next: x <- x + alpha p, p <- z + beta p, q <- A p; returns p^H q.
    ///
    /// # Errors
    /// As `apply`.
    fn direction(
        &mut self,
        x: &mut V,
        alpha: V::Scalar,
        p: &mut V,
        z: &V,
        beta: V::Scalar,
        q: &mut V,
    ) -> Result<V::Scalar> {
        V::advance(x, alpha, p, z, beta);
        self.apply(p, q)?;
        Ok(p.dot(q))
    }
    /// Steps of conjugate gradients whose numbers stay where the vectors are, at most `most` of them: [p^H A p, |r|^2] after each. `None`
    /// where every step is looked at. Called neither with a preconditioner nor where [`fuses`](Self::fuses) is true, as on the host.
    ///
    /// From p, r and rho = |r|^2: x <- x + scale alpha p, r <- r - alpha A p, p <- r + beta p. The steps end at a p^H A p that is not positive,
    /// before anything is changed, and at an |r|^2 that is at most `limit`, before p is changed.
    ///
    /// # Errors
    /// As `apply`.
    fn cg_steps(
        &mut self,
        _vectors: [&mut V; 4],
        _scale: VectorRe<V>,
        _rho: VectorRe<V>,
        _limit: f64,
        _most: usize,
    ) -> Result<Option<Vec<[VectorRe<V>; 2]>>> {
        Ok(None)
    }
}
/// The products on the host.
pub(super) struct Host<'a, T> {
    a: Repeated<'a, T>,
    m: Option<&'a dyn DynOperator<T>>,
    adjoint: bool,
    scratch: Vec<T>,
    /// The reach of the product by rows, where a block of p and what is ahead of it stay in the cache.
    reach: Option<usize>,
}
/// Numbers of a vector that go through all steps of an iteration at once: four vectors of them fit the cache nearest to a core. On a
/// kron_sum of tridiagonals, 1000 x 1000, 5.1 ms an iteration, with 16384 numbers 7.0 (`cargo bench --bench cg`, on a loaded machine).
const BLOCK: usize = 1024;
/// Most numbers ahead of a block that p is updated: with the block they fit the second cache.
const AHEAD: usize = 1 << 16;
impl<T: Scalar> Host<'_, T> {
    fn product(&mut self, preconditioner: bool, x: &[T], y: &mut [T]) -> Result<()> {
        let how = Update { adjoint: self.adjoint, ..Update::replace() };
        let op = self.m.filter(|_| preconditioner).unwrap_or(&*self.a);
        let run = || op.dyn_act(how, View::vector(x), ViewMut::vector(y), &mut self.scratch);
        match collect_faults(run).1.into_iter().next() {
            Some((_, fault)) => Err(fault),
            None => Ok(()),
        }
    }
}
impl<T: Scalar> Products<[T]> for Host<'_, T> {
    fn apply(&mut self, x: &[T], y: &mut [T]) -> Result<()> {
        self.product(false, x, y)
    }
    fn precondition(&mut self, x: &[T], y: &mut [T]) -> Result<()> {
        match self.m {
            Some(_) => self.product(true, x, y),
            None => {
                y.copy(x);
                Ok(())
            }
        }
    }
    fn preconditioned(&self) -> bool {
        self.m.is_some()
    }
    fn fuses(&self) -> bool {
        true
    }
    fn direction(&mut self, x: &mut [T], alpha: T, p: &mut [T], z: &[T], beta: T, q: &mut [T]) -> Result<T> {
        let Some((rows, reach)) = self.a.dyn_by_rows().zip(self.reach) else {
            <[T]>::advance(x, alpha, p, z, beta);
            self.apply(p, q)?;
            return Ok(p.dot(q));
        };
        // p as far as the rows of a block reach, then the block of A p while p is in the cache
        let (n, mut ready, mut product) = (p.len(), 0, T::zero());
        for first in (0..n).step_by(BLOCK) {
            let end = (first + BLOCK).min(n);
            let ahead = (end + reach).min(n);
            if ahead > ready {
                <[T]>::advance(&mut x[ready..ahead], alpha, &mut p[ready..ahead], &z[ready..ahead], beta);
                ready = ahead;
            }
            rows.rows(Update::replace(), first, View::vector(p), ViewMut::vector(&mut q[first..end]));
            product += p[first..end].dot(&q[first..end]);
        }
        Ok(product)
    }
}

/// Refuses lanes and dual numbers.
///
/// # Errors
/// `InvalidArgument`.
pub(crate) fn plain_numbers<T: Scalar>(algorithm: &'static str) -> Result<()> {
    if T::LANES != 1 {
        return Err(Error::invalid(format!(
            "{algorithm} does not take lanes: they would stop at different iterations; use a static or small operator, which is \
             solved directly, or solve lane by lane"
        )));
    }
    if !T::PLAIN {
        return Err(Error::invalid(format!(
            "{algorithm} does not take `{}`: its stopping rule would not see the derivatives; use a small operator, which is \
             solved directly",
            T::NAME
        )));
    }
    Ok(())
}
/// Refuses a tolerance that is no number.
///
/// # Errors
/// `InvalidArgument`.
pub(crate) fn tolerance(algorithm: &'static str, tol: Option<f64>) -> Result<()> {
    match tol.filter(|tol| !(tol.is_finite() && *tol >= 0.0)) {
        Some(tol) => Err(Error::invalid(format!("{algorithm}: the tolerance is {tol}; give a number like 1e-8"))),
        None => Ok(()),
    }
}
/// NaN or infinity, seen in this iteration.
#[cold]
pub(crate) fn non_finite_product(algorithm: &'static str, iteration: usize) -> Error {
    Error::non_finite(format!(
        "a product with the operator or the preconditioner, at iteration {iteration} of {algorithm}"
    ))
}

/// The preconditioner has r^H P r = value |r|^2.
#[cold]
pub(super) fn indefinite_preconditioner(algorithm: &'static str, value: f64, iteration: usize) -> Error {
    Error::invalid(format!(
        "the preconditioner of {algorithm} must be positive definite, but r^H P r = {value:.3e} |r|^2 at iteration {iteration}"
    ))
}

/// Checks the arguments of a solve on the host.
pub(super) fn host<'a, T: Scalar>(
    algorithm: &'static str,
    a: &'a dyn DynOperator<T>,
    m: Option<&'a dyn DynOperator<T>>,
    (b, x): (&[T], &[T]),
    params: &Params<'_>,
) -> Result<Host<'a, T>> {
    plain_numbers::<T>(algorithm)?;
    let shape = a.dyn_shape();
    let mismatch = |right| Err(Error::ShapeMismatch { op: algorithm, left: shape, right });
    if shape.0 != shape.1 {
        let (left, right) = (shape, (shape.1, shape.1));
        return Err(Error::ShapeMismatch { op: "a solve that needs a square operator", left, right });
    }
    if b.len() != shape.0 {
        return mismatch((b.len(), 1));
    }
    if x.len() != shape.1 {
        return mismatch((x.len(), 1));
    }
    let mut scratch = a.dyn_scratch(1);
    if let Some(m) = m {
        if m.dyn_shape() != shape {
            let right = m.dyn_shape();
            return Err(Error::ShapeMismatch { op: "preconditioner", left: shape, right });
        }
        scratch = scratch.max(m.dyn_scratch(1));
    }
    tolerance(algorithm, params.tol)?;
    let a = Repeated::new(a);
    let scratch = vec![T::zero(); scratch.max(a.dyn_scratch(1))];
    let reach = a.dyn_by_rows().filter(|_| !params.adjoint).map(|rows| rows.reach()).filter(|&r| r <= AHEAD);
    Ok(Host { a, m, adjoint: params.adjoint, scratch, reach })
}

/// Why a cycle ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The recurrence says that the tolerance is met.
    Claimed,
    /// The memory is full: start again from here.
    Restart,
    /// The callback wants no more.
    Stopped,
    /// All iterations are used.
    Exhausted,
    /// The recurrence cannot go on.
    Breakdown,
}

/// Counts, remembers and shows the iterations, and says when a cycle is over.
pub(crate) struct Monitor<'m> {
    tol: f64,
    /// `tol` is met or missed.
    strict: bool,
    max_iters: usize,
    watcher: Watcher<'m>,
    /// |r| / |b| at the start of the cycle.
    ratio: f64,
    /// The cycle is over when its residual, which starts at 1, is not larger.
    target: f64,
}

impl<'m> Monitor<'m> {
    fn new<T: Scalar>(algorithm: &'static str, n: usize, params: &'m mut Params<'_>) -> Self {
        let (tol, strict) = (params.tol.unwrap_or(default_tol::<T>()), params.strict);
        let max_iters = params.max_iters.unwrap_or(n.saturating_mul(10).max(100));
        let observer: Option<Observer<'m>> = match &mut params.on_iteration {
            Some(f) => Some(&mut **f),
            None => None,
        };
        let watcher = Watcher::new(algorithm, tol, max_iters, params.progress, observer);
        Monitor { tol, strict, max_iters, watcher, ratio: 1.0, target: tol }
    }
    /// Notes an iteration after which the residual of the cycle is `norm` times what it was at its start.
    pub(crate) fn watch<R: Real>(&mut self, norm: R) -> Result<Option<End>> {
        let norm = norm.lane_f64(0);
        if !norm.is_finite() {
            self.watcher.iterations += 1;
            return Err(self.non_finite());
        }
        let stop = self.watcher.note(norm * self.ratio);
        Ok(if norm <= self.target {
            Some(End::Claimed)
        } else if stop {
            Some(End::Stopped)
        } else if self.iterations() >= self.max_iters {
            Some(End::Exhausted)
        } else {
            None
        })
    }
    /// Whether this norm is what [`watch`](Self::watch) would call converged.
    pub(crate) fn reached<R: Real>(&self, norm: R) -> bool {
        norm.lane_f64(0) <= self.target
    }
    /// Iterations done.
    pub(crate) fn iterations(&self) -> usize {
        self.watcher.iterations
    }
    /// Iterations left.
    pub(crate) fn left(&self) -> usize {
        self.max_iters.saturating_sub(self.watcher.iterations)
    }
    /// The square of the norm at which the cycle is over, as numbers of this type have it: a device and the host compare with the same.
    pub(crate) fn limit<R: Real>(&self) -> f64 {
        R::of(self.target * self.target).lane_f64(0)
    }
    /// NaN or infinity, seen now.
    #[cold]
    pub(crate) fn non_finite(&self) -> Error {
        non_finite_product(self.watcher.algorithm, self.watcher.iterations)
    }
    /// The preconditioner has r^H P r < 0.
    #[cold]
    pub(crate) fn bad_preconditioner(&self, value: f64) -> Error {
        indefinite_preconditioner(self.watcher.algorithm, value, self.watcher.iterations)
    }
    #[cold]
    fn not_converged(&self, residual: f64) -> Error {
        self.watcher.not_converged(residual)
    }
}

/// A recurrence may claim this much too much, if more iterations do not help: rounding in b - A x. A tolerance that was asked for is
/// met or missed.
pub(crate) const fn slack(strict: bool) -> f64 {
    if strict { 1.0 } else { 10.0 }
}
/// What a cycle after a wrong claim must leave of the residual for another one: half, and where a strict tolerance is near, a little less
/// than all.
pub(super) fn worthwhile(strict: bool, residual: f64, tol: f64) -> f64 {
    if strict && residual <= slack(false) * tol { 0.9 } else { 0.5 }
}

/// The outer loop of all methods. `cycle(products, x, r, s, monitor)` gets r = (b - A x) / s with s = |b - A x|, works on A d = r
/// and adds s d to x; it may overwrite r.
#[allow(clippy::too_many_arguments, clippy::type_complexity, reason = "one loop for all methods takes what differs")]
pub(crate) fn refine<V: Vector + ?Sized>(
    algorithm: &'static str,
    n: usize,
    products: &mut dyn Products<V>,
    b: &V,
    x: &mut V,
    r: &mut V,
    params: &mut Params<'_>,
    cycle: &mut dyn FnMut(
        &mut dyn Products<V>,
        &mut V,
        &mut V,
        <V::Scalar as Scalar>::Re,
        &mut Monitor<'_>,
    ) -> Result<End>,
) -> Result<Report> {
    let mut monitor = Monitor::new::<V::Scalar>(algorithm, n, params);
    let b_norm = b.norm().lane_f64(0);
    if !b_norm.is_finite() {
        return Err(Error::non_finite("the right-hand side"));
    }
    if b_norm == 0.0 {
        x.fill(V::Scalar::zero());
        return Ok(Report { algorithm, iterations: 0, residual: 0.0, history: Vec::new() });
    }
    let start = x.norm().lane_f64(0);
    if !start.is_finite() {
        return Err(Error::non_finite("the starting point"));
    }
    // the end of the last cycle, and the true residual before it
    let mut last: Option<(End, f64)> = None;
    loop {
        if last.is_none() && start == 0.0 {
            r.copy(b);
        } else {
            if !x.norm().lane_f64(0).is_finite() {
                return Err(Error::non_finite(format!("an iterate of {algorithm}: it overflows")));
            }
            products.apply(x, r)?;
            r.axpby(V::Scalar::of(1.0), b, V::Scalar::of(-1.0));
        }
        let s = r.norm();
        let residual = s.lane_f64(0) / b_norm;
        if !s.lane_f64(0).is_finite() {
            return Err(monitor.non_finite());
        }
        let helped = |factor: f64| last.is_none_or(|(_, before)| residual < factor * before);
        let go_on = monitor.iterations() < monitor.max_iters
            && match last {
                _ if residual <= monitor.tol => false,
                None => true,
                Some((End::Restart, _)) => helped(1.0 - 1e-12),
                Some((End::Claimed, _)) => helped(worthwhile(monitor.strict, residual, monitor.tol)),
                Some((End::Breakdown, _)) => helped(0.5),
                Some((End::Stopped | End::Exhausted, _)) => false,
            };
        if !go_on {
            let iterations = monitor.iterations();
            let slack = slack(monitor.strict || !matches!(last, Some((End::Claimed, _))));
            return if residual <= slack * monitor.tol {
                Ok(Report { algorithm, iterations, residual, history: monitor.watcher.history })
            } else if matches!(last, Some((End::Breakdown, _))) {
                Err(Error::Breakdown { algorithm, iteration: iterations })
            } else {
                Err(monitor.not_converged(residual))
            };
        }
        // A cycle after a wrong claim aims lower. Below epsilon no recurrence means anything.
        let aim = if last.is_none() { 1.0 } else { 0.5 };
        let epsilon = <V::Scalar as Scalar>::Re::epsilon().lane_f64(0);
        monitor.target = (aim * monitor.tol / residual).max(epsilon);
        monitor.ratio = residual;
        normalise(r, s);
        last = Some((cycle(products, x, r, s, &mut monitor)?, residual));
    }
}

/// Vectors of n numbers, allocated at once.
pub(super) fn split<T, const K: usize>(work: &mut [T], n: usize) -> [&mut [T]; K] {
    let mut rest = work;
    core::array::from_fn(|_| {
        let (head, tail) = core::mem::take(&mut rest).split_at_mut(n);
        rest = tail;
        head
    })
}

/// (a^2 + b^2)^(1/2), protected against overflow.
pub(crate) fn hypot<R: Real>(a: R, b: R) -> R {
    let (a, b) = (a.abs(), b.abs());
    let (big, small) = (a.max(b), a.min(b));
    if big.lane_f64(0) == 0.0 {
        return big;
    }
    let q = small / big;
    big * (R::one() + q * q).sqrt()
}
