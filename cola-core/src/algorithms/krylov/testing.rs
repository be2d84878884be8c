//! Operators and right-hand sides of the tests.
use super::*;
use crate::facts::{Facts, NoFacts, PsdFacts};
use crate::operator::Operator;
use crate::operator::Update;
use crate::scalar::Complex;
use crate::scalar::Real;
use crate::space::Dyn;
use crate::vector::Vector;
use core::marker::PhantomData;
use num_traits::Zero;

/// y = f(adjoint, x), with the facts K.
pub struct Free<T, K, F>(pub (usize, usize), F, PhantomData<fn() -> (T, K)>);
impl<T: Scalar, K: Facts, F> Operator for Free<T, K, F> {
    type Scalar = T;
    type Facts = K;
    type Class = crate::dsl::General;
    type Rows = Dyn;
    type Cols = Dyn;
    fn nrows(&self) -> usize {
        self.0.0
    }
    fn ncols(&self) -> usize {
        self.0.1
    }
}
impl<T: Scalar, K: Facts, F: Fn(bool, &[T], &mut [T])> LinearOperator for Free<T, K, F> {
    fn act(&self, how: Update<T>, x: View<'_, T>, mut y: ViewMut<'_, T>, scratch: &mut [T]) {
        let scratch = &mut scratch[..y.rows];
        for j in 0..x.cols {
            (self.1)(how.adjoint, x.column(j).contiguous().unwrap(), scratch);
            for (i, &v) in scratch.iter().enumerate() {
                how.write(y.at(i, j), v);
            }
        }
    }
    fn scratch_len(&self, _: usize) -> usize {
        self.0.0.max(self.0.1)
    }
}
pub fn free<K: Facts, T: Scalar, F: Fn(bool, &[T], &mut [T])>(n: usize, f: F) -> Free<T, K, F> {
    Free((n, n), f, PhantomData)
}
pub fn matrix<K: Facts, T: Scalar>(
    (rows, cols): (usize, usize),
    entry: impl Fn(usize, usize) -> T,
) -> Free<T, K, impl Fn(bool, &[T], &mut [T])> {
    let a: Vec<Vec<T>> = (0..rows).map(|i| (0..cols).map(|j| entry(i, j)).collect()).collect();
    let f = move |adjoint, x: &[T], y: &mut [T]| {
        y.fill(T::zero());
        for i in 0..rows {
            for j in 0..cols {
                if adjoint { y[j] += a[i][j].conj() * x[i] } else { y[i] += a[i][j] * x[j] }
            }
        }
    };
    Free((rows, cols), f, PhantomData)
}
pub fn diagonal<K: Facts, T: Scalar>(d: Vec<T>) -> Free<T, K, impl Fn(bool, &[T], &mut [T])> {
    free(d.len(), move |adjoint, x: &[T], y: &mut [T]| {
        for i in 0..x.len() {
            y[i] = if adjoint { d[i].conj() } else { d[i] } * x[i];
        }
    })
}
/// tridiag(-1, 2, -1): eigenvalues 2 - 2 cos(k pi / (n + 1)).
pub fn laplacian<K: Facts, T: Scalar>(n: usize) -> Free<T, K, impl Fn(bool, &[T], &mut [T])> {
    free(n, move |_, x: &[T], y: &mut [T]| {
        for i in 0..n {
            let at = |i: Option<usize>| i.and_then(|i| x.get(i)).map_or(T::zero(), |&x| x);
            y[i] = T::of(2.0) * x[i] - at(i.checked_sub(1)) - at(Some(i + 1));
        }
    })
}
/// The five-point Laplacian of an m x m grid, minus `shift`.
pub fn grid<K: Facts>(m: usize, shift: f64) -> Free<f64, K, impl Fn(bool, &[f64], &mut [f64])> {
    free(m * m, move |_, x: &[f64], y: &mut [f64]| {
        for i in 0..m {
            for j in 0..m {
                let at = |i: usize, j: usize| if i < m && j < m { x[i * m + j] } else { 0.0 };
                let (up, left) = (i.wrapping_sub(1), j.wrapping_sub(1));
                let near = at(up, j) + at(i + 1, j) + at(i, left) + at(i, j + 1);
                y[i * m + j] = (4.0 - shift) * x[i * m + j] - near;
            }
        }
    })
}
pub type C64 = Complex<f64>;
pub fn c(re: f64, im: f64) -> C64 {
    Complex::new(re, im)
}
/// Numbers in (-1, 1) without a pattern.
pub fn noise(i: usize) -> f64 {
    let x = ((i as f64 + 1.0) * 12.9898).sin() * 43758.5453;
    2.0 * (x - x.floor()) - 1.0
}
pub fn noisy<T: Scalar>(n: usize) -> Vec<T> {
    (0..n).map(|i| T::of(noise(i))).collect()
}
pub fn complex(n: usize) -> Vec<C64> {
    (0..n).map(|i| c(noise(i), noise(i + 1000))).collect()
}
pub fn solve<A: LinearOperator>(
    mut algorithm: impl SolveAlgorithm<A>,
    a: &A,
    b: &[A::Scalar],
) -> Result<Solution<Vec<A::Scalar>>> {
    let mut x = vec![A::Scalar::zero(); b.len()];
    let report = algorithm.solve(a, View::vector(b), ViewMut::vector(&mut x))?;
    // what is reported is true
    let residual = true_residual(a, false, b, &x);
    let close = (report.residual - residual).abs() <= 1e-3 * residual + 1e-15;
    assert!(close, "{} is not {residual}", report.residual);
    assert_eq!(report.history.len(), report.iterations);
    Ok(Solution { x, report })
}
pub fn true_residual<A: LinearOperator>(a: &A, adjoint: bool, b: &[A::Scalar], x: &[A::Scalar]) -> f64 {
    let (mut y, mut s) = (b.to_vec(), b.to_vec());
    s.resize(a.scratch_len(1), A::Scalar::zero());
    let how = Update { adjoint, ..Update::replace() };
    a.act(how, View::vector(x), ViewMut::vector(&mut y), &mut s);
    y[..].axpby(A::Scalar::of(1.0), b, A::Scalar::of(-1.0));
    let norm = b.norm().lane_f64(0);
    if norm == 0.0 { y[..].norm().lane_f64(0) } else { y[..].norm().lane_f64(0) / norm }
}

