//! Blocks, lists of parts, kernels, interpolation: against the dense matrix made by definition.
use cola::plan::Question;
use cola::prelude::*;
use cola::testing::check_operator;
use cola::{Dyn, General, Held, NoFacts, Update, View, ViewMut};
use nalgebra::{DMatrix, DVector, dmatrix};

fn noise(i: usize, j: usize, seed: usize) -> f64 {
    let x = (seed * 7919 + i * 104_729 + j * 1_299_709 + 12_345) as u64;
    let x = (x ^ x >> 7).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (x >> 11) as f64 / (1u64 << 52) as f64 - 1.0
}
fn real(m: usize, n: usize, seed: usize) -> DMatrix<f64> {
    DMatrix::from_fn(m, n, |i, j| noise(i, j, seed))
}
fn rule<A: Explain>(a: &A, q: Question) -> String {
    a.explain().plan(q).rule.to_string()
}
fn close(a: &DMatrix<f64>, b: &DMatrix<f64>, tol: f64) {
    assert!((a - b).norm() <= tol * b.norm().max(1.0), "{a}{b}");
}

/// Zero by its type.
#[derive(Clone)]
struct Nothing(usize, usize);
impl Operator for Nothing {
    type Scalar = f64;
    type Facts = NoFacts;
    type Class = General;
    type Rows = Dyn;
    type Cols = Dyn;
    const IS_ZERO: bool = true;
    fn nrows(&self) -> usize {
        self.0
    }
    fn ncols(&self) -> usize {
        self.1
    }
}
impl LinearOperator for Nothing {
    fn act(&self, how: Update<f64>, x: View<'_, f64>, mut y: ViewMut<'_, f64>, _: &mut [f64]) {
        (0..x.cols).for_each(|c| (0..y.rows).for_each(|i| how.write(y.at(i, c), 0.0)));
    }
    fn scratch_len(&self, _: usize) -> usize {
        0
    }
}
cola::base_rules! { [] Nothing }
impl Explain for Nothing {}

#[test]
fn blocks() {
    // a large diagonal and a small border: an arrow
    let n = 4000;
    let (d, b, c, e) = (DVector::from_fn(n, |i, _| 2.0 + noise(i, 0, 1)), real(n, 2, 2), real(2, n, 3), real(2, 2, 4));
    let k = linop!([diag(&d), &b; &c, &e]);
    assert_eq!(rule(&k, Question::Solve), "Schur complement");
    let rhs = DVector::from_fn(n + 2, |i, _| noise(i, 1, 5));
    let x = k.solve(&rhs).unwrap();
    assert!((k.apply(&x) - &rhs).norm() < 1e-10 * rhs.norm());
    let schur = &e - &c * DMatrix::from_fn(n, 2, |i, j| b[(i, j)] / d[i]);
    let want = d.iter().map(|d| d.ln()).sum::<f64>() + schur.determinant().abs().ln();
    let (sign, log) = k.slogdet().unwrap();
    assert_eq!(sign, schur.determinant().signum());
    assert!((log - want).abs() < 1e-9 * want.abs());
    // the other corner
    let flipped = linop!([&e, &c; &b, diag(&d)]);
    assert!((flipped.slogdet().unwrap().1 - want).abs() < 1e-9 * want.abs());
    let y = flipped.apply_adjoint(&x);
    assert!((flipped.inv().unwrap().apply_adjoint(&y) - &x).norm() < 1e-9 * x.norm());
    // a block that cannot be inverted is no obstacle: the dense base case
    let k = linop!([diag([0.0, 1.0]), { dmatrix![1.0; 1.0] }; { dmatrix![1.0, 0.0] }, { dmatrix![2.0] }]);
    let x = k.solve(&vec![1.0, 2.0, 3.0]).unwrap();
    close(&(k.to_dense() * DMatrix::from_column_slice(3, 1, &x)), &dmatrix![1.0; 2.0; 3.0], 1e-14);
    assert!((k.slogdet().unwrap().1 - k.to_dense().determinant().abs().ln()).abs() < 1e-14);
    // triangular
    let (a, b, d) = (real(3, 3, 6), real(3, 2, 7), real(2, 2, 8));
    let upper = Blocks::new(&a, &b, Nothing(2, 3), &d);
    let lower = Blocks::new(&a, Nothing(3, 2), b.transpose(), &d);
    for (dense, solved, adjoint, plan, det) in [
        (
            upper.to_dense(),
            upper.inv().unwrap().to_dense(),
            upper.inv().unwrap().adjoint().to_dense(),
            rule(&upper, Question::Solve),
            upper.slogdet().unwrap(),
        ),
        (
            lower.to_dense(),
            lower.inv().unwrap().to_dense(),
            lower.inv().unwrap().adjoint().to_dense(),
            rule(&lower, Question::Solve),
            lower.slogdet().unwrap(),
        ),
    ] {
        close(&(&dense * &solved), &DMatrix::identity(5, 5), 1e-13);
        close(&adjoint, &solved.transpose(), 1e-14);
        assert_eq!(plan, "block substitution");
        assert!((det.0 * det.1.exp() - dense.determinant()).abs() < 1e-13);
    }
    check_operator(&upper.inv().unwrap()).unwrap();
    check_operator(&lower.inv().unwrap()).unwrap();
    // diagonals of every k, also of rectangular blocks
    let k = Blocks::new(real(2, 3, 1), real(2, 1, 2), real(3, 3, 3), real(3, 1, 4));
    let dense = k.to_dense();
    for q in -4..4isize {
        let got = k.diagonal_k(q).unwrap();
        let (row, col) = ((-q).max(0) as usize, q.max(0) as usize);
        (0..got.len()).for_each(|i| assert_eq!(got[i], dense[(row + i, col + i)]));
    }
    assert!(Blocks::try_new(Dense::new(&a), Dense::new(&b), Dense::new(&b), Dense::new(&d)).is_err());
    assert!(try_linop!([&a, &b; &b, &d]).is_err());
    let nan = linop!([diag([f64::NAN, 1.0]), { dmatrix![1.0; 1.0] }; { dmatrix![1.0, 0.0] }, { dmatrix![2.0] }]);
    assert!(nan.solve(&vec![1.0; 3]).is_err() && nan.slogdet().is_err());
}

