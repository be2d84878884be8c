//! Decompositions of lanes, one lane after the other in doubles: their iterations branch on data, and no order of steps suits all lanes.

use super::Engine;
use crate::algorithms::sylvester::{KronSumFactor, Pairing};
use crate::error::{Error, Result, note_fault};
use crate::facts::Fact;
use crate::scalar::{Complex, Real, Scalar};
use crate::view::View;
use num_traits::Zero;
use std::sync::Arc;

/// Runs `f` lane by lane; a failed lane is reported for itself and the others go on.
pub(crate) fn each_lane<T: Scalar>(what: &str, mut f: impl FnMut(usize) -> Result<()>) -> Result<()> {
    if T::LANES == 1 {
        return Err(Error::invalid(format!(
            "{what}: numbers of {} carry derivatives, which its iteration would lose; use f32, f64 or their complex numbers, or lanes of them",
            T::NAME
        )));
    }
    let failed: Vec<_> = (0..T::LANES).filter_map(|lane| f(lane).err().map(|e| (lane, e))).collect();
    if failed.iter().all(|(lane, e)| note_fault(*lane, e.clone())) { Ok(()) } else { Err(Error::Lanes { failed }) }
}
/// Writes re + i im into one lane.
pub(crate) fn set<T: Scalar>(x: &mut T, lane: usize, z: Complex<f64>) {
    let number = match <T::IsReal as Fact>::KNOWN {
        true => T::of(z.re),
        false => T::of(z.re) + T::of(z.im) * T::of(-1.0).sqrt(),
    };
    let old = *x;
    *x = T::from_lanes(|l| if l == lane { number.lane(l) } else { old.lane(l) });
}
pub(crate) fn get<T: Scalar>(x: T, lane: usize) -> Complex<f64> {
    Complex::new(x.re().lane_f64(lane), x.im().lane_f64(lane))
}
fn real(z: &Complex<f64>) -> f64 {
    z.re
}

/// The default of [`Engine::engine_eig`].
pub(super) fn eig<T: Scalar>(n: usize, a: &[T], w: &mut [T::Complex], v: &mut [T::Complex]) -> Result<()> {
    each_lane::<T>("eig", |lane| {
        let (mut wl, mut vl) = (vec![Complex::default(); n], vec![Complex::default(); n * n]);
        let al: Vec<_> = a[..n * n].iter().map(|x| get(*x, lane)).collect();
        match <T::IsReal as Fact>::KNOWN {
            true => f64::engine_eig(n, &al.iter().map(real).collect::<Vec<_>>(), &mut wl, &mut vl)?,
            false => Complex::<f64>::engine_eig(n, &al, &mut wl, &mut vl)?,
        }
        w.iter_mut().zip(wl).for_each(|(x, z)| set(x, lane, z));
        v.iter_mut().zip(vl).for_each(|(x, z)| set(x, lane, z));
        Ok(())
    })
}
/// The default of [`Engine::engine_svd`].
pub(super) fn svd<T: Scalar>(a: View<T>, s: &mut [T::Re], u: &mut [T], v: &mut [T]) -> Result<()> {
    let (m, n) = (a.rows, a.cols);
    let k = m.min(n);
    each_lane::<T>("svd", |lane| {
        let al: Vec<_> = (0..m * n).map(|i| get(a.at(i % m, i / m), lane)).collect();
        let (mut sl, mut ul, mut vl) = (vec![0.0; k], vec![Complex::default(); m * k], vec![Complex::default(); n * k]);
        match <T::IsReal as Fact>::KNOWN {
            true => {
                let al: Vec<f64> = al.iter().map(real).collect();
                let (mut ur, mut vr) = (vec![0.0; m * k], vec![0.0; n * k]);
                f64::engine_svd(View::matrix(&al, m, n), &mut sl, &mut ur, &mut vr)?;
                ul.iter_mut().zip(ur).for_each(|(z, x)| z.re = x);
                vl.iter_mut().zip(vr).for_each(|(z, x)| z.re = x);
            }
            false => Complex::<f64>::engine_svd(View::matrix(&al, m, n), &mut sl, &mut ul, &mut vl)?,
        }
        s.iter_mut().zip(sl).for_each(|(x, y)| set(x, lane, Complex::new(y, 0.0)));
        u.iter_mut().zip(ul).for_each(|(x, z)| set(x, lane, z));
        v.iter_mut().zip(vl).for_each(|(x, z)| set(x, lane, z));
        Ok(())
    })
}
/// The Schur forms of each lane; `None` for a lane that failed.
struct LanePairs(Vec<Option<Arc<dyn KronSumFactor<Complex<f64>>>>>);
/// The default of [`Engine::engine_kron_sum`] for lanes.
pub(super) fn kron_sum<T: Scalar>(
    pairing: Pairing<T>,
    (m, a): (usize, &[T]),
    (n, b): (usize, &[T]),
) -> Result<Arc<dyn KronSumFactor<T>>> {
    let of_lane = |a: &[T], lane: usize| a.iter().map(|x| get(*x, lane)).collect::<Vec<_>>();
    let mut pairs = LanePairs(vec![None; T::LANES]);
    each_lane::<T>("the Schur form", |lane| {
        let pairing = match pairing {
            Pairing::Sum(c) => Pairing::Sum(get(c, lane)),
            Pairing::Product(c) => Pairing::Product(get(c, lane)),
        };
        let (a, b) = (of_lane(&a[..m * m], lane), of_lane(&b[..n * n], lane));
        pairs.0[lane] = Complex::<f64>::engine_kron_sum(pairing, (m, &a), (n, &b))?;
        Ok(())
    })?;
    Ok(Arc::new(pairs))
}
impl LanePairs {
    /// x <- f(x) in each lane, NaN in one that failed.
    fn each<T: Scalar>(&self, x: &mut [T], f: impl Fn(&dyn KronSumFactor<Complex<f64>>, &mut [Complex<f64>])) {
        for (lane, pair) in self.0.iter().enumerate() {
            let mut of_lane: Vec<_> = x.iter().map(|x| get(*x, lane)).collect();
            match pair {
                Some(pair) => f(&**pair, &mut of_lane),
                None => of_lane.fill(Complex::new(f64::NAN, f64::NAN)),
            }
            x.iter_mut().zip(of_lane).for_each(|(x, z)| set(x, lane, z));
        }
    }
}
impl<T: Scalar> KronSumFactor<T> for LanePairs {
    fn solve(&self, adjoint: bool, x: &mut [T]) {
        self.each(x, |pair, x| pair.solve(adjoint, x))
    }
    fn apply(&self, adjoint: bool, x: &mut [T]) {
        self.each(x, |pair, x| pair.apply(adjoint, x))
    }
    fn slogdet(&self) -> (T, T::Re) {
        let (mut sign, mut log) = (T::zero(), T::Re::zero());
        for (lane, pair) in self.0.iter().enumerate() {
            let (z, l) = pair.as_ref().map_or((Complex::new(f64::NAN, 0.0), f64::NAN), |pair| pair.slogdet());
            // of a real matrix the complex eigenvalues come in pairs: the phase is a sign up to rounding
            let real = <T::IsReal as Fact>::KNOWN && z.re != 0.0;
            set(&mut sign, lane, if real { Complex::new(z.re / z.re.abs(), 0.0) } else { z });
            set(&mut log, lane, Complex::new(l, 0.0));
        }
        (sign, log)
    }
    fn regular(&self) -> Result<()> {
        // one that failed is named already
        each_lane::<T>("the Schur form", |lane| self.0[lane].as_ref().map_or(Ok(()), |pair| pair.regular()))
    }
}
