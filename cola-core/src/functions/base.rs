//! Base cases: what is done where no rule applies. Small or static operators are made dense and take Dense's rules; large ones that
//! hold no dense matrix are solved by Krylov methods, chosen by facts at compile time (`lazy.rs`).

use crate::data::Held;
use crate::error::{Error, Result, check};
use crate::functions::dense::{FactorMethod, Factored};
use crate::functions::diagonal::diagonal_start;
use crate::functions::lazy::{LazyInverse, too_large};
use crate::operator::short::{Ro, Sc};
use crate::operator::{DynOperator, LinearOperator, Operator, Update, columns_on_stack, with_scratch};
use crate::ops::Dense;
use crate::scalar::Scalar;
use crate::space::Space;
use crate::view::{View, ViewMut};
use num_traits::{One, Zero};

/// Largest size at which an operator that holds no dense matrix is made one: 2048 x 2048 doubles are 32 MiB, and their Cholesky factor
/// takes 0.15 s on one core.
pub const DENSE_LIMIT: usize = 2048;

/// True if base cases of `a` are direct: static, small, or dense already. A dense matrix is never handed to an iteration unasked.
#[inline(always)]
pub fn is_direct<A: Operator>(a: &A) -> bool {
    A::SHAPE.rows.is_static() || A::HOLDS_DENSE || a.nrows() <= DENSE_LIMIT
}
/// `ShapeMismatch` for a rectangular operator.
///
/// # Errors
/// That.
#[inline(always)]
pub fn square<A: Operator + ?Sized>(op: &'static str, a: &A) -> Result<()> {
    if a.nrows() == a.ncols() { Ok(()) } else { Err(not_square(op, (a.nrows(), a.ncols()))) }
}
#[cold]
fn not_square(op: &'static str, shape: (usize, usize)) -> Error {
    Error::ShapeMismatch { op, left: shape, right: (shape.1, shape.0) }
}
/// The operator as a dense square matrix.
///
/// # Errors
/// `ShapeMismatch` if it is rectangular, `InvalidArgument` if it is too large.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn materialize<A: LinearOperator>(op: &'static str, a: &A) -> Result<Held<Sc<A>, Ro<A>>> {
    square(op, a)?;
    if !is_direct(a) {
        return Err(too_large(op, a.nrows()));
    }
    let n = a.nrows();
    let mut m = Held::<Sc<A>, Ro<A>>::filled(n, Sc::<A>::zero());
    if !A::ITERATIVE {
        a.write(Sc::<A>::one(), false, m.view_mut());
        return Ok(m);
    }
    let eye = Held::<Sc<A>, Ro<A>>::identity(n);
    let (x, y) = (View::matrix(eye.as_slice(), n, n), ViewMut::matrix(m.as_mut_slice(), n, n));
    crate::functions::inverse::apply_checked(a, x, y)?;
    Ok(m)
}
/// The inverse of an operator without a rule, `M` the method: factored if it is [direct](is_direct), else lazy.
pub type BaseInverse<A, M> = by_base::Inverse<Sc<A>, Ro<A>, A, M>;

/// The enum does not ask that A is an operator, so that its tree over another number is the same enum.
pub mod by_base {
    use super::{FactorMethod, Factored, LazyInverse, Scalar};
    use crate::parameters::tree_choice;
    use crate::space::Space;

