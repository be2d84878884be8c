//! Stored matrices of 16 bits a number on a device, computed with in `f32`: half of the memory, and half of the time where reading the
//! matrix is what takes it.

use super::span::{Stored, own_product};
use super::{DeviceAction, Span, SpanMut};
use crate::device::Cuda;
use crate::driver::failed;
use cola_core::data::MatrixData;
use cola_core::space::Dyn;
use cola_core::{Dense, Error, NoFacts, Operator, Result, Update};
use cudarc::driver::{CudaSlice, DevicePtr};
use std::sync::Arc;

/// A format of 16 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HalfFormat {
    /// IEEE half precision: 11 bits of precision, up to 65504.
    Half,
    /// bfloat16: 8 bits of precision, the range of `f32`.
    Brain,
}
impl HalfFormat {
    /// The nearest number of this format, ties to even; beyond its range infinite.
    pub fn bits(self, x: f32) -> u16 {
        let (bits, nan) = (x.to_bits(), x.is_nan());
        // the upper 16 - `cut` bits of `from`, rounded by the rest
        let rounded = |from: u32, cut: u32| {
            let (kept, rest, tie) = (from >> cut, from & ((1 << cut) - 1), 1u32 << (cut - 1));
            kept + (rest > tie || rest == tie && kept & 1 == 1) as u32
        };
        let sign = (bits >> 16) & 0x8000;
        let magnitude = bits & 0x7fff_ffff;
        match self {
            HalfFormat::Brain if nan => (sign | 0x7fc0) as u16,
            HalfFormat::Brain => (sign | rounded(magnitude, 16)) as u16,
            HalfFormat::Half if nan => (sign | 0x7e00) as u16,
            HalfFormat::Half => {
                let exponent = (magnitude >> 23) as i32 - 127 + 15;
                let out = match exponent {
                    // at least 2^16
                    31.. => 0x7c00,
                    // the exponent moved; a carry out of the fraction is right in it too
                    1..31 => rounded(magnitude - (112 << 23), 13).min(0x7c00),
                    // subnormal: the fraction with its leading one, shifted to units of 2^-24
                    -10..1 => rounded((magnitude & 0x7f_ffff) | 0x80_0000, (14 - exponent) as u32),
                    _ => 0,
                };
                (sign | out) as u16
            }
        }
    }
    /// The number that the bits are.
    pub fn number(self, bits: u16) -> f32 {
        let sign = (bits as u32 & 0x8000) << 16;
        match self {
            HalfFormat::Brain => f32::from_bits((bits as u32) << 16),
            HalfFormat::Half => {
                let scaled = f32::from_bits((bits as u32 & 0x7fff) << 13) * f32::from_bits(239 << 23);
                let special = if bits & 0x7c00 == 0x7c00 { 0x7f80_0000 } else { 0 };
                f32::from_bits(scaled.to_bits() | special | sign)
            }
        }
    }
}
/// A stored matrix on a device with 16 bits a number, applied to `f32` vectors; a factor of `Kron` like any other.
///
/// ```
/// # fn main() -> cola_core::Result<()> {
/// # if !cola_cuda::Cuda::probe().is_usable() { return Ok(()) }
/// use cola_core::{Dense, Kron};
/// use cola_cuda::{Cuda, CudaHalf, HalfFormat, OnDevice};
///
/// let gpu = Cuda::new(0)?;
/// let a = Dense::new(nalgebra::matrix![1.0f32, 2.0; 3.0, 4.0]);
/// let half = CudaHalf::new(&gpu, &a, HalfFormat::Half)?;
/// let k = OnDevice::new(&gpu, Kron::new(half.clone(), half));
/// assert_eq!(gpu.download(&k.apply(&gpu.upload(&[1.0f32, 0.0, 0.0, 0.0])?)?)?, [1.0, 3.0, 3.0, 9.0]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct CudaHalf {
    data: Option<Arc<CudaSlice<u16>>>,
    shape: (usize, usize),
    format: HalfFormat,
    gpu: Cuda,
}
impl CudaHalf {
    /// The entries, rounded to the format.
    ///
    /// # Errors
    /// `NonFinite` where an entry is beyond the format's range; `Device`.
    pub fn new<M: MatrixData<Scalar = f32>>(gpu: &Cuda, a: &Dense<M>, format: HalfFormat) -> Result<Self> {
        let v = a.0.view();
        let mut bits = Vec::with_capacity(v.rows * v.cols);
        for (j, i) in (0..v.cols).flat_map(|j| (0..v.rows).map(move |i| (j, i))) {
            let (x, b) = (v.at(i, j), format.bits(v.at(i, j)));
            if !format.number(b).is_finite() {
                return Err(Error::non_finite(format!("entry ({i}, {j}), {x}, in 16 bits: try `HalfFormat::Brain`")));
            }
            bits.push(b);
        }
        let what = "the upload of a matrix of 16 bits";
        let send = || gpu.stream.clone_htod(&bits).map_err(|e| failed("cuMemcpyHtoDAsync", what, e));
        let data = if bits.is_empty() { None } else { Some(Arc::new(send()?)) };
        gpu.stream.synchronize().map_err(|e| failed("cuStreamSynchronize", what, e))?;
        Ok(CudaHalf { data, shape: (v.rows, v.cols), format, gpu: gpu.clone() })
    }
}
impl Operator for CudaHalf {
    type Scalar = f32;
    type Facts = NoFacts;
    type Class = cola_core::General;
    type Rows = Dyn;
    type Cols = Dyn;
    const HOLDS_DENSE: bool = true;
    fn nrows(&self) -> usize {
        self.shape.0
    }
    fn ncols(&self) -> usize {
        self.shape.1
    }
}
impl DeviceAction for CudaHalf {
    fn act_on(&self, gpu: &Cuda, how: Update<f32>, x: Span<'_, f32>, y: SpanMut<'_, f32>) -> Result<()> {
        gpu.same_device(&self.gpu)?;
        let at = self.data.as_ref().map_or(0, |d| d.device_ptr(&gpu.stream).0);
        let stored = if self.format == HalfFormat::Half { Stored::Half } else { Stored::Brain };
        own_product(gpu, how, ((at, self.shape.0, self.shape.1), stored), x, y)
    }
}

