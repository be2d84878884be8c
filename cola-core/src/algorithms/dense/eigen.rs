//! Hermitian eigenproblem: choice of algorithm, range, order, derivatives.

use super::jacobi::{jacobi, marked};
use super::plane::{Plane, rotate};
use super::small::size;
use super::{Engine, UNROLL};
use crate::error::Outcome;
use crate::scalar::{Complex, Mask, Real, Scalar, mark};
use num_traits::{One, Zero};

/// Largest single matrix for Jacobi; f64 Jacobi / QL 19 / 130 ns at n = 2, 352 / 327 at 3, 920 / 709 at 4.
const JACOBI: usize = 3;

/// Eigenvalues and eigenvectors A = V diag(w) V^H of a Hermitian matrix; reads the lower triangle, destroys `a`.
///
/// w ascends for single numbers; lanes are left unsorted, as no order suits all of them. A lane that has not converged or is
/// not finite is bad; the value reported is what is left off the diagonal. Derivatives (dual numbers) are those of the
/// eigenvalues and eigenvectors where eigenvalues are distinct; within a cluster the basis is taken as it is.
///
/// Cost: about 9 n^3 (single numbers), 4 n^3 per Jacobi sweep (lanes; 6 to 10 sweeps).
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn eigh<T: Scalar>(n: usize, fixed: bool, a: &mut [T], w: &mut [T::Re], v: &mut [T]) -> Outcome<T> {
    let zero = T::Re::zero();
    let marks = if n <= 2 { (0..n).fold(zero, |s, j| (j..n).fold(s, |s, i| s + mark(a[i + j * n]))) } else { zero };
    let mut out = spectrum(n, fixed, a, w, v);
    if T::LANES == 1 {
        out.pivot(0, T::Re::real(f64::NAN), marks.finite());
        sort(n, w, v);
    }
    out
}
/// [`eigh`] in any order: for functions of a matrix, which need none. The caller has tested a single number's matrix for NaN and infinity.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn spectrum<T: Scalar>(n: usize, fixed: bool, a: &mut [T], w: &mut [T::Re], v: &mut [T]) -> Outcome<T> {
    if T::LANES == 1 && !(T::PLAIN && fixed && n <= JACOBI) {
        return T::engine_eigh(n, a, w, v);
    }
    if fits(n, a).all() {
        return jacobi(n, fixed && n <= UNROLL, a, w, v);
    }
    let scale = normalise(n, a);
    let out = jacobi(n, fixed && n <= UNROLL, a, w, v);
    for x in &mut w[..n] {
        *x *= scale;
    }
    out
}
/// [`spectrum`] of a static 2 x 2 matrix of numbers that are their value, or of lanes of them; a function of the matrix follows from the
/// plane alone.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn spectrum_of_two<T: Scalar>(a: &mut [T], w: &mut [T::Re], v: &mut [T]) -> (Outcome<T>, Plane<T>) {
    if fits(2, a).all() {
        return (marked(2, a), rotate(a, w, v));
    }
    let scale = normalise(2, a);
    let plane = rotate(a, w, v);
    w.iter_mut().for_each(|x| *x *= scale);
    (marked(2, a), plane.of(w))
}
/// Whether the squares of the entries of the lower triangle neither overflow nor vanish.
#[inline(always)]
fn fits<T: Scalar>(n: usize, a: &[T]) -> T::Mask {
    let most = largest(n, a);
    let (low, high) = range::<T>();
    !most.lt(T::Re::real(low)) & !T::Re::real(high).lt(most)
}
/// The size of the largest entry of the lower triangle.
#[cfg_attr(not(debug_assertions), inline(always))]
fn largest<T: Scalar>(n: usize, a: &[T]) -> T::Re {
    let mut most = T::Re::zero();
    for j in 0..n {
        for i in j..n {
            most = most.max(size(a[i + j * n]));
        }
    }
    most
}

/// The sizes whose squares, and those of eps times as much, are normal numbers.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn range<T: Scalar>() -> (f64, f64) {
    let double = T::Re::epsilon().lane_f64(0) < 1e-10;
    if double { (1e-100, 1e100) } else { (1e-10, 1e15) }
}
/// Divides the lower triangle by its largest entry where the squares of the entries would overflow or vanish; returns the
/// divisor, 1 otherwise.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn normalise<T: Scalar>(n: usize, a: &mut [T]) -> T::Re {
    let one = T::Re::one();
    let most = largest(n, a);
    let (low, high) = range::<T>();
    let fits = !most.lt(T::Re::real(low)) & !T::Re::real(high).lt(most);
    let scale = T::Re::select(fits | !T::Re::zero().lt(most) | !most.finite(), one, most);
    if !fits.all() {
        let root = T::Re::one() / scale.sqrt(); // twice: 1 / scale may overflow
        for j in 0..n {
            for x in &mut a[j * n + j..(j + 1) * n] {
                *x = x.scale(root).scale(root);
            }
        }
    }
    scale
}

