//! Direct algorithms that a user asks for by name in a `_with` call: factorisations and functions of the dense matrix, whatever the
//! structure.

use crate::algorithms::dense as kernels;
use crate::algorithms::krylov::{Report, SolveAlgorithm};
use crate::data::Held;
use crate::error::{Error, Result};
use crate::facts::{Facts, PsdOf, SelfAdjointOf};
use crate::functions::Power;
use crate::functions::base::materialize;
use crate::functions::dense::{ByBunchKaufman, ByLdl, ByLu, DenseSpectral, FactorMethod, Factored, dense_eigh, finite};
use crate::functions::det::logdet_of;
use crate::functions::inverse::apply_checked;
use crate::operator::LinearOperator;
use crate::operator::short::{Re, Ro, Sc};
use crate::ops::Dense;
use crate::view::{View, ViewMut};
use num_traits::Zero;

/// An algorithm for determinants.
#[diagnostic::on_unimplemented(message = "`{Self}` is no algorithm for determinants", label = "no determinant by this")]
pub trait DetAlgorithm<A: LinearOperator> {
    /// What is learned: the number, or an [`Estimate`](crate::algorithms::stochastic::Estimate) with its standard error.
    type Logdet;
    /// log det A.
    ///
    /// # Errors
    /// Those of the algorithm; `InvalidArgument` where the determinant is not positive.
    fn logdet(&mut self, a: &A) -> Result<Self::Logdet>;
}
/// An algorithm for functions of a matrix.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no algorithm for functions of a matrix",
    label = "no function of a matrix by this"
)]
pub trait FunctionAlgorithm<A: LinearOperator> {
    /// The result.
    type Output: LinearOperator<Scalar = Sc<A>>;
    /// A^p.
    ///
    /// # Errors
    /// Those of the algorithm.
    fn power(&self, a: &A, p: Power) -> Result<Self::Output>;
    /// e^A.
    ///
    /// # Errors
    /// Those of the algorithm.
    fn exp(&self, a: &A) -> Result<Self::Output>;
    /// log A.
    ///
    /// # Errors
    /// Those of the algorithm.
    fn log(&self, a: &A) -> Result<Self::Output>;
}

