//! Kernels on the CPU: the CUDA C++ text is compiled by `c++` with `tests/cpu/shim.h` and runs in a process of its own, under
//! sanitizers. Machines without a C++20 compiler skip.

use cola_cuda::fuse::Record;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// How the text is compiled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Check {
    /// Address and undefined behaviour; CUDA threads are fibers.
    Address,
    /// Data races; CUDA threads are threads.
    Races,
}
impl Check {
    fn flags(self) -> &'static [&'static str] {
        match self {
            Check::Address => &["-fsanitize=address,undefined", "-fno-sanitize-recover=all"],
            Check::Races => &["-DSHIM_THREADS", "-fsanitize=thread"],
        }
    }
}
fn compiler() -> String {
    std::env::var("CXX").unwrap_or("c++".into())
}
/// True if there is a compiler; else says so, and fails where COLA_REQUIRE_CXX is set.
pub fn available() -> bool {
    static FOUND: std::sync::OnceLock<bool> = std::sync::OnceLock::new();
    let found = *FOUND.get_or_init(|| [Check::Address, Check::Races].into_iter().all(compiles));
    if !found {
        let required = std::env::var_os("COLA_REQUIRE_CXX").is_some();
        assert!(!required, "COLA_REQUIRE_CXX is set and there is no C++20 compiler with sanitizers");
        println!("skipped: no C++20 compiler with sanitizers");
    }
    found
}
/// Whether an empty program can be made: old compilers have no C++20, some systems no libraries of the sanitizers.
fn compiles(check: Check) -> bool {
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("probe-{check:?}-{}", std::process::id()));
    let mut child = Command::new(compiler())
        .args(["-std=c++20", "-pthread", "-x", "c++", "-", "-o"])
        .arg(&program)
        .args(check.flags())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let text = b"#include <atomic>\n#include <span>\nint main() { return 0; }\n";
    let done = child.as_mut().is_ok_and(|c| {
        let written = c.stdin.take().is_some_and(|mut input| input.write_all(text).is_ok());
        c.wait().is_ok_and(|status| status.success()) && written
    });
    let _ = std::fs::remove_file(program);
    done
}
/// A compiled set of kernels.
pub struct Program(PathBuf);
impl Program {
    /// Compiles `text`; `kernels` are the ones to be launched.
    pub fn build(name: &str, text: &str, kernels: &[String], check: Check) -> Program {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cpu-{name}"));
        std::fs::create_dir_all(&folder).unwrap();
        let exports: String = kernels.iter().map(|k| format!("EXPORT({k})\n")).collect();
        std::fs::write(folder.join("kernels.cu"), format!("{text}\n{exports}")).unwrap();
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cpu");
        let program = folder.join("run");
        let out = Command::new(compiler())
            .args(["-std=c++20", "-O0", "-g1", "-w", "-pthread", "-include"])
            .arg(here.join("shim.h"))
            .arg(format!("-DSOURCE=\"{}\"", folder.join("kernels.cu").display()))
            .args(check.flags())
            .arg(here.join("runner.cpp"))
            .arg("-o")
            .arg(&program)
            .output()
            .unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        Program(program)
    }
    /// Runs the launches one after another in one process; what a sanitizer finds is the error.
    pub fn run(&self, launches: &mut [Launch]) -> Result<(), String> {
        let mut message = Vec::new();
        launches.iter().for_each(|l| l.write(&mut message));
        let mut child = Command::new(&self.0)
            .env("ASAN_OPTIONS", "detect_leaks=0:detect_stack_use_after_return=0")
            .env("TSAN_OPTIONS", "halt_on_error=1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        // From a thread of its own: the program answers before it has read everything.
        let writer = std::thread::spawn(move || input.write_all(&message));
        let out = child.wait_with_output().unwrap();
        let _ = writer.join();
        if !out.status.success() {
            let text = String::from_utf8_lossy(&out.stderr);
            let telling = ["ERROR", "WARNING: Thread", "shim:", "runtime error", "no kernel"];
            let lines: Vec<&str> = text.lines().filter(|l| telling.iter().any(|t| l.contains(t))).take(4).collect();
            return Err(format!("{}: {}", out.status, lines.join(" | ")));
        }
        let mut rest = &out.stdout[..];
        for buffer in launches.iter_mut().flat_map(|l| &mut l.args).filter_map(Arg::buffer) {
            let (head, tail) = rest.split_at(buffer.len());
            buffer.copy_from_slice(head);
            rest = tail;
        }
        assert!(rest.is_empty());
        Ok(())
    }
}
/// One argument of a kernel, as bytes.
pub enum Arg {
    Value(Vec<u8>),
    Buffer(Vec<u8>),
}
impl Arg {
    fn buffer(&mut self) -> Option<&mut Vec<u8>> {
        match self {
            Arg::Buffer(b) => Some(b),
            Arg::Value(_) => None,
        }
    }
    /// Numbers of a real type, given as f64.
    pub fn reals(x: &[f64], double: bool) -> Arg {
        Arg::Buffer(match double {
            true => x.iter().flat_map(|x| x.to_le_bytes()).collect(),
            false => x.iter().flat_map(|&x| (x as f32).to_le_bytes()).collect(),
        })
    }
    pub fn indices(x: &[i32]) -> Arg {
        Arg::Buffer(x.iter().flat_map(|x| x.to_le_bytes()).collect())
    }
    pub fn real(x: f64, double: bool) -> Arg {
        Arg::Value(if double { x.to_le_bytes().to_vec() } else { (x as f32).to_le_bytes().to_vec() })
    }
    pub fn long(x: i64) -> Arg {
        Arg::Value(x.to_le_bytes().to_vec())
    }
    pub fn int(x: i32) -> Arg {
        Arg::Value(x.to_le_bytes().to_vec())
    }
}
pub struct Launch {
    pub kernel: String,
    /// Grid x, y, z, block x, y, z, bytes of shared memory.
    pub dims: [u32; 7],
    pub seed: u64,
    pub args: Vec<Arg>,
}
impl Launch {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend((self.kernel.len() as u32).to_le_bytes());
        out.extend(self.kernel.as_bytes());
        self.dims.iter().for_each(|d| out.extend(d.to_le_bytes()));
        out.extend(self.seed.to_le_bytes());
        out.extend((self.args.len() as u32).to_le_bytes());
        for a in &self.args {
            let (kind, data) = match a {
                Arg::Value(d) => (0u32, d),
                Arg::Buffer(d) => (1, d),
            };
            out.extend(kind.to_le_bytes());
            out.extend((data.len() as u64).to_le_bytes());
            out.extend(data);
        }
    }
    /// The numbers of buffer `i`.
    pub fn reals(&self, i: usize, double: bool) -> Vec<f64> {
        let Arg::Buffer(b) = &self.args[i] else { panic!("argument {i} is no buffer") };
        match double {
            true => b.chunks(8).map(|c| f64::from_le_bytes(c.try_into().unwrap())).collect(),
            false => b.chunks(4).map(|c| f32::from_le_bytes(c.try_into().unwrap()) as f64).collect(),
        }
    }
    pub fn words(&self, i: usize) -> Vec<u32> {
        let Arg::Buffer(b) = &self.args[i] else { panic!("argument {i} is no buffer") };
        b.chunks(4).map(|c| u32::from_le_bytes(c.try_into().unwrap())).collect()
    }
    pub fn records(&self, i: usize) -> Vec<Record> {
        let Arg::Buffer(b) = &self.args[i] else { panic!("argument {i} is no buffer") };
        let long = |c: &[u8]| i64::from_le_bytes(c.try_into().unwrap());
        let int = |c: &[u8]| i32::from_le_bytes(c.try_into().unwrap());
        let real = |c: &[u8]| f64::from_le_bytes(c.try_into().unwrap());
        let record = |c: &[u8]| {
            let mut r = Record::default();
            (r.element, r.code, r.index) = (long(&c[..8]), int(&c[8..12]), int(&c[12..16]));
            (r.value, r.tol) = (real(&c[16..24]), real(&c[24..]));
            r
        };
        b.chunks(32).map(record).collect()
    }
}