/// Ascending, stable: insertion by exchange of neighbours in the small, by select so that nothing branches at n <= 3.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn sort<T: Scalar>(n: usize, w: &mut [T::Re], v: &mut [T]) {
    if n > JACOBI {
        return sort_columns(n, w, v);
    }
    for i in 1..n {
        for j in (1..=i).rev() {
            let m = w[j].lt(w[j - 1]);
            (w[j - 1], w[j]) = (T::Re::select(m, w[j], w[j - 1]), T::Re::select(m, w[j - 1], w[j]));
            for k in 0..n {
                let (x, y) = (v[k + (j - 1) * n], v[k + j * n]);
                v[k + (j - 1) * n] = T::select(m, y, x);
                v[k + j * n] = T::select(m, x, y);
            }
        }
    }
}
/// Selection: n - 1 exchanges of columns at most.
fn sort_columns<T: Scalar>(n: usize, w: &mut [T::Re], v: &mut [T]) {
    for i in 0..n {
        let least = (i + 1..n).fold(i, |m, j| if w[j].lt(w[m]).any() { j } else { m });
        if least != i {
            w.swap(i, least);
            let (head, tail) = v.split_at_mut(least * n);
            head[i * n..(i + 1) * n].swap_with_slice(&mut tail[..n]);
        }
    }
}

/// Eigenvectors of one matrix whose numbers carry derivatives: those of the values by the engine in f64, then two steps of
/// the refinement of Ogita & Aishima (Japan J. Indust. Appl. Math. 35, 2018) of which only the infinitesimal part is kept.
/// A step doubles the order that is exact, so two are enough up to third derivatives.
///
/// Differentiating the iteration itself would be wrong where an entry is 0 and its derivative is not: deflation drops it.
pub(super) fn differentiated<T: Scalar>(n: usize, a: &mut [T], w: &mut [T::Re], v: &mut [T]) -> Outcome<T> {
    let value = |x: T| Complex::new(x.re().lane_f64(0), x.im().lane_f64(0));
    let values: Vec<_> = a[..n * n].iter().map(|x| value(*x)).collect();
    let mut wv = vec![0.0; n];
    let found = if values.iter().all(|x| x.im == 0.0) {
        let (mut av, mut vv): (Vec<_>, _) = (values.iter().map(|x| x.re).collect(), vec![0.0; n * n]);
        let found = f64::engine_eigh(n, &mut av, &mut wv, &mut vv);
        v.iter_mut().zip(vv).for_each(|(v, x)| *v = T::of(x));
        (found.ok, found.value)
    } else {
        let (mut av, mut vv) = (values, vec![Complex::zero(); n * n]);
        let found = Complex::<f64>::engine_eigh(n, &mut av, &mut wv, &mut vv);
        let i = (-T::one()).sqrt();
        v.iter_mut().zip(vv).for_each(|(v, x)| *v = T::of(x.re) + i.scale(T::Re::real(x.im)));
        (found.ok, found.value)
    };
    w.iter_mut().zip(&wv).for_each(|(w, x)| *w = T::Re::real(*x));
    let mut out = Outcome::fine();
    out.pivot(0, T::Re::real(found.1), T::Mask::splat(found.0));
    if !found.0 || n == 0 {
        return out;
    }
    for j in 0..n {
        for i in j..n {
            a[j + i * n] = a[i + j * n].conj();
        }
    }
    let gap = wv.iter().fold(0.0f64, |m, x| m.max(x.abs())) * f64::EPSILON * n as f64;
    let (mut av, mut e, mut fresh) = (vec![T::zero(); n * n], vec![T::zero(); n * n], vec![T::zero(); n * n]);
    let dot = super::loops::dot::<T>;
    for _ in 0..2 {
        multiply(n, a, v, &mut av);
        for j in 0..n {
            for i in 0..n {
                // m = V^H A V, s = V^H V
                let (vi, vj) = (&v[i * n..(i + 1) * n], &v[j * n..(j + 1) * n]);
                let (m, s) = (dot(vi, &av[j * n..(j + 1) * n]), dot(vi, vj));
                let close = (wv[j] - wv[i]).abs() <= gap;
                e[i + j * n] = infinitesimal(if close {
                    let excess = if i == j { s - T::one() } else { s };
                    -excess.scale(T::Re::real(0.5))
                } else {
                    (m - s.scale(w[j])).scale(T::Re::one() / (w[j] - w[i]))
                });
                if i == j {
                    // the Rayleigh quotient is exact to twice the order of V
                    let rayleigh = m.re() / s.re();
                    fresh[j] = T::from_re(infinitesimal(rayleigh) + T::Re::real(wv[j]));
                }
            }
        }
        for j in 0..n {
            w[j] = fresh[j].re();
        }
        multiply(n, v, &e, &mut fresh);
        v.iter_mut().zip(&fresh).for_each(|(v, x)| *v += *x);
    }
    out
}
/// x less its value: zero but for the derivatives.
fn infinitesimal<T: Scalar>(x: T) -> T {
    let im = x.im().lane_f64(0);
    let real = x - T::of(x.re().lane_f64(0));
    if im == 0.0 { real } else { real - (-T::one()).sqrt().scale(T::Re::real(im)) }
}
/// c = a b, square.
fn multiply<T: Scalar>(n: usize, a: &[T], b: &[T], c: &mut [T]) {
    use crate::view::{View, ViewMut};
    let (a, b) = (View::matrix(a, n, n), View::matrix(b, n, n));
    super::products::gemm_loops((T::one(), false), false, a, b, ViewMut::matrix(c, n, n));
}
