//! Low-rank approximations of PSD operators as preconditioners of A + mu I.
//!
//! Pivoted Cholesky: Harbrecht, Peters & Schneider, Appl. Numer. Math. 62, 2012; with random pivots Chen, Epperly, Tropp & Webber, Randomly
//! pivoted Cholesky, Comm. Pure Appl. Math. 78, 2025. Nystrom: Frangella, Tropp & Udell, Randomized Nystrom preconditioning, SIMAX 44,
//! 2023, algorithms 2.1 and 5.1.

use super::spiked::SpikedIdentity;
use crate::algorithms::blocks::{Action, inner, jacobi_svd, multiply, orthonormalise};
use crate::algorithms::dense as kernels;
use crate::algorithms::krylov::plain_numbers;
use crate::algorithms::random::Stream;
use crate::error::{Error, Result};
use crate::facts::{Facts, PsdOf};
use crate::functions::DiagonalRule;
use crate::functions::diagonal::main_diagonal;
use crate::operator::{DynOperator, LinearOperator, Pivots};
use crate::scalar::{Real, Scalar};
use crate::vector::Vector;
use nalgebra::DMatrix;
use num_traits::{One, Zero};

/// A partial Cholesky factor F with A ~ F F^H, by the largest or by random pivots.
///
/// ```
/// # use cola_core::prelude::*;
/// // a smooth kernel: eigenvalues fall fast
/// let n = 200;
/// let k = nalgebra::DMatrix::from_fn(n, n, |i, j| (-((i as f64 - j as f64) / 40.0).powi(2)).exp());
/// let mu = 1e-4;
/// let p = PivotedCholesky::default().rank(30).of(&Psd::new(Dense::new(&k)), mu)?;
/// let a = Psd::new(Dense::new(k + nalgebra::DMatrix::identity(n, n) * mu));
/// let s = a.solve_with(Cg::default().preconditioner(&p), &vec![1.0; n])?;
/// assert!(s.report.iterations < 15);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct PivotedCholesky {
    rank: Option<usize>,
    tol: Option<f64>,
    random: bool,
    seed: u64,
}
impl PivotedCholesky {
    /// Most columns of F. Default: as many as `tol` needs, at most n.
    pub fn rank(mut self, k: usize) -> Self {
        self.rank = Some(k);
        self
    }
    /// Stops when tr(A - F F^H) <= tol tr A. Default: 1e-10, or until `rank`.
    pub fn tol(mut self, tol: f64) -> Self {
        self.tol = Some(tol);
        self
    }
    /// Pivots drawn in proportion to what is left of the diagonal, in place of the largest: nearly as good as the best approximation
    /// on average, where the largest ones may be fooled.
    pub fn random(mut self, seed: u64) -> Self {
        (self.random, self.seed) = (true, seed);
        self
    }
    /// F (n x k) with A ~ F F^H, and tr(A - F F^H). One product with a unit vector per column, 2 n k^2 operations.
    ///
    /// # Errors
    /// `NotPositiveDefinite` with the row of a negative pivot, `NonFinite`, `ShapeMismatch`.
    pub fn factor<A>(&self, a: &A) -> Result<(DMatrix<A::Scalar>, f64)>
    where
        A: LinearOperator + DiagonalRule,
        <A::Facts as Facts>::Psd: PsdOf<A>,
    {
        crate::functions::base::square("pivoted Cholesky", a)?;
        let d = main_diagonal(a)?;
        plain_numbers::<A::Scalar>("pivoted Cholesky")?;
        let n = a.nrows();
        let (mut act, mut unit) = (Action::new("pivoted Cholesky", a, 1), vec![A::Scalar::zero(); n]);
        let (f, left) = self.run(&d, &mut |j, g| {
            unit[j] = A::Scalar::one();
            let product = act.apply(&unit, g, 1);
            unit[j] = A::Scalar::zero();
            product
        })?;
        Ok((DMatrix::from_vec(n, f.len() / n.max(1), f), left))
    }
    /// (F F^H + c I)^-1 of K + c I whose columns are cheap, F the factor of K: of at most `rank` columns, and of as many as
    /// tr(K - F F^H) <= c takes. The condition number of the preconditioned K + c I is at most 1 + tr(K - F F^H) / c: 2 where the rank
    /// suffices. n k evaluations of entries and 6 n k^2 operations.
    ///
    /// # Errors
    /// As `of`.
    pub(crate) fn of_pivots<T: Scalar>(rank: usize, n: usize, a: &dyn Pivots<T>) -> Result<SpikedIdentity<T>> {
        plain_numbers::<T>("pivoted Cholesky")?;
        let c = a.shift().re().lane_f64(0);
        positive("pivoted Cholesky", c)?;
        spiked(n, &PivotedCholesky::columns_of(rank, c, n, a)?, c)
    }
    /// k where K is of rank k to working precision, k < `rank`.
    ///
    /// # Errors
    /// As `factor`.
    pub(crate) fn rank_of<T: Scalar>(rank: usize, n: usize, a: &dyn Pivots<T>) -> Result<Option<usize>> {
        plain_numbers::<T>("pivoted Cholesky")?;
        let k = PivotedCholesky::columns_of(rank, 0.0, n, a)?.len() / n.max(1);
        Ok(Some(k).filter(|&k| k < rank.min(n)))
    }
    /// F of K, until tr(K - F F^H) <= `left`.
    fn columns_of<T: Scalar>(rank: usize, left: f64, n: usize, a: &dyn Pivots<T>) -> Result<Vec<T>> {
        let mut d = vec![T::zero(); n];
        a.add_diagonal(T::one(), &mut d);
        let trace: f64 = d.iter().map(|d| d.re().lane_f64(0)).sum();
        let tol = if trace > 0.0 { left / trace } else { 0.0 };
        let (f, _) = PivotedCholesky::default().rank(rank).tol(tol).run(&d, &mut |j, g| {
            a.add_column(j, T::one(), g);
            Ok(())
        })?;
        Ok(f)
    }
    /// (F F^H + mu I)^-1, a preconditioner of A + mu I.
    ///
    /// # Errors
    /// As `factor`, and `InvalidArgument` unless mu > 0.
    pub fn of<A>(&self, a: &A, mu: f64) -> Result<SpikedIdentity<A::Scalar>>
    where
        A: LinearOperator + DiagonalRule,
        <A::Facts as Facts>::Psd: PsdOf<A>,
    {
        positive("pivoted Cholesky", mu)?;
        let (f, _) = self.factor(a)?;
        spiked(f.nrows(), f.as_slice(), mu)
    }
    /// F and tr(A - F F^H) from the diagonal of A and its columns, which `column` writes into zeros.
    fn run<T: Scalar>(&self, diagonal: &[T], column: Column<'_, T>) -> Result<(Vec<T>, f64)> {
        let n = diagonal.len();
        let mut d: Vec<f64> = diagonal.iter().map(|d| d.re().lane_f64(0)).collect();
        if let Some(index) = d.iter().position(|d| !d.is_finite() || *d < 0.0) {
            return match d[index].is_finite() {
                true => Err(Error::NotPositiveDefinite { index, pivot: d[index] }),
                false => Err(Error::non_finite("the diagonal")),
            };
        }
        let whole: f64 = d.iter().sum();
        let goal = self.tol.unwrap_or(if self.rank.is_some() { 0.0 } else { 1e-10 }) * whole;
        let rounding = n as f64 * T::Re::epsilon().lane_f64(0) * d.iter().fold(0.0, |m: f64, d| m.max(*d));
        let mut f = Vec::<T>::new();
        let most = self.rank.unwrap_or(n).min(n);
        let stream = Stream::new(self.seed, 0);
        for k in 0..most {
            let left: f64 = d.iter().sum();
            let largest = d.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).map_or(0, |(i, _)| i);
            if left <= goal || d[largest] <= rounding {
                break;
            }
            let pivot = if self.random {
                let mut at = stream.uniform(k as u64) * left;
                let drawn = d.iter().position(|&d| {
                    at -= d;
                    at <= 0.0 && d > 0.0
                });
                drawn.filter(|&i| d[i] > rounding).unwrap_or(largest)
            } else {
                largest
            };
            // column `pivot` of A - F F^H
            let mut g = vec![T::zero(); n];
            column(pivot, &mut g)?;
            for f in f.chunks_exact(n) {
                g[..].axpy(-f[pivot].conj(), f);
            }
            let top = g[pivot].re().lane_f64(0);
            if !(top > 0.0) {
                return Err(Error::NotPositiveDefinite { index: pivot, pivot: top });
            }
            g[..].scale(T::of(1.0 / top.sqrt()));
            for (d, g) in d.iter_mut().zip(&g) {
                *d = (*d - g.abs_sq().lane_f64(0)).max(0.0);
            }
            d[pivot] = 0.0;
            f.extend_from_slice(&g);
        }
        Ok((f, d.iter().sum()))
    }
}
/// Column j of a matrix, written into zeros.
type Column<'a, T> = &'a mut dyn FnMut(usize, &mut [T]) -> Result<()>;
/// (F F^H + mu I)^-1 of an F with n rows.
fn spiked<T: Scalar>(n: usize, f: &[T], mu: f64) -> Result<SpikedIdentity<T>> {
    // F = Q R with R = V S U^H, so that F F^H + mu I has eigenvalues s^2 + mu on Q V: Jacobi on the k x k matrix, and not on all n rows
    let mut q = f.to_vec();
    let kept = orthonormalise::<[T]>(n, &[], &mut q, 1e-14);
    q.truncate(n * kept);
    let k = f.len() / n.max(1);
    let mut rh = vec![T::zero(); k * kept];
    inner(n, f, &q, &mut rh);
    let (s, v) = jacobi_svd(k, kept, &mut rh)?;
    let mu = T::Re::real(mu);
    let w = s.iter().map(|&s| T::Re::one() / (s * s + mu)).collect();
    SpikedIdentity::new(DMatrix::from_vec(n, kept, multiply((n, kept, kept), &q, &v)), w, T::Re::one() / mu)
}

