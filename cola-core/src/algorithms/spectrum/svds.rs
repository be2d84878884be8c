//! What the methods for some singular values share: the result, the trait, the choice, the check by fresh products.

use super::golub_kahan::golub_kahan;
use super::{DENSE_SPECTRUM, SpectralNumber, threshold};
use crate::algorithms::blocks::Action;
use crate::algorithms::columns::{BlockProducts, Columns};
use crate::algorithms::krylov::{Report, plain_numbers, slack};
use crate::algorithms::watch::{Options, Watcher, default_tol};
use crate::error::{Error, Result};
use crate::operator::{DynOperator, LinearOperator};
use crate::scalar::{Real, Scalar};
use crate::vector::{Vector, VectorRe};
use crate::view::View;
use nalgebra::{DMatrix, DVector};
use num_traits::Zero;

/// The largest singular values with their vectors: A V = U diag(s), the largest first.
#[derive(Clone, Debug, PartialEq)]
pub struct Svds<T, R> {
    /// Left singular vectors, m x k, orthonormal.
    pub u: DMatrix<T>,
    /// Singular values, descending.
    pub singular_values: DVector<R>,
    /// Adjoint of the right singular vectors, k x n.
    pub v_t: DMatrix<T>,
    /// max(|A v - s u|, |A^H u - s v|) of each triplet, by fresh products; none of a single-pass method.
    pub residuals: Vec<f64>,
    /// Of the randomised method: a bound of |A - U diag(s) V^H|_2 that holds with probability 1 - 1e-10.
    pub error_bound: Option<f64>,
    /// What was learned: `residual` is the largest residual over the largest singular value.
    pub report: Report,
}
impl<T, R> Svds<T, R> {
    /// The singular values.
    pub fn singular_values(&self) -> &DVector<R> {
        &self.singular_values
    }
}

/// An algorithm for some singular values.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no algorithm for some singular values",
    label = "no singular values by this"
)]
pub trait SvdsAlgorithm<A: LinearOperator> {
    /// The k largest singular values and their vectors.
    ///
    /// # Errors
    /// `InvalidArgument`, `NonFinite`, `NotConverged` with the largest true residual.
    fn svds(&mut self, a: &A, k: usize) -> Result<Svds<A::Scalar, <A::Scalar as Scalar>::Re>>;
    /// The same from right singular vectors that are near the wanted ones, such as those of a `NotConverged`. They are a hint: an algorithm
    /// that has no use for them starts from random ones.
    ///
    /// # Errors
    /// As `svds`.
    fn svds_from(
        &mut self,
        a: &A,
        k: usize,
        start: View<'_, A::Scalar>,
    ) -> Result<Svds<A::Scalar, <A::Scalar as Scalar>::Re>> {
        let _ = start;
        self.svds(a, k)
    }
}

/// An algorithm for some singular values of operators whose vectors live anywhere: what `svds_with` of such an operator takes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no algorithm for some singular values of operators on a device",
    label = "no singular values by this",
    note = "`GolubKahan` and `RandomizedSvd` are"
)]
pub trait SvdsOn<V: Columns<Scalar: SpectralNumber> + ?Sized> {
    /// The k largest singular values and their vectors, from right singular vectors that are near the wanted ones, or none.
    ///
    /// # Errors
    /// As [`SvdsAlgorithm::svds`].
    #[doc(hidden)]
    fn svds_on(
        &mut self,
        a: &mut dyn BlockProducts<V>,
        k: usize,
        start: View<'_, V::Scalar>,
    ) -> Result<Svds<V::Scalar, VectorRe<V>>>;
}

/// Checks the arguments; returns (m, n).
pub(super) fn arguments<T: Scalar>(
    name: &'static str,
    (m, n): (usize, usize),
    k: usize,
    tol: Option<f64>,
) -> Result<(usize, usize)> {
    plain_numbers::<T>(name)?;
    crate::algorithms::krylov::tolerance(name, tol)?;
    if k > m.min(n) {
        let most = m.min(n);
        return Err(Error::invalid(format!(
            "svds: {k} singular values of a {m} x {n} operator; ask for {most} at most"
        )));
    }
    Ok((m, n))
}

