//! Lanes against scalar loops.

use super::*;
use crate::scalar::Element;
use num_traits::Float;

/// Numbers between -10 and 10, the same in every run.
struct Numbers(u64);
impl Numbers {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64 * 20.0 - 10.0
    }
    fn lanes<T: LaneElement, const B: usize>(&mut self) -> Lanes<T, B> {
        Lanes::from_lanes(|_| T::real(self.next()))
    }
}
/// The same number, or both NaN; zeros with their signs.
fn same<T: LaneElement + Float>(a: T, b: T) -> bool {
    a == b && a.is_sign_negative() == b.is_sign_negative() || a.is_nan() && b.is_nan()
}
#[inline(never)]
fn all_same<T: LaneElement + Float, const B: usize>(x: Lanes<T, B>, f: impl Fn(usize) -> T) {
    for i in 0..B {
        assert!(same(x.0[i], f(i)), "lane {i} of {B}: {:?} is not {:?}", x.0[i], f(i));
    }
}
fn mask_is<T: LaneElement, const B: usize>(m: LaneMask<T, B>, f: impl Fn(usize) -> bool) {
    for i in 0..B {
        assert_eq!(m.lane(i), f(i), "lane {i} of {B}");
    }
    assert_eq!(m.any(), (0..B).any(&f));
    assert_eq!(m.all(), (0..B).all(&f));
}

/// `$f` for each element and number of lanes: less than a register, full registers, and some left over.
macro_rules! for_all {
    ($f:ident) => {
        for_all!($f, f32: 3 4 8 16 19);
        for_all!($f, f64: 1 2 3 4 8 16);
    };
    ($f:ident, $t:ident: $($b:literal)*) => {
        $($f::<$t, $b>();)*
    };
}

#[test]
fn arithmetic_is_that_of_each_lane() {
    fn check<T: LaneElement + Float, const B: usize>() {
        let mut numbers = Numbers(B as u64);
        for round in 0..20 {
            let (mut a, b, c) = (numbers.lanes::<T, B>(), numbers.lanes::<T, B>(), numbers.lanes());
            if round == 0 {
                a = Lanes::zero();
            }
            let (x, y, z) = (a.0, b.0, c.0);
            all_same(a + b, |i| x[i] + y[i]);
            all_same(a - b, |i| x[i] - y[i]);
            all_same(a * b, |i| x[i] * y[i]);
            all_same(a / b, |i| x[i] / y[i]);
            all_same(a % b, |i| x[i] % y[i]);
            all_same(-a, |i| -x[i]);
            all_same(a.add_mul(b, c), |i| x[i] + y[i] * z[i]);
            all_same(a.sub_mul(b, c), |i| x[i] - y[i] * z[i]);
            all_same(a.scale(b), |i| x[i] * y[i]);
            all_same(a.abs_sq(), |i| x[i] * x[i]);
            all_same(Scalar::abs(a), |i| Float::abs(x[i]));
            all_same(Scalar::sqrt(a), |i| Float::sqrt(x[i]));
            all_same(Real::max(a, b), |i| Real::max(x[i], y[i]));
            all_same(Real::min(a, b), |i| Real::min(x[i], y[i]));
            all_same(Scalar::exp(a), |i| Float::exp(x[i]));
            all_same(Scalar::ln(a), |i| Float::ln(x[i]));
            all_same(Scalar::powf(a, 1.5), |i| Scalar::powf(x[i], 1.5));
            all_same(Real::sin_cos(a).0, |i| Float::sin(x[i]));
            all_same(Real::sin_cos(a).1, |i| Float::cos(x[i]));
            all_same(Real::atan2(a, b), |i| Float::atan2(x[i], y[i]));
            let mut d = a;
            d += b;
            d -= c;
            d *= b;
            d /= c;
            d %= b;
            all_same(d, |i| (x[i] + y[i] - z[i]) * y[i] / z[i] % y[i]);
        }
    }
    for_all!(check);
}

