//! f(A) b by a Chebyshev series on known bounds of the spectrum: no inner products, no basis.
//!
//! Druskin & Knizhnerman, Two polynomial methods of calculating functions of symmetric matrices, USSR Comput. Math. Math. Phys. 29, 1989;
//! Trefethen, Approximation Theory and Approximation Practice, 2013, chapters 3, 4 and 8. Deviation: the series goes on until its tail is
//! small beside the result, not beside max |f|.

use super::krylov::of_spectrum;
use super::{ApplyAlgorithm, ApplyOn, Function, in_place, square, square_on};
use crate::algorithms::blocks::Action;
use crate::algorithms::columns::{BlockProducts, Columns};
use crate::algorithms::krylov::{Report, tolerance};
use crate::algorithms::watch::{Callback, NoCallback, Observer, Options, Watcher, default_tol};
use crate::error::{Error, Result};
use crate::facts::{Facts, SelfAdjointOf};
use crate::operator::{LinearOperator, Operator, Update};
use crate::scalar::{Real, Scalar};
use crate::vector::VectorRe;
use crate::view::{View, ViewMut};

const NAME: &str = "Chebyshev series f(A) b";
/// Columns that go through A at once.
const BLOCK: usize = 16;
/// Products between looks at the lengths of the vectors.
const LOOK: usize = 8;

/// f(A) b of a self-adjoint operator whose eigenvalues lie in a known interval: sum_k c_k T_k(A') b, A' = A mapped to \[-1, 1\].
///
/// `report.residual` is a bound of the relative error, the tail of the series over the length of the result: no estimate from a Krylov
/// space. A vector T_k(A') b that outgrows b betrays an eigenvalue outside of the interval.
///
/// # Input
/// A with the fact self-adjoint, all eigenvalues in \[low, high\], f smooth there: of a root or a logarithm, low well above 0.
/// # Cost
/// One product and 8 n operations per term: for e^A about (high - low) / 2 + 20 terms, for roots about sqrt(high / low) log(1 / tol) / 2. Three
/// vectors per column; 16 columns of a block go through A at once.
/// # Errors
/// `InvalidArgument` if the bounds are none or too narrow; `NotConverged` with the bound of the error where the series falls too slowly;
/// `NonFinite`; `NegativeEigenvalue` and `Singular` where f is not defined on the interval.
/// # Example
/// ```
/// use cola_core::prelude::*;
/// let a = Psd::new(Tridiagonal::new(vec![-1.0; 99], vec![2.0; 100], vec![-1.0; 99]));
/// let b = vec![1.0; 100];
/// let s = a.exp_apply_with(ChebyshevSeries::new(0.0, 4.0), &b)?;
/// let same = a.exp_apply(&b)?;
/// assert!((0..100).all(|i| (s.x[i] - same[i]).abs() < 1e-9) && s.report.iterations < 30);
/// # Ok::<(), Error>(())
/// ```
/// # Reference
/// Druskin & Knizhnerman, USSR Comput. Math. Math. Phys. 29, 1989, 112-121.
#[derive(Clone, Copy, Debug)]
pub struct ChebyshevSeries<F = NoCallback> {
    options: Options,
    bounds: (f64, f64),
    callback: F,
}
impl ChebyshevSeries {
    /// For eigenvalues in \[low, high\].
    pub fn new(low: f64, high: f64) -> Self {
        ChebyshevSeries { options: Options::default(), bounds: (low, high), callback: NoCallback }
    }
}
impl<F> ChebyshevSeries<F> {
    /// Wanted relative error. Default: 1e-10, in single precision 1e-5.
    pub fn tol(mut self, tol: f64) -> Self {
        self.options.tol = Some(tol);
        self
    }
    /// Most terms. Default: 4096.
    pub fn max_iters(mut self, max_iters: usize) -> Self {
        self.options.max_iters = Some(max_iters);
        self
    }
    /// Calls `f` after every eighth term. It may return nothing, a `bool` (false stops) or a `ControlFlow<()>`; a stopped iteration that
    /// has not met its tolerance is a `NotConverged`.
    pub fn on_iteration<R, G>(self, f: G) -> ChebyshevSeries<G>
    where
        R: crate::algorithms::Control,
        G: FnMut(&crate::algorithms::Iteration) -> R,
    {
        ChebyshevSeries { options: self.options, bounds: self.bounds, callback: f }
    }
    /// Draws a progress bar on the terminal; without the feature `progress`, or where stderr is no terminal, nothing.
    pub fn progress(mut self) -> Self {
        self.options.progress = true;
        self
    }
}
impl<A: LinearOperator, F: Callback> ApplyAlgorithm<A> for ChebyshevSeries<F>
where
    <A::Facts as Facts>::SelfAdjoint: SelfAdjointOf<A>,
{
    fn apply_function(
        &mut self,
        f: Function<'_, <A::Scalar as Scalar>::Re>,
        a: &A,
        b: View<'_, A::Scalar>,
        x: ViewMut<'_, A::Scalar>,
    ) -> Result<Report> {
        let n = square(NAME, a, b.rows)?;
        let callback = &mut self.callback;
        let mut observer = |i: &crate::algorithms::Iteration| callback.observe(i);
        let mut action = Action::new(NAME, a, BLOCK.min(b.cols));
        in_place(NAME, b, x, |x| series(f, &mut action, self.bounds, n, x, self.options, &mut observer))
    }
}

