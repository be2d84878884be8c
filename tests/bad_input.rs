//! No panic, NaN answer or endless loop on any input: every fallible method x every kind of bad input x the structures. Each table
//! collects its complaints, so that one run shows them all.
use cola::algorithms::sparse::SparseNumber;
use cola::functions::{HasDet, Inv};
use cola::prelude::*;
use cola::{
    ByAdjoint, Const, Dyn, Gram, Ldlt, NoFacts, ParametersExt, PsdFacts, SelfAdjointFacts, Spectral, Square, SumOf, dsl,
};
use nalgebra::{DMatrix, DVector, Matrix2, Matrix3, SMatrix, dmatrix, matrix, vector};
use nalgebra_sparse::{CscMatrix, CsrMatrix};
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The complaints of one table.
#[derive(Default)]
struct Table {
    complaints: Vec<String>,
    /// What is bad lies beside the main diagonal, which is right.
    beside: bool,
}
type Wanted<'w> = &'w dyn Fn(&Error) -> bool;
impl Table {
    /// `f` must not panic; what it did is judged.
    fn judge<R>(&mut self, cell: &str, f: impl FnOnce() -> R, judge: impl FnOnce(R) -> Result<(), String>) {
        match catch_unwind(AssertUnwindSafe(f)) {
            Err(panic) => {
                let text =
                    panic.downcast_ref::<String>().cloned().or(panic.downcast_ref::<&str>().map(|s| s.to_string()));
                self.complaints.push(format!("{cell}: PANIC {}", text.unwrap_or_default()));
            }
            Ok(r) => {
                if let Err(e) = judge(r) {
                    self.complaints.push(format!("{cell}: {e}"));
                }
            }
        }
    }
    /// An error of the wanted variant.
    fn refuses<R>(&mut self, cell: &str, want: Wanted, f: impl FnOnce() -> cola::Result<R>) {
        self.judge(cell, f, |r| match r {
            Ok(_) => Err("no error".into()),
            Err(e) if want(&e) => Ok(()),
            Err(e) => Err(format!("another error: {e:?}")),
        })
    }
    /// A result that passes `good`, or an error of the wanted variant.
    fn right_or<R: Debug>(
        &mut self,
        cell: &str,
        want: Wanted,
        f: impl FnOnce() -> cola::Result<R>,
        good: impl FnOnce(&R) -> bool,
    ) {
        self.judge(cell, f, |r| match r {
            Ok(r) if good(&r) => Ok(()),
            Ok(r) => Err(format!("wrong answer {r:?}")),
            Err(e) if want(&e) => Ok(()),
            Err(e) => Err(format!("another error: {e:?}")),
        })
    }
    /// A result that passes `good`.
    fn right<R: Debug>(&mut self, cell: &str, f: impl FnOnce() -> cola::Result<R>, good: impl FnOnce(&R) -> bool) {
        self.right_or(cell, &|_| false, f, good)
    }
}
impl Drop for Table {
    fn drop(&mut self) {
        if !std::thread::panicking() && !self.complaints.is_empty() {
            panic!("{} complaints:\n{}", self.complaints.len(), self.complaints.join("\n"));
        }
    }
}
fn non_finite(e: &Error) -> bool {
    matches!(e, Error::NonFinite { .. })
}
fn not_square(e: &Error) -> bool {
    matches!(e, Error::ShapeMismatch { left, right, .. } if left.0 != left.1 && *right == (left.1, left.0))
}
fn singular(e: &Error) -> bool {
    matches!(e, Error::Singular { .. })
}
fn not_pd(e: &Error) -> bool {
    matches!(e, Error::NotPositiveDefinite { pivot, .. } if *pivot <= 1e-10)
}
fn negative(e: &Error) -> bool {
    matches!(e, Error::NegativeEigenvalue { value, tol } if *value < -*tol)
}
fn cell(structure: &str, method: &str) -> String {
    format!("{structure} . {method}")
}

fn ones<A: Operator>(a: &A) -> Vec<A::Scalar> {
    vec![A::Scalar::of(1.0); a.nrows()]
}

/// The methods that every square operator has.
macro_rules! general {
    ($t:ident, $name:expr, $want:expr, $a:expr) => {{
        let (a, name, want): (_, &str, Wanted) = (&$a, $name, &$want);
        let b = ones(a);
        $t.refuses(&cell(name, "solve"), want, || a.solve(&b));
        $t.refuses(&cell(name, "inv_quad"), want, || a.inv_quad(&b));
        $t.refuses(&cell(name, "solve_with Lu"), want, || a.solve_with(Lu, &b));
        $t.refuses(&cell(name, "solve_with Gmres"), want, || a.solve_with(Gmres::default(), &b));
        $t.refuses(&cell(name, "exp"), want, || a.exp());
        $t.refuses(&cell(name, "logdet"), want, || a.logdet());
        $t.refuses(&cell(name, "slogdet"), want, || a.slogdet());
        if $t.beside {
            $t.right(&cell(name, "trace"), || a.trace(), |_| true);
            $t.right(&cell(name, "diagonal"), || a.diagonal().map(|d| d.len()), |&n| n == a.nrows());
        } else {
            $t.refuses(&cell(name, "trace"), want, || a.trace());
            $t.refuses(&cell(name, "diagonal"), want, || a.diagonal());
        }
        $t.refuses(&cell(name, "lu"), want, || a.lu());
        $t.refuses(&cell(name, "self_adjoint_checked"), want, || cola::self_adjoint_checked(a));
        $t.refuses(&cell(name, "psd_checked"), want, || cola::psd_checked(a));
        $t.refuses(&cell(name, "unitary_checked"), want, || cola::unitary_checked(a));
        $t.refuses(&cell(name, "sqrt_with Schur"), want, || a.sqrt_with(Schur));
        $t.refuses(&cell(name, "pow_with Schur"), want, || a.pow_with(0.3, Schur));
        $t.refuses(&cell(name, "log_with Schur"), want, || a.log_with(Schur));
        $t.refuses(&cell(name, "exp_with Schur"), want, || a.exp_with(Schur));
    }};
}
/// `inv` apart: of a promise such as `unitary(..)` it reads no number.
macro_rules! invertible {
    ($t:ident, $name:expr, $want:expr, $a:expr) => {{
        let (a, name, want): (_, &str, Wanted) = (&$a, $name, &$want);
        $t.refuses(&cell(name, "inv"), want, || a.inv());
        general!($t, $name, $want, *a);
    }};
}
/// Decompositions, and what a rectangular operator has too. (Of all structures: `bad_structures.rs`.)
macro_rules! decomposed {
    ($t:ident, $name:expr, $want:expr, $a:expr) => {{
        let (a, name, want): (_, &str, Wanted) = (&$a, $name, &$want);
        let b = ones(a);
        if !$t.beside {
            $t.refuses(&cell(name, "diagonal_k"), want, || a.diagonal_k(0));
        }
        $t.refuses(&cell(name, "eig"), want, || a.eig());
        $t.refuses(&cell(name, "svd"), want, || a.svd());
        $t.refuses(&cell(name, "pinv"), want, || a.pinv());
        $t.refuses(&cell(name, "lstsq"), want, || a.lstsq(&b));
    }};
}
/// The methods of positive semidefinite operators.
macro_rules! spectral {
    ($t:ident, $name:expr, $want:expr, $a:expr) => {{
        let (a, name, want): (_, &str, Wanted) = (&$a, $name, &$want);
        let b = ones(a);
        $t.refuses(&cell(name, "sqrt"), want, || a.sqrt());
        $t.refuses(&cell(name, "isqrt"), want, || a.isqrt());
        $t.refuses(&cell(name, "pow"), want, || a.pow(0.3));
        $t.refuses(&cell(name, "log"), want, || a.log());
        $t.refuses(&cell(name, "map_spectrum"), want, || a.map_spectrum(|x| x + 1.0));
        $t.refuses(&cell(name, "eigh"), want, || a.eigh());
        $t.refuses(&cell(name, "cholesky"), want, || a.cholesky());
        $t.refuses(&cell(name, "solve_with Cg"), want, || a.solve_with(Cg::default(), &b));
        $t.refuses(&cell(name, "solve_with Minres"), want, || a.solve_with(Minres::default(), &b));
        $t.refuses(&cell(name, "solve_with Cholesky"), want, || a.solve_with(Cholesky, &b));
        $t.refuses(&cell(name, "solve_with Ldlt"), want, || a.solve_with(Ldlt, &b));
        invertible!($t, $name, $want, *a);
    }};
}

const A: Matrix2<f64> = Matrix2::new(2.0, 1.0, 1.0, 3.0);
/// A with `x` for its first entry.
fn with(x: f64) -> Matrix2<f64> {
    Matrix2::new(x, 1.0, 1.0, 3.0)
}
fn dynamic<const M: usize, const N: usize>(a: SMatrix<f64, M, N>) -> DMatrix<f64> {
    DMatrix::from_column_slice(M, N, a.as_slice())
}
/// A function by its matrix: known by its action alone.
fn known(
    a: DMatrix<f64>,
) -> cola::Function<f64, Dyn, Dyn, impl Fn(&[f64], &mut [f64]) + Clone, cola::Itself, PsdFacts> {
    Function::psd(a.nrows(), move |x: &[f64], y: &mut [f64]| {
        y.copy_from_slice((&a * DVector::from_column_slice(x)).as_slice())
    })
}
fn known_general(
    a: DMatrix<f64>,
) -> cola::Function<f64, Dyn, Dyn, impl Fn(&[f64], &mut [f64]) + Clone, impl Fn(&[f64], &mut [f64]) + Clone, NoFacts> {
    let by = |a: DMatrix<f64>| {
        move |x: &[f64], y: &mut [f64]| y.copy_from_slice((&a * DVector::from_column_slice(x)).as_slice())
    };
    Function::new(a.nrows(), a.ncols(), by(a.clone()), by(a.transpose()))
}
fn values(w: [f64; 2]) -> cola::Column<f64, Const<2>> {
    let mut c = cola::Column::filled(2, 0.0);
    c.copy_from_slice(&w);
    c
}

