//! (A + s_j I) x_j = b for many shifts s_j >= 0 in one Krylov space, A positive (semi)definite.
//!
//! Jegerlehner, Krylov space solvers for shifted linear systems, hep-lat/9612014, 1996; Frommer & Maass, SISC 20, 1999. Deviation: the
//! smallest shift is the seed, so that the others converge before it; shifts that have converged are left alone; all residuals are
//! checked by fresh products, and the iteration goes on from them where it claimed too much.

use crate::algorithms::blocks::Action;
use crate::algorithms::columns::{BlockProducts, Columns};
use crate::algorithms::krylov::{End, Report, non_finite_product, plain_numbers, slack, tolerance};
use crate::algorithms::watch::{Callback, NoCallback, Observer, Options, Watcher, default_tol, watched};
use crate::error::{Error, Result};
use crate::operator::DynOperator;
use crate::scalar::{Real, Scalar};
use crate::vector::normalise;
use crate::view::View;
use num_traits::Zero;

pub(crate) const NAME: &str = "shifted CG";

/// Conjugate gradients for (A + s_j I) x_j = b with many shifts s_j >= 0 at once, in one Krylov space: see
/// [`solve_shifted_with`](crate::IterativeExt::solve_shifted_with).
///
/// # Input
/// A with the fact PSD; shifts that are not negative.
/// # Cost
/// One product with A per iteration, as many iterations as the smallest shift needs, and 5 n operations per iteration and shift that has
/// not converged; 2 vectors per shift and 4 more, nothing allocated per iteration. One product per shift to verify.
/// # Errors
/// `NotPositiveDefinite`; `Breakdown`; `NotConverged` with the largest residual and the solutions so far, one column per right-hand side for the first
/// shift, then those of the next, from which [`solve_shifted_from`](crate::IterativeExt::solve_shifted_from) goes on; `NonFinite`; `ShapeMismatch`; `InvalidArgument`.
/// # Example
/// ```
/// use cola_core::prelude::*;
/// let a = Psd::new(Diagonal::new((1..=100).map(f64::from).collect::<Vec<_>>()));
/// let mut seen = 0;
/// let s = a.solve_shifted_with(ShiftedCg::default().tol(1e-9).on_iteration(|i| seen = i.iteration), &[0.0, 10.0], &vec![1.0; 100])?;
/// assert!((s.x[0][3] - 1.0 / 4.0).abs() < 1e-8 && (s.x[1][3] - 1.0 / 14.0).abs() < 1e-8);
/// assert!(seen == s.report.iterations && s.report.history.len() == seen);
/// # Ok::<(), Error>(())
/// ```
/// # Reference
/// Frommer & Maass, Fast CG-based methods for Tikhonov-Phillips regularization, SIAM J. Sci. Comput. 20, 1999, 1831-1850.
#[derive(Clone, Copy, Debug)]
pub struct ShiftedCg<F = NoCallback> {
    options: Options,
    callback: F,
}
watched!(ShiftedCg);
impl<F> ShiftedCg<F> {
    /// Wanted |b - (A + s_j I) x_j| / |b|, as fresh products at the end have it: it is met, or the solve is a `NotConverged`. Default:
    /// 1e-10, in single precision 1e-5; of the default up to ten times as much passes where rounding lets the iteration come no nearer.
    pub fn tol(mut self, tol: f64) -> Self {
        self.options.tol = Some(tol);
        self
    }
    /// Most iterations per right-hand side. Default: 10 n, at least 100.
    pub fn max_iters(mut self, max_iters: usize) -> Self {
        self.options.max_iters = Some(max_iters);
        self
    }
}
impl<F: Callback> ShiftedCg<F> {
    /// x <- (A + s_j I)^-1 b for one b where vectors live elsewhere, by columns, one for each shift.
    ///
    /// # Errors
    /// As [`ShiftedCg`].
    #[doc(hidden)]
    pub fn solve_on<V: Columns + ?Sized>(
        &mut self,
        a: &mut dyn BlockProducts<V>,
        shifts: &[f64],
        b: &V,
        x: &mut V,
    ) -> Result<Report> {
        let (n, options, callback) = (a.shape().0, self.options, &mut self.callback);
        let tol = checked::<V::Scalar>(shifts, options)?;
        if a.shape() != (n, n) || b.size() != n || x.size() != n * shifts.len() {
            return Err(Error::ShapeMismatch { op: NAME, left: a.shape(), right: (b.size(), 1) });
        }
        let mut observer = |i: &crate::algorithms::Iteration| callback.observe(i);
        let most = options.max_iters.unwrap_or(n.saturating_mul(10).max(100));
        let mut watcher = Watcher::new(NAME, tol, most, options.progress, Some(&mut observer));
        x.fill(V::Scalar::zero());
        let mut r = a.zeros(x.size())?;
        let done = one(a, shifts, b, false, (x, &mut r), (options.tol, most), &mut watcher);
        let residual = done.map_err(|e| e.with_iterate(View::matrix(&x.to_host(), n, shifts.len())))?;
        Ok(Report { algorithm: NAME, iterations: watcher.iterations, residual, history: watcher.history })
    }
    /// x <- all solutions by columns: those of the first shift, then of the next; from what lies there if `started`.
    pub(crate) fn solve<T: Scalar>(
        &mut self,
        a: &dyn DynOperator<T>,
        shifts: &[f64],
        b: View<'_, T>,
        started: bool,
        x: &mut [T],
    ) -> Result<Report> {
        let callback = &mut self.callback;
        let mut observer = |i: &crate::algorithms::Iteration| callback.observe(i);
        solve(a, shifts, b, started, x, self.options, &mut observer)
    }
}

