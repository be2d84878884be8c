//! Our loops in faer's place, for builds without the feature `faer`: static structures need no more, and large matrices are merely slower.

use super::eigen::{normalise, sort};
use super::svd::tall_copy;
use super::{Engine, ldlt, loops, products, triangular, tridiagonal};
use crate::error::{Error, Outcome, Result};
use crate::scalar::{Complex, Mask, Real, Scalar};
use crate::view::{View, ViewMut};
use num_traits::{One, Zero};

pub(super) use loops::{cholesky, ldl, ldl_solve, lu, lu_solve};
pub(super) use products::{gemm_loops as gemm, gemv_loops as gemv};

pub(super) fn few(_: usize, _: usize) -> bool {
    true
}
/// Not reached: [`few`] sends every solve to the loops.
pub(super) fn ldl_solve_view<T: Scalar>(_: usize, _: &[T], _: &[T::Re], _: ViewMut<T>) {}
pub(super) fn ldl_pivots<T: Scalar>(n: usize, a: &mut [T], d: &mut [T::Re]) -> Outcome<T> {
    loops::ldl(n, a, d)
}
pub(super) fn indefinite<T: Scalar>(n: usize, a: &mut [T], subdiag: &mut [T], d: &mut [T::Re], perm: &mut [T::Re]) {
    ldlt::bunch_kaufman(n, a, subdiag, d, perm)
}
pub(super) fn trisolve<T: Scalar>(n: usize, lower: bool, unit: bool, adjoint: bool, a: View<T>, x: ViewMut<T>) {
    triangular::trisolve_loops(n, false, lower, unit, adjoint, a, x)
}
pub(super) fn eigh<T: Scalar>(n: usize, a: &mut [T], w: &mut [T::Re], v: &mut [T]) -> Outcome<T> {
    let mut out = Outcome::fine();
    if !(0..n).all(|j| a[j * n + j..(j + 1) * n].iter().all(|x| Scalar::finite(*x).all())) {
        out.pivot(0, T::Re::real(f64::NAN), Mask::splat(false));
        return out;
    }
    let scale = normalise(n, a);
    out = tridiagonal::tridiagonal_ql(n, a, &mut w[..n], &mut v[..n * n]);
    w[..n].iter_mut().for_each(|x| *x *= scale);
    sort(n, &mut w[..n], v);
    out
}
pub(super) fn eig<T, R>(n: usize, a: &[T], w: &mut [Complex<R>], v: &mut [Complex<R>]) -> Result<()>
where
    T: Scalar<Re = R>,
    R: Real + num_traits::NumAssign,
    Complex<R>: Engine,
{
    let (units, unit) = tall_copy(View::matrix(a, n, n));
    super::eig::by_schur(n, &units, w, v)?;
    w.iter_mut().for_each(|x| *x = Scalar::scale(*x, unit));
    Ok(())
}
pub(super) use self::{eig as eig_complex, eig as eig_real};

