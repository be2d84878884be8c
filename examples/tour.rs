//! A tour of the library that checks itself: every result against a dense reference computed by other means; it fails if an error is
//! above its bound. `cargo run --release --example tour`
use cola::prelude::*;
use cola::{Result, Square};
use nalgebra::{DMatrix, DVector, SMatrix, SVector, matrix, vector};
use num_dual::{Dual64, DualStruct};

/// Deterministic numbers in (-1, 1): xorshift.
struct Numbers(u64);
impl Numbers {
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
    fn matrix<const R: usize, const C: usize>(&mut self) -> SMatrix<f64, R, C> {
        SMatrix::from_fn(|_, _| self.next())
    }
}
/// Prints an error and holds it against its bound.
fn within(what: &str, error: f64, bound: f64) {
    println!("  {what:<62} {error:8.1e}  (bound {bound:.0e})");
    assert!(error <= bound, "{what}: {error:e} > {bound:e}");
}
fn relative(a: &[f64], b: &[f64]) -> f64 {
    let d: f64 = a.iter().zip(b).map(|(x, y)| (x - y).powi(2)).sum();
    d.sqrt() / b.iter().map(|y| y * y).sum::<f64>().sqrt().max(1e-300)
}
/// f(A) of a symmetric matrix by nalgebra's eigen-decomposition: the reference.
fn by_eigen(a: &DMatrix<f64>, f: impl Fn(f64) -> f64) -> DMatrix<f64> {
    let e = a.clone().symmetric_eigen();
    &e.eigenvectors * DMatrix::from_diagonal(&e.eigenvalues.map(f)) * e.eigenvectors.transpose()
}

/// One generic function for every operator with a root; the compiler makes one for each.
fn root_twice<K>(k: &K, v: &SVector<f64, 6>) -> Result<(SVector<f64, 6>, SVector<f64, 6>)>
where
    K: LinearOperator<Scalar = f64> + Square + Rootable,
{
    let root = k.sqrt()?;
    let once: SVector<f64, 6> = root.apply(v);
    Ok((once, root.apply(&once)))
}
fn roots(n: &mut Numbers) -> Result<()> {
    println!("1. sqrt of a Kronecker product");
    let a: SMatrix<f64, 2, 2> = n.matrix();
    let b = a.transpose() * a + SMatrix::<f64, 2, 2>::identity() * 1e-4;
    let d = vector![3.0, 0.2, 1.0];
    let v: SVector<f64, 6> = n.matrix();
    let k = linop!(kron(psd(b), diag(d)));
    let k4 = linop!(4 * kron(psd(b), diag(d)));
    let (once, twice) = root_twice(&k, &v)?;
    let (once4, _) = root_twice(&k4, &v)?;
    let dense = DMatrix::from_column_slice(2, 2, b.as_slice())
        .kronecker(&DMatrix::from_diagonal(&DVector::from_column_slice(d.as_slice())));
    let want = &dense * v;
    within("sqrt(K) (sqrt(K) v) = K v", relative(twice.as_slice(), want.as_slice()), 1e-10);
    let want = by_eigen(&dense, |w| w.max(0.0).sqrt()) * v;
    within("sqrt(K) v = the dense square root times v", relative(once.as_slice(), want.as_slice()), 1e-10);
    within("sqrt(4 K) v / 2 = sqrt(K) v", relative((once4 / 2.0).as_slice(), once.as_slice()), 1e-10);
    Ok(())
}

