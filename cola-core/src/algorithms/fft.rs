//! Discrete Fourier transforms: rustfft and realfft for f32, f64 and their complex numbers, plain sums for lanes and dual numbers.
//!
//! The forward transform is X_k = sum_j x_j e^(-2 pi i jk/n), the inverse one has the conjugate kernel; neither divides by n. Plans are
//! cached per length for the life of the program, and a transform allocates nothing: its scratch is the caller's.

use crate::facts::Fact;
use crate::scalar::{Complex, Scalar};
use num_traits::Zero;
use rustfft::FftPlanner;
use std::sync::{Arc, Mutex, OnceLock};

/// A transform of one length over complex numbers C.
pub trait Dft<C: Scalar>: Send + Sync {
    /// Transforms every chunk of n numbers in place.
    fn run(&self, inverse: bool, data: &mut [C], scratch: &mut [C]);
    /// Numbers of scratch.
    fn scratch_len(&self) -> usize;
}
/// The product with a real circulant matrix, by half spectra.
pub trait RealDft<R: Scalar>: Send + Sync {
    /// The first n/2 + 1 Fourier coefficients.
    fn half(&self, x: &[R]) -> Vec<R::Complex>;
    /// The real vector of such coefficients.
    fn column(&self, half: &[R::Complex]) -> Vec<R>;
    /// x <- F^-1 diag(s) F x, or with conj(s).
    fn convolve(&self, s: &[R::Complex], adjoint: bool, x: &mut [R], scratch: &mut [R]);
    /// Numbers of scratch.
    fn scratch_len(&self) -> usize;
}

struct RustDft<R> {
    forward: Arc<dyn rustfft::Fft<R>>,
    inverse: Arc<dyn rustfft::Fft<R>>,
}
struct RealPlan<R> {
    n: usize,
    forward: Arc<dyn realfft::RealToComplex<R>>,
    inverse: Arc<dyn realfft::ComplexToReal<R>>,
}
macro_rules! float {
    ($($R:ident, $complex:ident, $real:ident;)*) => { $(
        impl Dft<Complex<$R>> for RustDft<$R> {
            fn run(&self, inverse: bool, data: &mut [Complex<$R>], scratch: &mut [Complex<$R>]) {
                if inverse { &self.inverse } else { &self.forward }.process_with_scratch(data, scratch)
            }
            fn scratch_len(&self) -> usize {
                self.forward.get_inplace_scratch_len().max(self.inverse.get_inplace_scratch_len())
            }
        }
        /// The plan of rustfft.
        pub(crate) fn $complex(n: usize) -> Arc<dyn Dft<Complex<$R>>> {
            static PLANNER: OnceLock<Mutex<FftPlanner<$R>>> = OnceLock::new();
            let planner = PLANNER.get_or_init(|| Mutex::new(FftPlanner::new()));
            // a planner that a panic left behind still has its cache
            let mut planner = planner.lock().unwrap_or_else(|e| e.into_inner());
            Arc::new(RustDft { forward: planner.plan_fft_forward(n), inverse: planner.plan_fft_inverse(n) })
        }
        impl RealPlan<$R> {
            fn complex_scratch(&self) -> usize {
                self.forward.get_scratch_len().max(self.inverse.get_scratch_len())
            }
            /// Half spectrum of x, which is overwritten. The lengths are those of the plan, so realfft has nothing to refuse.
            fn forwards(&self, x: &mut [$R], half: &mut [Complex<$R>], scratch: &mut [Complex<$R>]) {
                self.forward.process_with_scratch(x, half, scratch).expect("lengths as planned")
            }
            fn backwards(&self, half: &mut [Complex<$R>], x: &mut [$R], scratch: &mut [Complex<$R>]) {
                // real by symmetry; a rounded imaginary part would be refused
                half[0].im = 0.0;
                if self.n % 2 == 0 {
                    half[self.n / 2].im = 0.0;
                }
                self.inverse.process_with_scratch(half, x, scratch).expect("lengths as planned")
            }
        }
        impl RealDft<$R> for RealPlan<$R> {
            fn half(&self, x: &[$R]) -> Vec<Complex<$R>> {
                let mut half = vec![Complex::zero(); self.n / 2 + 1];
                let mut scratch = vec![Complex::zero(); self.complex_scratch()];
                self.forwards(&mut x.to_vec(), &mut half, &mut scratch);
                half
            }
            fn column(&self, half: &[Complex<$R>]) -> Vec<$R> {
                let mut x = vec![0.0; self.n];
                let mut scratch = vec![Complex::zero(); self.complex_scratch()];
                self.backwards(&mut half.to_vec(), &mut x, &mut scratch);
                let inverse = 1.0 / self.n as $R;
                x.iter_mut().for_each(|x| *x *= inverse);
                x
            }
            fn convolve(&self, s: &[Complex<$R>], adjoint: bool, x: &mut [$R], scratch: &mut [$R]) {
                let scratch: &mut [Complex<$R>] = bytemuck::cast_slice_mut(&mut scratch[..RealDft::<$R>::scratch_len(self)]);
                let (half, rest) = scratch.split_at_mut(self.n / 2 + 1);
                self.forwards(x, half, rest);
                let inverse = 1.0 / self.n as $R;
                for (h, &s) in half.iter_mut().zip(s) {
                    *h *= if adjoint { Scalar::conj(s) } else { s } * inverse;
                }
                self.backwards(half, x, rest);
            }
            fn scratch_len(&self) -> usize {
                2 * (self.n / 2 + 1 + self.complex_scratch())
            }
        }
        /// The plan of realfft.
        pub(crate) fn $real(n: usize) -> Arc<dyn RealDft<$R>> {
            static PLANNER: OnceLock<Mutex<realfft::RealFftPlanner<$R>>> = OnceLock::new();
            let planner = PLANNER.get_or_init(|| Mutex::new(realfft::RealFftPlanner::new()));
            let mut planner = planner.lock().unwrap_or_else(|e| e.into_inner());
            Arc::new(RealPlan { n, forward: planner.plan_fft_forward(n), inverse: planner.plan_fft_inverse(n) })
        }
    )* };
}
float! { f32, complex32, real32; f64, complex64, real64; }

