//! Conjugate gradients for several right-hand sides at once.
//!
//! The recurrences of `cg.rs`, one per column, with one product for all columns that have not converged: the operator passes through memory
//! once per iteration and not once per column. A column that has converged (or failed) leaves the block, and the others go on as if it
//! had never been there. (A common Krylov space, O'Leary, Linear Algebra Appl. 29, 1980, would need fewer iterations, but breaks down
//! where residuals become dependent, as they do when columns converge one by one.)

use super::cg::{NAME, cg, judge_curvature};
use super::outer::{indefinite_preconditioner, non_finite_product, plain_numbers, slack, tolerance, worthwhile};
use super::{End, Observer, Params, Report, columns};
use crate::algorithms::columns::{BlockProducts, Columns};
use crate::algorithms::watch::{Watcher, default_tol};
use crate::error::{Error, Result, collect_faults};
use crate::operator::{DynOperator, Repeated, Update};
use crate::scalar::{Real, Scalar};
use crate::vector::{VectorRe, normalise};
use crate::view::{View, ViewMut};
use core::ops::Range;
use num_traits::Zero;
use std::borrow::Cow;

/// What is known of a column while it is in the block.
struct Column<R> {
    /// Its place in b and x.
    place: usize,
    b_norm: f64,
    /// |b - A x| at the start of the cycle.
    scale: R,
    /// r^H r, r^H P r, p^H P^-1 p, and the largest curvature so far, as in `cg.rs`.
    rr: R,
    rho: R,
    pp: R,
    norm_a: f64,
    /// |r| / |b| at the start of the cycle, and what |r| has to fall to in it, starting from 1.
    ratio: f64,
    target: f64,
    /// The end of the last cycle, and the true residual before it.
    last: Option<(End, f64)>,
}

/// Products on the host that nobody looks through for NaN: the curvatures show it.
struct Unseen<'a, T> {
    op: Repeated<'a, T>,
    adjoint: bool,
    scratch: Vec<T>,
}
impl<'a, T: Scalar> Unseen<'a, T> {
    fn new(op: &'a dyn DynOperator<T>, adjoint: bool, columns: usize) -> Self {
        let op = Repeated::new(op);
        let scratch = vec![T::zero(); op.dyn_scratch(columns)];
        Unseen { op, adjoint, scratch }
    }
}
impl<T: Scalar> BlockProducts<[T]> for Unseen<'_, T> {
    fn shape(&self) -> (usize, usize) {
        self.op.dyn_shape()
    }
    fn zeros(&self, numbers: usize) -> Result<Vec<T>> {
        Ok(vec![T::zero(); numbers])
    }
    fn there<'x>(&self, x: &'x [T]) -> Result<&'x [T]>
    where
        T: 'x,
    {
        Ok(x)
    }
    /// Of a square operator.
    fn update(&mut self, how: Update<T>, x: &[T], y: &mut [T], columns: usize) -> Result<()> {
        let (n, how) = (self.op.dyn_shape().0, Update { adjoint: how.adjoint != self.adjoint, ..how });
        let (xv, yv) = (View::matrix(x, n, columns), ViewMut::matrix(y, n, columns));
        let ((), faults) = collect_faults(|| self.op.dyn_act(how, xv, yv, &mut self.scratch));
        faults.into_iter().next().map_or(Ok(()), |(_, fault)| Err(fault))
    }
}

