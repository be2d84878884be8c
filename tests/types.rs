//! What the compiler picked, read off the types: `cargo test --test types -- --nocapture` prints them.

use cola::prelude::*;
use cola::{Dyn, Fact, Facts};
use nalgebra::{DMatrix, DVector, SMatrix, matrix, vector};

/// The type of `a` without the paths of its parts: `Kron<Psd<Dense<..>>, Diagonal<..>>`.
fn type_of<A>(_: &A) -> String {
    let mut short = String::new();
    for part in core::any::type_name::<A>().split_inclusive(['<', '>', ',', ' ', ';', '[', ']', '&', '(', ')']) {
        short.push_str(part.rsplit("::").next().unwrap_or(part));
    }
    short
}
/// Prints the type of `a` under the expression it came from, and demands its beginning.
#[track_caller]
fn picked<A>(expression: &str, a: &A, start: &str) {
    let name = type_of(a);
    println!("{expression}\n    {name}");
    assert!(name.starts_with(start), "{expression}: {name} does not start with {start}");
}
fn a2() -> SMatrix<f64, 2, 2> {
    matrix![2.0, 1.0; 1.0, 3.0]
}

#[test]
fn of_compositions() {
    let (a, d, x) = (a2(), vector![3.0, 0.2, 1.0], matrix![1.0, 2.0; 0.5, 1.0; 0.0, 1.0]);
    picked("kron(psd(a), diag(d))", &linop!(kron(psd(a), diag(d))), "Kron<Psd<Dense<Matrix<f64, Const<2>, Const<2>,");
    picked("x * x.T", &linop!(x * x.T), "Gram<Dense<");
    picked("x.H * x", &linop!(x.H * x), "Gram<Adjoint<Dense<");
    picked("x * psd(a) * x.H", &linop!(x * psd(a) * x.H), "Congruence<Dense<");
    picked("diag + diag", &linop!(diag([1.0, 2.0]) + diag([3.0, 4.0])), "WithFacts<Diagonal<[f64; 2]>");
    picked("diag * diag", &linop!(diag([1.0, 2.0]) * diag([3.0, 4.0])), "WithFacts<Diagonal<[f64; 2]>");
    picked(
        "kron * kron",
        &linop!(kron(a, diag(d)) * kron(a, diag(d))),
        "KronProduct<Kron<Product<Dense<Matrix<f64, Const<2>, Const<2>,",
    );
    picked(
        "lower * lower",
        &linop!(triangular_lower(a) * triangular_lower(a)),
        "Triangular<Panel<f64, Const<2>, Const<2>>, Lower>",
    );
    picked("psd(a) + psd(a), static", &linop!(psd(a) + psd(a)), "WithFacts<Dense<Panel<f64, Const<2>, Const<2>>>,");
    let m = nalgebra::DMatrix::<f64>::identity(2, 2);
    picked("m + m, dynamic", &linop!(&m + &m), "Sum<Dense<");
    picked("a.T.T", &linop!(a.T.T), "Dense<");
    picked(
        "diag + low_rank",
        &linop!(diag([1.0, 2.0]) + low_rank(vector![1.0, 2.0], vector![0.5, 1.0])),
        "LowRankUpdate<",
    );
    picked("kron + c I", &linop!(kron(psd(a), psd(a)) + 0.5 * I), "Shifted<Kron<");
}

