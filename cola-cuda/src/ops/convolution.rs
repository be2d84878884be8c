//! Circulant and Toeplitz matrices on a device: transforms by cuFFT, and a product with the symbol between.

use super::span::{diagonal_in_place, scaled};
use super::{DeviceAction, Span, SpanMut};
use crate::device::Cuda;
use crate::libraries::fft::{Plans, spectrum_len};
use crate::vector::{DeviceNumber, DeviceVector};
use cola_core::functions::{DetRule, ExpRule, InverseRule, LogRule, Power, PowerRule};
use cola_core::space::Dyn;
use cola_core::{Circulant, Error, Facts, NoFacts, Operator, Result, Scalar, Update, WithFacts};
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

/// A circulant on a grid, ready to be applied to any number of columns.
struct Convolution<T: DeviceNumber> {
    plans: Plans,
    /// The transform of the first column, divided by the number of points.
    symbol: DeviceVector<T::Complex>,
}
impl<T: DeviceNumber> Convolution<T> {
    fn new(gpu: &Cuda, grid: &[usize], column: &[T]) -> Result<Self> {
        let points: usize = grid.iter().product();
        if points != column.len() {
            let (left, right) = ((points, 1), (column.len(), 1));
            return Err(Error::ShapeMismatch { op: "a circulant on a device", left, right });
        }
        let plans = Plans::new(grid);
        let mut symbol = gpu.reserve::<T::Complex>(spectrum_len::<T>(grid))?;
        plans.get::<T>(gpu, 1)?.forward(&gpu.upload(column)?, &mut symbol)?;
        symbol.try_scale(<T::Complex as Scalar>::of(1.0 / points as f64))?;
        Ok(Convolution { plans, symbol })
    }
    fn points(&self) -> usize {
        self.plans.points()
    }
    /// y = \[y +\] alpha (the first rows of the product with x, zeros behind it).
    fn act(&self, gpu: &Cuda, how: Update<T>, x: Span<'_, T>, y: SpanMut<'_, T>) -> Result<()> {
        let (n, batch) = (self.points(), x.cols * x.layers);
        if batch == 0 || x.rows == 0 || y.as_span().rows == 0 {
            return super::span::nothing(gpu, how, x, y);
        }
        gpu.same_device(self.symbol.device())?;
        let plan = self.plans.get::<T>(gpu, batch)?;
        let mut work = gpu.reserve::<T>(n * batch)?;
        if x.rows < n {
            work.try_fill(T::default())?;
        }
        let window = |w, rows| -> Result<SpanMut<'_, T>> { Ok(SpanMut::packed(w, n, x.cols, x.layers)?.rows(0, rows)) };
        scaled(gpu, Update::replace(), x, window(&mut work, x.rows)?)?;
        let length = self.symbol.len();
        let mut spectrum = gpu.reserve::<T::Complex>(length * batch)?;
        plan.forward(&work, &mut spectrum)?;
        let turn = Update { adjoint: how.adjoint, ..Update::replace() };
        let symbol = Span::new(&self.symbol, length, 1)?;
        diagonal_in_place(gpu, turn, symbol, SpanMut::new(&mut spectrum, length, batch)?)?;
        plan.backward(&mut spectrum, &mut work)?;
        let rows = y.as_span().rows;
        scaled(gpu, how.plain(), Span::packed(&work, n, x.cols, x.layers)?.rows(0, rows), y)
    }
}
/// A circulant matrix on a device, on a line or on a grid of two or three dimensions. Its functions, of n numbers, are the host's.
pub struct CudaCirculant<T: DeviceNumber> {
    host: Circulant<T, Dyn>,
    on: Arc<Convolution<T>>,
    gpu: Cuda,
}
impl<T: DeviceNumber> Clone for CudaCirculant<T> {
    fn clone(&self) -> Self {
        CudaCirculant { host: self.host.clone(), on: self.on.clone(), gpu: self.gpu.clone() }
    }
}
impl<T: DeviceNumber> fmt::Debug for CudaCirculant<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CudaCirculant({:?})", self.on.plans.grid)
    }
}
impl<T: DeviceNumber> CudaCirculant<T> {
    /// From a circulant matrix of the host.
    ///
    /// # Errors
    /// `Device`; `InvalidArgument` for grids of more than three dimensions.
    pub fn new<S: cola_core::Space>(gpu: &Cuda, a: &Circulant<T, S>) -> Result<Self> {
        let host = Circulant::nd(a.grid(), a.column().to_vec())?;
        let on = Arc::new(Convolution::new(gpu, a.grid(), a.column())?);
        Ok(CudaCirculant { host, on, gpu: gpu.clone() })
    }
    /// The host's answer on the device, with what is known of it.
    fn sent<A: Operator>(&self, a: Circulant<T, Dyn>) -> Result<WithFacts<Self, A::Facts>> {
        Ok(WithFacts::promised(Self::new(&self.gpu, &a)?))
    }
}
device_operator!([T: DeviceNumber] CudaCirculant<T> {
    scalar T; facts <Circulant<T, Dyn> as Operator>::Facts;
    shape |s| (s.on.points(), s.on.points())
});
impl<T: DeviceNumber> DeviceAction for CudaCirculant<T> {
    fn act_on(&self, gpu: &Cuda, how: Update<T>, x: Span<'_, T>, y: SpanMut<'_, T>) -> Result<()> {
        self.on.act(gpu, how, x, y)
    }
}
/// The facts of what the host's rule makes.
type Said<A> = <A as Operator>::Facts;
type Host<T> = Circulant<T, Dyn>;
// elementwise on the spectrum
impl<K: Facts, T: DeviceNumber> InverseRule<K> for CudaCirculant<T> {
    type Output = WithFacts<Self, Said<<Host<T> as InverseRule<K>>::Output>>;
    fn inverse_rule(&self) -> Result<Self::Output> {
        self.sent::<<Host<T> as InverseRule<K>>::Output>(InverseRule::<K>::inverse_rule(&self.host)?.into_inner())
    }
}
// sum of the logs of the spectrum
impl<K: Facts, T: DeviceNumber> DetRule<K> for CudaCirculant<T> {
    fn slogdet_rule(&self) -> Result<(T, T::Re)> {
        DetRule::<K>::slogdet_rule(&self.host)
    }
}
// elementwise on the spectrum
impl<K: Facts, T: DeviceNumber> PowerRule<K> for CudaCirculant<T> {
    type Output = WithFacts<Self, Said<<Host<T> as PowerRule<K>>::Output>>;
    fn power_rule(&self, p: Power) -> Result<Self::Output> {
        self.sent::<<Host<T> as PowerRule<K>>::Output>(PowerRule::<K>::power_rule(&self.host, p)?.into_inner())
    }
}
// elementwise on the spectrum
impl<K: Facts, T: DeviceNumber> ExpRule<K> for CudaCirculant<T> {
    type Output = WithFacts<Self, Said<<Host<T> as ExpRule<K>>::Output>>;
    fn exp_rule(&self) -> Result<Self::Output> {
        self.sent::<<Host<T> as ExpRule<K>>::Output>(ExpRule::<K>::exp_rule(&self.host)?.into_inner())
    }
}
// elementwise on the spectrum
impl<K: Facts, T: DeviceNumber> LogRule<K> for CudaCirculant<T> {
    type Output = WithFacts<Self, Said<<Host<T> as LogRule<K>>::Output>>;
    fn log_rule(&self) -> Result<Self::Output> {
        self.sent::<<Host<T> as LogRule<K>>::Output>(LogRule::<K>::log_rule(&self.host)?.into_inner())
    }
}

