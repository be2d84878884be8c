//! What all methods have in common.
use super::testing::*;
use super::*;
use crate::facts::{NoFacts, PsdFacts};
use crate::operator::Update;
use crate::scalar::Real;
use crate::vector::{Vector, VectorRe};
use core::ops::ControlFlow;
use num_traits::Zero;

#[test]
fn several_columns_one_after_the_other() {
    let a = laplacian::<PsdFacts, f64>(20);
    let mut b: Vec<f64> = noisy(60);
    b[20..40].fill(0.0);
    let mut x = vec![f64::NAN; 60];
    let (bv, xv) = (View::matrix(&b, 20, 3), ViewMut::matrix(&mut x, 20, 3));
    let report = default_solve(Kind::Psd, false, &a, bv, xv).unwrap();
    assert!(report.iterations >= 10 && report.residual <= 1e-10);
    assert!(x[20..40].iter().all(|&x| x == 0.0));
    for j in 0..3 {
        assert!(true_residual(&a, false, &b[j * 20..][..20], &x[j * 20..][..20]) <= 1e-10);
    }
    let mut short = vec![0.0; 40];
    let e = default_solve(Kind::Psd, false, &a, bv, ViewMut::matrix(&mut short, 20, 2));
    assert!(matches!(e, Err(Error::ShapeMismatch { .. })));
}

#[test]
fn strided_views() {
    let a = laplacian::<PsdFacts, f64>(7);
    let b: Vec<f64> = noisy(14);
    let mut x = vec![0.0; 14];
    // rows of a row-major 7 x 2 matrix
    let (bv, xv) = (View::new(&b, 7, 2, 2, 1), ViewMut::new(&mut x, 7, 2, 2, 1));
    default_solve(Kind::SelfAdjoint, false, &a, bv, xv).unwrap();
    for j in 0..2 {
        let pick = |v: &[f64]| -> Vec<f64> { v.iter().skip(j).step_by(2).copied().collect() };
        assert!(true_residual(&a, false, &pick(&b), &pick(&x)) <= 1e-10);
    }
}

#[test]
fn default_solve_of_the_adjoint() {
    let a =
        matrix::<NoFacts, C64>((9, 9), |i, j| c(noise(i + 9 * j) + 4.0 * f64::from(i == j), noise(100 + i + 9 * j)));
    let b = complex(9);
    for adjoint in [false, true] {
        let mut x = vec![c(0.0, 0.0); 9];
        let (bv, xv) = (View::vector(&b), ViewMut::vector(&mut x));
        default_solve(Kind::General, adjoint, &a, bv, xv).unwrap();
        assert!(true_residual(&a, adjoint, &b, &x) <= 1e-10);
    }
}

#[test]
fn lanes_are_refused() {
    type L = crate::Lanes<f64, 4>;
    let a = diagonal::<PsdFacts, L>(vec![L::of(2.0); 3]);
    let (b, mut x) = ([L::of(1.0); 3], [L::of(0.0); 3]);
    for kind in [Kind::Psd, Kind::SelfAdjoint, Kind::General] {
        let (bv, xv) = (View::vector(&b), ViewMut::vector(&mut x));
        let e = default_solve(kind, false, &a, bv, xv).unwrap_err();
        assert!(e.to_string().contains("lanes"), "{e}");
    }
}

/// All three return types of a callback; the options reach the loop.
#[test]
fn builders() {
    let a = laplacian::<PsdFacts, f64>(40);
    let b: Vec<f64> = noisy(40);
    let mut residuals = Vec::new();
    let s = solve(Cg::default().on_iteration(|i| residuals.push(i.residual)), &a, &b).unwrap();
    assert_eq!(residuals, s.report.history);
    let loose = solve(Cg::default().tol(1e-2).progress(), &a, &b).unwrap();
    assert!(loose.report.iterations < s.report.iterations);
    let stop = |e: Result<Solution<Vec<f64>>>| match e {
        Err(Error::NotConverged { iterations, .. }) => iterations,
        other => panic!("{other:?}"),
    };
    assert_eq!(stop(solve(Minres::default().on_iteration(|i| i.iteration < 3), &a, &b)), 3);
    let flow = |i: &Iteration| match i.iteration {
        4 => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    };
    assert_eq!(stop(solve(Gmres::default().on_iteration(flow), &a, &b)), 4);
    assert_eq!(stop(solve(Cg::default().max_iters(5), &a, &b)), 5);
    let identity = diagonal::<PsdFacts, f64>(vec![1.0; 40]);
    let p = Cg::default().preconditioner(&identity).on_iteration(|_| true);
    assert_eq!(solve(p, &a, &b).unwrap().report.iterations, s.report.iterations);
}

