//! What the iterative methods ask of a vector: thirteen operations. The methods are written once over [`Vector`]; host slices implement
//! it here, vectors on a device in their own crate. Nothing here allocates.

use crate::scalar::{Real, Scalar};
use crate::wide::widest;
use num_traits::{One, Zero};

/// The real numbers of a vector.
pub type VectorRe<V> = <<V as Vector>::Scalar as Scalar>::Re;

/// A vector of numbers as the iterative methods see it. All vectors of one call have the same length.
///
/// Required are seven operations that any device library has; the other six have defaults made of these, to be overridden where
/// one pass over memory can do it.
pub trait Vector {
    /// Number type.
    type Scalar: Scalar;

    /// self <- c in every entry.
    fn fill(&mut self, c: Self::Scalar);
    /// self <- x.
    fn copy(&mut self, x: &Self);
    /// self <- c self.
    fn scale(&mut self, c: Self::Scalar);
    /// self <- self + a x.
    fn axpy(&mut self, a: Self::Scalar, x: &Self);
    /// self <- a x + b self.
    fn axpby(&mut self, a: Self::Scalar, x: &Self, b: Self::Scalar);
    /// self^H y: the entries of `self` are conjugated.
    fn dot(&self, y: &Self) -> Self::Scalar;
    /// |self|_2, protected against overflow and underflow of the squares; NaN or infinite if an entry is.
    fn norm(&self) -> VectorRe<Self>;

    /// The largest |x_i|, or another norm where that is not at hand: what series are cut off by.
    #[inline]
    fn largest(&self) -> VectorRe<Self> {
        self.norm()
    }
    /// self <- x + b self: the next search direction.
    #[inline]
    fn xpby(&mut self, x: &Self, b: Self::Scalar) {
        self.axpby(Self::Scalar::one(), x, b)
    }
    /// self <- self - a q, and returns |self|_2^2 (not protected) of the result.
    #[inline]
    fn sub_norm_sq(&mut self, a: Self::Scalar, q: &Self) -> VectorRe<Self> {
        self.axpy(-a, q);
        self.dot(self).re()
    }
    /// One step of conjugate gradients: x <- x + a p, r <- r - b q, and returns |r|_2^2 (not protected).
    #[inline]
    fn step(x: &mut Self, a: Self::Scalar, p: &Self, r: &mut Self, b: Self::Scalar, q: &Self) -> VectorRe<Self> {
        x.axpy(a, p);
        r.sub_norm_sq(b, q)
    }
    /// self <- self + a x; returns y^H self of the result: from one vector of modified Gram-Schmidt to the next.
    #[inline]
    fn axpy_dot(&mut self, a: Self::Scalar, x: &Self, y: &Self) -> Self::Scalar {
        self.axpy(a, x);
        y.dot(self)
    }
    /// The step along the old direction and the new direction: x <- x + a p, p <- z + b p.
    #[inline]
    fn advance(x: &mut Self, a: Self::Scalar, p: &mut Self, z: &Self, b: Self::Scalar) {
        x.axpy(a, p);
        p.xpby(z, b);
    }
}

/// Partial sums kept side by side, so that the compiler may keep them in vector registers.
const SUMS: usize = 8;

