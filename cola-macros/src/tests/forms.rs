//! What each expression becomes.

use super::{attempt, check, ty, value};

#[test]
fn leaves() {
    check(
        value,
        &[
            ("a", "op(a)"),
            ("(a)", "op(a)"),
            ("&self.k.a", "op(&self.k.a)"),
            ("x.0", "op(x.0)"),
            ("x.0.1.T", "transpose(x.0.1)"),
            ("consts::A", "op(consts::A)"),
            ("{ f(x)[0] }", "op({f(x)[0]})"),
            ("kron(psd(a), diag([1.0, 2.0]))", "kron(psd(a),diag([1.0,2.0]))"),
            ("low_rank(&u, { v.view() },)", "low_rank(&u,{v.view()})"),
            ("repeat::<2>(a)", "repeat::<2,_>(a)"),
            ("I", "I"),
            ("I(3)", "identity_static::<3,_>()"),
            ("I(n + 1)", "identity(n+1)"),
            ("I::<f32>(3)", "identity_static::<3,f32>()"),
            ("I::<f32>(n)", "identity::<f32>(n)"),
        ],
    );
}

#[test]
fn precedence() {
    check(
        value,
        &[
            ("a + b * c", "add(a,mul(b,c))"),
            ("(a + b) * c", "mul(add(a,b),c)"),
            ("-a^2", "neg(powi::<2,_>(a))"),
            ("-a * b", "mul(neg(a),b)"),
            ("a - b", "add(a,neg(b))"),
            ("a - b * c", "add(a,neg(mul(b,c)))"),
            ("a * -b", "mul(a,neg(b))"),
            ("a * b^2", "mul(a,powi::<2,_>(b))"),
            ("a^2.T", "transpose(powi::<2,_>(a))"),
            ("a.T^2", "powi::<2,_>(transpose(a))"),
            ("&a[.., ..] * b", "mul(principal(&a,all()),b)"),
            ("a * b / 2 * c", "mul(div(mul(a,b),literal::<NonNegative>(2.0)),c)"),
        ],
    );
}

#[test]
fn balanced_trees() {
    check(
        value,
        &[
            ("a + b + c", "add(a,add(b,c))"),
            ("a + b + c + d", "add(add(a,b),add(c,d))"),
            ("(a + b) + (c + d)", "add(add(a,b),add(c,d))"),
            ("a * (b * c) * d", "mul(mul(a,b),mul(c,d))"),
            ("[a, b, c, d]", "hstack(hstack(a,b),hstack(c,d))"),
            ("[a; b]", "vstack(a,b)"),
            ("[a, b; c, d;]", "blocks(a,b,c,d)"),
            ("[a, b; c, d; e, f]", "vstack(hstack(a,b),vstack(hstack(c,d),hstack(e,f)))"),
        ],
    );
}

#[test]
fn numbers() {
    check(
        value,
        &[
            ("2 * a", "mul(literal::<NonNegative>(2.0),a)"),
            ("-2 * a", "mul(literal::<AnySign>(-2.0),a)"),
            ("-(2 * a)", "mul(literal::<AnySign>(-2.0),a)"),
            ("a - 2 * I", "add(a,mul(literal::<AnySign>(-2.0),I))"),
            ("2 * 3 * a", "mul(literal::<NonNegative>(6.0),a)"),
            ("2 * a * 3", "mul(literal::<NonNegative>(2.0),mul(a,literal::<NonNegative>(3.0)))"),
            ("1 / 4 * a", "mul(literal::<NonNegative>(0.25),a)"),
            ("2^-1 * a", "mul(literal::<NonNegative>(0.5),a)"),
            ("a / c", "div(a,c)"),
            ("0x10 * 1_0f64 * a", "mul(literal::<NonNegative>(160.0),a)"),
            ("-(-a)", "op(a)"),
        ],
    );
}

#[test]
fn flips() {
    check(
        value,
        &[
            ("a.T.T", "op(a)"),
            ("a.H.H", "op(a)"),
            ("a.T.H", "conj(a)"),
            ("a.H.T", "conj(a)"),
            ("a.T.H.T", "adjoint(a)"),
            ("a.T.H.H", "transpose(a)"),
            ("a.T.H.T.H", "op(a)"),
            ("I.T * 2", "mul(I,literal::<NonNegative>(2.0))"),
        ],
    );
}

