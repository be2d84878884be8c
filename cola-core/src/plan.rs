//! What will run, and what it costs: [`OperatorExt::explain`](crate::OperatorExt::explain). Each structure states its plan beside its
//! rules; names, costs and limits come from the constants that the rules run by.
//!
//! ```
//! # use cola_core::prelude::*;
//! let a = Psd::new(nalgebra::matrix![2.0, 1.0; 1.0, 3.0]);
//! let k = Kron::new(a, Diagonal::new([3.0, 0.2, 1.0]));
//! let text = k.explain().to_string();
//! assert!(text.starts_with("Kron 6 x 6 self-adjoint\n"), "{text}");
//! assert!(text.contains("factor by factor [LDL^H; elementwise], 3 + 3 = 6 flops"), "{text}");
//! ```

use crate::algorithms::krylov::Kind;
use crate::algorithms::spectrum::DENSE_SPECTRUM;
use crate::facts::{Fact, Facts};
use crate::functions::base::{DENSE_LIMIT, is_direct};
use crate::functions::dense::{ByLdl, ByLu, FactorMethod, MethodOf, unrolled};
use crate::functions::lazy::{PIVOTS, preconditionable};
use crate::functions::pinv::is_iterated;
use crate::operator::Operator;
use crate::scalar::Scalar;
use core::fmt;
use std::borrow::Cow;

/// What can be asked of an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// A x.
    Apply,
    /// A^-1 b, and the inverse.
    Solve,
    /// Sign and log|det A|.
    Slogdet,
    /// Sum of the diagonal.
    Trace,
    /// A diagonal.
    Diagonal,
    /// A^(1/2), A^(-1/2), A^p.
    Power,
    /// e^A.
    Exp,
    /// log A.
    Log,
    /// A = V diag(w) V^H.
    Eigh,
    /// A = L L^H.
    Cholesky,
    /// P A = L U.
    Lu,
    /// A V = V diag(w).
    Eig,
    /// A = U diag(s) V^H.
    Svd,
    /// A^+, and least squares.
    Pinv,
}
impl Question {
    /// All of them, in the order of the explanation.
    #[rustfmt::skip]
    pub const ALL: [Question; 14] = [
        Question::Apply, Question::Solve, Question::Slogdet, Question::Trace, Question::Diagonal, Question::Power, Question::Exp,
        Question::Log, Question::Eigh, Question::Cholesky, Question::Lu, Question::Eig, Question::Svd, Question::Pinv,
    ];
    /// The method's name.
    pub const fn name(self) -> &'static str {
        match self {
            Question::Apply => "apply",
            Question::Solve => "solve, inv",
            Question::Slogdet => "slogdet",
            Question::Trace => "trace",
            Question::Diagonal => "diagonal",
            Question::Power => "sqrt, pow",
            Question::Exp => "exp",
            Question::Log => "log",
            Question::Eigh => "eigh",
            Question::Cholesky => "cholesky",
            Question::Lu => "lu",
            Question::Eig => "eig",
            Question::Svd => "svd",
            Question::Pinv => "pinv",
        }
    }
    /// Asked of a rectangular part, too.
    const fn entries(self) -> bool {
        matches!(self, Question::Apply | Question::Trace | Question::Diagonal | Question::Svd | Question::Pinv)
    }
}

/// Floating-point operations of numbers of the operator's type.
#[derive(Clone, Debug, PartialEq)]
pub struct Cost {
    /// In the sizes: `n^3/3`.
    pub formula: String,
    /// With the sizes put in; `None` where the action of a user's operator enters.
    pub flops: Option<f64>,
    /// True if it is that of one step of an iteration.
    pub per_iteration: bool,
}
impl Cost {
    /// A polynomial in the rows m and the columns n: `2mn`, `n^3/3 + 2n^2`.
    pub fn of(formula: &str, (m, n): (usize, usize)) -> Cost {
        Cost { formula: formula.into(), flops: Some(polynomial(formula, m as f64, n as f64)), per_iteration: false }
    }
    /// A formula in other numbers than the sizes: those of an iteration, of a user's action, of nonzeros.
    pub fn unknown(formula: &str) -> Cost {
        Cost { formula: formula.into(), flops: None, per_iteration: false }
    }
}
impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.formula)?;
        if let Some(flops) = self.flops {
            write!(f, "{}{} flops", if self.formula.is_empty() { "" } else { " = " }, rounded(flops))?;
        }
        f.write_str(if self.per_iteration { " per iteration" } else { "" })
    }
}
fn rounded(x: f64) -> String {
    if x < 1e6 { format!("{}", x.round()) } else { format!("{x:.1e}") }
}
/// The value of a sum of terms such as `2n^3/3` or `4mn`.
fn polynomial(formula: &str, m: f64, n: f64) -> f64 {
    formula.split('+').map(|term| monomial(term.trim(), m, n)).sum()
}
fn monomial(term: &str, m: f64, n: f64) -> f64 {
    let (top, bottom) = term.split_once('/').unwrap_or((term, "1"));
    let digits = top.find(|c: char| !c.is_ascii_digit()).unwrap_or(top.len());
    let mut value = top[..digits].parse().unwrap_or(1.0) / bottom.parse().unwrap_or(1.0);
    let mut rest = top[digits..].chars().peekable();
    while let Some(c) = rest.next() {
        let exponent = rest.next_if_eq(&'^').and_then(|_| rest.next()).and_then(|d| d.to_digit(10)).unwrap_or(1);
        value *= match c {
            'm' => m.powi(exponent as i32),
            'n' => n.powi(exponent as i32),
            _ => f64::NAN,
        };
    }
    value
}

