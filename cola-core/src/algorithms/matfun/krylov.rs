//! f(A) b in a Krylov space: |b| V f(V^H A V) e_1.
//!
//! Saad, Analysis of some Krylov subspace approximations to the matrix exponential operator, SINUM 29, 1992; Higham, Functions of
//! Matrices, 2008, section 13.2. Deviations: the basis is orthogonalised fully, for self-adjoint operators too (Lanczos without it needs
//! more steps, and its Ritz values repeat); the small function is evaluated after more and more steps, and the iteration stops by the
//! change of the result between evaluations, extrapolated by the rate at which it falls; what rounding does to f of the small matrix is
//! estimated before it is called the result.

use super::packed::Packed;
use super::settling::Settling;
use super::{Function, rounding};
use crate::algorithms::blocks::project;
use crate::algorithms::columns::{BlockProducts, Columns};
use crate::algorithms::dense as kernels;
use crate::algorithms::krylov::{Report, tolerance};
use crate::algorithms::spectrum::{SpectralNumber, small_eigh};
use crate::algorithms::watch::{Observer, Options, Watcher, default_tol, left_to_rounding};
use crate::error::{Error, Result};
use crate::operator::Update;
use crate::ops::log_of_spectrum;
use crate::scalar::Real;
use crate::vector::{Vector, normalise};

/// What the loop is told.
pub(super) struct Job {
    pub self_adjoint: bool,
    /// f(A^H) in place of f(A).
    pub adjoint: bool,
    pub options: Options,
}
impl Job {
    pub fn name(&self) -> &'static str {
        if self.self_adjoint { "Lanczos f(A) b" } else { "Arnoldi f(A) b" }
    }
}
/// Most steps where none are given: the small function costs the cube of them.
pub(super) const STEPS: usize = 2000;

/// x <- f(A) b, compiled once per type of vectors; `report.residual` is the estimate of |x - f(A) b| / |x|.
///
/// Workspace: one vector per step, which grows by doubling, and the small matrix.
pub(super) fn apply<T: SpectralNumber, V: Columns<Scalar = T> + ?Sized>(
    job: &Job,
    f: Function<'_, T::Re>,
    a: &mut dyn BlockProducts<V>,
    b: &V,
    x: &mut V,
    observer: Option<Observer<'_>>,
) -> Result<Report> {
    let (name, n) = (job.name(), b.size());
    tolerance(name, job.options.tol)?;
    if let Function::Power(p) = f {
        p.checked()?;
    }
    let tol = job.options.tol.unwrap_or(default_tol::<T>());
    let allowed = left_to_rounding::<T>(job.options.tol);
    let max_iters = job.options.max_iters.unwrap_or(n.min(STEPS)).min(n);
    let mut watcher = Watcher::new(name, tol, max_iters, job.options.progress, observer);
    let norm_b = b.norm();
    if !norm_b.lane_f64(0).is_finite() {
        return Err(Error::non_finite("the right-hand side"));
    }
    x.fill(T::zero());
    if norm_b.lane_f64(0) == 0.0 {
        return Ok(Report { algorithm: name, iterations: 0, residual: 0.0, history: Vec::new() });
    }
    let epsilon = T::Re::epsilon().lane_f64(0);
    let mut v = a.copied(b)?;
    normalise(&mut *v, norm_b);
    // columns of the Hessenberg matrix, each with its entry below the diagonal
    let mut columns = Packed::new();
    let mut c = Vec::new();
    let (mut settling, start) = (Settling::new(), [vec![T::of(1.0)]]);
    let mut next_check = 1;
    loop {
        let m = columns.len() + 1;
        if m > max_iters {
            return Err(watcher.not_converged(settling.estimate));
        }
        // w = A v_m, orthogonalised
        V::grow(a, &mut v, (m + 1) * n)?;
        let (basis, mut w) = v.before(n, m);
        let how = Update { adjoint: job.adjoint, ..Update::replace() };
        a.update(how, &basis.part((m - 1) * n..m * n), &mut w, 1)?;
        let h = columns.push(m + 1);
        c.resize(m, T::zero());
        let (before, after) = project(&*basis, &mut *w, &mut h[..m], &mut c);
        drop((basis, w));
        // what is left is rounding: the space holds the result
        let exhausted = after.lane_f64(0) <= 10.0 * epsilon * before.lane_f64(0) || m == n;
        h[m] = T::from_re(after);
        if exhausted || m == next_check || m == max_iters {
            next_check = m + (m / 6).max(1);
            match small(job.self_adjoint, f, &columns, m, &start) {
                Ok(found) => {
                    let last = settling.next(&found.y[0], tol)? || exhausted;
                    let reached = last && {
                        let rounding = found.rounding(f, &columns, m, &start, epsilon);
                        settling.judge(exhausted, rounding[0], allowed)
                    };
                    let estimate = settling.estimate;
                    let stop = watcher.note_at(m, estimate.min(1.0));
                    if last || stop || m == max_iters {
                        let y: Vec<T> = settling.take().iter().map(|&y| y.scale(norm_b)).collect();
                        V::add_product(n, T::of(1.0), &v.part(0..m * n), &y, x);
                        return match reached {
                            true => finish(watcher, x, estimate),
                            false => Err(watcher.not_converged(estimate)),
                        };
                    }
                }
                // a Ritz value 0 of a self-adjoint matrix says nothing, a negative one does; of a general matrix the small one may have
                // eigenvalues where f is not defined, and a larger one none
                Err(e) if exhausted || m == max_iters => return Err(e),
                Err(e) if job.self_adjoint && !matches!(e, Error::Singular { .. }) => return Err(e),
                Err(_) => {
                    settling.forget();
                    watcher.note_at(m, 1.0);
                }
            }
        }
        normalise(&mut *v.part_mut(m * n..(m + 1) * n), after);
    }
}
/// The report, if x has not overflowed.
pub(super) fn finish<V: Columns + ?Sized>(watcher: Watcher<'_>, x: &V, residual: f64) -> Result<Report> {
    match x.norm().lane_f64(0).is_finite() {
        true => Ok(Report {
            algorithm: watcher.algorithm,
            iterations: watcher.iterations,
            residual,
            history: watcher.history,
        }),
        false => Err(Error::non_finite("the function: it overflowed")),
    }
}

