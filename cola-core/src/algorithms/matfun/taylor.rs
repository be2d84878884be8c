//! e^A b by truncated Taylor series, with scaling: no basis is kept and nothing is orthogonalised.
//!
//! Al-Mohy & Higham, Computing the action of the matrix exponential, with an application to exponential integrators, SISC 33, 2011:
//! algorithm 3.2 with the parameters of (3.13). Deviations: the shift is an estimate of tr A / n from three random vectors (any shift is
//! right), and only |A|_1 and the norms of A^2 .. A^5 are estimated.

use super::norm::{self, one_norm};
use super::{ApplyAlgorithm, ApplyOn, Function, in_place, square, square_on};
use crate::algorithms::blocks::Action;
use crate::algorithms::columns::{BlockProducts, Columns, FromHost};
use crate::algorithms::krylov::{Report, tolerance};
use crate::algorithms::random::Stream;
use crate::algorithms::watch::{Callback, NoCallback, Observer, Options, Watcher, watched};
use crate::error::{Error, Result};
use crate::operator::{LinearOperator, Operator, Update};
use crate::scalar::{Real, Scalar};
use crate::vector::{Vector, VectorRe};
use crate::view::{View, ViewMut};

const NAME: &str = "Taylor e^A b";
/// Columns that go through A at once.
const BLOCK: usize = 16;

/// (degree m, largest |A| for which the truncated series has backward error below 2^-53): Higham 2008, table A.3, and table 3.1.
const THETA: [(usize, f64); 35] = [
    (1, 2.29e-16),
    (2, 2.58e-8),
    (3, 1.39e-5),
    (4, 3.40e-4),
    (5, 2.40e-3),
    (6, 9.07e-3),
    (7, 2.38e-2),
    (8, 5.00e-2),
    (9, 8.96e-2),
    (10, 1.44e-1),
    (11, 2.14e-1),
    (12, 3.00e-1),
    (13, 4.00e-1),
    (14, 5.14e-1),
    (15, 6.41e-1),
    (16, 7.81e-1),
    (17, 9.31e-1),
    (18, 1.09),
    (19, 1.26),
    (20, 1.44),
    (21, 1.62),
    (22, 1.82),
    (23, 2.01),
    (24, 2.22),
    (25, 2.43),
    (26, 2.64),
    (27, 2.86),
    (28, 3.08),
    (29, 3.31),
    (30, 3.54),
    (35, 4.7),
    (40, 6.0),
    (45, 7.2),
    (50, 8.5),
    (55, 9.9),
];

/// e^A b by scaling and a truncated Taylor series: for operators of moderate norm, and where memory for a Krylov basis is short.
///
/// # Input
/// Any square A; the adjoint is used to estimate norms.
/// # Cost
/// About 2 to 4 products per unit of |A|_1, and about 20 products to estimate norms; 4 vectors.
/// # Errors
/// `NotConverged` if more products are needed than allowed, or the callback stops, with x = e^(t A) b so far and `residual` 1 - t: what is
/// missing is e^((1 - t) A) x. (Of more than 16 columns this holds for those in work; those before are done, those after are still b.)
/// `NonFinite` where e^A b overflows; `InvalidArgument` for another function.
/// # Example
/// ```
/// use cola_core::prelude::*;
/// let x = Diagonal::new([-3.0, 0.5]).exp_apply_with(Taylor::default(), &[1.0, 2.0])?.x;
/// assert!((x[0] - (-3.0f64).exp()).abs() < 1e-15 && (x[1] - 2.0 * 0.5f64.exp()).abs() < 1e-14);
/// # Ok::<(), Error>(())
/// ```
/// # Reference
/// Al-Mohy & Higham, SIAM J. Sci. Comput. 33, 2011, 488-511.
#[derive(Clone, Copy, Debug)]
pub struct Taylor<F = NoCallback> {
    options: Options,
    callback: F,
}
impl<F> Taylor<F> {
    /// Wanted relative error. Default: rounding.
    pub fn tol(mut self, tol: f64) -> Self {
        self.options.tol = Some(tol);
        self
    }
    /// Most products. Default: 100000.
    pub fn max_iters(mut self, max_iters: usize) -> Self {
        self.options.max_iters = Some(max_iters);
        self
    }
}
watched!(Taylor);
impl<A: LinearOperator, F: Callback> ApplyAlgorithm<A> for Taylor<F> {
    fn apply_function(
        &mut self,
        f: Function<'_, <A::Scalar as Scalar>::Re>,
        a: &A,
        b: View<'_, A::Scalar>,
        x: ViewMut<'_, A::Scalar>,
    ) -> Result<Report> {
        only_exp(f)?;
        let n = square(NAME, a, b.rows)?;
        let mut action = Action::new(NAME, a, BLOCK.min(b.cols).max(norm::COLUMNS));
        let scheme = Scheme::new(&mut action, n, self.options)?;
        let callback = &mut self.callback;
        let mut observer = |i: &crate::algorithms::Iteration| callback.observe(i);
        in_place(NAME, b, x, |x| taylor(&mut action, &scheme, n, x, self.options, &mut observer))
    }
}

