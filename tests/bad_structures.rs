//! Bad numbers in every structure: NaN, infinities, numbers whose squares over- or underflow, zeros; sizes 0 and 1. NaN and infinity are
//! refused by name, what is singular or indefinite too; everything else is right, measured against the matrix by its definition.
use cola::functions::{
    Cx, DiagonalRule, Exp, HasCholesky, HasDet, HasEig, HasEigh, HasExp, HasLog, HasPinv, HasSvd, Inv, Log, Pinv, Pow,
};
use cola::prelude::*;
use cola::{Dyn, NonNegative, PsdOf, Square, dsl};
use nalgebra::{DMatrix, DVector};

const BAD: [f64; 7] = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e200, 1e-200, 0.0, -3.0];
type C = Complex<f64>;
type M = DMatrix<f64>;
type CM = DMatrix<C>;

// ---- the reference: what can be asked of a matrix --------------------------------------------------------------------------------

/// A matrix by its definition, and what follows.
struct Reference {
    a: M,
    /// Every entry is.
    finite: bool,
    /// Singular values of the matrix, its largest entry 1.
    condition: f64,
    /// Sign and logarithm of the determinant; none where it is zero up to rounding.
    det: Option<(f64, f64)>,
    /// Some(true): positive definite, Some(false): indefinite, beyond rounding of a matrix of unit diagonal.
    definite: Option<bool>,
}
impl Reference {
    fn new(a: M) -> Self {
        let finite = a.iter().all(|x| x.is_finite());
        let mut r = Reference { finite, condition: f64::INFINITY, det: None, definite: None, a };
        if !finite {
            return r;
        }
        if r.a.is_empty() {
            return Reference { condition: 1.0, det: Some((1.0, 0.0)), definite: Some(true), ..r };
        }
        let s = r.unit().svd(false, false).singular_values;
        r.condition = s.max() / s.min();
        r.det = determinant(&r.a);
        let n = r.a.nrows();
        let d = r.a.diagonal();
        if r.a != r.a.transpose() || r.unit().symmetric_eigenvalues().min() < -1e-12 {
            r.definite = Some(false);
        } else if d.min() > 0.0 {
            // beside a huge entry the others may be definite or not
            let scaled = M::from_fn(n, n, |i, j| r.a[(i, j)] / d[i].sqrt() / d[j].sqrt());
            let w = scaled.symmetric_eigenvalues().min();
            r.definite = (w.abs() > 1e-12).then_some(w > 0.0);
        }
        r
    }
    /// Largest entry.
    fn scale(&self) -> f64 {
        self.a.amax()
    }
    /// The matrix, its largest entry 1.
    fn unit(&self) -> M {
        if self.scale() == 0.0 { self.a.clone() } else { self.a.map(|x| x / self.scale()) }
    }
    /// So well conditioned that every function is determined to many digits.
    fn well(&self) -> bool {
        self.condition < 1e8
    }
    fn inverse(&self) -> M {
        self.unit().try_inverse().expect("it is regular").map(|x| x / self.scale())
    }
    /// f by the eigenvalues of the unit matrix, of those of the matrix.
    fn spectral(&self, f: impl Fn(f64) -> f64) -> M {
        if self.a.is_empty() {
            return self.a.clone();
        }
        let e = self.unit().symmetric_eigen();
        let w = e.eigenvalues.map(|w| f(w * self.scale()));
        let largest = w.amax();
        let back = |w: &DVector<f64>| &e.eigenvectors * M::from_diagonal(w) * e.eigenvectors.transpose();
        // the sum does not overflow where the parts do not
        if largest > 1.0 { back(&(w / largest)).map(|x| x * largest) } else { back(&w) }
    }
    /// e^A by the series of A/2^k; none where the numbers are so large that e^A may overflow.
    fn exponential(&self) -> Option<M> {
        let (n, norm) = (self.a.nrows(), self.a.norm());
        (norm < 300.0).then(|| {
            let halvings = (norm.log2().max(0.0) as i32) + 4;
            let small = &self.a * 2f64.powi(-halvings);
            let (mut sum, mut term) = (M::identity(n, n), M::identity(n, n));
            for k in 1..20 {
                term = &term * &small / k as f64;
                sum += &term;
            }
            (0..halvings).fold(sum, |s, _| &s * &s)
        })
    }
}
/// Sign and log |det| by elimination with complete pivoting of the matrix with rows and columns of largest entry 1; none where a pivot
/// is rounding.
fn determinant(a: &M) -> Option<(f64, f64)> {
    let n = a.nrows();
    let (mut a, mut sign, mut log) = (a.clone(), 1.0, 0.0);
    for by_rows in [true, false] {
        for i in 0..n {
            let largest = if by_rows { a.row(i).amax() } else { a.column(i).amax() };
            if largest == 0.0 {
                return None;
            }
            log += largest.ln();
            if by_rows {
                a.row_mut(i).iter_mut().for_each(|x| *x /= largest)
            } else {
                a.column_mut(i).iter_mut().for_each(|x| *x /= largest)
            }
        }
    }
    for k in 0..n {
        let (i, j) =
            (k..n).flat_map(|i| (k..n).map(move |j| (i, j))).max_by(|p, q| a[*p].abs().total_cmp(&a[*q].abs()))?;
        if a[(i, j)].abs() < 1e-12 {
            return None;
        }
        sign *= a[(i, j)].signum() * if (i == k) == (j == k) { 1.0 } else { -1.0 };
        log += a[(i, j)].abs().ln();
        a.swap_rows(i, k);
        a.swap_columns(j, k);
        for i in k + 1..n {
            let l = a[(i, k)] / a[(k, k)];
            (k + 1..n).for_each(|j| a[(i, j)] -= l * a[(k, j)]);
        }
    }
    Some((sign, log))
}
/// On one line.
fn show(m: &M) -> String {
    let row = |i: usize| m.row(i).iter().map(|x| format!("{x:.3e}")).collect::<Vec<_>>().join(" ");
    (0..m.nrows()).map(row).collect::<Vec<_>>().join("; ")
}
/// |x - y| beside the largest entry of y.
fn near<T: nalgebra::ComplexField<RealField = f64>>(x: &DMatrix<T>, y: &DMatrix<T>, tol: f64) -> bool {
    let size = |m: &DMatrix<T>| m.iter().fold(0.0, |s: f64, x| s.max(x.clone().modulus()));
    x.shape() == y.shape() && size(&(x - y)) <= tol * size(y)
}
fn non_finite(e: &Error) -> bool {
    matches!(e, Error::NonFinite { .. })
}
fn singular(e: &Error) -> bool {
    matches!(e, Error::Singular { .. })
}
fn not_pd(e: &Error) -> bool {
    matches!(e, Error::NotPositiveDefinite { .. })
}
fn negative(e: &Error) -> bool {
    matches!(e, Error::NegativeEigenvalue { .. })
}