/// e^(2 pi i a / b) of whole numbers: the angle is reduced before it is rounded.
pub fn unit_root<C: Scalar>(a: usize, b: usize) -> C {
    let (sin, cos) = (core::f64::consts::TAU * ((a % b.max(1)) as f64 / b.max(1) as f64)).sin_cos();
    C::of(cos) + C::of(-1.0).sqrt() * C::of(sin)
}
/// A transform by its definition: n^2 products.
struct PlainDft<C> {
    roots: Vec<C>,
}
impl<C: Scalar> Dft<C> for PlainDft<C> {
    fn run(&self, inverse: bool, data: &mut [C], scratch: &mut [C]) {
        let n = self.roots.len();
        let out = &mut scratch[..n];
        for chunk in data.chunks_mut(n.max(1)) {
            for (k, o) in out.iter_mut().enumerate() {
                *o = chunk.iter().enumerate().fold(C::zero(), |s, (j, &x)| {
                    let root = self.roots[j * k % n];
                    s.add_mul(if inverse { root } else { root.conj() }, x)
                });
            }
            chunk.copy_from_slice(out);
        }
    }
    fn scratch_len(&self) -> usize {
        self.roots.len()
    }
}
/// The plan for n numbers.
pub fn dft<C: Scalar>(n: usize) -> Arc<dyn Dft<C>> {
    let own = || -> Arc<dyn Dft<C>> { Arc::new(PlainDft { roots: (0..n).map(|j| unit_root::<C>(j, n)).collect() }) };
    if n == 0 { own() } else { C::engine_dft(n).unwrap_or_else(own) }
}

/// The transform along every axis of a grid; the last index varies fastest.
#[derive(Clone)]
pub struct Grid<C: Scalar> {
    shape: Arc<[usize]>,
    axes: Vec<Arc<dyn Dft<C>>>,
}
impl<C: Scalar> Grid<C> {
    /// For grids of this shape.
    pub fn new(shape: &[usize]) -> Self {
        Grid { shape: shape.into(), axes: shape.iter().map(|&n| dft(n)).collect() }
    }
    /// Points along each axis.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }
    /// Number of points.
    pub fn points(&self) -> usize {
        self.shape.iter().product()
    }
    /// Transforms in place.
    pub fn run(&self, inverse: bool, data: &mut [C], scratch: &mut [C]) {
        let mut stride = 1;
        for (axis, (&n, plan)) in self.shape.iter().zip(&self.axes).enumerate().rev() {
            if axis + 1 == self.shape.len() {
                plan.run(inverse, data, scratch);
            } else if !data.is_empty() {
                let (line, rest) = scratch.split_at_mut(n);
                for block in data.chunks_mut(n * stride) {
                    for start in 0..stride {
                        line.iter_mut().enumerate().for_each(|(i, l)| *l = block[start + stride * i]);
                        plan.run(inverse, line, rest);
                        line.iter().enumerate().for_each(|(i, &l)| block[start + stride * i] = l);
                    }
                }
            }
            stride *= n;
        }
    }
    /// Numbers of scratch.
    pub fn scratch_len(&self) -> usize {
        let longest = if self.shape.len() > 1 { self.shape.iter().copied().max().unwrap_or(0) } else { 0 };
        longest + self.axes.iter().map(|a| a.scratch_len()).max().unwrap_or(0)
    }
}

