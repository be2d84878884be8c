//! Rules of structures that the rule table cannot show in one cell: folded sums and products, shifted Kronecker products by Schur forms,
//! decompositions of what has a spectrum, accuracy through factors. Each against the dense matrix made by definition.
#![allow(clippy::op_ref, reason = "operators on references are tested too")]
use cola::plan::Question;
use cola::prelude::*;
use nalgebra::{DMatrix, DVector, matrix};

type C = Complex<f64>;
fn noise(i: usize, j: usize, seed: usize) -> f64 {
    let x = (seed * 7919 + i * 104_729 + j * 1_299_709 + 12_345) as u64;
    let x = (x ^ x >> 7).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (x >> 11) as f64 / (1u64 << 52) as f64 - 1.0
}
fn real(m: usize, n: usize, seed: usize) -> DMatrix<f64> {
    DMatrix::from_fn(m, n, |i, j| noise(i, j, seed))
}
fn complex(m: usize, n: usize, seed: usize) -> DMatrix<C> {
    DMatrix::from_fn(m, n, |i, j| C::new(noise(i, j, seed), noise(i, j, seed + 1)))
}
fn definite(n: usize, seed: usize) -> DMatrix<f64> {
    let x = real(n, n, seed);
    &x * x.transpose() + DMatrix::identity(n, n)
}
fn rule<A: Explain>(a: &A, q: Question) -> String {
    a.explain().plan(q).rule.to_string()
}
fn close<T: Scalar>(a: &DMatrix<T>, b: &DMatrix<T>, tol: f64) {
    let size = |m: &DMatrix<T>| m.iter().map(|x| x.abs().lane_f64(0).powi(2)).sum::<f64>().sqrt();
    let error = size(&DMatrix::from_fn(a.nrows(), a.ncols(), |i, j| a[(i, j)] - b[(i, j)]));
    assert!(a.shape() == b.shape() && error <= tol * size(b).max(1.0), "off by {error:e}: {a:?}{b:?}");
}
#[track_caller]
fn is_kron<F, P>(k: &KronProduct<F, P>) {
    assert!(matches!(k, KronProduct::Whole(_)), "the factors match");
}
fn is_lower<M>(_: &Triangular<M, Lower>) {}

