//! One cell: the dense reference, and how each function is compared with it.

use cola::functions::{
    Cx, DiagonalRule, Exp, HasCholesky, HasDet, HasEig, HasEigh, HasExp, HasLog, HasLu, HasPinv, HasSvd, Inv, Log, Pinv,
};
use cola::plan::Question as Q;
use cola::prelude::*;
use cola::*;
use nalgebra::DMatrix;

pub type C = Complex<f64>;
/// The matrix of one lane: every reference is computed in complex doubles.
pub type Ref = DMatrix<C>;

// ---- numbers -------------------------------------------------------------------------------------------------------------------

pub trait Number: Scalar {
    const EPS: f64;
    /// What no entry exceeds.
    const LARGEST: f64;
    /// Lane by lane; real numbers take the real part.
    fn make(f: impl Fn(usize) -> C) -> Self;
}
macro_rules! number {
    ($($T:ty, $R:ident, |$f:ident| $make:expr;)*) => { $(
        impl Number for $T {
            const EPS: f64 = $R::EPSILON as f64;
            const LARGEST: f64 = $R::MAX as f64;
            fn make($f: impl Fn(usize) -> C) -> Self {
                $make
            }
        }
    )* };
}
number! {
    f32, f32, |f| f(0).re as f32;
    f64, f64, |f| f(0).re;
    C, f64, |f| f(0);
    Complex<f32>, f32, |f| Complex::new(f(0).re as f32, f(0).im as f32);
    Lanes<f64, 4>, f64, |f| Self::from_lanes(|lane| f(lane).re);
    Lanes<f32, 8>, f32, |f| Self::from_lanes(|lane| f(lane).re as f32);
    Complex<Lanes<f64, 4>>, f64, |f| Complex::new(Lanes::from_lanes(|lane| f(lane).re), Lanes::from_lanes(|lane| f(lane).im));
}
pub fn read<T: Scalar>(x: T, lane: usize) -> C {
    C::new(x.re().lane_f64(lane), x.im().lane_f64(lane))
}
/// One lane of a matrix.
pub fn lane<T: Scalar>(m: &DMatrix<T>, l: usize) -> Ref {
    m.map(|x| read(x, l))
}
/// Numbers of T from a matrix per lane.
pub fn data<T: Number>(f: impl Fn(usize) -> Ref) -> DMatrix<T> {
    let lanes: Vec<Ref> = (0..T::LANES).map(f).collect();
    DMatrix::from_fn(lanes[0].nrows(), lanes[0].ncols(), |i, j| T::make(|l| lanes[l][(i, j)]))
}
/// In [-1, 1], the same on every machine.
pub fn noise(seed: usize, i: usize, j: usize) -> f64 {
    let x = (seed * 7919 + i * 104_729 + j * 1_299_709 + 12_345) as u64;
    let x = (x ^ x >> 7).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (x >> 11) as f64 / (1u64 << 52) as f64 - 1.0
}
pub fn general(m: usize, n: usize, seed: usize) -> impl Fn(usize) -> Ref {
    move |l| {
        let at = |i, j| C::new(noise(seed + 50 * l, i, j), noise(seed + 50 * l + 25, i, j));
        DMatrix::from_fn(m, n, |i, j| {
            at(i, j) + if i == j { C::new(if i % 2 == 0 { 2.0 } else { -2.0 }, 0.0) } else { C::default() }
        })
    }
}
pub fn hermitian(n: usize, seed: usize) -> impl Fn(usize) -> Ref {
    move |l| {
        let g = general(n, n, seed)(l);
        &g + g.adjoint()
    }
}
pub fn psd(n: usize, seed: usize) -> impl Fn(usize) -> Ref {
    move |l| {
        let g = general(n, n, seed)(l);
        &g * g.adjoint() + Ref::identity(n, n)
    }
}

// ---- definitions ---------------------------------------------------------------------------------------------------------------

