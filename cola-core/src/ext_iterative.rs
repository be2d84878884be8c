//! The methods of every operator that ask for an iterative algorithm by name.

use crate::algorithms::Callback;
use crate::algorithms::krylov::NoPreconditioner;
use crate::algorithms::krylov::{LeastSquares, Report, Solution, SolveAlgorithm};
use crate::algorithms::matfun::{self, ApplyAlgorithm, Function};
use crate::algorithms::spectrum::{
    self, EigenvaluesOf, Eigs, EigsAlgorithm, SpectralNumber, Svds, SvdsAlgorithm, Which,
};
use crate::algorithms::stochastic::{DiagonalAlgorithm, Estimate, Slq, SpectralDensity, TraceAlgorithm};
use crate::data::{Operand, Produce};
use crate::error::{Error, Result, check};
use crate::facts::{Fact, Facts, PsdOf, SelfAdjointOf};
use crate::functions::Power;
use crate::functions::base::right_hand_side;
use crate::operator::short::Re;
use crate::operator::{LinearOperator, Operator};
use crate::space::{Square, demand_apply, demand_solve, demand_square};
use crate::view::View;
use nalgebra::{DMatrix, DVector};
use num_traits::Zero;

/// What every operator can do by iteration.
pub trait IterativeExt: Operator {
    /// x that minimises |b - A x|_2 by the given algorithm, with what it learned; A of any shape.
    ///
    /// # Errors
    /// `ShapeMismatch`, `NonFinite`, `NotConverged`.
    fn lstsq_with<V: Operand<Self::Scalar> + ?Sized>(
        &self,
        mut algorithm: impl LeastSquares<Self>,
        b: &V,
    ) -> Result<Solution<V::Output>>
    where
        Self: LinearOperator + Sized,
    {
        const { demand_apply("lstsq_with", Self::SHAPE.flip(), V::ROWS, V::OUTPUT_ROWS, "a dynamic vector") }
        let bv = b.view();
        right_hand_side("lstsq_with", (self.nrows(), self.ncols()), bv)?;
        let mut x = V::Output::produce(self.ncols(), bv.cols);
        let report =
            algorithm.least_squares(self, bv, x.view_mut()).map_err(|e| e.with_iterate(x.view_mut().as_view()))?;
        check::<Self::Scalar>(x.view_mut().as_view().finite(), |_| Error::non_finite("the solution: it overflowed"))?;
        Ok(Solution { x, report })
    }
    /// Solves A x = b in the place of `x`: it holds the starting point, then the solution, or on `NotConverged` (also where a callback
    /// has stopped the iteration) the last iterate, from which another call goes on. No work is lost.
    ///
    /// ```
    /// # use cola_core::prelude::*;
    /// let a = Function::psd(50, |x: &[f64], y: &mut [f64]| (0..50).for_each(|i| y[i] = (i + 1) as f64 * x[i]));
    /// let (b, mut x) = (vec![1.0; 50], vec![0.0; 50]);
    /// let stopped = a.solve_into(Cg::default().on_iteration(|i| i.iteration < 10), &b, &mut x);
    /// assert!(matches!(stopped, Err(Error::NotConverged { iterations: 10, .. })));
    /// let report = a.solve_into(Cg::default(), &b, &mut x)?;
    /// assert!(report.history[0] < 1e-1 && (x[49] - 0.02).abs() < 1e-9);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As `solve_with`.
    fn solve_into<V: Operand<Self::Scalar> + ?Sized, X: Produce<Self::Scalar>>(
        &self,
        mut algorithm: impl SolveAlgorithm<Self>,
        b: &V,
        x: &mut X,
    ) -> Result<Report>
    where
        Self: LinearOperator + Sized,
    {
        let (bv, xv) = (b.view(), x.view_mut());
        right_hand_side("solve_into", (self.nrows(), self.ncols()), bv)?;
        algorithm.solve(self, bv, xv)
    }
    /// k eigenvalues and eigenvectors, the most wanted first: real ones if A is self-adjoint, complex ones else. Dense where A is small or
    /// held densely, else thick-restart Lanczos or Krylov-Schur; [`Which::SmallestMagnitude`] and [`Which::NearestTo`] by inner solves with
    /// A - x I (give the inverse to `eigs_with` if A has a cheap one).
    ///
    /// ```
    /// # use cola_core::prelude::*;
    /// let a = Psd::new(Diagonal::new((1..=900).map(f64::from).collect::<Vec<_>>()));
    /// let top = a.eigs(2, Which::LargestMagnitude)?;
    /// assert!((top.eigenvalues[1] - 899.0).abs() < 1e-9 && top.residuals[1] < 1e-6);
    /// let low = a.eigs_with(Lanczos::default().inverse(a.inv()?), 1, Which::SmallestMagnitude)?;
    /// assert!((low.eigenvalues[0] - 1.0).abs() < 1e-12);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// `NotConverged` with the largest true residual, `NonFinite`, `ShapeMismatch`, `InvalidArgument`.
    fn eigs(&self, k: usize, which: Which) -> Result<Eigs<Eigenvalue<Self>, EigenvectorEntry<Self>>>
    where
        Self: LinearOperator<Scalar: SpectralNumber> + Square + Sized,
        <Self::Facts as Facts>::SelfAdjoint: EigenvaluesOf<Self::Scalar>,
    {
        const { demand_square("eigs", Self::SHAPE) }
        let dense = Self::HOLDS_DENSE || Self::SHAPE.rows.is_static();
        let psd = <<Self::Facts as Facts>::Psd as Fact>::KNOWN;
        spectrum::default_eigs::<Self::Scalar, <Self::Facts as Facts>::SelfAdjoint>(self, dense, psd, k, which)
    }
    /// k eigenvalues and eigenvectors by the given algorithm.
    ///
    /// # Errors
    /// As `eigs`.
    fn eigs_with<G: EigsAlgorithm<Self>>(
        &self,
        mut algorithm: G,
        k: usize,
        which: Which,
    ) -> Result<Eigs<G::Value, G::Entry>>
    where
        Self: LinearOperator + Square + Sized,
    {
        const { demand_square("eigs_with", Self::SHAPE) }
        algorithm.eigs(self, k, which)
    }
    /// The same from vectors near the wanted ones: those that a `NotConverged` carries, or those of a similar operator. No work is lost.
    ///
    /// ```
    /// # use cola_core::prelude::*;
    /// let a = Psd::new(Diagonal::new((0..100).map(f64::from).collect::<Vec<_>>()));
    /// let stopped = a.eigs_with(Lanczos::default().on_iteration(|i| i.iteration < 4), 2, Which::SmallestAlgebraic).unwrap_err();
    /// let reached = stopped.iterate::<f64>().unwrap();
    /// let e = a.eigs_from(Lanczos::default(), 2, Which::SmallestAlgebraic, reached)?;
    /// assert!((e.eigenvalues[1] - 1.0).abs() < 1e-8);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As `eigs`.
    fn eigs_from<G: EigsAlgorithm<Self, Entry: nalgebra::Scalar>>(
        &self,
        mut algorithm: G,
        k: usize,
        which: Which,
        start: &DMatrix<G::Entry>,
    ) -> Result<Eigs<G::Value, G::Entry>>
    where
        Self: LinearOperator + Square + Sized,
    {
        const { demand_square("eigs_from", Self::SHAPE) }
        if start.nrows() != self.nrows() {
            let (left, right) = ((self.nrows(), self.ncols()), start.shape());
            return Err(Error::ShapeMismatch { op: "eigs_from", left, right });
        }
        let (rows, cols) = start.shape();
        let start = View { data: start.as_slice(), rows, cols, rs: 1, cs: rows };
        algorithm.eigs_from(self, k, which, start)
    }
    /// The k largest singular values and their vectors, the largest first; A of any shape.
    ///
    /// ```
    /// # use cola_core::prelude::*;
    /// let s = Dense::new(nalgebra::dmatrix![3.0f64, 0.0; 0.0, -4.0; 0.0, 0.0]).svds(1)?;
    /// assert!((s.singular_values[0] - 4.0).abs() < 1e-14 && s.u.shape() == (3, 1) && s.v_t.shape() == (1, 2));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// `NotConverged` with the largest true residual, `NonFinite`, `InvalidArgument`.
    fn svds(&self, k: usize) -> Result<Svds<Self::Scalar, Re<Self>>>
    where
        Self: LinearOperator<Scalar: SpectralNumber> + Sized,
    {
        spectrum::default_svds(self, Self::HOLDS_DENSE, k)
    }
    /// The k largest singular values by the given algorithm.
    ///
    /// # Errors
    /// As `svds`.
    fn svds_with(&self, mut algorithm: impl SvdsAlgorithm<Self>, k: usize) -> Result<Svds<Self::Scalar, Re<Self>>>
    where
        Self: LinearOperator + Sized,
    {
        algorithm.svds(self, k)
    }
    /// The same from right singular vectors near the wanted ones: those that a `NotConverged` carries, or those of a similar operator. No work
    /// is lost.
    ///
    /// ```
    /// # use cola_core::prelude::*;
    /// let a = Diagonal::new((1..=300).map(f64::from).collect::<Vec<_>>());
    /// let stopped = a.svds_with(GolubKahan::default().on_iteration(|i| i.iteration < 4), 2).unwrap_err();
    /// let reached = stopped.iterate::<f64>().unwrap();
    /// let s = a.svds_from(GolubKahan::default(), 2, reached)?;
    /// assert!((s.singular_values[0] - 300.0).abs() < 1e-9);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As `svds`; `ShapeMismatch` where the vectors have another length.
    fn svds_from(
        &self,
        mut algorithm: impl SvdsAlgorithm<Self>,
        k: usize,
        start: &DMatrix<Self::Scalar>,
    ) -> Result<Svds<Self::Scalar, Re<Self>>>
    where
        Self: LinearOperator<Scalar: nalgebra::Scalar> + Sized,
    {
        let (rows, cols) = start.shape();
        if rows != self.ncols() {
            return Err(Error::ShapeMismatch {
                op: "svds_from",
                left: (self.nrows(), self.ncols()),
                right: (rows, cols),
            });
        }
        algorithm.svds_from(self, k, View { data: start.as_slice(), rows, cols, rs: 1, cs: rows })
    }
    /// e^A b, without forming the function: Lanczos' method if A is self-adjoint, Arnoldi's else, dense matrices included; the direct way
    /// is `a.exp()?.apply(&b)`.
    ///
    /// ```
    /// # use cola_core::prelude::*;
    /// // cooling of a rod of 200 points, one unit of time
    /// let rod = Function::self_adjoint(200, |x: &[f64], y: &mut [f64]| {
    ///     for i in 0..x.len() {
    ///         y[i] = if i > 0 { x[i - 1] } else { 0.0 } - 2.0 * x[i] + x.get(i + 1).unwrap_or(&0.0);
    ///     }
    /// });
    /// let mut start = vec![0.0; 200];
    /// start[100] = 1.0;
    /// let end = rod.exp_apply(&start)?;
    /// // e^-2 I_0(2)
    /// assert!((end[100] - 0.308508322553671).abs() < 1e-9);
    /// let same = rod.exp_apply_with(Taylor::default(), &start)?;
    /// assert!((same.x[100] - end[100]).abs() < 1e-9);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// `NotConverged` with the estimated relative error, `NonFinite`, `ShapeMismatch`.
    fn exp_apply<V: Operand<Self::Scalar> + ?Sized>(&self, b: &V) -> Result<V::Output>
    where
        Self: LinearOperator<Scalar: SpectralNumber> + Square + Sized,
        <Self::Facts as Facts>::SelfAdjoint: EigenvaluesOf<Self::Scalar>,
    {
        apply_function(self, Function::Exp, b)
    }
    /// e^A b by the given algorithm, with what it learned: `report.residual` is its estimate of the relative error.
    ///
    /// # Errors
    /// `NotConverged` with the estimated relative error, `NonFinite`, `ShapeMismatch`.
    fn exp_apply_with<V: Operand<Self::Scalar> + ?Sized>(
        &self,
        mut algorithm: impl ApplyAlgorithm<Self>,
        b: &V,
    ) -> Result<Solution<V::Output>>
    where
        Self: LinearOperator + Square + Sized,
    {
        apply_function_with(self, Function::Exp, &mut algorithm, b)
    }
    /// A^(1/2) b, principal, without forming the function: Lanczos' method if A is self-adjoint, Arnoldi's else.
    ///
    /// # Errors
    /// As `exp_apply`, and `NegativeEigenvalue`.
    fn sqrt_apply<V: Operand<Self::Scalar> + ?Sized>(&self, b: &V) -> Result<V::Output>
    where
        Self: LinearOperator<Scalar: SpectralNumber> + Square + Sized,
        <Self::Facts as Facts>::SelfAdjoint: EigenvaluesOf<Self::Scalar>,
    {
        apply_function(self, Function::Power(Power::Sqrt), b)
    }
    /// A^(1/2) b, principal by the given algorithm, with what it learned: `report.residual` is its estimate of the relative error.
    ///
    /// # Errors
    /// As `exp_apply`, and `NegativeEigenvalue`.
    fn sqrt_apply_with<V: Operand<Self::Scalar> + ?Sized>(
        &self,
        mut algorithm: impl ApplyAlgorithm<Self>,
        b: &V,
    ) -> Result<Solution<V::Output>>
    where
        Self: LinearOperator + Square + Sized,
    {
        apply_function_with(self, Function::Power(Power::Sqrt), &mut algorithm, b)
    }
    /// A^(-1/2) b, principal, without forming the function: Lanczos' method if A is self-adjoint, Arnoldi's else.
    ///
    /// # Errors
    /// As `sqrt_apply`, and `Singular`.
    fn isqrt_apply<V: Operand<Self::Scalar> + ?Sized>(&self, b: &V) -> Result<V::Output>
    where
        Self: LinearOperator<Scalar: SpectralNumber> + Square + Sized,
        <Self::Facts as Facts>::SelfAdjoint: EigenvaluesOf<Self::Scalar>,
    {
        apply_function(self, Function::Power(Power::InvSqrt), b)
    }
    /// A^(-1/2) b, principal by the given algorithm, with what it learned: `report.residual` is its estimate of the relative error.
    ///
    /// # Errors
    /// As `sqrt_apply`, and `Singular`.
    fn isqrt_apply_with<V: Operand<Self::Scalar> + ?Sized>(
        &self,
        mut algorithm: impl ApplyAlgorithm<Self>,
        b: &V,
    ) -> Result<Solution<V::Output>>
    where
        Self: LinearOperator + Square + Sized,
    {
        apply_function_with(self, Function::Power(Power::InvSqrt), &mut algorithm, b)
    }
    /// A^p b, principal, without forming the function: Lanczos' method if A is self-adjoint, Arnoldi's else.
    ///
    /// # Errors
    /// As `sqrt_apply`, and `Singular` for negative p.
    fn pow_apply<V: Operand<Self::Scalar> + ?Sized>(&self, p: f64, b: &V) -> Result<V::Output>
    where
        Self: LinearOperator<Scalar: SpectralNumber> + Square + Sized,
        <Self::Facts as Facts>::SelfAdjoint: EigenvaluesOf<Self::Scalar>,
    {
        apply_function(self, Function::Power(Power::Real(p)), b)
    }
    /// A^p b, principal by the given algorithm, with what it learned: `report.residual` is its estimate of the relative error.
    ///
    /// # Errors
    /// As `sqrt_apply`, and `Singular` for negative p.
    fn pow_apply_with<V: Operand<Self::Scalar> + ?Sized>(
        &self,
        p: f64,
        mut algorithm: impl ApplyAlgorithm<Self>,
        b: &V,
    ) -> Result<Solution<V::Output>>
    where
        Self: LinearOperator + Square + Sized,
    {
        apply_function_with(self, Function::Power(Power::Real(p)), &mut algorithm, b)
    }
    /// log(A) b, principal, without forming the function: Lanczos' method if A is self-adjoint, Arnoldi's else.
    ///
    /// # Errors
    /// As `sqrt_apply`, and `Singular`.
    fn log_apply<V: Operand<Self::Scalar> + ?Sized>(&self, b: &V) -> Result<V::Output>
    where
        Self: LinearOperator<Scalar: SpectralNumber> + Square + Sized,
        <Self::Facts as Facts>::SelfAdjoint: EigenvaluesOf<Self::Scalar>,
    {
        apply_function(self, Function::Log, b)
    }
    /// log(A) b, principal by the given algorithm, with what it learned: `report.residual` is its estimate of the relative error.
    ///
    /// # Errors
    /// As `sqrt_apply`, and `Singular`.
    fn log_apply_with<V: Operand<Self::Scalar> + ?Sized>(
        &self,
        mut algorithm: impl ApplyAlgorithm<Self>,
        b: &V,
    ) -> Result<Solution<V::Output>>
    where
        Self: LinearOperator + Square + Sized,
    {
        apply_function_with(self, Function::Log, &mut algorithm, b)
    }
    /// f(A) b of a self-adjoint A, f given on its eigenvalues, by Lanczos' method.
    ///
    /// # Errors
    /// As `exp_apply`; `NonFinite` where f is not at an eigenvalue of the Krylov space.
    fn map_apply<V: Operand<Self::Scalar> + ?Sized>(&self, f: impl Fn(Re<Self>) -> Re<Self>, b: &V) -> Result<V::Output>
    where
        Self: LinearOperator<Scalar: SpectralNumber> + Square + Sized,
        <Self::Facts as Facts>::SelfAdjoint: EigenvaluesOf<Self::Scalar> + SelfAdjointOf<Self>,
    {
        apply_function(self, Function::Map(&f), b)
    }
    /// f(A) b by the given algorithm.
    ///
    /// # Errors
    /// As `map_apply`; `InvalidArgument` if the algorithm does not serve such functions.
    fn map_apply_with<V: Operand<Self::Scalar> + ?Sized>(
        &self,
        f: impl Fn(Re<Self>) -> Re<Self>,
        mut algorithm: impl ApplyAlgorithm<Self>,
        b: &V,
    ) -> Result<Solution<V::Output>>
    where
        Self: LinearOperator + Square + Sized,
    {
        apply_function_with(self, Function::Map(&f), &mut algorithm, b)
    }
    /// (A + s_j I)^-1 b for many shifts s_j >= 0 of a PSD operator, in one Krylov space: as many products as the smallest shift needs.
    ///
    /// ```
    /// # use cola_core::prelude::*;
    /// let a = Psd::new(Diagonal::new([1.0, 2.0, 3.0]));
    /// let x = a.solve_shifted(&[0.0, 1.0], &[6.0, 6.0, 6.0], 1e-12)?;
    /// assert!((x[0][1] - 3.0).abs() < 1e-10 && (x[1][1] - 2.0).abs() < 1e-10);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// `NotConverged`, `NotPositiveDefinite`, `NonFinite`, `ShapeMismatch`, `InvalidArgument`.
    fn solve_shifted<V: Operand<Self::Scalar> + ?Sized>(
        &self,
        shifts: &[f64],
        b: &V,
        tol: f64,
    ) -> Result<Vec<V::Output>>
    where
        Self: LinearOperator + Square + Sized,
        <Self::Facts as Facts>::Psd: PsdOf<Self>,
    {
        Ok(self.solve_shifted_with(crate::ShiftedCg::default().tol(tol), shifts, b)?.x)
    }
    /// The same by the given algorithm, with what it learned: `report` is that of the right-hand side with the largest residual.
    ///
    /// # Errors
    /// As `solve_shifted`.
    fn solve_shifted_with<V: Operand<Self::Scalar> + ?Sized, F: Callback>(
        &self,
        mut algorithm: crate::ShiftedCg<F>,
        shifts: &[f64],
        b: &V,
    ) -> Result<Solution<Vec<V::Output>>>
    where
        Self: LinearOperator + Square + Sized,
        <Self::Facts as Facts>::Psd: PsdOf<Self>,
    {
        const { demand_solve("solve_shifted", Self::SHAPE, V::ROWS) }
        let bv = b.view();
        right_hand_side("solve_shifted", (self.nrows(), self.ncols()), bv)?;
        crate::functions::base::square("solve_shifted", self)?;
        let mut all = vec![Self::Scalar::zero(); bv.rows * bv.cols * shifts.len()];
        let report = algorithm.solve(self, shifts, bv, false, &mut all)?;
        Ok(Solution { x: by_shifts(bv.rows, bv.cols, &all, shifts.len()), report })
    }
    /// The same from the iterate of a `NotConverged`: one column per right-hand side for the first shift, then those of the next. In one
    /// Krylov space again, as what is left of b is the same vector for all shifts, up to a factor; shift by shift for other starting points.
    ///
    /// ```
    /// # use cola_core::prelude::*;
    /// let a = Psd::new(Diagonal::new((1..=100).map(f64::from).collect::<Vec<_>>()));
    /// let (b, shifts) = (vec![1.0; 100], [0.0, 10.0]);
    /// let stopped = a.solve_shifted_with(ShiftedCg::default().max_iters(10), &shifts, &b).unwrap_err();
    /// let s = a.solve_shifted_from(ShiftedCg::default(), &shifts, &b, stopped.iterate::<f64>().unwrap())?;
    /// assert!((s.x[1][3] - 1.0 / 14.0).abs() < 1e-9);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As `solve_shifted`.
    fn solve_shifted_from<V: Operand<Self::Scalar> + ?Sized, F: Callback>(
        &self,
        mut algorithm: crate::ShiftedCg<F>,
        shifts: &[f64],
        b: &V,
        start: &DMatrix<Self::Scalar>,
    ) -> Result<Solution<Vec<V::Output>>>
    where
        Self: LinearOperator<Scalar: nalgebra::Scalar> + Square + Sized,
        <Self::Facts as Facts>::Psd: PsdOf<Self>,
    {
        const { demand_solve("solve_shifted_from", Self::SHAPE, V::ROWS) }
        let bv = b.view();
        right_hand_side("solve_shifted_from", (self.nrows(), self.ncols()), bv)?;
        crate::functions::base::square("solve_shifted_from", self)?;
        if start.shape() != (bv.rows, bv.cols * shifts.len()) {
            let (left, right) = ((bv.rows, bv.cols * shifts.len()), start.shape());
            return Err(Error::ShapeMismatch { op: "solve_shifted_from", left, right });
        }
        let mut all = start.as_slice().to_vec();
        let report = algorithm.solve(self, shifts, bv, true, &mut all)?;
        Ok(Solution { x: by_shifts(bv.rows, bv.cols, &all, shifts.len()), report })
    }

