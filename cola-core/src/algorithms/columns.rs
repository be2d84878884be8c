//! What subspace and stochastic methods ask of blocks of vectors, so that their bases live where the vectors of the operator do. The
//! methods are written once over [`Columns`]; host slices implement it here, a device's memory in its own crate.
//!
//! A block of n x m numbers lies column by column without gaps: column j is the part j n .. (j + 1) n. What a method computes with on the
//! host (coefficients, the small problem) is a slice of numbers. As the operations of [`Vector`], those of a block return no failures: a
//! device keeps the first one for the end, and NaN ends the iteration before.

use super::blocks;
use super::spectrum::SpectralNumber;
use crate::error::Result;
use crate::operator::Update;
use crate::scalar::{Real, Scalar};
use crate::vector::{Vector, VectorRe};
use core::ops::{Deref, DerefMut, Range};
use std::borrow::Cow;

/// Vectors of one length side by side, wherever they live.
pub trait Columns: Vector {
    /// A block with memory of its own.
    type Owned: DerefMut<Target = Self>;
    /// A part of a block.
    type Part<'a>: Deref<Target = Self>
    where
        Self: 'a;
    /// A part that is written.
    type PartMut<'a>: DerefMut<Target = Self>
    where
        Self: 'a;

    /// How many numbers.
    fn size(&self) -> usize;
    /// The numbers of this range.
    fn part(&self, range: Range<usize>) -> Self::Part<'_>;
    /// The numbers of this range, to be written.
    fn part_mut(&mut self, range: Range<usize>) -> Self::PartMut<'_>;
    /// The columns before j, and column j to be written.
    fn before(&mut self, n: usize, j: usize) -> (Self::Part<'_>, Self::PartMut<'_>);
    /// The numbers before `at`, and those from it on to be written.
    fn split(&mut self, at: usize) -> (Self::Part<'_>, Self::PartMut<'_>);
    /// self <- what `f` writes, which is every number.
    fn write(&mut self, f: impl FnOnce(&mut [Self::Scalar]));
    /// The numbers on the host.
    fn to_host(&self) -> Cow<'_, [Self::Scalar]>;
    /// The numbers on the host, where the block is not needed any more.
    fn into_host(block: Self::Owned) -> Vec<Self::Scalar>;
    /// The numbers from `to` on <- those of the range, as they were.
    fn copy_within(&mut self, range: Range<usize>, to: usize);