#[test]
fn nan_and_infinity_in_the_matrix() {
    let mut t = Table::default();
    for x in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let (s, d, good) = (with(x), dynamic(with(x)), dynamic(A));
        let n = |name: &str| format!("{name} with {x}");
        spectral!(t, &n("psd static"), non_finite, Psd::new(s));
        spectral!(t, &n("psd dynamic"), non_finite, Psd::new(&d));
        spectral!(t, &n("psd diagonal static"), non_finite, Psd::new(Diagonal::new([1.0, x])));
        spectral!(t, &n("psd diagonal dynamic"), non_finite, Psd::new(Diagonal::new(vec![1.0, x, 2.0])));
        spectral!(t, &n("psd scaled identity"), non_finite, Psd::new(ScaledIdentity::<f64, Dyn, _>::new(x, 3)));
        spectral!(t, &n("kron left"), non_finite, Kron::new(Psd::new(s), Psd::new(Diagonal::new([1.0, 2.0, 3.0]))));
        spectral!(t, &n("kron right"), non_finite, Kron::new(Psd::new(&good), Psd::new(Diagonal::new(vec![1.0, x]))));
        spectral!(t, &n("block_diag"), non_finite, BlockDiag::new(Psd::new(&good), Psd::new(s)));
        spectral!(t, &n("repeat"), non_finite, Repeat::<_, 3>::new(Psd::new(s)));
        spectral!(t, &n("repeat dynamic"), non_finite, Repeat::<_, 2>::new(Psd::new(&d)));
        spectral!(t, &n("sum"), non_finite, Sum::new(Psd::new(s), Psd::new(A)));
        spectral!(t, &n("sum dynamic"), non_finite, Sum::new(Psd::new(&good), Psd::new(&d)));
        spectral!(t, &n("sum of"), non_finite, SumOf::new(vec![Psd::new(&good), Psd::new(&d)]));
        spectral!(t, &n("gram"), non_finite, Gram::<_, ByAdjoint>::new(s));
        spectral!(t, &n("gram dynamic"), non_finite, Gram::<_, ByAdjoint>::new(&d));
        spectral!(t, &n("scaled inside"), non_finite, Psd::new(Scaled::new(2.0, Psd::new(&d))));
        spectral!(t, &n("transpose"), non_finite, Transpose::new(Psd::new(s)));
        spectral!(t, &n("adjoint"), non_finite, Adjoint::new(Psd::new(&d)));
        spectral!(t, &n("sliced"), non_finite, Sliced::try_principal(Psd::new(&d), 0..2).unwrap());
        spectral!(t, &n("function"), non_finite, known(d.clone()));
        spectral!(t, &n("boxed"), non_finite, Psd::new(dynamic(s)).boxed());
        spectral!(t, &n("power"), non_finite, Powi::<_, 2>::new(Psd::new(s)));
        let identity = Unitary::new(Matrix2::<f64>::identity());
        spectral!(t, &n("spectral"), non_finite, Spectral::<_, PsdFacts>::from_parts(identity, values([1.0, x])));
        invertible!(t, &n("dense"), non_finite, linop!(s));
        invertible!(t, &n("dense dynamic"), non_finite, linop!(&d));
        invertible!(t, &n("self_adjoint dynamic"), non_finite, linop!(self_adjoint(&d)));
        invertible!(t, &n("lower"), non_finite, linop!(triangular_lower(s)));
        invertible!(t, &n("upper dynamic"), non_finite, linop!(triangular_upper(&d)));
        invertible!(t, &n("product"), non_finite, linop!(s * A));
        invertible!(t, &n("product dynamic"), non_finite, linop!(&good * &d));
        let r = &d;
        invertible!(t, &n("sliced general"), non_finite, linop!(r[0..2, 0..2]));
        invertible!(t, &n("function general"), non_finite, known_general(d.clone()));
        invertible!(t, &n("transpose of dense"), non_finite, linop!(s.T));
        invertible!(t, &n("stack"), non_finite, linop!([s; A][0..2, ..]));
        invertible!(t, &n("scaled by it"), non_finite, linop!(x * psd(A)));
        general!(t, &n("unitary"), non_finite, linop!(unitary(s)));
    }
}

/// Floats, and complex numbers of which an imaginary part alone is bad; sparse matrices; a function whose results alone are bad.
#[test]
fn nan_and_infinity_in_other_numbers() {
    type C = Complex<f64>;
    /// [2, 1; 1, 3] with the bad number in the first place, or beside it and, conjugated, below.
    fn pair<T: Scalar>(x: T, beside: bool) -> Matrix2<T> {
        let at = |r: f64| T::of(r);
        if beside { Matrix2::new(at(2.0), x, x.conj(), at(3.0)) } else { Matrix2::new(x, at(1.0), at(1.0), at(3.0)) }
    }
    fn on_the_heap<T: Scalar>(a: Matrix2<T>) -> DMatrix<T> {
        DMatrix::from_column_slice(2, 2, a.as_slice())
    }
    fn sparse<T: Scalar>(a: Matrix2<T>) -> Sparse<CsrMatrix<T>> {
        Sparse::new(CsrMatrix::from(&on_the_heap(a)))
    }
    macro_rules! all {
        ($t:ident, $T:ty, $x:expr, $beside:expr, $text:expr) => {{
            let (s, good) = (pair::<$T>($x, $beside), pair::<$T>(<$T as Scalar>::of(1.0), true));
            let (d, n) = (on_the_heap(s), |name: &str| format!("{name}, {}", $text));
            let entries = |x: $T| [x, <$T as Scalar>::of(2.0)];
            invertible!($t, &n("diagonal"), non_finite, Diagonal::new(entries($x).to_vec()));
            invertible!($t, &n("lower"), non_finite, Triangular::lower(Matrix2::new($x, $x, $x, $x)));
            $t.beside = $beside;
            spectral!($t, &n("psd static"), non_finite, Psd::new(s));
            spectral!($t, &n("psd dynamic"), non_finite, Psd::new(&d));
            spectral!($t, &n("psd kron"), non_finite, Kron::new(Psd::new(good), Psd::new(&d)));
            spectral!($t, &n("psd sparse"), non_finite, Psd::new(sparse(s)));
            invertible!($t, &n("dense"), non_finite, Dense::new(s));
            invertible!($t, &n("sparse"), non_finite, sparse(s));
            decomposed!($t, &n("dense dynamic"), non_finite, Dense::new(&d));
            decomposed!($t, &n("psd dynamic"), non_finite, Psd::new(&d));
            decomposed!($t, &n("sparse"), non_finite, sparse(s));
            $t.beside = false;
        }};
    }
    let mut t = Table::default();
    for x in [f32::NAN, f32::INFINITY] {
        all!(t, f32, x, true, format!("f32 {x}"));
    }
    for x in [f64::NAN, f64::NEG_INFINITY] {
        all!(t, C, C::new(1.0, x), true, format!("1 + {x} i"));
    }
    // what is real by promise has an imaginary part, and it is no number
    all!(t, C, C::new(2.0, f64::NAN), false, "2 + NaN i on the diagonal");
    let (a, b) = (linop!(psd({ on_the_heap(pair::<C>(C::new(0.0, 1.0), true)) })), [C::new(1.0, f64::NAN); 2]);
    t.refuses("b with NaN i . solve", &non_finite, || a.solve(&b));
    t.refuses("b with NaN i . lstsq", &non_finite, || a.lstsq(&b));
    t.refuses("b with NaN i . try_apply", &non_finite, || a.try_apply(&b));
    t.refuses("b with NaN i . Cg", &non_finite, || a.solve_with(Cg::default(), &b));
    t.refuses("b with NaN i . Gmres", &non_finite, || a.solve_with(Gmres::default(), &b));

    // of f64: sparse, and what a closure gives
    for x in [f64::NAN, f64::INFINITY] {
        let n = |name: &str| format!("{name} with {x}");
        spectral!(t, &n("psd sparse rows"), non_finite, Psd::new(sparse(with(x))));
        invertible!(t, &n("sparse columns"), non_finite, Sparse::new(CscMatrix::from(&dynamic(with(x)))));
        decomposed!(t, &n("sparse columns"), non_finite, Sparse::new(CscMatrix::from(&dynamic(with(x)))));
        let stuck = Function::psd(3, move |v: &[f64], y: &mut [f64]| {
            y.copy_from_slice(v);
            // a NaN that the finite matrix of its other results hides
            y[2] = if v[2] == 0.0 { 0.0 } else { x };
        });
        spectral!(t, &n("a closure that gives it"), non_finite, &stuck);
        decomposed!(t, &n("a closure that gives it"), non_finite, &stuck);
        t.refuses(&n("a closure . try_apply"), &non_finite, || stuck.try_apply(&[1.0; 3]));
        t.refuses(&n("a closure . eigs"), &non_finite, || stuck.eigs(1, Which::LargestMagnitude));
        t.refuses(&n("a closure . svds"), &non_finite, || stuck.svds(1));
        t.refuses(&n("a closure . norm_estimate"), &non_finite, || stuck.norm_estimate());
        t.refuses(&n("a closure . cond_estimate"), &non_finite, || stuck.cond_estimate());
        t.refuses(&n("a closure . XTrace"), &non_finite, || stuck.trace_with(XTrace::default()));
        t.refuses(&n("a closure . Hutchinson"), &non_finite, || stuck.trace_with(Hutchinson::default()));
        t.refuses(&n("a closure . HutchPlusPlus"), &non_finite, || stuck.trace_with(HutchPlusPlus::default()));
        t.refuses(&n("a closure . Slq"), &non_finite, || stuck.logdet_with(Slq::default()));
        t.refuses(&n("a closure . Lobpcg"), &non_finite, || {
            stuck.eigs_with(Lobpcg::default(), 1, Which::LargestAlgebraic)
        });
        t.refuses(&n("a closure . Lanczos"), &non_finite, || stuck.eigs_with(Lanczos::default(), 1, Which::BothEnds));
        t.refuses(&n("a closure . Lsmr"), &non_finite, || stuck.lstsq_with(Lsmr::default(), &[1.0; 3]));
        t.refuses(&n("a closure . BiCgStab"), &non_finite, || stuck.solve_with(BiCgStab::default(), &[1.0; 3]));
    }
    // beside the main diagonal: the diagonal that it is on, and no other
    let off = matrix![2.0, f64::NAN; 1.0, 3.0];
    for (name, above, main, below) in [
        ("dense", linop!(off).diagonal_k(1).err(), linop!(off).diagonal_k(0).err(), linop!(off).diagonal_k(-1).err()),
        ("sparse", sparse(off).diagonal_k(1).err(), sparse(off).diagonal_k(0).err(), sparse(off).diagonal_k(-1).err()),
    ] {
        assert!(above.is_some_and(|e| non_finite(&e)) && main.is_none() && below.is_none(), "{name}");
    }
}

