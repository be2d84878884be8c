//! eig, svd, pinv and lstsq of every structure, by their definitions: residuals, orthonormal columns, the four Penrose equations.
use cola::functions::{DiagonalRule, HasEig, HasPinv, HasSvd, Pinv};
use cola::prelude::*;
use cola::*;
use nalgebra::{DMatrix, DVector, SMatrix, dmatrix, matrix};

type C = Complex<f64>;
type M = DMatrix<C>;

fn noise(seed: usize) -> impl FnMut() -> f64 {
    let mut x = seed as u64 * 7919 + 12_345;
    move || {
        x = x.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (x >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
}
fn number<T: Scalar>(mut f: impl FnMut() -> f64) -> T {
    let (re, im) = (f(), f());
    if <T::IsReal as Fact>::KNOWN { T::of(re) } else { T::of(re) + T::of(-1.0).sqrt() * T::of(im) }
}
fn random<T: Scalar>(m: usize, n: usize, seed: usize) -> DMatrix<T> {
    let mut f = noise(seed);
    DMatrix::from_fn(m, n, |_, _| number(&mut f))
}
fn plain<T: Scalar>(a: &DMatrix<T>) -> M {
    a.map(|x| C::new(x.re().lane_f64(0), x.im().lane_f64(0)))
}
fn eps<T: Scalar>() -> f64 {
    T::Re::epsilon().lane_f64(0)
}

fn unit(a: &M) -> f64 {
    let most = a.iter().fold(0.0f64, |m, x| m.max(x.re.abs()).max(x.im.abs()));
    if most > 0.0 { most } else { 1.0 }
}
/// A V = V diag(w) to a small multiple of eps |A|, columns of norm 1.
fn eig_holds<A: LinearOperator + HasEig + Square>(name: &str, a: &A) -> EigFactors<A::Vectors>
where
    A::Vectors: LinearOperator<Scalar = <A::Scalar as Scalar>::Complex>,
{
    let e = a.eig().unwrap_or_else(|e| panic!("{name}: {e}"));
    let (dense, v) = (plain(&a.to_dense()), plain(&e.eigenvectors().to_dense()));
    let w: Vec<C> = e.eigenvalues().iter().map(|w| C::new(w.re().lane_f64(0), w.im().lane_f64(0))).collect();
    // in units of the largest entry: squares stay in range
    let unit = unit(&dense);
    let (dense, w): (M, Vec<C>) = (dense.map(|x| x / unit), w.iter().map(|w| w / unit).collect());
    let n = dense.nrows();
    assert_eq!((v.shape(), w.len()), ((n, n), n), "{name}");
    cola::testing::check_operator(e.eigenvectors()).unwrap_or_else(|e| panic!("{name}: {e}"));
    let tol = 50.0 * eps::<A::Scalar>() * (n as f64 + 3.0);
    for j in 0..n {
        let x = v.column(j);
        assert!((x.norm() - 1.0).abs() < tol, "{name}: |v_{j}| = {}", x.norm());
        let r = (&dense * x - x * w[j]).norm();
        assert!(
            r <= tol * dense.norm().max(f64::MIN_POSITIVE),
            "{name}: residual {r:e} of eigenvector {j}, w = {}",
            w[j]
        );
    }
    // the eigenvalues are all of them: their sum and the sum of their squares are the traces
    let (t1, t2) = (dense.trace(), (&dense * &dense).trace());
    let scale = dense.norm().max(f64::MIN_POSITIVE);
    let (s1, s2) = (w.iter().sum::<C>(), w.iter().map(|w| w * w).sum::<C>());
    assert!((s1 - t1).norm() <= 10.0 * tol * scale, "{name}: trace {t1}, sum of eigenvalues {s1}");
    assert!((s2 - t2).norm() <= 10.0 * tol * scale * scale, "{name}: trace of the square {t2}, {s2}");
    e
}
/// A = U diag(s) V^H, U and V with orthonormal columns, s descending; the same singular values as nalgebra's.
fn svd_holds<A: LinearOperator + HasSvd>(name: &str, a: &A)
where
    A::Left: LinearOperator<Scalar = A::Scalar>,
    A::Right: LinearOperator<Scalar = A::Scalar>,
{
    let d = a.svd().unwrap_or_else(|e| panic!("{name}: {e}"));
    let dense = plain(&a.to_dense());
    let (u, v) = (plain(&d.u.to_dense()), plain(&d.v.to_dense()));
    let unit = unit(&dense);
    let dense: M = dense.map(|x| x / unit);
    let s: Vec<f64> = d.s.iter().map(|s| s.lane_f64(0) / unit).collect();
    let (m, n) = dense.shape();
    let tol = 50.0 * eps::<A::Scalar>() * ((m + n) as f64 + 3.0);
    let near = |what: &str, x: &M, y: &M, scale: f64| {
        let error = (x - y).norm();
        assert!(error <= tol * scale, "{name}: {what} is off by {error:e}\n{x}\n{y}");
    };
    let k = s.len();
    cola::testing::check_operator(&d).unwrap_or_else(|e| panic!("{name}, svd: {e}"));
    near("U^H U", &(u.adjoint() * &u), &M::identity(k, k), 1.0);
    near("V^H V", &(v.adjoint() * &v), &M::identity(k, k), 1.0);
    let sigma = M::from_diagonal(&DVector::from_iterator(k, s.iter().map(|&s| C::from(s))));
    near("U S V^H", &(&u * &sigma * v.adjoint()), &dense, dense.norm());
    near("as an operator", &plain(&d.to_dense()).map(|x| x / unit), &dense, dense.norm());
    near("adjoint", &plain(&d.adjoint().to_dense()).map(|x| x / unit), &dense.adjoint(), dense.norm());
    assert!(s.windows(2).all(|w| w[0] >= w[1]) && s.iter().all(|s| *s >= 0.0), "{name}: {s:?}");
    let all: Vec<f64> = a.singular_values().unwrap().iter().map(|s| s.lane_f64(0) / unit).collect();
    assert_eq!(all.len(), m.min(n));
    if m * n > 0 {
        let want = dense.clone().svd(false, false).singular_values;
        for (got, want) in all.iter().zip(want.iter()) {
            assert!((got - want).abs() <= tol * dense.norm(), "{name}: {all:?}, nalgebra {want}");
        }
    }
}
/// The four equations of Penrose, and lstsq = A^+ b.
fn pinv_holds<A: LinearOperator + HasPinv>(name: &str, a: &A)
where
    Pinv<A>: LinearOperator<Scalar = A::Scalar>,
{
    let p = a.pinv().unwrap_or_else(|e| panic!("{name}: {e}"));
    let (a_dense, x) = (plain(&a.to_dense()), plain(&p.to_dense()));
    let (m, n) = a_dense.shape();
    assert_eq!(x.shape(), (n, m), "{name}");
    let (ax, xa) = (&a_dense * &x, &x * &a_dense);
    cola::testing::check_operator(&p).unwrap_or_else(|e| panic!("{name}, pinv: {e}"));
    let cond = a_dense.norm() * x.norm() + 1.0;
    let tol = 50.0 * eps::<A::Scalar>() * ((m + n) as f64 + 3.0) * cond;
    let near = |what: &str, x: &M, y: &M| {
        let error = (x - y).norm() / y.norm().max(f64::MIN_POSITIVE);
        assert!((x - y).norm() == 0.0 || error <= tol, "{name}: {what} is off by {error:e}\n{x}\n{y}");
    };
    near("A X A = A", &(&ax * &a_dense), &a_dense);
    near("X A X = X", &(&xa * &x), &x);
    near("(A X)^H = A X", &ax.adjoint(), &ax);
    near("(X A)^H = X A", &xa.adjoint(), &xa);
    near("(A^+)^H", &plain(&p.adjoint().to_dense()), &x.adjoint());
    let b = random::<A::Scalar>(m, 2, 77);
    let got = plain(&a.lstsq_as::<DMatrix<A::Scalar>>(&b).unwrap());
    let want = &x * plain(&b);
    let error = (&got - &want).norm();
    assert!(
        error <= tol * (want.norm() + x.norm() * plain(&b).norm()),
        "{name}: lstsq is off by {error:e}\n{got}\n{want}"
    );
}
macro_rules! all {
    ($name:expr, $a:expr) => {{
        let a = $a;
        eig_holds($name, &a);
        rectangular!($name, a);
    }};
}
macro_rules! rectangular {
    ($name:expr, $a:expr) => {{
        let a = $a;
        svd_holds($name, &a);
        pinv_holds($name, &a);
    }};
}
fn structures<T: Scalar>() {
    let g = random::<T>(4, 4, 1);
    let p = random::<T>(4, 4, 2);
    let h = DMatrix::from_fn(3, 3, |i, j| {
        let r = random::<T>(3, 3, 3);
        r[(i, j)] + r[(j, i)].conj()
    });
    let spd = DMatrix::from_fn(4, 4, |i, j| (0..4).fold(T::zero(), |s, k| s + p[(i, k)] * p[(j, k)].conj()));
    let (tall, wide, thin) = (random::<T>(5, 2, 4), random::<T>(2, 5, 5), random::<T>(30, 2, 6));
    let d = [T::of(-2.0), T::zero(), T::of(0.5), T::of(3.0)];
    let d = d.map(|x| if <T::IsReal as Fact>::KNOWN { x } else { x * number::<T>(noise(5)) });
    all!("dense", Dense::new(g.clone()));
    all!("dense static", Dense::new(SMatrix::<T, 4, 4>::from_fn(|i, j| g[(i, j)])));
    all!("self-adjoint", SelfAdjoint::new(h.clone()));
    all!("psd", Psd::new(spd.clone()));
    all!("0x0", Dense::new(DMatrix::<T>::from_element(0, 0, T::zero())));
    all!("1x1", Dense::new(DMatrix::from_element(1, 1, T::of(-3.0))));
    all!("zero", Dense::new(DMatrix::from_element(3, 3, T::zero())));
    all!("rank 2", Product::new(&tall, &wide));
    rectangular!("tall", Dense::new(tall.clone()));
    rectangular!("wide", Dense::new(wide.clone()));
    rectangular!("thin", Dense::new(thin.clone()));
    rectangular!("0x3", Dense::new(DMatrix::<T>::from_element(0, 3, T::zero())));
    rectangular!("3x0", Dense::new(DMatrix::<T>::from_element(3, 0, T::zero())));
    rectangular!("repeated column", HStack::new(&tall, &tall));
    rectangular!("stacked", VStack::new(&tall, &tall));
    all!("diagonal", Diagonal::new(d));
    all!("diagonal dynamic", Diagonal::new(d.to_vec()));
    all!("identity", Identity::<T, Dyn>::new(3));
    all!("c I", ScaledIdentity::new(d[0], 3));
    all!("0 I", ScaledIdentity::new(T::zero(), 3));
    all!("lower", Triangular::lower(g.clone()));
    all!("upper", Triangular::upper(g.clone()));
    let mut singular = g.clone();
    singular[(2, 2)] = T::zero();
    all!("lower, singular", Triangular::lower(singular.clone()));
    all!("upper, singular", Triangular::upper(singular));
    all!("permutation", Permutation::<T, _>::new([1, 2, 0, 3, 5, 4, 7, 8, 9, 6]));
    all!("kron", Kron::new(&g, Diagonal::new(d)));
    all!("kron of three", Kron::new(&h, Kron::new(Psd::new(&spd), Triangular::lower(h.clone()))));
    rectangular!("kron of rectangular", Kron::new(&tall, &wide));
    rectangular!("kron of rectangular and singular", Kron::new(Diagonal::new(d), &wide));
    all!("block_diag", BlockDiag::new(&g, Psd::new(&h)));
    rectangular!("block_diag of rectangular", BlockDiag::new(&tall, &wide));
    all!("repeat", Repeat::<_, 3>::new(&g));
    rectangular!("repeat of rectangular", Repeat::<_, 2>::new(&tall));
    all!("scaled", Scaled::new(d[0], &g));
    all!("0 A", Scaled::new(T::zero(), &g));
    rectangular!("scaled, rectangular", Scaled::new(d[3], &tall));
    all!("transpose", Transpose::new(&g));
    all!("adjoint", Adjoint::new(&g));
    all!("conj", Conj::new(&g));
    rectangular!("adjoint, rectangular", Adjoint::new(&tall));
    rectangular!("transpose, rectangular", Transpose::new(Kron::new(&tall, &wide)));
    rectangular!("conj, rectangular", Conj::new(&wide));
    all!("sum", Sum::new(&g, Diagonal::new(d)));
    all!("gram", Gram::new(&tall));
    all!("power", Powi::<_, 2>::new(&g));
    all!("sliced", Sliced::try_principal(Dense::new(g.clone()), 1..4).unwrap());
    rectangular!("sliced, rectangular", Sliced::try_new(Dense::new(g.clone()), 0..4, 1..3).unwrap());
    all!("spectral", Psd::new(&spd).sqrt().unwrap());
    all!("spectral, indefinite", SelfAdjoint::new(&h).eigh().unwrap());
    all!("spectral of kron", Kron::new(SelfAdjoint::new(&h), Psd::new(&spd)).exp().unwrap());
    all!("unitary", Unitary::new(SelfAdjoint::new(&h).eigh().unwrap().eigenvectors().to_dense()));
    rectangular!("isometric", Isometric::new(Dense::new(tall.clone()).svd().unwrap().u.to_dense()));
    all!("inverse", Dense::new(g.clone()).inv().unwrap());
    all!("inverse psd", Psd::new(&spd).inv().unwrap());
    all!("inverse of a sum", Sum::new(&g, Diagonal::new(d)).inv().unwrap());
    all!("inverse of a triangle", Triangular::lower(g.clone()).inv().unwrap());
    all!("boxed", Psd::new(spd.clone()).boxed());
    all!("sum of", SumOf::new(vec![Dense::new(g.clone()), Dense::new(p.clone())]));
    rectangular!("svd itself", Dense::new(tall.clone()).svd().unwrap());
    rectangular!("pinv itself", Dense::new(tall).pinv().unwrap());
    all!("exp of a permutation", Permutation::<T, _>::new([1, 2, 0]).exp().unwrap());
    let f =
        move |x: &[T], y: &mut [T]| (0..4).for_each(|i| y[i] = (0..4).fold(T::zero(), |s, j| s + spd[(i, j)] * x[j]));
    all!("function", Function::psd(4, f));
}
#[test]
fn doubles() {
    structures::<f64>();
}
#[test]
fn complex() {
    structures::<C>();
}
#[test]
fn floats() {
    structures::<f32>();
}
#[test]
fn sparse() {
    let g = random::<f64>(5, 5, 9);
    all!("sparse", Sparse::new(nalgebra_sparse::CsrMatrix::from(&g)));
    all!("inverse of sparse", Sparse::new(nalgebra_sparse::CsrMatrix::from(&g)).inv().unwrap());
    let tall = random::<f64>(6, 3, 9);
    rectangular!("sparse, rectangular", Sparse::new(nalgebra_sparse::CsrMatrix::from(&tall)));
}
/// Every size, and matrices that are hard: defective, nilpotent, zero, huge, tiny, graded, of low rank.
#[test]
fn dense_of_all_kinds() {
    fn kinds<T: Scalar>(range: (f64, f64)) {
        for n in [0, 1, 2, 3, 4, 7, 16, 33, 60] {
            all!(&format!("random {n}"), Dense::new(random::<T>(n, n, n + 1)));
            rectangular!(&format!("random {n} x 5"), Dense::new(random::<T>(n, 5, n + 1)));
            rectangular!(&format!("random 9 x {n}"), Dense::new(random::<T>(9, n, n + 1)));
        }
        for n in [1, 2, 3, 6, 24] {
            let jordan = |w: f64, s: f64| {
                DMatrix::from_fn(n, n, |i, j| {
                    T::of(if i == j {
                        w
                    } else if j == i + 1 {
                        s
                    } else {
                        0.0
                    })
                })
            };
            for (w, s) in [(1.0, 1.0), (0.0, 1.0), (1.0, 1e-9), (range.0, range.0), (range.1, range.1), (1.0, 0.0)] {
                let a = jordan(w, s);
                let name = format!("Jordan {n}, {w:e}, {s:e}");
                eig_holds(&name, &Dense::new(a.clone()));
                eig_holds(&name, &Dense::new(a.transpose()));
                eig_holds(&name, &Triangular::upper(a.clone()));
                eig_holds(&name, &Triangular::lower(a.transpose()));
                svd_holds(&name, &Dense::new(a));
            }
            let graded = DMatrix::from_fn(n, n, |i, j| {
                let x: T = random::<T>(n, n, 3)[(i, j)];
                x * T::of(10f64.powi(-(i as i32) / 4))
            });
            eig_holds("graded", &Dense::new(graded.clone()));
            svd_holds("graded", &Dense::new(graded));
            let shift = DMatrix::from_fn(n, n, |i, j| T::of(((i + 1) % n == j) as u8 as f64));
            all!("cyclic shift", Dense::new(shift));
            let ones = DMatrix::from_element(n, n, T::of(1.0));
            all!("ones", Dense::new(ones));
        }
    }
    kinds::<f64>((1e-280, 1e280));
    kinds::<C>((1e-280, 1e280));
    kinds::<f32>((1e-30, 1e30));
}
#[test]
fn numbers_by_hand() -> Result<()> {
    // a rotation by 90 degrees about z, twice as long
    let e = linop!({ matrix![0.0, -2.0, 0.0; 2.0, 0.0, 0.0; 0.0, 0.0, 3.0] }).eig()?;
    let mut w: Vec<C> = e.eigenvalues().to_vec();
    w.sort_by(|a, b| a.im.total_cmp(&b.im));
    for (got, want) in w.iter().zip([C::new(0.0, -2.0), C::new(3.0, 0.0), C::new(0.0, 2.0)]) {
        assert!((got - want).norm() < 1e-14, "{w:?}");
    }
    assert!((e.condition()? - 1.0).abs() < 1e-13);
    // a symmetric matrix promised so has real eigenvalues exactly
    let e = linop!(self_adjoint({ matrix![2.0f64, 1.0; 1.0, 2.0] })).eig()?;
    assert!(e.eigenvalues().iter().all(|w| w.im == 0.0));
    // defective: the condition number says so, for dense and for triangular
    let jordan = dmatrix![1.0, 1.0; 0.0, 1.0];
    assert!(Dense::new(jordan.clone()).eig()?.condition()? > 1e14);
    assert!(Triangular::upper(jordan.clone()).eig()?.condition()? > 1e14);
    // a repeated eigenvalue that is not defective
    assert!(Triangular::upper(dmatrix![1.0, 0.0, 1.0; 0.0, 1.0, 1.0; 0.0, 0.0, 2.0]).eig()?.condition()? < 10.0);
    // Triangular keeps the triangle of its eigenvectors, and the real eigenvalues of a real one are its entries exactly
    let e = Triangular::lower(dmatrix![1.0, 0.0; 5.0, 2.0]).eig()?;
    assert_eq!(e.eigenvalues()[..], [C::new(1.0, 0.0), C::new(2.0, 0.0)]);
    assert_eq!(e.eigenvectors().to_dense()[(0, 1)], C::new(0.0, 0.0));
    // singular values of [[3, 0], [4, 5]]: sqrt(45), sqrt(5)
    let s = linop!({ matrix![3.0f64, 0.0; 4.0, 5.0] }).singular_values()?;
    assert!((s[0] - 45f64.sqrt()).abs() < 1e-14 && (s[1] - 5f64.sqrt()).abs() < 1e-14);
    // kron of a 2x3 and a 3x2: 4 of 6 singular values are of the factors, two are 0
    let k = linop!(kron({ random::<f64>(2, 3, 1) }, { random::<f64>(3, 2, 2) }));
    let s = k.singular_values()?;
    assert_eq!((s.len(), k.svd()?.s.len(), &s[4..]), (6, 4, &[0.0, 0.0][..]));
    // the word
    let d = try_linop!(pinv(diag([2.0, 0.0])) * pinv({ dmatrix![1.0, 1.0; 1.0, 1.0] })).unwrap().to_dense();
    assert!((d - dmatrix![0.125, 0.125; 0.0, 0.0]).norm() < 1e-15);
    // permutation: a 3-cycle and a fixed point
    let w = Permutation::<f64, _>::new([1, 2, 0, 3]).eig()?;
    assert!(w.eigenvalues().iter().all(|w| ((w * w * w) - 1.0).norm() < 1e-14));
    assert_eq!(Permutation::<f64, _>::new([1, 0]).eig()?.eigenvalues()[..], [C::new(1.0, 0.0), C::new(-1.0, 0.0)]);
    Ok(())
}
#[test]
fn facts_are_kept() {
    fn psd<A: Operator>(_: &A) -> bool {
        <A::Facts as Facts>::Psd::KNOWN
    }
    fn self_adjoint<A: Operator>(_: &A) -> bool {
        <A::Facts as Facts>::SelfAdjoint::KNOWN
    }
    let a = dmatrix![1.0, 1.0; 1.0, 1.0];
    assert!(psd(&Psd::new(&a).pinv().unwrap()));
    assert!(psd(&Kron::new(Psd::new(&a), Psd::new(Diagonal::new([1.0, 0.0]))).pinv().unwrap()));
    assert!(self_adjoint(&SelfAdjoint::new(&a).pinv().unwrap()) && !psd(&SelfAdjoint::new(&a).pinv().unwrap()));
    assert!(!self_adjoint(&Dense::new(&a).pinv().unwrap()));
    let u = Dense::new(&a).svd().unwrap().u;
    fn isometric<A: Operator>(_: &A) -> bool {
        <A::Facts as Facts>::Isometric::KNOWN
    }
    assert!(isometric(&u));
}
#[test]
fn lanes_one_by_one() -> Result<()> {
    type L = Lanes<f64, 4>;
    let single: Vec<DMatrix<f64>> = (0..4).map(|l| random::<f64>(3, 3, 40 + l)).collect();
    let a = DMatrix::from_fn(3, 3, |i, j| L::from_lanes(|l| single[l][(i, j)]));
    let (e, d, p) = (Dense::new(&a).eig()?, Dense::new(&a).svd()?, Dense::new(&a).pinv()?.to_dense());
    let (v, all) = (e.eigenvectors().to_dense(), d.to_dense());
    for l in 0..4 {
        for j in 0..3 {
            let x = DVector::from_fn(3, |i, _| v[(i, j)].lane(l));
            let r = single[l].map(C::from) * &x - &x * e.eigenvalues()[j].lane(l);
            assert!(r.norm() < 1e-13 && (x.norm() - 1.0).abs() < 1e-13, "lane {l}");
        }
        assert!((all.map(|x| x.lane(l)) - &single[l]).norm() < 1e-13);
        assert!((p.map(|x| x.lane(l)) * &single[l] - DMatrix::<f64>::identity(3, 3)).norm() < 1e-10);
        let want = single[l].clone().svd(false, false).singular_values;
        let got = Dense::new(&a).singular_values()?;
        assert!((0..3).all(|i| (got[i].lane(l) - want[i]).abs() < 1e-13));
    }
    // one bad lane is named alone
    let bad = a.map(|x| L::from_lanes(|l| if l == 2 { f64::NAN } else { x.lane(l) }));
    for e in
        [Dense::new(&bad).eig().map(|_| ()), Dense::new(&bad).svd().map(|_| ()), Dense::new(&bad).pinv().map(|_| ())]
    {
        assert!(matches!(&e, Err(Error::Lanes { failed }) if failed.len() == 1 && failed[0].0 == 2), "{e:?}");
    }
    Ok(())
}
#[test]
fn bad_input() {
    let nan = dmatrix![1.0, f64::NAN; 0.0, 1.0];
    let inf = dmatrix![1.0, f64::INFINITY; 0.0, 1.0];
    for a in [nan, inf] {
        let a = Dense::new(a);
        assert!(matches!(a.eig(), Err(Error::NonFinite { .. })));
        assert!(matches!(a.svd(), Err(Error::NonFinite { .. })));
        assert!(matches!(a.pinv(), Err(Error::NonFinite { .. })));
        assert!(matches!(a.lstsq(&vec![1.0, 2.0]), Err(Error::NonFinite { .. })));
        assert!(matches!(SelfAdjoint::new(&a).eig(), Err(Error::NonFinite { .. })));
        assert!(matches!(Kron::new(&a, &a).svd(), Err(Error::NonFinite { .. })));
    }
    let bad = Diagonal::new([1.0, f64::NAN]);
    assert!(bad.eig().is_err() && bad.svd().is_err() && bad.pinv().is_err());
    let a = Dense::new(dmatrix![1.0, 2.0, 3.0; 4.0, 5.0, 6.0]);
    assert!(matches!(a.lstsq(&vec![1.0]), Err(Error::ShapeMismatch { .. })));
    assert!(matches!(a.lstsq(&vec![1.0, f64::NAN]), Err(Error::NonFinite { .. })));
    assert!(matches!(a.eig(), Err(Error::ShapeMismatch { .. })));
    assert!(matches!(Kron::new(&a, a.transpose()).eig(), Err(Error::InvalidArgument { .. })));
    let n = cola::functions::base::DENSE_LIMIT + 1;
    let large = Function::psd(n, |x: &[f64], y: &mut [f64]| y.copy_from_slice(x));
    for e in [large.eig().map(|_| ()), large.svd().map(|_| ()), large.pinv().map(|_| ())] {
        assert!(matches!(&e, Err(Error::InvalidArgument { what }) if what.contains("2049")), "{e:?}");
    }
    let huge = Dense::new(dmatrix![1e-300f64, 0.0; 0.0, 1e-310]);
    assert!(huge.pinv().map(|p| p.to_dense().iter().all(|x| x.is_finite())).unwrap_or(true));
}
/// Least squares of a line, of too few equations, and with dual numbers.
#[test]
fn least_squares() -> Result<()> {
    let a = matrix![1.0, 0.0; 1.0, 1.0; 1.0, 2.0; 1.0, 3.0];
    let x = linop!({ a }).lstsq_as::<nalgebra::Vector2<f64>>(&nalgebra::vector![0.0, 1.0, 1.0, 4.0])?;
    assert!((x - nalgebra::vector![-0.3, 1.2]).norm() < 1e-14, "{x}");
    let wide = Dense::new(dmatrix![1.0, 1.0]);
    assert!((wide.lstsq(&DVector::from_vec(vec![2.0]))? - nalgebra::dvector![1.0, 1.0]).norm() < 1e-15);
    let repeated = Dense::new(dmatrix![1.0, 1.0; 2.0, 2.0]);
    assert!((repeated.lstsq(&nalgebra::dvector![1.0, 2.0])? - nalgebra::dvector![0.5, 0.5]).norm() < 1e-14);
    fn trace<A: DiagonalRule<Scalar = f64> + Square>(a: &A) -> f64 {
        a.trace().unwrap()
    }
    assert!((trace(&repeated.pinv()?) - 0.3).abs() < 1e-15);
    Ok(())
}
