//! U V^H of few columns, and what every operator of low rank is for the rules: P Q^H with a weight.

use crate::algorithms::dense as kernels;
use crate::data::{Held, MatrixData, Panel};
use crate::dsl::IsLowRank;
use crate::error::{Error, Result};
use crate::facts::{Fact, FactSet, Facts, NoFacts, SelfAdjointFacts, SelfAdjointOf, Sign, Unknown};
use crate::functions::base::square;
use crate::functions::dense::{ByLu, FactorMethod, finite};
use crate::functions::diagonal::diagonal_start;
use crate::functions::svd::{DenseColumns, dense_svd};
use crate::functions::{
    CholeskyRule, DetRule, DiagonalRule, EigFactors, EigRule, EighRule, ExpRule, InverseRule, PinvRule, SvdRule,
};
use crate::operator::short::{Co, Re, Ro, Sc};
use crate::operator::{LinearOperator, Operator, Update, operator};
use crate::ops::low_rank_vectors::low_rank_eig;
use crate::ops::{
    Identity, Isometric, LowRankShift, LowRankVectors, Psd, RangeBasis, Scaled, SelfAdjoint, Spectral, Sum, SvdFactors,
    Unitary, WithFacts,
};
use crate::parameters::tree_node;
use crate::plan::{Cost, Explain, Plan, Question, base};
use crate::scalar::Scalar;
use crate::space::{Space, demand};
use crate::view::{View, ViewMut};
use num_traits::{One, Zero};

/// An operator c P Q^H with r columns in P and Q: what a low-rank update, functions by the small core, and spectra work on.
pub trait LowRankFactors: LinearOperator {
    /// Index set of the r columns.
    type Rank: Space;
    /// `Known` if P = Q and c is real.
    type Balanced: Fact;
    /// r.
    fn rank(&self) -> usize;
    /// c.
    fn weight(&self) -> Sc<Self>;
    /// True if P and Q are held, or are so small that they may be.
    fn is_thin(&self) -> bool;
    /// Calls `f` with P and Q.
    fn with_factors<O>(&self, f: impl FnOnce(View<'_, Sc<Self>>, View<'_, Sc<Self>>) -> O) -> O;
}
/// Of factors that are not held: this many columns are made dense for a large operator.
pub(crate) const THIN: usize = 64;
/// X as a panel, by application to the identity.
pub(crate) fn panel<X: LinearOperator>(x: &X) -> Panel<Sc<X>, Ro<X>, Co<X>> {
    let (m, n) = (x.nrows(), x.ncols());
    let mut eye = Panel::<Sc<X>, Co<X>, Co<X>>::filled(n, n, Sc::<X>::zero());
    (0..n).for_each(|i| eye.as_mut_slice()[i + n * i] = Sc::<X>::one());
    let mut p = Panel::filled(m, n, Sc::<X>::zero());
    crate::operator::with_scratch(x.scratch_len(n), |s| x.act(Update::replace(), eye.view(), p.view_mut(), s));
    p
}

