//! Matrices from and to elsewhere: files, leaves from other crates (features `faer`, `ndarray`, `sprs`), saved operators (`serde`).

#[cfg(feature = "faer")]
mod faer;
mod foreign;
#[cfg(feature = "faer")]
mod matrix_market;
#[cfg(feature = "ndarray")]
mod ndarray;
mod saved;
#[cfg(feature = "sprs")]
mod sprs;

pub use foreign::Strided;
#[cfg(feature = "faer")]
pub use matrix_market::{parse_matrix_market, read_matrix_market};
pub(crate) use saved::saved;
