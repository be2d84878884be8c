//! A function over one element, and its batch forms.
use cola::prelude::*;
use nalgebra::{Matrix2, SMatrix, SVector, Vector2, matrix};

#[vmap]
fn perform<T: Scalar>(w: SMatrix<T, 2, 2>, v: SVector<T, 2>, shift: f64) -> cola::Result<SVector<T, 2>> {
    let c = T::of(shift);
    linop!(psd(w) + c * I).solve(&v)
}
/// Conditions that all lanes share are branches as everywhere.
#[vmap]
fn counted<T: Scalar>(v: SVector<T, 2>, n: usize, extra: Option<usize>) -> cola::Result<SVector<T, 2>> {
    let mut i = 0;
    while i < n && (i != 7 || n == 2) {
        i += 1;
    }
    if let Some(k) = extra
        && k > 2
    {
        i += k;
    } else if n == 4 {
        i = 0;
    }
    match n {
        k if k < 3 => Ok(v),
        _ => Ok(v * T::of(i as f64)),
    }
}
mod inner {
    use cola::prelude::*;

    /// With a size, in single precision, public.
    #[cola::vmap(f32)]
    pub fn scaled<T: Scalar, const N: usize>(d: nalgebra::SVector<T, N>) -> cola::Result<nalgebra::SVector<T, N>> {
        Ok(linop!(2 * diag(d)).apply(&d))
    }
}

fn main() -> cola::Result<()> {
    let w: Matrix2<f64> = matrix![2.0, 1.0; 1.0, 3.0];
    let v = Vector2::new(1.0, 2.0);
    let one = perform(w, v, 0.5)?;
    for y in perform::batch::<8>([w; 8], [v; 8], 0.5)? {
        assert!((y - one).norm() < 1e-14);
    }
    assert_eq!(perform::batch_slice(&[w; 13], &[v; 13], 0.5)?.len(), 13);
    let mixed = perform::batch_each(&[w, Matrix2::zeros(), w], &[v; 3], 0.0)?;
    assert!(mixed[0].is_ok() && mixed[1].is_err() && mixed[2].is_ok());
    assert!(perform::batch_slice(&[w; 3], &[v; 2], 0.5).is_err());
    for (n, extra, factor) in [(1, None, 1.0), (5, None, 5.0), (5, Some(3), 8.0), (4, Some(1), 0.0), (9, None, 7.0)] {
        assert_eq!(counted::batch::<2>([v; 2], n, extra)?[1], v * factor);
    }
    assert_eq!(inner::scaled::batch::<4, 2>([Vector2::new(1.0f32, 2.0); 4])?[3], Vector2::new(2.0, 8.0));
    Ok(())
}