/// [`cg`] for every column of b, each with its own convergence. `report.history` is that of the worst column in the block.
///
/// Workspace: as [`cg_columns_on`].
///
/// # Errors
/// As [`Cg`](super::Cg): of all columns the first that cannot go on at once; `NotConverged` and `Breakdown` after the others are done.
pub fn cg_columns<T: Scalar>(
    _: &'static str,
    a: &dyn DynOperator<T>,
    m: Option<&dyn DynOperator<T>>,
    b: View<'_, T>,
    mut x: ViewMut<'_, T>,
    params: &mut Params<'_>,
) -> Result<Report> {
    let (n, k) = (b.rows, b.cols);
    if k <= 1 || n == 0 {
        return columns(NAME, cg, a, m, b, x, params);
    }
    let mismatch = |op, left, right| Err(Error::ShapeMismatch { op, left, right });
    if a.dyn_shape() != (n, n) {
        return mismatch(NAME, a.dyn_shape(), (n, k));
    }
    if (x.rows, x.cols) != (n, k) {
        return mismatch(NAME, (n, k), (x.rows, x.cols));
    }
    let adjoint = params.adjoint;
    let mut a = Unseen::new(a, adjoint, k);
    let mut m = m.map(|m| Unseen::new(m, adjoint, k));
    let m = m.as_mut().map(|m| m as &mut dyn BlockProducts<[T]>);
    let pack = |v: View<'_, T>| -> Vec<T> { (0..n * k).map(|i| v.at(i % n, i / n)).collect() };
    let b = b.contiguous().map_or_else(|| Cow::Owned(pack(b)), Cow::Borrowed);
    if x.as_view().contiguous().is_some() {
        return cg_columns_on(&mut a, m, &*b, &mut x.data[..n * k], params);
    }
    let mut packed = pack(x.as_view());
    let done = cg_columns_on(&mut a, m, &*b, &mut packed[..], params);
    x.copy_from(View::matrix(&packed, n, k));
    done
}
/// [`cg_columns`] wherever vectors live, those of b and x one after another.
///
/// Workspace: x, r, p, q of b's size, z with a preconditioner, one vector.
///
/// # Errors
/// As [`cg_columns`].
#[doc(hidden)]
pub fn cg_columns_on<V: Columns + ?Sized>(
    a: &mut dyn BlockProducts<V>,
    m: Option<&mut dyn BlockProducts<V>>,
    b: &V,
    x: &mut V,
    params: &mut Params<'_>,
) -> Result<Report> {
    plain_numbers::<V::Scalar>(NAME)?;
    tolerance(NAME, params.tol)?;
    let (n, all) = (a.shape().0, b.size());
    if a.shape() != (n, n) || x.size() != all || !all.is_multiple_of(n.max(1)) {
        return Err(Error::ShapeMismatch { op: NAME, left: a.shape(), right: (all, 1) });
    }
    if let Some(m) = m.as_ref().filter(|m| m.shape() != (n, n)) {
        return Err(Error::ShapeMismatch { op: "preconditioner", left: (n, n), right: m.shape() });
    }
    let (r, p, q, room) = (a.copied(b)?, a.zeros(all)?, a.zeros(all)?, a.zeros(n)?);
    let z = a.zeros(if m.is_some() { all } else { 0 })?;
    let live = Vec::with_capacity(all / n.max(1));
    let mut work = Work { n, x: a.copied(x)?, r, p, q, z, room, live };
    let (tol, strict) = (params.tol.unwrap_or(default_tol::<V::Scalar>()), params.strict);
    let max_iters = params.max_iters.unwrap_or(n.saturating_mul(10).max(100));
    let observer: Option<Observer<'_>> = match &mut params.on_iteration {
        Some(f) => Some(&mut **f),
        None => None,
    };
    let mut watcher = Watcher::new(NAME, tol, max_iters, params.progress, observer);
    let result = solve(&mut By { a, m }, &mut work, b, x, (tol, strict), max_iters, &mut watcher);
    // what is still in the block when an error ends it
    for (j, column) in work.live.iter().enumerate() {
        x.part_mut(work.at(column.place)).copy(&work.x.part(work.at(j)));
    }
    let residual = result?;
    Ok(Report { algorithm: NAME, iterations: watcher.iterations, residual, history: watcher.history })
}

/// The products.
struct By<'a, 'm, V: Columns + ?Sized> {
    a: &'a mut dyn BlockProducts<V>,
    m: Option<&'m mut dyn BlockProducts<V>>,
}
/// The columns of the block, the live ones in front.
struct Work<V: Columns + ?Sized> {
    n: usize,
    x: V::Owned,
    r: V::Owned,
    p: V::Owned,
    q: V::Owned,
    z: V::Owned,
    room: V::Owned,
    live: Vec<Column<VectorRe<V>>>,
}
impl<V: Columns + ?Sized> Work<V> {
    /// Where column j lies.
    fn at(&self, j: usize) -> Range<usize> {
        j * self.n..(j + 1) * self.n
    }
    fn swap(&mut self, i: usize, j: usize) {
        for v in [&mut self.x, &mut self.r, &mut self.p] {
            v.exchange(self.n, i, j, &mut self.room);
        }
        self.live.swap(i, j);
    }
}