    /// tr A from products with random vectors, with its standard error.
    ///
    /// # Errors
    /// `NotConverged` if the standard error is too large after all probes, `NonFinite`, `ShapeMismatch`.
    fn trace_with(&self, mut algorithm: impl TraceAlgorithm<Self>) -> Result<Estimate<Self::Scalar>>
    where
        Self: LinearOperator + Square + Sized,
    {
        const { demand_square("trace_with", Self::SHAPE) }
        algorithm.trace(self)
    }
    /// The main diagonal from products with random vectors, with the standard error of each entry.
    ///
    /// ```
    /// # use cola_core::prelude::*;
    /// let a = Dense::new(nalgebra::DMatrix::from_fn(80, 80, |i, j| if i == j { i as f64 } else { 0.1 }));
    /// let d = a.diagonal_with(Hutchinson::default().probes(40).seed(3))?;
    /// assert!((d.value[50] - 50.0).abs() < 5.0 * d.std_error[50]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As `trace_with`.
    fn diagonal_with(
        &self,
        mut algorithm: impl DiagonalAlgorithm<Self>,
    ) -> Result<Estimate<DVector<Self::Scalar>, DVector<f64>>>
    where
        Self: LinearOperator + Square + Sized,
    {
        const { demand_square("diagonal_with", Self::SHAPE) }
        algorithm.diagonal(self)
    }
    /// tr f(A) of a self-adjoint A by stochastic Lanczos quadrature, with its standard error.
    ///
    /// ```
    /// # use cola_core::prelude::*;
    /// let a = Psd::new(Diagonal::new((1..=200).map(|i| i as f64 / 100.0).collect::<Vec<_>>()));
    /// let e = a.trace_map_with(Slq::default().probes(8), |x| (-x).exp())?;
    /// let exact: f64 = (1..=200).map(|i| (-i as f64 / 100.0).exp()).sum();
    /// assert!((e.value - exact).abs() < 1e-6 + 4.0 * e.std_error);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As `trace_with`; `NonFinite` where f is not at an eigenvalue of the Krylov space.
    fn trace_map_with<F: Callback>(
        &self,
        mut algorithm: Slq<NoPreconditioner, F>,
        f: impl Fn(Re<Self>) -> Re<Self>,
    ) -> Result<Estimate<Self::Scalar>>
    where
        Self: LinearOperator + Square + Sized,
        <Self::Facts as Facts>::SelfAdjoint: SelfAdjointOf<Self>,
    {
        const { demand_square("trace_map_with", Self::SHAPE) }
        algorithm.trace_of(self, Function::Map(&f))
    }
    /// How many eigenvalues of a self-adjoint A lie where, from Lanczos steps on random vectors: `probes` (default 16) of `steps` steps
    /// (default 100), of which a density and counts are read off. See [`SpectralDensity`]. A callback sees each step of a block of probes,
    /// and the part of all steps that is left as the residual.
    ///
    /// # Errors
    /// `NotConverged` where the callback stops ([`SpectralDensity::reached`] is what there is by then); `NonFinite`, `ShapeMismatch`,
    /// `InvalidArgument`.
    fn spectral_density_with<F: Callback>(&self, mut algorithm: Slq<NoPreconditioner, F>) -> Result<SpectralDensity>
    where
        Self: LinearOperator + Square + Sized,
        <Self::Facts as Facts>::SelfAdjoint: SelfAdjointOf<Self>,
    {
        const { demand_square("spectral_density_with", Self::SHAPE) }
        algorithm.density_of(self)
    }
}
impl<A: Operator + ?Sized> IterativeExt for A {}

