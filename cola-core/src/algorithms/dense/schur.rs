//! Complex Schur form A = Q T Q^H of one general matrix. (faer 0.24 keeps its own to itself.)
//!
//! Golub & Van Loan, sections 7.4.2 (Householder reduction) and 7.5 (shifted QR), with one complex Wilkinson shift per step and
//! rotations; exceptional shifts and deflation as in LAPACK's `zlahqr`. No balancing.

use super::eigen::range;
use super::loops::{dot, sub_scaled};
use super::small::size;
use crate::algorithms::dense::Engine;
use crate::error::{Error, Result};
use crate::operator::with_scratch;
use crate::scalar::{Complex, Mask, Real, Scalar};
use num_traits::{NumAssign, One, Zero};

/// QR steps per eigenvalue before giving up; two to three are usual.
const MAX_STEPS: usize = 30;

/// A = Q T Q^H with T upper triangular and Q unitary, as (T, Q), column-major. An upper triangular A comes back as it is.
///
/// Errors: [`Error::NonFinite`], [`Error::NotConverged`]. For single numbers. Cost: about 25 n^3 complex operations.
pub fn schur<T>(n: usize, a: &[T]) -> Result<(Vec<Complex<T::Re>>, Vec<Complex<T::Re>>)>
where
    T: Scalar,
    T::Re: NumAssign,
    Complex<T::Re>: Engine,
{
    let (mut t, mut q) = (vec![Complex::zero(); n * n], vec![Complex::zero(); n * n]);
    schur_in(n, a, &mut t, &mut q)?;
    Ok((t, q))
}
/// [`schur`] where the caller says, T and Q of n x n; allocates nothing for n up to 256.
///
/// Errors: as `schur`.
pub fn schur_in<T>(n: usize, a: &[T], t: &mut [Complex<T::Re>], q: &mut [Complex<T::Re>]) -> Result<()>
where
    T: Scalar,
    T::Re: NumAssign,
    Complex<T::Re>: Engine,
{
    if !a[..n * n].iter().all(|x| x.finite().all()) {
        return Err(Error::non_finite("the matrix"));
    }
    let (zero, one) = (T::Re::zero(), T::Re::one());
    let most = a[..n * n].iter().fold(zero, |m, x| m.max(size(*x)));
    let (low, high) = range::<T>();
    let fits = !most.lt(T::Re::real(low)).any() && !T::Re::real(high).lt(most).any();
    let unit = if fits || !zero.lt(most).any() { one } else { most };
    let root = one / unit.sqrt();
    for (t, x) in t.iter_mut().zip(&a[..n * n]) {
        *t = match fits {
            true => Complex::new(x.re(), x.im()),
            false => Complex::new(x.re() * root * root, x.im() * root * root),
        };
    }
    q.fill(Complex::zero());
    for i in 0..n {
        q[i * (n + 1)] = Complex::one();
    }
    with_scratch(n, |v| with_scratch(n, |p| hessenberg(n, t, q, v, p)));
    with_scratch(n, |c| with_scratch(n, |s| iterate(n, t, q, c, s)))?;
    if !fits {
        t.iter_mut().for_each(|x| *x = x.scale(unit));
    }
    Ok(())
}

/// A <- H_{n-3} .. H_0 A H_0 .. H_{n-3}, zero below the subdiagonal; Q <- Q H_0 .. H_{n-3}.
fn hessenberg<C: Scalar>(n: usize, a: &mut [C], q: &mut [C], v: &mut [C], p: &mut [C]) {
    let (zero, one) = (C::Re::zero(), C::Re::one());
    for k in 0..n.saturating_sub(2) {
        let m = n - k - 1;
        let x = &mut a[k * n + k + 1..(k + 1) * n];
        let most = x[1..].iter().fold(zero, |m, x| m.max(size(*x)));
        if !zero.lt(most).any() {
            continue;
        }
        // in units of the largest entry: a reflector of tiny numbers is as unitary as any
        let most = most.max(size(x[0]));
        let root = one / most.sqrt();
        let v = &mut v[..m];
        for (v, x) in v.iter_mut().zip(x.iter()) {
            *v = x.scale(root).scale(root);
        }
        let norm = v.iter().fold(zero, |s, x| s + x.abs_sq()).sqrt();
        let head = v[0].abs();
        let some = zero.lt(head);
        let direction = C::select(some, v[0].scale(one / C::Re::select(some, head, one)), C::one());
        x.fill(C::zero());
        x[0] = -direction.scale(norm).scale(most);
        v[0] = direction.scale(norm + head);
        let s = one / (norm * (norm + head)).sqrt(); // |v|^2 = 2, H = I - v v^H
        v.iter_mut().for_each(|x| *x = x.scale(s));
        for column in a[(k + 1) * n..].chunks_exact_mut(n) {
            let s = dot(v, &column[k + 1..]);
            sub_scaled(&mut column[k + 1..], v, s);
        }
        for matrix in [&mut a[(k + 1) * n..], &mut q[(k + 1) * n..]] {
            p.fill(C::zero());
            for (column, v) in matrix.chunks_exact(n).zip(v.iter()) {
                sub_scaled(p, column, -*v);
            }
            for (column, v) in matrix.chunks_exact_mut(n).zip(v.iter()) {
                sub_scaled(column, p, v.conj());
            }
        }
    }
}