/// Same structures fold into one leaf by their types alone, whatever the numbers and the sizes: sums, products, and c I beside them.
#[test]
fn of_folds() {
    let (a, d) = (DMatrix::<f64>::identity(3, 3), || linop!(diag([1.0, 2.0, 3.0])));
    picked("householder + c I", &linop!(householder([1.0, 2.0, 3.0]) + 2.0 * I), "Shifted<Householder<");
    picked("diag + c I", &linop!({ d() } + 2.0 * I), "Shifted<Diagonal<[f64; 3]>, ScaledIdentity<");
    picked(
        "psd(diag) + psd(diag)",
        &linop!(psd({ d() }) + psd({ d() })),
        "WithFacts<Diagonal<[f64; 3]>, FactSet<Known, Known",
    );
    let (x, k) = (d(), linop!(kron({ a.clone() }, { d() })));
    picked("kron.T + c I", &linop!(k.T + 2.0 * I), "Shifted<Transpose<");
    picked("diag.H + c I", &linop!(x.H + 2.0 * I), "Shifted<Adjoint<");
    let c = || Circulant::new(vec![2.0, 1.0, 0.5]);
    picked("circulant + circulant", &linop!({ c() } + { c() }), "WithFacts<Circulant<f64");
    picked("circulant * circulant", &linop!({ c() } * { c() }), "WithFacts<Circulant<f64");
    picked("circulant + c I", &linop!({ c() } + 2.0 * I), "CirculantSum<Circulant<f64");
    picked("circulant * circulant + circulant", &linop!({ c() } * { c() } + { c() }), "WithFacts<Circulant<f64");
    let p = || Permutation::<f64, _>::new(vec![1, 2, 0]);
    picked("permutation * permutation", &linop!({ p() } * { p() }), "Permutation<f64");
    picked("permutation * permutation * permutation", &linop!({ p() } * { p() } * { p() }), "Permutation<f64");
    let k = || linop!(kron({ a.clone() }, { d() }));
    picked("kron * kron, dynamic", &linop!({ k() } * { k() }), "KronProduct<Kron<Product<Dense<");
    picked("kron * kron * kron", &linop!({ k() } * { k() } * { k() }), "KronProduct<Kron<Product<Dense<");
    let (l, u) = (|| linop!(triangular_lower({ a.clone() })), || linop!(triangular_upper({ a.clone() })));
    picked("lower + lower", &linop!({ l() } + { l() }), "Triangular<Panel<f64");
    picked("lower * lower, dynamic", &linop!({ l() } * { l() }), "Triangular<Panel<f64");
    picked("upper + upper", &linop!({ u() } + { u() }), "Triangular<Panel<f64");
    picked("upper * upper", &linop!({ u() } * { u() }), "Triangular<Panel<f64");
    picked("lower.T * upper", &linop!({ l() }.T * { u() }), "Product<Transpose<Triangular<");
    picked("lower * upper", &linop!({ l() } * { u() }), "Product<Triangular<");
    let t = || linop!(tridiag_sym({ vec![2.0; 3] }, { vec![1.0; 2] }));
    let b = || linop!(banded({ [(2, vec![1.0]), (0, vec![3.0; 3])] }));
    picked("tridiag + tridiag", &linop!({ t() } + { t() }), "BandedSum<");
    picked("tridiag + banded", &linop!({ t() } + { b() }), "BandedSum<");
    picked("banded + c I", &linop!({ b() } + 2.0 * I), "BandedSum<");
    // A + c I that is of the kind of A: from both sides, with minus, of multiples and transposes
    picked("permutation + c I", &linop!({ p() } + 2.0 * I), "FoldedShift<Permutation<f64");
    picked("c I - permutation", &linop!(2.0 * I - { p() }), "FoldedShift<Scaled<Permutation<f64");
    picked("permutation.T + I(n)", &linop!({ p() }.T + I(3)), "FoldedShift<Transpose<Permutation<f64");
    picked("lower + c I", &linop!({ l() } + 2.0 * I), "FoldedShift<Triangular<");
    picked("c I + upper", &linop!(2.0 * I + { u() }), "FoldedShift<Triangular<");
    picked("lower + c I + lower", &linop!(({ l() } + 2.0 * I) + { l() }), "Triangular<Panel<f64");
    let s = || linop!(toeplitz_sym({ vec![2.0, 1.0, 0.5] }));
    picked("toeplitz + c I", &linop!({ s() } + 2.0 * I), "FoldedShift<Toeplitz<");
    picked("toeplitz + toeplitz", &linop!({ s() } + { s() }), "WithFacts<Toeplitz<Column<f64, Dyn>");
    picked("toeplitz - c toeplitz", &linop!({ s() } - 2.0 * { s() }), "WithFacts<Toeplitz<Column<f64, Dyn>");
    picked("sum_of(toeplitz)", &linop!(sum_of({ vec![s(), s()] })), "WithFacts<Toeplitz<Column<f64, Dyn>");
    picked("dct + c I", &linop!({ Dct::new::<f64>(4, 3) } + 2.0 * I), "FoldedShift<Trigonometric<f64");
    picked("c I - dst", &linop!(2.0 * I - { Dst::new::<f64>(1, 3) }), "FoldedShift<Scaled<Trigonometric<f64");
    let f = || Fourier::<Complex<f64>>::new(3);
    picked("fourier + c I", &linop!({ f() } + 2.0 * I), "FoldedShift<Fourier<Complex<f64>");
    picked("exp(permutation) + c I", &linop!({ p().exp().unwrap() } + 2.0 * I), "FoldedShift<CycleFunction<f64");
    // multiples fold as what they are multiples of
    picked("c diag + diag", &linop!(2.0 * { d() } + { d() }), "WithFacts<Diagonal<[f64; 3]>");
    picked("diag * c diag", &linop!({ d() } * (2.0 * { d() })), "WithFacts<Diagonal<[f64; 3]>");
    picked("diag - diag", &linop!({ d() } - { d() }), "WithFacts<Diagonal<[f64; 3]>");
    picked("c circulant + circulant", &linop!(2.0 * { c() } + { c() }), "WithFacts<Circulant<f64");
    picked("c lower - lower", &linop!(2.0 * { l() } - { l() }), "Triangular<Panel<f64");
    picked("lower * c lower", &linop!({ l() } * (2.0 * { l() })), "Triangular<Panel<f64");
    picked("c tridiag + banded", &linop!(2.0 * { t() } + { b() }), "BandedSum<Scaled<");
    picked("I + I", &linop!(2.0 * I + { Identity::<f64, cola::Dyn>::new(3) }), "Shifted<Identity<f64");
}
/// Two grids of as many points are no circulant together: an error that says what to write, in sums and products.
#[test]
fn circulants_on_different_grids() {
    let c = |grid: &[usize]| Circulant::<f64, cola::Dyn>::nd(grid, vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap();
    let (a, b, line) = (c(&[2, 3]), c(&[3, 2]), c(&[6]));
    let says = |e: cola::Error, op: &str, instead: &str| {
        let text = e.to_string();
        assert!(text.contains(op) && text.contains("[2, 3]") && text.contains(instead), "{text}");
    };
    says(try_linop!(&a + &b).map(|_| ()).unwrap_err(), "A + B", "keep them apart: `Sum::new(a, b)`");
    says(try_linop!(&a * &b).map(|_| ()).unwrap_err(), "A * B", "keep them apart: `Product::new(a, b)`");
    says(try_linop!(&a * &line).map(|_| ()).unwrap_err(), "A * B", "`Product::new(a, b)`");
    // what the message says works, and an axis of length 1 is none
    let (sum, product) = (Sum::new(&a, &b), Product::new(&a, &b));
    assert_eq!(sum.to_dense(), a.to_dense() + b.to_dense());
    assert!((product.to_dense() - a.to_dense() * b.to_dense()).norm() < 1e-12);
    let flat = c(&[1, 6]);
    assert!((linop!(&flat * &line).to_dense() - flat.to_dense() * line.to_dense()).norm() < 1e-12);
}

#[test]
fn of_inverses() -> cola::Result<()> {
    let (a, d) = (a2(), vector![3.0, 0.2, 1.0]);
    let k = linop!(kron(psd(a), diag(d)));
    // the factor of the Cholesky kind: L D L^H without square roots
    picked("inv(kron(psd(a), diag(d)))", &k.inv()?, "Kron<Factored<f64, Const<2>, ByLdl>, Diagonal<");
    picked("inv(psd(a))", &linop!(psd(a)).inv()?, "Factored<f64, Const<2>, ByLdl>");
    picked("inv(a)", &linop!(a).inv()?, "Factored<f64, Const<2>, ByLu>");
    picked("inv(a), dynamic", &linop!({ DMatrix::<f64>::identity(3, 3) }).inv()?, "Factored<f64, Dyn, ByLu>");
    picked("inv(self_adjoint(a))", &linop!(self_adjoint(a)).inv()?, "Factored<f64, Const<2>, ByBunchKaufman>");
    picked("inv(unitary(q))", &linop!(unitary({ matrix![0.0, 1.0; 1.0, 0.0] })).inv()?, "Adjoint<");
    picked("inv(permutation)", &Permutation::<f64, _>::new([1, 0]).inv()?, "Permutation<");
    picked("inv(triangular)", &linop!(triangular_lower(a)).inv()?, "TriangularInverse<");
    picked(
        "inv(block_diag(repeat::<2>(psd(a)), diag))",
        &linop!(block_diag(repeat::<2>(psd(a)), diag(d))).inv()?,
        "BlockDiag<Repeat<Factored<f64, Const<2>, ByLdl>, 2>, Diagonal<",
    );
    picked("inv(a * diag)", &linop!(a * diag([1.0, 2.0])).inv()?, "ProductInverse<Product<Diagonal<");
    Ok(())
}

#[test]
fn of_functions() -> cola::Result<()> {
    let (a, d) = (a2(), vector![3.0, 0.2, 1.0]);
    let root = linop!(kron(psd(a), diag(d))).sqrt()?;
    picked("sqrt(kron(psd(a), diag(d)))", &root, "Kron<Spectral<");
    picked("its second factor", &root.1, "WithFacts<Diagonal<");
    picked("sqrt(psd(a))", &linop!(psd(a)).sqrt()?, "Spectral<");
    picked("exp(kron_sum(psd(a), psd(a)))", &linop!(kron_sum(psd(a), psd(a))).exp()?, "Kron<");
    picked("eigh(kron(psd(a), psd(a)))", &linop!(kron(psd(a), psd(a))).eigh()?, "Spectral<Product<Kron<Unitary<");
    picked("cholesky(kron(psd(a), psd(a)))", &linop!(kron(psd(a), psd(a))).cholesky()?, "Kron<Triangular<");
    // facts of results
    fn psd_known<A: Operator>(_: &A) -> bool {
        <<A::Facts as cola::Facts>::Psd as cola::Fact>::KNOWN
    }
    assert!(psd_known(&linop!(psd(a)).sqrt()?) && psd_known(&linop!(psd(a)).inv()?));
    assert!(psd_known(&linop!(self_adjoint(a)).exp()?));
    Ok(())
}

/// The types stay the same whatever the numbers are: lanes, other precisions, complex numbers.
#[test]
fn over_other_numbers() -> cola::Result<()> {
    let k = stack([linop!(kron(psd({ a2() }), diag([3.0, 0.2]))); 4])?;
    picked("inv, 4 lanes", &k.inv()?, "Kron<Factored<Lanes<f64, 4");
    let c = a2().map(|x| Complex::new(x as f32, 0.0));
    picked("inv, complex", &linop!(psd(c)).inv()?, "Factored<Complex<f32>, Const<2>, ByLdl>");
    let v = DVector::<f64>::zeros(2);
    assert_eq!(linop!(psd({ a2() })).solve(&v)?, v);
    Ok(())
}
/// Many parts fold as two do, and have the rules of what they fold into: no dense matrix of a sum of diagonals.
#[test]
fn of_many_parts() -> cola::Result<()> {
    let d = |s: f64| linop!(diag({ (0..3000).map(|i| s + i as f64).collect::<Vec<_>>() }));
    let (sum, product) = (linop!(sum_of({ vec![d(1.0), d(2.0), d(3.0)] })), linop!(product_of({ [d(1.0), d(2.0)] })));
    picked("sum_of(diagonals)", &sum, "WithFacts<Diagonal<Vec<f64>>");
    picked("product_of(diagonals)", &product, "WithFacts<Diagonal<Vec<f64>>");
    let b = vec![1.0; 3000];
    assert!(sum.solve(&b)?.iter().enumerate().all(|(i, x)| (x * (6.0 + 3.0 * i as f64) - 1.0).abs() < 1e-15));
    assert!(product.apply(&b).iter().enumerate().all(|(i, x)| *x == (1.0 + i as f64) * (2.0 + i as f64)));
    let c = |s: f64| Circulant::new(vec![4.0 + s, 1.0, 0.5, s]);
    let list = || vec![c(0.1), c(0.2), c(0.7)];
    let (sum, product) = (linop!(sum_of({ list() })), linop!(product_of({ list() })));
    picked("sum_of(circulants)", &sum, "WithFacts<Circulant<f64");
    picked("product_of(circulants)", &product, "WithFacts<Circulant<f64");
    // the nodes themselves are the reference
    assert!((sum.to_dense() - cola::SumOf::new(list()).to_dense()).norm() < 1e-14);
    assert!((product.to_dense() - cola::ProductOf::new(list()).to_dense()).norm() < 1e-12);
    let p = || [[1, 2, 0], [0, 2, 1], [2, 1, 0]].map(Permutation::<f64, _>::new);
    let product = linop!(product_of({ p() }));
    picked("product_of(permutations)", &product, "Permutation<f64");
    assert_eq!(product.to_dense(), cola::ProductOf::new(p()).to_dense());
    let m = |s: f64| DMatrix::from_fn(3, 3, |i, j| s + (3 * i + j) as f64);
    let l = || [1.0, 2.0, 3.0].map(|s| linop!(triangular_lower({ m(s) })));
    let u = || [1.0, 2.0, 3.0].map(|s| linop!(triangular_upper({ m(s) })));
    let (sum, product) = (linop!(sum_of({ l() })), linop!(product_of({ u() })));
    picked("sum_of(lower)", &sum, "Triangular<Panel<f64");
    picked("product_of(upper)", &product, "Triangular<Panel<f64");
    assert_eq!(sum.to_dense(), cola::SumOf::new(l()).to_dense());
    assert_eq!(product.to_dense(), cola::ProductOf::new(u()).to_dense());
    picked("sum_of(dense)", &linop!(sum_of({ [a2(), a2()].map(cola::Dense::new) })), "SumOf<");
    picked("sum_of(kron)", &linop!(sum_of({ vec![linop!(kron({ a2() }, { a2() }))] })), "SumOf<");
    // errors are those of the nodes
    let none = Vec::<Circulant<f64>>::new();
    assert!(try_linop!(sum_of({ none.clone() })).is_err() && try_linop!(product_of({ none })).is_err());
    assert!(try_linop!(sum_of({ vec![d(1.0), linop!(diag({ vec![1.0] }))] })).is_err());
    Ok(())
}

// ---- the facts table -----------------------------------------------------------------------------------------------------------

const SELF_ADJOINT: u8 = 1;
const PSD: u8 = 2 + SELF_ADJOINT;
const ISOMETRIC: u8 = 4;
const UNITARY: u8 = 8 + ISOMETRIC;
/// What the type of an operator says.
fn facts<A: Operator>() -> u8 {
    fn bits<K: Facts>() -> u8 {
        let known = [K::SelfAdjoint::KNOWN, K::Psd::KNOWN, K::Isometric::KNOWN, K::Unitary::KNOWN];
        known.iter().enumerate().map(|(i, &known)| (known as u8) << i).sum()
    }
    bits::<A::Facts>()
}
fn facts_of<A: Operator>(_: &A) -> u8 {
    facts::<A>()
}
/// All that differ are reported.
#[derive(Default)]
struct Wrong(Vec<String>);
impl Wrong {
    fn row(&mut self, what: &str, parts: &[u8], got: u8, want: u8) {
        if got != want {
            self.0.push(format!("{what} of {parts:?}: {got:04b}, the table says {want:04b}"));
        }
    }
}
/// Each row of RULES.md's table of facts that speaks of two parts.
fn of_two<A: Operator, B: Operator<Scalar = A::Scalar>>(wrong: &mut Wrong) {
    let (a, b) = (facts::<A>(), facts::<B>());
    let mut row = |what: &str, got: u8, want: u8| wrong.row(what, &[a, b], got, want);
    row("kron", facts::<cola::Kron<A, B>>(), a & b);
    row("block_diag", facts::<cola::BlockDiag<A, B>>(), a & b);
    row("kron_sum", facts::<cola::KronSum<A, B>>(), a & b & PSD);
    row("A + B", facts::<cola::Sum<A, B>>(), a & b & PSD);
    row("A * B", facts::<cola::Product<A, B>>(), a & b & UNITARY);
    row("hadamard", facts::<cola::Hadamard<A, B>>(), a & b & PSD);
    row("X A X^H", facts::<cola::Congruence<A, B>>(), b & PSD);
}
fn of_one<A: Operator>(wrong: &mut Wrong) {
    let a = facts::<A>();
    let mut row = |what: &str, got: u8, want: u8| wrong.row(what, &[a], got, want);
    // the transpose of a tall isometry is none
    let turned = if a & UNITARY == UNITARY { a } else { a & PSD };
    row("repeat", facts::<cola::Repeat<A, 3>>(), a);
    row("A.T", facts::<cola::Transpose<A>>(), turned);
    row("A.H", facts::<cola::Adjoint<A>>(), turned);
    row("conj", facts::<cola::Conj<A>>(), a);
    row("X X^H", facts::<cola::Gram<A, cola::ByAdjoint>>(), PSD);
    let complex = !<<A::Scalar as Scalar>::IsReal as Fact>::KNOWN;
    row("X X^T", facts::<cola::Gram<A, cola::ByTranspose>>(), if complex { 0 } else { PSD });
    row("c A, c >= 0", facts::<cola::Scaled<A, A::Scalar, cola::NonNegative>>(), a & PSD);
    row("c A, c real", facts::<cola::Scaled<A, A::Scalar, cola::AnySign>>(), a & SELF_ADJOINT);
    row("c A, c complex", facts::<cola::Scaled<A, A::Scalar, cola::AnyPhase>>(), 0);
    row("sum_of", facts::<cola::SumOf<Vec<A>>>(), a & PSD);
    row("product_of", facts::<cola::ProductOf<Vec<A>>>(), a & UNITARY);
    row("kron_of", facts::<cola::KronOf<[A; 2]>>(), a);
    row("block_diag_of", facts::<cola::BlockDiagOf<[A; 2]>>(), a);
    row("&A", facts::<&A>(), a);
}
/// Facts of parts: nothing, self-adjoint, PSD, isometric, unitary, self-adjoint and unitary.
macro_rules! walk {
    ($wrong:ident, $M:ty) => {
        walk!(@ $wrong,
            [cola::Dense<$M>, cola::SelfAdjoint<cola::Dense<$M>>, cola::Psd<cola::Dense<$M>>, cola::Isometric<cola::Dense<$M>>,
                cola::Unitary<cola::Dense<$M>>, cola::SelfAdjoint<cola::Unitary<cola::Dense<$M>>>]
            [cola::Dense<$M>, cola::SelfAdjoint<cola::Dense<$M>>, cola::Psd<cola::Dense<$M>>, cola::Isometric<cola::Dense<$M>>,
                cola::Unitary<cola::Dense<$M>>, cola::SelfAdjoint<cola::Unitary<cola::Dense<$M>>>]
            [0, SELF_ADJOINT, PSD, ISOMETRIC, UNITARY, SELF_ADJOINT | UNITARY]);
    };
    (@ $wrong:ident, [$($A:ty),*] $all:tt [$($bits:expr),*]) => {
        $( assert_eq!(facts::<$A>(), $bits); of_one::<$A>(&mut $wrong); walk!(@pairs $wrong, $A, $all); )*
    };
    (@pairs $wrong:ident, $A:ty, [$($B:ty),*]) => { $( of_two::<$A, $B>(&mut $wrong); )* };
}
/// Facts are inferred by type as RULES.md's table says, whatever is known of the parts; no numbers are needed to see it.
#[test]
fn facts_of_compositions() {
    let mut wrong = Wrong::default();
    walk!(wrong, SMatrix<f64, 2, 2>);
    walk!(wrong, DMatrix<Complex<f64>>);
    assert!(wrong.0.is_empty(), "{}", wrong.0.join("\n"));
}
/// The rows of the table that speak of expressions and of results.
#[test]
fn facts_of_expressions() -> cola::Result<()> {
    let (mut wrong, a, c) = (Wrong::default(), a2(), 3.0);
    let (z, i) = (a.map(|x| Complex::new(x, 0.0)), Complex::new(0.0, 1.0));
    let q = matrix![0.6, 0.8; -0.8, 0.6];
    macro_rules! rows {
        ($($expression:expr, $want:expr;)*) => { $( wrong.row(stringify!($expression), &[], facts_of(&$expression), $want); )* };
    }
    rows! {
        cola::Identity::<f64, Dyn>::new(3), PSD | UNITARY;
        // the sign of a literal is known, that of a variable is not, unless it was asked for once
        linop!(2 * psd(a)), PSD;
        linop!(2.0 * psd(a)), PSD;
        linop!(0 * psd(a)), PSD;
        linop!(psd(a) / 2.0), PSD;
        linop!(-psd(a)), SELF_ADJOINT;
        linop!(-2.0 * psd(a)), SELF_ADJOINT;
        linop!(2 * -psd(a)), SELF_ADJOINT;
        linop!(psd(a) / -2.0), SELF_ADJOINT;
        linop!(-(-psd(a))), PSD;
        linop!(c * psd(a)), SELF_ADJOINT;
        try_linop!(nonnegative(c) * psd(a))?, PSD;
        linop!(2.0 * self_adjoint(a)), SELF_ADJOINT;
        linop!(-2.0 * self_adjoint(a)), SELF_ADJOINT;
        linop!(2.0 * unitary(q)), 0;
        linop!(i * psd(z)), 0;
        linop!(psd(a) - psd(a)), SELF_ADJOINT;
        linop!(psd(a) + 2 * psd(a)), PSD;
        linop!(psd(a) + 0.5 * I), PSD;
        linop!(psd(a) - 0.5 * I), SELF_ADJOINT;
        linop!(unitary(q) * unitary(q)), UNITARY;
        // X A X^H from the same name
        linop!(a * a.H), PSD;
        linop!(a.H * a), PSD;
        linop!(a * a.T), PSD;
        linop!(z * z.T), 0;
        linop!(z * z.H), PSD;
        linop!(a * psd(a) * a.H), PSD;
        linop!(a * self_adjoint(a) * a.H), SELF_ADJOINT;
        linop!(a * a * a.H), 0;
        // the same range on both sides
        linop!(psd(a)[0..1, 0..1]), PSD;
        linop!(psd(a)[0..1, 1..2]), 0;
        linop!(self_adjoint(a)[[1, 0], [1, 0]]), SELF_ADJOINT;
        linop!(unitary(q)[0..1, 0..1]), 0;
        Permutation::<f64, _>::new([1, 0]), UNITARY;
        linop!(householder([1.0, 2.0])), SELF_ADJOINT | UNITARY;
        linop!(projection(vector![0.6, 0.8])), PSD;
        cola::Fourier::<Complex<f64>>::new(3), UNITARY;
        // results
        linop!(psd(a)).inv()?, PSD;
        linop!(self_adjoint(a)).inv()?, SELF_ADJOINT;
        linop!(unitary(q)).inv()?, UNITARY;
        cola::Dense::new(a).inv()?, 0;
        linop!(kron(psd(a), psd(a))).inv()?, PSD;
        linop!(psd(a)).sqrt()?, PSD;
        linop!(kron(psd(a), psd(a))).sqrt()?, PSD;
        linop!(psd(a)).log()?, SELF_ADJOINT;
        linop!(psd(a)).exp()?, PSD;
        linop!(self_adjoint(a)).exp()?, PSD;
        linop!(kron_sum(self_adjoint(a), psd(a))).exp()?, PSD;
        cola::Dense::new(a).exp()?, 0;
    }
    assert!(wrong.0.is_empty(), "{}", wrong.0.join("\n"));
    Ok(())
}
