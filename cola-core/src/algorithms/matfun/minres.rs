//! sum_j w_j (A + s_j I)^-1 b for many shifts s_j >= 0 in one Krylov space, each solution that of MINRES.
//!
//! Pleiss, Jankowiak, Eriksson, Damle & Gardner, Fast matrix square roots with applications to Gaussian processes and Bayesian optimization,
//! NeurIPS 2020, algorithm 4 (msMINRES); Paige & Saunders, SINUM 12, 1975, for one shift. The Lanczos recurrence does not see the shifts:
//! each has its own rotations of the same Jacobi matrix. Deviation: shifts that have converged are left alone.

use crate::algorithms::columns::{BlockProducts, Columns};
use crate::algorithms::krylov::tolerance;
use crate::algorithms::three_term::ThreeTerm;
use crate::algorithms::watch::Watcher;
use crate::error::{Error, Result};
use crate::scalar::{Real, Scalar};

const NAME: &str = "msMINRES";

/// What one shift remembers: the rotations of the last two columns, and the length of the residual with its sign.
#[derive(Clone, Copy)]
struct Rotations {
    cos: [f64; 2],
    sin: [f64; 2],
    phi: f64,
    live: bool,
}

/// x <- sum_j w_j (A + s_j I)^-1 b; stops when every residual is below tol |b|, at the last iteration below 10 times as much.
///
/// Workspace: two Lanczos vectors, and two directions per shift.
///
/// # Errors
/// `NotPositiveDefinite` where A + s_j I is found to be singular, `NotConverged`, `NonFinite`, `InvalidArgument`.
pub(super) fn shifted_minres<T: Scalar, V: Columns<Scalar = T> + ?Sized>(
    a: &mut dyn BlockProducts<V>,
    b: &V,
    (shifts, weights): (&[f64], &[f64]),
    x: &mut V,
    tol: f64,
    max_iters: usize,
    watcher: &mut Watcher<'_>,
) -> Result<f64> {
    tolerance(NAME, Some(tol))?;
    x.fill(T::zero());
    let (n, norm) = (b.size(), b.norm().lane_f64(0));
    if !norm.is_finite() {
        return Err(Error::non_finite("the right-hand side"));
    }
    if norm == 0.0 {
        return Ok(0.0);
    }
    let (mut run, _) = ThreeTerm::<V>::new(a, a.copied(b)?)?;
    let start = Rotations { cos: [1.0; 2], sin: [0.0; 2], phi: norm, live: true };
    let mut states = vec![start; shifts.len()];
    // directions d_(k-1), d_(k-2) of each shift, exchanged as the steps go
    let (mut even, mut odd) = (a.zeros(n * shifts.len())?, a.zeros(n * shifts.len())?);
    loop {
        run.step(a)?;
        let numbers = &run.columns[0];
        let k = numbers.len();
        let (alpha, beta) =
            (numbers.alpha[k - 1].lane_f64(0), if k > 1 { numbers.beta[k - 2].lane_f64(0) } else { 0.0 });
        let next = if numbers.ended { 0.0 } else { numbers.beta[k - 1].lane_f64(0) };
        let mut worst = 0.0_f64;
        let (all_last, all_new) = if k % 2 == 0 { (&even, &mut odd) } else { (&odd, &mut even) };
        for (j, ((state, &shift), &weight)) in states.iter_mut().zip(shifts).zip(weights).enumerate() {
            if !state.live {
                continue;
            }
            let Rotations { cos: [c, c_old], sin: [s, s_old], phi, .. } = *state;
            // column k of R: the last two rotations on (beta, alpha + shift), and a new one that takes `next` away
            let (epsilon, hat) = (s_old * beta, c_old * beta);
            let delta = c * hat + s * (alpha + shift);
            let hat = c * (alpha + shift) - s * hat;
            let gamma = hat.hypot(next);
            if !(gamma > 0.0) {
                return match gamma.is_nan() {
                    true => Err(Error::non_finite(format!("a product with the operator, at iteration {k} of {NAME}"))),
                    false => Err(Error::NotPositiveDefinite { index: k, pivot: hat }),
                };
            }
            let (cos, sin) = (hat / gamma, next / gamma);
            // d_k = (v_k - delta d_(k-1) - epsilon d_(k-2)) / gamma, in the place of d_(k-2)
            let (last, mut new) = (all_last.part(j * n..(j + 1) * n), all_new.part_mut(j * n..(j + 1) * n));
            new.axpby(T::of(1.0 / gamma), run.previous(), T::of(-epsilon / gamma));
            new.axpy(T::of(-delta / gamma), &last);
            x.axpy(T::of(weight * cos * phi), &new);
            *state = Rotations { cos: [cos, c], sin: [sin, s], phi: -sin * phi, live: true };
            let residual = state.phi.abs() / norm;
            worst = worst.max(residual);
            state.live = residual > 0.1 * tol;
        }
        let stop = watcher.note(worst);
        let last = watcher.iterations >= max_iters;
        // the caller checks what comes of it
        if worst <= tol || last && worst <= 10.0 * tol {
            return Ok(worst);
        }
        if stop || last {
            return Err(watcher.not_converged(worst));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algorithms::blocks::Action;
    use crate::algorithms::krylov::testing::*;
    use crate::facts::PsdFacts;

    /// Each shift by itself, over five decades of condition, complex too.
    #[test]
    fn solves_every_shift() {
        let n = 70;
        let shifts = [0.0, 1e-3, 0.5, 30.0];
        fn check<T: Scalar>(n: usize, b: Vec<T>, shifts: &[f64]) {
            let d: Vec<f64> = (0..n).map(|i| 10f64.powf(-3.0 * i as f64 / n as f64)).collect();
            let a = diagonal::<PsdFacts, T>(d.iter().map(|&d| T::of(d)).collect());
            for j in 0..=shifts.len() {
                // one alone, then all with weights
                let weights: Vec<f64> = (0..shifts.len())
                    .map(|i| if j == shifts.len() { 1.0 + i as f64 } else { f64::from(i == j) })
                    .collect();
                let mut x = vec![T::zero(); n];
                let mut watcher = Watcher::new("test", 1e-11, 1000, false, None);
                let mut act = Action::new("test", &a, 1);
                shifted_minres(&mut act, &b[..], (shifts, &weights), &mut x[..], 1e-11, 1000, &mut watcher).unwrap();
                for i in 0..n {
                    let want = shifts.iter().zip(&weights).fold(0.0, |s, (shift, w)| s + w / (d[i] + shift));
                    let e = (x[i] - b[i] * T::of(want)).abs().lane_f64(0);
                    assert!(e <= 1e-7 * want, "{j}: {e:e} {want:e}");
                }
            }
        }
        check::<f64>(n, noisy(n), &shifts);
        check::<C64>(n, complex(n), &shifts);
    }
    #[test]
    fn says_what_is_wrong() {
        let run = |d: Vec<f64>, b: &[f64], most: usize| {
            let a = diagonal::<PsdFacts, f64>(d);
            let mut watcher = Watcher::new("test", 1e-10, most, false, None);
            let mut x = vec![0.0; b.len()];
            let mut act = Action::new("test", &a, 1);
            shifted_minres(&mut act, b, (&[0.0], &[1.0]), &mut x[..], 1e-10, most, &mut watcher).map(|_| x)
        };
        assert!(matches!(run(vec![0.0; 3], &[1.0; 3], 9), Err(Error::NotPositiveDefinite { .. })));
        assert!(matches!(run((1..30).map(f64::from).collect(), &[1.0; 29], 3), Err(Error::NotConverged { .. })));
        assert!(matches!(run(vec![1.0; 2], &[1.0, f64::NAN], 9), Err(Error::NonFinite { .. })));
        assert_eq!(run(vec![1.0; 2], &[0.0; 2], 9).unwrap(), [0.0; 2]);
        assert!(run(vec![4.0; 2], &[8.0; 2], 9).unwrap().iter().all(|x| (x - 2.0).abs() < 1e-15));
    }
}
