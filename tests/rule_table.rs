//! Structure x function: every cell is compared with a dense matrix made independently, the plan of every cell with the promise written
//! here, and the whole with the table in README.md (`BLESS=1 cargo test --test rule_table` rewrites it).
//!
//! One row is one line of `market!`: the operator, its matrix by definition, the functions that it has (all others must not compile,
//! and the plan says so), and the promised rules: solve | slogdet | trace, diagonal | eigh | f(A) | cholesky, lu.

use cola::functions::base::DENSE_LIMIT;
use cola::functions::{DiagonalRule, Exp, HasCholesky, HasDet, HasEigh, HasExp, HasLog, HasLu, Inv, Log, Pow};
use cola::plan::Question as Q;
use cola::prelude::*;
use cola::*;
use nalgebra::{DMatrix, SMatrix};
use nalgebra_sparse::{CscMatrix, CsrMatrix};

type C = Complex<f64>;
/// The matrix of one lane: every reference is computed in complex doubles.
type Ref = DMatrix<C>;

// ---- numbers -------------------------------------------------------------------------------------------------------------------

trait Number: Scalar {
    const EPS: f64;
    /// Lane by lane; real numbers take the real part.
    fn make(f: impl Fn(usize) -> C) -> Self;
}
macro_rules! number {
    ($($T:ty, $eps:expr, |$f:ident| $make:expr;)*) => { $(
        impl Number for $T {
            const EPS: f64 = $eps;
            fn make($f: impl Fn(usize) -> C) -> Self {
                $make
            }
        }
    )* };
}
number! {
    f32, f32::EPSILON as f64, |f| f(0).re as f32;
    f64, f64::EPSILON, |f| f(0).re;
    C, f64::EPSILON, |f| f(0);
    Lanes<f64, 4>, f64::EPSILON, |f| Self::from_lanes(|lane| f(lane).re);
}
fn read<T: Scalar>(x: T, lane: usize) -> C {
    C::new(x.re().lane_f64(lane), x.im().lane_f64(lane))
}
/// One lane of a matrix.
fn lane<T: Scalar>(m: &DMatrix<T>, l: usize) -> Ref {
    m.map(|x| read(x, l))
}
/// Numbers of T from a matrix per lane.
fn data<T: Number>(f: impl Fn(usize) -> Ref) -> DMatrix<T> {
    let lanes: Vec<Ref> = (0..T::LANES).map(f).collect();
    DMatrix::from_fn(lanes[0].nrows(), lanes[0].ncols(), |i, j| T::make(|l| lanes[l][(i, j)]))
}
/// In [-1, 1], the same on every machine.
fn noise(seed: usize, i: usize, j: usize) -> f64 {
    let x = (seed * 7919 + i * 104_729 + j * 1_299_709 + 12_345) as u64;
    let x = (x ^ x >> 7).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (x >> 11) as f64 / (1u64 << 52) as f64 - 1.0
}
fn general(m: usize, n: usize, seed: usize) -> impl Fn(usize) -> Ref {
    move |l| {
        let at = |i, j| C::new(noise(seed + 50 * l, i, j), noise(seed + 50 * l + 25, i, j));
        DMatrix::from_fn(m, n, |i, j| {
            at(i, j) + if i == j { C::new(if i % 2 == 0 { 2.0 } else { -2.0 }, 0.0) } else { C::default() }
        })
    }
}
fn hermitian(n: usize, seed: usize) -> impl Fn(usize) -> Ref {
    move |l| {
        let g = general(n, n, seed)(l);
        &g + g.adjoint()
    }
}
fn psd(n: usize, seed: usize) -> impl Fn(usize) -> Ref {
    move |l| {
        let g = general(n, n, seed)(l);
        &g * g.adjoint() + Ref::identity(n, n)
    }
}

// ---- definitions ---------------------------------------------------------------------------------------------------------------

fn kron(a: &Ref, b: &Ref) -> Ref {
    let (m, n) = b.shape();
    DMatrix::from_fn(a.nrows() * m, a.ncols() * n, |i, j| a[(i / m, j / n)] * b[(i % m, j % n)])
}
fn block(a: &Ref, b: &Ref) -> Ref {
    let (m, n) = a.shape();
    DMatrix::from_fn(m + b.nrows(), n + b.ncols(), |i, j| match (i < m, j < n) {
        (true, true) => a[(i, j)],
        (false, false) => b[(i - m, j - n)],
        _ => C::default(),
    })
}
fn diag(d: &Ref) -> Ref {
    DMatrix::from_fn(d.nrows(), d.nrows(), |i, j| if i == j { d[(i, 0)] } else { C::default() })
}
fn times(a: &Ref, b: &Ref) -> Ref {
    DMatrix::from_fn(a.nrows(), b.ncols(), |i, j| (0..a.ncols()).map(|k| a[(i, k)] * b[(k, j)]).sum())
}
fn power(a: &Ref, n: usize) -> Ref {
    (0..n).fold(Ref::identity(a.nrows(), a.nrows()), |p, _| times(&p, a))
}
fn inverse(a: &Ref) -> Ref {
    a.clone().lu().try_inverse().expect("the references are regular")
}
fn is_hermitian(a: &Ref) -> bool {
    (a - a.adjoint()).norm() <= 1e-6 * a.norm()
}
/// f of a Hermitian matrix by nalgebra's eigenvalues.
fn spectral(a: &Ref, f: impl Fn(f64) -> f64) -> Ref {
    let e = ((a + a.adjoint()) * C::from(0.5)).symmetric_eigen();
    let w = e.eigenvalues.map(|w| C::from(f(w)));
    &e.eigenvectors * DMatrix::from_diagonal(&w) * e.eigenvectors.adjoint()
}
/// e^A by the series of e^(A/16), squared four times.
fn exponential(a: &Ref) -> Ref {
    let small = a * C::from(1.0 / 16.0);
    let (mut sum, mut term) = (Ref::identity(a.nrows(), a.nrows()), Ref::identity(a.nrows(), a.nrows()));
    for k in 1..30 {
        term = times(&term, &small) * C::from(1.0 / k as f64);
        sum += &term;
    }
    (0..4).fold(sum, |s, _| times(&s, &s))
}

// ---- one cell ------------------------------------------------------------------------------------------------------------------

