//! Stochastic Lanczos quadrature: tr f(A), log det A, and the density of the eigenvalues.
//!
//! Bai, Fahey & Golub, Some large-scale matrix computation problems, J. Comput. Appl. Math. 74, 1996; Ubaru, Chen & Saad, Fast estimation of
//! tr(f(A)) via stochastic Lanczos quadrature, SIMAX 38, 2017; with a preconditioner to take most of the variance away Gardner, Pleiss,
//! Bindel, Weinberger & Wilson, GPyTorch: blackbox matrix-matrix Gaussian process inference with GPU acceleration, NeurIPS 2018. Several
//! vectors go through A at once, without a basis: Chen, Trogdon & Ubaru, Analysis of stochastic Lanczos quadrature for spectrum
//! approximation, ICML 2021, on why that is enough. Deviation: each quadrature ends when its value stands, not after a fixed number of steps.

use super::density::SpectralDensity;
use super::split::{Congruence, CongruenceOn, SplitOn, SplitPreconditioner};
use super::{Estimate, Moments, REL_TOL, square, watcher};
use crate::algorithms::blocks::Action;
use crate::algorithms::columns::{BlockProducts, Columns};
use crate::algorithms::direct::DetAlgorithm;
use crate::algorithms::krylov::NoPreconditioner;
use crate::algorithms::matfun::{Function, of_spectrum};
use crate::algorithms::random::Stream;
use crate::algorithms::three_term::ThreeTerm;
use crate::algorithms::watch::{Callback, NoCallback, Observer, Options, Watcher, watched};
use crate::error::{Error, Result};
use crate::facts::{Facts, PsdOf};
use crate::operator::short::Sc;
use crate::operator::{DynOperator, LinearOperator};
use crate::scalar::{Real, Scalar};
use crate::vector::VectorRe;
use num_traits::Zero;

const NAME: &str = "SLQ";
/// Samples before a standard error is believed.
const FIRST: usize = 16;
/// Most samples where `rel_tol` decides and nothing is said.
const MOST: usize = 1000;
/// Vectors that go through A at once.
const BLOCK: usize = 8;
/// Most Lanczos steps where nothing is said.
const STEPS: usize = 1000;

