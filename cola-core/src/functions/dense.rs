//! Functions of a dense square matrix, chosen by fact: the one place that says which factorisation serves which fact.

use crate::algorithms::dense as kernels;
use crate::data::{Column, Held};
use crate::dsl::Class;
use crate::error::{Error, Result, check, failure};
use crate::facts::{AnyPhase, AnySign, Facts, Known, NoFacts, PsdFacts, SelfAdjointFacts, Sign, Unknown};
use crate::functions::Power;
use crate::functions::det::{Det, log_product, slog_product};
use crate::functions::factor::LuFactors;
use crate::operator::{LinearOperator, with_scratch};
use crate::ops::{Dense, DenseTriangular, Lower, Permutation, Spectral, Triangular, Unitary, Upper};
use crate::scalar::{Mask, Real, Scalar, all_finite, mark, sum_finite};
use crate::space::{Const, Space};
use crate::view::{View, ViewMut};
use core::marker::PhantomData;
use num_traits::Zero;

/// How a dense matrix is factored.
pub trait FactorMethod: Copy + Send + Sync + 'static {
    /// For plans.
    const NAME: &'static str;
    /// For plans: floating-point operations.
    const COST: &'static str;
    /// The iteration that serves a large operator with the same facts.
    const KRYLOV: crate::algorithms::krylov::Kind;
    /// What is known of the inverse.
    type Facts: Facts;
    /// The factors.
    type Factor<T: Scalar, S: Space>: Clone;
    /// Factors A.
    ///
    /// # Errors
    /// `NotPositiveDefinite` or `Singular`, `NonFinite`.
    fn factor<T: Scalar, S: Space>(a: Held<T, S>) -> Result<Self::Factor<T, S>>;
    /// x = A^-1 x (or A^-H x) for `columns` columns without gaps; `scratch` has n numbers, or none where the size is static.
    fn solve<T: Scalar, S: Space>(
        f: &Self::Factor<T, S>,
        adjoint: bool,
        x: &mut [T],
        columns: usize,
        scratch: &mut [T],
    );
    /// True where [`solve_view`](Self::solve_view) serves.
    #[inline(always)]
    fn solves_views<T: Scalar, S: Space>(_n: usize, _columns: usize) -> bool {
        false
    }
    /// x = A^-1 x (or A^-H x) in place of a strided view, where [`solves_views`](Self::solves_views) says so.
    #[inline(always)]
    fn solve_view<T: Scalar, S: Space>(_f: &Self::Factor<T, S>, _adjoint: bool, _x: ViewMut<'_, T>) {}
    /// (sign, log|det A|) from the factors.
    fn slogdet<T: Scalar, S: Space>(f: &Self::Factor<T, S>) -> (T, T::Re);
    /// (sign, log|det A|); a singular matrix is no error but (0, -inf).
    ///
    /// # Errors
    /// `NotPositiveDefinite` where PSD was promised, `NonFinite`.
    fn slogdet_of<T: Scalar, S: Space>(a: Held<T, S>) -> Result<(T, T::Re)>;
    /// As `factor` of a copy. What goes wrong is found out from the matrix where it lies, so that the good path keeps nothing for it.
    ///
    /// # Errors
    /// As `factor`.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn factor_view<T: Scalar, S: Space>(a: View<'_, T>) -> Result<Self::Factor<T, S>> {
        Self::factor(Held::copy(a))
    }
    /// As `slogdet_of` of a copy, the logarithm still open.
    ///
    /// # Errors
    /// As `slogdet_of`.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn det_view<T: Scalar, S: Space>(a: View<'_, T>) -> Result<Det<T>> {
        let (sign, log) = Self::slogdet_of(Held::<T, S>::copy(a))?;
        Ok(Det::of(sign, log))
    }
    /// A again.
    fn rebuild<T: Scalar, S: Space>(f: &Self::Factor<T, S>) -> Held<T, S>;
}