/// What a row is measured against: a matrix per lane and a tolerance. Generic over the number alone, so that the many operator types
/// cost little to compile.
struct Check {
    r: Vec<Ref>,
    tol: f64,
    /// f(A) with a branch cut on the negative axis must fail.
    negative: bool,
}
impl Check {
    /// `real`: a Hermitian matrix has no complex roots, because numbers are real or it was promised self-adjoint.
    fn new(eps: f64, real: bool, r: Vec<Ref>) -> Self {
        let cond = |r: &Ref| {
            let s = r.clone().svd(false, false).singular_values;
            s.max() / s.min()
        };
        let cond = r.iter().map(cond).fold(1.0, f64::max);
        assert!(cond < 2e3, "a reference of condition {cond:.1e} tests nothing");
        let negative = real && r.iter().any(|r| is_hermitian(r) && r.clone().symmetric_eigenvalues().min() < 0.0);
        Check { r, tol: 200.0 * eps * cond, negative }
    }
    fn near(&self, what: &str, l: usize, got: &Ref, want: &Ref) {
        let error = (got - want).norm() / want.norm().max(1.0);
        assert!(error <= self.tol, "{what}, lane {l}: error {error:.2e} > {:.2e}\n{got}\n{want}", self.tol);
    }
    fn same<T: Number>(&self, what: &str, got: &DMatrix<T>, want: &dyn Fn(&Ref) -> Ref) {
        for (l, r) in self.r.iter().enumerate() {
            self.near(what, l, &lane(got, l), &want(r))
        }
    }
    fn solutions<T: Number>(&self, b: &DMatrix<T>, x: &DMatrix<T>, also: &DMatrix<T>, inv: &DMatrix<T>) {
        for (l, r) in self.r.iter().enumerate() {
            let want = r.clone().lu().solve(&lane(b, l)).unwrap();
            self.near("solve", l, &lane(x, l), &want);
            self.near("inv", l, &lane(also, l), &want);
            self.near("inv", l, &lane(inv, l), &inverse(r));
        }
    }
    fn determinant<T: Number>(&self, (sign, log): (T, T::Re)) {
        for (l, r) in self.r.iter().enumerate() {
            let d = r.clone().lu().determinant();
            assert!((read(sign, l) - d / C::from(d.norm())).norm() <= self.tol, "sign {sign:?} of {d}");
            assert!((log.lane_f64(l) - d.norm().ln()).abs() <= self.tol * r.nrows() as f64, "log {log:?} of {d}");
        }
    }
    fn diagonal<T: Number>(&self, k: isize, d: &[T], trace: T) {
        let (row, col) = ((-k).max(0) as usize, k.max(0) as usize);
        for (l, r) in self.r.iter().enumerate() {
            let want = DMatrix::from_fn(d.len(), 1, |i, _| r[(row + i, col + i)]);
            self.near("diagonal", l, &DMatrix::from_fn(d.len(), 1, |i, _| read(d[i], l)), &want);
            assert!(k != 0 || (read(trace, l) - want.sum()).norm() <= self.tol * r.norm(), "trace {trace:?}");
        }
    }
    fn eigen<T: Number>(&self, a: &DMatrix<T>, v: &DMatrix<T>, w: &[T::Re]) {
        self.same("eigh", a, &Ref::clone);
        for (l, r) in self.r.iter().enumerate() {
            let v = lane(v, l);
            self.near("V^H V", l, &times(&v.adjoint(), &v), &Ref::identity(r.nrows(), r.nrows()));
            let mut w: Vec<f64> = w.iter().map(|w| w.lane_f64(l)).collect();
            assert!(T::LANES > 1 || w.is_sorted(), "{w:?}");
            let mut want: Vec<f64> = r.clone().symmetric_eigenvalues().iter().copied().collect();
            (w.sort_by(f64::total_cmp), want.sort_by(f64::total_cmp));
            let column = |w: &[f64]| DMatrix::from_fn(w.len(), 1, |i, _| C::from(w[i]));
            self.near("eigenvalues", l, &column(&w), &column(&want));
        }
    }
    /// Unless the eigenvalues are negative: then `None`, because the function failed as it must.
    fn principal<T>(&self, what: &str, got: Result<DMatrix<T>>) -> Option<DMatrix<T>> {
        match (self.negative, got) {
            (true, Err(Error::NegativeEigenvalue { .. } | Error::Lanes { .. })) => None,
            (false, Ok(got)) => Some(got),
            (_, got) => panic!("{what}: negative eigenvalues {}, the result {:?}", self.negative, got.err()),
        }
    }
    fn root<T: Number>(&self, what: &str, p: f64, got: Result<DMatrix<T>>) {
        let Some(got) = self.principal(what, got) else { return };
        for (l, r) in self.r.iter().enumerate() {
            let got = lane(&got, l);
            if is_hermitian(r) {
                self.near(what, l, &got, &spectral(r, |w| w.powf(p)));
                continue;
            }
            // by definition: its power is A's, its eigenvalues lie in the right half-plane
            let base = if p < 0.0 { inverse(r) } else { r.clone() };
            self.near(what, l, &power(&got, 10), &power(&base, (10.0 * p).abs().round() as usize));
            let eigenvalues = got.clone().schur().unpack().1.diagonal();
            assert!(p.abs() > 0.5 || eigenvalues.iter().all(|w| w.re > 0.0), "{what} is not principal: {eigenvalues}");
        }
    }
    fn logarithm<T: Number>(&self, got: Result<DMatrix<T>>) {
        let Some(got) = self.principal("log", got) else { return };
        for (l, r) in self.r.iter().enumerate() {
            match is_hermitian(r) {
                true => self.near("log", l, &lane(&got, l), &spectral(r, f64::ln)),
                false => self.near("log", l, &exponential(&lane(&got, l)), r),
            }
        }
    }
    fn cholesky<T: Number>(&self, f: &DMatrix<T>) {
        for (l, r) in self.r.iter().enumerate() {
            let f = lane(f, l);
            let lower =
                (0..f.nrows()).all(|i| f[(i, i)].re > 0.0 && (i + 1..f.nrows()).all(|j| f[(i, j)] == C::default()));
            assert!(lower, "L = {f}");
            self.near("cholesky", l, &times(&f, &f.adjoint()), r);
        }
    }
    fn lu<T: Number>(&self, plu: [DMatrix<T>; 3]) {
        for (l, r) in self.r.iter().enumerate() {
            let [p, lower, upper] = plu.each_ref().map(|m| lane(m, l));
            let n = r.nrows();
            let unit = |i: usize| lower[(i, i)] == C::from(1.0) && (i + 1..n).all(|j| lower[(i, j)] == C::default());
            assert!((0..n).all(|i| unit(i) && (0..i).all(|j| upper[(i, j)] == C::default())), "{lower}{upper}");
            assert!(times(&p, &p.transpose()) == Ref::identity(n, n), "P = {p}");
            self.near("lu", l, &times(&lower, &upper), &times(&p, r));
        }
    }
}
/// An operator and what it is measured against.
struct Case<'a, A: Operator> {
    a: &'a A,
    check: Check,
}
impl<'a, A: Operator<Scalar: Number>> Case<'a, A> {
    fn new(a: &'a A, matrix: &dyn Fn(usize) -> Ref) -> Self {
        let real = <<A::Scalar as Scalar>::IsReal as Fact>::KNOWN || <<A::Facts as Facts>::SelfAdjoint as Fact>::KNOWN;
        Case { a, check: Check::new(A::Scalar::EPS, real, (0..A::Scalar::LANES).map(matrix).collect()) }
    }
}
impl<A: LinearOperator<Scalar: Number> + Explain> Case<'_, A> {
    fn apply(&self) {
        self.check.same("apply", &self.a.to_dense(), &Ref::clone);
        self.check.same("adjoint", &self.a.adjoint().to_dense(), &|r| r.adjoint());
        self.check.same("transpose", &self.a.transpose().to_dense(), &|r| r.transpose());
    }
    fn solve(&self)
    where
        A: Solvable,
    {
        let b = data::<A::Scalar>(general(self.a.nrows(), 2, 99));
        let inv = self.a.inv().unwrap();
        self.check.solutions(&b, &self.a.solve(&b).unwrap(), &inv.apply(&b), &inv.to_dense());
        // the plan says what runs
        let base = core::any::type_name::<Inv<A>>().split('<').next().unwrap().ends_with("::BaseInverse");
        let plan = self.a.plan_of(Q::Solve);
        assert!(base <= plan.base, "the inverse is a base case, the plan says {plan}");
    }
    fn det(&self)
    where
        A: HasDet + Square,
    {
        self.check.determinant(self.a.slogdet().unwrap());
    }
    fn diag(&self)
    where
        A: DiagonalRule + Square,
    {
        let (n, trace) = (self.a.nrows() as isize, self.a.trace().unwrap());
        self.check.diagonal(0, &self.a.diagonal().unwrap(), trace);
        (1 - n..n).for_each(|k| self.check.diagonal(k, &self.a.diagonal_k(k).unwrap(), trace));
    }
    fn eigh(&self)
    where
        A: HasEigh<Basis: LinearOperator<Scalar = A::Scalar>> + Square,
    {
        let e = self.a.eigh().unwrap();
        self.check.eigen(&e.to_dense(), &e.eigenvectors().to_dense(), e.eigenvalues());
    }
    fn pow(&self)
    where
        A: Rootable,
    {
        let dense = |x: Result<Pow<A>>| x.map(|x| x.to_dense());
        self.check.root("sqrt", 0.5, dense(self.a.sqrt()));
        self.check.root("isqrt", -0.5, dense(self.a.isqrt()));
        self.check.root("pow 0.3", 0.3, dense(self.a.pow(0.3)));
        self.check.root("pow -1.7", -1.7, dense(self.a.pow(-1.7)));
        self.check.same("pow 3", &dense(self.a.pow(3.0)).unwrap(), &|r| power(r, 3));
    }
    fn exp(&self)
    where
        A: HasExp + Square,
        Exp<A>: LinearOperator<Scalar = A::Scalar>,
    {
        let f = |r: &Ref| if is_hermitian(r) { spectral(r, f64::exp) } else { exponential(r) };
        self.check.same("exp", &self.a.exp().unwrap().to_dense(), &f);
    }
    fn log(&self)
    where
        A: HasLog + Square,
        Log<A>: LinearOperator<Scalar = A::Scalar>,
    {
        self.check.logarithm(self.a.log().map(|x| x.to_dense()));
    }
    fn chol(&self)
    where
        A: HasCholesky<Factor: LinearOperator<Scalar = A::Scalar>> + Square,
        <A::Facts as Facts>::Psd: PsdOf<A>,
    {
        self.check.cholesky(&self.a.cholesky().unwrap().to_dense());
    }
    fn lu(&self)
    where
        A: HasLu<
                P: LinearOperator<Scalar = A::Scalar>,
                L: LinearOperator<Scalar = A::Scalar>,
                U: LinearOperator<Scalar = A::Scalar>,
            >,
        A: Square,
    {
        let f = self.a.lu();
        if self.a.plan_of(Q::Lu).refused {
            return assert!(A::Scalar::LANES > 1 && f.is_err(), "lu is there, the plan says no");
        }
        let f = f.unwrap();
        self.check.lu([f.p.to_dense(), f.l.to_dense(), f.u.to_dense()]);
    }
}
trait PlanOf: Explain {
    fn plan_of(&self, q: Q) -> Plan {
        self.explain().plan(q).clone()
    }
}
impl<A: Explain> PlanOf for A {}