/// W[0..5, 0..5] and P inv(P W P) P v.
type Whitened<T, const N: usize> = (SMatrix<T, 5, 5>, SVector<T, N>);
/// Step 2 of the tour for one X, generic over the scalar: the same text serves step 3 in lanes.
#[vmap]
fn whitened<T: Scalar>(x: SMatrix<T, 3, 3>, d: SVector<T, 2>, v: SVector<T, 8>) -> cola::Result<Whitened<T, 8>> {
    let y = linop!(x * x.H + I);
    let w = linop!(block_diag(repeat::<2>(&y), diag(&d)));
    let p = try_linop!(diag({ w.diagonal()? }) ^ (-1 / 2))?;
    let corner = linop!((&w)[0..5, 0..5]).to_dense();
    let inverse = try_linop!(inv(&p * &w * &p))?;
    Ok((SMatrix::from_fn(|i, j| corner[(i, j)]), p.apply(&inverse.apply(&p.apply(&v)))))
}
/// The same for any W, densely: LU in place of the rules.
fn by_hand<const N: usize>(w: &SMatrix<f64, N, N>, v: &SVector<f64, N>) -> Whitened<f64, N> {
    let p = SMatrix::<f64, N, N>::from_diagonal(&w.diagonal().map(|d| 1.0 / d.sqrt()));
    let inner = DMatrix::from_column_slice(N, N, (p * w * p).as_slice());
    let x = inner.lu().solve(&DVector::from_column_slice((p * v).as_slice())).expect("P W P is regular");
    (SMatrix::from_fn(|i, j| w[(i, j)]), p * SVector::<f64, N>::from_column_slice(x.as_slice()))
}
fn blocks_by_hand(x: &SMatrix<f64, 3, 3>, d: &SVector<f64, 2>) -> SMatrix<f64, 8, 8> {
    let y = x * x.transpose() + SMatrix::<f64, 3, 3>::identity();
    let mut w = SMatrix::<f64, 8, 8>::zeros();
    w.fixed_view_mut::<3, 3>(0, 0).copy_from(&y);
    w.fixed_view_mut::<3, 3>(3, 3).copy_from(&y);
    (w[(6, 6)], w[(7, 7)]) = (d[0], d[1]);
    w
}
/// The larger of both errors.
fn error<const N: usize>(got: &Whitened<f64, N>, want: &Whitened<f64, N>) -> f64 {
    let corner = relative(got.0.as_slice(), want.0.as_slice());
    corner.max(relative(got.1.as_slice(), want.1.as_slice()))
}
fn linspace() -> SVector<f64, 2> {
    vector![0.1, 1.0]
}
fn facts_and_rules(n: &mut Numbers) -> Result<()> {
    println!("2. facts found by the macro, slices, the product rule");
    let x: SMatrix<f64, 3, 3> = n.matrix();
    let d = linspace();
    let y = linop!(x * x.H + I);
    // compiles only because the macro saw X X^H: PSD without annotation
    let l = y.cholesky()?;
    let dense_y = x * x.transpose() + SMatrix::<f64, 3, 3>::identity();
    let l: DMatrix<f64> = l.to_dense();
    within("Cholesky factor of X X^H + I", relative((&l * l.transpose()).as_slice(), dense_y.as_slice()), 1e-10);
    let v: SVector<f64, 8> = n.matrix();
    let (got, want) = (whitened(x, d, v)?, by_hand(&blocks_by_hand(&x, &d), &v));
    within("W[0..5, 0..5]", relative(got.0.as_slice(), want.0.as_slice()), 1e-10);
    within("P inv(P W P) P v", relative(got.1.as_slice(), want.1.as_slice()), 1e-10);
    Ok(())
}

