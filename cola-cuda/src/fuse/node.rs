//! The nodes of `kernels/fused.cuh`, as Rust sees them: their C++ type, what they read and keep, and how much of a thread's registers
//! they take. The sizes are computed on both sides and compared by a `static_assert` in every kernel.

/// A function of one number, by its C++ name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entrywise {
    Id,
    Det,
    Inv,
    Sqrt,
    Isqrt,
    Pow,
    Exp,
}
/// A factorisation of an n x n matrix.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Factor {
    Ldl(usize),
    Lu(usize, Entrywise),
    Eigh(usize, Entrywise),
}
/// A prepared operator.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Mat(usize, usize),
    Diag(usize, Entrywise),
    Scalar(usize, Entrywise, bool),
    TriMat(usize, bool),
    TriInv(usize, bool),
    OfMat(Factor),
    Formed(Box<Node>, Factor),
    Kron(Box<Node>, Box<Node>),
    BlockDiag(Box<Node>, Box<Node>),
    Sum(Box<Node>, Box<Node>),
    Product(Box<Node>, Box<Node>),
    Reversed(Box<Node>, Box<Node>),
    Trans(Box<Node>),
    Repeat(Box<Node>, usize),
    Scaled(Box<Node>, Entrywise),
    Chain(Box<Node>, usize),
    Gram(Box<Node>),
}
use Node::*;

