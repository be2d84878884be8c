//! Gradients of inv_quad, logdet and quad of operators on a device, by the adjoint rules of `cola_core::gradient`: a structure writes the
//! derivative of u^T A v, everything else follows.

use crate::device::Cuda;
use crate::ops::span::{diagonal, outer, scaled};
use crate::ops::{CudaDense, CudaDiagonal, CudaPermutation, DeviceAction, OnDevice, Span, SpanMut};
use crate::vector::{DeviceScalar, DeviceVector};
use cola_core::functions::{HasDet, Inv, InverseRule, Invertible};
use cola_core::{
    BlockDiag, Dyn, Error, Fact, Facts, Identity, Kron, KronSum, Operator, Product, Psd, Repeat, Result, Scaled,
    SelfAdjoint, Sign, Sum, Transpose, Update, WithPsd, WithSelfAdjoint,
};
use std::cell::OnceCell;
use std::ops::{Add, Mul, Neg, Sub};
use std::sync::Arc;

type Sc<A> = <A as Operator>::Scalar;
type Leaves<A> = [DeviceVector<Sc<A>>];

/// The primitive of a structure with leaves on a device. Leaves are numbered in the order of the host's
/// [`flatten`](cola_core::ParametersExt::flatten).
#[diagnostic::on_unimplemented(
    message = "no gradient with respect to `{Self}` on a device",
    label = "`{Self}` has no rule for derivatives on a device",
    note = "the host's operator may have one: `cola_core::value_and_grad`"
)]
pub trait DeviceDifferentiable: DeviceAction<Scalar: DeviceScalar> {
    /// Adds how many numbers each leaf holds.
    fn leaves(&self, sizes: &mut Vec<usize>);
    /// g += scale d(u_1^T A v_1 + .. + u_k^T A v_k) for k columns without gaps.
    ///
    /// # Errors
    /// `Device`.
    fn accumulate_bilinear(
        &self,
        gpu: &Cuda,
        uv: (&DeviceVector<Sc<Self>>, &DeviceVector<Sc<Self>>, usize),
        scale: Sc<Self>,
        g: &mut Leaves<Self>,
    ) -> Result<()>;
}
/// The gradient of log|det A|, given what is known of A.
#[diagnostic::on_unimplemented(
    message = "no gradient of the determinant of `{Self}` on a device",
    label = "`{Self}` has no rule for the derivative of logdet on a device"
)]
pub trait DeviceLogdetGradient<K: Facts>:
    DeviceDifferentiable + InverseRule<K, Output: DeviceAction<Scalar = Sc<Self>>>
{
    /// g += scale tr(A^-1 dA): by default n bilinear forms, of the columns of A^-T and of the identity.
    ///
    /// # Errors
    /// `Singular`, `NotPositiveDefinite`, `Device`.
    fn accumulate_logdet(&self, gpu: &Cuda, scale: Sc<Self>, g: &mut Leaves<Self>) -> Result<()> {
        let n = self.nrows();
        let eye = identity(gpu, n)?;
        let u = applied(gpu, Update::replace().flip(), &self.inverse_rule()?, &eye, n)?;
        self.accumulate_bilinear(gpu, (&u, &eye, n), scale, g)
    }
}
fn identity<T: DeviceScalar>(gpu: &Cuda, n: usize) -> Result<DeviceVector<T>> {
    let entries: Vec<T> = (0..n * n).map(|t| if t % (n + 1) == 0 { T::of(1.0) } else { T::default() }).collect();
    gpu.upload(&entries)
}
/// op(A) X for k columns without gaps.
fn applied<A: DeviceAction>(
    gpu: &Cuda,
    how: Update<Sc<A>>,
    a: &A,
    x: &DeviceVector<Sc<A>>,
    k: usize,
) -> Result<DeviceVector<Sc<A>>> {
    let (m, n) = if how.adjoint { (a.ncols(), a.nrows()) } else { (a.nrows(), a.ncols()) };
    let mut y = gpu.reserve::<Sc<A>>(m * k)?;
    a.act_on(gpu, how, Span::new(x, n, k)?, SpanMut::new(&mut y, m, k)?)?;
    Ok(y)
}
fn leaves_of<A: DeviceDifferentiable>(a: &A) -> usize {
    let mut sizes = Vec::new();
    a.leaves(&mut sizes);
    sizes.len()
}
/// A copy without gaps.
fn packed<T: DeviceScalar>(gpu: &Cuda, x: Span<'_, T>) -> Result<DeviceVector<T>> {
    let mut y = gpu.reserve::<T>(x.rows * x.cols)?;
    scaled(gpu, Update::replace(), x, SpanMut::new(&mut y, x.rows, x.cols)?)?;
    Ok(y)
}
impl<T: DeviceScalar> DeviceDifferentiable for CudaDense<T> {
    fn leaves(&self, sizes: &mut Vec<usize>) {
        sizes.push(self.nrows() * self.ncols());
    }
    // dA: u v^T
    fn accumulate_bilinear(
        &self,
        gpu: &Cuda,
        (u, v, k): (&DeviceVector<T>, &DeviceVector<T>, usize),
        scale: T,
        g: &mut [DeviceVector<T>],
    ) -> Result<()> {
        outer(gpu, scale, u, v, k, &mut g[0])
    }
}
impl<K: Facts, T: DeviceScalar> DeviceLogdetGradient<K> for CudaDense<T> {
    // A^-T
    fn accumulate_logdet(&self, gpu: &Cuda, scale: T, g: &mut [DeviceVector<T>]) -> Result<()> {
        let n = self.nrows();
        let eye = identity(gpu, n)?;
        let how = Update { alpha: scale, ..Update::replace() }.flip().add();
        let inverse = InverseRule::<K>::inverse_rule(self)?;
        inverse.act_on(gpu, how, Span::new(&eye, n, n)?, SpanMut::new(&mut g[0], n, n)?)
    }
}
impl<T: DeviceScalar> DeviceDifferentiable for CudaDiagonal<T> {
    fn leaves(&self, sizes: &mut Vec<usize>) {
        sizes.push(self.nrows());
    }
    // dd_i: sum of u_i v_i
    fn accumulate_bilinear(
        &self,
        gpu: &Cuda,
        (u, v, k): (&DeviceVector<T>, &DeviceVector<T>, usize),
        scale: T,
        g: &mut [DeviceVector<T>],
    ) -> Result<()> {
        let (n, how) = (self.nrows(), Update { alpha: scale, ..Update::replace() }.add());
        (0..k).try_for_each(|c| {
            let (u, v) = (Span::new(u, n, k)?.column(c, 0), Span::new(v, n, k)?.column(c, 0));
            diagonal(gpu, how, u, v, SpanMut::new(&mut g[0], n, 1)?)
        })
    }
}
impl<K: Facts, T: DeviceScalar> DeviceLogdetGradient<K> for CudaDiagonal<T> {
    // 1 / d_i
    fn accumulate_logdet(&self, gpu: &Cuda, scale: T, g: &mut [DeviceVector<T>]) -> Result<()> {
        let (n, ones) = (self.nrows(), gpu.upload(&vec![T::of(1.0); self.nrows()])?);
        let how = Update { alpha: scale, ..Update::replace() }.add();
        let inverse = InverseRule::<K>::inverse_rule(self)?;
        inverse.act_on(gpu, how, Span::new(&ones, n, 1)?, SpanMut::new(&mut g[0], n, 1)?)
    }
}
macro_rules! constant {
    ($([$($p:tt)*] $S:ty, $T:ty;)*) => { $(
        impl<$($p)*> DeviceDifferentiable for $S {
            fn leaves(&self, _: &mut Vec<usize>) {}
            fn accumulate_bilinear(
                &self,
                _: &Cuda,
                _: (&DeviceVector<$T>, &DeviceVector<$T>, usize),
                _: $T,
                _: &mut [DeviceVector<$T>],
            ) -> Result<()> {
                Ok(())
            }
        }
        impl<K: Facts, $($p)*> DeviceLogdetGradient<K> for $S {
            fn accumulate_logdet(&self, _: &Cuda, _: $T, _: &mut [DeviceVector<$T>]) -> Result<()> {
                Ok(())
            }
        }
    )* };
}
constant! {
    [T: DeviceScalar] Identity<T, Dyn>, T;
    [T: DeviceScalar] CudaPermutation<T>, T;
}
macro_rules! annotation {
    ($($S:ident $With:ident)*) => { $(
        impl<A: DeviceDifferentiable> DeviceDifferentiable for $S<A> where $S<A>: DeviceAction<Scalar = Sc<A>> {
            fn leaves(&self, sizes: &mut Vec<usize>) {
                self.0.leaves(sizes);
            }
            fn accumulate_bilinear(
                &self,
                gpu: &Cuda,
                uv: (&DeviceVector<Sc<A>>, &DeviceVector<Sc<A>>, usize),
                scale: Sc<A>,
                g: &mut Leaves<A>,
            ) -> Result<()> {
                self.0.accumulate_bilinear(gpu, uv, scale, g)
            }
        }
        impl<K: Facts, A: DeviceLogdetGradient<$With<K>>> DeviceLogdetGradient<K> for $S<A>
        where
            $S<A>: DeviceAction<Scalar = Sc<A>> + InverseRule<K, Output: DeviceAction<Scalar = Sc<A>>>,
        {
            fn accumulate_logdet(&self, gpu: &Cuda, scale: Sc<A>, g: &mut Leaves<A>) -> Result<()> {
                self.0.accumulate_logdet(gpu, scale, g)
            }
        }
    )* };
}
annotation!(Psd WithPsd SelfAdjoint WithSelfAdjoint);
/// A part of a composite with the facts it has by itself.
trait Part: DeviceLogdetGradient<<Self as Operator>::Facts> {}
impl<A: DeviceLogdetGradient<<A as Operator>::Facts>> Part for A {}