#[test]
fn hadamard() {
    let (a, b) = (real(5, 4, 1), real(5, 4, 2));
    let h = linop!(hadamard(&a, &b));
    close(&h.to_dense(), &a.component_mul(&b), 1e-15);
    assert!(try_linop!(hadamard(&a, { real(4, 5, 1) })).is_err());
    let p = real(4, 4, 3);
    let (p, q) = (&p * p.transpose(), DMatrix::identity(4, 4) + DMatrix::from_element(4, 4, 0.5));
    let h = linop!(hadamard(psd(&p), psd(&q)));
    h.sqrt().unwrap();
    assert!((h.logdet().unwrap() - p.component_mul(&q).determinant().ln()).abs() < 1e-12);
}

#[test]
fn lists() {
    let parts: Vec<_> =
        (0..3).map(|i| Psd::new(real(2 + i, 2 + i, i) * 0.3 + DMatrix::identity(2 + i, 2 + i) * 2.0)).collect();
    let parts: Vec<_> = parts.into_iter().map(|p| Psd::new((&p.0.0 + p.0.0.transpose()) * 0.5)).collect();
    let [a, b, c] = [0, 1, 2].map(|i: usize| parts[i].clone());
    let dense: Vec<_> = parts.iter().map(|p| p.to_dense()).collect();
    let (many, nested) = (linop!(kron_of(parts.clone())), Kron::new(a.clone(), Kron::new(b.clone(), c.clone())));
    let tol = 1e-12;
    let full = dense[0].kronecker(&dense[1]).kronecker(&dense[2]);
    close(&many.to_dense(), &full, 1e-15);
    close(&many.inv().unwrap().to_dense(), &nested.inv().unwrap().to_dense(), tol);
    close(&many.sqrt().unwrap().to_dense(), &nested.sqrt().unwrap().to_dense(), tol);
    close(&many.exp().unwrap().to_dense(), &nested.exp().unwrap().to_dense(), tol);
    assert!((many.logdet().unwrap() - nested.logdet().unwrap()).abs() < tol);
    assert!((many.trace().unwrap() - full.trace()).abs() < tol * full.trace());
    for k in [-5, 0, 3] {
        let (x, y) = (many.diagonal_k(k).unwrap(), nested.diagonal_k(k).unwrap());
        assert!(x.iter().zip(y.iter()).all(|(x, y)| (x - y).abs() < 1e-13));
    }
    let many = linop!(block_diag_of(parts.clone()));
    let nested = BlockDiag::new(a.clone(), BlockDiag::new(b, c));
    close(&many.to_dense(), &nested.to_dense(), 1e-15);
    close(&many.inv().unwrap().to_dense(), &nested.inv().unwrap().to_dense(), tol);
    close(&many.cholesky().unwrap().to_dense(), &nested.cholesky().unwrap().to_dense(), tol);
    close(&many.log().unwrap().to_dense(), &nested.log().unwrap().to_dense(), tol);
    close(&many.eigh().unwrap().to_dense(), &nested.to_dense(), tol);
    assert!((many.logdet().unwrap() - nested.logdet().unwrap()).abs() < tol);
    assert_eq!(many.diagonal_k(-2).unwrap(), nested.diagonal_k(-2).unwrap());
    // products
    let list: Vec<_> = (0..3).map(|i| real(3, 3, 10 + i)).collect();
    let p = linop!(product_of(list.iter().map(Dense::new).collect::<Vec<_>>()));
    let full = &list[0] * &list[1] * &list[2];
    close(&p.to_dense(), &full, 1e-14);
    close(&p.inv().unwrap().to_dense(), &full.clone().try_inverse().unwrap(), 1e-10);
    let (sign, log) = p.slogdet().unwrap();
    assert!((sign * log.exp() - full.determinant()).abs() < 1e-13);
    // arrays keep their sizes in the type, boxes have facts
    let twice = BlockDiagOf::new([Diagonal::new([1.0, 2.0]), Diagonal::new([3.0, 4.0])]);
    assert_eq!(twice.solve(&[1.0, 2.0, 3.0, 4.0]).unwrap(), [1.0; 4]);
    let boxed = vec![a.boxed(), Psd::new(Diagonal::new(vec![3.0, 5.0])).boxed()];
    assert!(
        (linop!(kron_of(boxed)).logdet().unwrap() - (2.0 * dense[0].determinant().ln() + 2.0 * 15f64.ln())).abs() < tol
    );
    // trees
    let k = KronOf::new([Diagonal::new([1.0, 2.0]), Diagonal::new([3.0, 4.0])]);
    assert_eq!(k.leaves().map(|l| l.0).collect::<Vec<_>>(), ["0.diag", "1.diag"]);
    assert_eq!(k.map_leaves(|_, x| x[0] = 7.0).flatten(), [7.0, 2.0, 7.0, 4.0]);
    // bad lists
    assert!(KronOf::try_new(Vec::<Dense<DMatrix<f64>>>::new()).is_err());
    assert!(ProductOf::try_new(vec![Dense::new(real(2, 3, 1)), Dense::new(real(2, 3, 2))]).is_err());
    assert!(BlockDiagOf::new(vec![Dense::new(real(1, 2, 1)), Dense::new(real(2, 1, 2))]).inv().is_err());
    assert_eq!(
        KronOf::new(vec![Dense::new(real(1, 2, 1)), Dense::new(real(2, 1, 2))]).slogdet().unwrap(),
        (0.0, f64::NEG_INFINITY)
    );
}

