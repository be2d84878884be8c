//! What an expert writes for the sizes of `static_ops` and nothing else: straight-line f64 code.
use nalgebra::{SMatrix, SVector};

/// One test for everything: NaN and infinity times zero are NaN.
#[inline(always)]
fn finite<const N: usize>(x: SVector<f64, N>) -> Option<SVector<f64, N>> {
    let mut s = [0.0; 4];
    for i in 0..N {
        s[i % 4] += x[i] * 0.0;
    }
    ((s[0] + s[1]) + (s[2] + s[3]) == 0.0).then_some(x)
}
/// A = L D L^T: L below the diagonal, 1 / D, D.
struct Ldl<const N: usize> {
    l: SMatrix<f64, N, N>,
    inverse: [f64; N],
    d: [f64; N],
}
#[inline(always)]
fn ldl<const N: usize>(a: &SMatrix<f64, N, N>) -> Option<Ldl<N>> {
    let (mut l, mut d, mut inverse) = (*a, [0.0; N], [0.0; N]);
    let mut ok = true;
    for j in 0..N {
        let mut p = a[(j, j)];
        for k in 0..j {
            let w = l[(j, k)];
            l[(j, k)] = w * inverse[k];
            p -= w * l[(j, k)];
        }
        ok &= p > a[(j, j)] * (N as f64 * f64::EPSILON);
        d[j] = p;
        inverse[j] = 1.0 / p;
        for k in 0..j {
            for i in j + 1..N {
                l[(i, j)] -= l[(i, k)] * l[(j, k)];
            }
        }
    }
    ok.then_some(Ldl { l, inverse, d })
}
impl<const N: usize> Ldl<N> {
    #[inline(always)]
    fn solve(&self, x: &mut [f64; N]) {
        for i in 0..N {
            for k in 0..i {
                x[i] -= self.l[(i, k)] * x[k];
            }
        }
        for i in (0..N).rev() {
            x[i] *= self.inverse[i];
            for k in i + 1..N {
                x[i] -= self.l[(k, i)] * x[k];
            }
        }
    }
    /// Of the product: four pivots of matrices near 1 cannot leave the range of f64.
    #[inline(always)]
    fn logdet(&self) -> f64 {
        let mut p = self.d[0];
        for i in 1..N {
            p *= self.d[i];
        }
        p.ln()
    }
}
/// The root V sqrt(w) V^T by cyclic Jacobi.
#[inline(always)]
fn root<const N: usize>(a: &SMatrix<f64, N, N>) -> Option<SMatrix<f64, N, N>> {
    let (mut a, mut v) = (*a, SMatrix::<f64, N, N>::identity());
    let mut total = 0.0;
    for i in 0..N {
        for j in 0..N {
            total += a[(i, j)] * a[(i, j)];
        }
    }
    if !total.is_finite() {
        return None;
    }
    for sweep in 0.. {
        let mut off = 0.0;
        for q in 1..N {
            for p in 0..q {
                off += a[(q, p)] * a[(q, p)];
            }
        }
        if off <= total * (f64::EPSILON * f64::EPSILON) {
            break;
        }
        if sweep == 40 {
            return None;
        }
        for q in 1..N {
            for p in 0..q {
                let b = a[(q, p)];
                if b == 0.0 {
                    continue;
                }
                let d = a[(q, q)] - a[(p, p)];
                let t = (2.0 * b).copysign(b * d) / (d.abs() + (d * d + 4.0 * b * b).sqrt());
                let c = 1.0 / (1.0 + t * t).sqrt();
                let s = t * c;
                a[(p, p)] -= t * b;
                a[(q, q)] += t * b;
                a[(q, p)] = 0.0;
                for i in 0..N {
                    if i != p && i != q {
                        let (ip, iq) = ((i.max(p), i.min(p)), (i.max(q), i.min(q)));
                        (a[ip], a[iq]) = (c * a[ip] - s * a[iq], s * a[ip] + c * a[iq]);
                    }
                    (v[(i, p)], v[(i, q)]) = (c * v[(i, p)] - s * v[(i, q)], s * v[(i, p)] + c * v[(i, q)]);
                }
            }
        }
        if N == 2 {
            break;
        }
    }
    let mut w = [0.0; N];
    let mut most = 0.0f64;
    for i in 0..N {
        most = most.max(a[(i, i)].abs());
    }
    for i in 0..N {
        if a[(i, i)] < -most * (N as f64 * f64::EPSILON) {
            return None;
        }
        w[i] = a[(i, i)].max(0.0).sqrt();
    }
    let mut r = SMatrix::<f64, N, N>::zeros();
    for j in 0..N {
        for i in j..N {
            let mut s = v[(i, 0)] * w[0] * v[(j, 0)];
            for k in 1..N {
                s += v[(i, k)] * w[k] * v[(j, k)];
            }
            (r[(i, j)], r[(j, i)]) = (s, s);
        }
    }
    Some(r)
}

