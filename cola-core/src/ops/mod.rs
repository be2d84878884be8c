//! The structures: one file each, in the order docs, struct, constructor, shape and facts, action, rules.

mod annotation;
mod block_diag;
pub(crate) mod blocks;
mod complexified;
pub(crate) mod congruence;
mod covariance;
mod cycle_basis;
mod cycle_function;
mod dense;
mod diagonal;
mod function;
mod gram;
pub(crate) mod hadamard;
mod interpolation;
mod inverse;
mod jacobian;
mod kernel;
pub(crate) mod kron;
pub(crate) mod low_rank;
mod low_rank_shift;
mod low_rank_update;
pub(crate) mod many;
pub(crate) mod many_products;
mod permutation;
mod product;
pub(crate) mod projection;
mod range_basis;
pub(crate) mod recorded;
mod scaled;
mod scaled_identity;
mod sliced;
mod sparse;
mod spectral;
mod stack;
mod sum;
mod svd_factors;
mod transpose;
mod triangular;

pub use annotation::{
    Isometric, Psd, SelfAdjoint, Unitary, WithFacts, psd_checked, self_adjoint_checked, unitary_checked,
};
pub use block_diag::{BlockDiag, Repeat};
pub use blocks::{Blocks, BlocksInverse, InverseOfBlocks, Schur2, TriangularBlocks};
pub use complexified::Complexified;
pub use congruence::{Congruence, CongruenceOf, CongruenceRule};
pub use covariance::{
    Amplitude, Closure, Covariance, Linear, Matern12, Matern32, Matern52, Periodic, ProductCovariance,
    RationalQuadratic, Rbf, SumCovariance, covariance,
};
pub use cycle_basis::CycleBasis;
pub use cycle_function::CycleFunction;
pub use dense::Dense;
pub(crate) use diagonal::write_diagonal;
pub use diagonal::{Diagonal, PoweredDiagonal, RealPsd};
pub use function::{AdjointAction, Function, Itself};
pub use gram::{ByAdjoint, ByTranspose, ExpBy, Gram, GramInverse, GramKind};
pub use hadamard::Hadamard;
pub use interpolation::{Grid, Interpolation};
pub use jacobian::{Fisher, GaussNewton, Hessian, Jacobian, VectorFunction};
pub use kernel::{Kernel, Points, SamePoints};
pub use kron::Kron;
pub use low_rank::{LowRank, LowRankBasis, LowRankExp, LowRankFactors, Regular};
pub use low_rank_shift::{LowRankShift, ShiftedLowRank};
pub use low_rank_update::{LowRankUpdate, UpdateInverse, Woodbury};
pub use many::{Boxed, Parts, SumOf};
pub use many_products::{BlockDiagOf, KronOf, ProductOf};
pub use permutation::Permutation;
pub use product::{Powi, Product, ProductInverse};
pub use projection::{Projection, projection_checked};
pub use range_basis::RangeBasis;
pub use recorded::Recorded;
pub use scaled::Scaled;
pub use scaled_identity::{Identity, RealNonNegative, ScaledIdentity};
pub use sliced::{All, Fixed, IndexData, IndexSet, Indices, IntoIndexSet, Sliced, Span};
pub use sparse::{Sparse, SparseData, SparseInverse};
pub(crate) use spectral::log_of_spectrum;
pub use spectral::{PowerFacts, Spectral};
pub use stack::{HStack, VStack};
pub use sum::Sum;
pub use svd_factors::SvdFactors;
pub use transpose::{Adjoint, Conj, Transpose};
pub use triangular::{DenseTriangular, Lower, Side, Triangular, TriangularInverse, Upper};
