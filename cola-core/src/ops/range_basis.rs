//! A unitary basis whose first columns span the range of a panel: r reflections and an r x r unitary matrix, O(n r) to apply.

use crate::algorithms::dense as kernels;
use crate::data::{Column, Held, MatrixData, Panel};
use crate::error::Result;
use crate::facts::{SelfAdjointFacts, UnitaryFacts};
use crate::functions::dense::dense_eigh;
use crate::functions::svd::DenseColumns;
use crate::operator::{LinearOperator, Update, operator};
use crate::ops::Spectral;
use crate::plan::{Explain, Plan, Question, base};
use crate::scalar::{Real, Scalar};
use crate::space::Space;
use crate::view::{View, ViewMut};
use num_traits::Zero;

/// H_1 .. H_r diag(W, I) with Householder reflections H_i: the eigenvectors of an operator of low rank, range first. N: the index set of
/// the n rows, R: that of the rank.
pub struct RangeBasis<T: Scalar, N: Space, R: Space> {
    reflections: Panel<T, N, R>,
    count: usize,
    /// W in the leading m x m entries.
    w: Held<T, R>,
    m: usize,
    n: usize,
}
impl<T: Scalar, N: Space, R: Space> Clone for RangeBasis<T, N, R> {
    fn clone(&self) -> Self {
        let (reflections, w) = (self.reflections.clone(), self.w.clone());
        RangeBasis { reflections, w, ..*self }
    }
}
impl<T: Scalar, N: Space, R: Space> core::fmt::Debug for RangeBasis<T, N, R> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "RangeBasis({} x {}, rank {})", self.n, self.n, self.m)
    }
}
operator!([T: Scalar, N: Space, R: Space] RangeBasis<T, N, R> {
    scalar T; facts UnitaryFacts; rows N; cols N; nrows |s| s.n; ncols s.n;
});
impl<T: Scalar, N: Space, R: Space> RangeBasis<T, N, R> {
    /// The basis of the range of p, n x r with r <= n, and R of p = Q R.
    pub(crate) fn range(p: View<'_, T>) -> (Self, Held<T, R>) {
        let (n, r) = (p.rows, p.cols);
        let (mut v, mut upper) = (Panel::<T, N, R>::copy(p), Held::<T, R>::filled(r, T::zero()));
        kernels::reflect(n, r, v.as_mut_slice(), upper.as_mut_slice());
        (RangeBasis { reflections: v, count: r, w: Held::identity(r), m: r, n }, upper)
    }
    /// The eigenvectors of Q diag(core, 0) Q^H, core self-adjoint up to rounding, with the eigenvalues.
    pub(crate) fn with_core(mut self, core: Held<T, R>) -> Result<Spectral<Self, SelfAdjointFacts>> {
        let (basis, values) = dense_eigh(symmetric(core))?.into_parts();
        self.w = basis.into_inner().0;
        let mut w = Column::filled(self.n, T::Re::zero());
        w[..self.m].copy_from_slice(&values);
        Ok(Spectral::from_parts(self, w))
    }
    /// The eigenvectors of an n x n matrix, where the panel has at least n columns.
    pub(crate) fn of_matrix(a: Held<T, N>) -> Result<Spectral<Self, SelfAdjointFacts>> {
        let n = a.n;
        let (basis, values) = dense_eigh(symmetric(a))?.into_parts();
        Ok(Self::of_vectors(View::matrix(basis.into_inner().0.as_slice(), n, n), &values))
    }
    /// The n x n unitary matrix v as a basis, with its eigenvalues.
    pub(crate) fn of_vectors(v: View<'_, T>, values: &[T::Re]) -> Spectral<Self, SelfAdjointFacts> {
        let n = v.rows;
        let mut w = Held::<T, R>::filled(n.max(R::EXTENT.or(0)), T::zero());
        for j in 0..n {
            (0..n).for_each(|i| w.set(i, j, v.at(i, j)));
        }
        let reflections = Panel::filled(0, 0, T::zero());
        let mut all = Column::filled(n, T::Re::zero());
        all.copy_from_slice(values);
        Spectral::from_parts(RangeBasis { reflections, count: 0, w, m: n, n }, all)
    }
    /// Q diag(W, I) with an m x m unitary W and the eigenvalues of its columns; the others are 0.
    pub(crate) fn with_vectors(mut self, w: View<'_, T>, values: &[T::Re]) -> Spectral<Self, SelfAdjointFacts> {
        for j in 0..self.m {
            (0..self.m).for_each(|i| self.w.set(i, j, w.at(i, j)));
        }
        let mut all = Column::filled(self.n, T::Re::zero());
        all[..self.m].copy_from_slice(values);
        Spectral::from_parts(self, all)
    }
    /// Q w: the columns of the range as w, r x k, combines them.
    pub(crate) fn columns(&self, w: &DenseColumns<T, crate::space::Dyn>) -> DenseColumns<T, N> {
        let w = w.0.0.view();
        let mut out = Panel::<T, N, crate::space::Dyn>::filled(self.n, w.cols, T::zero());
        for (c, x) in out.as_mut_slice().chunks_exact_mut(self.n.max(1)).enumerate() {
            (0..w.rows).for_each(|i| x[i] = w.at(i, c));
            self.reflect(false, x);
        }
        crate::ops::Isometric(crate::ops::Dense(out))
    }
    /// x <- H_1 .. H_r x, or the adjoint.
    pub(crate) fn reflect(&self, adjoint: bool, x: &mut [T]) {
        kernels::apply_reflections(self.n, self.count, self.reflections.as_slice(), adjoint, x)
    }
}
/// (A + A^H) / 2.
fn symmetric<T: Scalar, S: Space>(mut a: Held<T, S>) -> Held<T, S> {
    let half = T::Re::real(0.5);
    for j in 0..a.n {
        for i in 0..=j {
            let v = a.at(i, j).scale(half) + a.at(j, i).conj().scale(half);
            a.set(i, j, v);
            a.set(j, i, v.conj());
        }
    }
    a
}
impl<T: Scalar, N: Space, R: Space> LinearOperator for RangeBasis<T, N, R> {
    fn act(&self, how: Update<T>, x: View<'_, T>, mut y: ViewMut<'_, T>, s: &mut [T]) {
        let (m, n) = (self.m, self.n);
        let (buf, top) = s.split_at_mut(n);
        let top = &mut top[..m];
        let w = View::new(self.w.as_slice(), m, m, 1, self.w.n);
        for c in 0..x.cols {
            (0..n).for_each(|i| buf[i] = x.at(i, c));
            if how.adjoint {
                self.reflect(true, buf);
            }
            top.copy_from_slice(&buf[..m]);
            let w = if how.adjoint { w.transposed() } else { w };
            kernels::gemm(
                (<T as num_traits::One>::one(), false),
                how.adjoint,
                w,
                View::vector(top),
                ViewMut::vector(&mut buf[..m]),
            );
            if !how.adjoint {
                self.reflect(false, buf);
            }
            (0..n).for_each(|i| how.write(y.at(i, c), buf[i]));
        }
    }
    fn scratch_len(&self, _: usize) -> usize {
        self.n + self.m
    }
}
crate::base_rules!([T: Scalar, N: Space, R: Space] RangeBasis<T, N, R>);
impl<T: Scalar, N: Space, R: Space> Explain for RangeBasis<T, N, R> {
    fn plan<K: crate::facts::Facts>(&self, question: Question) -> Plan {
        match question {
            Question::Apply => crate::ops::low_rank::rank_plan("reflections", "4nr + 2r^2", self.n, self.count),
            _ => base::<K, Self>(self, question),
        }
    }
}