const fn fixed<S: Space>() -> bool {
    S::EXTENT.is_static()
}
/// Scratch of n numbers: the caller's, or, where it has none because the size is static, on the stack.
#[cfg_attr(not(debug_assertions), inline(always))]
fn with_rest<T: Scalar, S: Space, R>(n: usize, scratch: &mut [T], f: impl FnOnce(&mut [T]) -> R) -> R {
    if fixed::<S>() { with_scratch(n, f) } else { f(&mut scratch[..n]) }
}
/// `f` on K n x n zeros: of a static size on the stack, up to 64 KiB (of 7 squares 34 x 34 doubles, 12 x 12 in 8 lanes).
pub(crate) fn with_workspace<T: Scalar, S: Space, R, const K: usize>(n: usize, f: impl FnOnce(&mut [T]) -> R) -> R {
    const STACK: usize = 64 << 10;
    let len = K * n * n;
    if fixed::<S>() && len * size_of::<T>() <= STACK {
        return with_static_workspace::<T, S, R, K>(f);
    }
    f(&mut vec![T::zero(); len])
}
/// A function of its own: what it has on the stack is there for nobody else.
#[inline(never)]
fn with_static_workspace<T: Scalar, S: Space, R, const K: usize>(f: impl FnOnce(&mut [T]) -> R) -> R {
    type Room<S, const K: usize> = <<S as Space>::Times<S> as Space>::Times<Const<K>>;
    f(&mut Column::<T, Room<S, K>>::filled(0, T::zero()))
}
/// Refuses NaN and infinity at the door.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(crate) fn finite<T: Scalar>(a: &[T], place: &'static str) -> Result<()> {
    match sum_finite(a).all() {
        true => Ok(()),
        false => failure::<T, _>(
            #[inline(always)]
            || check::<T>(all_finite(a), move |_| Error::non_finite(place)),
        ),
    }
}

/// Zero, or NaN in the lanes where a number above the diagonal is NaN or infinite, or where their sum overflows.
#[cfg_attr(not(debug_assertions), inline(always))]
fn upper_mark<T: Scalar>(n: usize, a: &[T]) -> T::Re {
    // -0 + x is x, to the compiler too. One chain: it is shorter than that of the pivots beside it, and two are shuffled into vectors.
    let mut s = T::from_re(-T::Re::zero());
    for j in 1..n {
        for i in 0..j {
            s += a[i + j * n];
        }
    }
    mark(s)
}
/// What the report reads of L and the matrix: of one number not L, which the good path then need not keep at hand.
#[inline(always)]
fn for_report<T: Scalar, S: Space>(l: &Held<T, S>) -> Held<T, S> {
    if T::LANES > 1 {
        return l.clone();
    }
    let mut a = Held::filled(l.order(), T::zero());
    for j in 0..l.order() {
        for i in 0..=j {
            a.set(i, j, l.at(i, j));
        }
    }
    a
}
#[cold]
#[inline(never)]
fn not_positive<T: Scalar, S: Space>(a: Held<T, S>, d: Column<T::Re, S>, ok: T::Mask) -> Result<()> {
    let n = a.order();
    let above = (0..n * n).filter(|i| i % n < i / n).fold(T::Re::zero(), |s, i| s + mark(a.as_slice()[i]));
    check::<T>(above.finite(), |_| Error::non_finite("the matrix"))?;
    let outcome = kernels::ldl_outcome(n, a.as_slice(), &d, ok, upper_mark(n, a.as_slice()).finite());
    outcome.result(|index, pivot| Error::NotPositiveDefinite { index, pivot })
}

/// The factors, and whether all is well with them.
#[cfg_attr(not(debug_assertions), inline(always))]
fn small_ldl<T: Scalar, S: Space>(mut l: Held<T, S>) -> (LdlFactor<T, S>, T::Mask) {
    let (n, mut d) = (l.order(), Column::filled(l.order(), T::Re::zero()));
    // NaN and infinity below the diagonal reach a pivot, above it nobody looks: tested together with the first pivot
    let mark = upper_mark(n, l.as_slice());
    let ok = kernels::ldl_small(n, l.as_mut_slice(), &mut d, mark);
    (LdlFactor { l, d }, ok)
}
#[cold]
#[inline(never)]
fn factor_again<T: Scalar, S: Space>(a: View<'_, T>) -> Result<()> {
    ByLdl::factor::<T, S>(Held::copy(a)).map(|_| ())
}

