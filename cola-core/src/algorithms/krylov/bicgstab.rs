//! BiCGStab(l) for general operators: short recurrences where the memory of GMRES is too much.
//!
//! Sleijpen & Fokkema, BiCGstab(l) for linear equations involving unsymmetric matrices with complex spectrum, ETNA 1, 1993; letters of
//! Sleijpen, van der Vorst & Fokkema, Numer. Algorithms 7, 1994, figure 3. Deviations: the preconditioner stands on the right, so that
//! the residual is the true one; the best iterate is kept, as the residual jumps; a breakdown starts again from the true residual, with it as the new shadow; the outer loop [`refine`]
//! verifies the result.

use super::{End, Monitor, Params, Products, Report, host, refine, solver};
use crate::error::{Error, Result};
use crate::operator::DynOperator;
use crate::scalar::{Real, Scalar};
use crate::vector::{Vector, VectorRe};
use num_traits::{One, Zero};

/// Name in reports and errors.
pub(super) const NAME: &str = "BiCGStab";
/// Degree of the minimal-residual polynomial.
const DEGREE: usize = 2;

solver! {
    /// Stabilised bi-conjugate gradients: solves A x = b for any square A in a fixed number of vectors.
    ///
    /// Each iteration does l steps of bi-conjugate gradients and then minimises the residual over l directions. Nothing is minimal
    /// overall: the residual jumps, and convergence is not assured. l = 1 is the classical method, which fails for eigenvalues near the
    /// imaginary axis; l = 2 does not.
    ///
    /// # Input
    /// A square A; P, if given, any operator near the inverse of A.
    /// # Cost
    /// Per iteration 2 l products with A (and with P) and about (2 l^2 + 14 l) n operations; 2 l + 5 vectors (2 l + 7 with P), nothing
    /// allocated per iteration. One product to verify.
    /// # Errors
    /// `NotConverged` with the true residual; `Breakdown` if the recurrences cannot go on and starting again does not help;
    /// `NonFinite`; `ShapeMismatch`; `InvalidArgument` for lanes and dual numbers.
    /// # Example
    /// ```
    /// use cola_core::prelude::*;
    /// use nalgebra::{matrix, vector};
    ///
    /// let a = Dense::new(matrix![1.0, 2.0; -3.0, 1.0]);
    /// let s = a.solve_with(BiCgStab::default().tol(1e-12), &vector![5.0, -1.0])?;
    /// assert!((s.x - vector![1.0, 2.0]).norm() < 1e-10);
    /// # Ok::<(), Error>(())
    /// ```
    /// # Reference
    /// Sleijpen & Fokkema, ETNA 1, 1993, 11-32.
    BiCgStab by bicgstab
}
impl<P, F> BiCgStab<P, F> {
    /// l, the degree of the minimal-residual polynomial, 1 to 16. Default: 2.
    pub fn degree(mut self, l: usize) -> Self {
        self.options.restart = Some(l);
        self
    }
}

