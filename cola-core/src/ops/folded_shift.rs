//! A + c I of a structure that it is again: a triangle, a Toeplitz matrix, a function of a permutation or of a Fourier transform.

use crate::error::{Error, Result};
use crate::facts::{Facts, SumFacts};
use crate::functions::{
    CholeskyRule, DetRule, DiagonalRule, EigFactors, EigRule, EighRule, ExpRule, InverseRule, LogRule, LuFactors,
    LuRule, PinvRule, Power, PowerRule, SpectrumRule, SvdRule,
};
use crate::gradient::{Differentiable, LogdetGradient, SpectrumGradient};
use crate::operator::short::{Co, Fa, Re, Ro, Sc};
use crate::operator::{LinearOperator, Operator, Update, operator};
use crate::ops::{Adjoint, AsTriangle, Conj, Multiple, Scaled, Spectral, Sum, SvdFactors, Transpose, Triangular};
use crate::parameters::tree_node;
use crate::plan::{Explain, Plan, Question, Tree, part, trees};
use crate::scalar::Scalar;
use crate::space::demand;
use crate::view::{View, ViewMut};

/// A structure that is one of its own kind beside c I.
pub trait Folding: Operator {
    /// What scale A + shift I is.
    type Whole: Operator<Scalar = Self::Scalar, Rows = Self::Rows, Cols = Self::Cols>;
    /// scale A + shift I, in one structure.
    fn folded(&self, scale: Self::Scalar, shift: Self::Scalar) -> Self::Whole;
}
impl<A: Folding, G: crate::facts::Sign> Folding for Scaled<A, Sc<A>, G> {
    type Whole = A::Whole;
    fn folded(&self, scale: Sc<A>, shift: Sc<A>) -> A::Whole {
        self.a.folded(scale * self.c, shift)
    }
}
// (scale A + shift I)^T, with conjugate numbers where A^H has them
macro_rules! mirrored {
    ($($S:ident |$x:ident| $number:expr;)*) => { $(
        impl<A: Folding> Folding for $S<A> {
            type Whole = $S<A::Whole>;
            fn folded(&self, scale: Sc<A>, shift: Sc<A>) -> Self::Whole {
                let number = |$x: Sc<A>| $number;
                $S(self.0.folded(number(scale), number(shift)))
            }
        } )* };
}
mirrored! { Transpose |x| x; Adjoint |x| x.conj(); Conj |x| x.conj(); }

