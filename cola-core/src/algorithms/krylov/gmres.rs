//! GMRES(m) for general operators.
//!
//! Saad & Schultz, GMRES: a generalized minimal residual algorithm for solving nonsymmetric linear systems, SISC 7, 1986; letters of
//! Saad, Iterative Methods for Sparse Linear Systems, 2nd ed., 2003, algorithms 6.9 and 9.5. Deviations: the preconditioner stands on
//! the right, so that the residual that is minimised is the true one; modified Gram-Schmidt is not repeated (GMRES is backward stable with
//! it: Paige, Rozloznik & Strakos, SIMAX 28, 2006) but where next to nothing is left, to tell an exhausted space; the outer loop [`refine`]
//! verifies each cycle.

use super::{End, Monitor, Params, Products, Report, host, hypot, refine, solver};
use crate::error::Result;
use crate::operator::DynOperator;
use crate::scalar::{Real, Scalar};
use crate::vector::{Vector, VectorRe, length};
use num_traits::{One, Zero};

/// Name in reports and errors.
pub(super) const NAME: &str = "GMRES";
/// Vectors kept before a restart.
const RESTART: usize = 50;

solver! {
    /// Generalised minimal residuals, restarted: solves A x = b for any square A by products with A alone.
    ///
    /// Its iterates minimise |b - A x|_2 over the Krylov space of A P, where P is the preconditioner. Without a restart it ends after at most
    /// n iterations; with one it may stagnate, which is found and reported as `NotConverged`.
    ///
    /// # Input
    /// A square A; P, if given, any operator near the inverse of A. If it changes from product to product (an iteration itself), ask
    /// for [`flexible`](Gmres::flexible).
    /// # Cost
    /// Iteration k of a cycle: one product with A (and with P) and 4 k n operations.
    /// m + 2 vectors for a restart after m iterations (m + 3 with P), nothing allocated per iteration. One product per cycle to verify.
    /// # Errors
    /// `NotConverged` with the true residual; `Breakdown` if the Krylov space is exhausted before b is reached, as A is singular;
    /// `NonFinite`; `ShapeMismatch`; `InvalidArgument` for lanes and dual numbers.
    /// # Example
    /// ```
    /// use cola_core::prelude::*;
    /// use nalgebra::{matrix, vector};
    ///
    /// let a = Dense::new(matrix![1.0, 2.0; -3.0, 1.0]);
    /// let mut residuals = Vec::new();
    /// let watched = Gmres::default().restart(20).on_iteration(|i| residuals.push(i.residual));
    /// let s = a.solve_with(watched, &vector![5.0, -1.0])?;
    /// assert!((s.x - vector![1.0, 2.0]).norm() < 1e-9);
    /// assert_eq!(residuals, s.report.history);
    /// # Ok::<(), Error>(())
    /// ```
    /// # Reference
    /// Saad & Schultz, SIAM J. Sci. Stat. Comput. 7, 1986, 856-869.
    Gmres by gmres
}
impl<P, F> Gmres<P, F> {
    /// Vectors kept before it starts again. More converge faster and cost more per iteration. Default: 50.
    pub fn restart(mut self, m: usize) -> Self {
        self.options.restart = Some(m);
        self
    }
    /// The preconditioner may be another operator in each iteration, such as a solve to a loose tolerance: FGMRES. Needs m more
    /// vectors, because each P v is kept. (Saad, A flexible inner-outer preconditioned GMRES algorithm, SISC 14, 1993.)
    pub fn flexible(mut self) -> Self {
        self.options.flexible = true;
        self
    }
}

