//! Numbers on a device, and what iterative methods ask of them.

use crate::device::Cuda;
use crate::driver::failed;
use crate::kernel::{THREADS, covering, launched};
use cola_core::vector::Vector;
use cola_core::{Error, Real, Result};
use cudarc::driver::{CudaFunction, CudaSlice, LaunchArgs, LaunchConfig, PushKernelArg};
use std::fmt;

mod sealed {
    pub trait Sealed: cudarc::driver::DeviceRepr {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// A number that devices work with: `f32` or `f64`.
pub trait DeviceScalar: sealed::Sealed + Real + Copy + Default + Send + Sync + fmt::Debug + 'static {}
impl DeviceScalar for f32 {}
impl DeviceScalar for f64 {}

/// A vector in the memory of a GPU, made by [`Cuda::upload`]; its memory is given back when it is dropped.
pub struct DeviceVector<T: DeviceScalar> {
    /// `None` where there are no numbers.
    pub(crate) data: Option<CudaSlice<T>>,
    pub(crate) device: Cuda,
}

impl<T: DeviceScalar> DeviceVector<T> {
    /// How many numbers.
    pub fn len(&self) -> usize {
        self.data.as_ref().map_or(0, CudaSlice::len)
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.data.is_none()
    }

    /// A copy on the same device.
    pub(crate) fn duplicate(&self) -> Result<Self> {
        let copy = |d: &CudaSlice<T>| self.device.stream.clone_dtod(d).map_err(|e| failed("a copy on the GPU", e));
        Ok(DeviceVector { data: self.data.as_ref().map(copy).transpose()?, device: self.device.clone() })
    }
    /// The device it is on.
    pub fn device(&self) -> &Cuda {
        &self.device
    }
}

impl<T: DeviceScalar> fmt::Debug for DeviceVector<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeviceVector<{}>({} on device {})", std::any::type_name::<T>(), self.len(), self.device.ordinal())
    }
}

/// Blocks of a reduction: as many partial sums are added on the host, in one order always.
const PARTS: u32 = 528;

