//! Algebra at compile time, on the tree alone: the same normal form for `linop!` and `linop_type!`, so that a value
//! has the type that its `linop_type!` names.
//!
//! | written | becomes |
//! |---|---|
//! | `(A + B) + C`, `(A * B) * C` | one sum, one product |
//! | `-(-A)`, `-2`, `-(2 * A)` | `A`, the literal -2, `(-2) * A` |
//! | `2 * 3 * A`, `2 / 3`, `2^3` | one literal |
//! | `A.T.T`, `A.H.H`, `A.T.H`, `I.T` | `A`, `A`, the conjugate, `I` |
//! | `(A^r)^n`, n an integer; `inv`, `sqrt`, `isqrt` are powers too | `A^(r n)`: so `inv(inv(A))` and `sqrt(A)^2` are `A` |
//! | `I * A` where A surely is an operator | `A` |
//! | `X * X.H`, `X.H * X`, `X * X.T`, `X.T * X` for one and the same leaf | Gram |
//! | `X * A * X.H`, `X.H * A * X`, and with `.T` | Congruence |
//!
//! No rule reorders or repeats what the user wrote.

use crate::ast::{Call, Errors, Expr, Flip, Ratio, Term};
use proc_macro2::Span;
use syn::Error;

/// The normal form of an expression.
pub fn normalize(expression: Expr, errors: &mut Errors) -> Expr {
    let mut inner = |e: Box<Expr>| Box::new(normalize(*e, errors));
    match expression {
        Expr::Negate(a, span) => negate(*inner(a), span),
        Expr::Flip(flip, a, span) => flipped(flip, *inner(a), span),
        Expr::Slice(a, indices, span) => Expr::Slice(inner(a), indices, span),
        Expr::Sum(terms) => sum(terms, errors),
        Expr::Product(factors) => product(factors, errors),
        Expr::Divide(a, span, b) => {
            let (a, b) = (inner(a), inner(b));
            divide(*a, span, *b, errors)
        }
        Expr::Power(a, ratio, span) => {
            let a = inner(a);
            power(*a, ratio, span, errors)
        }
        Expr::Call(mut call) => {
            call.arguments = call.arguments.into_iter().map(|a| normalize(a, errors)).collect();
            match as_power(&Expr::Call(call.clone())) {
                // `inv(inv(A))`; where no rule applies, the user's call stays whole, with its spans.
                Some((a, ratio)) if ratio.q == 1 && as_power(a).is_some() => {
                    power(a.clone(), ratio, call.name.span(), errors)
                }
                _ => Expr::Call(nest(call)),
            }
        }
        Expr::Blocks(mut rows) => {
            for block in rows.iter_mut().flat_map(|row| &mut row.blocks) {
                block.value = normalize(std::mem::replace(&mut block.value, Expr::Bad), errors);
            }
            Expr::Blocks(rows)
        }
        done @ (Expr::Leaf(_)
        | Expr::Number(..)
        | Expr::Identity(_)
        | Expr::Gram(..)
        | Expr::Congruence(..)
        | Expr::Bad) => done,
    }
}

/// -(-A) = A; the sign goes into a literal where there is one.
fn negate(a: Expr, span: Span) -> Expr {
    match a {
        Expr::Number(x, at) => Expr::Number(-x, at),
        Expr::Negate(a, _) => *a,
        Expr::Product(mut factors) => {
            let literal = factors.iter_mut().find_map(|factor| match &mut factor.value {
                Expr::Number(x, _) => Some(x),
                _ => None,
            });
            match literal {
                Some(x) => *x = -*x,
                None => return Expr::Negate(Box::new(Expr::Product(factors)), span),
            }
            Expr::Product(factors)
        }
        a => Expr::Negate(Box::new(a), span),
    }
}

/// The flips are a group of four elements; the identity and numbers of a real sign are their own transposes.
fn flipped(flip: Flip, a: Expr, span: Span) -> Expr {
    match a {
        Expr::Identity(_) | Expr::Number(..) => a,
        Expr::Flip(first, a, _) => match first.and(flip) {
            Some(flip) => Expr::Flip(flip, a, span),
            None => *a,
        },
        a => Expr::Flip(flip, Box::new(a), span),
    }
}

/// One flat sum.
fn sum(terms: Vec<Term>, errors: &mut Errors) -> Expr {
    let mut flat: Vec<Term> = Vec::new();
    for Term { mark, value } in terms {
        match normalize(value, errors) {
            Expr::Sum(inner) => splice(&mut flat, inner, mark),
            value => flat.push(Term { mark, value }),
        }
    }
    Expr::Sum(flat)
}

/// Appends the terms of an inner sum or product; its first one keeps the outer sign as its mark.
fn splice(flat: &mut Vec<Term>, inner: Vec<Term>, mark: Span) {
    let first = flat.len();
    flat.extend(inner);
    flat[first].mark = mark;
}

/// One flat product: literals folded, identities dropped, Gram pairs found.
fn product(factors: Vec<Term>, errors: &mut Errors) -> Expr {
    let mut flat: Vec<Term> = Vec::new();
    for Term { mark, value } in factors {
        match normalize(value, errors) {
            Expr::Product(inner) => splice(&mut flat, inner, mark),
            value => flat.push(Term { mark, value }),
        }
    }
    let has_operator = flat.iter().any(|factor| is_operator(&factor.value));
    let mut folded: Vec<Term> = Vec::new();
    for factor in flat {
        match (folded.last_mut().map(|last| &mut last.value), &factor.value) {
            // I A = A: safe where the product has an operator from which the size is known anyway.
            (_, value) if has_operator && is_identity(value) => {}
            (Some(last), value) if is_identity(last) && is_identity(value) => {}
            (Some(Expr::Number(x, span)), Expr::Number(y, _)) => *x = finite(*x * y, *span, errors),
            _ => folded.push(factor),
        }
    }
    let mut fused: Vec<Term> = Vec::new();
    let mut rest = folded.as_slice();
    while let Some(first) = rest.first() {
        let (value, used) = fuse(rest).unwrap_or_else(|| (first.value.clone(), 1));
        fused.push(Term { mark: first.mark, value });
        rest = &rest[used..];
    }
    // A product of one factor is that factor.
    if fused.len() == 1 { fused.remove(0).value } else { Expr::Product(fused) }
}

