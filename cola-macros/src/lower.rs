//! `linop!` and `try_linop!`: the normal form to calls of `::cola::dsl`, with the user's tokens, spans and delimiters.

use crate::ast::{Call, Errors, Expr, Flip, Identity, Index, Ratio, Row, Size, Term, balanced};
use proc_macro2::{Delimiter, Group, Ident, Literal, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::Error;

/// Words of the dsl that return a `Result`: only `try_linop!` can use them.
const FALLIBLE: [&str; 12] = [
    "inv",
    "pinv",
    "sqrt",
    "isqrt",
    "pow",
    "exp",
    "log",
    "nonnegative",
    "psd_checked",
    "self_adjoint_checked",
    "unitary_checked",
    "projection_checked",
];

/// Words that panic on bad input and have a twin `try_..` that returns a `Result`. The signs' twins (`try_add`, ..) are
/// found in the same way.
const TWINS: [&str; 33] = [
    "add",
    "mul",
    "slice",
    "principal",
    "hstack",
    "vstack",
    "permutation",
    "low_rank",
    "projection",
    "congruence",
    "congruence_transpose",
    "blocks",
    "hadamard",
    "sum_of",
    "product_of",
    "kron_of",
    "block_diag_of",
    "kron_sum",
    "tridiag",
    "tridiag_sym",
    "banded",
    "toeplitz",
    "householder",
    "dct",
    "dst",
    "circulant_nd",
    "kernel_cross",
    "interpolation",
    "interpolation_linear",
    "jacobian",
    "hessian",
    "gauss_newton",
    "fisher",
];

/// What to do where something can fail.
#[derive(Clone, Copy, PartialEq)]
enum Mode {
    /// `linop!`: it cannot, but for shapes, which panic.
    Plain,
    /// `try_linop!`: return the error.
    Try,
}

/// The expression of `linop!`.
pub fn linop(expression: &Expr, errors: &mut Errors) -> TokenStream {
    lower(expression, Mode::Plain, errors)
}

/// The expression of `try_linop!`: a closure gives `?` a function to return from.
pub fn try_linop(expression: &Expr, errors: &mut Errors) -> TokenStream {
    let body = lower(expression, Mode::Try, errors);
    let outcome = Ident::new("outcome", Span::mixed_site());
    // The `allow` stands on a statement, because on an expression it would be unstable.
    quote!({
        #[allow(clippy::redundant_closure_call, clippy::needless_question_mark, reason = "`?` needs a closure to return from")]
        let #outcome = ::cola::error::attempt(
            #[inline(always)]
            || -> ::cola::Result<_> { ::core::result::Result::Ok(#body) }
        );
        #outcome
    })
}

/// The Rust expression for a normal form. A tree with errors gives tokens that are not to be used.
fn lower(expression: &Expr, mode: Mode, errors: &mut Errors) -> TokenStream {
    let mut lowering = Lowering { mode, errors };
    match expression {
        // Every other node is an operator by itself.
        Expr::Leaf(leaf) => {
            let tokens = &leaf.tokens;
            quote_spanned!(ours(expression.span())=> ::cola::dsl::op(#tokens))
        }
        other => lowering.expression(other),
    }
}

/// A walk over the tree.
struct Lowering<'e> {
    mode: Mode,
    errors: &'e mut Errors,
}

impl Lowering<'_> {
    /// One node and everything below it.
    fn expression(&mut self, expression: &Expr) -> TokenStream {
        match expression {
            Expr::Leaf(leaf) => leaf.tokens.clone(),
            Expr::Number(x, span) => number(*x, *span),
            Expr::Identity(eye) => identity(eye),
            Expr::Call(call) => self.call(call),
            Expr::Sum(terms) => self.joined("add", terms),
            Expr::Product(factors) => self.joined("mul", factors),
            Expr::Divide(a, span, b) => {
                let (a, b) = (self.expression(a), self.expression(b));
                self.word("div", *span, quote!(#a, #b))
            }
            Expr::Negate(a, span) => self.unary("neg", a, *span),
            Expr::Flip(flip, a, span) => self.unary(flip_name(*flip), a, *span),
            Expr::Gram(kind, a, span) => self.unary(gram_name(*kind), a, *span),
            Expr::Congruence(kind, parts, span) => {
                let [x, a] = parts.each_ref().map(|part| self.expression(part));
                self.word(congruence_name(*kind), *span, quote!(#x, #a))
            }
            Expr::Power(a, ratio, span) => self.power(a, *ratio, *span),
            Expr::Slice(a, indices, span) => {
                let a = self.expression(a);
                let [rows, columns] = &**indices;
                let is_principal = rows.is_same(columns);
                let (rows, columns) = (index(rows, *span), index(columns, *span));
                match is_principal {
                    true => self.word("principal", *span, quote!(#a, #rows)),
                    false => self.word("slice", *span, quote!(#a, #rows, #columns)),
                }
            }
            Expr::Blocks(rows) => {
                if let Some([a, b, c, d]) = two_by_two(rows) {
                    let (span, [a, b, c, d]) = (rows[1].mark, [a, b, c, d].map(|block| self.expression(block)));
                    return self.word("blocks", span, quote!(#a, #b, #c, #d));
                }
                let rows: Vec<_> = rows.iter().map(|row| (row.mark, self.joined("hstack", &row.blocks))).collect();
                balanced(&rows, &|span, top, bottom| self.word("vstack", span, quote!(#top, #bottom)))
            }
            Expr::Bad => TokenStream::new(),
        }
    }

    /// A balanced tree of `word`.
    fn joined(&mut self, word: &str, terms: &[Term]) -> TokenStream {
        let items: Vec<_> = terms.iter().map(|term| (term.mark, self.expression(&term.value))).collect();
        balanced(&items, &|span, left, right| self.word(word, span, quote!(#left, #right)))
    }

    /// `word(a)`.
    fn unary(&mut self, word: &str, a: &Expr, span: Span) -> TokenStream {
        let a = self.expression(a);
        self.word(word, span, a)
    }

    /// `::cola::dsl::word(arguments)`, or its twin `try_word(arguments)?`, all at the user's sign.
    fn word(&self, word: &str, span: Span, arguments: TokenStream) -> TokenStream {
        let name = Ident::new(word, span);
        let mut parentheses = Group::new(Delimiter::Parenthesis, arguments);
        parentheses.set_span(span);
        self.named(&name, TokenStream::new(), parentheses, ours(span))
    }

    /// The same with the user's name and parentheses; `at` is the place of the path before the name.
    fn named(&self, name: &Ident, generics: TokenStream, parentheses: Group, at: Span) -> TokenStream {
        let span = name.span();
        let parentheses = TokenTree::Group(parentheses);
        let is_twin = TWINS.iter().any(|word| name == word) && self.mode == Mode::Try;
        let name = if is_twin { format_ident!("try_{}", name) } else { name.clone() };
        let question = (is_twin || FALLIBLE.iter().any(|word| name == word)).then(|| quote_spanned!(span=> ?));
        let path = quote_spanned!(at=> ::cola::dsl::);
        quote_spanned!(span=> #path #name #generics #parentheses #question)
    }

    /// A function of the user's.
    fn call(&mut self, call: &Call) -> TokenStream {
        let name = &call.name;
        if self.mode == Mode::Plain && FALLIBLE.iter().any(|word| name == word) {
            let text = match name.to_string().as_str() {
                "pow" => "`pow` can fail: use `try_linop!`, or the method `.pow(p)?`".to_owned(),
                name @ ("inv" | "pinv" | "sqrt" | "isqrt" | "exp" | "log") => {
                    format!("`{name}` can fail: use `try_linop!`, or the method `.{name}()?`")
                }
                name => format!("`{name}` can fail: use `try_linop!`"),
            };
            self.errors.push(Error::new(name.span(), text));
        }
        let arguments: Vec<_> = call.arguments.iter().map(|a| self.expression(a)).collect();
        // The operator's own type comes last and is inferred: `repeat::<2, _>`.
        let generics = call.generics.as_ref().map(|generics| {
            let stated = generics.args.iter();
            quote!(::<#(#stated,)* _>)
        });
        let mut parentheses = Group::new(Delimiter::Parenthesis, quote!(#(#arguments),*));
        parentheses.set_span(call.paren.span.join());
        // An error about an argument is shown at its own place only if argument and path both are the user's tokens, or
        // both ours; one about the number of arguments proposes a text only if the path is the user's.
        let has_ours = call.arguments.iter().any(|a| matches!(a, Expr::Leaf(leaf) if leaf.starts_with_ours()));
        let at = if has_ours { ours(name.span()) } else { name.span() };
        self.named(name, generics.to_token_stream(), parentheses, at)
    }

    /// Powers with literal exponents: the cheapest function for each.
    fn power(&mut self, a: &Expr, ratio: Ratio, span: Span) -> TokenStream {
        let can_fail = ratio.p < 0 || ratio.q != 1;
        if can_fail && self.mode == Mode::Plain {
            let method = match (ratio.p, ratio.q) {
                (-1, 1) => ", or the method `.inv()?`",
                (1, 2) => ", or the method `.sqrt()?`",
                (-1, 2) => ", or the method `.isqrt()?`",
                _ => "",
            };
            self.errors.push(Error::new(span, format!("this power can fail: use `try_linop!`{method}")));
        }
        let a = self.expression(a);
        match (ratio.p, ratio.q) {
            (1, 2) => self.word("sqrt", span, a),
            (-1, 2) => self.word("isqrt", span, a),
            (p, 1) => {
                let a = if p < 0 { self.word("inv", span, a) } else { a };
                let n = Literal::u64_unsuffixed(p.unsigned_abs());
                if p == -1 { a } else { quote_spanned!(span=> ::cola::dsl::powi::<#n, _>(#a)) }
            }
            _ => {
                let exponent = Literal::f64_unsuffixed(ratio.value());
                self.word("pow", span, quote!(#a, #exponent))
            }
        }
    }
}

/// The user's place for a token that the user did not write.
fn ours(span: Span) -> Span {
    span.resolved_at(Span::mixed_site())
}

/// The function for a flip.
pub fn flip_name(flip: Flip) -> &'static str {
    match flip {
        Flip::Transpose => "transpose",
        Flip::Adjoint => "adjoint",
        Flip::Conjugate => "conj",
    }
}

/// The function for X X^H and X X^T.
pub fn gram_name(kind: Flip) -> &'static str {
    if kind == Flip::Transpose { "gram_transpose" } else { "gram" }
}

/// The blocks of a 2 x 2 block matrix: it has a node of its own.
pub fn two_by_two(rows: &[Row]) -> Option<[&Expr; 4]> {
    let [top, bottom] = rows else { return None };
    match (top.blocks.as_slice(), bottom.blocks.as_slice()) {
        ([a, b], [c, d]) => Some([&a.value, &b.value, &c.value, &d.value]),
        _ => None,
    }
}

/// The word for `X * A * X.H` or `X * A * X.T`.
pub fn congruence_name(kind: Flip) -> &'static str {
    if kind == Flip::Transpose { "congruence_transpose" } else { "congruence" }
}

/// The marker for the sign of a literal.
pub fn sign(x: f64, span: Span) -> TokenStream {
    if x >= 0.0 { quote_spanned!(span=> ::cola::NonNegative) } else { quote_spanned!(span=> ::cola::AnySign) }
}

/// A literal with its sign in the type; always an `f64`, so that `2 * A` is right for every scalar of A.
fn number(x: f64, span: Span) -> TokenStream {
    let sign = sign(x, span);
    // A literal token that is not finite does not exist; its error is recorded.
    let mut value = Literal::f64_unsuffixed(if x.is_finite() { x } else { 0.0 });
    value.set_span(span);
    quote_spanned!(span=> ::cola::dsl::literal::<#sign>(#value))
}

/// `I`, with its size where stated.
fn identity(eye: &Identity) -> TokenStream {
    let span = eye.span;
    match &eye.size {
        None => quote_spanned!(span=> ::cola::dsl::I),
        Some(Size::Static(n)) => {
            let scalar = eye.scalar.clone().unwrap_or_else(|| quote!(_));
            quote_spanned!(span=> ::cola::dsl::identity_static::<#n, #scalar>())
        }
        Some(Size::Dynamic(n)) => {
            let scalar = eye.scalar.as_ref().map(|scalar| quote!(::<#scalar>));
            quote_spanned!(span=> ::cola::dsl::identity #scalar (#n))
        }
    }
}

/// An index; what is known at compile time goes into its type.
fn index(index: &Index, span: Span) -> TokenStream {
    match index {
        Index::Fixed(start, len) => {
            let (start, len) = (Literal::usize_unsuffixed(*start), Literal::usize_unsuffixed(*len));
            quote_spanned!(span=> ::cola::dsl::fixed::<#start, #len>())
        }
        Index::All => quote_spanned!(span=> ::cola::dsl::all()),
        Index::Other(leaf) => leaf.tokens.clone(),
    }
}
