//! A matrix that is known by what it does to vectors.

use crate::facts::{Facts, NoFacts, PsdFacts, SelfAdjointFacts};
use crate::operator::{ByRows, LinearOperator, Update, operator};
use crate::scalar::Scalar;
use crate::space::{Dyn, Space};
use crate::view::{View, ViewMut};
use core::marker::PhantomData;

/// A matrix-free operator: `forward(x, y)` writes y = A x, `adjoint(x, y)` writes y = A^H x; both see one column at a time, without
/// gaps. `K`: what the user knows of it.
///
/// ```
/// # use cola_core::prelude::*;
/// // the second difference on 100 points
/// let laplacian = Function::psd(100, |x: &[f64], y: &mut [f64]| {
///     for i in 0..x.len() {
///         let left = if i > 0 { x[i - 1] } else { 0.0 };
///         let right = if i + 1 < x.len() { x[i + 1] } else { 0.0 };
///         y[i] = 2.0 * x[i] - left - right;
///     }
/// });
/// let b = vec![1.0; 100];
/// let s = laplacian.solve_with(Cg::default().tol(1e-12), &b)?;
/// assert!(s.report.residual <= 1e-11);
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct Function<T, R, C, F, G, K> {
    forward: F,
    adjoint: G,
    shape: (usize, usize),
    marker: PhantomData<fn() -> (T, R, C, K)>,
}
impl<T, R, C, F: Clone, G: Clone, K> Clone for Function<T, R, C, F, G, K> {
    fn clone(&self) -> Self {
        Function {
            forward: self.forward.clone(),
            adjoint: self.adjoint.clone(),
            shape: self.shape,
            marker: PhantomData,
        }
    }
}
/// How a [`Function`] acts: a closure that writes all of y = A x, or [`RowRange`].
pub trait ForwardAction<T> {
    /// y = A x.
    fn act(&self, x: &[T], y: &mut [T]);
    /// The distance from the diagonal that entries have at most, where the rows of y can be asked for by ranges.
    fn reach(&self) -> Option<usize> {
        None
    }
    /// Rows `first..first + y.len()`; asked only where the reach is known.
    fn rows(&self, first: usize, x: &[T], y: &mut [T]) {
        let _ = (first, x, y);
    }
}
impl<T, F: Fn(&[T], &mut [T])> ForwardAction<T> for F {
    fn act(&self, x: &[T], y: &mut [T]) {
        self(x, y)
    }
}
/// An action by ranges of rows: `rows(first, x, y)` writes rows `first..first + y.len()` of A x to y.
#[derive(Clone, Copy, Debug)]
pub struct RowRange<F> {
    reach: usize,
    rows: F,
}
impl<T, F: Fn(usize, &[T], &mut [T])> ForwardAction<T> for RowRange<F> {
    fn act(&self, x: &[T], y: &mut [T]) {
        (self.rows)(0, x, y)
    }
    fn reach(&self) -> Option<usize> {
        Some(self.reach)
    }
    fn rows(&self, first: usize, x: &[T], y: &mut [T]) {
        (self.rows)(first, x, y)
    }
}
/// For a self-adjoint operator: its adjoint is itself.
#[derive(Clone, Copy, Debug)]
pub struct Itself;
/// How the adjoint of a [`Function`] acts.
pub trait AdjointAction<T, F> {
    /// y = A^H x.
    fn act(&self, forward: &F, x: &[T], y: &mut [T]);
}
impl<T, F: ForwardAction<T>> AdjointAction<T, F> for Itself {
    fn act(&self, forward: &F, x: &[T], y: &mut [T]) {
        forward.act(x, y)
    }
}
impl<T, F, G: Fn(&[T], &mut [T])> AdjointAction<T, F> for G {
    fn act(&self, _: &F, x: &[T], y: &mut [T]) {
        self(x, y)
    }
}
impl<T: Scalar, F: Fn(&[T], &mut [T]), G: Fn(&[T], &mut [T])> Function<T, Dyn, Dyn, F, G, NoFacts> {
    /// A rows x cols operator with its adjoint.
    pub fn new(rows: usize, cols: usize, forward: F, adjoint: G) -> Self {
        Function { forward, adjoint, shape: (rows, cols), marker: PhantomData }
    }
}
/// An m x n operator by what it does: y = A x and y = A^H x into the slices given. `function(m, n, forward, adjoint)` in `linop!`.
pub fn function<T: Scalar, F: Fn(&[T], &mut [T]), G: Fn(&[T], &mut [T])>(
    rows: usize,
    cols: usize,
    forward: F,
    adjoint: G,
) -> Function<T, Dyn, Dyn, F, G, NoFacts> {
    Function::new(rows, cols, forward, adjoint)
}
impl<T: Scalar, F: Fn(&[T], &mut [T])> Function<T, Dyn, Dyn, F, Itself, SelfAdjointFacts> {
    /// A self-adjoint n x n operator.
    pub fn self_adjoint(n: usize, forward: F) -> Self {
        Function { forward, adjoint: Itself, shape: (n, n), marker: PhantomData }
    }
}
impl<T: Scalar, F: Fn(&[T], &mut [T])> Function<T, Dyn, Dyn, F, Itself, PsdFacts> {
    /// A positive semidefinite n x n operator.
    pub fn psd(n: usize, forward: F) -> Self {
        Function { forward, adjoint: Itself, shape: (n, n), marker: PhantomData }
    }
}
impl<T: Scalar, F: Fn(usize, &[T], &mut [T])> Function<T, Dyn, Dyn, RowRange<F>, Itself, PsdFacts> {
    /// A positive semidefinite n x n operator whose rows can be asked for by ranges, entries being at most `reach` from the diagonal:
    /// conjugate gradients then pass over memory a third less often (`benches/cg.rs`), as the rows are made while the vectors are in the
    /// cache.
    ///
    /// ```
    /// # use cola_core::prelude::*;
    /// let second_difference = Function::psd_by_rows(100, 1, |first, x: &[f64], y: &mut [f64]| {
    ///     for (i, y) in (first..).zip(y) {
    ///         *y = 2.0 * x[i] - if i > 0 { x[i - 1] } else { 0.0 } - x.get(i + 1).unwrap_or(&0.0);
    ///     }
    /// });
    /// let s = second_difference.solve_with(Cg::default(), &vec![1.0; 100])?;
    /// assert!((s.x[0] - 50.0).abs() < 1e-6);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn psd_by_rows(n: usize, reach: usize, rows: F) -> Self {
        Function { forward: RowRange { reach, rows }, adjoint: Itself, shape: (n, n), marker: PhantomData }
    }
}
impl<T, F, G, K> Function<T, Dyn, Dyn, F, G, K> {
    /// The same with static sizes.
    ///
    /// # Panics
    /// Where they are not the sizes it was built with.
    pub fn fixed<R: Space, C: Space>(self) -> Function<T, R, C, F, G, K> {
        let shape = (R::EXTENT.or(self.shape.0), C::EXTENT.or(self.shape.1));
        assert!(shape == self.shape, "Function: {:?} fixed as {shape:?}", self.shape);
        Function { forward: self.forward, adjoint: self.adjoint, shape, marker: PhantomData }
    }
}
operator!([T: Scalar, R: Space, C: Space, F, G, K: Facts] Function<T, R, C, F, G, K> {
    scalar T; facts K; rows R; cols C; nrows |s| s.shape.0; ncols s.shape.1;
});
impl<T: Scalar, R: Space, C: Space, F: ForwardAction<T>, G: AdjointAction<T, F>, K: Facts> ByRows<T>
    for Function<T, R, C, F, G, K>
{
    fn reach(&self) -> usize {
        self.forward.reach().unwrap_or(self.shape.0)
    }
    fn strides(&self) -> bool {
        false
    }
    fn rows(&self, how: Update<T>, first: usize, x: View<'_, T>, mut y: ViewMut<'_, T>) {
        let rows = y.rows;
        for c in 0..x.cols {
            let column = x.column(c);
            let copy: Vec<T>;
            let from = match column.contiguous() {
                Some(x) => x,
                None => {
                    copy = (0..x.rows).map(|i| x.at(i, c)).collect();
                    &copy
                }
            };
            if !how.add && how.alpha == T::one() && y.rs == 1 && rows > 0 {
                self.forward.rows(first, from, &mut y.column(c).data[..rows]);
            } else {
                let mut out = vec![T::zero(); rows];
                self.forward.rows(first, from, &mut out);
                (0..rows).for_each(|i| how.write(y.at(i, c), out[i]));
            }
        }
    }
}
impl<T: Scalar, R: Space, C: Space, F: ForwardAction<T>, G: AdjointAction<T, F>, K: Facts> LinearOperator
    for Function<T, R, C, F, G, K>
{
    fn act(&self, how: Update<T>, x: View<'_, T>, mut y: ViewMut<'_, T>, s: &mut [T]) {
        let (xs, rest) = s.split_at_mut(x.rows);
        let ys = &mut rest[..y.rows];
        let act = |x: &[T], y: &mut [T]| match how.adjoint {
            true => self.adjoint.act(&self.forward, x, y),
            false => self.forward.act(x, y),
        };
        // what a copy would only move is handed on as it lies
        let replaces = !how.add && how.alpha == T::one();
        for c in 0..x.cols {
            let (column, rows) = (x.column(c), y.rows);
            let from = match column.contiguous() {
                Some(x) => x,
                None => {
                    (0..x.rows).for_each(|i| xs[i] = x.at(i, c));
                    &*xs
                }
            };
            if replaces && y.rs == 1 && rows > 0 {
                act(from, &mut y.column(c).data[..rows]);
            } else {
                act(from, ys);
                (0..rows).for_each(|i| how.write(y.at(i, c), ys[i]));
            }
        }
    }
    fn scratch_len(&self, _: usize) -> usize {
        self.shape.0 + self.shape.1
    }
    fn by_rows(&self) -> Option<&dyn ByRows<T>> {
        self.forward.reach().is_some().then_some(self)
    }
}
impl<T: Scalar, R: Space, C: Space, F: Clone, G: Clone, K: Facts> crate::parameters::Parameters
    for Function<T, R, C, F, G, K>
{
    type Number = T;
    // a closure over T cannot be asked about another number: over another number its tree is empty
    type With<X: Scalar> = crate::ops::Identity<X, R>;
    type Owned = Self;
    fn visit<'a>(&'a self, _: &mut crate::parameters::Path, _: &mut dyn FnMut(&str, std::borrow::Cow<'a, [T]>)) {}
    fn traverse<X: Scalar>(
        &self,
        _: &mut crate::parameters::Path,
        _: crate::parameters::LeafFn<'_, T, X>,
    ) -> crate::ops::Identity<X, R> {
        crate::ops::Identity::of_size(self.shape.0)
    }
    fn rebuild(&self, _: &mut crate::parameters::Path, _: crate::parameters::LeafFn<'_, T, T>) -> Self {
        self.clone()
    }
}
crate::base_rules!([T: Scalar, R: Space, C: Space, F, G, Q: Facts] Function<T, R, C, F, G, Q>);
impl<T: Scalar, R: Space, C: Space, F, G, Q: Facts> crate::plan::Explain for Function<T, R, C, F, G, Q> {}
crate::gradient::no_gradient!(
    [T: Scalar, R: Space, C: Space, F: ForwardAction<T> + Clone, G: AdjointAction<T, F> + Clone, Q: Facts]
    Function<T, R, C, F, G, Q>
);
