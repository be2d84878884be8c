//! A: a matrix whose every entry is stored, static or dynamic, owned, borrowed or a view, square or rectangular.

use crate::algorithms::dense as kernels;
use crate::data::{Held, MatrixData};
use crate::error::Result;
use crate::facts::{Fact, FactSet, Facts, Known, NoFacts, RootOf, SelfAdjointFacts, SelfAdjointOf, Unknown};
use crate::functions::base::square;
use crate::functions::dense::{
    DenseBasis, DenseSpectral, FactChoice, FactorMethod, Factored, MethodOf, dense_eigh, dense_power, dense_spectrum,
};
use crate::functions::diagonal::diagonal_start;
use crate::functions::eig::{DenseEigenvectors, adjoint_of, dense_eig};
use crate::functions::pinv::{DensePinv, dense_lstsq, dense_pinv};
use crate::functions::svd::{DenseColumns, dense_svd};
use crate::functions::{
    Det, DetRule, DiagonalRule, EigFactors, EigRule, EighRule, ExpRule, InverseRule, LogRule, PinvRule, Power,
    PowerRule, SpectrumRule, SvdRule,
};
use crate::operator::short::{Re, Sc};
use crate::operator::{LinearOperator, Operator, Update, operator};
use crate::ops::{Spectral, SvdFactors};
use crate::parameters::tree_node;
use crate::scalar::Scalar;
use crate::space::Space;
use crate::view::{View, ViewMut};

/// A matrix whose every entry is stored. In `linop!` every nalgebra matrix is one.
///
/// ```
/// # use cola_core::prelude::*;
/// let a = Dense::new(nalgebra::matrix![2.0, 1.0; 1.0, 3.0]);
/// assert_eq!(a.apply(&[1.0, 1.0]), [3.0, 4.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dense<M>(pub M);
impl<M: MatrixData> Dense<M> {
    /// Wraps the matrix.
    #[inline(always)]
    pub fn new(data: M) -> Self {
        Dense(data)
    }
}
operator!([M: MatrixData] Dense<M> {
    scalar M::Scalar; facts NoFacts; rows M::Rows; cols M::Cols; nrows |s| s.0.view().rows; ncols s.0.view().cols; dense true;
    class <FixedShape<M> as FactChoice>::Class<crate::classes::IsDense, crate::dsl::General>;
});
/// Known where the type knows both sizes.
type FixedShape<M> =
    <<<M as MatrixData>::Rows as Space>::Fixed as Fact>::And<<<M as MatrixData>::Cols as Space>::Fixed>;
/// A structure that is a dense matrix, of whatever is promised of it too: what folded sums of static matrices read.
pub trait AsDense: Operator {
    /// The entries.
    fn dense_view(&self) -> View<'_, Self::Scalar>;
}
impl<M: MatrixData> AsDense for Dense<M> {
    #[inline(always)]
    fn dense_view(&self) -> View<'_, M::Scalar> {
        self.0.view()
    }
}
crate::interop::saved!([M: MatrixData] Dense<M>, "Dense", [] { data: M = |k| k.0 } Ok(Dense(data)));
tree_node!([M] Dense<M> { "data" => 0 });

