//! What `linop!` returns is a leaf of the next, owned or borrowed.
use cola::prelude::*;
use nalgebra::{matrix, vector};

fn main() -> cola::Result<()> {
    let (a, d) = (matrix![2.0, 1.0; 1.0, 3.0], vector![3.0, 0.2]);
    let inner = linop!(psd(a) + psd(diag(d)));
    let outer = linop!(kron(&inner, inner) + 2 * repeat::<2>(&inner));
    assert_eq!(outer.shape(), (4, 4));
    let root = inner.sqrt()?;
    let root_again = root.clone();
    let inverse = inner.inv()?;
    let all = linop!(&root * root_again * inverse + { linop!(2 * inner) } - { linop_in_function(&inner) });
    assert_eq!(all.shape(), (2, 2));
    assert_eq!(linop!({ linop!({ linop!(a) }) }).trace()?, 5.0);
    let (p, q) = (linop!(a.T), linop!(&inner[0..1, ..]));
    assert_eq!(linop!(q * p).shape(), (1, 2));
    Ok(())
}
fn linop_in_function<A: LinearOperator<Scalar = f64>>(a: &A) -> Scaled<&A, f64, cola::NonNegative> {
    linop!(2 * a)
}
