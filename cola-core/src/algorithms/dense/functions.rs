//! Square root, logarithm and powers of a general matrix by the Schur method, and the triangular kernels by themselves.
//!
//! Higham, Functions of Matrices (2008), chapters 6, 7 and 11. A defective matrix needs no care: nothing is diagonalised.

use super::expm::{EXP_SQUARES, exp_upper_in, mul, mul_into, norm1, squares};
use super::schur::schur;
use super::small::recip;
use super::{Engine, lu, lu_solve, trisolve};
use crate::error::{Error, Result};
use crate::facts::Fact;
use crate::operator::with_scratch;
use crate::scalar::{Complex, Mask, Real, Scalar};
use crate::view::{View, ViewMut};
use num_traits::{NumAssign, Zero};

/// Squares of n x n numbers that [`log_upper_in`] works in.
pub const LOG_SQUARES: usize = 3;
/// Squares of n x n numbers that [`pow_upper_in`] works in: the whole power, beside the exponential.
pub const POW_SQUARES: usize = 1 + EXP_SQUARES;

/// A function of a matrix that needs the Schur form.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MatrixFunction {
    /// Principal square root.
    Sqrt,
    /// Principal logarithm.
    Log,
    /// Principal power.
    Pow(f64),
}
use MatrixFunction::{Log, Pow, Sqrt};

/// A <- the principal square root X of a general matrix, X^2 = A, column-major.
///
/// Errors: [`Error::NegativeEigenvalue`] for a real matrix with an eigenvalue on the negative real axis (its root is not real:
/// ask in complex numbers); [`Error::Singular`] if a multiple zero eigenvalue is defective; [`Error::NonFinite`];
/// [`Error::NotConverged`]. For f32, f64 and their complex numbers; of other numbers only upper triangular matrices.
///
/// Cost: about 28 n^3 complex operations. Bjorck & Hammarling, Linear Algebra Appl. 52/53 (1983).
pub fn sqrtm<T: Scalar>(n: usize, a: &mut [T]) -> Result<()> {
    T::engine_function(Sqrt, n, a)
}
/// A <- the principal logarithm X of a general matrix, e^X = A, column-major.
///
/// Errors: as for [`sqrtm`], and [`Error::Singular`] for a zero eigenvalue. Cost: about 40 n^3 complex operations.
/// Al-Mohy & Higham, SIAM J. Sci. Comput. 34 (2012) C153-C169.
pub fn logm<T: Scalar>(n: usize, a: &mut [T]) -> Result<()> {
    T::engine_function(Log, n, a)
}
/// A <- the principal power A^p of a general matrix, column-major. Integer p is repeated multiplication (of A^-1 if p < 0) and has no
/// branch cut; otherwise A^k e^(f log A) with k the integer next to p and f = p - k.
///
/// Errors: as for [`logm`] unless p is an integer or 1/2; [`Error::Singular`] for negative p. Cost: about 50 n^3 complex
/// operations.
pub fn powm<T: Scalar>(n: usize, a: &mut [T], p: f64) -> Result<()> {
    if !p.is_finite() {
        return Err(Error::invalid(format!("a matrix power needs a finite exponent, not {p}")));
    }
    if p == p.round() && p.abs() < 1e15 {
        return integer_power(n, &mut a[..n * n], p as i64, &mut vec![T::zero(); 3 * n * n]);
    }
    T::engine_function(if p == 0.5 { Sqrt } else { Pow(p) }, n, a)
}
/// A <- A^p in a workspace of three squares.
fn integer_power<T: Scalar>(n: usize, a: &mut [T], p: i64, work: &mut [T]) -> Result<()> {
    let [mut result, mut square, mut free] = squares(n, work);
    square.copy_from_slice(a);
    if p < 0 {
        identity(n, square);
        with_scratch(n, |perm: &mut [T::Re]| {
            lu(n, false, a, perm).0.result(|index, _| Error::Singular { index })?;
            lu_solve(n, false, a, perm, false, square, n, &mut free[..n]);
            Ok(())
        })?;
    }
    identity(n, result);
    let mut rest = p.unsigned_abs();
    while rest > 0 {
        if rest & 1 == 1 {
            mul_into(n, result, square, free);
            core::mem::swap(&mut result, &mut free);
        }
        rest >>= 1;
        if rest > 0 {
            mul_into(n, square, square, free);
            core::mem::swap(&mut square, &mut free);
        }
    }
    let finite = result.iter().fold(T::Mask::splat(true), |ok, x| ok & x.finite());
    crate::error::check::<T>(finite, |_| Error::non_finite("the matrix, or an overflow in its power"))?;
    a.copy_from_slice(result);
    Ok(())
}
fn identity<T: Scalar>(n: usize, a: &mut [T]) {
    a.iter_mut().enumerate().for_each(|(k, x)| *x = if k % (n + 1) == 0 { T::one() } else { T::zero() });
}
pub(super) fn clear_lower<T: Scalar>(n: usize, t: &mut [T]) {
    for j in 0..n {
        t[j * n + j + 1..(j + 1) * n].fill(T::zero());
    }
}
fn is_upper<T: Scalar>(n: usize, a: &[T]) -> bool {
    (0..n).all(|j| a[j * n + j + 1..(j + 1) * n].iter().all(|x| *x == T::zero()))
}

