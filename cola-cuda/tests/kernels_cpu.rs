//! The kernels of `kernels/vector.cu` on the CPU, under sanitizers, against plain loops: sizes below one tile, one tile, several with a
//! rest, one column and many, every stride.

mod common;

use common::cpu::{Arg, Check, Launch, Program, available};
use common::market::Rng;

const SOURCE: &str = include_str!("../kernels/vector.cu");

fn program(name: &str, check: Check) -> Program {
    let names = [
        "axpby",
        "fill",
        "dot",
        "largest",
        "step",
        "diagonal",
        "permutation",
        "scaled",
        "product",
        "compressed",
        "turned",
    ];
    let names: Vec<String> = names.iter().flat_map(|n| [format!("{n}_f32"), format!("{n}_f64")]).collect();
    Program::build(name, SOURCE, &names, check)
}
struct Job {
    launch: Launch,
    /// The buffer that is compared, and what it should hold.
    result: usize,
    want: Vec<f64>,
}
fn job(name: &str, double: bool, grid: u32, block: (u32, u32), args: Vec<Arg>, result: usize, want: Vec<f64>) -> Job {
    let kernel = format!("{name}_f{}", if double { 64 } else { 32 });
    Job { launch: Launch { kernel, dims: [grid, 1, 1, block.0, block.1, 1, 0], seed: 3, args }, result, want }
}
fn numbers(r: &mut Rng, n: usize) -> Vec<f64> {
    // with few digits, so that single precision holds them
    (0..n).map(|_| (r.next() * 64.0).round() / 64.0).collect()
}
/// Row and column strides of a rows x cols matrix: by columns, by rows, with gaps; and the length of its memory.
fn strides(rows: usize, cols: usize) -> [(usize, usize, usize); 3] {
    [(1, rows, rows * cols), (cols, 1, rows * cols), (2, 2 * rows + 1, (2 * rows + 1) * cols)]
}
fn longs(x: &[usize]) -> Vec<Arg> {
    x.iter().map(|&x| Arg::long(x as i64)).collect()
}
fn products(jobs: &mut Vec<Job>, double: bool, sizes: &[(usize, usize, usize)]) {
    let mut r = Rng(4);
    for &(m, n, k) in sizes {
        for (s, (xr, xc, xl)) in strides(n, k).into_iter().enumerate() {
            let ((yr, yc, yl), (ar, ac, al), add) = (strides(m, k)[(s + 1) % 3], strides(m, n)[(s + 2) % 3], s % 2);
            let (a, x, y) = (numbers(&mut r, al), numbers(&mut r, xl), numbers(&mut r, yl));
            let mut want = y.clone();
            for (i, c) in (0..m).flat_map(|i| (0..k).map(move |c| (i, c))) {
                let v: f64 = (0..n).map(|j| a[i * ar + j * ac] * x[j * xr + c * xc]).sum();
                let to = &mut want[i * yr + c * yc];
                *to = if add == 1 { *to } else { 0.0 } + 0.5 * v;
            }
            let mut args = vec![Arg::reals(&y, double), Arg::reals(&a, double), Arg::reals(&x, double)];
            args.extend([Arg::real(0.5, double), Arg::int(add as i32)]);
            args.extend(longs(&[m, n, k, ar, ac, xr, xc, yr, yc]));
            jobs.push(job("product", double, (m.div_ceil(16) * k.div_ceil(16)) as u32, (16, 16), args, 0, want));
        }
    }
}
fn leaves(jobs: &mut Vec<Job>, double: bool, sizes: &[(usize, usize)]) {
    let mut r = Rng(5);
    for &(n, k) in sizes {
        for (s, (xr, xc, xl)) in strides(n, k).into_iter().enumerate() {
            let ((yr, yc, yl), add) = (strides(n, k)[(s + 1) % 3], s % 2);
            let (x, y, d) = (numbers(&mut r, xl), numbers(&mut r, yl), numbers(&mut r, n));
            let order: Vec<i32> = (0..n).map(|i| ((i * 7 + 3) % n) as i32).collect();
            let permuted = (0..n).all(|i| order.contains(&(i as i32)));
            let result = |f: &dyn Fn(usize, usize) -> (usize, f64)| {
                let mut want = y.clone();
                for (i, c) in (0..n).flat_map(|i| (0..k).map(move |c| (i, c))) {
                    let (to, v) = f(i, c);
                    let to = &mut want[to * yr + c * yc];
                    *to = if add == 1 { *to } else { 0.0 } + 2.0 * v;
                }
                want
            };
            let grid = (n * k).div_ceil(256).min(3) as u32;
            let at = |i: usize, c: usize| x[i * xr + c * xc];
            let tail = || longs(&[n, k, xr, xc, yr, yc]);
            let head = |middle: Vec<Arg>| {
                let mut args = vec![Arg::reals(&y, double)];
                args.extend(middle);
                args
            };
            let mut args = head(vec![
                Arg::reals(&d, double),
                Arg::reals(&x, double),
                Arg::real(2.0, double),
                Arg::int(add as i32),
            ]);
            args.extend(tail());
            jobs.push(job("diagonal", double, grid, (256, 1), args, 0, result(&|i, c| (i, d[i] * at(i, c)))));
            let mut args = head(vec![Arg::reals(&x, double), Arg::real(2.0, double), Arg::int(add as i32)]);
            args.extend(tail());
            jobs.push(job("scaled", double, grid, (256, 1), args, 0, result(&|i, c| (i, at(i, c)))));
            for back in [0, 1].into_iter().filter(|_| permuted) {
                let mut args = head(vec![Arg::indices(&order), Arg::reals(&x, double), Arg::real(2.0, double)]);
                args.extend([Arg::int(add as i32), Arg::int(back)]);
                args.extend(tail());
                let want = result(&|i, c| match back {
                    0 => (i, at(order[i] as usize, c)),
                    _ => (order[i] as usize, at(i, c)),
                });
                jobs.push(job("permutation", double, grid, (256, 1), args, 0, want));
            }
            // a sparse matrix with empty lines and one of more than 32 numbers
            let (mut start, mut index, mut values) = (vec![0i32], Vec::new(), Vec::new());
            for i in 0..n {
                let count = if i == 0 { n.min(45) } else { i % 3 };
                (0..count).for_each(|j| index.push(((i + j * 5) % n) as i32));
                values.extend(numbers(&mut r, count));
                start.push(index.len() as i32);
            }
            let want = result(&|i, c| {
                let line = start[i] as usize..start[i + 1] as usize;
                (i, line.map(|j| values[j] * at(index[j] as usize, c)).sum())
            });
            let mut args = head(vec![Arg::indices(&start), Arg::indices(&index), Arg::reals(&values, double)]);
            args.extend([Arg::reals(&x, double), Arg::real(2.0, double), Arg::int(add as i32)]);
            args.extend(tail());
            jobs.push(job("compressed", double, grid, (256, 1), args, 0, want));
        }
        let x = numbers(&mut r, n * k);
        let want = (0..n * k).map(|i| x[i % n * k + i / n]).collect();
        let mut args = vec![Arg::reals(&vec![f64::NAN; n * k], double), Arg::reals(&x, double)];
        args.extend(longs(&[n, k]));
        jobs.push(job("turned", double, (n.div_ceil(32) * k.div_ceil(32)) as u32, (32, 8), args, 0, want));
    }
}
fn vectors(jobs: &mut Vec<Job>, double: bool, sizes: &[usize]) {
    let mut r = Rng(6);
    for &n in sizes {
        let grid = n.div_ceil(256).min(3) as u32;
        let [x, y, p, q] = std::array::from_fn(|_| numbers(&mut r, n));
        let buffer = |x: &[f64]| Arg::reals(x, double);
        let want = x.iter().zip(&y).map(|(x, y)| 0.5 * x - 2.0 * y).collect();
        let args = vec![buffer(&y), buffer(&x), Arg::real(0.5, double), Arg::real(-2.0, double), Arg::long(n as i64)];
        jobs.push(job("axpby", double, grid, (256, 1), args, 0, want));
        let args = vec![
            buffer(&vec![f64::NAN; n]),
            buffer(&x),
            Arg::real(1.0, double),
            Arg::real(0.0, double),
            Arg::long(n as i64),
        ];
        jobs.push(job("axpby", double, grid, (256, 1), args, 0, x.clone()));
        let args = vec![buffer(&y), Arg::real(1.25, double), Arg::long(n as i64)];
        jobs.push(job("fill", double, grid, (256, 1), args, 0, vec![1.25; n]));
        // block b sums the numbers of its threads
        let blocks = |f: &dyn Fn(usize) -> f64| -> Vec<f64> {
            let stride = grid as usize * 256;
            (0..grid as usize).map(|b| (0..n).filter(|i| i % stride / 256 == b).map(f).sum()).collect()
        };
        let none = vec![f64::NAN; grid as usize];
        let args = vec![buffer(&none), buffer(&x), buffer(&y), Arg::real(0.5, double), Arg::long(n as i64)];
        jobs.push(job("dot", double, grid, (256, 1), args, 0, blocks(&|i| 0.25 * x[i] * y[i])));
        let stride = grid as usize * 256;
        let top = |b: usize| (0..n).filter(|i| i % stride / 256 == b).fold(0.0, |m: f64, i| m.max(x[i].abs()));
        let args = vec![buffer(&none), buffer(&x), Arg::long(n as i64)];
        jobs.push(job("largest", double, grid, (256, 1), args, 0, (0..grid as usize).map(top).collect()));
        for result in [0, 3, 6] {
            let args = vec![
                buffer(&x),
                Arg::real(0.5, double),
                buffer(&p),
                buffer(&y),
                Arg::real(2.0, double),
                buffer(&q),
                buffer(&none),
                Arg::long(n as i64),
            ];
            let r = |i: usize| y[i] - 2.0 * q[i];
            let want = match result {
                0 => (0..n).map(|i| x[i] + 0.5 * p[i]).collect(),
                3 => (0..n).map(r).collect(),
                _ => blocks(&|i| r(i) * r(i)),
            };
            jobs.push(job("step", double, grid, (256, 1), args, result, want));
        }
    }
}
fn check(program: &Program, jobs: Vec<Job>) -> usize {
    let (mut launches, wants): (Vec<Launch>, Vec<_>) = jobs.into_iter().map(|j| (j.launch, (j.result, j.want))).unzip();
    program.run(&mut launches).unwrap();
    for (l, (result, want)) in launches.iter().zip(&wants) {
        let double = l.kernel.ends_with("64");
        let tol = if double { 1e-13 } else { 1e-4 };
        let have = l.reals(*result, double);
        assert_eq!(have.len(), want.len());
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
    for double in [false, true] {
        products(&mut jobs, double, &[(1, 1, 1), (5, 3, 2), (16, 16, 16), (17, 33, 1), (40, 16, 19)]);
        leaves(&mut jobs, double, &[(1, 1), (5, 1), (32, 8), (45, 33), (301, 2)]);
        vectors(&mut jobs, double, &[1, 5, 256, 257, 1500]);
    }
    println!("{} launches", check(&program, jobs));
}
#[test]
fn no_data_race() {
    if !available() {
        return;
    }
    let (program, mut jobs) = (program("vector-races", Check::Races), Vec::new());
    products(&mut jobs, true, &[(17, 33, 3)]);
    leaves(&mut jobs, true, &[(45, 3)]);
    vectors(&mut jobs, true, &[257]);
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
        let usage = compile(SOURCE, &options(architecture)).unwrap().usage();
        assert_eq!(usage.len(), 22);
        assert!(usage.iter().all(|u| u.spilled == 0), "{usage:?}");
        println!(
            "sm_{}{}: at most {:?} registers",
            architecture.0,
            architecture.1,
            usage.iter().map(|u| u.registers).max()
        );
    }
}
