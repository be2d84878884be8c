//! The structures: one file each, in the order docs, struct, constructor, shape and facts, action, rules.

mod annotation;
mod block_diag;
mod complexified;
mod cycle_basis;
mod cycle_function;
mod dense;
mod diagonal;
mod function;
mod inverse;
mod kron;
mod many;
mod permutation;
mod product;
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
pub use complexified::Complexified;
pub use cycle_basis::CycleBasis;
pub use cycle_function::CycleFunction;
pub use dense::Dense;
pub use diagonal::{Diagonal, PoweredDiagonal, RealPsd};
pub use function::{AdjointAction, Function, Itself};
pub use kron::Kron;
pub use many::{Boxed, Parts, SumOf};
pub use permutation::Permutation;
pub use product::{ByAdjoint, ByTranspose, Gram, GramKind, Powi, Product, ProductInverse};
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
