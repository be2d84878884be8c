//! Decompositions that a user asks for by name in a `_with` call: [`Qr`], [`Svd`], [`Eig`], and what [`Eigh`] and the factorisations of
//! [`direct`](super::direct) do besides. Of the dense matrix, whatever the structure.

use super::direct::{Cholesky, DetAlgorithm, Eigh, FunctionAlgorithm, Ldlt, Lu, report};
use crate::algorithms::dense as kernels;
use crate::algorithms::krylov::{LeastSquares, Report, SolveAlgorithm};
use crate::data::{Held, MatrixData, Panel};
use crate::error::{Error, Result, check};
use crate::facts::{Fact, Facts, NoFacts, PsdOf, SelfAdjointFacts, SelfAdjointOf};
use crate::functions::base::materialize;
use crate::functions::dense::{ByBunchKaufman, ByLdl, ByLu, DenseSpectral, FactorMethod, Factored, dense_eigh, finite};
use crate::functions::det::{logdet_of, slog_product};
use crate::functions::eig::{DenseEigenvectors, dense_eig};
use crate::functions::inverse::apply_checked;
use crate::functions::pinv::{DensePinv, dense_pinv, pinv_of_svd};
use crate::functions::svd::{DenseSvd, dense_svd, panel};
use crate::functions::{EigFactors, Power};
use crate::operator::LinearOperator;
use crate::operator::short::{Co, Re, Ro, Sc};
use crate::ops::Dense;
use crate::scalar::{Mask, Real, Scalar};
use crate::view::{View, ViewMut};
use num_traits::{One, Zero};

/// An algorithm for sign and logarithm of determinants.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no algorithm for signs of determinants",
    label = "no sign by this"
)]
pub trait SlogdetAlgorithm<A: LinearOperator> {
    /// (sign, log|det A|).
    ///
    /// # Errors
    /// Those of the factorisation.
    fn slogdet(&self, a: &A) -> Result<(Sc<A>, Re<A>)>;
}
/// logdet of what has a slogdet.
macro_rules! logdet_by_slogdet {
    ($S:ident, $($bound:tt)*) => {
        impl<A: LinearOperator> DetAlgorithm<A> for $S where $($bound)* {
            type Logdet = Sc<A>;
            fn logdet(&mut self, a: &A) -> Result<Sc<A>> {
                logdet_of(SlogdetAlgorithm::slogdet(self, a)?).map(Sc::<A>::from_re)
            }
        }
    };
}
logdet_by_slogdet!(Svd, A: LinearOperator);
logdet_by_slogdet!(Eig, A: LinearOperator);
logdet_by_slogdet!(Eigh, <A::Facts as Facts>::SelfAdjoint: SelfAdjointOf<A>);
/// Sign and logarithm by a factorisation.
macro_rules! slogdet_by_factors {
    ($($S:ident, $Method:ty, $($bound:ty: $Demand:path)?;)*) => { $(
        impl<A: LinearOperator> SlogdetAlgorithm<A> for $S where $($bound: $Demand)? {
            fn slogdet(&self, a: &A) -> Result<(Sc<A>, Re<A>)> {
                <$Method>::slogdet_of(materialize("slogdet", a)?)
            }
        }
    )* };
}
slogdet_by_factors! {
    Cholesky, ByLdl, <A::Facts as Facts>::Psd: PsdOf<A>;
    Ldlt, ByBunchKaufman, <A::Facts as Facts>::SelfAdjoint: SelfAdjointOf<A>;
    Lu, ByLu, ;
}
/// An algorithm for pseudo-inverses.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no algorithm for pseudo-inverses",
    label = "no pseudo-inverse by this"
)]
pub trait PinvAlgorithm<A: LinearOperator> {
    /// The result.
    type Output: LinearOperator<Scalar = Sc<A>>;
    /// A^+.
    ///
    /// # Errors
    /// Those of the decomposition.
    fn pinv(&self, a: &A) -> Result<Self::Output>;
}

