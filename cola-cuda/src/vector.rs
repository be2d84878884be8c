//! Numbers on a device, and what iterative methods ask of them.

use crate::device::Cuda;
use crate::driver::failed;
use crate::kernel::{THREADS, covering, launched};
use cola_core::vector::Vector;
use cola_core::{Complex, Error, Real, Result, Scalar};
use cudarc::driver::{CudaFunction, CudaSlice, DeviceRepr, LaunchArgs, LaunchConfig, PushKernelArg};
use std::fmt;

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
    impl Sealed for super::Complex<f32> {}
    impl Sealed for super::Complex<f64> {}
}

/// A complex number as kernels see it: `Cx` in `kernels/vector.cu`.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct Pair<R>(R, R);
// SAFETY: two numbers without padding, the layout of the C++ struct.
unsafe impl DeviceRepr for Pair<f32> {}
// SAFETY: as above.
unsafe impl DeviceRepr for Pair<f64> {}

/// A number that vectors and operators on devices are made of: `f32`, `f64` and their complex numbers.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a number of devices",
    label = "`f32`, `f64`, `Complex<f32>` and `Complex<f64>` are"
)]
pub trait DeviceNumber:
    sealed::Sealed
    + Scalar<Re = <Self as DeviceNumber>::Part, Complex = <Self as DeviceNumber>::Wide, Mask = bool>
    + Default
    + 'static
{
    /// The real numbers that it is made of.
    type Part: DeviceScalar;
    /// The complex numbers over it.
    type Wide: DeviceNumber<Part = Self::Part>;
    /// The same number as the driver takes it: of the same size and layout.
    #[doc(hidden)]
    type Raw: DeviceRepr + Copy + Send + Sync + fmt::Debug + 'static;
    /// What the kernels' names end with.
    #[doc(hidden)]
    const SUFFIX: &'static str;
    /// As kernels take it.
    #[doc(hidden)]
    fn raw(self) -> Self::Raw;
}
macro_rules! numbers {
    ($($T:ty, $Part:ty, $Raw:ty, $suffix:literal, |$x:ident| $raw:expr;)*) => { $(
        impl DeviceNumber for $T {
            type Part = $Part;
            type Wide = Complex<$Part>;
            type Raw = $Raw;
            const SUFFIX: &'static str = $suffix;
            fn raw(self) -> $Raw {
                let $x = self;
                $raw
            }
        }
        const _: () = assert!(size_of::<$T>() == size_of::<$Raw>() && align_of::<$T>() == align_of::<$Raw>());
    )* };
}
numbers! {
    f32, f32, f32, "f32", |x| x;
    f64, f64, f64, "f64", |x| x;
    Complex<f32>, f32, Pair<f32>, "c32", |x| Pair(x.re, x.im);
    Complex<f64>, f64, Pair<f64>, "c64", |x| Pair(x.re, x.im);
}
/// A real number that devices work with: `f32` or `f64`.
pub trait DeviceScalar:
    DeviceNumber<Raw = Self, Part = Self> + Real + DeviceRepr + Copy + Default + Send + Sync + fmt::Debug + 'static
{
}
impl DeviceScalar for f32 {}
impl DeviceScalar for f64 {}

/// Numbers as the driver takes them.
pub(crate) fn raw_slice<T: DeviceNumber>(x: &[T]) -> &[T::Raw] {
    // SAFETY: both have one layout, as `numbers!` asserts for all types there are (the trait is sealed).
    unsafe { std::slice::from_raw_parts(x.as_ptr().cast(), x.len()) }
}
/// Numbers as the driver writes them: it writes numbers of this type only.
pub(crate) fn raw_slice_mut<T: DeviceNumber>(x: &mut [T]) -> &mut [T::Raw] {
    // SAFETY: as above; every pattern of bits is a number.
    unsafe { std::slice::from_raw_parts_mut(x.as_mut_ptr().cast(), x.len()) }
}