/// log det A, or tr f(A), of a positive definite A: the mean over sign vectors x of x^H f(A) x, each by Gauss quadrature from Lanczos steps.
///
/// With a preconditioner M = S S^H near A^-1 whose determinant is known, log det A = log det S^H A S - log det M: what is sampled is near 0, and
/// so is its variance.
///
/// # Input
/// A with the fact PSD.
/// # Cost
/// Per probe as many products as the quadrature needs (about sqrt(condition number) times a few for the logarithm); three vectors for each
/// of the 8 probes that go through A at once.
/// # Errors
/// `NotConverged` if the standard error is too large after all probes, or the quadrature does not stand; `NegativeEigenvalue`, `Singular`
/// where the logarithm is not defined; `NonFinite`; `ShapeMismatch`; `InvalidArgument`.
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
pub struct Slq<P = NoPreconditioner, F = NoCallback> {
    options: Options,
    preconditioner: P,
    callback: F,
}
impl Default for Slq {
    fn default() -> Self {
        Slq { options: Options::default(), preconditioner: NoPreconditioner, callback: NoCallback }
    }
}
impl<P, F> Slq<P, F> {
    /// Exactly so many starting vectors, whatever error they leave. Default: as many as `rel_tol` needs.
    pub fn probes(mut self, m: usize) -> Self {
        self.options.restart = Some(m);
        self
    }
    /// Wanted standard error, relative to the value. Default: 1e-2.
    pub fn rel_tol(mut self, tol: f64) -> Self {
        self.options.tol = Some(tol);
        self
    }
    /// Most starting vectors where `rel_tol` decides; beyond, `NotConverged`. Default: 1000.
    pub fn max_probes(mut self, m: usize) -> Self {
        self.options.max_iters = Some(m);
        self
    }
    /// Seed of the random vectors. Default: 0.
    pub fn seed(mut self, seed: u64) -> Self {
        self.options.seed = seed;
        self
    }
    /// Exactly so many Lanczos steps per probe (fewer where the space ends). Default: until the quadrature stands, `NotConverged` after 1000.
    pub fn steps(mut self, m: usize) -> Self {
        self.options.block = Some(m);
        self
    }
    /// A preconditioner with a root and a determinant, near A^-1, for `logdet_with`. Default: none.
    ///
    /// ```
    /// # use cola_core::prelude::*;
    /// // a smooth kernel and noise: the low-rank part is the preconditioner's
    /// let (n, noise) = (300, 0.1);
    /// let k = nalgebra::DMatrix::from_fn(n, n, |i, j| (-((i as f64 - j as f64) / 20.0).powi(2)).exp());
    /// let p = PivotedCholesky::default().rank(40).of(&Psd::new(Dense::new(&k)), noise)?;
    /// let a = Psd::new(Dense::new(k + nalgebra::DMatrix::identity(n, n) * noise));
    /// let plain = a.logdet_with(Slq::default().probes(20))?;
    /// let with = a.logdet_with(Slq::default().probes(20).preconditioner(&p))?;
    /// assert!(with.std_error < plain.std_error / 20.0);
    /// assert!((with.value - a.logdet()?).abs() < 5.0 * with.std_error + 1e-6);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn preconditioner<Q>(self, p: Q) -> Slq<Q, F> {
        Slq { options: self.options, preconditioner: p, callback: self.callback }
    }
}
watched!(Slq<P> preconditioner);
impl<F: Callback> Slq<NoPreconditioner, F> {
    /// tr f(A).
    ///
    /// # Errors
    /// As the type says.
    pub(crate) fn trace_of<A: LinearOperator>(
        &mut self,
        a: &A,
        f: Function<'_, <Sc<A> as Scalar>::Re>,
    ) -> Result<Estimate<Sc<A>>> {
        let callback = &mut self.callback;
        let mut observer = |i: &crate::algorithms::Iteration| callback.observe(i);
        slq(&mut action(a, self.options), f, 0.0, self.options, &mut observer)
    }
    /// tr f(A) of an operator whose vectors live anywhere.
    ///
    /// # Errors
    /// As the type says.
    #[doc(hidden)]
    pub fn trace_map_on<V: Columns + ?Sized>(
        &mut self,
        a: &mut dyn BlockProducts<V>,
        f: &dyn Fn(VectorRe<V>) -> VectorRe<V>,
    ) -> Result<Estimate<V::Scalar>> {
        let callback = &mut self.callback;
        let mut observer = |i: &crate::algorithms::Iteration| callback.observe(i);
        slq(a, Function::Map(f), 0.0, self.options, &mut observer)
    }
    /// The distribution of the eigenvalues.
    ///
    /// # Errors
    /// `NotConverged` where the callback stops; `NonFinite`, `ShapeMismatch`, `InvalidArgument`.
    pub(crate) fn density_of<A: LinearOperator>(&mut self, a: &A) -> Result<SpectralDensity> {
        let probes = self.options.restart.unwrap_or(FIRST);
        self.density_on::<[Sc<A>]>(&mut Action::new(NAME, a, BLOCK.min(probes)))
    }
    /// The same of an operator whose vectors live anywhere.
    ///
    /// # Errors
    /// `NotConverged` where the callback stops; `NonFinite`, `ShapeMismatch`, `InvalidArgument`.
    #[doc(hidden)]
    pub fn density_on<V: Columns + ?Sized>(&mut self, a: &mut dyn BlockProducts<V>) -> Result<SpectralDensity> {
        let callback = &mut self.callback;
        let mut observer = |i: &crate::algorithms::Iteration| callback.observe(i);
        density(a, self.options, &mut observer)
    }
}
impl<P, F: Callback> Slq<P, F> {
    /// log det A of an operator whose vectors live anywhere.
    ///
    /// # Errors
    /// As the type says.
    #[doc(hidden)]
    pub fn logdet_on<V: Columns + ?Sized>(&mut self, a: &mut dyn BlockProducts<V>) -> Result<Estimate<V::Scalar>>
    where
        P: SplitOn<V>,
    {
        let callback = &mut self.callback;
        let mut observer = |i: &crate::algorithms::Iteration| callback.observe(i);
        let Some((root, known)) = self.preconditioner.split_on()? else {
            return slq(a, Function::Log, 0.0, self.options, &mut observer);
        };
        same_shape(a.shape(), root.shape())?;
        slq(&mut CongruenceOn::new(a, root)?, Function::Log, -known, self.options, &mut observer)
    }
}
impl<A: LinearOperator, P: SplitPreconditioner<Sc<A>>, F: Callback> DetAlgorithm<A> for Slq<P, F>
where
    <A::Facts as Facts>::Psd: PsdOf<A>,
{
    type Logdet = Estimate<Sc<A>>;
    fn logdet(&mut self, a: &A) -> Result<Estimate<Sc<A>>> {
        let callback = &mut self.callback;
        let mut observer = |i: &crate::algorithms::Iteration| callback.observe(i);
        let Some(split) = self.preconditioner.split()? else {
            return slq(&mut action(a, self.options), Function::Log, 0.0, self.options, &mut observer);
        };
        same_shape((a.nrows(), a.ncols()), split.root.dyn_shape())?;
        // of A of positive determinant, M has one too
        let a = Congruence::new(a, &*split.root);
        slq(&mut action(&a, self.options), Function::Log, -split.logdet, self.options, &mut observer)
    }
}

