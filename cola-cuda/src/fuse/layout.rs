//! How the numbers of a batch lie, and the way there and back: from operators, from operators in lanes, from vectors.

use cola_core::batch::Wide;
use cola_core::{Element, Error, Parameters, ParametersExt, Path, Result, Scalar};

/// Where number i of element b of a batch lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Layout {
    /// At i * batch + b: neighbouring threads read neighbouring numbers.
    Interleaved,
    /// At b * size + i.
    Contiguous,
}
impl Layout {
    /// The place of number `i` of `size` of element `b` of `batch`.
    #[inline(always)]
    pub fn at(self, i: usize, size: usize, b: usize, batch: usize) -> usize {
        match self {
            Layout::Interleaved => i * batch + b,
            Layout::Contiguous => b * size + i,
        }
    }
}
/// The type of `K` with `B` lanes.
pub type InLanes<K, const B: usize> = <K as Parameters>::With<Wide<<K as Parameters>::Number, B>>;

fn same(op: &'static str, want: usize, have: usize) -> Result<()> {
    if want == have { Ok(()) } else { Err(Error::ShapeMismatch { op, left: (want, 1), right: (have, 1) }) }
}

/// The numbers of all operators; `size` are expected of each.
///
/// # Errors
/// `ShapeMismatch` where one has another count.
pub fn pack<K: Parameters>(operators: &[K], size: usize, layout: Layout) -> Result<Vec<K::Number>> {
    let batch = operators.len();
    let mut out = vec![<K::Number as num_traits::Zero>::zero(); size * batch];
    for (b, k) in operators.iter().enumerate() {
        let mut i = 0;
        k.visit(&mut Path::default(), &mut |_, leaf| {
            for &x in leaf.iter() {
                if i < size {
                    out[layout.at(i, size, b, batch)] = x;
                }
                i += 1;
            }
        });
        same("numbers of an operator of a batch", size, i)?;
    }
    Ok(out)
}
/// The operators back: each like `like`, with its numbers.
///
/// # Errors
/// `ShapeMismatch` where the numbers are not `batch` times those of `like`.
pub fn unpack<K: Parameters>(like: &K, numbers: &[K::Number], layout: Layout) -> Result<Vec<K::Owned>> {
    let size = like.parameter_count();
    let batch = numbers.len() / size.max(1);
    same("numbers of a batch", size * batch, numbers.len())?;
    let element = |b| (0..size).map(|i| numbers[layout.at(i, size, b, batch)]).collect::<Vec<_>>();
    (0..batch).map(|b| like.unflatten(&element(b))).collect()
}
/// The numbers of operators in lanes: lane l of operator k is element k * B + l.
///
/// # Errors
/// `ShapeMismatch` where one has another count than `size`.
pub fn pack_lanes<K: Parameters<Number: Element>, const B: usize>(
    operators: &[InLanes<K, B>],
    size: usize,
    layout: Layout,
) -> Result<Vec<K::Number>> {
    let batch = operators.len() * B;
    let mut out = vec![<K::Number as num_traits::Zero>::zero(); size * batch];
    for (group, k) in operators.iter().enumerate() {
        let numbers = k.flatten();
        same("numbers of an operator of a batch", size, numbers.len())?;
        for (i, x) in numbers.iter().enumerate() {
            (0..B).for_each(|lane| out[layout.at(i, size, group * B + lane, batch)] = x.lane(lane));
        }
    }
    Ok(out)
}
/// The operators in lanes back; past the end of the batch the last element is repeated.
///
/// # Errors
/// `ShapeMismatch` where the numbers are not a multiple of those of `like`.
pub fn unpack_lanes<K: Parameters<Number: Element>, const B: usize>(
    like: &K,
    numbers: &[K::Number],
    layout: Layout,
) -> Result<Vec<InLanes<K, B>>> {
    let size = like.parameter_count();
    let batch = numbers.len() / size.max(1);
    same("numbers of a batch", size * batch, numbers.len())?;
    let group = |g: usize| {
        let wide = |i| Scalar::from_lanes(|lane| numbers[layout.at(i, size, (g * B + lane).min(batch - 1), batch)]);
        like.unflatten_as(&(0..size).map(wide).collect::<Vec<Wide<K::Number, B>>>())
    };
    (0..batch.div_ceil(B)).map(group).collect()
}
/// Numbers of one layout in another.
pub fn relayout<T: Copy>(numbers: &[T], size: usize, from: Layout, to: Layout) -> Vec<T> {
    let batch = numbers.len() / size.max(1);
    if from == to || size == 0 {
        return numbers.to_vec();
    }
    let (outer, inner) = if from == Layout::Interleaved { (batch, size) } else { (size, batch) };
    (0..outer * inner).map(|k| numbers[k % inner * outer + k / inner]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use cola_core::{Dense, Diagonal, Kron, Lanes, Psd};
    use nalgebra::{SMatrix, SVector};

    type K = Kron<Psd<Dense<SMatrix<f64, 2, 2>>>, Diagonal<SVector<f64, 3>>>;
    fn operator(b: usize) -> K {
        let x = |i: usize| (10 * b + i) as f64;
        Kron::new(Psd::new(SMatrix::from_fn(|i, j| x(i + 2 * j))), Diagonal::new(SVector::from_fn(|i, _| x(4 + i))))
    }

    #[test]
    fn there_and_back() -> Result<()> {
        let ks: Vec<K> = (0..5).map(operator).collect();
        for layout in [Layout::Interleaved, Layout::Contiguous] {
            let x = pack(&ks, 7, layout)?;
            assert_eq!(x[layout.at(2, 7, 3, 5)], 32.0); // entry (0, 1) of the third
            assert_eq!(unpack(&ks[0], &x, layout)?, ks);
            let lanes: Vec<InLanes<K, 4>> = unpack_lanes::<K, 4>(&ks[0], &x, layout)?;
            assert_eq!((lanes.len(), lanes[1].flatten()[2]), (2, Lanes::from_lanes(|_| 42.0)));
            let back = pack_lanes::<K, 4>(&lanes, 7, layout)?;
            assert_eq!(unpack(&ks[0], &back, layout)?[..5], ks);
            let other = if layout == Layout::Interleaved { Layout::Contiguous } else { Layout::Interleaved };
            assert_eq!(relayout(&x, 7, layout, other), pack(&ks, 7, other)?);
        }
        assert_eq!(pack::<K>(&[], 7, Layout::Interleaved)?, []);
        assert!(matches!(pack(&ks, 6, Layout::Contiguous), Err(Error::ShapeMismatch { .. })));
        assert!(matches!(unpack(&ks[0], &[0.0; 8], Layout::Contiguous), Err(Error::ShapeMismatch { .. })));
        Ok(())
    }
}
