//! A number that writes down what is computed with it, with first and second derivatives: one recording serves products with the
//! Jacobian, its adjoint, and the Hessian.

use crate::algorithms::dense::Engine;
use crate::dsl::{IntoTerm, IsScalar};
use crate::error::{Error, Result};
use crate::scalar::{Complex, Element, Mask, Real, Scalar, one_lane, real_scalar, scalar_term};
use core::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Rem, RemAssign, Sub, SubAssign};
use num_traits::{One, Zero};
use std::cell::RefCell;

/// One operation z = f(a, b): where a and b stand, and the derivatives of f there. Recorded in doubles, whatever the numbers are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node<T = f64> {
    a: u32,
    b: u32,
    da: T,
    db: T,
    daa: T,
    dab: T,
    dbb: T,
}
/// No argument: of constants and variables.
const NONE: u32 = u32::MAX;
thread_local! {
    static NODES: RefCell<Option<Vec<Node>>> = const { RefCell::new(None) };
}
/// A number on the recording, or a constant.
#[derive(Clone, Copy, Debug)]
pub struct Recorded {
    value: f64,
    node: u32,
}
impl PartialEq for Recorded {
    fn eq(&self, o: &Self) -> bool {
        self.value == o.value
    }
}
impl Recorded {
    const fn constant(value: f64) -> Self {
        Recorded { value, node: NONE }
    }
    fn push(value: f64, node: Node) -> Self {
        if node.a == NONE && node.b == NONE {
            return Recorded::constant(value);
        }
        NODES.with_borrow_mut(|nodes| match nodes {
            Some(nodes) => {
                nodes.push(node);
                Recorded { value, node: (nodes.len() - 1) as u32 }
            }
            // a variable that outlived its recording is a constant
            None => Recorded::constant(value),
        })
    }
    /// f(a) with f' and f''.
    fn unary(self, value: f64, da: f64, daa: f64) -> Self {
        let zero = |x: f64| if self.node == NONE { 0.0 } else { x };
        Recorded::push(value, Node { a: self.node, b: NONE, da: zero(da), db: 0.0, daa: zero(daa), dab: 0.0, dbb: 0.0 })
    }
    fn binary(self, o: Self, value: f64, (da, db): (f64, f64), (daa, dab, dbb): (f64, f64, f64)) -> Self {
        Recorded::push(value, Node { a: self.node, b: o.node, da, db, daa, dab, dbb })
    }
}
/// What was computed: the operations in order; the first `inputs` nodes are the variables.
#[derive(Clone, Debug)]
pub(crate) struct Recording<T> {
    nodes: Vec<Node<T>>,
    inputs: usize,
    /// Value and node of each output.
    outputs: Vec<(T, u32)>,
}
/// Records f at x.
fn record(x: &[f64], f: impl FnOnce(&[Recorded]) -> Vec<Recorded>) -> (Vec<Node>, Vec<Recorded>) {
    let variable = Node { a: NONE, b: NONE, da: 0.0, db: 0.0, daa: 0.0, dab: 0.0, dbb: 0.0 };
    let outer = NODES.replace(Some(vec![variable; x.len()]));
    // what was being recorded goes on, also after a panic in f
    struct Restore(Option<Vec<Node>>);
    impl Drop for Restore {
        fn drop(&mut self) {
            NODES.replace(self.0.take());
        }
    }
    let restore = Restore(outer);
    let x: Vec<_> = x.iter().enumerate().map(|(i, &value)| Recorded { value, node: i as u32 }).collect();
    let outputs = f(&x);
    let nodes = NODES.take().unwrap_or_default();
    drop(restore);
    (nodes, outputs)
}
impl<T: Real> Recording<T> {
    /// Records f at x, each lane by itself.
    ///
    /// # Errors
    /// `InvalidArgument` where the operations of the lanes differ.
    pub(crate) fn new(x: &[T], f: impl Fn(&[Recorded]) -> Vec<Recorded>) -> Result<Self> {
        let point = |lane: usize| x.iter().map(|x| x.lane_f64(lane)).collect::<Vec<_>>();
        let lanes: Vec<_> = (0..T::LANES).map(|lane| record(&point(lane), &f)).collect();
        let (nodes, outputs) = &lanes[0];
        let same = |(n, o): &(Vec<Node>, Vec<Recorded>)| {
            n.len() == nodes.len()
                && o.len() == outputs.len()
                && n.iter().zip(nodes).all(|(x, y)| (x.a, x.b) == (y.a, y.b))
                && o.iter().zip(outputs).all(|(x, y)| x.node == y.node)
        };
        if let Some(lane) = lanes.iter().position(|l| !same(l)) {
            return Err(Error::invalid(format!(
                "a function of lanes does the same in all of them: lane {lane} took another branch than lane 0; \
                 choose by `T::select`, or differentiate the points one by one"
            )));
        }
        let number = |of: &dyn Fn(&(Vec<Node>, Vec<Recorded>)) -> f64| T::from_lanes(|l| T::of(of(&lanes[l])).lane(l));
        let node = |(i, n): (usize, &Node)| Node {
            a: n.a,
            b: n.b,
            da: number(&|l| l.0[i].da),
            db: number(&|l| l.0[i].db),
            daa: number(&|l| l.0[i].daa),
            dab: number(&|l| l.0[i].dab),
            dbb: number(&|l| l.0[i].dbb),
        };
        let output = |(k, y): (usize, &Recorded)| (number(&|l| l.1[k].value), y.node);
        Ok(Recording {
            nodes: nodes.iter().enumerate().map(node).collect(),
            inputs: x.len(),
            outputs: outputs.iter().enumerate().map(output).collect(),
        })
    }
    pub(crate) fn values(&self) -> impl Iterator<Item = T> + '_ {
        self.outputs.iter().map(|y| y.0)
    }
    /// True in the lanes where every derivative is finite.
    pub(crate) fn finite(&self) -> T::Mask {
        let node =
            |ok: T::Mask, n: &Node<T>| [n.da, n.db, n.daa, n.dab, n.dbb].iter().fold(ok, |ok, d| ok & d.finite());
        let nodes = self.nodes.iter().fold(T::Mask::splat(true), node);
        self.values().fold(nodes, |ok, y| ok & y.finite())
    }
    /// The derivatives of all nodes along v, into `dot`.
    pub(crate) fn forward(&self, v: impl Fn(usize) -> T, dot: &mut [T]) {
        for (i, n) in self.nodes.iter().enumerate() {
            dot[i] = if i < self.inputs {
                v(i)
            } else {
                let part = |at: u32, d: T| if at == NONE { T::zero() } else { d * dot[at as usize] };
                part(n.a, n.da) + part(n.b, n.db)
            };
        }
    }
    /// The derivative of output k after `forward`.
    pub(crate) fn output(&self, k: usize, dot: &[T]) -> T {
        let at = self.outputs[k].1;
        if at == NONE { T::zero() } else { dot[at as usize] }
    }
    /// Adjoints of all nodes from those of the outputs, into `bar`; the first entries are those of the inputs.
    pub(crate) fn reverse(&self, u: impl Fn(usize) -> T, bar: &mut [T]) {
        self.seed(u, bar);
        for i in (self.inputs..self.nodes.len()).rev() {
            let (n, b) = (self.nodes[i], bar[i]);
            for (at, d) in [(n.a, n.da), (n.b, n.db)] {
                if at != NONE {
                    bar[at as usize] += b * d;
                }
            }
        }
    }
    fn seed(&self, u: impl Fn(usize) -> T, bar: &mut [T]) {
        bar.fill(T::zero());
        for (k, y) in self.outputs.iter().enumerate() {
            if y.1 != NONE {
                bar[y.1 as usize] += u(k);
            }
        }
    }
    /// Derivatives of the adjoints along the direction of `dot`, for outputs weighted by u: the product with the Hessian of u . f.
    pub(crate) fn second(&self, u: impl Fn(usize) -> T, dot: &[T], bar: &mut [T], bar_dot: &mut [T]) {
        self.seed(u, bar);
        bar_dot.fill(T::zero());
        for i in (self.inputs..self.nodes.len()).rev() {
            let (n, b, bd) = (self.nodes[i], bar[i], bar_dot[i]);
            let tangent = |at: u32| if at == NONE { T::zero() } else { dot[at as usize] };
            let (ta, tb) = (tangent(n.a), tangent(n.b));
            if n.a != NONE {
                bar[n.a as usize] += b * n.da;
                bar_dot[n.a as usize] += bd * n.da + b * (n.daa * ta + n.dab * tb);
            }
            if n.b != NONE {
                bar[n.b as usize] += b * n.db;
                bar_dot[n.b as usize] += bd * n.db + b * (n.dab * ta + n.dbb * tb);
            }
        }
    }
}
impl<T> Recording<T> {
    pub(crate) fn inputs(&self) -> usize {
        self.inputs
    }
    pub(crate) fn outputs(&self) -> usize {
        self.outputs.len()
    }
    /// Operations of one sweep.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }
}
macro_rules! operation {
    ($Tr:ident $f:ident $TrA:ident $fa:ident |$a:ident, $b:ident| $value:expr, $first:expr, $second:expr) => {
        impl $Tr for Recorded {
            type Output = Recorded;
            #[inline]
            fn $f(self, o: Recorded) -> Recorded {
                let ($a, $b) = (self.value, o.value);
                self.binary(o, $value, $first, $second)
            }
        }
        impl $TrA for Recorded {
            #[inline]
            fn $fa(&mut self, o: Recorded) {
                *self = $Tr::$f(*self, o);
            }
        }
    };
}
operation!(Add add AddAssign add_assign |a, b| a + b, (1.0, 1.0), (0.0, 0.0, 0.0));
operation!(Sub sub SubAssign sub_assign |a, b| a - b, (1.0, -1.0), (0.0, 0.0, 0.0));
operation!(Mul mul MulAssign mul_assign |a, b| a * b, (b, a), (0.0, 1.0, 0.0));
operation!(Div div DivAssign div_assign |a, b| a / b, (1.0 / b, -a / (b * b)), (0.0, -1.0 / (b * b), 2.0 * a / (b * b * b)));
// num_complex asks for it: a - trunc(a / b) b
operation!(Rem rem RemAssign rem_assign |a, b| a % b, (1.0, -(a / b).trunc()), (0.0, 0.0, 0.0));
impl num_traits::Num for Recorded {
    type FromStrRadixErr = <f64 as num_traits::Num>::FromStrRadixErr;
    fn from_str_radix(text: &str, radix: u32) -> core::result::Result<Self, Self::FromStrRadixErr> {
        f64::from_str_radix(text, radix).map(Recorded::constant)
    }
}
impl Neg for Recorded {
    type Output = Recorded;
    fn neg(self) -> Recorded {
        self.unary(-self.value, -1.0, 0.0)
    }
}
impl Zero for Recorded {
    fn zero() -> Self {
        Recorded::constant(0.0)
    }
    fn is_zero(&self) -> bool {
        self.value == 0.0 && self.node == NONE
    }
}
impl One for Recorded {
    fn one() -> Self {
        Recorded::constant(1.0)
    }
}
impl Scalar for Recorded {
    one_lane!();
    real_scalar!();
    const NAME: &'static str = "recorded";
    fn abs(self) -> Self {
        self.unary(self.value.abs(), if self.value < 0.0 { -1.0 } else { 1.0 }, 0.0)
    }
    fn sqrt(self) -> Self {
        let r = self.value.sqrt();
        self.unary(r, 0.5 / r, -0.25 / (r * self.value))
    }
    fn exp(self) -> Self {
        let e = self.value.exp();
        self.unary(e, e, e)
    }
    fn ln(self) -> Self {
        let slope = 1.0 / self.value;
        self.unary(self.value.ln(), slope, -slope * slope)
    }
    fn powf(self, p: f64) -> Self {
        // a factor of zero wins over an infinite power
        let power = |c: f64, p: f64| if c == 0.0 { 0.0 } else { c * self.value.powf(p) };
        self.unary(self.value.powf(p), power(p, p - 1.0), power(p * (p - 1.0), p - 2.0))
    }
    fn finite(self) -> bool {
        self.value.is_finite()
    }
}
impl Real for Recorded {
    fn real(x: f64) -> Self {
        Recorded::constant(x)
    }
    fn epsilon() -> Self {
        Recorded::constant(f64::EPSILON)
    }
    fn lt(self, o: Self) -> bool {
        self.value < o.value
    }
    fn sin_cos(self) -> (Self, Self) {
        let (sin, cos) = self.value.sin_cos();
        (self.unary(sin, cos, -sin), self.unary(cos, -sin, -cos))
    }
    fn atan2(self, x: Self) -> Self {
        let (y, x0) = (self.value, x.value);
        let r2 = y * y + x0 * x0;
        let r4 = r2 * r2;
        let second = (-2.0 * x0 * y / r4, (y * y - x0 * x0) / r4, 2.0 * x0 * y / r4);
        self.binary(x, y.atan2(x0), (x0 / r2, -y / r2), second)
    }
    fn lane_f64(self, _: usize) -> f64 {
        self.value
    }
}
impl Element for Recorded {
    type Wide<const B: usize> = crate::Lanes<Recorded, B>;
    type On<const B: usize, I: crate::lanes::InstructionSet> = crate::Lanes<Recorded, B, I>;
}
impl crate::lanes::LaneElement for Recorded {
    type Vectors = crate::lanes::OneByOne;
    type Wide = crate::lanes::OneByOne;
}
scalar_term!([] Recorded);
impl Engine for Recorded {}
impl Engine for Complex<Recorded> {}
impl Element for Complex<Recorded> {
    type Wide<const B: usize> = Complex<crate::Lanes<Recorded, B>>;
    type On<const B: usize, I: crate::lanes::InstructionSet> = Complex<crate::Lanes<Recorded, B, I>>;
}
