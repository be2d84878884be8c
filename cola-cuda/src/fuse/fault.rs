//! What a kernel reports of the elements that failed.

use cola_core::Error;

/// One failure; the layout of `Record` in `kernels/fused.cuh`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(C)]
pub struct Record {
    /// The element of the batch.
    pub element: i64,
    /// What it was: the numbers of the enumeration in `kernels/fused.cuh`.
    pub code: i32,
    /// Where in the element.
    pub index: i32,
    /// The number that failed.
    pub value: f64,
    /// What would have passed as rounding.
    pub tol: f64,
}
// SAFETY: plain numbers without padding that matters; every bit pattern of the fields is valid.
unsafe impl cudarc::driver::DeviceRepr for Record {}
const _: () = assert!(size_of::<Record>() == 32);

impl Record {
    /// As the host would have said it.
    pub fn error(&self) -> Error {
        let (index, value) = (self.index.max(0) as usize, self.value);
        match self.code {
            1 => Error::NotPositiveDefinite { index, pivot: value },
            2 => Error::Singular { index },
            3 => Error::NegativeEigenvalue { value, tol: self.tol },
            4 => Error::non_finite("the operator or the vector, or the function overflowed"),
            5 => Error::not_converged("eigh", index, value, 0.0),
            6 => Error::invalid("logdet: the determinant is not positive"),
            code => Error::Device {
                message: format!("a kernel reported the failure {code}, which this version does not know"),
            },
        }
    }
}
/// All failures of a launch by element, if any; `count` may exceed what there was room for.
pub fn failures(records: &[Record], count: usize) -> Option<Error> {
    if count == 0 {
        return None;
    }
    let mut failed: Vec<(usize, Error)> = records.iter().take(count).map(|r| (r.element as usize, r.error())).collect();
    failed.sort_by_key(|f| f.0);
    failed.dedup_by_key(|f| f.0);
    Some(Error::Lanes { failed })
}