fn same_shape(left: (usize, usize), right: (usize, usize)) -> Result<()> {
    if left == right { Ok(()) } else { Err(Error::ShapeMismatch { op: "preconditioner of SLQ", left, right }) }
}
/// Most vectors of the first look at the standard error.
fn first(options: Options) -> usize {
    let most = options.max_iters.unwrap_or(MOST);
    options.restart.unwrap_or(FIRST.min(most).max(1))
}
/// An operator of the host with room for a block.
fn action<T: Scalar>(a: &dyn DynOperator<T>, options: Options) -> Action<'_, T> {
    Action::new(NAME, a, BLOCK.min(first(options)))
}
/// tr f(A) + `known`, compiled once per type of vectors.
fn slq<V: Columns + ?Sized>(
    a: &mut dyn BlockProducts<V>,
    f: Function<'_, VectorRe<V>>,
    known: f64,
    options: Options,
    observer: Observer<'_>,
) -> Result<Estimate<V::Scalar>> {
    let n = square::<V::Scalar>(NAME, a.shape(), options)?;
    let mut watcher = watcher(NAME, options, observer);
    if n == 0 {
        return Ok(Estimate { value: V::Scalar::of(known), std_error: 0.0, probes: 0 });
    }
    // the quadrature is to be finer than the sampling
    let fine = 0.01 * options.tol.unwrap_or(REL_TOL);
    let most = options.restart.or(options.max_iters).unwrap_or(MOST);
    let mut target = first(options);
    let mut moments = Moments::new();
    loop {
        let count = BLOCK.min(target - moments.count);
        for value in quadratures(a, f, (options.seed, moments.count, count), options.block, fine)? {
            moments.add(V::Scalar::from_re(value));
        }
        let value = moments.mean + V::Scalar::of(known);
        let done = Estimate { value, std_error: moments.std_error(), probes: moments.count };
        let error = super::relative(&done);
        let stop = watcher.note(error);
        if options.restart == Some(moments.count) {
            return Ok(done);
        }
        if moments.count >= target {
            if options.restart.is_none() && error <= watcher.tol {
                return Ok(done);
            }
            // what the error needs by its law, at most four times as many
            let wanted = target as f64 * (error / watcher.tol).powi(2) * 1.1;
            target = (wanted.min(4.0 * target as f64) as usize).max(target + 1).min(most);
        }
        if stop || moments.count >= most {
            return Err(super::unfinished(&watcher, error, &[done.value], &[done.std_error]));
        }
    }
}

