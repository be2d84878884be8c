//! `cargo run -p xtask -- compile-times`: what the library costs a user's compiler, each figure beside its bar. Small crates are written
//! to a folder of their own and built with two jobs; of a crate after its dependencies the time of an empty crate is taken off.
//!
//! On a machine that does other work the clock says little: where the system tells the processor time of the compilers it is printed too, and
//! the bar is held against the less of the clock and of that time on free cores: two for a cold build, one for one crate.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

/// Seconds by the clock, and of processor time (user and system) where it is known.
#[derive(Clone, Copy)]
struct Took {
    clock: f64,
    processor: Option<f64>,
}
impl Took {
    fn less(self, o: Took) -> Took {
        let processor = self.processor.zip(o.processor).map(|(a, b)| (a - b).max(0.0));
        Took { clock: (self.clock - o.clock).max(0.0), processor }
    }
    /// On so many free cores, at least.
    fn judged(self, cores: f64) -> f64 {
        self.processor.map_or(self.clock, |p| self.clock.min(p / cores))
    }
}
/// Processor time of all children that have ended: `cutime` and `cstime` of Linux, in ticks of 10 ms.
fn processor_time() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at)?.parse::<f64>().ok();
    Some((ticks(13)? + ticks(14)?) / 100.0)
}

/// What the crates have at their top.
const HEAD: &str = "use cola::prelude::*;\nuse nalgebra::{SMatrix, SVector};\n";

