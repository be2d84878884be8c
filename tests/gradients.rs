//! Gradients against central differences of the untracked value, and against dual numbers where the path is direct.
use cola::gradient::Tracked;
use cola::prelude::*;
use cola::*;
use nalgebra::{DMatrix, DVector, SMatrix, SVector, matrix, vector};
use num_dual::{Dual64, DualStruct};

/// Compares every leaf number with a central difference; `f` symmetrises what is promised symmetric.
fn check<K: Parameters<Number = f64, Owned = K>>(k: &K, g: &[f64], f: impl Fn(&K) -> f64) {
    let (x, h) = (k.flatten(), 1e-6);
    assert_eq!(x.len(), g.len());
    for i in 0..x.len() {
        let at = |s: f64| {
            let mut x = x.clone();
            x[i] += s;
            f(&k.unflatten(&x).unwrap())
        };
        let want = (at(h) - at(-h)) / (2.0 * h);
        assert!((want - g[i]).abs() < 1e-6 * (1.0 + g[i].abs()), "{i}: {want} {}", g[i]);
    }
}
fn sym<const N: usize>(m: SMatrix<f64, N, N>) -> SMatrix<f64, N, N> {
    (m + m.transpose()) * 0.5
}
type K2 = linop_type!(kron(psd(SMatrix<f64, 2, 2>), diag(SVector<f64, 3>)));
type Noisy = linop_type!(kron(psd(SMatrix<f64, 2, 2>), diag(SVector<f64, 3>)) + f64 * I);
const Y: [f64; 6] = [1.0, -0.5, 0.3, 2.0, 0.7, -1.1];
fn k2() -> K2 {
    linop!(kron(psd({ matrix![2.0, 1.0; 1.0, 3.0] }), diag(vector![3.0, 0.2, 1.0])))
}
/// The part A of kron(psd(A), ..) made symmetric, so that one entry may be moved alone.
fn symmetric(k: &K2) -> K2 {
    Kron(Psd(Dense(sym(k.0.0.0))), k.1)
}
fn dense(k: &impl LinearOperator<Scalar = f64>) -> DMatrix<f64> {
    k.to_dense()
}
fn quad_logdet(m: &DMatrix<f64>, y: &[f64]) -> f64 {
    let y = DVector::from_column_slice(y);
    let lu = m.clone().lu();
    y.dot(&lu.solve(&y).unwrap()) + lu.determinant().ln()
}

