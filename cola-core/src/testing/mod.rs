//! Checks for whoever writes an operator: [`check_operator`] for one, [`market`] for samples of every structure.

pub mod market;

use crate::data::Held;
use crate::facts::{Fact, Facts};
use crate::functions::dense::dense_eigh;
use crate::operator::{DynOperator, LinearOperator, Update};
use crate::scalar::{Real, Scalar};
use crate::space::{Dyn, Shape};
use crate::view::{View, ViewMut};
use nalgebra::DMatrix;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs everything that the library expects of an operator, on small deterministic random vectors, with scratch that is filled with
/// NaN. Needs O((m + n)^2) memory, so give it a small example of the structure.
///
/// Checked: sizes agree with the type; A(ax + by) = a Ax + b Ay; <Ax, y> = <x, A^H y>; `to_dense`; y = [y +] alpha op(A) x in all
/// variants, on strided views, for 0, 1 and 3 right-hand sides, each as if alone; y = op(A) y in place, of 1 and 11 columns; `scratch_len`;
/// every fact that the type claims.
///
/// ```
/// # use cola_core::prelude::*;
/// use cola_core::testing::check_operator;
/// check_operator(&Diagonal::new([1.0, 2.0]))?;
/// let wrong = check_operator(&Psd::new(Diagonal::new([1.0, -2.0]))).unwrap_err();
/// assert!(wrong.contains("positive semidefinite"), "{wrong}");
/// # Ok::<(), String>(())
/// ```
///
/// # Errors
/// What is violated, and by how much.
pub fn check_operator<A: LinearOperator>(a: &A) -> Result<(), String> {
    const {
        assert!(
            A::Scalar::LANES == 1,
            "check_operator takes one number at a time: check the operator over a lane's type"
        )
    };
    let claims = Claims {
        shape: A::SHAPE,
        self_adjoint: <A::Facts as Facts>::SelfAdjoint::KNOWN,
        psd: <A::Facts as Facts>::Psd::KNOWN,
        unitary: <A::Facts as Facts>::Unitary::KNOWN,
        isometric: <A::Facts as Facts>::Isometric::KNOWN,
        iterative: A::ITERATIVE,
    };
    let in_place = InPlace {
        act: &|adjoint, y, s| a.act_in_place(adjoint, y, s),
        scratch_len: &|columns| a.in_place_scratch_len(columns),
    };
    check_claims(&a, claims, in_place)
}

/// What the type says.
struct Claims {
    shape: Shape,
    self_adjoint: bool,
    psd: bool,
    unitary: bool,
    isometric: bool,
    iterative: bool,
}
/// The action in place.
struct InPlace<'a, T> {
    act: &'a dyn Fn(bool, ViewMut<'_, T>, &mut [T]),
    scratch_len: &'a dyn Fn(usize) -> usize,
}
/// Relative error allowed per unit of rounding; sums of a few hundred products stay below.
const SLACK: f64 = 200.0;
/// Relative error allowed where the action is an iteration.
const ITERATIVE_TOL: f64 = 1e-5;

