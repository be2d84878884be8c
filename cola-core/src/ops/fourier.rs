//! The discrete Fourier transform as a unitary matrix, and the eigenvectors of circulants.

use crate::algorithms::fft::{Grid, complex_len, from_complex, unit_root};
use crate::data::{Column, Held};
use crate::error::{Error, Result, check};
use crate::facts::{Fact, Facts, InverseFacts, NoFacts, UnitaryFacts};
use crate::functions::base::{DENSE_LIMIT, unitary_svd};
use crate::functions::dense::{DenseBasis, dense_eigh};
use crate::functions::det::{power, slog_product};
use crate::functions::diagonal::diagonal_start;
use crate::functions::{
    DetRule, DiagonalRule, EigFactors, EigRule, ExpRule, InverseRule, LogRule, PinvRule, Power, PowerRule,
};
use crate::operator::{LinearOperator, Operator, Update, operator};
use crate::ops::{Adjoint, ExpFacts, Folding, RootFacts};
use crate::parameters::{Frame, LeafFn, Parameters, Path, converted, function_frame};
use crate::plan::{Cost, Explain, Plan, Question, base};
use crate::scalar::{Real, Scalar};
use crate::space::{Dyn, Space};
use crate::view::{View, ViewMut};
use core::marker::PhantomData;
use num_traits::Zero;
use std::borrow::Cow;

/// The eigenvectors of circulants on a grid: for complex numbers e^(2 pi i jk/n) / sqrt(n), for real ones Hartley's
/// (cos + sin)(2 pi jk/n) / sqrt(n), an orthogonal matrix. Applied by FFT.
pub struct CirculantBasis<T: Scalar, S> {
    grid: Grid<T::Complex>,
    space: PhantomData<fn() -> S>,
}
impl<T: Scalar, S> Clone for CirculantBasis<T, S> {
    fn clone(&self) -> Self {
        CirculantBasis { grid: self.grid.clone(), space: PhantomData }
    }
}
impl<T: Scalar, S> CirculantBasis<T, S> {
    /// On a grid of this shape.
    pub fn new(shape: &[usize]) -> Self {
        CirculantBasis { grid: Grid::new(shape), space: PhantomData }
    }
}
operator!([T: Scalar, S: Space] CirculantBasis<T, S> {
    scalar T; facts UnitaryFacts; rows S; cols S; nrows |s| s.grid.points(); ncols s.grid.points();
});
/// y = [y +] alpha F x / sqrt(n) for complex numbers, by columns; `inverse`: F^H; `out` makes an entry of a coefficient.
fn transform<T: Scalar>(
    grid: &Grid<T::Complex>,
    inverse: bool,
    (how, x, mut y): (Update<T>, View<'_, T>, ViewMut<'_, T>),
    s: &mut [T],
    out: impl Fn(T::Complex) -> T,
) {
    let n = grid.points();
    let scale = T::Re::of(1.0 / (n.max(1) as f64).sqrt());
    T::with_complex(s, &mut |buffer| {
        let (z, rest) = buffer.split_at_mut(n);
        for c in 0..x.cols {
            z.iter_mut().enumerate().for_each(|(i, z)| *z = x.at(i, c).to_complex());
            grid.run(inverse, z, rest);
            z.iter().enumerate().for_each(|(i, &z)| how.write(y.at(i, c), out(z.scale(scale))));
        }
    })
}
impl<T: Scalar, S: Space> LinearOperator for CirculantBasis<T, S> {
    fn act(&self, how: Update<T>, x: View<'_, T>, y: ViewMut<'_, T>, s: &mut [T]) {
        match <T::IsReal as Fact>::KNOWN {
            // cos + sin of the angle: real minus imaginary part
            true => transform(&self.grid, false, (how, x, y), s, |z| T::from_re(z.re() - z.im())),
            false => transform(&self.grid, !how.adjoint, (how, x, y), s, from_complex),
        }
    }
    fn scratch_len(&self, _: usize) -> usize {
        complex_len::<T>(self.grid.points() + self.grid.scratch_len())
    }
}
// V^-1 = V^H
impl<K: Facts, T: Scalar, S: Space> InverseRule<K> for CirculantBasis<T, S> {
    type Output = Adjoint<Self>;
    fn inverse_rule(&self) -> Result<Self::Output> {
        Ok(Adjoint(self.clone()))
    }
}
crate::base_det!([T: Scalar, S: Space] CirculantBasis<T, S>);
crate::base_eigh!([T: Scalar, S: Space] CirculantBasis<T, S>);
crate::spectral_power!([T: Scalar, S: Space] CirculantBasis<T, S>);
crate::base_exp!([T: Scalar, S: Space] CirculantBasis<T, S>);
crate::spectral_log!([T: Scalar, S: Space] CirculantBasis<T, S>);
crate::base_diagonal!([T: Scalar, S: Space] CirculantBasis<T, S>);
crate::base_factors!([T: Scalar, S: Space] CirculantBasis<T, S>);
crate::base_eig!([T: Scalar, S: Space] CirculantBasis<T, S>);
unitary_svd!([T: Scalar, S: Space] CirculantBasis<T, S>);
crate::inverse_pinv!([T: Scalar, S: Space] CirculantBasis<T, S>);
fn fft_plan<A: Operator>(a: &A, rule: &'static str) -> Plan {
    Plan { cost: Cost::unknown("5n log n"), ..Plan::rule(a, rule, "n") }
}
impl<T: Scalar, S: Space> Explain for CirculantBasis<T, S> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        match question {
            Question::Apply => fft_plan(self, "FFT"),
            Question::Solve | Question::Pinv => fft_plan(self, "V^H, an application"),
            Question::Svd => Plan::rule(self, "itself", "n"),
            _ => base::<K, Self>(self, question),
        }
    }
}

