//! Random expression trees (proptest) of depth up to 5. At every node all functions of its structure are compared with the dense matrix;
//! then its type is erased (`boxed()`, the facts stay) and it becomes a part of the next one.
use cola::functions::{
    DiagonalRule, Exp, HasCholesky, HasDet, HasEig, HasEigh, HasExp, HasLog, HasPinv, HasSvd, Log, Pinv,
};
use cola::prelude::*;
use cola::*;
use nalgebra::{DMatrix, DVector};
use num_dual::{Dual64, DualStruct};
use proptest::prelude::*;

type M = DMatrix<f64>;
/// What is read as a general or as a positive definite operator.
#[derive(Clone, Debug)]
enum Tree {
    Leaf { kind: u8, n: usize, seed: u64 },
    Kron(Box<Tree>, Box<Tree>),
    BlockDiag(Box<Tree>, Box<Tree>),
    Sum(Box<Tree>, Box<Tree>),
    Product(Box<Tree>, Box<Tree>),
    Scaled(f64, Box<Tree>),
    Transpose(Box<Tree>),
    Repeat(Box<Tree>),
    Square(Box<Tree>),
    Inverse(Box<Tree>),
}
fn tree() -> impl Strategy<Value = Tree> {
    let leaf = (0..6u8, 1..4usize, any::<u64>()).prop_map(|(kind, n, seed)| Tree::Leaf { kind, n, seed });
    leaf.prop_recursive(4, 12, 2, |inner| {
        let two = (inner.clone(), inner.clone()).prop_map(|(a, b)| (Box::new(a), Box::new(b)));
        let one = inner.prop_map(Box::new);
        prop_oneof![
            two.clone().prop_map(|(a, b)| Tree::Kron(a, b)),
            two.clone().prop_map(|(a, b)| Tree::BlockDiag(a, b)),
            two.clone().prop_map(|(a, b)| Tree::Sum(a, b)),
            two.prop_map(|(a, b)| Tree::Product(a, b)),
            (prop_oneof![0.2..3.0f64, -3.0..-0.2f64], one.clone()).prop_map(|(c, a)| Tree::Scaled(c, a)),
            one.clone().prop_map(Tree::Transpose),
            one.clone().prop_map(Tree::Repeat),
            one.clone().prop_map(Tree::Square),
            one.prop_map(Tree::Inverse),
        ]
    })
}
/// Nothing larger than this is built.
const LARGEST: usize = 12;
fn noise(seed: u64) -> impl FnMut() -> f64 {
    let mut x = seed ^ 0x9e37_79b9;
    move || {
        x = x.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (x >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
}
fn random(n: usize, seed: u64) -> M {
    let mut f = noise(seed);
    DMatrix::from_fn(n, n, |_, _| f())
}
fn near(what: &str, got: &M, want: &M, tol: f64) {
    let error = (got - want).norm();
    assert!(error <= tol * (1.0 + want.norm()), "{what} is off by {error:e}, {tol:e} is allowed\n{got}{want}");
}
fn condition(a: &M) -> f64 {
    let s = a.clone().svd(false, false).singular_values;
    if a.is_empty() { 1.0 } else { s.max() / s.min() }
}
/// What the type claims is true.
fn facts_hold<A: Operator>(_: &A, dense: &M) {
    let n = dense.nrows();
    let tol = 1e-10 * (1.0 + dense.norm());
    if <<A::Facts as Facts>::SelfAdjoint as Fact>::KNOWN {
        assert!((dense - dense.transpose()).norm() <= tol, "claims to be self-adjoint: {dense}");
    }
    if <<A::Facts as Facts>::Psd as Fact>::KNOWN {
        assert!(dense.clone().symmetric_eigenvalues().iter().all(|w| *w >= -tol), "claims to be PSD: {dense}");
    }
    if <<A::Facts as Facts>::Unitary as Fact>::KNOWN || <<A::Facts as Facts>::Isometric as Fact>::KNOWN {
        assert!((dense.transpose() * dense - M::identity(n, n)).norm() <= tol, "claims to be isometric: {dense}");
    }
}
/// What every square operator must do.
fn check<A>(a: &A, dense: &M)
where
    A: LinearOperator<Scalar = f64> + Square + Solvable + HasDet + DiagonalRule + HasExp + HasSvd + HasPinv + HasEig,
    A::Left: LinearOperator<Scalar = f64>,
    A::Right: LinearOperator<Scalar = f64>,
    A::Vectors: LinearOperator<Scalar = Complex<f64>>,
    Pinv<A>: LinearOperator<Scalar = f64>,
    Exp<A>: LinearOperator<Scalar = f64>,
    Inv<A>: InverseRuleOf,
{
    let n = dense.nrows();
    near("apply", &a.to_dense(), dense, 1e-12);
    near("adjoint", &a.adjoint().to_dense(), &dense.transpose(), 1e-12);
    facts_hold(a, dense);
    let v = random(n.max(1), 5).columns(0, 1).rows(0, n).into_owned();
    let u = random(n.max(1), 6).columns(0, 1).rows(0, n).into_owned();
    let (left, right) = (u.dot(&a.apply(&v)), a.apply_adjoint(&u).dot(&v));
    assert!((left - right).abs() <= 1e-11 * (1.0 + dense.norm()), "<u, A v> = <A^H u, v>: {left} {right}");
    assert!((a.trace().unwrap() - dense.trace()).abs() <= 1e-11 * (1.0 + dense.norm()), "trace");
    for k in 1 - n as isize..n as isize {
        let d = a.diagonal_k(k).unwrap();
        for (i, x) in d.iter().enumerate() {
            let want = dense[(i + (-k).max(0) as usize, i + k.max(0) as usize)];
            assert!((x - want).abs() <= 1e-11 * (1.0 + dense.norm()), "diagonal {k}");
        }
    }
    let svd = a.svd().unwrap();
    near("svd", &svd.to_dense(), dense, 1e-11);
    assert!(svd.s.windows(2).all(|w| w[0] >= w[1]));
    let eig = a.eig().unwrap();
    let (complex, vectors) = (dense.map(Complex::from), eig.eigenvectors().to_dense());
    let w = DMatrix::from_diagonal(&DVector::from_column_slice(eig.eigenvalues()));
    let residual = (complex * &vectors - &vectors * w).norm();
    assert!(residual <= 1e-10 * (1.0 + dense.norm()), "eig: {residual:e}");
    if dense.norm() < 10.0 {
        near("exp", &a.exp().unwrap().to_dense(), &dense.clone().exp(), 1e-9);
    }
    let cond = condition(dense);
    let tol = 1e-12 * cond;
    // a zero matrix has none: NaN
    if !(cond <= 1e6) {
        return;
    }
    let x = a.solve(&v).unwrap();
    near("residual of solve", &(dense * &x), &v, tol);
    let inverse = a.inv().unwrap();
    near("inv", &(inverse.to_dense() * dense), &M::identity(n, n), tol);
    near("inv(inv A)", &inverse.twice(), dense, tol * 10.0);
    near("pinv", &(a.pinv().unwrap().to_dense() * dense), &M::identity(n, n), tol);
    near("lstsq", &a.lstsq(&v).unwrap(), &x, tol);
    let (sign, log) = a.slogdet().unwrap();
    let det = dense.clone().lu().determinant();
    assert_eq!(sign, det.signum(), "sign of {det}");
    assert!((log - det.abs().ln()).abs() <= tol * n as f64 + 1e-12, "log {log} of {det}");
}
/// inv(inv A) as a matrix.
trait InverseRuleOf {
    fn twice(&self) -> M;
}
impl<B> InverseRuleOf for B
where
    B: Square + Invertible + LinearOperator<Scalar = f64>,
    Inv<B>: LinearOperator<Scalar = f64>,
{
    fn twice(&self) -> M {
        self.inv().unwrap().to_dense()
    }
}
/// And what a positive definite one does besides.
fn check_psd<A>(a: &A, dense: &M)
where
    A: LinearOperator<Scalar = f64> + Square + Rootable + HasExp + HasLog + HasEigh + HasCholesky + HasDet,
    <A::Facts as Facts>::Psd: PsdOf<A>,
    A::Basis: LinearOperator<Scalar = f64>,
    A::Factor: LinearOperator<Scalar = f64>,
    Exp<A>: LinearOperator<Scalar = f64>,
    Log<A>: HasExp + Square,
    Exp<Log<A>>: LinearOperator<Scalar = f64>,
    Pow<A>: LinearOperator<Scalar = f64>,
{
    let cond = condition(dense);
    let tol = 1e-12 * cond;
    // a zero matrix has none: NaN
    if !(cond <= 1e6) {
        return;
    }
    let root = a.sqrt().unwrap();
    facts_hold(&root, &root.to_dense());
    near("sqrt squared", &(root.to_dense() * root.to_dense()), dense, tol);
    near("isqrt", &(a.isqrt().unwrap().to_dense() * root.to_dense()), &M::identity(dense.nrows(), dense.nrows()), tol);
    near("exp(log)", &a.log().unwrap().exp().unwrap().to_dense(), dense, tol);
    near("powers", &(a.pow(0.3).unwrap().to_dense() * a.pow(0.7).unwrap().to_dense()), dense, tol);
    let l = a.cholesky().unwrap().to_dense();
    near("cholesky", &(&l * l.transpose()), dense, tol);
    let e = a.eigh().unwrap();
    near("eigh", &e.to_dense(), dense, tol);
    assert!((e.eigenvalues().iter().map(|w| w.ln()).sum::<f64>() - a.logdet().unwrap()).abs() <= tol * 10.0, "logdet");
}

type General = Boxed<f64, NoFacts>;
type Definite = Boxed<f64, PsdFacts>;
/// Checks a node, and erases its type.
macro_rules! node {
    (general $a:expr, $dense:expr) => {{
        let (a, dense) = ($a, $dense);
        check(&a, &dense);
        (general_box(a), dense)
    }};
    (psd $a:expr, $dense:expr) => {{
        let (a, dense) = ($a, $dense);
        check(&a, &dense);
        check_psd(&a, &dense);
        (a.boxed(), dense)
    }};
}
/// Known facts are forgotten, so that all general nodes have one type.
fn general_box(a: impl LinearOperator<Scalar = f64> + Send + Sync + 'static) -> General {
    let (m, n) = a.shape();
    let a = std::sync::Arc::new(a);
    let b = a.clone();
    let forward = move |x: &[f64], y: &mut [f64]| y.copy_from_slice(&a.apply(&x.to_vec()[..]));
    let adjoint = move |x: &[f64], y: &mut [f64]| y.copy_from_slice(&b.apply_adjoint(&x.to_vec()[..]));
    Function::<f64, Dyn, Dyn, _, _, NoFacts>::new(m, n, forward, adjoint).boxed()
}
/// The leading square block of both, of the size of the smaller: so that any two fit.
fn fitting<K: Facts>(a: (Boxed<f64, K>, M), b: (Boxed<f64, K>, M)) -> [(Boxed<f64, K>, M); 2]
where
    Sliced<Boxed<f64, K>, cola::Span, cola::Span, Known>: LinearOperator<Scalar = f64, Facts = K>,
{
    let n = a.1.nrows().min(b.1.nrows());
    [a, b].map(|(x, dense)| {
        let block = dense.view((0, 0), (n, n)).into_owned();
        if dense.nrows() == n {
            return (x, dense);
        }
        let slice = Sliced::try_principal(x, 0..n).unwrap();
        near("slice", &slice.to_dense(), &block, 1e-12);
        (slice.boxed(), block)
    })
}
fn general(t: &Tree) -> (General, M) {
    match t {
        Tree::Leaf { kind, n, seed } => {
            let mut a = random(*n, *seed);
            (0..*n).for_each(|i| a[(i, i)] += if i % 2 == 0 { 1.5 } else { -1.5 });
            let d: Vec<f64> = (0..*n).map(|i| a[(i, i)]).collect();
            match kind {
                0 => node!(general Dense::new(a.clone()), a),
                1 => node!(general Diagonal::new(d.clone()), M::from_diagonal(&DVector::from_vec(d))),
                2 => node!(general Triangular::lower(a.clone()), a.lower_triangle()),
                3 => {
                    let mut order: Vec<usize> = (0..*n).collect();
                    order.rotate_left(*seed as usize % n);
                    let dense = M::from_fn(*n, *n, |i, j| (order[i] == j) as u8 as f64);
                    node!(general Permutation::<f64, _>::new(order), dense)
                }
                4 => node!(general Sparse::new(nalgebra_sparse::CsrMatrix::from(&a)), a),
                _ => node!(general ScaledIdentity::new(d[0], *n), M::identity(*n, *n) * d[0]),
            }
        }
        Tree::Kron(a, b) => {
            let ((a, da), (b, db)) = (general(a), general(b));
            if da.nrows() * db.nrows() > LARGEST {
                return (a, da);
            }
            let (ta, tb) = (a.trace().unwrap(), b.trace().unwrap());
            let k = Kron::new(a, b);
            assert!((k.trace().unwrap() - ta * tb).abs() < 1e-10 * (1.0 + da.norm() * db.norm()));
            node!(general k, da.kronecker(&db))
        }
        Tree::BlockDiag(a, b) => {
            let ((a, da), (b, db)) = (general(a), general(b));
            let (n, m) = (da.nrows(), db.nrows());
            if n + m > LARGEST {
                return (a, da);
            }
            let mut dense = M::zeros(n + m, n + m);
            dense.view_mut((0, 0), (n, n)).copy_from(&da);
            dense.view_mut((n, n), (m, m)).copy_from(&db);
            node!(general BlockDiag::new(a, b), dense)
        }
        Tree::Sum(a, b) => {
            let [(a, da), (b, db)] = fitting(general(a), general(b));
            node!(general Sum::new(a, b), da + db)
        }
        Tree::Product(a, b) => {
            let [(a, da), (b, db)] = fitting(general(a), general(b));
            node!(general Product::new(a, b), da * db)
        }
        Tree::Scaled(c, a) => {
            let (a, dense) = general(a);
            node!(general Scaled::new(*c, a), dense * *c)
        }
        Tree::Transpose(a) => {
            let (a, dense) = general(a);
            node!(general Transpose::new(a), dense.transpose())
        }
        Tree::Repeat(a) => {
            let (a, dense) = general(a);
            if 2 * dense.nrows() > LARGEST {
                return (a, dense);
            }
            node!(general Repeat::<_, 2>::new(a), M::identity(2, 2).kronecker(&dense))
        }
        Tree::Square(a) => {
            let (a, dense) = general(a);
            node!(general Powi::<_, 2>::new(a), &dense * &dense)
        }
        Tree::Inverse(a) => {
            let (a, dense) = general(a);
            if !(condition(&dense) <= 1e3) {
                return (a, dense);
            }
            let inverse = a.inv().unwrap();
            node!(general inverse, dense.try_inverse().unwrap())
        }
    }
}
fn definite(t: &Tree) -> (Definite, M) {
    match t {
        Tree::Leaf { kind, n, seed } => {
            let x = random(*n, *seed);
            let a = &x * x.transpose() + M::identity(*n, *n) * 0.5;
            let d: Vec<f64> = (0..*n).map(|i| a[(i, i)]).collect();
            match kind % 4 {
                0 => node!(psd Psd::new(a.clone()), a),
                1 => node!(psd Psd::new(Diagonal::new(d.clone())), M::from_diagonal(&DVector::from_vec(d))),
                2 => node!(psd ScaledIdentity::<f64, Dyn, NonNegative>::of_size(d[0], *n), M::identity(*n, *n) * d[0]),
                _ => node!(psd Gram::<_, ByAdjoint>::new(Dense::new(x.clone() + M::identity(*n, *n) * 2.0)), {
                    let y = x + M::identity(*n, *n) * 2.0;
                    &y * y.transpose()
                }),
            }
        }
        Tree::Kron(a, b) => {
            let ((a, da), (b, db)) = (definite(a), definite(b));
            if da.nrows() * db.nrows() > LARGEST {
                return (a, da);
            }
            let k = Kron::new(a.clone(), b.clone());
            let want = db.nrows() as f64 * a.logdet().unwrap() + da.nrows() as f64 * b.logdet().unwrap();
            assert!((k.logdet().unwrap() - want).abs() < 1e-9 * (1.0 + want.abs()));
            node!(psd k, da.kronecker(&db))
        }
        Tree::BlockDiag(a, b) | Tree::Product(a, b) => {
            let ((a, da), (b, db)) = (definite(a), definite(b));
            let (n, m) = (da.nrows(), db.nrows());
            if n + m > LARGEST {
                return (a, da);
            }
            let mut dense = M::zeros(n + m, n + m);
            dense.view_mut((0, 0), (n, n)).copy_from(&da);
            dense.view_mut((n, n), (m, m)).copy_from(&db);
            node!(psd BlockDiag::new(a, b), dense)
        }
        Tree::Sum(a, b) => {
            let [(a, da), (b, db)] = fitting(definite(a), definite(b));
            node!(psd Sum::new(a, b), da + db)
        }
        Tree::Scaled(c, a) => {
            let (a, dense) = definite(a);
            node!(psd Scaled::<_, _, NonNegative>::signed(c.abs(), a), dense * c.abs())
        }
        Tree::Transpose(a) => {
            let (a, dense) = definite(a);
            node!(psd Transpose::new(a), dense)
        }
        Tree::Repeat(a) => {
            let (a, dense) = definite(a);
            if 2 * dense.nrows() > LARGEST {
                return (a, dense);
            }
            node!(psd Repeat::<_, 2>::new(a), M::identity(2, 2).kronecker(&dense))
        }
        Tree::Square(a) => {
            let (a, dense) = definite(a);
            if !(condition(&dense) <= 1e3) {
                return (a, dense);
            }
            node!(psd Powi::<_, 2>::new(a), &dense * &dense)
        }
        Tree::Inverse(a) => {
            let (a, dense) = definite(a);
            if !(condition(&dense) <= 1e3) {
                return (a, dense);
            }
            let inverse = a.inv().unwrap();
            node!(psd inverse, dense.try_inverse().unwrap())
        }
    }
}
/// d(u^T A v) by the structure's rule against dual numbers through its action, for every number of the tree.
fn gradient_matches<K>(k: &K, seed: u64)
where
    K: Differentiable<Scalar = f64> + LinearOperator<Scalar = f64> + Parameters<Number = f64>,
    K::With<Dual64>: LinearOperator<Scalar = Dual64>,
{
    let (m, n) = k.shape();
    let mut f = noise(seed);
    let (u, v): (Vec<f64>, Vec<f64>) = ((0..m).map(|_| f()).collect(), (0..n).map(|_| f()).collect());
    let x = k.flatten();
    assert_eq!(k.parameters(), x.len());
    let mut g = vec![0.0; x.len()];
    k.accumulate_bilinear(View::vector(&u), View::vector(&v), 1.0, &mut g);
    for i in 0..x.len() {
        let mut d: Vec<Dual64> = x.iter().map(Dual64::from_inner).collect();
        d[i] = d[i].derivative();
        let dual = k.unflatten_as::<Dual64>(&d).unwrap();
        let vd: Vec<Dual64> = v.iter().map(Dual64::from_inner).collect();
        let want: f64 = dual.apply_as::<Vec<Dual64>>(&vd).iter().zip(&u).map(|(y, u)| y.eps * u).sum();
        assert!((g[i] - want).abs() < 1e-12 * (1.0 + want.abs()), "{i}: {} {want}", g[i]);
    }
}
proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn general_trees(t in tree()) {
        general(&t);
    }
    #[test]
    fn definite_trees(t in tree()) {
        definite(&t);
    }
    #[test]
    fn gradients_of_trees(n in 1..4usize, seed in any::<u64>(), c in -2.0..2.0f64) {
        let (a, b) = (random(n, seed), random(2, seed ^ 1));
        let d: Vec<f64> = (0..n).map(|i| a[(i, i)]).collect();
        gradient_matches(&linop!(kron(&a, &b) + c * I), seed);
        gradient_matches(&linop!(kron(diag(d.clone()), triangular_lower(&b)).T), seed);
        gradient_matches(&linop!(block_diag(&a, repeat::<2>(&b)) * block_diag(&a, repeat::<2>(&b)).T), seed);
        gradient_matches(&linop!(c * kron(kron(&b, diag(d)), &a)), seed);
        gradient_matches(&linop!([&a, &a; &a, &a]), seed);
        gradient_matches(&linop!((&b * &b)[0..1, ..]), seed);
    }
}