impl Factor {
    fn n(self) -> usize {
        match self {
            Factor::Ldl(n) | Factor::Lu(n, _) | Factor::Eigh(n, _) => n,
        }
    }
    fn text(self, real: &str) -> String {
        match self {
            Factor::Ldl(n) => format!("Ldl<{real},{n}>"),
            Factor::Lu(n, g) => format!("Lu<{real},{n},{g:?}>"),
            Factor::Eigh(n, g) => format!("Eigh<{real},{n},{g:?}>"),
        }
    }
    fn state(self) -> usize {
        let n = self.n();
        match self {
            Factor::Ldl(_) => n * n + n,
            Factor::Lu(..) => n * n + n + 1,
            Factor::Eigh(..) => self.copy() + n,
        }
    }
    fn prep(self) -> usize {
        if matches!(self, Factor::Eigh(..)) { 4 * self.n() } else { 0 }
    }
    /// Numbers of the matrix that is factored, where the factors do not take its place.
    fn copy(self) -> usize {
        // columns an odd number apart
        if matches!(self, Factor::Eigh(..)) { self.n() * (self.n() | 1) } else { 0 }
    }
    fn work(self, columns: usize) -> usize {
        if matches!(self, Factor::Ldl(_)) { 0 } else { columns * self.n() }
    }
    /// Numbers alive at its worst moment, and afterwards: of symmetric matrices a triangle is.
    fn live(self) -> (usize, usize) {
        let (n, triangle) = (self.n(), self.n() * (self.n() + 1) / 2);
        match self {
            Factor::Ldl(_) => (triangle + n, triangle),
            Factor::Lu(..) => (n * n + 2 * n, n * n + n),
            // the triangle becomes the vectors column by column
            Factor::Eigh(..) => (n * n + 2 * n, n * n + n),
        }
    }
}
impl Node {
    /// Its C++ type.
    pub fn text(&self, real: &str) -> String {
        let t = |a: &Node| a.text(real);
        match self {
            Mat(m, n) => format!("Mat<{real},{m},{n}>"),
            Diag(n, g) => format!("Diag<{real},{n},{g:?}>"),
            Scalar(n, g, given) => format!("Scalar<{real},{n},{g:?},{}>", *given as usize),
            TriMat(n, lower) => format!("TriMat<{real},{n},{lower}>"),
            TriInv(n, lower) => format!("TriInv<{real},{n},{lower}>"),
            OfMat(f) => format!("OfMat<{}>", f.text(real)),
            Formed(a, f) => format!("Formed<{},{}>", t(a), f.text(real)),
            Kron(a, b) => format!("Kron<{},{}>", t(a), t(b)),
            BlockDiag(a, b) => format!("BlockDiag<{},{}>", t(a), t(b)),
            Sum(a, b) => format!("Sum<{},{}>", t(a), t(b)),
            Product(a, b) => format!("Product<{},{}>", t(a), t(b)),
            Reversed(a, b) => format!("Reversed<{},{}>", t(a), t(b)),
            Trans(a) => format!("Trans<{}>", t(a)),
            Repeat(a, k) => format!("Repeat<{},{k}>", t(a)),
            Scaled(a, g) => format!("Scaled<{},{g:?}>", t(a)),
            Chain(a, k) => format!("Chain<{},{k}>", t(a)),
            Gram(a) => format!("Gram<{}>", t(a)),
        }
    }
    /// Rows and columns.
    pub fn shape(&self) -> (usize, usize) {
        match self {
            Mat(m, n) => (*m, *n),
            Diag(n, _) | Scalar(n, ..) | TriMat(n, _) | TriInv(n, _) => (*n, *n),
            OfMat(f) | Formed(_, f) => (f.n(), f.n()),
            Kron(a, b) => (a.shape().0 * b.shape().0, a.shape().1 * b.shape().1),
            BlockDiag(a, b) => (a.shape().0 + b.shape().0, a.shape().1 + b.shape().1),
            Sum(a, _) | Scaled(a, _) | Chain(a, _) => a.shape(),
            Product(a, b) => (a.shape().0, b.shape().1),
            Reversed(a, b) => (b.shape().0, a.shape().1),
            Trans(a) => (a.shape().1, a.shape().0),
            Repeat(a, k) => (k * a.shape().0, k * a.shape().1),
            Gram(a) => (a.shape().0, a.shape().0),
        }
    }
    /// Numbers read per element.
    pub fn params(&self) -> usize {
        match self {
            Mat(m, n) => m * n,
            Diag(n, _) => *n,
            Scalar(_, _, given) => *given as usize,
            TriMat(n, _) | TriInv(n, _) => n * n,
            OfMat(f) => f.n() * f.n(),
            Formed(a, _) | Trans(a) | Repeat(a, _) | Chain(a, _) | Gram(a) => a.params(),
            Scaled(a, _) => 1 + a.params(),
            Kron(a, b) | BlockDiag(a, b) | Sum(a, b) | Product(a, b) | Reversed(a, b) => a.params() + b.params(),
        }
    }
    /// Numbers kept after `prepare`.
    fn state(&self) -> usize {
        match self {
            Mat(..) | Diag(..) | TriMat(..) | TriInv(..) => self.params(),
            Scalar(..) => 1,
            OfMat(f) | Formed(_, f) => f.state(),
            Trans(a) | Repeat(a, _) | Chain(a, _) | Gram(a) => a.state(),
            Scaled(a, _) => 1 + a.state(),
            Kron(a, b) | BlockDiag(a, b) | Sum(a, b) | Product(a, b) | Reversed(a, b) => a.state() + b.state(),
        }
    }
    /// Scratch of `prepare`.
    fn prep(&self) -> usize {
        match self {
            Mat(..) | Diag(..) | Scalar(..) | TriMat(..) | TriInv(..) => 0,
            OfMat(f) => f.copy() + f.prep(),
            Formed(a, f) => {
                let apply = f.n() * f.n() + a.work(1, f.n());
                f.copy() + (a.state() + a.prep().max(apply)).max(f.prep())
            }
            Trans(a) | Repeat(a, _) | Chain(a, _) | Gram(a) | Scaled(a, _) => a.prep(),
            Kron(a, b) | BlockDiag(a, b) | Sum(a, b) | Product(a, b) | Reversed(a, b) => a.prep().max(b.prep()),
        }
    }
    /// Scratch of `act` on \[o, n, i\].
    fn work(&self, o: usize, i: usize) -> usize {
        let (long, wide) = (|a: &Node| a.shape().0.max(a.shape().1), |a: &Node| a.shape().1);
        match self {
            Mat(..) | Diag(..) | Scalar(..) | TriMat(..) | TriInv(..) => 0,
            OfMat(f) | Formed(_, f) => f.work(o * i),
            Kron(a, b) => {
                let (an, bm) = (long(a), long(b));
                o * i * an * bm + a.work(o, bm * i).max(b.work(o * an, i))
            }
            BlockDiag(a, b) => a.work(1, i).max(b.work(1, i)),
            Sum(a, b) => o * i * long(a) + a.work(o, i).max(b.work(o, i)),
            Product(a, b) => o * i * wide(a) + a.work(o, i).max(b.work(o, i)),
            Reversed(a, b) => o * i * a.shape().0 + a.work(o, i).max(b.work(o, i)),
            Trans(a) | Scaled(a, _) => a.work(o, i),
            Repeat(a, k) => a.work(o * k, i),
            Chain(a, _) => 2 * o * i * long(a) + a.work(o, i),
            Gram(a) => o * i * wide(a) + a.work(o, i),
        }
    }
    /// Numbers of the pool; `vector`: it acts on one, else only its determinant is asked for.
    pub fn pool(&self, vector: bool) -> usize {
        let act = if vector { self.shape().0 + self.shape().1 + self.work(1, 1) } else { 1 };
        self.state() + self.prep().max(act)
    }

