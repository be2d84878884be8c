//! The rows.

use super::check::*;
use super::*;
use nalgebra::{DMatrix, SMatrix};
use nalgebra_sparse::{CscMatrix, CsrMatrix};

/// What the operators are made of: one matrix per lane. The sizes are 2, 3 and 5 (those of the static rows and of the table), or others.
pub struct Samples<T> {
    pub n: [usize; 3],
    /// A permutation without a cycle of even length, whose roots are real.
    pub order: Vec<usize>,
    /// Indices below the largest size: for slices.
    pub picks: Vec<usize>,
    pub rows: Vec<usize>,
    pub cols: Vec<usize>,
    pub corner: DMatrix<T>,
    pub grid: DMatrix<T>,
    pub x32: DMatrix<T>,
    /// Orthonormal columns, more rows than columns.
    pub q53: DMatrix<T>,
    pub g2: DMatrix<T>,
    pub g3: DMatrix<T>,
    pub g5: DMatrix<T>,
    pub h3: DMatrix<T>,
    pub p2: DMatrix<T>,
    pub p3: DMatrix<T>,
    pub p5: DMatrix<T>,
    pub w: DMatrix<T>,
    pub tall: DMatrix<T>,
    pub a31: DMatrix<T>,
    pub a32: DMatrix<T>,
    pub a13: DMatrix<T>,
    pub a23: DMatrix<T>,
    pub d: DMatrix<T>,
    pub d2: DMatrix<T>,
    pub e2: DMatrix<T>,
    pub three: DMatrix<T>,
    pub wave: DMatrix<T>,
    /// Positive: a diagonal with roots.
    pub plus: DMatrix<T>,
    /// A triangle with principal roots.
    pub tri: DMatrix<T>,
    /// Unitary.
    pub q: DMatrix<T>,
    pub tall2: DMatrix<T>,
    pub a11: DMatrix<T>,
    /// PSD, so small that its exponential is a float.
    pub small3: DMatrix<T>,
    /// Small, so that [p2, b23; b23^H, diag(plus)] is PSD.
    pub b23: DMatrix<T>,
    pub b32: DMatrix<T>,
    pub a62: DMatrix<T>,
    pub a52: DMatrix<T>,
    pub b52: DMatrix<T>,
    pub c: T,
}
impl<T: Number> Samples<T> {
    pub fn of(n: [usize; 3]) -> Self {
        let [n2, n3, n5] = n;
        let g3 = data::<T>(general(n3, n3, 2));
        let unitary = |m, n, l| lane(&data::<T>(general(m, n, 13)), l).qr().q();
        let cycle = if n3 % 2 == 0 { n3 - 1 } else { n3 };
        let order = |i: usize| if i < cycle { (i + cycle - 1) % cycle } else { i };
        // Hermitian, and small beside c_0
        let wave = |n: usize, k: usize, l: usize| match (k, 2 * k) {
            (0, _) => C::from(4.0 + l as f64),
            (_, twice) if twice == n => C::from(0.5),
            (k, twice) if twice < n => C::new(0.7, 0.4) / C::from(k as f64),
            (k, _) => C::new(0.7, -0.4) / C::from((n - k) as f64),
        };
        let small = |m, n, seed, by: f64| data::<T>(move |l| general(m, n, seed)(l) * C::from(by));
        Samples {
            n,
            order: (0..n3).map(order).collect(),
            picks: if n5 < 5 { vec![n5 - 1] } else { vec![4, 0, 2] },
            rows: if n5 < 5 { vec![0] } else { vec![0, 1, 2] },
            cols: if n5 < 5 { vec![1] } else { vec![0, 2, 4] },
            corner: small(n3.saturating_sub(2), 1, 16, 0.3),
            grid: data(|l| {
                let noise = general(n2 * n3, 1, 21)(l) * C::from(0.2);
                DMatrix::from_fn(n2 * n3, 1, |i, _| if i == 0 { C::from(5.0 + l as f64) } else { noise[i] })
            }),
            x32: data(general(n3, n2, 20)),
            q53: data(|l| unitary(n5, n3, l)),
            g2: data(general(n2, n2, 1)),
            g5: data(general(n5, n5, 3)),
            h3: data(hermitian(n3, 4)),
            p2: data(psd(n2, 5)),
            p3: data(psd(n3, 6)),
            p5: data(psd(n5, 9)),
            w: data(general(n3, n5, 7)),
            tall: data(general(n5, n3, 8)),
            a31: g3.columns(0, 1).into_owned(),
            a32: g3.columns(1, n3 - 1).into_owned(),
            a13: g3.rows(0, 1).into_owned(),
            a23: g3.rows(1, n3 - 1).into_owned(),
            g3,
            d: data(general(n3, 1, 10)),
            d2: small(n3 - 1, 1, 14, 0.3),
            e2: data(general(n3 - 1, 1, 15)),
            wave: data(|l| DMatrix::from_fn(n3, 1, |k, _| wave(n3, k, l))),
            three: data(|l| general(n3, 1, 17)(l).map(|x| C::from(2.5 + x.re.abs()))),
            plus: data(|l| general(n3, 1, 11)(l).map(|x| C::from(1.0 + x.re.abs()))),
            tri: data(|l| general(n3, n3, 12)(l) + Ref::identity(n3, n3) * C::from(4.0)),
            tall2: data(general(n5, n3, 14)),
            a11: data(general(1, 1, 16)),
            small3: data(|l| psd(n3, 6)(l) * C::from(0.1)),
            b23: small(n2, n3, 17, 0.2),
            b32: data(|l| general(n2, n3, 17)(l).adjoint() * C::from(0.2)),
            a62: data(general(n2 * n3, n2, 15)),
            a52: small(n2 + n3, n2, 22, 0.5),
            b52: small(n2 + n3, n2, 23, 0.5),
            q: data(|l| unitary(n3, n3, l)),
            c: T::make(|l| C::new(1.5 + l as f64, 0.0)),
        }
    }
    fn eye(&self, n: usize) -> Ref {
        Ref::identity(n, n)
    }
    /// n3 x n3, and n2 n3 x n2 n3.
    pub fn eye3(&self) -> Ref {
        self.eye(self.n[1])
    }
    fn eye6(&self) -> Ref {
        self.eye(self.n[0] * self.n[1])
    }
    fn permutation(&self, _: usize) -> Ref {
        let n = self.n[1];
        DMatrix::from_fn(n, n, |i, j| C::from((self.order[i] == j) as u8 as f64))
    }
    fn lower(&self, l: usize) -> Ref {
        lane(&self.tri, l).lower_triangle()
    }
    fn upper(&self, l: usize) -> Ref {
        lane(&self.tri, l).upper_triangle()
    }
    fn tridiagonal(&self, l: usize, symmetric: bool) -> Ref {
        let (d, below) = (lane(if symmetric { &self.three } else { &self.plus }, l), lane(&self.d2, l));
        let above = if symmetric { below.map(|x| x.conj()) } else { lane(&self.e2, l) };
        DMatrix::from_fn(d.nrows(), d.nrows(), |i, j| match j as isize - i as isize {
            0 => d[i],
            1 => above[i],
            -1 => below[j],
            _ => C::default(),
        })
    }
    /// Diagonals 0, 1 and -2; Hermitian with `symmetric`: 0, 2 and -2.
    fn banded(&self, l: usize, symmetric: bool) -> Ref {
        let d = lane(if symmetric { &self.three } else { &self.plus }, l);
        let (above, corner) = (lane(&self.d2, l), lane(&self.corner, l));
        DMatrix::from_fn(d.nrows(), d.nrows(), |i, j| match j as isize - i as isize {
            0 => d[i],
            1 if !symmetric => above[i],
            2 if symmetric => corner[i].conj(),
            -2 => corner[j],
            _ => C::default(),
        })
    }
    /// Banded, by the diagonals that exist.
    fn band_diagonals(&self, symmetric: bool) -> Vec<(isize, Vec<T>)> {
        let column = |m: &DMatrix<T>| m.iter().copied().collect::<Vec<T>>();
        let conj = |m: &DMatrix<T>| m.iter().map(|x| x.conj()).collect::<Vec<T>>();
        let all = match symmetric {
            true => [(0, column(&self.three)), (2, conj(&self.corner)), (-2, column(&self.corner))],
            false => [(0, column(&self.plus)), (1, column(&self.d2)), (-2, column(&self.corner))],
        };
        all.into_iter().filter(|(_, d)| !d.is_empty()).collect()
    }
    fn sum_p(&self, l: usize) -> Ref {
        lane(&self.p3, l) + diag(&lane(&self.plus, l))
    }
    fn prod(&self, l: usize) -> Ref {
        times(&lane(&self.g3, l), &lane(&self.tri, l))
    }
    pub fn kron_p(&self, l: usize) -> Ref {
        kron(&lane(&self.p2, l), &diag(&lane(&self.plus, l)))
    }
}
/// The structures. `$mat` and `$vec` say where numbers lie.
macro_rules! structures {
    ($name:ident, $mat:ident, $vec:ident, $indices:ident, $space:ident, $also:tt) => {
        pub fn $name<T: Number>(t: &mut Table) {
            let samples = Samples::<T>::of(t.size);
            rows! { t, &samples; s: Samples<T>, [T: Number] [::<T>] $also;
                "Dense", Dense::new($mat!(s.g3, n3, n3)), |l| lane(&s.g3, l);
                    solve det diag exp lu;
                    DENSE;
                "Dense, self-adjoint", SelfAdjoint::new($mat!(s.h3, n3, n3)), |l| lane(&s.h3, l);
                    solve det diag eigh pow exp log lu;
                    but(DENSE_PSD, [
                        (0, "LDL^H with Bunch-Kaufman pivoting"), (1, "from LDL^H with Bunch-Kaufman pivoting"),
                        (5, "-; LU with partial pivoting"),
                    ]);
                "Dense, PSD", Psd::new($mat!(s.p3, n3, n3)), |l| lane(&s.p3, l);
                    solve det diag eigh pow exp log chol lu;
                    DENSE_PSD;
                "Dense, unitary", Unitary::new($mat!(s.q, n3, n3)), |l| lane(&s.q, l);
                    solve det diag exp lu;
                    but(DENSE, [(0, "U^H, an application")]);
                "Diagonal, PSD", Psd::new(Diagonal::new($vec!(s.plus, n3))), |l| diag(&lane(&s.plus, l));
                    solve det diag eigh pow exp log chol lu;
                    DIAGONAL;
                "Identity", Identity::<T, $space!(n3)>::of_size(s.n[1]), |_| s.eye3();
                    solve det diag eigh pow exp log chol lu;
                    ["closed"; 6];
                "c I, c >= 0", ScaledIdentity::<T, $space!(n3), NonNegative>::of_size(s.c, s.n[1]),
                    |l| s.eye3() * read(s.c, l);
                    solve det diag eigh pow exp log chol lu;
                    ["closed"; 6];
                "Triangular, lower", Triangular::lower($mat!(s.tri, n3, n3)), |l| s.lower(l);
                    solve det diag pow exp log lu;
                    TRIANGULAR;
                "Triangular, upper", Triangular::upper($mat!(s.tri, n3, n3)), |l| s.upper(l);
                    solve det diag pow exp log lu;
                    but(TRIANGULAR, [(5, "-; itself")]);
                "Permutation", Permutation::<T, _>::new($indices!(s.order, n3)), |l| s.permutation(l);
                    solve det diag pow exp log lu;
                    [
                        "inverse permutation", "parity of the cycles", "fixed points", "-",
                        "circulants on the cycles", "-; itself",
                    ];
                "Kron", Kron::new($mat!(s.g2, n2, n2), $mat!(s.g3, n3, n3)), |l| kron(&lane(&s.g2, l), &lane(&s.g3, l));
                    solve det diag exp lu;
                    [
                        "factor by factor", "powers n/n_i of the determinants",
                        "product of the traces; kron of the diagonals", "-",
                        "-; eigen-decompositions of the factors; -", "-; factor by factor",
                    ];
                "Kron, PSD factors", Kron::new(Psd::new($mat!(s.p2, n2, n2)), Psd::new(Diagonal::new($vec!(s.plus, n3)))),
                    |l| s.kron_p(l);
                    solve det diag eigh pow exp log chol lu;
                    [
                        "factor by factor", "powers n/n_i of the determinants",
                        "product of the traces; kron of the diagonals", "factor by factor",
                        "factor by factor; by the eigen-decomposition", "factor by factor",
                    ];
                "BlockDiag", BlockDiag::new($mat!(s.g2, n2, n2), $mat!(s.g3, n3, n3)),
                    |l| block(&lane(&s.g2, l), &lane(&s.g3, l));
                    solve det diag exp lu;
                    ["blockwise", "blockwise", "blockwise", "-", "-; blockwise; -", "-; blockwise"];
                "BlockDiag, PSD blocks", BlockDiag::new(Psd::new($mat!(s.p2, n2, n2)), Psd::new($mat!(s.p3, n3, n3))),
                    |l| block(&lane(&s.p2, l), &lane(&s.p3, l));
                    solve det diag eigh pow exp log chol lu;
                    ["blockwise"; 6];
                "Repeat, PSD block", Repeat::<_, 2>::new(Psd::new($mat!(s.p3, n3, n3))),
                    |l| block(&lane(&s.p3, l), &lane(&s.p3, l));
                    solve det diag eigh pow exp log chol lu;
                    ["blockwise, one block for all"; 6];
                "Product, square factors", Product::new($mat!(s.g3, n3, n3), $mat!(s.tri, n3, n3)), |l| s.prod(l);
                    solve det diag exp lu;
                    but(BASE, [
                        (0, "factor by factor, reversed"), (1, "product of the determinants"),
                        (2, "sums of products of diagonals"),
                    ]);
                "Gram X X^H", Gram::new($mat!(s.w, n3, n5)),
                    |l| times(&lane(&s.w, l), &lane(&s.w, l).adjoint());
                    solve det diag eigh pow exp log chol lu;
                    GRAM;
                "Gram X X^H, tall", Gram::new($mat!(s.tall, n5, n3)),
                    |l| times(&lane(&s.tall, l), &lane(&s.tall, l).adjoint());
                    det diag eigh exp lu pow0 log0;
                    but(GRAM, [
                        (0, "-"), (1, "zero: the factor is tall"), (3, "r x r core in the range of the factor"), (4, "by the eigen-decomposition"),
                        (5, "-; base: LU with partial pivoting"),
                    ]);
                "LowRank", LowRank::new($mat!(s.tall, n5, n3), $mat!(s.tall2, n5, n3)),
                    |l| times(&lane(&s.tall, l), &lane(&s.tall2, l).adjoint());
                    det diag exp lu;
                    LOW_RANK;
                "LowRank, promised PSD", Psd::new(LowRank::new($mat!(s.tall, n5, n3), $mat!(s.tall, n5, n3))),
                    |l| times(&lane(&s.tall, l), &lane(&s.tall, l).adjoint());
                    det diag eigh exp lu pow0;
                    but(LOW_RANK, [
                        (3, "r x r core in the range"), (4, "by the eigen-decomposition; I + U phi(V^H U) V^H; -"),
                    ]);
                "Projection", Projection::new($mat!(s.q53, n5, n3)), |l| times(&lane(&s.q53, l), &lane(&s.q53, l).adjoint());
                    det diag eigh exp lu pow0;
                    [
                        "-", "zero, or one of full rank", "the rank; row norms", "ones and zeros, reflections",
                        "itself; I + (e - 1) P; -", "-; base: LU with partial pivoting",
                    ];
                "LowRank + c I",
                    LowRankShift::<_, NonNegative>::try_new(
                        LowRank::new($mat!(s.tall, n5, n3), $mat!(s.tall2, n5, n3)), T::of(7.0)).unwrap(),
                    |l| times(&lane(&s.tall, l), &lane(&s.tall2, l).adjoint()) + s.eye(s.n[2]) * C::from(7.0);
                    solve det diag pow exp log lu;
                    but(UPDATE, [(4, "f(c) I + P g(Q^H P) Q^H; e^c (I + P phi(Q^H P) Q^H); f(c) I + P g(Q^H P) Q^H")]);
                "Gram X X^H, tall, + c I, c >= 0", dsl::add(Gram::new($mat!(s.tall, n5, n3)), dsl::I),
                    |l| times(&lane(&s.tall, l), &lane(&s.tall, l).adjoint()) + s.eye(s.n[2]);
                    solve det diag eigh pow exp log chol lu;
                    but(UPDATE, [
                        (3, "c + that of the low rank"),
                        (4, "by the eigen-decomposition; e^c (I + P phi(Q^H P) Q^H); by the eigen-decomposition"),
                        (5, "base: Cholesky; base: LU with partial pivoting"),
                    ]);
                "LowRankUpdate of Diagonal",
                    LowRankUpdate::new(Diagonal::new($vec!(s.plus, n3)), LowRank::new($mat!(s.a31, n3, one), $mat!(s.d, n3, one))),
                    |l| diag(&lane(&s.plus, l)) + times(&lane(&s.a31, l), &lane(&s.d, l).adjoint());
                    solve det diag exp lu;
                    UPDATE;
                "LowRankUpdate of Kron by a Gram matrix, PSD",
                    LowRankUpdate::new(
                        Kron::new(Psd::new($mat!(s.p2, n2, n2)), Psd::new(Diagonal::new($vec!(s.plus, n3)))),
                        Gram::new($mat!(s.a62, all, n2)),
                    ),
                    |l| s.kron_p(l) + times(&lane(&s.a62, l), &lane(&s.a62, l).adjoint());
                    solve det diag eigh pow exp log chol lu;
                    but(BASE_PSD, [
                        (0, "Woodbury"), (1, "determinant lemma"), (2, "sum of the traces; sum of the diagonals"),
                    ]);
                "Congruence X A X^H, PSD core", Congruence::new($mat!(s.w, n3, n5), Psd::new($mat!(s.p5, n5, n5))),
                    |l| times(&times(&lane(&s.w, l), &lane(&s.p5, l)), &lane(&s.w, l).adjoint());
                    solve det diag eigh pow exp log chol lu;
                    but(BASE_PSD, [
                        (2, "rows of the factors"), (3, "Hermitian eigh of the product"), (4, "by the eigen-decomposition"),
                    ]);
                "Congruence X A X^H, tall", Congruence::new($mat!(s.tall, n5, n3), Psd::new($mat!(s.small3, n3, n3))),
                    |l| times(&times(&lane(&s.tall, l), &lane(&s.small3, l)), &lane(&s.tall, l).adjoint());
                    det diag eigh exp lu pow0 log0;
                    [
                        "-", "zero: the factor is tall", "rows of the factors", "r x r core in the range of the factor",
                        "by the eigen-decomposition", "-; base: LU with partial pivoting",
                    ];
                "Sum", Sum::new($mat!(s.g3, n3, n3), Diagonal::new($vec!(s.d, n3))),
                    |l| lane(&s.g3, l) + diag(&lane(&s.d, l));
                    solve det diag exp lu;
                    but(BASE, [(2, "sum of the traces; sum of the diagonals")]);
                "Sum, PSD", Sum::new(Psd::new($mat!(s.p3, n3, n3)), Psd::new(Diagonal::new($vec!(s.plus, n3)))),
                    |l| s.sum_p(l);
                    solve det diag eigh pow exp log chol lu;
                    but(BASE_PSD, [(2, "sum of the traces; sum of the diagonals")]);
                "Powi", Powi::<_, 2>::new($mat!(s.tri, n3, n3)), |l| power(&lane(&s.tri, l), 2);
                    solve det diag exp lu;
                    but(BASE, [(0, "N solves with the base"), (1, "N times that of the base")]);
                "Scaled", Scaled::<_, _, NonNegative>::signed(s.c, Dense::new($mat!(s.g3, n3, n3))), |l| lane(&s.g3, l) * read(s.c, l);
                    solve det diag exp lu;
                    ["1/c times", "c^n times", "c times", "-", "-; base: scaling and squaring with Padé; -", "-; c times"];
                "Scaled, c >= 0, PSD", Scaled::<_, _, NonNegative>::signed(s.c, Psd::new($mat!(s.p3, n3, n3))),
                    |l| lane(&s.p3, l) * read(s.c, l);
                    solve det diag eigh pow exp log chol lu;
                    [
                        "1/c times", "c^n times", "c times", "c w", "c^p times; by the eigen-decomposition",
                        "sqrt(c) times; c times",
                    ];
                "Sliced, principal, PSD",
                    Sliced::try_principal(Psd::new($mat!(s.p5, n5, n5)), $indices!(s.picks, some)).unwrap(),
                    |l| DMatrix::from_fn(s.picks.len(), s.picks.len(), |i, j| lane(&s.p5, l)[(s.picks[i], s.picks[j])]);
                    solve det diag eigh pow exp log chol lu;
                    but(BASE_PSD, [(2, "slice of the diagonal")]);
                "HStack", HStack::new($mat!(s.a31, n3, one), $mat!(s.a32, n3, less)), |l| lane(&s.g3, l);
                    solve det diag exp lu;
                    but(BASE, [(2, "blockwise")]);
                "Blocks, A with a cheap inverse",
                    Blocks::new(Diagonal::new($vec!(s.plus, n3)), $mat!(s.a31, n3, one), $mat!(s.a13, one, n3), $mat!(s.a11, one, one)),
                    |l| blocks(&diag(&lane(&s.plus, l)), &lane(&s.a31, l), &lane(&s.a13, l), &lane(&s.a11, l));
                    solve det diag exp lu;
                    SCHUR;
                "Blocks, D with a cheap inverse, promised PSD",
                    Psd::new(Blocks::new($mat!(s.p2, n2, n2), $mat!(s.b23, n2, n3), $mat!(s.b32, n3, n2), Psd::new(Diagonal::new($vec!(s.plus, n3))))),
                    |l| blocks(&lane(&s.p2, l), &lane(&s.b23, l), &lane(&s.b32, l), &diag(&lane(&s.plus, l)));
                    solve det diag eigh pow exp log chol lu;
                    but(BASE_PSD, [
                        (0, "Schur complement"), (1, "Schur complement"), (2, "sum of the traces; blockwise"),
                    ]);
                "Blocks, no cheap inverse", Blocks::new($mat!(s.g2, n2, n2), $mat!(s.b23, n2, n3), $mat!(s.x32, n3, n2), $mat!(s.g3, n3, n3)),
                    |l| blocks(&lane(&s.g2, l), &lane(&s.b23, l), &lane(&s.x32, l), &lane(&s.g3, l));
                    solve det diag exp lu;
                    but(BASE, [(2, "sum of the traces; blockwise")]);
                "Blocks, C zero", Blocks::new($mat!(s.g2, n2, n2), $mat!(s.b23, n2, n3), Zero::<T, $space!(n3), $space!(n2), NoFacts>::of_size(s.n[1], s.n[0]), $mat!(s.g3, n3, n3)),
                    |l| blocks(&lane(&s.g2, l), &lane(&s.b23, l), &Ref::zeros(s.n[1], s.n[0]), &lane(&s.g3, l));
                    solve det diag exp lu;
                    but(SCHUR, [
                        (0, "block substitution"), (1, "block substitution"),
                    ]);
                "Hadamard", Hadamard::new($mat!(s.g3, n3, n3), $mat!(s.tri, n3, n3)),
                    |l| lane(&s.g3, l).component_mul(&lane(&s.tri, l));
                    solve det diag exp lu;
                    but(BASE, [(2, "product of the diagonals")]);
                "Hadamard, PSD", Hadamard::new(Psd::new($mat!(s.small3, n3, n3)), Psd::new($mat!(s.small3, n3, n3))),
                    |l| lane(&s.small3, l).component_mul(&lane(&s.small3, l));
                    solve det diag eigh pow exp log chol lu;
                    but(BASE_PSD, [(2, "product of the diagonals")]);
                "Transpose", Transpose::new($mat!(s.g3, n3, n3)), |l| lane(&s.g3, l).transpose();
                    solve det diag exp lu;
                    [
                        "transpose of", "transpose of", "transpose of", "-", "-; transpose of; -",
                        "-; base: LU with partial pivoting",
                    ];
                "Transpose, PSD", Transpose::new(Psd::new($mat!(s.p3, n3, n3))), |l| lane(&s.p3, l).transpose();
                    solve det diag eigh pow exp log chol lu;
                    [
                        "transpose of", "transpose of", "transpose of", "transpose of", "transpose of",
                        "transpose of; base: LU with partial pivoting",
                    ];
                "Function", function(&s.g3).fixed::<$space!(n3), $space!(n3)>(), |l| lane(&s.g3, l);
                    solve det diag exp lu;
                    BASE;
                "Spectral (sqrt of Dense, PSD)", Psd::new($mat!(s.p3, n3, n3)).sqrt().unwrap(),
                    |l| spectral(&lane(&s.p3, l), f64::sqrt);
                    solve det diag eigh pow exp log chol lu;
                    [
                        "elementwise on the eigenvalues", "from the eigenvalues",
                        "sum of the eigenvalues; rows of the eigenvectors",
                        "itself", "elementwise on the eigenvalues", "base: Cholesky; base: LU with partial pivoting",
                    ];
            }
        }
    };
}
/// Other facts of the same structures, and what functions return.
macro_rules! variants {
    ($name:ident, $mat:ident, $vec:ident, $indices:ident, $space:ident, $also:tt) => {
        pub fn $name<T: Number>(t: &mut Table) {
            let samples = Samples::<T>::of(t.size);
            rows! { t, &samples; s: Samples<T>, [T: Number] [::<T>] $also;
                "Dense, isometric", Isometric::new($mat!(s.q, n3, n3)), |l| lane(&s.q, l);
                    solve det diag exp lu;
                    DENSE;
                "&A (of Dense, PSD)", &Psd::new($mat!(s.p3, n3, n3)), |l| lane(&s.p3, l);
                    solve det diag eigh pow exp log chol lu;
                    DENSE_PSD;
                "Diagonal, self-adjoint", SelfAdjoint::new(Diagonal::new($vec!(s.plus, n3))),
                    |l| diag(&lane(&s.plus, l));
                    solve det diag eigh pow exp log lu;
                    but(DIAGONAL, [(5, "-; itself")]);
                "KronSum, PSD factors", KronSum::new(Psd::new($mat!(s.p2, n2, n2)), Psd::new(Diagonal::new($vec!(s.plus, n3)))),
                    |l| kron_sum(&lane(&s.p2, l), &diag(&lane(&s.plus, l)));
                    solve det diag eigh pow exp log chol lu;
                    [
                        "fast diagonalisation", "sums of the eigenvalues", "sum of the traces; sums of the diagonals",
                        "factor by factor",
                        "by the eigen-decomposition; kron of the exponentials; by the eigen-decomposition",
                        "base: Cholesky; base: LU with partial pivoting",
                    ];
                "Shifted (Kron + c I), PSD",
                    dsl::add(
                        Kron::new(Psd::new($mat!(s.p2, n2, n2)), Psd::new(Diagonal::new($vec!(s.plus, n3)))),
                        ScaledIdentity::<T, Dyn, NonNegative>::of_size(s.c, s.n[0] * s.n[1]),
                    ),
                    |l| s.kron_p(l) + s.eye6() * read(s.c, l);
                    solve det diag eigh pow exp log chol lu;
                    [
                        "shifted spectrum", "shifted spectrum", "sum of the traces; sum of the diagonals",
                        "shifted spectrum", "shifted spectrum", "base: Cholesky; base: LU with partial pivoting",
                    ];
                "Shifted (Kron + c I)",
                    dsl::add(Kron::new($mat!(s.g2, n2, n2), $mat!(s.g3, n3, n3)), ScaledIdentity::<T, Dyn, _>::new(s.c, s.n[0] * s.n[1])),
                    |l| kron(&lane(&s.g2, l), &lane(&s.g3, l)) + s.eye6() * read(s.c, l);
                    solve det diag exp lu;
                    but(BASE, [
                        (0, "Schur forms of the factors"), (1, "Schur forms of the factors"),
                        (2, "sum of the traces; sum of the diagonals"),
                        (4, "-; e^c times; -"),
                    ]);
                "Tridiagonal", Tridiagonal::new($vec!(s.d2, less), $vec!(s.plus, n3), $vec!(s.e2, less)), |l| s.tridiagonal(l, false);
                    solve det diag exp lu;
                    but(BASE, [
                        (0, "Thomas with partial pivoting"), (1, "from Thomas with partial pivoting"), (2, "read off"),
                    ]);
                "Tridiagonal, PSD", Psd::new(Tridiagonal::symmetric($vec!(s.three, n3), $vec!(s.d2, less))),
                    |l| s.tridiagonal(l, true);
                    solve det diag eigh pow exp log chol lu;
                    but(BASE_PSD, [
                        (0, "tridiagonal LDL^H"), (1, "from tridiagonal LDL^H"), (2, "read off"),
                        (3, "tridiagonal QL"), (4, "by the eigen-decomposition"),
                    ]);
                "BandedSum (Banded + c I)", dsl::add(
                        Banded::from_diagonals(s.band_diagonals(false)),
                        ScaledIdentity::<T, Dyn, _>::new(s.c, s.n[1]),
                    ),
                    |l| s.banded(l, false) + s.eye3() * read(s.c, l);
                    solve det diag exp lu;
                    but(BASE, [
                        (0, "banded LU with partial pivoting"), (1, "from banded LU with partial pivoting"), (2, "read off"),
                    ]);
                "BandedInverse (inverse of Banded)",
                    Banded::from_diagonals(s.band_diagonals(false)).inv().unwrap(),
                    |l| inverse(&s.banded(l, false));
                    solve det diag exp lu;
                    but(BASE, [(0, "undone: the bands"), (1, "from the banded factors")]);
                "Kron, promised PSD",
                    Psd::new(Kron::new(Psd::new($mat!(s.p2, n2, n2)), Psd::new(Diagonal::new($vec!(s.plus, n3))))),
                    |l| s.kron_p(l);
                    solve det diag eigh pow exp log chol lu;
                    [
                        "factor by factor", "powers n/n_i of the determinants",
                        "product of the traces; kron of the diagonals", "factor by factor",
                        "factor by factor; by the eigen-decomposition", "factor by factor",
                    ];
                "Product, rectangular factors", Product::new($mat!(s.w, n3, n5), $mat!(s.tall, n5, n3)),
                    |l| times(&lane(&s.w, l), &lane(&s.tall, l));
                    solve det diag exp lu;
                    but(BASE, [(2, "sums of products of diagonals")]);
                "SumOf, PSD", SumOf::new([Psd::new($mat!(s.p3, n3, n3)), Psd::new($mat!(s.p3, n3, n3))]),
                    |l| lane(&s.p3, l) * C::from(2.0);
                    solve det diag eigh pow exp log chol lu;
                    but(BASE_PSD, [(2, "sum of the diagonals")]);
                "KronOf, PSD factors", KronOf::new([Psd::new($mat!(s.p2, n2, n2)), Psd::new($mat!(s.p2, n2, n2))]),
                    |l| kron(&lane(&s.p2, l), &lane(&s.p2, l));
                    solve det diag eigh pow exp log chol lu;
                    [
                        "factor by factor", "powers n/n_i of the determinants",
                        "product of the traces; kron of the diagonals", "factor by factor",
                        "factor by factor; by the eigen-decomposition", "factor by factor",
                    ];
                "BlockDiagOf, PSD blocks", BlockDiagOf::new([Psd::new($mat!(s.p3, n3, n3)), Psd::new($mat!(s.small3, n3, n3))]),
                    |l| block(&lane(&s.p3, l), &lane(&s.small3, l));
                    solve det diag eigh pow exp log chol lu;
                    ["blockwise"; 6];
                "ProductOf", ProductOf::new([Dense::new($mat!(s.g3, n3, n3)), Dense::new($mat!(s.tri, n3, n3))]), |l| s.prod(l);
                    solve det diag exp lu;
                    but(BASE, [
                        (0, "part by part, reversed"), (1, "product of the determinants"), (2, "sums of products of diagonals"),
                    ]);
                "Kron * Kron",
                    dsl::mul(Kron::new($mat!(s.g2, n2, n2), $mat!(s.small3, n3, n3)), Kron::new($mat!(s.p2, n2, n2), $mat!(s.small3, n3, n3))),
                    |l| times(&kron(&lane(&s.g2, l), &lane(&s.small3, l)), &kron(&lane(&s.p2, l), &lane(&s.small3, l)));
                    solve det diag exp lu;
                    KRON;
                "KronProduct, factors that split another way",
                    dsl::mul(Kron::new($mat!(s.g2, n2, n2), $mat!(s.small3, n3, n3)), Kron::new($mat!(s.g3, n3, n3), $mat!(s.p2, n2, n2))),
                    |l| times(&kron(&lane(&s.g2, l), &lane(&s.small3, l)), &kron(&lane(&s.g3, l), &lane(&s.p2, l)));
                    solve det diag exp lu;
                    but(BASE, [
                        (0, "factor by factor, reversed"), (1, "product of the determinants"), (2, "sums of products of diagonals"),
                    ]);
                "Triangular * Triangular, lower",
                    dsl::mul(Triangular::lower($mat!(s.tri, n3, n3)), Triangular::lower($mat!(s.tri, n3, n3))),
                    |l| times(&s.lower(l), &s.lower(l));
                    solve det diag pow exp log lu;
                    TRIANGULAR;
                "Triangular + Triangular, upper",
                    dsl::add(Triangular::upper($mat!(s.tri, n3, n3)), Triangular::upper($mat!(s.p3, n3, n3))),
                    |l| s.upper(l) + lane(&s.p3, l).upper_triangle();
                    solve det diag pow exp log lu;
                    but(TRIANGULAR, [(5, "-; itself")]);
                "Diagonal * Diagonal, PSD",
                    dsl::mul(Psd::new(Diagonal::new($vec!(s.plus, n3))), Psd::new(Diagonal::new($vec!(s.plus, n3)))),
                    |l| power(&diag(&lane(&s.plus, l)), 2);
                    solve det diag eigh pow exp log chol lu;
                    DIAGONAL;
                "Zero", Zero::<T, $space!(n3), $space!(n3), PsdFacts>::square(s.n[1]), |_| Ref::zeros(s.n[1], s.n[1]);
                    det diag eigh exp lu pow0;
                    ["-", "closed", "closed", "closed", "closed; -", "-; closed"];
                "Scaled, real c, self-adjoint", Scaled::<_, _, AnySign>::signed(s.c, SelfAdjoint::new($mat!(s.h3, n3, n3))),
                    |l| lane(&s.h3, l) * read(s.c, l);
                    solve det diag eigh pow exp log lu;
                    [
                        "1/c times", "c^n times", "c times", "c w", "c^p times; by the eigen-decomposition",
                        "-; c times",
                    ];
                "LowRankUpdate of BlockDiag",
                    LowRankUpdate::new(
                        BlockDiag::new($mat!(s.g2, n2, n2), Diagonal::new($vec!(s.plus, n3))),
                        LowRank::new($mat!(s.a52, n5, n2), $mat!(s.b52, n5, n2)),
                    ),
                    |l| block(&lane(&s.g2, l), &diag(&lane(&s.plus, l))) + times(&lane(&s.a52, l), &lane(&s.b52, l).adjoint());
                    solve det diag exp lu;
                    UPDATE;
                "KronOf", KronOf::new([Dense::new($mat!(s.g2, n2, n2)), Dense::new($mat!(s.p2, n2, n2))]),
                    |l| kron(&lane(&s.g2, l), &lane(&s.p2, l));
                    solve det diag exp lu;
                    KRON;
                "BlockDiagOf", BlockDiagOf::new([Dense::new($mat!(s.g3, n3, n3)), Dense::new($mat!(s.tri, n3, n3))]),
                    |l| block(&lane(&s.g3, l), &lane(&s.tri, l));
                    solve det diag exp lu;
                    ["blockwise", "blockwise", "blockwise", "-", "-; blockwise; -", "-; blockwise"];
                "Conj", Conj::new($mat!(s.g3, n3, n3)), |l| lane(&s.g3, l).conjugate();
                    solve det diag exp lu;
                    [
                        "conjugate of", "conjugate of", "conjugate of", "-", "-; conjugate of; -",
                        "-; base: LU with partial pivoting",
                    ];
                "Powi, PSD", Powi::<_, 2>::new(Psd::new($mat!(s.p2, n2, n2))), |l| power(&lane(&s.p2, l), 2);
                    solve det diag eigh pow exp log chol lu;
                    [
                        "N solves with the base", "N times that of the base", "base: read off n applications",
                        "w^N of the base",
                        "by the eigen-decomposition; base: by the eigen-decomposition; by the eigen-decomposition",
                        "base: Cholesky; base: LU with partial pivoting",
                    ];
                "Sliced",
                    Sliced::try_new(Dense::new($mat!(s.g5, n5, n5)), $indices!(s.rows, some), $indices!(s.cols, some)).unwrap(),
                    |l| DMatrix::from_fn(s.rows.len(), s.rows.len(), |i, j| lane(&s.g5, l)[(s.rows[i], s.cols[j])]);
                    solve det diag exp lu;
                    but(BASE, [(2, "slice of the diagonal")]);
                "VStack", VStack::new($mat!(s.a13, one, n3), $mat!(s.a23, less, n3)), |l| lane(&s.g3, l);
                    solve det diag exp lu;
                    but(BASE, [(2, "blockwise")]);
                "Adjoint", Adjoint::new($mat!(s.g3, n3, n3)), |l| lane(&s.g3, l).adjoint();
                    solve det diag exp lu;
                    [
                        "adjoint of", "adjoint of", "adjoint of", "-", "-; adjoint of; -",
                        "-; base: LU with partial pivoting",
                    ];
                "Adjoint, PSD", Adjoint::new(Psd::new($mat!(s.p3, n3, n3))), |l| lane(&s.p3, l).adjoint();
                    solve det diag eigh pow exp log chol lu;
                    [
                        "adjoint of", "adjoint of", "adjoint of", "adjoint of", "adjoint of",
                        "adjoint of; base: LU with partial pivoting",
                    ];
                "Conj, PSD", Conj::new(Psd::new($mat!(s.p3, n3, n3))), |l| lane(&s.p3, l).conjugate();
                    solve det diag eigh pow exp log chol lu;
                    [
                        "conjugate of", "conjugate of", "conjugate of", "conjugate of", "conjugate of",
                        "conjugate of; base: LU with partial pivoting",
                    ];
                "Function, PSD", psd_function(&s.p3).fixed::<$space!(n3), $space!(n3)>(), |l| lane(&s.p3, l);
                    solve det diag eigh pow exp log chol lu;
                    BASE_PSD;
                "Factored (inverse of Dense)", Dense::new($mat!(s.g3, n3, n3)).inv().unwrap(),
                    |l| inverse(&lane(&s.g3, l));
                    solve det diag exp lu;
                    but(BASE, [(0, "undone: rebuilt from the factors"), (1, "from LU with partial pivoting")]);
                "Factored (inverse of Dense, PSD)", Psd::new($mat!(s.p3, n3, n3)).inv().unwrap(),
                    |l| inverse(&lane(&s.p3, l));
                    solve det diag eigh pow exp log chol lu;
                    but(BASE_PSD, [(0, "undone: rebuilt from the factors"), (1, "from LDL^H")]);
                "BaseInverse (inverse of Sum, PSD)",
                    Sum::new(Psd::new($mat!(s.p3, n3, n3)), Psd::new(Diagonal::new($vec!(s.plus, n3)))).inv().unwrap(),
                    |l| inverse(&s.sum_p(l));
                    solve det diag eigh pow exp log chol lu;
                    but(BASE_PSD, [(0, "undone: rebuilt from the factors"), (1, "from LDL^H")]);
                "Undone (and back)",
                    Sum::new(Psd::new($mat!(s.p3, n3, n3)), Psd::new(Diagonal::new($vec!(s.plus, n3))))
                        .inv().unwrap().inv().unwrap(),
                    |l| s.sum_p(l);
                    solve det diag eigh pow exp log chol lu;
                    but(BASE_PSD, [(0, "LDL^H"), (1, "from LDL^H"), (2, "read off")]);
                "BlocksInverse (inverse of Blocks)",
                    Blocks::new(Diagonal::new($vec!(s.plus, n3)), $mat!(s.a31, n3, one), $mat!(s.a13, one, n3), $mat!(s.a11, one, one))
                        .inv().unwrap(),
                    |l| inverse(&blocks(&diag(&lane(&s.plus, l)), &lane(&s.a31, l), &lane(&s.a13, l), &lane(&s.a11, l)));
                    solve det diag exp lu;
                    but(BASE, [(0, "undone: the blocks"), (1, "from the blocks and the complement")]);
                "ProductInverse", Product::new($mat!(s.g3, n3, n3), $mat!(s.tri, n3, n3)).inv().unwrap(),
                    |l| inverse(&s.prod(l));
                    solve det diag exp lu;
                    but(BASE, [(0, "factor by factor, reversed"), (1, "product of the determinants")]);
                "TriangularInverse", Triangular::lower($mat!(s.tri, n3, n3)).inv().unwrap(), |l| inverse(&s.lower(l));
                    solve det diag exp lu;
                    but(BASE, [(0, "undone: the triangle"), (1, "product of the diagonal")]);
                "CycleFunction (exp of Permutation)", Permutation::<T, _>::new($indices!(s.order, n3)).exp().unwrap(),
                    |l| exponential(&s.permutation(l));
                    solve det diag pow exp log lu;
                    CYCLES;
                "CycleFunction (power of Permutation)", Permutation::<T, _>::new($indices!(s.order, n3)).pow(2.0).unwrap(),
                    |l| power(&s.permutation(l), 2);
                    solve det diag pow exp log lu;
                    CYCLES;
            }
        }
    };
}
/// Matrices, vectors, index lists and spaces of the static sizes that `$size` gives the names n2, n3, n5, all = n2 n3, less = n3 - 1.
macro_rules! statics {
    ($size:ident, $mat:ident, $vec:ident, $indices:ident, $space:ident; $d:tt) => {
        macro_rules! $mat {
                                    ($d m:expr, $d r:ident, $d c:ident) => {
                                        SMatrix::<T, { $size!($d r) }, { $size!($d c) }>::from_fn(|i, j| $d m[(i, j)])
                                    };
                                }
        macro_rules! $vec {
                                    ($d m:expr, $d r:ident) => {
                                        SMatrix::<T, { $size!($d r) }, 1>::from_fn(|i, _| $d m[(i, 0)])
                                    };
                                }
        macro_rules! $indices {
                                    ($d x:expr, $d n:ident) => {
                                        <[usize; $size!($d n)]>::try_from(&$d x[..]).unwrap()
                                    };
                                }
        macro_rules! $space {
                                    ($d n:ident) => {
                                        Const<{ $size!($d n) }>
                                    };
                                }
    };
}
macro_rules! sizes {
    ($name:ident: $n2:literal $n3:literal $n5:literal $all:literal $less:literal $some:literal) => {
        macro_rules! $name {
            (n2) => {
                $n2
            };
            (n3) => {
                $n3
            };
            (n5) => {
                $n5
            };
            (all) => {
                $all
            };
            (less) => {
                $less
            };
            (some) => {
                $some
            };
            (one) => {
                1
            };
        }
    };
}
sizes!(small: 2 3 5 6 2 3);
sizes!(single: 1 1 2 1 0 1);
sizes!(ragged: 3 4 7 12 3 3);
statics!(small, small_mat, small_vec, small_indices, small_space; $);
statics!(single, single_mat, single_vec, single_indices, single_space; $);
statics!(ragged, ragged_mat, ragged_vec, ragged_indices, ragged_space; $);
macro_rules! dynamic_mat {
    ($m:expr, $r:ident, $c:ident) => {
        $m.clone()
    };
}
macro_rules! dynamic_vec {
    ($m:expr, $r:ident) => {
        $m.column(0).into_owned()
    };
}
macro_rules! dynamic_indices {
    ($x:expr, $n:ident) => {
        $x.to_vec()
    };
}
macro_rules! dynamic_space {
    ($n:ident) => {
        Dyn
    };
}
structures!(on_arrays, small_mat, small_vec, small_indices, small_space, [eig svd pinv]);
structures!(on_the_heap, dynamic_mat, dynamic_vec, dynamic_indices, dynamic_space, [eig svd pinv]);
variants!(variants_on_arrays, small_mat, small_vec, small_indices, small_space, [eig svd pinv]);
structures!(of_single_entries, single_mat, single_vec, single_indices, single_space, []);
variants!(variants_of_single_entries, single_mat, single_vec, single_indices, single_space, []);
structures!(on_ragged_arrays, ragged_mat, ragged_vec, ragged_indices, ragged_space, []);
variants!(variants_on_ragged_arrays, ragged_mat, ragged_vec, ragged_indices, ragged_space, []);
variants!(variants_on_the_heap, dynamic_mat, dynamic_vec, dynamic_indices, dynamic_space, [eig svd pinv]);

