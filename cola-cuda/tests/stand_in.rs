//! Machines that this one is not: each test runs itself again as a child process whose library path leads to a stand-in driver (or to
//! none), and looks at what the child prints. They run anywhere with a C compiler.
#![cfg(target_os = "linux")]

use cola_core::{Error, Result};
use cola_cuda::{Availability, Cuda};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Builds the stand-in as `libcuda.so`, the first name that is looked for, into a folder of its own.
fn build(name: &str, flags: &[&str]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("stand-in-{name}"));
    std::fs::create_dir_all(&folder).unwrap();
    let cc = std::env::var("CC").unwrap_or("cc".into());
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/stand_in.c");
    let built = Command::new(cc)
        .args(["-shared", "-fPIC", "-o"])
        .arg(folder.join("libcuda.so"))
        .arg(source)
        .args(flags)
        .arg("-ldl")
        .status();
    assert!(built.expect("a C compiler").success());
    folder
}

/// What `child` prints between its marks; nothing else may come out of it.
fn run(folder: Option<PathBuf>, mode: &str) -> String {
    let mut me = Command::new(std::env::current_exe().unwrap());
    me.args(["--exact", "child", "--ignored", "--nocapture", "--test-threads=1"]).env("COLA_STAND_IN", mode);
    if let Some(folder) = folder {
        me.env("LD_LIBRARY_PATH", folder);
    }
    let out = me.output().unwrap();
    let (stdout, stderr) = (String::from_utf8(out.stdout).unwrap(), String::from_utf8(out.stderr).unwrap());
    assert!(out.status.success() && stderr.is_empty(), "{stdout}\n{stderr}");
    let inside = stdout.split_once("<<<\n").unwrap().1.split_once(">>>\n").unwrap().0;
    inside.to_string()
}

#[test]
#[ignore = "only as a child of the other tests"]
fn child() {
    println!("<<<");
    let found = Cuda::probe();
    let text = match Cuda::new(0) {
        Ok(gpu) => work(&gpu).unwrap_or_else(|e| e.to_string()),
        Err(Error::Device { message }) => message,
        Err(e) => panic!("{e:?}"),
    };
    println!("{found}\n{text}\n>>>");
}

fn work(gpu: &Cuda) -> Result<String> {
    let before = gpu.memory()?;
    let x: Vec<f64> = (0..1000).map(f64::from).collect();
    let v = gpu.upload(&x)?;
    assert_eq!(before.free - gpu.memory()?.free, 8000);
    assert_eq!(gpu.download(&v)?, x);
    assert_eq!(gpu.download(&gpu.upload(&[1.5f32])?)?, [1.5]);
    assert_eq!(gpu.download(&gpu.upload(&[0f32; 0])?)?, []);
    assert!(matches!(
        gpu.download_into(&v, &mut [0.0; 3]),
        Err(Error::ShapeMismatch { left: (1000, 1), right: (3, 1), .. })
    ));
    // Another handle on the device, another device, another thread.
    let other = Cuda::new(1)?;
    assert_eq!((other.ordinal(), other.device_name(), other.compute_capability()), (1, "Second", (9, 1)));
    std::thread::scope(|s| s.spawn(|| assert_eq!(other.download(&v).unwrap(), x)).join().unwrap());
    assert!(
        matches!(Cuda::new(2), Err(Error::Device { message }) if message.starts_with("there is no GPU 2: the driver shows 2"))
    );
    assert!(matches!(Cuda::new(1 << 32), Err(Error::Device { .. })));
    drop(v);
    assert_eq!(gpu.memory()?, before);
    let too_much = gpu.upload(&vec![0f64; 1 << 18]).unwrap_err().to_string();
    assert_eq!(gpu.memory()?, before);
    Ok(format!("{gpu:?}\n{too_much}"))
}

#[test]
fn no_driver() {
    // On a machine that has one, it is found; `gpu.rs` looks at it there.
    if Cuda::probe() != Availability::NoDriver {
        return println!("skipped: there is a driver");
    }
    let text =
        "no NVIDIA driver (libcuda.so.1) was found: install the NVIDIA driver, or run without the feature `cuda`";
    assert_eq!(run(None, ""), format!("{text}\n{text}\n"));
}

#[test]
fn two_devices() {
    let folder = build("whole", &[]);
    let want = "driver for CUDA 13.0; device 0: First, 1.0 MiB, compute capability 9.0; device 1: Second, 1.0 MiB, compute capability 9.1\n\
                Cuda(device 0: First, 1.0 MiB, compute capability 9.0)\n\
                device: the upload of 2.0 MiB failed in cuMemAllocAsync: words of the driver (CUDA_ERROR_OUT_OF_MEMORY); free some vectors, or end other \
                processes on this GPU (`nvidia-smi` names them)\n";
    assert_eq!(run(Some(folder.clone()), ""), want);
    assert_eq!(run(Some(folder), "no pool"), want);
}

#[test]
fn failures() {
    let folder = build("failing", &[]);
    for (mode, probe, new) in [
        ("no device", "the NVIDIA driver shows no GPU: ", "the NVIDIA driver shows no GPU: "),
        ("none shown", "the NVIDIA driver shows no GPU: ", "the NVIDIA driver shows no GPU: "),
        (
            "mismatch",
            "the start of the NVIDIA driver failed in cuInit: words",
            "the start of the NVIDIA driver failed in cuInit: words",
        ),
        (
            "stub",
            "the start of the NVIDIA driver failed in cuInit: words",
            "the start of the NVIDIA driver failed in cuInit: words",
        ),
        (
            "held",
            "driver for CUDA 13.0; ",
            "the use of the GPU failed in cuDevicePrimaryCtxRetain: words of the driver (CUDA_ERROR_DEVICE_UNAVAILABLE); another",
        ),
        (
            "bad copy",
            "driver for CUDA 13.0; ",
            "device: the download of 7.8 KiB failed in cuMemcpyDtoHAsync: words of the driver (CUDA_ERROR_ILLEGAL_ADDRESS); the GPU's context is lost",
        ),
    ] {
        let out = run(Some(folder.clone()), mode);
        let (first, second) = out.split_once('\n').unwrap();
        assert!(first.starts_with(probe) && second.starts_with(new), "{mode}: {out}");
    }
}

#[test]
fn a_driver_that_lacks_a_function() {
    let out = run(Some(build("partial", &["-DPARTIAL"])), "");
    assert!(
        out.starts_with("the NVIDIA driver's library (libcuda.so.1) lacks cuStreamCreate: update the NVIDIA driver"),
        "{out}"
    );
}
