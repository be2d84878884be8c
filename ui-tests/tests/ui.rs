//! What compiles and what does not, and how the compiler then talks: one file per promise in `pass/` and `fail/`, with the message beside it.
//!
//! Read a changed message as its user would: the first line says what is wrong in the words of the domain, the notes say what to do
//! next. `TRYBUILD=overwrite cargo test -p ui-tests` writes the messages anew; then read the diff.
use std::process::Command;

/// The compiler that the messages come from; another one words and places them differently.
const BLESSED_WITH: &str = "rustc 1.95.";

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    // With cases that run, trybuild builds in place of checking: only then are constants evaluated, and composite sizes compared.
    cases.pass("pass/*.rs");
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version =
        Command::new(rustc).arg("--version").output().expect("cargo runs this test, so there is a rustc").stdout;
    if String::from_utf8_lossy(&version).starts_with(BLESSED_WITH) {
        cases.compile_fail("fail/*/*.rs");
    } else {
        println!("skipped the messages: blessed with rustc 1.95");
    }
}

/// A message without its case tests nothing.
#[test]
fn no_orphans() {
    for theme in std::fs::read_dir("fail").expect("the folder of the cases") {
        for file in std::fs::read_dir(theme.expect("a theme").path()).expect("a theme is a folder") {
            let file = file.expect("a case").path();
            let is_stderr = file.extension().is_some_and(|extension| extension == "stderr");
            assert!(!is_stderr || file.with_extension("rs").exists(), "no case for {}", file.display());
        }
    }
}
