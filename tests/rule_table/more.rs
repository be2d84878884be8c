//! Rows of what is self-adjoint and not positive, of a view, of blocks in repetition, and of the other cosine and sine transforms.

use super::check::*;
use super::market::*;
use super::*;
use nalgebra::DMatrix;
use nalgebra_sparse::CsrMatrix;

/// LDL^H and eigh without a Cholesky factor: what each base case is of a self-adjoint matrix of the heap.
const INDEFINITE: Cells = [
    "base: LDL^H with Bunch-Kaufman pivoting",
    "base: from LDL^H with Bunch-Kaufman pivoting",
    "base: read off n applications",
    "base: Hermitian eigh of the dense matrix",
    "base: by the eigen-decomposition",
    "-; base: LU with partial pivoting",
];
impl<T: Number> Samples<T> {
    /// Real numbers of both signs.
    fn mixed(&self) -> DMatrix<T> {
        DMatrix::from_fn(self.n[1], 1, |i, _| if i % 2 == 0 { self.three[i] } else { -self.three[i] })
    }
    /// Hermitian tridiagonal, or with `corner` banded of width 2.
    fn mixed_bands(&self, l: usize, corner: bool) -> Ref {
        let (d, e) = (lane(&self.mixed(), l), lane(if corner { &self.corner } else { &self.d2 }, l));
        let k = if corner { 2 } else { 1 };
        DMatrix::from_fn(d.nrows(), d.nrows(), |i, j| match (i == j, i == j + k, j == i + k) {
            (true, ..) => d[i],
            (_, true, _) => e[j],
            (_, _, true) => e[i].conj(),
            _ => C::default(),
        })
    }
    fn mixed_diagonals(&self) -> Vec<(isize, Vec<T>)> {
        let conj = self.corner.iter().map(|x| x.conj()).collect();
        let all = [(0, self.mixed().iter().copied().collect()), (2, conj), (-2, self.corner.iter().copied().collect())];
        all.into_iter().filter(|(_, d): &(isize, Vec<T>)| !d.is_empty()).collect()
    }
    /// The first column of a Hermitian Toeplitz matrix with eigenvalues of both signs.
    fn column(&self) -> DMatrix<T> {
        data(|l| {
            let at = |i: usize| [C::new(1.0 + 0.1 * l as f64, 0.0), C::new(1.6, 1.2), C::new(0.3, 0.1)][i.min(2)];
            DMatrix::from_fn(self.n[1], 1, |i, _| if i < 3 { at(i) } else { at(2) * C::from(0.5) })
        })
    }
    /// That of a Hermitian circulant matrix.
    fn low_wave(&self) -> DMatrix<T> {
        DMatrix::from_fn(self.n[1], 1, |i, _| if i == 0 { T::of(0.3) } else { self.wave[i] })
    }
    fn h5(&self) -> DMatrix<T> {
        data(hermitian(self.n[2], 4))
    }
}
/// The heap alone, any number.
pub fn rows<T: Number>(t: &mut Table) {
    let samples = Samples::<T>::of(t.size);
    rows! { t, &samples; s: Samples<T>, [T: Number] [::<T>] [eig svd pinv];
        "Dense, a view", Dense::new(s.g5.view((1, 1), (s.n[1], s.n[1]))),
            |l| lane(&s.g5, l).view((1, 1), (s.n[1], s.n[1])).into_owned();
            solve det diag exp lu;
            DENSE;
        "Repeat", Repeat::<_, 2>::new(Dense::new(s.g3.clone())), |l| block(&lane(&s.g3, l), &lane(&s.g3, l));
            solve det diag exp lu;
            [
                "blockwise, one block for all", "blockwise, one block for all", "blockwise, one block for all", "-",
                "-; blockwise, one block for all; -", "-; blockwise, one block for all",
            ];
        "Repeat, self-adjoint block", Repeat::<_, 2>::new(SelfAdjoint::new(s.h3.clone())),
            |l| block(&lane(&s.h3, l), &lane(&s.h3, l));
            solve det diag eigh pow exp log lu;
            but(["blockwise, one block for all"; 6], [(5, "-; blockwise, one block for all")]);
        "Tridiagonal, self-adjoint",
            SelfAdjoint::new(Tridiagonal::symmetric(s.mixed().column(0).into_owned(), s.d2.column(0).into_owned())),
            |l| s.mixed_bands(l, false);
            solve det diag eigh pow exp log lu;
            but(INDEFINITE, [
                (0, "Thomas with partial pivoting"), (1, "from Thomas with partial pivoting"), (2, "read off"),
                (3, "tridiagonal QL"), (4, "by the eigen-decomposition"),
            ]);
        "Banded, self-adjoint", SelfAdjoint::new(Banded::from_diagonals(s.mixed_diagonals())), |l| s.mixed_bands(l, true);
            solve det diag eigh pow exp log lu;
            but(INDEFINITE, [
                (0, "banded LU with partial pivoting"), (1, "from banded LU with partial pivoting"), (2, "read off"),
                (3, "rotations within the band, tridiagonal QL"), (4, "by the eigen-decomposition"),
            ]);
        "Toeplitz, self-adjoint", SelfAdjoint::new(Toeplitz::symmetric(s.column().column(0).into_owned())), |l| {
                let c = lane(&s.column(), l);
                toeplitz(&c, &c.map(|x| x.conj()))
            };
            solve det diag eigh pow exp log lu;
            but(INDEFINITE, [
                (0, "Levinson, Gohberg-Semencul"), (1, "Levinson"), (2, "constant along the diagonals"),
            ]);
        "Circulant, self-adjoint", SelfAdjoint::new(Circulant::new(s.low_wave().column(0).into_owned())),
            |l| circulant(&lane(&s.low_wave(), l));
            solve det diag eigh pow exp log lu;
            but(CIRCULANT, [(3, "Fourier basis"), (5, "-; base: LU with partial pivoting")]);
        "Kron, self-adjoint factors", Kron::new(SelfAdjoint::new(s.h3.clone()), Psd::new(s.p2.clone())),
            |l| kron(&lane(&s.h3, l), &lane(&s.p2, l));
            solve det diag eigh pow exp log lu;
            but(KRON, [
                (3, "factor by factor"), (4, "factor by factor; by the eigen-decomposition"), (5, "-; factor by factor"),
            ]);
        "KronSum, self-adjoint factors", KronSum::new(SelfAdjoint::new(s.h3.clone()), Psd::new(s.p2.clone())),
            |l| kron_sum(&lane(&s.h3, l), &lane(&s.p2, l));
            solve det diag eigh pow exp log lu;
            [
                "fast diagonalisation", "sums of the eigenvalues", "sum of the traces; sums of the diagonals",
                "factor by factor",
                "by the eigen-decomposition; kron of the exponentials; by the eigen-decomposition",
                "-; base: LU with partial pivoting",
            ];
        "BlockDiag, self-adjoint blocks", BlockDiag::new(SelfAdjoint::new(s.h3.clone()), Psd::new(s.p2.clone())),
            |l| block(&lane(&s.h3, l), &lane(&s.p2, l));
            solve det diag eigh pow exp log lu;
            but(["blockwise"; 6], [(5, "-; blockwise")]);
        "Sum, self-adjoint", Sum::new(SelfAdjoint::new(s.h3.clone()), Psd::new(Diagonal::new(s.plus.column(0).into_owned()))),
            |l| lane(&s.h3, l) + diag(&lane(&s.plus, l));
            solve det diag eigh pow exp log lu;
            but(INDEFINITE, [(2, "sum of the traces; sum of the diagonals")]);
        "Hadamard, self-adjoint", Hadamard::new(SelfAdjoint::new(s.h3.clone()), Psd::new(s.p3.clone())),
            |l| lane(&s.h3, l).component_mul(&lane(&s.p3, l));
            solve det diag eigh pow exp log lu;
            but(INDEFINITE, [(2, "product of the diagonals")]);
        "Congruence X A X^H, self-adjoint core", Congruence::new(s.w.clone(), SelfAdjoint::new(s.h5())),
            |l| times(&times(&lane(&s.w, l), &lane(&s.h5(), l)), &lane(&s.w, l).adjoint());
            solve det diag eigh pow exp log lu;
            but(INDEFINITE, [
                (2, "rows of the factors"), (3, "Hermitian eigh of the product"), (4, "by the eigen-decomposition"),
            ]);
    }
}
/// What has rules for some number types alone; and the types of the cosine and sine transforms that `market.rs` lacks: the same operator type, and so little to compile. Of types 1 and 4, their own
/// inverses, functions are a I + b C.
macro_rules! by_number {
    ($name:ident, $T:ty; $($root:ident)*) => {
        pub fn $name(t: &mut Table) {
            type T = $T;
            let samples = Samples::<T>::of(t.size);
            rows! { t, &samples; s: Samples<T>, [] [] [eig svd pinv];
                "Sparse, self-adjoint", SelfAdjoint::new(Sparse::new(CsrMatrix::from(&s.h3))), |l| lane(&s.h3, l);
                    solve det diag eigh pow exp log lu;
                    but(INDEFINITE, [
                        (0, "sparse LU, COLAMD order, partial pivoting"), (1, "from simplicial sparse LU"), (2, "read off"),
                    ]);
                "Cosine transform, type 1", Dct::new::<T>(1, s.n[2]), |_| transform(false, 1, s.n[2]);
                    solve det diag exp lu $($root)*;
                    but(TRANSFORM, [(4, "a I + b C")]);
                "Cosine transform, type 3", Dct::new::<T>(3, s.n[2]), |_| cosines(s.n[2]).transpose();
                    solve det diag exp lu;
                    TRANSFORM;
                "Cosine transform, type 4", Dct::new::<T>(4, s.n[2]), |_| transform(false, 4, s.n[2]);
                    solve det diag exp lu $($root)*;
                    but(TRANSFORM, [(4, "a I + b C")]);
                "Sine transform, type 2", Dst::new::<T>(2, s.n[2]), |_| transform(true, 2, s.n[2]);
                    solve det diag exp lu;
                    TRANSFORM;
                "Sine transform, type 3", Dst::new::<T>(3, s.n[2]), |_| transform(true, 2, s.n[2]).transpose();
                    solve det diag exp lu;
                    TRANSFORM;
                "Sine transform, type 4", Dst::new::<T>(4, s.n[2]), |_| transform(true, 4, s.n[2]);
                    solve det diag exp lu $($root)*;
                    but(TRANSFORM, [(4, "a I + b C")]);
            }
        }
    };
}
by_number!(real_rows, f64; pow log);
by_number!(float_rows, f32; pow log);
by_number!(lane_rows, Lanes<f64, 4>; pow log);
by_number!(complex_rows, C; powu logu);
