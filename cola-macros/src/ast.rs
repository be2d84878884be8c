//! The expression tree shared by `linop!`, `try_linop!` and `linop_type!`.
//!
//! One tree serves before and after [`crate::normalize`]: the parser writes sums and products of two terms, the
//! normaliser flattens them and adds [`Expr::Gram`], which has no syntax of its own.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use syn::{AngleBracketedGenericArguments, Ident, token};

/// Everything that is wrong with one input; shown together.
pub type Errors = Vec<syn::Error>;

/// An operator expression. Spans are those of the sign or name that stands for the node in a message.
#[derive(Clone)]
pub enum Expr {
    /// A Rust expression (in `linop_type!` a Rust type) that is an operator, a matrix or a number.
    Leaf(Leaf),
    /// A literal number; its sign is known.
    Number(f64, Span),
    /// `I`, `I(n)` and `I::<T>(n)`.
    Identity(Identity),
    /// `name(..)`.
    Call(Call),
    /// `A + B + ..`; a subtracted term is an [`Expr::Negate`].
    Sum(Vec<Term>),
    /// `A * B * ..`.
    Product(Vec<Term>),
    /// `A / c`.
    Divide(Box<Expr>, Span, Box<Expr>),
    /// `-A`.
    Negate(Box<Expr>, Span),
    /// `A.T`, `A.H` and the conjugate that the two make together.
    Flip(Flip, Box<Expr>, Span),
    /// `A^(p/q)`.
    Power(Box<Expr>, Ratio, Span),
    /// `X * X.H` (the flip is `Adjoint`) or `X * X.T` (`Transpose`) with one evaluation of X. Made by the normaliser.
    Gram(Flip, Box<Expr>, Span),
    /// `X * A * X.H` or `X * A * X.T`, in the same way.
    Congruence(Flip, Box<[Expr; 2]>, Span),
    /// `A[r, c]`; two equal indices make a principal submatrix.
    Slice(Box<Expr>, Box<[Index; 2]>, Span),
    /// `[A, B; C, D]`, rows of equal length.
    Blocks(Vec<Row>),
    /// What could not be read; its error is already recorded.
    Bad,
}

/// One term of a sum, one factor of a product, or one block of a row.
#[derive(Clone)]
pub struct Term {
    /// The sign before the term (for a first term, some place in it): where a mismatch with the terms before is shown.
    pub mark: Span,
    /// The term.
    pub value: Expr,
}

/// A row of blocks.
#[derive(Clone)]
pub struct Row {
    /// The blocks from left to right.
    pub blocks: Vec<Term>,
    /// The `;` before the row: where a mismatch with the rows above is shown.
    pub mark: Span,
}

/// The user's own tokens.
#[derive(Clone)]
pub struct Leaf {
    /// The tokens, with the user's spans.
    pub tokens: TokenStream,
    /// Whether two equal leaves are the same value. A brace `{ .. }` may have effects, so it never is.
    pub is_place: bool,
}

/// `name::<generics>(arguments)`.
#[derive(Clone)]
pub struct Call {
    /// A word of `::cola::dsl`; the compiler's name resolution knows which ones there are.
    pub name: Ident,
    /// `::<2>` of `repeat::<2>(A)`.
    pub generics: Option<AngleBracketedGenericArguments>,
    /// The user's own parentheses: with ours, rustc would propose nonsense for a missing argument.
    pub paren: token::Paren,
    /// The arguments; Rust expressions are leaves.
    pub arguments: Vec<Expr>,
}

/// The identity.
#[derive(Clone)]
pub struct Identity {
    /// The `I`.
    pub span: Span,
    /// `<T>` of `I::<T>(n)`: a type has to say its scalar.
    pub scalar: Option<TokenStream>,
    /// The size; without one the neighbour in a sum or product gives it.
    pub size: Option<Size>,
}

/// The `n` of `I(n)`.
#[derive(Clone)]
pub enum Size {
    /// An integer literal: known at compile time.
    Static(syn::LitInt),
    /// Any other Rust expression.
    Dynamic(TokenStream),
}

/// The two transpositions and their product. With "unchanged" they form the Klein four-group.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flip {
    /// `.T`
    Transpose,
    /// `.H`
    Adjoint,
    /// `.T.H` or `.H.T`
    Conjugate,
}

impl Flip {
    /// Both flips, one after the other; `None` when they cancel.
    pub fn and(self, other: Flip) -> Option<Flip> {
        use Flip::*;
        match (self, other) {
            (a, b) if a == b => None,
            (Transpose, Adjoint) | (Adjoint, Transpose) => Some(Conjugate),
            (Transpose, _) | (_, Transpose) => Some(Adjoint),
            _ => Some(Transpose),
        }
    }
}