/// f of an upper triangular matrix in place.
fn upper<T: Scalar>(f: MatrixFunction, n: usize, t: &mut [T]) -> Result<()> {
    match f {
        Sqrt => sqrt_upper(n, t),
        Log => log_upper(n, t),
        Pow(p) => pow_upper(n, t, p),
    }
}
/// The default of [`Engine::engine_function`].
pub(super) fn triangular_only<T: Scalar>(f: MatrixFunction, n: usize, a: &mut [T]) -> Result<()> {
    if T::LANES > 1 || T::PLAIN || !is_upper(n, a) {
        return Err(Error::invalid(format!(
            "functions of general matrices of {} are not supported: use f32, f64 or their complex numbers",
            T::NAME
        )));
    }
    upper(f, n, a)
}
/// f(A) = Q f(T) Q^H; `back` takes the real part for real numbers.
pub(super) fn through_schur<T, R>(f: MatrixFunction, n: usize, a: &mut [T], back: fn(Complex<R>) -> T) -> Result<()>
where
    T: Scalar<Re = R>,
    R: Real + NumAssign,
    Complex<R>: Engine,
{
    if is_upper(n, a) {
        return upper(f, n, a);
    }
    let (mut t, q) = schur(n, a)?;
    if <T::IsReal as Fact>::KNOWN {
        // eigenvalues of a real matrix: where the imaginary part is rounding, it is dropped
        let tol = norm1(n, &t) * R::epsilon().lane_f64(0) * n as f64;
        for i in 0..n {
            let x = &mut t[i * (n + 1)];
            let (re, im) = (x.re.lane_f64(0), x.im.lane_f64(0));
            if im.abs() <= tol && re < 0.0 {
                if re < -tol {
                    return Err(Error::NegativeEigenvalue { value: re, tol });
                }
                *x = Complex::zero();
            }
        }
    }
    upper(f, n, &mut t)?;
    let qh: Vec<_> = (0..n * n).map(|k| q[k / n + k % n * n].conj()).collect();
    let result = mul(n, &mul(n, &q, &t), &qh);
    a.iter_mut().zip(result).for_each(|(a, x)| *a = back(x));
    Ok(())
}