    /// Numbers that live in registers at the worst moment of a thread: an estimate, checked against the compiler by a test.
    pub fn live(&self) -> usize {
        let (worst, held) = self.prepared(1, 1);
        worst.max(held + self.vectors(1, 1))
    }
    /// (worst moment of `prepare`, what is held afterwards). What meets one column only is read when it is needed.
    fn prepared(&self, o: usize, i: usize) -> (usize, usize) {
        let streamed = |n: usize| if o * i == 1 { (0, 0) } else { (n, n) };
        let both = |(wa, ha): (usize, usize), (wb, hb): (usize, usize)| (wa.max(ha + wb), ha + hb);
        match self {
            Mat(..) | TriMat(..) => streamed(self.params()),
            // what is tested is held: all tests come before the first use
            Diag(n, _) => (*n, *n),
            TriInv(n, _) => (n * (n + 1) / 2, n * (n + 1) / 2),
            Scalar(..) => (1, 1),
            OfMat(f) => f.live(),
            Formed(a, f) => {
                let (n, (worst, held)) = (f.n(), a.prepared(1, f.n()));
                let (factor, kept) = f.live();
                (worst.max(held + n * n + a.work(1, n)).max(factor), kept)
            }
            Kron(a, b) => {
                let (bm, an) = (b.shape().0.max(b.shape().1), a.shape().0.max(a.shape().1));
                both(a.prepared(o, bm * i), b.prepared(o * an, i))
            }
            BlockDiag(a, b) | Sum(a, b) | Product(a, b) | Reversed(a, b) => both(a.prepared(o, i), b.prepared(o, i)),
            Trans(a) => a.prepared(o, i),
            Scaled(a, _) => both((1, 1), a.prepared(o, i)),
            Repeat(a, k) => a.prepared(o * k, i),
            Chain(a, _) | Gram(a) => a.prepared(o, 2 * i),
        }
    }
    /// Numbers of vectors alive at the worst moment of `act`.
    fn vectors(&self, o: usize, i: usize) -> usize {
        let own = o * i * (self.shape().0 + self.shape().1);
        match self {
            Kron(a, b) => {
                let (bm, an) = (b.shape().0.max(b.shape().1), a.shape().0.max(a.shape().1));
                a.vectors(o, bm * i).max(b.vectors(o * an, i))
            }
            Sum(a, b) => own + o * i * self.shape().0 + (a.work(o, i)).max(b.work(o, i)),
            Diag(..) | Scalar(..) | TriInv(..) | OfMat(Factor::Ldl(_)) => own / 2,
            Trans(a) | Scaled(a, _) => a.vectors(o, i),
            Repeat(a, k) => a.vectors(o * k, i),
            _ => own,
        }
    }
    /// Multiplications that a thread's unrolled code holds, roughly.
    pub fn unrolled(&self, o: usize, i: usize) -> usize {
        let n = self.shape().0;
        let factor = |f: &Factor| match f {
            Factor::Ldl(n) => n * n * n / 3 + o * i * n * n,
            Factor::Lu(n, _) => n * n * n + o * i * 2 * n * n,
            // n (n - 1) / 2 rotations with a root each, and the reflections before them
            Factor::Eigh(n, _) => n * (n - 1) / 2 * (4 * n + 40) + 2 * n * n * n + o * i * 2 * n * n,
        };
        match self {
            Mat(a, b) => o * i * a * b,
            TriMat(..) | TriInv(..) => o * i * n * n,
            Diag(..) | Scalar(..) => o * i * n,
            OfMat(f) => factor(f),
            Formed(a, f) => a.unrolled(1, n) + factor(f),
            Kron(a, b) => {
                let (bm, an) = (b.shape().0.max(b.shape().1), a.shape().0.max(a.shape().1));
                a.unrolled(o, bm * i) + b.unrolled(o * an, i)
            }
            BlockDiag(a, b) | Sum(a, b) | Product(a, b) | Reversed(a, b) => a.unrolled(o, i) + b.unrolled(o, i),
            Trans(a) | Scaled(a, _) => a.unrolled(o, i),
            Repeat(a, k) => a.unrolled(o * k, i),
            Chain(a, k) => k * a.unrolled(o, i),
            Gram(a) => 2 * a.unrolled(o, i),
        }
    }
}