/// Householder QR of the dense matrix: linear systems and least squares with independent columns, 2n^2(m - n/3).
///
/// ```
/// # use cola_core::prelude::*;
/// let line = Dense::new(nalgebra::dmatrix![1.0, 0.0; 1.0, 1.0; 1.0, 2.0]);
/// let s = line.lstsq_with(Qr, &vec![1.0, 3.0, 5.0])?;
/// assert!((s.x[0] - 1.0).abs() < 1e-14 && (s.x[1] - 2.0).abs() < 1e-14);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Qr;
/// x of the first n rows, by QR; each lane needs its own reflections, so lanes are refused.
fn by_qr<T: Scalar>(a: View<'_, T>, b: View<'_, T>, x: &mut ViewMut<'_, T>) -> Result<()> {
    if T::LANES > 1 {
        return Err(Error::invalid("QR serves single numbers, not lanes; `lstsq` without an algorithm serves lanes"));
    }
    let m = a.rows;
    let mut y: Vec<T> = (0..m * b.cols).map(|i| b.at(i % m.max(1), i / m.max(1))).collect();
    kernels::lstsq(a, ViewMut::matrix(&mut y, m, b.cols))?;
    for c in 0..b.cols {
        (0..a.cols).for_each(|i| *x.at(i, c) = y[i + m * c]);
    }
    Ok(())
}
impl<A: LinearOperator> SolveAlgorithm<A> for Qr {
    fn solve(&mut self, a: &A, b: View<'_, Sc<A>>, mut x: ViewMut<'_, Sc<A>>) -> Result<Report> {
        by_qr(materialize("QR", a)?.view(), b, &mut x)?;
        report("QR", a, b, x.as_view())
    }
}
impl<A: LinearOperator> LeastSquares<A> for Qr {
    fn least_squares(&mut self, a: &A, b: View<'_, Sc<A>>, mut x: ViewMut<'_, Sc<A>>) -> Result<Report> {
        by_qr(panel("lstsq", a)?.view(), b, &mut x)?;
        report("QR", a, b, x.as_view())
    }
}