    /// See [`BaseInverse`](super::BaseInverse).
    pub enum Inverse<T: Scalar, S: Space, A, M: FactorMethod> {
        /// By the factors of the dense matrix.
        Factored(Factored<T, S, M>),
        /// By iterations, never of a static size. Aside: its small fields in the place of the factors' numbers would make the compiler
        /// take those apart in bytes.
        Lazy(S::Aside<LazyInverse<T, A>>),
    }
    /// See [`Undone`](super::Undone).
    #[derive(Clone)]
    pub enum Undone<A, D> {
        /// The operator that was inverted.
        Same(A),
        /// Rebuilt from the factors.
        Dense(D),
    }
    tree_choice!(Undone { Same, Dense });
    impl<T: Scalar, S: Space, A: Clone, M: FactorMethod> Clone for Inverse<T, S, A, M> {
        fn clone(&self) -> Self {
            match self {
                Inverse::Factored(f) => Inverse::Factored(f.clone()),
                Inverse::Lazy(a) => Inverse::Lazy(S::map_aside(a, Clone::clone)),
            }
        }
    }
}
impl<A: LinearOperator, M: FactorMethod> BaseInverse<A, M> {
    /// Factors `a`, or clones it where it is large.
    ///
    /// # Errors
    /// Those of the factorisation.
    #[inline(always)]
    pub fn new(a: &A) -> Result<Self>
    where
        A: Clone,
    {
        square("inverse", a)?;
        // the first a constant, so that no iteration is compiled for static sizes
        if const { A::SHAPE.rows.is_static() } || is_direct(a) {
            return Ok(BaseInverse::Factored(Factored::new(materialize("inverse", a)?)?));
        }
        let lazy = Ro::<A>::aside(LazyInverse::new(a.clone())?);
        lazy.map(BaseInverse::Lazy).ok_or_else(|| too_large("inverse", a.nrows()))
    }
    /// x = A^-1 b without cloning the operator.
    ///
    /// # Errors
    /// Those of the factorisation or the iteration.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn solve(a: &A, b: View<'_, Sc<A>>, x: ViewMut<'_, Sc<A>>) -> Result<()> {
        square("solve", a)?;
        // the first a constant, so that no iteration is compiled for static sizes
        if const { A::SHAPE.rows.is_static() } || is_direct(a) {
            let f = Factored::<_, _, M>::new(materialize("solve", a)?)?;
            return crate::functions::inverse::apply_checked(&f, b, x);
        }
        crate::functions::lazy::solve(M::KRYLOV, a, b, x)
    }
}
impl<A: Operator, M: FactorMethod> Operator for BaseInverse<A, M> {
    type Scalar = Sc<A>;
    type Facts = M::Facts;
    type Class = crate::dsl::General;
    type Rows = A::Rows;
    type Cols = A::Rows;
    const HOLDS_DENSE: bool = true;
    const ITERATIVE: bool = !A::SHAPE.rows.is_static() && !A::HOLDS_DENSE;
    #[inline(always)]
    fn nrows(&self) -> usize {
        match self {
            BaseInverse::Factored(f) => f.n,
            BaseInverse::Lazy(l) => l.a.nrows(),
        }
    }
    #[inline(always)]
    fn ncols(&self) -> usize {
        self.nrows()
    }
}
impl<A: LinearOperator, M: FactorMethod> LinearOperator for BaseInverse<A, M> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn act(&self, how: Update<Sc<A>>, x: View<'_, Sc<A>>, y: ViewMut<'_, Sc<A>>, s: &mut [Sc<A>]) {
        match self {
            BaseInverse::Factored(f) => f.act(how, x, y, s),
            // of a static size there is none: no code is made for it
            BaseInverse::Lazy(l) => {
                if const { !A::SHAPE.rows.is_static() } {
                    l.iterate(M::KRYLOV, how, x, y, s)
                }
            }
        }
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn scratch_len(&self, columns: usize) -> usize {
        match self {
            BaseInverse::Factored(f) => f.scratch_len(columns),
            BaseInverse::Lazy(l) => l.a.nrows(),
        }
    }
}
/// A itself, or its dense form where only that was kept: the inverse of a [`BaseInverse`].
pub type Undone<A> = by_base::Undone<A, Dense<Held<Sc<A>, Ro<A>>>>;
impl<A: Operator, D: Operator<Scalar = Sc<A>>> Operator for by_base::Undone<A, D> {
    type Scalar = Sc<A>;
    type Facts = A::Facts;
    type Class = crate::dsl::General;
    type Rows = A::Rows;
    type Cols = A::Rows;
    const HOLDS_DENSE: bool = A::HOLDS_DENSE;
    const ITERATIVE: bool = A::ITERATIVE;
    fn nrows(&self) -> usize {
        match self {
            by_base::Undone::Same(a) => a.nrows(),
            by_base::Undone::Dense(d) => d.nrows(),
        }
    }
    fn ncols(&self) -> usize {
        self.nrows()
    }
}
impl<A: LinearOperator, D: LinearOperator<Scalar = Sc<A>>> LinearOperator for by_base::Undone<A, D> {
    fn act(&self, how: Update<Sc<A>>, x: View<'_, Sc<A>>, y: ViewMut<'_, Sc<A>>, s: &mut [Sc<A>]) {
        match self {
            by_base::Undone::Same(a) => a.act(how, x, y, s),
            by_base::Undone::Dense(d) => d.act(how, x, y, s),
        }
    }
    fn scratch_len(&self, columns: usize) -> usize {
        match self {
            by_base::Undone::Same(a) => a.scratch_len(columns),
            by_base::Undone::Dense(d) => d.scratch_len(columns),
        }
    }
}

