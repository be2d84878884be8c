//! Static operators beside the same written by hand, in one run: `cargo bench --bench static_ops [-- filter] [--criterion] [--strict]`.
//!
//! What is written by hand has the guarantees that matter: pivots and eigenvalues are tested, and so is the result for NaN and infinity
//! (one sum at the end). It differs in these: it does not say which pivot or entry was bad, it is for f64 only, it does not look for NaN
//! above the diagonal, and its determinants do not ask whether a product of pivots leaves the range of f64; ours take one logarithm for all
//! factors, by hand one for each. Measured (Zen 4, default build), ratios of apply / sqrt / inv / solve / logdet: kron with diag 1.03, 1.02,
//! 1.04, 0.86, 0.91; kron of 4 x 4 1.07, 0.62, 0.93, 0.86, 1.05; blocks 1.00, 1.03, 0.89, 0.98, 0.91: all hold.
//!
//! The root of the 2 x 2 factor is held against the closed formula, (A + s I) / sqrt(tr A + 2 s) with s = sqrt(det A), which is ours too: the
//! eigenvalues and eigenvectors that the result of `sqrt` has beside it are computed where something reads them. Ratio 1.03 (11.8 ns, 11.4).
//! Of larger factors a root by hand has eigenvalues and eigenvectors, by Jacobi, as ours.
#[path = "by_hand/mod.rs"]
mod by_hand;
mod timing;

use by_hand as hand;
use cola::prelude::*;
use nalgebra::{DMatrix, DVector, SMatrix, SVector, Vector2, Vector3, Vector6};
use std::hint::black_box;
use timing::{Table, side};

/// The bar of the issue.
const BAR: f64 = 1.10;

fn psd<const N: usize>() -> SMatrix<f64, N, N> {
    let x = SMatrix::<f64, N, N>::from_fn(|i, j| ((i * 7 + j * 3 + 1) as f64 * 0.61).sin());
    x * x.transpose() + SMatrix::identity()
}
fn near<const N: usize>(what: &str, a: &SVector<f64, N>, b: &SVector<f64, N>) {
    assert!((a - b).norm() <= 1e-12 * b.norm(), "{what}: {a} {b}");
}

