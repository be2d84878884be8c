//! f(A) b in a rational Krylov space: of vectors (A - s I)^-1 b, (A - s I)^-2 b, .., by given inverses.
//!
//! Ruhe, Rational Krylov sequence methods for eigenvalue computation, Linear Algebra Appl. 58, 1984; one pole is the shift-and-invert
//! method of van den Eshof & Hochbruck, Preconditioning Lanczos approximations to the matrix exponential, SISC 27, 2006, and Moret &
//! Novati, BIT 44, 2004; pole 0 with products between the extended Krylov method of Druskin & Knizhnerman, SIMAX 19, 1998. Deviations: the
//! matrix V^H A V is computed by a product per vector, so that poles need not be known and inverses may be approximate; stopped as the
//! polynomial methods are.

use super::krylov::{finish, small};
use super::packed::{Bordered, Packed};
use super::settling::Settling;
use super::{ApplyAlgorithm, ApplyOn, Function, columns_on, square, square_on};
use crate::algorithms::blocks::{Action, project};
use crate::algorithms::columns::{BlockProducts, Columns};
use crate::algorithms::krylov::{NoPreconditioner, Report, columns_by, tolerance};
use crate::algorithms::spectrum::{InverseOn, SpectralNumber};
use crate::algorithms::watch::{
    Callback, NoCallback, Observer, Options, Watcher, default_tol, left_to_rounding, watched,
};
use crate::error::{Error, Result};
use crate::facts::{Fact, Facts};
use crate::functions::{Inv, Invertible};
use crate::operator::{DynOperator, LinearOperator, Operator};
use crate::scalar::{Real, Scalar};
use crate::vector::{VectorRe, normalise};
use crate::view::{View, ViewMut};

const NAME: &str = "rational Krylov f(A) b";
/// Most vectors where nothing is said.
const STEPS: usize = 300;

/// f(A) b from inverses (A - s I)^-1, by turns: far fewer steps than products alone where the spectrum is wide.
///
/// With one inverse it is the shift-and-invert method: for e^(-t L), L positive semidefinite, about 15 solves with (L + (10 / t) I)^-1 to
/// 1e-6 whatever |L| is. [`of`](RationalKrylov::of) takes the operator's own inverse and products by turns (the extended Krylov method):
/// for roots and logarithms. `report.residual` is the estimate of the relative error by the change of the result as the space grows.
///
/// # Input
/// A square, inverses of its size; functions of the spectrum where A is known to be self-adjoint.
/// # Cost
/// Per step one product with A and one with an inverse (or with A), 8 m n operations at m vectors; 2 m vectors.
/// # Errors
/// As [`Arnoldi`](crate::Arnoldi). Where the inverses lead to no more vectors, it is measured whether the space is one of A.
/// # Example
/// ```
/// use cola_core::prelude::*;
/// // heat on a rod of 2000 points: the norm of A is 1.6e6
/// let n = 2000;
/// let c = ((n + 1) * (n + 1)) as f64 / 10.0;
/// let a = SelfAdjoint::new(Tridiagonal::new(vec![c; n - 1], vec![-2.0 * c; n], vec![c; n - 1]));
/// let shifted = SelfAdjoint::new(Tridiagonal::new(vec![c; n - 1], vec![-2.0 * c - 10.0; n], vec![c; n - 1]));
/// // a step, that is a sum of all odd modes
/// let b = vec![1.0; n];
/// let s = a.exp_apply_with(RationalKrylov::new([shifted.inv()?]).tol(1e-8), &b)?;
/// let mode = |k: f64| 4.0 / (k * std::f64::consts::PI) * (-k * k * std::f64::consts::PI.powi(2) / 10.0).exp();
/// let middle = mode(1.0) - mode(3.0) + mode(5.0);
/// assert!((0.5 * (s.x[999] + s.x[1000]) - middle).abs() < 1e-5 && s.report.iterations < 30);
/// # Ok::<(), Error>(())
/// ```
/// # Reference
/// Guttel, Rational Krylov approximation of matrix functions, GAMM-Mitt. 36, 2013, 8-31.
#[derive(Clone, Debug)]
pub struct RationalKrylov<P, F = NoCallback> {
    options: Options,
    inverses: Vec<P>,
    callback: F,
}
impl<P> RationalKrylov<P> {
    /// By the inverses of A - s_1 I, A - s_2 I, .., in turns.
    pub fn new(inverses: impl IntoIterator<Item = P>) -> Self {
        let options = Options::default();
        RationalKrylov { options, inverses: inverses.into_iter().collect(), callback: NoCallback }
    }
}
impl RationalKrylov<NoPreconditioner> {
    /// By products with A and with its own inverse, in turns.
    ///
    /// ```
    /// # use cola_core::prelude::*;
    /// let n = 200;
    /// let a = Psd::new(Tridiagonal::new(vec![-1.0; n - 1], vec![2.0; n], vec![-1.0; n - 1]));
    /// let b = vec![1.0; n];
    /// let s = a.isqrt_apply_with(RationalKrylov::of(&a)?, &b)?;
    /// let twice = a.isqrt_apply_with(RationalKrylov::of(&a)?, &s.x)?;
    /// let back = a.apply(&twice.x);
    /// assert!(back.iter().all(|x| (x - 1.0).abs() < 1e-7));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of the inverse.
    pub fn of<A: Invertible>(a: &A) -> Result<RationalKrylov<Inv<A>>> {
        Ok(RationalKrylov::new([a.inverse_rule()?]).extended())
    }
}
impl<P, F> RationalKrylov<P, F> {
    /// A product with A after every inverse. Default: inverses alone.
    pub fn extended(mut self) -> Self {
        self.options.flexible = true;
        self
    }
    /// Wanted relative error. Default: 1e-10, in single precision 1e-5.
    pub fn tol(mut self, tol: f64) -> Self {
        self.options.tol = Some(tol);
        self
    }
    /// Most vectors. Default: n, at most 300.
    pub fn max_iters(mut self, max_iters: usize) -> Self {
        self.options.max_iters = Some(max_iters);
        self
    }
}
watched!(RationalKrylov <P> inverses);
impl<A, P, F> ApplyAlgorithm<A> for RationalKrylov<P, F>
where
    A: LinearOperator<Scalar: SpectralNumber>,
    P: LinearOperator<Scalar = A::Scalar>,
    F: Callback,
{
    fn apply_function(
        &mut self,
        f: Function<'_, <A::Scalar as Scalar>::Re>,
        a: &A,
        b: View<'_, A::Scalar>,
        x: ViewMut<'_, A::Scalar>,
    ) -> Result<Report> {
        let n = square(NAME, a, b.rows)?;
        let mut inverses: Vec<&dyn DynOperator<A::Scalar>> = Vec::new();
        for p in &self.inverses {
            if (p.nrows(), p.ncols()) != (n, n) {
                return Err(Error::ShapeMismatch { op: NAME, left: (n, n), right: (p.nrows(), p.ncols()) });
            }
            inverses.push(p);
        }
        some(inverses.len())?;
        let (callback, options) = (&mut self.callback, self.options);
        let self_adjoint = <A::Facts as Facts>::SelfAdjoint::KNOWN;
        let mut action = Action::new(NAME, a, 1);
        let mut inverses: Vec<_> = inverses.into_iter().map(|p| Action::new(NAME, p, 1)).collect();
        let mut inverses: Vec<_> = inverses.iter_mut().map(|p| p as &mut dyn BlockProducts<[A::Scalar]>).collect();
        columns_by(NAME, n, b, x, |b, x| {
            let mut observer = |i: &crate::algorithms::Iteration| callback.observe(i);
            rational(f, (&mut action, self_adjoint), &mut inverses, b, x, options, &mut observer)
        })
    }
}