/// f(H) r of the small matrix.
pub(super) struct Small<T> {
    pub y: Vec<Vec<T>>,
    /// Of self-adjoint matrices, where the eigenvalues are at hand, what rounding does to each column.
    rounding: Option<Vec<f64>>,
}
impl<T: SpectralNumber> Small<T> {
    /// Relative errors of the columns where H is wrong by `unit` |H|: see [`rounding`].
    pub fn rounding(&self, f: Function<'_, T::Re>, columns: &Packed<T>, m: usize, r: &[Vec<T>], unit: f64) -> Vec<f64> {
        match &self.rounding {
            Some(found) => found.iter().map(|e| e * (unit / T::Re::epsilon().lane_f64(0))).collect(),
            None => rounding::of_general(f, columns, m, r, &self.y, unit),
        }
    }
}
/// f(H) r for columns r that may be shorter than m.
pub(super) fn small<T: SpectralNumber>(
    self_adjoint: bool,
    f: Function<'_, T::Re>,
    columns: &Packed<T>,
    m: usize,
    r: &[Vec<T>],
) -> Result<Small<T>> {
    let mut h = vec![T::zero(); m * m];
    for (j, column) in columns.columns(m).enumerate() {
        let rows = column.len().min(m);
        h[j * m..][..rows].copy_from_slice(&column[..rows]);
    }
    if self_adjoint {
        let (w, q) = small_eigh(m, &h)?;
        let mut values = w.clone();
        of_spectrum(f, &mut values)?;
        let mut rounding = Vec::new();
        let product = |r: &Vec<T>| {
            let mut y = vec![T::zero(); m];
            let c: Vec<T> = q.chunks_exact(m).map(|q| q[..r.len()].dot(&r[..])).collect();
            for ((q, &value), &c) in q.chunks_exact(m).zip(&values).zip(&c) {
                y[..].axpy(c.scale(value), q);
            }
            let c: Vec<f64> = c.iter().map(|c| c.abs().lane_f64(0)).collect();
            rounding.push(rounding::of_eigenvalues(f, &w, &values, &c));
            y
        };
        let y = r.iter().map(product).collect();
        return Ok(Small { y, rounding: Some(rounding) });
    }
    match f {
        Function::Exp => kernels::expm(m, &mut h)?,
        Function::Log => kernels::logm(m, &mut h)?,
        Function::Power(p) => kernels::powm(m, &mut h, p.exponent())?,
        Function::Map(_) => {
            return Err(Error::invalid(
                "a function of the spectrum serves self-adjoint operators: ask for exp, log or a power, or promise `self_adjoint(..)`",
            ));
        }
    }
    let product = |r: &Vec<T>| {
        let mut y = vec![T::zero(); m];
        h.chunks_exact(m).zip(r).for_each(|(h, &r)| y[..].axpy(r, h));
        y
    };
    Ok(Small { y: r.iter().map(product).collect(), rounding: None })
}
/// f of eigenvalues in place.
pub(crate) fn of_spectrum<R: Real>(f: Function<'_, R>, w: &mut [R]) -> Result<()> {
    match f {
        Function::Exp => w.iter_mut().for_each(|w| *w = w.exp()),
        Function::Log => log_of_spectrum(w)?,
        Function::Power(p) => p.of_spectrum(w)?,
        Function::Map(f) => w.iter_mut().for_each(|w| *w = f(*w)),
    }
    match crate::algorithms::blocks::finite(w) {
        true => Ok(()),
        false => Err(Error::non_finite("the function at an eigenvalue of the Krylov space")),
    }
}
