//! Multiples and sums of operators that are laid out for many products.

use crate::operator::{ByRows, DynOperator, LinearOperator, Repeated, Update};
use crate::scalar::Scalar;
use crate::view::{View, ViewMut};

/// c (A + B + ..).
pub(crate) struct Arranged<'a, T> {
    c: T,
    parts: Vec<Repeated<'a, T>>,
}
impl<'a, T: Scalar> Arranged<'a, T> {
    /// c A, where A gains by it.
    pub fn multiple<A: LinearOperator<Scalar = T>>(c: T, a: &'a A) -> Option<Box<dyn DynOperator<T> + 'a>> {
        Some(Box::new(Arranged { c, parts: vec![Repeated::Arranged(a.arranged()?)] }))
    }
    /// A + B, where one of them gains by it.
    pub fn sum<A, B>(a: &'a A, b: &'a B) -> Option<Box<dyn DynOperator<T> + 'a>>
    where
        A: LinearOperator<Scalar = T>,
        B: LinearOperator<Scalar = T>,
    {
        let parts = vec![Repeated::new(a), Repeated::new(b)];
        let gains = parts.iter().any(|p| matches!(p, Repeated::Arranged(_)));
        gains.then(|| Box::new(Arranged { c: T::one(), parts }) as Box<dyn DynOperator<T> + 'a>)
    }
    fn rows_of(&self) -> impl Iterator<Item = &dyn ByRows<T>> {
        self.parts.iter().filter_map(|p| p.dyn_by_rows())
    }
}
impl<T: Scalar> DynOperator<T> for Arranged<'_, T> {
    fn dyn_shape(&self) -> (usize, usize) {
        self.parts[0].dyn_shape()
    }
    fn dyn_act(&self, how: Update<T>, x: View<'_, T>, mut y: ViewMut<'_, T>, s: &mut [T]) {
        let mut how = how.times(self.c);
        for part in &self.parts {
            part.dyn_act(how, x, y.reborrow(), s);
            how = how.add();
        }
    }
    fn dyn_scratch(&self, columns: usize) -> usize {
        self.parts.iter().map(|p| p.dyn_scratch(columns)).max().unwrap_or(0)
    }
    fn dyn_by_rows(&self) -> Option<&dyn ByRows<T>> {
        (self.rows_of().count() == self.parts.len()).then_some(self)
    }
}
impl<T: Scalar> ByRows<T> for Arranged<'_, T> {
    fn reach(&self) -> usize {
        self.rows_of().map(|r| r.reach()).max().unwrap_or(0)
    }
    fn strides(&self) -> bool {
        self.rows_of().all(|r| r.strides())
    }
    fn rows(&self, how: Update<T>, first: usize, x: View<'_, T>, mut y: ViewMut<'_, T>) {
        let mut how = how.plain().times(self.c);
        for rows in self.rows_of() {
            rows.rows(how, first, x, y.reborrow());
            how = how.add();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::*;
    use crate::scalar::Complex;

    /// Multiples and sums multiply as they do without, and are asked for rows where all parts can be.
    #[test]
    fn arranged_is_the_operator() {
        let n = 70;
        let entry = |i: usize, j: usize| Complex::new(1.0 + j as f64, i as f64 - 0.5);
        let band = (0..n).flat_map(|i: usize| (i.saturating_sub(1)..n.min(i + 2)).map(move |j| (i, j, entry(i, j))));
        let a = Sparse::from_triplets(n, n, band).unwrap();
        let (c, d) = (Complex::new(0.5, -2.0), Diagonal::new(vec![Complex::new(3.0, 1.0); n]));
        fn check<A: LinearOperator<Scalar = Complex<f64>>>(a: &A, by_rows: bool) {
            let (n, arranged) = (a.nrows(), a.arranged().expect("it holds a band"));
            assert_eq!((arranged.dyn_shape(), arranged.dyn_by_rows().is_some()), ((n, n), by_rows));
            let x: Vec<_> = (0..2 * n).map(|i| Complex::new((i as f64).sin(), 0.1 * i as f64)).collect();
            let alpha = Complex::new(0.3, 0.7);
            for how in [
                Update::replace(),
                Update { alpha, add: true, adjoint: false },
                Update { alpha, add: true, adjoint: true },
            ] {
                let (mut y, mut z, v) = (x.clone(), x.clone(), View::matrix(&x, n, 2));
                let (mut s, mut t) = (vec![alpha; a.scratch_len(2)], vec![alpha; arranged.dyn_scratch(2)]);
                a.act(how, v, ViewMut::matrix(&mut y, n, 2), &mut s);
                arranged.dyn_act(how, v, ViewMut::matrix(&mut z, n, 2), &mut t);
                let far = y.iter().zip(&z).map(|(y, z)| (y - z).norm()).fold(0.0, f64::max);
                assert!(far < 1e-10, "{far}");
                if let Some(rows) = arranged.dyn_by_rows().filter(|_| !how.adjoint) {
                    let mut part = x[5..40].to_vec();
                    rows.rows(how, 5, v.column(0), ViewMut::vector(&mut part));
                    // the whole has added to x what the part added to these rows of it
                    let far = part.iter().zip(&y[5..40]).map(|(p, y)| (p - y).norm()).fold(0.0, f64::max);
                    assert!(far < 1e-10 && rows.reach() == 1, "{far}");
                }
            }
        }
        check(&Scaled::new(c, &a), true);
        check(&crate::dsl::add(&a, &d), false);
        check(&crate::dsl::add(&a, Scaled::new(c, &a)), true);
        check(&crate::dsl::add(&a, ScaledIdentity::new(c, n)), false);
        assert!(Scaled::new(c, &d).arranged().is_none() && crate::dsl::add(&d, &d).arranged().is_none());
    }
}
