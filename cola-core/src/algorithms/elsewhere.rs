//! Vectors that no slice holds, and every method for blocks of them against itself on slices: there is one loop, wherever vectors live.

use super::blocks::finite;
use super::columns::{BlockProducts, Columns};
use super::krylov::testing::*;
use super::krylov::{Params, Report, cg_columns, cg_columns_on};
use super::matfun::*;
use super::spectrum::*;
use super::stochastic::{
    DiagonalAlgorithm, DiagonalOn, HutchPlusPlus, Hutchinson, Slq, SplitOn, TraceAlgorithm, TraceOn, XDiag, XNysTrace,
    XTrace,
};
use crate::error::{Error, Result};
use crate::facts::{NoFacts, PsdFacts, SelfAdjointFacts};
use crate::functions::Power;
use crate::operator::{DynOperator, LinearOperator, Update};
use crate::scalar::{Real, Scalar};
use crate::vector::Vector;
use crate::view::{View, ViewMut};
use core::cell::Cell;
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut, Range};
use num_traits::Zero;
use std::borrow::Cow;
use std::rc::Rc;

/// Numbers dealt to two places by turns, as those of two processes.
struct Scattered<T> {
    places: [Rc<[Cell<T>]>; 2],
    first: usize,
    len: usize,
}
/// A block, or a part of one.
struct Piece<'a, T>(Scattered<T>, PhantomData<&'a mut T>);
impl<T> Deref for Piece<'_, T> {
    type Target = Scattered<T>;
    fn deref(&self) -> &Scattered<T> {
        &self.0
    }
}
impl<T> DerefMut for Piece<'_, T> {
    fn deref_mut(&mut self) -> &mut Scattered<T> {
        &mut self.0
    }
}
impl<T: Scalar> Scattered<T> {
    fn of(x: &[T]) -> Piece<'static, T> {
        let places = [0, 1].map(|p| x.iter().skip(p).step_by(2).map(|&x| Cell::new(x)).collect());
        Piece(Scattered { places, first: 0, len: x.len() }, PhantomData)
    }
    fn cell(&self, i: usize) -> &Cell<T> {
        let i = self.first + i;
        &self.places[i % 2][i / 2]
    }
    fn at(&self, i: usize) -> T {
        self.cell(i).get()
    }
    fn each(&mut self, f: impl Fn(usize, T) -> T) {
        (0..self.len).for_each(|i| self.cell(i).set(f(i, self.at(i))));
    }
    fn piece(&self, range: Range<usize>) -> Piece<'_, T> {
        assert!(range.end <= self.len, "{range:?} of {}", self.len);
        let part = Scattered { places: self.places.clone(), first: self.first + range.start, len: range.len() };
        Piece(part, PhantomData)
    }
    fn numbers(&self) -> Vec<T> {
        (0..self.len).map(|i| self.at(i)).collect()
    }
}
/// The seven operations that must be there.
impl<T: Scalar> Vector for Scattered<T> {
    type Scalar = T;
    fn fill(&mut self, c: T) {
        self.each(|_, _| c)
    }
    fn copy(&mut self, x: &Self) {
        self.axpby(T::of(1.0), x, T::zero())
    }
    fn scale(&mut self, c: T) {
        self.each(|_, y| c * y)
    }
    fn axpy(&mut self, a: T, x: &Self) {
        self.axpby(a, x, T::of(1.0))
    }
    fn axpby(&mut self, a: T, x: &Self, b: T) {
        assert_eq!(self.len, x.len);
        self.each(|i, y| a * x.at(i) + if b.is_zero() { b } else { b * y })
    }
    /// The sum of the places'.
    fn dot(&self, y: &Self) -> T {
        assert_eq!(self.len, y.len);
        let place = |p: usize| (p..self.len).step_by(2).fold(T::zero(), |s, i| s + self.at(i).conj() * y.at(i));
        place(0) + place(1)
    }
    fn norm(&self) -> T::Re {
        let place = |p: usize| self.numbers().into_iter().skip(p).step_by(2).collect::<Vec<T>>()[..].norm();
        super::krylov::hypot(place(0), place(1))
    }
}
impl<T: Scalar> Columns for Scattered<T> {
    type Owned = Piece<'static, T>;
    type Part<'a> = Piece<'a, T>;
    type PartMut<'a> = Piece<'a, T>;
    fn size(&self) -> usize {
        self.len
    }
    fn part(&self, range: Range<usize>) -> Piece<'_, T> {
        self.piece(range)
    }
    fn part_mut(&mut self, range: Range<usize>) -> Piece<'_, T> {
        self.piece(range)
    }
    fn before(&mut self, n: usize, j: usize) -> (Piece<'_, T>, Piece<'_, T>) {
        (self.piece(0..j * n), self.piece(j * n..(j + 1) * n))
    }
    fn split(&mut self, at: usize) -> (Piece<'_, T>, Piece<'_, T>) {
        (self.piece(0..at), self.piece(at..self.len))
    }
    fn write(&mut self, f: impl FnOnce(&mut [T])) {
        // what was there is not to be read
        let mut x = vec![T::of(f64::NAN); self.len];
        f(&mut x);
        self.each(|i, _| x[i]);
    }
    fn to_host(&self) -> Cow<'_, [T]> {
        Cow::Owned(self.numbers())
    }
    fn into_host(block: Piece<'static, T>) -> Vec<T> {
        block.numbers()
    }
    fn copy_within(&mut self, range: Range<usize>, to: usize) {
        let x = self.piece(range).numbers();
        (0..x.len()).for_each(|i| self.cell(to + i).set(x[i]));
    }
    fn inner(n: usize, a: &Self, b: &Self, c: &mut [T]) {
        let (k, l) = (a.len / n.max(1), b.len / n.max(1));
        for (t, c) in c[..k * l].iter_mut().enumerate() {
            let (i, j) = (t % k, t / k);
            *c = a.piece(i * n..(i + 1) * n).dot(&b.piece(j * n..(j + 1) * n));
        }
    }
    fn add_product(n: usize, alpha: T, a: &Self, c: &[T], b: &mut Self) {
        let (k, l) = (a.len / n.max(1), b.len / n.max(1));
        for (t, &c) in c[..k * l].iter().enumerate() {
            let (i, j) = (t % k, t / k);
            b.piece(j * n..(j + 1) * n).axpy(alpha * c, &a.piece(i * n..(i + 1) * n));
        }
    }
    fn rotate(n: usize, v: &mut Self, m: usize, z: &[T], _: &mut Piece<'static, T>) {
        let mut out = Scattered::of(&vec![T::zero(); n * z.len() / m.max(1)]);
        Self::add_product(n, T::of(1.0), &v.piece(0..n * m), z, &mut out);
        v.piece(0..out.len).copy(&out);
    }
    fn add_wide(n: usize, v: &Self, y: &[T::Wide], x: &mut [T::Wide])
    where
        T: SpectralNumber,
    {
        <[T]>::add_wide(n, &v.numbers(), y, x)
    }
}

