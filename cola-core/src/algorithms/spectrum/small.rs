//! The small dense eigenproblems inside of the subspace methods, and whole ones of small operators.

use super::{Found, SpectralNumber, Vectors, Verify, Which};
use crate::algorithms::columns::{BlockProducts, Columns};
use crate::algorithms::dense as kernels;
use crate::algorithms::watch::{Watcher, default_tol};
use crate::error::{Error, Result};
use crate::facts::Fact;
use crate::scalar::{Real, Scalar};
use crate::vector::{Vector, normalise};
use crate::view::{View, ViewMut};
use num_traits::{One, Zero};

/// Eigenvalues, ascending, and eigenvectors of a Hermitian matrix, whose lower triangle is read.
///
/// # Errors
/// `NotConverged`, `NonFinite`.
pub(crate) fn eigh<T: Scalar>(n: usize, a: &[T]) -> Result<(Vec<T::Re>, Vec<T>)> {
    let (mut a, mut w, mut v) = (a.to_vec(), vec![T::Re::zero(); n], vec![T::zero(); n * n]);
    eigh_in(n, &mut a, &mut w, &mut v)?;
    Ok((w, v))
}
/// [`eigh`] where the caller says; destroys `a`.
///
/// # Errors
/// As `eigh`.
pub(super) fn eigh_in<T: Scalar>(n: usize, a: &mut [T], w: &mut [T::Re], v: &mut [T]) -> Result<()> {
    kernels::eigh(n, false, a, w, v).result(|iterations, residual| Error::NotConverged {
        algorithm: "eigh",
        iterations,
        residual,
        tol: 0.0,
        best: crate::error::Iterate::NONE,
    })
}

