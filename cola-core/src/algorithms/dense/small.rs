//! Factorisations of compile-time sizes up to [`UNROLL`], in line. No branch on data, failures as masks: one number or many
//! lanes. Everything is `#[inline(always)]`, so that it is compiled inside the `#[target_feature]` function that calls it.

use super::UNROLL;
use crate::error::Outcome;
use crate::lanes::Lanes;
use crate::scalar::{Mask, Real, Scalar};
use num_traits::{One, Zero};

/// The outer loop written out for j = 0..8, so that the trip counts of the loops inside are constants. Without it LLVM keeps
/// the loops from n = 6 on (one f64 6x6 solve took 124 ns rolled, 25 ns like this; trial in samples/batch).
macro_rules! unroll {
    ($j:ident in 0..$n:ident $body:block) => {
        unroll!(@ $j $n $body 0 1 2 3 4 5 6 7)
    };
    (@ $j:ident $n:ident $body:block $($v:literal)*) => {
        $( if $v < $n { let $j: usize = $v; $body } )*
    };
}
pub(super) use unroll;

/// |re| + |im|: as good as the modulus for choosing a pivot, without its square root and its overflow.
#[inline(always)]
pub(super) fn size<T: Scalar>(x: T) -> T::Re {
    x.re().abs() + x.im().abs()
}
/// 1 / x.
#[inline(always)]
pub(super) fn recip<T: Scalar>(x: T) -> T {
    x.reciprocal()
}
/// The real part of an entry that is real by promise; NaN where its imaginary part is no number.
#[inline(always)]
pub(super) fn real_pivot<T: Scalar>(x: T) -> T::Re {
    if <T::IsReal as crate::facts::Fact>::KNOWN { x.re() } else { x.re().add_mul(x.im(), T::Re::zero()) }
}
/// The n of the singularity test of small matrices: their rounding errors do not average out (of random singular matrices with
/// n = 3, 0.4 % passed the test with n, none with 6).
pub(super) const FEW: usize = 6;
/// n eps.
#[inline(always)]
pub(super) fn rounding<T: Scalar>(n: usize) -> T::Re {
    T::Re::epsilon() * T::Re::real(n as f64)
}

/// All pivots of a factorisation written out, judged: nothing is decided before the caller asks once.
#[derive(Clone, Copy)]
pub struct Pivots<T: Scalar> {
    pivots: [T::Re; UNROLL],
    good: [T::Mask; UNROLL],
    /// True in the lanes where all are good.
    pub ok: T::Mask,
}
impl<T: Scalar> Pivots<T> {
    #[inline(always)]
    fn new() -> Self {
        let yes = T::Mask::splat(true);
        Pivots { pivots: [T::Re::one(); UNROLL], good: [yes; UNROLL], ok: yes }
    }
    #[inline(always)]
    fn judge(&mut self, j: usize, value: T::Re, good: T::Mask) {
        (self.pivots[j], self.good[j], self.ok) = (value, good, self.ok & good);
    }
    /// Which lanes are fine, and the first bad pivot of the others.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn outcome(self, n: usize) -> Outcome<T> {
        if self.ok.all() { Outcome::fine() } else { Outcome::bad(n, self.pivots, self.good) }
    }
}