#[test]
fn right_hand_sides() {
    let mut t = Table::default();
    let (s, d) = (linop!(psd(A)), linop!(psd({ dynamic(A) })));
    let short = |e: &Error| matches!(e, Error::ShapeMismatch { left: (2, 2), right: (3, 1), .. });
    macro_rules! each {
        ($name:literal, $a:expr) => {{
            let a = $a;
            let bad = vec![(non_finite as fn(&Error) -> bool, vec![1.0, f64::NAN]), (non_finite, vec![f64::INFINITY, 0.0]), (short, vec![1.0; 3])];
            for (want, b) in &bad {
                let n = |m: &str| format!("{} . {m} of {b:?}", $name);
                t.refuses(&n("solve"), want, || a.solve(b));
                t.refuses(&n("inv_quad"), want, || a.inv_quad(b));
                t.refuses(&n("try_apply"), want, || a.try_apply(b));
                t.refuses(&n("Cg"), want, || a.solve_with(Cg::default(), b));
                t.refuses(&n("Minres"), want, || a.solve_with(Minres::default(), b));
                t.refuses(&n("Gmres"), want, || a.solve_with(Gmres::default(), b));
                t.refuses(&n("Cholesky"), want, || a.solve_with(Cholesky, b));
                t.refuses(&n("Ldlt"), want, || a.solve_with(Ldlt, b));
                t.refuses(&n("Lu"), want, || a.solve_with(Lu, b));
            }
            // several right-hand sides, the second one bad
            let b = dmatrix![1.0, f64::NAN; 1.0, 1.0];
            t.refuses(concat!($name, " . solve of two"), &non_finite, || a.solve(&b));
            let none = DMatrix::<f64>::zeros(2, 0);
            t.right(concat!($name, " . solve of none"), || a.solve(&none), |x| x.shape() == (2, 0));
            t.right(concat!($name, " . Cg of none"), || a.solve_with(Cg::default(), &none), |s| s.x.shape() == (2, 0));
            t.right(concat!($name, " . solve of zero"), || a.solve(&vec![0.0; 2]), |x| x == &[0.0; 2]);
        }};
    }
    each!("psd static", s);
    each!("psd dynamic", &d);
    each!("diagonal", Psd::new(Diagonal::new(vec![1.0, 2.0])));
    each!("scaled identity", Psd::new(ScaledIdentity::<f64, Dyn, _>::new(2.0, 2)));
    each!("identity", Identity::<f64, Dyn>::new(2));
    each!("kron", linop!(kron(&d, psd(diag(vec![1.0])))));
    each!("block_diag", linop!(block_diag(psd(diag(vec![1.0])), psd(diag([1.0])))));
    each!("repeat", Repeat::<_, 2>::new(Psd::new(Diagonal::new(vec![1.0]))));
    each!("sum", linop!(&d + &d));
    each!("product", linop!(psd(&d * I(2))));
    each!("gram", Gram::<_, ByAdjoint>::new(dynamic(A)));
    each!("scaled", linop!(2 * &d));
    each!("transpose", d.transpose());
    each!("adjoint", d.adjoint());
    let r = &d;
    each!("sliced", linop!(psd(r[0..2, 0..2])));
    each!("function", known(dynamic(A)));
    each!("boxed", Psd::new(dynamic(A)).boxed());
    each!("spectral", Psd::new(d.eigh().unwrap()));
    each!("inverse", d.inv().unwrap());
    each!("inverse of a sum", linop!(&d + &d).inv().unwrap());
    each!("psd permutation", linop!(psd(permutation(vec![0, 1]))));
    each!("psd triangle", linop!(psd(triangular_lower({ dmatrix![1.0, 0.0; 0.0, 2.0] }))));
}

#[test]
fn rectangular_dynamic() {
    let mut t = Table::default();
    let r = DMatrix::from_fn(3, 2, |i, j| (1 + i + j) as f64);
    spectral!(t, "psd dense", not_square, Psd::new(&r));
    spectral!(t, "kron", not_square, Kron::new(Psd::new(&r), Psd::new(Diagonal::new(vec![1.0, 2.0]))));
    spectral!(t, "block_diag", not_square, BlockDiag::new(Psd::new(Diagonal::new(vec![1.0, 2.0])), Psd::new(&r)));
    spectral!(t, "repeat", not_square, Repeat::<_, 2>::new(Psd::new(&r)));
    spectral!(t, "sum", not_square, Psd::new(Sum::new(&r, &r)));
    spectral!(t, "scaled", not_square, linop!(2 * psd(&r)));
    spectral!(t, "transpose", not_square, linop!({ Psd::new(&r) }.T));
    spectral!(t, "adjoint", not_square, linop!({ Psd::new(&r) }.H));
    spectral!(t, "sliced", not_square, Psd::new(Sliced::try_new(linop!(&r), 0..3, 0..1).unwrap()));
    spectral!(t, "sum of", not_square, Psd::new(SumOf::new(vec![linop!(&r)])));
    spectral!(t, "boxed", not_square, Psd::new(r.clone()).boxed());
    invertible!(t, "dense", not_square, linop!(&r));
    invertible!(t, "lower", not_square, linop!(triangular_lower(&r)));
    invertible!(t, "upper", not_square, linop!(triangular_upper(&r)));
    invertible!(t, "product", not_square, linop!(I(3) * &r));
    invertible!(t, "function", not_square, known_general(r.clone()));
    invertible!(t, "unitary", not_square, linop!(unitary(&r)));
    invertible!(t, "hstack", not_square, linop!([&r, &r]));
    invertible!(t, "vstack", not_square, linop!([&r; &r]));
    // rectangular factors of a square product: singular, and no panic
    let (a, wide) = (linop!(&r), r.transpose());
    let k = linop!(kron(&a, &wide));
    let b = vec![1.0; 6];
    t.refuses("kron of 3x2 and 2x3 . solve", &singular, || k.solve(&b));
    t.refuses("kron of 3x2 and 2x3 . inv", &singular, || k.inv());
    t.right("kron of 3x2 and 2x3 . slogdet", || k.slogdet(), |s| *s == (0.0, f64::NEG_INFINITY));
    t.refuses("kron of 3x2 and 2x3 . logdet", &singular, || k.logdet());
    t.right("kron of 3x2 and 2x3 . trace", || k.trace(), |x| (x - k.to_dense().trace()).abs() < 1e-12);
    let p = linop!(&a * &wide);
    t.refuses("product of 3x2 and 2x3 . solve", &singular, || p.solve(&b[..3]));
    t.right("product of 3x2 and 2x3 . slogdet", || p.slogdet(), |s| s.1 < -30.0);
}