/// A vector in the memory of a GPU, made by [`Cuda::upload`]; its memory is given back when it is dropped.
pub struct DeviceVector<T: DeviceNumber> {
    /// `None` where there are no numbers.
    pub(crate) data: Option<CudaSlice<T::Raw>>,
    pub(crate) device: Cuda,
}

impl<T: DeviceNumber> DeviceVector<T> {
    /// How many numbers.
    pub fn len(&self) -> usize {
        self.data.as_ref().map_or(0, CudaSlice::len)
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.data.is_none()
    }

    /// Where its numbers lie in the device's memory, for calls of other libraries on [`Cuda::stream`]; 0 where there are none.
    pub fn address(&self) -> u64 {
        crate::libraries::address(self)
    }

    /// A copy on the same device.
    pub(crate) fn duplicate(&self) -> Result<Self> {
        let copy = |d: &CudaSlice<T::Raw>| {
            self.device.stream.clone_dtod(d).map_err(|e| failed("cuMemcpyDtoDAsync", "a copy on the GPU", e))
        };
        Ok(DeviceVector { data: self.data.as_ref().map(copy).transpose()?, device: self.device.clone() })
    }
    /// The device it is on.
    pub fn device(&self) -> &Cuda {
        &self.device
    }
}

impl<T: DeviceNumber> fmt::Debug for DeviceVector<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeviceVector<{}>({} on device {})", std::any::type_name::<T>(), self.len(), self.device.ordinal())
    }
}

/// Blocks of a reduction: as many partial sums are added on the host, in one order always.
const PARTS: u32 = 528;
/// The launch of a reduction over n numbers; one partial result per block.
pub(crate) fn reducing(n: usize) -> LaunchConfig {
    let blocks = n.div_ceil(THREADS as usize).clamp(1, PARTS as usize) as u32;
    LaunchConfig { grid_dim: (blocks, 1, 1), block_dim: (THREADS, 1, 1), shared_mem_bytes: 0 }
}

