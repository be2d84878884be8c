//! Operators save and load (feature `serde`, which the tests of this package have on): round trips are exact, and what was changed by
//! hand is refused with a reason.

use cola::prelude::*;
use cola::{AnySign, Dyn, Interpolation, Mirrored, NonNegative, ScaledIdentity};
use nalgebra::{DMatrix, DVector, SMatrix, SVector, dmatrix, matrix, vector};
use serde::{Serialize, de::DeserializeOwned};

/// Through text and back: the same matrix, entry by entry.
fn round<K: LinearOperator + Serialize + DeserializeOwned>(k: &K) -> K {
    let text = serde_json::to_string(k).expect("saves");
    let back: K = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"));
    assert_eq!(back.to_dense(), k.to_dense(), "{text}");
    back
}
/// What loading says of a text.
fn refused<K: DeserializeOwned>(text: &str) -> String {
    match serde_json::from_str::<K>(text) {
        Ok(_) => panic!("{text} was loaded"),
        Err(e) => e.to_string(),
    }
}
fn a2() -> SMatrix<f64, 2, 2> {
    matrix![2.0, 1.0; 1.0, 3.0]
}
fn a2d() -> DMatrix<f64> {
    dmatrix![2.0, 1.0; 1.0, 3.0]
}

#[test]
fn leaves() {
    round(&Dense::new(a2()));
    round(&Dense::new(a2d()));
    round(&Dense::new(a2().map(|x| Complex::new(x, -x))));
    round(&Diagonal::new([3.0, 0.2, 1.0]));
    round(&Diagonal::new(vec![3.0f32, 0.2]));
    round(&linop!(I(3) * { Dense::new(SMatrix::<f64, 3, 3>::identity()) }));
    round(&ScaledIdentity::<f64, Dyn, AnySign>::of_size(-2.0, 3));
    round(&linop!(zero(2, 3) + { SMatrix::<f64, 2, 3>::from_element(1.0) }));
    round(&linop!(triangular_lower({ a2() })));
    round(&linop!(triangular_upper({ a2d() })));
    round(&Permutation::<f64, _>::new([2usize, 0, 1]));
    round(&Permutation::<f64, _>::new(vec![1usize, 0]));
    round(&linop!(tridiag([1.0, 2.0], [4.0, 5.0, 6.0], [7.0, 8.0])));
    round(&Tridiagonal::symmetric(vec![4.0, 5.0], vec![1.0]));
    round(&linop!(banded([(0, vec![1.0, 2.0, 3.0]), (-1, vec![0.5, 0.25])])));
    round(&linop!(circulant([4.0, 1.0, 0.0, 1.0])));
    round(&Circulant::nd(&[2, 3], vec![6.0, 1.0, 0.0, 2.0, 0.5, 1.0]).unwrap());
    round(&linop!(toeplitz([1.0, 2.0, 3.0], [1.0, 5.0, 6.0])));
    round(&Toeplitz::<_, Mirrored>::symmetric(vec![3.0, 2.0, 1.0]));
    round(&linop!({ linop!(fourier(5)) } * diag([Complex::new(0.5, 1.0); 5])));
    round(&linop!(dst(1, 4) * diag([1.0, 2.0, 3.0, 4.0])));
    round(&linop!(householder({ vector![1.0, 2.0, 2.0] })));
    round(&linop!(projection({ vector![0.6, 0.8] })));
    round(&linop!(low_rank({ vector![1.0, 2.0] }, { vector![0.5, -1.0] })));
    round(&Sparse::from_triplets(3, 3, [(0, 1, 2.0), (2, 0, -1.0), (1, 1, 4.0)]).unwrap());
    round(&Kernel::new(
        Rbf::new(0.5) + Matern32::new(1.0).amplitude(2.0),
        DMatrix::from_fn(4, 2, |i, j| (i + 2 * j) as f64),
    ));
    round(&Interpolation::<f64>::linear(cola::Grid { start: 0.0, step: 0.5, len: 4 }, &[0.1, 0.7, 1.5]).unwrap());
}

