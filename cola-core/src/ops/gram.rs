//! X X^H, the Gram matrix of the rows of X, through one factorisation of X.

use crate::algorithms::dense as kernels;
use crate::data::{Held, MatrixData, Panel};
use crate::dsl::IsLowRank;
use crate::error::{Error, Result, check};
use crate::facts::{Fact, FactSet, Facts, Known, PsdFacts, PsdOf, SelfAdjointFacts, SelfAdjointOf, Unknown};
use crate::functions::base::{BaseInverse, DENSE_LIMIT, is_direct, materialize, right_hand_side};
use crate::functions::dense::{FactChoice, FactorMethod, MethodOf};
use crate::functions::svd::dense_svd;
use crate::functions::{CholeskyRule, DetRule, DiagonalRule, EighRule, ExpRule, InverseRule};
use crate::operator::short::{Co, Fa, Re, Ro, Sc};
use crate::operator::{LinearOperator, Operator, Update, operator, write_by_identity};
use crate::ops::low_rank::{LowRankBasis, LowRankFactors, THIN, low_rank_diagonal, low_rank_eigh, panel, rank_plan};
use crate::ops::product::two_steps;
use crate::ops::{Dense, DenseTriangular, RangeBasis, Spectral, Triangular};
use crate::parameters::tree_node;
use crate::plan::{Explain, Plan, Question, Tree, base, part};
use crate::scalar::{Real, Scalar};
use crate::view::{View, ViewMut};
use core::marker::PhantomData;
use num_traits::{One, Zero};