/// One comparison of two expressions over the same names, which are references to values that the compiler does not know; `name other`:
/// the first side sees `name`, the second sees `other` by that name.
macro_rules! case {
    ($table:ident, $what:expr, ($one:literal, $two:literal), ($($x:ident $y:ident),*), $f:expr, $g:expr) => {{
        let (first, second) = (($($x.clone(),)*), ($($y.clone(),)*));
        $table.compare($what, BAR, vec![
            side($one, move || { #[allow(unused_variables)] let ($($x,)*) = black_box(&first); $f }),
            side($two, move || { #[allow(unused_variables)] let ($($x,)*) = black_box(&second); $g }),
        ]);
    }};
}
/// The five functions of one operator: `$k` builds it, `$hand` is a module of the same functions by hand over the same arguments.
macro_rules! five {
    ($table:ident, $name:literal, $($arg:ident: $value:expr),*; $v:ident: $vector:expr; $k:expr; $h:ident) => {{
        $( let $arg = $value; )*
        let $v = $vector;
        {
            let ($($arg,)* $v) = ($(&$arg,)* &$v);
            let k = $k;
            near("apply", &k.apply($v), &hand::$h::apply($($arg,)* $v));
            near("sqrt", &k.sqrt().unwrap().apply($v), &hand::$h::sqrt_apply($($arg,)* $v).unwrap());
            near("inv", &k.inv().unwrap().apply($v), &hand::$h::inv_apply($($arg,)* $v).unwrap());
            near("solve", &k.solve($v).unwrap(), &hand::$h::solve($($arg,)* $v).unwrap());
            assert!((k.logdet().unwrap() - hand::$h::logdet($($arg),*).unwrap()).abs() < 1e-12);
        }
        case!($table, concat!($name, ": apply"), ("linop!", "by hand"), ($($arg $arg,)* $v $v), $k.apply($v), hand::$h::apply($($arg,)* $v));
        case!($table, concat!($name, ": sqrt + apply"), ("linop!", "by hand"), ($($arg $arg,)* $v $v), $k.sqrt().map(|r| r.apply($v)), hand::$h::sqrt_apply($($arg,)* $v));
        case!($table, concat!($name, ": inv + apply"), ("linop!", "by hand"), ($($arg $arg,)* $v $v), $k.inv().map(|r| r.apply($v)), hand::$h::inv_apply($($arg,)* $v));
        case!($table, concat!($name, ": solve"), ("linop!", "by hand"), ($($arg $arg,)* $v $v), $k.solve($v), hand::$h::solve($($arg,)* $v));
        case!($table, concat!($name, ": logdet"), ("linop!", "by hand"), ($($arg $arg,)* $v $v), $k.logdet(), hand::$h::logdet($($arg),*));
    }};
}
/// Static against dynamic storage of the same matrix, both by the library.
macro_rules! static_and_dynamic {
    ($table:ident, $($n:literal)*) => {$({
        let a = psd::<$n>();
        let d = DMatrix::from_column_slice($n, $n, a.as_slice());
        let v = SVector::<f64, $n>::from_fn(|i, _| (i as f64).cos());
        let w = DVector::from_column_slice(v.as_slice());
        case!($table, &format!("static {} against dynamic: apply", $n), ("static", "dynamic"), (a d, v w), linop!(psd(a)).apply(v), linop!(psd(a)).apply(v));
        case!($table, &format!("static {} against dynamic: solve", $n), ("static", "dynamic"), (a d, v w), linop!(psd(a)).solve(v), linop!(psd(a)).solve(v));
        case!($table, &format!("static {} against dynamic: general solve", $n), ("static", "dynamic"), (a d, v w), linop!(a).solve(v), linop!(a).solve(v));
        case!($table, &format!("static {} against dynamic: sqrt + apply", $n), ("static", "dynamic"), (a d, v w), linop!(psd(a)).sqrt().map(|r| r.apply(v)), linop!(psd(a)).sqrt().map(|r| r.apply(v)));
        case!($table, &format!("static {} against dynamic: logdet", $n), ("static", "dynamic"), (a d, v w), linop!(psd(a)).logdet(), linop!(psd(a)).logdet());
    })*};
}
/// The same of kron(psd n x n, psd m x m).
macro_rules! static_and_dynamic_kron {
    ($table:ident, $(($n:literal, $m:literal))*) => {$({
        let (a, b) = (psd::<$n>(), psd::<$m>());
        let (c, d) = (DMatrix::from_column_slice($n, $n, a.as_slice()), DMatrix::from_column_slice($m, $m, b.as_slice()));
        let v = SVector::<f64, { $n * $m }>::from_fn(|i, _| (i as f64).cos());
        let w = DVector::from_column_slice(v.as_slice());
        case!($table, &format!("static kron({}, {}) against dynamic: apply", $n, $m), ("static", "dynamic"), (a c, b d, v w), linop!(kron(psd(a), psd(b))).apply(v), linop!(kron(psd(a), psd(b))).apply(v));
        case!($table, &format!("static kron({}, {}) against dynamic: solve", $n, $m), ("static", "dynamic"), (a c, b d, v w), linop!(kron(psd(a), psd(b))).solve(v), linop!(kron(psd(a), psd(b))).solve(v));
        case!($table, &format!("static kron({}, {}) against dynamic: general solve", $n, $m), ("static", "dynamic"), (a c, b d, v w), linop!(kron(a, b)).solve(v), linop!(kron(a, b)).solve(v));
        case!($table, &format!("static kron({}, {}) against dynamic: sqrt + apply", $n, $m), ("static", "dynamic"), (a c, b d, v w), linop!(kron(psd(a), psd(b))).sqrt().map(|r| r.apply(v)), linop!(kron(psd(a), psd(b))).sqrt().map(|r| r.apply(v)));
        case!($table, &format!("static kron({}, {}) against dynamic: logdet", $n, $m), ("static", "dynamic"), (a c, b d, v w), linop!(kron(psd(a), psd(b))).logdet(), linop!(kron(psd(a), psd(b))).logdet());
    })*};
}

fn main() {
    let mut table = Table::per(1);
    five!(table, "kron(psd 2x2, diag 3)", a: psd::<2>(), d: Vector3::new(3.0, 0.2, 1.0);
        v: Vector6::new(1.0, 2.0, 3.0, 4.0, 5.0, 6.0); linop!(kron(psd(a), psd(diag(d)))); kron_diag);
    five!(table, "kron(psd 4x4, psd 4x4)", a: psd::<4>(), b: psd::<4>() * 2.0;
        v: SVector::<f64, 16>::from_fn(|i, _| (i as f64).cos()); linop!(kron(psd(a), psd(b))); kron_psd);
    five!(table, "block_diag(repeat::<2>(psd 3x3), diag 2)", y: psd::<3>(), d: Vector2::new(0.1, 1.0);
        v: SVector::<f64, 8>::from_fn(|i, _| (i as f64).cos()); linop!(block_diag(repeat::<2>(psd(y)), psd(diag(d)))); blocks);
    let a = psd::<2>();
    let (d, v) = (Vector3::new(3.0, 0.2, 1.0), Vector6::new(1.0, 2.0, 3.0, 4.0, 5.0, 6.0));
    table.compare(
        "kron(psd 2x2, diag 3): sqrt by a closed formula",
        BAR,
        vec![
            side("linop!", move || {
                let (a, d, v) = black_box((&a, &d, &v));
                linop!(kron(psd(a), psd(diag(d)))).sqrt().map(|r| r.apply(v))
            }),
            side("closed formula, without eigenvalues", move || {
                let (a, d, v) = black_box((&a, &d, &v));
                hand::kron_diag::sqrt_apply_closed(a, d, v)
            }),
        ],
    );
    static_and_dynamic!(table, 16 32);
    static_and_dynamic_kron!(table, (4, 4)(4, 8));
    table.finish();
}
