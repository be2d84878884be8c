//! The methods of every operator. Each states its demand as a where-clause, so that a missing one is an error in our words and not
//! "method not found".

use crate::algorithms::direct::{DetAlgorithm, FunctionAlgorithm};
use crate::algorithms::krylov::{Solution, SolveAlgorithm};
use crate::data::{Column, Operand, Produce};
use crate::error::{Error, Result};
use crate::facts::SelfAdjointFacts;
use crate::functions::base::{entries, right_hand_side};
use crate::functions::det::logdet_of;
use crate::functions::diagonal::{any_diagonal, main_diagonal};
use crate::functions::inverse::apply_checked;
use crate::functions::{
    DetRule, DiagonalRule, Exp, HasCholesky, HasEigh, HasExp, HasLog, HasLu, HasPower, Inv, InverseRule, Invertible,
    Log, LuFactors, Pow, Power,
};
use crate::operator::short::{Re, Sc};
use crate::operator::{LinearOperator, Operator, Update, with_scratch};
use crate::ops::{Adjoint, Boxed, IndexSet, IntoIndexSet, Permutation, Powi, Product, Sliced, Spectral, Transpose};
use crate::plan::{Explain, Explanation};
use crate::scalar::{Mask, Scalar};
use crate::space::{Dyn, Square, demand_apply, demand_solve, demand_square};
use crate::view::View;
use nalgebra::DMatrix;

/// Eigenvectors brought into the order of the eigenvalues.
pub type SortedBasis<V> = Product<V, Permutation<<V as Operator>::Scalar, <V as Operator>::Cols>>;