/// An operator on them, which counts the blocks that are made.
struct There<'a, T> {
    a: &'a dyn DynOperator<T>,
    made: Cell<usize>,
}
impl<'a, T: Scalar> There<'a, T> {
    fn new(a: &'a dyn DynOperator<T>) -> Self {
        There { a, made: Cell::new(0) }
    }
}
impl<T: Scalar> BlockProducts<Scattered<T>> for There<'_, T> {
    fn shape(&self) -> (usize, usize) {
        self.a.dyn_shape()
    }
    fn zeros(&self, numbers: usize) -> Result<Piece<'static, T>> {
        self.made.set(self.made.get() + 1);
        Ok(Scattered::of(&vec![T::zero(); numbers]))
    }
    fn there<'x>(&self, x: &'x [T]) -> Result<Piece<'x, T>>
    where
        Scattered<T>: 'x,
    {
        Ok(Scattered::of(x))
    }
    fn update(&mut self, how: Update<T>, x: &Scattered<T>, y: &mut Scattered<T>, columns: usize) -> Result<()> {
        let (m, n) = self.shape();
        let (rows, cols) = if how.adjoint { (n, m) } else { (m, n) };
        assert!(x.len == cols * columns && y.len == rows * columns);
        let (from, mut to) = (x.numbers(), y.numbers());
        let scratch = &mut vec![T::zero(); self.a.dyn_scratch(columns)];
        self.a.dyn_act(how, View::matrix(&from, cols, columns), ViewMut::matrix(&mut to, rows, columns), scratch);
        y.each(|i, _| to[i]);
        if finite(&to) { Ok(()) } else { Err(Error::non_finite("a product there")) }
    }
}
/// An operator that a method is given beside A.
#[derive(Clone, Copy)]
struct Beside<'a, T>(&'a dyn DynOperator<T>);
impl<T: Scalar> InverseOn<Scattered<T>> for Beside<'_, T> {
    fn products(&self) -> Option<Box<dyn BlockProducts<Scattered<T>> + '_>> {
        Some(Box::new(There::new(self.0)))
    }
}
fn near<T: Scalar>(name: &str, x: &[T], y: &[T], tol: f64) {
    assert_eq!(x.len(), y.len(), "{name}");
    let size = y.norm().lane_f64(0);
    let apart = x.iter().zip(y).fold(0.0, |m: f64, (&x, &y)| m.max((x - y).abs().lane_f64(0)));
    assert!(apart <= tol * size, "{name}: {apart:e} of {size:e}");
}
fn reports(name: &str, far: &Report, near: &Report) {
    // a sum in another order may need a step more, or a look later
    let (have, want) = (far.iterations, near.iterations);
    assert!(have.abs_diff(want) <= 1 + want / 5, "{name}: {have} and {want}");
    assert_eq!(far.algorithm, near.algorithm);
}

