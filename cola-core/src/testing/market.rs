//! Sample operators of every structure, over any number type. A new structure joins by one line in [`leaves`] or [`wrap`].

use crate::dsl::fixed;
use crate::ext::OperatorExt;
use crate::facts::{AnySign, PsdFacts};
use crate::operator::{LinearOperator, Operator};
use crate::ops::*;
use crate::scalar::Scalar;
use crate::space::{Const, Dyn};
use crate::testing::Numbers;
use nalgebra::{DMatrix, SMatrix};

/// Is shown every sample.
pub trait Visitor<T: Scalar> {
    /// One sample and its name.
    fn visit<A: LinearOperator<Scalar = T>>(&mut self, name: &str, a: &A);
}

/// M N: some entries, the same in every call.
fn entries<T: Scalar>(m: usize, n: usize) -> DMatrix<T> {
    Numbers::new(3 + m as u64 * 31 + n as u64).matrix(m, n)
}
fn product<T: Scalar>(a: &DMatrix<T>, b: &DMatrix<T>) -> DMatrix<T> {
    DMatrix::from_fn(a.nrows(), b.ncols(), |i, j| (0..a.ncols()).fold(T::zero(), |s, k| s + a[(i, k)] * b[(k, j)]))
}
fn adjoint<T: Scalar>(a: &DMatrix<T>) -> DMatrix<T> {
    a.transpose().map(|x| x.conj())
}
/// M M^H + I.
pub fn psd_matrix<T: Scalar>(n: usize) -> DMatrix<T> {
    let m = entries::<T>(n, n);
    let mut a = product(&m, &adjoint(&m));
    (0..n).for_each(|i| a[(i, i)] += T::one());
    a
}
/// M + M^H: eigenvalues of both signs.
pub fn self_adjoint_matrix<T: Scalar>(n: usize) -> DMatrix<T> {
    let m = entries::<T>(n, n);
    m.zip_map(&adjoint(&m), |x, y| x + y)
}
/// I - 2 v v^H / v^H v.
pub fn unitary_matrix<T: Scalar>(n: usize) -> DMatrix<T> {
    let v = entries::<T>(n, 1);
    let norm = v.iter().fold(T::zero(), |s, &x| s + x.conj() * x);
    DMatrix::from_fn(n, n, |i, j| {
        let eye = if i == j { T::one() } else { T::zero() };
        eye - T::of(2.0) * v[i] * v[j].conj() / norm
    })
}
/// A matrix of some entries.
pub fn general_matrix<T: Scalar>(m: usize, n: usize) -> DMatrix<T> {
    entries(m, n)
}
fn fixed_size<T: Scalar, const M: usize, const N: usize>(a: &DMatrix<T>) -> SMatrix<T, M, N> {
    SMatrix::from_fn(|i, j| a[(i, j)])
}
/// An operator known by its action alone: A of the given matrix, and A^H.
fn matrix_free<T: Scalar>(
    a: DMatrix<T>,
) -> Function<T, Dyn, Dyn, impl Fn(&[T], &mut [T]) + Clone, impl Fn(&[T], &mut [T]) + Clone, crate::NoFacts> {
    let (m, n, h) = (a.nrows(), a.ncols(), adjoint(&a));
    let by = |a: DMatrix<T>| {
        move |x: &[T], y: &mut [T]| {
            for (i, y) in y.iter_mut().enumerate() {
                *y = x.iter().enumerate().fold(T::zero(), |s, (j, &x)| s + a[(i, j)] * x);
            }
        }
    };
    Function::new(m, n, by(a), by(h))
}

