//! Bad numbers in every structure: NaN, infinities, numbers whose squares over- or underflow, zeros; sizes 0 and 1. Every function
//! answers with finite numbers or with an error; nothing panics, nothing is NaN.
use cola::functions::{
    Cx, DiagonalRule, Exp, HasCholesky, HasDet, HasEig, HasEigh, HasExp, HasLog, HasPinv, HasSvd, Inv, Log, Pinv, Pow,
};
use cola::prelude::*;
use cola::{Dyn, NonNegative, PsdOf, Square, dsl};
use nalgebra::{DMatrix, DVector};

const BAD: [f64; 7] = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e200, 1e-200, 0.0, -3.0];
type C = Complex<f64>;

struct Honest(String, Vec<String>);
impl Honest {
    fn numbers<'a, T: Scalar>(&mut self, what: &str, x: impl IntoIterator<Item = &'a T>) {
        if !x.into_iter().all(|x| x.re().lane_f64(0).is_finite() && x.im().lane_f64(0).is_finite()) {
            self.1.push(format!("{}: {what} is not finite", self.0));
        }
    }
    fn operator<A: LinearOperator>(&mut self, what: &str, a: cola::Result<A>) {
        if let Ok(a) = a {
            self.numbers(what, a.to_dense().iter());
        }
    }
    fn any<A>(&mut self, a: &A)
    where
        A: LinearOperator<Scalar = f64> + Square + HasDet + DiagonalRule + HasExp + HasSvd + HasPinv + HasEig,
        A::Left: LinearOperator<Scalar = f64>,
        A::Right: LinearOperator<Scalar = f64>,
        A::Vectors: LinearOperator<Scalar = Cx<A>>,
        Pinv<A>: LinearOperator<Scalar = f64>,
        Exp<A>: LinearOperator<Scalar = f64>,
    {
        if let Ok((sign, log)) = a.slogdet() {
            assert!(!sign.is_nan() && !log.is_nan() && log < f64::INFINITY, "{}: slogdet {sign} {log}", self.0);
        }
        if let Ok(t) = a.trace() {
            self.numbers("trace", &[t]);
        }
        if let Ok(d) = a.diagonal() {
            self.numbers("diagonal", d.iter());
        }
        if let Ok(e) = a.eig() {
            self.numbers("eigenvalues", e.eigenvalues().iter());
            self.numbers("eigenvectors", e.eigenvectors().to_dense().iter());
        }
        if let Ok(f) = a.svd() {
            self.numbers("singular values", f.s.iter());
            self.numbers("left", f.u.to_dense().iter());
            self.numbers("right", f.v.to_dense().iter());
        }
        self.operator("exp", a.exp());
        self.operator("pinv", a.pinv());
        let b = DVector::from_element(a.nrows(), 1.0);
        if let Ok(x) = a.lstsq(&b) {
            self.numbers("lstsq", x.iter());
        }
    }
    fn regular<A>(&mut self, a: &A)
    where
        A: LinearOperator<Scalar = f64>
            + Square
            + Solvable
            + HasDet
            + DiagonalRule
            + HasExp
            + HasSvd
            + HasPinv
            + HasEig,
        A::Left: LinearOperator<Scalar = f64>,
        A::Right: LinearOperator<Scalar = f64>,
        A::Vectors: LinearOperator<Scalar = C>,
        Pinv<A>: LinearOperator<Scalar = f64>,
        Exp<A>: LinearOperator<Scalar = f64>,
        Inv<A>: LinearOperator<Scalar = f64>,
    {
        self.any(a);
        self.operator("inv", a.inv());
        let b = DVector::from_element(a.nrows(), 1.0);
        if let Ok(x) = a.solve(&b) {
            self.numbers("solve", x.iter());
        }
        for bad in [f64::NAN, f64::INFINITY] {
            assert!(a.nrows() == 0 || a.solve(&(b.clone() * bad)).is_err(), "{}: b = {bad}", self.0);
        }
        assert!(a.solve(&DVector::from_element(a.nrows() + 1, 1.0)).is_err(), "{}: b is too long", self.0);
    }
    fn definite<A>(&mut self, a: &A)
    where
        A: LinearOperator<Scalar = f64>
            + Square
            + Solvable
            + HasDet
            + DiagonalRule
            + HasExp
            + HasSvd
            + HasPinv
            + HasEig,
        A: Rootable + HasLog + HasEigh + HasCholesky,
        A::Left: LinearOperator<Scalar = f64>,
        A::Right: LinearOperator<Scalar = f64>,
        A::Vectors: LinearOperator<Scalar = C>,
        Pinv<A>: LinearOperator<Scalar = f64>,
        Exp<A>: LinearOperator<Scalar = f64>,
        Inv<A>: LinearOperator<Scalar = f64>,
        <A::Facts as cola::Facts>::Psd: PsdOf<A>,
        A::Basis: LinearOperator<Scalar = f64>,
        A::Factor: LinearOperator<Scalar = f64>,
        Log<A>: LinearOperator<Scalar = f64>,
        Pow<A>: LinearOperator<Scalar = f64>,
    {
        self.regular(a);
        self.operator("sqrt", a.sqrt());
        self.operator("isqrt", a.isqrt());
        self.operator("pow", a.pow(1.7));
        self.operator("log", a.log());
        self.operator("cholesky", a.cholesky());
        assert!(a.pow(f64::NAN).is_err(), "{}: exponent", self.0);
        if let Ok(e) = a.eigh() {
            self.numbers("eigh", e.eigenvalues().iter());
            self.numbers("eigh, vectors", e.eigenvectors().to_dense().iter());
        }
    }
}
/// Shows each structure, made with a bad number x and of size n, to the checks.
macro_rules! all {
    ($complaints:ident; $x:ident, $n:ident; $method:ident: $($name:literal $a:expr;)*) => { $( {
        fn one($x: f64, $n: usize) -> Vec<String> {
            let mut h = Honest(format!("{} of size {} with {:e}", $name, $n, $x), Vec::new());
            let a = $a;
            h.$method(&a);
            h.1
        }
        for x in BAD {
            for n in [0, 1, 3] {
                $complaints.extend(one(x, n));
            }
        }
    } )* };
}
/// x, then some numbers.
fn vector(x: f64, n: usize) -> Vec<f64> {
    (0..n).map(|i| if i == 0 { x } else { 1.0 + 0.5 * i as f64 }).collect()
}
fn matrix(x: f64, m: usize, n: usize) -> DMatrix<f64> {
    DMatrix::from_fn(m, n, |i, j| match (i, j) {
        (0, 0) => x,
        _ => (1.0 + i as f64) / (2.0 + j as f64) + if i == j { 2.0 } else { 0.0 },
    })
}
fn symmetric(x: f64, n: usize) -> DMatrix<f64> {
    let m = matrix(x, n, n);
    DMatrix::from_fn(n, n, |i, j| m[(i.min(j), i.max(j))])
}
fn no_complaint(complaints: Vec<String>) {
    assert!(complaints.is_empty(), "{} complaints\n{}", complaints.len(), complaints.join("\n"));
}
#[test]
fn leaves() {
    let mut complaints = Vec::new();
    all! { complaints; x, n; regular:
        "tridiagonal" Tridiagonal::new(vector(1.0, n.saturating_sub(1)), vector(x, n), vector(2.0, n.saturating_sub(1)));
        "banded" Banded::from_diagonals([(0isize, vector(x, n)), (1, vector(0.5, n.saturating_sub(1)))].into_iter().filter(|d| n > d.0 as usize || d.0 == 0));
        "circulant" Circulant::new(vector(x, n));
        "toeplitz" Toeplitz::new(vector(x, n), vector(x, n));
        "toeplitz, row" Toeplitz::new(vector(1.0, n), vector(1.0, n).iter().map(|v| v * if n > 1 { x } else { 1.0 }).collect::<Vec<_>>());
        "kernel" Kernel::new(Rbf::new(0.5), DMatrix::from_vec(n, 1, vector(x, n)));
        "kernel, parameter" Kernel::new(Rbf::new(x), DMatrix::from_vec(n, 1, vector(0.0, n)));
    }
    all! { complaints; x, n; any:
        "low rank" LowRank::new(matrix(x, n, 1), matrix(1.0, n, 1));
        "low rank, right" LowRank::new(matrix(1.0, n, 2), matrix(x, n, 2));
        "zero" Zero::<f64, Dyn, Dyn, _>::square(n);
        // that its columns are orthonormal is a promise: no numbers that are far from it
        "projection" Projection::new(matrix(if x.abs() > 1e100 { f64::NAN } else { x }, n, n.min(1)));
    }
    no_complaint(complaints);
    for x in BAD {
        let h = Householder::try_new(vector(x, 1));
        assert_eq!(h.is_err(), !x.is_finite() || x == 0.0, "{x}");
    }
    assert!(Circulant::nd(&[2, 2], vec![1.0; 3]).is_err() && Circulant::nd(&[], Vec::<f64>::new()).is_err());
    assert!(Interpolation::<f64>::linear(Grid { start: 0.0, step: 1.0, len: 3 }, &[f64::NAN]).is_err());
    assert!(Interpolation::<f64>::linear(Grid { start: 0.0, step: 0.0, len: 3 }, &[0.0]).is_err());
    assert!(Dct::try_new::<f64>(9, 3).is_err() && Grid::between(1.0, 1.0, 3).is_err());
}
#[test]
fn definite_leaves() {
    let mut complaints = Vec::new();
    all! { complaints; x, n; definite:
        "psd tridiagonal" Psd::new(Tridiagonal::symmetric(vector(x, n), vec![0.5; n.saturating_sub(1)]));
        "psd constant tridiagonal" Psd::new(Tridiagonal::symmetric(vec![x; n], vec![-1.0; n.saturating_sub(1)]));
        "psd banded" Psd::new(Banded::from_diagonals([(0isize, vector(x, n)), (2, vec![0.5; n.saturating_sub(2)]), (-2, vec![0.5; n.saturating_sub(2)])].into_iter().filter(|d| n > 2 || d.0 == 0)));
        "psd circulant" Psd::new(Circulant::new(vector(x, n.min(1))));
        "psd toeplitz" Psd::new(Toeplitz::symmetric(vector(x, n)));
        "psd kernel" Psd::new(Kernel::new(Matern32::new(0.5), DMatrix::from_vec(n, 1, vector(x, n))));
    }
    no_complaint(complaints);
}
#[test]
fn composites() {
    let mut complaints = Vec::new();
    all! { complaints; x, n; regular:
        "kron_sum" KronSum::new(matrix(x, n, n), matrix(2.0, 2, 2));
        "kron + c I" dsl::add(Kron::new(matrix(x, n, n), matrix(2.0, 2, 2)), ScaledIdentity::<f64, Dyn, _>::new(0.5, 2 * n));
        "kron + x I" dsl::add(Kron::new(matrix(1.0, n, n), matrix(2.0, 2, 2)), ScaledIdentity::<f64, Dyn, _>::new(x, 2 * n));
        "kron * kron" dsl::mul(Kron::new(matrix(x, n, n), matrix(2.0, 2, 2)), Kron::new(matrix(1.0, n, n), matrix(2.0, 2, 2)));
        "triangular * triangular" dsl::mul(Triangular::lower(matrix(x, n, n)), Triangular::lower(matrix(1.0, n, n)));
        "hadamard" Hadamard::new(matrix(x, n, n), matrix(1.0, n, n));
        "diagonal + low rank" dsl::add(Diagonal::new(vector(x, n)), LowRank::new(matrix(1.0, n, 1), matrix(1.0, n, 1)));
        "diagonal + bad low rank" dsl::add(Diagonal::new(vector(1.0, n)), LowRank::new(matrix(x, n, 1), matrix(1.0, n, 1)));
        "low rank + x I" dsl::add(LowRank::new(matrix(1.0, n, 1), matrix(1.0, n, 1)), ScaledIdentity::<f64, Dyn, _>::new(x, n));
        "blocks" Blocks::new(Diagonal::new(vector(x, n)), matrix(1.0, n, 1), matrix(1.0, 1, n), matrix(2.0, 1, 1));
        "blocks, schur" Blocks::new(Diagonal::new(vector(1.0, n)), matrix(x, n, 1), matrix(1.0, 1, n), matrix(2.0, 1, 1));
        "circulant + x I" dsl::add(Circulant::new(vector(1.0, n)), ScaledIdentity::<f64, Dyn, _>::new(x, n));
        "kron of" KronOf::new(vec![Dense::new(matrix(x, n, n)), Dense::new(matrix(1.0, 2, 2))]);
        "block_diag of" BlockDiagOf::new(vec![Dense::new(matrix(x, n, n)), Dense::new(matrix(1.0, 2, 2))]);
        "product of" ProductOf::new(vec![Dense::new(matrix(x, n, n)), Dense::new(matrix(1.0, n, n))]);
    }
    no_complaint(complaints);
}
#[test]
fn definite_composites() {
    let mut complaints = Vec::new();
    all! { complaints; x, n; definite:
        "psd kron_sum" KronSum::new(Psd::new(symmetric(x, n)), Psd::new(symmetric(3.0, 2)));
        "psd kron + c I" dsl::add(
            Kron::new(Psd::new(symmetric(x, n)), Psd::new(symmetric(3.0, 2))),
            ScaledIdentity::<f64, Dyn, NonNegative>::of_size(0.5, 2 * n),
        );
        "gram" Gram::<_, ByAdjoint>::new(matrix(x, n, n + 1));
        "congruence" Congruence::new(matrix(x, n, n), Psd::new(symmetric(3.0, n)));
        "gram + c I" dsl::add(Gram::<_, ByAdjoint>::new(matrix(x, n, 1)), ScaledIdentity::<f64, Dyn, NonNegative>::of_size(0.5, n));
        "hadamard of psd" Hadamard::new(Psd::new(symmetric(x, n)), Psd::new(symmetric(3.0, n)));
    }
    no_complaint(complaints);
}