/// Cycles until every column has left; returns the largest true residual.
fn solve<V: Columns + ?Sized>(
    by: &mut By<'_, '_, V>,
    work: &mut Work<V>,
    b: &V,
    x: &mut V,
    (tol, strict): (f64, bool),
    max_iters: usize,
    watcher: &mut Watcher<'_>,
) -> Result<f64> {
    let n = work.n;
    for place in 0..b.size() / n.max(1) {
        let b_norm = b.part(work.at(place)).norm().lane_f64(0);
        if !b_norm.is_finite() {
            return Err(Error::non_finite("the right-hand side"));
        }
        if !work.x.part(work.at(place)).norm().lane_f64(0).is_finite() {
            return Err(Error::non_finite("the starting point"));
        }
        let (zero, one) = (VectorRe::<V>::zero(), VectorRe::<V>::real(1.0));
        work.live.push(Column {
            place,
            b_norm,
            scale: one,
            rr: zero,
            rho: zero,
            pp: zero,
            norm_a: 0.0,
            ratio: 1.0,
            target: tol,
            last: None,
        });
    }
    let (mut worst, mut failed): (f64, Option<Error>) = (0.0, None);
    loop {
        // true residuals; columns that are done, or that no cycle would help, leave
        let live = work.live.len();
        by.a.apply(&work.x.part(0..live * n), &mut work.r.part_mut(0..live * n), live)?;
        for j in (0..live).rev() {
            let at = work.at(j);
            let column = &mut work.live[j];
            let mut r = work.r.part_mut(at.clone());
            r.axpby(V::Scalar::of(1.0), &b.part(column.place * n..(column.place + 1) * n), V::Scalar::of(-1.0));
            let s = r.norm();
            if !s.lane_f64(0).is_finite() {
                return Err(non_finite_product(NAME, watcher.iterations));
            }
            let zero = column.b_norm == 0.0;
            let residual = if zero { 0.0 } else { s.lane_f64(0) / column.b_norm };
            let helped = |factor: f64| column.last.is_none_or(|(_, before)| residual < factor * before);
            let go_on = watcher.iterations < max_iters
                && residual > tol
                && match column.last {
                    None => true,
                    Some((End::Claimed, _)) => helped(worthwhile(strict, residual, tol)),
                    Some((End::Breakdown | End::Restart, _)) => helped(0.5),
                    Some((End::Stopped | End::Exhausted, _)) => false,
                };
            if go_on {
                normalise(&mut *r, s);
                let aim = if column.last.is_none() { 1.0 } else { 0.5 };
                column.scale = s;
                column.ratio = residual;
                column.target = (aim * tol / residual).max(VectorRe::<V>::epsilon().lane_f64(0));
                column.last = Some((End::Claimed, residual));
                continue;
            }
            drop(r);
            let slack = slack(strict || !matches!(column.last, Some((End::Claimed, _))));
            if !(residual <= slack * tol) {
                let broken = matches!(column.last, Some((End::Breakdown, _)));
                match &failed {
                    Some(Error::Breakdown { .. }) => {}
                    Some(Error::NotConverged { residual: before, .. }) if !broken && *before >= residual => {}
                    _ if broken => {
                        failed = Some(Error::Breakdown { algorithm: NAME, iteration: watcher.iterations });
                    }
                    _ => failed = Some(watcher.not_converged(residual)),
                }
            }
            worst = worst.max(residual);
            let mut done = x.part_mut(column.place * n..(column.place + 1) * n);
            match zero {
                true => done.fill(V::Scalar::zero()),
                false => done.copy(&work.x.part(at)),
            }
            let end = work.live.len() - 1;
            work.swap(j, end);
            work.live.pop();
        }
        if work.live.is_empty() {
            return failed.map_or(Ok(worst), Err);
        }
        cycle(by, work, max_iters, watcher)?;
    }
}

