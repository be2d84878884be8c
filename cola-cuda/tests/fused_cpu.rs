//! Fused kernels on the CPU, under sanitizers, against the host's operators.

mod common;

use cola_core::Error;
use cola_cuda::fuse::{Function, Layout, PRELUDE, Source, Team, failures, layout};
use common::cpu::{Arg, Check, Launch, Program, available};
use common::market::{ALL, Case, EXPONENT, GENERAL, Sample, market};
use std::mem::discriminant;

/// Room for failures in every launch of these tests.
const CAPACITY: usize = 512;

fn launch(s: &Source, sample: &Sample, batch: usize, double: bool, seed: u64) -> Launch {
    let l = s.launch(batch).unwrap().unwrap();
    let mut n = Vec::new();
    n.extend((batch as i64).to_le_bytes());
    n.extend(EXPONENT.to_le_bytes());
    n.extend(0i32.to_le_bytes());
    n.extend((CAPACITY as u32).to_le_bytes());
    Launch {
        kernel: s.name.clone(),
        dims: [l.grid, 1, 1, l.block.0, l.block.1, 1, l.shared],
        seed,
        args: vec![
            Arg::reals(&vec![f64::NAN; s.output * batch], double),
            Arg::reals(&sample.input, double),
            Arg::reals(&sample.params, double),
            Arg::Value(n),
            Arg::Buffer(vec![0; 32 * CAPACITY]),
            Arg::Buffer(vec![0; 4]),
        ],
    }
}
/// Results by element, and the failures by element.
fn outcome(s: &Source, l: &Launch, double: bool) -> (Vec<Vec<f64>>, Vec<(usize, Error)>) {
    let y = layout::relayout(&l.reals(0, double), s.output, s.layout(), Layout::Contiguous);
    let failed = match failures(&l.records(4), l.words(5)[0] as usize) {
        Some(Error::Lanes { failed }) => failed,
        _ => Vec::new(),
    };
    (y.chunks(s.output).map(<[f64]>::to_vec).collect(), failed)
}
/// The largest error relative to the largest number of the element; infinite where the outcomes differ.
fn compare(s: &Source, l: &Launch, sample: &Sample, case: &Case) -> f64 {
    let (ys, failed) = outcome(s, l, case.double);
    let mut worst = 0f64;
    for (b, want) in sample.want.iter().enumerate() {
        let here = failed.iter().find(|f| f.0 == b).map(|f| &f.1);
        match (want, here) {
            (Err(want), Some(have)) if discriminant(want) == discriminant(have) => {}
            (Ok(want), None) => {
                // a logarithm may be near 0 without being inaccurate
                let scale = want.iter().fold(1f64, |m, x| m.max(x.abs()));
                for (w, y) in want.iter().zip(&ys[b]) {
                    let error = (w - y).abs() / scale;
                    worst = if error <= worst { worst } else { error };
                    worst = if error.is_nan() { f64::INFINITY } else { worst };
                }
            }
            (want, have) => {
                println!("{} {:?} element {b}: host {want:?}, kernel {have:?}", case.name, s.function);
                worst = f64::INFINITY;
            }
        }
    }
    worst
}
/// Batches below one block, one block, several with a rest.
fn batches(team: Team) -> &'static [usize] {
    match team {
        Team::Thread => &[1, 5, 128, 300],
        Team::Warp => &[1, 2, 9],
        Team::Block => &[1, 3],
    }
}
/// The kernels of the cases, each text once.
fn kernels(jobs: &[(&Case, Source)]) -> (String, Vec<String>) {
    let (mut text, mut names) = (PRELUDE.to_string(), Vec::new());
    for (_, s) in jobs {
        if !names.contains(&s.name) {
            text.push_str(&s.kernel);
            names.push(s.name.clone());
        }
    }
    (text, names)
}
/// Compiles the kernels in as many parts as there are processors and runs every job; (job, error) for each launch.
fn run(name: &str, jobs: &[(&Case, Source)], check: Check, seeds: &[u64]) -> usize {
    let processors = std::thread::available_parallelism().map_or(2, |n| n.get()).min(8);
    let part = jobs.len().div_ceil(processors);
    let chunks: Vec<&[(&Case, Source)]> = jobs.chunks(part).collect();
    // cases hold closures that are not `Sync`: the samples are made here, the threads see plain data
    let texts: Vec<_> = chunks.iter().map(|c| kernels(c)).collect();
    let programs: Vec<Program> = std::thread::scope(|scope| {
        let build = |(i, (text, names)): (usize, &(String, Vec<String>))| {
            let name = format!("{name}-{i}");
            let (text, names) = (text.clone(), names.clone());
            scope.spawn(move || Program::build(&name, &text, &names, check))
        };
        let handles: Vec<_> = texts.iter().enumerate().map(build).collect();
        handles.into_iter().map(|h| h.join().unwrap()).collect()
    });
    let mut count = 0;
    for (program, chunk) in programs.iter().zip(chunks) {
        let (mut launches, mut facts) = (Vec::new(), Vec::new());
        for (case, s) in chunk {
            let batches = if check == Check::Races { &[2][..] } else { batches(s.team) };
            for (&batch, &seed) in batches.iter().flat_map(|b| seeds.iter().map(move |s| (b, s))) {
                let sample = (case.sample)(s, batch, 7 + batch as u64);
                launches.push(launch(s, &sample, batch, case.double, seed));
                facts.push((case, s, sample, batch));
            }
        }
        program.run(&mut launches).unwrap();
        for (l, (case, s, sample, batch)) in launches.iter().zip(&facts) {
            let error = compare(s, l, sample, case);
            let n = s.output.max(s.input).max(4) as f64;
            let ok = error <= 20.0 * n * case.epsilon();
            assert!(ok, "{} {:?} by {:?}, batch {batch}, seed {}: error {error:e}", case.name, s.function, s.team, l.seed);
            count += 1;
        }
    }
    count
}

