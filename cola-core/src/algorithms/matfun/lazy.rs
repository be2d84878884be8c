//! f(A) as an operator whose application is an iteration: what `sqrt_with(Lanczos::default())` returns.

use super::{Function, by_columns, krylov::Job};
use crate::algorithms::direct::FunctionAlgorithm;
use crate::algorithms::spectrum::{Arnoldi, Lanczos, SpectralNumber};
use crate::algorithms::watch::Options;
use crate::error::{Result, note_fault};
use crate::facts::{FactSet, Facts, SelfAdjointOf, Unknown};
use crate::functions::Power;
use crate::functions::base::square;
use crate::operator::short::{Fa, Ro, Sc};
use crate::operator::{LinearOperator, Update, operator};
use crate::scalar::Scalar;
use crate::view::{View, ViewMut};
use num_traits::Zero;

/// f(A) for exp, log and powers: each application runs Lanczos' or Arnoldi's method.
///
/// An application that does not converge fills its result with NaN, never with a wrong answer; `try_apply` returns the failure itself.
/// Its workspace comes from the heap.
///
/// ```
/// # use cola_core::prelude::*;
/// let a = Psd::new(Diagonal::new((1..=100).map(f64::from).collect::<Vec<_>>()));
/// let root = a.sqrt_with(Lanczos::default())?;
/// let x = root.try_apply(&vec![1.0; 100])?;
/// assert!((x[48] - 7.0).abs() < 1e-7);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct LazyFunction<A> {
    a: A,
    f: Kind,
    self_adjoint: bool,
    options: Options,
}
#[derive(Clone, Copy, Debug)]
enum Kind {
    Exp,
    Log,
    Power(Power),
}
operator!([A: crate::operator::Operator] LazyFunction<A> {
    scalar Sc<A>; facts FactSet<<Fa<A> as Facts>::SelfAdjoint, Unknown, Unknown, Unknown>; rows Ro<A>; cols Ro<A>;
    nrows |s| s.a.nrows(); ncols s.a.nrows(); iterative true;
});
impl<A: LinearOperator<Scalar: SpectralNumber>> LinearOperator for LazyFunction<A> {
    fn act(&self, how: Update<Sc<A>>, x: View<'_, Sc<A>>, mut y: ViewMut<'_, Sc<A>>, _: &mut [Sc<A>]) {
        let f = match self.f {
            Kind::Exp => Function::Exp,
            Kind::Log => Function::Log,
            Kind::Power(p) => Function::Power(p),
        };
        // f(A)^H = f(A^H), as all three commute with conjugation
        let job =
            Job { self_adjoint: self.self_adjoint, adjoint: how.adjoint && !self.self_adjoint, options: self.options };
        let mut column = vec![Sc::<A>::zero(); x.rows];
        for j in 0..x.cols {
            let done = by_columns(&job, f, &self.a, x.column(j), ViewMut::vector(&mut column), None);
            if let Err(e) = done {
                note_fault(0, e);
                column.fill(Sc::<A>::of(f64::NAN));
            }
            column.iter().enumerate().for_each(|(i, &v)| how.write(y.at(i, j), v));
        }
    }
    fn scratch_len(&self, _: usize) -> usize {
        0
    }
}
crate::base_rules!([A: LinearOperator<Scalar: SpectralNumber>] LazyFunction<A>);
impl<A: crate::operator::Operator> crate::plan::Explain for LazyFunction<A> {}

macro_rules! lazy_by {
    ($Name:ident, $self_adjoint:literal $(, $Fact:ident: $Demand:ident)?) => {
        impl<A, P, F> FunctionAlgorithm<A> for $Name<P, F>
        where
            A: LinearOperator<Scalar: SpectralNumber> + Clone,
            $(<A::Facts as Facts>::$Fact: $Demand<A>,)?
        {
            type Output = LazyFunction<A>;
            fn power(&self, a: &A, p: Power) -> Result<LazyFunction<A>> {
                square("power", a)?;
                let f = Kind::Power(p.checked()?);
                Ok(LazyFunction { a: a.clone(), f, self_adjoint: $self_adjoint, options: self.options })
            }
            fn exp(&self, a: &A) -> Result<LazyFunction<A>> {
                square("exp", a)?;
                Ok(LazyFunction { a: a.clone(), f: Kind::Exp, self_adjoint: $self_adjoint, options: self.options })
            }
            fn log(&self, a: &A) -> Result<LazyFunction<A>> {
                square("log", a)?;
                Ok(LazyFunction { a: a.clone(), f: Kind::Log, self_adjoint: $self_adjoint, options: self.options })
            }
        }
    };
}
lazy_by!(Lanczos, true, SelfAdjoint: SelfAdjointOf);
lazy_by!(Arnoldi, false);
