//! Every method for linear systems, with every preconditioner, on problem families with known spectra and on matrices from applications: it
//! reaches its tolerance, checked here by nalgebra's own product, or says with the facts that it has not.
use cola::algorithms::krylov::Preconditioner;
use cola::operator::DynOperator;
use cola::prelude::*;
use cola::{Error, Solution, read_matrix_market};
use families::{
    C64, Number, clement, clustered, frank, geometric, graded, grcar, hilbert, jordan, laplacian, noise, with_spectrum,
};
use nalgebra::{DMatrix, DVector};
use nalgebra_sparse::CsrMatrix;

mod families;

const TOL: f64 = 1e-9;

/// What is known of a family.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Definite,
    Indefinite,
    General,
}
/// The cells of the table that need not be Ok: family, and methods that promise nothing there. All others must.
const NO_PROMISE: &[(&str, &str)] = &[
    ("1-D Laplacian", "GMRES(10)"),
    ("Helmholtz", "GMRES(10)"),
    ("complex Hermitian", "GMRES(10)"),
    ("complex indefinite", "GMRES(10)"),
    ("condition 1e4", "GMRES(10)"),
    ("condition 1e6", "GMRES(10); BiCGStab(1); TFQMR; LSQR; LSMR; CRAIG"),
    ("condition 1e8", "GMRES(10); BiCGStab(1); BiCGStab(2); TFQMR; LSQR; LSMR; CRAIG"),
    ("graded", "GMRES(10); BiCGStab(1); BiCGStab(2); TFQMR; LSQR; LSMR; CRAIG"),
    // no digit of b - A x is left at the tolerance
    ("condition 1e10", "all"),
    ("condition 1e12", "all"),
    ("condition 1e14", "all"),
    ("Hilbert 8", "all"),
    ("Hilbert 12", "all"),
    ("Frank 16", "all"),
    ("Frank 16, b = A x", "GMRES(10); TFQMR"),
    // eigenvalues next to the imaginary axis
    ("Grcar", "BiCGStab(1)"),
    // a diagonal of zeros has no incomplete factors
    (
        "Clement",
        "GMRES(10); GMRES, ILU(0); flexible GMRES, ILU(0); GMRES, ILUT; BiCGStab, ILU(1); TFQMR, ILU(0); CRAIG, ILU(0)",
    ),
    ("bar", "GMRES(10)"),
    ("recirc_flow", "GMRES(10)"),
    // of condition 9e6: without a good preconditioner more iterations than are given here
    (
        "1138_bus",
        "CG; CG on columns; shifted CG; Jacobi; block Jacobi; Chebyshev; Nystrom; pivoted Cholesky; MINRES; SYMMLQ; SYMMLQ, Jacobi; GMRES; GMRES(10); BiCGStab(1); \
         BiCGStab(2); BiCGStab(4); TFQMR; LSQR; LSMR; CRAIG; CRAIG, ILU(0)",
    ),
];

/// A preconditioner behind a pointer: the solvers are compiled once for all of them.
struct Near<'a, T>(&'a dyn DynOperator<T>);
impl<T: cola::Scalar> Preconditioner<T> for Near<'_, T> {
    fn operator(&self) -> Option<&dyn DynOperator<T>> {
        Some(self.0)
    }
}