#[test]
fn empty() {
    let mut t = Table::default();
    let z = DMatrix::<f64>::zeros(0, 0);
    let none: Vec<f64> = Vec::new();
    macro_rules! nothing {
        ($name:literal, $a:expr) => {{
            let a = $a;
            let n = |m: &str| cell($name, m);
            let bare = |x: &Vec<f64>| x.is_empty();
            t.right(&n("apply"), || Ok(a.apply(&none)), bare);
            t.right(&n("try_apply"), || a.try_apply(&none), bare);
            t.right(&n("solve"), || a.solve(&none), bare);
            t.right(&n("Lu"), || a.solve_with(Lu, &none).map(|s| s.x), bare);
            t.right(&n("Gmres"), || a.solve_with(Gmres::default(), &none).map(|s| s.x), bare);
            t.right(&n("Cg"), || a.solve_with(Cg::default(), &none).map(|s| s.x), bare);
            t.right(&n("Minres"), || a.solve_with(Minres::default(), &none).map(|s| s.x), bare);
            t.right(&n("Cholesky"), || a.solve_with(Cholesky, &none).map(|s| s.x), bare);
            t.right(&n("Ldlt"), || a.solve_with(Ldlt, &none).map(|s| s.x), bare);
            t.right(&n("inv"), || Ok(a.inv()?.apply(&none)), bare);
            t.right(&n("sqrt"), || Ok(a.sqrt()?.apply(&none)), bare);
            t.right(&n("isqrt"), || Ok(a.isqrt()?.apply(&none)), bare);
            t.right(&n("pow"), || Ok(a.pow(0.3)?.apply(&none)), bare);
            t.right(&n("exp"), || Ok(a.exp()?.apply(&none)), bare);
            t.right(&n("log"), || Ok(a.log()?.apply(&none)), bare);
            t.right(&n("map_spectrum"), || Ok(a.map_spectrum(|x| x)?.apply(&none)), bare);
            t.right(&n("eigh"), || Ok(a.eigh()?.eigenvalues().len()), |&x| x == 0);
            t.right(&n("cholesky"), || Ok(a.cholesky()?.apply(&none)), bare);
            t.right(&n("lu"), || Ok(a.lu()?.u.apply(&none)), bare);
            t.right(&n("logdet"), || a.logdet(), |&x| x == 0.0);
            t.right(&n("slogdet"), || a.slogdet(), |&x| x == (1.0, 0.0));
            t.right(&n("trace"), || a.trace(), |&x| x == 0.0);
            t.right(&n("diagonal"), || Ok(a.diagonal()?.len()), |&x| x == 0);
            t.refuses(&n("diagonal_k"), &|e| matches!(e, Error::InvalidArgument { .. }), || a.diagonal_k(1));
            t.right(&n("psd_checked"), || cola::psd_checked(&a).map(|_| ()), |_| true);
            t.right(&n("unitary_checked"), || cola::unitary_checked(&a).map(|_| ()), |_| true);
            t.right(&n("sqrt_with Schur"), || Ok(a.sqrt_with(Schur)?.apply(&none)), bare);
            t.right(&n("exp_with Schur"), || Ok(a.exp_with(Schur)?.apply(&none)), bare);
            t.right(&n("to_dense"), || Ok(a.to_dense().shape()), |&x| x == (0, 0));
            t.right(&n("eig"), || Ok(a.eig()?.eigenvalues().len()), |&x| x == 0);
            t.right(&n("svd"), || Ok(a.svd()?.s.len()), |&x| x == 0);
            t.right(&n("pinv"), || Ok(a.pinv()?.apply(&none)), bare);
            t.right(&n("lstsq"), || a.lstsq(&none), bare);
            // there is no eigenvalue to give
            let invalid = |e: &Error| matches!(e, Error::InvalidArgument { .. });
            t.refuses(&n("eigs"), &invalid, || a.eigs(1, Which::LargestMagnitude));
            t.refuses(&n("svds"), &invalid, || a.svds(1));
        }};
    }
    let e = linop!(psd(&z));
    nothing!("dense", &e);
    nothing!("diagonal", Psd::new(Diagonal::new(none.clone())));
    nothing!("identity", Identity::<f64, Dyn>::new(0));
    nothing!("scaled identity", Psd::new(ScaledIdentity::<f64, Dyn, _>::new(0.0, 0)));
    nothing!("kron", linop!(kron(&e, psd(A))));
    nothing!("kron right", linop!(kron(psd(A), &e)));
    nothing!("block_diag", linop!(block_diag(&e, &e)));
    nothing!("repeat", linop!(repeat::<3>(&e)));
    nothing!("repeat none", Repeat::<_, 0>::new(Psd::new(dynamic(A))));
    nothing!("sum", linop!(&e + &e));
    nothing!("gram", Gram::<_, ByAdjoint>::new(&z));
    nothing!("scaled", linop!(2 * &e));
    nothing!("transpose", e.transpose());
    nothing!("adjoint", e.adjoint());
    nothing!("sliced", Sliced::try_principal(&e, 0..0).unwrap());
    nothing!("function", known(z.clone()));
    nothing!("boxed", Psd::new(z.clone()).boxed());
    nothing!("inverse", e.inv().unwrap());
    nothing!("power", Powi::<_, 2>::new(&e));
    nothing!("product", linop!(psd(&e * &e)));
    nothing!("triangle", linop!(psd(triangular_upper(&z))));
    nothing!("sparse", Psd::new(Sparse::new(CsrMatrix::from(&z))));
    nothing!("tridiagonal", Psd::new(Tridiagonal::new(none.clone(), none.clone(), none.clone())));
    nothing!("circulant", Psd::new(Circulant::new(none.clone())));
    nothing!("toeplitz", Psd::new(Toeplitz::symmetric(none.clone())));
    nothing!("kron_sum", KronSum::new(&e, Psd::new(A)));
    nothing!("hadamard", Hadamard::new(&e, &e));
    nothing!("zero", Zero::<f64, Dyn, Dyn, PsdFacts>::square(0));
    // no rows, or no columns: what needs a square matrix says so, the others give what is there
    for (m, n) in [(0, 3), (3, 0)] {
        let a = linop!({ DMatrix::<f64>::zeros(m, n) });
        let (b, c) = (vec![1.0; m], |method: &str| format!("{m} x {n} . {method}"));
        t.refuses(&c("solve"), &not_square, || a.solve(&b));
        t.refuses(&c("inv"), &not_square, || a.inv());
        t.refuses(&c("trace"), &not_square, || a.trace());
        t.refuses(&c("slogdet"), &not_square, || a.slogdet());
        t.refuses(&c("exp"), &not_square, || a.exp());
        t.refuses(&c("eig"), &not_square, || a.eig());
        t.refuses(&c("lu"), &not_square, || a.lu());
        t.right(&c("apply"), || a.try_apply(&vec![1.0; n]), |y| *y == vec![0.0; m]);
        t.right(&c("lstsq"), || a.lstsq(&b), |x| *x == vec![0.0; n]);
        t.right(&c("pinv"), || Ok(a.pinv()?.to_dense()), |p| p.shape() == (n, m));
        t.right(&c("svd"), || Ok(a.svd()?.s.len()), |&k| k == 0);
        t.refuses(&c("svds"), &|e| matches!(e, Error::InvalidArgument { .. }), || a.svds(1));
    }
}

#[test]
fn singular_matrices() {
    let mut t = Table::default();
    let (s, d) = (matrix![1.0, 2.0; 2.0, 4.0], dmatrix![1.0, 2.0; 2.0, 4.0]);
    let good = dynamic(A);
    macro_rules! no_inverse {
        ($name:literal, $a:expr) => {{
            let a = $a;
            // not in the range
            let b: Vec<f64> = (0..a.nrows()).map(|i| if i % 2 == 0 { 1.0 } else { -0.7 }).collect();
            t.refuses(&cell($name, "solve"), &singular, || a.solve(&b));
            t.refuses(&cell($name, "inv"), &singular, || a.inv());
            t.refuses(&cell($name, "Lu"), &singular, || a.solve_with(Lu, &b));
            t.refuses(
                &cell($name, "Gmres"),
                &|e| matches!(e, Error::NotConverged { .. } | Error::Breakdown { .. }),
                || a.solve_with(Gmres::default(), &b),
            );
            t.right(&cell($name, "slogdet"), || a.slogdet(), |x| *x == (0.0, f64::NEG_INFINITY));
            t.refuses(&cell($name, "logdet"), &singular, || a.logdet());
            t.right(&cell($name, "lu"), || a.lu(), |_| true);
        }};
    }
    no_inverse!("dense", linop!(s));
    no_inverse!("dense dynamic", linop!(&d));
    no_inverse!("diagonal", linop!(diag([1.0, 0.0])));
    no_inverse!("diagonal dynamic", linop!(diag(vec![1.0, 0.0, 2.0])));
    no_inverse!("zero identity", ScaledIdentity::<f64, Dyn, _>::new(0.0, 3));
    no_inverse!("lower", linop!(triangular_lower({ matrix![1.0, 0.0; 1.0, 0.0] })));
    no_inverse!("upper dynamic", linop!(triangular_upper({ dmatrix![0.0, 1.0; 0.0, 1.0] })));
    no_inverse!("kron", linop!(kron(&good, &d)));
    no_inverse!("block_diag", linop!(block_diag(s, A)));
    no_inverse!("repeat", linop!(repeat::<2>(&d)));
    no_inverse!("sum", linop!({ Dense::new(s) } + { Dense::new(Matrix2::zeros()) }));
    no_inverse!("product", linop!(&good * &d));
    no_inverse!("scaled", linop!(2 * s));
    no_inverse!("scaled by zero", linop!(0 * A));
    no_inverse!("transpose", Transpose::new(&d));
    no_inverse!("adjoint", linop!(s.H));
    let r = &d;
    no_inverse!("sliced", linop!(r[0..2, 0..2]));
    no_inverse!("function", known_general(d.clone()));
    no_inverse!("self_adjoint", linop!(self_adjoint(&d)));
    no_inverse!("self_adjoint static", linop!(self_adjoint(s)));
    no_inverse!("power", Powi::<_, 3>::new(s));
    no_inverse!("zeros", linop!({ DMatrix::<f64>::zeros(3, 3) }));
    // the index is the one that a user can look up
    t.refuses("index of a diagonal", &|e| *e == Error::Singular { index: 1 }, || linop!(diag([1.0, 0.0])).inv());
    t.refuses("index of a triangle", &|e| *e == Error::Singular { index: 1 }, || {
        linop!(triangular_lower({ matrix![1.0, 0.0; 1.0, 0.0] })).inv()
    });

    macro_rules! semidefinite {
        ($name:literal, $a:expr) => {{
            let a = $a;
            // not in the range
            let b: Vec<f64> = (0..a.nrows()).map(|i| if i % 2 == 0 { 1.0 } else { -0.7 }).collect();
            let either = |e: &Error| not_pd(e) || singular(e);
            t.refuses(&cell($name, "solve"), &either, || a.solve(&b));
            t.refuses(&cell($name, "inv"), &either, || a.inv());
            t.refuses(&cell($name, "Cholesky"), &not_pd, || a.solve_with(Cholesky, &b));
            t.refuses(&cell($name, "Ldlt"), &singular, || a.solve_with(Ldlt, &b));
            t.refuses(
                &cell($name, "Cg"),
                &|e| matches!(e, Error::NotConverged { .. } | Error::Breakdown { .. }),
                || a.solve_with(Cg::default(), &b),
            );
            t.refuses(
                &cell($name, "Minres"),
                &|e| matches!(e, Error::NotConverged { .. } | Error::Breakdown { .. }),
                || a.solve_with(Minres::default(), &b),
            );
            t.refuses(&cell($name, "cholesky"), &not_pd, || a.cholesky());
            t.refuses(&cell($name, "isqrt"), &singular, || a.isqrt());
            t.refuses(&cell($name, "pow"), &singular, || a.pow(-0.3));
            t.refuses(&cell($name, "log"), &singular, || a.log());
            t.right_or(&cell($name, "slogdet"), &not_pd, || a.slogdet(), |x| *x == (0.0, f64::NEG_INFINITY));
            t.refuses(&cell($name, "logdet"), &either, || a.logdet());
            // a root of it exists
            let dense = a.to_dense();
            t.right(
                &cell($name, "sqrt"),
                || Ok(a.sqrt()?.to_dense()),
                |r| (r * r - &dense).norm() < 1e-7 * (1.0 + dense.norm()),
            );
            t.right(&cell($name, "psd_checked"), || cola::psd_checked(&a).map(|_| ()), |_| true);
        }};
    }
    semidefinite!("psd", linop!(psd(s)));
    semidefinite!("psd dynamic", linop!(psd(&d)));
    semidefinite!("psd diagonal", linop!(psd(diag([1.0, 0.0]))));
    semidefinite!("psd kron", linop!(kron(psd(s), psd(diag([1.0, 2.0])))));
    semidefinite!("psd block_diag", linop!(block_diag(psd(A), psd(&d))));
    semidefinite!("psd repeat", linop!(repeat::<2>(psd(&d))));
    semidefinite!("gram", Gram::<_, ByAdjoint>::new(dmatrix![1.0; 2.0]));
    semidefinite!("psd sum", linop!(psd(&d) + psd(&d)));
    semidefinite!("psd function", known(d.clone()));
    semidefinite!("psd zeros", linop!(psd({ DMatrix::<f64>::zeros(3, 3) })));
    semidefinite!("psd zero identity", ScaledIdentity::<f64, Dyn, cola::NonNegative>::of_size(0.0, 3));
}

