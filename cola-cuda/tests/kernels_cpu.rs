//! The kernels of `kernels/vector.cu` on the CPU, under sanitizers, against plain loops: sizes below one tile, one tile, several with a
//! rest, one column and many, in layers, every stride; real and complex numbers.

mod common;

use cola_cuda::HalfFormat;
use common::cpu::{Arg, Check, Launch, Program, available};
use common::market::Rng;

const SOURCE: &str = include_str!("../kernels/vector.cu");
/// Kernels for every type of numbers, and those for some.
const NAMES: [&str; 18] = [
    "axpby",
    "scale",
    "fill",
    "dot",
    "largest",
    "step",
    "cg_alpha",
    "cg_step",
    "cg_beta",
    "cg_direction",
    "diagonal",
    "permutation",
    "scaled",
    "banded",
    "tridiagonals",
    "product",
    "compressed",
    "outer",
];
const OTHERS: [&str; 4] = ["turned_f32", "turned_f64", "product_half", "product_brain"];

type C = cola_core::Complex<f64>;
/// A type of numbers.
#[derive(Clone, Copy)]
struct Kind {
    double: bool,
    complex: bool,
}
const KINDS: [Kind; 4] = [
    Kind { double: false, complex: false },
    Kind { double: true, complex: false },
    Kind { double: false, complex: true },
    Kind { double: true, complex: true },
];
impl Kind {
    fn number(self) -> usize {
        usize::from(self.double) + 2 * usize::from(self.complex)
    }
    fn suffix(self) -> &'static str {
        match (self.double, self.complex) {
            (false, false) => "_f32",
            (true, false) => "_f64",
            (false, true) => "_c32",
            (true, true) => "_c64",
        }
    }
    fn flat(self, x: &[C]) -> Vec<f64> {
        if self.complex { x.iter().flat_map(|z| [z.re, z.im]).collect() } else { x.iter().map(|z| z.re).collect() }
    }
    fn buffer(self, x: &[C]) -> Arg {
        Arg::reals(&self.flat(x), self.double)
    }
    fn value(self, x: C) -> Arg {
        let Arg::Buffer(bytes) = self.buffer(&[x]) else { unreachable!("a buffer") };
        Arg::Value(bytes)
    }
    fn real(self, x: f64) -> Arg {
        Arg::real(x, self.double)
    }
    fn reals(self, x: &[f64]) -> Arg {
        Arg::reals(x, self.double)
    }
}
fn c(re: f64) -> C {
    C::new(re, 0.0)
}
fn program(name: &str, check: Check) -> Program {
    let all = KINDS.iter().flat_map(|k| NAMES.iter().map(move |n| format!("{n}{}", k.suffix())));
    let names: Vec<String> = all.chain(OTHERS.map(String::from)).collect();
    Program::build(name, SOURCE, &names, check)
}
/// `thin` below: one of the strides, directions and results for each type, for checks that are slow.
struct Job {
    launch: Launch,
    double: bool,
    /// The buffer that is compared, and what it should hold.
    result: usize,
    want: Vec<f64>,
}
fn job(
    kernel: String,
    kind: Kind,
    (grid, block): (u32, (u32, u32)),
    args: Vec<Arg>,
    result: usize,
    want: Vec<f64>,
) -> Job {
    let launch = Launch { kernel, dims: [grid, 1, 1, block.0, block.1, 1, 0], seed: 3, args };
    Job { launch, double: kind.double, result, want }
}
fn numbers(r: &mut Rng, kind: Kind, n: usize) -> Vec<C> {
    // with few digits, so that single precision holds them
    let mut one = || (r.next() * 64.0).round() / 64.0;
    (0..n).map(|_| C::new(one(), if kind.complex { one() } else { 0.0 })).collect()
}
/// Row, column and layer strides of `layers` rows x cols matrices: by columns, by rows, with gaps; and the length of their memory.
fn strides(rows: usize, cols: usize, layers: usize) -> [(usize, usize, usize, usize); 3] {
    let n = rows * cols;
    [(1, rows, n, n * layers), (cols, 1, n, n * layers), (2, 2 * rows + 1, n * 2 + cols, (n * 2 + cols) * layers)]
}
fn longs(x: &[usize]) -> Arg {
    Arg::Value(x.iter().flat_map(|&x| (x as i64).to_le_bytes()).collect())
}
fn write(to: &mut C, alpha: C, add: usize, v: C) {
    *to = if add == 1 { *to } else { c(0.0) } + alpha * v;
}
fn products(jobs: &mut Vec<Job>, (kind, thin): (Kind, bool), sizes: &[(usize, usize, usize, usize)]) {
    let mut r = Rng(4);
    let alpha = if kind.complex { C::new(0.5, -0.25) } else { c(0.5) };
    for &(m, n, k, layers) in sizes {
        for (s, (xr, xc, xl, length)) in
            strides(n, k, layers).into_iter().enumerate().filter(|s| !thin || s.0 == kind.number() % 3)
        {
            let ((yr, yc, yl, ylen), add) = (strides(m, k, layers)[(s + 1) % 3], s % 2);
            let ((ar, ac, _, alen), conjugate) = (strides(m, n, 1)[(s + 2) % 3], s == 1);
            let (a, x, y) = (numbers(&mut r, kind, alen), numbers(&mut r, kind, length), numbers(&mut r, kind, ylen));
            let tiles = (m.div_ceil(16) * k.div_ceil(16) * layers) as u32;
            let tail = longs(&[m, n, k, layers, ar, ac, xr, xc, xl, yr, yc, yl]);
            let want = |entry: &dyn Fn(usize) -> C| {
                let mut want = y.clone();
                for (l, i, j) in (0..layers).flat_map(|l| (0..m).flat_map(move |i| (0..k).map(move |j| (l, i, j)))) {
                    let e = |t: usize| if conjugate { entry(t).conj() } else { entry(t) };
                    let v = (0..n).map(|t| e(i * ar + t * ac) * x[t * xr + j * xc + l * xl]).sum();
                    write(&mut want[i * yr + j * yc + l * yl], alpha, add, v);
                }
                kind.flat(&want)
            };
            let args = |a: Arg| {
                vec![
                    kind.buffer(&y),
                    a,
                    kind.buffer(&x),
                    kind.value(alpha),
                    Arg::int(add as i32),
                    Arg::int(conjugate as i32),
                    Arg::Value(match &tail {
                        Arg::Value(v) => v.clone(),
                        Arg::Buffer(_) => unreachable!("a value"),
                    }),
                ]
            };
            let shape = (tiles, (16, 16));
            jobs.push(job(format!("product{}", kind.suffix()), kind, shape, args(kind.buffer(&a)), 0, want(&|t| a[t])));
            if !kind.double && !kind.complex {
                for (format, name) in [(HalfFormat::Half, "product_half"), (HalfFormat::Brain, "product_brain")] {
                    let bits: Vec<u16> = a.iter().map(|x| format.bits(x.re as f32)).collect();
                    let stored = Arg::Buffer(bits.iter().flat_map(|b| b.to_le_bytes()).collect());
                    let want = want(&|t| c(format.number(bits[t]) as f64));
                    jobs.push(job(name.into(), kind, shape, args(stored), 0, want));
                }
            }
        }
    }
}
fn leaves(jobs: &mut Vec<Job>, (kind, thin): (Kind, bool), sizes: &[(usize, usize, usize)]) {
    let mut r = Rng(5);
    let alpha = if kind.complex { C::new(2.0, 1.0) } else { c(2.0) };
    for &(n, k, layers) in sizes {
        for (s, (xr, xc, xl, length)) in
            strides(n, k, layers).into_iter().enumerate().filter(|s| !thin || s.0 == kind.number() % 3)
        {
            let ((yr, yc, yl, ylen), add) = (strides(n, k, layers)[(s + 1) % 3], s % 2);
            let (x, y, d) = (numbers(&mut r, kind, length), numbers(&mut r, kind, ylen), numbers(&mut r, kind, n));
            let order: Vec<i32> = (0..n).map(|i| ((i * 7 + 3) % n) as i32).collect();
            let permuted = (0..n).all(|i| order.contains(&(i as i32)));
            let at = |i: usize, j: usize, l: usize| x[i * xr + j * xc + l * xl];
            let result = |f: &dyn Fn(usize, usize, usize) -> (usize, C)| {
                let mut want = y.clone();
                for (l, i, j) in (0..layers).flat_map(|l| (0..n).flat_map(move |i| (0..k).map(move |j| (l, i, j)))) {
                    let (to, v) = f(i, j, l);
                    write(&mut want[to * yr + j * yc + l * yl], alpha, add, v);
                }
                kind.flat(&want)
            };
            let shape = ((n * k * layers).div_ceil(256).min(3) as u32, (256, 1));
            let mut push = |name: &str, before: Vec<Arg>, after: &[i32], want: Vec<f64>| {
                let mut args = vec![kind.buffer(&y)];
                args.extend(before);
                args.extend([kind.buffer(&x), kind.value(alpha), Arg::int(add as i32)]);
                args.extend(after.iter().map(|&a| Arg::int(a)));
                args.push(longs(&[n, k, layers, xr, xc, xl, yr, yc, yl]));
                jobs.push(job(format!("{name}{}", kind.suffix()), kind, shape, args, 0, want));
            };
            let bar = |back: i32, z: C| if back == 1 { z.conj() } else { z };
            for back in [0, 1].into_iter().filter(|&b| !thin || b == i32::from(kind.complex)) {
                let want = result(&|i, j, l| (i, bar(back, d[i]) * at(i, j, l)));
                push("diagonal", vec![kind.buffer(&d)], &[back], want);
                push("scaled", Vec::new(), &[back], result(&|i, j, l| (i, bar(back, at(i, j, l)))));
                if permuted {
                    let want = result(&|i, j, l| match back {
                        0 => (i, at(order[i] as usize, j, l)),
                        _ => (order[i] as usize, at(i, j, l)),
                    });
                    push("permutation", vec![Arg::indices(&order)], &[back], want);
                }
                // two diagonals below, one above
                let bands = numbers(&mut r, kind, 4 * n);
                let entry = |i: usize, j: usize| {
                    let offset = j as isize - i as isize;
                    if (-2..=1).contains(&offset) { bands[(offset + 2) as usize * n + i] } else { c(0.0) }
                };
                let want = result(&|i, j, l| {
                    let e = |t: usize| if back == 1 { entry(t, i).conj() } else { entry(i, t) };
                    (i, (0..n).map(|t| e(t) * at(t, j, l)).sum())
                });
                push("banded", vec![kind.buffer(&bands)], &[back, 2, 1], want);
                // a sparse matrix with empty lines and one of more than 32 numbers
                let (mut start, mut index, mut values) = (vec![0i32], Vec::new(), Vec::new());
                for i in 0..n {
                    let count = if i == 0 { n.min(45) } else { i % 3 };
                    (0..count).for_each(|j| index.push(((i + j * 5) % n) as i32));
                    values.extend(numbers(&mut r, kind, count));
                    start.push(index.len() as i32);
                }
                let want = result(&|i, j, l| {
                    let line = start[i] as usize..start[i + 1] as usize;
                    (i, line.map(|t| bar(back, values[t]) * at(index[t] as usize, j, l)).sum())
                });
                push(
                    "compressed",
                    vec![Arg::indices(&start), Arg::indices(&index), kind.buffer(&values)],
                    &[back],
                    want,
                );
            }
        }
        if !kind.complex {
            let x = numbers(&mut r, kind, n * k);
            let want = (0..n * k).map(|i| x[i % n * k + i / n].re).collect();
            let nothing = vec![c(f64::NAN); n * k];
            let args = vec![kind.buffer(&nothing), kind.buffer(&x), Arg::long(n as i64), Arg::long(k as i64)];
            let shape = ((n.div_ceil(32) * k.div_ceil(32)) as u32, (32, 8));
            jobs.push(job(format!("turned{}", kind.suffix()), kind, shape, args, 0, want));
        }
        // A += alpha u v^H
        let (u, v, a) = (numbers(&mut r, kind, n * 2), numbers(&mut r, kind, k * 2), numbers(&mut r, kind, n * k));
        let sum = |i: usize, j: usize| (0..2).map(|t| u[i + t * n] * v[j + t * k].conj()).sum::<C>();
        let want: Vec<C> = (0..n * k).map(|t| a[t] + alpha * sum(t % n, t / n)).collect();
        let mut args = vec![kind.buffer(&a), kind.buffer(&u), kind.buffer(&v), kind.value(alpha)];
        args.extend([n, k, 2].map(|n| Arg::long(n as i64)));
        let shape = ((n * k).div_ceil(256).min(3) as u32, (256, 1));
        jobs.push(job(format!("outer{}", kind.suffix()), kind, shape, args, 0, kind.flat(&want)));
    }
}
/// A x I + I x B of tridiagonal A and B.
fn kron_sums(jobs: &mut Vec<Job>, (kind, thin): (Kind, bool), sizes: &[(usize, usize)]) {
    let mut r = Rng(8);
    let alpha = if kind.complex { C::new(2.0, 1.0) } else { c(2.0) };
    for &(m, n) in sizes {
        let (a, b) = (numbers(&mut r, kind, 3 * m), numbers(&mut r, kind, 3 * n));
        let (x, y) = (numbers(&mut r, kind, m * n), numbers(&mut r, kind, m * n));
        for (add, back) in [(0, 0), (1, 1), (0, 1)].into_iter().take(if thin { 1 } else { 3 }) {
            let entry = |bands: &[C], n: usize, i: usize, j: usize| {
                let (i, j, turned) = if back == 1 { (j, i, true) } else { (i, j, false) };
                let e = if i.abs_diff(j) > 1 { c(0.0) } else { bands[(j + 1 - i) * n + i] };
                if turned { e.conj() } else { e }
            };
            let mut want = y.clone();
            for (i, j) in (0..m).flat_map(|i| (0..n).map(move |j| (i, j))) {
                let slow: C = (0..m).map(|t| entry(&a, m, i, t) * x[t * n + j]).sum();
                let fast: C = (0..n).map(|t| entry(&b, n, j, t) * x[i * n + t]).sum();
                write(&mut want[i * n + j], alpha, add, slow + fast);
            }
            let mut args = vec![kind.buffer(&y), kind.buffer(&a), kind.buffer(&b), kind.buffer(&x), kind.value(alpha)];
            args.extend([Arg::int(add as i32), Arg::int(back), Arg::long(m as i64), Arg::long(n as i64)]);
            let shape = ((m.div_ceil(16) * n.div_ceil(256)) as u32, (256, 1));
            jobs.push(job(format!("tridiagonals{}", kind.suffix()), kind, shape, args, 0, kind.flat(&want)));
        }
    }
}
fn vectors(jobs: &mut Vec<Job>, (kind, thin): (Kind, bool), sizes: &[usize]) {
    let mut r = Rng(6);
    for &n in sizes {
        let grid = n.div_ceil(256).min(3) as u32;
        let [x, y, p, q] = std::array::from_fn(|_| numbers(&mut r, kind, n));
        let [a, b] = if kind.complex { [C::new(0.5, 1.0), C::new(-2.0, 0.5)] } else { [c(0.5), c(-2.0)] };
        let (buffer, count) = (|x: &[C]| kind.buffer(x), || Arg::long(n as i64));
        let nan = |n: usize| vec![c(f64::NAN); n];
        let mut push = |name: &str, grid: u32, args: Vec<Arg>, result: usize, want: Vec<f64>| {
            jobs.push(job(format!("{name}{}", kind.suffix()), kind, (grid, (256, 1)), args, result, want));
        };
        let want: Vec<C> = x.iter().zip(&y).map(|(x, y)| a * x + b * y).collect();
        let args = vec![buffer(&y), buffer(&x), kind.value(a), kind.value(b), count()];
        push("axpby", grid, args, 0, kind.flat(&want));
        let args = vec![buffer(&nan(n)), buffer(&x), kind.value(c(1.0)), kind.value(c(0.0)), count()];
        push("axpby", grid, args, 0, kind.flat(&x));
        push("fill", grid, vec![buffer(&y), kind.value(a), count()], 0, kind.flat(&vec![a; n]));
        let want: Vec<C> = y.iter().map(|y| a * y).collect();
        push("scale", grid, vec![buffer(&y), kind.value(a), count()], 0, kind.flat(&want));
        // block b sums the numbers of its threads
        let stride = grid as usize * 256;
        let of_block = |b: usize| (0..n).filter(move |i| i % stride / 256 == b);
        let sums =
            |f: &dyn Fn(usize) -> C| -> Vec<C> { (0..grid as usize).map(|b| of_block(b).map(f).sum()).collect() };
        let reals = |x: Vec<C>| -> Vec<f64> { x.iter().map(|z| z.re).collect() };
        let none = nan(grid as usize);
        let args = vec![buffer(&none), buffer(&x), buffer(&y), kind.real(0.5), count()];
        push("dot", grid, args, 0, kind.flat(&sums(&|i| 0.25 * x[i].conj() * y[i])));
        let top = |b: usize| of_block(b).fold(0.0, |m: f64, i| m.max(x[i].re.abs()).max(x[i].im.abs()));
        let args = vec![kind.reals(&reals(none.clone())), buffer(&x), count()];
        push("largest", grid, args, 0, (0..grid as usize).map(top).collect());
        let left = |i: usize| y[i] - b * q[i];
        for result in [0, 3, 6].into_iter().filter(|&r| !thin || r == 6) {
            let args = vec![
                buffer(&x),
                kind.value(a),
                buffer(&p),
                buffer(&y),
                kind.value(b),
                buffer(&q),
                kind.reals(&reals(none.clone())),
                count(),
            ];
            let want = match result {
                0 => kind.flat(&(0..n).map(|i| x[i] + a * p[i]).collect::<Vec<C>>()),
                3 => kind.flat(&(0..n).map(left).collect::<Vec<C>>()),
                _ => reals(sums(&|i| c(left(i).norm_sqr()))),
            };
            push("step", grid, args, result, want);
        }
        // conjugate gradients in their third step: [rho, alpha, beta, limit, going, step]
        for going in [1.0, 0.0].into_iter().filter(|&g| !thin || g == 1.0) {
            let state = [3.0, 0.5, 0.25, 1e-3, going, 2.0];
            let parts = numbers(&mut r, kind, n.min(700));
            let mu: f64 = parts.iter().map(|z| z.re).sum();
            let (good, on) = (going == 1.0 && mu > 0.0, going == 1.0);
            let alpha = if good { 3.0 / mu } else { 0.0 };
            for result in [0, 3].into_iter().filter(|&r| !thin || r == 0) {
                let args =
                    vec![kind.reals(&state), buffer(&parts), Arg::int(parts.len() as i32), kind.reals(&[0.0; 9])];
                let want = match result {
                    0 => vec![3.0, alpha, 0.25, 1e-3, if good { 1.0 } else { 0.0 }, 2.0],
                    _ => {
                        let mut log = vec![0.0; 9];
                        if on {
                            log[6..].copy_from_slice(&[mu, 0.0, 1.0]);
                        }
                        log
                    }
                };
                // a sum near zero has no relative accuracy in single precision
                if mu.abs() > 0.5 {
                    push("cg_alpha", 1, args, result, want);
                }
            }
            let squares: Vec<f64> = parts.iter().map(|z| z.re.abs() + 0.5).collect();
            let rr: f64 = squares.iter().sum();
            for result in [0, 3].into_iter().filter(|&r| !thin || r == 0) {
                let args = vec![
                    kind.reals(&state),
                    kind.reals(&squares),
                    Arg::int(squares.len() as i32),
                    kind.reals(&[7.0; 9]),
                ];
                let want = match (result, on) {
                    (0, true) => vec![rr, 0.5, rr / 3.0, 1e-3, 1.0, 3.0],
                    (0, false) => state.to_vec(),
                    (_, true) => [[7.0; 7].as_slice(), &[rr, 7.0]].concat(),
                    (_, false) => vec![7.0; 9],
                };
                push("cg_beta", 1, args, result, want);
            }
            let step = if on { 1.0 } else { 0.0 };
            let next = |i: usize| y[i] - step * 0.5 * q[i];
            for result in [1, 4, 6].into_iter().filter(|&r| !thin || r == 6) {
                let args = vec![
                    kind.reals(&state),
                    buffer(&x),
                    kind.real(2.0),
                    buffer(&p),
                    buffer(&y),
                    buffer(&q),
                    kind.reals(&reals(none.clone())),
                    count(),
                ];
                let want = match result {
                    1 => kind.flat(&(0..n).map(|i| x[i] + step * p[i]).collect::<Vec<C>>()),
                    4 => kind.flat(&(0..n).map(next).collect::<Vec<C>>()),
                    _ => reals(sums(&|i| c(step * next(i).norm_sqr()))),
                };
                push("cg_step", grid, args, result, want);
            }
            let want: Vec<C> = (0..n).map(|i| if on { y[i] + 0.25 * p[i] } else { p[i] }).collect();
            push("cg_direction", grid, vec![kind.reals(&state), buffer(&p), buffer(&y), count()], 1, kind.flat(&want));
        }
    }
}
fn check(program: &Program, jobs: Vec<Job>) -> usize {
    let mut launches = Vec::new();
    let mut wants = Vec::new();
    for j in jobs {
        launches.push(j.launch);
        wants.push((j.double, j.result, j.want));
    }
    program.run(&mut launches).unwrap();
    for (l, (double, result, want)) in launches.iter().zip(&wants) {
        let tol = if *double { 1e-13 } else { 1e-4 };
        let have = l.reals(*result, *double);
        assert_eq!(have.len(), want.len(), "{}", l.kernel);
        for (i, (h, w)) in have.iter().zip(want).enumerate() {
            assert!((h - w).abs() <= tol * (1.0 + w.abs()), "{} {:?}, number {i}: {h} for {w}", l.kernel, l.dims);
        }
    }
    launches.len()
}