/// What runs for one question, and its cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The rule in words; where there is none, the error.
    pub rule: Cow<'static, str>,
    /// What the rule asks of the parts.
    pub parts: Vec<Plan>,
    /// What it costs.
    pub cost: Cost,
    /// True if it ends in an error: at compile time where the facts are missing, at run time where sizes forbid it.
    pub refused: bool,
    /// True if no rule of the structure applies: a base case.
    pub base: bool,
}
impl Plan {
    /// A rule of `a`, with its cost in the rows m and columns n of `a`.
    pub fn rule<A: Operator + ?Sized>(a: &A, rule: impl Into<Cow<'static, str>>, cost: &str) -> Plan {
        let cost = Cost::of(cost, (a.nrows(), a.ncols()));
        Plan { rule: rule.into(), parts: Vec::new(), cost, refused: false, base: false }
    }
    /// An error in place of a rule.
    pub fn error(text: impl Into<Cow<'static, str>>) -> Plan {
        Plan { rule: text.into(), parts: Vec::new(), cost: Cost::unknown(""), refused: true, base: false }
    }
    /// A rule by the same question to the parts.
    pub fn by_parts(rule: &'static str, parts: impl IntoIterator<Item = Plan>) -> Plan {
        Plan::weighted(rule, parts.into_iter().map(|p| (1, p)))
    }
    /// A rule that runs the plan of each part so many times.
    pub fn weighted(rule: &'static str, parts: impl IntoIterator<Item = (usize, Plan)>) -> Plan {
        let (times, parts): (Vec<usize>, Vec<Plan>) = parts.into_iter().unzip();
        if let Some(refused) = parts.iter().find(|p| p.refused) {
            return refused.clone();
        }
        if parts.iter().any(|p| p.rule == LSMR_ALONE) {
            return Plan::error("error: no rule of a part, and it is not made dense unasked");
        }
        let all = || times.iter().zip(&parts);
        let once = |(&k, p): (&usize, &Plan)| Some(p.cost.flops.filter(|_| !p.cost.per_iteration)? * k as f64);
        let flops = all().map(once).sum();
        let term = |(&k, p): (&usize, &Plan)| match p.cost.flops.filter(|_| !p.cost.per_iteration) {
            Some(f) if k == 1 => rounded(f),
            Some(f) => format!("{k} * {}", rounded(f)),
            None => format!("{k} * ({})", p.cost),
        };
        // of one part alone the formula is that part's
        let formula = match &parts[..] {
            [one] if times == [1] => one.cost.formula.clone(),
            _ => all().map(term).collect::<Vec<_>>().join(" + "),
        };
        let per_iteration = parts.len() == 1 && parts[0].cost.per_iteration && times == [1];
        let flops = if per_iteration { parts[0].cost.flops } else { flops };
        Plan { rule: rule.into(), parts, cost: Cost { formula, flops, per_iteration }, refused: false, base: false }
    }
    /// Of least squares that one part solves in its own way, by LSMR too: of a transpose, of a multiple.
    pub fn least_squares(rule: &'static str, part: Plan) -> Plan {
        if part.rule == LSMR_ALONE { part } else { Plan::by_parts(rule, [part]) }
    }
    /// The plan of eig, svd and pinv where they go by the eigen-decomposition of the structure, whose plan this is: what
    /// `spectral_decompositions!` runs.
    pub fn decomposed(self, question: Question) -> Plan {
        if matches!(question, Question::Eig) { self } else { self.spectral() }
    }
    /// By the eigen-decomposition of the structure, whose plan this is: what `spectral_power!` and its sisters run.
    pub fn spectral(self) -> Plan {
        if self.refused {
            return self;
        }
        let (cost, base) = (self.cost.clone(), self.base);
        Plan { rule: "by the eigen-decomposition".into(), parts: vec![self], cost, refused: false, base }
    }
}
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rule)?;
        for (i, part) in self.parts.iter().enumerate() {
            write!(f, "{}{part}", if i == 0 { " [" } else { "; " })?;
        }
        f.write_str(if self.parts.is_empty() { "" } else { "]" })
    }
}

