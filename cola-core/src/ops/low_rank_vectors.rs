//! Eigenvectors of an operator of low rank that is not self-adjoint.

use crate::algorithms::dense as kernels;
use crate::data::{Column, Held, MatrixData, Panel};
use crate::error::{Error, Result, check};
use crate::facts::NoFacts;
use crate::functions::EigFactors;
use crate::functions::base::square;
use crate::functions::eig::{Cx, dense_eig};
use crate::operator::short::{Ro, Sc};
use crate::operator::{LinearOperator, Update, operator, with_scratch};
use crate::ops::RangeBasis;
use crate::ops::low_rank::{LowRankFactors, compressed, product_of, rank_plan};
use crate::plan::{Explain, Plan, Question, base};
use crate::scalar::Scalar;
use crate::space::{Dyn, Space};
use crate::view::{View, ViewMut};
use num_traits::Zero;

/// \[Q_P Z, Q_Q\[:, r..\]\]: the eigenvectors of P Q^H with r columns in P and Q, in O(n r) numbers. Z are those of the r x r core
/// R Q^H Q_P with P = Q_P R; the last n - r columns are orthogonal to Q, so that their eigenvalue is 0. N: the index set of the n rows, R:
/// that of the rank.
pub struct LowRankVectors<T: Scalar, N: Space, R: Space> {
    range: Panel<T::Complex, N, Dyn>,
    r: usize,
    rest: RangeBasis<T, N, R>,
    n: usize,
}
impl<T: Scalar, N: Space, R: Space> Clone for LowRankVectors<T, N, R> {
    fn clone(&self) -> Self {
        LowRankVectors { range: self.range.clone(), r: self.r, rest: self.rest.clone(), n: self.n }
    }
}
impl<T: Scalar, N: Space, R: Space> core::fmt::Debug for LowRankVectors<T, N, R> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "LowRankVectors({} x {}, rank {})", self.n, self.n, self.r)
    }
}
operator!([T: Scalar, N: Space, R: Space] LowRankVectors<T, N, R> {
    scalar T::Complex; facts NoFacts; rows N; cols N; nrows |s| s.n; ncols s.n;
});
/// z <- V z, or V^H z, with a real or complex V on complex numbers: the parts one after the other.
fn reflect<T: Scalar, N: Space, R: Space>(v: &RangeBasis<T, N, R>, adjoint: bool, z: &mut [T::Complex]) {
    with_scratch(2 * z.len(), |s: &mut [T]| {
        let (re, im) = s.split_at_mut(z.len());
        for (k, z) in z.iter().enumerate() {
            (re[k], im[k]) = (T::from_re(z.re()), T::from_re(z.im()));
        }
        v.reflect(adjoint, re);
        v.reflect(adjoint, im);
        let i = T::Complex::of(-1.0).sqrt();
        for (k, z) in z.iter_mut().enumerate() {
            *z = re[k].to_complex() + i * im[k].to_complex();
        }
    })
}
impl<T: Scalar, N: Space, R: Space> LinearOperator for LowRankVectors<T, N, R> {
    fn act(
        &self,
        how: Update<T::Complex>,
        x: View<'_, T::Complex>,
        mut y: ViewMut<'_, T::Complex>,
        s: &mut [T::Complex],
    ) {
        let (n, r, range) = (self.n, self.r, self.range.view());
        let out = &mut s[..n];
        for c in 0..x.cols {
            if how.adjoint {
                (0..n).for_each(|i| out[i] = x.at(i, c));
                if r < n {
                    reflect(&self.rest, true, out);
                }
                for k in 0..r {
                    out[k] = (0..n).fold(T::Complex::of(0.0), |s, i| s.add_mul(range.at(i, k).conj(), x.at(i, c)));
                }
            } else {
                (0..n).for_each(|i| out[i] = if i < r { T::Complex::of(0.0) } else { x.at(i, c) });
                if r < n {
                    reflect(&self.rest, false, out);
                }
                for k in 0..r {
                    (0..n).for_each(|i| out[i] = out[i].add_mul(range.at(i, k), x.at(k, c)));
                }
            }
            (0..n).for_each(|i| how.write(y.at(i, c), out[i]));
        }
    }
    fn scratch_len(&self, _: usize) -> usize {
        self.n
    }
}
crate::base_rules!([T: Scalar, N: Space, R: Space] LowRankVectors<T, N, R>);
impl<T: Scalar, N: Space, R: Space> Explain for LowRankVectors<T, N, R> {
    fn plan<K: crate::facts::Facts>(&self, question: Question) -> Plan {
        match question {
            Question::Apply => rank_plan("the range, and reflections", "6nr", self.n, self.r),
            _ => base::<K, Self>(self, question),
        }
    }
}
/// The eigenvalues of an r x r core and n - r zeros; of the n x n product where the rank is not small.
///
/// Cost: O(n r^2 + r^3).
///
/// # Errors
/// `NotConverged`, `NonFinite`, `ShapeMismatch`.
pub(crate) fn low_rank_eig<L: LowRankFactors>(
    a: &L,
) -> Result<EigFactors<LowRankVectors<Sc<L>, Ro<L>, <L as LowRankFactors>::Rank>>> {
    square("eig", a)?;
    let (n, c) = (a.nrows(), a.weight());
    a.with_factors(|p, q| {
        check::<Sc<L>>(p.finite() & q.finite() & c.finite(), |_| Error::non_finite("the low-rank factors"))?;
        let mut values = Column::filled(n, Cx::<L>::zero());
        if p.cols >= n {
            let mut m = Held::<Sc<L>, Ro<L>>::filled(n, Sc::<L>::zero());
            product_of(c, p, q, m.view_mut());
            let (v, w) = dense_eig::<NoFacts, _, _>(m)?.into_parts();
            values.copy_from_slice(&w);
            let none = RangeBasis::range(View::matrix(&[], n, 0)).0;
            return Ok(EigFactors::from_parts(
                LowRankVectors { range: Panel::copy(v.0.view()), r: n, rest: none, n },
                values,
            ));
        }
        let r = p.cols;
        let (basis, core) = compressed::<_, Ro<L>, L::Rank>(c, p, q);
        let mut z = vec![Cx::<L>::zero(); r * r];
        kernels::eig(r, core.as_slice(), &mut values[..r], &mut z)?;
        let mut range = Panel::<Cx<L>, Ro<L>, Dyn>::filled(n, r, Cx::<L>::zero());
        for (column, z) in range.as_mut_slice().chunks_exact_mut(n.max(1)).zip(z.chunks_exact(r.max(1))) {
            column[..r].copy_from_slice(z);
            reflect(&basis, false, column);
        }
        let rest = RangeBasis::range(q).0;
        Ok(EigFactors::from_parts(LowRankVectors { range, r, rest, n }, values))
    })
}

