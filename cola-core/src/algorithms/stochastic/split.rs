//! Preconditioners M = S S^H with a known determinant.

use crate::algorithms::columns::{BlockProducts, Columns};
use crate::algorithms::krylov::NoPreconditioner;
use crate::error::Result;
use crate::functions::{DetRule, Power, PowerRule};
use crate::operator::short::Sc;
use crate::operator::{DynOperator, LinearOperator, Operator, Update};
use crate::scalar::{Real, Scalar};
use crate::view::{View, ViewMut};

/// S and log det M of a preconditioner M = S S^H.
pub struct Split<'a, T: Scalar> {
    /// S, square.
    pub root: Box<dyn DynOperator<T> + 'a>,
    /// log det M = log det S S^H.
    pub logdet: f64,
}
/// A preconditioner near A^-1 that splits as M = S S^H and whose determinant is known: what `S^H A S` and log det need.
///
/// Ours are those with closed roots: [`Diagonal`](crate::Diagonal) (of [`Jacobi`](crate::Jacobi)), [`SpikedIdentity`](crate::SpikedIdentity)
/// (of [`PivotedCholesky`](crate::PivotedCholesky) and [`Nystrom`](crate::Nystrom)), block diagonals (of
/// [`BlockJacobi`](crate::BlockJacobi)), circulants, and [`IncompleteCholesky`](crate::IncompleteCholesky) with its triangular root.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no root and determinant to precondition a log-determinant with",
    label = "cannot be split as S S^H",
    note = "`Jacobi`, `BlockJacobi`, `PivotedCholesky`, `Nystrom`, `IncompleteCholesky` and circulants can; implement `SplitPreconditioner` for one of your own"
)]
pub trait SplitPreconditioner<T: Scalar> {
    /// S and log det M; nothing where there is no preconditioner.
    ///
    /// # Errors
    /// Those of the root and of the determinant.
    fn split(&self) -> Result<Option<Split<'_, T>>>;
}
/// A preconditioner M = S S^H near A^-1 of an operator whose vectors live anywhere, where they live: what `logdet_with` of such an operator
/// takes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no root and determinant to precondition a log-determinant on a device with",
    label = "cannot be split as S S^H there",
    note = "an operator on the same device with the fact PSD and a rule for its square root can, as a diagonal, a circulant or a `SpikedIdentity`"
)]
pub trait SplitOn<V: Columns + ?Sized> {
    /// The products with S, and log det M; nothing where there is no preconditioner.
    ///
    /// # Errors
    /// Those of the root and of the determinant.
    #[doc(hidden)]
    #[allow(clippy::type_complexity, reason = "the two parts of `Split`, where the vectors live")]
    fn split_on(&self) -> Result<Option<(Box<dyn BlockProducts<V> + '_>, f64)>>;
}
impl<V: Columns + ?Sized> SplitOn<V> for NoPreconditioner {
    fn split_on(&self) -> Result<Option<(Box<dyn BlockProducts<V> + '_>, f64)>> {
        Ok(None)
    }
}
impl<T: Scalar> SplitPreconditioner<T> for NoPreconditioner {
    fn split(&self) -> Result<Option<Split<'_, T>>> {
        Ok(None)
    }
}
impl<T: Scalar, P: SplitPreconditioner<T>> SplitPreconditioner<T> for &P {
    fn split(&self) -> Result<Option<Split<'_, T>>> {
        (**self).split()
    }
}
/// By the principal root.
pub(crate) fn by_root<P>(p: &P) -> Result<Option<Split<'static, Sc<P>>>>
where
    P: PowerRule<<P as Operator>::Facts, Output: LinearOperator<Scalar = Sc<P>> + 'static>
        + DetRule<<P as Operator>::Facts>,
{
    let logdet = crate::functions::det::logdet_of(p.slogdet_rule()?)?.lane_f64(0);
    Ok(Some(Split { root: Box::new(p.power_rule(Power::Sqrt)?), logdet }))
}
/// [`SplitPreconditioner`] by the principal root.
macro_rules! split_by_root {
    ($([$($p:tt)*] $S:ty),* $(,)?) => { $(
        impl<$($p)*> $crate::algorithms::stochastic::SplitPreconditioner<<$S as $crate::operator::Operator>::Scalar> for $S {
            fn split(&self) -> $crate::Result<Option<$crate::algorithms::stochastic::Split<'_, <$S as $crate::operator::Operator>::Scalar>>> {
                $crate::algorithms::stochastic::by_root(self)
            }
        }
    )* };
}
pub(crate) use split_by_root;
split_by_root!(
    [T: Scalar] crate::ops::Diagonal<Vec<T>>,
    [T: Scalar] crate::algorithms::precond::SpikedIdentity<T>,
);
#[cfg(feature = "fft")]
split_by_root!([T: Scalar] crate::ops::Circulant<T, crate::space::Dyn>);

