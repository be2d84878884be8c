//! Eigenvalues and eigenvectors of a Hermitian 2 x 2 matrix in closed form: one rotation of Jacobi's makes it diagonal.
//!
//! Golub & Van Loan, section 8.5, but for this: with d = a_qq - a_pp, m = |a_qp|, R = sqrt(d^2 + 4 m^2) and g = R + |d|, the tangent of the
//! angle is 2 m / g, and what the angle is needed for follows by one division, 1 / (R g): sin^2 = 2 m^2 / (R g), cos sin = m / R, and
//! R sin^2 = 2 m^2 / g, by which the diagonal changes. The angle itself takes a root and a division more, and a function of the matrix does
//! without: what nobody reads of the eigenvectors the compiler leaves out.

use crate::operator::Update;
use crate::scalar::{Mask, Real, Scalar};
use crate::view::{View, ViewMut};
use num_traits::{One, Zero};

/// A function of a Hermitian 2 x 2 matrix, and the eigenvectors by what another function of it needs of them: f(A) is
/// `[f1 + s2 (f2 - f1), cs (f2 - f1)]` over `[cs^H (f2 - f1), f2 - s2 (f2 - f1)]`. As s2 is 1/2 at most, a sum is never much less than its
/// terms where f1 and f2 have one sign.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plane<T: Scalar> {
    /// sin^2 of the angle from the first axis to the first eigenvector.
    s2: T::Re,
    /// cos sin with its phase.
    cs: T,
    /// The diagonal.
    first: T::Re,
    second: T::Re,
    /// Above the diagonal.
    across: T,
}
impl<T: Scalar> Plane<T> {
    /// The matrix with the eigenvalues w.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn of(self, w: &[T::Re]) -> Self {
        let gap = w[1] - w[0];
        let moved = self.s2 * gap;
        Plane { first: w[0] + moved, second: w[1] - moved, across: self.cs.scale(gap), ..self }
    }
    /// y = [y +] alpha f(A) x.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn act(&self, how: Update<T>, x: View<'_, T>, mut y: ViewMut<'_, T>) {
        for c in 0..x.cols {
            let (u, v) = (x.at(0, c), x.at(1, c));
            how.write(y.at(0, c), u.scale(self.first).add_mul(self.across, v));
            how.write(y.at(1, c), v.scale(self.second).add_mul(self.across.conj(), u));
        }
    }
}

/// Sums of squares whose reciprocals are normal numbers and a little more.
#[inline(always)]
fn range<R: Real>() -> (R, R) {
    let double = R::epsilon().lane_f64(0) < 1e-10;
    let (low, high) = if double { (1e-290, 1e290) } else { (1e-36, 1e32) };
    (R::real(low), R::real(high))
}
/// The matrix with the lower triangle `a[0]`, `a[1]`, `a[3]` is V diag(w) V^H, unsorted; the third result: where the squares of its entries
/// allow that. Where they vanish it is taken as diagonal if `careful`, which costs selects. A diagonal matrix stays as it is, to the last bit.
#[inline(always)]
fn rotated<T: Scalar>(a: &[T], w: &mut [T::Re], v: &mut [T], careful: bool) -> (Plane<T>, T::Mask) {
    let (zero, one) = (T::Re::zero(), T::Re::one());
    let (app, aqq, below) = (a[0].re(), a[3].re(), a[1]);
    let d = aqq - app;
    let m2 = below.scale(one + one).abs_sq();
    let sum = d * d + m2;
    let (low, high) = range::<T::Re>();
    let go = low.lt(sum);
    let r = sum.sqrt();
    let g = r + d.abs();
    let half = m2 * T::Re::real(0.5);
    // towards the larger entry of the diagonal
    let towards = one.copysign(d);
    let q = if careful { T::Re::select(go, towards, zero) / T::Re::select(go, r * g, one) } else { towards / (r * g) };
    // all but one product of each beside the division
    let shift = (half * r) * q;
    (w[0], w[1]) = (app - shift, aqq + shift);
    let above = below.conj();
    let plane = Plane { s2: (half * q).abs(), cs: above.scale(g).scale(q), first: app, second: aqq, across: above };
    let norm = one / (g * g + m2).sqrt();
    let turns = go & zero.lt(m2);
    let c = T::from_re(T::Re::select(turns, g * norm, one));
    let s = above.scale(T::Re::select(turns, (one + one) * norm * towards, zero));
    (v[0], v[1], v[2], v[3]) = (c, -s.conj(), s, c);
    (plane, go & sum.lt(high))
}
/// The matrix with the lower triangle `a[0]`, `a[1]`, `a[3]` is V diag(w) V^H, unsorted. The squares of its entries do not overflow.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn rotate<T: Scalar>(a: &[T], w: &mut [T::Re], v: &mut [T]) -> Plane<T> {
    rotated(a, w, v, true).0
}
/// The same of one matrix on the way that nearly all go: None where the squares of its entries overflow or vanish, and of NaN and infinity
/// anywhere.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn plane<T: Scalar>(a: &[T], w: &mut [T::Re], v: &mut [T]) -> Option<Plane<T>> {
    let (plane, ok) = rotated(a, w, v, false);
    (ok & unread(a)).all().then_some(plane)
}
/// The numbers that no formula here reads, which must be numbers all the same.
#[inline(always)]
fn unread<T: Scalar>(a: &[T]) -> T::Mask {
    a[2].finite() & a[0].im().finite() & a[3].im().finite()
}
/// The root of one positive definite matrix, (A + s I) / sqrt(tr A + 2 s) with s = sqrt(det A): as accurate as by the eigenvalues, of which
/// the small one is det A / the large one. `w`, `v` and the plane are of the root. None where the determinant is within rounding of zero or
/// below, where the trace is negative, where something may overflow or vanish, and of NaN and infinity anywhere. (Higham 2008, section 6.2,
/// exercise 6.2.)
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn plane_root<T: Scalar>(a: &[T], w: &mut [T::Re], v: &mut [T]) -> Option<Plane<T>> {
    let (app, aqq) = (a[0].re(), a[3].re());
    let (product, trace) = (app * aqq, app + aqq);
    let det = product - a[1].abs_sq();
    let (low, high) = super::eigen::range::<T>();
    // a determinant above the square of the lower end has a trace beyond it, below zero if A is negative definite
    let rounding = product * (T::Re::real(32.0) * T::Re::epsilon()) + T::Re::real(low * low);
    if !(trace.lt(T::Re::real(high)) & rounding.lt(det) & unread(a)).all() {
        return None;
    }
    let s = det.sqrt();
    // of a positive trace the sum is not below it; of a negative one it is below zero, or within rounding of it
    let square = trace + (s + s);
    if square.lt(trace.abs()).any() {
        return None;
    }
    let t = T::Re::one() / square.sqrt();
    let plane = rotated(a, w, v, true).0;
    for x in w.iter_mut() {
        *x = x.max(T::Re::zero()).sqrt();
    }
    Some(Plane { first: (app + s) * t, second: (aqq + s) * t, across: a[1].conj().scale(t), ..plane })
}
