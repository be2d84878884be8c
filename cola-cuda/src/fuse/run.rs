//! Fused kernels on a device: `gpu.fuse::<K>()?` and its functions.

use super::{Function, Fusible, Layout, Record, Source, Team, failures, layout, source};
use crate::device::Cuda;
use crate::driver::failed;
use crate::kernel::{launched, shared, tiled};
use crate::vector::{DeviceScalar, DeviceVector};
use cola_core::functions::{HasDet, HasExp, HasPower, Invertible};
use cola_core::{Element, Error, Operand, Operator, Parameters, Result};
use cudarc::driver::{CudaSlice, DeviceRepr, LaunchConfig, PushKernelArg};
use std::borrow::Cow;
use std::marker::PhantomData;

/// The last but two argument of every fused kernel; `Batch` in `kernels/fused.cuh`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
struct BatchArgument {
    size: i64,
    exponent: f64,
    integer: i32,
    capacity: u32,
}
// SAFETY: plain numbers with the layout of the C++ struct: 8, 8, 4, 4 bytes.
unsafe impl DeviceRepr for BatchArgument {}
/// Room for failures; a batch with more of them names this many.
const CAPACITY: usize = 1 << 16;

/// Numbers of a batch in the memory of a device: operators, vectors or results.
#[derive(Debug)]
pub struct DeviceBatch<T: DeviceScalar> {
    pub(crate) numbers: DeviceVector<T>,
    size: usize,
    batch: usize,
    layout: Layout,
}
impl<T: DeviceScalar> DeviceBatch<T> {
    /// `batch` elements of `size` numbers that lie in `layout`.
    ///
    /// # Errors
    /// `ShapeMismatch` where there are not batch x size numbers; `Device`.
    pub fn new(gpu: &Cuda, numbers: &[T], size: usize, batch: usize, layout: Layout) -> Result<Self> {
        if size.checked_mul(batch) != Some(numbers.len()) {
            let (left, right) = ((batch, size), (numbers.len(), 1));
            return Err(Error::ShapeMismatch { op: "numbers of a batch", left, right });
        }
        Ok(DeviceBatch { numbers: gpu.upload(numbers)?, size, batch, layout })
    }
    /// Elements.
    pub fn len(&self) -> usize {
        self.batch
    }
    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.batch == 0
    }
    /// Numbers of an element.
    pub fn size(&self) -> usize {
        self.size
    }
    /// How they lie.
    pub fn layout(&self) -> Layout {
        self.layout
    }
    /// Back to the host, element after element.
    ///
    /// # Errors
    /// `Device`.
    pub fn download(&self) -> Result<Vec<T>> {
        let numbers = self.numbers.device().download(&self.numbers)?;
        Ok(layout::relayout(&numbers, self.size, self.layout, Layout::Contiguous))
    }
    /// The same numbers in another layout, turned on the device.
    ///
    /// # Errors
    /// `Device`, `InvalidArgument` where the batch is too large for a launch.
    pub fn in_layout(&self, layout: Layout) -> Result<Cow<'_, DeviceBatch<T>>> {
        let gpu = self.numbers.device();
        if layout == self.layout || self.size <= 1 || self.batch <= 1 {
            return Ok(Cow::Borrowed(self));
        }
        let (rows, cols) =
            if self.layout == Layout::Contiguous { (self.batch, self.size) } else { (self.size, self.batch) };
        let mut numbers = gpu.reserve(rows * cols)?;
        if let (Some(config), Some(to), Some(from)) =
            (tiled(rows, cols, 1, 32, (32, 8))?, &mut numbers.data, &self.numbers.data)
        {
            let kernel = gpu.own::<T>("turned")?;
            let (rows, cols) = (rows as i64, cols as i64);
            let mut launch = gpu.stream.launch_builder(&kernel);
            launch.arg(to).arg(from).arg(&rows).arg(&cols);
            // SAFETY: both buffers hold rows x cols numbers, and the kernel writes `to` alone.
            launched("a change of layout", unsafe { launch.launch(config) })?;
        }
        Ok(Cow::Owned(DeviceBatch { numbers, size: self.size, batch: self.batch, layout }))
    }
}
impl<T: DeviceScalar> Clone for DeviceBatch<T> {
    /// A copy on the device.
    ///
    /// # Panics
    /// Where the device has no memory for it.
    fn clone(&self) -> Self {
        let numbers = self.numbers.duplicate().unwrap_or_else(|e| panic!("{e}"));
        DeviceBatch { numbers, ..*self }
    }
}