/// A Toeplitz matrix on a device: a corner of a circulant of at least m + n - 1 points. `F` is what the host's structure knew.
///
/// Systems are solved by the iterations of [`OnDevice`](crate::OnDevice), which need products alone.
pub struct CudaToeplitz<T: DeviceNumber, F = NoFacts> {
    on: Arc<Convolution<T>>,
    shape: (usize, usize),
    facts: PhantomData<fn() -> F>,
}
impl<T: DeviceNumber, F> Clone for CudaToeplitz<T, F> {
    fn clone(&self) -> Self {
        CudaToeplitz { on: self.on.clone(), shape: self.shape, facts: PhantomData }
    }
}
impl<T: DeviceNumber, F> fmt::Debug for CudaToeplitz<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CudaToeplitz({} x {})", self.shape.0, self.shape.1)
    }
}
impl<T: DeviceNumber, F> CudaToeplitz<T, F> {
    /// From the first column and the first row; the caller answers for the facts.
    ///
    /// # Errors
    /// `Device`; `InvalidArgument` where one of them is empty.
    pub fn new(gpu: &Cuda, column: &[T], row: &[T]) -> Result<Self> {
        let (m, n) = (column.len(), row.len());
        if m == 0 || n == 0 {
            return Err(Error::invalid("a Toeplitz matrix on a device needs a column and a row that are not empty"));
        }
        // even, so that half of a spectrum is neat; of small factors, which transforms like
        let points = fast_length(m + n - 1);
        let mut c = vec![T::default(); points];
        c[..m].copy_from_slice(column);
        (1..n).for_each(|k| c[points - k] = row[k]);
        Ok(CudaToeplitz { on: Arc::new(Convolution::new(gpu, &[points], &c)?), shape: (m, n), facts: PhantomData })
    }
}
/// The smallest even number of factors 2, 3, 5 that is not less than n.
fn fast_length(n: usize) -> usize {
    let smooth = |mut m: usize| {
        [2, 3, 5].iter().for_each(|p| {
            while m.is_multiple_of(*p) {
                m /= p
            }
        });
        m == 1
    };
    (n.max(2).next_multiple_of(2)..).step_by(2).find(|&m| smooth(m)).unwrap_or(n)
}
device_operator!([T: DeviceNumber, F: Facts] CudaToeplitz<T, F> { scalar T; facts F; shape |s| s.shape });
impl<T: DeviceNumber, F: Facts> DeviceAction for CudaToeplitz<T, F> {
    fn act_on(&self, gpu: &Cuda, how: Update<T>, x: Span<'_, T>, y: SpanMut<'_, T>) -> Result<()> {
        self.on.act(gpu, how, x, y)
    }
}

#[cfg(test)]
mod tests {
    use super::fast_length;

    #[test]
    fn lengths_of_transforms() {
        assert_eq!([0, 1, 2, 3, 7, 11, 13, 97, 1023].map(fast_length), [2, 2, 2, 4, 8, 12, 16, 100, 1024]);
    }
}
