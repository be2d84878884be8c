//! When the coefficients of f(A) b in a growing basis stand still: the a-posteriori stopping rule of the Krylov methods.

use crate::error::{Error, Result};
use crate::scalar::{Real, Scalar};
use crate::vector::Vector;

/// The last coefficients in an orthonormal basis, and what is thought of their error.
pub(super) struct Settling<T> {
    last: Option<(Vec<T>, f64)>,
    /// |f(A) b - V y| / |y|: the change between evaluations, extrapolated by the rate at which it falls.
    pub estimate: f64,
}
impl<T: Scalar> Settling<T> {
    pub fn new() -> Self {
        Settling { last: None, estimate: f64::INFINITY }
    }
    /// Takes the coefficients of a larger basis; true if they are trusted to `tol`: two small changes in a row, as one may be chance.
    ///
    /// # Errors
    /// `NonFinite`.
    pub fn next(&mut self, y: &[T], tol: f64) -> Result<bool> {
        let epsilon = T::Re::epsilon().lane_f64(0);
        let size = y.norm().lane_f64(0);
        if !size.is_finite() {
            return Err(Error::non_finite("the function: it overflowed"));
        }
        let trusted = self.last.as_ref().is_some_and(|l| l.1 <= 1e3 * tol.max(epsilon));
        let mut change = f64::INFINITY;
        if let Some((old, before)) = &self.last {
            let mut d = y.to_vec();
            d.iter_mut().zip(old).for_each(|(d, &o)| *d -= o);
            change = if size > 0.0 { d[..].norm().lane_f64(0) / size } else { 0.0 };
            self.estimate = extrapolated::<T>(change, *before);
        }
        self.last = Some((y.to_vec(), change));
        Ok(self.estimate <= tol.max(10.0 * epsilon) && trusted)
    }
    /// No larger basis is wanted, or there is none: true if what rounding does is within what it may. Of a basis that is `exhausted` nothing
    /// else is wrong.
    pub fn judge(&mut self, exhausted: bool, rounding: f64, allowed: f64) -> bool {
        self.estimate = if exhausted { rounding } else { self.estimate.max(rounding) };
        rounding <= allowed
    }
    /// The function was not defined for this basis.
    pub fn forget(&mut self) {
        self.last = None;
    }
    /// The coefficients.
    pub fn take(&mut self) -> Vec<T> {
        self.last.take().map_or(Vec::new(), |l| l.0)
    }
}
/// The changes still to come, if they go on falling at the rate from `before` to `change`.
pub(super) fn extrapolated<T: Scalar>(change: f64, before: f64) -> f64 {
    let rate = if before > 0.0 { change / before } else { 0.0 };
    // a rate that is slow is known badly: twice, to be sure
    let sure = if rate > 0.25 { 2.0 } else { 1.0 };
    let tail = if rate < 1.0 { sure * (rate / (1.0 - rate)).max(1.0) } else { f64::INFINITY };
    if change <= 10.0 * T::Re::epsilon().lane_f64(0) { change } else { change * tail }
}
