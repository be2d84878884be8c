//! faer for f32, f64, c32, c64, on zero-copy views. One thread: faer's rayon feature is off.

use super::eigen::{normalise, sort};
use super::small::{FEW, rounding, size};
use super::{Engine, ldlt, loops, products, triangular, tridiagonal};
use crate::error::{Error, Outcome, Result};
use crate::facts::Fact;
use crate::scalar::{Complex, Mask, Real, Scalar};
use crate::view::{View, ViewMut};
use faer::diag::DiagMut;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::{lblt, llt};
use faer::linalg::lu::partial_pivoting as plu;
use faer::linalg::{self, evd, matmul, triangular_solve as solve};
use faer::traits::{ComplexField, RealField};
use faer::{Accum, Conj, MatMut, MatRef, Par};

// Sizes from which faer is faster than our loops (baseline SSE2), by timing each kernel both ways in release at n = 4 .. 128 on two
// shared cores of an AVX-512 machine; ours / faer in microseconds for f64 unless said otherwise.
/// L D L^H: 1.7 / 1.4 at 24, 51 / 28 at 64.
const LLT: usize = 24;
/// L U: 2.7 / 3.7 at 24, 24 / 22 at 48; c64 6.9 / 5.1 at 24.
const LU: usize = 40;
/// L B L^H: 46 / 56 at 64, 208 / 155 at 128; c64 5.3 / 4.0 at 24.
const BUNCH: (usize, usize) = (96, 24);
/// Solves with several columns: n columns 1.1 / 0.5 at 8.
const SOLVE: usize = 8;
/// Solves with fewer than `MANY` columns: 7.9 / 9.7 at 128, 31 / 28 at 256.
const SOLVE_FEW: usize = 256;
const MANY: usize = 4;
/// The same on strided views: 1.8 / 1.7 at 64, adjoint 3.1 / 1.2.
const TRIANGULAR_FEW: usize = 48;
/// QL / faer, in turn, so that neither finds its branches learnt: 23 / 27 at 24, 43 / 46 at 32, 181 / 69 at 40; in the roots of
/// kron(32 x 32, 32 x 32) 45 / 28.
const EIGEN: usize = 32;
/// Matrix times vector, numbers in the matrix: 0.23 / 0.19 at 24 x 24 by columns, 0.21 / 0.14 at 12 x 12 by rows.
const COLUMNS: usize = 512;

const SEQ: Par = Par::Seq;

/// The faer view of a view.
fn view<'a, T>(a: View<'a, T>) -> MatRef<'a, T> {
    let last = a.rows.saturating_sub(1) * a.rs + a.cols.saturating_sub(1) * a.cs;
    assert!(a.rows == 0 || a.cols == 0 || last < a.data.len(), "a view that ends outside of its data");
    // SAFETY: every (i, j) is at i rs + j cs <= last < len, and the borrow lasts as long as the result
    unsafe { MatRef::from_raw_parts(a.data.as_ptr(), a.rows, a.cols, a.rs as isize, a.cs as isize) }
}
/// The faer view of a view that is written.
fn view_mut<'a, T>(a: ViewMut<'a, T>) -> MatMut<'a, T> {
    let last = a.rows.saturating_sub(1) * a.rs + a.cols.saturating_sub(1) * a.cs;
    assert!(a.rows == 0 || a.cols == 0 || last < a.data.len(), "a view that ends outside of its data");
    let apart = (a.cols <= 1 || a.cs >= a.rows * a.rs) && (a.rows <= 1 || a.rs > 0);
    let apart = apart || ((a.rows <= 1 || a.rs >= a.cols * a.cs) && (a.cols <= 1 || a.cs > 0));
    assert!(apart, "entries of a view that is written overlap");
    // SAFETY: as above, and no two entries share a place
    unsafe { MatMut::from_raw_parts_mut(a.data.as_mut_ptr(), a.rows, a.cols, a.rs as isize, a.cs as isize) }
}
fn square<T>(n: usize, a: &[T]) -> MatRef<'_, T> {
    MatRef::from_column_major_slice(&a[..n * n], n, n)
}
fn square_mut<T>(n: usize, a: &mut [T]) -> MatMut<'_, T> {
    MatMut::from_column_major_slice_mut(&mut a[..n * n], n, n)
}
fn conj(yes: bool) -> Conj {
    if yes { Conj::Yes } else { Conj::No }
}

/// True where our loops solve faster.
pub(super) fn few(n: usize, columns: usize) -> bool {
    n < if columns < MANY { SOLVE_FEW } else { SOLVE }
}