/// A x diag(d).
pub mod kron_diag {
    use super::*;
    use nalgebra::{Matrix2, Vector3, Vector6};

    #[inline(always)]
    pub fn apply(a: &Matrix2<f64>, d: &Vector3<f64>, v: &Vector6<f64>) -> Vector6<f64> {
        let mut y = Vector6::zeros();
        for j in 0..3 {
            let (top, bottom) = (d[j] * v[j], d[j] * v[3 + j]);
            y[j] = a[(0, 0)] * top + a[(0, 1)] * bottom;
            y[3 + j] = a[(1, 0)] * top + a[(1, 1)] * bottom;
        }
        y
    }
    #[inline(always)]
    fn roots(d: &Vector3<f64>) -> Option<Vector3<f64>> {
        (d[0] >= 0.0 && d[1] >= 0.0 && d[2] >= 0.0 && d[0] + d[1] + d[2] < f64::INFINITY).then(|| d.map(f64::sqrt))
    }
    #[inline(always)]
    pub fn sqrt_apply(a: &Matrix2<f64>, d: &Vector3<f64>, v: &Vector6<f64>) -> Option<Vector6<f64>> {
        Some(apply(&root(a)?, &roots(d)?, v))
    }
    /// (A + sqrt(det) I) / sqrt(trace + 2 sqrt(det)): two square roots, and no eigenvalues for a next function.
    #[inline(always)]
    pub fn sqrt_apply_closed(a: &Matrix2<f64>, d: &Vector3<f64>, v: &Vector6<f64>) -> Option<Vector6<f64>> {
        let det = a[(0, 0)] * a[(1, 1)] - a[(0, 1)] * a[(0, 1)];
        if !(det > 0.0 && a[(0, 0)] > 0.0) {
            return None;
        }
        let s = det.sqrt();
        let t = 1.0 / (a[(0, 0)] + a[(1, 1)] + 2.0 * s).sqrt();
        let off = t * a[(0, 1)];
        Some(apply(&Matrix2::new(t * (a[(0, 0)] + s), off, off, t * (a[(1, 1)] + s)), &roots(d)?, v))
    }
    #[inline(always)]
    pub fn inv_apply(a: &Matrix2<f64>, d: &Vector3<f64>, b: &Vector6<f64>) -> Option<Vector6<f64>> {
        let f = ldl(a)?;
        if !(d[0] != 0.0 && d[1] != 0.0 && d[2] != 0.0 && (d[0] + d[1] + d[2]) * 0.0 == 0.0) {
            return None;
        }
        let mut x = Vector6::zeros();
        for j in 0..3 {
            let inverse = 1.0 / d[j];
            let mut y = [b[j] * inverse, b[3 + j] * inverse];
            f.solve(&mut y);
            (x[j], x[3 + j]) = (y[0], y[1]);
        }
        Some(x)
    }
    #[inline(always)]
    pub fn solve(a: &Matrix2<f64>, d: &Vector3<f64>, b: &Vector6<f64>) -> Option<Vector6<f64>> {
        finite(inv_apply(a, d, b)?)
    }
    #[inline(always)]
    pub fn logdet(a: &Matrix2<f64>, d: &Vector3<f64>) -> Option<f64> {
        let p = d[0] * d[1] * d[2];
        let y = 3.0 * ldl(a)?.logdet() + 2.0 * p.ln();
        y.is_finite().then_some(y)
    }
}
/// A x B.
pub mod kron_psd {
    use super::*;
    use nalgebra::Matrix4;
    type V = SVector<f64, 16>;