#[test]
fn broken_promises() {
    let mut t = Table::default();
    let (s, d) = (matrix![1.0, 2.0; 2.0, 1.0], dmatrix![1.0, 2.0; 2.0, 1.0]);
    macro_rules! indefinite {
        ($name:literal, $a:expr) => {{
            let a = $a;
            let mut b = vec![0.0; a.nrows()];
            (b[0], b[1]) = (1.0, -1.0);
            t.refuses(&cell($name, "solve"), &not_pd, || a.solve(&b));
            t.refuses(&cell($name, "inv"), &not_pd, || a.inv());
            t.refuses(&cell($name, "logdet"), &not_pd, || a.logdet());
            t.refuses(&cell($name, "slogdet"), &not_pd, || a.slogdet());
            t.refuses(&cell($name, "Cholesky"), &not_pd, || a.solve_with(Cholesky, &b));
            t.refuses(&cell($name, "Cg"), &|e| not_pd(e) || matches!(e, Error::Breakdown { .. }), || {
                a.solve_with(Cg::default(), &b)
            });
            t.refuses(&cell($name, "cholesky"), &not_pd, || a.cholesky());
            t.refuses(&cell($name, "sqrt"), &negative, || a.sqrt());
            t.refuses(&cell($name, "isqrt"), &negative, || a.isqrt());
            t.refuses(&cell($name, "pow"), &negative, || a.pow(0.3));
            t.refuses(&cell($name, "log"), &negative, || a.log());
            t.refuses(&cell($name, "psd_checked"), &not_pd, || cola::psd_checked(&a));
            // what needs no promise is right
            let dense = a.to_dense();
            t.right(
                &cell($name, "Lu"),
                || a.solve_with(Lu, &b),
                |x| (&dense * DVector::from_column_slice(&x.x) - DVector::from_column_slice(&b)).norm() < 1e-12,
            );
            t.right(
                &cell($name, "Ldlt"),
                || a.solve_with(Ldlt, &b),
                |x| (&dense * DVector::from_column_slice(&x.x) - DVector::from_column_slice(&b)).norm() < 1e-12,
            );
            t.right(
                &cell($name, "Minres"),
                || a.solve_with(Minres::default(), &b),
                |x| (&dense * DVector::from_column_slice(&x.x) - DVector::from_column_slice(&b)).norm() < 1e-8,
            );
            t.right(&cell($name, "eigh"), || Ok(a.eigh()?.to_dense()), |e| (e - &dense).norm() < 1e-12);
        }};
    }
    indefinite!("psd", linop!(psd(s)));
    indefinite!("psd dynamic", linop!(psd(&d)));
    indefinite!("psd kron", linop!(kron(psd(&d), psd(diag([1.0, 1.0])))));
    indefinite!("psd block_diag", linop!(block_diag(psd(s), psd(A))));
    indefinite!("psd repeat", linop!(repeat::<2>(psd(s))));
    indefinite!("psd sum", linop!(psd(s) + psd(s)));
    indefinite!("psd scaled", linop!(2 * psd(&d)));
    indefinite!("psd transpose", linop!({ Psd::new(s) }.T));
    indefinite!("psd adjoint", linop!({ Psd::new(&d) }.H));
    indefinite!("psd sliced", Sliced::try_principal(Psd::new(&d), ..).unwrap());
    indefinite!("psd function", known(d.clone()));
    indefinite!("psd boxed", Psd::new(d.clone()).boxed());
    // the pivot is 1 - 4
    t.refuses("pivot", &|e| *e == Error::NotPositiveDefinite { index: 1, pivot: -3.0 }, || linop!(psd(s)).inv());
    t.refuses(
        "pivot dynamic",
        &|e| matches!(e, Error::NotPositiveDefinite { index: 1, pivot } if (pivot + 3.0).abs() < 1e-12),
        || linop!(psd(&d)).inv(),
    );
    // closed structures
    let neg = linop!(psd(diag([1.0, -2.0])));
    for (name, r) in [
        ("sqrt", neg.sqrt().err()),
        ("isqrt", neg.isqrt().err()),
        ("pow", neg.pow(0.3).err()),
        ("log", neg.log().err()),
    ] {
        t.refuses(&cell("diagonal", name), &|e| matches!(e, Error::NegativeEigenvalue { value: -2.0, .. }), || {
            r.map_or(Ok(()), Err)
        });
    }
    t.refuses("diagonal . cholesky", &|e| *e == Error::NotPositiveDefinite { index: 1, pivot: -2.0 }, || {
        neg.cholesky()
    });
    t.refuses(
        "diagonal . logdet",
        &|e| matches!(e, Error::InvalidArgument { .. } | Error::NotPositiveDefinite { .. }),
        || neg.logdet(),
    );
    let minus = ScaledIdentity::<f64, Dyn, _>::new(-1.0, 3);
    t.refuses("minus identity . sqrt", &negative, || minus.sqrt());
    t.refuses("minus identity . log", &negative, || minus.log());
    t.refuses(
        "self_adjoint . sqrt",
        &|e| matches!(e, Error::NegativeEigenvalue { value, .. } if (value + 1.0).abs() < 1e-12),
        || linop!(self_adjoint(s)).sqrt(),
    );
    t.refuses("self_adjoint . log", &negative, || linop!(self_adjoint(&d)).log());
    let w = Spectral::<_, SelfAdjointFacts>::from_parts(Unitary::new(Matrix2::<f64>::identity()), values([1.0, -1.0]));
    t.refuses("spectral . sqrt", &negative, || w.sqrt());
    t.refuses("spectral . log", &negative, || OperatorExt::log(&w));
    t.right("spectral . solve", || w.solve(&[1.0, 1.0]), |x| *x == [1.0, -1.0]);
    t.refuses("negative determinant", &|e| matches!(e, Error::InvalidArgument { .. }), || linop!(s).logdet());
    t.right(
        "negative determinant . slogdet",
        || linop!(s).slogdet(),
        |x| x.0 == -1.0 && (x.1 - 3f64.ln()).abs() < 1e-14,
    );
    t.refuses("schur sqrt", &|e| matches!(e, Error::NegativeEigenvalue { .. }), || linop!(s).sqrt_with(Schur));
    t.refuses("schur log", &|e| matches!(e, Error::NegativeEigenvalue { .. }), || linop!(&d).log_with(Schur));
    t.refuses("schur log singular", &singular, || linop!({ dmatrix![1.0, 2.0; 2.0, 4.0] }).log_with(Schur));
    t.refuses("lower . sqrt", &negative, || linop!(triangular_lower({ matrix![1.0, 0.0; 1.0, -2.0] })).sqrt());
    t.refuses("lower . log", &negative, || linop!(triangular_lower({ matrix![1.0, 0.0; 1.0, -2.0] })).log());
    // checked promises
    let skew = matrix![1.0, 2.0; 3.0, 4.0];
    t.refuses("self_adjoint_checked", &|e| *e == Error::NotSelfAdjoint { asymmetry: 0.25 }, || {
        cola::self_adjoint_checked(skew)
    });
    t.refuses("psd_checked", &|e| matches!(e, Error::NotSelfAdjoint { .. }), || cola::psd_checked(skew));
    t.refuses("unitary_checked", &|e| matches!(e, Error::InvalidArgument { .. }), || cola::unitary_checked(skew));
    t.refuses("nonnegative", &|e| matches!(e, Error::InvalidArgument { .. }), || nonnegative(-1.0));
    t.refuses("nonnegative NaN", &non_finite, || nonnegative(f64::NAN));
    t.refuses("nonnegative inf", &non_finite, || nonnegative(f64::INFINITY));
    t.right("nonnegative -0", || nonnegative(-0.0), |_| true);
}

