//! Tokens to [`Expr`]: a parser by binding powers over `syn`'s buffers. `syn`'s own expression parser cannot be used:
//! `^` binds weaker than `*` in Rust, and `.T` and `[A, B; C, D]` mean something else.
//!
//! An error inside parentheses or brackets skips to the next `,` or `;`, so that the other arguments are still read
//! and all complaints come at once.

use crate::ast::{Call, Errors, Expr, Identity, Row, Size, Term};
use crate::leaves;
use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::{ParseStream, Parser as _};
use syn::{Error, LitFloat, LitInt, Result, Token, bracketed, parenthesized, token};

/// Functions whose arguments are vectors, numbers, indices or Rust collections. In them `[..]` is a Rust array and not
/// a block matrix.
const RUST_ARGUMENTS: &str = "diag tridiag tridiag_sym banded permutation sparse low_rank projection circulant toeplitz toeplitz_sym dct dst fourier \
    householder zero function nonnegative sum_of product_of kron_of block_diag_of circulant_nd kernel kernel_cross interpolation \
    interpolation_linear jacobian hessian gauss_newton fisher";

/// Whether the arguments of this function are Rust expressions, in `linop_type!` raw types.
pub fn takes_rust(name: &Ident) -> bool {
    RUST_ARGUMENTS.split(' ').any(|word| name == word)
}

/// Binding powers, from loose to tight. `^` and the suffixes `.T`, `.H`, `[r, c]` bind tighter than all of these.
const SUM: u8 = 1;
const PRODUCT: u8 = 2;
const SIGN: u8 = 3;

/// Reads a whole expression. `TY`: the leaves are Rust types, for `linop_type!`.
pub fn parse<const TY: bool>(tokens: TokenStream) -> (Expr, Errors) {
    let mut parser = Parser::<TY> { errors: Vec::new() };
    let outcome = (|input: ParseStream| Ok(parser.element(input))).parse2(leaves::without_invisible_groups(tokens));
    match outcome {
        Ok(expression) => (expression, parser.errors),
        Err(error) => {
            // What is left after a first error, or a `,` at top level.
            if parser.errors.is_empty() {
                parser.errors.push(Error::new(error.span(), "expected one expression; the rest does not belong to it"));
            }
            (Expr::Bad, parser.errors)
        }
    }
}

/// The errors so far; the position is in the buffers of `syn`.
struct Parser<const TY: bool> {
    errors: Errors,
}

/// Whether an element of a list ends here.
fn at_end(input: ParseStream) -> bool {
    input.is_empty() || input.peek(Token![,]) || input.peek(Token![;])
}

impl<const TY: bool> Parser<TY> {
    /// An expression up to `,`, `;` or the end. An error is recorded and the rest of the element skipped.
    fn element(&mut self, input: ParseStream) -> Expr {
        let outcome = if at_end(input) {
            Err(Error::new(input.span(), "an operator expression is missing here"))
        } else {
            self.expression(input, 0).and_then(|e| if at_end(input) { Ok(e) } else { Err(unexpected(input)) })
        };
        outcome.unwrap_or_else(|error| {
            self.errors.push(error);
            skip(input);
            Expr::Bad
        })
    }

    /// An operand and the signs after it that bind tighter than `least`.
    fn expression(&mut self, input: ParseStream, least: u8) -> Result<Expr> {
        let start = input.span();
        let mut left = self.operand(input)?;
        let mut is_power = false;
        loop {
            let power = match () {
                _ if input.peek(Token![+]) || input.peek(Token![-]) => SUM,
                _ if input.peek(Token![*]) || input.peek(Token![/]) => PRODUCT,
                _ => {
                    let is_hat = input.peek(Token![^]);
                    match self.suffix(input, left, is_power)? {
                        (expression, true) => left = expression,
                        (expression, false) => return Ok(expression),
                    }
                    is_power = is_hat;
                    continue;
                }
            };
            if power <= least {
                return Ok(left);
            }
            let sign: proc_macro2::Punct = input.parse()?;
            let mark = sign.span();
            if at_end(input) {
                return Err(Error::new(mark, format!("the operand after `{sign}` is missing")));
            }
            let right = self.expression(input, power)?;
            left = match sign.as_char() {
                '+' => Expr::Sum(vec![left.after(start), right.after(mark)]),
                '-' => Expr::Sum(vec![left.after(start), Expr::Negate(Box::new(right), mark).after(mark)]),
                '*' => Expr::Product(vec![left.after(start), right.after(mark)]),
                _ => Expr::Divide(Box::new(left), mark, Box::new(right)),
            };
            is_power = false;
        }
    }