pub fn kron(a: &Ref, b: &Ref) -> Ref {
    let (m, n) = b.shape();
    DMatrix::from_fn(a.nrows() * m, a.ncols() * n, |i, j| a[(i / m, j / n)] * b[(i % m, j % n)])
}
pub fn kron_sum(a: &Ref, b: &Ref) -> Ref {
    kron(a, &Ref::identity(b.nrows(), b.nrows())) + kron(&Ref::identity(a.nrows(), a.nrows()), b)
}
pub fn circulant(c: &Ref) -> Ref {
    let n = c.nrows();
    DMatrix::from_fn(n, n, |i, j| c[(i + n - j) % n])
}
/// On a grid, the last index fastest.
pub fn circulant_on((m, n): (usize, usize), c: &Ref) -> Ref {
    let at = |i: usize, j: usize| ((i / n + m - j / n) % m) * n + (i % n + n - j % n) % n;
    DMatrix::from_fn(m * n, m * n, |i, j| c[at(i, j)])
}
fn turn(k: usize, n: usize) -> C {
    C::from_polar(1.0 / (n as f64).sqrt(), core::f64::consts::TAU * k as f64 / n as f64)
}
pub fn fourier(n: usize) -> Ref {
    DMatrix::from_fn(n, n, |i, j| turn(i * j, n).conj())
}
/// e^(2 pi i jk/n), or cos + sin, over sqrt(n).
pub fn fourier_basis(n: usize, real: bool) -> Ref {
    DMatrix::from_fn(n, n, |i, j| match real {
        true => C::from(turn(i * j, n).re + turn(i * j, n).im),
        false => turn(i * j, n),
    })
}
/// The orthogonal cosine transform of type 2.
pub fn cosines(n: usize) -> Ref {
    let pi = core::f64::consts::PI;
    DMatrix::from_fn(n, n, |k, j| {
        let scale = if k == 0 { 1.0 } else { 2.0 } / n as f64;
        C::from(scale.sqrt() * (pi * k as f64 * (j as f64 + 0.5) / n as f64).cos())
    })
}
/// The cosine transforms of type 1 and 4, the sine transforms of type 2 and 4; type 3 is the transpose of type 2.
pub fn transform(sine: bool, kind: usize, n: usize) -> Ref {
    let (pi, m) = (core::f64::consts::PI, n as f64);
    let end = |at: bool| if at { 0.5f64.sqrt() } else { 1.0 };
    let half = |k: usize| k as f64 + 0.5;
    DMatrix::from_fn(n, n, |k, j| {
        let last = n - 1;
        C::from(match (sine, kind) {
            (false, 1) if n == 1 => 1.0,
            (false, 1) => {
                let angle = pi * (k * j) as f64 / (m - 1.0);
                (2.0 / (m - 1.0)).sqrt() * end(k == 0 || k == last) * end(j == 0 || j == last) * angle.cos()
            }
            (true, 2) => (2.0 / m).sqrt() * end(k == last) * (pi * (k + 1) as f64 * half(j) / m).sin(),
            (false, _) => (2.0 / m).sqrt() * (pi * half(k) * half(j) / m).cos(),
            (true, _) => (2.0 / m).sqrt() * (pi * half(k) * half(j) / m).sin(),
        })
    })
}
/// The orthogonal sine transform of type 1.
pub fn sines(n: usize) -> Ref {
    let (pi, m) = (core::f64::consts::PI, n as f64 + 1.0);
    DMatrix::from_fn(n, n, |k, j| C::from((2.0 / m).sqrt() * (pi * (k + 1) as f64 * (j + 1) as f64 / m).sin()))
}
pub fn toeplitz(c: &Ref, r: &Ref) -> Ref {
    DMatrix::from_fn(c.nrows(), r.nrows(), |i, j| if i >= j { c[i - j] } else { r[j - i] })
}
pub fn householder(v: &Ref) -> Ref {
    let n = v.nrows();
    Ref::identity(n, n) - v * v.adjoint() * (C::from(2.0) / v.norm_squared())
}
pub fn block(a: &Ref, b: &Ref) -> Ref {
    let (m, n) = a.shape();
    DMatrix::from_fn(m + b.nrows(), n + b.ncols(), |i, j| match (i < m, j < n) {
        (true, true) => a[(i, j)],
        (false, false) => b[(i - m, j - n)],
        _ => C::default(),
    })
}
pub fn blocks(a: &Ref, b: &Ref, c: &Ref, d: &Ref) -> Ref {
    let (m, n) = a.shape();
    DMatrix::from_fn(m + c.nrows(), n + b.ncols(), |i, j| match (i < m, j < n) {
        (true, true) => a[(i, j)],
        (true, false) => b[(i, j - n)],
        (false, true) => c[(i - m, j)],
        (false, false) => d[(i - m, j - n)],
    })
}
pub fn diag(d: &Ref) -> Ref {
    DMatrix::from_fn(d.nrows(), d.nrows(), |i, j| if i == j { d[(i, 0)] } else { C::default() })
}
pub fn times(a: &Ref, b: &Ref) -> Ref {
    DMatrix::from_fn(a.nrows(), b.ncols(), |i, j| (0..a.ncols()).map(|k| a[(i, k)] * b[(k, j)]).sum())
}
pub fn power(a: &Ref, n: usize) -> Ref {
    (0..n).fold(Ref::identity(a.nrows(), a.nrows()), |p, _| times(&p, a))
}
pub fn inverse(a: &Ref) -> Ref {
    a.clone().lu().try_inverse().expect("the references are regular")
}
pub fn is_hermitian(a: &Ref) -> bool {
    a.is_square() && (a - a.adjoint()).norm() <= 1e-6 * a.norm()
}
/// f of a Hermitian matrix by nalgebra's eigenvalues.
pub fn spectral(a: &Ref, f: impl Fn(f64) -> f64) -> Ref {
    let e = ((a + a.adjoint()) * C::from(0.5)).symmetric_eigen();
    let w = e.eigenvalues.map(|w| C::from(f(w)));
    &e.eigenvectors * DMatrix::from_diagonal(&w) * e.eigenvectors.adjoint()
}
/// The smallest singular value.
fn smallest(a: Ref) -> f64 {
    a.svd(false, false).singular_values.iter().copied().fold(f64::INFINITY, f64::min)
}
/// The smallest singular value of the matrix of normed eigenvectors: 1 of a normal matrix, else by back substitution in nalgebra's Schur
/// form; zero up to rounding where A is defective, and where that form is not found.
pub fn independence(a: &Ref) -> f64 {
    let h = a.adjoint();
    if (times(a, &h) - times(&h, a)).norm() <= 1e-10 * a.norm().powi(2) {
        return 1.0;
    }
    // without a limit it may loop for ever
    let Some(schur) = nalgebra::Schur::try_new(a.clone(), f64::EPSILON, 1000) else { return 0.0 };
    let t = schur.unpack().1;
    let (n, tiny) = (a.nrows(), C::from(f64::EPSILON * t.norm()));
    let mut v = Ref::identity(n, n);
    for j in 0..n {
        for i in (0..j).rev() {
            let sum: C = (i + 1..=j).map(|k| t[(i, k)] * v[(k, j)]).sum();
            let gap = t[(j, j)] - t[(i, i)];
            v[(i, j)] =
                if sum.norm() <= tiny.re { C::default() } else { sum / if gap.norm() > tiny.re { gap } else { tiny } };
        }
        let norm = C::from(v.column(j).norm());
        v.column_mut(j).iter_mut().for_each(|x| *x /= norm);
    }
    smallest(v)
}
/// e^A by the series of e^(A/16), squared four times.
pub fn exponential(a: &Ref) -> Ref {
    let small = a * C::from(1.0 / 16.0);
    let (mut sum, mut term) = (Ref::identity(a.nrows(), a.nrows()), Ref::identity(a.nrows(), a.nrows()));
    for k in 1..30 {
        term = times(&term, &small) * C::from(1.0 / k as f64);
        sum += &term;
    }
    (0..4).fold(sum, |s, _| times(&s, &s))
}

