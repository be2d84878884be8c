//! The distribution of eigenvalues that random quadratures show.
//!
//! Lin, Saad & Yang, Approximating spectral densities of large matrices, SIAM Review 58, 2016, section 3.2; counts as Di Napoli, Polizzi &
//! Saad, Efficient estimation of eigenvalue counts in an interval, Numer. Linear Algebra Appl. 23, 2016.

use super::{Estimate, Moments};
use crate::error::Error;
use crate::view::View;

/// How many eigenvalues of a self-adjoint operator lie where: nodes and weights from a few random vectors.
///
/// ```
/// # use cola_core::prelude::*;
/// // 300 eigenvalues 1, .., 300
/// let a = SelfAdjoint::new(Diagonal::new((1..=300).map(f64::from).collect::<Vec<_>>()));
/// let density = a.spectral_density_with(Slq::default().probes(20).seed(4))?;
/// let below = density.count(f64::NEG_INFINITY, 100.5);
/// assert!((below.value - 100.0).abs() < 4.0 * below.std_error + 2.0);
/// assert!((density.at(150.0, 10.0).value - 1.0).abs() < 0.3);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct SpectralDensity {
    /// Per probe (node, weight), ascending; the weights of one probe add up to n.
    quadratures: Vec<Vec<(f64, f64)>>,
}
impl SpectralDensity {
    pub(super) fn new(mut quadratures: Vec<Vec<(f64, f64)>>) -> Self {
        quadratures.iter_mut().for_each(|q| q.sort_by(|a, b| a.0.total_cmp(&b.0)));
        SpectralDensity { quadratures }
    }
    /// What a [`spectral_density_with`](crate::IterativeExt::spectral_density_with) had reached that its callback has stopped: fewer probes,
    /// the last ones of fewer steps. None of other errors.
    ///
    /// ```
    /// # use cola_core::{SpectralDensity, prelude::*};
    /// let a = SelfAdjoint::new(Diagonal::new((1..=300).map(f64::from).collect::<Vec<_>>()));
    /// let stopped = a.spectral_density_with(Slq::default().probes(20).on_iteration(|i| i.iteration < 120)).unwrap_err();
    /// let density = SpectralDensity::reached(&stopped).unwrap();
    /// let below = density.count(f64::NEG_INFINITY, 100.5);
    /// assert!(below.probes == 16 && (below.value - 100.0).abs() < 4.0 * below.std_error + 5.0);
    /// ```
    pub fn reached(e: &Error) -> Option<Self> {
        let pairs = e.iterate::<f64>().filter(|m| m.ncols().is_multiple_of(2))?;
        let probe = |j: usize| (0..pairs.nrows()).map(move |i| (pairs[(i, 2 * j)], pairs[(i, 2 * j + 1)]));
        // shorter ones are filled up with NaN
        let all = (0..pairs.ncols() / 2).map(|j| probe(j).filter(|(w, _)| !w.is_nan()).collect());
        Some(SpectralDensity { quadratures: all.collect() })
    }
    /// The error with the quadratures inside: nodes and weights of each probe in two columns.
    pub(super) fn kept_in(self, e: Error) -> Error {
        let rows = self.quadratures.iter().map(Vec::len).max().unwrap_or(0);
        let mut pairs = vec![f64::NAN; 2 * rows * self.quadratures.len()];
        for (j, q) in self.quadratures.iter().enumerate() {
            for (i, &(w, weight)) in q.iter().enumerate() {
                pairs[2 * j * rows + i] = w;
                pairs[(2 * j + 1) * rows + i] = weight;
            }
        }
        e.with_iterate(View::matrix(&pairs, rows, 2 * self.quadratures.len()))
    }
    /// Per probe the nodes (Ritz values) with their weights, which add up to n.
    pub fn quadratures(&self) -> &[Vec<(f64, f64)>] {
        &self.quadratures
    }
    /// The mean over the probes of the sum of weight times f(node): an estimate of tr f(A), for functions known only later.
    pub fn trace(&self, f: impl Fn(f64) -> f64) -> Estimate<f64> {
        let mut moments = Moments::<f64>::new();
        for q in &self.quadratures {
            moments.add(q.iter().fold(0.0, |s, (w, q)| s + q * f(*w)));
        }
        Estimate { value: moments.mean, std_error: moments.std_error(), probes: moments.count }
    }
    /// The number of eigenvalues in (low, high]. The standard error is that of the sampling; a node next to an end may belong to both sides,
    /// so that a bias of the order of one node's weight stays.
    pub fn count(&self, low: f64, high: f64) -> Estimate<f64> {
        self.trace(|w| f64::from(u8::from(w > low && w <= high)))
    }
    /// Eigenvalues per unit at x, averaged with a Gaussian of the given width: below the distance of nodes it shows the nodes.
    pub fn at(&self, x: f64, width: f64) -> Estimate<f64> {
        let scale = 1.0 / (width * (2.0 * core::f64::consts::PI).sqrt());
        self.trace(|w| scale * (-0.5 * ((x - w) / width).powi(2)).exp())
    }
}
