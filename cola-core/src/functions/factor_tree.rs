//! The factors of a dense matrix as a tree of parameters: their numbers are the leaves of an inverse, and the derivatives of
//! u^T A^-1 v with respect to them its gradient. Orders of rows are no numbers: they stay.
//!
//! With x = A^-1 v and y = A^-T u: d(u^T A^-1 v) = -y^T dA x, and dA follows from the factors by the product rule. (Giles 2008.)

use crate::data::{Column, Held};
use crate::facts::Facts;
use crate::functions::base::{BaseInverse, by_base};
use crate::functions::dense::{
    BunchKaufman, ByBunchKaufman, ByLdl, ByLu, FactorMethod, Factored, LdlFactor, LuFactor, SelfAdjointFactor,
};
use crate::functions::lazy::LazyInverse;
use crate::gradient::{Differentiable, LogdetGradient, product};
use crate::parameters::{Frame, LeafFn, Parameters, Path, real_leaf};
use crate::scalar::{Real, Scalar};
use crate::space::Space;
use crate::view::View;
use core::marker::PhantomData;
use num_traits::Zero;
use std::borrow::Cow;

/// A factorisation whose numbers are leaves.
pub trait FactorTree: FactorMethod {
    /// [`Parameters::visit`].
    fn visit<'a, T: Scalar, S: Space>(
        f: &'a Self::Factor<T, S>,
        path: &mut Path,
        leaf: &mut dyn FnMut(&str, Cow<'a, [T]>),
    );
    /// [`Parameters::traverse`].
    fn traverse<T: Scalar, S: Space, X: Scalar>(
        f: &Self::Factor<T, S>,
        path: &mut Path,
        leaf: LeafFn<'_, T, X>,
    ) -> Self::Factor<X, S>;
    /// What is no number, from one to the other: a lane has an order of its own.
    fn keep<T: Scalar, S: Space>(_from: &Self::Factor<T, S>, _to: &mut Self::Factor<T, S>) {}
    /// [`Parameters::frame`].
    fn frame<T: Scalar, S: Space>(_: &Self::Factor<T, S>, _: &mut dyn FnMut(Frame)) {}
    /// How many numbers the leaves hold.
    fn parameters<T: Scalar, S: Space>(f: &Self::Factor<T, S>) -> usize;
    /// g += scale y^T dA x.
    fn accumulate<T: Real, S: Space>(f: &Self::Factor<T, S>, y: &[T], x: &[T], scale: T, g: &mut [T]);
}

/// Orders are the same for every number that is put in their place.
fn order<T: Scalar, X: Scalar, S: Space>(p: &Column<T::Re, S>) -> Column<X::Re, S> {
    let mut out = Column::filled(p.len(), X::Re::zero());
    out.iter_mut().zip(p.iter()).for_each(|(o, p)| *o = X::Re::of(p.lane_f64(0)));
    out
}
fn indices<T: Scalar, S: Space>(p: &Column<T::Re, S>, f: &mut dyn FnMut(Frame)) {
    p.iter().for_each(|p| (0..T::LANES).for_each(|lane| f(Frame::Index(p.lane_f64(lane) as usize))));
}
/// P x: (P x)_i = x_p(i), in each lane its own.
fn permuted<T: Real, S: Space>(p: &Column<T::Re, S>, x: &[T]) -> Vec<T> {
    let half = T::Re::real(0.5);
    let entry = |p: T::Re| {
        let here = |r: usize| (p - T::Re::real(r as f64)).abs().lt(half);
        x.iter().enumerate().fold(T::zero(), |found, (r, &x)| T::select(here(r), x, found))
    };
    p.iter().map(|&p| entry(p)).collect()
}
/// L^T x of a unit lower triangle.
fn lower_transpose<T: Real, S: Space>(l: &Held<T, S>, x: &[T]) -> Vec<T> {
    let n = l.n;
    (0..n).map(|k| (k + 1..n).fold(x[k], |s, i| s + l.at(i, k) * x[i])).collect()
}
fn leaf<T: Scalar, X: Scalar, S: Space>(
    name: &str,
    a: &Held<T, S>,
    path: &mut Path,
    f: LeafFn<'_, T, X>,
) -> Held<X, S> {
    path.enter(name, |p| a.traverse(p, f))
}
fn real_column<T: Scalar, X: Scalar, S: Space>(
    name: &str,
    d: &Column<T::Re, S>,
    path: &mut Path,
    f: LeafFn<'_, T, X>,
) -> Column<X::Re, S> {
    let mut new = Column::filled(d.len(), X::Re::zero());
    path.enter(name, |p| real_leaf::traverse(d, &mut new, p, f));
    new
}

