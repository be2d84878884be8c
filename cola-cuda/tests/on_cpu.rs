//! Everything that runs on a device, on machines without one: the test runs itself again as a child process whose library path leads
//! to a driver and a compiler that run kernels on the CPU. It shows arguments, sizes and results; never speed. On a real GPU the same
//! checks run by `tests/gpu.rs`.
#![cfg(target_os = "linux")]

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;

fn built(folder: &Path, compiler: &str, source: &str, name: &str, flags: &[String]) {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut c = Command::new(std::env::var(if compiler == "cc" { "CC" } else { "CXX" }).unwrap_or(compiler.into()));
    c.args(["-shared", "-fPIC", "-w", "-o"]).arg(folder.join(name)).arg(here.join(source)).args(flags).arg("-ldl");
    assert!(c.status().unwrap().success(), "{source}");
}
/// A folder with the stand-ins.
fn stand_ins(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("on-cpu-{name}"));
    std::fs::create_dir_all(&folder).unwrap();
    built(&folder, "cc", "stand_in.c", "libcuda.so", &["-DTOTAL=(1ul << 30)".into()]);
    let shim = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cpu/shim.h");
    let flags =
        ["-std=c++17".into(), format!("-DSHIM=\"{}\"", shim.display()), format!("-DFOLDER=\"{}\"", folder.display())];
    built(&folder, "c++", "stand_in_nvrtc.cpp", "libnvrtc.so", &flags);
    built(&folder, "cc", "stand_in_solver.c", "libcusolver.so", &["-lm".into()]);
    folder
}
fn run(name: &str, mode: &str) -> (bool, String) {
    let folder = stand_ins(&format!("{name}-{}", mode.replace(' ', "-")));
    let mut me = Command::new(std::env::current_exe().unwrap());
    me.args(["--exact", &format!("child::{name}"), "--ignored", "--nocapture", "--test-threads=1"])
        .env("COLA_STAND_IN", mode)
        .env("COLA_CUDA_CACHE", folder.join("cache"))
        .env_remove("COLA_CUDA_LIB_DIR")
        .env("LD_LIBRARY_PATH", &folder);
    let out = me.output().unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    (out.status.success(), text)
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
on_cpu!(fused vectors operators krylov);

#[test]
fn a_launch_that_fails() {
    if common::cpu::available() {
        let (ok, text) = run("vectors", "bad launch");
        assert!(!ok && text.contains("the launch of") && text.contains("CUDA_ERROR_ILLEGAL_ADDRESS"), "{text}");
    }
}