/// [`BiCgStab`], compiled once per number type: solves A x = b from the starting point `x`; `m` is near the inverse of A.
///
/// Workspace: r_0 .. r_l, u_0 .. u_l, the shadow, the best iterate and one for the outer residual; with a preconditioner the sum of the updates and a
/// product.
///
/// # Errors
/// As [`BiCgStab`].
pub fn bicgstab<T: Scalar>(
    a: &dyn DynOperator<T>,
    m: Option<&dyn DynOperator<T>>,
    b: &[T],
    x: &mut [T],
    params: &mut Params<'_>,
) -> Result<Report> {
    let mut products = host(NAME, a, m, (b, x), params)?;
    let n = b.len();
    let mut work = vec![T::zero(); vectors(params, m.is_some()) * n];
    let mut vectors: Vec<&mut [T]> = work.chunks_exact_mut(n.max(1)).collect();
    let outer = vectors.pop().unwrap_or_default();
    bicgstab_on(&mut products, n, b, x, outer, &mut vectors, params)
}
/// [`bicgstab`] on vectors of n numbers of any kind: `outer` and the others, together as many as [`vectors`] says.
///
/// # Errors
/// As [`BiCgStab`].
#[doc(hidden)]
pub fn bicgstab_on<V: Vector + ?Sized>(
    products: &mut dyn Products<V>,
    n: usize,
    b: &V,
    x: &mut V,
    outer: &mut V,
    others: &mut [&mut V],
    params: &mut Params<'_>,
) -> Result<Report> {
    let (l, wanted) = (degree(params), vectors(params, products.preconditioned()));
    if n > 0 && others.len() + 1 != wanted {
        return Err(Error::invalid(format!(
            "{NAME} of degree {l} works in {wanted} vectors, not {}",
            others.len() + 1
        )));
    }
    let (others, rest) = others.split_at_mut((2 * (l + 1)).min(others.len()));
    let (r, u) = others.split_at_mut((l + 1).min(others.len()));
    refine(NAME, n, products, b, x, outer, params, &mut |products, x, start, s, monitor| {
        cycle(products, x, start, s, monitor, r, u, rest)
    })
}
/// Largest degree.
const MOST: usize = 16;
/// l.
fn degree(params: &Params<'_>) -> usize {
    params.restart.unwrap_or(DEGREE).clamp(1, MOST)
}
/// How many vectors of n numbers [`bicgstab_on`] works in, besides b and x.
#[doc(hidden)]
pub fn vectors(params: &Params<'_>, preconditioned: bool) -> usize {
    2 * degree(params) + if preconditioned { 7 } else { 5 }
}

/// Until the recurrence claims convergence or breaks down. start = (b - A x) / s; x <- x + s d with A d = start.
#[allow(clippy::too_many_arguments, reason = "the vectors of the workspace, each by its name in the paper")]
fn cycle<V: Vector + ?Sized>(
    products: &mut dyn Products<V>,
    x: &mut V,
    start: &mut V,
    s: VectorRe<V>,
    monitor: &mut Monitor<'_>,
    r: &mut [&mut V],
    u: &mut [&mut V],
    rest: &mut [&mut V],
) -> Result<End> {
    let preconditioned = products.preconditioned();
    let [shadow, best, rest @ ..] = rest else { return Ok(End::Breakdown) };
    shadow.copy(start);
    r[0].copy(start);
    u[0].fill(V::Scalar::zero());
    // with a preconditioner the updates are summed in y, and x <- x + s P y at the end
    let end = match rest {
        [y, z] if preconditioned => {
            y.fill(V::Scalar::zero());
            let end = steps(products, y, VectorRe::<V>::one(), monitor, r, u, shadow, best, Some(z))?;
            products.precondition(y, z)?;
            x.axpy(V::Scalar::from_re(s), z);
            end
        }
        _ => steps(products, x, s, monitor, r, u, shadow, best, None)?,
    };
    Ok(end)
}