/// Every leaf, static and dynamic, owned, borrowed and view, rectangular where allowed, down to 1 x 1 and 0 x 0; and what the
/// functions return.
///
/// # Panics
/// Where a rule fails on a sample that it must serve.
pub fn leaves<T: Scalar>(v: &mut impl Visitor<T>) {
    let (g, p, h, u) = (entries::<T>(4, 4), psd_matrix::<T>(4), self_adjoint_matrix::<T>(4), unitary_matrix::<T>(4));
    let (tall, wide, big) = (entries::<T>(4, 2), entries::<T>(3, 5), entries::<T>(20, 17));
    let (g2, p3, g9) = (
        fixed_size::<T, 2, 2>(&entries(2, 2)),
        fixed_size::<T, 3, 3>(&psd_matrix(3)),
        fixed_size::<T, 9, 9>(&entries(9, 9)),
    );
    let d: Vec<T> = entries::<T>(4, 1).iter().copied().collect();
    let d3: [T; 3] = core::array::from_fn(|i| d[i]);
    let positive: Vec<T> = d.iter().map(|&x| x * x.conj() + T::of(0.5)).collect();

    v.visit("dense 2x2", &Dense(g2));
    v.visit("dense 2x3", &Dense(fixed_size::<T, 2, 3>(&entries(2, 3))));
    v.visit("dense 9x9", &Dense(g9));
    v.visit("dense 20x20 static", &Dense(fixed_size::<T, 20, 20>(&entries(20, 20))));
    v.visit("dense 1x1", &Dense(fixed_size::<T, 1, 1>(&entries(1, 1))));
    v.visit("dense dynamic", &Dense(&g));
    v.visit("dense dynamic 20x17", &Dense(&big));
    v.visit("dense dynamic 3x5", &Dense(wide.clone()));
    v.visit("dense dynamic 1x1", &Dense(entries::<T>(1, 1)));
    v.visit("dense dynamic 0x0", &Dense(entries::<T>(0, 0)));
    v.visit("dense dynamic 0x3", &Dense(entries::<T>(0, 3)));
    v.visit("dense dynamic 3x0", &Dense(entries::<T>(3, 0)));
    v.visit("dense view", &Dense(big.view_with_steps((1, 2), (4, 5), (2, 1))));
    v.visit("psd static", &Psd(Dense(p3)));
    v.visit("psd dynamic", &Psd(Dense(&p)));
    v.visit("self_adjoint", &SelfAdjoint(Dense(&h)));
    v.visit("unitary", &Unitary(Dense(&u)));
    v.visit("unitary psd", &SelfAdjoint(Unitary(Dense(&u))));
    v.visit("isometric", &Isometric(Dense(u.columns(0, 2))));
    v.visit("psd 0x0", &Psd(Dense(entries::<T>(0, 0))));
    v.visit("diagonal array", &Diagonal(d3));
    v.visit("diagonal vec", &Diagonal(d.clone()));
    v.visit("diagonal slice", &Diagonal(&d[1..]));
    v.visit("diagonal row of a matrix", &Diagonal(big.column(3)));
    v.visit("diagonal empty", &Diagonal(Vec::<T>::new()));
    v.visit("psd diagonal", &Psd(Diagonal(positive.clone())));
    v.visit("identity", &Identity::<T, Dyn>::new(4));
    v.visit("identity static", &Identity::<T, Const<3>>::fixed());
    v.visit("identity 0", &Identity::<T, Dyn>::new(0));
    v.visit("scaled identity", &ScaledIdentity::<T, Dyn, _>::new(d[0], 4));
    v.visit("scaled identity 1", &ScaledIdentity::<T, Const<1>, AnySign>::of_size(T::of(-2.0), 1));
    v.visit("lower", &Triangular::lower(&g));
    v.visit("upper static", &Triangular::upper(g2));
    v.visit("lower 0x0", &Triangular::lower(entries::<T>(0, 0)));
    v.visit("permutation", &Permutation::<T, _>::new([2, 0, 3, 1]));
    v.visit("permutation dynamic", &Permutation::<T, _>::new(vec![1, 0, 2]));
    v.visit("permutation empty", &Permutation::<T, _>::new(vec![]));
    let (tall2, dense4) = (fixed_size::<T, 4, 2>(&tall), Dense(&g));
    v.visit("low_rank", &LowRank::new(entries::<T>(4, 2), tall.clone()));
    v.visit("low_rank static 4x3", &LowRank::new(tall2, fixed_size::<T, 3, 2>(&entries(3, 2))));
    v.visit("low_rank of rank 0", &LowRank::new(entries::<T>(3, 0), entries::<T>(4, 0)));
    v.visit("projection", &Projection::new(u.columns(0, 2)));
    v.visit("projection static", &Projection::new(fixed_size::<T, 4, 3>(&u.columns(0, 3).into_owned())));
    v.visit("update of a diagonal", &LowRankUpdate::new(Diagonal(d.clone()), LowRank::new(&tall, &tall)));
    v.visit("update by a Gram matrix", &LowRankUpdate::new(Psd(Diagonal(&positive)), Gram::<_, ByAdjoint>::new(&tall)));
    v.visit("low rank + c I", &crate::dsl::add(LowRank::new(tall2, tall2), crate::dsl::I));
    v.visit("c P + I", &crate::dsl::add(Scaled::new(T::of(-0.5), Projection::new(u.columns(0, 2))), crate::dsl::I));
    let pair = Kron(Dense(g2), Dense(p3));
    v.visit("kron * kron", &crate::dsl::mul(pair, pair));
    v.visit("kron * kron, another split", &crate::dsl::mul(pair, Kron(Dense(p3), Dense(g2))));
    v.visit("lower 4x2", &Triangular::lower(&tall));
    v.visit("upper * upper, 4x5", &crate::dsl::mul(Triangular::upper(entries::<T>(4, 3)), Triangular::upper(&wide)));
    v.visit("sum of static matrices", &crate::dsl::add(Dense(g2), Dense(g2)));
    v.visit("hadamard", &Hadamard::new(&g, &p));
    v.visit("hadamard psd", &Hadamard::new(Psd(Dense(&p)), Psd(Diagonal(&positive))));
    v.visit("hadamard 20x17 of actions", &Hadamard::new(&big, matrix_free(entries::<T>(20, 17))));
    v.visit("blocks", &Blocks::new(Diagonal(&d), &tall, entries::<T>(2, 4), entries::<T>(2, 2)));
    v.visit(
        "blocks static",
        &Blocks::new(g2, fixed_size::<T, 2, 3>(&entries(2, 3)), fixed_size::<T, 3, 2>(&entries(3, 2)), p3),
    );
    v.visit("blocks, rectangular", &Blocks::new(&tall, &g, entries::<T>(1, 2), entries::<T>(1, 4)));
    v.visit("product of", &ProductOf::new(vec![Dense(g.clone()), Dense(p.clone()), Dense(h.clone())]));
    v.visit(
        "product of rectangular parts",
        &ProductOf::new(vec![Dense(entries::<T>(3, 4)), Dense(entries::<T>(4, 2))]),
    );
    v.visit("product of one", &ProductOf::new([Dense(g.clone())]));
    v.visit(
        "kron of",
        &KronOf::new(vec![Dense(entries::<T>(2, 3)), Dense(entries::<T>(3, 1)), Dense(entries::<T>(2, 2))]),
    );
    v.visit("kron of array", &KronOf::new([Psd(Dense(p3)), Psd(Dense(p3))]));
    v.visit("block diagonal of", &BlockDiagOf::new(vec![Dense(entries::<T>(2, 3)), Dense(entries::<T>(3, 1))]));
    v.visit("block diagonal of array", &BlockDiagOf::new([Psd(Dense(p3)), Psd(Dense(p3))]));
    let grid = Grid { start: 0.0, step: 0.5, len: 5 };
    v.visit("interpolation", &Interpolation::<T>::cubic(grid, &[0.1, 0.9, 2.0]).expect("points are inside"));
    v.visit("congruence", &Congruence::new(&tall, Psd(Dense(fixed_size::<T, 2, 2>(&psd_matrix(2))))));
    v.visit("congruence of an adjoint", &Congruence::new(Adjoint(dense4), SelfAdjoint(Dense(&h))));
    v.visit(
        "congruence, transpose",
        &Congruence::<_, _, ByTranspose>::try_new(Dense(&wide), Dense(entries::<T>(5, 5))).expect("sizes fit"),
    );
    v.visit("function", &matrix_free(g.clone()));
    v.visit("function 4x2", &matrix_free(tall.clone()));
    v.visit("function static", &matrix_free(g.clone()).fixed::<Const<4>, Const<4>>());
    v.visit("boxed", &Psd(Dense(p.clone())).boxed());
    v.visit("sum of", &SumOf::new(vec![Dense(g.clone()), Dense(p.clone()), Dense(h.clone())]));
    v.visit("sum of array", &SumOf::new([Psd(Dense(p3)), Psd(Dense(p3))]));
    v.visit("spectral", &Spectral::<_, PsdFacts>::from_parts(Unitary(Dense(fixed_size::<T, 4, 4>(&u))), eigenvalues()));
    v.visit("zero", &Zero::<T, _, _>::new(3, 2));
    v.visit("zero static", &Zero::<T, Const<3>, Const<3>, _>::square(3));
    v.visit("zero 0x3", &Zero::<T, _, _>::new(0, 3));
    v.visit("tridiag", &Tridiagonal::new(&d[1..], d.clone(), &positive[1..]));
    v.visit("tridiag static", &Tridiagonal::new([d[0], d[1]], d3, [d[2], d[3]]));
    v.visit("tridiag 1x1", &Tridiagonal::new(Vec::<T>::new(), vec![d[0]], Vec::<T>::new()));
    v.visit("tridiag empty", &Tridiagonal::new(Vec::<T>::new(), Vec::<T>::new(), Vec::<T>::new()));
    v.visit("tridiag symmetric", &Tridiagonal::symmetric(positive.clone(), &d[1..]));
    let banded = Banded::from_diagonals([(0, &d[..]), (2, &d[..2]), (-1, &d[1..])]);
    v.visit("banded", &banded);
    v.visit("banded upper", &Banded::from_diagonals([(1, d.clone())]));
    v.visit("banded plus", &crate::dsl::add(banded.clone(), ScaledIdentity::<T, Dyn, _>::new(d[0], 4)));
    v.visit("householder", &Householder::new(d3));
    #[cfg(feature = "fft")]
    transforms(v, &d, &big);
    v.visit("kron_sum", &KronSum(Dense(g2), Dense(&g)));
    v.visit("kron_sum psd", &KronSum(Psd(Dense(p3)), Psd(Diagonal(positive.clone()))));
    v.visit("kron_sum nested", &KronSum(KronSum(Dense(g2), Diagonal(d3)), Triangular::upper(g2)));
    v.visit("kron_sum empty", &KronSum(Dense(g2), Dense(entries::<T>(0, 0))));
    v.visit(
        "shifted kron",
        &crate::dsl::add(Kron(Psd(Dense(p3)), Dense(&g)), ScaledIdentity::<T, Dyn, _>::new(d[0], 12)),
    );
    results(v);
}
fn eigenvalues<R: crate::scalar::Real, S: crate::space::Space>() -> crate::data::Column<R, S> {
    let mut w = crate::data::Column::filled(4, R::zero());
    w.iter_mut().enumerate().for_each(|(i, w)| *w = R::of(i as f64));
    w
}
/// What is applied by FFT.
#[cfg(feature = "fft")]
fn transforms<T: Scalar>(v: &mut impl Visitor<T>, d: &[T], big: &DMatrix<T>) {
    let shown = "a sample that the rule must serve";
    let (long, row) = (big.column(0).into_owned(), big.row(0).transpose());
    v.visit("circulant", &Circulant::new(d.to_vec()));
    v.visit("circulant static", &Circulant::new([d[0], d[1], d[2]]));
    v.visit("circulant empty", &Circulant::new(Vec::<T>::new()));
    let grid = Circulant::nd(&[4, 5], &long).expect(shown);
    v.visit("circulant on a grid", &grid);
    v.visit(
        "inv circulant",
        &crate::dsl::add(grid, ScaledIdentity::<T, Dyn, _>::new(T::of(30.0), 20)).inv().expect(shown),
    );
    v.visit("basis of circulants", &CirculantBasis::<T, Dyn>::new(&[3, 4]));
    v.visit("toeplitz", &Toeplitz::new(d.to_vec(), vec![d[0], d[2]]));
    v.visit("toeplitz symmetric", &Toeplitz::symmetric(d.to_vec()));
    v.visit("toeplitz 20x17", &Toeplitz::new(long, row));
    let first = vec![T::of(3.0), d[0], d[1]];
    v.visit("inv toeplitz", &Toeplitz::new(first, vec![T::of(3.0), d[2], d[3]]).inv().expect(shown));
}
/// What inverses, roots and factorisations are.
fn results<T: Scalar>(v: &mut impl Visitor<T>) {
    let (g, p, h) = (entries::<T>(4, 4), psd_matrix::<T>(4), self_adjoint_matrix::<T>(9));
    let shown = "a sample that the rule must serve";
    let (pd, ps) = (Psd(Dense(&p)), Psd(Dense(fixed_size::<T, 3, 3>(&psd_matrix(3)))));
    v.visit("inv psd", &pd.inv().expect(shown));
    v.visit("inv psd static", &ps.inv().expect(shown));
    v.visit("inv general", &Dense(&g).inv().expect(shown));
    v.visit("inv general static", &Dense(fixed_size::<T, 2, 2>(&entries(2, 2))).inv().expect(shown));
    v.visit("inv inv", &pd.inv().expect(shown).inv().expect(shown));
    v.visit("inv self_adjoint", &SelfAdjoint(Dense(&h)).inv().expect(shown));
    v.visit("inv lower", &Triangular::lower(&g).inv().expect(shown));
    v.visit("inv unitary", &Unitary(Dense(unitary_matrix::<T>(4))).inv().expect(shown));
    v.visit("inv permutation", &Permutation::<T, _>::new([2, 0, 3, 1]).inv().expect(shown));
    v.visit("inv diagonal", &Diagonal([T::of(2.0), T::of(-4.0)]).inv().expect(shown));
    v.visit("inv kron", &Kron(pd, ps).inv().expect(shown));
    v.visit("inv product", &Product(pd, Dense(&g)).inv().expect(shown));
    v.visit("inv sum", &Sum(pd, Psd(Dense(&p))).inv().expect(shown));
    v.visit("inv inv sum", &Sum(pd, Psd(Dense(&p))).inv().expect(shown).inv().expect(shown));
    v.visit("inv gram", &Sum(Gram::<_, ByAdjoint>::new(&g), Identity::<T, Dyn>::new(4)).inv().expect(shown));
    v.visit("inv 0x0", &Dense(entries::<T>(0, 0)).inv().expect(shown));
    let tall = entries::<T>(4, 2);
    let low = LowRank::new(&tall, &tall);
    let update = LowRankUpdate::new(Psd(Diagonal([1.0, 2.0, 0.5, 3.0].map(T::of))), Gram::<_, ByAdjoint>::new(&tall));
    v.visit("inv update", &update.inv().expect(shown));
    v.visit(
        "inv update, one factor",
        &LowRankUpdate::new(Diagonal([1.0, 2.0, 0.5, 3.0].map(T::of)), low).inv().expect(shown),
    );
    v.visit(
        "inv low rank + c I",
        &LowRankShift::<_, RealNonNegative<T>>::try_new(low, T::of(3.0)).expect(shown).inv().expect(shown),
    );
    v.visit("exp low rank", &low.exp().expect(shown));
    v.visit("exp projection", &Projection::new(unitary_matrix::<T>(4).columns(0, 2)).exp().expect(shown));
    v.visit("sqrt gram", &Gram::<_, ByAdjoint>::new(&tall).sqrt().expect(shown));
    v.visit("inv gram of a wide factor", &Gram::<_, ByAdjoint>::new(entries::<T>(3, 5)).inv().expect(shown));
    v.visit("eigenvectors of a gram", Gram::<_, ByAdjoint>::new(&tall).eigh().expect(shown).eigenvectors());
    v.visit("sqrt psd", &pd.sqrt().expect(shown));
    v.visit("sqrt kron", &Kron(pd, ps).sqrt().expect(shown));
    v.visit("isqrt psd static", &ps.isqrt().expect(shown));
    v.visit("pow sum", &Sum(ps, ps).pow(0.3).expect(shown));
    v.visit("exp self_adjoint", &SelfAdjoint(Dense(self_adjoint_matrix::<T>(4))).exp().expect(shown));
    v.visit("exp general", &Dense(&g).exp().expect(shown));
    v.visit("log psd", &pd.log().expect(shown));
    v.visit("eigh", &pd.eigh().expect(shown));
    v.visit("eigenvectors", pd.eigh().expect(shown).eigenvectors());
    v.visit("eigenvectors of kron", Kron(pd, ps).eigh().expect(shown).eigenvectors());
    v.visit("cholesky", &pd.cholesky().expect(shown));
    let tall = |x: f64| vec![T::of(x); 4];
    let banded = Banded::from_diagonals([(0, &tall(3.0)[..]), (2, &tall(1.0)[..2]), (-1, &tall(-4.0)[..3])]);
    v.visit("inv banded", &banded.inv().expect(shown));
    v.visit("inv inv banded", &banded.inv().expect(shown).inv().expect(shown));
    let tridiagonal = Tridiagonal::symmetric(tall(3.0), tall(-1.0)[1..].to_vec());
    v.visit("inv tridiag psd", &Psd(&tridiagonal).inv().expect(shown));
    v.visit("sqrt tridiag psd", &Psd(&tridiagonal).sqrt().expect(shown));
    let sum = KronSum(pd, ps);
    v.visit("inv kron_sum", &sum.inv().expect(shown));
    v.visit("inv kron_sum general", &KronSum(Dense(&g), Triangular::upper(&p)).inv().expect(shown));
    v.visit("sqrt kron_sum", &sum.sqrt().expect(shown));
    v.visit("exp kron_sum", &KronSum(Dense(&g), ps).exp().expect(shown));
    let shifted = crate::dsl::add(Kron(pd, ps), ScaledIdentity::<T, Dyn, crate::NonNegative>::of_size(T::of(0.5), 12));
    v.visit("inv shifted", &shifted.inv().expect(shown));
    v.visit("sqrt shifted", &shifted.sqrt().expect(shown));
    v.visit("exp shifted", &shifted.exp().expect(shown));
    let lu = Dense(&g).lu().expect(shown);
    v.visit("P of lu", &lu.p);
    v.visit("L of lu", &lu.l);
    v.visit("U of lu", &lu.u);
}