/// A reduced fraction with a positive denominator: the exponent of a power.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ratio {
    /// Numerator, with the sign.
    pub p: i64,
    /// Denominator.
    pub q: i64,
}

impl Ratio {
    /// p/q in lowest terms; `None` for q = 0 and where the reduced numbers do not fit.
    pub fn new(p: i64, q: i64) -> Option<Ratio> {
        let (mut a, mut b) = (p.unsigned_abs(), q.unsigned_abs());
        while b != 0 {
            (a, b) = (b, a % b);
        }
        // The sign goes to the numerator. The divisor is at most i64::MAX except for p = q = i64::MIN.
        let divisor = i64::try_from(a).ok().filter(|_| q != 0)?.checked_mul(q.signum())?;
        Some(Ratio { p: p.checked_div(divisor)?, q: q.checked_div(divisor)? })
    }

    /// (A^r)^n = A^(r n).
    pub fn times(self, n: i64) -> Option<Ratio> {
        Ratio::new(self.p.checked_mul(n)?, self.q)
    }

    /// The nearest number.
    pub fn value(self) -> f64 {
        self.p as f64 / self.q as f64
    }
}

/// One index of a slice.
#[derive(Clone)]
pub enum Index {
    /// `2..5`: start and length known at compile time.
    Fixed(usize, usize),
    /// `..`
    All,
    /// Any other Rust expression; `is_place` as for [`Leaf`].
    Other(Leaf),
}

impl Leaf {
    /// Whether both leaves are one value, by their tokens.
    pub fn is_same(&self, other: &Leaf) -> bool {
        self.is_place && other.is_place && self.tokens.to_string() == other.tokens.to_string()
    }

    /// Whether its first token, an `&` or a brace, was respanned by [`crate::leaves`] to keep lints away.
    pub fn starts_with_ours(&self) -> bool {
        match self.tokens.clone().into_iter().next() {
            Some(TokenTree::Punct(sign)) => sign.as_char() == '&',
            Some(TokenTree::Group(group)) => group.delimiter() == Delimiter::Brace,
            _ => false,
        }
    }
}

impl Index {
    /// Whether both indices select the same, by their tokens.
    pub fn is_same(&self, other: &Index) -> bool {
        match (self, other) {
            (Index::Fixed(a, b), Index::Fixed(c, d)) => (a, b) == (c, d),
            (Index::All, Index::All) => true,
            (Index::Other(a), Index::Other(b)) => a.is_same(b),
            _ => false,
        }
    }
}

impl Expr {
    /// Where a message about the whole expression is best placed: at the sign or name that makes it.
    pub fn span(&self) -> Span {
        match self {
            Expr::Leaf(leaf) => syn::spanned::Spanned::span(&leaf.tokens),
            Expr::Call(call) => call.name.span(),
            Expr::Identity(identity) => identity.span,
            Expr::Number(_, span)
            | Expr::Divide(_, span, _)
            | Expr::Negate(_, span)
            | Expr::Flip(_, _, span)
            | Expr::Power(_, _, span)
            | Expr::Gram(_, _, span)
            | Expr::Congruence(_, _, span)
            | Expr::Slice(_, _, span) => *span,
            Expr::Sum(terms) | Expr::Product(terms) => terms.last().map_or_else(Span::call_site, |term| term.mark),
            Expr::Blocks(rows) => rows.first().map_or_else(Span::call_site, |row| row.mark),
            Expr::Bad => Span::call_site(),
        }
    }

    /// This expression after `sign` in a sum or product.
    pub fn after(self, mark: Span) -> Term {
        Term { mark, value: self }
    }
}

/// Joins lowered items by `join` as a balanced tree, so that a sum of a thousand terms has a type of depth ten.
/// `join` receives the mark of the first item of its right half.
pub fn balanced(
    items: &[(Span, TokenStream)],
    join: &impl Fn(Span, &TokenStream, &TokenStream) -> TokenStream,
) -> TokenStream {
    match items {
        [] => TokenStream::new(),
        [(_, one)] => one.clone(),
        items => {
            let (left, right) = items.split_at(items.len() / 2);
            join(right[0].0, &balanced(left, join), &balanced(right, join))
        }
    }
}

/// Each error as a `compile_error!`.
pub fn report(errors: Errors) -> Vec<TokenStream> {
    errors.into_iter().flatten().map(syn::Error::into_compile_error).collect()
}
