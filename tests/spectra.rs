//! Every method for some eigenvalues or singular values on problem families with known spectra: pairs that are orthonormal, wanted, and
//! true to the tolerance by nalgebra's own product, or an error with the facts and what was reached.
use cola::prelude::*;
use cola::{Eigs, Error, SpectralNumber, Svds, read_matrix_market};
use families::{
    C64, Number, clement, clustered, frank, geometric, graded, grcar, hilbert, jordan, laplacian, noise, with_spectrum,
};
use nalgebra::{DMatrix, DVector};

mod families;

const TOL: f64 = 1e-9;
/// Iterations of each method for self-adjoint families: where they do not suffice, five times as many do not either.
const RESTARTS: usize = 200;

/// An error of an iterative method: it says how far it came, and k vectors are inside.
fn honest<T: Scalar>(what: &str, must: bool, n: usize, k: usize, e: &Error) {
    assert!(!must, "{what}: {e}");
    match e {
        Error::NotConverged { iterations, residual, tol, .. } => {
            assert!(*iterations > 0 && residual > tol, "{what}: {e}");
            assert_eq!(e.iterate::<T>().map(|v| v.shape()), Some((n, k)), "{what}: {e}");
        }
        Error::Breakdown { .. } | Error::Singular { .. } => {}
        _ => panic!("{what}: {e}"),
    }
}
/// What passes as the residual of s.
fn allowed(s: f64, norm: f64) -> f64 {
    (TOL * s).max(100.0 * f64::EPSILON * norm) * 1.01 + 1e-14 * norm
}

/// A self-adjoint matrix with its exact eigenvalues.
struct Family<'a, T: Number> {
    name: &'a str,
    a: &'a DMatrix<T>,
    /// Ascending.
    exact: Vec<f64>,
    norm: f64,
}
impl<T: Number + SpectralNumber> Family<'_, T> {
    /// True if the method gave the k eigenvalues `want`.
    fn judge(&self, method: &str, must: bool, want: &[f64], result: cola::Result<Eigs<f64, T>>) -> bool {
        let (what, k) = (format!("{} by {method}", self.name), want.len());
        let e = match result {
            Ok(e) => e,
            Err(e) => {
                honest::<T>(&what, must, self.a.nrows(), k, &e);
                return false;
            }
        };
        for i in 0..k {
            let (v, s) = (e.eigenvectors.column(i).into_owned(), e.eigenvalues[i]);
            let r = (self.a * &v - &v * <T as Scalar>::of(s)).norm();
            assert!(r <= allowed(s.abs(), self.norm), "{what}: |A v - {s} v| = {r:e}");
            assert!(
                (r - e.residuals[i]).abs() <= 1e-2 * r + 1e-14 * self.norm,
                "{what}: {r:e} is not {:e}",
                e.residuals[i]
            );
            // Weyl: an eigenvalue lies within r; it is the one wanted
            let error = (s - want[i]).abs();
            assert!(error <= 2.0 * r + 1e-13 * self.norm, "{what}: value {i} is {s:e}, not {:e}", want[i]);
        }
        let gram = e.eigenvectors.adjoint() * &e.eigenvectors - DMatrix::identity(k, k);
        assert!(gram.norm() <= 1e-9, "{what}: not orthonormal by {:e}", gram.norm());
        true
    }
    /// True if polynomials of the degree that the restarted methods get to can tell the lowest eigenvalue from the next: with
    /// g = (w_2 - w_1) / (w_n - w_2) one of degree d makes it cosh(2 d g^(1/2)) times as large as the others and no larger (Paige 1971,
    /// Saad 1980). Where this is hardly more than 1, as at the lower end of graded matrices, products alone find nothing: that takes an
    /// inverse.
    fn lowest_in_reach(&self) -> bool {
        let (w, n) = (&self.exact, self.exact.len());
        2.0 * RESTARTS as f64 * 7.0 * ((w[1] - w[0]) / (w[n - 1] - w[1])).sqrt() > 35.0
    }
    /// All methods; `must` for those that converge on any spectrum. Returns how many served.
    fn all(name: &str, a: &DMatrix<T>, must: bool) -> usize {
        let n = a.nrows();
        let mut exact: Vec<f64> = a.clone().symmetric_eigenvalues().iter().copied().collect();
        exact.sort_by(f64::total_cmp);
        let norm = exact[0].abs().max(exact[n - 1].abs());
        let f = Family { name, a, exact, norm };
        let op = SelfAdjoint::new(Dense::new(a));
        let k = 3;
        let smallest: Vec<f64> = f.exact[..k].to_vec();
        let largest: Vec<f64> = f.exact.iter().rev().take(k).copied().collect();
        let ends = [f.exact[n - 1], f.exact[0], f.exact[n - 2]];
        let by = |size: &dyn Fn(f64) -> f64| {
            let mut all = f.exact.clone();
            all.sort_by(|x, y| size(*y).total_cmp(&size(*x)));
            all[..k].to_vec()
        };
        let (dominant, weakest) = (by(&|x| x.abs()), by(&|x| -x.abs()));
        let mut served = 0;
        let mut see = |method: &str, must: bool, want: &[f64], result| {
            served += usize::from(f.judge(method, must, want, result));
        };
        let lanczos = || Lanczos::default().tol(TOL).subspace(16).max_iters(RESTARTS);
        let lobpcg = || Lobpcg::default().tol(TOL).max_iters(RESTARTS);
        let both = must && f.lowest_in_reach();
        let (low, high) = (Which::SmallestAlgebraic, Which::LargestAlgebraic);
        see("Lanczos from above", must, &largest, op.eigs_with(lanczos(), k, high));
        see("Lanczos from below", false, &smallest, op.eigs_with(lanczos(), k, low));
        see("Lanczos, both ends", both, &ends, op.eigs_with(lanczos(), k, Which::BothEnds));
        see("Lanczos by size", must, &dominant, op.eigs_with(lanczos(), k, Which::LargestMagnitude));
        see("block Lanczos", must, &largest, op.eigs_with(lanczos().block(3), k, high));
        see("LOBPCG from above", must, &largest, op.eigs_with(lobpcg(), k, high));
        see("LOBPCG from below", false, &smallest, op.eigs_with(lobpcg(), k, low));
        let power = PowerIteration::default().tol(TOL).block(5).max_iters(500);
        see("power iteration", false, &dominant, op.eigs_with(power, k, Which::LargestMagnitude));
        // what is next to 0, by the inverse; it may be singular to working precision
        if let Ok(inverse) = op.inv() {
            let next = Which::SmallestMagnitude;
            see("shift-invert", must, &weakest, op.eigs_with(lanczos().inverse(&inverse), k, next));
            let inverse_iteration = PowerIteration::default().tol(TOL).block(5).max_iters(500).inverse(&inverse);
            see("inverse iteration", false, &weakest, op.eigs_with(inverse_iteration, k, next));
        }
        served
    }
}

