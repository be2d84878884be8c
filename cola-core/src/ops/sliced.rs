//! A[rows, cols]: ranges, index lists, everything.

use crate::data::Column;
use crate::error::{Error, Result};
use crate::facts::{Fact, Facts, Known, SliceFacts, Unknown};
use crate::functions::DiagonalRule;
use crate::functions::diagonal::{Entries, diagonal_len, diagonal_start};
use crate::operator::short::{Fa, Sc};
use crate::operator::{LinearOperator, Operator, Update, operator, with_scratch, write_by_identity};
use crate::parameters::{Frame, tree_node};
use crate::plan::{Explain, Plan, Question, Tree, base, part};
use crate::space::{Const, Dyn, Space, demand_range};
use crate::view::{View, ViewMut};
use core::marker::PhantomData;
use core::ops::{Range, RangeFrom, RangeFull, RangeInclusive, RangeTo, RangeToInclusive};
use num_traits::{One, Zero};

/// A chosen set of rows or columns.
pub trait IndexSet: Clone {
    /// Index set of the slice.
    type Space: Space;
    /// How many.
    fn len(&self) -> usize;
    /// True if none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The i-th.
    fn get(&self, i: usize) -> usize;
}
/// What may stand in `A[.., ..]`: ranges, `all()`, `fixed::<START, LEN>()`, arrays, slices and vectors of indices.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a range or list of indices",
    label = "expected a range such as `0..5`, `..`, or a list of `usize`"
)]
pub trait IntoIndexSet<Full: Space> {
    /// The chosen set.
    type Set: IndexSet;
    /// The static half of the check, evaluated where the user's line is known.
    const CHECK: () = ();
    /// Checks the indices against the `n` that there are.
    ///
    /// # Errors
    /// `InvalidArgument` where an index is too large.
    fn into_index_set(self, n: usize) -> Result<Self::Set>;
}
fn outside(index: usize, n: usize) -> Error {
    Error::invalid(format!("slice: index {index} is outside of 0..{n}"))
}
/// `START..START + LEN`, known to the compiler.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Fixed<const START: usize, const LEN: usize>;
impl<const START: usize, const LEN: usize> IndexSet for Fixed<START, LEN> {
    type Space = Const<LEN>;
    fn len(&self) -> usize {
        LEN
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn get(&self, i: usize) -> usize {
        START + i
    }
}
#[diagnostic::do_not_recommend]
impl<Full: Space, const START: usize, const LEN: usize> IntoIndexSet<Full> for Fixed<START, LEN> {
    type Set = Self;
    const CHECK: () = demand_range(START, LEN, Full::EXTENT);
    fn into_index_set(self, n: usize) -> Result<Self> {
        if START + LEN <= n { Ok(self) } else { Err(outside(START + LEN - 1, n)) }
    }
}
/// Everything: `..`.
#[derive(Debug)]
pub struct All<S>(usize, PhantomData<fn() -> S>);
impl<S> Copy for All<S> {}
impl<S> Clone for All<S> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<S: Space> IndexSet for All<S> {
    type Space = S;
    fn len(&self) -> usize {
        S::EXTENT.or(self.0)
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn get(&self, i: usize) -> usize {
        i
    }
}
#[diagnostic::do_not_recommend]
impl<Full: Space> IntoIndexSet<Full> for RangeFull {
    type Set = All<Full>;
    fn into_index_set(self, n: usize) -> Result<All<Full>> {
        Ok(All(n, PhantomData))
    }
}
/// A range whose ends are known when built.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Span {
    start: usize,
    len: usize,
}
impl IndexSet for Span {
    type Space = Dyn;
    fn len(&self) -> usize {
        self.len
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn get(&self, i: usize) -> usize {
        self.start + i
    }
}
macro_rules! ranges {
    ($($R:ty, |$r:ident, $n:ident| $ends:expr;)*) => { $(
        #[diagnostic::do_not_recommend]
        impl<Full: Space> IntoIndexSet<Full> for $R {
            type Set = Span;
            fn into_index_set(self, $n: usize) -> Result<Span> {
                let $r = self;
                let (start, end): (usize, usize) = $ends;
                if end > $n {
                    return Err(outside(end - 1, $n));
                }
                Ok(Span { start, len: end.saturating_sub(start) })
            }
        }
    )* };
}
ranges! {
    Range<usize>, |r, _n| (r.start, r.end);
    RangeInclusive<usize>, |r, _n| (*r.start(), r.end().saturating_add(1));
    RangeTo<usize>, |r, _n| (0, r.end);
    RangeToInclusive<usize>, |r, _n| (0, r.end.saturating_add(1));
    RangeFrom<usize>, |r, n| (r.start, n.max(r.start));
}
/// A list of indices, repetitions allowed.
#[derive(Debug)]
pub struct Indices<S: Space>(pub(crate) Column<usize, S>);
impl<S: Space> Clone for Indices<S> {
    fn clone(&self) -> Self {
        Indices(self.0.clone())
    }
}
impl<S: Space> IndexSet for Indices<S> {
    type Space = S;
    fn len(&self) -> usize {
        self.0.len()
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn get(&self, i: usize) -> usize {
        self.0[i]
    }
}
/// Indices as they are handed in.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a list of indices",
    label = "expected an array, slice or `Vec` of `usize`"
)]
pub trait IndexData {
    /// Index set of the list.
    type Len: Space;
    /// The list.
    fn to_column(&self) -> Column<usize, Self::Len>;
}
fn column<S: Space>(x: &[usize]) -> Column<usize, S> {
    let mut c = Column::filled(x.len(), 0);
    c.copy_from_slice(x);
    c
}
macro_rules! lists {
    ($([$($p:tt)*] $V:ty, $L:ty;)*) => { $(
        impl<$($p)*> IndexData for $V {
            type Len = $L;
            fn to_column(&self) -> Column<usize, $L> {
                column(&self[..])
            }
        }
        #[diagnostic::do_not_recommend]
        impl<$($p)* Full: Space> IntoIndexSet<Full> for $V {
            type Set = Indices<$L>;
            fn into_index_set(self, n: usize) -> Result<Self::Set> {
                match self.iter().find(|&&i| i >= n) {
                    Some(&i) => Err(outside(i, n)),
                    None => Ok(Indices(IndexData::to_column(&self))),
                }
            }
        }
    )* };
}
crate::interop::saved!([S: Space] Indices<S>, "Indices", [] { list: Column<usize, S> = |k| k.0 } Ok(Indices(list)));
crate::interop::saved!([S: Space] All<S>, "All", [] { len: usize = |k| k.0 } Ok(All(S::EXTENT.or(len), PhantomData)));
lists! {
    [const N: usize,] [usize; N], Const<N>;
    [const N: usize,] &[usize; N], Const<N>;
    [] Vec<usize>, Dyn;
    [] &Vec<usize>, Dyn;
    [] &[usize], Dyn;
    [S: Space,] Column<usize, S>, S;
}

/// A[r, c]. `Same` is `Known` where r and c are one set: then self-adjoint and PSD are kept.
#[derive(Debug)]
pub struct Sliced<A, R, C, Same = Unknown> {
    pub(crate) a: A,
    pub(crate) rows: R,
    pub(crate) cols: C,
    pub(crate) same: PhantomData<fn() -> Same>,
}
impl<A: Copy, R: Copy, C: Copy, Same> Copy for Sliced<A, R, C, Same> {}
impl<A: Clone, R: Clone, C: Clone, Same> Clone for Sliced<A, R, C, Same> {
    fn clone(&self) -> Self {
        Sliced { a: self.a.clone(), rows: self.rows.clone(), cols: self.cols.clone(), same: PhantomData }
    }
}
impl<A: Operator, R: IndexSet, C: IndexSet> Sliced<A, R, C, Unknown> {
    /// A[rows, cols].
    ///
    /// # Errors
    /// `InvalidArgument` where an index is too large.
    pub fn try_new(
        a: A,
        rows: impl IntoIndexSet<A::Rows, Set = R>,
        cols: impl IntoIndexSet<A::Cols, Set = C>,
    ) -> Result<Self> {
        let (rows, cols) = (rows.into_index_set(a.nrows())?, cols.into_index_set(a.ncols())?);
        Ok(Sliced { a, rows, cols, same: PhantomData })
    }
}
impl<A: Operator, R: IndexSet> Sliced<A, R, R, Known> {
    /// The principal submatrix A[r, r]: keeps self-adjoint and PSD.
    ///
    /// # Errors
    /// `InvalidArgument` where an index is too large, `ShapeMismatch` for a rectangular A.
    pub fn try_principal(a: A, r: impl IntoIndexSet<A::Rows, Set = R>) -> Result<Self> {
        crate::functions::base::square("A[r, r]", &a)?;
        let rows = r.into_index_set(a.nrows())?;
        Ok(Sliced { a, cols: rows.clone(), rows, same: PhantomData })
    }
}
impl<A, R: IndexSet, C: IndexSet, Same> Sliced<A, R, C, Same> {
    /// The whole operator.
    pub fn whole(&self) -> &A {
        &self.a
    }
    /// The rows and the columns that are taken.
    pub fn index_sets(&self) -> (&R, &C) {
        (&self.rows, &self.cols)
    }
}
operator!([A: Operator, R: IndexSet, C: IndexSet, Same: Fact] Sliced<A, R, C, Same> {
    scalar A::Scalar; facts SliceFacts<Fa<A>, Same>; rows R::Space; cols C::Space; nrows |s| s.rows.len(); ncols s.cols.len();
    iterative A::ITERATIVE;
});
crate::interop::saved!([A: Operator, R: IndexSet, C: IndexSet, Same: Fact] Sliced<A, R, C, Same>, "Sliced", [] { a: A = |k| k.a, rows: R = |k| k.rows, cols: C = |k| k.cols } {
    let ends = |len: usize, get: &dyn Fn(usize) -> usize, n: usize| (0..len).map(get).find(|&i| i >= n).map(|i| outside(i, n));
    let (m, n) = (a.nrows(), a.ncols());
    let wrong = ends(rows.len(), &|i| rows.get(i), m).or(ends(cols.len(), &|j| cols.get(j), n));
    let same = rows.len() == cols.len() && (0..rows.len()).all(|i| rows.get(i) == cols.get(i));
    match wrong {
        Some(e) => Err(e),
        None if Same::KNOWN && !same => Err(Error::invalid("A[r, r]: the lists of rows and columns differ")),
        None => Ok(Sliced { a, rows, cols, same: PhantomData }),
    }
});
tree_node!([A; R: IndexSet, C: IndexSet, Same: Fact] Sliced<A, R, C, Same> { "" => a; rows, cols, same }
frame |s, f| {
    (0..s.rows.len()).for_each(|i| f(Frame::Index(s.rows.get(i))));
    (0..s.cols.len()).for_each(|j| f(Frame::Index(s.cols.get(j))));
});
impl<A: LinearOperator, R: IndexSet, C: IndexSet, Same: Fact> LinearOperator for Sliced<A, R, C, Same> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn act(&self, how: Update<Sc<A>>, x: View<'_, Sc<A>>, mut y: ViewMut<'_, Sc<A>>, s: &mut [Sc<A>]) {
        // x is spread over a vector of A's size, A applied, and the wanted rows taken: A[r, c] = S_r A S_c^T
        let (m, n) = (self.a.nrows(), self.a.ncols());
        let (to, from) = if how.adjoint { (n, m) } else { (m, n) };
        let (full_x, rest) = s.split_at_mut(from);
        let (full_y, rest) = rest.split_at_mut(to);
        for c in 0..x.cols {
            full_x.fill(Sc::<A>::zero());
            for i in 0..x.rows {
                let at = if how.adjoint { self.rows.get(i) } else { self.cols.get(i) };
                full_x[at] += x.at(i, c);
            }
            self.a.act(how.first(), View::vector(full_x), ViewMut::vector(full_y), rest);
            for i in 0..y.rows {
                let at = if how.adjoint { self.cols.get(i) } else { self.rows.get(i) };
                how.write(y.at(i, c), full_y[at]);
            }
        }
    }
    #[inline]
    fn scratch_len(&self, _: usize) -> usize {
        self.a.nrows() + self.a.ncols() + self.a.scratch_len(1)
    }
    // picked from entries that lie in memory, or are soon written there
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn write(&self, alpha: Sc<A>, add: bool, mut y: ViewMut<'_, Sc<A>>) {
        let (m, n) = (self.a.nrows(), self.a.ncols());
        let held = self.a.entries();
        if held.is_none() && (A::ITERATIVE || m.saturating_mul(n) > WHOLE) {
            return write_by_identity(self, alpha, add, y);
        }
        let how = Update::entries(alpha, add);
        with_scratch(
            if held.is_none() { m * n } else { 0 },
            #[inline(always)]
            |whole| {
                let all = match held {
                    Some(all) => all,
                    None => {
                        self.a.write(Sc::<A>::one(), false, ViewMut::matrix(whole, m, n));
                        View::matrix(whole, m, n)
                    }
                };
                for j in 0..y.cols {
                    for i in 0..y.rows {
                        how.write(y.at(i, j), all.at(self.rows.get(i), self.cols.get(j)));
                    }
                }
            },
        )
    }
}
/// Entries of an A that are all written for a few of them: 16 x 16. Above, A is applied to the columns that are wanted.
const WHOLE: usize = 256;
crate::base_rules_but_diagonal!([A: Operator, R: IndexSet, C: IndexSet, Same: Fact] Sliced<A, R, C, Same>);
// entry by entry of A's diagonals: of a principal submatrix, a slice of the main one
impl<A: LinearOperator + DiagonalRule, R: IndexSet, C: IndexSet, Same: Fact> DiagonalRule for Sliced<A, R, C, Same> {
    const READS: bool = A::READS;
    fn diagonal_rule(&self, k: isize, d: &mut [Sc<A>]) -> Result<()> {
        if !A::READS {
            return crate::functions::base::diagonal(self, k, d);
        }
        let (row, col) = diagonal_start(k);
        let place = |i: usize| (self.rows.get(row + i), self.cols.get(col + i));
        let of = |(r, c): (usize, usize)| c as isize - r as isize;
        let Some(first) = (!d.is_empty()).then(|| of(place(0))) else { return Ok(()) };
        if (1..d.len()).any(|i| of(place(i)) != first) {
            let mut a = Entries::of(&self.a);
            return d.iter_mut().enumerate().try_for_each(|(i, d)| {
                let (r, c) = place(i);
                a.at(r, c).map(|x| *d = x)
            });
        }
        let len = diagonal_len(self.a.nrows(), self.a.ncols(), first)?;
        with_scratch(len, |whole| {
            self.a.diagonal_rule(first, whole)?;
            d.iter_mut().enumerate().for_each(|(i, d)| *d = whole[place(i).0.min(place(i).1)]);
            Ok(())
        })
    }
}
impl<A: Explain + DiagonalRule, R: IndexSet, C: IndexSet, Same: Fact> Explain for Sliced<A, R, C, Same> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        match question {
            Question::Apply => Plan::by_parts("spread, apply, pick", [part(&self.a, question)]),
            Question::Trace | Question::Diagonal if A::READS => Plan::rule(self, "slice of the diagonal", "n"),
            _ => base::<K, Self>(self, question),
        }
    }
    fn tree<K: Facts>(&self) -> Tree {
        Tree::node::<K, Self>(self, vec![self.a.tree::<Fa<A>>()])
    }
}

// u^T S_r A S_c^T v: A sees the spread vectors
impl<A, R: IndexSet, C: IndexSet, Same: Fact> crate::gradient::Differentiable for Sliced<A, R, C, Same>
where
    A: crate::gradient::Differentiable,
{
    fn parameters(&self) -> usize {
        self.a.parameters()
    }
    fn accumulate_bilinear(&self, u: View<'_, Sc<A>>, v: View<'_, Sc<A>>, scale: Sc<A>, g: &mut [Sc<A>]) {
        let (mut fu, mut fv) = (vec![Sc::<A>::zero(); self.a.nrows()], vec![Sc::<A>::zero(); self.a.ncols()]);
        (0..u.rows).for_each(|i| fu[self.rows.get(i)] += u.at(i, 0));
        (0..v.rows).for_each(|i| fv[self.cols.get(i)] += v.at(i, 0));
        self.a.accumulate_bilinear(View::vector(&fu), View::vector(&fv), scale, g);
    }
}
impl<K: crate::facts::Facts, A, R: IndexSet, C: IndexSet, Same: Fact> crate::gradient::LogdetGradient<K>
    for Sliced<A, R, C, Same>
where
    A: crate::gradient::Differentiable + Clone,
{
}