/// f(A) B there and here; blocks that `few` and `many` iterations make there, whether they suffice or not.
fn functions<A: LinearOperator>(
    name: &str,
    f: Function<'_, <A::Scalar as Scalar>::Re>,
    a: &A,
    b: &[A::Scalar],
    here: &mut dyn ApplyAlgorithm<A>,
    there: &mut dyn ApplyOn<A, Scattered<A::Scalar>>,
) {
    let n = a.nrows();
    let mut want = vec![A::Scalar::zero(); b.len()];
    let k = b.len() / n;
    let report = here.apply_function(f, a, View::matrix(b, n, k), ViewMut::matrix(&mut want, n, k)).unwrap();
    let (from, mut x) = (Scattered::of(b), Scattered::of(&want));
    x.write(|x| x.fill(A::Scalar::of(f64::NAN)));
    let found = there.apply_on(f, &mut There::new(a), &from, &mut x).unwrap();
    reports(name, &found, &report);
    near(name, &x.numbers(), &want, 1e-8);
    // what does not fit
    let e = there.apply_on(f, &mut There::new(a), &from.part(1..b.len()), &mut x).unwrap_err();
    assert!(matches!(e, Error::ShapeMismatch { .. }), "{name}: {e}");
    let mut bad = b.to_vec();
    bad[1] = A::Scalar::of(f64::NAN);
    let e = there.apply_on(f, &mut There::new(a), &Scattered::of(&bad), &mut x).unwrap_err();
    assert!(matches!(e, Error::NonFinite { .. }), "{name}: {e}");
}
/// Blocks made by these many iterations, which are not enough.
fn made<A: LinearOperator>(a: &A, b: &[A::Scalar], mut by: impl ApplyOn<A, Scattered<A::Scalar>>, f: Power) -> usize {
    let (mut there, from, mut x) = (There::new(a), Scattered::of(b), Scattered::of(b));
    let f = Function::Power(f);
    let e = by.apply_on(f, &mut there, &from, &mut x);
    assert!(matches!(e, Err(Error::NotConverged { .. })), "{e:?}");
    there.made.get()
}