/// One operator of an expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Tree {
    /// Its structure.
    pub name: String,
    /// Rows and columns.
    pub shape: (usize, usize),
    /// What is known of it.
    pub facts: Vec<&'static str>,
    /// What it is made of.
    pub parts: Vec<Tree>,
}
impl Tree {
    /// The operator `a`, known to be `K`.
    pub fn node<K: Facts, A: Operator + ?Sized>(a: &A, parts: Vec<Tree>) -> Tree {
        Tree { name: short(core::any::type_name::<A>()), shape: (a.nrows(), a.ncols()), facts: facts::<K>(), parts }
    }
    /// With more said of the structure.
    pub fn called(self, more: &str) -> Tree {
        Tree { name: format!("{} ({more})", self.name), ..self }
    }
    fn write(&self, f: &mut fmt::Formatter<'_>, indent: &str) -> fmt::Result {
        write!(f, "{} {} x {}", self.name, self.shape.0, self.shape.1)?;
        if !self.facts.is_empty() {
            write!(f, " {}", self.facts.join(", "))?;
        }
        writeln!(f)?;
        for (i, part) in self.parts.iter().enumerate() {
            let last = i + 1 == self.parts.len();
            write!(f, "{indent}{}", if last { "└ " } else { "├ " })?;
            part.write(f, &format!("{indent}{}", if last { "  " } else { "│ " }))?;
        }
        Ok(())
    }
}
/// The last word of the path of a type.
fn short(full: &'static str) -> String {
    full.split('<').next().and_then(|path| path.rsplit("::").next()).unwrap_or(full).into()
}
/// The facts in words; what another one implies is left out.
fn facts<K: Facts>() -> Vec<&'static str> {
    let (psd, unitary) = (K::Psd::KNOWN, K::Unitary::KNOWN);
    let all = [
        (psd, "PSD"),
        (K::SelfAdjoint::KNOWN && !psd, "self-adjoint"),
        (unitary, "unitary"),
        (K::Isometric::KNOWN && !unitary, "isometric"),
    ];
    all.into_iter().filter(|f| f.0).map(|f| f.1).collect()
}

/// An operator that says what runs. `impl Explain for Mine {}` is the truth for an operator whose rules are `base_rules!`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot explain itself",
    label = "no plan",
    note = "an operator of your own with base cases: `impl cola::Explain for Mine {{}}`"
)]
pub trait Explain: Operator {
    /// What runs for the question where `K` is known: the facts that annotations hand down, as the rules get them.
    fn plan<K: Facts>(&self, question: Question) -> Plan {
        base::<K, Self>(self, question)
    }
    /// Structure, size, facts and parts.
    fn tree<K: Facts>(&self) -> Tree {
        Tree::node::<K, Self>(self, Vec::new())
    }
}

