//! Many parts of one type as one node, and run-time structure behind a box that keeps its facts.

use crate::dsl::General;
use crate::error::Result;
use crate::facts::{Facts, NoFacts, SumFacts};
use crate::functions::DiagonalRule;
use crate::operator::short::{Co, Fa, Ro, Sc};
use crate::operator::{DynOperator, LinearOperator, Operator, Pivots, Update, operator, with_scratch};
use crate::plan::{Explain, Plan, Question, Tree, base, part};
use crate::scalar::Scalar;
use crate::space::{Const, Dyn, Space};
use crate::view::{View, ViewMut};
use core::marker::PhantomData;
use num_traits::Zero;
use std::sync::Arc;

/// Things of one type, operators as a rule: `[A; N]` or `Vec<A>`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a list of operators",
    label = "expected `[A; N]` or `Vec<A>` of operators"
)]
pub trait Parts {
    /// Their type.
    type Item;
    /// A list of as many things of another type: of inverses, of roots.
    type Of<B>: Parts<Item = B>;
    /// Index set of the list.
    type Count: Space;
    /// The list.
    fn parts(&self) -> &[Self::Item];
    /// Made item by item; an array has its own length.
    ///
    /// # Errors
    /// Those of `f`.
    fn of<B>(len: usize, f: impl FnMut(usize) -> Result<B>) -> Result<Self::Of<B>>;
}
impl<A, const N: usize> Parts for [A; N] {
    type Item = A;
    type Of<B> = [B; N];
    type Count = Const<N>;
    fn parts(&self) -> &[A] {
        self
    }
    fn of<B>(_: usize, f: impl FnMut(usize) -> Result<B>) -> Result<[B; N]> {
        let list: Vec<B> = (0..N).map(f).collect::<Result<_>>()?;
        match list.try_into() {
            Ok(array) => Ok(array),
            Err(_) => unreachable!("N items were made"),
        }
    }
}
impl<A> Parts for Vec<A> {
    type Item = A;
    type Of<B> = Vec<B>;
    type Count = Dyn;
    fn parts(&self) -> &[A] {
        self
    }
    fn of<B>(len: usize, f: impl FnMut(usize) -> Result<B>) -> Result<Vec<B>> {
        (0..len).map(f).collect()
    }
}
/// The tree of a node that holds a list: parts by their number.
macro_rules! list_tree {
    ($S:ident) => {
        impl<P: $crate::ops::Parts<Item: $crate::parameters::Parameters>> $crate::parameters::Parameters for $S<P> {
            type Number = <P::Item as $crate::parameters::Parameters>::Number;
            type With<Zz: $crate::scalar::Scalar> = $S<P::Of<<P::Item as $crate::parameters::Parameters>::With<Zz>>>;
            type Owned = $S<P::Of<<P::Item as $crate::parameters::Parameters>::Owned>>;
            fn visit<'v>(
                &'v self,
                path: &mut $crate::parameters::Path,
                f: &mut dyn FnMut(&str, std::borrow::Cow<'v, [Self::Number]>),
            ) {
                for (i, a) in self.0.parts().iter().enumerate() {
                    path.enter(&i.to_string(), |p| a.visit(p, f));
                }
            }
            fn traverse<Zz: $crate::scalar::Scalar>(
                &self,
                path: &mut $crate::parameters::Path,
                f: $crate::parameters::LeafFn<'_, Self::Number, Zz>,
            ) -> Self::With<Zz> {
                let list = self.0.parts();
                let new = P::of(list.len(), |i| Ok(path.enter(&i.to_string(), |p| list[i].traverse(p, f))));
                $S(new.expect("nothing fails in a traversal"))
            }
            fn rebuild(
                &self,
                path: &mut $crate::parameters::Path,
                f: $crate::parameters::LeafFn<'_, Self::Number, Self::Number>,
            ) -> Self::Owned {
                let list = self.0.parts();
                let new = P::of(list.len(), |i| Ok(path.enter(&i.to_string(), |p| list[i].rebuild(p, f))));
                $S(new.expect("nothing fails in a traversal"))
            }
            fn frame(&self, f: &mut dyn FnMut($crate::parameters::Frame)) {
                self.0.parts().iter().for_each(|a| $crate::parameters::Parameters::frame(a, f));
            }
        }
    };
}
pub(crate) use list_tree;
/// A_1 + A_2 + .. of one type, one node.
///
/// ```
/// # use cola_core::prelude::*;
/// let s = SumOf::new(vec![Diagonal::new([1.0, 2.0]), Diagonal::new([3.0, 4.0])]);
/// assert_eq!(s.apply(&[1.0, 1.0]), [4.0, 6.0]);
/// ```
#[derive(Clone, Debug)]
pub struct SumOf<P>(pub(super) P);
impl<P: Parts<Item: Operator>> SumOf<P> {
    /// The sum of all parts.
    ///
    /// # Panics
    /// Where there is none, or where shapes differ.
    pub fn new(parts: P) -> Self {
        Self::try_new(parts).unwrap_or_else(|e| crate::dsl::shape_panic(&e))
    }
    /// The sum of all parts.
    ///
    /// # Errors
    /// `InvalidArgument` where there is none, `ShapeMismatch` where shapes differ.
    pub fn try_new(parts: P) -> Result<Self> {
        let shape = |a: &P::Item| (a.nrows(), a.ncols());
        let list = parts.parts();
        let first = list.first().ok_or_else(|| crate::Error::invalid("sum_of: no parts, so no size"))?;
        match list.iter().find(|a| shape(a) != shape(first)) {
            Some(a) => Err(crate::Error::ShapeMismatch { op: "sum_of", left: shape(first), right: shape(a) }),
            None => Ok(SumOf(parts)),
        }
    }
}
impl<P: Parts> SumOf<P> {
    /// The parts, in their order.
    pub fn parts(&self) -> &[P::Item] {
        self.0.parts()
    }
}
operator!([P: Parts<Item: Operator>] SumOf<P> {
    scalar Sc<P::Item>; facts SumFacts<Fa<P::Item>, Fa<P::Item>>; rows Ro<P::Item>; cols Co<P::Item>;
    nrows |s| s.0.parts()[0].nrows(); ncols s.0.parts()[0].ncols(); dense P::Item::HOLDS_DENSE; iterative P::Item::ITERATIVE;
    pivots s.0.parts().iter().all(|a| a.pivots().is_some()).then_some(s as _);
});
// the sum of K_i + c_i I is the sum of the K_i + that of the c_i times I
impl<P: Parts<Item: Operator>> Pivots<Sc<P::Item>> for SumOf<P> {
    fn shift(&self) -> Sc<P::Item> {
        self.pivoted().fold(Sc::<P::Item>::zero(), |c, p| c + p.shift())
    }
    fn is_psd(&self) -> bool {
        self.pivoted().all(|p| p.is_psd())
    }
    fn add_diagonal(&self, scale: Sc<P::Item>, d: &mut [Sc<P::Item>]) {
        self.pivoted().for_each(|p| p.add_diagonal(scale, d))
    }
    fn add_column(&self, j: usize, scale: Sc<P::Item>, y: &mut [Sc<P::Item>]) {
        self.pivoted().for_each(|p| p.add_column(j, scale, y))
    }
}
impl<P: Parts<Item: Operator>> SumOf<P> {
    /// The parts; all have columns where the sum has.
    fn pivoted(&self) -> impl Iterator<Item = &dyn Pivots<Sc<P::Item>>> {
        self.0.parts().iter().filter_map(|a| a.pivots())
    }
}
impl<P: Parts<Item: LinearOperator>> LinearOperator for SumOf<P> {
    fn act(&self, how: Update<Sc<Self>>, x: View<'_, Sc<Self>>, mut y: ViewMut<'_, Sc<Self>>, s: &mut [Sc<Self>]) {
        for (k, a) in self.0.parts().iter().enumerate() {
            a.act(if k == 0 { how } else { how.add() }, x, y.reborrow(), s);
        }
    }
    fn scratch_len(&self, columns: usize) -> usize {
        largest_scratch(self.0.parts(), columns)
    }
}
crate::interop::saved!([P: Parts<Item: Operator>] SumOf<P>, "SumOf", [] { parts: P = |k| k.0 } SumOf::try_new(parts));
list_tree!(SumOf);
crate::base_inverse!([P: Parts<Item: Operator>] SumOf<P>);
crate::base_det!([P: Parts<Item: Operator>] SumOf<P>);
crate::base_eigh!([P: Parts<Item: Operator>] SumOf<P>);
crate::spectral_power!([P: Parts<Item: Operator>] SumOf<P>);
crate::base_exp!([P: Parts<Item: Operator>] SumOf<P>);
crate::spectral_log!([P: Parts<Item: Operator>] SumOf<P>);
crate::base_factors!([P: Parts<Item: Operator>] SumOf<P>);
crate::base_decompositions!([P: Parts<Item: Operator>] SumOf<P>);
// sum of the diagonals
impl<P: Parts<Item: DiagonalRule>> DiagonalRule for SumOf<P> {
    const READS: bool = P::Item::READS;
    fn diagonal_rule(&self, k: isize, d: &mut [Sc<Self>]) -> Result<()> {
        d.fill(Sc::<Self>::zero());
        with_scratch(d.len(), |one: &mut [Sc<Self>]| {
            for a in self.0.parts() {
                a.diagonal_rule(k, one)?;
                d.iter_mut().zip(one.iter()).for_each(|(d, o)| *d += *o);
            }
            Ok(())
        })
    }
}