/// What every operator has.
pub trait OperatorExt: Operator {
    /// (rows, columns).
    fn shape(&self) -> (usize, usize) {
        (self.nrows(), self.ncols())
    }
    /// A x for a vector or several; the output has the input's kind.
    ///
    /// # Panics
    /// Where the length of `x` is dynamic and wrong; a static one that is wrong does not compile.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn apply<V: Operand<Self::Scalar> + ?Sized>(&self, x: &V) -> V::Output
    where
        Self: LinearOperator,
    {
        const { demand_apply("apply", Self::SHAPE, V::ROWS, V::OUTPUT_ROWS, "apply_as::<Y>") }
        apply_to(self, Update::replace(), "apply", x.view())
    }
    /// A x, for rectangular static operators: the caller says the output.
    ///
    /// # Panics
    /// As `apply`.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn apply_as<Y: Produce<Self::Scalar>>(&self, x: &(impl Operand<Self::Scalar> + ?Sized)) -> Y
    where
        Self: LinearOperator,
    {
        apply_to(self, Update::replace(), "apply", x.view())
    }
    /// A^H x.
    ///
    /// # Panics
    /// As `apply`.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn apply_adjoint<V: Operand<Self::Scalar> + ?Sized>(&self, x: &V) -> V::Output
    where
        Self: LinearOperator,
    {
        const { demand_apply("apply_adjoint", Self::SHAPE.flip(), V::ROWS, V::OUTPUT_ROWS, "adjoint().apply_as::<Y>") }
        apply_to(self, Update::replace().flip(), "apply_adjoint", x.view())
    }
    /// A^T x, not conjugated.
    ///
    /// # Panics
    /// As `apply`.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn apply_transpose<V: Operand<Self::Scalar> + ?Sized>(&self, x: &V) -> V::Output
    where
        Self: LinearOperator,
    {
        const { demand_apply("apply_transpose", Self::SHAPE.flip(), V::ROWS, V::OUTPUT_ROWS, "transpose().apply_as::<Y>") }
        apply_to(&Transpose(self), Update::replace(), "apply_transpose", x.view())
    }
    /// A x where A may run an iteration inside (a lazy inverse): its failure is the result.
    ///
    /// # Errors
    /// `ShapeMismatch`; `NotConverged` and what else the iteration says.
    fn try_apply<V: Operand<Self::Scalar> + ?Sized>(&self, x: &V) -> Result<V::Output>
    where
        Self: LinearOperator,
    {
        let xv = x.view();
        if xv.rows != self.ncols() {
            return Err(Error::ShapeMismatch { op: "apply", left: self.shape(), right: (xv.rows, xv.cols) });
        }
        demand_finite::<Sc<Self>>(xv.finite(), "the vector")?;
        let mut y = V::Output::produce(self.nrows(), xv.cols);
        apply_checked(&self, xv, y.view_mut())?;
        no_overflow(y.view_mut().as_view(), "the product: the operator has such entries, or it overflowed")?;
        Ok(y)
    }
    /// y = A x without any allocation: `scratch` holds at least [`scratch_len`](LinearOperator::scratch_len) numbers.
    ///
    /// # Panics
    /// Where a size is wrong.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn apply_into<X, Y>(&self, x: &X, y: &mut Y, scratch: &mut [Self::Scalar])
    where
        Self: LinearOperator,
        X: Operand<Self::Scalar> + ?Sized,
        Y: Produce<Self::Scalar>,
    {
        let (xv, yv) = (x.view(), y.view_mut());
        right_size("apply_into", self.shape(), xv.rows);
        assert!(
            yv.rows == self.nrows() && yv.cols == xv.cols && scratch.len() >= self.scratch_len(xv.cols),
            "apply_into: {} x {} times {} columns does not fit y of {} x {} and scratch of {}",
            self.nrows(),
            self.ncols(),
            xv.cols,
            yv.rows,
            yv.cols,
            scratch.len()
        );
        self.act(Update::replace(), xv, yv, scratch)
    }
    /// Every entry.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn to_dense(&self) -> DMatrix<Self::Scalar>
    where
        Self: LinearOperator,
    {
        entries(&self)
    }
    /// A^T, borrowing A.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn transpose(&self) -> Transpose<&Self> {
        Transpose(self)
    }
    /// A^H, borrowing A.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn adjoint(&self) -> Adjoint<&Self> {
        Adjoint(self)
    }
    /// A[rows, cols], borrowing A: ranges, index lists, `..`.
    ///
    /// # Panics
    /// Where an index is too large.
    fn slice<R: IndexSet, C: IndexSet, I, J>(&self, rows: I, cols: J) -> Sliced<&Self, R, C>
    where
        I: IntoIndexSet<Self::Rows, Set = R>,
        J: IntoIndexSet<Self::Cols, Set = C>,
    {
        let ((), ()) = (I::CHECK, J::CHECK);
        Sliced::try_new(self, rows, cols).unwrap_or_else(|e| crate::dsl::shape_panic(&e))
    }
    /// A[r, r], borrowing A: keeps self-adjoint and PSD.
    ///
    /// # Panics
    /// Where an index is too large.
    fn principal<R: IndexSet, I: IntoIndexSet<Self::Rows, Set = R>>(
        &self,
        r: I,
    ) -> Sliced<&Self, R, R, crate::facts::Known> {
        let () = I::CHECK;
        Sliced::try_principal(self, r).unwrap_or_else(|e| crate::dsl::shape_panic(&e))
    }
    /// The type erased, the facts kept: operators of different types fit one `Vec`.
    fn boxed(self) -> Boxed<Self::Scalar, Self::Facts>
    where
        Self: LinearOperator + Sized + Send + Sync + 'static,
    {
        Boxed::new(self)
    }

    /// x = A^-1 b, by the structure: see [`InverseRule`](crate::functions::InverseRule).
    ///
    /// # Errors
    /// `ShapeMismatch`, `NonFinite`, `Singular`, `NotPositiveDefinite`, `NotConverged`, `Breakdown`.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn solve<V: Operand<Self::Scalar> + ?Sized>(&self, b: &V) -> Result<V::Output>
    where
        Self: Square + InverseRule<<Self as Operator>::Facts, Output: LinearOperator<Scalar = Self::Scalar>> + Sized,
    {
        const { demand_solve("solve", Self::SHAPE, V::ROWS) }
        let bv = b.view();
        if !Self::SHAPE.rows.is_static() || bv.rows != self.nrows() {
            right_hand_side("solve", self.shape(), bv)?;
        }
        crate::functions::base::square("solve", self)?;
        let mut x = V::Output::produce(self.ncols(), bv.cols);
        self.solve_rule(bv, x.view_mut())?;
        // of a static size (where nothing iterates) NaN and infinity in b reach the solution, so one test serves both
        if !x.view_mut().as_view().sum_finite().all() {
            crate::error::failure::<Self::Scalar, _>(
                #[inline(always)]
                || bad_solution("solve", self.shape(), bv, x.view_mut().as_view().finite()),
            )?;
        }
        Ok(x)
    }
    /// x = A^-1 b by the given algorithm, with what it learned.
    ///
    /// # Errors
    /// As `solve`.
    fn solve_with<V: Operand<Self::Scalar> + ?Sized>(
        &self,
        mut algorithm: impl SolveAlgorithm<Self>,
        b: &V,
    ) -> Result<Solution<V::Output>>
    where
        Self: LinearOperator + Square + Sized,
    {
        const { demand_solve("solve_with", Self::SHAPE, V::ROWS) }
        let bv = b.view();
        right_hand_side("solve_with", self.shape(), bv)?;
        crate::functions::base::square("solve_with", self)?;
        let mut x = V::Output::produce(self.ncols(), bv.cols);
        let report = algorithm.solve(self, bv, x.view_mut()).map_err(|e| e.with_iterate(x.view_mut().as_view()))?;
        no_overflow(x.view_mut().as_view(), "the solution: it overflowed")?;
        Ok(Solution { x, report })
    }
    /// A^-1 as an operator that owns what it needs.
    ///
    /// # Errors
    /// `ShapeMismatch`, `NonFinite`, `Singular`, `NotPositiveDefinite`.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn inv(&self) -> Result<Inv<Self>>
    where
        Self: Square + Invertible + Sized,
    {
        const { demand_square("inv", Self::SHAPE) }
        self.inverse_rule()
    }
    /// b^H A^-1 b.
    ///
    /// # Errors
    /// As `solve`.
    fn inv_quad<V: Operand<Self::Scalar> + ?Sized>(&self, b: &V) -> Result<Sc<Self>>
    where
        Self: Square + InverseRule<<Self as Operator>::Facts, Output: LinearOperator<Scalar = Self::Scalar>> + Sized,
    {
        let (mut x, b) = (self.solve(b)?, b.view());
        let x = x.view_mut();
        let mut sum = <Sc<Self> as num_traits::Zero>::zero();
        for c in 0..b.cols {
            for i in 0..b.rows {
                sum += b.at(i, c).conj() * x.as_view().at(i, c);
            }
        }
        Ok(sum)
    }
    /// A^(1/2), principal.
    ///
    /// # Errors
    /// `NegativeEigenvalue`, `NonFinite`, `ShapeMismatch`.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn sqrt(&self) -> Result<Pow<Self>>
    where
        Self: Square + HasPower + Sized,
    {
        const { demand_square("sqrt", Self::SHAPE) }
        self.power_rule(Power::Sqrt)
    }
    /// A^(-1/2).
    ///
    /// # Errors
    /// As `sqrt`, and `Singular`.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn isqrt(&self) -> Result<Pow<Self>>
    where
        Self: Square + HasPower + Sized,
    {
        const { demand_square("isqrt", Self::SHAPE) }
        self.power_rule(Power::InvSqrt)
    }
    /// A^p, principal.
    ///
    /// # Errors
    /// As `sqrt`, and `Singular` where p < 0.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn pow(&self, p: f64) -> Result<Pow<Self>>
    where
        Self: Square + HasPower + Sized,
    {
        const { demand_square("pow", Self::SHAPE) }
        self.power_rule(Power::Real(p))
    }
    /// A^N, N >= 1, by N applications, borrowing A.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn powi<const N: usize>(&self) -> Powi<&Self, N>
    where
        Self: Square + Sized,
    {
        const { demand_square("powi", Self::SHAPE) }
        Powi::new(self)
    }
    /// e^A.
    ///
    /// # Errors
    /// `NonFinite`, `ShapeMismatch`.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn exp(&self) -> Result<Exp<Self>>
    where
        Self: Square + HasExp + Sized,
    {
        const { demand_square("exp", Self::SHAPE) }
        self.exp_rule()
    }
    /// log A, principal.
    ///
    /// # Errors
    /// `NegativeEigenvalue`, `Singular`, `NonFinite`, `ShapeMismatch`.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn log(&self) -> Result<Log<Self>>
    where
        Self: Square + HasLog + Sized,
    {
        const { demand_square("log", Self::SHAPE) }
        self.log_rule()
    }
    /// f(A) of a self-adjoint A, by its eigenvalues.
    ///
    /// # Errors
    /// `NonFinite` where f is not, `NotConverged`, `ShapeMismatch`.
    fn map_spectrum(&self, f: impl Fn(Re<Self>) -> Re<Self>) -> Result<Spectral<Self::Basis, SelfAdjointFacts>>
    where
        Self: Square + HasEigh + Sized,
    {
        const { demand_square("map_spectrum", Self::SHAPE) }
        self.eigh_rule()?.map(f)
    }
    /// A^p by the given algorithm.
    ///
    /// # Errors
    /// Those of the algorithm.
    fn pow_with<G: FunctionAlgorithm<Self>>(&self, p: f64, algorithm: G) -> Result<G::Output>
    where
        Self: LinearOperator + Square + Sized,
    {
        algorithm.power(self, Power::Real(p))
    }
    /// A^(1/2) by the given algorithm: `sqrt_with(Schur::default())` serves general matrices.
    ///
    /// # Errors
    /// Those of the algorithm.
    fn sqrt_with<G: FunctionAlgorithm<Self>>(&self, algorithm: G) -> Result<G::Output>
    where
        Self: LinearOperator + Square + Sized,
    {
        algorithm.power(self, Power::Sqrt)
    }
    /// log A by the given algorithm.
    ///
    /// # Errors
    /// Those of the algorithm.
    fn log_with<G: FunctionAlgorithm<Self>>(&self, algorithm: G) -> Result<G::Output>
    where
        Self: LinearOperator + Square + Sized,
    {
        algorithm.log(self)
    }
    /// e^A by the given algorithm.
    ///
    /// # Errors
    /// Those of the algorithm.
    fn exp_with<G: FunctionAlgorithm<Self>>(&self, algorithm: G) -> Result<G::Output>
    where
        Self: LinearOperator + Square + Sized,
    {
        algorithm.exp(self)
    }

    /// log det A, a real number; of the operator's own type, because from `matrix![2.0, 1.0; ..]` without a suffix rustc could not infer
    /// the type of `k.logdet()?` through "the real numbers of it".
    ///
    /// # Errors
    /// `Singular`, `NotPositiveDefinite`, `InvalidArgument` where the determinant is not positive (then `slogdet` serves).
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn logdet(&self) -> Result<Sc<Self>>
    where
        Self: Square + DetRule<<Self as Operator>::Facts> + Sized,
    {
        const { demand_square("logdet", Self::SHAPE) }
        logdet_of(self.slogdet()?).map(Sc::<Self>::from_re)
    }
    /// (sign, log|det A|): sign 0 and logarithm -inf where A is singular.
    ///
    /// # Errors
    /// `NotPositiveDefinite` where PSD was promised and does not hold, `NonFinite`, `ShapeMismatch`.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn slogdet(&self) -> Result<(Sc<Self>, Re<Self>)>
    where
        Self: Square + DetRule<<Self as Operator>::Facts> + Sized,
    {
        const { demand_square("slogdet", Self::SHAPE) }
        crate::functions::base::square("slogdet", self)?;
        Ok(self.det_rule()?.slog())
    }
    /// log det A by the given algorithm: a number, or of [`Slq`](crate::Slq) an estimate with its standard error.
    ///
    /// # Errors
    /// As `logdet`.
    fn logdet_with<G: DetAlgorithm<Self>>(&self, mut algorithm: G) -> Result<G::Logdet>
    where
        Self: LinearOperator + Square + Sized,
    {
        algorithm.logdet(self)
    }
    /// Sum of the diagonal.
    ///
    /// # Errors
    /// `ShapeMismatch`, `NonFinite`.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn trace(&self) -> Result<Sc<Self>>
    where
        Self: Square + DiagonalRule + Sized,
    {
        const { demand_square("trace", Self::SHAPE) }
        crate::functions::base::square("trace", self)?;
        let trace = self.trace_rule()?;
        demand_finite::<Sc<Self>>(trace.finite(), "the diagonal")?;
        Ok(trace)
    }
    /// The main diagonal: a slice by `Deref`; `to_dvector()` makes it a nalgebra vector.
    ///
    /// # Errors
    /// `ShapeMismatch`, `NonFinite`.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn diagonal(&self) -> Result<Column<Sc<Self>, Self::Rows>>
    where
        Self: Square + DiagonalRule + Sized,
    {
        const { demand_square("diagonal", Self::SHAPE) }
        crate::functions::base::square("diagonal", self)?;
        let d = main_diagonal(self)?;
        crate::functions::dense::finite(&d, "the diagonal")?;
        Ok(d)
    }
    /// Diagonal k: above the main one where k > 0, below where k < 0.
    ///
    /// # Errors
    /// `InvalidArgument` where there is none, `NonFinite`.
    fn diagonal_k(&self, k: isize) -> Result<Column<Sc<Self>, Dyn>>
    where
        Self: DiagonalRule + Sized,
    {
        let d = any_diagonal(self, k)?;
        crate::functions::dense::finite(&d, "the diagonal")?;
        Ok(d)
    }
    /// A = V diag(w) V^H, ascending (lanes: in the order that the structure gives, because each would need its own).
    ///
    /// # Errors
    /// `NotConverged`, `NonFinite`, `ShapeMismatch`.
    fn eigh(&self) -> Result<Spectral<SortedBasis<Self::Basis>, SelfAdjointFacts>>
    where
        Self: Square + HasEigh + Sized,
        Self::Basis: Operator<Scalar = Self::Scalar>,
    {
        const { demand_square("eigh", Self::SHAPE) }
        let (v, w) = self.eigh_rule()?.into_parts();
        let (mut order, mut sorted) = (Column::<usize, _>::filled(w.len(), 0), w.clone());
        crate::functions::spectrum::arranged(&w, false, &mut sorted, &mut order);
        crate::functions::dense::finite(&sorted, "the eigenvalues")?;
        // column k of V P^T is column order[k] of V: (P^T e_k) = e_order[k]
        let basis = Product::joined(v, Permutation::from_order(order).inverse());
        Ok(Spectral::from_parts(basis, sorted))
    }
    /// L with L L^H = A.
    ///
    /// # Errors
    /// `NotPositiveDefinite`, `NonFinite`, `ShapeMismatch`.
    fn cholesky(&self) -> Result<Self::Factor>
    where
        // every rule asks for "positive semidefinite" itself: here, too, it would be one message more
        Self: Square + HasCholesky + Sized,
    {
        const { demand_square("cholesky", Self::SHAPE) }
        self.cholesky_rule()
    }
    /// P, L, U with P A = L U.
    ///
    /// # Errors
    /// `NonFinite`, `ShapeMismatch`.
    fn lu(&self) -> Result<LuFactors<Self::P, Self::L, Self::U>>
    where
        Self: Square + HasLu + Sized,
    {
        const { demand_square("lu", Self::SHAPE) }
        self.lu_rule()
    }
    /// The tree, the facts, and for each function what runs and what it costs: print it.
    fn explain(&self) -> Explanation
    where
        Self: Explain,
    {
        Explanation::new(self)
    }
}
impl<A: Operator + ?Sized> OperatorExt for A {}