impl<A, V, F: Callback> ApplyOn<A, V> for ChebyshevSeries<F>
where
    A: Operator,
    <A::Facts as Facts>::SelfAdjoint: SelfAdjointOf<A>,
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
        let callback = &mut self.callback;
        let mut observer = |i: &crate::algorithms::Iteration| callback.observe(i);
        x.copy(b);
        series(f, a, self.bounds, n, x, self.options, &mut observer)
    }
}

/// Coefficients c_0 (halved already), c_1, .. of f on \[low, high\], and the sum of |c_k| behind each; the last such sum is an estimate of
/// what is cut off.
fn coefficients<R: Real>(f: Function<'_, R>, (low, high): (f64, f64), most: usize) -> Result<(Vec<f64>, Vec<f64>)> {
    let (centre, half) = (0.5 * (low + high), 0.5 * (high - low));
    let mut n = 16.min(most.max(1));
    loop {
        let cosines: Vec<f64> = (0..2 * n).map(|k| (core::f64::consts::PI * k as f64 / n as f64).cos()).collect();
        let mut values: Vec<R> = cosines[..=n].iter().map(|c| R::real((centre + half * c).clamp(low, high))).collect();
        of_spectrum(f, &mut values)?;
        let values: Vec<f64> = values.iter().map(|v| v.lane_f64(0)).collect();
        let mut c: Vec<f64> = (0..=n)
            .map(|j| {
                let ends = 0.5 * (values[0] + if j % 2 == 0 { values[n] } else { -values[n] });
                let sum = (1..n).fold(ends, |s, k| s + values[k] * cosines[j * k % (2 * n)]);
                sum * 2.0 / n as f64
            })
            .collect();
        c[0] *= 0.5;
        c[n] *= 0.5;
        let largest = c.iter().fold(0.0, |m: f64, c| m.max(c.abs()));
        // resolved when the last quarter is rounding
        let rounding = 4.0 * R::epsilon().lane_f64(0) * largest;
        let quarter = &c[n - n / 4..];
        let resolved = quarter.iter().all(|c| c.abs() <= rounding);
        if resolved || n >= most {
            // what is not resolved falls on slowly: as much again as the last half holds
            let cut = if resolved { 0.0 } else { c[n / 2..].iter().map(|c| c.abs()).sum() };
            let keep = c.iter().rposition(|c| c.abs() > rounding).map_or(1, |k| k + 1);
            c.truncate(if resolved { keep } else { n + 1 });
            let mut tail = vec![cut; c.len()];
            for k in (0..c.len() - 1).rev() {
                tail[k] = tail[k + 1] + c[k + 1].abs();
            }
            return Ok((c, tail));
        }
        n = (2 * n).min(most);
    }
}