/// Run-time structure: any operator of dynamic size, its facts kept in the type: `Boxed<f64, PsdFacts>` still gets CG.
pub struct Boxed<T: Scalar, K = NoFacts>(Arc<dyn DynOperator<T> + Send + Sync>, PhantomData<fn() -> K>);
// `Arc`, not `Box`: lazy inverses own a clone of their operator.
impl<T: Scalar, K> Clone for Boxed<T, K> {
    fn clone(&self) -> Self {
        Boxed(self.0.clone(), PhantomData)
    }
}
impl<T: Scalar, K> core::fmt::Debug for Boxed<T, K> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let (m, n) = self.0.dyn_shape();
        write!(f, "Boxed({m} x {n})")
    }
}
impl<T: Scalar, K: Facts> Boxed<T, K> {
    /// Erases the type of `a`.
    pub fn new(a: impl LinearOperator<Scalar = T, Facts = K> + Send + Sync + 'static) -> Self {
        Boxed(Arc::new(a), PhantomData)
    }
}
impl<T: Scalar, K: Facts> Operator for Boxed<T, K> {
    type Scalar = T;
    type Facts = K;
    type Class = General;
    type Rows = Dyn;
    type Cols = Dyn;
    // what is inside may hold an iteration
    const ITERATIVE: bool = true;
    fn nrows(&self) -> usize {
        self.0.dyn_shape().0
    }
    fn ncols(&self) -> usize {
        self.0.dyn_shape().1
    }
    fn pivots(&self) -> Option<&dyn Pivots<T>> {
        self.0.dyn_pivots()
    }
}
impl<T: Scalar, K: Facts> LinearOperator for Boxed<T, K> {
    fn act(&self, how: Update<T>, x: View<'_, T>, y: ViewMut<'_, T>, s: &mut [T]) {
        self.0.dyn_act(how, x, y, s)
    }
    fn scratch_len(&self, columns: usize) -> usize {
        self.0.dyn_scratch(columns)
    }
}
crate::base_rules!([T: Scalar, Q: Facts] Boxed<T, Q>);
impl<P: Parts<Item: Explain>> Explain for SumOf<P> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        let rule = match question {
            Question::Apply => "sum of the applications",
            Question::Trace | Question::Diagonal => "sum of the diagonals",
            _ => return base::<K, Self>(self, question),
        };
        Plan::weighted(rule, [(self.0.parts().len(), part(&self.0.parts()[0], question))])
    }
    fn tree<K: Facts>(&self) -> Tree {
        let (list, say) = (self.0.parts(), |count: usize| format!("{count} parts"));
        Tree::node::<K, Self>(self, vec![list[0].tree::<Fa<P::Item>>()]).called(&say(list.len()))
    }
}
impl<T: Scalar, Q: Facts> Explain for Boxed<T, Q> {}

