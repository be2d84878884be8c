//! |A^p|_1 by a few block products.
//!
//! Higham & Tisseur, A block algorithm for matrix 1-norm estimation, with an application to 1-norm pseudospectra, SIMAX 21, 2000,
//! algorithm 2.4, with t = 2 columns; the alternating vector of Higham, TOMS 14, 1988, as one more lower bound. Letters of the paper.
//! Deviation: of complex matrices parallel columns are not replaced (section 5 of the paper).

use crate::algorithms::blocks::Action;
use crate::algorithms::columns::BlockProducts;
use crate::algorithms::krylov::plain_numbers;
use crate::algorithms::random::Stream;
use crate::algorithms::watch::Options;
use crate::error::{Error, Result};
use crate::facts::Fact;
use crate::operator::DynOperator;
use crate::scalar::{Real, Scalar};
use num_traits::Zero;

/// Columns of a block: what the paper recommends.
pub(crate) const COLUMNS: usize = 2;
/// Most iterations; nearly all estimates stand after two.
const ITERATIONS: usize = 5;

/// Higham & Tisseur's estimate of |A|_1 from below, for [`norm1_estimate_with`](crate::NormExt::norm1_estimate_with) and
/// [`cond1_estimate_with`](crate::NormExt::cond1_estimate_with): the largest column sum that a few block products find.
///
/// # Cost
/// Up to `max_iters` products with t columns by A and as many by A^H, most often two, and two more; four blocks of t vectors.
/// # Errors
/// `InvalidArgument` for no columns or no iterations; `NonFinite`, and what an iterative action reports.
/// # Reference
/// Higham & Tisseur, SIAM J. Matrix Anal. Appl. 21, 2000, 1185-1201, algorithm 2.4.
#[derive(Clone, Copy, Debug, Default)]
pub struct OneNorm {
    options: Options,
}
impl OneNorm {
    /// Columns t of the block: more are surer and cost more. Default: 2.
    pub fn columns(mut self, t: usize) -> Self {
        self.options.block = Some(t);
        self
    }
    /// Most iterations. Default: 5; nearly all estimates stand after two.
    pub fn max_iters(mut self, most: usize) -> Self {
        self.options.max_iters = Some(most);
        self
    }
    /// Seed of the random signs. Default: 0.
    pub fn seed(mut self, seed: u64) -> Self {
        self.options.seed = seed;
        self
    }
    pub(crate) fn of<T: Scalar>(self, a: &dyn DynOperator<T>) -> Result<f64> {
        plain_numbers::<T>(NAME)?;
        let (t, most) = (self.options.block.unwrap_or(COLUMNS), self.options.max_iters.unwrap_or(ITERATIONS));
        if t == 0 || most == 0 {
            return Err(Error::invalid(format!("{NAME}: {t} columns and {most} iterations; give 1 of each at least")));
        }
        one_norm_by(&mut Action::new(NAME, a, t), 1, (t, most), self.options.seed)
    }
}
const NAME: &str = "1-norm estimate";