#[test]
fn functions_times_vectors() {
    let n = 60;
    let tridiagonal = |above: C64, below: C64| {
        move |i: usize, j: usize| match j as isize - i as isize {
            0 => c(2.5, 0.0),
            1 => above,
            -1 => below,
            _ => c(0.0, 0.0),
        }
    };
    let a = matrix::<PsdFacts, C64>((n, n), tridiagonal(c(0.3, 1.0), c(0.3, -1.0)));
    let general = matrix::<NoFacts, C64>((n, n), tridiagonal(c(0.3, 1.0), c(-0.8, 0.1)));
    let dense = |shift: f64| {
        nalgebra::DMatrix::from_fn(n, n, |i, j| {
            tridiagonal(c(0.3, 1.0), c(0.3, -1.0))(i, j) + c(if i == j { shift } else { 0.0 }, 0.0)
        })
    };
    let (inverse, shifted) = (dense(0.0).try_inverse().unwrap(), dense(3.0).try_inverse().unwrap());
    let inverse = matrix::<PsdFacts, C64>((n, n), |i, j| inverse[(i, j)]);
    let shifted = matrix::<PsdFacts, C64>((n, n), |i, j| shifted[(i, j)]);
    let b = complex(3 * n);
    let (exp, log, root) = (Function::Exp, Function::Log, Function::Power(Power::Sqrt));
    let map = |x: f64| (2.0 * x).cos();
    macro_rules! both {
        ($name:literal, $f:expr, $a:expr, $by:expr) => {
            functions($name, $f, $a, &b, &mut $by, &mut $by)
        };
    }
    both!("Lanczos", root, &a, Lanczos::default());
    both!("Lanczos of a map", Function::Map(&map), &a, Lanczos::default());
    both!("Lanczos in blocks", log, &a, Lanczos::default().block(2));
    both!("Arnoldi", exp, &general, Arnoldi::default());
    both!("Arnoldi in blocks", exp, &general, Arnoldi::default().block(3));
    both!("two passes", log, &a, TwoPassLanczos::default());
    both!("two passes, kept", log, &a, TwoPassLanczos::default().basis(n * 2000));
    both!("restarts", exp, &general, RestartedArnoldi::default().restart(8));
    both!("series", root, &a, ChebyshevSeries::new(0.3, 4.7));
    both!("Taylor", exp, &general, Taylor::default().tol(1e-12));
    both!("contour", root, &a, ContourIntegral::default());
    functions(
        "rational",
        exp,
        &a,
        &b,
        &mut RationalKrylov::new([&shifted]),
        &mut RationalKrylov::new([Beside(&shifted)]),
    );
    functions(
        "extended",
        Function::Power(Power::InvSqrt),
        &a,
        &b,
        &mut RationalKrylov::new([&inverse]).extended(),
        &mut RationalKrylov::new([Beside(&inverse)]).extended(),
    );
    let (from, mut x) = (Scattered::of(&b[..n]), Scattered::of(&b[..n]));
    let none = RationalKrylov::<Beside<'_, C64>>::new([]);
    for e in [
        of(&a, none, exp, &from, &mut x),
        of(&a, Taylor::default(), log, &from, &mut x),
        of(&a, ContourIntegral::default(), exp, &from, &mut x),
        of(&a, ChebyshevSeries::new(3.0, 1.0), exp, &from, &mut x),
    ] {
        assert!(matches!(e, Err(Error::InvalidArgument { .. })), "{e:?}");
    }
}
fn of<A: LinearOperator, M: ApplyOn<A, Scattered<A::Scalar>>>(
    a: &A,
    mut by: M,
    f: Function<'_, <A::Scalar as Scalar>::Re>,
    b: &Scattered<A::Scalar>,
    x: &mut Scattered<A::Scalar>,
) -> Result<Report> {
    by.apply_on(f, &mut There::new(a), b, x)
}

/// What a step needs is there when it begins: a basis doubles now and then, other methods make nothing.
#[test]
fn steps_make_no_vectors() {
    let n = 150;
    let a = diagonal::<PsdFacts, f64>((0..n).map(|i| 1e-6 + (i * i) as f64).collect());
    let b: Vec<f64> = noisy(n);
    macro_rules! same {
        ($name:literal, $most:literal, |$k:ident| $by:expr) => {
            let count = |$k: usize| made(&a, &b, $by, Power::InvSqrt);
            let (few, many) = (count(16), count(64));
            assert!(many <= few + $most, "{}: {few} and {many}", $name);
        };
    }
    same!("Lanczos", 2, |k| Lanczos::default().tol(1e-15).max_iters(k));
    same!("Arnoldi", 2, |k| Arnoldi::default().tol(1e-15).max_iters(k));
    same!("two passes", 0, |k| TwoPassLanczos::default().tol(1e-15).max_iters(k));
    same!("two passes, kept", 2, |k| TwoPassLanczos::default().basis(1 << 20).tol(1e-15).max_iters(k));
    same!("restarts", 0, |k| RestartedArnoldi::default().restart(8).tol(1e-15).max_iters(k));
    same!("series", 0, |k| ChebyshevSeries::new(1e-6, 23000.0).tol(1e-15).max_iters(k));
    same!("contour", 0, |k| ContourIntegral::default().bounds(1e-6, 23000.0).tol(1e-15).max_iters(k));
    let x = |k: usize| {
        let (mut there, mut x) = (There::new(&a), Scattered::of(&vec![0.0; 2 * n]));
        let mut by = ShiftedCg::default().max_iters(k).tol(1e-15);
        let e = by.solve_on(&mut there, &[0.0, 1e-3], &Scattered::of(&b), &mut x);
        assert!(matches!(e, Err(Error::NotConverged { .. })), "{e:?}");
        there.made.get()
    };
    assert_eq!(x(16), x(64));
}