/// Singular values of the dense matrix, 6mn^2 + 20n^3: whatever the rank is.
///
/// ```
/// # use cola_core::prelude::*;
/// let a = Dense::new(nalgebra::dmatrix![1.0, 0.0; 0.0, 1e-9]);
/// // noise of 1e-6 hides the second singular value
/// let p = a.pinv_with(Svd::default().rank_tol(1e-6))?;
/// assert_eq!(p.to_dense()[(1, 1)], 0.0);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Svd {
    rank_tol: Option<f64>,
}
impl Svd {
    /// Singular values up to this part of the largest count as 0. Default: eps max(m, n).
    pub fn rank_tol(mut self, tol: f64) -> Self {
        self.rank_tol = Some(tol);
        self
    }
    fn tol<R: Real>(&self, size: usize) -> Result<R> {
        match self.rank_tol {
            Some(tol) if !(0.0..1.0).contains(&tol) => {
                Err(Error::invalid(format!("rank_tol: a part of the largest singular value, in 0..1, not {tol}")))
            }
            Some(tol) => Ok(R::real(tol)),
            None => Ok(R::epsilon() * R::real(size as f64)),
        }
    }
}
impl<A: LinearOperator> PinvAlgorithm<A> for Svd {
    type Output = DensePinv<Sc<A>, Ro<A>, Co<A>, A::Facts>;
    fn pinv(&self, a: &A) -> Result<Self::Output> {
        let tol = self.tol(a.nrows().max(a.ncols()))?;
        pinv_of_svd::<A::Facts, _, _, _>(dense_svd(&panel("pinv", a)?)?, tol)
    }
}
impl<A: LinearOperator> LeastSquares<A> for Svd {
    fn least_squares(&mut self, a: &A, b: View<'_, Sc<A>>, mut x: ViewMut<'_, Sc<A>>) -> Result<Report> {
        apply_checked(&PinvAlgorithm::pinv(self, a)?, b, x.reborrow())?;
        report("SVD", a, b, x.as_view())
    }
}
impl<A: LinearOperator> SolveAlgorithm<A> for Svd {
    fn solve(&mut self, a: &A, b: View<'_, Sc<A>>, mut x: ViewMut<'_, Sc<A>>) -> Result<Report> {
        let n = a.nrows();
        let f = dense_svd(&panel("SVD", a)?)?;
        let tol = self.tol::<Re<A>>(n)?;
        if let Some(largest) = f.s.first() {
            let regular = (*largest * tol).lt(f.s[n - 1]);
            check::<Sc<A>>(regular, |_| Error::Singular { index: n - 1 })?;
        }
        apply_checked(&pinv_of_svd::<A::Facts, _, _, _>(f, tol)?, b, x.reborrow())?;
        report("SVD", a, b, x.as_view())
    }
}
/// |det A| is the product of the singular values, its sign det U conj(det V).
impl<A: LinearOperator> SlogdetAlgorithm<A> for Svd {
    fn slogdet(&self, a: &A) -> Result<(Sc<A>, Re<A>)> {
        let (u, s, v) = dense_svd(&materialize("SVD", a)?)?.into_parts();
        let (_, log) = slog_product(s.iter().map(|&s| Sc::<A>::from_re(s)));
        let sign = |x: Panel<Sc<A>, Ro<A>, _>| ByLu::slogdet_of::<Sc<A>, Ro<A>>(Held::copy(x.view()));
        let (su, sv) = (sign(u.into_inner().0)?.0, sign(v.into_inner().0)?.0);
        let regular = Re::<A>::of(f64::NEG_INFINITY).lt(log);
        Ok((Sc::<A>::select(regular, su * sv.conj(), Sc::<A>::zero()), log))
    }
}

