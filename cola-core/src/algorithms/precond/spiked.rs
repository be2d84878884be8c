//! c I + U diag(w - c) U^H with orthonormal U.

use crate::error::{Error, Result};
use crate::facts::{Facts, SelfAdjointFacts};
use crate::functions::{DetRule, DiagonalRule, ExpRule, InverseRule, LogRule, Power, PowerRule};
use crate::operator::{LinearOperator, Update, operator};
use crate::ops::log_of_spectrum;
use crate::plan::{Explain, Plan, Question, base};
use crate::scalar::Scalar;
use crate::space::Dyn;
use crate::view::{View, ViewMut};
use nalgebra::DMatrix;
use num_traits::Zero;

/// The self-adjoint operator with eigenvalues w_i on the orthonormal columns of U and c elsewhere. Every function of it is one of its kind.
///
/// ```
/// # use cola_core::prelude::*;
/// let u = nalgebra::DMatrix::from_column_slice(3, 1, &[0.6, 0.8, 0.0]);
/// let a = SpikedIdentity::new(u, vec![9.0], 4.0)?;
/// let root = a.sqrt()?;
/// assert!((root.apply(&vec![0.6, 0.8, 1.0])[0] - 1.8).abs() < 1e-15);
/// assert!((a.logdet()? - (9.0f64 * 16.0).ln()).abs() < 1e-14);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct SpikedIdentity<T: Scalar> {
    u: DMatrix<T>,
    w: Vec<T::Re>,
    c: T::Re,
}
impl<T: Scalar> SpikedIdentity<T> {
    /// From U, w and c; the caller answers for U^H U = I.
    ///
    /// # Errors
    /// `ShapeMismatch` if U has not one column per number in w.
    pub fn new(u: DMatrix<T>, w: Vec<T::Re>, c: T::Re) -> Result<Self> {
        if u.ncols() != w.len() || u.ncols() > u.nrows() {
            return Err(Error::ShapeMismatch { op: "SpikedIdentity", left: u.shape(), right: (w.len(), 1) });
        }
        Ok(SpikedIdentity { u, w, c })
    }
    /// U.
    pub fn vectors(&self) -> &DMatrix<T> {
        &self.u
    }
    /// The eigenvalues on the columns of U.
    pub fn spikes(&self) -> &[T::Re] {
        &self.w
    }
    /// The eigenvalue elsewhere.
    pub fn rest(&self) -> T::Re {
        self.c
    }
    /// f of all eigenvalues at once.
    fn map(&self, f: impl FnOnce(&mut [T::Re]) -> Result<()>) -> Result<Self> {
        let full = self.u.ncols() == self.u.nrows();
        let mut all = self.w.clone();
        if !full {
            all.push(self.c);
        }
        f(&mut all)?;
        let c = if full { T::Re::zero() } else { all.pop().unwrap_or(T::Re::zero()) };
        Ok(SpikedIdentity { u: self.u.clone(), w: all, c })
    }
}
operator!([T: Scalar] SpikedIdentity<T> {
    scalar T; facts SelfAdjointFacts; rows Dyn; cols Dyn; nrows |s| s.u.nrows(); ncols s.u.nrows();
});
impl<T: Scalar> LinearOperator for SpikedIdentity<T> {
    fn act(&self, how: Update<T>, x: View<'_, T>, mut y: ViewMut<'_, T>, s: &mut [T]) {
        let (n, k) = self.u.shape();
        for c in 0..x.cols {
            // (w - c) U^H x first, as y may be read
            for (j, s) in s[..k].iter_mut().enumerate() {
                let dot = (0..n).fold(T::zero(), |d, i| d + self.u[(i, j)].conj() * x.at(i, c));
                *s = dot.scale(self.w[j] - self.c);
            }
            for i in 0..n {
                let sum = (0..k).fold(x.at(i, c).scale(self.c), |v, j| v.add_mul(self.u[(i, j)], s[j]));
                how.write(y.at(i, c), sum);
            }
        }
    }
    fn scratch_len(&self, _: usize) -> usize {
        self.u.ncols()
    }
}
// 1 / w and 1 / c
impl<T: Scalar, K: Facts> InverseRule<K> for SpikedIdentity<T> {
    type Output = Self;
    fn inverse_rule(&self) -> Result<Self> {
        self.map(|w| Power::Real(-1.0).of_spectrum(w))
    }
}
// prod w c^(n - k)
impl<T: Scalar, K: Facts> DetRule<K> for SpikedIdentity<T> {
    fn slogdet_rule(&self) -> Result<(T, T::Re)> {
        let (n, k) = self.u.shape();
        let all = self.w.iter().copied().chain(core::iter::repeat_n(self.c, n - k));
        Ok(crate::functions::det::slog_product(all.map(T::from_re)))
    }
}
// c + sum_j |u_ij|^2 (w_j - c); other diagonals without the c
impl<T: Scalar> DiagonalRule for SpikedIdentity<T> {
    fn diagonal_rule(&self, k: isize, d: &mut [T]) -> Result<()> {
        let (row, col) = crate::functions::diagonal::diagonal_start(k);
        for (i, d) in d.iter_mut().enumerate() {
            let start = if k == 0 { T::from_re(self.c) } else { T::zero() };
            *d = (0..self.w.len())
                .fold(start, |s, j| s + (self.u[(row + i, j)] * self.u[(col + i, j)].conj()).scale(self.w[j] - self.c));
        }
        Ok(())
    }
}
// w^p and c^p
impl<T: Scalar, K: Facts> PowerRule<K> for SpikedIdentity<T> {
    type Output = Self;
    fn power_rule(&self, p: Power) -> Result<Self> {
        let p = p.checked()?;
        self.map(|w| p.of_spectrum(w))
    }
}
// e^w and e^c
impl<T: Scalar, K: Facts> ExpRule<K> for SpikedIdentity<T> {
    type Output = Self;
    fn exp_rule(&self) -> Result<Self> {
        self.map(|w| {
            w.iter_mut().for_each(|w| *w = w.exp());
            crate::functions::dense::finite(w, "the exponential: it overflowed")
        })
    }
}
// log w and log c
impl<T: Scalar, K: Facts> LogRule<K> for SpikedIdentity<T> {
    type Output = Self;
    fn log_rule(&self) -> Result<Self> {
        self.map(log_of_spectrum)
    }
}
crate::base_eigh!([T: Scalar] SpikedIdentity<T>);
crate::base_factors!([T: Scalar] SpikedIdentity<T>);
impl<T: Scalar> Explain for SpikedIdentity<T> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        match question {
            Question::Apply => Plan::rule(self, "U and U^H", "n"),
            Question::Solve | Question::Slogdet | Question::Power | Question::Exp | Question::Log => {
                Plan::rule(self, "elementwise on the eigenvalues", "n")
            }
            _ => base::<K, Self>(self, question),
        }
    }
}