/// A diagonal on which root and logarithm of a real matrix are real, and everything finite.
fn check_diagonal<T: Scalar>(n: usize, t: &[T]) -> Result<()> {
    if !(0..n).all(|j| t[j * n..j * n + j + 1].iter().all(|x| x.finite().all())) {
        return Err(Error::non_finite("the matrix"));
    }
    for i in 0..n {
        let x = t[i * (n + 1)].re().lane_f64(0);
        if <T::IsReal as Fact>::KNOWN && x < 0.0 {
            return Err(Error::NegativeEigenvalue { value: x, tol: 0.0 });
        }
    }
    Ok(())
}
/// The principal square root of an upper triangular matrix, in place; the lower triangle is taken and left as zero.
///
/// r_ij = (t_ij - sum_{i<k<j} r_ik r_kj) / (r_ii + r_jj). Errors: [`Error::NegativeEigenvalue`] for a real matrix with a
/// negative diagonal entry; [`Error::Singular`] when two zeros on the diagonal are coupled (no root exists or it is not
/// unique); [`Error::NonFinite`]. For single numbers. Cost: n^3 / 3. Higham 2008, algorithm 6.3.
pub fn sqrt_upper<T: Scalar>(n: usize, t: &mut [T]) -> Result<()> {
    check_diagonal(n, t)?;
    clear_lower(n, t);
    for j in 0..n {
        t[j * (n + 1)] = t[j * (n + 1)].sqrt();
        let (before, column) = t.split_at_mut(j * n);
        for i in (0..j).rev() {
            // column-oriented: what r_ij contributes to the entries above it is subtracted at once
            let den = before[i * (n + 1)] + column[j];
            if T::Re::zero().lt(den.abs()).any() {
                column[i] *= recip(den);
            } else if column[i] != T::zero() {
                return Err(Error::Singular { index: j });
            }
            let r = column[i];
            super::loops::sub_scaled(&mut column[..i], &before[i * n..i * n + i], r);
        }
    }
    Ok(())
}

/// Nodes and weights of the 8-point Gauss-Legendre rule on (-1, 1), by symmetry the positive ones.
const GAUSS: [(f64, f64); 4] = [
    (0.183_434_642_495_649_8, 0.362_683_783_378_362),
    (0.525_532_409_916_329, 0.313_706_645_877_887_3),
    (0.796_666_477_413_626_7, 0.222_381_034_453_374_5),
    (0.960_289_856_497_536_3, 0.101_228_536_290_376_3),
];
/// ||T^(1/2^k) - I||_1 for which the \[8/8\] Pade approximant of log(1 + x) is accurate to 2^-53 (Higham 2008, table 11.1: 0.34).
const LOG_NEAR: f64 = 0.34;
/// Square roots before giving up: from 1e300 or 1e-300 to near 1 takes 12, non-normal matrices a few more.
const MAX_ROOTS: usize = 100;

