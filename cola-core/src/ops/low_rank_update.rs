//! A + P Q^H for A with a cheap inverse: Woodbury's formula and the determinant lemma.

use crate::algorithms::{dense as kernels, woodbury};
use crate::data::{Held, MatrixData, Panel};
use crate::error::{Error, Result, check};
use crate::facts::{And, FactSet, Facts, InverseFacts, SumFacts, Unknown};
use crate::functions::base::{BaseInverse, materialize, right_hand_side, square};
use crate::functions::dense::{FactorMethod, Factored, MethodOf};
use crate::functions::diagonal::diagonal_start;
use crate::functions::inverse::apply_checked;
use crate::functions::{DetRule, DiagonalRule, HasDet, Inv, InverseRule, Invertible};
use crate::operator::short::{Co, Fa, Re, Ro, Sc};
use crate::operator::{LinearOperator, Operator, Update, operator, with_scratch};
use crate::ops::low_rank::{LowRankFactors, rank_cost};
use crate::ops::{Either, LowRank, WithFacts};
use crate::parameters::tree_node;
use crate::plan::{Explain, Plan, Question, Tree, base, part, trees};
use crate::scalar::{Mask, Real, Scalar};
use crate::space::{Space, demand};
use crate::view::{View, ViewMut};
use num_traits::{One, Zero};

/// A + L with L of low rank: `+` makes it wherever one side is of low rank (`low_rank`, `projection`, `X * X.H`, `X * C * X.H`).
///
/// Where A has a cheap inverse and r < n: (A + P Q^H)^-1 = A^-1 - A^-1 P M^-1 Q^H A^-1 and det = det A det M with the r x r capacitance
/// M = I + Q^H A^-1 P; n r^2 and two solves with A per column of P. Every solution is checked against its residual and refined; where
/// A is singular or M is too ill-conditioned for that, and where A is held densely, the base case serves.
///
/// ```
/// # use cola_core::prelude::*;
/// let a = LowRankUpdate::new(Diagonal::new([1.0, 2.0]), LowRank::new(nalgebra::matrix![1.0; 1.0], nalgebra::matrix![1.0; 3.0]));
/// let x: [f64; 2] = a.solve(&[5.0, 8.0])?; // [2, 3; 1, 5] x
/// assert!((x[0] - 1.0 / 7.0).abs() < 1e-15 && (x[1] - 11.0 / 7.0).abs() < 1e-15);
/// assert!((a.logdet()? - 7f64.ln()).abs() < 1e-15);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LowRankUpdate<A, L>(pub A, pub L);
impl<A: Operator, L: Operator<Scalar = A::Scalar>> LowRankUpdate<A, L> {
    /// A + L.
    ///
    /// # Panics
    /// Where dynamic shapes differ; static ones that differ do not compile.
    pub fn new(a: impl crate::dsl::IntoOperator<Op = A>, l: impl crate::dsl::IntoOperator<Op = L>) -> Self {
        const { demand("A + B", A::SHAPE, L::SHAPE, A::SHAPE.may_equal(L::SHAPE)) };
        Self::try_new(a.into_operator(), l.into_operator()).unwrap_or_else(|e| crate::dsl::shape_panic(&e))
    }
    /// A + L.
    ///
    /// # Errors
    /// `ShapeMismatch`.
    #[inline(always)]
    pub fn try_new(a: A, l: L) -> Result<Self> {
        let (left, right) = ((a.nrows(), a.ncols()), (l.nrows(), l.ncols()));
        if left == right { Ok(LowRankUpdate(a, l)) } else { Err(Error::ShapeMismatch { op: "A + B", left, right }) }
    }
}
operator!([A: Operator, L: Operator<Scalar = A::Scalar>] LowRankUpdate<A, L> {
    scalar A::Scalar; facts SumFacts<Fa<A>, Fa<L>>; rows <Ro<A> as Space>::Or<Ro<L>>; cols <Co<A> as Space>::Or<Co<L>>;
    nrows |s| s.0.nrows(); ncols s.0.ncols(); dense A::HOLDS_DENSE || L::HOLDS_DENSE; iterative A::ITERATIVE || L::ITERATIVE;
});
crate::interop::saved!([A: Operator, L: Operator<Scalar = A::Scalar>] LowRankUpdate<A, L>, "LowRankUpdate", [] { left: A = |k| k.0, right: L = |k| k.1 } LowRankUpdate::try_new(left, right));
tree_node!([A, L] LowRankUpdate<A, L> { "0" => 0, "1" => 1 });
impl<A: LinearOperator, L: LinearOperator<Scalar = A::Scalar>> LinearOperator for LowRankUpdate<A, L> {
    fn act(&self, how: Update<Sc<A>>, x: View<'_, Sc<A>>, mut y: ViewMut<'_, Sc<A>>, s: &mut [Sc<A>]) {
        self.0.act(how, x, y.reborrow(), s);
        self.1.act(how.add(), x, y, s);
    }
    fn scratch_len(&self, columns: usize) -> usize {
        self.0.scratch_len(columns).max(self.1.scratch_len(columns))
    }
    fn write(&self, alpha: Sc<A>, add: bool, mut y: ViewMut<'_, Sc<A>>) {
        self.0.write(alpha, add, y.reborrow());
        self.1.write(alpha, true, y);
    }
}
/// What is known of the capacitance I + c Q^H A^-1 P.
pub type CapacitanceFacts<A, L> = FactSet<
    And<<Fa<A> as Facts>::SelfAdjoint, <L as LowRankFactors>::Balanced>,
    And<And<<Fa<A> as Facts>::Psd, <Fa<L> as Facts>::Psd>, <L as LowRankFactors>::Balanced>,
    Unknown,
    Unknown,
