//! Gradients of random trees (proptest) of depth up to 5: u^T A v and tr A by the rules of the structures against dual numbers through
//! their actions, for every number of the tree. `Boxed` holds no parameters, so the nodes are an enumeration of structures of itself.
use cola::gradient::Differentiable;
use cola::parameters::{LeafFn, Path};
use cola::prelude::*;
use cola::*;
use nalgebra::{DMatrix, DVector};
use num_dual::{Dual64, DualStruct};
use proptest::prelude::*;
use std::borrow::Cow;

macro_rules! nodes {
    ($T:ident: $($V:ident $K:ty;)*) => {
        /// Any structure, of such.
        enum Node<$T: Scalar> { $($V(Box<$K>),)* }
        $(impl<$T: Scalar> From<$K> for Node<$T> {
            fn from(k: $K) -> Self {
                Node::$V(Box::new(k))
            }
        })*
        /// Names, to see that each comes up.
        const KINDS: &[&str] = &[$(stringify!($V)),*];
        impl<$T: Scalar> Node<$T> {
            fn kind(&self) -> &'static str {
                match self { $(Node::$V(_) => stringify!($V),)* }
            }
        }
        impl<$T: Scalar> Operator for Node<$T> {
            type Scalar = $T;
            type Facts = NoFacts;
            type Class = dsl::General;
            type Rows = Dyn;
            type Cols = Dyn;
            fn nrows(&self) -> usize {
                match self { $(Node::$V(k) => k.nrows(),)* }
            }
            fn ncols(&self) -> usize {
                match self { $(Node::$V(k) => k.ncols(),)* }
            }
        }
        impl<$T: Scalar> LinearOperator for Node<$T> {
            fn act(&self, how: Update<$T>, x: View<'_, $T>, y: ViewMut<'_, $T>, s: &mut [$T]) {
                match self { $(Node::$V(k) => k.act(how, x, y, s),)* }
            }
            fn scratch_len(&self, columns: usize) -> usize {
                match self { $(Node::$V(k) => k.scratch_len(columns),)* }
            }
        }
        impl<$T: Scalar> Parameters for Node<$T> {
            type Number = $T;
            type With<Z: Scalar> = Node<Z>;
            type Owned = Self;
            fn visit<'a>(&'a self, path: &mut Path, f: &mut dyn FnMut(&str, Cow<'a, [$T]>)) {
                match self { $(Node::$V(k) => k.visit(path, f),)* }
            }
            fn traverse<Z: Scalar>(&self, path: &mut Path, f: LeafFn<'_, $T, Z>) -> Node<Z> {
                match self { $(Node::$V(k) => Node::$V(Box::new(k.traverse(path, f))),)* }
            }
            fn rebuild(&self, path: &mut Path, f: LeafFn<'_, $T, $T>) -> Self {
                match self { $(Node::$V(k) => Node::$V(Box::new(k.rebuild(path, f))),)* }
            }
        }
        impl Differentiable for Node<f64> {
            fn parameters(&self) -> usize {
                type $T = f64;
                match self { $(Node::$V(k) => <$K as Differentiable>::parameters(k),)* }
            }
            fn accumulate_bilinear(&self, u: View<'_, f64>, v: View<'_, f64>, scale: f64, g: &mut [f64]) {
                match self { $(Node::$V(k) => k.accumulate_bilinear(u, v, scale, g),)* }
            }
            fn accumulate_trace(&self, scale: f64, g: &mut [f64]) {
                match self { $(Node::$V(k) => k.accumulate_trace(scale, g),)* }
            }
        }
    };
}
nodes! { T:
    Dense Dense<DMatrix<T>>;
    Diagonal Diagonal<DVector<T>>;
    Triangular Triangular<DMatrix<T>, Lower>;
    Tridiagonal Tridiagonal<DVector<T>, DVector<T>, DVector<T>>;
    Banded Banded<T>;
    Permutation Permutation<T, Dyn>;
    Sparse Sparse<nalgebra_sparse::CscMatrix<T>>;
    Circulant Circulant<T, Dyn>;
    Toeplitz Toeplitz<Vec<T>, Vec<T>>;
    Sine Trigonometric<T, Dyn>;
    Householder Householder<DVector<T>>;
    LowRank LowRank<DMatrix<T>, DMatrix<T>>;
    ScaledIdentity ScaledIdentity<T, Dyn, AnySign>;
    Zero Zero<T, Dyn, Dyn>;
    Upper Triangular<DMatrix<T>, Upper>;
    Identity Identity<T, Dyn>;
    Projection Projection<DMatrix<T>>;
    Interpolation Interpolation<T>;
    CirculantSum CirculantSum<Circulant<T, Dyn>, ScaledIdentity<T, Dyn, AnySign>>;
    BandedSum BandedSum<Banded<T>, ScaledIdentity<T, Dyn, AnySign>>;
    LowRankShift LowRankShift<LowRank<DMatrix<T>, DMatrix<T>>, AnySign>;
    Kron Kron<Node<T>, Node<T>>;
    KronSum KronSum<Node<T>, Node<T>>;
    BlockDiag BlockDiag<Node<T>, Node<T>>;
    Repeat Repeat<Node<T>, 2>;
    Sum Sum<Node<T>, Node<T>>;
    Product Product<Node<T>, Node<T>>;
    Powi Powi<Node<T>, 3>;
    Scaled Scaled<Node<T>, T, AnySign>;
    Transpose Transpose<Node<T>>;
    Adjoint Adjoint<Node<T>>;
    Conj Conj<Node<T>>;
    Hadamard Hadamard<Node<T>, Node<T>>;
    Blocks Blocks<Node<T>, Node<T>, Node<T>, Node<T>>;
    Gram Gram<Node<T>, ByAdjoint>;
    Congruence Congruence<Node<T>, Node<T>, ByAdjoint>;
    Sliced Sliced<Node<T>, Span, Span>;
    HStack HStack<Node<T>, Node<T>>;
    VStack VStack<Node<T>, Node<T>>;
    Shifted Shifted<Kron<Node<T>, Node<T>>, ScaledIdentity<T, Dyn, AnySign>>;
    LowRankUpdate LowRankUpdate<Node<T>, LowRank<DMatrix<T>, DMatrix<T>>>;
    SumOf SumOf<Vec<Node<T>>>;
    ProductOf ProductOf<Vec<Node<T>>>;
    KronOf KronOf<Vec<Node<T>>>;
    BlockDiagOf BlockDiagOf<Vec<Node<T>>>;
    Unitary Unitary<Node<T>>;
    Isometric Isometric<Node<T>>;
    Psd Psd<Gram<Node<T>, ByAdjoint>>;
    SelfAdjoint SelfAdjoint<Sum<Gram<Node<T>, ByAdjoint>, Diagonal<DVector<T>>>>;
}

