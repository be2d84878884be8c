//! One kernel for a whole batch of a static operator type, written from the type: `sqrt(A x diag(d)) x` for a million A, d and x is one
//! launch that reads every number once.
//!
//! [`Fusible`] turns the type into a tree of structures and sizes by trait recursion; a rule table gives each function of each structure
//! its node, as on the host; [`source`] writes the kernel. The numbers of an element are held by one thread while they fit its
//! registers, else in the shared memory of a warp or a block ([`Team`]). Compilation is NVRTC's, at first use, for the device's own
//! architecture, and kept on disk ([`Cache`]).
//!
//! An element that fails (a singular matrix, NaN in its numbers) has NaN for its result and is named in the error, `Error::Lanes`; the
//! others are not disturbed.

mod cache;
mod fault;
pub mod layout;
mod lower;
mod node;
mod run;
mod source;
mod term;

pub use cache::{Cache, Key};
pub use fault::{Record, failures};
pub use layout::Layout;
pub use run::{DeviceBatch, Fused, OperatorBatch, Queued, VectorBatch};
pub use source::{Launch, PRELUDE, Source, source, source_for};
pub use term::{FuseRule, Fusible, Kind, Term};

/// What a fused kernel computes of each element's operator A and vector x.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Function {
    /// A x.
    Apply,
    /// A^-1 x.
    Solve,
    /// A^(1/2) x.
    Sqrt,
    /// A^(-1/2) x.
    InvSqrt,
    /// A^p x; p is an argument of the launch.
    Pow,
    /// e^A x.
    Exp,
    /// log det A.
    LogDet,
    /// x^T A x.
    Quad,
    /// x^T A^-1 x.
    InvQuad,
}
impl Function {
    /// All of them.
    pub const ALL: [Function; 9] = [
        Function::Apply,
        Function::Solve,
        Function::Sqrt,
        Function::InvSqrt,
        Function::Pow,
        Function::Exp,
        Function::LogDet,
        Function::Quad,
        Function::InvQuad,
    ];
}
/// Who works on one element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Team {
    /// One thread; all numbers in its registers.
    Thread,
    /// A warp of 32 threads; numbers in shared memory.
    Warp,
    /// A block of 128 threads; numbers in shared memory.
    Block,
}
