//! Random expression trees (proptest) of depth up to 5. At every node all functions of its structure are compared with the dense matrix;
//! then its type is erased (`boxed()`, the facts stay) and it becomes a part of the next one.
use cola::functions::{
    DiagonalRule, Exp, HasCholesky, HasDet, HasEig, HasEigh, HasExp, HasLog, HasPinv, HasSvd, Log, Pinv,
};
use cola::prelude::*;
use cola::*;
use nalgebra::{DMatrix, DVector};
use proptest::prelude::*;

/// Checks a node, and erases its type.
macro_rules! node {
    (general $a:expr, $dense:expr) => {{
        let (a, dense) = ($a, $dense);
        check(&a, &dense);
        (general_box(a), dense)
    }};
    (singular $a:expr, $dense:expr) => {{
        let (a, dense) = ($a, $dense);
        check_any(&a, &dense);
        (general_box(a), dense)
    }};
    (psd $a:expr, $dense:expr) => {{
        let (a, dense) = ($a, $dense);
        check(&a, &dense);
        check_psd(&a, &dense);
        (a.boxed(), dense)
    }};
}
mod complex;

type M = DMatrix<f64>;
/// What is read as a general or as a positive definite operator.
#[derive(Clone, Debug)]
enum Tree {
    Leaf {
        kind: u8,
        n: usize,
        seed: u64,
    },
    Kron(Box<Tree>, Box<Tree>),
    BlockDiag(Box<Tree>, Box<Tree>),
    Sum(Box<Tree>, Box<Tree>),
    Product(Box<Tree>, Box<Tree>),
    Scaled(f64, Box<Tree>),
    Transpose(Box<Tree>),
    Repeat(Box<Tree>),
    Square(Box<Tree>),
    Inverse(Box<Tree>),
    Conj(Box<Tree>),
    /// Rows in another order.
    Sliced(Box<Tree>),
    KronSum(Box<Tree>, Box<Tree>),
    /// A x B + c I.
    Shifted(f64, Box<Tree>, Box<Tree>),
    Hadamard(Box<Tree>, Box<Tree>),
    /// [A, B; B, A], and [A, B; 0, A].
    Blocks(Box<Tree>, Box<Tree>),
    /// A B A^H.
    Congruence(Box<Tree>, Box<Tree>),
    /// Slices of A beside or above each other: A again.
    Stack(bool, Box<Tree>),
    /// `sum_of`, `product_of`, `kron_of`, `block_diag_of`.
    Many(u8, Box<Tree>, Box<Tree>),
}
fn tree() -> impl Strategy<Value = Tree> {
    let leaf = (0..LEAVES, 1..4usize, any::<u64>()).prop_map(|(kind, n, seed)| Tree::Leaf { kind, n, seed });
    leaf.prop_recursive(4, 16, 2, |inner| {
        let two = (inner.clone(), inner.clone()).prop_map(|(a, b)| (Box::new(a), Box::new(b)));
        let (more, one) = (two.clone(), inner.prop_map(Box::new));
        prop_oneof![
            two.clone().prop_map(|(a, b)| Tree::Kron(a, b)),
            two.clone().prop_map(|(a, b)| Tree::BlockDiag(a, b)),
            two.clone().prop_map(|(a, b)| Tree::Sum(a, b)),
            two.prop_map(|(a, b)| Tree::Product(a, b)),
            (prop_oneof![0.2..3.0f64, -3.0..-0.2f64], one.clone()).prop_map(|(c, a)| Tree::Scaled(c, a)),
            one.clone().prop_map(Tree::Transpose),
            one.clone().prop_map(Tree::Repeat),
            one.clone().prop_map(Tree::Square),
            one.clone().prop_map(Tree::Inverse),
            one.clone().prop_map(Tree::Conj),
            one.clone().prop_map(Tree::Sliced),
            (any::<bool>(), one).prop_map(|(wide, a)| Tree::Stack(wide, a)),
            more.clone().prop_map(|(a, b)| Tree::KronSum(a, b)),
            (0.2..3.0f64, more.clone()).prop_map(|(c, (a, b))| Tree::Shifted(c, a, b)),
            more.clone().prop_map(|(a, b)| Tree::Hadamard(a, b)),
            more.clone().prop_map(|(a, b)| Tree::Blocks(a, b)),
            more.clone().prop_map(|(a, b)| Tree::Congruence(a, b)),
            (0..4u8, more).prop_map(|(kind, (a, b))| Tree::Many(kind, a, b)),
        ]
    })
}
/// Kinds of leaves.
const LEAVES: u8 = 31;
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
fn near<T: nalgebra::ComplexField<RealField = f64>>(what: &str, got: &DMatrix<T>, want: &DMatrix<T>, tol: f64) {
    let error = (got - want).norm();
    assert!(error <= tol * (1.0 + want.norm()), "{what} is off by {error:e}, {tol:e} is allowed\n{got}{want}");
}
fn condition<T: nalgebra::ComplexField<RealField = f64>>(a: &DMatrix<T>) -> f64 {
    let s = a.clone().svd(false, false).singular_values;
    match a.is_empty() {
        true => 1.0,
        // numbers of the order of 1 that cancelled: what is left is rounding
        false if s.max() < 1e-12 => f64::INFINITY,
        false => s.max() / s.min(),
    }
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
/// What every square operator must do, of low rank too.
fn check_any<A>(a: &A, dense: &M)
where
    A: LinearOperator<Scalar = f64> + Square + HasDet + DiagonalRule + HasExp + HasSvd + HasPinv + HasEig,
    A::Left: LinearOperator<Scalar = f64>,
    A::Right: LinearOperator<Scalar = f64>,
    A::Vectors: LinearOperator<Scalar = Complex<f64>>,
    Pinv<A>: LinearOperator<Scalar = f64>,
    Exp<A>: LinearOperator<Scalar = f64>,
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
    // A A^+ A = A, where what is zero and what is not are far apart
    let s = dense.clone().svd(false, false).singular_values;
    let smallest = s.iter().copied().filter(|x| *x > f64::EPSILON * s.max()).fold(s.max(), f64::min);
    if n > 0 && smallest > 1e-5 * s.max() {
        let pinv = a.pinv().unwrap().to_dense();
        near("pinv", &(dense * &pinv * dense), dense, 1e-10);
        near("lstsq", &a.lstsq(&v).unwrap(), &(pinv * &v), 1e-10 * (1.0 + 1.0 / smallest));
    }
    let cond = condition(dense);
    let tol = 1e-12 * cond;
    // a zero matrix has none: NaN
    if !(cond <= 1e6) {
        return;
    }
    let (sign, log) = a.slogdet().unwrap();
    let det = dense.clone().lu().determinant();
    assert_eq!(sign, det.signum(), "sign of {det}");
    assert!((log - det.abs().ln()).abs() <= tol * n as f64 + 1e-12, "log {log} of {det}");
}
/// What every square operator with an inverse must do.
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
    check_any(a, dense);
    let n = dense.nrows();
    let v = random(n.max(1), 5).columns(0, 1).rows(0, n).into_owned();
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
/// Known facts are forgotten, so that all general nodes have one type.
fn general_box<T: Scalar>(a: impl LinearOperator<Scalar = T> + Send + Sync + 'static) -> Boxed<T, NoFacts> {
    let (m, n) = a.shape();
    let a = std::sync::Arc::new(a);
    let b = a.clone();
    let forward = move |x: &[T], y: &mut [T]| y.copy_from_slice(&a.apply(&x.to_vec()[..]));
    let adjoint = move |x: &[T], y: &mut [T]| y.copy_from_slice(&b.apply_adjoint(&x.to_vec()[..]));
    Function::<T, Dyn, Dyn, _, _, NoFacts>::new(m, n, forward, adjoint).boxed()
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
/// Diagonal k.
fn off(a: &M, k: isize) -> Vec<f64> {
    let (row, col) = ((-k).max(0) as usize, k.max(0) as usize);
    (0..a.nrows().saturating_sub(row.max(col))).map(|i| a[(i + row, i + col)]).collect()
}
/// Diagonals `low` to `high`.
fn near_diagonal(a: &M, low: isize, high: isize) -> M {
    M::from_fn(
        a.nrows(),
        a.ncols(),
        |i, j| {
            if (low..=high).contains(&(j as isize - i as isize)) { a[(i, j)] } else { 0.0 }
        },
    )
}
fn kron_sum(a: &M, b: &M) -> M {
    let eye = |m: &M| M::identity(m.nrows(), m.nrows());
    a.kronecker(&eye(b)) + eye(a).kronecker(b)
}
fn four(a: &M, b: &M, c: &M, d: &M) -> M {
    let n = a.nrows();
    M::from_fn(2 * n, 2 * n, |i, j| [a, b, c, d][2 * (i / n) + j / n][(i % n, j % n)])
}
/// y_i = x_i + x_i^2 + x_(i+1) / 2, the index modulo n.
struct Map;
impl VectorFunction for Map {
    fn eval<T: Real>(&self, x: &[T]) -> Vec<T> {
        let n = x.len();
        (0..n).map(|i| x[i] + x[i] * x[i] + x[(i + 1) % n] * T::of(0.5)).collect()
    }
}
/// sum x_i^3 / 3 + x^T A x / 2.
struct Cubic(M);
impl VectorFunction for Cubic {
    fn eval<T: Real>(&self, x: &[T]) -> Vec<T> {
        let cubes = x.iter().fold(T::of(0.0), |s, &x| s + x * x * x * T::of(1.0 / 3.0));
        let n = x.len();
        vec![(0..n * n).fold(cubes, |s, k| s + x[k / n] * x[k % n] * T::of(0.5 * self.0[(k / n, k % n)]))]
    }
}
/// tr(whole) is the sum of c tr(part).
fn trace_is_linear<A, B>(whole: &A, parts: &[(f64, &B)])
where
    A: DiagonalRule<Scalar = f64> + LinearOperator + Square,
    B: DiagonalRule<Scalar = f64> + LinearOperator + Square,
{
    let sum: f64 = parts.iter().map(|(c, a)| c * B::trace_rule(a).unwrap()).sum();
    let size: f64 = parts.iter().map(|(c, a)| c.abs() * a.to_dense().norm()).sum();
    let trace = whole.trace().unwrap();
    assert!((trace - sum).abs() <= 1e-12 * (1.0 + size), "trace of a sum: {trace} {sum}");
}
/// slogdet(A x B) = (sign_A^m sign_B^n, m log_A + n log_B) for A of n x n, B of m x m.
fn slogdet_of_kron(k: &(impl HasDet<Scalar = f64> + LinearOperator + Square), a: (&General, &M), b: (&General, &M)) {
    let cond = condition(a.1) * condition(b.1);
    if !(cond <= 1e6) {
        return;
    }
    let ((n, m), (sa, la), (sb, lb)) = ((a.1.nrows(), b.1.nrows()), a.0.slogdet().unwrap(), b.0.slogdet().unwrap());
    let (sign, log) = k.slogdet().unwrap();
    assert_eq!(sign, sa.powi(m as i32) * sb.powi(n as i32));
    let want = m as f64 * la + n as f64 * lb;
    assert!((log - want).abs() <= 1e-12 * cond * (n * m) as f64, "{log} {want}");
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
                5 => node!(general ScaledIdentity::new(d[0], *n), M::identity(*n, *n) * d[0]),
                6 => {
                    let band = |k: isize| off(&a, k);
                    node!(general Tridiagonal::new(band(-1), band(0), band(1)), near_diagonal(&a, -1, 1))
                }
                7 => {
                    let bands = [-1, 0, 2].into_iter().filter(|k: &isize| k.unsigned_abs() < *n);
                    let keep = |i: usize, j: usize| matches!(j as isize - i as isize, -1 | 0 | 2);
                    let dense = M::from_fn(*n, *n, |i, j| if keep(i, j) { a[(i, j)] } else { 0.0 });
                    node!(general Banded::from_diagonals(bands.map(|k| (k, off(&a, k)))), dense)
                }
                8 => {
                    let dense = M::from_fn(*n, *n, |i, j| a[((i + n - j) % n, 0)]);
                    node!(general Circulant::new(a.column(0).into_owned()), dense)
                }
                9 => {
                    let dense = M::from_fn(*n, *n, |i, j| if i >= j { a[(i - j, 0)] } else { a[(0, j - i)] });
                    node!(general Toeplitz::new(a.column(0).into_owned(), a.row(0).transpose()), dense)
                }
                10 => {
                    let v = a.column(0).into_owned();
                    let dense = M::identity(*n, *n) - &v * v.transpose() * (2.0 / v.norm_squared());
                    node!(general Householder::new(v), dense)
                }
                11 => {
                    let pi = std::f64::consts::PI;
                    let scale = |k: usize| (if k == 0 { 1.0 } else { 2.0 } / *n as f64).sqrt();
                    let at = |k: usize, j: usize| scale(k) * (pi * k as f64 * (j as f64 + 0.5) / *n as f64).cos();
                    let (dense, two) = (M::from_fn(*n, *n, at), seed % 2 == 0);
                    let kind = if two { 2 } else { 3 };
                    node!(general Dct::new::<f64>(kind, *n), if two { dense } else { dense.transpose() })
                }
                12 => node!(general Triangular::upper(a.clone()), a.upper_triangle()),
                13 => {
                    // a point for each node of the grid
                    let grid = Grid { start: 0.0, step: 1.0, len: n + 1 };
                    let x: Vec<f64> = (0..n + 1).map(|i| (i as f64 + 0.3).min(*n as f64)).collect();
                    let hat = |i: usize, j: usize| (1.0 - (x[i] - j as f64).abs()).max(0.0);
                    node!(general Interpolation::linear(grid, &x).unwrap(), M::from_fn(n + 1, n + 1, hat))
                }
                14 => {
                    let (u, v) =
                        (a.columns(0, n.div_ceil(2)).into_owned(), a.columns(n / 2, n.div_ceil(2)).into_owned());
                    node!(singular LowRank::new(u.clone(), v.clone()), &u * v.transpose())
                }
                15 => {
                    let u = a.columns(0, n.div_ceil(2)).into_owned().qr().q();
                    node!(singular Projection::new(u.clone()), &u * u.transpose())
                }
                16 => node!(singular Zero::<f64, Dyn, Dyn, _>::square(*n), M::zeros(*n, *n)),
                17 => {
                    let u = a.columns(0, 1).into_owned();
                    let k = dsl::add(LowRank::new(u.clone(), u.clone()), ScaledIdentity::<f64, Dyn, _>::new(0.5, *n));
                    node!(general k, &u * u.transpose() + M::identity(*n, *n) * 0.5)
                }
                18 => {
                    let (u, v) = (a.columns(0, 1).into_owned(), a.columns(n - 1, 1).into_owned());
                    let k = dsl::add(Diagonal::new(d.clone()), LowRank::new(u.clone(), v.clone()));
                    node!(general k, M::from_diagonal(&DVector::from_vec(d)) + &u * v.transpose())
                }
                19 => {
                    let k = |i: usize, j: usize| (-(a[(i, 0)] - a[(j, 0)]).powi(2) / 2.0).exp();
                    node!(general Kernel::new(Rbf::new(1.0), a.columns(0, 1).into_owned()), M::from_fn(*n, *n, k))
                }
                20 => {
                    let x = d.clone();
                    let dense = M::from_fn(*n, *n, |i, j| {
                        let slope = if i == j { 1.0 + 2.0 * x[i] } else { 0.0 };
                        slope + if j == (i + 1) % n { 0.5 } else { 0.0 }
                    });
                    node!(general Jacobian::new(Map, &x).unwrap(), dense)
                }
                21 => {
                    let (m, h) = (a.clone(), a.transpose());
                    let forward = move |x: &[f64], y: &mut [f64]| {
                        y.copy_from_slice((&m * DVector::from_column_slice(x)).as_slice())
                    };
                    let adjoint = move |x: &[f64], y: &mut [f64]| {
                        y.copy_from_slice((&h * DVector::from_column_slice(x)).as_slice())
                    };
                    node!(general Function::<f64, Dyn, Dyn, _, _, NoFacts>::new(*n, *n, forward, adjoint), a)
                }
                22 => {
                    let symmetric = &a + a.transpose();
                    node!(general SelfAdjoint::new(symmetric.clone()), symmetric)
                }
                23 => {
                    let (m, four) = ((*n + 1) as f64, seed % 2 == 0);
                    let first = |k: usize, j: usize| {
                        (2.0 / m).sqrt() * (std::f64::consts::PI * ((k + 1) * (j + 1)) as f64 / m).sin()
                    };
                    let fourth = |k: usize, j: usize| {
                        let angle = std::f64::consts::PI * ((2 * k + 1) * (2 * j + 1)) as f64 / (4 * n) as f64;
                        (2.0 / *n as f64).sqrt() * angle.sin()
                    };
                    let kind = if four { 4 } else { 1 };
                    let dense = M::from_fn(*n, *n, |k, j| if four { fourth(k, j) } else { first(k, j) });
                    node!(general Dst::new::<f64>(kind, *n), dense)
                }
                24 => {
                    // a grid of n x 2 points
                    let c = |i: usize, j: usize| a[(i, 0)] + if j == 0 { 0.0 } else { 0.5 * a[(0, i)] };
                    let column: Vec<f64> = (0..2 * n).map(|p| c(p / 2, p % 2)).collect();
                    let dense = M::from_fn(2 * n, 2 * n, |p, q| c((p / 2 + n - q / 2) % n, (p % 2 + 2 - q % 2) % 2));
                    node!(general Circulant::nd(&[*n, 2], column).unwrap(), dense)
                }
                25 => {
                    let q = a.qr().q();
                    node!(general Unitary::new(q.clone()), q)
                }
                27 => {
                    // another set of points: no longer symmetric
                    let (x, z) = (a.columns(0, 1).into_owned(), a.columns(n - 1, 1).map(|x| 0.5 * x + 0.3));
                    let dense = M::from_fn(*n, *n, |i, j| (-(x[(i, 0)] - z[(j, 0)]).abs()).exp());
                    node!(general Kernel::cross(Matern12::new(1.0), x, z), dense)
                }
                28 => {
                    let c = |k: usize| a[(k, 0)] + if k == 0 { 0.5 } else { 0.0 };
                    let k =
                        dsl::add(Circulant::new(a.column(0).into_owned()), ScaledIdentity::<f64, Dyn, _>::new(0.5, *n));
                    node!(general k, M::from_fn(*n, *n, |i, j| c((i + n - j) % n)))
                }
                29 => {
                    let k = dsl::add(
                        Tridiagonal::new(off(&a, -1), off(&a, 0), off(&a, 1)),
                        ScaledIdentity::<f64, Dyn, _>::new(0.25, *n),
                    );
                    node!(general k, near_diagonal(&a, -1, 1) + M::identity(*n, *n) * 0.25)
                }
                30 => {
                    let symmetric = &a + a.transpose();
                    node!(general SelfAdjoint::new(symmetric.clone()).eigh().unwrap(), symmetric)
                }
                _ => {
                    let symmetric = (&a + a.transpose()) * 0.5;
                    let dense = &symmetric + M::from_diagonal(&DVector::from_fn(*n, |i, _| 2.0 * d[i]));
                    node!(general Hessian::new(Cubic(symmetric), &d).unwrap(), dense)
                }
            }
        }
        Tree::Kron(a, b) => {
            let ((a, da), (b, db)) = (general(a), general(b));
            if da.nrows() * db.nrows() > LARGEST {
                return (a, da);
            }
            let (ta, tb) = (a.trace().unwrap(), b.trace().unwrap());
            // factors of the same sizes multiply, others stand in turn
            let both = dsl::mul(Kron::new(a.clone(), b.clone()), Kron::new(b.clone(), a.clone()));
            check(&both, &(da.kronecker(&db) * db.kronecker(&da)));
            let k = Kron::new(a.clone(), b.clone());
            assert!((k.trace().unwrap() - ta * tb).abs() < 1e-10 * (1.0 + da.norm() * db.norm()));
            slogdet_of_kron(&k, (&a, &da), (&b, &db));
            node!(general k, da.kronecker(&db))
        }
        Tree::KronSum(a, b) => {
            let ((a, da), (b, db)) = (general(a), general(b));
            if da.nrows() * db.nrows() > LARGEST {
                return (a, da);
            }
            node!(general KronSum::new(a, b), kron_sum(&da, &db))
        }
        Tree::Shifted(c, a, b) => {
            let ((a, da), (b, db)) = (general(a), general(b));
            let n = da.nrows() * db.nrows();
            if n > LARGEST {
                return (a, da);
            }
            let k = dsl::add(Kron::new(a, b), ScaledIdentity::<f64, Dyn, _>::new(*c, n));
            node!(general k, da.kronecker(&db) + M::identity(n, n) * *c)
        }
        Tree::Hadamard(a, b) => {
            let [(a, da), (b, db)] = fitting(general(a), general(b));
            node!(general Hadamard::new(a, b), da.component_mul(&db))
        }
        Tree::Blocks(a, b) => {
            let [(a, da), (b, db)] = fitting(general(a), general(b));
            let n = da.nrows();
            if 2 * n > LARGEST {
                return (a, da);
            }
            let zero = M::zeros(n, n);
            let triangular = Blocks::new(a.clone(), b.clone(), Zero::<f64, _, _>::new(n, n), a.clone());
            let _ = node!(general triangular, four(&da, &db, &zero, &da));
            node!(general Blocks::new(a.clone(), b.clone(), b, a), four(&da, &db, &db, &da))
        }
        Tree::Congruence(a, b) => {
            let [(a, da), (b, db)] = fitting(general(a), general(b));
            node!(general Congruence::new(a, b), &da * db * da.transpose())
        }
        Tree::Conj(a) => {
            let (a, dense) = general(a);
            node!(general Conj::new(a), dense)
        }
        Tree::Sliced(a) => {
            let (a, dense) = general(a);
            let order: Vec<usize> = (0..dense.nrows()).rev().collect();
            let want = M::from_fn(order.len(), order.len(), |i, j| dense[(order[i], j)]);
            node!(general Sliced::try_new(a, order, ..).unwrap(), want)
        }
        Tree::Stack(wide, a) => {
            let (a, dense) = general(a);
            let (n, half) = (dense.nrows(), dense.nrows() / 2);
            if *wide {
                let part = |r: core::ops::Range<usize>| Sliced::try_new(a.clone(), .., r).unwrap();
                return node!(general HStack::new(part(0..half), part(half..n)), dense);
            }
            let part = |r: core::ops::Range<usize>| Sliced::try_new(a.clone(), r, ..).unwrap();
            node!(general VStack::new(part(0..half), part(half..n)), dense)
        }
        Tree::Many(kind, a, b) => {
            let [(a, da), (b, db)] = fitting(general(a), general(b));
            let n = da.nrows();
            match kind {
                0 => {
                    trace_is_linear(&SumOf::new(vec![&a, &b]), &[(1.0, &a), (1.0, &b)]);
                    node!(general SumOf::new(vec![a, b]), da + db)
                }
                1 => node!(general ProductOf::new(vec![a, b]), da * db),
                2 if n * n <= LARGEST => node!(general KronOf::new(vec![a, b]), da.kronecker(&db)),
                _ if 2 * n <= LARGEST => {
                    node!(general BlockDiagOf::new(vec![a, b]), four(&da, &M::zeros(n, n), &M::zeros(n, n), &db))
                }
                _ => (a, da),
            }
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
            trace_is_linear(&Sum::new(&a, &b), &[(1.0, &a), (1.0, &b)]);
            node!(general Sum::new(a, b), da + db)
        }
        Tree::Product(a, b) => {
            let [(a, da), (b, db)] = fitting(general(a), general(b));
            node!(general Product::new(a, b), da * db)
        }
        Tree::Scaled(c, a) => {
            let (a, dense) = general(a);
            trace_is_linear(&Scaled::new(*c, &a), &[(*c, &a)]);
            node!(general Scaled::new(*c, a), dense * *c)
        }
        Tree::Transpose(a) => {
            let (a, dense) = general(a);
            let _ = node!(general Adjoint::new(a.clone()), dense.transpose());
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
            match kind % 15 {
                14 => {
                    let j = M::from_fn(*n, *n, |i, j| {
                        let slope = if i == j { 1.0 + 2.0 * d[i] } else { 0.0 };
                        slope + if j == (i + 1) % n { 0.5 } else { 0.0 }
                    });
                    node!(psd Fisher::new(Map, &d, Psd::new(a.clone() * 0.1)).unwrap(), j.transpose() * &a * &j * 0.1)
                }
                13 => {
                    // a result: e^A of a symmetric A
                    let exp = SelfAdjoint::new(&a * 0.3).exp().unwrap();
                    node!(psd exp, (&a * 0.3).exp())
                }
                12 => {
                    let j = M::from_fn(*n, *n, |i, j| {
                        let slope = if i == j { 1.0 + 2.0 * d[i] } else { 0.0 };
                        slope + if j == (i + 1) % n { 0.5 } else { 0.0 }
                    });
                    node!(psd GaussNewton::of(Map, &d).unwrap(), j.transpose() * &j)
                }
                11 => {
                    let m = a.clone();
                    let product = move |x: &[f64], y: &mut [f64]| {
                        y.copy_from_slice((&m * DVector::from_column_slice(x)).as_slice())
                    };
                    node!(psd Function::psd(*n, product), a)
                }
                4 => {
                    let (diagonal, below) = (vec![3.0 + d[0]; *n], off(&x, -1));
                    let mut dense = M::identity(*n, *n) * (3.0 + d[0]);
                    (1..*n).for_each(|i| (dense[(i, i - 1)], dense[(i - 1, i)]) = (below[i - 1], below[i - 1]));
                    node!(psd Psd::new(Tridiagonal::symmetric(diagonal, below)), dense)
                }
                5 => {
                    let dense = M::from_fn(*n, *n, |i, j| match i.abs_diff(j) {
                        0 => 2.5,
                        2 => x[(0, 0)],
                        _ => 0.0,
                    });
                    let bands = [-2, 0, 2].into_iter().filter(|k: &isize| k.unsigned_abs() < *n);
                    node!(psd Psd::new(Banded::from_diagonals(bands.map(|k| (k, off(&dense, k))))), dense)
                }
                6 => {
                    let c = |k: usize| if k == 0 { 4.0 } else { x[(k.min(n - k), 0)] };
                    let dense = M::from_fn(*n, *n, |i, j| c((i + n - j) % n));
                    node!(psd Psd::new(Circulant::new((0..*n).map(c).collect::<Vec<_>>())), dense)
                }
                7 => {
                    let c = |k: usize| if k == 0 { 6.0 } else { x[(k, 0)] };
                    let dense = M::from_fn(*n, *n, |i, j| c(i.abs_diff(j)));
                    node!(psd Psd::new(Toeplitz::symmetric((0..*n).map(c).collect::<Vec<_>>())), dense)
                }
                8 => node!(psd Psd::new(Sparse::new(nalgebra_sparse::CscMatrix::from(&a))), a),
                9 => {
                    let u = x.columns(0, 1).into_owned();
                    let k = dsl::add(Psd::new(Diagonal::new(d.clone())), Gram::<_, ByAdjoint>::new(u.clone()));
                    node!(psd k, M::from_diagonal(&DVector::from_vec(d)) + &u * u.transpose())
                }
                10 => {
                    let u = x.columns(0, 1).into_owned();
                    let k = dsl::add(
                        Gram::<_, ByAdjoint>::new(u.clone()),
                        ScaledIdentity::<f64, Dyn, NonNegative>::of_size(0.5, *n),
                    );
                    node!(psd k, &u * u.transpose() + M::identity(*n, *n) * 0.5)
                }
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
        Tree::KronSum(a, b) | Tree::Blocks(a, b) => {
            let ((a, da), (b, db)) = (definite(a), definite(b));
            if da.nrows() * db.nrows() > LARGEST {
                return (a, da);
            }
            node!(psd KronSum::new(a, b), kron_sum(&da, &db))
        }
        Tree::Shifted(c, a, b) => {
            let ((a, da), (b, db)) = (definite(a), definite(b));
            let n = da.nrows() * db.nrows();
            if n > LARGEST {
                return (a, da);
            }
            let k = dsl::add(Kron::new(a, b), ScaledIdentity::<f64, Dyn, NonNegative>::of_size(*c, n));
            node!(psd k, da.kronecker(&db) + M::identity(n, n) * *c)
        }
        Tree::Hadamard(a, b) => {
            let [(a, da), (b, db)] = fitting(definite(a), definite(b));
            node!(psd Hadamard::new(a, b), da.component_mul(&db))
        }
        Tree::Congruence(a, b) => {
            let [(a, da), (b, db)] = fitting(definite(a), definite(b));
            node!(psd Congruence::new(a, b), &da * db * da.transpose())
        }
        Tree::Sliced(a) => {
            let (a, dense) = definite(a);
            let order: Vec<usize> = (0..dense.nrows()).rev().collect();
            let want = M::from_fn(order.len(), order.len(), |i, j| dense[(order[i], order[j])]);
            node!(psd Sliced::try_principal(a, order).unwrap(), want)
        }
        Tree::Conj(a) | Tree::Stack(_, a) => {
            let (a, dense) = definite(a);
            node!(psd Conj::new(a), dense)
        }
        Tree::Many(kind, a, b) => {
            let [(a, da), (b, db)] = fitting(definite(a), definite(b));
            let n = da.nrows();
            match kind {
                0 | 1 => node!(psd SumOf::new(vec![a, b]), da + db),
                2 if n * n <= LARGEST => node!(psd KronOf::new(vec![a, b]), da.kronecker(&db)),
                _ if 2 * n <= LARGEST => {
                    node!(psd BlockDiagOf::new(vec![a, b]), four(&da, &M::zeros(n, n), &M::zeros(n, n), &db))
                }
                _ => (a, da),
            }
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
            trace_is_linear(&Sum::new(&a, &b), &[(1.0, &a), (1.0, &b)]);
            node!(psd Sum::new(a, b), da + db)
        }
        Tree::Scaled(c, a) => {
            let (a, dense) = definite(a);
            node!(psd Scaled::<_, _, NonNegative>::signed(c.abs(), a), dense * c.abs())
        }
        Tree::Transpose(a) => {
            let (a, dense) = definite(a);
            let _ = node!(psd Adjoint::new(a.clone()), dense.clone());
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
proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn general_trees(t in tree()) {
        general(&t);
    }
    #[test]
    fn definite_trees(t in tree()) {
        definite(&t);
    }
}
