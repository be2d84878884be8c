//! Static operators by structure: functions of triangles and permutations, scratch that is taken in parts, one of each structure.

use super::*;

/// Functions that are recurrences over several squares of scratch: of triangles, and the exponential of any matrix.
#[test]
fn functions_of_static_triangles() {
    // in a thread of the usual size: the scratch is on its stack
    let work = || {
        warm();
        triangles::<4>();
        triangles::<8>();
        triangles::<34>();
        let z = Triangular::upper(black_box(matrix_complex()));
        free("complex triangle", || {
            let (root, rest) = (z.sqrt().unwrap(), z.pow(-0.7).unwrap());
            (z.log().unwrap().exp().unwrap(), root, rest)
        });
        let eight: [_; 8] = core::array::from_fn(|l| Triangular::lower(hilbert_like::<8>() * (1.0 + l as f64)));
        let (many, v) = (stack(eight).unwrap(), stack([SVector::<f64, 8>::repeat(1.0); 8]).unwrap());
        free("8 x 8 in 8 lanes: exp", || many.exp().unwrap().apply(&v));
        free("8 x 8 in 8 lanes: pow", || many.pow(-3.0).unwrap().apply(&v));
        let zs = stack([z; 8]).unwrap();
        free("complex lanes: exp", || zs.exp().unwrap());
    };
    std::thread::Builder::new().stack_size(2 << 20).spawn(work).unwrap().join().unwrap();
}
/// faer packs larger products in a buffer that it makes once in each thread.
fn warm() {
    let a = DMatrix::from_element(40, 40, 1.0);
    black_box(linop!(&a).apply(&a));
}
fn triangles<const N: usize>() {
    let (m, v) = (black_box(hilbert_like::<N>()), SVector::<f64, N>::from_fn(|i, _| 1.0 + i as f64));
    let (lower, upper) = (Triangular::lower(m), Triangular::upper(m));
    let near = |a: SVector<f64, N>, b: SVector<f64, N>| assert!((a - b).norm() < 1e-11 * b.norm());
    let y = free("triangle: sqrt", || lower.sqrt().unwrap().apply(&lower.sqrt().unwrap().apply(&v)));
    near(y, lower.apply(&v));
    near(free("triangle: isqrt", || lower.isqrt().unwrap().apply(&y)), lower.sqrt().unwrap().apply(&v));
    near(free("triangle: pow", || upper.pow(0.3).unwrap().apply(&upper.pow(0.7).unwrap().apply(&v))), upper.apply(&v));
    near(free("triangle: negative pow", || upper.pow(-1.7).unwrap().apply(&upper.pow(1.7).unwrap().apply(&v))), v);
    near(
        free("triangle: whole pow", || lower.pow(3.0).unwrap().apply(&lower.pow(-2.0).unwrap().apply(&v))),
        lower.apply(&v),
    );
    near(free("triangle: log, exp", || lower.log().unwrap().exp().unwrap().apply(&v)), lower.apply(&v));
    let (minus, whole) = (linop!({ -m }), linop!({ m }));
    near(free("general exp", || minus.exp().unwrap().apply(&whole.exp().unwrap().apply(&v))), v);
    near(free("triangle: solve", || lower.inv().unwrap().apply(&lower.apply(&v))), v);
    free("triangle: slogdet, trace", || (lower.slogdet().unwrap(), lower.trace().unwrap()));
}
/// Circulants on the cycles of a permutation: cycles, coefficients and eigenvalues are no more than the indices.
#[test]
fn functions_of_static_permutations() {
    // cycles (0 3 1), (2), (4 5 6 7 8)
    let p = Permutation::<f64, _>::new(black_box([3usize, 0, 2, 1, 5, 6, 7, 8, 4]));
    let v = SVector::<f64, 9>::from_fn(|i, _| 1.0 + i as f64);
    let near = |a: SVector<f64, 9>, b: SVector<f64, 9>| assert!((a - b).norm() < 1e-12);
    near(free("permutation: sqrt", || p.sqrt().unwrap().apply(&p.sqrt().unwrap().apply(&v))), p.apply(&v));
    near(free("permutation: isqrt", || p.isqrt().unwrap().apply(&p.sqrt().unwrap().apply(&v))), v);
    near(free("permutation: pow", || p.pow(0.3).unwrap().apply(&p.pow(-0.3).unwrap().apply(&v))), v);
    near(free("permutation: whole pow", || p.pow(16.0).unwrap().apply(&v)), p.apply(&v));
    near(free("permutation: log, exp", || p.log().unwrap().exp().unwrap().apply(&v)), p.apply(&v));
    let f = p.exp().unwrap();
    near(free("circulants: inv, solve", || f.inv().unwrap().apply(&f.inv().unwrap().solve(&v).unwrap())), v);
    near(free("circulants: pow", || f.pow(2.5).unwrap().apply(&f.pow(-2.5).unwrap().apply(&v))), v);
    free("circulants: the rest", || (f.slogdet().unwrap(), f.trace().unwrap(), f.diagonal().unwrap()));
    let shifted = free("permutation + c I", || linop!(&p + 3 * I));
    near(free("permutation + c I: solve", || shifted.apply(&shifted.solve(&v).unwrap())), v);
    near(free("permutation + c I: inv", || shifted.inv().unwrap().apply(&shifted.apply(&v))), v);
    let root = free("permutation + c I: sqrt", || shifted.sqrt().unwrap());
    near(root.apply(&root.apply(&v)), shifted.apply(&v));
    free("permutation + c I: slogdet", || (shifted.slogdet().unwrap(), shifted.trace().unwrap()));
    // 1, i, -1 and -i too
    let z = Permutation::<Complex<f64>, _>::new(black_box([1usize, 2, 3, 0, 5, 4, 6]));
    free("complex permutation", || (z.sqrt().unwrap(), z.pow(-0.7).unwrap(), z.log().unwrap(), z.eig().unwrap()));
}
/// Bases of several columns, and identities, that are larger than the scratch on the stack: fewer columns at a time.
#[test]
fn static_scratch_in_parts() {
    warm();
    let (m, w) = (black_box(hilbert_like::<39>()), SVector::<f64, 39>::repeat(1.0));
    let (a, d) = (linop!({ m }), linop!(diag(w)));
    let inverse = a.inv().unwrap();
    let t = free("39 x 39: trace of an inverse", || inverse.trace().unwrap());
    assert!((t - m.try_inverse().unwrap().trace()).abs() < 1e-10);
    free("39 x 39: diagonal of an inverse", || inverse.diagonal().unwrap());
    let product = free("39 x 39: product", || linop!(&inverse * &d * &a));
    let x = free("39 x 39: solve by the base case", || linop!(&product + &a).solve(&w).unwrap());
    assert!((product.apply(&x) + a.apply(&x) - w).norm() < 1e-10);
    free("39 x 39: trace of a sum", || linop!(&product + &a).trace().unwrap());
    free("39 x 39: logdet by the base case", || linop!(&product + &a).slogdet().unwrap());
    let blocks = linop!(block_diag(&a, &d));
    free("blocks: trace, diagonal", || (blocks.trace().unwrap(), blocks.diagonal().unwrap()));

    let lanes = |by: f64| {
        stack(core::array::from_fn::<_, 8, _>(|l| linop!(psd({ hilbert_like::<12>() * (by + l as f64) })))).unwrap()
    };
    let (k, l) = (lanes(1.0), lanes(2.0));
    let ones = stack([SVector::<f64, 12>::repeat(1.0); 8]).unwrap();
    let sum = linop!(psd(&k * &k) + &l);
    let x = free("12 x 12 in 8 lanes: solve by the base case", || sum.solve(&ones).unwrap());
    let r: [SVector<f64, 12>; 8] = unstack(sum.apply(&x));
    assert!(r.iter().all(|r| (r - SVector::<f64, 12>::repeat(1.0)).norm() < 1e-9));
    free("12 x 12 in 8 lanes: trace", || sum.trace().unwrap());
    free("12 x 12 in 8 lanes: logdet", || sum.logdet().unwrap());
    free("12 x 12 in 8 lanes: trace of an inverse", || k.inv().unwrap().trace().unwrap());
    free("12 x 12 in 8 lanes: sqrt", || sum.sqrt().unwrap().apply(&ones));
}

