//! Eigenvalues of one Hermitian matrix by Householder tridiagonalisation and implicit QL.
//!
//! Golub & Van Loan, sections 8.3.1 and 8.3.3; Bowdler, Martin, Reinsch & Wilkinson, Numer. Math. 11 (1968), the `tql2` of
//! EISPACK, for the QL step. Deviation: a cap of 30 n QL steps in all, so that NaN ends as a failure.

use super::eigen::range;
use super::loops::{dot, sub_scaled};
use super::small::size;
use crate::error::Outcome;
use crate::operator::with_scratch;
use crate::scalar::{Mask, Real, Scalar};
use num_traits::{One, Zero};

/// sqrt(x^2 + y^2) of numbers that are scaled to be near 1.
#[inline(always)]
fn hypot<R: Real>(x: R, y: R) -> R {
    (x * x + y * y).sqrt()
}

/// A <- Q^H A Q tridiagonal (read from the lower triangle). The reflector of column k stays below its subdiagonal, scaled so
/// that H = I - v v^H; `d` is the diagonal, `e` the subdiagonal made real and nonnegative by the phases that start `v`.
fn tridiagonalise<T: Scalar>(n: usize, a: &mut [T], d: &mut [T::Re], e: &mut [T::Re], v: &mut [T], p: &mut [T]) {
    let (zero, one) = (T::Re::zero(), T::Re::one());
    let low = T::Re::real(range::<T>().0);
    v.fill(T::zero());
    let mut phase = T::one();
    v[0] = phase;
    for k in 0..n - 1 {
        let (left, right) = a.split_at_mut((k + 1) * n);
        let x = &mut left[k * n + k + 1..];
        // a column whose squares would vanish is divided by its largest entry: else H would not be unitary
        let most = x.iter().fold(zero, |m, x| m.max(size(*x)));
        let unit = T::Re::select(zero.lt(most) & most.lt(low), most, one);
        if most.lt(low).any() {
            let root = one / unit.sqrt(); // twice: 1 / unit may overflow
            for y in x.iter_mut() {
                *y = y.scale(root).scale(root);
            }
        }
        let tail = x[1..].iter().fold(zero, |s, y| s + y.abs_sq());
        let mut sub = x[0];
        if zero.lt(tail).any() {
            let norm = (tail + x[0].abs_sq()).sqrt();
            let head = x[0].abs();
            let some = zero.lt(head);
            let direction = T::select(some, x[0].scale(one / T::Re::select(some, head, one)), T::one());
            sub = -direction.scale(norm);
            // v = x + direction norm e_1, |v|^2 = 2 norm (norm + head); scaled to |v|^2 = 2
            let s = one / (norm * (norm + head)).sqrt();
            x[0] = direction.scale(norm + head);
            for y in x.iter_mut() {
                *y = y.scale(s);
            }
            // A22 <- A22 - v w^H - w v^H with p = A22 v, w = p - v (v^H p) / 2
            let m = n - k - 1;
            let p = &mut p[..m];
            p.fill(T::zero());
            for j in 0..m {
                let column = &right[j * n + k + 1 + j..(j + 1) * n];
                let xj = x[j];
                p[j] = p[j].add_mul(T::from_re(column[0].re()), xj) + dot(&column[1..], &x[j + 1..]);
                for (p, c) in p[j + 1..].iter_mut().zip(&column[1..]) {
                    *p = p.add_mul(*c, xj);
                }
            }
            let half = dot(x, p).re() * T::Re::real(0.5);
            for (p, x) in p.iter_mut().zip(x.iter()) {
                *p -= x.scale(half);
            }
            for j in 0..m {
                let column = &mut right[j * n + k + 1 + j..(j + 1) * n];
                sub_scaled(column, &x[j..], p[j].conj());
                sub_scaled(column, &p[j..], x[j].conj());
            }
        } else {
            x.fill(T::zero());
        }
        let length = sub.abs() * unit;
        let some = zero.lt(length);
        phase = T::select(some, phase * sub.scale(one / T::Re::select(some, sub.abs(), one)), phase);
        v[(k + 1) * (n + 1)] = phase;
        e[k] = length;
        d[k] = left[k * n + k].re();
    }
    d[n - 1] = a[n * n - 1].re();
    e[n - 1] = zero;
    // V <- H_0 H_1 .. V, last reflector first; only the trailing block is not the identity yet
    for k in (0..n - 1).rev() {
        let x = &a[k * n + k + 1..(k + 1) * n];
        for column in v.chunks_exact_mut(n).skip(k + 1) {
            let s = dot(x, &column[k + 1..]);
            sub_scaled(&mut column[k + 1..], x, s);
        }
    }
}