/// Until each column has claimed convergence or ended otherwise. r = (b - A x) / s; x <- x + s d with A d = r, by columns.
fn cycle<V: Columns + ?Sized>(
    by: &mut By<'_, '_, V>,
    work: &mut Work<V>,
    max_iters: usize,
    watcher: &mut Watcher<'_>,
) -> Result<()> {
    let n = work.n;
    let from_re = <V::Scalar as Scalar>::from_re;
    let epsilon = VectorRe::<V>::epsilon().lane_f64(0);
    // columns that are still moving, in front of those whose cycle is over
    let mut moving = work.live.len();
    directions(by, work, moving, true, watcher)?;
    while moving > 0 {
        by.a.apply(&work.p.part(0..moving * n), &mut work.q.part_mut(0..moving * n), moving)?;
        let mut worst = 0.0_f64;
        for j in (0..moving).rev() {
            let at = work.at(j);
            let column = &mut work.live[j];
            let (p, q) = (work.p.part(at.clone()), work.q.part(at.clone()));
            let mu = p.dot(&q).re();
            if !mu.lane_f64(0).is_finite() {
                return Err(non_finite_product(NAME, watcher.iterations));
            }
            let sound =
                judge_curvature(mu, column.pp, &mut column.norm_a, || p.norm().lane_f64(0), watcher.iterations)?;
            if sound {
                let alpha = column.rho / mu;
                let step = from_re(column.scale * alpha);
                let (mut x, mut r) = (work.x.part_mut(at.clone()), work.r.part_mut(at));
                column.rr = V::step(&mut x, step, &p, &mut r, from_re(alpha), &q);
            }
            let size = column.rr.sqrt().lane_f64(0);
            if !(sound && size.is_finite() && size <= 1.0 / epsilon) {
                column.last = column.last.map(|(_, before)| (End::Breakdown, before));
                drop((p, q));
                moving -= 1;
                work.swap(j, moving);
            } else {
                worst = worst.max(size * column.ratio);
            }
        }
        if moving == 0 {
            break;
        }
        let stop = watcher.note(worst);
        let over = watcher.iterations >= max_iters;
        for j in (0..moving).rev() {
            let column = &mut work.live[j];
            let end = match column.rr.sqrt().lane_f64(0) <= column.target {
                true => End::Claimed,
                false if stop => End::Stopped,
                false if over => End::Exhausted,
                false => continue,
            };
            column.last = column.last.map(|(_, before)| (end, before));
            moving -= 1;
            work.swap(j, moving);
        }
        directions(by, work, moving, false, watcher)?;
    }
    Ok(())
}