/// See [`super::ldl`]. Column k holds L D until its row is reached, so that no product with D is formed twice. True in the lanes where all
/// pivots are good; which one was not, [`ldl_outcome`] finds out: to note all of them on the way cost as much as the factorisation
/// (solve of kron(2 x 2, diag 3): 12.1 ns in place of 8.7 by hand). `mark` is zero; where it is NaN a lane fails.
#[cfg_attr(not(debug_assertions), inline(always))]
#[allow(unused_assignments, reason = "the last 1 / d is for nobody")]
pub fn ldl<T: Scalar>(n: usize, a: &mut [T], d: &mut [T::Re], mark: T::Re) -> T::Mask {
    let one = T::Re::one();
    let (a, d) = (&mut a[..n * n], &mut d[..n]);
    let mut dinv = [one; UNROLL];
    let mut ok = T::Mask::splat(true);
    unroll!(j in 0..n {
        let diagonal = real_pivot(a[j + j * n]);
        let mut p = diagonal;
        for k in 0..j {
            // l w and not |w|^2 / d: the square of a tiny or huge number is 0 or infinite
            let (w, l) = (a[j + k * n], a[j + k * n].scale(dinv[k]));
            a[j + k * n] = l;
            p = p.sub_mul(l.re(), w.re());
            if !<T::IsReal as crate::facts::Fact>::KNOWN {
                p = p.sub_mul(l.im(), w.im());
            }
        }
        // infinite or NaN entries reach a pivot as -inf or NaN: no test of their own
        let least = diagonal * rounding::<T>(n);
        let good = if j == 0 { least + mark } else { least }.lt(p);
        ok = ok & good;
        // a failed lane goes on beside the others, one number alone is given up
        d[j] = if T::LANES == 1 { p } else { T::Re::select(good, p, one) };
        dinv[j] = one / d[j];
        for k in 0..j {
            let l = a[j + k * n].conj();
            for i in j + 1..n {
                a[i + j * n] = a[i + j * n].sub_mul(a[i + k * n], l);
            }
        }
    });
    ok
}
/// Index and value of the first bad pivot of [`ldl`], from L, D and the diagonal, which is still that of A. `certain`: in lanes that are not
/// `ok` some pivot is bad, and where none is found it is the last.
#[cold]
#[inline(never)]
pub fn ldl_outcome<T: Scalar>(n: usize, a: &[T], d: &[T::Re], ok: T::Mask, certain: T::Mask) -> Outcome<T> {
    let (mut out, mut last) = (Outcome::fine(), T::Re::one());
    for j in 0..n {
        let diagonal = real_pivot(a[j + j * n]);
        let least = diagonal * rounding::<T>(n);
        let good = if T::LANES == 1 {
            last = d[j];
            least.lt(last)
        } else {
            // of a failed lane the pivot was replaced: again, and with twice the tolerance, as it is rounded otherwise
            last = (0..j).fold(diagonal, |p, k| p - (a[j + k * n].abs() * d[k]) * a[j + k * n].abs());
            ok | (least + least).lt(last)
        };
        out.pivot(j, last, good);
    }
    out.pivot(n.saturating_sub(1), last, ok | !certain);
    out
}
/// See [`super::ldl_solve`]; one column.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn ldl_solve<T: Scalar>(n: usize, l: &[T], d: &[T::Re], x: &mut [T]) {
    let (l, d, x) = (&l[..n * n], &d[..n], &mut x[..n]);
    unroll!(i in 0..n {
        for k in 0..i {
            x[i] = x[i].sub_mul(l[i + k * n], x[k]);
        }
    });
    unroll!(j in 0..n {
        let i = n - 1 - j;
        let mut s = x[i].scale(T::Re::one() / d[i]);
        for k in i + 1..n {
            s = s.sub_mul(l[k + i * n].conj(), x[k]);
        }
        x[i] = s;
    });
}
/// See [`super::ldl_solve`]; columns in pairs, one register each. (solve of kron(4 x 4, 4 x 4): 50 ns column by column, of which LLVM makes
/// vectors where it finds some; 42 ns like this.)
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn ldl_solve_pairs(n: usize, l: &[f64], d: &[f64], x: &mut [f64], columns: usize) {
    let (l, d) = (&l[..n * n], &d[..n]);
    // of two rows there is too little to do: 6.0 ns in place of 5.7 (inv + apply of kron(2 x 2, diag 3))
    let pairs = if n > 2 { columns / 2 } else { 0 };
    let mut y = [Lanes::<f64, 2>::splat(0.0); UNROLL];
    for p in 0..pairs {
        let x = &mut x[2 * p * n..][..2 * n];
        unroll!(i in 0..n {
            y[i] = Lanes::new([x[i], x[i + n]]);
            for k in 0..i {
                y[i] = y[i].sub_mul(Lanes::splat(l[i + k * n]), y[k]);
            }
        });
        unroll!(j in 0..n {
            let i = n - 1 - j;
            let mut s = y[i] * Lanes::splat(1.0 / d[i]);
            for k in i + 1..n {
                s = s.sub_mul(Lanes::splat(l[k + i * n]), y[k]);
            }
            (y[i], [x[i], x[i + n]]) = (s, s.0);
        });
    }
    for c in 2 * pairs..columns {
        ldl_solve(n, l, d, &mut x[c * n..(c + 1) * n]);
    }
}
/// See [`super::cholesky`]: the root-free factors, then n independent square roots.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn cholesky<T: Scalar>(n: usize, a: &mut [T]) -> Outcome<T> {
    let mut d = [T::Re::one(); UNROLL];
    let ok = ldl(n, a, &mut d, T::Re::zero());
    let out = if ok.all() { Outcome::fine() } else { ldl_outcome(n, a, &d, ok, T::Mask::splat(true)) };
    unroll!(j in 0..n {
        let r = d[j].sqrt();
        for i in 0..j {
            a[i + j * n] = T::zero();
        }
        a[j + j * n] = T::from_re(r);
        for i in j + 1..n {
            a[i + j * n] = a[i + j * n].scale(r);
        }
    });
    out
}

