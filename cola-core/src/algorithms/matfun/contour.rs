//! Square roots by a contour integral: A^(-1/2) b as a weighed sum of (A + s_j I)^-1 b.
//!
//! Hale, Higham & Trefethen, Computing A^alpha, log(A), and related matrix functions by contour integrals, SINUM 46, 2008, method 3; with
//! all systems solved in one Krylov space by msMINRES, as Pleiss, Jankowiak, Eriksson, Damle & Gardner, Fast matrix square roots with
//! applications to Gaussian processes and Bayesian optimization, NeurIPS 2020. Deviations: the bounds of the spectrum come from a few
//! Lanczos steps and are widened; the result is checked by taking the root twice, and what the check cannot see by a root of what it
//! leaves.

use super::minres::shifted_minres;
use super::{ApplyAlgorithm, ApplyOn, Function, columns_on, square, square_on};
use crate::algorithms::blocks::{Action, project};
use crate::algorithms::columns::{BlockProducts, Columns};
use crate::algorithms::krylov::{Report, columns_by, slack, tolerance};
use crate::algorithms::spectrum::{SpectralNumber, small_eigh};
use crate::algorithms::watch::{Callback, NoCallback, Observer, Options, Watcher, default_tol, watched};
use crate::error::{Error, Result};
use crate::facts::{Facts, PsdOf};
use crate::functions::Power;
use crate::operator::{LinearOperator, Operator};
use crate::scalar::{Real, Scalar};
use crate::vector::{VectorRe, normalise};
use crate::view::{View, ViewMut};

const NAME: &str = "contour integral";

/// A^(1/2) b and A^(-1/2) b of a positive definite operator, in the memory of a few vectors: 2 N + 3 for N about
/// (log(condition number) + 3) log(1 / tol) / 20 nodes.
///
/// The root is taken twice: r = b - A A^(-1/2) A^(-1/2) b doubles the cost, and |r| / |b| is `report.residual`, or the error of the result
/// that follows from r where that is more, |A^(-1/2) r| / 2 |x| (of roots A^(1/2)); it is computed where bounds of it do not suffice.
///
/// # Input
/// A positive definite: the fact PSD and no eigenvalue 0.
/// # Cost
/// Twice as many products as MINRES on A (half as many again where the error has to be computed), each with 8 N n operations.
/// # Errors
/// `NotConverged` with the residual; `NotPositiveDefinite`; `NonFinite`; `InvalidArgument` for another function.
/// # Example
/// ```
/// use cola_core::prelude::*;
/// let a = Psd::new(Diagonal::new([4.0, 0.25, 9.0]));
/// let s = a.sqrt_apply_with(ContourIntegral::default(), &[1.0, 1.0, 1.0])?;
/// assert!((s.x[0] - 2.0).abs() < 1e-9 && (s.x[1] - 0.5).abs() < 1e-9 && (s.x[2] - 3.0).abs() < 1e-9);
/// # Ok::<(), Error>(())
/// ```
/// # Reference
/// Hale, Higham & Trefethen, SIAM J. Numer. Anal. 46, 2008, 2505-2523.
#[derive(Clone, Copy, Debug)]
pub struct ContourIntegral<F = NoCallback> {
    options: Settings,
    callback: F,
}
#[derive(Clone, Copy, Debug, Default)]
struct Settings {
    common: Options,
    progress: bool,
    bounds: Option<(f64, f64)>,
}
impl<F> ContourIntegral<F> {
    /// Wanted relative error. Default: 1e-10, in single precision 1e-5.
    pub fn tol(mut self, tol: f64) -> Self {
        self.options.common.tol = Some(tol);
        self
    }
    /// Most iterations of each of the solves. Default: 10 n, at least 100.
    pub fn max_iters(mut self, max_iters: usize) -> Self {
        self.options.common.max_iters = Some(max_iters);
        self
    }
    /// Bounds of the eigenvalues, 0 < low <= high. Default: from Lanczos steps on b, widened.
    pub fn bounds(mut self, low: f64, high: f64) -> Self {
        self.options.bounds = Some((low, high));
        self
    }
}
watched!(ContourIntegral);
impl<A, F: Callback> ApplyAlgorithm<A> for ContourIntegral<F>
where
    A: LinearOperator<Scalar: SpectralNumber>,
    <A::Facts as Facts>::Psd: PsdOf<A>,
{
    fn apply_function(
        &mut self,
        f: Function<'_, <A::Scalar as Scalar>::Re>,
        a: &A,
        b: View<'_, A::Scalar>,
        x: ViewMut<'_, A::Scalar>,
    ) -> Result<Report> {
        let inverse = is_inverse(f)?;
        let n = square(NAME, a, b.rows)?;
        let settings = self.options;
        let callback = &mut self.callback;
        let mut action = Action::new(NAME, a, 1);
        columns_by(NAME, n, b, x, |b, x| {
            let mut observer = |i: &crate::algorithms::Iteration| callback.observe(i);
            contour(&mut action, inverse, b, x, settings, &mut observer)
        })
    }
}