>;
/// How the capacitance is factored.
pub type CapacitanceMethod<A, L> = MethodOf<CapacitanceFacts<A, L>>;
/// The type of the inverse of W = A + L.
pub type UpdateInverseOf<A, L, W, K> =
    UpdateInverse<Inv<A>, <L as LowRankFactors>::Rank, CapacitanceMethod<A, L>, BaseInverse<W, MethodOf<K>>>;

/// A^-1 - W M^-1 Z^H with W = c A^-1 P and Z = A^-H Q; where A is self-adjoint and P = Q, W = c Z is not held.
pub struct Woodbury<F: Operator, R: Space, M: FactorMethod> {
    base: F,
    z: Panel<Sc<F>, Ro<F>, R>,
    w: Option<Panel<Sc<F>, Ro<F>, R>>,
    c: Sc<F>,
    capacitance: Factored<Sc<F>, R, M>,
}
impl<F: Operator + Clone, R: Space, M: FactorMethod> Clone for Woodbury<F, R, M> {
    fn clone(&self) -> Self {
        let (z, w) = (self.z.clone(), self.w.clone());
        Woodbury { base: self.base.clone(), z, w, c: self.c, capacitance: self.capacitance.clone() }
    }
}
/// False where the sizes are static and the rank is full: then no code is made for the formula.
pub(crate) const fn may_be_thin<N: Space, R: Space>() -> bool {
    !(N::EXTENT.is_static() && R::EXTENT.is_static() && R::EXTENT.or(0) >= N::EXTENT.or(0))
}
/// The inverse of a low-rank update.
#[derive(Clone)]
pub enum UpdateInverse<F: Operator, R: Space, M: FactorMethod, D> {
    /// By Woodbury's formula.
    Woodbury(Box<Woodbury<F, R, M>>),
    /// By the base case.
    Base(D),
}
impl<F: Operator, R: Space, M: FactorMethod, D: Operator<Scalar = F::Scalar>> Operator for UpdateInverse<F, R, M, D> {
    type Scalar = F::Scalar;
    type Facts = Fa<D>;
    type Class = crate::dsl::General;
    type Rows = Ro<D>;
    type Cols = Ro<D>;
    const ITERATIVE: bool = F::ITERATIVE || D::ITERATIVE;
    #[inline(always)]
    fn nrows(&self) -> usize {
        <Ro<D> as Space>::EXTENT.or(match self {
            UpdateInverse::Woodbury(w) => w.base.nrows(),
            UpdateInverse::Base(d) => d.nrows(),
        })
    }
    #[inline(always)]
    fn ncols(&self) -> usize {
        self.nrows()
    }
}
impl<F: LinearOperator, R: Space, M: FactorMethod> Woodbury<F, R, M> {
    #[inline(never)]
    fn act(&self, how: Update<Sc<F>>, x: View<'_, Sc<F>>, mut y: ViewMut<'_, Sc<F>>, s: &mut [Sc<F>]) {
        let (z, r) = (self.z.view(), self.capacitance.n);
        let w = self.w.as_ref().map_or(z, |w| w.view());
        let ((left, right), c) =
            (if how.adjoint { (z, w) } else { (w, z) }, if self.w.is_some() { Sc::<F>::one() } else { self.c });
        let c = if how.adjoint { c.conj() } else { c };
        let (small, rest) = s.split_at_mut(2 * r * x.cols);
        self.base.act(how, x, y.reborrow(), rest);
        let (t, u) = small.split_at_mut(r * x.cols);
        kernels::gemm((c, false), true, right.transposed(), x, ViewMut::matrix(t, r, x.cols));
        self.capacitance.act(how.first(), View::matrix(t, r, x.cols), ViewMut::matrix(u, r, x.cols), rest);
        kernels::gemm((-how.alpha, true), false, left, View::matrix(u, r, x.cols), y);
    }
    fn scratch_len(&self, columns: usize) -> usize {
        let inner = self.base.scratch_len(columns).max(self.capacitance.scratch_len(columns));
        2 * self.capacitance.n * columns + inner
    }
}
impl<F: LinearOperator, R: Space, M: FactorMethod, D: LinearOperator<Scalar = F::Scalar>> LinearOperator
    for UpdateInverse<F, R, M, D>
{
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn act(&self, how: Update<Sc<F>>, x: View<'_, Sc<F>>, y: ViewMut<'_, Sc<F>>, s: &mut [Sc<F>]) {
        match self {
            UpdateInverse::Base(d) => d.act(how, x, y, s),
            UpdateInverse::Woodbury(w) => {
                if may_be_thin::<Ro<D>, R>() {
                    w.act(how, x, y, s)
                }
            }
        }
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn scratch_len(&self, columns: usize) -> usize {
        match self {
            UpdateInverse::Base(d) => d.scratch_len(columns),
            UpdateInverse::Woodbury(w) => {
                if may_be_thin::<Ro<D>, R>() {
                    w.scratch_len(columns)
                } else {
                    0
                }
            }
        }
    }
}
/// True where the formula pays: A is not held densely and its inverse is no base case, and L is thin.
#[inline(always)]
pub(crate) fn by_formula<A: InverseRule<Fa<A>>, L: LowRankFactors>(a: &A, l: &L) -> bool {
    if !may_be_thin::<Ro<A>, L::Rank>() {
        return false;
    }
    let cheap = !A::HOLDS_DENSE && !Inv::<A>::HOLDS_DENSE && !Inv::<A>::ITERATIVE;
    cheap && l.rank() < a.nrows() && l.is_thin()
}
/// c A^-1 P, and the factors of M = I + c Q^H A^-1 P.
fn capacitance<T: Scalar, N: Space, R: Space>(
    base: &impl LinearOperator<Scalar = T>,
    c: T,
    p: View<'_, T>,
    q: View<'_, T>,
) -> Result<(Panel<T, N, R>, Held<T, R>)> {
    let (n, r) = (p.rows, p.cols);
    check::<T>(p.finite() & q.finite() & c.finite(), |_| Error::non_finite("the low-rank factors"))?;
    let mut w = Panel::<T, N, R>::filled(n, r, T::zero());
    apply_checked(base, p, w.view_mut())?;
    if c != T::one() {
        w.as_mut_slice().iter_mut().for_each(|w| *w *= c);
    }
    let mut m = Held::<T, R>::identity(r);
    let r = m.n;
    kernels::gemm((T::one(), true), true, q.transposed(), w.view(), ViewMut::matrix(m.as_mut_slice(), r, r));
    Ok((w, m))
}
/// The inverse of `whole` = A + L.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(crate) fn update_inverse<K: Facts, W, A, L>(whole: &W, a: &A, l: &L) -> Result<UpdateInverseOf<A, L, W, K>>
where
    W: LinearOperator<Scalar = Sc<A>> + Clone,
    A: InverseRule<Fa<A>, Output: LinearOperator<Scalar = Sc<A>>>,
    L: LowRankFactors<Scalar = Sc<A>>,
{
    square("inverse", whole)?;
    if by_formula(a, l)
        && let Some(inverse) = inverse_by_formula::<K, _, _, _>(whole, a, l)?
    {
        return Ok(inverse);
    }
    Ok(UpdateInverse::Base(BaseInverse::new(whole)?))
}
/// `None` where the base case may serve better.
#[inline(never)]
fn inverse_by_formula<K: Facts, W, A, L>(whole: &W, a: &A, l: &L) -> Result<Option<UpdateInverseOf<A, L, W, K>>>
where
    W: LinearOperator<Scalar = Sc<A>> + Clone,
    A: InverseRule<Fa<A>, Output: LinearOperator<Scalar = Sc<A>>>,
    L: LowRankFactors<Scalar = Sc<A>>,
{
    let formula = woodbury(a, l).and_then(|w| {
        let w = UpdateInverse::Woodbury(Box::new(w));
        probe(whole, &w).map(|()| w)
    });
    unless_served::<Sc<A>, _>(formula)
}
/// The outcome of the formula; `None` where it failed and the base case may do better.
fn unless_served<T: Scalar, R>(formula: Result<R>) -> Result<Option<R>> {
    match formula {
        Err(e) if !may_be_served(&e) => Err(e),
        Err(_) if T::LANES == 1 => Ok(None),
        done => done.map(Some),
    }
}
/// A failure of the formula that need not be one of the operator.
fn may_be_served(e: &Error) -> bool {
    !matches!(e, Error::NonFinite { .. } | Error::ShapeMismatch { .. } | Error::InvalidArgument { .. })
}
fn woodbury<A, L>(a: &A, l: &L) -> Result<Woodbury<Inv<A>, L::Rank, CapacitanceMethod<A, L>>>
where
    A: InverseRule<Fa<A>, Output: LinearOperator<Scalar = Sc<A>>>,
    L: LowRankFactors<Scalar = Sc<A>>,
{
    use crate::facts::Fact;
    let (base, c) = (a.inverse_rule()?, l.weight());
    let symmetric = <CapacitanceFacts<A, L> as Facts>::SelfAdjoint::KNOWN;
    l.with_factors(|p, q| {
        let (mut w, m) =
            capacitance::<_, Ro<Inv<A>>, L::Rank>(&base, if symmetric { Sc::<A>::one() } else { c }, p, q)?;
        if symmetric {
            // M from Z = A^-1 Q: M - I is c times what was added
            let mut m = m;
            for j in 0..m.n {
                for i in 0..m.n {
                    let eye = if i == j { Sc::<A>::one() } else { Sc::<A>::zero() };
                    m.set(i, j, eye + (m.at(i, j) - eye) * c);
                }
            }
            return Ok(Woodbury { capacitance: Factored::new(m)?, base, z: w, w: None, c });
        }
        let mut z = Panel::filled(p.rows, p.cols, Sc::<A>::zero());
        let how = Update::replace().flip();
        with_scratch(base.scratch_len(q.cols), |s| base.act(how, q, z.view_mut(), s));
        let _ = &mut w;
        Ok(Woodbury { capacitance: Factored::new(m)?, base, z, w: Some(w), c })
    })
}
/// Relative residuals that pass without refinement, and after it, in units of rounding.
const GOOD: f64 = 32.0;
const POOR: f64 = 1000.0;
/// Checks an inverse on one vector of +-1: A^-1 (A e) = e up to a small residual.
pub(crate) fn probe<W: LinearOperator, F: LinearOperator<Scalar = Sc<W>>>(whole: &W, inverse: &F) -> Result<()> {
    let n = whole.nrows();
    let sign = |negative: bool| Sc::<W>::of(if negative { -1.0 } else { 1.0 });
    with_scratch(9 * n, |room: &mut [Sc<W>]| {
        let parts = [0..n, n..2 * n, 2 * n..3 * n, 3 * n..6 * n, 6 * n..9 * n];
        let [b, x, y, e, ae] = room.get_disjoint_mut(parts).expect("no two overlap");
        (0..n).for_each(|i| b[i] = sign((i * 7 + i / 3) % 5 < 2));
        apply_checked(inverse, View::vector(b), ViewMut::vector(x))?;
        apply_checked(whole, View::vector(x), ViewMut::vector(y))?;
        // max |A e| for three vectors of +-1: a lower bound of the norm, of its order
        (0..3 * n).for_each(|i| e[i] = sign(i * i % 7 < 3));
        apply_checked(whole, View::matrix(e, n, 3), ViewMut::matrix(ae, n, 3))?;
        probed(b, x, y, ae)
    })
}
/// |b - A x| against |b| and the size of A: of the row sums only what the products show.
fn probed<T: Scalar>(b: &[T], x: &[T], ax: &[T], ae: &[T]) -> Result<()> {
    let size = |v: &[T]| v.iter().fold(T::Re::zero(), |m, x| m.max(x.abs()));
    let worst = b.iter().zip(ax).fold(T::Re::zero(), |m, (b, y)| {
        let d = (*b - *y).abs();
        T::Re::select(m.lt(d) | !d.finite(), d, m)
    });
    accept::<T>(worst / T::Re::one().max(size(ae) * size(x)))
}
fn accept<T: Scalar>(residual: T::Re) -> Result<()> {
    let tol = T::Re::epsilon() * T::Re::real(POOR);
    check::<T>(!tol.lt(residual) & residual.finite(), |lane| Error::NotConverged {
        algorithm: "Woodbury's formula (the capacitance is ill-conditioned)",
        iterations: 1,
        residual: residual.lane_f64(lane),
        tol: tol.lane_f64(lane),
        best: crate::error::Iterate::NONE,
    })
}
/// x = (A + L)^-1 b, refined where the residual asks for it.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(crate) fn update_solve<K: Facts, W, A, L>(
    (whole, a, l): (&W, &A, &L),
    b: View<'_, Sc<A>>,
    mut x: ViewMut<'_, Sc<A>>,
) -> Result<()>
where
    W: LinearOperator<Scalar = Sc<A>>,
    A: LinearOperator + InverseRule<Fa<A>, Output: LinearOperator<Scalar = Sc<A>>>,
    L: LowRankFactors<Scalar = Sc<A>>,
{
    right_hand_side("solve", (whole.nrows(), whole.ncols()), b)?;
    square("solve", whole)?;
    if by_formula(a, l) && unless_served::<Sc<A>, _>(solve_by_formula(a, l, b, x.reborrow()))?.is_some() {
        return Ok(());
    }
    BaseInverse::<W, MethodOf<K>>::solve(whole, b, x)
}
/// The diagonals of A and A^-1, where A is diagonal and so large that passes over blocks of rows pay.
fn diagonals<'a, A: LinearOperator, F: LinearOperator<Scalar = Sc<A>>>(
    a: &'a A,
    inverse: &'a F,
) -> Option<(View<'a, Sc<A>>, View<'a, Sc<A>>)> {
    if a.nrows() > woodbury::ROWS { a.only_diagonal().zip(inverse.only_diagonal()) } else { None }
}
/// M = I + c Q^H E P from Q^H E P. NaN and infinity in the factors reach it, so it alone is tested.
fn capacitance_of<T: Scalar, R: Space>(c: T, product: &[T], (p, q): (View<'_, T>, View<'_, T>)) -> Result<Held<T, R>> {
    let mut m = Held::<T, R>::identity(p.cols);
    m.as_mut_slice().iter_mut().zip(product).for_each(|(m, x)| *m += c * *x);
    let fine = crate::scalar::all_finite(m.as_slice());
    if !fine.all() {
        check::<T>(p.finite() & q.finite() & c.finite(), |_| Error::non_finite("the low-rank factors"))?;
        check::<T>(fine, |_| Error::non_finite("the capacitance: it overflowed"))?;
    }
    Ok(m)
}
/// x by passes over blocks of rows, refined once; false where the residual stays too large.
fn solve_by_rows<T: Scalar, R: Space, M: FactorMethod>(
    (d, e): (View<'_, T>, View<'_, T>),
    c: T,
    (p, q): (View<'_, T>, View<'_, T>),
    b: View<'_, T>,
    mut x: ViewMut<'_, T>,
) -> Result<bool> {
    let (r, k) = (p.cols, b.cols);
    let all = woodbury::gather(e, (p, q), b);
    let (product, t) = all.split_at(r * r);
    let m = Factored::<T, R, M>::new(capacitance_of(c, product, (p, q))?)?;
    let (mut u, mut s) = (vec![T::zero(); r * k], vec![T::zero(); r * k]);
    apply_checked(&m, View::matrix(t, r, k), ViewMut::matrix(&mut u, r, k))?;
    let mut passes = |u: &[T], s: &mut [T], limit: f64| {
        woodbury::back((e, c), (p, q), View::matrix(u, r, k), b, x.reborrow(), s);
        let missed = woodbury::residual((d, c), p, View::matrix(s, r, k), b, x.as_view());
        !((T::Re::epsilon() * T::Re::real(limit)).lt(missed) | !missed.finite()).any()
    };
    if passes(&u, &mut s, GOOD) {
        return Ok(true);
    }
    // Newton's step for u = Q^H x, where x = E (b - c P u): the residual is c P (u - Q^H x), so no pass is needed to make it
    s.iter_mut().zip(&u).for_each(|(s, u)| *s = *u - *s);
    let mut w = vec![T::zero(); r * k];
    apply_checked(&m, View::matrix(&s, r, k), ViewMut::matrix(&mut w, r, k))?;
    u.iter_mut().zip(&w).for_each(|(u, w)| *u -= *w);
    Ok(passes(&u, &mut s, POOR))
}
#[inline(never)]
fn solve_by_formula<A, L>(a: &A, l: &L, b: View<'_, Sc<A>>, mut x: ViewMut<'_, Sc<A>>) -> Result<()>
where
    A: LinearOperator + InverseRule<Fa<A>, Output: LinearOperator<Scalar = Sc<A>>>,
    L: LowRankFactors<Scalar = Sc<A>>,
{
    let (base, n, k) = (a.inverse_rule()?, b.rows, b.cols);
    l.with_factors(|p, q| {
        if let Some(pair) = diagonals(a, &base)
            && solve_by_rows::<_, L::Rank, CapacitanceMethod<A, L>>(pair, l.weight(), (p, q), b, x.reborrow())?
        {
            return Ok(());
        }
        let (w, m) = capacitance::<_, Ro<Inv<A>>, L::Rank>(&base, l.weight(), p, q)?;
        let r = p.cols;
        let m = Factored::<Sc<A>, L::Rank, CapacitanceMethod<A, L>>::new(m)?;
        with_scratch(2 * r * k, |small| {
            let (t, u) = small.split_at_mut(r * k);
            let mut step = |b: View<'_, Sc<A>>, mut x: ViewMut<'_, Sc<A>>| -> Result<()> {
                apply_checked(&base, b, x.reborrow())?;
                kernels::gemm((Sc::<A>::one(), false), true, q.transposed(), x.as_view(), ViewMut::matrix(t, r, k));
                apply_checked(&m, View::matrix(t, r, k), ViewMut::matrix(u, r, k))?;
                kernels::gemm((-Sc::<A>::one(), true), false, w.view(), View::matrix(u, r, k), x);
                Ok(())
            };
            step(b, x.reborrow())?;
            with_scratch(2 * n * k, |s| {
                let (res, other) = s.split_at_mut(n * k);
                let first = residual((a, l), b, x.as_view(), res, other)?;
                let good = Re::<A>::epsilon() * Re::<A>::real(GOOD);
                if !(good.lt(first) | !first.finite()).any() {
                    return Ok(());
                }
                step(View::matrix(res, n, k), ViewMut::matrix(other, n, k))?;
                for c in 0..k {
                    (0..n).for_each(|i| *x.at(i, c) += other[i + n * c]);
                }
                accept::<Sc<A>>(residual((a, l), b, x.as_view(), res, other)?)
            })
        })
    })
}
/// r = b - A x - L x, and its size relative to |b| + |A x| + |L x|, the worst column.
fn residual<A: LinearOperator, L: LinearOperator<Scalar = Sc<A>>>(
    (a, l): (&A, &L),
    b: View<'_, Sc<A>>,
    x: View<'_, Sc<A>>,
    r: &mut [Sc<A>],
    other: &mut [Sc<A>],
) -> Result<Re<A>> {
    let (n, k, zero) = (b.rows, b.cols, Re::<A>::zero());
    apply_checked(&a, x, ViewMut::matrix(r, n, k))?;
    apply_checked(&l, x, ViewMut::matrix(other, n, k))?;
    let mut worst = zero;
    for c in 0..k {
        let (mut size, mut miss) = (zero, zero);
        for i in 0..n {
            let (ax, lx, bi) = (r[i + n * c], other[i + n * c], b.at(i, c));
            size = size.max(bi.abs()).max(ax.abs()).max(lx.abs());
            let d = bi - ax - lx;
            miss = Re::<A>::select(miss.lt(d.abs()) | !d.finite(), d.abs(), miss);
            r[i + n * c] = d;
        }
        let some = zero.lt(size);
        let here = Re::<A>::select(some, miss / Re::<A>::select(some, size, Re::<A>::one()), miss);
        worst = Re::<A>::select(worst.lt(here) | !here.finite(), here, worst);
    }
    Ok(worst)
}
/// det A det(I + Q^H A^-1 P).
#[cfg_attr(not(debug_assertions), inline(always))]
pub(crate) fn update_det<K: Facts, W, A, L>(whole: &W, a: &A, l: &L) -> Result<(Sc<A>, Re<A>)>
where
    W: LinearOperator<Scalar = Sc<A>>,
    A: LinearOperator + HasDet + InverseRule<Fa<A>, Output: LinearOperator<Scalar = Sc<A>>>,
    L: LowRankFactors<Scalar = Sc<A>>,
{
    square("slogdet", whole)?;
    if by_formula(a, l)
        && let Some(found) = unless_served::<Sc<A>, _>(det_by_formula(a, l))?
    {
        return Ok(found);
    }
    MethodOf::<K>::slogdet_of(materialize("slogdet", whole)?)
}
#[inline(never)]
fn det_by_formula<A, L>(a: &A, l: &L) -> Result<(Sc<A>, Re<A>)>
where
    A: LinearOperator + HasDet + InverseRule<Fa<A>, Output: LinearOperator<Scalar = Sc<A>>>,
    L: LowRankFactors<Scalar = Sc<A>>,
{
    let base = a.inverse_rule()?;
    let m = l.with_factors(|p, q| match diagonals(a, &base) {
        Some((_, e)) => {
            let none = View::matrix(&[], p.rows, 0);
            capacitance_of::<_, L::Rank>(l.weight(), &woodbury::gather(e, (p, q), none), (p, q))
        }
        None => Ok(capacitance::<_, Ro<Inv<A>>, L::Rank>(&base, l.weight(), p, q)?.1),
    })?;
    let ((sa, la), (sm, lm)) = (a.slogdet_rule()?, CapacitanceMethod::<A, L>::slogdet_of(m)?);
    Ok((sa * sm, la + lm))
}
// Woodbury (Golub & Van Loan, 2.1.4)
impl<K: Facts, A, L> InverseRule<K> for LowRankUpdate<A, L>
where
    A: LinearOperator + InverseRule<Fa<A>, Output: LinearOperator<Scalar = Sc<A>>>,
    L: LowRankFactors<Scalar = Sc<A>>,
    LowRankUpdate<A, L>: Clone,
{
    type Output = UpdateInverseOf<A, L, Self, K>;
    fn inverse_rule(&self) -> Result<Self::Output> {
        update_inverse::<K, _, _, _>(self, &self.0, &self.1)
    }
    fn solve_rule(&self, b: View<'_, Sc<A>>, x: ViewMut<'_, Sc<A>>) -> Result<()> {
        update_solve::<K, _, _, _>((self, &self.0, &self.1), b, x)
    }
}
// det(A + P Q^H) = det A det(I + Q^H A^-1 P)
impl<K: Facts, A, L> DetRule<K> for LowRankUpdate<A, L>
where
    A: LinearOperator + HasDet + InverseRule<Fa<A>, Output: LinearOperator<Scalar = Sc<A>>>,
    L: LowRankFactors<Scalar = Sc<A>>,
{
    fn slogdet_rule(&self) -> Result<(Sc<A>, Re<A>)> {
        update_det::<K, _, _, _>(self, &self.0, &self.1)
    }
}
crate::base_eigh!([A: Operator, L: Operator<Scalar = A::Scalar>] LowRankUpdate<A, L>);
crate::spectral_power!([A: Operator, L: Operator<Scalar = A::Scalar>] LowRankUpdate<A, L>);
crate::base_exp!([A: Operator, L: Operator<Scalar = A::Scalar>] LowRankUpdate<A, L>);
crate::spectral_log!([A: Operator, L: Operator<Scalar = A::Scalar>] LowRankUpdate<A, L>);
crate::base_factors!([A: Operator, L: Operator<Scalar = A::Scalar>] LowRankUpdate<A, L>);
crate::base_decompositions!([A: Operator, L: Operator<Scalar = A::Scalar>] LowRankUpdate<A, L>);
// sum of the diagonals
impl<A: DiagonalRule, L: DiagonalRule<Scalar = A::Scalar>> DiagonalRule for LowRankUpdate<A, L> {
    fn diagonal_rule(&self, k: isize, d: &mut [Sc<A>]) -> Result<()> {
        crate::ops::Sum(&self.0, &self.1).diagonal_rule(k, d)
    }
    fn trace_rule(&self) -> Result<Sc<A>> {
        Ok(self.0.trace_rule()? + self.1.trace_rule()?)
    }
}
/// The plans of A + L: by the formula where it serves.
pub(crate) fn update_plan<K: Facts, W, A, L>(whole: &W, a: &A, l: &L, question: Question) -> Plan
where
    W: Explain,
    A: Explain + InverseRule<Fa<A>>,
    L: Explain + LowRankFactors<Scalar = Sc<A>>,
{
    let (n, r) = (whole.nrows(), l.rank());
    let rule = match question {
        Question::Apply => return Plan::by_parts("sum of the applications", [part(a, question), part(l, question)]),
        Question::Trace => return Plan::by_parts("sum of the traces", [part(a, question), part(l, question)]),
        Question::Diagonal => return Plan::by_parts("sum of the diagonals", [part(a, question), part(l, question)]),
        Question::Solve if by_formula(a, l) => "Woodbury",
        Question::Slogdet if by_formula(a, l) => "determinant lemma",
        _ => return base::<K, W>(whole, question),
    };
    let plan = part(a, question);
    if plan.refused {
        return plan;
    }
    let own = rank_cost("2nr^2 + r^3", n, r);
    let flops = plan.cost.flops.zip(own.flops).map(|(a, b)| (r + 1) as f64 * a + b);
    let cost = crate::plan::Cost {
        formula: format!("(r + 1) * that of the base + {}", own.formula),
        flops,
        per_iteration: false,
    };
    Plan { rule: rule.into(), parts: vec![plan], cost, refused: false, base: false }
}
impl<A, L> Explain for LowRankUpdate<A, L>
where
    A: Explain + InverseRule<Fa<A>>,
    L: Explain + LowRankFactors<Scalar = Sc<A>>,
{
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        update_plan::<K, _, _, _>(self, &self.0, &self.1, question)
    }
    fn tree<K: Facts>(&self) -> Tree {
        Tree::node::<K, Self>(self, trees(&self.0, &self.1))
    }
}

