//! Inverses and solves of large operators that hold no dense matrix: CG, MINRES or GMRES by the facts, CG with a pivoted Cholesky
//! preconditioner for kernel matrices + c I.
//!
//! Gardner, Pleiss, Bindel, Weinberger & Wilson, GPyTorch: blackbox matrix-matrix Gaussian process inference with GPU acceleration,
//! NeurIPS 2018. Unlike theirs the rank is not fixed: it stops where the condition number is at most 2.

use crate::algorithms::krylov::{self, Kind};
use crate::algorithms::precond::{PivotedCholesky, SpikedIdentity};
use crate::error::{Error, Result, check, note_fault};
use crate::operator::short::Sc;
use crate::operator::{LinearOperator, Operator, Pivots, Update};
use crate::scalar::{Real, Scalar};
use crate::view::{View, ViewMut};
use std::sync::{Arc, OnceLock};

/// What serves determinants of large operators.
pub(crate) const BY_SLQ: &str =
    "if it is positive definite, `psd(a).logdet_with(Slq::default())` estimates log det with its standard error";
/// That `op` is not made dense unasked, and what to do.
#[cold]
pub(crate) fn too_large(op: &'static str, n: usize) -> Error {
    use crate::functions::base::DENSE_LIMIT;
    let next = match op {
        "exp" => "apply it by `a.exp_apply(&b)?`, keep it as an operator by `a.exp_with(Arnoldi::default())?`",
        _ if op.ends_with("logdet") => BY_SLQ,
        _ => "ask for an iterative method by `_with(..)`",
    };
    Error::invalid(format!(
        "{op}: no structured rule, and {n} x {n} is above the {DENSE_LIMIT} up to which an operator is made dense unasked; \
         {next}, or make it dense yourself: `a.to_dense()`"
    ))
}

/// Most columns of the pivoted Cholesky factor: a product with the preconditioner takes 400 n operations, one with a kernel matrix above
/// [`DENSE_LIMIT`](crate::functions::base::DENSE_LIMIT) more than 2048 n evaluations. Other caps were not tried; GPyTorch takes 15.
pub const PIVOTS: usize = 100;

/// A^-1 as an iteration: CG, MINRES or GMRES by the facts, each application a solve.
///
/// An application that does not converge fills its result with NaN, never with a wrong answer; `try_apply` and `solve` return the
/// failure itself.
#[derive(Clone, Debug)]
pub struct LazyInverse<T: Scalar, A> {
    pub(crate) a: A,
    /// The preconditioner, if A has one: made once.
    near: OnceLock<Option<Arc<SpikedIdentity<T>>>>,
}
impl<T: Scalar, A> LazyInverse<T, A> {
    /// The same tree over other numbers; the preconditioner is made when it is applied.
    pub(crate) fn of(a: A) -> Self {
        LazyInverse { a, near: OnceLock::new() }
    }
}
impl<A: LinearOperator> LazyInverse<Sc<A>, A> {
    /// A^-1, its preconditioner made.
    ///
    /// # Errors
    /// `NonFinite`, `NotPositiveDefinite` where it cannot be made.
    pub fn new(a: A) -> Result<Self> {
        let lazy = Self::of(a);
        lazy.near()?;
        Ok(lazy)
    }
    fn near(&self) -> Result<Option<&SpikedIdentity<Sc<A>>>> {
        if self.near.get().is_none() {
            let made = preconditioner(&self.a)?;
            let _ = self.near.set(made.map(Arc::new)); // of two threads the first one's stays: they are equal
        }
        Ok(self.near.get().and_then(|p| p.as_deref()))
    }
    /// `y = [y +] alpha A^-1 x`, column by column.
    pub(crate) fn iterate(
        &self,
        kind: Kind,
        how: Update<Sc<A>>,
        x: View<'_, Sc<A>>,
        mut y: ViewMut<'_, Sc<A>>,
        s: &mut [Sc<A>],
    ) {
        for c in 0..x.cols {
            let column = &mut s[..x.rows];
            let solved = self.near().and_then(|near| match near {
                // self-adjoint: the adjoint is the same
                Some(p) => krylov::cg_with(&self.a, p, x.column(c), ViewMut::vector(column)),
                None => krylov::default_solve(kind, how.adjoint, &self.a, x.column(c), ViewMut::vector(column)),
            });
            if let Err(e) = solved {
                note_fault(0, e);
                column.fill(Sc::<A>::of(f64::NAN));
            }
            for (i, &v) in column.iter().enumerate() {
                how.write(y.at(i, c), v);
            }
        }
    }
}
/// x = A^-1 b by an iteration.
///
/// # Errors
/// Those of the iteration and of the preconditioner.
pub(crate) fn solve<A: LinearOperator>(kind: Kind, a: &A, b: View<'_, Sc<A>>, x: ViewMut<'_, Sc<A>>) -> Result<()> {
    crate::functions::base::right_hand_side("solve", (a.nrows(), a.ncols()), b)?;
    match preconditioner(a)? {
        Some(p) => krylov::cg_with(a, &p, b, x).map(|_| ()),
        None => krylov::default_solve(kind, false, a, b, x).map(|_| ()),
    }
}
/// K + c I with K PSD and c > 0, whose preconditioner is a pivoted Cholesky factor of K.
pub(crate) fn preconditionable<A: Operator + ?Sized>(a: &A) -> Option<&dyn Pivots<Sc<A>>> {
    definite(a).filter(|p| p.shift().re().lane_f64(0) > 0.0)
}
/// K + c I with K PSD and c >= 0, of plain numbers.
fn definite<A: Operator + ?Sized>(a: &A) -> Option<&dyn Pivots<Sc<A>>> {
    let plain = <Sc<A> as Scalar>::LANES == 1 && <Sc<A> as crate::algorithms::dense::Engine>::PLAIN;
    let real = |c: Sc<A>| c.re().lane_f64(0) >= 0.0 && c.im().lane_f64(0) == 0.0;
    a.pivots().filter(|p| plain && p.is_psd() && real(p.shift()))
}
fn preconditioner<A: Operator>(a: &A) -> Result<Option<SpikedIdentity<Sc<A>>>> {
    if let Some(p) = a.pivots() {
        check::<Sc<A>>(p.shift().finite(), |_| Error::non_finite("the factor of the identity"))?;
    }
    if let Some(p) = preconditionable(a) {
        return PivotedCholesky::of_pivots(PIVOTS, a.nrows(), p).map(Some);
    }
    // without noise a smooth kernel is singular to working precision, which CG would notice after 10 n iterations
    match definite(a).map(|p| PivotedCholesky::rank_of(PIVOTS, a.nrows(), p)).transpose()?.flatten() {
        Some(index) => Err(Error::Singular { index }),
        None => Ok(None),
    }
}