#[test]
fn gram() {
    check(
        value,
        &[
            ("x * x.H", "gram(x)"),
            ("&self.x * &self.x.H", "gram(&self.x)"),
            ("x.H * x", "gram(adjoint(x))"),
            ("x * x.T", "gram_transpose(x)"),
            ("x.T * x", "gram_transpose(transpose(x))"),
            ("a * x * x.H * b", "mul(a,mul(gram(x),b))"),
            ("x * psd(a) * x.H", "congruence(x,psd(a))"),
            ("x * I * x.H", "gram(x)"),
            ("x * a * x.H", "congruence(x,a)"),
            ("x.H * a * x", "congruence(adjoint(x),a)"),
            ("x * kron(a, b) * x.T", "congruence_transpose(x,kron(a,b))"),
            ("2 * x * a * x.H * b", "mul(literal::<NonNegative>(2.0),mul(congruence(x,a),b))"),
            ("x * a * y.H", "mul(x,mul(a,adjoint(y)))"),
            ("x * y.H", "mul(x,adjoint(y))"),
            ("x * x.T.H", "mul(x,conj(x))"),
            ("{ f() } * { f() }.H", "mul({f()},adjoint({f()}))"),
        ],
    );
}

#[test]
fn identity_in_products() {
    check(
        value,
        &[
            ("I * psd(a)", "psd(a)"),
            ("psd(a) * I * 2", "mul(psd(a),literal::<NonNegative>(2.0))"),
            ("I * (psd(a) + b)", "add(psd(a),b)"),
            ("2 * I", "mul(literal::<NonNegative>(2.0),I)"),
            ("c * I", "mul(c,I)"),
            ("I * I * c", "mul(I,c)"),
            ("I^3", "I"),
        ],
    );
}

#[test]
fn powers() {
    check(
        value,
        &[
            ("a^1", "op(a)"),
            ("a^3", "powi::<3,_>(a)"),
            ("a^(4/2)", "powi::<2,_>(a)"),
            ("a^(2/2)", "op(a)"),
            ("(a^2)^3", "powi::<6,_>(a)"),
            ("sqrt(a)^2", "op(a)"),
            ("(a^(1/2))^2", "op(a)"),
            ("inv(inv(a))", "op(a)"),
            ("inv(a)^-1", "op(a)"),
        ],
    );
    check(
        attempt,
        &[
            ("a^-1", "inv(a)?"),
            ("a^-3", "powi::<3,_>(inv(a)?)"),
            ("a^(1/2)", "sqrt(a)?"),
            ("a^(-1/2)", "isqrt(a)?"),
            ("a^(1/-2)", "isqrt(a)?"),
            ("a^(6/4)", "pow(a,1.5)?"),
            ("inv(sqrt(a))", "isqrt(a)?"),
            ("sqrt(a^2)", "sqrt(powi::<2,_>(a))?"),
            ("pow(a, f(p))", "pow(a,f(p))?"),
        ],
    );
}

#[test]
fn slices() {
    check(
        value,
        &[
            ("a[0..2, 1..=3]", "slice(a,fixed::<0,2>(),fixed::<1,3>())"),
            ("a[..5, 2..]", "slice(a,fixed::<0,5>(),2..)"),
            ("a[.., &idx]", "slice(a,all(),&idx)"),
            ("a[0..n, ..n]", "slice(a,0..n,..n)"),
            ("a[0..2, 0..2]", "principal(a,fixed::<0,2>())"),
            ("a[idx.clone(), idx.clone()]", "principal(a,idx.clone())"),
            ("a[{ f() }, { f() }]", "slice(a,{f()},{f()})"),
        ],
    );
}

#[test]
fn attempts() {
    check(
        attempt,
        &[
            ("inv(a) + b", "try_add(inv(a)?,b)?"),
            ("a * b * c", "try_mul(a,try_mul(b,c)?)?"),
            ("a[r, c]", "try_slice(a,r,c)?"),
            ("a[r, r]", "try_principal(a,r)?"),
            ("[a, b; c, d]", "try_blocks(a,b,c,d)?"),
            ("permutation(p)", "try_permutation(p)?"),
            ("nonnegative(c) * psd_checked(a)", "try_mul(nonnegative(c)?,psd_checked(a)?)?"),
            ("a", "op(a)"),
        ],
    );
}

