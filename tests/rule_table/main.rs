//! Structure x function: every cell is compared with a dense matrix made independently, the plan of every cell with the promise
//! written in `market.rs`, and the whole with the table in README.md (`BLESS=1 cargo test --test rule_table` rewrites it).
//!
//! One row of the market is an operator, its matrix by definition, the functions that it has (all others must not compile, and the
//! plan says so), and the promised rules: solve | slogdet | trace, diagonal | eigh | f(A) | cholesky, lu.

use check::{C, PlanOf};
use cola::functions::base::DENSE_LIMIT;
use cola::plan::Question as Q;
use cola::prelude::*;
use cola::*;
use market::*;

mod check;

const COLUMNS: [(&str, &[Q]); 7] = [
    ("solve", &[Q::Solve]),
    ("slogdet", &[Q::Slogdet]),
    ("trace, diagonal", &[Q::Trace, Q::Diagonal]),
    ("eigh", &[Q::Eigh]),
    ("sqrt, pow; exp; log", &[Q::Power, Q::Exp, Q::Log]),
    ("cholesky; lu", &[Q::Cholesky, Q::Lu]),
    ("eig; svd; pinv", &[Q::Eig, Q::Svd, Q::Pinv]),
];
/// What the plan of the library promises: these functions of these structures have a rule of their own, and a cell that falls to the base
/// case fails. A structure that is named here has all its rows held to it; what does not compile for the facts of a row is no base case.
#[rustfmt::skip]
const PROMISED: &[(&str, &[Q])] = &[
    ("Dense", &[Q::Solve, Q::Slogdet, Q::Trace, Q::Diagonal, Q::Power, Q::Exp, Q::Log, Q::Eigh, Q::Cholesky, Q::Lu, Q::Eig, Q::Svd, Q::Pinv]),
    ("Diagonal", &[Q::Solve, Q::Slogdet, Q::Trace, Q::Diagonal, Q::Power, Q::Exp, Q::Log, Q::Eigh, Q::Cholesky, Q::Lu, Q::Eig, Q::Svd, Q::Pinv]),
    ("Identity", &[Q::Solve, Q::Slogdet, Q::Trace, Q::Diagonal, Q::Power, Q::Exp, Q::Log, Q::Eigh, Q::Cholesky, Q::Lu, Q::Eig, Q::Svd, Q::Pinv]),
    ("c I", &[Q::Solve, Q::Slogdet, Q::Trace, Q::Diagonal, Q::Power, Q::Exp, Q::Log, Q::Eigh, Q::Cholesky, Q::Lu, Q::Eig, Q::Svd, Q::Pinv]),
    ("Triangular", &[Q::Solve, Q::Slogdet, Q::Trace, Q::Diagonal, Q::Power, Q::Exp, Q::Log, Q::Eig]),
    ("Permutation", &[Q::Solve, Q::Slogdet, Q::Trace, Q::Diagonal, Q::Power, Q::Exp, Q::Log, Q::Lu, Q::Eig, Q::Svd, Q::Pinv]),
    ("Sparse", &[Q::Solve, Q::Slogdet, Q::Trace, Q::Diagonal]),
    ("Kron, PSD", &[Q::Exp]),
    ("Kron, promised", &[Q::Exp]),
    ("Kron", &[Q::Solve, Q::Slogdet, Q::Trace, Q::Diagonal, Q::Power, Q::Log, Q::Eigh, Q::Cholesky, Q::Lu, Q::Eig, Q::Svd, Q::Pinv]),
    ("BlockDiag", &[Q::Solve, Q::Slogdet, Q::Trace, Q::Diagonal, Q::Power, Q::Exp, Q::Log, Q::Eigh, Q::Cholesky, Q::Lu, Q::Eig, Q::Svd, Q::Pinv]),
    ("Repeat", &[Q::Solve, Q::Slogdet, Q::Trace, Q::Diagonal, Q::Power, Q::Exp, Q::Log, Q::Eigh, Q::Cholesky, Q::Lu, Q::Eig, Q::Svd, Q::Pinv]),
    ("KronProduct", &[Q::Solve, Q::Slogdet, Q::Trace, Q::Diagonal]),
    ("CycleFunction", &[Q::Solve, Q::Slogdet, Q::Trace, Q::Diagonal, Q::Power, Q::Exp, Q::Log, Q::Eig, Q::Pinv]),
    ("FoldedShift", &[Q::Solve, Q::Slogdet, Q::Trace, Q::Diagonal]),
    ("FoldedShift (Permutation", &[Q::Power, Q::Exp, Q::Log, Q::Eig, Q::Pinv]),
    ("FoldedShift (Triangular", &[Q::Power, Q::Exp, Q::Log, Q::Eig]),
    ("Toeplitz", &[Q::Solve, Q::Slogdet, Q::Trace, Q::Diagonal]),
    ("ToeplitzInverse", &[Q::Solve, Q::Slogdet]),
    ("ProductInverse", &[Q::Solve, Q::Slogdet]),
    ("Product, square", &[Q::Solve, Q::Slogdet]),
    ("Product", &[Q::Trace, Q::Diagonal]),
    ("Sum", &[Q::Trace, Q::Diagonal]),
    ("HStack", &[Q::Trace, Q::Diagonal, Q::Svd, Q::Pinv]),
    ("VStack", &[Q::Trace, Q::Diagonal, Q::Svd, Q::Pinv]),
    ("Sliced", &[Q::Trace, Q::Diagonal]),
    ("Transpose", &[Q::Solve, Q::Slogdet, Q::Trace, Q::Diagonal, Q::Power, Q::Exp, Q::Log, Q::Eigh, Q::Cholesky, Q::Eig, Q::Svd, Q::Pinv]),
    ("Adjoint", &[Q::Solve, Q::Slogdet, Q::Trace, Q::Diagonal, Q::Power, Q::Exp, Q::Log, Q::Eigh, Q::Cholesky, Q::Eig, Q::Svd, Q::Pinv]),
    ("Conj", &[Q::Solve, Q::Slogdet, Q::Trace, Q::Diagonal, Q::Power, Q::Exp, Q::Log, Q::Eigh, Q::Cholesky, Q::Eig, Q::Svd, Q::Pinv]),
    ("Scaled", &[Q::Solve, Q::Slogdet, Q::Trace, Q::Diagonal, Q::Power, Q::Eigh, Q::Cholesky, Q::Lu, Q::Eig, Q::Svd, Q::Pinv]),
    ("Spectral", &[Q::Solve, Q::Slogdet, Q::Trace, Q::Diagonal, Q::Power, Q::Exp, Q::Log, Q::Eigh, Q::Eig, Q::Svd, Q::Pinv]),
    ("Powi", &[Q::Solve, Q::Slogdet, Q::Eigh, Q::Eig]),
    ("Undone", &[Q::Solve, Q::Slogdet, Q::Trace, Q::Diagonal]),
    ("BlocksInverse", &[Q::Solve, Q::Slogdet, Q::Pinv]),
    ("Factored", &[Q::Solve, Q::Slogdet, Q::Pinv]),
    ("TriangularInverse", &[Q::Solve, Q::Slogdet, Q::Pinv]),
    ("SparseInverse", &[Q::Solve, Q::Slogdet]),
];
/// The same, but of one number, which has no structure.
#[rustfmt::skip]
const PROMISED_ABOVE_ONE: &[(&str, &[Q])] = &[
    ("Kron", &[Q::Exp]),
    ("KronOf", &[Q::Exp]),
    ("SylvesterInverse", &[Q::Solve, Q::Slogdet, Q::Pinv]),
    ("SchurPair", &[Q::Solve, Q::Slogdet, Q::Pinv]),
    ("InvolutionFunction", &[Q::Solve, Q::Slogdet, Q::Trace, Q::Diagonal, Q::Power, Q::Exp, Q::Log, Q::Eig, Q::Pinv]),
    ("FoldedShift (sine", &[Q::Power, Q::Exp, Q::Log, Q::Eig, Q::Pinv]),
    ("KronSum", &[Q::Solve, Q::Slogdet, Q::Trace, Q::Diagonal, Q::Exp, Q::Eig, Q::Power, Q::Log, Q::Eigh]),
    ("KronSum, PSD", &[Q::Svd, Q::Pinv]),
    ("Shifted", &[Q::Solve, Q::Slogdet, Q::Trace, Q::Diagonal, Q::Eig, Q::Power, Q::Exp, Q::Log, Q::Eigh]),
    ("Circulant", &[Q::Solve, Q::Slogdet, Q::Trace, Q::Diagonal, Q::Power, Q::Exp, Q::Log, Q::Eigh, Q::Eig, Q::Svd, Q::Pinv]),
    ("CirculantSum", &[Q::Solve, Q::Slogdet, Q::Trace, Q::Diagonal, Q::Power, Q::Exp, Q::Log, Q::Eigh, Q::Eig, Q::Svd, Q::Pinv]),
    ("Tridiagonal", &[Q::Solve, Q::Slogdet, Q::Trace, Q::Diagonal, Q::Eigh]),
    ("Tridiagonal, PSD", &[Q::Power, Q::Log, Q::Exp, Q::Eig, Q::Svd, Q::Pinv]),
    ("Tridiagonal, constant", &[Q::Power, Q::Log, Q::Exp, Q::Eig, Q::Svd, Q::Pinv]),
    ("Tridiagonal, self-adjoint", &[Q::Power, Q::Log, Q::Exp, Q::Eig, Q::Svd, Q::Pinv]),
    ("Banded", &[Q::Solve, Q::Slogdet, Q::Trace, Q::Diagonal]),
    ("Banded, PSD", &[Q::Eigh, Q::Power, Q::Log, Q::Exp, Q::Eig, Q::Svd, Q::Pinv]),
    ("Banded, self-adjoint", &[Q::Eigh, Q::Power, Q::Log, Q::Exp, Q::Eig, Q::Svd, Q::Pinv]),
    ("KronSum, self-adjoint", &[Q::Svd, Q::Pinv]),
    ("Kron, self-adjoint", &[Q::Exp]),
    ("BandedSum", &[Q::Solve, Q::Slogdet, Q::Trace, Q::Diagonal]),
    ("BandedInverse", &[Q::Solve, Q::Slogdet]),
    ("Fourier", &[Q::Solve, Q::Slogdet, Q::Trace, Q::Diagonal, Q::Power, Q::Exp, Q::Log, Q::Eig, Q::Svd, Q::Pinv]),
    ("Cosine transform", &[Q::Solve, Q::Slogdet, Q::Trace, Q::Diagonal, Q::Svd, Q::Pinv]),
    ("Sine transform", &[Q::Solve, Q::Slogdet, Q::Trace, Q::Diagonal, Q::Svd, Q::Pinv]),
    ("Cosine transform, type 1", &[Q::Power, Q::Exp, Q::Log, Q::Eig]),
    ("Cosine transform, type 4", &[Q::Power, Q::Exp, Q::Log, Q::Eig]),
    ("Sine transform, type 1", &[Q::Power, Q::Exp, Q::Log, Q::Eig]),
    ("Sine transform, type 4", &[Q::Power, Q::Exp, Q::Log, Q::Eig]),
    ("FourierFunction", &[Q::Solve, Q::Slogdet, Q::Trace, Q::Diagonal, Q::Power, Q::Exp, Q::Log, Q::Eig, Q::Pinv]),
    ("FoldedShift (Fourier", &[Q::Power, Q::Exp, Q::Log, Q::Eig, Q::Pinv]),
    ("ReflectionFunction", &[Q::Solve, Q::Slogdet, Q::Trace, Q::Diagonal, Q::Exp]),
    ("Householder", &[Q::Solve, Q::Slogdet, Q::Trace, Q::Diagonal, Q::Power, Q::Exp, Q::Log, Q::Eigh, Q::Eig, Q::Svd, Q::Pinv]),
    ("Projection", &[Q::Slogdet, Q::Trace, Q::Diagonal, Q::Power, Q::Exp, Q::Eigh, Q::Eig, Q::Svd, Q::Pinv]),
    ("LowRank", &[Q::Slogdet, Q::Trace, Q::Diagonal, Q::Power, Q::Exp, Q::Eig]),
    ("LowRank, promised", &[Q::Eigh, Q::Svd, Q::Pinv]),
    ("LowRank + c I", &[Q::Solve, Q::Power, Q::Exp, Q::Log, Q::Eig]),
    ("LowRankUpdate", &[Q::Solve, Q::Slogdet, Q::Trace, Q::Diagonal]),
    ("Gram X X^H", &[Q::Solve, Q::Slogdet, Q::Trace, Q::Diagonal, Q::Power, Q::Exp, Q::Log, Q::Eigh, Q::Eig, Q::Svd, Q::Pinv]),
    ("Gram X X^T, real", &[Q::Solve, Q::Slogdet, Q::Trace, Q::Diagonal, Q::Power, Q::Exp, Q::Log, Q::Eigh, Q::Eig, Q::Svd, Q::Pinv]),
    ("Congruence", &[Q::Trace, Q::Diagonal, Q::Power, Q::Exp, Q::Log, Q::Eigh, Q::Eig, Q::Svd, Q::Pinv]),
    ("Hadamard", &[Q::Trace, Q::Diagonal]),
    ("Blocks, A", &[Q::Solve, Q::Slogdet, Q::Trace, Q::Diagonal]),
    ("Blocks, D", &[Q::Solve, Q::Slogdet, Q::Trace, Q::Diagonal]),
    ("Blocks, C", &[Q::Solve, Q::Slogdet, Q::Trace, Q::Diagonal]),
    ("Blocks", &[Q::Trace, Q::Diagonal]),
    ("KronOf", &[Q::Solve, Q::Slogdet, Q::Trace, Q::Diagonal, Q::Power, Q::Log, Q::Eigh, Q::Cholesky, Q::Lu, Q::Eig, Q::Svd, Q::Pinv]),
    ("BlockDiagOf", &[Q::Solve, Q::Slogdet, Q::Trace, Q::Diagonal, Q::Power, Q::Exp, Q::Log, Q::Eigh, Q::Cholesky, Q::Lu, Q::Eig, Q::Svd, Q::Pinv]),
    ("ProductOf", &[Q::Solve, Q::Slogdet, Q::Trace, Q::Diagonal]),
    ("SumOf", &[Q::Trace, Q::Diagonal]),
    ("Normal", &[Q::Solve, Q::Slogdet, Q::Trace, Q::Diagonal, Q::Power, Q::Exp, Q::Log, Q::Eigh, Q::Eig, Q::Svd, Q::Pinv]),
    ("Zero", &[Q::Slogdet, Q::Trace, Q::Diagonal, Q::Power, Q::Exp, Q::Eigh, Q::Lu, Q::Eig, Q::Svd, Q::Pinv]),
    ("Kernel", &[Q::Trace, Q::Diagonal]),
    ("Interpolation", &[Q::Trace, Q::Diagonal]),
    ("Powi, PSD", &[Q::Svd, Q::Pinv]),
];
/// What lanes of *static* sizes make dense by design: Schur forms and QL go lane by lane and use the heap, where one factorisation of
/// inline numbers serves all lanes. And Levinson's recursion, whose order of steps is that of one lane.
#[rustfmt::skip]
const DENSE_IN_STATIC_LANES: &[(&str, &[Q])] = &[
    ("Kron", &[Q::Exp]),
    ("Shifted", &[Q::Solve, Q::Slogdet, Q::Exp]),
    ("Tridiagonal", &[Q::Eigh, Q::Power, Q::Log, Q::Exp, Q::Eig, Q::Svd, Q::Pinv]),
];
/// Of lanes of any size; the parts of `KronOf` have static sizes where the product, of a number of parts, has none.
const DENSE_IN_LANES: &[(&str, &[Q])] = &[("KronOf", &[Q::Exp])];
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
const TRIANGULAR: Cells = [
    "substitution",
    "product of the diagonal",
    "read off",
    "-",
    "Björck-Hammarling recurrence; scaling and squaring of the triangle; inverse scaling and squaring of the triangle",
    "-; base: LU with partial pivoting",
];
const DIAGONAL: Cells =
    ["elementwise", "sum of logarithms", "read off", "the entries, V = I", "elementwise", "elementwise; itself"];
