//! Every word of the macro.
use cola::prelude::*;
use nalgebra::{Matrix2, Matrix3x2, matrix};

fn main() -> cola::Result<()> {
    let a: Matrix2<f64> = matrix![2.0, 1.0; 1.0, 3.0];
    let q: Matrix2<f64> = matrix![0.0, 1.0; -1.0, 0.0];
    let x: Matrix3x2<f64> = matrix![1.0, 0.0; 0.0, 1.0; 0.0, 0.0];
    let same = |k: &dyn cola::DynOperator<f64>, m: usize, n: usize| assert_eq!(k.dyn_shape(), (m, n));

    same(&linop!(a), 2, 2);
    same(&linop!(psd(a)), 2, 2);
    same(&linop!(self_adjoint(a)), 2, 2);
    same(&linop!(unitary(q)), 2, 2);
    same(&linop!(isometric(x)), 3, 2);
    same(&linop!(transpose(x)), 2, 3);
    same(&linop!(adjoint(x)), 2, 3);
    same(&linop!(conj(x)), 3, 2);
    same(&linop!(gram(x)), 3, 3);
    same(&linop!(gram_transpose(x)), 3, 3);
    same(&linop!(diag([1.0, 2.0])), 2, 2);
    same(&linop!(triangular_lower(a)), 2, 2);
    same(&linop!(triangular_upper(a)), 2, 2);
    same(&linop!(sparse({ nalgebra_sparse::CsrMatrix::<f64>::identity(2) })), 2, 2);
    same(&linop!(a * permutation([1, 0])), 2, 2);
    same(&linop!(permutation::<f64>(vec![1, 0])), 2, 2);
    same(&linop!(a * I(2)), 2, 2);
    same(&linop!(I::<f64>(2)), 2, 2);
    let n = 2;
    same(&linop!(I::<f64>(n)), 2, 2);
    same(&linop!(kron(a, x)), 6, 4);
    same(&linop!(block_diag(a, x)), 5, 4);
    same(&linop!(repeat::<3>(a)), 6, 6);
    same(&linop!(sum_of([linop!(a), linop!(q)])), 2, 2);
    same(&linop!(powi::<2>(a)), 2, 2);

    same(&try_linop!(inv(a))?, 2, 2);
    same(&try_linop!(sqrt(psd(a)))?, 2, 2);
    same(&try_linop!(isqrt(psd(a)))?, 2, 2);
    same(&try_linop!(pow(psd(a), 0.3))?, 2, 2);
    same(&try_linop!(exp(a))?, 2, 2);
    same(&try_linop!(log(psd(a)))?, 2, 2);
    same(&try_linop!(nonnegative(2.0) * psd(a))?, 2, 2);
    same(&try_linop!(psd_checked(a))?, 2, 2);
    same(&try_linop!(self_adjoint_checked(a))?, 2, 2);
    same(&try_linop!(unitary_checked(q))?, 2, 2);
    Ok(())
}
