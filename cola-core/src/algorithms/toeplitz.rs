//! The Levinson recursion for general Toeplitz matrices, real and complex.
//!
//! N. Levinson 1947; W. F. Trench, An algorithm for the inversion of finite Toeplitz matrices, 1964; Golub & Van Loan, 4th ed., 4.7.
//! Deviations: both the first and the last column of the inverse are carried; a leading minor that is lost to rounding ends the
//! recursion, because what follows from it would be wrong, and so does a residual that is not small at the end.

use crate::error::{Error, Result, check};
use crate::scalar::{Mask, Real, Scalar};
use num_traits::{One, Zero};

/// First and last column of T^-1, and det T as (sign, log|det|).
pub struct Displacement<T: Scalar> {
    /// T^-1 e_1.
    pub first: Vec<T>,
    /// T^-1 e_n.
    pub last: Vec<T>,
    /// Sign and log|det T|.
    pub det: (T, T::Re),
}
/// The smallest product of powers of 2, 3 and 5 that is at least n: what FFTs are fast for.
pub fn fast_length(n: usize) -> usize {
    let mut best = n.next_power_of_two();
    let mut five = 1;
    while five < best {
        let mut three = five;
        while three < best {
            let mut two = three;
            while two < n {
                two *= 2;
            }
            best = best.min(two);
            three *= 3;
        }
        five *= 5;
    }
    if n == 0 { 0 } else { best }
}
/// What a step may lose: below sqrt(eps) of the digits the dense methods are asked instead.
fn lost<R: Real>() -> R {
    R::epsilon().sqrt()
}
/// The columns of the inverse of the Toeplitz matrix with first column c and first row r; `None` where a leading minor is singular or
/// nearly so, of lanes one in any of them.
///
/// Cost: 8 n^2.
///
/// # Errors
/// `NotPositiveDefinite` where that was promised and a minor is not positive.
pub fn levinson<T: Scalar>(c: &[T], r: &[T], psd: bool) -> Result<Option<Displacement<T>>> {
    let (n, zero) = (c.len(), T::Re::zero());
    let mut det = (T::one(), zero);
    if n == 0 {
        return Ok(Some(Displacement { first: Vec::new(), last: Vec::new(), det }));
    }
    let positive = |index: usize, tol: T::Re, pivot: T| {
        let error = |lane: usize| Error::NotPositiveDefinite { index, pivot: pivot.re().lane_f64(lane) };
        if psd { check::<T>(tol.lt(pivot.re()), error) } else { Ok(()) }
    };
    positive(0, zero, c[0])?;
    let largest = c.iter().chain(r).fold(zero, |m, t| m.max(t.abs()));
    if !(largest * lost::<T::Re>()).lt(c[0].abs()).all() {
        return Ok(None);
    }
    let (mut f, mut b) = (Vec::with_capacity(n), Vec::with_capacity(n));
    f.push(c[0].reciprocal());
    b.push(c[0].reciprocal());
    let factor = |det: &mut (T, T::Re), pivot: T| {
        let (sign, log) = crate::functions::det::slog_product(core::iter::once(pivot));
        *det = (det.0 * sign, det.1 + log);
    };
    factor(&mut det, c[0]);
    for k in 1..n {
        // T [f; 0] = e_1 + x e_last, T [0; b] = y e_1 + e_last
        let x = f.iter().enumerate().fold(T::zero(), |s, (i, f)| s.add_mul(c[k - i], *f));
        let y = b.iter().enumerate().fold(T::zero(), |s, (i, b)| s.add_mul(r[i + 1], *b));
        let rest = T::one() - x * y;
        // the pivot is det T_(k+1) / det T_k
        let pivot = rest.divided_by(b[k - 1]);
        positive(k, T::Re::epsilon() * T::Re::of(k as f64 + 1.0) * c[0].re(), pivot)?;
        let scale = T::Re::one() + x.abs() * y.abs();
        if !psd && !(scale * lost::<T::Re>()).lt(rest.abs()).all() {
            return Ok(None);
        }
        let inverse = rest.reciprocal();
        f.push(T::zero());
        b.insert(0, T::zero());
        for (f, b) in f.iter_mut().zip(b.iter_mut()) {
            let (old_f, old_b) = (*f, *b);
            *f = (old_f - x * old_b) * inverse;
            *b = (old_b - y * old_f) * inverse;
        }
        factor(&mut det, pivot);
    }
    let real = |z: T| z.finite().all();
    if !f.iter().chain(&b).all(|z| real(*z)) {
        return Ok(None);
    }
    if psd {
        return Ok(Some(Displacement { first: f, last: b, det }));
    }
    // an indefinite matrix may have lost its digits on the way without one small minor
    let entry = |i: usize, j: usize| if i >= j { c[i - j] } else { r[j - i] };
    let mut worst = zero;
    for i in 0..n {
        let (mut s, mut t) = (T::zero(), T::zero());
        for j in 0..n {
            s = s.add_mul(entry(i, j), f[j]);
            t = t.add_mul(entry(i, j), b[j]);
        }
        let one = |at: usize| if i == at { T::one() } else { T::zero() };
        worst = worst.max((s - one(0)).abs()).max((t - one(n - 1)).abs());
    }
    let good = !lost::<T::Re>().lt(worst).any();
    Ok(good.then_some(Displacement { first: f, last: b, det }))
}