impl<A, V, F: Callback> ApplyOn<A, V> for ContourIntegral<F>
where
    A: Operator<Scalar: SpectralNumber>,
    <A::Facts as Facts>::Psd: PsdOf<A>,
    V: Columns<Scalar = A::Scalar> + ?Sized,
{
    fn apply_on(
        &mut self,
        f: Function<'_, VectorRe<V>>,
        a: &mut dyn BlockProducts<V>,
        b: &V,
        x: &mut V,
    ) -> Result<Report> {
        let inverse = is_inverse(f)?;
        let n = square_on(NAME, a.shape(), b, x)?;
        let (callback, settings) = (&mut self.callback, self.options);
        let mut observer = |i: &crate::algorithms::Iteration| callback.observe(i);
        columns_on(NAME, (n, 1), b, x, |b, x| contour(a, inverse, b, x, settings, &mut observer))
    }
}

/// Of the two roots that are served, whether it is the inverse one.
fn is_inverse<R>(f: Function<'_, R>) -> Result<bool> {
    match f {
        Function::Power(Power::Sqrt | Power::Real(0.5)) => Ok(false),
        Function::Power(Power::InvSqrt | Power::Real(-0.5)) => Ok(true),
        _ => Err(Error::invalid("the contour integral serves A^(1/2) and A^(-1/2); ask Lanczos for other functions")),
    }
}

/// [`ContourIntegral`], compiled once per type of vectors.
fn contour<T: SpectralNumber, V: Columns<Scalar = T> + ?Sized>(
    a: &mut dyn BlockProducts<V>,
    inverse: bool,
    b: &V,
    x: &mut V,
    settings: Settings,
    observer: Observer<'_>,
) -> Result<Report> {
    let options = settings.common;
    tolerance(NAME, options.tol)?;
    let n = b.size();
    let tol = options.tol.unwrap_or(default_tol::<T>());
    let limit = slack(options.tol.is_some()) * tol;
    let max_iters = options.max_iters.unwrap_or(n.saturating_mul(10).max(100));
    let mut watcher = Watcher::new(NAME, tol, 3 * max_iters, settings.progress, Some(observer));
    x.fill(T::zero());
    let norm = b.norm().lane_f64(0);
    if !norm.is_finite() {
        return Err(Error::non_finite("the right-hand side"));
    }
    if norm == 0.0 {
        return Ok(Report { algorithm: NAME, iterations: 0, residual: 0.0, history: Vec::new() });
    }
    watcher.begin(max_iters)?;
    let (low, high) = match settings.bounds {
        Some((low, high)) if low > 0.0 && high >= low && high.is_finite() => (low, high),
        Some((low, high)) => {
            return Err(Error::invalid(format!(
                "contour integral: the bounds are {low} and {high}; give 0 < low <= high"
            )));
        }
        None => bounds(a, b)?,
    };
    // the bounds of Lanczos may be too narrow: then the check fails, and wider ones are tried
    let attempts = if settings.bounds.is_some() { 1 } else { 3 };
    let (mut residual, mut r, mut nodes) = (f64::INFINITY, a.zeros(n)?, Nodes::new(low, high, tol));
    for attempt in 0..attempts {
        let wider = 100f64.powi(attempt);
        if attempt > 0 {
            nodes = Nodes::new(low / wider, high, tol);
        }
        residual = match checked_root(a, &nodes, b, (x, &mut r), tol, max_iters, &mut watcher) {
            Err(e @ Error::NotConverged { .. }) => {
                if !inverse {
                    times(a, x)?;
                }
                return Err(e);
            }
            result => result?,
        };
        if residual <= limit {
            break;
        }
    }
    if !inverse {
        times(a, x)?;
    }
    if residual <= limit {
        // to first order x misses A^(-1/2) r / 2, which is large beside x where b has little of what r is made of
        let half = 0.5 / x.norm().lane_f64(0);
        let gain = if inverse { nodes.low.sqrt().recip() } else { nodes.high.sqrt() };
        let mut error = half * gain * r.norm().lane_f64(0);
        if !(error <= limit) {
            let mut e = a.zeros(n)?;
            match nodes.inverse_root(a, &r, &mut e, 1e-2, max_iters, &mut watcher) {
                Err(Error::NotConverged { .. }) => {}
                result => {
                    result?;
                    if !inverse {
                        times(a, &mut *e)?;
                    }
                    error = half * e.norm().lane_f64(0);
                }
            }
            residual = residual.max(error);
        }
    }
    if !(residual <= limit) {
        return Err(watcher.not_converged(residual));
    }
    Ok(Report { algorithm: NAME, iterations: watcher.iterations, residual, history: watcher.history })
}