    /// C <- A^H B for A of n x k and B of n x l.
    fn inner(n: usize, a: &Self, b: &Self, c: &mut [Self::Scalar]);
    /// B <- B + alpha A C for A of n x k, C of k x l, B of n x l.
    fn add_product(n: usize, alpha: Self::Scalar, a: &Self, c: &[Self::Scalar], b: &mut Self);
    /// The first columns of V (n x m) <- V Z (Z of m x k). `strip` is memory that grows to what is needed, and is kept by who rotates often.
    fn rotate(n: usize, v: &mut Self, m: usize, z: &[Self::Scalar], strip: &mut Self::Owned);
    /// X <- X + V Y on the host, for complex Y of m x k, and V of m columns in whatever numbers.
    fn add_wide(
        n: usize,
        v: &Self,
        y: &[<Self::Scalar as SpectralNumber>::Wide],
        x: &mut [<Self::Scalar as SpectralNumber>::Wide],
    ) where
        Self::Scalar: SpectralNumber;
    /// The block with so many numbers at least: those that are there stay. It doubles where it is too short, so that a basis that grows by a
    /// vector at a time seldom moves.
    ///
    /// # Errors
    /// Those of memory where the vectors live.
    fn grow(a: &dyn BlockProducts<Self>, block: &mut Self::Owned, numbers: usize) -> Result<()> {
        let have = block.size();
        if have < numbers {
            let mut more = a.zeros(numbers.max(2 * have))?;
            more.part_mut(0..have).copy(block);
            *block = more;
        }
        Ok(())
    }
    /// The numbers x behind the first `filled` ones of the block, which [grows](Self::grow).
    ///
    /// # Errors
    /// As [`grow`](Self::grow).
    fn append(a: &dyn BlockProducts<Self>, block: &mut Self::Owned, filled: usize, x: &Self) -> Result<()> {
        Self::grow(a, block, filled + x.size())?;
        block.part_mut(filled..filled + x.size()).copy(x);
        Ok(())
    }
    /// Exchanges the columns i and j, with room for one.
    fn exchange(&mut self, n: usize, i: usize, j: usize, room: &mut Self) {
        if i != j {
            let (i, j) = (i * n..(i + 1) * n, j * n..(j + 1) * n);
            room.copy(&self.part(i.clone()));
            self.copy_within(j.clone(), i.start);
            self.part_mut(j).copy(room);
        }
    }
    /// d_j <- x_j^H y_j for the columns of X and Y, as many as there are numbers in `d`.
    fn dots(n: usize, x: &Self, y: &Self, d: &mut [Self::Scalar]) {
        for (j, d) in d.iter_mut().enumerate() {
            *d = x.part(j * n..(j + 1) * n).dot(&y.part(j * n..(j + 1) * n));
        }
    }
    /// Of each column: alpha = Re v_j^H w_j and w_j <- w_j - alpha v_j; then `f` gets j, alpha, |w_j|^2 (not protected) and w_j. Column by
    /// column, as long as one is in the cache, or all at once where each number by itself would have to be waited for.
    fn three_term(
        n: usize,
        v: &Self,
        w: &mut Self,
        mut f: impl FnMut(usize, VectorRe<Self>, VectorRe<Self>, &mut Self),
    ) {
        for j in 0..w.size() / n.max(1) {
            let (v, mut w) = (v.part(j * n..(j + 1) * n), w.part_mut(j * n..(j + 1) * n));
            let alpha = v.dot(&w).re();
            let square = w.sub_norm_sq(Self::Scalar::from_re(alpha), &v);
            f(j, alpha, square, &mut w);
        }
    }
    /// Y <- Y (L D L^H)^-1 for Y of n x k, unit lower triangular L and real diagonal D of k x k, with room for a column: by substitution
    /// with L^H from the first column on, then with L from the last one on.
    fn divide(n: usize, y: &mut Self, l: &[Self::Scalar], d: &[VectorRe<Self>], room: &mut Self) {
        let (k, one) = (d.len(), Self::Scalar::of(1.0));
        let row = |j: usize| (0..j).map(move |i| l[j + i * k]);
        for j in 1..k {
            let (before, mut x) = y.before(n, j);
            Self::add_product(n, -one, &before, &row(j).map(|l| l.conj()).collect::<Vec<_>>(), &mut x);
        }
        for (j, &d) in d.iter().enumerate() {
            y.part_mut(j * n..(j + 1) * n).scale(Self::Scalar::from_re(VectorRe::<Self>::real(1.0) / d));
        }
        for j in (1..k).rev() {
            room.copy(&y.part(j * n..(j + 1) * n));
            Self::add_product(n, -one, room, &row(j).collect::<Vec<_>>(), &mut y.part_mut(0..j * n));
        }
    }
    /// X <- X - Q Q^H X, with room for the coefficients of one column or more. Column by column, or all at once where each column by itself
    /// would have to wait for its coefficients.
    fn remove(n: usize, q: &Self, x: &mut Self, c: &mut Vec<Self::Scalar>) {
        for j in 0..x.size() / n.max(1) {
            let mut x = x.part_mut(j * n..(j + 1) * n);
            Self::inner(n, q, &x, c);
            Self::add_product(n, -Self::Scalar::of(1.0), q, c, &mut x);
        }
    }
}

/// An operator as the methods see it: products with blocks, and memory where its vectors live.
pub trait BlockProducts<V: Columns + ?Sized> {
    /// (rows, columns).
    fn shape(&self) -> (usize, usize);
    /// A block of so many zeros.
    ///
    /// # Errors
    /// `Device` where there is no memory.
    fn zeros(&self, numbers: usize) -> Result<V::Owned>;
    /// Numbers of the host where the vectors live, for reading: on the host themselves.
    ///
    /// # Errors
    /// As [`zeros`](Self::zeros).
    fn there<'x>(&self, x: &'x [V::Scalar]) -> Result<V::Part<'x>>
    where
        V: 'x;
    /// Y <- \[Y +\] alpha A X, or A^H X, for so many columns.
    ///
    /// # Errors
    /// `NonFinite` if there is NaN or infinity in the result; what the operator itself reports.
    fn update(&mut self, how: Update<V::Scalar>, x: &V, y: &mut V, columns: usize) -> Result<()>;
    /// Y <- A X.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    fn apply(&mut self, x: &V, y: &mut V, columns: usize) -> Result<()> {
        self.update(Update::replace(), x, y, columns)
    }
    /// Y <- A^H X.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    fn adjoint(&mut self, x: &V, y: &mut V, columns: usize) -> Result<()> {
        self.update(Update { adjoint: true, ..Update::replace() }, x, y, columns)
    }
    /// A block of its own with the numbers of x.
    ///
    /// # Errors
    /// As [`zeros`](Self::zeros).
    fn copied(&self, x: &V) -> Result<V::Owned> {
        let mut y = self.zeros(x.size())?;
        y.copy(x);
        Ok(y)
    }
}

