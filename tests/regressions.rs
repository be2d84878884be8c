//! The wrong answers of CoLA that RULES.md lists, one test for each by its number: ours compared with numbers known independently.
#![allow(clippy::op_ref, reason = "operators on references are tested too")]
use cola::prelude::*;
use cola::*;
use nalgebra::{DMatrix, DVector, dmatrix, matrix, vector};

type C = Complex<f64>;

fn noise(seed: u64) -> impl FnMut() -> f64 {
    let mut x = seed * 7919 + 12_345;
    move || {
        x = x.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (x >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
}
fn random(m: usize, n: usize, seed: u64) -> DMatrix<f64> {
    let mut f = noise(seed);
    DMatrix::from_fn(m, n, |_, _| f())
}
fn definite(n: usize, seed: u64) -> DMatrix<f64> {
    let x = random(n, n, seed);
    &x * x.transpose() + DMatrix::identity(n, n)
}
/// The determinant by expansion along the first column: no factorisation, no pivoting.
fn laplace(a: &DMatrix<f64>) -> f64 {
    match a.nrows() {
        0 => 1.0,
        n => (0..n)
            .map(|i| {
                let minor = a.clone().remove_row(i).remove_column(0);
                if i % 2 == 0 { a[(i, 0)] * laplace(&minor) } else { -a[(i, 0)] * laplace(&minor) }
            })
            .sum(),
    }
}
/// e^A by its series, A small in norm.
fn series(a: &DMatrix<C>) -> DMatrix<C> {
    let n = a.nrows();
    let (mut sum, mut term) = (DMatrix::<C>::identity(n, n), DMatrix::<C>::identity(n, n));
    for k in 1..60 {
        term = &term * a / C::from(k as f64);
        sum += &term;
    }
    sum
}
fn psd<A: Operator>(_: &A) -> bool {
    <A::Facts as Facts>::Psd::KNOWN
}
fn self_adjoint<A: Operator>(_: &A) -> bool {
    <A::Facts as Facts>::SelfAdjoint::KNOWN
}
fn unitary<A: Operator>(_: &A) -> bool {
    <A::Facts as Facts>::Unitary::KNOWN
}
fn isometric<A: Operator>(_: &A) -> bool {
    <A::Facts as Facts>::Isometric::KNOWN
}
fn name_of<A>(_: &A) -> &'static str {
    core::any::type_name::<A>()
}

#[test]
fn e01_the_sign_of_slogdet_counts_the_row_exchanges() {
    let mut negative = 0;
    for seed in 0..50 {
        let a = random(4, 4, seed);
        let want = laplace(&a);
        let (sign, log) = Dense::new(&a).slogdet().unwrap();
        assert_eq!(sign, want.signum(), "seed {seed}");
        assert!((log - want.abs().ln()).abs() < 1e-11);
        assert_eq!(Dense::new(&a).slogdet_with(Lu).unwrap().0, want.signum());
        assert_eq!(Dense::new(&a).slogdet_with(Svd::default()).unwrap().0, want.signum());
        assert_eq!(Dense::new(&a).slogdet_with(Eig).unwrap().0, want.signum());
        // through a permutation, the base case and the sparse factors, too
        let p = Permutation::<f64, _>::new([1, 0, 2, 3]);
        assert_eq!(Product::new(&p, Dense::new(&a)).slogdet().unwrap().0, -want.signum());
        let sparse = Sparse::new(nalgebra_sparse::CsrMatrix::from(&a));
        assert_eq!(sparse.slogdet().unwrap().0, want.signum());
        negative += (want < 0.0) as usize;
    }
    assert!((10..40).contains(&negative), "both signs occur");
}
#[test]
fn e02_logdet_of_c_a_has_n_log_c() {
    let a = definite(5, 1);
    let want = 5.0 * 3f64.ln() + laplace(&a).ln();
    assert!((linop!(3.0 * psd(&a)).logdet().unwrap() - want).abs() < 1e-11);
    let (sign, log) = linop!(-3.0 * psd(&a)).slogdet().unwrap();
    assert!(sign == -1.0 && (log - want).abs() < 1e-11);
    assert!(
        (linop!(3.0 * kron(psd(&a), diag([1.0, 2.0]))).logdet().unwrap()
            - (10.0 * 3f64.ln() + 2.0 * laplace(&a).ln() + 5.0 * 2f64.ln()))
        .abs()
            < 1e-11
    );
}
#[test]
fn e03_a_negative_logdet_stays_negative() {
    let a = definite(4, 2) * 0.1;
    let want = laplace(&a).ln();
    assert!(want < -1.0);
    let f = a.clone();
    let matrix_free = Function::psd(4, move |x: &[f64], y: &mut [f64]| {
        (0..4).for_each(|i| y[i] = (0..4).map(|j| f[(i, j)] * x[j]).sum())
    });
    for got in [
        linop!(psd(&a)).logdet().unwrap(),
        Dense::new(&a).logdet().unwrap(),
        SelfAdjoint::new(&a).logdet().unwrap(),
        matrix_free.logdet().unwrap(),
        linop!(psd(&a)).logdet_with(Cholesky).unwrap(),
        linop!(psd(&a)).logdet_with(Eigh).unwrap(),
    ] {
        assert!((got - want).abs() < 1e-11, "{got} {want}");
    }
    // the iteration, whose quadrature is exact after four steps: what is left is the spread of the probes
    let e = linop!(psd(&a)).logdet_with(Slq::default().probes(64).seed(1)).unwrap();
    assert!(e.value < 0.0 && (e.value - want).abs() <= 4.0 * e.std_error, "{e:?} {want}");
    let e = matrix_free.logdet_with(Slq::default().probes(64).seed(2)).unwrap();
    assert!(e.value < 0.0 && (e.value - want).abs() <= 4.0 * e.std_error, "{e:?} {want}");
}
#[test]
fn e04_functions_of_a_defective_matrix() {
    let jordan = dmatrix![1.0, 1.0; 0.0, 1.0];
    let (exp, root) = (dmatrix![1.0, 1.0; 0.0, 1.0] * 1f64.exp(), dmatrix![1.0, 0.5; 0.0, 1.0]);
    let log = dmatrix![0.0, 1.0; 0.0, 0.0];
    let near = |a: DMatrix<f64>, b: &DMatrix<f64>| assert!((&a - b).norm() < 1e-14, "{a}{b}");
    near(Dense::new(&jordan).exp().unwrap().to_dense(), &exp);
    near(Dense::new(&jordan).sqrt_with(Schur).unwrap().to_dense(), &root);
    near(Dense::new(&jordan).log_with(Schur).unwrap().to_dense(), &log);
    near(Triangular::upper(&jordan).exp().unwrap().to_dense(), &exp);
    near(Triangular::upper(&jordan).sqrt().unwrap().to_dense(), &root);
    near(Triangular::upper(&jordan).log().unwrap().to_dense(), &log);
    near(Triangular::lower(jordan.transpose()).sqrt().unwrap().to_dense(), &root.transpose());
    // by eigenvectors, when asked: refused, not wrong
    let refused = Dense::new(&jordan).sqrt_with(Eig);
    assert!(matches!(&refused, Err(Error::InvalidArgument { what }) if what.contains("Schur")), "{:?}", refused.err());
}
#[test]
fn e05_the_null_space_is_part_of_exp() {
    // A = v v^T of rank 1: exp A = I + (e^|v|^2 - 1) v v^T / |v|^2
    let v = DVector::from_vec(vec![1.0, 2.0, -1.0, 0.5]);
    let n: f64 = v.norm_squared();
    let a = &v * v.transpose();
    let want = DMatrix::identity(4, 4) + &a * ((n.exp() - 1.0) / n);
    let f = a.clone();
    let matrix_free = Function::psd(4, move |x: &[f64], y: &mut [f64]| {
        (0..4).for_each(|i| y[i] = (0..4).map(|j| f[(i, j)] * x[j]).sum())
    });
    let gram = Gram::new(Dense::new(v.clone()));
    for got in [
        Psd::new(&a).exp().unwrap().to_dense(),
        Dense::new(&a).exp().unwrap().to_dense(),
        matrix_free.exp().unwrap().to_dense(),
        gram.exp().unwrap().to_dense(),
    ] {
        assert!((&got - &want).norm() < 1e-12 * want.norm(), "{got}{want}");
    }
    // a vector of the null space alone
    let w = DVector::from_vec(vec![2.0, -1.0, 0.0, 0.0]);
    assert!((Psd::new(&a).exp().unwrap().apply(&w) - &w).norm() < 1e-12);
    // by Lanczos, with and without a basis: of that vector, of one that has all parts, and of one that the operator maps to zero but for rounding
    for b in [w.clone(), DVector::from_vec(vec![0.3, -1.0, 2.0, 0.7]), &w + &v * 1e-12] {
        let exact = &want * &b;
        for x in [
            matrix_free.exp_apply_with(Lanczos::default(), &b).unwrap().x,
            matrix_free.exp_apply_with(TwoPassLanczos::default(), &b).unwrap().x,
            matrix_free.exp_apply(&b).unwrap(),
        ] {
            assert!((&x - &exact).norm() < 1e-10 * exact.norm(), "{x}{exact}");
        }
    }
}
#[test]
fn e06_eigenvectors_of_triangles_and_what_is_known_of_them() {
    let l = dmatrix![1.0, 0.0, 0.0; 2.0, 3.0, 0.0; -1.0, 4.0, 5.0];
    for (name, e, a) in [
        ("lower", Triangular::lower(&l).eig().unwrap().eigenvectors().to_dense(), l.clone()),
        ("upper", Triangular::upper(l.transpose()).eig().unwrap().eigenvectors().to_dense(), l.transpose()),
    ] {
        for (j, w) in [1.0, 3.0, 5.0].into_iter().enumerate() {
            let v = e.column(j);
            let r = a.map(C::from) * v - v * C::from(w);
            assert!(r.norm() < 1e-14 && (v.norm() - 1.0).abs() < 1e-14, "{name} {j}: {r}");
        }
    }
    // they are not orthogonal, and nothing says so
    assert!(!unitary(Triangular::lower(&l).eig().unwrap().eigenvectors()));
    assert!(!unitary(Dense::new(&l).eig().unwrap().eigenvectors()));
    assert!(unitary(Permutation::<f64, _>::new([1, 2, 0]).eig().unwrap().eigenvectors()));
}
#[test]
fn e07_the_largest_magnitude_may_be_negative() {
    let q = random(6, 6, 7).qr().q();
    let w = DVector::from_vec(vec![-5.0, 3.0, 2.0, -1.0, 0.5, 0.25]);
    let a = &q * DMatrix::from_diagonal(&w) * q.transpose();
    let matrix_free = {
        let a = a.clone();
        let f = move |x: &[f64], y: &mut [f64]| (0..6).for_each(|i| y[i] = (0..6).map(|j| a[(i, j)] * x[j]).sum());
        SelfAdjoint::new(Function::new(6, 6, f.clone(), f))
    };
    let near = |got: &[f64], want: &[f64]| {
        assert!(got.iter().zip(want).all(|(g, w)| (g - w).abs() < 1e-8) && got.len() == want.len(), "{got:?} {want:?}")
    };
    let h = SelfAdjoint::new(&a);
    near(h.eigs(2, Which::LargestMagnitude).unwrap().eigenvalues.as_slice(), &[-5.0, 3.0]);
    near(h.eigs(2, Which::LargestAlgebraic).unwrap().eigenvalues.as_slice(), &[3.0, 2.0]);
    near(h.eigs(2, Which::SmallestAlgebraic).unwrap().eigenvalues.as_slice(), &[-5.0, -1.0]);
    near(h.eigs(1, Which::SmallestMagnitude).unwrap().eigenvalues.as_slice(), &[0.25]);
    near(
        matrix_free.eigs_with(Lanczos::default(), 2, Which::LargestMagnitude).unwrap().eigenvalues.as_slice(),
        &[-5.0, 3.0],
    );
    // of a matrix that nobody said is self-adjoint the eigenvalues are complex numbers
    let general = Dense::new(&a).eigs_with(KrylovSchur::default(), 1, Which::LargestMagnitude).unwrap();
    assert!((general.eigenvalues[0] - C::from(-5.0)).norm() < 1e-8);
}
#[test]
fn e08_power_iteration_finds_a_negative_dominant_eigenvalue() {
    let q = random(5, 5, 8).qr().q();
    let a = &q * DMatrix::from_diagonal(&DVector::from_vec(vec![-4.0, 3.0, 1.0, -0.5, 0.1])) * q.transpose();
    let e = SelfAdjoint::new(&a).eigs_with(PowerIteration::default(), 1, Which::LargestMagnitude).unwrap();
    assert!((e.eigenvalues[0] + 4.0).abs() < 1e-8, "{:?}", e.eigenvalues);
    let v = e.eigenvectors.column(0).into_owned();
    assert!((&a * &v + &v * 4.0).norm() < 1e-8 && (v.norm() - 1.0).abs() < 1e-12);
    // it took steps
    assert!(e.report.iterations > 1, "{}", e.report.iterations);
}
#[test]
fn e09_facts_of_scaled_and_transposed_operators() {
    let a = definite(3, 3);
    assert!(psd(&linop!(2.0 * psd(&a))) && !psd(&linop!(-psd(&a))) && self_adjoint(&linop!(-psd(&a))));
    let c = -1.0;
    assert!(!psd(&linop!(c * psd(&a))));
    assert!(try_linop!(nonnegative(c) * psd(&a)).is_err());
    let q = Unitary::new(DMatrix::<f64>::identity(3, 3));
    assert!(unitary(&q) && !unitary(&linop!(2.0 * &q)));
    let tall = Isometric::new(dmatrix![1.0, 0.0; 0.0, 1.0; 0.0, 0.0]);
    assert!(isometric(&tall) && !isometric(&tall.transpose()) && !isometric(&tall.adjoint()));
    let z = DMatrix::from_fn(2, 2, |i, j| C::new(i as f64, 1.0 + j as f64));
    assert!(!psd(&linop!(&z * &z.T)) && psd(&linop!(&z * &z.H)));
    let x = random(2, 2, 4);
    assert!(psd(&linop!(&x * &x.T)));
}
#[test]
fn e10_the_transpose_of_a_complex_hermitian_matrix_is_its_conjugate() {
    let h = dmatrix![C::new(2.0, 0.0), C::new(1.0, 3.0); C::new(1.0, -3.0), C::new(-1.0, 0.0)];
    let a = SelfAdjoint::new(&h);
    let v = [C::new(1.0, 1.0), C::new(0.0, 2.0)];
    assert_eq!(a.transpose().to_dense(), h.transpose());
    assert_ne!(a.transpose().to_dense(), h);
    assert_eq!(a.adjoint().to_dense(), h);
    let want = h.transpose() * DVector::from_column_slice(&v);
    assert!((DVector::from_column_slice(&a.apply_transpose(&v)) - want).norm() < 1e-14);
}
#[test]
fn e11_svd_lu_and_pinv_of_a_diagonal() {
    let d = Diagonal::new([-3.0, 0.0, 2.0]);
    let s = d.svd().unwrap();
    assert_eq!(s.s[..], [3.0, 2.0, 0.0]);
    assert_eq!(s.to_dense(), d.to_dense());
    let u = s.u.to_dense();
    assert_eq!(&u.transpose() * &u, DMatrix::identity(3, 3));
    let lu = d.lu().unwrap();
    assert_eq!(lu.l.to_dense() * lu.u.to_dense(), lu.p.to_dense() * d.to_dense());
    assert_eq!(d.pinv().unwrap().apply(&[3.0, 5.0, 4.0]), [-1.0, 0.0, 2.0]);
    assert!(d.inv().is_err());
}
#[test]
fn e12_gmres_does_not_square_the_condition_and_uses_its_preconditioner() {
    // condition 1e9: normal equations would have 1e18 and no digit left
    let n = 12;
    let q = random(n, n, 5).qr().q();
    let d = DMatrix::from_diagonal(&DVector::from_fn(n, |i, _| 10f64.powf(-9.0 * i as f64 / (n - 1) as f64)));
    let a = &q * d * random(n, n, 6).qr().q();
    let x = DVector::from_element(n, 1.0);
    let b = &a * &x;
    let s = Dense::new(&a).solve_with(Gmres::default().tol(1e-14).max_iters(400), &b);
    let got = match s {
        Ok(s) => s.x,
        Err(e) => panic!("{e}"),
    };
    assert!((&a * &got - &b).norm() < 1e-12 * b.norm());
    // the exact inverse as preconditioner: done in one or two steps; without it, not
    let inverse = Dense::new(a.clone().try_inverse().unwrap());
    let one = Dense::new(&a).solve_with(Gmres::default().tol(1e-6).preconditioner(&inverse), &b).unwrap();
    let without = Dense::new(&a).solve_with(Gmres::default().tol(1e-6), &b).unwrap();
    assert!(one.report.iterations <= 2 && without.report.iterations > 3, "{:?} {:?}", one.report, without.report);
}
#[test]
fn e13_cg_from_an_exact_start_and_at_its_cap() {
    let a = definite(30, 7);
    let b = DVector::from_element(30, 1.0);
    // started from the solution nothing is left to do
    use cola::algorithms::krylov::SolveAlgorithm;
    let exact = a.clone().lu().solve(&b).unwrap();
    let mut x = exact.clone();
    let op = Psd::new(&a);
    let view = ViewMut::vector(x.as_mut_slice());
    let report = Cg::default().tol(1e-10).solve(&op, View::vector(b.as_slice()), view).unwrap();
    assert_eq!(report.iterations, 0);
    assert_eq!(x, exact);
    let capped = op.solve_with(Cg::default().tol(1e-13).max_iters(2), &b);
    assert!(matches!(capped, Err(Error::NotConverged { iterations: 2, .. })), "{:?}", capped.err());
}
#[test]
fn e14_functions_of_adjoint_transpose_and_conjugate() {
    let mut f = noise(8);
    let z = DMatrix::from_fn(3, 3, |i, j| C::new(f() * 0.3 + if i == j { 1.0 } else { 0.0 }, f() * 0.3));
    let a = Dense::new(&z);
    let near = |got: DMatrix<C>, want: DMatrix<C>| assert!((&got - &want).norm() < 1e-13, "{got}{want}");
    near(a.adjoint().exp().unwrap().to_dense(), series(&z.adjoint()));
    near(a.transpose().exp().unwrap().to_dense(), series(&z.transpose()));
    near(Conj::new(&a).exp().unwrap().to_dense(), series(&z.conjugate()));
    // a root is a root of the transformed matrix
    let t = Triangular::upper(z.clone());
    let r = t.adjoint().sqrt().unwrap().to_dense();
    near(&r * &r, t.adjoint().to_dense());
    // eigenvalues of the conjugate are conjugate
    let w = Conj::new(&a).eig().unwrap();
    let v = w.eigenvectors().to_dense();
    near(z.conjugate() * &v, &v * DMatrix::from_diagonal(&DVector::from_column_slice(w.eigenvalues())));
    // f(z) = e^(iz) does not commute with conjugation: f(A^H) is not f(A)^H but that of -i
    let i = C::new(0.0, 1.0);
    let f = |m: DMatrix<C>| series(&(m * i));
    let (h, t, c) = (f(z.adjoint()), f(z.transpose()), f(z.conjugate()));
    assert!((&h - f(z.clone()).adjoint()).norm() > 0.1 && (&c - f(z.clone()).conjugate()).norm() > 0.1);
    near(Scaled::new(i, a.adjoint()).exp().unwrap().to_dense(), h.clone());
    near(linop!(i * { &z }.H).exp().unwrap().to_dense(), h.clone());
    near(linop!((-i * { &z }).H).exp().unwrap().to_dense(), h.clone());
    near(Scaled::new(i, a.transpose()).exp().unwrap().to_dense(), t.clone());
    near(Scaled::new(i, Conj::new(&a)).exp().unwrap().to_dense(), c.clone());
    // and where the structure's own rule runs below it
    let lower = z.lower_triangle();
    near(Scaled::new(i, Triangular::lower(z.clone()).adjoint()).exp().unwrap().to_dense(), f(lower.adjoint()));
    let blocks = BlockDiag::new(&z, &lower);
    let mut want = DMatrix::zeros(6, 6);
    want.view_mut((0, 0), (3, 3)).copy_from(&h);
    want.view_mut((3, 3), (3, 3)).copy_from(&f(lower.adjoint()));
    near(Scaled::new(i, blocks.adjoint()).exp().unwrap().to_dense(), want);
    let sum = KronSum::new(&z, &lower);
    near(Scaled::new(i, sum.adjoint()).exp().unwrap().to_dense(), h.kronecker(&f(lower.adjoint())));
}
#[test]
fn e15_the_inverse_of_a_transposed_kron_is_by_its_factors() {
    let (a, b) = (definite(3, 9), random(4, 4, 10) + DMatrix::identity(4, 4) * 4.0);
    let k = Kron::new(Psd::new(&a), Dense::new(&b));
    for (name, dense) in [
        (name_of(&k.transpose().inv().unwrap()), k.transpose().inv().unwrap().to_dense()),
        (name_of(&k.adjoint().inv().unwrap()), k.adjoint().inv().unwrap().to_dense()),
    ] {
        assert!(name.contains("Kron") && name.contains("ByLdl"), "{name}");
        let want = a.kronecker(&b).transpose().try_inverse().unwrap();
        assert!((dense - want).norm() < 1e-12);
    }
}
#[test]
fn e16_facts_survive_kron_inverse_exp_and_roots() {
    let (a, h) = (definite(3, 11), definite(2, 12) - DMatrix::identity(2, 2) * 3.0);
    let k = Kron::new(Psd::new(&a), SelfAdjoint::new(&h));
    assert!(self_adjoint(&k) && !psd(&k));
    assert!(psd(&Psd::new(&a).inv().unwrap()) && psd(&Psd::new(&a).sqrt().unwrap()));
    assert!(psd(&SelfAdjoint::new(&h).exp().unwrap()) && self_adjoint(&SelfAdjoint::new(&h).inv().unwrap()));
    assert!(psd(&k.exp().unwrap()) && psd(&Psd::new(&a).pinv().unwrap()));
    // and so Cholesky follows
    let root = Psd::new(&a).inv().unwrap().cholesky().unwrap().to_dense();
    assert!((&root * root.transpose() * &a - DMatrix::identity(3, 3)).norm() < 1e-12);
}
#[test]
fn e17_rules_run_unasked() {
    let a = definite(3, 13);
    let k = Kron::new(Psd::new(&a), Psd::new(Diagonal::new([2.0, 3.0])));
    let root = k.pow(0.5).unwrap();
    assert!(name_of(&root).contains("Kron<"), "{}", name_of(&root));
    assert!((&root.to_dense() * root.to_dense() - k.to_dense()).norm() < 1e-12);
    // exp(A x I + I x B) = exp(A) x exp(B), by type and by value
    let sum = KronSum::new(Psd::new(&a), Psd::new(Diagonal::new([2.0, 3.0])));
    let exp = sum.exp().unwrap();
    assert!(name_of(&exp).contains("Kron<"), "{}", name_of(&exp));
    let want = series(&sum.to_dense().map(C::from));
    assert!((exp.to_dense().map(C::from) - &want).norm() < 1e-11 * want.norm());
}
#[test]
fn e18_slogdet_of_a_square_kron_of_rectangular_factors() {
    let (a, b) = (random(2, 3, 14), random(3, 2, 15));
    let k = Kron::new(&a, &b);
    assert_eq!(k.shape(), (6, 6));
    let (sign, log) = k.slogdet().unwrap();
    assert_eq!((sign, log), (0.0, f64::NEG_INFINITY));
    assert!(laplace(&a.kronecker(&b)).abs() < 1e-12);
    assert!(matches!(k.inv(), Err(Error::Singular { .. })));
}
#[test]
fn e19_sparse_entries_in_any_order_and_twice() {
    let entries = [(2, 1, 4.0), (0, 2, 1.0), (0, 0, 2.0), (2, 1, -1.0), (1, 1, 5.0), (0, 2, 0.5), (2, 2, 7.0)];
    let s = Sparse::from_triplets(3, 3, entries).unwrap();
    let want = matrix![2.0, 0.0, 1.5; 0.0, 5.0, 0.0; 0.0, 3.0, 7.0];
    let v = vector![1.0, -2.0, 3.0];
    assert_eq!(s.apply(&v), want * v);
    assert_eq!(s.apply_transpose(&v), want.transpose() * v);
    assert!((s.solve(&v).unwrap() - want.try_inverse().unwrap() * v).norm() < 1e-15);
    assert!((s.logdet().unwrap() - 70f64.ln()).abs() < 1e-14);
    let coo = nalgebra_sparse::CooMatrix::try_from_triplets_iter(3, 3, entries).unwrap();
    assert_eq!(linop!(sparse(nalgebra_sparse::CscMatrix::from(&coo))).apply(&v), want * v);
}
#[test]
fn e20_stacks_check_the_right_sizes_and_lists_of_indices_slice() {
    let (a, b) = (random(2, 3, 16), random(2, 4, 17));
    assert_eq!(HStack::try_new(Dense::new(&a), Dense::new(&b)).unwrap().shape(), (2, 7));
    assert!(matches!(VStack::try_new(Dense::new(&a), Dense::new(&b)), Err(Error::ShapeMismatch { .. })));
    assert!(HStack::try_new(Dense::new(&a), Dense::new(b.transpose())).is_err());
    assert_eq!(VStack::try_new(Dense::new(&a), Dense::new(random(5, 3, 1))).unwrap().shape(), (7, 3));
    let h = linop!([&a, &b]).to_dense();
    assert_eq!((h.columns(0, 3).into_owned(), h.columns(3, 4).into_owned()), (a.clone(), b.clone()));
    let (rows, cols) = (vec![1usize, 0, 1], [2usize, 0]);
    let s = linop!((&a)[rows.clone(), cols]).to_dense();
    assert_eq!(s, DMatrix::from_fn(3, 2, |i, j| a[(rows[i], cols[j])]));
    assert!(try_linop!((&a)[0..2, vec![3usize]]).is_err());
    // kernel matrices below, at and above the size of a tile
    for n in [1, 5, 63, 64, 65, 130] {
        let x: Vec<f64> = (0..n).map(|i| (i as f64 * 0.7).sin()).collect();
        let k = linop!(kernel({ Rbf::new(0.5) }, { DMatrix::from_column_slice(n, 1, &x) })).to_dense();
        let far = |i: usize, j: usize| (k[(i, j)] - (-2.0 * (x[i] - x[j]).powi(2)).exp()).abs();
        assert!((0..n).all(|i| (0..n).all(|j| far(i, j) < 1e-14)), "{n} points");
    }
}
#[test]
fn e21_gradients_of_right_sides_factors_and_of_iterations() {
    let b = vector![1.0, 2.0];
    let w = vector![0.5, -1.0];
    // d(w^T A^-1 b) / db = A^-T w, A not symmetric
    let a = matrix![2.0, 1.0; -3.0, 4.0];
    let k = linop!({ a });
    let (_, (ga, gb)) = value_and_grad2(&k, &b, |k, b| Ok(k.solve(b)?.dot(&w))).unwrap();
    let (x, y) = (a.try_inverse().unwrap() * b, a.transpose().try_inverse().unwrap() * w);
    assert!((gb - y).norm() < 1e-15);
    assert!((ga.tree().0 + y * x.transpose()).norm() < 1e-15);
    // d log det(c A) / dc = n / c, d(b^T (c A)^-1 b) / dc = -b^T A^-1 b / c^2
    let c = 1.5f64;
    let p = matrix![2.0f64, 1.0; 1.0, 3.0];
    let s = linop!(c * psd(p));
    let (_, g) = value_and_grad(&s, |s| Ok(s.logdet()? + s.inv_quad(&b)?)).unwrap();
    let want = 2.0 / c - b.dot(&(p.try_inverse().unwrap() * b)) / (c * c);
    assert!((g.flatten()[0] - want).abs() < 1e-14, "{:?} {want}", g.flatten());
    // the same where the solve is GMRES: d I + c P with cycles of three, above the size that is made dense
    let n = 3 * 700;
    let order: Vec<usize> = (0..n).map(|i| if i % 3 == 2 { i - 2 } else { i + 1 }).collect();
    let big = Sum::new(Diagonal::new(vec![2.0; n]), Scaled::new(0.7, Permutation::<f64, _>::new(order)));
    let (rhs, probe): (Vec<f64>, Vec<f64>) = (0..n).map(|i| ([1.0, 2.0, -1.0][i % 3], [0.3, -0.2, 1.0][i % 3])).unzip();
    let (_, (_, gb)) = value_and_grad2(&big, &rhs, |k, b| Ok(k.solve(b)?.dot(&probe))).unwrap();
    let block = matrix![2.0, 0.7, 0.0; 0.0, 2.0, 0.7; 0.7, 0.0, 2.0];
    let want = block.transpose().try_inverse().unwrap() * vector![0.3, -0.2, 1.0];
    for i in 0..n {
        assert!((gb[i] - want[i % 3]).abs() < 1e-8, "{i}: {} {}", gb[i], want[i % 3]);
    }
}
#[test]
fn e22_products_of_composites_are_not_ambiguous() {
    let (a, b) = (random(2, 2, 18), random(3, 3, 19));
    let k = Kron::new(Kron::new(&a, &b), Kron::new(&a, &a));
    let want = a.kronecker(&b).kronecker(&a.kronecker(&a));
    assert!((k.to_dense() - want).norm() < 1e-14);
    let i = Identity::<f64, Dyn>::new(3);
    assert_eq!((&i * &i).to_dense(), DMatrix::identity(3, 3));
    let p = Product::new(&b, &b);
    assert_eq!((&p * &i).to_dense(), &b * &b);
    assert_eq!((&i * &p).to_dense(), &b * &b);
    assert!((linop!(kron(&a, &b) * kron(&a, &b)).to_dense() - (&a * &a).kronecker(&(&b * &b))).norm() < 1e-13);
    let s = Kron::new(&a, &b);
    assert!(((&s + &s).to_dense() - s.to_dense() * 2.0).norm() < 1e-14);
}
#[test]
fn e23_logdet_of_a_dense_matrix_is_direct_at_any_size() {
    // 2 on the diagonal, -1 beside it, in dense storage: det = n + 1
    let n = 1024;
    let a = DMatrix::from_fn(n, n, |i, j| match i.abs_diff(j) {
        0 => 2.0,
        1 => -1.0,
        _ => 0.0,
    });
    let start = std::time::Instant::now();
    let got = linop!(psd(&a)).logdet().unwrap();
    let seconds = start.elapsed().as_secs_f64();
    assert!((got - 1025f64.ln()).abs() < 1e-8, "{got}");
    // 40 s by stochastic quadrature; a Cholesky factorisation takes well under a second even without optimisation of our crate
    assert!(seconds < 10.0, "{seconds} s");
    assert!(linop!(psd(&a)).explain().plan(Question::Slogdet).rule.contains("LDL^H"));
}
