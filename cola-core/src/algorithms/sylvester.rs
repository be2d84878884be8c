//! Linear matrix equations by Schur forms: (A x I + I x B) x = b, that is B X + X A^T = C, and (A x B + c I) x = b, that is
//! B X A^T + c X = C.
//!
//! R. H. Bartels, G. W. Stewart, Solution of the matrix equation AX + XB = C, Comm. ACM 15 (1972); G. H. Golub, S. Nash, C. Van Loan, A
//! Hessenberg-Schur method for the problem AX + XB = C, IEEE Trans. Automat. Control 24 (1979); here by the complex Schur forms of
//! both factors, so that one triangular sweep serves A, B real or complex, and the adjoint.

use crate::algorithms::dense::{Engine, gemm, schur};
use crate::error::{Error, Result};
use crate::operator::Operator;
use crate::scalar::{Complex, Mask, Real, Scalar};
use crate::view::{View, ViewMut};
use num_traits::{NumAssign, One, Zero};

/// How A and B make a matrix that both Schur forms diagonalise together.
#[derive(Clone, Copy, Debug)]
pub enum Pairing<T> {
    /// A x I + I x B + c I: B X + X A^T + c X = C, Sylvester's equation.
    Sum(T),
    /// A x B + c I: B X A^T + c X = C, Stein's equation.
    Product(T),
}
/// The factored pair of A and B, whatever the number type of the Schur forms.
pub trait KronSumFactor<T: Scalar>: Send + Sync {
    /// x <- K^-1 x, or K^-H x; x is a grid of B's size by A's size, column-major.
    fn solve(&self, adjoint: bool, x: &mut [T]);
    /// x <- K x, or K^H x: back from the Schur forms.
    fn apply(&self, adjoint: bool, x: &mut [T]);
    /// Product of all eigenvalues a_i + b_j + c or a_i b_j + c: phase and log of the modulus.
    fn slogdet(&self) -> (T, T::Re);
    /// `Singular` where an eigenvalue is zero to rounding.
    ///
    /// # Errors
    /// That.
    fn regular(&self) -> Result<()>;
}
/// Whether the numbers of A have Schur forms: of lanes each lane its own. Lanes of a static size are made dense, as all static operators
/// without a rule: no heap, and one LU for all lanes.
pub(crate) fn has_schur_forms<A: Operator>() -> bool {
    <A::Scalar as Engine>::PLAIN || A::Scalar::LANES > 1 && !A::SHAPE.rows.is_static()
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
    pairing: Pairing<Complex<T::Re>>,
    back: fn(Complex<T::Re>) -> T,
}
/// The Schur forms of A (m x m) and B (n x n); `back` makes a T of a complex number that is one.
///
/// Cost: 25 (m^3 + n^3), each solve 2 m n (m + n) twice, of a product three times.
///
/// # Errors
/// `NonFinite`, `NotConverged`.
pub(crate) fn kron_sum_factor<T>(
    pairing: Pairing<T>,
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
    let complex = |c: T| Complex::new(c.re(), c.im());
    let pairing = match pairing {
        Pairing::Sum(c) => Pairing::Sum(complex(c)),
        Pairing::Product(c) => Pairing::Product(complex(c)),
    };
    Ok(std::sync::Arc::new(Pair { a: form(m, a)?, b: form(n, b)?, pairing, back }))
}
impl<T> Pair<T>
where
    T: Scalar,
    T::Re: NumAssign,
    Complex<T::Re>: Engine,
{
    /// The eigenvalues.
    fn values(&self) -> impl Iterator<Item = Complex<T::Re>> + Clone + '_ {
        let diagonal = |f: &'_ SchurForm<T::Re>, i: usize| f.t[i * (f.n + 1)];
        (0..self.a.n).flat_map(move |i| {
            let (factor, shift) = self.column(diagonal(&self.a, i));
            (0..self.b.n).map(move |j| factor * diagonal(&self.b, j) + shift)
        })
    }
    /// f and s of f T_b + s I, the diagonal block at the eigenvalue a of A.
    fn column(&self, a: Complex<T::Re>) -> (Complex<T::Re>, Complex<T::Re>) {
        match self.pairing {
            Pairing::Sum(c) => (Complex::one(), a + c),
            Pairing::Product(c) => (a, c),
        }
    }
    /// X = Q_b f(Q_b^H X conj(Q_a)) Q_a^T.
    fn between_forms(&self, x: &mut [T], f: impl FnOnce(&mut [Complex<T::Re>])) {
        let (m, n, one) = (self.a.n, self.b.n, Complex::<T::Re>::one());
        if m * n == 0 {
            return;
        }
        let (qa, qb) = (View::matrix(&self.a.q, m, m), View::matrix(&self.b.q, n, n));
        let mut c: Vec<_> = x.iter().map(|x| Complex::new(x.re(), x.im())).collect();
        let mut d = vec![Complex::zero(); m * n];
        // both from the left, the second on the transposed grid
        gemm((one, false), true, qb.transposed(), View::matrix(&c, n, m), ViewMut::matrix(&mut d, n, m));
        let grid = ViewMut::new(&mut c, m, n, n, 1);
        gemm((one, false), true, qa.transposed(), View::matrix(&d, n, m).transposed(), grid);
        f(&mut c);
        gemm((one, false), false, qb, View::matrix(&c, n, m), ViewMut::matrix(&mut d, n, m));
        let grid = ViewMut::new(&mut c, m, n, n, 1);
        gemm((one, false), false, qa, View::matrix(&d, n, m).transposed(), grid);
        x.iter_mut().zip(&c).for_each(|(x, c)| *x = (self.back)(*c));
    }
    /// K Y = D with K made of T_a and T_b: columns of Y from the last. Column j of D less the part of the columns behind it, then a
    /// triangular solve with f T_b + s I.
    fn plain_sweep(&self, y: &mut [Complex<T::Re>]) {
        let (m, n, ta, tb) = (self.a.n, self.b.n, &self.a.t, &self.b.t);
        let mut sum = vec![Complex::zero(); n];
        for j in (0..m).rev() {
            let (left, done) = y.split_at_mut((j + 1) * n);
            let column = &mut left[j * n..];
            sum.fill(Complex::zero());
            for (k, other) in done.chunks(n).enumerate() {
                let factor = ta[j + (j + 1 + k) * m];
                sum.iter_mut().zip(other).for_each(|(s, o)| *s = s.add_mul(factor, *o));
            }
            if matches!(self.pairing, Pairing::Product(_)) {
                // T_b sum, in place from the top
                for i in 0..n {
                    sum[i] = (i + 1..n).fold(tb[i * (n + 1)] * sum[i], |s, l| s.add_mul(tb[i + l * n], sum[l]));
                }
            }
            column.iter_mut().zip(&sum).for_each(|(c, s)| *c -= *s);
            let (factor, shift) = self.column(ta[j * (m + 1)]);
            for i in (0..n).rev() {
                let x = column[i].divided_by(factor * tb[i * (n + 1)] + shift);
                column[i] = x;
                let (above, x) = (&tb[i * n..i * n + i], factor * x);
                column[..i].iter_mut().zip(above).for_each(|(c, t)| *c = c.sub_mul(*t, x));
            }
        }
    }
    /// The same with T_a^H and T_b^H: columns of Y from the first.
    fn adjoint_sweep(&self, y: &mut [Complex<T::Re>]) {
        let (m, n, ta, tb) = (self.a.n, self.b.n, &self.a.t, &self.b.t);
        let mut sum = vec![Complex::zero(); n];
        for j in 0..m {
            let (done, rest) = y.split_at_mut(j * n);
            let column = &mut rest[..n];
            sum.fill(Complex::zero());
            for (k, other) in done.chunks(n).enumerate() {
                let factor = Scalar::conj(ta[k + j * m]);
                sum.iter_mut().zip(other).for_each(|(s, o)| *s = s.add_mul(factor, *o));
            }
            if matches!(self.pairing, Pairing::Product(_)) {
                // T_b^H sum, in place from the bottom
                for i in (0..n).rev() {
                    let own = Scalar::conj(tb[i * (n + 1)]) * sum[i];
                    sum[i] = (0..i).fold(own, |s, l| s.add_mul(Scalar::conj(tb[l + i * n]), sum[l]));
                }
            }
            column.iter_mut().zip(&sum).for_each(|(c, s)| *c -= *s);
            let (factor, shift) = self.column(ta[j * (m + 1)]);
            for i in 0..n {
                let above = &tb[i * n..i * n + i];
                let sum = above
                    .iter()
                    .zip(&column[..i])
                    .fold(Complex::zero(), |s: Complex<T::Re>, (t, x)| s.add_mul(Scalar::conj(*t), *x));
                let own = column[i] - Scalar::conj(factor) * sum;
                column[i] = own.divided_by(Scalar::conj(factor * tb[i * (n + 1)] + shift));
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
        self.between_forms(x, |c| match adjoint {
            false => self.plain_sweep(c),
            true => self.adjoint_sweep(c),
        })
    }
    fn apply(&self, adjoint: bool, x: &mut [T]) {
        let (m, n, one) = (self.a.n, self.b.n, Complex::<T::Re>::one());
        let conj = |z: Complex<T::Re>| if adjoint { Scalar::conj(z) } else { z };
        // op(T_b) C and C op(T_a)^T, op the adjoint or none, both from the left: the second on the transposed grid
        let left = |f: &SchurForm<T::Re>, c: View<'_, Complex<T::Re>>, out: ViewMut<'_, Complex<T::Re>>| {
            let t = View::matrix(&f.t, f.n, f.n);
            gemm((one, false), adjoint, if adjoint { t.transposed() } else { t }, c, out)
        };
        self.between_forms(x, |c| {
            let mut d = vec![Complex::zero(); m * n];
            match self.pairing {
                Pairing::Sum(shift) => {
                    left(&self.b, View::matrix(c, n, m), ViewMut::matrix(&mut d, n, m));
                    let mut e = vec![Complex::zero(); m * n];
                    left(&self.a, View::matrix(c, n, m).transposed(), ViewMut::new(&mut e, m, n, n, 1));
                    for ((c, d), e) in c.iter_mut().zip(&d).zip(&e) {
                        *c = *d + *e + conj(shift) * *c;
                    }
                }
                Pairing::Product(shift) => {
                    left(&self.b, View::matrix(c, n, m), ViewMut::matrix(&mut d, n, m));
                    let mut e = vec![Complex::zero(); m * n];
                    left(&self.a, View::matrix(&d, n, m).transposed(), ViewMut::new(&mut e, m, n, n, 1));
                    c.iter_mut().zip(&e).for_each(|(c, e)| *c = *e + conj(shift) * *c);
                }
            }
        })
    }
    fn slogdet(&self) -> (T, T::Re) {
        if self.regular().is_err() {
            return (T::zero(), T::Re::of(f64::NEG_INFINITY));
        }
        let (sign, log) = crate::functions::det::slog_product(self.values());
        let sign = (self.back)(sign);
        // of a real matrix the complex eigenvalues come in pairs: the phase is a sign up to rounding
        (sign.scale(T::Re::one() / sign.abs()), log)
    }
    fn regular(&self) -> Result<()> {
        // of numbers beside the largest, whose squares are numbers
        let norm = |f: &SchurForm<T::Re>| {
            let largest = f.t.iter().fold(T::Re::zero(), |m, x| m.max(Scalar::abs(*x)));
            let some = T::Re::zero().lt(largest);
            let inverse = T::Re::select(some, largest, T::Re::one()).reciprocal();
            f.t.iter().fold(T::Re::zero(), |s, x| s + x.scale(inverse).abs_sq()).sqrt() * largest
        };
        let (a, b) = (norm(&self.a), norm(&self.b));
        let size = match self.pairing {
            Pairing::Sum(c) => a + b + Scalar::abs(c),
            Pairing::Product(c) => a * b + Scalar::abs(c),
        };
        let tol = size * T::Re::epsilon();
        match self.values().position(|z| !tol.lt(z.abs()).all()) {
            Some(index) => Err(Error::Singular { index }),
            None => Ok(()),
        }
    }
}