/// [`Gmres`], compiled once per number type: solves A x = b from the starting point `x`; `m` is near the inverse of A.
///
/// Workspace: r, w, v_1 .. v_m; z with a preconditioner, z_1 .. z_m if it is flexible; the (m + 1) x m matrix H, which becomes R.
///
/// # Errors
/// As [`Gmres`].
pub fn gmres<T: Scalar>(
    a: &dyn DynOperator<T>,
    m: Option<&dyn DynOperator<T>>,
    b: &[T],
    x: &mut [T],
    params: &mut Params<'_>,
) -> Result<Report> {
    let mut products = host(NAME, a, m, (b, x), params)?;
    let n = b.len();
    let most = params.max_iters.unwrap_or(usize::MAX);
    let steps = params.restart.unwrap_or(RESTART).min(n).min(most).max(1);
    let kept = match m {
        None => 0,
        Some(_) if params.flexible => steps,
        Some(_) => 1,
    };
    let mut work = vec![T::zero(); (steps + 2 + kept) * n];
    let (basis, rest) = work.split_at_mut((steps + 1) * n);
    let mut basis: Vec<&mut [T]> = basis.chunks_exact_mut(n.max(1)).collect();
    let (r, z) = rest.split_at_mut(n);
    let mut z: Vec<&mut [T]> = z.chunks_exact_mut(n.max(1)).collect();
    gmres_on(&mut products, n, b, x, r, &mut basis, &mut z, params)
}
/// [`gmres`] on vectors of n numbers of any kind, restarted when all but one vector of `basis` are used; `z` holds one vector with a
/// preconditioner, as many as steps with a flexible one.
///
/// # Errors
/// As [`Gmres`].
#[doc(hidden)]
#[allow(clippy::too_many_arguments, reason = "a workspace of three kinds of vectors")]
pub fn gmres_on<V: Vector + ?Sized>(
    products: &mut dyn Products<V>,
    n: usize,
    b: &V,
    x: &mut V,
    r: &mut V,
    basis: &mut [&mut V],
    z: &mut [&mut V],
    params: &mut Params<'_>,
) -> Result<Report> {
    let (mut hessenberg, flexible) = (Hessenberg::new(basis.len().saturating_sub(1)), params.flexible);
    refine(NAME, n, products, b, x, r, params, &mut |products, x, r, s, monitor| {
        cycle(products, x, r, s, monitor, &mut hessenberg, basis, z, flexible)
    })
}

/// The small least-squares problem min |e_1 - H y|, solved column by column with Givens rotations.
struct Hessenberg<T: Scalar> {
    steps: usize,
    /// Column j of H, then of R: `steps + 1` numbers each.
    h: Vec<T>,
    /// Rotation j is [c s; -conj(s) c], with c real.
    c: Vec<T::Re>,
    s: Vec<T>,
    /// The rotated right-hand side; |g_(j+1)| is the residual.
    g: Vec<T>,
}
impl<T: Scalar> Hessenberg<T> {
    fn new(steps: usize) -> Self {
        Hessenberg {
            steps,
            h: vec![T::zero(); (steps + 1) * steps],
            c: vec![T::Re::zero(); steps],
            s: vec![T::zero(); steps],
            g: vec![T::zero(); steps + 1],
        }
    }
    fn column(&mut self, j: usize) -> &mut [T] {
        let rows = self.steps + 1;
        &mut self.h[j * rows..][..j + 2]
    }
    /// Rotates column j; returns |r_jj| and the residual.
    fn rotate(&mut self, j: usize) -> (T::Re, T::Re) {
        let rows = self.steps + 1;
        let h = &mut self.h[j * rows..][..j + 2];
        for i in 0..j {
            let (c, s) = (self.c[i], self.s[i]);
            (h[i], h[i + 1]) = (h[i].scale(c) + s * h[i + 1], h[i + 1].scale(c) - s.conj() * h[i]);
        }
        let (f, g) = (h[j].abs(), h[j + 1].re());
        let rho = hypot(f, g);
        let nonzero = f.lane_f64(0) > 0.0;
        // c = |f| / rho, s = (f / |f|) g / rho: r_jj = (f / |f|) rho
        let phase = if nonzero { h[j].scale(T::Re::one() / f) } else { T::one() };
        let (c, s) = match rho.lane_f64(0) > 0.0 {
            true => (f / rho, phase.scale(g / rho)),
            false => (T::Re::one(), T::zero()),
        };
        (h[j], h[j + 1]) = (phase.scale(rho), T::zero());
        (self.c[j], self.s[j]) = (c, s);
        self.g[j + 1] = -(s.conj() * self.g[j]);
        self.g[j] = self.g[j].scale(c);
        (rho, self.g[j + 1].abs())
    }
    /// g <- R^-1 g for the first `k` columns.
    fn back_substitute(&mut self, k: usize) {
        let rows = self.steps + 1;
        for j in (0..k).rev() {
            let y = self.g[j] / self.h[j * rows + j];
            self.g[j] = y;
            for i in 0..j {
                self.g[i] = self.g[i].sub_mul(self.h[j * rows + i], y);
            }
        }
    }
}