// A = L D L^T: y^T dA x = sum_k dd_k p_k q_k + sum_{i > k} dL_ik d_k (y_i p_k + x_i q_k) with p = L^T x, q = L^T y
impl FactorTree for ByLdl {
    fn visit<'a, T: Scalar, S: Space>(
        f: &'a LdlFactor<T, S>,
        path: &mut Path,
        leaf: &mut dyn FnMut(&str, Cow<'a, [T]>),
    ) {
        path.enter("l", |p| f.l.visit(p, leaf));
        path.enter("d", |p| real_leaf::visit(&f.d, p, leaf));
    }
    fn traverse<T: Scalar, S: Space, X: Scalar>(
        f: &LdlFactor<T, S>,
        path: &mut Path,
        each: LeafFn<'_, T, X>,
    ) -> LdlFactor<X, S> {
        let l = leaf("l", &f.l, path, each);
        LdlFactor { l, d: real_column::<T, X, S>("d", &f.d, path, each) }
    }
    fn parameters<T: Scalar, S: Space>(f: &LdlFactor<T, S>) -> usize {
        f.l.n * f.l.n + f.l.n
    }
    fn accumulate<T: Real, S: Space>(f: &LdlFactor<T, S>, y: &[T], x: &[T], scale: T, g: &mut [T]) {
        let (n, p, q) = (f.l.n, lower_transpose(&f.l, x), lower_transpose(&f.l, y));
        for k in 0..n {
            let (dp, dq) = (p[k].scale(f.d[k]), q[k].scale(f.d[k]));
            for i in k + 1..n {
                g[i + n * k] += scale * (y[i] * dp + x[i] * dq);
            }
            g[n * n + k] += scale * p[k] * q[k];
        }
    }
}

// P A = L U: y^T dA x = w^T dL (U x) + (L^T w)^T dU x with w = P y
impl FactorTree for ByLu {
    fn visit<'a, T: Scalar, S: Space>(
        f: &'a LuFactor<T, S>,
        path: &mut Path,
        leaf: &mut dyn FnMut(&str, Cow<'a, [T]>),
    ) {
        path.enter("lu", |p| f.lu.visit(p, leaf))
    }
    fn traverse<T: Scalar, S: Space, X: Scalar>(
        f: &LuFactor<T, S>,
        path: &mut Path,
        each: LeafFn<'_, T, X>,
    ) -> LuFactor<X, S> {
        let odd = f.sign.re().lane_f64(0) < 0.0;
        let (lu, perm) = (leaf("lu", &f.lu, path, each), order::<T, X, S>(&f.perm));
        LuFactor { lu, perm, sign: if odd { -X::one() } else { X::one() } }
    }
    fn keep<T: Scalar, S: Space>(from: &LuFactor<T, S>, to: &mut LuFactor<T, S>) {
        (to.perm, to.sign) = (from.perm.clone(), from.sign);
    }
    fn frame<T: Scalar, S: Space>(f: &LuFactor<T, S>, each: &mut dyn FnMut(Frame)) {
        indices::<T, S>(&f.perm, each)
    }
    fn parameters<T: Scalar, S: Space>(f: &LuFactor<T, S>) -> usize {
        f.lu.n * f.lu.n
    }
    fn accumulate<T: Real, S: Space>(f: &LuFactor<T, S>, y: &[T], x: &[T], scale: T, g: &mut [T]) {
        let (n, w) = (f.lu.n, permuted::<T, S>(&f.perm, y));
        let z = lower_transpose(&f.lu, &w);
        let ux = |k: usize| (k..n).fold(T::zero(), |s, j| s + f.lu.at(k, j) * x[j]);
        for k in 0..n {
            let ux = ux(k);
            for i in 0..n {
                g[i + n * k] += scale * if i > k { w[i] * ux } else { z[i] * x[k] };
            }
        }
    }
}

