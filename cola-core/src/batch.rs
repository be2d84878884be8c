//! Batches: many operators or vectors of one shape side by side in lanes.

use crate::data::{Column, Held};
use crate::error::{Error, Result, collect_faults};
use crate::parameters::{Parameters, ParametersExt};
use crate::scalar::{Element, Scalar};
use crate::space::Space;
use nalgebra::{DefaultAllocator, Dim, OMatrix, allocator::Allocator};

/// Lanes of a batch whose length is not the caller's choice: one AVX-512 register, four of SSE2.
pub const WIDTH: usize = 8;

/// The number type of B trees over `T` in one.
pub type Wide<T, const B: usize> = <T as Element>::Wide<B>;

/// B trees of one shape as one tree of B-lane numbers: `stack([k0, k1, ..])?`.
///
/// ```
/// # use cola_core::prelude::*;
/// let batch: Diagonal<[Lanes<f64, 2>; 2]> = stack([Diagonal::new([1.0, 2.0]), Diagonal::new([3.0, 4.0])])?;
/// assert_eq!(batch.0[1].0, [2.0, 4.0]);
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// `ShapeMismatch` where dynamic shapes differ.
pub fn stack<K: Parameters<Number: Element>, const B: usize>(trees: [K; B]) -> Result<K::With<Wide<K::Number, B>>> {
    pack(&trees)
}
/// As [`stack`], borrowing.
///
/// # Errors
/// `ShapeMismatch` where dynamic shapes differ.
pub fn pack<K: Parameters<Number: Element>, const B: usize>(trees: &[K; B]) -> Result<K::With<Wide<K::Number, B>>> {
    const { assert!(B > 0, "a batch has at least one element") };
    K::pack(core::array::from_fn(|lane| &trees[lane]))
}
/// Elements `at..at + B` of a slice in lanes; past the end the last one is repeated, so that the tail runs through the same code.
///
/// # Errors
/// `ShapeMismatch` where dynamic shapes differ.
#[inline]
pub fn pack_at<K: Parameters<Number: Element>, const B: usize>(
    trees: &[K],
    at: usize,
) -> Result<K::With<Wide<K::Number, B>>> {
    K::pack(core::array::from_fn(|lane| &trees[(at + lane).min(trees.len() - 1)]))
}
/// B numbers in lanes: a number is no tree.
pub fn pack_numbers<T: Element, const B: usize>(numbers: &[T; B]) -> Wide<T, B> {
    Scalar::from_lanes(|lane| numbers[lane])
}
/// Numbers `at..at + B` of a slice in lanes; past the end the last one is repeated.
#[inline]
pub fn pack_numbers_at<T: Element, const B: usize>(numbers: &[T], at: usize) -> Wide<T, B> {
    Scalar::from_lanes(|lane| numbers[(at + lane).min(numbers.len() - 1)])
}

/// Something in lanes that falls apart into one value per lane.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a value in lanes",
    label = "expected a number, vector, matrix, array or tuple of `Lanes`"
)]
pub trait Unstack {
    /// One lane.
    type Lane;
    /// Lane `i`.
    fn take_lane(&self, i: usize) -> Self::Lane;
}
/// One value per lane.
pub fn unstack<Y: Unstack, const B: usize>(y: Y) -> [Y::Lane; B] {
    core::array::from_fn(|i| y.take_lane(i))
}
impl<T: crate::lanes::LaneElement, const B: usize> Unstack for crate::Lanes<T, B> {
    type Lane = T;
    fn take_lane(&self, i: usize) -> T {
        self.0[i]
    }
}
impl<R: Unstack> Unstack for num_complex::Complex<R> {
    type Lane = num_complex::Complex<R::Lane>;
    fn take_lane(&self, i: usize) -> Self::Lane {
        num_complex::Complex { re: self.re.take_lane(i), im: self.im.take_lane(i) }
    }
}
impl<T: Unstack<Lane: nalgebra::Scalar> + nalgebra::Scalar, R: Dim, C: Dim> Unstack for OMatrix<T, R, C>
where
    DefaultAllocator: Allocator<R, C>,
{
    type Lane = OMatrix<T::Lane, R, C>;
    fn take_lane(&self, i: usize) -> Self::Lane {
        self.map(|x| x.take_lane(i))
    }
}
impl<T: Unstack, const N: usize> Unstack for [T; N] {
    type Lane = [T::Lane; N];
    fn take_lane(&self, i: usize) -> Self::Lane {
        core::array::from_fn(|k| self[k].take_lane(i))
    }
}
impl<T: Unstack> Unstack for Vec<T> {
    type Lane = Vec<T::Lane>;
    fn take_lane(&self, i: usize) -> Self::Lane {
        self.iter().map(|x| x.take_lane(i)).collect()
    }
}
impl<T: Scalar + Unstack<Lane: Scalar>, S: Space> Unstack for Column<T, S> {
    type Lane = Column<<T as Unstack>::Lane, S>;
    fn take_lane(&self, i: usize) -> Self::Lane {
        self.map_numbers(|x| x.take_lane(i))
    }
}
impl<T: Scalar + Unstack<Lane: Scalar>, S: Space> Unstack for Held<T, S> {
    type Lane = Held<<T as Unstack>::Lane, S>;
    fn take_lane(&self, i: usize) -> Self::Lane {
        self.map_numbers(|x| x.take_lane(i))
    }
}
macro_rules! tuples {
    ($($P:ident $i:tt),*) => {
        impl<$($P: Unstack),*> Unstack for ($($P,)*) {
            type Lane = ($($P::Lane,)*);
            fn take_lane(&self, i: usize) -> Self::Lane {
                ($( self.$i.take_lane(i), )*)
            }
        }
    };
}
tuples!(A 0);
tuples!(A 0, B 1);
tuples!(A 0, B 1, C 2);
tuples!(A 0, B 1, C 2, D 3);