/// x_j <- x_j + w_j (A + s_j I)^-1 u for the columns of `x`, one per shift, and |u| = 1. Stops when every |w_j r_j| is at most tol `norm`.
///
/// Workspace: r, p, q and one direction per shift.
///
/// # Errors
/// `NotPositiveDefinite`, `NonFinite`, and what the operator reports.
#[allow(clippy::too_many_arguments, reason = "the problem, the answer and what stops it")]
fn shifted_cg<T: Scalar, V: Columns<Scalar = T> + ?Sized>(
    a: &mut dyn BlockProducts<V>,
    u: &V,
    norm: f64,
    shifts: &[f64],
    weights: &[f64],
    x: &mut V,
    (tol, max_iters): (f64, usize),
    watcher: &mut Watcher<'_>,
) -> Result<End> {
    let (n, count) = (u.size(), shifts.len());
    let mut worst = weights.iter().fold(0.0, |m: f64, w| m.max(w.abs())) / norm;
    if worst <= tol {
        return Ok(End::Claimed);
    }
    let seed = shifts.iter().copied().fold(f64::INFINITY, f64::min);
    // one number per shift: zeta of this step and the last, and the weight of the residual
    let (mut zeta, mut zeta_old) = (vec![1.0; count], vec![1.0; count]);
    let mut live: Vec<bool> = vec![true; count];
    let (mut r, mut q, mut p) = (a.copied(u)?, a.zeros(n)?, a.copied(u)?);
    let mut directions = a.zeros(n * count)?;
    (0..count).for_each(|j| directions.part_mut(j * n..(j + 1) * n).copy(u));
    let (mut rr, mut alpha_old, mut beta) = (1.0, 1.0, 0.0);
    // |p|^2 by its recurrence, and |A| from below
    let (mut pp, mut norm_a) = (rr, 0.0_f64);
    loop {
        a.apply(&p, &mut q, 1)?;
        q.axpy(T::of(seed), &p);
        let mu = p.dot(&q).re().lane_f64(0);
        if !mu.is_finite() {
            return Err(non_finite_product(NAME, watcher.iterations));
        }
        norm_a = norm_a.max((mu / pp).abs());
        if mu / pp < -1e3 * T::Re::epsilon().lane_f64(0) * norm_a {
            let size = p.norm().lane_f64(0);
            return Err(Error::NotPositiveDefinite { index: watcher.iterations, pivot: mu / size / size });
        }
        if !(mu > 0.0) {
            return Ok(End::Breakdown);
        }
        let alpha = rr / mu;
        r.axpy(T::of(-alpha), &q);
        let new = r.norm().lane_f64(0);
        let rr_new = new * new;
        let beta_new = rr_new / rr;
        worst = 0.0;
        for j in 0..count {
            if !live[j] {
                continue;
            }
            let s = shifts[j] - seed;
            let next = zeta[j] * zeta_old[j] * alpha_old
                / (alpha * beta * (zeta_old[j] - zeta[j]) + zeta_old[j] * alpha_old * (1.0 + s * alpha));
            let step = alpha * next / zeta[j];
            let mut d = directions.part_mut(j * n..(j + 1) * n);
            x.part_mut(j * n..(j + 1) * n).axpy(T::of(weights[j] * step), &d);
            let ratio = next / zeta[j];
            // d <- zeta r + beta ratio^2 d
            d.axpby(T::of(next), &r, T::of(beta_new * ratio * ratio));
            (zeta_old[j], zeta[j]) = (zeta[j], next);
            let residual = (weights[j] * next).abs() * new / norm;
            worst = worst.max(residual);
            live[j] = residual > 0.1 * tol && next != 0.0;
        }
        let stop = watcher.note(worst);
        if worst <= tol {
            return Ok(End::Claimed);
        }
        if stop || watcher.iterations >= max_iters {
            return Ok(End::Stopped);
        }
        p.xpby(&r, T::of(beta_new));
        pp = rr_new + beta_new * beta_new * pp;
        (rr, alpha_old, beta) = (rr_new, alpha, beta_new);
    }
}