// P A P^T = L B L^T: y^T dA x = q^T dB p + sum_{i > k} dL_ik (y_i (B p)_k + x_i (B q)_k), x and y in the order of P
impl FactorTree for ByBunchKaufman {
    fn visit<'a, T: Scalar, S: Space>(
        f: &'a SelfAdjointFactor<T, S>,
        path: &mut Path,
        leaf: &mut dyn FnMut(&str, Cow<'a, [T]>),
    ) {
        match f {
            SelfAdjointFactor::Lu(f) => ByLu::visit(f, path, leaf),
            SelfAdjointFactor::BunchKaufman(f) => {
                path.enter("l", |p| f.l.visit(p, leaf));
                path.enter("subdiagonal", |p| f.subdiagonal.visit(p, leaf));
                path.enter("d", |p| real_leaf::visit(&f.d, p, leaf));
            }
        }
    }
    fn traverse<T: Scalar, S: Space, X: Scalar>(
        f: &SelfAdjointFactor<T, S>,
        path: &mut Path,
        each: LeafFn<'_, T, X>,
    ) -> SelfAdjointFactor<X, S> {
        match f {
            SelfAdjointFactor::Lu(f) => SelfAdjointFactor::Lu(ByLu::traverse(f, path, each)),
            SelfAdjointFactor::BunchKaufman(f) => {
                let l = leaf("l", &f.l, path, each);
                let subdiagonal = path.enter("subdiagonal", |p| f.subdiagonal.traverse(p, each));
                let d = real_column::<T, X, S>("d", &f.d, path, each);
                let perm = order::<T, X, S>(&f.perm);
                SelfAdjointFactor::BunchKaufman(BunchKaufman { l, subdiagonal, d, perm })
            }
        }
    }
    fn keep<T: Scalar, S: Space>(from: &SelfAdjointFactor<T, S>, to: &mut SelfAdjointFactor<T, S>) {
        if let (SelfAdjointFactor::Lu(from), SelfAdjointFactor::Lu(to)) = (from, to) {
            ByLu::keep(from, to)
        }
    }
    fn frame<T: Scalar, S: Space>(f: &SelfAdjointFactor<T, S>, each: &mut dyn FnMut(Frame)) {
        match f {
            SelfAdjointFactor::Lu(f) => ByLu::frame(f, each),
            SelfAdjointFactor::BunchKaufman(f) => {
                indices::<T, S>(&f.perm, each);
                // where the 2 x 2 blocks are
                f.subdiagonal.iter().for_each(|s| each(Frame::Index(usize::from(s.abs().lane_f64(0) > 0.0))));
            }
        }
    }
    fn parameters<T: Scalar, S: Space>(f: &SelfAdjointFactor<T, S>) -> usize {
        match f {
            SelfAdjointFactor::Lu(f) => ByLu::parameters(f),
            SelfAdjointFactor::BunchKaufman(f) => f.l.n * f.l.n + 2 * f.l.n,
        }
    }
    fn accumulate<T: Real, S: Space>(f: &SelfAdjointFactor<T, S>, y: &[T], x: &[T], scale: T, g: &mut [T]) {
        let f = match f {
            SelfAdjointFactor::Lu(f) => return ByLu::accumulate(f, y, x, scale, g),
            SelfAdjointFactor::BunchKaufman(f) => f,
        };
        let (n, x, y) = (f.l.n, permuted::<T, S>(&f.perm, x), permuted::<T, S>(&f.perm, y));
        let (p, q) = (lower_transpose(&f.l, &x), lower_transpose(&f.l, &y));
        let coupled = |k: usize| f.subdiagonal[k].abs().lane_f64(0) > 0.0;
        let b = |p: &[T], k: usize| {
            let below = if k + 1 < n { f.subdiagonal[k] * p[k + 1] } else { T::zero() };
            let above = if k > 0 { f.subdiagonal[k - 1] * p[k - 1] } else { T::zero() };
            p[k].scale(f.d[k]) + below + above
        };
        for k in 0..n {
            let (bp, bq) = (b(&p, k), b(&q, k));
            // inside a 2 x 2 block L has no entry, beside a 1 x 1 block B has none: structure, not numbers
            let first = if k + 1 < n && coupled(k) { k + 2 } else { k + 1 };
            for i in first..n {
                g[i + n * k] += scale * (y[i] * bp + x[i] * bq);
            }
            if k + 1 < n && coupled(k) {
                g[n * n + k] += scale * (q[k + 1] * p[k] + q[k] * p[k + 1]);
            }
            g[n * n + n + k] += scale * p[k] * q[k];
        }
    }
}

