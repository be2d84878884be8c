//! The structures of the foundation on a device: their rules are the host's, their action is here.

use super::span::{diagonal_in_place, scaled};
use super::{DeviceAction, Span, SpanMut};
use crate::device::Cuda;
use crate::vector::DeviceScalar;
use cola_core::{
    Adjoint, BlockDiag, Conj, Facts, Identity, Isometric, Kron, Operator, Powi, Product, Psd, Real, Repeat, Result,
    Scaled, ScaledIdentity, SelfAdjoint, Sign, Space, Spectral, Sum, Transpose, Unitary, Update, WithFacts,
};

type Sc<A> = <A as Operator>::Scalar;
/// Rows and columns of op(A).
fn shape<A: Operator>(a: &A, adjoint: bool) -> (usize, usize) {
    if adjoint { (a.ncols(), a.nrows()) } else { (a.nrows(), a.ncols()) }
}
/// y = P (Q x) through memory for `mid` rows.
fn two_steps<T: DeviceScalar + Real>(
    gpu: &Cuda,
    mid: usize,
    cols: usize,
    first: impl FnOnce(SpanMut<'_, T>) -> Result<()>,
    second: impl FnOnce(Span<'_, T>) -> Result<()>,
) -> Result<()> {
    let mut memory = gpu.reserve::<T>(mid * cols)?;
    first(SpanMut::new(&mut memory, mid, cols)?)?;
    second(Span::new(&memory, mid, cols)?)
}
macro_rules! passes {
    ($([$($p:tt)*] $S:ty, $A:ident, |$s:ident, $how:ident| $inner:expr, $as:expr;)*) => { $(
        impl<$($p)*> DeviceAction for $S where $S: Operator<Scalar = Sc<$A>> {
            fn act_on(&self, gpu: &Cuda, $how: Update<Sc<$A>>, x: Span<'_, Sc<$A>>, y: SpanMut<'_, Sc<$A>>) -> Result<()> {
                let $s = self;
                $inner.act_on(gpu, $as, x, y)
            }
        }
    )* };
}
passes! {
    [A: DeviceAction] Psd<A>, A, |s, how| s.0, how;
    [A: DeviceAction] SelfAdjoint<A>, A, |s, how| s.0, how;
    [A: DeviceAction] Unitary<A>, A, |s, how| s.0, how;
    [A: DeviceAction] Isometric<A>, A, |s, how| s.0, how;
    [A: DeviceAction] Transpose<A>, A, |s, how| s.0, how.flip();
    [A: DeviceAction] Adjoint<A>, A, |s, how| s.0, how.flip();
    [A: DeviceAction] Conj<A>, A, |s, how| s.0, how;
    [A: DeviceAction, G: Sign] Scaled<A, Sc<A>, G>, A, |s, how| s.a, how.times(s.c);
    [A: DeviceAction, F: Facts] WithFacts<A, F>, A, |s, how| s.inner(), how;
    ['r, A: DeviceAction] &'r A, A, |s, how| (**s), how;
}
impl<T: DeviceScalar + Real, S: Space> DeviceAction for Identity<T, S> {
    fn act_on(&self, gpu: &Cuda, how: Update<T>, x: Span<'_, T>, y: SpanMut<'_, T>) -> Result<()> {
        scaled(gpu, how, x, y)
    }
}
impl<T: DeviceScalar + Real, S: Space, G: Sign> DeviceAction for ScaledIdentity<T, S, G> {
    fn act_on(&self, gpu: &Cuda, how: Update<T>, x: Span<'_, T>, y: SpanMut<'_, T>) -> Result<()> {
        scaled(gpu, how.times(self.c), x, y)
    }
}
impl<A: DeviceAction, B: DeviceAction<Scalar = A::Scalar>> DeviceAction for Sum<A, B> {
    fn act_on(&self, gpu: &Cuda, how: Update<Sc<A>>, x: Span<'_, Sc<A>>, mut y: SpanMut<'_, Sc<A>>) -> Result<()> {
        self.0.act_on(gpu, how, x, y.reborrow())?;
        self.1.act_on(gpu, how.add(), x, y)
    }
}
impl<A: DeviceAction, B: DeviceAction<Scalar = A::Scalar>> DeviceAction for Product<A, B> {
    fn act_on(&self, gpu: &Cuda, how: Update<Sc<A>>, x: Span<'_, Sc<A>>, y: SpanMut<'_, Sc<A>>) -> Result<()> {
        let (mid, cols) = (self.0.ncols(), x.cols);
        match how.adjoint {
            false => {
                two_steps(gpu, mid, cols, |m| self.1.act_on(gpu, how.first(), x, m), |m| self.0.act_on(gpu, how, m, y))
            }
            true => {
                two_steps(gpu, mid, cols, |m| self.0.act_on(gpu, how.first(), x, m), |m| self.1.act_on(gpu, how, m, y))
            }
        }
    }
}
impl<A: DeviceAction, const N: usize> DeviceAction for Powi<A, N> {
    fn act_on(&self, gpu: &Cuda, how: Update<Sc<A>>, x: Span<'_, Sc<A>>, y: SpanMut<'_, Sc<A>>) -> Result<()> {
        if N == 1 {
            return self.0.act_on(gpu, how, x, y);
        }
        let (n, k) = (self.0.nrows(), x.cols);
        let (mut from, mut to) = (gpu.reserve::<Sc<A>>(n * k)?, gpu.reserve::<Sc<A>>(n * k)?);
        self.0.act_on(gpu, how.first(), x, SpanMut::new(&mut from, n, k)?)?;
        for _ in 2..N {
            self.0.act_on(gpu, how.first(), Span::new(&from, n, k)?, SpanMut::new(&mut to, n, k)?)?;
            std::mem::swap(&mut from, &mut to);
        }
        self.0.act_on(gpu, how, Span::new(&from, n, k)?, y)
    }
}
/// (A x B) vec(X) = vec(B X A^T): B on the fast mode, then A on the slow mode, by strides; nothing is transposed.
impl<A: DeviceAction, B: DeviceAction<Scalar = A::Scalar>> DeviceAction for Kron<A, B> {
    fn act_on(&self, gpu: &Cuda, how: Update<Sc<A>>, x: Span<'_, Sc<A>>, mut y: SpanMut<'_, Sc<A>>) -> Result<()> {
        let ((ma, na), (mb, nb)) = (shape(&self.0, how.adjoint), shape(&self.1, how.adjoint));
        let mut memory = gpu.reserve::<Sc<A>>(na * mb)?;
        for c in 0..x.cols {
            let (x, mut y) = (x.column(c), y.reborrow().column(c));
            let (xr, yr) = (x.rs, y.as_span().rs);
            self.1.act_on(gpu, how.first(), x.seen(nb, na, xr, nb * xr), SpanMut::new(&mut memory, mb, na)?)?;
            let mid = Span::new(&memory, mb, na)?.seen(na, mb, mb, 1);
            self.0.act_on(gpu, how, mid, y.reborrow().seen(ma, mb, mb * yr, yr))?;
        }
        Ok(())
    }
}
impl<A: DeviceAction, B: DeviceAction<Scalar = A::Scalar>> DeviceAction for BlockDiag<A, B> {
    fn act_on(&self, gpu: &Cuda, how: Update<Sc<A>>, x: Span<'_, Sc<A>>, mut y: SpanMut<'_, Sc<A>>) -> Result<()> {
        let ((ma, na), (mb, nb)) = (shape(&self.0, how.adjoint), shape(&self.1, how.adjoint));
        self.0.act_on(gpu, how, x.rows(0, na), y.reborrow().rows(0, ma))?;
        self.1.act_on(gpu, how, x.rows(na, nb), y.rows(ma, mb))
    }
}
impl<A: DeviceAction, const M: usize> DeviceAction for Repeat<A, M> {
    fn act_on(&self, gpu: &Cuda, how: Update<Sc<A>>, x: Span<'_, Sc<A>>, mut y: SpanMut<'_, Sc<A>>) -> Result<()> {
        let (m, n) = shape(&self.0, how.adjoint);
        (0..M).try_for_each(|b| self.0.act_on(gpu, how, x.rows(b * n, n), y.reborrow().rows(b * m, m)))
    }
}
/// V diag(w) V^T; the eigenvalues are on the host and go to the device with each application.
impl<V: DeviceAction, F: Facts> DeviceAction for Spectral<V, F>
where
    Sc<V>: Real,
{
    fn act_on(&self, gpu: &Cuda, how: Update<Sc<V>>, x: Span<'_, Sc<V>>, y: SpanMut<'_, Sc<V>>) -> Result<()> {
        let n = self.nrows();
        let w: Vec<Sc<V>> = self.eigenvalues().iter().map(|&w| <Sc<V> as cola_core::Scalar>::from_re(w)).collect();
        let (w, v, plain) = (gpu.upload(&w)?, self.eigenvectors(), how.first().plain());
        let w = Span::new(&w, n, 1)?;
        two_steps(
            gpu,
            n,
            x.cols,
            |mut m| {
                v.act_on(gpu, plain.flip(), x, m.reborrow())?;
                diagonal_in_place(gpu, plain, w, m)
            },
            |m| v.act_on(gpu, how.plain(), m, y),
        )
    }
}