/// [`ChebyshevSeries`], compiled once per type of vectors: X <- f(A) X. Workspace: T_k X and T_(k-1) X of a block of columns.
fn series<T: Scalar, V: Columns<Scalar = T> + ?Sized>(
    f: Function<'_, T::Re>,
    a: &mut dyn BlockProducts<V>,
    (low, high): (f64, f64),
    n: usize,
    x: &mut V,
    options: Options,
    observer: Observer<'_>,
) -> Result<Report> {
    tolerance(NAME, options.tol)?;
    if !(low.is_finite() && high.is_finite() && low <= high) {
        return Err(Error::invalid(format!("{NAME}: the bounds are {low} and {high}; give finite ones, low <= high")));
    }
    if let Function::Power(p) = f {
        p.checked()?;
    }
    // an interval of one point still needs a width; rounding must not push an eigenvalue out
    let room = 8.0 * T::Re::epsilon().lane_f64(0) * low.abs().max(high.abs()).max(1e-300);
    let (low, high) = if high - low > room { (low, high) } else { (low - room, high + room) };
    let tol = options.tol.unwrap_or(default_tol::<T>());
    let most = options.max_iters.unwrap_or(4096);
    let (c, tail) = coefficients(f, (low, high), most)?;
    let rounding = T::Re::epsilon().lane_f64(0) * c.iter().map(|c| c.abs()).sum::<f64>();
    let mut watcher = Watcher::new(NAME, tol, c.len(), options.progress, Some(observer));
    let all = x.size() / n.max(1);
    let mut worst = Report { algorithm: NAME, iterations: 0, residual: 0.0, history: Vec::new() };
    let mut sums = Sums { n, bounds: (low, high), c, tail, rounding, most, products: 0 };
    for first in (0..all).step_by(BLOCK) {
        let columns = first * n..(first + BLOCK).min(all) * n;
        let (residual, reached) = sums.block(a, &mut x.part_mut(columns), &mut watcher)?;
        if !reached {
            return Err(watcher.not_converged(residual).with_iterate(View::matrix(&x.to_host(), n, all)));
        }
        worst.residual = worst.residual.max(residual);
    }
    worst.iterations = sums.products.div_ceil(all.max(1));
    worst.history = watcher.history;
    Ok(worst)
}
/// The series, and products so far.
struct Sums {
    n: usize,
    bounds: (f64, f64),
    c: Vec<f64>,
    tail: Vec<f64>,
    rounding: f64,
    most: usize,
    products: usize,
}
impl Sums {
    /// Some columns in their place; the bound of the relative error, and whether it is what was wanted.
    fn block<T: Scalar, V: Columns<Scalar = T> + ?Sized>(
        &mut self,
        a: &mut dyn BlockProducts<V>,
        sum: &mut V,
        watcher: &mut Watcher<'_>,
    ) -> Result<(f64, bool)> {
        let Sums { n, bounds: (low, high), c, tail, rounding, most, products } = self;
        let (n, columns, rounding) = (*n, sum.size() / (*n).max(1), *rounding);
        let (centre, half) = (0.5 * (*low + *high), 0.5 * (*high - *low));
        fn norms<V: Columns + ?Sized>(n: usize, v: &V) -> impl Iterator<Item = f64> {
            (0..v.size() / n.max(1)).map(move |j| v.part(j * n..(j + 1) * n).norm().lane_f64(0))
        }
        let lengths: Vec<f64> = norms(n, sum).collect();
        let mut sizes = vec![0.0; columns];
        if lengths.iter().any(|l| !l.is_finite()) {
            return Err(Error::non_finite("the right-hand side"));
        }
        if lengths.iter().all(|&l| l == 0.0) {
            return Ok((0.0, true));
        }
        watcher.begin(*most)?;
        let (mut now, mut old) = (a.copied(sum)?, a.zeros(sum.size())?);
        sum.scale(T::of(c[0]));
        for k in 0..c.len() {
            if k > 0 {
                sum.axpy(T::of(c[k]), &now);
            }
            let last = k + 1 == c.len();
            if last || k % LOOK == LOOK - 1 {
                if norms(n, &*now).zip(&lengths).any(|(now, then)| now > 2.0 * then) {
                    return Err(Error::invalid(format!(
                        "{NAME}: an eigenvalue lies outside of [{low}, {high}]; give wider bounds, or ask Lanczos, which needs none"
                    )));
                }
                sizes.iter_mut().zip(norms(n, sum)).for_each(|(s, now)| *s = now);
                if sizes.iter().any(|s| !s.is_finite()) {
                    return Err(Error::non_finite("the function: it overflowed"));
                }
                // of a result 0 nothing is relative
                let residual = lengths
                    .iter()
                    .zip(&sizes)
                    .fold(0.0, |m: f64, (l, s)| m.max(if *s > 0.0 { (tail[k] + rounding) * l / s } else { 0.0 }));
                let truncated = lengths.iter().zip(&sizes).all(|(l, s)| tail[k] * l <= watcher.tol * s);
                let stop = watcher.note_at(k.max(1), residual.min(1.0));
                if truncated || stop || last {
                    return Ok((residual, truncated));
                }
            }
            // T_1 = A', T_(k+1) = 2 A' T_k - T_(k-1)
            let twice = if k == 0 { 1.0 } else { 2.0 };
            old.axpby(T::of(-twice * centre / half), &now, T::of(if k == 0 { 0.0 } else { -1.0 }));
            a.update(Update { alpha: T::of(twice / half), ..Update::replace() }.add(), &now, &mut old, columns)?;
            *products += columns;
            core::mem::swap(&mut now, &mut old);
        }
        Ok((0.0, true))
    }
}
