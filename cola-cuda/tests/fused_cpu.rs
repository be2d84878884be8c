//! Fused kernels on the CPU, under sanitizers, against functions of the dense matrix and against the host's operators.

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
        Team::Thread => &[1, 128, 300],
        Team::Warp => &[1, 6],
        Team::Block => &[1, 2],
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
            let ok = error <= 100.0 * n * case.epsilon();
            assert!(
                ok,
                "{} {:?} by {:?}, batch {batch}, seed {}: error {error:e}",
                case.name, s.function, s.team, l.seed
            );
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
    let count = run("market", &jobs, Check::Address, &[5]);
    println!("{} types, {} kernels, {count} launches", market.len(), jobs.len());
}
/// Small types through the larger teams.
#[test]
fn every_team() {
    if !available() {
        return;
    }
    let market = market();
    let mut jobs = Vec::new();
    for case in market.iter().filter(|c| c.functions == ALL || c.functions == GENERAL) {
        for (i, &f) in case.functions.iter().enumerate() {
            let s = (case.source)(f, None).unwrap();
            // every other function of a type, by warps and by blocks in turn
            if s.team == Team::Thread && s.input <= 9 && i % 2 == case.name.len() % 2 {
                let team = [Team::Warp, Team::Block][(i / 2) % 2];
                jobs.push((case, (case.source)(f, Some(team)).unwrap()));
            }
        }
    }
    assert!(jobs.len() > 60);
    println!("{} kernels, {} launches", jobs.len(), run("teams", &jobs, Check::Address, &[1]));
}
#[test]
fn no_data_race() {
    if !available() {
        return;
    }
    let market = market();
    let mut jobs = Vec::new();
    for (i, case) in market.iter().enumerate() {
        let thorough = ["psd 7 f64", "dense 6 f64", "kron(psd 2, block_diag(psd 2, diag 1)) f64"].contains(&case.name);
        // every type with a root, else a solve, else a product; by warps and blocks in turn (a thread alone has nobody to race with)
        let heaviest = case.functions.iter().copied().max_by_key(|f| match f {
            Function::Sqrt => 3,
            Function::Solve => 2,
            _ => 1,
        });
        for &f in case.functions.iter().filter(|&&f| thorough || Some(f) == heaviest) {
            for team in [Team::Warp, Team::Block].into_iter().filter(|&t| thorough || (t == Team::Warp) == (i % 2 == 0))
            {
                jobs.push((case, (case.source)(f, Some(team)).unwrap()));
            }
        }
    }
    assert!(jobs.iter().map(|j| j.0.name).collect::<std::collections::BTreeSet<_>>().len() >= 30);
    println!("{} kernels, {} launches", jobs.len(), run("races", &jobs, Check::Races, &[0]));
}