/// The randomised Nystrom approximation A ~ U diag(w) U^H, from products with random vectors alone.
///
/// ```
/// # use cola_core::prelude::*;
/// let d: Vec<f64> = (0..300).map(|i| 0.7f64.powi(i) + 1e-3).collect();
/// let a = Psd::new(Diagonal::new(d.clone()));
/// let p = Nystrom::default().rank(40).of(&Psd::new(Diagonal::new(d.iter().map(|d| d - 1e-3).collect::<Vec<_>>())), 1e-3)?;
/// let s = a.solve_with(Cg::default().preconditioner(&p), &vec![1.0; 300])?;
/// assert!(s.report.iterations < 15);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Nystrom {
    rank: Option<usize>,
    seed: u64,
}
impl Nystrom {
    /// Rank. Default: doubled from 10 until the smallest eigenvalue that is seen is below 10 mu.
    pub fn rank(mut self, k: usize) -> Self {
        self.rank = Some(k);
        self
    }
    /// Seed of the random vectors. Default: 0.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }
    /// U (n x k, orthonormal) and w (descending) with A ~ U diag(w) U^H. k products, 6 n k^2 operations.
    ///
    /// # Errors
    /// `NotPositiveDefinite`, `NonFinite`, `ShapeMismatch`.
    pub fn factor<A>(&self, a: &A) -> Result<(DMatrix<A::Scalar>, Vec<<A::Scalar as Scalar>::Re>)>
    where
        A: LinearOperator,
        <A::Facts as Facts>::Psd: PsdOf<A>,
    {
        crate::functions::base::square("Nystrom", a)?;
        let n = a.nrows();
        let (u, w) = nystrom(a, self.rank.unwrap_or(10).min(n), self.seed)?;
        Ok((DMatrix::from_vec(n, w.len(), u), w))
    }
    /// U diag((w_k + mu) / (w + mu)) U^H + I - U U^H, a preconditioner of A + mu I.
    ///
    /// # Errors
    /// As `factor`, and `InvalidArgument` unless mu > 0.
    pub fn of<A>(&self, a: &A, mu: f64) -> Result<SpikedIdentity<A::Scalar>>
    where
        A: LinearOperator,
        <A::Facts as Facts>::Psd: PsdOf<A>,
    {
        positive("Nystrom", mu)?;
        crate::functions::base::square("Nystrom", a)?;
        let n = a.nrows();
        let mut rank = self.rank.unwrap_or(10).min(n);
        let (u, w) = loop {
            let (u, w) = nystrom(a, rank, self.seed)?;
            let small = w.len() < rank || w.last().is_none_or(|w| w.lane_f64(0) <= 10.0 * mu);
            // half of n costs as much as to factor A
            if self.rank.is_some() || small || 2 * rank > n / 2 {
                break (u, w);
            }
            rank *= 2;
        };
        let mu = <A::Scalar as Scalar>::Re::real(mu);
        let last = w.last().copied().unwrap_or(<A::Scalar as Scalar>::Re::zero());
        let spikes = w.iter().map(|&w| (last + mu) / (w + mu)).collect();
        SpikedIdentity::new(DMatrix::from_vec(n, w.len(), u), spikes, <A::Scalar as Scalar>::Re::one())
    }
}
fn positive(name: &str, mu: f64) -> Result<()> {
    match mu.is_finite() && mu > 0.0 {
        true => Ok(()),
        false => Err(Error::invalid(format!("{name}: mu is {mu}; a preconditioner of A + mu I needs mu > 0"))),
    }
}
/// U and w, w descending and positive.
fn nystrom<T: Scalar>(a: &dyn DynOperator<T>, k: usize, seed: u64) -> Result<(Vec<T>, Vec<T::Re>)> {
    plain_numbers::<T>("Nystrom")?;
    let n = a.dyn_shape().0;
    let mut act = Action::new("Nystrom", a, k.max(1));
    let (mut omega, mut y) = (vec![T::zero(); n * k], vec![T::zero(); n * k]);
    for (j, x) in omega.chunks_exact_mut(n.max(1)).enumerate() {
        Stream::new(seed, j as u64).normal(x);
    }
    orthonormalise::<[T]>(n, &[], &mut omega, 1e-12);
    act.apply(&omega, &mut y, k)?;
    // A + nu I, so that rounding leaves Omega^H A Omega positive definite
    let nu = (n as f64).sqrt() * T::Re::epsilon().lane_f64(0) * y[..].norm().lane_f64(0);
    if k == 0 || nu == 0.0 {
        return Ok((Vec::new(), Vec::new()));
    }
    y[..].axpy(T::of(nu), &omega);
    let mut h = vec![T::zero(); k * k];
    inner(n, &omega, &y, &mut h);
    let mut l: Vec<T> = (0..k * k).map(|i| (h[i] + h[i / k + i % k * k].conj()).scale(T::Re::real(0.5))).collect();
    kernels::cholesky(k, false, &mut l).result(|index, pivot| Error::NotPositiveDefinite { index, pivot })?;
    // B = Y L^-H, A ~ B B^H; the inverse of L^H by columns
    let mut inverse = vec![T::zero(); k * k];
    for j in 0..k {
        inverse[j * k + j] = T::of(1.0);
        for i in (0..=j).rev() {
            let sum = (i + 1..=j).fold(inverse[j * k + i], |s, m| s - l[m + i * k].conj() * inverse[j * k + m]);
            inverse[j * k + i] = sum / l[i + i * k].conj();
        }
    }
    let mut b = multiply((n, k, k), &y, &inverse);
    let (s, _) = jacobi_svd(n, k, &mut b)?;
    let nu = T::Re::real(nu);
    let w: Vec<T::Re> = s.iter().map(|&s| s * s - nu).take_while(|w| w.lane_f64(0) > 0.0).collect();
    b.truncate(n * w.len());
    Ok((b, w))
}