impl<P: Parts<Item: crate::gradient::Differentiable>> crate::gradient::Differentiable for SumOf<P> {
    fn parameters(&self) -> usize {
        self.0.parts().iter().map(|a| a.parameters()).sum()
    }
    fn accumulate_bilinear(&self, u: View<'_, Sc<Self>>, v: View<'_, Sc<Self>>, scale: Sc<Self>, g: &mut [Sc<Self>]) {
        let mut first = 0;
        for a in self.0.parts() {
            let here = a.parameters();
            a.accumulate_bilinear(u, v, scale, &mut g[first..first + here]);
            first += here;
        }
    }
}
impl<K: Facts, P: Parts<Item: crate::gradient::Differentiable>> crate::gradient::LogdetGradient<K> for SumOf<P> where
    SumOf<P>: Clone
{
}
/// The most scratch that one of the parts needs. Loops and no chains of closures: they are compiled for every type of part.
pub(crate) fn largest_scratch<A: LinearOperator>(parts: &[A], columns: usize) -> usize {
    let mut most = 0;
    for a in parts {
        most = a.scratch_len(columns).max(most);
    }
    most
}
/// The sum, or the product, of a size over the parts.
pub(crate) fn sum_of_sizes<A>(parts: &[A], size: fn(&A) -> usize) -> usize {
    let mut sum = 0;
    for a in parts {
        sum += size(a);
    }
    sum
}
pub(crate) fn product_of_sizes<A>(parts: &[A], size: fn(&A) -> usize) -> usize {
    let mut product = 1;
    for a in parts {
        product *= size(a);
    }
    product
}
