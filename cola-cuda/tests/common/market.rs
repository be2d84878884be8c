//! Operator types for fused kernels, each with sample operators and the host's answers.

use cola_core::*;
use cola_cuda::fuse::{Function, Fusible, Layout, Source, Team, layout, source, source_for};
use cola_cuda::{Cuda, DeviceBatch, DeviceScalar};
use nalgebra::{DMatrix, DVector, SMatrix, SVector};

/// Knuth's MMIX generator: the same numbers everywhere.
pub struct Rng(pub u64);
impl Rng {
    /// Uniform in -1..1.
    pub fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) as f64 / (1u64 << 30) as f64 - 1.0
    }
    pub fn matrix<T: Scalar, const M: usize, const N: usize>(&mut self) -> SMatrix<T, M, N> {
        SMatrix::from_fn(|_, _| T::of(self.next()))
    }
    /// G G^T / n + I: condition number about 3.
    pub fn spd<T: Scalar + nalgebra::RealField, const N: usize>(&mut self) -> Psd<Dense<SMatrix<T, N, N>>> {
        let g = self.matrix::<T, N, N>();
        let a: SMatrix<T, N, N> = g * g.transpose() / T::of(N as f64) + SMatrix::<T, N, N>::identity();
        Psd::new(Dense::new(a))
    }
    /// Symmetric with positive and negative eigenvalues, none near 0.
    pub fn symmetric<T: Scalar + nalgebra::RealField, const N: usize>(
        &mut self,
    ) -> SelfAdjoint<Dense<SMatrix<T, N, N>>> {
        let mut a = self.spd::<T, N>().0.0 * T::of(0.1);
        for i in 0..N {
            a[(i, i)] += T::of(if i % 2 == 0 { 2.0 } else { -2.0 });
        }
        SelfAdjoint::new(Dense::new(a))
    }
    /// Diagonally dominant, with rows exchanged so that pivoting has work.
    pub fn general<T: Scalar, const N: usize>(&mut self) -> Dense<SMatrix<T, N, N>> {
        let mut a = self.matrix::<T, N, N>();
        for i in 0..N {
            a[((i + 1) % N, i)] += T::of(1.0 + N as f64);
        }
        Dense::new(a)
    }
    pub fn positive<T: Scalar, const N: usize>(&mut self) -> Diagonal<SVector<T, N>> {
        Diagonal::new(SVector::from_fn(|_, _| T::of(1.5 + self.next())))
    }
    pub fn lower<T: Scalar, const N: usize>(&mut self) -> Triangular<SMatrix<T, N, N>, Lower> {
        Triangular::lower(SMatrix::from_fn(|i, j| T::of(if i == j { 2.0 + self.next() } else { self.next() })))
    }
    pub fn upper<T: Scalar, const N: usize>(&mut self) -> Triangular<SMatrix<T, N, N>, Upper> {
        Triangular::upper(SMatrix::from_fn(|i, j| T::of(if i == j { 2.0 + self.next() } else { self.next() })))
    }
    /// A Householder reflection.
    pub fn reflection<T: Scalar + nalgebra::RealField, const N: usize>(&mut self) -> Unitary<Dense<SMatrix<T, N, N>>> {
        let v = self.matrix::<T, N, 1>().normalize();
        Unitary::new(Dense::new(SMatrix::<T, N, N>::identity() - v * v.transpose() * T::of(2.0)))
    }
}

/// A batch with what it should give.
pub struct Sample {
    pub params: Vec<f64>,
    pub input: Vec<f64>,
    /// For each element the result or its failure.
    pub want: Vec<Result<Vec<f64>>>,
}
/// A type of the market, erased.
pub struct Case {
    pub name: &'static str,
    pub double: bool,
    pub functions: &'static [Function],
    pub source: Box<dyn Fn(Function, Option<Team>) -> Result<Source>>,
    pub sample: Box<dyn Fn(&Source, usize, u64) -> Sample>,
    /// All functions of a batch on a real device.
    pub on_device: Box<dyn Fn(&Cuda) -> Result<()>>,
}
impl Case {
    pub fn epsilon(&self) -> f64 {
        if self.double { f64::EPSILON } else { f32::EPSILON as f64 }
    }
}
/// The exponent of `Function::Pow` in all tests.
pub const EXPONENT: f64 = 0.3;

