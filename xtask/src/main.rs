//! `cargo run -p xtask -- tidy`: what the compiler does not check. `.. -- compile-times`: what the library costs a user's compiler.
mod compile_times;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Files above this many lines want to be two.
const LINES: usize = 700;

fn sources(folder: &Path, out: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|e| e.path()) {
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}
/// Every complaint about one file.
fn complaints(name: &str, text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let lines: Vec<&str> = text.lines().collect();
    // tests are lists; `dsl.rs` is the vocabulary of `linop!` on one page
    let long = name.starts_with("tests") || name.ends_with("src/dsl.rs");
    if lines.len() > LINES && !long {
        out.push(format!("{} lines: split it ({LINES} at most)", lines.len()));
    }
    if !text.starts_with("//!") && !text.starts_with("#![doc = include_str!") {
        out.push("no module docs (`//! ..`) on the first line".into());
    }
    for (i, line) in lines.iter().enumerate() {
        let unsafe_code = line.contains("unsafe {") || line.contains("unsafe impl");
        let reasoned = lines[i.saturating_sub(4)..=i].iter().any(|l| l.contains("SAFETY"));
        if unsafe_code && !reasoned {
            out.push(format!("line {}: unsafe without a SAFETY reason above it", i + 1));
        }
        for word in ["todo!(", "unimplemented!(", "dbg!("] {
            if line.contains(word) {
                out.push(format!("line {}: `{word}..)` left behind", i + 1));
            }
        }
    }
    out
}
/// Every operator file is named in `ops/mod.rs`, every structure with rules in `overload.rs`.
fn registries(root: &Path) -> Vec<String> {
    let ops = root.join("cola-core/src/ops");
    let read = |p: PathBuf| std::fs::read_to_string(p).unwrap_or_default();
    let (list, overload) = (read(ops.join("mod.rs")), read(root.join("cola-core/src/overload.rs")));
    let mut files = Vec::new();
    sources(&ops, &mut files);
    let mut out = Vec::new();
    for file in files {
        let name = file.file_stem().and_then(|n| n.to_str()).unwrap_or_default().to_string();
        if name != "mod" && name != "tests" && !list.contains(&format!("mod {name};")) {
            out.push(format!("ops/{name}.rs is not named in ops/mod.rs"));
        }
        let text = read(file);
        for line in text.lines() {
            let Some(rest) = line.strip_prefix("pub struct ") else { continue };
            let structure: String = rest.chars().take_while(|c| c.is_alphanumeric()).collect();
            // a structure is what implements `Operator`, by the macro or by hand
            let has = |before: &str| [format!("{before}{structure}<"), format!("{before}{structure} {{")];
            let by_macro = text
                .lines()
                .any(|l| l.starts_with("operator!(") && has("] ").iter().any(|name| l.contains(name.as_str())));
            let by_hand = has("Operator for ").iter().any(|name| text.contains(name.as_str()));
            let listed = [format!("{structure}<"), format!("{structure},")].iter().any(|name| overload.contains(name));
            if (by_macro || by_hand) && !listed {
                out.push(format!("ops/{name}.rs: `{structure}` is missing in the `operators!` list of overload.rs"));
            }
        }
    }
    out
}

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace");
    match std::env::args().nth(1).as_deref() {
        Some("tidy") => {}
        Some("compile-times") => return compile_times::main(root),
        _ => {
            eprintln!("usage: cargo run -p xtask -- tidy | compile-times [--strict]");
            return ExitCode::FAILURE;
        }
    }
    let mut files = Vec::new();
    for folder in
        ["src", "cola-core/src", "cola-macros/src", "cola-cuda/src", "examples", "tests", "benches", "xtask/src"]
    {
        sources(&root.join(folder), &mut files);
    }
    let mut all = registries(root);
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        let name = file.strip_prefix(root).unwrap_or(&file).display().to_string();
        // this file names the words that it looks for
        if !name.starts_with("xtask") {
            all.extend(complaints(&name, &text).into_iter().map(|c| format!("{name}: {c}")));
        }
    }
    all.sort();
    all.iter().for_each(|c| println!("{c}"));
    println!("tidy: {} complaints", all.len());
    if all.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