/// The rotation [c, s; -conj(s), c] that turns (f, g) into (r, 0): (c, s, r).
#[inline(always)]
fn givens<C: Scalar>(f: C, g: C) -> (C::Re, C, C) {
    let (zero, one) = (C::Re::zero(), C::Re::one());
    let (x, y) = (f.abs(), g.abs());
    if !zero.lt(y).any() {
        return (one, C::zero(), f);
    }
    if !zero.lt(x).any() {
        return (zero, g.conj().scale(one / y), C::from_re(y));
    }
    let big = x.max(y);
    let r = big * ((x / big) * (x / big) + (y / big) * (y / big)).sqrt();
    let phase = f.scale(one / x);
    (x / r, phase * g.conj().scale(one / r), phase.scale(r))
}
/// The eigenvalue of [[a, b], [c, d]] that is nearer to d.
fn wilkinson<C: Scalar>(a: C, b: C, c: C, d: C) -> C {
    let half = (a - d).scale(C::Re::real(0.5));
    let product = b * c;
    let root = (half * half + product).sqrt();
    let plus = (half.conj() * root).re().lt(C::Re::zero()).any();
    let den = if plus { half - root } else { half + root };
    if C::Re::zero().lt(den.abs()).any() { d - product / den } else { d }
}
/// Shifted QR steps until the subdiagonal is gone. The rotations of a step are kept in `cos` and `sin`.
fn iterate<C: Scalar>(n: usize, h: &mut [C], q: &mut [C], cos: &mut [C::Re], sin: &mut [C]) -> Result<()> {
    let eps = C::Re::epsilon();
    let norm = h.iter().fold(C::Re::zero(), |m, x| m.max(size(*x)));
    let (mut end, mut steps, mut since) = (n, 0, 0);
    while end > 1 {
        let m = end - 1;
        let negligible = |h: &[C], i: usize| {
            let near = size(h[i + i * n]) + size(h[i - 1 + (i - 1) * n]);
            let scale = if C::Re::zero().lt(near).any() { near } else { norm };
            !(scale * eps).lt(size(h[i + (i - 1) * n])).any()
        };
        let start = (1..end).rev().find(|&i| negligible(h, i)).unwrap_or(0);
        if start > 0 {
            h[start + (start - 1) * n] = C::zero();
        }
        if start == m {
            (end, since) = (m, 0);
            continue;
        }
        if steps == MAX_STEPS * n {
            let residual = (h[m + (m - 1) * n].abs() / norm).lane_f64(0);
            return Err(Error::NotConverged {
                algorithm: "shifted QR",
                iterations: steps,
                residual,
                tol: eps.lane_f64(0),
                best: crate::error::Iterate::NONE,
            });
        }
        (steps, since) = (steps + 1, since + 1);
        let shift = if since % 10 == 0 {
            h[m + m * n] + C::from_re(h[m + (m - 1) * n].abs() * C::Re::real(0.75))
        } else {
            wilkinson(h[m - 1 + (m - 1) * n], h[m - 1 + m * n], h[m + (m - 1) * n], h[m + m * n])
        };
        for i in start..end {
            h[i * (n + 1)] -= shift;
        }
        // (H - s I) = G^H R column by column, then R G^H + s I
        let mut known = 0;
        for j in start..n {
            let column = &mut h[j * n..(j + 1) * n];
            for (k, (c, s)) in cos[..known].iter().zip(&sin[..known]).enumerate() {
                let (x, y) = (column[start + k], column[start + k + 1]);
                column[start + k] = x.scale(*c) + y * *s;
                column[start + k + 1] = y.scale(*c) - x * s.conj();
            }
            if j < m {
                let (c, s, r) = givens(column[j], column[j + 1]);
                (column[j], column[j + 1]) = (r, C::zero());
                (cos[known], sin[known]) = (c, s);
                known += 1;
            }
        }
        for (k, (c, s)) in cos[..known].iter().zip(&sin[..known]).enumerate() {
            let k = start + k;
            rotate_columns(n, k, k + 2, h, *c, *s);
            rotate_columns(n, k, n, q, *c, *s);
        }
        for i in start..end {
            h[i * (n + 1)] += shift;
        }
    }
    Ok(())
}
/// Columns k and k + 1, first `rows` rows: [x, y] <- [x, y] [c, -s; conj(s), c].
fn rotate_columns<C: Scalar>(n: usize, k: usize, rows: usize, a: &mut [C], c: C::Re, s: C) {
    let (x, y) = a[k * n..(k + 2) * n].split_at_mut(n);
    for (x, y) in x[..rows].iter_mut().zip(y) {
        (*x, *y) = (x.scale(c) + *y * s.conj(), y.scale(c) - *x * s);
    }
}
