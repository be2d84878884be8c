//! The same of complex numbers: phases of determinants, A^T beside A^H, facts that hold for Hermitian and not for symmetric matrices.
use super::{LARGEST, condition, general_box, near};
use cola::functions::{
    DiagonalRule, Exp, HasCholesky, HasDet, HasEig, HasEigh, HasExp, HasLog, HasPinv, HasSvd, Log, Pinv,
};
use cola::prelude::*;
use cola::*;
use nalgebra::{DMatrix, DVector};
use proptest::prelude::*;

type C = Complex<f64>;
type M = DMatrix<C>;
type General = Boxed<C, NoFacts>;
type Definite = Boxed<C, PsdFacts>;
/// What is read as a general or as a positive definite operator.
#[derive(Clone, Debug)]
enum Tree {
    Leaf(u8, usize, u64),
    One(u8, C, Box<Tree>),
    Two(u8, C, Box<Tree>, Box<Tree>),
}
fn tree() -> impl Strategy<Value = Tree> {
    let leaf = (0..64u8, 1..4usize, any::<u64>()).prop_map(|(kind, n, seed)| Tree::Leaf(kind, n, seed));
    let scale = (0.3..2.5f64, -3.0..3.0f64).prop_map(|(r, phase)| C::from_polar(r, phase));
    leaf.prop_recursive(4, 16, 2, move |inner| {
        let one = (0..64u8, scale.clone(), inner.clone().prop_map(Box::new));
        let two = (0..64u8, scale.clone(), inner.clone().prop_map(Box::new), inner.prop_map(Box::new));
        prop_oneof![
            one.prop_map(|(kind, c, a)| Tree::One(kind, c, a)),
            two.clone().prop_map(|(kind, c, a, b)| Tree::Two(kind, c, a, b)),
            two.prop_map(|(kind, c, a, b)| Tree::Two(kind, c, a, b)),
        ]
    })
}
fn random(n: usize, seed: u64) -> M {
    let mut f = super::noise(seed);
    DMatrix::from_fn(n, n, |_, _| C::new(f(), f()))
}
fn eye(n: usize) -> M {
    M::identity(n, n)
}
/// e^A by the series of e^(A / 64), squared six times.
fn exponential(a: &M) -> M {
    let small = a / C::from(64.0);
    let (mut sum, mut term) = (eye(a.nrows()), eye(a.nrows()));
    for k in 1..25 {
        term = &term * &small / C::from(k as f64);
        sum += &term;
    }
    (0..6).fold(sum, |s, _| &s * &s)
}
fn facts_hold<A: Operator>(_: &A, dense: &M) {
    let tol = 1e-10 * (1.0 + dense.norm());
    let hermitian = (dense - dense.adjoint()).norm() <= tol;
    assert!(!<<A::Facts as Facts>::SelfAdjoint as Fact>::KNOWN || hermitian, "claims to be self-adjoint: {dense}");
    if <<A::Facts as Facts>::Psd as Fact>::KNOWN {
        assert!(dense.clone().symmetric_eigenvalues().iter().all(|w| *w >= -tol), "claims to be PSD: {dense}");
    }
    let isometric = (dense.adjoint() * dense - eye(dense.ncols())).norm() <= tol;
    let claims = <<A::Facts as Facts>::Unitary as Fact>::KNOWN || <<A::Facts as Facts>::Isometric as Fact>::KNOWN;
    assert!(!claims || isometric, "claims to be isometric: {dense}");
}
/// An operator of any type by its action alone, so that what asks for no more is compiled once.
struct Any<'a>(&'a dyn DynOperator<C>);
impl Operator for Any<'_> {
    type Scalar = C;
    type Facts = NoFacts;
    type Class = dsl::General;
    type Rows = Dyn;
    type Cols = Dyn;
    fn nrows(&self) -> usize {
        self.0.dyn_shape().0
    }
    fn ncols(&self) -> usize {
        self.0.dyn_shape().1
    }
}
impl LinearOperator for Any<'_> {
    fn act(&self, how: Update<C>, x: View<'_, C>, y: ViewMut<'_, C>, scratch: &mut [C]) {
        self.0.dyn_act(how, x, y, scratch)
    }
    fn scratch_len(&self, columns: usize) -> usize {
        self.0.dyn_scratch(columns)
    }
}
fn matrix(a: &dyn DynOperator<C>) -> M {
    Any(a).to_dense()
}
fn actions(a: &dyn DynOperator<C>, dense: &M) {
    let a = Any(a);
    near("apply", &a.to_dense(), dense, 1e-12);
    near("adjoint", &a.adjoint().to_dense(), &dense.adjoint(), 1e-12);
    near("transpose", &a.transpose().to_dense(), &dense.transpose(), 1e-12);
    near("conj", &Conj::new(&a).to_dense(), &dense.conjugate(), 1e-12);
    let n = dense.nrows();
    let (u, v) = (random(n.max(1), 6).columns(0, 1).rows(0, n).into_owned(), random(n.max(1), 5));
    let v = v.columns(0, 1).rows(0, n).into_owned();
    let (left, right) = (u.dotc(&a.apply(&v)), a.apply_adjoint(&u).dotc(&v));
    assert!((left - right).norm() <= 1e-11 * (1.0 + dense.norm()), "<u, A v> = <A^H u, v>: {left} {right}");
}
/// What every square operator must do, of low rank too.
fn check_any<A>(a: &A, dense: &M)
where
    A: LinearOperator<Scalar = C> + Square + HasDet + DiagonalRule + HasExp + HasSvd + HasPinv + HasEig,
    A::Left: LinearOperator<Scalar = C>,
    A::Right: LinearOperator<Scalar = C>,
    A::Vectors: LinearOperator<Scalar = C>,
    Pinv<A>: LinearOperator<Scalar = C>,
    Exp<A>: LinearOperator<Scalar = C>,
{
    actions(a, dense);
    facts_hold(a, dense);
    let n = dense.nrows();
    let size = 1.0 + dense.norm();
    assert!((a.trace().unwrap() - dense.trace()).norm() <= 1e-11 * size, "trace");
    for k in 1 - n as isize..n as isize {
        for (i, x) in a.diagonal_k(k).unwrap().iter().enumerate() {
            let want = dense[(i + (-k).max(0) as usize, i + k.max(0) as usize)];
            assert!((x - want).norm() <= 1e-11 * size, "diagonal {k}");
        }
    }
    near("svd", &matrix(&a.svd().unwrap()), dense, 1e-11);
    let eig = a.eig().unwrap();
    let vectors = matrix(eig.eigenvectors());
    let w = M::from_diagonal(&DVector::from_column_slice(eig.eigenvalues()));
    let residual = (dense * &vectors - &vectors * w).norm();
    assert!(residual <= 1e-10 * size, "eig: {residual:e}");
    if dense.norm() < 10.0 {
        near("exp", &matrix(&a.exp().unwrap()), &exponential(dense), 1e-9);
    }
    let s = dense.clone().svd(false, false).singular_values;
    let smallest = s.iter().copied().filter(|x| *x > f64::EPSILON * s.max()).fold(s.max(), f64::min);
    if n > 0 && smallest > 1e-5 * s.max() {
        near("pinv", &(dense * matrix(&a.pinv().unwrap()) * dense), dense, 1e-10);
    }
    let cond = condition(dense);
    // a zero matrix has none: NaN
    if !(cond <= 1e6) {
        return;
    }
    let (sign, log) = a.slogdet().unwrap();
    let det = dense.clone().lu().determinant();
    let tol = 1e-12 * cond * n as f64 + 1e-12;
    assert!((sign - det / C::from(det.norm())).norm() <= tol, "phase {sign} of {det}");
    assert!((log - det.norm().ln()).abs() <= tol, "log {log} of {det}");
}
fn check<A>(a: &A, dense: &M)
where
    A: LinearOperator<Scalar = C> + Square + Solvable + HasDet + DiagonalRule + HasExp + HasSvd + HasPinv + HasEig,
    A::Left: LinearOperator<Scalar = C>,
    A::Right: LinearOperator<Scalar = C>,
    A::Vectors: LinearOperator<Scalar = C>,
    Pinv<A>: LinearOperator<Scalar = C>,
    Exp<A>: LinearOperator<Scalar = C>,
    Inv<A>: Square + Invertible + LinearOperator<Scalar = C>,
    Inv<Inv<A>>: LinearOperator<Scalar = C>,
{
    check_any(a, dense);
    let (n, cond) = (dense.nrows(), condition(dense));
    // a zero matrix has none: NaN
    if !(cond <= 1e6) {
        return;
    }
    let (tol, v) = (1e-12 * cond, random(n.max(1), 7).rows(0, n).columns(0, n.min(1)).into_owned());
    near("residual of solve", &(dense * a.solve(&v).unwrap()), &v, tol);
    let inverse = a.inv().unwrap();
    near("inv", &(matrix(&inverse) * dense), &eye(n), tol);
    near("inv(inv A)", &matrix(&inverse.inv().unwrap()), dense, tol * 10.0);
}
fn check_psd<A>(a: &A, dense: &M)
where
    A: LinearOperator<Scalar = C> + Square + Rootable + HasExp + HasLog + HasEigh + HasCholesky + HasDet,
    <A::Facts as Facts>::Psd: PsdOf<A>,
    A::Basis: LinearOperator<Scalar = C>,
    A::Factor: LinearOperator<Scalar = C>,
    Log<A>: LinearOperator<Scalar = C>,
    Pow<A>: LinearOperator<Scalar = C>,
{
    let cond = condition(dense);
    if !(cond <= 1e6) {
        return;
    }
    let tol = 1e-12 * cond;
    let root = a.sqrt().unwrap();
    facts_hold(&root, &matrix(&root));
    near("sqrt squared", &(matrix(&root) * matrix(&root)), dense, tol);
    let log = matrix(&a.log().unwrap());
    if log.norm() < 10.0 {
        near("exp(log)", &exponential(&log), dense, 10.0 * tol);
    }
    near("powers", &(matrix(&a.pow(0.3).unwrap()) * matrix(&a.pow(0.7).unwrap())), dense, tol);
    let l = matrix(&a.cholesky().unwrap());
    near("cholesky", &(&l * l.adjoint()), dense, tol);
    let e = a.eigh().unwrap();
    near("eigh", &matrix(&e), dense, tol);
    assert!(
        (e.eigenvalues().iter().map(|w| w.ln()).sum::<f64>() - a.logdet().unwrap().re).abs() <= tol * 10.0,
        "logdet"
    );
}
/// The leading square block of both, of the size of the smaller: so that any two fit.
fn fitting<K: Facts>(a: (Boxed<C, K>, M), b: (Boxed<C, K>, M)) -> [(Boxed<C, K>, M); 2]
where
    Sliced<Boxed<C, K>, cola::Span, cola::Span, Known>: LinearOperator<Scalar = C, Facts = K>,
{
    let n = a.1.nrows().min(b.1.nrows());
    [a, b].map(|(x, dense)| match dense.nrows() == n {
        true => (x, dense),
        false => {
            let block = dense.view((0, 0), (n, n)).into_owned();
            (Sliced::try_principal(x, 0..n).unwrap().boxed(), block)
        }
    })
}
fn kron_sum(a: &M, b: &M) -> M {
    a.kronecker(&eye(b.nrows())) + eye(a.nrows()).kronecker(b)
}
fn four(a: &M, b: &M, c: &M, d: &M) -> M {
    let n = a.nrows();
    M::from_fn(2 * n, 2 * n, |i, j| [a, b, c, d][2 * (i / n) + j / n][(i % n, j % n)])
}
fn diagonal(d: &[C]) -> M {
    M::from_diagonal(&DVector::from_column_slice(d))
}
fn leaf(kind: u8, n: usize, seed: u64) -> (General, M) {
    let mut a = random(n, seed);
    (0..n).for_each(|i| a[(i, i)] += C::new(1.5, if i % 2 == 0 { 1.0 } else { -1.0 }));
    let d: Vec<C> = (0..n).map(|i| a[(i, i)]).collect();
    let column = a.column(0).into_owned();
    match kind % 18 {
        0 => node!(general Dense::new(a.clone()), a),
        1 => node!(general Diagonal::new(d.clone()), diagonal(&d)),
        2 => node!(general Triangular::lower(a.clone()), a.lower_triangle()),
        3 => {
            let mut order: Vec<usize> = (0..n).collect();
            order.rotate_left(seed as usize % n);
            let dense = M::from_fn(n, n, |i, j| C::from((order[i] == j) as u8 as f64));
            node!(general Permutation::<C, _>::new(order), dense)
        }
        4 => node!(general Sparse::new(nalgebra_sparse::CscMatrix::from(&a)), a),
        5 => node!(general ScaledIdentity::<C, Dyn, _>::new(d[0], n), eye(n) * d[0]),
        6 => {
            let band = |row: usize, col: usize| {
                (1..n + (row == col) as usize).map(|i| a[(i - 1 + row, i - 1 + col)]).collect::<Vec<C>>()
            };
            let dense = M::from_fn(n, n, |i, j| if i.abs_diff(j) <= 1 { a[(i, j)] } else { C::from(0.0) });
            node!(general Tridiagonal::new(band(1, 0), band(0, 0), band(0, 1)), dense)
        }
        7 => {
            let dense = M::from_fn(n, n, |i, j| if i <= j && j <= i + 1 { a[(i, j)] } else { C::from(0.0) });
            let bands = (0..n.min(2)).map(|k| (k as isize, (0..n - k).map(|i| a[(i, i + k)]).collect::<Vec<_>>()));
            node!(general Banded::from_diagonals(bands), dense)
        }
        8 => node!(general Circulant::new(column.clone()), M::from_fn(n, n, |i, j| column[(i + n - j) % n])),
        9 => {
            let dense = M::from_fn(n, n, |i, j| if i >= j { a[(i - j, 0)] } else { a[(0, j - i)] });
            node!(general Toeplitz::new(column, a.row(0).transpose()), dense)
        }
        10 => {
            let dense = eye(n) - &column * column.adjoint() * C::from(2.0 / column.norm_squared());
            node!(general Householder::new(column), dense)
        }
        11 => {
            let turn = |i: usize, j: usize| -core::f64::consts::TAU * (i * j) as f64 / n as f64;
            let dense = M::from_fn(n, n, |i, j| C::from_polar(1.0 / (n as f64).sqrt(), turn(i, j)));
            node!(general Fourier::<C>::new(n), dense)
        }
        12 => {
            let m = n as f64;
            let at = |k: usize, j: usize| {
                (2.0 / m).sqrt() * (core::f64::consts::PI * ((2 * k + 1) * (2 * j + 1)) as f64 / (4.0 * m)).cos()
            };
            node!(general Dct::new::<C>(4, n), M::from_fn(n, n, |k, j| C::from(at(k, j))))
        }
        13 => {
            let (u, v) = (a.columns(0, n.div_ceil(2)).into_owned(), a.columns(n / 2, n.div_ceil(2)).into_owned());
            node!(singular LowRank::new(u.clone(), v.clone()), &u * v.adjoint())
        }
        14 => {
            let u = a.columns(0, n.div_ceil(2)).into_owned().qr().q();
            node!(singular Projection::new(u.clone()), &u * u.adjoint())
        }
        15 => {
            let (u, v) = (a.columns(0, 1).into_owned(), a.columns(n - 1, 1).into_owned());
            let k = dsl::add(Diagonal::new(d.clone()), LowRank::new(u.clone(), v.clone()));
            node!(general k, diagonal(&d) + &u * v.adjoint())
        }
        16 => {
            let hermitian = &a + a.adjoint();
            node!(general SelfAdjoint::new(hermitian.clone()), hermitian)
        }
        _ => {
            // X X^T is symmetric and no more
            node!(general Gram::<_, ByTranspose>::of_kind(Dense::new(a.clone())), &a * a.transpose())
        }
    }
}
fn general(t: &Tree) -> (General, M) {
    match t {
        Tree::Leaf(kind, n, seed) => leaf(*kind, *n, *seed),
        Tree::One(kind, c, a) => {
            let (a, dense) = general(a);
            let (n, half) = (dense.nrows(), dense.nrows() / 2);
            match kind % 9 {
                0 => node!(general Scaled::new(*c, a), dense * *c),
                1 => node!(general Transpose::new(a), dense.transpose()),
                2 => node!(general Adjoint::new(a), dense.adjoint()),
                3 => node!(general Conj::new(a), dense.conjugate()),
                4 => node!(general Powi::<_, 2>::new(a), &dense * &dense),
                5 if 2 * n <= LARGEST => node!(general Repeat::<_, 2>::new(a), eye(2).kronecker(&dense)),
                6 if condition(&dense) <= 1e3 => {
                    node!(general a.inv().unwrap(), dense.try_inverse().unwrap())
                }
                7 => {
                    let order: Vec<usize> = (0..n).rev().collect();
                    let slice = Sliced::try_new(a, order.clone(), ..).unwrap();
                    node!(general slice, M::from_fn(n, n, |i, j| dense[(order[i], j)]))
                }
                _ => {
                    let part = |r: core::ops::Range<usize>| Sliced::try_new(a.clone(), r, ..).unwrap();
                    node!(general VStack::new(part(0..half), part(half..n)), dense)
                }
            }
        }
        Tree::Two(kind, c, a, b) => {
            let ((a, da), (b, db)) = (general(a), general(b));
            let n = da.nrows() * db.nrows();
            if kind % 13 < 5 {
                if n > LARGEST {
                    return (a, da);
                }
                return match kind % 13 {
                    0 => node!(general Kron::new(a, b), da.kronecker(&db)),
                    1 => node!(general KronSum::new(a, b), kron_sum(&da, &db)),
                    2 => {
                        let k = dsl::add(Kron::new(a, b), ScaledIdentity::<C, Dyn, _>::new(*c, n));
                        node!(general k, da.kronecker(&db) + eye(n) * *c)
                    }
                    3 => node!(general KronOf::new(vec![a, b]), da.kronecker(&db)),
                    _ => {
                        let (p, q) = (Kron::new(a.clone(), b.clone()), Kron::new(b, a));
                        node!(general dsl::mul(p, q), da.kronecker(&db) * db.kronecker(&da))
                    }
                };
            }
            let [(a, da), (b, db)] = fitting((a, da), (b, db));
            let (n, zero) = (da.nrows(), M::zeros(da.nrows(), da.nrows()));
            match kind % 13 {
                5 => node!(general Sum::new(a, b), da + db),
                6 => node!(general Product::new(a, b), da * db),
                7 => node!(general Hadamard::new(a, b), da.component_mul(&db)),
                8 => node!(general Congruence::new(a, b), &da * db * da.adjoint()),
                9 => node!(general SumOf::new(vec![a, b]), da + db),
                10 => node!(general ProductOf::new(vec![a, b]), da * db),
                _ if 2 * n > LARGEST => (a, da),
                11 => node!(general BlockDiag::new(a, b), four(&da, &zero, &zero, &db)),
                _ => node!(general Blocks::new(a.clone(), b.clone(), b, a), four(&da, &db, &db, &da)),
            }
        }
    }
}
fn definite(t: &Tree) -> (Definite, M) {
    match t {
        Tree::Leaf(kind, n, seed) => {
            let (n, x) = (*n, random(*n, *seed));
            let a = &x * x.adjoint() + eye(n) * C::from(0.5);
            let d: Vec<C> = (0..n).map(|i| a[(i, i)]).collect();
            match kind % 6 {
                0 => node!(psd Psd::new(a.clone()), a),
                1 => node!(psd Psd::new(Diagonal::new(d.clone())), diagonal(&d)),
                2 => {
                    let below: Vec<C> = (1..n).map(|i| x[(i, i - 1)]).collect();
                    let mut dense = eye(n) * C::from(5.0);
                    (1..n).for_each(|i| (dense[(i, i - 1)], dense[(i - 1, i)]) = (below[i - 1], below[i - 1].conj()));
                    node!(psd Psd::new(Tridiagonal::symmetric(vec![C::from(5.0); n], below)), dense)
                }
                3 => {
                    let c = |k: usize| match (k, k.cmp(&(n - k))) {
                        (0, _) => C::from(6.0),
                        (_, core::cmp::Ordering::Less) => x[(k, 0)],
                        (_, core::cmp::Ordering::Equal) => C::from(x[(k, 0)].re),
                        _ => x[(n - k, 0)].conj(),
                    };
                    let dense = M::from_fn(n, n, |i, j| c((i + n - j) % n));
                    node!(psd Psd::new(Circulant::new((0..n).map(c).collect::<Vec<_>>())), dense)
                }
                4 => node!(psd Psd::new(Sparse::new(nalgebra_sparse::CscMatrix::from(&a))), a),
                _ => {
                    let y = &x + eye(n) * C::from(2.0);
                    node!(psd Gram::<_, ByAdjoint>::new(Dense::new(y.clone())), &y * y.adjoint())
                }
            }
        }
        Tree::One(kind, c, a) => {
            let (a, dense) = definite(a);
            match kind % 5 {
                0 => node!(psd Scaled::<_, _, NonNegative>::signed(C::from(c.norm()), a), dense * C::from(c.norm())),
                1 => node!(psd Transpose::new(a), dense.transpose()),
                2 => node!(psd Adjoint::new(a), dense),
                3 => node!(psd Conj::new(a), dense.conjugate()),
                _ if condition(&dense) <= 1e3 => node!(psd a.inv().unwrap(), dense.try_inverse().unwrap()),
                _ => (a, dense),
            }
        }
        Tree::Two(kind, c, a, b) => {
            let ((a, da), (b, db)) = (definite(a), definite(b));
            let n = da.nrows() * db.nrows();
            if kind % 6 < 3 {
                if n > LARGEST {
                    return (a, da);
                }
                return match kind % 6 {
                    0 => node!(psd Kron::new(a, b), da.kronecker(&db)),
                    1 => node!(psd KronSum::new(a, b), kron_sum(&da, &db)),
                    _ => {
                        let shift = ScaledIdentity::<C, Dyn, NonNegative>::of_size(C::from(c.norm()), n);
                        node!(psd dsl::add(Kron::new(a, b), shift), da.kronecker(&db) + eye(n) * C::from(c.norm()))
                    }
                };
            }
            let [(a, da), (b, db)] = fitting((a, da), (b, db));
            match kind % 6 {
                3 => node!(psd Sum::new(a, b), da + db),
                4 => node!(psd Hadamard::new(a, b), da.component_mul(&db)),
                _ => node!(psd Congruence::new(a, b), &da * db * da.adjoint()),
            }
        }
    }
}
proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn general_complex_trees(t in tree()) {
        general(&t);
    }
    #[test]
    fn definite_complex_trees(t in tree()) {
        definite(&t);
    }
}