/// x <- A x.
fn times<V: Columns + ?Sized>(a: &mut dyn BlockProducts<V>, x: &mut V) -> Result<()> {
    let mut z = a.zeros(x.size())?;
    a.apply(x, &mut z, 1)?;
    x.copy(&z);
    Ok(())
}
/// x <- A^(-1/2) b, r <- b - A A^(-1/2) x; returns |r| / |b|.
fn checked_root<T: SpectralNumber, V: Columns<Scalar = T> + ?Sized>(
    act: &mut dyn BlockProducts<V>,
    nodes: &Nodes,
    b: &V,
    (x, r): (&mut V, &mut V),
    tol: f64,
    max_iters: usize,
    watcher: &mut Watcher<'_>,
) -> Result<f64> {
    let (n, norm) = (b.size(), b.norm().lane_f64(0));
    nodes.inverse_root(act, b, x, 0.1 * tol, max_iters, watcher)?;
    // once more: A A^(-1/2) A^(-1/2) b = b
    let mut y = act.zeros(n)?;
    nodes.inverse_root(act, x, &mut y, 0.1 * tol, max_iters, watcher)?;
    act.apply(&y, r, 1)?;
    r.axpby(T::of(1.0), b, T::of(-1.0));
    Ok(r.norm().lane_f64(0) / norm)
}

/// Bounds of the eigenvalues that matter to b, by Lanczos steps until the smallest Ritz value stands.
fn bounds<T: SpectralNumber, V: Columns<Scalar = T> + ?Sized>(
    a: &mut dyn BlockProducts<V>,
    b: &V,
) -> Result<(f64, f64)> {
    const STEPS: usize = 80;
    let n = b.size();
    let mut v = a.copied(b)?;
    let norm = b.norm();
    normalise(&mut *v, norm);
    let (mut columns, mut c): (Vec<Vec<T>>, Vec<T>) = (Vec::new(), Vec::new());
    let mut found = (0.0, 0.0);
    for m in 1..=STEPS.min(n) {
        V::grow(a, &mut v, (m + 1) * n)?;
        let (basis, mut w) = v.before(n, m);
        a.apply(&basis.part((m - 1) * n..m * n), &mut w, 1)?;
        let mut h = vec![T::zero(); m + 1];
        c.resize(m, T::zero());
        let (before, after) = project(&*basis, &mut *w, &mut h[..m], &mut c);
        drop((basis, w));
        h[m] = T::from_re(after);
        columns.push(h);
        let exhausted = after.lane_f64(0) <= 1e-12 * before.lane_f64(0);
        if exhausted || m % 10 == 0 || m == STEPS.min(n) {
            let mut t = vec![T::zero(); m * m];
            for (j, column) in columns.iter().enumerate() {
                let rows = (j + 2).min(m);
                t[j * m..][..rows].copy_from_slice(&column[..rows]);
            }
            let (w, _) = small_eigh(m, &t)?;
            let (low, high) = (w[0].lane_f64(0), w[m - 1].lane_f64(0));
            if !(low > 0.0) {
                return Err(Error::NotPositiveDefinite { index: m, pivot: low });
            }
            if exhausted {
                return Ok((low * (1.0 - 1e-6), high * (1.0 + 1e-6)));
            }
            let settled = found.0 > 0.0 && low > 0.9 * found.0;
            found = (low, high);
            if settled {
                break;
            }
        }
        normalise(&mut *v.part_mut(m * n..(m + 1) * n), after);
    }
    // Ritz values lie inside: the logarithm of the ratio is what costs, so there is room
    Ok((found.0 / 20.0, found.1 * 1.1))
}