#[test]
fn constants_and_lanes() {
    fn check<T: LaneElement + Float + Default, const B: usize>() {
        assert_eq!(<Lanes<T, B> as Scalar>::LANES, B);
        let x = Lanes::<T, B>::from_lanes(|i| T::real(i as f64));
        for i in 0..B {
            assert_eq!(x.lane(i), T::real(i as f64));
            assert_eq!(x.lane_f64(i), i as f64);
        }
        assert_eq!(x, Lanes::new(x.0));
        assert_eq!(x, Lanes::from(x.0));
        assert_eq!(Lanes::<T, B>::zero(), Lanes::default());
        assert!(Lanes::<T, B>::zero().is_zero() && !Lanes::<T, B>::one().is_zero());
        assert!(Lanes::<T, B>::one().is_one());
        assert_eq!(x.is_zero(), B == 1);
        all_same(Lanes::<T, B>::splat(T::real(2.5)), |_| T::real(2.5));
        all_same(Lanes::<T, B>::real(2.5), |_| T::real(2.5));
        all_same(Lanes::<T, B>::of(2.5), |_| T::real(2.5));
        all_same(<Lanes<T, B> as Real>::epsilon(), |_| <T as Real>::epsilon());
        all_same(x.im(), |_| T::zero());
        assert_eq!((x.conj(), x.re(), Lanes::from_re(x)), (x, x, x));
        let parsed = Lanes::<T, B>::from_str_radix("12", 10);
        assert!(matches!(parsed, Ok(p) if p == Lanes::splat(T::real(12.0))));
        assert!(Lanes::<T, B>::from_str_radix("x", 10).is_err());
    }
    for_all!(check);
}

#[test]
fn masks() {
    fn check<T: LaneElement + Float, const B: usize>() {
        let mut numbers = Numbers(B as u64 + 100);
        mask_is(LaneMask::<T, B>::splat(true), |_| true);
        mask_is(LaneMask::<T, B>::splat(false), |_| false);
        for _ in 0..20 {
            let (a, b) = (numbers.lanes::<T, B>(), numbers.lanes::<T, B>());
            let (x, y) = (a.0, b.0);
            let zero = Lanes::zero();
            let (p, q) = (zero.lt(a), zero.lt(b));
            mask_is(a.lt(b), |i| x[i] < y[i]);
            mask_is(a.lt(a), |_| false);
            mask_is(p & q, |i| x[i] > T::zero() && y[i] > T::zero());
            mask_is(p | q, |i| x[i] > T::zero() || y[i] > T::zero());
            mask_is(!p, |i| x[i] <= T::zero());
            assert_eq!(!!p, p);
            all_same(Lanes::select(p, a, b), |i| if x[i] > T::zero() { x[i] } else { y[i] });
            all_same(Lanes::select(LaneMask::splat(true), a, b), |i| x[i]);
            all_same(Lanes::select(LaneMask::splat(false), a, b), |i| y[i]);
            assert!(!format!("{a:?} {p:?}").is_empty());
        }
        // one lane differs from the others
        for k in 0..B {
            let one = Lanes::<T, B>::from_lanes(|i| T::real((i == k) as u8 as f64));
            mask_is(Lanes::zero().lt(one), |i| i == k);
            mask_is(!Lanes::zero().lt(one), |i| i != k);
        }
    }
    for_all!(check);
}

#[test]
fn nan_and_infinity_stay_in_their_lane() {
    fn check<T: LaneElement + Float, const B: usize>() {
        let special = [T::nan(), T::infinity(), T::neg_infinity(), -T::zero(), T::zero()];
        for s in special {
            for k in 0..B {
                let a = Lanes::<T, B>::from_lanes(|i| if i == k { s } else { T::real(i as f64 - 1.5) });
                let b = Lanes::<T, B>::splat(T::real(0.25));
                let x = a.0;
                let quarter = T::real(0.25);
                mask_is(a.finite(), |i| Float::is_finite(x[i]));
                mask_is(a.lt(b), |i| x[i] < quarter);
                mask_is(b.lt(a), |i| quarter < x[i]);
                all_same(-a, |i| -x[i]);
                all_same(Scalar::abs(a), |i| Float::abs(x[i]));
                all_same(a + b, |i| x[i] + quarter);
                all_same(b / a, |i| quarter / x[i]);
                all_same(Scalar::sqrt(a), |i| Float::sqrt(x[i]));
                // NaN and equal numbers as `Real::max` of one number has them
                for c in [b, Lanes::zero(), -Lanes::<T, B>::zero()] {
                    all_same(Real::max(a, c), |i| Real::max(x[i], c.0[i]));
                    all_same(Real::max(c, a), |i| Real::max(c.0[i], x[i]));
                    all_same(Real::min(a, c), |i| Real::min(x[i], c.0[i]));
                    all_same(Real::min(c, a), |i| Real::min(c.0[i], x[i]));
                }
            }
        }
    }
    for_all!(check);
}

