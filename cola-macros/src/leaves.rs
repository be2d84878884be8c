//! The parts of an expression that are Rust: leaves, numbers, indices of slices, arguments that are no operators.

use crate::ast::{Errors, Expr, Flip, Index, Leaf, Ratio};
use proc_macro2::{Delimiter, Group, Literal, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::parse::{End, Parse, ParseStream};
use syn::{Error, Ident, LitFloat, LitInt, RangeLimits, Result, Token, braced, parenthesized, token};

/// `{ any Rust expression }`, `&place`, `place`; with `TY` a Rust type.
pub fn leaf<const TY: bool>(input: ParseStream) -> Result<Leaf> {
    if TY {
        const HELP: &str = "expected the type of an operator: `SMatrix<f64, 2, 2>`, `f(..)`, a number or `I`";
        let ty =
            if input.peek(token::Brace) || input.peek(syn::Lit) { Err(()) } else { Ok(syn::Type::without_plus(input)) };
        let ty = ty.map_err(|()| Error::new(input.span(), HELP))??;
        return Ok(Leaf { tokens: ty.into_token_stream(), is_place: true });
    }
    if input.peek(token::Brace) {
        return block(input);
    }
    if input.peek(Token![&]) {
        let and: Token![&] = input.parse()?;
        if input.peek(token::Brace) || input.peek(token::Paren) || input.peek(Token![mut]) {
            return Err(Error::new(
                and.span,
                "`&` takes a name here; a Rust expression goes in braces: `{ &expression }`",
            ));
        }
        let place = place(input)?;
        let and = borrow(and);
        return Ok(Leaf { tokens: quote!(#and #place), is_place: true });
    }
    Ok(Leaf { tokens: place(input)?, is_place: true })
}

/// An `&` of ours at the user's place: for the user's own, clippy would propose to leave it out where the operand could
/// be moved or copied (`needless_borrows_for_generic_args`), but in this grammar `&` says what the operator holds.
fn borrow(and: Token![&]) -> Token![&] {
    Token![&](and.span.resolved_at(Span::mixed_site()))
}

/// `{ any Rust expression }`.
fn block(input: ParseStream) -> Result<Leaf> {
    let inner;
    let brace = braced!(inner in input);
    let tokens: TokenStream = inner.parse()?;
    if tokens.is_empty() {
        return Err(Error::new(brace.span.join(), "these braces are empty; they hold a Rust expression"));
    }
    // Braces of ours at the user's place: the user's own would bring the warning `unused_braces`.
    let at = brace.span.join().resolved_at(Span::mixed_site());
    Ok(Leaf { tokens: quote_spanned!(at=> { #tokens }), is_place: false })
}

/// `name`, `self.k.a`, `x.0`, `consts::A`; stops before `.T` and `.H`.
fn place(input: ParseStream) -> Result<TokenStream> {
    const HELP: &str =
        "expected an operator: a name, `f(..)`, `&name`, `{ Rust expression }`, a number, `I` or `[A, B; C, D]`";
    let start = input.span();
    let path = if input.peek(Token![_]) { Err(()) } else { syn::Path::parse_mod_style(input).map_err(|_| ()) };
    let path = path.map_err(|()| Error::new(start, HELP))?;
    let mut tokens = path.into_token_stream();
    while input.peek(Token![.]) && !(input.peek2(Token![.])) {
        let ahead = input.fork();
        let dot: Token![.] = ahead.parse()?;
        if ahead.peek(LitFloat) {
            // `x.0.1` is lexed as `x . 0.1`.
            input.parse::<Token![.]>()?;
            let pair: Literal = input.parse()?;
            tokens.extend(quote!(#dot #pair));
            continue;
        }
        let Ok(member) = ahead.parse::<syn::Member>() else {
            break;
        };
        if matches!(&member, syn::Member::Named(name) if name == "T" || name == "H") {
            break;
        }
        input.parse::<Token![.]>()?;
        input.parse::<syn::Member>()?;
        tokens.extend(quote!(#dot #member));
    }
    if input.peek(token::Paren) || input.peek(Token![::]) || input.peek(Token![!]) {
        let name = tokens.to_string().replace(' ', "");
        let sign = if input.peek(Token![!]) { "!" } else { "" };
        return Err(Error::new(start, format!("a Rust call goes in braces: `{{ {name}{sign}(..) }}`")));
    }
    Ok(tokens)
}

/// The `T` or `H` after a dot.
pub fn flip(input: ParseStream, dot: Span) -> Result<Flip> {
    let place = if input.is_empty() { dot } else { input.span() };
    let name: Ident =
        input.call(syn::ext::IdentExt::parse_any).map_err(|_| Error::new(place, "expected `.T` or `.H`"))?;
    match name.to_string().as_str() {
        "T" => Ok(Flip::Transpose),
        "H" => Ok(Flip::Adjoint),
        other => {
            let text = format!(
                "unknown suffix `.{other}`: an operator has `.T` and `.H`; a Rust expression goes in braces: `{{ a.{other}(..) }}`"
            );
            Err(Error::new(name.span(), text))
        }
    }
}

/// A literal number.
pub fn number(input: ParseStream) -> Result<Expr> {
    let (digits, suffix, span) = if input.peek(LitInt) {
        let literal: LitInt = input.parse()?;
        (literal.base10_digits().to_owned(), literal.suffix().to_owned(), literal.span())
    } else {
        let literal: LitFloat = input.parse()?;
        (literal.base10_digits().to_owned(), literal.suffix().to_owned(), literal.span())
    };
    if !matches!(suffix.as_str(), "" | "f64") {
        return Err(Error::new(
            span,
            format!("a number takes the scalar type of the operators around it: drop `{suffix}`"),
        ));
    }
    let value: f64 = digits.parse().map_err(|_| Error::new(span, "this is no number"))?;
    if !value.is_finite() {
        return Err(Error::new(span, "this number is too large for an f64"));
    }
    Ok(Expr::Number(value, span))
}

/// `3`, `-1`, `(1/2)`, `(-1/2)`, after the hat.
pub fn exponent(input: ParseStream, hat: Span) -> Result<Ratio> {
    const HELP: &str = "an exponent is a literal such as `3`, `-1` or `(1/2)`; for a computed one write `pow(A, p)`";
    fn integer(input: ParseStream, hat: Span) -> Result<i64> {
        let is_negative = input.parse::<Option<Token![-]>>()?.is_some();
        let place = if input.is_empty() { hat } else { input.span() };
        let literal: LitInt = input.parse().map_err(|_| Error::new(place, HELP))?;
        let n: i64 = literal.base10_parse()?;
        Ok(if is_negative { -n } else { n })
    }
    if !input.peek(token::Paren) {
        let p = integer(input, hat)?;
        return checked(p, 1, hat);
    }
    let inner;
    let paren = parenthesized!(inner in input);
    let p = integer(&inner, hat)?;
    let q = if inner.parse::<Option<Token![/]>>()?.is_some() { integer(&inner, hat)? } else { 1 };
    if !inner.is_empty() {
        return Err(Error::new(inner.span(), HELP));
    }
    checked(p, q, paren.span.join())
}

/// The exponent in lowest terms, where it makes sense.
fn checked(p: i64, q: i64, span: Span) -> Result<Ratio> {
    match Ratio::new(p, q) {
        None => Err(Error::new(span, "this exponent divides by zero or is too large")),
        Some(Ratio { p: 0, .. }) => {
            Err(Error::new(span, "the power 0 is the identity: write `I`, or `I(n)` where no neighbour gives its size"))
        }
        Some(ratio) => Ok(ratio),
    }
}

/// An argument that is a Rust expression.
pub fn rust_expression(input: ParseStream) -> Result<Leaf> {
    if input.peek(token::Brace) && (input.peek2(Token![,]) || input.peek2(End)) {
        return block(input);
    }
    let mut expression: syn::Expr = input.parse()?;
    if let syn::Expr::Reference(reference) = &mut expression {
        reference.and_token = borrow(reference.and_token);
    }
    Ok(Leaf { tokens: expression.into_token_stream(), is_place: false })
}

/// An argument of `linop_type!` that stays as it is: a type or a constant.
pub fn generic_argument(input: ParseStream) -> Result<Leaf> {
    let argument: syn::GenericArgument = input.parse()?;
    Ok(Leaf { tokens: argument.into_token_stream(), is_place: false })
}

/// The two indices inside `[r, c]`. Errors are recorded at the index they belong to.
pub fn indices(input: ParseStream, span: Span, errors: &mut Errors) -> Option<[Index; 2]> {
    let parsed = match input.parse_terminated(syn::Expr::parse, Token![,]) {
        Ok(parsed) => parsed,
        Err(error) => {
            errors.push(error);
            // Whatever is left would be reported by `syn` a second time.
            while input.parse::<TokenTree>().is_ok() {}
            return None;
        }
    };
    let count = parsed.len();
    let indices: Vec<_> = parsed.into_iter().filter_map(|i| index(i).map_err(|e| errors.push(e)).ok()).collect();
    if count != 2 {
        let text = format!("a slice takes two indices, rows and columns, as in `A[0..2, ..]`; here are {count}");
        errors.push(Error::new(span, text));
    }
    indices.try_into().ok()
}

/// Sorts an index into known at compile time, everything, and the rest.
fn index(expression: syn::Expr) -> Result<Index> {
    if let syn::Expr::Range(range) = &expression {
        let start = range.start.as_deref().map_or(Some(0), integer);
        let end = range.end.as_deref().map(integer);
        match (start, end, &range.limits) {
            (Some(0), None, RangeLimits::HalfOpen(_)) if range.start.is_none() => {
                return Ok(Index::All);
            }
            (Some(start), Some(Some(end)), limits) => {
                let end = if matches!(limits, RangeLimits::Closed(_)) { end.saturating_add(1) } else { end };
                let backwards =
                    || Error::new_spanned(range, format!("this range runs backwards: {start} is after {end}"));
                return Ok(Index::Fixed(start, end.checked_sub(start).ok_or_else(backwards)?));
            }
            _ => {}
        }
    }
    // Braces and macros may have effects: two of them are never taken for the same.
    let tokens = expression.into_token_stream();
    let is_place = !has_effects(tokens.clone());
    Ok(Index::Other(Leaf { tokens, is_place }))
}

/// The value of an integer literal.
fn integer(expression: &syn::Expr) -> Option<usize> {
    match expression {
        syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(n), .. }) => n.base10_parse().ok(),
        _ => None,
    }
}

/// Whether there are braces or a macro call, at any depth.
fn has_effects(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace || has_effects(group.stream()),
        TokenTree::Punct(sign) => sign.as_char() == '!',
        _ => false,
    })
}

/// Makes the invisible groups that `macro_rules!` puts around `$e:expr` visible, else `$a * b` with `$a` = `x + y`
/// would be read as `x + y * b`. A group that holds no sign is only opened: parentheses around it could bring the
/// warning `unused_parens`.
pub fn without_invisible_groups(tokens: TokenStream) -> TokenStream {
    let is_sign = |token: &TokenTree| matches!(token, TokenTree::Punct(p) if "+-*/^".contains(p.as_char()));
    tokens
        .into_iter()
        .flat_map(|token| match token {
            TokenTree::Group(group) => {
                let inner = without_invisible_groups(group.stream());
                let delimiter = match group.delimiter() {
                    Delimiter::None if !inner.clone().into_iter().any(|t| is_sign(&t)) => {
                        return inner;
                    }
                    Delimiter::None => Delimiter::Parenthesis,
                    other => other,
                };
                let mut visible = Group::new(delimiter, inner);
                visible.set_span(group.span());
                TokenTree::Group(visible).into()
            }
            token => TokenStream::from(token),
        })
        .collect()
}