/// U V^H with U m x r and V n x r.
///
/// Apply, diagonals: O((m + n) r). It has no inverse; `low_rank(U, V) + c * I`, and its sum with anything of a cheap inverse, has one
/// by Woodbury's formula. A Hermitian one is promised by `psd(..)` or `self_adjoint(..)`; U U^H is `gram(U)` or `U * U.H`.
///
/// ```
/// # use cola_core::prelude::*;
/// let a = LowRank::new(nalgebra::matrix![1.0; 2.0], nalgebra::matrix![3.0; 4.0]);
/// assert_eq!(a.apply(&[1.0, 1.0]), [7.0, 14.0]);
/// assert_eq!(a.trace()?, 11.0);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LowRank<U, V>(pub U, pub V);
impl<U: MatrixData, V: MatrixData<Scalar = U::Scalar>> LowRank<U, V> {
    /// U V^H.
    ///
    /// # Panics
    /// Where U and V have different numbers of columns; static ones that differ do not compile.
    pub fn new(u: U, v: V) -> Self {
        const { Self::CHECK };
        Self::try_new(u, v).unwrap_or_else(|e| crate::dsl::shape_panic(&e))
    }
    pub(crate) const CHECK: () = {
        let u = crate::space::Shape { rows: U::Rows::EXTENT, cols: U::Cols::EXTENT };
        let v = crate::space::Shape { rows: V::Rows::EXTENT, cols: V::Cols::EXTENT };
        demand("low_rank(U, V)", u, v, u.cols.may_equal(v.cols))
    };
    /// U V^H.
    ///
    /// # Errors
    /// `ShapeMismatch` where U and V have different numbers of columns.
    pub fn try_new(u: U, v: V) -> Result<Self> {
        let (a, b) = (u.view(), v.view());
        let (left, right) = ((a.rows, a.cols), (b.rows, b.cols));
        if a.cols == b.cols {
            Ok(LowRank(u, v))
        } else {
            Err(Error::ShapeMismatch { op: "low_rank(U, V)", left, right })
        }
    }
}
/// U V^H.
///
/// # Panics
/// Where U and V have different numbers of columns; `try_linop!` returns the error.
pub fn low_rank<U: MatrixData, V: MatrixData<Scalar = U::Scalar>>(u: U, v: V) -> LowRank<U, V> {
    let () = LowRank::<U, V>::CHECK;
    LowRank::try_new(u, v).unwrap_or_else(|e| crate::dsl::shape_panic(&e))
}
/// U V^H.
///
/// # Errors
/// `ShapeMismatch` where U and V have different numbers of columns.
pub fn try_low_rank<U: MatrixData, V: MatrixData<Scalar = U::Scalar>>(u: U, v: V) -> Result<LowRank<U, V>> {
    let () = LowRank::<U, V>::CHECK;
    LowRank::try_new(u, v)
}
operator!([U: MatrixData, V: MatrixData<Scalar = U::Scalar>] LowRank<U, V> {
    scalar U::Scalar; facts NoFacts; rows U::Rows; cols V::Rows; nrows |s| s.0.view().rows; ncols s.1.view().rows;
    class IsLowRank;
});
crate::interop::saved!([U: MatrixData, V: MatrixData<Scalar = U::Scalar>] LowRank<U, V>, "LowRank", [] { u: U = |k| k.0, v: V = |k| k.1 } LowRank::try_new(u, v));
tree_node!([U, V] LowRank<U, V> { "u" => 0, "v" => 1 });
impl<U: MatrixData, V: MatrixData<Scalar = U::Scalar>> LinearOperator for LowRank<U, V> {
    fn act(&self, how: Update<Sc<Self>>, x: View<'_, Sc<Self>>, y: ViewMut<'_, Sc<Self>>, s: &mut [Sc<Self>]) {
        let (u, v) = (self.0.view(), self.1.view());
        let (u, v) = if how.adjoint { (v, u) } else { (u, v) };
        outer(how, u, v, x, y, s)
    }
    fn scratch_len(&self, columns: usize) -> usize {
        self.0.view().cols * columns
    }
}
/// y = [y +] alpha u v^H x.
pub(crate) fn outer<T: Scalar>(
    how: Update<T>,
    u: View<'_, T>,
    v: View<'_, T>,
    x: View<'_, T>,
    y: ViewMut<'_, T>,
    s: &mut [T],
) {
    let r = u.cols;
    let small = &mut s[..r * x.cols];
    kernels::gemm((T::one(), false), true, v.transposed(), x, ViewMut::matrix(small, r, x.cols));
    kernels::gemm((how.alpha, how.add), false, u, View::matrix(small, r, x.cols), y);
}
impl<U: MatrixData, V: MatrixData<Scalar = U::Scalar>> LowRankFactors for LowRank<U, V> {
    type Rank = <U::Cols as Space>::Or<V::Cols>;
    type Balanced = Unknown;
    fn rank(&self) -> usize {
        self.0.view().cols
    }
    fn weight(&self) -> Sc<Self> {
        Sc::<Self>::one()
    }
    fn is_thin(&self) -> bool {
        true
    }
    fn with_factors<O>(&self, f: impl FnOnce(View<'_, Sc<Self>>, View<'_, Sc<Self>>) -> O) -> O {
        f(self.0.view(), self.1.view())
    }
}
/// The demand "can have an inverse", in words: no structure of low rank meets it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is of low rank: it has no inverse, no logarithm and no Cholesky factor",
    label = "singular by its structure",
    note = "add a multiple of `I`, or another operator that can be inverted: `low_rank(U, V) + c * I` is solved by Woodbury's formula",
    note = "a block matrix is solved where one diagonal block can be inverted: put it there by reordering rows or columns",
    note = "for least squares ask for the pseudoinverse: `.pinv()?` or `.lstsq(&b)?`"
)]
pub trait Regular {}
// The one that is shown is what the note proposes: without any, rustc lists the implementations of the rule that asked.
impl<L, E> Regular for crate::ops::ShiftedLowRank<L, E> {}
// by a demand that is never met, so that the message says what to do
impl<K: Facts, U: MatrixData, V: MatrixData<Scalar = U::Scalar>> InverseRule<K> for LowRank<U, V>
where
    LowRank<U, V>: Regular,
{
    type Output = Identity<U::Scalar, U::Rows>;
    fn inverse_rule(&self) -> Result<Self::Output> {
        Err(Error::Singular { index: self.rank() })
    }
}
impl<K: Facts, U: MatrixData, V: MatrixData<Scalar = U::Scalar>> CholeskyRule<K> for LowRank<U, V>
where
    LowRank<U, V>: Regular,
{
    type Factor = Identity<U::Scalar, U::Rows>;
    fn cholesky_rule(&self) -> Result<Self::Factor> {
        Err(Error::Singular { index: self.rank() })
    }
}
// rank <= r: det = 0 where r < n, of the product formed else
impl<K: Facts, U: MatrixData, V: MatrixData<Scalar = U::Scalar>> DetRule<K> for LowRank<U, V> {
    fn slogdet_rule(&self) -> Result<(Sc<Self>, Re<Self>)> {
        square("slogdet", self)?;
        low_rank_det(self)
    }
}
/// (0, -inf) where the rank is less than n; else of the n x n product, which is no larger than its factors.
pub(crate) fn low_rank_det<L: LowRankFactors>(a: &L) -> Result<(Sc<L>, Re<L>)> {
    let (n, c) = (a.nrows(), a.weight());
    a.with_factors(|p, q| {
        crate::error::check::<Sc<L>>(p.finite() & q.finite() & c.finite(), |_| {
            Error::non_finite("the low-rank factors")
        })?;
        if p.cols < n {
            return Ok((Sc::<L>::zero(), Re::<L>::of(f64::NEG_INFINITY)));
        }
        let mut m = Held::<Sc<L>, Ro<L>>::filled(n, Sc::<L>::zero());
        product_of(c, p, q, m.view_mut());
        ByLu::slogdet_of(m)
    })
}
/// m = c p q^H.
pub(crate) fn product_of<T: Scalar>(c: T, p: View<'_, T>, q: View<'_, T>, m: ViewMut<'_, T>) {
    // the kernel conjugates its left factor: m^T = c conj(q) p^T
    let flipped = ViewMut::new(m.data, m.cols, m.rows, m.cs, m.rs);
    kernels::gemm((c, false), true, q, p.transposed(), flipped)
}
// A = V diag(w) V^H by the r x r core in the basis of range(U)
impl<K: Facts<SelfAdjoint: SelfAdjointOf<Self>>, U: MatrixData, V: MatrixData<Scalar = U::Scalar>> EighRule<K>
    for LowRank<U, V>
{
    type Basis = LowRankBasis<Self>;
    fn eigh_rule(&self) -> Result<Spectral<Self::Basis, SelfAdjointFacts>> {
        low_rank_eigh(self)
    }
}
/// Eigenvectors of an operator of low rank.
pub type LowRankBasis<L> = RangeBasis<Sc<L>, Ro<L>, <L as LowRankFactors>::Rank>;
/// P = Q_P R, so A = Q_P (c R Q^H Q_P) Q_P^H where A is self-adjoint: an r x r eigenproblem; the other n - r eigenvalues are 0.
pub(crate) fn low_rank_eigh<L: LowRankFactors>(a: &L) -> Result<Spectral<LowRankBasis<L>, SelfAdjointFacts>> {
    square("eigh", a)?;
    let c = a.weight();
    a.with_factors(|p, q| {
        if p.cols > p.rows {
            let mut m = Held::<Sc<L>, Ro<L>>::filled(p.rows, Sc::<L>::zero());
            product_of(c, p, q, m.view_mut());
            return RangeBasis::of_matrix(m);
        }
        let (basis, core) = compressed(c, p, q);
        basis.with_core(core)
    })
}
/// P = Q_P R: Q_P and the r x r core c R Q^H Q_P, with P Q^H = Q_P core Q_P^H on the range of P.
pub(crate) fn compressed<T: Scalar, N: Space, R: Space>(
    c: T,
    p: View<'_, T>,
    q: View<'_, T>,
) -> (RangeBasis<T, N, R>, Held<T, R>) {
    let (n, r) = (p.rows, p.cols);
    let (basis, rp) = RangeBasis::<T, N, R>::range(p);
    // Y = Q_P^H Q, of which the first r rows count
    let mut core = Held::<T, R>::filled(r, T::zero());
    let mut column = vec![T::zero(); n];
    for j in 0..r {
        (0..n).for_each(|i| column[i] = q.at(i, j));
        basis.reflect(true, &mut column);
        // core += c R[:, j] Y[:, j]^H
        for k in 0..r {
            for i in 0..=j {
                core.set(i, k, core.at(i, k) + c * rp.at(i, j) * column[k].conj());
            }
        }
    }
    (basis, core)
}
crate::spectral_power!([U: MatrixData, V: MatrixData<Scalar = U::Scalar>] LowRank<U, V>);
/// I + P M Q^H: what the exponential of P Q^H is.
pub type LowRankExp<L> = LowRankShift<
    LowRank<Panel<Sc<L>, Ro<L>, <L as LowRankFactors>::Rank>, Panel<Sc<L>, Ro<L>, <L as LowRankFactors>::Rank>>,
    crate::facts::NonNegative,