#[test]
fn gradients_of_lists() {
    let parts = [dmatrix![2.0, 0.3; 0.1, 1.5], dmatrix![1.0, -0.4; 0.2, 3.0], dmatrix![1.2, 0.5; -0.3, 2.0]];
    fn check<K>(k: K, n: usize)
    where
        K: cola::Differentiable + cola::Operator<Scalar = f64> + Parameters<Number = f64>,
        K::Owned: LinearOperator<Scalar = f64>,
    {
        let (u, v) = (DVector::from_fn(n, |i, _| noise(i, 0, 1)), DVector::from_fn(n, |i, _| noise(i, 0, 2)));
        let flat = k.flatten();
        let mut g = vec![0.0; flat.len()];
        k.accumulate_bilinear(View::vector(u.as_slice()), View::vector(v.as_slice()), 1.0, &mut g);
        for i in 0..flat.len() {
            let at = |h: f64| {
                let mut x = flat.clone();
                x[i] += h;
                u.dot(&k.unflatten(&x).unwrap().apply(&v))
            };
            let slope = (at(1e-5) - at(-1e-5)) / 2e-5;
            assert!((slope - g[i]).abs() < 1e-8, "{i}: {slope} {}", g[i]);
        }
    }
    check(KronOf::new(parts.clone().map(Dense::new)), 8);
    check(ProductOf::new(parts.clone().map(Dense::new)), 2);
    check(BlockDiagOf::new(parts.clone().map(Dense::new)), 6);
    check(SumOf::new(parts.clone().map(Dense::new)), 2);
    check(Hadamard::new(parts[0].clone(), parts[1].clone()), 2);
    let [a, b, c] = parts;
    check(Blocks::new(Diagonal::new(vec![1.0, 2.0]), a, b, c), 4);
}