pub const ALL: &[Function] = &Function::ALL;
pub const GENERAL: &[Function] =
    &[Function::Apply, Function::Solve, Function::LogDet, Function::Quad, Function::InvQuad];
pub const RECTANGULAR: &[Function] = &[Function::Apply];

/// f(A) x or a number of A, from its entries.
fn reference(a: &DMatrix<f64>, f: Function, x: &[f64]) -> Result<Vec<f64>> {
    let x = DVector::from_column_slice(x);
    let solved = || a.clone().lu().solve(&x).ok_or(Error::Singular { index: 0 });
    let of_spectrum = |g: &dyn Fn(f64) -> f64| {
        let e = a.clone().symmetric_eigen();
        let w = e.eigenvectors.transpose() * &x;
        (&e.eigenvectors * w.zip_map(&e.eigenvalues, |w, l| g(l) * w)).as_slice().to_vec()
    };
    Ok(match f {
        Function::Apply => (a * &x).as_slice().to_vec(),
        Function::Solve => solved()?.as_slice().to_vec(),
        Function::Quad => vec![x.dot(&(a * &x))],
        Function::InvQuad => vec![x.dot(&solved()?)],
        Function::LogDet => match a.clone().lu().determinant() {
            d if d > 0.0 => vec![d.ln()],
            d => return Err(Error::invalid(format!("the determinant is {d}"))),
        },
        Function::Sqrt => of_spectrum(&f64::sqrt),
        Function::InvSqrt => of_spectrum(&|l| 1.0 / l.sqrt()),
        Function::Pow => of_spectrum(&|l| l.powf(EXPONENT)),
        Function::Exp => of_spectrum(&f64::exp),
        f => panic!("{f:?}"),
    })
}
/// The entries, by application to the identity.
fn entries<A: LinearOperator<Scalar: Real>>(a: &A) -> DMatrix<f64> {
    let e = functions::base::entries(a);
    e.map(|x| x.lane_f64(0))
}
pub fn case<K, T>(name: &'static str, functions: &'static [Function], make: impl Fn(&mut Rng) -> K + 'static) -> Case
where
    T: DeviceScalar + Real + Element,
    K: Fusible + LinearOperator<Scalar = T> + Parameters<Number = T> + 'static,
{
    let make = std::rc::Rc::new(make);
    let another = make.clone();
    let on_device = move |gpu: &Cuda| {
        let fused = gpu.fuse::<K>()?;
        for &f in functions {
            let (s, mut rng) = (source::<K>(f)?, Rng(23));
            let ks: Vec<K> = (0..1000).map(|_| another(&mut rng)).collect();
            let xs: Vec<Vec<T>> = (0..1000).map(|_| (0..s.input).map(|_| T::of(rng.next())).collect()).collect();
            let a = DeviceBatch::new(gpu, &layout::pack(&ks, s.params, s.layout())?, s.params, 1000, s.layout())?;
            let x = layout::relayout(&xs.concat(), s.input, Layout::Contiguous, s.layout());
            let x = DeviceBatch::new(gpu, &x, s.input, 1000, s.layout())?;
            let mut y = DeviceBatch::new(gpu, &vec![T::default(); s.output * 1000], s.output, 1000, s.layout())?;
            let _ = fused.run_into(&s, EXPONENT, &a, &x, &mut y);
            let ys = y.download()?;
            for (b, k) in ks.iter().enumerate() {
                let wide: Vec<f64> = xs[b].iter().map(|x| x.lane_f64(0)).collect();
                let Ok(want) = reference(&entries(k), f, &wide) else { continue };
                let scale = want.iter().fold(1f64, |m, x| m.max(x.abs()));
                let tol = 100.0 * s.output.max(s.input).max(4) as f64 * T::epsilon().lane_f64(0) * scale;
                let close = want.iter().zip(&ys[b * s.output..]).all(|(w, y)| (w - y.lane_f64(0)).abs() <= tol);
                assert!(close, "{name} {f:?} element {b}: {want:?}, {:?}", &ys[b * s.output..][..s.output]);
            }
        }
        Ok(())
    };
    let sample = move |s: &Source, batch: usize, seed: u64| {
        let mut rng = Rng(seed);
        let ks: Vec<K> = (0..batch).map(|_| make(&mut rng)).collect();
        let xs: Vec<Vec<T>> = (0..batch).map(|_| (0..s.input).map(|_| T::of(rng.next())).collect()).collect();
        let wide = |x: &[T]| x.iter().map(|x| x.lane_f64(0)).collect::<Vec<_>>();
        let want = ks.iter().zip(&xs).map(|(k, x)| reference(&entries(k), s.function, &wide(x))).collect();
        let params = layout::pack(&ks, s.params, s.layout()).unwrap();
        let input = layout::relayout(&xs.concat(), s.input, Layout::Contiguous, s.layout());
        Sample { params: wide(&params), input: wide(&input), want }
    };
    let text = move |f, team: Option<Team>| match team {
        Some(team) => source_for::<K>(f, team),
        None => source::<K>(f),
    };
    Case {
        name,
        double: size_of::<T>() == 8,
        functions,
        source: Box::new(text),
        sample: Box::new(sample),
        on_device: Box::new(on_device),
    }
}
macro_rules! cases {
    ($T:ty, $r:ident => $($name:literal $kind:ident $k:expr;)*) => {
        vec![ $( case::<_, $T>(
            concat!($name, " ", stringify!($T)),
            $kind,
            |$r: &mut Rng| $k,
        ) ),* ]
    };
}
pub fn market() -> Vec<Case> {
    let mut all = cases! { f64, r =>
        "dense 3" GENERAL r.general::<f64, 3>();
        "dense 6" GENERAL r.general::<f64, 6>();
        "dense 1" GENERAL r.general::<f64, 1>();
        "dense 20" GENERAL r.general::<f64, 20>();
        "dense 45" GENERAL r.general::<f64, 45>();
        "dense 2x5" RECTANGULAR Dense::new(r.matrix::<f64, 2, 5>());
        "dense 16" RECTANGULAR r.general::<f64, 16>();
        "psd 1" ALL r.spd::<f64, 1>();
        "psd 2" ALL r.spd::<f64, 2>();
        "psd 4" ALL r.spd::<f64, 4>();
        "psd 7" ALL r.spd::<f64, 7>();
        "psd 8" ALL r.spd::<f64, 8>();
        "psd 16" ALL r.spd::<f64, 16>();
        "psd 40" ALL r.spd::<f64, 40>();
        "self_adjoint 5" GENERAL r.symmetric::<f64, 5>();
        "self_adjoint 12" GENERAL r.symmetric::<f64, 12>();
        "diag 3" ALL r.positive::<f64, 3>();
        "psd diag 70" ALL Psd::new(r.positive::<f64, 70>());
        "identity 4" ALL { r.next(); Identity::<f64, Const<4>>::fixed() };
        "scaled identity 3" ALL Psd::new(ScaledIdentity::<f64, Const<3>, AnySign>::of_size(1.5 + r.next(), 3));
        "lower 5" GENERAL r.lower::<f64, 5>();
        "upper 18" GENERAL r.upper::<f64, 18>();
        "kron(psd 2, diag 3)" ALL Kron::new(r.spd::<f64, 2>(), r.positive::<f64, 3>());
        "kron(psd 4, psd 4)" ALL Kron::new(r.spd::<f64, 4>(), r.spd::<f64, 4>());
        "kron(psd 2, kron(psd 3, diag 2))" ALL Kron::new(r.spd::<f64, 2>(), Kron::new(r.spd::<f64, 3>(), r.positive::<f64, 2>()));
        "kron(dense 3, dense 2)" GENERAL Kron::new(r.general::<f64, 3>(), r.general::<f64, 2>());
        "kron(dense 2x3, dense 4x2)" RECTANGULAR Kron::new(Dense::new(r.matrix::<f64, 2, 3>()), Dense::new(r.matrix::<f64, 4, 2>()));
        "kron(psd 9, diag 5)" ALL Kron::new(r.spd::<f64, 9>(), r.positive::<f64, 5>());
        "block_diag(psd 2, diag 3)" ALL BlockDiag::new(r.spd::<f64, 2>(), r.positive::<f64, 3>());
        "block_diag(dense 3, kron(dense 2, diag 2))" GENERAL
            BlockDiag::new(r.general::<f64, 3>(), Kron::new(r.general::<f64, 2>(), r.positive::<f64, 2>()));
        "repeat 3 psd 3" ALL Repeat::<_, 3>::new(r.spd::<f64, 3>());
        "kron(repeat 2 psd 2, psd 2)" ALL Kron::new(Repeat::<_, 2>::new(r.spd::<f64, 2>()), r.spd::<f64, 2>());
        "kron(psd 2, block_diag(psd 2, diag 1))" ALL
            Kron::new(r.spd::<f64, 2>(), BlockDiag::new(r.spd::<f64, 2>(), r.positive::<f64, 1>()));
        "psd 3 + diag 3" ALL Sum::new(r.spd::<f64, 3>(), Psd::new(r.positive::<f64, 3>()));
        "kron(psd 2, psd 3) + diag 6" ALL
            Sum::new(Kron::new(r.spd::<f64, 2>(), r.spd::<f64, 3>()), Psd::new(r.positive::<f64, 6>()));
        "dense 3 * diag 3" GENERAL Product::new(r.general::<f64, 3>(), r.positive::<f64, 3>());
        "dense 4 * lower 4 * dense 4" GENERAL
            Product::new(r.general::<f64, 4>(), Product::new(r.lower::<f64, 4>(), r.general::<f64, 4>()));
        "transpose dense 4" GENERAL Transpose::new(r.general::<f64, 4>());
        "transpose kron(dense 3, lower 12)" GENERAL Transpose::new(Kron::new(r.general::<f64, 3>(), r.lower::<f64, 12>()));
        "scaled psd 4" ALL Scaled::<_, f64, NonNegative>::signed(2.0 + r.next(), r.spd::<f64, 4>());
        "self_adjoint 4 ^ 3" GENERAL Powi::<_, 3>::new(r.symmetric::<f64, 4>());
        "psd 3 ^ 2" GENERAL Powi::<_, 2>::new(r.spd::<f64, 3>());
        "gram 4x6" ALL Gram::new(Dense::new(SMatrix::<f64, 4, 6>::identity() * 2.0 + r.matrix::<f64, 4, 6>() * 0.4));
        "unitary 4" GENERAL r.reflection::<f64, 4>();
        "dense 5 + identity" GENERAL Sum::new(r.general::<f64, 5>(), Identity::<f64, Const<5>>::fixed());
    };
    all.extend(cases! { f32, r =>
        "psd 4" ALL r.spd::<f32, 4>();
        "psd 8" ALL r.spd::<f32, 8>();
        "psd 20" ALL r.spd::<f32, 20>();
        "dense 7" GENERAL r.general::<f32, 7>();
        "kron(psd 2, diag 3)" ALL Kron::new(r.spd::<f32, 2>(), r.positive::<f32, 3>());
        "kron(dense 4, dense 4)" GENERAL Kron::new(r.general::<f32, 4>(), r.general::<f32, 4>());
    });
    all
}