/// The unitary discrete Fourier transform: entry (j, k) is e^(-2 pi i jk/n) / sqrt(n). Over complex numbers.
///
/// ```
/// # use cola_core::prelude::*;
/// let f = Fourier::<Complex<f64>>::new(4);
/// let x = f.apply(&[1.0, 2.0, 3.0, 4.0].map(Complex::from));
/// assert!((x[0] - Complex::from(5.0)).norm() < 1e-15 && (x[1] - Complex::new(-1.0, 1.0)).norm() < 1e-15);
/// assert_eq!(f.slogdet()?.1, 0.0);
/// # Ok::<(), Error>(())
/// ```
pub struct Fourier<T: Scalar, S = Dyn> {
    grid: Grid<T::Complex>,
    space: PhantomData<fn() -> S>,
}
impl<T: Scalar, S> Clone for Fourier<T, S> {
    fn clone(&self) -> Self {
        Fourier { grid: self.grid.clone(), space: PhantomData }
    }
}
impl<T: Scalar<Complex = T>> Fourier<T, Dyn> {
    /// n x n.
    pub fn new(n: usize) -> Self {
        Self::of_size(n)
    }
}
impl<T: Scalar<Complex = T>, S: Space> Fourier<T, S> {
    /// Of size n; a static space has its own size.
    pub fn of_size(n: usize) -> Self {
        Fourier { grid: Grid::new(&[S::EXTENT.or(n)]), space: PhantomData }
    }
    /// How often 1, -i, -1, i are eigenvalues. (McClellan & Parks, Eigenvalue and eigenvector decomposition of the DFT, 1972.)
    fn multiplicities(&self) -> [usize; 4] {
        let n = self.grid.points();
        if n == 0 { [0; 4] } else { [n / 4 + 1, (n + 1) / 4, (n + 2) / 4, (n - 1) / 4] }
    }
    /// f(F) = sum_k a_k F^k, k = 0..3, by its values at 1, -i, -1, i.
    fn function<F>(&self, values: [T; 4]) -> FourierFunction<T, S, F> {
        let quarter = T::of(0.25);
        let a = core::array::from_fn(|k| {
            let sum = (0..4).fold(T::zero(), |s, j| s + values[j] * unit_root::<T>(j * k, 4));
            sum * quarter
        });
        FourierFunction { f: self.clone(), a, facts: PhantomData }
    }
}
/// The unitary discrete Fourier transform: `fourier(n)` in `linop!`.
pub fn fourier<T: Scalar<Complex = T>>(n: usize) -> Fourier<T, Dyn> {
    Fourier::new(n)
}
operator!([T: Scalar<Complex = T>, S: Space] Fourier<T, S> {
    scalar T; facts UnitaryFacts; rows S; cols S; nrows |s| s.grid.points(); ncols s.grid.points();
    class crate::classes::IsFolding;
});
impl<T: Scalar<Complex = T>, S: Space> LinearOperator for Fourier<T, S> {
    fn act(&self, how: Update<T>, x: View<'_, T>, y: ViewMut<'_, T>, s: &mut [T]) {
        transform(&self.grid, how.adjoint, (how, x, y), s, |z| z)
    }
    fn scratch_len(&self, _: usize) -> usize {
        self.grid.points() + self.grid.scratch_len()
    }
}
// F^-1 = F^H
impl<K: Facts, T: Scalar<Complex = T>, S: Space> InverseRule<K> for Fourier<T, S> {
    type Output = Adjoint<Self>;
    fn inverse_rule(&self) -> Result<Self::Output> {
        Ok(Adjoint(self.clone()))
    }
}
// the product of the eigenvalues: (-i)^a (-1)^b i^c
impl<K: Facts, T: Scalar<Complex = T>, S: Space> DetRule<K> for Fourier<T, S> {
    fn slogdet_rule(&self) -> Result<(T, T::Re)> {
        let [_, a, b, c] = self.multiplicities();
        let quarter = (3 * a + 2 * b + c) % 4;
        let i = T::of(-1.0).sqrt();
        Ok((power(i, quarter), T::Re::zero()))
    }
}
impl<T: Scalar<Complex = T>, S: Space> DiagonalRule for Fourier<T, S> {
    fn diagonal_rule(&self, k: isize, d: &mut [T]) -> Result<()> {
        let ((row, col), n) = (diagonal_start(k), self.grid.points());
        let scale = T::Re::of(1.0 / (n.max(1) as f64).sqrt());
        for (i, d) in d.iter_mut().enumerate() {
            *d = unit_root::<T>((row + i) * (col + i) % n, n).conj().scale(scale);
        }
        Ok(())
    }
    // the sum of the eigenvalues
    fn trace_rule(&self) -> Result<T> {
        let [one, minus_i, minus_one, i] = self.multiplicities().map(|m| m as f64);
        Ok(T::complex(T::Re::of(one - minus_one), T::Re::of(i - minus_i)))
    }
}
/// 1, -i, -1, i by their angles.
fn at_roots<T: Scalar<Complex = T>>(f: impl Fn(f64) -> (f64, f64)) -> [T; 4] {
    use core::f64::consts::{FRAC_PI_2, PI};
    [0.0, -FRAC_PI_2, PI, FRAC_PI_2].map(|angle| {
        let (re, im) = f(angle);
        T::complex(T::Re::of(re), T::Re::of(im))
    })
}
// F^4 = I: every function is a cubic polynomial of F
impl<K: Facts, T: Scalar<Complex = T>, S: Space> PowerRule<K> for Fourier<T, S> {
    type Output = FourierFunction<T, S, UnitaryFacts>;
    fn power_rule(&self, p: Power) -> Result<Self::Output> {
        let p = p.checked()?.exponent();
        if p == p.trunc() {
            let mut a = [T::zero(); 4];
            a[p.rem_euclid(4.0) as usize] = T::one();
            return Ok(FourierFunction { f: self.clone(), a, facts: PhantomData });
        }
        Ok(self.function(at_roots(|angle| ((p * angle).cos(), (p * angle).sin()))))
    }
}
impl<K: Facts, T: Scalar<Complex = T>, S: Space> ExpRule<K> for Fourier<T, S> {
    type Output = FourierFunction<T, S, NoFacts>;
    fn exp_rule(&self) -> Result<Self::Output> {
        Ok(self.function(at_roots(|angle| {
            let (sin, cos) = angle.sin_cos();
            (cos.exp() * sin.cos(), cos.exp() * sin.sin())
        })))
    }
}
impl<K: Facts, T: Scalar<Complex = T>, S: Space> LogRule<K> for Fourier<T, S> {
    type Output = FourierFunction<T, S, NoFacts>;
    fn log_rule(&self) -> Result<Self::Output> {
        Ok(self.function(at_roots(|angle| (0.0, angle))))
    }
}
crate::base_eigh!([T: Scalar<Complex = T>, S: Space] Fourier<T, S>);
crate::base_factors!([T: Scalar<Complex = T>, S: Space] Fourier<T, S>);
unitary_svd!([T: Scalar<Complex = T>, S: Space] Fourier<T, S>);
crate::inverse_pinv!([T: Scalar<Complex = T>, S: Space] Fourier<T, S>);
// F = C - i S with commuting real C (cosines) and S (sines), C S = 0: C + 2 S is real symmetric with the eigenvalues 1, -1 (there F has
// the same) and 2, -2 (there F has -i, i), so that its eigenvectors are those of F, orthonormal within the multiple eigenvalues too
impl<K: Facts, T: Scalar<Complex = T>, S: Space> EigRule<K> for Fourier<T, S> {
    type Vectors = DenseBasis<T, S>;
    fn eig_rule(&self) -> Result<EigFactors<Self::Vectors>> {
        let n = self.grid.points();
        if n > DENSE_LIMIT {
            return Err(crate::functions::eig::too_large("eig", (n, n)));
        }
        let scale = T::Re::of(1.0 / (n.max(1) as f64).sqrt());
        let mut m = Held::<T, S>::filled(n, T::zero());
        for j in 0..n {
            for i in 0..n {
                let z = unit_root::<T>(i * j % n, n);
                m.set(i, j, T::from_re((z.re() + z.im() + z.im()) * scale));
            }
        }
        let (v, w) = dense_eigh(m)?.into_parts();
        let i = T::complex(T::Re::zero(), T::Re::of(1.0));
        let root = |w: T::Re| match w.lane_f64(0).round() as i64 {
            1 => T::one(),
            -1 => -T::one(),
            w if w > 1 => -i,
            _ => i,
        };
        let mut values = Column::filled(n, T::zero());
        values.iter_mut().zip(w.iter()).for_each(|(v, &w)| *v = root(w));
        Ok(EigFactors::from_parts(v, values))
    }
    fn left_eig_rule(&self) -> Option<Result<EigFactors<Self::Vectors>>> {
        Some(EigRule::<K>::eig_rule(self).map(EigFactors::conjugated))
    }
}
impl<T: Scalar<Complex = T>, S: Space> Explain for Fourier<T, S> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        match question {
            Question::Apply => fft_plan(self, "FFT"),
            Question::Solve | Question::Pinv => fft_plan(self, "F^H, an application"),
            Question::Svd => Plan::rule(self, "itself", "n"),
            Question::Eig if self.grid.points() <= DENSE_LIMIT => {
                Plan::rule(self, "fourth roots of unity, eigh of cosines + 2 sines", "9n^3")
            }
            Question::Slogdet | Question::Trace => Plan::rule(self, "multiplicities of 1, -i, -1, i", "n"),
            Question::Diagonal => Plan::rule(self, "read off", "n"),
            Question::Power | Question::Exp | Question::Log => fft_plan(self, "cubic polynomial of F"),
            _ => base::<K, Self>(self, question),
        }
    }
}
// no parameters
crate::interop::saved!([T: Scalar<Complex = T>, S: Space] Fourier<T, S>, "Fourier", [] { n: usize = |k| k.nrows() } Ok(Fourier::of_size(n)));
impl<T: Scalar, S: Space> Parameters for Fourier<T, S> {
    type Number = T;
    type With<X: Scalar> = Fourier<X, S>;
    type Owned = Self;
    fn visit<'a>(&'a self, _: &mut Path, _: &mut dyn FnMut(&str, Cow<'a, [T]>)) {}
    fn traverse<X: Scalar>(&self, _: &mut Path, _: LeafFn<'_, T, X>) -> Fourier<X, S> {
        Fourier { grid: Grid::new(&[self.grid.points()]), space: PhantomData }
    }
    fn rebuild(&self, _: &mut Path, _: LeafFn<'_, T, T>) -> Self {
        self.clone()
    }
}

/// a_0 I + a_1 F + a_2 F^2 + a_3 F^3: a function of the Fourier transform F. F^2 is the reversal x\[-j mod n\].
pub struct FourierFunction<T: Scalar, S, F> {
    f: Fourier<T, S>,
    a: [T; 4],
    facts: PhantomData<fn() -> F>,
}
impl<T: Scalar, S, F> Clone for FourierFunction<T, S, F> {
    fn clone(&self) -> Self {
        FourierFunction { f: self.f.clone(), a: self.a, facts: PhantomData }
    }
}
operator!([T: Scalar<Complex = T>, S: Space, F: Facts] FourierFunction<T, S, F> {
    scalar T; facts F; rows S; cols S; nrows |s| s.f.grid.points(); ncols s.f.grid.points();
    class crate::classes::IsFolding;
});
impl<T: Scalar<Complex = T>, S: Space, F: Facts> LinearOperator for FourierFunction<T, S, F> {
    fn act(&self, how: Update<T>, x: View<'_, T>, mut y: ViewMut<'_, T>, s: &mut [T]) {
        let n = self.f.grid.points();
        let a = if how.adjoint { self.a.map(|a| a.conj()) } else { self.a };
        let (buf, rest) = s.split_at_mut(n);
        let back = |j: usize| if j == 0 { 0 } else { n - j };
        for c in 0..x.cols {
            // F^3 = F R and F^-3 = F^-1 R with the reversal R
            buf.iter_mut().enumerate().for_each(|(j, b)| *b = a[1] * x.at(j, c) + a[3] * x.at(back(j), c));
            (0..n).for_each(|j| how.write(y.at(j, c), a[0] * x.at(j, c) + a[2] * x.at(back(j), c)));
            self.f.act(how.add(), View::vector(buf), y.column(c), rest);
        }
    }
    fn scratch_len(&self, columns: usize) -> usize {
        self.f.grid.points() + self.f.scratch_len(columns)
    }
}
impl<T: Scalar<Complex = T>, S: Space, F: Facts> FourierFunction<T, S, F> {
    /// Its values at 1, -i, -1, i.
    fn values(&self) -> [T; 4] {
        core::array::from_fn(|j| (0..4).fold(T::zero(), |s, k| s + self.a[k] * unit_root::<T>(j * k % 4, 4).conj()))
    }
    /// What counts as zero beside the eigenvalues.
    fn rounding(&self) -> T::Re {
        let largest = self.values().iter().fold(T::Re::zero(), |m, z| m.max(z.abs()));
        largest * T::Re::epsilon() * T::Re::of(4.0)
    }
    /// g of the values that are eigenvalues.
    fn map<G>(&self, g: impl Fn(usize, T) -> Result<T>) -> Result<FourierFunction<T, S, G>> {
        let mut values = self.values();
        for (j, count) in self.f.multiplicities().into_iter().enumerate() {
            values[j] = if count == 0 { T::zero() } else { g(j, values[j])? };
        }
        Ok(self.f.function(values))
    }
}
// 1 / f, a cubic polynomial of F again
impl<K: Facts, T: Scalar<Complex = T>, S: Space, F: Facts> InverseRule<K> for FourierFunction<T, S, F> {
    type Output = FourierFunction<T, S, InverseFacts<K>>;
    fn inverse_rule(&self) -> Result<Self::Output> {
        let tol = self.rounding();
        self.map(|index, z| {
            let good = tol.lt(z.abs());
            check::<T>(good, |_| Error::Singular { index })?;
            Ok(T::select(good, z, T::one()).reciprocal())
        })
    }
}
// the product of the values, each as often as its root is an eigenvalue
impl<K: Facts, T: Scalar<Complex = T>, S: Space, F: Facts> DetRule<K> for FourierFunction<T, S, F> {
    fn slogdet_rule(&self) -> Result<(T, T::Re)> {
        let (values, counts) = (self.values(), self.f.multiplicities());
        Ok(slog_product((0..4).flat_map(|j| core::iter::repeat_n(values[j], counts[j]))))
    }
}
impl<K: Facts, T: Scalar<Complex = T>, S: Space, F: Facts> ExpRule<K> for FourierFunction<T, S, F> {
    type Output = FourierFunction<T, S, ExpFacts<K>>;
    fn exp_rule(&self) -> Result<Self::Output> {
        self.map(|_, z| {
            let y = z.exp();
            check::<T>(y.finite(), |_| Error::non_finite("the exponential: it overflowed"))?;
            Ok(y)
        })
    }
}
impl<T: Scalar<Complex = T>, S: Space, F: Facts> DiagonalRule for FourierFunction<T, S, F> {
    fn diagonal_rule(&self, k: isize, d: &mut [T]) -> Result<()> {
        let ((row, col), n) = (diagonal_start(k), self.f.grid.points());
        let (a, scale) = (self.a, T::Re::of(1.0 / (n.max(1) as f64).sqrt()));
        for (at, d) in d.iter_mut().enumerate() {
            let (i, j) = (row + at, col + at);
            let f = |product: usize| unit_root::<T>(product % n, n).conj().scale(scale);
            // entry (i, j) of I, F, the reversal and F times the reversal
            let (same, back) = (i == j, (i + j) % n == 0);
            let mut sum = a[1] * f(i * j) + a[3] * f(i * (n - j));
            for (is, a) in [(same, a[0]), (back, a[2])] {
                if is {
                    sum += a;
                }
            }
            *d = sum;
        }
        Ok(())
    }
    // the sum of the eigenvalues
    fn trace_rule(&self) -> Result<T> {
        let (values, counts) = (self.values(), self.f.multiplicities());
        Ok((0..4).fold(T::zero(), |s, j| s + values[j] * T::of(counts[j] as f64)))
    }
}
// z^p, log z and 1 / z of the eigenvalues
impl<K: Facts, T: Scalar<Complex = T>, S: Space, F: Facts> PowerRule<K> for FourierFunction<T, S, F> {
    type Output = FourierFunction<T, S, RootFacts<K>>;
    fn power_rule(&self, p: Power) -> Result<Self::Output> {
        let (p, tol) = (p.checked()?, self.rounding());
        self.map(|_, z| p.of_eigenvalue::<T, T>(z, tol))
    }
}
impl<K: Facts, T: Scalar<Complex = T>, S: Space, F: Facts> LogRule<K> for FourierFunction<T, S, F> {
    type Output = FourierFunction<T, S, NoFacts>;
    fn log_rule(&self) -> Result<Self::Output> {
        let tol = self.rounding();
        self.map(|_, z| crate::functions::power::log_of_eigenvalue::<T, T>(z, tol))
    }
}
impl<K: Facts, T: Scalar<Complex = T>, S: Space, F: Facts> PinvRule<K> for FourierFunction<T, S, F> {
    type Output = FourierFunction<T, S, InverseFacts<K>>;
    fn pinv_rule(&self) -> Result<Self::Output> {
        let tol = self.rounding();
        self.map(|_, z| {
            check::<T>(z.finite(), |_| Error::non_finite("the coefficients"))?;
            let some = tol.lt(z.abs());
            Ok(T::select(some, T::select(some, z, T::one()).reciprocal(), T::zero()))
        })
    }
}
// the eigenvectors of F; the value of its root is the eigenvalue
impl<K: Facts, T: Scalar<Complex = T>, S: Space, F: Facts> EigRule<K> for FourierFunction<T, S, F> {
    type Vectors = DenseBasis<T, S>;
    fn eig_rule(&self) -> Result<EigFactors<Self::Vectors>> {
        let values = self.values();
        crate::functions::dense::finite(&values, "the coefficients")?;
        let at = |root: T| match (root.re().lane_f64(0).round() as i64, root.im().lane_f64(0).round() as i64) {
            (1, _) => values[0],
            (-1, _) => values[2],
            (_, -1) => values[1],
            _ => values[3],
        };
        Ok(EigRule::<NoFacts>::eig_rule(&self.f)?.map(at))
    }
    fn left_eig_rule(&self) -> Option<Result<EigFactors<Self::Vectors>>> {
        Some(EigRule::<K>::eig_rule(self).map(EigFactors::conjugated))
    }
}
impl<T: Scalar<Complex = T>, S: Space> Folding for Fourier<T, S> {
    type Whole = FourierFunction<T, S, NoFacts>;
    fn folded(&self, scale: T, shift: T) -> Self::Whole {
        FourierFunction { f: self.clone(), a: [shift, scale, T::zero(), T::zero()], facts: PhantomData }
    }
}
impl<T: Scalar<Complex = T>, S: Space, F: Facts> Folding for FourierFunction<T, S, F> {
    type Whole = FourierFunction<T, S, NoFacts>;
    fn folded(&self, scale: T, shift: T) -> Self::Whole {
        let mut a = self.a.map(|a| scale * a);
        a[0] += shift;
        FourierFunction { f: self.f.clone(), a, facts: PhantomData }
    }
}
crate::base_eigh!([T: Scalar<Complex = T>, S: Space, F: Facts] FourierFunction<T, S, F>);
crate::base_factors!([T: Scalar<Complex = T>, S: Space, F: Facts] FourierFunction<T, S, F>);
crate::base_svd!([T: Scalar<Complex = T>, S: Space, F: Facts] FourierFunction<T, S, F>);
impl<T: Scalar<Complex = T>, S: Space, F: Facts> Explain for FourierFunction<T, S, F> {
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        match question {
            Question::Apply => fft_plan(self, "FFT"),
            Question::Solve | Question::Exp | Question::Power | Question::Log | Question::Pinv => {
                fft_plan(self, "cubic polynomial of F")
            }
            Question::Eig if self.f.grid.points() <= DENSE_LIMIT => {
                Plan::rule(self, "of the fourth roots of unity, eigh of cosines + 2 sines", "9n^3")
            }
            Question::Slogdet | Question::Trace => Plan::rule(self, "multiplicities of 1, -i, -1, i", "n"),
            Question::Diagonal => Plan::rule(self, "read off", "n"),
            _ => base::<K, Self>(self, question),
        }
    }
}
// no leaves: the coefficients are those of a function
impl<T: Scalar, S: Space, F: Facts> Parameters for FourierFunction<T, S, F> {
    type Number = T;
    type With<X: Scalar> = FourierFunction<X, S, F>;
    type Owned = Self;
    fn visit<'a>(&'a self, _: &mut Path, _: &mut dyn FnMut(&str, Cow<'a, [T]>)) {}
    fn traverse<X: Scalar>(&self, path: &mut Path, f: LeafFn<'_, T, X>) -> FourierFunction<X, S, F> {
        FourierFunction { f: self.f.traverse(path, f), a: self.a.map(converted::<T, X>), facts: PhantomData }
    }
    fn rebuild(&self, _: &mut Path, _: LeafFn<'_, T, T>) -> Self {
        self.clone()
    }
    fn frame(&self, f: &mut dyn FnMut(Frame)) {
        f(Frame::Shape(self.f.grid.points(), self.f.grid.points()));
        function_frame(&self.a, f)
    }
}
impl<T: Scalar, S: Space> Parameters for CirculantBasis<T, S> {
    type Number = T;
    type With<X: Scalar> = CirculantBasis<X, S>;
    type Owned = Self;
    fn visit<'a>(&'a self, _: &mut Path, _: &mut dyn FnMut(&str, Cow<'a, [T]>)) {}
    fn traverse<X: Scalar>(&self, _: &mut Path, _: LeafFn<'_, T, X>) -> CirculantBasis<X, S> {
        CirculantBasis::new(self.grid.shape())
    }
    fn rebuild(&self, _: &mut Path, _: LeafFn<'_, T, T>) -> Self {
        self.clone()
    }
    fn frame(&self, f: &mut dyn FnMut(Frame)) {
        self.grid.shape().iter().for_each(|&n| f(Frame::Index(n)));
    }
}
crate::gradient::no_gradient!([T: Scalar, S: Space] CirculantBasis<T, S>);
crate::gradient::no_gradient!([T: Scalar<Complex = T>, S: Space] Fourier<T, S>);
crate::gradient::no_gradient!([T: Scalar<Complex = T>, S: Space, F: Facts] FourierFunction<T, S, F>);
