//! The eigen-decompositions that `kron_of` and `block_diag_of` may have: what A + c I and sums of commuting parts ask of them.

use crate::data::Column;
use crate::error::Result;
use crate::facts::{Facts, SelfAdjointFacts};
use crate::functions::{MaySpectrum, NormalParts, SpectrumRule, Vectors};
use crate::gradient::{Differentiable, SpectrumGradient};
use crate::operator::LinearOperator;
use crate::operator::short::Sc;
use crate::ops::{BlockDiagOf, KronOf, Parts, Spectral};
use crate::space::Space;
use num_traits::One;

/// All products of a value of each, the last fastest.
fn products<N: Copy + One>(all: N, w: &[N]) -> impl Iterator<Item = N> + '_ {
    w.iter().map(move |&b| all * b)
}
fn column<N: crate::space::Plain, S: Space>(w: &[N], zero: N) -> Column<N, S> {
    let mut c = Column::filled(w.len(), zero);
    c.copy_from_slice(w);
    c
}
/// `$start`: the values of no part; `$join`: those of one more.
macro_rules! spectra {
    ($S:ident, $start:expr, |$all:ident, $w:ident| $join:expr) => {
        impl<K: Facts, P: Parts<Item: MaySpectrum + LinearOperator>> SpectrumRule<K> for $S<P>
        where
            $S<P::Of<Vectors<P::Item>>>: LinearOperator<Scalar = Sc<P::Item>> + Clone,
        {
            type Vectors = $S<P::Of<Vectors<P::Item>>>;
            const STRUCTURED: bool = true;
            fn has_spectrum(&self) -> bool {
                self.parts().iter().all(|a| a.has_spectrum())
            }
            fn spectrum_rule(&self) -> Result<Spectral<Self::Vectors, SelfAdjointFacts>> {
                let (list, mut all) = (self.parts(), $start);
                let vectors = P::of(list.len(), |i| {
                    let (v, w) = list[i].spectrum_rule()?.into_parts();
                    let ($all, $w) = (&all, &w[..]);
                    all = $join;
                    Ok(v)
                })?;
                Ok(Spectral::from_parts($S::try_new(vectors)?, column(&all, num_traits::Zero::zero())))
            }
            fn is_normal(&self) -> bool {
                self.parts().iter().all(|a| a.is_normal())
            }
            fn normal_rule(&self) -> Result<NormalParts<Self::Vectors>> {
                let (list, mut all) = (self.parts(), $start);
                let vectors = P::of(list.len(), |i| {
                    let (v, w) = list[i].normal_rule()?;
                    let ($all, $w) = (&all, &w[..]);
                    all = $join;
                    Ok(v)
                })?;
                Ok(($S::try_new(vectors)?, column(&all, num_traits::Zero::zero())))
            }
        }
        impl<K: Facts, P: Parts<Item: MaySpectrum + Differentiable>> SpectrumGradient<K> for $S<P> where
            $S<P>: Differentiable<Scalar = Sc<P::Item>> + SpectrumRule<K>
        {
        }
    };
}
// w_1 x .. x w_k
spectra!(KronOf, vec![One::one()], |all, w| all.iter().flat_map(|&a| products(a, w)).collect::<Vec<_>>());
// one after the other
spectra!(BlockDiagOf, Vec::new(), |all, w| all.iter().chain(w).copied().collect::<Vec<_>>());

#[cfg(test)]
mod tests {
    use crate::dsl;
    use crate::facts::AnySign;
    use crate::ops::*;
    use crate::plan::Question;
    use crate::prelude::*;
    use crate::{Error, Result};
    use nalgebra::DMatrix;

    fn psd(seed: usize) -> Psd<Dense<DMatrix<f64>>> {
        let a = DMatrix::from_fn(3, 3, |i, j| ((1 + i + 3 * j + 7 * seed) as f64 * 1.3).sin());
        Psd::new(Dense::new(&a * a.transpose() + DMatrix::identity(3, 3)))
    }
    /// Beside c I both shift their spectra; against the dense matrix.
    macro_rules! shifts {
        ($k:expr) => {{
            let k = $k;
            let n = k.nrows();
            let shifted = dsl::add(&k, ScaledIdentity::<f64, crate::Dyn, AnySign>::of_size(0.7, n));
            let dense = k.to_dense() + DMatrix::identity(n, n) * 0.7;
            let b: Vec<f64> = (0..n).map(|i| (0.7 * i as f64).cos()).collect();
            let x = Dense::new(dense.clone()).solve(&b)?;
            assert!(shifted.solve(&b)?.iter().zip(&x).all(|(x, y)| (x - y).abs() < 1e-12));
            assert!((shifted.slogdet()?.1 - Dense::new(dense.clone()).slogdet()?.1).abs() < 1e-11);
            assert!(
                (shifted.exp()?.to_dense() - Dense::new(dense.clone()).exp()?.to_dense()).norm()
                    < 1e-9 * dense.exp().norm()
            );
            for q in [Question::Solve, Question::Slogdet, Question::Exp] {
                let explanation = shifted.explain();
                let plan = explanation.plan(q);
                assert!(plan.to_string().contains("shifted spectrum") && !plan.base, "{q:?}: {plan}");
            }
        }};
    }
    #[test]
    fn krons_and_blocks_of_many_parts_shift_their_spectrum() -> Result<()> {
        shifts!(KronOf::new(vec![psd(1), psd(2)]));
        shifts!(KronOf::new([psd(1), psd(2), psd(3)]));
        shifts!(BlockDiagOf::new(vec![psd(1), psd(2), psd(3)]));
        // too large to be made dense: 13^3 and 900 blocks
        let big = |n: usize| {
            Psd::new(Dense::new(DMatrix::from_fn(n, n, |i, j| if i == j { 2.0 } else { 1.0 / (1 + i + j) as f64 })))
        };
        let k = dsl::add(
            KronOf::new(vec![big(13), big(13), big(13)]),
            ScaledIdentity::<f64, crate::Dyn, AnySign>::of_size(0.5, 2197),
        );
        let b: Vec<f64> = (0..2197).map(|i| (0.1 * i as f64).sin()).collect();
        let x = k.solve(&b)?;
        assert!(k.apply(&x).iter().zip(&b).all(|(x, y)| (x - y).abs() < 1e-11));
        // a sum of commuting parts with one of them
        let sum = KronSum::new(BlockDiagOf::new(vec![psd(1), psd(2)]), psd(3));
        let x = sum.solve(&vec![1.0; 18])?;
        assert!(sum.apply(&x).iter().all(|x| (x - 1.0).abs() < 1e-12));
        // parts that nobody said are self-adjoint
        let general = |c: f64| Dense::new(nalgebra::dmatrix![1.0, c; -0.5, 2.0]);
        let k = dsl::add(
            KronOf::new([general(1.0), general(3.0)]),
            ScaledIdentity::<f64, crate::Dyn, AnySign>::of_size(0.5, 4),
        );
        let x = k.solve(&vec![1.0, 2.0, 3.0, 4.0])?;
        assert!((k.apply(&x)[3] - 4.0).abs() < 1e-13);
        let singular = dsl::add(KronOf::new([big(1)]), ScaledIdentity::<f64, crate::Dyn, AnySign>::of_size(-2.0, 1));
        assert!(matches!(singular.solve(&vec![1.0]), Err(Error::Singular { .. })));
        Ok(())
    }
}
