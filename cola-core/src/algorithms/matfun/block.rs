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
use crate::algorithms::blocks::project;
use crate::algorithms::columns::{BlockProducts, Columns};
use crate::algorithms::krylov::{Report, tolerance};
use crate::algorithms::spectrum::SpectralNumber;
use crate::algorithms::watch::{Observer, Watcher, default_tol, left_to_rounding};
use crate::error::{Error, Result};
use crate::operator::Update;
use crate::scalar::{Real, Scalar};
use crate::vector::{VectorRe, normalise};
use num_traits::Zero;

/// X <- f(A) B for the columns of B, compiled once per type of vectors; `report.residual` is the largest estimate of a relative error.
///
/// Workspace: one vector per column and step, which grows by doubling, a block, and the small matrix.
pub(super) fn apply<T: SpectralNumber, V: Columns<Scalar = T> + ?Sized>(
    job: &Job,
    f: Function<'_, T::Re>,
    a: &mut dyn BlockProducts<V>,
    n: usize,
    b: &V,
    x: &mut V,
    observer: Option<Observer<'_>>,
) -> Result<Report> {
    let (name, columns) = (job.name(), b.size() / n.max(1));
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
    let mut basis = Basis::<V> { n, count: 0, v: a.zeros(0)?, c: Vec::new() };
    let mut r = Packed::new();
    (0..columns).try_for_each(|j| basis.take(a, &b.part(j * n..(j + 1) * n), &mut r))?;
    let r: Vec<Vec<T>> = r.columns(columns).map(<[T]>::to_vec).collect();
    let mut settling: Vec<Settling<T>> = (0..columns).map(|_| Settling::new()).collect();
    // columns of H, each as long as the basis was
    let mut h = Packed::new();
    let (mut w, mut next_check) = (a.zeros(basis.count * n)?, 1);
    if basis.count == 0 {
        return Ok(Report { algorithm: name, iterations: 0, residual: 0.0, history: Vec::new() });
    }
    loop {
        let (first, end) = (h.len(), basis.count);
        if first >= most {
            return Err(watcher.not_converged(worst(&settling)));
        }
        let width = end - first;
        let how = Update { adjoint: job.adjoint, ..Update::replace() };
        a.update(how, &basis.v.part(first * n..end * n), &mut w.part_mut(0..width * n), width)?;
        (0..width).try_for_each(|j| basis.take(a, &w.part(j * n..(j + 1) * n), &mut h))?;
        // what is left of all is rounding: the space holds the result
        let m = end;
        let exhausted = basis.count == m;
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
                    for (j, s) in settling.iter_mut().enumerate() {
                        let mut x = x.part_mut(j * n..(j + 1) * n);
                        V::add_product(n, T::of(1.0), &basis.v.part(0..m * n), &s.take(), &mut x);
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
struct Basis<V: Columns + ?Sized> {
    n: usize,
    count: usize,
    v: V::Owned,
    c: Vec<V::Scalar>,
}
impl<V: Columns + ?Sized> Basis<V> {
    /// h gets the coefficients of w as a column, the basis what is new in it as one more vector.
    fn take(&mut self, a: &dyn BlockProducts<V>, w: &V, h: &mut Packed<V::Scalar>) -> Result<()> {
        let (n, count) = (self.n, self.count);
        let tiny = 10.0 * VectorRe::<V>::epsilon().lane_f64(0);
        V::append(a, &mut self.v, count * n, w)?;
        self.c.resize(count, V::Scalar::zero());
        let column = h.push(count + 1);
        let (old, mut new) = self.v.before(n, count);
        let (before, after) = project(&*old, &mut *new, &mut column[..count], &mut self.c);
        if count == n || !(after.lane_f64(0) > tiny * before.lane_f64(0)) {
            h.shorten();
        } else {
            column[count] = V::Scalar::from_re(after);
            normalise(&mut *new, after);
            self.count += 1;
        }
        Ok(())
    }
}
