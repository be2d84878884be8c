//! The same without the macro: constructors and signs between references.
use cola::prelude::*;
use nalgebra::{Matrix2, vector};

fn main() -> cola::Result<()> {
    let a = Dense::new(Matrix2::new(2.0, 1.0, 1.0, 3.0f64));
    let d = Diagonal::new(vector![3.0f64, 0.2]);
    let v = vector![1.0, 2.0];
    assert_eq!((&a + &d).apply(&v), &a * &v + &d * &v);
    assert_eq!((&a * &d).apply(&v), a.apply(&d.apply(&v)));
    assert_eq!((&a - &d).apply(&v), a.apply(&v) - d.apply(&v));
    assert_eq!((-&a).apply(&v), -a.apply(&v));
    assert_eq!((2.0 * &a).apply(&v), 2.0 * a.apply(&v));
    assert_eq!((&(&a + &d) * &(2.0 * &a)).shape(), (2, 2));
    let k = Kron::new(Psd::new(a), d);
    assert_eq!(k.sqrt()?.shape(), (4, 4));
    let parts = vec![Psd::new(k).boxed(), linop!(psd({ nalgebra::Matrix4::<f64>::identity() })).boxed()];
    assert_eq!(SumOf::new(parts).shape(), (4, 4));
    Ok(())
}