/// A + c I where that is of the kind of A again ([`Folding`]): a triangular or Toeplitz matrix, a circulant on each cycle of a
/// permutation, a polynomial of the Fourier transform. Its leaves are those of A, and c; every function is that of the folded structure.
/// Found by `+` through the classes.
///
/// ```
/// # use cola_core::prelude::*;
/// # use cola_core::{Dyn, dsl};
/// let k = dsl::add(Permutation::<f64, Dyn>::new(vec![1, 2, 0]), ScaledIdentity::<f64, Dyn, _>::new(2.0, 3));
/// let x = k.solve(&vec![1.0, 2.0, 3.0])?; // on the cycle, no 3 x 3 matrix
/// assert!((k.apply(&x)[2] - 3.0).abs() < 1e-14);
/// assert!((k.logdet()? - 9f64.ln()).abs() < 1e-14); // (2 + 1) (2 + w) (2 + w^2) with w^3 = 1
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FoldedShift<A, E>(pub A, pub E);
impl<A: Operator, E: Operator<Scalar = A::Scalar>> FoldedShift<A, E> {
    const CHECK: () = demand("A + c * I", A::SHAPE, E::SHAPE, A::SHAPE.may_equal(E::SHAPE));
    /// A + c I; the second part is an [`Identity`](crate::Identity) or a [`ScaledIdentity`](crate::ScaledIdentity).
    ///
    /// # Errors
    /// `ShapeMismatch`.
    #[inline(always)]
    pub fn try_new(a: A, e: E) -> Result<Self> {
        let () = Self::CHECK;
        let (left, right) = ((a.nrows(), a.ncols()), (e.nrows(), e.ncols()));
        if left == right { Ok(FoldedShift(a, e)) } else { Err(Error::ShapeMismatch { op: "A + c * I", left, right }) }
    }
}
operator!([A: Operator, E: Operator<Scalar = A::Scalar>] FoldedShift<A, E> {
    scalar A::Scalar; facts SumFacts<Fa<A>, Fa<E>>; rows Ro<A>; cols Co<A>; nrows |s| s.0.nrows(); ncols s.0.ncols();
    dense A::HOLDS_DENSE; class <A::Class as crate::dsl::Class>::Shifted;
});
crate::interop::saved!([A: Operator, E: Operator<Scalar = A::Scalar>] FoldedShift<A, E>, "FoldedShift", [] { left: A = |k| k.0, right: E = |k| k.1 } FoldedShift::try_new(left, right));
tree_node!([A, E] FoldedShift<A, E> { "0" => 0, "1" => 1 });
impl<A: LinearOperator, E: LinearOperator<Scalar = A::Scalar>> LinearOperator for FoldedShift<A, E> {
    #[inline]
    fn act(&self, how: Update<Sc<A>>, x: View<'_, Sc<A>>, mut y: ViewMut<'_, Sc<A>>, s: &mut [Sc<A>]) {
        self.0.act(how, x, y.reborrow(), s);
        self.1.act(how.add(), x, y, s);
    }
    #[inline]
    fn scratch_len(&self, columns: usize) -> usize {
        self.0.scratch_len(columns).max(self.1.scratch_len(columns))
    }
    #[inline]
    fn write(&self, alpha: Sc<A>, add: bool, mut y: ViewMut<'_, Sc<A>>) {
        self.0.write(alpha, add, y.reborrow());
        self.1.write(alpha, true, y)
    }
}
impl<A: Folding, E: Multiple<Scalar = A::Scalar>> FoldedShift<A, E> {
    fn whole(&self) -> A::Whole {
        self.folded(num_traits::One::one(), num_traits::Zero::zero())
    }
}
// scale (A + c I) + shift I
impl<A: Folding, E: Multiple<Scalar = A::Scalar>> Folding for FoldedShift<A, E> {
    type Whole = A::Whole;
    fn folded(&self, scale: Sc<A>, shift: Sc<A>) -> A::Whole {
        self.0.folded(scale, shift + scale * self.1.identity_factor())
    }
}
impl<A: AsTriangle + Folding<Whole = Triangular<crate::ops::TrianglePanel<A>, <A as AsTriangle>::Side>>, E> AsTriangle
    for FoldedShift<A, E>
