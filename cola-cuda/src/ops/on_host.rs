//! An operator on a device as one of the host, so that every algorithm of the host runs with its products on the device.

use super::{DeviceAction, OnDevice};
use cola_core::{LinearOperator, Operator, Update, View, ViewMut};

/// An operator on a device that meets vectors of the host: each product sends its vectors there and back.
///
/// What it is for: algorithms without a form on device vectors (estimates of diagonals, refinement in mixed precision, ..), where products are
/// what takes the time. It is made by [`OnDevice::offloaded`].
#[derive(Clone, Debug)]
pub struct Offloaded<A>(pub(super) OnDevice<A>);
impl<A: DeviceAction> Operator for Offloaded<A> {
    type Scalar = A::Scalar;
    type Facts = A::Facts;
    type Class = cola_core::General;
    type Rows = cola_core::Dyn;
    type Cols = cola_core::Dyn;
    const HOLDS_DENSE: bool = false;
    // a product may fail, and `try_apply` then says why
    const ITERATIVE: bool = true;
    fn nrows(&self) -> usize {
        self.0.shape().0
    }
    fn ncols(&self) -> usize {
        self.0.shape().1
    }
}
impl<A: DeviceAction> LinearOperator for Offloaded<A> {
    fn act(&self, how: Update<A::Scalar>, x: View<'_, A::Scalar>, mut y: ViewMut<'_, A::Scalar>, _: &mut [A::Scalar]) {
        let numbers: Vec<A::Scalar> = (0..x.cols).flat_map(|j| (0..x.rows).map(move |i| x.at(i, j))).collect();
        let run = || {
            let gpu = self.0.gpu();
            let x = gpu.upload(&numbers)?;
            gpu.download(&if how.adjoint { self.0.apply_adjoint(&x)? } else { self.0.apply(&x)? })
        };
        let zero = vec![A::Scalar::default(); y.rows * y.cols];
        let done = if numbers.is_empty() { Ok(zero) } else { run() };
        let nan = <A::Scalar as cola_core::Scalar>::of(f64::NAN);
        let z = done.unwrap_or_else(|e| {
            cola_core::error::note_fault(0, e);
            vec![nan; y.rows * y.cols]
        });
        let rows = y.rows;
        for j in 0..y.cols {
            for i in 0..rows {
                how.write(y.at(i, j), z[i + j * rows]);
            }
        }
    }
    fn scratch_len(&self, _: usize) -> usize {
        0
    }
}