#[test]
fn self_adjoint_families() {
    assert!(Family::all("1-D Laplacian", &laplacian(1, 40, 0.0), true) >= 10);
    // double and triple eigenvalues
    assert!(Family::all("2-D Laplacian", &laplacian(2, 7, 0.0), true) >= 10);
    assert!(Family::all("3-D Laplacian", &laplacian(3, 4, 0.0), true) >= 10);
    assert!(Family::all("Helmholtz", &laplacian(2, 7, 1.5), true) >= 10);
    assert!(Family::all("clustered", &with_spectrum::<f64>(&clustered(45)), true) >= 7);
    assert!(Family::all("graded", &graded(40), true) >= 7);
}
/// Up to the condition at which nothing is left of the smallest eigenvalues.
#[test]
fn ill_conditioned_and_complex_families() {
    assert!(Family::all("Hilbert", &hilbert(24), true) >= 7);
    for cond in [1e2, 1e4, 1e6, 1e8, 1e10, 1e12, 1e14] {
        let a = with_spectrum::<f64>(&geometric(40, cond));
        assert!(Family::all(&format!("condition {cond:e}"), &a, true) >= 7);
    }
    assert!(Family::all("complex Hermitian", &with_spectrum::<C64>(&geometric(40, 1e3)), true) >= 10);
    let both: Vec<f64> = (0..40).map(|i| (1.0 + i as f64) * [1.0, -1.0][i % 2]).collect();
    assert!(Family::all("complex indefinite", &with_spectrum::<C64>(&both), true) >= 10);
    let projection: Vec<f64> = (0..40).map(|i| f64::from(i < 2)).collect();
    assert!(Family::all("of rank 2", &with_spectrum::<f64>(&projection), true) >= 8);
}

