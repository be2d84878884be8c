//! Timings for a machine that does other work too: the sides of a comparison take turns, round by round, and the best round of each
//! counts. A load on the machine makes rounds slower, never faster, and it meets all sides alike.
use criterion::Criterion;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// One side of a comparison: runs n times and says how long that took.
pub struct Side {
    name: &'static str,
    run: Box<dyn FnMut(u64) -> Duration>,
}
/// One side. What it works on goes through `black_box` inside `f`, or the compiler computes it once.
pub fn side<R>(name: &'static str, mut f: impl FnMut() -> R + 'static) -> Side {
    let run = Box::new(move |n| {
        let start = Instant::now();
        for _ in 0..n {
            black_box(f());
        }
        start.elapsed()
    });
    Side { name, run }
}

/// Rounds of a comparison; the minimum of 60 rounds repeats within 3 % here, under load from others.
const ROUNDS: usize = 60;
/// A round is at least this long: a thousand times the clock's resolution.
const ROUND: Duration = Duration::from_micros(200);
/// All rounds together: long ones are fewer, three at least.
const BUDGET: Duration = Duration::from_secs(4);

/// Best seconds of one call of each side.
pub fn race(sides: &mut [Side]) -> Vec<f64> {
    let mut counts = Vec::new();
    for side in sides.iter_mut() {
        let mut n = 1;
        while (side.run)(n) < ROUND && n < 1 << 30 {
            n *= 2;
        }
        counts.push(n);
    }
    let mut best = vec![f64::MAX; sides.len()];
    let start = Instant::now();
    for round in 0..ROUNDS {
        if round >= 3 && start.elapsed() > BUDGET {
            break;
        }
        for ((side, &n), best) in sides.iter_mut().zip(&counts).zip(&mut best) {
            *best = best.min((side.run)(n).as_secs_f64() / n as f64);
        }
    }
    best
}
/// A table of comparisons: the first side is ours, the second is what it is held against, more are for information.
pub struct Table {
    above: Vec<String>,
    /// Elements in one call: times are printed for one of them.
    elements: usize,
}
impl Table {
    /// Times are of one call of a side, which does `elements` elements.
    pub fn per(elements: usize) -> Self {
        Table { above: Vec::new(), elements }
    }
    /// Runs one comparison, prints a line, and gives the sides to criterion too where asked (`-- --criterion`).
    pub fn compare(&mut self, name: &str, bar: f64, mut sides: Vec<Side>) {
        let filter: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
        if !filter.is_empty() && !filter.iter().any(|f| name.contains(f.as_str())) {
            return;
        }
        let times: Vec<f64> = race(&mut sides).iter().map(|t| t / self.elements as f64).collect();
        let ratio = times[0] / times[1];
        let unit = |t: f64| match t {
            t if t < 1e-5 => format!("{:.1} ns", t * 1e9),
            t if t < 1e-2 => format!("{:.1} us", t * 1e6),
            t => format!("{:.1} ms", t * 1e3),
        };
        let each: Vec<String> = sides.iter().zip(&times).map(|(s, &t)| format!("{} {}", s.name, unit(t))).collect();
        let verdict = if ratio <= bar { "" } else { "   ABOVE" };
        println!("{name:<52} {:<60} ratio {ratio:.2} (bar {bar:.2}){verdict}", each.join(", "));
        if ratio > bar {
            self.above.push(format!("{name}: {ratio:.2}"));
        }
        if std::env::args().any(|a| a == "--criterion") {
            let mut criterion = Criterion::default();
            let mut group = criterion.benchmark_group(name);
            for side in &mut sides {
                group.bench_function(side.name, |b| b.iter_custom(|n| (side.run)(n)));
            }
            group.finish();
        }
    }
    /// The verdict. A machine under load may miss a bar by chance: the exit status is 1 only with `-- --strict`.
    pub fn finish(self) {
        println!("{} above the bar {:?}", self.above.len(), self.above);
        if !self.above.is_empty() && std::env::args().any(|a| a == "--strict") {
            std::process::exit(1);
        }
    }
}
