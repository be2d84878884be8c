//! What compiles and what does not, and how the compiler then talks: one file per promise in `pass/` and `fail/`, with the message beside it.
//!
//! Read a changed message as its user would: the first line says what is wrong in the words of the domain, the notes say what to do
//! next. `TRYBUILD=overwrite cargo test -p ui-tests` writes the messages anew; then read the diff.
//!
//! The messages are those of one compiler, which `.ci/run` takes; another one words and places its part of them differently. There every
//! case must still be refused, and in our words: the first line of each error, without the types between backticks.
use std::path::{Path, PathBuf};
use std::process::Command;

/// The compiler that the messages come from.
const BLESSED_WITH: &str = "rustc 1.95.";

#[test]
fn ui() {
    let version = compiler();
    let is_blessed = version.starts_with(BLESSED_WITH);
    let must_be = std::env::var_os("COLA_REQUIRE_MESSAGES").is_some();
    assert!(is_blessed || !must_be, "the messages in fail/ are those of {BLESSED_WITH}*, and this is {version}");
    let cases = trybuild::TestCases::new();
    // With cases that run, trybuild builds in place of checking: only then are constants evaluated, and composite sizes compared.
    cases.pass("pass/*.rs");
    if is_blessed {
        cases.compile_fail("fail/*/*.rs");
        return;
    }
    // runs them
    drop(cases);
    println!("this is {version}: the messages of {BLESSED_WITH}* are not compared, but for our words in them");
    let wrong: Vec<String> = refusals().into_iter().filter_map(Result::err).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

fn compiler() -> String {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version =
        Command::new(rustc).arg("--version").output().expect("cargo runs this test, so there is a rustc").stdout;
    String::from_utf8_lossy(&version).trim().to_owned()
}

/// The files of `fail/` that end in `.extension`.
fn cases(extension: &str) -> Vec<PathBuf> {
    let entries = |folder: &Path| {
        let folder = std::fs::read_dir(folder).expect("the folder of the cases");
        folder.map(|entry| entry.expect("a case or a theme").path()).collect::<Vec<_>>()
    };
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("fail");
    let all = entries(&here).into_iter().flat_map(|theme| entries(&theme));
    all.filter(|file| file.extension().is_some_and(|e| e == extension)).collect()
}

/// Builds each case in a crate of its own: `Err` says what is wrong with the refusal.
fn refusals() -> Vec<Result<(), String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("ui-tests lies in the workspace");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("refused");
    std::fs::create_dir_all(&folder).expect("a folder for the crate");
    let name = |case: &Path| {
        let theme = case.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned();
        format!("{theme}_{}", case.file_stem().unwrap_or_default().to_string_lossy())
    };
    let cases = cases("rs");
    let mut manifest = format!(
        "[package]\nname = \"refused\"\nversion = \"0.0.0\"\nedition = \"2024\"\nautobins = false\n\n[workspace]\n\n[dependencies]\n\
         cola-linalg = {{ path = {root:?} }}\nnalgebra = {{ version = \"0.35\", default-features = false, features = [\"std\", \"macros\"] }}\n\
         nalgebra-sparse = {{ version = \"0.12\", default-features = false }}\n"
    );
    for case in &cases {
        manifest.push_str(&format!("\n[[bin]]\nname = {:?}\npath = {case:?}\n", name(case)));
    }
    std::fs::write(folder.join("Cargo.toml"), manifest).expect("written");
    std::fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")).expect("copied");
    let refusal = |case: &PathBuf| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.current_dir(&folder).args(["build", "--quiet", "--bin", &name(case)]);
        let out = cargo.env("CARGO_TARGET_DIR", folder.join("target")).output().expect("cargo runs");
        if out.status.success() {
            return Err(format!("{} compiles", case.display()));
        }
        let (got, want) = (
            String::from_utf8_lossy(&out.stderr).into_owned(),
            std::fs::read_to_string(case.with_extension("stderr")).expect("a message"),
        );
        match our_words(&want).into_iter().find(|words| !got.contains(words)) {
            Some(words) => Err(format!("{} is refused without the words \"{words}\":\n{got}", case.display())),
            None => Ok(()),
        }
    };
    cases.iter().map(refusal).collect()
}

/// What the library says in the first lines of the errors, between the types: errors of the macro, of unmet bounds, of constants.
fn our_words(message: &str) -> Vec<&str> {
    let ours = ["error: ", "error[E0277]: ", "error[E0080]: evaluation panicked: "];
    let first = message.lines().filter_map(|line| ours.iter().find_map(|kind| line.strip_prefix(kind)));
    // every other piece stands between backticks
    first.flat_map(|line| line.split('`').step_by(2)).filter(|piece| piece.trim().contains(' ')).collect()
}

/// Each case has its message, each message its case; and almost all begin with words of ours: what is left to rustc is names that it does
/// not know, numbers of arguments, lifetimes, types of a function's arguments.
#[test]
fn messages_and_cases() {
    for (one, other) in [("rs", "stderr"), ("stderr", "rs")] {
        for file in cases(one) {
            assert!(file.with_extension(other).exists(), "no .{other} beside {}", file.display());
        }
    }
    let left: Vec<PathBuf> = cases("stderr")
        .into_iter()
        .filter(|file| our_words(&std::fs::read_to_string(file).expect("a message")).is_empty())
        .collect();
    let rustc_says = [
        "borrow_too_short",
        "extra_argument",
        "function_argument",
        "missing_argument",
        "unknown_word",
        "unknown_word_in_type",
    ];
    for file in left {
        let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        assert!(rustc_says.contains(&stem.as_str()), "{} has no word of ours in its first line", file.display());
    }
}