/// Shifts and weights: A^(-1/2) ~ sum w_j (A + s_j I)^-1 for eigenvalues from `low` to `high`.
struct Nodes {
    low: f64,
    high: f64,
    shifts: Vec<f64>,
    weights: Vec<f64>,
}
impl Nodes {
    /// With t_j = (j - 1/2) K' / N: s_j = low (sn / cn)^2, w_j = 2 K' sqrt(low) / (pi N) dn / cn^2, of the modulus 1 - low / high.
    fn new(low: f64, high: f64, tol: f64) -> Nodes {
        use core::f64::consts::PI;
        let k2 = low / high;
        // the error falls like exp(-2 pi^2 N / (log(high / low) + 3))
        let count =
            (((high / low).ln() + 3.0) * (4.0 / tol.max(1e-16)).ln() / (2.0 * PI * PI)).ceil().max(3.0) as usize;
        let period = PI / (2.0 * agm(1.0, k2.sqrt()));
        let (mut shifts, mut weights) = (Vec::with_capacity(count), Vec::with_capacity(count));
        for j in 0..count {
            let (sn, cn, dn) = jacobi_elliptic((j as f64 + 0.5) * period / count as f64, k2);
            shifts.push(low * (sn / cn).powi(2));
            weights.push(2.0 * period * low.sqrt() / (PI * count as f64) * dn / (cn * cn));
        }
        Nodes { low, high, shifts, weights }
    }
    /// x <- A^(-1/2) b, every system to a residual of `tol`.
    fn inverse_root<V: Columns + ?Sized>(
        &self,
        act: &mut dyn BlockProducts<V>,
        b: &V,
        x: &mut V,
        tol: f64,
        max_iters: usize,
        watcher: &mut Watcher<'_>,
    ) -> Result<f64> {
        let limit = watcher.iterations + max_iters;
        shifted_minres(act, b, (&self.shifts, &self.weights), x, tol, limit, watcher)
    }
}
/// Arithmetic-geometric mean.
fn agm(mut a: f64, mut b: f64) -> f64 {
    while (a - b).abs() > 1e-15 * a {
        (a, b) = (0.5 * (a + b), (a * b).sqrt());
    }
    a
}
/// sn, cn, dn of u with the complementary parameter k'^2 = `rest` > 0, by descending Landen transformations (Abramowitz & Stegun 16.4).
fn jacobi_elliptic(u: f64, rest: f64) -> (f64, f64, f64) {
    let (mut a, mut b, mut ratios) = (1.0_f64, rest.sqrt(), Vec::new());
    let mut c = (1.0 - rest).max(0.0).sqrt();
    // quadratic: after 1e-8 the next one is nothing, and another doubling of the angle would cost digits
    while c > 1e-8 * a && ratios.len() < 60 {
        let next = 0.5 * (a + b);
        c = 0.5 * (a - b);
        b = (a * b).sqrt();
        a = next;
        ratios.push(c / a);
    }
    let mut phi = 2f64.powi(ratios.len() as i32) * a * u;
    let mut before = phi;
    for ratio in ratios.iter().rev() {
        before = phi;
        phi = 0.5 * (phi + (ratio * phi.sin()).clamp(-1.0, 1.0).asin());
    }
    let (sn, cn) = phi.sin_cos();
    // dn = cos phi_0 / cos(phi_1 - phi_0), or from sn where that is 0 / 0
    let other = (before - phi).cos();
    let dn = if ratios.is_empty() {
        1.0
    } else if other.abs() > 0.1 {
        cn / other
    } else {
        (1.0 - (1.0 - rest) * sn * sn).max(0.0).sqrt()
    };
    (sn, cn, dn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elliptic_functions() {
        // Abramowitz & Stegun, example 16.1: u = 0.20, m = 0.81
        let (sn, _, _) = jacobi_elliptic(0.2, 0.19);
        assert!((sn - 0.19762).abs() < 1e-5, "{sn}");
        for (u, m) in [(0.3, 0.0), (0.7, 0.5), (1.4, 0.99), (0.05, 1.0 - 1e-12)] {
            let (sn, cn, dn) = jacobi_elliptic(u, 1.0 - m);
            assert!((sn * sn + cn * cn - 1.0).abs() < 1e-14);
            assert!((m * sn * sn + dn * dn - 1.0).abs() < 1e-9, "{u} {m}: {dn}");
        }
    }

    /// The rational function itself, at points of the interval.
    #[test]
    fn nodes_make_the_inverse_root() {
        for (low, high, tol) in [(1.0, 10.0, 1e-8), (1e-8, 1.0, 1e-10), (3.0, 3.0, 1e-12), (1e-300, 1e-290, 1e-6)] {
            let nodes = Nodes::new(low, high, tol);
            for i in 0..=20 {
                let x: f64 = low * (high / low).powf(i as f64 / 20.0);
                let sum: f64 = nodes.shifts.iter().zip(&nodes.weights).map(|(s, w)| w / (x + s)).sum();
                assert!((sum * x.sqrt() - 1.0).abs() < tol, "{low:e} {high:e} at {x:e}: {:e}", sum * x.sqrt() - 1.0);
            }
        }
    }
}