/// The operations behind [`Vector`], with their failures. Vectors of one call have one length and one device.
impl<T: DeviceNumber> DeviceVector<T> {
    fn meets(&self, x: &Self) -> Result<()> {
        if self.len() != x.len() {
            return Err(Error::ShapeMismatch {
                op: "vectors of one length",
                left: (self.len(), 1),
                right: (x.len(), 1),
            });
        }
        self.device.same_device(&x.device)
    }
    /// Launches `name` over all numbers, with the arguments that `add` pushes.
    fn each<'a>(
        gpu: &'a Cuda,
        kernel: &'a CudaFunction,
        n: usize,
        name: &str,
        add: impl FnOnce(&mut LaunchArgs<'a>),
    ) -> Result<()> {
        let Some(config) = covering(n) else { return Ok(()) };
        let mut launch = gpu.stream.launch_builder(kernel);
        add(&mut launch);
        // SAFETY: the callers push the arguments of their kernel, whose buffers all have n numbers.
        launched(name, unsafe { launch.launch(config) }).map(|_| ())
    }
    /// Launches a reduction and gives its partial results.
    fn parts<'a, P: DeviceNumber>(
        gpu: &'a Cuda,
        kernel: &'a CudaFunction,
        n: usize,
        name: &str,
        parts: &'a mut Option<CudaSlice<P::Raw>>,
        add: impl FnOnce(&mut LaunchArgs<'a>, &'a mut CudaSlice<P::Raw>),
    ) -> Result<()> {
        let config = reducing(n);
        *parts = gpu.reserve::<P>(config.grid_dim.0 as usize)?.data;
        let Some(to) = parts else { return Ok(()) };
        let mut launch = gpu.stream.launch_builder(kernel);
        add(&mut launch, to);
        // SAFETY: as in `each`; there is one partial result per block.
        launched(name, unsafe { launch.launch(config) }).map(|_| ())
    }
    fn host<P: DeviceNumber>(gpu: &Cuda, parts: Option<CudaSlice<P::Raw>>) -> Result<Vec<P>> {
        gpu.download(&DeviceVector { data: parts, device: gpu.clone() })
    }
    fn added<P: DeviceNumber>(parts: Vec<P>) -> P {
        parts.into_iter().fold(P::default(), |s, x| s + x)
    }

    /// self <- c in every entry.
    ///
    /// # Errors
    /// `Device`.
    pub fn try_fill(&mut self, c: T) -> Result<()> {
        let (gpu, n) = (self.device.clone(), self.len());
        let (kernel, count, c) = (gpu.own::<T>("fill")?, n as i64, c.raw());
        let Some(y) = &mut self.data else { return Ok(()) };
        Self::each(&gpu, &kernel, n, "fill", |l| {
            l.arg(y).arg(&c).arg(&count);
        })
    }
    /// self <- a x + b self; what `self` held is not read where b is 0.
    ///
    /// # Errors
    /// `ShapeMismatch`, `Device`.
    pub fn try_axpby(&mut self, a: T, x: &Self, b: T) -> Result<()> {
        self.meets(x)?;
        let (gpu, n) = (self.device.clone(), self.len());
        let (kernel, count, a, b) = (gpu.own::<T>("axpby")?, n as i64, a.raw(), b.raw());
        let (Some(y), Some(x)) = (&mut self.data, &x.data) else { return Ok(()) };
        Self::each(&gpu, &kernel, n, "axpby", |l| {
            l.arg(y).arg(x).arg(&a).arg(&b).arg(&count);
        })
    }
    /// self <- c self.
    ///
    /// # Errors
    /// `Device`.
    pub fn try_scale(&mut self, c: T) -> Result<()> {
        let (gpu, n) = (self.device.clone(), self.len());
        let (kernel, count, c) = (gpu.own::<T>("scale")?, n as i64, c.raw());
        let Some(y) = &mut self.data else { return Ok(()) };
        Self::each(&gpu, &kernel, n, "scale", |l| {
            l.arg(y).arg(&c).arg(&count);
        })
    }
    /// s^2 self^H y.
    fn scaled_dot(&self, y: &Self, s: T::Re) -> Result<T> {
        self.meets(y)?;
        let (gpu, n, mut parts) = (&self.device, self.len(), None);
        let (kernel, count, s) = (gpu.own::<T>("dot")?, n as i64, s.raw());
        let (Some(x), Some(y)) = (&self.data, &y.data) else { return Ok(T::default()) };
        Self::parts::<T>(gpu, &kernel, n, "dot", &mut parts, |l, to| {
            l.arg(to).arg(x).arg(y).arg(&s).arg(&count);
        })?;
        Ok(Self::added(Self::host::<T>(gpu, parts)?))
    }
    /// self^H y: the numbers of `self` are conjugated.
    ///
    /// # Errors
    /// `ShapeMismatch`, `Device`.
    pub fn try_dot(&self, y: &Self) -> Result<T> {
        self.scaled_dot(y, T::Re::of(1.0))
    }
    /// The largest magnitude, of complex numbers the larger part; NaN if there is one.
    pub(crate) fn largest(&self) -> Result<T::Re> {
        let (gpu, n, mut parts) = (&self.device, self.len(), None);
        let (kernel, count) = (gpu.own::<T>("largest")?, n as i64);
        let Some(x) = &self.data else { return Ok(T::Re::default()) };
        Self::parts::<T::Re>(gpu, &kernel, n, "largest", &mut parts, |l, to| {
            l.arg(to).arg(x).arg(&count);
        })?;
        let nan = T::Re::of(f64::NAN);
        let larger = |m: T::Re, x: T::Re| if m.lane_f64(0).is_nan() || x.lane_f64(0).is_nan() { nan } else { m.max(x) };
        Ok(Self::host::<T::Re>(gpu, parts)?.into_iter().fold(T::Re::default(), larger))
    }
    /// |self|_2, protected against overflow and underflow of the squares.
    ///
    /// # Errors
    /// `Device`.
    pub fn try_norm(&self) -> Result<T::Re> {
        let plain = self.try_dot(self)?.re();
        let small = if size_of::<T::Re>() == 4 { 1e-30 } else { 1e-290 };
        let value = plain.lane_f64(0);
        if value.is_finite() && value >= small || value.is_nan() || self.is_empty() {
            return Ok(plain.sqrt());
        }
        let top = self.largest()?;
        if top.lane_f64(0) == 0.0 || !top.lane_f64(0).is_finite() {
            return Ok(top);
        }
        // by the root twice: 1 / top may overflow
        let root = T::Re::of(1.0) / top.sqrt();
        let inverse = root * root;
        if inverse.lane_f64(0).is_finite() {
            return Ok(top * self.scaled_dot(self, inverse)?.re().sqrt());
        }
        let mut copy = self.duplicate()?;
        copy.try_scale(T::from_re(root))?;
        Ok(top * copy.scaled_dot(&copy, root)?.re().sqrt())
    }
    /// One step of conjugate gradients: x <- x + a p, r <- r - b q, and |r|^2; one pass over four vectors.
    ///
    /// # Errors
    /// `ShapeMismatch`, `Device`.
    pub fn try_step(x: &mut Self, a: T, p: &Self, r: &mut Self, b: T, q: &Self) -> Result<T::Re> {
        [p, &*r, q].into_iter().try_for_each(|v| x.meets(v))?;
        let (gpu, n, mut parts) = (x.device.clone(), x.len(), None);
        let (kernel, count, a, b) = (gpu.own::<T>("step")?, n as i64, a.raw(), b.raw());
        let (Some(x), Some(p), Some(r), Some(q)) = (&mut x.data, &p.data, &mut r.data, &q.data) else {
            return Ok(T::Re::default());
        };
        Self::parts::<T::Re>(&gpu, &kernel, n, "step", &mut parts, |l, to| {
            l.arg(x).arg(&a).arg(p).arg(r).arg(&b).arg(q).arg(to).arg(&count);
        })?;
        Ok(Self::added(Self::host::<T::Re>(&gpu, parts)?))
    }
    /// Keeps a failure for the end of the iteration: the operations of [`Vector`] cannot return it. NaN ends the iteration.
    fn noted<P: DeviceNumber>(gpu: &Cuda, r: Result<P>) -> P {
        r.unwrap_or_else(|e| {
            gpu.note(e);
            P::of(f64::NAN)
        })
    }
    fn noted_by(gpu: Cuda, r: Result<()>) {
        Self::noted(&gpu, r.map(|()| T::default()));
    }
}
/// A failure of the device is NaN here, which ends every iteration, and is what the solve returns.
impl<T: DeviceNumber> Vector for DeviceVector<T> {
    type Scalar = T;
    fn fill(&mut self, c: T) {
        let r = self.try_fill(c);
        Self::noted_by(self.device.clone(), r)
    }
    fn copy(&mut self, x: &Self) {
        let r = self.try_axpby(T::of(1.0), x, T::default());
        Self::noted_by(self.device.clone(), r)
    }
    fn scale(&mut self, c: T) {
        let r = self.try_scale(c);
        Self::noted_by(self.device.clone(), r)
    }
    fn axpy(&mut self, a: T, x: &Self) {
        let r = self.try_axpby(a, x, T::of(1.0));
        Self::noted_by(self.device.clone(), r)
    }
    fn axpby(&mut self, a: T, x: &Self, b: T) {
        let r = self.try_axpby(a, x, b);
        Self::noted_by(self.device.clone(), r)
    }
    fn dot(&self, y: &Self) -> T {
        Self::noted(&self.device, self.try_dot(y))
    }
    fn norm(&self) -> T::Re {
        Self::noted(&self.device, self.try_norm())
    }
    fn largest(&self) -> T::Re {
        Self::noted(&self.device, DeviceVector::largest(self))
    }
    fn step(x: &mut Self, a: T, p: &Self, r: &mut Self, b: T, q: &Self) -> T::Re {
        let done = Self::try_step(x, a, p, r, b, q);
        Self::noted(&x.device, done)
    }
}
