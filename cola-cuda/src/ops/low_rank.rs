//! A + U V^H on a device, solved by Woodbury's identity.

use super::composite::two_steps;
use super::{CudaDense, CudaFactored, DeviceAction, Span, SpanMut};
use crate::device::Cuda;
use crate::vector::DeviceNumber;
use cola_core::functions::{DetRule, HasDet, Inv, InverseRule, Invertible};
use cola_core::space::Dyn;
use cola_core::{Error, Facts, NoFacts, Operator, Result, Update};

/// A + U V^H on a device: U and V of n x r, A of any structure.
#[derive(Clone, Debug)]
pub struct CudaLowRankUpdate<A, T: DeviceNumber> {
    a: A,
    u: CudaDense<T>,
    v: CudaDense<T>,
}
/// (A + U V^H)^-1 = A^-1 - Z C^-1 V^H A^-1 with Z = A^-1 U and C = I + V^H Z (Woodbury, 1950).
#[derive(Clone, Debug)]
pub struct CudaWoodbury<F, T: DeviceNumber> {
    base: F,
    z: CudaDense<T>,
    v: CudaDense<T>,
    capacitance: CudaFactored<T, NoFacts>,
}
impl<T: DeviceNumber, A: Operator<Scalar = T>> CudaLowRankUpdate<A, T> {
    /// A + U V^H.
    ///
    /// # Errors
    /// `ShapeMismatch`.
    pub fn new(a: A, u: CudaDense<T>, v: CudaDense<T>) -> Result<Self> {
        let shape = (a.nrows(), a.ncols());
        if (u.nrows(), v.nrows()) != shape || u.ncols() != v.ncols() {
            let right = (u.nrows(), v.nrows());
            return Err(Error::ShapeMismatch { op: "A + U V^H on a device", left: shape, right });
        }
        Ok(CudaLowRankUpdate { a, u, v })
    }
    /// V.
    pub(super) fn right(&self) -> &CudaDense<T> {
        &self.v
    }
    /// Z = A^-1 U and C = I + V^H Z, from A^-1.
    fn parts<F: DeviceAction<Scalar = T>>(&self, base: &F) -> Result<(CudaDense<T>, CudaDense<T>)> {
        let (n, r, gpu) = (self.u.nrows(), self.u.ncols(), self.u.entries().device());
        let (mut z, mut c) = (gpu.reserve::<T>(n * r)?, gpu.upload(&identity::<T>(r))?);
        base.act_on(gpu, Update::replace(), Span::new(self.u.entries(), n, r)?, SpanMut::new(&mut z, n, r)?)?;
        let how = Update::replace().flip().add();
        self.v.act_on(gpu, how, Span::new(&z, n, r)?, SpanMut::new(&mut c, r, r)?)?;
        Ok((CudaDense::of(z, n, r), CudaDense::of(c, r, r)))
    }
}
fn identity<T: DeviceNumber>(n: usize) -> Vec<T> {
    (0..n * n).map(|k| if k % (n + 1) == 0 { T::of(1.0) } else { T::default() }).collect()
}
macro_rules! like {
    ($S:ident, $a:ident) => {
        impl<A: Operator<Scalar = T>, T: DeviceNumber> Operator for $S<A, T> {
            type Scalar = T;
            type Facts = NoFacts;
            type Class = cola_core::General;
            type Rows = Dyn;
            type Cols = Dyn;
            fn nrows(&self) -> usize {
                self.$a.nrows()
            }
            fn ncols(&self) -> usize {
                self.$a.ncols()
            }
        }
    };
}
like!(CudaLowRankUpdate, a);
like!(CudaWoodbury, base);
impl<A: DeviceAction<Scalar = T>, T: DeviceNumber> DeviceAction for CudaLowRankUpdate<A, T> {
    fn act_on(&self, gpu: &Cuda, how: Update<T>, x: Span<'_, T>, mut y: SpanMut<'_, T>) -> Result<()> {
        self.a.act_on(gpu, how, x, y.reborrow())?;
        let (u, v) = if how.adjoint { (&self.v, &self.u) } else { (&self.u, &self.v) };
        let (plain, many) = (how.plain(), (x.cols, x.layers));
        let inner = |m: SpanMut<'_, T>| v.act_on(gpu, plain.first().flip(), x, m);
        two_steps(gpu, u.ncols(), many, inner, |m| u.act_on(gpu, plain.add(), m, y))
    }
}
impl<F: DeviceAction<Scalar = T>, T: DeviceNumber> DeviceAction for CudaWoodbury<F, T> {
    fn act_on(&self, gpu: &Cuda, how: Update<T>, x: Span<'_, T>, mut y: SpanMut<'_, T>) -> Result<()> {
        let (n, r, many) = (self.nrows(), self.z.ncols(), (x.cols, x.layers));
        let h = how.first();
        let less = Update { alpha: -how.alpha, ..how }.add();
        match how.adjoint {
            // y = A^-1 x - Z C^-1 V^H A^-1 x
            false => two_steps(
                gpu,
                n,
                many,
                |w| self.base.act_on(gpu, h, x, w),
                |w| {
                    super::span::scaled(gpu, how, w, y.reborrow())?;
                    let inner = |m: SpanMut<'_, T>| self.v.act_on(gpu, h.flip(), w, m);
                    two_steps(gpu, r, many, inner, |m| {
                        let solved = |c: SpanMut<'_, T>| self.capacitance.act_on(gpu, h, m, c);
                        two_steps(gpu, r, many, solved, |c| self.z.act_on(gpu, less, c, y))
                    })
                },
            ),
            // y = A^-H (x - V C^-H Z^H x)
            true => two_steps(
                gpu,
                n,
                many,
                |mut w| {
                    super::span::scaled(gpu, h, x, w.reborrow())?;
                    let inner = |m: SpanMut<'_, T>| self.z.act_on(gpu, h, x, m);
                    two_steps(gpu, r, many, inner, |m| {
                        let solved = |c: SpanMut<'_, T>| self.capacitance.act_on(gpu, h, m, c);
                        let less = Update { alpha: -T::of(1.0), ..Update::replace() }.add();
                        two_steps(gpu, r, many, solved, |c| self.v.act_on(gpu, less, c, w))
                    })
                },
                |w| self.base.act_on(gpu, how, w, y),
            ),
        }
    }
}
// Woodbury's identity
impl<K: Facts, A, T: DeviceNumber> InverseRule<K> for CudaLowRankUpdate<A, T>
where
    A: Invertible<Scalar = T>,
    Inv<A>: DeviceAction<Scalar = T>,
{
    type Output = CudaWoodbury<Inv<A>, T>;
    fn inverse_rule(&self) -> Result<Self::Output> {
        let base = self.a.inverse_rule()?;
        let (z, c) = self.parts(&base)?;
        let capacitance = InverseRule::<NoFacts>::inverse_rule(&c)?;
        Ok(CudaWoodbury { base, z, v: self.v.clone(), capacitance })
    }
}
// det(A + U V^H) = det A det(I + V^H A^-1 U)
impl<K: Facts, A, T: DeviceNumber> DetRule<K> for CudaLowRankUpdate<A, T>
where
    A: Invertible<Scalar = T> + HasDet,
    Inv<A>: DeviceAction<Scalar = T>,
{
    fn slogdet_rule(&self) -> Result<(T, T::Re)> {
        let (_, c) = self.parts(&self.a.inverse_rule()?)?;
        let ((sa, la), (sc, lc)) = (self.a.slogdet_rule()?, DetRule::<NoFacts>::slogdet_rule(&c)?);
        Ok((sa * sc, la + lc))
    }
}
