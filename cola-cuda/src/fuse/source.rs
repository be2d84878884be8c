//! The text of a fused kernel, and how it is launched: written without a device.

use super::layout::Layout;
use super::lower::lower;
use super::node::Node;
use super::term::Fusible;
use super::{Function, Team};
use crate::vector::DeviceScalar;
use cola_core::{Error, Operator, Result};
use std::hash::{DefaultHasher, Hash, Hasher};

/// The C++ that all fused kernels share: nodes, teams, tasks.
pub const PRELUDE: &str = include_str!("../../kernels/fused.cuh");

/// Threads of a block: enough to fill a processor four times over, few enough for 255 registers a thread.
pub(super) const THREADS: usize = 128;
/// A thread has 255 registers of 32 bits; what addresses and temporaries take besides the numbers was measured (see `tests/nvrtc.rs`).
const REGISTERS: usize = 220;
/// Multiplications that a thread's kernel may hold: above, compilation takes more than some seconds.
const UNROLLED: usize = 4096;
/// Bytes of shared memory for one element of a warp, so that at least two fit beside each other without asking for more.
const WARP_BYTES: usize = 24 << 10;
/// Largest block of shared memory that every processor since sm_80 has.
const BLOCK_BYTES: usize = 160 << 10;

/// A fused kernel as text, with all that is needed to launch it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Source {
    /// The kernel's name.
    pub name: String,
    /// What it computes.
    pub function: Function,
    /// The type in C++, e.g. `Kron<OfMat<Eigh<double,2,Sqrt>>,Diag<double,3,Sqrt>>`.
    pub operator: String,
    /// The kernel itself, which follows [`PRELUDE`].
    pub kernel: String,
    /// Who works on one element.
    pub team: Team,
    /// Numbers of an operator.
    pub params: usize,
    /// Numbers of an argument; 0 where there is none.
    pub input: usize,
    /// Numbers of a result.
    pub output: usize,
    /// Bytes of a number.
    pub(super) bytes: usize,
    /// Numbers of scratch per element.
    pub(super) pool: usize,
}
/// Grid, block and shared memory of a launch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Launch {
    /// Blocks.
    pub grid: u32,
    /// Threads of a block in x and y.
    pub block: (u32, u32),
    /// Bytes of shared memory of a block.
    pub shared: u32,
}
impl Source {
    /// The whole text for the compiler.
    pub fn text(&self) -> String {
        format!("{PRELUDE}{}", self.kernel)
    }
    /// How the numbers of a batch must lie.
    pub fn layout(&self) -> Layout {
        if self.team == Team::Thread { Layout::Interleaved } else { Layout::Contiguous }
    }
    /// Elements that one block serves.
    fn per_block(&self) -> usize {
        match self.team {
            Team::Thread => THREADS,
            Team::Warp => (2 * WARP_BYTES / (self.pool * self.bytes).max(1)).clamp(1, THREADS / 32),
            Team::Block => 1,
        }
    }
    /// How a batch of this many elements is launched; `None` for an empty one, which needs no launch.
    ///
    /// # Errors
    /// `InvalidArgument` where the batch has more blocks than a launch, or more numbers than a 64-bit index.
    pub fn launch(&self, batch: usize) -> Result<Option<Launch>> {
        if batch == 0 {
            return Ok(None);
        }
        let numbers = self.params.max(self.input).max(self.output).max(1);
        let fits = batch
            .checked_mul(numbers)
            .and_then(|n| n.checked_mul(self.bytes))
            .is_some_and(|n| n <= isize::MAX as usize);
        let grid = batch.div_ceil(self.per_block());
        if !fits || grid > i32::MAX as usize {
            return Err(Error::invalid(format!("a batch of {batch} elements is too large for one launch: split it")));
        }
        let (block, shared) = match self.team {
            Team::Thread => ((THREADS, 1), 0),
            Team::Warp => ((32, self.per_block()), self.per_block() * self.pool * self.bytes),
            Team::Block => ((THREADS, 1), THREADS / 32 * 8 + self.pool * self.bytes),
        };
        Ok(Some(Launch { grid: grid as u32, block: (block.0 as u32, block.1 as u32), shared: shared as u32 }))
    }
}

