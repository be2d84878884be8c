//! Interpolation from a regular grid: sparse rows of weights, a few per point.

use crate::error::{Error, Result};
use crate::facts::NoFacts;
use crate::functions::DiagonalRule;
use crate::functions::diagonal::diagonal_start;
use crate::operator::{LinearOperator, Update, operator};
use crate::parameters::{LeafFn, Parameters, Path};
use crate::plan::{Explain, Plan, Question, base};
use crate::scalar::Scalar;
use crate::space::Dyn;
use crate::view::{View, ViewMut};
use std::borrow::Cow;

/// The points start, start + step, .. : `len` of them.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Grid {
    /// The first point.
    pub start: f64,
    /// The distance between neighbours, > 0.
    pub step: f64,
    /// How many points there are.
    pub len: usize,
}
impl Grid {
    /// `len` points from `first` to `last`.
    ///
    /// # Errors
    /// `InvalidArgument` for fewer than two points, or where they do not increase; `NonFinite`.
    pub fn between(first: f64, last: f64, len: usize) -> Result<Grid> {
        let step = (last - first) / (len.max(2) - 1) as f64;
        let grid = Grid { start: first, step, len };
        grid.check(2).map(|()| grid)
    }
    fn check(&self, points: usize) -> Result<()> {
        if !(self.start.is_finite() && self.step.is_finite()) {
            return Err(Error::non_finite("the grid"));
        }
        if self.len < points || self.step <= 0.0 {
            return Err(Error::invalid(format!(
                "interpolation: a grid of {} points with step {} (needed: {points} points, a positive step)",
                self.len, self.step
            )));
        }
        Ok(())
    }
    /// The cell of x and where x lies in it, in units of the step; a point on the last grid point belongs to the last cell.
    fn cell(&self, index: usize, x: f64) -> Result<(usize, f64)> {
        if !x.is_finite() {
            return Err(Error::non_finite(format!("point {index} of the interpolation")));
        }
        let t = (x - self.start) / self.step;
        let slack = 1e-9 * self.len as f64; // the last point may be rounded to beyond the grid
        let last = (self.len - 1) as f64;
        if t < -slack || t > last + slack {
            return Err(Error::invalid(format!(
                "interpolation: point {index} is {x}, outside of the grid from {} to {}; make the grid larger",
                self.start,
                self.start + self.step * last
            )));
        }
        let t = t.clamp(0.0, last);
        let cell = (t as usize).min(self.len - 2);
        Ok((cell, t - cell as f64))
    }
}