/// The same operations on a Kronecker product, and its root: where PyTorch's vmap fails in CoLA.
#[vmap]
fn kron_whitened<T: Scalar>(
    x: SMatrix<T, 2, 2>,
    d: SVector<T, 3>,
    v: SVector<T, 6>,
) -> cola::Result<(Whitened<T, 6>, SVector<T, 6>)> {
    let w = linop!(kron(x * x.H + I, psd(diag(&d))));
    let p = try_linop!(diag({ w.diagonal()? }) ^ (-1 / 2))?;
    let corner = linop!((&w)[0..5, 0..5]).to_dense();
    let inverse = try_linop!(inv(&p * &w * &p))?;
    let solved = p.apply(&inverse.apply(&p.apply(&v)));
    Ok(((SMatrix::from_fn(|i, j| corner[(i, j)]), solved), w.sqrt()?.apply(&v)))
}
fn batches(n: &mut Numbers) -> Result<()> {
    println!("3. the same over a batch, by lanes");
    let d = linspace();
    let worst = |xs: &[SMatrix<f64, 3, 3>], vs: &[SVector<f64, 8>], ys: &[Whitened<f64, 8>]| {
        assert!(xs.len() == ys.len());
        let each = xs.iter().zip(vs).zip(ys);
        each.map(|((x, v), y)| error(y, &by_hand(&blocks_by_hand(x, &d), v))).fold(0.0, f64::max)
    };
    let worst_kron = |xs: &[SMatrix<f64, 2, 2>],
                      ds: &[SVector<f64, 3>],
                      vs: &[SVector<f64, 6>],
                      ys: &[(Whitened<f64, 6>, SVector<f64, 6>)]| {
        assert!(xs.len() == ys.len());
        let each = xs.iter().zip(ds).zip(vs).zip(ys);
        let errors = each.map(|(((x, d), v), (y, rooted))| {
            let k = (x * x.transpose() + SMatrix::<f64, 2, 2>::identity()).kronecker(&SMatrix::from_diagonal(d));
            let e = k.symmetric_eigen();
            let root =
                e.eigenvectors * SMatrix::from_diagonal(&e.eigenvalues.map(f64::sqrt)) * e.eigenvectors.transpose();
            error(y, &by_hand(&k, v)).max(relative(rooted.as_slice(), (root * v).as_slice()))
        });
        errors.fold(0.0, f64::max)
    };
    let xs: [SMatrix<f64, 3, 3>; 3] = std::array::from_fn(|_| n.matrix());
    let vs: [SVector<f64, 8>; 3] = std::array::from_fn(|_| n.matrix());
    let ys = whitened::batch::<3>(xs, [d; 3], vs)?;
    within("3 elements, one lane each", worst(&xs, &vs, &ys), 1e-10);
    let positive = |n: &mut Numbers| n.matrix::<3, 1>().map(|x| 1.1 + x);
    let xs: [SMatrix<f64, 2, 2>; 3] = std::array::from_fn(|_| n.matrix());
    let (ds, vs) = (std::array::from_fn(|_| positive(n)), std::array::from_fn(|_| n.matrix()));
    let ys = kron_whitened::batch::<3>(xs, ds, vs)?;
    within("3 Kronecker products, one lane each", worst_kron(&xs, &ds, &vs, &ys), 1e-10);
    for count in [1000, 100_000] {
        let each = |start: std::time::Instant| start.elapsed().as_secs_f64() / count as f64 * 1e9;
        let xs: Vec<SMatrix<f64, 3, 3>> = (0..count).map(|_| n.matrix()).collect();
        let vs: Vec<SVector<f64, 8>> = (0..count).map(|_| n.matrix()).collect();
        let start = std::time::Instant::now();
        let ys = whitened::batch_slice(&xs, &vec![d; count], &vs)?;
        let time = each(start);
        within(&format!("{count} elements, {time:.0} ns each"), worst(&xs, &vs, &ys), 1e-10);
        let xs: Vec<SMatrix<f64, 2, 2>> = (0..count).map(|_| n.matrix()).collect();
        let ds: Vec<SVector<f64, 3>> = (0..count).map(|_| positive(n)).collect();
        let vs: Vec<SVector<f64, 6>> = (0..count).map(|_| n.matrix()).collect();
        let start = std::time::Instant::now();
        let ys = kron_whitened::batch_slice(&xs, &ds, &vs)?;
        let time = each(start);
        within(&format!("{count} Kronecker products, {time:.0} ns each"), worst_kron(&xs, &ds, &vs, &ys), 1e-10);
    }
    Ok(())
}

fn tree(n: &mut Numbers) -> Result<()> {
    println!("4. the parameter tree");
    let (a, d): (SMatrix<f64, 2, 2>, SVector<f64, 3>) = (n.matrix(), n.matrix());
    let k = linop!(kron(psd({ a * a.transpose() }), diag(d)) + 0.5 * I);
    for (path, numbers) in k.leaves() {
        println!("  {path:<8} {numbers:.3?}");
    }
    let doubled = same_type(&k, k.map_leaves(|_, x| x.iter_mut().for_each(|x| *x *= 2.0)));
    let eye = DMatrix::<f64>::identity(6, 6);
    let want = (k.to_dense() - &eye * 0.5) * 4.0 + &eye;
    within("all leaves times 2", relative(doubled.to_dense().as_slice(), want.as_slice()), 1e-10);
    let back = same_type(&k, k.unflatten(&k.flatten())?);
    within("flatten and unflatten", if back.flatten() == k.flatten() { 0.0 } else { 1.0 }, 0.0);
    within("the operator after the round trip", (back.to_dense() - k.to_dense()).norm(), 0.0);
    Ok(())
}
/// Compiles only if both have one type.
fn same_type<K>(_: &K, k: K) -> K {
    k
}