/// Eigenvalues and right eigenvectors of the dense matrix by Hessenberg QR, 25n^3, whatever is known of it. Functions are V f(w) V^-1
/// and refused where V is too ill-conditioned for half of the digits: [`Schur`](super::direct::Schur) serves there.
#[derive(Clone, Copy, Debug, Default)]
pub struct Eig;
impl<A: LinearOperator> SlogdetAlgorithm<A> for Eig {
    fn slogdet(&self, a: &A) -> Result<(Sc<A>, Re<A>)> {
        let (_, w) = dense_eig::<NoFacts, _, _>(materialize("eig", a)?)?.into_parts();
        let (sign, log) = slog_product(w.iter().copied());
        Ok((from_complex(sign), log))
    }
}
/// The number itself, or its real part where numbers are real; a real sign is exact.
fn from_complex<T: Scalar>(z: T::Complex) -> T {
    match <T::IsReal as Fact>::KNOWN {
        true => {
            let one = z.abs() - z.abs().scale(z.abs());
            let re = z.re();
            // a phase of a real determinant is 1 or -1, to rounding
            let unit = one.abs().lt(T::Re::real(1e-2)) & T::Re::real(0.5).lt(z.abs());
            let sign = T::Re::select(re.lt(T::Re::zero()), -T::Re::one(), T::Re::one());
            T::from_re(T::Re::select(unit, sign, re))
        }
        false => T::from_re(z.re()) + T::from_re(z.im()) * T::of(-1.0).sqrt(),
    }
}
impl Eig {
    fn function<A: LinearOperator>(
        op: &'static str,
        a: &A,
        f: impl Fn(<Sc<A> as Scalar>::Complex) -> <Sc<A> as Scalar>::Complex,
        // what fails on the negative axis where numbers are real, and at 0
        (cut, pole): (bool, bool),
    ) -> Result<Dense<Held<Sc<A>, Ro<A>>>> {
        type Cx<A> = <Sc<A> as Scalar>::Complex;
        let e = dense_eig::<NoFacts, _, _>(materialize(op, a)?)?;
        let condition = e.condition()?;
        let limit = 1.0 / Re::<A>::epsilon().lane_f64(0).sqrt();
        if condition > limit {
            return Err(Error::invalid(format!(
                "{op} by eigenvectors: their condition number is {condition:.1e}, above {limit:.1e}, the matrix is nearly defective; \
                 ask for the Schur method: `.{op}_with(Schur::default())`"
            )));
        }
        let (v, w) = e.into_parts();
        let n = v.0.n;
        let largest = w.iter().fold(Re::<A>::zero(), |m, w| m.max(w.abs()));
        let tol = largest * Re::<A>::epsilon() * Re::<A>::real(10.0 * n as f64);
        let mut scaled = v.0.clone();
        for (j, &w) in w.iter().enumerate() {
            let negative = w.re().lt(-tol) & !tol.lt(w.im().abs());
            let refused = <<Sc<A> as Scalar>::IsReal as Fact>::KNOWN && cut;
            let fine = if refused { !negative } else { <Sc<A> as Scalar>::Mask::splat(true) };
            check::<Sc<A>>(fine, |l| Error::NegativeEigenvalue { value: w.re().lane_f64(l), tol: tol.lane_f64(l) })?;
            let zero = !tol.lt(w.abs());
            check::<Sc<A>>(if pole { !zero } else { fine }, |_| Error::Singular { index: j })?;
            // rounding moves a real eigenvalue 0 across the cut
            let w = Cx::<A>::select(zero & !fine, Cx::<A>::zero(), w);
            (0..n).for_each(|i| scaled.set(i, j, scaled.at(i, j) * f(w)));
        }
        // F V = V f(w): V^H F^H = (V f(w))^H
        let adjoint = |m: &Held<Cx<A>, Ro<A>>| {
            let mut h = Held::<Cx<A>, Ro<A>>::filled(n, Cx::<A>::zero());
            (0..n * n).for_each(|k| h.set(k % n, k / n, m.at(k / n, k % n).conj()));
            h
        };
        let inverse = Factored::<Cx<A>, Ro<A>, ByLu>::new(adjoint(&v.0))?;
        let mut h = Held::<Cx<A>, Ro<A>>::filled(n, Cx::<A>::zero());
        apply_checked(&inverse, adjoint(&scaled).view(), h.view_mut())?;
        let mut out = Held::filled(n, Sc::<A>::zero());
        let number = |z: Cx<A>| match <<Sc<A> as Scalar>::IsReal as Fact>::KNOWN {
            true => Sc::<A>::from_re(z.re()),
            false => from_complex::<Sc<A>>(z),
        };
        (0..n * n).for_each(|k| out.set(k % n, k / n, number(h.at(k / n, k % n).conj())));
        finite(out.as_slice(), "the function: it overflowed")?;
        Ok(Dense(out))
    }
}
impl<A: LinearOperator> FunctionAlgorithm<A> for Eig {
    type Output = Dense<Held<Sc<A>, Ro<A>>>;
    fn power(&self, a: &A, p: Power) -> Result<Self::Output> {
        let p = p.checked()?;
        Eig::function("pow", a, |w| p.of(w), (!p.is_integer(), p.exponent() < 0.0))
    }
    fn exp(&self, a: &A) -> Result<Self::Output> {
        Eig::function("exp", a, |w| w.exp(), (false, false))
    }
    fn log(&self, a: &A) -> Result<Self::Output> {
        Eig::function("log", a, |w| w.ln(), (true, true))
    }
}

