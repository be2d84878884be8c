//! What the subspace methods share: actions on columns, orthonormal bases, small dense problems. Bases are column-major without gaps.

use crate::algorithms::columns::{BlockProducts, Columns};
use crate::algorithms::dense as kernels;
use crate::error::{Error, Result, collect_faults};
use crate::operator::{DynOperator, Repeated, Update};
use crate::scalar::{Real, Scalar};
use crate::vector::{Vector, VectorRe, normalise};
use crate::view::{View, ViewMut};
use num_traits::Zero;

/// An operator with its scratch: y <- A x, or A^H x, where failures inside and NaN are errors.
pub(crate) struct Action<'a, T> {
    op: Repeated<'a, T>,
    scratch: Vec<T>,
    algorithm: &'static str,
    /// Products with single vectors so far.
    pub products: usize,
}
impl<'a, T: Scalar> Action<'a, T> {
    /// For products with at most `columns` vectors at once.
    pub fn new(algorithm: &'static str, op: &'a dyn DynOperator<T>, columns: usize) -> Self {
        let op = Repeated::new(op);
        let scratch = vec![T::zero(); op.dyn_scratch(columns)];
        Action { op, scratch, algorithm, products: 0 }
    }
    pub fn shape(&self) -> (usize, usize) {
        self.op.dyn_shape()
    }
    /// True if the operator is laid out for many products, as sparse matrices of stencils are: then one costs about as much as the memory that
    /// its result takes.
    pub fn is_arranged(&self) -> bool {
        matches!(self.op, Repeated::Arranged(_))
    }
    /// Y <- [Y +] alpha A X, or A^H X.
    pub fn update(&mut self, how: Update<T>, x: &[T], y: &mut [T], columns: usize) -> Result<()> {
        let (m, n) = self.op.dyn_shape();
        let (rows, cols) = if how.adjoint { (n, m) } else { (m, n) };
        let (xv, yv) = (View::matrix(x, cols, columns), ViewMut::matrix(y, rows, columns));
        let ((), faults) = collect_faults(|| self.op.dyn_act(how, xv, yv, &mut self.scratch));
        self.products += columns;
        if let Some((_, fault)) = faults.into_iter().next() {
            return Err(fault);
        }
        match finite(y) {
            true => Ok(()),
            false => Err(Error::non_finite(format!(
                "a product with the operator, at product {} of {}",
                self.products, self.algorithm
            ))),
        }
    }
    /// Y <- A X.
    pub fn apply(&mut self, x: &[T], y: &mut [T], columns: usize) -> Result<()> {
        self.update(Update::replace(), x, y, columns)
    }
}
impl<T: Scalar> BlockProducts<[T]> for Action<'_, T> {
    fn shape(&self) -> (usize, usize) {
        Action::shape(self)
    }
    fn zeros(&self, numbers: usize) -> Result<Vec<T>> {
        Ok(vec![T::zero(); numbers])
    }
    fn there<'x>(&self, x: &'x [T]) -> Result<&'x [T]>
    where
        T: 'x,
    {
        Ok(x)
    }
    fn update(&mut self, how: Update<T>, x: &[T], y: &mut [T], columns: usize) -> Result<()> {
        Action::update(self, how, x, y, columns)
    }
}
/// True if there is no NaN and no infinity.
pub(crate) fn finite<T: Scalar>(x: &[T]) -> bool {
    use crate::scalar::Mask;
    x.iter().all(|x| x.finite().all())
}