/// A fault inside of an operator that iterates is the solve's.
#[test]
fn faults_of_the_operator_are_returned() {
    let a = free::<PsdFacts, f64, _>(3, |_, x: &[f64], y: &mut [f64]| {
        y.copy_from_slice(x);
        crate::error::note_fault(0, Error::Singular { index: 7 });
    });
    for run in [cg::<f64>, minres::<f64>, gmres::<f64>] as [Run<f64>; 3] {
        let e = run(&a, None, &[1.0, 2.0, 3.0], &mut [0.0; 3], &mut Params::default());
        assert_eq!(e.unwrap_err(), Error::Singular { index: 7 });
    }
}

/// Numbers that are no slice, with the operations that any device has.
struct Far<T>(Vec<T>);
impl<T: Scalar> Vector for Far<T> {
    type Scalar = T;
    fn fill(&mut self, c: T) {
        self.0.fill(c)
    }
    fn copy(&mut self, x: &Self) {
        self.0[..].copy(&x.0)
    }
    fn scale(&mut self, c: T) {
        self.0[..].scale(c)
    }
    fn axpy(&mut self, a: T, x: &Self) {
        self.0[..].axpy(a, &x.0)
    }
    fn axpby(&mut self, a: T, x: &Self, b: T) {
        self.0[..].axpby(a, &x.0, b)
    }
    fn dot(&self, y: &Self) -> T {
        self.0[..].dot(&y.0)
    }
    fn norm(&self) -> T::Re {
        self.0[..].norm()
    }
}
fn far<T: Scalar>(n: usize, count: usize) -> Vec<Far<T>> {
    (0..count).map(|_| Far(vec![T::of(9.0); n])).collect()
}
/// An operator on them, perhaps with a preconditioner; `check` steps of conjugate gradients are taken at once, unless it is zero.
struct There<'a, T> {
    a: &'a dyn DynOperator<T>,
    m: Option<&'a dyn DynOperator<T>>,
    check: usize,
}
fn product<T: Scalar>(a: &dyn DynOperator<T>, how: Update<T>, x: &Far<T>, y: &mut Far<T>) -> Result<()> {
    a.dyn_act(how, View::vector(&x.0), ViewMut::vector(&mut y.0), &mut vec![T::zero(); a.dyn_scratch(1)]);
    Ok(())
}
impl<T: Scalar> Products<Far<T>> for There<'_, T> {
    fn apply(&mut self, x: &Far<T>, y: &mut Far<T>) -> Result<()> {
        product(self.a, Update::replace(), x, y)
    }
    fn precondition(&mut self, x: &Far<T>, y: &mut Far<T>) -> Result<()> {
        product(self.m.unwrap(), Update::replace(), x, y)
    }
    fn preconditioned(&self) -> bool {
        self.m.is_some()
    }
    fn cg_steps(
        &mut self,
        [x, p, r, q]: [&mut Far<T>; 4],
        scale: T::Re,
        mut rho: T::Re,
        limit: f64,
        most: usize,
    ) -> Result<Option<Vec<[T::Re; 2]>>> {
        if self.check == 0 {
            return Ok(None);
        }
        let mut log = Vec::new();
        for _ in 0..self.check.min(most) {
            self.apply(p, q)?;
            let mu = p.dot(q).re();
            if !(mu.lane_f64(0) > 0.0) {
                log.push([mu, T::Re::zero()]);
                break;
            }
            let alpha = rho / mu;
            let rr = Far::step(x, T::from_re(scale * alpha), p, r, T::from_re(alpha), q);
            log.push([mu, rr]);
            if !(rr.lane_f64(0) > T::Re::of(limit).lane_f64(0)) {
                break;
            }
            p.xpby(r, T::from_re(rr / rho));
            rho = rr;
        }
        Ok(Some(log))
    }
}
impl<T: Scalar> Sides<Far<T>> for There<'_, T> {
    fn forward(&mut self, x: &Far<T>, c: VectorRe<Far<T>>, y: &mut Far<T>) -> Result<()> {
        y.scale(T::from_re(c));
        product(self.a, Update::replace().add(), x, y)
    }
    fn backward(&mut self, x: &Far<T>, c: VectorRe<Far<T>>, y: &mut Far<T>) -> Result<()> {
        y.scale(T::from_re(c));
        product(self.a, Update::replace().flip().add(), x, y)
    }
    fn residual(&mut self, b: &Far<T>, x: &Far<T>, u: &mut Far<T>) -> Result<()> {
        u.copy(b);
        product(self.a, Update { alpha: -T::one(), ..Update::replace() }.add(), x, u)
    }
    fn update(&mut self, r: VectorRe<Far<T>>, d: &Far<T>, x: &mut Far<T>) -> Result<()> {
        x.axpy(T::from_re(r), d);
        Ok(())
    }
}
fn exactly<T, const K: usize>(work: &mut [Far<T>]) -> [&mut Far<T>; K] {
    work.iter_mut().collect::<Vec<_>>().try_into().unwrap_or_else(|_| panic!("{K} vectors"))
}
fn far_cg<T: Scalar>(by: &mut There<'_, T>, b: &[T], params: &mut Params<'_>) -> Result<(Vec<T>, Report)> {
    let n = b.len();
    let mut x = Far(vec![T::zero(); n]);
    let report = cg_on(by, n, &Far(b.to_vec()), &mut x, exactly(&mut far(n, 4)), params)?;
    Ok((x.0, report))
}