#[test]
fn iterations_that_do_not_converge() {
    let mut t = Table::default();
    let n = 50;
    let h = DMatrix::from_fn(n, n, |i, j| 1.0 / (1 + i + j) as f64);
    let (a, b) = (linop!(psd(&h) + 1e-3 * I), vec![1.0; n]);
    let once = |e: &Error| matches!(e, Error::NotConverged { iterations: 1, residual, tol, .. } if residual > tol && *tol == 1e-10);
    t.refuses("Cg", &once, || a.solve_with(Cg::default().max_iters(1), &b));
    t.refuses("Minres", &once, || a.solve_with(Minres::default().max_iters(1), &b));
    t.refuses("Gmres", &once, || a.solve_with(Gmres::default().max_iters(1), &b));
    let zero = |e: &Error| matches!(e, Error::NotConverged { iterations: 0, .. });
    t.refuses("Cg with none", &zero, || a.solve_with(Cg::default().max_iters(0), &b));
    t.refuses("Gmres with none", &zero, || a.solve_with(Gmres::default().max_iters(0), &b));
    t.refuses("Cg to 1e-300", &|e| matches!(e, Error::NotConverged { .. }), || {
        a.solve_with(Cg::default().tol(1e-300), &b)
    });
    let invalid = |e: &Error| matches!(e, Error::InvalidArgument { .. });
    t.refuses("tol NaN", &invalid, || a.solve_with(Cg::default().tol(f64::NAN), &b));
    t.refuses("tol < 0", &invalid, || a.solve_with(Minres::default().tol(-1.0), &b));
    t.refuses("restart 0", &|e| matches!(e, Error::InvalidArgument { .. } | Error::NotConverged { .. }), || {
        a.solve_with(Gmres::default().restart(0).max_iters(3), &b)
    });
    let p = Diagonal::new(vec![1.0; 3]);
    t.refuses("preconditioner", &|e| matches!(e, Error::ShapeMismatch { left: (50, 50), right: (3, 3), .. }), || {
        a.solve_with(Cg::default().preconditioner(&p), &b)
    });
    let p = Diagonal::new(vec![-1.0; n]);
    t.refuses("negative preconditioner", &invalid, || a.solve_with(Cg::default().preconditioner(&p), &b));
    // a large operator without rules: its lazy inverse says so, and its NaN is no answer of a fallible call
    let big = 5000;
    let rotation = Function::new(
        big,
        big,
        move |x: &[f64], y: &mut [f64]| (0..big).for_each(|i| y[i] = x[(i + 1) % big]),
        move |x: &[f64], y: &mut [f64]| (0..big).for_each(|i| y[(i + 1) % big] = x[i]),
    );
    let mut e0 = vec![0.0; big];
    e0[0] = 1.0;
    let stuck = |e: &Error| matches!(e, Error::NotConverged { .. } | Error::Breakdown { .. });
    let nowhere = Function::self_adjoint(big, |_: &[f64], y: &mut [f64]| y.fill(0.0));
    t.refuses("zero operator . solve", &stuck, || nowhere.solve(&e0));
    t.refuses("zero operator . lazy inverse", &stuck, || nowhere.inv()?.try_apply(&e0));
    t.refuses("large . logdet", &invalid, || rotation.logdet());
    t.refuses("large . eigh", &invalid, || nowhere.eigh());
    t.refuses("large . lu", &invalid, || rotation.lu());
}

