//! What touches the heap: nothing static; of dynamic operators nothing in `apply_into`; of a Krylov solve nothing per iteration.
//! Counted by thread, so that the tests do not see each other.
mod structures;

use cola::prelude::*;
use cola::*;
use nalgebra::{DMatrix, DVector, Matrix2, SMatrix, SVector, Vector3, Vector6};
use nalgebra_sparse::{CscMatrix, CsrMatrix};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::{Cell, RefCell};
use std::hint::black_box;

struct Counting;
thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}
fn count() {
    // not during the destruction of a thread, when there is nothing left to count for
    let _ = COUNT.try_with(|c| c.set(c.get() + 1));
}
// SAFETY: every call goes to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promise to `alloc`, handed on.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, p: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(p, layout) }
    }
    unsafe fn realloc(&self, p: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: as above.
        unsafe { System.realloc(p, layout, size) }
    }
}
#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations<R>(f: impl FnOnce() -> R) -> (R, usize) {
    let before = COUNT.get();
    let r = black_box(f());
    (r, COUNT.get() - before)
}
#[track_caller]
fn free<R>(what: &str, f: impl FnOnce() -> R) -> R {
    let (r, n) = allocations(f);
    assert_eq!(n, 0, "{what} allocates");
    r
}

const A: Matrix2<f64> = Matrix2::new(2.0, 1.0, 1.0, 3.0);
const D: Vector3<f64> = Vector3::new(3.0, 0.2, 1.0);
const V: Vector6<f64> = Vector6::new(1.0, 2.0, 3.0, 4.0, 5.0, 6.0);
type Cov<T> = linop_type!(kron(psd(SMatrix<T, 2, 2>), diag(SVector<T, 3>)));

#[test]
fn the_count_counts() {
    assert_eq!(allocations(|| vec![1.0; 3]).1, 1);
}