/// Sum of f(x_i, y_i).
#[inline(always)]
fn sum<T: Copy, S: Copy + Zero>(x: &[T], y: &[T], f: impl Fn(T, T) -> S) -> S {
    assert_eq!(x.len(), y.len(), "vectors of one length");
    let mut s = [S::zero(); SUMS];
    let ((x, x_end), (y, y_end)) = (x.as_chunks::<SUMS>(), y.as_chunks::<SUMS>());
    for (x, y) in x.iter().zip(y) {
        for i in 0..SUMS {
            s[i] = s[i] + f(x[i], y[i]);
        }
    }
    for (i, (&x, &y)) in x_end.iter().zip(y_end).enumerate() {
        s[i] = s[i] + f(x, y);
    }
    s.into_iter().fold(S::zero(), |a, b| a + b)
}
widest! {
    fn scale<T: Scalar>(y: &mut [T], c: T) {
        y.iter_mut().for_each(|y| *y *= c);
    }
    fn axpy<T: Scalar>(y: &mut [T], a: T, x: &[T]) {
        y.iter_mut().zip(x).for_each(|(y, &x)| *y = y.add_mul(a, x));
    }
    fn axpby<T: Scalar>(y: &mut [T], a: T, x: &[T], b: T) {
        y.iter_mut().zip(x).for_each(|(y, &x)| *y = (b * *y).add_mul(a, x));
    }
    fn xpby<T: Scalar>(y: &mut [T], x: &[T], b: T) {
        y.iter_mut().zip(x).for_each(|(y, &x)| *y = x.add_mul(b, *y));
    }
    fn dot<T: Scalar>(x: &[T], y: &[T]) -> T {
        sum(x, y, #[inline(always)] |x, y| x.conj() * y)
    }
    fn squares<T: Scalar>(x: &[T]) -> T::Re {
        sum(x, x, #[inline(always)] |x, _| x.abs_sq())
    }
    fn sub_norm_sq<T: Scalar>(r: &mut [T], a: T, q: &[T]) -> T::Re {
        let mut s = [T::Re::zero(); SUMS];
        let (r, r_end) = r.as_chunks_mut::<SUMS>();
        let (q, q_end) = q.as_chunks::<SUMS>();
        for (r, q) in r.iter_mut().zip(q) {
            for i in 0..SUMS {
                r[i] = r[i].sub_mul(a, q[i]);
                s[i] += r[i].abs_sq();
            }
        }
        for (i, (r, &q)) in r_end.iter_mut().zip(q_end).enumerate() {
            *r = r.sub_mul(a, q);
            s[i] += r.abs_sq();
        }
        s.into_iter().fold(T::Re::zero(), |a, b| a + b)
    }
    fn axpy_dot<T: Scalar>(w: &mut [T], a: T, x: &[T], y: &[T]) -> T {
        let mut s = [T::zero(); SUMS];
        let (w, w_end) = w.as_chunks_mut::<SUMS>();
        let ((x, x_end), (y, y_end)) = (x.as_chunks::<SUMS>(), y.as_chunks::<SUMS>());
        for ((w, x), y) in w.iter_mut().zip(x).zip(y) {
            for i in 0..SUMS {
                w[i] = w[i].add_mul(a, x[i]);
                s[i] += y[i].conj() * w[i];
            }
        }
        for (i, ((w, &x), &y)) in w_end.iter_mut().zip(x_end).zip(y_end).enumerate() {
            *w = w.add_mul(a, x);
            s[i] += y.conj() * *w;
        }
        s.into_iter().fold(T::zero(), |a, b| a + b)
    }
    fn advance<T: Scalar>(x: &mut [T], a: T, p: &mut [T], z: &[T], b: T) {
        for ((x, p), &z) in x.iter_mut().zip(p).zip(z) {
            *x = x.add_mul(a, *p);
            *p = z.add_mul(b, *p);
        }
    }
}

impl<T: Scalar> Vector for [T] {
    type Scalar = T;

    fn fill(&mut self, c: T) {
        <[T]>::fill(self, c)
    }
    fn copy(&mut self, x: &Self) {
        self.copy_from_slice(x)
    }
    fn scale(&mut self, c: T) {
        scale(self, c)
    }
    fn axpy(&mut self, a: T, x: &Self) {
        assert_eq!(self.len(), x.len(), "vectors of one length");
        axpy(self, a, x)
    }
    fn axpby(&mut self, a: T, x: &Self, b: T) {
        assert_eq!(self.len(), x.len(), "vectors of one length");
        axpby(self, a, x, b)
    }
    fn xpby(&mut self, x: &Self, b: T) {
        assert_eq!(self.len(), x.len(), "vectors of one length");
        xpby(self, x, b)
    }
    fn dot(&self, y: &Self) -> T {
        dot(self, y)
    }
    fn norm(&self) -> T::Re {
        norm(self)
    }
    fn largest(&self) -> T::Re {
        self.iter().fold(T::Re::zero(), |m, x| m.max(x.abs()))
    }
    fn sub_norm_sq(&mut self, a: T, q: &Self) -> T::Re {
        assert_eq!(self.len(), q.len(), "vectors of one length");
        sub_norm_sq(self, a, q)
    }
    fn axpy_dot(&mut self, a: T, x: &Self, y: &Self) -> T {
        assert!(self.len() == x.len() && self.len() == y.len(), "vectors of one length");
        axpy_dot(self, a, x, y)
    }
    fn advance(x: &mut Self, a: T, p: &mut Self, z: &Self, b: T) {
        let n = x.len();
        assert!(p.len() == n && z.len() == n, "vectors of one length");
        advance(x, a, p, z, b)
    }
}

/// |x|_2 without overflow: the plain sum of squares where it is safe (one pass), else scaled by the largest entry (three passes).
///
/// For one number (`LANES == 1`). Blue, A portable Fortran program to find the Euclidean norm of a vector, TOMS 4, 1978.
///
/// ```
/// let norm: f64 = cola_core::vector::norm(&[3e200, 4e200]);
/// assert!((norm / 5e200 - 1.0).abs() < 1e-15);
/// ```
pub fn norm<T: Scalar>(x: &[T]) -> T::Re {
    let plain = squares(x);
    // below `small` the squares may have lost digits: smallest normal number over epsilon, of f32 or f64
    let small = if T::Re::epsilon().lane_f64(0) > 1e-10 { 1e-30 } else { 1e-290 };
    let value = plain.lane_f64(0);
    if value.is_finite() && value >= small || value.is_nan() {
        return plain.sqrt();
    }
    let largest = x.iter().fold(T::Re::zero(), |m, x| m.max(x.abs()));
    let top = largest.lane_f64(0);
    if top == 0.0 || !top.is_finite() {
        return largest;
    }
    // twice the root, as the reciprocal of a subnormal number overflows
    let root = T::Re::one() / largest.sqrt();
    largest * sum(x, x, |x, _| x.scale(root).scale(root).abs_sq()).sqrt()
}

/// |w|, of which the square is known.
pub(crate) fn length<V: Vector + ?Sized>(square: VectorRe<V>, w: &V) -> VectorRe<V> {
    let plain = square.lane_f64(0);
    // the squares may have overflowed, or lost their digits
    let small = if VectorRe::<V>::epsilon().lane_f64(0) > 1e-10 { 1e-30 } else { 1e-280 };
    if plain.is_finite() && plain > small { square.sqrt() } else { w.norm() }
}

/// v <- v / norm, also where 1 / norm would overflow.
pub(crate) fn normalise<V: Vector + ?Sized>(v: &mut V, norm: VectorRe<V>) {
    let direct = <VectorRe<V> as One>::one() / norm;
    if direct.lane_f64(0).is_finite() {
        v.scale(V::Scalar::from_re(direct));
    } else {
        let root = V::Scalar::from_re(<VectorRe<V> as One>::one() / norm.sqrt());
        v.scale(root);
        v.scale(root);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use num_complex::Complex;

    #[test]
    fn norm_neither_overflows_nor_underflows() {
        for scale in [1e-310_f64, 1e-300, 1e-160, 1.0, 1e160, 1e300] {
            let x = [3.0 * scale, 0.0, -4.0 * scale];
            let error = f64::abs(x[..].norm() / (5.0 * scale) - 1.0);
            assert!(error < 1e-13, "{scale:e}: {error:e}");
        }
        for scale in [1e-40_f32, 1e-30, 1e30] {
            let x = [3.0 * scale, 0.0, -4.0 * scale];
            assert!((x[..].norm() / (5.0 * scale) - 1.0).abs() < 1e-5, "{scale:e}");
        }
        let z = [Complex::new(3e200, 4e200), Complex::new(0.0, 12e200)];
        assert!((z[..].norm() / 13e200 - 1.0).abs() < 1e-14);
    }

    #[test]
    fn norm_of_zero_nothing_and_nonsense() {
        assert_eq!([0.0_f64; 9][..].norm(), 0.0);
        assert_eq!(([] as [f64; 0])[..].norm(), 0.0);
        assert!([1.0, f64::NAN][..].norm().is_nan());
        assert_eq!([1.0, f64::NEG_INFINITY][..].norm(), f64::INFINITY);
    }

    #[test]
    fn dot_conjugates_its_left_side() {
        let (x, y) = ([Complex::new(1.0, 2.0)], [Complex::new(3.0, -1.0)]);
        assert_eq!(x[..].dot(&y[..]), Complex::new(1.0, -7.0));
    }

    /// The fused forms are their defaults, for every length of the tail.
    #[test]
    fn fused_is_plain() {
        for n in 0..20 {
            let v = |k: usize| -> Vec<f64> { (0..n).map(|i| ((i * 7 + k * 5) % 11) as f64 - 4.0).collect() };
            let (p, q, mut x, mut r) = (v(1), v(2), v(3), v(4));
            let (mut x2, mut p2) = (x.clone(), p.clone());
            <[f64]>::advance(&mut x2, 2.0, &mut p2, &q, 0.5);
            x[..].axpy(2.0, &p);
            assert_eq!(x, x2);
            assert!((0..n).all(|i| p2[i] == q[i] + 0.5 * p[i]));
            r[..].axpby(-0.5, &q, 1.0);
            let rr = r[..].dot(&r);
            assert_eq!(rr, r.iter().map(|r| r * r).sum::<f64>());
            let mut r3 = v(4);
            assert_eq!(r3[..].sub_norm_sq(0.5, &q), rr);
            let mut w = v(2);
            assert_eq!(w[..].axpy_dot(2.0, &p, &q), (0..n).map(|i| (v(2)[i] + 2.0 * p[i]) * q[i]).sum::<f64>());
            r3[..].xpby(&p, 3.0);
            assert!((0..n).all(|i| r3[i] == p[i] + 3.0 * r[i]));
            r3[..].scale(2.0);
            assert!((0..n).all(|i| r3[i] == 2.0 * (p[i] + 3.0 * r[i])));
        }
    }

    #[test]
    fn normalises_subnormal_vectors() {
        let mut x = [3e-320_f64, 4e-320];
        let n = x[..].norm();
        normalise(&mut x[..], n);
        let norm: f64 = x[..].norm();
        assert!((x[0] - 0.6).abs() < 1e-3 && (norm - 1.0).abs() < 1e-3);
    }
}