/// A method has one implementation, whatever its vectors are: it does on others what it does on slices.
#[test]
fn vectors_of_any_kind() {
    let n = 40;
    let b = complex(n);
    let check = |name: &str, far: (Vec<C64>, Report), near: &dyn Fn(&mut [C64]) -> Result<Report>| {
        let mut x = vec![c(0.0, 0.0); n];
        let report = near(&mut x).unwrap();
        // a sum in another order may need one step more
        assert!(far.1.iterations.abs_diff(report.iterations) <= 1, "{name}: {:?} {report:?}", far.1);
        assert!(far.0.iter().zip(&x).all(|(x, y)| (x - y).abs() < 1e-7), "{name}");
    };
    let tridiagonal = |above: C64, below: C64| {
        move |i: usize, j: usize| match j as isize - i as isize {
            0 => c(2.5, 0.0),
            1 => above,
            -1 => below,
            _ => c(0.0, 0.0),
        }
    };
    let a = matrix::<PsdFacts, C64>((n, n), tridiagonal(c(0.3, 1.0), c(0.3, -1.0)));
    let general = matrix::<NoFacts, C64>((n, n), tridiagonal(c(0.3, 1.0), c(-0.8, 0.1)));
    let jacobi = diagonal::<PsdFacts, C64>((0..n).map(|i| c(0.3 + 0.2 * (i % 3) as f64, 0.0)).collect());
    for m in [None, Some(&jacobi as &dyn DynOperator<C64>)] {
        let params = || Params { restart: Some(3), ..Params::default() };
        let mut by = There { a: &a, m, check: 0 };
        let run = |x: &mut [C64]| cg(&a, m, &b, x, &mut Params::default());
        check("CG", far_cg(&mut by, &b, &mut Params::default()).unwrap(), &run);

        let (far_b, zero) = (Far(b.clone()), || Far(vec![c(0.0, 0.0); n]));
        let mut x = zero();
        let report = minres_on(&mut by, n, &far_b, &mut x, exactly(&mut far(n, 7)), &mut Params::default()).unwrap();
        check("MINRES", (x.0, report), &|x| minres(&a, m, &b, x, &mut Params::default()));

        let mut x = zero();
        let report = symmlq_on(&mut by, n, &far_b, &mut x, exactly(&mut far(n, 6)), &mut Params::default()).unwrap();
        check("SYMMLQ", (x.0, report), &|x| symmlq(&a, m, &b, x, &mut Params::default()));

        let mut by = There { a: &general, m, check: 0 };
        let (mut x, mut work) = (zero(), far(n, 1 + bicgstab_vectors(&params(), m.is_some())));
        let mut work: Vec<_> = work.iter_mut().collect();
        let outer = work.pop().unwrap();
        let e = bicgstab_on(&mut by, n, &far_b, &mut x, outer, &mut work, &mut params()).unwrap_err();
        assert!(matches!(e, Error::InvalidArgument { .. }), "{e}");
        let outer = work.pop().unwrap();
        let report = bicgstab_on(&mut by, n, &far_b, &mut x, outer, &mut work, &mut params()).unwrap();
        check("BiCGStab", (x.0, report), &|x| bicgstab(&general, m, &b, x, &mut params()));

        let (mut x, work, more) = (zero(), &mut far(n, 7), &mut far(if m.is_some() { n } else { 0 }, 2));
        let params = &mut Params::default();
        let report = tfqmr_on(&mut by, n, &far_b, &mut x, exactly(work), exactly(more), params).unwrap();
        check("TFQMR", (x.0, report), &|x| tfqmr(&general, m, &b, x, &mut Params::default()));
    }
    let mut by = There { a: &general, m: None, check: 0 };
    let (mut x, mut r, mut basis) = (Far(vec![c(0.0, 0.0); n]), far(n, 1), far(n, n + 1));
    let basis = &mut basis.iter_mut().collect::<Vec<_>>();
    let (far_b, params) = (Far(b.clone()), &mut Params::default());
    let report = gmres_on(&mut by, n, &far_b, &mut x, &mut r[0], basis, &mut [], params).unwrap();
    check("GMRES", (x.0, report), &|x| gmres(&general, None, &b, x, &mut Params::default()));

    let tall = matrix::<NoFacts, C64>((55, n), |i, j| c(noise(i * 31 + j * 7), noise(i * 17 + j * 3)));
    let long = complex(55);
    let mut by = There { a: &tall, m: None, check: 0 };
    let (mut x, mut u, far_b) = (Far(vec![c(0.0, 0.0); n]), far(55, 1), Far(long.clone()));
    let work = &mut far(n, 4);
    let report = lsmr_on(&mut by, (55, n), &far_b, &mut x, &mut u[0], exactly(work), &mut Params::default()).unwrap();
    check("LSMR", (x.0, report), &|x| lsmr(&tall, None, 0.0, &long, x, &mut Params::default()));
    let (mut x, params) = (Far(vec![c(0.0, 0.0); n]), &mut Params::default());
    let report = lsqr_on(&mut by, (55, n), &far_b, &mut x, &mut u[0], exactly(work), params).unwrap();
    check("LSQR", (x.0, report), &|x| lsqr(&tall, None, 0.0, &long, x, &mut Params::default()));

    let wide = matrix::<NoFacts, C64>((25, n), |i, j| c(noise(i * 31 + j * 7), noise(i * 17 + j * 3)));
    let (mut by, short, params) = (There { a: &wide, m: None, check: 0 }, &b[..25], &mut Params::default());
    let (mut x, mut u) = (Far(vec![c(0.0, 0.0); n]), far(25, 1));
    let far_b = Far(short.to_vec());
    let report = craig_on(&mut by, (25, n), &far_b, &mut x, &mut u[0], exactly(work), params).unwrap();
    check("CRAIG", (x.0, report), &|x| craig(&wide, None, 0.0, short, x, &mut Params::default()));
}

