//! A static operator type as a tree of structures and sizes: written by trait recursion, read by everything else.

use cola_core::{
    Adjoint, BlockDiag, ByAdjoint, ByTranspose, Conj, Dense, Diagonal, Extent, Fact, Facts, FoldedShift, Gram,
    Identity, Isometric, Kron, LinearOperator, Operator, Powi, Product, Psd, Repeat, Scaled, ScaledIdentity,
    SelfAdjoint, Side, Sign, Space, Sum, Transpose, Triangular, Unitary, WithFacts, WithIsometric, WithPsd,
    WithSelfAdjoint, WithUnitary, data::MatrixData, data::VectorData, space::StaticSpace,
};

/// One node of the tree.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// What it is.
    pub kind: Kind,
    /// A = A^T is known here.
    pub self_adjoint: bool,
    /// Positive semidefinite is known here.
    pub psd: bool,
}
/// What a node is; sizes are numbers.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Kind {
    /// rows x cols stored entries.
    Dense(usize, usize),
    /// n stored entries.
    Diagonal(usize),
    /// Nothing stored.
    Identity(usize),
    /// One stored factor.
    ScaledIdentity(usize),
    /// n x n stored entries of which a triangle counts; true: the lower one.
    Triangular(usize, bool),
    /// A x B.
    Kron(Box<Term>, Box<Term>),
    /// diag(A, B).
    BlockDiag(Box<Term>, Box<Term>),
    /// A + B.
    Sum(Box<Term>, Box<Term>),
    /// A B.
    Product(Box<Term>, Box<Term>),
    /// The block so many times.
    Repeat(Box<Term>, usize),
    /// A^T.
    Transpose(Box<Term>),
    /// A stored factor, times A.
    Scaled(Box<Term>),
    /// A^n.
    Powi(Box<Term>, usize),
    /// A A^T.
    Gram(Box<Term>),
    /// A with A^-1 = A^T.
    Unitary(Box<Term>),
}
impl Term {
    fn new<K: Facts>(kind: Kind) -> Term {
        Term { kind, self_adjoint: K::SelfAdjoint::KNOWN, psd: K::Psd::KNOWN }
    }
    /// Rows and columns.
    pub fn shape(&self) -> (usize, usize) {
        let swap = |(m, n)| (n, m);
        match &self.kind {
            Kind::Dense(m, n) => (*m, *n),
            Kind::Diagonal(n) | Kind::Identity(n) | Kind::ScaledIdentity(n) | Kind::Triangular(n, _) => (*n, *n),
            Kind::Kron(a, b) => (a.shape().0 * b.shape().0, a.shape().1 * b.shape().1),
            Kind::BlockDiag(a, b) => (a.shape().0 + b.shape().0, a.shape().1 + b.shape().1),
            Kind::Sum(a, _) | Kind::Scaled(a) | Kind::Powi(a, _) | Kind::Unitary(a) => a.shape(),
            Kind::Product(a, b) => (a.shape().0, b.shape().1),
            Kind::Repeat(a, k) => (k * a.shape().0, k * a.shape().1),
            Kind::Transpose(a) => swap(a.shape()),
            Kind::Gram(a) => (a.shape().0, a.shape().0),
        }
    }
    /// True if it has as many rows as columns.
    pub fn is_square(&self) -> bool {
        self.shape().0 == self.shape().1
    }
}

/// How the type of a structure becomes a [`Term`], given the facts `K`; numbers `f32` or `f64`, sizes static.
#[diagnostic::on_unimplemented(
    message = "there is no fused kernel for `{Self}`",
    label = "not a static operator of dense, diagonal, identity, triangular leaves and their compositions",
    note = "every size must be part of the type: `SMatrix`, `SVector`, arrays; numbers are `f32` or `f64`",
    note = "operators with dynamic sizes run on a device by `to_device(&gpu)`"
)]
pub trait FuseRule<K: Facts>: Operator {
    /// The tree of this type.
    fn term() -> Term;
}
/// An operator type that a fused kernel can be written for.
#[diagnostic::on_unimplemented(
    message = "there is no fused kernel for `{Self}`",
    label = "not a static operator of dense, diagonal, identity, triangular leaves and their compositions",
    note = "every size must be part of the type: `SMatrix`, `SVector`, arrays; numbers are `f32` or `f64`",
    note = "operators with dynamic sizes run on a device by `to_device(&gpu)`"
)]
pub trait Fusible: FuseRule<<Self as Operator>::Facts> {}
#[diagnostic::do_not_recommend]
impl<A: FuseRule<<A as Operator>::Facts>> Fusible for A {}

