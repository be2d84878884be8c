//! Closures on device vectors as operators.

use super::device::close;
use super::market::Rng;
use cola_core::*;
use cola_cuda::{Cuda, CudaDense, CudaFunction, DeviceVector, Iterate, OnDevice, ToDeviceExt};

pub fn functions(gpu: &Cuda) -> Result<()> {
    let mut r = Rng(15);
    // inside of a product; of rectangular ones the adjoint is another
    let rows = Dense::new(r.matrix::<f64, 5, 3>());
    let (there, back) = (rows.to_device(gpu)?, rows.to_device(gpu)?);
    let f = CudaFunction::new(
        5,
        3,
        move |x, y| there.apply_into(x, y),
        move |x, y: &mut DeviceVector<f64>| y.try_axpby(1.0, &back.apply_adjoint(x)?, 0.0),
    );
    let x: Vec<f64> = (0..12).map(|_| r.next()).collect();
    let (inside, dx) =
        (OnDevice::new(gpu, Kron::new(CudaDense::new(gpu, &[2.0, 1.0, 0.0, 1.0], 2, 2)?, f)), gpu.upload(&x[..6])?);
    let host = Kron::new(Dense::new(nalgebra::matrix![2.0, 0.0; 1.0, 1.0]), rows);
    let want: nalgebra::DVector<f64> = host.apply_as(&nalgebra::DVector::from_vec(x[..6].to_vec()));
    close(&gpu.download(&inside.apply(&dx)?)?, want.as_slice(), 100.0);
    let y: Vec<f64> = (0..10).map(|i| 1.0 / (1 + i) as f64).collect();
    let want = host.apply_adjoint(&nalgebra::DVector::from_vec(y.clone()));
    close(&gpu.download(&inside.apply_adjoint(&gpu.upload(&y)?)?)?, want.as_slice(), 100.0);
    let spd = r.spd::<f64, 6>();
    let inner = spd.to_device(gpu)?;
    let f = OnDevice::new(gpu, CudaFunction::psd(6, move |x, y| inner.apply_into(x, y)));
    let b = gpu.upload(&x[..6])?;
    close(&gpu.download(&f.cg(Iterate::default().tol(1e-13), &b)?.x)?, &spd.solve(&x[..6].to_vec())?, 1e5);
    let bad = OnDevice::new(gpu, CudaFunction::psd(6, |x, y| y.try_axpby(f64::NAN, x, 0.0)));
    assert!(matches!(bad.cg(Iterate::default(), &b), Err(Error::NonFinite { .. })));
    let refuses = CudaFunction::<f64, PsdFacts>::psd(6, |_, _| Err(Error::invalid("no")));
    assert!(matches!(OnDevice::new(gpu, refuses).apply(&b), Err(Error::InvalidArgument { .. })));
    Ok(())
}