// ---- the cells -------------------------------------------------------------------------------------------------------------------

struct Honest {
    name: String,
    r: Reference,
    /// x is NaN or infinite.
    bad: bool,
    /// Promised, and a broken promise may be named before anything else.
    psd: bool,
    complaints: Vec<String>,
}
impl Honest {
    fn new(name: String, a: M, x: f64) -> Self {
        Honest { name, r: Reference::new(a), bad: !x.is_finite(), psd: false, complaints: Vec::new() }
    }
    /// The structures whose rules go through the eigenvalues of factors: what is rounding beside the largest one is zero to them.
    fn by_eigenvalues(&self) -> bool {
        [
            "kron_sum",
            "psd kron_sum",
            "kron + c I",
            "psd kron + c I",
            "kron_sum + c I",
            "kron_sum + x I",
            "psd kron_sum + c I",
        ]
        .iter()
        .any(|s| self.name.starts_with(&format!("{s} of")))
    }
    /// The trace of a projection is its rank: no entry is read.
    fn by_promise(&self, what: &str) -> bool {
        what == "trace" && self.bad && self.name.starts_with("projection")
    }
    fn complain(&mut self, what: &str, text: impl core::fmt::Display) {
        self.complaints.push(format!("{}: {what} {text}", self.name));
    }
    /// The result where it is finite. NaN and infinity in the matrix are refused as such (those that are of no consequence may be), and
    /// finite numbers are no such error unless `overflows`.
    fn finite<R>(
        &mut self,
        what: &str,
        got: cola::Result<R>,
        overflows: bool,
        numbers: impl Fn(&R) -> bool,
    ) -> Option<cola::Result<R>> {
        match got {
            Ok(r) if !numbers(&r) => self.complain(what, "is not finite"),
            Ok(_) if self.bad && !self.r.finite => self.complain(what, "is there, the matrix is not finite"),
            Err(e) if self.bad && !self.r.finite => {
                if !non_finite(&e) {
                    self.complain(what, format!("is another error: {e:?}"))
                }
            }
            // an entry of the product overflows, its factors do not: both are right
            Ok(_) if !self.r.finite => {}
            Err(e) if !self.r.finite => {
                if !non_finite(&e) {
                    self.complain(what, format!("overflows, and is another error: {e:?}"))
                }
            }
            Err(e) if (overflows || self.bad) && non_finite(&e) => {}
            got => return Some(got),
        }
        None
    }
    /// A matrix that passes `good`.
    fn right(&mut self, what: &str, got: cola::Result<M>, overflows: bool, good: impl Fn(&M, &Reference) -> bool) {
        match self.finite(what, got, overflows, |m| m.iter().all(|x| x.is_finite())) {
            Some(Ok(m)) if !good(&m, &self.r) => {
                self.complain(what, format!("is wrong: {} of {}", show(&m), show(&self.r.a)))
            }
            Some(Err(e)) => self.complain(what, format!("is an error: {e:?} of {}", show(&self.r.a))),
            _ => {}
        }
    }
    /// An error that passes `want`.
    fn refused(&mut self, what: &str, got: cola::Result<M>, want: impl Fn(&Error) -> bool) {
        match self.finite(what, got, false, |_| true) {
            Some(Ok(m)) => self.complain(what, format!("is there: {} of {}", show(&m), show(&self.r.a))),
            Some(Err(e)) if !want(&e) => self.complain(what, format!("is another error: {e:?} of {}", show(&self.r.a))),
            _ => {}
        }
    }
    fn diagonal(&mut self, d: cola::Result<M>, trace: cola::Result<M>) {
        let want = M::from_columns(&[self.r.a.diagonal()]);
        let sum = M::from_element(1, 1, want.sum());
        for (what, got, want) in [("diagonal", d, want), ("trace", trace, sum)] {
            // an error where an entry is bad that the diagonal need not see; no NaN in any case
            let seen = want.iter().all(|x| x.is_finite());
            match got {
                Ok(m) if (!seen || !near(&m, &want, 1e-12)) && !self.by_promise(what) => {
                    self.complain(what, format!("is {} and not {}", show(&m), show(&want)))
                }
                Err(e) if !non_finite(&e) || self.r.finite && seen && !self.bad => {
                    self.complain(what, format!("is an error: {e:?}"))
                }
                _ => {}
            }
        }
    }
    fn determinant(&mut self, got: cola::Result<(f64, f64)>) {
        let fine = |x: &(f64, f64)| !x.0.is_nan() && !x.1.is_nan() && x.1 < f64::INFINITY;
        let Some(got) = self.finite("slogdet", got, false, fine) else { return };
        match (got, self.r.det) {
            (Ok((sign, log)), Some(d)) if sign == d.0 && (log - d.1).abs() <= 1e-9 * (1.0 + d.1.abs()) => {}
            // of a singular matrix: zero, or rounding beside the entries
            (Ok((_, log)), None)
                if log - self.r.a.nrows() as f64 * self.r.scale().ln() < -25.0 || log == f64::NEG_INFINITY => {}
            (Err(e), _) if self.psd && self.r.definite != Some(true) && not_pd(&e) => {}
            (Ok(_), _) if self.by_eigenvalues() && !self.r.well() => {}
            (got, want) => self.complain("slogdet", format!("is {got:?} and not {want:?} of {}", show(&self.r.a))),
        }
    }
    fn eigen(&mut self, got: cola::Result<(CM, CM)>) {
        let fine = |x: &(CM, CM)| x.0.iter().chain(x.1.iter()).all(|z| z.re.is_finite() && z.im.is_finite());
        match self.finite("eig", got, false, fine) {
            Some(Ok((v, w))) => {
                let scale = if self.r.scale() == 0.0 { 1.0 } else { self.r.scale() };
                let a = self.r.unit().map(C::from);
                let w = DMatrix::from_diagonal(&w.column(0).map(|z| z / scale));
                let good = (&a * &v - &v * w).camax() <= 1e-10;
                let unit = v.column_iter().all(|v| (v.norm() - 1.0).abs() < 1e-10);
                if !good || !unit {
                    self.complain("eig", format!("is wrong of {}", show(&self.r.a)));
                }
            }
            Some(Err(e)) => self.complain("eig", format!("is an error: {e:?} of {}", show(&self.r.a))),
            None => {}
        }
    }
    /// U, s, V.
    fn singular_values(&mut self, got: cola::Result<[M; 3]>) {
        let fine = |f: &[M; 3]| f.iter().flat_map(|m| m.iter()).all(|x| x.is_finite());
        match self.finite("svd", got, false, fine) {
            Some(Ok([u, s, v])) => {
                let scale = if self.r.scale() == 0.0 { 1.0 } else { self.r.scale() };
                let s = M::from_diagonal(&s.column(0).map(|s| s / scale));
                let orthonormal = |q: &M| (q.transpose() * q - M::identity(q.ncols(), q.ncols())).amax() < 1e-10;
                let back = (&u * &s * v.transpose() - self.r.unit()).amax() < 1e-10;
                if !back || !orthonormal(&u) || !orthonormal(&v) || s.min() < 0.0 {
                    self.complain("svd", format!("is wrong: {} of {}", show(&s), show(&self.r.a)));
                }
            }
            Some(Err(e)) => self.complain("svd", format!("is an error: {e:?} of {}", show(&self.r.a))),
            None => {}
        }
    }
    fn exponential(&mut self, got: cola::Result<M>) {
        match self.r.exponential() {
            // e^c may overflow where there is no entry
            Some(want) => self.right("exp", got, want.is_empty(), |m, _| near(m, &want, 1e-9)),
            None => self.refused("exp", got, non_finite),
        }
    }
    /// A^+ and A^+ b.
    fn least_squares(&mut self, pinv: cola::Result<M>, x: cola::Result<M>) {
        let b = M::from_element(self.r.a.nrows(), 1, 1.0);
        if self.r.finite && self.r.well() {
            let inverse = self.r.inverse();
            let overflows = !inverse.iter().all(|x| x.is_finite());
            self.right("pinv", pinv, overflows, |m, _| near(m, &inverse, 1e-6));
            let want = &inverse * b;
            return self.right("lstsq", x, overflows, |m, _| near(m, &want, 1e-6));
        }
        // what is rounding beside the largest singular value is a matter of taste: A A^+ A = A, A^H (A x - b) = 0
        self.right("pinv", pinv, false, |m, r| {
            let p = m.map(|x| x * r.scale());
            near(&(r.unit() * p * r.unit()), &r.unit(), 1e-6) || r.scale() == 0.0
        });
        self.right("lstsq", x, false, |x, r| {
            let residual = r.unit() * x.map(|x| x * r.scale()) - &b;
            (r.unit().transpose() * residual).amax() <= 1e-6
        });
    }
    fn inverse(&mut self, solution: cola::Result<M>, inverse: cola::Result<M>) {
        let (eye, b) = (M::identity(self.r.a.nrows(), self.r.a.nrows()), M::from_element(self.r.a.nrows(), 1, 1.0));
        let residual = |x: &M, r: &Reference, b: &M| {
            let (ax, x) = (r.unit() * x.map(|x| x * r.scale()), x.map(|x| x * r.scale()));
            (ax - b).amax() <= 1e-9 * (1.0 + x.amax())
        };
        for (what, got, b) in [("solve", &solution, &b), ("inv", &inverse, &eye)] {
            let psd = self.psd;
            let named = |e: &Error| singular(e) || psd && not_pd(e);
            let (singular, rounding) = (self.r.det.is_none(), self.by_eigenvalues() && !self.r.well());
            // c I + U V^H is inverted at a c that is rounding beside the entries
            let structured = self.name.starts_with("low rank + x I") && self.name.ends_with("1e-200");
            match got {
                Err(e) if self.r.finite && (singular || rounding) && named(e) => {}
                Err(e) if self.r.finite && self.psd && self.r.definite != Some(true) && not_pd(e) => {}
                Ok(_) if self.r.finite && singular && !structured => self.refused(what, got.clone(), named),
                _ if !self.r.finite || !self.r.well() => self.right(what, got.clone(), false, |x, r| residual(x, r, b)),
                _ => {
                    let want = self.r.inverse();
                    let overflows = !want.iter().all(|x| x.is_finite());
                    self.right(what, got.clone(), overflows, |x, _| near(x, &(&want * b), 1e-7));
                }
            }
        }
    }
    /// sqrt, isqrt, pow 1.7, log.
    fn functions(&mut self, [root, inverse_root, power, log]: [cola::Result<M>; 4]) {
        if self.r.finite && self.r.definite == Some(false) {
            for (what, got) in [("sqrt", root), ("isqrt", inverse_root), ("pow", power), ("log", log)] {
                self.refused(what, got, negative);
            }
            return;
        }
        if !self.r.finite || self.r.well() {
            let f = |r: &Reference, f: fn(f64) -> f64| if r.finite { r.spectral(f) } else { M::zeros(0, 0) };
            let want = [
                f(&self.r, f64::sqrt),
                f(&self.r, |w| 1.0 / w.sqrt()),
                f(&self.r, |w| w.powf(1.7)),
                f(&self.r, f64::ln),
            ];
            for ((what, got), want) in
                [("sqrt", root), ("isqrt", inverse_root), ("pow", power), ("log", log)].into_iter().zip(want)
            {
                let overflows = !want.iter().all(|x| x.is_finite());
                self.right(what, got, overflows, |m, _| !overflows && near(m, &want, 1e-7));
            }
            return;
        }
        // a root is determined, negative powers and logarithms of what is rounding beside the largest are not
        self.right("sqrt", root, false, |m, r| {
            let half = m.map(|x| x / r.scale().sqrt());
            near(&(&half * &half), &r.unit(), 1e-7) || r.scale() == 0.0
        });
        let overflows = self.r.scale().powf(1.7).is_infinite();
        self.right("pow", power, overflows, |_, _| true);
        for (what, got) in [("isqrt", inverse_root), ("log", log)] {
            let got = self.finite(what, got, false, |m| m.iter().all(|x| x.is_finite()));
            if let Some(Err(e)) = got
                && !singular(&e)
                && !negative(&e)
            {
                self.complain(what, format!("is another error: {e:?}"));
            }
        }
    }
    fn cholesky(&mut self, got: cola::Result<M>) {
        match (self.r.finite, self.r.definite) {
            (true, None) => {
                let got = self.finite("cholesky", got, false, |_| true);
                if let Some(Err(e)) = got
                    && !not_pd(&e)
                {
                    self.complain("cholesky", format!("is another error: {e:?}"));
                }
            }
            (true, Some(false)) => self.refused("cholesky", got, not_pd),
            _ => self.right("cholesky", got, false, |l, r| {
                let d = r.a.diagonal();
                let l = M::from_fn(l.nrows(), l.ncols(), |i, j| l[(i, j)] / d[i].sqrt());
                let scaled = M::from_fn(l.nrows(), l.nrows(), |i, j| r.a[(i, j)] / d[i].sqrt() / d[j].sqrt());
                (&l * l.transpose() - scaled).amax() <= 1e-10
            }),
        }
    }
    fn hermitian(&mut self, got: cola::Result<[M; 2]>) {
        match self.finite("eigh", got, false, |f| f.iter().flat_map(|m| m.iter()).all(|x| x.is_finite())) {
            Some(Ok([v, w])) => {
                let scale = if self.r.scale() == 0.0 { 1.0 } else { self.r.scale() };
                let d = M::from_diagonal(&w.column(0).map(|w| w / scale));
                let back = (&v * d * v.transpose() - self.r.unit()).amax() < 1e-10;
                let orthogonal = (v.transpose() * &v - M::identity(v.ncols(), v.ncols())).amax() < 1e-10;
                if !back || !orthogonal || !w.as_slice().is_sorted() {
                    self.complain("eigh", format!("is wrong: {} {} of {}", show(&v), show(&w), show(&self.r.a)));
                }
            }
            Some(Err(e)) => self.complain("eigh", format!("is an error: {e:?} of {}", show(&self.r.a))),
            None => {}
        }
    }
}
fn dense<A: LinearOperator<Scalar = f64>>(a: cola::Result<A>) -> cola::Result<M> {
    a.map(|a| a.to_dense())
}
fn column(x: cola::Result<DVector<f64>>) -> cola::Result<M> {
    x.map(|x| M::from_columns(&[x]))
}
impl Honest {
    fn any<A>(&mut self, a: &A)
    where
        A: LinearOperator<Scalar = f64> + Square + HasDet + DiagonalRule + HasExp + HasSvd + HasPinv + HasEig,
        A::Left: LinearOperator<Scalar = f64>,
        A::Right: LinearOperator<Scalar = f64>,
        A::Vectors: LinearOperator<Scalar = Cx<A>>,
        Pinv<A>: LinearOperator<Scalar = f64>,
        Exp<A>: LinearOperator<Scalar = f64>,
    {
        self.psd = <<A::Facts as cola::Facts>::Psd as cola::Fact>::KNOWN;
        self.determinant(a.slogdet());
        let d = a.diagonal().map(|d| M::from_column_slice(d.len(), 1, &d));
        self.diagonal(d, a.trace().map(|t| M::from_element(1, 1, t)));
        self.eigen(a.eig().map(|e| {
            let w = e.eigenvalues();
            (e.eigenvectors().to_dense(), CM::from_column_slice(w.len(), 1, w))
        }));
        self.singular_values(
            a.svd().map(|f| [f.u.to_dense(), M::from_column_slice(f.s.len(), 1, &f.s), f.v.to_dense()]),
        );
        self.exponential(dense(a.exp()));
        self.least_squares(dense(a.pinv()), column(a.lstsq(&DVector::from_element(a.nrows(), 1.0))));
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
        let b = DVector::from_element(a.nrows(), 1.0);
        self.inverse(column(a.solve(&b)), dense(a.inv()));
        for bad in [f64::NAN, f64::INFINITY] {
            let refused = a
                .solve(&(b.clone() * bad))
                .is_err_and(|e| non_finite(&e) || !self.bad && !self.r.finite || self.r.det.is_none());
            assert!(a.nrows() == 0 || refused, "{}: b = {bad}", self.name);
        }
        let long = a.solve(&DVector::from_element(a.nrows() + 1, 1.0));
        let named = long.is_err_and(|e| matches!(e, Error::ShapeMismatch { .. }));
        assert!(named, "{}: b is too long", self.name);
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
        self.functions([dense(a.sqrt()), dense(a.isqrt()), dense(a.pow(1.7)), dense(a.log())]);
        self.cholesky(dense(a.cholesky()));
        assert!(a.pow(f64::NAN).is_err_and(|e| non_finite(&e)), "{}: exponent", self.name);
        self.hermitian(a.eigh().map(|e| {
            let w = e.eigenvalues();
            [e.eigenvectors().to_dense(), M::from_column_slice(w.len(), 1, w)]
        }));
    }
}
/// Shows each structure, made with a bad number x and of size n, to the checks.
macro_rules! all {
    ($complaints:ident; $x:ident, $n:ident; $method:ident: $($name:literal $a:expr, $matrix:expr;)*) => { $( {
        fn one($x: f64, $n: usize) -> Vec<String> {
            let mut h = Honest::new(format!("{} of size {} with {:e}", $name, $n, $x), $matrix, $x);
            let a = $a;
            h.$method(&a);
            h.complaints
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
fn matrix(x: f64, m: usize, n: usize) -> M {
    DMatrix::from_fn(m, n, |i, j| match (i, j) {
        (0, 0) => x,
        _ => (1.0 + i as f64) / (2.0 + j as f64) + if i == j { 2.0 } else { 0.0 },
    })
}
/// (x, 1, .., 1) / |..|, with 1 for an x whose square is no number; not finite where x is not.
fn unit(x: f64, n: usize) -> M {
    let v = M::from_fn(n, n.min(1), |i, _| if i == 0 && !(x.abs() == 1e200 || x.abs() < 1e-100) { x } else { 1.0 });
    if x.is_finite() { v.normalize() } else { v }
}
fn symmetric(x: f64, n: usize) -> M {
    let m = matrix(x, n, n);
    DMatrix::from_fn(n, n, |i, j| m[(i.min(j), i.max(j))])
}
fn no_complaint(complaints: Vec<String>) {
    assert!(complaints.is_empty(), "{} complaints\n{}", complaints.len(), complaints.join("\n"));
}
// definitions
fn diagonals(n: usize, d: &[(isize, Vec<f64>)]) -> M {
    M::from_fn(n, n, |i, j| {
        let on = |(k, d): &(isize, Vec<f64>)| (j as isize - i as isize == *k).then(|| d[i.min(j)]);
        d.iter().find_map(on).unwrap_or(0.0)
    })
}
fn diag(d: Vec<f64>) -> M {
    M::from_diagonal(&DVector::from_vec(d))
}
fn times(a: &M, b: &M) -> M {
    a * b
}
fn outer(u: M, v: M) -> M {
    times(&u, &v.transpose())
}
fn eye(n: usize, c: f64) -> M {
    M::from_diagonal_element(n, n, c)
}
fn kron(a: M, b: M) -> M {
    let (m, n) = b.shape();
    M::from_fn(a.nrows() * m, a.ncols() * n, |i, j| a[(i / m, j / n)] * b[(i % m, j % n)])
}
fn kron_sum(a: M, b: M) -> M {
    let (m, n) = (a.nrows(), b.nrows());
    M::from_fn(m * n, m * n, |i, j| {
        let left = if i % n == j % n { a[(i / n, j / n)] } else { 0.0 };
        let right = if i / n == j / n { b[(i % n, j % n)] } else { 0.0 };
        left + right
    })
}
fn block(a: M, b: M) -> M {
    let (m, n) = a.shape();
    M::from_fn(m + b.nrows(), n + b.ncols(), |i, j| match (i < m, j < n) {
        (true, true) => a[(i, j)],
        (false, false) => b[(i - m, j - n)],
        _ => 0.0,
    })
}
fn blocks(a: M, b: M, c: M, d: M) -> M {
    let (m, n) = a.shape();
    M::from_fn(m + c.nrows(), n + b.ncols(), |i, j| match (i < m, j < n) {
        (true, true) => a[(i, j)],
        (true, false) => b[(i, j - n)],
        (false, true) => c[(i - m, j)],
        (false, false) => d[(i - m, j - n)],
    })
}
fn circulant(c: Vec<f64>) -> M {
    M::from_fn(c.len(), c.len(), |i, j| c[(i + c.len() - j) % c.len()])
}
fn toeplitz(c: Vec<f64>, r: Vec<f64>) -> M {
    M::from_fn(c.len(), r.len(), |i, j| if i >= j { c[i - j] } else { r[j - i] })
}
fn gram(k: impl Fn(f64) -> f64, x: Vec<f64>) -> M {
    M::from_fn(x.len(), x.len(), |i, j| k((x[i] - x[j]).abs()))
}
fn lower(a: M) -> M {
    a.lower_triangle()
}
#[test]
fn leaves() {
    let mut complaints = Vec::new();
    all! { complaints; x, n; regular:
        "tridiagonal" Tridiagonal::new(vector(1.0, n.saturating_sub(1)), vector(x, n), vector(2.0, n.saturating_sub(1))), diagonals(n, &[(0, vector(x, n)), (1, vector(2.0, n.saturating_sub(1))), (-1, vector(1.0, n.saturating_sub(1)))]);
        "banded" Banded::from_diagonals([(0isize, vector(x, n)), (1, vector(0.5, n.saturating_sub(1)))].into_iter().filter(|d| n > d.0 as usize || d.0 == 0)), diagonals(n, &[(0, vector(x, n)), (1, vector(0.5, n.saturating_sub(1)))]);
        "circulant" Circulant::new(vector(x, n)), circulant(vector(x, n));
        "toeplitz" Toeplitz::new(vector(x, n), vector(x, n)), toeplitz(vector(x, n), vector(x, n));
        // no entry of these is a number of the user's
        "dct, type 1" Dct::new::<f64>(1, n), cosines(1, n);
        "dct, type 2" Dct::new::<f64>(2, n), cosines(2, n);
        "dct, type 4" Dct::new::<f64>(4, n), cosines(4, n);
        "dst, type 1" Dst::new::<f64>(1, n), sines(n);
        "hstack" HStack::new(matrix(x, n, n.min(1)), matrix(2.0, n, n - n.min(1))), beside(matrix(x, n, n.min(1)), matrix(2.0, n, n - n.min(1)));
        "vstack" VStack::new(matrix(2.0, n - n.min(1), n), matrix(x, n.min(1), n)), beside(matrix(2.0, n - n.min(1), n).transpose(), matrix(x, n.min(1), n).transpose()).transpose();
        "toeplitz, row" Toeplitz::new(vector(1.0, n), vector(1.0, n).iter().map(|v| v * if n > 1 { x } else { 1.0 }).collect::<Vec<_>>()), toeplitz(vector(1.0, n), vector(1.0, n).iter().map(|v| v * if n > 1 { x } else { 1.0 }).collect());
        "kernel" Kernel::new(Rbf::new(0.5), DMatrix::from_vec(n, 1, vector(x, n))), gram(|d| (-2.0 * d * d).exp(), vector(x, n));
        "kernel, parameter" Kernel::new(Rbf::new(x), DMatrix::from_vec(n, 1, vector(0.0, n))), gram(|d| (-0.5 * (d / x).powi(2)).exp(), vector(0.0, n));
    }
    all! { complaints; x, n; any:
        "low rank" LowRank::new(matrix(x, n, 1), matrix(1.0, n, 1)), outer(matrix(x, n, 1), matrix(1.0, n, 1));
        "low rank, right" LowRank::new(matrix(1.0, n, 2), matrix(x, n, 2)), outer(matrix(1.0, n, 2), matrix(x, n, 2));
        "zero" Zero::<f64, Dyn, Dyn, _>::square(n), M::zeros(n, n);
        // that its columns are orthonormal is a promise: what is finite keeps it
        "projection" Projection::new(unit(x, n)), outer(unit(x, n), unit(x, n));
    }
    no_complaint(complaints);
    for x in BAD {
        for n in [1, 3] {
            let h = Householder::try_new(vector(x, n));
            assert_eq!(h.is_err(), !x.is_finite() || x == 0.0 && n == 1, "{x} of {n}");
        }
    }
    assert!(Circulant::nd(&[2, 2], vec![1.0; 3]).is_err() && Circulant::nd(&[], Vec::<f64>::new()).is_err());
    let grid = |step: f64, len: usize| Grid { start: 0.0, step, len };
    for x in BAD {
        let outside = !(0.0..=3.0).contains(&x);
        let all = [Interpolation::<f64>::linear(grid(1.0, 4), &[x]), Interpolation::cubic(grid(1.0, 4), &[1.0, x])];
        assert!(all.iter().all(|w| w.is_err() == outside), "points {x}");
        assert!(Interpolation::<f64>::linear(grid(x, 4), &[0.0]).is_err() != (x > 0.0 && x.is_finite()), "step {x}");
    }
    assert!(Interpolation::<f64>::linear(grid(1.0, 1), &[0.0]).is_err());
    assert!(Interpolation::<f64>::cubic(grid(1.0, 3), &[0.0]).is_err());
    assert!(Interpolation::<f64>::linear(Grid { start: 0.0, step: 0.0, len: 3 }, &[0.0]).is_err());
    assert!(Dct::try_new::<f64>(9, 3).is_err() && Grid::between(1.0, 1.0, 3).is_err());
}
fn cosines(kind: usize, n: usize) -> M {
    let (pi, m, end) = (core::f64::consts::PI, n as f64, |at: bool| if at { 0.5f64.sqrt() } else { 1.0 });
    M::from_fn(n, n, |k, j| {
        let (x, y) = (k as f64, j as f64);
        match kind {
            1 if n == 1 => 1.0,
            1 => {
                (2.0 / (m - 1.0)).sqrt()
                    * end(k % (n - 1) == 0)
                    * end(j % (n - 1) == 0)
                    * (pi * x * y / (m - 1.0)).cos()
            }
            2 => (2.0 / m).sqrt() * end(k == 0) * (pi * x * (y + 0.5) / m).cos(),
            _ => (2.0 / m).sqrt() * (pi * (x + 0.5) * (y + 0.5) / m).cos(),
        }
    })
}
fn sines(n: usize) -> M {
    let m = n as f64 + 1.0;
    M::from_fn(n, n, |k, j| (2.0 / m).sqrt() * (core::f64::consts::PI * ((k + 1) * (j + 1)) as f64 / m).sin())
}
fn beside(a: M, b: M) -> M {
    M::from_fn(a.nrows(), a.ncols() + b.ncols(), |i, j| if j < a.ncols() { a[(i, j)] } else { b[(i, j - a.ncols())] })
}
/// y_i = x_i^2 / 2 + x_(i+1) / 4, the index modulo n: the Jacobian is diag(x) and a cyclic shift, the Hessian of the sum is I.
struct Bend;
impl VectorFunction for Bend {
    fn eval<T: Real>(&self, x: &[T]) -> Vec<T> {
        let n = x.len();
        (0..n).map(|i| x[i] * x[i] * T::of(0.5) + x[(i + 1) % n] * T::of(0.25)).collect()
    }
}
fn bent(x: f64, n: usize) -> M {
    let v = vector(x, n);
    M::from_fn(n, n, |i, j| if i == j { v[i] } else { 0.0 } + if j == (i + 1) % n { 0.25 } else { 0.0 })
}
/// What refuses some numbers when it is made: as NaN, infinity or a value that is no number; else it answers as the others.
#[test]
fn checked_leaves() {
    let mut complaints = Vec::new();
    for x in BAD {
        // x^2 is no number
        let refused = !x.is_finite() || x == 1e200;
        for n in [0, 1, 3] {
            let point = vector(x, n);
            let name = |what: &str| format!("{what} of size {n} at {x:e}");
            let made = [
                Jacobian::new(Bend, &point).err(),
                Hessian::new(Bend, &point).err(),
                GaussNewton::of(Bend, &point).err(),
                Fisher::new(Bend, &point, Psd::new(symmetric(3.0, n))).err(),
            ];
            let right =
                |e: &Option<Error>| e.as_ref().map_or(n == 0 || !refused, |e| n > 0 && refused && non_finite(e));
            assert!(made.iter().all(right), "{n} numbers with {x}: {made:?}");
            if made[0].is_none() {
                let mut h = Honest::new(name("jacobian"), bent(x, n), x);
                h.regular(&Jacobian::new(Bend, &point).unwrap());
                complaints.extend(h.complaints);
                let mut h = Honest::new(name("hessian"), eye(n, 1.0), x);
                h.regular(&Hessian::new(Bend, &point).unwrap());
                complaints.extend(h.complaints);
                let j = bent(x, n);
                let mut h = Honest::new(name("gauss-newton"), j.transpose() * &j, x);
                h.definite(&GaussNewton::of(Bend, &point).unwrap());
                complaints.extend(h.complaints);
            }
            // the metric is a matrix of the user's
            let metric = Psd::new(symmetric(x, n));
            let j = bent(1.0, n);
            // the sum of three products is symmetric up to rounding
            let m = j.transpose() * symmetric(x, n) * &j;
            let m = M::from_fn(n, n, |i, j| m[(i.min(j), i.max(j))]);
            let mut h = Honest::new(name("fisher, metric"), m, x);
            h.definite(&Fisher::new(Bend, &vector(1.0, n), metric).unwrap());
            complaints.extend(h.complaints);
            if let Ok(reflection) = Householder::try_new(point.clone()) {
                let v = M::from_vec(n, 1, point.clone());
                let v = (&v / v.amax()).normalize();
                let mut h = Honest::new(name("householder"), eye(n, 1.0) - outer(v.clone(), v) * 2.0, x);
                h.regular(&reflection);
                complaints.extend(h.complaints);
            }
        }
        if (0.0..=1.0).contains(&x) {
            let hats = M::from_row_slice(3, 3, &[1.0 - x, x, 0.0, 0.25, 0.75, 0.0, 0.0, 0.5, 0.5]);
            let mut h = Honest::new(format!("interpolation at {x:e}"), hats, x);
            h.regular(&Interpolation::<f64>::linear(Grid { start: 0.0, step: 1.0, len: 3 }, &[x, 0.75, 1.5]).unwrap());
            complaints.extend(h.complaints);
        }
    }
    no_complaint(complaints);
}
/// It has no numbers of its own: those it is applied to, exponents and sizes can be bad.
#[test]
fn fourier() {
    for n in [0, 1, 3] {
        let f = cola::Fourier::<C>::new(n);
        for bad in [f64::NAN, f64::INFINITY] {
            for b in [C::new(bad, 0.0), C::new(0.0, bad)] {
                let refused = f.solve(&DVector::from_element(n, b)).is_err_and(|e| non_finite(&e));
                assert!(refused || n == 0, "{n}: b = {b}");
                let refused = f.lstsq(&DVector::from_element(n, b)).is_err_and(|e| non_finite(&e));
                assert!(refused || n == 0, "{n}: lstsq, b = {b}");
            }
            assert!(f.pow(bad).is_err_and(|e| non_finite(&e)), "{n}: exponent {bad}");
        }
        let long = DVector::from_element(n + 1, C::new(1.0, 0.0));
        assert!(f.solve(&long).is_err_and(|e| matches!(e, Error::ShapeMismatch { .. })), "{n}: b is too long");
        assert!(f.diagonal_k(n as isize + 1).is_err_and(|e| matches!(e, Error::InvalidArgument { .. })));
        let (sign, log) = f.slogdet().unwrap();
        assert!((sign.norm() - 1.0).abs() < 1e-12 && log == 0.0, "{n}: {sign} {log}");
        let close = |a: &CM, b: &CM| a.iter().zip(b.iter()).all(|(x, y)| (x - y).norm() < 1e-12);
        let (exp, log) = (f.exp().unwrap().to_dense(), f.log().unwrap().exp().unwrap().to_dense());
        assert!(close(&log, &f.to_dense()) && exp.iter().all(|x| x.is_finite()), "{n}");
        assert!(close(&(f.inv().unwrap().to_dense() * f.to_dense()), &CM::identity(n, n)), "{n}");
        let e = f.eig().unwrap();
        let (v, w) = (e.eigenvectors().to_dense(), DVector::from_column_slice(e.eigenvalues()));
        assert!(close(&(f.to_dense() * &v), &(&v * CM::from_diagonal(&w))), "{n}");
    }
}
#[test]
fn definite_leaves() {
    let mut complaints = Vec::new();
    all! { complaints; x, n; definite:
        "psd tridiagonal" Psd::new(Tridiagonal::symmetric(vector(x, n), vec![0.5; n.saturating_sub(1)])), diagonals(n, &[(0, vector(x, n)), (1, vec![0.5; n]), (-1, vec![0.5; n])]);
        "psd constant tridiagonal" Psd::new(Tridiagonal::symmetric(vec![x; n], vec![-1.0; n.saturating_sub(1)])), diagonals(n, &[(0, vec![x; n]), (1, vec![-1.0; n]), (-1, vec![-1.0; n])]);
        "psd banded" Psd::new(Banded::from_diagonals([(0isize, vector(x, n)), (2, vec![0.5; n.saturating_sub(2)]), (-2, vec![0.5; n.saturating_sub(2)])].into_iter().filter(|d| n > 2 || d.0 == 0))), diagonals(n, &[(0, vector(x, n)), (2, vec![0.5; n]), (-2, vec![0.5; n])]);
        "psd circulant" Psd::new(Circulant::new(vector(x, n.min(1)))), circulant(vector(x, n.min(1)));
        "psd toeplitz" Psd::new(Toeplitz::symmetric(vector(x, n))), toeplitz(vector(x, n), vector(x, n));
        "psd kernel" Psd::new(Kernel::new(Matern32::new(0.5), DMatrix::from_vec(n, 1, vector(x, n)))), gram(|d| (1.0 + 3f64.sqrt() * d / 0.5) * (-(3f64.sqrt()) * d / 0.5).exp(), vector(x, n));
    }
    no_complaint(complaints);
}
#[test]
fn composites() {
    let mut complaints = Vec::new();
    all! { complaints; x, n; regular:
        "kron_sum" KronSum::new(matrix(x, n, n), matrix(2.0, 2, 2)), kron_sum(matrix(x, n, n), matrix(2.0, 2, 2));
        "kron + c I" dsl::add(Kron::new(matrix(x, n, n), matrix(2.0, 2, 2)), ScaledIdentity::<f64, Dyn, _>::new(0.5, 2 * n)), kron(matrix(x, n, n), matrix(2.0, 2, 2)) + eye(2 * n, 0.5);
        "kron + x I" dsl::add(Kron::new(matrix(1.0, n, n), matrix(2.0, 2, 2)), ScaledIdentity::<f64, Dyn, _>::new(x, 2 * n)), kron(matrix(1.0, n, n), matrix(2.0, 2, 2)) + eye(2 * n, x);
        "kron_sum + c I" dsl::add(KronSum::new(matrix(x, n, n), matrix(2.0, 2, 2)), ScaledIdentity::<f64, Dyn, _>::new(0.5, 2 * n)), kron_sum(matrix(x, n, n), matrix(2.0, 2, 2)) + eye(2 * n, 0.5);
        "kron_sum + x I" dsl::add(KronSum::new(matrix(1.0, n, n), matrix(2.0, 2, 2)), ScaledIdentity::<f64, Dyn, _>::new(x, 2 * n)), kron_sum(matrix(1.0, n, n), matrix(2.0, 2, 2)) + eye(2 * n, x);
        "kron * kron" dsl::mul(Kron::new(matrix(x, n, n), matrix(2.0, 2, 2)), Kron::new(matrix(1.0, n, n), matrix(2.0, 2, 2))), kron(matrix(x, n, n) * matrix(1.0, n, n), matrix(2.0, 2, 2) * matrix(2.0, 2, 2));
        "triangular * triangular" dsl::mul(Triangular::lower(matrix(x, n, n)), Triangular::lower(matrix(1.0, n, n))), lower(matrix(x, n, n)) * lower(matrix(1.0, n, n));
        "hadamard" Hadamard::new(matrix(x, n, n), matrix(1.0, n, n)), matrix(x, n, n).component_mul(&matrix(1.0, n, n));
        "diagonal + low rank" dsl::add(Diagonal::new(vector(x, n)), LowRank::new(matrix(1.0, n, 1), matrix(1.0, n, 1))), diag(vector(x, n)) + outer(matrix(1.0, n, 1), matrix(1.0, n, 1));
        "diagonal + bad low rank" dsl::add(Diagonal::new(vector(1.0, n)), LowRank::new(matrix(x, n, 1), matrix(1.0, n, 1))), diag(vector(1.0, n)) + outer(matrix(x, n, 1), matrix(1.0, n, 1));
        "low rank + x I" dsl::add(LowRank::new(matrix(1.0, n, 1), matrix(1.0, n, 1)), ScaledIdentity::<f64, Dyn, _>::new(x, n)), outer(matrix(1.0, n, 1), matrix(1.0, n, 1)) + eye(n, x);
        "blocks" Blocks::new(Diagonal::new(vector(x, n)), matrix(1.0, n, 1), matrix(1.0, 1, n), matrix(2.0, 1, 1)), blocks(diag(vector(x, n)), matrix(1.0, n, 1), matrix(1.0, 1, n), matrix(2.0, 1, 1));
        "blocks, schur" Blocks::new(Diagonal::new(vector(1.0, n)), matrix(x, n, 1), matrix(1.0, 1, n), matrix(2.0, 1, 1)), blocks(diag(vector(1.0, n)), matrix(x, n, 1), matrix(1.0, 1, n), matrix(2.0, 1, 1));
        "circulant + x I" dsl::add(Circulant::new(vector(1.0, n)), ScaledIdentity::<f64, Dyn, _>::new(x, n)), circulant(vector(1.0, n)) + eye(n, x);
        "kron of" KronOf::new(vec![Dense::new(matrix(x, n, n)), Dense::new(matrix(1.0, 2, 2))]), kron(matrix(x, n, n), matrix(1.0, 2, 2));
        "block_diag of" BlockDiagOf::new(vec![Dense::new(matrix(x, n, n)), Dense::new(matrix(1.0, 2, 2))]), block(matrix(x, n, n), matrix(1.0, 2, 2));
        "product of" ProductOf::new(vec![Dense::new(matrix(x, n, n)), Dense::new(matrix(1.0, n, n))]), matrix(x, n, n) * matrix(1.0, n, n);
    }
    no_complaint(complaints);
}
#[test]
fn definite_composites() {
    let mut complaints = Vec::new();
    all! { complaints; x, n; definite:
        "psd kron_sum" KronSum::new(Psd::new(symmetric(x, n)), Psd::new(symmetric(3.0, 2))), kron_sum(symmetric(x, n), symmetric(3.0, 2));
        "psd kron + c I" dsl::add(
            Kron::new(Psd::new(symmetric(x, n)), Psd::new(symmetric(3.0, 2))),
            ScaledIdentity::<f64, Dyn, NonNegative>::of_size(0.5, 2 * n),
        ), kron(symmetric(x, n), symmetric(3.0, 2)) + eye(2 * n, 0.5);
        "psd kron_sum + c I" dsl::add(
            KronSum::new(Psd::new(symmetric(x, n)), Psd::new(symmetric(3.0, 2))),
            ScaledIdentity::<f64, Dyn, NonNegative>::of_size(0.5, 2 * n),
        ), kron_sum(symmetric(x, n), symmetric(3.0, 2)) + eye(2 * n, 0.5);
        "gram" Gram::<_, ByAdjoint>::new(matrix(x, n, n + 1)), outer(matrix(x, n, n + 1), matrix(x, n, n + 1));
        "congruence" Congruence::new(matrix(x, n, n), Psd::new(symmetric(3.0, n))), matrix(x, n, n) * symmetric(3.0, n) * matrix(x, n, n).transpose();
        "gram + c I" dsl::add(Gram::<_, ByAdjoint>::new(matrix(x, n, 1)), ScaledIdentity::<f64, Dyn, NonNegative>::of_size(0.5, n)), outer(matrix(x, n, 1), matrix(x, n, 1)) + eye(n, 0.5);
        "hadamard of psd" Hadamard::new(Psd::new(symmetric(x, n)), Psd::new(symmetric(3.0, n))), symmetric(x, n).component_mul(&symmetric(3.0, n));
    }
    no_complaint(complaints);
}
