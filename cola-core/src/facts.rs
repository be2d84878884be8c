//! What is known of an operator, as types: a *set* of facts, each `Known` or `Unknown`. Facts are sufficient, never necessary:
//! `Unknown` says nothing. The connectives are generic associated types, so that generic code needs no where-clauses.

use crate::functions::dense::FactChoice;
use core::marker::PhantomData;
#[cfg(feature = "serde")]
use {
    crate::error::{Error, Result, check},
    crate::scalar::{Real, Scalar},
    num_traits::Zero,
};

/// One thing that may be known: [`Known`] or [`Unknown`].
pub trait Fact: FactChoice + Send + Sync + 'static {
    /// Known if both are.
    type And<O: Fact>: Fact;
    /// Known if one is.
    type Or<O: Fact>: Fact;
    /// The fact as a value.
    const KNOWN: bool;
}
/// The fact holds.
#[derive(Clone, Copy, Debug)]
pub struct Known;
/// Nothing is known.
#[derive(Clone, Copy, Debug)]
pub struct Unknown;
impl Fact for Known {
    type And<O: Fact> = O;
    type Or<O: Fact> = Known;
    const KNOWN: bool = true;
}
impl Fact for Unknown {
    type And<O: Fact> = Unknown;
    type Or<O: Fact> = O;
    const KNOWN: bool = false;
}

/// A set of facts. Implemented by [`FactSet`] alone.
pub trait Facts: Send + Sync + 'static {
    /// A = A^H.
    type SelfAdjoint: Fact;
    /// A = A^H and x^H A x >= 0 for all x.
    type Psd: Fact;
    /// A^H A = A A^H = I.
    type Unitary: Fact;
    /// A^H A = I: orthonormal columns.
    type Isometric: Fact;
}
/// The facts self-adjoint, PSD, unitary, isometric.
pub struct FactSet<S, P, U, O>(PhantomData<fn() -> (S, P, U, O)>);
impl<S: Fact, P: Fact, U: Fact, O: Fact> Facts for FactSet<S, P, U, O> {
    type SelfAdjoint = S;
    type Psd = P;
    type Unitary = U;
    type Isometric = O;
}
/// Nothing is known.
pub type NoFacts = FactSet<Unknown, Unknown, Unknown, Unknown>;
/// Self-adjoint.
pub type SelfAdjointFacts = FactSet<Known, Unknown, Unknown, Unknown>;
/// Self-adjoint and positive semidefinite.
pub type PsdFacts = FactSet<Known, Known, Unknown, Unknown>;
/// Unitary.
pub type UnitaryFacts = FactSet<Unknown, Unknown, Known, Known>;
/// All that the identity is.
pub type IdentityFacts = FactSet<Known, Known, Known, Known>;
/// K, and PSD.
pub type WithPsd<K> = FactSet<Known, Known, <K as Facts>::Unitary, <K as Facts>::Isometric>;
/// K, and self-adjoint.
pub type WithSelfAdjoint<K> = FactSet<Known, <K as Facts>::Psd, <K as Facts>::Unitary, <K as Facts>::Isometric>;
/// K, and unitary.
pub type WithUnitary<K> = FactSet<<K as Facts>::SelfAdjoint, <K as Facts>::Psd, Known, Known>;
/// K, and isometric.
pub type WithIsometric<K> = FactSet<<K as Facts>::SelfAdjoint, <K as Facts>::Psd, <K as Facts>::Unitary, Known>;
/// Both facts.
pub type And<P, Q> = <P as Fact>::And<Q>;
/// What both have: kron, block_diag.
#[rustfmt::skip]
pub type Both<K, L> = FactSet<
    And<<K as Facts>::SelfAdjoint, <L as Facts>::SelfAdjoint>,
    And<<K as Facts>::Psd, <L as Facts>::Psd>,
    And<<K as Facts>::Unitary, <L as Facts>::Unitary>,
    And<<K as Facts>::Isometric, <L as Facts>::Isometric>,
>;
/// What a sum keeps: never unitary.
#[rustfmt::skip]
pub type SumFacts<K, L> = FactSet<
    And<<K as Facts>::SelfAdjoint, <L as Facts>::SelfAdjoint>, And<<K as Facts>::Psd, <L as Facts>::Psd>, Unknown, Unknown,
>;
/// What a product keeps: unitary or isometric if both, nothing else.
#[rustfmt::skip]
pub type ProductFacts<K, L> = FactSet<
    Unknown, Unknown, And<<K as Facts>::Unitary, <L as Facts>::Unitary>, And<<K as Facts>::Isometric, <L as Facts>::Isometric>,
