//! Algorithms, one file each; they know vectors and actions, never structures.

pub mod dense;
pub mod direct;
pub mod krylov;
pub mod sparse;
mod sparse_lanes;
