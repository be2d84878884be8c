//! What all iterations share: options, callbacks, the count, the history, the progress bar.

use crate::error::Error;
use crate::scalar::{Real, Scalar};
use core::ops::ControlFlow;

/// The state that a callback sees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Iteration {
    /// Number of the iteration, from 1.
    pub iteration: usize,
    /// Relative residual, as the recurrence estimates it.
    pub residual: f64,
}

/// What a callback may return: nothing, a `bool` (false stops), or a [`ControlFlow`].
#[diagnostic::on_unimplemented(
    message = "a callback of an iteration cannot return `{Self}`",
    label = "expected nothing, a `bool` (false stops) or `ControlFlow<()>`"
)]
pub trait Control {
    /// Go on or stop.
    fn flow(self) -> ControlFlow<()>;
}
impl Control for () {
    fn flow(self) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}
impl Control for bool {
    fn flow(self) -> ControlFlow<()> {
        if self { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }
}
impl Control for ControlFlow<()> {
    fn flow(self) -> ControlFlow<()> {
        self
    }
}

/// What watches an iteration: a closure, or nothing.
pub trait Callback {
    /// Called after each iteration.
    fn observe(&mut self, i: &Iteration) -> ControlFlow<()>;
}
/// No callback.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoCallback;
impl Callback for NoCallback {
    fn observe(&mut self, _: &Iteration) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}
impl<R: Control, F: FnMut(&Iteration) -> R> Callback for F {
    fn observe(&mut self, i: &Iteration) -> ControlFlow<()> {
        self(i).flow()
    }
}

/// A callback behind a pointer.
pub type Observer<'a> = &'a mut dyn FnMut(&Iteration) -> ControlFlow<()>;

/// The options of all builders; each has methods for those that it knows.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub(crate) struct Options {
    pub tol: Option<f64>,
    pub max_iters: Option<usize>,
    pub restart: Option<usize>,
    pub flexible: bool,
    pub block: Option<usize>,
    pub damp: f64,
    pub seed: u64,
    pub progress: bool,
    pub single_pass: bool,
}
/// The tolerance where none is given: what is left of the digits after a condition number of 1e5 or so.
pub(crate) fn default_tol<T: Scalar>() -> f64 {
    if T::Re::epsilon().lane_f64(0) > 1e-10 { 1e-5 } else { 1e-10 }
}
/// The relative error that rounding may leave of f(A) b: within a tolerance that was asked for; where none was, within ten roots of epsilon,
/// as of the root of a singular matrix nothing computes more, and the report says what is left.
pub(crate) fn left_to_rounding<T: Scalar>(tol: Option<f64>) -> f64 {
    let epsilon = T::Re::epsilon().lane_f64(0);
    tol.map_or(10.0 * epsilon.sqrt(), |tol| tol.max(10.0 * epsilon))
}

/// The methods `on_iteration` and `progress` of a builder with the fields `options`, `callback` and one more if named.
macro_rules! watched {
    ($Name:ident) => {
        impl Default for $Name {
            fn default() -> Self {
                $Name { options: Default::default(), callback: $crate::algorithms::NoCallback }
            }
        }
        $crate::algorithms::watch::watched!(@ $Name);
    };
    ($Name:ident <$P:ident> $field:ident) => {
        $crate::algorithms::watch::watched!(@ $Name <$P> $field);
    };
    (@ $Name:ident $(<$P:ident> $field:ident)?) => {
        impl<$($P,)? F> $Name<$($P,)? F> {
            /// Calls `f` after each iteration. It may return nothing, a `bool` (false stops) or a `ControlFlow<()>`; a stopped
            /// iteration that has not met its tolerance is a `NotConverged`.
            pub fn on_iteration<R, G>(self, f: G) -> $Name<$($P,)? G>
            where
                R: $crate::algorithms::Control,
                G: FnMut(&$crate::algorithms::Iteration) -> R,
            {
                $Name { options: self.options, $($field: self.$field,)? callback: f }
            }
            /// Draws a progress bar on the terminal; without the feature `progress`, or where stderr is no terminal, nothing.
            pub fn progress(mut self) -> Self {
                self.options.progress = true;
                self
            }
        }
    };
}
pub(crate) use watched;

/// Counts, remembers and shows the iterations.
pub(crate) struct Watcher<'m> {
    pub algorithm: &'static str,
    pub tol: f64,
    pub iterations: usize,
    pub history: Vec<f64>,
    observer: Option<Observer<'m>>,
    bar: bar::Bar,
}
/// History that is reserved; beyond, it grows.
const HISTORY: usize = 1 << 14;