/// QL with implicit shifts on the tridiagonal (d, e); its rotations are applied to the n columns of V, of any length. Returns what is
/// left of the subdiagonal: zero unless the cap was met.
fn implicit_ql<T: Scalar>(n: usize, d: &mut [T::Re], e: &mut [T::Re], v: &mut [T]) -> T::Re {
    let (zero, one) = (T::Re::zero(), T::Re::one());
    let norm = d.iter().chain(e.iter()).fold(zero, |m, x| m.max(x.abs()));
    let floor = norm * T::Re::epsilon() * T::Re::epsilon();
    let small = |d: &[T::Re], e: &[T::Re], m: usize| {
        !(T::Re::epsilon() * (d[m].abs() + d[m + 1].abs()) + floor).lt(e[m].abs()).any()
    };
    let (mut steps, rows) = (0, v.len() / n.max(1));
    for l in 0..n {
        loop {
            let m = (l..n - 1).find(|&m| small(d, e, m)).unwrap_or(n - 1);
            if m == l {
                break;
            }
            if steps == 30 * n {
                return e[l].abs();
            }
            steps += 1;
            // Wilkinson's shift: the eigenvalue of the leading 2 x 2 block nearer to d_l
            let g = (d[l + 1] - d[l]) / (e[l] + e[l]);
            let r = hypot(g, one);
            let mut g = d[m] - d[l] + e[l] / (g + T::Re::select(g.lt(zero), -r, r));
            let (mut s, mut c, mut p) = (one, one, zero);
            let mut split = false;
            for i in (l..m).rev() {
                let (f, b) = (s * e[i], c * e[i]);
                let r = hypot(f, g);
                e[i + 1] = r;
                if !zero.lt(r).any() {
                    // the matrix has come apart at i + 1
                    d[i + 1] -= p;
                    e[m] = zero;
                    split = true;
                    break;
                }
                (s, c) = (f / r, g / r);
                let h = d[i + 1] - p;
                let r = (d[i] - h) * s + (c + c) * b;
                p = s * r;
                d[i + 1] = h + p;
                g = c * r - b;
                let (x, y) = v[i * rows..(i + 2) * rows].split_at_mut(rows);
                for (x, y) in x.iter_mut().zip(y) {
                    (*x, *y) = (x.scale(c) - y.scale(s), x.scale(s) + y.scale(c));
                }
            }
            if !split {
                d[l] -= p;
                e[l] = g;
                e[m] = zero;
            }
        }
    }
    zero
}

/// A = V diag(w) V^H, unsorted, of one matrix; reads the lower triangle, entries scaled near 1.
///
/// Cost: 4 n^3 / 3 for the reduction, 4 n^3 / 3 for Q, about 6 n^3 for the rotations. Allocates nothing up to n = 512, 2 n numbers above.
#[inline(never)]
pub(super) fn tridiagonal_ql<T: Scalar>(n: usize, a: &mut [T], w: &mut [T::Re], v: &mut [T]) -> Outcome<T> {
    let mut out = Outcome::fine();
    if n == 0 {
        return out;
    }
    let left = with_scratch(n, |e: &mut [T::Re]| {
        with_scratch(n, |p: &mut [T]| tridiagonalise(n, a, w, e, v, p));
        implicit_ql(n, w, e, v)
    });
    let good = !T::Re::zero().lt(left) & w.iter().fold(left, |s, x| s + *x).finite();
    out.pivot(0, left, good);
    out
}

/// The same of a Hermitian matrix that is tridiagonal: `w` holds its diagonal, `lower` the entries (i + 1, i). No reduction.
///
/// Cost: about 6 n^3 for the rotations of V.
pub fn hermitian_tridiagonal<T: Scalar>(n: usize, w: &mut [T::Re], lower: &[T], v: &mut [T]) -> Outcome<T> {
    let (mut out, zero, one) = (Outcome::fine(), T::Re::zero(), T::Re::one());
    if n == 0 {
        return out;
    }
    let most = w.iter().fold(zero, |m, x| m.max(x.abs()));
    let most = lower.iter().fold(most, |m, x| m.max(x.abs()));
    let scale = T::Re::select(zero.lt(most) & most.finite(), most, one);
    let root = one / scale.sqrt(); // twice: 1 / scale may overflow
    w.iter_mut().for_each(|x| *x = *x * root * root);
    // A = P E P^H with E real: the phases of P start V
    v.fill(T::zero());
    let mut phase = T::one();
    v[0] = phase;
    let left = with_scratch(n, |e: &mut [T::Re]| {
        for (k, &x) in lower.iter().enumerate() {
            let x = x.scale(root).scale(root);
            e[k] = x.abs();
            let some = zero.lt(e[k]);
            phase = T::select(some, phase * x.scale(one / T::Re::select(some, e[k], one)), phase);
            v[(k + 1) * (n + 1)] = phase;
        }
        e[n - 1] = zero;
        implicit_ql(n, w, e, v)
    });
    let good = !zero.lt(left) & w.iter().fold(left, |s, x| s + *x).finite();
    out.pivot(0, left, good);
    w.iter_mut().for_each(|x| *x *= scale);
    out
}

/// The Gauss quadrature of a Jacobi matrix with diagonal `w` and subdiagonal `e`: `w` becomes the nodes, unsorted, and `q` the first entry
/// of each eigenvector, whose squares are the weights.
///
/// Golub & Welsch, Calculation of Gauss quadrature rules, Math. Comp. 23, 1969: one row of V, about 30 n^2 operations.
pub fn gauss<R: Real>(w: &mut [R], e: &[R], q: &mut [R]) -> Outcome<R> {
    let (n, mut out, zero, one) = (w.len(), Outcome::fine(), R::zero(), R::one());
    if n == 0 {
        return out;
    }
    let most = w.iter().chain(e).fold(zero, |m, x| m.max(x.abs()));
    let scale = R::select(zero.lt(most) & most.finite(), most, one);
    let root = one / scale.sqrt(); // twice: 1 / scale may overflow
    w.iter_mut().for_each(|x| *x = *x * root * root);
    q.fill(zero);
    q[0] = one;
    let left = with_scratch(n, |sub: &mut [R]| {
        sub[..n - 1].iter_mut().zip(e).for_each(|(s, &x)| *s = x * root * root);
        sub[n - 1] = zero;
        implicit_ql(n, w, sub, q)
    });
    let good = !zero.lt(left) & w.iter().fold(left, |s, x| s + *x).finite();
    out.pivot(0, left, good);
    w.iter_mut().for_each(|x| *x *= scale);
    out
}