/// At most m steps. r = (b - A x) / s; x <- x + s d with A d = r.
#[allow(clippy::too_many_arguments, reason = "the vectors of the workspace, each by its name in the paper")]
fn cycle<V: Vector + ?Sized>(
    products: &mut dyn Products<V>,
    x: &mut V,
    r: &mut V,
    s: VectorRe<V>,
    monitor: &mut Monitor<'_>,
    hessenberg: &mut Hessenberg<V::Scalar>,
    v: &mut [&mut V],
    z: &mut [&mut V],
    flexible: bool,
) -> Result<End> {
    let preconditioned = products.preconditioned();
    let from_re = <V::Scalar as Scalar>::from_re;
    let epsilon = VectorRe::<V>::epsilon().lane_f64(0);
    v[0].copy(r);
    hessenberg.g[0] = V::Scalar::one();
    let (mut k, mut end) = (0, End::Restart);
    // largest column of A P V: |A P| from below
    let mut norm_ap = 0.0_f64;
    for j in 0..hessenberg.steps {
        let (old, new) = v.split_at_mut(j + 1);
        let w = &mut *new[0];
        // w = A P v_j
        if preconditioned {
            let z = &mut *z[if flexible { j } else { 0 }];
            products.precondition(old[j], z)?;
            products.apply(z, w)?;
        } else {
            products.apply(old[j], w)?;
        }
        let h = hessenberg.column(j);
        let [before, mut after] = orthogonalise(w, old, h);
        if !before.lane_f64(0).is_finite() {
            return Err(monitor.non_finite());
        }
        norm_ap = norm_ap.max(before.lane_f64(0));
        // what is left is rounding: the Krylov space is exhausted
        let exhausted = after.lane_f64(0) <= 10.0 * epsilon * before.lane_f64(0);
        if exhausted {
            after = VectorRe::<V>::zero();
        }
        h[j + 1] = from_re(after);
        let (diagonal, residual) = hessenberg.rotate(j);
        if exhausted && diagonal.lane_f64(0) <= 10.0 * epsilon * norm_ap {
            end = End::Breakdown;
            break;
        }
        k = j + 1;
        if let Some(seen) = monitor.watch(residual)? {
            end = seen;
            break;
        }
        if exhausted {
            end = End::Claimed;
            break;
        }
        w.scale(from_re(VectorRe::<V>::one() / after));
    }

    // x <- x + s P V y
    hessenberg.back_substitute(k);
    if preconditioned && flexible {
        for (z, &y) in z.iter().zip(&hessenberg.g[..k]) {
            x.axpy(y.scale(s), z);
        }
    } else if preconditioned {
        let z = &mut *z[0];
        r.fill(V::Scalar::zero());
        for (v, &y) in v.iter().zip(&hessenberg.g[..k]) {
            r.axpy(y, v);
        }
        products.precondition(r, z)?;
        x.axpy(from_re(s), z);
    } else {
        for (v, &y) in v.iter().zip(&hessenberg.g[..k]) {
            x.axpy(y.scale(s), v);
        }
    }
    Ok(end)
}

