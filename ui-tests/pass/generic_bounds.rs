//! Generic functions state one bound each.
use cola::prelude::*;
use nalgebra::{DVector, matrix, vector};

fn twice<A: LinearOperator<Scalar = f64>>(a: &A, x: &DVector<f64>) -> DVector<f64> {
    a.apply(&a.apply(x))
}
fn energy<A: Solvable<Scalar = f64>>(a: &A, b: &DVector<f64>) -> cola::Result<f64> {
    Ok(a.solve(b)?.dot(b) + a.inv_quad(b)?)
}
fn whiten<A: Rootable<Scalar = f64>>(a: &A, x: &DVector<f64>) -> cola::Result<DVector<f64>> {
    Ok(a.isqrt()?.apply(x))
}
fn posterior<A, B>(prior: A, noise: B) -> cola::Sum<A, B>
where
    A: LinearOperator<Scalar = f64>,
    B: LinearOperator<Scalar = f64>,
{
    Sum::new(prior, noise)
}
fn both<A: Solvable<Scalar = f64> + Rootable>(a: &A, b: &DVector<f64>) -> cola::Result<f64> {
    Ok(energy(a, b)? + whiten(a, b)?.norm_squared() + twice(&a.sqrt()?, b).norm())
}
fn any_number<T: Scalar, A: LinearOperator<Scalar = T>>(a: &A) -> T {
    a.apply(&[T::of(1.0), T::of(2.0)])[0]
}

fn main() -> cola::Result<()> {
    let k = linop!(psd({ matrix![2.0, 1.0; 1.0, 3.0] }));
    let b = DVector::from_vec(vec![1.0, 2.0]);
    assert!(both(&k, &b)? > 0.0);
    assert_eq!(any_number(&k), 4.0);
    let sum = posterior(k, linop!(psd(diag(vector![1.0, 1.0]))));
    assert!(both(&sum, &b)? > 0.0);
    Ok(())
}