/// W with few weights in each row: (W g)_i is the value at point i of the interpolant of the grid values g. In several dimensions the grid
/// is the tensor product, last dimension fastest, as in `kron`, and a row is the tensor product of rows.
///
/// With W the Gram matrix of structured kernel interpolation is `W * kron(T1, T2) * W.T + s * I`: apply in O(n + that of the grid
/// matrix), solved by CG. Apply: p n products for p weights a row. Leaf: the weights.
///
/// ```
/// # use cola_core::prelude::*;
/// let grid = Grid::between(0.0, 3.0, 4)?;
/// let w = Interpolation::<f64>::linear(grid, &[0.5, 3.0])?;
/// assert_eq!(w.apply(&vec![0.0, 10.0, 20.0, 30.0]), [5.0, 30.0]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Interpolation<T> {
    rows: usize,
    grid: usize,
    /// Weights a row.
    width: usize,
    index: Vec<usize>,
    weights: Vec<T>,
}
/// Cubic interpolation from a grid to points: `interpolation(grid, points)` in `linop!`. See [`Interpolation::cubic`].
///
/// # Panics
/// For a point outside of the grid; `try_linop!` returns the error.
pub fn interpolation<T: Scalar>(grid: Grid, points: &[f64]) -> Interpolation<T> {
    Interpolation::cubic(grid, points).unwrap_or_else(|e| crate::dsl::shape_panic(&e))
}
/// Cubic interpolation from a grid to points.
///
/// # Errors
/// Those of [`Interpolation::cubic`].
pub fn try_interpolation<T: Scalar>(grid: Grid, points: &[f64]) -> Result<Interpolation<T>> {
    Interpolation::cubic(grid, points)
}
/// Linear interpolation from a grid to points: `interpolation_linear(grid, points)` in `linop!`.
///
/// # Panics
/// For a point outside of the grid; `try_linop!` returns the error.
pub fn interpolation_linear<T: Scalar>(grid: Grid, points: &[f64]) -> Interpolation<T> {
    Interpolation::linear(grid, points).unwrap_or_else(|e| crate::dsl::shape_panic(&e))
}
/// Linear interpolation from a grid to points.
///
/// # Errors
/// Those of [`Interpolation::linear`].
pub fn try_interpolation_linear<T: Scalar>(grid: Grid, points: &[f64]) -> Result<Interpolation<T>> {
    Interpolation::linear(grid, points)
}
impl<T: Scalar> Interpolation<T> {
    /// Grid points and weights, row after row: each row has as many.
    pub fn rows(&self) -> (&[usize], &[T]) {
        (&self.index, &self.weights)
    }
    /// Piecewise linear: 2 weights a row.
    ///
    /// # Errors
    /// `InvalidArgument` for a point outside of the grid, or a grid of fewer than 2 points; `NonFinite`.
    pub fn linear(grid: Grid, points: &[f64]) -> Result<Self> {
        grid.check(2)?;
        Self::rows_of(grid, points, 2, |cell, t, row| {
            row[0] = (cell, 1.0 - t);
            row[1] = (cell + 1, t);
        })
    }
    /// Cubic convolution: 4 weights a row, third order inside (Keys 1981, with a = -1/2), at both ends the cubic through the four outer
    /// points.
    ///
    /// # Errors
    /// `InvalidArgument` for a point outside of the grid, or a grid of fewer than 4 points; `NonFinite`.
    pub fn cubic(grid: Grid, points: &[f64]) -> Result<Self> {
        grid.check(4)?;
        let last = grid.len - 2;
        Self::rows_of(grid, points, 4, |cell, t, row| {
            let inside = cell > 0 && cell < last;
            let first = if inside { cell - 1 } else { cell.saturating_sub(1).min(grid.len - 4) };
            let w = match inside {
                true => {
                    let (t2, t3) = (t * t, t * t * t);
                    [
                        -0.5 * t3 + t2 - 0.5 * t,
                        1.5 * t3 - 2.5 * t2 + 1.0,
                        -1.5 * t3 + 2.0 * t2 + 0.5 * t,
                        0.5 * t3 - 0.5 * t2,
                    ]
                }
                false => {
                    let x = t + (cell - first) as f64;
                    let (a, b, c, d) = (x, x - 1.0, x - 2.0, x - 3.0);
                    [-b * c * d / 6.0, a * c * d / 2.0, -a * b * d / 2.0, a * b * c / 6.0]
                }
            };
            (0..4).for_each(|k| row[k] = (first + k, w[k]));
        })
    }
    fn rows_of(
        grid: Grid,
        points: &[f64],
        width: usize,
        row: impl Fn(usize, f64, &mut [(usize, f64); 4]),
    ) -> Result<Self> {
        let (mut index, mut weights) = (Vec::with_capacity(width * points.len()), Vec::new());
        for (i, &x) in points.iter().enumerate() {
            let ((cell, t), mut all) = (grid.cell(i, x)?, [(0, 0.0); 4]);
            row(cell, t, &mut all);
            index.extend(all[..width].iter().map(|w| w.0));
            weights.extend(all[..width].iter().map(|w| T::of(w.1)));
        }
        Ok(Interpolation { rows: points.len(), grid: grid.len, width, index, weights })
    }
    /// The next dimension: row i of the result is the tensor product of both rows i, for points (x_i, y_i) on the grid of both, y
    /// fastest.
    ///
    /// # Errors
    /// `ShapeMismatch` where the numbers of points differ.
    pub fn times(&self, other: &Self) -> Result<Self> {
        if self.rows != other.rows {
            let (left, right) = ((self.rows, self.grid), (other.rows, other.grid));
            return Err(Error::ShapeMismatch { op: "interpolation in several dimensions", left, right });
        }
        let width = self.width * other.width;
        let (mut index, mut weights) = (Vec::with_capacity(width * self.rows), Vec::with_capacity(width * self.rows));
        for i in 0..self.rows {
            for (a, x) in self.row(i) {
                for (b, y) in other.row(i) {
                    index.push(a * other.grid + b);
                    weights.push(x * y);
                }
            }
        }
        Ok(Interpolation { rows: self.rows, grid: self.grid * other.grid, width, index, weights })
    }
    fn row(&self, i: usize) -> impl Iterator<Item = (usize, T)> + '_ {
        let at = i * self.width..(i + 1) * self.width;
        self.index[at.clone()].iter().copied().zip(self.weights[at].iter().copied())
    }
}
operator!([T: Scalar] Interpolation<T> {
    scalar T; facts NoFacts; rows Dyn; cols Dyn; nrows |s| s.rows; ncols s.grid;
});
crate::interop::saved!([T: Scalar] Interpolation<T>, "Interpolation", [] {
    rows: usize = |k| k.rows, grid: usize = |k| k.grid, width: usize = |k| k.width, index: Vec<usize> = |k| k.index,
    weights: Vec<T> = |k| k.weights
} {
    let fits = rows.checked_mul(width) == Some(index.len()) && index.len() == weights.len();
    match fits && index.iter().all(|&i| i < grid) {
        true => Ok(Interpolation { rows, grid, width, index, weights }),
        false => Err(Error::invalid("interpolation: indices and weights do not fill the rows, or an index is off the grid")),
    }
});
impl<T: Scalar> Parameters for Interpolation<T> {
    type Number = T;
    type With<X: Scalar> = Interpolation<X>;
    type Owned = Self;
    fn visit<'a>(&'a self, path: &mut Path, f: &mut dyn FnMut(&str, Cow<'a, [T]>)) {
        path.enter("weights", |p| f(p.as_str(), Cow::Borrowed(&self.weights)))
    }
    fn traverse<X: Scalar>(&self, path: &mut Path, f: LeafFn<'_, T, X>) -> Interpolation<X> {
        let mut weights = vec![X::zero(); self.weights.len()];
        path.enter("weights", |p| f(p.as_str(), &self.weights, &mut weights));
        Interpolation { rows: self.rows, grid: self.grid, width: self.width, index: self.index.clone(), weights }
    }
    fn rebuild(&self, path: &mut Path, f: LeafFn<'_, T, T>) -> Self {
        self.traverse(path, f)
    }
    fn frame(&self, f: &mut dyn FnMut(crate::parameters::Frame)) {
        f(crate::parameters::Frame::Shape(self.rows, self.grid));
        self.index.iter().for_each(|&i| f(crate::parameters::Frame::Index(i)));
    }
}
impl<T: Scalar> LinearOperator for Interpolation<T> {
    fn act(&self, how: Update<T>, x: View<'_, T>, mut y: ViewMut<'_, T>, _: &mut [T]) {
        for c in 0..x.cols {
            if !how.adjoint {
                for i in 0..self.rows {
                    let sum = self.row(i).fold(T::zero(), |s, (j, w)| s.add_mul(w, x.at(j, c)));
                    how.write(y.at(i, c), sum);
                }
                continue;
            }
            if !how.add {
                (0..y.rows).for_each(|j| *y.at(j, c) = T::zero());
            }
            for i in 0..self.rows {
                let xi = how.alpha * x.at(i, c);
                for (j, w) in self.row(i) {
                    let y = y.at(j, c);
                    *y = y.add_mul(w.conj(), xi);
                }
            }
        }
    }
    fn scratch_len(&self, _: usize) -> usize {
        0
    }
}
crate::base_inverse!([T: Scalar] Interpolation<T>);
crate::base_det!([T: Scalar] Interpolation<T>);
crate::base_eigh!([T: Scalar] Interpolation<T>);
crate::spectral_power!([T: Scalar] Interpolation<T>);
crate::base_exp!([T: Scalar] Interpolation<T>);
crate::spectral_log!([T: Scalar] Interpolation<T>);
crate::base_factors!([T: Scalar] Interpolation<T>);
crate::base_decompositions!([T: Scalar] Interpolation<T>);
// the weights on the diagonal, p of each row looked at
impl<T: Scalar> DiagonalRule for Interpolation<T> {
    fn diagonal_rule(&self, k: isize, d: &mut [T]) -> Result<()> {
        let (row, col) = diagonal_start(k);
        for (i, d) in d.iter_mut().enumerate() {
            *d = self.row(row + i).filter(|w| w.0 == col + i).fold(T::zero(), |s, w| s + w.1);
        }
        Ok(())
    }
}
impl<T: Scalar> Explain for Interpolation<T> {
    fn plan<K: crate::facts::Facts>(&self, question: Question) -> Plan {
        let weights = (self.weights.len(), self.rows);
        let of = |rule: &'static str, cost| Plan {
            cost: crate::plan::Cost::of(cost, weights),
            ..Plan::rule(self, rule, "n")
        };
        match question {
            Question::Apply => of("every weight", "2m"),
            Question::Trace | Question::Diagonal => of("read off", "m"),
            _ => base::<K, Self>(self, question),
        }
    }
}
// d(u^T W v) / dW_ij = u_i v_j
impl<T: Scalar> crate::gradient::Differentiable for Interpolation<T> {
    fn parameters(&self) -> usize {
        self.weights.len()
    }
    fn accumulate_bilinear(&self, u: View<'_, T>, v: View<'_, T>, scale: T, g: &mut [T]) {
        for (k, g) in g.iter_mut().enumerate() {
            *g += scale * u.at(k / self.width, 0) * v.at(self.index[k], 0);
        }
    }
}
#[cfg(test)]
mod tests {
    use super::*;
    use crate::ext::OperatorExt;

