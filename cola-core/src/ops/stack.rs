//! [A, B] and [A; B].

use crate::algorithms::dense as kernels;
use crate::data::{Column, MatrixData, Panel};
use crate::error::{Error, Result, check};
use crate::facts::{Facts, NoFacts};
use crate::functions::base::{DENSE_LIMIT, is_direct};
use crate::functions::diagonal::block_part;
use crate::functions::pinv::{DensePinv, base_lstsq, dense_lstsq, dense_pinv, iterated_lstsq, pinv_of_svd};
use crate::functions::svd::{DenseColumns, DenseSvd, apply_to_identity, panel, renamed};
use crate::functions::{DiagonalRule, PinvRule, SvdRule};
use crate::operator::short::{Co, Re, Ro, Sc};
use crate::operator::{LinearOperator, Operator, Update, operator};
use crate::ops::{Adjoint, Dense, Isometric, SvdFactors};
use crate::parameters::tree_node;
use crate::plan::{Cost, Explain, Plan, Question, Tree, base, part, trees};
use crate::scalar::{Mask, Real, Scalar};
use crate::space::{Space, demand};
use crate::view::{View, ViewMut};
use num_traits::Zero;

/// [A, B]: side by side.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HStack<A, B>(pub A, pub B);
/// [A; B]: one above the other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VStack<A, B>(pub A, pub B);
macro_rules! constructors {
    ($S:ident, $op:literal, $extent:ident, $len:ident) => {
        impl<A: Operator, B: Operator<Scalar = A::Scalar>> $S<A, B> {
            /// Stacks two operators.
            ///
            /// # Panics
            /// Where dynamic sizes differ; static ones that differ do not compile.
            pub fn new(a: impl crate::dsl::IntoOperator<Op = A>, b: impl crate::dsl::IntoOperator<Op = B>) -> Self {
                const { Self::CHECK };
                Self::joined(a.into_operator(), b.into_operator())
            }
            pub(crate) const CHECK: () = demand($op, A::SHAPE, B::SHAPE, A::SHAPE.$extent.may_equal(B::SHAPE.$extent));
            /// Stacks two operators.
            ///
            /// # Errors
            /// `ShapeMismatch`.
            pub fn try_new(a: A, b: B) -> Result<Self> {
                let (left, right) = ((a.nrows(), a.ncols()), (b.nrows(), b.ncols()));
                if a.$len() == b.$len() { Ok($S(a, b)) } else { Err(Error::ShapeMismatch { op: $op, left, right }) }
            }
            pub(crate) fn joined(a: A, b: B) -> Self {
                Self::try_new(a, b).unwrap_or_else(|e| crate::dsl::shape_panic(&e))
            }
        }
        crate::interop::saved!([A: Operator, B: Operator<Scalar = A::Scalar>] $S<A, B>, "Stack", [] { first: A = |k| k.0, second: B = |k| k.1 } $S::try_new(first, second));
        tree_node!([A, B] $S<A, B> { "0" => 0, "1" => 1 });
    };
}
constructors!(HStack, "[A, B]", rows, nrows);
constructors!(VStack, "[A; B]", cols, ncols);
operator!([A: Operator, B: Operator<Scalar = A::Scalar>] HStack<A, B> {
    scalar A::Scalar; facts NoFacts; rows <Ro<A> as Space>::Or<Ro<B>>; cols <Co<A> as Space>::Plus<Co<B>>;
    nrows |s| s.0.nrows(); ncols s.0.ncols() + s.1.ncols(); dense A::HOLDS_DENSE && B::HOLDS_DENSE;
    iterative A::ITERATIVE || B::ITERATIVE;
});
operator!([A: Operator, B: Operator<Scalar = A::Scalar>] VStack<A, B> {
    scalar A::Scalar; facts NoFacts; rows <Ro<A> as Space>::Plus<Ro<B>>; cols <Co<A> as Space>::Or<Co<B>>;
    nrows |s| s.0.nrows() + s.1.nrows(); ncols s.0.ncols(); dense A::HOLDS_DENSE && B::HOLDS_DENSE;
    iterative A::ITERATIVE || B::ITERATIVE;
});
/// y1 = A x, y2 = B x (`split` of y).
fn fork<A: LinearOperator, B: LinearOperator<Scalar = A::Scalar>>(
    (a, b): (&A, &B),
    split: usize,
    how: Update<Sc<A>>,
    x: View<'_, Sc<A>>,
    mut y: ViewMut<'_, Sc<A>>,
    s: &mut [Sc<A>],
) {
    let rest = y.rows - split;
    a.act(how, x, y.rows(0, split), s);
    b.act(how, x, y.rows(split, rest), s);
}
/// y = A x1 + B x2 (`split` of x).
fn join<A: LinearOperator, B: LinearOperator<Scalar = A::Scalar>>(
    (a, b): (&A, &B),
    split: usize,
    how: Update<Sc<A>>,
    x: View<'_, Sc<A>>,
    mut y: ViewMut<'_, Sc<A>>,
    s: &mut [Sc<A>],
) {
    a.act(how, x.rows(0, split), y.reborrow(), s);
    b.act(how.add(), x.rows(split, x.rows - split), y, s);
}
impl<A: LinearOperator, B: LinearOperator<Scalar = A::Scalar>> LinearOperator for HStack<A, B> {
    fn act(&self, how: Update<Sc<A>>, x: View<'_, Sc<A>>, y: ViewMut<'_, Sc<A>>, s: &mut [Sc<A>]) {
        let parts = (&self.0, &self.1);
        match how.adjoint {
            false => join(parts, self.0.ncols(), how, x, y, s),
            true => fork(parts, self.0.ncols(), how, x, y, s),
        }
    }
    fn scratch_len(&self, columns: usize) -> usize {
        self.0.scratch_len(columns).max(self.1.scratch_len(columns))
    }
}
impl<A: LinearOperator, B: LinearOperator<Scalar = A::Scalar>> LinearOperator for VStack<A, B> {
    fn act(&self, how: Update<Sc<A>>, x: View<'_, Sc<A>>, y: ViewMut<'_, Sc<A>>, s: &mut [Sc<A>]) {
        let parts = (&self.0, &self.1);
        match how.adjoint {
            false => fork(parts, self.0.nrows(), how, x, y, s),
            true => join(parts, self.0.nrows(), how, x, y, s),
        }
    }
    fn scratch_len(&self, columns: usize) -> usize {
        self.0.scratch_len(columns).max(self.1.scratch_len(columns))
    }
}
macro_rules! rules {
    ($($rule:ident)*) => { $(
        crate::$rule!([A: Operator, B: Operator<Scalar = A::Scalar>] HStack<A, B>);
        crate::$rule!([A: Operator, B: Operator<Scalar = A::Scalar>] VStack<A, B>); )* };
}
rules!(base_inverse base_det base_eigh spectral_power base_exp spectral_log base_factors base_eig);
/// Entries up to which stacks are made dense for their SVD, whose vectors have as many: 512 MiB of doubles.
const ENTRIES: usize = 16 * DENSE_LIMIT * DENSE_LIMIT;
/// Where the SVD goes by the triangle of the short side, however long the other one is.
fn by_triangle<A: Operator>(a: &A) -> bool {
    let (m, n) = (a.nrows(), a.ncols());
    is_direct(a) || m.min(n) <= DENSE_LIMIT && m.saturating_mul(n) <= ENTRIES
}
/// S = Q R of m x n with m >= n, R = U diag(s) V^H: Q U, s and V of S. The small side as by the Gram matrix, at the condition of S and
/// not at its square. (T. F. Chan, An improved algorithm for computing the singular value decomposition, ACM TOMS 8, 1982.)
///
/// Cost: 4 m n^2 + 22 n^3.
fn tall_svd<T: Scalar, M: Space, N: Space>(mut q: Panel<T, M, N>) -> Result<DenseSvd<T, M, N>> {
    let (m, n) = (q.view().rows, q.view().cols);
    let finite = q.as_slice().iter().fold(T::Mask::splat(true), |ok, x| ok & x.finite());
    check::<T>(finite, |_| Error::non_finite("the matrix"))?;
    let (mut r, zero) = (vec![T::zero(); n * n], T::zero());
    kernels::reflect(m, n, q.as_mut_slice(), &mut r);
    let (mut s, mut small, mut v) = (Column::filled(n, T::Re::zero()), vec![zero; n * n], Panel::filled(n, n, zero));
    kernels::svd(View::matrix(&r, n, n), &mut s, &mut small, v.as_mut_slice())?;
    crate::functions::dense::finite(&s, "the singular values")?;
    let mut u = Panel::filled(m, n, zero);
    for (u, small) in u.as_mut_slice().chunks_exact_mut(m.max(1)).zip(small.chunks_exact(n.max(1))) {
        u[..n].copy_from_slice(small);
    }
    kernels::apply_blocks(m, n, q.as_slice(), u.as_mut_slice());
    Ok(SvdFactors::from_parts(Isometric(Dense(u)), s, Isometric(Dense(v))))
}
/// Of a stack: wide ones by their adjoint, U and V exchanged.
fn stacked_svd<A: LinearOperator>(a: &A) -> Result<DenseSvd<Sc<A>, Ro<A>, Co<A>>> {
    let (m, n) = (a.nrows(), a.ncols());
    if !by_triangle(a) {
        return Err(crate::functions::eig::too_large("svd", (m, n)));
    }
    if m >= n {
        let mut out = Panel::filled(m, n, Sc::<A>::zero());
        apply_to_identity(a, out.as_mut_slice())?;
        return tall_svd(out);
    }
    let mut out = Panel::filled(n, m, Sc::<A>::zero());
    apply_to_identity(&Adjoint(a), out.as_mut_slice())?;
    let (v, s, u) = tall_svd(out)?.into_parts();
    Ok(SvdFactors { u, s: renamed(&s), v })
}
/// Where least squares go by the triangle too. Numbers that carry a derivative have no singular values.
fn least_squares_by_triangle<A: Operator>(a: &A) -> bool {
    by_triangle(a) && (Sc::<A>::LANES > 1 || <Sc<A> as kernels::Engine>::PLAIN)
}
/// V diag(s^+) U^H by the triangle of the short side; of stacks too large for it the base case.
fn stacked_pinv<K: Facts, A: LinearOperator>(a: &A) -> Result<DensePinv<Sc<A>, Ro<A>, Co<A>, K>> {
    if !least_squares_by_triangle(a) {
        return dense_pinv::<K, _>(&panel("pinv", a)?);
    }
    let size = a.nrows().max(a.ncols()) as f64;
    pinv_of_svd::<K, _, _, _>(stacked_svd(a)?, Re::<A>::epsilon() * Re::<A>::of(size))
}
/// x = A^+ b: of tall stacks by Q R, of wide ones, and where columns depend on each other, by the pseudo-inverse.
fn stacked_lstsq<K: Facts, A: LinearOperator>(a: &A, b: View<'_, Sc<A>>, x: ViewMut<'_, Sc<A>>) -> Result<()> {
    if !least_squares_by_triangle(a) {
        return base_lstsq::<K, _>(a, b, x);
    }
    let (m, n) = (a.nrows(), a.ncols());
    if m < n {
        return crate::functions::inverse::apply_checked(&stacked_pinv::<K, A>(a)?, b, x);
    }
    let mut out = Panel::<_, Ro<A>, Co<A>>::filled(m, n, Sc::<A>::zero());
    apply_to_identity(a, out.as_mut_slice())?;
    dense_lstsq::<K, _>(&out, b, x)
}
macro_rules! svd {
    ($($S:ident)*) => { $(
        impl<K: Facts, A: LinearOperator, B: LinearOperator<Scalar = A::Scalar>> PinvRule<K> for $S<A, B> {
            type Output = DensePinv<Sc<A>, Ro<$S<A, B>>, Co<$S<A, B>>, K>;
            fn pinv_rule(&self) -> Result<Self::Output> {
                stacked_pinv::<K, _>(self)
            }
            fn lstsq_rule(&self, b: View<'_, Sc<A>>, x: ViewMut<'_, Sc<A>>) -> Result<()> {
                stacked_lstsq::<K, _>(self, b, x)
            }
            fn lstsq_alone(&self, adjoint: bool, b: View<'_, Sc<A>>, x: ViewMut<'_, Sc<A>>) -> Option<Result<()>> {
                if least_squares_by_triangle(self) { None } else { iterated_lstsq(self, adjoint, b, x) }
            }
        }
        impl<K: Facts, A: LinearOperator, B: LinearOperator<Scalar = A::Scalar>> SvdRule<K> for $S<A, B> {
            type Left = DenseColumns<Sc<A>, Ro<$S<A, B>>>;
            type Right = DenseColumns<Sc<A>, Co<$S<A, B>>>;
            fn svd_rule(&self) -> Result<SvdFactors<Self::Left, Self::Right>> {
                stacked_svd(self)
            }
        } )* };
}
svd!(HStack VStack);
// blockwise: B starts where A ends
impl<A: DiagonalRule, B: DiagonalRule<Scalar = A::Scalar>> DiagonalRule for HStack<A, B> {
    const READS: bool = A::READS && B::READS;
    fn diagonal_rule(&self, k: isize, d: &mut [Sc<A>]) -> Result<()> {
        block_part(&self.0, (0, 0), k, d)?;
        block_part(&self.1, (0, self.0.ncols()), k, d)
    }
}
impl<A: DiagonalRule, B: DiagonalRule<Scalar = A::Scalar>> DiagonalRule for VStack<A, B> {
    const READS: bool = A::READS && B::READS;
    fn diagonal_rule(&self, k: isize, d: &mut [Sc<A>]) -> Result<()> {
        block_part(&self.0, (0, 0), k, d)?;
        block_part(&self.1, (self.0.nrows(), 0), k, d)
    }
}
macro_rules! explain {
    ($($S:ident)*) => { $(
        impl<A: Explain, B: Explain<Scalar = A::Scalar>> Explain for $S<A, B> {
            fn plan<K: Facts>(&self, question: Question) -> Plan {
                match question {
                    Question::Apply => Plan::by_parts("block by block", [part(&self.0, question), part(&self.1, question)]),
                    Question::Trace | Question::Diagonal => {
                        let parts = [part(&self.0, Question::Diagonal), part(&self.1, Question::Diagonal)];
                        Plan::by_parts("blockwise", parts)
                    }
                    Question::Svd if by_triangle(self) => {
                        let short = self.nrows().min(self.ncols());
                        let cost = Cost::of("4mn^2 + 22n^3", (self.nrows().max(self.ncols()), short));
                        Plan { cost, ..Plan::rule(self, "SVD of the triangle of the stack", "n") }
                    }
                    Question::Pinv if least_squares_by_triangle(self) => {
                        let (m, n) = (self.nrows(), self.ncols());
                        let cost = Cost::of("4mn^2 + 22n^3", (m.max(n), m.min(n)));
                        Plan { cost, ..Plan::rule(self, "SVD of the triangle of the stack; least squares by QR", "n") }
                    }
                    _ => base::<K, Self>(self, question),
                }
            }
            fn tree<K: Facts>(&self) -> Tree {
                Tree::node::<K, Self>(self, trees(&self.0, &self.1))
            }
        }
    )* };
}
explain!(HStack VStack);