#[test]
fn every_kernel_at_every_size() {
    if !available() {
        return;
    }
    let (program, mut jobs) = (program("vector", Check::Address), Vec::new());
    for kind in KINDS {
        let kind = (kind, false);
        products(&mut jobs, kind, &[(1, 1, 1, 1), (5, 3, 2, 3), (16, 16, 16, 1), (17, 33, 1, 2), (40, 16, 19, 1)]);
        leaves(&mut jobs, kind, &[(1, 1, 1), (5, 1, 2), (32, 8, 1), (45, 33, 1), (101, 2, 3)]);
        kron_sums(&mut jobs, kind, &[(2, 2), (5, 7), (16, 256), (33, 260)]);
        vectors(&mut jobs, kind, &[1, 5, 256, 257, 1500]);
    }
    let seen: std::collections::BTreeSet<&str> = jobs.iter().map(|j| j.launch.kernel.as_str()).collect();
    assert_eq!(seen.len(), 4 * NAMES.len() + OTHERS.len(), "every kernel is run");
    println!("{} launches", check(&program, jobs));
}
#[test]
fn no_data_race() {
    if !available() {
        return;
    }
    let (program, mut jobs) = (program("vector-races", Check::Races), Vec::new());
    for kind in KINDS {
        let kind = (kind, true);
        products(&mut jobs, kind, &[(17, 18, 3, 2)]);
        leaves(&mut jobs, kind, &[(45, 3, 1)]);
        kron_sums(&mut jobs, kind, &[(17, 5)]);
        vectors(&mut jobs, kind, &[257]);
    }
    println!("{} launches", check(&program, jobs));
}
#[test]
fn no_register_is_spilled() {
    use cola_cuda::nvrtc::{compile, options, version};
    if let Err(e) = version() {
        assert!(std::env::var_os("COLA_REQUIRE_NVRTC").is_none(), "COLA_REQUIRE_NVRTC is set: {e}");
        return println!("skipped: {e}");
    }
    for architecture in [(8, 0), (9, 0), (10, 0)] {
        let mut usage = compile(SOURCE, &options(architecture)).unwrap().usage();
        assert_eq!(usage.len(), 4 * NAMES.len() + OTHERS.len());
        usage.sort_by(|a, b| a.kernel.cmp(&b.kernel));
        let lines = usage.iter().map(|u| {
            let (major, minor) = architecture;
            format!("sm_{major}{minor} {:3} registers {:4} spilled  {}\n", u.registers, u.spilled, u.kernel)
        });
        common::report(&lines.collect::<String>());
        assert!(usage.iter().all(|u| u.spilled == 0), "{usage:?}");
    }
}