/// X X^H, one node: positive semidefinite by construction. With `C` = [`ByTranspose`] it is X X^T, PSD where the numbers are real.
///
/// ```
/// # use cola_core::prelude::*;
/// let g = Gram::new(Dense::new(nalgebra::matrix![1.0, 2.0; 3.0, 4.0]));
/// assert_eq!(g.apply(&[1.0, 0.0]), [5.0, 11.0]);
/// g.cholesky()?;
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Gram<X, C = ByAdjoint>(pub X, PhantomData<fn() -> C>);
/// X X^H.
#[derive(Clone, Copy, Debug)]
pub struct ByAdjoint;
/// X X^T.
#[derive(Clone, Copy, Debug)]
pub struct ByTranspose;
/// What the second factor of a Gram matrix is.
pub trait GramKind: Copy + 'static {
    /// `Known` if the result is PSD for numbers of which `Real` says whether they are real.
    type Psd<Real: Fact>: Fact;
    /// Conjugated.
    const CONJUGATE: bool;
}
impl GramKind for ByAdjoint {
    type Psd<Real: Fact> = Known;
    const CONJUGATE: bool = true;
}
impl GramKind for ByTranspose {
    type Psd<Real: Fact> = Real;
    const CONJUGATE: bool = false;
}
impl<X: Operator> Gram<X> {
    /// X X^H.
    #[inline(always)]
    pub fn new(x: impl crate::dsl::IntoOperator<Op = X>) -> Self {
        Gram::of_kind(x)
    }
}
impl<X: Operator, C: GramKind> Gram<X, C> {
    /// X X^H or X X^T, by the kind `C`.
    #[inline(always)]
    pub fn of_kind(x: impl crate::dsl::IntoOperator<Op = X>) -> Self {
        Gram(x.into_operator(), PhantomData)
    }
}
type GramPsd<X, C> = <C as GramKind>::Psd<<Sc<X> as Scalar>::IsReal>;
operator!([X: Operator, C: GramKind] Gram<X, C> {
    scalar X::Scalar; facts FactSet<GramPsd<X, C>, GramPsd<X, C>, Unknown, Unknown>; rows Ro<X>; cols Ro<X>;
    nrows |s| s.0.nrows(); ncols s.0.nrows(); iterative X::ITERATIVE;
    class IsLowRank;
});
crate::interop::saved!([X: Operator, C: GramKind] Gram<X, C>, "Gram", [] { x: X = |k| k.0 } Ok(Gram(x, PhantomData)));
tree_node!([X; C: GramKind] Gram<X, C> { "0" => 0; 1 });
impl<X: LinearOperator, C: GramKind> LinearOperator for Gram<X, C> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn act(&self, how: Update<Sc<X>>, x: View<'_, Sc<X>>, y: ViewMut<'_, Sc<X>>, s: &mut [Sc<X>]) {
        let plain = how.plain();
        if C::CONJUGATE || <Sc<X> as Scalar>::IsReal::KNOWN {
            return two_steps((&self.0, plain), (&self.0, plain.first().flip()), self.0.ncols(), x, y, s);
        }
        // (X X^T)^H = conj(X) X^H
        let t = crate::ops::Transpose(&self.0);
        let (c, h) = (crate::ops::Conj(&self.0), plain.first());
        match how.adjoint {
            false => two_steps((&self.0, plain), (&t, h), self.0.ncols(), x, y, s),
            true => two_steps((&c, plain), (&self.0, h.flip()), self.0.ncols(), x, y, s),
        }
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn scratch_len(&self, columns: usize) -> usize {
        let conj = if C::CONJUGATE || <Sc<X> as Scalar>::IsReal::KNOWN { 0 } else { self.0.nrows() + self.0.ncols() };
        (self.0.ncols() + conj) * columns + self.0.scratch_len(columns)
    }
    // sums of products of rows of X, where X lies in memory
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn write(&self, alpha: Sc<X>, add: bool, mut y: ViewMut<'_, Sc<X>>) {
        let how = Update::entries(alpha, add);
        match self.0.entries() {
            Some(x) if x.rows > crate::algorithms::dense::UNROLL && <Sc<X> as Scalar>::IsReal::KNOWN => {
                crate::algorithms::dense::gemm((alpha, add), false, x, x.transposed(), y)
            }
            Some(x) => {
                for j in 0..x.rows {
                    for i in 0..x.rows {
                        how.write(y.at(i, j), row_product::<_, C>(&x, i, j));
                    }
                }
            }
            None => write_by_identity(self, alpha, add, y),
        }
    }
}
/// Row i of X times row j, conjugated where the kind says so.
#[cfg_attr(not(debug_assertions), inline(always))]
fn row_product<T: Scalar, C: GramKind>(x: &View<'_, T>, i: usize, j: usize) -> T {
    if x.cols == 0 {
        return T::zero();
    }
    let mut sum = x.at(i, 0) * if C::CONJUGATE { x.at(j, 0).conj() } else { x.at(j, 0) };
    for k in 1..x.cols {
        sum = sum.add_mul(x.at(i, k), if C::CONJUGATE { x.at(j, k).conj() } else { x.at(j, k) });
    }
    sum
}
/// Rank as the structure has it: Q = P, or conj(P) for X X^T.
impl<X: LinearOperator, C: GramKind> LowRankFactors for Gram<X, C> {
    type Rank = Co<X>;
    type Balanced = GramPsd<X, C>;
    fn rank(&self) -> usize {
        self.0.ncols()
    }
    fn weight(&self) -> Sc<X> {
        Sc::<X>::one()
    }
    fn is_thin(&self) -> bool {
        may_hold(&self.0)
    }
    fn with_factors<O>(&self, f: impl FnOnce(View<'_, Sc<X>>, View<'_, Sc<X>>) -> O) -> O {
        let made;
        let x = match self.0.entries() {
            Some(x) => x,
            None => {
                made = panel(&self.0);
                made.view()
            }
        };
        if C::CONJUGATE || <Sc<X> as Scalar>::IsReal::KNOWN {
            return f(x, x);
        }
        let mut conj = Panel::<Sc<X>, Ro<X>, Co<X>>::copy(x);
        conj.as_mut_slice().iter_mut().for_each(|x| *x = x.conj());
        f(x, conj.view())
    }
}
/// True where the entries of X are held, or are few enough to be: thin, or as many as a direct base case has.
pub(crate) fn may_hold<X: Operator>(x: &X) -> bool {
    X::HOLDS_DENSE || x.ncols() <= THIN || x.nrows().saturating_mul(x.ncols()) <= DENSE_LIMIT * DENSE_LIMIT
}
/// The inverse of X X^H = R^H R by R of the QR factorisation of X^H, or by the base case.
#[derive(Clone)]
pub enum GramInverse<X: Operator, D> {
    /// R, upper triangular.
    Triangle(Held<Sc<X>, Ro<X>>),
    /// The base case: of a matrix-free X, and of X X^T.
    Base(D),
}
impl<X: Operator, D: Operator<Scalar = Sc<X>>> Operator for GramInverse<X, D> {
    type Scalar = X::Scalar;
    type Facts = Fa<D>;
    type Class = crate::dsl::General;
    type Rows = Ro<X>;
    type Cols = Ro<X>;
    const HOLDS_DENSE: bool = true;
    const ITERATIVE: bool = D::ITERATIVE;
    fn nrows(&self) -> usize {
        match self {
            GramInverse::Triangle(r) => r.n,
            GramInverse::Base(d) => d.nrows(),
        }
    }
    fn ncols(&self) -> usize {
        self.nrows()
    }
}
impl<X: Operator, D: LinearOperator<Scalar = Sc<X>>> LinearOperator for GramInverse<X, D> {
    fn act(&self, how: Update<Sc<X>>, x: View<'_, Sc<X>>, mut y: ViewMut<'_, Sc<X>>, s: &mut [Sc<X>]) {
        let r = match self {
            GramInverse::Triangle(r) => r,
            GramInverse::Base(d) => return d.act(how, x, y, s),
        };
        let (n, fixed) = (r.n, X::SHAPE.rows.is_static());
        let buf = &mut s[..n * x.cols];
        for c in 0..x.cols {
            (0..n).for_each(|i| buf[i + n * c] = x.at(i, c));
        }
        kernels::trisolve(n, fixed, false, false, true, r.view(), ViewMut::matrix(buf, n, x.cols));
        kernels::trisolve(n, fixed, false, false, false, r.view(), ViewMut::matrix(buf, n, x.cols));
        for c in 0..x.cols {
            (0..n).for_each(|i| how.write(y.at(i, c), buf[i + n * c]));
        }
    }
    fn scratch_len(&self, columns: usize) -> usize {
        match self {
            GramInverse::Triangle(r) => r.n * columns,
            GramInverse::Base(d) => d.scratch_len(columns),
        }
    }
}
impl<X: LinearOperator, C: GramKind> Gram<X, C> {
    /// Whether X X^H is factored through X: not X X^T of complex numbers, not what cannot be held.
    fn by_factor(&self) -> bool {
        let held = X::SHAPE.rows.is_static() || may_hold(&self.0);
        <GramPsd<X, C> as Fact>::KNOWN && held && self.0.ncols() >= self.0.nrows()
    }
    /// X has fewer columns than rows: its Gram matrix is singular.
    fn is_tall(&self) -> bool {
        self.0.ncols() < self.0.nrows()
    }
    /// R of X^H = Q R, with a diagonal that is not zero beyond rounding.
    fn triangle(&self) -> Result<Held<Sc<X>, Ro<X>>> {
        let (n, m) = (self.0.nrows(), self.0.ncols());
        let mut r = Held::<Sc<X>, Ro<X>>::filled(n, Sc::<X>::zero());
        let mut a = Panel::<Sc<X>, Co<X>, Ro<X>>::filled(m, n, Sc::<X>::zero());
        self.with_factors(|x, _| {
            for j in 0..n {
                (0..m).for_each(|i| a.as_mut_slice()[i + m * j] = x.at(j, i).conj());
            }
        });
        crate::functions::dense::finite(a.as_slice(), "the factor of the Gram matrix")?;
        // ||x_j|| in units of the largest entry
        let zero = Re::<X>::zero();
        let mut norms = crate::data::Column::<Re<X>, Ro<X>>::filled(n, zero);
        for (j, norm) in norms.iter_mut().enumerate() {
            let x = &a.as_slice()[m * j..m * (j + 1)];
            let most = x.iter().fold(zero, |s, x| s.max(x.abs()));
            let unit = Re::<X>::select(zero.lt(most), most, Re::<X>::one());
            *norm = unit * x.iter().fold(zero, |s, x| s + x.scale(Re::<X>::one() / unit).abs_sq()).sqrt();
        }
        kernels::reflect(m, n, a.as_mut_slice(), r.as_mut_slice());
        let tol = Re::<X>::epsilon() * Re::<X>::real(m as f64);
        for j in 0..n {
            let pivot = r.at(j, j);
            let good = (tol * norms[j]).lt(pivot.abs()) & pivot.finite();
            check::<Sc<X>>(good, |lane| Error::NotPositiveDefinite { index: j, pivot: pivot.abs_sq().lane_f64(lane) })?;
            r.set(j, j, Sc::<X>::select(good, pivot, Sc::<X>::one()));
        }
        Ok(r)
    }
    fn rank_deficient(&self) -> Error {
        Error::NotPositiveDefinite { index: self.0.ncols(), pivot: 0.0 }
    }
}
// R^-1 R^-H with X^H = Q R: errors grow with the condition of X, not with its square
impl<K: Facts, X: LinearOperator + Clone, C: GramKind> InverseRule<K> for Gram<X, C> {
    type Output = GramInverse<X, BaseInverse<Self, MethodOf<K>>>;
    fn inverse_rule(&self) -> Result<Self::Output> {
        match self.by_factor() {
            true => Ok(GramInverse::Triangle(self.triangle()?)),
            false if self.is_tall() => Err(self.rank_deficient()),
            false => Ok(GramInverse::Base(BaseInverse::new(self)?)),
        }
    }
    fn solve_rule(&self, b: View<'_, Sc<X>>, x: ViewMut<'_, Sc<X>>) -> Result<()> {
        right_hand_side("solve", (self.nrows(), self.ncols()), b)?;
        match self.by_factor() {
            true => {
                let inverse = GramInverse::<X, BaseInverse<Self, MethodOf<K>>>::Triangle(self.triangle()?);
                crate::functions::inverse::apply_checked(&inverse, b, x)
            }
            false if self.is_tall() => Err(self.rank_deficient()),
            false => BaseInverse::<Self, MethodOf<K>>::solve(self, b, x),
        }
    }
}
// det = prod |r_jj|^2; zero where X is tall
impl<K: Facts, X: LinearOperator, C: GramKind> DetRule<K> for Gram<X, C> {
    fn slogdet_rule(&self) -> Result<(Sc<X>, Re<X>)> {
        if self.is_tall() {
            return Ok((Sc::<X>::zero(), Re::<X>::of(f64::NEG_INFINITY)));
        }
        if !self.by_factor() {
            return MethodOf::<K>::slogdet_of(materialize("slogdet", self)?);
        }
        let r = self.triangle()?;
        let log = (0..r.n).fold(Re::<X>::zero(), |s, j| s + r.at(j, j).abs().ln());
        Ok((Sc::<X>::one(), log + log))
    }
}
// X = Q R: by the singular values of R where X is tall, of the triangle of X^H else
impl<K: Facts<SelfAdjoint: SelfAdjointOf<Self>>, X: LinearOperator, C: GramKind> EighRule<K> for Gram<X, C> {
    type Basis = LowRankBasis<Self>;
    fn eigh_rule(&self) -> Result<Spectral<Self::Basis, SelfAdjointFacts>> {
        held("eigh", self)?;
        if self.by_singular_values() { self.spectrum_of_factor() } else { low_rank_eigh(self) }
    }
}
impl<X: LinearOperator, C: GramKind> Gram<X, C> {
    /// Whether the eigenvalues are squares of singular values: their relative errors grow with the condition of X and not with its square.
    /// Static ones stay off the heap, lanes and numbers that carry derivatives have no SVD of their own: they take the product.
    fn by_singular_values(&self) -> bool {
        let plain = Sc::<X>::LANES == 1 && <Sc<X> as kernels::Engine>::PLAIN;
        <GramPsd<X, C> as Fact>::KNOWN && plain && !X::SHAPE.rows.is_static()
    }
    fn spectrum_of_factor(&self) -> Result<Spectral<LowRankBasis<Self>, SelfAdjointFacts>> {
        let (n, m) = (self.0.nrows(), self.0.ncols());
        let squared = |s: &[Re<X>]| s.iter().map(|&s| s * s).collect::<Vec<_>>();
        self.with_factors(|x, _| {
            check::<Sc<X>>(x.finite(), |_| Error::non_finite("the factor of the Gram matrix"))?;
            if self.is_tall() {
                // Q R R^H Q^H = Q U s^2 U^H Q^H
                let (basis, upper) = RangeBasis::<_, Ro<X>, Co<X>>::range(x);
                let (u, s, _) = dense_svd(&upper)?.into_parts();
                return Ok(basis.with_vectors(u.0.0.view(), &squared(&s)));
            }
            // X X^H = R^H R = V s^2 V^H
            let mut a = Panel::<Sc<X>, Co<X>, Ro<X>>::filled(m, n, Sc::<X>::zero());
            for j in 0..n {
                (0..m).for_each(|i| a.as_mut_slice()[i + m * j] = x.at(j, i).conj());
            }
            let mut r = Held::<Sc<X>, Ro<X>>::filled(n, Sc::<X>::zero());
            kernels::reflect(m, n, a.as_mut_slice(), r.as_mut_slice());
            let (_, s, v) = dense_svd(&r)?.into_parts();
            Ok(RangeBasis::of_vectors(v.0.0.view(), &squared(&s)))
        })
    }
}
/// Refuses to hold the factors of a large matrix-free X.
pub(crate) fn held<L: LowRankFactors>(op: &'static str, a: &L) -> Result<()> {
    match a.is_thin() || is_direct(&a) {
        true => Ok(()),
        false => materialize(op, &a).map(|_| ()),
    }
}
crate::spectral_power!([X: LinearOperator, C: GramKind] Gram<X, C>);
crate::spectral_log!([X: LinearOperator, C: GramKind] Gram<X, C>);
/// The exponential by fact: of a self-adjoint structure through its own eigenvectors, else of the dense matrix.
pub trait ExpBy<A: Operator, K: Facts> {
    /// e^A.
    type Output: Operator<Scalar = Sc<A>>;
    /// e^A.
    ///
    /// # Errors
    /// `NonFinite`, `NotConverged`, `InvalidArgument` where A is too large.
    fn exp_by(a: &A) -> Result<Self::Output>;
}
impl<K: Facts, A: EighRule<K>> ExpBy<A, K> for Known {
    type Output = Spectral<A::Basis, PsdFacts>;
    fn exp_by(a: &A) -> Result<Self::Output> {
        a.eigh_rule()?.exp()
    }
}
impl<K: Facts, A: LinearOperator> ExpBy<A, K> for Unknown {
    type Output = Dense<Held<Sc<A>, Ro<A>>>;
    fn exp_by(a: &A) -> Result<Self::Output> {
        <Unknown as FactChoice>::dense_exp(materialize("exp", a)?)
    }
}
impl<K: Facts<SelfAdjoint: ExpBy<Self, K>>, X: LinearOperator, C: GramKind> ExpRule<K> for Gram<X, C> {
    type Output = <K::SelfAdjoint as ExpBy<Self, K>>::Output;
    fn exp_rule(&self) -> Result<Self::Output> {
        K::SelfAdjoint::exp_by(self)
    }
}
// L = R^H with the phases of the diagonal taken out
impl<K: Facts<Psd: PsdOf<Self>>, X: LinearOperator, C: GramKind> CholeskyRule<K> for Gram<X, C> {
    type Factor = DenseTriangular<Sc<X>, Ro<X>, crate::ops::Lower>;
    fn cholesky_rule(&self) -> Result<Self::Factor> {
        if self.is_tall() {
            return Err(self.rank_deficient());
        }
        if !self.by_factor() {
            return crate::functions::dense::dense_cholesky(materialize("cholesky", self)?);
        }
        let r = self.triangle()?;
        let mut l = Held::filled(r.n, Sc::<X>::zero());
        for j in 0..r.n {
            let d = r.at(j, j);
            let phase = d.scale(Re::<X>::one() / d.abs());
            (j + 1..r.n).for_each(|i| l.set(i, j, r.at(j, i).conj() * phase));
            l.set(j, j, Sc::<X>::from_re(d.abs()));
        }
        Ok(Triangular::from_parts(l))
    }
}
crate::base_lu!([X: Operator, C: GramKind] Gram<X, C>);
crate::base_spectrum!([X: Operator, C: GramKind] Gram<X, C>);
impl<K: Facts, X: crate::gradient::Differentiable, C: GramKind> crate::gradient::SpectrumGradient<K> for Gram<X, C> {}
crate::spectral_decompositions!([X: Operator, C: GramKind] Gram<X, C>);
// products of the rows of X
impl<X: LinearOperator, C: GramKind> DiagonalRule for Gram<X, C> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn diagonal_rule(&self, k: isize, d: &mut [Sc<X>]) -> Result<()> {
        if let (Some(x), 0) = (self.0.entries(), k) {
            for (i, d) in d.iter_mut().enumerate() {
                *d = row_product::<_, C>(&x, i, i);
            }
            return Ok(());
        }
        match X::SHAPE.rows.is_static() || may_hold(&self.0) {
            true => low_rank_diagonal(self, k, d),
            false => crate::functions::base::diagonal(self, k, d)?,
        }
        Ok(())
    }
}
impl<X: Explain + LinearOperator, C: GramKind> Explain for Gram<X, C> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        let plan = |rule, cost| rank_plan(rule, cost, self.nrows(), self.rank());
        match question {
            Question::Apply => Plan::weighted("the factor and its adjoint", [(2, part(&self.0, question))]),
            Question::Slogdet if self.is_tall() => plan("zero: the factor is tall", "1"),
            Question::Solve | Question::Cholesky if self.is_tall() => {
                Plan::error("error: rank-deficient, the factor has fewer columns than rows; add a multiple of I")
            }
            Question::Solve | Question::Slogdet | Question::Cholesky if self.by_factor() => {
                plan("QR of the factor", "2n^2r")
            }
            Question::Trace | Question::Diagonal if may_hold(&self.0) => plan("rows of the factor", "2nr"),
            Question::Eigh if K::SelfAdjoint::KNOWN && (self.is_thin() || is_direct(&self)) => match self.is_tall() {
                true => plan("r x r core in the range of the factor", "4nr^2 + 9r^3"),
                false if self.by_singular_values() => plan("SVD of the triangle of the factor", "2n^2r + 20n^3"),
                false => plan("Hermitian eigh of the product", "n^2r + 9n^3"),
            },
            Question::Power | Question::Log | Question::Exp if K::SelfAdjoint::KNOWN => {
                self.plan::<K>(Question::Eigh).spectral()
            }
            Question::Eig | Question::Svd | Question::Pinv if K::SelfAdjoint::KNOWN => {
                self.plan::<K>(Question::Eigh).decomposed(question)
            }
            _ => base::<K, Self>(self, question),
        }
    }
    fn tree<K: Facts>(&self) -> Tree {
        Tree::node::<K, Self>(self, vec![self.0.tree::<Fa<X>>()])
    }
}
crate::base_inverse!([X: Operator, D: Operator<Scalar = Sc<X>>] GramInverse<X, D>);
crate::base_eigh!([X: Operator, D: Operator<Scalar = Sc<X>>] GramInverse<X, D>);
crate::spectral_power!([X: Operator, D: Operator<Scalar = Sc<X>>] GramInverse<X, D>);
crate::base_exp!([X: Operator, D: Operator<Scalar = Sc<X>>] GramInverse<X, D>);
crate::spectral_log!([X: Operator, D: Operator<Scalar = Sc<X>>] GramInverse<X, D>);
crate::base_diagonal!([X: Operator, D: Operator<Scalar = Sc<X>>] GramInverse<X, D>);
crate::base_factors!([X: Operator, D: Operator<Scalar = Sc<X>>] GramInverse<X, D>);
crate::base_decompositions!([X: Operator, D: Operator<Scalar = Sc<X>>] GramInverse<X, D>);
impl<K: Facts, X: Operator, D: crate::functions::HasDet<Scalar = Sc<X>>> DetRule<K> for GramInverse<X, D> {
    fn slogdet_rule(&self) -> Result<(Sc<X>, Re<X>)> {
        match self {
            GramInverse::Base(d) => d.slogdet_rule(),
            GramInverse::Triangle(r) => {
                let log = (0..r.n).fold(Re::<X>::zero(), |s, j| s + r.at(j, j).abs().ln());
                Ok((Sc::<X>::one(), -(log + log)))
            }
        }
    }
}
impl<X: Operator, D: Explain<Scalar = Sc<X>>> Explain for GramInverse<X, D> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        match (self, question) {
            (GramInverse::Base(d), _) => d.plan::<K>(question),
            (_, Question::Apply) => Plan::rule(self, "two substitutions", "2n^2"),
            (_, Question::Slogdet) => Plan::rule(self, "from the triangle", "n"),
            _ => base::<K, Self>(self, question),
        }
    }
}

// u^T X X^T v: X sees (u, X^T v) and (v, X^T u)
impl<X: crate::gradient::Differentiable, C: GramKind> crate::gradient::Differentiable for Gram<X, C> {
    fn parameters(&self) -> usize {
        self.0.parameters()
    }
    fn accumulate_bilinear(&self, u: View<'_, Sc<X>>, v: View<'_, Sc<X>>, scale: Sc<X>, g: &mut [Sc<X>]) {
        let (xu, xv) = (crate::gradient::product(&self.0, true, u), crate::gradient::product(&self.0, true, v));
        self.0.accumulate_bilinear(u, View::vector(&xv), scale, g);
        self.0.accumulate_bilinear(v, View::vector(&xu), scale, g);
    }
}
impl<K: Facts, X: crate::gradient::Differentiable + Clone, C: GramKind> crate::gradient::LogdetGradient<K>
    for Gram<X, C>
{
}
