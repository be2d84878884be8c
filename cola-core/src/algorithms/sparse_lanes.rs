//! Sparse factorisations of lanes: one per lane, because pivots differ, on the pattern that all lanes share. A lane that fails is
//! named alone and gives NaN; each lane costs what its matrix alone does.

use crate::algorithms::sparse::{Compressed, SparseNumber};
use crate::error::{Error, Result, note_fault};
use crate::lanes::{LaneElement, Lanes};
use crate::scalar::{Complex, Scalar};

/// `f` of each lane; the failed ones are noted, or all named where nobody listens.
fn each_lane<R>(lanes: usize, f: impl FnMut(usize) -> Result<R>) -> Result<Vec<Option<R>>> {
    let (mut out, mut failed) = (Vec::with_capacity(lanes), Vec::new());
    for (lane, result) in (0..lanes).map(f).enumerate() {
        match result {
            Ok(value) => out.push(Some(value)),
            Err(e) => {
                out.push(None);
                failed.push((lane, e));
            }
        }
    }
    if failed.iter().all(|(lane, e)| note_fault(*lane, e.clone())) { Ok(out) } else { Err(Error::Lanes { failed }) }
}
/// The numbers of one lane.
fn numbers<W: Scalar>(values: &[W], lane: usize) -> Vec<W::Lane> {
    values.iter().map(|v| v.lane(lane)).collect()
}
/// The same pattern with other numbers.
fn with<'a, W, L>(a: Compressed<'a, W>, values: &'a [L]) -> Compressed<'a, L> {
    let Compressed { rows, cols, by_rows, offsets, indices, .. } = a;
    Compressed { rows, cols, by_rows, offsets, indices, values }
}

macro_rules! sparse_lanes {
    ($Wide:ty, $L:ty) => {
        impl<T: LaneElement + SparseNumber<Re = T>, const B: usize> SparseNumber for $Wide
        where
            $L: SparseNumber<Re = T>,
            $Wide: Scalar<Lane = $L, Re = Lanes<T, B>>,
        {
            type Factor = Vec<Option<<$L as SparseNumber>::Factor>>;
            fn factor(a: Compressed<'_, Self>, psd: bool) -> Result<Self::Factor> {
                each_lane(B, |lane| <$L>::factor(with(a, &numbers(a.values, lane)), psd))
            }
            fn solve(f: &Self::Factor, adjoint: bool, x: &mut [Self], columns: usize, _: &mut [Self]) {
                let solve = |lane: usize| {
                    let mut x = numbers(x, lane);
                    match &f[lane] {
                        Some(f) => {
                            let mut room = vec![<$L as num_traits::Zero>::zero(); <$L>::room(f, columns)];
                            <$L>::solve(f, adjoint, &mut x, columns, &mut room)
                        }
                        None => x.fill(<$L>::of(f64::NAN)),
                    }
                    x
                };
                let solved: Vec<_> = (0..B).map(solve).collect();
                x.iter_mut().enumerate().for_each(|(i, x)| *x = Self::from_lanes(|lane| solved[lane][i]));
            }
            fn slogdet(f: &Self::Factor, a: Compressed<'_, Self>) -> Result<(Self, Lanes<T, B>)> {
                let of = |lane: usize| match &f[lane] {
                    Some(f) => <$L>::slogdet(f, with(a, &numbers(a.values, lane))),
                    None => Ok((<$L>::of(f64::NAN), T::of(f64::NAN))),
                };
                each_lane(B, of).map(Self::side_by_side)
            }
            fn slogdet_of(a: Compressed<'_, Self>, psd: bool) -> Result<(Self, Lanes<T, B>)> {
                each_lane(B, |lane| <$L>::slogdet_of(with(a, &numbers(a.values, lane)), psd)).map(Self::side_by_side)
            }
            fn name(f: &Self::Factor) -> &'static str {
                f.iter().flatten().next().map_or("sparse factors, lane by lane", |f| <$L>::name(f))
            }
            fn shows_pivots(f: &Self::Factor) -> bool {
                f.iter().flatten().all(|f| <$L>::shows_pivots(f))
            }
        }
        impl<T: LaneElement + SparseNumber<Re = T>, const B: usize> SideBySide<$L, T, B> for $Wide
        where
            $Wide: Scalar<Lane = $L, Re = Lanes<T, B>>,
            $L: Scalar,
        {
            fn side_by_side(of: Vec<Option<($L, T)>>) -> (Self, Lanes<T, B>) {
                let sign = |lane: usize| of[lane].map_or(<$L>::of(f64::NAN), |d| d.0);
                let log = |lane: usize| of[lane].map_or(T::of(f64::NAN), |d| d.1);
                (Self::from_lanes(sign), Lanes::from_lanes(log))
            }
        }
    };
}
/// Sign and logarithm of each lane's determinant in lanes.
trait SideBySide<L, T: LaneElement, const B: usize>: Sized {
    fn side_by_side(of: Vec<Option<(L, T)>>) -> (Self, Lanes<T, B>);
}
sparse_lanes!(Lanes<T, B>, T);
sparse_lanes!(Complex<Lanes<T, B>>, Complex<T>);