/// The operators of a batch: a slice of them, or a [`DeviceBatch`] that [`Fused::upload`] made.
pub trait OperatorBatch<K: Parameters<Number: DeviceScalar>> {
    /// On the device, `size` numbers each.
    ///
    /// # Errors
    /// `ShapeMismatch`, `Device`.
    fn numbers(&self, gpu: &Cuda, size: usize, layout: Layout) -> Result<Cow<'_, DeviceBatch<K::Number>>>;
}
/// The vectors of a batch: a slice of vectors, or a [`DeviceBatch`] that [`Fused::upload_vectors`] or a fused function made. Results
/// are of the same kind.
pub trait VectorBatch<T: DeviceScalar> {
    /// Results of the same kind.
    type Output;
    /// On the device, `size` numbers each.
    ///
    /// # Errors
    /// `ShapeMismatch`, `Device`.
    fn numbers(&self, gpu: &Cuda, size: usize, layout: Layout) -> Result<Cow<'_, DeviceBatch<T>>>;
    /// The results in this kind.
    ///
    /// # Errors
    /// `Device`.
    fn back(results: DeviceBatch<T>) -> Result<Self::Output>;
}
fn sent<T: DeviceScalar>(
    gpu: &Cuda,
    numbers: &[T],
    size: usize,
    batch: usize,
    layout: Layout,
) -> Result<Cow<'static, DeviceBatch<T>>> {
    Ok(Cow::Owned(DeviceBatch { numbers: gpu.upload(numbers)?, size, batch, layout }))
}
fn checked<'a, T: DeviceScalar>(
    b: &'a DeviceBatch<T>,
    gpu: &Cuda,
    size: usize,
    layout: Layout,
) -> Result<Cow<'a, DeviceBatch<T>>> {
    if b.size != size {
        return Err(Error::ShapeMismatch {
            op: "numbers of an element of a batch",
            left: (size, 1),
            right: (b.size, 1),
        });
    }
    gpu.same_device(b.numbers.device())?;
    b.in_layout(layout)
}
impl<T: DeviceScalar + cola_core::Scalar, K: Parameters<Number = T>> OperatorBatch<K> for [K] {
    fn numbers(&self, gpu: &Cuda, size: usize, layout: Layout) -> Result<Cow<'_, DeviceBatch<T>>> {
        sent(gpu, &layout::pack(self, size, layout)?, size, self.len(), layout)
    }
}
impl<T: DeviceScalar + cola_core::Scalar, K: Parameters<Number = T>> OperatorBatch<K> for Vec<K> {
    fn numbers(&self, gpu: &Cuda, size: usize, layout: Layout) -> Result<Cow<'_, DeviceBatch<T>>> {
        OperatorBatch::<K>::numbers(&self[..], gpu, size, layout)
    }
}
impl<T: DeviceScalar + cola_core::Scalar, K: Parameters<Number = T>> OperatorBatch<K> for DeviceBatch<T> {
    fn numbers(&self, gpu: &Cuda, size: usize, layout: Layout) -> Result<Cow<'_, DeviceBatch<T>>> {
        checked(self, gpu, size, layout)
    }
}
impl<T: DeviceScalar + cola_core::Scalar, V: Operand<T>> VectorBatch<T> for [V] {
    type Output = Vec<V::Output>;
    fn numbers(&self, gpu: &Cuda, size: usize, layout: Layout) -> Result<Cow<'_, DeviceBatch<T>>> {
        let mut numbers = vec![T::default(); size * self.len()];
        for (b, v) in self.iter().enumerate() {
            let v = v.view();
            if (v.rows, v.cols) != (size, 1) {
                let right = (v.rows, v.cols);
                return Err(Error::ShapeMismatch { op: "a vector of a batch", left: (size, 1), right });
            }
            (0..size).for_each(|i| numbers[layout.at(i, size, b, self.len())] = v.at(i, 0));
        }
        sent(gpu, &numbers, size, self.len(), layout)
    }
    fn back(results: DeviceBatch<T>) -> Result<Vec<V::Output>> {
        let (numbers, size) = (results.download()?, results.size);
        let one = |b: usize| {
            let mut y = <V::Output as cola_core::Produce<T>>::produce(size, 1);
            let mut to = cola_core::Produce::view_mut(&mut y);
            (0..size).for_each(|i| *to.at(i, 0) = numbers[b * size + i]);
            y
        };
        Ok((0..results.batch).map(one).collect())
    }
}
impl<T: DeviceScalar + cola_core::Scalar, V: Operand<T>> VectorBatch<T> for Vec<V> {
    type Output = Vec<V::Output>;
    fn numbers(&self, gpu: &Cuda, size: usize, layout: Layout) -> Result<Cow<'_, DeviceBatch<T>>> {
        VectorBatch::numbers(&self[..], gpu, size, layout)
    }
    fn back(results: DeviceBatch<T>) -> Result<Vec<V::Output>> {
        <[V]>::back(results)
    }
}
impl<T: DeviceScalar + cola_core::Scalar> VectorBatch<T> for DeviceBatch<T> {
    type Output = DeviceBatch<T>;
    fn numbers(&self, gpu: &Cuda, size: usize, layout: Layout) -> Result<Cow<'_, DeviceBatch<T>>> {
        checked(self, gpu, size, layout)
    }
    fn back(results: DeviceBatch<T>) -> Result<DeviceBatch<T>> {
        Ok(results)
    }
}