impl<A, V, F: Callback> ApplyOn<A, V> for Taylor<F>
where
    A: Operator,
    V: Columns<Scalar = A::Scalar> + ?Sized,
{
    fn apply_on(
        &mut self,
        f: Function<'_, VectorRe<V>>,
        a: &mut dyn BlockProducts<V>,
        b: &V,
        x: &mut V,
    ) -> Result<Report> {
        only_exp(f)?;
        let n = square_on(NAME, a.shape(), b, x)?;
        let scheme = Scheme::new(&mut FromHost(&mut *a), n, self.options)?;
        let callback = &mut self.callback;
        let mut observer = |i: &crate::algorithms::Iteration| callback.observe(i);
        x.copy(b);
        taylor(a, &scheme, n, x, self.options, &mut observer)
    }
}

/// A - mu I.
struct Shifted<'a, V: Columns + ?Sized>(&'a mut dyn BlockProducts<V>, V::Scalar);
impl<V: Columns + ?Sized> BlockProducts<V> for Shifted<'_, V> {
    fn shape(&self) -> (usize, usize) {
        self.0.shape()
    }
    fn zeros(&self, numbers: usize) -> Result<V::Owned> {
        self.0.zeros(numbers)
    }
    fn there<'x>(&self, x: &'x [V::Scalar]) -> Result<V::Part<'x>>
    where
        V: 'x,
    {
        self.0.there(x)
    }
    fn update(&mut self, how: Update<V::Scalar>, x: &V, y: &mut V, columns: usize) -> Result<()> {
        self.0.update(how, x, y, columns)?;
        y.axpy(-(how.alpha * if how.adjoint { self.1.conj() } else { self.1 }), x);
        Ok(())
    }
}

/// Shift, degree and number of steps.
struct Scheme<T> {
    mu: T,
    degree: usize,
    steps: usize,
    tol: f64,
}
impl<T: Scalar> Scheme<T> {
    /// From products with two vectors of the host at most.
    fn new(a: &mut dyn BlockProducts<[T]>, n: usize, options: Options) -> Result<Self> {
        tolerance(NAME, options.tol)?;
        let unit = T::Re::epsilon().lane_f64(0) / 2.0;
        let tol = options.tol.unwrap_or(unit).max(unit);
        // tr A / n by three sign vectors
        let (mut x, mut y, mut mu) = (vec![T::zero(); n], vec![T::zero(); n], T::zero());
        const PROBES: u64 = 3;
        for stream in 0..PROBES {
            Stream::new(options.seed, stream).signs(&mut x);
            a.apply(&x, &mut y, 1)?;
            mu += x[..].dot(&y).scale(T::Re::real(1.0 / (PROBES as f64 * n.max(1) as f64)));
        }
        let mut shifted = Shifted(a, mu);
        let one = one_norm(&mut shifted, 1, options.seed)?;
        if one == 0.0 {
            return Ok(Scheme { mu, degree: 1, steps: 1, tol });
        }
        // |A^p|^(1/p) is smaller than |A| for operators far from normal; alpha_p = max(d_p, d_(p+1)) serves degrees m >= p (p - 1) - 1
        let mut alphas = vec![(one, 1)];
        if one > 63.0 {
            let d: Vec<f64> = (2..6)
                .map(|p| Ok(one_norm(&mut shifted, p, options.seed)?.powf(1.0 / p as f64)))
                .collect::<Result<_>>()?;
            for p in 2..5usize {
                alphas.push((d[p - 2].max(d[p - 1]), p * (p - 1) - 1));
            }
        }
        let mut best = (usize::MAX, 1, 1);
        for &(alpha, least) in &alphas {
            for &(m, theta) in THETA.iter().filter(|t| t.0 >= least) {
                let steps = (alpha / theta).ceil().clamp(1.0, 1e12) as usize;
                best = best.min((m * steps, m, steps));
            }
        }
        Ok(Scheme { mu, degree: best.1, steps: best.2, tol })
    }
}