/// The Schur form A = Q T Q^H with the wanted eigenvalues first, and what it is made in: a later one of the same size allocates nothing.
pub(super) struct Schur<T: SpectralNumber> {
    pub n: usize,
    pub t: Vec<T::Wide>,
    pub q: Vec<T::Wide>,
    values: Vec<(f64, f64)>,
    place: Vec<usize>,
    spare: Vec<usize>,
    x: Vec<T::Wide>,
    /// Real and imaginary parts of Schur vectors, while a basis is made of them.
    parts: Vec<T>,
}
impl<T: SpectralNumber> Schur<T> {
    /// Room for n x n.
    pub fn empty(n: usize) -> Self {
        let zeros = |len: usize| vec![T::Wide::zero(); len];
        let (values, place, spare) = (Vec::with_capacity(n), Vec::with_capacity(n), Vec::with_capacity(n));
        let parts = Vec::with_capacity(if <T::IsReal as Fact>::KNOWN { 2 * n * n } else { 0 });
        Schur { n, t: zeros(n * n), q: zeros(n * n), values, place, spare, x: zeros(n), parts }
    }
    /// Of a general matrix, ordered.
    pub fn new(n: usize, a: &[T], which: Which) -> Result<Self> {
        let mut s = Self::empty(n);
        s.update(a, which)?;
        Ok(s)
    }
    /// Of another matrix of the same size.
    pub fn update(&mut self, a: &[T], which: Which) -> Result<()> {
        let n = self.n;
        T::schur(n, a, &mut self.t, &mut self.q)?;
        if <T::IsReal as Fact>::KNOWN {
            self.pair_up();
        }
        self.values.clear();
        (0..n).for_each(|i| self.values.push(self.at(i)));
        // place[k] = where the k-th wanted is now; moved up by exchanges of neighbours
        let mut place = core::mem::take(&mut self.place);
        which.order_in(&self.values, &mut place, &mut self.spare);
        for k in 0..n {
            let from = place[k];
            for i in (k..from).rev() {
                self.exchange(i);
            }
            for p in &mut place[k + 1..] {
                if *p < from {
                    *p += 1;
                }
            }
        }
        self.place = place;
        Ok(())
    }
    /// Real and imaginary part of the eigenvalue i.
    fn at(&self, i: usize) -> (f64, f64) {
        let z = self.t[i * (self.n + 1)];
        (z.re().lane_f64(0), z.im().lane_f64(0))
    }
    /// Size of the largest eigenvalue.
    fn size(&self) -> f64 {
        (0..self.n).map(|i| self.at(i)).fold(0.0f64, |m, v| m.max(v.0.hypot(v.1)))
    }
    /// Of a real matrix: what is rounding in the imaginary parts becomes 0, so that real eigenvalues and pairs are seen as such.
    fn pair_up(&mut self) {
        let n = self.n;
        let tol = 1e3 * T::Re::epsilon().lane_f64(0) * self.size();
        for i in 0..n {
            let z = self.t[i * (n + 1)];
            let alone = z.im().abs().lane_f64(0) <= tol
                && !(0..n)
                    .any(|j| j != i && (self.t[j * (n + 1)] - z.conj()).abs().lane_f64(0) < z.im().abs().lane_f64(0));
            if alone {
                self.t[i * (n + 1)] = T::wide(z.re(), T::Re::zero());
            }
        }
    }
    /// Exchanges the eigenvalues i and i + 1 by a rotation (Golub & Van Loan, 7.6.2).
    fn exchange(&mut self, i: usize) {
        let n = self.n;
        let (a, b, c) = (self.t[i * (n + 1)], self.t[(i + 1) * (n + 1)], self.t[i + (i + 1) * n]);
        // the eigenvector (c, b - a) of b becomes the first axis
        let (x, y) = (c, b - a);
        let norm = crate::algorithms::krylov::hypot(x.abs(), y.abs());
        if !(norm.lane_f64(0) > 0.0) {
            return;
        }
        let inverse = T::Re::one() / norm;
        let (x, y) = (x.scale(inverse), y.scale(inverse));
        // columns [u v] <- [u x + v y, -u conj(y) + v conj(x)], then rows by the adjoint
        let turn = |m: &mut [T::Wide], rows: usize| {
            for r in 0..rows {
                let (u, v) = (m[r + i * n], m[r + (i + 1) * n]);
                m[r + i * n] = u * x + v * y;
                m[r + (i + 1) * n] = v * x.conj() - u * y.conj();
            }
        };
        turn(&mut self.q, n);
        turn(&mut self.t, (i + 2).min(n));
        for j in i..n {
            let (u, v) = (self.t[i + j * n], self.t[i + 1 + j * n]);
            self.t[i + j * n] = u * x.conj() + v * y.conj();
            self.t[i + 1 + j * n] = v * x - u * y;
        }
        self.t[i + 1 + i * n] = T::Wide::zero();
        self.t[i * (n + 1)] = b;
        self.t[(i + 1) * (n + 1)] = a;
    }
    /// y <- the eigenvector of T for the eigenvalue k, of length 1, in the coordinates of A.
    pub fn vector(&mut self, k: usize, y: &mut [T::Wide]) {
        let n = self.n;
        let value = self.t[k * (n + 1)];
        let x = &mut self.x;
        x.fill(T::Wide::zero());
        x[k] = T::Wide::one();
        let norm = self.t.iter().fold(T::Re::zero(), |m, z| m.max(z.abs()));
        let tiny = (T::Re::epsilon() * norm).max(T::Re::real(1e-300f64.max(f64::from(f32::MIN_POSITIVE) * 0.0)));
        for i in (0..k).rev() {
            let sum = (i + 1..=k).fold(T::Wide::zero(), |s, j| s + self.t[i + j * n] * x[j]);
            let gap = value - self.t[i * (n + 1)];
            let gap = if gap.abs().lane_f64(0) > tiny.lane_f64(0) { gap } else { T::Wide::from_re(tiny) };
            x[i] = if sum.abs().lane_f64(0) == 0.0 { sum } else { sum / gap };
            // of a defective matrix the entries grow without bound
            let size = x[..].norm();
            if size.lane_f64(0) > 1e10 {
                normalise(&mut x[..], size);
            }
        }
        let plain = (T::Wide::one(), false);
        kernels::gemm(plain, false, View::matrix(&self.q, n, n), View::vector(x), ViewMut::vector(y));
        let size = y.norm();
        normalise(y, size);
    }
    /// The k leading ones by columns.
    pub fn vectors(&mut self, k: usize) -> Vec<T::Wide> {
        let mut out = vec![T::Wide::zero(); self.n * k];
        out.chunks_exact_mut(self.n.max(1)).enumerate().for_each(|(i, y)| self.vector(i, y));
        out
    }
    /// How many of the leading eigenvalues to keep so that no pair of a real matrix is cut: k, or one more.
    pub fn uncut(&self, k: usize) -> usize {
        let paired = <T::IsReal as Fact>::KNOWN && k > 0 && k < self.n;
        if !paired {
            return k;
        }
        // pairs stand together: the last one is cut off from its partner if an odd number of them ends there
        let size = self.size();
        let complex = (0..k).rev().take_while(|&i| self.at(i).1.abs() > 1e-12 * size).count();
        let (last, next) = (self.at(k - 1), self.at(k));
        // what rounding parts a pair by, of an ill-conditioned one the root of it
        let near = if T::Re::epsilon().lane_f64(0) > 1e-10 { 1e-3 } else { 1e-6 };
        let pair = (last.0 - next.0).hypot(last.1 + next.1) <= near * size;
        if complex % 2 == 1 && pair { k + 1 } else { k }
    }
    /// out <- an orthonormal basis, in numbers of A, of the span of the leading k Schur vectors, which must not cut a pair; n x k.
    pub fn basis(&mut self, k: usize, out: &mut [T]) {
        let n = self.n;
        let schur = &self.q[..n * k];
        if !<T::IsReal as Fact>::KNOWN {
            out.iter_mut().zip(schur).for_each(|(x, &z)| *x = T::narrow(z));
            return;
        }
        // real and imaginary parts span the same space: the k longest of what is left, by pivoted Gram-Schmidt, twice
        let parts = &mut self.parts;
        parts.clear();
        parts.extend(schur.iter().map(|&z| T::narrow(z)));
        parts.extend(schur.iter().map(|z| T::from_re(z.im())));
        for j in 0..k {
            let norms = parts.chunks_exact(n).map(|x| x.norm().lane_f64(0));
            let Some((best, _)) = norms.enumerate().max_by(|a, b| a.1.total_cmp(&b.1)) else { break };
            let (done, x) = out.split_at_mut(j * n);
            let x = &mut x[..n];
            x.copy_from_slice(&parts[best * n..][..n]);
            for _ in 0..2 {
                for v in done.chunks_exact(n) {
                    let c = v.dot(&x[..]);
                    x.axpy(-c, v);
                }
                let size = x.norm();
                normalise(x, size);
            }
            for y in parts.chunks_exact_mut(n) {
                let c = x.dot(y);
                y.axpy(-c, x);
            }
        }
    }
}

