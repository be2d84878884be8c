//! What an expert writes on faer, rustfft and realfft for the structures of `rules`: plans and buffers are kept where the problem allows it,
//! nothing is computed twice, nothing is checked but what a factorisation says.
use faer::linalg::cholesky::llt;
use faer::linalg::matmul::matmul;
use faer::linalg::solvers::{Llt, SelfAdjointEigen, Solve};
use faer::{Accum, Mat, MatMut, MatRef, Par, Side};
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlanner};
use std::f64::consts::PI;
use std::sync::Arc;

type C = Complex<f64>;

/// -u'' on n x n points with zeros outside, by sine transforms in place (fast diagonalisation).
pub struct Poisson {
    n: usize,
    plan: Arc<dyn Fft<f64>>,
    eigenvalues: Vec<f64>,
}
/// Complex sequences at a time: eight columns, one line of the cache.
const LINES: usize = 4;
impl Poisson {
    pub fn new(n: usize) -> Self {
        let eigenvalues = (1..=n).map(|k| 2.0 - 2.0 * (k as f64 * PI / (n + 1) as f64).cos()).collect();
        Poisson { n, plan: FftPlanner::new().plan_fft_forward(2 * (n + 1)), eigenvalues }
    }
    /// Sines of the columns: two in one complex transform of an odd sequence.
    fn columns(&self, x: &mut [f64], z: &mut [C], scratch: &mut [C]) {
        let (n, length) = (self.n, 2 * (self.n + 1));
        let z = &mut z[..length];
        for pair in x.chunks_mut(2 * n) {
            let (a, b) = pair.split_at_mut(n);
            z.fill(C::ZERO);
            for j in 0..n {
                let v = C::new(a[j], b.get(j).copied().unwrap_or(0.0));
                z[j + 1] = v;
                z[length - 1 - j] = -v;
            }
            self.plan.process_with_scratch(z, scratch);
            for j in 0..n {
                a[j] = -z[j + 1].im;
            }
            for (j, b) in b.iter_mut().enumerate() {
                *b = z[j + 1].re;
            }
        }
    }
    /// Sines of the rows.
    fn rows(&self, x: &mut [f64], z: &mut [C], scratch: &mut [C]) {
        let (n, length) = (self.n, 2 * (self.n + 1));
        for first in (0..n).step_by(2 * LINES) {
            let width = (n - first).min(2 * LINES);
            let z = &mut z[..length * width.div_ceil(2)];
            z.fill(C::ZERO);
            for (j, row) in x.chunks_exact(n).enumerate() {
                for (p, pair) in row[first..first + width].chunks(2).enumerate() {
                    let v = C::new(pair[0], pair.get(1).copied().unwrap_or(0.0));
                    z[p * length + j + 1] = v;
                    z[p * length + length - 1 - j] = -v;
                }
            }
            self.plan.process_with_scratch(z, scratch);
            for (j, row) in x.chunks_exact_mut(n).enumerate() {
                for (p, pair) in row[first..first + width].chunks_mut(2).enumerate() {
                    let v = z[p * length + j + 1];
                    pair[0] = -v.im;
                    if let Some(x) = pair.get_mut(1) {
                        *x = v.re;
                    }
                }
            }
        }
    }
    pub fn solve(&self, b: &[f64]) -> Vec<f64> {
        let (n, mut x) = (self.n, b.to_vec());
        let mut z = vec![C::ZERO; LINES * 2 * (n + 1)];
        let mut scratch = vec![C::ZERO; self.plan.get_inplace_scratch_len()];
        self.columns(&mut x, &mut z, &mut scratch);
        self.rows(&mut x, &mut z, &mut scratch);
        // each pair of transforms gives 2 (n + 1) times a vector
        let scale = 1.0 / (4.0 * ((n + 1) * (n + 1)) as f64);
        for (row, a) in x.chunks_exact_mut(n).zip(&self.eigenvalues) {
            for (x, b) in row.iter_mut().zip(&self.eigenvalues) {
                *x *= scale / (a + b);
            }
        }
        self.columns(&mut x, &mut z, &mut scratch);
        self.rows(&mut x, &mut z, &mut scratch);
        x
    }
}