impl<'m> Watcher<'m> {
    pub fn new(
        algorithm: &'static str,
        tol: f64,
        max_iters: usize,
        progress: bool,
        observer: Option<Observer<'m>>,
    ) -> Self {
        let history = Vec::with_capacity(max_iters.min(HISTORY));
        Watcher { algorithm, tol, iterations: 0, history, observer, bar: bar::Bar::new(progress, algorithm, tol) }
    }
    /// Notes an iteration and what it has reached; true if the callback wants no more.
    pub fn note(&mut self, residual: f64) -> bool {
        self.note_at(self.iterations + 1, residual)
    }
    /// The same of an iteration that is looked at after others that were not.
    pub fn note_at(&mut self, iteration: usize, residual: f64) -> bool {
        self.iterations = iteration;
        self.history.push(residual);
        let seen = Iteration { iteration: self.iterations, residual };
        self.bar.show(&seen);
        self.observer.as_mut().is_some_and(|f| f(&seen).is_break())
    }
    /// Refuses to begin where no iteration is allowed.
    ///
    /// # Errors
    /// `NotConverged` after none, with what zero misses.
    pub fn begin(&self, max_iters: usize) -> crate::error::Result<()> {
        if max_iters == 0 { Err(self.not_converged(1.0)) } else { Ok(()) }
    }
    #[cold]
    pub fn not_converged(&self, residual: f64) -> Error {
        let (algorithm, iterations, tol) = (self.algorithm, self.iterations, self.tol);
        Error::not_converged(algorithm, iterations, residual, tol)
    }
}

/// A bar that fills as the residual falls, on a scale of digits.
#[cfg(feature = "progress")]
mod bar {
    use super::Iteration;
    use std::io::IsTerminal;

    use std::time::{Duration, Instant};

    /// Between two looks at the bar.
    const PAUSE: Duration = Duration::from_millis(50);
    /// Most iterations that pass without a look at the clock.
    const STRIDE: u32 = 1024;

    pub struct Bar(Option<Shown>);
    struct Shown {
        bar: indicatif::ProgressBar,
        goal: f64,
        latest: (usize, f64),
        drawn: Instant,
        /// Iterations from one look at the clock to the next, and how many of them are left.
        stride: u32,
        left: u32,
    }
    impl Bar {
        pub fn new(wanted: bool, algorithm: &'static str, tol: f64) -> Self {
            let seen = wanted && !cfg!(test) && std::io::stderr().is_terminal();
            Bar(seen.then(|| {
                let bar = indicatif::ProgressBar::new(100).with_prefix(algorithm);
                let template = "{prefix} [{bar:40}] {msg} ({elapsed})";
                if let Ok(style) = indicatif::ProgressStyle::with_template(template) {
                    bar.set_style(style);
                }
                let goal = tol.clamp(1e-300, 0.9).ln();
                Shown { bar, goal, latest: (0, 1.0), drawn: Instant::now(), stride: 1, left: 1 }
            }))
        }
        /// Draws at times: iterations of microseconds cannot afford a text each, and hardly a look at the clock. On a terminal CG with
        /// 2000 unknowns (2 us an iteration) takes 0.6 % more, with 20000 0.3 %; the bar itself costs 0.04 ms.
        #[inline]
        pub fn show(&mut self, i: &Iteration) {
            let Some(shown) = &mut self.0 else { return };
            shown.latest = (i.iteration, i.residual);
            shown.left -= 1;
            if shown.left == 0 {
                shown.look();
            }
        }
    }
    impl Shown {
        #[cold]
        fn look(&mut self) {
            let passed = self.drawn.elapsed();
            if passed >= PAUSE {
                self.draw();
                self.stride = (self.stride / 2).max(1);
            } else if passed < PAUSE / 2 {
                self.stride = (2 * self.stride).min(STRIDE);
            }
            self.left = self.stride;
        }
        fn draw(&mut self) {
            let (iteration, residual) = self.latest;
            let part = (residual.max(1e-300).ln() / self.goal).clamp(0.0, 1.0);
            self.bar.set_message(format!("iteration {iteration}, residual {residual:.2e}"));
            self.bar.set_position((100.0 * part) as u64);
            self.drawn = Instant::now();
        }
    }
    impl Drop for Bar {
        fn drop(&mut self) {
            if let Some(shown) = &mut self.0 {
                shown.draw();
                shown.bar.abandon();
            }
        }
    }
}
/// No bar.
#[cfg(not(feature = "progress"))]
mod bar {
    pub struct Bar;
    impl Bar {
        pub fn new(_: bool, _: &'static str, _: f64) -> Self {
            Bar
        }
        pub fn show(&mut self, _: &super::Iteration) {}
    }
}
