//! A literal fits every number type, and its sign is known to the type.
use cola::prelude::*;
use cola::{Complex, Fact, Facts};
use nalgebra::{Matrix2, matrix};

fn psd_is_known<A: Operator>(_: &A) -> bool {
    <A::Facts as Facts>::Psd::KNOWN
}

fn main() -> cola::Result<()> {
    let (a, c): (Matrix2<f64>, f64) = (matrix![2.0, 1.0; 1.0, 3.0], 3.0);
    assert!(psd_is_known(&linop!(2 * psd(a))));
    assert!(psd_is_known(&linop!(psd(a) * 0.5 / 3)));
    assert!(psd_is_known(&linop!(2 * 3 * psd(a) + 1e-6 * I)));
    assert!(psd_is_known(&linop!(-(-psd(a)))));
    assert!(psd_is_known(&try_linop!(nonnegative(c) * psd(a))?));
    assert!(!psd_is_known(&linop!(-psd(a))));
    assert!(!psd_is_known(&linop!(-2 * psd(a))));
    assert!(!psd_is_known(&linop!(c * psd(a))));
    assert!(!psd_is_known(&linop!(psd(a) - I)));
    assert!(!psd_is_known(&linop!(psd(a) - c * I)));
    let single = matrix![2.0f32, 1.0; 1.0, 3.0];
    assert_eq!(linop!(2 * single - 1.5 * I).apply(&[1.0f32, 0.0]), [2.5, 2.0]);
    let i = Complex::new(0.0, 1.0);
    let complex = a.map(|x| Complex::new(x, 0.0));
    assert_eq!(linop!(0.5 * complex).trace()?, Complex::new(2.5, 0.0));
    assert_eq!(linop!(i * complex).trace()?, 5.0 * i);
    Ok(())
}
