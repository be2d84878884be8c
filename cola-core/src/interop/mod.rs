//! Matrices from and to elsewhere.

mod matrix_market;

pub use matrix_market::{parse_matrix_market, read_matrix_market};