/// L L^H in place of the lower triangle, and the pivots l_jj^2 in `d`. Of a bad pivot index and value are what the factors so far give: a
/// copy of A to start over from would double the memory (and cost 5 % of the time at n = 512).
fn factor_llt<T, R>(n: usize, a: &mut [T], d: &mut [R]) -> Outcome<T>
where
    T: Scalar<Re = R> + ComplexField<Real = R>,
    R: Real + RealField,
{
    let mut out = Outcome::fine();
    let d = &mut d[..n];
    d.iter_mut().enumerate().for_each(|(j, d)| *d = a[j + j * n].re());
    let mut memory = MemBuffer::new(llt::factor::cholesky_in_place_scratch::<T>(n, SEQ, Default::default()));
    let stack = MemStack::new(&mut memory);
    let done = llt::factor::cholesky_in_place(square_mut(n, a), Default::default(), SEQ, stack, Default::default());
    let stopped = match done {
        Ok(_) => n,
        Err(llt::factor::LltError::NonPositivePivot { index }) => index,
    };
    let tol = rounding::<T>(n);
    for j in 0..stopped {
        let pivot = a[j + j * n].abs_sq();
        let good = (d[j] * tol).lt(pivot) & Scalar::finite(pivot);
        out.pivot(j, pivot, Mask::splat(good.all()));
        d[j] = pivot;
    }
    if stopped < n {
        // row `stopped` of L is done up to its diagonal
        let sum = (0..stopped).fold(R::of(0.0), |s, k| s + a[stopped + k * n].abs_sq());
        out.pivot(stopped, d[stopped] - sum, Mask::splat(false));
    }
    out
}
pub(super) fn ldl<T, R>(n: usize, a: &mut [T], d: &mut [R]) -> Outcome<T>
where
    T: Scalar<Re = R> + ComplexField<Real = R>,
    R: Real + RealField,
{
    if n < LLT {
        return loops::ldl(n, a, d);
    }
    let out = factor_llt(n, a, d);
    for j in 0..n {
        let column = &mut a[j * n + j..(j + 1) * n];
        let inverse = R::of(1.0) / column[0].re();
        for x in &mut column[1..] {
            *x = Scalar::scale(*x, inverse);
        }
    }
    out
}
pub(super) fn cholesky<T, R>(n: usize, a: &mut [T]) -> Outcome<T>
where
    T: Scalar<Re = R> + ComplexField<Real = R>,
    R: Real + RealField,
{
    if n < LLT {
        return loops::cholesky(n, a);
    }
    let out = factor_llt(n, a, &mut vec![R::of(0.0); n]);
    for j in 1..n {
        a[j * n..j * n + j].fill(T::of(0.0));
    }
    out
}
pub(super) fn ldl_pivots<T, R>(n: usize, a: &mut [T], d: &mut [R]) -> Outcome<T>
where
    T: Scalar<Re = R> + ComplexField<Real = R>,
    R: Real + RealField,
{
    if n < LLT { loops::ldl(n, a, d) } else { factor_llt(n, a, d) }
}
pub(super) fn ldl_solve_view<T, R>(n: usize, l: &[T], d: &[R], mut x: ViewMut<T>)
where
    T: Scalar<Re = R> + ComplexField<Real = R>,
    R: Real + RealField,
{
    let l = square(n, l);
    solve::solve_unit_lower_triangular_in_place(l, view_mut(x.reborrow()), SEQ);
    // along the numbers that lie side by side
    if x.rs <= x.cs {
        // one division a row, not one a number (128 x 128 numbers: 11 us)
        const ROWS: usize = 64;
        for (block, d) in d[..n].chunks(ROWS).enumerate() {
            let mut inverse = [R::of(1.0); ROWS];
            inverse.iter_mut().zip(d).for_each(|(x, d)| *x /= *d);
            for c in 0..x.cols {
                let start = block * ROWS * x.rs + c * x.cs;
                if x.rs == 1 {
                    let column = &mut x.data[start..start + d.len()];
                    column.iter_mut().zip(&inverse).for_each(|(x, d)| *x = Scalar::scale(*x, *d));
                } else {
                    (0..d.len()).for_each(|i| {
                        let x = &mut x.data[start + i * x.rs];
                        *x = Scalar::scale(*x, inverse[i]);
                    });
                }
            }
        }
    } else {
        for i in 0..n {
            let (inverse, start) = (R::of(1.0) / d[i], i * x.rs);
            if x.cs == 1 {
                x.data[start..start + x.cols].iter_mut().for_each(|x| *x = Scalar::scale(*x, inverse));
            } else {
                (0..x.cols).for_each(|c| x.data[start + c * x.cs] = Scalar::scale(x.data[start + c * x.cs], inverse));
            }
        }
    }
    solve::solve_unit_upper_triangular_in_place(l.adjoint(), view_mut(x), SEQ);
}
pub(super) fn ldl_solve<T, R>(n: usize, l: &[T], d: &[R], x: &mut [T], columns: usize)
where
    T: Scalar<Re = R> + ComplexField<Real = R>,
    R: Real + RealField,
{
    if few(n, columns) {
        return loops::ldl_solve(n, l, d, x, columns);
    }
    ldl_solve_view(n, l, d, ViewMut::matrix(&mut x[..n * columns], n, columns))
}

