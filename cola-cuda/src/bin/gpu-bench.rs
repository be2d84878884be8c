//! `cargo run --release -p cola-cuda --bin gpu-bench [-- WORD ..]`: what runs on a real GPU, against the bandwidth of a copy on the same
//! device and against NVIDIA's libraries called directly. Medians of 30 by events after 5 warm-ups. Words choose parts: `batched`, `kron`,
//! `cg`, `subspaces`, `python`; all without any. Without a GPU it says so.
//!
//! Bars: batched functions of types of at most 8 x 8 at 2^22 elements reach 80 % of a copy's bytes per second; products and solves of
//! Kronecker products take at most 1.1 times what the libraries take; an iteration of conjugate gradients at most 1.3 times what a copy
//! needs for the bytes of its vectors.
//!
//! On an H200 (a copy: 3947 GB/s), of a copy at 2^22 elements: kron(psd 2, diag 3) solve 95 %, sqrt 95 %; psd 8 solve f64 109 %, f32 107 %, sqrt
//! f64 16 %, f32 18 % (4.2 and 1.9 ms: in double precision the time of some 4000 instructions an element at the chip's rate, as many as the
//! source has; 80 % would leave 800); kron(psd 4, psd 4) solve 102 %, sqrt 30 %; psd 16 solve 11 %. Kronecker products of 512 to 8192: apply 0.98 to 1.09, solve
//! 1.02 to 1.06. Conjugate gradients 1.08, as a graph 1.07; at 256 x 256 29 microseconds an iteration, as a graph 16. SLQ with its vectors on
//! the device 93 ms, on the host 11.9 s. At 2^18 elements JAX takes 32 (closed form) to 156 times (eigh) the time of sqrt of kron(psd 2,
//! diag 3), 38 times that of sqrt of psd 8, 21 times that of its solve. (Before teams had QL iterations too, and a thread all its numbers in
//! registers.)

use cola_core::{
    Dense, Diagonal, Element, HutchPlusPlus, IterativeExt, Kron, KronSum, Lanczos, OperatorExt, Parameters, Psd, Real,
    Result, Slq, Tridiagonal, Which,
};
use cola_cuda::fuse::{Function, Fusible, layout};
use cola_cuda::{Cuda, DeviceBatch, DeviceScalar, DeviceVector, Fused, Iterate, ToDeviceExt};
use cudarc::cublas::sys as blas;
use cudarc::cusolver::sys as solver;
use nalgebra::{DMatrix, SMatrix, SVector};

