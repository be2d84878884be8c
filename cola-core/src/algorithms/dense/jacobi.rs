//! Cyclic Jacobi eigenvalue iteration for Hermitian matrices: for lanes of any size and for single matrices up to 3 x 3.
//!
//! Golub & Van Loan, section 8.5; Rutishauser, Numer. Math. 9 (1966) for the update of the diagonal. Only the lower triangle is
//! kept. All lanes make the same sweeps; the loop ends when each has converged or is hopeless.

use super::small::unroll;
use crate::error::Outcome;
use crate::facts::Fact;
use crate::scalar::{Mask, Real, Scalar, mark};
use num_traits::{One, Zero};

/// Sweeps before giving up; convergence is quadratic, 6 to 10 are usual up to n = 64.
const MAX_SWEEPS: usize = 40;

/// Rotates (x, y) <- (c x - conj(s) y, s x + c y).
#[inline(always)]
fn rotate<T: Scalar>(x: T, y: T, c: T::Re, s: T) -> (T, T) {
    (x.scale(c).sub_mul(y, s.conj()), y.scale(c).add_mul(x, s))
}
/// One rotation in the plane p < q that makes a_pq zero; V takes part.
#[cfg_attr(not(debug_assertions), inline(always))]
fn annihilate<T: Scalar>(n: usize, p: usize, q: usize, a: &mut [T], v: &mut [T]) {
    let (zero, one) = (T::Re::zero(), T::Re::one());
    let below = a[q + p * n];
    let sq = below.abs_sq();
    let go = zero.lt(sq); // also false where it underflows: then there is nothing to rotate
    if T::LANES == 1 && !go.all() {
        return;
    }
    let (m, phase) = match <T::IsReal as Fact>::KNOWN {
        // with its sign, and no phase
        true => (below.re(), T::one()),
        false => {
            let m = T::Re::select(go, sq, one).sqrt();
            (m, T::select(go, below.conj().scale(one / m), T::one()))
        }
    };
    let twice = T::Re::select(go, m + m, zero);
    // t, the tangent of the angle, is the smaller root of t^2 + (d / m) t - 1 = 0
    let (app, aqq) = (a[p + p * n].re(), a[q + q * n].re());
    let d = aqq - app;
    let den = d.abs() + (d * d + twice * twice).sqrt();
    let t = T::Re::select(d.lt(zero), -twice, twice) / T::Re::select(go, den, one);
    let c = one / (one + t * t).sqrt();
    let s = phase.scale(t * c);
    let shift = t * T::Re::select(go, m, zero);
    a[p + p * n] = T::from_re(app - shift);
    a[q + q * n] = T::from_re(aqq + shift);
    a[q + p * n] = T::zero();
    for i in 0..p {
        // rows p and q: the conjugates of the columns
        let (x, y) = rotate(a[p + i * n], a[q + i * n], c, s.conj());
        (a[p + i * n], a[q + i * n]) = (x, y);
    }
    for i in p + 1..q {
        let (x, y) = rotate(a[i + p * n], a[q + i * n].conj(), c, s);
        (a[i + p * n], a[q + i * n]) = (x, y.conj());
    }
    for i in q + 1..n {
        let (x, y) = rotate(a[i + p * n], a[i + q * n], c, s);
        (a[i + p * n], a[i + q * n]) = (x, y);
    }
    for i in 0..n {
        let (x, y) = rotate(v[i + p * n], v[i + q * n], c, s);
        (v[i + p * n], v[i + q * n]) = (x, y);
    }
}
/// sum of |a_ij|^2 below the diagonal.
#[cfg_attr(not(debug_assertions), inline(always))]
fn off_diagonal<T: Scalar>(n: usize, a: &[T]) -> T::Re {
    let mut off = T::Re::zero();
    for j in 0..n {
        for i in j + 1..n {
            off += a[i + j * n].abs_sq();
        }
    }
    off
}
/// Nothing that can fail but NaN and infinity, of one number only below the diagonal: the caller has tested the matrix, and a NaN there
/// would not rotate.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn marked<T: Scalar>(n: usize, a: &[T]) -> Outcome<T> {
    let (mut out, mut marks) = (Outcome::fine(), -T::Re::zero());
    if n == 2 {
        marks += mark(a[1]);
    }
    if T::LANES > 1 {
        for i in 0..n {
            marks += mark(a[i * (n + 1)]);
        }
        out.pivot(0, T::Re::real(f64::NAN), marks.finite());
    }
    out
}

/// A = V diag(w) V^H, unsorted. Reads the lower triangle; entries must be of a size whose squares neither overflow nor vanish.
///
/// Converged when sum_{i>j} |a_ij|^2 <= eps^2 ||A||_F^2. Cost: about 4 n^3 (6 for complex ones, times 4) a sweep.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn jacobi<T: Scalar>(n: usize, fixed: bool, a: &mut [T], w: &mut [T::Re], v: &mut [T]) -> Outcome<T> {
    let (a, v) = (&mut a[..n * n], &mut v[..n * n]);
    let mut out = Outcome::fine();
    if n == 2 {
        super::plane::rotate(a, w, v);
        return marked(n, a);
    }
    for j in 0..n {
        for i in 0..n {
            v[i + j * n] = if i == j { T::one() } else { T::zero() };
        }
    }
    if n == 1 {
        out = marked(n, a);
    } else {
        let diagonal = (0..n).fold(T::Re::zero(), |s, i| s + a[i + i * n].re().abs_sq());
        let below = off_diagonal(n, a);
        let tiny = (diagonal + below + below) * (T::Re::epsilon() * T::Re::epsilon());
        let mut sweeps = 0;
        loop {
            let off = off_diagonal(n, a);
            let finite = (off + tiny).finite();
            let ok = !tiny.lt(off) & finite;
            if sweeps == MAX_SWEEPS || (ok | !finite).all() {
                out.pivot(0, T::Re::select(finite, off, T::Re::real(f64::NAN)).sqrt(), ok);
                break;
            }
            sweeps += 1;
            if fixed {
                unroll!(q in 0..n {
                    for p in 0..q {
                        annihilate(n, p, q, a, v);
                    }
                });
            } else {
                for q in 0..n {
                    for p in 0..q {
                        annihilate(n, p, q, a, v);
                    }
                }
            }
        }
    }
    for i in 0..n {
        w[i] = a[i + i * n].re();
    }
    out
}
