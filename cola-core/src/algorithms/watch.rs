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
        self.iterations += 1;
        self.history.push(residual);
        let seen = Iteration { iteration: self.iterations, residual };
        self.bar.show(&seen);
        self.observer.as_mut().is_some_and(|f| f(&seen).is_break())
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

    pub struct Bar(Option<(indicatif::ProgressBar, f64)>);
    impl Bar {
        pub fn new(wanted: bool, algorithm: &'static str, tol: f64) -> Self {
            let seen = wanted && std::io::stderr().is_terminal();
            Bar(seen.then(|| {
                let bar = indicatif::ProgressBar::new(100).with_prefix(algorithm);
                let template = "{prefix} [{bar:40}] {msg} ({elapsed})";
                if let Ok(style) = indicatif::ProgressStyle::with_template(template) {
                    bar.set_style(style);
                }
                (bar, tol.clamp(1e-300, 0.9).ln())
            }))
        }
        pub fn show(&self, i: &Iteration) {
            if let Some((bar, goal)) = &self.0 {
                let part = (i.residual.max(1e-300).ln() / goal).clamp(0.0, 1.0);
                bar.set_position((100.0 * part) as u64);
                bar.set_message(format!("iteration {}, residual {:.2e}", i.iteration, i.residual));
            }
        }
    }
    impl Drop for Bar {
        fn drop(&mut self) {
            if let Some((bar, _)) = &self.0 {
                bar.abandon();
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
        pub fn show(&self, _: &super::Iteration) {}
    }
}
