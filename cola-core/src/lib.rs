//! Compositional linear algebra: what a matrix *is* lives in its type, and the compiler picks the algorithm.
//!
//! This crate is the core of `cola-linalg`; start there. The layers: [`facts`], [`operator`] and [`ops`] (structures with their
//! rules), [`functions`] (what can be asked of them), [`algorithms`].

pub mod algorithms;
pub mod batch;
pub mod classes;
pub mod data;
mod decompositions;
pub mod dsl;
#[cfg(feature = "dual")]
mod dual;
pub mod error;
mod ext;
mod ext_iterative;
mod ext_norms;
pub mod facts;
pub mod functions;
pub mod gradient;
pub mod interop;
mod lanes;
pub mod operator;
pub mod ops;
mod overload;
pub mod parameters;
pub mod plan;
pub mod scalar;
pub mod space;
pub mod testing;
pub mod types;
pub mod vector;
pub mod view;
mod wide;

#[doc(hidden)]
pub use num_traits;
#[doc(hidden)]
pub use parameters::Frame;

pub use algorithms::decompose::{Eig, Qr, Svd};
pub use algorithms::direct::{Cholesky, Eigh, Ldlt, Lu, Schur};
pub use algorithms::krylov::{
    BiCgStab, Cg, Craig, Gmres, Lsmr, Lsqr, Minres, MixedPrecision, Report, Solution, Symmlq, Tfqmr,
};
pub use algorithms::matfun::{
    ChebyshevSeries, ContourIntegral, LazyFunction, OneNorm, RationalKrylov, RestartedArnoldi, ShiftedCg, Taylor,
    TwoPassLanczos,
};
#[cfg(feature = "fft")]
pub use algorithms::precond::CirculantPreconditioner;
pub use algorithms::precond::{
    BlockJacobi, Chebyshev, Jacobi, Nystrom, PivotedCholesky, SinglePrecision, SpikedIdentity,
};
#[cfg(feature = "faer")]
pub use algorithms::precond::{IncompleteCholesky, IncompleteLu, SmoothedAggregation, Ssor};
pub use algorithms::spectrum::{
    Arnoldi, Eigs, GolubKahan, KrylovSchur, Lanczos, Lobpcg, PowerIteration, RandomizedSvd, SpectralNumber, Svds, Which,
};
pub use algorithms::stochastic::{
    Estimate, HutchPlusPlus, Hutchinson, Slq, SpectralDensity, SplitPreconditioner, XDiag, XNysTrace, XTrace,
};
pub use batch::{stack, unstack};
pub use data::{Column, Held, Operand, Panel, Produce};
pub use decompositions::Decompositions;
pub use dsl::{General, IntoTerm};
pub use error::{Error, Iterate, Result, collect_faults};
pub use ext::OperatorExt;
pub use ext_iterative::IterativeExt;
pub use ext_norms::NormExt;
pub use facts::*;
pub use functions::{EigFactors, Exp, Inv, Invertible, Log, Pinv, Pow, Power, Rootable, Solvable, Sqrt};
pub use gradient::{
    Differentiable, Gradient, LogdetGradient, constant, value_and_grad, value_and_grad2, value_and_grad3,
};
pub use interop::Strided;
#[cfg(feature = "faer")]
pub use interop::{parse_matrix_market, read_matrix_market};
pub use lanes::{LaneElement, LaneMask, Lanes, OneByOne};
pub use operator::{DynOperator, LinearOperator, Operator, Update};
pub use ops::*;
pub use overload::RightOf;
pub use parameters::{Parameters, ParametersExt, Path};
pub use plan::{Explain, Explanation, Plan, Question};
pub use scalar::{Complex, Element, Mask, Real, Scalar};
pub use space::{Const, Direct, Dyn, Extent, Shape, Space, Square, Tensor};
pub use view::{View, ViewMut};

/// What a program needs, by one `use`.
pub mod prelude {
    pub use crate::algorithms::decompose::{Eig, Qr, Svd};
    pub use crate::algorithms::direct::{Cholesky, Eigh, Ldlt, Lu, Schur};
    pub use crate::algorithms::krylov::{
        BiCgStab, Cg, Craig, Gmres, Lsmr, Lsqr, Minres, MixedPrecision, Symmlq, Tfqmr,
    };
    pub use crate::algorithms::matfun::{
        ChebyshevSeries, ContourIntegral, OneNorm, RationalKrylov, RestartedArnoldi, ShiftedCg, Taylor, TwoPassLanczos,
    };
    #[cfg(feature = "fft")]
    pub use crate::algorithms::precond::CirculantPreconditioner;
    pub use crate::algorithms::precond::{
        BlockJacobi, Chebyshev, Jacobi, Nystrom, PivotedCholesky, SinglePrecision, SpikedIdentity,
    };
    #[cfg(feature = "faer")]
    pub use crate::algorithms::precond::{IncompleteCholesky, IncompleteLu, SmoothedAggregation, Ssor};
    pub use crate::algorithms::spectrum::{
        Arnoldi, GolubKahan, KrylovSchur, Lanczos, Lobpcg, PowerIteration, RandomizedSvd, Which,
    };
    pub use crate::algorithms::stochastic::{HutchPlusPlus, Hutchinson, Slq, XDiag, XNysTrace, XTrace};
    pub use crate::batch::{stack, unstack};
    pub use crate::decompositions::Decompositions;
    pub use crate::dsl::nonnegative;
    pub use crate::error::Error;
    pub use crate::ext::OperatorExt;
    pub use crate::ext_iterative::IterativeExt;
    pub use crate::ext_norms::NormExt;
    pub use crate::functions::{Rootable, Solvable};
    pub use crate::gradient::{constant, value_and_grad, value_and_grad2, value_and_grad3};
    pub use crate::lanes::Lanes;
    pub use crate::operator::{LinearOperator, Operator};
    pub use crate::ops::*;
    pub use crate::parameters::{Parameters, ParametersExt};
    pub use crate::plan::Explain;
    pub use crate::scalar::{Complex, Element, Real, Scalar};
    pub use crate::space::{Extent, Shape, Square};
}