>;
/// What is known of the exponential: PSD if A is self-adjoint.
pub type ExpFacts<K> = FactSet<<K as Facts>::SelfAdjoint, <K as Facts>::SelfAdjoint, Unknown, Unknown>;
// e^(P Q^H) = I + P phi(Q^H P) Q^H with phi(z) = (e^z - 1) / z
impl<K: Facts, U: MatrixData, V: MatrixData<Scalar = U::Scalar>> ExpRule<K> for LowRank<U, V> {
    type Output = WithFacts<LowRankExp<Self>, ExpFacts<K>>;
    fn exp_rule(&self) -> Result<Self::Output> {
        Ok(WithFacts::new(low_rank_exp(self, Sc::<Self>::zero())?))
    }
}
/// e^(s I + c P Q^H) = e^s (I + c P phi(c Q^H P) Q^H), phi from the exponential of [[C, I], [0, 0]]. (Higham 2008, section 10.7.4.)
pub(crate) fn low_rank_exp<L: LowRankFactors>(a: &L, shift: Sc<L>) -> Result<LowRankExp<L>> {
    square("exp", a)?;
    let (n, r, c) = (a.nrows(), a.rank(), a.weight());
    let scale = shift.exp();
    crate::error::check::<Sc<L>>(scale.finite(), |_| Error::non_finite("the exponential: it overflowed"))?;
    let (p, q) = a.with_factors(|p, q| {
        let mut big = vec![Sc::<L>::zero(); 4 * r * r];
        let top = ViewMut::new(&mut big, r, r, 1, 2 * r);
        kernels::gemm((c, false), true, q.transposed(), p, top);
        (0..r).for_each(|i| big[i + 2 * r * (r + i)] = Sc::<L>::one());
        finite(&big, "the low-rank factors")?;
        kernels::expm(2 * r, &mut big)?;
        finite(&big, "the exponential: it overflowed")?;
        let phi = View::new(&big[(2 * r * r).min(big.len())..], r, r, 1, 2 * r);
        let mut left = Panel::filled(n, r, Sc::<L>::zero());
        kernels::gemm((c * scale, false), false, p, phi, left.view_mut());
        finite(left.as_slice(), "the exponential: it overflowed")?;
        Ok((left, Panel::copy(q)))
    })?;
    Ok(LowRankShift::of(LowRank(p, q), scale))
}
/// f(s I + c P Q^H) = f(s) I + c P g(c Q^H P) Q^H with g(z) = (f(s + z) - f(s)) / z, which is read off f of [[s I + C, I], [0, s I]] for
/// any C, singular ones too. (Higham 2008, theorem 1.21 and section 10.7.4.) `f` replaces a 2r x 2r matrix by its function.
pub(crate) fn low_rank_function<L: LowRankFactors>(
    a: &L,
    shift: Sc<L>,
    f: &dyn Fn(usize, &mut [Sc<L>]) -> Result<()>,
) -> Result<LowRankExp<L>> {
    square("a function", a)?;
    crate::error::check::<Sc<L>>(shift.finite(), |_| Error::non_finite("the factor of the identity"))?;
    let (n, r, c) = (a.nrows(), a.rank(), a.weight());
    let mut alone = [shift];
    f(1, &mut alone)?;
    let (p, q) = a.with_factors(|p, q| {
        let mut big = vec![Sc::<L>::zero(); 4 * r * r];
        let top = ViewMut::new(&mut big, r, r, 1, 2 * r);
        kernels::gemm((c, false), true, q.transposed(), p, top);
        for i in 0..2 * r {
            big[i * (2 * r + 1)] += shift;
        }
        (0..r).for_each(|i| big[i + 2 * r * (r + i)] = Sc::<L>::one());
        finite(&big, "the low-rank factors")?;
        f(2 * r, &mut big)?;
        let g = View::new(&big[(2 * r * r).min(big.len())..], r, r, 1, 2 * r);
        let mut left = Panel::filled(n, r, Sc::<L>::zero());
        kernels::gemm((c, false), false, p, g, left.view_mut());
        finite(left.as_slice(), "the function: it overflowed")?;
        Ok((left, Panel::copy(q)))
    })?;
    Ok(LowRankShift::of(LowRank(p, q), alone[0]))
}
// no logarithm: an eigenvalue is 0
impl<K: Facts, U: MatrixData, V: MatrixData<Scalar = U::Scalar>> crate::functions::LogRule<K> for LowRank<U, V>
where
    LowRank<U, V>: Regular,
{
    type Output = Identity<U::Scalar, U::Rows>;
    fn log_rule(&self) -> Result<Self::Output> {
        Err(Error::Singular { index: self.rank() })
    }
}
crate::base_lu!([U: MatrixData, V: MatrixData<Scalar = U::Scalar>] LowRank<U, V>);
crate::base_spectrum!([U: MatrixData, V: MatrixData<Scalar = U::Scalar>] LowRank<U, V>);
// an r x r core in the range of U, zeros orthogonal to V
impl<K: Facts, U: MatrixData, V: MatrixData<Scalar = U::Scalar>> EigRule<K> for LowRank<U, V> {
    type Vectors = LowRankVectors<U::Scalar, U::Rows, <Self as LowRankFactors>::Rank>;
    fn eig_rule(&self) -> Result<EigFactors<Self::Vectors>> {
        low_rank_eig(self)
    }
}
// Q_U (R_U R_V^H) Q_V^H: the SVD of an r x r core
impl<K: Facts, U: MatrixData, V: MatrixData<Scalar = U::Scalar>> SvdRule<K> for LowRank<U, V> {
    type Left = DenseColumns<U::Scalar, U::Rows>;
    type Right = DenseColumns<U::Scalar, V::Rows>;
    fn svd_rule(&self) -> Result<SvdFactors<Self::Left, Self::Right>> {
        let (u, v) = (self.0.view(), self.1.view());
        crate::error::check::<U::Scalar>(u.finite() & v.finite(), |_| Error::non_finite("the low-rank factors"))?;
        let (m, n, r) = (u.rows, v.rows, u.cols);
        if r > m.min(n) {
            let mut a = Panel::<Sc<Self>, U::Rows, V::Rows>::filled(m, n, Sc::<Self>::zero());
            product_of(Sc::<Self>::one(), u, v, a.view_mut());
            return dense_svd(&a);
        }
        let (left, ru) = RangeBasis::<_, U::Rows, crate::space::Dyn>::range(u);
        let (right, rv) = RangeBasis::<_, V::Rows, crate::space::Dyn>::range(v);
        let mut core = Panel::<Sc<Self>, crate::space::Dyn, crate::space::Dyn>::filled(r, r, Sc::<Self>::zero());
        product_of(Sc::<Self>::one(), ru.view(), rv.view(), core.view_mut());
        let core = dense_svd(&core)?;
        let s = crate::functions::svd::renamed(core.singular_values());
        Ok(SvdFactors::from_parts(left.columns(core.left()), s, right.columns(core.right())))
    }
}
// V s^+ U^H
impl<K: Facts, U: MatrixData, V: MatrixData<Scalar = U::Scalar>> PinvRule<K> for LowRank<U, V> {
    type Output = SvdFactors<DenseColumns<U::Scalar, V::Rows>, DenseColumns<U::Scalar, U::Rows>>;
    fn pinv_rule(&self) -> Result<Self::Output> {
        SvdRule::<K>::svd_rule(self)?.pinv()
    }
}
// d_i = c sum_k P_ik conj(Q_ik): O(n r)
impl<U: MatrixData, V: MatrixData<Scalar = U::Scalar>> DiagonalRule for LowRank<U, V> {
    fn diagonal_rule(&self, k: isize, d: &mut [Sc<Self>]) -> Result<()> {
        low_rank_diagonal(self, k, d);
        Ok(())
    }
}
pub(crate) fn low_rank_diagonal<L: LowRankFactors>(a: &L, k: isize, d: &mut [Sc<L>]) {
    let ((row, col), c) = (diagonal_start(k), a.weight());
    a.with_factors(|p, q| {
        d.fill(Sc::<L>::zero());
        for k in 0..p.cols {
            for (i, d) in d.iter_mut().enumerate() {
                *d = d.add_mul(p.at(row + i, k), q.at(col + i, k).conj());
            }
        }
        d.iter_mut().for_each(|d| *d *= c);
    })
}
/// A cost in n and the rank r.
pub(crate) fn rank_cost(formula: &str, n: usize, r: usize) -> Cost {
    // the polynomial's two letters are m and n
    let flops = Cost::of(&formula.replace('r', "m"), (r, n)).flops;
    Cost { flops, ..Cost::unknown(formula) }
}
/// The plan of a rule that costs so much.
pub(crate) fn rank_plan(rule: &'static str, formula: &str, n: usize, r: usize) -> Plan {
    Plan { rule: rule.into(), parts: Vec::new(), cost: rank_cost(formula, n, r), refused: false, base: false }
}
/// The plans of what is of low rank and nothing else.
pub(crate) fn low_rank_plan<K: Facts, L: LowRankFactors + Explain>(a: &L, question: Question) -> Plan {
    let (n, r) = (a.nrows(), a.rank());
    let plan = |rule, cost| rank_plan(rule, cost, n, r);
    match question {
        Question::Apply => plan("two thin products", "4nr"),
        Question::Solve | Question::Log | Question::Cholesky => {
            Plan::error("compile error: of low rank; add a multiple of I, or ask for the pseudoinverse")
        }
        Question::Slogdet if r < n => plan("zero: the rank is less than n", "1"),
        Question::Slogdet => plan("from the product formed", "2n^2r + n^3"),
        Question::Trace | Question::Diagonal => plan("rows of the factors", "2nr"),
        Question::Exp => plan("I + U phi(V^H U) V^H", "6nr^2 + 184r^3"),
        Question::Eigh if K::SelfAdjoint::KNOWN => plan("r x r core in the range", "4nr^2 + 9r^3"),
        Question::Power if K::SelfAdjoint::KNOWN => a.plan::<K>(Question::Eigh).spectral(),
        Question::Svd => plan("SVD of the r x r core", "4nr^2 + 30r^3"),
        Question::Pinv => plan("SVD of the r x r core", "4nr^2 + 30r^3"),
        Question::Eig => plan("r x r core in the range, zeros", "4nr^2 + 25r^3"),
        Question::Eigh | Question::Power | Question::Lu => base::<K, L>(a, question),
    }
}
impl<U: MatrixData, V: MatrixData<Scalar = U::Scalar>> Explain for LowRank<U, V> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        low_rank_plan::<K, Self>(self, question)
    }
}