/// The true relative residual of a direct solution, worst column.
pub(crate) fn report<A: LinearOperator>(
    algorithm: &'static str,
    a: &A,
    b: View<'_, Sc<A>>,
    x: View<'_, Sc<A>>,
) -> Result<Report> {
    use crate::scalar::{Real, Scalar};
    let mut r = vec![Sc::<A>::zero(); b.rows * b.cols];
    apply_checked(a, x, ViewMut::matrix(&mut r, b.rows, b.cols))?;
    let mut worst = 0.0f64;
    for c in 0..b.cols {
        let (mut rr, mut bb) = (Re::<A>::zero(), Re::<A>::zero());
        for i in 0..b.rows {
            rr += (b.at(i, c) - r[i + b.rows * c]).abs_sq();
            bb += b.at(i, c).abs_sq();
        }
        for lane in 0..Sc::<A>::LANES {
            let (rr, bb) = (rr.lane_f64(lane), bb.lane_f64(lane));
            worst = worst.max(if bb > 0.0 { (rr / bb).sqrt() } else { rr.sqrt() });
        }
    }
    Ok(Report { algorithm, iterations: 0, residual: worst, history: Vec::new() })
}
macro_rules! factorisation {
    ($(#[$doc:meta])* $S:ident, $name:literal, $Method:ty, $Fact:ident, $Demand:ident) => {
        factorisation!(@ $(#[$doc])* $S, $name, $Method, <A::Facts as Facts>::$Fact: $Demand<A>);
    };
    (@ $(#[$doc:meta])* $S:ident, $name:literal, $Method:ty, $($bound:tt)*) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default)]
        pub struct $S;
        impl<A: LinearOperator> SolveAlgorithm<A> for $S where $($bound)* {
            fn solve(&mut self, a: &A, b: View<'_, Sc<A>>, mut x: ViewMut<'_, Sc<A>>) -> Result<Report> {
                let f = Factored::<Sc<A>, Ro<A>, $Method>::new(materialize($name, a)?)?;
                apply_checked(&f, b, x.reborrow())?;
                report($name, a, b, x.as_view())
            }
        }
        impl<A: LinearOperator> DetAlgorithm<A> for $S where $($bound)* {
            type Logdet = Sc<A>;
            fn logdet(&mut self, a: &A) -> Result<Sc<A>> {
                let det = <$Method>::slogdet_of(materialize($name, a)?)?;
                logdet_of(det).map(<Sc<A> as crate::scalar::Scalar>::from_re)
            }
        }
    };
}
factorisation!(
    /// LDL^H of the dense matrix, n^3/3: for operators known to be PSD.
    Cholesky, "Cholesky", ByLdl, Psd, PsdOf
);
factorisation!(
    /// Bunch-Kaufman LDL^H of the dense matrix, n^3/3: for operators known to be self-adjoint.
    Ldlt, "LDL^H", ByBunchKaufman, SelfAdjoint, SelfAdjointOf
);
factorisation!(@
    /// LU of the dense matrix with partial pivoting, 2n^3/3: for all operators.
    Lu, "LU", ByLu, A: LinearOperator
);

/// Functions by the eigen-decomposition of the dense matrix, for operators known to be self-adjoint.
#[derive(Clone, Copy, Debug, Default)]
pub struct Eigh;
impl<A: LinearOperator> FunctionAlgorithm<A> for Eigh
where
    <A::Facts as Facts>::SelfAdjoint: SelfAdjointOf<A>,
{
    type Output = DenseSpectral<Sc<A>, Ro<A>>;
    fn power(&self, a: &A, p: Power) -> Result<Self::Output> {
        dense_eigh(materialize("power", a)?)?.power(p)
    }
    fn exp(&self, a: &A) -> Result<Self::Output> {
        dense_eigh(materialize("exp", a)?)?.exp()?.power(Power::Real(1.0))
    }
    fn log(&self, a: &A) -> Result<Self::Output> {
        dense_eigh(materialize("log", a)?)?.log()
    }
}
/// Functions of a general matrix: square roots and logarithms on its Schur form, the exponential by scaling and squaring.
///
/// ```
/// # use cola_core::prelude::*;
/// // defective: no eigenvector basis, and a square root all the same
/// let jordan = Dense::new(nalgebra::dmatrix![1.0, 1.0; 0.0, 1.0]);
/// let root = jordan.sqrt_with(Schur::default())?.to_dense();
/// assert!((root[(0, 1)] - 0.5).abs() < 1e-15);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Schur;
impl Schur {
    fn by<A: LinearOperator>(
        op: &'static str,
        a: &A,
        f: impl FnOnce(usize, &mut [Sc<A>]) -> Result<()>,
    ) -> Result<Dense<Held<Sc<A>, Ro<A>>>> {
        use crate::scalar::Scalar;
        if Sc::<A>::LANES > 1 {
            return Err(Error::invalid(format!("{op} by the Schur form serves single numbers, not lanes")));
        }
        let mut m = materialize(op, a)?;
        finite(m.as_slice(), "the matrix")?;
        f(m.n, m.as_mut_slice())?;
        finite(m.as_slice(), "the function: it overflowed")?;
        Ok(Dense(m))
    }
}
impl<A: LinearOperator> FunctionAlgorithm<A> for Schur {
    type Output = Dense<Held<Sc<A>, Ro<A>>>;
    fn power(&self, a: &A, p: Power) -> Result<Self::Output> {
        let p = p.checked()?.exponent();
        Self::by("power", a, |n, m| kernels::powm(n, m, p))
    }
    fn exp(&self, a: &A) -> Result<Self::Output> {
        Self::by("exp", a, kernels::expm)
    }
    fn log(&self, a: &A) -> Result<Self::Output> {
        Self::by("log", a, kernels::logm)
    }
}