// det of the inverse: 1 / (det A det M), both held
impl<K: Facts, F: HasDet, R: Space, M: FactorMethod, D: HasDet<Scalar = F::Scalar>> DetRule<K>
    for UpdateInverse<F, R, M, D>
{
    fn slogdet_rule(&self) -> Result<(Sc<F>, Re<F>)> {
        match self {
            UpdateInverse::Base(d) => d.slogdet_rule(),
            UpdateInverse::Woodbury(w) => {
                let ((sa, la), (sm, lm)) = (
                    w.base.slogdet_rule()?,
                    <Factored<_, _, M> as DetRule<crate::NoFacts>>::slogdet_rule(&w.capacitance)?,
                );
                Ok((sa * sm, la + lm))
            }
        }
    }
}
// the diagonal of A^-1 less the rows of W M^-1 times those of Z: O(n r^2)
impl<F, R: Space, M: FactorMethod, D> DiagonalRule for UpdateInverse<F, R, M, D>
where
    F: LinearOperator + DiagonalRule,
    D: LinearOperator<Scalar = F::Scalar> + DiagonalRule,
{
    fn diagonal_rule(&self, k: isize, d: &mut [Sc<F>]) -> Result<()> {
        let w = match self {
            UpdateInverse::Base(inner) => return inner.diagonal_rule(k, d),
            UpdateInverse::Woodbury(w) => w,
        };
        w.base.diagonal_rule(k, d)?;
        let ((row, col), r, z) = (diagonal_start(k), w.capacitance.n, w.z.view());
        let (left, c) = w.w.as_ref().map_or((z, w.c), |w| (w.view(), Sc::<F>::one()));
        let mut m = Held::<Sc<F>, R>::identity(r);
        let eye = Held::<Sc<F>, R>::identity(r);
        apply_checked(&w.capacitance, eye.view(), m.view_mut())?;
        for (i, d) in d.iter_mut().enumerate() {
            for j in 0..r {
                let wm = (0..r).fold(Sc::<F>::zero(), |s, k| s.add_mul(left.at(row + i, k), m.at(k, j)));
                *d -= c * wm * z.at(col + i, j).conj();
            }
        }
        Ok(())
    }
}
/// A + P Q^H again, the factors held in the space of A^-1.
pub type Updated<F, R> = LowRankUpdate<Inv<F>, LowRank<Panel<Sc<F>, Ro<F>, R>, Panel<Sc<F>, Ro<F>, R>>>;
// (A^-1 - W M^-1 Z^H)^-1 = A + (A W) (A^H Z)^H
impl<K: Facts, F, R: Space, M: FactorMethod, D: InverseRule<K, Scalar = F::Scalar>> InverseRule<K>
    for UpdateInverse<F, R, M, D>