impl<A: DeviceDifferentiable, B: DeviceDifferentiable<Scalar = Sc<A>>> DeviceDifferentiable for Kron<A, B> {
    fn leaves(&self, sizes: &mut Vec<usize>) {
        self.0.leaves(sizes);
        self.1.leaves(sizes);
    }
    // u^T (A x B) v = tr(U^T B V A^T): A has the rows of U and of B V, B the columns of U and of V A^T
    fn accumulate_bilinear(
        &self,
        gpu: &Cuda,
        (u, v, k): (&DeviceVector<Sc<A>>, &DeviceVector<Sc<A>>, usize),
        scale: Sc<A>,
        g: &mut Leaves<A>,
    ) -> Result<()> {
        let ((ma, na), (mb, nb)) = ((self.0.nrows(), self.0.ncols()), (self.1.nrows(), self.1.ncols()));
        let (of_a, of_b) = g.split_at_mut(leaves_of(&self.0));
        for c in 0..k {
            let (u, v) = (Span::new(u, ma * mb, k)?.column(c, 0), Span::new(v, na * nb, k)?.column(c, 0));
            let mut w = gpu.reserve::<Sc<A>>(mb * na)?;
            self.1.act_on(gpu, Update::replace(), v.seen(nb, na, 1, nb), SpanMut::new(&mut w, mb, na)?)?;
            let by_rows = packed(gpu, Span::new(&w, mb, na)?.seen(na, mb, mb, 1))?;
            let u_rows = packed(gpu, u.seen(ma, mb, mb, 1))?;
            self.0.accumulate_bilinear(gpu, (&u_rows, &by_rows, mb), scale, of_a)?;
            let mut z = gpu.reserve::<Sc<A>>(nb * ma)?;
            let to = SpanMut::new(&mut z, nb, ma)?.seen(ma, nb, nb, 1);
            self.0.act_on(gpu, Update::replace(), v.seen(na, nb, nb, 1), to)?;
            let u_columns = packed(gpu, u)?;
            self.1.accumulate_bilinear(gpu, (&u_columns, &z, ma), scale, of_b)?;
        }
        Ok(())
    }
}
impl<K: Facts, A: Part, B: Part<Scalar = Sc<A>>> DeviceLogdetGradient<K> for Kron<A, B>
where
    Kron<A, B>: DeviceAction<Scalar = Sc<A>> + InverseRule<K, Output: DeviceAction<Scalar = Sc<A>>>,
{
    // n_B log det A + n_A log det B
    fn accumulate_logdet(&self, gpu: &Cuda, scale: Sc<A>, g: &mut Leaves<A>) -> Result<()> {
        let (of_a, of_b) = g.split_at_mut(leaves_of(&self.0));
        let times = |n: usize| scale * <Sc<A> as cola_core::Scalar>::of(n as f64);
        self.0.accumulate_logdet(gpu, times(self.1.nrows()), of_a)?;
        self.1.accumulate_logdet(gpu, times(self.0.nrows()), of_b)
    }
}
impl<A: DeviceDifferentiable, B: DeviceDifferentiable<Scalar = Sc<A>>> DeviceDifferentiable for KronSum<A, B> {
    fn leaves(&self, sizes: &mut Vec<usize>) {
        self.0.leaves(sizes);
        self.1.leaves(sizes);
    }
    // u^T (A x I + I x B) v: A has the rows of U and V, B the columns
    fn accumulate_bilinear(
        &self,
        gpu: &Cuda,
        (u, v, k): (&DeviceVector<Sc<A>>, &DeviceVector<Sc<A>>, usize),
        scale: Sc<A>,
        g: &mut Leaves<A>,
    ) -> Result<()> {
        let (na, nb) = (self.0.nrows(), self.1.nrows());
        let (of_a, of_b) = g.split_at_mut(leaves_of(&self.0));
        for c in 0..k {
            let (u, v) = (Span::new(u, na * nb, k)?.column(c, 0), Span::new(v, na * nb, k)?.column(c, 0));
            let rows = |x: Span<'_, Sc<A>>| packed(gpu, x.seen(na, nb, nb, 1));
            self.0.accumulate_bilinear(gpu, (&rows(u)?, &rows(v)?, nb), scale, of_a)?;
            self.1.accumulate_bilinear(gpu, (&packed(gpu, u)?, &packed(gpu, v)?, na), scale, of_b)?;
        }
        Ok(())
    }
}
impl<K: Facts, A: DeviceDifferentiable, B: DeviceDifferentiable<Scalar = Sc<A>>> DeviceLogdetGradient<K>
    for KronSum<A, B>
