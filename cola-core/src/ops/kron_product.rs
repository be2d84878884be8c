//! (A x B) (C x D): A C x B D where the sizes of the factors match, else the two Kronecker products one after the other.

use crate::error::Result;
use crate::facts::{Fact, Facts, Known, SelfAdjointFacts, Unknown};
use crate::functions::base::materialize;
use crate::functions::dense::{DenseBasis, FactChoice, dense_eigh};
use crate::functions::svd::renamed;
use crate::functions::{
    Cx, DetRule, DiagonalRule, EigFactors, EigRule, EighRule, ExpRule, InverseRule, LuFactors, LuRule, PinvRule,
    SpectrumRule, SvdRule,
};
use crate::gradient::{LogdetGradient, SpectrumGradient, logdet_by_columns, spectrum_by_columns};
use crate::operator::short::{Fa, Re, Ro, Sc};
use crate::operator::{LinearOperator, Operator, Update, operator};
use crate::ops::kron::{IntoKron, Split};
use crate::ops::{Either, Spectral, SvdFactors};
use crate::parameters::tree_choice;
use crate::plan::{Explain, Plan, Question, Tree, base};
use crate::view::{View, ViewMut};

/// The product of two Kronecker products, as `*` makes it: `F` = A C x B D where A has as many columns as C rows, and B as D; where the
/// inner size splits another way (2 * 3 meets 3 * 2) no Kronecker product is the product, and it is `P`, the factors in turn. Which one
/// is known to the compiler where the sizes of the factors are; else it is found when the product is built, and each rule is that of
/// the form found.
///
/// ```
/// # use cola_core::prelude::*;
/// # use cola_core::dsl;
/// let d = |d: &[f64]| Diagonal::new(d.to_vec());
/// let (two, three) = (d(&[1.0, 2.0]), d(&[1.0, 3.0, 5.0]));
/// // 2 * 3 = 2 * 3: the factors multiply
/// let k = dsl::mul(Kron::new(&two, &three), Kron::new(&two, &three));
/// assert!(matches!(k, KronProduct::Whole(_)));
/// assert_eq!(k.trace()?, (1.0 + 4.0) * (1.0 + 9.0 + 25.0));
/// // 2 * 3 = 3 * 2: both in turn
/// let k = dsl::mul(Kron::new(&two, &three), Kron::new(&three, &two));
/// assert!(matches!(k, KronProduct::Parts(_)));
/// assert_eq!(k.solve(&k.apply(&vec![1.0; 6]))?, [1.0; 6]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum KronProduct<F, P> {
    /// The product of the first factors x that of the second.
    Whole(F),
    /// The two Kronecker products in turn.
    Parts(P),
}
/// The same of whichever it is.
macro_rules! each {
    ($e:expr, $x:ident => $f:expr) => {
        match $e {
            KronProduct::Whole($x) => $f,
            KronProduct::Parts($x) => $f,
        }
    };
}
// what is known of the product of the two holds in either form
operator!([F: Operator, P: Operator<Scalar = F::Scalar>] KronProduct<F, P> {
    scalar F::Scalar; facts Fa<P>; rows F::Rows; cols F::Cols; nrows |s| each!(s, x => x.nrows()); ncols each!(s, x => x.ncols());
    dense F::HOLDS_DENSE && P::HOLDS_DENSE; iterative F::ITERATIVE || P::ITERATIVE; class crate::classes::IsKron;
});
tree_choice!(KronProduct { Whole, Parts });
impl<F: LinearOperator, P: LinearOperator<Scalar = F::Scalar>> LinearOperator for KronProduct<F, P> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn act(&self, how: Update<Sc<F>>, x: View<'_, Sc<F>>, y: ViewMut<'_, Sc<F>>, s: &mut [Sc<F>]) {
        each!(self, a => a.act(how, x, y, s))
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn scratch_len(&self, columns: usize) -> usize {
        each!(self, a => a.scratch_len(columns))
    }
    fn act_in_place(&self, adjoint: bool, y: ViewMut<'_, Sc<F>>, s: &mut [Sc<F>]) {
        each!(self, a => a.act_in_place(adjoint, y, s))
    }
    fn in_place_scratch_len(&self, columns: usize) -> usize {
        each!(self, a => a.in_place_scratch_len(columns))
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn write(&self, alpha: Sc<F>, add: bool, y: ViewMut<'_, Sc<F>>) {
        each!(self, a => a.write(alpha, add, y))
    }
}
// a product of more than two: the factors that it has, or none
impl<F: IntoKron, P: Operator<Scalar = F::Scalar>> IntoKron for KronProduct<F, P> {
    type First = F::First;
    type Second = F::Second;
    fn split(&self) -> Option<Split> {
        match self {
            KronProduct::Whole(f) => f.split(),
            KronProduct::Parts(_) => None,
        }
    }
    fn into_factors(self) -> Option<(F::First, F::Second)> {
        match self {
            KronProduct::Whole(f) => f.into_factors(),
            KronProduct::Parts(_) => None,
        }
    }
}
impl<'a, F: Operator, P: Operator<Scalar = F::Scalar>> IntoKron for &'a KronProduct<F, P>
where
    &'a F: IntoKron<Scalar = Sc<F>>,
{
    type First = <&'a F as IntoKron>::First;
    type Second = <&'a F as IntoKron>::Second;
    fn split(&self) -> Option<Split> {
        match self {
            KronProduct::Whole(f) => f.split(),
            KronProduct::Parts(_) => None,
        }
    }
    fn into_factors(self) -> Option<(Self::First, Self::Second)> {
        match self {
            KronProduct::Whole(f) => f.into_factors(),
            KronProduct::Parts(_) => None,
        }
    }
}
// (A C)^-1 x (B D)^-1, or (C x D)^-1 (A x B)^-1
impl<K: Facts, F: InverseRule<K>, P: InverseRule<K, Scalar = F::Scalar>> InverseRule<K> for KronProduct<F, P>
where
    Either<F::Output, P::Output>: Operator<Scalar = F::Scalar>,
{
    type Output = Either<F::Output, P::Output>;
    fn inverse_rule(&self) -> Result<Self::Output> {
        Ok(match self {
            KronProduct::Whole(f) => Either::First(f.inverse_rule()?),
            KronProduct::Parts(p) => Either::Second(p.inverse_rule()?),
        })
    }
}
impl<K: Facts, F: DetRule<K>, P: DetRule<K, Scalar = F::Scalar>> DetRule<K> for KronProduct<F, P> {
    fn slogdet_rule(&self) -> Result<(Sc<F>, Re<F>)> {
        each!(self, a => a.slogdet_rule())
    }
}
// a product that is promised self-adjoint has factors that nobody said are: of the dense matrix
impl<K: Facts<SelfAdjoint: crate::facts::SelfAdjointOf<Self>>, F, P> EighRule<K> for KronProduct<F, P>
where
    KronProduct<F, P>: LinearOperator,
{
    type Basis = DenseBasis<Sc<Self>, Ro<Self>>;
    fn eigh_rule(&self) -> Result<Spectral<Self::Basis, SelfAdjointFacts>> {
        dense_eigh(materialize("eigh", self)?)
    }
}
crate::spectral_power!([F: Operator, P: Operator<Scalar = F::Scalar>] KronProduct<F, P>);
/// For "is self-adjoint": how the exponential is made.
pub trait ProductExpBy<F: Operator, P: Operator<Scalar = F::Scalar>, K> {
    /// e^A.
    type Output: Operator<Scalar = F::Scalar>;
    /// e^A.
    ///
    /// # Errors
    /// As [`ExpRule::exp_rule`].
    fn exp_by(k: &KronProduct<F, P>) -> Result<Self::Output>;
}
// promised: of the dense matrix, as eigh
#[diagnostic::do_not_recommend]
impl<F: LinearOperator, P: LinearOperator<Scalar = F::Scalar>, K> ProductExpBy<F, P, K> for Known {
    type Output = <Known as FactChoice>::DenseExp<Sc<F>, F::Rows>;
    fn exp_by(k: &KronProduct<F, P>) -> Result<Self::Output> {
        <Known as FactChoice>::dense_exp(materialize("exp", k)?)
    }
}
// that of the form found
#[diagnostic::do_not_recommend]
impl<F: ExpRule<K>, P: ExpRule<K, Scalar = F::Scalar>, K: Facts> ProductExpBy<F, P, K> for Unknown
where
    Either<F::Output, P::Output>: Operator<Scalar = F::Scalar>,
{
    type Output = Either<F::Output, P::Output>;
    fn exp_by(k: &KronProduct<F, P>) -> Result<Self::Output> {
        Ok(match k {
            KronProduct::Whole(f) => Either::First(f.exp_rule()?),
            KronProduct::Parts(p) => Either::Second(p.exp_rule()?),
        })
    }
}
impl<K: Facts<SelfAdjoint: ProductExpBy<F, P, K>>, F: Operator, P: Operator<Scalar = F::Scalar>> ExpRule<K>
    for KronProduct<F, P>
{
    type Output = <K::SelfAdjoint as ProductExpBy<F, P, K>>::Output;
    fn exp_rule(&self) -> Result<Self::Output> {
        K::SelfAdjoint::exp_by(self)
    }
}
crate::spectral_log!([F: Operator, P: Operator<Scalar = F::Scalar>] KronProduct<F, P>);
crate::base_cholesky!([F: Operator, P: Operator<Scalar = F::Scalar>] KronProduct<F, P>);
impl<K: Facts, F: SpectrumRule<K>, P: SpectrumRule<K, Scalar = F::Scalar>> SpectrumRule<K> for KronProduct<F, P>
where
    Either<F::Vectors, P::Vectors>: LinearOperator<Scalar = F::Scalar, Cols = <F::Vectors as Operator>::Cols>,
{
    type Vectors = Either<F::Vectors, P::Vectors>;
    const STRUCTURED: bool = F::STRUCTURED;
    fn has_spectrum(&self) -> bool {
        each!(self, a => a.has_spectrum())
    }
    fn spectrum_rule(&self) -> Result<Spectral<Self::Vectors, SelfAdjointFacts>> {
        Ok(match self {
            KronProduct::Whole(f) => {
                let (v, w) = f.spectrum_rule()?.into_parts();
                Spectral::from_parts(Either::First(v), renamed(&w))
            }
            KronProduct::Parts(p) => {
                let (v, w) = p.spectrum_rule()?.into_parts();
                Spectral::from_parts(Either::Second(v), renamed(&w))
            }
        })
    }
    fn has_shifted_factor(&self) -> bool {
        each!(self, a => a.has_shifted_factor())
    }
    fn shifted_factor(
        &self,
        c: Sc<F>,
    ) -> Result<Option<std::sync::Arc<dyn crate::algorithms::sylvester::KronSumFactor<Sc<F>>>>> {
        each!(self, a => a.shifted_factor(c))
    }
}
impl<F: DiagonalRule, P: DiagonalRule<Scalar = F::Scalar>> DiagonalRule for KronProduct<F, P> {
    const READS: bool = F::READS && P::READS;
    fn diagonal_rule(&self, k: isize, d: &mut [Sc<F>]) -> Result<()> {
        each!(self, a => a.diagonal_rule(k, d))
    }
    fn trace_rule(&self) -> Result<Sc<F>> {
        each!(self, a => a.trace_rule())
    }
}
impl<F: LuRule, P: LuRule<Scalar = F::Scalar>> LuRule for KronProduct<F, P>
where
    Either<F::P, P::P>: Operator<Scalar = F::Scalar>,
    Either<F::L, P::L>: Operator<Scalar = F::Scalar>,
    Either<F::U, P::U>: Operator<Scalar = F::Scalar>,
{
    type P = Either<F::P, P::P>;
    type L = Either<F::L, P::L>;
    type U = Either<F::U, P::U>;
    fn lu_rule(&self) -> Result<LuFactors<Self::P, Self::L, Self::U>> {
        Ok(match self {
            KronProduct::Whole(f) => {
                let LuFactors { p, l, u } = f.lu_rule()?;
                LuFactors { p: Either::First(p), l: Either::First(l), u: Either::First(u) }
            }
            KronProduct::Parts(f) => {
                let LuFactors { p, l, u } = f.lu_rule()?;
                LuFactors { p: Either::Second(p), l: Either::Second(l), u: Either::Second(u) }
            }
        })
    }
}
impl<K: Facts, F: EigRule<K>, P: EigRule<K, Scalar = F::Scalar>> EigRule<K> for KronProduct<F, P>
where
    Either<F::Vectors, P::Vectors>: Operator<Scalar = Cx<F>>,
{
    type Vectors = Either<F::Vectors, P::Vectors>;
    fn eig_rule(&self) -> Result<EigFactors<Self::Vectors>> {
        Ok(match self {
            KronProduct::Whole(f) => {
                let (v, w) = f.eig_rule()?.into_parts();
                EigFactors::from_parts(Either::First(v), renamed(&w))
            }
            KronProduct::Parts(p) => {
                let (v, w) = p.eig_rule()?.into_parts();
                EigFactors::from_parts(Either::Second(v), renamed(&w))
            }
        })
    }
    fn left_eig_rule(&self) -> Option<Result<EigFactors<Self::Vectors>>> {
        Some(match self {
            KronProduct::Whole(a) => a.left_eig_rule()?.map(|e| {
                let (v, w) = e.into_parts();
                EigFactors::from_parts(Either::First(v), renamed(&w))
            }),
            KronProduct::Parts(b) => b.left_eig_rule()?.map(|e| {
                let (v, w) = e.into_parts();
                EigFactors::from_parts(Either::Second(v), renamed(&w))
            }),
        })
    }
}
impl<K: Facts, F: SvdRule<K>, P: SvdRule<K, Scalar = F::Scalar>> SvdRule<K> for KronProduct<F, P>
where
    Either<F::Left, P::Left>: Operator<Scalar = F::Scalar>,
    Either<F::Right, P::Right>: Operator<Scalar = F::Scalar>,
{
    type Left = Either<F::Left, P::Left>;
    type Right = Either<F::Right, P::Right>;
    fn svd_rule(&self) -> Result<SvdFactors<Self::Left, Self::Right>> {
        Ok(match self {
            KronProduct::Whole(f) => {
                let (u, s, v) = f.svd_rule()?.into_parts();
                SvdFactors { s: renamed(&s), u: Either::First(u), v: Either::First(v) }
            }
            KronProduct::Parts(p) => {
                let (u, s, v) = p.svd_rule()?.into_parts();
                SvdFactors { s: renamed(&s), u: Either::Second(u), v: Either::Second(v) }
            }
        })
    }
}
impl<K: Facts, F: PinvRule<K>, P: PinvRule<K, Scalar = F::Scalar>> PinvRule<K> for KronProduct<F, P>
where
    Either<F::Output, P::Output>: Operator<Scalar = F::Scalar>,
{
    type Output = Either<F::Output, P::Output>;
    fn pinv_rule(&self) -> Result<Self::Output> {
        Ok(match self {
            KronProduct::Whole(f) => Either::First(f.pinv_rule()?),
            KronProduct::Parts(p) => Either::Second(p.pinv_rule()?),
        })
    }
}
impl<F: Explain, P: Explain<Scalar = F::Scalar>> Explain for KronProduct<F, P> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        match question {
            Question::Exp if !K::SelfAdjoint::KNOWN => each!(self, a => a.plan::<K>(question)),
            Question::Eigh | Question::Power | Question::Exp | Question::Log | Question::Cholesky => {
                base::<K, Self>(self, question)
            }
            _ => each!(self, a => a.plan::<K>(question)),
        }
    }
    fn tree<K: Facts>(&self) -> Tree {
        each!(self, a => a.tree::<K>())
    }
}
impl<K: Facts, F: LogdetGradient<K>, P: LogdetGradient<K, Scalar = F::Scalar>> LogdetGradient<K> for KronProduct<F, P>
where
    Either<<F as InverseRule<K>>::Output, <P as InverseRule<K>>::Output>: LinearOperator<Scalar = F::Scalar>,
{
    fn accumulate_logdet(&self, inverse: &Self::Output, scale: Sc<F>, g: &mut [Sc<F>]) {
        match (self, inverse) {
            (KronProduct::Whole(f), Either::First(i)) => f.accumulate_logdet(i, scale, g),
            (KronProduct::Parts(p), Either::Second(i)) => p.accumulate_logdet(i, scale, g),
            _ => logdet_by_columns(self, inverse, scale, g),
        }
    }
}
impl<K: Facts, F: SpectrumGradient<K>, P: SpectrumGradient<K, Scalar = F::Scalar>> SpectrumGradient<K>
    for KronProduct<F, P>