/// Diagonal k by applications to unit vectors, in blocks.
///
/// # Errors
/// Those of an iterative action.
pub fn diagonal<A: LinearOperator>(a: &A, k: isize, d: &mut [Sc<A>]) -> Result<()> {
    const BLOCK: usize = 16; // 16 columns at a time: n^2/16 more passes over A than one big product, 16 n numbers of memory
    let ((row, col), m, n) = (diagonal_start(k), a.nrows(), a.ncols());
    let block = columns_on_stack::<Sc<A>, A::Rows>(m + n, 0, BLOCK).min(d.len().max(1));
    with_scratch((m + n) * block, |scratch| {
        let (x, y) = scratch.split_at_mut(n * block);
        for first in (0..d.len()).step_by(block) {
            let here = block.min(d.len() - first);
            x.fill(Sc::<A>::zero());
            for c in 0..here {
                x[(col + first + c) + n * c] = Sc::<A>::one();
            }
            let (xv, yv) = (View::matrix(&x[..n * here], n, here), ViewMut::matrix(&mut y[..m * here], m, here));
            crate::functions::inverse::apply_checked(a, xv, yv)?;
            for c in 0..here {
                d[first + c] = y[(row + first + c) + m * c];
            }
        }
        Ok(())
    })
}
/// tr A by applications to unit vectors.
///
/// # Errors
/// Those of an iterative action.
pub fn trace<A: LinearOperator>(a: &A) -> Result<Sc<A>> {
    let mut d = vec![Sc::<A>::zero(); a.nrows().min(a.ncols())];
    diagonal(a, 0, &mut d)?;
    Ok(d.iter().fold(Sc::<A>::zero(), |s, &x| s + x))
}
/// Any matrix as numbers, rectangular too, by application to the identity.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn entries<A: LinearOperator>(a: &A) -> nalgebra::DMatrix<Sc<A>> {
    if Sc::<A>::LANES == 1 {
        return applied_to_identity(a, false);
    }
    // In place: lanes are moved by the instructions of the function that all of this is inlined into, and compiled elsewhere each of
    // them would be a call. A slice of 5 x 5 in 8 lanes took 50 us there.
    let (m, n) = (a.nrows(), a.ncols());
    let mut out = nalgebra::DMatrix::from_element(m, n, Sc::<A>::zero());
    a.write(Sc::<A>::one(), false, ViewMut::matrix(out.as_mut_slice(), m, n));
    out
}
/// A or A^H as numbers: compiled once for each number type.
pub(crate) fn applied_to_identity<T: Scalar>(a: &dyn DynOperator<T>, adjoint: bool) -> nalgebra::DMatrix<T> {
    let (rows, cols) = a.dyn_shape();
    let (m, n) = if adjoint { (cols, rows) } else { (rows, cols) };
    let mut eye = nalgebra::DMatrix::from_element(n, n, T::zero());
    (0..n).for_each(|i| eye[(i, i)] = T::one());
    let mut out = nalgebra::DMatrix::from_element(m, n, T::zero());
    let (x, y) = (View::matrix(eye.as_slice(), n, n), ViewMut::matrix(out.as_mut_slice(), m, n));
    with_scratch(a.dyn_scratch(n), |s| a.dyn_act(Update { adjoint, ..Update::replace() }, x, y, s));
    out
}
/// Refuses right-hand sides with NaN or infinity, and of the wrong length.
///
/// # Errors
/// `ShapeMismatch`, `NonFinite`.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn right_hand_side<T: Scalar>(op: &'static str, shape: (usize, usize), b: View<'_, T>) -> Result<()> {
    if b.rows != shape.0 {
        return Err(Error::ShapeMismatch { op, left: shape, right: (b.rows, b.cols) });
    }
    check::<T>(b.finite(), |_| Error::non_finite("the right-hand side"))
}
/// The inverse by the base case: [`BaseInverse`].
#[doc(hidden)]
#[macro_export]
macro_rules! base_inverse {
    ([$($p:tt)*] $S:ty) => {
        impl<Kk: $crate::facts::Facts, $($p)*> $crate::functions::InverseRule<Kk> for $S
        where $S: $crate::operator::LinearOperator + Clone {
            type Output = $crate::functions::base::BaseInverse<$S, $crate::functions::dense::MethodOf<Kk>>;
            #[cfg_attr(not(debug_assertions), inline(always))]
            fn inverse_rule(&self) -> $crate::Result<Self::Output> {
                $crate::functions::base::BaseInverse::new(self)
            }
            #[cfg_attr(not(debug_assertions), inline(always))]
            fn solve_rule(
                &self,
                b: $crate::view::View<'_, <$S as $crate::operator::Operator>::Scalar>,
                x: $crate::view::ViewMut<'_, <$S as $crate::operator::Operator>::Scalar>,
            ) -> $crate::Result<()> {
                $crate::functions::base::BaseInverse::<$S, $crate::functions::dense::MethodOf<Kk>>::solve(self, b, x)
            }
        }
    };
}
/// The determinant by the base case: a dense factorisation.
#[doc(hidden)]
#[macro_export]
macro_rules! base_det {
    ([$($p:tt)*] $S:ty) => {
        impl<Kk: $crate::facts::Facts, $($p)*> $crate::functions::DetRule<Kk> for $S
        where $S: $crate::operator::LinearOperator {
            #[cfg_attr(not(debug_assertions), inline(always))]
            fn slogdet_rule(&self) -> $crate::Result<(
                <$S as $crate::operator::Operator>::Scalar,
                <<$S as $crate::operator::Operator>::Scalar as $crate::scalar::Scalar>::Re,
            )> {
                let dense = $crate::functions::base::materialize("slogdet", self)?;
                <$crate::functions::dense::MethodOf<Kk> as $crate::functions::dense::FactorMethod>::slogdet_of(dense)
            }
        }
    };
}
/// eigh by the base case: of the dense matrix.
#[doc(hidden)]
#[macro_export]
macro_rules! base_eigh {
    ([$($p:tt)*] $S:ty) => {
        impl<Kk: $crate::facts::Facts<SelfAdjoint: $crate::facts::SelfAdjointOf<$S>>, $($p)*> $crate::functions::EighRule<Kk> for $S
        where $S: $crate::operator::LinearOperator {
            type Basis = $crate::functions::dense::DenseBasis<
                <$S as $crate::operator::Operator>::Scalar, <$S as $crate::operator::Operator>::Rows>;
            #[cfg_attr(not(debug_assertions), inline(always))]
            fn eigh_rule(&self) -> $crate::Result<$crate::ops::Spectral<Self::Basis, $crate::facts::SelfAdjointFacts>> {
                $crate::functions::dense::dense_eigh($crate::functions::base::materialize("eigh", self)?)
            }
        }
        $crate::base_spectrum!([$($p)*] $S);
    };
}
/// The eigen-decomposition that may be, by the base case: of the dense matrix.
#[doc(hidden)]
#[macro_export]
macro_rules! base_spectrum {
    ([$($p:tt)*] $S:ty) => {
        impl<Kk: $crate::facts::Facts, $($p)*> $crate::functions::SpectrumRule<Kk> for $S
        where $S: $crate::operator::LinearOperator {
            type Vectors = $crate::functions::dense::DenseBasis<
                <$S as $crate::operator::Operator>::Scalar, <$S as $crate::operator::Operator>::Rows>;
            const STRUCTURED: bool = false;
            fn has_spectrum(&self) -> bool {
                <Kk::SelfAdjoint as $crate::facts::Fact>::KNOWN && $crate::functions::base::is_direct(self)
            }
            fn spectrum_rule(&self) -> $crate::Result<$crate::ops::Spectral<Self::Vectors, $crate::facts::SelfAdjointFacts>> {
                $crate::functions::dense::dense_eigh($crate::functions::base::materialize("eigh", self)?)
            }
        }
    };
}
/// exp by the base case: of the dense matrix, by fact.
#[doc(hidden)]
#[macro_export]
macro_rules! base_exp {
    ([$($p:tt)*] $S:ty) => {
        impl<Kk: $crate::facts::Facts, $($p)*> $crate::functions::ExpRule<Kk> for $S
        where $S: $crate::operator::LinearOperator {
            type Output = <<Kk as $crate::facts::Facts>::SelfAdjoint as $crate::functions::dense::FactChoice>::DenseExp<
                <$S as $crate::operator::Operator>::Scalar, <$S as $crate::operator::Operator>::Rows>;
            #[cfg_attr(not(debug_assertions), inline(always))]
            fn exp_rule(&self) -> $crate::Result<Self::Output> {
                let dense = $crate::functions::base::materialize("exp", self)?;
                <Kk::SelfAdjoint as $crate::functions::dense::FactChoice>::dense_exp(dense)
            }
        }
    };
}
/// Powers by the eigen-decomposition of the structure.
#[doc(hidden)]
#[macro_export]
macro_rules! spectral_power {
    ([$($p:tt)*] $S:ty) => {
        impl<Kk: $crate::facts::Facts<SelfAdjoint: $crate::facts::RootOf<$S>>, $($p)*> $crate::functions::PowerRule<Kk> for $S
        where $S: $crate::functions::EighRule<Kk> {
            type Output = $crate::ops::Spectral<
                <$S as $crate::functions::EighRule<Kk>>::Basis,
                $crate::facts::FactSet<$crate::facts::Known, Kk::Psd, $crate::facts::Unknown, $crate::facts::Unknown>,
            >;
            #[cfg_attr(not(debug_assertions), inline(always))]
            fn power_rule(&self, p: $crate::functions::Power) -> $crate::Result<Self::Output> {
                <Self as $crate::functions::EighRule<Kk>>::eigh_rule(self)?.power(p)
            }
        }
    };
}
/// exp by the eigen-decomposition of the structure where it is known to be self-adjoint, else of the dense matrix.
#[doc(hidden)]
#[macro_export]
macro_rules! spectral_exp {
    ([$($p:tt)*] $S:ty) => {
        impl<Kk: $crate::facts::Facts, $($p)*> $crate::functions::ExpRule<Kk> for $S
        where
            $S: $crate::operator::Operator,
            Kk::SelfAdjoint: $crate::functions::explog::ExpBy<$S, Kk>,
        {
            type Output = <Kk::SelfAdjoint as $crate::functions::explog::ExpBy<$S, Kk>>::Output;
            #[cfg_attr(not(debug_assertions), inline(always))]
            fn exp_rule(&self) -> $crate::Result<Self::Output> {
                <Kk::SelfAdjoint as $crate::functions::explog::ExpBy<$S, Kk>>::exp_by(self)
            }
        }
    };
}
/// log by the eigen-decomposition of the structure.
#[doc(hidden)]
#[macro_export]
macro_rules! spectral_log {
    ([$($p:tt)*] $S:ty) => {
        impl<Kk: $crate::facts::Facts<SelfAdjoint: $crate::facts::RootOf<$S>>, $($p)*> $crate::functions::LogRule<Kk> for $S
        where $S: $crate::functions::EighRule<Kk> {
            type Output = $crate::ops::Spectral<<$S as $crate::functions::EighRule<Kk>>::Basis, $crate::facts::SelfAdjointFacts>;
            #[cfg_attr(not(debug_assertions), inline(always))]
            fn log_rule(&self) -> $crate::Result<Self::Output> {
                <Self as $crate::functions::EighRule<Kk>>::eigh_rule(self)?.log()
            }
        }
    };
}
/// Diagonals by the base case: applications to unit vectors.
#[doc(hidden)]
#[macro_export]
macro_rules! base_diagonal {
    ([$($p:tt)*] $S:ty) => {
        impl<$($p)*> $crate::functions::DiagonalRule for $S
        where $S: $crate::operator::LinearOperator {
            fn diagonal_rule(&self, k: isize, d: &mut [<$S as $crate::operator::Operator>::Scalar]) -> $crate::Result<()> {
                $crate::functions::base::diagonal(self, k, d)
            }
        }
    };
}
/// Cholesky and LU by the base case: of the dense matrix.
#[doc(hidden)]
#[macro_export]
macro_rules! base_factors {
    ([$($p:tt)*] $S:ty) => {
        $crate::base_cholesky!([$($p)*] $S);
        $crate::base_lu!([$($p)*] $S);
    };
}
/// Cholesky by the base case: of the dense matrix.
#[doc(hidden)]
#[macro_export]
macro_rules! base_cholesky {
    ([$($p:tt)*] $S:ty) => {
        impl<Kk: $crate::facts::Facts<Psd: $crate::facts::PsdOf<$S>>, $($p)*> $crate::functions::CholeskyRule<Kk> for $S
        where $S: $crate::operator::LinearOperator {
            type Factor = $crate::ops::DenseTriangular<
                <$S as $crate::operator::Operator>::Scalar, <$S as $crate::operator::Operator>::Rows, $crate::ops::Lower>;
            fn cholesky_rule(&self) -> $crate::Result<Self::Factor> {
                $crate::functions::dense::dense_cholesky($crate::functions::base::materialize("cholesky", self)?)
            }
        }
    };
}
/// LU by the base case: of the dense matrix.
#[doc(hidden)]
#[macro_export]
macro_rules! base_lu {
    ([$($p:tt)*] $S:ty) => {
        impl<$($p)*> $crate::functions::LuRule for $S
        where $S: $crate::operator::LinearOperator {
            type P = $crate::ops::Permutation<
                <$S as $crate::operator::Operator>::Scalar, <$S as $crate::operator::Operator>::Rows>;
            type L = $crate::ops::DenseTriangular<
                <$S as $crate::operator::Operator>::Scalar, <$S as $crate::operator::Operator>::Rows, $crate::ops::Lower>;
            type U = $crate::ops::DenseTriangular<
                <$S as $crate::operator::Operator>::Scalar, <$S as $crate::operator::Operator>::Rows, $crate::ops::Upper>;
            fn lu_rule(&self) -> $crate::Result<$crate::functions::LuFactors<Self::P, Self::L, Self::U>> {
                $crate::functions::dense::dense_lu($crate::functions::base::materialize("lu", self)?)
            }
        }
    };
}
/// Eigenvalues and right eigenvectors by the base case: of the dense matrix.
#[doc(hidden)]
#[macro_export]
macro_rules! base_eig {
    ([$($p:tt)*] $S:ty) => {
        impl<Kk: $crate::facts::Facts, $($p)*> $crate::functions::EigRule<Kk> for $S
        where $S: $crate::operator::LinearOperator {
            type Vectors = $crate::functions::eig::DenseEigenvectors<
                <$S as $crate::operator::Operator>::Scalar, <$S as $crate::operator::Operator>::Rows>;
            fn eig_rule(&self) -> $crate::Result<$crate::functions::EigFactors<Self::Vectors>> {
                $crate::functions::eig::dense_eig::<Kk, _, _>($crate::functions::base::materialize("eig", self)?)
            }
            fn left_eig_rule(&self) -> Option<$crate::Result<$crate::functions::EigFactors<Self::Vectors>>> {
                Some($crate::functions::eig::dense_left_eig::<Kk, _>(self))
            }
        }
    };
}
/// Singular values and vectors by the base case: of the dense matrix.
#[doc(hidden)]
#[macro_export]
macro_rules! base_svd {
    ([$($p:tt)*] $S:ty) => {
        impl<Kk: $crate::facts::Facts, $($p)*> $crate::functions::SvdRule<Kk> for $S
        where $S: $crate::operator::LinearOperator {
            type Left = $crate::functions::svd::DenseColumns<
                <$S as $crate::operator::Operator>::Scalar, <$S as $crate::operator::Operator>::Rows>;
            type Right = $crate::functions::svd::DenseColumns<
                <$S as $crate::operator::Operator>::Scalar, <$S as $crate::operator::Operator>::Cols>;
            fn svd_rule(&self) -> $crate::Result<$crate::ops::SvdFactors<Self::Left, Self::Right>> {
                $crate::functions::svd::dense_svd(&$crate::functions::svd::panel("svd", self)?)
            }
        }
    };
}
/// Pseudo-inverse and least squares by the base case: of the dense matrix.
#[doc(hidden)]
#[macro_export]
macro_rules! base_pinv {
    ([$($p:tt)*] $S:ty) => {
        impl<Kk: $crate::facts::Facts, $($p)*> $crate::functions::PinvRule<Kk> for $S
        where $S: $crate::operator::LinearOperator {
            type Output = $crate::functions::pinv::DensePinv<
                <$S as $crate::operator::Operator>::Scalar, <$S as $crate::operator::Operator>::Rows,
                <$S as $crate::operator::Operator>::Cols, Kk>;
            fn pinv_rule(&self) -> $crate::Result<Self::Output> {
                $crate::functions::pinv::dense_pinv::<Kk, _>(&$crate::functions::svd::panel("pinv", self)?)
            }
            fn lstsq_rule(
                &self,
                b: $crate::view::View<'_, <$S as $crate::operator::Operator>::Scalar>,
                x: $crate::view::ViewMut<'_, <$S as $crate::operator::Operator>::Scalar>,
            ) -> $crate::Result<()> {
                $crate::functions::pinv::base_lstsq::<Kk, _>(self, b, x)
            }
            fn lstsq_alone(
                &self,
                adjoint: bool,
                b: $crate::view::View<'_, <$S as $crate::operator::Operator>::Scalar>,
                x: $crate::view::ViewMut<'_, <$S as $crate::operator::Operator>::Scalar>,
            ) -> Option<$crate::Result<()>> {
                $crate::functions::pinv::iterated_lstsq(self, adjoint, b, x)
            }
        }
    };
}
/// The pseudo-inverse of what has an inverse by construction: the inverse.
#[doc(hidden)]
#[macro_export]
macro_rules! inverse_pinv {
    ([$($p:tt)*] $S:ty) => {
        impl<Kk: $crate::facts::Facts, $($p)*> $crate::functions::PinvRule<Kk> for $S
        where $S: $crate::functions::InverseRule<Kk> {
            type Output = <$S as $crate::functions::InverseRule<Kk>>::Output;
            fn pinv_rule(&self) -> $crate::Result<Self::Output> {
                <Self as $crate::functions::InverseRule<Kk>>::inverse_rule(self)
            }
            fn lstsq_rule(
                &self,
                b: $crate::view::View<'_, <$S as $crate::operator::Operator>::Scalar>,
                x: $crate::view::ViewMut<'_, <$S as $crate::operator::Operator>::Scalar>,
            ) -> $crate::Result<()>
            where Self::Output: $crate::operator::LinearOperator<Scalar = <$S as $crate::operator::Operator>::Scalar> {
                <Self as $crate::functions::InverseRule<Kk>>::solve_rule(self, b, x)
            }
        }
    };
}
/// The singular values of what is unitary by construction: U = A, s = 1, V = I.
macro_rules! unitary_svd {
    ([$($p:tt)*] $S:ty) => {
        impl<Kk: $crate::facts::Facts, $($p)*> $crate::functions::SvdRule<Kk> for $S
        where $S: $crate::operator::Operator + Clone {
            type Left = Self;
            type Right = $crate::ops::Identity<$crate::operator::short::Sc<$S>, $crate::operator::short::Co<$S>>;
            fn svd_rule(&self) -> $crate::Result<$crate::ops::SvdFactors<Self, Self::Right>> {
                let n = $crate::operator::Operator::ncols(self);
                let one = <$crate::operator::short::Re<$S> as num_traits::One>::one();
                let s = $crate::data::Column::filled(n, one);
                Ok($crate::ops::SvdFactors { u: self.clone(), s, v: $crate::ops::Identity::of_size(n) })
            }
        }
    };
}
pub(crate) use unitary_svd;
/// eig, svd and pinv by their base cases.
#[doc(hidden)]
#[macro_export]
macro_rules! base_decompositions {
    ([$($p:tt)*] $S:ty) => {
        $crate::base_eig!([$($p)*] $S);
        $crate::base_svd!([$($p)*] $S);
        $crate::base_pinv!([$($p)*] $S);
    };
}
/// Eigenvectors by the eigen-decomposition of the structure where it is known to be self-adjoint, else of the dense matrix.
#[doc(hidden)]
#[macro_export]
macro_rules! spectral_eig {
    ([$($p:tt)*] $S:ty) => {
        impl<Kk: $crate::facts::Facts, $($p)*> $crate::functions::EigRule<Kk> for $S
        where
            $S: $crate::operator::Operator,
            Kk::SelfAdjoint: $crate::functions::eig::EigBy<$S, Kk>,
        {
            type Vectors = <Kk::SelfAdjoint as $crate::functions::eig::EigBy<$S, Kk>>::Vectors;
            fn eig_rule(&self) -> $crate::Result<$crate::functions::EigFactors<Self::Vectors>> {
                <Kk::SelfAdjoint as $crate::functions::eig::EigBy<$S, Kk>>::eig_by(self)
            }
            fn left_eig_rule(&self) -> Option<$crate::Result<$crate::functions::EigFactors<Self::Vectors>>> {
                Some(<Kk::SelfAdjoint as $crate::functions::eig::EigBy<$S, Kk>>::left_eig_by(self))
            }
        }
    };
}
/// Singular values by the eigen-decomposition of the structure where it is known to be self-adjoint, else of the dense matrix.
#[doc(hidden)]
#[macro_export]
macro_rules! spectral_svd {
    ([$($p:tt)*] $S:ty) => {
        impl<Kk: $crate::facts::Facts, $($p)*> $crate::functions::SvdRule<Kk> for $S
        where
            $S: $crate::operator::Operator,
            Kk::SelfAdjoint: $crate::functions::svd::SvdBy<$S, Kk>,
        {
            type Left = <Kk::SelfAdjoint as $crate::functions::svd::SvdBy<$S, Kk>>::Left;
            type Right = <Kk::SelfAdjoint as $crate::functions::svd::SvdBy<$S, Kk>>::Right;
            fn svd_rule(&self) -> $crate::Result<$crate::ops::SvdFactors<Self::Left, Self::Right>> {
                <Kk::SelfAdjoint as $crate::functions::svd::SvdBy<$S, Kk>>::svd_by(self)
            }
        }
    };
}
/// The pseudo-inverse by the eigen-decomposition of the structure where it is known to be self-adjoint, else of the dense matrix.
#[doc(hidden)]
#[macro_export]
macro_rules! spectral_pinv {
    ([$($p:tt)*] $S:ty) => {
        impl<Kk: $crate::facts::Facts, $($p)*> $crate::functions::PinvRule<Kk> for $S
        where
            $S: $crate::operator::Operator,
            Kk::SelfAdjoint: $crate::functions::pinv::PinvBy<$S, Kk>,
        {
            type Output = <Kk::SelfAdjoint as $crate::functions::pinv::PinvBy<$S, Kk>>::Output;
            fn pinv_rule(&self) -> $crate::Result<Self::Output> {
                <Kk::SelfAdjoint as $crate::functions::pinv::PinvBy<$S, Kk>>::pinv_by(self)
            }
            fn lstsq_rule(
                &self,
                b: $crate::view::View<'_, <$S as $crate::operator::Operator>::Scalar>,
                x: $crate::view::ViewMut<'_, <$S as $crate::operator::Operator>::Scalar>,
            ) -> $crate::Result<()>
            where Self::Output: $crate::operator::LinearOperator<Scalar = <$S as $crate::operator::Operator>::Scalar> {
                <Kk::SelfAdjoint as $crate::functions::pinv::PinvBy<$S, Kk>>::lstsq_by(self, b, x)
            }
            fn lstsq_alone(
                &self,
                adjoint: bool,
                b: $crate::view::View<'_, <$S as $crate::operator::Operator>::Scalar>,
                x: $crate::view::ViewMut<'_, <$S as $crate::operator::Operator>::Scalar>,
            ) -> Option<$crate::Result<()>> {
                <Kk::SelfAdjoint as $crate::functions::pinv::PinvBy<$S, Kk>>::lstsq_alone_by(self, adjoint, b, x)
            }
        }
    };
}
/// eig, svd and pinv by the eigen-decomposition of the structure where it is known to be self-adjoint, else of the dense matrix.
#[doc(hidden)]
#[macro_export]
macro_rules! spectral_decompositions {
    ([$($p:tt)*] $S:ty) => {
        $crate::spectral_eig!([$($p)*] $S);
        $crate::spectral_svd!([$($p)*] $S);
        $crate::spectral_pinv!([$($p)*] $S);
    };
}
/// All functions of an operator by their base cases: `base_rules! { [A: LinearOperator + Clone] Mine<A> }`. The operator must
/// implement `LinearOperator` and `Clone`.
#[macro_export]
macro_rules! base_rules {
    ($([$($p:tt)*] $S:ty),* $(,)?) => { $(
        $crate::base_diagonal!([$($p)*] $S);
        $crate::base_rules_but_diagonal!([$($p)*] $S);
    )* };
}
/// [`base_rules!`](crate::base_rules) but the diagonals, which the structure has a rule for.
#[doc(hidden)]
#[macro_export]
macro_rules! base_rules_but_diagonal {
    ($([$($p:tt)*] $S:ty),* $(,)?) => { $(
        $crate::base_inverse!([$($p)*] $S);
        $crate::base_det!([$($p)*] $S);
        $crate::base_eigh!([$($p)*] $S);
        $crate::spectral_power!([$($p)*] $S);
        $crate::base_exp!([$($p)*] $S);
        $crate::spectral_log!([$($p)*] $S);
        $crate::base_factors!([$($p)*] $S);
        $crate::base_decompositions!([$($p)*] $S);
    )* };
}