#[test]
fn static_operators() {
    let (a, d, v) = black_box((A, D, V));
    let k = free("linop!", || linop!(kron(psd(a), diag(d))));
    let y = free("apply", || k.apply(&v));
    free("apply to two columns", || k.apply(&SMatrix::<f64, 6, 2>::from_columns(&[v, y])));
    free("apply_adjoint", || k.apply_adjoint(&v));
    free("apply_transpose", || k.apply_transpose(&v));
    free("operator *", || &k * &v);
    let root = free("sqrt + apply", || k.sqrt().unwrap().apply(&v));
    free("isqrt", || k.isqrt().unwrap().apply(&root));
    free("pow", || k.pow(0.3).unwrap().apply(&root));
    free("exp of the factors' spectrum", || k.exp().unwrap().apply(&v));
    free("log", || k.log().unwrap().apply(&v));
    free("eigh", || k.eigh().unwrap().eigenvalues()[0]);
    free("map_spectrum", || k.map_spectrum(|x| x + 1.0).unwrap().apply(&v));
    let x = free("solve", || k.solve(&y).unwrap());
    assert!((x - v).norm() < 1e-12);
    free("inv_quad", || k.inv_quad(&y).unwrap());
    free("inv + apply", || k.inv().unwrap().apply(&v));
    free("inv inv", || k.inv().unwrap().inv().unwrap().apply(&v));
    free("logdet", || k.logdet().unwrap());
    free("slogdet", || k.slogdet().unwrap());
    free("trace", || k.trace().unwrap());
    free("diagonal", || k.diagonal().unwrap()[0]);
    free("cholesky", || linop!(kron(psd(a), psd(diag(d)))).cholesky().unwrap().apply(&v));
    free("lu", || k.lu().unwrap().u.apply(&v));

    // no rule: made dense on the stack
    let shifted = free("linop! of a sum", || linop!(psd(&k) + 0.5 * I));
    let x = free("solve by the base case", || shifted.solve(&v).unwrap());
    assert!((shifted.apply(&x) - v).norm() < 1e-12);
    free("inv by the base case", || shifted.inv().unwrap().apply(&v));
    free("logdet by the base case", || shifted.logdet().unwrap());
    free("sqrt by the base case", || shifted.sqrt().unwrap().apply(&v));
    free("exp by the base case", || shifted.exp().unwrap().apply(&v));
    free("cholesky by the base case", || shifted.cholesky().unwrap().apply(&v));
    free("trace of a sum", || shifted.trace().unwrap());
    free("diagonal of a sum", || shifted.diagonal().unwrap()[0]);

    // as large as our own loops serve: from 24 (Cholesky), 32 (eigenvalues) and 40 (LU) on faer does, with workspace on the heap
    let m = black_box(hilbert_like::<23>());
    let (large, w) = (linop!(psd(m)), SVector::<f64, 23>::repeat(1.0));
    let x = free("23 x 23: solve", || large.solve(&w).unwrap());
    assert!((large.apply(&x) - w).norm() < 1e-12);
    free("23 x 23: inv", || large.inv().unwrap().apply(&w));
    free("23 x 23: sqrt", || large.sqrt().unwrap().apply(&w));
    free("23 x 23: pow", || large.pow(0.3).unwrap().apply(&w));
    free("23 x 23: logdet", || large.logdet().unwrap());
    free("31 x 31: sqrt", || linop!(psd({ black_box(hilbert_like::<31>()) })).sqrt().unwrap().apply(&[1.0; 31]));
    free("39 x 39: general solve", || linop!({ black_box(hilbert_like::<39>()) }).solve(&[1.0; 39]).unwrap());

    // the operators of the benches, and structures with rules of their own
    let (p4, w16) = (black_box(hilbert_like::<4>()), SVector::<f64, 16>::repeat(1.0));
    let pair = free("kron of two", || linop!(kron(psd(p4), psd(p4))));
    free("kron of two: all", || {
        let x = pair.inv().unwrap().apply(&pair.sqrt().unwrap().apply(&pair.pow(0.3).unwrap().apply(&w16)));
        (pair.solve(&x).unwrap(), pair.logdet().unwrap(), pair.trace().unwrap())
    });
    let (p3, w8) = (black_box(hilbert_like::<3>()), SVector::<f64, 8>::repeat(1.0));
    let blocks = free("repeat beside a diagonal", || linop!(psd(block_diag(repeat::<2>(psd(p3)), diag([0.5, 2.0])))));
    free("repeat beside a diagonal: all", || {
        let x = blocks.inv().unwrap().apply(&blocks.sqrt().unwrap().apply(&blocks.pow(0.3).unwrap().apply(&w8)));
        (blocks.solve(&x).unwrap(), blocks.logdet().unwrap(), blocks.trace().unwrap())
    });
    let order = free("permutation", || linop!(permutation([2usize, 0, 1, 3])));
    let w4 = SVector::<f64, 4>::new(1.0, 2.0, 3.0, 4.0);
    free("permutation: all", || {
        (order.inv().unwrap().apply(&order.solve(&w4).unwrap()), order.slogdet().unwrap(), order.trace().unwrap())
    });
    let lower = free("triangular", || Triangular::lower(p4));
    free("triangular: all", || {
        (lower.inv().unwrap().apply(&lower.solve(&w4).unwrap()), lower.slogdet().unwrap(), lower.trace().unwrap())
    });
    free("multiples, slices", || {
        let (twice, corner) = (linop!(2.0 * psd(p4)), linop!(psd(p4)[0..2, 0..2]));
        let x = twice.sqrt().unwrap().apply(&twice.inv().unwrap().apply(&w4));
        (x, twice.pow(0.3).unwrap().apply(&w4), twice.logdet().unwrap(), corner.solve(&[1.0, 2.0]).unwrap())
    });

    let (g, s) = (linop!(&a * &a.H), linop!(block_diag(a, repeat::<2>(psd(a)))));
    free("gram", || g.apply(&g.solve(&nalgebra::vector![1.0, 2.0]).unwrap()));
    free("block_diag and repeat", || s.apply(&s.solve(&v).unwrap()));
    free("product, power, transpose", || linop!({ linop!(a * psd(a)) }.T).solve(&[1.0, 2.0]).unwrap());
    free("errors", || linop!(psd({ -A })).inv().map(|_| ()).unwrap_err());
    free("a singular one", || linop!(diag([0.0, 1.0])).solve(&[1.0, 1.0]).unwrap_err());
    free("boxed? no: by reference", || k.apply(&v));
    let mut out = Vector6::zeros();
    free("apply_into", || k.apply_into(&v, &mut out, &mut [0.0; 16]));
    let c = matrix_complex();
    free("complex solve", || linop!(self_adjoint(c)).solve(&[Complex::new(1.0, 0.0), Complex::new(0.0, 1.0)]).unwrap());
    free("complex sqrt", || linop!(psd(c)).sqrt().unwrap().apply(&[Complex::new(1.0, 0.0); 2]));
}
/// Positive definite and well conditioned.
fn hilbert_like<const N: usize>() -> SMatrix<f64, N, N> {
    SMatrix::from_fn(|i, j| 1.0 / (1 + i + j) as f64 + f64::from(u8::from(i == j)))
}
fn matrix_complex() -> SMatrix<Complex<f64>, 2, 2> {
    let c = Complex::new;
    SMatrix::from_row_slice(&[c(3.0, 0.0), c(1.0, 1.0), c(1.0, -1.0), c(2.0, 0.0)])
}

