//! Random numbers by counting: number k of stream s of a seed is a function of (seed, s, k) and of nothing else, so that a result is
//! the same bit for bit in any order of evaluation and on any number of threads.
//!
//! The mixing function is SplitMix64 (Steele, Lea & Flood, Fast splittable pseudorandom number generators, OOPSLA 2014).

use crate::facts::Fact;
use crate::scalar::{Real, Scalar};

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// One stream of a seed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stream(u64);
impl Stream {
    pub fn new(seed: u64, stream: u64) -> Self {
        Stream(mix(mix(seed.wrapping_add(GOLDEN)) ^ stream.wrapping_mul(GOLDEN).wrapping_add(1)))
    }
    /// Word k.
    pub fn word(self, k: u64) -> u64 {
        mix(self.0.wrapping_add(k.wrapping_add(1).wrapping_mul(GOLDEN)))
    }
    /// Number k, uniform in (0, 1).
    pub fn uniform(self, k: u64) -> f64 {
        ((self.word(k) >> 11) as f64 + 0.5) * (1.0 / (1u64 << 53) as f64)
    }
    /// Pair k of independent standard normal numbers (Box & Muller 1958).
    fn normals(self, k: u64) -> (f64, f64) {
        let radius = (-2.0 * self.uniform(2 * k).ln()).sqrt();
        let (sin, cos) = (core::f64::consts::TAU * self.uniform(2 * k + 1)).sin_cos();
        (radius * cos, radius * sin)
    }
    /// x_i of mean 0 and E |x_i|^2 = 1: normal, complex normal for complex numbers.
    pub fn normal<T: Scalar>(self, x: &mut [T]) {
        if <T::IsReal as Fact>::KNOWN {
            for (k, pair) in x.chunks_mut(2).enumerate() {
                let (a, b) = self.normals(k as u64);
                pair[0] = T::of(a);
                if let Some(x) = pair.get_mut(1) {
                    *x = T::of(b);
                }
            }
        } else {
            let (i, root) = ((-T::one()).sqrt(), core::f64::consts::FRAC_1_SQRT_2);
            for (k, x) in x.iter_mut().enumerate() {
                let (a, b) = self.normals(k as u64);
                *x = T::of(a * root) + i.scale(T::Re::real(b * root));
            }
        }
    }
    /// x_i of modulus 1 and mean 0: signs, or fourth roots of unity for complex numbers.
    pub fn signs<T: Scalar>(self, x: &mut [T]) {
        let real = <T::IsReal as Fact>::KNOWN;
        let i = if real { T::one() } else { (-T::one()).sqrt() };
        let roots = [T::one(), -T::one(), i, -i];
        let (bits, mask) = if real { (1, 1) } else { (2, 3) };
        for (k, chunk) in x.chunks_mut(64 / bits).enumerate() {
            let mut word = self.word(k as u64);
            for x in chunk {
                *x = roots[(word & mask) as usize];
                word >>= bits;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scalar::Complex;

    #[test]
    fn moments() {
        let n = 200_000;
        let mut x = vec![0.0f64; n];
        Stream::new(1, 2).normal(&mut x);
        let mean = |p: i32| x.iter().map(|x| x.powi(p)).sum::<f64>() / n as f64;
        // standard errors of the first four moments: 1, sqrt 2, sqrt 15, sqrt 96 over sqrt n
        assert!(mean(1).abs() < 4.0 / 447.0 && (mean(2) - 1.0).abs() < 4.0 * 1.5 / 447.0);
        assert!(mean(3).abs() < 4.0 * 3.9 / 447.0 && (mean(4) - 3.0).abs() < 4.0 * 9.8 / 447.0);
        let mut z = vec![Complex::new(0.0f64, 0.0); n];
        Stream::new(1, 3).normal(&mut z);
        let square = z.iter().map(|z| z.norm_sqr()).sum::<f64>() / n as f64;
        assert!((square - 1.0).abs() < 4.0 / 447.0);
        Stream::new(1, 4).signs(&mut z);
        assert!(z.iter().sum::<Complex<f64>>().norm() < 4.0 * 447.0 && z.iter().all(|z| z.norm() == 1.0));
    }

    #[test]
    fn streams_differ_and_repeat() {
        let of = |seed, stream| {
            let mut x = [0.0f64; 5];
            Stream::new(seed, stream).normal(&mut x);
            x
        };
        assert_eq!(of(3, 4), of(3, 4));
        assert!(of(3, 4) != of(3, 5) && of(3, 4) != of(4, 4) && of(3, 4) != of(4, 3));
        // a shorter vector is the beginning of a longer one
        let mut long = [0.0f64; 99];
        Stream::new(3, 4).normal(&mut long);
        assert_eq!(long[..5], of(3, 4));
    }
}