    /// One of `^r`, `.T`, `.H`, `[r, c]` after `of`, and whether there was one.
    fn suffix(&mut self, input: ParseStream, of: Expr, is_power: bool) -> Result<(Expr, bool)> {
        if input.peek(Token![^]) {
            let hat: Token![^] = input.parse()?;
            let ratio = leaves::exponent(input, hat.span)?;
            if is_power {
                return Err(Error::new(hat.span, "two powers in a row: say which comes first, `(A^2)^3`"));
            }
            return Ok((Expr::Power(Box::new(of), ratio, hat.span), true));
        }
        if input.peek(Token![.]) {
            let dot: Token![.] = input.parse()?;
            let flip = leaves::flip(input, dot.span)?;
            return Ok((Expr::Flip(flip, Box::new(of), dot.span), true));
        }
        if input.peek(token::Bracket) {
            let inner;
            let bracket = bracketed!(inner in input);
            let span = bracket.span.join();
            let indices = leaves::indices(&inner, span, &mut self.errors);
            return Ok((indices.map_or(Expr::Bad, |i| Expr::Slice(Box::new(of), Box::new(i), span)), true));
        }
        Ok((of, false))
    }

    /// What stands between two signs: `-A`, `(A)`, `[A, B]`, a number, `I`, a call or a leaf.
    fn operand(&mut self, input: ParseStream) -> Result<Expr> {
        if input.peek(Token![-]) {
            let minus: Token![-] = input.parse()?;
            if at_end(input) {
                return Err(Error::new(minus.span, "the operand after `-` is missing"));
            }
            return Ok(Expr::Negate(Box::new(self.expression(input, SIGN)?), minus.span));
        }
        if input.peek(token::Paren) {
            let inner;
            parenthesized!(inner in input);
            let expression = self.element(&inner);
            if !inner.is_empty() {
                self.errors
                    .push(Error::new(inner.span(), "parentheses hold one expression; blocks are written `[A, B]`"));
                drain(&inner);
            }
            return Ok(expression);
        }
        if input.peek(token::Bracket) {
            return self.blocks(input);
        }
        if input.peek(LitInt) || input.peek(LitFloat) {
            return leaves::number(input);
        }
        if input.peek(syn::Ident) {
            let ahead = input.fork();
            let name: Ident = ahead.parse()?;
            let is_turbofish =
                ahead.peek(Token![::]) && ahead.fork().parse::<syn::AngleBracketedGenericArguments>().is_ok();
            let generics: Option<syn::AngleBracketedGenericArguments> =
                if is_turbofish { Some(ahead.parse()?) } else { None };
            if ahead.peek(token::Paren) || (name == "I" && !ahead.peek(Token![::]) && !ahead.peek(Token![<])) {
                input.parse::<Ident>()?;
                if generics.is_some() {
                    input.parse::<syn::AngleBracketedGenericArguments>()?;
                }
                return if name == "I" {
                    self.identity(input, &name, generics)
                } else {
                    self.call(input, name, generics)
                };
            }
        }
        leaves::leaf::<TY>(input).map(Expr::Leaf)
    }

    /// `I`, `I(n)`, `I::<T>(n)`, after the name.
    fn identity(
        &mut self,
        input: ParseStream,
        name: &Ident,
        generics: Option<syn::AngleBracketedGenericArguments>,
    ) -> Result<Expr> {
        let scalar = generics.map(|generics| generics.args.to_token_stream());
        let mut size = None;
        if input.peek(token::Paren) {
            let inner;
            let paren = parenthesized!(inner in input);
            if inner.is_empty() {
                return Err(Error::new(paren.span.join(), "`I(n)` takes the size; without one write `I`"));
            }
            size = Some(if inner.peek(LitInt) && inner.peek2(syn::parse::End) {
                Size::Static(inner.parse()?)
            } else {
                Size::Dynamic(leaves::rust_expression(&inner)?.tokens)
            });
            if !inner.is_empty() {
                return Err(Error::new(inner.span(), "`I(n)` takes one size"));
            }
        }
        Ok(Expr::Identity(Identity { span: name.span(), scalar, size }))
    }

