//! Algorithms, one file each; they know vectors and actions, never structures.

mod blocks;
pub mod decompose;
pub mod dense;
pub mod direct;
pub mod krylov;
pub mod matfun;
pub mod precond;
mod random;
pub mod sparse;
mod sparse_lanes;
pub mod spectrum;
pub mod stochastic;
mod watch;

pub use watch::{Callback, Control, Iteration, NoCallback, Observer};
