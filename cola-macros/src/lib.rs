//! The macros of `cola-linalg`; use them through that crate, under the name `cola`. This file is the table of contents:
//!
//! * expressions: `parse` (with `leaves`) → `normalize` → `lower` for values, `types` for types; `ast` is the tree
//!   between them. Function names are left to the compiler's name resolution in `::cola::dsl` and `::cola::types`, so
//!   the macro holds no vocabulary and the compiler proposes the similar name.
//! * `vmap` and `parameters` are on their own.
//!
//! Everything works on `proc_macro2` tokens, so that it is tested without a compiler session.

mod ast;
mod leaves;
mod lower;
mod normalize;
mod parameters;
mod parse;
#[cfg(test)]
mod tests;
mod types;
mod vmap;

use ast::{Errors, Expr};
use proc_macro::TokenStream;
use proc_macro2::TokenStream as Tokens;

/// Composes operators: `linop!(kron(psd(&a), diag(d)) + 0.1 * I)`.
///
/// Nothing is factored, static operands need no allocation, and only shapes can fail: by a compile error where both
/// are static, else by a panic that names both.
///
/// | form, from loose to tight | meaning |
/// |---|---|
/// | `A + B`, `A - B` | sum |
/// | `A * B`, `2 * A`, `c * A`, `A / 2` | product, scaling; a literal's sign is known to the type |
/// | `-A` | `-A^2` is `-(A^2)` |
/// | `A^3`, `A^-1`, `A^(1/2)` | powers with literal exponents; those that can fail need [`try_linop!`] |
/// | `A.T`, `A.H`, `A[0..5, idx]` | transpose, adjoint, slice |
/// | `[A, B; C, D]` | blocks |
/// | `I`, `I(n)` | identity, sized by its neighbour or by n |
/// | `name`, `self.k`, `&name`, `{ any Rust expression }` | leaves; `&` borrows |
/// | `f(..)` | a function of `cola::dsl` |
#[proc_macro]
pub fn linop(input: TokenStream) -> TokenStream {
    expand::<false>(input.into(), lower::linop).into()
}

/// [`linop!`] with functions that can fail (`inv`, `sqrt`, `A^-1`, ..); the value is a `cola::Result`.
///
/// It never panics on bad input: shapes that do not match are an `Err` as well.
#[proc_macro]
pub fn try_linop(input: TokenStream) -> TokenStream {
    expand::<false>(input.into(), lower::try_linop).into()
}

/// The type of a [`linop!`] expression from the types of its leaves:
/// `type Cov<T> = linop_type!(kron(psd(SMatrix<T, 2, 2>), diag(SVector<T, 3>)));`
///
/// The same type twice counts as the same leaf: `linop_type!(X * X.H)` is the Gram type. Where two different leaves
/// have one type, give one of them another name by `type`.
#[proc_macro]
pub fn linop_type(input: TokenStream) -> TokenStream {
    expand::<true>(input.into(), types::linop_type).into()
}

/// Makes a struct of operators, matrices or vectors a tree of parameters: `leaves`, `map_leaves`, `flatten`, `stack`.
///
/// * The parameter `T: Scalar` (or `#[parameters(scalar = T)]` on the struct) is the scalar: `Model<T>` becomes
///   `Model<S>` for another scalar S.
/// * Any other type parameter of a field is a node: `Model<A, B>` becomes `Model<A::With<S>, B::With<S>>`. State no
///   bounds on it at the struct; impls may have them.
/// * Without either, the struct cannot change its scalar: its tree over S is the tuple of its fields' trees (at most 8).
/// * A field `#[parameters(skip)]` (a size, a name) is cloned; its type may not depend on the scalar.
#[proc_macro_derive(Parameters, attributes(parameters))]
pub fn parameters(input: TokenStream) -> TokenStream {
    parameters::derive(input.into()).into()
}

/// Adds batch forms to a function `fn f<T: Scalar>(x: .., n: usize) -> cola::Result<..>`, in a module of its name.
///
/// * `f::batch::<8>(xs, n)`: arrays of 8 in, an array of 8 out, all lanes at once;
/// * `f::batch_slice(&xs, n)`: any length, a `Vec` out;
/// * `f::batch_each(&xs, n)`: the same with each element's own `Result`.
///
/// An argument whose type does not name `T` is shared by the whole batch. The element is `f64`, or `f32` by
/// `#[vmap(f32)]`. The function stands in a module, not in another function.
#[proc_macro_attribute]
pub fn vmap(attribute: TokenStream, item: TokenStream) -> TokenStream {
    vmap::vmap(attribute.into(), item.into()).into()
}

/// Reads, normalises and lowers an expression; or shows all that is wrong with it.
fn expand<const TY: bool>(input: Tokens, lower: impl Fn(&Expr, &mut Errors) -> Tokens) -> Tokens {
    let (expression, mut errors) = parse::parse::<TY>(input);
    let expression = normalize::normalize(expression, &mut errors);
    let tokens = lower(&expression, &mut errors);
    let report = ast::report(errors);
    match report.is_empty() {
        true => tokens,
        // Two `compile_error!` side by side are neither an expression nor a type.
        false if TY => quote::quote!((#(#report),*)),
        false => quote::quote!({ #(#report)* }),
    }
}