/// |A^p|_1 from below, nearly always within a factor 2 and mostly exact: at most 21 p products, most often 9 p. `a` takes
/// [`COLUMNS`] columns; A is square if p > 1.
pub(crate) fn one_norm<T: Scalar>(a: &mut dyn BlockProducts<[T]>, p: usize, seed: u64) -> Result<f64> {
    one_norm_by(a, p, (COLUMNS, ITERATIONS), seed)
}
fn one_norm_by<T: Scalar>(
    a: &mut dyn BlockProducts<[T]>,
    p: usize,
    (columns, iterations): (usize, usize),
    seed: u64,
) -> Result<f64> {
    let (m, n) = a.shape();
    if m == 0 || n == 0 {
        return Ok(0.0);
    }
    let t = columns.min(n);
    let scale = T::of(1.0 / n as f64);
    let mut power = |x: &mut Vec<T>, y: &mut Vec<T>, adjoint: bool, columns: usize| -> Result<()> {
        for k in 0..p {
            if k > 0 {
                core::mem::swap(x, y);
            }
            if adjoint { a.adjoint(x, y, columns)? } else { a.apply(x, y, columns)? }
        }
        Ok(())
    };
    let sum = |y: &[T]| y.iter().fold(T::Re::zero(), |s, y| s + y.abs()).lane_f64(0);
    // X: the mean of the columns, and random signs; of A^p both buffers may hold either side
    let (mut x, mut y) = (vec![scale; n * t], vec![T::zero(); m * t]);
    let (mut s, mut z) = (vec![T::zero(); m * t], vec![T::zero(); n * t]);
    for j in 1..t {
        signs(seed, j as u64, &mut x[j * n..][..n]);
        x[j * n..][..n].iter_mut().for_each(|x| *x *= scale);
    }
    let mut best = 0.0;
    let (mut old, mut seen, mut units): (Vec<T>, Vec<usize>, Vec<usize>) = (Vec::new(), Vec::new(), Vec::new());
    for k in 1..=iterations + 1 {
        power(&mut x, &mut y, false, t)?;
        let (largest, column) =
            (0..t).map(|j| (sum(&y[j * m..][..m]), j)).fold((-1.0, 0), |a, b| if b.0 > a.0 { b } else { a });
        if k >= 2 && largest <= best {
            break;
        }
        best = f64::max(best, largest);
        let place = units.get(column).copied().unwrap_or(usize::MAX);
        if k > iterations {
            break;
        }
        // the subgradient of |y|_1
        for (s, &y) in s.iter_mut().zip(&y) {
            let size = y.abs();
            *s = if size.lane_f64(0) > 0.0 { y.scale(T::Re::real(1.0) / size) } else { T::of(1.0) };
        }
        if <T::IsReal as Fact>::KNOWN && !refreshed(m, &mut s, &old, seed ^ k as u64) {
            break;
        }
        old.clone_from(&s);
        power(&mut s, &mut z, true, t)?;
        // the columns that it points to
        let mut h: Vec<(f64, usize)> =
            (0..n).map(|i| ((0..t).map(|j| z[j * n + i].abs().lane_f64(0)).fold(0.0, f64::max), i)).collect();
        let highest = h.iter().fold(0.0, |m: f64, h| m.max(h.0));
        if k >= 2 && place < n && highest <= h[place].0 {
            break;
        }
        h.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        if h[..t].iter().all(|h| seen.contains(&h.1)) {
            break;
        }
        units = h.iter().map(|h| h.1).filter(|i| !seen.contains(i)).take(t).collect();
        // where all columns have been seen but one
        units.resize(t, h[0].1);
        seen.extend_from_slice(&units);
        x.fill(T::zero());
        units.iter().enumerate().for_each(|(j, &i)| x[j * n + i] = T::of(1.0));
    }
    for (i, x) in x[..n].iter_mut().enumerate() {
        let sign = if i % 2 == 0 { 1.0 } else { -1.0 };
        *x = T::of(sign * (1.0 + i as f64 / (n.max(2) - 1) as f64));
    }
    x.truncate(n);
    y.truncate(m);
    power(&mut x, &mut y, false, 1)?;
    Ok(best.max(2.0 * sum(&y) / (3.0 * n as f64)))
}
fn signs<T: Scalar>(seed: u64, stream: u64, x: &mut [T]) {
    Stream::new(seed ^ 0x1_0071, stream).signs(x)
}
/// Replaces sign columns of S that are parallel to one another, or to one of `old`; false if all of S is known already.
fn refreshed<T: Scalar>(m: usize, s: &mut [T], old: &[T], seed: u64) -> bool {
    let parallel = |x: &[T], y: &[T]| {
        let dot = x.iter().zip(y).fold(T::Re::zero(), |d, (&x, &y)| d + (x * y).re());
        dot.abs().lane_f64(0) >= m as f64
    };
    let t = s.len() / m;
    if !old.is_empty() && (0..t).all(|j| old.chunks_exact(m).any(|o| parallel(&s[j * m..][..m], o))) {
        return false;
    }
    for j in 0..t {
        for attempt in 0..4u64 {
            let (before, rest) = s.split_at_mut(j * m);
            let column = &mut rest[..m];
            let known = before.chunks_exact(m).chain(old.chunks_exact(m)).any(|o| parallel(column, o));
            if !known {
                break;
            }
            signs(seed, 8 + attempt + 4 * j as u64, column);
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algorithms::krylov::testing::*;
    use crate::facts::NoFacts;

    fn exact(n: usize, entry: impl Fn(usize, usize) -> f64) -> f64 {
        (0..n).map(|j| (0..n).map(|i| entry(i, j).abs()).sum::<f64>()).fold(0.0, f64::max)
    }
    /// Inverses of known matrices, random ones and powers: never above, mostly equal.
    #[test]
    fn of_named_families() {
        let mut hits = 0;
        for case in 0..30usize {
            let n = 20 + case;
            let entry = move |i: usize, j: usize| match case % 3 {
                0 => noise(i + n * j + 1000 * case),
                // inverse of the second difference: min(i, j) (n + 1 - max) / (n + 1)
                1 => ((i.min(j) + 1) * (n - i.max(j))) as f64 / (n + 1) as f64,
                // Hilbert, with signs
                _ => noise(7 * i + 3).signum() / (i + j + 1) as f64,
            };
            let a = matrix::<NoFacts, f64>((n, n), entry);
            let got = one_norm(&mut Action::new("test", &a, COLUMNS), 1, 0).unwrap();
            let want = exact(n, entry);
            assert!(got <= want * (1.0 + 1e-12) && got >= want / 2.0, "{case}: {got} {want}");
            hits += usize::from(got >= want * (1.0 - 1e-12));
        }
        assert!(hits >= 20, "{hits} of 30 exact");
    }
    #[test]
    fn of_powers_and_complex_and_flat_ones() {
        let n = 15;
        let entry = |i: usize, j: usize| noise(i + n * j);
        let cube = {
            let m = nalgebra::DMatrix::from_fn(n, n, entry);
            let c = &m * &m * &m;
            exact(n, |i, j| c[(i, j)])
        };
        let a = matrix::<NoFacts, f64>((n, n), entry);
        let got = one_norm(&mut Action::new("test", &a, COLUMNS), 3, 0).unwrap();
        assert!(got <= cube * (1.0 + 1e-12) && got >= cube / 2.0, "{got} {cube}");
        let z = matrix::<NoFacts, C64>((9, 5), |i, j| c(noise(i + 9 * j), noise(50 + i + 9 * j)));
        let want = (0..5)
            .map(|j| (0..9).map(|i| c(noise(i + 9 * j), noise(50 + i + 9 * j)).norm()).sum::<f64>())
            .fold(0.0, f64::max);
        let got = one_norm(&mut Action::new("test", &z, COLUMNS), 1, 0).unwrap();
        assert!(got <= want * (1.0 + 1e-12) && got >= want / 2.0, "{got} {want}");
        for (shape, want) in [((1, 1), 3.0), ((4, 1), 12.0), ((1, 4), 3.0), ((0, 3), 0.0), ((3, 0), 0.0)] {
            let a = matrix::<NoFacts, f64>(shape, |_, _| 3.0);
            assert_eq!(one_norm(&mut Action::new("test", &a, COLUMNS), 1, 0).unwrap(), want);
        }
    }
}