#[test]
fn a_batch_in_lanes() {
    let ks: [Cov<f64>; 8] = core::array::from_fn(|l| {
        let a = A * (1.0 + l as f64);
        linop!(kron(psd(a), diag(D)))
    });
    let vs: [Vector6<f64>; 8] = core::array::from_fn(|l| V * (l as f64 - 3.0));
    let (k, v) = (stack(ks).unwrap(), stack(vs).unwrap());
    free("lanes: apply", || k.apply(&v));
    free("lanes: sqrt + apply", || k.sqrt().unwrap().apply(&v));
    free("lanes: solve", || k.solve(&v).unwrap());
    free("lanes: inv + apply", || k.inv().unwrap().apply(&v));
    free("lanes: logdet", || k.logdet().unwrap());
    let shifted = linop!(psd(&k) + 0.5 * I);
    free("lanes: solve by the base case", || shifted.solve(&v).unwrap());
    let ys: [Vector6<f64>; 8] = free("lanes: unstack", || unstack(k.apply(&v)));
    assert!((ys[5] - linop!(kron(psd({ A * 6.0 }), diag(D))).apply(&vs[5])).norm() < 1e-12);
}

/// An operator of any type by its action alone, so that the check is compiled once for each number type.
struct Any<'a, T>(&'a dyn DynOperator<T>);
impl<T: Scalar> Operator for Any<'_, T> {
    type Scalar = T;
    type Facts = NoFacts;
    type Class = General;
    type Rows = Dyn;
    type Cols = Dyn;
    fn nrows(&self) -> usize {
        self.0.dyn_shape().0
    }
    fn ncols(&self) -> usize {
        self.0.dyn_shape().1
    }
}
impl<T: Scalar> LinearOperator for Any<'_, T> {
    fn act(&self, how: Update<T>, x: View<'_, T>, y: ViewMut<'_, T>, scratch: &mut [T]) {
        self.0.dyn_act(how, x, y, scratch)
    }
    fn scratch_len(&self, columns: usize) -> usize {
        self.0.dyn_scratch(columns)
    }
}
/// `apply_into` of A, A^H and A^T, to one vector and to three, with scratch that was made before.
fn into<T: Scalar>(name: &str, a: &dyn DynOperator<T>) {
    fn one<A: LinearOperator>(name: &str, a: &A) {
        let number = |i: usize| A::Scalar::of((1 + i) as f64);
        let x = DVector::from_fn(a.ncols(), |i, _| number(i % 7));
        let xs = DMatrix::from_fn(a.ncols(), 3, |i, j| number(i % 5 + j));
        let (mut y, mut ys) = (DVector::repeat(a.nrows(), number(0)), DMatrix::repeat(a.nrows(), 3, number(0)));
        let mut scratch = vec![number(0); a.scratch_len(3).max(a.scratch_len(1))];
        // the first call may set up what a thread keeps (a library's buffers)
        a.apply_into(&x, &mut y, &mut scratch);
        a.apply_into(&xs, &mut ys, &mut scratch);
        free(&format!("apply_into of {name}"), || a.apply_into(&x, &mut y, &mut scratch));
        free(&format!("apply_into of {name}, 3 columns"), || a.apply_into(&xs, &mut ys, &mut scratch));
    }
    one(name, &Any(a));
    one(&format!("the adjoint of {name}"), &Any(a).adjoint());
    one(&format!("the transpose of {name}"), &Any(a).transpose());
}
/// n x n: dominated by its diagonal.
fn dominant<T: Scalar>(n: usize) -> DMatrix<T> {
    DMatrix::from_fn(n, n, |i, j| T::of(if i == j { 4.0 } else { ((i * 7 + j * 3) % 11) as f64 / (11 * n) as f64 }))
}
#[test]
fn apply_into_of_dynamic_operators() {
    for n in [5, 60, 600] {
        let m = dominant::<f64>(n);
        let s = (&m + m.transpose()) * 0.5;
        let (p, g, h) = (linop!(psd(&s)), linop!(&m), linop!(self_adjoint(&s)));
        let d = linop!(psd(diag(vec![2.0; n])));
        let name = |what: &str| format!("{what}, n = {n}");
        into(&name("dense"), &g);
        into(&name("diagonal"), &d);
        into(&name("triangular"), &linop!(triangular_lower(&m)));
        into(&name("permutation"), &Permutation::<f64, Dyn>::new((0..n).rev().collect::<Vec<_>>()));
        into(&name("sum"), &linop!(&p + &d));
        into(&name("sum of"), &SumOf::new(vec![&g, &g, &g]));
        into(&name("product"), &linop!(&p * &g));
        into(&name("product of three"), &linop!(&p * &g * &h));
        into(&name("product of"), &ProductOf::new(vec![&g, &g, &g]));
        into(&name("gram"), &Gram::<_, ByAdjoint>::new(&g));
        into(&name("gram of the adjoint"), &Gram::<_, ByAdjoint>::new(g.adjoint()));
        into(&name("scaled transpose"), &linop!(2 * { g.transpose() }));
        into(&name("block_diag"), &linop!(block_diag(&p, &d)));
        into(&name("block_diag of three"), &linop!(block_diag(&p, &d, triangular_upper(&m))));
        into(&name("block_diag of"), &BlockDiagOf::new(vec![&g, &g, &g]));
        into(&name("repeat"), &linop!(repeat::<2>(&g)));
        into(&name("sliced"), &linop!({ &g }[1.., ..]));
        let list: Vec<usize> = (0..n).rev().step_by(2).collect();
        into(&name("sliced by lists"), &linop!({ &g }[list.clone(), list.clone()]));
        into(&name("principal by a list"), &Sliced::try_principal(&p, list).unwrap());
        into(&name("power"), &Powi::<_, 3>::new(&g));
        into(&name("inverse of psd"), &p.inv().unwrap());
        into(&name("inverse of self_adjoint"), &h.inv().unwrap());
        into(&name("inverse of general"), &g.inv().unwrap());
        into(&name("inverse of triangular"), &linop!(triangular_upper(&m)).inv().unwrap());
        into(&name("inverse of a product"), &linop!(&p * &g).inv().unwrap());
        if n < 100 {
            into(&name("kron"), &linop!(kron(&p, kron(&g, psd(diag([1.0, 2.0]))))));
            into(&name("kron of four"), &linop!(kron(A, &g, psd(diag([1.0, 2.0])), diag([1.0, 2.0]))));
            into(&name("kron of a product"), &linop!(kron(&p * &g, A)));
            into(&name("inverse of kron"), &linop!(kron(&p, &d)).inv().unwrap());
            into(&name("root"), &p.sqrt().unwrap());
            into(&name("eigh"), &p.eigh().unwrap());
            into(&name("boxed"), &Psd::new(s.clone()).boxed());
        }
        if n < 10 {
            into(&name("kron of"), &KronOf::new(vec![&g, &g, &g]));
        }
    }
}
/// What is no dense matrix: sparse, matrix-free, bands, transforms, low rank, stacks and blocks, and their inverses.
#[test]
fn apply_into_of_structured_operators() {
    for n in [6, 60, 300] {
        let name = |what: &str| format!("{what}, n = {n}");
        let rows = Sparse::from_triplets(n, n, tridiagonal(n)).unwrap();
        let sums = Sparse::new(CscMatrix::from(&rows.0));
        into(&name("sparse rows"), &rows);
        into(&name("sparse columns"), &sums);
        into(&name("inverse of sparse"), &rows.inv().unwrap());
        into(&name("inverse of sparse psd"), &Psd::new(&sums).inv().unwrap());
        let shift = |by: usize| move |x: &[f64], y: &mut [f64]| (0..n).for_each(|i| y[i] = x[(i + by) % n]);
        let turn = Function::new(n, n, shift(1), shift(n - 1));
        into(&name("function"), &turn);
        into(&name("sum of functions"), &linop!(&turn + { Scaled::new(2.0, &turn) }));
        into(&name("product of functions"), &linop!(&turn * &rows));
        into(&name("block_diag of functions"), &linop!(block_diag(&turn, &rows)));
        into(&name("repeat of sparse"), &linop!(repeat::<3>(&rows)));
        into(&name("gram of sparse"), &Gram::<_, ByAdjoint>::new(&rows));
        into(&name("slice of sparse"), &linop!({ &rows }[vec![n - 1, 0], 1..]));
        into(&name("sparse and kron"), &linop!(kron(&rows, kron(&turn, A))));

        let (d, e) = (vec![4.0; n], vec![-1.0; n - 1]);
        let three = Tridiagonal::new(e.clone(), d.clone(), e.clone());
        let bands = Banded::from_diagonals([(0, d.clone()), (1, e.clone()), (-2, e[1..].to_vec())]);
        into(&name("tridiagonal"), &three);
        into(&name("inverse of tridiagonal"), &three.inv().unwrap());
        into(&name("banded"), &bands);
        into(&name("inverse of banded"), &bands.inv().unwrap());
        let first: Vec<f64> = (0..n).map(|i| if i == 0 { 4.0 } else { 1.0 / (i * i) as f64 }).collect();
        let ring = Circulant::new(first.clone());
        let toeplitz = Toeplitz::new(first.clone(), first);
        into(&name("circulant"), &ring);
        into(&name("inverse of circulant"), &ring.inv().unwrap());
        into(&name("toeplitz"), &toeplitz);
        into(&name("inverse of toeplitz"), &toeplitz.inv().unwrap());
        into(&name("fourier"), &Fourier::<Complex<f64>>::new(n));
        into(&name("cosine transform"), &Dct::new::<f64>(2, n));
        into(&name("sine transform"), &Dst::new::<f64>(1, n));
        into(&name("householder"), &Householder::new(d.clone()));

        let diagonal = Psd::new(Diagonal::new(&d));
        let u = DMatrix::from_fn(n, 3, |i, j| ((i * 5 + j * 3) % 7) as f64 / n as f64);
        let (low, q) = (LowRank::new(&u, &u), u.clone().qr().q());
        let update = LowRankUpdate::new(diagonal, low);
        into(&name("low rank"), &low);
        into(&name("projection"), &Projection::new(&q));
        into(&name("update"), &update);
        into(&name("inverse of an update"), &update.inv().unwrap());
        into(&name("congruence"), &Congruence::new(&u, Psd::new(Diagonal::new([1.0, 2.0, 3.0]))));
        into(&name("sum of kron"), &KronSum::new(&three, Psd::new(Diagonal::new([1.0, 2.0]))));
        let kron = Kron::new(diagonal, Psd::new(nalgebra::matrix![2.0, 1.0; 1.0, 3.0]));
        let shifted = dsl::add(kron, ScaledIdentity::<f64, Dyn, cola::NonNegative>::of_size(0.5, 2 * n));
        into(&name("shifted kron"), &shifted);
        into(&name("inverse of shifted kron"), &shifted.inv().unwrap());
        into(&name("hadamard"), &Hadamard::new(&three, &rows));
        into(&name("blocks"), &Blocks::new(diagonal, &u, Transpose::new(&u), SMatrix::<f64, 3, 3>::identity()));
        into(&name("beside"), &HStack::new(&rows, &u));
        into(&name("above"), &VStack::new(&rows, &three));
        into(&name("conjugate"), &Conj::new(&rows));
        let points = |k: usize| DMatrix::from_fn(k, 1, |i, _| i as f64 / k as f64);
        into(&name("kernel"), &Kernel::new(Rbf::new(0.5), points(n)));
        let grid = Grid::between(0.0, 1.0, n).unwrap();
        into(&name("interpolation"), &Interpolation::<f64>::cubic(grid, points(2 * n).as_slice()).unwrap());
    }
}
/// Complex numbers and floats take kernels of their own.
#[test]
fn apply_into_of_other_numbers() {
    fn all<T: algorithms::sparse::SparseNumber>() {
        let n = 60;
        let m = dominant::<T>(n);
        let (g, d) = (Dense::new(&m), Diagonal::new(vec![T::of(2.0); n]));
        let name = |what: &str| format!("{what} of {}", core::any::type_name::<T>());
        into(&name("dense"), &g);
        into(&name("sum"), &Sum::new(&g, &d));
        into(&name("product"), &Product::new(&g, &d));
        into(&name("kron"), &Kron::new(&g, Dense::new(dominant::<T>(4))));
        into(&name("gram"), &Gram::<_, ByAdjoint>::new(&g));
        into(&name("block_diag"), &BlockDiag::new(&g, &d));
        into(&name("inverse"), &g.inv().unwrap());
        into(&name("inverse of psd"), &Psd::new(&g).inv().unwrap());
        let rows = Sparse::new(CsrMatrix::from(&m));
        into(&name("sparse"), &rows);
        if T::LANES == 1 {
            into(&name("inverse of sparse"), &rows.inv().unwrap());
        }
        let first: Vec<T> = (0..n).map(|i| T::of(if i == 0 { 4.0 } else { 1.0 / (i * i) as f64 })).collect();
        into(&name("toeplitz"), &Toeplitz::new(first.clone(), first));
    }
    all::<f32>();
    all::<Complex<f32>>();
    all::<Complex<f64>>();
    all::<Lanes<f64, 8>>();
}