/// A family, and what the methods made of it.
struct Row<'a, T: Number> {
    name: &'a str,
    kind: Kind,
    a: &'a CsrMatrix<T>,
    b: DMatrix<T>,
    complaints: Vec<String>,
}
impl<T: Number> Row<'_, T> {
    fn note(&mut self, method: &str, verdict: Result<Option<Error>, String>) {
        let excused = NO_PROMISE
            .iter()
            .any(|(family, methods)| *family == self.name && methods.split("; ").any(|m| m == method || m == "all"));
        let problem = match verdict {
            Ok(None) => None,
            Ok(Some(_)) if excused => None,
            Ok(Some(e)) => Some(e.to_string()),
            Err(what) => Some(what),
        };
        if let Some(problem) = problem {
            self.complaints.push(format!("{} by {method}: {problem}", self.name));
        }
    }
    /// |b_j - (A + s I) x_j| / |b_j| and what rounding may do to it, of the worst column.
    fn residual(&self, shift: f64, b: &DMatrix<T>, x: &DMatrix<T>) -> (f64, f64) {
        let r = b - self.a * x - x * <T as cola::Scalar>::of(shift);
        let norm = self.a.values().iter().map(|v| v.modulus_squared()).sum::<f64>().sqrt() + shift;
        let mut worst = (0.0_f64, 0.0_f64);
        for j in 0..b.ncols() {
            let size = b.column(j).norm();
            match size == 0.0 {
                true => assert_eq!(x.column(j).norm(), 0.0, "{}: b = 0", self.name),
                // two products with a large x differ by the rounding of either
                false => {
                    worst.0 = worst.0.max(r.column(j).norm() / size);
                    worst.1 = worst.1.max(1e-13 + 4e-15 * norm * x.column(j).norm() / size);
                }
            }
        }
        worst
    }
    /// Whether the method has solved A x = b for each shift; complains of what is not true.
    fn judge(
        &self,
        shifts: &[f64],
        b: &DMatrix<T>,
        result: cola::Result<Solution<Vec<DMatrix<T>>>>,
    ) -> Result<Option<Error>, String> {
        let worst = |x: &[DMatrix<T>]| {
            let each = shifts.iter().zip(x).map(|(&s, x)| self.residual(s, b, x));
            each.fold((0.0_f64, 0.0_f64), |w, e| (w.0.max(e.0), w.1.max(e.1)))
        };
        let same = |r: f64, said: f64, rounding: f64| match (r - said).abs() <= 1e-2 * r + rounding {
            true => Ok(()),
            false => Err(format!("{r:e} is not {said:e}")),
        };
        match result {
            Ok(s) => {
                let (r, rounding) = worst(&s.x);
                if !(r <= 1.01 * TOL + rounding) {
                    return Err(format!("{r:e} claimed as {:e}", s.report.residual));
                }
                same(r, s.report.residual, rounding)?;
                if b.ncols() == 1 && s.report.history.len() != s.report.iterations {
                    return Err(format!("a history of {} for {}", s.report.history.len(), s.report.iterations));
                }
                Ok(None)
            }
            Err(e) => {
                self.honest(&e)?;
                if let Error::NotConverged { residual, .. } = &e {
                    // the iterate is inside, and it is what the error says of it
                    let x = e.iterate::<T>().ok_or("no iterate")?;
                    let x: Vec<_> =
                        (0..shifts.len()).map(|j| x.columns(j * b.ncols(), b.ncols()).into_owned()).collect();
                    let (r, rounding) = worst(&x);
                    same(r, *residual, rounding).map_err(|what| format!("{e}: {what}"))?;
                }
                Ok(Some(e))
            }
        }
    }
    fn honest(&self, e: &Error) -> Result<(), String> {
        match e {
            Error::NotConverged { iterations, residual, tol, .. } if *iterations > 0 && residual > tol => Ok(()),
            Error::Breakdown { .. } => Ok(()),
            Error::NotPositiveDefinite { .. } if self.kind != Kind::Definite => Ok(()),
            _ => Err(e.to_string()),
        }
    }
    fn solves(&mut self, method: &str, f: impl FnOnce(&DMatrix<T>) -> cola::Result<Solution<DMatrix<T>>>) {
        let result = f(&self.b).map(|s| Solution { x: vec![s.x], report: s.report });
        let verdict = self.judge(&[0.0], &self.b, result);
        self.note(method, verdict);
    }
    /// The same with a preconditioner, which may not exist: a matrix that is not definite in working precision has no factors.
    fn with<P: LinearOperator<Scalar = T>>(
        &mut self,
        method: &str,
        p: cola::Result<P>,
        f: impl FnOnce(&DMatrix<T>, Near<'_, T>) -> cola::Result<Solution<DMatrix<T>>>,
    ) {
        match p {
            Ok(p) => self.solves(method, |b| f(b, Near(&p))),
            Err(e @ (Error::NotPositiveDefinite { .. } | Error::Singular { .. })) => self.note(method, Ok(Some(e))),
            Err(e) => self.note(method, Err(e.to_string())),
        }
    }
    /// Least squares: |b - A x| or the gradient is small; a square system need not be solved by it where A is ill-conditioned.
    fn least(&mut self, method: &str, f: impl FnOnce(&DMatrix<T>) -> cola::Result<Solution<DMatrix<T>>>) {
        // |A|_2^2 <= |A|_1 |A|_inf
        let (mut rows, mut columns) = (vec![0.0; self.a.nrows()], vec![0.0; self.a.ncols()]);
        for (i, j, v) in self.a.triplet_iter() {
            rows[i] += v.modulus();
            columns[j] += v.modulus();
        }
        let largest = |sums: Vec<f64>| sums.into_iter().fold(0.0, f64::max);
        let (b, norm) = (&self.b, (largest(rows) * largest(columns)).sqrt());
        // and what rounding may do to it
        let ratio = |x: &DMatrix<T>| {
            let r = b - self.a * x;
            let g = (self.a.transpose() * r.map(|r| r.conjugate())).norm() / (norm * r.norm());
            let rounding = self.residual(0.0, b, x).1;
            let small = r.norm() / b.norm();
            if g < small { (g, rounding / small) } else { (small, rounding) }
        };
        let verdict = match f(b) {
            Ok(s) => {
                let (r, rounding) = ratio(&s.x);
                // the method divides the gradient by what it has seen of |A|
                match r <= s.report.residual * 1.01 + rounding && s.report.residual <= TOL {
                    true => Ok(None),
                    false => Err(format!("{r:e} claimed as {:e}", s.report.residual)),
                }
            }
            Err(e) => self.honest(&e).and_then(|()| match (&e, e.iterate::<T>().cloned()) {
                (Error::NotConverged { residual, .. }, Some(x)) => {
                    let (r, rounding) = ratio(&x);
                    if r <= residual * 1.01 + rounding { Ok(Some(e)) } else { Err(format!("{e}: {r:e}")) }
                }
                (Error::NotConverged { .. }, None) => Err("no iterate".into()),
                _ => Ok(Some(e)),
            }),
        };
        self.note(method, verdict);
    }
}

