//! A struct of operators is a tree of parameters.
use cola::prelude::*;
use nalgebra::{SMatrix, SVector, matrix, vector};

// `derive` takes no macros in the place of a type, so the type has a name.
type Cov<T> = linop_type!(kron(psd(SMatrix<T, 2, 2>), diag(SVector<T, 3>)));
#[derive(Parameters, Clone)]
struct Model<T: Scalar> {
    covariance: Cov<T>,
    noise: Diagonal<[T; 2]>,
    #[parameters(skip)]
    name: String,
}
#[derive(Parameters)]
struct Pair<A, B> {
    left: A,
    right: B,
}

fn main() -> cola::Result<()> {
    let (a, d) = (matrix![2.0, 1.0; 1.0, 3.0], vector![3.0, 0.2, 1.0]);
    let model = Model { covariance: linop!(kron(psd(a), diag(d))), noise: Diagonal::new([1.0, 2.0]), name: "m".into() };
    let paths: Vec<String> = model.leaves().map(|leaf| leaf.0).collect();
    assert_eq!(paths, ["covariance.0.data", "covariance.1.diag", "noise.diag"]);
    let double: Model<f64> = model.map_leaves(|_, x| x.iter_mut().for_each(|x| *x *= 2.0));
    assert_eq!((double.noise.0, double.name.as_str()), ([2.0, 4.0], "m"));
    assert_eq!(model.unflatten(&model.flatten())?.noise, model.noise);
    let wide: Model<Lanes<f64, 4>> = stack([model.clone(), double, model.clone(), model])?;
    assert_eq!(wide.noise.0[0].0, [1.0, 2.0, 1.0, 1.0]);
    let pair = Pair { left: linop!(a), right: d };
    assert_eq!(pair.flatten().len(), 7);
    Ok(())
}