impl<T: Scalar, S: Space, M: FactorTree> Parameters for Factored<T, S, M> {
    type Number = T;
    type With<X: Scalar> = Factored<X, S, M>;
    type Owned = Self;
    fn visit<'a>(&'a self, path: &mut Path, f: &mut dyn FnMut(&str, Cow<'a, [T]>)) {
        M::visit(&self.factor, path, f)
    }
    fn traverse<X: Scalar>(&self, path: &mut Path, f: LeafFn<'_, T, X>) -> Factored<X, S, M> {
        Factored { factor: M::traverse(&self.factor, path, f), n: self.n, method: PhantomData }
    }
    fn rebuild(&self, path: &mut Path, f: LeafFn<'_, T, T>) -> Self {
        let mut new = self.traverse(path, f);
        M::keep(&self.factor, &mut new.factor);
        new
    }
    fn frame(&self, f: &mut dyn FnMut(Frame)) {
        f(Frame::Shape(self.n, self.n));
        M::frame(&self.factor, f)
    }
}
// d(u^T A^-1 v) = -(A^-T u)^T dA (A^-1 v)
impl<T: Real, S: Space, M: FactorTree> Differentiable for Factored<T, S, M> {
    fn parameters(&self) -> usize {
        M::parameters(&self.factor)
    }
    fn accumulate_bilinear(&self, u: View<'_, T>, v: View<'_, T>, scale: T, g: &mut [T]) {
        let (x, y) = (product(self, false, v), product(self, true, u));
        M::accumulate(&self.factor, &y, &x, -scale, g)
    }
}
impl<K: Facts, T: Real, S: Space, M: FactorTree> LogdetGradient<K> for Factored<T, S, M> {}

impl<T: Scalar, S: Space, A: Parameters<Number = T>, M: FactorTree> Parameters for by_base::Inverse<T, S, A, M> {
    type Number = T;
    type With<X: Scalar> = by_base::Inverse<X, S, A::With<X>, M>;
    type Owned = by_base::Inverse<T, S, A::Owned, M>;
    fn visit<'a>(&'a self, path: &mut Path, f: &mut dyn FnMut(&str, Cow<'a, [T]>)) {
        match self {
            by_base::Inverse::Factored(inverse) => inverse.visit(path, f),
            by_base::Inverse::Lazy(l) => path.enter("of", |p| l.a.visit(p, f)),
        }
    }
    fn traverse<X: Scalar>(&self, path: &mut Path, f: LeafFn<'_, T, X>) -> Self::With<X> {
        match self {
            by_base::Inverse::Factored(inverse) => by_base::Inverse::Factored(inverse.traverse(path, f)),
            by_base::Inverse::Lazy(l) => {
                by_base::Inverse::Lazy(S::map_aside(l, |l| LazyInverse::of(path.enter("of", |p| l.a.traverse(p, f)))))
            }
        }
    }
    fn rebuild(&self, path: &mut Path, f: LeafFn<'_, T, T>) -> Self::Owned {
        match self {
            by_base::Inverse::Factored(inverse) => by_base::Inverse::Factored(inverse.rebuild(path, f)),
            by_base::Inverse::Lazy(l) => {
                by_base::Inverse::Lazy(S::map_aside(l, |l| LazyInverse::of(path.enter("of", |p| l.a.rebuild(p, f)))))
            }
        }
    }
    fn frame(&self, f: &mut dyn FnMut(Frame)) {
        match self {
            by_base::Inverse::Factored(inverse) => inverse.frame(f),
            by_base::Inverse::Lazy(l) => l.a.frame(f),
        }
    }
}
// lazy: d(u^T A^-1 v) = -(A^-T u)^T dA (A^-1 v), by A's own rule
impl<A: Differentiable<Scalar: Real>, M: FactorTree> Differentiable for BaseInverse<A, M> {
    fn parameters(&self) -> usize {
        match self {
            BaseInverse::Factored(f) => f.parameters(),
            BaseInverse::Lazy(l) => l.a.parameters(),
        }
    }
    fn accumulate_bilinear(
        &self,
        u: View<'_, A::Scalar>,
        v: View<'_, A::Scalar>,
        scale: A::Scalar,
        g: &mut [A::Scalar],
    ) {
        match self {
            BaseInverse::Factored(f) => f.accumulate_bilinear(u, v, scale, g),
            BaseInverse::Lazy(l) => {
                let (x, y) = (product(self, false, v), product(self, true, u));
                l.a.accumulate_bilinear(View::vector(&y), View::vector(&x), -scale, g)
            }
        }
    }
}
impl<K: Facts, A: Differentiable<Scalar: Real> + Clone, M: FactorTree> LogdetGradient<K> for BaseInverse<A, M> {}