/// Products with circulants on a grid: multiplication in Fourier space. The symbol is the spectrum, or for real numbers on a line its
/// first half.
#[derive(Clone)]
pub struct Convolution<T: Scalar> {
    shape: Arc<[usize]>,
    real: Option<Arc<dyn RealDft<T>>>,
    grid: Option<Grid<T::Complex>>,
}
impl<T: Scalar> Convolution<T> {
    /// For grids of this shape; one number for a line.
    pub fn new(shape: &[usize]) -> Self {
        let real = match shape {
            [n] if *n > 0 => T::engine_real_dft(*n),
            _ => None,
        };
        let grid = if real.is_some() { None } else { Some(Grid::new(shape)) };
        Convolution { shape: shape.into(), real, grid }
    }
    /// The shape of the grid.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }
    /// Number of points.
    pub fn points(&self) -> usize {
        self.shape.iter().product()
    }
    fn by_grid(&self, inverse: bool, z: &mut [T::Complex]) {
        if let Some(grid) = &self.grid {
            grid.run(inverse, z, &mut vec![T::Complex::zero(); grid.scratch_len()]);
        }
    }
    /// The symbol of the circulant with this first column.
    pub fn symbol(&self, column: &[T]) -> Vec<T::Complex> {
        match &self.real {
            Some(real) => real.half(column),
            None => {
                let mut z: Vec<_> = column.iter().map(|x| x.to_complex()).collect();
                self.by_grid(false, &mut z);
                z
            }
        }
    }
    /// The first column of the circulant with this symbol.
    pub fn column(&self, symbol: &[T::Complex]) -> Vec<T> {
        match &self.real {
            Some(real) => real.column(symbol),
            None => {
                let mut z = symbol.to_vec();
                self.by_grid(true, &mut z);
                let inverse = T::Complex::of(1.0 / z.len().max(1) as f64);
                z.iter().map(|&z| from_complex(z * inverse)).collect()
            }
        }
    }
    /// The whole spectrum.
    pub fn spectrum(&self, symbol: &[T::Complex]) -> Vec<T::Complex> {
        let n = self.points();
        (0..n).map(|k| if k < symbol.len() { symbol[k] } else { symbol[n - k].conj() }).collect()
    }
    /// x <- C x, or C^H x, for the circulant with this symbol.
    #[inline]
    pub fn multiply(&self, symbol: &[T::Complex], adjoint: bool, x: &mut [T], scratch: &mut [T]) {
        if let Some(real) = &self.real {
            return real.convolve(symbol, adjoint, x, scratch);
        }
        let Some(grid) = &self.grid else { return };
        let n = x.len();
        let inverse = T::Complex::of(1.0 / n.max(1) as f64);
        T::with_complex(scratch, &mut |buffer| {
            let (z, rest) = buffer.split_at_mut(n);
            z.iter_mut().zip(x.iter()).for_each(|(z, x)| *z = x.to_complex());
            grid.run(false, z, rest);
            for (z, &s) in z.iter_mut().zip(symbol) {
                *z *= if adjoint { s.conj() } else { s } * inverse;
            }
            grid.run(true, z, rest);
            x.iter_mut().zip(z.iter()).for_each(|(x, &z)| *x = from_complex(z));
        })
    }
    /// Numbers of scratch of `multiply`.
    pub fn scratch_len(&self) -> usize {
        match (&self.real, &self.grid) {
            (Some(real), _) => real.scratch_len(),
            (_, Some(grid)) => complex_len::<T>(self.points() + grid.scratch_len()),
            _ => 0,
        }
    }
}
/// Numbers of T that hold `n` complex ones.
pub fn complex_len<T: Scalar>(n: usize) -> usize {
    if <T::IsReal as Fact>::KNOWN { 2 * n } else { n }
}
/// A complex number as a scalar; real ones take its real part.
#[inline(always)]
pub fn from_complex<T: Scalar>(z: T::Complex) -> T {
    match <T::IsReal as Fact>::KNOWN {
        true => T::from_re(z.re()),
        false => T::from_re(z.re()) + T::of(-1.0).sqrt() * T::from_re(z.im()),
    }
}
/// The default of [`Engine::with_complex`]: a buffer of its own.
pub(crate) fn complex_buffer<T: Scalar>(scratch: &mut [T], f: &mut dyn FnMut(&mut [T::Complex])) {
    let n = if <T::IsReal as Fact>::KNOWN { scratch.len() / 2 } else { scratch.len() };
    f(&mut vec![T::Complex::zero(); n])
}
