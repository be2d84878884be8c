//! `check_operator` on the whole market: every structure, what functions return, composites, composites of composites.
use cola::testing::{check_operator, market};
use cola::{Complex, LinearOperator, Scalar};

/// Checks every sample and keeps the complaints, so that one run shows them all.
#[derive(Default)]
struct Checked {
    samples: usize,
    failed: Vec<String>,
}
impl<T: Scalar> market::Visitor<T> for Checked {
    fn visit<A: LinearOperator<Scalar = T>>(&mut self, name: &str, a: &A) {
        self.samples += 1;
        if let Err(e) = check_operator(a) {
            self.failed.push(format!("{name}: {e}"));
        }
    }
}
impl Checked {
    fn done(self, at_least: usize) {
        assert!(self.failed.is_empty(), "{} of {} fail:\n{}", self.failed.len(), self.samples, self.failed.join("\n"));
        assert!(self.samples >= at_least, "the market has lost samples: {}", self.samples);
    }
}
macro_rules! walks {
    ($($test:ident $walk:ident $T:ty, $n:literal;)*) => { $(
        #[test]
        fn $test() {
            let mut v = Checked::default();
            market::$walk::<$T>(&mut v);
            v.done($n);
        } )* };
}
walks! {
    leaves_f64 leaves f64, 70;
    leaves_f32 leaves f32, 70;
    leaves_complex leaves Complex<f64>, 70;
    composites_f64 composites f64, 1200;
    composites_complex composites Complex<f64>, 1200;
    nested_f64 nested f64, 700;
    nested_complex nested Complex<f64>, 700;
}