/// The next directions p <- z + beta p, z = P r; the first ones z.
fn directions<V: Columns + ?Sized>(
    by: &mut By<'_, '_, V>,
    work: &mut Work<V>,
    moving: usize,
    first: bool,
    watcher: &Watcher<'_>,
) -> Result<()> {
    let n = work.n;
    if moving == 0 {
        return Ok(());
    }
    let preconditioned = by.m.is_some();
    if let Some(m) = &mut by.m {
        m.apply(&work.r.part(0..moving * n), &mut work.z.part_mut(0..moving * n), moving)?;
    }
    for (j, column) in work.live[..moving].iter_mut().enumerate() {
        let at = j * n..(j + 1) * n;
        let r = work.r.part(at.clone());
        let z = if preconditioned { work.z.part(at.clone()) } else { work.r.part(at.clone()) };
        if first {
            column.rr = r.dot(&r).re();
        }
        let rho = if preconditioned { r.dot(&z).re() } else { column.rr };
        if !rho.lane_f64(0).is_finite() {
            return Err(non_finite_product(NAME, watcher.iterations));
        }
        if preconditioned && rho.lane_f64(0) <= 0.0 {
            let relative = (rho / column.rr).lane_f64(0);
            return Err(indefinite_preconditioner(NAME, relative, watcher.iterations));
        }
        let mut p = work.p.part_mut(at);
        if first {
            p.copy(&z);
            column.pp = rho;
        } else {
            let beta = rho / column.rho;
            p.xpby(&z, V::Scalar::from_re(beta));
            column.pp = rho + beta * beta * column.pp;
        }
        column.rho = rho;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::super::{Cg, SolveAlgorithm};
    use super::*;
    use crate::facts::{NoFacts, PsdFacts};
    use core::cell::Cell;

    /// Columns of different difficulty: each as if alone, with one product per iteration for those that are left.
    #[test]
    fn each_column_converges_by_itself() {
        let n = 60;
        let products = Cell::new(0);
        let a = free::<PsdFacts, f64, _>(n, |_, x: &[f64], y: &mut [f64]| {
            products.set(products.get() + 1);
            (0..n).for_each(|i| y[i] = (1 + i) as f64 * x[i]);
        });
        // an eigenvector, zero, three eigenvectors, all of them
        let mut b = vec![0.0; 4 * n];
        b[5] = 2.0;
        (0..3).for_each(|i| b[2 * n + 7 * i] = 1.0);
        (0..n).for_each(|i| b[3 * n + i] = noise(i));
        for p in [None, Some(diagonal::<NoFacts, f64>((0..n).map(|i| 1.0 / (1 + i % 4) as f64).collect()))] {
            let mut x = vec![0.5; 4 * n];
            let mut residuals = Vec::new();
            let (bv, xv) = (View::matrix(&b, n, 4), ViewMut::matrix(&mut x, n, 4));
            x_start(xv, 0.0);
            products.set(0);
            let xv = ViewMut::matrix(&mut x, n, 4);
            let cg = Cg::default().on_iteration(|i| residuals.push(i.residual));
            let report = match &p {
                None => { cg }.solve(&a, bv, xv).unwrap(),
                Some(p) => cg.preconditioner(p).solve(&a, bv, xv).unwrap(),
            };
            assert_eq!(residuals, report.history);
            assert!(report.residual <= 1e-10 && report.iterations == residuals.len());
            for j in 0..4 {
                for i in 0..n {
                    let want = b[j * n + i] / (1 + i) as f64;
                    assert!((x[j * n + i] - want).abs() < 1e-9, "column {j}");
                }
            }
            if p.is_none() {
                // 4 + 3 at the ends of the cycle, 1 + 3 for the easy columns, one per iteration for the last
                assert!(products.get() <= 8 + 4 + report.iterations, "{} {}", products.get(), report.iterations);
            }
        }
    }
    fn x_start(mut x: ViewMut<'_, f64>, c: f64) {
        (0..x.cols).for_each(|j| (0..x.rows).for_each(|i| *x.at(i, j) = c));
    }

    #[test]
    fn failures_are_those_of_a_column() {
        let n = 40;
        let a = laplacian::<PsdFacts, f64>(n);
        let b: Vec<f64> = (0..2 * n).map(|i| if i < n { f64::from(i == 3) } else { noise(i) }).collect();
        let go = |a: &dyn DynOperator<f64>, m: Option<&dyn DynOperator<f64>>, b: &[f64], x: &mut [f64], most| {
            let mut params = Params { max_iters: most, ..Params::default() };
            cg_columns("CG", a, m, View::matrix(b, n, 2), ViewMut::matrix(x, n, 2), &mut params)
        };
        let mut x = vec![0.0; 2 * n];
        let e = go(&a, None, &b, &mut x, Some(5)).unwrap_err();
        let Error::NotConverged { iterations: 5, residual, .. } = e else { panic!("{e}") };
        let truth = (0..2).map(|j| true_residual(&a, false, &b[j * n..][..n], &x[j * n..][..n])).fold(0.0, f64::max);
        assert!((residual - truth).abs() < 1e-12);
        // it goes on from there
        let rest = go(&a, None, &b, &mut x, None).unwrap();
        assert!(rest.history[0] < 1.5 * residual && rest.residual <= 1e-10);
        let e = go(&a, None, &b, &mut vec![0.0; 2 * n], Some(0)).unwrap_err();
        assert!(matches!(e, Error::NotConverged { iterations: 0, residual: 1.0, .. }), "{e}");
        let minus = diagonal::<PsdFacts, f64>((0..n).map(|i| i as f64 - 3.5).collect());
        let e = go(&minus, None, &b, &mut vec![0.0; 2 * n], None).unwrap_err();
        assert!(matches!(e, Error::NotPositiveDefinite { .. }), "{e}");
        let e = go(&a, Some(&diagonal::<NoFacts, f64>(vec![-1.0; n])), &b, &mut vec![0.0; 2 * n], None).unwrap_err();
        assert!(e.to_string().contains("preconditioner"), "{e}");
        let mut bad = b.clone();
        bad[n + 2] = f64::NAN;
        assert!(matches!(go(&a, None, &bad, &mut vec![0.0; 2 * n], None), Err(Error::NonFinite { .. })));
        let nan = free::<PsdFacts, f64, _>(n, |_, _: &[f64], y: &mut [f64]| y.fill(f64::NAN));
        assert!(matches!(go(&nan, None, &b, &mut vec![0.0; 2 * n], None), Err(Error::NonFinite { .. })));
        let small = laplacian::<PsdFacts, f64>(n - 1);
        assert!(matches!(go(&small, None, &b, &mut vec![0.0; 2 * n], None), Err(Error::ShapeMismatch { .. })));
        assert!(matches!(go(&a, Some(&small), &b, &mut vec![0.0; 2 * n], None), Err(Error::ShapeMismatch { .. })));
        // singular: the column in the range is solved, the other one is a breakdown
        let half = diagonal::<PsdFacts, f64>((0..n).map(|i| f64::from(i % 2 == 1)).collect());
        let mut x = vec![0.0; 2 * n];
        let e = go(&half, None, &b, &mut x, None).unwrap_err();
        assert!(matches!(e, Error::Breakdown { .. } | Error::NotConverged { .. }), "{e}");
        assert_eq!(x[3], 1.0);
    }
}
