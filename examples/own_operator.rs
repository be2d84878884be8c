//! An operator written outside of the crate: the periodic second difference, checked, composed by name and solved.
use cola::prelude::*;
use cola::testing::check_operator;
use cola::{Dyn, General, PsdFacts, Update, View, ViewMut, base_rules, operators};

/// (A x)_i = 2 x_i - x_(i-1) - x_(i+1), indices modulo n: self-adjoint, positive semidefinite, and the constants are its null space.
#[derive(Clone, Debug)]
struct Periodic {
    n: usize,
}
impl Operator for Periodic {
    type Scalar = f64;
    type Facts = PsdFacts;
    type Class = General;
    type Rows = Dyn;
    type Cols = Dyn;
    fn nrows(&self) -> usize {
        self.n
    }
    fn ncols(&self) -> usize {
        self.n
    }
}
impl LinearOperator for Periodic {
    // A = A^H, so `how.adjoint` changes nothing; `how.write` does alpha and add.
    fn act(&self, how: Update<f64>, x: View<'_, f64>, mut y: ViewMut<'_, f64>, _: &mut [f64]) {
        let n = self.n;
        for c in 0..x.cols {
            for i in 0..n {
                let (left, right) = (x.at((i + n - 1) % n, c), x.at((i + 1) % n, c));
                how.write(y.at(i, c), 2.0 * x.at(i, c) - left - right);
            }
        }
    }
    fn scratch_len(&self, _columns: usize) -> usize {
        0
    }
}
operators!([] Periodic);
base_rules!([] Periodic);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    check_operator(&Periodic { n: 7 })?;

    // a leaf of `linop!` like any other: heat on a torus, one implicit step
    let (line, dt) = (Periodic { n: 48 }, 0.1);
    let n = line.n * line.n;
    let along = linop!(kron(&line, I(48)) + kron(I(48), &line));
    let step = linop!(psd(I(n) + dt * &along));
    check_operator(&linop!(kron(psd({ nalgebra::matrix![2.0, 1.0; 1.0, 3.0] }), { Periodic { n: 3 } }) + 0.5 * I))?;

    let hot: Vec<f64> = (0..n).map(|i| if i == n / 2 { 1.0 } else { 0.0 }).collect();
    let warm = step.solve(&hot)?;
    let total: f64 = warm.iter().sum();
    println!("{} unknowns: peak {:.4}, heat {total:.12} is kept", n, warm[n / 2]);
    assert!((total - 1.0).abs() < 1e-8);

    // its own null space is found, not divided by
    let singular = Periodic { n: 6 }.solve(&[1.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    println!("without the identity: {}", singular.unwrap_err());
    let sum = &line + &line;
    println!("log det(I + A) = {:.6}", linop!(psd(sum / 2) + I).logdet()?);
    Ok(())
}
