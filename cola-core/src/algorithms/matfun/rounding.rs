//! What rounding does to f(A) b: no Krylov space, not all of it either, knows A better than to some epsilon |A|.
//!
//! The basis and the small matrix H satisfy A V = V H + F with columns of F of a few epsilon |A| (Paige, J. IMA 18, 1976; Daniel, Gragg,
//! Kaufman & Stewart, Math. Comp. 30, 1976), so that the coefficients are those of H + E with E of that size, and miss to first order
//! L_f(H, E) r, L_f the Frechet derivative (Higham, Functions of Matrices, 2008, sections 3.1 and 3.2). That Lanczos without
//! orthogonalisation loses no more than that but for small factors: Druskin & Knizhnerman, Numer. Linear Algebra Appl. 2, 1995; Musco, Musco
//! & Sidford, SODA 2018. E is not known: what is computed is the size for a random one.

use super::Function;
use super::krylov::small;
use crate::algorithms::random::Stream;
use crate::algorithms::spectrum::SpectralNumber;
use crate::scalar::Real;
use crate::vector::Vector;

/// |F e_j| / (epsilon |A|) that is reckoned with.
const PRODUCT: f64 = 4.0;

/// Relative error of f(T) r for self-adjoint T with eigenvalues `w`, where f has the `values`, and r with the coefficients `c` in the
/// eigenvectors.
///
/// L_f(T, E) = Q (D o (Q^H E Q)) Q^H with D_ij = f\[w_i, w_j\] (Daletskii & Krein); for independent entries of E the mean square of its
/// length on r is that of an entry times sum_ij |D_ij c_j|^2. Cost: m^2 operations.
pub(crate) fn of_eigenvalues<R: Real>(f: Function<'_, R>, w: &[R], values: &[R], c: &[f64]) -> f64 {
    let largest = w.iter().fold(0.0_f64, |m, w| m.max(w.abs().lane_f64(0)));
    let scale = values.iter().fold(0.0_f64, |m, v| m.max(v.abs().lane_f64(0)));
    let unit = R::epsilon().lane_f64(0) * largest;
    if unit == 0.0 || scale == 0.0 {
        return 0.0;
    }
    let m = w.len();
    let mut sum = 0.0;
    for j in 0..m {
        let (wj, vj, square) = (w[j].lane_f64(0), values[j].lane_f64(0), c[j] * c[j]);
        let slope = slope(f, w[j], values[j], unit) / scale;
        sum += slope * slope * square;
        for i in j + 1..m {
            let gap = (w[i].lane_f64(0) - wj).abs();
            // of nearer ones the difference of the values is their rounding
            let d = if gap > 100.0 * unit { (values[i].lane_f64(0) - vj).abs() / scale / gap } else { slope };
            sum += d * d * (square + c[i] * c[i]);
        }
    }
    let size = c.iter().zip(values).fold(0.0_f64, |s, (c, v)| s.hypot(c * (v.lane_f64(0) / scale)));
    match size > 0.0 {
        true => PRODUCT * unit * (sum / m as f64).sqrt() / size,
        false if sum > 0.0 => f64::INFINITY,
        false => 0.0,
    }
}
/// |f'(w)|, not more than over a step of the `unit` of rounding, so that a root at 0 has one.
fn slope<R: Real>(f: Function<'_, R>, w: R, value: R, unit: f64) -> f64 {
    let at = w.lane_f64(0);
    match f {
        Function::Exp => value.lane_f64(0),
        Function::Log => 1.0 / at.abs().max(unit),
        Function::Power(p) => (p.exponent() * at.abs().max(unit).powf(p.exponent() - 1.0)).abs(),
        Function::Map(f) => {
            // wide enough for the rounding of f, narrow enough to stay where f is defined
            let h = R::real((100.0 * unit).max(1e-5 * at.abs()));
            let side = |x: R| (f(x).lane_f64(0) - value.lane_f64(0)).abs() / h.lane_f64(0);
            let (left, right) = (side(w - h), side(w + h));
            if left.is_nan() || right.is_nan() { left.min(right) } else { left.max(right) }
        }
    }
}

/// Relative errors of f(H) r for general H: by how much the result changes for one random E of `unit` |H|. Infinite where f is not defined
/// for H + E. Cost: the function once more.
pub(super) fn of_general<T: SpectralNumber>(
    f: Function<'_, T::Re>,
    columns: &[Vec<T>],
    m: usize,
    r: &[Vec<T>],
    y: &[Vec<T>],
    unit: f64,
) -> Vec<f64> {
    let norm = columns[..m].iter().fold(0.0_f64, |s, h| s.max(h[..h.len().min(m)].norm().lane_f64(0)));
    let entry = PRODUCT * unit * norm / (m as f64).sqrt();
    let mut e = vec![T::zero(); m];
    let perturbed: Vec<Vec<T>> = columns[..m]
        .iter()
        .enumerate()
        .map(|(j, h)| {
            Stream::new(0, j as u64).normal(&mut e);
            e.iter().enumerate().map(|(i, &e)| e * T::of(entry) + h.get(i).copied().unwrap_or(T::zero())).collect()
        })
        .collect();
    let Ok(other) = small(false, f, &perturbed, m, r) else {
        return vec![f64::INFINITY; y.len()];
    };
    let change = |(y, other): (&Vec<T>, Vec<T>)| {
        let size = y[..].norm().lane_f64(0);
        let mut d = other;
        d[..].axpy(T::of(-1.0), y);
        if size > 0.0 { d[..].norm().lane_f64(0) / size } else { 0.0 }
    };
    y.iter().zip(other.y).map(change).collect()
}