/// All methods that may serve; what is wrong with them.
fn all<T>(name: &str, kind: Kind, a: &CsrMatrix<T>) -> Vec<String>
where
    T: Number + cola::algorithms::precond::Double,
{
    let n = a.nrows();
    let b = DMatrix::from_fn(n, 1, |i, _| T::some(i));
    all_for(name, kind, a, b)
}
/// The same for this right-hand side.
fn all_for<T>(name: &str, kind: Kind, a: &CsrMatrix<T>, b: DMatrix<T>) -> Vec<String>
where
    T: Number + cola::algorithms::precond::Double,
{
    let (n, sparse) = (a.nrows(), Sparse::new(a));
    let op = Psd::new(&sparse);
    let mut row = Row { name, kind, a, b, complaints: Vec::new() };
    // what no method can reach need not be tried for long
    let hopeless = NO_PROMISE.contains(&(name, "all"));
    let most = if hopeless || n > 1000 { 6 * n.min(200) } else { (20 * n).min(3000) };
    let long = n.min(100);
    macro_rules! by {
        ($Method:expr) => {
            $Method.tol(TOL).max_iters(most)
        };
    }
    if kind == Kind::Definite {
        row.solves("CG", |b| op.solve_with(by!(Cg::default()), b));
        // one of the columns is zero
        let mut wide = DMatrix::zeros(n, 3);
        wide.set_column(0, &row.b.column(0));
        wide.set_column(2, &(a * &row.b).column(0));
        let result = op.solve_with(by!(Cg::default()), &wide).map(|s| Solution { x: vec![s.x], report: s.report });
        let verdict = row.judge(&[0.0], &wide, result);
        row.note("CG on columns", verdict);
        let shifts = [0.0, 1e-3, 1.0];
        let result = op.solve_shifted_with(by!(ShiftedCg::default()), &shifts, &row.b);
        let verdict = row.judge(&shifts, &row.b, result);
        row.note("shifted CG", verdict);
        let cg = |b: &DMatrix<T>, p: Near<'_, T>| op.solve_with(by!(Cg::default()).preconditioner(p), b);
        row.with("Jacobi", Jacobi::of(&op), cg);
        row.with("block Jacobi", BlockJacobi::of(&op, 5), cg);
        row.with("SSOR", Ssor::of(&sparse, 1.2), cg);
        row.with("IC(0)", IncompleteCholesky::new(&sparse), cg);
        row.with("IC(1)", IncompleteCholesky::with_level(&sparse, 1), cg);
        row.with("ICT", IncompleteCholesky::with_threshold(&sparse, 1e-3, 10), cg);
        row.with("aggregation", SmoothedAggregation::new(&sparse), cg);
        let norm = op.norm1_estimate().unwrap();
        row.with("Chebyshev", Chebyshev::new(&op, 1e-3 * norm, norm, 6), cg);
        row.with("Nystrom", Nystrom::default().rank(10).of(&op, 1e-3 * norm), cg);
        row.with("pivoted Cholesky", PivotedCholesky::default().rank(10).of(&op, 1e-3 * norm), cg);
        row.with("MINRES, IC(0)", IncompleteCholesky::new(&sparse), |b, p| {
            op.solve_with(by!(Minres::default()).preconditioner(p), b)
        });
        row.with("SYMMLQ, Jacobi", Jacobi::of(&op), |b, p| op.solve_with(by!(Symmlq::default()).preconditioner(p), b));
    }
    if kind != Kind::General {
        row.solves("MINRES", |b| op.solve_with(by!(Minres::default()), b));
        row.solves("SYMMLQ", |b| op.solve_with(by!(Symmlq::default()), b));
    }
    row.solves("GMRES", |b| sparse.solve_with(by!(Gmres::default()).restart(long), b));
    row.solves("GMRES(10)", |b| sparse.solve_with(by!(Gmres::default()).restart(10).max_iters(300), b));
    row.solves("BiCGStab(1)", |b| sparse.solve_with(by!(BiCgStab::default()).degree(1), b));
    row.solves("BiCGStab(2)", |b| sparse.solve_with(by!(BiCgStab::default()), b));
    row.solves("BiCGStab(4)", |b| sparse.solve_with(by!(BiCgStab::default()).degree(4), b));
    row.solves("TFQMR", |b| sparse.solve_with(by!(Tfqmr::default()), b));
    let ilu = || IncompleteLu::new(&sparse);
    row.with("GMRES, ILU(0)", ilu(), |b, p| {
        sparse.solve_with(by!(Gmres::default()).restart(long).preconditioner(p), b)
    });
    row.with("flexible GMRES, ILU(0)", ilu(), |b, p| {
        sparse.solve_with(by!(Gmres::default()).restart(long).preconditioner(p).flexible(), b)
    });
    row.with("GMRES, ILUT", IncompleteLu::with_threshold(&sparse, 1e-3, 10), |b, p| {
        sparse.solve_with(by!(Gmres::default()).restart(long).preconditioner(p), b)
    });
    row.with("BiCGStab, ILU(1)", IncompleteLu::with_level(&sparse, 1), |b, p| {
        sparse.solve_with(by!(BiCgStab::default()).preconditioner(p), b)
    });
    row.with("TFQMR, ILU(0)", ilu(), |b, p| sparse.solve_with(by!(Tfqmr::default()).preconditioner(p), b));
    row.least("LSQR", |b| sparse.lstsq_with(by!(Lsqr::default()), b));
    row.least("LSMR", |b| sparse.lstsq_with(by!(Lsmr::default()), b));
    row.with("CRAIG, ILU(0)", ilu(), |b, p| sparse.lstsq_with(by!(Craig::default()).preconditioner(p), b));
    row.solves("CRAIG", |b| sparse.lstsq_with(by!(Craig::default()), b));
    // the factorisation of larger ones takes too long in a debug build
    if n <= 300 {
        row.solves("mixed precision", |b| sparse.solve_with(by!(MixedPrecision::default()), b));
    }
    row.complaints
}
fn dense<T>(name: &str, kind: Kind, a: &DMatrix<T>) -> Vec<String>
where
    T: Number + cola::algorithms::precond::Double,
{
    all(name, kind, &CsrMatrix::from(a))
}
/// Where the condition number leaves b - A x fewer digits than are asked for, two rows: one with a b that hardly any method can serve, and
/// one with b = A x for an x of ordinary size, which rounding allows.
fn hard<T>(name: &str, kind: Kind, a: &DMatrix<T>) -> Vec<String>
where
    T: Number + cola::algorithms::precond::Double,
{
    let b = a * DMatrix::from_fn(a.ncols(), 1, |i, _| T::some(i + 3));
    let mut complaints = dense(name, kind, a);
    complaints.extend(all_for(&format!("{name}, b = A x"), kind, &CsrMatrix::from(a), b));
    complaints
}
/// Rows of the table, one after another: what is wrong in any of them.
fn rows(complaints: impl IntoIterator<Item = Vec<String>>) {
    let all: Vec<String> = complaints.into_iter().flatten().collect();
    assert!(all.is_empty(), "{all:#?}");
}