where
    F: LinearOperator + Invertible,
    Inv<F>: LinearOperator<Scalar = F::Scalar>,
    Either<Updated<F, R>, D::Output>: Operator<Scalar = F::Scalar>,
{
    type Output = WithFacts<Either<Updated<F, R>, D::Output>, InverseFacts<K>>;
    fn inverse_rule(&self) -> Result<Self::Output> {
        let w = match self {
            UpdateInverse::Base(d) => return Ok(WithFacts::new(Either::Second(d.inverse_rule()?))),
            UpdateInverse::Woodbury(w) => w,
        };
        let (a, z, r) = (w.base.inverse_rule()?, w.z.view(), w.capacitance.n);
        let n = z.rows;
        let (left, c) = w.w.as_ref().map_or((z, w.c), |w| (w.view(), Sc::<F>::one()));
        let (mut p, mut q) = (Panel::filled(n, r, Sc::<F>::zero()), Panel::filled(n, r, Sc::<F>::zero()));
        apply_checked(&a, left, p.view_mut())?;
        p.as_mut_slice().iter_mut().for_each(|p| *p *= c);
        apply_checked(&crate::ops::Adjoint(&a), z, q.view_mut())?;
        Ok(WithFacts::new(Either::First(LowRankUpdate(a, LowRank(p, q)))))
    }
}
crate::base_eigh!([F: Operator, R: Space, M: FactorMethod, D: Operator<Scalar = F::Scalar>] UpdateInverse<F, R, M, D>);
crate::spectral_power!([F: Operator, R: Space, M: FactorMethod, D: Operator<Scalar = F::Scalar>] UpdateInverse<F, R, M, D>);
crate::base_exp!([F: Operator, R: Space, M: FactorMethod, D: Operator<Scalar = F::Scalar>] UpdateInverse<F, R, M, D>);
crate::spectral_log!([F: Operator, R: Space, M: FactorMethod, D: Operator<Scalar = F::Scalar>] UpdateInverse<F, R, M, D>);
crate::base_factors!([F: Operator, R: Space, M: FactorMethod, D: Operator<Scalar = F::Scalar>] UpdateInverse<F, R, M, D>);
crate::base_decompositions!([F: Operator, R: Space, M: FactorMethod, D: Operator<Scalar = F::Scalar>] UpdateInverse<F, R, M, D>);
impl<F: Explain, R: Space, M: FactorMethod, D: Explain<Scalar = F::Scalar>> Explain for UpdateInverse<F, R, M, D> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        let w = match self {
            UpdateInverse::Base(d) => return d.plan::<K>(question),
            UpdateInverse::Woodbury(w) => w,
        };
        let of = |rule, formula| {
            let inner = part(&w.base, question);
            let cost = rank_cost(formula, w.base.nrows(), w.capacitance.n);
            let flops = inner.cost.flops.zip(cost.flops).map(|(a, b)| a + b);
            let cost =
                crate::plan::Cost { formula: format!("that of the base + {formula}"), flops, per_iteration: false };
            Plan { rule, parts: vec![inner], cost, refused: false, base: false }
        };
        match question {
            Question::Apply => of("the base less a low rank".into(), "4nr + 2r^2"),
            Question::Slogdet => of("determinant lemma".into(), "r"),
            Question::Trace | Question::Diagonal => of("the base less rows of the factors".into(), "2nr^2"),
            Question::Solve => of("undone: the base plus a low rank".into(), "4nr"),
            _ => base::<K, Self>(self, question),
        }
    }
    fn tree<K: Facts>(&self) -> Tree {
        match self {
            UpdateInverse::Base(d) => d.tree::<K>(),
            UpdateInverse::Woodbury(w) => Tree::node::<K, Self>(self, vec![w.base.tree::<Fa<F>>()]).called("Woodbury"),
        }
    }
}