    #[test]
    fn reproduces_polynomials() {
        let grid = Grid::between(-1.0, 2.0, 13).unwrap();
        let points: Vec<f64> = (0..50).map(|i| -1.0 + 3.0 * i as f64 / 49.0).collect();
        let at = |f: &dyn Fn(f64) -> f64| (0..13).map(|i| f(grid.start + grid.step * i as f64)).collect::<Vec<_>>();
        let check = |w: &Interpolation<f64>, f: &dyn Fn(f64) -> f64, tol: f64| {
            let y = w.apply(&at(f));
            points.iter().zip(&y).for_each(|(x, y)| assert!((f(*x) - y).abs() < tol, "{x}: {y} {}", f(*x)));
        };
        let (linear, cubic) =
            (Interpolation::linear(grid, &points).unwrap(), Interpolation::cubic(grid, &points).unwrap());
        check(&linear, &|x| 2.0 - 3.0 * x, 1e-14);
        check(&cubic, &|x| 1.0 + x - 2.0 * x * x, 1e-13);
        // third order
        check(&cubic, &f64::sin, 2e-3);
        for w in [linear, cubic] {
            crate::testing::check_operator(&w).unwrap();
        }
    }
    #[test]
    fn several_dimensions() {
        let (gx, gy) = (Grid::between(0.0, 1.0, 5).unwrap(), Grid::between(0.0, 2.0, 4).unwrap());
        let (x, y) = ([0.1, 0.77, 1.0], [0.0, 1.3, 1.9]);
        let w = Interpolation::<f64>::linear(gx, &x).unwrap().times(&Interpolation::cubic(gy, &y).unwrap()).unwrap();
        let values: Vec<f64> =
            (0..20).map(|k| (1.0 + gx.step * (k / 4) as f64) * (2.0 - gy.step * (k % 4) as f64)).collect();
        let got = w.apply(&values);
        for i in 0..3 {
            assert!((got[i] - (1.0 + x[i]) * (2.0 - y[i])).abs() < 1e-14);
        }
        assert!(w.times(&Interpolation::linear(gx, &[0.0]).unwrap()).is_err());
    }
    #[test]
    fn refuses_what_is_outside() {
        let grid = Grid::between(0.0, 1.0, 5).unwrap();
        for (x, text) in
            [(1.1, "point 1 is 1.1, outside"), (-0.2, "outside"), (f64::NAN, "NaN"), (f64::INFINITY, "NaN")]
        {
            let e = Interpolation::<f64>::linear(grid, &[0.5, x]).unwrap_err().to_string();
            assert!(e.contains(text), "{e}");
        }
        assert!(Grid::between(1.0, 1.0, 5).is_err() && Grid::between(0.0, f64::NAN, 5).is_err());
        assert!(Grid::between(0.0, 1.0, 1).is_err());
        assert!(Interpolation::<f64>::cubic(Grid::between(0.0, 1.0, 3).unwrap(), &[]).is_err());
        assert_eq!(Interpolation::<f64>::linear(grid, &[]).unwrap().shape(), (0, 5));
    }
}