impl<A: LinearOperator> SolveAlgorithm<A> for Eigh
where
    <A::Facts as Facts>::SelfAdjoint: SelfAdjointOf<A>,
{
    fn solve(&mut self, a: &A, b: View<'_, Sc<A>>, mut x: ViewMut<'_, Sc<A>>) -> Result<Report> {
        let inverse: DenseSpectral<Sc<A>, Ro<A>> = dense_eigh(materialize("eigh", a)?)?.power(Power::Real(-1.0))?;
        apply_checked(&inverse, b, x.reborrow())?;
        report("eigh", a, b, x.as_view())
    }
}
impl<A: LinearOperator> SlogdetAlgorithm<A> for Eigh
where
    <A::Facts as Facts>::SelfAdjoint: SelfAdjointOf<A>,
{
    fn slogdet(&self, a: &A) -> Result<(Sc<A>, Re<A>)> {
        let e = dense_eigh(materialize("eigh", a)?)?;
        Ok(slog_product(e.eigenvalues().iter().map(|&w| Sc::<A>::from_re(w))))
    }
}
impl<A: LinearOperator> PinvAlgorithm<A> for Eigh
where
    <A::Facts as Facts>::SelfAdjoint: SelfAdjointOf<A>,
{
    type Output = DensePinv<Sc<A>, Ro<A>, Ro<A>, A::Facts>;
    fn pinv(&self, a: &A) -> Result<Self::Output> {
        dense_pinv::<A::Facts, _>(&materialize("pinv", a)?)
    }
}
/// The pseudo-inverse of a regular matrix by a factorisation: its inverse.
macro_rules! regular {
    ($($S:ident, $Method:ty, $Fact:ident, $Demand:ident;)*) => { $(
        impl<A: LinearOperator> PinvAlgorithm<A> for $S
        where
            <A::Facts as Facts>::$Fact: $Demand<A>,
        {
            type Output = Factored<Sc<A>, Ro<A>, $Method>;
            fn pinv(&self, a: &A) -> Result<Self::Output> {
                Factored::new(materialize("pinv", a)?)
            }
        }
    )* };
}
regular! {
    Cholesky, ByLdl, Psd, PsdOf;
    Ldlt, ByBunchKaufman, SelfAdjoint, SelfAdjointOf;
}
impl<A: LinearOperator> PinvAlgorithm<A> for Lu {
    type Output = Factored<Sc<A>, Ro<A>, ByLu>;
    fn pinv(&self, a: &A) -> Result<Self::Output> {
        Factored::new(materialize("pinv", a)?)
    }
}

/// An algorithm for A V = V diag(w).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no algorithm for eigenvectors",
    label = "no eigenvectors by this"
)]
pub trait EigAlgorithm<A: LinearOperator> {
    /// Eigenvalues and right eigenvectors.
    ///
    /// # Errors
    /// Those of the decomposition.
    fn eig(&self, a: &A) -> Result<EigFactors<DenseEigenvectors<Sc<A>, Ro<A>>>>;
}
impl<A: LinearOperator> EigAlgorithm<A> for Eig {
    fn eig(&self, a: &A) -> Result<EigFactors<DenseEigenvectors<Sc<A>, Ro<A>>>> {
        dense_eig::<NoFacts, _, _>(materialize("eig", a)?)
    }
}
impl<A: LinearOperator> EigAlgorithm<A> for Eigh
where
    <A::Facts as Facts>::SelfAdjoint: SelfAdjointOf<A>,
{
    fn eig(&self, a: &A) -> Result<EigFactors<DenseEigenvectors<Sc<A>, Ro<A>>>> {
        dense_eig::<SelfAdjointFacts, _, _>(materialize("eig", a)?)
    }
}
/// The dense SVD of `a`.
pub(crate) fn svd_of<A: LinearOperator>(a: &A) -> Result<DenseSvd<Sc<A>, Ro<A>, Co<A>>> {
    dense_svd(&panel("svd", a)?)
}
/// The dense eigen-decomposition of `a`.
pub(crate) fn eigh_of<A: LinearOperator>(a: &A) -> Result<DenseSpectral<Sc<A>, Ro<A>>> {
    dense_eigh(materialize("eigh", a)?)
}
