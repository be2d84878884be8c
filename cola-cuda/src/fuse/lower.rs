//! Which node computes which function of which structure: the rule table of the host, for one thread, warp or block.
//!
//! | structure | apply | solve | roots, powers | exp | logdet |
//! |---|---|---|---|---|---|
//! | Dense | product | LDL^T if PSD, LU else | eigenvalues | eigenvalues if self-adjoint | LDL^T or LU |
//! | Diagonal, identities | entrywise | entrywise | entrywise | entrywise | entrywise |
//! | Triangular | product | substitution | - | - | diagonal |
//! | Kron | factor by factor | factor by factor | factor by factor | formed | powers |
//! | BlockDiag, Repeat | blockwise | blockwise | blockwise | blockwise | sum |
//! | Scaled, Transpose | of the part | of the part | of the part | formed; of the part | of the part |
//! | Product of square factors, Powi | in turn | in turn, reversed | formed | formed | sum |
//! | Sum, Gram | in turn | formed | formed | formed | formed |
//!
//! "formed": the n x n matrix is made in registers or shared memory and takes the rule of Dense with the facts of the composite.

use super::Function;
use super::node::{Entrywise, Factor, Node};
use super::term::{Kind, Term};
use cola_core::{Error, Result};

/// The prepared operator whose action or determinant is `function` of the term.
pub(super) fn lower(term: &Term, function: Function) -> Result<Node> {
    let f = match function {
        Function::Apply | Function::Quad => Entrywise::Id,
        Function::Solve | Function::InvQuad => Entrywise::Inv,
        Function::Sqrt => Entrywise::Sqrt,
        Function::InvSqrt => Entrywise::Isqrt,
        Function::Pow => Entrywise::Pow,
        Function::Exp => Entrywise::Exp,
        Function::LogDet => Entrywise::Det,
    };
    let (rows, cols) = term.shape();
    if rows != cols && !matches!(function, Function::Apply) {
        return Err(Error::ShapeMismatch { op: "a fused function", left: (rows, cols), right: (cols, rows) });
    }
    node(term, f)
}
fn none(f: Entrywise, of: &str) -> Error {
    Error::invalid(format!("there is no fused kernel for {f:?} of {of}; the host has it, or `to_device(&gpu)`"))
}
fn node(term: &Term, f: Entrywise) -> Result<Node> {
    use Entrywise::{Det, Exp, Id, Inv, Isqrt, Pow, Sqrt};
    let part = |a: &Term| node(a, f).map(Box::new);
    let as_is = |a: &Term| node(a, Id).map(Box::new);
    let formed = |n: Box<Node>| -> Result<Node> { Ok(Node::Formed(n, factor(term, f)?)) };
    Ok(match (&term.kind, f) {
        (Kind::Dense(m, n), Id) => Node::Mat(*m, *n),
        (Kind::Dense(..), _) => Node::OfMat(factor(term, f)?),
        (Kind::Diagonal(n), _) => Node::Diag(*n, f),
        (Kind::Identity(n), _) => Node::Scalar(*n, f, false),
        (Kind::ScaledIdentity(n), _) => Node::Scalar(*n, f, true),
        (Kind::Triangular(n, lower), Id | Det) => Node::TriMat(*n, *lower),
        (Kind::Triangular(n, lower), Inv) => Node::TriInv(*n, *lower),
        (Kind::Triangular(..), _) => return Err(none(f, "a triangular matrix")),
        // f(A x B) = f(A) x f(B) for homogeneous f
        (Kind::Kron(a, b), Id) => Node::Kron(part(a)?, part(b)?),
        (Kind::Kron(a, b), Inv | Det | Sqrt | Isqrt | Pow) if a.is_square() => Node::Kron(part(a)?, part(b)?),
        (Kind::Kron(a, b), _) => formed(Box::new(Node::Kron(as_is(a)?, as_is(b)?)))?,
        (Kind::BlockDiag(a, b), Id) => Node::BlockDiag(part(a)?, part(b)?),
        (Kind::BlockDiag(a, b), _) if a.is_square() => Node::BlockDiag(part(a)?, part(b)?),
        (Kind::BlockDiag(a, b), _) => formed(Box::new(Node::BlockDiag(as_is(a)?, as_is(b)?)))?,
        (Kind::Repeat(a, k), _) => Node::Repeat(part(a)?, *k),
        (Kind::Transpose(a), _) => Node::Trans(part(a)?),
        (Kind::Scaled(a), Id | Inv | Det | Sqrt | Isqrt | Pow) => Node::Scaled(part(a)?, f),
        (Kind::Scaled(a), Exp) => formed(Box::new(Node::Scaled(as_is(a)?, Id)))?,
        (Kind::Product(a, b), Id) => Node::Product(part(a)?, part(b)?),
        (Kind::Product(a, b), Det) if a.is_square() => Node::Product(part(a)?, part(b)?),
        // (A B)^-1 = B^-1 A^-1
        (Kind::Product(a, b), Inv) if a.is_square() => Node::Reversed(part(a)?, part(b)?),
        (Kind::Product(a, b), _) => formed(Box::new(Node::Product(as_is(a)?, as_is(b)?)))?,
        (Kind::Powi(a, k), Id | Inv | Det) => Node::Chain(part(a)?, *k),
        (Kind::Powi(a, k), _) => formed(Box::new(Node::Chain(as_is(a)?, *k)))?,
        (Kind::Sum(a, b), Id) => Node::Sum(part(a)?, part(b)?),
        (Kind::Sum(a, b), _) => formed(Box::new(Node::Sum(as_is(a)?, as_is(b)?)))?,
        (Kind::Gram(a), Id) => Node::Gram(part(a)?),
        (Kind::Gram(a), _) => formed(Box::new(Node::Gram(as_is(a)?)))?,
        (Kind::Unitary(a), Inv) => Node::Trans(as_is(a)?),
        (Kind::Unitary(a), _) => node(a, f)?,
    })
}
/// What serves a matrix of which this much is known.
fn factor(term: &Term, f: Entrywise) -> Result<Factor> {
    use Entrywise::{Det, Inv};
    let n = term.shape().0;
    match f {
        Inv | Det if term.psd => Ok(Factor::Ldl(n)),
        Inv | Det => Ok(Factor::Lu(n, f)),
        _ if term.self_adjoint || term.psd => Ok(Factor::Eigh(n, f)),
        _ => Err(none(f, "a general matrix")),
    }
}