    /// `(arguments)` of a function.
    fn call(
        &mut self,
        input: ParseStream,
        name: Ident,
        generics: Option<syn::AngleBracketedGenericArguments>,
    ) -> Result<Expr> {
        let inner;
        let paren = parenthesized!(inner in input);
        let mut arguments = Vec::new();
        while !inner.is_empty() {
            let is_rust = takes_rust(&name);
            let argument = match () {
                _ if is_rust && TY => leaves::generic_argument(&inner),
                _ if is_rust || (name == "pow" && arguments.len() == 1) => leaves::rust_expression(&inner),
                _ => {
                    arguments.push(self.element(&inner));
                    self.separator(&inner);
                    continue;
                }
            };
            match argument.and_then(|leaf| if at_end(&inner) { Ok(leaf) } else { Err(unexpected(&inner)) }) {
                Ok(leaf) => arguments.push(Expr::Leaf(leaf)),
                Err(error) => {
                    self.errors.push(error);
                    skip(&inner);
                }
            }
            self.separator(&inner);
        }
        Ok(Expr::Call(Call { name, generics, paren, arguments }))
    }

    /// The `,` between arguments.
    fn separator(&mut self, input: ParseStream) {
        if !input.is_empty() && input.parse::<Token![,]>().is_err() {
            self.errors.push(Error::new(input.span(), "arguments are separated by `,`"));
            drain(input);
        }
    }

    /// `[A, B; C, D]`.
    fn blocks(&mut self, input: ParseStream) -> Result<Expr> {
        let inner;
        let bracket = bracketed!(inner in input);
        if inner.is_empty() {
            return Err(Error::new(bracket.span.join(), "a block matrix needs at least one block: `[A, B; C, D]`"));
        }
        let mut rows = vec![Row { blocks: Vec::new(), mark: inner.span() }];
        let mut mark = inner.span();
        while !inner.is_empty() {
            let start = inner.span();
            let block = self.element(&inner);
            if matches!(&block, Expr::Number(..)) {
                self.errors
                    .push(Error::new(start, "a number is no block; a Rust array goes in braces: `{ [1.0, 2.0] }`"));
            }
            let row = rows.last_mut().expect("starts with one row");
            row.blocks.push(Term { mark, value: block });
            mark = inner.span();
            if inner.peek(Token![;]) {
                let semicolon = inner.parse::<Token![;]>()?;
                // A last `;` is allowed, as a last `,` is.
                if !inner.is_empty() {
                    rows.push(Row { blocks: Vec::new(), mark: semicolon.spans[0] });
                }
            } else {
                inner.parse::<Option<Token![,]>>()?;
            }
        }
        let width = rows[0].blocks.len();
        let plural = |n: usize| format!("{n} block{}", if n == 1 { "" } else { "s" });
        for (at, row) in rows.iter().enumerate().filter(|(_, row)| row.blocks.len() != width) {
            let (first, this) = (plural(width), plural(row.blocks.len()).replace(" blocks", "").replace(" block", ""));
            let text = format!("block rows are unbalanced: row 1 has {first}, row {} has {this}", at + 1);
            let place = row.blocks.first().map_or(row.mark, |block| block.value.span());
            self.errors.push(Error::new(place, text));
        }
        Ok(Expr::Blocks(rows))
    }
}

/// The error for tokens after a complete expression, by the mistake they suggest.
fn unexpected(input: ParseStream) -> Error {
    let text = if input.peek(Token![?]) {
        "`?` belongs into braces: `{ f(x)? }`; `try_linop!` applies it to functions of operators by itself"
    } else if input.peek(token::Paren) || input.peek(Token![!]) || input.peek(Token![::]) {
        "a Rust call goes in braces: `{ f(x) }`"
    } else {
        "expected a sign (`+ - * / ^`), `.T`, `.H`, `[rows, columns]` or the end of the expression; other Rust goes in braces `{ .. }`"
    };
    Error::new(input.span(), text)
}

/// Skips to the end of an element that could not be read.
fn skip(input: ParseStream) {
    while !at_end(input) && input.parse::<TokenTree>().is_ok() {}
}

/// Skips everything: `syn` complains about what is left unread.
fn drain(input: ParseStream) {
    while input.parse::<TokenTree>().is_ok() {}
}
