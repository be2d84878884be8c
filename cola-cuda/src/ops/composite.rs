//! The structures whose rules are the host's on a device: their action is here.

use super::span::{Steps, conjugated, diagonal_in_place, modes, nothing, scaled, tridiagonals};
use super::{DeviceAction, Span, SpanMut};
use crate::device::Cuda;
use crate::vector::DeviceNumber;
use cola_core::{
    Adjoint, BlockDiag, BlockDiagOf, Blocks, Congruence, Conj, Fact, Facts, Gram, GramKind, HStack, Identity,
    Isometric, Kron, KronOf, KronProduct, KronSum, Operator, Parts, Powi, Product, ProductOf, Psd, Repeat, Result,
    Scalar, Scaled, ScaledIdentity, SelfAdjoint, Shifted, Sign, Space, Spectral, Sum, SumOf, Transpose, Unitary,
    Update, VStack, WithFacts, Zero,
};

type Sc<A> = <A as Operator>::Scalar;
/// Rows and columns of op(A).
fn shape<A: Operator>(a: &A, adjoint: bool) -> (usize, usize) {
    if adjoint { (a.ncols(), a.nrows()) } else { (a.nrows(), a.ncols()) }
}
/// The dyn-compatible shadow of [`DeviceAction`].
trait DynAction<T: DeviceNumber> {
    /// Rows and columns of op(A).
    fn sides(&self, adjoint: bool) -> (usize, usize);
    fn run(&self, gpu: &Cuda, how: Update<T>, x: Span<'_, T>, y: SpanMut<'_, T>) -> Result<()>;
}
impl<A: DeviceAction> DynAction<A::Scalar> for A {
    fn sides(&self, adjoint: bool) -> (usize, usize) {
        shape(self, adjoint)
    }
    fn run(&self, gpu: &Cuda, how: Update<Sc<A>>, x: Span<'_, Sc<A>>, y: SpanMut<'_, Sc<A>>) -> Result<()> {
        self.act_on(gpu, how, x, y)
    }
}
/// y = P (Q x) through memory for `mid` rows.
pub(super) fn two_steps<T: DeviceNumber>(
    gpu: &Cuda,
    mid: usize,
    (cols, layers): (usize, usize),
    first: impl FnOnce(SpanMut<'_, T>) -> Result<()>,
    second: impl FnOnce(Span<'_, T>) -> Result<()>,
) -> Result<()> {
    let mut memory = gpu.reserve::<T>(mid * cols * layers)?;
    first(SpanMut::packed(&mut memory, mid, cols, layers)?)?;
    second(Span::packed(&memory, mid, cols, layers)?)
}
/// y = [y +] alpha conj(f(conj(x))), for what has no operation of its own.
fn through_conjugates<T: DeviceNumber>(
    gpu: &Cuda,
    how: Update<T>,
    x: Span<'_, T>,
    y: SpanMut<'_, T>,
    f: impl FnOnce(Update<T>, Span<'_, T>, SpanMut<'_, T>) -> Result<()>,
) -> Result<()> {
    let (rows, many) = (y.as_span().rows, (x.cols, x.layers));
    two_steps(
        gpu,
        x.rows,
        many,
        |bar| conjugated(gpu, Update::replace(), x, bar),
        |bar| two_steps(gpu, rows, many, |z| f(how.first(), bar, z), |z| conjugated(gpu, how.plain(), z, y)),
    )
}
macro_rules! passes {
    ($([$($p:tt)*] $S:ty, $A:ident, |$s:ident, $how:ident| $inner:expr, $as:expr, $tridiagonal:expr;)*) => { $(
        impl<$($p)*> DeviceAction for $S where $S: Operator<Scalar = Sc<$A>> {
            fn act_on(&self, gpu: &Cuda, $how: Update<Sc<$A>>, x: Span<'_, Sc<$A>>, y: SpanMut<'_, Sc<$A>>) -> Result<()> {
                let $s = self;
                $inner.act_on(gpu, $as, x, y)
            }
            fn tridiagonal(&self) -> Option<Span<'_, Sc<$A>>> {
                let $s = self;
                $tridiagonal
            }
        }
    )* };
}
passes! {
    [A: DeviceAction] Psd<A>, A, |s, how| s.0, how, s.0.tridiagonal();
    [A: DeviceAction] SelfAdjoint<A>, A, |s, how| s.0, how, s.0.tridiagonal();
    [A: DeviceAction] Unitary<A>, A, |s, how| s.0, how, s.0.tridiagonal();
    [A: DeviceAction] Isometric<A>, A, |s, how| s.0, how, s.0.tridiagonal();
    [A: DeviceAction] Adjoint<A>, A, |_s, how| _s.0, how.flip(), None;
    [A: DeviceAction, G: Sign] Scaled<A, Sc<A>, G>, A, |_s, how| _s.a, how.times(_s.c), None;
    [A: DeviceAction, F: Facts] WithFacts<A, F>, A, |s, how| s.inner(), how, s.inner().tridiagonal();
    ['r, A: DeviceAction] &'r A, A, |s, how| (**s), how, (**s).tridiagonal();
}
// A^T x = conj(A^H conj(x))
impl<A: DeviceAction> DeviceAction for Transpose<A> {
    fn act_on(&self, gpu: &Cuda, how: Update<Sc<A>>, x: Span<'_, Sc<A>>, y: SpanMut<'_, Sc<A>>) -> Result<()> {
        match <Sc<A> as Scalar>::IsReal::KNOWN {
            true => self.0.act_on(gpu, how.flip(), x, y),
            false => through_conjugates(gpu, how, x, y, |how, x, y| self.0.act_on(gpu, how.flip(), x, y)),
        }
    }
}
// conj(A) x = conj(A conj(x))
impl<A: DeviceAction> DeviceAction for Conj<A> {
    fn act_on(&self, gpu: &Cuda, how: Update<Sc<A>>, x: Span<'_, Sc<A>>, y: SpanMut<'_, Sc<A>>) -> Result<()> {
        match <Sc<A> as Scalar>::IsReal::KNOWN {
            true => self.0.act_on(gpu, how, x, y),
            false => through_conjugates(gpu, how, x, y, |how, x, y| self.0.act_on(gpu, how, x, y)),
        }
    }
}
impl<T: DeviceNumber, S: Space> DeviceAction for Identity<T, S> {
    fn act_on(&self, gpu: &Cuda, how: Update<T>, x: Span<'_, T>, y: SpanMut<'_, T>) -> Result<()> {
        scaled(gpu, how, x, y)
    }
}
impl<T: DeviceNumber, S: Space, G: Sign> DeviceAction for ScaledIdentity<T, S, G> {
    fn act_on(&self, gpu: &Cuda, how: Update<T>, x: Span<'_, T>, y: SpanMut<'_, T>) -> Result<()> {
        scaled(gpu, how.times(self.c), x, y)
    }
}
impl<T: DeviceNumber, R: Space, C: Space, F: Facts> DeviceAction for Zero<T, R, C, F> {
    fn act_on(&self, gpu: &Cuda, how: Update<T>, x: Span<'_, T>, y: SpanMut<'_, T>) -> Result<()> {
        nothing(gpu, how, x, y)
    }
}
macro_rules! sums {
    ($($S:ident)*) => { $(
        impl<A: DeviceAction, B: DeviceAction<Scalar = A::Scalar>> DeviceAction for $S<A, B> {
            fn act_on(&self, gpu: &Cuda, how: Update<Sc<A>>, x: Span<'_, Sc<A>>, mut y: SpanMut<'_, Sc<A>>) -> Result<()> {
                self.0.act_on(gpu, how, x, y.reborrow())?;
                self.1.act_on(gpu, how.add(), x, y)
            }
        }
    )* };
}
sums!(Sum Shifted);
impl<A: DeviceAction, B: DeviceAction<Scalar = A::Scalar>> DeviceAction for Product<A, B> {
    fn act_on(&self, gpu: &Cuda, how: Update<Sc<A>>, x: Span<'_, Sc<A>>, y: SpanMut<'_, Sc<A>>) -> Result<()> {
        let (mid, many, h) = (self.0.ncols(), (x.cols, x.layers), how.first());
        match how.adjoint {
            false => two_steps(gpu, mid, many, |m| self.1.act_on(gpu, h, x, m), |m| self.0.act_on(gpu, how, m, y)),
            true => two_steps(gpu, mid, many, |m| self.0.act_on(gpu, h, x, m), |m| self.1.act_on(gpu, how, m, y)),
        }
    }
}
/// The operators one after another, the first of the list first.
fn in_turn<A: DeviceAction>(
    gpu: &Cuda,
    how: Update<Sc<A>>,
    list: &mut dyn Iterator<Item = &A>,
    x: Span<'_, Sc<A>>,
    y: SpanMut<'_, Sc<A>>,
) -> Result<()> {
    let Some(mut next) = list.next() else { return scaled(gpu, how.plain(), x, y) };
    let (many, mut from) = ((x.cols, x.layers), None);
    for after in list {
        let rows = shape(next, how.adjoint).0;
        let mut to = gpu.reserve::<Sc<A>>(rows * many.0 * many.1)?;
        let target = SpanMut::packed(&mut to, rows, many.0, many.1)?;
        match &from {
            None => next.act_on(gpu, how.first(), x, target)?,
            Some((v, n)) => next.act_on(gpu, how.first(), Span::packed(v, *n, many.0, many.1)?, target)?,
        }
        (from, next) = (Some((to, rows)), after);
    }
    match &from {
        None => next.act_on(gpu, how, x, y),
        Some((v, n)) => next.act_on(gpu, how, Span::packed(v, *n, many.0, many.1)?, y),
    }
}
impl<A: DeviceAction, const N: usize> DeviceAction for Powi<A, N> {
    fn act_on(&self, gpu: &Cuda, how: Update<Sc<A>>, x: Span<'_, Sc<A>>, y: SpanMut<'_, Sc<A>>) -> Result<()> {
        in_turn(gpu, how, &mut std::iter::repeat_n(&self.0, N), x, y)
    }
}
impl<P: Parts<Item: DeviceAction>> DeviceAction for ProductOf<P> {
    fn act_on(&self, gpu: &Cuda, how: Update<Sc<Self>>, x: Span<'_, Sc<Self>>, y: SpanMut<'_, Sc<Self>>) -> Result<()> {
        match how.adjoint {
            false => in_turn(gpu, how, &mut self.parts().iter().rev(), x, y),
            true => in_turn(gpu, how, &mut self.parts().iter(), x, y),
        }
    }
}
impl<P: Parts<Item: DeviceAction>> DeviceAction for SumOf<P> {
    fn act_on(
        &self,
        gpu: &Cuda,
        how: Update<Sc<Self>>,
        x: Span<'_, Sc<Self>>,
        mut y: SpanMut<'_, Sc<Self>>,
    ) -> Result<()> {
        let mut parts = self.parts().iter().enumerate();
        parts.try_for_each(|(i, a)| a.act_on(gpu, if i == 0 { how } else { how.add() }, x, y.reborrow()))
    }
}
/// Where columns and layers do not fit three strides: column by column.
fn column_by_column<T: DeviceNumber>(
    x: Span<'_, T>,
    mut y: SpanMut<'_, T>,
    mut one: impl FnMut(Span<'_, T>, SpanMut<'_, T>) -> Result<()>,
) -> Result<()> {
    (0..x.layers).try_for_each(|l| (0..x.cols).try_for_each(|c| one(x.column(c, l), y.reborrow().column(c, l))))
}
/// (A x B) vec(X) = vec(B X A^T): B on the fast mode, then A on the slow mode, by strides; nothing is transposed.
fn kron<T: DeviceNumber>(
    gpu: &Cuda,
    how: Update<T>,
    (a, b): (&dyn DynAction<T>, &dyn DynAction<T>),
    x: Span<'_, T>,
    y: SpanMut<'_, T>,
) -> Result<()> {
    let (sa, sb) = (a.sides(how.adjoint), b.sides(how.adjoint));
    let mut y = y;
    let Some(steps) = Steps::new(sa, sb, x, y.reborrow()) else {
        return column_by_column(x, y, |x, y| kron(gpu, how, (a, b), x, y));
    };
    let mut memory = gpu.reserve::<T>(steps.numbers)?;
    b.run(gpu, how.first(), steps.from, steps.mid(&mut memory)?)?;
    a.run(gpu, how, steps.back(&memory)?, steps.to)
}
impl<A: DeviceAction, B: DeviceAction<Scalar = A::Scalar>> DeviceAction for Kron<A, B> {
    fn act_on(&self, gpu: &Cuda, how: Update<Sc<A>>, x: Span<'_, Sc<A>>, y: SpanMut<'_, Sc<A>>) -> Result<()> {
        kron(gpu, how, (&self.0, &self.1), x, y)
    }
}
impl<F: DeviceAction, P: DeviceAction<Scalar = F::Scalar>> DeviceAction for KronProduct<F, P> {
    fn act_on(&self, gpu: &Cuda, how: Update<Sc<F>>, x: Span<'_, Sc<F>>, y: SpanMut<'_, Sc<F>>) -> Result<()> {
        match self {
            KronProduct::Whole(f) => f.act_on(gpu, how, x, y),
            KronProduct::Parts(p) => p.act_on(gpu, how, x, y),
        }
    }
}
/// The Kronecker product of a list that is not empty.
struct KronList<'a, A>(&'a [A]);
device_operator!([A: Operator] KronList<'_, A> {
    scalar A::Scalar; facts cola_core::NoFacts;
    shape |s| (s.0.iter().map(Operator::nrows).product(), s.0.iter().map(Operator::ncols).product())
});
impl<A: DeviceAction> DeviceAction for KronList<'_, A> {
    fn act_on(&self, gpu: &Cuda, how: Update<Sc<A>>, x: Span<'_, Sc<A>>, y: SpanMut<'_, Sc<A>>) -> Result<()> {
        match self.0 {
            [] => scaled(gpu, how, x, y),
            [one] => one.act_on(gpu, how, x, y),
            [first, rest @ ..] => kron(gpu, how, (first, &KronList(rest)), x, y),
        }
    }
}
impl<P: Parts<Item: DeviceAction>> DeviceAction for KronOf<P> {
    fn act_on(&self, gpu: &Cuda, how: Update<Sc<Self>>, x: Span<'_, Sc<Self>>, y: SpanMut<'_, Sc<Self>>) -> Result<()> {
        KronList(self.parts()).act_on(gpu, how, x, y)
    }
}
/// vec(B X + X A^T): B on the fast mode, then A added on the slow mode, by strides, without memory.
impl<A: DeviceAction, B: DeviceAction<Scalar = A::Scalar>> DeviceAction for KronSum<A, B> {
    fn act_on(&self, gpu: &Cuda, how: Update<Sc<A>>, x: Span<'_, Sc<A>>, mut y: SpanMut<'_, Sc<A>>) -> Result<()> {
        let sizes = (self.0.nrows(), self.1.nrows());
        if let (Some(a), Some(b)) = (self.0.tridiagonal(), self.1.tridiagonal())
            && x.is_packed_column()
            && y.as_span().is_packed_column()
        {
            return tridiagonals(gpu, how, sizes, (a, b), x, y);
        }
        match modes(sizes, x, y.reborrow()) {
            Some([(xb, yb), (xa, ya)]) => {
                self.1.act_on(gpu, how, xb, yb)?;
                self.0.act_on(gpu, how.add(), xa, ya)
            }
            None => column_by_column(x, y, |x, y| self.act_on(gpu, how, x, y)),
        }
    }
}
/// Blocks of x and y along the diagonal.
fn blocks<A: DeviceAction>(
    gpu: &Cuda,
    how: Update<Sc<A>>,
    list: &mut dyn Iterator<Item = &A>,
    x: Span<'_, Sc<A>>,
    mut y: SpanMut<'_, Sc<A>>,
) -> Result<()> {
    let (mut r, mut c) = (0, 0);
    for a in list {
        let (m, n) = shape(a, how.adjoint);
        a.act_on(gpu, how, x.rows(c, n), y.reborrow().rows(r, m))?;
        (r, c) = (r + m, c + n);
    }
    Ok(())
}
impl<A: DeviceAction, B: DeviceAction<Scalar = A::Scalar>> DeviceAction for BlockDiag<A, B> {
    fn act_on(&self, gpu: &Cuda, how: Update<Sc<A>>, x: Span<'_, Sc<A>>, mut y: SpanMut<'_, Sc<A>>) -> Result<()> {
        let ((ma, na), (mb, nb)) = (shape(&self.0, how.adjoint), shape(&self.1, how.adjoint));
        self.0.act_on(gpu, how, x.rows(0, na), y.reborrow().rows(0, ma))?;
        self.1.act_on(gpu, how, x.rows(na, nb), y.rows(ma, mb))
    }
}
impl<P: Parts<Item: DeviceAction>> DeviceAction for BlockDiagOf<P> {
    fn act_on(&self, gpu: &Cuda, how: Update<Sc<Self>>, x: Span<'_, Sc<Self>>, y: SpanMut<'_, Sc<Self>>) -> Result<()> {
        blocks(gpu, how, &mut self.parts().iter(), x, y)
    }
}
/// The block on M columns at once where x is one vector (or its columns are layers), else block by block.
impl<A: DeviceAction, const M: usize> DeviceAction for Repeat<A, M> {
    fn act_on(&self, gpu: &Cuda, how: Update<Sc<A>>, x: Span<'_, Sc<A>>, mut y: SpanMut<'_, Sc<A>>) -> Result<()> {
        let (m, n) = shape(&self.0, how.adjoint);
        if x.cols == 1 || x.layers == 1 {
            let (x, y) = if x.cols == 1 { (x, y) } else { (x.swapped(), y.swapped()) };
            return self.0.act_on(gpu, how, x.cut(M, n), y.cut(M, m));
        }
        (0..M).try_for_each(|b| self.0.act_on(gpu, how, x.rows(b * n, n), y.reborrow().rows(b * m, m)))
    }
}
// X (X^H x), or X (X^T x)
impl<X: DeviceAction, C: GramKind> DeviceAction for Gram<X, C> {
    fn act_on(&self, gpu: &Cuda, how: Update<Sc<X>>, x: Span<'_, Sc<X>>, y: SpanMut<'_, Sc<X>>) -> Result<()> {
        let (mid, many, plain) = (self.0.ncols(), (x.cols, x.layers), how.plain());
        if C::CONJUGATE || <Sc<X> as Scalar>::IsReal::KNOWN {
            let first = |m: SpanMut<'_, Sc<X>>| self.0.act_on(gpu, plain.first().flip(), x, m);
            return two_steps(gpu, mid, many, first, |m| self.0.act_on(gpu, plain, m, y));
        }
        let t = Transpose(&self.0);
        match how.adjoint {
            false => {
                let first = |m: SpanMut<'_, Sc<X>>| t.act_on(gpu, plain.first(), x, m);
                two_steps(gpu, mid, many, first, |m| self.0.act_on(gpu, plain, m, y))
            }
            // (X X^T)^H = conj(X) X^H
            true => {
                let first = |m: SpanMut<'_, Sc<X>>| self.0.act_on(gpu, plain.first().flip(), x, m);
                two_steps(gpu, mid, many, first, |m| Conj(&self.0).act_on(gpu, plain, m, y))
            }
        }
    }
}
// X (A (X^H x)); for X A X^T of complex numbers the last factor is conjugated
impl<X: DeviceAction, A: DeviceAction<Scalar = X::Scalar>, C: GramKind> DeviceAction for Congruence<X, A, C> {
    fn act_on(&self, gpu: &Cuda, how: Update<Sc<X>>, x: Span<'_, Sc<X>>, y: SpanMut<'_, Sc<X>>) -> Result<()> {
        let (mid, many, plain) = (self.0.ncols(), (x.cols, x.layers), how.plain());
        let adjoint = C::CONJUGATE || <Sc<X> as Scalar>::IsReal::KNOWN;
        two_steps(
            gpu,
            mid,
            many,
            |m| match (adjoint, how.adjoint) {
                (true, _) | (false, true) => self.0.act_on(gpu, plain.first().flip(), x, m),
                (false, false) => Transpose(&self.0).act_on(gpu, plain.first(), x, m),
            },
            |m| {
                let middle = |z: SpanMut<'_, Sc<X>>| self.1.act_on(gpu, how.first(), m, z);
                two_steps(gpu, mid, many, middle, |z| match (adjoint, how.adjoint) {
                    (true, _) | (false, false) => self.0.act_on(gpu, plain, z, y),
                    (false, true) => Conj(&self.0).act_on(gpu, plain, z, y),
                })
            },
        )
    }
}
/// y = [y +] alpha (A x_1 + B x_2).
fn joined<T: DeviceNumber>(
    gpu: &Cuda,
    how: Update<T>,
    (a, b): (&dyn DynAction<T>, &dyn DynAction<T>),
    x: Span<'_, T>,
    mut y: SpanMut<'_, T>,
) -> Result<()> {
    let (na, nb) = (a.sides(how.adjoint).1, b.sides(how.adjoint).1);
    a.run(gpu, how, x.rows(0, na), y.reborrow())?;
    b.run(gpu, how.add(), x.rows(na, nb), y)
}
/// y_1 = [y_1 +] alpha A x, y_2 = [y_2 +] alpha B x.
fn forked<T: DeviceNumber>(
    gpu: &Cuda,
    how: Update<T>,
    (a, b): (&dyn DynAction<T>, &dyn DynAction<T>),
    x: Span<'_, T>,
    mut y: SpanMut<'_, T>,
) -> Result<()> {
    let (ma, mb) = (a.sides(how.adjoint).0, b.sides(how.adjoint).0);
    a.run(gpu, how, x, y.reborrow().rows(0, ma))?;
    b.run(gpu, how, x, y.rows(ma, mb))
}
impl<A: DeviceAction, B: DeviceAction<Scalar = A::Scalar>> DeviceAction for HStack<A, B> {
    fn act_on(&self, gpu: &Cuda, how: Update<Sc<A>>, x: Span<'_, Sc<A>>, y: SpanMut<'_, Sc<A>>) -> Result<()> {
        match how.adjoint {
            false => joined(gpu, how, (&self.0, &self.1), x, y),
            true => forked(gpu, how, (&self.0, &self.1), x, y),
        }
    }
}
impl<A: DeviceAction, B: DeviceAction<Scalar = A::Scalar>> DeviceAction for VStack<A, B> {
    fn act_on(&self, gpu: &Cuda, how: Update<Sc<A>>, x: Span<'_, Sc<A>>, y: SpanMut<'_, Sc<A>>) -> Result<()> {
        match how.adjoint {
            false => forked(gpu, how, (&self.0, &self.1), x, y),
            true => joined(gpu, how, (&self.0, &self.1), x, y),
        }
    }
}
impl<A, B, C, D> DeviceAction for Blocks<A, B, C, D>
where
    A: DeviceAction,
    B: DeviceAction<Scalar = A::Scalar>,
    C: DeviceAction<Scalar = A::Scalar>,
    D: DeviceAction<Scalar = A::Scalar>,
{
    fn act_on(&self, gpu: &Cuda, how: Update<Sc<A>>, x: Span<'_, Sc<A>>, mut y: SpanMut<'_, Sc<A>>) -> Result<()> {
        // op([A, B; C, D]): the second block of the first row is B, or C^H
        let (b, c): (&dyn DynAction<Sc<A>>, &dyn DynAction<Sc<A>>) =
            if how.adjoint { (&self.2, &self.1) } else { (&self.1, &self.2) };
        let (ma, md) = (shape(&self.0, how.adjoint).0, shape(&self.3, how.adjoint).0);
        joined(gpu, how, (&self.0, b), x, y.reborrow().rows(0, ma))?;
        joined(gpu, how, (c, &self.3), x, y.rows(ma, md))
    }
}
/// V diag(w) V^H; the eigenvalues are on the host and go to the device with each application.
impl<V: DeviceAction, F: Facts> DeviceAction for Spectral<V, F> {
    fn act_on(&self, gpu: &Cuda, how: Update<Sc<V>>, x: Span<'_, Sc<V>>, y: SpanMut<'_, Sc<V>>) -> Result<()> {
        let n = self.nrows();
        let w: Vec<Sc<V>> = self.eigenvalues().iter().map(|&w| <Sc<V> as Scalar>::from_re(w)).collect();
        let (w, v, plain) = (gpu.upload(&w)?, self.eigenvectors(), how.first().plain());
        let w = Span::new(&w, n, 1)?;
        two_steps(
            gpu,
            n,
            (x.cols, x.layers),
            |mut m| {
                v.act_on(gpu, plain.flip(), x, m.reborrow())?;
                diagonal_in_place(gpu, plain, w, m)
            },
            |m| v.act_on(gpu, how.plain(), m, y),
        )
    }
}
