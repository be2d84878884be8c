//! Timings for a machine that does other work too: the sides of a comparison take turns, round by round, in an order that changes with
//! every round, and the best round of each counts. A load on the machine makes rounds slower, never faster, and it meets all sides
//! alike. What one thread does is timed by the processor time of that thread, which stands still while others have the processor.
#![allow(dead_code, reason = "each bench uses a part")]
use criterion::Criterion;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Time by one of the two clocks.
#[derive(Clone, Copy, PartialEq)]
pub enum Clock {
    /// Of the wall: for what runs on several threads.
    Wall,
    /// Processor time of this thread; where the system does not tell it, that of the wall.
    Thread,
}
impl Clock {
    /// Time since some fixed moment.
    pub fn now(self) -> Duration {
        static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
        let wall = || START.get_or_init(Instant::now).elapsed();
        if self == Clock::Thread { processor_time().unwrap_or_else(wall) } else { wall() }
    }
}
#[cfg(unix)]
fn processor_time() -> Option<Duration> {
    let mut t = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `t` is a timespec that outlives the call, which writes it and keeps nothing
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut t) };
    (failed == 0).then(|| Duration::new(t.tv_sec as u64, t.tv_nsec as u32))
}
#[cfg(not(unix))]
fn processor_time() -> Option<Duration> {
    None
}

/// One side of a comparison: runs n times and says how long that took.
pub struct Side<'a> {
    name: &'static str,
    run: Box<dyn FnMut(u64, Clock) -> Duration + 'a>,
}
/// One side. What it works on goes through `black_box` inside `f`, or the compiler computes it once.
pub fn side<'a, R>(name: &'static str, mut f: impl FnMut() -> R + 'a) -> Side<'a> {
    let run = Box::new(move |n, clock: Clock| {
        let start = clock.now();
        for _ in 0..n {
            // by reference: a result that is moved through memory waits for its own stores (6 numbers: 5 ns), whoever computed it
            black_box(&f());
        }
        clock.now() - start
    });
    Side { name, run }
}

/// Rounds of a comparison; the minimum of 60 rounds repeats within 3 % here, under load from others.
const ROUNDS: usize = 60;
/// A round is at least this long: a hundred times what reading the clock takes.
const ROUND: Duration = Duration::from_micros(200);
/// All rounds together: long ones are fewer, `LEAST` at least.
const BUDGET: Duration = Duration::from_secs(5);
const LEAST: usize = 5;

/// Best seconds of one call of each side.
pub fn race(sides: &mut [Side<'_>], clock: Clock) -> Vec<f64> {
    let mut counts = Vec::new();
    for side in sides.iter_mut() {
        let mut n = 1;
        while (side.run)(n, clock) < ROUND && n < 1 << 30 {
            n *= 2;
        }
        counts.push(n);
    }
    let mut best = vec![f64::MAX; sides.len()];
    let (start, many) = (Instant::now(), sides.len());
    for round in 0..ROUNDS {
        if round >= LEAST && start.elapsed() > BUDGET {
            break;
        }
        for turn in 0..many {
            let k = (turn + round) % many;
            best[k] = best[k].min((sides[k].run)(counts[k], clock).as_secs_f64() / counts[k] as f64);
        }
    }
    best
}
/// The words that select comparisons, from the command line.
pub fn filter() -> Vec<String> {
    std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect()
}
/// True if `name` is asked for.
pub fn wanted(name: &str) -> bool {
    let words = filter();
    words.is_empty() || words.iter().any(|word| name.contains(word.as_str()))
}
/// Seconds in a unit that reads well.
pub fn unit(t: f64) -> String {
    match t {
        t if t < 1e-5 => format!("{:.1} ns", t * 1e9),
        t if t < 1e-2 => format!("{:.1} us", t * 1e6),
        t => format!("{:.1} ms", t * 1e3),
    }
}
/// A table of comparisons: the first side is ours, it is held against the fastest of the others.
pub struct Table {
    lines: usize,
    above: Vec<String>,
    /// Elements in one call: times are printed for one of them.
    elements: usize,
}
impl Table {
    /// Times are of one call of a side, which does `elements` elements.
    pub fn per(elements: usize) -> Self {
        println!("times of one thread (processor time), the best of up to {ROUNDS} rounds in turn");
        Table { lines: 0, above: Vec::new(), elements }
    }
    /// Runs one comparison, prints a line, and gives the sides to criterion too where asked (`-- --criterion`). A bar of infinity: for
    /// information.
    pub fn compare(&mut self, name: &str, bar: f64, sides: Vec<Side<'_>>) {
        self.compare_by(Clock::Thread, name, bar, sides)
    }
    /// The same by the clock given.
    pub fn compare_by(&mut self, clock: Clock, name: &str, bar: f64, mut sides: Vec<Side<'_>>) {
        if !wanted(name) {
            return;
        }
        let times: Vec<f64> = race(&mut sides, clock).iter().map(|t| t / self.elements as f64).collect();
        let each: Vec<String> = sides.iter().zip(&times).map(|(s, &t)| format!("{} {}", s.name, unit(t))).collect();
        self.line(name, &each.join(", "), times[0] / times[1..].iter().copied().fold(f64::MAX, f64::min), bar);
        if std::env::args().any(|a| a == "--criterion") {
            let mut criterion = Criterion::default();
            let mut group = criterion.benchmark_group(name);
            for side in &mut sides {
                group.bench_function(side.name, |b| b.iter_custom(|n| (side.run)(n, clock)));
            }
            group.finish();
        }
    }
    /// One line: a ratio beside its bar.
    pub fn line(&mut self, name: &str, what: &str, ratio: f64, bar: f64) {
        let verdict = match (bar.is_finite(), ratio <= bar) {
            (false, _) => "for information".into(),
            (true, true) => format!("bar {bar:.2}: holds"),
            (true, false) => format!("bar {bar:.2}: MISSED"),
        };
        println!("{name:<52} {what:<64} ratio {ratio:.2} ({verdict})");
        self.lines += 1;
        if ratio > bar {
            self.above.push(format!("{name}: {ratio:.2}"));
        }
    }
    /// The verdict. A machine under load may miss a bar by chance: the exit status is 1 only with `-- --strict`.
    pub fn finish(self) {
        println!("{} of {} above the bar {:?}", self.above.len(), self.lines, self.above);
        if !self.above.is_empty() && std::env::args().any(|a| a == "--strict") {
            std::process::exit(1);
        }
    }
}