// ---- the table -----------------------------------------------------------------------------------------------------------------

const COLUMNS: [(&str, &[Q]); 6] = [
    ("solve", &[Q::Solve]),
    ("slogdet", &[Q::Slogdet]),
    ("trace, diagonal", &[Q::Trace, Q::Diagonal]),
    ("eigh", &[Q::Eigh]),
    ("sqrt, pow; exp; log", &[Q::Power, Q::Exp, Q::Log]),
    ("cholesky; lu", &[Q::Cholesky, Q::Lu]),
];
const FUNCTIONS: [(&str, &[Q]); 9] = [
    ("solve", &[Q::Solve]),
    ("det", &[Q::Slogdet]),
    ("diag", &[Q::Trace, Q::Diagonal]),
    ("eigh", &[Q::Eigh]),
    ("pow", &[Q::Power]),
    ("exp", &[Q::Exp]),
    ("log", &[Q::Log]),
    ("chol", &[Q::Cholesky]),
    ("lu", &[Q::Lu]),
];
/// The words of the six columns.
type Cells = [&'static str; 6];
const BASE: Cells = [
    "base: LU with partial pivoting",
    "base: from LU with partial pivoting",
    "base: read off n applications",
    "-",
    "-; base: scaling and squaring with Padé; -",
    "-; base: LU with partial pivoting",
];
const BASE_PSD: Cells = [
    "base: LDL^H",
    "base: from LDL^H",
    "base: read off n applications",
    "base: Hermitian eigh of the dense matrix",
    "base: by the eigen-decomposition",
    "base: Cholesky; base: LU with partial pivoting",
];
const DENSE: Cells = [
    "LU with partial pivoting",
    "from LU with partial pivoting",
    "read off",
    "-",
    "-; scaling and squaring with Padé; -",
    "-; LU with partial pivoting",
];
const DENSE_PSD: Cells = [
    "LDL^H",
    "from LDL^H",
    "read off",
    "Hermitian eigh of the dense matrix",
    "by the eigen-decomposition",
    "Cholesky; LU with partial pivoting",
];
const DIAGONAL: Cells =
    ["elementwise", "sum of logarithms", "read off", "the entries, V = I", "elementwise", "elementwise; itself"];
/// A row that differs from another in some cells.
fn but<const N: usize>(mut cells: Cells, other: [(usize, &'static str); N]) -> Cells {
    other.iter().for_each(|(i, words)| cells[*i] = words);
    cells
}
/// A row's explanation and the kind of its instance.
struct Row<'a> {
    name: &'a str,
    explanation: Explanation,
    lanes: bool,
    fixed: bool,
}
impl<'a> Row<'a> {
    fn of<A: Explain>(name: &'a str, a: &A) -> Self {
        Row { name, explanation: a.explain(), lanes: A::Scalar::LANES > 1, fixed: A::SHAPE.rows.is_static() }
    }
    /// What does not compile; the LU factors of lanes do, and fail when they run.
    fn refused(&self, q: Q) -> bool {
        let plan = self.explanation.plan(q);
        plan.refused && !plan.rule.contains("lanes")
    }
    /// The words of a cell: a base case is `base: ..`, a function that does not compile `-`.
    fn cell(&self, questions: &[Q]) -> String {
        let word = |&q: &Q| match (self.refused(q), self.explanation.plan(q)) {
            (true, _) => "-".to_string(),
            (_, plan) if plan.base => format!("base: {}", plan.rule.trim_start_matches("made dense: ")),
            (_, plan) => plan.rule.to_string(),
        };
        let mut words: Vec<String> = questions.iter().map(word).collect();
        words.dedup();
        words.join("; ")
    }
}
#[derive(Default)]
struct Table {
    rows: Vec<(String, Vec<String>)>,
    failed: Vec<String>,
}
impl Table {
    /// All rows are tried, all failures reported.
    fn attempt(&mut self, row: &str, f: &mut dyn FnMut(&mut Table)) {
        if let Err(e) = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| f(self))) {
            let text = e.downcast_ref::<String>().cloned().or(e.downcast_ref::<&str>().map(|s| s.to_string()));
            self.failed.push(format!("{row}: {}", text.unwrap_or_default()));
        }
    }
    fn finish(&self) {
        assert!(self.failed.is_empty(), "{} rows fail\n{}", self.failed.len(), self.failed.join("\n"));
    }
    fn row(&mut self, row: &Row, has: &[&str], promised: Cells) {
        for (f, questions) in FUNCTIONS {
            let planned = questions.iter().filter(|q| !row.refused(**q)).count();
            let want = if has.contains(&f) { questions.len() } else { 0 };
            assert_eq!(planned, want, "{f}: compiled and planned differ: {}", row.explanation);
        }
        let cells: Vec<String> = COLUMNS.iter().map(|c| row.cell(c.1)).collect();
        if !row.lanes && !row.fixed {
            assert_eq!(cells, promised, "the plan and the promise differ");
            self.rows.push((row.name.to_string(), cells));
            return;
        }
        // static and small, or in lanes, a self-adjoint matrix takes LU
        for ((cell, want), column) in cells.iter().zip(promised).zip(COLUMNS) {
            let want = want.replace("LDL^H with Bunch-Kaufman pivoting", "LU with partial pivoting");
            let lanes = row.lanes && column.0 == "cholesky; lu";
            assert!(lanes || *cell == want, "{}: promised {want}, plan {cell}", column.0);
        }
    }
    fn markdown(&mut self) -> String {
        self.rows.sort();
        let line = |first: &str, cells: &mut dyn Iterator<Item = &str>| {
            cells.fold(format!("| {first} |"), |s, c| s + " " + c + " |")
        };
        let mut lines =
            vec![line("", &mut COLUMNS.iter().map(|c| c.0)), line("---", &mut COLUMNS.iter().map(|_| "---"))];
        lines.extend(self.rows.iter().map(|(row, cells)| line(row, &mut cells.iter().map(|c| c.as_str()))));
        lines.join("\n")
    }
}
/// Each row is a function of its own: the compiler's work grows with the square of a function.
macro_rules! rows {
    ($t:ident, $samples:expr; $s:ident: $S:ty, $p:tt $of:tt;
        $($row:literal, $a:expr, $matrix:expr; $($f:ident)*; $promised:expr;)*) => {
        $( row!($t, $samples; $s: $S, $p $of; $row, $a, $matrix; $($f)*; $promised); )*
    };
}
macro_rules! row {
    ($t:ident, $samples:expr; $s:ident: $S:ty, [$($p:tt)*] [$($of:tt)*];
        $row:literal, $a:expr, $matrix:expr; $($f:ident)*; $promised:expr) => { {
        fn row<$($p)*>($s: &$S, t: &mut Table) {
            let _ = $s;
            let operator = $a;
            let case = Case::new(&operator, &$matrix);
            case.apply();
            $( case.$f(); )*
            t.row(&Row::of($row, &operator), &[$(stringify!($f)),*], $promised);
        }
        $t.attempt($row, &mut |t| row$($of)*($samples, t));
    } };
}
/// What the operators are made of: one matrix per lane.
struct Samples<T> {
    g2: DMatrix<T>,
    g3: DMatrix<T>,
    g5: DMatrix<T>,
    h3: DMatrix<T>,
    p2: DMatrix<T>,
    p3: DMatrix<T>,
    p5: DMatrix<T>,
    w: DMatrix<T>,
    tall: DMatrix<T>,
    a31: DMatrix<T>,
    a32: DMatrix<T>,
    a13: DMatrix<T>,
    a23: DMatrix<T>,
    d: DMatrix<T>,
    /// Positive: a diagonal with roots.
    plus: DMatrix<T>,
    /// A triangle with principal roots.
    tri: DMatrix<T>,
    /// Unitary.
    q: DMatrix<T>,
    c: T,
}
const ORDER: [usize; 3] = [2, 0, 1];
fn permutation(_: usize) -> Ref {
    DMatrix::from_fn(3, 3, |i, j| C::from((ORDER[i] == j) as u8 as f64))
}
impl<T: Number> Samples<T> {
    fn new() -> Self {
        let g3 = data::<T>(general(3, 3, 2));
        Samples {
            g2: data(general(2, 2, 1)),
            g5: data(general(5, 5, 3)),
            h3: data(hermitian(3, 4)),
            p2: data(psd(2, 5)),
            p3: data(psd(3, 6)),
            p5: data(psd(5, 9)),
            w: data(general(3, 5, 7)),
            tall: data(general(5, 3, 8)),
            a31: g3.columns(0, 1).into_owned(),
            a32: g3.columns(1, 2).into_owned(),
            a13: g3.rows(0, 1).into_owned(),
            a23: g3.rows(1, 2).into_owned(),
            g3,
            d: data(general(3, 1, 10)),
            plus: data(|l| general(3, 1, 11)(l).map(|x| C::from(1.0 + x.re.abs()))),
            tri: data(|l| general(3, 3, 12)(l) + Ref::identity(3, 3) * C::from(4.0)),
            q: data(|l| lane(&data::<T>(general(3, 3, 13)), l).qr().q()),
            c: T::make(|l| C::new(1.5 + l as f64, 0.0)),
        }
    }
    fn lower(&self, l: usize) -> Ref {
        lane(&self.tri, l).lower_triangle()
    }
    fn upper(&self, l: usize) -> Ref {
        lane(&self.tri, l).upper_triangle()
    }
    fn sum_p(&self, l: usize) -> Ref {
        lane(&self.p3, l) + diag(&lane(&self.plus, l))
    }
    fn prod(&self, l: usize) -> Ref {
        times(&lane(&self.g3, l), &lane(&self.tri, l))
    }
    fn kron_p(&self, l: usize) -> Ref {
        kron(&lane(&self.p2, l), &diag(&lane(&self.plus, l)))
    }
}
/// The structures. `$mat` and `$vec` say where numbers lie.
macro_rules! structures {
    ($name:ident, $mat:ident, $vec:ident, $indices:ident, $space:ident) => {
        fn $name<T: Number>(t: &mut Table) {
            let samples = Samples::<T>::new();
            rows! { t, &samples; s: Samples<T>, [T: Number] [::<T>];
                "Dense", Dense::new($mat!(s.g3, 3, 3)), |l| lane(&s.g3, l);
                    solve det diag exp lu;
                    DENSE;
                "Dense, self-adjoint", SelfAdjoint::new($mat!(s.h3, 3, 3)), |l| lane(&s.h3, l);
                    solve det diag eigh pow exp log lu;
                    but(DENSE_PSD, [
                        (0, "LDL^H with Bunch-Kaufman pivoting"), (1, "from LDL^H with Bunch-Kaufman pivoting"),
                        (5, "-; LU with partial pivoting"),
                    ]);
                "Dense, PSD", Psd::new($mat!(s.p3, 3, 3)), |l| lane(&s.p3, l);
                    solve det diag eigh pow exp log chol lu;
                    DENSE_PSD;
                "Dense, unitary", Unitary::new($mat!(s.q, 3, 3)), |l| lane(&s.q, l);
                    solve det diag exp lu;
                    but(DENSE, [(0, "U^H, an application")]);
                "Diagonal, PSD", Psd::new(Diagonal::new($vec!(s.plus, 3))), |l| diag(&lane(&s.plus, l));
                    solve det diag eigh pow exp log chol lu;
                    DIAGONAL;
                "Identity", Identity::<T, $space!(3)>::of_size(3), |_| Ref::identity(3, 3);
                    solve det diag eigh pow exp log chol lu;
                    ["closed"; 6];
                "c I, c >= 0", ScaledIdentity::<T, $space!(3), NonNegative>::of_size(s.c, 3),
                    |l| Ref::identity(3, 3) * read(s.c, l);
                    solve det diag eigh pow exp log chol lu;
                    ["closed"; 6];
                "Triangular, lower", Triangular::lower($mat!(s.tri, 3, 3)), |l| s.lower(l);
                    solve det diag pow exp log lu;
                    [
                        "substitution", "product of the diagonal", "read off", "-",
                        "Björck-Hammarling recurrence; pow by inverse scaling and squaring; scaling and squaring of the triangle; inverse scaling and squaring of the triangle",
                        "-; base: LU with partial pivoting",
                    ];
                "Triangular, upper", Triangular::upper($mat!(s.tri, 3, 3)), |l| s.upper(l);
                    solve det diag pow exp log lu;
                    [
                        "substitution", "product of the diagonal", "read off", "-",
                        "Björck-Hammarling recurrence; pow by inverse scaling and squaring; scaling and squaring of the triangle; inverse scaling and squaring of the triangle",
                        "-; itself",
                    ];
                "Permutation", Permutation::<T, _>::new($indices!(ORDER)), |l| permutation(l);
                    solve det diag pow exp log lu;
                    [
                        "inverse permutation", "parity of the cycles", "fixed points", "-",
                        "circulants on the cycles", "-; itself",
                    ];
                "Kron", Kron::new($mat!(s.g2, 2, 2), $mat!(s.g3, 3, 3)), |l| kron(&lane(&s.g2, l), &lane(&s.g3, l));
                    solve det diag lu;
                    [
                        "factor by factor", "powers n/n_i of the determinants",
                        "product of the traces; kron of the diagonals", "-", "-", "-; factor by factor",
                    ];
                "Kron, PSD factors", Kron::new(Psd::new($mat!(s.p2, 2, 2)), Psd::new(Diagonal::new($vec!(s.plus, 3)))),
                    |l| s.kron_p(l);
                    solve det diag eigh pow exp log chol lu;
                    [
                        "factor by factor", "powers n/n_i of the determinants",
                        "product of the traces; kron of the diagonals", "factor by factor",
                        "factor by factor; by the eigen-decomposition", "factor by factor",
                    ];
                "BlockDiag", BlockDiag::new($mat!(s.g2, 2, 2), $mat!(s.g3, 3, 3)),
                    |l| block(&lane(&s.g2, l), &lane(&s.g3, l));
                    solve det diag exp lu;
                    ["blockwise", "blockwise", "blockwise", "-", "-; blockwise; -", "-; blockwise"];
                "BlockDiag, PSD blocks", BlockDiag::new(Psd::new($mat!(s.p2, 2, 2)), Psd::new($mat!(s.p3, 3, 3))),
                    |l| block(&lane(&s.p2, l), &lane(&s.p3, l));
                    solve det diag eigh pow exp log chol lu;
                    ["blockwise"; 6];
                "Repeat, PSD block", Repeat::<_, 2>::new(Psd::new($mat!(s.p3, 3, 3))),
                    |l| block(&lane(&s.p3, l), &lane(&s.p3, l));
                    solve det diag eigh pow exp log chol lu;
                    ["blockwise, one block for all"; 6];
                "Product, square factors", Product::new($mat!(s.g3, 3, 3), $mat!(s.tri, 3, 3)), |l| s.prod(l);
                    solve det diag exp lu;
                    but(BASE, [(0, "factor by factor, reversed"), (1, "product of the determinants")]);
                "Gram X X^H", Gram::<_, ByAdjoint>::new($mat!(s.w, 3, 5)),
                    |l| times(&lane(&s.w, l), &lane(&s.w, l).adjoint());
                    solve det diag eigh pow exp log chol lu;
                    BASE_PSD;
                "Sum", Sum::new($mat!(s.g3, 3, 3), Diagonal::new($vec!(s.d, 3))),
                    |l| lane(&s.g3, l) + diag(&lane(&s.d, l));
                    solve det diag exp lu;
                    but(BASE, [(2, "sum of the traces; sum of the diagonals")]);
                "Sum, PSD", Sum::new(Psd::new($mat!(s.p3, 3, 3)), Psd::new(Diagonal::new($vec!(s.plus, 3)))),
                    |l| s.sum_p(l);
                    solve det diag eigh pow exp log chol lu;
                    but(BASE_PSD, [(2, "sum of the traces; sum of the diagonals")]);
                "Powi", Powi::<_, 2>::new($mat!(s.tri, 3, 3)), |l| power(&lane(&s.tri, l), 2);
                    solve det diag exp lu;
                    but(BASE, [(0, "N solves with the base"), (1, "N times that of the base")]);
                "Scaled", Scaled::new(s.c, $mat!(s.g3, 3, 3)), |l| lane(&s.g3, l) * read(s.c, l);
                    solve det diag lu;
                    ["1/c times", "c^n times", "c times", "-", "-", "-; c times"];
                "Scaled, c >= 0, PSD", Scaled::<_, _, NonNegative>::signed(s.c, Psd::new($mat!(s.p3, 3, 3))),
                    |l| lane(&s.p3, l) * read(s.c, l);
                    solve det diag eigh pow exp log chol lu;
                    [
                        "1/c times", "c^n times", "c times", "c w", "c^p times; by the eigen-decomposition",
                        "sqrt(c) times; c times",
                    ];
                "Sliced, principal, PSD",
                    Sliced::try_principal(Psd::new($mat!(s.p5, 5, 5)), $indices!([4usize, 0, 2])).unwrap(),
                    |l| DMatrix::from_fn(3, 3, |i, j| lane(&s.p5, l)[([4, 0, 2][i], [4, 0, 2][j])]);
                    solve det diag eigh pow exp log chol lu;
                    BASE_PSD;
                "HStack", HStack::new($mat!(s.a31, 3, 1), $mat!(s.a32, 3, 2)), |l| lane(&s.g3, l);
                    solve det diag exp lu;
                    BASE;
                "Transpose", Transpose::new($mat!(s.g3, 3, 3)), |l| lane(&s.g3, l).transpose();
                    solve det diag exp lu;
                    [
                        "transpose of", "transpose of", "transpose of", "-", "-; transpose of; -",
                        "-; base: LU with partial pivoting",
                    ];
                "Transpose, PSD", Transpose::new(Psd::new($mat!(s.p3, 3, 3))), |l| lane(&s.p3, l).transpose();
                    solve det diag eigh pow exp log chol lu;
                    [
                        "transpose of", "transpose of", "transpose of", "transpose of", "transpose of",
                        "transpose of; base: LU with partial pivoting",
                    ];
                "Function", function(&s.g3).fixed::<$space!(3), $space!(3)>(), |l| lane(&s.g3, l);
                    solve det diag exp lu;
                    BASE;
                "Spectral (sqrt of Dense, PSD)", Psd::new($mat!(s.p3, 3, 3)).sqrt().unwrap(),
                    |l| spectral(&lane(&s.p3, l), f64::sqrt);
                    solve det diag eigh pow exp log chol lu;
                    [
                        "elementwise on the eigenvalues", "from the eigenvalues", "base: read off n applications",
                        "itself", "elementwise on the eigenvalues", "base: Cholesky; base: LU with partial pivoting",
                    ];
            }
        }
    };
}
/// Other facts of the same structures, and what functions return.
macro_rules! variants {
    ($name:ident, $mat:ident, $vec:ident, $indices:ident, $space:ident) => {
        fn $name<T: Number>(t: &mut Table) {
            let samples = Samples::<T>::new();
            rows! { t, &samples; s: Samples<T>, [T: Number] [::<T>];
                "Dense, isometric", Isometric::new($mat!(s.q, 3, 3)), |l| lane(&s.q, l);
                    solve det diag exp lu;
                    DENSE;
                "&A (of Dense, PSD)", &Psd::new($mat!(s.p3, 3, 3)), |l| lane(&s.p3, l);
                    solve det diag eigh pow exp log chol lu;
                    DENSE_PSD;
                "Diagonal, self-adjoint", SelfAdjoint::new(Diagonal::new($vec!(s.plus, 3))),
                    |l| diag(&lane(&s.plus, l));
                    solve det diag eigh pow exp log lu;
                    but(DIAGONAL, [(5, "-; itself")]);
                "Kron, promised PSD",
                    Psd::new(Kron::new(Psd::new($mat!(s.p2, 2, 2)), Psd::new(Diagonal::new($vec!(s.plus, 3))))),
                    |l| s.kron_p(l);
                    solve det diag eigh pow exp log chol lu;
                    [
                        "factor by factor", "powers n/n_i of the determinants",
                        "product of the traces; kron of the diagonals", "factor by factor",
                        "factor by factor; by the eigen-decomposition", "factor by factor",
                    ];
                "Product, rectangular factors", Product::new($mat!(s.w, 3, 5), $mat!(s.tall, 5, 3)),
                    |l| times(&lane(&s.w, l), &lane(&s.tall, l));
                    solve det diag exp lu;
                    BASE;
                "SumOf, PSD", SumOf::new([Psd::new($mat!(s.p3, 3, 3)), Psd::new($mat!(s.p3, 3, 3))]),
                    |l| lane(&s.p3, l) * C::from(2.0);
                    solve det diag eigh pow exp log chol lu;
                    but(BASE_PSD, [(2, "sum of the diagonals")]);
                "Powi, PSD", Powi::<_, 2>::new(Psd::new($mat!(s.p2, 2, 2))), |l| power(&lane(&s.p2, l), 2);
                    solve det diag eigh pow exp log chol lu;
                    [
                        "N solves with the base", "N times that of the base", "base: read off n applications",
                        "w^N of the base",
                        "by the eigen-decomposition; base: by the eigen-decomposition; by the eigen-decomposition",
                        "base: Cholesky; base: LU with partial pivoting",
                    ];
                "Sliced", Sliced::try_new(Dense::new($mat!(s.g5, 5, 5)), Fixed::<0, 3>, Fixed::<0, 3>).unwrap(),
                    |l| lane(&s.g5, l).view((0, 0), (3, 3)).into_owned();
                    solve det diag exp lu;
                    BASE;
                "VStack", VStack::new($mat!(s.a13, 1, 3), $mat!(s.a23, 2, 3)), |l| lane(&s.g3, l);
                    solve det diag exp lu;
                    BASE;
                "Adjoint", Adjoint::new($mat!(s.g3, 3, 3)), |l| lane(&s.g3, l).adjoint();
                    solve det diag exp lu;
                    [
                        "adjoint of", "adjoint of", "adjoint of", "-", "-; adjoint of; -",
                        "-; base: LU with partial pivoting",
                    ];
                "Adjoint, PSD", Adjoint::new(Psd::new($mat!(s.p3, 3, 3))), |l| lane(&s.p3, l).adjoint();
                    solve det diag eigh pow exp log chol lu;
                    [
                        "adjoint of", "adjoint of", "adjoint of", "adjoint of", "adjoint of",
                        "adjoint of; base: LU with partial pivoting",
                    ];
                "Conj, PSD", Conj::new(Psd::new($mat!(s.p3, 3, 3))), |l| lane(&s.p3, l).conjugate();
                    solve det diag eigh pow exp log chol lu;
                    [
                        "conjugate of", "conjugate of", "conjugate of", "conjugate of", "conjugate of",
                        "conjugate of; base: LU with partial pivoting",
                    ];
                "Function, PSD", psd_function(&s.p3).fixed::<$space!(3), $space!(3)>(), |l| lane(&s.p3, l);
                    solve det diag eigh pow exp log chol lu;
                    BASE_PSD;
                "Factored (inverse of Dense)", Dense::new($mat!(s.g3, 3, 3)).inv().unwrap(),
                    |l| inverse(&lane(&s.g3, l));
                    solve det diag exp lu;
                    but(BASE, [(0, "undone: rebuilt from the factors"), (1, "from LU with partial pivoting")]);
                "Factored (inverse of Dense, PSD)", Psd::new($mat!(s.p3, 3, 3)).inv().unwrap(),
                    |l| inverse(&lane(&s.p3, l));
                    solve det diag eigh pow exp log chol lu;
                    but(BASE_PSD, [(0, "undone: rebuilt from the factors"), (1, "from LDL^H")]);
                "BaseInverse (inverse of Sum, PSD)",
                    Sum::new(Psd::new($mat!(s.p3, 3, 3)), Psd::new(Diagonal::new($vec!(s.plus, 3)))).inv().unwrap(),
                    |l| inverse(&s.sum_p(l));
                    solve det diag eigh pow exp log chol lu;
                    but(BASE_PSD, [(0, "undone: rebuilt from the factors"), (1, "from LDL^H")]);
                "Undone (and back)",
                    Sum::new(Psd::new($mat!(s.p3, 3, 3)), Psd::new(Diagonal::new($vec!(s.plus, 3)))).inv().unwrap().inv().unwrap(),
                    |l| s.sum_p(l);
                    solve det diag eigh pow exp log chol lu;
                    BASE_PSD;
                "ProductInverse", Product::new($mat!(s.g3, 3, 3), $mat!(s.tri, 3, 3)).inv().unwrap(),
                    |l| inverse(&s.prod(l));
                    solve det diag exp lu;
                    BASE;
                "TriangularInverse", Triangular::lower($mat!(s.tri, 3, 3)).inv().unwrap(), |l| inverse(&s.lower(l));
                    solve det diag exp lu;
                    but(BASE, [(0, "undone: the triangle"), (1, "product of the diagonal")]);
                "CycleFunction (exp of Permutation)", Permutation::<T, _>::new($indices!(ORDER)).exp().unwrap(),
                    |l| exponential(&permutation(l));
                    solve det diag exp lu;
                    BASE;
            }
        }
    };
}
macro_rules! static_mat {
    ($m:expr, $r:literal, $c:literal) => {
        SMatrix::<T, $r, $c>::from_fn(|i, j| $m[(i, j)])
    };
}
macro_rules! static_vec {
    ($m:expr, $r:literal) => {
        SMatrix::<T, $r, 1>::from_fn(|i, _| $m[(i, 0)])
    };
}
macro_rules! static_indices {
    ($x:expr) => {
        $x
    };
}
macro_rules! static_space {
    ($n:literal) => {
        Const<$n>
    };
}
macro_rules! dynamic_mat {
    ($m:expr, $r:literal, $c:literal) => {
        $m.clone()
    };
}
macro_rules! dynamic_vec {
    ($m:expr, $r:literal) => {
        $m.column(0).into_owned()
    };
}
macro_rules! dynamic_indices {
    ($x:expr) => {
        $x.to_vec()
    };
}
macro_rules! dynamic_space {
    ($n:literal) => {
        Dyn
    };
}
structures!(on_arrays, static_mat, static_vec, static_indices, static_space);
structures!(on_the_heap, dynamic_mat, dynamic_vec, dynamic_indices, dynamic_space);
variants!(variants_on_arrays, static_mat, static_vec, static_indices, static_space);
variants!(variants_on_the_heap, dynamic_mat, dynamic_vec, dynamic_indices, dynamic_space);