>;
/// What transposition keeps: the transpose of a tall isometry is none.
#[rustfmt::skip]
pub type TransposeFacts<K> = FactSet<
    <K as Facts>::SelfAdjoint, <K as Facts>::Psd, <K as Facts>::Unitary, <K as Facts>::Unitary,
>;
/// What A[r, c] keeps; `Same`: r and c are one index list.
#[rustfmt::skip]
pub type SliceFacts<K, Same> = FactSet<
    And<Same, <K as Facts>::SelfAdjoint>, And<Same, <K as Facts>::Psd>, Unknown, Unknown,
>;
/// What an inverse keeps.
#[rustfmt::skip]
pub type InverseFacts<K> = FactSet<
    <K as Facts>::SelfAdjoint, <K as Facts>::Psd, <K as Facts>::Unitary, <K as Facts>::Unitary,
>;

/// What is known of the sign of a scale, and what that does to facts.
pub trait Sign: Copy + Send + Sync + 'static {
    /// Facts of c A.
    type Keep<K: Facts>: Facts;
    /// Sign of a product of two scales.
    type Times<S: Sign>: Sign;
    /// `Known` if c >= 0 is.
    type Positive: Fact;
    /// For types and plans.
    const NAME: &'static str;
}
/// c, if it has the sign that its type says: what a saved factor must show before it is believed.
///
/// # Errors
/// `InvalidArgument` for a negative or complex factor whose type says otherwise.
#[cfg(feature = "serde")]
pub(crate) fn keep_sign<T: Scalar, S: Sign>(c: T) -> Result<T> {
    let zero = T::Re::zero();
    if <S::Keep<SelfAdjointFacts> as Facts>::SelfAdjoint::KNOWN {
        let real = !c.im().lt(zero) & !zero.lt(c.im());
        check::<T>(real, |_| Error::invalid("a factor whose type says that it is real is complex"))?;
    }
    if S::Positive::KNOWN {
        check::<T>(!c.re().lt(zero), |lane| {
            let c = c.re().lane_f64(lane);
            Error::invalid(format!("a factor whose type says that it is not negative is {c}"))
        })?;
    }
    Ok(c)
}
/// c >= 0: keeps PSD.
#[derive(Clone, Copy, Debug)]
pub struct NonNegative;
/// Real c of either sign: keeps self-adjoint.
#[derive(Clone, Copy, Debug)]
pub struct AnySign;
/// c that may be complex: keeps nothing.
#[derive(Clone, Copy, Debug)]
pub struct AnyPhase;
impl Sign for NonNegative {
    type Keep<K: Facts> = FactSet<K::SelfAdjoint, K::Psd, Unknown, Unknown>;
    type Times<S: Sign> = S;
    type Positive = Known;
    const NAME: &'static str = "c >= 0";
}
impl Sign for AnySign {
    type Keep<K: Facts> = FactSet<K::SelfAdjoint, Unknown, Unknown, Unknown>;
    type Times<S: Sign> = AnySign;
    type Positive = Unknown;
    const NAME: &'static str = "real c";
}
impl Sign for AnyPhase {
    type Keep<K: Facts> = NoFacts;
    type Times<S: Sign> = AnyPhase;
    type Positive = Unknown;
    const NAME: &'static str = "c";
}

/// The demand "is positive semidefinite", in words.
#[diagnostic::on_unimplemented(
    message = "`{Op}` is not known to be positive semidefinite",
    label = "needs a positive semidefinite operator",
    note = "if it is, say so: `psd(..)` in `linop!`, `Psd::new(..)` in Rust, or check it once by `psd_checked(..)?`"
)]
pub trait PsdOf<Op: ?Sized> {}
impl<Op: ?Sized> PsdOf<Op> for Known {}

/// The demand "is self-adjoint", in words.
#[diagnostic::on_unimplemented(
    message = "`{Op}` is not known to be self-adjoint",
    label = "needs a self-adjoint operator",
    note = "if it is, say so: `self_adjoint(..)` or `psd(..)` in `linop!`, or check it once by `self_adjoint_checked(..)?`"
)]
pub trait SelfAdjointOf<Op: ?Sized> {}
impl<Op: ?Sized> SelfAdjointOf<Op> for Known {}

/// The demand of sqrt, pow and log, in words.
#[diagnostic::on_unimplemented(
    message = "`{Op}` is not known to be positive semidefinite or self-adjoint, so it has no root or logarithm",
    label = "needs a positive semidefinite or self-adjoint operator",
    note = "if it is one of them, say so: `psd(..)` or `self_adjoint(..)`",
    note = "for a general matrix ask for the Schur method: `.sqrt_with(Schur::default())?`, `.pow_with(..)`, `.log_with(..)`"
)]
pub trait RootOf<Op: ?Sized> {}
impl<Op: ?Sized> RootOf<Op> for Known {}