/// Solutions, inverse and determinant of s A for huge and tiny s, A of every structure made of the entries g.
fn structured<T: SparseNumber<Re = f64>>(t: &mut Table, g: &[[T; 3]; 3]) {
    fn scaled<T: Scalar<Re = f64>, A>(t: &mut Table, name: &str, make: impl Fn(f64) -> A)
    where
        A: LinearOperator<Scalar = T> + Square + Solvable + HasDet,
        Inv<A>: LinearOperator<Scalar = T>,
    {
        let one = make(1.0);
        let b: Vec<T> = (0..one.nrows()).map(|i| T::of(1.0 + i as f64)).collect();
        let (x1, det1, n) = (one.solve(&b).unwrap(), one.slogdet().unwrap(), one.nrows() as f64);
        // the reference is one where nothing overflows, and is right there
        let back = one.apply(&x1);
        assert!(b.iter().zip(&back).all(|(b, y)| (*b - *y).abs() < 1e-9), "{name}: {back:?}");
        for s in [1e300, 1e-300, 1e155, 1e-155] {
            let a = make(s);
            let near = |x: &Vec<T>| {
                let largest = x1.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
                x.iter().zip(&x1).all(|(x, y)| (x.scale(s) - *y).abs() <= 1e-9 * largest)
            };
            let c = |m: &str| format!("{name} of {} times {s:e} . {m}", T::NAME);
            t.right(&c("solve"), || a.solve(&b), near);
            t.right(&c("inv"), || Ok(a.inv()?.apply(&b)), near);
            t.right(
                &c("slogdet"),
                || a.slogdet(),
                |d| (d.0 - det1.0).abs() < 1e-9 && (d.1 - det1.1 - n * s.ln()).abs() < 1e-9 * s.ln().abs(),
            );
        }
    }
    let at = |s: f64| DMatrix::from_fn(3, 3, |i, j| g[i][j].scale(s));
    let column = |j: usize, s: f64| (0..3).map(|i| g[i][j].scale(s)).collect::<Vec<T>>();
    let two = |s: f64| vec![g[0][1].scale(s), g[1][2].scale(s)];
    let slim = |s: f64| DMatrix::from_fn(3, 1, |i, _| g[i][0].scale(s));
    scaled(t, "dense", |s| Dense::new(at(s)));
    scaled(t, "dense, static", |s| Dense::new(Matrix3::from_fn(|i, j| g[i][j].scale(s))));
    scaled(t, "diagonal", |s| Diagonal::new(column(0, s)));
    scaled(t, "c I", |s| ScaledIdentity::<T, Dyn, _>::new(g[0][0].scale(s), 3));
    scaled(t, "lower", |s| Triangular::lower(at(s)));
    scaled(t, "tridiagonal", |s| Tridiagonal::new(two(s), column(2, s), two(s)));
    scaled(t, "banded", |s| Banded::from_diagonals([(0, column(2, s)), (1, two(s)), (-2, two(s)[..1].to_vec())]));
    scaled(t, "circulant", |s| Circulant::new(column(0, s)));
    scaled(t, "toeplitz", |s| Toeplitz::new(column(0, s), column(0, s)));
    scaled(t, "sparse", |s| Sparse::new(CsrMatrix::from(&at(s))));
    scaled(t, "kron", |s| Kron::new(at(s.sqrt()), at(s.sqrt())));
    scaled(t, "kron sum", |s| KronSum::new(at(s), at(0.5 * s)));
    scaled(t, "kron + c I", |s| dsl::add(Kron::new(at(s), at(1.0)), ScaledIdentity::<T, Dyn, _>::new(T::of(s), 9)));
    scaled(t, "block_diag", |s| BlockDiag::new(at(s), at(s)));
    scaled(t, "scaled", |s| Scaled::new(T::of(s), Dense::new(at(1.0))));
    scaled(t, "product", |s| Product::new(at(s.sqrt()), at(s.sqrt())));
    scaled(t, "sum", |s| Sum::new(at(s), Diagonal::new(column(0, s))));
    scaled(t, "update", |s| LowRankUpdate::new(Diagonal::new(column(2, s)), LowRank::new(slim(s), slim(1.0))));
    scaled(t, "low rank + c I", |s| {
        dsl::add(LowRank::new(slim(s), slim(1.0)), ScaledIdentity::<T, Dyn, _>::new(T::of(s), 3))
    });
    scaled(t, "blocks", |s| {
        let corner = DMatrix::from_element(1, 1, g[2][2].scale(s));
        Blocks::new(Diagonal::new(column(2, s)), slim(s), slim(s).transpose(), corner)
    });
    scaled(t, "hadamard", |s| Hadamard::new(at(s.sqrt()), at(s.sqrt())));
    scaled(t, "transpose", |s| Transpose::new(at(s)));
    scaled(t, "conj", |s| Conj::new(at(s)));
}
/// s A for huge and tiny s: the right answer in every cell, but of the exponential where it is no number.
#[test]
fn huge_and_tiny() {
    let mut t = Table::default();
    fn near(a: &DMatrix<f64>, b: &DMatrix<f64>) -> bool {
        let scale = b.amax();
        a.shape() == b.shape() && a.iter().zip(b.iter()).all(|(x, y)| (x - y).abs() <= 1e-9 * scale)
    }
    macro_rules! scaled {
        ($name:literal, |$s:ident| $a:expr) => {{
            let make = |$s: f64| $a;
            let one = make(1.0);
            let n = one.nrows();
            let b = DMatrix::from_fn(n, 1, |i, _| 1.0 + i as f64);
            let dense = one.to_dense();
            let eye = DMatrix::<f64>::identity(n, n);
            let x1 = one.solve(&b).unwrap();
            let det1 = one.logdet().unwrap();
            for s in [1e300, 1e-300, 1e155, 1e-155] {
                let a = make(s);
                let c = |m: &str| format!("{} times {s:e} . {m}", $name);
                t.right(&c("solve"), || a.solve(&b), |x| near(&(x * s), &x1));
                t.right(&c("inv"), || Ok(a.inv()?.apply(&b)), |x| near(&(x * s), &x1));
                t.right(&c("Lu"), || Ok(a.solve_with(Lu, &b)?.x), |x| near(&(x * s), &x1));
                t.right(&c("Cholesky"), || Ok(a.solve_with(Cholesky, &b)?.x), |x| near(&(x * s), &x1));
                t.right(&c("Ldlt"), || Ok(a.solve_with(Ldlt, &b)?.x), |x| near(&(x * s), &x1));
                t.right(&c("Cg"), || Ok(a.solve_with(Cg::default(), &b)?.x), |x| near(&(x * s), &x1));
                t.right(&c("Minres"), || Ok(a.solve_with(Minres::default(), &b)?.x), |x| near(&(x * s), &x1));
                t.right(&c("Gmres"), || Ok(a.solve_with(Gmres::default(), &b)?.x), |x| near(&(x * s), &x1));
                t.right(&c("logdet"), || a.logdet(), |x| (x - det1 - n as f64 * s.ln()).abs() < 1e-9 * s.ln().abs());
                t.right(
                    &c("slogdet"),
                    || a.slogdet(),
                    |x| x.0 == 1.0 && (x.1 - det1 - n as f64 * s.ln()).abs() < 1e-9 * s.ln().abs(),
                );
                t.right(&c("trace"), || a.trace(), |x| (x / s - dense.trace()).abs() < 1e-9);
                t.right(&c("sqrt"), || Ok(a.sqrt()?.to_dense()), |r| near(&((r / s.sqrt()) * (r / s.sqrt())), &dense));
                t.right(
                    &c("isqrt"),
                    || Ok(a.isqrt()?.to_dense()),
                    |r| near(&((r * s.sqrt()) * (r * s.sqrt()) * &dense), &eye),
                );
                t.right(&c("pow 1"), || Ok(a.pow(1.0)?.to_dense()), |r| near(&(r / s), &dense));
                t.right(
                    &c("pow 0.3"),
                    || Ok(a.pow(0.3)?.to_dense()),
                    |r| near(&(r / s.powf(0.3)), &one.pow(0.3).unwrap().to_dense()),
                );
                t.right(
                    &c("log"),
                    || Ok(a.log()?.to_dense()),
                    |r| near(r, &(one.log().unwrap().to_dense() + &eye * s.ln())),
                );
                if s < 1.0 {
                    t.right(&c("exp"), || Ok(a.exp()?.to_dense()), |r| near(r, &eye));
                    t.right(&c("exp_with Schur"), || Ok(a.exp_with(Schur)?.to_dense()), |r| near(r, &eye));
                } else {
                    t.refuses(&c("exp"), &non_finite, || a.exp());
                    t.refuses(&c("exp_with Schur"), &non_finite, || a.exp_with(Schur));
                }
                t.right(&c("eigh"), || Ok(a.eigh()?.to_dense()), |r| near(&(r / s), &dense));
                t.right(
                    &c("cholesky"),
                    || Ok(a.cholesky()?.to_dense()),
                    |l| near(&((l / s.sqrt()) * (l.transpose() / s.sqrt())), &dense),
                );
                t.right(
                    &c("lu"),
                    || {
                        let f = a.lu()?;
                        Ok(f.p.to_dense().transpose() * f.l.to_dense() * (f.u.to_dense() / s))
                    },
                    |r| near(r, &dense),
                );
                t.right(
                    &c("diagonal"),
                    || Ok(a.diagonal()?.to_dvector()),
                    |d| near(&DMatrix::from_diagonal(&(d / s)), &DMatrix::from_diagonal(&dense.diagonal())),
                );
                t.right(&c("psd_checked"), || cola::psd_checked(&a).map(|_| ()), |_| true);
                t.right(
                    &c("sqrt_with Schur"),
                    || Ok(a.sqrt_with(Schur)?.to_dense()),
                    |r| near(&((r / s.sqrt()) * (r / s.sqrt())), &dense),
                );
                t.right(
                    &c("log_with Schur"),
                    || Ok(a.log_with(Schur)?.to_dense()),
                    |r| near(r, &(one.log().unwrap().to_dense() + &eye * s.ln())),
                );
            }
        }};
    }
    const S3: Matrix3<f64> = Matrix3::new(4.0, 1.0, 0.5, 1.0, 3.0, -1.0, 0.5, -1.0, 2.0);
    let m = DMatrix::from_fn(9, 9, |i, j| if i == j { 4.0 + i as f64 } else { 1.0 / (1 + i + j) as f64 });
    scaled!("psd 2x2", |s| linop!(psd({ A * s })));
    scaled!("psd 3x3", |s| linop!(psd({ S3 * s })));
    scaled!("psd dynamic 2x2", |s| linop!(psd({ dynamic(A) * s })));
    scaled!("psd dynamic 9x9", |s| linop!(psd({ &m * s })));
    scaled!("psd static 9x9", |s| linop!(psd({ SMatrix::<f64, 9, 9>::from_iterator((&m * s).iter().copied()) })));
    scaled!("psd diagonal", |s| linop!(psd(diag([s, 2.0 * s]))));
    scaled!("psd kron", |s| linop!(kron(psd({ A * s }), psd(diag([1.0, 2.0])))));
    scaled!("psd kron of big and small", |s| linop!(kron(
        psd({ A * s.sqrt() }),
        psd(diag([s.sqrt(), 2.0 * s.sqrt()]))
    )));
    scaled!("psd block_diag", |s| linop!(block_diag(psd({ A * s }), psd({ S3 * s }))));
    scaled!("psd repeat", |s| linop!(repeat::<2>(psd({ A * s }))));
    scaled!("psd sum", |s| linop!(psd({ A * s }) + psd({ A * s })));
    scaled!("psd scaled", |s| Scaled::<_, _, cola::NonNegative>::signed(s, linop!(psd(A))));
    scaled!("psd transpose", |s| linop!({ Psd::new(A * s) }.T));
    scaled!("psd sliced", |s| Sliced::try_principal(Psd::new(&m * s), 2..6).unwrap());
    scaled!("psd function", |s| known(&m * s));
    scaled!("gram", |s| Gram::<_, ByAdjoint>::new(S3 * s.sqrt()));
    scaled!("inverse", |s| {
        let inverse = linop!(psd({ S3 / s.sqrt() })).inv().unwrap();
        linop!(kron(inverse, psd(diag([s.sqrt(), 2.0 * s.sqrt()]))))
    });

    // general matrices
    let g = matrix![1.0, 2.0; -3.0, 1.0];
    for s in [1e300, 1e-300, 1e155, 1e-155] {
        let b = vector![1.0, 2.0];
        let x1 = linop!(g).solve(&b).unwrap();
        let (st, dy) = (linop!({ g * s }), linop!({ dynamic(g * s) }));
        let ok = |x: [f64; 2]| (x[0] * s - x1[0]).abs() < 1e-12 && (x[1] * s - x1[1]).abs() < 1e-12;
        t.right(&format!("general {s:e} . solve"), || st.solve(&[1.0, 2.0]), |x| ok(*x));
        t.right(&format!("general dynamic {s:e} . solve"), || dy.solve(&[1.0, 2.0]), |x| ok(*x));
        t.right(
            &format!("general {s:e} . slogdet"),
            || st.slogdet(),
            |x| x.0 == 1.0 && (x.1 - 7f64.ln() - 2.0 * s.ln()).abs() < 1e-9,
        );
        t.right(
            &format!("general dynamic {s:e} . slogdet"),
            || dy.slogdet(),
            |x| x.0 == 1.0 && (x.1 - 7f64.ln() - 2.0 * s.ln()).abs() < 1e-9,
        );
        let low = linop!(triangular_lower({ matrix![1.0, 0.0; 2.0, 3.0] * s }));
        t.right(
            &format!("lower {s:e} . solve"),
            || low.solve(&[1.0, 5.0]),
            |x| (x[0] * s - 1.0).abs() < 1e-12 && (x[1] * s - 1.0).abs() < 1e-12,
        );
        t.right(
            &format!("lower {s:e} . sqrt"),
            || Ok(low.sqrt()?.to_dense() / s.sqrt()),
            |r| near(&(r * r), &dmatrix![1.0, 0.0; 2.0, 3.0]),
        );
    }
    structured(&mut t, &[[1.0, 2.0, 0.5], [-3.0, 1.0, 1.0], [0.2, -1.0, 4.0]]);
    let c = Complex::<f64>::new;
    structured(
        &mut t,
        &[
            [c(1.0, 1.0), c(2.0, 0.0), c(0.5, -2.0)],
            [c(-3.0, 0.5), c(1.0, -1.0), c(1.0, 0.0)],
            [c(0.2, 0.0), c(0.0, -1.0), c(4.0, 2.0)],
        ],
    );
    // an answer that is too large for a number is an error, not infinity
    t.refuses("overflow . diagonal", &non_finite, || linop!(diag([1e-300, 1.0])).solve(&[1e300, 1.0]));
    t.refuses("overflow . dense", &non_finite, || linop!(psd({ A * 1e-300 })).solve(&[1e300, 1.0]));
    t.refuses("overflow . dense dynamic", &non_finite, || linop!({ dynamic(A) * 1e-300 }).solve(&[1e300, 1.0]));
    t.refuses("overflow . Lu", &non_finite, || linop!({ dynamic(A) * 1e-300 }).solve_with(Lu, &[1e300, 1.0]));
    t.refuses("overflow . lower", &non_finite, || linop!(triangular_lower({ A * 1e-300 })).solve(&[1e300, 1.0]));
    t.refuses("overflow . identity", &non_finite, || {
        ScaledIdentity::<f64, Dyn, _>::new(1e-300, 2).solve(&[1e300, 1.0])
    });
    t.refuses("overflow . trace", &non_finite, || linop!(diag([1.7e308, 1.7e308])).trace());
    t.refuses("overflow . kron trace", &non_finite, || linop!(kron(diag([1e300]), diag([1e300]))).trace());
    t.refuses("overflow . kron diagonal", &non_finite, || linop!(kron(diag([1e300]), diag([1e300]))).diagonal());
    t.refuses("overflow . kron eigh", &non_finite, || linop!(kron(diag([1e300]), diag([1e300]))).eigh());
    t.refuses("overflow . exp", &non_finite, || linop!(diag([1e3])).exp());
    t.refuses("overflow . exp dense", &non_finite, || linop!({ A * 1e3 }).exp());
    t.refuses("overflow . exp psd", &non_finite, || linop!(psd({ A * 1e3 })).exp());
    t.refuses("overflow . pow", &non_finite, || linop!(psd(diag([1e200]))).pow(2.0));
    t.refuses("overflow . pow dense", &non_finite, || linop!(psd({ A * 1e200 })).pow(2.0));
    t.refuses("overflow . scaled pow", &non_finite, || linop!(1e200 * psd(A)).pow(2.0));
    t.refuses("overflow . inv diagonal", &non_finite, || linop!(diag([1e-310])).inv());
    t.refuses("overflow . inv identity", &non_finite, || ScaledIdentity::<f64, Dyn, _>::new(1e-310, 3).inv());
    t.refuses("overflow . try_apply", &non_finite, || linop!(diag([1e300])).try_apply(&[1e300]));
}

