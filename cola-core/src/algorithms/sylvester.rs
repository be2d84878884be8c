//! A X-like equations by Schur forms: (A x I + I x B) x = b, that is B X + X A^T = C.
//!
//! R. H. Bartels, G. W. Stewart, Solution of the matrix equation AX + XB = C, Comm. ACM 15 (1972); here by the complex Schur forms of
//! both factors, so that one triangular sweep serves A, B real or complex, and the adjoint.

use crate::algorithms::dense::{Engine, gemm, schur};
use crate::error::{Error, Result};
use crate::scalar::{Complex, Mask, Real, Scalar};
use crate::view::{View, ViewMut};
use num_traits::{NumAssign, One, Zero};

/// The factored A x I + I x B, whatever the number type of the Schur forms.
pub trait KronSumFactor<T: Scalar>: Send + Sync {
    /// x <- (A x I + I x B)^-1 x, or with A^H and B^H; x is a grid of B's size by A's size, column-major.
    fn solve(&self, adjoint: bool, x: &mut [T]);
    /// Product of all a_i + b_j: phase and log of the modulus.
    fn slogdet(&self) -> (T, T::Re);
    /// `Singular` where an a_i + b_j is zero to rounding.
    ///
    /// # Errors
    /// That.
    fn regular(&self) -> Result<()>;
}
/// A = Q T Q^H.
struct SchurForm<R> {
    n: usize,
    t: Vec<Complex<R>>,
    q: Vec<Complex<R>>,
}
struct Pair<T: Scalar> {
    a: SchurForm<T::Re>,
    b: SchurForm<T::Re>,
    back: fn(Complex<T::Re>) -> T,
}
/// The Schur forms of A (m x m) and B (n x n); `back` makes a T of a complex number that is one.
///
/// Cost: 25 (m^3 + n^3), each solve 2 m n (m + n) twice.
///
/// # Errors
/// `NonFinite`, `NotConverged`.
pub(crate) fn kron_sum_factor<T>(
    (m, a): (usize, &[T]),
    (n, b): (usize, &[T]),
    back: fn(Complex<T::Re>) -> T,
) -> Result<std::sync::Arc<dyn KronSumFactor<T>>>
where
    T: Scalar,
    T::Re: NumAssign,
    Complex<T::Re>: Engine,
{
    let form = |n: usize, a: &[T]| {
        let (t, q) = schur(n, a)?;
        Ok::<_, Error>(SchurForm { n, t, q })
    };
    Ok(std::sync::Arc::new(Pair { a: form(m, a)?, b: form(n, b)?, back }))
}
impl<T> Pair<T>
where
    T: Scalar,
    T::Re: NumAssign,
    Complex<T::Re>: Engine,
{
    fn sums(&self) -> impl Iterator<Item = Complex<T::Re>> + '_ {
        let diagonal = |f: &'_ SchurForm<T::Re>, i: usize| f.t[i * (f.n + 1)];
        (0..self.a.n).flat_map(move |i| (0..self.b.n).map(move |j| diagonal(&self.a, i) + diagonal(&self.b, j)))
    }
    /// T_b Y + Y T_a^T = D: columns of Y from the last.
    fn plain_sweep(&self, y: &mut [Complex<T::Re>]) {
        let (m, n, ta, tb) = (self.a.n, self.b.n, &self.a.t, &self.b.t);
        for j in (0..m).rev() {
            let (left, done) = y.split_at_mut((j + 1) * n);
            let column = &mut left[j * n..];
            for (k, other) in done.chunks(n).enumerate() {
                let factor = ta[j + (j + 1 + k) * m];
                column.iter_mut().zip(other).for_each(|(c, o)| *c = c.sub_mul(factor, *o));
            }
            for i in (0..n).rev() {
                let x = column[i] / (tb[i * (n + 1)] + ta[j * (m + 1)]);
                column[i] = x;
                let above = &tb[i * n..i * n + i];
                column[..i].iter_mut().zip(above).for_each(|(c, t)| *c = c.sub_mul(*t, x));
            }
        }
    }
    /// T_b^H Y + Y conj(T_a) = D: columns of Y from the first.
    fn adjoint_sweep(&self, y: &mut [Complex<T::Re>]) {
        let (m, n, ta, tb) = (self.a.n, self.b.n, &self.a.t, &self.b.t);
        for j in 0..m {
            let (done, rest) = y.split_at_mut(j * n);
            let column = &mut rest[..n];
            for (k, other) in done.chunks(n).enumerate() {
                let factor = Scalar::conj(ta[k + j * m]);
                column.iter_mut().zip(other).for_each(|(c, o)| *c = c.sub_mul(factor, *o));
            }
            for i in 0..n {
                let above = &tb[i * n..i * n + i];
                let sum = above.iter().zip(&column[..i]).fold(column[i], |s, (t, x)| s.sub_mul(Scalar::conj(*t), *x));
                column[i] = sum / Scalar::conj(tb[i * (n + 1)] + ta[j * (m + 1)]);
            }
        }
    }
}
impl<T> KronSumFactor<T> for Pair<T>
where
    T: Scalar,
    T::Re: NumAssign,
    Complex<T::Re>: Engine,
{
    fn solve(&self, adjoint: bool, x: &mut [T]) {
        let (m, n, one) = (self.a.n, self.b.n, Complex::<T::Re>::one());
        if m * n == 0 {
            return;
        }
        let (qa, qb) = (View::matrix(&self.a.q, m, m), View::matrix(&self.b.q, n, n));
        let mut c: Vec<_> = x.iter().map(|x| Complex::new(x.re(), x.im())).collect();
        let mut d = vec![Complex::zero(); m * n];
        // D = Q_b^H C conj(Q_a): both from the left, the second on the transposed grid
        gemm((one, false), true, qb.transposed(), View::matrix(&c, n, m), ViewMut::matrix(&mut d, n, m));
        let grid = ViewMut::new(&mut c, m, n, n, 1);
        gemm((one, false), true, qa.transposed(), View::matrix(&d, n, m).transposed(), grid);
        match adjoint {
            false => self.plain_sweep(&mut c),
            true => self.adjoint_sweep(&mut c),
        }
        // X = Q_b Y Q_a^T
        gemm((one, false), false, qb, View::matrix(&c, n, m), ViewMut::matrix(&mut d, n, m));
        let grid = ViewMut::new(&mut c, m, n, n, 1);
        gemm((one, false), false, qa, View::matrix(&d, n, m).transposed(), grid);
        x.iter_mut().zip(&c).for_each(|(x, c)| *x = (self.back)(*c));
    }
    fn slogdet(&self) -> (T, T::Re) {
        if self.regular().is_err() {
            return (T::zero(), T::Re::of(f64::NEG_INFINITY));
        }
        let (sign, log) = crate::functions::det::slog_product(self.sums());
        let sign = (self.back)(sign);
        // of a real matrix the complex eigenvalues come in pairs: the phase is a sign up to rounding
        (sign.scale(T::Re::one() / sign.abs()), log)
    }
    fn regular(&self) -> Result<()> {
        let norm = |f: &SchurForm<T::Re>| f.t.iter().fold(T::Re::zero(), |s, x| s + x.abs_sq()).sqrt();
        let tol = (norm(&self.a) + norm(&self.b)) * T::Re::epsilon();
        match self.sums().position(|z| !tol.lt(z.abs()).all()) {
            Some(index) => Err(Error::Singular { index }),
            None => Ok(()),
        }
    }
}