/// Deterministic numbers in (-1, 1), complex where the type is.
pub(crate) struct Numbers(u64);
impl Numbers {
    pub(crate) fn new(seed: u64) -> Self {
        Numbers(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
    pub(crate) fn next<T: Scalar>(&mut self) -> T {
        let x = T::of(self.unit());
        match T::IsReal::KNOWN {
            true => x,
            false => x + T::of(-1.0).sqrt() * T::of(self.unit()),
        }
    }
    pub(crate) fn matrix<T: Scalar>(&mut self, m: usize, n: usize) -> DMatrix<T> {
        DMatrix::from_fn(m, n, |_, _| self.next())
    }
}
fn size<T: Scalar>(x: T) -> f64 {
    x.abs().lane_f64(0)
}
fn largest<T: Scalar>(a: &DMatrix<T>) -> f64 {
    a.iter().fold(0.0, |m, &x| if size(x) > m || size(x).is_nan() { size(x) } else { m })
}
/// op(A) x, by the definition.
fn times<T: Scalar>(a: &DMatrix<T>, adjoint: bool, x: &DMatrix<T>) -> DMatrix<T> {
    let rows = if adjoint { a.ncols() } else { a.nrows() };
    DMatrix::from_fn(rows, x.ncols(), |i, c| {
        (0..x.nrows()).fold(T::zero(), |s, j| s + if adjoint { a[(j, i)].conj() } else { a[(i, j)] } * x[(j, c)])
    })
}
/// The largest difference and where it is; NaN counts as infinite.
fn difference<T: Scalar>(a: &DMatrix<T>, b: &DMatrix<T>) -> (f64, (usize, usize)) {
    let mut worst = (0.0, (0, 0));
    for j in 0..a.ncols() {
        for i in 0..a.nrows() {
            let d = size(a[(i, j)] - b[(i, j)]);
            if !(d <= worst.0) {
                worst = (if d.is_nan() { f64::INFINITY } else { d }, (i, j));
            }
        }
    }
    worst
}

/// How x and y lie in memory: distance between rows, between columns, and numbers before the end that belong to nobody.
#[derive(Clone, Copy)]
enum Layout {
    Packed,
    /// Row stride 2, a gap of 3 between columns.
    Gaps,
    /// Row-major with a gap: rows far apart, columns side by side with one number between.
    RowMajor,
}
impl Layout {
    fn strides(self, rows: usize, cols: usize) -> (usize, usize) {
        match self {
            Layout::Packed => (1, rows),
            Layout::Gaps => (2, 2 * rows + 3),
            Layout::RowMajor => (2 * cols + 1, 2),
        }
    }
    fn name(self) -> &'static str {
        match self {
            Layout::Packed => "contiguous views",
            Layout::Gaps => "views of row stride 2",
            Layout::RowMajor => "row-major views",
        }
    }
    /// A matrix laid out with NaN in the gaps.
    fn lay<T: Scalar>(self, a: &DMatrix<T>) -> Vec<T> {
        let (rs, cs) = self.strides(a.nrows(), a.ncols());
        let mut out = vec![T::of(f64::NAN); a.nrows() * rs + a.ncols() * cs + 1];
        for j in 0..a.ncols() {
            (0..a.nrows()).for_each(|i| out[i * rs + j * cs] = a[(i, j)]);
        }
        if matches!(self, Layout::Packed) {
            out.truncate(a.len());
        }
        out
    }
    /// The matrix again, and whether a number was written between its entries.
    fn lift<T: Scalar>(self, data: &[T], rows: usize, cols: usize) -> (DMatrix<T>, bool) {
        let (rs, cs) = self.strides(rows, cols);
        let mut gaps = vec![true; data.len()];
        let out = DMatrix::from_fn(rows, cols, |i, j| {
            gaps[i * rs + j * cs] = false;
            data[i * rs + j * cs]
        });
        let touched = data.iter().zip(gaps).any(|(x, gap)| gap && !size(*x).is_nan());
        (out, touched)
    }
}

/// One call of `act`; a panic and a number written into a gap are its errors.
fn act<T: Scalar>(
    a: &dyn DynOperator<T>,
    (how, layout, spare): (Update<T>, Layout, usize),
    x: &DMatrix<T>,
    y: &DMatrix<T>,
) -> Result<DMatrix<T>, String> {
    let need = a.dyn_scratch(x.ncols());
    let mut scratch = vec![T::of(f64::NAN); need + spare];
    let (xs, mut ys) = (layout.lay(x), layout.lay(y));
    let ((xr, xc), (yr, yc)) = (layout.strides(x.nrows(), x.ncols()), layout.strides(y.nrows(), y.ncols()));
    let ran = catch_unwind(AssertUnwindSafe(|| {
        let (xv, yv) =
            (View::new(&xs, x.nrows(), x.ncols(), xr, xc), ViewMut::new(&mut ys, y.nrows(), y.ncols(), yr, yc));
        a.dyn_act(how, xv, yv, &mut scratch)
    }));
    let place = || {
        let (op, columns) = (if how.adjoint { "A^H" } else { "A" }, x.ncols());
        format!("{} {op} x, {columns} right-hand sides, {}", if how.add { "y +=" } else { "y =" }, layout.name())
    };
    if let Err(panic) = ran {
        let text = panic.downcast_ref::<String>().cloned().or(panic.downcast_ref::<&str>().map(|s| s.to_string()));
        let text = text.unwrap_or_default();
        return Err(format!(
            "`act` panicked ({}, scratch of {} numbers, scratch_len {need}): {text}",
            place(),
            need + spare
        ));
    }
    let (out, touched) = layout.lift(&ys, y.nrows(), y.ncols());
    if touched {
        return Err(format!("`act` wrote between the entries of a strided y ({})", place()));
    }
    Ok(out)
}

/// The shell above is compiled once per operator, this once per number type.
fn check_claims<T: Scalar>(a: &dyn DynOperator<T>, claims: Claims, in_place: InPlace<'_, T>) -> Result<(), String> {
    let (m, n) = a.dyn_shape();
    if claims.shape.rows.or(m) != m || claims.shape.cols.or(n) != n {
        return Err(format!("sizes: the type says {} and the value {m} x {n}", claims.shape));
    }
    let mut numbers = Numbers::new(7);
    let plain = (Update::replace(), Layout::Packed, 0);
    let nan = |m, n| DMatrix::from_element(m, n, T::of(f64::NAN));
    // the matrix, column after column
    let mut dense = DMatrix::from_element(m, n, T::zero());
    for j in 0..n {
        let unit = DMatrix::from_fn(n, 1, |i, _| if i == j { T::one() } else { T::zero() });
        dense.set_column(j, &act(a, plain, &unit, &nan(m, 1))?.column(0));
    }
    let scale = largest(&dense);
    if !scale.is_finite() {
        return Err("A times a unit vector has entries that are NaN or infinite, or was not written everywhere".into());
    }
    let eps = T::Re::epsilon().lane_f64(0);
    let relative = if claims.iterative { ITERATIVE_TOL.max(SLACK * eps) } else { SLACK * eps };
    // |A x| for |x_i| < 1 is at most n scale
    let tol = |length: usize| relative * scale * (length.max(1) as f64) + f64::MIN_POSITIVE;
    let same = |what: &str, have: &DMatrix<T>, want: &DMatrix<T>, tol: f64| {
        let (d, (i, j)) = difference(have, want);
        match d <= tol {
            true => Ok(()),
            false => Err(format!(
                "{what}: entry ({i}, {j}) is {:?} and should be {:?}; they differ by {d:.3e}, allowed is {tol:.1e}",
                have[(i, j)],
                want[(i, j)]
            )),
        }
    };
    let columns = |k| (numbers_of(n, k, 11), numbers_of(m, k, 13));

    // linear: with two numbers and two vectors
    let (x, z) = (numbers.matrix::<T>(n, 1), numbers.matrix::<T>(n, 1));
    let (c, d): (T, T) = (numbers.next(), numbers.next());
    let mix = |x: &DMatrix<T>, z: &DMatrix<T>| x.zip_map(z, |x, z| c * x + d * z);
    let (ax, az) = (act(a, plain, &x, &nan(m, 1))?, act(a, plain, &z, &nan(m, 1))?);
    same(
        "linearity: A(c x + d z) = c A x + d A z",
        &act(a, plain, &mix(&x, &z), &nan(m, 1))?,
        &mix(&ax, &az),
        4.0 * tol(n),
    )?;
    same("linearity: A x = sum of x_j A e_j", &ax, &times(&dense, false, &x), tol(n))?;

    // <A x, y> = <x, A^H y>
    let y = numbers.matrix::<T>(m, 1);
    let flipped = (Update::replace().flip(), Layout::Packed, 0);
    let ahy = act(a, flipped, &y, &nan(n, 1))?;
    let (left, right) = (times(&ax, true, &y), times(&x, true, &ahy));
    same("adjoint: <A x, y> = <x, A^H y>", &left, &right, tol(m * n))?;

    // all columns at once, as `to_dense` does
    let eye = DMatrix::from_fn(n, n, |i, j| if i == j { T::one() } else { T::zero() });
    same("to_dense: several right-hand sides and one by one", &act(a, plain, &eye, &nan(m, n))?, &dense, tol(1))?;

    // every variant of the update against the definition
    let phase = if T::IsReal::KNOWN { T::of(-2.5) } else { T::of(-2.5) + T::of(-1.0).sqrt() };
    for k in [0, 1, 3] {
        let (x, y) = columns(k);
        for adjoint in [false, true] {
            let (x, y) = if adjoint { (&y, &x) } else { (&x, &y) };
            let product = times(&dense, adjoint, x);
            for (alpha, add) in [(T::one(), false), (T::one(), true), (phase, false), (phase, true), (T::zero(), false)]
            {
                let old = if add { y.clone() } else { nan(y.nrows(), k) };
                let want = DMatrix::from_fn(y.nrows(), k, |i, j| {
                    let new = alpha * product[(i, j)];
                    if add { y[(i, j)] + new } else { new }
                });
                for (layout, spare) in [(Layout::Packed, 0), (Layout::Gaps, 5), (Layout::RowMajor, 0)] {
                    let how = Update { alpha, add, adjoint };
                    let have = act(a, (how, layout, spare), x, &old)?;
                    let what = format!(
                        "y = {}alpha {} x, alpha = {alpha:?}, {k} right-hand sides, {}",
                        if add { "y + " } else { "" },
                        if adjoint { "A^H" } else { "A" },
                        layout.name()
                    );
                    same(&what, &have, &want, 4.0 * tol(m.max(n)) + SLACK * eps)?;
                }
            }
        }
    }
    // in place; eleven columns: more than one block of every structure that has blocks, and an odd one
    for k in if m == n { [1, 11].as_slice() } else { &[] } {
        let x = numbers_of::<T>(n, *k, 19);
        for (adjoint, layout) in
            [(false, Layout::Packed), (true, Layout::Packed), (false, Layout::RowMajor), (true, Layout::Gaps)]
        {
            let (mut ys, (rs, cs)) = (layout.lay(&x), layout.strides(n, *k));
            let mut scratch = vec![T::of(f64::NAN); (in_place.scratch_len)(*k)];
            (in_place.act)(adjoint, ViewMut::new(&mut ys, n, *k, rs, cs), &mut scratch);
            let (have, touched) = layout.lift(&ys, n, *k);
            let what = format!("y = {} y in place, {k} columns, {}", if adjoint { "A^H" } else { "A" }, layout.name());
            if touched {
                return Err(format!("{what}: numbers between the entries were written"));
            }
            same(&what, &have, &times(&dense, adjoint, &x), 4.0 * tol(n) + SLACK * eps)?;
        }
    }
    for k in 0..4 {
        let (less, more) = (a.dyn_scratch(k), a.dyn_scratch(k + 1));
        if less > more {
            return Err(format!("scratch_len({k}) = {less} is more than scratch_len({}) = {more}", k + 1));
        }
    }
    facts(&dense, &claims, relative)
}
fn numbers_of<T: Scalar>(rows: usize, cols: usize, seed: u64) -> DMatrix<T> {
    Numbers::new(seed).matrix(rows, cols)
}

/// No fact is claimed that the matrix does not have.
fn facts<T: Scalar>(a: &DMatrix<T>, claims: &Claims, relative: f64) -> Result<(), String> {
    let ((m, n), scale) = (a.shape(), largest(a));
    let tol = relative * scale * (m.max(n).max(1) as f64);
    if claims.psd && !claims.self_adjoint {
        return Err("facts: positive semidefinite is claimed without self-adjoint".into());
    }
    if claims.unitary && !claims.isometric {
        return Err("facts: unitary is claimed without isometric".into());
    }
    if claims.self_adjoint {
        if m != n {
            return Err(format!("facts: self-adjoint is claimed of {m} x {n}"));
        }
        let (d, (i, j)) = difference(a, &a.transpose().map(|x| x.conj()));
        if !(d <= tol) {
            return Err(format!("facts: self-adjoint is claimed, but A and A^H differ by {d:.3e} at ({i}, {j})"));
        }
    }
    if claims.psd {
        let mut numbers = Numbers::new(17);
        for _ in 0..8 {
            let x = numbers.matrix::<T>(n, 1);
            let form = times(&x, true, &times(a, false, &x))[(0, 0)].re().lane_f64(0);
            if form < -tol * n as f64 {
                return Err(format!("facts: positive semidefinite is claimed, but x^H A x = {form:.3e} for some x"));
            }
        }
        let mut copy = Held::<T, Dyn>::filled(n, T::zero());
        copy.as_mut_slice().copy_from_slice(a.as_slice());
        let spectral = dense_eigh(copy).map_err(|e| format!("facts: {e}"))?;
        let smallest = spectral.eigenvalues().iter().fold(0.0, |s: f64, w| s.min(w.lane_f64(0)));
        if smallest < -tol {
            return Err(format!("facts: positive semidefinite is claimed, but an eigenvalue is {smallest:.3e}"));
        }
    }
    let near_identity = |g: DMatrix<T>, what: &str| {
        let eye = DMatrix::from_fn(g.nrows(), g.ncols(), |i, j| if i == j { T::one() } else { T::zero() });
        let d = difference(&g, &eye).0;
        let tol = 10.0 * relative * (m.max(n).max(1) as f64);
        if d <= tol { Ok(()) } else { Err(format!("facts: {what} is claimed, but differs from I by {d:.3e}")) }
    };
    if claims.isometric {
        near_identity(times(a, true, a), "A^H A = I (orthonormal columns)")?;
    }
    if claims.unitary {
        let h = a.transpose().map(|x| x.conj());
        near_identity(times(&h, true, &h), "A A^H = I (unitary)")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check_operator;
    use crate::operator::{LinearOperator, Operator, Update};
    use crate::space::Const;
    use crate::view::{View, ViewMut};

    /// A 3 x 2 matrix whose action is right but for one mistake.
    struct Faulty(&'static str);
    impl Operator for Faulty {
        type Scalar = f64;
        type Facts = crate::NoFacts;
        type Class = crate::General;
        type Rows = Const<3>;
        type Cols = Const<2>;
        fn nrows(&self) -> usize {
            if self.0 == "rows" { 4 } else { 3 }
        }
        fn ncols(&self) -> usize {
            2
        }
    }
    const A: [[f64; 2]; 3] = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]];
    impl LinearOperator for Faulty {
        fn act(&self, how: Update<f64>, x: View<'_, f64>, mut y: ViewMut<'_, f64>, s: &mut [f64]) {
            let how = if self.0 == "add" { Update { add: false, ..how } } else { how };
            let how = if self.0 == "alpha" { Update { alpha: 1.0, ..how } } else { how };
            if self.0 == "scratch" {
                s[0] = 1.0;
            }
            let dirty = if self.0 == "dirty" { s[0] } else { 0.0 };
            let columns = if self.0 == "columns" { x.cols.min(1) } else { x.cols };
            for c in 0..columns {
                for i in 0..y.rows {
                    let mut v = dirty + if self.0 == "affine" { 1.0 } else { 0.0 };
                    for j in 0..x.rows {
                        let a = if how.adjoint { A[j][i] } else { A[i][j] };
                        let a = if how.adjoint && self.0 == "adjoint" && i == 0 { -a } else { a };
                        v += a * if self.0 == "stride" { x.data[j + c * x.cs] } else { x.at(j, c) };
                    }
                    how.write(y.at(i, c), v);
                    if self.0 == "gap" && y.rs > 1 {
                        y.data[1] = 0.0;
                    }
                }
            }
        }
        fn scratch_len(&self, columns: usize) -> usize {
            if self.0 == "dirty" { 1 } else { usize::from(self.0 == "growth" && columns == 1) }
        }
    }
    #[test]
    fn every_mistake_is_named() {
        assert_eq!(check_operator(&Faulty("")), Ok(()));
        let cases = [
            ("rows", "sizes"),
            ("affine", "linearity"),
            ("adjoint", "adjoint: <A x, y>"),
            ("columns", "to_dense"),
            ("add", "y = y + alpha A x"),
            ("alpha", "alpha = -2.5"),
            ("stride", "row stride 2"),
            ("gap", "between the entries"),
            ("scratch", "scratch_len 0"),
            ("dirty", "NaN"),
            ("growth", "scratch_len(1) = 1"),
        ];
        for (mistake, word) in cases {
            let message = check_operator(&Faulty(mistake)).unwrap_err();
            assert!(message.contains(word), "{mistake}: {message}");
        }
    }
    #[test]
    fn false_facts_are_named() {
        use crate::ops::{Diagonal, Isometric, Psd, SelfAdjoint, Unitary};
        let lower = nalgebra::matrix![1.0, 0.0; 1.0, 1.0];
        let of = |e: Result<(), String>| e.unwrap_err();
        assert!(of(check_operator(&SelfAdjoint::new(lower))).contains("self-adjoint"));
        assert!(of(check_operator(&Psd::new(Diagonal::new([1.0, -1e-3])))).contains("semidefinite"));
        assert!(of(check_operator(&Unitary::new(lower))).contains("I"));
        assert!(of(check_operator(&Isometric::new(lower))).contains("orthonormal columns"));
    }
}
