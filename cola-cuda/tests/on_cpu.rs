//! Everything that runs on a device, on machines without one: the test runs itself again as a child process whose library path leads
//! to a driver and a compiler that run kernels on the CPU. It shows arguments, sizes and results; never speed. On a real GPU the same
//! checks run by `tests/gpu.rs`.
#![cfg(target_os = "linux")]

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

fn built(folder: &Path, compiler: &str, source: &str, name: &str, flags: &[String]) {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut c = Command::new(std::env::var(if compiler == "cc" { "CC" } else { "CXX" }).unwrap_or(compiler.into()));
    c.args(["-shared", "-fPIC", "-w", "-o"]).arg(folder.join(name)).arg(here.join(source)).args(flags).arg("-ldl");
    assert!(c.status().unwrap().success(), "{source}");
}
/// Two folders with the stand-ins, built once: with all libraries, and without cuBLAS, cuSPARSE and cuFFT, where the kernels of this crate do
/// the work. The kernels that the tests share are compiled before any of them runs.
fn stand_ins() -> &'static [PathBuf; 2] {
    static MADE: OnceLock<[PathBuf; 2]> = OnceLock::new();
    MADE.get_or_init(|| {
        let top = Path::new(env!("CARGO_TARGET_TMPDIR")).join("on-cpu");
        let _ = std::fs::remove_dir_all(&top);
        let folders = [top.join("all"), top.join("bare")];
        folders.iter().for_each(|f| std::fs::create_dir_all(f).unwrap());
        let all = &folders[0];
        built(all, "cc", "stand_in.c", "libcuda.so", &["-DTOTAL=(1ul << 30)".into()]);
        let shim = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cpu/shim.h");
        let flags =
            ["-std=c++17".into(), format!("-DSHIM=\"{}\"", shim.display()), format!("-DFOLDER=\"{}\"", all.display())];
        built(all, "c++", "stand_in_nvrtc.cpp", "libnvrtc.so", &flags);
        // one file has the functions of all libraries
        built(all, "c++", "stand_in_libraries.cpp", "libcusolver.so", &["-std=c++17".into(), "-O1".into()]);
        for name in ["libcublas.so", "libcusparse.so", "libcufft.so"] {
            std::fs::copy(all.join("libcusolver.so"), all.join(name)).unwrap();
        }
        for name in ["libcuda.so", "libnvrtc.so", "libcusolver.so"] {
            std::fs::copy(all.join(name), folders[1].join(name)).unwrap();
        }
        let (ok, text) = run_in(&folders[0], "warm", "");
        assert!(ok, "{text}");
        folders
    })
}
fn run_in(folder: &Path, name: &str, mode: &str) -> (bool, String) {
    let mut me = Command::new(std::env::current_exe().unwrap());
    me.args(["--exact", &format!("child::{name}"), "--ignored", "--nocapture", "--test-threads=1"])
        .env("COLA_STAND_IN", mode)
        .env("COLA_CUDA_CACHE", folder.with_file_name("cache"))
        .env_remove("COLA_CUDA_LIB_DIR")
        .env("LD_LIBRARY_PATH", folder);
    let out = me.output().unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    (out.status.success(), text)
}
fn run(name: &str, mode: &str) -> (bool, String) {
    let [all, bare] = stand_ins();
    run_in(if mode == "bare" { bare } else { all }, name, mode)
}
macro_rules! on_cpu {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                if common::cpu::available() {
                    let (ok, text) = run(stringify!($name), "");
                    assert!(ok, "{text}");
                }
            }
        )*
        mod child {
            /// Compiles the kernels of all types of numbers.
            #[test]
            #[ignore = "only as a child, before the others"]
            fn warm() {
                let gpu = cola_cuda::Cuda::new(0).unwrap();
                type C = cola_core::Complex<f64>;
                gpu.upload(&[C::new(1.0, 0.0)]).unwrap().try_norm().unwrap();
                gpu.upload(&[1.0f64]).unwrap().try_norm().unwrap();
            }
            $(
                #[test]
                #[ignore = "only as a child of the test of this name"]
                fn $name() {
                    super::common::device::$name(&cola_cuda::Cuda::new(0).unwrap()).unwrap();
                }
            )*
        }
    };
}
on_cpu!(fused vectors operators structures complex dense krylov functions blocks subspaces applied offloaded gradients limits);

#[test]
fn without_cublas_and_cusparse() {
    if common::cpu::available() {
        for name in ["operators", "structures", "blocks"] {
            let (ok, text) = run(name, "bare");
            assert!(ok, "{text}");
        }
    }
}

#[test]
fn a_launch_that_fails() {
    if common::cpu::available() {
        let (ok, text) = run("vectors", "bad launch");
        assert!(
            !ok && text.contains("the launch of")
                && text.contains("in cuLaunchKernel")
                && text.contains("CUDA_ERROR_ILLEGAL_ADDRESS"),
            "{text}"
        );
    }
}