/// The fused kernels of the operator type `K` on one device, made by [`Cuda::fuse`]; each is compiled when it is first asked for.
///
/// Operators and vectors are slices of the host or [`DeviceBatch`]es; vectors and results are of one kind. An element that fails is
/// named in `Error::Lanes` with what the host would have said of it; results of the others are lost with the error, so that a
/// caller who wants them takes a [`DeviceBatch`] and [`Fused::run_into`].
#[derive(Clone, Debug)]
pub struct Fused<K> {
    gpu: Cuda,
    kind: PhantomData<fn() -> K>,
}
impl Cuda {
    /// One kernel per function for a whole batch of `K`; written now, compiled when it is first used.
    ///
    /// ```
    /// # fn main() -> cola_core::Result<()> {
    /// use cola_core::{Dense, Diagonal, Kron, Psd};
    /// use nalgebra::{SMatrix, SVector, matrix, vector};
    /// type K = Kron<Psd<Dense<SMatrix<f64, 2, 2>>>, Diagonal<SVector<f64, 3>>>;
    ///
    /// # if !cola_cuda::Cuda::probe().is_usable() { return Ok(()) }
    /// let gpu = cola_cuda::Cuda::new(0)?;
    /// let ks: Vec<K> = vec![Kron::new(Psd::new(matrix![2.0, 1.0; 1.0, 3.0]), Diagonal::new(vector![3.0, 0.2, 1.0])); 1000];
    /// let vs = vec![SVector::<f64, 6>::repeat(1.0); 1000];
    /// let ys: Vec<SVector<f64, 6>> = gpu.fuse::<K>()?.sqrt_apply(&ks, &vs)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `InvalidArgument` where the type is too large for a fused kernel.
    pub fn fuse<K: Fusible<Scalar: DeviceScalar>>(&self) -> Result<Fused<K>> {
        source::<K>(Function::Apply)?;
        Ok(Fused { gpu: self.clone(), kind: PhantomData })
    }
}
impl<T, K> Fused<K>
where
    T: DeviceScalar + Element,
    K: Fusible + Operator<Scalar = T> + Parameters<Number = T>,
{
    /// Operators to the device, for use by several functions.
    ///
    /// # Errors
    /// `ShapeMismatch`, `Device`.
    pub fn upload(&self, operators: &[K]) -> Result<DeviceBatch<T>> {
        let s = source::<K>(Function::Apply)?;
        Ok(OperatorBatch::<K>::numbers(operators, &self.gpu, s.params, s.layout())?.into_owned())
    }
    /// Operators in lanes to the device: lane l of operator k is element k * B + l.
    ///
    /// # Errors
    /// As [`upload`](Fused::upload).
    pub fn upload_lanes<const B: usize>(&self, operators: &[layout::InLanes<K, B>]) -> Result<DeviceBatch<T>> {
        let s = source::<K>(Function::Apply)?;
        let numbers = layout::pack_lanes::<K, B>(operators, s.params, s.layout())?;
        Ok(sent(&self.gpu, &numbers, s.params, operators.len() * B, s.layout())?.into_owned())
    }
    /// Vectors to the device.
    ///
    /// # Errors
    /// As [`upload`](Fused::upload).
    pub fn upload_vectors<V: Operand<T>>(&self, vectors: &[V]) -> Result<DeviceBatch<T>> {
        let s = source::<K>(Function::Apply)?;
        Ok(vectors.numbers(&self.gpu, s.input, s.layout())?.into_owned())
    }
    /// The kernel behind a function.
    ///
    /// # Errors
    /// `InvalidArgument` where there is none.
    pub fn source(&self, function: Function) -> Result<Source> {
        source::<K>(function)
    }
    /// A x.
    ///
    /// # Errors
    /// `Lanes` with the elements that failed; `ShapeMismatch`, `Device`.
    pub fn apply<V: VectorBatch<T> + ?Sized>(&self, a: &(impl OperatorBatch<K> + ?Sized), x: &V) -> Result<V::Output> {
        V::back(self.vectors(Function::Apply, 1.0, a, x)?)
    }
    /// A^-1 x.
    ///
    /// # Errors
    /// As [`apply`](Fused::apply).
    pub fn solve<V: VectorBatch<T> + ?Sized>(&self, a: &(impl OperatorBatch<K> + ?Sized), x: &V) -> Result<V::Output>
    where
        K: Invertible,
    {
        V::back(self.vectors(Function::Solve, 1.0, a, x)?)
    }
    /// A^-1 x: another name of [`solve`](Fused::solve), beside `sqrt_apply` and its kin.
    ///
    /// # Errors
    /// As [`apply`](Fused::apply).
    pub fn inv_apply<V: VectorBatch<T> + ?Sized>(
        &self,
        a: &(impl OperatorBatch<K> + ?Sized),
        x: &V,
    ) -> Result<V::Output>
    where
        K: Invertible,
    {
        self.solve(a, x)
    }
    /// A^(1/2) x.
    ///
    /// # Errors
    /// As [`apply`](Fused::apply).
    pub fn sqrt_apply<V: VectorBatch<T> + ?Sized>(
        &self,
        a: &(impl OperatorBatch<K> + ?Sized),
        x: &V,
    ) -> Result<V::Output>
    where
        K: HasPower,
    {
        V::back(self.vectors(Function::Sqrt, 0.5, a, x)?)
    }
    /// A^(-1/2) x.
    ///
    /// # Errors
    /// As [`apply`](Fused::apply).
    pub fn isqrt_apply<V: VectorBatch<T> + ?Sized>(
        &self,
        a: &(impl OperatorBatch<K> + ?Sized),
        x: &V,
    ) -> Result<V::Output>
    where
        K: HasPower,
    {
        V::back(self.vectors(Function::InvSqrt, -0.5, a, x)?)
    }
    /// A^p x.
    ///
    /// # Errors
    /// As [`apply`](Fused::apply); `NonFinite` where p is not finite.
    pub fn pow_apply<V: VectorBatch<T> + ?Sized>(
        &self,
        p: f64,
        a: &(impl OperatorBatch<K> + ?Sized),
        x: &V,
    ) -> Result<V::Output>
    where
        K: HasPower,
    {
        if !p.is_finite() {
            return Err(Error::non_finite("the exponent"));
        }
        V::back(self.vectors(Function::Pow, p, a, x)?)
    }
    /// e^A x.
    ///
    /// # Errors
    /// As [`apply`](Fused::apply).
    pub fn exp_apply<V: VectorBatch<T> + ?Sized>(
        &self,
        a: &(impl OperatorBatch<K> + ?Sized),
        x: &V,
    ) -> Result<V::Output>
    where
        K: HasExp,
    {
        V::back(self.vectors(Function::Exp, 1.0, a, x)?)
    }
    /// log det A of each element.
    ///
    /// # Errors
    /// As [`apply`](Fused::apply).
    pub fn logdet(&self, a: &(impl OperatorBatch<K> + ?Sized)) -> Result<Vec<T>>
    where
        K: HasDet,
    {
        let s = source::<K>(Function::LogDet)?;
        let a = a.numbers(&self.gpu, s.params, s.layout())?;
        let empty = DeviceBatch { numbers: self.gpu.upload(&[])?, size: 0, batch: a.batch, layout: s.layout() };
        self.run(&s, 1.0, &a, &empty)?.download()
    }
    /// x^T A x of each element.
    ///
    /// # Errors
    /// As [`apply`](Fused::apply).
    pub fn quad<V: VectorBatch<T> + ?Sized>(&self, a: &(impl OperatorBatch<K> + ?Sized), x: &V) -> Result<Vec<T>> {
        self.vectors(Function::Quad, 1.0, a, x)?.download()
    }
    /// x^T A^-1 x of each element.
    ///
    /// # Errors
    /// As [`apply`](Fused::apply).
    pub fn inv_quad<V: VectorBatch<T> + ?Sized>(&self, a: &(impl OperatorBatch<K> + ?Sized), x: &V) -> Result<Vec<T>>
    where
        K: Invertible,
    {
        self.vectors(Function::InvQuad, 1.0, a, x)?.download()
    }

    fn vectors<V: VectorBatch<T> + ?Sized>(
        &self,
        function: Function,
        exponent: f64,
        a: &(impl OperatorBatch<K> + ?Sized),
        x: &V,
    ) -> Result<DeviceBatch<T>> {
        let s = source::<K>(function)?;
        let a = a.numbers(&self.gpu, s.params, s.layout())?;
        let x = x.numbers(&self.gpu, s.input, s.layout())?;
        self.run(&s, exponent, &a, &x)
    }
    fn run(&self, s: &Source, exponent: f64, a: &DeviceBatch<T>, x: &DeviceBatch<T>) -> Result<DeviceBatch<T>> {
        let numbers = self.gpu.reserve(s.output * a.batch)?;
        let mut y = DeviceBatch { numbers, size: s.output, batch: a.batch, layout: s.layout() };
        self.run_into(s, exponent, a, x, &mut y)?;
        Ok(y)
    }
    /// The kernel `s` on numbers that lie as it wants them; good elements of `y` are written also where others fail.
    ///
    /// # Errors
    /// As [`apply`](Fused::apply).
    pub fn run_into(
        &self,
        s: &Source,
        exponent: f64,
        a: &DeviceBatch<T>,
        x: &DeviceBatch<T>,
        y: &mut DeviceBatch<T>,
    ) -> Result<()> {
        self.queue_into(s, exponent, a, x, y)?.wait()
    }
    /// As [`run_into`](Fused::run_into) without waiting for it: `y` can go into further work of the same queue, and
    /// [`Queued::wait`] says later whether all elements were good.
    ///
    /// # Errors
    /// `ShapeMismatch`, `InvalidArgument`, `Device`.
    pub fn queue_into(
        &self,
        s: &Source,
        exponent: f64,
        a: &DeviceBatch<T>,
        x: &DeviceBatch<T>,
        y: &mut DeviceBatch<T>,
    ) -> Result<Queued> {
        let batch = a.batch;
        for (b, size) in [(a, s.params), (x, s.input), (&*y, s.output)] {
            if (b.size, b.batch) != (size, batch) {
                let (left, right) = ((batch, size), (b.batch, b.size));
                return Err(Error::ShapeMismatch { op: "a batch", left, right });
            }
            if b.layout != s.layout() {
                return Err(Error::invalid(format!(
                    "this kernel wants numbers that are {:?}: use `in_layout`",
                    s.layout()
                )));
            }
            self.gpu.same_device(b.numbers.device())?;
        }
        let Some(l) = s.launch(batch)? else { return Ok(Queued { gpu: self.gpu.clone(), failures: None }) };
        let kernel = self.gpu.kernel(&s.name, &s.kernel, || s.text())?;
        shared(&kernel, l.shared)?;
        let stream = &self.gpu.stream;
        let capacity = batch.min(CAPACITY);
        let memory = |e| failed("cuMemAllocAsync", "memory for the failures of a batch", e);
        // SAFETY: a kernel writes as many records as it counts, and only those are read.
        let mut records = unsafe { stream.alloc::<Record>(capacity) }.map_err(memory)?;
        let mut count = stream.alloc_zeros::<u32>(1).map_err(memory)?;
        let n = BatchArgument {
            size: batch as i64,
            exponent,
            integer: (exponent == exponent.trunc()) as i32,
            capacity: capacity as u32,
        };
        // A kernel that reads nothing gets no memory: a pointer that is never followed.
        let nothing = 0u64;
        let mut launch = stream.launch_builder(&kernel);
        match &mut y.numbers.data {
            Some(d) => launch.arg(d),
            None => launch.arg(&nothing),
        };
        for d in [&x.numbers.data, &a.numbers.data] {
            match d {
                Some(d) => launch.arg(d),
                None => launch.arg(&nothing),
            };
        }
        launch.arg(&n).arg(&mut records).arg(&mut count);
        let config =
            LaunchConfig { grid_dim: (l.grid, 1, 1), block_dim: (l.block.0, l.block.1, 1), shared_mem_bytes: l.shared };
        // SAFETY: sizes, layouts and devices were compared above with what the kernel reads and writes; `records` has `capacity`.
        launched("a fused kernel", unsafe { launch.launch(config) })?;
        Ok(Queued { gpu: self.gpu.clone(), failures: Some((records, count)) })
    }
    /// True if one thread holds a whole element.
    #[doc(hidden)]
    pub fn by_threads(&self, function: Function) -> bool {
        source::<K>(function).is_ok_and(|s| s.team == Team::Thread)
    }
}

/// A fused kernel that was launched and may still run.
#[derive(Debug)]
#[must_use = "elements that fail are named by `wait`"]
pub struct Queued {
    gpu: Cuda,
    /// What failed, and how many; `None` of an empty batch.
    failures: Option<(CudaSlice<Record>, CudaSlice<u32>)>,
}
impl Queued {
    /// Waits for the queue, and names the elements that failed.
    ///
    /// # Errors
    /// `Lanes` with the elements that failed; `Device`.
    pub fn wait(self) -> Result<()> {
        let Some((records, count)) = self.failures else { return Ok(()) };
        let stream = &self.gpu.stream;
        let copied = |e| failed("cuMemcpyDtoHAsync", "a fused kernel", e);
        let done = |e| failed("cuStreamSynchronize", "a fused kernel", e);
        let count = stream.clone_dtoh(&count).map_err(copied)?;
        stream.synchronize().map_err(done)?;
        let count = count[0] as usize;
        if count == 0 {
            return Ok(());
        }
        let records = stream.clone_dtoh(&records.slice(..count.min(records.len()))).map_err(copied)?;
        stream.synchronize().map_err(done)?;
        failures(&records, count).map_or(Ok(()), Err)
    }
}