#[test]
fn all_types_within_rounding_of_the_host() {
    if !available() {
        return;
    }
    let market = market();
    assert!(market.len() >= 30);
    let mut jobs = Vec::new();
    for case in &market {
        jobs.extend(case.functions.iter().map(|&f| (case, (case.source)(f, None).unwrap())));
    }
    let teams = |t| jobs.iter().filter(|j| j.1.team == t).count();
    assert!(teams(Team::Thread) > 100 && teams(Team::Warp) > 20 && teams(Team::Block) > 3);
    let count = run("market", &jobs, Check::Address, &[0, 5]);
    println!("{} types, {} kernels, {count} launches", market.len(), jobs.len());
}
/// Small types through all teams, in four orders of the threads.
#[test]
fn every_team() {
    if !available() {
        return;
    }
    let market = market();
    let mut jobs = Vec::new();
    for case in market.iter().filter(|c| (c.functions == ALL || c.functions == GENERAL) && !c.name.contains("45")) {
        for (i, &f) in case.functions.iter().enumerate() {
            // a third of the functions of each type by warps and a third by blocks
            let team = [Team::Warp, Team::Block][(i / 2) % 2];
            if i % 2 == case.name.len() % 2 {
                jobs.push((case, (case.source)(f, Some(team)).unwrap()));
            }
        }
    }
    let count = run("teams", &jobs, Check::Address, &[1, 9]);
    println!("{} kernels, {count} launches", jobs.len());
}
#[test]
fn no_data_race() {
    if !available() {
        return;
    }
    let market = market();
    let mut jobs = Vec::new();
    for name in ["psd 7 f64", "dense 6 f64", "kron(psd 2, block_diag(psd 2, diag 1)) f64", "gram 4x6 f64", "upper 18 f64"] {
        let case = market.iter().find(|c| c.name == name).unwrap();
        for &f in case.functions {
            for team in [Team::Warp, Team::Block] {
                jobs.push((case, (case.source)(f, Some(team)).unwrap()));
            }
        }
    }
    println!("{} kernels, {} launches", jobs.len(), run("races", &jobs, Check::Races, &[0]));
}