/// Root-free A = L D L^H, for PSD. (Golub & Van Loan, 4th ed., 4.1.2.)
#[derive(Clone, Copy, Debug)]
pub struct ByLdl;
/// L below the diagonal, and D.
pub struct LdlFactor<T: Scalar, S: Space> {
    pub(crate) l: Held<T, S>,
    pub(crate) d: Column<T::Re, S>,
}
impl<T: Scalar, S: Space> Clone for LdlFactor<T, S> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn clone(&self) -> Self {
        LdlFactor { l: self.l.clone(), d: self.d.clone() }
    }
}
impl FactorMethod for ByLdl {
    const NAME: &'static str = "LDL^H";
    const COST: &'static str = "n^3/3";
    const KRYLOV: crate::algorithms::krylov::Kind = crate::algorithms::krylov::Kind::Psd;
    type Facts = PsdFacts;
    type Factor<T: Scalar, S: Space> = LdlFactor<T, S>;
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn factor<T: Scalar, S: Space>(mut l: Held<T, S>) -> Result<LdlFactor<T, S>> {
        if fixed::<S>() && l.order() <= kernels::UNROLL {
            let (f, ok) = small_ldl(l);
            if !ok.all() {
                // a copy: a reference would keep the factors in memory on the good path
                failure::<T, _>(
                    #[inline(always)]
                    || not_positive(for_report(&f.l), f.d.clone(), ok),
                )?;
            }
            return Ok(f);
        }
        finite(l.as_slice(), "the matrix")?;
        let mut d = Column::filled(l.order(), T::Re::zero());
        let outcome = kernels::ldl(l.order(), false, l.as_mut_slice(), &mut d);
        outcome.result(|index, pivot| Error::NotPositiveDefinite { index, pivot })?;
        Ok(LdlFactor { l, d })
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn factor_view<T: Scalar, S: Space>(a: View<'_, T>) -> Result<LdlFactor<T, S>> {
        if !(fixed::<S>() && a.rows <= kernels::UNROLL) {
            return Self::factor(Held::copy(a));
        }
        let (f, ok) = small_ldl(Held::copy(a));
        if !ok.all() {
            failure::<T, _>(
                #[inline(always)]
                || factor_again::<T, S>(a),
            )?;
        }
        Ok(f)
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn solve<T: Scalar, S: Space>(f: &LdlFactor<T, S>, _: bool, x: &mut [T], columns: usize, _: &mut [T]) {
        kernels::ldl_solve(f.l.order(), fixed::<S>(), f.l.as_slice(), &f.d, x, columns)
    }
    #[inline(always)]
    fn solves_views<T: Scalar, S: Space>(n: usize, columns: usize) -> bool {
        kernels::solves_views::<T>(n, fixed::<S>(), columns)
    }
    #[inline(always)]
    fn solve_view<T: Scalar, S: Space>(f: &LdlFactor<T, S>, _: bool, x: ViewMut<'_, T>) {
        kernels::ldl_solve_view(f.l.order(), f.l.as_slice(), &f.d, x)
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn slogdet<T: Scalar, S: Space>(f: &LdlFactor<T, S>) -> (T, T::Re) {
        (T::one(), log_product(&f.d))
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn slogdet_of<T: Scalar, S: Space>(mut a: Held<T, S>) -> Result<(T, T::Re)> {
        if fixed::<S>() && a.order() <= kernels::UNROLL {
            return Ok(Det::of_pivots(&Self::factor(a)?.d).slog());
        }
        finite(a.as_slice(), "the matrix")?;
        let mut d = Column::<T::Re, S>::filled(a.order(), T::Re::zero());
        let outcome = kernels::ldl_pivots(a.order(), fixed::<S>(), a.as_mut_slice(), &mut d);
        outcome.result(|index, pivot| Error::NotPositiveDefinite { index, pivot })?;
        Ok((T::one(), log_product(&d)))
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn det_view<T: Scalar, S: Space>(a: View<'_, T>) -> Result<Det<T>> {
        if fixed::<S>() && a.rows <= kernels::UNROLL {
            return Ok(Det::of_pivots(&Self::factor_view::<T, S>(a)?.d));
        }
        let (sign, log) = Self::slogdet_of(Held::<T, S>::copy(a))?;
        Ok(Det::of(sign, log))
    }
    fn rebuild<T: Scalar, S: Space>(f: &LdlFactor<T, S>) -> Held<T, S> {
        let (n, l) = (f.l.order(), |i: usize, k: usize| if i == k { T::one() } else { f.l.at(i, k) });
        let mut a = Held::filled(n, T::zero());
        for j in 0..n {
            for i in j..n {
                let v = (0..=j).fold(T::zero(), |s, k| s + l(i, k).scale(f.d[k]) * l(j, k).conj());
                a.set(i, j, v);
                a.set(j, i, v.conj());
            }
        }
        a
    }
}

/// P A = L U with partial pivoting, for everything else. (Golub & Van Loan 3.4.)
#[derive(Clone, Copy, Debug)]
pub struct ByLu;
/// L and U packed, the order of the rows, the sign of that order.
pub struct LuFactor<T: Scalar, S: Space> {
    pub(crate) lu: Held<T, S>,
    pub(crate) perm: Column<T::Re, S>,
    pub(crate) sign: T,
}
impl<T: Scalar, S: Space> Clone for LuFactor<T, S> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn clone(&self) -> Self {
        LuFactor { lu: self.lu.clone(), perm: self.perm.clone(), sign: self.sign }
    }
}
impl<T: Scalar, S: Space> LuFactor<T, S> {
    /// The factors with the outcome still open: a singular matrix has them too.
    #[inline(always)]
    pub(crate) fn new(mut lu: Held<T, S>) -> Result<(Self, crate::error::Outcome<T>)> {
        finite(lu.as_slice(), "the matrix")?;
        let mut perm = Column::filled(lu.order(), T::Re::zero());
        let (outcome, sign) = kernels::lu(lu.order(), fixed::<S>(), lu.as_mut_slice(), &mut perm);
        Ok((LuFactor { lu, perm, sign }, outcome))
    }
}
impl FactorMethod for ByLu {
    const NAME: &'static str = "LU with partial pivoting";
    const COST: &'static str = "2n^3/3";
    const KRYLOV: crate::algorithms::krylov::Kind = crate::algorithms::krylov::Kind::General;
    type Facts = NoFacts;
    type Factor<T: Scalar, S: Space> = LuFactor<T, S>;
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn factor<T: Scalar, S: Space>(a: Held<T, S>) -> Result<LuFactor<T, S>> {
        let (f, outcome) = LuFactor::new(a)?;
        outcome.result(|index, _| Error::Singular { index })?;
        Ok(f)
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn solve<T: Scalar, S: Space>(f: &LuFactor<T, S>, adjoint: bool, x: &mut [T], columns: usize, scratch: &mut [T]) {
        let n = f.lu.order();
        with_rest::<T, S, _>(
            n,
            scratch,
            #[inline(always)]
            |s| kernels::lu_solve(n, fixed::<S>(), f.lu.as_slice(), &f.perm, adjoint, x, columns, s),
        )
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn slogdet<T: Scalar, S: Space>(f: &LuFactor<T, S>) -> (T, T::Re) {
        let (sign, log) = slog_product((0..f.lu.n).map(|i| f.lu.at(i, i)));
        (sign * f.sign, log)
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn slogdet_of<T: Scalar, S: Space>(a: Held<T, S>) -> Result<(T, T::Re)> {
        let (f, outcome) = LuFactor::new(a)?;
        let (sign, log) = Self::slogdet(&f);
        let minus_infinity = T::Re::of(f64::NEG_INFINITY);
        check::<T>(outcome.value.finite() | outcome.ok, |_| Error::non_finite("the factorisation: it overflowed"))?;
        Ok((T::select(outcome.ok, sign, T::zero()), T::Re::select(outcome.ok, log, minus_infinity)))
    }
    fn rebuild<T: Scalar, S: Space>(f: &LuFactor<T, S>) -> Held<T, S> {
        let n = f.lu.order();
        let l = |i: usize, k: usize| if i == k { T::one() } else { f.lu.at(i, k) };
        let mut a = Held::filled(n, T::zero());
        for j in 0..n {
            for i in 0..n {
                let v = (0..=i.min(j)).fold(T::zero(), |s, k| s + l(i, k) * f.lu.at(k, j));
                // row i of P A is row perm[i] of A, in each lane its own
                for r in 0..n {
                    let here = !(f.perm[i] - T::Re::of(r as f64)).abs().lt(T::Re::of(0.5));
                    a.set(r, j, T::select(here, a.at(r, j), v));
                }
            }
        }
        a
    }
}

/// Bunch-Kaufman P A P^T = L D L^H, for self-adjoint. Small static matrices and lanes take LU with partial pivoting: as stable, and
/// without branches. (Golub & Van Loan 4.4.)
#[derive(Clone, Copy, Debug)]
pub struct ByBunchKaufman;
/// The factors of either way.
pub enum SelfAdjointFactor<T: Scalar, S: Space> {
    /// Small static, and lanes.
    Lu(LuFactor<T, S>),
    /// Everything else.
    BunchKaufman(BunchKaufman<T, S>),
}
impl<T: Scalar, S: Space> Clone for SelfAdjointFactor<T, S> {
    fn clone(&self) -> Self {
        match self {
            SelfAdjointFactor::Lu(f) => SelfAdjointFactor::Lu(f.clone()),
            SelfAdjointFactor::BunchKaufman(f) => SelfAdjointFactor::BunchKaufman(f.clone()),
        }
    }
}
/// P A P^T = L B L^H with 1 x 1 and 2 x 2 blocks in B.
pub struct BunchKaufman<T: Scalar, S: Space> {
    pub(crate) l: Held<T, S>,
    pub(crate) subdiagonal: Column<T, S>,
    pub(crate) d: Column<T::Re, S>,
    pub(crate) perm: Column<T::Re, S>,
}
impl<T: Scalar, S: Space> Clone for BunchKaufman<T, S> {
    fn clone(&self) -> Self {
        let (l, subdiagonal) = (self.l.clone(), self.subdiagonal.clone());
        BunchKaufman { l, subdiagonal, d: self.d.clone(), perm: self.perm.clone() }
    }
}
impl<T: Scalar, S: Space> BunchKaufman<T, S> {
    fn new(mut l: Held<T, S>) -> Result<Self> {
        let n = l.order();
        let mut subdiagonal = Column::filled(n, T::zero());
        let (mut d, mut perm) = (Column::filled(n, T::Re::zero()), Column::filled(n, T::Re::zero()));
        let outcome = kernels::ldlt(n, l.as_mut_slice(), &mut subdiagonal, &mut d, &mut perm);
        outcome.result(|index, _| Error::Singular { index })?;
        Ok(BunchKaufman { l, subdiagonal, d, perm })
    }
    fn solve(&self, x: &mut [T], columns: usize, scratch: &mut [T]) {
        let n = self.l.order();
        with_rest::<T, S, _>(n, scratch, |s| {
            kernels::ldlt_solve(n, self.l.as_slice(), &self.subdiagonal, &self.d, &self.perm, x, columns, s)
        })
    }
    fn slogdet(&self) -> (T, T::Re) {
        kernels::ldlt_det(self.l.order(), &self.subdiagonal, &self.d)
    }
    /// A = P^T L B L^H P, entry by entry: for the inverse of an inverse.
    fn rebuild(&self) -> Held<T, S> {
        let n = self.l.order();
        let l = |i: usize, k: usize| match i.cmp(&k) {
            core::cmp::Ordering::Less => T::zero(),
            core::cmp::Ordering::Equal => T::one(),
            core::cmp::Ordering::Greater => self.l.at(i, k),
        };
        // row i of L B
        let lb = |i: usize, k: usize| {
            let above = if k + 1 < n { l(i, k + 1) * self.subdiagonal[k] } else { T::zero() };
            let below = if k > 0 { l(i, k - 1) * self.subdiagonal[k - 1].conj() } else { T::zero() };
            l(i, k).scale(self.d[k]) + above + below
        };
        let at = |i: usize| self.perm[i].lane_f64(0) as usize;
        let mut a = Held::filled(n, T::zero());
        for i in 0..n {
            for j in 0..n {
                let v = (0..=j).fold(T::zero(), |s, k| s + lb(i, k) * l(j, k).conj());
                a.set(at(i), at(j), v);
            }
        }
        a
    }
}
/// True where self-adjoint matrices take LU: lanes, and small static sizes.
pub(crate) const fn unrolled<T: Scalar, S: Space>() -> bool {
    T::LANES > 1 || fixed::<S>() && S::EXTENT.or(0) <= kernels::UNROLL
}
impl FactorMethod for ByBunchKaufman {
    const NAME: &'static str = "LDL^H with Bunch-Kaufman pivoting";
    const COST: &'static str = "n^3/3";
    const KRYLOV: crate::algorithms::krylov::Kind = crate::algorithms::krylov::Kind::SelfAdjoint;
    type Facts = SelfAdjointFacts;
    type Factor<T: Scalar, S: Space> = SelfAdjointFactor<T, S>;
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn factor<T: Scalar, S: Space>(a: Held<T, S>) -> Result<SelfAdjointFactor<T, S>> {
        if unrolled::<T, S>() {
            return Ok(SelfAdjointFactor::Lu(ByLu::factor(a)?));
        }
        finite(a.as_slice(), "the matrix")?;
        Ok(SelfAdjointFactor::BunchKaufman(BunchKaufman::new(a)?))
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn solve<T: Scalar, S: Space>(
        f: &SelfAdjointFactor<T, S>,
        adjoint: bool,
        x: &mut [T],
        columns: usize,
        scratch: &mut [T],
    ) {
        match f {
            SelfAdjointFactor::Lu(f) => ByLu::solve(f, adjoint, x, columns, scratch),
            SelfAdjointFactor::BunchKaufman(f) => f.solve(x, columns, scratch),
        }
    }
    fn slogdet<T: Scalar, S: Space>(f: &SelfAdjointFactor<T, S>) -> (T, T::Re) {
        match f {
            SelfAdjointFactor::Lu(f) => ByLu::slogdet(f),
            SelfAdjointFactor::BunchKaufman(f) => f.slogdet(),
        }
    }
    fn slogdet_of<T: Scalar, S: Space>(a: Held<T, S>) -> Result<(T, T::Re)> {
        if unrolled::<T, S>() {
            return ByLu::slogdet_of(a);
        }
        match Self::factor(a) {
            Ok(f) => Ok(Self::slogdet(&f)),
            Err(Error::Singular { .. }) => Ok((T::zero(), T::Re::of(f64::NEG_INFINITY))),
            Err(e) => Err(e),
        }
    }
    fn rebuild<T: Scalar, S: Space>(f: &SelfAdjointFactor<T, S>) -> Held<T, S> {
        match f {
            SelfAdjointFactor::Lu(f) => ByLu::rebuild(f),
            SelfAdjointFactor::BunchKaufman(f) => f.rebuild(),
        }
    }
}

/// The method for a dense matrix with the facts `K`.
pub type MethodOf<K> = <<K as Facts>::Psd as FactChoice>::Method<
    ByLdl,
    <<K as Facts>::SelfAdjoint as FactChoice>::Method<ByBunchKaufman, ByLu>,
>;
/// Eigenvectors of a dense matrix.
pub type DenseBasis<T, S> = Unitary<Dense<Held<T, S>>>;
/// f(A) of a dense self-adjoint matrix.
pub type DenseSpectral<T, S, F = SelfAdjointFacts> = Spectral<DenseBasis<T, S>, F>;

/// What a fact chooses. A supertrait of [`Fact`](crate::facts::Fact), so that rules need no where-clause for it.
pub trait FactChoice {
    /// `Then` if known.
    type Method<Then: FactorMethod, Else: FactorMethod>: FactorMethod;
    /// `Then` if known.
    type Class<Then: Class, Else: Class>: Class;
    /// For "is real": what is known of a variable as a scale.
    type ScaleSign: Sign;
    /// For "is self-adjoint": the type of the exponential.
    type DenseExp<T: Scalar, S: Space>: LinearOperator<Scalar = T, Rows = S, Cols = S>;
    /// For "is self-adjoint": the exponential.
    ///
    /// # Errors
    /// `NonFinite`.
    fn dense_exp<T: Scalar, S: Space>(a: Held<T, S>) -> Result<Self::DenseExp<T, S>>;
}
impl FactChoice for Known {
    type Method<Then: FactorMethod, Else: FactorMethod> = Then;
    type Class<Then: Class, Else: Class> = Then;
    type ScaleSign = AnySign;
    type DenseExp<T: Scalar, S: Space> = DenseSpectral<T, S, PsdFacts>;
    fn dense_exp<T: Scalar, S: Space>(a: Held<T, S>) -> Result<DenseSpectral<T, S, PsdFacts>> {
        dense_spectrum(a)?.exp()
    }
}
impl FactChoice for Unknown {
    type Method<Then: FactorMethod, Else: FactorMethod> = Else;
    type Class<Then: Class, Else: Class> = Else;
    type ScaleSign = AnyPhase;
    type DenseExp<T: Scalar, S: Space> = Dense<Held<T, S>>;
    fn dense_exp<T: Scalar, S: Space>(mut a: Held<T, S>) -> Result<Dense<Held<T, S>>> {
        finite(a.as_slice(), "the matrix")?;
        with_workspace::<T, S, _, { kernels::EXP_SQUARES }>(a.order(), |work| {
            kernels::expm_in(a.order(), a.as_mut_slice(), work)
        })?;
        finite(a.as_slice(), "the exponential: it overflowed")?;
        Ok(Dense(a))
    }
}
/// A = V diag(w) V^H.
///
/// # Errors
/// `NotConverged`, `NonFinite`.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn dense_eigh<T: Scalar, S: Space>(a: Held<T, S>) -> Result<DenseSpectral<T, S>> {
    diagonalised(a, true)
}
/// As [`dense_eigh`], the eigenvalues in any order: for a function of A.
///
/// # Errors
/// `NotConverged`, `NonFinite`.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn dense_spectrum<T: Scalar, S: Space>(a: Held<T, S>) -> Result<DenseSpectral<T, S>> {
    diagonalised(a, false)
}
#[cfg_attr(not(debug_assertions), inline(always))]
fn diagonalised<T: Scalar, S: Space>(mut a: Held<T, S>, sorted: bool) -> Result<DenseSpectral<T, S>> {
    let (n, mut v) = (a.order(), Held::<T, S>::filled(a.order(), T::zero()));
    let mut w = Column::<T::Re, S>::filled(n, T::Re::zero());
    let two = !sorted && S::EXTENT.or(0) == 2;
    if two && T::LANES == 1 && T::PLAIN {
        let plane = match kernels::plane(a.as_slice(), &mut w, v.as_mut_slice()) {
            Some(plane) => plane,
            None => {
                let plane;
                (v, w, plane) = two_with_care(a)?;
                plane
            }
        };
        return Ok(Spectral::with_plane(Unitary(Dense(v)), w, Some(plane)));
    }
    finite(a.as_slice(), "the matrix")?;
    let (parts, fixed) = ((a.as_mut_slice(), v.as_mut_slice()), fixed::<S>());
    let (outcome, plane) = if two && T::LANES > 1 {
        let (outcome, plane) = kernels::spectrum_of_two(parts.0, &mut w, parts.1);
        (outcome, Some(plane))
    } else if sorted {
        (kernels::eigh(n, fixed, parts.0, &mut w, parts.1), None)
    } else {
        (kernels::spectrum(n, fixed, parts.0, &mut w, parts.1), None)
    };
    outcome.result(|iterations, residual| Error::not_converged("eigh", iterations, residual, 0.0))?;
    Ok(Spectral::with_plane(Unitary(Dense(v)), w, plane))
}
/// A^p = V diag(w^p) V^H.
///
/// # Errors
/// `NegativeEigenvalue`, `Singular`, `NotConverged`, `NonFinite`.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn dense_power<T: Scalar, S: Space, G>(a: View<'_, T>, p: Power) -> Result<DenseSpectral<T, S, G>> {
    let held = Held::copy(a);
    if S::EXTENT.or(0) == 2 && T::LANES == 1 && T::PLAIN && p == Power::Sqrt {
        let (mut v, mut w) = (Held::<T, S>::filled(2, T::zero()), Column::<T::Re, S>::filled(2, T::Re::zero()));
        let plane = match kernels::plane_root(held.as_slice(), &mut w, v.as_mut_slice()) {
            Some(plane) => plane,
            None => {
                let plane;
                (v, w, plane) = root_with_care(a)?;
                plane
            }
        };
        return Ok(Spectral::with_plane(Unitary(Dense(v)), w, Some(plane)));
    }
    dense_spectrum(held)?.power(p)
}
/// Eigenvectors and eigenvalues of a 2 x 2 matrix, and a function of it with them.
type OfTwo<T, S> = (Held<T, S>, Column<<T as Scalar>::Re, S>, kernels::Plane<T>);
/// The root by the eigenvalues, where the determinant does not serve. From where the matrix lies: a copy would keep it in memory on the
/// good path.
#[cold]
#[inline(never)]
fn root_with_care<T: Scalar, S: Space>(a: View<'_, T>) -> Result<OfTwo<T, S>> {
    let (v, mut w, plane) = two_with_care(Held::copy(a))?;
    Power::Sqrt.of_spectrum(&mut w)?;
    let plane = plane.of(&w);
    Ok((v, w, plane))
}
/// [`diagonalised`] of a 2 x 2 matrix that is scaled first, or has no eigenvalues.
#[cold]
#[inline(never)]
fn two_with_care<T: Scalar, S: Space>(mut a: Held<T, S>) -> Result<OfTwo<T, S>> {
    finite(a.as_slice(), "the matrix")?;
    let (mut v, mut w) = (Held::<T, S>::filled(2, T::zero()), Column::<T::Re, S>::filled(2, T::Re::zero()));
    let (outcome, plane) = kernels::spectrum_of_two(a.as_mut_slice(), &mut w, v.as_mut_slice());
    outcome.result(|iterations, residual| Error::not_converged("eigh", iterations, residual, 0.0))?;
    Ok((v, w, plane))
}

/// The inverse of a dense matrix by its factors; `M` is the method.
pub struct Factored<T: Scalar, S: Space, M: FactorMethod> {
    pub(crate) factor: M::Factor<T, S>,
    pub(crate) n: usize,
    pub(crate) method: PhantomData<M>,
}
impl<T: Scalar, S: Space, M: FactorMethod> Clone for Factored<T, S, M> {
    fn clone(&self) -> Self {
        Factored { factor: self.factor.clone(), n: self.n, method: PhantomData }
    }
}
impl<T: Scalar, S: Space, M: FactorMethod> Factored<T, S, M> {
    /// Factors A.
    ///
    /// # Errors
    /// `NotPositiveDefinite` or `Singular`, `NonFinite`.
    #[inline(always)]
    pub fn new(a: Held<T, S>) -> Result<Self> {
        Ok(Factored { n: a.order(), factor: M::factor(a)?, method: PhantomData })
    }
    /// Factors a copy of A.
    #[inline(always)]
    pub(crate) fn of_view(a: View<'_, T>) -> Result<Self> {
        Ok(Factored { n: S::EXTENT.or(a.rows), factor: M::factor_view(a)?, method: PhantomData })
    }
}

/// A = L L^H.
///
/// # Errors
/// `NotPositiveDefinite`, `NonFinite`.
pub fn dense_cholesky<T: Scalar, S: Space>(mut a: Held<T, S>) -> Result<DenseTriangular<T, S, Lower>> {
    finite(a.as_slice(), "the matrix")?;
    let outcome = kernels::cholesky(a.order(), fixed::<S>(), a.as_mut_slice());
    outcome.result(|index, pivot| Error::NotPositiveDefinite { index, pivot })?;
    Ok(Triangular::from_parts(a))
}
/// The three factors of P A = L U.
pub type DenseLu<T, S> = LuFactors<Permutation<T, S>, DenseTriangular<T, S, Lower>, DenseTriangular<T, S, Upper>>;
/// P A = L U.
///
/// # Errors
/// `NonFinite`; `InvalidArgument` for lanes, which have no common permutation.
pub fn dense_lu<T: Scalar, S: Space>(a: Held<T, S>) -> Result<DenseLu<T, S>> {
    if T::LANES > 1 {
        return Err(Error::invalid(
            "lu: each lane has its own row order, so a batch has no common P; `solve` and `slogdet` serve lanes",
        ));
    }
    let (f, outcome) = LuFactor::<T, S>::new(a)?;
    check::<T>(outcome.value.finite() | outcome.ok, |_| Error::non_finite("the factorisation: it overflowed"))?;
    let n = f.lu.order();
    let (mut l, mut u) = (Held::identity(n), Held::filled(n, T::zero()));
    for j in 0..n {
        (0..=j).for_each(|i| u.set(i, j, f.lu.at(i, j)));
        (j + 1..n).for_each(|i| l.set(i, j, f.lu.at(i, j)));
    }
    let mut order = Column::filled(n, 0usize);
    order.iter_mut().zip(f.perm.iter()).for_each(|(o, p)| *o = p.lane_f64(0) as usize);
    Ok(LuFactors { p: Permutation::from_order(order), l: Triangular::from_parts(l), u: Triangular::from_parts(u) })
}
