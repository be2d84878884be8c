//! Algorithms, one file each; they know vectors and actions, never structures.

pub mod banded;
mod blocks;
#[doc(hidden)]
pub mod columns;
pub mod decompose;
pub mod dense;
pub mod direct;
#[cfg(test)]
mod elsewhere;
#[cfg(feature = "fft")]
pub mod fft;
pub mod krylov;
pub mod matfun;
pub mod precond;
mod random;
pub mod schur_solve;
#[cfg(feature = "faer")]
pub mod sparse;
#[cfg(feature = "faer")]
mod sparse_lanes;
pub mod spectrum;
pub mod stochastic;
pub mod sylvester;
mod three_term;
#[cfg(feature = "fft")]
pub mod toeplitz;
mod watch;
pub mod woodbury;

pub use watch::{Callback, Control, Iteration, NoCallback, Observer};