#[cfg_attr(not(debug_assertions), inline(always))]
fn apply_to<A: LinearOperator + ?Sized, Y: Produce<A::Scalar>>(
    a: &A,
    how: Update<A::Scalar>,
    name: &'static str,
    x: View<'_, A::Scalar>,
) -> Y {
    let (m, n) = if how.adjoint { (a.ncols(), a.nrows()) } else { (a.nrows(), a.ncols()) };
    right_size(name, (m, n), x.rows);
    let mut y = Y::produce(m, x.cols);
    let len = a.scratch_len(x.cols);
    with_scratch(
        len,
        #[inline(always)]
        |s| a.act(how, x, y.view_mut(), s),
    );
    y
}
#[cold]
#[inline(never)]
fn bad_solution<T: Scalar>(op: &'static str, shape: (usize, usize), b: View<'_, T>, fine: T::Mask) -> Result<()> {
    right_hand_side(op, shape, b)?;
    crate::error::check::<T>(fine, |_| {
        Error::non_finite("the solution: the operator has such entries, or it overflowed")
    })
}
/// No NaN answer: entries of an operator that no rule looked at, and results that are too large for a number.
#[cfg_attr(not(debug_assertions), inline(always))]
fn no_overflow<T: Scalar>(x: View<'_, T>, place: &'static str) -> Result<()> {
    demand_finite::<T>(x.finite(), place)
}
/// `NonFinite` where a lane is not finite. Of the number type alone: a closure in a method of every operator is compiled for each.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(crate) fn demand_finite<T: Scalar>(finite: T::Mask, place: &'static str) -> Result<()> {
    crate::error::check::<T>(finite, |_| Error::non_finite(place))
}
#[cfg_attr(not(debug_assertions), inline(always))]
fn right_size(op: &'static str, left: (usize, usize), rows: usize) {
    if left.1 != rows {
        crate::dsl::shape_panic(&Error::ShapeMismatch { op, left, right: (rows, 1) })
    }
}
