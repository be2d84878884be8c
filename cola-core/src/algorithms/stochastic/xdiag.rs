//! XDiag: the diagonal, every test vector serving the low-rank part and the residual, by leaving one out.
//!
//! Epperly, Tropp & Webber, XTrace: making the most of every sample in stochastic trace estimation, SIMAX 45, 2024, section 2.3, with sign
//! vectors. Letters of the paper. Deviation: adaptive, in the 2-norm of the whole diagonal.

use super::exchangeable::{left_out, qr};
use super::{DiagonalAlgorithm, Estimate, Moments, estimator, for_signs, for_units, square, watcher};
use crate::algorithms::blocks::{Action, multiply};
use crate::algorithms::watch::{Callback, NoCallback, Observer, Options};
use crate::error::Result;
use crate::operator::{DynOperator, LinearOperator};
use crate::scalar::{Real, Scalar};
use crate::vector::Vector;
use nalgebra::DVector;
use num_traits::Zero;

const NAME: &str = "XDiag";

/// diag A by the exchangeable estimator: all vectors but one approximate A, the last one estimates the rest, by turns.
///
/// The error falls as fast as the spectrum decays. Standard errors are the spread of the leave-one-out values times 1.22 + 0.35 r^2, r the
/// share of |A|_F^2 in the range of A Omega: the values share their vectors, and more so where these have caught A. As measured for
/// [`XTrace`](crate::XTrace): the true error is 1.1 times the spread for a flat spectrum (r = 0.55) and 1.5 times for decaying ones.
///
/// # Cost
/// m products, half of them with A^H; 5 m / 2 vectors and 6 n m^2 operations.
/// # Errors
/// As [`Hutchinson`](crate::Hutchinson).
/// # Example
/// ```
/// use cola_core::prelude::*;
/// let a = Dense::new(nalgebra::DMatrix::from_fn(200, 200, |i, j| (-(i as f64 - j as f64).powi(2) / 900.0).exp()));
/// let d = a.diagonal_with(XDiag::default().probes(60).seed(7))?;
/// assert!(d.value.iter().all(|d| (d - 1.0).abs() < 1e-3));
/// # Ok::<(), Error>(())
/// ```
/// # Reference
/// Epperly, Tropp & Webber, SIAM J. Matrix Anal. Appl. 45, 2024, 1-23.
#[derive(Clone, Copy, Debug)]
pub struct XDiag<F = NoCallback> {
    options: Options,
    callback: F,
}
estimator!(XDiag);
impl<A: LinearOperator, F: Callback> DiagonalAlgorithm<A> for XDiag<F> {
    fn diagonal(&mut self, a: &A) -> Result<Estimate<DVector<A::Scalar>, DVector<f64>>> {
        let callback = &mut self.callback;
        let mut observer = |i: &crate::algorithms::Iteration| callback.observe(i);
        xdiag(a, self.options, &mut observer)
    }
}

/// [`XDiag`], compiled once per number type.
fn xdiag<T: Scalar>(
    a: &dyn DynOperator<T>,
    options: Options,
    observer: Observer<'_>,
) -> Result<Estimate<DVector<T>, DVector<f64>>> {
    let n = square::<T>(NAME, a.dyn_shape(), options)?;
    let mut action = Action::new(NAME, a, 16);
    let mut watcher = watcher(NAME, options, observer);
    let most = options.max_iters.unwrap_or(n);
    let mut m = options.restart.unwrap_or(32.min(most).max(1));
    loop {
        let k = (m / 2).max(2);
        if options.restart.is_none() && m >= n || k > n {
            let mut value = DVector::from_element(n, T::zero());
            for_units(&mut action, |i, y| value[i] = y[i])?;
            return Ok(Estimate { value, std_error: DVector::zeros(n), probes: n });
        }
        let done = attempt(&mut action, k, options.seed)?;
        // in the 2-norm of the whole diagonal
        let size = done.value.iter().fold(0.0, |s: f64, v| s.hypot(v.abs().lane_f64(0)));
        let error = done.std_error.norm();
        let error = if error == 0.0 { 0.0 } else { error / size };
        let stop = watcher.note(error);
        if options.restart.is_some() || error <= watcher.tol {
            return Ok(done);
        }
        if stop || m >= most {
            return Err(super::unfinished(&watcher, error, done.value.as_slice(), done.std_error.as_slice()));
        }
        m = (2 * m).min(most);
    }
}
/// The estimate of k vectors. Workspace: Omega, Q, Z = A^H Q, Q S and Z S, and k x k matrices.
fn attempt<T: Scalar>(action: &mut Action<'_, T>, k: usize, seed: u64) -> Result<Estimate<DVector<T>, DVector<f64>>> {
    let n = action.shape().0;
    let (mut omega, mut q) = (Vec::with_capacity(n * k), Vec::with_capacity(n * k));
    for_signs(
        action,
        (seed ^ 0xd1a6, 0, k),
        |_| {},
        |_, x: &[T], y| {
            omega.extend_from_slice(x);
            q.extend_from_slice(y);
        },
    )?;
    let (r, rank) = qr(n, &mut q[..]);
    let mut z = vec![T::zero(); n * rank];
    for (q, z) in q[..n * rank].chunks(16 * n).zip(z.chunks_mut(16 * n)) {
        action.adjoint(q, z, q.len() / n)?;
    }
    // diag(Q (A^H Q)^H)
    let mut base = DVector::from_element(n, T::zero());
    for (q, z) in q[..n * rank].chunks_exact(n).zip(z.chunks_exact(n)) {
        base.iter_mut().zip(q).zip(z).for_each(|((d, &q), &z)| *d += q * z.conj());
    }
    if rank < k {
        // the whole range of A was caught
        return Ok(Estimate { value: base, std_error: DVector::zeros(n), probes: k + rank });
    }
    // |A^H Q|^2 over |A|^2, of which |A Omega|^2 / k is an estimate
    let square = |x: &[T]| x.iter().fold(T::Re::zero(), |s, x| s + x.abs_sq()).lane_f64(0);
    let caught = (k as f64 * square(&z) / square(&r)).min(1.0);
    let shared = 1.22 + 0.35 * caught * caught;
    let mut s = Vec::with_capacity(k * k);
    (0..k).for_each(|i| s.extend(left_out(k, &r, i)));
    let (qs, zs) = (multiply((n, k, k), &q, &s), multiply((n, k, k), &z, &s));
    let mut moments = vec![Moments::<T>::new(); n];
    for i in 0..k {
        // (I - Q_i Q_i^H) A omega_i = (Q s_i) (s_i^H r_i)
        let sr = s[i * k..][..k].dot(&r[i * k..][..k]);
        let (qs, zs, omega) = (&qs[i * n..][..n], &zs[i * n..][..n], &omega[i * n..][..n]);
        for (j, m) in moments.iter_mut().enumerate() {
            m.add(qs[j] * (omega[j].conj() * sr - zs[j].conj()));
        }
    }
    let value = DVector::from_fn(n, |j, _| base[j] + moments[j].mean);
    let std_error = DVector::from_fn(n, |j, _| shared * moments[j].std_error());
    Ok(Estimate { value, std_error, probes: 2 * k })
}