/// k eigenpairs of a small operator by its dense matrix.
///
/// # Errors
/// Those of the products and of the dense kernels.
pub(super) fn dense<T: SpectralNumber, V: Columns<Scalar = T> + ?Sized>(
    a: &mut dyn BlockProducts<V>,
    self_adjoint: bool,
    k: usize,
    which: Which,
) -> Result<Found<T>> {
    let n = a.shape().0;
    let mut m = vec![T::zero(); n * n];
    const BLOCK: usize = 16;
    let (mut x, mut y) = (a.zeros(n * BLOCK.min(n))?, a.zeros(n * BLOCK.min(n))?);
    for first in (0..n).step_by(BLOCK) {
        let columns = BLOCK.min(n - first);
        x.write(|x| {
            x.fill(T::zero());
            (0..columns).for_each(|j| x[j * n + first + j] = T::one());
        });
        a.apply(&x.part(0..n * columns), &mut y.part_mut(0..n * columns), columns)?;
        m[first * n..][..n * columns].copy_from_slice(&y.part(0..n * columns).to_host());
    }
    let name = if self_adjoint { "dense eigh" } else { "dense Schur" };
    let (values, vectors) = if self_adjoint {
        let (w, v) = eigh(n, &m)?;
        let order = which.order(&w.iter().map(|w| (w.lane_f64(0), 0.0)).collect::<Vec<_>>());
        let values = order[..k].iter().map(|&i| T::from_re(w[i]).widen()).collect();
        (values, Vectors::Same(order[..k].iter().flat_map(|&i| v[i * n..][..n].to_vec()).collect()))
    } else {
        let mut s = Schur::<T>::new(n, &m, which)?;
        let values = (0..k).map(|i| s.t[i * (n + 1)]).collect();
        (values, Vectors::Complex(s.vectors(k)))
    };
    let norm = m.chunks_exact(n.max(1)).map(|c| c.norm().lane_f64(0)).fold(0.0f64, f64::hypot);
    // errors of dense kernels grow with n |A|
    let tol = default_tol::<T>();
    let watcher = Watcher::new(name, tol, 0, false, None);
    Verify { self_adjoint, norm: norm * (1.0 + n as f64 / 10.0), tol, strict: false }
        .finish(a, values, vectors, watcher)
}