/// The operations behind [`Vector`], with their failures. Vectors of one call have one length and one device.
impl<T: DeviceScalar + Real> DeviceVector<T> {
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
    fn parts<'a>(
        gpu: &'a Cuda,
        kernel: &'a CudaFunction,
        n: usize,
        name: &str,
        parts: &'a mut Option<CudaSlice<T>>,
        add: impl FnOnce(&mut LaunchArgs<'a>, &'a mut CudaSlice<T>),
    ) -> Result<()> {
        let blocks = (n.div_ceil(THREADS as usize)).min(PARTS as usize) as u32;
        let config = LaunchConfig { grid_dim: (blocks, 1, 1), block_dim: (THREADS, 1, 1), shared_mem_bytes: 0 };
        *parts = gpu.reserve::<T>(blocks as usize)?.data;
        let Some(to) = parts else { return Ok(()) };
        let mut launch = gpu.stream.launch_builder(kernel);
        add(&mut launch, to);
        // SAFETY: as in `each`; there is one partial result per block.
        launched(name, unsafe { launch.launch(config) }).map(|_| ())
    }
    fn host(gpu: &Cuda, parts: Option<CudaSlice<T>>) -> Result<Vec<T>> {
        gpu.download(&DeviceVector { data: parts, device: gpu.clone() })
    }
    fn added(parts: Vec<T>) -> T {
        parts.into_iter().fold(T::default(), |s, x| s + x)
    }

    /// self <- c in every entry.
    ///
    /// # Errors
    /// `Device`.
    pub fn try_fill(&mut self, c: T) -> Result<()> {
        let (gpu, n) = (self.device.clone(), self.len());
        let (kernel, count) = (gpu.own::<T>("fill")?, n as i64);
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
        let (kernel, count) = (gpu.own::<T>("axpby")?, n as i64);
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
        let (kernel, count, zero) = (gpu.own::<T>("axpby")?, n as i64, T::default());
        let Some(y) = &mut self.data else { return Ok(()) };
        // y <- c y + 0 y: the number that is read is the one that is written, by one thread
        let Some(config) = covering(n) else { return Ok(()) };
        let mut launch = gpu.stream.launch_builder(&kernel);
        launch.arg(&*y).arg(&*y).arg(&c).arg(&zero).arg(&count);
        // SAFETY: the buffer has n numbers, and is not used elsewhere meanwhile.
        launched("axpby", unsafe { launch.launch(config) }).map(|_| ())
    }
    /// s^2 self^T y.
    fn scaled_dot(&self, y: &Self, s: T) -> Result<T> {
        self.meets(y)?;
        let (gpu, n, mut parts) = (&self.device, self.len(), None);
        let (kernel, count) = (gpu.own::<T>("dot")?, n as i64);
        let (Some(x), Some(y)) = (&self.data, &y.data) else { return Ok(T::default()) };
        Self::parts(gpu, &kernel, n, "dot", &mut parts, |l, to| {
            l.arg(to).arg(x).arg(y).arg(&s).arg(&count);
        })?;
        Ok(Self::added(Self::host(gpu, parts)?))
    }
    /// self^T y.
    ///
    /// # Errors
    /// `ShapeMismatch`, `Device`.
    pub fn try_dot(&self, y: &Self) -> Result<T> {
        self.scaled_dot(y, T::of(1.0))
    }
    /// The largest magnitude; NaN if there is one.
    fn largest(&self) -> Result<T> {
        let (gpu, n, mut parts) = (&self.device, self.len(), None);
        let (kernel, count) = (gpu.own::<T>("largest")?, n as i64);
        let Some(x) = &self.data else { return Ok(T::default()) };
        Self::parts(gpu, &kernel, n, "largest", &mut parts, |l, to| {
            l.arg(to).arg(x).arg(&count);
        })?;
        let nan = T::of(f64::NAN);
        let larger = |m: T, x: T| if m.lane_f64(0).is_nan() || x.lane_f64(0).is_nan() { nan } else { m.max(x) };
        Ok(Self::host(gpu, parts)?.into_iter().fold(T::default(), larger))
    }
    /// |self|_2, protected against overflow and underflow of the squares.
    ///
    /// # Errors
    /// `Device`.
    pub fn try_norm(&self) -> Result<T> {
        let plain = self.try_dot(self)?;
        let small = if size_of::<T>() == 4 { 1e-30 } else { 1e-290 };
        let value = plain.lane_f64(0);
        if value.is_finite() && value >= small || value.is_nan() || self.is_empty() {
            return Ok(plain.sqrt());
        }
        let top = self.largest()?;
        if top.lane_f64(0) == 0.0 || !top.lane_f64(0).is_finite() {
            return Ok(top);
        }
        // by the root twice: 1 / top may overflow
        let root = T::of(1.0) / top.sqrt();
        let inverse = root * root;
        if inverse.lane_f64(0).is_finite() {
            return Ok(top * self.scaled_dot(self, inverse)?.sqrt());
        }
        let mut copy = self.duplicate()?;
        copy.try_scale(root)?;
        Ok(top * copy.scaled_dot(&copy, root)?.sqrt())
    }
    /// One step of conjugate gradients: x <- x + a p, r <- r - b q, and |r|^2; one pass over four vectors.
    ///
    /// # Errors
    /// `ShapeMismatch`, `Device`.
    pub fn try_step(x: &mut Self, a: T, p: &Self, r: &mut Self, b: T, q: &Self) -> Result<T> {
        [p, &*r, q].into_iter().try_for_each(|v| x.meets(v))?;
        let (gpu, n, mut parts) = (x.device.clone(), x.len(), None);
        let (kernel, count) = (gpu.own::<T>("step")?, n as i64);
        let (Some(x), Some(p), Some(r), Some(q)) = (&mut x.data, &p.data, &mut r.data, &q.data) else {
            return Ok(T::default());
        };
        Self::parts(&gpu, &kernel, n, "step", &mut parts, |l, to| {
            l.arg(x).arg(&a).arg(p).arg(r).arg(&b).arg(q).arg(to).arg(&count);
        })?;
        Ok(Self::added(Self::host(&gpu, parts)?))
    }
    /// Keeps a failure for the end of the iteration: the operations of [`Vector`] cannot return it. NaN ends the iteration.
    fn noted(gpu: &Cuda, r: Result<T>) -> T {
        r.unwrap_or_else(|e| {
            gpu.note(e);
            T::of(f64::NAN)
        })
    }
    fn noted_by(gpu: Cuda, r: Result<()>) {
        Self::noted(&gpu, r.map(|()| T::default()));
    }
}
/// A failure of the device is NaN here, which ends every iteration, and is what the solve returns.
impl<T: DeviceScalar + Real> Vector for DeviceVector<T> {
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
    fn norm(&self) -> T {
        Self::noted(&self.device, self.try_norm())
    }
    fn step(x: &mut Self, a: T, p: &Self, r: &mut Self, b: T, q: &Self) -> T {
        let done = Self::try_step(x, a, p, r, b, q);
        Self::noted(&x.device, done)
    }
}