/// The plan of a part: a composite's rules ask it with the facts that it has itself.
pub fn part<A: Explain + ?Sized>(a: &A, question: Question) -> Plan {
    part_with::<A::Facts, A>(a, question)
}
/// The plan of a part that is told the facts `K`.
pub fn part_with<K: Facts, A: Explain + ?Sized>(a: &A, question: Question) -> Plan {
    if a.nrows() != a.ncols() && !question.entries() { not_square::<A>() } else { a.plan::<K>(question) }
}
/// The trees of two parts.
pub fn trees<A: Explain, B: Explain>(a: &A, b: &B) -> Vec<Tree> {
    vec![a.tree::<A::Facts>(), b.tree::<B::Facts>()]
}
fn not_square<A: Operator + ?Sized>() -> Plan {
    needs_square((A::SHAPE.rows.is_static(), A::SHAPE.cols.is_static()))
}
fn needs_square(fixed: (bool, bool)) -> Plan {
    Plan::error(match fixed.0 && fixed.1 {
        true => "compile error: needs a square operator",
        false => "error: needs a square operator",
    })
}
/// What the plans of base cases depend on, of the operator and of the facts known: these are written once and not for every type.
struct Asked {
    name: &'static str,
    shape: (usize, usize),
    psd: bool,
    self_adjoint: bool,
    lanes: bool,
    direct: bool,
    /// K + c I that is solved with a pivoted Cholesky preconditioner.
    pivots: bool,
    /// Least squares by an iteration.
    lsmr: bool,
    method: (&'static str, &'static str),
    krylov: Kind,
}
impl Asked {
    fn of<K: Facts, A: Operator + ?Sized>(a: &A) -> Asked {
        Asked {
            name: core::any::type_name::<A>(),
            shape: (a.nrows(), a.ncols()),
            psd: K::Psd::KNOWN,
            self_adjoint: K::SelfAdjoint::KNOWN,
            lanes: A::Scalar::LANES > 1,
            direct: is_direct(&a),
            pivots: preconditionable(a).is_some(),
            lsmr: is_iterated(a),
            method: method::<K, A>(),
            krylov: MethodOf::<K>::KRYLOV,
        }
    }
    fn rule(&self, rule: impl Into<Cow<'static, str>>, cost: &str) -> Plan {
        let cost = Cost::of(cost, self.shape);
        Plan { rule: rule.into(), parts: Vec::new(), cost, refused: false, base: false }
    }
    fn needs(&self, promise: &str) -> Plan {
        Plan::error(format!("compile error: {} needs {promise}", short(self.name)))
    }
}

/// Eigen-decomposition of a self-adjoint dense matrix with its vectors. (Golub & Van Loan, 4th ed., 8.3.)
const EIGH: (&str, &str) = ("Hermitian eigh of the dense matrix", "9n^3");
/// Hessenberg reduction, QR iteration with aggressive deflation, back substitution. (Golub & Van Loan 7.5, 7.6.)
const EIG: (&str, &str) = ("Hessenberg QR of the dense matrix", "25n^3");
/// Bidiagonalisation and QR iteration. (Golub & Van Loan 8.6.)
const SVD: (&str, &str) = ("SVD of the dense matrix", "6mn^2 + 20n^3");
/// Padé 13 with six products, a solve and about four squarings. (Higham 2005.)
const EXPM: (&str, &str) = ("scaling and squaring with Padé", "23n^3");
/// The base case of structures that hold no dense matrix: made one by n applications, or solved by an iteration.
pub fn base<K: Facts, A: Explain + ?Sized>(a: &A, question: Question) -> Plan {
    base_of(&Asked::of::<K, A>(a), question, &|q| a.plan::<K>(q))
}
fn base_of(a: &Asked, question: Question, plan: &dyn Fn(Question) -> Plan) -> Plan {
    match question {
        Question::Apply => Plan { cost: Cost::unknown("one action"), ..a.rule("its own action", "n") },
        Question::Power | Question::Log if !a.self_adjoint => a.needs("psd(..) or self_adjoint(..)"),
        Question::Power | Question::Log => plan(Question::Eigh).spectral(),
        Question::Eigh if !a.self_adjoint => a.needs("psd(..) or self_adjoint(..)"),
        Question::Cholesky if !a.psd => a.needs("psd(..)"),
        Question::Trace | Question::Diagonal => {
            let apply = plan(Question::Apply);
            Plan { base: true, parts: Vec::new(), ..Plan::weighted("read off n applications", [(a.shape.1, apply)]) }
        }
        Question::Solve if !a.direct && a.pivots => preconditioned(),
        Question::Solve if !a.direct => iteration(a.krylov, a.shape, plan(Question::Apply)),
        Question::Pinv if a.lsmr => {
            let formula = "one application of A and of A^H + 3m + 9n".into();
            let cost = Cost { formula, flops: None, per_iteration: true };
            Plan { rule: LSMR_ALONE.into(), parts: Vec::new(), cost, refused: false, base: true }
        }
        _ if !a.direct => Plan {
            base: true,
            ..Plan::error(format!(
                "error: no rule, and {} > {DENSE_LIMIT} is not made dense unasked{}",
                a.shape.0,
                if question == Question::Slogdet {
                    "; logdet_with(Slq::default()) estimates it where A is psd"
                } else {
                    ""
                }
            ))
        },
        _ => {
            let (apply, plan) = (plan(Question::Apply).cost, dense_of(a, question));
            if plan.refused {
                return Plan { base: true, ..plan };
            }
            let flops = apply.flops.zip(plan.cost.flops).map(|(one, f)| a.shape.1 as f64 * one + f);
            let formula = format!("n applications + {}", plan.cost.formula);
            let rule = format!("made dense: {}", plan.rule).into();
            Plan { rule, cost: Cost { formula, flops, per_iteration: false }, base: true, ..plan }
        }
    }
}
/// CG with a preconditioner of k columns: two products with them, and the vectors.
fn preconditioned() -> Plan {
    let formula = format!("one application + 4nk + 12n, k <= {PIVOTS}");
    let cost = Cost { formula, flops: None, per_iteration: true };
    Plan { rule: PIVOTED.into(), parts: Vec::new(), cost, refused: false, base: false }
}
/// No pseudo-inverse: rules that ask a part for one fail.
const LSMR_ALONE: &str = "least squares by LSMR; no pinv";
const PIVOTED: &str = "CG with a pivoted Cholesky preconditioner";
/// The name of the iteration that solves with `a`.
pub(crate) fn iteration_name<A: Operator>(kind: Kind, a: &A) -> &'static str {
    if preconditionable(a).is_some() { PIVOTED } else { kind.name() }
}
fn iteration(kind: Kind, shape: (usize, usize), apply: Plan) -> Plan {
    let vectors = ["10n", "18n", "4kn in step k"];
    let own = vectors[match kind {
        Kind::Psd => 0,
        Kind::SelfAdjoint => 1,
        Kind::General => 2,
    }];
    let flops =
        apply.cost.flops.map(|one| one + Cost::of(own, shape).flops.unwrap_or(0.0)).filter(|_| !own.contains('k'));
    let cost = Cost { formula: format!("one application + {own}"), flops, per_iteration: true };
    Plan { rule: kind.name().into(), parts: Vec::new(), cost, refused: false, base: true }
}