#[test]
fn type_expressions() {
    const X: &str = "<SMatrix<T,2,2>asIntoTerm>::Term";
    check(
        ty,
        &[
            ("SMatrix<T, 2, 2>", X),
            ("&'a X.T", "transpose<<&'aXasIntoTerm>::Term>"),
            ("Self::K", "<Self::KasIntoTerm>::Term"),
            ("psd(A) - 2 * I", "Plus<psd<<AasIntoTerm>::Term>,Times<Literal<AnySign>,EyeTerm>>"),
            ("psd(A) / 2", "Divided<psd<<AasIntoTerm>::Term>,Literal<NonNegative>>"),
            ("-psd(A)", "Negated<psd<<AasIntoTerm>::Term>>"),
            ("diag([f64; 3])", "diag<[f64;3]>"),
            ("repeat::<2>(A)", "repeat<<AasIntoTerm>::Term,2>"),
            ("fourier(8)", "fourier<8>"),
            ("X * X.H", "gram<<XasIntoTerm>::Term>"),
            ("X.T * X", "gram_transpose<transpose<<XasIntoTerm>::Term>>"),
            ("psd(A)^-3", "powi<inv<psd<<AasIntoTerm>::Term>>,3>"),
            ("psd(A)^(1/3)", "pow<psd<<AasIntoTerm>::Term>>"),
            ("pow(A, 0.3)", "pow<<AasIntoTerm>::Term>"),
            ("K[0..2, 0..2]", "principal<<KasIntoTerm>::Term,Fixed<0,2>>"),
            ("K[0..2, ..]", "slice<<KasIntoTerm>::Term,Fixed<0,2>,::core::ops::RangeFull>"),
            ("[A, B]", "hstack<<AasIntoTerm>::Term,<BasIntoTerm>::Term>"),
            ("I::<f64>(3)", "identity_static<f64,3>"),
            ("I(3)", "a type has to say the scalar of `I(n)`: write `I::<f64>(3)`, or `I` next to an operator"),
            (
                "K[r, ..]",
                "a slice in a type has literal ranges, `A[0..2, 1..3]`, or `..`; for another index name the type itself, `Slice<A, ..>`",
            ),
            ("{ A }", "expected the type of an operator: `SMatrix<f64, 2, 2>`, `f(..)`, a number or `I`"),
        ],
    );
}

/// The type says the tree that the value macro builds.
#[test]
fn values_and_types_agree() {
    let sources = [
        "A + B - C * D + E",
        "A * A.H * B.T.H + C.T * C",
        "inv(inv(A)) * psd(B) * I - (C + D)",
        "A * (B * C) * D * E / A",
        "[A, B, C; psd(D), -E, A]",
    ];
    for source in sources {
        let mut of_type = ty(source).replace("asIntoTerm>::Term", "").replace('>', ")");
        for leaf in ["A", "B", "C", "D", "E"] {
            of_type = of_type
                .replace(&format!("<{leaf}"), &format!("({leaf}"))
                .replace(&format!(",({leaf}"), &format!(",{leaf}"));
        }
        for (of_types, of_values) in
            [("Plus", "add"), ("Times", "mul"), ("Negated", "neg"), ("Divided", "div"), ("<", "("), ("((", "(")]
        {
            of_type = of_type.replace(of_types, of_values);
        }
        assert_eq!(value(source), of_type, "{source}");
    }
}

/// Associative words of many operands become balanced trees.
#[test]
fn many_factors_nest() {
    check(value, &[("kron(A, B, C, D)", "kron(kron(A,B),kron(C,D))"), ("kron(A, B, C)", "kron(A,kron(B,C))")]);
    check(value, &[("block_diag(A, B, C)", "block_diag(A,block_diag(B,C))"), ("diag(a)", "diag(a)")]);
    check(ty, &[("kron(A, B, C)", "kron<<AasIntoTerm>::Term,kron<<BasIntoTerm>::Term,<CasIntoTerm>::Term>>")]);
}