#[cfg(test)]
mod tests {
    use crate::ops::*;
    use crate::prelude::*;
    use crate::testing::{check_operator, market::general_matrix};
    use crate::{Error, Result};
    use nalgebra::DMatrix;

    fn residual<T: Scalar>(n: usize, r: usize) -> Result<()> {
        let a = LowRank::new(general_matrix::<T>(n, r), general_matrix::<T>(n, r).map(|x| x * x + T::of(0.5)));
        let e = a.eig()?;
        check_operator(e.eigenvectors()).expect("an operator");
        let (v, dense) = (e.eigenvectors().to_dense(), a.to_dense().map(|x| x.to_complex()));
        for j in 0..n {
            let w = e.eigenvalues()[j];
            for i in 0..n {
                let av = (0..n).fold(T::Complex::of(0.0), |s, k| s + dense[(i, k)] * v[(k, j)]);
                assert!((av - w * v[(i, j)]).abs().lane_f64(0) < 1e-11, "n = {n}, r = {r}, column {j}");
            }
        }
        assert!(e.condition()? < 1e6, "eigenvectors are independent");
        Ok(())
    }
    #[test]
    fn columns_are_eigenvectors() -> Result<()> {
        for (n, r) in [(1, 1), (5, 2), (7, 3), (3, 3), (3, 5), (6, 1)] {
            residual::<f64>(n, r)?;
            residual::<Complex<f64>>(n, r)?;
        }
        // of rank 0: every vector
        let none = LowRank::new(DMatrix::<f64>::zeros(3, 0), DMatrix::zeros(3, 0)).eig()?;
        assert!(none.eigenvalues().iter().all(|w| w.norm() == 0.0) && none.condition()? < 1.0 + 1e-14);
        // nilpotent: the core is zero
        let nilpotent = LowRank::new(nalgebra::matrix![1.0_f64; 0.0], nalgebra::matrix![0.0; 1.0]).eig()?;
        assert!(nilpotent.eigenvalues().iter().all(|w| w.norm() < 1e-15));
        let nan = LowRank::new(nalgebra::matrix![f64::NAN; 0.0], nalgebra::matrix![0.0; 1.0]);
        assert!(matches!(nan.eig(), Err(Error::NonFinite { .. })));
        Ok(())
    }
}