#[cfg(test)]
mod tests {
    use super::HalfFormat::{Brain, Half};

    #[test]
    fn rounds_to_nearest() {
        let half = [
            (1.0, 0x3c00),
            (-2.0, 0xc000),
            (65504.0, 0x7bff),
            (65520.0, 0x7c00),
            (1e9, 0x7c00),
            (0.0, 0),
            (-0.0, 0x8000),
            (2f32.powi(-14), 0x0400),
            (2f32.powi(-24), 1),
            (2f32.powi(-25), 0),
            (1.5 * 2f32.powi(-24), 2),
            (1e-10, 0),
            (1.0 + 2f32.powi(-11), 0x3c00),
            (1.0 + 3.0 * 2f32.powi(-11), 0x3c02),
            (f32::INFINITY, 0x7c00),
            (0.99999994 * 2f32.powi(-14), 0x0400),
        ];
        half.iter().for_each(|&(x, b)| assert_eq!(Half.bits(x), b, "{x:e}"));
        let brain =
            [(1.0, 0x3f80), (3.4e38, 0x7f80), (1.0 + 2f32.powi(-8), 0x3f80), (1.0 + 3.0 * 2f32.powi(-8), 0x3f82)];
        brain.iter().for_each(|&(x, b)| assert_eq!(Brain.bits(x), b, "{x:e}"));
    }
    #[test]
    fn there_and_back() {
        for f in [Half, Brain] {
            for bits in 0..=u16::MAX {
                let x = f.number(bits);
                assert!(x.is_nan() || f.bits(x) == bits, "{f:?} {bits:x}: {x}");
            }
        }
    }
}
