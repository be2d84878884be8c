//! [A, B; C, D] (x, y) = (f, g) by the Schur complement S = D - C A^-1 B, without the inverse that `inv` holds: S y = g - C A^-1 f and
//! x = A^-1 (f - B y), refined where the residual asks for it. (Golub & Van Loan, Matrix Computations, 4th ed., 3.2.11.)
//!
//! Where A is diagonal and B and C lie in memory, S is gathered in one pass over blocks of rows: no A^-1 B is made. (A of 300000 numbers,
//! B of 16 columns: 38 ms; `cargo bench --bench rules -- block-Schur`.)

use crate::algorithms::dense as kernels;
use crate::algorithms::woodbury::{ROWS, blocks, times};
use crate::data::{Held, MatrixData, Panel};
use crate::error::Result;
use crate::functions::dense::{FactorMethod, Factored};
use crate::functions::inverse::apply_checked;
use crate::operator::short::{Re, Ro, Sc};
use crate::operator::{LinearOperator, Update, with_scratch};
use crate::ops::low_rank::panel;
use crate::scalar::{Mask, Real, Scalar};
use crate::space::Space;
use crate::view::{View, ViewMut};
use num_traits::{One, Zero};

/// The blocks, A the one that is eliminated: C stands below it and B beside it. `f` is A^-1.
pub struct Eliminated<'a, F, A, B, C, D> {
    /// A^-1.
    pub f: &'a F,
    /// A, B, C, D.
    pub parts: (&'a A, &'a B, &'a C, &'a D),
    /// True where A is the last block of the matrix.
    pub last: bool,
}
/// `f` of the entries: as they lie in memory, or a copy.
pub fn with_entries<X: LinearOperator, R>(x: &X, f: impl FnOnce(View<'_, Sc<X>>) -> R) -> R {
    match x.entries() {
        Some(x) => f(x),
        None => f(panel(x).view()),
    }
}
/// D as a matrix.
fn written<D: LinearOperator, N: Space>(d: &D) -> Result<Held<Sc<D>, N>> {
    let n = d.nrows();
    let (mut s, eye) = (Held::<Sc<D>, N>::filled(n, Sc::<D>::zero()), Held::<Sc<D>, N>::identity(n));
    apply_checked(d, eye.view(), s.view_mut())?;
    Ok(s)
}
/// S = D - C A^-1 B, and A^-1 B.
pub fn complement<T: Scalar, R: Space, N: Space>(
    f: &impl LinearOperator<Scalar = T>,
    b: &impl LinearOperator<Scalar = T>,
    c: &impl LinearOperator<Scalar = T>,
    d: &impl LinearOperator<Scalar = T>,
) -> Result<(Panel<T, R, N>, Held<T, N>)> {
    let (na, nd) = (f.nrows(), d.nrows());
    let mut w = Panel::<T, R, N>::filled(na, nd, T::zero());
    with_entries(b, |b| apply_checked(f, b, w.view_mut()))?;
    let mut s = written(d)?;
    with_scratch(c.scratch_len(nd), |scratch| c.act(minus(), w.view(), s.view_mut(), scratch));
    Ok((w, s))
}
/// y = y - A x.
fn minus<T: Scalar>() -> Update<T> {
    Update { alpha: -T::one(), add: true, adjoint: false }
}
/// S alone.
pub fn complement_alone<T: Scalar, R: Space, N: Space>(
    f: &impl LinearOperator<Scalar = T>,
    b: &impl LinearOperator<Scalar = T>,
    c: &impl LinearOperator<Scalar = T>,
    d: &impl LinearOperator<Scalar = T>,
) -> Result<Held<T, N>> {
    let (Some(e), Some(left), Some(right)) = (f.only_diagonal(), c.entries(), b.entries()) else {
        return Ok(complement::<T, R, N>(f, b, c, d)?.1);
    };
    let (mut s, nd) = (written(d)?, d.nrows());
    with_scratch(ROWS.min(f.nrows()) * nd, |scaled: &mut [T]| {
        for (first, rows) in blocks(f.nrows()) {
            let scaled = &mut scaled[..rows * nd];
            for (j, column) in scaled.chunks_exact_mut(rows).enumerate() {
                times(e.rows(first, rows), right.column(j).rows(first, rows), column);
            }
            let scaled = View::matrix(scaled, rows, nd);
            kernels::gemm((-T::one(), true), false, left.columns(first, rows), scaled, s.view_mut());
        }
    });
    Ok(s)
}
/// Relative residuals that pass without refinement, and after it, in units of rounding.
const GOOD: f64 = 32.0;
const POOR: f64 = 1000.0;
impl<F, A, B, C, D> Eliminated<'_, F, A, B, C, D>
where
    F: LinearOperator,
    A: LinearOperator<Scalar = Sc<F>>,
    B: LinearOperator<Scalar = Sc<F>>,
    C: LinearOperator<Scalar = Sc<F>>,
    D: LinearOperator<Scalar = Sc<F>>,
{
    /// First rows of A and of D.
    fn starts(&self) -> (usize, usize) {
        if self.last { (self.parts.3.nrows(), 0) } else { (0, self.parts.0.nrows()) }
    }
    /// x = M^-1 b; false where its residual is not small beside the terms that it is made of.
    ///
    /// # Errors
    /// Those of the factor of S and of A^-1.
    pub fn solve<M: FactorMethod>(&self, b: View<'_, Sc<F>>, mut x: ViewMut<'_, Sc<F>>) -> Result<bool> {
        let (_, right, below, corner) = self.parts;
        let s = Factored::<_, Ro<D>, M>::new(complement_alone::<_, Ro<F>, Ro<D>>(self.f, right, below, corner)?)?;
        self.step(&s, b, x.reborrow())?;
        with_scratch(b.rows * b.cols, |rest: &mut [Sc<F>]| {
            if self.passes(GOOD, self.residual(b, x.as_view(), rest)?) {
                return Ok(true);
            }
            with_scratch(b.rows * b.cols, |more: &mut [Sc<F>]| {
                self.step(&s, View::matrix(rest, b.rows, b.cols), ViewMut::matrix(more, b.rows, b.cols))?;
                for c in 0..b.cols {
                    (0..b.rows).for_each(|i| *x.at(i, c) += more[i + b.rows * c]);
                }
                Ok(())
            })?;
            Ok(self.passes(POOR, self.residual(b, x.as_view(), rest)?))
        })
    }
    fn passes(&self, limit: f64, missed: Re<F>) -> bool {
        let tol = Re::<F>::epsilon() * Re::<F>::real(limit);
        !(tol.lt(missed) | !missed.finite()).any()
    }
    fn step<M: FactorMethod>(
        &self,
        s: &Factored<Sc<F>, Ro<D>, M>,
        b: View<'_, Sc<F>>,
        mut x: ViewMut<'_, Sc<F>>,
    ) -> Result<()> {
        let ((a, right, below, d), (ia, id), k) = (self.parts, self.starts(), b.cols);
        let (na, nd) = (a.nrows(), d.nrows());
        let (f, g) = (b.rows(ia, na), b.rows(id, nd));
        let scratch = right.scratch_len(k).max(below.scratch_len(k));
        with_scratch((na + nd) * k + scratch, |room| {
            let (t, room) = room.split_at_mut(nd * k);
            let (v, room) = room.split_at_mut(na * k);
            apply_checked(self.f, f, x.rows(ia, na))?;
            ViewMut::matrix(t, nd, k).copy_from(g);
            below.act(minus(), x.rows(ia, na).as_view(), ViewMut::matrix(t, nd, k), room);
            apply_checked(s, View::matrix(t, nd, k), x.rows(id, nd))?;
            ViewMut::matrix(v, na, k).copy_from(f);
            right.act(minus(), x.rows(id, nd).as_view(), ViewMut::matrix(v, na, k), room);
            apply_checked(self.f, View::matrix(v, na, k), x.rows(ia, na))
        })
    }
    /// r = b - M x, and its size beside the largest of b and of the four terms, the worst column.
    fn residual(&self, b: View<'_, Sc<F>>, x: View<'_, Sc<F>>, r: &mut [Sc<F>]) -> Result<Re<F>> {
        let (na, nd) = (self.parts.0.nrows(), self.parts.3.nrows());
        with_scratch(na.max(nd), |term| self.residual_in(b, x, r, term))
    }
    /// [`residual`](Self::residual); `term`: as many numbers as the larger block has rows.
    fn residual_in(
        &self,
        b: View<'_, Sc<F>>,
        x: View<'_, Sc<F>>,
        r: &mut [Sc<F>],
        term: &mut [Sc<F>],
    ) -> Result<Re<F>> {
        let ((a, right, below, d), (ia, id), n) = (self.parts, self.starts(), b.rows);
        let (na, nd, zero) = (a.nrows(), d.nrows(), Re::<F>::zero());
        let mut worst = zero;
        for c in 0..b.cols {
            let (b, x, r) = (b.column(c), x.column(c), &mut r[n * c..n * (c + 1)]);
            ViewMut::vector(r).copy_from(b);
            let mut size = r.iter().fold(zero, |m, r| m.max(r.abs()));
            let mut subtract = |r: &mut [Sc<F>], act: &dyn Fn(&mut [Sc<F>]) -> Result<()>| -> Result<()> {
                let term = &mut term[..r.len()];
                act(term)?;
                for (r, t) in r.iter_mut().zip(term) {
                    size = size.max(t.abs());
                    *r -= *t;
                }
                Ok(())
            };
            let (xa, xd) = (x.rows(ia, na), x.rows(id, nd));
            subtract(&mut r[ia..ia + na], &|t| apply_checked(a, xa, ViewMut::vector(t)))?;
            subtract(&mut r[ia..ia + na], &|t| apply_checked(right, xd, ViewMut::vector(t)))?;
            subtract(&mut r[id..id + nd], &|t| apply_checked(below, xa, ViewMut::vector(t)))?;
            subtract(&mut r[id..id + nd], &|t| apply_checked(d, xd, ViewMut::vector(t)))?;
            let miss = r.iter().fold(zero, |m, r| {
                let r = r.abs();
                Re::<F>::select(m.lt(r) | !r.finite(), r, m)
            });
            let some = zero.lt(size);
            let here = Re::<F>::select(some, miss / Re::<F>::select(some, size, Re::<F>::one()), miss);
            worst = Re::<F>::select(worst.lt(here) | !here.finite(), here, worst);
        }
        Ok(worst)
    }
}