#[test]
fn arguments() {
    let mut t = Table::default();
    let (p2, p3) = (DMatrix::<f64>::identity(2, 2), DMatrix::<f64>::identity(3, 3));
    let meets = |e: &Error| matches!(e, Error::ShapeMismatch { left: (2, 2), right: (3, 3), .. });
    t.refuses("+", &meets, || try_linop!(&p2 + &p3));
    t.refuses("-", &meets, || try_linop!(&p2 - &p3));
    t.refuses("*", &meets, || try_linop!(&p2 * &p3));
    t.refuses("[,]", &meets, || try_linop!([&p2, &p3]));
    t.refuses("[;]", &meets, || try_linop!([&p2; &p3]));
    t.refuses("sum_of", &meets, || SumOf::try_new(vec![linop!(&p2), linop!(&p3)]));
    let invalid = |e: &Error| matches!(e, Error::InvalidArgument { .. });
    t.refuses("sum_of none", &invalid, || SumOf::try_new(Vec::<Dense<Matrix2<f64>>>::new()));
    t.refuses("slice", &invalid, || try_linop!({ &p2 }[0..3, 0..2]));
    t.refuses("slice list", &invalid, || try_linop!({ &p2 }[vec![0, 2], ..]));
    t.refuses("slice from", &invalid, || Sliced::try_new(linop!(&p2), 5.., ..));
    t.refuses("slice inclusive", &invalid, || Sliced::try_new(linop!(&p2), 0..=usize::MAX, ..));
    #[allow(clippy::reversed_empty_ranges)]
    t.right_or("slice reversed", &invalid, || Sliced::try_new(linop!(&p2), 2..1, ..).map(|s| s.nrows()), |&n| n == 0);
    let wide = DMatrix::<f64>::zeros(2, 3);
    t.refuses("principal of rectangular", &not_square, || Sliced::try_principal(linop!(&wide), 0..2));
    t.refuses("permutation twice", &invalid, || Permutation::<f64, _>::try_new([0, 0]));
    t.refuses("permutation outside", &invalid, || Permutation::<f64, _>::try_new(vec![0, 2]));
    t.refuses("permutation in try_linop", &invalid, || try_linop!(permutation(vec![1, 1]) * &p2));
    t.refuses("diagonal_k", &invalid, || linop!(&p2).diagonal_k(2));
    t.refuses("diagonal_k min", &invalid, || linop!(&p2).diagonal_k(isize::MIN));
    t.refuses("diagonal_k max", &invalid, || linop!(&p2).diagonal_k(isize::MAX));
    t.right("diagonal_k", || Ok(linop!(&wide).diagonal_k(2)?.len()), |&n| n == 1);
    for p in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        t.refuses("pow of dense", &non_finite, || linop!(psd(A)).pow(p));
        t.refuses("pow of dynamic", &non_finite, || linop!(psd(&p2)).pow(p));
        t.refuses("pow of diagonal", &non_finite, || linop!(psd(diag([1.0, 2.0]))).pow(p));
        t.refuses("pow of identity", &non_finite, || Identity::<f64, Dyn>::new(2).pow(p));
        t.refuses("pow of scaled identity", &non_finite, || ScaledIdentity::<f64, Dyn, _>::new(2.0, 2).pow(p));
        t.refuses("pow of kron", &non_finite, || linop!(kron(psd(A), psd(diag([1.0])))).pow(p));
        t.refuses("pow of lower", &non_finite, || linop!(triangular_lower(A)).pow(p));
        t.refuses("pow of function", &non_finite, || known(p2.clone()).pow(p));
        t.refuses("pow by Schur", &non_finite, || linop!(&p2).pow_with(p, Schur));
    }
    t.refuses("map_spectrum to NaN", &non_finite, || linop!(psd(A)).map_spectrum(|_| f64::NAN));
    t.refuses("map_spectrum to inf", &non_finite, || linop!(psd(&p2)).map_spectrum(|x| 1.0 / (x - x)));
    let ks = [linop!(psd({ dynamic(A) })), linop!(psd({ p3.clone() }))];
    let four_nine = |e: &Error| matches!(e, Error::ShapeMismatch { left: (4, 1), right: (9, 1), .. });
    t.refuses("stack", &four_nine, || stack(ks.clone()));
    t.refuses("zip_map_leaves", &four_nine, || ks[0].zip_map_leaves(&ks[1], |a, b| a + b));
    t.refuses(
        "zip_map_leaves of other trees",
        &|e| matches!(e, Error::ShapeMismatch { .. } | Error::InvalidArgument { .. }),
        || ks[0].zip_map_leaves(&linop!(kron(psd(A), diag([1.0]))), |a, b| a + b),
    );
    let count = |e: &Error| matches!(e, Error::ShapeMismatch { left: (4, 1), right: (5, 1), .. });
    t.refuses("unflatten", &count, || ks[0].unflatten(&[1.0; 5]));
    t.refuses("unflatten_as", &count, || ks[0].unflatten_as::<f32>(&[1.0; 5]));
    // the same numbers in another shape are another shape
    let (tall, long) = (linop!({ DMatrix::<f64>::zeros(4, 2) }), linop!({ DMatrix::<f64>::zeros(2, 4) }));
    t.refuses("stack of 4x2 and 2x4", &|e| matches!(e, Error::ShapeMismatch { .. }), || {
        stack([tall.clone(), long.clone()])
    });
    t.refuses("zip of 4x2 and 2x4", &|e| matches!(e, Error::ShapeMismatch { .. }), || {
        tall.zip_map_leaves(&long, |a, _| a)
    });
}

/// The only panics: sizes that do not match where nothing can be returned, with both shapes and the operation, and data that make no
/// operator.
#[test]
fn panics_name_shapes_and_operation() {
    fn says<R>(words: &[&str], f: impl FnOnce() -> R) {
        let panic = catch_unwind(AssertUnwindSafe(f)).err().unwrap_or_else(|| panic!("{words:?}: no panic"));
        let text =
            panic.downcast_ref::<String>().cloned().or(panic.downcast_ref::<&str>().map(|s| s.to_string())).unwrap();
        assert!(words.iter().all(|w| text.contains(w)), "{words:?} are not all in: {text}");
    }
    let (p, q) = (DMatrix::<f64>::zeros(2, 2), DMatrix::<f64>::zeros(3, 3));
    says(&["A + B", "2x2", "3x3"], || linop!(&p + &q));
    says(&["2x2", "3x3"], || linop!(&p - &q));
    says(&["A * B", "2x2", "3x3"], || linop!(&p * &q));
    says(&["[A, B]", "2x2", "3x3"], || linop!([&p, &q]));
    says(&["[A; B]", "2x2", "3x3"], || linop!([&p; &q]));
    says(&["A + B", "2x2", "3x3"], || (linop!(&p) + linop!(&q)).nrows());
    says(&["A * B", "2x2", "3x3"], || (linop!(&p) * linop!(&q)).nrows());
    let (a, x) = (linop!(&p), DVector::<f64>::zeros(3));
    says(&["apply", "2x2", "3x1"], || a.apply(&x));
    says(&["apply", "2x2", "3x1"], || a * &x);
    says(&["apply_adjoint", "2x2", "3x1"], || a.apply_adjoint(&x));
    says(&["apply_transpose", "2x2", "3x1"], || a.apply_transpose(&x));
    says(&["apply_into", "2 x 2"], || {
        let mut y = DVector::<f64>::zeros(3);
        a.apply_into(&DVector::<f64>::zeros(2), &mut y, &mut [])
    });
    says(&["apply", "2", "3"], || linop!({ DMatrix::<f64>::zeros(3, 2) }).apply(&vector![1.0, 2.0]));
    says(&["slice", "index 4", "0..2"], || linop!({ &p }[0..5, 0..2]));
    says(&["slice", "index 2", "0..2"], || linop!({ &p }[vec![0, 2], ..]));
    says(&["slice", "index 7", "0..2"], || linop!(&p).slice(.., vec![7]).ncols());
    says(&["slice", "index 2", "0..2"], || linop!(&p).principal(vec![2]).ncols());
    says(&["permutation", "0 is repeated"], || linop!(permutation(vec![0, 0]) * &p));
    says(&["permutation", "2 is", "0..2"], || linop!(permutation(vec![2, 0]) * &p));
    says(&["permutation", "2 is", "0..2"], || Permutation::<f64, _>::new(vec![2, 0]).nrows());
    // the same, returned
    let invalid = |e: &Error| matches!(e, Error::InvalidArgument { .. });
    let mut t = Table::default();
    t.refuses("slice by a list", &invalid, || try_linop!({ &p }[vec![0, 2], ..]));
    t.refuses("principal by a list", &invalid, || Sliced::try_principal(linop!(&p), vec![2]));
    t.refuses("permutation outside", &invalid, || try_linop!(permutation(vec![2, 0]) * &p));
    t.refuses("householder of zero", &invalid, || try_linop!(householder(vec![0.0; 2]) * &p));
    t.refuses("diagonals of wrong lengths", &invalid, || try_linop!(tridiag(vec![1.0], vec![1.0], vec![1.0]) * &p));
    says(&["A^n"], || Powi::<_, 2>::new(DMatrix::<f64>::zeros(2, 3)));
}