where
    KronSum<A, B>: DeviceAction<Scalar = Sc<A>> + InverseRule<K, Output: DeviceAction<Scalar = Sc<A>>>,
{
}
impl<A: DeviceDifferentiable, B: DeviceDifferentiable<Scalar = Sc<A>>> DeviceDifferentiable for BlockDiag<A, B> {
    fn leaves(&self, sizes: &mut Vec<usize>) {
        self.0.leaves(sizes);
        self.1.leaves(sizes);
    }
    fn accumulate_bilinear(
        &self,
        gpu: &Cuda,
        (u, v, k): (&DeviceVector<Sc<A>>, &DeviceVector<Sc<A>>, usize),
        scale: Sc<A>,
        g: &mut Leaves<A>,
    ) -> Result<()> {
        let ((ma, na), (mb, nb)) = ((self.0.nrows(), self.0.ncols()), (self.1.nrows(), self.1.ncols()));
        let (of_a, of_b) = g.split_at_mut(leaves_of(&self.0));
        let (u, v) = (Span::new(u, ma + mb, k)?, Span::new(v, na + nb, k)?);
        let (ua, va) = (packed(gpu, u.rows(0, ma))?, packed(gpu, v.rows(0, na))?);
        self.0.accumulate_bilinear(gpu, (&ua, &va, k), scale, of_a)?;
        let (ub, vb) = (packed(gpu, u.rows(ma, mb))?, packed(gpu, v.rows(na, nb))?);
        self.1.accumulate_bilinear(gpu, (&ub, &vb, k), scale, of_b)
    }
}
impl<K: Facts, A: Part, B: Part<Scalar = Sc<A>>> DeviceLogdetGradient<K> for BlockDiag<A, B>
where
    BlockDiag<A, B>: DeviceAction<Scalar = Sc<A>> + InverseRule<K, Output: DeviceAction<Scalar = Sc<A>>>,
{
    fn accumulate_logdet(&self, gpu: &Cuda, scale: Sc<A>, g: &mut Leaves<A>) -> Result<()> {
        let (of_a, of_b) = g.split_at_mut(leaves_of(&self.0));
        self.0.accumulate_logdet(gpu, scale, of_a)?;
        self.1.accumulate_logdet(gpu, scale, of_b)
    }
}
impl<A: DeviceDifferentiable, const M: usize> DeviceDifferentiable for Repeat<A, M> {
    fn leaves(&self, sizes: &mut Vec<usize>) {
        self.0.leaves(sizes);
    }
    fn accumulate_bilinear(
        &self,
        gpu: &Cuda,
        (u, v, k): (&DeviceVector<Sc<A>>, &DeviceVector<Sc<A>>, usize),
        scale: Sc<A>,
        g: &mut Leaves<A>,
    ) -> Result<()> {
        // the blocks of all columns lie one after another
        let same = self.0.nrows() * M * k == u.len() && self.0.ncols() * M * k == v.len();
        if !same {
            let (left, right) = ((self.nrows(), self.ncols()), (u.len(), v.len()));
            return Err(Error::ShapeMismatch { op: "a derivative", left, right });
        }
        self.0.accumulate_bilinear(gpu, (u, v, M * k), scale, g)
    }
}
impl<K: Facts, A: Part, const M: usize> DeviceLogdetGradient<K> for Repeat<A, M>
where
    Repeat<A, M>: DeviceAction<Scalar = Sc<A>> + InverseRule<K, Output: DeviceAction<Scalar = Sc<A>>>,
{
    fn accumulate_logdet(&self, gpu: &Cuda, scale: Sc<A>, g: &mut Leaves<A>) -> Result<()> {
        self.0.accumulate_logdet(gpu, scale * <Sc<A> as cola_core::Scalar>::of(M as f64), g)
    }
}
impl<A: DeviceDifferentiable, B: DeviceDifferentiable<Scalar = Sc<A>>> DeviceDifferentiable for Sum<A, B> {
    fn leaves(&self, sizes: &mut Vec<usize>) {
        self.0.leaves(sizes);
        self.1.leaves(sizes);
    }
    fn accumulate_bilinear(
        &self,
        gpu: &Cuda,
        uv: (&DeviceVector<Sc<A>>, &DeviceVector<Sc<A>>, usize),
        scale: Sc<A>,
        g: &mut Leaves<A>,
    ) -> Result<()> {
        let (of_a, of_b) = g.split_at_mut(leaves_of(&self.0));
        self.0.accumulate_bilinear(gpu, uv, scale, of_a)?;
        self.1.accumulate_bilinear(gpu, uv, scale, of_b)
    }
}
impl<A: DeviceDifferentiable, B: DeviceDifferentiable<Scalar = Sc<A>>> DeviceDifferentiable for Product<A, B> {
    fn leaves(&self, sizes: &mut Vec<usize>) {
        self.0.leaves(sizes);
        self.1.leaves(sizes);
    }
    // u^T A (B v), (A^T u)^T B v
    fn accumulate_bilinear(
        &self,
        gpu: &Cuda,
        (u, v, k): (&DeviceVector<Sc<A>>, &DeviceVector<Sc<A>>, usize),
        scale: Sc<A>,
        g: &mut Leaves<A>,
    ) -> Result<()> {
        let (of_a, of_b) = g.split_at_mut(leaves_of(&self.0));
        let bv = applied(gpu, Update::replace(), &self.1, v, k)?;
        self.0.accumulate_bilinear(gpu, (u, &bv, k), scale, of_a)?;
        let au = applied(gpu, Update::replace().flip(), &self.0, u, k)?;
        self.1.accumulate_bilinear(gpu, (&au, v, k), scale, of_b)
    }
}
impl<A: DeviceDifferentiable> DeviceDifferentiable for Transpose<A> {
    fn leaves(&self, sizes: &mut Vec<usize>) {
        self.0.leaves(sizes);
    }
    fn accumulate_bilinear(
        &self,
        gpu: &Cuda,
        (u, v, k): (&DeviceVector<Sc<A>>, &DeviceVector<Sc<A>>, usize),
        scale: Sc<A>,
        g: &mut Leaves<A>,
    ) -> Result<()> {
        self.0.accumulate_bilinear(gpu, (v, u, k), scale, g)
    }
}
impl<A: DeviceDifferentiable, S: Sign> DeviceDifferentiable for Scaled<A, Sc<A>, S> {
    fn leaves(&self, sizes: &mut Vec<usize>) {
        sizes.push(1);
        self.a.leaves(sizes);
    }
    // dc: u^T A v
    fn accumulate_bilinear(
        &self,
        gpu: &Cuda,
        (u, v, k): (&DeviceVector<Sc<A>>, &DeviceVector<Sc<A>>, usize),
        scale: Sc<A>,
        g: &mut Leaves<A>,
    ) -> Result<()> {
        let form = u.try_dot(&applied(gpu, Update::replace(), &self.a, v, k)?)?;
        let (of_c, of_a) = g.split_at_mut(1);
        of_c[0].try_axpby(
            scale * form,
            &gpu.upload(&[<Sc<A> as cola_core::Scalar>::of(1.0)])?,
            cola_core::Scalar::of(1.0),
        )?;
        self.a.accumulate_bilinear(gpu, (u, v, k), scale * self.c, of_a)
    }
}
impl<K: Facts, A: Part, S: Sign> DeviceLogdetGradient<K> for Scaled<A, Sc<A>, S>
where
    Scaled<A, Sc<A>, S>: DeviceAction<Scalar = Sc<A>> + InverseRule<K, Output: DeviceAction<Scalar = Sc<A>>>,
{
    // n log c + log det A
    fn accumulate_logdet(&self, gpu: &Cuda, scale: Sc<A>, g: &mut Leaves<A>) -> Result<()> {
        let (of_c, of_a) = g.split_at_mut(1);
        let n = <Sc<A> as cola_core::Scalar>::of(self.a.nrows() as f64);
        let one = gpu.upload(&[<Sc<A> as cola_core::Scalar>::of(1.0)])?;
        of_c[0].try_axpby(scale * n / self.c, &one, cola_core::Scalar::of(1.0))?;
        self.a.accumulate_logdet(gpu, scale, of_a)
    }
}