/// The kernel for one function of a batch of `K`. Needs no device and no CUDA.
///
/// ```
/// use cola_core::{Dense, Diagonal, Kron, Psd};
/// use cola_cuda::fuse::{Function, Team, source};
/// use nalgebra::{SMatrix, SVector};
///
/// type K = Kron<Psd<Dense<SMatrix<f64, 2, 2>>>, Diagonal<SVector<f64, 3>>>;
/// let s = source::<K>(Function::Sqrt)?;
/// assert_eq!((s.params, s.input, s.output, s.team), (7, 6, 6, Team::Thread));
/// assert_eq!(s.operator, "Kron<OfMat<Eigh<double,2,Sqrt>>,Diag<double,3,Sqrt>>");
/// # Ok::<(), cola_core::Error>(())
/// ```
///
/// # Errors
/// `InvalidArgument` where the function has no fused kernel for this type or the type is too large for one; `ShapeMismatch` for a
/// function of a rectangular operator.
pub fn source<K: Fusible<Scalar: DeviceScalar>>(function: Function) -> Result<Source> {
    let node = lower(&K::term(), function)?;
    let team = team::<<K as Operator>::Scalar>(&node, function != Function::LogDet)?;
    Ok(written::<K::Scalar>(&node, function, team))
}
/// As [`source`], with the team chosen by the caller: for tests and measurements.
///
/// # Errors
/// As [`source`].
pub fn source_for<K: Fusible<Scalar: DeviceScalar>>(function: Function, team: Team) -> Result<Source> {
    Ok(written::<K::Scalar>(&lower(&K::term(), function)?, function, team))
}
/// A thread while its numbers fit registers, a warp while two elements fit the shared memory, else a block.
fn team<T>(node: &Node, vector: bool) -> Result<Team> {
    let (words, bytes) = (size_of::<T>() / 4, node.pool(vector) * size_of::<T>());
    let registers = words * (node.live() + 20);
    let widest = node.shape().0.max(node.shape().1);
    if registers <= REGISTERS && node.unrolled(1, 1) <= UNROLLED {
        return Ok(Team::Thread);
    }
    if widest <= 128 && bytes <= WARP_BYTES {
        return Ok(Team::Warp);
    }
    if bytes + THREADS / 32 * 8 <= BLOCK_BYTES {
        return Ok(Team::Block);
    }
    Err(Error::invalid(format!(
        "an operator that needs {bytes} bytes of fast memory per element is too large for a fused kernel ({BLOCK_BYTES} are there); \
         use `to_device(&gpu)`"
    )))
}
fn written<T>(node: &Node, function: Function, team: Team) -> Source {
    let bytes = size_of::<T>();
    let real = if bytes == 8 { "double" } else { "float" };
    let operator = node.text(real);
    let (task, input, output) = match function {
        Function::LogDet => ("LogDet", 0, 1),
        Function::Quad | Function::InvQuad => ("Quadratic", node.shape().1, 1),
        _ => ("Vector", node.shape().1, node.shape().0),
    };
    let (params, pool) = (node.params(), node.pool(function != Function::LogDet));
    let call = match team {
        Team::Thread => format!("by_thread<Op, {task}>"),
        Team::Warp => format!("by_warp<Op, {task}>"),
        Team::Block => format!("by_block<Op, {task}, {THREADS}>"),
    };
    let mut hash = DefaultHasher::new();
    (&operator, &call).hash(&mut hash);
    let name = format!("cola_{}_{:016x}", format!("{function:?}").to_lowercase(), hash.finish());
    // The 1 (one block per processor is enough) keeps the compiler from spilling for more of them.
    let kernel = format!(
        "\nextern \"C\" __global__ void __launch_bounds__({THREADS}, 1) {name}({real}* __restrict__ y, const {real}* __restrict__ x, \
         const {real}* __restrict__ p, cola::Batch n, cola::Record* records, unsigned* count) {{\n  using namespace cola;\n  \
         typedef {operator} Op;\n  static_assert(int(Op::PARAMS) == {params} && int(Pool<Op, {task}>::NUMBERS) == {pool}, \"sizes in Rust \
         and C++ differ\");\n  {call}(y, x, p, n, records, count);\n}}\n"
    );
    Source { name, function, operator, kernel, team, params, input, output, bytes, pool }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cola_core::{Dense, Diagonal, Kron, Psd};
    use nalgebra::{SMatrix, SVector};

    type Small = Kron<Psd<Dense<SMatrix<f64, 2, 2>>>, Diagonal<SVector<f64, 3>>>;

    #[test]
    fn launches() -> Result<()> {
        let thread = source::<Small>(Function::Sqrt)?;
        assert_eq!(thread.launch(0)?, None);
        let l = thread.launch(129)?.unwrap();
        assert_eq!((l.grid, l.block, l.shared), (2, (128, 1), 0));
        for too_many in [usize::MAX, isize::MAX as usize, 1 << 60] {
            assert!(matches!(thread.launch(too_many), Err(Error::InvalidArgument { .. })));
        }
        let warp = source_for::<Small>(Function::Sqrt, Team::Warp)?;
        let l = warp.launch(5)?.unwrap();
        assert_eq!((l.grid, l.block), (2, (32, 4)));
        let block = source_for::<Small>(Function::Sqrt, Team::Block)?;
        assert_eq!(block.launch(5)?.unwrap().grid, 5);
        assert!(matches!(block.launch(1 << 32), Err(Error::InvalidArgument { .. })));
        Ok(())
    }
    #[test]
    fn teams_by_size() -> Result<()> {
        fn psd<const N: usize>(f: Function) -> Result<Team> {
            Ok(source::<Psd<Dense<SMatrix<f64, N, N>>>>(f)?.team)
        }
        assert_eq!(
            [psd::<4>(Function::Sqrt)?, psd::<16>(Function::Sqrt)?, psd::<60>(Function::Sqrt)?],
            [Team::Thread, Team::Warp, Team::Block]
        );
        assert_eq!(psd::<8>(Function::Solve)?, Team::Thread);
        assert!(matches!(psd::<200>(Function::Sqrt), Err(Error::InvalidArgument { .. })));
        Ok(())
    }
    #[test]
    fn no_kernel_is_an_error() {
        type General = Dense<SMatrix<f64, 3, 3>>;
        assert!(matches!(source::<General>(Function::Exp), Err(Error::InvalidArgument { .. })));
        type Tall = Dense<SMatrix<f64, 3, 2>>;
        assert!(matches!(source::<Tall>(Function::Solve), Err(Error::ShapeMismatch { .. })));
        assert!(source::<Tall>(Function::Apply).is_ok());
    }
}