/// Not normal: the residuals are true, and where the eigenvalues are well-conditioned they are those that are known.
#[test]
fn general_families() {
    fn all<T: Number + SpectralNumber<Wide = C64>>(name: &str, a: &DMatrix<T>, known: Option<&[f64]>, must: bool) {
        let (n, k) = (a.nrows(), 3);
        let (norm, op) = (a.clone().svd(false, false).singular_values[0], Dense::new(a));
        let wide = a.map(|x| x.widen());
        let see = |method: &str, must: bool, known: Option<&[f64]>, result: cola::Result<Eigs<C64, C64>>| {
            let what = format!("{name} by {method}");
            let e = match result {
                Ok(e) => e,
                Err(e) => return honest::<C64>(&what, must, n, k, &e),
            };
            for i in 0..k {
                let (v, s) = (e.eigenvectors.column(i).into_owned(), e.eigenvalues[i]);
                let r = (&wide * &v - &v * s).norm();
                assert!(
                    (v.norm() - 1.0).abs() < 1e-12 && r <= allowed(s.norm(), norm),
                    "{what}: |A v - {s} v| = {r:e}"
                );
                assert!(
                    (r - e.residuals[i]).abs() <= 1e-2 * r + 1e-14 * norm,
                    "{what}: {r:e} is not {:e}",
                    e.residuals[i]
                );
                if let Some(w) = known {
                    assert!((s - C64::new(w[i], 0.0)).norm() <= 1e-7 * norm, "{what}: value {i} is {s}, not {}", w[i]);
                }
            }
        };
        let schur = || KrylovSchur::default().tol(TOL).subspace(18).max_iters(RESTARTS);
        see("Krylov-Schur", must, known, op.eigs_with(schur(), k, Which::LargestReal));
        see("Krylov-Schur by size", false, None, op.eigs_with(schur(), k, Which::LargestMagnitude));
        see("Krylov-Schur, both ends", false, None, op.eigs_with(schur(), k, Which::BothEnds));
        see("Krylov-Schur in blocks", must, known, op.eigs_with(schur().block(2), k, Which::LargestReal));
        see(
            "Arnoldi",
            must,
            known,
            op.eigs_with(Arnoldi::default().tol(TOL).subspace(18).max_iters(RESTARTS), k, Which::LargestReal),
        );
        let power = PowerIteration::default().tol(TOL).block(6).max_iters(200);
        see("power iteration", false, None, op.eigs_with(power, k, Which::LargestMagnitude));
        if let Ok(inverse) = op.inv() {
            let next = Which::SmallestMagnitude;
            see("shift-invert", false, None, op.eigs_with(schur().inverse(&inverse), k, next));
            let power = PowerIteration::default().tol(TOL).block(6).max_iters(200).inverse(&inverse);
            see("inverse iteration", false, None, op.eigs_with(power, k, next));
        }
    }
    // the largest eigenvalues of Frank's matrix are well-conditioned: those of a run in nalgebra
    let frank_12 = frank(12);
    let mut w: Vec<f64> = frank_12.complex_eigenvalues().iter().map(|z| z.re).collect();
    w.sort_by(|x, y| y.total_cmp(x));
    all("small Frank", &frank_12, Some(&w[..3]), true);
    all("Frank", &frank(30), None, true);
    all("Grcar", &grcar(40), None, false);
    all("Clement", &clement(30), Some(&[29.0, 27.0, 25.0]), true);
    all("Jordan", &jordan(30), None, false);
    let random = DMatrix::from_fn(40, 40, |i, j| C64::some(i * 40 + j));
    all("complex random", &random, None, true);
    let random = DMatrix::from_fn(40, 40, |i, j| noise(i * 40 + j));
    all("real random", &random, None, true);
}

