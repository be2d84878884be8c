//! (A + s_j I) x_j = b for many shifts s_j >= 0 in one Krylov space, A positive (semi)definite.
//!
//! Jegerlehner, Krylov space solvers for shifted linear systems, hep-lat/9612014, 1996; Frommer & Maass, SISC 20, 1999. Deviation: the
//! smallest shift is the seed, so that the others converge before it; shifts that have converged are left alone.

use crate::algorithms::blocks::Action;
use crate::algorithms::krylov::{plain_numbers, tolerance};
use crate::algorithms::watch::Watcher;
use crate::error::{Error, Result};
use crate::operator::DynOperator;
use crate::scalar::{Real, Scalar};
use crate::vector::Vector;
use crate::view::View;

pub(crate) const NAME: &str = "shifted CG";

/// x_o <- sum_j w_oj (A + s_j I)^-1 b for the columns o of `x`; `weights` has one row per shift. Stops when every weighed residual is
/// below tol |b|.
///
/// Workspace: r, q and one direction per shift.
///
/// # Errors
/// `NotPositiveDefinite`, `NotConverged`, `NonFinite`, `InvalidArgument`.
#[allow(clippy::too_many_arguments, reason = "the problem, the answer and what stops it")]
pub(crate) fn shifted_cg<T: Scalar>(
    a: &mut Action<'_, T>,
    b: &[T],
    shifts: &[f64],
    weights: &[f64],
    x: &mut [T],
    tol: f64,
    max_iters: usize,
    watcher: &mut Watcher<'_>,
) -> Result<f64> {
    tolerance(NAME, Some(tol))?;
    if let Some(s) = shifts.iter().find(|s| !(s.is_finite() && **s >= 0.0)) {
        return Err(Error::invalid(format!("shifted CG: a shift is {s}; shifts are numbers that are not negative")));
    }
    let (n, count) = (b.len(), shifts.len());
    x.fill(T::zero());
    let norm = b.norm().lane_f64(0);
    if !norm.is_finite() {
        return Err(Error::non_finite("the right-hand side"));
    }
    if norm == 0.0 || count == 0 {
        return Ok(0.0);
    }
    let outs = weights.len() / count;
    let seed = shifts.iter().copied().fold(f64::INFINITY, f64::min);
    // one number per shift: zeta of this step and the last, and the weight of the residual
    let (mut zeta, mut zeta_old) = (vec![1.0; count], vec![1.0; count]);
    let mut live: Vec<bool> = vec![true; count];
    let (mut r, mut q, mut p) = (b.to_vec(), vec![T::zero(); n], b.to_vec());
    let mut directions: Vec<T> = (0..count).flat_map(|_| b.iter().copied()).collect();
    let (mut rr, mut alpha_old, mut beta) = ((norm * norm), 1.0, 0.0);
    let mut worst;
    loop {
        a.apply(&p, &mut q, 1)?;
        q[..].axpy(T::of(seed), &p);
        let mu = p[..].dot(&q).re().lane_f64(0);
        if !mu.is_finite() {
            return Err(Error::non_finite(format!(
                "a product with the operator, at iteration {} of {NAME}",
                watcher.iterations
            )));
        }
        if mu <= 0.0 {
            let pp = p[..].norm().lane_f64(0);
            return Err(Error::NotPositiveDefinite { index: watcher.iterations, pivot: mu / pp / pp });
        }
        let alpha = rr / mu;
        r[..].axpy(T::of(-alpha), &q);
        let new = r[..].norm().lane_f64(0);
        let rr_new = new * new;
        let beta_new = rr_new / rr;
        worst = 0.0_f64;
        for j in 0..count {
            if !live[j] {
                continue;
            }
            let s = shifts[j] - seed;
            let next = zeta[j] * zeta_old[j] * alpha_old
                / (alpha * beta * (zeta_old[j] - zeta[j]) + zeta_old[j] * alpha_old * (1.0 + s * alpha));
            let step = alpha * next / zeta[j];
            let d = &mut directions[j * n..][..n];
            for o in 0..outs {
                let w = weights[j * outs + o];
                if w != 0.0 {
                    x[o * n..][..n].axpy(T::of(w * step), d);
                }
            }
            let ratio = next / zeta[j];
            // d <- zeta r + beta ratio^2 d
            d.axpby(T::of(next), &r, T::of(beta_new * ratio * ratio));
            (zeta_old[j], zeta[j]) = (zeta[j], next);
            let residual = next.abs() * new / norm;
            worst = worst.max(residual);
            live[j] = residual > 0.1 * tol && next != 0.0;
        }
        let stop = watcher.note(worst);
        if worst <= tol {
            return Ok(worst);
        }
        if stop || watcher.iterations >= max_iters {
            return Err(watcher.not_converged(worst));
        }
        p[..].xpby(&r, T::of(beta_new));
        (rr, alpha_old, beta) = (rr_new, alpha, beta_new);
    }
}

/// Each (A + s_j I)^-1 b, shown with the indices of shift and column. True residuals are checked.
///
/// # Errors
/// As [`shifted_cg`].
pub(crate) fn solve<T: Scalar>(
    a: &dyn DynOperator<T>,
    shifts: &[f64],
    b: View<'_, T>,
    tol: f64,
    mut out: impl FnMut(usize, usize, &[T]),
) -> Result<()> {
    plain_numbers::<T>(NAME)?;
    let (n, count) = (b.rows, shifts.len());
    let mut action = Action::new(NAME, a, 1);
    let max_iters = n.saturating_mul(10).max(100);
    let weights: Vec<f64> = (0..count * count).map(|i| f64::from(i % (count + 1) == 0)).collect();
    let (mut x, mut column, mut r) = (vec![T::zero(); n * count], vec![T::zero(); n], vec![T::zero(); n]);
    for c in 0..b.cols {
        (0..n).for_each(|i| column[i] = b.at(i, c));
        let mut watcher = Watcher::new(NAME, tol, max_iters, false, None);
        shifted_cg(&mut action, &column, shifts, &weights, &mut x, tol, max_iters, &mut watcher)?;
        let norm = column[..].norm().lane_f64(0);
        for (j, x) in x.chunks_exact(n.max(1)).enumerate() {
            action.apply(x, &mut r, 1)?;
            r[..].axpy(T::of(shifts[j]), x);
            r[..].axpby(T::of(1.0), &column, T::of(-1.0));
            let residual = r[..].norm().lane_f64(0);
            if !(residual <= 10.0 * tol * norm) {
                return Err(watcher.not_converged(residual / norm));
            }
            out(j, c, x);
        }
    }
    Ok(())
}