/// The tree of `A` with the facts it has by itself.
fn of<A: Fusible>() -> Box<Term> {
    Box::new(A::term())
}
/// A static length.
fn len<S: Space>() -> usize {
    match S::EXTENT {
        Extent::Static(n) => n,
        Extent::Dynamic => unreachable!("the bound `StaticSpace` says static"),
    }
}

impl<K: Facts, M: MatrixData<Rows: StaticSpace, Cols: StaticSpace>> FuseRule<K> for Dense<M> {
    fn term() -> Term {
        Term::new::<K>(Kind::Dense(len::<M::Rows>(), len::<M::Cols>()))
    }
}
impl<K: Facts, V: VectorData<Len: StaticSpace>> FuseRule<K> for Diagonal<V> {
    fn term() -> Term {
        Term::new::<K>(Kind::Diagonal(len::<V::Len>()))
    }
}
impl<K: Facts, T: cola_core::Scalar, S: Space + StaticSpace> FuseRule<K> for Identity<T, S> {
    fn term() -> Term {
        Term::new::<K>(Kind::Identity(len::<S>()))
    }
}
impl<K: Facts, T: cola_core::Scalar, S: Space + StaticSpace, G: Sign> FuseRule<K> for ScaledIdentity<T, S, G> {
    fn term() -> Term {
        Term::new::<K>(Kind::ScaledIdentity(len::<S>()))
    }
}
impl<K: Facts, M: MatrixData<Rows: StaticSpace>, U: Side> FuseRule<K> for Triangular<M, U> {
    fn term() -> Term {
        Term::new::<K>(Kind::Triangular(len::<M::Rows>(), U::LOWER))
    }
}
macro_rules! two {
    ($($S:ident)*) => { $(
        impl<K: Facts, A: Fusible, B: Fusible<Scalar = A::Scalar>> FuseRule<K> for $S<A, B> {
            fn term() -> Term {
                Term::new::<K>(Kind::$S(of::<A>(), of::<B>()))
            }
        }
    )* };
}
two!(Kron BlockDiag Sum Product);
impl<K: Facts, A: Fusible, B: Fusible<Scalar = A::Scalar>> FuseRule<K> for FoldedShift<A, B> {
    fn term() -> Term {
        Term::new::<K>(Kind::Sum(of::<A>(), of::<B>()))
    }
}
impl<K: Facts, A: Fusible, const M: usize> FuseRule<K> for Repeat<A, M> {
    fn term() -> Term {
        Term::new::<K>(Kind::Repeat(of::<A>(), M))
    }
}
impl<K: Facts, A: Fusible, const N: usize> FuseRule<K> for Powi<A, N> {
    fn term() -> Term {
        Term::new::<K>(Kind::Powi(of::<A>(), N))
    }
}
impl<K: Facts, A: Fusible, S: Sign> FuseRule<K> for Scaled<A, A::Scalar, S> {
    fn term() -> Term {
        Term::new::<K>(Kind::Scaled(of::<A>()))
    }
}
macro_rules! gram {
    ($($C:ty)*) => { $(
        impl<K: Facts, A: Fusible> FuseRule<K> for Gram<A, $C> {
            fn term() -> Term {
                Term::new::<K>(Kind::Gram(of::<A>()))
            }
        }
    )* };
}
gram!(ByAdjoint ByTranspose);
macro_rules! transposed {
    ($($S:ident)*) => { $(
        impl<K: Facts, A: Fusible> FuseRule<K> for $S<A> {
            fn term() -> Term {
                Term::new::<K>(Kind::Transpose(of::<A>()))
            }
        }
    )* };
}
transposed!(Transpose Adjoint);
// the numbers are real
impl<K: Facts, A: FuseRule<K>> FuseRule<K> for Conj<A> {
    fn term() -> Term {
        A::term()
    }
}
// an annotation tells its part what it promises
macro_rules! annotation {
    ($($S:ident $With:ident)*) => { $(
        impl<K: Facts, A: FuseRule<$With<K>>> FuseRule<K> for $S<A> {
            fn term() -> Term {
                A::term()
            }
        }
    )* };
}
annotation!(Psd WithPsd SelfAdjoint WithSelfAdjoint Isometric WithIsometric);
impl<K: Facts, A: FuseRule<WithUnitary<K>>> FuseRule<K> for Unitary<A> {
    fn term() -> Term {
        Term::new::<WithUnitary<K>>(Kind::Unitary(Box::new(A::term())))
    }
}
impl<K: Facts, F: Facts, A: FuseRule<K>> FuseRule<K> for WithFacts<A, F> {
    fn term() -> Term {
        A::term()
    }
}
impl<K: Facts, A: FuseRule<K> + LinearOperator> FuseRule<K> for &A {
    fn term() -> Term {
        A::term()
    }
}