impl<A, B> crate::gradient::Differentiable for HStack<A, B>
where
    A: crate::gradient::Differentiable,
    B: crate::gradient::Differentiable<Scalar = A::Scalar>,
{
    fn parameters(&self) -> usize {
        self.0.parameters() + self.1.parameters()
    }
    fn accumulate_bilinear(&self, u: View<'_, Sc<A>>, v: View<'_, Sc<A>>, scale: Sc<A>, g: &mut [Sc<A>]) {
        let ((ga, gb), n) = (g.split_at_mut(self.0.parameters()), self.0.ncols());
        self.0.accumulate_bilinear(u, v.rows(0, n), scale, ga);
        self.1.accumulate_bilinear(u, v.rows(n, v.rows - n), scale, gb);
    }
}
impl<A, B> crate::gradient::Differentiable for VStack<A, B>
where
    A: crate::gradient::Differentiable,
    B: crate::gradient::Differentiable<Scalar = A::Scalar>,
{
    fn parameters(&self) -> usize {
        self.0.parameters() + self.1.parameters()
    }
    fn accumulate_bilinear(&self, u: View<'_, Sc<A>>, v: View<'_, Sc<A>>, scale: Sc<A>, g: &mut [Sc<A>]) {
        let ((ga, gb), n) = (g.split_at_mut(self.0.parameters()), self.0.nrows());
        self.0.accumulate_bilinear(u.rows(0, n), v, scale, ga);
        self.1.accumulate_bilinear(u.rows(n, u.rows - n), v, scale, gb);
    }
}

