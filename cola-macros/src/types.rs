//! `linop_type!`: the normal form to the type that the value macro's expression has. The words are type aliases in
//! `::cola::types`, so that name resolution gives the messages here too.

use crate::ast::{Call, Errors, Expr, Identity, Index, Ratio, Size, Term, balanced};
use crate::lower::{congruence_name, flip_name, gram_name, sign, two_by_two};
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Error;

/// The type for a normal form. A tree with errors gives tokens that are not to be used.
pub fn linop_type(expression: &Expr, errors: &mut Errors) -> TokenStream {
    let mut unary = |word, a, span| {
        let a = linop_type(a, errors);
        alias(word, span, a)
    };
    match expression {
        Expr::Leaf(leaf) => {
            let tokens = &leaf.tokens;
            quote!(<#tokens as ::cola::IntoTerm>::Term)
        }
        Expr::Number(x, span) => {
            let sign = sign(*x, *span);
            quote_spanned!(*span=> ::cola::dsl::Literal<#sign>)
        }
        Expr::Flip(flip, a, span) => unary(flip_name(*flip), a, *span),
        Expr::Gram(kind, a, span) => unary(gram_name(*kind), a, *span),
        Expr::Congruence(kind, parts, span) => {
            let [x, a] = parts.each_ref().map(|part| linop_type(part, errors));
            alias(congruence_name(*kind), *span, quote!(#x, #a))
        }
        Expr::Negate(a, span) => {
            let a = linop_type(a, errors);
            quote_spanned!(*span=> ::cola::dsl::Negated<#a>)
        }
        Expr::Sum(terms) => joined(terms, errors, &|span, a, b| quote_spanned!(span=> ::cola::dsl::Plus<#a, #b>)),
        Expr::Product(factors) => {
            joined(factors, errors, &|span, a, b| quote_spanned!(span=> ::cola::dsl::Times<#a, #b>))
        }
        Expr::Divide(a, span, b) => {
            let (a, b) = (linop_type(a, errors), linop_type(b, errors));
            quote_spanned!(*span=> ::cola::dsl::Divided<#a, #b>)
        }
        Expr::Identity(eye) => identity(eye, errors),
        Expr::Call(function) => call(function, errors),
        Expr::Power(a, ratio, span) => {
            let a = linop_type(a, errors);
            power(a, *ratio, *span)
        }
        Expr::Slice(a, indices, span) => {
            let a = linop_type(a, errors);
            let [rows, columns] = &**indices;
            let is_principal = rows.is_same(columns);
            let (rows, columns) = (index(rows, *span, errors), index(columns, *span, errors));
            match is_principal {
                true => alias("principal", *span, quote!(#a, #rows)),
                false => alias("slice", *span, quote!(#a, #rows, #columns)),
            }
        }
        Expr::Blocks(rows) if two_by_two(rows).is_some() => {
            let parts: Vec<_> = two_by_two(rows).into_iter().flatten().map(|block| linop_type(block, errors)).collect();
            alias("blocks", rows[1].mark, quote!(#(#parts),*))
        }
        Expr::Blocks(rows) => {
            let row = |blocks: &[Term], errors: &mut Errors| {
                joined(blocks, errors, &|span, a, b| alias("hstack", span, quote!(#a, #b)))
            };
            let rows: Vec<_> = rows.iter().map(|r| (r.mark, row(&r.blocks, errors))).collect();
            balanced(&rows, &|span, a, b| alias("vstack", span, quote!(#a, #b)))
        }
        Expr::Bad => TokenStream::new(),
    }
}

/// `::cola::types::word<arguments>`, all at the user's sign.
fn alias(word: &str, span: Span, arguments: TokenStream) -> TokenStream {
    let word = Ident::new(word, span);
    quote_spanned!(span=> ::cola::types::#word<#arguments>)
}

/// A balanced tree, as in the value.
fn joined(
    terms: &[Term],
    errors: &mut Errors,
    join: &impl Fn(Span, &TokenStream, &TokenStream) -> TokenStream,
) -> TokenStream {
    let items: Vec<_> = terms.iter().map(|term| (term.mark, linop_type(&term.value, errors))).collect();
    balanced(&items, join)
}

/// `name::<2>(A)` is `name<A, 2>`. Arguments that are no operators (of `diag`, ..) are raw types.
fn call(call: &Call, errors: &mut Errors) -> TokenStream {
    let name = &call.name;
    let is_raw = crate::parse::takes_rust(name);
    // The exponent is a value: the type does not depend on it.
    let operators = if name == "pow" { 1 } else { usize::MAX };
    let arguments = call.arguments.iter().take(operators).map(|argument| match argument {
        Expr::Leaf(leaf) if is_raw => leaf.tokens.clone(),
        argument => linop_type(argument, errors),
    });
    let constants = call.generics.iter().flat_map(|generics| &generics.args);
    let all: Vec<_> = arguments.chain(constants.map(ToTokens::to_token_stream)).collect();
    quote_spanned!(name.span()=> ::cola::types::#name<#(#all),*>)
}

/// The types of the functions that the value macro calls.
fn power(a: TokenStream, ratio: Ratio, span: Span) -> TokenStream {
    match (ratio.p, ratio.q) {
        (1, 2) => alias("sqrt", span, a),
        (-1, 2) => alias("isqrt", span, a),
        (p, 1) => {
            let a = if p < 0 { alias("inv", span, a) } else { a };
            let n = Literal::u64_unsuffixed(p.unsigned_abs());
            if p == -1 { a } else { alias("powi", span, quote!(#a, #n)) }
        }
        _ => alias("pow", span, a),
    }
}

/// The identity has a scalar in its type, so it has to be stated with the size.
fn identity(eye: &Identity, errors: &mut Errors) -> TokenStream {
    let span = eye.span;
    match (&eye.size, &eye.scalar) {
        (None, _) => quote_spanned!(span=> ::cola::dsl::EyeTerm),
        (Some(Size::Static(n)), Some(scalar)) => alias("identity_static", span, quote!(#scalar, #n)),
        (Some(Size::Dynamic(_)), Some(scalar)) => alias("identity", span, quote!(#scalar)),
        (Some(_), None) => {
            errors.push(Error::new(
                span,
                "a type has to say the scalar of `I(n)`: write `I::<f64>(3)`, or `I` next to an operator",
            ));
            TokenStream::new()
        }
    }
}

/// Only what is known at compile time has a place in a type.
fn index(index: &Index, span: Span, errors: &mut Errors) -> TokenStream {
    match index {
        Index::Fixed(start, len) => {
            let (start, len) = (Literal::usize_unsuffixed(*start), Literal::usize_unsuffixed(*len));
            quote_spanned!(span=> ::cola::Fixed<#start, #len>)
        }
        Index::All => quote_spanned!(span=> ::core::ops::RangeFull),
        Index::Other(leaf) => {
            let place = syn::spanned::Spanned::span(&leaf.tokens);
            let text = "a slice in a type has literal ranges, `A[0..2, 1..3]`, or `..`; for another index name the type itself, `Slice<A, ..>`";
            errors.push(Error::new(place, text));
            TokenStream::new()
        }
    }
}
