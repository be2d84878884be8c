//! The rows.

use super::check::*;
use super::*;
use nalgebra::{DMatrix, SMatrix};
use nalgebra_sparse::{CscMatrix, CsrMatrix};

/// What the operators are made of: one matrix per lane.
struct Samples<T> {
    g2: DMatrix<T>,
    g3: DMatrix<T>,
    g5: DMatrix<T>,
    h3: DMatrix<T>,
    p2: DMatrix<T>,
    p3: DMatrix<T>,
    p5: DMatrix<T>,
    w: DMatrix<T>,
    tall: DMatrix<T>,
    a31: DMatrix<T>,
    a32: DMatrix<T>,
    a13: DMatrix<T>,
    a23: DMatrix<T>,
    d: DMatrix<T>,
    /// Positive: a diagonal with roots.
    plus: DMatrix<T>,
    /// A triangle with principal roots.
    tri: DMatrix<T>,
    /// Unitary.
    q: DMatrix<T>,
    /// Orthonormal columns.
    q2: DMatrix<T>,
    tall2: DMatrix<T>,
    a11: DMatrix<T>,
    /// PSD, so small that its exponential is a float.
    small3: DMatrix<T>,
    /// Small, so that [p2, b23; b23^H, diag(plus)] is PSD.
    b23: DMatrix<T>,
    b32: DMatrix<T>,
    a62: DMatrix<T>,
    c: T,
}
const ORDER: [usize; 3] = [2, 0, 1];
fn permutation(_: usize) -> Ref {
    DMatrix::from_fn(3, 3, |i, j| C::from((ORDER[i] == j) as u8 as f64))
}
impl<T: Number> Samples<T> {
    fn new() -> Self {
        let g3 = data::<T>(general(3, 3, 2));
        Samples {
            g2: data(general(2, 2, 1)),
            g5: data(general(5, 5, 3)),
            h3: data(hermitian(3, 4)),
            p2: data(psd(2, 5)),
            p3: data(psd(3, 6)),
            p5: data(psd(5, 9)),
            w: data(general(3, 5, 7)),
            tall: data(general(5, 3, 8)),
            a31: g3.columns(0, 1).into_owned(),
            a32: g3.columns(1, 2).into_owned(),
            a13: g3.rows(0, 1).into_owned(),
            a23: g3.rows(1, 2).into_owned(),
            g3,
            d: data(general(3, 1, 10)),
            plus: data(|l| general(3, 1, 11)(l).map(|x| C::from(1.0 + x.re.abs()))),
            tri: data(|l| general(3, 3, 12)(l) + Ref::identity(3, 3) * C::from(4.0)),
            q2: data(|l| lane(&data::<T>(general(3, 3, 13)), l).qr().q()).columns(0, 2).into_owned(),
            tall2: data(general(5, 3, 14)),
            a11: data(general(1, 1, 16)),
            small3: data(|l| psd(3, 6)(l) * C::from(0.1)),
            b23: data(|l| general(2, 3, 17)(l) * C::from(0.2)),
            b32: data(|l| general(2, 3, 17)(l).adjoint() * C::from(0.2)),
            a62: data(general(6, 2, 15)),
            q: data(|l| lane(&data::<T>(general(3, 3, 13)), l).qr().q()),
            c: T::make(|l| C::new(1.5 + l as f64, 0.0)),
        }
    }
    fn lower(&self, l: usize) -> Ref {
        lane(&self.tri, l).lower_triangle()
    }
    fn upper(&self, l: usize) -> Ref {
        lane(&self.tri, l).upper_triangle()
    }
    fn sum_p(&self, l: usize) -> Ref {
        lane(&self.p3, l) + diag(&lane(&self.plus, l))
    }
    fn prod(&self, l: usize) -> Ref {
        times(&lane(&self.g3, l), &lane(&self.tri, l))
    }
    fn kron_p(&self, l: usize) -> Ref {
        kron(&lane(&self.p2, l), &diag(&lane(&self.plus, l)))
    }
}
/// The structures. `$mat` and `$vec` say where numbers lie.
macro_rules! structures {
    ($name:ident, $mat:ident, $vec:ident, $indices:ident, $space:ident, $also:tt) => {
        pub fn $name<T: Number>(t: &mut Table) {
            let samples = Samples::<T>::new();
            rows! { t, &samples; s: Samples<T>, [T: Number] [::<T>] $also;
                "Dense", Dense::new($mat!(s.g3, 3, 3)), |l| lane(&s.g3, l);
                    solve det diag exp lu;
                    DENSE;
                "Dense, self-adjoint", SelfAdjoint::new($mat!(s.h3, 3, 3)), |l| lane(&s.h3, l);
                    solve det diag eigh pow exp log lu;
                    but(DENSE_PSD, [
                        (0, "LDL^H with Bunch-Kaufman pivoting"), (1, "from LDL^H with Bunch-Kaufman pivoting"),
                        (5, "-; LU with partial pivoting"),
                    ]);
                "Dense, PSD", Psd::new($mat!(s.p3, 3, 3)), |l| lane(&s.p3, l);
                    solve det diag eigh pow exp log chol lu;
                    DENSE_PSD;
                "Dense, unitary", Unitary::new($mat!(s.q, 3, 3)), |l| lane(&s.q, l);
                    solve det diag exp lu;
                    but(DENSE, [(0, "U^H, an application")]);
                "Diagonal, PSD", Psd::new(Diagonal::new($vec!(s.plus, 3))), |l| diag(&lane(&s.plus, l));
                    solve det diag eigh pow exp log chol lu;
                    DIAGONAL;
                "Identity", Identity::<T, $space!(3)>::of_size(3), |_| Ref::identity(3, 3);
                    solve det diag eigh pow exp log chol lu;
                    ["closed"; 6];
                "c I, c >= 0", ScaledIdentity::<T, $space!(3), NonNegative>::of_size(s.c, 3),
                    |l| Ref::identity(3, 3) * read(s.c, l);
                    solve det diag eigh pow exp log chol lu;
                    ["closed"; 6];
                "Triangular, lower", Triangular::lower($mat!(s.tri, 3, 3)), |l| s.lower(l);
                    solve det diag pow exp log lu;
                    TRIANGULAR;
                "Triangular, upper", Triangular::upper($mat!(s.tri, 3, 3)), |l| s.upper(l);
                    solve det diag pow exp log lu;
                    but(TRIANGULAR, [(5, "-; itself")]);
                "Permutation", Permutation::<T, _>::new($indices!(ORDER)), |l| permutation(l);
                    solve det diag pow exp log lu;
                    [
                        "inverse permutation", "parity of the cycles", "fixed points", "-",
                        "circulants on the cycles", "-; itself",
                    ];
                "Kron", Kron::new($mat!(s.g2, 2, 2), $mat!(s.g3, 3, 3)), |l| kron(&lane(&s.g2, l), &lane(&s.g3, l));
                    solve det diag exp lu;
                    [
                        "factor by factor", "powers n/n_i of the determinants",
                        "product of the traces; kron of the diagonals", "-",
                        "-; base: scaling and squaring with Padé; -", "-; factor by factor",
                    ];
                "Kron, PSD factors", Kron::new(Psd::new($mat!(s.p2, 2, 2)), Psd::new(Diagonal::new($vec!(s.plus, 3)))),
                    |l| s.kron_p(l);
                    solve det diag eigh pow exp log chol lu;
                    [
                        "factor by factor", "powers n/n_i of the determinants",
                        "product of the traces; kron of the diagonals", "factor by factor",
                        "factor by factor; by the eigen-decomposition", "factor by factor",
                    ];
                "BlockDiag", BlockDiag::new($mat!(s.g2, 2, 2), $mat!(s.g3, 3, 3)),
                    |l| block(&lane(&s.g2, l), &lane(&s.g3, l));
                    solve det diag exp lu;
                    ["blockwise", "blockwise", "blockwise", "-", "-; blockwise; -", "-; blockwise"];
                "BlockDiag, PSD blocks", BlockDiag::new(Psd::new($mat!(s.p2, 2, 2)), Psd::new($mat!(s.p3, 3, 3))),
                    |l| block(&lane(&s.p2, l), &lane(&s.p3, l));
                    solve det diag eigh pow exp log chol lu;
                    ["blockwise"; 6];
                "Repeat, PSD block", Repeat::<_, 2>::new(Psd::new($mat!(s.p3, 3, 3))),
                    |l| block(&lane(&s.p3, l), &lane(&s.p3, l));
                    solve det diag eigh pow exp log chol lu;
                    ["blockwise, one block for all"; 6];
                "Product, square factors", Product::new($mat!(s.g3, 3, 3), $mat!(s.tri, 3, 3)), |l| s.prod(l);
                    solve det diag exp lu;
                    but(BASE, [
                        (0, "factor by factor, reversed"), (1, "product of the determinants"),
                        (2, "sums of products of diagonals"),
                    ]);
                "Gram X X^H", Gram::new($mat!(s.w, 3, 5)),
                    |l| times(&lane(&s.w, l), &lane(&s.w, l).adjoint());
                    solve det diag eigh pow exp log chol lu;
                    GRAM;
                "Gram X X^H, tall", Gram::new($mat!(s.tall, 5, 3)),
                    |l| times(&lane(&s.tall, l), &lane(&s.tall, l).adjoint());
                    det diag eigh exp lu pow0 log0;
                    but(GRAM, [
                        (0, "-"), (1, "zero: the factor is tall"), (3, "r x r core in the range of the factor"), (4, "by the eigen-decomposition"),
                        (5, "-; base: LU with partial pivoting"),
                    ]);
                "LowRank", LowRank::new($mat!(s.tall, 5, 3), $mat!(s.tall2, 5, 3)),
                    |l| times(&lane(&s.tall, l), &lane(&s.tall2, l).adjoint());
                    det diag exp lu;
                    LOW_RANK;
                "LowRank, promised PSD", Psd::new(LowRank::new($mat!(s.tall, 5, 3), $mat!(s.tall, 5, 3))),
                    |l| times(&lane(&s.tall, l), &lane(&s.tall, l).adjoint());
                    det diag eigh exp lu pow0;
                    but(LOW_RANK, [
                        (3, "r x r core in the range"), (4, "by the eigen-decomposition; I + U phi(V^H U) V^H; -"),
                    ]);
                "Projection", Projection::new($mat!(s.q2, 3, 2)), |l| times(&lane(&s.q2, l), &lane(&s.q2, l).adjoint());
                    det diag eigh exp lu pow0;
                    [
                        "-", "zero, or one of full rank", "the rank; row norms", "ones and zeros, reflections",
                        "itself; I + (e - 1) P; -", "-; base: LU with partial pivoting",
                    ];
                "LowRank + c I",
                    LowRankShift::<_, NonNegative>::try_new(
                        LowRank::new($mat!(s.tall, 5, 3), $mat!(s.tall2, 5, 3)), T::of(7.0)).unwrap(),
                    |l| times(&lane(&s.tall, l), &lane(&s.tall2, l).adjoint()) + Ref::identity(5, 5) * C::from(7.0);
                    solve det diag exp lu;
                    but(UPDATE, [(4, "-; e^c (I + P phi(Q^H P) Q^H); -")]);
                "Gram X X^H, tall, + c I, c >= 0", dsl::add(Gram::new($mat!(s.tall, 5, 3)), dsl::I),
                    |l| times(&lane(&s.tall, l), &lane(&s.tall, l).adjoint()) + Ref::identity(5, 5);
                    solve det diag eigh pow exp log chol lu;
                    but(UPDATE, [
                        (3, "c + that of the low rank"),
                        (4, "by the eigen-decomposition; e^c (I + P phi(Q^H P) Q^H); by the eigen-decomposition"),
                        (5, "base: Cholesky; base: LU with partial pivoting"),
                    ]);
                "LowRankUpdate of Diagonal",
                    LowRankUpdate::new(Diagonal::new($vec!(s.plus, 3)), LowRank::new($mat!(s.a31, 3, 1), $mat!(s.d, 3, 1))),
                    |l| diag(&lane(&s.plus, l)) + times(&lane(&s.a31, l), &lane(&s.d, l).adjoint());
                    solve det diag exp lu;
                    UPDATE;
                "LowRankUpdate of Kron by a Gram matrix, PSD",
                    LowRankUpdate::new(
                        Kron::new(Psd::new($mat!(s.p2, 2, 2)), Psd::new(Diagonal::new($vec!(s.plus, 3)))),
                        Gram::new($mat!(s.a62, 6, 2)),
                    ),
                    |l| s.kron_p(l) + times(&lane(&s.a62, l), &lane(&s.a62, l).adjoint());
                    solve det diag eigh pow exp log chol lu;
                    but(BASE_PSD, [
                        (0, "Woodbury"), (1, "determinant lemma"), (2, "sum of the traces; sum of the diagonals"),
                    ]);
                "Congruence X A X^H, PSD core", Congruence::new($mat!(s.w, 3, 5), Psd::new($mat!(s.p5, 5, 5))),
                    |l| times(&times(&lane(&s.w, l), &lane(&s.p5, l)), &lane(&s.w, l).adjoint());
                    solve det diag eigh pow exp log chol lu;
                    but(BASE_PSD, [
                        (2, "rows of the factors"), (3, "Hermitian eigh of the product"), (4, "by the eigen-decomposition"),
                    ]);
                "Congruence X A X^H, tall", Congruence::new($mat!(s.tall, 5, 3), Psd::new($mat!(s.small3, 3, 3))),
                    |l| times(&times(&lane(&s.tall, l), &lane(&s.small3, l)), &lane(&s.tall, l).adjoint());
                    det diag eigh exp lu pow0 log0;
                    [
                        "-", "zero: the factor is tall", "rows of the factors", "r x r core in the range of the factor",
                        "by the eigen-decomposition", "-; base: LU with partial pivoting",
                    ];
                "Sum", Sum::new($mat!(s.g3, 3, 3), Diagonal::new($vec!(s.d, 3))),
                    |l| lane(&s.g3, l) + diag(&lane(&s.d, l));
                    solve det diag exp lu;
                    but(BASE, [(2, "sum of the traces; sum of the diagonals")]);
                "Sum, PSD", Sum::new(Psd::new($mat!(s.p3, 3, 3)), Psd::new(Diagonal::new($vec!(s.plus, 3)))),
                    |l| s.sum_p(l);
                    solve det diag eigh pow exp log chol lu;
                    but(BASE_PSD, [(2, "sum of the traces; sum of the diagonals")]);
                "Powi", Powi::<_, 2>::new($mat!(s.tri, 3, 3)), |l| power(&lane(&s.tri, l), 2);
                    solve det diag exp lu;
                    but(BASE, [(0, "N solves with the base"), (1, "N times that of the base")]);
                "Scaled", Scaled::<_, _, NonNegative>::signed(s.c, Dense::new($mat!(s.g3, 3, 3))), |l| lane(&s.g3, l) * read(s.c, l);
                    solve det diag exp lu;
                    ["1/c times", "c^n times", "c times", "-", "-; base: scaling and squaring with Padé; -", "-; c times"];
                "Scaled, c >= 0, PSD", Scaled::<_, _, NonNegative>::signed(s.c, Psd::new($mat!(s.p3, 3, 3))),
                    |l| lane(&s.p3, l) * read(s.c, l);
                    solve det diag eigh pow exp log chol lu;
                    [
                        "1/c times", "c^n times", "c times", "c w", "c^p times; by the eigen-decomposition",
                        "sqrt(c) times; c times",
                    ];
                "Sliced, principal, PSD",
                    Sliced::try_principal(Psd::new($mat!(s.p5, 5, 5)), $indices!([4usize, 0, 2])).unwrap(),
                    |l| DMatrix::from_fn(3, 3, |i, j| lane(&s.p5, l)[([4, 0, 2][i], [4, 0, 2][j])]);
                    solve det diag eigh pow exp log chol lu;
                    but(BASE_PSD, [(2, "slice of the diagonal")]);
                "HStack", HStack::new($mat!(s.a31, 3, 1), $mat!(s.a32, 3, 2)), |l| lane(&s.g3, l);
                    solve det diag exp lu;
                    but(BASE, [(2, "blockwise")]);
                "Blocks, A with a cheap inverse",
                    Blocks::new(Diagonal::new($vec!(s.plus, 3)), $mat!(s.a31, 3, 1), $mat!(s.a13, 1, 3), $mat!(s.a11, 1, 1)),
                    |l| blocks(&diag(&lane(&s.plus, l)), &lane(&s.a31, l), &lane(&s.a13, l), &lane(&s.a11, l));
                    solve det diag exp lu;
                    SCHUR;
                "Blocks, D with a cheap inverse, promised PSD",
                    Psd::new(Blocks::new($mat!(s.p2, 2, 2), $mat!(s.b23, 2, 3), $mat!(s.b32, 3, 2), Psd::new(Diagonal::new($vec!(s.plus, 3))))),
                    |l| blocks(&lane(&s.p2, l), &lane(&s.b23, l), &lane(&s.b32, l), &diag(&lane(&s.plus, l)));
                    solve det diag eigh pow exp log chol lu;
                    but(BASE_PSD, [
                        (0, "Schur complement"), (1, "Schur complement"), (2, "sum of the traces; blockwise"),
                    ]);
                "Blocks, no cheap inverse", Blocks::new($mat!(s.g2, 2, 2), $mat!(s.b23, 2, 3), $mat!(s.a32, 3, 2), $mat!(s.g3, 3, 3)),
                    |l| blocks(&lane(&s.g2, l), &lane(&s.b23, l), &lane(&s.a32, l), &lane(&s.g3, l));
                    solve det diag exp lu;
                    but(BASE, [(2, "sum of the traces; blockwise")]);
                "Hadamard", Hadamard::new($mat!(s.g3, 3, 3), $mat!(s.tri, 3, 3)),
                    |l| lane(&s.g3, l).component_mul(&lane(&s.tri, l));
                    solve det diag exp lu;
                    but(BASE, [(2, "product of the diagonals")]);
                "Hadamard, PSD", Hadamard::new(Psd::new($mat!(s.small3, 3, 3)), Psd::new($mat!(s.small3, 3, 3))),
                    |l| lane(&s.small3, l).component_mul(&lane(&s.small3, l));
                    solve det diag eigh pow exp log chol lu;
                    but(BASE_PSD, [(2, "product of the diagonals")]);
                "Transpose", Transpose::new($mat!(s.g3, 3, 3)), |l| lane(&s.g3, l).transpose();
                    solve det diag exp lu;
                    [
                        "transpose of", "transpose of", "transpose of", "-", "-; transpose of; -",
                        "-; base: LU with partial pivoting",
                    ];
                "Transpose, PSD", Transpose::new(Psd::new($mat!(s.p3, 3, 3))), |l| lane(&s.p3, l).transpose();
                    solve det diag eigh pow exp log chol lu;
                    [
                        "transpose of", "transpose of", "transpose of", "transpose of", "transpose of",
                        "transpose of; base: LU with partial pivoting",
                    ];
                "Function", function(&s.g3).fixed::<$space!(3), $space!(3)>(), |l| lane(&s.g3, l);
                    solve det diag exp lu;
                    BASE;
                "Spectral (sqrt of Dense, PSD)", Psd::new($mat!(s.p3, 3, 3)).sqrt().unwrap(),
                    |l| spectral(&lane(&s.p3, l), f64::sqrt);
                    solve det diag eigh pow exp log chol lu;
                    [
                        "elementwise on the eigenvalues", "from the eigenvalues",
                        "sum of the eigenvalues; base: read off n applications",
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
            let samples = Samples::<T>::new();
            rows! { t, &samples; s: Samples<T>, [T: Number] [::<T>] $also;
                "Dense, isometric", Isometric::new($mat!(s.q, 3, 3)), |l| lane(&s.q, l);
                    solve det diag exp lu;
                    DENSE;
                "&A (of Dense, PSD)", &Psd::new($mat!(s.p3, 3, 3)), |l| lane(&s.p3, l);
                    solve det diag eigh pow exp log chol lu;
                    DENSE_PSD;
                "Diagonal, self-adjoint", SelfAdjoint::new(Diagonal::new($vec!(s.plus, 3))),
                    |l| diag(&lane(&s.plus, l));
                    solve det diag eigh pow exp log lu;
                    but(DIAGONAL, [(5, "-; itself")]);
                "Kron, promised PSD",
                    Psd::new(Kron::new(Psd::new($mat!(s.p2, 2, 2)), Psd::new(Diagonal::new($vec!(s.plus, 3))))),
                    |l| s.kron_p(l);
                    solve det diag eigh pow exp log chol lu;
                    [
                        "factor by factor", "powers n/n_i of the determinants",
                        "product of the traces; kron of the diagonals", "factor by factor",
                        "factor by factor; by the eigen-decomposition", "factor by factor",
                    ];
                "Product, rectangular factors", Product::new($mat!(s.w, 3, 5), $mat!(s.tall, 5, 3)),
                    |l| times(&lane(&s.w, l), &lane(&s.tall, l));
                    solve det diag exp lu;
                    but(BASE, [(2, "sums of products of diagonals")]);
                "SumOf, PSD", SumOf::new([Psd::new($mat!(s.p3, 3, 3)), Psd::new($mat!(s.p3, 3, 3))]),
                    |l| lane(&s.p3, l) * C::from(2.0);
                    solve det diag eigh pow exp log chol lu;
                    but(BASE_PSD, [(2, "sum of the diagonals")]);
                "KronOf, PSD factors", KronOf::new([Psd::new($mat!(s.p2, 2, 2)), Psd::new($mat!(s.p2, 2, 2))]),
                    |l| kron(&lane(&s.p2, l), &lane(&s.p2, l));
                    solve det diag eigh pow exp log chol lu;
                    [
                        "factor by factor", "powers n/n_i of the determinants",
                        "product of the traces; kron of the diagonals", "factor by factor",
                        "factor by factor; by the eigen-decomposition", "base: Cholesky; base: LU with partial pivoting",
                    ];
                "BlockDiagOf, PSD blocks", BlockDiagOf::new([Psd::new($mat!(s.p3, 3, 3)), Psd::new($mat!(s.small3, 3, 3))]),
                    |l| block(&lane(&s.p3, l), &lane(&s.small3, l));
                    solve det diag eigh pow exp log chol lu;
                    [
                        "blockwise", "blockwise", "blockwise", "blockwise", "blockwise",
                        "blockwise; base: LU with partial pivoting",
                    ];
                "ProductOf", ProductOf::new([Dense::new($mat!(s.g3, 3, 3)), Dense::new($mat!(s.tri, 3, 3))]), |l| s.prod(l);
                    solve det diag exp lu;
                    but(BASE, [(0, "part by part, reversed"), (1, "product of the determinants")]);
                "Powi, PSD", Powi::<_, 2>::new(Psd::new($mat!(s.p2, 2, 2))), |l| power(&lane(&s.p2, l), 2);
                    solve det diag eigh pow exp log chol lu;
                    [
                        "N solves with the base", "N times that of the base", "base: read off n applications",
                        "w^N of the base",
                        "by the eigen-decomposition; base: by the eigen-decomposition; by the eigen-decomposition",
                        "base: Cholesky; base: LU with partial pivoting",
                    ];
                "Sliced",
                    Sliced::try_new(Dense::new($mat!(s.g5, 5, 5)), $indices!([0usize, 1, 2]), $indices!([0usize, 2, 4])).unwrap(),
                    |l| DMatrix::from_fn(3, 3, |i, j| lane(&s.g5, l)[(i, 2 * j)]);
                    solve det diag exp lu;
                    but(BASE, [(2, "slice of the diagonal")]);
                "VStack", VStack::new($mat!(s.a13, 1, 3), $mat!(s.a23, 2, 3)), |l| lane(&s.g3, l);
                    solve det diag exp lu;
                    but(BASE, [(2, "blockwise")]);
                "Adjoint", Adjoint::new($mat!(s.g3, 3, 3)), |l| lane(&s.g3, l).adjoint();
                    solve det diag exp lu;
                    [
                        "adjoint of", "adjoint of", "adjoint of", "-", "-; adjoint of; -",
                        "-; base: LU with partial pivoting",
                    ];
                "Adjoint, PSD", Adjoint::new(Psd::new($mat!(s.p3, 3, 3))), |l| lane(&s.p3, l).adjoint();
                    solve det diag eigh pow exp log chol lu;
                    [
                        "adjoint of", "adjoint of", "adjoint of", "adjoint of", "adjoint of",
                        "adjoint of; base: LU with partial pivoting",
                    ];
                "Conj, PSD", Conj::new(Psd::new($mat!(s.p3, 3, 3))), |l| lane(&s.p3, l).conjugate();
                    solve det diag eigh pow exp log chol lu;
                    [
                        "conjugate of", "conjugate of", "conjugate of", "conjugate of", "conjugate of",
                        "conjugate of; base: LU with partial pivoting",
                    ];
                "Function, PSD", psd_function(&s.p3).fixed::<$space!(3), $space!(3)>(), |l| lane(&s.p3, l);
                    solve det diag eigh pow exp log chol lu;
                    BASE_PSD;
                "Factored (inverse of Dense)", Dense::new($mat!(s.g3, 3, 3)).inv().unwrap(),
                    |l| inverse(&lane(&s.g3, l));
                    solve det diag exp lu;
                    but(BASE, [(0, "undone: rebuilt from the factors"), (1, "from LU with partial pivoting")]);
                "Factored (inverse of Dense, PSD)", Psd::new($mat!(s.p3, 3, 3)).inv().unwrap(),
                    |l| inverse(&lane(&s.p3, l));
                    solve det diag eigh pow exp log chol lu;
                    but(BASE_PSD, [(0, "undone: rebuilt from the factors"), (1, "from LDL^H")]);
                "BaseInverse (inverse of Sum, PSD)",
                    Sum::new(Psd::new($mat!(s.p3, 3, 3)), Psd::new(Diagonal::new($vec!(s.plus, 3)))).inv().unwrap(),
                    |l| inverse(&s.sum_p(l));
                    solve det diag eigh pow exp log chol lu;
                    but(BASE_PSD, [(0, "undone: rebuilt from the factors"), (1, "from LDL^H")]);
                "Undone (and back)",
                    Sum::new(Psd::new($mat!(s.p3, 3, 3)), Psd::new(Diagonal::new($vec!(s.plus, 3))))
                        .inv().unwrap().inv().unwrap(),
                    |l| s.sum_p(l);
                    solve det diag eigh pow exp log chol lu;
                    BASE_PSD;
                "ProductInverse", Product::new($mat!(s.g3, 3, 3), $mat!(s.tri, 3, 3)).inv().unwrap(),
                    |l| inverse(&s.prod(l));
                    solve det diag exp lu;
                    BASE;
                "TriangularInverse", Triangular::lower($mat!(s.tri, 3, 3)).inv().unwrap(), |l| inverse(&s.lower(l));
                    solve det diag exp lu;
                    but(BASE, [(0, "undone: the triangle"), (1, "product of the diagonal")]);
                "CycleFunction (exp of Permutation)", Permutation::<T, _>::new($indices!(ORDER)).exp().unwrap(),
                    |l| exponential(&permutation(l));
                    solve det diag exp lu;
                    BASE;
            }
        }
    };
}
macro_rules! static_mat {
    ($m:expr, $r:literal, $c:literal) => {
        SMatrix::<T, $r, $c>::from_fn(|i, j| $m[(i, j)])
    };
}
macro_rules! static_vec {
    ($m:expr, $r:literal) => {
        SMatrix::<T, $r, 1>::from_fn(|i, _| $m[(i, 0)])
    };
}
macro_rules! static_indices {
    ($x:expr) => {
        $x
    };
}
macro_rules! static_space {
    ($n:literal) => {
        Const<$n>
    };
}
macro_rules! dynamic_mat {
    ($m:expr, $r:literal, $c:literal) => {
        $m.clone()
    };
}
macro_rules! dynamic_vec {
    ($m:expr, $r:literal) => {
        $m.column(0).into_owned()
    };
}
macro_rules! dynamic_indices {
    ($x:expr) => {
        $x.to_vec()
    };
}
macro_rules! dynamic_space {
    ($n:literal) => {
        Dyn
    };
}
structures!(on_arrays, static_mat, static_vec, static_indices, static_space, []);
structures!(on_the_heap, dynamic_mat, dynamic_vec, dynamic_indices, dynamic_space, [eig svd pinv]);
variants!(variants_on_arrays, static_mat, static_vec, static_indices, static_space, []);
variants!(variants_on_the_heap, dynamic_mat, dynamic_vec, dynamic_indices, dynamic_space, [eig svd pinv]);

fn product<T: Scalar>(m: DMatrix<T>) -> impl Fn(&[T], &mut [T]) + Clone {
    move |x, y| (0..y.len()).for_each(|i| y[i] = (0..x.len()).fold(T::zero(), |s, j| s + m[(i, j)] * x[j]))
}
/// A matrix known by what it does.
fn function<T: Scalar>(
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
    ($name:ident, $T:ty; $($eigh:ident)*; $($chol:ident)*; $diagonal:expr; $powered:expr) => {
        pub fn $name(t: &mut Table) {
            type T = $T;
            let samples = Samples::<T>::new();
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
by_scalar!(real_rows, f64; eigh; chol; but(DIAGONAL, [(5, "-; itself")]); DIAGONAL);
by_scalar!(complex_rows, C; ; ; but(DIAGONAL, [(3, "-"), (5, "-; itself")]); but(DIAGONAL, [(3, "-"), (5, "-; itself")]));
pub fn gram_transpose(t: &mut Table) {
    let samples = (Samples::<f64>::new(), Samples::<C>::new());
    rows! { t, &samples; s: (Samples<f64>, Samples<C>), [] [] [eig svd pinv];
        "Gram X X^T, real", Gram::<_, ByTranspose>::of_kind(s.0.w.clone()),
            |l| times(&lane(&s.0.w, l), &lane(&s.0.w, l).transpose());
            solve det diag eigh pow exp log chol lu;
            GRAM;
        "Gram X X^T, complex", Gram::<_, ByTranspose>::of_kind(s.1.w.clone()),
            |l| times(&lane(&s.1.w, l), &lane(&s.1.w, l).transpose());
            solve det diag exp lu;
            but(BASE, [(2, "rows of the factor")]);
    }
}