/// Golub-Kahan-Lanczos to its tolerance, the randomised method within its bound.
#[test]
fn singular_value_families() {
    fn all<T: Number + SpectralNumber>(name: &str, a: &DMatrix<T>) {
        let k = 4;
        let exact = a.clone().svd(false, false).singular_values;
        let (norm, op) = (exact[0], Dense::new(a));
        let orthonormal = |what: &str, u: &DMatrix<T>| {
            let off = (u.adjoint() * u - DMatrix::identity(k, k)).norm();
            assert!(off <= 1e-9, "{what}: not orthonormal by {off:e}");
        };
        let see = |method: &str, s: cola::Result<Svds<T, f64>>, iterative: bool| {
            let what = format!("{name} by {method}");
            let s = s.unwrap_or_else(|e| panic!("{what}: {e}"));
            orthonormal(&what, &s.u);
            orthonormal(&what, &s.v_t.adjoint());
            for i in 0..k {
                let (u, v, w) = (s.u.column(i).into_owned(), s.v_t.row(i).adjoint(), s.singular_values[i]);
                let c = <T as Scalar>::of(w);
                let r = (a * &v - &u * c).norm().max((a.adjoint() * &u - &v * c).norm());
                if let Some(claimed) = s.residuals.get(i) {
                    assert!((r - claimed).abs() <= 1e-2 * r + 1e-14 * norm, "{what}: {r:e} is not {claimed:e}");
                }
                if iterative {
                    assert!(r <= allowed(w, norm), "{what}: residual {r:e} of {w:e}");
                    assert!((w - exact[i]).abs() <= 2.0 * r + 1e-13 * norm, "{what}: {w:e} is not {:e}", exact[i]);
                }
            }
            if let Some(bound) = s.error_bound {
                let sigma = DMatrix::from_diagonal(&s.singular_values.map(|w| <T as Scalar>::of(w)));
                let rest = (a - &s.u * sigma * &s.v_t).svd(false, false).singular_values[0];
                assert!(rest <= bound + 1e-14 * norm, "{what}: {rest:e} is not below {bound:e}");
                // power iterations come near the best approximation, which misses the next singular value
                let near = if method == "single pass" { 30.0 } else { 3.0 };
                assert!(rest <= near * exact[k] + 1e-13 * norm, "{what}: {rest:e} of {:e}", exact[k]);
                let off = (0..k).map(|i| (s.singular_values[i] - exact[i]).abs()).fold(0.0, f64::max);
                assert!(off <= rest + 1e-13 * norm, "{what}: {off:e}");
            }
        };
        see("Golub-Kahan", op.svds_with(GolubKahan::default().tol(TOL).subspace(16), k), true);
        see("randomised", op.svds_with(RandomizedSvd::default().seed(5), k), false);
        see("single pass", op.svds_with(RandomizedSvd::default().seed(6).single_pass(), k), false);
    }
    all("1-D Laplacian", &laplacian(1, 40, 0.0));
    all("2-D Laplacian", &laplacian(2, 6, 0.0));
    all("3-D Laplacian", &laplacian(3, 4, 0.0));
    all("Hilbert", &hilbert(30));
    all("Frank", &frank(30));
    all("Grcar", &grcar(40));
    all("Clement", &clement(30));
    all("Jordan", &jordan(30));
    all("graded", &graded(40));
    all("clustered", &with_spectrum::<f64>(&clustered(45)));
    for cond in [1e2, 1e4, 1e6, 1e8, 1e10, 1e12, 1e14] {
        all(&format!("condition {cond:e}"), &with_spectrum::<f64>(&geometric(40, cond)));
    }
    all("complex Hermitian", &with_spectrum::<C64>(&geometric(40, 1e3)));
    all("tall", &DMatrix::from_fn(60, 35, |i, j| noise(i * 35 + j) * 0.8f64.powi(j as i32)));
    all(
        "wide and complex",
        &DMatrix::from_fn(30, 50, |i, j| C64::some(i * 50 + j) * C64::new(0.8f64.powi(i as i32), 0.0)),
    );
}