/// [`ShiftedCg`] on the host: from zero, or from solutions that lie in `x`. True residuals are checked.
fn solve<T: Scalar>(
    a: &dyn DynOperator<T>,
    shifts: &[f64],
    b: View<'_, T>,
    started: bool,
    x: &mut [T],
    options: Options,
    observer: Observer<'_>,
) -> Result<Report> {
    let (n, count) = (b.rows, shifts.len());
    let tol = checked::<T>(shifts, options)?;
    let most = options.max_iters.unwrap_or(n.saturating_mul(10).max(100));
    let mut action = Action::new(NAME, a, 1);
    let (mut found, mut r, mut column) = (vec![T::zero(); n * count], vec![T::zero(); n * count], vec![T::zero(); n]);
    let mut worst = Report { algorithm: NAME, iterations: 0, residual: 0.0, history: Vec::new() };
    for c in 0..b.cols {
        (0..n).for_each(|i| column[i] = b.at(i, c));
        let mut watcher = Watcher::new(NAME, tol, most, options.progress, Some(&mut *observer));
        let place = |j: usize| (j * b.cols + c) * n..(j * b.cols + c + 1) * n;
        match started {
            true => (0..count).for_each(|j| found[j * n..][..n].copy_from_slice(&x[place(j)])),
            false => found.fill(T::zero()),
        }
        let vectors = (&mut found[..], &mut r[..]);
        let result = one(&mut action, shifts, &column[..], started, vectors, (options.tol, most), &mut watcher);
        (0..count).for_each(|j| x[place(j)].copy_from_slice(&found[j * n..][..n]));
        let residual = result.map_err(|e| e.with_iterate(View::matrix(x, n, count * b.cols)))?;
        let iterations = worst.iterations.max(watcher.iterations);
        if c == 0 || residual > worst.residual {
            worst = Report { algorithm: NAME, iterations, residual, history: watcher.history };
        }
        worst.iterations = iterations;
    }
    Ok(worst)
}
/// The tolerance, if the number type and the shifts are what they must be.
fn checked<T: Scalar>(shifts: &[f64], options: Options) -> Result<f64> {
    plain_numbers::<T>(NAME)?;
    let tol = options.tol.unwrap_or(default_tol::<T>());
    tolerance(NAME, Some(tol))?;
    match shifts.iter().find(|s| !(s.is_finite() && **s >= 0.0)) {
        Some(s) => Err(Error::invalid(format!("{NAME}: a shift is {s}; shifts are numbers that are not negative"))),
        None => Ok(tol),
    }
}
/// All shifts of one b, compiled once per type of vectors; the largest true residual.
fn one<T: Scalar, V: Columns<Scalar = T> + ?Sized>(
    a: &mut dyn BlockProducts<V>,
    shifts: &[f64],
    b: &V,
    started: bool,
    (x, r): (&mut V, &mut V),
    limits: (Option<f64>, usize),
    watcher: &mut Watcher<'_>,
) -> Result<f64> {
    let norm = b.norm().lane_f64(0);
    if !norm.is_finite() {
        return Err(Error::non_finite("the right-hand side"));
    }
    if !x.norm().lane_f64(0).is_finite() {
        return Err(Error::non_finite("the starting point"));
    }
    if norm == 0.0 {
        x.fill(T::zero());
        return Ok(0.0);
    }
    cycles(a, (shifts, b, norm), started, x, r, limits, watcher)
}
/// Until every true |b - (A + s_j I) x_j| is at most tol `norm`: returns the largest one over `norm`. From zero all residuals are b; after
/// a claim that was too much they are hardly multiples of each other any more, and each shift goes on by itself.
///
/// # Errors
/// `NotConverged` with the largest true residual, and what the operator reports.
fn cycles<T: Scalar, V: Columns<Scalar = T> + ?Sized>(
    a: &mut dyn BlockProducts<V>,
    (shifts, b, norm): (&[f64], &V, f64),
    started: bool,
    x: &mut V,
    r: &mut V,
    (wanted, most): (Option<f64>, usize),
    watcher: &mut Watcher<'_>,
) -> Result<f64> {
    let (n, count) = (b.size(), shifts.len());
    let tol = wanted.unwrap_or(default_tol::<T>());
    let epsilon = T::Re::epsilon().lane_f64(0);
    let mut last: Option<(End, f64)> = None;
    loop {
        match last.is_none() && !started {
            true => (0..count).for_each(|j| r.part_mut(j * n..(j + 1) * n).copy(b)),
            false => residuals(a, shifts, b, x, r)?,
        }
        let sizes = (0..count).map(|j| r.part(j * n..(j + 1) * n).norm().lane_f64(0) / norm);
        // NaN stays
        let residual = sizes.fold(0.0, |m: f64, r| if r > m || r.is_nan() { r } else { m });
        if !residual.is_finite() {
            return Err(non_finite_product(NAME, watcher.iterations));
        }
        let go_on = watcher.iterations < most
            && residual > tol
            && match last {
                None => true,
                Some((End::Claimed | End::Breakdown, before)) => residual < 0.5 * before,
                Some(_) => false,
            };
        if !go_on {
            let slack = slack(wanted.is_some() || !matches!(last, Some((End::Claimed, _))));
            return if residual <= slack * tol {
                Ok(residual)
            } else if matches!(last, Some((End::Breakdown, _))) {
                Err(Error::Breakdown { algorithm: NAME, iteration: watcher.iterations })
            } else {
                Err(watcher.not_converged(residual))
            };
        }
        // A cycle after a wrong claim aims lower. Below epsilon no recurrence means anything.
        let aim = if last.is_none() { tol } else { 0.5 * tol };
        let limits = (aim.max(epsilon * residual), most);
        last = Some((advance(a, r, norm, shifts, x, limits, watcher)?, residual));
    }
}
/// r_j <- b - (A + s_j I) x_j.
fn residuals<T: Scalar, V: Columns<Scalar = T> + ?Sized>(
    a: &mut dyn BlockProducts<V>,
    shifts: &[f64],
    b: &V,
    x: &V,
    r: &mut V,
) -> Result<()> {
    let n = b.size();
    for (j, &shift) in shifts.iter().enumerate() {
        let (x, mut r) = (x.part(j * n..(j + 1) * n), r.part_mut(j * n..(j + 1) * n));
        a.apply(&x, &mut r, 1)?;
        r.axpy(T::of(shift), &x);
        r.axpby(T::of(1.0), b, T::of(-1.0));
    }
    Ok(())
}
/// x_j <- x_j + (A + s_j I)^-1 r_j: in one Krylov space where all r_j are multiples of one of them, as those of shifted CG are at any time,
/// else shift by shift. `r` is overwritten.
fn advance<T: Scalar, V: Columns<Scalar = T> + ?Sized>(
    a: &mut dyn BlockProducts<V>,
    r: &mut V,
    norm: f64,
    shifts: &[f64],
    x: &mut V,
    limits: (f64, usize),
    watcher: &mut Watcher<'_>,
) -> Result<End> {
    let n = a.shape().1;
    let column = |j: usize| j * n..(j + 1) * n;
    let lengths: Vec<T::Re> = (0..shifts.len()).map(|j| r.part(column(j)).norm()).collect();
    let size = |j: usize| lengths[j].lane_f64(0);
    let Some(first) = (0..lengths.len()).max_by(|&i, &j| size(i).total_cmp(&size(j))) else {
        return Ok(End::Claimed);
    };
    let (mut u, mut rest) = (a.copied(&r.part(column(first)))?, a.zeros(n)?);
    normalise(&mut *u, lengths[first]);
    let (mut weights, mut apart) = (vec![0.0; shifts.len()], 0.0_f64);
    for (j, weight) in weights.iter_mut().enumerate() {
        let r = r.part(column(j));
        let part = u.dot(&r).re();
        rest.copy(&r);
        rest.axpy(T::from_re(-part), &u);
        apart = apart.max(rest.norm().lane_f64(0));
        *weight = part.lane_f64(0);
    }
    if apart <= 0.1 * limits.0 * norm {
        return shifted_cg(a, &*u, norm, shifts, &weights, x, limits, watcher);
    }
    for j in (0..shifts.len()).filter(|&j| size(j) > 0.0) {
        let (mut r, mut x) = (r.part_mut(column(j)), x.part_mut(column(j)));
        normalise(&mut *r, lengths[j]);
        match shifted_cg(a, &*r, norm, &shifts[j..=j], &[size(j)], &mut *x, limits, watcher)? {
            End::Claimed => {}
            end => return Ok(end),
        }
    }
    Ok(End::Claimed)
}