struct Random(u64);
impl Random {
    fn number(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
    fn below(&mut self, n: usize) -> usize {
        ((self.number() + 1.0) * 0.5 * n as f64) as usize % n
    }
    fn vector(&mut self, n: usize) -> DVector<f64> {
        DVector::from_fn(n, |_, _| self.number())
    }
    fn matrix(&mut self, m: usize, n: usize) -> DMatrix<f64> {
        DMatrix::from_fn(m, n, |_, _| self.number())
    }
}
/// An n x n node of kind `kind`, its parts of depth at most `depth - 1`.
fn square(n: usize, kind: &str, depth: usize, r: &mut Random) -> Node<f64> {
    let part = |n: usize, r: &mut Random| node(n, depth.saturating_sub(1), r);
    // n = p q, and n = p + q where there are two
    let divisors: Vec<usize> = (1..=n).filter(|p| n.is_multiple_of(*p)).collect();
    let p = divisors[r.below(divisors.len())];
    let q = n / p;
    let first = if n > 1 { 1 + r.below(n - 1) } else { 0 };
    match kind {
        "Dense" => Dense::new(r.matrix(n, n)).into(),
        "Diagonal" => Diagonal::new(r.vector(n)).into(),
        "Triangular" => Triangular::lower(r.matrix(n, n)).into(),
        "Tridiagonal" => Tridiagonal::new(r.vector(n - 1), r.vector(n), r.vector(n - 1)).into(),
        "Banded" => Banded::from_diagonals([(0, r.vector(n)), (1 - n as isize, r.vector(1))]).into(),
        "Permutation" => {
            let mut order: Vec<usize> = (0..n).collect();
            order.rotate_left(r.below(n));
            Permutation::new(order).into()
        }
        "Sparse" => Sparse::new(nalgebra_sparse::CscMatrix::from(&r.matrix(n, n))).into(),
        // of a line, and of a grid
        "Circulant" if r.below(2) == 0 => Circulant::new(r.vector(n)).into(),
        "Circulant" => Circulant::nd(&[p, q], r.vector(n)).unwrap().into(),
        "Upper" => Triangular::upper(r.matrix(n, n)).into(),
        "Identity" => Identity::<f64, Dyn>::new(n).into(),
        // that its columns are orthonormal is a promise, and the action is U U^H whatever it is
        "Projection" => Projection::new(r.matrix(n, n.div_ceil(2))).into(),
        "Interpolation" => {
            // a grid has two points at least
            let points: Vec<f64> = (0..n.max(2)).map(|i| (i as f64 - 0.3 * r.number().abs()).max(0.0)).collect();
            let weights = Interpolation::linear(Grid { start: 0.0, step: 1.0, len: n.max(2) }, &points).unwrap();
            if n > 1 { weights.into() } else { Sliced::try_new(Node::from(weights), 0..1, 0..1).unwrap().into() }
        }
        "CirculantSum" => {
            let c = ScaledIdentity::<f64, Dyn, AnySign>::of_size(r.number(), n);
            CirculantSum::try_new(Circulant::new(r.vector(n)), c).unwrap().into()
        }
        "BandedSum" => {
            let c = ScaledIdentity::<f64, Dyn, AnySign>::of_size(r.number(), n);
            let banded = Banded::from_diagonals([(0, r.vector(n)), (n as isize - 1, r.vector(1))]);
            BandedSum::try_new(banded, c).unwrap().into()
        }
        "LowRankShift" => {
            let low = LowRank::new(r.matrix(n, 2), r.matrix(n, 2));
            LowRankShift::<_, AnySign>::try_new(low, r.number()).unwrap().into()
        }
        "Toeplitz" => {
            let (column, mut row) = (r.vector(n), r.vector(n));
            row[0] = column[0];
            Toeplitz::new(column.as_slice().to_vec(), row.as_slice().to_vec()).into()
        }
        "Sine" => Dst::new(1 + r.below(4), n).into(),
        "Householder" => Householder::new(r.vector(n)).into(),
        "LowRank" => LowRank::new(r.matrix(n, 2), r.matrix(n, 2)).into(),
        "ScaledIdentity" => ScaledIdentity::<f64, Dyn, AnySign>::of_size(r.number(), n).into(),
        "Zero" => Zero::<f64, Dyn, Dyn>::new(n, n).into(),
        "Kron" => Kron::new(part(p, r), part(q, r)).into(),
        "KronSum" => KronSum::new(part(p, r), part(q, r)).into(),
        "BlockDiag" if n > 1 => BlockDiag::new(part(first, r), part(n - first, r)).into(),
        "Repeat" if n.is_multiple_of(2) => Repeat::<_, 2>::new(part(n / 2, r)).into(),
        "Sum" => Sum::new(part(n, r), part(n, r)).into(),
        "Product" => Product::new(part(n, r), part(n, r)).into(),
        "Powi" => Powi::<_, 3>::new(part(n, r)).into(),
        "Scaled" => Scaled::<_, _, AnySign>::signed(r.number(), part(n, r)).into(),
        "Transpose" => Transpose::new(part(n, r)).into(),
        "Adjoint" => Adjoint::new(part(n, r)).into(),
        "Conj" => Conj::new(part(n, r)).into(),
        "Hadamard" => Hadamard::new(part(n, r), part(n, r)).into(),
        "Blocks" if n.is_multiple_of(2) => {
            let mut block = || part(n / 2, r);
            Blocks::new(block(), block(), block(), block()).into()
        }
        "Gram" => Gram::<_, ByAdjoint>::new(part(n, r)).into(),
        "Congruence" => Congruence::<_, _, ByAdjoint>::new(part(n, r), part(n, r)).into(),
        "Sliced" => Sliced::try_new(part(n + 1, r), 1..n + 1, 0..n).unwrap().into(),
        "HStack" if n > 1 => {
            let mut slice = |at: core::ops::Range<usize>| Node::from(Sliced::try_new(part(n, r), 0..n, at).unwrap());
            HStack::new(slice(0..first), slice(first..n)).into()
        }
        "VStack" if n > 1 => {
            let mut slice = |at: core::ops::Range<usize>| Node::from(Sliced::try_new(part(n, r), at, 0..n).unwrap());
            VStack::new(slice(0..first), slice(first..n)).into()
        }
        "Shifted" => {
            let c = ScaledIdentity::<f64, Dyn, AnySign>::of_size(r.number(), n);
            Shifted::try_new(Kron::new(part(p, r), part(q, r)), c).unwrap().into()
        }
        "LowRankUpdate" => LowRankUpdate::new(part(n, r), LowRank::new(r.matrix(n, 1), r.matrix(n, 1))).into(),
        "SumOf" => SumOf::new((0..3).map(|_| part(n, r)).collect::<Vec<_>>()).into(),
        "ProductOf" => ProductOf::new((0..3).map(|_| part(n, r)).collect::<Vec<_>>()).into(),
        "KronOf" => KronOf::new(vec![part(p, r), part(q, r)]).into(),
        // promises, which the action does not read
        "Unitary" => Unitary::new(part(n, r)).into(),
        "Isometric" => Isometric::new(part(n, r)).into(),
        // their gradients are symmetric parts: what they hold is symmetric whatever its numbers are
        "Psd" => Psd::new(Gram::<_, ByAdjoint>::new(part(n, r))).into(),
        "SelfAdjoint" => {
            let gram = Gram::<_, ByAdjoint>::new(part(n, r));
            SelfAdjoint::new(Sum::new(gram, Diagonal::new(r.vector(n)))).into()
        }
        "BlockDiagOf" if n > 1 => BlockDiagOf::new(vec![part(first, r), part(n - first, r)]).into(),
        // what needs two or an even number of rows
        _ => Dense::new(r.matrix(n, n)).into(),
    }
}
/// The first of the kinds that have parts.
const LEAVES: usize = 21;
fn node(n: usize, depth: usize, r: &mut Random) -> Node<f64> {
    let kind = if depth == 0 { r.below(LEAVES) } else { r.below(KINDS.len()) };
    square(n, KINDS[kind], depth, r)
}
/// d(u^T A v) and d tr(A) by the rules, against dual numbers through the action.
fn check(k: &Node<f64>, r: &mut Random) {
    let n = k.nrows();
    let (u, v, x) = (r.vector(n), r.vector(n), k.flatten());
    assert_eq!(k.parameters(), x.len(), "{}", k.kind());
    let (mut bilinear, mut trace) = (vec![0.0; x.len()], vec![0.0; x.len()]);
    k.accumulate_bilinear(View::vector(u.as_slice()), View::vector(v.as_slice()), 1.0, &mut bilinear);
    k.accumulate_trace(-2.0, &mut trace);
    let lift = |x: &[f64]| -> Vec<Dual64> { x.iter().map(Dual64::from_inner).collect() };
    let (ud, vd) = (lift(u.as_slice()), lift(v.as_slice()));
    for i in 0..x.len() {
        let mut d = lift(&x);
        d[i] = d[i].derivative();
        let dual = k.unflatten_as::<Dual64>(&d).unwrap();
        let y = dual.apply_as::<Vec<Dual64>>(&vd);
        let want: f64 = y.iter().zip(&ud).map(|(y, u)| (*y * *u).eps).sum();
        let of = |what: &str, got: f64, want: f64| {
            let close = (got - want).abs() <= 1e-11 * (1.0 + want.abs());
            assert!(close, "{} {what} {i}: {got} {want}", k.kind());
        };
        of("bilinear", bilinear[i], want);
        let unit = |j: usize| -> Vec<Dual64> { lift(&(0..n).map(|i| (i == j) as u8 as f64).collect::<Vec<_>>()) };
        let want: f64 = (0..n).map(|j| dual.apply_as::<Vec<Dual64>>(&unit(j))[j].eps).sum();
        of("trace", trace[i], -2.0 * want);
    }
}
/// d(u^T A v) by the structure's rule against dual numbers through its action, for every number of the tree.
fn gradient_matches<K>(k: &K, seed: u64)
where
    K: Differentiable<Scalar = f64> + LinearOperator<Scalar = f64> + Parameters<Number = f64>,
    K::With<Dual64>: LinearOperator<Scalar = Dual64>,
{
    let (m, n) = k.shape();
    let mut r = Random(seed);
    let (u, v) = (r.vector(m), r.vector(n));
    let x = k.flatten();
    assert_eq!(k.parameters(), x.len());
    let mut g = vec![0.0; x.len()];
    k.accumulate_bilinear(View::vector(u.as_slice()), View::vector(v.as_slice()), 1.0, &mut g);
    for i in 0..x.len() {
        let mut d: Vec<Dual64> = x.iter().map(Dual64::from_inner).collect();
        d[i] = d[i].derivative();
        let dual = k.unflatten_as::<Dual64>(&d).unwrap();
        let vd: Vec<Dual64> = v.iter().map(Dual64::from_inner).collect();
        let want: f64 = dual.apply_as::<Vec<Dual64>>(&vd).iter().zip(&u).map(|(y, u)| y.eps * u).sum();
        assert!((g[i] - want).abs() < 1e-12 * (1.0 + want.abs()), "{i}: {} {want}", g[i]);
    }
}
/// d log det A by the structure's rule against dual numbers through its rule for the determinant.
macro_rules! logdet_matches {
    ($k:expr) => {{
        let k = $k;
        let (_, g) = value_and_grad(&k, |k| k.logdet()).unwrap();
        let (x, g) = (k.flatten(), g.flatten());
        for i in 0..x.len() {
            let mut d: Vec<Dual64> = x.iter().map(Dual64::from_inner).collect();
            d[i] = d[i].derivative();
            let want = k.unflatten_as::<Dual64>(&d).unwrap().logdet().unwrap().eps;
            assert!((g[i] - want).abs() < 1e-10 * (1.0 + want.abs()), "{i}: {} {want}", g[i]);
        }
    }};
}
/// d(u^T A v) of an expression with kernels, for all its numbers `q` in their order: the same expression over dual numbers. (A kernel over
/// another number wants points of that number, so it is no leaf of the trees above.) `x`, `z`: points.
macro_rules! kernel_matches {
    ($seed:expr, $n:expr, $count:literal, |$q:ident, $x:ident, $z:ident| $k:expr) => {{
        let mut r = Random($seed);
        let all: Vec<f64> = (0..$count).map(|_| 0.6 + 0.5 * r.number().abs()).collect();
        let (points, others) = (r.matrix($n, 2), r.matrix($n, 2));
        let k = {
            let ($q, $x, $z) = (&all, || points.clone(), || others.clone());
            let _ = (&$x, &$z);
            $k
        };
        let ((m, n), mut g) = (k.shape(), vec![0.0; $count]);
        let (u, v) = (r.vector(m), r.vector(n));
        assert_eq!(k.flatten(), all);
        k.accumulate_bilinear(View::vector(u.as_slice()), View::vector(v.as_slice()), 1.0, &mut g);
        for i in 0..$count {
            let mut d: Vec<Dual64> = all.iter().map(Dual64::from_inner).collect();
            d[i] = d[i].derivative();
            let ($q, $x, $z) =
                (&d, || points.map(|x| Dual64::from_inner(&x)), || others.map(|x| Dual64::from_inner(&x)));
            let _ = (&$x, &$z);
            let y = ($k).apply_as::<Vec<Dual64>>(&v.iter().map(Dual64::from_inner).collect::<Vec<_>>());
            let want: f64 = y.iter().zip(&u).map(|(y, u)| y.eps * u).sum();
            assert!((g[i] - want).abs() < 1e-11 * (1.0 + want.abs()), "{i}: {} {want}", g[i]);
        }
    }};
}
proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn gradients_of_kernels(n in 1..5usize, seed in any::<u64>()) {
        // each covariance function, and their algebra
        kernel_matches!(seed, n, 1, |q, x, z| Kernel::new(Rbf::new(q[0]), x()));
        kernel_matches!(seed, n, 1, |q, x, z| Kernel::new(Matern12::new(q[0]), x()));
        kernel_matches!(seed, n, 1, |q, x, z| Kernel::new(Matern32::new(q[0]), x()));
        kernel_matches!(seed, n, 1, |q, x, z| Kernel::new(Matern52::new(q[0]), x()));
        kernel_matches!(seed, n, 2, |q, x, z| Kernel::new(Periodic::new(q[0], q[1]), x()));
        kernel_matches!(seed, n, 2, |q, x, z| Kernel::new(RationalQuadratic::new(q[0], q[1]), x()));
        kernel_matches!(seed, n, 1, |q, x, z| Kernel::cross(Linear::new(q[0]), x(), z()));
        kernel_matches!(seed, n, 4, |q, x, z| {
            Kernel::cross(Rbf::new(q[1]).amplitude(q[0]) + Matern32::new(q[2]) * Linear::new(q[3]), x(), z())
        });
    }
    #[test]
    fn gradients_of_trees_with_kernels(n in 1..4usize, seed in any::<u64>()) {
        kernel_matches!(seed, n, 5, |q, x, z| Kron::new(Kernel::new(Rbf::new(q[0]), x()), DMatrix::from_column_slice(2, 2, &q[1..])));
        kernel_matches!(seed, n, 2, |q, x, z| KronSum::new(Kernel::new(Rbf::new(q[0]), x()), Kernel::new(Matern52::new(q[1]), z())));
        kernel_matches!(seed, n, 2, |q, x, z| {
            Sum::new(Kernel::new(Rbf::new(q[0]), x()), ScaledIdentity::<_, Dyn, AnySign>::of_size(q[1], x().nrows()))
        });
        kernel_matches!(seed, n, 3, |q, x, z| {
            let k = Hadamard::new(Kernel::new(Rbf::new(q[1]), x()), Kernel::new(Matern12::new(q[2]), z()));
            Scaled::<_, _, AnySign>::signed(q[0], Transpose::new(k))
        });
        kernel_matches!(seed, n, 2, |q, x, z| {
            Product::new(Kernel::cross(Rbf::new(q[0]), x(), z()), BlockDiag::new(Kernel::new(Matern32::new(q[1]), x()), Zero::<_, Dyn, Dyn>::new(0, 0)))
        });
        kernel_matches!(seed, n, 2, |q, x, z| {
            let k = Congruence::<_, _, ByAdjoint>::new(Kernel::cross(Rbf::new(q[0]), x(), z()), Kernel::new(Matern12::new(q[1]), x()));
            Sliced::try_new(k, 0..1, ..).unwrap()
        });
        kernel_matches!(seed, n, 2, |q, x, z| SumOf::new(vec![Kernel::new(Rbf::new(q[0]), x()), Kernel::new(Rbf::new(q[1]), z())]));
    }
}
proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn gradients_of_random_trees(n in 1..5usize, depth in 1..6usize, seed in any::<u64>()) {
        let mut r = Random(seed);
        check(&node(n, depth - 1, &mut r), &mut r);
    }
    #[test]
    fn gradients_of_expressions(n in 1..4usize, seed in any::<u64>(), c in -2.0..2.0f64) {
        let mut r = Random(seed);
        let (a, b) = (r.matrix(n, n), r.matrix(2, 2));
        let d: Vec<f64> = (0..n).map(|i| a[(i, i)]).collect();
        gradient_matches(&linop!(kron(&a, &b) + c * I), seed);
        gradient_matches(&linop!(kron(diag(d.clone()), triangular_lower(&b)).T), seed);
        gradient_matches(&linop!(block_diag(&a, repeat::<2>(&b)) * block_diag(&a, repeat::<2>(&b)).T), seed);
        gradient_matches(&linop!(c * kron(kron(&b, diag(d)), &a)), seed);
        gradient_matches(&linop!([&a, &a; &a, &a]), seed);
        gradient_matches(&linop!((&b * &b)[0..1, ..]), seed);
        gradient_matches(&linop!(kron_sum(&a, &b) + c * I), seed);
        gradient_matches(&linop!(hadamard(&a, &a) * diag(a.column(0).into_owned())), seed);
        gradient_matches(&linop!(low_rank(a.columns(0, 1).into_owned(), a.columns(n - 1, 1).into_owned()) + c * I), seed);
        gradient_matches(&linop!(kron(&a, &b) * kron(&a, &b)), seed);
        gradient_matches(&linop!(triangular_lower(&a) * triangular_lower(&a)), seed);
        gradient_matches(&Circulant::new(a.column(0).into_owned()), seed);
        gradient_matches(&Toeplitz::new(a.column(0).into_owned(), a.row(0).transpose()), seed);
        gradient_matches(&KronOf::new([Dense::new(a.clone()), Dense::new(b.clone())]), seed);
        // one structure of its kind beside c I
        let order = || (0..n).map(|i| (i + 1) % n).collect::<Vec<_>>();
        gradient_matches(&linop!(toeplitz({ a.column(0).into_owned() }, { a.row(0).transpose() }) + c * I), seed);
        gradient_matches(&linop!(c * I - triangular_lower(&a)), seed);
        gradient_matches(&linop!(permutation(order()) * diag(a.column(0).into_owned()) + c * I), seed);
        gradient_matches(&linop!(permutation(order()) + c * I), seed);
        gradient_matches(&linop!({ Permutation::<f64, _>::new(order()).exp().unwrap() } + c * I), seed);
        gradient_matches(&linop!({ Dct::new::<f64>(2, n) } * diag(a.column(0).into_owned()) - c * I), seed);
        gradient_matches(&linop!({ Dst::new::<f64>(1, n).exp().unwrap() } + c * I), seed);
        gradient_matches(&linop!(&a * { CirculantBasis::<f64, Dyn>::new(&[n]) }), seed);
        // functions of what has leaves
        let v = a.column(0).add_scalar(3.0);
        gradient_matches(&Householder::new(v.clone()).exp().unwrap(), seed);
        let mut z = cola::data::Column::<f64, Dyn>::filled(n, 0.0);
        z.iter_mut().zip(&a).for_each(|(z, a)| *z = *a);
        gradient_matches(&Normal::<_, NoFacts>::from_parts(Householder::new(v), z.clone()), seed);
        gradient_matches(&linop!({ Normal::<_, NoFacts>::from_parts(Dense::new(a.clone()), z) } + c * I), seed);
        // without leaves of their own
        let f = Function::<f64, _, _, _, _, NoFacts>::new(n, n, |x: &[f64], y: &mut [f64]| y.copy_from_slice(x), |x: &[f64], y: &mut [f64]| y.copy_from_slice(x));
        let product = Product::new(f, Diagonal::new(vec![c; n]));
        let mut g = vec![0.0; n];
        product.accumulate_bilinear(View::vector(&vec![2.0; n]), View::vector(&vec![3.0; n]), 1.0, &mut g);
        assert_eq!(g, vec![6.0; n]);
    }
}
proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn logdet_gradients_of_expressions(n in 1..4usize, seed in any::<u64>(), c in 0.1..2.0f64) {
        let mut r = Random(seed);
        // dominant diagonals: positive determinants
        let mut dominant = |n: usize| r.matrix(n, n) + DMatrix::identity(n, n) * (n as f64 + 1.0);
        let (a, b) = (dominant(n), dominant(2));
        let d: Vec<f64> = (0..n).map(|i| a[(i, i)]).collect();
        logdet_matches!(linop!(kron({ a.clone() }, { b.clone() })));
        logdet_matches!(linop!(kron(diag(d.clone()), triangular_lower({ b.clone() })).T));
        logdet_matches!(linop!(c * block_diag({ a.clone() }, repeat::<2>({ b.clone() }))));
        logdet_matches!(linop!(kron_sum({ a.clone() }, { b.clone() }) + c * I));
        logdet_matches!(linop!(kron({ a.clone() }, { b.clone() }) + c * I));
        logdet_matches!(linop!({ a.clone() } * { a.clone() }));
        logdet_matches!(linop!(diag(d) + low_rank(a.columns(0, 1).into_owned(), a.columns(0, 1).into_owned())));
        logdet_matches!(linop!([{ a.clone() }, { &a * 0.1 }; { &a * 0.2 }, { a.clone() }]));
        logdet_matches!(Circulant::new(a.column(0).into_owned()));
        logdet_matches!(Toeplitz::new(a.column(0).into_owned(), a.row(0).transpose()));
        logdet_matches!(linop!(toeplitz({ a.column(0).into_owned() }, { a.row(0).transpose() }) + c * I));
        logdet_matches!(linop!(triangular_upper({ a.clone() }) + c * I));
        let order: Vec<usize> = (0..n).map(|i| (i + 1) % n).collect();
        logdet_matches!(linop!(permutation(order) + { 1.5 + c } * I));
    }
}
#[test]
fn gradients_of_every_structure() {
    for kind in KINDS {
        for (n, seed) in [(2, 1), (4, 2), (4, 3)] {
            let mut r = Random(seed);
            let k = square(n, kind, 2, &mut r);
            assert_eq!(k.kind(), *kind);
            check(&k, &mut r);
        }
    }
}