/// Sweeps before giving up; 6 to 10 are usual.
const MAX_SWEEPS: usize = 60;
/// Column j of m numbers.
fn column<T>(x: &[T], m: usize, j: usize) -> &[T] {
    &x[j * m..(j + 1) * m]
}
fn norm_sq<T: Scalar>(x: &[T]) -> T::Re {
    x.iter().fold(T::Re::zero(), |s, x| s + x.abs_sq())
}
/// (x, y) <- (c x - conj(s) y, s x + c y) for columns p < q.
fn rotate<T: Scalar>(x: &mut [T], m: usize, (p, q): (usize, usize), c: T::Re, s: T) {
    let (before, after) = x.split_at_mut(q * m);
    for (x, y) in before[p * m..(p + 1) * m].iter_mut().zip(&mut after[..m]) {
        (*x, *y) = (x.scale(c).sub_mul(*y, s.conj()), y.scale(c).add_mul(*x, s));
    }
}
/// One-sided Jacobi: rotations from the right make the columns of a tall A orthogonal; their norms are the singular values.
///
/// Hestenes, J. SIAM 6 (1958); Golub & Van Loan, 4th ed., 8.6.3; Demmel & Veselic, SIMAX 13 (1992): small singular values are as
/// accurate as the columns allow. Converged when |a_p^H a_q| <= sqrt(m) eps |a_p| |a_q| for all p, q. Cost: 6 m n^2 a sweep.
pub(super) fn svd<T: Scalar>(a: View<T>, s: &mut [T::Re], u: &mut [T], v: &mut [T]) -> Result<()> {
    let (mut x, unit) = tall_copy(a);
    // of A^H = V S U^H where A is wide
    let (m, n, u, v) = if a.rows >= a.cols { (a.rows, a.cols, u, v) } else { (a.cols, a.rows, v, u) };
    let (zero, one) = (T::Re::zero(), T::Re::one());
    let tol = T::Re::epsilon() * T::Re::real((m as f64).sqrt());
    let mut right: Vec<T> = (0..n * n).map(|i| if i % (n + 1) == 0 { T::one() } else { T::zero() }).collect();
    let mut rotated = n > 1;
    for _ in 0..MAX_SWEEPS {
        if !rotated {
            break;
        }
        rotated = false;
        for q in 1..n {
            for p in 0..q {
                let (alpha, beta) = (norm_sq(column(&x, m, p)), norm_sq(column(&x, m, q)));
                let gamma = loops::dot(column(&x, m, p), column(&x, m, q));
                let size = gamma.abs();
                if !(tol * alpha.sqrt() * beta.sqrt()).lt(size).all() {
                    continue;
                }
                rotated = true;
                // t, the tangent of the angle, is the smaller root of t^2 + (d / m) t - 1 = 0
                let (d, twice) = (beta - alpha, size + size);
                let t = if d.lt(zero).all() { -twice } else { twice } / (d.abs() + (d * d + twice * twice).sqrt());
                let c = one / (one + t * t).sqrt();
                let s = gamma.scale(one / size).scale(t * c);
                rotate(&mut x, m, (p, q), c, s);
                rotate(&mut right, n, (p, q), c, s);
            }
        }
    }
    if rotated {
        return Err(Error::NotConverged {
            algorithm: "svd",
            iterations: MAX_SWEEPS,
            residual: f64::NAN,
            tol: tol.lane_f64(0),
            best: crate::error::Iterate::NONE,
        });
    }
    let norms: Vec<T::Re> = (0..n).map(|j| norm_sq(column(&x, m, j)).sqrt()).collect();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| norms[j].lane_f64(0).total_cmp(&norms[i].lane_f64(0)));
    for (k, &j) in order.iter().enumerate() {
        s[k] = norms[j] * unit;
        v[k * n..(k + 1) * n].copy_from_slice(column(&right, n, j));
        let inverse = if zero.lt(norms[j]).all() { one / norms[j] } else { zero };
        u[k * m..(k + 1) * m].iter_mut().zip(column(&x, m, j)).for_each(|(u, x)| *u = x.scale(inverse));
        if !zero.lt(norms[j]).all() {
            complete(m, k, u);
        }
    }
    Ok(())
}
/// Column k of U as a unit vector orthogonal to the columns before it: the coordinate that they hold least of, orthogonalised twice.
fn complete<T: Scalar>(m: usize, k: usize, u: &mut [T]) {
    let held = |u: &[T], i: usize| (0..k).fold(T::Re::zero(), |s, j| s + u[i + j * m].abs_sq()).lane_f64(0);
    let least = (0..m).min_by(|&i, &j| held(u, i).total_cmp(&held(u, j))).unwrap_or(0);
    let (before, rest) = u.split_at_mut(k * m);
    let new = &mut rest[..m];
    new.fill(T::zero());
    new[least] = T::one();
    for _ in 0..2 {
        for j in 0..k {
            let along = loops::dot(column(before, m, j), new);
            loops::sub_scaled(new, column(before, m, j), along);
        }
        let inverse = T::Re::one() / norm_sq(new).sqrt();
        new.iter_mut().for_each(|x| *x = x.scale(inverse));
    }
}