#[test]
fn shifted_systems() {
    let n = 80;
    let (a, b) = (grid::<PsdFacts>(9, 0.0), noisy::<f64>(81));
    let (shifts, mut want) = ([0.5, 0.0, 20.0], vec![0.0; 3 * 81]);
    let report = ShiftedCg::default().solve(&a, &shifts, View::vector(&b), false, &mut want).unwrap();
    let mut x = Scattered::of(&vec![7.0; 3 * 81]);
    let found = ShiftedCg::default().solve_on(&mut There::new(&a), &shifts, &Scattered::of(&b), &mut x).unwrap();
    reports("shifted CG", &found, &report);
    near("shifted CG", &x.numbers(), &want, 1e-8);
    for (shifts, len) in [(&[-1.0][..], 81), (&[f64::NAN], 81), (&[1.0], n), (&[1.0, 2.0], 81)] {
        let mut x = Scattered::of(&vec![0.0; 81]);
        let e = ShiftedCg::default().solve_on(&mut There::new(&a), shifts, &Scattered::of(&b[..len]), &mut x);
        assert!(matches!(e, Err(Error::InvalidArgument { .. } | Error::ShapeMismatch { .. })), "{e:?}");
    }
}

/// Conjugate gradients of several columns of different difficulty, which leave the block one by one.
#[test]
fn columns() {
    let n = 60;
    let d: Vec<f64> = (0..n).map(|i| (1 + i) as f64).collect();
    let (a, p) =
        (diagonal::<PsdFacts, f64>(d.clone()), diagonal::<PsdFacts, f64>(d.iter().map(|d| 1.0 / (3.0 + d)).collect()));
    // an eigenvector, zero, three eigenvectors, all of them
    let mut b = vec![0.0; 4 * n];
    b[5] = 2.0;
    (0..3).for_each(|i| b[2 * n + 7 * i] = 1.0);
    (0..n).for_each(|i| b[3 * n + i] = noise(i));
    let run = |p: Option<&dyn DynOperator<f64>>, most: Option<usize>| {
        let params = || Params { max_iters: most, ..Params::default() };
        let (mut want, mut x) = (vec![0.0; 4 * n], Scattered::of(&vec![0.0; 4 * n]));
        let (bv, xv) = (View::matrix(&b, n, 4), ViewMut::matrix(&mut want, n, 4));
        let here = cg_columns("CG", &a, p, bv, xv, &mut params());
        let (mut there, mut m) = (There::new(&a), p.map(There::new));
        let m = m.as_mut().map(|m| m as &mut dyn BlockProducts<Scattered<f64>>);
        let found = cg_columns_on(&mut there, m, &Scattered::of(&b), &mut x, &mut params());
        near("CG of columns", &x.numbers(), &want, 1e-8);
        (here, found, there.made.get())
    };
    for p in [None, Some(&p as &dyn DynOperator<f64>)] {
        let (here, found, _) = run(p, None);
        reports("CG of columns", &found.unwrap(), &here.unwrap());
        let (few, many) = (run(p, Some(4)), run(p, Some(20)));
        assert!(matches!(few.1, Err(Error::NotConverged { iterations: 4, .. })), "{:?}", few.1);
        assert_eq!(few.2, many.2);
    }
    let mut x = Scattered::of(&b);
    let e = cg_columns_on(&mut There::new(&a), None, &Scattered::of(&b[1..]), &mut x, &mut Params::default());
    assert!(matches!(e, Err(Error::ShapeMismatch { .. })), "{e:?}");
}

/// The same pairs there and here, from nothing and from those that were reached.
fn eigenvalues<A, M, N>(name: &str, a: &A, k: usize, which: Which, mut here: M, mut there: N)
where
    A: LinearOperator<Scalar: SpectralNumber>,
    M: EigsAlgorithm<A, Value: Scalar, Entry: nalgebra::Scalar + Copy>,
    N: EigsOn<A, Scattered<A::Scalar>, Value = M::Value, Entry = M::Entry>,
{
    let n = a.nrows();
    let want = here.eigs(a, k, which).unwrap();
    let found = there.eigs_on(&mut There::new(a), k, which, View::matrix(&[], n, 0)).unwrap();
    reports(name, &found.report, &want.report);
    near(name, found.eigenvalues.as_slice(), want.eigenvalues.as_slice(), 1e-9);
    let start = View::matrix(found.eigenvectors.as_slice(), n, k);
    let again = there.eigs_on(&mut There::new(a), k, which, start).unwrap();
    assert!(again.report.iterations <= found.report.iterations, "{name}: {:?}", again.report.iterations);
    near(name, again.eigenvalues.as_slice(), want.eigenvalues.as_slice(), 1e-9);
}