/// What every method must refuse, and what it must do for free.
pub fn check_manners<T: Scalar>(run: Run<T>) {
    let a = laplacian::<PsdFacts, T>(6);
    let b = noisy::<T>(6);
    let go = |a: &dyn DynOperator<T>, m: Option<&dyn DynOperator<T>>, b: &[T], x: &mut [T]| {
        run(a, m, b, x, &mut Params::default())
    };
    let zeros = || vec![T::zero(); 6];

    // b = 0: x = 0 whatever it was
    let mut x = b.clone();
    let report = go(&a, None, &zeros(), &mut x).unwrap();
    assert_eq!((report.iterations, report.residual, x), (0, 0.0, zeros()));
    // nothing at all
    let empty = matrix::<NoFacts, T>((0, 0), |_, _| T::zero());
    assert_eq!(go(&empty, None, &[], &mut []).unwrap().iterations, 0);
    // a starting point that is the solution
    let mut x = zeros();
    go(&a, None, &b, &mut x).unwrap();
    let again = go(&a, None, &b, &mut x).unwrap();
    assert_eq!((again.iterations, again.history.len()), (0, 0));
    // any other starting point
    let mut x: Vec<T> = (0..6).map(|i| T::of(1e3 * noise(i + 9))).collect();
    go(&a, None, &b, &mut x).unwrap();

    // no iterations allowed
    let none = || Params { max_iters: Some(0), ..Params::default() };
    let e = run(&a, None, &b, &mut zeros(), &mut none()).unwrap_err();
    assert!(matches!(e, Error::NotConverged { iterations: 0, residual: 1.0, .. }), "{e}");
    assert!(run(&a, None, &zeros(), &mut zeros(), &mut none()).is_ok());
    // too few
    let mut one = Params { max_iters: Some(1), ..Params::default() };
    let e = run(&a, None, &b, &mut zeros(), &mut one).unwrap_err();
    assert!(matches!(e, Error::NotConverged { iterations: 1, .. }), "{e}");

    // shapes
    let shape = |r: Result<Report>| matches!(r, Err(Error::ShapeMismatch { .. }));
    let wide = matrix::<NoFacts, T>((6, 5), |_, _| T::one());
    assert!(shape(go(&wide, None, &b, &mut zeros()[..5])));
    assert!(shape(go(&a, None, &b[..5], &mut zeros())));
    assert!(shape(go(&a, None, &b, &mut zeros()[..5])));
    assert!(shape(go(&a, Some(&laplacian::<PsdFacts, T>(5)), &b, &mut zeros())));
    // tolerances
    for tol in [f64::NAN, -1.0, f64::INFINITY] {
        let mut params = Params { tol: Some(tol), ..Params::default() };
        let e = run(&a, None, &b, &mut zeros(), &mut params).unwrap_err();
        assert!(matches!(e, Error::InvalidArgument { .. }), "{e}");
    }

    // NaN and infinity: in b, in x, from A, from P
    for bad in [f64::NAN, f64::INFINITY] {
        let non_finite = |r: Result<Report>| matches!(r, Err(Error::NonFinite { .. }));
        let mut b_bad = b.clone();
        b_bad[3] = T::of(bad);
        assert!(non_finite(go(&a, None, &b_bad, &mut zeros())));
        assert!(non_finite(go(&a, None, &b, &mut b_bad)));
        let d = |_, x: &[T], y: &mut [T]| {
            y.copy_from_slice(x);
            y[2] = T::of(bad);
        };
        assert!(non_finite(go(&free::<PsdFacts, T, _>(6, d), None, &b, &mut zeros())));
        assert!(non_finite(go(&a, Some(&free::<PsdFacts, T, _>(6, d)), &b, &mut zeros())));
    }
    // NaN later on: the iteration is named
    let calls = core::cell::Cell::new(0);
    let late = free::<PsdFacts, T, _>(6, |_, x: &[T], y: &mut [T]| {
        calls.set(calls.get() + 1);
        for i in 0..6 {
            y[i] = x[i] * T::of(if calls.get() == 3 { f64::NAN } else { 1.0 + i as f64 });
        }
    });
    let e = go(&late, None, &b, &mut zeros()).unwrap_err();
    // two products make an iteration of TFQMR, four one of BiCGStab(2)
    let named = ["iteration 2 of", "iteration 1 of TFQMR", "iteration 0 of BiCGStab"];
    assert!(named.iter().any(|name| e.to_string().contains(name)), "{e}");

    // a callback that stops, or that does not
    let mut seen = 0;
    let mut stop = |i: &Iteration| {
        seen = i.iteration;
        (i.iteration < 2).flow()
    };
    let mut params = Params { on_iteration: Some(&mut stop), ..Params::default() };
    let e = run(&a, None, &b, &mut zeros(), &mut params).unwrap_err();
    assert!(matches!(e, Error::NotConverged { iterations: 2, .. }), "{e}");
    assert_eq!(seen, 2);

    // the smallest and the largest numbers
    let single = T::Re::epsilon().lane_f64(0) > 1e-10;
    for size in if single { [1e-36, 1e36] } else { [1e-300, 1e300] } {
        let b: Vec<T> = b.iter().map(|&b| b * T::of(size)).collect();
        let mut x = zeros();
        go(&a, None, &b, &mut x).unwrap_or_else(|e| panic!("{size:e}: {e}"));
        assert!(true_residual(&a, false, &b, &x) < 1e-4);
    }
    // a tolerance below rounding ends, and with the truth; 1 / 3 is not a number
    let a = diagonal::<PsdFacts, T>((1..7).map(|i| T::of(i as f64 / 3.0)).collect());
    let mut params = Params { tol: Some(1e-40), ..Params::default() };
    match run(&a, None, &b, &mut zeros(), &mut params) {
        Err(Error::NotConverged { residual, .. }) => {
            assert!(residual > 0.0 && residual < 1e-6, "{residual}")
        }
        Ok(report) => assert!(report.residual <= 1e-39, "{}", report.residual),
        Err(e) => panic!("{e}"),
    }
}