/// Up to this many entries the product is written in line; above, it goes to the dense engine.
const INLINE_ENTRIES: usize = 256;
/// Entry (i, c) of A X, of conj(A) X if asked.
#[cfg_attr(not(debug_assertions), inline(always))]
fn entry<T: Scalar>(conjugate: bool, a: &View<'_, T>, x: &View<'_, T>, i: usize, c: usize) -> T {
    if a.cols == 0 {
        return num_traits::Zero::zero();
    }
    // Starting from the first term: `0.0 + x` is not `x` for the compiler (-0.0), it would stay in the code.
    let mut sum = if conjugate { a.at(i, 0).conj() } else { a.at(i, 0) } * x.at(0, c);
    for j in 1..a.cols {
        sum = sum.add_mul(if conjugate { a.at(i, j).conj() } else { a.at(i, j) }, x.at(j, c));
    }
    sum
}
impl<M: MatrixData> LinearOperator for Dense<M> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn act(&self, how: Update<Sc<Self>>, x: View<'_, Sc<Self>>, mut y: ViewMut<'_, Sc<Self>>, _: &mut [Sc<Self>]) {
        let a = self.0.view();
        let op = if how.adjoint { a.transposed() } else { a };
        let small = match (Self::SHAPE.rows, Self::SHAPE.cols) {
            (crate::space::Extent::Static(m), crate::space::Extent::Static(n)) => m * n <= INLINE_ENTRIES,
            _ => Sc::<Self>::LANES > 1,
        };
        if !small {
            return kernels::gemm((how.alpha, how.add), how.adjoint, op, x, y);
        }
        // The inner loop goes along memory, so that it becomes vector instructions: as the slow factor of a Kronecker product a matrix
        // meets rows that lie in memory (kron(4 x 4, 4 x 4): 50 ns by columns, 20 like this).
        if y.cs == 1 && y.rs != 1 {
            for i in 0..op.rows {
                for c in 0..x.cols {
                    how.write(y.at(i, c), entry(how.adjoint, &op, &x, i, c));
                }
            }
        } else {
            for c in 0..x.cols {
                for i in 0..op.rows {
                    how.write(y.at(i, c), entry(how.adjoint, &op, &x, i, c));
                }
            }
        }
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn scratch_len(&self, _: usize) -> usize {
        0
    }
    #[inline(always)]
    fn entries(&self) -> Option<View<'_, Sc<Self>>> {
        Some(self.0.view())
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn write(&self, alpha: Sc<Self>, add: bool, mut y: ViewMut<'_, Sc<Self>>) {
        let (a, how) = (self.0.view(), Update::entries(alpha, add));
        for j in 0..a.cols {
            for i in 0..a.rows {
                how.write(y.at(i, j), a.at(i, j));
            }
        }
    }
}
/// A copy of the square matrix.
#[cfg_attr(not(debug_assertions), inline(always))]
fn copy<M: MatrixData>(op: &'static str, a: &Dense<M>) -> Result<Held<M::Scalar, M::Rows>> {
    square(op, a)?;
    Ok(Held::copy(a.0.view()))
}
// A^-1 by LDL^H if PSD, Bunch-Kaufman if self-adjoint, LU else.
impl<K: Facts, M: MatrixData> InverseRule<K> for Dense<M> {
    type Output = Factored<M::Scalar, M::Rows, MethodOf<K>>;
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn inverse_rule(&self) -> Result<Self::Output> {
        square("inverse", self)?;
        Factored::of_view(self.0.view())
    }
}
// det A from the same factors.
impl<K: Facts, M: MatrixData> DetRule<K> for Dense<M> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn slogdet_rule(&self) -> Result<(M::Scalar, Re<Self>)> {
        MethodOf::<K>::slogdet_of(copy("slogdet", self)?)
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn det_rule(&self) -> Result<Det<M::Scalar>> {
        square("slogdet", self)?;
        MethodOf::<K>::det_view::<_, M::Rows>(self.0.view())
    }
}
// A = V diag(w) V^H.
impl<K: Facts<SelfAdjoint: SelfAdjointOf<Dense<M>>>, M: MatrixData> EighRule<K> for Dense<M> {
    type Basis = DenseBasis<M::Scalar, M::Rows>;
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn eigh_rule(&self) -> Result<Spectral<Self::Basis, SelfAdjointFacts>> {
        dense_eigh(copy("eigh", self)?)
    }
}
impl<K: Facts, M: MatrixData> SpectrumRule<K> for Dense<M> {
    type Vectors = DenseBasis<M::Scalar, M::Rows>;
    const STRUCTURED: bool = false;
    fn has_spectrum(&self) -> bool {
        <K::SelfAdjoint as Fact>::KNOWN
    }
    fn spectrum_rule(&self) -> Result<Spectral<Self::Vectors, SelfAdjointFacts>> {
        dense_eigh(copy("eigh", self)?)
    }
}
// A^p = V diag(w^p) V^H.
impl<K: Facts<SelfAdjoint: RootOf<Dense<M>>>, M: MatrixData> PowerRule<K> for Dense<M> {
    type Output = DenseSpectral<M::Scalar, M::Rows, FactSet<Known, K::Psd, Unknown, Unknown>>;
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn power_rule(&self, p: Power) -> Result<Self::Output> {
        square("power", self)?;
        dense_power(self.0.view(), p)
    }
}
// exp A = V diag(e^w) V^H if self-adjoint, else Pade.
impl<K: Facts, M: MatrixData> ExpRule<K> for Dense<M> {
    type Output = <K::SelfAdjoint as FactChoice>::DenseExp<M::Scalar, M::Rows>;
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn exp_rule(&self) -> Result<Self::Output> {
        K::SelfAdjoint::dense_exp(copy("exp", self)?)
    }
}
// log A = V diag(log w) V^H.
impl<K: Facts<SelfAdjoint: RootOf<Dense<M>>>, M: MatrixData> LogRule<K> for Dense<M> {
    type Output = DenseSpectral<M::Scalar, M::Rows>;
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn log_rule(&self) -> Result<Self::Output> {
        dense_spectrum(copy("log", self)?)?.log()
    }
}
// Read off.
impl<M: MatrixData> DiagonalRule for Dense<M> {
    const READS: bool = true;
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn diagonal_rule(&self, k: isize, d: &mut [M::Scalar]) -> Result<()> {
        let ((row, col), a) = (diagonal_start(k), self.0.view());
        for (i, d) in d.iter_mut().enumerate() {
            *d = a.at(row + i, col + i);
        }
        Ok(())
    }
}
crate::base_factors!([M: MatrixData] Dense<M>);
// A V = V diag(w) by Hessenberg QR, or eigh
impl<K: Facts, M: MatrixData> EigRule<K> for Dense<M> {
    type Vectors = DenseEigenvectors<M::Scalar, M::Rows>;
    fn eig_rule(&self) -> Result<EigFactors<Self::Vectors>> {
        dense_eig::<K, _, _>(copy("eig", self)?)
    }
    fn left_eig_rule(&self) -> Option<Result<EigFactors<Self::Vectors>>> {
        Some(copy("eig", self).and_then(|a| dense_eig::<K, _, _>(adjoint_of(a))))
    }
}
// A = U diag(s) V^H
impl<K: Facts, M: MatrixData> SvdRule<K> for Dense<M> {
    type Left = DenseColumns<M::Scalar, M::Rows>;
    type Right = DenseColumns<M::Scalar, M::Cols>;
    fn svd_rule(&self) -> Result<SvdFactors<Self::Left, Self::Right>> {
        dense_svd(&self.0)
    }
}
// A^+ = V diag(s^+) U^H; least squares by QR
impl<K: Facts, M: MatrixData> PinvRule<K> for Dense<M> {
    type Output = DensePinv<M::Scalar, M::Rows, M::Cols, K>;
    fn pinv_rule(&self) -> Result<Self::Output> {
        dense_pinv::<K, _>(&self.0)
    }
    fn lstsq_rule(&self, b: View<'_, Sc<Self>>, x: ViewMut<'_, Sc<Self>>) -> Result<()> {
        dense_lstsq::<K, _>(&self.0, b, x)
    }
}
impl<M: MatrixData> crate::plan::Explain for Dense<M> {
    fn plan<K: Facts>(&self, question: crate::plan::Question) -> crate::plan::Plan {
        crate::plan::dense::<K, Self>(self, question)
    }
}