fn product<T: Scalar>(m: DMatrix<T>) -> impl Fn(&[T], &mut [T]) + Clone {
    move |x, y| (0..y.len()).for_each(|i| y[i] = (0..x.len()).fold(T::zero(), |s, j| s + m[(i, j)] * x[j]))
}
/// A matrix known by what it does.
fn function<T: Scalar>(
    m: &DMatrix<T>,
) -> Function<T, Dyn, Dyn, impl Fn(&[T], &mut [T]) + Clone, impl Fn(&[T], &mut [T]) + Clone, NoFacts> {
    let adjoint = DMatrix::from_fn(m.ncols(), m.nrows(), |i, j| m[(j, i)].conj());
    Function::new(m.nrows(), m.ncols(), product(m.clone()), product(adjoint))
}
fn psd_function<T: Scalar>(m: &DMatrix<T>) -> Function<T, Dyn, Dyn, impl Fn(&[T], &mut [T]) + Clone, Itself, PsdFacts> {
    Function::psd(m.nrows(), product(m.clone()))
}
/// Rows whose facts, or functions, depend on whether numbers are real.
macro_rules! by_scalar {
    ($name:ident, $T:ty; $($eigh:ident)*; $($chol:ident)*; $diagonal:expr; $powered:expr) => {
        fn $name(t: &mut Table) {
            type T = $T;
            let samples = Samples::<T>::new();
            rows! { t, &samples; s: Samples<T>, [] [];
                "Diagonal", Diagonal::new(s.d.column(0).into_owned()), |l| diag(&lane(&s.d, l));
                    solve det diag pow exp log lu $($eigh)*;
                    $diagonal;
                "WithFacts (exp of Diagonal)", Diagonal::new(s.d.column(0).into_owned()).exp().unwrap(),
                    |l| diag(&lane(&s.d, l).map(C::exp));
                    solve det diag pow exp log lu $($eigh)* $($chol)*;
                    $powered;
                "WithFacts (sqrt of Diagonal, PSD)", Psd::new(Diagonal::new(s.plus.column(0).into_owned())).sqrt().unwrap(),
                    |l| diag(&lane(&s.plus, l).map(C::sqrt));
                    solve det diag pow exp log lu $($eigh)* $($chol)*;
                    $powered;
                "Boxed, PSD", Psd::new(s.p3.clone()).boxed(), |l| lane(&s.p3, l);
                    solve det diag eigh pow exp log chol lu;
                    BASE_PSD;
                "Sparse", Sparse::new(CsrMatrix::from(&s.g3)), |l| lane(&s.g3, l);
                    solve det diag exp lu;
                    but(BASE, [
                        (0, "sparse LU, COLAMD order, partial pivoting"), (1, "from simplicial sparse LU"), (2, "read off")
                    ]);
                "Sparse, PSD", Psd::new(Sparse::new(CscMatrix::from(&s.p3))), |l| lane(&s.p3, l);
                    solve det diag eigh pow exp log chol lu;
                    but(BASE_PSD, [
                        (0, "sparse Cholesky, AMD order"), (1, "from sparse Cholesky"), (2, "read off")
                    ]);
                "SparseInverse", Sparse::new(CsrMatrix::from(&s.g3)).inv().unwrap(), |l| inverse(&lane(&s.g3, l));
                    solve det diag exp lu;
                    but(BASE, [(0, "every nonzero"), (1, "read off simplicial factors")]);
                "SparseInverse, PSD", Psd::new(Sparse::new(CscMatrix::from(&s.p3))).inv().unwrap(),
                    |l| inverse(&lane(&s.p3, l));
                    solve det diag eigh pow exp log chol lu;
                    but(BASE_PSD, [(0, "every nonzero"), (1, "read off the factors")]);
            }
        }
    };
}
by_scalar!(real_rows, f64; eigh; chol; but(DIAGONAL, [(5, "-; itself")]); DIAGONAL);
by_scalar!(complex_rows, C; ; ; but(DIAGONAL, [(3, "-"), (5, "-; itself")]); but(DIAGONAL, [(3, "-"), (5, "-; itself")]));
fn gram_transpose(t: &mut Table) {
    let samples = (Samples::<f64>::new(), Samples::<C>::new());
    rows! { t, &samples; s: (Samples<f64>, Samples<C>), [] [];
        "Gram X X^T, real", Gram::<_, ByTranspose>::new(s.0.w.clone()),
            |l| times(&lane(&s.0.w, l), &lane(&s.0.w, l).transpose());
            solve det diag eigh pow exp log chol lu;
            BASE_PSD;
        "Gram X X^T, complex", Gram::<_, ByTranspose>::new(s.1.w.clone()),
            |l| times(&lane(&s.1.w, l), &lane(&s.1.w, l).transpose());
            solve det diag exp lu;
            BASE;
    }
}