#[test]
fn eigenpairs() {
    use Which::*;
    let n = 120;
    let d: Vec<f64> = (0..n).map(|i| 1.0 + i as f64 + if i + 3 > n { 60.0 } else { 0.0 }).collect();
    let a = diagonal::<SelfAdjointFacts, f64>(d.clone());
    let inverse = diagonal::<SelfAdjointFacts, f64>(d.iter().map(|d| 1.0 / (d - 5.1)).collect());
    let p = diagonal::<PsdFacts, f64>(d.iter().map(|d| 1.0 / (d + 0.5)).collect());
    eigenvalues("Lanczos", &a, 3, LargestAlgebraic, Lanczos::default(), Lanczos::default());
    let (here, there) = (Lanczos::default().inverse(&inverse), Lanczos::default().inverse(Beside(&inverse)));
    eigenvalues("Lanczos with an inverse", &a, 3, NearestTo(5.1), here, there);
    eigenvalues("power iteration", &a, 2, LargestMagnitude, PowerIteration::default(), PowerIteration::default());
    let (here, there) =
        (PowerIteration::default().inverse(&inverse), PowerIteration::default().inverse(Beside(&inverse)));
    eigenvalues("inverse iteration", &a, 2, NearestTo(5.1), here, there);
    eigenvalues("LOBPCG", &a, 3, LargestAlgebraic, Lobpcg::default(), Lobpcg::default());
    let (here, there) = (Lobpcg::default().preconditioner(&p), Lobpcg::default().preconditioner(Beside(&p)));
    eigenvalues("LOBPCG with P", &a, 3, SmallestAlgebraic, here, there);
    // without the two lowest; of all but a few the rest is dense
    let units = matrix::<NoFacts, f64>((n, 2), |i, j| f64::from(i == j));
    let (here, there) = (Lobpcg::default().constraints(&units), Lobpcg::default().constraints(Beside(&units)));
    eigenvalues("LOBPCG with constraints", &a, 3, LargestAlgebraic, here, there);
    let small = diagonal::<SelfAdjointFacts, f64>(d[..12].to_vec());
    let units = matrix::<NoFacts, f64>((12, 2), |i, j| f64::from(i == j));
    let (here, there) = (Lobpcg::default().constraints(&units), Lobpcg::default().constraints(Beside(&units)));
    eigenvalues("LOBPCG of a small rest", &small, 2, SmallestAlgebraic, here, there);
    // complex pairs of a real operator, and a complex one
    let turns = free::<NoFacts, f64, _>(n, move |adjoint, x: &[f64], y: &mut [f64]| {
        for i in (0..n).step_by(2) {
            let (re, im) = (if i == 0 { 9.0 } else { 1.0 + i as f64 / 40.0 }, if adjoint { -4.0 } else { 4.0 });
            (y[i], y[i + 1]) = (re * x[i] - im * x[i + 1], im * x[i] + re * x[i + 1]);
        }
    });
    eigenvalues("Krylov-Schur", &turns, 2, LargestMagnitude, KrylovSchur::default(), KrylovSchur::default());
    eigenvalues("power, pairs", &turns, 2, LargestMagnitude, PowerIteration::default(), PowerIteration::default());
    let z = diagonal::<NoFacts, C64>((0..n).map(|i| c(1.0 + (i * i) as f64 / 50.0, (i % 5) as f64)).collect());
    let by = || PowerIteration::default().tol(1e-8);
    eigenvalues("power, complex", &z, 1, LargestMagnitude, by(), by());
}