/// Every composite of `a`, named after it.
pub fn wrap<T: Scalar, A: LinearOperator<Scalar = T>>(name: &str, a: &A, v: &mut impl Visitor<T>) {
    let (m, n) = a.shape();
    let some = entries::<T>(2, 3);
    let small = Dense(fixed_size::<T, 2, 2>(&entries(2, 2)));
    let c = Numbers::new(5).next::<T>();
    let of = |composite: &str| format!("{composite}({name})");
    v.visit(&of("transpose"), &Transpose(a));
    v.visit(&of("adjoint"), &Adjoint(a));
    v.visit(&of("conj"), &Conj(a));
    v.visit(&of("scaled"), &Scaled::new(c, a));
    v.visit(&of("kron A small"), &Kron(a, small));
    v.visit(&of("kron small A"), &Kron(Dense(&some), a));
    v.visit(&of("block_diag"), &BlockDiag(a, Dense(&some)));
    v.visit(&of("block_diag last"), &BlockDiag(small, a));
    v.visit(&of("repeat"), &Repeat::<_, 3>(a));
    v.visit(&of("sum"), &Sum(a, Scaled::new(c, a)));
    v.visit(&of("product A A^H"), &Product(a, Adjoint(a)));
    v.visit(&of("product M A"), &Product(Dense(&entries::<T>(3, m)), a));
    v.visit(&of("gram"), &Gram::<_, ByAdjoint>::new(a));
    v.visit(&of("gram of the adjoint"), &Gram::<_, ByAdjoint>::new(Adjoint(a)));
    v.visit(&of("gram by transpose"), &Gram::<_, ByTranspose>::of_kind(a));
    v.visit(&of("hstack"), &HStack(a, Dense(&entries::<T>(m, 2))));
    v.visit(&of("vstack"), &VStack(a, a));
    v.visit(
        &of("all rows, list of columns"),
        &Sliced::try_new(a, .., (0..n).rev().collect::<Vec<_>>()).expect("indices are inside"),
    );
    v.visit(&of("range of rows"), &Sliced::try_new(a, m / 2.., ..).expect("indices are inside"));
    if m == n {
        v.visit(&of("power"), &Powi::<_, 3>(a));
        v.visit(&of("principal"), &Sliced::try_principal(a, 0..m.div_ceil(2)).expect("indices are inside"));
    }
    if m >= 1 && n >= 2 && <A as Operator>::SHAPE.cols.or(n) >= 2 {
        dynamic_slice(&of("fixed slice"), a, v);
    }
}
/// A[0..1, 1..2] with sizes in the type, of an operator whose own sizes the type need not know.
fn dynamic_slice<T: Scalar, A: LinearOperator<Scalar = T>>(name: &str, a: &A, v: &mut impl Visitor<T>) {
    let erased =
        Function::<T, Dyn, Dyn, _, _, crate::NoFacts>::new(a.nrows(), a.ncols(), column(a, false), column(a, true));
    v.visit(name, &Sliced::try_new(&erased, fixed::<0, 1>(), fixed::<1, 1>()).expect("indices are inside"));
}
/// One column at a time through `a`.
fn column<T: Scalar, A: LinearOperator<Scalar = T>>(a: &A, adjoint: bool) -> impl Fn(&[T], &mut [T]) + '_ {
    move |x, y| {
        let how = crate::Update { adjoint, ..crate::Update::replace() };
        let (x, y) = (crate::View::vector(x), crate::ViewMut::vector(y));
        crate::operator::with_scratch(a.scratch_len(1), |s| a.act(how, x, y, s))
    }
}

/// Shows every composite of every sample that it is shown.
struct Wrapped<'v, V>(&'v mut V);
impl<T: Scalar, V: Visitor<T>> Visitor<T> for Wrapped<'_, V> {
    fn visit<A: LinearOperator<Scalar = T>>(&mut self, name: &str, a: &A) {
        wrap(name, a, self.0)
    }
}
/// Every composite of every leaf.
pub fn composites<T: Scalar>(v: &mut impl Visitor<T>) {
    leaves(&mut Wrapped(v))
}
/// Every composite of every composite, of two leaves.
pub fn nested<T: Scalar>(v: &mut impl Visitor<T>) {
    let mut wrapped = Wrapped(v);
    wrap("dense 2x3", &Dense(fixed_size::<T, 2, 3>(&entries(2, 3))), &mut wrapped);
    wrap("dense dynamic", &Dense(entries::<T>(3, 3)), &mut wrapped);
}
