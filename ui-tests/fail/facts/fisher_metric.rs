//! The metric of a Fisher matrix is positive semidefinite.
use cola::prelude::*;
use nalgebra::matrix;

struct Map;
impl VectorFunction for Map {
    fn eval<T: Real>(&self, x: &[T]) -> Vec<T> {
        x.to_vec()
    }
}
fn main() {
    let _ = linop!(fisher(Map, &[1.0, 2.0], Dense::new(matrix![2.0, 1.0; 1.0, 3.0])));
}
