//! The structures: one file each, in the order docs, struct, constructor, shape and facts, action, rules.

mod annotation;
mod arranged;
pub(crate) mod banded;
mod banded_sum;
mod block_diag;
pub(crate) mod blocks;
#[cfg(feature = "fft")]
pub(crate) mod circulant;
#[cfg(feature = "fft")]
mod circulant_sum;
mod complexified;
pub(crate) mod congruence;
mod covariance;
mod cycle_basis;
mod cycle_function;
mod dense;
mod diagonal;
mod either;
mod folded_shift;
#[cfg(feature = "fft")]
pub(crate) mod fourier;
pub(crate) mod function;
mod gram;
mod grid_lines;
pub(crate) mod hadamard;
pub(crate) mod householder;
pub(crate) mod interpolation;
mod inverse;
#[cfg(feature = "fft")]
mod involution;
pub(crate) mod jacobian;
pub(crate) mod kernel;
pub(crate) mod kron;
mod kron_exp;
pub(crate) mod kron_product;
pub(crate) mod kron_sum;
pub(crate) mod low_rank;
mod low_rank_shift;
mod low_rank_update;
mod low_rank_vectors;
pub(crate) mod many;
pub(crate) mod many_folds;
pub(crate) mod many_products;
mod many_spectra;
mod normal;
mod permutation;
mod product;
pub(crate) mod projection;
mod range_basis;
pub(crate) mod recorded;
mod scaled;
mod scaled_identity;
mod shifted;
mod sliced;
#[cfg(feature = "faer")]
mod sparse;
#[cfg(feature = "faer")]
mod sparse_runs;
mod spectral;
mod stack;
mod sum;
mod svd_factors;
mod sylvester;
#[cfg(feature = "fft")]
pub(crate) mod toeplitz;
mod transpose;
pub(crate) mod triangular;
pub(crate) mod tridiagonal;
#[cfg(feature = "fft")]
pub(crate) mod trigonometric;
pub(crate) mod zero;

pub use annotation::{
    Isometric, Psd, SelfAdjoint, Unitary, WithFacts, psd_checked, self_adjoint_checked, unitary_checked,
};
pub use banded::{BandBasis, Banded, BandedInverse, Bands};
pub(crate) use banded::{band_eigh, band_plan, band_spectrum};
pub use banded_sum::BandedSum;
pub use block_diag::{BlockDiag, Repeat};
pub use blocks::{Blocks, BlocksInverse, InverseOfBlocks, Schur2, TriangularBlocks};
#[cfg(feature = "fft")]
pub use circulant::{AsCirculant, Circulant};
#[cfg(feature = "fft")]
pub use circulant_sum::CirculantSum;
pub use complexified::Complexified;
pub use congruence::{Congruence, CongruenceOf, CongruenceRule};
pub use covariance::{
    Amplitude, Closure, Covariance, Linear, Matern12, Matern32, Matern52, Periodic, ProductCovariance,
    RationalQuadratic, Rbf, SumCovariance, covariance,
};
pub use cycle_basis::CycleBasis;
pub use cycle_function::CycleFunction;
pub use dense::{AsDense, Dense};
pub(crate) use diagonal::write_diagonal;
pub use diagonal::{Diagonal, DiagonalEntries, PoweredDiagonal, RealPsd};
pub use either::Either;
pub use folded_shift::{FoldedShift, Folding};
#[cfg(feature = "fft")]
pub use fourier::{CirculantBasis, Fourier, FourierFunction};
pub use function::{AdjointAction, ForwardAction, Function, Itself, RowRange};
pub use gram::{ByAdjoint, ByTranspose, ExpBy, Gram, GramInverse, GramKind};
pub use hadamard::Hadamard;
pub use householder::{Householder, ReflectionFunction};
pub use interpolation::{Grid, Interpolation};
#[cfg(feature = "fft")]
pub use involution::InvolutionFunction;
pub use jacobian::{Fisher, GaussNewton, Hessian, Jacobian, VectorFunction};
pub use kernel::{Kernel, Points, SamePoints};
pub use kron::{IntoKron, Kron};
pub use kron_exp::KronExp;
pub use kron_product::KronProduct;
pub use kron_sum::KronSum;
pub use low_rank::{LowRank, LowRankBasis, LowRankExp, LowRankFactors, Regular};
pub use low_rank_shift::{LowRankShift, ShiftedLowRank};
pub use low_rank_update::{LowRankUpdate, UpdateInverse, Woodbury};
pub use low_rank_vectors::LowRankVectors;
pub use many::{Boxed, Parts, SumOf};
pub use many_folds::{ManyTable, ProductOfParts, SumOfParts};
pub use many_products::{BlockDiagOf, KronOf, ProductOf};
pub use normal::{ExpFacts, Normal, RootFacts};
pub use permutation::{AsPermutation, Permutation};
pub use product::{Powi, Product, ProductInverse};
pub use projection::{Projection, projection_checked};
pub use range_basis::RangeBasis;
pub use recorded::Recorded;
pub use scaled::Scaled;
pub use scaled_identity::{Identity, Multiple, RealNonNegative, ScaledIdentity};
pub use shifted::{Shifted, ShiftedBasis};
pub use sliced::{All, Fixed, IndexData, IndexSet, Indices, IntoIndexSet, Sliced, Span};
#[cfg(feature = "faer")]
pub use sparse::{Sparse, SparseData, SparseInverse};
pub(crate) use spectral::log_of_spectrum;
pub use spectral::{PowerFacts, Spectral};
pub use stack::{HStack, VStack};
pub use sum::Sum;
pub use svd_factors::SvdFactors;
pub use sylvester::{SchurPair, SylvesterInverse};
#[cfg(feature = "fft")]
pub use toeplitz::{AsToeplitz, RowSpace, Toeplitz, ToeplitzInverse, WholeToeplitz};
pub use transpose::{Adjoint, Conj, Transpose};
pub use triangular::{AsTriangle, DenseTriangular, Lower, Side, TrianglePanel, Triangular, TriangularInverse, Upper};
pub use tridiagonal::{Mirrored, Tridiagonal, UpperBand};
#[cfg(feature = "fft")]
pub use trigonometric::{Dct, Dst, Trigonometric};
pub use zero::Zero;