const GRAM: Cells = [
    "QR of the factor",
    "QR of the factor",
    "rows of the factor",
    "SVD of the triangle of the factor",
    "by the eigen-decomposition",
    "QR of the factor; base: LU with partial pivoting",
];
const LOW_RANK: Cells = [
    "-",
    "zero: the rank is less than n",
    "rows of the factors",
    "-",
    "-; I + U phi(V^H U) V^H; -",
    "-; base: LU with partial pivoting",
];
const UPDATE: Cells = [
    "Woodbury",
    "determinant lemma",
    "sum of the traces; sum of the diagonals",
    "-",
    "-; base: scaling and squaring with Padé; -",
    "-; base: LU with partial pivoting",
];
const SCHUR: Cells = [
    "Schur complement",
    "Schur complement",
    "sum of the traces; blockwise",
    "-",
    "-; base: scaling and squaring with Padé; -",
    "-; base: LU with partial pivoting",
];
const CIRCULANT: Cells = [
    "elementwise on the spectrum",
    "product of the spectrum",
    "constant along the diagonals",
    "-",
    "elementwise on the spectrum",
    "-; base: LU with partial pivoting",
];
const KRON: Cells = [
    "factor by factor",
    "powers n/n_i of the determinants",
    "product of the traces; kron of the diagonals",
    "-",
    "-; eigen-decompositions of the factors; -",
    "-; factor by factor",
];
const CYCLES: Cells = [
    "circulants on the cycles",
    "eigenvalues of the cycles",
    "constant on the cycles",
    "-",
    "circulants on the cycles",
    "-; base: LU with partial pivoting",
];
const TRANSFORM: Cells = [
    "the transpose, an application",
    "closed",
    "read off",
    "-",
    "-; base: scaling and squaring with Padé; -",
    "-; base: LU with partial pivoting",
];
const REFLECTION: Cells = [
    "itself",
    "closed",
    "closed; read off",
    "-1 of v, 1 of the rest",
    "by the projection on v",
    "-; base: LU with partial pivoting",
];
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
/// "Kron" names "Kron, PSD factors" and not "KronSum".
fn whole_name(rest: &str) -> bool {
    !rest.starts_with(|c: char| c.is_alphanumeric())
}
/// The sizes that the promises speak of, and those of the static rows.
const SIZES: [usize; 3] = [2, 3, 5];
struct Table {
    size: [usize; 3],
    rows: Vec<(String, Vec<String>)>,
    /// Rule and cost of every cell.
    plans: Vec<String>,
    failed: Vec<String>,
}
impl Default for Table {
    fn default() -> Self {
        Self::of(SIZES)
    }
}
impl Table {
    fn of(size: [usize; 3]) -> Self {
        Table { size, rows: Vec::new(), plans: Vec::new(), failed: Vec::new() }
    }
    /// All rows are tried, all failures reported.
    fn attempt<S>(&mut self, row: &str, samples: &S, f: fn(&S, &mut Table)) {
        if let Err(e) = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| f(samples, self))) {
            let text = e.downcast_ref::<String>().cloned().or(e.downcast_ref::<&str>().map(|s| s.to_string()));
            self.failed.push(format!("{row}: {}", text.unwrap_or_default()));
        }
    }
    fn finish(&self) {
        assert!(self.failed.is_empty(), "{} rows fail\n{}", self.failed.len(), self.failed.join("\n"));
    }
    fn row(&mut self, row: &Row, has: &[&str], promised: Cells) {
        let names = |p: &&(&str, &[Q])| row.name.strip_prefix(p.0).is_some_and(whole_name);
        let lists = |list: &[(&str, &[Q])], q: &Q| list.iter().filter(names).any(|p| p.1.contains(q));
        let dense = |q: &Q| row.lanes && (lists(DENSE_IN_LANES, q) || row.fixed && lists(DENSE_IN_STATIC_LANES, q));
        let structured = PROMISED_ABOVE_ONE.iter().filter(|_| self.size[1] > 1);
        for (_, questions) in PROMISED.iter().chain(structured).filter(names) {
            for q in questions.iter().filter(|q| !row.refused(**q) && !dense(q)) {
                let plan = row.explanation.plan(*q);
                assert!(!plan.base || plan.refused, "{q:?}: a rule is promised, and the base case runs: {plan}");
            }
        }
        // of other sizes some cells are other: a tall factor of one row is none
        if self.size != SIZES {
            return;
        }
        for (f, questions) in FUNCTIONS {
            let planned = questions.iter().filter(|q| !row.refused(**q)).count();
            // `pow0`, `log0`: of what is singular by its structure; `powu`, `logu`: of what is unitary with the eigenvalue -1
            let has = has.iter().any(|h| h.trim_end_matches(['0', 'u']) == f.trim_end_matches('u'));
            let want = if has { questions.len() } else { 0 };
            assert_eq!(planned, want, "{f}: compiled and planned differ: {}", row.explanation);
        }
        let cells: Vec<String> = COLUMNS.iter().map(|c| row.cell(c.1)).collect();
        if !row.lanes && !row.fixed {
            assert_eq!(cells[..6], promised, "the plan and the promise differ");
            self.rows.push((row.name.to_string(), cells));
            for (q, plan) in &row.explanation.plans {
                let base = if plan.base { "base: " } else { "" };
                let line = if row.refused(*q) { "-".to_string() } else { format!("{base}{plan}, {}", plan.cost) };
                self.plans.push(format!("{} | {} | {line}", row.name, q.name()));
            }
            return;
        }
        // static and small, or in lanes, a self-adjoint matrix takes LU
        for ((cell, want), column) in cells.iter().zip(promised).zip(COLUMNS) {
            let want = want
                .replace("LDL^H with Bunch-Kaufman pivoting", "LU with partial pivoting")
                .replace("SVD of the triangle of the factor", "Hermitian eigh of the product");
            // what goes through the engine of plain numbers has base cases in lanes, and their inverses are those of base cases
            let instead = cell.contains("base:") || cell.contains("lanes") || row.name.contains("(inverse of ");
            if row.lanes && want != *cell && instead {
                continue;
            }
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
    ($t:ident, $samples:expr; $s:ident: $S:ty, $p:tt $of:tt $also:tt;
        $($row:literal, $a:expr, $matrix:expr; $($f:ident)*; $promised:expr;)*) => {
        $( row!($t, $samples; $s: $S, $p $of $also; $row, $a, $matrix; $($f)*; $promised); )*
    };
}
macro_rules! row {
    ($t:ident, $samples:expr; $s:ident: $S:ty, [$($p:tt)*] [$($of:tt)*] [$($also:ident)*];
        $row:literal, $a:expr, $matrix:expr; $($f:ident)*; $promised:expr) => { {
        fn row<$($p)*>($s: &$S, t: &mut Table) {
            let _ = $s;
            let operator = $a;
            let case = Case::new(&operator, &$matrix);
            case.apply();
            $( case.$f(); )*
            // sizes of the heap alone: each of these is compiled for every operator type
            $( case.$also(); )*
            t.row(&Row::of($row, &operator), &[$(stringify!($f)),*], $promised);
        }
        $t.attempt($row, $samples, row$($of)*);
    } };
}
mod market;
mod more;
mod rectangular;

/// Compares a text with what is written between two marks of a file, or rewrites it.
fn snapshot(path: &str, marks: Option<(&str, &str)>, text: &str) {
    let path = format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
    let file = std::fs::read_to_string(&path).unwrap_or_default();
    let place = match marks {
        Some((first, last)) => file.find(first).zip(file.find(last).map(|j| j + last.len())),
        None => Some((0, file.len())),
    };
    if std::env::var("BLESS").is_ok() {
        let new = match place {
            Some((i, j)) => format!("{}{text}{}", &file[..i], &file[j..]),
            None => format!("{file}\n{text}\n"),
        };
        return std::fs::write(path, new).unwrap();
    }
    let same = place.is_some_and(|(i, j)| &file[i..j] == text);
    assert!(same, "{path} is not what runs; `BLESS=1 cargo test --test rule_table` rewrites it:\n{text}");
}
#[test]
fn dynamic_doubles_and_the_table_of_the_readme() {
    let mut t = Table::default();
    on_the_heap::<f64>(&mut t);
    variants_on_the_heap::<f64>(&mut t);
    real_rows(&mut t);
    real_alone(&mut t);
    more::rows::<f64>(&mut t);
    more::real_rows(&mut t);
    t.finish();
    let (first, last) = ("<!-- rule table -->", "<!-- /rule table -->");
    snapshot("README.md", Some((first, last)), &format!("{first}\n{}\n{last}", t.markdown()));
    t.plans.sort();
    snapshot("tests/rule_table/plans.txt", None, &(t.plans.join("\n") + "\n"));
}
#[test]
fn dynamic_complex() {
    let mut t = Table::default();
    on_the_heap::<C>(&mut t);
    variants_on_the_heap::<C>(&mut t);
    complex_rows(&mut t);
    complex_alone(&mut t);
    more::rows::<C>(&mut t);
    more::complex_rows(&mut t);
    t.finish();
}
/// 1 x 1, and sizes that fit no unrolled kernel and no lane: values alone, the same code.
const OTHERS: [[usize; 3]; 2] = [[1, 1, 2], [3, 4, 7]];
/// The same rows of other sizes.
fn other_sizes(rows: &[fn(&mut Table)]) {
    for size in OTHERS {
        let mut t = Table::of(size);
        rows.iter().for_each(|rows| rows(&mut t));
        t.finish();
    }
}
#[test]
fn doubles_of_other_sizes() {
    other_sizes(&[
        on_the_heap::<f64>,
        variants_on_the_heap::<f64>,
        real_rows,
        real_alone,
        more::rows::<f64>,
        more::real_rows,
    ]);
}
#[test]
fn complex_of_other_sizes() {
    other_sizes(&[
        on_the_heap::<C>,
        variants_on_the_heap::<C>,
        complex_rows,
        complex_alone,
        more::rows::<C>,
        more::complex_rows,
    ]);
}
#[test]
fn floats_of_other_sizes() {
    other_sizes(&[
        on_the_heap::<f32>,
        variants_on_the_heap::<f32>,
        float_rows,
        float_derivatives,
        float_alone,
        more::rows::<f32>,
        more::float_rows,
    ]);
}
#[test]
fn lanes_of_other_sizes() {
    type L = Lanes<f64, 4>;
    other_sizes(&[
        on_the_heap::<L>,
        variants_on_the_heap::<L>,
        lane_rows,
        lane_derivatives,
        lanes_alone,
        more::rows::<L>,
        more::lane_rows,
    ]);
}
/// Static: 1 x 1, and ragged. Each type and size is compiled by itself: the facts and results that `variants` adds are walked for
/// doubles, whose rules are those of the other numbers.
fn other_static_sizes<T: check::Number>() {
    let mut t = Table::of(OTHERS[0]);
    of_single_entries::<T>(&mut t);
    t.finish();
    let mut t = Table::of(OTHERS[1]);
    on_ragged_arrays::<T>(&mut t);
    t.finish();
}
#[test]
fn static_doubles_of_other_sizes() {
    other_static_sizes::<f64>();
    let mut t = Table::of(OTHERS[0]);
    variants_of_single_entries::<f64>(&mut t);
    t.finish();
    let mut t = Table::of(OTHERS[1]);
    variants_on_ragged_arrays::<f64>(&mut t);
    t.finish();
}
#[test]
fn static_complex_of_other_sizes() {
    other_static_sizes::<C>();
}
#[test]
fn static_lanes_of_other_sizes() {
    other_static_sizes::<Lanes<f64, 4>>();
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
    variants_on_arrays::<C>(&mut t);
    t.finish();
}
#[test]
fn static_floats() {
    let mut t = Table::default();
    on_arrays::<f32>(&mut t);
    variants_on_arrays::<f32>(&mut t);
    t.finish();
}
#[test]
fn static_lanes() {
    let mut t = Table::default();
    on_arrays::<Lanes<f64, 4>>(&mut t);
    variants_on_arrays::<Lanes<f64, 4>>(&mut t);
    t.finish();
}
#[test]
fn dynamic_floats() {
    let mut t = Table::default();
    on_the_heap::<f32>(&mut t);
    variants_on_the_heap::<f32>(&mut t);
    float_rows(&mut t);
    float_derivatives(&mut t);
    float_alone(&mut t);
    more::rows::<f32>(&mut t);
    more::float_rows(&mut t);
    t.finish();
}
#[test]
fn dynamic_lanes() {
    let mut t = Table::default();
    on_the_heap::<Lanes<f64, 4>>(&mut t);
    variants_on_the_heap::<Lanes<f64, 4>>(&mut t);
    lane_rows(&mut t);
    lane_derivatives(&mut t);
    lanes_alone(&mut t);
    more::rows::<Lanes<f64, 4>>(&mut t);
    more::lane_rows(&mut t);
    t.finish();
}
#[test]
fn dynamic_complex_floats() {
    for size in [SIZES, OTHERS[0], OTHERS[1]] {
        let mut t = Table::of(size);
        on_the_heap::<Complex<f32>>(&mut t);
        variants_on_the_heap::<Complex<f32>>(&mut t);
        complex_float_rows(&mut t);
        complex_floats_alone(&mut t);
        t.finish();
    }
}
#[test]
fn static_complex_floats() {
    let mut t = Table::default();
    on_arrays::<Complex<f32>>(&mut t);
    t.finish();
}
/// Lanes of other numbers: the structures themselves, the facts and results of which are those of doubles in lanes.
#[test]
fn static_lanes_of_floats() {
    let mut t = Table::default();
    on_arrays::<Lanes<f32, 8>>(&mut t);
    t.finish();
}
#[test]
fn static_complex_lanes() {
    let mut t = Table::default();
    on_arrays::<Complex<Lanes<f64, 4>>>(&mut t);
    t.finish();
}
#[test]
fn rectangular_doubles() {
    let mut t = Table::default();
    rectangular::real_rows(&mut t);
    t.finish();
}
#[test]
fn rectangular_complex() {
    let mut t = Table::default();
    rectangular::complex_rows(&mut t);
    t.finish();
}
#[test]
fn rectangular_floats() {
    let mut t = Table::default();
    rectangular::float_rows(&mut t);
    t.finish();
}
#[test]
fn rectangular_lanes() {
    let mut t = Table::default();
    rectangular::lane_rows(&mut t);
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
#[test]
fn an_explanation_in_full() {
    let a = Psd::new(nalgebra::matrix![2.0, 1.0; 1.0, 3.0]);
    let k = Kron::new(a, Diagonal::new(nalgebra::vector![3.0, 0.2, 1.0]));
    let text = "\
Kron 6 x 6 self-adjoint
├ Dense 2 x 2 PSD
└ Diagonal 3 x 3 self-adjoint
apply      factors in turn [every entry; elementwise], 3 * 8 + 2 * 3 = 30 flops
solve, inv factor by factor [LDL^H; elementwise], 3 + 3 = 6 flops
slogdet    powers n/n_i of the determinants [from LDL^H; sum of logarithms], 3 + 3 = 6 flops
trace      product of the traces [read off; read off], 2 + 3 = 5 flops
diagonal   kron of the diagonals [read off; read off], 2 + 3 = 5 flops
sqrt, pow  factor by factor [by the eigen-decomposition [Hermitian eigh of the dense matrix]; elementwise], 72 + 3 = 75 flops
exp        by the eigen-decomposition [factor by factor [Hermitian eigh of the dense matrix; the entries, V = I]], 72 + 3 = 75 flops
log        by the eigen-decomposition [factor by factor [Hermitian eigh of the dense matrix; the entries, V = I]], 72 + 3 = 75 flops
eigh       factor by factor [Hermitian eigh of the dense matrix; the entries, V = I], 72 + 3 = 75 flops
cholesky   compile error: Diagonal needs psd(..)
lu         factor by factor [LU with partial pivoting; itself], 5 + 3 = 8 flops
eig        factor by factor [Hermitian eigh of the dense matrix; the entries, V = I], 72 + 3 = 75 flops
svd        factor by factor [SVD of the dense matrix; absolute values, the signs in U], 208 + 3 = 211 flops
pinv       factor by factor [by the eigen-decomposition; elementwise], 72 + 3 = 75 flops
eigs       from the Hermitian eigh of the dense matrix, n applications + 9n^3 = 2124 flops
svds       from the SVD of the dense matrix, n applications + 6mn^2 + 20n^3 = 5796 flops
f(A) b     Lanczos, one application + 4kn in step k per iteration";
    assert_eq!(k.explain().to_string(), text);
}
/// A user's operator explains itself by one empty impl.
#[test]
fn the_operator_of_a_user() {
    struct Mine(usize);
    impl Operator for Mine {
        type Scalar = f64;
        type Facts = SelfAdjointFacts;
        type Class = General;
        type Rows = Dyn;
        type Cols = Dyn;
        fn nrows(&self) -> usize {
            self.0
        }
        fn ncols(&self) -> usize {
            self.0
        }
    }
    impl Explain for Mine {}
    let small = Mine(6).explain().to_string();
    for line in [
        "Mine 6 x 6 self-adjoint\n",
        "solve, inv made dense: LDL^H with Bunch-Kaufman pivoting, n applications + n^3/3\n",
        "cholesky   compile error: Mine needs psd(..)\n",
    ] {
        assert!(small.contains(line), "{small}");
    }
    let large = Mine(5000).explain().to_string();
    for line in [
        "solve, inv MINRES, one application + 18n per iteration\n",
        "eigh       error: no rule, and 5000 > 2048 is not made dense unasked\n",
        "eigs       thick-restart Lanczos, next to a number by inner solves with MINRES, ",
    ] {
        assert!(large.contains(line), "{large}");
    }
}