// wrappers hand on, c L has the weight c, and a sum has the columns of both
macro_rules! hand_on {
    ($([$($p:tt)*] $S:ty, |$s:ident| $inner:expr;)*) => { $(
        impl<$($p)*> LowRankFactors for $S {
            type Rank = L::Rank;
            type Balanced = L::Balanced;
            fn rank(&self) -> usize {
                let $s = self;
                $inner.rank()
            }
            fn weight(&self) -> Sc<L> {
                let $s = self;
                $inner.weight()
            }
            fn is_thin(&self) -> bool {
                let $s = self;
                $inner.is_thin()
            }
            fn with_factors<O>(&self, f: impl FnOnce(View<'_, Sc<L>>, View<'_, Sc<L>>) -> O) -> O {
                let $s = self;
                $inner.with_factors(f)
            }
        } )* };
}
hand_on! {
    [L: LowRankFactors + ?Sized] &L, |s| (**s);
    [L: LowRankFactors] Psd<L>, |s| s.0;
    [L: LowRankFactors] SelfAdjoint<L>, |s| s.0;
    [L: LowRankFactors] Unitary<L>, |s| s.0;
    [L: LowRankFactors] Isometric<L>, |s| s.0;
    [L: LowRankFactors, F: Facts] WithFacts<L, F>, |s| s.a;
}
impl<L: LowRankFactors, S: Sign> LowRankFactors for Scaled<L, Sc<L>, S> {
    type Rank = L::Rank;
    // a variable is real where the numbers are, a literal always
    type Balanced = <L::Balanced as Fact>::And<<S::Keep<crate::facts::IdentityFacts> as Facts>::SelfAdjoint>;
    fn rank(&self) -> usize {
        self.a.rank()
    }
    fn weight(&self) -> Sc<L> {
        self.c * self.a.weight()
    }
    fn is_thin(&self) -> bool {
        self.a.is_thin()
    }
    fn with_factors<O>(&self, f: impl FnOnce(View<'_, Sc<L>>, View<'_, Sc<L>>) -> O) -> O {
        self.a.with_factors(f)
    }
}
// [c_A P_A, c_B P_B] [Q_A, Q_B]^H
impl<A: LowRankFactors, B: LowRankFactors<Scalar = A::Scalar>> LowRankFactors for Sum<A, B> {
    type Rank = <A::Rank as Space>::Plus<B::Rank>;
    type Balanced = Unknown;
    fn rank(&self) -> usize {
        self.0.rank() + self.1.rank()
    }
    fn weight(&self) -> Sc<A> {
        Sc::<A>::one()
    }
    fn is_thin(&self) -> bool {
        self.0.is_thin() && self.1.is_thin()
    }
    fn with_factors<O>(&self, f: impl FnOnce(View<'_, Sc<A>>, View<'_, Sc<A>>) -> O) -> O {
        let (m, n, r) = (self.nrows(), self.ncols(), self.rank());
        let mut p = Panel::<Sc<A>, Ro<Self>, Self::Rank>::filled(m, r, Sc::<A>::zero());
        let mut q = Panel::<Sc<A>, Co<Self>, Self::Rank>::filled(n, r, Sc::<A>::zero());
        let first = self.0.rank();
        let mut part = |from: usize, c: Sc<A>, pa: View<'_, Sc<A>>, qa: View<'_, Sc<A>>| {
            for k in 0..pa.cols {
                (0..m).for_each(|i| p.as_mut_slice()[i + m * (from + k)] = c * pa.at(i, k));
                (0..n).for_each(|i| q.as_mut_slice()[i + n * (from + k)] = qa.at(i, k));
            }
        };
        self.0.with_factors(|pa, qa| part(0, self.0.weight(), pa, qa));
        self.1.with_factors(|pb, qb| part(first, self.1.weight(), pb, qb));
        f(p.view(), q.view())
    }
}

