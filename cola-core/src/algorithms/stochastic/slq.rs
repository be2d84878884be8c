//! Stochastic Lanczos quadrature: tr f(A) and log det A.
//!
//! Bai, Fahey & Golub, Some large-scale matrix computation problems, J. Comput. Appl. Math. 74, 1996; Ubaru, Chen & Saad, Fast estimation of
//! tr(f(A)) via stochastic Lanczos quadrature, SIMAX 38, 2017. Deviations: full orthogonalisation, and each quadrature ends when its value
//! stands, not after a fixed number of steps.

use super::{Estimate, Moments, REL_TOL, estimator, square, watcher};
use crate::algorithms::blocks::{Action, project};
use crate::algorithms::direct::DetAlgorithm;
use crate::algorithms::matfun::{Function, of_spectrum};
use crate::algorithms::random::Stream;
use crate::algorithms::spectrum::small_eigh;
use crate::algorithms::watch::{Callback, NoCallback, Observer, Options};
use crate::error::{Error, Result};
use crate::facts::{Facts, PsdOf};
use crate::operator::short::Sc;
use crate::operator::{DynOperator, LinearOperator};
use crate::scalar::{Real, Scalar};
use crate::vector::{Vector, normalise};
use num_traits::Zero;

const NAME: &str = "SLQ";
/// Samples before a standard error is believed.
const FIRST: usize = 10;
/// Most samples where `rel_tol` decides and nothing is said.
const MOST: usize = 1000;

/// log det A, or tr f(A), of a positive definite A: the mean over sign vectors x of x^H f(A) x, each by Gauss quadrature from Lanczos steps.
///
/// # Input
/// A with the fact PSD.
/// # Cost
/// Per probe as many products as the quadrature needs (about sqrt(condition number) times a few for the logarithm) and that many vectors.
/// # Errors
/// `NotConverged` if the standard error is too large after all probes; `NegativeEigenvalue`, `Singular` where the logarithm is not defined;
/// `NonFinite`; `ShapeMismatch`; `InvalidArgument`.
/// # Example
/// ```
/// use cola_core::prelude::*;
/// let d: Vec<f64> = (1..=400).map(|i| 1.0 + i as f64 / 100.0).collect();
/// let exact: f64 = d.iter().map(|d| d.ln()).sum();
/// let e = Psd::new(Diagonal::new(d)).logdet_with(Slq::default().probes(20).seed(1))?;
/// assert!((e.value - exact).abs() <= 4.0 * e.std_error + 1e-3);
/// # Ok::<(), Error>(())
/// ```
/// # Reference
/// Ubaru, Chen & Saad, SIAM J. Matrix Anal. Appl. 38, 2017, 1075-1099.
#[derive(Clone, Copy, Debug)]
pub struct Slq<F = NoCallback> {
    options: Options,
    #[allow(
        dead_code,
        reason = "the shape of every builder; its methods take `&self`, so callbacks are for `trace_map_with`"
    )]
    callback: F,
}
estimator!(Slq);
impl<F> Slq<F> {
    /// Most Lanczos steps per probe. Default: until the quadrature stands, at most 1000.
    pub fn steps(mut self, m: usize) -> Self {
        self.options.block = Some(m);
        self
    }
    /// tr f(A).
    ///
    /// # Errors
    /// As the type says.
    pub(crate) fn trace_of<A: LinearOperator>(
        &mut self,
        a: &A,
        f: Function<'_, <Sc<A> as Scalar>::Re>,
    ) -> Result<Estimate<Sc<A>>>
    where
        F: Callback,
    {
        let callback = &mut self.callback;
        let mut observer = |i: &crate::algorithms::Iteration| callback.observe(i);
        slq(a, f, self.options, &mut observer)
    }
}
impl<A: LinearOperator, F: Callback> DetAlgorithm<A> for Slq<F>
where
    <A::Facts as Facts>::Psd: PsdOf<A>,
{
    type Logdet = Estimate<Sc<A>>;
    fn logdet(&mut self, a: &A) -> Result<Estimate<Sc<A>>> {
        self.trace_of(a, Function::Log)
    }
}