#[test]
fn inv_quad_plus_logdet_of_kron() {
    let k = k2();
    let (v, g) = value_and_grad(&k, |k| Ok(k.inv_quad(&Y)? + k.logdet()?)).unwrap();
    let f = |k: &K2| quad_logdet(&dense(&symmetric(k)), &Y);
    assert!((v - f(&k)).abs() < 1e-12);
    check(&k, &g.flatten(), f);
    assert_eq!(g.leaves().map(|l| l.0).collect::<Vec<_>>(), ["0.data", "1.diag"]);
    let step: K2 = k.zip_map_leaves(&g, |a, b| a - 0.1 * b).unwrap();
    assert!(step.flatten() != k.flatten());
}
#[test]
fn inv_quad_plus_logdet_of_kron_plus_noise() {
    let c = 0.3;
    let k: Noisy = {
        let (a, d) = (matrix![2.0, 1.0; 1.0, 3.0], vector![3.0, 0.2, 1.0]);
        linop!(kron(psd(a), diag(d)) + c * I)
    };
    let (v, g) = value_and_grad(&k, |k| Ok(k.inv_quad(&Y)? + k.logdet()?)).unwrap();
    let f = |k: &Noisy| quad_logdet(&(dense(&symmetric(&k.0)) + DMatrix::identity(6, 6) * k.1.c), &Y);
    assert!((v - f(&k)).abs() < 1e-12);
    check(&k, &g.flatten(), f);
    // exact to rounding against dual numbers through the same rules
    let (x, g) = (k.flatten(), g.flatten());
    for i in [0, 1, 3, 4, 5, 6, 7] {
        let mut d: Vec<Dual64> = x.iter().map(Dual64::from_inner).collect();
        d[i] = d[i].derivative();
        let mut want = g[i];
        if i == 1 {
            d[2] = d[2].derivative(); // the two off-diagonal numbers of a symmetric matrix move together
            want = g[1] + g[2];
        }
        let k = k.unflatten_as::<Dual64>(&d).unwrap();
        let y = Y.map(|y| Dual64::from_inner(&y));
        let v = k.inv_quad(&y).unwrap() + k.logdet().unwrap();
        assert!((v.eps - want).abs() < 1e-12 * (1.0 + want.abs()), "{i}: {} {want}", v.eps);
    }
}
#[test]
fn the_closed_form_of_a_general_inverse() {
    for (x, want) in [(0.5, -0.066_115_702_479), (10.0, -0.125)] {
        let a = linop!({ matrix![1.0, 2.0; 3.0, x] });
        let (_, g) = value_and_grad(&a, |a| a.inv_quad(&[1.0, 1.0])).unwrap();
        assert!((g.tree().0[(1, 1)] - want).abs() < 1e-10);
    }
}
#[test]
fn vectors_have_gradients_and_scalars_flow() {
    let k = k2();
    let b = vector![0.3, 0.1, -0.2, 0.9, 1.0, 0.4];
    let (v, (g, gb)) = value_and_grad2(&k, &b, |k, b| {
        let x = k.solve(b)?;
        let q = x.dot(&Y);
        Ok(&q * &q / k.apply(&x)?.dot(&x) + constant(2.0) - 3.0 * k.trace()?)
    })
    .unwrap();
    let f = |k: &K2, b: &SVector<f64, 6>| {
        let k = dense(&symmetric(k));
        let b = DVector::from_column_slice(b.as_slice());
        let x = k.clone().lu().solve(&b).unwrap();
        x.dot(&DVector::from_column_slice(&Y)).powi(2) / (&k * &x).dot(&x) + 2.0 - 3.0 * k.trace()
    };
    assert!((v - f(&k, &b)).abs() < 1e-10);
    check(&k, &g.flatten(), |k| f(k, &b));
    let gb: SVector<f64, 6> = gb;
    check(&b, gb.as_slice(), |b| f(&k, b));
}
#[test]
fn functions_by_daleckii_krein() {
    let k = k2();
    let c = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    let spectral = |k: &K2, f: &dyn Fn(f64) -> f64| {
        let e = dense(&symmetric(k)).symmetric_eigen();
        let fa = &e.eigenvectors * DMatrix::from_diagonal(&e.eigenvalues.map(f)) * e.eigenvectors.transpose();
        (fa * DVector::from_column_slice(&Y)).dot(&DVector::from_column_slice(&c))
    };
    type Loss = fn(&Tracked<'_, K2>, &[f64; 6]) -> Result<()>;
    let _unused: Option<Loss> = None;
    let (_, g) = value_and_grad(&k, |k| Ok(k.sqrt()?.apply(&Y)?.dot(&c))).unwrap();
    check(&k, &g.flatten(), |k| spectral(k, &f64::sqrt));
    let (_, g) = value_and_grad(&k, |k| Ok(k.isqrt()?.apply(&Y)?.dot(&c))).unwrap();
    check(&k, &g.flatten(), |k| spectral(k, &|w| 1.0 / w.sqrt()));
    let (_, g) = value_and_grad(&k, |k| Ok(k.exp()?.apply(&Y)?.dot(&c))).unwrap();
    let scale = 1.0 + g.flatten().iter().fold(0.0f64, |m, x| m.max(x.abs()));
    assert!(scale.is_finite());
    let small = Kron(Psd(Dense(k.0.0.0 * 0.1)), k.1);
    let (_, g) = value_and_grad(&small, |k| Ok(k.exp()?.apply(&Y)?.dot(&c))).unwrap();
    check(&small, &g.flatten(), |k| spectral(k, &f64::exp));
    let (_, g) = value_and_grad(&k, |k| Ok(k.log()?.apply(&Y)?.dot(&c))).unwrap();
    check(&k, &g.flatten(), |k| spectral(k, &f64::ln));
    let (_, g) = value_and_grad(&k, |k| Ok(k.pow(0.3)?.apply(&Y)?.dot(&c))).unwrap();
    check(&k, &g.flatten(), |k| spectral(k, &|w| w.powf(0.3)));
    let (_, g) = value_and_grad(&k, |k| Ok(k.eigenvalues()?.norm_squared())).unwrap();
    check(&k, &g.flatten(), |k| dense(&symmetric(k)).norm_squared());
}
/// The primitive of every structure: log|det| and a bilinear form of one nested expression that holds them all.
#[test]
fn every_structure() {
    let (a, t, p) = (matrix![3.0, 0.4; -0.2, 2.0], matrix![1.5, 0.0; 0.7, 2.5], [1usize, 0]);
    let (x, d, c) = (matrix![1.0, 0.3; -0.4, 1.2], [1.5, 0.7], 1.3);
    let k = linop!(
        block_diag(c * (a * triangular_lower(t)) + x * x.H, repeat::<2>(permutation(p) * a.T))
            * kron(diag(d), (block_diag(a, diag([2.0])) + 0.5 * I)[0..3, 0..3])
    );
    let f = |k: &_| {
        let m = dense(k);
        let y = DVector::from_column_slice(&Y);
        (y.transpose() * &m * &y)[0] + m.clone().lu().determinant().abs().ln() + m.trace() + quad(&m)
    };
    fn quad(m: &DMatrix<f64>) -> f64 {
        let y = DVector::from_column_slice(&Y);
        y.dot(&m.clone().lu().solve(&y).unwrap())
    }
    let sign = k.slogdet().unwrap().0;
    let (v, g) = value_and_grad(&k, |k| {
        Ok(k.quad(&Y)? + k.trace()? + k.inv_quad(&Y)? + if sign > 0.0 { k.logdet()? } else { k.slogdet()?.1 })
    })
    .unwrap();
    assert!((v - f(&k)).abs() < 1e-9 * v.abs());
    check(&k.to_owned_tree(), &g.flatten(), f);
}
#[test]
fn dynamic_sizes_and_two_operators_and_errors() {
    let n = 5;
    let m =
        DMatrix::from_fn(n, n, |i, j| (-(i as f64 - j as f64).powi(2) / 3.0).exp() + if i == j { 0.1 } else { 0.0 });
    let k = linop!(psd(m));
    let l = linop!(diag(vec![1.0, 2.0, 3.0, 4.0, 5.0]));
    let y = vec![1.0; 5];
    let (v, (gk, gl)) = value_and_grad2(&k, &l, |k, l| Ok(k.logdet()? * l.inv_quad(&y)?)).unwrap();
    assert!((v - k.logdet().unwrap() * l.inv_quad(&y).unwrap()).abs() < 1e-12);
    assert!(gk.flatten().len() == 25 && gl.flatten().iter().all(|g| *g != 0.0));
    let bad = linop!(psd(diag([1.0, -1.0])));
    assert!(matches!(value_and_grad(&bad, |k| k.logdet()), Err(Error::InvalidArgument { .. })));
    let short = value_and_grad(&k, |k| k.inv_quad(&[1.0]));
    assert!(matches!(short, Err(Error::ShapeMismatch { left: (5, 5), right: (1, 1), .. })));
}
