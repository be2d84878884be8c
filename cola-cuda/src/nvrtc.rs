//! NVIDIA's run-time compiler: CUDA C++ to machine code, without a GPU and without a driver.
//!
//! The library (`libnvrtc.so.13` and its `libnvrtc-builtins`) is looked for on the library path, and first in the folder that
//! COLA_CUDA_LIB_DIR names: that of the Python package `nvidia-cuda-nvrtc` for example, whatever the library path.

use cola_core::{Error, Result};
use cudarc::nvrtc::{result, sys};
use std::ffi::{CStr, CString};
use std::path::Path;
use std::sync::OnceLock;

/// Machine code, and what the compiler said.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Compiled {
    /// A cubin for one architecture.
    pub image: Vec<u8>,
    /// The log, with registers and spills of every kernel.
    pub log: String,
}
/// What a kernel takes of a thread, as the compiler's log says it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usage {
    /// The kernel.
    pub kernel: String,
    /// 32-bit registers, at most 255.
    pub registers: usize,
    /// Bytes of local memory of a thread.
    pub stack: usize,
    /// Bytes written to and read from local memory because registers ran out.
    pub spilled: usize,
}

/// Opens the libraries of COLA_CUDA_LIB_DIR by their full names, builtins first; a later search by name finds what is loaded.
fn preload() {
    let Some(folder) = std::env::var_os("COLA_CUDA_LIB_DIR").filter(|f| !f.is_empty()) else { return };
    let Ok(entries) = std::fs::read_dir(&folder) else { return };
    let mut files: Vec<_> = entries.flatten().map(|e| e.path()).collect();
    // "libnvrtc-builtins.so.13.0" comes before "libnvrtc.so.13": the second looks for the first
    files.sort();
    let wanted = |p: &Path| {
        let name = p.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        (name.starts_with("libnvrtc-builtins.so") || name.starts_with("libnvrtc.so")) && !name.contains(".alt")
    };
    for file in files.iter().filter(|p| wanted(p)) {
        #[cfg(unix)]
        {
            use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_NOW};
            // SAFETY: opening the compiler's library runs its initialisers, as every use of it does.
            let library = unsafe { Library::open(Some(file), RTLD_NOW | RTLD_GLOBAL) };
            library.map(std::mem::forget).unwrap_or_default();
        }
        #[cfg(not(unix))]
        let _ = file;
    }
}
/// The compiler's version, or what is missing.
///
/// # Errors
/// `Device` where the library is not found.
pub fn version() -> Result<(i32, i32)> {
    static PRELOADED: OnceLock<()> = OnceLock::new();
    PRELOADED.get_or_init(preload);
    // SAFETY: opening the compiler's library runs its initialisers.
    if !unsafe { sys::is_culib_present() } {
        let message = "the CUDA compiler library (libnvrtc.so.13) was not found: install the CUDA toolkit, or `pip install \
                       nvidia-cuda-nvrtc==13.0.88` and name its folder nvidia/cu13/lib in COLA_CUDA_LIB_DIR";
        return Err(Error::Device { message: message.into() });
    }
    let (mut major, mut minor) = (0, 0);
    // SAFETY: both pointers are to live integers.
    let said = unsafe { sys::nvrtcVersion(&mut major, &mut minor) };
    said.result().map(|()| (major, minor)).map_err(|e| failed("nvrtcVersion", e, ""))
}
fn failed(call: &str, e: result::NvrtcError, log: &str) -> Error {
    let split = if log.trim().is_empty() { "" } else { "\n" };
    Error::Device { message: format!("{call} failed: {:?}{split}{}", e.0, log.trim()) }
}
/// The options for an architecture: (9, 0) is sm_90.
pub fn options(architecture: (u32, u32)) -> Vec<String> {
    let (major, minor) = architecture;
    vec![format!("--gpu-architecture=sm_{major}{minor}"), "--std=c++17".into(), "--ptxas-options=-v".into()]
}
/// Compiles `source`.
///
/// # Errors
/// `Device` with the compiler's log; also where the library is not found.
pub fn compile(source: &str, options: &[String]) -> Result<Compiled> {
    version()?;
    let text = CString::new(source).map_err(|_| Error::invalid("the source of a kernel holds a zero byte"))?;
    let program = result::create_program(&text, None).map_err(|e| failed("nvrtcCreateProgram", e, ""))?;
    let out = built(program, options);
    // SAFETY: the program was made above and is not used again.
    let _ = unsafe { result::destroy_program(program) };
    out
}
fn built(program: sys::nvrtcProgram, options: &[String]) -> Result<Compiled> {
    // SAFETY: `program` is alive.
    let compiled = unsafe { result::compile_program(program, options) };
    // SAFETY: as above; the log ends with a zero, as the library promises.
    let log = match unsafe { result::get_program_log(program) } {
        Ok(log) => unsafe { CStr::from_ptr(log.as_ptr()) }.to_string_lossy().into_owned(),
        Err(_) => String::new(),
    };
    compiled.map_err(|e| failed("nvrtcCompileProgram", e, &log))?;
    let mut size = 0;
    // SAFETY: the pointer is to a live number.
    unsafe { sys::nvrtcGetCUBINSize(program, &mut size) }.result().map_err(|e| failed("nvrtcGetCUBINSize", e, &log))?;
    let mut image = vec![0u8; size];
    // SAFETY: `image` has the size that the library asked for.
    unsafe { sys::nvrtcGetCUBIN(program, image.as_mut_ptr().cast()) }
        .result()
        .map_err(|e| failed("nvrtcGetCUBIN", e, &log))?;
    if image.is_empty() {
        let message =
            format!("nvrtcGetCUBIN gave no machine code; is the architecture a real one? options: {options:?}");
        return Err(Error::Device { message });
    }
    Ok(Compiled { image, log })
}
impl Compiled {
    /// What each kernel takes.
    pub fn usage(&self) -> Vec<Usage> {
        usage(&self.log)
    }
}
/// The number before `unit` in a line such as "8 bytes stack frame, 0 bytes spill stores".
fn before(line: &str, unit: &str) -> Option<usize> {
    line.split(unit).next().filter(|head| head.len() < line.len())?.split_whitespace().last()?.parse().ok()
}
fn usage(log: &str) -> Vec<Usage> {
    let mut out: Vec<Usage> = Vec::new();
    for line in log.lines() {
        if let Some((_, rest)) = line.split_once("Compiling entry function '") {
            let kernel = rest.split('\'').next().unwrap_or_default().to_string();
            out.push(Usage { kernel, registers: 0, stack: 0, spilled: 0 });
        }
        let Some(last) = out.last_mut() else { continue };
        if let Some(n) = before(line, " bytes stack frame") {
            last.stack = n;
            let (stores, loads) = (before(line, " bytes spill stores"), before(line, " bytes spill loads"));
            last.spilled = stores.unwrap_or(0) + loads.unwrap_or(0);
        }
        if let Some(n) = before(line, " registers") {
            last.registers = n;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_log() {
        let log = "ptxas info    : 0 bytes gmem\nptxas info    : Compiling entry function 'k' for 'sm_90'\n\
                   ptxas info    : Function properties for k\n\
                   ptxas         .     24 bytes stack frame, 8 bytes spill stores, 16 bytes spill loads\n\
                   ptxas info    : Used 255 registers, used 0 barriers, 72 bytes smem\n\
                   ptxas info    : Compiling entry function 'l' for 'sm_90'\n\
                   ptxas info    : Used 14 registers, used 1 barriers\n";
        let want = |kernel: &str, registers, stack, spilled| Usage { kernel: kernel.into(), registers, stack, spilled };
        assert_eq!(usage(log), [want("k", 255, 24, 24), want("l", 14, 0, 0)]);
        assert_eq!(usage("no kernels"), []);
    }
    #[test]
    fn a_missing_compiler_is_an_error() {
        match version() {
            Ok(v) => println!("NVRTC {}.{}", v.0, v.1),
            Err(Error::Device { message }) => {
                assert!(message.contains("libnvrtc.so.13") && message.contains("COLA_CUDA_LIB_DIR"));
                assert!(matches!(compile("", &[]), Err(Error::Device { .. })));
            }
            Err(e) => panic!("{e}"),
        }
    }
}