#[test]
fn laplacians() {
    use Kind::*;
    rows([
        dense("1-D Laplacian", Definite, &laplacian(1, 60, 0.0)),
        dense("2-D Laplacian", Definite, &laplacian(2, 8, 0.0)),
        dense("3-D Laplacian", Definite, &laplacian(3, 4, 0.0)),
        dense("Helmholtz", Indefinite, &laplacian(2, 8, 1.0)),
    ]);
}
#[test]
fn ill_conditioned_families() {
    use Kind::*;
    rows(
        [1e2, 1e4, 1e6, 1e8, 1e10, 1e12, 1e14]
            .map(|cond| dense(&format!("condition {cond:e}"), Definite, &with_spectrum::<f64>(&geometric(40, cond)))),
    );
}
#[test]
fn clustered_and_graded_families() {
    use Kind::*;
    rows([
        dense("clustered", Definite, &with_spectrum::<f64>(&clustered(60))),
        dense("graded", Definite, &graded(40)),
        dense("Hilbert 4", Definite, &hilbert(4)),
        hard("Hilbert 8", Definite, &hilbert(8)),
        hard("Hilbert 12", Definite, &hilbert(12)),
    ]);
}
#[test]
fn complex_families() {
    use Kind::*;
    let both: Vec<f64> = (0..40).map(|i| (1.0 + i as f64) * [1.0, -1.0][i % 2]).collect();
    let random = DMatrix::from_fn(40, 40, |i, j| C64::some(i * 40 + j) + C64::new(6.0 * f64::from(i == j), 0.0));
    rows([
        dense("complex Hermitian", Definite, &with_spectrum::<C64>(&geometric(30, 1e3))),
        dense("complex indefinite", Indefinite, &with_spectrum::<C64>(&both)),
        dense("complex random", General, &random),
    ]);
}
#[test]
fn families_that_are_not_normal() {
    use Kind::*;
    rows([
        dense("Frank 10", General, &frank(10)),
        hard("Frank 16", General, &frank(16)),
        dense("Grcar", General, &grcar(60)),
        dense("Clement", General, &clement(30)),
        dense("Jordan", General, &jordan(40)),
    ]);
}
#[test]
fn matrices_from_applications() {
    rows(["unit_square", "bar", "1138_bus", "recirc_flow"].map(|name| {
        let path = format!("{}/data/{name}.mtx", env!("CARGO_MANIFEST_DIR"));
        let mut a: CsrMatrix<f64> = read_matrix_market(path).unwrap();
        // singular: the constants are its null space
        if name == "unit_square" {
            a.triplet_iter_mut().filter(|e| e.0 == e.1).for_each(|e| *e.2 += 0.1);
        }
        all(name, if name == "recirc_flow" { Kind::General } else { Kind::Definite }, &a)
    }));
}