/// Conjugate gradients that are looked at now and then end as if each step had been looked at.
#[test]
fn several_steps_at_once() {
    let a = laplacian::<PsdFacts, f64>(60);
    let b: Vec<f64> = noisy(60);
    let run = |a: &dyn DynOperator<f64>, b: &[f64], check, mut params: Params<'_>| {
        far_cg(&mut There { a, m: None, check }, b, &mut params)
    };
    let (x, report) = run(&a, &b, 0, Params::default()).unwrap();
    let single = laplacian::<PsdFacts, f32>(60);
    let far_single = |check| far_cg(&mut There { a: &single, m: None, check }, &noisy(60), &mut Params::default());
    let minus = diagonal::<PsdFacts, f64>((0..9).map(|i| 5.0 - i as f64).collect());
    for check in [1, 2, 7, 1000] {
        assert_eq!(run(&a, &b, check, Params::default()).unwrap(), (x.clone(), report.clone()), "{check}");
        assert_eq!(far_single(check).unwrap(), far_single(0).unwrap());
        // what is refused, and where it is counted
        let e = run(&minus, &b[..9], check, Params::default()).unwrap_err();
        assert!(matches!(e, Error::NotPositiveDefinite { .. }), "{e}");
        assert_eq!(e, run(&minus, &b[..9], 0, Params::default()).unwrap_err());
        let zero = diagonal::<PsdFacts, f64>(vec![0.0; 4]);
        let e = run(&zero, &b[..4], check, Params::default()).unwrap_err();
        assert_eq!(e, Error::Breakdown { algorithm: "CG", iteration: 0 });
        let few = || Params { max_iters: Some(5), ..Params::default() };
        assert_eq!(run(&a, &b, check, few()).unwrap_err(), run(&a, &b, 0, few()).unwrap_err());
        let mut stop = |i: &Iteration| (i.iteration < 3).flow();
        // x is ahead of what is looked at: where all steps are done by then, the system is solved
        match run(&a, &b, check, Params { on_iteration: Some(&mut stop), ..Params::default() }) {
            Ok((_, report)) => assert!(check == 1000 && report.residual <= 1e-10, "{check}: {report:?}"),
            Err(e) => assert!(matches!(e, Error::NotConverged { iterations: 3, .. }), "{check}: {e}"),
        }
    }
}