/// The principal logarithm of an upper triangular matrix, in place; the lower triangle is taken and left as zero.
///
/// Inverse scaling and squaring: 2^k r_8(T^(1/2^k) - I) with the Pade approximant as a sum of 8 resolvents. The diagonal of
/// T^(1/2^k) - I is formed without cancellation as (t - 1) / prod (1 + t^(1/2^i)), that of the result is log t.
///
/// Errors: [`Error::NegativeEigenvalue`] for a real matrix with a negative diagonal entry; [`Error::Singular`] for a zero;
/// [`Error::NonFinite`]. For single numbers. Cost: (k + 8) n^3 / 3. Higham 2008, algorithm 11.9; Al-Mohy & Higham 2012.
pub fn log_upper<T: Scalar>(n: usize, t: &mut [T]) -> Result<()> {
    log_upper_in(n, t, &mut vec![T::zero(); LOG_SQUARES * n * n])
}
/// [`log_upper`] in a workspace of [`LOG_SQUARES`] n^2 numbers; allocates nothing where 3 n numbers are at most 8 KiB.
///
/// Errors: as for [`log_upper`]; T is then arbitrary.
pub fn log_upper_in<T: Scalar>(n: usize, t: &mut [T], work: &mut [T]) -> Result<()> {
    check_diagonal(n, t)?;
    if let Some(index) = (0..n).find(|i| !T::Re::zero().lt(t[i * (n + 1)].abs()).any()) {
        return Err(Error::Singular { index });
    }
    clear_lower(n, t);
    with_scratch(3 * n, |diagonals| scaled_log(n, t, diagonals, work))
}
/// [`log_upper`] of a triangle that has one; `diagonals`: 3 n numbers.
fn scaled_log<T: Scalar>(n: usize, t: &mut [T], diagonals: &mut [T], work: &mut [T]) -> Result<()> {
    let (diagonal, rest) = diagonals.split_at_mut(n);
    let (roots, below_one) = rest.split_at_mut(n);
    for i in 0..n {
        diagonal[i] = t[i * (n + 1)];
        (roots[i], below_one[i]) = (diagonal[i], diagonal[i] - T::one());
    }
    let [x, den, y] = squares(n, work);
    let mut k = 0;
    loop {
        // X = T^(1/2^k) - I
        x.copy_from_slice(&t[..n * n]);
        for i in 0..n {
            x[i * (n + 1)] = below_one[i];
        }
        let norm = norm1(n, x);
        if norm <= LOG_NEAR {
            break;
        }
        if k == MAX_ROOTS {
            return Err(Error::NotConverged {
                algorithm: "log of a matrix",
                iterations: k,
                residual: norm,
                tol: LOG_NEAR,
                best: crate::error::Iterate::NONE,
            });
        }
        sqrt_upper(n, t)?;
        for (r, b) in roots.iter_mut().zip(&mut *below_one) {
            *r = r.sqrt();
            *b *= recip(*r + T::one());
        }
        k += 1;
    }
    t[..n * n].fill(T::zero());
    for (node, weight) in GAUSS {
        for node in [node, -node] {
            // weight / 2 * (I + s X)^-1 X on (0, 1)
            let s = T::Re::real(0.5 + 0.5 * node);
            den.iter_mut().zip(&*x).for_each(|(d, x)| *d = x.scale(s));
            (0..n).for_each(|i| den[i * (n + 1)] += T::one());
            y.copy_from_slice(x);
            trisolve(n, false, false, false, false, View::matrix(den, n, n), ViewMut::matrix(y, n, n));
            let w = T::Re::real(0.5 * weight * 2f64.powi(k as i32));
            t.iter_mut().zip(&*y).for_each(|(t, y)| *t += y.scale(w));
        }
    }
    for (i, d) in diagonal.iter().enumerate() {
        t[i * (n + 1)] = d.ln();
    }
    clear_lower(n, t);
    Ok(())
}

/// The principal power T^p of an upper triangular matrix, in place; the lower triangle is taken and left as zero.
///
/// T^k e^(f log T) with k the integer next to p, f = p - k; the diagonal is made exact. Errors as for [`log_upper`].
/// Cost: about (k + 30) n^3 / 3.
pub fn pow_upper<T: Scalar>(n: usize, t: &mut [T], p: f64) -> Result<()> {
    if p == 0.5 {
        return sqrt_upper(n, t);
    }
    pow_upper_in(n, t, p, &mut vec![T::zero(); POW_SQUARES * n * n])
}
/// [`pow_upper`] in a workspace of [`POW_SQUARES`] n^2 numbers, as [`log_upper_in`]; below 40 x 40.
///
/// Errors: as for [`log_upper`]; T is then arbitrary.
pub fn pow_upper_in<T: Scalar>(n: usize, t: &mut [T], p: f64, work: &mut [T]) -> Result<()> {
    if p == 0.5 {
        return sqrt_upper(n, t);
    }
    clear_lower(n, t);
    let (k, t) = (p.round(), &mut t[..n * n]);
    let (result, work) = work.split_at_mut(n * n);
    if p == k {
        if k == 0.0 {
            identity(n, t);
        } else {
            integer_power(n, t, k as i64, work)?;
        }
        clear_lower(n, t);
        return Ok(());
    }
    if k == 0.0 {
        identity(n, result);
    } else {
        result.copy_from_slice(t);
        integer_power(n, result, k as i64, work)?;
    }
    with_scratch(n, |diagonal: &mut [T]| {
        (0..n).for_each(|i| diagonal[i] = t[i * (n + 1)].powf(p));
        log_upper_in(n, t, work)?;
        let f = T::Re::real(p - k);
        t.iter_mut().for_each(|x| *x = x.scale(f));
        exp_upper_in(n, t, work)?;
        let product = &mut work[..n * n];
        mul_into(n, result, t, product);
        t.copy_from_slice(product);
        (0..n).for_each(|i| t[i * (n + 1)] = diagonal[i]);
        clear_lower(n, t);
        Ok(())
    })
}
