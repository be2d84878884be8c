//! The eigenvectors of a permutation: discrete Fourier vectors on its cycles.

use crate::data::{Column, List};
use crate::facts::UnitaryFacts;
use crate::operator::{LinearOperator, Update, operator};
use crate::ops::Permutation;
use crate::plan::Explain;
use crate::scalar::Scalar;
use crate::space::{Plain, Space};
use crate::view::{View, ViewMut};
use core::f64::consts::TAU;

/// On a cycle i_0, i_1 = p\[i_0\], .. of length L the vectors v_j\[i_a\] = w^(aj) / sqrt(L), w = e^(2 pi i / L), to the eigenvalues w^j.
/// Unitary. Applied in O(sum of L^2), stored in O(n). `C`: complex numbers.
#[derive(Debug)]
pub struct CycleBasis<C: Plain, S: Space> {
    /// The indices, cycle after cycle; column `start + j` belongs to w^j.
    order: Column<usize, S>,
    /// Where each cycle begins in `order`, and its length.
    cycles: List<(usize, usize), S>,
    /// w^k / sqrt(L) for k < L, at the place of the cycle.
    phases: Column<C, S>,
}
impl<C: Plain, S: Space> Clone for CycleBasis<C, S> {
    fn clone(&self) -> Self {
        CycleBasis { order: self.order.clone(), cycles: self.cycles.clone(), phases: self.phases.clone() }
    }
}
/// w^k, w = e^(2 pi i / L), with the angle in (-pi, pi].
pub(crate) fn root<T: Scalar>(k: usize, length: usize, factor: f64) -> T::Complex {
    use crate::scalar::Real;
    let turn = if 2 * k > length { k as f64 - length as f64 } else { k as f64 } / length as f64;
    // the halves and quarters exactly
    let (cos, sin) = match turn {
        0.5 => (-1.0, 0.0),
        0.25 => (0.0, 1.0),
        -0.25 => (0.0, -1.0),
        _ => ((TAU * turn).cos(), (TAU * turn).sin()),
    };
    T::complex(T::Re::real(cos * factor), T::Re::real(sin * factor))
}
impl<C: Scalar, S: Space> CycleBasis<C, S> {
    /// On these cycles, each by where it begins in `order` and its length.
    pub(crate) fn of<T: Scalar<Complex = C>>(order: Column<usize, S>, cycles: List<(usize, usize), S>) -> Self {
        let mut phases = Column::filled(order.len(), C::zero());
        for &(start, length) in cycles.iter() {
            let scale = 1.0 / (length as f64).sqrt();
            (0..length).for_each(|k| phases[start + k] = root::<T>(k, length, scale));
        }
        CycleBasis { order, cycles, phases }
    }
}
/// Eigenvectors and eigenvalues of `p`.
pub(crate) fn eigenvectors<T: Scalar, S: Space>(
    p: &Permutation<T, S>,
) -> (CycleBasis<T::Complex, S>, Column<T::Complex, S>) {
    let (order, cycles) = p.cycle_order();
    let mut values = Column::filled(order.len(), <T::Complex as num_traits::Zero>::zero());
    for &(start, length) in cycles.iter() {
        (0..length).for_each(|k| values[start + k] = root::<T>(k, length, 1.0));
    }
    (CycleBasis::of::<T>(order, cycles), values)
}
operator!([C: Scalar, S: Space] CycleBasis<C, S> {
    scalar C; facts UnitaryFacts; rows S; cols S; nrows |s| s.order.len(); ncols s.order.len();
});
impl<C: Scalar, S: Space> LinearOperator for CycleBasis<C, S> {
    fn act(&self, how: Update<C>, x: View<'_, C>, mut y: ViewMut<'_, C>, _: &mut [C]) {
        for &(start, length) in self.cycles.iter() {
            for c in 0..x.cols {
                for a in 0..length {
                    let sum = (0..length).fold(C::zero(), |sum, j| {
                        let phase = self.phases[start + (a * j) % length];
                        match how.adjoint {
                            false => sum.add_mul(phase, x.at(start + j, c)),
                            true => sum.add_mul(phase.conj(), x.at(self.order[start + j], c)),
                        }
                    });
                    let row = if how.adjoint { start + a } else { self.order[start + a] };
                    how.write(y.at(row, c), sum);
                }
            }
        }
    }
    fn scratch_len(&self, _: usize) -> usize {
        0
    }
}
crate::base_rules!([C: Scalar, S: Space] CycleBasis<C, S>);
impl<C: Scalar, S: Space> Explain for CycleBasis<C, S> {}
