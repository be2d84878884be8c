//! Functions of operators: one trait each, parameterised by the facts known (`K`), one impl per structure, no overlap. The rules of a
//! structure stand in its own file under `ops`; here are the traits, their messages, the choice by fact and the base cases.

pub mod base;
pub mod dense;
pub mod det;
pub mod diagonal;
pub mod eig;
pub mod explog;
pub mod factor;
pub mod factor_tree;
pub mod inverse;
pub mod lazy;
pub mod pinv;
pub mod power;
pub mod spectrum;
pub mod svd;

pub use det::{Det, DetRule, HasDet};
pub use diagonal::DiagonalRule;
pub use eig::{Cx, EigFactors, EigRule, Eigenvectors, HasEig};
pub use explog::{Exp, ExpRule, HasExp, HasLog, Log, LogRule};
pub use factor::{CholeskyRule, HasCholesky, HasLu, LuFactors, LuRule};
pub use inverse::{Inv, InverseRule, Invertible, Solvable};
pub use pinv::{HasPinv, Pinv, PinvRule};
pub use power::{HasPower, Pow, Power, PowerRule, Rootable, Sqrt};
pub use spectrum::{Eigh, EighRule, HasEigh, MaySpectrum, NormalParts, SpectrumRule, Vectors};
pub use svd::{HasSvd, SvdLeft, SvdRight, SvdRule};