/// What is left of w counts as possibly nothing: it is orthogonalised again.
const NEXT_TO_NOTHING: f64 = 1e-3;
/// Modified Gram-Schmidt: w <- w - V h with h = V^H w. Returns |w| before and after.
fn orthogonalise<V: Vector + ?Sized>(w: &mut V, basis: &[&mut V], h: &mut [V::Scalar]) -> [VectorRe<V>; 2] {
    h.fill(V::Scalar::zero());
    let mut before = None;
    loop {
        let mut c = basis[0].dot(w);
        let mut square = VectorRe::<V>::zero();
        for (j, v) in basis.iter().enumerate() {
            h[j] += c;
            match basis.get(j + 1) {
                Some(next) => c = w.axpy_dot(-c, v, next),
                None => square = w.sub_norm_sq(c, v),
            }
        }
        // the squares may have overflowed, or lost their digits
        let after = length(square, w);
        if let Some(before) = before {
            return [before, after];
        }
        if !after.lane_f64(0).is_finite() {
            return [after, after];
        }
        let all = h[..basis.len()].iter().fold(after, |norm, h| hypot(norm, h.abs()));
        if !(after.lane_f64(0) <= NEXT_TO_NOTHING * all.lane_f64(0)) {
            return [all, after];
        }
        before = Some(all);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::Error;
    use crate::facts::NoFacts;
    use crate::scalar::Complex;

    #[test]
    fn manners() {
        check_manners(gmres::<f64>);
        check_manners(gmres::<f32>);
        check_manners(gmres::<C64>);
        check_manners(gmres::<Complex<f32>>);
    }

    /// Grcar: 1 on the diagonal and three superdiagonals, -1 below; far from normal.
    #[test]
    fn grcar() {
        let n = 100;
        let a = matrix::<NoFacts, f64>((n, n), |i, j| match j as isize - i as isize {
            -1 => -1.0,
            0..=3 => 1.0,
            _ => 0.0,
        });
        let full = solve(Gmres::default().restart(n), &a, &noisy(n)).unwrap().report;
        assert!(full.iterations <= n, "{}", full.iterations);
        assert!(full.history.windows(2).all(|w| w[1] <= w[0] * (1.0 + 1e-12)));
        let restarted = solve(Gmres::default().restart(40).max_iters(5000), &a, &noisy(n)).unwrap();
        assert!(restarted.report.residual <= 1e-10);
    }

    /// Frank: upper Hessenberg, det 1, tiny ill-conditioned eigenvalues. x = (1, .., 1).
    #[test]
    fn frank() {
        let n = 10;
        let a = matrix::<NoFacts, f64>((n, n), |i, j| if j + 1 >= i { (n - i.max(j)) as f64 } else { 0.0 });
        let row = |i: usize| (i.saturating_sub(1)..n).map(|j| (n - i.max(j)) as f64).sum();
        let b: Vec<f64> = (0..n).map(row).collect();
        let s = solve(Gmres::default(), &a, &b).unwrap();
        assert!(s.report.iterations <= n, "{}", s.report.iterations);
        // the 2-norm condition number is about 1e7
        assert!(s.x.iter().all(|x| (x - 1.0).abs() < 1e-3));
    }

    #[test]
    fn as_many_iterations_as_the_minimal_polynomial_has_degrees() {
        // three eigenvalues, one of them in Jordan blocks of size 2: degree 4
        let a = matrix::<NoFacts, f64>((60, 60), |i, j| {
            let value = [2.0, 5.0, 5.0, -1.0][i % 4];
            if i == j { value } else { f64::from(i % 4 == 1 && j == i + 1) }
        });
        assert_eq!(solve(Gmres::default(), &a, &noisy(60)).unwrap().report.iterations, 4);
    }

    /// The down-shift does nothing until the last iteration: full GMRES takes n, restarted GMRES stagnates, and says so at once.
    #[test]
    fn cyclic_shift() {
        let n = 12;
        let a = matrix::<NoFacts, f64>((n, n), |i, j| f64::from(i == (j + 1) % n));
        let mut b = vec![0.0; n];
        b[0] = 1.0;
        let s = solve(Gmres::default(), &a, &b).unwrap();
        assert_eq!(s.report.iterations, n);
        match solve(Gmres::default().restart(5), &a, &b) {
            Err(Error::NotConverged { iterations: 5, residual, .. }) => assert_eq!(residual, 1.0),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn complex_general() {
        let n = 30;
        let a =
            matrix::<NoFacts, C64>((n, n), |i, j| c(noise(i + n * j) + 6.0 * f64::from(i == j), noise(7 + i * n + j)));
        let s = solve(Gmres::default(), &a, &complex(n)).unwrap();
        assert!(s.report.iterations <= n);
        let last = s.report.history[s.report.iterations - 1];
        assert!(last <= 1e-10 && s.report.residual <= 1e-10);
        // rotations whose first entry is zero: (0 i; 1 0)
        let swap = matrix::<NoFacts, C64>((2, 2), |i, j| c(f64::from(i > j), f64::from(i < j)));
        let s = solve(Gmres::default(), &swap, &complex(2)).unwrap();
        assert_eq!(s.report.iterations, 2);
    }

    #[test]
    fn restart_converges_too() {
        let n = 200;
        let a = matrix::<NoFacts, f64>((n, n), |i, j| match j as isize - i as isize {
            0 => 3.0,
            1 => -1.5,
            -1 => -0.5,
            _ => 0.0,
        });
        let long = solve(Gmres::default(), &a, &noisy(n)).unwrap().report;
        let short = solve(Gmres::default().restart(3), &a, &noisy(n)).unwrap().report;
        assert!(long.iterations <= short.iterations && short.residual <= 1e-10);
    }

    #[test]
    fn single_precision() {
        let a = matrix::<NoFacts, f32>((40, 40), |i, j| noise(i + 40 * j) as f32 + 8.0 * f32::from(u8::from(i == j)));
        let s = solve(Gmres::default(), &a, &noisy(40)).unwrap();
        assert!(s.report.residual <= 1e-4);
    }

    /// The preconditioner stands on the right: the last estimate is the true residual.
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
        let b: Vec<f64> = noisy(n);
        let with = solve(Gmres::default().preconditioner(&p), &a, &b).unwrap().report;
        assert!(with.iterations < 40, "{}", with.iterations);
        let last = with.history[with.iterations - 1];
        assert!((last / with.residual - 1.0).abs() < 1e-2, "{last:e} {:e}", with.residual);
        let plain = solve(Gmres::default().max_iters(2 * with.iterations), &a, &b);
        assert!(plain.is_err(), "{plain:?}");
    }

    /// A preconditioner that is another one in each product: a few steps of an inner iteration.
    #[test]
    fn flexible() {
        let n = 300;
        let a = matrix::<NoFacts, f64>((n, n), |i, j| match j as isize - i as isize {
            0 => 2.05,
            1 => -1.2,
            -1 => -0.8,
            _ => 0.0,
        });
        let inner = free::<NoFacts, f64, _>(n, |_, x: &[f64], y: &mut [f64]| {
            y.fill(0.0);
            // loose and without a claim: what it has reached is the preconditioner
            let _ = gmres(&a, None, x, y, &mut Params { max_iters: Some(12), ..Params::default() });
        });
        let b: Vec<f64> = noisy(n);
        let plain = solve(Gmres::default(), &a, &b).unwrap().report;
        let outer = solve(Gmres::default().preconditioner(&inner).flexible(), &a, &b).unwrap().report;
        assert!(outer.iterations * 4 < plain.iterations, "{} {}", outer.iterations, plain.iterations);
        assert!(outer.residual <= 1e-10);
        let last = outer.history[outer.iterations - 1];
        assert!((last / outer.residual - 1.0).abs() < 1e-2, "{last:e} {:e}", outer.residual);
    }

    #[test]
    fn singular() {
        // [0 1; 0 0] e_1: the Krylov space is e_1 alone
        let nilpotent = matrix::<NoFacts, f64>((2, 2), |i, j| f64::from(i < j));
        let e = solve(Gmres::default(), &nilpotent, &[1.0, 0.0]).unwrap_err();
        assert!(matches!(e, Error::Breakdown { algorithm: "GMRES", .. }), "{e}");
        let zero = diagonal::<NoFacts, f64>(vec![0.0; 4]);
        assert!(matches!(solve(Gmres::default(), &zero, &noisy(4)), Err(Error::Breakdown { .. })));
        // singular, b in the range and not
        let d: Vec<f64> = (0..30).map(|i| (i % 6) as f64 - 2.0).collect();
        let a = diagonal::<NoFacts, f64>(d.clone());
        let b: Vec<f64> = (0..30).map(|i| if d[i] != 0.0 { noise(i) } else { 0.0 }).collect();
        assert_eq!(solve(Gmres::default(), &a, &b).unwrap().report.iterations, 5);
        assert!(solve(Gmres::default(), &a, &noisy(30)).is_err());
    }

    /// Modified Gram-Schmidt alone loses orthogonality in proportion to the condition number; repeated, the claim stays true.
    #[test]
    fn ill_conditioned() {
        let n = 30;
        let d: Vec<f64> = (0..n).map(|i| 10f64.powf(-10.0 * i as f64 / n as f64)).collect();
        let a = matrix::<NoFacts, f64>((n, n), |i, j| if i <= j { d[i] * (1.0 + noise(i * n + j)) } else { 0.0 });
        match solve(Gmres::default().max_iters(2000), &a, &noisy(n)) {
            Ok(s) => assert!(s.report.residual <= 1e-9),
            Err(Error::NotConverged { residual, .. }) => assert!(residual > 1e-10),
            Err(e) => panic!("{e}"),
        }
    }
}