fn kernel_matrix(x: &DMatrix<f64>, z: &DMatrix<f64>, f: impl Fn(f64, f64) -> f64) -> DMatrix<f64> {
    DMatrix::from_fn(x.nrows(), z.nrows(), |i, j| {
        let d = x.row(i) - z.row(j);
        f(d.norm(), x.row(i).dot(&z.row(j)))
    })
}
#[test]
fn kernels_by_definition() {
    let (x, z) = (real(7, 2, 1), real(4, 2, 2));
    macro_rules! check {
        ($k:expr, $f:expr) => {{
            let k = $k;
            let (square, cross) = (Kernel::new(k.clone(), &x), Kernel::cross(k.clone(), &x, &z));
            close(&square.to_dense(), &kernel_matrix(&x, &x, $f), 1e-14);
            close(&cross.to_dense(), &kernel_matrix(&x, &z, $f), 1e-14);
            check_operator(&square).unwrap();
            check_operator(&cross).unwrap();
            assert!((square.trace().unwrap() - square.to_dense().trace()).abs() < 1e-13);
            assert_eq!(cross.diagonal_k(-2).unwrap()[1], cross.to_dense()[(3, 1)]);
            // derivatives of u^T K v by the hyperparameters
            let (u, v) = (DVector::from_fn(7, |i, _| noise(i, 0, 3)), DVector::from_fn(7, |i, _| noise(i, 0, 4)));
            let flat = square.flatten();
            let mut g = vec![0.0; flat.len()];
            use cola::Differentiable;
            square.accumulate_bilinear(View::vector(u.as_slice()), View::vector(v.as_slice()), 1.0, &mut g);
            for i in 0..flat.len() {
                let at = |h: f64| {
                    let mut p = flat.clone();
                    p[i] += h;
                    u.dot(&square.unflatten(&p).unwrap().apply(&v))
                };
                let slope = (at(1e-5) - at(-1e-5)) / 2e-5;
                assert!((slope - g[i]).abs() < 1e-8, "{i}: {slope} {}", g[i]);
            }
        }};
    }
    let (s3, s5) = (3f64.sqrt(), 5f64.sqrt());
    check!(Rbf::new(0.7), |r, _| (-r * r / (2.0 * 0.49)).exp());
    check!(Matern12::new(0.7), |r, _| (-r / 0.7f64).exp());
    check!(Matern32::new(0.7), |r, _| (1.0 + s3 * r / 0.7) * (-s3 * r / 0.7).exp());
    check!(Matern52::new(0.7), |r, _| (1.0 + s5 * r / 0.7 + 5.0 * r * r / (3.0 * 0.49)) * (-s5 * r / 0.7).exp());
    check!(RationalQuadratic::new(0.7, 1.3), |r, _| (1.0 + r * r / (2.0 * 1.3 * 0.49)).powf(-1.3));
    check!(Linear::new(0.5), |_, dot| 0.5 + dot);
    check!(Rbf::new(0.7).amplitude(-1.5) + Linear::new(0.2) * Matern32::new(2.0), |r, dot| {
        2.25 * (-r * r / (2.0 * 0.49)).exp() + (0.2 + dot) * (1.0 + s3 * r / 2.0) * (-s3 * r / 2.0).exp()
    });
    let (x1, z1) = (real(7, 1, 1), real(4, 1, 2));
    let wave = |r: f64, _| (-2.0 * (std::f64::consts::PI * r / 0.9).sin().powi(2) / (0.8 * 0.8)).exp();
    close(&Kernel::new(Periodic::new(0.8, 0.9), &x1).to_dense(), &kernel_matrix(&x1, &x1, wave), 1e-13);
    close(&Kernel::cross(Periodic::new(0.8, 0.9), &x1, &z1).to_dense(), &kernel_matrix(&x1, &z1, wave), 1e-13);
    assert!(Kernel::try_cross(Rbf::new(1.0), &x, &z1).is_err());
    let asymmetric = covariance(|x: &[f64], z: &[f64]| x[0] - 2.0 * z[1]);
    check_operator(&Kernel::new(asymmetric, &x)).unwrap();
    check_operator(&Kernel::cross(asymmetric, &x, &z)).unwrap();
    assert!(Kernel::new(Rbf::new(f64::NAN), &x).solve(&DVector::zeros(7)).is_err());
}
#[test]
fn kernels_on_all_cores_and_in_models() {
    let n = 1100; // above the size from which threads run
    let x = DMatrix::from_fn(n, 1, |i, _| i as f64 / 100.0);
    let k = Kernel::new(Matern32::new(0.5), &x);
    let v = real(n, 2, 3);
    let dense = kernel_matrix(&x, &x, |r, _| {
        let q = 3f64.sqrt() * r / 0.5;
        (1.0 + q) * (-q).exp()
    });
    close(&k.apply(&v), &(&dense * &v), 1e-12);
    close(&k.apply_adjoint(&v), &(&dense * &v), 1e-12);
    // solved through the base case
    let some = DMatrix::from_fn(60, 1, |i, _| i as f64 / 10.0);
    let model = linop!({ Kernel::new(Matern32::new(0.5), &some) } + 0.1 * I);
    let b = v.column(0).rows(0, 60).into_owned();
    let solved = model.solve_with(Cg::default().tol(1e-10), &b).unwrap();
    assert!((model.apply(&solved.x) - &b).norm() < 1e-8 && (model.solve(&b).unwrap() - &solved.x).norm() < 1e-7);
    // hyperparameters: log-likelihood against differences
    let x = real(9, 2, 5);
    let y = DVector::from_fn(9, |i, _| noise(i, 0, 6));
    let model = |l: f64| {
        Sum::new(
            Kernel::new(Rbf::new(l).amplitude(1.2), x.clone()),
            ScaledIdentity::<f64, Dyn, cola::NonNegative>::of_size(0.3, 9),
        )
    };
    let value = |l: f64| model(l).inv_quad(&y).unwrap() + model(l).logdet().unwrap();
    let (f, g) = cola::value_and_grad(&model(0.8), |k| Ok(k.inv_quad(&y)? + k.logdet()?)).unwrap();
    assert!((f - value(0.8)).abs() < 1e-12);
    let slope = (value(0.8 + 1e-5) - value(0.8 - 1e-5)) / 2e-5;
    let g = g.flatten();
    assert_eq!(g.len(), 3);
    assert!((g[1] - slope).abs() < 1e-7 * slope.abs().max(1.0), "{g:?} {slope}");
}
#[test]
fn structured_kernel_interpolation() {
    let (gx, gy) = (Grid::between(0.0, 1.0, 8).unwrap(), Grid::between(0.0, 1.0, 9).unwrap());
    let n = 60;
    let points: Vec<(f64, f64)> = (0..n).map(|i| (noise(i, 0, 1).abs(), noise(i, 1, 1).abs())).collect();
    let column = |f: &dyn Fn(&(f64, f64)) -> f64| points.iter().map(f).collect::<Vec<_>>();
    let w = Interpolation::cubic(gx, &column(&|p| p.0))
        .unwrap()
        .times(&Interpolation::cubic(gy, &column(&|p| p.1)).unwrap())
        .unwrap();
    let grid = |g: Grid| DMatrix::from_fn(g.len, 1, |i, _| g.start + g.step * i as f64);
    let (t1, t2) = (Kernel::new(Rbf::new(0.4), grid(gx)), Kernel::new(Rbf::new(0.5), grid(gy)));
    let k = linop!(&w * kron(&t1, &t2) * &w.T + 0.1 * I);
    let wd = w.to_dense();
    let dense = &wd * t1.to_dense().kronecker(&t2.to_dense()) * wd.transpose() + DMatrix::identity(n, n) * 0.1;
    close(&k.to_dense(), &dense, 1e-13);
    let b = DVector::from_fn(n, |i, _| noise(i, 2, 1));
    assert!((&dense * k.solve(&b).unwrap() - &b).norm() < 1e-10 * b.norm());
    assert!(
        (k.logdet().unwrap() - dense.clone().cholesky().unwrap().l().diagonal().map(f64::ln).sum() * 2.0).abs() < 1e-9
    );
    // PSD is known by type: a square root, and CG for large problems
    k.sqrt().unwrap();
    // close to the exact kernel
    let exact = DMatrix::from_fn(n, n, |i, j| {
        let (dx, dy) = (points[i].0 - points[j].0, points[i].1 - points[j].1);
        (-dx * dx / 0.32 - dy * dy / 0.5).exp() + if i == j { 0.1 } else { 0.0 }
    });
    close(&dense, &exact, 5e-3);
    let _: Option<Held<f64, Dyn>> = None;
}
#[test]
fn schur_complements_go_block_by_block() {
    type C = Complex<f64>;
    let wave = |i: usize, j: usize| (i as f64 * (0.37 + 0.11 * j as f64) + j as f64).sin();
    let (n, r) = (1100, 5);
    let a = DVector::<C>::from_fn(n, |i, _| C::new(2.0 + wave(i, 1), 0.5));
    let b = DMatrix::<C>::from_fn(n, r, |i, j| C::new(wave(i, j + 2), 0.3 * wave(i, j + 7)));
    let c = DMatrix::<C>::from_fn(r, n, |i, j| C::new(0.1 * wave(j, i + 4), 0.2 * wave(j, i + 9)));
    let zero = || DMatrix::<C>::zeros(r, r);
    let x = DMatrix::<C>::from_fn(n + r, 2, |i, j| C::new(wave(i, 3 + j), wave(i, 6 + j)));
    let close = |y: DMatrix<C>| assert!((&y - &x).norm() < 1e-11 * x.norm(), "{}", (&y - &x).norm());
    let first = Blocks::new(Diagonal::new(&a), b.clone(), c.clone(), zero());
    close(first.solve(&first.apply(&x)).unwrap());
    let last = Blocks::new(zero(), c.clone(), b.clone(), Diagonal::new(&a));
    close(last.solve(&last.apply(&x)).unwrap());
    // det A det(D - C A^-1 B), by loops
    let s = DMatrix::<C>::from_fn(r, r, |i, j| -(0..n).map(|k| c[(i, k)] * b[(k, j)] / a[k]).sum::<C>());
    let log = a.iter().map(|a| a.norm().ln()).sum::<f64>() + s.determinant().norm().ln();
    for (_, l) in [first.slogdet().unwrap(), last.slogdet().unwrap()] {
        assert!((l - log).abs() < 1e-10, "{l} {log}");
    }
    // where the blocks lie nowhere as numbers, and a block that is singular
    let (u, v) = (Adjoint::new(b.adjoint()), Adjoint::new(c.adjoint()));
    let lazy = Blocks::new(Diagonal::new(&a), u, v, zero());
    close(lazy.solve(&lazy.apply(&x)).unwrap());
    let mut bad = a.clone();
    bad[7] = C::from(0.0);
    let served = Blocks::new(Diagonal::new(bad), b, c, zero());
    close(served.solve(&served.apply(&x)).unwrap());
}
#[test]
fn diagonals_of_products_of_dense_matrices() {
    let wave = |i: usize, j: usize| (i as f64 * 0.7 + j as f64 * 1.3).sin();
    let (m, l, n) = (70, 150, 90);
    let (a, b) = (DMatrix::from_fn(m, l, wave), DMatrix::from_fn(l, n, |i, j| wave(j, i)));
    let (k, dense) = (Product::new(&a, &b), &a * &b);
    for q in [-69, -40, -1, 0, 1, 33, 89] {
        let (row, col) = ((-q).max(0) as usize, q.max(0) as usize);
        for (i, d) in k.diagonal_k(q).unwrap().iter().enumerate() {
            assert!((d - dense[(row + i, col + i)]).abs() < 1e-11, "{q} {i}");
        }
    }
    let square = Product::new(&a, b.columns(0, m).into_owned());
    assert!((square.trace().unwrap() - dense.columns(0, m).trace()).abs() < 1e-10);
}