where
    E: Multiple<Scalar = A::Scalar>,
{
    type Side = <A as AsTriangle>::Side;
    fn to_triangle(&self) -> Triangular<crate::ops::TrianglePanel<Self>, Self::Side> {
        self.whole()
    }
}
/// Every function is that of the whole, whatever is known of it.
macro_rules! of_whole {
    ($($Rule:ident $rule:ident($($arg:ident: $Arg:ty)?) -> $Type:ident $({ $($more:tt)* })?;)*) => { $(
        impl<K: Facts, A: Folding<Whole: $Rule<K>>, E: Multiple<Scalar = A::Scalar>> $Rule<K> for FoldedShift<A, E> {
            type $Type = <A::Whole as $Rule<K>>::$Type;
            fn $rule(&self, $($arg: $Arg)?) -> Result<Self::$Type> {
                <A::Whole as $Rule<K>>::$rule(&self.whole(), $($arg)?)
            }
            $($($more)*)?
        } )* };
}
of_whole! {
    InverseRule inverse_rule() -> Output {
        fn solve_rule(&self, b: View<'_, Sc<A>>, x: ViewMut<'_, Sc<A>>) -> Result<()>
        where
            Self::Output: LinearOperator<Scalar = Sc<A>>,
        {
            InverseRule::<K>::solve_rule(&self.whole(), b, x)
        }
    };
    PowerRule power_rule(p: Power) -> Output;
    ExpRule exp_rule() -> Output;
    LogRule log_rule() -> Output;
    CholeskyRule cholesky_rule() -> Factor;
}
impl<K: Facts, A: Folding<Whole: PinvRule<K>>, E: Multiple<Scalar = A::Scalar>> PinvRule<K> for FoldedShift<A, E> {
    type Output = <A::Whole as PinvRule<K>>::Output;
    fn pinv_rule(&self) -> Result<Self::Output> {
        self.whole().pinv_rule()
    }
    fn lstsq_rule(&self, b: View<'_, Sc<A>>, x: ViewMut<'_, Sc<A>>) -> Result<()>
    where
        Self::Output: LinearOperator<Scalar = Sc<A>>,
    {
        PinvRule::<K>::lstsq_rule(&self.whole(), b, x)
    }
    fn lstsq_alone(&self, adjoint: bool, b: View<'_, Sc<A>>, x: ViewMut<'_, Sc<A>>) -> Option<Result<()>> {
        PinvRule::<K>::lstsq_alone(&self.whole(), adjoint, b, x)
    }
}
impl<K: Facts, A: Folding<Whole: DetRule<K>>, E: Multiple<Scalar = A::Scalar>> DetRule<K> for FoldedShift<A, E> {
    fn slogdet_rule(&self) -> Result<(Sc<A>, Re<A>)> {
        DetRule::<K>::slogdet_rule(&self.whole())
    }
}
impl<K: Facts, A: Folding<Whole: EighRule<K>>, E: Multiple<Scalar = A::Scalar>> EighRule<K> for FoldedShift<A, E> {
    type Basis = <A::Whole as EighRule<K>>::Basis;
    fn eigh_rule(&self) -> Result<Spectral<Self::Basis, crate::facts::SelfAdjointFacts>> {
        EighRule::<K>::eigh_rule(&self.whole())
    }
}
impl<K: Facts, A: Folding<Whole: SpectrumRule<K>>, E: Multiple<Scalar = A::Scalar>> SpectrumRule<K>
    for FoldedShift<A, E>
{
    type Vectors = <A::Whole as SpectrumRule<K>>::Vectors;
    const STRUCTURED: bool = <A::Whole as SpectrumRule<K>>::STRUCTURED;
    fn has_spectrum(&self) -> bool {
        SpectrumRule::<K>::has_spectrum(&self.whole())
    }
    fn spectrum_rule(&self) -> Result<Spectral<Self::Vectors, crate::facts::SelfAdjointFacts>> {
        SpectrumRule::<K>::spectrum_rule(&self.whole())
    }
}
impl<K: Facts, A: Folding<Whole: EigRule<K>>, E: Multiple<Scalar = A::Scalar>> EigRule<K> for FoldedShift<A, E> {
    type Vectors = <A::Whole as EigRule<K>>::Vectors;
    fn eig_rule(&self) -> Result<EigFactors<Self::Vectors>> {
        EigRule::<K>::eig_rule(&self.whole())
    }
    fn left_eig_rule(&self) -> Option<Result<EigFactors<Self::Vectors>>> {
        EigRule::<K>::left_eig_rule(&self.whole())
    }
}
impl<K: Facts, A: Folding<Whole: SvdRule<K>>, E: Multiple<Scalar = A::Scalar>> SvdRule<K> for FoldedShift<A, E> {
    type Left = <A::Whole as SvdRule<K>>::Left;
    type Right = <A::Whole as SvdRule<K>>::Right;
    fn svd_rule(&self) -> Result<SvdFactors<Self::Left, Self::Right>> {
        SvdRule::<K>::svd_rule(&self.whole())
    }
}
impl<A: Folding<Whole: LuRule>, E: Multiple<Scalar = A::Scalar>> LuRule for FoldedShift<A, E> {
    type P = <A::Whole as LuRule>::P;
    type L = <A::Whole as LuRule>::L;
    type U = <A::Whole as LuRule>::U;
    fn lu_rule(&self) -> Result<LuFactors<Self::P, Self::L, Self::U>> {
        self.whole().lu_rule()
    }
}
// sum of the diagonals
impl<A: DiagonalRule, E: DiagonalRule<Scalar = A::Scalar>> DiagonalRule for FoldedShift<A, E> {
    const READS: bool = A::READS && E::READS;
    fn diagonal_rule(&self, k: isize, d: &mut [Sc<A>]) -> Result<()> {
        Sum(&self.0, &self.1).diagonal_rule(k, d)
    }
    fn trace_rule(&self) -> Result<Sc<A>> {
        Sum(&self.0, &self.1).trace_rule()
    }
}
impl<A: Folding<Whole: Explain> + Explain, E: Multiple<Scalar = A::Scalar> + Explain> Explain for FoldedShift<A, E> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        let rule = match question {
            Question::Apply => "sum of the applications",
            Question::Trace => "sum of the traces",
            Question::Diagonal => "sum of the diagonals",
            _ => return self.whole().plan::<K>(question),
        };
        Plan::by_parts(rule, [part(&self.0, question), part(&self.1, question)])
    }
    fn tree<K: Facts>(&self) -> Tree {
        Tree::node::<K, Self>(self, trees(&self.0, &self.1))
    }
}
impl<A: Differentiable, E: Differentiable<Scalar = A::Scalar>> Differentiable for FoldedShift<A, E> {
    fn parameters(&self) -> usize {
        self.0.parameters() + self.1.parameters()
    }
    fn accumulate_bilinear(&self, u: View<'_, Sc<A>>, v: View<'_, Sc<A>>, scale: Sc<A>, g: &mut [Sc<A>]) {
        Sum(&self.0, &self.1).accumulate_bilinear(u, v, scale, g)
    }
    fn accumulate_trace(&self, scale: Sc<A>, g: &mut [Sc<A>]) {
        Sum(&self.0, &self.1).accumulate_trace(scale, g)
    }
}
impl<K: Facts, A: Folding, E: Multiple<Scalar = A::Scalar>> LogdetGradient<K> for FoldedShift<A, E>
where
    A: Differentiable,
    E: Differentiable<Scalar = A::Scalar>,
    A::Whole: InverseRule<K, Output: LinearOperator<Scalar = Sc<A>>>,
{
}
impl<K: Facts, A: Folding, E: Multiple<Scalar = A::Scalar>> SpectrumGradient<K> for FoldedShift<A, E>
where
    A: Differentiable,
    E: Differentiable<Scalar = A::Scalar>,
    A::Whole: SpectrumRule<K>,
{
}