/// [`Slq`], compiled once per number type.
fn slq<T: Scalar>(
    a: &dyn DynOperator<T>,
    f: Function<'_, T::Re>,
    options: Options,
    observer: Observer<'_>,
) -> Result<Estimate<T>> {
    let n = square(NAME, a, options)?;
    let mut action = Action::new(NAME, a, 1);
    let mut watcher = watcher(NAME, options, observer);
    if n == 0 {
        return Ok(Estimate { value: T::zero(), std_error: 0.0, probes: 0 });
    }
    let steps = options.block.unwrap_or(1000).clamp(1, n);
    // the quadrature is to be finer than the sampling
    let fine = 0.01 * options.tol.unwrap_or(REL_TOL);
    let most = options.restart.or(options.max_iters).unwrap_or(MOST);
    let mut moments = Moments::new();
    loop {
        let x = Stream::new(options.seed, moments.count as u64);
        moments.add(T::from_re(quadrature(&mut action, f, x, steps, fine)?));
        let done = Estimate { value: moments.mean, std_error: moments.std_error(), probes: moments.count };
        let error = super::relative(&done);
        let stop = watcher.note(error);
        let enough = options.restart.is_none() && moments.count >= FIRST && error <= watcher.tol;
        if enough || options.restart == Some(moments.count) {
            return Ok(done);
        }
        if stop || moments.count >= most {
            return Err(watcher.not_converged(error));
        }
    }
}

/// x^H f(A) x of a sign vector x: n sum_k |q_1k|^2 f(w_k) over the eigenpairs of the Lanczos matrix.
fn quadrature<T: Scalar>(
    a: &mut Action<'_, T>,
    f: Function<'_, T::Re>,
    x: Stream,
    steps: usize,
    fine: f64,
) -> Result<T::Re> {
    let n = a.shape().0;
    let mut v = vec![T::zero(); n];
    x.signs(&mut v);
    let norm = v[..].norm();
    normalise(&mut v[..], norm);
    let square = norm * norm;
    let (mut alpha, mut beta): (Vec<T::Re>, Vec<T::Re>) = (Vec::new(), Vec::new());
    let (mut h, mut c) = (Vec::new(), Vec::new());
    let mut last: Option<(f64, bool)> = None;
    let mut next = 4.min(steps);
    let tiny = 10.0 * T::Re::epsilon().lane_f64(0);
    for m in 1..=steps {
        v.resize((m + 1) * n, T::zero());
        let (basis, w) = v.split_at_mut(m * n);
        a.apply(&basis[(m - 1) * n..], w, 1)?;
        h.clear();
        h.resize(m, T::zero());
        c.resize(m, T::zero());
        let (before, after) = project(basis, w, &mut h, &mut c);
        alpha.push(h[m - 1].re());
        let exhausted = after.lane_f64(0) <= tiny * before.lane_f64(0) || m == n;
        if exhausted || m >= next || m == steps {
            next = m + (m / 5).max(2);
            let mut t = vec![T::Re::zero(); m * m];
            for i in 0..m {
                t[i * (m + 1)] = alpha[i];
                if i + 1 < m {
                    t[i * m + i + 1] = beta[i];
                    t[(i + 1) * m + i] = beta[i];
                }
            }
            let (mut w, q) = small_eigh(m, &t)?;
            of_spectrum(f, &mut w)?;
            let sum = (0..m).fold(T::Re::zero(), |s, k| s + q[k * m] * q[k * m] * w[k]) * square;
            let value = sum.lane_f64(0);
            if !value.is_finite() {
                return Err(Error::non_finite("the quadrature: it overflowed"));
            }
            let stands = last.is_some_and(|(old, _)| (value - old).abs() <= fine * value.abs());
            // twice in a row, as one agreement may be chance
            if exhausted || m == steps || stands && last.is_some_and(|l| l.1) {
                return Ok(sum);
            }
            last = Some((value, stands));
        }
        beta.push(after);
        normalise(&mut v[m * n..], after);
    }
    Err(Error::Breakdown { algorithm: NAME, iteration: steps })
}