/// Some eigenvalues, some singular values, a function times a vector: by facts and size alone, as `default_eigs`, `default_svds` and
/// `default_apply` choose.
fn partial<A: Explain + ?Sized>(a: &A) -> Vec<(&'static str, Plan)> {
    let fixed = (A::SHAPE.rows.is_static(), A::SHAPE.cols.is_static());
    partial_of(&Asked::of::<A::Facts, A>(a), fixed, A::HOLDS_DENSE, part(a, Question::Apply).cost.flops)
}
fn partial_of(a: &Asked, fixed: (bool, bool), held: bool, apply: Option<f64>) -> Vec<(&'static str, Plan)> {
    let ((m, n), psd, self_adjoint) = (a.shape, a.psd, a.self_adjoint);
    let dense = |(rule, cost): (&'static str, &'static str)| {
        let flops = apply.zip(Cost::of(cost, (m, n)).flops).map(|(one, f)| n as f64 * one + f);
        let cost = Cost { formula: format!("n applications + {cost}"), flops, per_iteration: false };
        Plan { rule: format!("from the {rule}").into(), parts: Vec::new(), cost, refused: false, base: true }
    };
    let iterated = |rule: String, formula: &str| {
        let cost = Cost { formula: formula.into(), flops: None, per_iteration: true };
        Plan { rule: rule.into(), parts: Vec::new(), cost, refused: false, base: true }
    };
    let restart = "l = max(24, 2k + 10) - k applications + 4n(k + l)l of a restart";
    let inner = match (psd, self_adjoint) {
        (true, _) => "CG or MINRES",
        (_, true) => Kind::SelfAdjoint.name(),
        _ => Kind::General.name(),
    };
    let eigs = if m != n {
        needs_square(fixed)
    } else if held || fixed.0 || n <= DENSE_SPECTRUM {
        dense(if self_adjoint { EIGH } else { EIG })
    } else {
        let method = if self_adjoint { "thick-restart Lanczos" } else { "Krylov-Schur" };
        iterated(format!("{method}, next to a number by inner solves with {inner}"), restart)
    };
    let svds = match held || m.min(n) <= DENSE_SPECTRUM {
        true => dense(SVD),
        false => iterated("Golub-Kahan-Lanczos".into(), &restart.replace("applications", "applications of A and A^H")),
    };
    let function = if m != n {
        needs_square(fixed)
    } else if self_adjoint && n > DENSE_LIMIT {
        iterated(
            "Lanczos without orthogonalisation, its basis kept or made twice".into(),
            "one application + 12n, or twice that",
        )
    } else {
        iterated(if self_adjoint { "Lanczos" } else { "Arnoldi" }.into(), "one application + 4kn in step k")
    };
    vec![("eigs", eigs), ("svds", svds), ("f(A) b", function)]
}