/// S^H A S of a self-adjoint A.
pub(super) struct Congruence<'a, T: Scalar> {
    a: &'a dyn DynOperator<T>,
    s: &'a dyn DynOperator<T>,
}
impl<'a, T: Scalar> Congruence<'a, T> {
    pub fn new(a: &'a dyn DynOperator<T>, s: &'a dyn DynOperator<T>) -> Self {
        Congruence { a, s }
    }
}
impl<T: Scalar> DynOperator<T> for Congruence<'_, T> {
    fn dyn_shape(&self) -> (usize, usize) {
        self.a.dyn_shape()
    }
    fn dyn_act(&self, how: Update<T>, x: View<'_, T>, y: ViewMut<'_, T>, scratch: &mut [T]) {
        let (n, k) = (x.rows, x.cols);
        let (u, rest) = scratch.split_at_mut(n * k);
        let (v, rest) = rest.split_at_mut(n * k);
        self.s.dyn_act(Update::replace(), x, ViewMut::matrix(u, n, k), rest);
        self.a.dyn_act(Update::replace(), View::matrix(u, n, k), ViewMut::matrix(v, n, k), rest);
        self.s.dyn_act(Update { adjoint: true, ..how }, View::matrix(v, n, k), y, rest);
    }
    fn dyn_scratch(&self, columns: usize) -> usize {
        2 * self.a.dyn_shape().0 * columns + self.a.dyn_scratch(columns).max(self.s.dyn_scratch(columns))
    }
}
/// S^H A S of a self-adjoint A whose vectors live anywhere.
pub(super) struct CongruenceOn<'a, 'p, V: Columns + ?Sized> {
    a: &'a mut dyn BlockProducts<V>,
    s: Box<dyn BlockProducts<V> + 'p>,
    /// S X and A S X: they grow with the columns that come.
    room: [V::Owned; 2],
}
impl<'a, 'p, V: Columns + ?Sized> CongruenceOn<'a, 'p, V> {
    pub fn new(a: &'a mut dyn BlockProducts<V>, s: Box<dyn BlockProducts<V> + 'p>) -> Result<Self> {
        let room = [a.zeros(0)?, a.zeros(0)?];
        Ok(CongruenceOn { a, s, room })
    }
}
impl<V: Columns + ?Sized> BlockProducts<V> for CongruenceOn<'_, '_, V> {
    fn shape(&self) -> (usize, usize) {
        self.a.shape()
    }
    fn zeros(&self, numbers: usize) -> Result<V::Owned> {
        self.a.zeros(numbers)
    }
    fn there<'x>(&self, x: &'x [V::Scalar]) -> Result<V::Part<'x>>
    where
        V: 'x,
    {
        self.a.there(x)
    }
    fn update(&mut self, how: Update<V::Scalar>, x: &V, y: &mut V, columns: usize) -> Result<()> {
        let numbers = self.a.shape().0 * columns;
        for room in &mut self.room {
            V::grow(self.a, room, numbers)?;
        }
        let [u, v] = &mut self.room;
        let (mut u, mut v) = (u.part_mut(0..numbers), v.part_mut(0..numbers));
        self.s.apply(x, &mut u, columns)?;
        self.a.apply(&u, &mut v, columns)?;
        self.s.update(Update { adjoint: true, ..how }, &v, y, columns)
    }
}