/// The matrices from applications: true residuals by the sparse product of nalgebra.
fn from_applications(name: &str) {
    let a: nalgebra_sparse::CsrMatrix<f64> =
        read_matrix_market(format!("{}/data/{name}.mtx", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let k = 3;
    let general = Sparse::new(&a);
    let singular = general.svds_with(GolubKahan::default().tol(TOL), k).unwrap();
    let norm = singular.singular_values[0];
    for i in 0..k {
        let (u, v, s) =
            (singular.u.column(i).into_owned(), singular.v_t.row(i).transpose(), singular.singular_values[i]);
        let r = (&a * &v - &u * s).norm().max((a.transpose() * &u - &v * s).norm());
        assert!(r <= allowed(s, norm), "{name}: residual {r:e} of {s:e}");
    }
    let sketch = general.svds_with(RandomizedSvd::default().seed(1), k).unwrap();
    for i in 0..k {
        let (got, want) = (sketch.singular_values[i], singular.singular_values[i]);
        assert!(got <= want * (1.0 + 1e-12) && got >= 0.8 * want, "{name}: {got:e} of {want:e}");
    }
    let single = general.svds_with(RandomizedSvd::default().single_pass().seed(1), k).unwrap();
    assert!(single.error_bound.is_some_and(|bound| bound.is_finite()) && single.singular_values[0] >= 0.5 * norm);
    // what is made for general matrices serves symmetric ones too
    let wide = Which::LargestMagnitude;
    for (what, e) in [
        ("Krylov-Schur", general.eigs_with(KrylovSchur::default().tol(TOL), k, wide)),
        ("Krylov-Schur in blocks", general.eigs_with(KrylovSchur::default().block(2).tol(TOL), k, wide)),
        ("Arnoldi", general.eigs_with(Arnoldi::default().tol(TOL), k, wide)),
    ] {
        let e = e.unwrap_or_else(|e| panic!("{name} by {what}: {e}"));
        for i in 0..k {
            let (v, s) = (e.eigenvectors.column(i).into_owned(), e.eigenvalues[i]);
            let (re, im) = (&a * v.map(|z| z.re), &a * v.map(|z| z.im));
            let r = (re.zip_map(&im, C64::new) - &v * s).norm();
            assert!(r <= allowed(s.norm(), norm), "{name} by {what}: |A v - {s} v| = {r:e}");
        }
    }
    if name == "recirc_flow" {
        return;
    }
    let op = Psd::new(&general);
    let see = |method: &str, must: bool, e: cola::Result<Eigs<f64, f64>>| {
        let what = format!("{name} by {method}");
        let e = match e {
            Ok(e) => e,
            Err(e) => {
                honest::<f64>(&what, must, a.nrows(), k, &e);
                return None;
            }
        };
        for i in 0..k {
            let (v, s): (DVector<f64>, f64) = (e.eigenvectors.column(i).into_owned(), e.eigenvalues[i]);
            let r = (&a * &v - &v * s).norm();
            assert!(r <= allowed(s, norm), "{what}: |A v - {s} v| = {r:e}");
        }
        Some(e.eigenvalues)
    };
    let high = Which::LargestAlgebraic;
    let by_lanczos = see("Lanczos", true, op.eigs_with(Lanczos::default().tol(TOL), k, high)).unwrap();
    let by_lobpcg = see("LOBPCG", true, op.eigs_with(Lobpcg::default().tol(TOL), k, high)).unwrap();
    assert!((&by_lanczos - &by_lobpcg).norm() <= 1e-10 * norm, "{name}: {by_lanczos} {by_lobpcg}");
    let blocks = Lanczos::default().block(3).tol(TOL);
    assert!((see("block Lanczos", true, op.eigs_with(blocks, k, high)).unwrap() - &by_lanczos).norm() <= 1e-10 * norm);
    // positive and symmetric: the singular values
    assert!((&by_lanczos - &singular.singular_values).norm() <= 1e-10 * norm, "{name}: {by_lanczos}");
    let power = PowerIteration::default().tol(TOL).block(6).max_iters(150);
    see("power iteration", false, op.eigs_with(power, k, Which::LargestMagnitude));
    // the smallest: next to a number below them, as one of the matrices is singular
    let shift = 1e-3 * norm;
    let mut shifted = a.clone();
    shifted.triplet_iter_mut().filter(|e| e.0 == e.1).for_each(|e| *e.2 += shift);
    let inverse = Psd::new(Sparse::new(&shifted)).inv().unwrap();
    let next = Which::NearestTo(-shift);
    let low = see("shift-invert", true, op.eigs_with(Lanczos::default().tol(TOL).inverse(&inverse), k, next)).unwrap();
    let power = PowerIteration::default().tol(TOL).block(8).max_iters(150).inverse(&inverse);
    if let Some(same) = see("inverse iteration", false, op.eigs_with(power, k, next)) {
        assert!((&low - same).norm() <= 1e-9 * norm, "{name}");
    }
}
#[test]
fn laplacian_of_a_square() {
    from_applications("unit_square");
}
#[test]
fn stiffness_of_a_bar() {
    from_applications("bar");
}
#[test]
fn admittances_of_a_network() {
    from_applications("1138_bus");
}
#[test]
fn flow_that_recirculates() {
    from_applications("recirc_flow");
}
