//! The text of every error.

use super::{batch, check, tree, ty, value};

#[test]
fn errors() {
    check(
        value,
        &[
            ("", "an operator expression is missing here"),
            ("kron(a, b) +", "the operand after `+` is missing"),
            ("kron(a, -)", "the operand after `-` is missing"),
            ("kron(, a)", "an operator expression is missing here"),
            ("a, b", "expected one expression; the rest does not belong to it"),
            ("(a, b)", "parentheses hold one expression; blocks are written `[A, B]`"),
            ("consts::f(x)", "a Rust call goes in braces: `{ consts::f(..) }`"),
            ("x.f(1)", "a Rust call goes in braces: `{ x.f(..) }`"),
            ("vec![1]", "a Rust call goes in braces: `{ vec!(..) }`"),
            (
                "{ x }.f",
                "unknown suffix `.f`: an operator has `.T` and `.H`; a Rust expression goes in braces: `{ a.f(..) }`",
            ),
            ("&{ x }", "`&` takes a name here; a Rust expression goes in braces: `{ &expression }`"),
            ("{}", "these braces are empty; they hold a Rust expression"),
            (
                "f(a)?",
                "`?` belongs into braces: `{ f(x)? }`; `try_linop!` applies it to functions of operators by itself",
            ),
            (
                "a b",
                "expected a sign (`+ - * / ^`), `.T`, `.H`, `[rows, columns]` or the end of the expression; other Rust goes in braces `{ .. }`",
            ),
            (
                "_",
                "expected an operator: a name, `f(..)`, `&name`, `{ Rust expression }`, a number, `I` or `[A, B; C, D]`",
            ),
            ("a^p", "an exponent is a literal such as `3`, `-1` or `(1/2)`; for a computed one write `pow(A, p)`"),
            ("a^", "an exponent is a literal such as `3`, `-1` or `(1/2)`; for a computed one write `pow(A, p)`"),
            ("a^(1/0)", "this exponent divides by zero or is too large"),
            ("a^0", "the power 0 is the identity: write `I`, or `I(n)` where no neighbour gives its size"),
            ("a^2^3", "two powers in a row: say which comes first, `(A^2)^3`"),
            ("2f32 * a", "a number takes the scalar type of the operators around it: drop `f32`"),
            ("1e999 * a", "this number is too large for an f64"),
            ("1e200 * 1e200 * a", "the numbers here make no finite f64"),
            ("a / 0", "this divides by zero"),
            ("I()", "`I(n)` takes the size; without one write `I`"),
            ("I(1, 2)", "`I(n)` takes one size"),
            ("a[0..2]", "a slice takes two indices, rows and columns, as in `A[0..2, ..]`; here are 1"),
            ("a[3..2, ..]", "this range runs backwards: 3 is after 2"),
            ("[a, b; c]", "block rows are unbalanced: row 1 has 2 blocks, row 2 has 1"),
            ("[a; b, c]", "block rows are unbalanced: row 1 has 1 block, row 2 has 2"),
            ("[]", "a block matrix needs at least one block: `[A, B; C, D]`"),
            ("[a, 2]", "a number is no block; a Rust array goes in braces: `{ [1.0, 2.0] }`"),
            ("inv(a)", "`inv` can fail: use `try_linop!`, or the method `.inv()?`"),
            ("pow(a, p)", "`pow` can fail: use `try_linop!`, or the method `.pow(p)?`"),
            ("nonnegative(c) * a", "`nonnegative` can fail: use `try_linop!`"),
            ("a^-1", "this power can fail: use `try_linop!`, or the method `.inv()?`"),
            ("a^(1/3)", "this power can fail: use `try_linop!`"),
        ],
    );
    // All at once, in order.
    check(
        value,
        &[(
            "kron(a +, 2f32) + x.f()",
            "the operand after `+` is missing | a number takes the scalar type of the operators around it: drop `f32` | a Rust call goes in braces: `{ x.f(..) }`",
        )],
    );
    check(
        ty,
        &[(
            "kron(A +, B^0)",
            "the operand after `+` is missing | the power 0 is the identity: write `I`, or `I(n)` where no neighbour gives its size",
        )],
    );
}

#[test]
fn vmap_errors() {
    check(
        batch,
        &[
            (
                "fn f(x: f64) -> Result<f64> {}",
                "`#[vmap]` needs a type parameter `T: Scalar` that the batch can replace",
            ),
            (
                "fn f<T>(x: T) -> Result<T> {}",
                "`#[vmap]` needs a type parameter `T: Scalar` that the batch can replace",
            ),
            (
                "fn f<T: Scalar, U>(x: T, y: U) -> Result<T> {}",
                "a `#[vmap]` function has one type parameter, the scalar: write a type for `U`",
            ),
            (
                "fn f<T: Scalar>(self, x: T) -> Result<T> {}",
                "`#[vmap]` stands on a free function: pass `self` as an argument",
            ),
            (
                "fn f<T: Scalar>(x: &T) -> Result<T> {}",
                "a `#[vmap]` function takes its arguments by value: lanes are packed from many elements, so there is nothing to refer to",
            ),
            (
                "async fn f<T: Scalar>(x: T) -> Result<T> {}",
                "a `#[vmap]` function cannot be async: a batch is computed, not awaited",
            ),
            (
                "fn f<T: Scalar>(x: T) -> T {}",
                "a `#[vmap]` function returns `cola::Result<..>`: a lane can fail by itself",
            ),
            (
                "fn f<T: Scalar>(n: usize) -> Result<T> {}",
                "`#[vmap]` needs an argument whose type names `T`: its length is the batch's",
            ),
        ],
    );
}

#[test]
fn parameters_errors() {
    const BORROW: &str =
        "a field cannot borrow here: make it a type parameter, `struct Model<A> { part: A }`; A may then be `&Part`";
    check(
        tree,
        &[
            ("enum E { A }", "`derive(Parameters)` is for structs; for a choice between operators use `Boxed`"),
            ("struct M;", "`derive(Parameters)` needs a field with numbers"),
            ("struct M<'a> { k: &'a K }", BORROW),
            (
                "struct M<A: Clone> { k: A }",
                "state this bound at the impls, not at the struct: the same tree over another scalar need not satisfy it",
            ),
            (
                "struct M<T: Scalar, S: Scalar> { k: K<T>, l: [T; 3] }",
                "a tree has one scalar, and `T` is it already; a part with another scalar is `#[parameters(skip)]`",
            ),
            ("#[parameters(scalar = U)] struct M<T> { k: K<T> }", "`U` is no type parameter of this struct"),
            (
                "#[parameters(of)] struct M<T> { k: K<T> }",
                "a struct takes `#[parameters(scalar = T)]`; a field takes `#[parameters(skip)]`",
            ),
            (
                "struct M { #[parameters(no)] k: K }",
                "a field takes `#[parameters(skip)]`; the scalar is named on the struct",
            ),
            (
                "struct M<T: Scalar> { k: K<T>, #[parameters(skip)] l: T }",
                "a skipped field is cloned, so its type cannot depend on `T`, which changes",
            ),
            (
                "struct M(K, K, K, K, K, K, K, K, K);",
                "without a type parameter the tree over another scalar is a tuple, of at most 8 fields: give the struct a parameter `T: Scalar`",
            ),
        ],
    );
}