/// 100 functions with 100 different types of operators, each applied and solved; the program counts the types.
fn hundred() -> String {
    let mut out = format!("{HEAD}type Types = std::collections::BTreeSet<&'static str>;\n");
    let mut calls = String::new();
    for i in 0..100 {
        let (kind, n, m) = (i % 10, 2 + i / 10 % 5, 2 + i / 50);
        // m is 2 in the first half and 3 in the second: an expression without b and d is another one there
        let other = m == 3;
        let (expression, size) = match kind {
            1 if other => ("self_adjoint(a) - 0.5 * I", n),
            3 if other => ("psd(a.H * a) - 2 * I", n),
            6 if other => ("psd(a) * a.T", n),
            0 => ("kron(psd(a), psd(diag(d)))", n * m),
            1 => ("psd(a) + 0.5 * I", n),
            2 => ("block_diag(psd(a), diag(d))", n + m),
            3 => ("a * a.H + I", n),
            4 => ("2 * kron(psd(a), psd(b))", n * m),
            5 => ("psd(kron(a, diag(d))) + 0.5 * I", n * m),
            6 => ("a.T * psd(a)", n),
            7 => ("kron(kron(psd(a), diag(d)), diag([1.0, 2.0]))", 2 * n * m),
            8 => ("block_diag(repeat::<2>(psd(a)), psd(b))", 2 * n + m),
            _ => ("psd(block_diag(a, diag(d))) + I", n + m),
        };
        let _ = writeln!(
            out,
            "#[inline(never)]\nfn f{i}(types: &mut Types, a: &SMatrix<f64, {n}, {n}>, b: &SMatrix<f64, {m}, {m}>, d: &SVector<f64, {m}>, v: &SVector<f64, {size}>) \
             -> cola::Result<SVector<f64, {size}>> {{\n    let _ = (b, d);\n    let k = linop!({expression});\n    types.insert(std::any::type_name_of_val(&k));\n    Ok(k.apply(v) + k.solve(v)?)\n}}"
        );
        let _ = writeln!(
            calls,
            "    norms += f{i}(&mut types, &SMatrix::identity(), &SMatrix::identity(), &SVector::repeat(1.0), &SVector::repeat(1.0))?.norm();"
        );
    }
    let _ = writeln!(
        out,
        "fn main() -> cola::Result<()> {{\n    let (mut types, mut norms) = (Types::new(), 0.0);\n{calls}    \
         assert_eq!(types.len(), 100, \"{{types:#?}}\");\n    assert!(f64::is_finite(norms));\n    Ok(())\n}}"
    );
    out
}
fn sum() -> String {
    let terms: Vec<String> = (0..100).map(|i| format!("{{ &m[{i}] }}")).collect();
    format!(
        "{HEAD}fn main() -> cola::Result<()> {{\n    let m = [SMatrix::<f64, 2, 2>::identity(); 100];\n    let v = SVector::<f64, 2>::repeat(1.0);\n    \
         let k = linop!({});\n    println!(\"{{:?}}\", k.apply(&v) + k.solve(&v)?);\n    Ok(())\n}}\n",
        terms.join(" + ")
    )
}
fn kron() -> String {
    let factors: Vec<String> =
        (0..64).map(|i| if i % 11 == 5 { "psd(a)".into() } else { format!("diag([{}.0])", i + 1) }).collect();
    format!(
        "{HEAD}fn main() -> cola::Result<()> {{\n    let a = SMatrix::<f64, 2, 2>::identity();\n    let v = SVector::<f64, 64>::repeat(1.0);\n    \
         let k = linop!(kron({}));\n    println!(\"{{:?}}\", k.apply(&v) + k.solve(&v)?);\n    Ok(())\n}}\n",
        factors.join(", ")
    )
}
/// Step 3 of the tour.
fn vmap() -> String {
    format!(
        "{HEAD}#[vmap]\nfn whitened<T: Scalar>(x: SMatrix<T, 3, 3>, d: SVector<T, 2>, v: SVector<T, 8>) -> cola::Result<(SMatrix<T, 5, 5>, SVector<T, 8>)> {{\n    \
         let y = linop!(x * x.H + I);\n    let w = linop!(block_diag(repeat::<2>(&y), diag(&d)));\n    \
         let p = try_linop!(diag({{ w.diagonal()? }}) ^ (-1 / 2))?;\n    let corner = linop!((&w)[0..5, 0..5]).to_dense();\n    \
         let inverse = try_linop!(inv(&p * &w * &p))?;\n    \
         Ok((SMatrix::from_fn(|i, j| corner[(i, j)]), p.apply(&inverse.apply(&p.apply(&v)))))\n}}\n\
         fn main() -> cola::Result<()> {{\n    let y = whitened::batch_slice(&[SMatrix::identity()], &[SVector::repeat(1.0)], &[SVector::repeat(1.0)])?;\n    \
         println!(\"{{:?}}\", y);\n    Ok(())\n}}\n"
    )
}
/// What needs no faer: static structures.
fn small() -> String {
    format!(
        "{HEAD}fn main() -> cola::Result<()> {{\n    let (a, v) = (SMatrix::<f64, 2, 2>::identity(), SVector::<f64, 6>::repeat(1.0));\n    \
         let k = linop!(kron(psd(a), psd(diag([3.0, 0.2, 1.0]))));\n    println!(\"{{:?}} {{:?}}\", k.sqrt()?.apply(&v), k.solve(&v)?);\n    Ok(())\n}}\n"
    )
}