/// |got - expected| small against |expected|.
#[inline(never)]
fn near<T: LaneElement + Float>(got: Complex<T>, expected: Complex<T>, what: &str) {
    let (g, e) = (got, expected);
    let tol = <T as Real>::epsilon() * T::real(32.0) * (Float::abs(e.re) + Float::abs(e.im));
    let one = |a: T, b: T| same(a, b) || Float::abs(a - b) <= tol;
    assert!(one(g.re, e.re) && one(g.im, e.im), "{what}: {got:?} is not {expected:?}");
}

#[test]
fn complex_lanes_are_complex_numbers() {
    fn check<T: LaneElement + Float + num_traits::FloatConst, const B: usize>() {
        let mut numbers = Numbers(B as u64 + 200);
        for round in 0..40 {
            let mut draw = || Complex {
                re: numbers.lanes::<T, B>(),
                im: if round % 4 == 0 { Lanes::zero() } else { numbers.lanes() },
            };
            let (mut a, b) = (draw(), draw());
            if round == 4 {
                a = Complex::zero();
            }
            let (x, y): ([Complex<T>; B], [Complex<T>; B]) =
                (core::array::from_fn(|i| a.lane(i)), core::array::from_fn(|i| b.lane(i)));
            assert_eq!(a, Complex::from_lanes(|i| x[i]));
            let m = Lanes::zero().lt(a.re);
            for i in 0..B {
                near((a + b).lane(i), x[i] + y[i], "add");
                near((a - b).lane(i), x[i] - y[i], "sub");
                near((a * b).lane(i), x[i] * y[i], "mul");
                near((a / b).lane(i), x[i] / y[i], "div");
                near((-a).lane(i), -x[i], "neg");
                near(a.add_mul(a, b).lane(i), x[i] + x[i] * y[i], "add_mul");
                near(a.sub_mul(a, b).lane(i), x[i] - x[i] * y[i], "sub_mul");
                near(Scalar::conj(a).lane(i), x[i].conj(), "conj");
                near(Scalar::scale(a, b.re).lane(i), x[i] * y[i].re, "scale");
                near(Scalar::sqrt(a).lane(i), x[i].sqrt(), "sqrt");
                near(Scalar::exp(a).lane(i), x[i].exp(), "exp");
                near(Scalar::select(m, a, b).lane(i), if x[i].re > T::zero() { x[i] } else { y[i] }, "select");
                let re = |r| Complex::new(r, T::zero());
                near(re(a.abs_sq().lane(i)), re(x[i].norm_sqr()), "abs_sq");
                near(re(Scalar::abs(a).lane(i)), re(x[i].norm()), "abs");
                if round != 4 {
                    near(Scalar::ln(a).lane(i), x[i].ln(), "ln");
                    for p in [0.5, -1.0, 1.0 / 3.0, 2.0] {
                        near(Scalar::powf(a, p).lane(i), x[i].powf(T::real(p)), "powf");
                    }
                }
            }
        }
    }
    for_all!(check, f32: 3 8);
    for_all!(check, f64: 1 2 3 4 8 16);
}

#[test]
fn complex_edges() {
    type C = Complex<Lanes<f64, 3>>;
    let all = |re: f64, im: f64| C { re: Lanes::splat(re), im: Lanes::splat(im) };
    // the negative real axis
    near(Scalar::sqrt(all(-4.0, 0.0)).lane(2), Complex::new(0.0, 2.0), "sqrt(-4)");
    near(Scalar::ln(all(-1.0, 0.0)).lane(2), Complex::new(0.0, core::f64::consts::PI), "ln(-1)");
    near(Scalar::powf(all(-4.0, 0.0), 0.5).lane(0), Complex::new(0.0, 2.0), "powf(-4, 1/2)");
    // zero
    assert_eq!(Scalar::sqrt(all(0.0, 0.0)), C::zero());
    assert_eq!(Scalar::abs(all(0.0, 0.0)), Lanes::zero());
    assert_eq!(Scalar::exp(all(0.0, 0.0)), C::one());
    assert_eq!(Scalar::powf(all(0.0, 0.0), 2.5), C::zero());
    assert_eq!(Scalar::powf(all(0.0, 0.0), 0.0), C::one());
    assert_eq!(Scalar::powf(all(0.0, 0.0), -1.0).re, Lanes::splat(f64::INFINITY));
    assert_eq!(Scalar::ln(all(0.0, 0.0)).re, Lanes::splat(f64::NEG_INFINITY));
    // huge and tiny in lanes beside each other
    let z = C { re: Lanes::new([3e300, 3e-300, -0.0]), im: Lanes::new([-4e300, 4e-300, -2e-310]) };
    for i in 0..3 {
        let lane = z.lane(i);
        let (got, expected) = (Scalar::abs(z).lane(i), lane.re.hypot(lane.im));
        assert!((got - expected).abs() <= 4.0 * f64::EPSILON * expected, "{got:e} is not {expected:e}");
        if i < 2 {
            near(Scalar::sqrt(z).lane(i), lane.sqrt(), "sqrt");
        }
    }
    // one bad lane
    let z = C { re: Lanes::new([1.0, f64::NAN, 2.0]), im: Lanes::new([1.0, 0.0, f64::INFINITY]) };
    mask_is(z.finite(), |i| i == 0);
    assert!((z * z).lane(0) == Complex::new(0.0, 2.0));
}