// d(u^T A v) / dA_ij = u_i v_j
impl<M: MatrixData + crate::parameters::Parameters<Number = <M as MatrixData>::Scalar>> crate::gradient::Differentiable
    for Dense<M>
{
    fn parameters(&self) -> usize {
        self.nrows() * self.ncols()
    }
    fn accumulate_bilinear(&self, u: View<'_, Sc<Self>>, v: View<'_, Sc<Self>>, scale: Sc<Self>, g: &mut [Sc<Self>]) {
        for j in 0..v.rows {
            let c = scale * v.at(j, 0);
            for i in 0..u.rows {
                g[i + u.rows * j] += u.at(i, 0) * c;
            }
        }
    }
}
// d log|det A| / dA = A^-T
impl<K: Facts, M> crate::gradient::LogdetGradient<K> for Dense<M>
where
    M: MatrixData + crate::parameters::Parameters<Number = <M as MatrixData>::Scalar>,
{
    fn accumulate_logdet(&self, inverse: &Self::Output, scale: Sc<Self>, g: &mut [Sc<Self>]) {
        let n = self.nrows();
        let inverse = crate::functions::base::entries(inverse);
        for j in 0..n {
            for i in 0..n {
                g[i + n * j] += scale * inverse[(j, i)];
            }
        }
    }
}
impl<K: Facts, M> crate::gradient::SpectrumGradient<K> for Dense<M> where
    M: MatrixData + crate::parameters::Parameters<Number = <M as MatrixData>::Scalar>
{
}