/// The rules of a dense matrix, chosen by fact and size: what `functions::dense` runs.
pub fn dense<K: Facts, A: Operator + ?Sized>(a: &A, question: Question) -> Plan {
    dense_of(&Asked::of::<K, A>(a), question)
}
fn dense_of(a: &Asked, question: Question) -> Plan {
    let (name, cost) = a.method;
    let spectral = |p: Plan| if a.self_adjoint { p } else { a.needs("psd(..) or self_adjoint(..)") };
    let eigh = a.rule(EIGH.0, EIGH.1);
    match question {
        Question::Apply => a.rule("every entry", "2mn"),
        Question::Solve => a.rule(name, cost),
        Question::Slogdet => a.rule(format!("from {name}"), cost),
        Question::Trace | Question::Diagonal => a.rule("read off", "n"),
        Question::Power | Question::Log => spectral(eigh.spectral()),
        Question::Exp if a.self_adjoint => eigh.spectral(),
        Question::Exp => a.rule(EXPM.0, EXPM.1),
        Question::Eigh => spectral(eigh),
        Question::Cholesky if a.psd => a.rule("Cholesky", ByLdl::COST),
        Question::Cholesky => a.needs("psd(..)"),
        Question::Eig if a.self_adjoint => eigh,
        Question::Eig => a.rule(EIG.0, EIG.1),
        Question::Svd => a.rule(SVD.0, SVD.1),
        Question::Pinv if a.self_adjoint => Plan { rule: "by the eigen-decomposition".into(), ..eigh },
        Question::Pinv => a.rule("SVD; least squares by QR", SVD.1),
        Question::Lu if a.lanes => Plan::error("error: lanes have no common row order"),
        Question::Lu => a.rule(ByLu::NAME, ByLu::COST),
    }
}
/// Name and cost of the factorisation that `MethodOf::<K>` makes of a matrix of the size and number type of `A`.
fn method<K: Facts, A: Operator + ?Sized>() -> (&'static str, &'static str) {
    match MethodOf::<K>::KRYLOV {
        Kind::SelfAdjoint if unrolled::<A::Scalar, A::Rows>() => (ByLu::NAME, ByLu::COST),
        _ => (MethodOf::<K>::NAME, MethodOf::<K>::COST),
    }
}

/// The tree, the facts, and for each function what runs and what it costs: what `explain` returns.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// Structure, sizes, facts.
    pub tree: Tree,
    /// The plans, in the order of [`Question::ALL`].
    pub plans: Vec<(Question, Plan)>,
    /// `eigs`, `svds` and f(A) b: what no rule of a structure enters.
    pub partial: Vec<(&'static str, Plan)>,
}
impl Explanation {
    /// That of `a`.
    pub fn new<A: Explain + ?Sized>(a: &A) -> Explanation {
        let plan = |q: Question| {
            let any_shape = matches!(q, Question::Apply | Question::Svd | Question::Pinv);
            let wrong = a.nrows() != a.ncols() && !any_shape;
            if wrong { not_square::<A>() } else { part(a, q) }
        };
        Explanation { tree: a.tree::<A::Facts>(), plans: plans(&plan), partial: partial(a) }
    }
    /// The plan of one question.
    pub fn plan(&self, question: Question) -> &Plan {
        &self.plans[question as usize].1
    }
}
fn plans(plan: &dyn Fn(Question) -> Plan) -> Vec<(Question, Plan)> {
    Question::ALL.iter().map(|&q| (q, plan(q))).collect()
}
impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.tree.write(f, "")?;
        let plans = self.plans.iter().map(|(question, plan)| (question.name(), plan));
        let partial = self.partial.iter().map(|(name, plan)| (*name, plan));
        for (i, (name, plan)) in plans.chain(partial).enumerate() {
            let end = if i == 0 { "" } else { "\n" };
            write!(f, "{end}{name:<11}{plan}")?;
            if !plan.refused {
                write!(f, ", {}", plan.cost)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn polynomials() {
        let at = |formula: &str| super::polynomial(formula, 3.0, 4.0);
        assert_eq!((at("2mn"), at("n^3/2"), at("n"), at("9n^3 + 2m")), (24.0, 32.0, 4.0, 582.0));
        assert!(at("2x").is_nan());
    }
}