fn gradients(n: &mut Numbers) -> Result<()> {
    println!("5. gradients");
    for (x, want) in [(0.5, -0.066_115_702_479_338_84), (10.0, -0.125)] {
        let a = linop!({ matrix![1.0, 2.0; 3.0, x] });
        let (_, g) = value_and_grad(&a, |a| a.inv_quad(&[1.0, 1.0]))?;
        within(
            &format!("d/dx 1' inv([[1,2],[3,x]]) 1 at x = {x}"),
            (g.tree().0[(1, 1)] - want).abs() / want.abs(),
            1e-10,
        );
    }
    let r: SMatrix<f64, 2, 2> = n.matrix();
    let (a, d) = (r * r.transpose() + SMatrix::<f64, 2, 2>::identity(), vector![3.0, 0.2, 1.0]);
    let (y, c) = (n.matrix::<6, 1>(), 0.7f64);
    let k = linop!(kron(psd(a), diag(d)) + c * I);
    let (loss, g) = value_and_grad(&k, |k| Ok(k.inv_quad(&y)? + k.logdet()?))?;
    // the reference: dense, symmetrised, by another factorisation
    let value = |x: &[f64]| {
        let off = (x[1] + x[2]) * 0.5;
        let a = DMatrix::from_row_slice(2, 2, &[x[0], off, off, x[3]]);
        let k = a.kronecker(&DMatrix::from_diagonal(&DVector::from_column_slice(&x[4..7])))
            + DMatrix::identity(6, 6) * x[7];
        let lu = k.lu();
        let y = DVector::from_column_slice(y.as_slice());
        y.dot(&lu.solve(&y).expect("regular")) + lu.determinant().ln()
    };
    let (x, g) = (k.flatten(), g.flatten());
    within("y' inv(K) y + logdet K", (loss - value(&x)).abs() / loss.abs(), 1e-10);
    let (mut worst, mut worst_dual, h) = (0.0f64, 0.0f64, 1e-5);
    for i in 0..x.len() {
        let (mut up, mut down) = (x.clone(), x.clone());
        (up[i], down[i]) = (x[i] + h, x[i] - h);
        let central = (value(&up) - value(&down)) / (2.0 * h);
        worst = worst.max((central - g[i]).abs() / (1.0 + g[i].abs()));
        // dual numbers through the same rules; the two off-diagonal numbers of a symmetric matrix move together
        let mut dual: Vec<Dual64> = x.iter().map(Dual64::from_inner).collect();
        let together = [1, 2].contains(&i);
        let moved = if together { vec![1, 2] } else { vec![i] };
        moved.iter().for_each(|&i| dual[i] = dual[i].derivative());
        let want = moved.iter().map(|&i| g[i]).sum::<f64>();
        let k = k.unflatten_as::<Dual64>(&dual)?;
        let y: Vec<Dual64> = y.iter().map(Dual64::from_inner).collect();
        let loss = k.inv_quad(&y)? + k.logdet()?;
        worst_dual = worst_dual.max((loss.eps - want).abs() / (1.0 + want.abs()));
    }
    within("gradient of every leaf against central differences", worst, 1e-6);
    within("gradient of every leaf against dual numbers", worst_dual, 1e-12);
    Ok(())
}

fn main() -> Result<()> {
    let mut numbers = Numbers(88_172_645_463_325_252);
    roots(&mut numbers)?;
    facts_and_rules(&mut numbers)?;
    batches(&mut numbers)?;
    tree(&mut numbers)?;
    gradients(&mut numbers)?;
    println!("all within bounds");
    Ok(())
}