impl<A, L> crate::gradient::Differentiable for LowRankUpdate<A, L>
where
    A: crate::gradient::Differentiable,
    L: crate::gradient::Differentiable<Scalar = A::Scalar>,
{
    fn parameters(&self) -> usize {
        self.0.parameters() + self.1.parameters()
    }
    fn accumulate_bilinear(&self, u: View<'_, Sc<A>>, v: View<'_, Sc<A>>, scale: Sc<A>, g: &mut [Sc<A>]) {
        let (a, b) = g.split_at_mut(self.0.parameters());
        self.0.accumulate_bilinear(u, v, scale, a);
        self.1.accumulate_bilinear(u, v, scale, b);
    }
    fn accumulate_trace(&self, scale: Sc<A>, g: &mut [Sc<A>]) {
        let (a, b) = g.split_at_mut(self.0.parameters());
        self.0.accumulate_trace(scale, a);
        self.1.accumulate_trace(scale, b);
    }
}
impl<K: Facts, A, L> crate::gradient::LogdetGradient<K> for LowRankUpdate<A, L>
where
    A: crate::gradient::Differentiable + InverseRule<Fa<A>, Output: LinearOperator<Scalar = Sc<A>>>,
    L: crate::gradient::Differentiable + LowRankFactors<Scalar = Sc<A>>,
    LowRankUpdate<A, L>: Clone,
{
}
