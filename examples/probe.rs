#[path = "../benches/by_hand/mod.rs"]
mod by_hand;
use by_hand as hand;
use cola::prelude::*;
use nalgebra::*;
type M2 = Matrix2<f64>;
type D3 = Vector3<f64>;
type V6 = Vector6<f64>;
type M4 = Matrix4<f64>;
type V16 = SVector<f64, 16>;
#[inline(never)]
pub fn p_inv(a: &M2, d: &D3, v: &V6) -> cola::Result<V6> {
    linop!(kron(psd(a), psd(diag(d)))).inv().map(|r| r.apply(v))
}
#[inline(never)]
pub fn h_inv(a: &M2, d: &D3, v: &V6) -> Option<V6> {
    hand::kron_diag::inv_apply(a, d, v)
}
#[inline(never)]
pub fn p_solve(a: &M2, d: &D3, v: &V6) -> cola::Result<V6> {
    linop!(kron(psd(a), psd(diag(d)))).solve(v)
}
#[inline(never)]
pub fn h_solve(a: &M2, d: &D3, v: &V6) -> Option<V6> {
    hand::kron_diag::solve(a, d, v)
}
#[inline(never)]
pub fn p_logdet(a: &M2, d: &D3) -> cola::Result<f64> {
    linop!(kron(psd(a), psd(diag(d)))).logdet()
}
#[inline(never)]
pub fn h_logdet(a: &M2, d: &D3) -> Option<f64> {
    hand::kron_diag::logdet(a, d)
}
#[inline(never)]
pub fn p_sqrt(a: &M2, d: &D3, v: &V6) -> cola::Result<V6> {
    linop!(kron(psd(a), psd(diag(d)))).sqrt().map(|r| r.apply(v))
}
#[inline(never)]
pub fn h_sqrt(a: &M2, d: &D3, v: &V6) -> Option<V6> {
    hand::kron_diag::sqrt_apply(a, d, v)
}
#[inline(never)]
pub fn p_apply4(a: &M4, b: &M4, v: &V16) -> V16 {
    linop!(kron(psd(a), psd(b))).apply(v)
}
#[inline(never)]
pub fn h_apply4(a: &M4, b: &M4, v: &V16) -> V16 {
    hand::kron_psd::apply(a, b, v)
}
fn main() {
    let (a, d, v) = std::hint::black_box((M2::identity(), D3::repeat(1.0), V6::repeat(1.0)));
    let (b, w) = std::hint::black_box((M4::identity(), V16::repeat(1.0)));
    println!("{:?} {:?}", p_inv(&a, &d, &v), h_inv(&a, &d, &v));
    println!("{:?} {:?}", p_solve(&a, &d, &v), h_solve(&a, &d, &v));
    println!("{:?} {:?}", p_logdet(&a, &d), h_logdet(&a, &d));
    println!("{:?} {:?}", p_sqrt(&a, &d, &v), h_sqrt(&a, &d, &v));
    println!("{:?} {:?}", p_logdet4(&b, &b), h_logdet4(&b, &b));
    println!("{:?} {:?}", p_solve4(&b, &b, &w), h_solve4(&b, &b, &w));
    println!("{:?} {:?}", p_inv4(&b, &b, &w), h_inv4(&b, &b, &w));
    println!("{:?} {:?}", p_apply4(&b, &b, &w), h_apply4(&b, &b, &w));
}
#[inline(never)]
pub fn p_logdet4(a: &M4, b: &M4) -> cola::Result<f64> {
    linop!(kron(psd(a), psd(b))).logdet()
}
#[inline(never)]
pub fn h_logdet4(a: &M4, b: &M4) -> Option<f64> {
    hand::kron_psd::logdet(a, b)
}
#[inline(never)]
pub fn p_solve4(a: &M4, b: &M4, v: &V16) -> cola::Result<V16> {
    linop!(kron(psd(a), psd(b))).solve(v)
}
#[inline(never)]
pub fn h_solve4(a: &M4, b: &M4, v: &V16) -> Option<V16> {
    hand::kron_psd::solve(a, b, v)
}
#[inline(never)]
pub fn p_inv4(a: &M4, b: &M4, v: &V16) -> cola::Result<V16> {
    linop!(kron(psd(a), psd(b))).inv().map(|r| r.apply(v))
}
#[inline(never)]
pub fn h_inv4(a: &M4, b: &M4, v: &V16) -> Option<V16> {
    hand::kron_psd::inv_apply(a, b, v)
}
