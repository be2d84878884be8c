//! The Krylov space of [`Lanczos`](super::Lanczos) and [`KrylovSchur`](super::KrylovSchur), its small problem, and where both start.

use super::krylov_schur::{Job, largest};
use super::small::{Schur, eigh_in};
use super::{SpectralNumber, Vectors, Which};
use crate::algorithms::blocks::{Action, add_product, inner, orthonormalise, project, rotate};
use crate::algorithms::dense as kernels;
use crate::algorithms::krylov::hypot;
use crate::algorithms::random::Stream;
use crate::error::{Error, Result};
use crate::operator::DynOperator;
use crate::scalar::{Real, Scalar};
use crate::vector::{Vector, normalise};
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
    pub fn update(&mut self, which: Which, space: &Space<'_, T>) -> Result<()> {
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
pub(super) struct Start<T> {
    /// By columns; orthonormal where H is known.
    pub v: Vec<T>,
    /// A V_k = V_(k+1) H, by columns; nothing where V is no part of a Krylov space.
    pub h: Vec<T>,
    /// How many vectors of the block they take.
    pub width: usize,
}
impl<T: SpectralNumber> Start<T> {
    /// Vectors that a stopped iteration has left span part of a Krylov space: what A adds to them has one direction, and the iteration
    /// goes on as if it had not been stopped (but for what it had kept beyond them). Other vectors become a block.
    pub fn new(name: &'static str, a: &dyn DynOperator<T>, start: &[T]) -> Result<Self> {
        let n = a.dyn_shape().0;
        let mut v = start.to_vec();
        let k = orthonormalise(n, &[], &mut v, 1e-8);
        let block = |v: Vec<T>| Ok(Start { v, h: Vec::new(), width: k });
        v.truncate(k * n);
        if k == 0 {
            return block(v);
        }
        let (mut act, mut r) = (Action::new(name, a, 1), vec![T::zero(); k * n]);
        let (mut h, mut c) = (vec![T::zero(); k * (k + 1)], vec![T::zero(); k]);
        // what passes as rounding, as in `threshold`
        let tiny = 50.0 * T::Re::epsilon().lane_f64(0) * largest(&mut act, n, 0)?;
        let mut longest = (0, 0.0_f64);
        for (j, r) in r.chunks_exact_mut(n).enumerate() {
            act.apply(&v[j * n..][..n], r, 1)?;
            let (_, after) = project(&v, r, &mut h[j * (k + 1)..][..k], &mut c);
            if after.lane_f64(0) > longest.1 {
                longest = (j, after.lane_f64(0));
            }
        }
        // an invariant space
        if longest.1 <= tiny {
            return block(v);
        }
        let mut u = r[longest.0 * n..][..n].to_vec();
        let norm = u[..].norm();
        normalise(&mut u[..], norm);
        for (j, r) in r.chunks_exact_mut(n).enumerate() {
            let b = u[..].dot(r);
            r.axpy(-b, &u);
            if r.norm().lane_f64(0) > tiny {
                return block(v);
            }
            h[j * (k + 1) + k] = b;
        }
        v.extend(u);
        Ok(Start { v, h, width: 1 })
    }
}

/// The Krylov space: A V_m = V_(m+p) H, V orthonormal. A restart allocates nothing.
pub(super) struct Space<'a, T: Scalar> {
    a: Action<'a, T>,
    n: usize,
    m: usize,
    p: usize,
    /// Columns whose product is known.
    done: usize,
    v: Vec<T>,
    /// (m + p) x m.
    h: Vec<T>,
    c: Vec<T>,
    /// Coefficients that nobody asks for.
    unused: Vec<T>,
    /// Z^H H Z and H Z of a restart, and the coupling to what follows.
    t: Vec<T>,
    hz: Vec<T>,
    bz: Vec<T>,
    /// Rows of the basis, while it is rotated.
    strip: Vec<T>,
    /// A v, where the space is one of an inverse.
    product: Vec<T>,
    seed: u64,
    streams: u64,
}
impl<'a, T: SpectralNumber> Space<'a, T> {
    pub fn new(job: &Job, a: &'a dyn DynOperator<T>, n: usize, m: usize, p: usize, start: Start<T>) -> Result<Self> {
        let zeros = |len: usize| vec![T::zero(); len];
        let mut space = Space {
            a: Action::new(job.name, a, 1),
            n,
            m,
            p,
            done: 0,
            v: zeros(n * (m + p)),
            h: zeros((m + p) * m),
            c: zeros(m + p),
            unused: zeros(m + p),
            t: zeros(m * m),
            // only a general problem needs the product
            hz: zeros(if job.self_adjoint { 0 } else { m * m }),
            bz: zeros(p * m),
            strip: Vec::new(),
            product: zeros(if job.which.shift().is_some() { n } else { 0 }),
            seed: job.options.seed,
            streams: 0,
        };
        let given = start.v.len() / n.max(1);
        space.v[..start.v.len()].copy_from_slice(&start.v);
        if start.h.is_empty() {
            let kept = orthonormalise(n, &[], &mut space.v[..start.v.len()], 1e-8);
            (kept..p).try_for_each(|j| space.random(j))?;
        } else {
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
        let (old, new) = self.v.split_at_mut(j * self.n);
        let w = &mut new[..self.n];
        for _ in 0..4 {
            Stream::new(self.seed, self.streams).normal(w);
            self.streams += 1;
            let norm = w.norm();
            normalise(w, norm);
            let (_, after) = project(old, w, &mut self.unused[..j], &mut self.c);
            if after.lane_f64(0) > 1e-3 {
                normalise(w, after);
                // once more, as a short rest has lost digits
                let (_, after) = project(old, w, &mut self.unused[..j], &mut self.c);
                normalise(w, after);
                return Ok(());
            }
        }
        Err(Error::Breakdown { algorithm: "Krylov space", iteration: j })
    }
    /// Products with the vectors up to m.
    pub fn expand(&mut self, m: usize) -> Result<()> {
        let (n, rows) = (self.n, self.m + self.p);
        let epsilon = T::Re::epsilon().lane_f64(0);
        for j in self.done..m {
            let new = j + self.p;
            let (old, rest) = self.v.split_at_mut(new * n);
            let w = &mut rest[..n];
            self.a.apply(&old[j * n..][..n], w, 1)?;
            let h = &mut self.h[j * rows..][..rows];
            h.fill(T::zero());
            let (before, after) = project(old, w, &mut h[..new], &mut self.c);
            // what is left is rounding: the space is invariant
            if after.lane_f64(0) <= 10.0 * epsilon * before.lane_f64(0) {
                self.random(new)?;
            } else {
                h[new] = T::from_re(after);
                normalise(w, after);
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
    pub fn enlarged(&mut self, a: &mut Action<'_, T>, shift: f64) -> Result<f64> {
        let mut all = 0.0_f64;
        for v in self.v[self.m * self.n..].chunks_exact(self.n) {
            a.apply(v, &mut self.product, 1)?;
            self.product[..].axpy(T::of(-shift), v);
            all = all.hypot(self.product[..].norm().lane_f64(0));
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
        rotate(n, &mut self.v, m, z, &mut self.strip);
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
    pub fn pairs(&self, ritz: &Ritz<T>, k: usize, shift: Option<f64>) -> (Vec<T::Wide>, Vectors<T>) {
        let (n, m, p) = (self.n, self.m, self.p);
        let b = self.coupling();
        let values = (0..k).map(|i| shift.map_or(ritz.value(i), |s| from_inverse(s, ritz.value(i)))).collect();
        let mut vectors = match ritz {
            Ritz::Hermitian { vectors, .. } => {
                let mut x = vec![T::zero(); n * k];
                add_product(n, T::one(), &self.v[..m * n], &vectors[..m * k], &mut x);
                if shift.is_some() {
                    let mut c = vec![T::zero(); p * k];
                    let y = View::matrix(&vectors[..m * k], m, k);
                    kernels::gemm((T::one(), false), false, b, y, ViewMut::matrix(&mut c, p, k));
                    for (i, c) in c.chunks_exact_mut(p).enumerate() {
                        c.iter_mut().for_each(|c| *c /= T::narrow(ritz.value(i)));
                    }
                    add_product(n, T::one(), &self.v[m * n..], &c, &mut x);
                }
                Vectors::Same(x)
            }
            Ritz::General { vectors, .. } => {
                let mut x = vec![T::Wide::zero(); n * k];
                for (i, (x, y)) in x.chunks_exact_mut(n).zip(vectors.chunks_exact(m)).enumerate() {
                    let mut add = |v: &[T], c: T::Wide| x.iter_mut().zip(v).for_each(|(x, &v)| *x += v.widen() * c);
                    self.v.chunks_exact(n).zip(y).for_each(|(v, &y)| add(v, y));
                    for (q, v) in self.v[m * n..].chunks_exact(n).enumerate().filter(|_| shift.is_some()) {
                        let c = y.iter().enumerate().fold(T::Wide::zero(), |s, (j, &y)| s + b.at(q, j).widen() * y);
                        add(v, c / ritz.value(i));
                    }
                }
                Vectors::Complex(x)
            }
        };
        vectors.normalise(n);
        (values, vectors)
    }
}
/// s + 1 / theta: the eigenvalue of A of an eigenvalue of (A - s I)^-1.
pub(super) fn from_inverse<W: Scalar>(shift: f64, theta: W) -> W {
    W::of(shift) + W::of(1.0) / theta
}
