//! Rectangular operators: what is defined for them, against the dense matrix, and what is not, which is an error with both sizes.

use super::check::*;
use super::market::*;
use super::*;
use nalgebra::{DMatrix, SMatrix};
use nalgebra_sparse::{CscMatrix, CsrMatrix};

macro_rules! rectangular {
    ($t:ident, $samples:expr, $s:ident: $S:ty; $($row:literal, $a:expr, $matrix:expr; $($f:ident)*;)*) => {
        $( {
            fn row($s: &$S, _: &mut Table) {
                let _ = $s;
                let operator = $a;
                let case = Case::new(&operator, &$matrix);
                case.apply();
                case.bands();
                case.svd();
                case.pinv();
                $( case.$f(); )*
            }
            $t.attempt($row, $samples, row);
        } )*
    };
}
macro_rules! by_scalar {
    ($name:ident, $T:ty) => {
        pub fn $name(t: &mut Table) {
            type T = $T;
            let samples = Samples::<T>::of(t.size);
            rectangular! { t, &samples, s: Samples<T>;
                "Dense, tall", Dense::new(s.tall.clone()), |l| lane(&s.tall, l); refused unsolved;
                "Dense, wide", Dense::new(s.w.clone()), |l| lane(&s.w, l); refused unsolved;
                "&A", &Dense::new(s.w.clone()), |l| lane(&s.w, l); refused unsolved;
                "Kron", Kron::new(s.tall.clone(), s.b23.clone()), |l| kron(&lane(&s.tall, l), &lane(&s.b23, l)); refused unsolved;
                "Kron, a square factor", Kron::new(s.g2.clone(), s.w.clone()), |l| kron(&lane(&s.g2, l), &lane(&s.w, l)); refused unsolved;
                "BlockDiag", BlockDiag::new(s.tall.clone(), s.b23.clone()), |l| block(&lane(&s.tall, l), &lane(&s.b23, l)); refused unsolved;
                "Repeat", Repeat::<_, 2>::new(Dense::new(s.w.clone())), |l| block(&lane(&s.w, l), &lane(&s.w, l)); refused unsolved;
                "Product", Product::new(s.tall.clone(), s.x32.clone()), |l| times(&lane(&s.tall, l), &lane(&s.x32, l)); refused unsolved;
                "Sum", Sum::new(s.tall.clone(), s.tall2.clone()), |l| lane(&s.tall, l) + lane(&s.tall2, l); refused unsolved;
                "Scaled", Scaled::new(s.c, Dense::new(s.tall.clone())), |l| lane(&s.tall, l) * read(s.c, l); refused unsolved;
                "HStack", HStack::new(s.g3.clone(), s.w.clone()), |l| {
                        let (a, b) = (lane(&s.g3, l), lane(&s.w, l));
                        blocks(&a, &b, &Ref::zeros(0, a.ncols()), &Ref::zeros(0, b.ncols()))
                    }; refused unsolved;
                "VStack", VStack::new(s.w.clone(), s.g5.clone()), |l| {
                        let (a, b) = (lane(&s.w, l), lane(&s.g5, l));
                        blocks(&a, &Ref::zeros(a.nrows(), 0), &b, &Ref::zeros(b.nrows(), 0))
                    }; refused unsolved;
                "Sliced", Sliced::try_new(Dense::new(s.g5.clone()), vec![4, 0, 2], 1..3).unwrap(),
                    |l| DMatrix::from_fn(3, 2, |i, j| lane(&s.g5, l)[([4, 0, 2][i], j + 1)]); refused unsolved;
                "Transpose", Transpose::new(s.w.clone()), |l| lane(&s.w, l).transpose(); refused unsolved;
                "Adjoint", Adjoint::new(s.w.clone()), |l| lane(&s.w, l).adjoint(); refused unsolved;
                "Conj", Conj::new(s.w.clone()), |l| lane(&s.w, l).conjugate(); refused unsolved;
                "Triangular, lower", Triangular::lower(s.tall.clone()), |l| lane(&s.tall, l).lower_triangle(); refused unsolved;
                "Triangular, upper", Triangular::upper(s.w.clone()), |l| lane(&s.w, l).upper_triangle(); refused unsolved;
                "Hadamard", Hadamard::new(s.tall.clone(), s.tall2.clone()),
                    |l| lane(&s.tall, l).component_mul(&lane(&s.tall2, l)); refused unsolved;
                "SumOf", SumOf::new(vec![Dense::new(s.tall.clone()), Dense::new(s.tall2.clone())]),
                    |l| lane(&s.tall, l) + lane(&s.tall2, l); refused unsolved;
                "ProductOf", ProductOf::new(vec![Dense::new(s.w.clone()), Dense::new(s.tall.clone()), Dense::new(s.x32.clone())]),
                    |l| times(&times(&lane(&s.w, l), &lane(&s.tall, l)), &lane(&s.x32, l)); refused unsolved;
                "KronOf", KronOf::new(vec![Dense::new(s.x32.clone()), Dense::new(s.g2.clone())]),
                    |l| kron(&lane(&s.x32, l), &lane(&s.g2, l)); refused unsolved;
                "BlockDiagOf", BlockDiagOf::new(vec![Dense::new(s.w.clone()), Dense::new(s.g2.clone())]),
                    |l| block(&lane(&s.w, l), &lane(&s.g2, l)); refused unsolved;
                "Blocks", Blocks::new(s.x32.clone(), s.w.clone(), s.g2.clone(), s.w.rows(0, 2).into_owned()), |l| {
                        let w = lane(&s.w, l);
                        blocks(&lane(&s.x32, l), &w, &lane(&s.g2, l), &w.rows(0, 2).into_owned())
                    }; refused unsolved;
                "LowRank", LowRank::new(s.a52.clone(), s.x32.clone()), |l| times(&lane(&s.a52, l), &lane(&s.x32, l).adjoint()); refused;
                "Zero", Zero::<T, _, _>::new(3, 5), |_| Ref::zeros(3, 5); refused;
                "Toeplitz", Toeplitz::new(s.grid.column(0).into_owned(), s.three.column(0).into_owned()),
                    |l| toeplitz(&lane(&s.grid, l), &lane(&s.three, l)); refused unsolved;
                "Sparse rows", Sparse::new(CsrMatrix::from(&s.tall)), |l| lane(&s.tall, l); refused unsolved;
                "Sparse columns", Sparse::new(CscMatrix::from(&s.w)), |l| lane(&s.w, l); refused unsolved;
                "Function", function(&s.tall), |l| lane(&s.tall, l); refused unsolved;
                "Boxed", Dense::new(s.tall.clone()).boxed(), |l| lane(&s.tall, l); refused unsolved;
                // static: what is refused there is refused by the compiler
                "Dense, static", Dense::new(SMatrix::<T, 5, 3>::from_fn(|i, j| s.tall[(i, j)])), |l| lane(&s.tall, l);;
                "Kron, static",
                    Kron::new(SMatrix::<T, 3, 2>::from_fn(|i, j| s.x32[(i, j)]), SMatrix::<T, 1, 2>::from_fn(|_, j| s.g2[(0, j)])),
                    |l| kron(&lane(&s.x32, l), &lane(&s.g2, l).rows(0, 1).into_owned());;
            }
        }
    };
}
by_scalar!(real_rows, f64);
by_scalar!(complex_rows, C);
by_scalar!(float_rows, f32);
by_scalar!(lane_rows, Lanes<f64, 4>);