/// Triplets as the methods find them, U and V by columns.
pub(super) struct Triplets<T: Scalar> {
    pub u: Vec<T>,
    pub s: Vec<T::Re>,
    pub v: Vec<T>,
}
impl<T: Scalar> Triplets<T> {
    /// Without a product: the bound of the error is all that is known.
    pub fn unverified(self, shape: (usize, usize), watcher: Watcher<'_>, bound: f64) -> Svds<T, T::Re> {
        let top = self.s.first().map_or(0.0, |s| s.lane_f64(0));
        let residual = if top > 0.0 { bound / top } else { bound };
        self.into_svds(shape, Vec::new(), residual, Some(bound), watcher)
    }
    /// max(|A v - s u|, |A^H u - s v|) of each by fresh products; tol times the largest of them in units of what is wanted; and the largest
    /// over the largest singular value.
    pub fn residuals<V: Columns<Scalar = T> + ?Sized>(
        &self,
        a: &mut dyn BlockProducts<V>,
        tol: f64,
    ) -> Result<(Vec<f64>, f64, f64)> {
        let (m, n) = a.shape();
        let k = self.s.len();
        let (mut y, mut z) = (a.zeros(m)?, a.zeros(n)?);
        let mut residuals = Vec::with_capacity(k);
        let top = self.s.first().map_or(0.0, |s| s.lane_f64(0));
        let (mut of_top, mut relative) = (0.0_f64, 0.0_f64);
        for i in 0..k {
            let (u, v, s) = (a.there(&self.u[i * m..][..m])?, a.there(&self.v[i * n..][..n])?, self.s[i]);
            a.apply(&v, &mut y, 1)?;
            a.adjoint(&u, &mut z, 1)?;
            y.axpy(-T::from_re(s), &u);
            z.axpy(-T::from_re(s), &v);
            let r = y.norm().lane_f64(0).max(z.norm().lane_f64(0));
            residuals.push(r);
            let size = s.lane_f64(0);
            if r > 0.0 {
                of_top = of_top.max(r / top.max(size));
                relative = relative.max(tol * r / threshold::<T>(tol, size, top));
            }
        }
        Ok((residuals, relative, of_top))
    }
    /// With true residuals; an error if `tol` is given and one is larger.
    pub fn finish<V: Columns<Scalar = T> + ?Sized>(
        self,
        a: &mut dyn BlockProducts<V>,
        tol: Option<f64>,
        watcher: Watcher<'_>,
        error_bound: Option<f64>,
    ) -> Result<Svds<T, T::Re>> {
        let shape = a.shape();
        let (residuals, relative, of_top) = self.residuals(a, tol.unwrap_or(1.0))?;
        if tol.is_some_and(|tol| !(relative <= slack(false) * tol)) {
            return Err(watcher.not_converged(relative));
        }
        Ok(self.into_svds(shape, residuals, of_top, error_bound, watcher))
    }
    /// The result, `residual` being the largest residual over the largest singular value.
    pub fn into_svds(
        self,
        (m, n): (usize, usize),
        residuals: Vec<f64>,
        residual: f64,
        error_bound: Option<f64>,
        watcher: Watcher<'_>,
    ) -> Svds<T, T::Re> {
        let k = self.s.len();
        let (algorithm, iterations, history) = (watcher.algorithm, watcher.iterations, watcher.history);
        Svds {
            u: DMatrix::from_vec(m, k, self.u),
            singular_values: DVector::from_vec(self.s),
            v_t: DMatrix::from_fn(k, n, |i, j| self.v[j + i * n].conj()),
            residuals,
            error_bound,
            report: Report { algorithm, iterations, residual, history },
        }
    }
}

/// `svds` by size: dense where A is small or held densely, else [`GolubKahan`](super::GolubKahan).
///
/// # Errors
/// As [`SvdsAlgorithm::svds`].
pub(crate) fn default_svds<T: SpectralNumber>(
    a: &dyn DynOperator<T>,
    held_dense: bool,
    k: usize,
) -> Result<Svds<T, T::Re>> {
    let (m, n) = arguments::<T>("svds", a.dyn_shape(), k, None)?;
    if held_dense || m.min(n) <= DENSE_SPECTRUM {
        return dense(&mut Action::new(DENSE, a, 16), k);
    }
    golub_kahan(&mut Action::new(super::golub_kahan::NAME, a, 16), k, &[], Options::default(), None)
}
const DENSE: &str = "dense SVD";
/// By the dense matrix.
pub(super) fn dense<T: SpectralNumber, V: Columns<Scalar = T> + ?Sized>(
    a: &mut dyn BlockProducts<V>,
    k: usize,
) -> Result<Svds<T, T::Re>> {
    const BLOCK: usize = 16;
    let (m, n) = a.shape();
    let r = m.min(n);
    let mut w = vec![T::zero(); m * n];
    for first in (0..n).step_by(BLOCK) {
        let columns = BLOCK.min(n - first);
        let (mut x, mut y) = (a.zeros(n * columns)?, a.zeros(m * columns)?);
        x.write(|x| {
            x.fill(T::zero());
            (0..columns).for_each(|j| x[j * n + first + j] = T::one());
        });
        a.apply(&x, &mut y, columns)?;
        w[first * m..][..m * columns].copy_from_slice(&y.to_host());
    }
    let (mut s, mut u, mut v) = (vec![T::Re::zero(); r], vec![T::zero(); m * r], vec![T::zero(); n * r]);
    crate::algorithms::dense::svd(View::matrix(&w, m, n), &mut s, &mut u, &mut v)?;
    u.truncate(m * k);
    v.truncate(n * k);
    s.truncate(k);
    let watcher = Watcher::new(DENSE, default_tol::<T>(), 0, false, None);
    Triplets { u, s, v }.finish(a, Some(default_tol::<T>()), watcher, None)
}
/// Columns of length 0 are replaced by unit vectors orthogonal to the others: singular vectors of singular values 0.
pub(super) fn complete<T: Scalar>(n: usize, w: &mut Vec<T>, k: usize) {
    use crate::algorithms::blocks::orthonormalise;
    let have = w.chunks_exact(n.max(1)).take_while(|x| x.norm().lane_f64(0) > 0.5).count();
    w.truncate(have * n);
    let mut stream = 0;
    while w.len() < k * n {
        let mut x = vec![T::zero(); n];
        crate::algorithms::random::Stream::new(0x5eed, stream).normal(&mut x);
        stream += 1;
        if orthonormalise::<[T]>(n, w, &mut x, 1e-6) == 1 {
            w.extend_from_slice(&x);
        }
    }
}