/// A number computed from an operator, and how it depends on it: arithmetic carries the dependence along.
#[derive(Clone, Debug)]
pub struct Loss<T: DeviceScalar> {
    value: T,
    terms: Vec<(T, Arc<Piece<T>>)>,
}
#[derive(Debug)]
enum Piece<T: DeviceScalar> {
    /// u^T dA v
    Bilinear(DeviceVector<T>, DeviceVector<T>),
    /// d log|det A|
    Logdet,
}
impl<T: DeviceScalar> Loss<T> {
    /// A number that depends on nothing.
    pub fn constant(value: T) -> Self {
        Loss { value, terms: Vec::new() }
    }
    /// The number.
    pub fn value(&self) -> T {
        self.value
    }
    fn of(value: T, slope: T, piece: Piece<T>) -> Self {
        Loss { value, terms: vec![(slope, Arc::new(piece))] }
    }
    fn scaled(self, c: T) -> impl Iterator<Item = (T, Arc<Piece<T>>)> {
        self.terms.into_iter().map(move |(s, p)| (s * c, p))
    }
    /// value and slope of a function of the number.
    fn map(self, value: T, slope: T) -> Self {
        Loss { value, terms: self.scaled(slope).collect() }
    }
    /// The natural logarithm.
    pub fn ln(self) -> Self {
        let x = self.value;
        self.map(x.ln(), T::of(1.0) / x)
    }
    /// The root.
    pub fn sqrt(self) -> Self {
        let r = self.value.sqrt();
        self.map(r, T::of(0.5) / r)
    }
}
impl<T: DeviceScalar> Add for Loss<T> {
    type Output = Self;
    fn add(self, o: Self) -> Self {
        let value = self.value + o.value;
        Loss { value, terms: self.terms.into_iter().chain(o.terms).collect() }
    }
}
impl<T: DeviceScalar> Neg for Loss<T> {
    type Output = Self;
    fn neg(self) -> Self {
        let value = -self.value;
        self.map(value, T::of(-1.0))
    }
}
impl<T: DeviceScalar> Sub for Loss<T> {
    type Output = Self;
    fn sub(self, o: Self) -> Self {
        self + -o
    }
}
impl<T: DeviceScalar> Mul for Loss<T> {
    type Output = Self;
    fn mul(self, o: Self) -> Self {
        let (a, b) = (self.value, o.value);
        Loss { value: a * b, terms: self.scaled(b).chain(o.scaled(a)).collect() }
    }
}
impl<T: DeviceScalar> Mul<T> for Loss<T> {
    type Output = Self;
    fn mul(self, c: T) -> Self {
        let value = self.value * c;
        self.map(value, c)
    }
}
/// An operator on a device inside of [`value_and_grad`]; it is factored once.
pub struct TrackedOnDevice<'a, A: Invertible> {
    k: &'a OnDevice<A>,
    inverse: OnceCell<Inv<A>>,
}
impl<T, A> TrackedOnDevice<'_, A>
where
    T: DeviceScalar,
    A: Invertible<Scalar = T> + DeviceAction,
    Inv<A>: DeviceAction<Scalar = T>,
{
    fn inverse(&self) -> Result<&Inv<A>> {
        if let Some(inverse) = self.inverse.get() {
            return Ok(inverse);
        }
        let made = self.k.operator().inverse_rule()?;
        Ok(self.inverse.get_or_init(|| made))
    }
    fn check(&self, op: &'static str, b: &DeviceVector<T>) -> Result<()> {
        if b.len() != self.k.shape().0 {
            return Err(Error::ShapeMismatch { op, left: self.k.shape(), right: (b.len(), 1) });
        }
        self.k.gpu().same_device(b.device())?;
        crate::libraries::solver::finite(b, "the right-hand side")
    }
    /// b^T A^-1 b.
    ///
    /// # Errors
    /// As [`OnDevice::solve`].
    pub fn inv_quad(&self, b: &DeviceVector<T>) -> Result<Loss<T>> {
        self.check("inv_quad", b)?;
        let (gpu, inverse) = (self.k.gpu(), self.inverse()?);
        let x = applied(gpu, Update::replace(), inverse, b, 1)?;
        // d(b^T A^-1 b) = -(A^-T b)^T dA (A^-1 b)
        let u = match <A::Facts as Facts>::SelfAdjoint::KNOWN {
            true => x.duplicate()?,
            false => applied(gpu, Update::replace().flip(), inverse, b, 1)?,
        };
        Ok(Loss::of(b.try_dot(&x)?, T::of(-1.0), Piece::Bilinear(u, x)))
    }
    /// b^T A b.
    ///
    /// # Errors
    /// `ShapeMismatch`, `Device`.
    pub fn quad(&self, b: &DeviceVector<T>) -> Result<Loss<T>> {
        self.check("quad", b)?;
        let value = b.try_dot(&self.k.apply(b)?)?;
        Ok(Loss::of(value, T::of(1.0), Piece::Bilinear(b.duplicate()?, b.duplicate()?)))
    }
    /// log det A.
    ///
    /// # Errors
    /// As [`OnDevice::logdet`].
    pub fn logdet(&self) -> Result<Loss<T>>
    where
        A: HasDet,
    {
        Ok(Loss::of(self.k.logdet()?, T::of(1.0), Piece::Logdet))
    }
}
/// The gradient with respect to every leaf, on the device, in the order of the host's [`flatten`](cola_core::ParametersExt::flatten).
#[derive(Debug)]
pub struct DeviceGradient<T: DeviceScalar> {
    leaves: Vec<DeviceVector<T>>,
    gpu: Cuda,
}
impl<T: DeviceScalar> DeviceGradient<T> {
    /// One vector for each leaf.
    pub fn leaves(&self) -> &[DeviceVector<T>] {
        &self.leaves
    }
    /// All numbers on the host: with `k.unflatten(&g)?` of the host's operator they become its tree.
    ///
    /// # Errors
    /// `Device`.
    pub fn download(&self) -> Result<Vec<T>> {
        let parts = self.leaves.iter().map(|l| self.gpu.download(l)).collect::<Result<Vec<_>>>()?;
        Ok(parts.concat())
    }
}
/// f and its gradient with respect to the leaves of an operator on a device: the counterpart of `cola_core::value_and_grad`.
///
/// ```
/// # fn main() -> cola_core::Result<()> {
/// # if !cola_cuda::Cuda::probe().is_usable() { return Ok(()) }
/// use cola_core::prelude::*;
/// use cola_cuda::{Cuda, ToDeviceExt, value_and_grad};
///
/// let gpu = Cuda::new(0)?;
/// let k = Kron::new(Psd::new(nalgebra::matrix![2.0f64, 1.0; 1.0, 3.0]), Diagonal::new([3.0, 0.2, 1.0])).to_device(&gpu)?;
/// let y = gpu.upload(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])?;
/// let (loss, g) = value_and_grad(&k, |k| Ok(k.inv_quad(&y)? + k.logdet()?))?;
/// assert!(loss.is_finite() && g.download()?.len() == 4 + 3);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// Those of `f`; `Device`.
pub fn value_and_grad<T, A>(
    k: &OnDevice<A>,
    f: impl FnOnce(&TrackedOnDevice<'_, A>) -> Result<Loss<T>>,
) -> Result<(T, DeviceGradient<T>)>
where
    T: DeviceScalar,
    A: Invertible<Scalar = T> + DeviceLogdetGradient<<A as Operator>::Facts>,
{
    let gpu = k.gpu();
    let loss = f(&TrackedOnDevice { k, inverse: OnceCell::new() })?;
    let mut sizes = Vec::new();
    k.operator().leaves(&mut sizes);
    let zeros = |&n: &usize| -> Result<DeviceVector<T>> {
        let mut v = gpu.reserve::<T>(n)?;
        v.try_fill(T::default())?;
        Ok(v)
    };
    let mut leaves = sizes.iter().map(zeros).collect::<Result<Vec<_>>>()?;
    for (slope, piece) in &loss.terms {
        match &**piece {
            Piece::Bilinear(u, v) => k.operator().accumulate_bilinear(gpu, (u, v, 1), *slope, &mut leaves)?,
            Piece::Logdet => k.operator().accumulate_logdet(gpu, *slope, &mut leaves)?,
        }
    }
    Ok((loss.value, DeviceGradient { leaves, gpu: gpu.clone() }))
}