/// Runs `f` over lanes; a failed lane does not disturb the others, and is named in the error.
///
/// # Errors
/// What `f` returns, and `Lanes` with the failure of each failed lane.
pub fn run<Y: Unstack, const B: usize>(f: impl FnOnce() -> Result<Y>) -> Result<[Y::Lane; B]> {
    let (out, failed) = collect_faults(f);
    match failed.is_empty() {
        true => Ok(unstack(out?)),
        false => Err(Error::Lanes { failed }),
    }
}
/// The common length of all arguments of a batch.
///
/// # Errors
/// `ShapeMismatch`.
pub fn common_len(lens: &[usize]) -> Result<usize> {
    match lens.iter().find(|&&n| n != lens[0]) {
        Some(&n) => {
            Err(Error::ShapeMismatch { op: "batch: lengths of the arguments", left: (lens[0], 1), right: (n, 1) })
        }
        None => Ok(lens[0]),
    }
}
/// Each element's own outcome; chunks of [`WIDTH`] lanes, threads above [`THREADS_FROM`] elements.
///
/// # Errors
/// `ShapeMismatch` and what else concerns the whole call.
pub fn run_each<Y, E>(n: usize, f: impl Fn(usize) -> Result<Y> + Sync) -> Result<Vec<Result<Y::Lane>>>
where
    Y: Unstack<Lane: Send>,
{
    let _ = core::marker::PhantomData::<E>;
    let chunk = |first: usize, end: usize| {
        let mut out = Vec::with_capacity(end - first);
        for at in (first..end).step_by(WIDTH) {
            let here = WIDTH.min(end - at);
            let (y, failed) = collect_faults(|| f(at));
            let error = |lane: usize| failed.iter().find(|x| x.0 == lane).map(|x| x.1.clone());
            for lane in 0..here {
                out.push(match (&y, error(lane)) {
                    (_, Some(e)) => Err(e),
                    (Err(e), None) => Err(e.clone()),
                    (Ok(y), None) => Ok(y.take_lane(lane)),
                });
            }
        }
        out
    };
    let threads = if n < THREADS_FROM { 1 } else { std::thread::available_parallelism().map_or(1, |t| t.get()) };
    if threads == 1 {
        return Ok(chunk(0, n));
    }
    let each = n.div_ceil(threads).next_multiple_of(WIDTH);
    let parts = std::thread::scope(|scope| {
        let chunk = &chunk;
        let spawn = |first: usize| scope.spawn(move || chunk(first, (first + each).min(n)));
        let handles: Vec<_> = (0..n).step_by(each).map(spawn).collect();
        handles.into_iter().map(|h| h.join()).collect::<Vec<_>>()
    });
    let mut out = Vec::with_capacity(n);
    for part in parts {
        out.extend(part.unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
    }
    Ok(out)
}
/// From this many elements a batch is spread over threads: below, starting them costs more than they save.
pub const THREADS_FROM: usize = 4096;
/// All elements, or the failures by index.
///
/// # Errors
/// `Lanes` with index and failure of each failed element, and what concerns the whole call.
pub fn run_slice<Y, E>(n: usize, f: impl Fn(usize) -> Result<Y> + Sync) -> Result<Vec<Y::Lane>>
where
    Y: Unstack<Lane: Send>,
{
    let mut failed = Vec::new();
    let mut out = Vec::with_capacity(n);
    for (i, y) in run_each::<Y, E>(n, f)?.into_iter().enumerate() {
        match y {
            Ok(y) => out.push(y),
            Err(e) => failed.push((i, e)),
        }
    }
    if failed.is_empty() { Ok(out) } else { Err(Error::Lanes { failed }) }
}