/// Milliseconds: the median of 30 after 5 warm-ups.
fn median(gpu: &Cuda, mut run: impl FnMut() -> Result<()>) -> Result<f64> {
    for _ in 0..5 {
        run()?;
    }
    let mut times = (0..30).map(|_| gpu.timed(&mut run)).collect::<Result<Vec<f64>>>()?;
    times.sort_by(f64::total_cmp);
    Ok((times[14] + times[15]) / 2.0)
}
/// "met" or "NOT MET", and whether it is.
fn verdict(met: bool, missed: &mut usize) -> &'static str {
    *missed += usize::from(!met);
    if met { "met" } else { "NOT MET" }
}
fn spd<T: Real + nalgebra::RealField, const N: usize>(seed: usize) -> Psd<Dense<SMatrix<T, N, N>>> {
    let entry = |i: usize, j: usize| T::of(((i * 7 + j * 13 + seed * 31) % 17) as f64 / 17.0);
    let a: SMatrix<T, N, N> = SMatrix::from_fn(|i, j| entry(i.max(j), i.min(j)));
    Psd::new(Dense::new(a + SMatrix::<T, N, N>::identity() * T::of(N as f64)))
}
/// Bytes per second of a function of 2^k elements, and its part of a copy's.
fn batched<T, K>(
    gpu: &Cuda,
    name: &str,
    (copy, barred): (f64, bool),
    missed: &mut usize,
    make: impl Fn(usize) -> K,
) -> Result<()>
where
    T: DeviceScalar + Real + Element,
    K: Fusible + cola_core::Operator<Scalar = T> + Parameters<Number = T>,
{
    let fused: Fused<K> = gpu.fuse::<K>()?;
    for function in [Function::Solve, Function::Sqrt] {
        let s = fused.source(function)?;
        for power in (10..=22).step_by(4) {
            let batch = 1usize << power;
            let ks: Vec<K> = (0..batch.min(1024)).map(&make).collect();
            let few = layout::pack(&ks, s.params, layout::Layout::Contiguous)?;
            // number i of element b, element after element or number after number
            let at = |i: usize, b: usize| few[b % ks.len() * s.params + i];
            let all: Vec<T> = match s.layout() {
                layout::Layout::Contiguous => few.iter().copied().cycle().take(batch * s.params).collect(),
                layout::Layout::Interleaved => {
                    (0..s.params).flat_map(|i| (0..batch).map(move |b| (i, b))).map(|(i, b)| at(i, b)).collect()
                }
            };
            let a = DeviceBatch::new(gpu, &all, s.params, batch, s.layout())?;
            drop(all);
            let x = DeviceBatch::new(gpu, &vec![T::of(1.0); batch * s.input], s.input, batch, s.layout())?;
            let mut y = DeviceBatch::new(gpu, &vec![T::of(0.0); batch * s.output], s.output, batch, s.layout())?;
            fused.run_into(&s, 0.5, &a, &x, &mut y)?;
            let ms = median(gpu, || fused.queue_into(&s, 0.5, &a, &x, &mut y).map(drop))?;
            let bytes = (batch * (s.params + s.input + s.output) * size_of::<T>()) as f64;
            let speed = bytes / ms / 1e6;
            let part = speed / copy;
            let judged = if barred && power == 22 {
                format!("  bar 80 %: {}", verdict(part >= 0.8, missed))
            } else {
                String::new()
            };
            println!(
                "{name:34} {function:5?} by {:6?} 2^{power:2}  {ms:9.4} ms  {speed:7.0} GB/s  {:5.1} % of a copy{judged}",
                s.team,
                100.0 * part
            );
        }
    }
    Ok(())
}
fn check(call: &str, ok: bool) -> Result<()> {
    if ok { Ok(()) } else { Err(cola_core::Error::Device { message: format!("{call} failed") }) }
}
/// A x B of n x n matrices, applied and solved, against the same calls of cuBLAS and cuSOLVER written by hand.
fn kron(gpu: &Cuda, missed: &mut usize) -> Result<()> {
    let (mut hb, mut hs) = (std::ptr::null_mut(), std::ptr::null_mut());
    // SAFETY: the pointers are to live handles; the stream outlives them, as `gpu` does.
    unsafe {
        check("cublasCreate_v2", blas::cublasCreate_v2(&mut hb) == blas::cublasStatus_t::CUBLAS_STATUS_SUCCESS)?;
        let _ = blas::cublasSetStream_v2(hb, gpu.stream().cast());
        check(
            "cusolverDnCreate",
            solver::cusolverDnCreate(&mut hs) == solver::cusolverStatus_t::CUSOLVER_STATUS_SUCCESS,
        )?;
        let _ = solver::cusolverDnSetStream(hs, gpu.stream().cast());
    }
    for n in [512usize, 1024, 2048, 4096, 8192] {
        let entry = |i: usize, j: usize| if i == j { 4.0 } else { ((i * 7 + j * 13) % 31) as f64 / (31 * n) as f64 };
        let host = DMatrix::<f64>::from_fn(n, n, entry);
        let k = Kron::new(Dense::new(host.clone()), Dense::new(host.transpose())).to_device(gpu)?;
        let (a, b) = (gpu.upload(&host)?, gpu.upload(&host.transpose())?);
        let x = gpu.upload(&vec![1.0f64; n * n])?;
        let (mid, y) = (gpu.upload(&vec![0.0f64; n * n])?, gpu.upload(&vec![0.0f64; n * n])?);
        let ours = median(gpu, || k.apply(&x).map(drop))?;
        let (ni, one, zero) = (n as i32, 1.0f64, 0.0f64);
        let gemm = |turn, p: &DeviceVector<f64>, q: &DeviceVector<f64>, to: &DeviceVector<f64>| {
            let none = blas::cublasOperation_t::CUBLAS_OP_N;
            let (p, q, to) = (p.address() as *const f64, q.address() as *const f64, to.address() as *mut f64);
            // SAFETY: all three are n x n matrices on the device.
            let done = unsafe { blas::cublasDgemm_v2(hb, none, turn, ni, ni, ni, &one, p, ni, q, ni, &zero, to, ni) };
            check("cublasDgemm_v2", done == blas::cublasStatus_t::CUBLAS_STATUS_SUCCESS)
        };
        // B X, then (B X) A^T
        let theirs = median(gpu, || {
            gemm(blas::cublasOperation_t::CUBLAS_OP_N, &b, &x, &mid)?;
            gemm(blas::cublasOperation_t::CUBLAS_OP_T, &mid, &a, &y)
        })?;
        let ratio = ours / theirs;
        println!(
            "kron(dense {n}, dense {n}) apply  {ours:9.3} ms, cuBLAS {theirs:9.3} ms, ratio {ratio:5.3}  bar 1.1: {}",
            verdict(ratio <= 1.1, missed)
        );
        let ours = median(gpu, || k.solve(&x).map(drop))?;
        let theirs = median(gpu, || {
            for (m, rhs_rows) in [(&b, false), (&a, true)] {
                direct_solve(gpu, hs, &copy_of(gpu, m)?, ni, if rhs_rows { &y } else { &mid })?;
            }
            Ok(())
        })?;
        let ratio = ours / theirs;
        println!(
            "kron(dense {n}, dense {n}) solve  {ours:9.3} ms, cuSOLVER {theirs:9.3} ms, ratio {ratio:5.3}  bar 1.1: {}",
            verdict(ratio <= 1.1, missed)
        );
    }
    // SAFETY: made above, and not used again.
    unsafe {
        let _ = blas::cublasDestroy_v2(hb);
        let _ = solver::cusolverDnDestroy(hs);
    }
    Ok(())
}
fn copy_of(gpu: &Cuda, v: &DeviceVector<f64>) -> Result<DeviceVector<f64>> {
    let mut to = gpu.zeros::<f64>(v.len())?;
    to.try_axpby(1.0, v, 0.0)?;
    Ok(to)
}
/// getrf of the n x n matrix, and getrs with n right-hand sides.
fn direct_solve(
    gpu: &Cuda,
    h: solver::cusolverDnHandle_t,
    a: &DeviceVector<f64>,
    n: i32,
    b: &DeviceVector<f64>,
) -> Result<()> {
    let good = solver::cusolverStatus_t::CUSOLVER_STATUS_SUCCESS;
    let (at, mut length) = (a.address() as *mut f64, 0);
    // SAFETY: `a` and `b` are n x n matrices on the device.
    check("getrf_bufferSize", unsafe { solver::cusolverDnDgetrf_bufferSize(h, n, n, at, n, &mut length) } == good)?;
    // row exchanges and the verdict are of 32 bits
    let (work, pivots, info) =
        (gpu.zeros::<f64>(length.max(1) as usize)?, gpu.zeros::<f32>(n as usize)?, gpu.zeros::<f32>(1)?);
    let (w, p, i) = (work.address() as *mut f64, pivots.address() as *mut i32, info.address() as *mut i32);
    // SAFETY: as above; the buffers have the sizes that the library asks for.
    check("getrf", unsafe { solver::cusolverDnDgetrf(h, n, n, at, n, w, p, i) } == good)?;
    let (turn, b) = (solver::cublasOperation_t::CUBLAS_OP_N, b.address() as *mut f64);
    // SAFETY: as above.
    check("getrs", unsafe { solver::cusolverDnDgetrs(h, turn, n, n, at, n, p, b, n, i) } == good)
}
/// -u_xx - u_yy on side x side points: an iteration against the bytes of the vectors.
fn cg(gpu: &Cuda, copy: f64, side: usize, missed: &mut usize) -> Result<()> {
    let line = || Tridiagonal::symmetric(vec![2.0f64; side], vec![-1.0f64; side - 1]);
    let a = Psd::new(KronSum::new(line(), line())).to_device(gpu)?;
    let b = gpu.upload(&(0..side * side).map(|i| ((i * 7919) % 1009) as f64 / 1009.0 - 0.5).collect::<Vec<_>>())?;
    let (few, many) = (20, 120);
    for (check, graph) in [(1, false), (10, false), (50, false), (50, true)] {
        // the set-up and the residuals at both ends are the same: they cancel
        let run = |n: usize| {
            let options = Iterate::default().tol(1e-300).max_iters(n).check(check);
            let options = if graph { options.graph() } else { options };
            median(gpu, || {
                let _ = a.cg(options, &b);
                Ok(())
            })
        };
        let ms = (run(many)? - run(few)?) / (many - few) as f64;
        // q = A p: 2; p.q: 2; x, r and |r|^2: 6; p: 3
        let bytes = 13.0 * (side * side * 8) as f64;
        let ratio = ms / (bytes / copy / 1e6);
        // with a look in each iteration, or few points, it is the time of launches and of the bus that is measured
        let judged = match check {
            10.. if side >= 4096 => format!("  bar 1.3: {}", verdict(ratio <= 1.3, missed)),
            _ => String::new(),
        };
        println!(
            "CG, 2-D Laplacian {side:4} x {side:4}, host looks every {check:2}{}: {ms:8.4} ms an iteration, {ratio:6.3} times a copy of its bytes{judged}",
            if graph { ", as a graph" } else { "            " }
        );
    }
    Ok(())
}
/// Milliseconds by the clock, the less of two runs: the first one compiles.
fn clock<R>(mut run: impl FnMut() -> Result<R>) -> Result<f64> {
    let mut best = f64::INFINITY;
    for _ in 0..2 {
        let start = std::time::Instant::now();
        run()?;
        best = best.min(1e3 * start.elapsed().as_secs_f64());
    }
    Ok(best)
}
/// Methods with bases, on the device and with the vectors on the host.
fn subspaces(gpu: &Cuda) -> Result<()> {
    let side = 1024;
    let line = || Tridiagonal::symmetric(vec![2.0f64; side], vec![-1.0f64; side - 1]);
    let a = Psd::new(KronSum::new(line(), line())).to_device(gpu)?;
    let host = a.offloaded();
    let print = |what: &str, here: f64, there: f64| {
        println!(
            "{what}, 2-D Laplacian {side} x {side}: {here:8.1} ms, with vectors on the host {there:8.1} ms, ratio {:.1}",
            there / here
        );
    };
    let slq = || Slq::default().probes(8).steps(50);
    print("SLQ, 8 probes of 50 steps", clock(|| a.logdet_with(slq()))?, clock(|| host.logdet_with(slq()))?);
    // five restarts, converged or not
    let lanczos = || Lanczos::default().subspace(40).max_iters(5);
    let which = Which::LargestAlgebraic;
    let here = clock(|| Ok(a.eigs_with(lanczos(), 4, which).is_ok()))?;
    print("Lanczos, 5 restarts of 40 vectors", here, clock(|| Ok(host.eigs_with(lanczos(), 4, which).is_ok()))?);
    let hutch = || HutchPlusPlus::default().probes(60);
    print("Hutch++, 60 products", clock(|| a.trace_with(hutch()))?, clock(|| host.trace_with(hutch()))?);
    Ok(())
}
fn python() {
    let run = std::process::Command::new("python3").args(["-c", include_str!("../../scripts/compare.py")]).status();
    if !run.is_ok_and(|s| s.success()) {
        println!("JAX and PyTorch: python3 did not run");
    }
}
fn measure(gpu: &Cuda, words: &[String]) -> Result<usize> {
    let (wanted, mut missed) = (|w: &str| words.is_empty() || words.iter().any(|x| x == w), 0);
    println!("{gpu:?}");
    Cuda::libraries()
        .into_iter()
        .for_each(|(name, found)| println!("{name}: {}", found.map_or_else(|e| e.to_string(), |()| "found".into())));
    let n = 1 << 27;
    let (from, mut to) = (gpu.upload(&vec![1.0f64; n])?, gpu.zeros::<f64>(n)?);
    let ms = median(gpu, || to.try_axpby(1.0, &from, 0.0))?;
    let copy = 16.0 * n as f64 / ms / 1e6;
    println!("a copy on the device: {copy:.0} GB/s");
    drop((from, to));
    if wanted("batched") {
        let (small, m) = ((copy, true), &mut missed);
        let d = |s: usize| Diagonal::new(SVector::<f64, 3>::from_fn(|i, _| 1.0 + (i + s % 5) as f64));
        batched(gpu, "kron(psd 2, diag 3) f64", small, m, |s| Kron::new(spd::<f64, 2>(s), d(s)))?;
        batched(gpu, "kron(psd 4, psd 4) f64", (copy, false), m, |s| {
            Kron::new(spd::<f64, 4>(s), spd::<f64, 4>(s + 1))
        })?;
        batched(gpu, "psd 8 f64", small, m, spd::<f64, 8>)?;
        batched(gpu, "psd 8 f32", small, m, spd::<f32, 8>)?;
        batched(gpu, "psd 16 f64", (copy, false), m, spd::<f64, 16>)?;
    }
    if wanted("kron") {
        kron(gpu, &mut missed)?;
    }
    if wanted("cg") {
        [256, 4096].into_iter().try_for_each(|side| cg(gpu, copy, side, &mut missed))?;
    }
    if wanted("subspaces") {
        subspaces(gpu)?;
    }
    if wanted("python") {
        python();
    }
    println!("{missed} bars are not met");
    Ok(missed)
}
fn main() -> std::process::ExitCode {
    let found = Cuda::probe();
    if !found.is_usable() {
        println!("skipped: {found}");
        let required = std::env::var_os("COLA_REQUIRE_GPU").is_some();
        return if required { std::process::ExitCode::FAILURE } else { std::process::ExitCode::SUCCESS };
    }
    let words: Vec<String> = std::env::args().skip(1).collect();
    match Cuda::new(0).and_then(|gpu| measure(&gpu, &words)) {
        Ok(_) => std::process::ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("{e}");
            std::process::ExitCode::FAILURE
        }
    }
}