fn only_exp<R>(f: Function<'_, R>) -> Result<()> {
    match f {
        Function::Exp => Ok(()),
        _ => Err(Error::invalid("Taylor's series serves exp; ask Lanczos or Arnoldi for other functions")),
    }
}

/// [`Taylor`], compiled once per type of vectors: X <- e^A X. Workspace: the term and A times it, of 16 columns at once.
fn taylor<T: Scalar, V: Columns<Scalar = T> + ?Sized>(
    a: &mut dyn BlockProducts<V>,
    scheme: &Scheme<T>,
    n: usize,
    x: &mut V,
    options: Options,
    observer: Observer<'_>,
) -> Result<Report> {
    let all = x.size() / n.max(1);
    let most = options.max_iters.unwrap_or(100_000).saturating_mul(all.max(1));
    let mut watcher = Watcher::new(NAME, scheme.tol, scheme.steps, options.progress, Some(observer));
    let mut run = Run { a: Shifted(a, scheme.mu), scheme, n, products: 0, most, residual: 0.0 };
    for first in (0..all).step_by(BLOCK) {
        let columns = BLOCK.min(all - first);
        let left = run.columns(&mut x.part_mut(first * n..(first + columns) * n), columns, &mut watcher)?;
        if left > 0 {
            // what is left of the interval, with the state at its beginning; the columns behind are still b
            let e = watcher.not_converged(left as f64 / scheme.steps as f64);
            return Err(e.with_iterate(View::matrix(&x.to_host(), n, all)));
        }
    }
    Ok(Report { algorithm: NAME, iterations: watcher.iterations, residual: run.residual, history: watcher.history })
}
struct Run<'a, T, V: Columns<Scalar = T> + ?Sized> {
    a: Shifted<'a, V>,
    scheme: &'a Scheme<T>,
    n: usize,
    products: usize,
    most: usize,
    residual: f64,
}
impl<T: Scalar, V: Columns<Scalar = T> + ?Sized> Run<'_, T, V> {
    /// The steps of some columns in their place; returns how many are left where no more are allowed.
    fn columns(&mut self, sum: &mut V, columns: usize, watcher: &mut Watcher<'_>) -> Result<usize> {
        let (scheme, n) = (self.scheme, self.n);
        let largest =
            |x: &V| (0..columns).map(|j| x.part(j * n..(j + 1) * n).largest().lane_f64(0)).collect::<Vec<f64>>();
        let eta = scheme.mu.scale(T::Re::real(1.0 / scheme.steps as f64)).exp();
        if !sum.norm().lane_f64(0).is_finite() {
            return Err(Error::non_finite("the right-hand side"));
        }
        let (mut term, mut next) = (self.a.copied(sum)?, self.a.zeros(sum.size())?);
        for step in 0..scheme.steps {
            // between steps only, where what has been done is a state of the system
            if self.products + scheme.degree * columns > self.most {
                return Ok(scheme.steps - step);
            }
            let mut before = largest(&term);
            let mut cut = vec![0.0; columns];
            for j in 1..=scheme.degree {
                // next = A term / (s j)
                let how = Update { alpha: T::of(1.0 / (scheme.steps as f64 * j as f64)), ..Update::replace() };
                self.a.update(how, &term, &mut next, columns)?;
                self.products += columns;
                core::mem::swap(&mut term, &mut next);
                let now = largest(&term);
                sum.axpy(T::of(1.0), &term);
                (0..columns).for_each(|c| cut[c] = before[c] + now[c]);
                if cut.iter().zip(&largest(sum)).all(|(c, s)| *c <= scheme.tol * s) {
                    break;
                }
                before = now;
            }
            sum.scale(eta);
            let size = largest(sum);
            if size.iter().any(|s| !s.is_finite()) {
                return Err(Error::non_finite("e^A b: it overflowed"));
            }
            for (cut, size) in cut.iter().zip(&size) {
                let here = if *size > 0.0 { cut / size * eta.abs().lane_f64(0) } else { 0.0 };
                self.residual = self.residual.max(here);
            }
            if watcher.note(self.residual) && step + 1 < scheme.steps {
                return Ok(scheme.steps - step - 1);
            }
            term.copy(sum);
        }
        Ok(0)
    }
}
