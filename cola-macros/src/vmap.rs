//! `#[vmap]`: a module beside the function, with the function at `Lanes` for the scalar.
//!
//! ```text
//! fn perform<T: Scalar>(w: SMatrix<T, 3, 3>, n: usize) -> cola::Result<SVector<T, 3>> { .. }
//! mod perform { pub fn batch<const B: usize>(w: [SMatrix<f64, 3, 3>; B], n: usize) -> Result<[SVector<f64, 3>; B]>; .. }
//! ```
//!
//! A function and a module of one name live in two namespaces. The driver (lanes, instruction set, threads) is
//! `::cola::batch`; here types are rewritten and nothing else happens.

use crate::ast::{Errors, report};
use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Arm, BinOp, Error, Expr, ExprBinary, ExprIf, ExprWhile, FnArg, GenericArgument, GenericParam, Item, ItemFn, Pat,
    PathArguments, ReturnType, Type, TypeParam,
};

/// Traits that make a type parameter the scalar.
const SCALAR_TRAITS: [&str; 2] = ["Scalar", "Real"];

/// One argument of the function.
struct Argument {
    name: Ident,
    ty: Type,
    /// Whether its type names the scalar; others are shared by the whole batch.
    is_batched: bool,
    /// Whether it is one number of the scalar's type, which is no tree.
    is_number: bool,
}

