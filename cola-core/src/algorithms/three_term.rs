//! Lanczos' three-term recurrence of several starting vectors side by side, without a basis: one block product and three passes over two
//! vectors per step.
//!
//! Lanczos, J. Res. NBS 45, 1950; in the order of operations that Paige, Computational variants of the Lanczos method, J. IMA 10, 1972,
//! proved the stable one. Nothing is orthogonalised again: quadratures and f(A) b do without (Greenbaum, Linear Algebra Appl. 113, 1989;
//! Musco, Musco & Sidford, Stability of the Lanczos method for matrix function approximation, SODA 2018); Ritz values repeat.

use crate::algorithms::columns::{BlockProducts, Columns};
use crate::algorithms::dense as kernels;
use crate::algorithms::matfun::{Function, of_spectrum, rounding};
use crate::error::{Error, Result};
use crate::operator::Update;
use crate::scalar::{Real, Scalar};
use crate::vector::{Vector, VectorRe, length, normalise};
use num_traits::Zero;

/// One Jacobi matrix per column, and the last two vectors of each.
pub(crate) struct ThreeTerm<V: Columns + ?Sized> {
    n: usize,
    /// The newest vectors, of length 1 (or 0 where a column has come to its end).
    pub v: V::Owned,
    /// Those before; between steps.
    old: V::Owned,
    pub columns: Vec<Jacobi<VectorRe<V>>>,
}
/// Diagonal and subdiagonal; beta\[j\] couples steps j and j + 1.
#[derive(Clone, Default)]
pub(crate) struct Jacobi<R> {
    pub alpha: Vec<R>,
    pub beta: Vec<R>,
    /// The Krylov space is invariant: what the matrix says is exact.
    pub ended: bool,
}
impl<V: Columns + ?Sized> ThreeTerm<V> {
    /// From columns of the operator's size, which are normalised; lengths come back.
    ///
    /// # Errors
    /// Those of memory where the vectors live.
    pub fn new(a: &dyn BlockProducts<V>, mut start: V::Owned) -> Result<(Self, Vec<VectorRe<V>>)> {
        let n = a.shape().0;
        let columns = start.size() / n.max(1);
        let lengths: Vec<VectorRe<V>> = (0..columns)
            .map(|j| {
                let mut v = start.part_mut(j * n..(j + 1) * n);
                let length = v.norm();
                if length.lane_f64(0) > 0.0 {
                    normalise(&mut *v, length);
                }
                length
            })
            .collect();
        let columns = vec![Jacobi { alpha: Vec::new(), beta: Vec::new(), ended: false }; columns];
        Ok((ThreeTerm { n, old: a.zeros(start.size())?, v: start, columns }, lengths))
    }
    /// One step of all columns. One that has ended is zero from then on.
    ///
    /// # Errors
    /// Those of the product.
    pub fn step(&mut self, a: &mut dyn BlockProducts<V>) -> Result<()> {
        self.product(a, |_, c| c.beta.last().copied())?;
        let tiny = VectorRe::<V>::real(10.0 * VectorRe::<V>::epsilon().lane_f64(0));
        V::three_term(self.n, &self.v, &mut self.old, |j, alpha, square, w| {
            let c = &mut self.columns[j];
            if c.ended {
                return w.fill(V::Scalar::zero());
            }
            let beta = length(square, w);
            let size = alpha.abs() + c.beta.last().copied().unwrap_or(VectorRe::<V>::zero());
            c.alpha.push(alpha);
            c.beta.push(beta);
            if beta.lane_f64(0) <= (tiny * size).lane_f64(0) {
                c.ended = true;
                w.fill(V::Scalar::zero());
            } else {
                normalise(w, beta);
            }
        });
        core::mem::swap(&mut self.v, &mut self.old);
        Ok(())
    }
    /// The vectors that the last step went on from.
    pub fn previous(&self) -> &V {
        &self.old
    }
    /// Step k again of a recurrence that starts anew with the numbers of the first time: the same vectors to the last bit. Of columns that had
    /// come to their end zeros.
    ///
    /// # Errors
    /// Those of the product.
    pub fn repeat(&mut self, a: &mut dyn BlockProducts<V>, k: usize, numbers: &[Jacobi<VectorRe<V>>]) -> Result<()> {
        let n = self.n;
        self.product(a, |j, _| numbers[j].beta.get(k.checked_sub(1)?).copied())?;
        for (j, c) in numbers.iter().enumerate() {
            let (v, mut w) = (self.v.part(j * n..(j + 1) * n), self.old.part_mut(j * n..(j + 1) * n));
            match c.alpha.get(k).zip(c.beta.get(k)).filter(|_| !(c.ended && k + 1 == c.len())) {
                Some((&alpha, &beta)) => {
                    w.sub_norm_sq(V::Scalar::from_re(alpha), &v);
                    normalise(&mut *w, beta);
                }
                None => w.fill(V::Scalar::zero()),
            }
        }
        core::mem::swap(&mut self.v, &mut self.old);
        Ok(())
    }
    /// old <- A v - beta old by columns.
    fn product(
        &mut self,
        a: &mut dyn BlockProducts<V>,
        beta: impl Fn(usize, &Jacobi<VectorRe<V>>) -> Option<VectorRe<V>>,
    ) -> Result<()> {
        let n = self.n;
        for (j, c) in self.columns.iter().enumerate() {
            let beta = beta(j, c).unwrap_or(VectorRe::<V>::zero());
            self.old.part_mut(j * n..(j + 1) * n).scale(V::Scalar::from_re(-beta));
        }
        a.update(Update::replace().add(), &self.v, &mut self.old, self.columns.len())
    }
}
impl<R: Real> Jacobi<R> {
    /// Steps done.
    pub fn len(&self) -> usize {
        self.alpha.len()
    }
    /// Nodes and weights of the Gauss quadrature: sum q_k^2 f(w_k) is near v^H f(A) v.
    ///
    /// # Errors
    /// `NotConverged`, `NonFinite`.
    pub fn gauss(&self) -> Result<(Vec<R>, Vec<R>)> {
        let m = self.len();
        let (mut w, mut q) = (self.alpha.clone(), vec![R::zero(); m]);
        kernels::gauss(&mut w, &self.beta[..m.saturating_sub(1)], &mut q).result(not_diagonal)?;
        q.iter_mut().for_each(|q| *q = *q * *q);
        Ok((w, q))
    }
    /// f(J) e_1; estimates of what rounding does to it, and of what it misses of f(A) v.
    ///
    /// # Errors
    /// Those of f at the eigenvalues, `NotConverged`, `NonFinite`.
    pub fn function(&self, f: Function<'_, R>) -> Result<(Vec<R>, [f64; 2])> {
        let m = self.len();
        let (mut w, mut q) = (self.alpha.clone(), vec![R::zero(); m * m]);
        kernels::hermitian_tridiagonal::<R>(m, &mut w, &self.beta[..m.saturating_sub(1)], &mut q)
            .result(not_diagonal)?;
        let mut values = w.clone();
        of_spectrum(f, &mut values)?;
        let mut y = vec![R::zero(); m];
        for (q, &value) in q.chunks_exact(m.max(1)).zip(&values) {
            y[..].axpy(q[0] * value, q);
        }
        let row = |i: usize| -> Vec<f64> { q.chunks_exact(m.max(1)).map(|q| q[i].lane_f64(0)).collect() };
        let (c, last) = (row(0), row(m - 1));
        let beta = if self.ended { 0.0 } else { self.beta[m - 1].lane_f64(0) };
        let missing = rounding::left_over(f, (&w, &values), (&c, &last), beta);
        Ok((y, [rounding::of_eigenvalues(f, &w, &values, &c), missing]))
    }
}
fn not_diagonal(iterations: usize, residual: f64) -> Error {
    Error::not_converged("eigenvalues of a Jacobi matrix", iterations, residual, 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algorithms::blocks::Action;
    use crate::algorithms::krylov::testing::*;
    use crate::facts::PsdFacts;

    /// Of the Laplacian the quadrature of degree 2 m - 1 is exact for powers up to that, and the repeated vectors are the same bits.
    #[test]
    fn quadrature_is_exact_for_polynomials() {
        let n = 50;
        let a = laplacian::<PsdFacts, f64>(n);
        let mut act = Action::new("test", &a, 2);
        let start: Vec<f64> = noisy(2 * n);
        let (mut run, lengths) = ThreeTerm::<[f64]>::new(&act, start.clone()).unwrap();
        let mut seen = vec![run.v[..n].to_vec()];
        for _ in 0..6 {
            run.step(&mut act).unwrap();
            seen.push(run.v[..n].to_vec());
        }
        for c in 0..2 {
            let (w, q) = run.columns[c].gauss().unwrap();
            let mut x = start[c * n..][..n].to_vec();
            for p in 0..12i32 {
                let want = start[c * n..][..n].iter().zip(&x).map(|(a, b)| a * b).sum::<f64>();
                let got: f64 = lengths[c] * lengths[c] * w.iter().zip(&q).map(|(w, q)| q * w.powi(p)).sum::<f64>();
                assert!((got / want - 1.0).abs() < 1e-11, "{p}: {got} {want}");
                let mut y = vec![0.0; n];
                act.apply(&x, &mut y, 1).unwrap();
                x = y;
            }
        }
        let (mut again, _) = ThreeTerm::<[f64]>::new(&act, start[..n].to_vec()).unwrap();
        for k in 0..6 {
            assert_eq!(again.v, seen[k]);
            again.repeat(&mut act, k, &run.columns[..1]).unwrap();
        }
        assert_eq!(again.v, seen[6]);
    }

    /// The space of a vector with three eigenvalues ends after three steps, and what follows is zero.
    #[test]
    fn ends_in_an_invariant_space() {
        let n = 30;
        let a = diagonal::<PsdFacts, f64>((0..n).map(|i| 1.0 + (i % 3) as f64).collect());
        let mut act = Action::new("test", &a, 1);
        let (mut run, _) = ThreeTerm::<[f64]>::new(&act, noisy(n)).unwrap();
        for _ in 0..5 {
            run.step(&mut act).unwrap();
        }
        let c = &run.columns[0];
        assert!(c.ended && c.len() == 3 && run.v.iter().all(|&v| v == 0.0));
        let (mut w, _) = c.gauss().unwrap();
        w.sort_by(f64::total_cmp);
        assert!((0..3).all(|k| (w[k] - (k + 1) as f64).abs() < 1e-13), "{w:?}");
    }
}