#[cfg(test)]
mod tests {
    use crate::functions::HasSvd;
    use crate::prelude::*;
    use crate::{Element, Result};
    use nalgebra::DMatrix;

    fn some<T: Element>(m: usize, n: usize) -> DMatrix<T> {
        DMatrix::from_fn(m, n, |i, j| T::of(((i * 37 + j * 101 + 7 * i * j) as f64).sin()))
    }
    fn worst<T: Element>(a: &DMatrix<T>, b: &DMatrix<T>) -> f64 {
        a.iter().zip(b.iter()).fold(0.0, |m, (x, y)| m.max((*x - *y).abs().lane_f64(0)))
    }
    fn svd<A: LinearOperator<Scalar = T> + HasSvd, T: Element>(a: &A, tol: f64) -> Result<Vec<f64>>
    where
        A::Left: LinearOperator<Scalar = T>,
        A::Right: LinearOperator<Scalar = T>,
    {
        let (dense, (u, s, v)) = (a.to_dense(), a.svd()?.into_parts());
        let (u, v, k) = (u.to_dense(), v.to_dense(), s.len());
        let product = |x: &DMatrix<T>, y: &DMatrix<T>| {
            let sum =
                |i: usize, j: usize| (0..x.ncols()).fold(T::zero(), |s, l| s.add_mul(x[(i, l)], y[(j, l)].conj()));
            DMatrix::from_fn(x.nrows(), y.nrows(), sum)
        };
        let adjoint = |x: &DMatrix<T>| DMatrix::from_fn(x.ncols(), x.nrows(), |i, j| x[(j, i)].conj());
        let eye = DMatrix::from_fn(k, k, |i, j| T::of((i == j) as u8 as f64));
        for q in [&u, &v] {
            assert!(worst(&product(&adjoint(q), &adjoint(q)), &eye) < tol, "orthonormal");
        }
        let us = DMatrix::from_fn(u.nrows(), k, |i, j| u[(i, j)].scale(s[j]));
        assert!(worst(&product(&us, &v), &dense) < tol * (1.0 + s[0].lane_f64(0)), "U diag(s) V^H");
        Ok(s.iter().map(|s| s.lane_f64(0)).collect())
    }
    fn shapes<T: Element>(tol: f64) -> Result<()> {
        for (m, k, n) in [(1, 1, 1), (3, 2, 4), (40, 33, 5), (2, 3, 20), (70, 0, 70)] {
            let tall = VStack::new(some::<T>(m, n), some::<T>(k, n));
            let wide = HStack::new(some::<T>(n, m), some::<T>(n, k));
            assert_eq!(crate::plan::part(&tall, crate::plan::Question::Svd).rule, "SVD of the triangle of the stack");
            for (got, dense) in [(svd(&tall, tol)?, tall.to_dense()), (svd(&wide, tol)?, wide.to_dense())] {
                let want = Dense::new(dense).svd()?;
                let near = |(x, y): (&f64, &T::Re)| (x - y.lane_f64(0)).abs() < tol * (1.0 + got[0]);
                assert!(
                    got.len() == m.saturating_add(k).min(n) && got.iter().zip(want.singular_values().iter()).all(near)
                );
            }
        }
        Ok(())
    }
    #[test]
    fn singular_values_of_every_shape() -> Result<()> {
        shapes::<f64>(1e-12)?;
        shapes::<Complex<f64>>(1e-12)?;
        shapes::<f32>(1e-4)
    }
    /// A million rows of two structured blocks: their Gram matrix would lose the small singular value.
    #[test]
    fn long_stacks_keep_small_singular_values() -> Result<()> {
        let n = 500_000;
        let x = |i: usize, e: f64| [1.0 + i as f64 / n as f64, 1.0 - i as f64 / n as f64, 1.0 + e * (i as f64).sin()];
        let column = |e: f64| DMatrix::from_fn(n, 3, |i, j| x(i, e)[j]);
        let (a, b) = (column(1e-11), column(3e-11));
        let stack = VStack::new(Dense::new(&a), Dense::new(&b));
        let s = svd(&stack, 1e-12)?;
        // the third column is the mean of the others but for e sin, of norm e sqrt(n / 2) in each block
        let want = (1e-22 + 9e-22f64).sqrt() * (n as f64 / 2.0).sqrt() / 1.5f64.sqrt();
        assert!((s[2] / want - 1.0).abs() < 1e-2, "{s:?}, {want:e}");
        Ok(())
    }
    fn least_squares<T: Element>(tol: f64) -> Result<()> {
        for (m, k, n) in [(1, 1, 1), (3, 2, 4), (40, 33, 5), (2, 3, 20)] {
            let tall = VStack::new(some::<T>(m, n), some::<T>(k, n));
            let wide = HStack::new(some::<T>(n, m), some::<T>(n, k));
            let (b, c) = (some::<T>(m + k, 2), some::<T>(n, 2));
            let (dense, flat) = (Dense::new(tall.to_dense()), Dense::new(wide.to_dense()));
            assert!(
                worst(&tall.lstsq(&b)?, &dense.lstsq(&b)?) < tol && worst(&wide.lstsq(&c)?, &flat.lstsq(&c)?) < tol
            );
            assert!(worst(&tall.pinv()?.to_dense(), &dense.pinv()?.to_dense()) < tol);
            assert!(worst(&wide.pinv()?.to_dense(), &flat.pinv()?.to_dense()) < tol);
            let t = Transpose::new(&tall).lstsq(&some::<T>(n, 1))?;
            assert!(worst(&t, &Dense::new(tall.to_dense().transpose()).lstsq(&some::<T>(n, 1))?) < tol);
        }
        Ok(())
    }
    #[test]
    fn least_squares_of_every_shape() -> Result<()> {
        least_squares::<f64>(1e-11)?;
        least_squares::<Complex<f64>>(1e-11)?;
        least_squares::<f32>(1e-3)
    }
    /// More entries than a matrix that is made dense unasked: by the triangle of the short side, and not by iterations.
    #[test]
    fn long_stacks_have_least_squares() -> Result<()> {
        let n = 400_000;
        let diagonals = |c: f64| DMatrix::from_fn(n, 6, |i, j| c + ((i + 1) as f64 * (j + 1) as f64 * 0.37).sin());
        let (a, b) = (diagonals(0.1), diagonals(-0.3));
        // no part of it is held densely by its type
        let action = |m: DMatrix<f64>| {
            let h = m.transpose();
            let times = |m: DMatrix<f64>| {
                move |x: &[f64], y: &mut [f64]| {
                    y.copy_from_slice((&m * nalgebra::DVector::from_column_slice(x)).as_slice())
                }
            };
            Function::<f64, _, _, _, _, crate::NoFacts>::new(n, 6, times(m), times(h))
        };
        let stack = VStack::new(action(a.clone()), action(b.clone()));
        let plan = stack.explain().plan(crate::plan::Question::Pinv).to_string();
        assert!(plan.contains("triangle of the stack"), "{plan}");
        let x = [1.0, -2.0, 3.0, 0.5, -0.25, 4.0].to_vec();
        let mut rhs: Vec<f64> = stack.apply_as(&x);
        // what is orthogonal to nothing in particular: compare with the normal equations, which are well conditioned here
        rhs.iter_mut().enumerate().for_each(|(i, r)| *r += 0.01 * (i as f64 * 1.7).cos());
        let normal = a.transpose() * &a + b.transpose() * &b;
        let right = nalgebra::DVector::from_column_slice(&rhs);
        let right = a.transpose() * right.rows(0, n) + b.transpose() * right.rows(n, n);
        let want = normal.lu().solve(&right).unwrap();
        let have: Vec<f64> = stack.lstsq(&rhs)?;
        assert!(have.iter().zip(&want).all(|(x, y)| (x - y).abs() < 1e-11), "{have:?} {want}");
        let short = HStack::new(Transpose::new(action(a)), Transpose::new(action(b)));
        let x: Vec<f64> = short.lstsq(&vec![1.0, 0.0, 2.0, -1.0, 3.0, 0.5])?;
        let back: Vec<f64> = short.apply_as(&x);
        assert!((back[2] - 2.0).abs() < 1e-11 && (back[5] - 0.5).abs() < 1e-11, "{back:?}");
        Ok(())
    }
    #[test]
    fn bad_numbers_are_errors() {
        let bad = VStack::new(DMatrix::from_element(3, 2, f64::NAN), some::<f64>(2, 2));
        assert!(matches!(bad.svd(), Err(crate::Error::NonFinite { .. })));
    }
}