pub(super) fn lu<T, R>(n: usize, a: &mut [T], perm: &mut [R]) -> (Outcome<T>, T)
where
    T: Scalar<Re = R> + ComplexField<Real = R>,
    R: Real + RealField,
{
    if n < LU {
        return loops::lu(n, a, perm);
    }
    let copy = a[..n * n].to_vec();
    let (mut forward, mut inverse) = (vec![0usize; n], vec![0usize; n]);
    let mut memory = MemBuffer::new(plu::factor::lu_in_place_scratch::<usize, T>(n, n, SEQ, Default::default()));
    let stack = MemStack::new(&mut memory);
    let target = square_mut(n, a);
    let (info, _) = plu::factor::lu_in_place(target, &mut forward, &mut inverse, SEQ, stack, Default::default());
    if !pivots_good(n, a) {
        a[..n * n].copy_from_slice(&copy);
        return loops::lu(n, a, perm);
    }
    for (p, f) in perm.iter_mut().zip(&forward) {
        *p = R::real(*f as f64);
    }
    (Outcome::fine(), T::of(if info.transposition_count % 2 == 0 { 1.0 } else { -1.0 }))
}
/// |u_jj| > n eps sum_{k<=j} |l_jk| |u_kj| for all j, in tiles because L is read by rows.
fn pivots_good<T: Scalar>(n: usize, a: &[T]) -> bool {
    const TILE: usize = 32;
    let mut sum: Vec<T::Re> = (0..n).map(|j| size(a[j * (n + 1)])).collect();
    for j0 in (0..n).step_by(TILE) {
        for k0 in (0..=j0).step_by(TILE) {
            for j in j0..n.min(j0 + TILE) {
                for k in k0..j.min(k0 + TILE) {
                    sum[j] += size(a[j + k * n]) * size(a[k + j * n]);
                }
            }
        }
    }
    let tol = rounding::<T>(n.max(FEW));
    (0..n).all(|j| {
        let u = size(a[j * (n + 1)]);
        ((sum[j] * tol).lt(u) & u.finite()).all()
    })
}
pub(super) fn lu_solve<T, R>(n: usize, lu: &[T], adjoint: bool, x: &mut [T], columns: usize)
where
    T: Scalar<Re = R> + ComplexField<Real = R>,
    R: Real + RealField,
{
    if few(n, columns) {
        return loops::lu_solve(n, lu, adjoint, x, columns);
    }
    let lu = square(n, lu);
    let mut y = MatMut::from_column_major_slice_mut(&mut x[..n * columns], n, columns);
    if adjoint {
        solve::solve_lower_triangular_in_place(lu.adjoint(), y.as_mut(), SEQ);
        solve::solve_unit_upper_triangular_in_place(lu.adjoint(), y, SEQ);
    } else {
        solve::solve_unit_lower_triangular_in_place(lu, y.as_mut(), SEQ);
        solve::solve_upper_triangular_in_place(lu, y, SEQ);
    }
}
pub(super) fn indefinite<T, R>(n: usize, a: &mut [T], subdiag: &mut [T], d: &mut [R], perm: &mut [R])
where
    T: Scalar<Re = R> + ComplexField<Real = R>,
    R: Real + RealField,
{
    if n < if <T::IsReal as Fact>::KNOWN { BUNCH.0 } else { BUNCH.1 } {
        return ldlt::bunch_kaufman(n, a, subdiag, d, perm);
    }
    let (mut forward, mut inverse) = (vec![0usize; n], vec![0usize; n]);
    let need = lblt::factor::cholesky_in_place_scratch::<usize, T>(n, SEQ, Default::default());
    let mut memory = MemBuffer::new(need);
    subdiag[..n].fill(T::of(0.0));
    lblt::factor::cholesky_in_place(
        square_mut(n, a),
        DiagMut::from_slice_mut(&mut subdiag[..n]),
        &mut forward,
        &mut inverse,
        SEQ,
        MemStack::new(&mut memory),
        Default::default(),
    );
    for j in 0..n {
        d[j] = a[j + j * n].re();
        perm[j] = R::real(forward[j] as f64);
    }
}
pub(super) fn eigh<T, R>(n: usize, a: &mut [T], w: &mut [R], v: &mut [T]) -> Outcome<T>
where
    T: Scalar<Re = R> + ComplexField<Real = R>,
    R: Real + RealField,
{
    let mut out = Outcome::fine();
    if !(0..n).all(|j| a[j * n + j..(j + 1) * n].iter().all(|x| Scalar::finite(*x).all())) {
        out.pivot(0, R::real(f64::NAN), Mask::splat(false));
        return out;
    }
    let scale = normalise(n, a);
    if n < EIGEN {
        out = tridiagonal::tridiagonal_ql(n, a, &mut w[..n], &mut v[..n * n]);
    } else {
        let mut memory = MemBuffer::new(evd::self_adjoint_evd_scratch::<T>(
            n,
            evd::ComputeEigenvectors::Yes,
            SEQ,
            Default::default(),
        ));
        let mut values = vec![T::of(0.0); n];
        let found = evd::self_adjoint_evd(
            square(n, a),
            DiagMut::from_slice_mut(&mut values),
            Some(square_mut(n, v)),
            SEQ,
            MemStack::new(&mut memory),
            Default::default(),
        );
        for (w, x) in w.iter_mut().zip(&values) {
            *w = x.re();
        }
        out.pivot(0, R::of(0.0), Mask::splat(found.is_ok()));
    }
    for x in &mut w[..n] {
        *x *= scale;
    }
    sort(n, &mut w[..n], v);
    out
}
/// What faer found, if it holds; else by our own Schur form. (Of graded and of defective matrices faer's eigenvectors have been seen with
/// residuals of 1e-8 |A|, and NaN.) `a` and `w` in units of `unit`.
fn eig<T, R>(n: usize, a: &[T], unit: R, w: &mut [Complex<R>], v: &mut [Complex<R>], found: bool) -> Result<()>
where
    T: Scalar<Re = R>,
    R: Real + num_traits::NumAssign,
    Complex<R>: Engine,
{
    super::eig::unit_columns(n, v);
    if !(found && super::eig::holds(n, a, w, v)) {
        super::eig::by_schur(n, a, w, v)?;
    }
    w.iter_mut().for_each(|x| *x = Scalar::scale(*x, unit));
    Ok(())
}
fn eig_scratch<T: ComplexField>(n: usize) -> MemBuffer {
    let (no, yes) = (evd::ComputeEigenvectors::No, evd::ComputeEigenvectors::Yes);
    MemBuffer::new(evd::evd_scratch::<T>(n, no, yes, SEQ, Default::default()))
}
/// Real matrices: column j holds the real part, column j + 1 the imaginary part of a conjugate pair of eigenvectors.
pub(super) fn eig_real<R>(n: usize, a: &[R], w: &mut [Complex<R>], v: &mut [Complex<R>]) -> Result<()>
where
    R: Real<Complex = Complex<R>> + RealField + num_traits::NumAssign,
    Complex<R>: Engine,
{
    let (units, unit) = super::svd::tall_copy(View::matrix(a, n, n));
    let (mut re, mut im, mut packed) = (vec![R::of(0.0); n], vec![R::of(0.0); n], vec![R::of(0.0); n * n]);
    let found = evd::evd_real(
        square(n, &units),
        DiagMut::from_slice_mut(&mut re),
        DiagMut::from_slice_mut(&mut im),
        None,
        Some(square_mut(n, &mut packed)),
        SEQ,
        MemStack::new(&mut eig_scratch::<R>(n)),
        Default::default(),
    );
    let mut j = 0;
    while j < n {
        let pair = !(R::of(0.0) == im[j]) && j + 1 < n;
        for i in 0..n {
            let (x, y) = (packed[i + j * n], if pair { packed[i + (j + 1) * n] } else { R::of(0.0) });
            v[i + j * n] = Complex { re: x, im: y };
            if pair {
                v[i + (j + 1) * n] = Complex { re: x, im: -y };
            }
        }
        w[j] = Complex { re: re[j], im: im[j] };
        if pair {
            w[j + 1] = Scalar::conj(w[j]);
        }
        j += if pair { 2 } else { 1 };
    }
    eig(n, &units, unit, w, v, found.is_ok())
}
pub(super) fn eig_complex<R>(n: usize, a: &[Complex<R>], w: &mut [Complex<R>], v: &mut [Complex<R>]) -> Result<()>
where
    R: Real + RealField + num_traits::NumAssign,
    Complex<R>: Engine + ComplexField<Real = R>,
{
    let (units, unit) = super::svd::tall_copy(View::matrix(a, n, n));
    let found = evd::evd_cplx(
        square(n, &units),
        DiagMut::from_slice_mut(w),
        None,
        Some(square_mut(n, v)),
        SEQ,
        MemStack::new(&mut eig_scratch::<Complex<R>>(n)),
        Default::default(),
    );
    eig(n, &units, unit, w, v, found.is_ok())
}
pub(super) fn svd<T, R>(a: View<T>, s: &mut [R], u: &mut [T], v: &mut [T]) -> Result<()>
where
    T: Scalar<Re = R> + ComplexField<Real = R>,
    R: Real + RealField,
{
    let (copy, unit) = super::svd::tall_copy(a);
    // of A^H = V S U^H where A is wide
    let (m, n, u, v) = if a.rows >= a.cols { (a.rows, a.cols, u, v) } else { (a.cols, a.rows, v, u) };
    let mut values = vec![T::of(0.0); n];
    let thin = linalg::svd::ComputeSvdVectors::Thin;
    let mut memory = MemBuffer::new(linalg::svd::svd_scratch::<T>(m, n, thin, thin, SEQ, Default::default()));
    let found = linalg::svd::svd(
        MatRef::from_column_major_slice(&copy, m, n),
        DiagMut::from_slice_mut(&mut values),
        Some(MatMut::from_column_major_slice_mut(&mut u[..m * n], m, n)),
        Some(square_mut(n, v)),
        SEQ,
        MemStack::new(&mut memory),
        Default::default(),
    );
    if found.is_err() {
        return Err(Error::NotConverged {
            algorithm: "svd",
            iterations: 0,
            residual: f64::NAN,
            tol: R::epsilon().lane_f64(0),
            best: crate::error::Iterate::NONE,
        });
    }
    s.iter_mut().zip(&values).for_each(|(s, x)| *s = x.re().abs() * unit);
    Ok(())
}
pub(super) fn gemm<T, R>(how: (T, bool), conj_a: bool, a: View<T>, b: View<T>, c: ViewMut<T>)
where
    T: Scalar<Re = R> + ComplexField<Real = R>,
    R: Real + RealField,
{
    let accumulate = if how.1 { Accum::Add } else { Accum::Replace };
    matmul::matmul_with_conj(view_mut(c), accumulate, view(a), conj(conj_a), view(b), Conj::No, how.0, SEQ);
}
pub(super) fn gemv<T, R>(how: (T, bool), conj_a: bool, a: View<T>, x: View<T>, y: ViewMut<T>)
where
    T: Scalar<Re = R> + ComplexField<Real = R>,
    R: Real + RealField,
{
    if a.rs == 1 && a.rows * a.cols < COLUMNS {
        return products::gemv_loops(how, conj_a, a, x, y);
    }
    gemm(how, conj_a, a, x, y)
}
pub(super) fn trisolve<T, R>(n: usize, lower: bool, unit: bool, adjoint: bool, a: View<T>, x: ViewMut<T>)
where
    T: Scalar<Re = R> + ComplexField<Real = R>,
    R: Real + RealField,
{
    if n < if x.cols < MANY { TRIANGULAR_FEW } else { SOLVE } {
        return triangular::trisolve_loops(n, false, lower, unit, adjoint, a, x);
    }
    let (a, x) = (view(a), view_mut(x));
    let (a, op) = if adjoint { (a.transpose(), Conj::Yes) } else { (a, Conj::No) };
    match (lower != adjoint, unit) {
        (true, true) => solve::solve_unit_lower_triangular_in_place_with_conj(a, op, x, SEQ),
        (true, false) => solve::solve_lower_triangular_in_place_with_conj(a, op, x, SEQ),
        (false, true) => solve::solve_unit_upper_triangular_in_place_with_conj(a, op, x, SEQ),
        (false, false) => solve::solve_upper_triangular_in_place_with_conj(a, op, x, SEQ),
    }
}
