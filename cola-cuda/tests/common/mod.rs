//! What the tests share. Each uses a part of it.
#![allow(dead_code, reason = "each test file uses a part")]

pub mod cpu;
pub mod device;
pub mod market;
