//! A^T, A^H, conj(A): every function commutes with them.

use crate::error::Result;
use crate::facts::{Fact, Facts, SelfAdjointFacts, TransposeFacts};
use crate::functions::base::materialize;
use crate::functions::eig::{DenseEigenvectors, dense_eig};
use crate::functions::svd::renamed;
use crate::functions::{
    CholeskyRule, DetRule, DiagonalRule, EigFactors, EigRule, EighRule, Exp, ExpRule, HasCholesky, HasDet, HasEig,
    HasEigh, HasExp, HasLog, HasPinv, HasPower, HasSvd, Inv, InverseRule, Invertible, Log, LogRule, MaySpectrum,
    NormalParts, Pinv, PinvRule, Pow, Power, PowerRule, SpectrumRule, SvdRule, Vectors,
};
use crate::operator::short::{Co, Fa, Re, Ro, Sc};
use crate::operator::{LinearOperator, Operator, Update, operator};
use crate::ops::{Either, Spectral, SvdFactors};
use crate::parameters::tree_node;
use crate::plan::{Explain, Plan, Question, Tree, base, part};
use crate::scalar::Scalar;
use crate::view::{View, ViewMut};

macro_rules! side {
    ($(#[$doc:meta])* $S:ident, $F:ident, $rows:ident $cols:ident, $nr:ident $nc:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub struct $S<A>(pub A);
        impl<A: Operator> $S<A> {
            /// Wraps the operator.
            #[inline(always)]
            pub fn new(a: impl crate::dsl::IntoOperator<Op = A>) -> Self {
                $S(a.into_operator())
            }
        }
        operator!([A: Operator] $S<A> {
            scalar A::Scalar; facts $F<Fa<A>>; rows $rows<A>; cols $cols<A>; nrows |s| s.0.$nr(); ncols s.0.$nc();
            dense A::HOLDS_DENSE; iterative A::ITERATIVE; class <A::Class as crate::dsl::Class>::Mirrored;
        });
        crate::interop::saved!([A: Operator] $S<A>, "Side", [] { a: A = |k| k.0 } Ok($S(a)));
        tree_node!([A] $S<A> { "" => 0 });
    };
}
type Same<K> =
    crate::facts::FactSet<<K as Facts>::SelfAdjoint, <K as Facts>::Psd, <K as Facts>::Unitary, <K as Facts>::Isometric>;
side!(
    /// A^T, not conjugated.
    Transpose, TransposeFacts, Co Ro, ncols nrows
);
side!(
    /// A^H, the conjugate transpose.
    Adjoint, TransposeFacts, Co Ro, ncols nrows
);
side!(
    /// conj(A).
    Conj, Same, Ro Co, nrows ncols
);
impl<A: LinearOperator> LinearOperator for Adjoint<A> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn act(&self, how: Update<Sc<A>>, x: View<'_, Sc<A>>, y: ViewMut<'_, Sc<A>>, s: &mut [Sc<A>]) {
        self.0.act(how.flip(), x, y, s)
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn scratch_len(&self, columns: usize) -> usize {
        self.0.scratch_len(columns)
    }
}
/// y = [y +] alpha conj(op(A) conj(x)): with A^H for op it is A^T. Real numbers never come here.
fn conjugated<A: LinearOperator>(
    a: &A,
    how: Update<Sc<A>>,
    x: View<'_, Sc<A>>,
    mut y: ViewMut<'_, Sc<A>>,
    s: &mut [Sc<A>],
) {
    let (xs, rest) = s.split_at_mut(x.rows * x.cols);
    let (ys, rest) = rest.split_at_mut(y.rows * x.cols);
    for c in 0..x.cols {
        (0..x.rows).for_each(|i| xs[i + x.rows * c] = x.at(i, c).conj());
    }
    let (xv, yv) = (View::matrix(xs, x.rows, x.cols), ViewMut::matrix(ys, y.rows, x.cols));
    a.act(how.first(), xv, yv, rest);
    for c in 0..x.cols {
        let m = y.rows;
        (0..m).for_each(|i| how.write(y.at(i, c), ys[i + m * c].conj()));
    }
}
const fn real<A: Operator>() -> bool {
    <<A::Scalar as Scalar>::IsReal as Fact>::KNOWN
}
impl<A: LinearOperator> LinearOperator for Transpose<A> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn act(&self, how: Update<Sc<A>>, x: View<'_, Sc<A>>, y: ViewMut<'_, Sc<A>>, s: &mut [Sc<A>]) {
        match real::<A>() {
            true => self.0.act(how.flip(), x, y, s),
            false => conjugated(&self.0, how.flip(), x, y, s),
        }
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn scratch_len(&self, columns: usize) -> usize {
        let copies = if real::<A>() { 0 } else { (self.0.nrows() + self.0.ncols()) * columns };
        copies + self.0.scratch_len(columns)
    }
}
impl<A: LinearOperator> LinearOperator for Conj<A> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn act(&self, how: Update<Sc<A>>, x: View<'_, Sc<A>>, y: ViewMut<'_, Sc<A>>, s: &mut [Sc<A>]) {
        match real::<A>() {
            true => self.0.act(how, x, y, s),
            false => conjugated(&self.0, how, x, y, s),
        }
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn scratch_len(&self, columns: usize) -> usize {
        let copies = if real::<A>() { 0 } else { (self.0.nrows() + self.0.ncols()) * columns };
        copies + self.0.scratch_len(columns)
    }
}
fn map_in_place<T: Copy>(d: &mut [T], f: impl Fn(T) -> T) {
    d.iter_mut().for_each(|d| *d = f(*d))
}
/// Rules that commute; `$same`: what happens to a number, `$flip`: to the index of a diagonal, `$B` and `$W`: to eigenvectors.
macro_rules! commutes {
    ($S:ident, |$x:ident| $number:expr, |$k:ident| $flip:expr, $B:ty, $W:ty, |$v:ident| $basis:expr) => {
        impl<K: Facts, A: Invertible> InverseRule<K> for $S<A> {
            type Output = $S<Inv<A>>;
            #[cfg_attr(not(debug_assertions), inline(always))]
            fn inverse_rule(&self) -> Result<Self::Output> {
                Ok($S(self.0.inverse_rule()?))
            }
        }
        impl<K: Facts, A: HasDet> DetRule<K> for $S<A> {
            fn slogdet_rule(&self) -> Result<(Sc<A>, Re<A>)> {
                let ($x, log) = self.0.slogdet_rule()?;
                Ok(($number, log))
            }
        }
        impl<K: Facts, A: HasPower> PowerRule<K> for $S<A> {
            type Output = $S<Pow<A>>;
            fn power_rule(&self, p: Power) -> Result<Self::Output> {
                Ok($S(self.0.power_rule(p)?))
            }
        }
        impl<K: Facts, A: HasExp> ExpRule<K> for $S<A> {
            type Output = $S<Exp<A>>;
            fn exp_rule(&self) -> Result<Self::Output> {
                Ok($S(self.0.exp_rule()?))
            }
        }
        impl<K: Facts, A: HasLog> LogRule<K> for $S<A> {
            type Output = $S<Log<A>>;
            fn log_rule(&self) -> Result<Self::Output> {
                Ok($S(self.0.log_rule()?))
            }
        }
        impl<K: Facts, A: HasEigh> EighRule<K> for $S<A> {
            type Basis = $B;
            fn eigh_rule(&self) -> Result<Spectral<Self::Basis, SelfAdjointFacts>> {
                let ($v, w) = self.0.eigh_rule()?.into_parts();
                Ok(Spectral::from_parts($basis, w))
            }
        }
        impl<K: Facts, A: MaySpectrum> SpectrumRule<K> for $S<A> {
            type Vectors = $W;
            const STRUCTURED: bool = <A as SpectrumRule<Fa<A>>>::STRUCTURED;
            fn has_spectrum(&self) -> bool {
                self.0.has_spectrum()
            }
            fn spectrum_rule(&self) -> Result<Spectral<Self::Vectors, SelfAdjointFacts>> {
                let ($v, w) = self.0.spectrum_rule()?.into_parts();
                Ok(Spectral::from_parts($basis, w))
            }
            fn is_normal(&self) -> bool {
                self.0.is_normal()
            }
            fn normal_rule(&self) -> Result<NormalParts<Self::Vectors>> {
                let ($v, mut z) = self.0.normal_rule()?;
                map_in_place(&mut z, |$x| $number);
                Ok(($basis, z))
            }
        }
        impl<A: DiagonalRule> DiagonalRule for $S<A> {
            const READS: bool = A::READS;
            fn diagonal_rule(&self, $k: isize, d: &mut [Sc<A>]) -> Result<()> {
                self.0.diagonal_rule($flip, d)?;
                map_in_place(d, |$x| $number);
                Ok(())
            }
        }
    };
}
commutes!(Adjoint, |x| x.conj(), |k| -k, A::Basis, Vectors<A>, |v| v);
commutes!(Transpose, |x| x, |k| -k, Conj<A::Basis>, Conj<Vectors<A>>, |v| Conj(v));
commutes!(Conj, |x| x.conj(), |k| k, Conj<A::Basis>, Conj<Vectors<A>>, |v| Conj(v));
// A^H = A for a PSD A; conj(A) = conj(L) conj(L)^H
impl<K: Facts, A: HasCholesky> CholeskyRule<K> for Adjoint<A> {
    type Factor = A::Factor;
    fn cholesky_rule(&self) -> Result<A::Factor> {
        self.0.cholesky_rule()
    }
}
impl<K: Facts, A: HasCholesky> CholeskyRule<K> for Transpose<A> {
    type Factor = Conj<A::Factor>;
    fn cholesky_rule(&self) -> Result<Self::Factor> {
        Ok(Conj(self.0.cholesky_rule()?))
    }
}
impl<K: Facts, A: HasCholesky> CholeskyRule<K> for Conj<A> {
    type Factor = Conj<A::Factor>;
    fn cholesky_rule(&self) -> Result<Self::Factor> {
        Ok(Conj(self.0.cholesky_rule()?))
    }
}
crate::base_lu!([A: Operator] Adjoint<A>);
crate::base_lu!([A: Operator] Transpose<A>);
crate::base_lu!([A: Operator] Conj<A>);
// A^H = V S U^H, A^T = conj(V) S U^T, conj(A) = conj(U) S V^T
impl<K: Facts, A: HasSvd> SvdRule<K> for Adjoint<A> {
    type Left = A::Right;
    type Right = A::Left;
    fn svd_rule(&self) -> Result<SvdFactors<A::Right, A::Left>> {
        let a = self.0.svd_rule()?;
        Ok(SvdFactors { u: a.v, s: renamed(&a.s), v: a.u })
    }
}
impl<K: Facts, A: HasSvd> SvdRule<K> for Transpose<A> {
    type Left = Conj<A::Right>;
    type Right = Conj<A::Left>;
    fn svd_rule(&self) -> Result<SvdFactors<Self::Left, Self::Right>> {
        let a = self.0.svd_rule()?;
        Ok(SvdFactors { u: Conj(a.v), s: renamed(&a.s), v: Conj(a.u) })
    }
}
impl<K: Facts, A: HasSvd> SvdRule<K> for Conj<A> {
    type Left = Conj<A::Left>;
    type Right = Conj<A::Right>;
    fn svd_rule(&self) -> Result<SvdFactors<Self::Left, Self::Right>> {
        let a = self.0.svd_rule()?;
        Ok(SvdFactors { u: Conj(a.u), s: renamed(&a.s), v: Conj(a.v) })
    }
}
impl<K: Facts, A: HasEig> EigRule<K> for Conj<A> {
    type Vectors = Conj<A::Vectors>;
    fn eig_rule(&self) -> Result<EigFactors<Self::Vectors>> {
        let (v, mut w) = self.0.eig_rule()?.into_parts();
        map_in_place(&mut w, |x| x.conj());
        Ok(EigFactors::from_parts(Conj(v), w))
    }
    fn left_eig_rule(&self) -> Option<Result<EigFactors<Self::Vectors>>> {
        Some(self.0.left_eig_rule()?.map(|e| {
            let (v, w) = e.map(|x| x.conj()).into_parts();
            EigFactors::from_parts(Conj(v), w)
        }))
    }
}
/// Those that the structure gives, or those of the dense matrix.
type Mirrored<V, A> = Either<V, DenseEigenvectors<Sc<A>, Co<A>>>;
fn first<V, D>(e: EigFactors<V>) -> EigFactors<Either<V, D>>
where
    V: Operator,
    D: Operator<Scalar = Sc<V>>,
{
    let (v, w) = e.into_parts();
    EigFactors::from_parts(Either::First(v), renamed(&w))
}
fn second<V, D>(e: EigFactors<D>) -> EigFactors<Either<V, D>>
where
    V: Operator,
    D: Operator<Scalar = Sc<V>>,
{
    let (v, w) = e.into_parts();
    EigFactors::from_parts(Either::Second(v), renamed(&w))
}
// the left eigenvectors of A, conj(w)
impl<K: Facts, A: HasEig + LinearOperator> EigRule<K> for Adjoint<A> {
    type Vectors = Mirrored<A::Vectors, A>;
    fn eig_rule(&self) -> Result<EigFactors<Self::Vectors>> {
        match self.0.left_eig_rule() {
            Some(left) => left.map(first),
            None => dense_eig::<K, _, _>(materialize("eig", self)?).map(second),
        }
    }
    fn left_eig_rule(&self) -> Option<Result<EigFactors<Self::Vectors>>> {
        Some(self.0.eig_rule().map(first))
    }
}
// A^T = conj(A^H)
impl<K: Facts, A: HasEig + LinearOperator> EigRule<K> for Transpose<A> {
    type Vectors = Mirrored<Conj<A::Vectors>, A>;
    fn eig_rule(&self) -> Result<EigFactors<Self::Vectors>> {
        match self.0.left_eig_rule() {
            Some(left) => left.map(|e| first(conjugate(e))),
            None => dense_eig::<K, _, _>(materialize("eig", self)?).map(second),
        }
    }
    fn left_eig_rule(&self) -> Option<Result<EigFactors<Self::Vectors>>> {
        Some(self.0.eig_rule().map(|e| first(conjugate(e))))
    }
}
fn conjugate<V: Operator>(e: EigFactors<V>) -> EigFactors<Conj<V>> {
    let (v, w) = e.map(|w| w.conj()).into_parts();
    EigFactors::from_parts(Conj(v), w)
}
/// Whether the left eigenvectors have the structure of the right ones, by the plan of those.
fn is_mirrored(plan: &Plan) -> bool {
    // those of a triangle are a triangle of the other side, those of U V^H lie in the range of V
    let other = plan.rule.contains("back substitution") || plan.rule.contains("core in the range, zeros");
    !plan.refused && !other && plan.parts.iter().all(is_mirrored)
}
macro_rules! pinv {
    ($S:ident, |$a:ident| $turned:expr, $through:ident) => {
        impl<K: Facts, A: HasPinv> PinvRule<K> for $S<A> {
            type Output = $S<Pinv<A>>;
            fn pinv_rule(&self) -> Result<Self::Output> {
                Ok($S(self.0.pinv_rule()?))
            }
            fn lstsq_alone(&self, $a: bool, b: View<'_, Sc<A>>, x: ViewMut<'_, Sc<A>>) -> Option<Result<()>> {
                $through(|b, x| self.0.lstsq_alone($turned, b, x), b, x)
            }
        }
    };
}
pinv!(Adjoint, |adjoint| !adjoint, plainly);
pinv!(Transpose, |adjoint| !adjoint, conjugately);
pinv!(Conj, |adjoint| adjoint, conjugately);
type Solved = Option<Result<()>>;
fn plainly<'b, 'x, T>(
    f: impl FnOnce(View<'b, T>, ViewMut<'x, T>) -> Solved,
    b: View<'b, T>,
    x: ViewMut<'x, T>,
) -> Solved {
    f(b, x)
}
/// conj(f(conj(b))).
fn conjugately<T: Scalar>(
    f: impl FnOnce(View<'_, T>, ViewMut<'_, T>) -> Solved,
    b: View<'_, T>,
    mut x: ViewMut<'_, T>,
) -> Solved {
    if <T::IsReal as Fact>::KNOWN {
        return f(b, x);
    }
    let conjugate: Vec<T> = (0..b.rows * b.cols).map(|i| b.at(i % b.rows, i / b.rows).conj()).collect();
    let solved = f(View::matrix(&conjugate, b.rows, b.cols), x.reborrow())?;
    for c in 0..x.cols {
        (0..x.rows).for_each(|i| *x.at(i, c) = x.at(i, c).conj());
    }
    Some(solved)
}
macro_rules! explain {
    ($($S:ident $of:literal;)*) => { $(
        impl<A: Explain> Explain for $S<A> {
            fn plan<K: Facts>(&self, question: Question) -> Plan {
                match question {
                    Question::Lu => base::<K, Self>(self, question),
                    Question::Pinv => Plan::least_squares($of, part(&self.0, question)),
                    Question::Eig if $of != "conjugate of" => match part(&self.0, question) {
                        plan if is_mirrored(&plan) && !plan.base => Plan::by_parts($of, [plan]),
                        _ => base::<K, Self>(self, question),
                    },
                    _ => Plan::by_parts($of, [part(&self.0, question)]),
                }
            }
            fn tree<K: Facts>(&self) -> Tree {
                Tree::node::<K, Self>(self, vec![self.0.tree::<Fa<A>>()])
            }
        }
    )* };
}
explain! {
    Adjoint "adjoint of";
    Transpose "transpose of";
    Conj "conjugate of";
}

/// u^T A^T v = v^T A u; gradients are of real operators, where A^H is A^T and conj(A) is A.
macro_rules! transposed_gradient {
    ($S:ident, |$u:ident, $v:ident| $left:expr, $right:expr) => {
        impl<A: crate::gradient::Differentiable> crate::gradient::Differentiable for $S<A> {
            fn parameters(&self) -> usize {
                self.0.parameters()
            }
            fn accumulate_bilinear(&self, $u: View<'_, Sc<A>>, $v: View<'_, Sc<A>>, scale: Sc<A>, g: &mut [Sc<A>]) {
                self.0.accumulate_bilinear($left, $right, scale, g)
            }
        }
        impl<K: Facts, A: crate::gradient::LogdetGradient<Fa<A>>> crate::gradient::LogdetGradient<K> for $S<A> {
            fn accumulate_logdet(&self, inverse: &Self::Output, scale: Sc<A>, g: &mut [Sc<A>]) {
                self.0.accumulate_logdet(&inverse.0, scale, g)
            }
        }
    };
}
transposed_gradient!(Transpose, |u, v| v, u);
transposed_gradient!(Adjoint, |u, v| v, u);
transposed_gradient!(Conj, |u, v| u, v);
impl<K: Facts, A: crate::gradient::SpectrumGradient<Fa<A>>> crate::gradient::SpectrumGradient<K> for Transpose<A> {}
impl<K: Facts, A: crate::gradient::SpectrumGradient<Fa<A>>> crate::gradient::SpectrumGradient<K> for Adjoint<A> {}
impl<K: Facts, A: crate::gradient::SpectrumGradient<Fa<A>>> crate::gradient::SpectrumGradient<K> for Conj<A> {}

#[cfg(test)]
mod tests {
    use crate::dsl::add;
    use crate::functions::HasEig;
    use crate::ops::*;
    use crate::plan::{Question, part};
    use crate::prelude::*;
    use crate::testing::market;
    use crate::{Dyn, Element, Result};
    use nalgebra::DMatrix;

    type C = Complex<f64>;
    fn eig<A: HasEig>(a: &A) -> Result<crate::functions::EigFactors<A::Vectors>> {
        a.eig_rule()
    }
    /// A V = V diag(w), |v| = 1, by the complex entries.
    fn residual<T: Element>(name: &str, a: &DMatrix<T>, v: &DMatrix<C>, w: &[C]) {
        let a = a.map(|x| C::new(x.re().lane_f64(0), x.im().lane_f64(0)));
        let scaled = DMatrix::from_fn(v.nrows(), v.ncols(), |i, j| v[(i, j)] * w[j]);
        let error = (&a * v - scaled).norm();
        assert!(error <= 1e-11 * (1.0 + a.norm()), "{name}: {error:.1e}");
        assert!(v.column_iter().all(|v| (v.norm() - 1.0).abs() < 1e-12), "{name}: not of norm 1");
        assert!((w.iter().sum::<C>() - a.trace()).norm() <= 1e-11 * (1.0 + a.norm()), "{name}: the trace");
    }
    fn check<A>(name: &str, a: A, structured: bool) -> Result<()>
    where
        A: LinearOperator + HasEig<Vectors: LinearOperator<Scalar = C>> + Explain + Clone,
        A::Scalar: Element + Scalar<Complex = C>,
    {
        let (h, t) = (Adjoint(a.clone()), Transpose(a.clone()));
        assert_eq!(part(&h, Question::Eig).base, !structured, "{name}: {}", part(&h, Question::Eig));
        let (left, mirrored) = (eig(&h)?, eig(&t)?);
        residual(name, &h.to_dense(), &left.eigenvectors().to_dense(), left.eigenvalues());
        residual(name, &t.to_dense(), &mirrored.eigenvectors().to_dense(), mirrored.eigenvalues());
        assert!(!structured || matches!(left.eigenvectors(), Either::First(_)), "{name}: of the dense matrix");
        // and back, through both
        let (twice, both) = (eig(&Adjoint(h))?, eig(&Transpose(Adjoint(a.clone())))?);
        residual(name, &a.to_dense(), &twice.eigenvectors().to_dense(), twice.eigenvalues());
        residual(name, &Conj(a).to_dense(), &both.eigenvectors().to_dense(), both.eigenvalues());
        Ok(())
    }
    fn all<T: Element + Scalar<Complex = C>>() -> Result<()> {
        let general = |n| Dense::new(market::general_matrix::<T>(n, n));
        let d = |n: usize| Diagonal::new((0..n).map(|i| T::of(1.5 - i as f64)).collect::<Vec<_>>());
        let c = || ScaledIdentity::<T, Dyn, crate::NonNegative>::of_size(T::of(0.75), 6);
        check("dense", general(4), true)?;
        check("PSD", Psd::new(market::psd_matrix::<T>(4)), true)?;
        check("diagonal", d(3), true)?;
        check("kron", Kron::new(general(2), general(3)), true)?;
        check("kron with a diagonal", Kron::new(d(2), general(3)), true)?;
        check("kron sum", KronSum::new(general(2), general(3)), true)?;
        check("shifted", add(Kron::new(general(2), general(3)), c()), true)?;
        check("block diagonal", BlockDiag::new(general(2), general(3)), true)?;
        check("repeated", Repeat::<_, 2>::new(general(3)), true)?;
        check("scaled", Scaled::<_, _, crate::AnySign>::signed(T::of(-2.0), general(3)), true)?;
        check("power", Powi::<_, 3>::new(general(3)), true)?;
        check("kron of many", KronOf::new(vec![general(2), general(2)]), true)?;
        check("blocks of many", BlockDiagOf::new(vec![general(2), general(3)]), true)?;
        check("permutation", Permutation::<T, _>::new(vec![1, 2, 0, 4, 3]), true)?;
        check("kron of sums", Kron::new(Sum::new(general(2), d(2)), general(3)), true)?;
        check("conj", Conj(general(3)), true)?;
        check("sum", Sum::new(general(3), d(3)), false)?;
        check("triangle", Triangular::lower(market::general_matrix::<T>(3, 3)), false)?;
        check("kron of a triangle", Kron::new(Triangular::lower(market::general_matrix::<T>(2, 2)), general(2)), false)
    }
    #[test]
    fn eigenvectors_of_the_adjoint() -> Result<()> {
        all::<f64>()?;
        all::<C>()
    }
    #[test]
    fn eigenvectors_of_adjoint_transforms() -> Result<()> {
        check("circulant", Circulant::new(vec![1.0, 2.0, -0.5, 0.25, 3.0]), true)?;
        check("complex circulant", Circulant::new(vec![C::new(1.0, 1.0), C::new(0.0, 2.0), C::new(0.5, 0.0)]), true)?;
        check("fourier", Fourier::<C>::new(6), true)?;
        check("cosines", Dct::new::<f64>(4, 5), true)?;
        check("cosines of type 2", Dct::new::<f64>(2, 5), false)
    }
}
