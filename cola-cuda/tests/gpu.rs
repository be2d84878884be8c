//! On a real GPU where there is one; else a skip, or with COLA_REQUIRE_GPU a failure.

mod common;

use cola_core::{Error, Result};
use cola_cuda::{Availability, Cuda};

fn gpu() -> Option<Cuda> {
    let found = Cuda::probe();
    if found.is_usable() {
        return Some(Cuda::new(0).expect("a GPU that the driver shows can be used"));
    }
    assert!(std::env::var_os("COLA_REQUIRE_GPU").is_none(), "COLA_REQUIRE_GPU is set: {found}");
    println!("skipped: no GPU");
    None
}

#[test]
fn new_agrees_with_probe() {
    let found = Cuda::probe();
    match (Cuda::new(0), &found) {
        (Ok(gpu), Availability::Devices { devices, .. }) => {
            assert_eq!(gpu.device_name(), devices[0].name);
            assert_eq!(gpu.compute_capability(), devices[0].compute_capability);
        }
        (Err(Error::Device { message }), other) if !other.is_usable() => assert_eq!(message, other.to_string()),
        (new, found) => panic!("{new:?} where the probe says {found:?}"),
    }
    assert!(matches!(Cuda::new(usize::MAX), Err(Error::Device { .. })));
    assert!(matches!(Cuda::new(1 << 32), Err(Error::Device { .. }))); // 0, were it cut to the driver's i32
}

#[test]
fn round_trip() -> Result<()> {
    let Some(gpu) = gpu() else { return Ok(()) };
    let memory = gpu.memory()?;
    assert!(0 < memory.free && memory.free <= memory.total, "{memory:?}");
    for n in [0, 1, 1000, 3_000_001] {
        let x: Vec<f64> = (0..n).map(|i| (i as f64).sqrt()).collect();
        let y: Vec<f32> = x.iter().map(|v| -*v as f32).collect();
        let (dx, dy) = (gpu.upload(&x)?, gpu.upload(&y)?);
        assert_eq!((dx.len(), dx.is_empty()), (n, n == 0));
        assert!(gpu.download(&dx)? == x && gpu.download(&dy)? == y, "n = {n}");
    }
    Ok(())
}

#[test]
fn threads() {
    let Some(gpu) = gpu() else { return };
    std::thread::scope(|s| {
        for t in 0..4 {
            let gpu = gpu.clone();
            s.spawn(move || {
                for n in 1..50 {
                    let x = vec![t as f64; 997 * n];
                    let dx = gpu.upload(&x).unwrap();
                    assert!(Cuda::new(0).unwrap().download(&dx).unwrap() == x);
                }
            });
        }
    });
}

/// The checks that `on_cpu.rs` runs without a GPU.
macro_rules! on_gpu {
    ($($name:ident)*) => { $(
        #[test]
        fn $name() -> Result<()> {
            let Some(gpu) = gpu() else { return Ok(()) };
            common::device::$name(&gpu)
        }
    )* };
}
on_gpu!(fused vectors operators structures complex dense krylov functions blocks subspaces applied offloaded gradients limits);
/// What is missing of the libraries must not read as success.
#[test]
fn libraries() {
    if gpu().is_some() {
        Cuda::libraries().into_iter().for_each(|(name, found)| assert!(found.is_ok(), "{name}: {found:?}"));
    }
}
/// Every fused kernel of the market, by its own team, against functions of the dense matrix. Most of the time goes into compiling: each
/// thread has a queue of its own, so that none waits for another's kernel.
#[test]
fn market() -> Result<()> {
    let Some(_) = gpu() else { return Ok(()) };
    let threads = std::thread::available_parallelism().map_or(2, |n| n.get());
    let some = |first: usize| -> Result<Vec<String>> {
        let (gpu, mut failed) = (Cuda::new(0)?, Vec::new());
        for case in common::market::market().iter().skip(first).step_by(threads) {
            common::device::attempt(&mut failed, case.name, || (case.on_device)(&gpu));
        }
        Ok(failed)
    };
    let failed: Vec<String> = std::thread::scope(|s| {
        let running: Vec<_> = (0..threads).map(|first| s.spawn(move || some(first))).collect();
        running.into_iter().flat_map(|t| t.join().unwrap().unwrap_or_else(|e| vec![e.to_string()])).collect()
    });
    assert!(failed.is_empty(), "{failed:#?}");
    Ok(())
}