/// Rectangular and rank-deficient: LSQR, LSMR and CRAIG against nalgebra's SVD.
#[test]
fn least_squares_families() {
    for (m, n) in [(50, 20), (20, 50), (30, 30)] {
        for cond in [1e1, 1e3, 1e5] {
            let r = m.min(n);
            let basis = |k: usize, seed: usize| {
                DMatrix::from_fn(k, r, |i, j| noise(seed + i * r + j)).qr().q().columns(0, r).into_owned()
            };
            let a = basis(m, 5)
                * DMatrix::from_diagonal(&DVector::from_vec(geometric(r, cond)))
                * basis(n, 999).transpose();
            let b = DVector::from_fn(m, |i, _| noise(i));
            let want = a.clone().svd(true, true).solve(&b, 1e-13).unwrap();
            let op = Dense::new(&a);
            let gradient = |x: &DVector<f64>| (a.transpose() * (&b - &a * x)).norm() / b.norm();
            for (name, s) in [
                ("LSQR", op.lstsq_with(Lsqr::default().tol(1e-10).max_iters(20_000), &b)),
                ("LSMR", op.lstsq_with(Lsmr::default().tol(1e-10).max_iters(20_000), &b)),
            ] {
                let s = s.unwrap_or_else(|e| panic!("{name}, {m} x {n}, {cond:e}: {e}"));
                assert!(gradient(&s.x) <= 1e-8, "{name}, {m} x {n}, {cond:e}: {:e}", gradient(&s.x));
                // an error of the gradient is one of x times the square of the condition
                assert!((&s.x - &want).norm() <= 1e-9 * cond * cond * want.norm(), "{name}, {m} x {n}, {cond:e}");
            }
            if m <= n {
                let s = op.lstsq_with(Craig::default().tol(1e-10).max_iters(20_000), &b).unwrap();
                assert!((&s.x - &want).norm() <= 1e-8 * cond * want.norm(), "CRAIG, {m} x {n}, {cond:e}");
            }
        }
    }
}

/// Singular with a solution: MINRES, SYMMLQ, LSQR and CRAIG find the shortest one.
#[test]
fn singular_systems() {
    let s: Vec<f64> = (0..40).map(|i| if i % 5 == 0 { 0.0 } else { (i as f64 - 17.5) / 4.0 }).collect();
    let a = with_spectrum::<f64>(&s);
    let b = &a * DVector::from_fn(40, |i, _| noise(i));
    let want = a.clone().svd(true, true).solve(&b, 1e-10).unwrap();
    let op = SelfAdjoint::new(Dense::new(&a));
    for (name, x) in [
        ("MINRES", op.solve_with(Minres::default(), &b).unwrap().x),
        ("SYMMLQ", op.solve_with(Symmlq::default(), &b).unwrap().x),
        ("LSQR", op.lstsq_with(Lsqr::default(), &b).unwrap().x),
        ("CRAIG", op.lstsq_with(Craig::default(), &b).unwrap().x),
    ] {
        assert!((&x - &want).norm() <= 1e-7 * want.norm(), "{name}: {:e}", (&x - &want).norm());
    }
}