// u^T U V^H v: U sees (u, V^H v); conj(V) sees (v, U^T u)
impl<U, V> crate::gradient::Differentiable for LowRank<U, V>
where
    U: MatrixData + crate::parameters::Parameters<Number = <U as MatrixData>::Scalar>,
    V: MatrixData<Scalar = <U as MatrixData>::Scalar>
        + crate::parameters::Parameters<Number = <U as MatrixData>::Scalar>,
{
    fn parameters(&self) -> usize {
        let (u, v) = (self.0.view(), self.1.view());
        (u.rows + v.rows) * u.cols
    }
    fn accumulate_bilinear(&self, u: View<'_, Sc<Self>>, v: View<'_, Sc<Self>>, scale: Sc<Self>, g: &mut [Sc<Self>]) {
        let (a, b) = (self.0.view(), self.1.view());
        let (gu, gv) = g.split_at_mut(a.rows * a.cols);
        for k in 0..a.cols {
            let right = (0..b.rows).fold(Sc::<Self>::zero(), |s, j| s + b.at(j, k).conj() * v.at(j, 0));
            let left = (0..a.rows).fold(Sc::<Self>::zero(), |s, i| s + a.at(i, k) * u.at(i, 0));
            (0..a.rows).for_each(|i| gu[i + a.rows * k] += scale * u.at(i, 0) * right);
            (0..b.rows).for_each(|j| gv[j + b.rows * k] += scale * left * v.at(j, 0));
        }
    }
}