#[test]
fn dynamic_doubles_and_the_table_of_the_readme() {
    let mut t = Table::default();
    on_the_heap::<f64>(&mut t);
    variants_on_the_heap::<f64>(&mut t);
    real_rows(&mut t);
    gram_transpose(&mut t);
    t.finish();
    let (first, last) = ("<!-- rule table -->", "<!-- /rule table -->");
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let readme = std::fs::read_to_string(path).unwrap();
    let table = format!("{first}\n{}\n{last}", t.markdown());
    let marked = readme.find(first).zip(readme.find(last));
    if std::env::var("BLESS").is_ok() {
        let new = match marked {
            Some((i, j)) => format!("{}{table}{}", &readme[..i], &readme[j + last.len()..]),
            None => format!("{readme}\n{table}\n"),
        };
        return std::fs::write(path, new).unwrap();
    }
    let (i, j) = marked.expect("README.md has no markers for the rule table: run with BLESS=1");
    let same = readme[i..j + last.len()] == table;
    assert!(same, "the rule table of README.md is not what runs; BLESS=1 rewrites it:\n{table}");
}
#[test]
fn dynamic_complex() {
    let mut t = Table::default();
    on_the_heap::<C>(&mut t);
    variants_on_the_heap::<C>(&mut t);
    complex_rows(&mut t);
    t.finish();
}
#[test]
fn static_doubles() {
    let mut t = Table::default();
    on_arrays::<f64>(&mut t);
    variants_on_arrays::<f64>(&mut t);
    t.finish();
}
#[test]
fn static_complex() {
    let mut t = Table::default();
    on_arrays::<C>(&mut t);
    t.finish();
}
#[test]
fn static_floats() {
    let mut t = Table::default();
    on_arrays::<f32>(&mut t);
    t.finish();
}
#[test]
fn static_lanes() {
    let mut t = Table::default();
    on_arrays::<Lanes<f64, 4>>(&mut t);
    t.finish();
}
/// Above the limit the facts pick the iteration; what has no rule says so and does not make n x n numbers.
#[test]
fn large_operators_iterate() {
    let n = DENSE_LIMIT + 1;
    let d = |i: usize| 1.0 + (i % 7) as f64;
    let psd = Function::psd(n, move |x: &[f64], y: &mut [f64]| (0..n).for_each(|i| y[i] = d(i) * x[i]));
    let b = vec![1.0; n];
    let solved = |x: Vec<f64>| x.iter().enumerate().all(|(i, x)| (x * d(i) - 1.0).abs() < 1e-6);
    let sa = SelfAdjoint::new(Function::new(
        n,
        n,
        move |x: &[f64], y: &mut [f64]| (0..n).for_each(|i| y[i] = d(i) * x[i]),
        move |x: &[f64], y: &mut [f64]| (0..n).for_each(|i| y[i] = d(i) * x[i]),
    ));
    assert_eq!(psd.plan_of(Q::Solve).rule, "CG");
    assert!(psd.plan_of(Q::Solve).cost.per_iteration);
    assert!(solved(psd.solve(&b).unwrap()));
    assert_eq!(sa.plan_of(Q::Solve).rule, "MINRES");
    assert!(solved(sa.solve(&b).unwrap()));
    assert_eq!(sa.0.plan_of(Q::Solve).rule, "GMRES");
    assert!(solved(sa.0.solve(&b).unwrap()));
    // a structure passes the question on to its parts, each with its own facts
    let plan = Kron::new(&psd, Diagonal::new([2.0, 3.0])).plan_of(Q::Solve);
    assert_eq!(plan.to_string(), "factor by factor [CG; elementwise]");
    for (q, failed) in
        [(Q::Eigh, psd.eigh().is_err()), (Q::Slogdet, psd.slogdet().is_err()), (Q::Cholesky, psd.cholesky().is_err())]
    {
        assert!(failed && psd.plan_of(q).refused, "{q:?}: {}", psd.plan_of(q));
    }
}
/// A user's operator explains itself by one empty impl.
#[test]
fn an_explanation_in_full() {
    let a = Psd::new(nalgebra::matrix![2.0, 1.0; 1.0, 3.0]);
    let k = Kron::new(a, Diagonal::new(nalgebra::vector![3.0, 0.2, 1.0]));
    let text = "\
Kron 6 x 6 self-adjoint
├ Dense 2 x 2 PSD
└ Diagonal 3 x 3 self-adjoint
apply      factors in turn [every entry; elementwise], 3 * 8 + 2 * 3 = 30 flops
";
    let explained = k.explain().to_string();
    println!("{explained}");
    assert!(explained.starts_with(text), "{explained}");
}