#[test]
fn compositions() -> cola::Result<()> {
    let (a, d) = (a2(), vector![3.0, 0.2, 1.0]);
    let k = linop!(kron(psd(a), diag(d)));
    let back = round(&k);
    assert_eq!(back, k);
    let b = SVector::<f64, 6>::from_fn(|i, _| i as f64);
    assert_eq!(back.solve(&b)?, k.solve(&b)?, "loaded by type: the same rules");
    round(&linop!(psd(a) + 0.5 * I));
    round(&linop!(2.0 * a + { a2() }));
    round(&linop!(-a));
    round(&linop!(a * { a2() } * { a2() }));
    round(&linop!(a ^ 3));
    round(&linop!(a * a.T));
    round(&linop!(kron_sum(psd(a), psd(a))));
    round(&linop!(block_diag(a, { a2d() })));
    round(&linop!(repeat::<3>(self_adjoint(a))));
    round(&linop!([a, { a2() }; { a2() }, a]));
    round(&linop!([a, { a2() }]));
    round(&linop!([a; { a2() }]));
    round(&linop!(hadamard(a, { a2() })));
    round(&linop!(diag([1.0, 2.0]) + low_rank({ vector![1.0, 2.0] }, { vector![0.5, -1.0] })));
    round(&linop!(low_rank({ vector![1.0, 2.0] }, { vector![0.5, -1.0] }) + 2.0 * I));
    round(&linop!(kron(psd(a), psd(a))[0..3, 0..3]));
    let swapped = vec![1usize, 0];
    round(&linop!(a[.., swapped]));
    round(&linop!(sum_of({ [Dense::new(a), Dense::new(a)] })));
    round(&linop!(kron_of({ vec![Dense::new(a2d()), Dense::new(a2d())] })));
    round(&linop!(block_diag_of({ vec![Dense::new(a2d()); 2] })));
    round(&linop!(product_of({ vec![Dense::new(a2d()); 2] })));
    round(&linop!({ a.map(|x| Complex::new(x, 1.0)) }.H));
    round(&k.eigh()?);
    // a borrowed operator saves as the owned one
    let m = a2d();
    let text = serde_json::to_string(&Psd::new(&Dense::new(m.clone()))).unwrap();
    let owned: Psd<Dense<DMatrix<f64>>> = serde_json::from_str(&text).unwrap();
    assert_eq!(
        owned.solve(&DVector::from_vec(vec![1.0, 2.0]))?,
        Psd::new(&m).solve(&DVector::from_vec(vec![1.0, 2.0]))?
    );
    Ok(())
}

#[test]
fn what_was_changed_by_hand_is_refused() {
    type P = Permutation<f64, Dyn>;
    assert!(refused::<P>(r#"{"order":[0,0]}"#).contains("permutation"));
    assert!(refused::<P>(r#"{"order":[0,2]}"#).contains("permutation"));
    type S = cola::Sum<Diagonal<Vec<f64>>, Dense<DMatrix<f64>>>;
    let wrong =
        format!(r#"{{"left":{{"diag":[1.0]}},"right":{}}}"#, serde_json::to_string(&Dense::new(a2d())).unwrap());
    assert!(refused::<S>(&wrong).contains("1x1 meets 2x2"), "{}", refused::<S>(&wrong));
    type I = ScaledIdentity<f64, Dyn, NonNegative>;
    assert!(refused::<I>(r#"{"c":-1.0,"n":2}"#).contains("not negative"));
    type B = cola::Banded<f64>;
    assert!(refused::<B>(r#"{"n":3,"width":[1,0],"bands":[1.0]}"#).contains("banded"));
    type T = Tridiagonal<Vec<f64>, Vec<f64>>;
    assert!(refused::<T>(r#"{"lower":[1.0,2.0],"diag":[1.0],"upper":null}"#).contains("tridiag"));
    type C = Circulant<f64>;
    assert!(refused::<C>(r#"{"grid":[2,2],"column":[1.0]}"#).contains("circulant"));
    assert!(refused::<C>(r#"{"grid":[1],"column":[1.0],"more":1}"#).contains("more"));
    type L = LowRank<DMatrix<f64>, DMatrix<f64>>;
    let text = serde_json::to_string(&LowRank::new(DMatrix::<f64>::zeros(3, 2), DMatrix::<f64>::zeros(3, 2))).unwrap();
    assert!(refused::<L>(&text.replace("3,2]}", "2,3]}")).contains("low_rank"));
}
