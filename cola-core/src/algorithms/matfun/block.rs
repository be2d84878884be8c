//! f(A) B in one Krylov space for several columns: V f(V^H A V) V^H B.
//!
//! Block Lanczos (Golub & Underwood 1977) and block Arnoldi (Ruhe, Math. Comp. 33, 1979) for functions: Lopez & Simoncini, Preserving
//! geometric properties of the exponential matrix by block Krylov subspace methods, BIT 46, 2006; Frommer, Lund & Szyld, Block Krylov subspace
//! methods for functions of matrices, ETNA 47, 2017. Deviations: the basis is orthogonalised fully; a vector that depends on the basis is left
//! out, so that the block shrinks (dependent columns of B are no special case); each column stops the iteration by its own coefficients.

use super::Function;
use super::krylov::{Job, STEPS, small};
use super::packed::Packed;
use super::settling::Settling;
use crate::algorithms::blocks::{Action, add_product, project};
use crate::algorithms::krylov::{Report, tolerance};
use crate::algorithms::spectrum::SpectralNumber;
use crate::algorithms::watch::{Observer, Watcher, default_tol, left_to_rounding};
use crate::error::{Error, Result};
use crate::operator::Update;
use crate::scalar::{Real, Scalar};
use crate::vector::{Vector, normalise};

/// X <- f(A) B for the columns of B, compiled once per number type; `report.residual` is the largest estimate of a relative error.
///
/// Workspace: one vector per column and step, which grows by doubling, a block, and the small matrix.
pub(super) fn apply<T: SpectralNumber>(
    job: &Job,
    f: Function<'_, T::Re>,
    a: &mut Action<'_, T>,
    n: usize,
    b: &[T],
    x: &mut [T],
    observer: Option<Observer<'_>>,
) -> Result<Report> {
    let (name, columns) = (job.name(), b.len() / n.max(1));
    tolerance(name, job.options.tol)?;
    if let Function::Power(p) = f {
        p.checked()?;
    }
    let tol = job.options.tol.unwrap_or(default_tol::<T>());
    let allowed = left_to_rounding::<T>(job.options.tol);
    let most = job.options.max_iters.map_or(n.min(STEPS), |steps| steps.saturating_mul(columns).min(n));
    let mut watcher = Watcher::new(name, tol, most, job.options.progress, observer);
    x.fill(T::zero());
    if !b.norm().lane_f64(0).is_finite() {
        return Err(Error::non_finite("the right-hand side"));
    }
    // V R = B
    let mut basis = Basis { n, v: Vec::new(), c: Vec::new() };
    let mut r = Packed::new();
    b.chunks_exact(n.max(1)).for_each(|b| basis.take(b, &mut r));
    let r: Vec<Vec<T>> = r.columns(columns).map(<[T]>::to_vec).collect();
    let mut settling: Vec<Settling<T>> = (0..columns).map(|_| Settling::new()).collect();
    // columns of H, each as long as the basis was
    let mut h = Packed::new();
    let (mut w, mut next_check) = (vec![T::zero(); basis.count() * n], 1);
    if basis.count() == 0 {
        return Ok(Report { algorithm: name, iterations: 0, residual: 0.0, history: Vec::new() });
    }
    loop {
        let (first, end) = (h.len(), basis.count());
        if first >= most {
            return Err(watcher.not_converged(worst(&settling)));
        }
        let width = end - first;
        let how = Update { adjoint: job.adjoint, ..Update::replace() };
        a.update(how, &basis.v[first * n..], &mut w[..width * n], width)?;
        for w in w[..width * n].chunks_exact(n) {
            basis.take(w, &mut h);
        }
        // what is left of all is rounding: the space holds the result
        let m = end;
        let exhausted = basis.count() == m;
        if !(exhausted || m >= next_check || m >= most) {
            continue;
        }
        next_check = m + (m / 6).max(1);
        match small(job.self_adjoint, f, &h, m, &r) {
            Ok(found) => {
                let mut last = true;
                for (settling, y) in settling.iter_mut().zip(&found.y) {
                    last &= settling.next(y, tol)?;
                }
                last |= exhausted;
                let mut reached = last;
                if last {
                    let rounding = found.rounding(f, &h, m, &r, T::Re::epsilon().lane_f64(0));
                    settling.iter_mut().zip(rounding).for_each(|(s, e)| reached &= s.judge(exhausted, e, allowed));
                }
                let stop = watcher.note_at(m, worst(&settling).min(1.0));
                if last || stop || m >= most {
                    for (x, s) in x.chunks_exact_mut(n).zip(&mut settling) {
                        add_product(n, T::of(1.0), &basis.v[..m * n], &s.take(), x);
                    }
                    return match reached {
                        true => super::krylov::finish(watcher, x, worst(&settling)),
                        false => Err(watcher.not_converged(worst(&settling))),
                    };
                }
            }
            // as in one column
            Err(e) if exhausted || m >= most => return Err(e),
            Err(e) if job.self_adjoint && !matches!(e, Error::Singular { .. }) => return Err(e),
            Err(_) => {
                settling.iter_mut().for_each(Settling::forget);
                watcher.note_at(m, 1.0);
            }
        }
    }
}
fn worst<T>(settling: &[Settling<T>]) -> f64 {
    settling.iter().fold(0.0, |m, s| m.max(s.estimate))
}

/// Orthonormal vectors.
struct Basis<T> {
    n: usize,
    v: Vec<T>,
    c: Vec<T>,
}
impl<T: Scalar> Basis<T> {
    fn count(&self) -> usize {
        self.v.len() / self.n.max(1)
    }
    /// h gets the coefficients of w as a column, the basis what is new in it as one more vector.
    fn take(&mut self, w: &[T], h: &mut Packed<T>) {
        let (n, count) = (self.n, self.count());
        let tiny = 10.0 * T::Re::epsilon().lane_f64(0);
        self.v.extend_from_slice(w);
        self.c.resize(count, T::zero());
        let column = h.push(count + 1);
        let (old, new) = self.v.split_at_mut(count * n);
        let (before, after) = project(old, new, &mut column[..count], &mut self.c);
        if count == n || !(after.lane_f64(0) > tiny * before.lane_f64(0)) {
            self.v.truncate(count * n);
            h.shorten();
        } else {
            column[count] = T::from_re(after);
            normalise(new, after);
        }
    }
}