/// A fused form of the first factors, with the number of factors it replaces. Each case is one line; longer ones first.
fn fuse(factors: &[Term]) -> Option<(Expr, usize)> {
    match factors {
        [x, a, y, ..] if is_pair(&x.value, &y.value).is_some() => {
            let kind = is_pair(&x.value, &y.value)?;
            let parts = Box::new([x.value.clone(), a.value.clone()]);
            Some((Expr::Congruence(kind, parts, a.mark), 3))
        }
        [a, b, ..] => is_pair(&a.value, &b.value).map(|kind| (Expr::Gram(kind, Box::new(a.value.clone()), b.mark), 2)),
        _ => None,
    }
}

/// X and X^H, X^H and X, X and X^T, X^T and X: the flip between them.
fn is_pair(a: &Expr, b: &Expr) -> Option<Flip> {
    let (kind, x, y) = match (a, b) {
        (x, Expr::Flip(kind, y, _)) => (kind, x, &**y),
        (Expr::Flip(kind, x, _), y) => (kind, &**x, y),
        _ => return None,
    };
    let (Expr::Leaf(x), Expr::Leaf(y)) = (x, y) else {
        return None;
    };
    (*kind != Flip::Conjugate && x.is_same(y)).then_some(*kind)
}

/// Whether this is `I` without a size.
fn is_identity(a: &Expr) -> bool {
    matches!(a, Expr::Identity(identity) if identity.size.is_none())
}

/// Whether this surely is an operator. A leaf may be a number, and `2 * I` has no size yet.
fn is_operator(a: &Expr) -> bool {
    match a {
        Expr::Call(call) => call.name != "nonnegative",
        Expr::Identity(identity) => identity.size.is_some(),
        Expr::Flip(..) | Expr::Gram(..) | Expr::Congruence(..) | Expr::Slice(..) | Expr::Blocks(_) => true,
        Expr::Sum(terms) | Expr::Product(terms) => terms.iter().any(|term| is_operator(&term.value)),
        Expr::Negate(a, _) | Expr::Power(a, ..) | Expr::Divide(a, ..) => is_operator(a),
        Expr::Leaf(_) | Expr::Number(..) | Expr::Bad => false,
    }
}

/// Two literals make one.
fn divide(a: Expr, span: Span, b: Expr, errors: &mut Errors) -> Expr {
    match (a, b) {
        (_, Expr::Number(0.0, at)) => {
            errors.push(Error::new(at, "this divides by zero"));
            Expr::Bad
        }
        (Expr::Number(x, at), Expr::Number(y, _)) => Expr::Number(finite(x / y, at, errors), at),
        (a, b) => Expr::Divide(Box::new(a), span, Box::new(b)),
    }
}

/// (A^r)^n = A^(r n) for an integer n. For a fractional exponent it is false: ((-2)^2)^(1/2) = 2.
fn power(a: Expr, ratio: Ratio, span: Span, errors: &mut Errors) -> Expr {
    if let Expr::Number(x, at) = a {
        return Expr::Number(finite(x.powf(ratio.value()), at, errors), at);
    }
    if is_identity(&a) {
        return a;
    }
    if let Some((base, first)) = as_power(&a)
        && ratio.q == 1
    {
        let base = base.clone();
        return match first.times(ratio.p) {
            Some(ratio) => power(base, ratio, span, errors),
            None => {
                errors.push(Error::new(span, "this exponent is too large"));
                Expr::Bad
            }
        };
    }
    match ratio {
        Ratio { p: 1, q: 1 } => a,
        ratio => Expr::Power(Box::new(a), ratio, span),
    }
}

/// `A^r`, `inv(A)`, `sqrt(A)`, `isqrt(A)` as base and exponent.
fn as_power(a: &Expr) -> Option<(&Expr, Ratio)> {
    match a {
        Expr::Power(a, ratio, _) => Some((a, *ratio)),
        Expr::Call(call) => match (call.name.to_string().as_str(), call.arguments.as_slice()) {
            ("inv", [a]) => Some((a, Ratio { p: -1, q: 1 })),
            ("sqrt", [a]) => Some((a, Ratio { p: 1, q: 2 })),
            ("isqrt", [a]) => Some((a, Ratio { p: -1, q: 2 })),
            _ => None,
        },
        _ => None,
    }
}

/// A folded literal, unless it left the range of f64.
fn finite(x: f64, span: Span, errors: &mut Errors) -> f64 {
    if !x.is_finite() {
        errors.push(Error::new(span, "the numbers here make no finite f64"));
    }
    x
}

/// `kron(A, B, C)` and its like as a balanced tree of two arguments each: the product is associative, and a chain would be deep.
fn nest(call: Call) -> Call {
    let associative = ["kron", "block_diag", "kron_sum"].iter().any(|word| call.name == word);
    if !associative || call.arguments.len() <= 2 {
        return call;
    }
    let half = call.arguments.len() / 2;
    let part = |arguments: &[Expr]| match arguments {
        [one] => one.clone(),
        several => Expr::Call(nest(Call { arguments: several.to_vec(), ..call.clone() })),
    };
    let (left, right) = call.arguments.split_at(half);
    let arguments = vec![part(left), part(right)];
    Call { arguments, ..call }
}
