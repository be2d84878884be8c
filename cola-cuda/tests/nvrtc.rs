//! Every kernel compiles to machine code of three architectures without spilling a register. Needs NVRTC and no GPU; without the
//! library it skips, and fails where COLA_REQUIRE_NVRTC is set.

mod common;

use cola_cuda::fuse::{PRELUDE, Team};
use cola_cuda::nvrtc::{Usage, compile, options, version};
use common::market::{ALL, GENERAL, market};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

fn available() -> bool {
    match version() {
        Ok((major, minor)) => println!("NVRTC {major}.{minor}"),
        Err(e) => {
            assert!(std::env::var_os("COLA_REQUIRE_NVRTC").is_none(), "COLA_REQUIRE_NVRTC is set: {e}");
            println!("skipped: {e}");
            return false;
        }
    }
    true
}
/// Compiles every text for every architecture, on all processors.
fn compile_all(texts: &[String], architectures: &[(u32, u32)]) -> Vec<((u32, u32), Usage)> {
    let jobs: Vec<(&String, (u32, u32))> =
        architectures.iter().flat_map(|&a| texts.iter().map(move |t| (t, a))).collect();
    let (next, out) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|s| {
        for _ in 0..std::thread::available_parallelism().map_or(2, |n| n.get()) {
            s.spawn(|| {
                while let Some((text, architecture)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let c = compile(text, &options(*architecture)).unwrap_or_else(|e| panic!("{e}"));
                    let usage = c.usage();
                    assert!(!usage.is_empty() && &c.image[..4] == b"\x7fELF");
                    out.lock().unwrap().extend(usage.into_iter().map(|u| (*architecture, u)));
                }
            });
        }
    });
    out.into_inner().unwrap()
}
fn without_spills(found: &[((u32, u32), Usage)], names: &BTreeMap<String, String>) {
    let mut lines: Vec<String> = Vec::new();
    for ((major, minor), u) in found {
        let what = names.get(&u.kernel).unwrap_or(&u.kernel);
        lines.push(format!(
            "sm_{major}{minor} {:3} registers {:4} stack {:4} spilled  {what}",
            u.registers, u.stack, u.spilled
        ));
    }
    lines.sort();
    common::report(&(lines.join("\n") + "\n"));
    // numbers that a thread indexes by what it computed lie in memory as spilled ones do
    let bad = |l: &&String| !l.contains("   0 spilled") || l.ends_with("by Thread") && !l.contains("   0 stack");
    let bad: Vec<&String> = lines.iter().filter(bad).collect();
    assert!(bad.is_empty(), "registers are spilled, or numbers of a thread are not in registers:\n{bad:#?}");
}

/// The functions with most numbers alive of every type; all of them for sm_90, the heaviest also for sm_80 and sm_100.
#[test]
fn fused_kernels_of_all_types() {
    if !available() {
        return;
    }
    let (mut texts, mut names) = (Vec::new(), BTreeMap::new());
    let market = market();
    for case in &market {
        // apply; sqrt for those that have it, solve for those that have not; a determinant for every third
        let wanted = match case.functions {
            f if f == ALL => &f[2..3],
            f if f == GENERAL => &f[1..2],
            f => f,
        };
        let mut text = PRELUDE.to_string();
        for &f in wanted {
            let s = (case.source)(f, None).unwrap();
            if names.insert(s.name.clone(), format!("{} {f:?} by {:?}", case.name, s.team)).is_none() {
                text.push_str(&s.kernel);
            }
        }
        texts.push(text);
    }
    without_spills(&compile_all(&texts, &[(8, 0), (9, 0), (10, 0)]), &names);
}
/// All functions of the type of the examples, for one architecture.
#[test]
fn all_functions() {
    if !available() {
        return;
    }
    let market = market();
    let (mut text, mut names) = (PRELUDE.to_string(), BTreeMap::new());
    for name in
        ["kron(psd 2, diag 3) f64", "psd 8 f32", "block_diag(dense 3, kron(dense 2, diag 2)) f64", "psd 3 + diag 3 f64"]
    {
        let case = market.iter().find(|c| c.name == name).unwrap();
        for &f in case.functions {
            for team in [None, Some(Team::Block)] {
                let s = (case.source)(f, team).unwrap();
                names.insert(s.name.clone(), format!("{name} {f:?} by {:?}", s.team));
                text.push_str(&s.kernel);
            }
        }
    }
    without_spills(&compile_all(&[text], &[(9, 0)]), &names);
}
#[test]
fn errors_have_the_log() {
    if !available() {
        return;
    }
    let e = compile("__global__ void k( {", &options((9, 0))).unwrap_err().to_string();
    assert!(e.contains("nvrtcCompileProgram") && e.contains("error"), "{e}");
    let e = compile("__global__ void k() {}", &["--gpu-architecture=sm_9".into()]).unwrap_err().to_string();
    assert!(e.contains("nvrtcCompileProgram"), "{e}");
    assert!(compile("a\0b", &[]).is_err());
}