/// The iterations: x <- x + s d.
#[allow(clippy::too_many_arguments, reason = "as `cycle`")]
fn steps<V: Vector + ?Sized>(
    products: &mut dyn Products<V>,
    x: &mut V,
    s: VectorRe<V>,
    monitor: &mut Monitor<'_>,
    r: &mut [&mut V],
    u: &mut [&mut V],
    shadow: &V,
    best: &mut V,
    z: Option<&mut V>,
) -> Result<End> {
    best.copy(x);
    let mut least = 1.0;
    let end = recur(products, x, s, monitor, r, u, shadow, best, &mut least, z)?;
    // a residual that has jumped at the end is no reason to lose what was reached
    let residual = r[0].norm().lane_f64(0);
    if end != End::Claimed && !(residual <= least) {
        x.copy(best);
    }
    Ok(end)
}
/// The same, which copies x to `best` where the residual is well below the `least` one so far.
#[allow(clippy::too_many_arguments, reason = "as `cycle`")]
fn recur<V: Vector + ?Sized>(
    products: &mut dyn Products<V>,
    x: &mut V,
    s: VectorRe<V>,
    monitor: &mut Monitor<'_>,
    r: &mut [&mut V],
    u: &mut [&mut V],
    shadow: &V,
    best: &mut V,
    least: &mut f64,
    mut z: Option<&mut V>,
) -> Result<End> {
    let l = r.len() - 1;
    let (zero, one) = (V::Scalar::zero(), V::Scalar::one());
    let epsilon = VectorRe::<V>::epsilon().lane_f64(0);
    let mut product = |products: &mut dyn Products<V>, x: &V, y: &mut V| match &mut z {
        Some(z) => {
            products.precondition(x, z)?;
            products.apply(z, y)
        }
        None => products.apply(x, y),
    };
    let size = |x: V::Scalar| x.abs().lane_f64(0);
    let (mut rho0, mut alpha, mut omega) = (one, zero, one);
    let mut tau = [[zero; MOST]; MOST];
    let (mut sigma, mut gamma_1, mut gamma, mut gamma_2) =
        ([VectorRe::<V>::zero(); MOST], [zero; MOST], [zero; MOST], [zero; MOST]);
    loop {
        // bi-conjugate gradients, l steps
        rho0 = -(omega * rho0);
        for j in 0..l {
            let rho1 = shadow.dot(r[j]);
            if !rho1.abs().lane_f64(0).is_finite() {
                return Err(monitor.non_finite());
            }
            if size(rho0) == 0.0 || size(rho1) <= epsilon * epsilon * r[j].norm().lane_f64(0) {
                return Ok(End::Breakdown);
            }
            let beta = alpha * rho1 / rho0;
            rho0 = rho1;
            for i in 0..=j {
                u[i].xpby(r[i], -beta);
            }
            let (low, high) = u.split_at_mut(j + 1);
            product(products, low[j], high[0])?;
            let g = shadow.dot(high[0]);
            if !g.abs().lane_f64(0).is_finite() {
                return Err(monitor.non_finite());
            }
            if size(g) <= epsilon * size(rho1) * epsilon {
                return Ok(End::Breakdown);
            }
            alpha = rho0 / g;
            for i in 0..=j {
                r[i].axpy(-alpha, u[i + 1]);
            }
            x.axpy(alpha.scale(s), u[0]);
            // what is left may be nothing already, as with an exact preconditioner: the rest of the steps would divide rounding by rounding
            let residual = r[0].norm();
            if monitor.reached(residual) {
                monitor.watch(residual)?;
                return Ok(End::Claimed);
            }
            let (low, high) = r.split_at_mut(j + 1);
            product(products, low[j], high[0])?;
        }
        // minimise |r_0 - sum of gamma_j r_j|, by modified Gram-Schmidt
        for j in 1..=l {
            for i in 1..j {
                let (low, high) = r.split_at_mut(j);
                let t = low[i].dot(high[0]).scale(VectorRe::<V>::one() / sigma[i - 1]);
                tau[i - 1][j - 1] = t;
                high[0].axpy(-t, low[i]);
            }
            sigma[j - 1] = r[j].dot(r[j]).re();
            let square = sigma[j - 1].lane_f64(0);
            if !square.is_finite() {
                return Err(monitor.non_finite());
            }
            if square == 0.0 {
                return Ok(End::Breakdown);
            }
            gamma_1[j - 1] = r[j].dot(r[0]).scale(VectorRe::<V>::one() / sigma[j - 1]);
        }
        omega = gamma_1[l - 1];
        for j in (0..l).rev() {
            gamma[j] = (j + 1..l).fold(gamma_1[j], |g, i| g - tau[j][i] * gamma[i]);
        }
        for j in 0..l - 1 {
            gamma_2[j] = (j + 1..l - 1).fold(gamma[j + 1], |g, i| g + tau[j][i] * gamma[i + 1]);
        }
        let (r0, high) = r.split_at_mut(1);
        x.axpy(gamma[0].scale(s), r0[0]);
        for j in 0..l - 1 {
            x.axpy(gamma_2[j].scale(s), high[j]);
        }
        for j in 0..l {
            r0[0].axpy(-gamma_1[j], high[j]);
        }
        let (u0, high) = u.split_at_mut(1);
        for j in 0..l {
            u0[0].axpy(-gamma[j], high[j]);
        }
        let residual = r[0].norm();
        if let Some(end) = monitor.watch(residual)? {
            return Ok(end);
        }
        if residual.lane_f64(0) < 0.7 * *least {
            *least = residual.lane_f64(0);
            best.copy(x);
        }
        // beyond, the recurrence has lost every digit
        if residual.lane_f64(0) > 1.0 / epsilon {
            return Ok(End::Breakdown);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::facts::NoFacts;
    use crate::scalar::Complex;

    #[test]
    fn manners() {
        check_manners(bicgstab::<f64>);
        check_manners(bicgstab::<f32>);
        check_manners(bicgstab::<C64>);
        check_manners(bicgstab::<Complex<f32>>);
    }

    /// Upwind convection and diffusion on a line.
    fn convection(n: usize, wind: f64) -> impl crate::operator::LinearOperator<Scalar = f64> {
        matrix::<NoFacts, f64>((n, n), move |i, j| match j as isize - i as isize {
            0 => 2.1 + wind,
            1 => -1.0,
            -1 => -1.0 - wind,
            _ => 0.0,
        })
    }

    #[test]
    fn every_degree() {
        let (a, b) = (convection(200, 0.5), noisy(200));
        for l in [1, 2, 3, 4, 8] {
            let s = solve(BiCgStab::default().degree(l), &a, &b).unwrap();
            assert!(s.report.residual <= 1e-9 && s.report.iterations * l < 300, "{l}: {:?}", s.report.iterations);
        }
    }

    /// Eigenvalues +-i w: the classical method breaks down or stagnates, l = 2 does not.
    #[test]
    fn skew() {
        let n = 40;
        let a = matrix::<NoFacts, f64>((n, n), |i, j| match (i / 2 == j / 2, i < j, i == j) {
            (_, _, true) => 1e-3,
            (true, true, _) => 1.0 + (i / 2) as f64 / 10.0,
            (true, false, _) => -1.0 - (i / 2) as f64 / 10.0,
            _ => 0.0,
        });
        let one = solve(BiCgStab::default().degree(1).max_iters(200), &a, &noisy(n));
        let two = solve(BiCgStab::default().max_iters(200), &a, &noisy(n)).unwrap();
        assert!(two.report.residual <= 1e-9);
        assert!(one.is_err() || one.unwrap().report.iterations > 2 * two.report.iterations);
    }

    #[test]
    fn complex_general() {
        let n = 60;
        let a =
            matrix::<NoFacts, C64>((n, n), |i, j| c(noise(i + n * j) + 12.0 * f64::from(i == j), noise(7 + i * n + j)));
        let s = solve(BiCgStab::default(), &a, &complex(n)).unwrap();
        assert!(s.report.residual <= 1e-9);
    }

    #[test]
    fn jacobi_on_the_right() {
        let n = 150;
        let d: Vec<f64> = (0..n).map(|i| 10f64.powf(5.0 * i as f64 / n as f64)).collect();
        let a = matrix::<NoFacts, f64>((n, n), |i, j| match j as isize - i as isize {
            0 => d[i],
            1 => 0.3 * d[i],
            -1 => -0.2 * d[i],
            _ => 0.0,
        });
        let p = diagonal::<NoFacts, f64>(d.iter().map(|d| 1.0 / d).collect());
        let with = solve(BiCgStab::default().preconditioner(&p), &a, &noisy(n)).unwrap().report;
        assert!(with.iterations < 25, "{}", with.iterations);
    }

    #[test]
    fn singular_and_broken_down() {
        let zero = diagonal::<NoFacts, f64>(vec![0.0; 4]);
        assert!(matches!(solve(BiCgStab::default(), &zero, &noisy(4)), Err(Error::Breakdown { .. })));
        // r^H A r = 0 in the first step
        let turn = matrix::<NoFacts, f64>((2, 2), |i, j| f64::from(i < j) - f64::from(i > j));
        match solve(BiCgStab::default(), &turn, &[1.0, 0.0]) {
            Err(Error::Breakdown { algorithm: "BiCGStab", .. }) => {}
            Ok(s) => assert!(s.report.residual < 1e-9),
            Err(e) => panic!("{e}"),
        }
        let d: Vec<f64> = (0..30).map(|i| (i % 6) as f64).collect();
        let a = diagonal::<NoFacts, f64>(d.clone());
        let b: Vec<f64> = (0..30).map(|i| if d[i] != 0.0 { noise(i) } else { 0.0 }).collect();
        assert!(solve(BiCgStab::default(), &a, &b).is_ok());
        assert!(solve(BiCgStab::default(), &a, &noisy(30)).is_err());
    }
}