fn product<T: Scalar>(m: DMatrix<T>) -> impl Fn(&[T], &mut [T]) + Clone {
    move |x, y| (0..y.len()).for_each(|i| y[i] = (0..x.len()).fold(T::zero(), |s, j| s + m[(i, j)] * x[j]))
}
/// A matrix known by what it does.
pub fn function<T: Scalar>(
    m: &DMatrix<T>,
) -> Function<T, Dyn, Dyn, impl Fn(&[T], &mut [T]) + Clone, impl Fn(&[T], &mut [T]) + Clone, NoFacts> {
    let adjoint = DMatrix::from_fn(m.ncols(), m.nrows(), |i, j| m[(j, i)].conj());
    Function::new(m.nrows(), m.ncols(), product(m.clone()), product(adjoint))
}
fn psd_function<T: Scalar>(m: &DMatrix<T>) -> Function<T, Dyn, Dyn, impl Fn(&[T], &mut [T]) + Clone, Itself, PsdFacts> {
    Function::psd(m.nrows(), product(m.clone()))
}
/// Rows whose facts, or functions, depend on whether numbers are real.
macro_rules! by_scalar {
    ($name:ident, $T:ty; $($eigh:ident)*; $($chol:ident)*; $($root:ident)*; $diagonal:expr; $powered:expr) => {
        pub fn $name(t: &mut Table) {
            type T = $T;
            let samples = Samples::<T>::of(t.size);
            rows! { t, &samples; s: Samples<T>, [] [] [eig svd pinv];
                "Diagonal", Diagonal::new(s.d.column(0).into_owned()), |l| diag(&lane(&s.d, l));
                    solve det diag pow exp log lu $($eigh)*;
                    $diagonal;
                "WithFacts (exp of Diagonal)", Diagonal::new(s.d.column(0).into_owned()).exp().unwrap(),
                    |l| diag(&lane(&s.d, l).map(C::exp));
                    solve det diag pow exp log lu $($eigh)* $($chol)*;
                    $powered;
                "WithFacts (sqrt of Diagonal, PSD)", Psd::new(Diagonal::new(s.plus.column(0).into_owned())).sqrt().unwrap(),
                    |l| diag(&lane(&s.plus, l).map(C::sqrt));
                    solve det diag pow exp log lu $($eigh)* $($chol)*;
                    $powered;
                "Shifted (KronSum + c I)",
                    dsl::add(KronSum::new(s.g2.clone(), s.g3.clone()), ScaledIdentity::<T, Dyn, _>::new(s.c, s.n[0] * s.n[1])),
                    |l| kron_sum(&lane(&s.g2, l), &lane(&s.g3, l)) + s.eye6() * read(s.c, l);
                    solve det diag exp lu;
                    but(BASE, [
                        (0, "Schur forms of the factors"), (1, "Schur forms of the factors"),
                        (2, "sum of the traces; sum of the diagonals"),
                        (4, "-; e^c times; -"),
                    ]);
                "KronSum", KronSum::new(s.g2.clone(), s.g3.clone()), |l| kron_sum(&lane(&s.g2, l), &lane(&s.g3, l));
                    solve det diag exp lu;
                    [
                        "Bartels-Stewart by Schur forms", "sums of the eigenvalues by Schur forms",
                        "sum of the traces; sums of the diagonals", "-", "-; kron of the exponentials; -",
                        "-; base: LU with partial pivoting",
                    ];
                "SylvesterInverse (inverse of KronSum)", KronSum::new(s.g2.clone(), s.g3.clone()).inv().unwrap(),
                    |l| inverse(&kron_sum(&lane(&s.g2, l), &lane(&s.g3, l)));
                    solve det diag exp lu;
                    but(BASE, [(0, "undone: back from the Schur forms"), (1, "from the Schur forms")]);
                "SchurPair (inverse of the inverse of KronSum)",
                    KronSum::new(s.g2.clone(), s.g3.clone()).inv().unwrap().inv().unwrap(),
                    |l| kron_sum(&lane(&s.g2, l), &lane(&s.g3, l));
                    solve det diag exp lu;
                    but(BASE, [(0, "the Schur forms it has"), (1, "from the Schur forms")]);
                "Normal (inverse of KronSum, PSD)", KronSum::new(Psd::new(s.p2.clone()), Psd::new(s.p3.clone())).inv().unwrap(),
                    |l| inverse(&kron_sum(&lane(&s.p2, l), &lane(&s.p3, l)));
                    solve det diag eigh pow exp log chol lu;
                    but(BASE_PSD, [
                        (0, "elementwise on the eigenvalues"), (1, "from the eigenvalues"),
                        (2, "sum of the eigenvalues; rows of the eigenvectors"), (3, "itself"),
                        (4, "elementwise on the eigenvalues"),
                    ]);
                "Circulant", Circulant::new(s.plus.column(0).into_owned()), |l| circulant(&lane(&s.plus, l));
                    solve det diag pow exp log lu;
                    CIRCULANT;
                "Circulant, PSD", Psd::new(Circulant::new(s.wave.column(0).into_owned())), |l| circulant(&lane(&s.wave, l));
                    solve det diag eigh pow exp log chol lu;
                    but(CIRCULANT, [(3, "Fourier basis"), (5, "base: Cholesky; base: LU with partial pivoting")]);
                "CirculantSum (Circulant + c I)",
                    dsl::add(Circulant::new(s.plus.column(0).into_owned()), ScaledIdentity::<T, Dyn, _>::new(s.c, s.n[1])),
                    |l| circulant(&lane(&s.plus, l)) + s.eye3() * read(s.c, l);
                    solve det diag pow exp log lu;
                    CIRCULANT;
                "Circulant on a grid", Circulant::nd(&[s.n[0], s.n[1]], s.grid.column(0).into_owned()).unwrap(),
                    |l| circulant_on((s.n[0], s.n[1]), &lane(&s.grid, l));
                    solve det diag pow exp log lu;
                    CIRCULANT;
                "Banded", Banded::from_diagonals(s.band_diagonals(false)), |l| s.banded(l, false);
                    solve det diag exp lu;
                    but(BASE, [
                        (0, "banded LU with partial pivoting"), (1, "from banded LU with partial pivoting"), (2, "read off"),
                    ]);
                "Banded, PSD", Psd::new(Banded::from_diagonals(s.band_diagonals(true))), |l| s.banded(l, true);
                    solve det diag eigh pow exp log chol lu;
                    but(BASE_PSD, [(0, "banded LDL^H"), (1, "from banded LDL^H"), (2, "read off"),
                        (3, "rotations within the band, tridiagonal QL"), (4, "by the eigen-decomposition"),
                    ]);
                "Tridiagonal, constant, PSD",
                    Psd::new(Tridiagonal::symmetric(vec![s.c + s.c; s.n[1]], vec![T::of(-1.0); s.n[1] - 1])),
                    |l| {
                        let c = read(s.c, l) + read(s.c, l);
                        DMatrix::from_fn(s.n[1], s.n[1], |i, j| match i.abs_diff(j) {
                            0 => c,
                            1 => C::from(-1.0),
                            _ => C::default(),
                        })
                    };
                    solve det diag eigh pow exp log chol lu;
                    but(BASE_PSD, [
                        (0, "tridiagonal LDL^H"), (1, "from tridiagonal LDL^H"), (2, "read off"),
                        (3, "closed: sines, by FFT"), (4, "by the eigen-decomposition"),
                    ]);
                "Toeplitz, PSD", Psd::new(Toeplitz::symmetric(s.grid.column(0).into_owned())), |l| {
                        let c = lane(&s.grid, l);
                        toeplitz(&c, &c.map(|x| x.conj()))
                    };
                    solve det diag eigh pow exp log chol lu;
                    but(BASE_PSD, [
                        (0, "Levinson, Gohberg-Semencul"), (1, "Levinson"), (2, "constant along the diagonals"),
                    ]);
                "CirculantBasis", CirculantBasis::<T, Dyn>::new(&[s.n[2]]), |_| fourier_basis(s.n[2], <<T as Scalar>::IsReal as Fact>::KNOWN);
                    solve det diag exp lu;
                    but(BASE, [(0, "V^H, an application")]);
                "Cosine transform, type 2", Dct::new::<T>(2, s.n[2]), |_| cosines(s.n[2]);
                    solve det diag exp lu;
                    TRANSFORM;
                "Sine transform, type 1", Dst::new::<T>(1, s.n[2]), |_| sines(s.n[2]);
                    solve det diag exp lu $($root)*;
                    but(TRANSFORM, [(4, "a I + b C")]);
                "InvolutionFunction (exp of a sine transform)", Dst::new::<T>(1, s.n[2]).exp().unwrap(),
                    |_| exponential(&sines(s.n[2]));
                    solve det diag exp lu;
                    but(BASE, [
                        (0, "of the eigenvalues 1 and -1"), (1, "multiplicities of 1 and -1"), (2, "read off"),
                        (4, "-; of the eigenvalues 1 and -1; -"),
                    ]);
                "FoldedShift (sine transform + c I)",
                    dsl::add(Dst::new::<T>(1, s.n[2]), ScaledIdentity::<T, Dyn, _>::new(s.c, s.n[2])),
                    |l| sines(s.n[2]) + s.eye(s.n[2]) * read(s.c, l);
                    solve det diag pow exp log lu;
                    but(BASE, [
                        (0, "of the eigenvalues 1 and -1"), (1, "multiplicities of 1 and -1"),
                        (2, "sum of the traces; sum of the diagonals"), (4, "of the eigenvalues 1 and -1"),
                    ]);
                "FoldedShift (Permutation + c I)",
                    dsl::add(Permutation::<T, _>::new(s.order.clone()), ScaledIdentity::<T, Dyn, _>::new(s.c, s.n[1])),
                    |l| s.permutation(l) + s.eye3() * read(s.c, l);
                    solve det diag pow exp log lu;
                    but(CYCLES, [(2, "sum of the traces; sum of the diagonals")]);
                "FoldedShift (Triangular + c I)",
                    dsl::add(Triangular::lower(s.tri.clone()), ScaledIdentity::<T, Dyn, _>::new(s.c, s.n[1])),
                    |l| s.lower(l) + s.eye3() * read(s.c, l);
                    solve det diag pow exp log lu;
                    but(TRIANGULAR, [(2, "sum of the traces; sum of the diagonals")]);
                "FoldedShift (Toeplitz + c I)",
                    dsl::add(
                        Toeplitz::new(s.three.column(0).into_owned(), s.d.column(0).into_owned()),
                        ScaledIdentity::<T, Dyn, _>::new(s.c, s.n[1]),
                    ),
                    |l| toeplitz(&lane(&s.three, l), &lane(&s.d, l)) + s.eye3() * read(s.c, l);
                    solve det diag exp lu;
                    but(BASE, [(0, "Levinson, Gohberg-Semencul"), (1, "Levinson"), (2, "sum of the traces; sum of the diagonals")]);
                "Toeplitz", Toeplitz::new(s.three.column(0).into_owned(), s.d.column(0).into_owned()),
                    |l| toeplitz(&lane(&s.three, l), &lane(&s.d, l));
                    solve det diag exp lu;
                    but(BASE, [
                        (0, "Levinson, Gohberg-Semencul"), (1, "Levinson"), (2, "constant along the diagonals"),
                    ]);
                "ToeplitzInverse (inverse of Toeplitz)",
                    Toeplitz::new(s.three.column(0).into_owned(), s.d.column(0).into_owned()).inv().unwrap(),
                    |l| inverse(&toeplitz(&lane(&s.three, l), &lane(&s.d, l)));
                    solve det diag exp lu;
                    but(BASE, [(0, "undone: the Toeplitz matrix"), (1, "from the recursion")]);
                "Boxed, PSD", Psd::new(s.p3.clone()).boxed(), |l| lane(&s.p3, l);
                    solve det diag eigh pow exp log chol lu;
                    BASE_PSD;
                "Sparse", Sparse::new(CsrMatrix::from(&s.g3)), |l| lane(&s.g3, l);
                    solve det diag exp lu;
                    but(BASE, [
                        (0, "sparse LU, COLAMD order, partial pivoting"), (1, "from simplicial sparse LU"), (2, "read off")
                    ]);
                "Sparse, PSD", Psd::new(Sparse::new(CscMatrix::from(&s.p3))), |l| lane(&s.p3, l);
                    solve det diag eigh pow exp log chol lu;
                    but(BASE_PSD, [
                        (0, "sparse Cholesky, AMD order"), (1, "from sparse Cholesky"), (2, "read off")
                    ]);
                "SparseInverse", Sparse::new(CsrMatrix::from(&s.g3)).inv().unwrap(), |l| inverse(&lane(&s.g3, l));
                    solve det diag exp lu;
                    but(BASE, [(0, "every nonzero"), (1, "read off simplicial factors")]);
                "SparseInverse, PSD", Psd::new(Sparse::new(CscMatrix::from(&s.p3))).inv().unwrap(),
                    |l| inverse(&lane(&s.p3, l));
                    solve det diag eigh pow exp log chol lu;
                    but(BASE_PSD, [(0, "every nonzero"), (1, "read off the factors")]);
            }
        }
    };
}
by_scalar!(real_rows, f64; eigh; chol; pow log; but(DIAGONAL, [(5, "-; itself")]); DIAGONAL);
by_scalar!(float_rows, f32; eigh; chol; pow log; but(DIAGONAL, [(5, "-; itself")]); DIAGONAL);
by_scalar!(lane_rows, Lanes<f64, 4>; eigh; chol; pow log; but(DIAGONAL, [(5, "-; itself")]); DIAGONAL);
by_scalar!(complex_rows, C; ; ; powu logu; but(DIAGONAL, [(3, "-"), (5, "-; itself")]); but(DIAGONAL, [(3, "-"), (5, "-; itself")]));
by_scalar!(complex_float_rows, Complex<f32>; ; ; powu logu; but(DIAGONAL, [(3, "-"), (5, "-; itself")]); but(DIAGONAL, [(3, "-"), (5, "-; itself")]));
/// Of complex numbers alone.
macro_rules! complex_alone {
    ($name:ident, $T:ty) => {
pub fn $name(t: &mut Table) {
    type T = $T;
    let samples = Samples::<T>::of(t.size);
    rows! { t, &samples; s: Samples<T>, [] [] [eig svd pinv];
        "Fourier", Fourier::<T>::new(s.n[2]), |_| fourier(s.n[2]);
            solve det diag powu exp logu lu;
            [
                "F^H, an application", "multiplicities of 1, -i, -1, i", "multiplicities of 1, -i, -1, i; read off", "-",
                "cubic polynomial of F", "-; base: LU with partial pivoting",
            ];
        "FourierFunction (exp of Fourier)", Fourier::<T>::new(s.n[2]).exp().unwrap(), |_| exponential(&fourier(s.n[2]));
            solve det diag pow exp log lu;
            but(BASE, [
                (0, "cubic polynomial of F"), (1, "multiplicities of 1, -i, -1, i"),
                (2, "multiplicities of 1, -i, -1, i; read off"), (4, "cubic polynomial of F"),
            ]);
        "FoldedShift (Fourier + c I)", dsl::add(Fourier::<T>::new(s.n[2]), ScaledIdentity::<T, Dyn, _>::new(s.c, s.n[2])),
            |l| fourier(s.n[2]) + s.eye(s.n[2]) * read(s.c, l);
            solve det diag pow exp log lu;
            but(BASE, [
                (0, "cubic polynomial of F"), (1, "multiplicities of 1, -i, -1, i"),
                (2, "sum of the traces; sum of the diagonals"), (4, "cubic polynomial of F"),
            ]);
        "Householder, complex", Householder::new(s.d.column(0).into_owned()), |l| householder(&lane(&s.d, l));
            solve det diag eigh powu exp logu lu;
            REFLECTION;
        "Gram X X^T, complex", Gram::<_, ByTranspose>::of_kind(s.w.clone()),
            |l| times(&lane(&s.w, l), &lane(&s.w, l).transpose());
            solve det diag exp lu;
            but(BASE, [(2, "rows of the factor")]);
    }
}
    };
}
complex_alone!(complex_alone, C);
complex_alone!(complex_floats_alone, Complex<f32>);
/// Of real numbers alone.
macro_rules! real_alone {
    ($name:ident, $T:ty) => {
pub fn $name(t: &mut Table) {
    type T = $T;
    let samples = Samples::<T>::of(t.size);
    rows! { t, &samples; s: Samples<T>, [] [] [eig svd pinv];
        "Gram X X^T, real", Gram::<_, ByTranspose>::of_kind(s.w.clone()),
            |l| times(&lane(&s.w, l), &lane(&s.w, l).transpose());
            solve det diag eigh pow exp log chol lu;
            GRAM;
        "Householder", Householder::new(s.d.column(0).into_owned()), |l| householder(&lane(&s.d, l));
            solve det diag eigh pow exp log lu;
            REFLECTION;
        "ReflectionFunction (exp of Householder)", Householder::new(s.d.column(0).into_owned()).exp().unwrap(),
            |l| spectral(&householder(&lane(&s.d, l)), f64::exp);
            solve det diag eigh pow exp log chol lu;
            but(BASE_PSD, [
                (0, "1/f of both eigenvalues"), (1, "closed"), (2, "closed; read off"),
                (4, "base: by the eigen-decomposition; by the projection on v; base: by the eigen-decomposition"),
            ]);
        "Interpolation", Interpolation::<T>::linear(s.grid_of_points(), &s.points()).unwrap(), |_| s.hats();
            solve det diag exp lu;
            but(BASE, [(2, "read off")]);
        "Kernel, PSD", Psd::new(Kernel::new(Matern12::new(T::of(0.8)), DMatrix::from_vec(s.n[2], 1, s.points()).map(T::of))), |_| {
                let x = s.points();
                DMatrix::from_fn(x.len(), x.len(), |i, j| C::from((-(x[i] - x[j]).abs() / 0.8).exp()))
            };
            solve det diag eigh pow exp log chol lu;
            but(BASE_PSD, [(2, "evaluated")]);
    }
}
    };
}
real_alone!(of_doubles, f64);
real_alone!(float_alone, f32);
real_alone!(lanes_alone, Lanes<f64, 4>);
/// Of real numbers alone; derivatives are taken in doubles.
pub fn real_alone(t: &mut Table) {
    of_doubles(t);
    let samples = Samples::<f64>::of(t.size);
    rows! { t, &samples; s: Samples<f64>, [] [] [eig svd pinv];
        "Jacobian", Jacobian::new(Map, &s.points()).unwrap(), |_| derivatives(&s.points());
            solve det diag exp lu;
            BASE;
        "Hessian", Hessian::new(Map, &s.points()).unwrap(), |_| second_derivatives(&s.points());
            solve det diag eigh pow exp log lu;
            but(BASE_PSD, [
                (0, "base: LDL^H with Bunch-Kaufman pivoting"), (1, "base: from LDL^H with Bunch-Kaufman pivoting"),
                (5, "-; base: LU with partial pivoting"),
            ]);
        "GaussNewton", GaussNewton::of(Map, &s.points()).unwrap(), |_| {
                let j = derivatives(&s.points());
                times(&j.transpose(), &j)
            };
            solve det diag eigh pow exp log chol lu;
            BASE_PSD;
        "Fisher", Fisher::new(Map, &s.points(), Psd::new(s.p5.clone() * 0.01)).unwrap(), |l| {
                let j = derivatives(&s.points());
                times(&times(&j.transpose(), &(lane(&s.p5, l) * C::from(0.01))), &j)
            };
            solve det diag eigh pow exp log chol lu;
            BASE_PSD;
    }
}
/// Derivatives of single precision and of lanes, each lane at its own point.
macro_rules! derivative_rows {
    ($name:ident, $T:ty) => {
        pub fn $name(t: &mut Table) {
            type T = $T;
            let samples = Samples::<T>::of(t.size);
            rows! { t, &samples; s: Samples<T>, [] [] [eig svd pinv];
                "Jacobian", Jacobian::new(Map, &s.point()).unwrap(), |l| derivatives(&s.points_in(l));
                    solve det diag exp lu;
                    BASE;
                "Hessian", Hessian::new(Map, &s.point()).unwrap(), |l| second_derivatives(&s.points_in(l));
                    solve det diag eigh pow exp log lu;
                    but(BASE_PSD, [
                        (0, "base: LDL^H with Bunch-Kaufman pivoting"), (1, "base: from LDL^H with Bunch-Kaufman pivoting"),
                        (5, "-; base: LU with partial pivoting"),
                    ]);
                "Fisher", Fisher::new(Map, &s.point(), Psd::new(s.p5.map(|x| x * T::of(0.01)))).unwrap(), |l| {
                        let j = derivatives(&s.points_in(l));
                        times(&times(&j.transpose(), &(lane(&s.p5, l) * C::from(0.01))), &j)
                    };
                    solve det diag eigh pow exp log chol lu;
                    BASE_PSD;
            }
        }
    };
}
derivative_rows!(float_derivatives, f32);
derivative_rows!(lane_derivatives, Lanes<f64, 4>);
impl<T: Number> Samples<T> {
    /// As many points as the largest size, near those of the grid; others in each lane.
    fn points_in(&self, l: usize) -> Vec<f64> {
        let n = self.n[2];
        let beside = |i: usize| if i + 1 < n { 0.125 / (1.0 + i as f64) } else { -0.1 };
        (0..n).map(|i| 0.5 * i as f64 + beside(i) + 0.01 * l as f64).collect()
    }
    fn point(&self) -> Vec<T> {
        (0..self.n[2]).map(|i| T::make(|l| C::from(self.points_in(l)[i]))).collect()
    }
    fn points(&self) -> Vec<f64> {
        self.points_in(0)
    }
    fn grid_of_points(&self) -> Grid {
        Grid { start: 0.0, step: 0.5, len: self.n[2] }
    }
    /// The hat functions of the grid at the points.
    fn hats(&self) -> Ref {
        let x = self.points();
        DMatrix::from_fn(x.len(), x.len(), |i, j| C::from((1.0 - (x[i] / 0.5 - j as f64).abs()).max(0.0)))
    }
}
/// y_i = e^(x_i / 2) + x_i x_(i+1) / 4 + x_i^2, the index modulo n.
struct Map;
impl VectorFunction for Map {
    fn eval<T: Real>(&self, x: &[T]) -> Vec<T> {
        let n = x.len();
        (0..n).map(|i| (x[i] * T::of(0.5)).exp() + x[i] * x[(i + 1) % n] * T::of(0.25) + x[i] * x[i]).collect()
    }
}
fn derivatives(x: &[f64]) -> Ref {
    let n = x.len();
    DMatrix::from_fn(n, n, |i, j| {
        let next = (i + 1) % n;
        let own = if i == j { 0.5 * (0.5 * x[i]).exp() + 2.0 * x[i] } else { 0.0 };
        let left = if i == j { 0.25 * x[next] } else { 0.0 };
        let right = if j == next { 0.25 * x[i] } else { 0.0 };
        C::from(own + left + right)
    })
}
/// Those of the sum of all y_i.
fn second_derivatives(x: &[f64]) -> Ref {
    let n = x.len();
    let mut h = Ref::zeros(n, n);
    for i in 0..n {
        h[(i, i)] += C::from(2.0 + 0.25 * (0.5 * x[i]).exp());
        h[(i, (i + 1) % n)] += C::from(0.25);
        h[((i + 1) % n, i)] += C::from(0.25);
    }
    h
}