#[test]
fn singular_triplets() {
    fn check<A, M>(name: &str, a: &A, k: usize, by: impl Fn() -> M)
    where
        A: LinearOperator<Scalar: SpectralNumber>,
        M: SvdsAlgorithm<A> + SvdsOn<Scattered<A::Scalar>>,
    {
        let want = by().svds(a, k).unwrap();
        let found = by().svds_on(&mut There::new(a), k, View::matrix(&[], a.ncols(), 0)).unwrap();
        reports(name, &found.report, &want.report);
        near(name, found.singular_values.as_slice(), want.singular_values.as_slice(), 1e-9);
        assert_eq!(found.residuals.len(), want.residuals.len());
        assert!(found.residuals.iter().zip(&want.residuals).all(|(x, y)| (x - y).abs() < 1e-6), "{name}");
        match (found.error_bound, want.error_bound) {
            (Some(x), Some(y)) => assert!((x / y - 1.0).abs() < 1e-6, "{name}: {x:e} {y:e}"),
            (x, y) => assert_eq!(x, y),
        }
    }
    // columns of falling length, tall and wide
    for shape in [(90, 70), (40, 130)] {
        let a = matrix::<NoFacts, C64>(shape, |i, j| {
            c(noise(i * 31 + j * 7), noise(i * 17 + j * 3)) * c(0.8f64.powi(j as i32), 0.0)
        });
        check("Golub-Kahan", &a, 3, GolubKahan::default);
        check("randomised", &a, 4, || RandomizedSvd::default().seed(3));
        check("in a single pass", &a, 4, || RandomizedSvd::default().single_pass().seed(3));
        // restarts, stopped and gone on with
        let mut short = GolubKahan::default().subspace(8).max_iters(2);
        let e = short.svds_on(&mut There::new(&a), 3, View::matrix(&[], shape.1, 0)).unwrap_err();
        let start = e.iterate::<C64>().unwrap();
        let start = View::matrix(start.as_slice(), shape.1, 3);
        let on = GolubKahan::default().subspace(8).svds_on(&mut There::new(&a), 3, start).unwrap();
        let want = GolubKahan::default().svds(&a, 3).unwrap();
        near("gone on", on.singular_values.as_slice(), want.singular_values.as_slice(), 1e-9);
    }
    let small = matrix::<NoFacts, f64>((9, 7), |i, j| noise(i + 9 * j));
    check("dense", &small, 2, GolubKahan::default);
}

/// The same samples there and here, as a seed gives the same vectors.
#[test]
fn traces() {
    let n = 90;
    let a =
        matrix::<PsdFacts, f64>((n, n), |i, j| 0.85f64.powi(i as i32) * f64::from(i == j) + 1e-3 / (1 + i + j) as f64);
    fn check<A: LinearOperator<Scalar = f64>>(
        a: &A,
        mut here: impl TraceAlgorithm<A>,
        mut there: impl TraceOn<A, Scattered<f64>>,
    ) {
        let (want, found) = (here.trace(a).unwrap(), there.trace_on(&mut There::new(a)).unwrap());
        assert_eq!(found.probes, want.probes);
        near("trace", &[found.value, found.std_error], &[want.value, want.std_error], 1e-9);
    }
    check(&a, Hutchinson::default().probes(20), Hutchinson::default().probes(20));
    check(&a, HutchPlusPlus::default().rel_tol(1e-2), HutchPlusPlus::default().rel_tol(1e-2));
    check(&a, XTrace::default().probes(20), XTrace::default().probes(20));
    check(&a, XNysTrace::default().probes(20), XNysTrace::default().probes(20));
    check(&a, XNysTrace::default().rel_tol(1e-3), XNysTrace::default().rel_tol(1e-3));
    let definite = diagonal::<PsdFacts, f64>((0..n).map(|i| 1.0 + i as f64 / 9.0).collect());
    let want = crate::algorithms::direct::DetAlgorithm::logdet(&mut Slq::default().probes(12), &definite).unwrap();
    let found = Slq::default().probes(12).logdet_on(&mut There::new(&definite)).unwrap();
    near("SLQ", &[found.value, found.std_error], &[want.value, want.std_error], 1e-9);
}

/// The same diagonals there and here: of few products, of as many as the error needs, of a range that is caught, and exact.
#[test]
fn diagonals() {
    let n = 80;
    let a = matrix::<NoFacts, C64>((n, n), |i, j| {
        c(f64::from(i == j) + 0.9f64.powi((i + j) as i32), 0.3 * noise(i + j * n) * 0.8f64.powi(j as i32))
    });
    let low = matrix::<NoFacts, C64>((n, n), |i, j| c(1.0 + (i % 2 * j) as f64, (i / 40) as f64));
    fn check<A: LinearOperator<Scalar = C64>>(
        a: &A,
        mut here: impl DiagonalAlgorithm<A>,
        mut there: impl DiagonalOn<Scattered<C64>>,
    ) {
        let (want, found) = (here.diagonal(a).unwrap(), there.diagonal_on(&mut There::new(a)).unwrap());
        assert_eq!(found.probes, want.probes);
        near("diagonal", found.value.as_slice(), want.value.as_slice(), 1e-9);
        near("its errors", found.std_error.as_slice(), want.std_error.as_slice(), 1e-6);
    }
    macro_rules! both {
        ($a:expr, $by:expr) => {
            check($a, $by, $by)
        };
    }
    both!(&a, Hutchinson::default().probes(21).seed(3));
    both!(&a, Hutchinson::default().rel_tol(0.2));
    both!(&a, Hutchinson::default().rel_tol(1e-9));
    both!(&a, HutchPlusPlus::default().probes(40).seed(3));
    both!(&a, HutchPlusPlus::default().rel_tol(0.2));
    both!(&a, XDiag::default().probes(40).seed(3));
    both!(&low, XDiag::default().probes(40).seed(3));
    both!(&a, XDiag::default().rel_tol(1e-9));
}
impl<T: Scalar> SplitOn<Scattered<T>> for Rooted<'_, T> {
    fn split_on(&self) -> Result<Option<(Box<dyn BlockProducts<Scattered<T>> + '_>, f64)>> {
        Ok(Some((Box::new(There::new(self.0)), self.1)))
    }
}
/// S and log det S S^H.
struct Rooted<'a, T>(&'a dyn DynOperator<T>, f64);