where
    KronProduct<F, P>: SpectrumRule<K, Vectors = Either<F::Vectors, P::Vectors>> + Operator<Scalar = F::Scalar>,
{
    fn accumulate_spectrum(&self, vectors: &Self::Vectors, weights: &[Sc<F>], scale: Sc<F>, g: &mut [Sc<F>]) {
        match (self, vectors) {
            (KronProduct::Whole(f), Either::First(v)) => f.accumulate_spectrum(v, weights, scale, g),
            (KronProduct::Parts(p), Either::Second(v)) => p.accumulate_spectrum(v, weights, scale, g),
            _ => spectrum_by_columns(self, vectors, weights, scale, g),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::dsl::mul;
    use crate::prelude::*;
    use crate::testing::{check_operator, market};
    use crate::{Error, Result, stack, value_and_grad};
    use nalgebra::DMatrix;

    fn kron(a: (usize, usize), b: (usize, usize), seed: usize) -> Kron<Dense<DMatrix<f64>>, Dense<DMatrix<f64>>> {
        let entry =
            |i: usize, j: usize, s: usize| (1.0 + (31 * s + 7 * i + 3 * j) as f64).sin() + 2.0 * (i == j) as u8 as f64;
        let of = |(m, n), seed| Dense(DMatrix::from_fn(m, n, |i, j| entry(i, j, seed)));
        Kron(of(a, seed), of(b, seed + 1))
    }
    fn near(a: &DMatrix<f64>, b: &DMatrix<f64>) {
        assert!(a.shape() == b.shape() && (a - b).norm() <= 1e-9 * b.norm().max(1.0), "{a}{b}");
    }
    #[test]
    fn factors_that_split_another_way() -> Result<()> {
        // (2 x 2) x (3 x 3) times (3 x 3) x (2 x 2); rectangular factors, too; three in a row
        let (k, l) = (kron((2, 2), (3, 3), 1), kron((3, 3), (2, 2), 3));
        let (dense, p) = (k.to_dense() * l.to_dense(), mul(&k, &l));
        assert!(matches!(p, KronProduct::Parts(_)));
        check_operator(&p).unwrap();
        near(&p.to_dense(), &dense);
        near(&p.inv()?.to_dense(), &dense.clone().try_inverse().unwrap());
        let (sign, log) = p.slogdet()?;
        assert!((sign * log.exp() / dense.determinant() - 1.0).abs() < 1e-9);
        assert!((p.trace()? - dense.trace()).abs() < 1e-10);
        near(&p.svd()?.to_dense(), &dense);
        near(&p.pinv()?.to_dense(), &dense.clone().try_inverse().unwrap());
        let f = p.lu()?;
        near(&(f.l.to_dense() * f.u.to_dense()), &(f.p.to_dense() * &dense));
        let e = p.eig()?;
        let w: f64 = e.eigenvalues().iter().map(|w| w.re).sum();
        assert!((w - dense.trace()).abs() < 1e-9);
        near(&p.exp()?.to_dense(), &Dense(dense.clone()).exp()?.to_dense());
        // of a product that neither splits like the next nor is a kron itself
        let three = mul(&p, kron((2, 2), (3, 3), 5));
        near(&three.to_dense(), &(&dense * kron((2, 2), (3, 3), 5).to_dense()));
        let wide = mul(kron((2, 4), (3, 3), 1), kron((3, 2), (4, 3), 5));
        near(&wide.inv()?.to_dense(), &wide.to_dense().try_inverse().unwrap());
        // shifted: the base case, and the Schur forms of the factors where they are factors
        let m = kron((2, 2), (3, 3), 5);
        for q in [mul(&k, &l), mul(&k, &m)] {
            let shifted = crate::dsl::add(&q, ScaledIdentity::<f64, crate::Dyn, _>::new(9.0, 6));
            let dense = q.to_dense() + DMatrix::identity(6, 6) * 9.0;
            near(&shifted.inv()?.to_dense(), &dense.try_inverse().unwrap());
        }
        assert!(matches!(crate::dsl::try_mul(&k, &kron((4, 4), (2, 2), 1)), Err(Error::ShapeMismatch { .. })));
        Ok(())
    }
    #[test]
    fn promises_go_by_the_dense_matrix() -> Result<()> {
        let (a, b) = (market::psd_matrix::<f64>(2), market::psd_matrix::<f64>(3));
        let k = Kron::new(&a, &b);
        let square = Psd::new(mul(&k, &k));
        near(&square.sqrt()?.to_dense(), &a.kronecker(&b));
        near(&square.eigh()?.to_dense(), &square.to_dense());
        let l = square.cholesky()?.to_dense();
        near(&(&l * l.transpose()), &square.to_dense());
        Ok(())
    }
    #[test]
    fn trees_and_gradients_of_both_forms() -> Result<()> {
        for l in [kron((2, 2), (3, 3), 3), kron((3, 3), (2, 2), 3)] {
            let p = mul(kron((2, 2), (3, 3), 1), l);
            let (y, g) = value_and_grad(&p, |p| p.logdet())?;
            let at = |h: f64| -> Result<f64> {
                let mut x = p.flatten();
                x[5] += h;
                p.unflatten(&x)?.logdet()
            };
            let (h, d) = (1e-5, g.flatten()[5]);
            assert!(
                (at(0.0)? - y).abs() < 1e-12 && ((at(h)? - at(-h)?) / (2.0 * h) - d).abs() < 1e-6 * (1.0 + d.abs())
            );
            let lanes = stack([p.clone(), p.map_leaves(|_, x: &mut [f64]| x.iter_mut().for_each(|x| *x *= 2.0))])?;
            let v = vec![crate::Lanes::<f64, 2>::of(1.0); 6];
            let (out, want) = (lanes.apply(&v), p.apply(&vec![1.0; 6]));
            assert!(out.iter().zip(&want).all(|(x, y)| (x.lane_f64(1) - 16.0 * y).abs() < 1e-12 * (1.0 + y.abs())
                && (x.lane_f64(0) - y).abs() < 1e-12 * (1.0 + y.abs())));
        }
        // one form in one lane and the other in the next: no stack
        let other = mul(kron((2, 2), (3, 3), 1), kron((3, 3), (2, 2), 3));
        assert!(stack([mul(kron((2, 2), (3, 3), 1), kron((2, 2), (3, 3), 3)), other]).is_err());
        Ok(())
    }
}
