//! Kernels of a device: compiled once, loaded once, launched with checked sizes.

use crate::device::Cuda;
use crate::driver::failed;
use crate::fuse::{Cache, Key};
use crate::nvrtc;
use crate::vector::DeviceNumber;
use cola_core::{Error, Result};
use cudarc::driver::{CudaFunction, CudaModule, LaunchConfig, sys};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard};

/// The kernels of vectors and leaves.
pub(crate) const VECTOR: &str = include_str!("../kernels/vector.cu");
/// Threads of a block of them.
pub(crate) const THREADS: u32 = 256;
/// Blocks that fill the largest device: 132 processors of 8 blocks.
pub(crate) const BLOCKS: u32 = 1056;

/// What was loaded; shared by the clones of a [`Cuda`].
#[derive(Default)]
pub(crate) struct Modules {
    /// By the hash of the text, with the text.
    modules: Mutex<HashMap<u64, (String, Arc<CudaModule>)>>,
    /// Kernels by their name, with what tells them from others of the same name: no text is written or hashed for a launch.
    functions: Mutex<HashMap<String, (String, CudaFunction)>>,
}

impl Cuda {
    /// The kernel `name` of the text that `source` writes, compiled for this device at first use and kept on disk. Equal `mark`s of equal
    /// names mean equal texts.
    pub(crate) fn kernel(&self, name: &str, mark: &str, source: impl FnOnce() -> String) -> Result<CudaFunction> {
        if let Some((_, f)) = self.functions().get(name).filter(|f| f.0 == mark) {
            return Ok(f.clone());
        }
        let f = self.module(&source())?.load_function(name);
        let f = f.map_err(|e| failed("cuModuleGetFunction", &format!("the search for the kernel {name}"), e))?;
        self.functions().insert(name.to_string(), (mark.to_string(), f.clone()));
        Ok(f)
    }
    fn functions(&self) -> MutexGuard<'_, HashMap<String, (String, CudaFunction)>> {
        self.modules.functions.lock().unwrap_or_else(|e| e.into_inner())
    }
    fn module(&self, source: &str) -> Result<Arc<CudaModule>> {
        let mut hash = DefaultHasher::new();
        source.hash(&mut hash);
        let key = hash.finish();
        let mut modules = self.modules.modules.lock().unwrap_or_else(|e| e.into_inner());
        if let Some((_, module)) = modules.get(&key).filter(|m| m.0 == source) {
            return Ok(module.clone());
        }
        let options = nvrtc::options(self.compute_capability());
        let key_on_disk = Key { source, options: &options, version: nvrtc::version()? };
        let image = Cache::user().get(&key_on_disk, || Ok(nvrtc::compile(source, &options)?.image))?;
        let module = self.stream.context().load_module(cudarc::nvrtc::Ptx::from_binary(image));
        let module = module.map_err(|e| failed("cuModuleLoadData", "the loading of a kernel", e))?;
        modules.insert(key, (source.to_string(), module.clone()));
        Ok(module)
    }
    /// A kernel of `kernels/vector.cu` for numbers of type `T`.
    pub(crate) fn own<T: DeviceNumber>(&self, name: &str) -> Result<CudaFunction> {
        let only = || format!("#define COLA_ONLY\n#define COLA_{}\n{VECTOR}", T::SUFFIX);
        self.kernel(&format!("{name}_{}", T::SUFFIX), "", only)
    }
    /// A kernel of `kernels/vector.cu` whose matrix has another type of numbers than its `f32` vectors.
    pub(crate) fn own_mixed(&self, name: &str) -> Result<CudaFunction> {
        self.kernel(name, "", || format!("#define COLA_ONLY\n#define COLA_f32\n{VECTOR}"))
    }
}
/// The error of a launch.
pub(crate) fn launched<T>(what: &str, r: std::result::Result<T, cudarc::driver::DriverError>) -> Result<T> {
    r.map_err(|e| failed("cuLaunchKernel", &format!("the launch of {what}"), e))
}
/// A grid that covers `n` numbers; `None` where there are none.
pub(crate) fn covering(n: usize) -> Option<LaunchConfig> {
    let blocks = (n.div_ceil(THREADS as usize)).min(BLOCKS as usize) as u32;
    (n > 0).then_some(LaunchConfig { grid_dim: (blocks, 1, 1), block_dim: (THREADS, 1, 1), shared_mem_bytes: 0 })
}
/// A grid of tiles over `layers` of rows x cols; `None` where there are none.
///
/// # Errors
/// `InvalidArgument` where there are more tiles than a launch has blocks.
pub(crate) fn tiled(
    rows: usize,
    cols: usize,
    layers: usize,
    tile: usize,
    block: (u32, u32),
) -> Result<Option<LaunchConfig>> {
    let tiles = rows.div_ceil(tile).checked_mul(cols.div_ceil(tile)).and_then(|t| t.checked_mul(layers));
    let Some(tiles) = tiles.filter(|&t| t <= i32::MAX as usize) else {
        return Err(Error::invalid(format!(
            "{layers} times {rows} x {cols} numbers are more than one launch can cover: split them"
        )));
    };
    let config = LaunchConfig { grid_dim: (tiles as u32, 1, 1), block_dim: (block.0, block.1, 1), shared_mem_bytes: 0 };
    Ok((tiles > 0).then_some(config))
}
/// Asks for more shared memory than every kernel has unasked.
pub(crate) fn shared(f: &CudaFunction, bytes: u32) -> Result<()> {
    if bytes <= 48 << 10 {
        return Ok(());
    }
    let attribute = sys::CUfunction_attribute::CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES;
    f.set_attribute(attribute, bytes as i32)
        .map_err(|e| failed("cuFuncSetAttribute", &format!("a demand for {bytes} bytes of shared memory"), e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grids() {
        assert!(covering(0).is_none());
        assert_eq!(covering(1).unwrap().grid_dim, (1, 1, 1));
        assert_eq!(covering(257).unwrap().grid_dim, (2, 1, 1));
        assert_eq!(covering(usize::MAX / 2).unwrap().grid_dim, (BLOCKS, 1, 1));
        assert!(tiled(0, 5, 1, 16, (16, 16)).unwrap().is_none());
        assert_eq!(tiled(17, 33, 1, 16, (16, 16)).unwrap().unwrap().grid_dim, (6, 1, 1));
        assert!(matches!(tiled(1 << 40, 1 << 20, 1, 16, (16, 16)), Err(Error::InvalidArgument { .. })));
        assert!(matches!(tiled(usize::MAX, usize::MAX, 1, 16, (16, 16)), Err(Error::InvalidArgument { .. })));
    }
}
