//! Helpers of the tests. Paths are shown without `::cola::`, for reading.

mod errors;
mod forms;
mod items;

use crate::{expand, lower, parameters, types, vmap};
use proc_macro2::TokenStream;

/// Tokens as short text; an error as its messages, joined by ` | `.
fn show(tokens: TokenStream) -> String {
    let text = tokens.to_string();
    if text.contains("compile_error") {
        let messages: Vec<_> = text.split('"').skip(1).step_by(2).collect();
        return messages.join(" | ");
    }
    text.replace([' ', '\n'], "").replace("::cola::dsl::", "").replace("::cola::types::", "").replace("::cola::", "")
}

/// Source text to tokens.
fn read(source: &str) -> TokenStream {
    source.parse().expect("the source of a test has balanced delimiters")
}

/// The expansion of `linop!`.
fn value(source: &str) -> String {
    show(expand::<false>(read(source), lower::linop))
}

/// The body of the closure.
fn attempt(source: &str) -> String {
    let text = show(expand::<false>(read(source), lower::try_linop));
    match text.split_once("Result::Ok(") {
        Some((_, rest)) => rest.strip_suffix(")});outcome}").expect("the closure's end").to_owned(),
        None => text,
    }
}

/// The expansion of `linop_type!`.
fn ty(source: &str) -> String {
    show(expand::<true>(read(source), types::linop_type))
}

/// Checks a table of source and expansion.
#[track_caller]
fn check(by: fn(&str) -> String, table: &[(&str, &str)]) {
    for (source, expected) in table {
        assert_eq!(by(source), *expected, "{source}");
    }
}

/// The expansion of `#[vmap]`.
fn batch(source: &str) -> String {
    show(vmap::vmap(TokenStream::new(), read(source)))
}

/// The expansion of `derive(Parameters)`.
fn tree(source: &str) -> String {
    show(parameters::derive(read(source)))
}

/// That the expansion holds every one of these pieces.
#[track_caller]
fn check_holds(expansion: &str, pieces: &[&str]) {
    for piece in pieces {
        assert!(expansion.contains(piece), "{piece} is not in {expansion}");
    }
}