/// Quadratures there and here: of any f, the nodes themselves, and between the roots of a preconditioner.
#[test]
fn quadratures() {
    let n = 70;
    let d: Vec<f64> = (0..n).map(|i| 0.5 + ((i * i) % 97) as f64 / 9.0).collect();
    let a = matrix::<PsdFacts, f64>((n, n), |i, j| match i.abs_diff(j) {
        0 => d[i],
        1 => 0.2,
        _ => 0.0,
    });
    let slq = || Slq::default().probes(11).seed(5);
    let f = |x: f64| (-x).exp();
    let (want, found) = (slq().trace_of(&a, Function::Map(&f)), slq().trace_map_on(&mut There::new(&a), &f));
    let (want, found) = (want.unwrap(), found.unwrap());
    near("tr f(A)", &[found.value, found.std_error], &[want.value, want.std_error], 1e-9);
    // few steps: Ritz values that rounding has moved are later ones
    let (want, found) = (slq().steps(12).density_of(&a), slq().steps(12).density_on(&mut There::new(&a)));
    let (want, found) = (want.unwrap(), found.unwrap());
    assert_eq!(found.quadratures().len(), 11);
    for (found, want) in found.quadratures().iter().zip(want.quadratures()) {
        let numbers = |q: &[(f64, f64)]| q.iter().flat_map(|&(w, q)| [w, q]).collect::<Vec<f64>>();
        near("density", &numbers(found), &numbers(want), 1e-8);
    }
    let mut stopped = slq().on_iteration(|i| i.iteration < 60);
    let e = stopped.density_on(&mut There::new(&a)).unwrap_err();
    assert!(crate::SpectralDensity::reached(&e).is_some_and(|d| !d.quadratures().is_empty()), "{e}");
    // M = diag(1 / d)
    let inverse = crate::ops::Diagonal::new(d.iter().map(|d| 1.0 / d).collect::<Vec<f64>>());
    let root = diagonal::<PsdFacts, f64>(d.iter().map(|d| 1.0 / d.sqrt()).collect());
    let known = -d.iter().map(|d| d.ln()).sum::<f64>();
    let mut here = slq().preconditioner(&inverse);
    let want = crate::algorithms::direct::DetAlgorithm::logdet(&mut here, &a).unwrap();
    let found = slq().preconditioner(Rooted(&root, known)).logdet_on(&mut There::new(&a)).unwrap();
    near("SLQ with a preconditioner", &[found.value], &[want.value], 1e-9);
    near("its error", &[found.std_error], &[want.std_error], 1e-6);
    // S = L^-T of A + I / 20 = L L^T, which is no more self-adjoint
    let stored = |shift: f64| {
        nalgebra::DMatrix::from_fn(n, n, |i, j| match i.abs_diff(j) {
            0 => d[i] + shift,
            1 => 0.2,
            _ => 0.0,
        })
    };
    let factor = stored(0.05).cholesky().unwrap();
    let root = factor.l().transpose().try_inverse().unwrap();
    let root = matrix::<NoFacts, f64>((n, n), |i, j| root[(i, j)]);
    let found = slq().preconditioner(Rooted(&root, -factor.ln_determinant())).logdet_on(&mut There::new(&a)).unwrap();
    let plain = slq().logdet_on(&mut There::new(&a)).unwrap();
    assert!(found.std_error < 0.3 * plain.std_error, "{} {}", found.std_error, plain.std_error);
    let exact = stored(0.0).cholesky().unwrap().ln_determinant();
    assert!((found.value - exact).abs() < 4.0 * found.std_error, "{found:?} {exact}");
    let small = diagonal::<PsdFacts, f64>(d[1..].to_vec());
    let e = slq().preconditioner(Rooted(&small, 0.0)).logdet_on(&mut There::new(&a)).unwrap_err();
    assert!(matches!(e, Error::ShapeMismatch { .. }), "{e}");
}