#[test]
fn products_of_krons_are_krons() {
    let (a, b, c, d) = (real(2, 3, 1), real(2, 2, 2), real(3, 2, 3), real(2, 2, 4));
    let k = linop!(kron(&a, &b) * kron(&c, &d));
    is_kron(&k);
    let dense = a.kronecker(&b) * c.kronecker(&d);
    close(&k.to_dense(), &dense, 1e-14);
    assert!((k.trace().unwrap() - dense.trace()).abs() < 1e-13);
    let (sign, log) = k.slogdet().unwrap();
    assert!((sign * log.exp() - dense.determinant()).abs() < 1e-12);
    close(&k.inv().unwrap().to_dense(), &dense.clone().try_inverse().unwrap(), 1e-10);
    // eigenvectors of the factors' products
    let e = k.eig().unwrap();
    assert!(rule(&k, Question::Eig) == "factor by factor");
    let (v, w) = (e.eigenvectors().to_dense(), DMatrix::from_diagonal(&DVector::from_column_slice(e.eigenvalues())));
    close(&(dense.map(C::from) * &v), &(&v * w), 1e-12);
    // borrowed, promised, and of operators by reference
    let (p, q) = (linop!(psd(kron(psd({ definite(2, 5) }), psd({ definite(2, 6) })))), linop!(kron(&b, &d)));
    let pq = linop!(&p * &q);
    is_kron(&pq);
    close(&pq.to_dense(), &(p.to_dense() * q.to_dense()), 1e-13);
    assert!(!psd_known(&linop!(&p * &p)), "a product of positive definite operators need not be one");
    // the same size split another way is no kron: the two in turn
    let other = Kron::new(real(4, 4, 7), real(1, 1, 8));
    let both = linop!(&q * &other);
    close(&both.to_dense(), &(q.to_dense() * other.to_dense()), 1e-13);
    assert_eq!(rule(&both, Question::Solve), "factor by factor, reversed");
    close(&both.inv().unwrap().to_dense(), &both.to_dense().try_inverse().unwrap(), 1e-10);
    let static_sizes = linop!(
        kron({ matrix![1.0, 2.0; 3.0, 4.0] }, diag([1.0, 2.0, 3.0]))
            * kron(diag([2.0, 1.0, 3.0]), { matrix![0.0, 1.0; 1.0, 0.0] })
    );
    let x = static_sizes.solve(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap();
    assert!((static_sizes.apply(&x)[4] - 5.0).abs() < 1e-14);
    // operators outside of the macro meet the same tables, borrowed and owned
    is_kron(&(&p * &q));
    is_kron(&(p.clone() * &q));
    assert!(matches!(try_linop!(kron(&a, &b) * &q), Err(Error::ShapeMismatch { .. })));
    // static sizes, on the stack
    let s = linop!(
        kron({ matrix![1.0, 2.0; 3.0, 4.0] }, diag([1.0, 2.0, 3.0]))
            * kron({ matrix![0.0, 1.0; 1.0, 0.0] }, diag([2.0, 2.0, 2.0]))
    );
    assert_eq!(s.apply(&[1.0, 0.0, 0.0, 0.0, 0.0, 0.0]), [4.0, 0.0, 0.0, 8.0, 0.0, 0.0]);
}
fn psd_known<A: Operator>(_: &A) -> bool {
    <<A::Facts as cola::Facts>::Psd as cola::Fact>::KNOWN
}
#[test]
fn triangles_keep_their_shape() {
    let (a, b) = (real(4, 4, 1) + DMatrix::identity(4, 4) * 3.0, real(4, 4, 2) + DMatrix::identity(4, 4) * 2.0);
    let (la, lb) = (a.lower_triangle(), b.lower_triangle());
    let (p, s) =
        (linop!(triangular_lower(&a) * triangular_lower(&b)), linop!(triangular_lower(&a) + triangular_lower(&b)));
    is_lower(&p);
    is_lower(&s);
    close(&p.to_dense(), &(&la * &lb), 1e-14);
    close(&s.to_dense(), &(&la + &lb), 1e-14);
    assert_eq!(rule(&p, Question::Solve), "substitution");
    let root = p.sqrt().unwrap().to_dense();
    close(&(&root * &root), &(&la * &lb), 1e-12);
    let u = linop!(triangular_upper(&a) * triangular_upper(&b));
    close(&u.to_dense(), &(a.upper_triangle() * b.upper_triangle()), 1e-14);
    // by reference; a triangle of each side makes a plain product
    close(
        &(&Triangular::upper(&a) + &Triangular::upper(&b)).to_dense(),
        &(a.upper_triangle() + b.upper_triangle()),
        1e-14,
    );
    let mixed = linop!(triangular_lower(&a) * triangular_upper(&b));
    close(&mixed.to_dense(), &(&la * b.upper_triangle()), 1e-14);
    assert_eq!(rule(&mixed, Question::Solve), "factor by factor, reversed");
    // static: on the stack
    let t =
        linop!(triangular_lower({ matrix![2.0, 9.0; 1.0, 4.0] }) * triangular_lower({ matrix![1.0, 9.0; 1.0, 1.0] }));
    assert_eq!(t.apply(&[1.0, 1.0]), [2.0, 9.0]);
    assert!(matches!(
        try_linop!(triangular_lower(&a) * triangular_lower({ real(3, 3, 1) })),
        Err(Error::ShapeMismatch { .. })
    ));
    // trapezoids add and multiply, too; what needs a square operator refuses them
    for (m, l, n) in [(3, 4, 2), (2, 3, 4), (4, 2, 3), (5, 1, 1), (1, 5, 5)] {
        let (a, b, c) = (real(m, l, 1), real(m, l, 2), real(l, n, 3));
        let (s, p) =
            (linop!(triangular_lower(&a) + triangular_lower(&b)), linop!(triangular_lower(&a) * triangular_lower(&c)));
        is_lower(&s);
        is_lower(&p);
        close(&s.to_dense(), &(a.lower_triangle() + b.lower_triangle()), 1e-14);
        close(&p.to_dense(), &(a.lower_triangle() * c.lower_triangle()), 1e-14);
        close(&p.adjoint().to_dense(), &p.to_dense().transpose(), 0.0);
        let u = linop!(triangular_upper(&a) * triangular_upper(&c));
        close(&u.to_dense(), &(a.upper_triangle() * c.upper_triangle()), 1e-14);
        assert!(matches!(s.inv(), Err(Error::ShapeMismatch { .. })));
        assert!(try_linop!(triangular_upper(&a) + triangular_upper(&c)).is_err());
        // every entry of the trapezoid has its derivative
        let t = Triangular::lower(a.clone());
        let (_, g) =
            value_and_grad(&t, |t| Ok(t.apply(&DVector::from_element(l, 1.0))?.dot(&DVector::from_element(m, 1.0))))
                .unwrap();
        close(&DMatrix::from_vec(m, l, g.flatten()), &DMatrix::from_element(m, l, 1.0).lower_triangle(), 0.0);
    }
    let t = linop!(
        triangular_lower({ matrix![2.0, 9.0, 9.0; 1.0, 4.0, 9.0] })
            + triangular_lower({ matrix![1.0, 9.0, 9.0; 1.0, 1.0, 9.0] })
    );
    assert_eq!(t.apply_as::<[f64; 2]>(&[1.0, 1.0, 1.0]), [3.0, 7.0]);
}
/// `&a * &b`, `a * b`, `&a - &b`, `a - b`: what the macro makes of them.
#[test]
fn signs_outside_of_the_macro_meet_the_same_tables() {
    fn same<A>(_: &A, _: &A) {}
    let (d, e) = (Diagonal::new(vec![1.0, 2.0, 3.0]), Diagonal::new(vec![2.0, 0.5, 1.0]));
    let (u, m) = (LowRank::new(real(3, 1, 1), real(3, 1, 2)), Dense::new(real(3, 3, 3)));
    let (c, p) = (Circulant::new(vec![4.0, 1.0, 0.5]), Permutation::<f64, _>::new(vec![2, 0, 1]));
    same(&(&d * &e), &linop!(&d * &e));
    same(&(d.clone() * e.clone()), &linop!({ d.clone() } * { e.clone() }));
    same(&(d.clone() * &e), &linop!({ d.clone() } * &e));
    same(&(&d - &e), &linop!(&d - &e));
    same(&(d.clone() - e.clone()), &linop!({ d.clone() } - { e.clone() }));
    same(&(d.clone() + e.clone()), &linop!({ d.clone() } + { e.clone() }));
    same(&(&d - &u), &linop!(&d - &u));
    same(&(&m - &d), &linop!(&m - &d));
    same(&(&c * &c), &linop!(&c * &c));
    same(&(&p * &p), &linop!(&p * &p));
    assert_eq!((&d * &e).apply(&vec![1.0; 3]), [2.0, 1.0, 3.0]);
    assert_eq!((&d - &e).apply(&vec![1.0; 3]), [-1.0, 1.5, 2.0]);
    assert_eq!((-d.clone()).apply(&vec![1.0; 3]), [-1.0, -2.0, -3.0]);
    assert_eq!(rule(&(&d - &u), Question::Solve), "Woodbury");
    close(&(&m - &d).to_dense(), &(&m.0 - d.to_dense()), 0.0);
    // a vector on the right of an owned operator is multiplied
    assert_eq!(d.clone() * &vec![1.0; 3], [1.0, 2.0, 3.0]);
    let s = SelfAdjoint::new(&m.0);
    let s = s - 2.0 * &s;
    close(&s.to_dense(), &-&m.0, 1e-15);
}
/// Static dense matrices add up when the sum is built: one product in place of two, and the facts of both.
#[test]
fn sums_of_static_dense_matrices_are_dense() {
    let (a, b) = (matrix![2.0, 1.0; 1.0, 3.0], matrix![1.0, 0.5; 0.5, 4.0]);
    let s = linop!(psd(a) + psd(&b) + a);
    let inner: &Dense<_> = s.inner();
    assert_eq!(inner.to_dense(), DMatrix::from_column_slice(2, 2, (a + b + a).as_slice()));
    assert!(psd_known(&linop!(psd(a) + psd(b))) && !psd_known(&s));
    assert_eq!(s.apply(&[1.0, 0.0]), [5.0, 2.5]);
    assert_eq!(rule(&linop!(psd(a) + psd(b)), Question::Solve), "LDL^H");
    let wide = linop!({ matrix![1.0, 2.0, 3.0] } + { matrix![1.0, 1.0, 1.0] });
    assert_eq!(wide.apply_as::<[f64; 1]>(&[1.0, 1.0, 1.0]), [9.0]);
    // dynamic ones stay apart: the sum copies nothing
    assert_eq!(rule(&linop!({ real(2, 2, 1) } + { real(2, 2, 2) }), Question::Apply), "sum of the applications");
}
#[test]
fn low_rank_operators_multiply() {
    let (a, u) = (real(4, 4, 1), real(4, 2, 2));
    close(&linop!(low_rank(&u, &u) * &a).to_dense(), &(&u * u.transpose() * &a), 1e-14);
    close(&linop!(&a * (&u * &u.T)).to_dense(), &(&a * &u * u.transpose()), 1e-14);
    close(
        &linop!(diag([1.0, 2.0, 3.0, 4.0]) * low_rank(&u, &u) * kron({ real(2, 2, 3) }, { real(2, 2, 4) })).to_dense(),
        &{
            DMatrix::from_diagonal(&DVector::from_vec(vec![1.0, 2.0, 3.0, 4.0]))
                * &u
                * u.transpose()
                * real(2, 2, 3).kronecker(&real(2, 2, 4))
        },
        1e-14,
    );
}
/// A x B + c I and A x I + I x B + c I with factors that are not self-adjoint: no n x n matrix.
#[test]
fn shifted_krons_by_schur_forms() {
    let (a, b, c) = (real(3, 3, 1), real(4, 4, 2), 0.7);
    let eye = DMatrix::<f64>::identity(12, 12);
    let k = linop!(kron(&a, &b) + c * I);
    assert_eq!(rule(&k, Question::Solve), "Schur forms of the factors");
    let dense = a.kronecker(&b) + &eye * c;
    close(&k.inv().unwrap().to_dense(), &dense.clone().try_inverse().unwrap(), 1e-10);
    close(&k.inv().unwrap().adjoint().to_dense(), &dense.clone().try_inverse().unwrap().transpose(), 1e-10);
    let (sign, log) = k.slogdet().unwrap();
    assert!((sign * log.exp() / dense.determinant() - 1.0).abs() < 1e-10);
    let rhs = DVector::from_fn(12, |i, _| noise(i, 3, 4));
    assert!((&dense * k.solve(&rhs).unwrap() - &rhs).norm() < 1e-10);
    // complex numbers and a complex shift
    let (a, b, c) = (complex(3, 3, 5), complex(2, 2, 6), C::new(0.3, -1.1));
    let k = linop!(kron(&a, &b) + c * I);
    let dense = a.kronecker(&b) + DMatrix::<C>::identity(6, 6) * c;
    close(&k.inv().unwrap().to_dense(), &dense.clone().try_inverse().unwrap(), 1e-10);
    close(&k.inv().unwrap().adjoint().to_dense(), &dense.clone().try_inverse().unwrap().adjoint(), 1e-10);
    let (sign, log) = k.slogdet().unwrap();
    assert!((sign * C::from(log.exp()) - dense.determinant()).norm() < 1e-10);
    // Kronecker sums
    let (a, b) = (real(3, 3, 1), real(2, 2, 2));
    let s = linop!(kron_sum(&a, &b) + 5.0 * I);
    assert_eq!(rule(&s, Question::Solve), "Schur forms of the factors");
    let dense =
        a.kronecker(&DMatrix::identity(2, 2)) + DMatrix::identity(3, 3).kronecker(&b) + DMatrix::identity(6, 6) * 5.0;
    close(&s.inv().unwrap().to_dense(), &dense.try_inverse().unwrap(), 1e-11);
    // an eigenvalue of the product is -c: named, and no quotient by zero
    let singular = linop!(
        kron(triangular_upper({ matrix![1.0, 2.0; 0.0, 3.0] }), triangular_upper({ matrix![-2.0, 1.0; 0.0, 5.0] }))
            + 6.0 * I
    );
    assert!(matches!(singular.solve(&[1.0, 2.0, 3.0, 4.0]), Err(Error::Singular { .. })));
    assert_eq!(singular.slogdet().unwrap(), (0.0, f64::NEG_INFINITY));
    let nan = linop!(kron({ matrix![1.0, 2.0; 0.0, 3.0] }, { matrix![1.0, f64::NAN; 0.0, 3.0] }) + 6.0 * I);
    assert!(matches!(nan.solve(&[1.0, 2.0, 3.0, 4.0]), Err(Error::NonFinite { .. })));
    // rectangular factors: the base case
    let (t, w) = (real(2, 3, 1), real(3, 2, 2));
    let r = linop!(kron(&t, &w) + 1.0 * I);
    close(&r.inv().unwrap().to_dense(), &(t.kronecker(&w) + DMatrix::identity(6, 6)).try_inverse().unwrap(), 1e-10);
}
fn decompositions<A>(name: &str, a: &A)
where
    A: LinearOperator + cola::functions::HasSvd + cola::functions::HasPinv,
    A::Left: LinearOperator<Scalar = A::Scalar>,
    A::Right: LinearOperator<Scalar = A::Scalar>,
    cola::functions::Pinv<A>: LinearOperator<Scalar = A::Scalar>,
    A::Scalar: nalgebra::Scalar,
{
    let dense = a.to_dense();
    let f = a.svd().unwrap();
    close(&f.to_dense(), &dense, 1e-12);
    let reference = Dense::new(dense.clone());
    let (s, want) = (a.singular_values().unwrap(), reference.singular_values().unwrap());
    for i in 0..want.len() {
        let got = if i < s.len() { s[i].lane_f64(0) } else { 0.0 };
        assert!((got - want[i].lane_f64(0)).abs() < 1e-12 * (1.0 + want[0].lane_f64(0)), "{name}: {s:?} {want:?}");
    }
    for x in [f.left().to_dense(), f.right().to_dense()] {
        let h = DMatrix::from_fn(x.ncols(), x.ncols(), |i, j| {
            (0..x.nrows()).fold(A::Scalar::of(0.0), |s, k| s + x[(k, i)].conj() * x[(k, j)])
        });
        close(&h, &DMatrix::from_fn(h.nrows(), h.nrows(), |i, j| A::Scalar::of((i == j) as u8 as f64)), 1e-12);
    }
    close(&a.pinv().unwrap().to_dense(), &reference.pinv().unwrap().to_dense(), 1e-9);
}
#[test]
fn decompositions_of_what_has_a_spectrum() {
    let (p, q) = (definite(3, 1), definite(2, 2));
    let h = &p - DMatrix::identity(3, 3) * 2.5;
    decompositions("kron_sum", &linop!(kron_sum(self_adjoint(&h), psd(&q))));
    decompositions("shifted", &linop!(kron(self_adjoint(&h), psd(&q)) - 2.0 * I));
    decompositions("inverse of shifted", &linop!(kron(psd(&p), psd(&q)) + 2.0 * I).inv().unwrap());
    let x = real(5, 2, 3);
    decompositions("gram", &linop!(&x * &x.T));
    decompositions("gram of a wide factor", &linop!({ x.transpose() } * { x.transpose() }.T));
    decompositions("congruence", &linop!(&x * self_adjoint({ matrix![1.0, 2.0; 2.0, -1.0] }) * &x.T));
    decompositions("gram + c I", &linop!(&x * &x.T + 2.0 * I));
    decompositions("low rank", &LowRank::new(x.clone(), real(4, 2, 4)));
    decompositions("householder", &Householder::new(vec![1.0, -2.0, 0.5]));
    decompositions("tridiagonal", &SelfAdjoint::new(Tridiagonal::symmetric(vec![1.0, -2.0, 3.0], vec![0.5, 1.0])));
    decompositions("tridiagonal, constant", &SelfAdjoint::new(Tridiagonal::symmetric(vec![2.0; 5], vec![-1.0; 4])));
    decompositions(
        "banded",
        &SelfAdjoint::new(Banded::from_diagonals([(0, vec![1.0; 4]), (2, vec![0.5; 2]), (-2, vec![0.5; 2])])),
    );
    decompositions("power", &Powi::<_, 3>::new(SelfAdjoint::new(h.clone())));
    decompositions("zero", &Zero::<f64, _, _>::new(3, 2));
    for c in [vec![1.0, 2.0, 3.0], vec![1.0; 4], vec![0.0, -1.0, 0.5, 4.0, 1.0], vec![-2.0]] {
        decompositions("circulant", &Circulant::new(c.clone()));
        decompositions(
            "circulant + c I",
            &CirculantSum::try_new(Circulant::new(c.clone()), ScaledIdentity::<f64, cola::Dyn, _>::new(0.5, c.len()))
                .unwrap(),
        );
        decompositions(
            "complex circulant",
            &Circulant::new(c.iter().map(|&c| C::new(c, 0.3 * c * c)).collect::<Vec<_>>()),
        );
    }
    decompositions("circulant on a grid", &Circulant::nd(&[2, 3], vec![4.0, 1.0, 0.5, -1.0, 2.0, 0.25]).unwrap());
    decompositions("fourier", &Fourier::<C>::new(5));
    for kind in 1..=4 {
        decompositions("cosines", &Dct::new::<f64>(kind, 5));
        decompositions("sines", &Dst::new::<f64>(kind, 4));
    }
    let parts = vec![Dense::new(real(2, 3, 5)), Dense::new(real(3, 1, 6)), Dense::new(real(2, 2, 7))];
    decompositions("kron of", &KronOf::new(parts.clone()));
    decompositions("block_diag of", &BlockDiagOf::new(parts));
}
#[test]
fn eigenvectors_by_structure() {
    fn check<A>(name: &str, a: &A, orthogonal: bool)
    where
        A: LinearOperator + cola::Square + cola::functions::HasEig,
        A::Vectors: LinearOperator<Scalar = cola::functions::Cx<A>>,
        <A::Scalar as Scalar>::Complex: Scalar<Re = f64> + Into<C>,
    {
        let e = a.eig().unwrap();
        let (dense, v) = (a.to_dense().map(|x| x.to_complex().into()), e.eigenvectors().to_dense().map(|x| x.into()));
        let w =
            DMatrix::from_diagonal(&DVector::from_iterator(dense.nrows(), e.eigenvalues().iter().map(|&w| w.into())));
        close::<C>(&(&dense * &v), &(&v * &w), 1e-12);
        assert!((w.trace() - dense.trace()).norm() < 1e-11 * (1.0 + dense.norm()), "{name}");
        if orthogonal {
            close::<C>(&(v.adjoint() * &v), &DMatrix::identity(dense.nrows(), dense.nrows()), 1e-12);
        }
    }
    let (p, x) = (definite(3, 1), real(5, 2, 3));
    for n in [1, 2, 3, 4, 5, 8, 13] {
        let f = Fourier::<C>::new(n);
        check("fourier", &f, true);
        let fourth = |w: &C| [C::new(1.0, 0.0), C::new(-1.0, 0.0), C::new(0.0, 1.0), C::new(0.0, -1.0)].contains(w);
        assert!(f.eig().unwrap().eigenvalues().iter().all(fourth), "exactly fourth roots of unity");
        check("householder", &Householder::new((0..n).map(|i| 1.0 + noise(i, 0, n)).collect::<Vec<_>>()), true);
    }
    check("complex householder", &Householder::new(vec![C::new(1.0, 2.0), C::new(0.0, -1.0), C::new(0.5, 0.0)]), true);
    check("gram", &linop!(&x * &x.T), true);
    check("projection", &Projection::new(x.clone().qr().q()), true);
    check("transpose", &Transpose::new(Psd::new(&p)), true);
    check("adjoint of a circulant", &Adjoint::new(Psd::new(Circulant::new(vec![3.0, 1.0, 0.5, 1.0]))), true);
    check("low rank + c I", &linop!(low_rank(&x, { real(5, 2, 4) }) + 2.0 * I), false);
    check("c low rank", &linop!(-2.0 * low_rank(&x, { real(5, 2, 4) })), false);
    check("kron of", &KronOf::new([Dense::new(real(2, 2, 5)), Dense::new(real(2, 2, 6))]), false);
    check("block_diag of", &BlockDiagOf::new(vec![Dense::new(real(2, 2, 5)), Dense::new(real(3, 3, 6))]), false);
    check("inverse of a shifted kron", &linop!(kron(psd(&p), psd(&p)) + 1.0 * I).inv().unwrap(), true);
    check("zero", &Zero::<f64, _, _>::new(3, 3), true);
    // the middle block of a large low rank is never formed: 20 000 x 20 000
    let (u, v) = (real(20_000, 2, 1), real(20_000, 2, 2));
    let e = LowRank::new(&u, &v).eig().unwrap();
    let core = v.transpose() * &u;
    let mut w: Vec<f64> = e.eigenvalues().iter().take(2).map(|w| w.norm()).collect();
    let mut want: Vec<f64> = core.complex_eigenvalues().iter().map(|w| w.norm()).collect();
    w.sort_by(f64::total_cmp);
    want.sort_by(f64::total_cmp);
    assert!(
        w.iter().zip(&want).all(|(a, b)| (a - b).abs() < 1e-9 * b)
            && e.eigenvalues()[2..].iter().all(|w| w.norm() == 0.0)
    );
}
/// Through the factor, small eigenvalues of a Gram matrix keep their digits: those of the product are lost below eps |X|^2.
#[test]
fn roots_of_gram_matrices_do_not_square_the_condition() {
    let (u, v) = (real(6, 3, 1).qr().q(), real(8, 3, 2).qr().q());
    let s = DVector::from_vec(vec![1.0, 1e-5, 1e-10]);
    let tall = &u * DMatrix::from_diagonal(&s);
    let wide = DMatrix::from_diagonal(&s) * v.transpose();
    // u_3 is an eigenvector of the root with the eigenvalue 1e-10
    let root = Gram::<_, ByAdjoint>::new(&tall).sqrt().unwrap();
    let r = root.apply(&u.column(2).into_owned()) - u.column(2) * 1e-10;
    assert!(r.norm() < 1e-15, "{}", r.norm());
    let w = Gram::<_, ByAdjoint>::new(&wide).eigh().unwrap();
    for (got, want) in w.eigenvalues().iter().zip([1e-20, 1e-10, 1.0]) {
        assert!((got / want - 1.0).abs() < 1e-5, "{got} {want}");
    }
}
#[test]
fn lists_have_the_rules_of_pairs() {
    let parts = [Psd::new(Dense::new(definite(2, 1))), Psd::new(Dense::new(definite(2, 2)))];
    let (k, b, dense) =
        (KronOf::new(parts.clone()), BlockDiagOf::new(parts.clone()), definite(2, 1).kronecker(&definite(2, 2)));
    let l = k.cholesky().unwrap().to_dense();
    close(&(&l * l.transpose()), &dense, 1e-13);
    let f = k.lu().unwrap();
    close(&(f.p.to_dense().transpose() * f.l.to_dense() * f.u.to_dense()), &dense, 1e-13);
    let f = b.lu().unwrap();
    close(&(f.p.to_dense().transpose() * f.l.to_dense() * f.u.to_dense()), &b.to_dense(), 1e-13);
    let product = ProductOf::new(parts.to_vec());
    assert!((product.trace().unwrap() - (definite(2, 1) * definite(2, 2)).trace()).abs() < 1e-13);
    assert!(!product.explain().plan(Question::Trace).base, "the Frobenius product");
    let boxed: Vec<_> = parts.iter().map(|p| p.clone().boxed()).collect();
    close(&KronOf::new(boxed).sqrt().unwrap().to_dense(), &k.sqrt().unwrap().to_dense(), 1e-12);
}
/// y_i = x_i^2 + x_(i+1) / 2, the index modulo n.
struct Map;
impl VectorFunction for Map {
    fn eval<T: Real>(&self, x: &[T]) -> Vec<T> {
        let n = x.len();
        (0..n).map(|i| x[i] * x[i] + x[(i + 1) % n] * T::of(0.5)).collect()
    }
}
#[test]
fn every_structure_is_a_word() {
    let x = [1.0, -2.0, 0.5];
    let j = linop!(jacobian(Map, &x)).to_dense();
    close(&j, &DMatrix::from_row_slice(3, 3, &[2.0, 0.5, 0.0, 0.0, -4.0, 0.5, 0.5, 0.0, 1.0]), 1e-15);
    close(
        &linop!(gauss_newton(Map, &x) + 0.5 * I).to_dense(),
        &(j.transpose() * &j + DMatrix::identity(3, 3) * 0.5),
        1e-14,
    );
    close(&linop!(hessian(Map, &x)).to_dense(), &(DMatrix::identity(3, 3) * 2.0), 1e-15);
    let metric = definite(3, 1);
    close(&linop!(fisher(Map, &x, Psd::new(&metric))).to_dense(), &(j.transpose() * &metric * &j), 1e-13);
    assert!(matches!(try_linop!(jacobian(Map, &[f64::NAN])), Err(Error::NonFinite { .. })));
    let points = DMatrix::from_column_slice(3, 1, &x);
    let k = linop!(kernel(Rbf::new(1.0), &points) + kernel_cross(Rbf::new(1.0), &points, points.clone()));
    close(&k.to_dense(), &DMatrix::from_fn(3, 3, |i, j| 2.0 * (-(x[i] - x[j]).powi(2) / 2.0).exp()), 1e-15);
    assert!(try_linop!(kernel_cross(Rbf::new(1.0), &points, { real(3, 2, 1) })).is_err());
    let grid = Grid::between(0.0, 3.0, 4).unwrap();
    let w = linop!(interpolation_linear(grid, &[0.5, 3.0]) * diag([0.0, 10.0, 20.0, 30.0]));
    assert_eq!(w.apply_as::<Vec<f64>>(&[1.0; 4]), [5.0, 30.0]);
    let cubic: Interpolation<f64> = linop!(interpolation(grid, &[0.5, 3.0]));
    assert_eq!(cubic.shape(), (2, 4));
    assert!(try_linop!(interpolation(grid, &[9.0]) * diag([1.0f64; 4])).is_err());
    let c = linop!(circulant_nd(&[1, 3], [4.0, 1.0, 0.5]));
    close(&c.to_dense(), &linop!(circulant([4.0, 1.0, 0.5])).to_dense(), 1e-15);
    assert!(try_linop!(circulant_nd(&[2, 3], [4.0, 1.0, 0.5])).is_err());
    let f = linop!(function(
        2,
        3,
        |x: &[f64], y: &mut [f64]| y.copy_from_slice(&x[..2]),
        |x: &[f64], y: &mut [f64]| {
            y[2] = 0.0;
            y[..2].copy_from_slice(x)
        }
    ));
    assert_eq!(f.apply_as::<Vec<f64>>(&[1.0, 2.0, 3.0]), [1.0, 2.0]);
    assert_eq!(f.adjoint().apply_as::<Vec<f64>>(&[1.0, 2.0]), [1.0, 2.0, 0.0]);
}

#[test]
fn circulants_on_different_grids_say_what_to_write() {
    let column = |seed: usize| real(6, 1, seed).column(0) + DVector::from_fn(6, |i, _| if i == 0 { 4.0 } else { 0.0 });
    let (a, b) = (Circulant::nd(&[2, 3], column(1)).unwrap(), Circulant::nd(&[6], column(2)).unwrap());
    let e = try_linop!(&a + &b).map(|_| ()).unwrap_err().to_string();
    assert!(e.contains("[2, 3]") && e.contains("[6]") && e.contains("`Sum::new(a, b)`"), "{e}");
    let e = try_linop!(&a * &b).map(|_| ()).unwrap_err().to_string();
    assert!(e.contains("[2, 3]") && e.contains("[6]") && e.contains("`Product::new(a, b)`"), "{e}");
    // and that it helps
    let (sum, product, x) = (Sum::new(&a, &b), Product::new(&a, &b), real(6, 1, 3));
    close(&sum.apply(&sum.solve(&x).unwrap()), &x, 1e-12);
    close(&product.to_dense(), &(a.to_dense() * b.to_dense()), 1e-13);
    close(&product.apply(&product.solve(&x).unwrap()), &x, 1e-11);
}