#[cfg(test)]
mod tests {
    use crate::dsl;
    use crate::facts::AnySign;
    use crate::functions::HasEig;
    use crate::ops::*;
    use crate::plan::Question;
    use crate::prelude::*;
    use crate::testing::check_operator;
    use crate::{Error, Lanes, Result};
    use nalgebra::{Const, DMatrix, matrix};

    type C = Complex<f64>;
    fn eye<T: Scalar>(c: f64, n: usize) -> ScaledIdentity<T, crate::Dyn, AnySign> {
        ScaledIdentity::of_size(T::of(c), n)
    }
    fn near<T: Scalar>(what: &str, a: &DMatrix<T>, b: &DMatrix<T>, tol: f64) {
        let worst = (a.iter().zip(b.iter())).fold(0.0, |m: f64, (x, y)| m.max((*x - *y).abs().lane_f64(0)));
        assert!(a.shape() == b.shape() && worst < tol, "{what}: {worst:.1e}");
    }
    /// Solve, determinant, diagonals and exponential against those of the dense matrix, and that no base case runs for them.
    macro_rules! like_dense {
        ($what:expr, $k:expr, $tol:expr) => {{
            let (k, what) = (&$k, $what);
            check_operator(k).unwrap_or_else(|e| panic!("{what}: {e}"));
            let (dense, n) = (Dense::new(k.to_dense()), k.nrows());
            let b = DMatrix::from_fn(n, 2, |i, j| Scalar::of((3 * i + 5 * j) as f64 % 7.0 - 2.0));
            near(what, &k.solve(&b)?, &dense.solve(&b)?, $tol);
            near(what, &k.inv()?.to_dense(), &dense.inv()?.to_dense(), $tol);
            let ((sign, log), (want_sign, want)) = (k.slogdet()?, dense.slogdet()?);
            same_det(what, (sign, log), (want_sign, want), $tol);
            near(what, &k.exp()?.to_dense(), &dense.exp()?.to_dense(), 30.0 * $tol);
            for d in [-2isize, 0, 1].into_iter().filter(|d| d.unsigned_abs() < n) {
                let (have, want) = (k.diagonal_k(d)?, dense.diagonal_k(d)?);
                assert!(have.iter().zip(want.iter()).all(|(x, y)| (*x - *y).abs().lane_f64(0) < $tol), "{what}: {d}");
            }
            for q in [Question::Solve, Question::Slogdet, Question::Trace, Question::Diagonal] {
                assert!(!k.explain().plan(q).base, "{what}: {q:?} by {}", k.explain().plan(q));
            }
        }};
    }
    fn same_det<T: Scalar>(what: &str, (s, l): (T, T::Re), (sign, log): (T, T::Re), tol: f64) {
        let apart = (s - sign).abs().lane_f64(0).max((l - log).abs().lane_f64(0));
        assert!(apart < tol, "{what}: slogdet {apart:.1e}");
    }
    /// A V = V diag(w).
    fn eigenpairs<A: HasEig<Vectors: LinearOperator<Scalar = C>> + LinearOperator + crate::space::Square>(
        a: &A,
        tol: f64,
    ) -> Result<()>
    where
        A::Scalar: Scalar<Complex = C>,
    {
        let (v, w) = a.eig()?.into_parts();
        let (v, dense) = (v.to_dense(), a.to_dense().map(|x| x.to_complex()));
        let d = DMatrix::from_fn(w.len(), w.len(), |i, j| if i == j { w[i] } else { C::from(0.0) });
        near("eig", &(dense * &v), &(v * d), tol);
        Ok(())
    }
    const ORDER: [usize; 8] = [3, 0, 2, 1, 5, 6, 7, 4];
    #[test]
    fn permutations() -> Result<()> {
        let p = || Permutation::<f64, _>::new(ORDER.to_vec());
        like_dense!("P + 2 I", dsl::add(p(), eye(2.0, 8)), 1e-13);
        like_dense!("3 I + P", dsl::add(eye(3.0, 8), p()), 1e-13);
        like_dense!("1.5 I - P", dsl::add(eye(1.5, 8), dsl::neg(p())), 1e-13);
        like_dense!("P^T - 0.5 I", dsl::add(Transpose::new(p()), eye(-0.5, 8)), 1e-13);
        like_dense!("exp P + I", dsl::add(p().exp()?, eye(1.0, 8)), 1e-13);
        like_dense!("P + 2 I + I", dsl::add(dsl::add(p(), eye(2.0, 8)), eye(1.0, 8)), 1e-13);
        let k = dsl::add(p(), eye(2.0, 8));
        eigenpairs(&k, 1e-13)?;
        // z + 2 is in the right half-plane: powers of real numbers
        let (root, dense) = (k.sqrt()?.to_dense(), k.to_dense());
        near("root", &(&root * &root), &dense, 1e-13);
        near("log", &k.log()?.exp()?.to_dense(), &dense, 1e-13);
        near("pow", &k.pow(0.3)?.to_dense(), &Dense::new(dense).pow_with(0.3, Schur)?.to_dense(), 1e-13);
        // 1 is an eigenvalue of every P, -1 of every even cycle
        let singular = dsl::add(p(), eye(-1.0, 8));
        assert!(matches!(singular.solve(&[1.0; 8].to_vec()), Err(Error::Singular { .. })));
        assert_eq!(singular.slogdet()?, (0.0, f64::NEG_INFINITY));
        near("pinv", &singular.pinv()?.to_dense(), &Dense::new(singular.to_dense()).pinv()?.to_dense(), 1e-13);
        assert!(matches!(dsl::add(p(), eye(0.5, 8)).sqrt(), Err(Error::NegativeEigenvalue { .. })));
        assert!(dsl::add(p(), eye(f64::NAN, 8)).solve(&vec![1.0; 8]).is_err());
        let z = dsl::add(Permutation::<C, _>::new(ORDER.to_vec()), eye(0.5, 8));
        like_dense!("complex P + c I", z, 1e-13);
        let root = z.sqrt()?.to_dense();
        near("complex root", &(&root * &root), &z.to_dense(), 1e-13);
        let single = dsl::add(Permutation::<f32, _>::new(ORDER.to_vec()), eye(2.0, 8));
        like_dense!("f32 P + c I", single, 2e-5);
        Ok(())
    }
    /// Another c in every lane.
    #[test]
    fn permutations_in_lanes() -> Result<()> {
        type L = Lanes<f64, 4>;
        let c = |lane: usize| 1.5 + lane as f64;
        let e = ScaledIdentity::<L, Const<8>, AnySign>::of_size(L::from_lanes(c), 8);
        let k = dsl::add(Permutation::<L, _>::new(ORDER), e);
        let x = k.solve(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0].map(L::of))?;
        for lane in 0..4 {
            let one = dsl::add(
                Permutation::<f64, _>::new(ORDER),
                ScaledIdentity::<f64, Const<8>, AnySign>::of_size(c(lane), 8),
            );
            let dense = Dense::new(one.to_dense());
            let want = dense.solve(&vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0])?;
            (0..8).for_each(|i| assert!((x[i].lane(lane) - want[i]).abs() < 1e-13));
            assert!((k.logdet()?.lane(lane) - dense.logdet()?).abs() < 1e-13);
        }
        Ok(())
    }
    #[cfg(feature = "fft")]
    #[test]
    fn transforms() -> Result<()> {
        for n in [1, 2, 3, 8, 9] {
            let f = || Fourier::<C>::new(n);
            let k = dsl::add(f(), ScaledIdentity::<C, crate::Dyn, AnySign>::of_size(C::new(2.0, 0.5), n));
            like_dense!("F + c I", k, 1e-13);
            like_dense!("3 I - F", dsl::add(eye(3.0, n), dsl::neg(f())), 1e-13);
            like_dense!("F^H + 2 I", dsl::add(Adjoint::new(f()), eye(2.0, n)), 1e-13);
            eigenpairs(&k, 1e-12)?;
            let root = k.sqrt()?.to_dense();
            near("root", &(&root * &root), &k.to_dense(), 1e-13);
            near("log", &k.log()?.exp()?.to_dense(), &k.to_dense(), 1e-12);
            for kind in [1, 4] {
                let c = dsl::add(Dct::new::<f64>(kind, n), eye(2.0, n));
                like_dense!("C + 2 I", c, 1e-13);
                let root = c.sqrt()?.to_dense();
                near("root", &(&root * &root), &c.to_dense(), 1e-13);
                eigenpairs(&c, 1e-13)?;
                like_dense!("2 I - S", dsl::add(eye(2.0, n), dsl::neg(Dst::new::<f64>(kind, n))), 1e-13);
            }
        }
        // of types II and III the dense matrix is asked
        let c = dsl::add(Dct::new::<f64>(2, 5), eye(2.0, 5));
        let x = c.solve(&vec![1.0, 2.0, 3.0, 4.0, 5.0])?;
        assert!((c.apply(&x)[4] - 5.0).abs() < 1e-13);
        assert!((c.slogdet()?.1 - Dense::new(c.to_dense()).slogdet()?.1).abs() < 1e-13);
        near("exp", &c.exp()?.to_dense(), &Dense::new(c.to_dense()).exp()?.to_dense(), 1e-12);
        assert!(c.explain().plan(Question::Solve).base && c.sqrt().is_err());
        let s = dsl::add(Dst::new::<f64>(1, 4), eye(-1.0, 4));
        assert!(matches!(s.solve(&vec![1.0; 4]), Err(Error::Singular { .. })));
        near("pinv", &s.pinv()?.to_dense(), &Dense::new(s.to_dense()).pinv()?.to_dense(), 1e-13);
        Ok(())
    }
    #[test]
    fn triangles() -> Result<()> {
        let m = matrix![2.0, 9.0, 7.0; 1.0, 4.0, 8.0; 0.5, -1.0, 3.0];
        let k = dsl::add(Triangular::lower(m), eye::<f64>(1.0, 3));
        like_dense!("L + I", k, 1e-13);
        like_dense!("I - U", dsl::add(eye::<f64>(1.0, 3), dsl::neg(Triangular::upper(m))), 1e-12);
        like_dense!("L^T + 2 I", dsl::add(Transpose::new(Triangular::lower(m)), eye::<f64>(2.0, 3)), 1e-13);
        assert_eq!(k.explain().plan(Question::Solve).rule, "substitution");
        near("root", &k.sqrt()?.to_dense(), &Dense::new(k.to_dense()).sqrt_with(Schur)?.to_dense(), 1e-13);
        // one triangle again
        let t: Triangular<_, Lower> = dsl::add(k, Triangular::lower(m));
        assert_eq!(t.to_dense()[(1, 1)], 9.0);
        let t: Triangular<_, Lower> = dsl::add(Scaled::new(2.0, Triangular::lower(m)), Triangular::lower(m));
        assert_eq!(t.to_dense(), DMatrix::from_fn(3, 3, |i, j| if j <= i { 3.0 * m[(i, j)] } else { 0.0 }));
        let t: Triangular<_, Lower> = dsl::mul(Scaled::new(2.0, Triangular::lower(m)), Triangular::lower(m));
        assert_eq!(t.to_dense()[(2, 2)], 18.0);
        assert!(matches!(
            dsl::try_add(Triangular::lower(DMatrix::from_element(3, 3, 1.0)), eye::<f64>(1.0, 4)),
            Err(Error::ShapeMismatch { .. })
        ));
        Ok(())
    }
    #[cfg(feature = "fft")]
    #[test]
    fn toeplitz_matrices() -> Result<()> {
        let (c, r) = (vec![3.0, 1.0, 0.5, 0.25], vec![3.0, -1.0, 0.0, 2.0]);
        let t = || Toeplitz::new(c.clone(), r.clone());
        let k = dsl::add(t(), eye::<f64>(1.0, 4));
        like_dense!("T + I", k, 1e-13);
        assert_eq!(k.explain().plan(Question::Solve).rule, "Levinson, Gohberg-Semencul");
        like_dense!("5 I - T", dsl::add(eye::<f64>(5.0, 4), dsl::neg(t())), 1e-13);
        like_dense!("T^T + 2 I", dsl::add(Transpose::new(t()), eye::<f64>(2.0, 4)), 1e-13);
        like_dense!("T + T", dsl::add(t(), Toeplitz::symmetric(c.clone())), 1e-13);
        like_dense!("T + I + 2 T", dsl::add(k, Scaled::new(2.0, t())), 1e-12);
        let psd = Psd::new(dsl::add(Toeplitz::symmetric(c.clone()), eye::<f64>(1.0, 4)));
        assert!((psd.logdet()? - Dense::new(psd.to_dense()).logdet()?).abs() < 1e-14);
        // 3 + 1 on the diagonal of a list of parts, and facts by type
        let sum = dsl::sum_of([Toeplitz::symmetric([3.0, 1.0]), Toeplitz::symmetric([1.0, 0.5])]);
        assert_eq!(sum.to_dense(), nalgebra::dmatrix![4.0, 1.5; 1.5, 4.0]);
        assert_eq!(sum.eigh()?.eigenvalues().len(), 2);
        Ok(())
    }
    #[test]
    fn multiples_of_diagonals_fold() -> Result<()> {
        let d = || Diagonal::new([1.0, 2.0]);
        let sum = dsl::add(Scaled::new(2.0, d()), d());
        assert_eq!(sum.into_inner().0, [3.0, 6.0]);
        assert_eq!(dsl::mul(d(), dsl::neg(d())).into_inner().0, [-1.0, -4.0]);
        assert_eq!(
            dsl::add(Scaled::new(2.0, d()), ScaledIdentity::<f64, Const<2>, AnySign>::of_size(1.0, 2))
                .solve(&[3.0, 10.0])?,
            [1.0, 2.0]
        );
        Ok(())
    }
}
