//! The Krylov space of [`Lanczos`](super::Lanczos) and [`KrylovSchur`](super::KrylovSchur), its small problem, and where both start.

use super::krylov_schur::{Job, largest};
use super::small::{Schur, eigh_in};
use super::{SpectralNumber, Vectors, Which};
use crate::algorithms::blocks::{inner, orthonormalise, project};
use crate::algorithms::columns::{BlockProducts, Columns};
use crate::algorithms::dense as kernels;
use crate::algorithms::krylov::hypot;
use crate::algorithms::random::Stream;
use crate::error::{Error, Result};
use crate::scalar::{Real, Scalar};
use crate::vector::{VectorRe, normalise};
use crate::view::{View, ViewMut};
use num_traits::Zero;

/// The small problem H y = s y of a cycle, the most wanted first.
pub(super) enum Ritz<T: SpectralNumber> {
    /// Vectors by columns.
    Hermitian { values: Vec<T::Re>, vectors: Vec<T>, work: Box<Work<T>> },
    /// The k + 1 most wanted vectors by columns; H, and then a basis of what is kept.
    General { schur: Schur<T>, vectors: Vec<T::Wide>, basis: Vec<T> },
}
/// What a self-adjoint small problem is solved in: nothing is allocated after the first cycle, up to the size from which the dense kernel
/// has a workspace of its own.
pub(super) struct Work<T: SpectralNumber> {
    h: Vec<T>,
    w: Vec<T::Re>,
    v: Vec<T>,
    parts: Vec<(f64, f64)>,
    order: Vec<usize>,
    spare: Vec<usize>,
}
impl<T: SpectralNumber> Ritz<T> {
    pub fn new(self_adjoint: bool, m: usize, k: usize) -> Self {
        let zeros = |len: usize| vec![T::zero(); len];
        if !self_adjoint {
            let vectors = vec![T::Wide::zero(); (k + 1).min(m) * m];
            return Ritz::General { schur: Schur::empty(m), vectors, basis: zeros(m * m) };
        }
        let (order, spare) = (Vec::with_capacity(m), Vec::with_capacity(m));
        let parts = Vec::with_capacity(m);
        let work = Work { h: zeros(m * m), w: vec![T::Re::zero(); m], v: zeros(m * m), parts, order, spare };
        Ritz::Hermitian { values: vec![T::Re::zero(); m], vectors: zeros(m * m), work: Box::new(work) }
    }
    /// Of the space as it is.
    ///
    /// # Errors
    /// `NotConverged`, `NonFinite` from the dense kernels.
    pub fn update<V>(&mut self, which: Which, space: &Space<V>) -> Result<()>
    where
        V: Columns<Scalar = T> + ?Sized,
    {
        let (m, h) = (space.m, space.small());
        match self {
            Ritz::Hermitian { values, vectors, work } => {
                let Work { h: copy, w, v, parts, order, spare } = &mut **work;
                (0..m * m).for_each(|i| copy[i] = h.at(i % m, i / m));
                eigh_in(m, copy, w, v)?;
                parts.clear();
                parts.extend(w.iter().map(|w| (w.lane_f64(0), 0.0)));
                which.order_in(parts, order, spare);
                for (k, &i) in order.iter().enumerate() {
                    values[k] = w[i];
                    vectors[k * m..][..m].copy_from_slice(&v[i * m..][..m]);
                }
            }
            Ritz::General { schur, vectors, basis } => {
                (0..m * m).for_each(|i| basis[i] = h.at(i % m, i / m));
                schur.update(basis, which)?;
                vectors.chunks_exact_mut(m).enumerate().for_each(|(k, y)| schur.vector(k, y));
            }
        }
        Ok(())
    }
    pub fn value(&self, k: usize) -> T::Wide {
        match self {
            Ritz::Hermitian { values, .. } => T::from_re(values[k]).widen(),
            Ritz::General { schur, .. } => schur.t[k * (schur.n + 1)],
        }
    }
}
/// Vectors to start from.
pub(super) struct Start<V: Columns + ?Sized> {
    /// By columns; orthonormal where H is known.
    pub v: V::Owned,
    /// How many columns there are.
    pub given: usize,
    /// A V_k = V_(k+1) H, by columns; nothing where V is no part of a Krylov space.
    pub h: Vec<V::Scalar>,
    /// How many vectors of the block they take.
    pub width: usize,
}
impl<V: Columns + ?Sized> Start<V> {
    /// Vectors of the host as a block.
    ///
    /// # Errors
    /// Those of memory where the vectors live.
    pub fn block(a: &dyn BlockProducts<V>, start: &[V::Scalar]) -> Result<Self> {
        let mut v = a.zeros(start.len())?;
        v.write(|v| v.copy_from_slice(start));
        let given = start.len() / a.shape().0.max(1);
        Ok(Start { v, given, h: Vec::new(), width: given })
    }
    /// Vectors that a stopped iteration has left span part of a Krylov space: what A adds to them has one direction, and the iteration
    /// goes on as if it had not been stopped (but for what it had kept beyond them). Other vectors become a block.
    pub fn new(a: &mut dyn BlockProducts<V>, start: &[V::Scalar]) -> Result<Self> {
        let n = a.shape().0;
        // room for the vector that A adds
        let mut v = a.zeros(start.len() + n)?;
        let mut given = v.part_mut(0..start.len());
        given.write(|v| v.copy_from_slice(start));
        let k = orthonormalise(n, &*a.zeros(0)?, &mut *given, 1e-8);
        core::mem::drop(given);
        let block = |v| Ok(Start { v, given: k, h: Vec::new(), width: k });
        if k == 0 {
            return block(v);
        }
        let zeros = |numbers: usize| vec![V::Scalar::zero(); numbers];
        let (mut r, mut h, mut c) = (a.zeros(k * n)?, zeros(k * (k + 1)), zeros(k));
        // what passes as rounding, as in `threshold`
        let tiny = 50.0 * VectorRe::<V>::epsilon().lane_f64(0) * largest(a, n, 0)?;
        let mut longest = (0, 0.0_f64);
        for j in 0..k {
            let mut r = r.part_mut(j * n..(j + 1) * n);
            a.apply(&v.part(j * n..(j + 1) * n), &mut r, 1)?;
            let (_, after) = project(&*v.part(0..k * n), &mut *r, &mut h[j * (k + 1)..][..k], &mut c);
            if after.lane_f64(0) > longest.1 {
                longest = (j, after.lane_f64(0));
            }
        }
        // an invariant space
        if longest.1 <= tiny {
            return block(v);
        }
        let mut inside = true;
        {
            let (_, mut u) = v.before(n, k);
            u.copy(&r.part(longest.0 * n..(longest.0 + 1) * n));
            let norm = u.norm();
            normalise(&mut *u, norm);
            for j in 0..k {
                let mut r = r.part_mut(j * n..(j + 1) * n);
                let b = u.dot(&r);
                r.axpy(-b, &u);
                inside &= !(r.norm().lane_f64(0) > tiny);
                h[j * (k + 1) + k] = b;
            }
        }
        match inside {
            true => Ok(Start { v, given: k + 1, h, width: 1 }),
            false => block(v),
        }
    }
}