/// x^H f(A) x of sign vectors x, streams `first..`: n sum_k q_k^2 f(w_k) over nodes and weights of the Jacobi matrix of each.
fn quadratures<V: Columns + ?Sized>(
    a: &mut dyn BlockProducts<V>,
    f: Function<'_, VectorRe<V>>,
    (seed, first, count): (u64, usize, usize),
    fixed: Option<usize>,
    fine: f64,
) -> Result<Vec<VectorRe<V>>> {
    let n = a.shape().0;
    let mut run = signs(a, (seed, first, count))?;
    let steps = fixed.unwrap_or(STEPS).max(1);
    let mut values: Vec<Option<VectorRe<V>>> = vec![None; count];
    let mut last: Vec<Option<(f64, bool)>> = vec![None; count];
    let (mut next, mut change) = (4.min(steps), f64::INFINITY);
    for m in 1..=steps {
        run.step(a)?;
        let look = m >= next || m == steps;
        if look {
            next = m + (m / 5).max(2);
        }
        for ((value, last), c) in values.iter_mut().zip(&mut last).zip(&run.columns) {
            if value.is_some() || !(look || c.ended) || fixed.is_some() && m < steps && !c.ended {
                continue;
            }
            let (mut w, q) = c.gauss()?;
            of_spectrum(f, &mut w)?;
            let terms = || w.iter().zip(&q).map(|(&w, &q)| w * q);
            let sum = terms().fold(VectorRe::<V>::zero(), |s, t| s + t) * VectorRe::<V>::real(n as f64);
            let size = terms().fold(0.0, |s: f64, t| s + t.lane_f64(0).abs()) * n as f64;
            let now = sum.lane_f64(0);
            if !now.is_finite() {
                return Err(Error::non_finite("the quadrature: it overflowed"));
            }
            change = last.map_or(f64::INFINITY, |(old, _)| if now == old { 0.0 } else { (now - old).abs() / size });
            let stands = change <= fine;
            // twice in a row, as one agreement may be chance
            if c.ended || fixed.is_some() || stands && last.is_some_and(|l| l.1) {
                *value = Some(sum);
            }
            *last = Some((now, stands));
        }
        if values.iter().all(|v| v.is_some()) {
            return Ok(values.into_iter().flatten().collect());
        }
    }
    Err(Error::not_converged("the quadrature of SLQ", steps, change, fine))
}
/// The recurrence from sign vectors, streams `first..`.
fn signs<V: Columns + ?Sized>(
    a: &dyn BlockProducts<V>,
    (seed, first, count): (u64, usize, usize),
) -> Result<ThreeTerm<V>> {
    let n = a.shape().0;
    let mut v = a.zeros(n * count)?;
    v.write(|v| {
        for (j, v) in v.chunks_exact_mut(n.max(1)).enumerate() {
            Stream::new(seed, (first + j) as u64).signs(v);
        }
    });
    Ok(ThreeTerm::new(a, v)?.0)
}

/// Nodes and weights of every probe. Each Lanczos step of a block is an iteration, its residual the part of all steps that is left.
fn density<V: Columns + ?Sized>(
    a: &mut dyn BlockProducts<V>,
    options: Options,
    observer: Observer<'_>,
) -> Result<SpectralDensity> {
    let n = square::<V::Scalar>(NAME, a.shape(), options)?;
    let (probes, steps) = (options.restart.unwrap_or(FIRST), options.block.unwrap_or(100).max(1));
    let all = probes.div_ceil(BLOCK) * steps;
    let mut watcher = Watcher::new(NAME, 0.0, all, options.progress, Some(observer));
    let mut quadratures = Vec::with_capacity(probes);
    let mut stopped = false;
    for (done, first) in (0..probes).step_by(BLOCK).enumerate() {
        if n == 0 || stopped {
            break;
        }
        let count = BLOCK.min(probes - first);
        let mut run = signs(a, (options.seed, first, count))?;
        for step in 1..=steps {
            run.step(a)?;
            let ended = run.columns.iter().all(|c| c.ended);
            let left = 1.0 - (done * steps + if ended { steps } else { step }) as f64 / all as f64;
            stopped = watcher.note(left) && left > 0.0;
            if ended || stopped {
                break;
            }
        }
        for c in &run.columns {
            let (w, q) = c.gauss()?;
            let pairs = w.iter().zip(&q).map(|(w, q)| (w.lane_f64(0), n as f64 * q.lane_f64(0)));
            quadratures.push(pairs.collect());
        }
    }
    let density = SpectralDensity::new(quadratures);
    match stopped {
        false => Ok(density),
        true => {
            let left = watcher.history.last().copied().unwrap_or(1.0);
            Err(density.kept_in(watcher.not_converged(left)))
        }
    }
}
