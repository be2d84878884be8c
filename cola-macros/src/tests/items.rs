//! What `#[vmap]` and `derive(Parameters)` write.

use super::{batch, check_holds, tree};

#[test]
fn vmap_module() {
    let source = "pub(crate) fn f<T: Scalar>(w: SMatrix<T, 3, 3>, n: usize) -> cola::Result<(T, T::Re)> { todo() }";
    check_holds(
        &batch(source),
        &[
            "pub(crate)modf{",
            "usesuper::*;",
            "pubfnbatch<constB:usize,>(w:[SMatrix<f64,3,3>;B],n:usize)->Result<[(f64,<f64asScalar>::Re);B]>",
            "batch::run(||super::f::<Lanes<f64,B>>(batch::pack(&w)?,::core::clone::Clone::clone(&n)))",
            "letcount=batch::common_len(&[w.len()])?;",
            "structJob<'batch,>(&'batch[SMatrix<f64,3,3>],&'batchusize);",
            "typeOut<Set:batch::InstructionSet>=(batch::On<f64,Set>,<batch::On<f64,Set>asScalar>::Re);",
            "super::f::<batch::On<f64,Set>>(batch::pack_at::<_,Set>(self.0,at)?,::core::clone::Clone::clone(self.1))",
            "batch::slice(count,&Job::<>(w,&n))",
            "batch::each(count,&Job::<>(w,&n))",
            "pubfnbatch_each<>(w:&[SMatrix<f64,3,3>],n:usize)->Result<::std::vec::Vec<Result<(f64,<f64asScalar>::Re)>>>",
        ],
    );
    let constant = "fn f<T: Scalar, const B: usize>(w: [T; B]) -> Result<T> { todo() }";
    check_holds(
        &batch(constant),
        &["fnbatch<constBATCH:usize,constB:usize>(w:[[f64;B];BATCH])", "super::f::<Lanes<f64,BATCH>,B>("],
    );
}

#[test]
fn parameters_of_each_kind() {
    check_holds(
        &tree("struct M<A, B> { k: A, r#type: B }"),
        &[
            "impl<A,B>ParametersforM<A,B>whereA:Parameters,B:Parameters<Number=<AasParameters>::Number>",
            "typeWith<__S:Scalar>=M<<AasParameters>::With<__S>,<BasParameters>::With<__S>>;",
            "typeOwned=M<<AasParameters>::Owned,<BasParameters>::Owned>;",
            "path.enter(\"type\",|path|Parameters::visit(&self.r#type,path,f));",
        ],
    );
    check_holds(
        &tree("struct M<T: Scalar, const N: usize>([T; N], #[parameters(skip)] usize);"),
        &[
            "ParametersforM<T,N>whereT:Scalar",
            "typeNumber=T;",
            "typeWith<__S:Scalar>=M<__S,N>;",
            "M{0:path.enter(\"0\",|path|Parameters::traverse(&self.0,path,f)),1:::core::clone::Clone::clone(&self.1)}",
        ],
    );
    check_holds(
        &tree("struct M { a: [f64; 2], b: K }"),
        &[
            "typeNumber=<[f64;2]asParameters>::Number;",
            "typeWith<__S:Scalar>=(<[f64;2]asParameters>::With<__S>,<KasParameters>::With<__S>,);",
            "typeOwned=M<>;",
        ],
    );
}