/// The function itself and the module of its batch forms; or the function and all that is wrong, so that the errors do
/// not multiply at its callers.
pub fn vmap(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Vec::new();
    let element = match attribute.is_empty() {
        true => quote!(f64),
        false => syn::parse2::<Type>(attribute).map(ToTokens::into_token_stream).unwrap_or_else(|error| {
            errors.push(Error::new(error.span(), "`#[vmap]` takes nothing, or the element type: `#[vmap(f32)]`"));
            TokenStream::new()
        }),
    };
    let function: ItemFn = match syn::parse2(item.clone()) {
        Ok(function) => function,
        Err(error) => {
            let error =
                Error::new(error.span(), format!("`#[vmap]` stands on a function: {error}")).into_compile_error();
            return quote!(#item #error);
        }
    };
    let module = module(&function, &element, &mut errors);
    let report = report(errors);
    match module {
        Some(module) if report.is_empty() => {
            let mut function = function;
            Conditions.visit_block_mut(&mut function.block);
            // The text is compiled once for each instruction set, inside a function that has it.
            let has_inline = function.attrs.iter().any(|attribute| attribute.path().is_ident("inline"));
            let inline = (!has_inline).then(|| quote!(#[cfg_attr(not(debug_assertions), inline(always))]));
            quote!(#inline #function #module)
        }
        _ => quote!(#function #(#report)*),
    }
}

/// Puts every condition through `::cola::batch::branch`, which takes a `bool`: a mask is then refused in our words, at its place.
struct Conditions;
impl Conditions {
    /// One condition; the parts of `&&` and `||` each by itself, as each is a `bool`, and a `let` in a chain is none.
    fn wrap(condition: &mut Expr) {
        match condition {
            Expr::Binary(ExprBinary { left, op: BinOp::And(_) | BinOp::Or(_), right, .. }) => {
                Self::wrap(left);
                Self::wrap(right);
            }
            Expr::Paren(inner) => Self::wrap(&mut inner.expr),
            Expr::Let(_) => {}
            other => {
                *other = Expr::Verbatim(
                    quote_spanned!(other.span()=> ::cola::batch::branch(#other, ::cola::batch::of_each_lane)),
                )
            }
        }
    }
}
impl VisitMut for Conditions {
    // from the inside out: what is wrapped is not visited again
    fn visit_expr_if_mut(&mut self, node: &mut ExprIf) {
        visit_mut::visit_expr_if_mut(self, node);
        Self::wrap(&mut node.cond);
    }
    fn visit_expr_while_mut(&mut self, node: &mut ExprWhile) {
        visit_mut::visit_expr_while_mut(self, node);
        Self::wrap(&mut node.cond);
    }
    fn visit_arm_mut(&mut self, node: &mut Arm) {
        visit_mut::visit_arm_mut(self, node);
        if let Some((_, guard)) = &mut node.guard {
            Self::wrap(guard);
        }
    }
    // an item inside is no part of the batch
    fn visit_item_mut(&mut self, _: &mut Item) {}
}

/// The module with the batch forms, if the errors leave enough for one.
fn module(function: &ItemFn, element: &TokenStream, errors: &mut Errors) -> Option<TokenStream> {
    let signature = &function.sig;
    let name = &signature.ident;
    for (place, what) in [
        (signature.asyncness.map(|t| t.span()), "async: a batch is computed, not awaited"),
        (signature.unsafety.map(|t| t.span()), "unsafe: the batch forms could not pass its conditions on"),
        (signature.variadic.as_ref().map(Spanned::span), "variadic"),
    ] {
        errors.extend(place.map(|span| Error::new(span, format!("a `#[vmap]` function cannot be {what}"))));
    }
    let scalar = scalar_parameter(function, errors);
    let arguments = arguments(function, scalar.as_ref(), errors);
    let output = output(function, errors);
    let (scalar, output) = (scalar?, output?);
    if arguments.iter().all(|argument| !argument.is_batched) {
        let text = format!("`#[vmap]` needs an argument whose type names `{scalar}`: its length is the batch's");
        errors.push(Error::new(name.span(), text));
    }

    let of = |ty: &dyn ToTokens| with_scalar(ty.to_token_stream(), &scalar, element);
    let plain_output = output;
    let output = of(&plain_output);
    // Names of ours beside the user's arguments; a generic parameter has no hygiene, so it has to keep out of the way.
    let at = Ident::new("at", Span::mixed_site());
    let count = Ident::new("count", Span::mixed_site());
    let is_taken = mentions(signature.to_token_stream(), &format_ident!("B"));
    let lanes = format_ident!("{}", if is_taken { "BATCH" } else { "B" });
    let inputs = |batched: &dyn Fn(&TokenStream) -> TokenStream| -> Vec<TokenStream> {
        let one = |argument: &Argument| {
            let (name, ty) = (&argument.name, of(&argument.ty));
            let ty = if argument.is_batched { batched(&ty) } else { ty };
            quote!(#name: #ty)
        };
        arguments.iter().map(one).collect()
    };
    let arrays = inputs(&|ty| quote!([#ty; #lanes]));
    let slices = inputs(&|ty| quote!(&[#ty]));
    let call = |tree: &dyn Fn(&Ident) -> TokenStream, number: &dyn Fn(&Ident) -> TokenStream| -> Vec<TokenStream> {
        let one = |argument: &Argument| match argument {
            Argument { name, is_number: true, .. } => number(name),
            Argument { name, is_batched: true, .. } => tree(name),
            // The closure runs once per chunk.
            Argument { name, .. } => quote!(::core::clone::Clone::clone(&#name)),
        };
        arguments.iter().map(one).collect()
    };
    let packed =
        call(&|name| quote!(::cola::batch::pack(&#name)?), &|name| quote!(::cola::batch::pack_numbers(&#name)));
    let lengths = arguments.iter().filter(|argument| argument.is_batched).map(|argument| &argument.name);
    // The job of a slice: a tuple of references to all arguments, by their places.
    let fields: Vec<_> = arguments
        .iter()
        .map(|argument| {
            let ty = of(&argument.ty);
            if argument.is_batched { quote!(&'batch [#ty]) } else { quote!(&'batch #ty) }
        })
        .collect();
    let set = Ident::new("Set", Span::mixed_site());
    let from_job = arguments.iter().enumerate().map(|(place, argument)| {
        let place = syn::Index::from(place);
        match (argument.is_number, argument.is_batched) {
            (true, _) => quote!(::cola::batch::pack_numbers_at::<_, #set>(self.#place, #at)),
            (_, true) => quote!(::cola::batch::pack_at::<_, #set>(self.#place, #at)?),
            (_, false) => quote!(::core::clone::Clone::clone(self.#place)),
        }
    });
    let alone = arguments.iter().enumerate().map(|(place, argument)| {
        let place = syn::Index::from(place);
        match (argument.is_number, argument.is_batched) {
            (true, _) => quote!(self.#place[#at]),
            (_, true) => quote!(::cola::batch::pick(self.#place, #at)?),
            (_, false) => quote!(::core::clone::Clone::clone(self.#place)),
        }
    });
    let wide = quote!(::cola::batch::On<#element, #set>);
    let wide_output = with_scalar(plain_output.to_token_stream(), &scalar, &wide);

    // Constant parameters are passed on; the scalar is replaced.
    let constants: Vec<_> = signature
        .generics
        .const_params()
        .map(|constant| {
            let mut constant = constant.clone();
            (constant.eq_token, constant.default) = (None, None);
            constant
        })
        .collect();
    let stated = |scalar: TokenStream| -> Vec<TokenStream> {
        let one = |parameter: &GenericParam| match parameter {
            GenericParam::Const(constant) => constant.ident.to_token_stream(),
            _ => scalar.clone(),
        };
        signature.generics.params.iter().filter(|p| !matches!(p, GenericParam::Lifetime(_))).map(one).collect()
    };
    let fixed = stated(quote!(::cola::Lanes<#element, #lanes>));
    let chosen = stated(wide);
    let plain = stated(element.clone());
    let constant_names: Vec<_> = signature.generics.const_params().map(|constant| &constant.ident).collect();

    let visibility = &function.vis;
    let conditions = function.attrs.iter().filter(|attribute| attribute.path().is_ident("cfg"));
    let title = format!("Batch forms of [`{name}`](fn@{name}).");
    let slice_body = |run: &str| {
        let run = format_ident!("{}", run);
        let lengths = lengths.clone();
        let references = arguments.iter().map(|argument| match (&argument.name, argument.is_batched) {
            (name, true) => quote!(#name),
            (name, false) => quote!(&#name),
        });
        quote! {
            let #count = ::cola::batch::common_len(&[#(#lengths.len()),*])?;
            ::cola::batch::#run(#count, &Job::<#(#constant_names),*>(#(#references),*))
        }
    };
    let (slice_all, slice_each) = (slice_body("slice"), slice_body("each"));
    Some(quote! {
        #(#conditions)*
        #[doc = #title]
        #[allow(clippy::too_many_arguments, clippy::type_complexity, reason = "the arguments are those of the function")]
        #visibility mod #name {
            #[allow(unused_imports, reason = "the function may name nothing but primitive types")]
            use super::*;

            struct Job<'batch, #(#constants),*>(#(#fields),*);
            impl<'batch, #(#constants),*> ::cola::batch::Job for Job<'batch, #(#constant_names),*> {
                type Lane = #output;
                type Out<#set: ::cola::batch::InstructionSet> = #wide_output;
                // inlined into the function of each instruction set, and left alone where nothing is optimised
                #[cfg_attr(not(debug_assertions), inline(always))]
                fn run<#set: ::cola::batch::InstructionSet>(&self, #at: usize) -> ::cola::Result<#wide_output> {
                    super::#name::<#(#chosen),*>(#(#from_job),*)
                }
                fn one(&self, #at: usize) -> ::cola::Result<#output> {
                    super::#name::<#(#plain),*>(#(#alone),*)
                }
            }

            /// All elements in one pass. The error is that of the first lane that failed.
            pub fn batch<const #lanes: usize, #(#constants),*>(#(#arrays),*) -> ::cola::Result<[#output; #lanes]> {
                ::cola::batch::run(|| super::#name::<#(#fixed),*>(#(#packed),*))
            }

            /// Any number of elements: lanes and instruction set are chosen inside, then threads. The error is that of
            /// the first element that failed.
            pub fn batch_slice<#(#constants),*>(#(#slices),*) -> ::cola::Result<::std::vec::Vec<#output>> {
                #slice_all
            }

            /// `batch_slice` with each element's own outcome; the outer error is for lengths that differ. The elements that share
            /// a chunk with a failed one are computed as single numbers, so that their last bits may differ from those in lanes.
            pub fn batch_each<#(#constants),*>(#(#slices),*) -> ::cola::Result<::std::vec::Vec<::cola::Result<#output>>> {
                #slice_each
            }
        }
    })
}

/// The one type parameter, which is bound by `Scalar`.
fn scalar_parameter(function: &ItemFn, errors: &mut Errors) -> Option<Ident> {
    let generics = &function.sig.generics;
    let mut types = generics.type_params();
    match types.next() {
        Some(parameter) if is_scalar(parameter, generics) => {
            errors.extend(types.map(|other| {
                let text = format!(
                    "a `#[vmap]` function has one type parameter, the scalar: write a type for `{}`",
                    other.ident
                );
                Error::new(other.span(), text)
            }));
            Some(parameter.ident.clone())
        }
        _ => {
            let text = "`#[vmap]` needs a type parameter `T: Scalar` that the batch can replace";
            errors.push(Error::new(function.sig.ident.span(), text));
            None
        }
    }
}

/// Whether a bound, inline or in the where-clause, makes this parameter the scalar.
pub fn is_scalar(parameter: &TypeParam, generics: &syn::Generics) -> bool {
    let names_scalar = |bound: &syn::TypeParamBound| match bound {
        syn::TypeParamBound::Trait(bound) => {
            bound.path.segments.last().is_some_and(|last| SCALAR_TRAITS.iter().any(|word| last.ident == word))
        }
        _ => false,
    };
    let in_where = |predicate: &syn::WherePredicate| match predicate {
        syn::WherePredicate::Type(predicate) => match &predicate.bounded_ty {
            Type::Path(ty) => ty.path.is_ident(&parameter.ident) && predicate.bounds.iter().any(names_scalar),
            _ => false,
        },
        _ => false,
    };
    parameter.bounds.iter().any(names_scalar)
        || generics.where_clause.iter().flat_map(|clause| &clause.predicates).any(in_where)
}

/// The arguments with the names they have in the batch forms.
fn arguments(function: &ItemFn, scalar: Option<&Ident>, errors: &mut Errors) -> Vec<Argument> {
    let mut arguments = Vec::new();
    for (at, input) in function.sig.inputs.iter().enumerate() {
        let input = match input {
            FnArg::Receiver(receiver) => {
                errors.push(Error::new(
                    receiver.span(),
                    "`#[vmap]` stands on a free function: pass `self` as an argument",
                ));
                continue;
            }
            FnArg::Typed(input) => input,
        };
        match &*input.ty {
            Type::Reference(reference) => {
                let text = "a `#[vmap]` function takes its arguments by value: lanes are packed from many elements, so there is nothing to refer to";
                errors.push(Error::new(reference.and_token.span, text));
            }
            Type::ImplTrait(ty) => {
                errors.push(Error::new(
                    ty.span(),
                    "a `#[vmap]` function has one type parameter, the scalar: write a type here",
                ));
            }
            _ => {}
        }
        // A pattern has no name; its place serves.
        let name = match &*input.pat {
            Pat::Ident(pattern) => pattern.ident.clone(),
            _ => format_ident!("argument_{}", at),
        };
        let is_batched = scalar.is_some_and(|scalar| mentions(input.ty.to_token_stream(), scalar));
        let is_number = match (&*input.ty, scalar) {
            (Type::Path(ty), Some(scalar)) => ty.path.is_ident(scalar),
            _ => false,
        };
        arguments.push(Argument { name, ty: (*input.ty).clone(), is_batched, is_number });
    }
    arguments
}

/// The `Y` of `-> cola::Result<Y>`.
fn output(function: &ItemFn, errors: &mut Errors) -> Option<Type> {
    let result = match &function.sig.output {
        ReturnType::Type(_, ty) => match &**ty {
            Type::Path(path) => path.path.segments.last().filter(|last| last.ident == "Result"),
            _ => None,
        },
        ReturnType::Default => None,
    };
    let first = result.and_then(|segment| match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => arguments.args.first(),
        _ => None,
    });
    if let Some(GenericArgument::Type(ty)) = first {
        return Some(ty.clone());
    }
    let place = match &function.sig.output {
        ReturnType::Default => function.sig.ident.span(),
        ReturnType::Type(_, ty) => ty.span(),
    };
    errors.push(Error::new(place, "a `#[vmap]` function returns `cola::Result<..>`: a lane can fail by itself"));
    None
}

/// Whether the tokens name the parameter.
pub fn mentions(tokens: TokenStream, parameter: &Ident) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Group(group) => mentions(group.stream(), parameter),
        TokenTree::Ident(name) => name == *parameter,
        _ => false,
    })
}

/// The tokens with `element` for the scalar; `T::Re` becomes `<f64 as ::cola::Scalar>::Re`.
fn with_scalar(tokens: TokenStream, scalar: &Ident, element: &TokenStream) -> TokenStream {
    let mut out = TokenStream::new();
    let mut rest = tokens.into_iter().peekable();
    while let Some(token) = rest.next() {
        match token {
            TokenTree::Ident(name) if name == *scalar => {
                let is_path = matches!(rest.peek(), Some(TokenTree::Punct(next)) if next.as_char() == ':');
                out.extend(if is_path { quote!(<#element as ::cola::Scalar>) } else { element.clone() });
            }
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), with_scalar(group.stream(), scalar, element));
                inner.set_span(group.span());
                out.extend([TokenTree::Group(inner)]);
            }
            other => out.extend([other]),
        }
    }
    out
}
