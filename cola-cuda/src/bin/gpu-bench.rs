//! `cargo run --release -p cola-cuda --bin gpu-bench`: fused kernels and iterations on a real GPU against the bandwidth of a copy on the
//! same device. Medians of 30 by events after 5 warm-ups. Without a GPU it says so.

use cola_core::{Dense, Diagonal, Element, Kron, Parameters, Psd, Real, Result};
use cola_cuda::fuse::{Function, Fusible, layout};
use cola_cuda::{Cuda, DeviceBatch, DeviceScalar, Fused};
use nalgebra::{SMatrix, SVector};

/// Milliseconds: the median of 30 after 5 warm-ups.
fn median(gpu: &Cuda, mut run: impl FnMut() -> Result<()>) -> Result<f64> {
    for _ in 0..5 {
        run()?;
    }
    let mut times = (0..30).map(|_| gpu.timed(&mut run)).collect::<Result<Vec<f64>>>()?;
    times.sort_by(f64::total_cmp);
    Ok((times[14] + times[15]) / 2.0)
}
fn spd<T: Real + nalgebra::RealField, const N: usize>(seed: usize) -> Psd<Dense<SMatrix<T, N, N>>> {
    let entry = |i: usize, j: usize| T::of(((i * 7 + j * 13 + seed * 31) % 17) as f64 / 17.0);
    let a: SMatrix<T, N, N> = SMatrix::from_fn(|i, j| entry(i.max(j), i.min(j)));
    Psd::new(Dense::new(a + SMatrix::<T, N, N>::identity() * T::of(N as f64)))
}
/// Bytes per second of a function of 2^k elements, and its part of a copy's.
fn batched<T, K>(gpu: &Cuda, name: &str, copy: f64, make: impl Fn(usize) -> K) -> Result<()>
where
    T: DeviceScalar + Real + Element,
    K: Fusible + cola_core::Operator<Scalar = T> + Parameters<Number = T>,
{
    let fused: Fused<K> = gpu.fuse::<K>()?;
    for function in [Function::Solve, Function::Sqrt] {
        let s = fused.source(function)?;
        for power in [10, 14, 18, 22] {
            let batch = 1usize << power;
            let ks: Vec<K> = (0..batch.min(1024)).map(&make).collect();
            let few = layout::pack(&ks, s.params, layout::Layout::Contiguous)?;
            let all: Vec<T> = few.iter().copied().cycle().take(batch * s.params).collect();
            let a = layout::relayout(&all, s.params, layout::Layout::Contiguous, s.layout());
            let a = DeviceBatch::new(gpu, &a, s.params, batch, s.layout())?;
            let x = DeviceBatch::new(gpu, &vec![T::of(1.0); batch * s.input], s.input, batch, s.layout())?;
            let mut y = DeviceBatch::new(gpu, &vec![T::of(0.0); batch * s.output], s.output, batch, s.layout())?;
            let ms = median(gpu, || fused.run_into(&s, 0.5, &a, &x, &mut y))?;
            let bytes = (batch * (s.params + s.input + s.output) * size_of::<T>()) as f64;
            let speed = bytes / ms / 1e6;
            println!(
                "{name:34} {function:5?} by {:6?} 2^{power:2}  {ms:9.4} ms  {speed:7.0} GB/s  {:5.1} % of a copy",
                s.team,
                100.0 * speed / copy
            );
        }
    }
    Ok(())
}
fn measure(gpu: &Cuda) -> Result<()> {
    println!("{gpu:?}");
    let n = 1 << 27;
    let (from, mut to) = (gpu.upload(&vec![1.0f64; n])?, gpu.upload(&vec![0.0f64; n])?);
    let ms = median(gpu, || to.try_axpby(1.0, &from, 0.0))?;
    let copy = 16.0 * n as f64 / ms / 1e6;
    println!("a copy on the device: {copy:.0} GB/s");
    drop((from, to));
    let d = |s: usize| Diagonal::new(SVector::<f64, 3>::from_fn(|i, _| 1.0 + (i + s % 5) as f64));
    batched(gpu, "kron(psd 2, diag 3) f64", copy, |s| Kron::new(spd::<f64, 2>(s), d(s)))?;
    batched(gpu, "kron(psd 4, psd 4) f64", copy, |s| Kron::new(spd::<f64, 4>(s), spd::<f64, 4>(s + 1)))?;
    batched(gpu, "psd 8 f64", copy, spd::<f64, 8>)?;
    batched(gpu, "psd 8 f32", copy, spd::<f32, 8>)?;
    batched(gpu, "psd 16 f64", copy, spd::<f64, 16>)
}
fn main() -> std::process::ExitCode {
    let found = Cuda::probe();
    if !found.is_usable() {
        println!("skipped: {found}");
        let required = std::env::var_os("COLA_REQUIRE_GPU").is_some();
        return if required { std::process::ExitCode::FAILURE } else { std::process::ExitCode::SUCCESS };
    }
    match Cuda::new(0).and_then(|gpu| measure(&gpu)) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("{e}");
            std::process::ExitCode::FAILURE
        }
    }
}