#[test]
fn iterations_of_krylov_methods() {
    let n = 400;
    let laplacian = Function::psd(n, move |x: &[f64], y: &mut [f64]| {
        for i in 0..n {
            let (left, right) = (if i > 0 { x[i - 1] } else { 0.0 }, if i + 1 < n { x[i + 1] } else { 0.0 });
            y[i] = 2.0 * x[i] - left - right;
        }
    });
    let b = DVector::from_fn(n, |i, _| (1 + i % 7) as f64);
    let p = Diagonal::new(vec![0.5; n]);
    fn same(name: &str, solve: impl Fn(usize) -> cola::Result<()>) {
        let few = allocations(|| solve(5).unwrap_err());
        let many = allocations(|| solve(65).unwrap_err());
        assert!(matches!(
            (few.0, many.0),
            (Error::NotConverged { iterations: 5, .. }, Error::NotConverged { iterations: 65, .. })
        ));
        assert_eq!(few.1, many.1, "{name}: 60 iterations more allocate {} times more", many.1 - few.1);
    }
    same("Cg", |k| laplacian.solve_with(Cg::default().max_iters(k), &b).map(|_| ()));
    same("Cg with P", |k| laplacian.solve_with(Cg::default().max_iters(k).preconditioner(&p), &b).map(|_| ()));
    same("Minres", |k| laplacian.solve_with(Minres::default().max_iters(k), &b).map(|_| ()));
    same("Gmres", |k| laplacian.solve_with(Gmres::default().max_iters(k), &b).map(|_| ()));
    same("Gmres with restarts", |k| laplacian.solve_with(Gmres::default().restart(10).max_iters(k), &b).map(|_| ()));
    let flexible = || Gmres::default().restart(10).preconditioner(&p).flexible();
    same("Gmres, flexible", |k| laplacian.solve_with(flexible().max_iters(k), &b).map(|_| ()));
    same("BiCgStab", |k| laplacian.solve_with(BiCgStab::default().max_iters(k), &b).map(|_| ()));
    same("BiCgStab with P", |k| {
        laplacian.solve_with(BiCgStab::default().max_iters(k).preconditioner(&p), &b).map(|_| ())
    });
    same("Lsmr", |k| laplacian.lstsq_with(Lsmr::default().max_iters(k), &b).map(|_| ()));
    same("Lsmr with P", |k| laplacian.lstsq_with(Lsmr::default().max_iters(k).preconditioner(&p), &b).map(|_| ()));
    same("Symmlq", |k| laplacian.solve_with(Symmlq::default().max_iters(k), &b).map(|_| ()));
    same("Symmlq with P", |k| laplacian.solve_with(Symmlq::default().max_iters(k).preconditioner(&p), &b).map(|_| ()));
    same("Tfqmr", |k| laplacian.solve_with(Tfqmr::default().max_iters(k), &b).map(|_| ()));
    same("Tfqmr with P", |k| laplacian.solve_with(Tfqmr::default().max_iters(k).preconditioner(&p), &b).map(|_| ()));
    same("Lsqr", |k| laplacian.lstsq_with(Lsqr::default().max_iters(k), &b).map(|_| ()));
    same("Craig", |k| laplacian.lstsq_with(Craig::default().max_iters(k).tol(1e-12), &b).map(|_| ()));
    let wide = DMatrix::from_fn(n, 3, |i, j| (1 + i % (5 + j)) as f64);
    same("Cg on columns", |k| laplacian.solve_with(Cg::default().max_iters(k), &wide).map(|_| ()));
    same("Cg on columns with P", |k| {
        laplacian.solve_with(Cg::default().max_iters(k).preconditioner(&p), &wide).map(|_| ())
    });
    let shifts = [0.0, 1e-3, 0.5];
    same("ShiftedCg", |k| laplacian.solve_shifted_with(ShiftedCg::default().max_iters(k), &shifts, &b).map(|_| ()));
    let sparse = Psd::new(Sparse::from_triplets(n, n, tridiagonal(n)).unwrap());
    same("Cg by rows", |k| sparse.solve_with(Cg::default().max_iters(k), &b).map(|_| ()));
    let calls = Cell::new(0);
    same("Cg watched", |k| {
        let watch = |_: &cola::algorithms::krylov::Iteration| calls.set(calls.get() + 1);
        laplacian.solve_with(Cg::default().max_iters(k).on_iteration(watch), &b).map(|_| ())
    });
    assert_eq!(calls.get(), 70);
}
/// Functions times a vector keep a basis, which grows by doubling, and look at the small function now and then: of the other steps none
/// allocates. Counted between one product and the next.
#[test]
fn steps_of_functions() {
    let n = 200;
    let marks = RefCell::new(Vec::with_capacity(4000));
    let d: Vec<f64> = (0..n).map(|i| 1.0 + i as f64).collect();
    let a = Function::psd(n, |x: &[f64], y: &mut [f64]| {
        marks.borrow_mut().push(COUNT.get());
        (0..n).for_each(|i| y[i] = d[i] * x[i]);
    });
    let inverse = Diagonal::new((0..n).map(|i| 1.0 / (1.0 + i as f64)).collect::<Vec<_>>());
    let b = DVector::from_element(n, 1.0);
    let steps = |name: &str, most: usize, run: &dyn Fn(usize) -> cola::Result<()>| {
        // products before which something was allocated
        let noisy = |k: usize| {
            marks.borrow_mut().clear();
            run(k).unwrap_err();
            let marks = marks.borrow();
            assert!(marks.len() >= k, "{name}: {} products", marks.len());
            marks.windows(2).filter(|m| m[0] != m[1]).count()
        };
        let (few, many) = (noisy(40), noisy(80));
        assert!(many - few <= most, "{name}: 40 steps more allocate {} times more", many - few);
    };
    // between 40 and 80 there are 5 looks, and each of a few vectors doubles once
    let log = |x: f64| x.ln();
    steps("Lanczos", 12, &|k| a.map_apply_with(log, Lanczos::default().tol(0.0).max_iters(k), &b).map(|_| ()));
    steps("Arnoldi", 12, &|k| a.log_apply_with(Arnoldi::default().tol(0.0).max_iters(k), &b).map(|_| ()));
    let two_passes = || TwoPassLanczos::default().tol(0.0);
    steps("two passes", 12, &|k| a.map_apply_with(log, two_passes().max_iters(k), &b).map(|_| ()));
    steps("two passes, kept", 14, &|k| a.map_apply_with(log, two_passes().basis(1 << 20).max_iters(k), &b).map(|_| ()));
    // four cycles
    steps("restarts", 14, &|k| {
        a.exp_apply_with(RestartedArnoldi::default().tol(0.0).restart(10).max_iters(k), &b).map(|_| ())
    });
    steps("series", 0, &|k| {
        a.map_apply_with(log, ChebyshevSeries::new(1.0, 200.0).tol(0.0).max_iters(k), &b).map(|_| ())
    });
    steps("contour", 3, &|k| a.sqrt_apply_with(ContourIntegral::default().tol(0.0).max_iters(k), &b).map(|_| ()));
    steps("rational", 14, &|k| {
        let extended = RationalKrylov::new([&inverse]).extended().tol(0.0);
        a.map_apply_with(|x| (3.0 * x).cos(), extended.max_iters(k), &b).map(|_| ())
    });
    let wide = DMatrix::from_fn(n, 2, |i, j| 1.0 + (i % (3 + j)) as f64);
    steps("Lanczos in blocks", 14, &|k| {
        a.map_apply_with(log, Lanczos::default().block(2).tol(0.0).max_iters(k / 2), &wide).map(|_| ())
    });
    steps("SLQ", 6, &|k| match a.logdet_with(Slq::default().probes(8).steps(k)) {
        Ok(_) => Err(Error::InvalidArgument { what: String::new() }),
        Err(e) => Err(e),
    });
}
fn tridiagonal(n: usize) -> impl Iterator<Item = (usize, usize, f64)> {
    (0..n).flat_map(move |i| {
        let off = (i + 1 < n).then_some([(i, i + 1, -1.0), (i + 1, i, -1.0)]);
        off.into_iter().flatten().chain([(i, i, 2.0)])
    })
}