    #[inline(always)]
    pub fn apply(a: &Matrix4<f64>, b: &Matrix4<f64>, v: &V) -> V {
        let (mut g, mut y) = (V::zeros(), V::zeros());
        for c in 0..4 {
            for i in 0..4 {
                g[i + 4 * c] = b[(i, 0)] * v[4 * c]
                    + b[(i, 1)] * v[1 + 4 * c]
                    + b[(i, 2)] * v[2 + 4 * c]
                    + b[(i, 3)] * v[3 + 4 * c];
            }
        }
        for r in 0..4 {
            for i in 0..4 {
                y[i + 4 * r] = a[(r, 0)] * g[i] + a[(r, 1)] * g[i + 4] + a[(r, 2)] * g[i + 8] + a[(r, 3)] * g[i + 12];
            }
        }
        y
    }
    #[inline(always)]
    pub fn sqrt_apply(a: &Matrix4<f64>, b: &Matrix4<f64>, v: &V) -> Option<V> {
        Some(apply(&root(a)?, &root(b)?, v))
    }
    #[inline(always)]
    pub fn inv_apply(a: &Matrix4<f64>, b: &Matrix4<f64>, v: &V) -> Option<V> {
        let (fa, fb) = (ldl(a)?, ldl(b)?);
        let mut x = *v;
        for c in 0..4 {
            let mut y = [x[4 * c], x[1 + 4 * c], x[2 + 4 * c], x[3 + 4 * c]];
            fb.solve(&mut y);
            (x[4 * c], x[1 + 4 * c], x[2 + 4 * c], x[3 + 4 * c]) = (y[0], y[1], y[2], y[3]);
        }
        for i in 0..4 {
            let mut y = [x[i], x[i + 4], x[i + 8], x[i + 12]];
            fa.solve(&mut y);
            (x[i], x[i + 4], x[i + 8], x[i + 12]) = (y[0], y[1], y[2], y[3]);
        }
        Some(x)
    }
    #[inline(always)]
    pub fn solve(a: &Matrix4<f64>, b: &Matrix4<f64>, v: &V) -> Option<V> {
        finite(inv_apply(a, b, v)?)
    }
    #[inline(always)]
    pub fn logdet(a: &Matrix4<f64>, b: &Matrix4<f64>) -> Option<f64> {
        Some(4.0 * ldl(a)?.logdet() + 4.0 * ldl(b)?.logdet())
    }
}
/// diag(Y, Y, D).
pub mod blocks {
    use super::*;
    use nalgebra::{Matrix3, Vector2};
    type V = SVector<f64, 8>;

    #[inline(always)]
    pub fn apply(y: &Matrix3<f64>, d: &Vector2<f64>, v: &V) -> V {
        let mut x = V::zeros();
        for k in [0, 3] {
            for i in 0..3 {
                x[k + i] = y[(i, 0)] * v[k] + y[(i, 1)] * v[k + 1] + y[(i, 2)] * v[k + 2];
            }
        }
        (x[6], x[7]) = (d[0] * v[6], d[1] * v[7]);
        x
    }
    #[inline(always)]
    pub fn sqrt_apply(y: &Matrix3<f64>, d: &Vector2<f64>, v: &V) -> Option<V> {
        if !(d[0] >= 0.0 && d[1] >= 0.0 && d[0] + d[1] < f64::INFINITY) {
            return None;
        }
        Some(apply(&root(y)?, &d.map(f64::sqrt), v))
    }
    #[inline(always)]
    pub fn inv_apply(y: &Matrix3<f64>, d: &Vector2<f64>, b: &V) -> Option<V> {
        let f = ldl(y)?;
        if !(d[0] != 0.0 && d[1] != 0.0 && (d[0] + d[1]) * 0.0 == 0.0) {
            return None;
        }
        let mut x = *b;
        for k in [0, 3] {
            let mut y = [x[k], x[k + 1], x[k + 2]];
            f.solve(&mut y);
            (x[k], x[k + 1], x[k + 2]) = (y[0], y[1], y[2]);
        }
        (x[6], x[7]) = (b[6] * (1.0 / d[0]), b[7] * (1.0 / d[1]));
        Some(x)
    }
    #[inline(always)]
    pub fn solve(y: &Matrix3<f64>, d: &Vector2<f64>, b: &V) -> Option<V> {
        finite(inv_apply(y, d, b)?)
    }
    #[inline(always)]
    pub fn logdet(y: &Matrix3<f64>, d: &Vector2<f64>) -> Option<f64> {
        let x = 2.0 * ldl(y)?.logdet() + (d[0] * d[1]).ln();
        x.is_finite().then_some(x)
    }
}