/// See [`super::lu`]. Every row below that is larger is exchanged by select: a bubble in place of a search, the same
/// multipliers |l| <= 1.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn lu<T: Scalar>(n: usize, a: &mut [T], perm: &mut [T::Re]) -> (Outcome<T>, T) {
    let (a, perm) = (&mut a[..n * n], &mut perm[..n]);
    let mut pivots = Pivots::new();
    let mut sign = T::one();
    for (j, p) in perm.iter_mut().enumerate() {
        *p = T::Re::real(j as f64);
    }
    unroll!(j in 0..n {
        let mut best = size(a[j + j * n]);
        for i in j + 1..n {
            let here = size(a[i + j * n]);
            let swap = best.lt(here);
            best = T::Re::select(swap, here, best);
            for k in 0..n {
                let (p, q) = (a[j + k * n], a[i + k * n]);
                a[j + k * n] = T::select(swap, q, p);
                a[i + k * n] = T::select(swap, p, q);
            }
            (perm[j], perm[i]) = (T::Re::select(swap, perm[i], perm[j]), T::Re::select(swap, perm[j], perm[i]));
            sign = T::select(swap, -sign, sign);
        }
        let mut sum = best;
        for k in 0..j {
            sum = sum.add_mul(size(a[j + k * n]), size(a[k + j * n]));
        }
        let finite = best.finite();
        let good = (sum * rounding::<T>(n.max(FEW))).lt(best) & finite;
        pivots.judge(j, best, good);
        let pivot = a[j + j * n];
        a[j + j * n] = T::select(finite & !good, T::zero(), pivot);
        let inverse = recip(T::select(good, pivot, T::one()));
        for i in j + 1..n {
            a[i + j * n] *= inverse;
        }
        for k in j + 1..n {
            let u = a[j + k * n];
            for i in j + 1..n {
                a[i + k * n] = a[i + k * n].sub_mul(a[i + j * n], u);
            }
        }
    });
    (pivots.outcome(n), sign)
}
/// See [`super::lu_solve`]; one column, without the permutation.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn lu_solve<T: Scalar>(n: usize, lu: &[T], adjoint: bool, x: &mut [T]) {
    let (lu, x) = (&lu[..n * n], &mut x[..n]);
    // adjoint: U^H is lower triangular, L^H unit upper
    unroll!(i in 0..n {
        for k in 0..i {
            let m = if adjoint { lu[k + i * n].conj() } else { lu[i + k * n] };
            x[i] = x[i].sub_mul(m, x[k]);
        }
        if adjoint {
            x[i] *= recip(lu[i + i * n].conj());
        }
    });
    unroll!(j in 0..n {
        let i = n - 1 - j;
        for k in i + 1..n {
            let m = if adjoint { lu[k + i * n].conj() } else { lu[i + k * n] };
            x[i] = x[i].sub_mul(m, x[k]);
        }
        if !adjoint {
            x[i] *= recip(lu[i + i * n]);
        }
    });
}

/// x[i] <- x[perm[i]], or backwards x[perm[i]] <- x[i]: one column, each lane with an order of its own.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn permute<T: Scalar>(n: usize, fixed: bool, perm: &[T::Re], back: bool, x: &mut [T], scratch: &mut [T]) {
    let (perm, x, s) = (&perm[..n], &mut x[..n], &mut scratch[..n]);
    s.copy_from_slice(x);
    if T::LANES == 1 && !(fixed && n <= 4) {
        for i in 0..n {
            let p = perm[i].lane_f64(0) as usize;
            if back { x[p] = s[i] } else { x[i] = s[p] }
        }
        return;
    }
    // n selects per number: no lane leaves its register (a gather would take 1 load per lane and number)
    for i in 0..n {
        for k in 0..n {
            let (before, after) = (T::Re::real(k as f64 - 0.5), T::Re::real(k as f64 + 0.5));
            if back {
                let here = before.lt(perm[i]) & perm[i].lt(after);
                x[k] = T::select(here, s[i], x[k]);
            } else {
                x[i] = T::select(before.lt(perm[i]), s[k], x[i]);
            }
        }
    }
}