// ---- one cell ------------------------------------------------------------------------------------------------------------------

/// What a row is measured against: a matrix per lane and a tolerance. Generic over the number alone, so that the many operator types
/// cost little to compile.
pub struct Check {
    r: Vec<Ref>,
    tol: f64,
    /// f(A) with a branch cut on the negative axis must fail.
    negative: bool,
}
impl Check {
    /// `real`: a Hermitian matrix has no complex roots, because numbers are real or it was promised self-adjoint.
    pub fn new(eps: f64, real: bool, r: Vec<Ref>) -> Self {
        // of what is singular by its structure: that of its range
        let cond = |r: &Ref| {
            let s = r.clone().svd(false, false).singular_values;
            if s.max() == 0.0 {
                1.0
            } else {
                s.max() / s.iter().copied().filter(|x| *x > 1e-6 * s.max()).fold(s.max(), f64::min)
            }
        };
        let cond = r.iter().map(cond).fold(1.0, f64::max);
        assert!(cond < 1e4, "a reference of condition {cond:.1e} tests nothing");
        let negative = real && r.iter().any(|r| is_hermitian(r) && r.clone().symmetric_eigenvalues().min() < 0.0);
        let n = r.iter().map(|r| r.nrows()).max().unwrap_or(0);
        Check { r, tol: (200.0 + 20.0 * n as f64) * eps * cond, negative }
    }
    pub fn near(&self, what: &str, l: usize, got: &Ref, want: &Ref) {
        self.within(what, l, got, want, 1.0)
    }
    /// Within so many tolerances.
    pub fn within(&self, what: &str, l: usize, got: &Ref, want: &Ref, times: f64) {
        let (error, tol) = ((got - want).norm() / want.norm().max(1.0), self.tol * times);
        assert!(error <= tol, "{what}, lane {l}: error {error:.2e} > {tol:.2e}\n{got}\n{want}");
    }
    pub fn same<T: Number>(&self, what: &str, got: &DMatrix<T>, want: &dyn Fn(&Ref) -> Ref) {
        for (l, r) in self.r.iter().enumerate() {
            self.near(what, l, &lane(got, l), &want(r))
        }
    }
    /// A, A^H and A^T.
    pub fn action<T: Number>(&self, a: &dyn DynOperator<T>) {
        self.same("apply", &entries(a), &itself);
        self.same("adjoint", &entries(&Any(a).adjoint()), &|r| r.adjoint());
        self.same("transpose", &entries(&Any(a).transpose()), &|r| r.transpose());
    }
    /// What overflows is an error and no infinity.
    pub fn exponential<T: Number>(&self, got: Result<DMatrix<T>>) {
        let f = |r: &Ref| if is_hermitian(r) { spectral(r, f64::exp) } else { exponential(r) };
        let want: Vec<Ref> = self.r.iter().map(f).collect();
        let largest = |w: &Ref| w.iter().fold(0.0, |m: f64, z| m.max(z.norm()));
        let over: Vec<usize> = (0..want.len()).filter(|l| largest(&want[*l]) > T::LARGEST).collect();
        if !over.is_empty() {
            let named = match &got {
                Err(Error::NonFinite { .. }) => T::LANES == 1,
                Err(Error::Lanes { failed }) => {
                    // those that failed first
                    !failed.is_empty()
                        && failed.iter().all(|f| over.contains(&f.0) && matches!(f.1, Error::NonFinite { .. }))
                }
                _ => false,
            };
            return assert!(named, "exp: of lanes {over:?} it is no number of this type: {:?}", got.err());
        }
        let got = got.unwrap();
        // the condition of the exponential is at least |A|
        for (l, r) in self.r.iter().enumerate() {
            self.within("exp", l, &lane(&got, l), &want[l], 10.0 * (1.0 + r.norm()));
        }
    }
    /// Powers 1/2, -1/2, 3/2 and 3.
    pub fn unitary_powers(&self, [root, inverse_root, three_halves, third]: [Ref; 4]) {
        self.near("sqrt squared", 0, &power(&root, 2), &self.r[0]);
        self.near("isqrt squared", 0, &power(&inverse_root, 2), &inverse(&self.r[0]));
        self.near("pow 1.5", 0, &power(&three_halves, 2), &power(&self.r[0], 3));
        self.near("pow 3", 0, &third, &power(&self.r[0], 3));
    }
    pub fn solutions<T: Number>(&self, b: &DMatrix<T>, x: &DMatrix<T>, also: &DMatrix<T>, inv: &DMatrix<T>) {
        for (l, r) in self.r.iter().enumerate() {
            let want = r.clone().lu().solve(&lane(b, l)).unwrap();
            self.near("solve", l, &lane(x, l), &want);
            self.near("inv", l, &lane(also, l), &want);
            self.near("inv", l, &lane(inv, l), &inverse(r));
        }
    }
    /// The solution of least norm; what is singular by its structure is told from rounding by a wide gap.
    pub fn least_squares<T: Number>(&self, b: &DMatrix<T>, x: &DMatrix<T>, also: &DMatrix<T>, pinv: &DMatrix<T>) {
        for (l, r) in self.r.iter().enumerate() {
            // a regular matrix by LU: nalgebra's SVD loses digits where singular values are close together
            let s = r.clone().svd(false, false).singular_values;
            let want = match s.min() > 1e-6 * s.max() && r.is_square() {
                true => inverse(r),
                false => r.clone().pseudo_inverse(1e-6 * r.norm()).unwrap(),
            };
            let solution = times(&want, &lane(b, l));
            // the reference is of the same accuracy: through the SVD, too
            self.within("lstsq", l, &lane(x, l), &solution, 4.0);
            self.within("pinv b", l, &lane(also, l), &solution, 4.0);
            self.within("pinv", l, &lane(pinv, l), &want, 4.0);
        }
    }
    pub fn determinant<T: Number>(&self, (sign, log): (T, T::Re)) {
        for (l, r) in self.r.iter().enumerate() {
            let d = r.clone().lu().determinant();
            let s = r.clone().svd(false, false).singular_values;
            if s.min() <= 1e-9 * s.max() {
                assert!(
                    read(sign, l) == C::default() && log.lane_f64(l) == f64::NEG_INFINITY,
                    "{sign:?} {log:?} of {d}"
                );
                continue;
            }
            assert!((read(sign, l) - d / C::from(d.norm())).norm() <= self.tol, "sign {sign:?} of {d}");
            assert!((log.lane_f64(l) - d.norm().ln()).abs() <= self.tol * r.nrows() as f64, "log {log:?} of {d}");
        }
    }
    /// log |det| where the determinant is positive, in all lanes; else the lanes where it is not.
    pub fn logdet<T: Number>(&self, got: Result<T>) {
        let (mut failed, mut logs) = (Vec::new(), Vec::new());
        for (l, r) in self.r.iter().enumerate() {
            let (d, s) = (r.clone().lu().determinant(), r.clone().svd(false, false).singular_values);
            let zero = s.min() <= 1e-9 * s.max();
            let off = if zero { 1.0 } else { (d / C::from(d.norm()) - C::from(1.0)).norm() };
            // a phase within rounding of 1 passes, and none of the references is beside that limit
            assert!(!(2e-5..3e-4).contains(&off), "a determinant of {d} tests nothing");
            match off < 1e-4 {
                true => logs.push((l, d.norm().ln())),
                false => failed.push((l, zero)),
            }
        }
        let named = |e: &Error, zero: bool| match e {
            Error::Singular { .. } => zero,
            Error::InvalidArgument { .. } => !zero,
            _ => false,
        };
        match got {
            Ok(log) if failed.is_empty() => {
                for (l, want) in logs {
                    let error = (read(log, l) - C::from(want)).norm();
                    assert!(error <= self.tol * self.r[l].nrows() as f64, "logdet {log:?}, lane {l}: {want}");
                }
            }
            Err(Error::Lanes { failed: got }) => {
                let same =
                    got.len() == failed.len() && got.iter().zip(&failed).all(|(g, f)| g.0 == f.0 && named(&g.1, f.1));
                assert!(same && T::LANES > 1, "logdet: lanes {got:?}, wanted {failed:?}");
            }
            Err(e) => assert!(T::LANES == 1 && failed.iter().any(|f| named(&e, f.1)), "logdet: {e:?}"),
            Ok(log) => panic!("logdet {log:?}: no determinant in lanes {failed:?}"),
        }
    }
    pub fn diagonal<T: Number>(&self, k: isize, d: &[T], trace: T) {
        let (row, col) = ((-k).max(0) as usize, k.max(0) as usize);
        for (l, r) in self.r.iter().enumerate() {
            assert_eq!(d.len(), (r.nrows() - row).min(r.ncols() - col), "numbers on diagonal {k}");
            let want = DMatrix::from_fn(d.len(), 1, |i, _| r[(row + i, col + i)]);
            self.near("diagonal", l, &DMatrix::from_fn(d.len(), 1, |i, _| read(d[i], l)), &want);
            assert!(k != 0 || (read(trace, l) - want.sum()).norm() <= self.tol * r.norm(), "trace {trace:?}");
        }
    }
    pub fn eigen<T: Number>(&self, a: &DMatrix<T>, v: &DMatrix<T>, w: &[T::Re]) {
        self.same("eigh", a, &itself);
        for (l, r) in self.r.iter().enumerate() {
            let v = lane(v, l);
            self.near("V^H V", l, &times(&v.adjoint(), &v), &Ref::identity(r.nrows(), r.nrows()));
            let mut w: Vec<f64> = w.iter().map(|w| w.lane_f64(l)).collect();
            assert!(T::LANES > 1 || w.is_sorted(), "{w:?}");
            let mut want: Vec<f64> = r.clone().symmetric_eigenvalues().iter().copied().collect();
            w.sort_by(f64::total_cmp);
            want.sort_by(f64::total_cmp);
            let column = |w: &[f64]| DMatrix::from_fn(w.len(), 1, |i, _| C::from(w[i]));
            self.near("eigenvalues", l, &column(&w), &column(&want));
        }
    }
    pub fn eigenvectors<T: Scalar>(&self, v: &DMatrix<T>, w: &[T]) {
        for (l, r) in self.r.iter().enumerate() {
            let (v, n) = (lane(v, l), r.nrows());
            let w = Ref::from_diagonal(&nalgebra::DVector::from_fn(n, |i, _| read(w[i], l)));
            self.near("eig", l, &times(r, &v), &times(&v, &w));
            (0..n).for_each(|j| assert!((v.column(j).norm() - 1.0).abs() <= self.tol, "|v_{j}| of {v}"));
            assert!((w.trace() - r.trace()).norm() <= self.tol * r.norm(), "{w} are not the eigenvalues of {r}");
            // as many as there are: where the matrix has a basis of eigenvectors, these are one
            let (least, want) = (smallest(v.clone()), independence(r));
            let independent = want < 1e-6 || least >= 0.01 * want;
            assert!(independent, "eigenvectors are dependent: {least:.1e}, and {want:.1e} is there\n{v}{r}");
        }
    }
    pub fn singular<T: Number>(&self, a: &DMatrix<T>, s: &[T::Re], sorted: &[T::Re]) {
        self.same("svd", a, &itself);
        for (l, r) in self.r.iter().enumerate() {
            let of = |s: &[T::Re]| DMatrix::from_fn(s.len(), 1, |i, _| C::from(s[i].lane_f64(l)));
            let want = r.clone().svd(false, false).singular_values;
            let want = DMatrix::from_fn(want.len(), 1, |i, _| C::from(want[i]));
            self.near("singular values", l, &of(sorted), &want);
            if T::LANES == 1 {
                // what is of low rank by its structure keeps no zeros
                self.near("s of svd", l, &of(s).resize_vertically(want.nrows(), C::default()), &want);
            }
        }
    }
    /// Unless the eigenvalues are negative: then `None`, because the function failed as it must.
    pub fn principal<T>(&self, what: &str, got: Result<DMatrix<T>>) -> Option<DMatrix<T>> {
        match (self.negative, got) {
            (true, Err(Error::NegativeEigenvalue { .. } | Error::Lanes { .. })) => None,
            (false, Ok(got)) => Some(got),
            (_, got) => panic!("{what}: negative eigenvalues {}, the result {:?}", self.negative, got.err()),
        }
    }
    pub fn root<T: Number>(&self, what: &str, p: f64, got: Result<DMatrix<T>>) {
        let Some(got) = self.principal(what, got) else { return };
        for (l, r) in self.r.iter().enumerate() {
            let got = lane(&got, l);
            if is_hermitian(r) {
                self.near(what, l, &got, &spectral(r, |w| w.powf(p)));
                continue;
            }
            // by definition: its power is A's, its eigenvalues lie in the right half-plane
            let base = if p < 0.0 { inverse(r) } else { r.clone() };
            self.near(what, l, &power(&got, 10), &power(&base, (10.0 * p).abs().round() as usize));
            let eigenvalues = got.clone().schur().unpack().1.diagonal();
            assert!(p.abs() > 0.5 || eigenvalues.iter().all(|w| w.re > 0.0), "{what} is not principal: {eigenvalues}");
        }
    }
    pub fn logarithm<T: Number>(&self, got: Result<DMatrix<T>>) {
        let Some(got) = self.principal("log", got) else { return };
        for (l, r) in self.r.iter().enumerate() {
            match is_hermitian(r) {
                true => self.near("log", l, &lane(&got, l), &spectral(r, f64::ln)),
                false => self.near("log", l, &exponential(&lane(&got, l)), r),
            }
        }
    }
    pub fn cholesky<T: Number>(&self, f: &DMatrix<T>) {
        for (l, r) in self.r.iter().enumerate() {
            let f = lane(f, l);
            let lower =
                (0..f.nrows()).all(|i| f[(i, i)].re > 0.0 && (i + 1..f.nrows()).all(|j| f[(i, j)] == C::default()));
            assert!(lower, "L = {f}");
            self.near("cholesky", l, &times(&f, &f.adjoint()), r);
        }
    }
    pub fn lu<T: Number>(&self, plu: [DMatrix<T>; 3]) {
        for (l, r) in self.r.iter().enumerate() {
            let [p, lower, upper] = plu.each_ref().map(|m| lane(m, l));
            let n = r.nrows();
            let unit = |i: usize| lower[(i, i)] == C::from(1.0) && (i + 1..n).all(|j| lower[(i, j)] == C::default());
            assert!((0..n).all(|i| unit(i) && (0..i).all(|j| upper[(i, j)] == C::default())), "{lower}{upper}");
            assert!(times(&p, &p.transpose()) == Ref::identity(n, n), "P = {p}");
            self.near("lu", l, &times(&lower, &upper), &times(&p, r));
        }
    }
}
/// An operator of any type by its action alone: what is asked of every result is compiled once for each number type.
struct Any<'a, T>(&'a dyn DynOperator<T>);
impl<T: Scalar> Operator for Any<'_, T> {
    type Scalar = T;
    type Facts = NoFacts;
    type Class = General;
    type Rows = Dyn;
    type Cols = Dyn;
    fn nrows(&self) -> usize {
        self.0.dyn_shape().0
    }
    fn ncols(&self) -> usize {
        self.0.dyn_shape().1
    }
}
impl<T: Scalar> LinearOperator for Any<'_, T> {
    fn act(&self, how: Update<T>, x: View<'_, T>, y: ViewMut<'_, T>, scratch: &mut [T]) {
        self.0.dyn_act(how, x, y, scratch)
    }
    fn scratch_len(&self, columns: usize) -> usize {
        self.0.dyn_scratch(columns)
    }
}
/// A matrix of T.
type Of<A> = DMatrix<<A as Operator>::Scalar>;
fn dense<A: LinearOperator>(a: &A) -> Of<A> {
    entries(a)
}
fn entries<T: Scalar>(a: &dyn DynOperator<T>) -> DMatrix<T> {
    Any(a).to_dense()
}
fn dense_of<A: LinearOperator>(a: Result<A>) -> Result<Of<A>> {
    match a {
        Ok(a) => Ok(dense(&a)),
        Err(e) => Err(e),
    }
}
fn itself(r: &Ref) -> Ref {
    r.clone()
}
fn square(r: &Ref) -> Ref {
    times(r, r)
}
fn cube(r: &Ref) -> Ref {
    power(r, 3)
}
/// An operator and what it is measured against.
pub struct Case<'a, A: Operator> {
    a: &'a A,
    check: Check,
}
impl<'a, A: Operator<Scalar: Number>> Case<'a, A> {
    pub fn new(a: &'a A, matrix: &dyn Fn(usize) -> Ref) -> Self {
        let real = <<A::Scalar as Scalar>::IsReal as Fact>::KNOWN || <<A::Facts as Facts>::SelfAdjoint as Fact>::KNOWN;
        Case { a, check: Check::new(A::Scalar::EPS, real, (0..A::Scalar::LANES).map(matrix).collect()) }
    }
}
impl<A: LinearOperator<Scalar: Number> + Explain> Case<'_, A> {
    pub fn apply(&self) {
        self.check.action(self.a)
    }
    pub fn solve(&self)
    where
        A: Solvable,
    {
        let b = data::<A::Scalar>(general(self.a.nrows(), 2, 99));
        let inv = self.a.inv().unwrap();
        self.check.solutions(&b, &self.a.solve(&b).unwrap(), &Any(&inv).apply(&b), &dense(&inv));
        planned(&self.a.plan_of(Q::Solve), core::any::type_name::<Inv<A>>());
    }
    pub fn det(&self)
    where
        A: HasDet + Square,
    {
        self.check.determinant(self.a.slogdet().unwrap());
        self.check.logdet(self.a.logdet());
        self.check.same("powi 2", &dense(&self.a.powi::<2>()), &square);
    }
    pub fn diag(&self)
    where
        A: DiagonalRule + Square,
    {
        let (n, trace) = (self.a.nrows() as isize, self.a.trace().unwrap());
        self.check.diagonal(0, &self.a.diagonal().unwrap(), trace);
        for k in 1 - n..n {
            self.check.diagonal(k, &self.a.diagonal_k(k).unwrap(), trace);
        }
    }
    /// Every diagonal of a rectangular matrix, and none beyond.
    pub fn bands(&self)
    where
        A: DiagonalRule,
    {
        let (m, n) = (self.a.nrows() as isize, self.a.ncols() as isize);
        for k in 1 - m..n {
            let d = self.a.diagonal_k(k).unwrap();
            let trace = d.iter().fold(A::Scalar::of(0.0), |s, x| s + *x);
            self.check.diagonal(k, &d, trace);
        }
        for k in [-m, n] {
            assert!(matches!(self.a.diagonal_k(k), Err(Error::InvalidArgument { .. })), "diagonal {k}");
        }
    }
    /// What is of square matrices alone, of one whose shape the compiler does not know.
    pub fn refused(&self)
    where
        A: HasDet + DiagonalRule + HasExp + HasEig + Square,
    {
        let shape = (self.a.nrows(), self.a.ncols());
        // with the sizes of the operator, or of the part that is not square
        let named = |what: &str, e: Option<Error>| {
            let right = matches!(e, Some(Error::ShapeMismatch { left, .. }) if left == shape || left.0 != left.1);
            assert!(right, "{what} of {shape:?}: {e:?}")
        };
        named("slogdet", self.a.slogdet().err());
        named("logdet", self.a.logdet().err());
        named("trace", self.a.trace().err());
        named("diagonal", self.a.diagonal().err());
        named("exp", self.a.exp().err());
        named("eig", self.a.eig().err());
    }
    pub fn unsolved(&self)
    where
        A: Solvable + HasLu + Square,
    {
        let b = data::<A::Scalar>(general(self.a.nrows(), 1, 97));
        assert!(matches!(self.a.solve(&b), Err(Error::ShapeMismatch { .. })), "solve");
        assert!(matches!(self.a.inv(), Err(Error::ShapeMismatch { .. })), "inv");
        // lanes have no LU factors, which a square factor may say first
        let lu = self.a.lu().err();
        assert!(lu.is_some_and(|e| matches!(e, Error::ShapeMismatch { .. }) || A::Scalar::LANES > 1), "lu");
    }
    pub fn eigh(&self)
    where
        A: HasEigh<Basis: LinearOperator<Scalar = A::Scalar>> + Square,
    {
        let e = self.a.eigh().unwrap();
        self.check.eigen(&dense(&e), &dense(e.eigenvectors()), e.eigenvalues());
        // a polynomial: the reference needs no eigenvalue
        let f = self.a.map_spectrum(|w| w * w + <A::Scalar as Scalar>::Re::of(1.0)).unwrap();
        self.check.same("map_spectrum", &dense(&f), &|r| square(r) + Ref::identity(r.nrows(), r.nrows()));
    }
    pub fn eig(&self)
    where
        A: HasEig<Vectors: LinearOperator<Scalar = Cx<A>>> + Square,
    {
        let e = self.a.eig().unwrap();
        self.check.eigenvectors(&dense(e.eigenvectors()), e.eigenvalues());
    }
    pub fn svd(&self)
    where
        A: HasSvd<Left: LinearOperator<Scalar = A::Scalar>, Right: LinearOperator<Scalar = A::Scalar>>,
    {
        let d = self.a.svd().unwrap();
        self.check.singular(&dense(&d), &d.s, &self.a.singular_values().unwrap());
    }
    pub fn pinv(&self)
    where
        A: HasPinv,
        Pinv<A>: LinearOperator<Scalar = A::Scalar>,
    {
        let b = data::<A::Scalar>(general(self.a.nrows(), 2, 98));
        let (pinv, x) = (self.a.pinv().unwrap(), self.a.lstsq(&b).unwrap());
        self.check.least_squares(&b, &x, &Any(&pinv).apply(&b), &dense(&pinv));
    }
    pub fn pow(&self)
    where
        A: Rootable,
    {
        if self.a.plan_of(Q::Power).refused {
            return assert!(A::Scalar::LANES > 1 && self.a.sqrt().is_err(), "sqrt is there, the plan says no");
        }
        self.check.root("sqrt", 0.5, dense_of(self.a.sqrt()));
        self.check.root("isqrt", -0.5, dense_of(self.a.isqrt()));
        self.check.root("pow 0.3", 0.3, self.power(0.3));
        self.check.root("pow -1.7", -1.7, self.power(-1.7));
        self.check.same("pow 3", &self.power(3.0).unwrap(), &cube);
    }
    fn power(&self, p: f64) -> Result<Of<A>>
    where
        A: Rootable,
    {
        dense_of(self.a.pow(p))
    }
    /// Of a singular PSD matrix: a positive power is there, a negative one is an error.
    pub fn pow0(&self)
    where
        A: Rootable,
    {
        // zeros of the reference are zeros up to rounding, whose root would be large
        fn root(r: &Ref) -> Ref {
            spectral(r, |w| if w < 1e-10 { 0.0 } else { w.sqrt() })
        }
        self.check.same("sqrt", &self.power(0.5).unwrap(), &root);
        self.check.same("pow 3", &self.power(3.0).unwrap(), &cube);
        assert!(self.a.isqrt().is_err());
    }
    pub fn log0(&self)
    where
        A: HasLog + Square,
    {
        assert!(self.a.log().is_err());
    }
    pub fn exp(&self)
    where
        A: HasExp + Square,
        Exp<A>: LinearOperator<Scalar = A::Scalar>,
    {
        self.check.exponential(dense_of(self.a.exp()));
    }
    /// Of a unitary matrix with the eigenvalue -1, over complex numbers: -1 has the root i and the logarithm i pi. By definition: the
    /// square is A, the exponential is A.
    pub fn powu(&self)
    where
        A: Rootable,
    {
        let power = |p: f64| lane(&self.power(p).unwrap(), 0);
        self.check.unitary_powers([0.5, -0.5, 1.5, 3.0].map(power));
    }
    pub fn logu(&self)
    where
        A: HasLog + HasExp + Square,
        Log<A>: LinearOperator<Scalar = A::Scalar>,
    {
        let log = lane(&dense(&self.a.log().unwrap()), 0);
        self.check.near("exp(log)", 0, &exponential(&log), &self.check.r[0]);
    }
    pub fn log(&self)
    where
        A: HasLog + Square,
        Log<A>: LinearOperator<Scalar = A::Scalar>,
    {
        if self.a.plan_of(Q::Log).refused {
            return assert!(A::Scalar::LANES > 1 && self.a.log().is_err(), "log is there, the plan says no");
        }
        self.check.logarithm(dense_of(self.a.log()));
    }
    pub fn chol(&self)
    where
        A: HasCholesky<Factor: LinearOperator<Scalar = A::Scalar>> + Square,
        <A::Facts as Facts>::Psd: PsdOf<A>,
    {
        self.check.cholesky(&dense(&self.a.cholesky().unwrap()));
    }
    pub fn lu(&self)
    where
        A: HasLu<
                P: LinearOperator<Scalar = A::Scalar>,
                L: LinearOperator<Scalar = A::Scalar>,
                U: LinearOperator<Scalar = A::Scalar>,
            >,
        A: Square,
    {
        let f = self.a.lu();
        if self.a.plan_of(Q::Lu).refused {
            return assert!(A::Scalar::LANES > 1 && f.is_err(), "lu is there, the plan says no");
        }
        let f = f.unwrap();
        self.check.lu([dense(&f.p), dense(&f.l), dense(&f.u)]);
    }
}
/// The plan says what runs.
fn planned(plan: &Plan, inverse: &str) {
    let output = inverse.split('<').next().and_then(|path| path.rsplit("::").next()).unwrap_or(inverse);
    let base = output == "BaseInverse" || plan.base && (output.ends_with("Inverse") || output == "Either");
    assert_eq!(base, plan.base, "the inverse is {output}, the plan says {plan}");
}
pub trait PlanOf: Explain {
    fn plan_of(&self, q: Q) -> Plan {
        self.explain().plan(q).clone()
    }
}
impl<A: Explain> PlanOf for A {}