/// (diag(d) + U U^T)^-1 b and log det, the capacitance formed and factored once.
pub fn low_rank(d: &[f64], u: MatRef<'_, f64>, b: &[f64]) -> Option<(Vec<f64>, f64)> {
    let (n, r) = (u.nrows(), u.ncols());
    let mut w = u.to_owned();
    for j in 0..r {
        for (w, d) in w.col_as_slice_mut(j).iter_mut().zip(d) {
            *w /= d;
        }
    }
    let mut m = Mat::<f64>::identity(r, r);
    matmul(m.as_mut(), Accum::Add, u.transpose(), w.as_ref(), 1.0, Par::Seq);
    let m = Llt::new(m.as_ref(), Side::Lower).ok()?;
    let mut t = Mat::<f64>::zeros(r, 1);
    matmul(t.as_mut(), Accum::Replace, w.transpose(), MatRef::from_column_major_slice(b, n, 1), 1.0, Par::Seq);
    m.solve_in_place(t.as_mut());
    let mut x: Vec<f64> = b.iter().zip(d).map(|(b, d)| b / d).collect();
    matmul(MatMut::from_column_major_slice_mut(&mut x, n, 1), Accum::Add, w.as_ref(), t.as_ref(), -1.0, Par::Seq);
    let logdet = d.iter().map(|d| d.ln()).sum::<f64>() + (0..r).map(|i| 2.0 * m.L()[(i, i)].ln()).sum::<f64>();
    Some((x, logdet))
}

/// A symmetric Toeplitz matrix by its circulant of twice the size, whose spectrum is real.
pub struct Toeplitz {
    n: usize,
    forward: Arc<dyn RealToComplex<f64>>,
    inverse: Arc<dyn ComplexToReal<f64>>,
    spectrum: Vec<f64>,
}
/// What an application works in.
pub struct Room {
    x: Vec<f64>,
    half: Vec<C>,
    scratch: Vec<C>,
}
impl Toeplitz {
    pub fn new(c: &[f64]) -> Self {
        let (n, length) = (c.len(), (2 * c.len()).next_power_of_two());
        let mut planner = RealFftPlanner::new();
        let (forward, inverse) = (planner.plan_fft_forward(length), planner.plan_fft_inverse(length));
        let mut e = vec![0.0; length];
        e[..n].copy_from_slice(c);
        (1..n).for_each(|k| e[length - k] = c[k]);
        let mut half = vec![C::ZERO; length / 2 + 1];
        forward.process(&mut e, &mut half).expect("lengths as planned");
        let spectrum = half.iter().map(|z| z.re / length as f64).collect();
        Toeplitz { n, forward, inverse, spectrum }
    }
    pub fn room(&self) -> Room {
        let length = self.forward.len();
        let scratch = self.forward.get_scratch_len().max(self.inverse.get_scratch_len());
        Room { x: vec![0.0; length], half: vec![C::ZERO; length / 2 + 1], scratch: vec![C::ZERO; scratch] }
    }
    pub fn apply(&self, x: &[f64], y: &mut [f64], room: &mut Room) {
        room.x[..self.n].copy_from_slice(x);
        room.x[self.n..].fill(0.0);
        self.forward.process_with_scratch(&mut room.x, &mut room.half, &mut room.scratch).expect("lengths as planned");
        for (z, s) in room.half.iter_mut().zip(&self.spectrum) {
            *z *= s;
        }
        self.inverse.process_with_scratch(&mut room.half, &mut room.x, &mut room.scratch).expect("a real vector");
        y.copy_from_slice(&room.x[..self.n]);
    }
}