/// Iterations of the methods for eigenvalues and singular values allocate nothing at all, the small problems in them neither.
#[test]
fn restarts_allocate_nothing() {
    let n = 1000;
    let d = Psd::new(Diagonal::new((0..n).map(|i| 1.0 + i as f64).collect::<Vec<_>>()));
    // advection: complex pairs
    let turning = Tridiagonal::new(vec![-1.5; n - 1], vec![2.0; n], vec![0.5; n - 1]);
    let z = Diagonal::new((0..n).map(|i| Complex::new(1.0 + i as f64, (i % 7) as f64)).collect::<Vec<_>>());
    fn same(name: &str, run: impl Fn(usize) -> cola::Result<()>) {
        let count = |k: usize| allocations(|| run(k).unwrap_err()).1;
        // what is made once per thread is made before
        count(3);
        let (few, many) = (count(3), count(10));
        assert_eq!(few, many, "{name}: 7 restarts more allocate {} times more", many as isize - few as isize);
    }
    use Which::*;
    let (lanczos, schur) = (Lanczos::default, KrylovSchur::default);
    same("Lanczos", |k| d.eigs_with(lanczos().max_iters(k), 2, SmallestAlgebraic).map(|_| ()));
    same("Lanczos, both ends", |k| d.eigs_with(lanczos().max_iters(k), 4, BothEnds).map(|_| ()));
    same("Lanczos in blocks", |k| d.eigs_with(lanczos().block(3).max_iters(k), 3, SmallestAlgebraic).map(|_| ()));
    same("KrylovSchur", |k| turning.eigs_with(schur().max_iters(k), 3, LargestMagnitude).map(|_| ()));
    same("complex KrylovSchur", |k| z.eigs_with(schur().max_iters(k), 3, SmallestReal).map(|_| ()));
    same("GolubKahan", |k| d.svds_with(GolubKahan::default().tol(1e-14).subspace(8).max_iters(k), 2).map(|_| ()));
    same("Lobpcg", |k| d.eigs_with(Lobpcg::default().tol(1e-12).max_iters(k), 2, SmallestAlgebraic).map(|_| ()));
    same("PowerIteration", |k| d.eigs_with(PowerIteration::default().max_iters(k), 2, LargestMagnitude).map(|_| ()));
    same("general PowerIteration", |k| {
        z.eigs_with(PowerIteration::default().max_iters(k), 2, LargestMagnitude).map(|_| ())
    });
    let p = Diagonal::new((0..n).map(|i| 1.0 / (1001.0 + 2.0 * i as f64)).collect::<Vec<_>>());
    same("Lobpcg with P", |k| {
        d.eigs_with(Lobpcg::default().preconditioner(&p).tol(1e-12).max_iters(k), 2, SmallestAlgebraic).map(|_| ())
    });
    same("shift-invert", |k| {
        d.eigs_with(lanczos().subspace(6).inverse(&p).max_iters(k), 3, NearestTo(-1000.0)).map(|_| ())
    });
}