impl<A, V, P: InverseOn<V>, F: Callback> ApplyOn<A, V> for RationalKrylov<P, F>
where
    A: Operator<Scalar: SpectralNumber>,
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
        let mut inverses: Vec<_> = self.inverses.iter().filter_map(P::products).collect();
        if let Some(wrong) = inverses.iter().map(|p| p.shape()).find(|&shape| shape != (n, n)) {
            return Err(Error::ShapeMismatch { op: NAME, left: (n, n), right: wrong });
        }
        let mut inverses: Vec<_> = inverses.iter_mut().map(|p| &mut **p as &mut dyn BlockProducts<V>).collect();
        some(inverses.len())?;
        let (callback, options) = (&mut self.callback, self.options);
        let self_adjoint = <A::Facts as Facts>::SelfAdjoint::KNOWN;
        let mut observer = |i: &crate::algorithms::Iteration| callback.observe(i);
        columns_on(NAME, (n, 1), b, x, |b, x| {
            rational(f, (&mut *a, self_adjoint), &mut inverses, b, x, options, &mut observer)
        })
    }
}

/// [`RationalKrylov`], compiled once per type of vectors. Workspace: V, A V, and the small matrix.
fn rational<T: SpectralNumber, V: Columns<Scalar = T> + ?Sized>(
    f: Function<'_, T::Re>,
    (a, self_adjoint): (&mut dyn BlockProducts<V>, bool),
    inverses: &mut [&mut dyn BlockProducts<V>],
    b: &V,
    x: &mut V,
    options: Options,
    observer: Observer<'_>,
) -> Result<Report> {
    let n = b.size();
    tolerance(NAME, options.tol)?;
    if let Function::Power(p) = f {
        p.checked()?;
    }
    let tol = options.tol.unwrap_or(default_tol::<T>());
    let allowed = left_to_rounding::<T>(options.tol);
    let most = options.max_iters.unwrap_or(STEPS).min(n);
    let mut watcher = Watcher::new(NAME, tol, most, options.progress, Some(observer));
    x.fill(T::zero());
    let norm = b.norm();
    if !norm.lane_f64(0).is_finite() {
        return Err(Error::non_finite("the right-hand side"));
    }
    if norm.lane_f64(0) == 0.0 {
        return Ok(Report { algorithm: NAME, iterations: 0, residual: 0.0, history: Vec::new() });
    }
    let epsilon = T::Re::epsilon().lane_f64(0);
    let (mut v, mut av) = (a.copied(b)?, a.zeros(0)?);
    normalise(&mut *v, norm);
    // H = V^H A V, by columns, each as long as there are vectors
    let mut h = Bordered::new();
    // where each kind of step goes on: inverses from the last vector of an inverse, products from the last of a product
    let (mut from, mut live) = ([0, 0], [true, options.flexible]);
    let (mut turn, mut next_check) = (0, 1);
    let (mut settling, start) = (Settling::new(), [vec![T::of(1.0)]]);
    let (mut w, mut c, mut none) = (a.zeros(n)?, Vec::new(), Vec::new());
    loop {
        let m = h.len() + 1;
        if m > most {
            return Err(watcher.not_converged(settling.estimate));
        }
        // the newest vector: a column and a row of H
        V::grow(a, &mut av, m * n)?;
        let newest = (m - 1) * n..m * n;
        let (av_old, mut av_new) = av.before(n, m - 1);
        a.apply(&v.part(newest.clone()), &mut av_new, 1)?;
        let (column, row) = h.push();
        V::inner(n, &v.part(0..m * n), &av_new, column);
        V::inner(n, &v.part(newest), &av_old, row);
        drop((av_old, av_new));
        // the next vector: what is left of a step that depends on the space is rounding
        let mut found = false;
        while !found && m < n && (live[0] || live[1]) {
            let count = inverses.len();
            let kind = usize::from(live[1] && (!live[0] || turn >= count));
            match kind {
                0 => inverses[turn % count].apply(&v.part(from[0] * n..(from[0] + 1) * n), &mut w, 1)?,
                _ => w.copy(&av.part(from[1] * n..(from[1] + 1) * n)),
            }
            turn = (turn + 1) % (count + usize::from(live[1]));
            c.resize(m, T::zero());
            none.clear();
            none.resize(m, T::zero());
            let (before, after) = project(&*v.part(0..m * n), &mut *w, &mut none, &mut c);
            found = after.lane_f64(0) > 10.0 * epsilon * before.lane_f64(0);
            if found {
                normalise(&mut *w, after);
                from[kind] = m;
            } else {
                live[kind] = false;
            }
        }
        let exhausted = !found;
        if exhausted || m == next_check || m == most {
            // of every kind of step one at least, as some of them may bring nothing
            next_check = m + (m / 6).max(inverses.len() + usize::from(options.flexible));
            let h = h.whole();
            match small(self_adjoint, f, &h, m, &start) {
                Ok(found) => {
                    let last = settling.next(&found.y[0], tol)? || exhausted;
                    let reached = last && {
                        let unit = if exhausted && m < n { epsilon.max(outside(a, n, &v, &av, &h)?) } else { epsilon };
                        settling.judge(exhausted, found.rounding(f, &h, m, &start, unit)[0], allowed)
                    };
                    let estimate = settling.estimate;
                    let stop = watcher.note_at(m, estimate.min(1.0));
                    if last || stop || m == most {
                        let y: Vec<T> = settling.take().iter().map(|&y| y.scale(norm)).collect();
                        V::add_product(n, T::of(1.0), &v.part(0..y.len() * n), &y, x);
                        return match reached {
                            true => finish(watcher, x, estimate),
                            false => Err(watcher.not_converged(estimate)),
                        };
                    }
                }
                Err(e) if exhausted || m == most => return Err(e),
                Err(e) if self_adjoint && !matches!(e, Error::Singular { .. }) => return Err(e),
                Err(_) => {
                    settling.forget();
                    watcher.note_at(m, 1.0);
                }
            }
        }
        V::append(a, &mut v, m * n, &w)?;
    }
}
fn some(inverses: usize) -> Result<()> {
    match inverses {
        0 => Err(Error::invalid(format!("{NAME}: no inverses; without them it is Arnoldi's method"))),
        _ => Ok(()),
    }
}
/// max_j |(A V - V H) e_j| / max_j |A V e_j|: by how much a space that the inverses have exhausted is not invariant. Nothing but rounding
/// for inverses of A - s I; all of it for operators that are none.
fn outside<V: Columns + ?Sized>(
    a: &dyn BlockProducts<V>,
    n: usize,
    v: &V,
    av: &V,
    h: &Packed<V::Scalar>,
) -> Result<f64> {
    let (mut rest, mut norm) = (0.0_f64, 0.0_f64);
    let mut w = a.zeros(n)?;
    for (j, h) in h.columns(h.len()).enumerate() {
        let av = av.part(j * n..(j + 1) * n);
        w.copy(&av);
        V::add_product(n, V::Scalar::of(-1.0), &v.part(0..h.len() * n), h, &mut w);
        rest = rest.max(w.norm().lane_f64(0));
        norm = norm.max(av.norm().lane_f64(0));
    }
    Ok(if norm > 0.0 { rest / norm } else { 0.0 })
}