/// Building, apply, trace, diagonal, and the functions that are named.
macro_rules! counted {
    ($n:literal, $name:literal, $a:expr; $($function:ident)*) => {{
        let x = [0.5f64; $n];
        let a = free(concat!($name, ": building"), || $a);
        free(concat!($name, ": apply"), || a.apply(&x));
        free(concat!($name, ": trace"), || a.trace().unwrap());
        free(concat!($name, ": diagonal"), || a.diagonal().unwrap());
        $(counted!(@$function $name, a, x);)*
    }};
    (@solve $name:literal, $a:ident, $x:ident) => { free(concat!($name, ": solve"), || $a.solve(&$x).unwrap()) };
    (@inv $name:literal, $a:ident, $x:ident) => { free(concat!($name, ": inv"), || $a.inv().unwrap().apply(&$x)) };
    (@slogdet $name:literal, $a:ident, $x:ident) => { free(concat!($name, ": slogdet"), || $a.slogdet().unwrap()) };
    (@roots $name:literal, $a:ident, $x:ident) => {
        free(concat!($name, ": logdet"), || $a.logdet().unwrap());
        free(concat!($name, ": sqrt"), || $a.sqrt().unwrap().apply(&$x));
        free(concat!($name, ": isqrt"), || $a.isqrt().unwrap().apply(&$x));
        free(concat!($name, ": pow"), || $a.pow(0.3).unwrap().apply(&$x));
    };
}
macro_rules! general {
    ($($a:tt)*) => { counted!($($a)*; solve inv slogdet) };
}
macro_rules! positive {
    ($($a:tt)*) => { counted!($($a)*; solve inv slogdet roots) };
}
/// One of each structure. Without `inv` where the inverse is boxed; what is missing altogether (tridiagonal, circulant, Toeplitz and
/// c I + kron of general factors) keeps its factors on the heap.
#[test]
fn static_structures() {
    let (p2, p3, p5) = black_box((hilbert_like::<2>(), hilbert_like::<3>(), hilbert_like::<5>()));
    let g2 = Matrix2::new(2.0, 1.0, -0.5, 3.0);
    let g3 = SMatrix::<f64, 3, 3>::from_fn(|i, j| ((i * 5 + j * 3) % 7) as f64 * 0.3 + if i == j { 4.0 } else { 0.0 });
    let w = SMatrix::<f64, 3, 5>::from_fn(|i, j| ((i * 4 + j * 3 + 1) % 11) as f64 * 0.2 - 1.0);
    let tall = w.transpose();
    let (d, one) = (Vector3::new(3.0, 0.2, 1.0), Vector3::new(0.3, -0.2, 0.5));
    let b23 = SMatrix::<f64, 2, 3>::from_fn(|i, j| 0.1 * (i + j) as f64 - 0.1);
    general!(3, "dense", Dense::new(g3));
    general!(3, "self-adjoint", SelfAdjoint::new(p3));
    positive!(3, "diagonal", Psd::new(Diagonal::new(d)));
    positive!(6, "kron_sum", KronSum::new(Psd::new(p2), Psd::new(Diagonal::new(d))));
    general!(6, "kron", Kron::new(g2, g3));
    general!(5, "block_diag", BlockDiag::new(g2, g3));
    positive!(5, "block_diag psd", BlockDiag::new(Psd::new(p2), Psd::new(p3)));
    positive!(6, "repeat", Repeat::<_, 2>::new(Psd::new(p3)));
    general!(3, "product", Product::new(g3, p3));
    positive!(3, "gram", Gram::new(w));
    counted!(5, "low rank + c I", linop!({ LowRank::new(tall, tall) } + 7 * I); solve slogdet);
    counted!(5, "gram + c I", linop!({ Gram::new(tall) } + 7 * I); solve slogdet);
    counted!(3, "update", LowRankUpdate::new(Diagonal::new(d), LowRank::new(one, one)); solve slogdet);
    counted!(3, "psd update", LowRankUpdate::new(Psd::new(Diagonal::new(d)), Gram::new(one)); solve slogdet roots);
    positive!(3, "congruence", Congruence::new(w, Psd::new(p5)));
    general!(3, "sum", Sum::new(Dense::new(g3), Diagonal::new(d)));
    positive!(3, "psd sum", Sum::new(Psd::new(p3), Psd::new(Diagonal::new(d))));
    general!(3, "power", Powi::<_, 2>::new(g3));
    positive!(3, "psd power", Powi::<_, 2>::new(Psd::new(p3)));
    positive!(3, "scaled", linop!(2.0 * psd(p3)));
    positive!(3, "principal", Sliced::try_principal(Psd::new(p5), [4usize, 0, 2]).unwrap());
    general!(2, "sliced", Sliced::try_new(Dense::new(p5), [4usize, 0], [0usize, 3]).unwrap());
    general!(3, "hstack", HStack::new(one, SMatrix::<f64, 3, 2>::from_fn(|i, j| g3[(i, j + 1)])));
    counted!(4, "blocks", Blocks::new(Diagonal::new(d), one, one.transpose(), nalgebra::Matrix1::new(2.0)); solve slogdet);
    counted!(5, "psd blocks", Psd::new(Blocks::new(p2, b23, b23.transpose(), Psd::new(Diagonal::new(Vector3::repeat(2.0))))); solve slogdet roots);
    general!(5, "blocks, no cheap inverse", Blocks::new(g2, b23, b23.transpose(), g3));
    general!(3, "hadamard", Hadamard::new(g3, p3));
    positive!(3, "psd hadamard", Hadamard::new(Psd::new(p3), Psd::new(p3)));
    general!(3, "transpose", Transpose::new(g3));
    positive!(3, "root", Psd::new(p3).sqrt().unwrap());
    positive!(6, "shifted", linop!({ Kron::new(Psd::new(p2), Psd::new(Diagonal::new(d))) } + 2 * I));
    general!(3, "rectangular factors", Product::new(w, tall));
    general!(6, "kron * kron", linop!({ Kron::new(g2, g3) } * { Kron::new(p2, p3) }));
    general!(6, "kron product", linop!({ Kron::new(g2, g3) } * { Kron::new(p3, p2) }));
    general!(3, "triangles", linop!({ Triangular::lower(g3) } * { Triangular::lower(p3) }));
    general!(3, "inverse", Dense::new(g3).inv().unwrap());
    positive!(3, "psd inverse", Psd::new(p3).inv().unwrap());
    positive!(3, "inverse of a sum", Sum::new(Psd::new(p3), Psd::new(Diagonal::new(d))).inv().unwrap());
    general!(3, "inverse of a product", Product::new(g3, p3).inv().unwrap());
    general!(3, "inverse of a triangle", Triangular::lower(g3).inv().unwrap());
    general!(3, "unitary", Unitary::new(SMatrix::<f64, 3, 3>::identity()));
    positive!(3, "identity", Identity::<f64, nalgebra::Const<3>>::of_size(3));
    general!(3, "zero + c I", linop!(2.0 * { Identity::<f64, nalgebra::Const<3>>::of_size(3) }));
    general!(3, "householder", linop!(householder(one)));
}