fn apply_function<A, V>(a: &A, f: Function<'_, Re<A>>, b: &V) -> Result<V::Output>
where
    A: LinearOperator<Scalar: SpectralNumber> + Square,
    <A::Facts as Facts>::SelfAdjoint: EigenvaluesOf<A::Scalar>,
    V: Operand<A::Scalar> + ?Sized,
{
    let () = <A as Square>::CHECK;
    let bv = b.view();
    right_hand_side("f(A) b", (a.nrows(), a.ncols()), bv)?;
    let mut x = V::Output::produce(a.ncols(), bv.cols);
    matfun::default_apply::<A::Scalar, <A::Facts as Facts>::SelfAdjoint>(f, a, bv, x.view_mut())?;
    Ok(x)
}
fn apply_function_with<A, V, G>(a: &A, f: Function<'_, Re<A>>, algorithm: &mut G, b: &V) -> Result<Solution<V::Output>>
where
    A: LinearOperator + Square,
    V: Operand<A::Scalar> + ?Sized,
    G: ApplyAlgorithm<A>,
{
    let () = <A as Square>::CHECK;
    let bv = b.view();
    right_hand_side("f(A) b", (a.nrows(), a.ncols()), bv)?;
    let mut x = V::Output::produce(a.ncols(), bv.cols);
    let report = algorithm.apply_function(f, a, bv, x.view_mut())?;
    Ok(Solution { x, report })
}

/// Type of an eigenvalue of `A`.
pub type Eigenvalue<A> =
    <<<A as Operator>::Facts as Facts>::SelfAdjoint as EigenvaluesOf<<A as Operator>::Scalar>>::Value;
/// Type of an entry of an eigenvector of `A`.
pub type EigenvectorEntry<A> =
    <<<A as Operator>::Facts as Facts>::SelfAdjoint as EigenvaluesOf<<A as Operator>::Scalar>>::Entry;
/// The solutions for each shift.
fn by_shifts<T: crate::scalar::Scalar, O: Produce<T>>(n: usize, cols: usize, all: &[T], shifts: usize) -> Vec<O> {
    let solution = |j: usize| {
        let mut out = O::produce(n, cols);
        let mut view = out.view_mut();
        (0..n * cols).for_each(|i| *view.at(i % n, i / n) = all[j * n * cols + i]);
        out
    };
    (0..shifts).map(solution).collect()
}