/// The Krylov space: A V_m = V_(m+p) H, V orthonormal. A restart allocates nothing.
pub(super) struct Space<V: Columns + ?Sized> {
    n: usize,
    m: usize,
    p: usize,
    /// Columns whose product is known.
    done: usize,
    v: V::Owned,
    /// (m + p) x m.
    h: Vec<V::Scalar>,
    c: Vec<V::Scalar>,
    /// Coefficients that nobody asks for.
    unused: Vec<V::Scalar>,
    /// Z^H H Z and H Z of a restart, and the coupling to what follows.
    t: Vec<V::Scalar>,
    hz: Vec<V::Scalar>,
    bz: Vec<V::Scalar>,
    /// Rows of the basis, while it is rotated.
    strip: V::Owned,
    /// A v, where the space is one of an inverse.
    product: V::Owned,
    seed: u64,
    streams: u64,
}
impl<T: SpectralNumber, V: Columns<Scalar = T> + ?Sized> Space<V> {
    pub fn new(job: &Job, a: &dyn BlockProducts<V>, n: usize, m: usize, p: usize, start: Start<V>) -> Result<Self> {
        let zeros = |len: usize| vec![T::zero(); len];
        let mut space: Self = Space {
            n,
            m,
            p,
            done: 0,
            v: a.zeros(n * (m + p))?,
            h: zeros((m + p) * m),
            c: zeros(m + p),
            unused: zeros(m + p),
            t: zeros(m * m),
            // only a general problem needs the product
            hz: zeros(if job.self_adjoint { 0 } else { m * m }),
            bz: zeros(p * m),
            strip: a.zeros(0)?,
            product: a.zeros(if job.which.shift().is_some() { n } else { 0 })?,
            seed: job.options.seed,
            streams: 0,
        };
        let given = start.given;
        let mut first = space.v.part_mut(0..given * n);
        first.copy(&start.v.part(0..given * n));
        if start.h.is_empty() {
            let kept = orthonormalise(n, &*a.zeros(0)?, &mut *first, 1e-8);
            core::mem::drop(first);
            (kept..p).try_for_each(|j| space.random(j))?;
        } else {
            core::mem::drop(first);
            // the columns of H are known but for the last vector's
            space.done = given - 1;
            for (j, h) in start.h.chunks_exact(given).enumerate() {
                space.h[j * (m + p)..][..given].copy_from_slice(h);
            }
        }
        Ok(space)
    }
    /// v_j <- a random vector orthogonal to those before it.
    fn random(&mut self, j: usize) -> Result<()> {
        let (old, mut w) = self.v.before(self.n, j);
        let w = &mut *w;
        for _ in 0..4 {
            w.write(|w| Stream::new(self.seed, self.streams).normal(w));
            self.streams += 1;
            let norm = w.norm();
            normalise(w, norm);
            let (_, after) = project(&*old, w, &mut self.unused[..j], &mut self.c);
            if after.lane_f64(0) > 1e-3 {
                normalise(w, after);
                // once more, as a short rest has lost digits
                let (_, after) = project(&*old, w, &mut self.unused[..j], &mut self.c);
                normalise(w, after);
                return Ok(());
            }
        }
        Err(Error::Breakdown { algorithm: "Krylov space", iteration: j })
    }
    /// Products with the vectors up to m.
    pub fn expand(&mut self, a: &mut dyn BlockProducts<V>, m: usize) -> Result<()> {
        let (n, rows) = (self.n, self.m + self.p);
        let epsilon = T::Re::epsilon().lane_f64(0);
        for j in self.done..m {
            let new = j + self.p;
            let h = &mut self.h[j * rows..][..rows];
            h.fill(T::zero());
            let invariant = {
                let (old, mut w) = self.v.before(n, new);
                a.apply(&old.part(j * n..(j + 1) * n), &mut w, 1)?;
                let (before, after) = project(&*old, &mut *w, &mut h[..new], &mut self.c);
                // what is left is rounding
                let invariant = after.lane_f64(0) <= 10.0 * epsilon * before.lane_f64(0);
                if !invariant {
                    h[new] = T::from_re(after);
                    normalise(&mut *w, after);
                }
                invariant
            };
            if invariant {
                self.random(new)?;
            }
        }
        self.done = m;
        Ok(())
    }
    /// V^H A V, m x m.
    fn small(&self) -> View<'_, T> {
        View::new(&self.h, self.m, self.m, 1, self.m + self.p)
    }
    /// The coupling B to the last p vectors, p x m.
    fn coupling(&self) -> View<'_, T> {
        View::new(&self.h[self.m..], self.p, self.m, 1, self.m + self.p)
    }
    /// |B y_k|, the residual of the k-th pair as the recurrence has it.
    pub fn residual(&self, ritz: &Ritz<T>, k: usize) -> f64 {
        let b = self.coupling();
        let row = |i: usize| match ritz {
            Ritz::Hermitian { vectors, .. } => {
                let y = &vectors[k * self.m..][..self.m];
                y.iter().enumerate().fold(T::zero(), |s, (j, &y)| s.add_mul(b.at(i, j), y)).abs()
            }
            Ritz::General { vectors, .. } => {
                let y = &vectors[k * self.m..][..self.m];
                y.iter().enumerate().fold(T::Wide::zero(), |s, (j, &y)| s.add_mul(b.at(i, j).widen(), y)).abs()
            }
        };
        (0..self.p).fold(T::Re::zero(), |s, i| hypot(s, row(i))).lane_f64(0)
    }
    /// |(A - s I) V_p| (Frobenius norm) of the p last vectors, in which the residuals lie; p products with A.
    ///
    /// # Errors
    /// Those of the products.
    pub fn enlarged(&mut self, a: &mut dyn BlockProducts<V>, shift: f64) -> Result<f64> {
        let (n, mut all) = (self.n, 0.0_f64);
        for j in self.m..self.m + self.p {
            let v = self.v.part(j * n..(j + 1) * n);
            a.apply(&v, &mut self.product, 1)?;
            self.product.axpy(T::of(-shift), &v);
            all = all.hypot(self.product.norm().lane_f64(0));
        }
        Ok(all)
    }
    /// Keeps the space of the `keep` most wanted vectors; with the vectors that continue it if `coupled`.
    pub fn restart(&mut self, ritz: &mut Ritz<T>, keep: usize, coupled: bool) {
        let (n, m, p, rows) = (self.n, self.m, self.p, self.m + self.p);
        let plain = (T::one(), false);
        let (keep, z, values) = match ritz {
            Ritz::Hermitian { vectors, values, .. } => (keep, &vectors[..m * keep], Some(values)),
            Ritz::General { schur, basis, .. } => {
                let keep = schur.uncut(keep).min(m - 1);
                schur.basis(keep, &mut basis[..m * keep]);
                (keep, &basis[..m * keep], None)
            }
        };
        let zv = View::matrix(z, m, keep);
        let mut bz = core::mem::take(&mut self.bz);
        kernels::gemm(plain, false, self.coupling(), zv, ViewMut::matrix(&mut bz[..p * keep], p, keep));
        match values {
            Some(values) => {
                self.t[..keep * keep].fill(T::zero());
                (0..keep).for_each(|i| self.t[i * (keep + 1)] = T::from_re(values[i]));
            }
            None => {
                let mut hz = core::mem::take(&mut self.hz);
                kernels::gemm(plain, false, self.small(), zv, ViewMut::matrix(&mut hz[..m * keep], m, keep));
                inner(m, z, &hz[..m * keep], &mut self.t);
                self.hz = hz;
            }
        }
        V::rotate(n, &mut self.v, m, z, &mut self.strip);
        self.h.fill(T::zero());
        for j in 0..keep {
            self.h[j * rows..][..keep].copy_from_slice(&self.t[j * keep..][..keep]);
            if coupled {
                self.h[j * rows + keep..][..p].copy_from_slice(&bz[j * p..][..p]);
            }
        }
        self.bz = bz;
        if coupled {
            self.v.copy_within(m * n..(m + p) * n, keep * n);
        }
        self.done = keep;
    }
    /// Continues with random vectors.
    pub fn refresh(&mut self, keep: usize) -> Result<()> {
        (0..self.p).try_for_each(|j| self.random(keep + j))
    }
    /// The k most wanted pairs of A. If the space is one of C = (A - s I)^-1 the vectors are C V y / theta = V y + V_p B y / theta, which
    /// costs no product (Ericsson & Ruhe, Math. Comp. 35, 1980). With r = |B y|, |C V y - theta V y| = r, the residual of A is then
    /// r / theta^2: as (A - s I) C V y = V y = (C V y - V_p B y) / theta. Of V y it would be |A - s I| r / theta, which for a matrix of a
    /// wide spectrum is no residual at all.
    ///
    /// # Errors
    /// Those of memory where the vectors live.
    pub fn pairs(
        &self,
        a: &dyn BlockProducts<V>,
        ritz: &Ritz<T>,
        k: usize,
        shift: Option<f64>,
    ) -> Result<(Vec<T::Wide>, Vectors<T>)> {
        let (n, m, p) = (self.n, self.m, self.p);
        let b = self.coupling();
        let values = (0..k).map(|i| shift.map_or(ritz.value(i), |s| from_inverse(s, ritz.value(i)))).collect();
        let (kept, last) = (self.v.part(0..m * n), self.v.part(m * n..(m + p) * n));
        let mut vectors = match ritz {
            Ritz::Hermitian { vectors, .. } => {
                let mut x = a.zeros(n * k)?;
                V::add_product(n, T::one(), &kept, &vectors[..m * k], &mut x);
                if shift.is_some() {
                    let mut c = vec![T::zero(); p * k];
                    let y = View::matrix(&vectors[..m * k], m, k);
                    kernels::gemm((T::one(), false), false, b, y, ViewMut::matrix(&mut c, p, k));
                    for (i, c) in c.chunks_exact_mut(p).enumerate() {
                        c.iter_mut().for_each(|c| *c /= T::narrow(ritz.value(i)));
                    }
                    V::add_product(n, T::one(), &last, &c, &mut x);
                }
                Vectors::Same(V::into_host(x))
            }
            Ritz::General { vectors, .. } => {
                let mut x = vec![T::Wide::zero(); n * k];
                V::add_wide(n, &kept, &vectors[..m * k], &mut x);
                if shift.is_some() {
                    let mut c = vec![T::Wide::zero(); p * k];
                    for (i, (c, y)) in c.chunks_exact_mut(p).zip(vectors.chunks_exact(m)).enumerate() {
                        for (q, c) in c.iter_mut().enumerate() {
                            let by =
                                y.iter().enumerate().fold(T::Wide::zero(), |s, (j, &y)| s + b.at(q, j).widen() * y);
                            *c = by / ritz.value(i);
                        }
                    }
                    V::add_wide(n, &last, &c, &mut x);
                }
                Vectors::Complex(x)
            }
        };
        vectors.normalise(n);
        Ok((values, vectors))
    }
}
/// s + 1 / theta: the eigenvalue of A of an eigenvalue of (A - s I)^-1.
pub(super) fn from_inverse<W: Scalar>(shift: f64, theta: W) -> W {
    W::of(shift) + W::of(1.0) / theta
}