/// log det(A x B) by Cholesky, in one copy at a time.
pub fn kron_logdet(a: MatRef<'_, f64>, b: MatRef<'_, f64>) -> Option<f64> {
    let one = |a: MatRef<'_, f64>| {
        let mut l = a.to_owned();
        let need = llt::factor::cholesky_in_place_scratch::<f64>(a.nrows(), Par::Seq, Default::default());
        let mut memory = faer::dyn_stack::MemBuffer::new(need);
        let stack = faer::dyn_stack::MemStack::new(&mut memory);
        llt::factor::cholesky_in_place(l.as_mut(), Default::default(), Par::Seq, stack, Default::default()).ok()?;
        Some((0..a.nrows()).map(|i| 2.0 * l[(i, i)].ln()).sum::<f64>())
    };
    Some(b.nrows() as f64 * one(a)? + a.nrows() as f64 * one(b)?)
}
/// Y = B X A^T, for (A x B) vec X; `w` is for what lies between.
fn two_products(a: MatRef<'_, f64>, b: MatRef<'_, f64>, x: MatRef<'_, f64>, w: MatMut<'_, f64>, y: MatMut<'_, f64>) {
    let mut w = w;
    matmul(w.as_mut(), Accum::Replace, b, x, 1.0, Par::Seq);
    matmul(y, Accum::Replace, w.as_ref(), a.transpose(), 1.0, Par::Seq);
}
/// (A x B)^(1/2) vec X by the eigenvectors of both, without forming the roots.
pub fn kron_root(a: MatRef<'_, f64>, b: MatRef<'_, f64>, x: MatRef<'_, f64>) -> Option<Mat<f64>> {
    let roots = |e: &SelfAdjointEigen<f64>| -> Option<Vec<f64>> {
        let w = e.S().column_vector();
        (0..w.nrows()).map(|i| (w[i] >= 0.0).then(|| w[i].sqrt())).collect()
    };
    let (ea, eb) = (SelfAdjointEigen::new(a, Side::Lower).ok()?, SelfAdjointEigen::new(b, Side::Lower).ok()?);
    let (wa, wb) = (roots(&ea)?, roots(&eb)?);
    let (mut w, mut y) = (Mat::zeros(b.nrows(), a.nrows()), Mat::zeros(b.nrows(), a.nrows()));
    two_products(ea.U().transpose(), eb.U().transpose(), x, w.as_mut(), y.as_mut());
    for j in 0..y.ncols() {
        for i in 0..y.nrows() {
            y[(i, j)] *= wb[i] * wa[j];
        }
    }
    let mut out = Mat::zeros(b.nrows(), a.nrows());
    two_products(ea.U(), eb.U(), y.as_ref(), w.as_mut(), out.as_mut());
    Some(out)
}
/// (A x B x C) x for three n x n factors: C on the fast mode, B on each slab, A on the slow mode; two vectors in turn.
pub fn kron_three(a: MatRef<'_, f64>, b: MatRef<'_, f64>, c: MatRef<'_, f64>, x: &[f64]) -> Vec<f64> {
    let n = a.nrows();
    let square = n * n;
    let (mut one, mut two) = (vec![0.0; square * n], vec![0.0; square * n]);
    let x = MatRef::from_column_major_slice(x, n, square);
    matmul(MatMut::from_column_major_slice_mut(&mut one, n, square), Accum::Replace, c, x, 1.0, Par::Seq);
    for (from, to) in one.chunks_exact(square).zip(two.chunks_exact_mut(square)) {
        let from = MatRef::from_column_major_slice(from, n, n);
        matmul(MatMut::from_column_major_slice_mut(to, n, n), Accum::Replace, from, b.transpose(), 1.0, Par::Seq);
    }
    let from = MatRef::from_column_major_slice(&two, square, n);
    matmul(
        MatMut::from_column_major_slice_mut(&mut one, square, n),
        Accum::Replace,
        from,
        a.transpose(),
        1.0,
        Par::Seq,
    );
    one
}