/// An operator whose vectors live elsewhere, for the few products of an estimate that looks at every number: they go there and back.
pub(crate) struct FromHost<'a, V: Columns + ?Sized>(pub &'a mut dyn BlockProducts<V>);
impl<T: Scalar, V: Columns<Scalar = T> + ?Sized> BlockProducts<[T]> for FromHost<'_, V> {
    fn shape(&self) -> (usize, usize) {
        self.0.shape()
    }
    fn zeros(&self, numbers: usize) -> Result<Vec<T>> {
        Ok(vec![T::zero(); numbers])
    }
    fn there<'x>(&self, x: &'x [T]) -> Result<&'x [T]>
    where
        T: 'x,
    {
        Ok(x)
    }
    fn update(&mut self, how: Update<T>, x: &[T], y: &mut [T], columns: usize) -> Result<()> {
        let (m, n) = self.0.shape();
        let (rows, cols) = if how.adjoint { (n, m) } else { (m, n) };
        let (mut from, mut to) = (self.0.zeros(cols * columns)?, self.0.zeros(rows * columns)?);
        from.write(|from| from.copy_from_slice(&x[..cols * columns]));
        if how.add {
            to.write(|to| to.copy_from_slice(&y[..rows * columns]));
        }
        self.0.update(how, &from, &mut to, columns)?;
        y[..rows * columns].copy_from_slice(&to.to_host());
        Ok(())
    }
}

impl<T: Scalar> Columns for [T] {
    type Owned = Vec<T>;
    type Part<'a>
        = &'a [T]
    where
        T: 'a;
    type PartMut<'a>
        = &'a mut [T]
    where
        T: 'a;

    fn size(&self) -> usize {
        self.len()
    }
    fn part(&self, range: Range<usize>) -> &[T] {
        &self[range]
    }
    fn part_mut(&mut self, range: Range<usize>) -> &mut [T] {
        &mut self[range]
    }
    fn before(&mut self, n: usize, j: usize) -> (&[T], &mut [T]) {
        let (before, rest) = self.split_at_mut(j * n);
        (before, &mut rest[..n])
    }
    fn split(&mut self, at: usize) -> (&[T], &mut [T]) {
        let (before, rest) = self.split_at_mut(at);
        (before, rest)
    }
    fn write(&mut self, f: impl FnOnce(&mut [T])) {
        f(self)
    }
    fn to_host(&self) -> Cow<'_, [T]> {
        Cow::Borrowed(self)
    }
    fn into_host(block: Vec<T>) -> Vec<T> {
        block
    }
    fn copy_within(&mut self, range: Range<usize>, to: usize) {
        <[T]>::copy_within(self, range, to)
    }
    fn exchange(&mut self, n: usize, i: usize, j: usize, _: &mut Self) {
        let (i, j) = (i.min(j), i.max(j));
        if i < j {
            let (low, high) = self.split_at_mut(j * n);
            low[i * n..][..n].swap_with_slice(&mut high[..n]);
        }
    }
    fn grow(_: &dyn BlockProducts<Self>, block: &mut Vec<T>, numbers: usize) -> Result<()> {
        block.resize(block.len().max(numbers), T::zero());
        Ok(())
    }
    fn append(_: &dyn BlockProducts<Self>, block: &mut Vec<T>, filled: usize, x: &Self) -> Result<()> {
        block.truncate(filled);
        block.extend_from_slice(x);
        Ok(())
    }
    fn inner(n: usize, a: &Self, b: &Self, c: &mut [T]) {
        blocks::inner(n, a, b, c)
    }
    fn add_product(n: usize, alpha: T, a: &Self, c: &[T], b: &mut Self) {
        blocks::add_product(n, alpha, a, c, b)
    }
    fn divide(n: usize, y: &mut Self, l: &[T], d: &[T::Re], _: &mut Self) {
        blocks::divide(n, y, l, d)
    }
    fn rotate(n: usize, v: &mut Self, m: usize, z: &[T], strip: &mut Vec<T>) {
        blocks::rotate(n, v, m, z, strip)
    }
    fn add_wide(n: usize, v: &Self, y: &[T::Wide], x: &mut [T::Wide])
    where
        T: SpectralNumber,
    {
        let m = v.len() / n.max(1);
        for (x, y) in x.chunks_exact_mut(n.max(1)).zip(y.chunks_exact(m.max(1))) {
            for (v, &c) in v.chunks_exact(n.max(1)).zip(y) {
                x.iter_mut().zip(v).for_each(|(x, &v)| *x += v.widen() * c);
            }
        }
    }
}
