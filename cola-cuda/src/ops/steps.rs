//! The products of iterations on a device, and conjugate gradients whose scalars stay there between two looks of the host.

use super::Iterate;
use crate::device::Cuda;
use crate::driver::failed;
use crate::kernel::{covering, launched};
use crate::libraries::address;
use crate::vector::{DeviceNumber, DeviceVector, reducing};
use cola_core::algorithms::krylov::Products;
use cola_core::{Real, Result, Scalar};
use cudarc::driver::{CudaFunction, CudaGraph, LaunchConfig, PushKernelArg};

type Map<'a, T> = &'a dyn Fn(&Cuda, &DeviceVector<T>, &mut DeviceVector<T>) -> Result<()>;
/// The products of an iteration.
pub(super) struct OfOperator<'a, T: DeviceNumber, F> {
    gpu: &'a Cuda,
    run: F,
    m: Option<Map<'a, T>>,
    /// Iterations of conjugate gradients between two synchronisations, if the scalars stay on the device.
    check: usize,
    graph: bool,
    steps: Option<Steps<T>>,
}
impl<'a, T: DeviceNumber, F> OfOperator<'a, T, F> {
    pub fn new(gpu: &'a Cuda, run: F, m: Option<Map<'a, T>>) -> Self {
        OfOperator { gpu, run, m, check: 1, graph: false, steps: None }
    }
    /// Several iterations between two looks of the host, as the options say.
    pub fn in_steps(self, options: Iterate) -> Self {
        OfOperator { check: options.check.unwrap_or(1), graph: options.graph, ..self }
    }
}
impl<T, F> Products<DeviceVector<T>> for OfOperator<'_, T, F>
where
    T: DeviceNumber,
    F: Fn(&Cuda, &DeviceVector<T>, &mut DeviceVector<T>) -> Result<()>,
{
    fn apply(&mut self, x: &DeviceVector<T>, y: &mut DeviceVector<T>) -> Result<()> {
        (self.run)(self.gpu, x, y)
    }
    fn precondition(&mut self, x: &DeviceVector<T>, y: &mut DeviceVector<T>) -> Result<()> {
        match self.m {
            Some(m) => m(self.gpu, x, y),
            None => y.try_axpby(T::of(1.0), x, T::default()),
        }
    }
    fn preconditioned(&self) -> bool {
        self.m.is_some()
    }
    fn cg_steps(
        &mut self,
        [x, p, r, q]: [&mut DeviceVector<T>; 4],
        scale: T::Re,
        rho: T::Re,
        limit: f64,
        most: usize,
    ) -> Result<Option<Vec<[T::Re; 2]>>> {
        let count = self.check.min(most);
        if count <= 1 || x.is_empty() {
            return Ok(None);
        }
        let key = ([&*x, &*p, &*r, &*q].map(address), scale.lane_f64(0));
        let (gpu, run) = (self.gpu, &self.run);
        let steps = match self.steps.take() {
            Some(kept) if kept.key == key => self.steps.insert(kept),
            _ => self.steps.insert(Steps::new(gpu, key, x.len(), self.check)?),
        };
        steps.start(gpu, rho, limit)?;
        let mut one = |steps: &Steps<T>| -> Result<()> {
            run(gpu, p, q)?;
            steps.queue(gpu, scale)
        };
        for i in 0..count {
            // the first step has loaded all kernels
            if i == 1 && self.graph && !steps.tried {
                steps.tried = true;
                steps.graph = gpu.record(|| one(steps));
            }
            match &steps.graph {
                Some(graph) => graph.launch().map_err(|e| failed("cuGraphLaunch", "a step of CG", e))?,
                None => one(steps)?,
            }
        }
        let log = gpu.download(&steps.log)?;
        let taken = log.chunks(3).take(count).take_while(|l| l[2].lane_f64(0) != 0.0);
        Ok(Some(taken.map(|l| [l[0], l[1]]).collect()))
    }
}
/// What the steps work with; the vectors are the same in all steps of a solve.
struct Steps<T: DeviceNumber> {
    /// Addresses of x, p, r and q, and the scale of x.
    key: ([u64; 4], f64),
    n: usize,
    /// `Progress` in kernels/vector.cu.
    state: DeviceVector<T::Re>,
    /// Three numbers for each step.
    log: DeviceVector<T::Re>,
    sums: DeviceVector<T>,
    squares: DeviceVector<T::Re>,
    kernels: [CudaFunction; 5],
    tried: bool,
    graph: Option<CudaGraph>,
}
impl<T: DeviceNumber> Steps<T> {
    fn new(gpu: &Cuda, key: ([u64; 4], f64), n: usize, most: usize) -> Result<Self> {
        let parts = reducing(n).grid_dim.0 as usize;
        let own = |name: &str| gpu.own::<T>(name);
        Ok(Steps {
            key,
            n,
            state: gpu.reserve(6)?,
            log: gpu.reserve(most.saturating_mul(3))?,
            sums: gpu.reserve(parts)?,
            squares: gpu.reserve(parts)?,
            kernels: [own("dot")?, own("cg_alpha")?, own("cg_step")?, own("cg_beta")?, own("cg_direction")?],
            tried: false,
            graph: None,
        })
    }
    /// Before the first of some steps.
    fn start(&mut self, gpu: &Cuda, rho: T::Re, limit: f64) -> Result<()> {
        let (zero, one) = (T::Re::default(), T::Re::of(1.0));
        let state = [rho, zero, zero, T::Re::of(limit), one, zero];
        self.log.try_fill(zero)?;
        gpu.write(&mut self.state, &state, &|| "the state of CG".into())
    }
    /// The step after q <- A p.
    fn queue(&self, gpu: &Cuda, scale: T::Re) -> Result<()> {
        let (whole, one_block) = (reducing(self.n), LaunchConfig { grid_dim: (1, 1, 1), ..reducing(1) });
        let Some(cover) = covering(self.n) else { return Ok(()) };
        let (n, parts, [dot, alpha, step, beta, direction]) = (self.n as i64, whole.grid_dim.0 as i32, &self.kernels);
        let [state, log, squares] = [&self.state, &self.log, &self.squares].map(address);
        let (sums, [x, p, r, q]) = (address(&self.sums), self.key.0);
        let (unit, scale) = (T::Re::of(1.0).raw(), scale.raw());
        let mut l = gpu.stream.launch_builder(dot);
        l.arg(&sums).arg(&p).arg(&q).arg(&unit).arg(&n);
        // SAFETY (all five): the vectors have n numbers, the sums one for each block, the log three for each step.
        launched("dot", unsafe { l.launch(whole) })?;
        let mut l = gpu.stream.launch_builder(alpha);
        l.arg(&state).arg(&sums).arg(&parts).arg(&log);
        launched("cg_alpha", unsafe { l.launch(one_block) })?;
        let mut l = gpu.stream.launch_builder(step);
        l.arg(&state).arg(&x).arg(&scale).arg(&p).arg(&r).arg(&q).arg(&squares).arg(&n);
        // SAFETY: as above.
        launched("cg_step", unsafe { l.launch(whole) })?;
        let mut l = gpu.stream.launch_builder(beta);
        l.arg(&state).arg(&squares).arg(&parts).arg(&log);
        // SAFETY: as above.
        launched("cg_beta", unsafe { l.launch(one_block) })?;
        let mut l = gpu.stream.launch_builder(direction);
        l.arg(&state).arg(&p).arg(&r).arg(&n);
        // SAFETY: as above.
        launched("cg_direction", unsafe { l.launch(cover) }).map(|_| ())
    }
}