/// C <- A^H B for A of n x k and B of n x l.
pub(crate) fn inner<T: Scalar>(n: usize, a: &[T], b: &[T], c: &mut [T]) {
    let (k, l) = (columns(n, a), columns(n, b));
    let a = View::matrix(a, n, k).transposed();
    kernels::gemm((T::one(), false), true, a, View::matrix(b, n, l), ViewMut::matrix(&mut c[..k * l], k, l));
}
/// B <- B + alpha A C for A of n x k, C of k x l, B of n x l.
pub(crate) fn add_product<T: Scalar>(n: usize, alpha: T, a: &[T], c: &[T], b: &mut [T]) {
    let (k, l) = (columns(n, a), columns(n, b));
    if k > 0 && l > 0 {
        let (a, c) = (View::matrix(a, n, k), View::matrix(c, k, l));
        kernels::gemm((alpha, true), false, a, c, ViewMut::matrix(b, n, l));
    }
}
fn columns<T>(n: usize, a: &[T]) -> usize {
    a.len() / n.max(1)
}
/// A B of m x k and k x n numbers.
pub(crate) fn multiply<T: Scalar>((m, k, n): (usize, usize, usize), a: &[T], b: &[T]) -> Vec<T> {
    let mut c = vec![T::zero(); m * n];
    if m * k * n > 0 {
        let (a, b) = (View::matrix(a, m, k), View::matrix(b, k, n));
        kernels::gemm((T::one(), false), false, a, b, ViewMut::matrix(&mut c, m, n));
    }
    c
}
/// Y <- Y H^-1 for Y of n x k, by rows: H (row of Z)^H = (row of Y)^H.
pub(crate) fn divide<T: Scalar>(n: usize, y: &mut [T], l: &[T], d: &[T::Re]) {
    let k = d.len();
    let mut rows: Vec<T> = (0..n * k).map(|i| y[i / k + i % k * n].conj()).collect();
    kernels::ldl_solve(k, false, l, d, &mut rows, n);
    y.iter_mut().enumerate().for_each(|(i, y)| *y = rows[i / n + i % n * k].conj());
}
/// The first columns of V (n x m) <- V Z (Z of m x k), in blocks of rows. `out` holds such a block: it grows to the largest one, and is
/// kept by who rotates often.
pub(crate) fn rotate<T: Scalar>(n: usize, v: &mut [T], m: usize, z: &[T], out: &mut Vec<T>) {
    const ROWS: usize = 512;
    let k = z.len() / m.max(1);
    // room for any k, so that a later one does not allocate
    out.reserve((ROWS.min(n) * m).saturating_sub(out.len()));
    out.resize(ROWS.min(n) * k, T::zero());
    for first in (0..n).step_by(ROWS) {
        let rows = ROWS.min(n - first);
        let block = View::new(&v[first..], rows, m, 1, n);
        kernels::gemm(
            (T::one(), false),
            false,
            block,
            View::matrix(z, m, k),
            ViewMut::matrix(&mut out[..rows * k], rows, k),
        );
        for j in 0..k {
            v[first + j * n..][..rows].copy_from_slice(&out[j * rows..][..rows]);
        }
    }
}
/// w <- w - V V^H w for orthonormal V, h <- h + V^H w; classical Gram-Schmidt, repeated if more than half of w went (Daniel, Gragg,
/// Kaufman & Stewart, Math. Comp. 30, 1976). Returns |w| before and after. `c` holds as many numbers as V has columns.
pub(crate) fn project<V: Columns + ?Sized>(
    v: &V,
    w: &mut V,
    h: &mut [V::Scalar],
    c: &mut [V::Scalar],
) -> (VectorRe<V>, VectorRe<V>) {
    let n = w.size();
    let before = w.norm();
    let k = v.size() / n.max(1);
    let mut last = before;
    for _ in 0..3 {
        V::inner(n, v, w, c);
        V::add_product(n, -V::Scalar::of(1.0), v, &c[..k], w);
        h.iter_mut().zip(&c[..k]).for_each(|(h, &c)| *h += c);
        let after = w.norm();
        if after.lane_f64(0) >= 0.7 * last.lane_f64(0) {
            return (before, after);
        }
        last = after;
    }
    (before, last)
}
/// Makes the columns of W (n x k) orthonormal, and orthogonal to the orthonormal V; what depends on the others to `drop` of its
/// length is left out. Returns the number of columns that are left, moved to the front.
pub(crate) fn orthonormalise<V: Columns + ?Sized>(n: usize, v: &V, w: &mut V, drop: f64) -> usize {
    orthonormalise_in(n, v, w, drop, &mut Vec::new())
}
/// [`orthonormalise`] with room for two numbers per column of V or W, which is kept by who calls it often.
pub(crate) fn orthonormalise_in<V: Columns + ?Sized>(
    n: usize,
    v: &V,
    w: &mut V,
    drop: f64,
    room: &mut Vec<V::Scalar>,
) -> usize {
    let mut kept = 0;
    let columns = w.size() / n.max(1);
    let most = columns.max(v.size() / n.max(1));
    room.resize(room.len().max(2 * most), V::Scalar::zero());
    let (c, h) = room.split_at_mut(most);
    for j in 0..columns {
        let mut left = 1.0;
        {
            let (done, mut x) = w.before(n, j);
            let x = &mut *x;
            let size = x.norm();
            if !(size.lane_f64(0) > 0.0) {
                continue;
            }
            normalise(x, size);
            // twice against both: what is left may be small and must still be orthogonal
            for _ in 0..2 {
                let (_, _) = project(v, x, h, c);
                let (_, after) = project(&*done.part(0..kept * n), x, h, c);
                left *= after.lane_f64(0);
                if !(left > drop) {
                    break;
                }
                normalise(x, after);
            }
        }
        if !(left > drop) {
            continue;
        }
        w.copy_within(j * n..(j + 1) * n, kept * n);
        kept += 1;
    }
    kept
}