struct Bench {
    root: PathBuf,
    folder: PathBuf,
    missed: usize,
}
impl Bench {
    /// Writes the crate `name`.
    fn write(&self, name: &str, default_features: bool, text: &str) -> std::io::Result<PathBuf> {
        let folder = self.folder.join(name);
        std::fs::create_dir_all(folder.join("src"))?;
        let root = self.root.display();
        let manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n\
             cola-linalg = {{ path = \"{root}\", default-features = {default_features} }}\n\
             nalgebra = {{ version = \"0.35\", default-features = false, features = [\"std\", \"macros\"] }}\n\n[workspace]\n"
        );
        std::fs::write(folder.join("Cargo.toml"), manifest)?;
        std::fs::copy(self.root.join("Cargo.lock"), folder.join("Cargo.lock"))?;
        std::fs::write(folder.join("src/main.rs"), text)?;
        Ok(folder)
    }
    /// What `cargo build` of the crate takes.
    fn build(&self, crate_folder: &Path, target: &str, release: bool) -> Result<Took, String> {
        let mut cargo = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()));
        cargo.current_dir(crate_folder).args(["build", "--quiet", "--jobs", "2"]);
        cargo.env("CARGO_TARGET_DIR", self.folder.join(target)).env_remove("RUSTFLAGS");
        if release {
            cargo.arg("--release");
        }
        let (start, before) = (Instant::now(), processor_time());
        let done = cargo.status().map_err(|e| e.to_string())?;
        let processor = processor_time().zip(before).map(|(after, before)| after - before);
        let took = Took { clock: start.elapsed().as_secs_f64(), processor };
        if done.success() { Ok(took) } else { Err(format!("{} does not build", crate_folder.display())) }
    }
    fn report(&mut self, what: &str, took: Took, cores: f64, bar: f64) {
        let missed = took.judged(cores) > bar;
        self.missed += usize::from(missed);
        let processor = took.processor.map_or(String::new(), |p| format!(", {p:.1} s of processor time"));
        let verdict = if missed { "MISSED" } else { "holds" };
        println!("{what:<50} {:6.1} s{processor} (bar {bar:.0} s: {verdict})", took.clock);
    }
    fn run(&mut self) -> Result<(), String> {
        let io = |e: std::io::Error| e.to_string();
        let small_crate = self.write("small", false, &small()).map_err(io)?;
        for target in ["cold-small", "cold"] {
            let _ = std::fs::remove_dir_all(self.folder.join(target));
        }
        let t = self.build(&small_crate, "cold-small", true)?;
        self.report("cold build, default-features = false, release", t, 2.0, 40.0);
        let empty = format!(
            "{HEAD}fn main() {{\n    let _ = Option::<(SMatrix<f64, 1, 1>, SVector<f64, 1>)>::None;\n    let _ = linop!(diag([1.0])).apply(&[1.0]);\n}}\n"
        );
        let empty_crate = self.write("empty", true, &empty).map_err(io)?;
        let t = self.build(&empty_crate, "cold", true)?;
        self.report("cold build, default features, release", t, 2.0, 180.0);
        for (name, what, text, release, bar) in [
            ("hundred", "100 expressions, applied and solved, release", hundred(), true, 60.0),
            ("sum", "a sum of 100 terms, release", sum(), true, 2.0),
            ("kron", "64 factors of kron, release", kron(), true, 2.0),
            ("vmap", "#[vmap] of the tour's step 3, release", vmap(), true, 8.0),
            ("vmap", "#[vmap] of the tour's step 3, dev", vmap(), false, 4.0),
        ] {
            let folder = self.write(name, true, &text).map_err(io)?;
            // once with the dependencies, then an empty crate and this one again, after a change of their text
            self.build(&empty_crate, "cold", release)?;
            std::fs::write(empty_crate.join("src/main.rs"), format!("{empty}// {name} {release}\n")).map_err(io)?;
            let base = self.build(&empty_crate, "cold", release)?;
            let t = self.build(&folder, "cold", release)?;
            // most of one crate is done on one core
            self.report(what, t.less(base), 1.0, bar);
            // some check themselves
            let profile = if release { "release" } else { "debug" };
            let program = self.folder.join("cold").join(profile).join(name);
            let ran = Command::new(program).stdout(Stdio::null()).status().map_err(io)?;
            if !ran.success() {
                return Err(format!("{what}: the program fails"));
            }
        }
        Ok(())
    }
}

/// All figures; a failure only with `--strict`, as a machine under load may miss a bar.
pub fn main(root: &Path) -> ExitCode {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let mut bench = Bench { root: root.to_path_buf(), folder: target.join("compile-times"), missed: 0 };
    if let Err(e) = bench.run() {
        eprintln!("compile-times: {e}");
        return ExitCode::FAILURE;
    }
    println!("compile-times: {} above the bar", bench.missed);
    let strict = std::env::args().any(|a| a == "--strict");
    if strict && bench.missed > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
