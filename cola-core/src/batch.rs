//! Batches: many operators or vectors of one shape side by side in lanes.
//!
//! The driver of `#[vmap]` asks the machine once for AVX2 and FMA, and runs the same text over lanes that use them. That works only where
//! the whole text is inlined into one function that is compiled for these instructions: a call in between is compiled without them. So
//! everything below is `#[inline(always)]`, closures too. (`cargo bench --bench batch` has the figures.)

use crate::data::{Column, Held};
use crate::error::{Error, Notes, Result, collect_faults};
use crate::lanes::Chunked;
pub use crate::lanes::InstructionSet;
use crate::parameters::{Parameters, ParametersExt};
use crate::scalar::{Element, Scalar};
use crate::space::Space;
use core::mem::MaybeUninit;
use nalgebra::{DefaultAllocator, Dim, OMatrix, allocator::Allocator};
use num_traits::Zero;

/// Lanes of a batch whose length is not the caller's choice: one register of f32 and two of f64 with AVX2. (Four lanes of f64, one register,
/// are 14 % faster by `cargo bench --bench batch`, 13.8 ns for 16.0, but leave half a register of f32 empty.)
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
/// What `if`, `while` and the guards of `match` take in a `#[vmap]` function: the macro puts every condition through [`branch`].
#[diagnostic::on_unimplemented(
    message = "a batch cannot branch: this condition has one answer for each lane",
    label = "a mask, where one `bool` is needed",
    note = "compute both sides and choose for each lane: `T::select(mask, a, b)`"
)]
pub trait OneAnswer {
    /// The answer.
    fn answer(self) -> bool;
}
#[diagnostic::do_not_recommend]
impl<C: Into<bool>, F> OneAnswer for Condition<C, F> {
    #[inline(always)]
    fn answer(self) -> bool {
        self.0.into()
    }
}
/// What stands after `if`. A type of its own, and of a function, or rustc would propose to bound the type of the masks.
pub struct Condition<C, F>(C, core::marker::PhantomData<F>);
/// The function of [`Condition`].
pub fn of_each_lane() {}
/// A condition that all lanes share.
#[inline(always)]
pub fn branch<C, F>(condition: C, _: F) -> bool
where
    Condition<C, F>: OneAnswer,
{
    Condition(condition, core::marker::PhantomData::<F>).answer()
}
/// As [`stack`], borrowing.
///
/// # Errors
/// `ShapeMismatch` where dynamic shapes differ.
pub fn pack<K: Parameters<Number: Element>, const B: usize>(trees: &[K; B]) -> Result<K::With<Wide<K::Number, B>>> {
    const { assert!(B > 0, "a batch has at least one element") };
    K::pack::<Wide<K::Number, B>, B>(core::array::from_fn(|lane| &trees[lane]))
}
/// The numbers `T` in [`WIDTH`] lanes that the instructions `I` move.
pub type On<T, I> = <T as Element>::On<WIDTH, I>;
/// Elements `at..at + WIDTH` of a slice in lanes; past the end the last one is repeated, so that the tail runs through the same code.
///
/// # Errors
/// `ShapeMismatch` where dynamic shapes differ.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn pack_at<K: Parameters<Number: Element>, I: InstructionSet>(
    trees: &[K],
    at: usize,
) -> Result<K::With<On<K::Number, I>>> {
    let mut refs = [&trees[at]; WIDTH];
    let whole = trees.get(at..at + WIDTH);
    for lane in 0..WIDTH {
        refs[lane] = match whole {
            Some(all) => &all[lane],
            None => &trees[(at + lane).min(trees.len() - 1)],
        };
    }
    K::pack::<On<K::Number, I>, WIDTH>(refs)
}
/// B numbers in lanes: a number is no tree.
pub fn pack_numbers<T: Element, const B: usize>(numbers: &[T; B]) -> Wide<T, B> {
    Scalar::from_lanes(|lane| numbers[lane])
}
/// Numbers `at..at + WIDTH` of a slice in lanes; past the end the last one is repeated.
#[inline(always)]
pub fn pack_numbers_at<T: Element, I: InstructionSet>(numbers: &[T], at: usize) -> On<T, I> {
    On::<T, I>::from_lanes(
        #[inline(always)]
        |lane| numbers[(at + lane).min(numbers.len() - 1)],
    )
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
    /// Lanes 0, 1, .. into `out`.
    #[doc(hidden)]
    #[inline(always)]
    fn take_lanes(&self, out: [&mut MaybeUninit<Self::Lane>; WIDTH]) {
        for (lane, out) in out.into_iter().enumerate() {
            out.write(self.take_lane(lane));
        }
    }
    /// Lane l of `numbers[k]` becomes number k of `lanes[l]`.
    #[doc(hidden)]
    #[inline(always)]
    fn scatter<const L: usize>(numbers: &[Self], lanes: &mut [&mut [Self::Lane]; L])
    where
        Self: Sized,
    {
        for (k, x) in numbers.iter().enumerate() {
            for (l, lane) in lanes.iter_mut().enumerate() {
                lane[k] = x.take_lane(l);
            }
        }
    }
}
/// One value per lane.
pub fn unstack<Y: Unstack, const B: usize>(y: Y) -> [Y::Lane; B] {
    core::array::from_fn(|i| y.take_lane(i))
}
impl<T: crate::lanes::LaneElement, const B: usize, I: InstructionSet> Unstack for crate::Lanes<T, B, I> {
    type Lane = T;
    #[inline(always)]
    fn take_lane(&self, i: usize) -> T {
        self.0[i]
    }
    #[inline(always)]
    fn scatter<const L: usize>(numbers: &[Self], lanes: &mut [&mut [T]; L]) {
        crate::lanes::scatter(numbers, lanes)
    }
}
impl<R: Unstack> Unstack for num_complex::Complex<R> {
    type Lane = num_complex::Complex<R::Lane>;
    #[inline(always)]
    fn take_lane(&self, i: usize) -> Self::Lane {
        num_complex::Complex { re: self.re.take_lane(i), im: self.im.take_lane(i) }
    }
}
impl<T: Scalar + Unstack<Lane: Scalar>, R: Dim, C: Dim> Unstack for OMatrix<T, R, C>
where
    DefaultAllocator: Allocator<R, C>,
{
    type Lane = OMatrix<<T as Unstack>::Lane, R, C>;
    #[inline(always)]
    fn take_lane(&self, i: usize) -> Self::Lane {
        let (r, c) = self.shape_generic();
        let mut out = crate::data::filled(r, c, <T as Unstack>::Lane::zero());
        for (x, y) in self.as_slice().iter().zip(out.as_mut_slice()) {
            *y = x.take_lane(i);
        }
        out
    }
    #[inline(always)]
    fn take_lanes(&self, out: [&mut MaybeUninit<Self::Lane>; WIDTH]) {
        let (r, c) = self.shape_generic();
        let mut out = out.into_iter();
        let mut lanes: [&mut [_]; WIDTH] = core::array::from_fn(
            #[inline(always)]
            |_| match out.next() {
                Some(o) => o.write(crate::data::filled(r, c, <T as Unstack>::Lane::zero())).as_mut_slice(),
                None => &mut [],
            },
        );
        T::scatter(self.as_slice(), &mut lanes);
    }
}
impl<T: Unstack, const N: usize> Unstack for [T; N] {
    type Lane = [T::Lane; N];
    #[inline(always)]
    fn take_lane(&self, i: usize) -> Self::Lane {
        core::array::from_fn(
            #[inline(always)]
            |k| self[k].take_lane(i),
        )
    }
}
impl<T: Unstack> Unstack for Vec<T> {
    type Lane = Vec<T::Lane>;
    #[inline(always)]
    fn take_lane(&self, i: usize) -> Self::Lane {
        self.iter().map(|x| x.take_lane(i)).collect()
    }
}
impl<T: Scalar + Unstack<Lane: Scalar>, S: Space> Unstack for Column<T, S> {
    type Lane = Column<<T as Unstack>::Lane, S>;
    #[inline(always)]
    fn take_lane(&self, i: usize) -> Self::Lane {
        self.map_numbers(|x| x.take_lane(i))
    }
}
impl<T: Scalar + Unstack<Lane: Scalar>, S: Space> Unstack for Held<T, S> {
    type Lane = Held<<T as Unstack>::Lane, S>;
    #[inline(always)]
    fn take_lane(&self, i: usize) -> Self::Lane {
        self.map_numbers(|x| x.take_lane(i))
    }
}
macro_rules! tuples {
    ($($P:ident $i:tt),*) => {
        impl<$($P: Unstack),*> Unstack for ($($P,)*) {
            type Lane = ($($P::Lane,)*);
            #[inline(always)]
            fn take_lane(&self, i: usize) -> Self::Lane {
                ($( self.$i.take_lane(i), )*)
            }
            #[inline(always)]
            fn take_lanes(&self, out: [&mut MaybeUninit<Self::Lane>; WIDTH]) {
                let places = out.map(MaybeUninit::as_mut_ptr);
                $( self.$i.take_lanes(core::array::from_fn(
                    #[inline(always)]
                    // SAFETY: one part of a tuple to which `out` had the only reference; it may be uninitialised
                    |lane| unsafe { &mut *(&raw mut (*places[lane]).$i).cast() },
                )); )*
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
/// What `#[vmap]` writes: the function over lanes of any instruction set, for the elements from `at` on.
#[doc(hidden)]
pub trait Job: Sync {
    /// The result of one element.
    type Lane: Send;
    /// The results of [`WIDTH`] elements.
    type Out<I: InstructionSet>: Unstack<Lane = Self::Lane>;
    /// Elements `at..at + WIDTH`; the error of any is an error of all.
    fn run<I: InstructionSet>(&self, at: usize) -> Result<Self::Out<I>>;
    /// Element `at` alone.
    fn one(&self, at: usize) -> Result<Self::Lane>;
}
/// Element `at` of a slice, for [`Job::one`].
///
/// # Errors
/// None: a tree has its own shape.
pub fn pick<K: Parameters<Number: Element>>(trees: &[K], at: usize) -> Result<K::With<K::Number>> {
    K::pack::<K::Number, 1>([&trees[at]])
}

/// Elements `first..first + out.len()` into `out`; the failures by index. The elements that failed are not written.
///
/// Lanes run as if none could fail, and a chunk in which one does is run again, element by element: what a failed lane would need to go
/// on beside the others costs the good ones more (batch of step 3: 33 ns an element).
#[cfg_attr(not(debug_assertions), inline(always))]
fn chunks<J: Job>(job: &J, first: usize, out: &mut [MaybeUninit<J::Lane>]) -> Vec<(usize, Error)> {
    let mut failed = Vec::new();
    let notes = Notes::new();
    let mut at = first;
    for out in out.chunks_mut(WIDTH) {
        match job.run::<Chunked>(at) {
            Ok(y) if !notes.any() => place(&y, out),
            _ => one_by_one(job, at, out, &notes, &mut failed),
        }
        at += WIDTH;
    }
    failed
}
/// The lanes of one chunk into `out`; of the last one only some are wanted.
#[inline(always)]
fn place<Y: Unstack>(y: &Y, out: &mut [MaybeUninit<Y::Lane>]) {
    match <&mut [_; WIDTH]>::try_from(&mut *out) {
        Ok(out) => y.take_lanes(out.each_mut()),
        Err(_) => {
            for (lane, out) in out.iter_mut().enumerate() {
                out.write(y.take_lane(lane));
            }
        }
    }
}
/// A chunk in which something failed.
#[cold]
#[inline(never)]
fn one_by_one<J: Job>(
    job: &J,
    first: usize,
    out: &mut [MaybeUninit<J::Lane>],
    notes: &Notes,
    failed: &mut Vec<(usize, Error)>,
) {
    notes.take();
    for (at, out) in (first..).zip(out) {
        match (job.one(at), notes.take().into_iter().next()) {
            (Ok(y), None) => _ = out.write(y),
            (Ok(_), Some((_, e))) | (Err(e), _) => failed.push((at, e)),
        }
    }
}
#[cfg(all(target_arch = "x86_64", not(debug_assertions)))]
#[target_feature(enable = "avx2,fma")]
fn chunks_wide<J: Job>(job: &J, first: usize, out: &mut [MaybeUninit<J::Lane>]) -> Vec<(usize, Error)> {
    chunks(job, first, out)
}
/// By the best instructions that the machine has. Only one copy of the function over lanes is compiled, as copies are the user's waiting
/// time (release build of a vmap over a solve, on 2 cores: 9.8 s with lanes of the baseline beside these): a release build for x86-64 has
/// lanes for AVX2 and goes element by element where there is none (before 2013), a debug build and other machines have the baseline's.
#[inline(never)]
fn dispatch<J: Job>(job: &J, first: usize, out: &mut [MaybeUninit<J::Lane>]) -> Vec<(usize, Error)> {
    #[cfg(all(target_arch = "x86_64", not(debug_assertions)))]
    {
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: the machine has the instructions
            return unsafe { chunks_wide(job, first, out) };
        }
        let mut failed = Vec::new();
        one_by_one(job, first, out, &Notes::new(), &mut failed);
        failed
    }
    #[cfg(not(all(target_arch = "x86_64", not(debug_assertions))))]
    chunks(job, first, out)
}

/// From this many elements a batch is spread over threads: below, starting them costs more than they save.
pub const THREADS_FROM: usize = 4096;
thread_local! {
    static ONE_THREAD: core::cell::Cell<bool> = const { core::cell::Cell::new(false) };
}
/// Runs `f`, in which batches stay on this thread: for programs that have threads of their own, and for timings.
///
/// ```
/// assert_eq!(cola_core::batch::on_one_thread(|| 1 + 1), 2);
/// ```
pub fn on_one_thread<R>(f: impl FnOnce() -> R) -> R {
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            ONE_THREAD.set(self.0);
        }
    }
    let _restore = Restore(ONE_THREAD.replace(true));
    f()
}
/// All elements into `out`, on as many threads as it pays; the failures by index.
fn fill<J: Job>(job: &J, out: &mut [MaybeUninit<J::Lane>]) -> Vec<(usize, Error)> {
    let n = out.len();
    let alone = n < THREADS_FROM || ONE_THREAD.get();
    let threads = if alone { 1 } else { std::thread::available_parallelism().map_or(1, |t| t.get()) };
    if threads == 1 {
        return dispatch(job, 0, out);
    }
    let each = n.div_ceil(threads).next_multiple_of(WIDTH);
    let parts = std::thread::scope(|scope| {
        let spawn = |(k, out)| scope.spawn(move || dispatch(job, k * each, out));
        let handles: Vec<_> = out.chunks_mut(each).enumerate().map(spawn).collect();
        handles.into_iter().map(|h| h.join()).collect::<Vec<_>>()
    });
    parts.into_iter().flat_map(|part| part.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
}
/// All elements, or the failures by index.
///
/// # Errors
/// `Lanes` with index and failure of each failed element.
#[doc(hidden)]
pub fn slice<J: Job>(n: usize, job: &J) -> Result<Vec<J::Lane>> {
    if core::mem::needs_drop::<J::Lane>() {
        return all_or_failures(each(n, job)?);
    }
    let mut out = Vec::with_capacity(n);
    let failed = fill(job, &mut out.spare_capacity_mut()[..n]);
    if !failed.is_empty() {
        return Err(Error::Lanes { failed });
    }
    // SAFETY: `fill` writes every element that it does not name as failed
    unsafe { out.set_len(n) };
    Ok(out)
}
fn all_or_failures<Y>(each: Vec<Result<Y>>) -> Result<Vec<Y>> {
    let (mut out, mut failed) = (Vec::with_capacity(each.len()), Vec::new());
    for (i, y) in each.into_iter().enumerate() {
        match y {
            Ok(y) => out.push(y),
            Err(e) => failed.push((i, e)),
        }
    }
    if failed.is_empty() { Ok(out) } else { Err(Error::Lanes { failed }) }
}
/// Each element's own outcome; chunks of [`WIDTH`] lanes, threads above [`THREADS_FROM`] elements.
///
/// # Errors
/// None of its own; what concerns the whole call is refused before.
#[doc(hidden)]
pub fn each<J: Job>(n: usize, job: &J) -> Result<Vec<Result<J::Lane>>> {
    let mut out: Vec<MaybeUninit<J::Lane>> = Vec::with_capacity(n);
    out.resize_with(n, MaybeUninit::uninit);
    let mut failed = fill(job, &mut out).into_iter().peekable();
    let outcome = |(i, y): (usize, MaybeUninit<J::Lane>)| match failed.next_if(|f| f.0 == i) {
        Some((_, e)) => Err(e),
        // SAFETY: `fill` writes every element that it does not name as failed, and names them by index
        None => Ok(unsafe { y.assume_init() }),
    };
    Ok(out.into_iter().enumerate().map(outcome).collect())
}