/// A = U diag(s) V^H of an m x n matrix, m >= n, in place: `a` becomes U, its columns of length 1 (or 0 where s is 0), s descends.
/// One-sided Jacobi: small singular values are as accurate as the columns allow (Demmel & Veselic, SIMAX 13, 1992).
///
/// # Errors
/// `NonFinite`, `NotConverged` after 60 sweeps.
pub(crate) fn jacobi_svd<T: Scalar>(m: usize, n: usize, a: &mut [T]) -> Result<(Vec<T::Re>, Vec<T>)> {
    let (mut s, mut v) = (vec![T::Re::zero(); n], vec![T::zero(); n * n]);
    jacobi_svd_in(m, n, a, &mut s, &mut v)?;
    Ok((s, v))
}
/// [`jacobi_svd`] where the caller says: s of n numbers, V of n x n.
///
/// # Errors
/// As `jacobi_svd`.
pub(crate) fn jacobi_svd_in<T: Scalar>(m: usize, n: usize, a: &mut [T], s: &mut [T::Re], v: &mut [T]) -> Result<()> {
    if !finite(a) {
        return Err(Error::non_finite("the matrix of a singular value decomposition"));
    }
    // squares of the entries must be numbers
    let most = a.iter().fold(T::Re::zero(), |s, x| s.max(x.abs()));
    let unit = if most.lane_f64(0) > 0.0 { most } else { T::Re::real(1.0) };
    let root = T::Re::real(1.0) / unit.sqrt();
    a.iter_mut().for_each(|x| *x = x.scale(root).scale(root));
    v.fill(T::zero());
    (0..n).for_each(|i| v[i + i * n] = T::one());
    let eps = T::Re::epsilon().lane_f64(0);
    let mut sweeps = 0;
    loop {
        let mut worst = 0.0f64;
        for p in 0..n {
            for q in p + 1..n {
                let (low, high) = a.split_at_mut(q * m);
                let (x, y) = (&mut low[p * m..][..m], &mut high[..m]);
                let (xx, yy, xy) = (x.dot(x).re(), y.dot(y).re(), x.dot(y));
                let (fx, fy, f) = (xx.lane_f64(0), yy.lane_f64(0), xy.abs().lane_f64(0));
                if f <= eps * (fx * fy).sqrt() || f == 0.0 || fx.min(fy) <= 1e-300 && f < 1e-300 {
                    continue;
                }
                worst = worst.max(f / (fx * fy).sqrt());
                // [x y] <- [x y] J with J = [c s; -conj(phase) s.. ]: a rotation after the phase of x^H y is taken out
                let phase = xy.scale(T::Re::real(1.0) / xy.abs());
                let zeta = (fy - fx) / (2.0 * f);
                let t = zeta.signum() / (zeta.abs() + (1.0 + zeta * zeta).sqrt());
                let t = if zeta == 0.0 { 1.0 } else { t };
                let c = 1.0 / (1.0 + t * t).sqrt();
                let (c, s) = (T::Re::real(c), T::Re::real(c * t));
                turn(x, y, c, s, phase);
                let (low, high) = v.split_at_mut(q * n);
                turn(&mut low[p * n..][..n], &mut high[..n], c, s, phase);
            }
        }
        if worst <= 16.0 * eps {
            break;
        }
        sweeps += 1;
        if sweeps == 60 {
            return Err(Error::not_converged("Jacobi SVD", sweeps, worst, eps));
        }
    }
    s.fill(T::Re::zero());
    s.iter_mut().zip(a.chunks_exact(m.max(1))).for_each(|(s, x)| *s = x.norm());
    // by exchanges of columns
    for k in 0..n {
        let best = (k + 1..n).fold(k, |best, j| if s[j].lane_f64(0) > s[best].lane_f64(0) { j } else { best });
        if best != k {
            s.swap(k, best);
            for (x, rows) in [(&mut *a, m), (&mut *v, n)] {
                let (low, high) = x.split_at_mut(best * rows);
                low[k * rows..][..rows].swap_with_slice(&mut high[..rows]);
            }
        }
        if s[k].lane_f64(0) > 0.0 {
            normalise(&mut a[k * m..][..m], s[k]);
        }
        s[k] *= unit;
    }
    Ok(())
}
/// x <- c x - s conj(phase) y, y <- s phase x + c y.
fn turn<T: Scalar>(x: &mut [T], y: &mut [T], c: T::Re, s: T::Re, phase: T) {
    for (x, y) in x.iter_mut().zip(y) {
        let (a, b) = (*x, *y * phase.conj());
        *x = a.scale(c) - b.scale(s);
        *y = (a.scale(s) + b.scale(c)) * phase;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algorithms::random::Stream;
    use crate::scalar::Complex;

    fn some<T: Scalar>(len: usize, stream: u64) -> Vec<T> {
        let mut x = vec![T::zero(); len];
        Stream::new(5, stream).normal(&mut x);
        x
    }
    fn orthonormal<T: Scalar>(n: usize, w: &[T]) -> f64 {
        let k = w.len() / n;
        let mut g = vec![T::zero(); k * k];
        inner(n, w, w, &mut g);
        (0..k * k).fold(0.0, |m: f64, i| {
            let one = if i % (k + 1) == 0 { T::one() } else { T::zero() };
            m.max((g[i] - one).abs().lane_f64(0))
        })
    }

    #[test]
    fn svd_of_anything() {
        fn check<T: Scalar>(m: usize, n: usize, scale: f64, tol: f64) {
            let mut a: Vec<T> = some(m * n, 1);
            // columns of very different length, and two that are equal
            for (k, x) in a.iter_mut().enumerate() {
                *x = x.scale(T::Re::real(scale * 10f64.powi(-((k / m) as i32))));
            }
            if n > 2 {
                a.copy_within(0..m, m);
            }
            let mut u = a.clone();
            let (s, v) = jacobi_svd(m, n, &mut u).unwrap();
            assert!(s.windows(2).all(|w| w[0].lane_f64(0) >= w[1].lane_f64(0)));
            assert!(orthonormal(n, &v) < tol);
            for i in 0..m {
                for j in 0..n {
                    let x = (0..n).fold(T::zero(), |x, k| x + u[i + k * m].scale(s[k]) * v[j + k * n].conj());
                    assert!((x - a[i + j * m]).abs().lane_f64(0) <= tol * scale, "{m} x {n}");
                }
            }
        }
        for (m, n) in [(1, 1), (5, 3), (8, 8), (30, 12)] {
            check::<f64>(m, n, 1.0, 1e-13);
            check::<Complex<f64>>(m, n, 1e200, 1e-13);
            check::<f32>(m, n, 1e-30, 1e-5);
        }
        assert_eq!(jacobi_svd::<f64>(4, 2, &mut [0.0; 8]).unwrap().0, [0.0, 0.0]);
        assert!(jacobi_svd::<f64>(1, 1, &mut [f64::NAN]).is_err());
    }

    #[test]
    fn orthonormalises_and_drops() {
        let n = 40;
        let mut v: Vec<Complex<f64>> = some(n * 5, 1);
        assert_eq!(orthonormalise(n, &[][..], &mut v[..], 1e-10), 5);
        assert!(orthonormal(n, &v) < 1e-14);
        // three new ones, one inside of V, one zero, one nearly dependent
        let mut w: Vec<Complex<f64>> = some(n * 6, 2);
        w.copy_within(0..n, 5 * n);
        w[5 * n] += Complex::new(1e-9, 0.0);
        let (inside, zero) = (v[n..2 * n].to_vec(), vec![Complex::new(0.0, 0.0); n]);
        w[n..2 * n].copy_from_slice(&inside);
        w[2 * n..3 * n].copy_from_slice(&zero);
        let kept = orthonormalise(n, &v[..], &mut w[..], 1e-12);
        assert_eq!(kept, 4);
        let all = [&v[..], &w[..kept * n]].concat();
        assert!(orthonormal(n, &all) < 1e-14, "{}", orthonormal(n, &all));
    }

    #[test]
    fn rotates_in_place() {
        let (n, m, k) = (1100, 6, 4);
        let (v, z): (Vec<f64>, Vec<f64>) = (some(n * m, 1), some(m * k, 2));
        let want = multiply((n, m, k), &v, &z);
        let mut got = v;
        rotate(n, &mut got, m, &z, &mut Vec::new());
        assert!(got.iter().zip(&want).all(|(x, y)| (x - y).abs() < 1e-13));
    }
}
