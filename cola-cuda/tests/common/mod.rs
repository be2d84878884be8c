//! What the tests share. Each uses a part of it.
#![allow(dead_code, unused_imports, reason = "each test file uses a part")]

pub mod cpu;
pub mod device;
pub mod functions;
pub mod market;
pub mod matfun;
pub mod subspaces;

/// Prints whether or not the test harness keeps the output of a test that passes to itself: figures that belong into the log of CI.
pub fn report(text: &str) {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