/// Kron<Psd<Dense<2>>, Diagonal<3>>: what the host says of bad elements, the kernel says of the same elements, and the good ones are
/// not disturbed.
#[test]
fn failures_are_the_hosts() {
    use cola_core::{Dense, Diagonal, Kron, OperatorExt, Psd};
    use nalgebra::{Matrix2, SVector};
    if !available() {
        return;
    }
    type K = Kron<Psd<Dense<Matrix2<f64>>>, Diagonal<SVector<f64, 3>>>;
    let k = |a: [f64; 4], d: [f64; 3]| -> K {
        Kron::new(Psd::new(Matrix2::from_column_slice(&a)), Diagonal::new(d.into()))
    };
    let (good, d) = ([2.0, 1.0, 1.0, 3.0], [3.0, 0.2, 1.0]);
    let ks: Vec<K> = vec![
        k(good, d),
        k([1.0, 2.0, 2.0, 1.0], d), // indefinite
        k([1.0, 1.0, 1.0, 1.0], d), // singular
        k(good, [3.0, 0.0, 1.0]),   // singular
        k(good, [3.0, -0.2, 1.0]),  // no root, no logarithm
        k([f64::NAN, 1.0, 1.0, 3.0], d),
        k(good, [1.0, f64::INFINITY, 1.0]),
        k([0.0; 4], d),
        k([2e-300, 1e-300, 1e-300, 3e-300], d),
        k([2e200, 1e200, 1e200, 3e200], d),
        k(good, [1e-10, 1e10, 1.0]),
    ];
    let x = [1.0, -2.0, 0.5, 3.0, 1.0, -1.0];
    type Answer = fn(&K, &[f64; 6]) -> cola_core::Result<Vec<f64>>;
    let functions: [(Function, Answer); 6] = [
        (Function::Solve, |k, x| Ok(k.solve(x)?.to_vec())),
        (Function::Sqrt, |k, x| Ok(k.sqrt()?.apply(x).to_vec())),
        (Function::InvSqrt, |k, x| Ok(k.isqrt()?.apply(x).to_vec())),
        (Function::Pow, |k, x| Ok(k.pow(EXPONENT)?.apply(x).to_vec())),
        (Function::LogDet, |k, _| Ok(vec![k.logdet()?])),
        (Function::InvQuad, |k, x| Ok(vec![k.inv_quad(x)?])),
    ];
    let (mut text, mut names, mut sources) = (PRELUDE.to_string(), Vec::new(), Vec::new());
    for (f, _) in &functions {
        for team in [Team::Thread, Team::Warp, Team::Block] {
            let s = cola_cuda::fuse::source_for::<K>(*f, team).unwrap();
            text.push_str(&s.kernel);
            names.push(s.name.clone());
            sources.push(s);
        }
    }
    let program = Program::build("faults", &text, &names, Check::Address);
    let batch = ks.len();
    let mut launches: Vec<Launch> = sources
        .iter()
        .map(|s| {
            let input = layout::relayout(&x.repeat(batch)[..s.input * batch], s.input, Layout::Contiguous, s.layout());
            let params = layout::pack(&ks, s.params, s.layout()).unwrap();
            launch(s, &Sample { params, input, want: Vec::new() }, batch, true, 3)
        })
        .collect();
    program.run(&mut launches).unwrap();
    for (i, (s, l)) in sources.iter().zip(&launches).enumerate() {
        let (ys, failed) = outcome(s, l, true);
        for (b, k) in ks.iter().enumerate() {
            let here = failed.iter().find(|f| f.0 == b).map(|f| &f.1);
            let place = format!("{:?} by {:?}, element {b}: {here:?}, {:?}", s.function, s.team, ys[b]);
            match (functions[i / 3].1(k, &x), here) {
                (Ok(want), None) => {
                    let scale = want.iter().fold(0f64, |m, x| m.max(x.abs()));
                    let close = want.iter().zip(&ys[b]).all(|(w, y)| (w - y).abs() <= 1e-13 * scale);
                    assert!(close, "{place}, host {want:?}");
                }
                (Err(want), Some(have)) => {
                    // a matrix of rank one is singular or not positive definite, as rounding has it
                    let rank = |e: &Error| matches!(e, Error::Singular { .. } | Error::NotPositiveDefinite { .. });
                    assert!(
                        discriminant(&want) == discriminant(have) || rank(&want) && rank(have),
                        "{place}, host {want}"
                    );
                    assert!(ys[b].iter().all(|y| y.is_nan()), "{place}");
                }
                (want, _) => panic!("{place}, host {want:?}"),
            }
        }
    }
}
/// Each kind of fault, planted into the text, is seen.
#[test]
fn planted_faults_are_caught() {
    if !available() {
        return;
    }
    let market = market();
    let case = market.iter().find(|c| c.name == "psd 7 f64").unwrap();
    let plants = [
        ("none", Function::Solve, "", "", Check::Address, ""),
        (
            "index",
            Function::Solve,
            "yb[i * step] = bad",
            "yb[(i + 1) * step] = bad",
            Check::Address,
            "heap-buffer-overflow",
        ),
        (
            "barrier",
            Function::Solve,
            "a[k + N * j], a[e]);\n      }\n      t.sync();",
            "a[k + N * j], a[e]);\n      }",
            Check::Races,
            "data race",
        ),
        (
            "divergence",
            Function::Solve,
            "y[e] /= a[N * N + e / I % N];\n    t.sync();",
            "y[e] /= a[N * N + e / I % N];\n    if (t.lane() < 16) t.sync();",
            Check::Address,
            "shim: ",
        ),
        ("unwritten", Function::Sqrt, "v[i] = v[LD * i] = R(i == 0);", "v[i] = R(i == 0);", Check::Address, "wrong"),
    ];
    for (name, f, from, to, check, want) in plants {
        let s = (case.source)(f, Some(Team::Warp)).unwrap();
        let text = s.text();
        assert!(from.is_empty() || text.matches(from).count() == 1, "{name}: {} places", text.matches(from).count());
        let program =
            Program::build(&format!("plant-{name}"), &text.replacen(from, to, 1), std::slice::from_ref(&s.name), check);
        let sample = (case.sample)(&s, 2, 11);
        let mut launches = [launch(&s, &sample, 2, true, 3)];
        let seen = match program.run(&mut launches) {
            Err(e) => e,
            Ok(()) if compare(&s, &launches[0], &sample, case) > 1e-10 => "wrong".into(),
            Ok(()) => String::new(),
        };
        assert!(if want.is_empty() { seen.is_empty() } else { seen.contains(want) }, "{name}: {seen}");
        println!("{name}: {}", if seen.is_empty() { "nothing to see" } else { &seen });
    }
}