#[test]
fn widening() {
    fn wide<T: Element>() -> (usize, &'static str) {
        (<T::Wide<8> as Scalar>::LANES, <T::Wide<8> as Scalar>::NAME)
    }
    assert_eq!(wide::<f64>(), (8, "lanes"));
    assert_eq!(wide::<f32>(), (8, "lanes"));
    assert_eq!(wide::<Complex<f64>>(), (8, "complex"));
    assert_eq!(size_of::<Lanes<f64, 8>>(), 64);
    assert_eq!(align_of::<Lanes<f64, 3>>(), 64);
}

#[test]
fn matrices_of_lanes() {
    use nalgebra::SMatrix;
    let a = SMatrix::<Lanes<f64, 4>, 2, 2>::from_fn(|i, j| Lanes::from_lanes(|l| (i + 2 * j + l) as f64));
    let b = a * a + a.transpose();
    for l in 0..4 {
        let x = SMatrix::<f64, 2, 2>::from_fn(|i, j| (i + 2 * j + l) as f64);
        assert_eq!(b.map(|v| v.lane(l)), x * x + x.transpose());
    }
    let c = a.map(|x| Complex { re: x, im: -x });
    assert_eq!((c * c).map(|v| v.lane(1)), c.map(|v| v.lane(1)) * c.map(|v| v.lane(1)));
}

/// Number (i, j) of a block of `WIDTH` vectors goes to (j, i).
#[inline(always)]
fn transposes<T: super::LaneElement, I: super::isa::Isa<T>>() {
    let (w, at) = (I::WIDTH, |i: usize, j: usize| T::real((10 * i + j) as f64));
    let mut v = [I::splat(T::zero()); 8];
    for i in 0..w {
        let row: [T; 8] = core::array::from_fn(|j| at(i, j));
        // SAFETY: 8 numbers are as many as a vector has, or more
        v[i] = unsafe { I::load(row.as_ptr()) };
    }
    I::transpose(&mut v[..w]);
    for i in 0..w {
        let mut row = [T::zero(); 8];
        // SAFETY: as above
        unsafe { I::store(row.as_mut_ptr(), v[i]) };
        for j in 0..w {
            assert!(row[j] == at(j, i), "width {w}: ({i}, {j})");
        }
    }
}
#[test]
fn blocks_are_transposed() {
    transposes::<f64, <f64 as super::LaneElement>::Vectors>();
    transposes::<f32, <f32 as super::LaneElement>::Vectors>();
    transposes::<f64, super::OneByOne>();
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2,fma")]
        fn wide() {
            transposes::<f64, super::isa::Avx2>();
            transposes::<f32, super::isa::Avx2>();
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: the machine has the instructions
            unsafe { wide() }
        }
    }
}
/// Trees go into lanes and come out again, whatever number of numbers they have: blocks, and what fills none.
#[test]
fn trees_of_any_size_go_into_lanes() {
    fn one<T: crate::scalar::Element + PartialEq + core::fmt::Debug>(n: usize) {
        let trees: [Vec<T>; 8] = core::array::from_fn(|l| (0..n).map(|k| T::of((100 * l + k) as f64)).collect());
        let lanes = crate::batch::pack(&trees).unwrap();
        assert_eq!(lanes.len(), n);
        for (k, x) in lanes.iter().enumerate() {
            (0..8).for_each(|l| assert_eq!(x.lane(l), trees[l][k], "number {k} of lane {l}"));
        }
    }
    for n in [0, 1, 2, 3, 4, 5, 7, 8, 9, 17] {
        one::<f64>(n);
        one::<f32>(n);
        one::<num_complex::Complex<f64>>(n);
    }
}
/// Failures that are noted for code that is gone would be lost.
#[test]
fn a_panic_ends_the_notes() {
    let run = std::panic::catch_unwind(|| crate::error::collect_faults(|| panic!("on purpose")));
    assert!(run.is_err());
    assert!(!crate::error::note_fault(0, crate::error::Error::Singular { index: 0 }));
}
